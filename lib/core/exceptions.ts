/**
 * The exception trees, and THE one table from error code to class.
 *
 * Python's tree: OSError and its subclasses carry `errno` (positive), `strerror`, `filename`, and besides Node's `code`
 * ('ECONNREFUSED') and `syscall`. ValueError and OverflowError are RangeErrors; TypeError is JavaScript's own.
 *
 * @see https://docs.python.org/3/library/exceptions.html
 */
import { native } from '../addon/binary.js';
import { repr } from './repr.js';

/** Marks what counts as a ValueError without descending from it, for Python has classes with two bases. */
const ALSO_VALUE_ERROR = Symbol('also a ValueError');

function named<T extends abstract new (...args: never[]) => Error>(target: T, name = target.name): T {
  Object.defineProperty(target.prototype, 'name', { value: name, configurable: true, writable: true });
  return target;
}

/** An argument of the right type with a value that will not do. */
export class ValueError extends RangeError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    return this === ValueError && typeof value === 'object' && value !== null && ALSO_VALUE_ERROR in value;
  }
}
/** A number that does not fit into the C type it is meant for. */
export class OverflowError extends RangeError {}
/** What was called cannot be done in the state that the object is in. */
export class RuntimeError extends Error {}
/** This system, or the OpenSSL that is linked, lacks what the call needs. */
export class NotImplementedError extends RuntimeError {}
/** An attribute that does not exist, or cannot be set. */
export class AttributeError extends Error {}
/** The end has come where more was to be read. */
export class EOFError extends Error {}
/** What was looked up is not there; the class above KeyError. */
export class LookupError extends Error {}
/** `key`: what was looked up. As in Python, the message is its representation. */
export class KeyError extends LookupError {
  /** What was looked up. */
  readonly key: unknown;
  constructor(key: unknown, message = typeof key === 'string' ? `'${key}'` : String(key)) {
    super(message);
    this.key = key;
  }
}
/** Text or bytes that cannot be encoded or decoded. */
export class UnicodeError extends ValueError {}
/** Text that a codec cannot turn into bytes. */
export class UnicodeEncodeError extends UnicodeError {
  /** The codec's name. */
  declare encoding: string;
  /** What was to be encoded. */
  declare object: string;
  /** Where it failed: from `start` up to and without `end`, counted in characters, as Python counts them. */
  declare start: number;
  /** Where the part that cannot be encoded ends, exclusively. */
  declare end: number;
  /** Why that part cannot be encoded, in words. */
  declare reason: string;
}
/** Bytes that a codec cannot turn into text. */
export class UnicodeDecodeError extends UnicodeError {
  /** The codec's name. */
  declare encoding: string;
  /** What was to be decoded. */
  declare object: Buffer;
  /** Where it failed: from `start` up to and without `end`, in bytes. */
  declare start: number;
  /** Where the part that cannot be decoded ends, exclusively. */
  declare end: number;
  /** Why that part cannot be decoded, in words. */
  declare reason: string;
}
/** Several exceptions at once, in `exceptions` (and, as JavaScript's AggregateError has it, in `errors`). */
export class ExceptionGroup extends AggregateError {
  constructor(message: string, exceptions: Error[]) {
    super(exceptions, `${message} (${exceptions.length} sub-exception${exceptions.length === 1 ? '' : 's'})`);
  }
  /** The exceptions, in the order in which they were given. */
  get exceptions(): Error[] {
    return this.errors;
  }
}

/**
 * On Windows, the six errors that are both C's and Winsock's: `errno` has C's number, `winerror` Winsock's, which is so much
 * higher. All others are Winsock's alone, and `errno` has that number too.
 */
const WINSOCK_BASE = native.constants.errno.WSABASEERR;
const ALSO_OF_C = ['EINTR', 'EBADF', 'EACCES', 'EFAULT', 'EINVAL', 'EMFILE'].map(
  (name) => native.constants.errno[name],
);

/** The system's own number of an error: on Windows Winsock's, if it has the error; undefined elsewhere. */
function winerrorOf(errno: number): number | undefined {
  if (WINSOCK_BASE === undefined) return undefined;
  if (errno > WINSOCK_BASE) return errno;
  return ALSO_OF_C.includes(errno) ? errno + WINSOCK_BASE : undefined;
}

/** The number with which the system itself tells of an error, as `connect_ex` returns it. */
export function systemNumber(errno: number): number {
  return winerrorOf(errno) ?? errno;
}

/** The code for a number that the system itself has told, as SO_ERROR does. */
export function codeFromSystem(number: number): number {
  const isShared = WINSOCK_BASE !== undefined && ALSO_OF_C.includes(number - WINSOCK_BASE);
  return isShared ? WINSOCK_BASE - number : 0 - number; // never -0
}

/**
 * A system call failed. `new OSError(errno, strerror, filename)` makes the subclass that the number stands for, as in
 * Python; `new OSError(message)` has no number.
 */
