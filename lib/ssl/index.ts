/**
 * Python's ssl module: TLS over sockets, or between memory BIOs, by OpenSSL.
 *
 * ```js
 * const context = ssl.create_default_context();
 * const sock = socket.create_connection(['example.org', 443]);
 * const tls = context.wrap_socket(sock, { server_hostname: 'example.org' });
 * try {
 *   tls.sendall(Buffer.from('hello'));
 * } finally {
 *   tls.close();
 * }
 * ```
 *
 * @see https://docs.python.org/3/library/ssl.html
 */

import { constants } from '../constants/table.js';

export type { CertificateInfo, CipherInfo, CipherSummary, DistinguishedName, ObjectId } from '../addon/tls.js';
export { OSError as socket_error } from '../core/exceptions.js';
export type { CertChainOptions, Password, PathLike, VerifyLocations } from './arguments.js';
export {
  _ASN1Object,
  _test_decode_cert,
  Certificate,
  cert_time_to_seconds,
  DER_cert_to_PEM_cert,
  DefaultVerifyPaths,
  get_default_verify_paths,
  nid2obj,
  PEM_cert_to_DER_cert,
  PEM_FOOTER,
  PEM_HEADER,
  Purpose,
  txt2obj,
} from './certificates.js';
export type { MessageCallback } from './connection.js';
export * from './constants.js';
export { SSLContext, type WrapBioOptions, type WrapSocketOptions } from './context.js';
export {
  _create_unverified_context,
  _create_unverified_context as _create_stdlib_context,
  create_default_context,
  create_default_context as _create_default_https_context,
} from './defaults.js';
export {
  SSLCertVerificationError,
  SSLCertVerificationError as CertificateError,
  SSLEOFError,
  SSLError,
  SSLSyscallError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from './errors.js';
export {
  get_protocol_name,
  get_server_certificate,
  get_sigalgs,
  OPENSSL_VERSION,
  OPENSSL_VERSION_INFO,
  OPENSSL_VERSION_NUMBER,
  RAND_add,
  RAND_bytes,
  RAND_status,
  type ServerCertificateOptions,
} from './functions.js';
export { MemoryBIO } from './memory.js';
export { SSLObject } from './object.js';
export { SSLSession } from './session.js';
export type { PskClientCallback, PskServerCallback, ServerNameCallback } from './settings.js';
export { CHANNEL_BINDING_TYPES, SSLSocket } from './socket.js';
export { enum_certificates, enum_crls, type StoredCertificate, type StoredRevocations } from './stores.js';

export const { SOCK_STREAM, SOL_SOCKET, SO_TYPE } = constants.socket;
