/** Which stream a socket gets. */
import { constants } from '../constants/table.js';
import { OSError, ValueError } from '../core/exceptions.js';
import { checkSocket } from '../event/await.js';
import type { socket } from '../socket/socket.js';
import { SSLSocket } from '../ssl/socket.js';
import { SocketDuplex } from './duplex.js';
import { UnixDuplex } from './fds.js';
import type { SocketOptions } from './surface.js';
import { TLSDuplex } from './tls.js';

const { AF_UNIX, SOCK_STREAM } = constants.socket;
const { ENOTCONN } = constants.errno;

/**
 * A stream over `sock`, which is the stream's from now on: do not receive, send or close by other ways than the stream's.
 * Its timeout does not matter. Of a TLS socket, the stream shakes hands first unless that is done.
 *
 * A socket that is not connected may be given too: then the stream's `connect` connects it.
 * @returns a UnixDuplex for AF_UNIX, a TLSDuplex for an SSLSocket, else a SocketDuplex
 * @throws ValueError for what is no stream socket, or is in use; OSError
 */
export function toDuplex(sock: SSLSocket, options?: SocketOptions): TLSDuplex;
export function toDuplex(sock: socket, options?: SocketOptions): SocketDuplex;
export function toDuplex(sock: socket, options: SocketOptions = {}): SocketDuplex {
  checkSocket(sock);
  if (sock.type !== SOCK_STREAM) throw new ValueError('only a stream socket can be made a stream');
  if (sock instanceof SSLSocket) {
    if (sock._sslobj === null) throw new ValueError('the TLS socket has no connection');
    return new TLSDuplex(options)._takeOver(sock);
  }
  const stream = streamOf(sock.family, options);
  return isConnected(sock) ? stream._takeOver(sock) : stream._adopt(sock);
}

/** A stream for a socket of that family, which it does not have yet. */
export function streamOf(family: number, options: SocketOptions): SocketDuplex {
  return family === AF_UNIX ? new UnixDuplex(options) : new SocketDuplex(options);
}

function isConnected(sock: socket): boolean {
  try {
    sock.getpeername();
    return true;
  } catch (error) {
    if (error instanceof OSError && error.errno === ENOTCONN) return false;
    throw error;
  }
}
