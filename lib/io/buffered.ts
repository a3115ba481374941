/**
 * Buffers over a raw file: BufferedReader, BufferedWriter and BufferedRWPair.
 *
 * When the raw file raises in the midst of a call (a timeout), what the call had taken out of the buffer is lost, as
 * with CPython, and what it had not is still there. One exception: an InterruptedError says that a JavaScript signal
 * listener must run before the call can go on. CPython runs the listener itself and goes on (PEP 475); we cannot, so
 * the reader puts back what the call had taken, and the caller makes the call again.
 */
import { inspect } from 'node:util';
import { EAGAIN } from '../constants/errno.js';
import { size } from '../core/args.js';
import { type BytesLike, bytesOf, newBytes } from '../core/bytes.js';
import { BlockingIOError, InterruptedError, OSError, ValueError } from '../core/exceptions.js';
import {
  BufferedIOBase,
  bytesToFill,
  DEFAULT_BUFFER_SIZE,
  describe,
  type IOBase,
  type RawIOBase,
  sizeOrAll,
} from './base.js';

const LF = 10;
const WOULD_BLOCK = 'write could not complete without blocking';

function bufferSize(value: unknown): number {
  const length = size(value);
  if (length <= 0) throw new ValueError('buffer size must be strictly positive');
  return length;
}

/** Checks what a raw file says that it read or wrote. */
function rawCount(count: number | null, length: number, call: string): number | null {
  if (count !== null && !(count >= 0 && count <= length)) {
    throw new OSError(`raw ${call}() returned invalid length ${count} (should have been between 0 and ${length})`);
  }
  return count;
}

/** What a raw file may have besides. */
interface Named {
  readonly name?: unknown;
  readonly mode?: string;
}

/** What reader and writer share: they are one raw file's other face. */
abstract class Buffered extends BufferedIOBase {
  #raw: RawIOBase | null;

  constructor(raw: RawIOBase) {
    super();
    this.#raw = raw;
  }

  /** The raw file; null once detached. */
  get raw(): RawIOBase | null {
    return this.#raw;
  }

  /** The raw file, or ValueError once detached. */
  protected get source(): RawIOBase {
    if (this.#raw === null) throw new ValueError('raw stream has been detached');
    return this.#raw;
  }

  /**
   * Flushes, and gives the raw file away: this object is of no use afterwards.
   * @throws ValueError on a closed or detached file; OSError
   */
  override detach(): RawIOBase {
    const raw = this.source;
    this.flush();
    this._keepOpen();
    raw._closeIfDropped();
    this.#raw = null;
    return raw;
  }

  /** Whether the raw file was closed. @throws ValueError once detached */
  override get closed(): boolean {
    return this.source.closed;
  }

  /**
   * Flushes, and closes the raw file, whether or not the flush succeeds.
   * @throws OSError of the flush, or of closing it; ValueError once detached
   */
  override close(): void {
    if (this.closed) return;
    this._keepOpen();
    try {
      this.flush();
    } finally {
      this.source.close();
    }
  }

  /** @internal */
  override _closer(): () => void {
    const raw = this.source;
    return () => raw.close();
  }

  /** Whether the raw file has positions. @throws ValueError once detached */
  override seekable(): boolean {
    return this.source.seekable();
  }

  /** @throws UnsupportedOperation if the raw file has no positions; ValueError on a closed or detached file */
  override seek(offset: number, whence = 0): number {
    this._checkClosed('seek of closed file');
    this._checkSeekable();
    return super.seek(offset, whence);
  }

  /** The raw file's position. @throws UnsupportedOperation if it has none; ValueError once detached */
  override tell(): number {
    return this.source.tell();
  }

  /** The raw file's descriptor. @throws UnsupportedOperation if it has none; ValueError on a closed or detached file */
  override fileno(): number {
    return this.source.fileno();
  }

  /** Whether the raw file is a terminal. @throws ValueError on a closed or detached file */
  override isatty(): boolean {
    return this.source.isatty();
  }

  /** The raw file's name: of a socket's file its descriptor. @throws ValueError once detached */
  get name(): unknown {
    return (this.source as Named).name;
  }

  /** The raw file's mode, 'rb', 'wb' or 'rwb'. @throws ValueError once detached */
  get mode(): string | undefined {
    return (this.source as Named).mode;
  }

  override [inspect.custom](): string {
    return describe(this.constructor.name, { name: (this.raw as Named | null)?.name });
  }
}

/**
 * Reads a raw file through a buffer of `buffer_size` bytes.
 * @see Python io.BufferedReader
 */
export class BufferedReader extends Buffered {
  readonly #size: number;
  #buffer: Buffer;
  /** What has been read ahead lies in `#buffer` between these. */
  #start = 0;
  #end = 0;

