/** Deadlines of awaited calls. */
import { addAbortListener, setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { typeName } from '../core/args.js';
import { timedOut } from '../core/exceptions.js';
import { Alarm } from '../event/alarm.js';
import { type Abortable, unlessAborted } from '../event/await.js';
import { monotonicMs } from '../wait/call.js';

/**
 * What `awaitable` comes to, within `timeout` seconds (null: no limit). A function gets a signal that is aborted when the
 * time is up: pass it on, so that what waits ends too. A promise by itself cannot be ended: it goes on unheard.
 *
 * ```js
 * const bytes = await wait_for((signal) => sock_recv(sock, 4096, { signal }), 5);
 * ```
 * @throws (rejects) TimeoutError
 * @see Python asyncio.wait_for
 */
export async function wait_for<T>(
  awaitable: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
  limit: number | null,
  { signal }: Abortable = {},
): Promise<T> {
  using deadline = timeout(limit, { signal });
  const promise = typeof awaitable === 'function' ? awaitable(deadline.signal) : awaitable;
  return await deadline.race(promise);
}

/**
 * A deadline `delay` seconds from now (null: none) for all calls that get it as their options: it has a `signal`, which
 * is aborted with a TimeoutError when the time is up.
 *
 * ```js
 * using deadline = timeout(5);
 * await sock_connect(sock, address, deadline);
 * await sock_sendall(sock, request, deadline);
 * ```
 * @throws TypeError if `delay` is no number
 * @see Python asyncio.timeout
 */
export function timeout(delay: number | null, options: Abortable = {}): Timeout {
  const left = seconds(delay);
  return new Timeout(left === null ? null : now() + left, options.signal);
}

/**
 * As `timeout`, at a point of the monotonic clock in seconds (`performance.now() / 1000`).
 * @throws TypeError if `when` is no number
 * @see asyncio.timeout_at
 */
export function timeout_at(when: number | null, options: Abortable = {}): Timeout {
  return new Timeout(when, options.signal);
}

/** A time as it was given. @throws TypeError */
function seconds(value: unknown): number | null {
  if (value === null) return null;
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new TypeError(`a time must be a number of seconds or null, not ${typeName(value)}`);
}

function now(): number {
  return monotonicMs() / 1000;
}

/** @see timeout */
export class Timeout {
  readonly #controller = new AbortController();
  readonly #outer: Disposable | undefined;
  #when: number | null;
  #alarm: Alarm | null = null;
  #expired = false;
  #ended = false;

  /** @internal */
  constructor(when: number | null, outer?: AbortSignal) {
    this.#when = when;
    setMaxListeners(0, this.signal); // a deadline may be for any number of calls
    if (outer?.aborted) this.#controller.abort(outer.reason);
    else if (outer) this.#outer = addAbortListener(outer, () => this.#controller.abort(outer.reason));
    this.reschedule(when);
  }

  /** Aborted when the time is up, or when the signal that was given is. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** When the time is up, in seconds of the monotonic clock; null: never. */
  when(): number | null {
    return this.#when;
  }

  /** Puts the deadline elsewhere. @throws TypeError if `when` is no number */
  reschedule(when: number | null): void {
    this.#alarm?.cancel();
    this.#alarm = null;
    this.#when = seconds(when);
    if (this.#when !== null && !this.signal.aborted) this.#alarm = new Alarm(this.#when * 1000, () => this.#expire());
  }

  /** Whether the time was up before the end. */
  expired(): boolean {
    return this.#expired;
  }

  /** What `promise` comes to, unless the time is up first. */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return unlessAborted(promise, this.signal);
  }

  /** Ends it: the signal is not aborted any more. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#alarm?.cancel();
    this.#outer?.[Symbol.dispose]();
  }

  [inspect.custom](): string {
    if (this.#expired) return '<Timeout [expired]>';
    if (this.#ended) return '<Timeout [finished]>';
    return `<Timeout [active] when=${this.#when === null ? 'None' : Math.round(this.#when * 1000) / 1000}>`;
  }

  #expire(): void {
    this.#expired = true;
    this.#controller.abort(timedOut());
  }
}
