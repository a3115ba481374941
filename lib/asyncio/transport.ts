/** A connection of a stream: what arrives goes to its reader, what is written goes to its socket. */

import { inspect } from 'node:util';
import { constants } from '../constants/table.js';
import { type BytesLike, bytesOf, fromScratch } from '../core/bytes.js';
import { failureOf } from '../core/closing.js';
import {
  ConnectionResetError,
  fromCode,
  NotImplementedError,
  OSError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { type Told, untilTold } from '../event/await.js';
import { type Endpoint, PlainEndpoint, TlsEndpoint } from '../event/endpoint.js';
import { ByteEngine } from '../event/engine.js';
import { WaterMarks, type WriteBufferLimits } from '../event/flow.js';
import { type Descriptor, descriptorOf } from '../event/loop.js';
import type { socket } from '../socket/socket.js';
import type { Connection } from '../ssl/connection.js';
import type { SSLSocket } from '../ssl/socket.js';
import type { StreamReader } from './reader.js';
import { sock_unwrap } from './sock.js';
import { type TransportState, transportText } from './text.js';
import { timeout } from './time.js';

const { AF_INET, AF_INET6, IPPROTO_TCP, TCP_NODELAY } = constants.socket;

export interface TransportOptions {
  /** Seconds that a TLS goodbye may take; 30 if not given. */
  ssl_shutdown_timeout?: number;
}

/** @see Python asyncio.Transport. It is `writer.transport`. */
export class Transport {
  /** @internal The socket, which the transport owns. */
  readonly _sock: socket;
  readonly #reader: StreamReader;
  readonly #descriptor: Descriptor;
  readonly #engine: ByteEngine;
  readonly #shutdownTimeout: number;
  readonly #peername: unknown;
  readonly #sockname: unknown;
  /** Whoever writes shall wait while it is full. */
  readonly #marks = new WaterMarks();
  #reading = true;
  #eofWanted = false;
  #closing = false;
  #lost = false;
  #error: Error | null = null;
  #drains: Told[] = [];
  #ends: Told[] = [];
  /** Ends the connection where it is by now; null: it is here. */
  #onAbort: (() => void) | null = null;
  /** @internal Told when the connection has ended. */
  _onLost: (() => void) | null = null;

  /**
   * Takes over a nonblocking, connected socket, whose handshake is done.
   * @throws OSError if TCP_NODELAY cannot be set, or the system cannot poll the descriptor
   */
  constructor(sock: socket, reader: StreamReader, { ssl_shutdown_timeout }: TransportOptions = {}) {
    this._sock = sock;
    this.#reader = reader;
    this.#shutdownTimeout = ssl_shutdown_timeout ?? 30;
    withoutDelay(sock);
    this.#sockname = addressOf(() => sock.getsockname());
    this.#peername = addressOf(() => sock.getpeername());
    this.#descriptor = descriptorOf(sock.fileno());
    this.#descriptor.onReleased = () => this.#end(fromCode(BAD_FD, 'close'));
    this.#engine = new ByteEngine(this.#descriptor, endpointOf(sock), this, null);
    reader._from(this);
    this.#engine.startReading();
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Reads no more until `resume_reading`. @throws OSError if the system no longer polls the descriptor */
  pause_reading(): void {
    if (this.#closing || !this.#reading) return;
    this.#reading = false;
    this.#engine.stopReading();
  }

  /**
   * Reads again after `pause_reading`; does nothing if it reads already, or is closing.
   * @throws OSError if the system no longer polls the descriptor
   * @see Python ReadTransport.resume_reading
   */
  resume_reading(): void {
    if (this.#closing || this.#reading) return;
    this.#reading = true;
    this.#engine.startReading();
  }

  /** Whether bytes that arrive are read: true unless paused or closing. @see Python ReadTransport.is_reading */
  is_reading(): boolean {
    return !this.#closing && this.#reading;
  }

  /** @internal */
  _bytesCame(count: number): void {
    this.#reader._feed(fromScratch(count));
  }

  /** @internal A plain connection stays open for what we have to say; over TLS, the end is the end. */
  _peerEnded(): void {
    this.#reading = false;
    this.#reader.feed_eof();
    if (!this._sock._isPlain) this.close();
  }

  /** @internal */
  _broke(error: Error): void {
    this.#end(error);
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  /**
   * Sends what the kernel takes now, and the rest when it can. Of what is not taken at once a copy is made.
   * @throws TypeError for what is no bytes; RuntimeError after `write_eof`
   */
  write(data: BytesLike): void {
    this.writelines([data]);
  }

  /**
   * The same for several pieces, which go together.
   * @throws TypeError for what is no bytes; RuntimeError after `write_eof`
   */
  writelines(pieces: Iterable<BytesLike>): void {
    const parts = Array.from(pieces, bytesOf).filter((part) => part.length > 0);
    if (this.#eofWanted) throw new RuntimeError('Cannot call write() after write_eof()');
    if (this.#closing || parts.length === 0) return;
    this.#unlessBroken(() => this.#engine.writeParts(parts, true));
    this.#marks.rose(this.#engine.unsentSize);
  }

  #unlessBroken(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /** @internal */
  _bytesWent(): void {
    if (!this.#marks.fell(this.#engine.unsentSize)) return;
    for (const each of this.#drains.splice(0)) each.resolve();
  }

  /** @internal */
  _allSent(): void {
    if (this.#closing) this.#finish();
  }

  /** Ends what we have to say, once it is sent. @throws NotImplementedError over TLS */
  write_eof(): void {
    if (!this.can_write_eof()) throw new NotImplementedError('a TLS connection cannot be half closed');
    if (this.#closing || this.#eofWanted) return;
    this.#eofWanted = true;
    this.#unlessBroken(() => this.#engine.end());
  }

  /** Whether `write_eof` works: false over TLS, which cannot end one direction alone. */
  can_write_eof(): boolean {
    return this._sock._isPlain;
  }

  /** How many bytes wait for the kernel. */
  get_write_buffer_size(): number {
    return this.#engine.unsentSize;
  }

  /** `[low, high]`, in bytes. */
  get_write_buffer_limits(): [number, number] {
    return this.#marks.limits;
  }

  /** Writers shall wait (`drain`) from above `high` to below `low` unsent bytes. @throws ValueError */
  set_write_buffer_limits(limits: WriteBufferLimits = {}): void {
    this.#marks.set(limits);
    this.#marks.rose(this.#engine.unsentSize);
  }

  /** @internal Resolves when there is room to write. */
  async _drain(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    // As in Python: a connection that is closing gets a turn of the loop to be lost in.
    if (this.#closing) await new Promise((resolve) => setImmediate(resolve));
    if (this.#lost) throw this.#error ?? new ConnectionResetError('Connection lost');
    if (this.#marks.full) await waitIn(this.#drains, signal);
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Whether `close` or `abort` was called, or the connection has ended. */
  is_closing(): boolean {
    return this.#closing;
  }

  /**
   * Closes once all is sent; a TLS connection says goodbye before.
   * @throws OSError if the system no longer polls the descriptor
   */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#engine.stopReading();
    if (this.#engine.unsentSize === 0) setImmediate(() => this.#finish());
  }

  /** Closes at once. What is not sent is lost. @throws OSError if the system no longer polls the descriptor */
  abort(): void {
    if (this.#onAbort === null) this.#end(null);
    else this.#onAbort();
  }

  #finish(): void {
    if (this.#lost) return;
    if (this._sock._isPlain) this.#end(null);
    else void this.#goodbye();
  }

  async #goodbye(): Promise<void> {
    using deadline = timeout(this.#shutdownTimeout);
    let late: Error | null = null;
    try {
      await sock_unwrap(this._sock as SSLSocket, deadline);
    } catch (error) {
      // The peer has gone without one, or goes on talking: there is nobody left to say it to.
      if (!(error instanceof OSError) && !(error instanceof ValueError)) throw error;
      if (deadline.expired()) late = new TimeoutError('SSL shutdown timed out');
    }
    this.#end(late);
  }

  /** @internal Resolves when the connection has ended. @throws (rejects) what ended it */
  async _ended(signal?: AbortSignal): Promise<void> {
    if (!this.#lost) await waitIn(this.#ends, signal);
    else if (this.#error !== null) throw this.#error;
  }

  /** @internal Whether it is this that has ended the connection. */
  _endedBy(error: unknown): boolean {
    return error !== null && error === this.#error;
  }

  #end(error: Error | null): void {
    if (this.#lost) return;
    this.#let();
    this.#lost = true;
    this._tellEnd(error, failureOf(this._sock));
  }

  /**
   * @internal Tells everybody that the connection has ended. For who was given the socket: it was closed, which `failed`, or
   * did not. Whoever reads has no part in that.
   */
  _tellEnd(error: Error | null, failed: Error | null = null): void {
    if (error === null) this.#reader.feed_eof();
    else this.#reader.set_exception(error);
    const told = error ?? failed;
    this.#error = told;
    for (const each of [...this.#drains.splice(0), ...this.#ends.splice(0)]) {
      if (told === null) each.resolve();
      else each.reject(told);
    }
    this._onLost?.();
  }

  /** Listens no more, and takes nothing more. */
  #let(): void {
    this.#closing = true;
    this.#descriptor.onReleased = null;
    this.#engine.halt();
  }

  /** @internal Gives the socket away, still open: another transport takes the connection over. `onAbort` ends it there. */
  _give(onAbort: () => void): socket {
    this.#let();
    this.#lost = true;
    this.#onAbort = onAbort;
    return this._sock;
  }

  /** @internal Goes on for another transport that has given its connection to this one. */
  _succeed(before: Transport): void {
    this._onLost = before._onLost;
    this.#ends.push(...before.#ends.splice(0));
  }

  /** Lets the process end though the connection is open; `ref` takes that back. */
  unref(): void {
    this.#descriptor.ref(false);
  }
  /** Lets the connection keep the process alive again, after `unref`. Not in Python; as net.Socket's. */
  ref(): void {
    this.#descriptor.ref(true);
  }

  // ---- what is known -----------------------------------------------------------------------------------------------

  /**
   * 'peername', 'sockname', 'socket'; over TLS, while it lasts, 'ssl_object', 'sslcontext', 'cipher', 'compression', 'peercert'.
   * @see Python BaseTransport.get_extra_info
   */
  get_extra_info(name: string, fallback: unknown = null): unknown {
    const plain: Record<string, () => unknown> = {
      socket: () => this._sock,
      sockname: () => this.#sockname,
      peername: () => this.#peername,
    };
    const tls = this._sock as SSLSocket;
    const encrypted: Record<string, () => unknown> = {
      ssl_object: () => tls,
      sslcontext: () => tls.context,
      cipher: () => tls.cipher(),
      compression: () => tls.compression(),
      peercert: () => tls.getpeercert(),
    };
    const known = plain[name] ?? (this._sock._isPlain || this.#lost ? undefined : encrypted[name]);
    return known?.() ?? fallback;
  }

  [inspect.custom](): string {
    return transportText('Transport', this.#descriptor, this.#state, this.#engine.unsentSize);
  }

  get #state(): TransportState {
    if (this.#lost) return 'closed';
    return this.#closing ? 'closing' : 'open';
  }
}

function endpointOf(sock: socket): Endpoint {
  if (sock._isPlain) return new PlainEndpoint(sock.fileno(), 'recv', 'send');
  const { _sslobj: connection, suppress_ragged_eofs: ragged } = sock as SSLSocket;
  return new TlsEndpoint(sock.fileno(), connection as Connection, ragged);
}

function addressOf(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    if (error instanceof OSError) return null;
    throw error;
  }
}

/** As in CPython: a small write does not wait until the one before is acknowledged. */
function withoutDelay(sock: socket): void {
  if (sock.family !== AF_INET && sock.family !== AF_INET6) return;
  try {
    sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  } catch (error) {
    if (!(error instanceof OSError)) throw error; // another protocol
  }
}

function waitIn(queue: Told[], signal?: AbortSignal): Promise<void> {
  return untilTold(signal, (told) => {
    queue.push(told);
    return () => queue.splice(queue.indexOf(told), 1);
  });
}
