/**
 * Node's streams over sockets: what Node programs and packages that expect a net.Socket can be given instead.
 *
 * @see https://nodejs.org/api/net.html
 */
import { constants } from '../constants/table.js';
import { type ConnectArguments, type ConnectOptions, checkContext, optionsOf } from './arguments.js';
import type { SocketDuplex } from './duplex.js';
import { streamOf } from './over.js';
import { Server, type ServerOptions } from './server.js';
import type { SocketOptions } from './surface.js';
import { type TLSClientOptions, TLSDuplex } from './tls.js';

export type { ConnectArguments, ConnectOptions } from './arguments.js';
export { SocketDuplex } from './duplex.js';
export { UnixDuplex } from './fds.js';
export type { ListenOptions } from './listen.js';
export { fromNetSocket, toNetSocket } from './net.js';
export { toDuplex } from './over.js';
export { type Dropped, Server, type ServerEvents, type ServerOptions } from './server.js';
export type { Endpoint, SocketEvents, SocketOptions } from './surface.js';
export { type Cipher, type TLSClientOptions, TLSDuplex } from './tls.js';

const { AF_INET, AF_UNIX } = constants.socket;

/**
 * What `connect` takes: where to, how the stream behaves, TLS (`ssl`), and `timeout` in milliseconds without traffic.
 */
export type Options = ConnectOptions & SocketOptions & Partial<TLSClientOptions> & { timeout?: number };

/**
 * A server that emits 'connection' with a stream for each connection: a TLSDuplex with `{ ssl: context }`, a UnixDuplex
 * where it listens on a path, else a SocketDuplex.
 * @throws TypeError with Node's `code` if `ssl` is no SSLContext
 * @see https://nodejs.org/api/net.html#netcreateserveroptions-connectionlistener
 */
export function createServer(handler?: (stream: SocketDuplex) => void): Server;
export function createServer(options?: ServerOptions, handler?: (stream: SocketDuplex) => void): Server;
export function createServer(
  options?: ServerOptions | ((stream: SocketDuplex) => void),
  handler?: (stream: SocketDuplex) => void,
): Server {
  return typeof options === 'function' ? new Server({}, options) : new Server(options, handler);
}

/**
 * A stream that connects, with net.connect's forms of arguments: to a port and host, a path, or what the options say.
 * With `{ ssl: context }` a TLSDuplex, whose listener is called at 'secureConnect'.
 * @throws TypeError | RangeError for wrong arguments; what goes wrong later is emitted as 'error'
 * @see https://nodejs.org/api/net.html#netconnect, https://nodejs.org/api/tls.html#tlsconnectoptions-callback
 */
export function connect(options: Options & { ssl: object }, listener?: () => void): TLSDuplex;
export function connect(...args: ConnectArguments | [options: Options, listener?: () => void]): SocketDuplex;
export function connect(...args: unknown[]): SocketDuplex {
  const [options, listener] = optionsOf<Options>(args);
  const { ssl } = options;
  checkContext(ssl);
  const stream =
    ssl === undefined
      ? streamOf(options.path ? AF_UNIX : AF_INET, options)
      : TLSDuplex._client({ ...options, servername: options.servername || options.host || 'localhost', ssl });
  if (options.timeout) stream.setTimeout(options.timeout);
  if (listener !== undefined) stream.once(ssl === undefined ? 'connect' : 'secureConnect', listener);
  return stream.connect(options);
}
/** As in node:net, another name of `connect`. */
export { connect as createConnection };
