/**
 * The base classes of file objects: what Python's io.IOBase, io.RawIOBase and io.BufferedIOBase do for their heirs.
 * @see Python io; io/io.ts, which exports the whole
 */
import { inspect } from 'node:util';
import { argName, iterable, size, typeName } from '../core/args.js';
import { type BytesLike, bytesOf, newBytes } from '../core/bytes.js';
import { OSError, UnsupportedOperation, ValueError } from '../core/exceptions.js';
import { objectRepr } from '../core/repr.js';
import { stays } from '../core/stays.js';

/** How many bytes a buffer holds unless told otherwise. */
export const DEFAULT_BUFFER_SIZE = 8192;

const LF = 10;

/** A number of bytes, characters or lines; -1 where none is given. */
export function sizeOrAll(value: unknown): number {
  if (value === undefined || value === null) return -1;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return size(value);
  throw new TypeError(`argument should be integer or None, not '${typeName(value)}'`);
}

/** Bytes that `caller`, which has no other argument, may write into. */
export function bytesToFill(value: unknown, caller: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return bytesOf(value);
  }
  throw new TypeError(`${caller}() argument must be read-write bytes-like object, not ${argName(value)}`);
}

/** Closes the files that are dropped. What goes wrong, nobody can be told. */
const dropped = new FinalizationRegistry<() => void>((close) => {
  try {
    close();
  } catch {}
});

const STAYS = stays('a file', 'give the socket to the other thread, and call its makefile there');

/**
 * What all file objects share. `Line` is what they are made of: Buffer, or string.
 *
 * Every method of a closed file raises ValueError; what a file cannot do raises UnsupportedOperation. `using file = …`
 * closes it at the block's end, `for (const line of file)` reads its lines.
 * @see Python io.IOBase
 */
export abstract class IOBase<Line extends Buffer | string = Buffer> implements IterableIterator<Line> {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  #closed = false;

  /** Whether the file was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Flushes and closes. Closing again does nothing.
   * @throws OSError
   */
  close(): void {
    if (this.closed) return;
    this._keepOpen();
    try {
      this.flush();
    } finally {
      this.#closed = true;
    }
  }

  [inspect.custom](): string {
    return objectRepr('_io', this);
  }

  /** Writes what is held back, where the file has a buffer. @throws ValueError on a closed file; OSError */
  flush(): void {
    this._checkClosed();
  }

  /** @internal When this object is collected as garbage, it is flushed and closed, as in Python. */
  _closeIfDropped(): void {
    dropped.register(this, this._closer(), this);
  }

  /** @internal It is closed, or is not to be closed with this object. */
  _keepOpen(): void {
    dropped.unregister(this);
  }

  /** @internal For heirs: how this object is flushed and closed when it is not there any more. */
  _closer(): () => void {
    return () => {};
  }

  /** The number of the file's descriptor. @throws UnsupportedOperation if it has none */
  fileno(): number {
    throw new UnsupportedOperation('fileno');
  }

  /** Whether the file is a terminal. @throws ValueError on a closed file */
  isatty(): boolean {
    this._checkClosed();
    return false;
  }

  /** Whether the file can be read. */
  readable(): boolean {
    return false;
  }

  /** Whether the file can be written. */
  writable(): boolean {
    return false;
  }

  /** Whether the file has positions. A socket's has none. */
  seekable(): boolean {
    return false;
  }

  /** Goes to a position, and returns it. @throws UnsupportedOperation if the file has no positions; ValueError */
  seek(_offset: number, _whence = 0): number {
    throw new UnsupportedOperation('seek');
  }

  /** The position. @throws UnsupportedOperation if the file has no positions */
  tell(): number {
    return this.seek(0, 1);
  }

  /** Cuts the file at `size` bytes. @throws UnsupportedOperation if that cannot be done */
  truncate(_size: number | null = null): number {
    throw new UnsupportedOperation('truncate');
  }

