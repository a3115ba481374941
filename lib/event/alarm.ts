/** A timer that keeps to a deadline. */
import { monotonicMs } from '../wait/call.js';

/** The longest delay that a timer of Node has: some 24 days. */
export const TIMER_MAX_MS = 0x7fffffff;

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
    const left = Math.max(Math.ceil(this.whenMs - monotonicMs()), 0);
    return setTimeout(() => this.#look(), Math.min(left, TIMER_MAX_MS));
  }

  /** Node's timers may fire a little early, and know no longer delay. */
  #look(): void {
    if (monotonicMs() < this.whenMs) this.#timer = this.#wind();
    else this.ring();
  }
}
