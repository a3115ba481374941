/**
 * THE one loop that waits and retries under a deadline.
 *
 * A deadline is a point on the monotonic clock in milliseconds (`monotonicMs`), or Infinity. It is total: what is left of
 * it, not the whole of it, is waited for after each interruption (PEP 475). Waits round up, so that they never end early.
 *
 * How a call waits depends on its socket's timeout, as in CPython:
 *
 * | timeout | what the native call does                                                                                |
 * |---------|----------------------------------------------------------------------------------------------------------|
 * | null    | sleeps in the kernel (SLEEP): whatever ends the kernel's own call ends it                                |
 * | > 0     | waits for readiness with poll(2), for a slice of what is left of the deadline, and is then made once     |
 * | 0       | is made once (ONCE), and never sleeps                                                                    |
 *
 * No sleep and no slice lasts longer than SLICE_MS. Then the thread is back in JavaScript, which is where V8 ends a worker
 * that is being terminated, and where we look whether a signal waits for its listener.
 */

import { constants } from 'node:os';
import { native } from '../addon/binary.js';
import { integer } from '../core/args.js';
import { fromCode, raise, timedOut, ValueError, wouldBlock } from '../core/exceptions.js';
import { BAD_FD, IS_WINDOWS } from '../core/platform.js';
import { stillSleeps, TELLS, told } from './told.js';

/** The longest that the thread stays in the kernel at a stretch. */
export const SLICE_MS = 200;
/** How patient a native call is: it does not sleep; it sleeps in the kernel. More than 0: so many ms for readiness. */
export const ONCE = 0;
export const SLEEP = -1;

// EWOULDBLOCK is EAGAIN wherever a socket ever says EAGAIN.
const { EINTR, EMFILE, ENFILE, ETIMEDOUT, EWOULDBLOCK } = native.constants.errno;
/** What a native call returns that was to wait for readiness, and there was none in time. */
const { IN_PROGRESS, NOT_READY } = native.constants.codes;
export const { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI } = native.constants.poll as Record<string, number>;

/** What can be waited for: one attempt that sleeps for at most `sliceMs`. */
export interface Waitable {
  /** The call, and what it waits for: `poll(5)`. */
  readonly name: string;
  /** > 0: something happened; 0: nothing within the slice; < 0: an error code. */
  attempt(sliceMs: number): number;
}

/** What the binary's clock says when `performance.now()` says 0. */
const origin = native.monotonicMs() - performance.now();

/**
 * The monotonic clock in ms, on the scale of `performance.now()`. The binary's own clock: a program that puts a false one
 * in the place of `performance.now` (for its tests, say), before or after the import, stops no wait.
 */
export function monotonicMs(): number {
  return native.monotonicMs() - origin;
}

/** The deadline that lies `seconds` ahead; null or less than 0: none. */
export function deadlineIn(seconds: number | null): number {
  return seconds === null || seconds < 0 ? Number.POSITIVE_INFINITY : monotonicMs() + seconds * 1000;
}

/** How long the next slice may be. 0 when the deadline has come. */
export function sliceUntil(deadline: number): number {
  if (deadline === Number.POSITIVE_INFINITY) return SLICE_MS;
  // What does not wait at all has no need to look at the clock.
  if (deadline <= 0) return 0;
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
  return TELLS ? told(what.name, () => waitUntold(what, deadline, busyMs)) : waitUntold(what, deadline, busyMs);
}

function waitUntold(what: Waitable, deadline: number, busyMs: number): number {
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
  if (TELLS) stillSleeps();
  if (listenerIsDue()) throw fromCode(-EINTR);
}

/** Whether a signal has come whose listener cannot run while this thread waits. */
export function listenerIsDue(): boolean {
  const signal = native.signalPending();
  return signal !== 0 && (signal !== SIGWINCH || process.listeners('SIGWINCH').some((each) => !isNodesOwn(each)));
}

const { SIGWINCH } = constants.signals;
/** The listeners with which Node keeps `columns` and `rows` of a terminal's standard output and error right. */
const NODES_OWN = ['refreshStdoutOnSigWinch', 'refreshStderrOnSigWinch'];

function isNodesOwn(listener: NodeJS.SignalsListener): boolean {
  return NODES_OWN.includes(listener.name);
}

