/**
 * Text over a file of bytes.
 *
 * Characters are counted as Python counts them: a pair of surrogates is one.
 */
import { inspect } from 'node:util';
import { argName, size as sizeOf } from '../core/args.js';
import { type Decoder, type Encode, lookup } from '../core/codecs.js';
import { BlockingIOError, InterruptedError, UnsupportedOperation, ValueError } from '../core/exceptions.js';
import { type BufferedIOBase, describe, IOBase, type RawIOBase, sizeOrAll } from './base.js';

/** How many bytes are read at a time, and how many are held back before they are written. */
const CHUNK_SIZE = 8192;

const LEGAL_NEWLINES: readonly (string | null)[] = [null, '', '\n', '\r', '\r\n'];

/** Which line ends have been seen. */
const SEEN_CR = 1;
const SEEN_LF = 2;
const SEEN_CRLF = 4;

/** Finds every line end after another decoder, translates it to '\n' if asked, and keeps CR LF in one piece. */
class NewlineDecoder implements Decoder {
  readonly #inner: Decoder;
  readonly #translate: boolean;
  #pendingCr = false;
  #seen = 0;

  constructor(inner: Decoder, translate: boolean) {
    this.#inner = inner;
    this.#translate = translate;
  }

  decode(bytes: Buffer, final: boolean): string {
    let text = this.#inner.decode(bytes, final);
    if (this.#pendingCr && (final || text.length > 0)) {
      text = `\r${text}`;
      this.#pendingCr = false;
    }
    if (!final && text.endsWith('\r')) {
      text = text.slice(0, -1);
      this.#pendingCr = true;
    }
    const hasCr = text.includes('\r');
    this.#look(text, hasCr);
    return hasCr && this.#translate ? text.replace(/\r\n?/g, '\n') : text;
  }

