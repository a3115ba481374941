/** How a socket connects: what its `connect` and `connect_ex` do, and the two halves of a connect that is awaited. */
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { tellConnect } from '../core/channels.js';
import { codeFromSystem, systemNumber } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { type Address, pack, packed } from '../structs/address.js';
import {
  begin,
  Held,
  interrupted,
  isInProgress,
  limited,
  monotonicMs,
  ONCE,
  POLLOUT,
  SLEEP,
  SLICE_MS,
  type Waiter,
  waitReady,
} from '../wait/call.js';
import { TELLS, told } from '../wait/told.js';

const { AF_UNIX, SOL_SOCKET, SO_ERROR } = constants.socket;
const { EALREADY, EINPROGRESS, EINTR, EISCONN, EWOULDBLOCK } = constants.errno;
/** What a connect came to whose deadline passed; its error number alone would be that of a full Unix listener. */
export const DEADLINE_PASSED = 1;
/** Elsewhere a connect that is interrupted cannot be called again to wait for the same connection, or never sleeps. */
const CONNECT_SLEEPS = process.platform === 'linux';

/** What these functions need of a socket. */
export interface Connecting extends Waiter {
  readonly family: number;
  readonly proto: number;
  _connectEnded(): number;
}

/** The error number that a code of a connect stands for. */
export function errnoOf(code: number): number {
  return code === DEADLINE_PASSED ? EWOULDBLOCK : systemNumber(0 - code); // never -0
}

/** Connects, and waits as the socket's timeout says: 0, a negative code, or DEADLINE_PASSED. */
export function connectTo(sock: Connecting, address: Address, caller: string): number {
  const code = connectPacked(sock, pack(sock.family, sock.proto, address, caller));
  tellConnect(sock, address, errnoOf(code));
  return code;
}

function connectPacked(sock: Connecting, length: number): number {
  const deadline = begin(sock, POLLOUT);
  if (deadline === Number.POSITIVE_INFINITY && CONNECT_SLEEPS) {
    return TELLS ? told(`connect(${sock._fd})`, () => connectAsleep(sock, length)) : connectAsleep(sock, length);
  }
  const code = native.connect(sock._fd, packed, length, ONCE);
  return deadline !== 0 && isInProgress(code) ? untilConnected(sock, deadline) : code;
}

/** Connects without a timeout. An interrupted connect(2) that is called again waits for the same connection. */
function connectAsleep(sock: Connecting, length: number): number {
  const code = native.connect(sock._fd, packed, length, SLEEP);
  if (code !== -EINTR) return code;
  using held = new Held(sock);
  let deadline = Number.POSITIVE_INFINITY;
  for (;;) {
    interrupted();
    if (!held.isOwned) return BAD_FD;
    deadline = limited(held.fd, POLLOUT, deadline);
    if (monotonicMs() >= deadline) return sock.family === AF_UNIX ? -EWOULDBLOCK : -EINPROGRESS;
    const further = native.connect(held.fd, packed, length, SLEEP);
    if (further === -EINTR) continue;
    // Somebody has made the descriptor nonblocking meanwhile.
    if (further === -EALREADY || isInProgress(further)) native.pollOne(held.fd, POLLOUT, SLICE_MS);
    else return further;
  }
}

/** Waits until a connection in progress is made or has failed. */
function untilConnected(sock: Connecting, deadline: number): number {
  const found = waitReady(sock._fd, POLLOUT, deadline);
  if (found < 0) return found;
  return found === 0 ? DEADLINE_PASSED : sock._connectEnded();
}

/** Begins to connect, whatever the mode: 0, -EINPROGRESS, or what went wrong. */
export function connectBegun(sock: Connecting, address: Address): number {
  const length = pack(sock.family, sock.proto, address, 'connect');
  const code = native.connect(sock._fd, packed, length, ONCE);
  tellConnect(sock, address, errnoOf(code));
  return code;
}

/** What has become of a connection in progress: 0, or a negative code. The descriptor is writable. */
export function connectEnded(sock: Waiter): number {
  const code = native.getsockoptInt(sock._fd, SOL_SOCKET, SO_ERROR);
  if (code < 0) return code;
  const error = native.info[0];
  return error === EISCONN ? 0 : codeFromSystem(error);
}