export class OSError extends Error {
  /** The system's error number, positive; null where the error is not the system's. */
  errno: number | null;
  /** The system's text for it. */
  strerror: string | null;
  /** The path that the call was about. */
  filename: string | Uint8Array | null;
  /** Node's name of the error: 'ECONNREFUSED'. */
  code: string | undefined;
  /** The system call that failed. */
  syscall: string | undefined;
  /** On Windows, the system's own number, if it has told one: that of Winsock. */
  declare winerror?: number | null;

  constructor(errnoOrMessage?: number | string, strerror?: string, filename?: string | Uint8Array | null) {
    const numbered = typeof errnoOrMessage === 'number' && strerror !== undefined;
    super(numbered ? numberedText(errnoOrMessage, strerror, filename) : textOrNothing(errnoOrMessage));
    this.errno = numbered ? errnoOrMessage : null;
    this.strerror = numbered ? strerror : null;
    this.filename = filename ?? null;
    this.code = numbered && new.target !== gaierror && new.target !== herror ? codeOf[errnoOrMessage] : undefined;
    this.syscall = undefined;
    if (WINSOCK_BASE !== undefined) this.winerror = null;
    if (numbered && new.target === OSError) {
      const subclass = classOf[errnoOrMessage];
      if (subclass !== undefined) Object.setPrototypeOf(this, subclass.prototype);
    }
  }
}

function textOrNothing(message: unknown): string {
  return message === undefined ? '' : String(message);
}

function numberedText(errno: number, strerror: string, filename: string | Uint8Array | null | undefined): string {
  const text = `[Errno ${errno}] ${strerror}`;
  return filename === undefined || filename === null ? text : `${text}: ${repr(filename)}`;
}

/** A nonblocking call would have had to wait: EAGAIN, EWOULDBLOCK, EALREADY, EINPROGRESS. */
export class BlockingIOError extends OSError {
  /** How many bytes were written before the stream would have blocked: set by buffered writers alone. */
  declare characters_written?: number;
}
/** A child process is not there: ECHILD. */
export class ChildProcessError extends OSError {}
/** The class above all that can befall a connection. */
export class ConnectionError extends OSError {}
/** Written to what nobody can read any more: EPIPE, ESHUTDOWN. */
export class BrokenPipeError extends ConnectionError {}
/** A connection that ended before it was accepted or used: ECONNABORTED. */
export class ConnectionAbortedError extends ConnectionError {}
/** Nobody listens at the address: ECONNREFUSED. */
export class ConnectionRefusedError extends ConnectionError {}
/** The peer has reset the connection: ECONNRESET. */
export class ConnectionResetError extends ConnectionError {}
/** What was to be made is there already: EEXIST. */
export class FileExistsError extends OSError {}
/** No such file or directory, or no listener's path: ENOENT. */
export class FileNotFoundError extends OSError {}
/** A signal with a listener has come, which cannot run while the thread waits: EINTR. */
export class InterruptedError extends OSError {}
/** A directory where a file is needed: EISDIR. */
export class IsADirectoryError extends OSError {}
/** A file where a directory is needed: ENOTDIR. */
export class NotADirectoryError extends OSError {}
/** The system does not permit it: EACCES, EPERM. */
export class PermissionError extends OSError {}
/** No such process: ESRCH. */
export class ProcessLookupError extends OSError {}
/** The socket's timeout, or the kernel's own, has passed: `timed out` without a number, or ETIMEDOUT. */
export class TimeoutError extends OSError {}
/** Name resolution failed: `errno` is one of the EAI_* codes. */
export class gaierror extends OSError {}
/** Host look-up failed: `errno` is the resolver's h_errno. */
export class herror extends OSError {}
/** A stream cannot do what was asked. Both an OSError and a ValueError. */
export class UnsupportedOperation extends OSError {}
alsoValueError(UnsupportedOperation);

/** Makes `instanceof ValueError` hold for a class that descends from OSError. */
export function alsoValueError(target: { prototype: object }): void {
  Object.defineProperty(target.prototype, ALSO_VALUE_ERROR, { value: true });
}

/** Gives error classes their own name to print. */
export function nameClasses(classes: Iterable<unknown>): void {
  for (const each of classes) {
    if (typeof each === 'function' && each.prototype instanceof Error) named(each as typeof Error);
  }
}
nameClasses([
  ValueError,
  OverflowError,
  RuntimeError,
  NotImplementedError,
  AttributeError,
  EOFError,
  LookupError,
  KeyError,
  UnicodeError,
  UnicodeEncodeError,
  UnicodeDecodeError,
  ExceptionGroup,
  OSError,
  BlockingIOError,
  ChildProcessError,
  ConnectionError,
  BrokenPipeError,
  ConnectionAbortedError,
  ConnectionRefusedError,
  ConnectionResetError,
  FileExistsError,
  FileNotFoundError,
  InterruptedError,
  IsADirectoryError,
  NotADirectoryError,
  PermissionError,
  ProcessLookupError,
  TimeoutError,
  gaierror,
  herror,
  UnsupportedOperation,
]);

