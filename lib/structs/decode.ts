/**
 * What the kernel tells beside a message, as values with the kernel's names: the one table of the control messages that
 * are understood here.
 * @see ip(7), ipv6(7), unix(7), udp(7), socket(7); the kernel's Documentation/networking/timestamping.rst
 */
import { native } from '../addon/binary.js';
import type { Field, StructLayout } from '../addon/calls.js';
import { constants } from '../constants/table.js';
import { argName, cInt, iterable } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { bytesOf } from '../core/bytes.js';
import { type ReturnedAddress, unpackBytes } from './address.js';
import { type AncillaryData, descriptorsOf } from './ancillary.js';
import { type Credentials, decodeCredentials } from './info.js';

const c = constants.socket;
const b = constants.beyond;
const layout = native.layout;

/** Struct sock_extended_err: an entry of the error queue. */
export interface ExtendedError {
  /** A positive error number, as ECONNREFUSED; 0 for what is no error. */
  ee_errno: number;
  /** SO_EE_ORIGIN_*. */
  ee_origin: number;
  /** The type and code of the ICMP message, if that is where it came from. */
  ee_type: number;
  ee_code: number;
  ee_info: number;
  ee_data: number;
  /** The address of who reported it, in Python's shape; null if it is not known. */
  offender: ReturnedAddress;
}

/** What `decode_ancillary` returns: only what was there. Timestamps are nanoseconds since 1970. */
export interface DecodedAncillary {
  /** Descriptors, which are the receiver's to close. */
  SCM_RIGHTS?: number[];
  SCM_CREDENTIALS?: Credentials;
  /** When the message came. From SO_TIMESTAMP: whole µs. */
  SCM_TIMESTAMP?: bigint;
  SCM_TIMESTAMPNS?: bigint;
  /** By the kernel's clock; no longer used; by the device's clock. 0 if there is none. */
  SCM_TIMESTAMPING?: [software: bigint, legacy: bigint, hardware: bigint];
  /** How many messages were dropped since the socket was made, for want of room. */
  SO_RXQ_OVFL?: number;
  IP_PKTINFO?: { ipi_ifindex: number; ipi_spec_dst: string; ipi_addr: string };
  IP_TTL?: number;
  IP_TOS?: number;
  IP_ORIGDSTADDR?: ReturnedAddress;
  IP_RECVERR?: ExtendedError;
  IPV6_PKTINFO?: { ipi6_addr: string; ipi6_ifindex: number };
  IPV6_HOPLIMIT?: number;
  IPV6_TCLASS?: number;
  IPV6_RECVERR?: ExtendedError;
  /** How large each of the datagrams was that came as one: all but the last. */
  UDP_GRO?: number;
  /** How many bytes are still to be read. */
  TCP_INQ?: number;
  /** What is not in this list, or was cut off. */
  rest: AncillaryData[];
}

// ---- values --------------------------------------------------------------------------------------------------------

