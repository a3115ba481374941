/**
 * What a socket's receiving calls do, for the blocking call and for its awaited twin.
 *
 * Each function takes the deadline of its call (`begin`), or ATTEMPT: then it tries once, and where the call would have to
 * wait it returns an Again. Bytes that fit are received into memory that the binary shares with JavaScript
 * (`native.scratch`), and are copied out before anything of the caller's can run.
 */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { cInt, isIterable, size } from '../core/args.js';
import { type BytesLike, fromScratch, newBytes, trimmed, writableBytes } from '../core/bytes.js';
import { ValueError } from '../core/exceptions.js';
import { type ReturnedAddress, unpack } from '../structs/address.js';
import { type AncillaryData, CMSG_SPACE, descriptorsIn, unpackAncillary } from '../structs/ancillary.js';
import { Again, type Attempt, goOn, POLLIN, patience, VAIN_READ, type Waiter } from '../wait/call.js';
import { type Ancillary, receiveRest, sizeOf } from './whole.js';

/** What these functions need of a socket. */
export interface Receiver extends Waiter {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly _isPlain: boolean;
  _drained: boolean;
}

const { MSG_WAITALL, SOCK_STREAM } = constants.socket;
/** The room that recv and recvfrom receive into; what is asked beyond it costs a buffer of that size. */
const SCRATCH_SIZE = native.scratch.length;
const WAIT_ALL = MSG_WAITALL ?? 0;
const NO_CONTROL = new Uint8Array(0);
/** The place in `native.info` that says whether the binary has ended the sleep of a recv or recvfrom that got something. */
const CUT_SHORT = 3;
/** struct ucred: pid, uid and gid. */
const CREDENTIALS_ROOM = CMSG_SPACE(3 * Int32Array.BYTES_PER_ELEMENT);
const CONTROL_MAX = 0x7fffffff;

/** What `recvmsg` returns; `flags` are MSG_… */
export type Message = [bytes: Buffer, ancillary: AncillaryData[], flags: number, address: ReturnedAddress];
/** What `recvmsg_into` returns: how many bytes came into the buffers, and else as `Message`. */
export type MessageInto = [count: number, ancillary: AncillaryData[], flags: number, address: ReturnedAddress];

/** See `socket.recv`. */
export function recv(sock: Receiver, bufsize: number, flags: number, deadline: number): Buffer | Again {
  const room = size(bufsize);
  const bits = flags === 0 ? 0 : cInt(flags);
  if (room < 0) throw new ValueError('negative buffersize in recv');
  if (room === 0) return Buffer.alloc(0);
  if (room <= SCRATCH_SIZE && (bits & WAIT_ALL) === 0) {
    const n = receive(sock, null, room, bits, deadline);
    return n < 0 ? VAIN_READ : fromScratch(n);
  }
  const large = newBytes(room);
  const n = receive(sock, large, room, bits, deadline);
  return n < 0 ? VAIN_READ : trimmed(large, n);
}

/** See `socket.recv_into`. */
export function recvInto(
  sock: Receiver,
  buffer: BytesLike,
  nbytes: number,
  flags: number,
  deadline: number,
): number | Again {
  const bytes = writableBytes(buffer, 'recv_into');
  let room = nbytes === 0 ? 0 : size(nbytes);
  const bits = flags === 0 ? 0 : cInt(flags);
  if (room < 0) throw new ValueError('negative buffersize in recv_into');
  if (room > bytes.length) throw new ValueError('buffer too small for requested bytes');
  if (room === 0) room = bytes.length;
  if (room === 0) return 0;
  const n = receive(sock, bytes, room, bits, deadline);
  return n < 0 ? VAIN_READ : n;
}

