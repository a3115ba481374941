/**
 * Names: hosts, services, protocols, interfaces, and numbers in network byte order. `socket.ts` exports all of it.
 *
 * Name resolution is the system's own (its hosts file, its resolver configuration) and blocks the JavaScript thread for
 * as long as that takes, as it does in Python.
 */
import { native } from '../addon/binary.js';
import { constants, where } from '../constants/table.js';
import {
  absent,
  argName,
  cInt,
  cLong,
  integer,
  noAttribute,
  parameters,
  str,
  typeName,
  wrapped32,
} from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { lookup } from '../core/codecs.js';
import { checked, OSError, OverflowError, raise, ValueError } from '../core/exceptions.js';
import { encodeIdna } from '../core/idna.js';
import { encodePath, foundText } from '../core/paths.js';
import { type ReturnedAddress, resolveHost, unpackBytes } from '../structs/address.js';

const c = constants.socket;
const { ENODEV } = constants.errno;
const encodeUtf8 = lookup('utf-8').encoder('strict');

// ---- hosts ---------------------------------------------------------------------------------------------------------

/** One answer of getaddrinfo: the arguments for a socket, the canonical name if asked for, and the address. */
export type AddressInfoEntry = [
  family: number,
  type: number,
  proto: number,
  canonname: string,
  sockaddr: ReturnedAddress,
];

/** What `getaddrinfo` looks for: numbers such as AF_INET, SOCK_STREAM, IPPROTO_TCP, AI_PASSIVE; 0 takes all. */
export type GetAddrInfoOptions = { family?: number; type?: number; proto?: number; flags?: number };

/** A C string ends at its first NUL. */
function cString(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function hostArgument(host: unknown): Uint8Array | null {
  if (host === null || host === undefined) return null;
  if (typeof host === 'string') return cString(encodeIdna(host));
  if (host instanceof Uint8Array) return cString(host);
  throw new TypeError('getaddrinfo() argument 1 must be string or None');
}

function portArgument(port: unknown): Uint8Array | null {
  if (port === null || port === undefined) return null;
  if (typeof port === 'string') return cString(encodeUtf8(port));
  if (port instanceof Uint8Array) return cString(port);
  if (typeof port !== 'bigint' && !Number.isInteger(port)) throw new OSError('Int or String expected');
  return Buffer.from(String(cLong(port)));
}

/**
 * Every address of a host and service, in the order in which they are to be tried.
 * @param host a name or a numeric address; null for the loopback (or with AI_PASSIVE the wildcard) address
 * @param port a number, a service's name, or null
 * @throws gaierror | UnicodeError | TypeError
 * @see Python socket.getaddrinfo; getaddrinfo(3), RFC 6724
 */
export function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | Uint8Array | null,
  family?: number,
  type?: number,
  proto?: number,
  flags?: number,
): AddressInfoEntry[];
export function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | Uint8Array | null,
  options: GetAddrInfoOptions,
): AddressInfoEntry[];
export function getaddrinfo(...args: unknown[]): AddressInfoEntry[] {
  return addressEntries(native.getaddrinfo(...addressQuestion(args)));
}

/** @internal What getaddrinfo asks the binary, from its arguments. */
export function addressQuestion(args: unknown[]): Parameters<typeof native.getaddrinfo> {
  const names = ['host', 'port', 'family', 'type', 'proto', 'flags'];
  const [host, port, family = 0, type = 0, proto = 0, flags = 0] = parameters('getaddrinfo', names, args, 2);
  return [hostArgument(host), portArgument(port), cInt(family), cInt(type), cInt(proto), cInt(flags)];
}

/** @internal What getaddrinfo returns, from the binary's answer. */
export function addressEntries(answer: ReturnType<typeof native.getaddrinfo>): AddressInfoEntry[] {
  if (typeof answer === 'number') raise(answer, 'getaddrinfo');
  return answer.map(([f, t, p, name, sockaddr]) => [f, t, p, foundText(name), unpackBytes(sockaddr, p)]);
}

/**
 * The host's and the service's name of an address: `[host, port]`, or their numbers with NI_NUMERICHOST, NI_NUMERICSERV.
 * @throws gaierror | OSError | TypeError | OverflowError
 * @see Python socket.getnameinfo; getnameinfo(3)
 */
export function getnameinfo(sockaddr: readonly unknown[], flags: number): [string, string] {
  return nameEntry(native.getnameinfo(...nameQuestion(sockaddr, flags)));
}

