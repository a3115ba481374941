/** poll objects: descriptors with the events to wait for on each. */

import { inspect } from 'node:util';
import { POLLIN, POLLOUT, POLLPRI } from '../constants/select.js';
import { constants } from '../constants/table.js';
import { absent } from '../core/args.js';
import { checked, KeyError, raise } from '../core/exceptions.js';
import { type FileDescriptorLike, fileno } from '../core/fileobj.js';
import { objectRepr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { busyWait, wait } from '../wait/call.js';
import { PollArray } from '../wait/pollfds.js';
import { milliseconds, NO_TIMEOUT, pollDeadline, roomOf, unsignedShort } from './arguments.js';

const { ENOENT } = constants.errno;
const STAYS = staysWith('a poll object');

/**
 * A set of descriptors with the events to wait for on each, over poll(2).
 *
 * ```js
 * const poller = new select.poll();
 * poller.register(sock, select.POLLIN);
 * for (const [fd, events] of poller.poll(1000)) …
 * ```
 * @see Python select.poll; poll(2)
 */
export class poll {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** fd → event mask, in the order of registration. */
  readonly #masks = new Map<number, number>();
  #array = new PollArray();
  /** Whether the array is what the map says. */
  #current = true;
  #busyMs = 0;

  /**
   * Watches a descriptor for `eventmask` (POLL* bits); one that is watched already gets the new mask.
   * @throws TypeError | ValueError | OverflowError
   */
  register(
    fd: FileDescriptorLike,
    eventmask: number = absent(arguments.length, 2, 'eventmask', POLLIN | POLLPRI | POLLOUT),
  ): void {
    this.#masks.set(fileno(fd), unsignedShort(eventmask));
    this.#current = false;
  }

  /**
   * Changes the event mask of a descriptor that is watched.
   * @throws FileNotFoundError ENOENT if it is not; TypeError | ValueError | OverflowError
   */
  modify(fd: FileDescriptorLike, eventmask: number): void {
    if (eventmask === undefined) {
      absent(arguments.length, 2, 'eventmask', null);
      throw new TypeError(`modify expected 2 arguments, got ${arguments.length}`);
    }
    const number = fileno(fd);
    const mask = unsignedShort(eventmask);
    if (!this.#masks.has(number)) raise(-ENOENT);
    this.#masks.set(number, mask);
    this.#current = false;
  }

  /**
   * Watches the descriptor no longer.
   * @throws KeyError if it was not watched; TypeError | ValueError | OverflowError
   */
  unregister(fd: FileDescriptorLike): void {
    const number = fileno(fd);
    if (!this.#masks.delete(number)) throw new KeyError(number);
    this.#current = false;
  }

  /**
   * Waits for events: `[[fd, events], …]`, empty at the timeout. POLLERR, POLLHUP and POLLNVAL are reported unasked.
   * @param timeout milliseconds, rounded up; null or less than 0 waits without end, 0 not at all
   * @throws TypeError | ValueError | OverflowError | InterruptedError | OSError
   */
  poll(timeout: number | null = absent(arguments.length, 1, 'timeout', null)): [fd: number, events: number][] {
    const found = this.#wait(timeout);
    const ready: [number, number][] = [];
    for (let i = 0; ready.length < found; i++) {
      const events = this.#array.found(i);
      if (events !== 0) ready.push([this.#array.fd(i), events]);
    }
    return ready;
  }

  /**
   * As `poll`, without a new object per call: fills `events` with pairs fd, events and returns how many pairs there
   * are. What has no room is reported by a later call. Not in Python.
   * @throws TypeError | ValueError | OverflowError | InterruptedError | OSError
   */
  poll_into(events: Int32Array, timeout: number | null = absent(arguments.length, 2, 'timeout', null)): number {
    const room = roomOf(events);
    const most = Math.min(this.#wait(timeout), room);
    for (let i = 0, filled = 0; filled < most; i++) {
      const found = this.#array.found(i);
      if (found === 0) continue;
      events[2 * filled] = this.#array.fd(i);
      events[2 * filled + 1] = found;
      filled++;
    }
    return most;
  }

  /** As epoll's. @throws ValueError | TypeError */
  set_busy_wait(usecs: number): void {
    this.#busyMs = busyWait(usecs);
  }

  /** What `set_busy_wait` was told, in µs. */
  get_busy_wait(): number {
    return Math.round(this.#busyMs * 1000);
  }

  [inspect.custom](): string {
    return objectRepr('select', this);
  }

  #wait(timeout: unknown): number {
    const deadline = pollDeadline(milliseconds(timeout, 1, NO_TIMEOUT));
    if (!this.#current) this.#rebuild();
    return checked(wait(this.#array, deadline, this.#busyMs), 'poll');
  }

  #rebuild(): void {
    this.#array.count = 0;
    for (const [fd, mask] of this.#masks) this.#array.add(fd, mask);
    this.#current = true;
  }
}
