/**
 * A clock that a test moves: the binary's clock stands still, and what would sleep moves it on instead. Node's timers
 * follow it by `node:test`'s mock. So a wait takes no time, and its lengths can be checked to the millisecond.
 */
import { mock } from 'node:test';
import { native } from '../../lib/addon/binary.js';

const { NOT_READY } = native.constants.codes;
type Native = Record<string, unknown>;

export class FakeClock {
  #nowMs = native.monotonicMs();
  readonly #startMs = this.#nowMs;
  readonly #replaced = new Map<string, unknown>();
  /** How long each sleep was to last at most, in ms. */
  readonly slices: number[] = [];
  /** What ends a sleep before its time: after how many ms, and with which result. */
  wakes: { afterMs: number; result: number }[] = [];

  constructor() {
    this.replace('monotonicMs', () => this.#nowMs);
  }

  /** Puts a function in the place of one of the binary's, until the clock is disposed of. */
  replace(name: string, by: (...args: never[]) => unknown): void {
    const functions = native as unknown as Native;
    if (!this.#replaced.has(name)) this.#replaced.set(name, functions[name]);
    functions[name] = by;
  }

  /** Lets a call of the binary whose argument `at` is its patience in ms sleep on this clock. */
  sleepsIn(name: string, at: number, atLast = 0): void {
    this.replace(name, (...args: number[]) => this.#sleep(args[at], atLast));
  }

  #sleep(sliceMs: number, atLast: number): number {
    this.slices.push(sliceMs);
    const wake = this.wakes.shift();
    if (wake === undefined || wake.afterMs >= sliceMs) {
      this.#nowMs += sliceMs;
      return atLast;
    }
    this.#nowMs += wake.afterMs;
    return wake.result;
  }

  /** How long it is since the test began, in ms. */
  get elapsedMs(): number {
    return Math.round(this.#nowMs - this.#startMs);
  }

  /** Moves the clock alone, by a part of a millisecond, which Node's timers do not know. */
  skip(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets time go by for who waits on Node's timers. */
  tick(ms: number): void {
    this.#nowMs += ms;
    mock.timers.tick(ms);
  }

  [Symbol.dispose](): void {
    for (const [name, own] of this.#replaced) (native as unknown as Native)[name] = own;
  }
}

/** With Node's timers on the clock, too. */
export function withTimers(): Disposable {
  mock.timers.enable({ apis: ['setTimeout'] });
  return { [Symbol.dispose]: () => mock.timers.reset() };
}

export { NOT_READY };
