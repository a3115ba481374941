/** NODE_DEBUG=berkeley: tells on standard error of each call that sleeps in the main thread for longer than a second. */
import { debuglog } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { native } from '../addon/binary.js';

const log = debuglog('berkeley');
/** Whether it is told. A worker may sleep as long as it likes. */
export const TELLS: boolean = log.enabled && isMainThread;
/** How long a call may sleep untold. */
const QUIET_MS = 1000;

/** The call that sleeps now, of which one can at a time. */
class Sleep {
  readonly #beganMs = native.monotonicMs();
  #isTold = false;

  /** @param call what sleeps, and with which descriptor: `recv(5)` */
  constructor(readonly call: string) {}

  get #ms(): number {
    return native.monotonicMs() - this.#beganMs;
  }

  /** It still sleeps. */
  tell(): void {
    if (this.#isTold || this.#ms < QUIET_MS) return;
    this.#isTold = true;
    log('%s sleeps in the main thread: a server in the same thread cannot answer meanwhile', this.call);
  }

  /** It sleeps no more. */
  end(): void {
    if (this.#isTold) log('%s has slept for %s s', this.call, (this.#ms / 1000).toFixed(1));
  }
}

let current: Sleep | null = null;

/** Makes a call that may sleep. One within another is not told of by itself. */
export function told<T>(call: string, sleep: () => T): T {
  if (current !== null) return sleep();
  current = new Sleep(call);
  try {
    return sleep();
  } finally {
    current.end();
    current = null;
  }
}

/** The call that sleeps, if one does, was awake for a moment. */
export function stillSleeps(): void {
  current?.tell();
}