  /** @throws UnsupportedOperation if `raw` cannot be read; ValueError if `buffer_size` is not above 0; TypeError */
  constructor(raw: RawIOBase, buffer_size = DEFAULT_BUFFER_SIZE) {
    raw._checkReadable();
    super(raw);
    this.#size = bufferSize(buffer_size);
    this.#buffer = newBytes(this.#size);
  }

  /** Whether the raw file can be read. @throws ValueError on a closed or detached file */
  override readable(): boolean {
    return this.source.readable();
  }

  /** Flushes the raw file. @throws ValueError on a closed or detached file; OSError */
  override flush(): void {
    this.source.flush();
  }

  /** Closes the raw file; what was read ahead is gone. @throws OSError | ValueError once detached */
  override close(): void {
    super.close();
    this.#empty();
  }

  /**
   * `length` bytes, fewer only at the end of the file or where it would have to wait; null if it would have to wait
   * for the first. Negative or null: all to the end of the file.
   * @throws ValueError | what the raw file throws
   */
  override read(length: number | null = -1): Buffer | null {
    const wanted = sizeOrAll(length);
    if (wanted < -1) throw new ValueError('read length must be non-negative or -1');
    this.#checkOpen('read of closed file');
    if (wanted === -1) return this.#readAll();
    return wanted <= this.#end - this.#start ? this.#take(wanted) : this.#readMany(wanted);
  }

  /**
   * At most `length` bytes with at most one read of the raw file; empty where that would have to wait.
   * @throws ValueError on a closed or detached file; OSError
   */
  override read1(length = -1): Buffer {
    const wanted = size(length) < 0 ? this.#size : size(length);
    this.#checkOpen('read of closed file');
    const ahead = this.#end - this.#start;
    if (ahead > 0 || wanted === 0) return this.#take(Math.min(ahead, wanted));
    this.#empty();
    // By way of our own buffer, where it is large enough: so little that comes costs no large allocation.
    const bytes = wanted <= this.#size ? this.#buffer.subarray(0, wanted) : newBytes(wanted);
    return Buffer.from(bytes.subarray(0, this.#readRaw(bytes) ?? 0));
  }

  /**
   * Fills `buffer` as far as `read` would. The number of bytes, or null.
   * @throws ValueError on a closed or detached file; OSError | TypeError
   */
  override readinto(buffer: BytesLike): number | null {
    return this.#readInto(bytesToFill(buffer, 'readinto'), false);
  }

  /**
   * The same with at most one read of the raw file.
   * @throws ValueError on a closed or detached file; OSError | TypeError
   */
  override readinto1(buffer: BytesLike): number | null {
    return this.#readInto(bytesToFill(buffer, 'readinto1'), true);
  }

  /**
   * What comes next, without taking it: what has been read ahead, else what one read of the raw file gives.
   * @throws ValueError on a closed or detached file; OSError
   */
  peek(length = 0): Buffer {
    size(length);
    return Buffer.from(this._ahead());
  }

  /** @internal What `peek` copies: good until the next call. */
  _ahead(): Buffer {
    this.#checkOpen('peek of closed file');
    if (this.#start === this.#end) {
      this.#empty();
      this.#fill();
    }
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /**
   * One line with its end, at most `length` bytes; empty at the end of the file.
   * @throws ValueError on a closed or detached file; OSError
   */
  override readline(length: number | null = -1): Buffer {
    const limit = sizeOrAll(length);
    this.#checkOpen('readline of closed file');
    const end = this.#lineEnd(limit);
    return end < 0 ? this.#readLongLine(limit) : this.#take(end - this.#start);
  }

  override _putBack(error: unknown, taken: readonly Uint8Array[]): void {
    if (!(error instanceof InterruptedError)) return;
    this.#buffer = Buffer.concat([...taken, this.#buffer.subarray(this.#start, this.#end)]);
    this.#start = 0;
    this.#end = this.#buffer.length;
  }

  /** Data that has been read ahead can be had even when the raw file has been closed. */
  #checkOpen(message: string): void {
    if (this.source.closed && this.#start === this.#end) throw new ValueError(message);
  }

  #empty(): void {
    this.#start = 0;
    this.#end = 0;
    // After `_putBack` the buffer may be another one.
    if (this.#buffer.length !== this.#size) this.#buffer = newBytes(this.#size);
  }

  #take(count: number): Buffer {
    const start = this.#start;
    this.#start += count;
    return Buffer.from(this.#buffer.subarray(start, start + count));
  }

  /** Appends one read of the raw file to what has been read ahead: its count, null where it would have to wait. */
  #fill(): number | null {
    const room = this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end);
    const count = this.#readRaw(room);
    if (count !== null) this.#end += count;
    return count;
  }

  #readRaw(bytes: Uint8Array): number | null {
    return rawCount(this.source.readinto(bytes), bytes.length, 'readinto');
  }

