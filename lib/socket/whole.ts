/**
 * Transfers that the kernel makes whole on a stream socket without a timeout: it sends all of what send is given, and with
 * MSG_WAITALL receives until the room is full, the peer closes or an error comes. A signal cuts such a transfer short, the
 * binary's own signal, which ends long sleeps, among them. Here such a transfer goes on.
 *
 * What stops it afterwards must be left for the next call, as the kernel leaves it: an error that a step of ours ran into
 * would be lost. Therefore a step is made only when poll(2) has said that there is no error.
 */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { OSError } from '../core/exceptions.js';
import { type AncillaryData, descriptorsIn, unpackAncillary } from '../structs/ancillary.js';
import {
  Held,
  limited,
  listenerIsDue,
  monotonicMs,
  ONCE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SLEEP,
  shortPause,
  sliceUntil,
  type Waiter,
} from '../wait/call.js';

const { EINTR, EWOULDBLOCK } = constants.errno;
const { MSG_CTRUNC, MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, SO_RCVLOWAT, SOL_SOCKET } = constants.socket;

/** What `native.sleepEnded` says of a sleep that the binary has not ended. */
const SLEPT = -1;

/** One step of a transfer: it does not wait. Returns how many bytes were moved, 0 at the end, or a negative code. */
type Step = (fd: number, part: Uint8Array, offset: number, length: number) => number;

/** Whether a transfer of fewer bytes than were asked for was cut short by a signal whose listener is not due. */
function isCutShort(socket: Waiter, events: number, flags: number): boolean {
  const ended = native.sleepEnded();
  // A receive may be short for other reasons. A send that would sleep for as long as it takes is short after a signal alone.
  const asleep = ended >= 0 || ((events === POLLOUT || ended !== SLEPT) && sleepsWithoutEnd(socket, events, flags));
  return asleep && !listenerIsDue();
}

function sleepsWithoutEnd(socket: Waiter, events: number, flags: number): boolean {
  return (flags & MSG_DONTWAIT) === 0 && native.sleepsWithoutEnd(socket._fd, events === POLLOUT);
}

/** How long poll(2) is asked at most before a step is tried: it does not report fewer bytes than SO_RCVLOWAT. */
const TRY_MS = 20;

/** Waits until the next step is to be tried; false: the transfer is over. */
function canGoOn(held: Held, events: number, deadline: number): boolean {
  const endings = events === POLLOUT ? POLLERR | POLLHUP : POLLERR;
  const found = native.pollOne(held.fd, events, Math.min(sliceUntil(deadline), TRY_MS));
  if (found > 0) return (found & endings) === 0 && !(events === POLLIN && native.atMark(held.fd) === 1);
  if (found < 0 && found !== -EINTR) return false;
  return !listenerIsDue() && held.isOwned && monotonicMs() < deadline;
}

function heldIfOwned(socket: Waiter): Held | null {
  try {
    return new Held(socket);
  } catch (error) {
    if (error instanceof OSError) return null;
    throw error;
  }
}

/** Goes on with a transfer of which `n` bytes of `parts` are done, until `target` are: how many are done in the end. */
function goOn(
  socket: Waiter,
  parts: readonly Uint8Array[],
  n: number,
  target: number,
  events: number,
  step: Step,
): number {
  using held = heldIfOwned(socket);
  if (held === null) return n;
  const deadline = limited(held.fd, events, Number.POSITIVE_INFINITY);
  let start = 0;
  for (const part of parts) {
    while (n < start + part.length && n < target) {
      if (!canGoOn(held, events, deadline)) return n;
      const more = step(held.fd, part, n - start, start + part.length - n);
      if (more > 0) n += more;
      else if (more === -EWOULDBLOCK || more === -EINTR) shortPause();
      else return n;
    }
    start += part.length;
  }
  return n;
}

/** How many bytes of `parts` a send without a timeout sends in the end that has sent `n` of them, but not all. */
export function sendRest(socket: Waiter, parts: readonly Uint8Array[], n: number, flags: number): number {
  if (!isCutShort(socket, POLLOUT, flags)) return n;
  return goOn(socket, parts, n, sizeOf(parts), POLLOUT, (fd, part, offset, length) => {
    return native.send(fd, part, offset, length, flags, ONCE);
  });
}

/** What came beside the bytes of a message: ancillary data and MSG_* flags. */
export interface Ancillary {
  items: AncillaryData[];
  flags: number;
}

/** How many bytes there is room for. */
export function sizeOf(parts: readonly Uint8Array[]): number {
  let size = 0;
  for (const part of parts) size += part.length;
  return size;
}

/**
 * How many bytes of `parts` a receive without a timeout has in the end that has `n` of them: with MSG_WAITALL it waits for
 * all, else for as many as SO_RCVLOWAT says. As in the kernel, descriptors end the transfer: those behind them belong to the
 * next call. Credentials and timestamps come with every step, and the last ones count.
 */
export function receiveRest(
  socket: Waiter,
  parts: readonly Uint8Array[],
  n: number,
  flags: number,
  control: Uint8Array,
  got: Ancillary,
): number {
  if (endsTransfer(got) || !isCutShort(socket, POLLIN, flags)) return n;
  if ((flags & MSG_PEEK) !== 0) return peekAll(socket, parts, n, flags, control, got);
  return goOn(socket, parts, n, targetOf(socket, parts, flags), POLLIN, (fd, part, offset, length) => {
    if (endsTransfer(got)) return 0;
    const more = native.recvmsg(fd, [part.subarray(offset, offset + length)], control, flags, ONCE);
    if (more <= 0) return more;
    const { info } = native;
    if (info[1] > 0) got.items = unpackAncillary(control, info[1]);
    got.flags |= info[2];
    return more;
  });
}

function targetOf(socket: Waiter, parts: readonly Uint8Array[], flags: number): number {
  const all = sizeOf(parts);
  if ((flags & MSG_WAITALL) !== 0) return all;
  // Where the system has no such option, anything will do.
  const known = native.getsockoptInt(socket._fd, SOL_SOCKET, SO_RCVLOWAT) >= 0;
  return Math.min(known ? native.info[0] : 1, all);
}

/** What was looked at is still there, so that the whole call can be made again. */
function peekAll(
  socket: Waiter,
  parts: readonly Uint8Array[],
  n: number,
  flags: number,
  control: Uint8Array,
  got: Ancillary,
): number {
  using held = heldIfOwned(socket);
  const target = targetOf(socket, parts, flags);
  while (held?.isOwned && n < target && isCutShort(socket, POLLIN, flags)) {
    const again = native.recvmsg(held.fd, parts, control, flags, SLEEP);
    if (again === -EINTR) continue;
    if (again < 0) return n;
    n = again;
    got.items = unpackAncillary(control, native.info[1]);
    got.flags = native.info[2];
  }
  return n;
}

function endsTransfer({ items, flags }: Ancillary): boolean {
  return (flags & MSG_CTRUNC) !== 0 || items.some((item) => descriptorsIn(item).length > 0);
}
