/**
 * How a call is awaited: it is tried; where it would wait, it queues for its direction of the descriptor and is tried
 * again whenever that is ready, until it is done, times out, is aborted, or its socket is closed.
 *
 * A try takes all or nothing: what has not been tried has consumed nothing, so a call that is aborted loses no data.
 */
import { AsyncResource } from 'node:async_hooks';
import { addAbortListener } from 'node:events';
import { native } from '../addon/binary.js';
import { isKeywords, typeName } from '../core/args.js';
import { fromCode, timedOut } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { socket } from '../socket/socket.js';
import { AGAIN_READ, Again, deadlineIn, POLLIN } from '../wait/call.js';
import { Alarm } from './alarm.js';
import { type Descriptor, descriptorIfAny, descriptorOf, mayTryAtOnce } from './loop.js';
import { Waiter } from './waiters.js';

/** What every awaited call takes besides its own arguments. */
export interface Abortable {
  /** Aborts the call: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * How many tries in a row may be in vain before a pause is made, and how long that is at most. An unconnected datagram
 * socket is always writable, though the peer's queue is full; and another process may take what has come.
 */
const VAIN_LIMIT = 3;
const PAUSE_MS = 10;

/** One attempt of a call: with what it is a call of, and one argument. An Again: it would have to wait. */
export type Attempt<S, A, T> = (of: S, given: A) => T | Again;

function nothing(): void {}

/** What limits a wait, and what came of it; most calls have none. */
class Limits {
  alarm: Alarm | null = null;
  signal: AbortSignal | null = null;
  pause: NodeJS.Timeout | undefined;
  /** How many tries in a row were in vain. */
  vain = 0;
  /** Told when the call is aborted or times out. */
  cancelled: (() => void) | undefined;
}

/**
 * A call that waits for a descriptor. Each idle connection has one, so it is small: its methods are `private` rather than
 * `#`, for which V8 would mark each object, and it keeps one function of its promise (see `fail`).
 */
class Operation<S, A, T> extends Waiter {
  readonly #side: number;
  readonly #descriptor: Descriptor;
  readonly #attempt: Attempt<S, A, T>;
  readonly #of: S;
  readonly #given: A;
  readonly #resolve: Resolve<T>;
  #limits: Limits | null = null;

  constructor(
    fd: number,
    side: number,
    direction: number,
    attempt: Attempt<S, A, T>,
    of: S,
    given: A,
    resolve: Resolve<T>,
  ) {
    super(direction);
    this.#side = side;
    this.#attempt = attempt;
    this.#of = of;
    this.#given = given;
    this.#resolve = resolve;
    this.#descriptor = descriptorOf(fd);
    this.#descriptor.enqueue(side, this);
  }

  /** Limits the wait to a time in seconds, and by a signal. */
  limit(timeout: number | null, signal: AbortSignal | undefined, cancelled: (() => void) | undefined): void {
    if (!timeout && signal === undefined) return;
    const limits = this.itsLimits();
    limits.cancelled = cancelled;
    if (timeout) limits.alarm = new Alarm(deadlineIn(timeout), () => this.cancel(timedOut()));
    if (signal === undefined) return;
    limits.signal = signal;
    signal.addEventListener('abort', this);
  }

  private itsLimits(): Limits {
    this.#limits ??= new Limits();
    return this.#limits;
  }

  /** Lets it try in the loop's next turn, whatever the poller reports. */
  retryNextTurn(): void {
    this.#descriptor.retryNextTurn();
  }

