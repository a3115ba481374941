/**
 * Python's select module: waiting until descriptors are ready.
 *
 * A descriptor is a number, an object with `fileno()`, or one of Node's objects that have one. Every wait blocks the
 * JavaScript thread, goes through the one loop of `wait/call.ts` and never ends early; with timeout 0 nothing waits.
 *
 * @see https://docs.python.org/3/library/select.html
 */

import { native } from '../addon/binary.js';
import {
  EPOLL_CLOEXEC,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from '../constants/select.js';
import { constants } from '../constants/table.js';
import {
  type FileDescriptorLike,
  fileno,
  integer,
  isKeywords,
  parameters,
  timeoutOverflow,
  wrapped32,
} from '../core/args.js';
import { checked, KeyError, OSError, OverflowError, raise, ValueError } from '../core/exceptions.js';
import { busyWait, monotonicMs, sliceUntil, type Waitable, wait } from '../wait/call.js';
import { PollArray } from '../wait/pollfds.js';

export * from '../constants/select.js';
/** Python's name for OSError here. */
export { OSError as error } from '../core/exceptions.js';

const { EBADF, ENOENT } = constants.errno;
const INT_MAX = 0x7fffffff;
const INT_MIN = -0x80000000;
/** What poll and epoll say of a timeout that is no number. */
const NO_TIMEOUT = 'timeout must be an integer or None';

// ---- timeouts ------------------------------------------------------------------------------------------------------

/** What CPython's count of nanoseconds holds, in milliseconds. */
const TIMEOUT_MAX_MS = 2 ** 63 / 1e6;

/**
 * A timeout in milliseconds, not rounded; of null, Infinity.
 * @param unitMs how many milliseconds the caller's unit has
 * @param refusal what a value of a wrong type is told
 */
function milliseconds(value: unknown, unitMs: number, refusal: string): number {
  if (value === null || value === undefined) return Number.POSITIVE_INFINITY;
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean')
    throw new TypeError(refusal);
  const ms = Number(value) * unitMs;
  if (Number.isNaN(ms)) throw new ValueError('Invalid value NaN (not a number)');
  if (Math.abs(ms) < TIMEOUT_MAX_MS) return ms;
  throw timeoutOverflow(value);
}

/** When a wait of that many milliseconds ends. For one that does not wait, long ago: without a look at the clock. */
function deadlineAfter(ms: number): number {
  return ms <= 0 ? 0 : monotonicMs() + ms;
}

/** The deadline of poll.poll and epoll.poll, from milliseconds. As there, they have to fit into a C int. */
function pollDeadline(ms: number): number {
  if (ms === Number.POSITIVE_INFINITY) return ms;
  if (Math.ceil(ms) > INT_MAX || Math.floor(ms) < INT_MIN) throw new OverflowError('timeout is too large');
  return ms < 0 ? Number.POSITIVE_INFINITY : deadlineAfter(ms);
}

// ---- select --------------------------------------------------------------------------------------------------------

/** What is asked for an entry of each list, and what answers: the kernel's own sets (fs/select.c). */
const READ_ASKED = POLLIN | POLLRDNORM | POLLRDBAND;
const WRITE_ASKED = POLLOUT | POLLWRNORM | POLLWRBAND;
const READ_SET = READ_ASKED | POLLHUP | POLLERR;
const WRITE_SET = WRITE_ASKED | POLLERR;
const EXCEPT_SET = POLLPRI;

/**
 * The entries of one select(): those to read, then those to write, then the exceptional ones.
 *
 * poll(2) reports POLLERR and POLLHUP unasked, select(2) only where they belong to the set: a hang-up makes nothing
 * writable. An entry with nothing but such bits must neither end the wait nor turn it into a spin, so it is set aside
 * until the slice is over, and the rest of the slice is waited for without it.
 */
class SelectSet implements Waitable {
  readonly array = new PollArray();
  readersEnd = 0;
  writersEnd = 0;

  clear(): void {
    this.array.count = this.readersEnd = this.writersEnd = 0;
  }

  /** Whether entry i has what its list waits for. */
  ready(i: number): boolean {
    const set = i < this.readersEnd ? READ_SET : i < this.writersEnd ? WRITE_SET : EXCEPT_SET;
    return (this.array.found(i) & set) !== 0;
  }

  attempt(sliceMs: number): number {
    const end = sliceMs === 0 ? 0 : monotonicMs() + sliceMs;
    for (let leftMs = sliceMs; ; leftMs = sliceUntil(end)) {
      const found = this.array.attempt(leftMs);
      const ready = found > 0 ? this.#sift() : found;
      if (ready !== 0 || found === 0 || leftMs === 0) {
        this.#restore();
        return ready;
      }
    }
  }

  /** How many entries are ready, or -EBADF. Those that only have what nobody asked for are set aside. */
  #sift(): number {
    let ready = 0;
    for (let i = 0; i < this.array.count; i++) {
      const found = this.array.found(i);
      if ((found & POLLNVAL) !== 0) return -EBADF;
      if (this.ready(i)) ready++;
      else if (found !== 0) this.array.toggle(i);
    }
    return ready;
  }

  #restore(): void {
    for (let i = 0; i < this.array.count; i++) {
      if (this.array.fd(i) < 0) this.array.toggle(i);
    }
  }
}

