/** socket.sendfile: the kernel's way where the file and the system allow it, reading and sending where not. */
import { fstatSync, readSync } from 'node:fs';
import { type HasFileno, isKeywords, parameters, plainInt, typeName } from './_args.js';
import { type BytesLike, bytesOf } from './_bytes.js';
import { again, NO_WAIT, POLLIN, POLLOUT, type Waiter, waitReady } from './_call.js';
import { constants } from './_constants.js';
import { native } from './_native.js';
import { repr } from './_repr.js';
import { AttributeError, fromCode, raise, UnsupportedOperation, ValueError } from './exceptions.js';

/** A descriptor, Node's FileHandle, or an object with `fileno()`, or one with `read(n)` (and `seek(offset)`). */
export type SendableFile =
  | number
  | HasFileno
  | { readonly fd: number }
  | { read(size: number): BytesLike; seek?(offset: number): unknown; mode?: string };

interface Sender extends Waiter {
  readonly type: number;
  send(data: BytesLike): number;
}

const { EINVAL, ENOSYS, ENOTSOCK, EOPNOTSUPP, EOVERFLOW } = constants.errno;
const CANNOT = [EINVAL, ENOSYS, ENOTSOCK, EOPNOTSUPP, EOVERFLOW].map((error) => -error);
/** What is read at a time where the kernel does not do it. */
const BLOCK_SIZE = 8192;
/** The most that one sendfile(2) is asked for: it takes no more than 2^31 - 4096 bytes at a time. */
const CALL_MAX = 0x7ffff000;

/**
 * The arguments of a sendfile: file, offset, count. The file comes first even if it is a plain object, which anywhere
 * else would hold arguments by name.
 */
export function sendfileArguments(args: unknown[]): [file: unknown, offset: unknown, count: unknown] {
  const [first, ...others] = args;
  const byName = others.length === 0 && isKeywords(first) && 'file' in first;
  const { file, ...rest } = byName ? first : { file: first };
  const [offset = 0, count = null] = parameters('sendfile', ['offset', 'count'], byName ? [rest] : others);
  return [file, offset, count];
}

/** How far a call has come: it is wanted after an exception, too. */
interface Progress {
  sent: number;
}

/** See `socket.sendfile`. */
export function sendfile(sock: Sender, file: unknown, offset: unknown, count: unknown): number {
  const limit = checkedCount(sock, file, count);
  const start = checkedOffset(offset);
  const fd = descriptor(file);
  return leavingAtEnd(file, start, (progress) => {
    const done = fd !== undefined && fromKernel(sock, fd, start, limit, progress);
    if (!done) byReading(sock, file, fd, start, limit, progress);
  });
}

/** The same for a socket that the kernel cannot send to, for what is sent must be encrypted first. */
export function sendfileByReading(sock: Sender, file: unknown, offset: unknown, count: unknown): number {
  const limit = checkedCount(sock, file, count);
  const start = checkedOffset(offset);
  return leavingAtEnd(file, start, (progress) => byReading(sock, file, descriptor(file), start, limit, progress));
}

/** Leaves a file that knows a position right behind what was sent of it, even if that is not all. */
function leavingAtEnd(file: unknown, start: number, send: (progress: Progress) => void): number {
  const progress = { sent: 0 };
  try {
    send(progress);
  } finally {
    if (progress.sent > 0) (file as Partial<Readable>).seek?.(start + progress.sent);
  }
  return progress.sent;
}

function checkedCount(sock: Sender, file: unknown, count: unknown): number | undefined {
  const mode = (file as { mode?: unknown } | null)?.mode;
  if (typeof mode === 'string' && !mode.includes('b')) throw new ValueError('file should be opened in binary mode');
  if (!(sock.type & constants.socket.SOCK_STREAM)) throw new ValueError('only SOCK_STREAM type sockets are supported');
  if (count === null || count === undefined) return undefined;
  const text = `count must be a positive integer (got ${repr(count)})`;
  if (typeof count !== 'number' || !Number.isInteger(count)) throw new TypeError(text);
  if (count <= 0) throw new ValueError(text);
  return count;
}

function checkedOffset(offset: unknown): number {
  if (typeof offset === 'number' && Number.isSafeInteger(offset)) return offset;
  throw new TypeError(`'${typeName(offset)}' object cannot be interpreted as an integer`);
}

