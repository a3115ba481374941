/**
 * Socket addresses between Python's shapes and the kernel's `struct sockaddr`, byte by byte, with the struct layouts
 * that the binary exports. So a family that this kernel lacks is still converted, and an address costs no native call
 * but where a name must be resolved.
 *
 * One entry of `families` per family, some from the files beside this one; the errors and their texts are CPython's.
 *
 * @see Python "Socket families"; packet(7), netlink(7), unix(7), vsock(7), ip(7), ipv6(7)
 */
import { isAscii } from 'node:buffer';
import { native } from '../addon/binary.js';
import type { Field } from '../addon/calls.js';
import { constants } from '../constants/table.js';
import { integer, typeName, wrapped32 } from '../core/args.js';
import { bytesOf } from '../core/bytes.js';
import { OSError, OverflowError, raise, UnicodeError } from '../core/exceptions.js';
import { encodeIdna } from '../core/idna.js';
import { decodePath, encodePath, isAbstract } from '../core/paths.js';
import { bluetoothFamily } from './address_bluetooth.js';
import { type Address, type Family, found, get, into, packed, put, tuple } from './address_fields.js';
import { linuxFamilies } from './address_linux.js';
import { hypervFamily } from './address_windows.js';

export { type Address, packed, type ReturnedAddress } from './address_fields.js';

const c = constants.socket;

const AF_OFFSET = native.layout.sockaddr.sa_family;
/** Where macOS and the BSDs have an address's length, which some functions of their C libraries look at. */
const LENGTH: Field | undefined = native.layout.sockaddr.sa_len;

function checkPort(value: unknown, caller: string): number {
  const port = integer(value);
  if (port < 0 || port > 0xffff) throw new OverflowError(`${caller}(): port must be 0-65535.`);
  return Number(port);
}

/** The bytes of a host name: text goes through IDNA. */
export function hostBytes(host: unknown): Uint8Array {
  let bytes: Uint8Array;
  if (typeof host === 'string') {
    try {
      // ASCII is taken as it is, whatever IDNA would say of the length of its labels.
      bytes = isAscii(Buffer.from(host)) ? Buffer.from(host) : encodeIdna(host);
    } catch (error) {
      if (error instanceof UnicodeError) throw new TypeError('encoding of hostname failed', { cause: error });
      throw error;
    }
  } else if (host instanceof Uint8Array) bytes = host;
  else throw new TypeError(`str, bytes or bytearray expected, not ${typeName(host)}`);
  if (bytes.includes(0)) throw new TypeError('host name must not contain null character');
  return bytes;
}

/**
 * Resolves `host` to a numeric address of this family (AF_UNSPEC: any), which it leaves in `found` as a sockaddr, and
 * returns the family that it has. Blocks as the system's resolver does, if host is a name.
 */
export function resolveHost(host: Uint8Array, family: number): number {
  const answers =
    host.length === 0
      ? native.getaddrinfo(null, Buffer.from('0'), family, c.SOCK_DGRAM, 0, c.AI_PASSIVE)
      : native.getaddrinfo(host, null, family, 0, 0, 0);
  if (typeof answers === 'number') raise(answers, 'getaddrinfo');
  if (host.length === 0 && answers.length > 1) throw new OSError('wildcard resolved to multiple address');
  const [answer] = answers;
  found.set(answer[4]);
  return answer[0];
}

// ---- IPv4 and IPv6 -------------------------------------------------------------------------------------------------

const inet = native.layout.sockaddr_in;
const inet6 = native.layout.sockaddr_in6;
const BROADCAST = '255.255.255.255';

/** Text that needs no further look: all that numeric addresses are made of. */
const NUMERIC = /^[\d.:a-f]*$/;

/** A host as text, refused as `hostBytes` refuses it. */
function hostText(host: unknown): string {
  return typeof host === 'string' && NUMERIC.test(host) ? host : Buffer.from(hostBytes(host)).toString('latin1');
}

/** Writes the IPv4 address of a host into `packed`. */
function putHost4(text: string): void {
  const [at, size] = inet.sin_addr;
  if (text === '<broadcast>' || text === BROADCAST) {
    packed.fill(0xff, at, at + size);
  } else if (native.inetPton(c.AF_INET, text) === size) {
    packed.set(found.subarray(0, size), at);
  } else {
    resolveHost(Buffer.from(text, 'latin1'), c.AF_INET);
    packed.set(found.subarray(at, at + size), at);
  }
}

function packInet(address: unknown, caller: string): number {
  const [host, port] = tuple(address, 2, 2, 'AF_INET', `${caller}(): AF_INET`, 'a pair (host, port)');
  const text = hostText(host);
  const number = integer(port);
  putHost4(text);
  put(inet.sin_port, checkPort(number, caller), false);
  return inet.size;
}

/** The last IPv4 host that was turned into text: most servers hear the same ones again. */
let lastHost4 = 0;
let lastText4 = '0.0.0.0';