/** recv(2) into `bytes`, or for null into `native.scratch`: how many bytes came, at most `room`, or a negative code. */
function receive(sock: Receiver, bytes: Uint8Array | null, room: number, flags: number, deadline: number): number {
  if ((flags & WAIT_ALL) !== 0 && isWhole(sock, deadline)) return recvWhole(sock, bytes as Uint8Array, room, flags);
  const wait = patience(deadline);
  let n =
    bytes === null
      ? native.recvScratch(sock._fd, room, flags, wait)
      : native.recv(sock._fd, bytes, 0, room, flags, wait);
  if (n < 0) n = receiveOn(sock, n, bytes, room, flags, deadline);
  if (n < room && native.info[CUT_SHORT] === 1) n = recvRest(sock, bytes ?? native.scratch, n, room, flags);
  // A stream that gave less than was asked for has nothing more.
  sock._drained = n > 0 && n < room && sock.type === SOCK_STREAM && sock._isPlain;
  // What the kernel had in its queue can be more, with MSG_TRUNC.
  return bytes === null && n > room ? room : n;
}

function receiveOn(
  sock: Receiver,
  code: number,
  bytes: Uint8Array | null,
  room: number,
  flags: number,
  deadline: number,
): number {
  return goOn(sock, code, POLLIN, deadline, 'recv', (fd, wait) =>
    bytes === null ? native.recvScratch(fd, room, flags, wait) : native.recv(fd, bytes, 0, room, flags, wait),
  );
}

/** A receive was ended by the binary that may have waited for more (SO_RCVLOWAT). */
function recvRest(sock: Receiver, bytes: Uint8Array, n: number, room: number, flags: number): number {
  if (sock.type !== SOCK_STREAM || n < 0) return n;
  return receiveRest(sock, [bytes.subarray(0, room)], n, flags, NO_CONTROL, { items: [], flags: 0 });
}

/** Whether the kernel makes a transfer whole that begins now, under that deadline. */
export function isWhole(sock: { readonly type: number }, deadline: number): boolean {
  return deadline === Number.POSITIVE_INFINITY && sock.type === SOCK_STREAM;
}

/** recv and recvfrom of a stream with MSG_WAITALL. The sender's address is left where `native.recvmsg` leaves it. */
function recvWhole(sock: Receiver, bytes: Uint8Array, room: number, flags: number): number {
  // Room for credentials, so that what has none can be told from what has nobody's: recv(2) itself has none at all.
  const control = new Uint8Array(CREDENTIALS_ROOM);
  const got: Ancillary = { items: [], flags: 0 };
  const n = receiveMessage(sock, [bytes.subarray(0, room)], control, flags, got, 'recv', Number.POSITIVE_INFINITY);
  for (const fd of got.items.flatMap(descriptorsIn)) native.close(fd);
  return n;
}

/** See `socket.recvfrom`. */
export function recvfrom(
  sock: Receiver,
  bufsize: number,
  flags: number,
  deadline: number,
): [Buffer, ReturnedAddress] | Again {
  const room = size(bufsize);
  const bits = flags === 0 ? 0 : cInt(flags);
  if (room < 0) throw new ValueError('negative buffersize in recvfrom');
  if (room <= SCRATCH_SIZE && (bits & WAIT_ALL) === 0) {
    const n = receiveFrom(sock, null, room, bits, deadline);
    if (n < 0) return VAIN_READ;
    const address = unpack(native.info[0], sock.proto);
    return [fromScratch(Math.min(n, room)), address];
  }
  const large = newBytes(room);
  const n = receiveFrom(sock, large, room, bits, deadline);
  return n < 0 ? VAIN_READ : [trimmed(large, n), unpack(native.info[0], sock.proto)];
}

/** See `socket.recvfrom_into`. */
export function recvfromInto(
  sock: Receiver,
  buffer: BytesLike,
  nbytes: number,
  flags: number,
  deadline: number,
): [number, ReturnedAddress] | Again {
  const bytes = writableBytes(buffer, 'recvfrom_into');
  const room = size(nbytes);
  const bits = cInt(flags);
  if (room < 0) throw new ValueError('negative buffersize in recvfrom_into');
  if (room > bytes.length) throw new ValueError('nbytes is greater than the length of the buffer');
  const n = receiveFrom(sock, bytes, room === 0 ? bytes.length : room, bits, deadline);
  return n < 0 ? VAIN_READ : [n, unpack(native.info[0], sock.proto)];
}

