/** Processes, processor time and statistics of the benchmark. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { type Arm, binaries, compiled } from './peers/index.js';

/** Servers run on one processor, the load on another. */
export const SERVER_CPU = 0;
export const LOAD_CPU = availableParallelism() > 1 ? 1 : 0;

/** Compiles the C parts whose sources are newer than their binaries. */
export function compilePeers(): void {
  mkdirSync(binaries, { recursive: true });
  for (const [name, source] of Object.entries(compiled)) {
    const binary = `${binaries}/${name}`;
    if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) continue;
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-o', binary, source], { stdio: 'inherit' });
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

/** Runs the load generator, which prints one line of JSON. */
export async function load(...args: (string | number)[]): Promise<LoadResult> {
  const peer = new Peer([`${binaries}/load`, ...args.map(String)], LOAD_CPU);
  return JSON.parse(await peer.line()) as LoadResult;
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
