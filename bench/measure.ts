/** Processes, processor time and statistics of the benchmark. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { type Arm, binaries, compiled } from './peers/index.js';
import type { Bounds, Report } from './report.js';

/** Servers run on one processor, the load on another. */
export const SERVER_CPU = 0;
export const LOAD_CPU = availableParallelism() > 1 ? 1 : 0;

/** Compiles the C parts whose sources are newer than their binaries. */
export function compilePeers(): void {
  mkdirSync(binaries, { recursive: true });
  for (const [name, [source, ...libraries]] of Object.entries(compiled)) {
    const binary = `${binaries}/${name}`;
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) continue;
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', binary, source, ...libraries], { stdio: 'inherit' });
  }
}

/** A process that talks in lines, pinned to a processor. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #ended: string | undefined;

  constructor(command: readonly string[], cpu: number) {
    const [program, ...args] = ['taskset', '-c', String(cpu), ...command];
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    const end = (why: string) => {
      this.#ended = `${command.join(' ')}: ${why}`;
      this.#wake();
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (code, signal) => end(`ended (${signal ?? code})`));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The next line. */
  async line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift() as string;
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export interface Server {
  readonly arm: Arm;
  readonly peer: Peer;
  readonly port: number;
}

/** Starts an arm that prints `PORT n`. */
export async function startServer(arm: Arm): Promise<Server> {
  const peer = new Peer(arm.command, SERVER_CPU);
  const line = await peer.line();
  const port = Number(/^PORT (\d+)$/.exec(line)?.[1]);
  if (!port) throw new Error(`${arm.name}: expected a port, got ${line}`);
  return { arm, peer, port };
}

/** What all threads of a process have run on a processor, in ns: the scheduler's own figure. */
export function cpuNs(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  }
  return sum;
}

export interface LoadResult {
  readonly count: number;
  readonly wall_ns: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
  readonly p999_ns: number;
}

/** Runs a load generator, which prints one line of JSON. */
export async function load(generator: 'load' | 'tls_load', ...args: (string | number)[]): Promise<LoadResult> {
  const peer = new Peer([`${binaries}/${generator}`, ...args.map(String)], LOAD_CPU);
  return JSON.parse(await peer.line()) as LoadResult;
}

export interface Round extends LoadResult {
  /** What the server has used of a processor per operation, in µs. */
  readonly cpuUs: number;
}

/**
 * Measures all arms in rounds, interleaved: each is started and warmed up once, then measured once in each round, in
 * alternating order. `load` puts a round's load on a port, of which `scale` is the part of a full one. The warm-up is
 * always full: a compiler that works at run time has to have done its work.
 */
export async function interleaved(
  arms: readonly Arm[],
  load: (port: number, scale: number) => Promise<LoadResult>,
  { rounds, scale, progress }: Bounds,
): Promise<Map<Arm, Round[]>> {
  const servers = await Promise.all(arms.map(startServer));
  const results = new Map<Arm, Round[]>(arms.map((arm) => [arm, []]));
  try {
    for (const { arm, port } of servers) {
      progress(`warm-up ${arm.name}`);
      await load(port, 1);
    }
    for (let i = 0; i < rounds; i++) {
      progress(`round ${i + 1} of ${rounds}`);
      for (const { arm, peer, port } of i % 2 === 0 ? servers : [...servers].reverse()) {
        const before = cpuNs(peer.pid);
        const result = await load(port, scale);
        results.get(arm)?.push({ ...result, cpuUs: (cpuNs(peer.pid) - before) / result.count / 1000 });
      }
    }
  } finally {
    for (const { peer } of servers) peer.kill();
  }
  return results;
}

/** What was promised of an arm of ours: the ratio of server processor time to a peer's. */
export type Promised = readonly [ours: Arm, peer: Arm, atMost: number];

/** The table and the ratios of an interleaved run, which has one arm twice and plain C among the others. */
export function serverReport(
  results: ReadonlyMap<Arm, Round[]>,
  [once, again]: readonly [Arm, Arm],
  c: Arm,
  promised: readonly Promised[],
): Report {
  const cpu = (arm: Arm) => (results.get(arm) as Round[]).map((each) => each.cpuUs);
  return {
    columns: ['arm', 'server CPU µs', 'wall µs', 'p50 µs', 'p99 µs', 'p99.9 µs'],
    rows: [...results].map(([arm, rounds]) => row(arm, rounds)),
    ratios: [
      { name: `noise floor: ${again.name} / ${once.name}`, ...ratios(cpu(again), cpu(once)) },
      ...promised.map(([ours, peer, atMost]) => ({
        name: `${ours.name} / ${peer.name}`,
        ...ratios(cpu(ours), cpu(peer)),
        ...(peer === c ? {} : { floor: ratios(cpu(c), cpu(peer)).median }),
        atMost,
      })),
    ],
  };
}

function row(arm: Arm, rounds: readonly Round[]): (string | number)[] {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  return [
    arm.name,
    of((r) => r.cpuUs),
    of((r) => r.wall_ns / r.count / 1000),
    of((r) => r.p50_ns / 1000),
    of((r) => r.p99_ns / 1000),
    of((r) => r.p999_ns / 1000),
  ];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The ratios a/b, round by round: what the machine did to both in a round cancels out. */
export function ratios(a: readonly number[], b: readonly number[]): Spread {
  const all = a.map((value, i) => value / b[i]);
  return { median: median(all), min: Math.min(...all), max: Math.max(...all) };
}
