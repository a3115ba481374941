/**
 * THE one loop that waits and retries under a deadline.
 *
 * A deadline is a point on the monotonic clock in milliseconds (`performance.now()`), or Infinity. It is total: what is
 * left of it, not the whole of it, is waited for after each interruption (PEP 475). Waits round up, so that they never
 * end early.
 *
 * A wait is cut into slices. Between two slices the thread is back in JavaScript, which is where V8 ends a worker that
 * is being terminated, and where we look whether a signal waits for its listener.
 */

import { native } from '../addon/binary.js';
import { integer } from '../core/args.js';
import { fromCode, raise, timedOut, ValueError, wouldBlock } from '../core/exceptions.js';

/** The longest that the thread stays in the kernel at a stretch. */
export const SLICE_MS = 200;
/** The wait of a call that has not waited yet. */
export const NO_WAIT = Number.NaN;

const { EAGAIN, EINTR, EWOULDBLOCK } = native.constants.errno;
/** Flags with which the kernel does not wait even on a blocking socket. Under a timeout, Python waits all the same. */
const NEVER_WAITS = (native.constants.socket.MSG_DONTWAIT ?? 0) | (native.constants.socket.MSG_ERRQUEUE ?? 0);
export const { POLLIN, POLLOUT, POLLPRI } = native.constants.select as Record<string, number>;

/** What can be waited for: one attempt that sleeps for at most `sliceMs`. */
export interface Waitable {
  /** > 0: something happened; 0: nothing within the slice; < 0: an error code. */
  attempt(sliceMs: number): number;
}

/** The monotonic clock in ms. Bound now, so that a program which later puts a false clock in its place stops no wait. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** The deadline that lies `seconds` ahead; null or less than 0: none. */
export function deadlineIn(seconds: number | null): number {
  return seconds === null || seconds < 0 ? Number.POSITIVE_INFINITY : monotonicMs() + seconds * 1000;
}

/** How long the next slice may be. 0 when the deadline has come. */
export function sliceUntil(deadline: number): number {
  if (deadline === Number.POSITIVE_INFINITY) return SLICE_MS;
  // What does not wait at all has no need to look at the clock.
  if (deadline === 0) return 0;
  const left = deadline - monotonicMs();
  return left <= 0 ? 0 : left >= SLICE_MS ? SLICE_MS : Math.ceil(left);
}

/** The longest busy wait, in µs: with the slice that follows, a signal still gets through within 250 ms. */
const BUSY_MAX_US = 50_000;

/** How long a wait keeps asking before it sleeps, from µs to milliseconds. @throws TypeError | ValueError */
export function busyWait(usecs: unknown): number {
  const n = integer(usecs);
  if (n < 0 || n > BUSY_MAX_US) throw new ValueError(`usecs must be 0 to ${BUSY_MAX_US}`);
  return Number(n) / 1000;
}

/** Attempts without sleeping for `busyMs`, or until the deadline: what was found, or 0. */
function askForAWhile(what: Waitable, deadline: number, busyMs: number): number {
  const end = Math.min(deadline, monotonicMs() + busyMs);
  do {
    const found = what.attempt(0);
    if (found !== 0) return found;
  } while (monotonicMs() < end);
  return 0;
}

/**
 * Attempts until something happens (> 0), an error comes (< 0, not EINTR), or the deadline passes (0). At least one
 * attempt is made. For `busyMs` it asks again and again before it sleeps.
 * @throws InterruptedError when a signal has come whose listener cannot run while this thread waits
 */
export function wait(what: Waitable, deadline: number, busyMs = 0): number {
  if (busyMs > 0) {
    const found = askForAWhile(what, deadline, busyMs);
    if (found !== 0 && found !== -EINTR) return found;
  }
  for (;;) {
    const slice = sliceUntil(deadline);
    const found = what.attempt(slice);
    if (found > 0 || (found < 0 && found !== -EINTR)) return found;
    if (slice === 0 && found === 0) return 0;
    interrupted();
  }
}

/** Raises InterruptedError if a signal has come whose listener cannot run while this thread waits. */
export function interrupted(): void {
  if (native.signalPending()) throw fromCode(-EINTR);
}

/** One descriptor to be waited for; one object serves all waits of this thread, which are never nested. */
class OneDescriptor implements Waitable {
  fd = -1;
  events = 0;
  attempt(sliceMs: number): number {
    return native.pollOne(this.fd, this.events, sliceMs);
  }
}
const one = new OneDescriptor();

/** Waits until `fd` is ready for `events` (or has an error): what was found, or 0 at the deadline. */
export function waitReady(fd: number, events: number, deadline: number, busyMs = 0): number {
  one.fd = fd;
  one.events = events;
  return wait(one, deadline, busyMs);
}

