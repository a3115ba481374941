/**
 * A server whose connections are streams: net.Server's methods, properties and events.
 */

import { AsyncResource } from 'node:async_hooks';
import { addAbortListener, EventEmitter } from 'node:events';
import { constants } from '../constants/table.js';
import { drop } from '../core/closing.js';
import { staysWith } from '../core/stays.js';
import { Acceptor } from '../event/acceptor.js';
import { type Descriptor, descriptorOf } from '../event/loop.js';
import { socket } from '../socket/socket.js';
import type { SSLContext } from '../ssl/context.js';
import type { SSLSocket } from '../ssl/socket.js';
import { checkContext } from './arguments.js';
import type { SocketDuplex } from './duplex.js';
import { nodeError, tlsError } from './errors.js';
import {
  BACKLOG,
  type ListenOptions,
  listening,
  listeningOn,
  listenOptionsOf,
  refuseAwaited,
  unlinkPath,
} from './listen.js';
import { streamOf } from './over.js';
import { type Endpoint, endpointOf, type SocketOptions } from './surface.js';
import { TLSDuplex } from './tls.js';

const { AF_UNIX, SO_ACCEPTCONN, SOL_SOCKET } = constants.socket;
const HANDSHAKE_MS = 120_000;

/**
 * How a server treats its connections.
 * @see https://nodejs.org/api/net.html#netcreateserveroptions-connectionlistener
 */
export interface ServerOptions extends Omit<SocketOptions, 'pauseOnCreate' | 'signal'> {
  /** As `pauseOnCreate` of each connection. */
  pauseOnConnect?: boolean;
  /** Makes TLS connections of them: 'connection' comes after the handshake. */
  ssl?: SSLContext;
  /** Milliseconds that a handshake may take; 120,000 if not given. */
  handshakeTimeout?: number;
}

/** What 'drop' tells of a connection that was one too many. */
export interface Dropped {
  localAddress?: string;
  localPort?: number;
  localFamily?: string;
  remoteAddress?: string;
  remotePort?: number;
  remoteFamily?: string;
}

/** What the listeners of each event are given, by name. */
export interface ServerEvents {
  listening: [];
  connection: [stream: SocketDuplex];
  /** A connection beyond `maxConnections`, which is closed. */
  drop: [connection: Dropped];
  /** The stream is null where the connection had no handshake yet. */
  tlsClientError: [error: Error, stream: TLSDuplex | null];
  error: [error: Error];
  close: [];
}

type Listener = Parameters<EventEmitter['on']>[1];