/** @internal What getnameinfo returns, from the binary's answer. */
export function nameEntry(answer: [string, string] | number): [string, string] {
  if (typeof answer === 'number') raise(answer, 'getnameinfo');
  return [foundText(answer[0]), foundText(answer[1])];
}

/** @internal What getnameinfo asks the binary, from its arguments. */
export function nameQuestion(sockaddr: unknown, flags: unknown): Parameters<typeof native.getnameinfo> {
  const bits = cInt(flags);
  if (!Array.isArray(sockaddr)) throw new TypeError('getnameinfo() argument 1 must be a tuple');
  const [host, port, flowInfo = 0, scope = 0] = sockaddr;
  if (sockaddr.length < 2 || sockaddr.length > 4 || typeof host !== 'string') {
    throw new TypeError('getnameinfo(): illegal sockaddr argument');
  }
  if (host.includes('\0')) throw new ValueError('embedded null character');
  const number = cInt(port);
  const [flow, scopeId] = [wrapped32(flowInfo), wrapped32(scope)];
  if (flow > 0xfffff) throw new OverflowError('getnameinfo(): flowinfo must be 0-1048575.');
  const service = Buffer.from(String(number));
  const answers = native.getaddrinfo(encodePath(host), service, 0, c.SOCK_DGRAM, 0, c.AI_NUMERICHOST);
  if (typeof answers === 'number') raise(answers, 'getaddrinfo');
  if (answers.length > 1) throw new OSError('sockaddr resolved to multiple addresses');
  const [family, , , , address] = answers[0];
  if (family === c.AF_INET && sockaddr.length !== 2) throw new OSError('IPv4 sockaddr must be 2 tuple');
  if (family === c.AF_INET6) {
    const { sin6_flowinfo, sin6_scope_id } = native.layout.sockaddr_in6;
    const view = new DataView(address.buffer, address.byteOffset);
    view.setUint32(sin6_flowinfo[0], flow, false);
    view.setUint32(sin6_scope_id[0], scopeId, LITTLE_ENDIAN);
  }
  return [address, address.length, bits];
}

function hostName(name: unknown, caller: string): Uint8Array {
  if (typeof name !== 'string' && !(name instanceof Uint8Array)) {
    throw new TypeError(`${caller}() argument 1 must be str, bytes or bytearray, not ${argName(name)}`);
  }
  if (typeof name === 'string' ? name.includes('\0') : name.includes(0)) {
    const type = typeName(name);
    throw new TypeError(`${caller}() argument 1 must be encoded string without null bytes, not ${type}`);
  }
  return typeof name === 'string' ? encodeIdna(name) : name;
}

/** The bytes of the address that `resolveHost` left. */
function resolvedBytes(family: number): Uint8Array {
  const { sockaddr_in, sockaddr_in6 } = native.layout;
  const [at, size] = family === c.AF_INET ? sockaddr_in.sin_addr : sockaddr_in6.sin6_addr;
  return native.address.slice(at, at + size);
}

/** An IPv4 address of a host. @throws gaierror @see Python socket.gethostbyname */
export function gethostbyname(hostname: string | Uint8Array): string {
  const name = hostName(hostname, 'gethostbyname');
  if (isBroadcast(name)) return '255.255.255.255';
  resolveHost(name, c.AF_INET);
  return inet_ntoa(resolvedBytes(c.AF_INET));
}

function isBroadcast(name: Uint8Array): boolean {
  const text = Buffer.from(name).toString('latin1');
  return text === '<broadcast>' || text === '255.255.255.255';
}

/** A host as `gethostbyname_ex` and `gethostbyaddr` describe it. */
export type HostEntry = [name: string, aliases: string[], addresses: string[]];

function hostEntry(found: [string, string[], number, Uint8Array[]] | number, syscall: string): HostEntry {
  if (typeof found === 'number') raise(found, syscall);
  const [name, others, family, addresses] = found;
  const aliases = others.map(foundText);
  return [foundText(name), aliases, addresses.map((address) => inet_ntop(family, address))];
}

/** `[name, aliases, addresses]` of a host, IPv4 only. @throws gaierror | herror @see Python socket.gethostbyname_ex */
export function gethostbyname_ex(hostname: string | Uint8Array): HostEntry {
  const name = hostName(hostname, 'gethostbyname_ex');
  resolveHost(name, c.AF_INET);
  return hostEntry(native.gethostbyname(name), 'gethostbyname');
}

