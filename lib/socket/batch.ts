/**
 * Many messages in memory that is allocated once: what `socket.recvmmsg_into` fills and `socket.sendmmsg` sends.
 * @see recvmmsg(2), sendmmsg(2)
 */

import { native } from '../addon/binary.js';
import { absent, argName, cInt, plainInt, typeName } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { OSError, ValueError } from '../core/exceptions.js';
import { pack, packed, type ReturnedAddress, unpackBytes } from '../structs/address.js';
import { type AncillaryData, packAncillary, unpackAncillary } from '../structs/ancillary.js';
import {
  type Again,
  type Attempt,
  goOn,
  Held,
  onward,
  POLLIN,
  POLLOUT,
  patience,
  VAIN_READ,
  VAIN_WRITE,
  type Waiter,
} from '../wait/call.js';

/** The room for an address: as large as any system's sockaddr_storage. */
const ADDRESS_ROOM = packed.length;
const SIZE_MAX = 2 ** 30;

/** How the system is called: one call for all messages, unless a test or a benchmark wants to see the other way. */
let oneByOne = false;

/** @internal */
export function callOneByOne(flag: boolean): void {
  oneByOne = flag;
}

/**
 * An address of `family` as the bytes of the system's sockaddr, for `MessageBatch.set`. A name of a host is resolved,
 * which may take a while.
 * @throws TypeError | OverflowError | ValueError | OSError | gaierror
 */
export function pack_address(
  family: number,
  address: ReturnedAddress,
  proto = absent(arguments.length, 3, 'proto', 0),
): Buffer {
  const length = pack(cInt(family), cInt(proto), address, 'pack_address');
  return Buffer.from(packed.subarray(0, length));
}

/** The bytes of a sockaddr as Python's address: `['127.0.0.1', 80]`; no bytes: null. @throws TypeError | ValueError */
export function unpack_address(bytes: BytesLike, proto = absent(arguments.length, 2, 'proto', 0)): ReturnedAddress {
  const address = bytesOf(bytes);
  const least = native.layout.sockaddr.sa_data[0];
  if (address.length > ADDRESS_ROOM) throw new ValueError('unpack_address() argument 1 is longer than any address');
  if (address.length > 0 && address.length < least) throw new ValueError('unpack_address() argument 1 is too short');
  return unpackBytes(address, cInt(proto));
}

/** What a batch has room for besides the messages' bytes. */
export interface MessageBatchOptions {
  /** Bytes of ancillary data per message: see CMSG_SPACE. 0 if not given. */
  ancbufsize?: number;
}

/** A whole number from 1 (or `least`) to `most`. */
function within(value: unknown, name: string, most: number, least = 1): number {
  const n = plainInt(value);
  if (n < least || n > most) throw new ValueError(`${name} must be ${least} to ${most}, got ${n}`);
  return n;
}

/**
 * Room for `count` messages of `size` bytes each. Message i lies in `buffer` from `i * size`, its address in `addresses`
 * from `i * 128`, its ancillary data in `control` from `i * ancbufsize`; the other arrays have an element per message.
 * What was received can be sent as it is: back to where it came from.
 *
 * ```js
 * const batch = new socket.MessageBatch(64, 2048);
 * for (;;) sock.sendmmsg(batch, 0, sock.recvmmsg_into(batch)); // an echo server
 * ```
 */