/** THE table: which class an error number stands for (PEP 3151). */
const classOf: (typeof OSError | undefined)[] = [];
for (const [name, target] of [
  ['EAGAIN', BlockingIOError],
  ['EALREADY', BlockingIOError],
  ['EWOULDBLOCK', BlockingIOError],
  ['EINPROGRESS', BlockingIOError],
  ['EPIPE', BrokenPipeError],
  ['ESHUTDOWN', BrokenPipeError],
  ['ECHILD', ChildProcessError],
  ['ECONNABORTED', ConnectionAbortedError],
  ['ECONNREFUSED', ConnectionRefusedError],
  ['ECONNRESET', ConnectionResetError],
  ['EEXIST', FileExistsError],
  ['ENOENT', FileNotFoundError],
  ['EISDIR', IsADirectoryError],
  ['ENOTDIR', NotADirectoryError],
  ['EINTR', InterruptedError],
  ['EACCES', PermissionError],
  ['EPERM', PermissionError],
  ['ENOTCAPABLE', PermissionError],
  ['ESRCH', ProcessLookupError],
  ['ETIMEDOUT', TimeoutError],
] as const) {
  const number = native.constants.errno[name];
  if (number !== undefined) classOf[number] = target;
}

/** Node's name of each number: where a platform has synonyms, the one that Node itself uses. */
const codeOf: string[] = [];
for (const [name, number] of Object.entries(native.constants.errno)) {
  const preferred = ['EAGAIN', 'EDEADLK', 'ENOTSUP'].includes(name);
  if (!name.startsWith('WSA') && (codeOf[number] === undefined || preferred)) codeOf[number] = name;
}

if (WINSOCK_BASE !== undefined) {
  // libuv's names of two of Winsock's errors.
  codeOf[native.constants.errno.EWOULDBLOCK] = 'EAGAIN';
  codeOf[native.constants.errno.ESHUTDOWN] = 'EPIPE';
}

// The resolvers' ranges: native/os/os.h.
const { HOST_BASE, RESOLVER_BASE, RESOLVER_SPAN } = native.constants.codes;

/** The system's text for an error number; it is asked once for each. */
function textOf(errno: number): string {
  texts[errno] ??= native.strerror(errno);
  return texts[errno];
}
const texts: string[] = [];

/** The exception of an error of the C library's, as files have them: on Windows they are no errors of Winsock's. */
export function fileError(errno: number, syscall?: string): OSError {
  const error = new (classOf[errno] ?? OSError)(errno, textOf(errno));
  if (syscall !== undefined) error.syscall = syscall;
  return error;
}

function systemError(errno: number, filename: string | Uint8Array | undefined): OSError {
  const winerror = winerrorOf(errno);
  const error = new (classOf[errno] ?? OSError)(errno, textOf(winerror ?? errno), filename);
  if (winerror !== undefined) {
    error.winerror = winerror;
    error.message = error.message.replace(`[Errno ${errno}]`, `[WinError ${winerror}]`);
  }
  return error;
}

/** The exception that a native call's negative result stands for. */
export function fromCode(code: number, syscall?: string, filename?: string | Uint8Array): OSError {
  let error: OSError;
  if (code > RESOLVER_BASE + RESOLVER_SPAN) {
    error = systemError(-code, filename);
  } else if (code > RESOLVER_BASE - RESOLVER_SPAN) {
    error = new gaierror(code - RESOLVER_BASE, native.gaiStrerror(code - RESOLVER_BASE));
  } else {
    error = new herror(HOST_BASE - code, native.hstrerror(HOST_BASE - code));
  }
  if (syscall !== undefined) error.syscall = syscall;
  return error;
}

/**
 * The exception of a call on a nonblocking socket that would have to wait: no failure, but an answer, and one that a
 * server gets all the time. It carries no stack, which would cost more than the call itself.
 */
export function wouldBlock(code: number, syscall: string): OSError {
  return withoutStack(() => fromCode(code, syscall));
}

/**
 * What `make` makes, an error whose `stack` is its name and text alone. With a limit of 0 V8 would still look at the
 * frame on top, which after inlining is several of them; where there is no limit at all it looks at none.
 */
export function withoutStack<T extends Error>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  // Fails, and with reason, where a program has frozen the intrinsic objects.
  if (!Reflect.set(Error, 'stackTraceLimit', undefined)) return make();
  let error: T;
  try {
    error = make();
  } finally {
    Error.stackTraceLimit = limit;
  }
  error.stack = `${error.name}: ${error.message}`;
  return error;
}

/**
 * Throws what a native call's negative result stands for.
 * @throws OSError or the subclass of it that the number stands for; gaierror; herror
 */
export function raise(code: number, syscall?: string, filename?: string | Uint8Array): never {
  throw fromCode(code, syscall, filename);
}

/**
 * The result of a native call that cannot wait: the value, or the exception.
 * @throws OSError or the subclass of it that the number stands for
 */
export function checked(result: number, syscall?: string): number {
  return result < 0 ? raise(result, syscall) : result;
}

/** "timed out", as a call raises it whose deadline has passed. */
export function timedOut(syscall?: string): TimeoutError {
  const error = new TimeoutError('timed out');
  if (syscall !== undefined) error.syscall = syscall;
  return error;
}
