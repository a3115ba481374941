/** epoll objects: descriptors that the kernel watches from call to call. */
import { inspect } from 'node:util';
import { native } from '../addon/binary.js';
import { EPOLL_CLOEXEC, EPOLLIN, EPOLLOUT, EPOLLPRI } from '../constants/select.js';
import { absent, isKeywords, parameters, undefinedArgument, wrapped32 } from '../core/args.js';
import { checked, OSError, ValueError } from '../core/exceptions.js';
import { type FileDescriptorLike, fileno } from '../core/fileobj.js';
import { objectRepr } from '../core/repr.js';
import { stays } from '../core/stays.js';
import { busyWait, type Waitable, wait } from '../wait/call.js';
import { epollDeadline, int, roomOf } from './arguments.js';
import { ADOPT, DescriptorOwner } from './descriptor_owner.js';

/** How many events a call reports unless told otherwise: as CPython, FD_SETSIZE - 1. */
const MAXEVENTS = 1023;
/** How many it reports at most, whatever it is told. */
const MAXEVENTS_LIMIT = 2 ** 20;

/** The wait of an epoll object. One serves all of this thread: waits are never nested. */
class EpollWait implements Waitable {
  readonly name = 'epoll_wait';
  #fd = -1;
  #most = 0;
  /** Pairs fd, events, as many as the latest wait has returned. */
  found: Int32Array = native.events;
  #large: Int32Array = native.events;

  attempt(sliceMs: number): number {
    if (this.found === native.events) return native.epollWait(this.#fd, this.#most, sliceMs);
    return native.epollWaitInto(this.#fd, this.found, this.#most, sliceMs);
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

const STAYS = stays('an epoll object', 'send fileno(), call select.epoll.fromfd there, and keep this object as long');

/** The fd and the event mask of a call that may have them by name. A plain object with fileno() is a file. */
function controlArgs(caller: string, args: unknown[]): unknown[] {
  const last = args[args.length - 1];
  const byName = isKeywords(last) && (args.length > 1 || typeof last.fileno !== 'function');
  const [fd, eventmask] = byName ? parameters(caller, ['fd', 'eventmask'], args) : args;
  if (args.length === 0 || (byName && fd === undefined)) {
    throw new TypeError(`${caller}() missing required argument 'fd' (pos 1)`);
  }
  const unsaid = args.indexOf(undefined);
  if (unsaid >= 0) throw undefinedArgument(['fd', 'eventmask'][unsaid]);
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
export class epoll extends DescriptorOwner {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  #busyMs = 0;

  /**
   * @param sizehint has no effect; greater than 0, or -1
   * @param flags 0 or EPOLL_CLOEXEC, which is always set
   * @throws OSError | ValueError | TypeError | OverflowError
   */
  constructor(sizehint?: number, flags?: number);
  constructor(options: { sizehint?: number; flags?: number });
  constructor(...args: unknown[]) {
    super('epoll', args[0] === ADOPT ? (args[1] as number) : newEpoll(args));
  }

  /**
   * An epoll object for a descriptor of one, which it owns from now on. For -1, as in CPython, a new one.
   * @throws TypeError for what is no integer; OverflowError
   */
  static fromfd(fd: number): epoll {
    const number = int(fd);
    return number === -1 ? new epoll() : (Reflect.construct(epoll, [ADOPT, number]) as epoll);
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
    checked(native.epollAdd(this.fileno(), fd as number, mask), 'epoll_ctl');
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
    checked(native.epollModify(this.fileno(), fd as number, mask), 'epoll_ctl');
  }

  /**
   * Watches the descriptor no longer.
   * @throws FileNotFoundError if it is not watched; OSError EBADF if it is closed; as `register`
   */
  unregister(fd: FileDescriptorLike): void;
  unregister(options: { fd: FileDescriptorLike }): void;
  unregister(...args: unknown[]): void {
    const [fd] = controlArgs('unregister', args);
    checked(native.epollRemove(this.fileno(), fd as number), 'epoll_ctl');
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
  poll(
    timeout: unknown = absent(arguments.length, 1, 'timeout', null),
    maxevents: unknown = absent(arguments.length, 2, 'maxevents', -1),
  ): [fd: number, events: number][] {
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
    return this.poll((timeout ?? null) as number | null, (maxevents ?? -1) as number);
  }

  /**
   * As `poll`, without a new object per call: fills `events` with pairs fd, events and returns how many pairs there
   * are. What has no room is reported by a later call. Not in Python.
   * @throws ValueError on a closed object, or without room; TypeError | InterruptedError | OSError
   */
  poll_into(events: Int32Array, timeout: number | null = absent(arguments.length, 2, 'timeout', null)): number {
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

  [inspect.custom](): string {
    return objectRepr('select', this);
  }
}

function newEpoll(args: unknown[]): number {
  const [sizehint = -1, flags = 0] = parameters('epoll', ['sizehint', 'flags'], args);
  const [hint, bits] = [int(sizehint), int(flags)];
  if (hint !== -1 && hint <= 0) throw new ValueError('negative sizehint');
  if (bits !== 0 && bits !== EPOLL_CLOEXEC) throw new OSError('invalid flags');
  return checked(native.epollCreate(), 'epoll_create1');
}
