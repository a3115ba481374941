/** afd objects: sockets that Windows watches from call to call. */
import { inspect } from 'node:util';
import { native } from '../addon/binary.js';
import { absent } from '../core/args.js';
import { checked, ValueError } from '../core/exceptions.js';
import { type FileDescriptorLike, fileno } from '../core/fileobj.js';
import { objectRepr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { POLLIN, POLLOUT, POLLPRI, type Waitable, wait } from '../wait/call.js';
import { epollDeadline, int, roomOf, unsignedShort } from './arguments.js';

/** How many events a call reports unless told otherwise: as many as epoll's. */
const MAXEVENTS = 1023;
/** How many it reports at most, whatever it is told. */
const MAXEVENTS_LIMIT = 2 ** 20;

const STAYS = staysWith('an afd object');

/** Closes the poller of an object that was collected as garbage. */
const collected = new FinalizationRegistry<number>((poller) => {
  native.afdClose(poller);
});

/** The wait of an afd object. One serves all of this thread: waits are never nested. */
class AfdWait implements Waitable {
  readonly name = 'afd';
  #poller = 0;
  #most = 0;
  /** Pairs fd, events, as many as the latest wait has returned. */
  found: Int32Array = native.events;

  attempt(sliceMs: number): number {
    return native.afdWait(this.#poller, this.found, this.#most, sliceMs);
  }

  /** Waits until there are events, at most `most` of them: how many. */
  wait(poller: number, most: number, deadline: number): number {
    this.#poller = poller;
    this.#most = Math.min(most, MAXEVENTS_LIMIT);
    if (this.found.length < 2 * this.#most) this.found = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.#most)));
    return checked(wait(this, deadline), 'poll');
  }
}
const afdWait = new AfdWait();

/**
 * A set of sockets that the system's socket driver watches, through an I/O completion port: what Windows has in the place of
 * epoll. Thousands of sockets cost a wait no more than those that are ready. Level-triggered. A socket that is closed is no
 * longer watched. Masks are those of poll: 0x300 (readable, POLLIN), 0x400 (urgent data, or a connect that failed), 0x10
 * (writable, POLLOUT), and found unasked 1 (POLLERR) and 2 (POLLHUP): `afd.POLLIN` and so on. Not in Python. Absent where the
 * system is not Windows.
 *
 * ```js
 * const poller = new select.afd();
 * poller.register(sock, select.afd.POLLIN);
 * for (const [fd, events] of poller.poll()) …
 * ```
 */
export class afd {
  /** Readable: data, the end of the stream, a connection to accept. */
  static readonly POLLIN: number = native.constants.poll.POLLIN;
  /** Urgent data; or a connect that has failed. */
  static readonly POLLPRI: number = native.constants.poll.POLLPRI;
  /** Writable. */
  static readonly POLLOUT: number = native.constants.poll.POLLOUT;
  /** Found unasked: the connection was reset, or a connect has failed. */
  static readonly POLLERR: number = native.constants.poll.POLLERR;
  /** Found unasked: the connection was reset. */
  static readonly POLLHUP: number = native.constants.poll.POLLHUP;

  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  #poller = checked(native.afdCreate(), 'CreateIoCompletionPort');

  /** @throws OSError */
  constructor() {
    collected.register(this, this.#poller, this);
  }

  /** Lets go of all that is watched. Closing again does nothing. */
  close(): void {
    if (this.#poller === 0) return;
    collected.unregister(this);
    native.afdClose(this.#poller);
    this.#poller = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether the object was closed. */
  get closed(): boolean {
    return this.#poller === 0;
  }

  #open(): number {
    if (this.#poller === 0) throw new ValueError('I/O operation on closed afd object');
    return this.#poller;
  }

  /**
   * Watches a socket for `eventmask`.
   * @throws FileExistsError if it is watched already; OSError for what is no socket; ValueError if the object is closed;
   * TypeError | OverflowError
   */
  register(
    fd: FileDescriptorLike,
    eventmask: number = absent(arguments.length, 2, 'eventmask', POLLIN | POLLPRI | POLLOUT),
  ): void {
    const number = fileno(fd);
    checked(native.afdAdd(this.#open(), number, unsignedShort(eventmask)), 'poll');
  }

  /** Changes the mask of a socket that is watched. @throws FileNotFoundError if it is not; as `register` */
  modify(fd: FileDescriptorLike, eventmask: number): void {
    const number = fileno(fd);
    checked(native.afdModify(this.#open(), number, unsignedShort(eventmask)), 'poll');
  }

  /** Watches the socket no longer. @throws FileNotFoundError if it is not watched; as `register` */
  unregister(fd: FileDescriptorLike): void {
    const number = fileno(fd);
    checked(native.afdRemove(this.#open(), number), 'poll');
  }

  /**
   * Waits for events: `[[fd, events], …]`, empty at the timeout.
   * @param timeout seconds, rounded up to milliseconds; null or less than 0 waits without end, 0 not at all
   * @param maxevents how many events are reported at most: -1 for 1023; never more than 2^20
   * @throws ValueError | TypeError | OverflowError | InterruptedError | OSError
   */
  poll(
    timeout: number | null = absent(arguments.length, 1, 'timeout', null),
    maxevents: number = absent(arguments.length, 2, 'maxevents', -1),
  ): [fd: number, events: number][] {
    const asked = int(maxevents);
    const most = asked === -1 ? MAXEVENTS : asked;
    if (most < 1) throw new ValueError(`maxevents must be greater than 0, got ${most}`);
    const count = afdWait.wait(this.#open(), most, epollDeadline(timeout));
    const { found } = afdWait;
    return Array.from({ length: count }, (_, i) => [found[2 * i], found[2 * i + 1]]);
  }

  /**
   * As `poll`, without a new object per call: fills `events` with pairs fd, events and returns how many pairs there
   * are. What has no room is reported by a later call.
   * @throws ValueError on a closed object, or without room; TypeError | InterruptedError | OSError
   */
  poll_into(events: Int32Array, timeout: number | null = absent(arguments.length, 2, 'timeout', null)): number {
    const count = afdWait.wait(this.#open(), roomOf(events), epollDeadline(timeout));
    events.set(afdWait.found.subarray(0, 2 * count));
    return count;
  }

  [inspect.custom](): string {
    return objectRepr('select', this);
  }
}
