/** What a stream over a socket shows of it: net.Socket's properties, options and timeout. How bytes go is above this. */
import { addAbortSignal, Duplex, type DuplexOptions as NodeDuplexOptions } from 'node:stream';
import { native } from '../addon/binary.js';
import { constants, elsewhere } from '../constants/table.js';
import type { socket } from '../socket/socket.js';
import type { ReturnedAddress } from '../structs/address.js';
import { argumentError, rangeError } from './errors.js';

const c = elsewhere(constants.socket);
const TIMER_MAX_MS = 0x7fffffff;

/** An address as net.Socket gives it; of a Unix socket it gives none. */
export interface Endpoint {
  address?: string;
  family?: 'IPv4' | 'IPv6';
  port?: number;
}

/** How a stream over a socket behaves. @see https://nodejs.org/api/net.html#new-netsocketoptions */
export interface SocketOptions
  extends Pick<NodeDuplexOptions, 'readableHighWaterMark' | 'writableHighWaterMark' | 'highWaterMark'> {
  /** Whether our side stays open when the peer has ended its. Otherwise it ends by itself, as net.Socket's does. */
  allowHalfOpen?: boolean;
  /** As `setNoDelay`. */
  noDelay?: boolean;
  /** As `setKeepAlive`. */
  keepAlive?: boolean;
  /** Milliseconds. */
  keepAliveInitialDelay?: number;
  /** Nothing is read before `resume()`, so that the socket can be handed over untouched. */
  pauseOnCreate?: boolean;
  /** Destroys the stream when it is aborted. */
  signal?: AbortSignal;
}

/** `{ address, family, port }` of an Internet address; of others nothing, as in Node. */
export function endpointOf(family: number, address: ReturnedAddress): Endpoint {
  if (family !== c.AF_INET && family !== c.AF_INET6) return {};
  return { address: address[0], family: family === c.AF_INET ? 'IPv4' : 'IPv6', port: address[1] };
}

/** What the listeners of each event are given, by name; those of other events are given what whoever emits them says. */
export interface SocketEvents {
  /** Once for each address of a name. */
  lookup: [error: Error | null, address: string | undefined, family: number | undefined, host: string];
  connectionAttempt: [ip: string, port: number | undefined, family: 4 | 6 | undefined];
  connectionAttemptFailed: [ip: string, port: number | undefined, family: 4 | 6 | undefined, error: Error];
  connect: [];
  ready: [];
  /** TLS: the handshake has ended; `secureConnect`: a client's. */
  secure: [];
  secureConnect: [];
  data: [chunk: Buffer];
  /** Descriptors that came over a Unix socket, which are the listener's to close. */
  fds: [fds: number[]];
  timeout: [];
  drain: [];
  end: [];
  finish: [];
  error: [error: Error];
  close: [hadError: boolean];
}

type Listener = Parameters<Duplex['on']>[1];