/** One descriptor to be waited for; one object serves all waits of this thread, which are never nested. */
class OneDescriptor implements Waitable {
  fd = -1;
  events = 0;
  get name(): string {
    return `poll(${this.fd})`;
  }
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
  readonly name = 'pause';
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

/** A pause before something is tried again that should have been possible. */
export function shortPause(): void {
  pause.take(1, Number.POSITIVE_INFINITY);
}

/** What a call needs to know of its socket in order to wait. */
export interface Waiter {
  _fd: number;
  /** Seconds; null: no limit; 0: never waits. */
  _timeout: number | null;
  /** Milliseconds for which a wait asks again and again before it sleeps. */
  _busyMs: number;
  /** What makes the descriptor this object's: see `native.own`. */
  readonly _claim: number;
}

/**
 * The deadline of what is one attempt of an awaited call, which waits elsewhere (event/await.ts): it is made once, and
 * returns the code with which it would have to wait.
 */
export const ATTEMPT = -1;

/** What an attempt comes to that has to wait, and for which direction. */
export class Again {
  /** @param vain the system may have said that it is ready, and now says that it is not */
  constructor(
    readonly direction: number,
    readonly vain = false,
  ) {}
}
export const AGAIN_READ = new Again(POLLIN);
export const AGAIN_WRITE = new Again(POLLOUT);
export const VAIN_READ = new Again(POLLIN, true);
export const VAIN_WRITE = new Again(POLLOUT, true);

/**
 * The deadline of a call that begins now and waits for `events`: 0 if it does not wait, Infinity if it sleeps in the
 * kernel. A call of many steps, as sendall is, has one for all of them.
 */
export function begin(socket: Waiter, events: number): number {
  const { _timeout: timeout } = socket;
  if (timeout === 0) return 0;
  const deadline = timeout === null ? Number.POSITIVE_INFINITY : monotonicMs() + timeout * 1000;
  if (socket._busyMs > 0) askBeforeSleeping(socket, events, deadline);
  return deadline;
}

function askBeforeSleeping(socket: Waiter, events: number, deadline: number): void {
  one.fd = socket._fd;
  one.events = events;
  askForAWhile(one, deadline, socket._busyMs);
}

/** How patient the next native call is, under that deadline. */
export function patience(deadline: number): number {
  if (deadline === Number.POSITIVE_INFINITY) return SLEEP;
  if (deadline <= 0) return ONCE;
  return Math.max(sliceUntil(deadline), 1);
}

/** Whether a connect(2) that does not wait says that the connection is under way: one that was interrupted is, too. */
export function isInProgress(code: number): boolean {
  return code === IN_PROGRESS || code === -EINTR;
}

/** How often in a row readiness turned out false before a pause is made, and how long that is at most. */
const SPURIOUS_LIMIT = 3;
const PAUSE_MS = 10;

/** One native call: with which descriptor, and how patient. Returns a result, or a negative code. */
export type Attempt = (fd: number, patience: number) => number;

/**
 * The result of a call that has returned the negative `code` to its first attempt: the call is repeated until it is done,
 * until the deadline (what `begin` returned), or until something ends it. An ATTEMPT that would have to wait returns the
 * code.
 *
 * Between two attempts another thread may close the descriptor, and its number may become somebody else's. Therefore all
 * attempts but the first are made on a duplicate, which stays with what it stands for, and the call ends with EBADF once
 * the socket has lost its descriptor.
 * @throws BlockingIOError | TimeoutError | InterruptedError | OSError
 */
export function goOn(
  socket: Waiter,
  code: number,
  events: number,
  deadline: number,
  syscall: string,
  attempt: Attempt,
): number {
  // What ends most calls, ends them at once.
  if (code !== -EINTR && code !== NOT_READY) {
    if (code !== -EWOULDBLOCK) raise(code, syscall);
    if (deadline === ATTEMPT) return code;
    if (deadline === 0 || deadline === Number.POSITIVE_INFINITY) throw wouldBlock(code, syscall);
  } else if (deadline === ATTEMPT) {
    // A signal came, before anything was done.
    return code;
  } else if (deadline === 0) {
    return goOnOnce(socket, code, syscall, attempt);
  }
  if (!TELLS) return goOnHeld(socket, code, events, deadline, syscall, attempt);
  return told(`${syscall}(${socket._fd})`, () => goOnHeld(socket, code, events, deadline, syscall, attempt));
}

function goOnHeld(...[socket, ...rest]: Parameters<typeof goOn>): number {
  using held = new Held(socket);
  return held.goOn(...rest);
}

function goOnOnce(socket: Waiter, code: number, syscall: string, attempt: Attempt): number {
  while (code === -EINTR) {
    interrupted();
    code = attempt(socket._fd, ONCE);
  }
  return code >= 0 ? code : goOn(socket, code, 0, 0, syscall, attempt);
}

/** A second descriptor for what a socket's stands for, while one call of the socket goes on. */
export class Held {
  readonly #socket: Waiter;
  readonly #duplicate: number;