function descriptor(file: unknown): number | undefined {
  if (typeof file === 'number') return file;
  if (typeof file !== 'object' || file === null) {
    throw new AttributeError(`'${typeName(file)}' object has no attribute 'read'`);
  }
  if ('fileno' in file && typeof file.fileno === 'function') return saidDescriptor(file as HasFileno);
  if ('fd' in file && typeof file.fd === 'number') return file.fd;
  if ('read' in file && typeof file.read === 'function') return undefined;
  throw new AttributeError(`'${typeName(file)}' object has no attribute 'read'`);
}

/** What a file's fileno() says. A file in memory has the method too, and says that it cannot: then it is read. */
function saidDescriptor(file: HasFileno): number | undefined {
  try {
    return plainInt(file.fileno());
  } catch (error) {
    const none = error instanceof AttributeError || error instanceof UnsupportedOperation;
    if (none && 'read' in file) return undefined;
    throw error;
  }
}

/** Whether a descriptor is a regular file's. */
function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch (error) {
    throw ours(error);
  }
}

/** What Node's file system calls throw, as the class that it is here. */
function ours(error: unknown): unknown {
  const { errno, syscall } = error as { errno?: unknown; syscall?: string };
  return typeof errno === 'number' ? fromCode(errno, syscall) : error;
}

/** sendfile(2). False where this file or this system cannot, and nothing was sent. */
function fromKernel(sock: Sender, fd: number, offset: number, limit: number | undefined, progress: Progress): boolean {
  if (!isFile(fd)) return false;
  if (sock._timeout === 0) throw new ValueError('non-blocking sockets are not supported');
  if (sock._fd < 0) throw new ValueError(`Invalid file descriptor: ${sock._fd}`);
  if (offset < 0) raise(-EINVAL, 'sendfile');
  let deadline = NO_WAIT;
  for (;;) {
    const ask = Math.min(limit === undefined ? CALL_MAX : limit - progress.sent, CALL_MAX);
    if (ask === 0) return true;
    const n = native.sendfile(sock._fd, fd, offset + progress.sent, ask);
    if (n === 0) return true;
    if (n > 0) {
      progress.sent += n;
      // The deadline is for each block, as in Python: a large file may take longer than the timeout.
      deadline = NO_WAIT;
    } else if (progress.sent === 0 && CANNOT.includes(n)) {
      return false;
    } else {
      deadline = again(sock, n, POLLOUT, deadline, 'sendfile');
    }
  }
}

function byReading(
  sock: Sender,
  file: unknown,
  fd: number | undefined,
  offset: number,
  limit: number | undefined,
  progress: Progress,
): void {
  if (sock._timeout === 0) throw new ValueError('non-blocking sockets are not supported');
  const read = fd === undefined ? objectReader(file as Readable, offset) : descriptorReader(fd, offset);
  for (;;) {
    const ask = Math.min(limit === undefined ? BLOCK_SIZE : limit - progress.sent, BLOCK_SIZE);
    const block = ask === 0 ? undefined : read(ask);
    if (block === undefined || block.length === 0) return;
    for (let at = 0; at < block.length; ) {
      const sent = sock.send(block.subarray(at));
      at += sent;
      progress.sent += sent;
    }
  }
}

interface Readable {
  read(size: number): BytesLike;
  seek?(offset: number): unknown;
}

function objectReader(file: Readable, offset: number): (size: number) => Uint8Array {
  if (offset !== 0) file.seek?.(offset);
  return (size) => bytesOf(file.read(size));
}

function descriptorReader(fd: number, offset: number): (size: number) => Uint8Array {
  const block = Buffer.allocUnsafeSlow(BLOCK_SIZE);
  let position = offset;
  const seekable = isFile(fd);
  return (size) => {
    // read(2) on a pipe or a terminal would sleep where nobody could wake it.
    if (!seekable) waitReady(fd, POLLIN, Number.POSITIVE_INFINITY);
    try {
      const n = readSync(fd, block, 0, size, seekable ? position : null);
      position += n;
      return block.subarray(0, n);
    } catch (error) {
      throw ours(error);
    }
  };
}
