/** The processes of the benchmark: peers and load generators. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Arm, binaries, libraries, root } from './peers/index.js';
import type { Sample } from './statistics.js';

/** Servers run on one processor, the load on another. */
export const SERVER_CPU = 0;
export const LOAD_CPU = availableParallelism() > 1 ? 1 : 0;

function newest(files: readonly string[]): number {
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

/** Compiles the C peers and load generators that are newer than their binaries. */
export function compilePeers(): void {
  mkdirSync(binaries, { recursive: true });
  for (const folder of ['bench/load', 'bench/peers/c']) {
    const files = readdirSync(join(root, folder)).map((name) => join(root, folder, name));
    const headers = files.filter((file) => file.endsWith('.h'));
    for (const source of files.filter((file) => file.endsWith('.c'))) {
      const name = basename(source, '.c');
      // A peer has the name of its job: c_ tells it from a load generator.
      const binary = `${binaries}/${dirname(source).endsWith('/c') ? `c_${name}` : name}`;
      if (existsSync(binary) && statSync(binary).mtimeMs > newest([source, ...headers])) continue;
      const options = ['-O2', '-Wall', '-Wextra', '-o', binary, source, ...(libraries[name] ?? [])];
      execFileSync('cc', options, { stdio: 'inherit' });
    }
  }
}

/** Why an arm cannot do a job. */
export class Cannot extends Error {}

/** A process that was started so is killed when this one ends, however it ends. */
const WITH_US = ['setpriv', '--pdeathsig', 'KILL'];

/** A process that talks in lines, pinned to a processor. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #ended: string | undefined;

  constructor(command: readonly string[], cpu: number) {
    const [program, ...args] = ['taskset', '-c', String(cpu), ...WITH_US, ...command];
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    const end = (why: string) => {
      this.#ended = `${command.join(' ')}: ${why}`;
      this.#wake();
    };
    // What is written to a process that has ended: its end is reported where its answer is read.
    this.#child.stdin?.on('error', () => {});
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('close', (code, signal) => end(`ended (${signal ?? code})`));
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The next line. @throws Cannot if it says so */
  async line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const line = this.#lines.shift() as string;
    if (line.startsWith('CANNOT ')) throw new Cannot(line.slice('CANNOT '.length));
    return line;
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** A peer that serves at an address: a port of the loopback, or a path. */
export interface Server {
  readonly peer: Peer;
  readonly address: string;
  stop(): void;
}

/** Starts an arm that prints `PORT n` or `PATH p`. */
export async function startServer(arm: Arm, ...args: string[]): Promise<Server> {
  const peer = new Peer([...arm.command, ...args], SERVER_CPU);
  const line = await peer.line();
  const address = /^PORT (\d+)$/.exec(line)?.[1] ?? /^PATH (.+)$/.exec(line)?.[1];
  if (address === undefined) throw new Error(`${arm.name}: expected a port, got ${line}`);
  return { peer, address, stop: () => peer.stop() };
}

/** What all threads of a process have run on a processor, in ns: the scheduler's own figure. */
export function cpuNs(pid: number): number {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  }
  return sum;
}

/** What a load generator, or a peer that works by itself, prints. What it does not know, it leaves out. */
export interface Result {
  readonly count: number;
  readonly wall_ns: number;
  readonly cpu_ns?: number;
  readonly p50_ns?: number;
  readonly p99_ns?: number;
  readonly p999_ns?: number;
}

/** Runs a load generator to its end. */
export async function load(generator: string, ...args: (string | number)[]): Promise<Result> {
  return loadOn(LOAD_CPU, generator, ...args);
}

/** The same on a processor of your choice. */
export async function loadOn(cpu: number, generator: string, ...args: (string | number)[]): Promise<Result> {
  const peer = new Peer([`${binaries}/${generator}`, ...args.map(String)], cpu);
  return JSON.parse(await peer.line()) as Result;
}

/** A result as the tables have it: µs per operation, operations per second. */
export function sample({ count, wall_ns, cpu_ns, p50_ns, p99_ns, p999_ns }: Result): Sample {
  const us = (ns: number | undefined) => (ns === undefined ? Number.NaN : ns / 1000);
  return {
    cpuUs: us(cpu_ns) / count,
    wallUs: us(wall_ns) / count,
    perSecond: count / (wall_ns / 1e9),
    p50Us: us(p50_ns),
    p99Us: us(p99_ns),
    p999Us: us(p999_ns),
  };
}
