/** What the socket module and the class have on Windows alone. */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { atLeast, integer, typeName, wrapped32 } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { checked, OverflowError, raise, ValueError } from '../core/exceptions.js';

const { SIO_KEEPALIVE_VALS, SIO_LOOPBACK_FAST_PATH, SIO_RCVALL } = constants.socket;
/** The size of what `share` returns: WSAPROTOCOL_INFOW. */
const SHARE_SIZE = 628;

/** See `socket.share`. */
export function share(fd: number, processId: unknown): Buffer {
  const id = integer(processId);
  if (id < 0 || id > 0xffffffff) throw new OverflowError('Python int too large to convert to C unsigned int');
  const info = Buffer.alloc(SHARE_SIZE);
  const code = native.share(fd, Number(id), info);
  return code < 0 ? raise(code, 'WSADuplicateSocket') : info;
}

/** A new descriptor of what another process has shared: `[fd, family, type, proto]`. */
export function openShared(info: BytesLike): [fd: number, family: number, type: number, proto: number] {
  const bytes = bytesOf(info);
  if (bytes.length !== SHARE_SIZE) {
    throw new ValueError(`socket descriptor string has wrong size, should be ${SHARE_SIZE} bytes.`);
  }
  const fd = checked(native.fromshare(bytes), 'WSASocket');
  return [fd, native.info[0], native.info[1], native.info[2]];
}

function long(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, LITTLE_ENDIAN);
  return new Uint8Array(view.buffer);
}

/** See `socket.ioctl`. */
export function ioctl(fd: number, args: unknown[]): number {
  atLeast(args.length, 2, 'ioctl', 'exactly 2 arguments');
  const command = wrapped32(args[0]);
  if (command === SIO_KEEPALIVE_VALS) return keepalive(fd, command, args[1]);
  if (command !== SIO_RCVALL && command !== SIO_LOOPBACK_FAST_PATH) {
    throw new ValueError(`invalid ioctl command ${command}`);
  }
  return checked(native.control(fd, command, long(wrapped32(args[1]))), 'WSAIoctl');
}

/** On or off; then after how many ms without traffic it begins, and how many ms lie between two probes. */
function keepalive(fd: number, command: number, values: unknown): number {
  if (!Array.isArray(values))
    throw new TypeError(`ioctl() argument 2 must be 3-item sequence, not ${typeName(values)}`);
  if (values.length !== 3) {
    throw new TypeError(`ioctl() argument 2 must be sequence of length 3, not ${values.length}`);
  }
  return checked(native.control(fd, command, long(...values.map(wrapped32))), 'WSAIoctl');
}

/** The system's text for each of Winsock's error numbers. @see Python socket.errorTab */
export const errorTab: Readonly<Record<number, string>> | undefined = errorTexts();

// Hyper-V's virtual machines, of an address's first part: hvsocket.h has them.
const hyperv = (uuid: string): string | undefined => (constants.socket.AF_HYPERV === undefined ? undefined : uuid);
/** No virtual machine in particular. @see Python socket.HV_GUID_ZERO */
export const HV_GUID_ZERO = hyperv('00000000-0000-0000-0000-000000000000');
/** What a server binds to that accepts from all. @see Python socket.HV_GUID_WILDCARD */
export const HV_GUID_WILDCARD = HV_GUID_ZERO;
/** @see Python socket.HV_GUID_BROADCAST */
export const HV_GUID_BROADCAST = hyperv('ffffffff-ffff-ffff-ffff-ffffffffffff');
/** Any child of this partition. @see Python socket.HV_GUID_CHILDREN */
export const HV_GUID_CHILDREN = hyperv('90db8b89-0d35-4f79-8ce9-49ea0ac8b7cd');
/** This partition itself. @see Python socket.HV_GUID_LOOPBACK */
export const HV_GUID_LOOPBACK = hyperv('e0e16197-dd56-4a10-9195-5ee7a155a838');
/** The partition that hosts this one. @see Python socket.HV_GUID_PARENT */
export const HV_GUID_PARENT = hyperv('a42e7cda-d03f-480c-9cc2-a4de20abb878');

function errorTexts(): Readonly<Record<number, string>> | undefined {
  const numbers = Object.entries(constants.errno).filter(([name]) => /^WSA(E|[A-Z]+NOT|VER)/.test(name));
  if (numbers.length === 0) return undefined;
  return Object.freeze(Object.fromEntries(numbers.map(([, number]) => [number, native.strerror(number)])));
}