  override ready(): boolean {
    try {
      const attempt = this.#attempt;
      const result = attempt(this.#of, this.#given);
      if (result instanceof Again) {
        this.direction = result.direction;
        this.waitOn(result.vain);
        return false;
      }
      this.#resolve(result);
    } catch (error) {
      this.fail(error);
    }
    this.done();
    return true;
  }

  private waitOn(vain: boolean): void {
    if (!vain && this.#limits === null) return;
    const limits = this.itsLimits();
    limits.vain = vain ? limits.vain + 1 : 0;
    if (limits.vain > VAIN_LIMIT) this.rest(limits);
  }

  /** Waits for no direction for a while, and then tries again. */
  private rest(limits: Limits): void {
    const { direction } = this;
    this.direction = 0;
    clearTimeout(limits.pause);
    limits.pause = setTimeout(
      () => {
        this.direction = direction;
        this.#descriptor.retry();
      },
      Math.min(limits.vain - VAIN_LIMIT, PAUSE_MS),
    );
  }

  override released(): void {
    this.done();
    this.fail(fromCode(BAD_FD, 'epoll_wait'));
  }

  /** The signal is aborted. */
  handleEvent(): void {
    this.cancel(this.#limits?.signal?.reason);
  }

  private cancel(error: unknown): void {
    this.#descriptor.remove(this.#side, this);
    this.done();
    this.#limits?.cancelled?.();
    this.fail(error);
  }

  /** Rejects the promise, by one that is rejected; unless it is settled, for the try itself may have closed the socket. */
  private fail(error: unknown): void {
    const rejected = Promise.reject(error);
    rejected.catch(nothing);
    this.#resolve(rejected);
  }

  private done(): void {
    const limits = this.#limits;
    if (limits === null) return;
    limits.alarm?.cancel();
    if (limits.pause !== undefined) clearTimeout(limits.pause);
    limits.signal?.removeEventListener('abort', this);
  }
}

type Resolve<T> = (value: T | Promise<never>) => void;
let taken: Resolve<never>;
/** For the constructor of a promise: one function for all, as each closure of `awaited` would make each call dearer. */
function take(resolve: Resolve<never>): void {
  taken = resolve;
}

/**
 * The result of a call of `sock`, which waits for `direction` as a rule: `attempt` is repeated until it returns no Again. A
 * `settimeout` of more than 0 limits the whole; with none and with 0 it waits for as long as it takes.
 * @param given what `attempt` is given besides the socket: a call that needs no more makes no closure
 * @param inVain there is no use in trying before the poller has reported something
 * @param cancelled is told when the call is aborted or times out
 */
export function awaited<S extends socket, A, T>(
  sock: S,
  direction: number,
  attempt: Attempt<S, A, T>,
  given: A,
  options?: Abortable,
  inVain = false,
  cancelled?: () => void,
): Promise<T> {
  try {
    checkSocket(sock);
    const signal = signalOf(options);
    signal?.throwIfAborted();
    let wanted = direction;
    let late = false;
    if (!inVain && !descriptorIfAny(sock._fd)?.queued(direction)) {
      late = !mayTryAtOnce();
      if (!late) {
        const result = attempt(sock, given);
        if (!(result instanceof Again)) return Promise.resolve(result);
        wanted = result.direction;
      }
    }
    const promise = new Promise<T>(take);
    // Over TLS a try may call the caller's functions, which are to run where the call was made.
    const once = sock._isPlain ? attempt : AsyncResource.bind(attempt);
    const operation = new Operation(sock._fd, direction, wanted, once, sock, given, taken as Resolve<T>);
    operation.limit(sock._timeout, signal, cancelled);
    // What has been decrypted already, no poller reports.
    if (late) operation.retryNextTurn();
    return promise;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @throws TypeError */
export function checkSocket(sock: unknown): void {
  if (!(sock instanceof socket)) throw new TypeError(`a socket is required, not ${typeName(sock)}`);
}

/** The signal that a call was given. @throws TypeError if it is none, or something else was given */
export function signalOf(options: Abortable | undefined): AbortSignal | undefined {
  if (options === undefined || options === null) return undefined;
  refuseOthers(options);
  const { signal } = options;
  if (signal === undefined || signal === null) return undefined;
  // Not instanceof: there are other realms, each with its own class.
  if (typeof signal === 'object' && 'aborted' in signal) return signal;
  throw new TypeError(`signal must be an AbortSignal, not ${typeName(signal)}`);
}

/** What was meant to be a signal must not go unheard. A deadline may have more than a signal. */
function refuseOthers(options: object): void {
  if (typeof options !== 'object' || 'aborted' in options) {
    throw new TypeError(`an awaited call takes { signal } last, not ${typeName(options)}`);
  }
  if (!isKeywords(options)) return;
  for (const name in options) {
    if (name !== 'signal') throw new TypeError(`an awaited call got an unexpected keyword argument '${name}'`);
  }
}

/**
 * What `promise` comes to, unless `signal` is aborted first: then its reason. What comes in the very turn of the abort
 * still counts, so that nothing is lost which a call has just taken.
 */
export function unlessAborted<T>(promise: PromiseLike<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return Promise.resolve(promise);
  return new Promise((resolve, reject) => {
    // Of a signal that is aborted already it is told, too, in a microtask.
    const abortion = addAbortListener(signal, () => setImmediate(() => reject(signal.reason)));
    const done = () => abortion[Symbol.dispose]();
    promise.then(resolve, reject);
    promise.then(done, done);
  });
}

/** Whom to tell what has become of something. */
export interface Told {
  resolve(): void;
  reject(error: unknown): void;
}

/** Waits to be told: `enrol` notes whom to tell, and returns how to strike it off, should `signal` be aborted first. */
export function untilTold(signal: AbortSignal | undefined, enrol: (told: Told) => () => void): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    let abortion: Disposable | undefined;
    const strike = enrol({
      resolve: () => {
        abortion?.[Symbol.dispose]();
        resolve();
      },
      reject: (error) => {
        abortion?.[Symbol.dispose]();
        reject(error);
      },
    });
    if (!signal) return;
    abortion = addAbortListener(signal, () => {
      strike();
      reject(signal.reason);
    });
  });
}

/** What `read` returns, called once a descriptor of any kind is readable. Whoever closes it need not tell us. */
export async function whenReadable<T>(fd: number, read: () => T, options: Abortable): Promise<T> {
  const signal = signalOf(options);
  signal?.throwIfAborted();
  const look = () => (native.pollOne(fd, POLLIN, 0) === 0 ? AGAIN_READ : read());
  try {
    return await new Promise<T>((resolve) => {
      new Operation(fd, POLLIN, POLLIN, look, null, null, resolve).limit(null, signal, undefined);
    });
  } finally {
    descriptorIfAny(fd)?.forgetIfIdle();
  }
}
