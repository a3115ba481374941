/**
 * How a call is awaited: it is tried; where it would wait, it queues for its direction of the descriptor and is tried
 * again whenever that is ready, until it is done, times out, is aborted, or its socket is closed.
 *
 * A try takes all or nothing: what has not been tried has consumed nothing, so a call that is aborted loses no data.
 */
import { AsyncResource } from 'node:async_hooks';
import { addAbortListener } from 'node:events';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { typeName } from '../core/args.js';
import { fromCode, timedOut } from '../core/exceptions.js';
import type { socket } from '../socket/socket.js';
import { AGAIN_READ, Again, deadlineIn, POLLIN } from '../wait/call.js';
import { Alarm } from './alarm.js';
import { type Descriptor, descriptorIfAny, descriptorOf, mayTryAtOnce } from './loop.js';
import { Waiter } from './waiters.js';

const { EBADF } = constants.errno;

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

/** A call that waits for a descriptor. One for each idle connection: keep it small. */
class Operation<T> extends Waiter {
  readonly #side: number;
  readonly #descriptor: Descriptor;
  #alarm: Alarm | null = null;
  #signal: AbortSignal | null = null;
  /** How many tries in a row were in vain. */
  #vain = 0;
  #pause: NodeJS.Timeout | undefined;
  /** Told when it is aborted or times out. */
  cancelled: (() => void) | undefined;

  constructor(
    fd: number,
    side: number,
    direction: number,
    readonly attempt: () => T | Again,
    readonly resolve: (value: T) => void,
    readonly reject: (error: unknown) => void,
  ) {
    super(direction);
    this.#side = side;
    this.#descriptor = descriptorOf(fd);
    this.#descriptor.enqueue(side, this);
  }

  /** Limits the wait to a time in seconds, and by a signal. */
  limit(timeout: number | null, signal: AbortSignal | undefined): void {
    if (timeout) this.#alarm = new Alarm(deadlineIn(timeout), () => this.#cancel(timedOut()));
    if (signal === undefined) return;
    this.#signal = signal;
    signal.addEventListener('abort', this);
  }

  /** Lets it try in the loop's next turn, whatever the poller reports. */
  retryNextTurn(): void {
    this.#descriptor.retryNextTurn();
  }

  override ready(): boolean {
    try {
      const result = this.attempt();
      if (result instanceof Again) {
        this.direction = result.direction;
        this.#vain = result.vain ? this.#vain + 1 : 0;
        if (this.#vain > VAIN_LIMIT) this.#rest();
        return false;
      }
      this.resolve(result);
    } catch (error) {
      this.reject(error);
    }
    this.#done();
    return true;
  }

  /** Waits for no direction for a while, and then tries again. */
  #rest(): void {
    const { direction } = this;
    this.direction = 0;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(
      () => {
        this.direction = direction;
        this.#descriptor.retry();
      },
      Math.min(this.#vain - VAIN_LIMIT, PAUSE_MS),
    );
  }

  override released(): void {
    this.#done();
    this.reject(fromCode(-EBADF, 'epoll_wait'));
  }

  /** The signal is aborted. */
  handleEvent(): void {
    this.#cancel(this.#signal?.reason);
  }

  #cancel(error: unknown): void {
    this.#descriptor.remove(this.#side, this);
    this.#done();
    this.cancelled?.();
    this.reject(error);
  }

  #done(): void {
    this.#alarm?.cancel();
    if (this.#pause !== undefined) clearTimeout(this.#pause);
    this.#signal?.removeEventListener('abort', this);
  }
}

interface Particulars {
  /** There is no use in trying before the poller has reported something. */
  vain?: boolean;
  /** Is told when the call is aborted or times out. */
  cancelled?: () => void;
}
const NOTHING_PARTICULAR: Particulars = {};

/**
 * The result of a call of `sock`, which waits for `direction` as a rule: `attempt` is repeated until it returns no Again. A
 * `settimeout` of more than 0 limits the whole; with none and with 0 it waits for as long as it takes.
 */
export function awaited<T>(
  sock: socket,
  direction: number,
  attempt: () => T | Again,
  options?: Abortable,
  particulars = NOTHING_PARTICULAR,
): Promise<T> {
  try {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    let wanted = direction;
    let late = false;
    if (!particulars.vain && !descriptorIfAny(sock._fd)?.queued(direction)) {
      late = !mayTryAtOnce();
      if (!late) {
        const result = attempt();
        if (!(result instanceof Again)) return Promise.resolve(result);
        wanted = result.direction;
      }
    }
    return new Promise((resolve, reject) => {
      // Over TLS a try may call the caller's functions, which are to run where the call was made.
      const once = sock._isPlain ? attempt : AsyncResource.bind(attempt);
      const operation = new Operation(sock._fd, direction, wanted, once, resolve as (value: T) => void, reject);
      operation.cancelled = particulars.cancelled;
      operation.limit(sock._timeout, signal);
      // What has been decrypted already, no poller reports.
      if (late) operation.retryNextTurn();
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The signal that a call was given. @throws TypeError if it is none */
export function signalOf(options: Abortable | undefined): AbortSignal | undefined {
  const signal = options?.signal;
  if (signal === undefined || signal === null) return undefined;
  // Not instanceof: there are other realms, each with its own class.
  if (typeof signal === 'object' && 'aborted' in signal) return signal;
  throw new TypeError(`signal must be an AbortSignal, not ${typeName(signal)}`);
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
    return await new Promise<T>((resolve, reject) => {
      new Operation(fd, POLLIN, POLLIN, look, resolve, reject).limit(null, signal);
    });
  } finally {
    descriptorIfAny(fd)?.forgetIfIdle();
  }
}