/** The set that the next select() uses; null while one does: a fileno() may call select() in its turn. */
let spare: SelectSet | null = new SelectSet();

/** The items of a list, their descriptors added to the array. An array is read live: a fileno() may change it. */
function collect<T>(list: Iterable<T>, array: PollArray, events: number): T[] {
  if (typeof list !== 'string' && typeof list?.[Symbol.iterator] !== 'function') {
    throw new TypeError('arguments 1-3 must be sequences');
  }
  const items = Array.isArray(list) ? (list as T[]) : Array.from(list);
  const kept: T[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    array.add(fileno(item), events);
    kept.push(item);
  }
  return kept;
}

/** Those of the items whose entries, from `first` on, are ready. */
function pick<T>(items: T[], set: SelectSet, first: number): T[] {
  const ready: T[] = [];
  for (let i = 0; i < items.length; i++) if (set.ready(first + i)) ready.push(items[i]);
  return ready;
}

function selectWith<R, W, X>(
  set: SelectSet,
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeoutMs: number,
): [R[], W[], X[]] {
  const readers = collect(rlist, set.array, READ_ASKED);
  set.readersEnd = set.array.count;
  const writers = collect(wlist, set.array, WRITE_ASKED);
  set.writersEnd = set.array.count;
  const exceptional = collect(xlist, set.array, EXCEPT_SET);
  const found = wait(set, deadlineAfter(timeoutMs));
  if (found < 0) raise(found, 'select');
  if (found === 0) return [[], [], []];
  return [pick(readers, set, 0), pick(writers, set, set.readersEnd), pick(exceptional, set, set.writersEnd)];
}

/**
 * Waits until one of the items can be read, written, or has something exceptional (out-of-band data), and returns
 * those items themselves, in the order given: `[readable, writable, exceptional]`; three empty arrays at the timeout.
 * Any number of descriptors of any size. With three empty lists it sleeps.
 *
 * Readable: a read would not wait (data, the end of the stream, a connection to accept, an error). Writable: a write
 * would not wait.
 * @param timeout seconds, rounded up to milliseconds; null waits without end, 0 not at all
 * @throws OSError EBADF for a descriptor that is not open; TypeError | ValueError | OverflowError | InterruptedError
 * @see Python select.select; select(2), poll(2)
 */
export function select<R extends FileDescriptorLike, W extends FileDescriptorLike, X extends FileDescriptorLike>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout: number | null = null,
): [R[], W[], X[]] {
  const timeoutMs = milliseconds(timeout, 1000, 'timeout must be a float or None');
  if (timeoutMs < 0) throw new ValueError('timeout must be non-negative');
  const set = spare ?? new SelectSet();
  spare = null;
  try {
    return selectWith(set, rlist, wlist, xlist, timeoutMs);
  } finally {
    set.clear();
    spare = set;
  }
}