/** As `receive`, by recvfrom(2). The sender's address is left in `native.address`. */
function receiveFrom(sock: Receiver, bytes: Uint8Array | null, room: number, flags: number, deadline: number): number {
  if ((flags & WAIT_ALL) !== 0 && isWhole(sock, deadline)) return recvWhole(sock, bytes as Uint8Array, room, flags);
  const wait = patience(deadline);
  let n =
    bytes === null
      ? native.recvfromScratch(sock._fd, room, flags, wait)
      : native.recvfrom(sock._fd, bytes, 0, room, flags, wait);
  if (n < 0) n = receiveFromOn(sock, n, bytes, room, flags, deadline);
  return n < room && native.info[CUT_SHORT] === 1 ? recvRest(sock, bytes ?? native.scratch, n, room, flags) : n;
}

function receiveFromOn(
  sock: Receiver,
  code: number,
  bytes: Uint8Array | null,
  room: number,
  flags: number,
  deadline: number,
): number {
  return goOn(sock, code, POLLIN, deadline, 'recvfrom', (fd, wait) =>
    bytes === null ? native.recvfromScratch(fd, room, flags, wait) : native.recvfrom(fd, bytes, 0, room, flags, wait),
  );
}

/** See `socket.recvmsg`. */
export function recvmsg(
  sock: Receiver,
  bufsize: number,
  ancbufsize: number,
  flags: number,
  deadline: number,
): Message | Again {
  const room = size(bufsize);
  const controlRoom = size(ancbufsize);
  const bits = cInt(flags);
  if (room < 0) throw new ValueError('negative buffer size in recvmsg()');
  const bytes = newBytes(room);
  const message = receiveParts(sock, [bytes], controlRoom, bits, deadline);
  if (message instanceof Again) return message;
  const [n, ...others] = message;
  return [trimmed(bytes, n), ...others];
}

/** See `socket.recvmsg_into`. */
export function recvmsgInto(
  sock: Receiver,
  buffers: Iterable<BytesLike>,
  ancbufsize: number,
  flags: number,
  deadline: number,
): MessageInto | Again {
  if (!isIterable(buffers)) throw new TypeError('recvmsg_into() argument 1 must be an iterable');
  const parts = Array.from(buffers, (buffer) => {
    try {
      return writableBytes(buffer, 'recvmsg_into');
    } catch {
      throw new TypeError('recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers');
    }
  });
  return receiveParts(sock, parts, size(ancbufsize), cInt(flags), deadline);
}

function receiveParts(
  sock: Receiver,
  parts: Uint8Array[],
  controlRoom: number,
  flags: number,
  deadline: number,
): MessageInto | Again {
  if (controlRoom < 0 || controlRoom > CONTROL_MAX) throw new ValueError('invalid ancillary data buffer length');
  const control = new Uint8Array(controlRoom);
  const got: Ancillary = { items: [], flags: 0 };
  const n = receiveMessage(sock, parts, control, flags, got, 'recvmsg', deadline);
  return n < 0 ? VAIN_READ : [n, got.items, got.flags, unpack(native.info[0], sock.proto)];
}

/**
 * Receives a message: how many bytes came, or a negative code. What came beside them goes into `got`, the sender's address
 * into native's.
 */
function receiveMessage(
  sock: Receiver,
  parts: readonly Uint8Array[],
  control: Uint8Array,
  flags: number,
  got: Ancillary,
  syscall: string,
  deadline: number,
): number {
  const attempt: Attempt = (fd, wait) => native.recvmsg(fd, parts, control, flags, wait);
  let n = attempt(sock._fd, patience(deadline));
  if (n < 0) n = goOn(sock, n, POLLIN, deadline, syscall, attempt);
  if (n < 0) return n;
  const { info } = native;
  got.items = unpackAncillary(control, info[1]);
  got.flags = info[2];
  return isWhole(sock, deadline) && n < sizeOf(parts) ? receiveRest(sock, parts, n, flags, control, got) : n;
}

/** See `socket.accept`: the new connection's descriptor, whose address is in native's, or a negative code. */
export function accept(sock: Waiter, deadline: number): number {
  const fd = native.accept(sock._fd, patience(deadline));
  return fd >= 0 ? fd : goOn(sock, fd, POLLIN, deadline, 'accept', native.accept);
}
