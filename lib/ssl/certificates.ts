/** Certificates and names as such: no connection needed. */
import { statSync } from 'node:fs';
import { inspect } from 'node:util';
import { tls } from '../addon/binary.js';
import type { CertificateInfo, ObjectId } from '../addon/tls.js';
import { absent, noAttribute, parameters, plainInt, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { lookup } from '../core/codecs.js';
import { ValueError } from '../core/exceptions.js';
import { encodePath, foundText } from '../core/paths.js';
import { repr, str } from '../core/repr.js';
import { ENCODING_DER, ENCODING_PEM } from './constants.js';
import { SSLError, succeeded } from './errors.js';

// ---- PEM and DER ---------------------------------------------------------------------------------------------------

export const PEM_HEADER = '-----BEGIN CERTIFICATE-----';
export const PEM_FOOTER = '-----END CERTIFICATE-----';
const PEM_LINE = /.{1,64}/g;
/** What Python takes for a space besides JavaScript's, which have U+FEFF on top. */
const FURTHER_SPACES = '\x1c\x1d\x1e\x1f\x85';
const BASE64_DIGIT = /[A-Za-z0-9+/]/;
const ascii = lookup('ascii').encoder('strict');

/** A certificate's DER bytes as PEM text. @throws TypeError @see Python ssl.DER_cert_to_PEM_cert; RFC 7468 */
export function DER_cert_to_PEM_cert(der_cert_bytes: BytesLike): string {
  const text = Buffer.from(bytesOf(der_cert_bytes)).toString('base64');
  return [PEM_HEADER, ...(text.match(PEM_LINE) ?? []), `${PEM_FOOTER}\n`].join('\n');
}

/** A certificate's PEM text as DER bytes. @throws ValueError; UnicodeEncodeError @see Python ssl.PEM_cert_to_DER_cert */
export function PEM_cert_to_DER_cert(pem_cert_string: string): Buffer {
  if (typeof pem_cert_string !== 'string') throw noAttribute(pem_cert_string, 'startswith');
  if (!pem_cert_string.startsWith(PEM_HEADER)) {
    throw new ValueError(`Invalid PEM encoding; must start with ${PEM_HEADER}`);
  }
  const text = withoutSpaceAtEnd(pem_cert_string);
  if (!text.endsWith(PEM_FOOTER)) throw new ValueError(`Invalid PEM encoding; must end with ${PEM_FOOTER}`);
  return fromBase64(ascii(text.slice(PEM_HEADER.length, -PEM_FOOTER.length)).toString('latin1'));
}

/** As Python's str.rstrip. */
function withoutSpaceAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1])) end--;
  return text.slice(0, end);
}

function isSpace(character: string): boolean {
  return /\s/.test(character) ? character !== '\ufeff' : FURTHER_SPACES.includes(character);
}

/** As Python's binascii.a2b_base64 (3.14): what is no digit is skipped, but for the padding of the last group. */
function fromBase64(text: string): Buffer {
  const digits: string[] = [];
  let pads = 0;
  for (const character of text) {
    if (BASE64_DIGIT.test(character)) {
      digits.push(character);
      pads = 0;
    } else if (character === '=') {
      pads++;
    }
  }
  const inGroup = digits.length % 4;
  if (inGroup === 1) {
    const count = `number of data characters (${digits.length}) cannot be 1 more than a multiple of 4`;
    throw new ValueError(`Invalid base64-encoded string: ${count}`);
  }
  if (inGroup > 1 && inGroup + pads < 4) throw new ValueError('Incorrect padding');
  return Buffer.from(digits.join(''), 'base64');
}

/** What a certificate says, from its DER bytes. @throws SSLError; UnicodeDecodeError for text that is not UTF-8 */
export function decoded(der: Uint8Array): CertificateInfo {
  return asPython(succeeded(tls.decodeCertificate(der))) as CertificateInfo;
}

function asPython(value: unknown): unknown {
  if (typeof value === 'string') return foundText(value);
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(asPython);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asPython(each)]));
}

