/**
 * Sends of which the kernel makes no copy, and who owns their bytes meanwhile.
 *
 * After such a send the kernel reads the caller's memory when it likes: when the device has time, and again for each
 * retransmission. It numbers a socket's sends from 0 and reports ranges of numbers in the error queue once it has done
 * with them. Until then a queue here holds a reference to the bytes, so that the memory is not given to somebody else,
 * whose secrets would then be sent. That has to outlive everything:
 *
 *  - A socket that is closed or collected while sends are under way is shut down, and its descriptor stays open here,
 *    together with its queue, until they are reported. See `retire`.
 *  - When a thread ends, its memory goes, whatever is under way. Then the connection is reset, so that nothing is sent
 *    rather than something else. See `native.abortAtEnd`.
 *  - Two objects for one socket would both count its sends from 0: the second one is refused. See `enabled`.
 *
 * @see the kernel's Documentation/networking/msg_zerocopy.rst
 */

import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { cInt } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { checked, OSError, raise, ValueError } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { type Address, pack, packed } from '../structs/address.js';
import { unpackAncillary } from '../structs/ancillary.js';
import { decode_ancillary } from '../structs/decode.js';
import {
  type Again,
  ATTEMPT,
  type Attempt,
  goOn,
  ONCE,
  POLLOUT,
  patience,
  VAIN_READ,
  VAIN_WRITE,
  type Waiter,
  waitFor,
} from '../wait/call.js';
import { isWhole } from './receive.js';
import type { Sender } from './send.js';

const { EALREADY, EINTR, ENOBUFS, EOPNOTSUPP, EWOULDBLOCK } = constants.errno;
const { AF_INET, AF_INET6, MSG_ERRQUEUE, SHUT_RDWR, SO_LINGER, SOL_SOCKET } = constants.socket;
const { SO_EE_CODE_ZEROCOPY_COPIED, SO_EE_ORIGIN_ZEROCOPY } = constants.beyond;
/** Room for a struct sock_extended_err with an address, and for what else the socket's options bring. */
const CONTROL_ROOM = 512;
/** How often descriptors that wait for the end of their sends are looked at. */
const SWEEP_MS = 50;

/** What `reap_zerocopy` returns of a send. */
export type Reaped = [bytes: Uint8Array, copied: boolean];

/** The bytes of one call, which the kernel may have taken in several sends. */
class Call {
  copied = false;
  /** How many sends are not reported yet; while the call is still sending, one more. */
  left = 1;
  constructor(readonly bytes: Uint8Array) {}
}

/** What is under way on one socket. It does not know the socket, which may be gone before it. */
export class ZerocopyQueue {
  /** The number of the next send: the kernel counts modulo 2^32. */
  #next = 0;
  readonly #sends = new Map<number, Call>();
  #done: Reaped[] = [];
  readonly #control = new Uint8Array(CONTROL_ROOM);

  /** @param claim makes the descriptor that the sends are read from the socket's: see `native.own` */
  constructor(public claim: number) {}

  /** How many sends the kernel may still read from. */
  get underWay(): number {
    return this.#sends.size;
  }

