/** Files over a socket: SocketIO and what `socket.makefile` builds on it. */
import { inspect } from 'node:util';
import { isKeywords, size, typeName, undefinedArgument } from '../core/args.js';
import type { BytesLike } from '../core/bytes.js';
import { BlockingIOError, OSError, TimeoutError, ValueError } from '../core/exceptions.js';
import { objectRepr, repr } from '../core/repr.js';
import {
  BufferedReader,
  BufferedRWPair,
  BufferedWriter,
  DEFAULT_BUFFER_SIZE,
  RawIOBase,
  TextIOWrapper,
} from '../io/io.js';

/** What `makefile` takes besides the mode. @see Python socket.makefile */
export interface MakefileOptions<Buffering extends number | null = number | null> {
  buffering?: Buffering;
  /** Text only; 'utf-8' if not given. */
  encoding?: string | null;
  /** What to do with bytes that are no text: 'strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace'. */
  errors?: string | null;
  /** null: '\n', '\r' and '\r\n' all end a line and are read as '\n'; '': likewise, but untranslated; else that one. */
  newline?: string | null;
}

type TextMode = '' | 'r' | 'w' | 'rw' | 'wr';
type ReadingMode = 'b' | 'rb' | 'br';
type WritingMode = 'wb' | 'bw';
type BothMode = 'rwb' | 'rbw' | 'wrb' | 'wbr' | 'brw' | 'bwr';
/** What `makefile` takes as a mode. */
export type FileMode = TextMode | ReadingMode | WritingMode | BothMode;

type BufferedFile<Mode> = Mode extends BothMode
  ? BufferedRWPair
  : Mode extends WritingMode
    ? BufferedWriter
    : BufferedReader;

/**
 * What `makefile` returns: text unless the mode has a 'b'; without a buffer, where `buffering` is 0, the SocketIO itself.
 * A `buffering` whose value the type does not say may be 0.
 */
export type FileOf<Mode extends FileMode, Buffering extends number | null> = Mode extends TextMode
  ? TextIOWrapper
  : Buffering extends 0
    ? SocketIO
    : number extends Buffering
      ? SocketIO | BufferedFile<Mode>
      : BufferedFile<Mode>;

/** What a file needs of its socket. */
interface Streamed {
  recv_into(buffer: BytesLike): number;
  send(data: BytesLike): number;
  fileno(): number;
  /** @internal */ _fileOpened(): void;
  /** @internal */ _fileClosed(): void;
}

/**
 * A raw file over a socket. Closing it does not close the socket, unless `socket.close()` was called before and this is
 * the last file.
 * @see Python socket.SocketIO
 */
export class SocketIO extends RawIOBase {
  #socket: Streamed | null;
  readonly #mode: string;
  readonly #reading: boolean;
  readonly #writing: boolean;
  /** A read that timed out has lost nothing, but a buffered reader above may have: no further read is allowed. */
  #timedOut = false;

  /** @param mode 'r', 'w' or 'rw', with or without 'b' @throws ValueError for another mode */
  constructor(sock: Streamed, mode: string) {
    if (!['r', 'w', 'rw', 'rb', 'wb', 'rwb'].includes(mode)) throw new ValueError(`invalid mode: ${repr(mode)}`);
    super();
    this.#socket = sock;
    this.#mode = mode.includes('b') ? mode : `${mode}b`;
    this.#reading = mode.includes('r');
    this.#writing = mode.includes('w');
  }