  /** @throws OSError EBADF if the socket has lost its descriptor */
  constructor(socket: Waiter) {
    this.#socket = socket;
    this.#duplicate = native.hold(socket._fd, socket._claim);
    // Without a free descriptor the call goes on with the one there is.
    if (this.#duplicate < 0 && this.#duplicate !== -EMFILE && this.#duplicate !== -ENFILE) raise(this.#duplicate);
  }

  get fd(): number {
    return this.#duplicate < 0 ? this.#socket._fd : this.#duplicate;
  }

  /** False: the socket has lost its descriptor meanwhile. */
  get isOwned(): boolean {
    return native.owns(this.#socket._fd, this.#socket._claim);
  }

  /** @throws OSError EBADF if the socket has lost its descriptor meanwhile */
  check(syscall: string): void {
    if (!this.isOwned) raise(BAD_FD, syscall);
  }

  [Symbol.dispose](): void {
    if (this.#duplicate >= 0) native.close(this.#duplicate);
  }

  /** See the function of this name. */
  goOn(code: number, events: number, deadline: number, syscall: string, attempt: Attempt): number {
    // The kernel's own limit for a sleep, or somebody's O_NONBLOCK: no sleep of this call's was ended before.
    if (deadline === Number.POSITIVE_INFINITY && code === -EWOULDBLOCK) {
      throw wouldBlock(code, syscall);
    }
    let until = deadline;
    let spurious = 0;
    // Whoever makes the descriptor nonblocking while a call sleeps does not wake it.
    let madeNonblocking = false;
    for (; code < 0; code = attempt(this.fd, madeNonblocking ? SLICE_MS : patience(until))) {
      if (code === -EINTR) {
        interrupted();
        this.check(syscall);
        until = limited(this.fd, events, until);
      } else if (code === NOT_READY) {
        interrupted();
        this.check(syscall);
      } else if (code === -EWOULDBLOCK) {
        madeNonblocking = until === Number.POSITIVE_INFINITY;
        // An unconnected datagram socket is always writable, though the peer's queue is full; and a sibling thread may
        // take what has come. Poll alone would spin.
        if (++spurious > SPURIOUS_LIMIT) pause.take(Math.min(spurious - SPURIOUS_LIMIT, PAUSE_MS), until);
      } else {
        raise(code, syscall);
      }
      // Readiness that turns out false time and again does not put the deadline off.
      if (monotonicMs() >= until) throw tooLate(this.#socket, syscall);
    }
    return code;
  }
}

/**
 * The deadline of a call whose sleep was ended by the binary. The kernel's own limit for a sleep (SO_RCVTIMEO, SO_SNDTIMEO)
 * would begin anew with each repetition, therefore it is counted here from then on.
 */
export function limited(fd: number, events: number, deadline: number): number {
  if (deadline !== Number.POSITIVE_INFINITY) return deadline;
  const limitUs = native.waitLimit(fd, events === POLLOUT);
  return limitUs > 0 ? monotonicMs() + limitUs / 1000 - Math.max(native.sleepEnded(), 0) : deadline;
}

/**
 * Waits for `events` of a socket, for a call that cannot sleep in the kernel, under a deadline from `begin`.
 * @throws BlockingIOError | TimeoutError | InterruptedError | OSError
 */
export function waitFor(socket: Waiter, events: number, deadline: number, syscall: string): void {
  if (deadline <= 0) throw wouldBlock(-EWOULDBLOCK, syscall);
  const found = waitReady(socket._fd, events, limited(socket._fd, events, deadline), socket._busyMs);
  if (found < 0) raise(found, 'poll');
  if (found === 0) throw tooLate(socket, syscall);
}

/** What a call raises whose deadline has passed. */
function tooLate(socket: Waiter, syscall: string): Error {
  return socket._timeout === null ? limitPassed(syscall) : timedOut(syscall);
}

/** What the kernel's own limits (SO_RCVTIMEO, SO_SNDTIMEO) end in. */
function limitPassed(syscall: string): Error {
  return IS_WINDOWS ? fromCode(-ETIMEDOUT, syscall) : wouldBlock(-EWOULDBLOCK, syscall);
}

/**
 * The deadline for the further steps of a call of many, as sendall is: it is for all of them, whether they had to wait or
 * not.
 * @throws TimeoutError
 */
export function onward(deadline: number, syscall: string): number {
  if (deadline !== 0 && monotonicMs() >= deadline) throw timedOut(syscall);
  return deadline;
}
