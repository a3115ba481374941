/**
 * The calls that wait, awaited on Node's event loop, on the same socket objects: the names of Python's event loop.
 *
 * Each has the result and the exceptions of the call that it is the twin of, and besides takes `{ signal }`. It works on
 * sockets of any mode: no call here blocks the thread. A timeout of the socket that is more than 0 limits each call, as
 * Stackless Python has it; CPython's event loop knows nonblocking sockets only.
 *
 * @see https://docs.python.org/3/library/asyncio-eventloop.html
 */

export type { Abortable } from '../event/await.js';
export type { WriteBufferLimits } from '../event/flow.js';
export { type GetAddrInfoOptions, getaddrinfo, getnameinfo } from '../event/names.js';
export type { ConnectOptions } from './connect.js';
export { DatagramProtocol, type DatagramTransport } from './datagram.js';
export { create_datagram_endpoint, type DatagramEndpointOptions, type EndpointAddress } from './endpoint.js';
export { IncompleteReadError, LimitOverrunError, StreamReader } from './reader.js';
export {
  type ConnectedCallback,
  type Server,
  type StartServerOptions,
  type StartUnixServerOptions,
  start_server,
  start_unix_server,
} from './server.js';
export {
  sock_accept,
  sock_connect,
  sock_do_handshake,
  sock_reap_zerocopy,
  sock_recv,
  sock_recv_into,
  sock_recvfrom,
  sock_recvfrom_into,
  sock_recvmmsg_into,
  sock_recvmsg,
  sock_send_zerocopy,
  sock_sendall,
  sock_sendfile,
  sock_sendmmsg,
  sock_sendmsg,
  sock_sendto,
  sock_unwrap,
} from './sock.js';
export { type OpenConnectionOptions, open_connection, open_unix_connection, type StreamOptions } from './streams.js';
export { type Timeout, timeout, timeout_at, wait_for } from './time.js';
export type { Transport } from './transport.js';
export { add_reader, add_writer, type Callback, remove_reader, remove_writer } from './watch.js';
export type { StreamWriter, TlsOptions } from './writer.js';