  #look(text: string, hasCr: boolean): void {
    if (!hasCr) {
      if ((this.#seen & SEEN_LF) === 0 && text.includes('\n')) this.#seen |= SEEN_LF;
      return;
    }
    if ((this.#seen & SEEN_CRLF) === 0 && text.includes('\r\n')) this.#seen |= SEEN_CRLF;
    if ((this.#seen & SEEN_CR) === 0 && /\r(?!\n)/.test(text)) this.#seen |= SEEN_CR;
    if ((this.#seen & SEEN_LF) === 0 && /(?<!\r)\n/.test(text)) this.#seen |= SEEN_LF;
  }

  reset(): void {
    this.#inner.reset();
    this.#pendingCr = false;
    this.#seen = 0;
  }

  /** The line ends so far: null, one, or several. */
  get newlines(): string | string[] | null {
    const found: string[] = [];
    if (this.#seen & SEEN_CR) found.push('\r');
    if (this.#seen & SEEN_LF) found.push('\n');
    if (this.#seen & SEEN_CRLF) found.push('\r\n');
    return found.length > 1 ? found : (found[0] ?? null);
  }
}

/** Whether `text` has characters that take two of JavaScript's units. */
function isWide(text: string): boolean {
  return /[\ud800-\udbff]/.test(text);
}

/** The index that lies `count` characters behind `from`, at most the text's end. */
function advance(text: string, from: number, count: number, wide: boolean): number {
  if (!wide) return Math.min(from + count, text.length);
  let at = from;
  for (let left = count; left > 0 && at < text.length; left--) {
    at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  }
  return at;
}

function countCharacters(text: string, wide: boolean): number {
  return wide ? Array.from(text).length : text.length;
}

export interface TextOptions {
  /** 'utf-8' (default), 'ascii', 'latin-1', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-8-sig'. */
  encoding?: string | null;
  /** What is done about what cannot be converted: 'strict' (default), 'ignore', 'replace', 'surrogateescape', … */
  errors?: string | null;
  /** The line end: null (default) reads all kinds as '\n', '' reads all kinds as they are. */
  newline?: string | null;
  /** Whether a line end that is written flushes. */
  line_buffering?: boolean;
  /** Whether what is written goes to `buffer` at once. */
  write_through?: boolean;
}

function optionalText(value: unknown, name: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new TypeError(`TextIOWrapper() argument '${name}' must be str or None, not ${argName(value)}`);
}

/** The file of bytes below a text file, and what has not been written to it yet. It outlives a file that is dropped. */
class Below {
  file: BufferedIOBase | RawIOBase | null;
  #pending: Buffer[] = [];
  /** How many bytes have not been written yet. */
  count = 0;

  constructor(file: BufferedIOBase | RawIOBase) {
    this.file = file;
  }

  push(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.count += bytes.length;
  }

  write(): void {
    if (this.#pending.length === 0) return;
    const bytes = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    // First, as in Python: what `file` refuses is not offered to it again.
    this.#pending = [];
    this.count = 0;
    this.file?.write(bytes);
  }

  close(): void {
    if (this.file === null || this.file.closed) return;
    try {
      this.write();
    } finally {
      this.file.close();
    }
  }
}

/**
 * Reads and writes text through a buffered file of bytes.
 * @throws LookupError for an unknown encoding; ValueError for an illegal newline
 * @see Python io.TextIOWrapper
 */
export class TextIOWrapper extends IOBase<string> {
  /** The codec's name. */
  readonly encoding: string;
  /** What is done with what the codec cannot turn: 'strict', 'ignore', 'replace', … */
  readonly errors: string;
  /** Whether a line's end flushes. */
  readonly line_buffering: boolean;
  /** Whether `write` holds nothing back. */
  readonly write_through: boolean;
  /** Free for the maker of this object to set, as in Python. */
  mode?: string;

  /** The file of bytes, null once detached; and what has not been written to it yet. */
  readonly #below: Below;
  readonly #newline: string | null;
  readonly #decoder: Decoder | null;
  readonly #encode: Encode | null;
  /** Text that has been decoded; before `#used` it has been returned. */
  #decoded = '';
  #used = 0;
  #wide = false;

  constructor(buffer: BufferedIOBase | RawIOBase, options: TextOptions = {}) {
    super();
    this.encoding = optionalText(options.encoding, 'encoding') ?? 'utf-8';
    this.errors = optionalText(options.errors, 'errors') ?? 'strict';
    this.#newline = optionalText(options.newline, 'newline');
    if (!LEGAL_NEWLINES.includes(this.#newline)) throw new ValueError(`illegal newline value: ${this.#newline}`);
    this.line_buffering = Boolean(options.line_buffering);
    this.write_through = Boolean(options.write_through);
    const codec = lookup(this.encoding);
    this.#below = new Below(buffer);
    this.#decoder = buffer.readable() ? this.#withNewlines(codec.decoder(this.errors)) : null;
    this.#encode = buffer.writable() ? codec.encoder(this.errors) : null;
  }

  #withNewlines(decoder: Decoder): Decoder {
    const universal = this.#newline === null || this.#newline === '';
    return universal ? new NewlineDecoder(decoder, this.#newline === null) : decoder;
  }

  /** The file of bytes; null once detached. */
  get buffer(): BufferedIOBase | RawIOBase | null {
    return this.#below.file;
  }

  get #attached(): BufferedIOBase | RawIOBase {
    if (this.#below.file === null) throw new ValueError('underlying buffer has been detached');
    return this.#below.file;
  }

  /** The line ends that have been read: null, one, or several. @throws ValueError once detached */
  get newlines(): string | string[] | null {
    void this.#attached;
    return this.#decoder instanceof NewlineDecoder ? this.#decoder.newlines : null;
  }

  /** The name of `buffer`: of a socket's file its descriptor. @throws ValueError once detached */
  get name(): unknown {
    return (this.#attached as { name?: unknown }).name;
  }

  /** Whether `buffer` was closed. @throws ValueError once detached */
  override get closed(): boolean {
    return this.#attached.closed;
  }

  /** Whether `buffer` can be read. @throws ValueError on a closed or detached file */
  override readable(): boolean {
    return this.#attached.readable();
  }

  /** Whether `buffer` can be written. @throws ValueError on a closed or detached file */
  override writable(): boolean {
    return this.#attached.writable();
  }

  /** Whether `buffer` has positions. @throws ValueError on a closed or detached file */
  override seekable(): boolean {
    return this.#attached.seekable();
  }

  /**
   * The descriptor of `buffer`.
   * @throws UnsupportedOperation if it has none; ValueError on a closed or detached file
   */
  override fileno(): number {
    return this.#attached.fileno();
  }

  /** Whether `buffer` is a terminal. @throws ValueError on a closed or detached file */
  override isatty(): boolean {
    return this.#attached.isatty();
  }

  /** @throws UnsupportedOperation always: a socket has no positions. */
  override seek(_cookie: number, _whence = 0): number {
    this._checkClosed();
    throw new UnsupportedOperation('underlying stream is not seekable');
  }

  /** @throws UnsupportedOperation always. */
  override tell(): number {
    this._checkClosed();
    throw new UnsupportedOperation('underlying stream is not seekable');
  }

  /**
   * Flushes, and cuts `buffer` at `length` bytes.
   * @throws UnsupportedOperation if that cannot be done; ValueError | OSError
   */
  override truncate(length: number | null = null): number {
    this.flush();
    return this.#attached.truncate(length);
  }

  /** Writes what is held back, and flushes `buffer`. @throws ValueError on a closed or detached file; OSError */
  override flush(): void {
    this._checkClosed();
    this.#below.write();
    this.#attached.flush();
  }

  /**
   * Flushes, and closes `buffer` whether or not the flush succeeds.
   * @throws OSError of the flush, or of closing it; ValueError once detached
   */
  override close(): void {
    if (this.closed) return;
    this._keepOpen();
    try {
      this.flush();
    } finally {
      this.#attached.close();
    }
  }

  /** @internal */
  override _closer(): () => void {
    const below = this.#below;
    return () => below.close();
  }

  /**
   * Flushes, and gives `buffer` away: this object is of no use afterwards.
   * @throws ValueError on a closed or detached file; OSError
   */
  detach(): BufferedIOBase | RawIOBase {
    const buffer = this.#attached;
    this.flush();
    this._keepOpen();
    buffer._closeIfDropped();
    this.#below.file = null;
    return buffer;
  }

  /**
   * `length` characters, fewer at the end of the file; all to the end of the file if it is negative or null.
   * @throws UnicodeDecodeError | UnsupportedOperation | what `buffer` throws
   */
  read(length: number | null = -1): string {
    const wanted = sizeOrAll(length);
    this._checkClosed();
    const decoder = this.#reading();
    this.#below.write();
    if (wanted < 0) return this.#readAll(decoder);
    let text = '';
    for (let left = wanted; ; ) {
      const part = this.#take(left);
      text += part;
      left -= countCharacters(part, this.#wide);
      if (left <= 0 || !this.#readChunk(text, left)) return text;
    }
  }

  /**
   * One line with its end, at most `length` characters; empty at the end of the file.
   * @throws ValueError on a closed or detached file; UnicodeDecodeError | OSError | UnsupportedOperation
   */
  override readline(length = -1): string {
    void this.#attached;
    const limit = sizeOf(length);
    this._checkClosed();
    this.#below.write();
    let line = '';
    let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    for (;;) {
      while (this.#decoded.length === 0) {
        if (!this.#readChunk(line)) return line;
      }
      const end = this.#lineEnd(line);
      const part = this.#takeUntil(end < 0 ? this.#decoded.length : end, left);
      line += part;
      if (limit >= 0) left -= countCharacters(part, this.#wide);
      if (left <= 0 || (end >= 0 && this.#used === end)) return line;
      this.#setDecoded('');
    }
  }

  /**
   * Writes text. Returns its length in characters. It reaches `buffer` when enough has gathered, with `flush`, and
   * before anything is read.
   * @throws UnicodeEncodeError | UnsupportedOperation | what `buffer` throws
   */
  override write(text: unknown): number {
    if (typeof text !== 'string') throw new TypeError(`write() argument must be str, not ${argName(text)}`);
    this._checkClosed();
    if (this.#encode === null) throw new UnsupportedOperation('not writable');
    const bytes = this.#encode(this.#withLineEnds(text));
    if (this.#below.count + bytes.length > CHUNK_SIZE) this.#below.write();
    this.#below.push(bytes);
    const flushes = this.line_buffering && /[\r\n]/.test(text);
    if (this.#below.count >= CHUNK_SIZE || this.write_through || flushes) this.#below.write();
    if (flushes) this.#attached.flush();
    // As in Python: half a character that had been read is forgotten, whole ones are kept (bpo-35928).
    this.#decoder?.reset();
    return countCharacters(text, isWide(text));
  }

  #withLineEnds(text: string): string {
    return this.#newline === '\r' || this.#newline === '\r\n' ? text.replaceAll('\n', this.#newline) : text;
  }

  #reading(): Decoder {
    if (this.#decoder === null) throw new UnsupportedOperation('not readable');
    return this.#decoder;
  }

  #readAll(decoder: Decoder): string {
    const bytes = this.#attached.read(-1);
    if (bytes === null) throw new BlockingIOError('Read returned None.');
    const rest = decoder.decode(bytes, true);
    const text = this.#decoded.slice(this.#used) + rest;
    this.#setDecoded('');
    return text;
  }

  #setDecoded(text: string): void {
    this.#decoded = text;
    this.#used = 0;
    this.#wide = isWide(text);
  }

  override _putBack(error: unknown, taken: readonly string[]): void {
    if (error instanceof InterruptedError) this.#setDecoded(taken.join('') + this.#decoded.slice(this.#used));
  }

  /**
   * Decodes what one read of `buffer` gives. False at the end of the file. `taken` is what the call has so far; it is
   * put back when a signal interrupts, so that the call can be made again.
   */
  #readChunk(taken: string, hint = 0): boolean {
    const decoder = this.#reading();
    let bytes: Buffer;
    try {
      bytes = this.#readBytes(Math.max(CHUNK_SIZE, hint));
    } catch (error) {
      this._putBack(error, [taken]);
      throw error;
    }
    const atEnd = bytes.length === 0;
    this.#setDecoded(decoder.decode(bytes, atEnd));
    return !atEnd || this.#decoded.length > 0;
  }

  #readBytes(wanted: number): Buffer {
    const buffer = this.#attached;
    if ('read1' in buffer) return buffer.read1(wanted);
    const bytes = buffer.read(wanted);
    if (bytes !== null) return bytes;
    throw new TypeError("underlying read() should have returned a bytes-like object, not 'NoneType'");
  }

  /** Up to `count` characters of what has been decoded. */
  #take(count: number): string {
    return this.#takeUntil(this.#decoded.length, count);
  }

  #takeUntil(end: number, count: number): string {
    const start = this.#used;
    this.#used = Math.min(
      end,
      count === Number.POSITIVE_INFINITY ? end : advance(this.#decoded, start, count, this.#wide),
    );
    return this.#decoded.slice(start, this.#used);
  }

  /** Where in `#decoded` the line ends that began with `line`; -1 if it goes on beyond. */
  #lineEnd(line: string): number {
    const text = this.#decoded;
    const start = this.#used;
    switch (this.#newline) {
      case '': {
        const end = /\r\n?|\n/g;
        end.lastIndex = start;
        return end.test(text) ? end.lastIndex : -1;
      }
      case '\r\n': {
        // The CR may have come at the end of the chunk before. (It counts for a limit there and then; CPython reads on
        // before it counts it.)
        if (text[start] === '\n' && line.endsWith('\r')) return start + 1;
        const at = text.indexOf('\r\n', start);
        return at < 0 ? -1 : at + 2;
      }
      default:
        return text.indexOf(this.#newline ?? '\n', start) + 1 || -1;
    }
  }

  override [inspect.custom](): string {
    const name = (this.buffer as { name?: unknown } | null)?.name;
    return describe('TextIOWrapper', { name, mode: this.mode, encoding: this.encoding });
  }
}
