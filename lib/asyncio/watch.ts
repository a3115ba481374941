/** Callbacks for ready descriptors. */
import { AsyncResource } from 'node:async_hooks';
import { plainInt } from '../core/args.js';
import { type FileDescriptorLike, fileobjToFd } from '../core/fileobj.js';
import { descriptorIfAny, descriptorOf } from '../event/loop.js';
import type { Listener } from '../event/waiters.js';
import { POLLIN, POLLOUT } from '../wait/call.js';

/** What `add_reader` and `add_writer` call, with the arguments that they were given for it. */
export type Callback<A extends unknown[]> = (...args: A) => void;

/**
 * Calls `callback(...args)` in each turn of the loop in which `fd` is readable, until `remove_reader`. It replaces the
 * callback that was there. It runs in the async context of this call (AsyncLocalStorage), as Python's runs in its
 * contextvars, and what it throws becomes an uncaught exception. Keeps the process alive, and an object given as `fd` too.
 * @param fd a descriptor, or an object with `fileno()`: a socket, a pipe, a child's output … A descriptor that is no
 *   socket of this library must be removed before it is closed.
 * @throws OSError EBADF; EPERM for a plain file; ValueError for what has no descriptor
 * @see Python loop.add_reader
 */
export function add_reader<A extends unknown[]>(fd: FileDescriptorLike, callback: Callback<A>, ...args: A): void {
  listen(fd, POLLIN, callback, args);
}

/**
 * As `add_reader`, for a descriptor that is writable.
 * @throws OSError EBADF; EPERM for a plain file; ValueError for what has no descriptor; TypeError
 * @see Python loop.add_writer
 */
export function add_writer<A extends unknown[]>(fd: FileDescriptorLike, callback: Callback<A>, ...args: A): void {
  listen(fd, POLLOUT, callback, args);
}

/**
 * Ends `add_reader`: whether there was a callback.
 * @throws ValueError for what has no descriptor
 * @see Python loop.remove_reader
 */
export function remove_reader(fd: FileDescriptorLike): boolean {
  return unlisten(fd, POLLIN);
}

/**
 * Ends `add_writer`: whether there was a callback.
 * @throws ValueError for what has no descriptor
 * @see Python loop.remove_writer
 */
export function remove_writer(fd: FileDescriptorLike): boolean {
  return unlisten(fd, POLLOUT);
}

/** A callback, in the context in which it was registered. */
class Watch<A extends unknown[]> implements Listener {
  readonly #context = new AsyncResource('berkeley.watch');
  /** Who made the object for the callback's sake alone need not keep it. */
  readonly of: FileDescriptorLike;
  readonly #callback: Callback<A>;
  readonly #args: A;

  constructor(of: FileDescriptorLike, callback: Callback<A>, args: A) {
    this.of = of;
    this.#callback = callback;
    this.#args = args;
  }

  onReady(): void {
    this.#context.runInAsyncScope(this.#callback, null, ...this.#args);
  }
}

function listen<A extends unknown[]>(fd: FileDescriptorLike, direction: number, callback: Callback<A>, args: A): void {
  if (typeof callback !== 'function') throw new TypeError('the callback must be a function');
  descriptorOf(plainInt(fileobjToFd(fd))).listen(direction, new Watch(fd, callback, args));
}

function unlisten(fd: FileDescriptorLike, direction: number): boolean {
  const descriptor = descriptorIfAny(fileobjToFd(fd));
  if (descriptor === undefined || !descriptor.listened(direction)) return false;
  descriptor.listen(direction, null);
  descriptor.forgetIfIdle();
  return true;
}
