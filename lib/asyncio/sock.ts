/** The awaited twins of a socket's calls. */

import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { drop } from '../core/closing.js';
import { checked, OSError, raise } from '../core/exceptions.js';
import { str } from '../core/repr.js';
import { type Abortable, awaited, checkSocket, whenReadable } from '../event/await.js';
import { addressWithoutName } from '../event/names.js';
import { type MessageBatch, receiveBatch, sendBatch } from '../socket/batch.js';
import { type Message, recvfrom, recvfromInto, recvmsg } from '../socket/receive.js';
import { sendmsg, sendto } from '../socket/send.js';
import { FileTransfer, type SendableFile } from '../socket/sendfile.js';
import type { socket } from '../socket/socket.js';
import { type Reaped, reapZerocopy, sendZerocopy } from '../socket/zerocopy.js';
import type { SSLSocket } from '../ssl/socket.js';
import type { Address, ReturnedAddress } from '../structs/address.js';
import type { AncillaryItem } from '../structs/ancillary.js';
import { AGAIN_WRITE, Again, ATTEMPT, isInProgress, POLLIN, POLLOUT } from '../wait/call.js';

const { EINVAL } = constants.errno;

/**
 * Receives up to `nbytes` bytes; an empty Buffer means that the peer has closed.
 * @throws (rejects) as `sock.recv`; TimeoutError after the socket's timeout, if that is more than 0
 * @see Python loop.sock_recv; recv(2)
 */
export function sock_recv(sock: socket, nbytes: number, options?: Abortable): Promise<Buffer> {
  return awaited(sock, POLLIN, tryRecv, nbytes, options, isDrained(sock, nbytes));
}

const tryRecv = (sock: socket, nbytes: number) => sock._tryRecv(nbytes);

/**
 * Receives into `buf`: how many bytes came.
 * @throws (rejects) as `sock.recv_into`; TimeoutError after the socket's timeout
 * @see Python loop.sock_recv_into
 */
export function sock_recv_into(sock: socket, buf: BytesLike, options?: Abortable): Promise<number> {
  return awaited(sock, POLLIN, tryRecvInto, buf, options, isDrained(sock, buf?.byteLength));
}

const tryRecvInto = (sock: socket, buf: BytesLike) => sock._tryRecvInto(buf);

/** Whether a read of so many bytes would have to wait for the poller anyway. */
function isDrained(sock: socket, asked: number): boolean {
  return Number.isInteger(asked) && asked > 0 && sock?._drained;
}

/**
 * Receives a datagram with its sender: `[bytes, address]`.
 * @throws (rejects) as `sock.recvfrom`; TimeoutError after the socket's timeout
 * @see Python loop.sock_recvfrom
 */
export function sock_recvfrom(sock: socket, bufsize: number, options?: Abortable): Promise<[Buffer, ReturnedAddress]> {
  return awaited(sock, POLLIN, tryRecvfrom, bufsize, options);
}

const tryRecvfrom = (sock: socket, bufsize: number) => recvfrom(sock._plain('recvfrom'), bufsize, 0, ATTEMPT);

/**
 * Receives a datagram into `buf`: `[count, address]`.
 * @throws (rejects) as `sock.recvfrom_into`; TimeoutError after the socket's timeout
 * @see Python loop.sock_recvfrom_into
 */
export function sock_recvfrom_into(
  sock: socket,
  buf: BytesLike,
  nbytes = 0,
  options?: Abortable,
): Promise<[number, ReturnedAddress]> {
  const attempt = () => recvfromInto(sock._plain('recvfrom_into'), buf, nbytes, 0, ATTEMPT);
  return awaited(sock, POLLIN, attempt, null, options);
}

/**
 * Receives a message with ancillary data: `[bytes, ancillary, msg_flags, address]`. Not in Python.
 * @throws (rejects) as `sock.recvmsg`; TimeoutError after the socket's timeout
 * @see socket.recvmsg
 */
export function sock_recvmsg(
  sock: socket,
  bufsize: number,
  ancbufsize = 0,
  flags = 0,
  options?: Abortable,
): Promise<Message> {
  const attempt = () => recvmsg(sock._plain('recvmsg'), bufsize, ancbufsize, flags, ATTEMPT);
  return awaited(sock, POLLIN, attempt, null, options);
}

/**
 * Sends one message with ancillary data: how many bytes were taken. Not in Python.
 * @throws (rejects) as `sock.sendmsg`; TimeoutError after the socket's timeout
 * @see socket.sendmsg
 */