/**
 * `[name, aliases, addresses]` of the host that has this address, IPv4 or IPv6.
 * @throws herror | gaierror
 * @see Python socket.gethostbyaddr
 */
export function gethostbyaddr(ip_address: string | Uint8Array): HostEntry {
  const family = resolveHost(hostName(ip_address, 'gethostbyaddr'), c.AF_UNSPEC);
  return hostEntry(native.gethostbyaddr(resolvedBytes(family), family), 'gethostbyaddr');
}

/**
 * A host's fully qualified name: the first with a dot of its names; '' or nothing for this machine.
 * @throws TypeError; OSError if this machine's name is not to be had
 */
export function getfqdn(name = absent(arguments.length, 1, 'name', '')): string {
  if (typeof name !== 'string') throw noAttribute(name, 'strip');
  const host = name.trim();
  const asked = host === '' || host === '0.0.0.0' || host === '::' ? gethostname() : host;
  let found: HostEntry;
  try {
    found = gethostbyaddr(asked);
  } catch (error) {
    if (error instanceof OSError) return asked;
    throw error;
  }
  const [hostname, aliases] = found;
  return [hostname, ...aliases].find((each) => each.includes('.')) ?? hostname;
}

/** This machine's name. @throws OSError @see gethostname(2) */
export function gethostname(): string {
  const name = native.gethostname();
  return typeof name === 'number' ? raise(name, 'gethostname') : name;
}

/** Text or bytes that the system takes as a path. */
function pathBytes(name: unknown): Uint8Array {
  if (typeof name !== 'string' && !(name instanceof Uint8Array)) {
    throw new TypeError(`expected str, bytes or os.PathLike object, not ${typeName(name)}`);
  }
  const bytes = typeof name === 'string' ? encodePath(name) : name;
  if (bytes.includes(0)) throw new ValueError('embedded null byte');
  return bytes;
}

function setHostName(name: string | Uint8Array): void {
  checked(native.sethostname(pathBytes(name)), 'sethostname');
}
/**
 * Sets this machine's name; the system allows it to few. Absent on Windows.
 * @throws PermissionError
 * @see sethostname(2)
 */
export const sethostname = where(c.AF_UNIX, setHostName);

// ---- services and protocols ----------------------------------------------------------------------------------------

/** A service's port. @param protocolname 'tcp' or 'udp'; any if not given. @throws OSError @see getservbyname(3) */
export function getservbyname(servicename: string, protocolname?: string): number {
  const service = str(servicename, 'getservbyname', 1);
  const protocol =
    protocolname === undefined
      ? absent(arguments.length, 2, 'protocolname', null)
      : str(protocolname, 'getservbyname', 2);
  const port = native.getservbyname(service, protocol);
  if (port < 0) throw new OSError('service/proto not found');
  return port;
}

/** The service at a port. @throws OSError | OverflowError @see getservbyport(3) */
export function getservbyport(port: number, protocolname?: string): string {
  const number = cInt(port);
  const protocol =
    protocolname === undefined
      ? absent(arguments.length, 2, 'protocolname', null)
      : str(protocolname, 'getservbyport', 2);
  if (number < 0 || number > 0xffff) throw new OverflowError('getservbyport: port must be 0-65535.');
  const service = native.getservbyport(number, protocol);
  if (typeof service === 'number') throw new OSError('port/proto not found');
  return foundText(service);
}

/** A protocol's number: `getprotobyname('icmp')`. @throws OSError @see getprotobyname(3) */
export function getprotobyname(protocolname: string): number {
  const number = native.getprotobyname(str(protocolname, 'getprotobyname', 1));
  if (number < 0) throw new OSError('protocol not found');
  return number;
}

// ---- interfaces ----------------------------------------------------------------------------------------------------

/** All network interfaces: `[index, name]` each. @throws OSError @see if_nameindex(3) */
export function if_nameindex(): [number, string][] {
  const found = native.ifNames();
  return typeof found === 'number' ? raise(found, 'if_nameindex') : found;
}

/** An interface's index. @throws OSError where there is none of this name @see if_nametoindex(3) */
export function if_nametoindex(if_name: string | Uint8Array): number {
  const index = native.ifIndex(pathBytes(if_name));
  if (index === -ENODEV) throw new OSError('no interface with this name');
  return checked(index, 'if_nametoindex');
}

