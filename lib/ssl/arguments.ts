/** What SSLContext's calls are given: paths, PEM, passwords, masks, names. */
import { argName, noAttribute, str, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { lookup } from '../core/codecs.js';
import { OverflowError, ValueError } from '../core/exceptions.js';
import { encodePath } from '../core/paths.js';
import { SSLError } from './errors.js';

/** A path, as Python takes it: text, or bytes as the system has them. */
export type PathLike = string | Uint8Array | URL;
/** A key's password, or a function that returns it when it is needed. Text counts as UTF-8. */
export type Password = string | BytesLike | (() => string | BytesLike);
/** A certificate with its chain, and its key: in files, or in memory as PEM text or DER bytes. */
export interface CertChainOptions {
  certfile?: PathLike;
  keyfile?: PathLike | null;
  password?: Password | null;
  certdata?: string | BytesLike | null;
  keydata?: string | BytesLike | null;
}
/** Whom to trust: a file of PEM certificates, a folder with hashed names, certificates as PEM text or DER bytes. */
export interface VerifyLocations {
  cafile?: PathLike | null;
  capath?: PathLike | null;
  cadata?: string | BytesLike | null;
}

/** The most that OpenSSL takes for a password: PEM_BUFSIZE. */
const PASSWORD_MAX = 1024;

export function checkCallback(callback: unknown, complaint: string): void {
  if (callback !== null && callback !== undefined && typeof callback !== 'function') throw new TypeError(complaint);
}

/** A path's bytes. `complaint`: what CPython says of what is none. */
export function path(value: unknown, complaint?: string): Uint8Array {
  let bytes: Uint8Array;
  if (typeof value === 'string') bytes = encodePath(value);
  else if (value instanceof Uint8Array) bytes = value;
  else if (value instanceof URL) bytes = encodePath(decodeURIComponent(value.pathname));
  else throw new TypeError(complaint ?? `expected str, bytes or os.PathLike object, not ${typeName(value)}`);
  if (bytes.includes(0)) throw new ValueError('embedded null byte');
  return bytes;
}

export function pemBytes(value: unknown): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : bytesOf(value);
}

/** A mask of bits: what JavaScript's operators have made negative is meant as 32 bits without a sign. */
export function mask(value: unknown): number {
  if (typeof value === 'boolean' || (typeof value !== 'bigint' && !Number.isInteger(value))) {
    throw new TypeError(`argument must be int, not ${argName(value)}`);
  }
  const number = Number(value);
  if (number < -0x80000000) throw new OverflowError("can't convert negative int to unsigned");
  if (number > Number.MAX_SAFE_INTEGER) throw new OverflowError('int too big to convert');
  return number < 0 ? number + 2 ** 32 : number;
}

/** The only argument of `caller`, a string. */
export function oneStr(value: unknown, caller: string): string {
  if (typeof value !== 'string') throw new TypeError(`${caller}() argument must be str, not ${argName(value)}`);
  return str(value, caller, 1);
}

const ascii = lookup('ascii').encoder('strict');
const asciiDecoder = lookup('ascii').decoder('strict');

/** Whom a connection is meant to reach, and how it goes on. */
interface Naming {
  readonly serverSide: boolean;
  readonly serverHostname: string | Uint8Array | null;
  readonly session: unknown;
}

/** Refuses what only a client has, and a check of names without a name. @throws ValueError */
export function checkNaming({ serverSide, serverHostname, session }: Naming, checkHostname: boolean): void {
  const named = serverHostname !== null && serverHostname.length !== 0;
  if (serverSide && named) throw new ValueError('server_hostname can only be specified in client mode');
  if (serverSide && session !== null) throw new ValueError('session can only be specified in client mode');
  if (checkHostname && !named) throw new ValueError('check_hostname requires server_hostname');
}

/** The text of bytes, as Python's `decode('ascii')`. */
export function asciiText(bytes: unknown): string {
  if (!ArrayBuffer.isView(bytes) && !(bytes instanceof ArrayBuffer)) throw noAttribute(bytes, 'decode');
  return asciiDecoder.decode(Buffer.from(bytesOf(bytes)), true);
}

export function lengthAndName(name: unknown): Buffer {
  if (typeof name !== 'string') throw new TypeError('encoding without a string argument');
  const bytes = ascii(name);
  if (bytes.length === 0 || bytes.length > 255) throw new SSLError('ALPN protocols must be 1 to 255 in length');
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

/** A function that gives the password's bytes when the key turns out to be encrypted; null: none was given. */
export function passwordSource(password: unknown): (() => Uint8Array) | null {
  if (password === null || password === undefined) return null;
  if (typeof password === 'function') {
    return () => passwordBytes((password as () => unknown)(), 'password callback must return a string');
  }
  const bytes = () => passwordBytes(password, 'password should be a string or callable');
  if (typeof password !== 'string') bytes();
  return bytes;
}

function passwordBytes(value: unknown, complaint: string): Uint8Array {
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  if (typeof value !== 'string' && !isBytes) throw new TypeError(complaint);
  const bytes = typeof value === 'string' ? Buffer.from(value) : bytesOf(value);
  if (bytes.length > PASSWORD_MAX) throw new ValueError(`password cannot be longer than ${PASSWORD_MAX} bytes`);
  return bytes;
}
