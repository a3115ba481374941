/** A timer that keeps to a deadline. */
import { monotonicMs } from '../wait/call.js';

/** The longest delay that a timer of Node has: some 24 days. */
export const TIMER_MAX_MS = 0x7fffffff;

/**
 * What lies no further ahead is due, as in CPython's loop, which has the resolution of its clock for it: a time in seconds that
 * became one in ms is not always the nearest number.
 */
const RESOLUTION_MS = 1e-6;

/** Calls `ring` once when the monotonic clock has come to `whenMs`, and not before. Keeps the process alive until then. */
export class Alarm {
  #timer: NodeJS.Timeout;

  constructor(
    readonly whenMs: number,
    readonly ring: () => void,
  ) {
    this.#timer = this.#wind();
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }

  #wind(): NodeJS.Timeout {
    const left = Math.max(Math.ceil(this.#leftMs), 0);
    return setTimeout(() => this.#look(), Math.min(left, TIMER_MAX_MS));
  }

  get #leftMs(): number {
    return this.whenMs - monotonicMs() - RESOLUTION_MS;
  }

  /** Node's timers may fire a little early, and know no longer delay. */
  #look(): void {
    if (this.#leftMs > 0) this.#timer = this.#wind();
    else this.ring();
  }
}