/** The listeners of net.Socket and tls.TLSSocket, whose events tell more than a Duplex's. */
export interface SocketSurface {
  /** @see https://nodejs.org/api/events.html#emitteroneventname-listener */
  on<Name extends keyof SocketEvents>(event: Name, listener: (...given: SocketEvents[Name]) => void): this;
  on(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitteronceeventname-listener */
  once<Name extends keyof SocketEvents>(event: Name, listener: (...given: SocketEvents[Name]) => void): this;
  once(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitteraddlistenereventname-listener */
  addListener<Name extends keyof SocketEvents>(event: Name, listener: (...given: SocketEvents[Name]) => void): this;
  addListener(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitterprependlistenereventname-listener */
  prependListener<Name extends keyof SocketEvents>(event: Name, listener: (...given: SocketEvents[Name]) => void): this;
  prependListener(event: string | symbol, listener: Listener): this;
  /** @see https://nodejs.org/api/events.html#emitterprependoncelistenereventname-listener */
  prependOnceListener<Name extends keyof SocketEvents>(
    event: Name,
    listener: (...given: SocketEvents[Name]) => void,
  ): this;
  prependOnceListener(event: string | symbol, listener: Listener): this;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: types alone, for methods that Duplex has
export abstract class SocketSurface extends Duplex {
  /** A connection is being made. */
  connecting = false;
  /** The server that has accepted this connection; Node's http puts its own here. */
  server: unknown = null;
  /** Milliseconds of `setTimeout`. */
  timeout: number | undefined = undefined;
  /** @internal Null before `connect`, and after the end. */
  _sock: socket | null = null;
  #reached = false;
  #local: Endpoint | null = null;
  #remote: Endpoint | null = null;
  #noDelay = false;
  #keepAlive = false;
  #keepAliveS = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerMs = 0;

  constructor(options: SocketOptions) {
    // As net.Socket: a half-open stream only on demand, and a 'close' of our own, which says whether there was an error.
    const { signal, ...others } = options;
    checkOptions(options);
    super({ ...others, allowHalfOpen: Boolean(options.allowHalfOpen), emitClose: false, autoDestroy: true });
    this.#noDelay = Boolean(options.noDelay);
    this.#keepAlive = Boolean(options.keepAlive);
    this.#keepAliveS = Math.max(0, Math.floor((options.keepAliveInitialDelay ?? 0) / 1000));
    if (signal === undefined || signal === null) return;
    // One that is aborted already would destroy this object before it is made.
    if (signal.aborted) process.nextTick(() => addAbortSignal(signal, this));
    else addAbortSignal(signal, this);
  }

  /** The socket below: its options and addresses may be used, its data calls not. Closing it destroys this stream. */
  get socket(): socket | null {
    return this._sock;
  }

  /** @internal As new, to be connected once more; listeners and settings stay. */
  _renew(): void {
    // As net.Socket: Node's streams have it for that purpose.
    (this as unknown as { _undestroy(): void })._undestroy();
    this.#reached = false;
    this.#local = null;
    this.#remote = null;
  }

  /** @internal A socket to be used from now on. */
  _adopted(sock: socket): void {
    this._sock = sock;
    if (this.#noDelay) this.#applyNoDelay();
    if (this.#keepAlive) this.#applyKeepAlive();
  }

  // ---- state -------------------------------------------------------------------------------------------------------

  /** @internal The socket is connected. */
  _reached(): void {
    this.connecting = false;
    this.#reached = true;
    this._active();
  }

  /** Whether the connection is not there yet, or not any more. */
  get pending(): boolean {
    return !this.#reached || this._sock === null;
  }

  /** Which directions are open, in the words of net.Socket. */
  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Bytes (or characters) that wait to be sent. */
  get bufferSize(): number | undefined {
    return this._sock === null ? undefined : this.writableLength;
  }

  // ---- addresses: asked for once; the peer's is known beyond the end ---------------------------------------------------

  /** Our address. */
  address(): Endpoint {
    if (this._sock === null) return {};
    if (this.#local !== null) return this.#local;
    const found = this.#asked(() => this._sock?.getsockname());
    if (!this.pending) this.#local = found;
    return found;
  }

  /** Our address: an IP number, or undefined (not connected; not an Internet socket). */
  get localAddress(): string | undefined {
    return this.address().address;
  }
  /** Our port, or undefined. */
  get localPort(): number | undefined {
    return this.address().port;
  }
  /** 'IPv4' or 'IPv6', or undefined. */
  get localFamily(): string | undefined {
    return this.address().family;
  }
  /** The peer's address: an IP number, or undefined (not connected; not an Internet socket). */
  get remoteAddress(): string | undefined {
    return this.#peer().address;
  }
  /** The peer's port, or undefined. */
  get remotePort(): number | undefined {
    return this.#peer().port;
  }
  /** 'IPv4' or 'IPv6', or undefined. */
  get remoteFamily(): string | undefined {
    return this.#peer().family;
  }

  #peer(): Endpoint {
    if (this.#remote !== null || this.pending) return this.#remote ?? {};
    this.#remote = this.#asked(() => this._sock?.getpeername());
    return this.#remote;
  }

  #asked(call: () => ReturnedAddress): Endpoint {
    try {
      return endpointOf(this._sock?.family ?? 0, call());
    } catch {
      // The peer may have gone by now: then its address is not to be had.
      return {};
    }
  }

  // ---- options -----------------------------------------------------------------------------------------------------

  /** Whether small writes are sent at once (TCP_NODELAY). Of other sockets nothing changes. @see tcp(7) */
  setNoDelay(enable = true): this {
    if (Boolean(enable) === this.#noDelay) return this;
    this.#noDelay = Boolean(enable);
    this.#applyNoDelay();
    return this;
  }

  /** Whether the kernel probes a silent peer, first after `initialDelay` ms (0: the system's default). @see tcp(7) */
  setKeepAlive(enable = false, initialDelay = 0): this {
    const [wanted, seconds] = [Boolean(enable), Math.floor(initialDelay / 1000)];
    if (wanted === this.#keepAlive && (!wanted || seconds === this.#keepAliveS)) return this;
    this.#keepAlive = wanted;
    this.#keepAliveS = seconds;
    this.#applyKeepAlive();
    return this;
  }

  #applyNoDelay(): void {
    if (this.#isTcp()) this.#option(c.IPPROTO_TCP, c.TCP_NODELAY, this.#noDelay ? 1 : 0);
  }

  #applyKeepAlive(): void {
    if (!this.#isTcp()) return;
    this.#option(c.SOL_SOCKET, c.SO_KEEPALIVE, this.#keepAlive ? 1 : 0);
    if (this.#keepAlive && this.#keepAliveS > 0) this.#option(c.IPPROTO_TCP, c.TCP_KEEPIDLE, this.#keepAliveS);
  }

  #isTcp(): boolean {
    return this._sock !== null && (this._sock.family === c.AF_INET || this._sock.family === c.AF_INET6);
  }

  /** Node does not say either whether an option could be set. */
  #option(level: number | undefined, name: number | undefined, value: number): void {
    if (this._sock === null || level === undefined || name === undefined) return;
    native.setsockoptInt(this._sock.fileno(), level, name, value);
  }

  // ---- the timeout -------------------------------------------------------------------------------------------------

  /**
   * 'timeout' is emitted after `msecs` without a byte in either direction; nothing else happens then. 0: never.
   * @throws RangeError | TypeError
   */
  setTimeout(msecs: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = msecs;
    const ms = durationMs(msecs);
    if (callback !== undefined && typeof callback !== 'function') {
      throw argumentError('ERR_INVALID_ARG_TYPE', 'The "callback" argument must be of type function');
    }
    this.#startTimer(ms);
    if (callback === undefined) return this;
    return ms === 0 ? this.removeListener('timeout', callback) : this.once('timeout', callback);
  }

  /** Servers switch the same timeout on and off with each request: a timer that is not wanted any more is kept. */
  #startTimer(ms: number): void {
    if (ms === 0) {
      this.#timerMs = -Math.abs(this.#timerMs);
    } else if (this.#timer !== null && Math.abs(this.#timerMs) === ms) {
      this.#timerMs = ms;
      this.#timer.refresh();
    } else {
      this._stopTimer();
      this.#timerMs = ms;
      this.#timer = setTimeout(() => this.#timedOut(), ms).unref();
    }
  }

  #timedOut(): void {
    const wanted = this.#timerMs > 0;
    if (!wanted) this._stopTimer();
    else this.emit('timeout');
  }

  /** @internal Something has happened: the timeout begins anew. */
  _active(): void {
    if (this.#timerMs > 0) this.#timer?.refresh();
  }

  /** @internal */
  _stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerMs = 0;
  }
}

/** Bytes cannot be objects. @throws TypeError with Node's `code` */
function checkOptions(options: SocketOptions & NodeDuplexOptions): void {
  const { objectMode, readableObjectMode, writableObjectMode, keepAliveInitialDelay } = options;
  if (objectMode || readableObjectMode || writableObjectMode) {
    throw argumentError('ERR_INVALID_ARG_VALUE', 'The property "options.objectMode" is not supported');
  }
  if (keepAliveInitialDelay !== undefined && typeof keepAliveInitialDelay !== 'number') {
    const text = 'The "options.keepAliveInitialDelay" property must be of type number';
    throw argumentError('ERR_INVALID_ARG_TYPE', text);
  }
}

function durationMs(msecs: unknown): number {
  if (typeof msecs !== 'number') {
    throw argumentError('ERR_INVALID_ARG_TYPE', 'The "msecs" argument must be of type number');
  }
  if (!(msecs >= 0 && Number.isFinite(msecs))) {
    const text = `The value of "msecs" is out of range. It must be a non-negative finite number. Received ${msecs}`;
    throw rangeError('ERR_OUT_OF_RANGE', text);
  }
  return Math.min(Math.max(msecs === 0 ? 0 : 1, Math.floor(msecs)), TIMER_MAX_MS);
}