function unpackInet(): Address {
  const host = into.getUint32(inet.sin_addr[0], false);
  if (host !== lastHost4) {
    lastHost4 = host;
    lastText4 = `${host >>> 24}.${(host >>> 16) & 255}.${(host >>> 8) & 255}.${host & 255}`;
  }
  return [lastText4, into.getUint16(inet.sin_port[0], false)];
}

const INET6_SHAPE = 'a tuple (host, port[, flowinfo[, scopeid]])';

function putHost6(text: string): void {
  const [at, size] = inet6.sin6_addr;
  if (text === '<broadcast>' || text === BROADCAST) throw new OSError('address family mismatched');
  if (native.inetPton(c.AF_INET6, text) === size) {
    packed.set(found.subarray(0, size), at);
  } else {
    resolveHost(Buffer.from(text, 'latin1'), c.AF_INET6);
    packed.set(found.subarray(at, at + size), at);
  }
}

function packInet6(address: unknown, caller: string): number {
  const parts = tuple(address, 2, 4, 'AF_INET6', `${caller}(): AF_INET6`, INET6_SHAPE);
  const [host, port, flowInfo = 0, scope = 0] = parts;
  const text = hostText(host);
  const number = integer(port);
  const flow = wrapped32(flowInfo);
  const scopeId = wrapped32(scope);
  putHost6(text);
  put(inet6.sin6_port, checkPort(number, caller), false);
  if (flow > 0xfffff) throw new OverflowError(`${caller}(): flowinfo must be 0-1048575.`);
  put(inet6.sin6_flowinfo, flow, false);
  put(inet6.sin6_scope_id, scopeId);
  return inet6.size;
}

function unpackInet6(): Address {
  const [at, size] = inet6.sin6_addr;
  return [
    native.inetNtop(c.AF_INET6, found.subarray(at, at + size)),
    get(inet6.sin6_port, false),
    get(inet6.sin6_flowinfo, false),
    get(inet6.sin6_scope_id),
  ];
}

// ---- Unix ----------------------------------------------------------------------------------------------------------

const unix = native.layout.sockaddr_un;

function packUnix(address: unknown): number {
  const path = typeof address === 'string' ? encodePath(address) : bytesOf(address);
  const [at, room] = unix.sun_path;
  const abstract = isAbstract(path);
  if (abstract ? path.length > room : path.length >= room) throw new OSError('AF_UNIX path too long');
  packed.set(path, at);
  // A path has the NUL behind it that `packed` holds; an abstract name is as long as it is.
  return at + path.length + (abstract ? 0 : 1);
}

function unpackUnix(length: number): Address {
  const [at] = unix.sun_path;
  const path = found.subarray(at, Math.max(at, length));
  if (path.length > 0 && isAbstract(path)) return Buffer.from(path);
  const end = path.indexOf(0);
  return decodePath(end < 0 ? path : path.subarray(0, end));
}

// ---- the table -----------------------------------------------------------------------------------------------------

const families = new Map<number | undefined, Family>([
  [c.AF_INET, { layout: inet, pack: packInet, unpack: unpackInet }],
  [c.AF_INET6, { layout: inet6, pack: packInet6, unpack: unpackInet6 }],
  [c.AF_UNIX, { layout: unix, pack: packUnix, unpack: unpackUnix }],
  ...linuxFamilies,
  bluetoothFamily,
  hypervFamily,
  // RDS sockets have IPv4's addresses: the family in them is AF_INET.
  [c.AF_RDS, { layout: inet, family: c.AF_INET, pack: packInet, unpack: unpackInet }],
]);
families.delete(undefined);

/**
 * Writes `address` as a sockaddr of this family into `packed` and returns its size. `caller` is the method's name, for
 * messages; `protocol` the socket's.
 * @throws TypeError | OverflowError | ValueError | OSError | gaierror
 */
export function pack(family: number, protocol: number, address: unknown, caller: string): number {
  const entry = families.get(family);
  if (entry?.layout === undefined) throw new OSError(`${caller}(): bad family`);
  packed.fill(0);
  const length = entry.pack(address, caller, protocol);
  put(AF_OFFSET, entry.family ?? family);
  if (LENGTH !== undefined) put(LENGTH, length);
  return length;
}

/** The family of the address that the binary left in `native.address`. */
function foundFamily(): number {
  return get(AF_OFFSET);
}

/**
 * The address of `length` bytes that the binary left in `native.address`, in Python's shape. No bytes: null, as Python
 * has None. A family that is not known: `[family, bytes]`.
 */
export function unpack(length: number, protocol: number): Address {
  if (length === 0) return null;
  const family = foundFamily();
  const entry = families.get(family);
  if (entry?.layout !== undefined) return entry.unpack(length, protocol);
  const [offset, size] = AF_OFFSET;
  return [family, Buffer.from(found.subarray(offset + size, native.layout.sockaddr.size))];
}

/** The same for a sockaddr that lies elsewhere. */
export function unpackBytes(address: Uint8Array, protocol: number): Address {
  found.fill(0);
  found.set(address.subarray(0, found.length));
  return unpack(address.length, protocol);
}
