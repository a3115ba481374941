/** The ssl module's functions: versions, random bytes, a server's certificate. */
import { tls } from '../addon/binary.js';
import { integer, parameters, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { NotImplementedError, OverflowError, ValueError } from '../core/exceptions.js';
import { create_connection } from '../socket/index.js';
import type { PathLike } from './arguments.js';
import { DER_cert_to_PEM_cert } from './certificates.js';
import { _SSLMethod, CERT_NONE, CERT_REQUIRED, PROTOCOL_TLS_CLIENT } from './constants.js';
import { _create_unverified_context } from './defaults.js';
import { succeeded } from './errors.js';

// ---- versions ------------------------------------------------------------------------------------------------------

/** The version of the linked OpenSSL: "OpenSSL 3.0.19 27 Jan 2026". */
export const OPENSSL_VERSION: string = tls.library.version;
export const OPENSSL_VERSION_NUMBER: number = tls.library.number;
/** Major, minor, fix, patch, status. */
export const OPENSSL_VERSION_INFO: readonly number[] = Object.freeze(versionInfo(OPENSSL_VERSION_NUMBER));

function versionInfo(number: number): number[] {
  const byte = (shift: number) => (number >>> shift) & 0xff;
  return [number >>> 28, byte(20), byte(12), byte(4), number & 0xf];
}

/** The name of a PROTOCOL_* number, "<unknown>" for any other. */
export function get_protocol_name(protocol_code: number): string {
  return (typeof protocol_code === 'number' ? _SSLMethod[protocol_code] : undefined) ?? '<unknown>';
}

/**
 * The signature algorithms that there are. The linked OpenSSL cannot tell before 3.4.
 * @throws NotImplementedError
 * @see Python 3.15 ssl.get_sigalgs
 */
export function get_sigalgs(): string[] {
  throw new NotImplementedError('Getting signature algorithms requires OpenSSL 3.4 or later.');
}

// ---- random bytes --------------------------------------------------------------------------------------------------

/** `n` bytes that nobody can foretell. @throws ValueError | SSLError @see Python ssl.RAND_bytes */
export function RAND_bytes(n: number): Buffer {
  const count = integer(n);
  if (count > 0x7fffffff || count < -0x80000000) throw new OverflowError('Python int too large to convert to C int');
  if (count < 0) throw new ValueError('num must be positive');
  const bytes = Buffer.allocUnsafe(Number(count));
  succeeded(tls.randomBytes(bytes));
  return bytes;
}

/** Whether there is enough entropy. */
export function RAND_status(): boolean {
  return tls.randomReady();
}

/** Mixes bytes in, which are worth `entropy` bytes. Text counts as UTF-8. @throws TypeError */
export function RAND_add(string: string | BytesLike, entropy: number): void {
  const bytes = typeof string === 'string' ? Buffer.from(string) : bytesOf(string);
  if (typeof entropy !== 'number') throw new TypeError(`must be real number, not ${typeName(entropy)}`);
  tls.randomAdd(bytes, entropy);
}

// ---- a server's certificate ----------------------------------------------------------------------------------------

/** What `get_server_certificate` takes besides the address. @see Python ssl.get_server_certificate */
export interface ServerCertificateOptions {
  ssl_version?: number;
  /** Verify the certificate against these. */
  ca_certs?: PathLike | null;
  /** Seconds. */
  timeout?: number | null;
}

/**
 * The certificate of the server at `[host, port]`, as PEM. It is verified only if `ca_certs` is given.
 * @throws SSLError | OSError | TimeoutError | gaierror | TypeError
 * @see Python ssl.get_server_certificate
 */
export function get_server_certificate(
  addr: readonly [host: string, port: number],
  options?: ServerCertificateOptions,
): string;
export function get_server_certificate(...args: unknown[]): string {
  const names = ['addr', 'ssl_version', 'ca_certs', 'timeout'];
  const [addr, version = PROTOCOL_TLS_CLIENT, authorities = null, timeout] = parameters(
    'get_server_certificate',
    names,
    args,
  );
  const [host, port] = unpacked(addr) as [string, number];
  const context = _create_unverified_context({
    protocol: version,
    cert_reqs: authorities === null ? CERT_NONE : CERT_REQUIRED,
    cafile: authorities,
  });
  using sock = create_connection([host, port], { timeout: timeout as number | null | undefined });
  using secured = context.wrap_socket(sock, { server_hostname: host });
  return DER_cert_to_PEM_cert(secured.getpeercert(true) as Buffer);
}

/** Both items of a pair. */
function unpacked(pair: unknown): unknown[] {
  if (!Array.isArray(pair)) throw new TypeError(`cannot unpack non-iterable ${typeName(pair)} object`);
  if (pair.length < 2) throw new ValueError(`not enough values to unpack (expected 2, got ${pair.length})`);
  if (pair.length > 2) throw new ValueError('too many values to unpack (expected 2)');
  return pair;
}