/** The listeners of net.Server and tls.Server. */
export interface Server {
  /** @see https://nodejs.org/api/events.html#emitteroneventname-listener */
  on<Name extends keyof ServerEvents>(event: Name, listener: (...given: ServerEvents[Name]) => void): this;
  on(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitteronceeventname-listener */
  once<Name extends keyof ServerEvents>(event: Name, listener: (...given: ServerEvents[Name]) => void): this;
  once(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitteraddlistenereventname-listener */
  addListener<Name extends keyof ServerEvents>(event: Name, listener: (...given: ServerEvents[Name]) => void): this;
  addListener(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitterprependlistenereventname-listener */
  prependListener<Name extends keyof ServerEvents>(event: Name, listener: (...given: ServerEvents[Name]) => void): this;
  prependListener(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitterprependoncelistenereventname-listener */
  prependOnceListener<Name extends keyof ServerEvents>(
    event: Name,
    listener: (...given: ServerEvents[Name]) => void,
  ): this;
  prependOnceListener(event: string | symbol, listener: Listener): this;
}

const STAYS = staysWith('a server');

type Closed = (error?: Error) => void;

/**
 * Emits 'listening', 'connection' with a stream, 'drop', 'error' and 'close'; with `ssl` besides 'tlsClientError' with the
 * error of a handshake and its stream.
 * @see https://nodejs.org/api/net.html#class-netserver
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: types alone, for methods that EventEmitter has
export class Server extends EventEmitter {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** More connections than that are closed at once; 0 or undefined: no limit. */
  maxConnections: number | undefined = undefined;
  readonly #options: ServerOptions;
  #listener: socket | null = null;
  #descriptor: Descriptor | null = null;
  #acceptor: Acceptor | null = null;
  /** A path that goes with the listener. */
  #path: string | null = null;
  #connections = 0;
  #refed = true;
  /** Which `listen` is the latest: one that was overtaken while it looked up a name comes to nothing. */
  #generation = 0;
  #begun = false;
  /** The context in which it began to listen. */
  #listens: AsyncResource | null = null;

  /** @throws TypeError with Node's `code` if `ssl` is no SSLContext */
  constructor(options: ServerOptions = {}, handler?: (stream: SocketDuplex) => void) {
    super();
    checkContext(options.ssl);
    this.#options = { ...options };
    if (handler !== undefined) this.on('connection', handler);
  }

  // ---- listening ---------------------------------------------------------------------------------------------------

  /**
   * Listens: `listen(port, host, backlog)`, `listen(path)`, `listen({ port, host, path, fd, … })` or `listen(sock)` with a
   * socket that is bound, each with a listener for 'listening'. What goes wrong is emitted as 'error'.
   * @throws Error ERR_SERVER_ALREADY_LISTEN; TypeError | RangeError for wrong arguments
   */
  listen(...args: unknown[]): this {
    if (this.#begun) throw nodeError('ERR_SERVER_ALREADY_LISTEN');
    const [given] = args;
    const last = args[args.length - 1];
    if (given instanceof socket) {
      if (typeof last === 'function') this.once('listening', last as () => void);
      try {
        refuseAwaited(given.fileno());
        given.setblocking(false);
        if (given.getsockopt(SOL_SOCKET, SO_ACCEPTCONN) === 0) given.listen(BACKLOG);
        this.#listening(given);
      } catch (error) {
        this.#failed(error);
      }
      return this;
    }
    const [options, listener] = listenOptionsOf(args);
    if (listener !== undefined) this.once('listening', listener);
    this.#begin(options);
    return this;
  }

  async #begin(options: ListenOptions): Promise<void> {
    const generation = ++this.#generation;
    this.#begun = true;
    const { signal } = options;
    if (signal) this.#closeOn(signal);
    try {
      const sock = options.fd === undefined ? await listening(options) : listeningOn(options.fd, options);
      if (generation !== this.#generation) return drop(sock);
      if (options.path) this.#path = options.path;
      this.#listening(sock);
    } catch (error) {
      if (generation === this.#generation) this.#failed(error);
    }
  }

  /** It does not listen, and may be told to listen again. */
  #failed(error: unknown): void {
    this.#begun = false;
    this.#stop();
    process.nextTick(() => this.emit('error', error as Error));
  }

  /** Closes the server when `signal` is aborted, until the server is closed anyway. */
  #closeOn(signal: AbortSignal): void {
    if (signal.aborted) {
      process.nextTick(() => this.close());
      return;
    }
    const listener = addAbortListener(signal, () => this.close());
    this.once('close', () => listener[Symbol.dispose]());
  }

  #listening(sock: socket): void {
    this.#begun = true;
    this.#listener = sock;
    this.#descriptor = descriptorOf(sock.fileno());
    this.#descriptor.onReleased = () => this.close();
    if (!this.#refed) this.#descriptor.ref(false);
    this.#listens = new AsyncResource('berkeley.server');
    this.#acceptor = new Acceptor(sock, {
      accepted: (connection) => this.#accepted(connection),
      failed: (error) => this.#emitAs('error', error),
    });
    process.nextTick(() => this.#listener === sock && this.emit('listening'));
  }

  /** Whether the server has a listening socket. */
  get listening(): boolean {
    return this.#listener !== null;
  }

  /** The listening socket; null before 'listening' and after `close`. */
  get socket(): socket | null {
    return this.#listener;
  }

  /**
   * `{ address, family, port }`, the path of a Unix socket, or null where nothing listens.
   * @throws OSError if the listening socket was closed by somebody else
   */
  address(): Endpoint | string | null {
    if (this.#listener === null) return null;
    const address = this.#listener.getsockname();
    return this.#listener.family === AF_UNIX ? String(address) : endpointOf(this.#listener.family, address);
  }

  /**
   * Stops listening. 'close' is emitted, and `callback` called, when all connections have ended.
   * @throws OSError if the path of a Unix socket cannot be removed, or close(2) fails; it has stopped nevertheless
   */
  close(callback?: Closed): this {
    if (callback !== undefined) {
      if (this.#begun) this.once('close', callback);
      else this.once('close', () => callback(nodeError('ERR_SERVER_NOT_RUNNING')));
    }
    this.#generation++;
    this.#begun = false;
    try {
      this.#stop();
    } finally {
      this.#closeIfDrained();
    }
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#begun) return Promise.resolve();
    return new Promise((resolve, reject) => this.close((error) => (error ? reject(error) : resolve())));
  }

  #stop(): void {
    const [sock, descriptor, path] = [this.#listener, this.#descriptor, this.#path];
    this.#listener = null;
    this.#descriptor = null;
    this.#path = null;
    this.#acceptor?.stop();
    this.#acceptor = null;
    if (descriptor !== null) descriptor.onReleased = null;
    if (sock === null) return;
    // Before it is closed, so that nobody meets a path where nothing listens and which he cannot take.
    if (path !== null) unlinkPath(path);
    sock.close();
  }

  #closeIfDrained(): void {
    if (this.#begun || this.#connections > 0) return;
    process.nextTick(() => this.emit('close'));
  }

  /** How many connections there are: `callback(error, count)`. */
  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#connections);
    return this;
  }

  /** Lets this server keep the process alive again, after `unref`. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Lets the process end though this server listens. */
  unref(): this {
    return this.#setRef(false);
  }

  #setRef(refed: boolean): this {
    this.#refed = refed;
    this.#descriptor?.ref(refed);
    return this;
  }

  // ---- connections -------------------------------------------------------------------------------------------------

  #accepted(sock: socket): void {
    if (this.maxConnections && this.#connections >= this.maxConnections) {
      this.#drop(sock);
      return;
    }
    const { ssl, pauseOnConnect, ...rest } = this.#options;
    const options = { ...rest, pauseOnCreate: pauseOnConnect };
    if (ssl !== undefined) {
      this.#shake(sock, ssl, options);
      return;
    }
    const stream = this.#counted(streamOf(sock.family, options));
    try {
      stream._takeOver(sock);
    } catch {
      // The system has no room to watch one more.
      this.#drop(sock);
      stream.destroy();
      return;
    }
    this.#emitAs('connection', stream);
  }

  #drop(sock: socket): void {
    const dropped = droppedOf(sock);
    drop(sock);
    this.#emitAs('drop', dropped);
  }