/** A certificate of a chain. @see Python's _ssl.Certificate */
export class Certificate {
  readonly #der: Buffer;
  /** @throws TypeError */
  constructor(der: BytesLike) {
    this.#der = Buffer.from(bytesOf(der));
  }
  /** What it says, as `getpeercert()` has it. @throws SSLError for what is no certificate; UnicodeDecodeError */
  get_info(): CertificateInfo {
    return decoded(this.#der);
  }
  /**
   * Itself: text for ENCODING_PEM, bytes for ENCODING_DER.
   * @throws ValueError for another format; SSLError for what is no certificate
   */
  public_bytes(format?: typeof ENCODING_PEM): string;
  public_bytes(format: typeof ENCODING_DER): Buffer;
  public_bytes(format = absent(arguments.length, 1, 'format', ENCODING_PEM)): string | Buffer {
    if (format === ENCODING_PEM) return succeeded(tls.certificateText(this.#der))[0];
    if (format === ENCODING_DER) return Buffer.from(this.#der);
    throw new ValueError('Unsupported format');
  }
  /** Whether both are the same certificate, byte by byte. Python's `==`. */
  equals(other: unknown): boolean {
    return other instanceof Certificate && this.#der.equals(other.#der);
  }
  /** What Python's repr() says: the certificate's subject. @throws SSLError for what is no certificate */
  toString(): string {
    return `<_ssl.Certificate '${succeeded(tls.certificateText(this.#der))[1]}'>`;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * What the first certificate in a PEM file says, as `getpeercert()` has it.
 * @throws SSLError | UnicodeDecodeError | TypeError
 * @see Python's _ssl._test_decode_cert
 */
export function _test_decode_cert(path: string): CertificateInfo {
  const der = tls.certificateFromPemFile(encodePath(path));
  if (der instanceof Uint8Array) return decoded(der);
  throw new SSLError(der.errno === 0 ? 'Error decoding PEM-encoded file' : "Can't open file");
}

// ---- times ---------------------------------------------------------------------------------------------------------

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
// As strptime reads ' %d %H:%M:%S %Y GMT': a space is any space, a number may have one digit less, a second may leap.
const TIME =
  /^\s+(3[01]|[12]\d|0[1-9]|[1-9]| [1-9])\s+(2[0-3]|[01]\d|\d):([0-5]\d|\d):(6[01]|[0-5]\d|\d)\s+(\d{4})\s+GMT$/i;

/**
 * The seconds since 1970 of a certificate's `notBefore` or `notAfter`, such as "Jan  5 09:34:43 2018 GMT".
 * @throws ValueError
 * @see Python ssl.cert_time_to_seconds
 */
export function cert_time_to_seconds(cert_time: string): number;
export function cert_time_to_seconds(options: { cert_time: string }): number;
export function cert_time_to_seconds(...args: unknown[]): number {
  const [cert_time] = parameters('cert_time_to_seconds', ['cert_time'], args);
  if (typeof cert_time !== 'string') throw new TypeError(`'${typeName(cert_time)}' object is not subscriptable`);
  const month = MONTHS.indexOf(cert_time.slice(0, 3).toLowerCase());
  if (month < 0) {
    throw new ValueError(`time data ${repr(cert_time)} does not match format "%b %d %H:%M:%S %Y GMT"`);
  }
  const rest = cert_time.slice(3);
  const found = TIME.exec(rest);
  if (found === null) throw new ValueError(`time data ${repr(rest)} does not match format ' %d %H:%M:%S %Y GMT'`);
  const [day, hour, minute, second, year] = found.slice(1).map(Number);
  // strptime counts the day in the year first, for which it must exist in January at least: any 1 to 31 does.
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month, 1);
  return midnight.getTime() / 1000 + (((day - 1) * 24 + hour) * 60 + minute) * 60 + second;
}

// ---- object identifiers --------------------------------------------------------------------------------------------

/** An ASN.1 object identifier, found by its dotted number. As a named tuple it can be taken apart. */
export class _ASN1Object {
  /** OpenSSL's number of the object. */
  readonly nid: number;
  /** OpenSSL's short name; null if it has none. */
  readonly shortname: string | null;
  /** OpenSSL's long name; null if it has none. */
  readonly longname: string | null;
  /** The object identifier, as dotted numbers; null if it has none. */
  readonly oid: string | null;

  /** @throws ValueError for what OpenSSL does not know; TypeError */
  constructor(oid: string) {
    [this.nid, this.shortname, this.longname, this.oid] = known(oid, false);
  }
  /**
   * By OpenSSL's own number, which some objects have that have no dotted one.
   * @throws ValueError for what OpenSSL does not know; TypeError
   */
  static fromnid(nid: number): _ASN1Object {
    return _ASN1Object.#of(nid2obj(nid));
  }
  /** By short name, long name or dotted number. @throws ValueError for what OpenSSL does not know; TypeError */
  static fromname(name: string): _ASN1Object {
    return _ASN1Object.#of(known(name, true));
  }
  static #of([nid, shortname, longname, oid]: ObjectId): _ASN1Object {
    return Object.assign(Object.create(_ASN1Object.prototype), { nid, shortname, longname, oid });
  }
  *[Symbol.iterator](): Generator<number | string | null> {
    yield* [this.nid, this.shortname, this.longname, this.oid];
  }
  /** What Python's repr() says: the four fields. */
  toString(): string {
    const [shortname, longname, oid] = [this.shortname, this.longname, this.oid].map(repr);
    return `_ASN1Object(nid=${this.nid}, shortname=${shortname}, longname=${longname}, oid=${oid})`;
  }
  [inspect.custom](): string {
    return this.toString();
  }
}

function known(text: string, byName: boolean): ObjectId {
  if (typeof text !== 'string') throw new TypeError(`txt2obj() argument 'txt' must be str, not ${typeName(text)}`);
  if (text.includes('\0')) throw new ValueError('embedded null character');
  const found = tls.findObject(text, byName);
  // CPython cuts the name at 100 characters.
  if (found === null) throw new ValueError(`unknown object '${text.slice(0, 100)}'`);
  return found;
}

/**
 * nid, short name, long name and dotted number of an object.
 * @throws ValueError for what OpenSSL does not know; TypeError
 * @see Python's _ssl.txt2obj
 */
export function txt2obj(txt: string, name = absent(arguments.length, 2, 'name', false)): ObjectId {
  return known(txt, name);
}

/**
 * The same by OpenSSL's own number.
 * @throws ValueError for what OpenSSL does not know; TypeError | OverflowError
 * @see Python's _ssl.nid2obj
 */
export function nid2obj(nid: number): ObjectId {
  const number = plainInt(nid);
  if (number < 0) throw new ValueError('NID must be positive.');
  if (number === 0) throw new ValueError('Unknown object');
  const found = tls.findObjectByNumber(number);
  if (found === null) throw new ValueError(`unknown NID ${number}`);
  return found;
}

/** What the certificates of a context are for: SERVER_AUTH makes a client's context, CLIENT_AUTH a server's. */
export class Purpose extends _ASN1Object {
  /** For a client: the peer is a server, whose certificate and name are verified. */
  static readonly SERVER_AUTH: Purpose = new Purpose('1.3.6.1.5.5.7.3.1');
  /** For a server: the peer is a client, whose certificate may be verified. */
  static readonly CLIENT_AUTH: Purpose = new Purpose('1.3.6.1.5.5.7.3.2');

  override [inspect.custom](): string {
    const name = this === Purpose.SERVER_AUTH ? 'SERVER_AUTH' : 'CLIENT_AUTH';
    return `<Purpose.${name}: ${super[inspect.custom]()}>`;
  }
}

/** Refuses what is no object identifier with what it is, as CPython does. */
export function checkPurpose(purpose: unknown): asserts purpose is _ASN1Object {
  if (!(purpose instanceof _ASN1Object)) throw new TypeError(str(purpose));
}

// ---- the system's certificates -------------------------------------------------------------------------------------

/** Where trusted certificates come from. Python's named tuple: `const [cafile, capath] = paths` takes it apart. */
export class DefaultVerifyPaths {
  constructor(
    /** The file and the folder in use; null where there is none. */
    readonly cafile: string | null,
    /** The folder of trusted certificates; null if it does not exist. */
    readonly capath: string | null,
    /** Which environment variables override OpenSSL's own places, and those places. */
    readonly openssl_cafile_env: string,
    /** The file that OpenSSL uses, unless the environment names another. */
    readonly openssl_cafile: string,
    /** The environment variable that names another folder. */
    readonly openssl_capath_env: string,
    /** The folder that OpenSSL uses, unless the environment names another. */
    readonly openssl_capath: string,
  ) {
    Object.freeze(this);
  }
  *[Symbol.iterator](): Generator<string | null> {
    yield* Object.values(this);
  }
  [inspect.custom](): string {
    const fields = Object.entries(this).map(([name, value]) => `${name}=${repr(value)}`);
    return `DefaultVerifyPaths(${fields.join(', ')})`;
  }
}

/** Where Fedora and its kin have all certificates in one file, which OpenSSL finds only if it was built there. */
const BUNDLES = ['/etc/pki/tls/certs/ca-bundle.crt', '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem'];

/** The file of trusted certificates that the system has, and OpenSSL does not look for; null if that knows one. */
export function bundleOfSystem(): string | null {
  const { cafileEnv, cafile, capathEnv } = tls.library;
  const isNamed = process.env[cafileEnv] !== undefined || process.env[capathEnv] !== undefined;
  if (isNamed || isKind(cafile, 'isFile')) return null;
  return BUNDLES.find((each) => isKind(each, 'isFile')) ?? null;
}

/**
 * Where the trusted certificates come from that `set_default_verify_paths` loads.
 * @see Python ssl.get_default_verify_paths
 */
export function get_default_verify_paths(): DefaultVerifyPaths {
  const { cafileEnv, cafile, capathEnv, capath } = tls.library;
  const file = process.env[cafileEnv] ?? bundleOfSystem() ?? cafile;
  const folder = process.env[capathEnv] ?? capath;
  return new DefaultVerifyPaths(
    isKind(file, 'isFile') ? file : null,
    isKind(folder, 'isDirectory') ? folder : null,
    cafileEnv,
    cafile,
    capathEnv,
    capath,
  );
}

function isKind(path: string, kind: 'isFile' | 'isDirectory'): boolean {
  return statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false;
}
