/**
 * The SSLError tree, and how a failed native call becomes one of it.
 *
 * As in CPython, `errno` of an SSLError is one of the SSL_ERROR_* numbers where a connection failed, and OpenSSL's
 * reason code elsewhere; `library` and `reason` are OpenSSL's names, null where it has none. CPython ends each text with
 * the place in its own C source, "(_ssl.c:1006)"; we do not.
 */
import { native } from '../addon/binary.js';
import { type Outcome, RAGGED_EOF, type TlsError, WANT_READ } from '../addon/tls.js';
import { alsoValueError, fromCode, nameClasses, OSError, withoutStack } from '../core/exceptions.js';

/** An error of the TLS layer. @see Python ssl.SSLError */
export class SSLError extends OSError {
  /** OpenSSL's component: 'SSL', 'PEM', 'X509'. */
  library: string | null = null;
  /** OpenSSL's name of the reason: 'CERTIFICATE_VERIFY_FAILED'. */
  reason: string | null = null;

  constructor(errnoOrMessage?: number | string, strerror?: string) {
    // The text alone: these numbers are not the system's.
    super(strerror ?? errnoOrMessage);
    if (typeof errnoOrMessage !== 'number' || strerror === undefined) return;
    this.errno = errnoOrMessage;
    this.strerror = strerror;
  }
}
/** The peer has closed the connection in order, and there is nothing more to read or write. */
export class SSLZeroReturnError extends SSLError {}
/** A nonblocking call needs more data from the peer: wait until the socket is readable, and call again. */
export class SSLWantReadError extends SSLError {}
/** A nonblocking call could not send: wait until the socket is writable, and call again. */
export class SSLWantWriteError extends SSLError {}
/** A system call failed without a reason. */
export class SSLSyscallError extends SSLError {}
/** The connection ended without a goodbye. */
export class SSLEOFError extends SSLError {}
/** The peer's certificate was refused. A ValueError too. */
export class SSLCertVerificationError extends SSLError {
  /** X509_V_ERR_*, and what it means. */
  verify_code = 0;
  /** Why the certificate was refused, in OpenSSL's words. */
  verify_message = '';
}
alsoValueError(SSLCertVerificationError);
nameClasses([
  SSLError,
  SSLZeroReturnError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLSyscallError,
  SSLEOFError,
  SSLCertVerificationError,
]);

const {
  SSL_ERROR_EOF,
  SSL_ERROR_INVALID_ERROR_CODE,
  SSL_ERROR_SSL,
  SSL_ERROR_SYSCALL,
  SSL_ERROR_WANT_CONNECT,
  SSL_ERROR_WANT_READ,
  SSL_ERROR_WANT_WRITE,
  SSL_ERROR_WANT_X509_LOOKUP,
  SSL_ERROR_ZERO_RETURN,
} = native.constants.ssl;
const X509_V_ERR_HOSTNAME_MISMATCH = 62;
const X509_V_ERR_IP_ADDRESS_MISMATCH = 64;

const EOF_TEXT = 'EOF occurred in violation of protocol';

type Named = Pick<TlsError, 'library' | 'reason'>;

/** "[LIBRARY: REASON] text", as far as OpenSSL names them. */
function described(failure: Named, text: string): string {
  if (failure.library === null) return text;
  return `[${failure.library}${failure.reason === null ? '' : `: ${failure.reason}`}] ${text}`;
}

function make<T extends SSLError>(
  Class: new (errno: number, text: string) => T,
  errno: number,
  failure: Named,
  text: string,
): T {
  const error = new Class(errno, described(failure, text));
  error.library = failure.library;
  error.reason = failure.reason;
  return error;
}

/** What a failed call that involved no connection raises. */
export function fromContext(failure: TlsError): OSError {
  if (failure.errno !== 0) return fromCode(-failure.errno);
  const text = failure.text === '' ? 'unknown error' : failure.text;
  return make(SSLError, failure.reasonCode, failure, text);
}

/**
 * What a call on a connection raises that cannot go on now. No failure, but an answer, and one that a nonblocking program
 * gets all the time: as `wouldBlock` in exceptions.ts it carries no stack, which would cost more than the call itself.
 */