  #readAll(): Buffer | null {
    const parts = [this.#take(this.#end - this.#start)];
    this.#empty();
    let wouldBlock: boolean;
    try {
      wouldBlock = this.#readParts(parts);
    } catch (error) {
      this._putBack(error, parts);
      throw error;
    }
    const bytes = Buffer.concat(parts);
    return wouldBlock && bytes.length === 0 ? null : bytes;
  }

  /** What the raw file's readall() does, but with the parts in our hands if it is interrupted. */
  #readParts(parts: Buffer[]): boolean {
    for (;;) {
      const part = this.source.read(DEFAULT_BUFFER_SIZE);
      if (part === null) return true;
      if (part.length === 0) return false;
      parts.push(part);
    }
  }

  #readMany(wanted: number): Buffer | null {
    const bytes = newBytes(wanted);
    const progress = { count: 0 };
    let wouldBlock: boolean;
    try {
      wouldBlock = this.#readFully(bytes, progress);
    } catch (error) {
      this._putBack(error, [bytes.subarray(0, progress.count)]);
      throw error;
    }
    const { count } = progress;
    if (wouldBlock && count === 0) return null;
    return count * 2 < wanted ? Buffer.from(bytes.subarray(0, count)) : bytes.subarray(0, count);
  }

  /**
   * Fills `bytes`: from the buffer, then whole blocks straight from the raw file, the rest through the buffer. Counts
   * in `progress`; true if it ended because it would have to wait.
   */
  #readFully(bytes: Buffer, progress: { count: number }): boolean {
    progress.count = this.#moveTo(bytes);
    this.#empty();
    while (bytes.length - progress.count >= this.#size) {
      const left = bytes.length - progress.count;
      const at = progress.count;
      const count = this.#readRaw(bytes.subarray(at, at + left - (left % this.#size)));
      if (!count) return count === null;
      progress.count += count;
    }
    while (progress.count < bytes.length && this.#end < this.#size) {
      const count = this.#fill();
      if (!count) return count === null;
      progress.count += this.#moveTo(bytes.subarray(progress.count));
    }
    return false;
  }

  /** Copies what has been read ahead, as much as there is room for. */
  #moveTo(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#end - this.#start);
    this.#buffer.copy(bytes, 0, this.#start, this.#start + count);
    this.#start += count;
    return count;
  }

  #readInto(bytes: Uint8Array, once: boolean): number | null {
    this.#checkOpen('readinto of closed file');
    const progress = { count: this.#moveTo(bytes) };
    const left = bytes.length - progress.count;
    // Where the rest does not pass through the buffer, CPython makes its one read even when it has something already.
    if (left === 0 || (once && progress.count > 0 && left <= this.#size)) return progress.count;
    this.#empty();
    let wouldBlock: boolean;
    try {
      wouldBlock = this.#readIntoRest(bytes, progress, once);
    } catch (error) {
      this._putBack(error, [bytes.subarray(0, progress.count)]);
      throw error;
    }
    return wouldBlock && progress.count === 0 ? null : progress.count;
  }

  /** Straight into `bytes` while more is wanted than the buffer holds, then through the buffer. */
  #readIntoRest(bytes: Uint8Array, progress: { count: number }, once: boolean): boolean {
    do {
      const rest = bytes.subarray(progress.count);
      const direct = rest.length > this.#size;
      const count = direct ? this.#readRaw(rest) : this.#fill();
      if (!count) return count === null;
      progress.count += direct ? count : this.#moveTo(rest);
    } while (!once && progress.count < bytes.length);
    return false;
  }

  /** Where the line ends that begins at `#start`, or where `limit` ends it; -1 if that is beyond the buffer. */
  #lineEnd(limit: number): number {
    const available = limit >= 0 && limit < this.#end - this.#start ? this.#start + limit : this.#end;
    // What lies beyond #end is stale: a line feed there is none.
    const lf = this.#buffer.indexOf(LF, this.#start);
    if (lf >= 0 && lf < available) return lf + 1;
    return available - this.#start === limit ? available : -1;
  }

  /** A line that goes on beyond what has been read ahead. */
  #readLongLine(limit: number): Buffer {
    const parts: Buffer[] = [];
    try {
      for (let left = limit; ; ) {
        const part = this.#take(this.#end - this.#start);
        if (part.length > 0) parts.push(part);
        if (left >= 0) left -= part.length;
        this.#empty();
        if (!this.#fill()) break;
        const end = this.#lineEnd(left);
        if (end < 0) continue;
        parts.push(this.#take(end - this.#start));
        break;
      }
    } catch (error) {
      this._putBack(error, parts);
      throw error;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }
}

/** What has been written to a file and not yet to the raw file below it. It outlives a file that is dropped. */
class Unwritten {
  readonly #raw: RawIOBase;
  readonly #buffer: Buffer;
  /** The bytes lie in `#buffer` between these. */
  #start = 0;
  #end = 0;

  constructor(raw: RawIOBase, room: number) {
    this.#raw = raw;
    this.#buffer = newBytes(room);
  }

  /** Whether so many more bytes fit. */
  fits(count: number): boolean {
    return count <= this.#buffer.length - this.#end;
  }

  append(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Writes all to the raw file. False where that would have to wait: what is left is still here. */
  drain(): boolean {
    while (this.#start < this.#end) {
      const count = this.#writeRaw(this.#buffer.subarray(this.#start, this.#end));
      if (count === null) return false;
      this.#start += count;
    }
    this.#start = 0;
    this.#end = 0;
    return true;
  }

  #writeRaw(bytes: Uint8Array): number | null {
    return rawCount(this.#raw.write(bytes), bytes.length, 'write');
  }

  /** More than there is room for: what is here first, then straight from `bytes` until the rest fits. */
  writeThrough(bytes: Uint8Array): number {
    if (!this.drain()) return this.#appendWhatFits(bytes);
    let written = 0;
    while (bytes.length - written > this.#buffer.length) {
      const count = this.#writeRaw(bytes.subarray(written));
      if (count === null) {
        const end = written + this.#buffer.length;
        this.append(bytes.subarray(written, end));
        throw wouldBlock(end);
      }
      written += count;
    }
    this.append(bytes.subarray(written));
    return bytes.length;
  }

  #appendWhatFits(bytes: Uint8Array): number {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const room = this.#buffer.length - this.#end;
    this.append(bytes.subarray(0, room));
    if (room < bytes.length) throw wouldBlock(room);
    return bytes.length;
  }
}

/**
 * Writes to a raw file through a buffer of `buffer_size` bytes.
 * @see Python io.BufferedWriter
 */
export class BufferedWriter extends Buffered {
  readonly #unwritten: Unwritten;

  /** @throws UnsupportedOperation if `raw` cannot be written; ValueError if `buffer_size` is not above 0; TypeError */
  constructor(raw: RawIOBase, buffer_size = DEFAULT_BUFFER_SIZE) {
    raw._checkWritable();
    super(raw);
    this.#unwritten = new Unwritten(raw, bufferSize(buffer_size));
  }

  /** Whether the raw file can be written. @throws ValueError on a closed or detached file */
  override writable(): boolean {
    return this.source.writable();
  }

  /**
   * Writes all of `data`, or puts it into the buffer. Returns its length in bytes.
   * @throws BlockingIOError where the raw file would have to wait and the buffer is full; `characters_written` says how
   *   many bytes were taken
   */
  override write(data: BytesLike): number {
    const bytes = bytesOf(data);
    this._checkClosed('write to closed file');
    if (!this.#unwritten.fits(bytes.length)) {
      // Without a raw file nothing can be written through.
      void this.source;
      return this.#unwritten.writeThrough(bytes);
    }
    this.#unwritten.append(bytes);
    return bytes.length;
  }

  /** Writes what is in the buffer. @throws BlockingIOError */
  override flush(): void {
    this._checkClosed('flush of closed file');
    if (!this.#unwritten.drain()) throw wouldBlock(0);
  }

  /** @internal */
  override _closer(): () => void {
    const unwritten = this.#unwritten;
    const raw = this.source;
    return () => {
      try {
        if (!raw.closed) unwritten.drain();
      } finally {
        raw.close();
      }
    };
  }
}

function wouldBlock(charactersWritten: number): BlockingIOError {
  const error = new BlockingIOError(EAGAIN, WOULD_BLOCK);
  error.characters_written = charactersWritten;
  return error;
}

/**
 * Two raw files as one: what is read comes from `reader`, what is written goes to `writer`.
 * @see Python io.BufferedRWPair
 */
export class BufferedRWPair extends BufferedIOBase {
  readonly #reader: BufferedReader;
  readonly #writer: BufferedWriter;

  /** @throws UnsupportedOperation if the one cannot be read, or the other not written; ValueError | TypeError */
  constructor(reader: RawIOBase, writer: RawIOBase, buffer_size = DEFAULT_BUFFER_SIZE) {
    super();
    reader._checkReadable();
    writer._checkWritable();
    this.#reader = new BufferedReader(reader, buffer_size);
    this.#writer = new BufferedWriter(writer, buffer_size);
  }

  /** As BufferedReader's `read`. @throws ValueError on a closed file; OSError */
  override read(length: number | null = -1): Buffer | null {
    return this.#reader.read(length);
  }

  /** As BufferedReader's `read1`. @throws ValueError on a closed file; OSError */
  override read1(length = -1): Buffer {
    return this.#reader.read1(length);
  }

  /** As BufferedReader's `readinto`. @throws ValueError on a closed file; OSError | TypeError */
  override readinto(buffer: BytesLike): number | null {
    return this.#reader.readinto(buffer);
  }

  /** As BufferedReader's `readinto1`. @throws ValueError on a closed file; OSError | TypeError */
  override readinto1(buffer: BytesLike): number | null {
    return this.#reader.readinto1(buffer);
  }

  /** As BufferedReader's `peek`. @throws ValueError on a closed file; OSError */
  peek(length = 0): Buffer {
    return this.#reader.peek(length);
  }

  /** @internal */
  _ahead(): Buffer {
    return this.#reader._ahead();
  }

  override _putBack(error: unknown, taken: readonly Buffer[]): void {
    this.#reader._putBack(error, taken);
  }

  /** As BufferedWriter's `write`. @throws ValueError on a closed file; BlockingIOError | OSError | TypeError */
  override write(data: BytesLike): number {
    return this.#writer.write(data);
  }

  /** As BufferedWriter's `flush`. @throws ValueError on a closed file; BlockingIOError | OSError */
  override flush(): void {
    this.#writer.flush();
  }

  /** Whether the file to read from can be read. @throws ValueError on a closed file */
  override readable(): boolean {
    return this.#reader.readable();
  }

  /** Whether the file to write to can be written. @throws ValueError on a closed file */
  override writable(): boolean {
    return this.#writer.writable();
  }

  /** Closes the writer, then the reader, whether or not the first succeeds. */
  override close(): void {
    this._keepOpen();
    this._closer()();
  }

  /** @internal */
  override _closer(): () => void {
    const reader = this.#reader;
    const writer = this.#writer;
    return () => {
      try {
        writer.close();
      } finally {
        reader.close();
      }
    };
  }

  /** Whether one of the two is a terminal. @throws ValueError on a closed file */
  override isatty(): boolean {
    const halves: IOBase[] = [this.#writer, this.#reader];
    return halves.some((half) => half.isatty());
  }

  /** Whether the file to write to was closed. @throws ValueError if it was detached */
  override get closed(): boolean {
    return this.#writer.closed;
  }
}
