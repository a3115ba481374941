/** Servers whose connections are streams. */

import { AsyncResource } from 'node:async_hooks';
import { addAbortListener } from 'node:events';
import { type InspectOptions, inspect } from 'node:util';
import { constants } from '../constants/table.js';
import { absent, checkOptions, namesOf } from '../core/args.js';
import { closeAll, drop } from '../core/closing.js';
import { ConnectionError, OSError, RuntimeError, ValueError } from '../core/exceptions.js';
import { repr } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { uncaught } from '../core/uncaught.js';
import { Acceptor } from '../event/acceptor.js';
import type { Abortable } from '../event/await.js';
import { getaddrinfo } from '../event/names.js';
import { openListener } from '../socket/functions.js';
import type { socket } from '../socket/socket.js';
import { SSLContext } from '../ssl/context.js';
import type { Address } from '../structs/address.js';
import { checkLimit, DEFAULT_LIMIT, StreamReader } from './reader.js';
import { removalOf, removeStale } from './socket_files.js';
import { Transport } from './transport.js';
import { checkTlsOptions, StreamWriter, secured, type TlsOptions } from './writer.js';

const c = constants.socket;
const { EADDRINUSE } = constants.errno;

/**
 * What a server does with a connection. What it throws, or the promise that it returns rejects with, is an uncaught
 * exception, and the connection is closed; but not the ConnectionError of a connection that the peer has ended.
 */
export type ConnectedCallback = (reader: StreamReader, writer: StreamWriter) => unknown;

interface ServerOptions extends Abortable, Omit<TlsOptions, 'server_hostname'> {
  /** Makes TLS connections of them: the callback is called after the handshake. */
  ssl?: SSLContext | null;
  /** How many connections may wait to be accepted; 100 if not given. */
  backlog?: number;
  /** Accept at once; true if not given. */
  start_serving?: boolean;
  /** The limit of each connection's reader, in bytes. */
  limit?: number;
  /** A socket that is bound already, instead of an address. The server owns it. */
  sock?: socket | null;
}

/** What `start_server` takes besides callback, host and port. @see Python loop.create_server */
export interface StartServerOptions extends ServerOptions {
  family?: number;
  flags?: number;
  /** SO_REUSEADDR; true if not given. */
  reuse_address?: boolean;
  /** SO_REUSEPORT: several servers share the port. */
  reuse_port?: boolean;
}

/** What `start_unix_server` takes besides callback and path. @see Python loop.create_unix_server */
export interface StartUnixServerOptions extends ServerOptions {
  /** Remove the path when the server is closed, as Python 3.13 does; true if not given. */
  cleanup_socket?: boolean;
}

const SERVER = namesOf<ServerOptions>({
  ssl: true,
  ssl_handshake_timeout: true,
  ssl_shutdown_timeout: true,
  backlog: true,
  start_serving: true,
  limit: true,
  sock: true,
  signal: true,
});
const START_SERVER = [...SERVER, 'family', 'flags', 'reuse_address', 'reuse_port'];
const START_UNIX_SERVER = [...SERVER, 'cleanup_socket'];

const STAYS = staysWith('a server');

/** A server. `start_server` and `start_unix_server` make it. @see Python asyncio.Server */
export class Server {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #listeners: socket[];
  readonly #connected: ConnectedCallback;
  readonly #options: ServerOptions;
  readonly #onClose: () => void;
  #acceptors: Acceptor[] | null = null;
  #closed = false;
  readonly #writers = new Set<StreamWriter>();
  /** Connections that still shake hands. */
  readonly #shaking = new Set<AbortController>();
  #waiting: (() => void)[] = [];
  /** Somebody awaits serve_forever. */
  #forever = false;
  /** The signal that closes the server. */
  #abortion: Disposable | null = null;

  /** @internal */
  constructor(listeners: socket[], connected: ConnectedCallback, options: ServerOptions, onClose = () => {}) {
    this.#listeners = listeners;
    // As in CPython: called in the context in which the server was started.
    this.#connected = AsyncResource.bind(connected);
    this.#options = options;
    this.#onClose = onClose;
  }

  /** The listening sockets; none once closed. */
  get sockets(): readonly socket[] {
    return this.#closed ? [] : [...this.#listeners];
  }

  /** Whether the server accepts connections now: after `start_serving`, before `close`. */
  is_serving(): boolean {
    return this.#acceptors !== null;
  }

