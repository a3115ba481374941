/** socket.sendfile: the kernel's way where the file and the system allow it, reading and sending where not. */
import { fstatSync, readSync } from 'node:fs';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { isKeywords, noAttribute, parameters, plainInt, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { AttributeError, fileError, raise, UnsupportedOperation, ValueError } from '../core/exceptions.js';
import { type HasFileno, saidFileno } from '../core/fileobj.js';
import { IS_WINDOWS } from '../core/platform.js';
import { repr } from '../core/repr.js';
import {
  type Again,
  ATTEMPT,
  begin,
  goOn,
  POLLIN,
  POLLOUT,
  patience,
  VAIN_WRITE,
  type Waiter,
  waitReady,
} from '../wait/call.js';

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
const NOTHING = new Uint8Array(0);
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

/** See `socket.sendfile`. */
export function sendfile(sock: Sender, file: unknown, offset: unknown, count: unknown): number {
  return sendAll(sock, new FileTransfer(sock, file, offset, count), (transfer) => transfer.fromKernel() === true);
}

/** The same for a socket that the kernel cannot send to, for what is sent must be encrypted first. */
export function sendfileByReading(sock: Sender, file: unknown, offset: unknown, count: unknown): number {
  return sendAll(sock, new FileTransfer(sock, file, offset, count), () => false);
}

function sendAll(sock: Sender, transfer: FileTransfer, fromKernel: (transfer: FileTransfer) => boolean): number {
  if (sock._timeout === 0) throw new ValueError('non-blocking sockets are not supported');
  try {
    if (!fromKernel(transfer)) byReading(sock, transfer);
  } finally {
    transfer.leave();
  }
  return transfer.sent;
}

function byReading(sock: Sender, transfer: FileTransfer): void {
  for (;;) {
    // read(2) on a pipe or a terminal would sleep where nobody could wake it.
    if (transfer.pipe !== undefined) waitReady(transfer.pipe, POLLIN, Number.POSITIVE_INFINITY);
    const block = transfer.read(BLOCK_SIZE);
    if (block.length === 0) return;
    for (let at = 0; at < block.length; ) {
      const n = sock.send(block.subarray(at));
      at += n;
      transfer.sent += n;
    }
  }
}

/** A file on its way into a socket: what is to be sent, and how far it has come, which is wanted after an exception too. */
export class FileTransfer {
  /** How many bytes were sent. Whoever sends what `read` returns adds to it. */
  sent = 0;
  readonly #sock: Sender;
  readonly #file: unknown;
  readonly #fd: number | undefined;
  readonly #start: number;
  readonly #limit: number;
  #regular: boolean | undefined;
  #sought = false;

  /** @throws ValueError | TypeError | AttributeError, with CPython's texts */
  constructor(sock: Sender, file: unknown, offset: unknown, count: unknown) {
    this.#limit = checkedCount(sock, file, count) ?? Number.POSITIVE_INFINITY;
    this.#start = checkedOffset(offset);
    this.#sock = sock;
    this.#file = file;
    this.#fd = descriptorToSend(file);
  }

  /** The descriptor that has to be readable before `read`; undefined: none. */
  get pipe(): number | undefined {
    // All that was asked for is there: the next read is the end.
    if (this.sent >= this.#limit) return undefined;
    return this.#fd === undefined || this.#isRegular(this.#fd) ? undefined : this.#fd;
  }

  #isRegular(fd: number): boolean {
    this.#regular ??= isFile(fd);
    return this.#regular;
  }

  /**
   * sendfile(2) until all is sent: true. False where this file or this system cannot, and nothing was sent. One attempt of
   * an awaited call, which is repeated and goes on, sends what can be sent now.
   */
  fromKernel(attempting = false): boolean | Again {
    if (this.#fd === undefined || !this.#isRegular(this.#fd)) return false;
    const sock = this.#sock;
    if (sock._fd < 0) throw new ValueError(`Invalid file descriptor: ${sock._fd}`);
    if (this.#start < 0) raise(-EINVAL, 'sendfile');
    for (;;) {
      const ask = Math.min(this.#limit - this.sent, CALL_MAX);
      if (ask === 0) return true;
      // The deadline is for each block, as in Python: a large file may take longer than the timeout.
      const deadline = attempting ? ATTEMPT : begin(sock, POLLOUT);
      const [file, from] = [this.#fd, this.#start + this.sent];
      const attempt = (fd: number, wait: number) => native.sendfile(fd, file, from, ask, wait);
      let n = attempt(sock._fd, patience(deadline));
      if (this.sent === 0 && CANNOT.includes(n)) return false;
      if (n < 0) n = goOn(sock, n, POLLOUT, deadline, 'sendfile', attempt);
      if (n < 0) return VAIN_WRITE;
      if (n === 0) return true;
      this.sent += n;
    }
  }

  /** The next bytes, at most `size`; none at the end. All that were read before must have been sent. */
  read(size: number): Uint8Array {
    const ask = Math.min(this.#limit - this.sent, size);
    if (ask === 0) return NOTHING;
    return this.#fd === undefined ? this.#readObject(this.#file as Readable, ask) : this.#readDescriptor(this.#fd, ask);
  }

  #readObject(file: Readable, size: number): Uint8Array {
    if (!this.#sought && this.#start !== 0) file.seek?.(this.#start);
    this.#sought = true;
    return bytesOf(file.read(size));
  }

  #readDescriptor(fd: number, size: number): Uint8Array {
    const block = Buffer.allocUnsafeSlow(size);
    try {
      const n = readSync(fd, block, 0, size, this.#isRegular(fd) ? this.#start + this.sent : null);
      return block.subarray(0, n);
    } catch (error) {
      throw ours(error);
    }
  }

  /** Leaves a file that knows a position right behind what was sent of it, even if that is not all. */
  leave(): void {
    if (this.sent > 0) (this.#file as Partial<Readable>).seek?.(this.#start + this.sent);
  }
}

interface Readable {
  read(size: number): BytesLike;
  seek?(offset: number): unknown;
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

/**
 * The descriptor of a file that is to be sent; undefined: it is to be read. A file in memory has the method fileno too, and
 * says that it cannot.
 */
export function descriptorToSend(file: unknown): number | undefined {
  const readable = typeof (file as Partial<Readable> | null)?.read === 'function';
  try {
    // What fileno() says goes to fstat(2) in CPython, and is refused there.
    const fd = hasFileno(file) ? plainInt(file.fileno()) : saidFileno(file);
    // On Windows fileno() tells a socket's handle, which is no descriptor of a file, though the number may be one.
    if (typeof fd === 'number' && !(IS_WINDOWS && hasFileno(file))) return fd;
  } catch (error) {
    const none = error instanceof AttributeError || error instanceof UnsupportedOperation;
    if (!none || !readable) throw error;
  }
  if (readable) return undefined;
  throw noAttribute(file, 'read');
}

function hasFileno(file: unknown): file is HasFileno {
  return typeof (file as Partial<HasFileno> | null)?.fileno === 'function';
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
  const { errno, syscall, code } = error as { errno?: unknown; syscall?: string; code?: unknown };
  // What cannot be a descriptor at all, Node does not even try.
  if (code === 'ERR_OUT_OF_RANGE') return fileError(constants.errno.EBADF, 'fstat');
  // On Windows Node's numbers are libuv's own.
  const number = typeof code === 'string' ? constants.errno[code] : undefined;
  if (number !== undefined) return fileError(number, syscall);
  return typeof errno === 'number' ? fileError(-errno, syscall) : error;
}