  /**
   * Read up to `b.length` bytes into `b`: how many came, 0 at the end, null if a nonblocking socket has none.
   * @throws TimeoutError; after that, OSError for every further read
   */
  readinto(b: BytesLike): number | null {
    this._checkClosed();
    this._checkReadable();
    if (this.#timedOut) throw new OSError('cannot read from timed out object');
    try {
      return (this.#socket as Streamed).recv_into(b);
    } catch (error) {
      if (error instanceof TimeoutError) this.#timedOut = true;
      return nothingIfBlocking(error);
    }
  }

  /**
   * Write some of the bytes: how many, null if a nonblocking socket takes none.
   * @throws TimeoutError | OSError; ValueError on a closed file; UnsupportedOperation if it is for reading
   */
  write(b: BytesLike): number | null {
    this._checkClosed();
    this._checkWritable();
    try {
      return (this.#socket as Streamed).send(b);
    } catch (error) {
      return nothingIfBlocking(error);
    }
  }

  /** Whether the file was opened for reading. @throws ValueError on a closed file */
  override readable(): boolean {
    this._checkClosed('I/O operation on closed socket.');
    return this.#reading;
  }

  /** Whether the file was opened for writing. @throws ValueError on a closed file */
  override writable(): boolean {
    this._checkClosed('I/O operation on closed socket.');
    return this.#writing;
  }

  /** False: a socket has no positions. @throws ValueError on a closed file */
  override seekable(): boolean {
    this._checkClosed('I/O operation on closed socket.');
    return super.seekable();
  }

  /** The socket's descriptor. @throws ValueError on a closed file */
  override fileno(): number {
    this._checkClosed();
    return (this.#socket as Streamed).fileno();
  }

  /** The descriptor, -1 when closed. @throws ValueError if it is closed meanwhile */
  get name(): number {
    return this.closed ? -1 : this.fileno();
  }

  /** 'rb', 'wb' or 'rwb'. */
  get mode(): string {
    return this.#mode;
  }

  /** Closes the file; the socket goes with it if that was closed before. @throws OSError */
  override close(): void {
    if (this.closed) return;
    super.close();
    const sock = this.#socket as Streamed;
    this.#socket = null;
    sock._fileClosed();
  }

  /** @internal */
  override _closer(): () => void {
    const sock = this.#socket as Streamed;
    return () => sock._fileClosed();
  }

  override [inspect.custom](): string {
    return objectRepr('socket', this);
  }
}

function nothingIfBlocking(error: unknown): null {
  if (error instanceof BlockingIOError) return null;
  throw error;
}

const NAMES = ['mode', 'buffering'] as const;

/** `socket.makefile`: see there. */
export function makefile(
  sock: Streamed,
  args: readonly unknown[],
): TextIOWrapper | BufferedReader | BufferedWriter | BufferedRWPair | SocketIO {
  const { mode, buffering, ...asText } = options(args);
  if ([...mode].some((char) => !'rwb'.includes(char))) throw invalidMode(mode);
  const writing = mode.includes('w');
  const reading = mode.includes('r') || !writing;
  const binary = mode.includes('b');
  if (buffering === 0 && !binary) throw new ValueError('unbuffered streams must be binary');
  const raw = new SocketIO(sock, `${reading ? 'r' : ''}${writing ? 'w' : ''}`);
  sock._fileOpened();
  try {
    const file =
      buffering === 0 ? raw : overRaw(raw, reading, writing, buffering < 0 ? DEFAULT_BUFFER_SIZE : buffering);
    if (binary) return closedIfDropped(file);
    const text = new TextIOWrapper(file, asText);
    text.mode = mode;
    return closedIfDropped(text);
  } catch (error) {
    // What has not become a file must not keep the socket open.
    raw.close();
    throw error;
  }
}

function closedIfDropped<T extends { _closeIfDropped(): void }>(file: T): T {
  file._closeIfDropped();
  return file;
}

function overRaw(raw: SocketIO, reading: boolean, writing: boolean, room: number) {
  if (!writing) return new BufferedReader(raw, room);
  return reading ? new BufferedRWPair(raw, raw, room) : new BufferedWriter(raw, room);
}

function invalidMode(mode: unknown): ValueError {
  return new ValueError(`invalid mode ${repr(mode)} (only r, w, b allowed)`);
}

function bufferSize(value: unknown): number {
  if (value === null) return -1;
  const comparable = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  if (!comparable) throw new TypeError(`'<' not supported between instances of '${typeName(value)}' and 'int'`);
  return Number(value) < 0 ? -1 : size(value);
}

function options(args: readonly unknown[]): MakefileOptions & { mode: string; buffering: number } {
  const last = args[args.length - 1];
  const keywords = isKeywords(last) ? last : {};
  const positional = isKeywords(last) ? args.slice(0, -1) : args;
  if (positional.length > NAMES.length) {
    throw new TypeError(
      `socket.makefile() takes from 1 to 3 positional arguments but ${positional.length + 1} were given`,
    );
  }
  const unsaid = positional.indexOf(undefined);
  if (unsaid >= 0) throw undefinedArgument(NAMES[unsaid]);
  const [first = 'r', second = -1] = positional;
  const { mode = first, buffering = second, ...text } = keywords as Record<string, unknown>;
  if (mode instanceof Uint8Array) throw invalidMode(mode);
  if (typeof mode !== 'string') throw new TypeError(`'${typeName(mode)}' object is not iterable`);
  for (const name in text) {
    if (!['encoding', 'errors', 'newline'].includes(name)) {
      throw new TypeError(`socket.makefile() got an unexpected keyword argument '${name}'`);
    }
  }
  return { ...(text as MakefileOptions), mode, buffering: bufferSize(buffering) };
}