  /** Begins to accept. @throws RuntimeError once closed */
  start_serving(): void {
    if (this.#closed) throw new RuntimeError('server is closed');
    if (this.#acceptors !== null) return;
    for (const listener of this.#listeners) listener.listen(this.#options.backlog ?? 100);
    this.#acceptors = this.#listeners.map((listener) => new Acceptor(listener, this.#accepting));
  }

  /**
   * Accepts until the signal is aborted, or the server is closed: closes it then.
   * @throws (rejects) the signal's reason; RuntimeError once closed, and where it is awaited already
   */
  async serve_forever({ signal }: Abortable = {}): Promise<void> {
    if (this.#forever) throw new RuntimeError('server is already being awaited on serve_forever()');
    this.start_serving();
    signal?.throwIfAborted();
    this.#forever = true;
    using _ = signal ? addAbortListener(signal, this.#stop) : null;
    while (!this.#closed) await this.#change();
    this.#forever = false;
    signal?.throwIfAborted();
  }

  /** @internal Closes when the signal is aborted. */
  _closeWith(signal: AbortSignal): void {
    this.#abortion = addAbortListener(signal, this.#stop);
  }

  readonly #stop = (): void => this.close();

  /** Accepts no more. The connections that there are go on. @throws OSError if a listening socket cannot be closed */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abortion?.[Symbol.dispose]();
    for (const acceptor of this.#acceptors ?? []) acceptor.stop();
    this.#acceptors = null;
    this.#onClose();
    try {
      closeAll(this.#listeners);
    } finally {
      this.#wake();
    }
  }

  /**
   * Closes all connections, each once all is sent.
   * @throws OSError if the system no longer polls a connection's descriptor
   * @see Python 3.13
   */
  close_clients(): void {
    for (const writer of this.#writers) writer.close();
  }

  /** Closes all connections at once. @throws OSError if a connection's socket cannot be closed @see Python 3.13 */
  abort_clients(): void {
    for (const shaking of this.#shaking) shaking.abort();
    for (const writer of this.#writers) writer.transport.abort();
  }

  /** Resolves when the server is closed and all its connections have ended. */
  async wait_closed(): Promise<void> {
    while (!this.#done()) await this.#change();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.wait_closed();
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const sockets = this.sockets.map((sock) => inspect(sock, options));
    return `<Server sockets=(${sockets.join(', ')}${sockets.length === 1 ? ',' : ''})>`;
  }

  #done(): boolean {
    return this.#closed && this.#writers.size === 0 && this.#shaking.size === 0;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Lets whoever waits look again. */
  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  readonly #accepting = {
    accepted: (plain: socket): void => {
      plain.setblocking(false);
      const { ssl } = this.#options;
      if (ssl === undefined || ssl === null) this.#serve(plain);
      else void this.#shake(plain, ssl);
    },
    failed: (error: Error): void => {
      this.close();
      uncaught(error);
    },
  };

  async #shake(plain: socket, context: SSLContext): Promise<void> {
    const shaking = new AbortController();
    this.#shaking.add(shaking);
    let sock: socket | undefined;
    try {
      sock = await secured(plain, context, true, this.#options, shaking);
    } catch {
      // The peer did not come to terms with us, or has gone: there is no connection, and nobody to tell.
      drop(plain);
    }
    this.#shaking.delete(shaking);
    if (sock === undefined) this.#ended();
    else this.#serve(sock);
  }

  #serve(sock: socket): void {
    const { limit = DEFAULT_LIMIT } = this.#options;
    const reader = new StreamReader({ limit });
    let transport: Transport;
    try {
      transport = new Transport(sock, reader, this.#options);
    } catch {
      // The system has no room to watch one more, or the peer has reset: a connection less, and no end of the server.
      drop(sock);
      this.#ended();
      return;
    }
    const writer = new StreamWriter(transport, reader, true, this.#options);
    this.#writers.add(writer);
    transport._onLost = () => {
      this.#writers.delete(writer);
      this.#ended();
    };
    void this.#call(reader, writer);
  }

  /** As in CPython, a callback that throws, or whose promise rejects, ends its connection. */
  async #call(reader: StreamReader, writer: StreamWriter): Promise<void> {
    try {
      await this.#connected(reader, writer);
    } catch (error) {
      // Any peer can do that, and no server shall have to catch it.
      const peersDoing = error instanceof ConnectionError || writer.transport._endedBy(error);
      const foreseen = peersDoing && writer.is_closing();
      writer.close();
      if (foreseen) return;
      uncaught(error);
    }
  }

  /** A connection has ended, and its descriptor is free. */
  #ended(): void {
    for (const acceptor of this.#acceptors ?? []) acceptor.resume();
    this.#wake();
  }
}

/**
 * Serves at `host` and `port` (0: any that is free, and another one for each address): calls
 * `client_connected_cb(reader, writer)` for each connection.
 * @param host a name, an address, several of them, or null: all addresses of this machine
 * @throws (rejects) OSError, which names the address if it could not be bound; gaierror; ValueError
 * @see Python asyncio.start_server
 */
export async function start_server(
  client_connected_cb: ConnectedCallback,
  host: string | null | readonly string[] = absent(arguments.length, 2, 'host', null),
  port: number | string | null = absent(arguments.length, 3, 'port', null),
  options: StartServerOptions = {},
): Promise<Server> {
  checkOptions('start_server', options, START_SERVER);
  checkServing(client_connected_cb, options);
  const given = options.sock !== undefined && options.sock !== null;
  if (given && (host !== null || port !== null)) {
    throw new ValueError('host/port and sock can not be specified at the same time');
  }
  if (!given && host === null && port === null) throw new ValueError('Neither host/port nor sock were specified');
  const listeners = given ? [checkedListener(options.sock as socket)] : await boundTo(host, port, options);
  return started(new Server(listeners, client_connected_cb, options), listeners, options);
}

/**
 * As `start_server`, at a Unix socket's path.
 * @throws (rejects) OSError, which names the path if it could not be bound; ValueError; TypeError
 * @see Python asyncio.start_unix_server
 */
export async function start_unix_server(
  client_connected_cb: ConnectedCallback,
  path: string | Uint8Array | null = absent(arguments.length, 2, 'path', null),
  options: StartUnixServerOptions = {},
): Promise<Server> {
  checkOptions('start_unix_server', options, START_UNIX_SERVER);
  checkServing(client_connected_cb, options);
  const { sock, cleanup_socket = true } = options;
  if (path === null && !sock) throw new ValueError('path was not specified, and no sock specified');
  if (path !== null && sock) throw new ValueError('path and sock can not be specified at the same time');
  if (path !== null) removeStale(path);
  const listener = path === null ? checkedListener(sock as socket) : bound(c.AF_UNIX, 0, path, {});
  const cleanup = cleanup_socket && path !== null ? removalOf(path) : undefined;
  return started(new Server([listener], client_connected_cb, options, cleanup), [listener], options);
}

function checkServing(callback: unknown, options: ServerOptions): void {
  const { ssl, ssl_handshake_timeout, ssl_shutdown_timeout, limit = DEFAULT_LIMIT } = options;
  // CPython tells of it at each connection, on its log; here it would end the process.
  checkLimit(limit);
  checkTlsOptions(ssl, { ssl_handshake_timeout, ssl_shutdown_timeout });
  if (ssl && !(ssl instanceof SSLContext)) {
    throw new TypeError('ssl argument must be an SSLContext or None');
  }
  if (typeof callback !== 'function') throw new TypeError('client_connected_cb must be a function');
}

function checkedListener(sock: socket): socket {
  if (sock.type !== c.SOCK_STREAM) throw new ValueError(`A Stream Socket was expected, got ${repr(sock)}`);
  sock.setblocking(false);
  return sock;
}

function started(server: Server, listeners: socket[], { start_serving = true, signal }: ServerOptions): Server {
  try {
    signal?.throwIfAborted();
    if (start_serving) server.start_serving();
  } catch (error) {
    for (const listener of listeners) drop(listener);
    throw error;
  }
  if (signal !== undefined && signal !== null) server._closeWith(signal);
  return server;
}

async function boundTo(
  host: string | null | readonly string[],
  port: number | string | null,
  options: StartServerOptions,
): Promise<socket[]> {
  const { family = 0, flags = c.AI_PASSIVE, signal } = options;
  const hosts = typeof host === 'string' || host === null ? [host === '' ? null : host] : host;
  const hints = { family, flags, type: c.SOCK_STREAM, signal };
  const found = await Promise.all(hosts.map((each) => getaddrinfo(each, port, hints)));
  const addresses = new Map(found.flat().map((entry) => [repr(entry[4]), entry]));
  const listeners: socket[] = [];
  try {
    for (const [ofFamily, , proto, , address] of addresses.values()) {
      listeners.push(bound(ofFamily, proto, address, options));
    }
    return listeners;
  } catch (error) {
    for (const each of listeners) drop(each);
    throw error;
  }
}

function bound(family: number, proto: number, address: Address, options: StartServerOptions): socket {
  const [reuseAddress, reusePort] = [options.reuse_address ?? true, options.reuse_port ?? false];
  const sock = openListener(family, proto, { reuseAddress, reusePort, ipv6Only: true });
  try {
    sock.setblocking(false);
    sock.bind(address);
    return sock;
  } catch (error) {
    drop(sock);
    if (!(error instanceof OSError) || error.errno === null || error.strerror === null) throw error;
    if (family === c.AF_UNIX && error.errno !== EADDRINUSE) throw error;
    const text =
      family === c.AF_UNIX
        ? `Address ${repr(address)} is already in use`
        : `error while attempting to bind on address ${repr(address)}: ${error.strerror.toLowerCase()}`;
    throw Object.assign(new OSError(error.errno, text), { syscall: error.syscall });
  }
}