export function sock_sendmsg(
  sock: socket,
  buffers: Iterable<BytesLike>,
  ancdata: Iterable<AncillaryItem> = [],
  flags = 0,
  address: Address = null,
  options?: Abortable,
): Promise<number> {
  const attempt = () => sendmsg(sock._plain('sendmsg'), buffers, ancdata, flags, address, ATTEMPT);
  return awaited(sock, POLLOUT, attempt, null, options);
}

/**
 * Receives many messages at once, as many as are there: how many. Not in Python. @see socket.recvmmsg_into
 * @throws (rejects) as `sock.recvmmsg_into`; TimeoutError after the socket's timeout
 */
export function sock_recvmmsg_into(sock: socket, batch: MessageBatch, flags = 0, options?: Abortable): Promise<number> {
  const attempt = () => receiveBatch(sock._plain('recvmmsg_into'), batch, flags, ATTEMPT);
  return awaited(sock, POLLIN, attempt, null, options);
}

/**
 * Sends messages `start` to `end` of the batch, all of them: how many. Not in Python.
 * @throws (rejects) as `sock.sendmmsg`; TimeoutError after the socket's timeout
 * @see socket.sendmmsg
 */
export function sock_sendmmsg(
  sock: socket,
  batch: MessageBatch,
  start = 0,
  end: number | null = null,
  flags = 0,
  options?: Abortable,
): Promise<number> {
  let at = start;
  const send = () => {
    const n = sendBatch(sock._plain('sendmmsg'), batch, at, end, flags, ATTEMPT);
    if (n instanceof Again) return n;
    at += n;
    return at < (end ?? batch.count) ? AGAIN_WRITE : at - start;
  };
  return awaited(sock, POLLOUT, send, null, options);
}

/**
 * Sends without a copy, as much as there is room for: how many bytes. Not in Python.
 * @throws (rejects) as `sock.send_zerocopy`; TimeoutError after the socket's timeout
 * @see socket.send_zerocopy
 */
export function sock_send_zerocopy(sock: socket, data: BytesLike, flags = 0, options?: Abortable): Promise<number> {
  const attempt = () => sendZerocopy(sock._plain('send_zerocopy'), data, flags, null, ATTEMPT);
  return awaited(sock, POLLOUT, attempt, null, options);
}

/**
 * Waits for reports of what was sent without a copy. Not in Python.
 * @throws (rejects) as `sock.reap_zerocopy`; TimeoutError after the socket's timeout
 * @see socket.reap_zerocopy
 */
export function sock_reap_zerocopy(sock: socket, options?: Abortable): Promise<Reaped[]> {
  return awaited(sock, POLLIN, reapZerocopy, ATTEMPT, options);
}

/** What one call sends before the others get their turn, however fast the peer takes it. */
const TURN_SIZE = 1 << 20;
/** Over TLS, one record at a time: then a call that is aborted leaves no more than a part of one behind. */
const RECORD_SIZE = 1 << 14;

/**
 * Sends all of `data`. Calls that are made while an earlier one waits come after it. One that is aborted or times out may
 * have sent a part.
 * @throws (rejects) as `sock.sendall`; TimeoutError after the socket's timeout
 * @see Python loop.sock_sendall
 */
export function sock_sendall(sock: socket, data: BytesLike, options?: Abortable): Promise<null> {
  let rest: Uint8Array;
  try {
    rest = bytesOf(data);
  } catch (error) {
    return Promise.reject(error);
  }
  const most = sock?._isPlain ? TURN_SIZE : RECORD_SIZE;
  let begun = false;
  const send = () => {
    begun = true;
    for (let left = TURN_SIZE; left > 0; left -= most) {
      const piece = rest.length > most ? rest.subarray(0, most) : rest;
      const n = sock._trySend(piece);
      if (n instanceof Again) return n;
      if (n === rest.length) return null;
      rest = rest.subarray(n);
      if (n < piece.length) break;
    }
    return AGAIN_WRITE;
  };
  const cancelled = () => {
    if (begun) sock._abandonWrite();
  };
  return awaited(sock, POLLOUT, send, null, options, false, cancelled);
}

/**
 * Sends a datagram: how many bytes were taken. A host's name is resolved first.
 * @throws (rejects) as `sock.sendto`; gaierror; TimeoutError after the socket's timeout
 * @see Python loop.sock_sendto
 */
export async function sock_sendto(
  sock: socket,
  data: BytesLike,
  address: Address,
  options?: Abortable,
): Promise<number> {
  const to = await addressWithoutName(sock, address, options);
  return awaited(sock, POLLOUT, () => sendto(sock._plain('sendto'), data, 0, to, ATTEMPT), null, options);
}

