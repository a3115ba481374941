/**
 * What a socket's sending calls do, for the blocking call and for its awaited twin.
 *
 * Each function takes the deadline of its call (`begin`), or ATTEMPT: then it tries once, and where the call would have to
 * wait it returns an Again.
 */
import { native } from '../addon/binary.js';
import { cInt, isIterable } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { type Address, pack, packed } from '../structs/address.js';
import { type AncillaryItem, packAncillary } from '../structs/ancillary.js';
import {
  type Again,
  type Attempt,
  goOn,
  Held,
  onward,
  POLLOUT,
  patience,
  VAIN_WRITE,
  type Waiter,
} from '../wait/call.js';
import { isWhole } from './receive.js';
import { sendRest, sizeOf } from './whole.js';

/** What these functions need of a socket. */
export interface Sender extends Waiter {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
}

/** See `socket.send`. */
export function send(sock: Sender, data: BytesLike, flags: number, deadline: number): number | Again {
  const bytes = bytesOf(data);
  const bits = flags === 0 ? 0 : cInt(flags);
  const n = native.send(sock._fd, bytes, 0, bytes.length, bits, patience(deadline));
  return n === bytes.length ? n : sendOn(sock, n, bytes, bits, deadline);
}

function sendOn(sock: Sender, code: number, bytes: Uint8Array, flags: number, deadline: number): number | Again {
  const n = code >= 0 ? code : goOn(sock, code, POLLOUT, deadline, 'send', sendingFrom(bytes, 0, flags));
  if (n < 0) return VAIN_WRITE;
  return n < bytes.length && isWhole(sock, deadline) ? sendRest(sock, [bytes], n, flags) : n;
}

/** An attempt to send `bytes` from an offset on. */
function sendingFrom(bytes: Uint8Array, offset: number, flags: number): Attempt {
  return (fd, wait) => native.send(fd, bytes, offset, bytes.length - offset, flags, wait);
}

/** See `socket.sendall`. It has no awaited twin: that one sends piece by piece. */
export function sendall(sock: Sender, data: BytesLike, flags: number, deadline: number): void {
  const bytes = bytesOf(data);
  const bits = flags === 0 ? 0 : cInt(flags);
  const n = native.send(sock._fd, bytes, 0, bytes.length, bits, patience(deadline));
  if (n !== bytes.length) sendAllOn(sock, n, bytes, bits, deadline);
}

function sendAllOn(sock: Sender, code: number, bytes: Uint8Array, flags: number, deadline: number): void {
  let sent = code >= 0 ? code : goOn(sock, code, POLLOUT, deadline, 'send', sendingFrom(bytes, 0, flags));
  if (sent === bytes.length) return;
  // Between two steps the number may become somebody else's.
  using held = new Held(sock);
  while (sent < bytes.length) {
    onward(deadline, 'send');
    held.check('send');
    const n = native.send(held.fd, bytes, sent, bytes.length - sent, flags, patience(deadline));
    sent += n >= 0 ? n : held.goOn(n, POLLOUT, deadline, 'send', sendingFrom(bytes, sent, flags));
  }
}

/** See `socket.sendto`. */
export function sendto(
  sock: Sender,
  data: BytesLike,
  flags: number,
  address: Address,
  deadline: number,
): number | Again {
  const bytes = bytesOf(data);
  const bits = flags === 0 ? 0 : cInt(flags);
  const length = pack(sock.family, sock.proto, address, 'sendto');
  const n = native.sendto(sock._fd, bytes, 0, bytes.length, bits, packed, length, patience(deadline));
  return n === bytes.length ? n : sendtoOn(sock, n, bytes, bits, length, deadline);
}

function sendtoOn(
  sock: Sender,
  code: number,
  bytes: Uint8Array,
  flags: number,
  addressLength: number,
  deadline: number,
): number | Again {
  const attempt: Attempt = (fd, wait) => native.sendto(fd, bytes, 0, bytes.length, flags, packed, addressLength, wait);
  const n = code >= 0 ? code : goOn(sock, code, POLLOUT, deadline, 'sendto', attempt);
  if (n < 0) return VAIN_WRITE;
  return n < bytes.length && isWhole(sock, deadline) ? sendRest(sock, [bytes], n, flags) : n;
}

/** See `socket.sendmsg`. */
export function sendmsg(
  sock: Sender,
  buffers: Iterable<BytesLike>,
  ancdata: Iterable<AncillaryItem>,
  flags: number,
  address: Address,
  deadline: number,
): number | Again {
  if (!isIterable(buffers)) throw new TypeError('sendmsg() argument 1 must be an iterable');
  const bits = cInt(flags);
  const parts = Array.from(buffers, bytesOf);
  if (!isIterable(ancdata)) throw new TypeError('sendmsg() argument 2 must be an iterable');
  const control = packAncillary(ancdata);
  const length = address === null || address === undefined ? 0 : pack(sock.family, sock.proto, address, 'sendmsg');
  return sendMessage(sock, parts, control, bits, length, deadline);
}

/** Sends one message whose parts are ready. The address lies in `packed`; `addressLength` 0: there is none. */
export function sendMessage(
  sock: Sender,
  parts: Uint8Array[],
  control: Uint8Array,
  flags: number,
  addressLength: number,
  deadline: number,
): number | Again {
  const address = addressLength === 0 ? null : packed;
  const attempt: Attempt = (fd, wait) => native.sendmsg(fd, parts, control, flags, address, addressLength, wait);
  const first = attempt(sock._fd, patience(deadline));
  const n = first >= 0 ? first : goOn(sock, first, POLLOUT, deadline, 'sendmsg', attempt);
  if (n < 0) return VAIN_WRITE;
  return isWhole(sock, deadline) && n < sizeOf(parts) ? sendRest(sock, parts, n, flags) : n;
}
