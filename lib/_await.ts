/**
 * How a call is awaited: it is tried; where it would wait, it queues for its direction of the descriptor and is tried
 * again whenever that is ready, until it is done, times out, is aborted, or its socket is closed.
 *
 * A try takes all or nothing: what has not been tried has consumed nothing, so a call that is aborted loses no data.
 */
import { POLLIN, POLLOUT } from './_call.js';
import { constants } from './_constants.js';
import { type Descriptor, descriptorIfAny, descriptorOf, mayTryAtOnce, retryNextTurn, type Waiter } from './_loop.js';
import type { socket } from './_socket.js';
import { SSLWantReadError, SSLWantWriteError } from './_ssl_errors.js';
import { BlockingIOError, fromCode, timedOut } from './exceptions.js';

const { EAGAIN, EBADF, EWOULDBLOCK } = constants.errno;

/** What every awaited call takes besides its own arguments. */
export interface Abortable {
  /** Aborts the call: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What a try returns that has to wait for a direction. */
class Again {
  constructor(readonly direction: number) {}
}
export const AGAIN_READ = new Again(POLLIN);
export const AGAIN_WRITE = new Again(POLLOUT);

/** One try of a call of `sock` that may wait: its result, or for which direction to wait. `direction`: its usual one. */
export function attempt<T>(sock: socket, direction: number, call: () => T): T | Again {
  sock._attempting = true;
  try {
    return call();
  } catch (error) {
    return directionOf(error, direction);
  } finally {
    sock._attempting = false;
  }
}

function directionOf(error: unknown, direction: number): Again {
  if (error instanceof BlockingIOError && (error.errno === EAGAIN || error.errno === EWOULDBLOCK)) {
    return direction === POLLIN ? AGAIN_READ : AGAIN_WRITE;
  }
  if (error instanceof SSLWantReadError) return AGAIN_READ;
  if (error instanceof SSLWantWriteError) return AGAIN_WRITE;
  throw error;
}

/** A call that waits. */
class Operation<T> implements Waiter {
  #direction: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #descriptor: Descriptor;
  readonly #signal: AbortSignal | undefined;

  constructor(
    fd: number,
    timeout: number | null,
    direction: number,
    readonly attempt: () => T | Again,
    readonly resolve: (value: T) => void,
    readonly reject: (error: unknown) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#direction = direction;
    this.#signal = signal;
    this.#descriptor = descriptorOf(fd);
    this.#descriptor.enqueue(direction, this);
    if (timeout) this.#timer = setTimeout(() => this.#cancel(timedOut()), Math.ceil(timeout * 1000));
    signal?.addEventListener('abort', this.#aborted);
  }

  ready(): boolean {
    let result: T | Again;
    try {
      result = this.attempt();
    } catch (error) {
      this.#done();
      this.reject(error);
      return true;
    }
    if (!(result instanceof Again)) {
      this.#done();
      this.resolve(result);
      return true;
    }
    if (result.direction === this.#direction) return false;
    this.#direction = result.direction;
    this.#descriptor.enqueue(result.direction, this);
    return true;
  }

  released(): void {
    this.#done();
    this.reject(fromCode(-EBADF, 'epoll_wait'));
  }

  readonly #aborted = (): void => this.#cancel(this.#signal?.reason);

  #cancel(error: unknown): void {
    this.#descriptor.remove(this.#direction, this);
    this.#done();
    this.reject(error);
  }

  #done(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#aborted);
  }
}

/**
 * The result of a call of `sock`, tried by `once`. A `settimeout` of more than 0 limits the whole; with none and with 0
 * it waits for as long as it takes.
 */
export function awaited<T>(sock: socket, direction: number, once: () => T | Again, options?: Abortable): Promise<T> {
  const signal = options?.signal;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const before = descriptorIfAny(sock._fd);
  let wanted = direction;
  let late = false;
  if (before === undefined || mayGoAtOnce(before, direction)) {
    late = !mayTryAtOnce();
    if (!late) {
      try {
        const result = once();
        if (!(result instanceof Again)) return Promise.resolve(result);
        wanted = result.direction;
      } catch (error) {
        return Promise.reject(error);
      }
    }
  }
  return new Promise((resolve, reject) => {
    new Operation(sock._fd, sock._timeout, wanted, once, resolve, reject, signal);
    // What has been decrypted already, no poller reports.
    if (late) retryNextTurn(sock._fd, direction);
  });
}

/** Nobody is queued before us; and for reading, something may be there. */
function mayGoAtOnce(descriptor: Descriptor, direction: number): boolean {
  return !descriptor.queued(direction) && !(direction === POLLIN && descriptor.drained);
}

/** Waits until a descriptor of any kind is readable. Whoever closes it need not tell us. */
export async function readable(fd: number, { signal }: Abortable = {}): Promise<void> {
  signal?.throwIfAborted();
  try {
    await new Promise<void>((resolve, reject) => {
      new Operation(fd, null, POLLIN, () => undefined, resolve, reject, signal);
    });
  } finally {
    descriptorIfAny(fd)?.forgetIfIdle();
  }
}
