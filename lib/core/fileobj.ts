/** Numbers, and objects that have a descriptor. */
import { inspect } from 'node:util';
import { AttributeError, OverflowError, ValueError } from './exceptions.js';
import { repr } from './repr.js';

/** Anything with a descriptor: Python's `fileno()`, or Node's handles. */
export interface HasFileno {
  /** The descriptor's number; negative when it is closed. */
  fileno(): number;
}
/** A descriptor, or anything that has one: a socket, a stream, a FileHandle. */
export type FileDescriptorLike = number | HasFileno | { readonly fd: number } | object;

/**
 * What an object says its descriptor is: `fileno()`, or what Node has: `fd` (files, ttys, FileHandle) or `_handle.fd`
 * (net.Socket, a child process's pipes). Any other value is returned as it is.
 * @throws TypeError, or whatever fileno() raises
 */
export function saidFileno(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const any = value as { fileno?: unknown; fd?: unknown; _handle?: { fd?: unknown } | null };
  if (typeof any.fileno === 'function') {
    const fd: unknown = any.fileno();
    if (typeof fd !== 'number' || !Number.isInteger(fd)) throw new TypeError('fileno() returned a non-integer');
    return fd;
  }
  if (typeof any.fd === 'number') return any.fd;
  if (typeof any._handle?.fd === 'number') return any._handle.fd;
  return value;
}

/**
 * The descriptor of a number, or of an object that has one: see `saidFileno`.
 * @throws TypeError | ValueError | OverflowError
 */
export function fileno(value: unknown): number {
  let fd = saidFileno(value);
  if (typeof fd === 'boolean') fd = Number(fd);
  if ((typeof fd !== 'number' && typeof fd !== 'bigint') || !(typeof fd === 'bigint' || Number.isInteger(fd))) {
    throw new TypeError('argument must be an int, or have a fileno() method.');
  }
  if (fd > 0x7fffffff || fd < -0x80000000) throw new OverflowError('Python int too large to convert to C int');
  if (fd < 0) throw new ValueError(`file descriptor cannot be a negative integer (${fd})`);
  return Number(fd);
}

/** A value in a message: as Python writes it, or as Node shows it in short. */
export function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? inspect(value, { depth: -1 }) : repr(value);
}

/**
 * The descriptor of a file object, or of a number, as selectors and add_reader take it.
 * @throws ValueError if it has none, or fileno() raises what Python takes for the same
 */
export function fileobjToFd(fileobj: unknown): number {
  let fd: unknown;
  try {
    fd = saidFileno(fileobj);
  } catch (error) {
    const foreseen = error instanceof AttributeError || error instanceof TypeError || error instanceof ValueError;
    if (!foreseen) throw error;
    fd = null;
  }
  if (typeof fd === 'boolean' || typeof fd === 'bigint') fd = Number(fd);
  if (!Number.isInteger(fd)) throw new ValueError(`Invalid file object: ${shown(fileobj)}`);
  if ((fd as number) < 0) throw new ValueError(`Invalid file descriptor: ${fd}`);
  return fd as number;
}
