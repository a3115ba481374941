/** One run of a scene, and what came of it. */
import { setImmediate } from 'node:timers/promises';
import { IncompleteReadError } from '../../lib/asyncio/index.js';
import { OSError } from '../../lib/core/exceptions.js';
import { openDescriptors } from '../helpers/leaks.js';
import type { Control } from './faults.js';

/** Nothing takes so long, in milliseconds: who waits after it waits for ever. */
const PATIENCE_MS = 30_000;

/** What a scene tells: who has failed, and with what. */
export class Run {
  readonly failures: { who: string; error: unknown }[] = [];
  readonly #control: Control;
  /** Who has begun and not ended. */
  readonly pending = new Set<string>();

  constructor(control: Control) {
    this.#control = control;
  }

  /** One side of the scene, whose failure must not keep the others. */
  async party(who: string, body: () => unknown): Promise<void> {
    this.pending.add(who);
    try {
      await body();
    } catch (error) {
      this.failures.push({ who, error });
    } finally {
      this.pending.delete(who);
    }
  }

  /** What is done while no call fails, and must go well whatever has failed before. */
  async calmly(body: () => Promise<void>): Promise<void> {
    this.#control.disarm();
    try {
      await body();
    } catch (error) {
      throw new Error(`afterwards: ${error instanceof Error ? error.stack : error}`);
    } finally {
      if (!this.#control.hit) this.#control.rearm();
    }
  }
}

export type Scene = (run: Run) => Promise<void>;

/** What may come out of a failed call: Python's exceptions of the system, and Node's errors with a code. */
function isTold(error: unknown): boolean {
  if (error instanceof OSError || error instanceof IncompleteReadError) return true;
  return error instanceof Error && 'code' in error && error.code !== 'ERR_ASSERTION';
}

/** What is wrong about a run, in lines. */
export async function judge(scene: Scene, control: Control, passing: boolean): Promise<string[]> {
  const wrong: string[] = [];
  const before = openDescriptors();
  const uncaught = (error: unknown) => wrong.push(`uncaught: ${textOf(error)}`);
  const warned = (warning: Error) => wrong.push(`warning: ${warning.message}`);
  process.on('uncaughtException', uncaught).on('unhandledRejection', uncaught).on('warning', warned);
  const run = new Run(control);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('late'), PATIENCE_MS);
  });
  try {
    const ended = await Promise.race([scene(run), late]);
    if (ended === 'late') wrong.push(`pending: ${[...run.pending].join(', ')}`);
  } catch (error) {
    wrong.push(textOf(error));
  }
  clearTimeout(timer);
  control.disarm();
  for (const { who, error } of run.failures) {
    if (!isTold(error) || (passing && control.hit)) wrong.push(`${who}: ${textOf(error)}`);
  }
  wrong.push(...(await leftOpen(before)));
  process.off('uncaughtException', uncaught).off('unhandledRejection', uncaught).off('warning', warned);
  return wrong;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What is open that was not, once what is being closed has been. */
async function leftOpen(before: Map<number, string>): Promise<string[]> {
  const deadline = performance.now() + 2000;
  for (;;) {
    const left = [...openDescriptors()].filter(([fd, target]) => before.get(fd) !== target);
    if (left.length === 0) return [];
    if (performance.now() > deadline) return left.map(([fd, target]) => `left open: ${fd} ${target}`);
    await setImmediate();
  }
}