export function wanting(want: number): SSLError {
  return withoutStack(() => wantError(want));
}

function wantError(want: number): SSLError {
  return want === WANT_READ
    ? new SSLWantReadError(SSL_ERROR_WANT_READ, 'The operation did not complete (read)')
    : new SSLWantWriteError(SSL_ERROR_WANT_WRITE, 'The operation did not complete (write)');
}

/** What ends a stream for want of a goodbye, as OpenSSL 3 puts it. */
const RAGGED = { library: 'SSL', reason: 'UNEXPECTED_EOF_WHILE_READING' } as const;

/** Whether a call failed because the stream ended without a goodbye: what `suppress_ragged_eofs` takes for an end. */
export function isRaggedEof(result: Outcome): boolean {
  if (typeof result === 'number') return result === RAGGED_EOF;
  return result.sslError === SSL_ERROR_SYSCALL && result.errno === 0 && !result.fromQueue;
}

/** What a failed call on a connection raises. `host`: whom it was meant to reach. */
export function fromConnection(failure: Outcome, host: string | null): OSError {
  if (typeof failure === 'number') return make(SSLEOFError, SSL_ERROR_EOF, RAGGED, EOF_TEXT);
  switch (failure.sslError) {
    case SSL_ERROR_ZERO_RETURN:
      return make(SSLZeroReturnError, SSL_ERROR_ZERO_RETURN, failure, 'TLS/SSL connection has been closed (EOF)');
    case SSL_ERROR_WANT_X509_LOOKUP:
      return make(SSLError, SSL_ERROR_WANT_X509_LOOKUP, failure, 'The operation did not complete (X509 lookup)');
    case SSL_ERROR_WANT_CONNECT:
      return make(SSLError, SSL_ERROR_WANT_CONNECT, failure, 'The operation did not complete (connect)');
    case SSL_ERROR_SYSCALL:
      return fromSystem(failure);
    case SSL_ERROR_SSL:
      return fromProtocol(failure, host);
    default:
      return make(SSLError, SSL_ERROR_INVALID_ERROR_CODE, failure, 'Invalid error code');
  }
}

function fromSystem(failure: TlsError): OSError {
  if (failure.errno !== 0) return fromCode(-failure.errno);
  if (failure.fromQueue) return make(SSLError, SSL_ERROR_SYSCALL, failure, failure.text);
  return make(SSLEOFError, SSL_ERROR_EOF, failure, EOF_TEXT);
}

function fromProtocol(failure: TlsError, host: string | null): OSError {
  if (failure.errno !== 0) return fromCode(-failure.errno);
  if (failure.verifyFailed) return fromVerification(failure, host);
  const text = failure.fromQueue ? failure.text : 'A failure in the SSL library occurred';
  return make(SSLError, SSL_ERROR_SSL, failure, text);
}

function fromVerification(failure: TlsError, host: string | null): SSLCertVerificationError {
  let message = failure.verifyText;
  if (failure.verifyCode === X509_V_ERR_HOSTNAME_MISMATCH) {
    message = `Hostname mismatch, certificate is not valid for '${host}'.`;
  } else if (failure.verifyCode === X509_V_ERR_IP_ADDRESS_MISMATCH) {
    message = `IP address mismatch, certificate is not valid for '${host}'.`;
  }
  const text = `${failure.text}: ${message}`;
  const error = make(SSLCertVerificationError, SSL_ERROR_SSL, failure, text);
  error.verify_code = failure.verifyCode;
  error.verify_message = message;
  return error;
}

/** Whether a native result is a failure. Values are numbers, texts, arrays and bytes; only a failure has `sslError`. */
export function isFailure(result: unknown): result is TlsError {
  return typeof result === 'object' && result !== null && 'sslError' in result;
}

/** The result of a native call that involved no connection: the value, or the exception. */
export function succeeded<T>(result: T | TlsError): T {
  if (!isFailure(result)) return result;
  const error = fromContext(result);
  Error.captureStackTrace(error, succeeded);
  throw error;
}

/** A deprecation, as Python's DeprecationWarning. */
export function deprecated(text: string): void {
  process.emitWarning(text, 'DeprecationWarning');
}
