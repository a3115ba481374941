/** What each family's addresses are made with: the memory they are written to and read from, by fields, and arguments. */
import { native } from '../addon/binary.js';
import type { Field, StructLayout } from '../addon/calls.js';
import { typeName } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { raise } from '../core/exceptions.js';
import { decodePath, encodePath } from '../core/paths.js';

/** What Python's functions take and return as an address: see the table in docs/socket.md. */
export type Address = string | Uint8Array | readonly unknown[] | number | null;
/** What they return: `const [host, port] = sock.getsockname()`. The shape depends on the family, which no type knows. */
// biome-ignore lint/suspicious/noExplicitAny: so that a program can say what it knows without a cast
export type ReturnedAddress = any;

export interface Family {
  readonly layout: StructLayout | undefined;
  /** The family that its addresses name, if that is another one. */
  readonly family?: number;
  pack(address: unknown, caller: string, protocol: number): number;
  unpack(length: number, protocol: number): Address;
}

/** The address that `pack` wrote last. */
export const packed = new Uint8Array(128);
const out = new DataView(packed.buffer);
/** The address that the binary left last. */
export const found = native.address;
export const into = new DataView(found.buffer, found.byteOffset, found.byteLength);

// ---- fields --------------------------------------------------------------------------------------------------------

export function put([offset, size]: Field, value: number | bigint, littleEndian = LITTLE_ENDIAN): void {
  if (size === 1) out.setUint8(offset, Number(value) & 0xff);
  else if (size === 2) out.setUint16(offset, Number(value) & 0xffff, littleEndian);
  else if (size === 4) out.setUint32(offset, Number(BigInt.asUintN(32, BigInt(value))), littleEndian);
  else out.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), littleEndian);
}

export function putBytes([offset, size]: Field, bytes: Uint8Array): void {
  packed.set(bytes.subarray(0, size), offset);
}

export function get([offset, size]: Field, littleEndian = LITTLE_ENDIAN): number {
  if (size === 1) return into.getUint8(offset);
  if (size === 2) return into.getUint16(offset, littleEndian);
  return into.getUint32(offset, littleEndian);
}

/** Text up to the first NUL. */
export function getText([offset, size]: Field): string {
  const bytes = found.subarray(offset, offset + size);
  const end = bytes.indexOf(0);
  return decodePath(end < 0 ? bytes : bytes.subarray(0, end));
}

// ---- arguments -----------------------------------------------------------------------------------------------------

export function tuple(address: unknown, least: number, most: number, family: string, caller: string, shape: string) {
  if (!Array.isArray(address)) throw new TypeError(`${caller} address must be tuple, not ${typeName(address)}`);
  if (address.length < least || address.length > most) throw new TypeError(`${family} address must be ${shape}`);
  return address as unknown[];
}

/** vsock and qrtr: two numbers, and CPython's plainer texts. */
export function pair(address: unknown, family: string): unknown[] {
  if (!Array.isArray(address)) {
    throw new TypeError(`getsockaddrarg: ${family} address must be tuple, not ${typeName(address)}`);
  }
  if (address.length !== 2) throw new TypeError(`getsockaddrarg() takes exactly 2 arguments (${address.length} given)`);
  return address;
}

/** An interface's index by its name, which may be bytes. */
export function interfaceIndex(name: string | Uint8Array): number {
  const index = native.ifIndex(typeof name === 'string' ? encodePath(name) : name);
  return index < 0 ? raise(index, 'ioctl') : index;
}

/** An interface's name by its index; '' where it has none. */
export function interfaceName(index: number): string {
  const name = index === 0 ? '' : native.ifName(index);
  return typeof name === 'string' ? name : '';
}
