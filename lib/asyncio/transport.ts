/** A connection of a stream: what arrives goes to its reader, what is written goes to its socket. */

import { constants } from '../constants/table.js';
import { type BytesLike, bytesOf, IOV_MAX } from '../core/bytes.js';
import {
  ConnectionResetError,
  fromCode,
  NotImplementedError,
  OSError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from '../core/exceptions.js';
import { type Told, untilTold } from '../event/await.js';
import { WaterMarks, type WriteBufferLimits } from '../event/flow.js';
import { type Descriptor, descriptorOf } from '../event/loop.js';
import { sendmsg } from '../socket/send.js';
import type { socket } from '../socket/socket.js';
import type { SSLSocket } from '../ssl/socket.js';
import { Again, ATTEMPT, POLLIN, POLLOUT } from '../wait/call.js';
import type { StreamReader } from './reader.js';
import { sock_unwrap } from './sock.js';
import { timeout } from './time.js';

const { EBADF } = constants.errno;
const { AF_INET, AF_INET6, IPPROTO_TCP, SHUT_WR, TCP_NODELAY } = constants.socket;
/** What one read asks for. */
const READ_SIZE = 64 * 1024;
/** How many reads one turn of the loop makes of a connection that has decrypted bytes left. */
const READS = 16;

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
  readonly #shutdownTimeout: number;
  readonly #peername: unknown;
  readonly #sockname: unknown;
  /** What the kernel has not taken yet. */
  #unsent: Uint8Array[] = [];
  #unsentSize = 0;
  /** Whoever writes shall wait while it is full. */
  readonly #marks = new WaterMarks();
  #reading = true;
  /** The direction that reading waits for; 0: it does not. */
  #readWaits = POLLIN;
  #writeWaits = 0;
  #eofWanted = false;
  #closing = false;
  #lost = false;
  #error: Error | null = null;
  #drains: Told[] = [];
  #ends: Told[] = [];
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
    this.#descriptor.onReleased = () => this.#end(fromCode(-EBADF, 'close'));
    reader._from(this);
    this.#listen();
    // What came with the handshake, the poller does not show.
    if (!sock._isPlain) setImmediate(this.#readable);
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Reads no more until `resume_reading`. @throws OSError if the system no longer polls the descriptor */
  pause_reading(): void {
    if (this.#closing || !this.#reading) return;
    this.#reading = false;
    this.#readWaits = 0;
    this.#listen();
  }

  /**
   * Reads again after `pause_reading`; does nothing if it reads already, or is closing.
   * @throws OSError if the system no longer polls the descriptor
   * @see Python ReadTransport.resume_reading
   */
  resume_reading(): void {
    if (this.#closing || this.#reading) return;
    this.#reading = true;
    this.#readWaits = POLLIN;
    this.#listen();
    if (!this._sock._isPlain) setImmediate(this.#readable);
  }

  /** Whether bytes that arrive are read: true unless paused or closing. @see Python ReadTransport.is_reading */
  is_reading(): boolean {
    return !this.#closing && this.#reading;
  }

  readonly #readable = (): void => {
    for (let i = 0; i < READS && this.is_reading(); i++) {
      const more = this.#readOnce();
      if (!more) return;
    }
    if (this.is_reading() && !this._sock._isPlain) setImmediate(this.#readable);
  };

  /** One read: whether there may be more that the poller does not know of. */
  #readOnce(): boolean {
    try {
      const result = this._sock._tryRecv(READ_SIZE);
      if (result instanceof Again) {
        this.#readWaits = result.direction;
        this.#listen();
        return false;
      }
      this.#readWaits = POLLIN;
      if (result.length === 0) this.#peerEnded();
      else this.#reader._feed(result);
      return !this._sock._isPlain;
    } catch (error) {
      this.#end(error as Error);
      return false;
    }
  }

  /** A plain connection stays open for what we have to say; over TLS, the end is the end. */
  #peerEnded(): void {
    this.#reading = false;
    this.#readWaits = 0;
    this.#listen();
    this.#reader.feed_eof();
    if (!this._sock._isPlain) this.close();
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
    const queued = this.#unsent.length > 0;
    this.#unsent.push(...parts);
    for (const part of parts) this.#unsentSize += part.length;
    if (!queued) this.#flush();
    // The caller may do with its memory what it likes.
    for (let i = Math.max(0, this.#unsent.length - parts.length); i < this.#unsent.length; i++) {
      this.#unsent[i] = Buffer.from(this.#unsent[i]);
    }
    this.#marks.rose(this.#unsentSize);
  }

  readonly #writable = (): void => {
    this.#flush();
  };

  #flush(): void {
    try {
      while (this.#unsent.length > 0) {
        const result = this.#sendOnce();
        if (result instanceof Again) {
          this.#writeWaits = result.direction;
          break;
        }
        this.#sent(result);
      }
    } catch (error) {
      this.#end(error as Error);
      return;
    }
    if (this.#unsent.length === 0) this.#flushed();
    this.#listen();
    if (this.#marks.fell(this.#unsentSize)) this.#drained();
  }

  #sendOnce(): number | Again {
    const parts = this.#unsent;
    if (parts.length === 1 || !this._sock._isPlain) return this._sock._trySend(parts[0]);
    return sendmsg(this._sock, parts.length > IOV_MAX ? parts.slice(0, IOV_MAX) : parts, [], 0, null, ATTEMPT);
  }

  #sent(count: number): void {
    this.#unsentSize -= count;
    let whole = 0;
    for (let left = count; whole < this.#unsent.length; whole++) {
      const part = this.#unsent[whole];
      if (part.length > left) {
        this.#unsent[whole] = part.subarray(left);
        break;
      }
      left -= part.length;
    }
    this.#unsent.splice(0, whole);
  }

  #flushed(): void {
    this.#writeWaits = 0;
    if (this.#closing) this.#finish();
    else if (this.#eofWanted) this.#shutdownWriting();
  }

  #drained(): void {
    for (const each of this.#drains.splice(0)) each.resolve();
  }

  /** Ends what we have to say, once it is sent. @throws NotImplementedError over TLS */
  write_eof(): void {
    if (!this.can_write_eof()) throw new NotImplementedError('a TLS connection cannot be half closed');
    if (this.#closing || this.#eofWanted) return;
    this.#eofWanted = true;
    if (this.#unsent.length === 0) this.#shutdownWriting();
  }

  #shutdownWriting(): void {
    try {
      this._sock.shutdown(SHUT_WR);
    } catch (error) {
      if (!(error instanceof OSError)) throw error; // the peer was faster: whoever reads hears of it
    }
  }

  /** Whether `write_eof` works: false over TLS, which cannot end one direction alone. */
  can_write_eof(): boolean {
    return this._sock._isPlain;
  }

  /** How many bytes wait for the kernel. */
  get_write_buffer_size(): number {
    return this.#unsentSize;
  }

  /** `[low, high]`, in bytes. */
  get_write_buffer_limits(): [number, number] {
    return this.#marks.limits;
  }

  /** Writers shall wait (`drain`) from above `high` to below `low` unsent bytes. @throws ValueError */
  set_write_buffer_limits(limits: WriteBufferLimits = {}): void {
    this.#marks.set(limits);
    this.#marks.rose(this.#unsentSize);
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
    this.#readWaits = 0;
    this.#listen();
    if (this.#unsent.length === 0) setImmediate(() => this.#finish());
  }

  /** Closes at once. What is not sent is lost. @throws OSError if the socket cannot be closed */
  abort(): void {
    this.#end(null);
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
    this._sock.close();
    this.#lost = true;
    this._tellEnd(error);
  }

  /** @internal Tells everybody that the connection has ended. For who was given the socket: it was closed. */
  _tellEnd(error: Error | null): void {
    this.#error = error;
    if (error === null) this.#reader.feed_eof();
    else this.#reader.set_exception(error);
    for (const each of [...this.#drains.splice(0), ...this.#ends.splice(0)]) {
      if (error === null) each.resolve();
      else each.reject(error);
    }
    this._onLost?.();
  }

  /** Listens no more, and takes nothing more. */
  #let(): void {
    this.#closing = true;
    this.#readWaits = 0;
    this.#writeWaits = 0;
    this.#unsent = [];
    this.#unsentSize = 0;
    this.#descriptor.onReleased = null;
    this.#listen();
  }

  /** @internal Gives the socket away, still open: another transport takes the connection over. */
  _give(): socket {
    this.#let();
    this.#lost = true;
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

  /** The listeners follow what reading and writing wait for. */
  #listen(): void {
    const input = this.#readWaits === POLLIN || this.#writeWaits === POLLIN;
    const output = this.#readWaits === POLLOUT || this.#writeWaits === POLLOUT;
    if (this._sock.fileno() < 0) return;
    if (input !== this.#descriptor.listened(POLLIN)) this.#descriptor.listen(POLLIN, input ? this.#onInput : null);
    if (output !== this.#descriptor.listened(POLLOUT)) this.#descriptor.listen(POLLOUT, output ? this.#onOutput : null);
  }

  readonly #onInput = (): void => this.#ready(POLLIN);
  readonly #onOutput = (): void => this.#ready(POLLOUT);

  #ready(direction: number): void {
    if (this.#writeWaits === direction) this.#writable();
    if (this.#readWaits === direction) this.#readable();
  }
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
