/**
 * The addresses of Windows: Hyper-V's, which are two UUIDs in text, the virtual machine's and the service's.
 * @see Python "Socket families", AF_HYPERV
 */
import { native } from '../addon/binary.js';
import type { Field } from '../addon/calls.js';
import { constants } from '../constants/table.js';
import { typeName } from '../core/args.js';
import { OSError, ValueError } from '../core/exceptions.js';
import { type Address, type Family, found, putBytes } from './address_fields.js';

const c = constants.socket;
const hv = native.layout._SOCKADDR_HV;
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})$/i;
/** The parts of a GUID that are numbers, and so little-endian: a struct of Windows. */
const NUMBERS = 3;

const SHAPE = 'AF_HYPERV address must be a str tuple (vm_id, service_id)';

/** Writes a UUID as a GUID. */
function putUuid(field: Field, text: string, what: string, caller: string): void {
  const match = UUID.exec(text);
  if (match === null) throw new ValueError(`${caller}(): AF_HYPERV address ${what} is not a valid UUID string`);
  const parts = match.slice(1).map((part) => Buffer.from(part, 'hex'));
  putBytes(field, Buffer.concat(parts.map((part, i) => (i < NUMBERS ? part.reverse() : part))));
}

function getUuid([offset, size]: Field): string {
  const bytes = Buffer.from(found.subarray(offset, offset + size));
  const ends = [0, 4, 6, 8, 10, size];
  const parts = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
  return parts.map((part, i) => (i < NUMBERS ? part.reverse() : part).toString('hex')).join('-');
}

function packHyperv(address: unknown, caller: string, protocol: number): number {
  if (protocol !== c.HV_PROTOCOL_RAW) throw new OSError(`${caller}(): unsupported AF_HYPERV protocol: ${protocol}`);
  if (!Array.isArray(address)) throw new TypeError(`${caller}(): ${SHAPE}`);
  if (address.length !== 2) throw new TypeError(SHAPE);
  for (const [i, part] of address.entries()) {
    if (typeof part !== 'string') throw new TypeError(`argument ${i + 1} must be str, not ${typeName(part)}`);
  }
  putUuid(hv.VmId, address[0], 'vm_id', caller);
  putUuid(hv.ServiceId, address[1], 'service_id', caller);
  return hv.size;
}

function unpackHyperv(_length: number, protocol: number): Address {
  if (protocol !== c.HV_PROTOCOL_RAW) throw new ValueError('Unknown Hyper-V protocol');
  return [getUuid(hv.VmId), getUuid(hv.ServiceId)];
}

/** undefined stands for a number that this platform lacks. */
export const hypervFamily: readonly [family: number | undefined, Family] = [
  c.AF_HYPERV,
  { layout: hv, pack: packHyperv, unpack: unpackHyperv },
];