  /** Emits in the context in which the server began to listen, as node:net does. */
  #emitAs<Name extends keyof ServerEvents>(event: Name, ...args: ServerEvents[Name]): void {
    this.#listens?.runInAsyncScope(this.emit, this, event, ...args);
  }

  #counted<T extends SocketDuplex>(stream: T): T {
    this.#connections++;
    stream.server = this;
    stream._onEnd = this.#ended;
    return stream;
  }

  readonly #ended = (): void => {
    this.#connections--;
    this.#acceptor?.resume();
    this.#closeIfDrained();
  };

  #shake(sock: socket, context: SSLContext, options: SocketOptions): void {
    let wrapped: SSLSocket;
    try {
      wrapped = context.wrap_socket(sock, { server_side: true, do_handshake_on_connect: false });
    } catch (error) {
      // The peer may have gone already, or what it sent first may be refused.
      drop(sock);
      this.#emitAs('tlsClientError', tlsError(error), null);
      return;
    }
    const stream = this.#counted(new TLSDuplex(options));
    const late = setTimeout(
      () => stream.destroy(nodeError('ERR_TLS_HANDSHAKE_TIMEOUT')),
      this.#options.handshakeTimeout ?? HANDSHAKE_MS,
    ).unref();
    // As in node:tls, it stays: what goes wrong later ends the stream, and not the process of who does not listen for it.
    stream.on('error', (error) => {
      if (stream.secureConnecting) this.#emitAs('tlsClientError', error, stream);
    });
    stream.once('close', () => clearTimeout(late));
    stream.once('secure', () => {
      clearTimeout(late);
      this.#emitAs('connection', stream);
    });
    try {
      stream._takeOver(wrapped);
    } catch (error) {
      drop(wrapped);
      stream.destroy(error as Error);
    }
  }
}

function droppedOf(sock: socket): Dropped {
  const local = endpointOf(sock.family, sock.getsockname());
  let remote: Endpoint = {};
  try {
    remote = endpointOf(sock.family, sock.getpeername());
  } catch {
    // It has gone by itself.
  }
  return {
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
    remoteAddress: remote.address,
    remotePort: remote.port,
    remoteFamily: remote.family,
  };
}
