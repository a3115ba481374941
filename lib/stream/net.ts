/** Connections that change hands between this library and node:net: the descriptor is duplicated, the first owner closes his. */

import { Socket } from 'node:net';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { drop } from '../core/closing.js';
import { checked, ValueError } from '../core/exceptions.js';
import { socket } from '../socket/socket.js';
import { renewed } from '../wait/awaited.js';

const { SOCK_STREAM } = constants.socket;

/**
 * The connection as a net.Socket. `sock` is closed, without a word to the peer. `options` are the net.Socket's
 * constructor's.
 * @throws ValueError for what is no plain stream; OSError
 */
export function toNetSocket(sock: socket, options: { allowHalfOpen?: boolean } = {}): Socket {
  if (!sock._isPlain) throw new ValueError('a TLS connection cannot be handed over: unwrap() it first');
  if (sock.type !== SOCK_STREAM) throw new ValueError('only stream sockets can be handed over');
  sock.getpeername();
  const fd = checked(native.dup(sock.fileno()), 'dup');
  let made: Socket;
  try {
    made = new Socket({ ...options, fd, readable: true, writable: true });
  } catch (error) {
    native.close(fd);
    throw error;
  }
  // It is the net.Socket's, which closes it.
  native.disown(fd, 0);
  drop(sock);
  return made;
}

/** What of a net.Socket its types do not tell. */
interface Handle {
  fd?: number;
}

/**
 * A net.Socket's connection as a socket, which blocks at first, as every new socket does. The net.Socket is destroyed,
 * without a word to the peer. One that has read or not yet sent something is refused: `read()` takes what was read; a
 * server with `pauseOnConnect` has read nothing.
 * @throws ValueError | TypeError | OSError
 */
export function fromNetSocket(netSocket: Socket): socket {
  if (!(netSocket instanceof Socket)) throw new TypeError('a net.Socket is required');
  const { encrypted, _handle: handle } = netSocket as Socket & { encrypted?: boolean; _handle: Handle | null };
  if (encrypted) throw new ValueError('a TLS connection of node:tls cannot be handed over: its keys are in Node');
  if (!handle || netSocket.connecting || handle.fd === undefined || handle.fd < 0) {
    throw new ValueError('the net.Socket has no open connection');
  }
  if (netSocket.readableLength > 0) {
    throw new ValueError(`the net.Socket has read ${netSocket.readableLength} bytes already: read() them first`);
  }
  if (netSocket.writableLength > 0) {
    throw new ValueError(`the net.Socket has ${netSocket.writableLength} bytes still to send: wait for 'drain'`);
  }
  const fd = renewed(checked(native.dup(handle.fd), 'dup'));
  let made: socket;
  try {
    made = new socket({ fileno: fd });
  } catch (error) {
    native.close(fd);
    throw error;
  }
  netSocket.destroy();
  made.settimeout(made.gettimeout());
  return made;
}