export class MessageBatch {
  /** How many messages there is room for. */
  readonly count: number;
  /** Bytes of room for each message. */
  readonly size: number;
  /** Bytes of room for each message's ancillary data. */
  readonly ancbufsize: number;
  /** The messages' bytes: message i begins at `i * size`. */
  readonly buffer: Buffer;
  /** The messages' addresses, as the kernel has them: see `address`. */
  readonly addresses: Uint8Array;
  /** The messages' ancillary data, as the kernel has it: message i's begins at `i * ancbufsize`. See `ancillary`. */
  readonly control: Uint8Array;
  /** Bytes per message. With MSG_TRUNC a received one may have had more than `size`. */
  readonly lengths: Int32Array;
  /** Bytes of each address; 0: none. */
  readonly address_lengths: Int32Array;
  /** Bytes of each message's ancillary data. */
  readonly control_lengths: Int32Array;
  /** What the kernel said of each message received: MSG_TRUNC if it was cut off, MSG_CTRUNC if ancillary data was. */
  readonly flags: Int32Array;
  /** The four arrays above in one, one after the other. */
  readonly #headers: Int32Array;

  /**
   * @param count 1 to 1024
   * @param size bytes; with `count`, 1 GiB at most
   * @throws TypeError | ValueError | OverflowError
   */
  constructor(count: number, size: number, options: MessageBatchOptions = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`MessageBatch() argument 3 must be an object, not ${argName(options)}`);
    }
    this.count = within(count, 'count', native.constants.limits.BATCH);
    this.size = within(size, 'size', Math.floor(SIZE_MAX / this.count));
    this.ancbufsize = within(options.ancbufsize ?? 0, 'ancbufsize', Math.floor(SIZE_MAX / this.count), 0);
    this.buffer = Buffer.alloc(this.count * this.size);
    this.addresses = new Uint8Array(this.count * ADDRESS_ROOM);
    this.control = new Uint8Array(this.count * this.ancbufsize);
    this.#headers = new Int32Array(4 * this.count);
    const kind = (i: number) => this.#headers.subarray(i * this.count, (i + 1) * this.count);
    [this.lengths, this.address_lengths, this.control_lengths, this.flags] = [kind(0), kind(1), kind(2), kind(3)];
  }

  /** The bytes of message i, not copied: what was received, or is to be sent. @throws ValueError */
  bytes(i: number): Buffer {
    const at = this.#index(i) * this.size;
    return this.buffer.subarray(at, at + Math.min(this.lengths[i], this.size));
  }

  /**
   * Where message i came from or goes to, in Python's shape; null: no address. `proto`: the socket's.
   * @throws ValueError if there is no message i; TypeError
   */
  address(i: number, proto = absent(arguments.length, 2, 'proto', 0)): ReturnedAddress {
    const at = this.#index(i) * ADDRESS_ROOM;
    return unpack_address(this.addresses.subarray(at, at + this.address_lengths[i]), proto);
  }

  /** The ancillary data of message i: see `decode_ancillary`. @throws ValueError if there is no message i; TypeError */
  ancillary(i: number): AncillaryData[] {
    const at = this.#index(i) * this.ancbufsize;
    return unpackAncillary(this.control.subarray(at, at + this.ancbufsize), this.control_lengths[i]);
  }

  /**
   * Makes message i: its bytes, its address as `pack_address` gives it (null: where the socket is connected to), and its
   * ancillary data. All are copied.
   * @throws ValueError if something has no room; TypeError
   */
  set(
    i: number,
    data: BytesLike,
    address: BytesLike | null = absent(arguments.length, 3, 'address', null),
    ancdata: Iterable<unknown> = absent(arguments.length, 4, 'ancdata', []),
  ): void {
    const index = this.#index(i);
    const parts = [bytesOf(data), address === null ? NOTHING : bytesOf(address), packAncillary(ancdata)] as const;
    const rooms = [this.size, ADDRESS_ROOM, this.ancbufsize];
    for (const [kind, part] of parts.entries()) {
      if (part.length > rooms[kind])
        throw new ValueError(`${KINDS[kind]} has ${part.length} bytes, ${rooms[kind]} fit`);
    }
    for (const [kind, memory] of [this.buffer, this.addresses, this.control].entries()) {
      memory.set(parts[kind], index * rooms[kind]);
      this.#headers[kind * this.count + index] = parts[kind].length;
    }
  }

  #index(i: number): number {
    if (!Number.isInteger(i)) throw new TypeError(`'${typeName(i)}' object cannot be interpreted as an integer`);
    if (i < 0 || i >= this.count) throw new ValueError(`there is no message ${i}: 0 to ${this.count - 1}`);
    return i;
  }

  /** @internal Receives as many messages as are there, as far as they have room: how many, or a negative code. */
  _receive(fd: number, flags: number, wait: number): number {
    const { buffer, addresses, control, count } = this;
    return native.recvmmsg(fd, buffer, addresses, control, this.#headers, 0, count, flags, oneByOne, wait);
  }

  /** @internal Sends messages `start` to `end`: how many, or a negative code. */
  _send(fd: number, start: number, end: number, flags: number, wait: number): number {
    const { buffer, addresses, control } = this;
    return native.sendmmsg(fd, buffer, addresses, control, this.#headers, start, end, flags, oneByOne, wait);
  }

  /** @internal The range of messages that a call is for, checked: their sizes have room. */
  _range(start: unknown, end: unknown): [start: number, end: number] {
    const last = end === undefined || end === null ? this.count : within(end, 'end', this.count, 0);
    const first = within(start, 'start', last, 0);
    const rooms = [this.size, ADDRESS_ROOM, this.ancbufsize];
    for (let kind = 0; kind < rooms.length; kind++) {
      for (let i = first; i < last; i++) {
        const length = this.#headers[kind * this.count + i];
        if (length >= 0 && length <= rooms[kind]) continue;
        throw new ValueError(`${KINDS[kind]} of message ${i} has ${length} bytes, ${rooms[kind]} fit`);
      }
    }
    return [first, last];
  }
}

const NOTHING = new Uint8Array(0);
const KINDS = ['data', 'address', 'ancillary data'];

/** A batch, for the first argument of `caller`. */
function batchOf(value: unknown, caller: string): MessageBatch {
  if (value instanceof MessageBatch) return value;
  throw new TypeError(`${caller}() argument 1 must be MessageBatch, not ${argName(value)}`);
}

/** See `socket.recvmmsg_into`. */
export function receiveBatch(sock: Waiter, messages: MessageBatch, flags: number, deadline: number): number | Again {
  const batch = batchOf(messages, 'recvmmsg_into');
  const bits = flags === 0 ? 0 : cInt(flags);
  const first = batch._receive(sock._fd, bits, patience(deadline));
  if (first >= 0) return first;
  const n = goOn(sock, first, POLLIN, deadline, 'recvmmsg', (fd, wait) => batch._receive(fd, bits, wait));
  return n < 0 ? VAIN_READ : n;
}

/** See `socket.sendmmsg`. What was sent counts: what stopped it then comes with the next call, as from the kernel. */
export function sendBatch(
  sock: Waiter,
  messages: MessageBatch,
  start: number,
  end: number | null,
  flags: number,
  deadline: number,
): number | Again {
  const batch = batchOf(messages, 'sendmmsg');
  const [first, last] = batch._range(start, end);
  const bits = flags === 0 ? 0 : cInt(flags);
  if (first === last) return 0;
  const sending =
    (at: number): Attempt =>
    (fd, wait) =>
      batch._send(fd, at, last, bits, wait);
  let n = sending(first)(sock._fd, patience(deadline));
  if (n < 0) n = goOn(sock, n, POLLOUT, deadline, 'sendmmsg', sending(first));
  if (n < 0) return VAIN_WRITE;
  if (first + n === last || deadline <= 0) return n;
  let at = first + n;
  try {
    using held = new Held(sock);
    while (at < last) {
      onward(deadline, 'sendmmsg');
      held.check('sendmmsg');
      const more = sending(at)(held.fd, patience(deadline));
      at += more >= 0 ? more : held.goOn(more, POLLOUT, deadline, 'sendmmsg', sending(at));
    }
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
  }
  return at - first;
}
