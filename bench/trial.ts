/** What a trial is, and the one method by which all are measured. */
import type { Arm } from './peers/index.js';
import { Cannot, cpuNs, load, Peer, type Result, SERVER_CPU, type Server, sample, startServer } from './processes.js';
import type { Sample } from './statistics.js';

/** Something that was started for an arm. */
export interface Running {
  stop(): void;
}

export interface Trial<R extends Running = Running> {
  readonly name: string;
  readonly title: string;
  /** The columns of the table: what a sample calls them → their headings, with units. */
  readonly columns: Readonly<Record<string, string>>;
  /** The column that ratios and the chart are about. */
  readonly about: string;
  /** The same work in several sizes, done by the same processes; [''] where there is but one. */
  readonly cases: readonly string[];
  readonly arms: readonly Arm[];
  /** The arm of ours that is compared with those of others, and with itself. */
  readonly ours: Arm;
  /** Plain C's best. */
  readonly yardstick?: Arm;
  /** How much of the full work warms an arm up: without it, all. 0 where each round has processes of its own. */
  readonly warmUp?: number;
  /** The most rounds, where one takes long and the next says the same. */
  readonly rounds?: number;
  /** Starts an arm. @throws Cannot */
  start(arm: Arm): Promise<R>;
  /** Does the work of a case once; `scale` is the part of the full work. @throws Cannot */
  once(running: R, which: string, scale: number): Promise<Sample>;
}

export interface Bounds {
  readonly rounds: number;
  /** How much of the full work a round does, and of its warm-up a trial. */
  readonly scale: number;
  readonly warmUp: number;
  progress(text: string): void;
}

/** The samples of an arm in a case; or why there are none. */
export interface Measured {
  readonly which: string;
  readonly arm: Arm;
  readonly samples: Sample[];
  cannot?: string;
}

/** The arm that is the same as `arm` once more: what they differ by is noise. */
export function again(arm: Arm): Arm {
  return { ...arm, name: `${arm.name} (again)` };
}

interface Started {
  readonly running?: Running;
  readonly cells: readonly Measured[];
}

async function start(trial: Trial, arm: Arm): Promise<Started> {
  const cells = trial.cases.map((which): Measured => ({ which, arm, samples: [] }));
  try {
    if (arm.cannot !== undefined) throw new Cannot(arm.cannot);
    return { running: await trial.start(arm), cells };
  } catch (error) {
    if (!(error instanceof Cannot)) throw error;
    for (const cell of cells) cell.cannot = error.message;
    return { cells };
  }
}

async function once(trial: Trial, { running }: Started, cell: Measured, scale: number): Promise<Sample | undefined> {
  if (running === undefined || cell.cannot !== undefined) return undefined;
  try {
    return await trial.once(running, cell.which, scale);
  } catch (error) {
    if (!(error instanceof Cannot)) throw error;
    cell.cannot = error.message;
    return undefined;
  }
}

/**
 * Measures all arms of a trial, and one of ours twice: each is started and warmed up once, then measured once in each
 * round, every other round in reverse order.
 */
export async function measure(trial: Trial, { rounds, scale, warmUp, progress }: Bounds): Promise<Measured[]> {
  const started: Started[] = [];
  try {
    for (const arm of [...trial.arms, again(trial.ours)]) {
      progress(`${trial.name}: warm-up of ${arm.name}`);
      const one = await start(trial, arm);
      started.push(one);
      const scale = warmUp * (trial.warmUp ?? 1);
      for (const cell of scale === 0 ? [] : one.cells) await once(trial, one, cell, scale);
    }
    const most = Math.min(rounds, trial.rounds ?? rounds);
    for (let i = 0; i < most; i++) {
      progress(`${trial.name}: round ${i + 1} of ${most}`);
      for (const index of trial.cases.keys()) {
        for (const one of i % 2 === 0 ? started : started.toReversed()) {
          const cell = one.cells[index];
          const got = await once(trial, one, cell, scale);
          if (got !== undefined) cell.samples.push(got);
        }
      }
    }
  } finally {
    for (const { running } of started) running?.stop();
  }
  return trial.cases.flatMap((_, index) => started.map(({ cells }) => cells[index]));
}

// ---- the usual kinds of trials

const TIMES = { p50Us: 'p50 µs', p99Us: 'p99 µs', p999Us: 'p99.9 µs' };

/** A server under a load: `put` puts the load of a case on its address. */
export function served(put: (address: string, which: string, scale: number) => Promise<Result>) {
  return {
    columns: { cpuUs: 'server CPU µs', wallUs: 'wall µs', ...TIMES },
    about: 'cpuUs',
    start: (arm: Arm): Promise<Server> => startServer(arm),
    async once({ peer, address }: Server, which: string, scale: number): Promise<Sample> {
      const before = cpuNs(peer.pid);
      const result = await put(address, which, scale);
      return sample({ ...result, cpu_ns: cpuNs(peer.pid) - before });
    },
  };
}

/** A peer that works by itself and says what it took: `count` is the full work of a case. */
export function tasks(count: (which: string) => number) {
  return {
    columns: { cpuUs: 'CPU µs', wallUs: 'wall µs' },
    about: 'cpuUs',
    async start(arm: Arm): Promise<Peer> {
      const peer = new Peer(arm.command, SERVER_CPU);
      const line = await peer.line();
      if (line !== 'READY') throw new Error(`${arm.name}: expected READY, got ${line}`);
      return peer;
    },
    async once(peer: Peer, which: string, scale: number): Promise<Sample> {
      peer.say(`${which || '-'} ${Math.ceil(count(which) * scale)}`);
      return sample(JSON.parse(await peer.line()) as Result);
    },
  };
}

/** A load that takes an address, arguments and, last, a count. */
export function counted(
  generator: string,
  args: (which: string) => (string | number)[],
  count: (which: string) => number,
) {
  return (address: string, which: string, scale: number): Promise<Result> =>
    load(generator, address, ...args(which), Math.ceil(count(which) * scale));
}