  /** One line with its end, at most `size` long; empty at the end of the file. */
  abstract readline(size?: number | null): Line;

  /**
   * The lines to the end of the file; no further ones once they are longer than `hint` together.
   * @throws ValueError on a closed file; OSError | TypeError
   */
  readlines(hint: number | null = -1): Line[] {
    const enough = sizeOrAll(hint);
    const lines: Line[] = [];
    let total = 0;
    try {
      for (const line of this) {
        lines.push(line);
        total += line.length;
        if (enough > 0 && total > enough) break;
      }
    } catch (error) {
      this._putBack(error, lines);
      throw error;
    }
    return lines;
  }

  abstract write(data: Line | BytesLike): number | null;

  /** Writes each. Adds no line ends. @throws ValueError on a closed file; OSError | TypeError */
  writelines(lines: Iterable<Line | BytesLike>): void {
    this._checkClosed();
    for (const line of iterable<Line | BytesLike>(lines)) this.write(line);
  }

  [Symbol.iterator](): this {
    this._checkClosed();
    return this;
  }

  /** The next line, for iteration. @throws ValueError on a closed file; OSError */
  next(): IteratorResult<Line, undefined> {
    const line = this.readline();
    return line.length > 0 ? { done: false, value: line } : { done: true, value: undefined };
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * If a signal interrupted a call, makes what the call had taken the next that is read, so that the call can be made
   * again. An heir without a buffer has no place for it.
   */
  _putBack(_error: unknown, _taken: readonly Line[]): void {}

  /** For heirs. @throws ValueError on a closed file */
  _checkClosed(message = 'I/O operation on closed file.'): void {
    if (this.closed) throw new ValueError(message);
  }

  /** For heirs. @throws UnsupportedOperation if the file cannot be read */
  _checkReadable(): void {
    if (!this.readable()) throw new UnsupportedOperation('File or stream is not readable.');
  }

  /** For heirs. @throws UnsupportedOperation if the file cannot be written */
  _checkWritable(): void {
    if (!this.writable()) throw new UnsupportedOperation('File or stream is not writable.');
  }

  /** For heirs. @throws UnsupportedOperation if the file has no positions */
  _checkSeekable(): void {
    if (!this.seekable()) throw new UnsupportedOperation('File or stream is not seekable.');
  }
}

/** What reading lines needs of a file of bytes. */
interface ByteSource {
  read(size: number): Buffer | null;
  _ahead?(): Buffer;
  _putBack(error: unknown, taken: readonly Buffer[]): void;
}

/** A line out of `read` alone: byte by byte, where nobody can say (`_ahead`) how far the line goes. */
function readlineBySteps(source: ByteSource, limit: number): Buffer {
  const parts: Buffer[] = [];
  try {
    for (let length = 0; limit < 0 || length < limit; ) {
      const part = source.read(stepOf(source, limit));
      if (part === null) throw new OSError("read() should have returned a bytes object, not 'NoneType'");
      if (part.length === 0) break;
      parts.push(part);
      length += part.length;
      if (part[part.length - 1] === LF) break;
    }
  } catch (error) {
    source._putBack(error, parts);
    throw error;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

/** How much of a line can be read at once. As in CPython, each step may be as long as the whole line may be. */
function stepOf(source: ByteSource, limit: number): number {
  const ahead = source._ahead?.();
  if (ahead === undefined || ahead.length === 0) return 1;
  const end = ahead.indexOf(LF);
  const step = end < 0 ? ahead.length : end + 1;
  return limit < 0 ? step : Math.min(step, limit);
}

/**
 * A file without a buffer: one call, one system call. Heirs supply `readinto` and `write`, which return how many bytes
 * went, or null where a nonblocking file would have to wait.
 * @see Python io.RawIOBase
 */
export abstract class RawIOBase extends IOBase<Buffer> {
  /** Fills `buffer` from its beginning. 0 at the end of the file. */
  abstract readinto(buffer: BytesLike): number | null;
  /** Writes `data`, or a part of it: how many bytes, or null where it would have to wait. */
  abstract override write(data: BytesLike): number | null;

  /**
   * At most `size` bytes; all to the end of the file if it is negative.
   * @throws ValueError on a closed file; OSError
   */
  read(length = -1): Buffer | null {
    const wanted = size(length);
    if (wanted < 0) return this.readall();
    const bytes = newBytes(wanted);
    const count = this.readinto(bytes);
    if (count === null) return null;
    // A copy where little came, so that a few bytes do not keep the whole allocation alive.
    return count * 2 < wanted ? Buffer.from(bytes.subarray(0, count)) : bytes.subarray(0, count);
  }

  /**
   * All bytes up to the end of the file, or up to where it would have to wait; null if that is right here.
   * @throws ValueError on a closed file; OSError
   */
  readall(): Buffer | null {
    const parts: Buffer[] = [];
    for (;;) {
      const part = this.read(DEFAULT_BUFFER_SIZE);
      if (part === null && parts.length === 0) return null;
      if (part === null || part.length === 0) return Buffer.concat(parts);
      parts.push(part);
    }
  }

  /**
   * One line with its end, at most `size` long; empty at the end of the file.
   * @throws ValueError on a closed file; OSError
   */
  override readline(length: number | null = -1): Buffer {
    return readlineBySteps(this, sizeOrAll(length));
  }
}

/**
 * A file with a buffer. What an heir does not override, it does not support.
 * @see Python io.BufferedIOBase
 */
export abstract class BufferedIOBase extends IOBase<Buffer> {
  /**
   * Flushes, and gives the raw file away: this object is of no use afterwards.
   * @throws UnsupportedOperation | OSError
   */
  detach(): RawIOBase {
    throw new UnsupportedOperation('detach');
  }

  /**
   * `size` bytes, fewer only at the end of the file; all that follow if `size` is negative or null. null where the
   * file is nonblocking and has none.
   * @throws ValueError on a closed file; UnsupportedOperation | OSError
   */
  read(_size?: number | null): Buffer | null {
    throw new UnsupportedOperation('read');
  }

  /**
   * At most `size` bytes with at most one read of the raw file.
   * @throws ValueError on a closed file; UnsupportedOperation | OSError
   */
  read1(_size?: number): Buffer {
    throw new UnsupportedOperation('read1');
  }

  /**
   * Fills `buffer` as far as `read` would: how many bytes, or null.
   * @throws ValueError on a closed file; UnsupportedOperation | OSError
   */
  readinto(_buffer: BytesLike): number | null {
    throw new UnsupportedOperation('read');
  }

  /**
   * Fills `buffer` as far as `read1` would: how many bytes, or null.
   * @throws ValueError on a closed file; UnsupportedOperation | OSError
   */
  readinto1(_buffer: BytesLike): number | null {
    throw new UnsupportedOperation('read1');
  }

  /**
   * Writes all of `data`, or puts it into the buffer: its length in bytes.
   * @throws ValueError on a closed file; UnsupportedOperation | OSError
   */
  override write(_data: BytesLike): number {
    throw new UnsupportedOperation('write');
  }

  /**
   * One line with its end, at most `size` long; empty at the end of the file.
   * @throws ValueError on a closed file; OSError
   */
  override readline(length: number | null = -1): Buffer {
    return readlineBySteps(this, sizeOrAll(length));
  }
}

/** What Python's repr() prints of a file: its class and what it knows of itself. */
export function describe(type: string, details: Readonly<Record<string, unknown>>): string {
  const known = Object.entries(details).filter(([, value]) => value !== undefined);
  const texts = known.map(([key, value]) => ` ${key}=${inspect(value)}`);
  return `<_io.${type}${texts.join('')}>`;
}