/** An interface's name. @throws OSError ENXIO where there is none of this index @see if_indextoname(3) */
export function if_indextoname(if_index: number): string {
  if (typeof if_index !== 'bigint' && typeof if_index !== 'boolean' && !Number.isInteger(if_index)) {
    throw new TypeError('an integer is required');
  }
  const index = integer(if_index);
  if (index < 0) throw new OverflowError("can't convert negative value to unsigned int");
  const name = native.ifName(wrapped32(index));
  return typeof name === 'number' ? raise(name, 'if_indextoname') : name;
}

// ---- addresses as text and bytes -----------------------------------------------------------------------------------

/**
 * An IPv4 address's 4 bytes; takes short and hexadecimal forms as the C library does.
 * @throws OSError for what is no address; TypeError
 * @see inet_aton(3)
 */
export function inet_aton(ip_addr: string): Buffer {
  const code = native.inetAton(str(ip_addr, 'inet_aton', 1));
  if (code < 0) throw new OSError('illegal IP address string passed to inet_aton');
  return Buffer.from(native.address.subarray(0, 4));
}

/** The text of an IPv4 address's 4 bytes. @throws OSError unless there are 4 bytes; TypeError @see inet_ntoa(3) */
export function inet_ntoa(packed_ip: BytesLike): string {
  const bytes = bytesOf(packed_ip);
  if (bytes.length !== 4) throw new OSError('packed IP wrong length for inet_ntoa');
  return bytes.join('.');
}

/** The bytes of an address, 4 for AF_INET, 16 for AF_INET6. @throws OSError @see inet_pton(3) */
export function inet_pton(address_family: number, ip_string: string): Buffer {
  const family = cInt(address_family);
  const length = native.inetPton(family, str(ip_string, 'inet_pton', 2));
  if (length === -constants.errno.EINVAL) throw new OSError('illegal IP address string passed to inet_pton');
  return Buffer.from(native.address.subarray(0, checked(length, 'inet_pton')));
}

/** The text of an address's bytes. @throws ValueError | OSError @see inet_ntop(3) */
export function inet_ntop(address_family: number, packed_ip: BytesLike): string {
  const family = cInt(address_family);
  const bytes = bytesOf(packed_ip);
  if (family !== c.AF_INET && family !== c.AF_INET6) throw new ValueError(`unknown address family ${family}`);
  if (bytes.length !== (family === c.AF_INET ? 4 : 16)) {
    throw new ValueError('invalid length of packed IP address string');
  }
  const text = native.inetNtop(family, bytes);
  return typeof text === 'number' ? raise(text, 'inet_ntop') : text;
}

// ---- byte order ----------------------------------------------------------------------------------------------------

function swapped16(value: unknown, name: string): number {
  const n = cInt(value);
  if (n < 0) throw new OverflowError(`${name}: can't convert negative Python int to C 16-bit unsigned integer`);
  if (n > 0xffff) throw new OverflowError(`${name}: Python int too large to convert to C 16-bit unsigned integer`);
  return LITTLE_ENDIAN ? ((n & 0xff) << 8) | (n >> 8) : n;
}

function swapped32(value: unknown): number {
  if (typeof value !== 'bigint' && typeof value !== 'boolean' && !Number.isInteger(value)) {
    throw new TypeError(`expected int, ${typeName(value)} found`);
  }
  const n = integer(value);
  if (n < 0) throw new OverflowError("can't convert negative value to unsigned int");
  if (n > 0xffffffffffffffffn) throw new OverflowError('Python int too large to convert to C unsigned long');
  if (n > 0xffffffff) throw new OverflowError('int larger than 32 bits');
  const word = Number(n);
  if (!LITTLE_ENDIAN) return word;
  return (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** 16 bits from network to host byte order. @throws OverflowError below 0 and above 65535; TypeError @see ntohs(3) */
export function ntohs(x: number): number {
  return swapped16(x, 'ntohs');
}
/** 16 bits from host to network byte order. @throws OverflowError below 0 and above 65535; TypeError @see htons(3) */
export function htons(x: number): number {
  return swapped16(x, 'htons');
}
/**
 * 32 bits from network to host byte order.
 * @throws OverflowError below 0 and above 2 ** 32 - 1; TypeError
 * @see ntohl(3)
 */
export function ntohl(x: number): number {
  return swapped32(x);
}
/**
 * 32 bits from host to network byte order.
 * @throws OverflowError below 0 and above 2 ** 32 - 1; TypeError
 * @see htonl(3)
 */
export function htonl(x: number): number {
  return swapped32(x);
}
