/** Datagrams by callbacks: a protocol, and the transport between it and its socket. */

import { AsyncResource } from 'node:async_hooks';
import { inspect, isDeepStrictEqual } from 'node:util';
import { isAnyArrayBuffer } from 'node:util/types';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { absent, typeName } from '../core/args.js';
import { type BytesLike, bytesOf, copied } from '../core/bytes.js';
import { drop } from '../core/closing.js';
import { fromCode, OSError, ValueError } from '../core/exceptions.js';
import { BAD_FD } from '../core/platform.js';
import { str } from '../core/repr.js';
import { staysWith } from '../core/stays.js';
import { uncaught } from '../core/uncaught.js';
import { WaterMarks, type WriteBufferLimits } from '../event/flow.js';
import { type Descriptor, descriptorOf } from '../event/loop.js';
import type { Listener } from '../event/waiters.js';
import { sendto } from '../socket/send.js';
import type { socket } from '../socket/socket.js';
import { type Address, pack, packed, type ReturnedAddress, unpack, unpackBytes } from '../structs/address.js';
import { Again, ATTEMPT, ONCE, POLLIN, POLLOUT } from '../wait/call.js';
import { type TransportState, transportText } from './text.js';

const { EINTR, EWOULDBLOCK } = constants.errno;
/** How many datagrams one turn of the loop takes in, or sends, before the other descriptors have theirs. */
const DATAGRAMS = 64;
/** What a waiting datagram counts besides its bytes, so that empty ones do not wait without limit: as CPython counts. */
const HEADER_SIZE = 8;
const PAUSE_MAX_MS = 10;
/** Where every datagram is received: CPython's size, more than a system sends if it is not told to. */
const room = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * What a transport calls. All of it may be left out; what a callback throws becomes an uncaught exception.
 * @see Python asyncio.DatagramProtocol
 */
export class DatagramProtocol {
  /** First of all. */
  connection_made(_transport: DatagramTransport): void {}
  /** A datagram, and where it came from. */
  datagram_received(_data: Buffer, _addr: ReturnedAddress): void {}
  /** A datagram could not be sent or received: nobody is there (ECONNREFUSED), it is too long (EMSGSIZE) … */
  error_received(_exc: OSError): void {}
  /** Last of all. Null: it was closed or aborted here. */
  connection_lost(_exc: Error | null): void {}
  /** More than the high-water mark waits to be sent. What is sent nevertheless waits too. */
  pause_writing(): void {}
  /** No more than the low-water mark waits. */
  resume_writing(): void {}
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly to: Address;
}

const STAYS = staysWith('a datagram endpoint');

/** What `create_datagram_endpoint` returns. It owns its socket. @see Python asyncio.DatagramTransport */
export class DatagramTransport {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #sock: socket;
  readonly #protocol: Partial<DatagramProtocol>;
  /** The only address to send to. */
  readonly #remote: Address;
  readonly #extra: ReadonlyMap<string, unknown>;
  readonly #connected: boolean;
  readonly #descriptor: Descriptor;
  readonly #readable: Listener = { onReady: () => this.#receive() };
  readonly #writable: Listener = { onReady: () => this.#flush() };
  #queue: Waiting[] = [];
  #size = 0;
  /** The protocol's methods are called in the context in which the endpoint was made, as in CPython. */
  readonly #context = new AsyncResource('berkeley.datagram');
  readonly #marks = new WaterMarks();
  #refed = true;
  #closing = false;
  /** connection_lost is on its way. */
  #lost = false;
  #timer: NodeJS.Timeout | undefined;
  /** How often in a row the socket was writable and took nothing. */
  #spurious = 0;

