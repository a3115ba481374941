/**
 * What the fuzzing child processes have in common: where they write what they are about to do, so that a crash can be
 * laid at the door of a call, and what they check and report when they are done.
 */
import { openSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { openDescriptors } from '../helpers/leaks.js';
import type { Random } from './random.js';
import { Thrown } from './values.js';

/** What a child is asked for, in its arguments. */
export interface Task {
  readonly seed: number;
  /** Which runs to make: fast-check's path, from a failure; '' for all. */
  readonly path: string;
  readonly calls: number;
  /** Where the last calls are written. */
  readonly journal: string;
}

/** What it says in the end. */
export interface Report {
  calls: number;
  /** How often each function was called, and how often it did not fail. */
  counts: Record<string, [called: number, succeeded: number]>;
  /** Exceptions that should not have been: what they were, and of which call. */
  wrong: string[];
  leaked: string[];
  /** The run that failed, as small as fast-check could make it: how to repeat it, and its calls. */
  failure: { path: string; calls: string[] } | null;
  /** How much more memory than after a tenth of the calls, in MiB. */
  heapGrowthMiB: number;
  totalGrowthMiB: number;
}

/** The journal is a ring of so many entries of this size: the last calls survive a crash. */
export const ENTRY_SIZE = 1024;
export const ENTRIES = 16;
const MOST_WRONG = 50;
/** How many calls a run has at most, which begins with nothing made yet; and surely on average. */
const MOST_CALLS = 400;
const FEWEST_ON_AVERAGE = 150;
/** How long descriptors that are being closed may take, in milliseconds. */
const PATIENCE_MS = 5_000;

export function readTask(): Task {
  const [seed, path, calls, journal] = process.argv.slice(2);
  return { seed: Number(seed), path, calls: Number(calls), journal };
}

function memory(): { heap: number; total: number } {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: (heapUsed + external) / 2 ** 20, total: rss / 2 ** 20 };
}

/** Text for a value, whatever it does when looked at. */
function shown(value: unknown): string {
  try {
    return inspect(value, {
      depth: 1,
      breakLength: Number.POSITIVE_INFINITY,
      compact: true,
      maxArrayLength: 6,
      maxStringLength: 60,
    });
  } catch {
    return 'a value that cannot be shown';
  }
}

export class Session {
  readonly task: Task;
  readonly #journal: number;
  readonly #before: Map<number, string>;
  readonly #counts: Report['counts'] = {};
  readonly #wrong: string[] = [];
  readonly #places = new Set<string>();
  #calls = 0;
  /** The calls of this run; whether one of them went wrong; which run it is. */
  #run: string[] = [];
  #isWrong = false;
  #runs = 0;
  #failure: Report['failure'] = null;
  #early = { heap: 0, total: 0 };

  constructor(task: Task) {
    this.task = task;
    this.#journal = openSync(task.journal, 'w');
    this.#before = openDescriptors();
  }

  /**
   * The property: whatever is called, nothing comes of it that should not. Checks it in as many runs as it takes. `begin` lets
   * go of all that earlier runs have made; `step` makes a call, or does without.
   */
  async check(random: Random, begin: () => void, step: (round: number) => void | Promise<void>): Promise<void> {
    // What becomes smaller is the number of calls. Other choices would change all that come after them.
    const length = fc.integer({ min: 1, max: MOST_CALLS });
    const property = fc.asyncProperty(length, fc.noShrink(fc.gen()), async (most, draw) => {
      random.from(draw);
      begin();
      this.#run = [];
      this.#isWrong = false;
      for (let round = 0; this.#run.length < most; round++) await step(round);
      this.#runs++;
      if (!this.#isWrong) return;
      this.#failure = { path: '', calls: this.#run };
      throw new Error('a call went wrong');
    });
    const { seed, path, calls } = this.task;
    const numRuns = path === '' ? Math.ceil(calls / FEWEST_ON_AVERAGE) : 1;
    const found = await fc.check(property, { seed, numRuns, ...(path === '' ? {} : { path }) });
    if (this.#failure !== null) this.#failure.path = found.counterexamplePath ?? '';
    begin();
  }

  /** Calls, and judges what is thrown: `isRight` says whether it may be. Returns the result, undefined if it threw. */
  call(name: string, run: () => unknown, args: unknown[], isRight: (error: unknown) => boolean): unknown {
    const text = `${this.#calls} (run ${this.#runs}) ${name}(${args.map(shown).join(', ')})`;
    this.#note(text);
    this.#run.push(text);
    if (++this.#calls === Math.floor(this.task.calls / 10)) this.#early = memory();
    this.#counts[name] ??= [0, 0];
    const count = this.#counts[name];
    count[0]++;
    try {
      const result = run();
      if (typeof result !== 'number' || result >= 0) count[1]++;
      return result;
    } catch (error) {
      if (!(error instanceof Thrown) && !isRight(error)) this.#noteWrong(name, text, error);
      return undefined;
    }
  }

  /** Each mistake once: the same place, by way of the same function. */
  #noteWrong(name: string, text: string, error: unknown): void {
    this.#isWrong = true;
    const stack = error instanceof Error ? (error.stack ?? String(error)) : shown(error);
    const place = `${name} ${/^ +at .*$/m.exec(stack)?.[0]}`;
    if (this.#places.has(place) || this.#wrong.length >= MOST_WRONG) return;
    this.#places.add(place);
    this.#wrong.push(`${text}: ${stack}`);
  }

  #note(text: string): void {
    const entry = Buffer.alloc(ENTRY_SIZE, '\n');
    entry.write(text, 0, ENTRY_SIZE - 1);
    writeSync(this.#journal, entry, 0, ENTRY_SIZE, (this.#calls % ENTRIES) * ENTRY_SIZE);
  }

  /** Looks for what is left, when all that was made has been let go, and reports. */
  async finish(): Promise<void> {
    const now = memory();
    const deadline = performance.now() + PATIENCE_MS;
    let leaked = this.#openedSince();
    while (leaked.length > 0 && performance.now() < deadline) {
      globalThis.gc?.();
      await setImmediate();
      leaked = this.#openedSince();
    }
    const report: Report = {
      calls: this.#calls,
      counts: this.#counts,
      wrong: this.#wrong,
      leaked,
      failure: this.#failure,
      heapGrowthMiB: Math.round(now.heap - this.#early.heap),
      totalGrowthMiB: Math.round(now.total - this.#early.total),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }

  #openedSince(): string[] {
    const opened = [...openDescriptors()].filter(([fd, target]) => this.#before.get(fd) !== target);
    return opened.map(([fd, target]) => `fd ${fd}: ${target}`);
  }
}