// ---- poll ----------------------------------------------------------------------------------------------------------

/** A C unsigned short, refused as CPython refuses it. */
function unsignedShort(value: unknown): number {
  const whole = typeof value === 'bigint' || typeof value === 'boolean' || Number.isInteger(value);
  if (!whole) throw new TypeError('an integer is required');
  const n = integer(value);
  if (n < 0) throw new ValueError('value must be positive');
  if (n > 0xffffffffffffffffn) throw new OverflowError('Python int too large to convert to C unsigned long');
  if (n > 0xffff) throw new OverflowError('Python int too large for C unsigned short');
  return Number(n);
}

/** How many pairs fd, events go into this array. */
function roomOf(events: unknown): number {
  if (!(events instanceof Int32Array)) throw new TypeError('poll_into() argument 1 must be an Int32Array');
  if (events.length < 2) throw new ValueError('poll_into() argument 1 must have room for a pair of integers');
  return events.length >> 1;
}

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
  register(fd: FileDescriptorLike, eventmask: number = POLLIN | POLLPRI | POLLOUT): void {
    this.#masks.set(fileno(fd), unsignedShort(eventmask));
    this.#current = false;
  }

  /**
   * Changes the event mask of a descriptor that is watched.
   * @throws FileNotFoundError ENOENT if it is not; TypeError | ValueError | OverflowError
   */
  modify(fd: FileDescriptorLike, eventmask: number): void {
    if (eventmask === undefined) throw new TypeError('modify expected 2 arguments, got 1');
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
  poll(timeout: number | null = null): [fd: number, events: number][] {
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
   */
  poll_into(events: Int32Array, timeout: number | null = null): number {
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

// ---- epoll ---------------------------------------------------------------------------------------------------------

/** A C int, refused as CPython's epoll refuses it. */
function int(value: unknown): number {
  const n = integer(value);
  if (n > INT_MAX || n < INT_MIN) throw new OverflowError('Python int too large to convert to C int');
  return Number(n);
}

/** A deadline from seconds. As in CPython, less than a millisecond below 0 counts as 0, not as "without end". */
function epollDeadline(timeout: unknown): number {
  const ms = milliseconds(timeout, 1000, NO_TIMEOUT);
  return ms < 0 && ms > -1 ? 0 : pollDeadline(ms);
}

/** How many events a call reports unless told otherwise: as CPython, FD_SETSIZE - 1. */
const MAXEVENTS = 1023;
/** How many it reports at most, whatever it is told. */
const MAXEVENTS_LIMIT = 2 ** 20;

/** The wait of an epoll object. One serves all of this thread: waits are never nested. */
class EpollWait implements Waitable {
  #fd = -1;
  #most = 0;
  /** Pairs fd, events, as many as the latest wait has returned. */
  found: Int32Array = native.events;
  #large: Int32Array = native.events;

  attempt(sliceMs: number): number {
    if (this.found === native.events) return native.pollerWait(this.#fd, this.#most, sliceMs);
    return native.pollerWaitInto(this.#fd, this.found, this.#most, sliceMs);
  }

  /** Waits until there are events, at most `most` of them: how many. */
  wait(fd: number, most: number, deadline: number, busyMs: number): number {
    this.#fd = fd;
    this.#most = Math.min(most, MAXEVENTS_LIMIT);
    this.found = 2 * this.#most <= native.events.length ? native.events : this.#room(2 * this.#most);
    return checked(wait(this, deadline, busyMs), 'epoll_wait');
  }

  #room(length: number): Int32Array {
    if (this.#large.length < length) this.#large = new Int32Array(2 ** Math.ceil(Math.log2(length)));
    return this.#large;
  }
}
const epollWait = new EpollWait();

/** Closes the descriptor of an epoll object that was collected as garbage; as CPython, without a warning. */
const collected = new FinalizationRegistry<{ fd: number; claim: number }>(({ fd, claim }) => {
  native.closeOwned(fd, claim);
});

/** Marks the constructor call that takes over a descriptor. */
const ADOPT = Symbol('adopt');

/** The fd and the event mask of a call that may have them by name. A plain object with fileno() is a file. */
function controlArgs(caller: string, args: unknown[]): unknown[] {
  const last = args[args.length - 1];
  const byName = isKeywords(last) && (args.length > 1 || typeof last.fileno !== 'function');
  const [fd, eventmask] = byName ? parameters(caller, ['fd', 'eventmask'], args) : args;
  if (fd === undefined) throw new TypeError(`${caller}() missing required argument 'fd' (pos 1)`);
  return [fileno(fd), eventmask];
}

/**
 * A kernel object that watches descriptors: epoll(7). It has a descriptor of its own, which is readable when an event
 * is there. Level-triggered unless EPOLLET is asked for. A watched descriptor that is closed is no longer watched.
 *
 * ```js
 * const poller = new select.epoll();
 * poller.register(sock, select.EPOLLIN);
 * for (const [fd, events] of poller.poll()) …
 * ```
 * @see Python select.epoll
 */
export class epoll {
  #fd: number;
  /** What makes the descriptor this object's: see `native.own`. */
  #claim = 0;
  #busyMs = 0;

  /**
   * @param sizehint has no effect; greater than 0, or -1
   * @param flags 0 or EPOLL_CLOEXEC, which is always set
   * @throws OSError | ValueError | TypeError | OverflowError
   */
  constructor(sizehint?: number, flags?: number);
  constructor(options: { sizehint?: number; flags?: number });
  constructor(...args: unknown[]) {
    this.#fd = args[0] === ADOPT ? (args[1] as number) : newEpoll(args);
    if (this.#fd < 0) return;
    this.#claim = native.own(this.#fd);
    collected.register(this, { fd: this.#fd, claim: this.#claim }, this);
  }

  /** An epoll object for a descriptor of one, which it owns from now on. For -1, as in CPython, a new one. */
  static fromfd(fd: number): epoll {
    const number = int(fd);
    return number === -1 ? new epoll() : (Reflect.construct(epoll, [ADOPT, number]) as epoll);
  }

  /** Closes the descriptor. Closing again does nothing. */
  close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    if (fd < 0) return;
    collected.unregister(this);
    native.closeOwned(fd, this.#claim);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get closed(): boolean {
    return this.#fd < 0;
  }

  /** The descriptor of the epoll object itself. @throws ValueError if it is closed */
  fileno(): number {
    if (this.#fd < 0) throw new ValueError('I/O operation on closed epoll object');
    return this.#fd;
  }

  /**
   * Watches a descriptor for `eventmask` (EPOLL* bits).
   * @throws FileExistsError if it is watched already; PermissionError if it is a file that is always ready
   * @throws OSError EBADF, EINVAL; ValueError if the epoll object is closed; TypeError | OverflowError
   * @see epoll_ctl(2)
   */
  register(fd: FileDescriptorLike, eventmask?: number | { eventmask?: number }): void;
  register(options: { fd: FileDescriptorLike; eventmask?: number }): void;
  register(...args: unknown[]): void {
    const [fd, eventmask = EPOLLIN | EPOLLPRI | EPOLLOUT] = controlArgs('register', args);
    const mask = wrapped32(eventmask);
    checked(native.pollerAdd(this.fileno(), fd as number, mask), 'epoll_ctl');
  }

  /**
   * Changes the event mask of a descriptor that is watched, and arms it again after EPOLLONESHOT.
   * @throws FileNotFoundError if it is not watched; as `register`
   */
  modify(fd: FileDescriptorLike, eventmask: number | { eventmask: number }): void;
  modify(options: { fd: FileDescriptorLike; eventmask: number }): void;
  modify(...args: unknown[]): void {
    const [fd, eventmask] = controlArgs('modify', args);
    if (eventmask === undefined) throw new TypeError("modify() missing required argument 'eventmask' (pos 2)");
    const mask = wrapped32(eventmask);
    checked(native.pollerModify(this.fileno(), fd as number, mask), 'epoll_ctl');
  }

  /**
   * Watches the descriptor no longer.
   * @throws FileNotFoundError if it is not watched; OSError EBADF if it is closed; as `register`
   */
  unregister(fd: FileDescriptorLike): void;
  unregister(options: { fd: FileDescriptorLike }): void;
  unregister(...args: unknown[]): void {
    const [fd] = controlArgs('unregister', args);
    checked(native.pollerRemove(this.fileno(), fd as number), 'epoll_ctl');
  }

  /**
   * Waits for events: `[[fd, events], …]`, empty at the timeout.
   * @param timeout seconds, rounded up to milliseconds; null or less than 0 waits without end, 0 not at all
   * @param maxevents how many events are reported at most: -1 for FD_SETSIZE - 1; never more than 2^20
   * @throws ValueError | TypeError | OverflowError | InterruptedError | OSError
   * @see Python select.epoll.poll; epoll_wait(2)
   */
  poll(timeout?: number | null, maxevents?: number | { maxevents?: number }): [fd: number, events: number][];
  poll(options: { timeout?: number | null; maxevents?: number }): [fd: number, events: number][];
  poll(timeout: unknown = null, maxevents: unknown = -1): [fd: number, events: number][] {
    if (typeof timeout === 'object' && isKeywords(timeout)) return this.#pollByName([timeout]);
    if (typeof maxevents === 'object' && isKeywords(maxevents)) return this.#pollByName([timeout, maxevents]);
    const asked = int(maxevents);
    const fd = this.fileno();
    const deadline = epollDeadline(timeout);
    const most = asked === -1 ? MAXEVENTS : asked;
    if (most < 1) throw new ValueError(`maxevents must be greater than 0, got ${most}`);
    const count = epollWait.wait(fd, most, deadline, this.#busyMs);
    const { found } = epollWait;
    const ready = new Array<[number, number]>(count);
    for (let i = 0; i < count; i++) ready[i] = [found[2 * i], found[2 * i + 1] >>> 0];
    return ready;
  }

  #pollByName(args: unknown[]): [fd: number, events: number][] {
    const [timeout, maxevents] = parameters('poll', ['timeout', 'maxevents'], args);
    return this.poll(timeout as number | null | undefined, maxevents as number | undefined);
  }

  /**
   * As `poll`, without a new object per call: fills `events` with pairs fd, events and returns how many pairs there
   * are. What has no room is reported by a later call. Not in Python.
   */
  poll_into(events: Int32Array, timeout: number | null = null): number {
    const most = roomOf(events);
    const fd = this.fileno();
    const count = epollWait.wait(fd, most, epollDeadline(timeout), this.#busyMs);
    const { found } = epollWait;
    for (let i = 0; i < 2 * count; i++) events[i] = found[i];
    return count;
  }

  /**
   * From now on, a wait asks the kernel again and again for up to `usecs` microseconds (0 to 50,000) before it lets the
   * thread sleep. What comes within that time is seen sooner, for the thread need not be woken; the price is a busy
   * processor. Not in Python.
   * @throws ValueError | TypeError
   */
  set_busy_wait(usecs: number): void {
    this.#busyMs = busyWait(usecs);
  }

  /** What `set_busy_wait` was told, in µs. */
  get_busy_wait(): number {
    return Math.round(this.#busyMs * 1000);
  }
}

function newEpoll(args: unknown[]): number {
  const [sizehint = -1, flags = 0] = parameters('epoll', ['sizehint', 'flags'], args);
  const [hint, bits] = [int(sizehint), int(flags)];
  if (hint !== -1 && hint <= 0) throw new ValueError('negative sizehint');
  if (bits !== 0 && bits !== EPOLL_CLOEXEC) throw new OSError('invalid flags');
  return checked(native.pollerCreate(), 'epoll_create1');
}