/** A pause: for when a descriptor says that it is ready and the call on it says that it is not. */
class Pause implements Waitable {
  readonly #entries = new Int32Array(2);
  #left = 0;
  attempt(sliceMs: number): number {
    const ms = Math.min(sliceMs, this.#left);
    this.#left -= ms;
    const code = native.poll(this.#entries, 0, ms);
    return code < 0 ? code : this.#left === 0 ? 1 : 0;
  }
  take(ms: number, deadline: number): void {
    this.#left = ms;
    wait(this, deadline);
  }
}
const pause = new Pause();

/** What a call needs to know of its socket in order to wait. */
export interface Waiter {
  _fd: number;
  /** Seconds; null: no limit; 0: never waits. */
  _timeout: number | null;
  /** Milliseconds for which a wait asks again and again before it sleeps. */
  _busyMs: number;
  /** The call is one attempt of an awaited one, which waits elsewhere: it raises BlockingIOError instead of waiting. */
  _attempting: boolean;
}

/** The kernel's own limit for a wait (SO_RCVTIMEO, SO_SNDTIMEO), in seconds; null: none. */
function kernelLimit(fd: number, events: number): number | null {
  const usecs = native.waitLimit(fd, events === POLLOUT);
  return usecs > 0 ? usecs / 1e6 : null;
}

/**
 * Until when a call that begins to wait for `events` now may wait. Where the socket blocks, the kernel's own limits
 * count, which do not work by themselves, for we never let it block. They belong to what the descriptor stands for:
 * whoever else has it, here or in another process, may have set them, so they are asked for each time.
 */
export function deadlineOf(socket: Waiter, events: number): number {
  return deadlineIn(socket._timeout ?? kernelLimit(socket._fd, events));
}

/** How often in a row readiness turned out false before a pause is made, and how long that is at most. */
const SPURIOUS_LIMIT = 3;
const PAUSE_MS = 10;
let spurious = 0;

/** A call that goes on after `again`, as sendall does, has got somewhere: its readiness was true. */
export function progress(): void {
  spurious = 0;
}

/**
 * What a call does when the native side returned the negative `code`: returns the deadline with which to try again once
 * the socket is ready for `events`, or raises. `deadline` is what this function returned before, at first NO_WAIT:
 *
 *     while ((n = native.recv(…)) < 0) wait = again(this, n, POLLIN, wait, 'recv', flags);
 */
export function again(
  socket: Waiter,
  code: number,
  events: number,
  deadline: number,
  syscall: string,
  flags = 0,
): number {
  if (code === -EINTR) {
    interrupted();
    return deadline;
  }
  if (code !== -EAGAIN && code !== -EWOULDBLOCK) raise(code, syscall);
  const never = socket._timeout === 0 || socket._attempting;
  if (never || (socket._timeout === null && (flags & NEVER_WAITS) !== 0)) throw wouldBlock(code, syscall);
  if (Number.isNaN(deadline)) {
    deadline = deadlineOf(socket, events);
    spurious = 0;
  } else if (monotonicMs() >= deadline) {
    // Readiness that turns out false time and again does not put it off.
    throw tooLate(socket, code, syscall);
  } else if (++spurious > SPURIOUS_LIMIT) {
    // An unconnected datagram socket is always writable, though the peer's queue is full; and a sibling thread may
    // take what has come. Poll alone would spin.
    pause.take(Math.min(spurious - SPURIOUS_LIMIT, PAUSE_MS), deadline);
  }
  const found = waitReady(socket._fd, events, deadline, socket._busyMs);
  if (found < 0) raise(found, 'poll');
  if (found === 0) throw tooLate(socket, code, syscall);
  return deadline;
}

/** For how long a read waits at once, in the call that then reads: see `eagerly`. */
const EAGER_MS = 10;

/**
 * How a read begins if the one before took all that there was, and this one would try in vain: for how many milliseconds
 * the native call is to wait before it tries. What takes longer is waited for by `again`. 0 where the socket does not
 * wait, or asks for a while first.
 *
 * The kernel's own limit, which is one call more, is not asked for until then: a wait that it ends is that much longer.
 */
export function eagerly(socket: Waiter): number {
  // poll(2) would pass over the descriptor of a closed socket, and wait for nothing.
  if (socket._fd < 0 || socket._timeout === 0 || socket._attempting || socket._busyMs > 0) return 0;
  return socket._timeout === null ? EAGER_MS : Math.min(Math.ceil(socket._timeout * 1000), EAGER_MS);
}

/** The deadline of a read that begins so: for `again`. */
export function eagerDeadline(socket: Waiter, waitMs: number): number {
  if (waitMs === 0 || socket._timeout === null) return NO_WAIT;
  spurious = 0;
  return deadlineIn(socket._timeout);
}

/** What a call raises whose deadline has passed: the kernel's own limits end in EAGAIN. */
function tooLate(socket: Waiter, code: number, syscall: string): Error {
  return socket._timeout === null ? wouldBlock(code, syscall) : timedOut(syscall);
}

/**
 * What a call of many steps, as sendall is, does when a step got somewhere: returns the deadline for the further ones.
 * It is for all of them, whether they had to wait or not; only the kernel's own limit (SO_SNDTIMEO) is for each step.
 */
export function onward(socket: Waiter, deadline: number, syscall: string): number {
  progress();
  if (!socket._timeout) return NO_WAIT;
  if (Number.isNaN(deadline)) return deadlineIn(socket._timeout);
  if (monotonicMs() >= deadline) throw timedOut(syscall);
  return deadline;
}
