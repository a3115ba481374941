/** StreamReader: bytes that come by themselves, read as they are wanted. */
import { AssertionError } from 'node:assert';
import { type InspectOptions, inspect } from 'node:util';
import { absent, typeName } from '../core/args.js';
import { ByteQueue } from '../core/byte_queue.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { EOFError, nameClasses, RuntimeError, ValueError } from '../core/exceptions.js';
import { repr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { type Abortable, type Told, untilTold } from '../event/await.js';

/** The stream ended before all was there that was asked for. @see Python asyncio.IncompleteReadError */
export class IncompleteReadError extends EOFError {
  /** What was there. */
  readonly partial: Buffer;
  /** How many bytes were asked for; null: up to a separator. */
  readonly expected: number | null;
  constructor(partial: Buffer, expected: number | null) {
    super(`${partial.length} bytes read on a total of ${expected ?? 'undefined'} expected bytes`);
    this.partial = partial;
    this.expected = expected;
  }
}

/** The limit of the reader was reached before a separator. @see Python asyncio.LimitOverrunError */
export class LimitOverrunError extends Error {
  /** How many bytes can be read without the separator. */
  readonly consumed: number;
  constructor(message: string, consumed: number) {
    super(message);
    this.consumed = consumed;
  }
}
nameClasses([IncompleteReadError, LimitOverrunError]);

/** Where a reader's bytes come from: told when it has too many, and when it wants more. */
export interface Source {
  pause_reading(): void;
  resume_reading(): void;
}

/** The limit of a reader in bytes, if none is given. */
export const DEFAULT_LIMIT = 64 * 1024;
const NOTHING = Buffer.alloc(0);
const LINE_END = Buffer.from('\n');

/** @throws ValueError */
export function checkLimit(limit: number): void {
  if (limit <= 0) throw new ValueError('Limit cannot be <= 0');
}
const STAYS = staysWith('a stream');

/**
 * Reads what arrives. `open_connection` and `start_server` make it. One call at a time may wait; one that is aborted has
 * taken nothing. When more than twice the limit is there, the peer has to wait.
 * @see Python asyncio.StreamReader
 */
export class StreamReader {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #limit: number;
  readonly #bytes = new ByteQueue();
  #ended = false;
  #exception: Error | null = null;
  #waiting: Told | null = null;
  #source: Source | null = null;
  #paused = false;

  /** @param options limit: bytes, more than 0 @throws ValueError */
  constructor({ limit = DEFAULT_LIMIT }: { limit?: number } = {}) {
    checkLimit(limit);
    this.#limit = limit;
  }

  // ---- for whoever has the bytes -----------------------------------------------------------------------------------

  /** @internal Whom to pause and resume. */
  _from(source: Source): void {
    this.#source = source;
    this.#paused = false;
  }

  /** @internal Takes all that is there, for whom it was meant. */
  _takeAll(): Buffer {
    return this.#bytes.take(this.#bytes.length);
  }

  /** Adds a copy of the bytes. @throws AssertionError after `feed_eof`; TypeError */
  feed_data(data: BytesLike): void {
    if (this.#ended) throw new AssertionError({ message: 'feed_data after feed_eof' });
    this._feed(Buffer.from(bytesOf(data)));
  }

  /** @internal Adds bytes that nobody else will change. */
  _feed(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#bytes.append(bytes);
    this.#wake();
    if (this.#source === null || this.#paused || this.#size <= 2 * this.#limit) return;
    this.#paused = true;
    this.#source.pause_reading();
  }

  /** Nothing more will come. */
  feed_eof(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Lets all calls raise `exception` from now on. */
  set_exception(exception: Error): void {
    this.#exception = exception;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(exception);
  }

  /** What `set_exception` was told; null if nothing. */
  exception(): Error | null {
    return this.#exception;
  }

  /** Whether all has been read and nothing more will come. */
  at_eof(): boolean {
    return this.#ended && this.#size === 0;
  }

  // ---- for whoever wants them --------------------------------------------------------------------------------------

  /**
   * Up to `n` bytes, at least one, unless the stream has ended; -1: all until its end.
   * @throws (rejects) the connection's error; RuntimeError while another call waits
   */
  async read(n = absent(arguments.length, 1, 'n', -1), options?: Abortable): Promise<Buffer> {
    this.#check(n);
    if (n === 0) return NOTHING;
    if (n < 0) return this.#readAll(options);
    if (this.#size === 0 && !this.#ended) await this.#more('read', options);
    return this.#take(n);
  }

  /** Until the end. Bytes that are there already stay there while we wait, should we be aborted. */
  async #readAll(options?: Abortable): Promise<Buffer> {
    while (!this.#ended) await this.#more('read', options);
    return this.#take(this.#size);
  }

  /**
   * A line with its end; without one if the stream ends before; empty at the end.
   * @throws (rejects) ValueError if a line is longer than the limit; what is there of it is gone
   */
  async readline(options?: Abortable): Promise<Buffer> {
    try {
      return await this.readuntil(LINE_END, options);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      if (!(error instanceof LimitOverrunError)) throw error;
      const found = this.#bytes.indexOf(LINE_END, error.consumed) === error.consumed;
      this.#take(found ? error.consumed + LINE_END.length : this.#size);
      throw new ValueError(error.message);
    }
  }

  /**
   * Up to the separator and with it; of several separators, the one whose end comes first.
   * @throws (rejects) IncompleteReadError if the stream ends before; LimitOverrunError, and what is there can be read
   *   otherwise; ValueError for an empty separator
   */
  async readuntil(separator: BytesLike | readonly BytesLike[] = LINE_END, options?: Abortable): Promise<Buffer> {
    const separators = (Array.isArray(separator) ? separator : [separator]).map(bytesOf);
    separators.sort((a, b) => a.length - b.length);
    if (separators.length === 0) throw new ValueError('Separator should contain at least one element');
    if (separators[0].length === 0) throw new ValueError('Separator should be at least one-byte string');
    this.#check(0);
    const longest = separators[separators.length - 1].length;
    for (let offset = 0; ; ) {
      const [start, end] = this.#findAny(separators, offset);
      if (end >= 0) {
        if (start <= this.#limit) return this.#take(end);
        throw new LimitOverrunError('Separator is found, but chunk is longer than limit', start);
      }
      offset = Math.max(0, this.#size + 1 - longest);
      if (offset > this.#limit) {
        throw new LimitOverrunError('Separator is not found, and chunk exceed the limit', offset);
      }
      if (this.#ended) throw new IncompleteReadError(this.#take(this.#size), null);
      await this.#more('readuntil', options);
    }
  }

  /** Exactly `n` bytes. @throws (rejects) IncompleteReadError if the stream ends before; ValueError */
  async readexactly(n: number, options?: Abortable): Promise<Buffer> {
    if (n < 0) throw new ValueError('readexactly size can not be less than zero');
    this.#check(n);
    while (this.#size < n) {
      if (this.#ended) throw new IncompleteReadError(this.#take(this.#size), n);
      await this.#more('readexactly', options);
    }
    return this.#take(n);
  }

  /** The lines, each with its end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    let text = '<StreamReader';
    if (this.#size > 0) text += ` ${this.#size} bytes`;
    if (this.#ended) text += ' eof';
    if (this.#limit !== DEFAULT_LIMIT) text += ` limit=${this.#limit}`;
    if (this.#waiting !== null) text += ' waiter=<Future pending>';
    if (this.#exception !== null) text += ` exception=${this.#exception.name}(${repr(this.#exception.message)})`;
    if (this.#source !== null) text += ` transport=${inspect(this.#source, options)}`;
    return `${text}${this.#paused ? ' paused' : ''}>`;
  }

  #check(n: number): void {
    if (!Number.isInteger(n)) throw new TypeError(`'${typeName(n)}' object cannot be interpreted as an integer`);
    if (this.#exception !== null) throw this.#exception;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve();
  }

  /** Waits until something has changed. */
  #more(caller: string, { signal }: Abortable = {}): Promise<void> {
    if (this.#waiting !== null) {
      const text = `${caller}() called while another coroutine is already waiting for incoming data`;
      return Promise.reject(new RuntimeError(text));
    }
    return untilTold(signal, (told) => {
      this.#resume();
      this.#waiting = told;
      return () => {
        this.#waiting = null;
      };
    });
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source?.resume_reading();
  }

  /** Takes the first `n` bytes, or all if there are less. */
  #take(n: number): Buffer {
    const count = Math.min(n, this.#size);
    if (count === 0) return NOTHING;
    const taken = this.#bytes.take(count);
    if (this.#size <= this.#limit) this.#resume();
    return taken;
  }

  get #size(): number {
    return this.#bytes.length;
  }

  /** Where the separator begins and ends whose end comes first; [-1, -1] if there is none. */
  #findAny(separators: readonly Uint8Array[], offset: number): [start: number, end: number] {
    let found: [number, number] = [-1, -1];
    for (const separator of separators) {
      const start = this.#bytes.indexOf(separator, offset);
      if (start >= 0 && (found[1] < 0 || start + separator.length < found[1]))
        found = [start, start + separator.length];
    }
    return found;
  }
}
