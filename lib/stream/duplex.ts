/** A stream over a socket: how it begins and ends. */
import { constants } from '../constants/table.js';
import { ValueError } from '../core/exceptions.js';
import { type Endpoint, PlainEndpoint } from '../event/endpoint.js';
import { descriptorOf } from '../event/loop.js';
import type { socket } from '../socket/socket.js';
import type { ConnectArguments } from './arguments.js';
import { ByteDuplex } from './bytes.js';
import { connectStream } from './connect.js';
import { argumentError, nodeError } from './errors.js';
import type { SocketOptions } from './surface.js';

const { AF_INET, AF_INET6, SO_LINGER, SOL_SOCKET } = constants.socket;

type Written = (error: Error | null | undefined) => void;

/**
 * A stream.Duplex over a stream socket, with the methods, properties and events of net.Socket.
 *
 * It owns the socket: the end of one is the end of the other. `toDuplex` makes one over a socket that there is;
 * `new SocketDuplex()` has none before `connect`.
 * @see https://nodejs.org/api/net.html#class-netsocket
 */
export class SocketDuplex extends ByteDuplex {
  /** @internal For whoever has accepted the connection, or is making it: told of the end. */
  _onEnd: (() => void) | null = null;
  readonly #paused: boolean;
  #refed = true;

  /** @throws TypeError with Node's `code` for what a stream of bytes cannot be */
  constructor(options: SocketOptions = {}) {
    super(options);
    this.#paused = Boolean(options.pauseOnCreate);
  }

  // ---- the beginning -----------------------------------------------------------------------------------------------

  /** @internal Takes a socket over. Whether it is connected is another question: see `_established`. */
  override _adopted(sock: socket): void {
    const descriptor = descriptorOf(sock.fileno());
    if (descriptor.awaited) throw new ValueError('something else awaits the socket already');
    descriptor.onReleased = () => this.destroy();
    if (!this.#refed) descriptor.ref(false);
    this._descriptor = descriptor;
    super._adopted(sock);
  }

  /** @internal */
  override _endpoint(): Endpoint {
    return new PlainEndpoint((this._sock as socket).fileno(), 'read', 'write');
  }

  /** @internal */
  override _open(): void {
    super._open();
    if (this.#paused) this.pause();
  }

  /** @internal Takes over a socket that this stream's `connect` will connect. */
  _adopt(sock: socket): this {
    this._adopted(sock);
    return this;
  }

  /** @internal The socket is connected, and new to this stream. */
  _takeOver(sock: socket): this {
    this._adopted(sock);
    this._established();
    return this;
  }

  /** @internal Bytes can go as soon as there is a connection. */
  _openConnected(): void {
    this._open();
  }

  /** @internal The adopted socket is connected. For heirs: more may have to be done before bytes can go. */
  _established(): void {
    this._reached();
    this._begin();
    if (!this.isPaused()) this.read(0);
  }

  /** @internal A connection that has been made at the request of this stream. */
  _connected(): void {
    // As in node:net: a listener for 'connect' can write, and what was written before goes after those that were there.
    this._reached();
    this._openConnected();
    try {
      this.emit('connect');
    } finally {
      // What a listener throws is an uncaught exception, and leaves the connection as it is.
      if (!this.destroyed) this._established();
    }
    if (!this.destroyed) this.emit('ready');
  }

  /**
   * Connects: `connect(port, host)`, `connect(path)` or `connect({ port, host, … })`, each with a listener for 'connect'.
   * @throws TypeError | RangeError with Node's `code` for wrong arguments; what the network says is emitted as
   * 'error'
   * @see https://nodejs.org/api/net.html#socketconnect
   */
  connect(...args: ConnectArguments): this {
    connectStream(this, args);
    return this;
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.connecting = false;
    this._stopTimer();
    const sock = this._letGo();
    let reason = error;
    try {
      sock?.close();
    } catch (failed) {
      reason ??= failed as Error;
    }
    const { done, deferred } = this._halt();
    callback(reason);
    // As node:net, which waits for libuv to have closed: behind everything else that the end brings with it.
    setImmediate(() => {
      if (!deferred) done?.(reason ?? nodeError('ERR_STREAM_DESTROYED'));
      this.emit('close', reason !== null);
      if (deferred) done?.(nodeError('ERR_SOCKET_CLOSED_BEFORE_CONNECTION'));
    });
    const onEnd = this._onEnd;
    this._onEnd = null;
    onEnd?.();
  }

  /** @internal Ends every wait for the socket, which is not this stream's any more. */
  _letGo(): socket | null {
    const sock = this._sock;
    this._sock = null;
    if (this._descriptor !== null) {
      this._descriptor.onReleased = null;
      this._descriptor.release();
      this._descriptor = null;
    }
    return sock;
  }

  /** As Duplex.write. What is written after the peer has ended the connection fails with EPIPE, as in net.Socket. */
  override write(chunk: unknown, callback?: Written): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding, callback?: Written): boolean;
  override write(chunk: unknown, encoding?: BufferEncoding | Written, callback?: Written): boolean {
    if (this.readableEnded && this.writableEnded && !this.allowHalfOpen) {
      return this.#writeAfterEnd(typeof encoding === 'function' ? encoding : callback);
    }
    return super.write(chunk, encoding as BufferEncoding, callback);
  }

  #writeAfterEnd(callback?: Written): boolean {
    const error = nodeError('EPIPE');
    if (callback !== undefined) process.nextTick(callback, error);
    this.destroy(error);
    return false;
  }

  /** Ends our side when all is sent, and then destroys the stream. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Closes TCP with a reset, which the peer gets at once; what is unsent is lost. @throws TypeError for other sockets */
  resetAndDestroy(): this {
    const sock = this._sock;
    if (sock === null) return this.destroy(nodeError('ERR_SOCKET_CLOSED'));
    if (sock.family !== AF_INET && sock.family !== AF_INET6) {
      throw argumentError('ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
    }
    if (this.connecting) return this.once('connect', () => this.resetAndDestroy());
    // struct linger { int on; int seconds; }
    sock.setsockopt(SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
    return this.destroy();
  }

  // ---- the process -------------------------------------------------------------------------------------------------

  /** Lets what this stream waits for keep the process alive, as at first. */
  ref(): this {
    this.#refed = true;
    this._descriptor?.ref(true);
    return this;
  }

  /** Lets the process end though this stream waits. */
  unref(): this {
    this.#refed = false;
    this._descriptor?.ref(false);
    return this;
  }
}