/**
 * Waits for a connection: `[connection, address]`. The connection is nonblocking, as in Python. A TLS listener's has
 * shaken hands.
 * @throws (rejects) as `sock.accept`; SSLError of the handshake; TimeoutError after the socket's timeout
 * @see Python loop.sock_accept
 */
export async function sock_accept(sock: socket, options?: Abortable): Promise<[socket, ReturnedAddress]> {
  const [plain, address] = await awaited(sock, POLLIN, tryAccept, null, options);
  plain.setblocking(false);
  if (sock._isPlain) return [plain, address];
  let connection = plain;
  try {
    connection = sock._wrapped(plain, false);
    if ((sock as SSLSocket).do_handshake_on_connect) {
      await sock_do_handshake(connection as SSLSocket, options);
    }
  } catch (error) {
    drop(connection);
    throw error;
  }
  return [connection, address];
}

const tryAccept = (sock: socket) => sock._tryAccept();

/**
 * Connects. A host's name is resolved first. A TLS socket shakes hands.
 * @throws (rejects) as `sock.connect`; gaierror; SSLError of the handshake; TimeoutError after the socket's timeout
 * @see Python loop.sock_connect
 */
export async function sock_connect(sock: socket, address: Address, options?: Abortable): Promise<null> {
  const to = await addressWithoutName(sock, address, options);
  options?.signal?.throwIfAborted();
  const code = sock._connectBegun(to);
  if (isInProgress(code)) {
    // Until it is writable it has no peer, and after that it has one or an error.
    const look = () => (native.pollOne(sock._fd, POLLOUT, 0) === 0 ? AGAIN_WRITE : connected(sock._connectEnded(), to));
    await awaited(sock, POLLOUT, look, null, options);
  } else {
    checked(code, 'connect');
  }
  if (!sock._isPlain && (sock as SSLSocket).do_handshake_on_connect) {
    await sock_do_handshake(sock as SSLSocket, options);
  }
  return null;
}

/** 0; or the exception of a connection that was begun and failed. */
function connected(code: number, address: Address): number {
  if (code < 0) throw connectFailed(code, address);
  return code;
}

/** As CPython's event loop says it: with the address. */
export function connectFailed(code: number, address: Address): OSError {
  return Object.assign(new OSError(-code, `Connect call failed ${str(address)}`), { syscall: 'connect' });
}

/**
 * Shakes hands. Not in Python.
 * @throws (rejects) SSLError | OSError; TimeoutError after the socket's timeout
 * @see SSLSocket.do_handshake
 */
export function sock_do_handshake(sock: SSLSocket, options?: Abortable): Promise<void> {
  return awaited(sock, POLLIN, () => sock._tryHandshake(), null, options);
}

/**
 * Says goodbye and waits for the peer's; the socket is a plain one from then on. Not in Python.
 * @throws (rejects) SSLError | OSError; TimeoutError after the socket's timeout
 * @see SSLSocket.unwrap
 */
export function sock_unwrap<T extends SSLSocket>(sock: T, options?: Abortable): Promise<T> {
  return awaited(sock, POLLIN, () => sock._tryUnwrap() ?? sock, null, options);
}

/** What is read of a file at a time where the kernel does not send it itself. */
const BLOCK_SIZE = 64 * 1024;

/**
 * Sends a file until its end, or `count` bytes of it from `offset`: how many bytes were sent. A regular file goes from
 * the kernel's page cache into a plain socket without a copy.
 * @throws (rejects) ValueError | TypeError | OSError; with `fallback` false, OSError where the kernel cannot send it
 * @see Python loop.sock_sendfile; sendfile(2)
 */
export async function sock_sendfile(
  sock: socket,
  file: SendableFile,
  offset = 0,
  count: number | null = null,
  { fallback, signal }: Abortable & { fallback?: boolean } = {},
): Promise<number> {
  checkSocket(sock);
  const options = { signal };
  const transfer = new FileTransfer(sock, file, offset, count);
  try {
    const done = sock._isPlain && (await awaited(sock, POLLOUT, () => transfer.fromKernel(true), null, options));
    if (!done && fallback === false) raise(-EINVAL, 'sendfile');
    if (!done) await sendByReading(sock, transfer, options);
  } finally {
    transfer.leave();
  }
  return transfer.sent;
}

async function sendByReading(sock: socket, transfer: FileTransfer, options: Abortable): Promise<void> {
  for (;;) {
    const read = () => transfer.read(BLOCK_SIZE);
    const block = transfer.pipe === undefined ? read() : await whenReadable(transfer.pipe, read, options);
    if (block.length === 0) return;
    await sock_sendall(sock, block, options);
    transfer.sent += block.length;
  }
}
