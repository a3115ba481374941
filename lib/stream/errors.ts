/** Errors of streams: the system's are this library's OSErrors, which have Node's `code`; these are Node's own. */

import type { OSError } from '../core/exceptions.js';
import { SSLCertVerificationError, SSLEOFError, SSLError } from '../ssl/errors.js';

const TEXTS = {
  ERR_SOCKET_CLOSED: 'Socket is closed',
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: 'Socket closed before the connection was established',
  ERR_SERVER_ALREADY_LISTEN: 'Listen method has been called more than once without closing.',
  ERR_SERVER_NOT_RUNNING: 'Server is not running.',
  ERR_STREAM_DESTROYED: 'Cannot call write after a stream was destroyed',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'TLS handshake timeout',
  EPIPE: 'This socket has been ended by the other party',
} as const;

/** An error that Node has a code and a text for. */
export function nodeError(code: keyof typeof TEXTS): NodeJS.ErrnoException {
  return Object.assign(new Error(TEXTS[code]), { code });
}

/** A wrong argument, with Node's code. */
export function argumentError(
  code:
    | 'ERR_INVALID_ARG_TYPE'
    | 'ERR_INVALID_ARG_VALUE'
    | 'ERR_INVALID_HANDLE_TYPE'
    | 'ERR_INVALID_IP_ADDRESS'
    | 'ERR_MISSING_ARGS',
  text: string,
): TypeError {
  return Object.assign(new TypeError(text), { code });
}

/** A number out of its range, with Node's code. */
export function rangeError(code: 'ERR_SOCKET_BAD_PORT' | 'ERR_OUT_OF_RANGE', text: string): RangeError {
  return Object.assign(new RangeError(text), { code });
}

/** Where a call was going that failed, as Node tells it. */
export interface Place {
  address: string;
  port?: number;
}

/** The error of a call about an address, which Node names in the text and in properties. */
export function placed<T extends OSError>(error: T, { address, port }: Place): T & Place {
  // An address that never reaches the kernel, which would say so of it.
  error.code ??= 'EINVAL';
  error.message += ` ${port === undefined ? address : `${address}:${port}`}`;
  return Object.assign(error, port === undefined ? { address } : { address, port });
}

/** Node's names of what may be wrong with a certificate, by OpenSSL's number (X509_V_ERR_*). */
const CERTIFICATE_CODES: readonly string[] = [
  'OK',
  'UNSPECIFIED',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CRL_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CRL_LAST_UPDATE_FIELD',
  'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
  'OUT_OF_MEM',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'PATH_LENGTH_EXCEEDED',
  'INVALID_PURPOSE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
];
const HOSTNAME_MISMATCH = 62;
const IP_ADDRESS_MISMATCH = 64;

/** An error of the TLS layer with the code that Node has for it. Other errors stay as they are. */
export function tlsError(error: unknown): Error {
  if (error instanceof SSLError && error.code === undefined) error.code = tlsCode(error);
  return error as Error;
}

function tlsCode(error: SSLError): string {
  if (error instanceof SSLCertVerificationError) {
    const { verify_code: code } = error;
    if (code === HOSTNAME_MISMATCH || code === IP_ADDRESS_MISMATCH) return 'ERR_TLS_CERT_ALTNAME_INVALID';
    return CERTIFICATE_CODES[code] ?? 'UNSPECIFIED';
  }
  // The connection below ended in the midst of it.
  if (error instanceof SSLEOFError) return 'ECONNRESET';
  return error.reason === null ? 'ERR_SSL_FAILURE' : `ERR_SSL_${error.reason}`;
}