  /** Notes that the kernel has taken a send of this call. */
  sent(call: Call, fd: number): void {
    if (this.#sends.size === 0) native.abortAtEnd(fd, this.claim, true);
    call.left++;
    this.#sends.set(this.#next, call);
    this.#next = (this.#next + 1) >>> 0;
  }

  /** A part of the call is over: a send, or the sending itself. */
  over(call: Call): void {
    if (--call.left === 0) this.#done.push([call.bytes, call.copied]);
  }

  /** Reads all reports that are there. A negative code if the socket cannot be read. */
  read(fd: number): number {
    const before = this.#sends.size;
    let code: number;
    do {
      code = native.recvmsg(fd, [], this.#control, MSG_ERRQUEUE, ONCE);
      if (code >= 0) this.#report(this.#control, native.info[1]);
    } while (code >= 0 || code === -EINTR);
    if (before > 0 && this.#sends.size === 0) native.abortAtEnd(fd, this.claim, false);
    return code === -EWOULDBLOCK ? 0 : code;
  }

  #report(control: Uint8Array, filled: number): void {
    const { IP_RECVERR, IPV6_RECVERR } = decode_ancillary(unpackAncillary(control, filled));
    const report = IP_RECVERR ?? IPV6_RECVERR;
    if (report === undefined || report.ee_origin !== SO_EE_ORIGIN_ZEROCOPY) return;
    const count = ((report.ee_data - report.ee_info) >>> 0) + 1;
    for (let i = 0; i < count; i++) {
      const number = (report.ee_info + i) >>> 0;
      const call = this.#sends.get(number);
      if (call === undefined) continue;
      this.#sends.delete(number);
      call.copied ||= report.ee_code === SO_EE_CODE_ZEROCOPY_COPIED;
      this.over(call);
    }
  }

  /** What is done since the last time. */
  take(): Reaped[] {
    const done = this.#done;
    this.#done = [];
    return done;
  }
}

/** A queue for a socket that had none. @throws OSError | ValueError */
function enabled(fd: number, claim: number, family: number): ZerocopyQueue {
  // Other families that can do so report it in words of their own.
  const code = family === AF_INET || family === AF_INET6 ? native.enableZerocopy(fd) : -EOPNOTSUPP;
  if (code === -EALREADY) throw new ValueError('another object sends without a copy on this socket');
  checked(code, 'setsockopt');
  return new ZerocopyQueue(claim);
}

/** What these functions need of a socket. */
export interface ZerocopySocket extends Sender {
  readonly _claim: number;
  _zerocopy: ZerocopyQueue | null;
}

/** See `socket.send_zerocopy`. As with `send`, a socket that blocks sends all. */
export function sendZerocopy(
  sock: ZerocopySocket,
  data: BytesLike,
  flags: number,
  to: Address,
  deadline: number,
): number | Again {
  const bytes = bytesOf(data);
  const bits = flags === 0 ? 0 : cInt(flags);
  const none = to === null || to === undefined;
  const addressLength = none ? 0 : pack(sock.family, sock.proto, to, 'send_zerocopy');
  sock._zerocopy ??= enabled(sock._fd, sock._claim, sock.family);
  const queue = sock._zerocopy;
  const call = new Call(bytes);
  let at = 0;
  try {
    for (;;) {
      const attempt: Attempt = (fd, wait) =>
        native.sendZerocopy(fd, bytes, at, bytes.length - at, bits, none ? null : packed, addressLength, wait);
      let n = attempt(sock._fd, patience(deadline));
      if (n === -ENOBUFS) {
        if (!makeRoom(sock, queue, deadline)) return VAIN_WRITE;
        continue;
      }
      if (n < 0) n = goOn(sock, n, POLLOUT, deadline, 'send', attempt);
      if (n < 0) return VAIN_WRITE;
      if (n > 0) queue.sent(call, sock._fd);
      at += n;
      if (at === bytes.length || !isWhole(sock, deadline)) return at;
    }
  } catch (error) {
    // What was sent before counts: what stopped it then comes with the next call.
    if (at === 0 || !(error instanceof OSError)) throw error;
    return at;
  } finally {
    if (at > 0) queue.over(call);
  }
}

/**
 * The kernel limits how many reports may be outstanding, and says ENOBUFS to more: one is waited for. False: the call is an
 * attempt, and does not wait.
 */
function makeRoom(sock: Waiter, queue: ZerocopyQueue, deadline: number): boolean {
  const before = queue.underWay;
  if (before === 0) raise(-ENOBUFS, 'send');
  checked(queue.read(sock._fd), 'recvmsg');
  if (queue.underWay < before) return true;
  if (deadline === ATTEMPT) return false;
  waitFor(sock, REPORTS, deadline, 'send');
  return true;
}

/** What reports are waited for with: POLLERR comes unasked. */
export const REPORTS = 0;

/** See `socket.reap_zerocopy`. */
export function reapZerocopy(sock: ZerocopySocket, deadline: number): Reaped[] | Again {
  for (;;) {
    const queue = sock._zerocopy;
    if (queue === null) return [];
    checked(queue.read(sock._fd), 'recvmsg');
    const done = queue.take();
    if (done.length > 0 || queue.underWay === 0) return done;
    if (deadline === ATTEMPT) return VAIN_READ;
    waitFor(sock, REPORTS, deadline, 'recvmsg');
  }
}

// ---- descriptors whose socket is gone ------------------------------------------------------------------------------

const retired = new Map<number, ZerocopyQueue>();
let sweeper: NodeJS.Timeout | undefined;

/**
 * Takes over the descriptor of a socket that is closed, if sends are under way: true. What was sent still arrives, and
 * the peer sees the end, as after close(2).
 */
export function retire(fd: number, queue: ZerocopyQueue): boolean {
  sweep();
  if (!native.owns(fd, queue.claim)) return false;
  if (queue.read(fd) < 0 || queue.underWay === 0 || discardsAtClose(fd)) return false;
  native.shutdown(fd, SHUT_RDWR);
  keep(fd, queue);
  return true;
}

/** The descriptor is given away: a duplicate of it waits for the reports. */
export function leave(fd: number, queue: ZerocopyQueue): void {
  if (!native.owns(fd, queue.claim) || queue.read(fd) < 0 || queue.underWay === 0) return;
  const copy = checked(native.dup(fd), 'dup');
  queue.claim = native.own(copy);
  native.abortAtEnd(copy, queue.claim, true);
  keep(copy, queue);
}

function keep(fd: number, queue: ZerocopyQueue): void {
  retired.set(fd, queue);
  sweeper ??= setInterval(sweep, SWEEP_MS).unref();
}

/** Closes what has nothing under way any more. */
function sweep(): void {
  for (const [fd, queue] of retired) {
    // One that another thread has closed, or that cannot be read, may be somebody else's by its number.
    const code = native.owns(fd, queue.claim) ? queue.read(fd) : BAD_FD;
    if (code >= 0 && queue.underWay > 0) continue;
    retired.delete(fd);
    if (code < 0) native.disown(fd, queue.claim);
    else native.closeOwned(fd, queue.claim);
  }
  if (retired.size > 0 || sweeper === undefined) return;
  clearInterval(sweeper);
  sweeper = undefined;
}

const { linger } = native.layout;

/** Whether close(2) itself throws away what is not sent: SO_LINGER with no time. */
function discardsAtClose(fd: number): boolean {
  const value = new Uint8Array(linger.size);
  if (native.getsockopt(fd, SOL_SOCKET, SO_LINGER, value) < 0) return false;
  const at = ([offset, width]: readonly [number, number]) =>
    value.subarray(offset, offset + width).some((b) => b !== 0);
  return at(linger.l_onoff) && !at(linger.l_linger);
}
