/**
 * Ancillary data between Python's `[level, type, bytes]` and the kernel's control messages.
 * @see cmsg(3), RFC 3542; Python socket.sendmsg, socket.recvmsg
 */
import { native } from '../addon/binary.js';
import { argName, cInt, size } from '../core/args.js';
import { LITTLE_ENDIAN } from '../core/byte_order.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { OverflowError } from '../core/exceptions.js';

/** One item of ancillary data, as it is received. */
export type AncillaryData = [level: number, type: number, data: Buffer];
/** One item of ancillary data, as it is sent. */
export type AncillaryItem = readonly [level: number, type: number, data: BytesLike];

/** A system without ancillary data has no such struct; there, nothing below is called. */
const header = native.layout.cmsghdr;
const [DATA] = header?.data ?? [0];
const [ALIGN] = header?.align ?? [1];
const LENGTH_MAX = 0x7fffffff;

function aligned(length: number): number {
  return Math.ceil(length / ALIGN) * ALIGN;
}

/** As CPython, it leaves `reserved` bytes below the longest length that there is. */
function checkedLength(length: unknown, name: string, reserved: number, room: (n: number) => number): number {
  const n = size(length);
  if (n < 0 || n > LENGTH_MAX - reserved) throw new OverflowError(`${name}() argument out of range`);
  return room(n);
}

/**
 * The size of an ancillary item with `length` bytes of data, without padding behind it.
 * @throws OverflowError if `length` is negative or too large; TypeError
 * @see RFC 3542
 */
export function CMSG_LEN(length: number): number {
  return checkedLength(length, 'CMSG_LEN', DATA, (n) => DATA + n);
}

/**
 * The room that an ancillary item with `length` bytes of data takes, with padding.
 * @throws OverflowError if `length` is negative or too large; TypeError
 * @see RFC 3542
 */
export function CMSG_SPACE(length: number): number {
  return checkedLength(length, 'CMSG_SPACE', DATA + aligned(1), (n) => DATA + aligned(n));
}

const NOTHING = new Uint8Array(0);

function checkedItem(item: unknown): AncillaryItem {
  if (!Array.isArray(item)) {
    throw new TypeError(`[sendmsg() ancillary data items]() argument must be 3-item sequence, not ${argName(item)}`);
  }
  if (item.length !== 3) {
    throw new TypeError(`[sendmsg() ancillary data items]() argument must be sequence of length 3, not ${item.length}`);
  }
  return [cInt(item[0]), cInt(item[1]), bytesOf(item[2])];
}

const { SCM_RIGHTS, SOL_SOCKET } = native.constants.socket;

/** The descriptors in an item of ancillary data; none if it is of another type. @see unix(7) SCM_RIGHTS */
export function descriptorsIn([level, type, data]: AncillaryData): number[] {
  return level === SOL_SOCKET && type === SCM_RIGHTS ? descriptorsOf(data) : [];
}

/** The descriptors in the data of SCM_RIGHTS. What was cut off in the middle of one is none. */
export function descriptorsOf(data: Uint8Array): number[] {
  const whole = data.length - (data.length % Int32Array.BYTES_PER_ELEMENT);
  return [...new Int32Array(new Uint8Array(data.subarray(0, whole)).buffer)];
}

/** The control messages of a sendmsg. */
export function packAncillary(items: Iterable<unknown>): Uint8Array {
  const checked = Array.from(items, checkedItem) as [number, number, Uint8Array][];
  if (checked.length === 0) return NOTHING;
  const control = new Uint8Array(checked.reduce((sum, [, , data]) => sum + DATA + aligned(data.length), 0));
  const view = new DataView(control.buffer);
  let at = 0;
  for (const [level, type, data] of checked) {
    writeLength(view, at, DATA + data.length);
    view.setInt32(at + header.cmsg_level[0], level, LITTLE_ENDIAN);
    view.setInt32(at + header.cmsg_type[0], type, LITTLE_ENDIAN);
    control.set(data, at + DATA);
    at += DATA + aligned(data.length);
  }
  return control;
}

function writeLength(view: DataView, at: number, length: number): void {
  const [offset, width] = header.cmsg_len;
  if (width === 8) view.setBigUint64(at + offset, BigInt(length), LITTLE_ENDIAN);
  else view.setUint32(at + offset, length, LITTLE_ENDIAN);
}

function readLength(view: DataView, at: number): number {
  const [offset, width] = header.cmsg_len;
  return width === 8
    ? Number(view.getBigUint64(at + offset, LITTLE_ENDIAN))
    : view.getUint32(at + offset, LITTLE_ENDIAN);
}

/** The items in the first `filled` bytes of `control`. An item that was cut off (MSG_CTRUNC) comes as far as it came. */
export function unpackAncillary(control: Uint8Array, filled: number): AncillaryData[] {
  const items: AncillaryData[] = [];
  const view = new DataView(control.buffer, control.byteOffset, filled);
  for (let at = 0; at + DATA <= filled; ) {
    const length = readLength(view, at);
    if (length < DATA) break;
    const end = Math.min(at + length, filled);
    items.push([
      view.getInt32(at + header.cmsg_level[0], LITTLE_ENDIAN),
      view.getInt32(at + header.cmsg_type[0], LITTLE_ENDIAN),
      Buffer.from(control.subarray(at + DATA, end)),
    ]);
    at += aligned(length);
  }
  return items;
}
