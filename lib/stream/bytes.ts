/**
 * A stream over a socket: how bytes come and go, once there is a connection.
 *
 * Reading. While the stream wants bytes, a listener of `event/loop.ts` receives what is there whenever the socket is readable,
 * into an area that all share, and pushes a copy of exactly what came. When the stream's buffer is full the listener
 * goes, and the kernel's buffer fills, and then the peer's: so a slow reader costs no memory here.
 *
 * Writing. What is written goes to the kernel at once. What it does not take waits for the socket to be writable; until
 * then Writable queues what comes after, and hands it over as one.
 *
 * Either may have to wait for the other's direction where a protocol lies between (TLS): `_readWaits`, `_writeWaits`.
 */

import { AsyncResource } from 'node:async_hooks';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { fromScratch, IOV_MAX } from '../core/bytes.js';
import { raise } from '../core/exceptions.js';
import type { Descriptor } from '../event/loop.js';
import { ONCE, POLLIN, POLLOUT } from '../wait/call.js';
import { nodeError } from './errors.js';
import { SocketSurface } from './surface.js';

const { EAGAIN, EINTR, ENOTCONN, EWOULDBLOCK } = constants.errno;
const { SHUT_WR } = constants.socket;
const SCRATCH_SIZE = native.scratch.length;
/** Up to this many bytes, putting parts together costs less than handing each over. */
const JOINED_MAX = 4096;
const NO_CONTROL = new Uint8Array(0);

/** `_receive`: nothing is there now. */
export const NOTHING_YET = -1;

type Done = (error?: Error | null) => void;
interface Chunk {
  chunk: Uint8Array;
}

export abstract class ByteDuplex extends SocketSurface {
  /** @internal The descriptor; -1 where there is none. */
  _fd = -1;
  /** @internal Where it is waited for. */
  _descriptor: Descriptor | null = null;
  /** @internal For which direction (POLLIN, POLLOUT) reading and writing wait; 0: they do not. */
  _readWaits = 0;
  /** @internal */
  _writeWaits = 0;
  /** @internal `_receive` has left something behind that the poller may not know of. */
  _leftBehind = false;
  /** There is a connection. */
  #established = false;
  /** Bytes are wanted, though there is no connection yet. */
  #wanted = false;
  #received = 0;
  #sent = 0;
  /** Of the write that is under way. */
  #partly = 0;
  /** What the kernel has not taken yet; whom to tell when it has. An end has nothing to send and may wait as well. */
  #unsent: Uint8Array[] | null = null;
  #done: Done | null = null;
  /** A write or an end that waits for the connection. */
  #deferred: (() => void) | null = null;
  /** Where the listeners' calls belong. */
  #context: AsyncResource | null = null;
  #onReadable: (() => void) | null = null;
  #onWritable: (() => void) | null = null;

  /** How many bytes have come. */
  get bytesRead(): number {
    return this.#received;
  }

  /** How many bytes were written: what the kernel has, and what waits for it. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }

  /** @internal The connection is there: what has waited for it begins. */
  _begin(): void {
    this.#established = true;
    const deferred = this.#deferred;
    this.#deferred = null;
    deferred?.();
    if (this.#wanted) this._startReading();
  }

  /** @internal The end: nothing goes any more. */
  _halt(): void {
    this.#established = false;
    this._readWaits = 0;
    this._writeWaits = 0;
  }

  /** @internal After the end: tells a write that was under way that it will not be done. */
  _fail(error: Error | null): void {
    const code = this.#deferred === null ? 'ERR_STREAM_DESTROYED' : 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION';
    this.#deferred = null;
    if (this.#done !== null) this.#written(error ?? nodeError(code));
  }

  /** The listeners follow what reading and writing wait for. */
  #listen(): void {
    const { _descriptor: descriptor, _readWaits: read, _writeWaits: write } = this;
    if (descriptor === null) return;
    this.#context ??= new AsyncResource('berkeley.stream');
    const [input, output] = [read === POLLIN || write === POLLIN, read === POLLOUT || write === POLLOUT];
    if (input !== descriptor.listened(POLLIN)) {
      this.#onReadable ??= () => this.#inContext(POLLIN);
      descriptor.listen(POLLIN, input ? this.#onReadable : null);
    }
    if (output !== descriptor.listened(POLLOUT)) {
      this.#onWritable ??= () => this.#inContext(POLLOUT);
      descriptor.listen(POLLOUT, output ? this.#onWritable : null);
    }
  }

  /** @internal Waits once for a direction, before there is a connection for bytes to go: for a handshake. */
  _await(direction: number, ready: () => void): void {
    const once = () => {
      this._descriptor?.listen(direction, null);
      ready();
    };
    this._descriptor?.listen(direction, AsyncResource.bind(once));
  }

  /**
   * Events come in the async context in which the stream first listened. (AsyncResource.bind would do the same for 1.3 KB
   * a function: it gives each one a property.)
   */
  #inContext(direction: number): void {
    this.#context?.runInAsyncScope(this.#ready, this, direction);
  }

  #ready(direction: number): void {
    if (this._readWaits === direction) this.#receive();
    if (this._writeWaits === direction) this.#flush();
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  override _read(): void {
    this.#wanted = true;
    if (this.#established) this._startReading();
  }

  /** @internal */
  _startReading(): void {
    if (this._readWaits !== 0) return;
    this._readWaits = POLLIN;
    this.#listen();
    if (this._leftBehind) this.#receiveLater();
  }

  /** @internal */
  _stopReading(): void {
    if (this._readWaits === 0) return;
    this._readWaits = 0;
    this.#listen();
  }

  #receive(): void {
    const waited = this._readWaits;
    let count: number;
    try {
      count = this._receive();
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (count > 0) this.#came(count);
    else if (count === 0) this.#ended();
    else if (this._readWaits !== waited) this.#listen();
  }

  /** Bytes lie in the area that all share: what is pushed is a copy. */
  #came(count: number): void {
    this.#received += count;
    this._active();
    if (!this.push(fromScratch(count))) this._stopReading();
    else if (this._leftBehind) this.#receiveLater();
  }

  #ended(): void {
    this._stopReading();
    this.push(null);
    // So that 'end' comes though nobody asks for bytes.
    this.read(0);
  }

  #receiveLater(): void {
    setImmediate(() => {
      if (this._leftBehind && this._readWaits !== 0) this.#receive();
    });
  }