  /** @internal */
  constructor(sock: socket, protocol: Partial<DatagramProtocol>, remote: Address) {
    this.#descriptor = descriptorOf(sock.fileno());
    if (this.#descriptor.awaited) throw new ValueError('something else awaits the socket already');
    this.#sock = sock;
    this.#protocol = protocol;
    this.#remote = remote;
    const peername = addressOf(() => sock.getpeername());
    this.#connected = peername !== null;
    this.#extra = new Map(Object.entries({ socket: sock, sockname: addressOf(() => sock.getsockname()), peername }));
  }

  /** @internal Nothing is received before connection_made. */
  _start(): void {
    this.#descriptor.onReleased = () => this.#force(fromCode(BAD_FD, 'close'));
    this.#tell('connection_made', this);
    if (!this.#closing) this.#descriptor.listen(POLLIN, this.#readable);
  }

  #tell<K extends keyof DatagramProtocol>(name: K, ...args: Parameters<DatagramProtocol[K]>): void {
    try {
      const method = this.#protocol[name] as ((...args: unknown[]) => void) | undefined;
      if (method !== undefined) this.#context.runInAsyncScope(method, this.#protocol, ...args);
    } catch (error) {
      uncaught(error);
    }
  }

  // ---- receiving ---------------------------------------------------------------------------------------------------

  #receive(): void {
    for (let i = 0; i < DATAGRAMS && !this.#closing; i++) {
      const n = native.recvfrom(this.#sock._fd, room, 0, room.length, 0, ONCE);
      if (n < 0) {
        if (n !== -EWOULDBLOCK && n !== -EINTR) this.#tell('error_received', fromCode(n, 'recvfrom'));
        return;
      }
      const from = unpack(native.info[0], this.#sock.proto);
      this.#tell('datagram_received', copied(room, n), from);
    }
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  /**
   * Sends a datagram, at once if the kernel takes it, or else when it can; then a copy is made. An endpoint with a remote
   * address sends there; any other needs `addr`, in numbers: a name is looked up while the thread waits. What goes wrong
   * with it is `error_received`'s.
   * @throws TypeError | ValueError | OverflowError for wrong arguments
   * @see Python DatagramTransport.sendto; sendto(2)
   */
  sendto(data: BytesLike, addr: Address = absent(arguments.length, 2, 'addr', null)): void {
    if (!ArrayBuffer.isView(data) && !isAnyArrayBuffer(data)) {
      throw new TypeError(`data argument must be a bytes-like object, not '${typeName(data)}'`);
    }
    const bytes = bytesOf(data);
    const to = this.#destination(addr);
    if (this.#lost || (this.#queue.length === 0 && this.#send(bytes, to))) return;
    if (!this.#enqueue(bytes, to)) return;
    if (this.#timer === undefined) this.#descriptor.listen(POLLOUT, this.#writable);
    if (this.#marks.rose(this.#size)) this.#tell('pause_writing');
  }

  #destination(addr: Address | undefined): Address {
    const given = addr ?? null;
    if (this.#remote === null) return given;
    if (given === null || isDeepStrictEqual(given, this.#remote)) return this.#remote;
    throw new ValueError(`Invalid address: must be None or ${str(this.#remote)}`);
  }

  /** Whether that is done, well or not; false: it has to wait. */
  #send(bytes: Uint8Array, to: Address): boolean {
    const sock = this.#sock;
    const sent = this.#unlessError(() =>
      this.#connected ? sock._trySend(bytes) : sendto(sock._plain('sendto'), bytes, 0, to, ATTEMPT),
    );
    return !(sent instanceof Again);
  }

  /** What `call` returns; undefined if it raises an OSError, of which the protocol is told. */
  #unlessError<T>(call: () => T): T | undefined {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      this.#tell('error_received', error);
      return undefined;
    }
  }

  /** Copies a datagram and the address, which the caller may change: whether it waits now. */
  #enqueue(bytes: Uint8Array, to: Address): boolean {
    const waiting = this.#unlessError((): Waiting => {
      const { family, proto } = this.#sock;
      const address = this.#connected
        ? null
        : unpackBytes(packed.subarray(0, pack(family, proto, to, 'sendto')), proto);
      return { bytes: copied(bytes), to: address };
    });
    if (waiting === undefined) return false;
    this.#queue.push(waiting);
    this.#size += bytes.length + HEADER_SIZE;
    return true;
  }

  #flush(): void {
    let sent = 0;
    while (this.#queue.length > 0 && sent < DATAGRAMS) {
      const first = this.#queue.shift() as Waiting;
      if (!this.#send(first.bytes, first.to)) {
        this.#queue.unshift(first);
        break;
      }
      // error_received may have aborted.
      if (this.#lost) return;
      this.#size -= first.bytes.length + HEADER_SIZE;
      sent++;
    }
    if (this.#marks.fell(this.#size)) this.#tell('resume_writing');
    if (this.#queue.length > 0) this.#writeLater(sent);
    else this.#flushed();
  }

  /**
   * An unconnected Unix socket is always writable, though the receiver's queue is full; the poller alone would spin. So
   * each time that nothing was taken there is a pause, which grows.
   */
  #writeLater(sent: number): void {
    this.#spurious = sent > 0 ? 0 : this.#spurious + 1;
    if (this.#spurious === 0) return;
    this.#descriptor.listen(POLLOUT, null);
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#descriptor.listen(POLLOUT, this.#writable);
      },
      Math.min(this.#spurious, PAUSE_MAX_MS),
    );
    if (!this.#refed) this.#timer.unref();
  }

  #flushed(): void {
    this.#descriptor.listen(POLLOUT, null);
    // resume_writing may have ended it already.
    if (!this.#closing || this.#lost) return;
    this.#lost = true;
    this.#end(null);
  }

  // ---- flow control ------------------------------------------------------------------------------------------------

  /** How many bytes wait to be sent, and 8 for each datagram. */
  get_write_buffer_size(): number {
    return this.#size;
  }

  /** `[low, high]`, in bytes. */
  get_write_buffer_limits(): [number, number] {
    return this.#marks.limits;
  }

  /**
   * `pause_writing` is called above `high` waiting bytes, `resume_writing` at `low` or less. 64 KiB if not given, or four
   * times `low`; a quarter of `high`.
   * @throws ValueError
   */
  set_write_buffer_limits(limits: WriteBufferLimits = {}): void {
    this.#marks.set(limits);
    if (this.#marks.rose(this.#size)) this.#tell('pause_writing');
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Whether `close` or `abort` was called, or an error has ended the transport. */
  is_closing(): boolean {
    return this.#closing;
  }

  /**
   * Receives no more, sends what waits, then calls `connection_lost(null)`.
   * @throws OSError if the system no longer polls the descriptor
   */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#descriptor.listen(POLLIN, null);
    if (this.#queue.length === 0) this.#lose(null);
  }

  /** The same without sending what waits. @throws OSError if the system no longer polls the descriptor */
  abort(): void {
    this.#force(null);
  }

  #force(error: Error | null): void {
    if (this.#lost) return;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#size = 0;
    this.#closing = true;
    for (const direction of [POLLIN, POLLOUT]) this.#descriptor.listen(direction, null);
    this.#lose(error);
  }

  #lose(error: Error | null): void {
    this.#lost = true;
    setImmediate(() => this.#end(error));
  }

  #end(error: Error | null): void {
    this.#descriptor.onReleased = null;
    this.#tell('connection_lost', error);
    drop(this.#sock);
  }

  /** Lets it keep the process alive (as at first). */
  ref(): void {
    this.#setRef(true);
  }

  /** Lets the process end although it is open. */
  unref(): void {
    this.#setRef(false);
  }

  #setRef(flag: boolean): void {
    this.#refed = flag;
    this.#descriptor.ref(flag);
    if (flag) this.#timer?.ref();
    else this.#timer?.unref();
  }

  /** 'socket', 'sockname', 'peername' (null if not connected). @see Python BaseTransport.get_extra_info */
  get_extra_info(name: string, fallback: unknown = null): unknown {
    return this.#extra.get(name) ?? fallback;
  }

  [inspect.custom](): string {
    return transportText('DatagramTransport', this.#descriptor, this.#state, this.#size);
  }

  get #state(): TransportState {
    if (this.#sock._closed) return 'closed';
    return this.#closing ? 'closing' : 'open';
  }
}

function addressOf(ask: () => ReturnedAddress): ReturnedAddress {
  try {
    return ask();
  } catch (error) {
    if (error instanceof OSError) return null;
    throw error;
  }
}