/** The size of a struct; of one that this platform lacks, no matter what. */
function sizeOf(struct: StructLayout | undefined): number {
  return struct?.size ?? 0;
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unsigned(view: DataView, [at, width]: Field): number {
  if (width === 1) return view.getUint8(at);
  return width === 2 ? view.getUint16(at, LITTLE_ENDIAN) : view.getUint32(at, LITTLE_ENDIAN);
}

/** A C long, whatever its width here. */
function long(view: DataView, start: number, [at, width]: Field): bigint {
  return width === 8 ? view.getBigInt64(start + at, LITTLE_ENDIAN) : BigInt(view.getInt32(start + at, LITTLE_ENDIAN));
}

const { timespec, timeval } = layout;

/** Struct timespec from byte `start`, in nanoseconds. */
function nanoseconds(view: DataView, start = 0): bigint {
  return long(view, start, timespec.tv_sec) * 1_000_000_000n + long(view, start, timespec.tv_nsec);
}

/** Struct timespec thrice: struct scm_timestamping. */
function timestamps(view: DataView): bigint[] {
  return [0, 1, 2].map((i) => nanoseconds(view, i * timespec.size));
}

function timevalInNanoseconds(_data: Uint8Array, view: DataView): bigint {
  return long(view, 0, timeval.tv_sec) * 1_000_000_000n + long(view, 0, timeval.tv_usec) * 1000n;
}

function host(family: number, data: Uint8Array, [at, width]: Field): string {
  return native.inetNtop(family, data.subarray(at, at + width)) as string;
}

function int(_data: Uint8Array, view: DataView): number {
  return view.getInt32(0, LITTLE_ENDIAN);
}

const extended = layout.sock_extended_err;

/** The error, and behind it the address of who reported it: AF_UNSPEC if that is not known. */
function extendedError(data: Uint8Array, view: DataView): ExtendedError {
  const { sa_family } = layout.sockaddr;
  const behind = data.subarray(extended.size);
  const known = behind.length >= layout.sockaddr_in.size && unsigned(dataView(behind), sa_family) !== c.AF_UNSPEC;
  const field = (name: string) => unsigned(view, extended[name]);
  return {
    ee_errno: field('ee_errno'),
    ee_origin: field('ee_origin'),
    ee_type: field('ee_type'),
    ee_code: field('ee_code'),
    ee_info: field('ee_info'),
    ee_data: field('ee_data'),
    offender: known ? unpackBytes(behind, 0) : null,
  };
}

const { in_pktinfo, in6_pktinfo } = layout;

function packetInfo(data: Uint8Array, view: DataView) {
  return {
    ipi_ifindex: unsigned(view, in_pktinfo.ipi_ifindex),
    ipi_spec_dst: host(c.AF_INET, data, in_pktinfo.ipi_spec_dst),
    ipi_addr: host(c.AF_INET, data, in_pktinfo.ipi_addr),
  };
}

function packetInfo6(data: Uint8Array, view: DataView) {
  return {
    ipi6_addr: host(c.AF_INET6, data, in6_pktinfo.ipi6_addr),
    ipi6_ifindex: unsigned(view, in6_pktinfo.ipi6_ifindex),
  };
}

// ---- the table -----------------------------------------------------------------------------------------------------

/** The level and type of a control message, its name, how many bytes it has at least, and what is in them. */
type Row = readonly [
  level: number | undefined,
  type: number | undefined,
  name: Exclude<keyof DecodedAncillary, 'rest'>,
  size: number,
  decode: (data: Uint8Array, view: DataView) => unknown,
];

const TABLE: readonly Row[] = [
  [c.SOL_SOCKET, c.SCM_RIGHTS, 'SCM_RIGHTS', 0, descriptorsOf],
  [c.SOL_SOCKET, c.SCM_CREDENTIALS, 'SCM_CREDENTIALS', sizeOf(layout.ucred), decodeCredentials],
  [c.SOL_SOCKET, b.SCM_TIMESTAMP, 'SCM_TIMESTAMP', sizeOf(timeval), timevalInNanoseconds],
  [c.SOL_SOCKET, b.SCM_TIMESTAMPNS, 'SCM_TIMESTAMPNS', sizeOf(timespec), (_, view) => nanoseconds(view)],
  [c.SOL_SOCKET, b.SCM_TIMESTAMPING, 'SCM_TIMESTAMPING', 3 * sizeOf(timespec), (_, view) => timestamps(view)],
  [c.SOL_SOCKET, b.SO_RXQ_OVFL, 'SO_RXQ_OVFL', 4, (_, view) => view.getUint32(0, LITTLE_ENDIAN)],
  [c.IPPROTO_IP, c.IP_PKTINFO, 'IP_PKTINFO', sizeOf(in_pktinfo), packetInfo],
  [c.IPPROTO_IP, c.IP_TTL, 'IP_TTL', 4, int],
  [c.IPPROTO_IP, c.IP_TOS, 'IP_TOS', 1, (data) => data[0]],
  [c.IPPROTO_IP, b.IP_ORIGDSTADDR, 'IP_ORIGDSTADDR', sizeOf(layout.sockaddr_in), (data) => unpackBytes(data, 0)],
  [c.IPPROTO_IP, c.IP_RECVERR, 'IP_RECVERR', sizeOf(extended), extendedError],
  [c.IPPROTO_IPV6, c.IPV6_PKTINFO, 'IPV6_PKTINFO', sizeOf(in6_pktinfo), packetInfo6],
  [c.IPPROTO_IPV6, c.IPV6_HOPLIMIT, 'IPV6_HOPLIMIT', 4, int],
  [c.IPPROTO_IPV6, c.IPV6_TCLASS, 'IPV6_TCLASS', 4, int],
  [c.IPPROTO_IPV6, c.IPV6_RECVERR, 'IPV6_RECVERR', sizeOf(extended), extendedError],
  [c.SOL_UDP, b.UDP_GRO, 'UDP_GRO', 4, int],
  [c.IPPROTO_TCP, c.TCP_INQ, 'TCP_INQ', 4, int],
];

/** The rows that this platform has, by level and type. */
const rows = new Map<string, Row>();
for (const row of TABLE) if (row[0] !== undefined && row[1] !== undefined) rows.set(`${row[0]},${row[1]}`, row);

/**
 * Ancillary data, as `recvmsg` returns it, as an object from the kernel's names to values.
 *
 * ```js
 * const [bytes, ancdata] = sock.recvmsg(2048, 256);
 * const { SCM_TIMESTAMPNS, IP_TTL } = socket.decode_ancillary(ancdata);
 * ```
 * @throws TypeError
 */
export function decode_ancillary(ancdata: Iterable<AncillaryData>): DecodedAncillary {
  const values: Record<string, unknown> = {};
  const rest: AncillaryData[] = [];
  for (const item of iterable<AncillaryData>(ancdata)) {
    if (!Array.isArray(item) || item.length !== 3) {
      throw new TypeError(`decode_ancillary() items must be [level, type, data], not ${argName(item)}`);
    }
    const [, , name, size, decode] = rows.get(`${cInt(item[0])},${cInt(item[1])}`) ?? [];
    const data = bytesOf(item[2]);
    if (name === undefined || decode === undefined || data.length < (size ?? 0)) rest.push(item);
    else values[name] = decode(data, dataView(data));
  }
  return { ...values, rest };
}