  /** @internal Receives into `native.scratch`: how many bytes, 0 at the end, or NOTHING_YET. */
  _receive(): number {
    const count = native.recvScratch(this._fd, SCRATCH_SIZE, 0, ONCE);
    if (count >= 0) return count;
    return isAgain(count) ? NOTHING_YET : raise(count, 'read');
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  override _write(chunk: Uint8Array, encoding: string, done: Done): void {
    if (!this.#established) {
      this.#defer(done, () => this._write(chunk, encoding, done));
      return;
    }
    this._active();
    let count: number;
    try {
      count = this._send(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (count < chunk.length) {
      this.#wait([count === 0 ? chunk : chunk.subarray(count)], count, done);
    } else {
      this.#sent += count;
      done();
    }
  }

  override _writev(chunks: Chunk[], done: Done): void {
    if (!this.#established) {
      this.#defer(done, () => this._writev(chunks, done));
      return;
    }
    this._active();
    this.#unsent = chunks.map(({ chunk }) => chunk);
    this.#done = done;
    this.#flush();
  }

  override _final(done: Done): void {
    if (!this.#established) {
      this.#defer(done, () => this._final(done));
      return;
    }
    this.#done = done;
    this.#flush();
  }

  #defer(done: Done, run: () => void): void {
    this.#done = done;
    this.#deferred = () => {
      this.#done = null;
      run();
    };
  }

  #wait(unsent: Uint8Array[], sent: number, done: Done): void {
    this.#unsent = unsent;
    this.#partly = sent;
    this.#done = done;
    if (this._writeWaits === 0) this._writeWaits = POLLOUT;
    this.#listen();
  }

  /** Goes on with what is to be sent, or with the end. */
  #flush(): void {
    this._writeWaits = 0;
    let complete: boolean;
    try {
      complete = this.#unsent === null ? this._goodbye() : this.#sendUnsent(this.#unsent);
    } catch (error) {
      this.#written(error as Error);
      return;
    }
    if (complete) {
      this.#written(null);
    } else {
      if (this._writeWaits === 0) this._writeWaits = POLLOUT;
      this.#listen();
    }
  }

  #written(error: Error | null): void {
    const done = this.#done;
    this.#done = null;
    this.#unsent = null;
    this.#sent += this.#partly;
    this.#partly = 0;
    this.#listen();
    done?.(error);
  }

  /** Whether all is sent. */
  #sendUnsent(parts: Uint8Array[]): boolean {
    const count = this._sendParts(parts);
    if (count > 0) this._active();
    this.#partly += count;
    this.#unsent = after(parts, count);
    return this.#unsent.length === 0;
  }

  /** @internal Sends as much as can be sent now: how many bytes. */
  _send(chunk: Uint8Array): number {
    return this.#taken(native.send(this._fd, chunk, 0, chunk.length, 0, ONCE));
  }

  /** @internal The same of several, by one call. */
  _sendParts(parts: Uint8Array[]): number {
    if (parts.length === 1) return this._send(parts[0]);
    const size = sizeOf(parts);
    if (size <= JOINED_MAX) return this.#taken(native.send(this._fd, joined(parts), 0, size, 0, ONCE));
    if (parts.length <= IOV_MAX) return this.#taken(native.sendmsg(this._fd, parts, NO_CONTROL, 0, null, 0, ONCE));
    let sent = 0;
    for (let first = 0; first < parts.length; first += IOV_MAX) {
      const some = parts.slice(first, first + IOV_MAX);
      const count = this._sendParts(some);
      sent += count;
      if (count < sizeOf(some)) break;
    }
    return sent;
  }

  #taken(count: number): number {
    if (count >= 0) return count;
    return isAgain(count) ? 0 : raise(count, 'write');
  }

  /** @internal Ends our side, if that can be done now. */
  _goodbye(): boolean {
    const code = native.shutdown(this._fd, SHUT_WR);
    return code >= 0 || code === -ENOTCONN || raise(code, 'shutdown');
  }
}

export function isAgain(code: number): boolean {
  return code === -EAGAIN || code === -EWOULDBLOCK || code === -EINTR;
}

export function sizeOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** The parts, one after the other, in the area that all share. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  let at = 0;
  for (const part of parts) {
    native.scratch.set(part, at);
    at += part.length;
  }
  return native.scratch;
}

/** What is left of `parts` when `count` bytes are gone. */
function after(parts: Uint8Array[], count: number): Uint8Array[] {
  let first = 0;
  while (first < parts.length && count >= parts[first].length) count -= parts[first++].length;
  const rest = first === 0 ? parts : parts.slice(first);
  if (count > 0) rest[0] = rest[0].subarray(count);
  return rest;
}
