/**
 * How the bytes of a connection come and go on Node's event loop: below asyncio's transports and Node's streams.
 *
 * Reading. While bytes are wanted, a listener of `event/loop.ts` receives what is there whenever the descriptor is ready,
 * into an area that all share. Whoever has enough says so; then the listener goes, and the kernel's buffer fills, and then
 * the peer's: so a slow reader costs no memory here.
 *
 * Writing. What is written goes to the kernel at once. What it does not take waits here, in its order, for the descriptor
 * to be ready.
 *
 * Either may have to wait for the other's direction where a protocol lies between (TLS): the endpoint says which.
 */
import type { AsyncResource } from 'node:async_hooks';
import { POLLIN, POLLOUT } from '../wait/call.js';
import { type Endpoint, sizeOf } from './endpoint.js';
import type { Descriptor } from './loop.js';
import type { Listener } from './waiters.js';

/** Whose bytes they are: who is told what has become of them. */
export interface Sink {
  /** `count` bytes have come, and lie in `native.scratch`. */
  _bytesCame(count: number): void;
  /** The peer has ended its side. Nothing is read any more. */
  _peerEnded(): void;
  /** Some of the bytes that had to wait are sent. */
  _bytesWent(): void;
  /** All is sent that had to wait, and our side is ended if that was wanted. */
  _allSent(): void;
  /** Reading (or writing) has failed. */
  _broke(error: Error, writing: boolean): void;
}

export class ByteEngine implements Listener {
  readonly #descriptor: Descriptor;
  readonly #endpoint: Endpoint;
  readonly #sink: Sink;
  /** Where the sink's calls belong; null: wherever the loop is. */
  readonly #context: AsyncResource | null;
  /** For which direction (POLLIN, POLLOUT) reading and writing wait; 0: they do not. */
  #readWaits = 0;
  #writeWaits = 0;
  /** What the kernel has not taken yet. */
  #unsent: Uint8Array[] = [];
  #unsentSize = 0;
  #ending = false;
  /** How many bytes the kernel has taken. */
  bytesSent = 0;

  constructor(descriptor: Descriptor, endpoint: Endpoint, sink: Sink, context: AsyncResource | null) {
    this.#descriptor = descriptor;
    this.#endpoint = endpoint;
    this.#sink = sink;
    this.#context = context;
  }

  /** The listeners follow what reading and writing wait for. @throws OSError if the descriptor cannot be polled */
  #listen(): void {
    const descriptor = this.#descriptor;
    const input = this.#readWaits === POLLIN || this.#writeWaits === POLLIN;
    const output = this.#readWaits === POLLOUT || this.#writeWaits === POLLOUT;
    if (input !== descriptor.listened(POLLIN)) descriptor.listen(POLLIN, input ? this : null);
    if (output !== descriptor.listened(POLLOUT)) descriptor.listen(POLLOUT, output ? this : null);
  }

  /** For the descriptor: it is ready. */
  onReady(direction: number): void {
    // AsyncResource.bind would cost 1.3 KB a listener: it gives each one a property.
    if (this.#context === null) this.#ready(direction);
    else this.#context.runInAsyncScope(this.#ready, this, direction);
  }

  #ready(direction: number): void {
    if (this.#writeWaits === direction) this.#flush();
    if (this.#readWaits === direction) this.#receive();
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  /** Whether bytes are wanted. */
  get reads(): boolean {
    return this.#readWaits !== 0;
  }

  /** Hands bytes to the sink as they come, until `stopReading`. @throws OSError if the descriptor cannot be polled */
  startReading(): void {
    if (this.#readWaits !== 0) return;
    this.#readWaits = POLLIN;
    this.#listen();
    if (this.#endpoint.leftBehind) this.#receiveLater();
  }

  /** Reads no more. @throws OSError if the descriptor cannot be polled */
  stopReading(): void {
    if (this.#readWaits === 0) return;
    this.#readWaits = 0;
    this.#listen();
  }

  #receive(): void {
    const endpoint = this.#endpoint;
    const waited = this.#readWaits;
    let count: number;
    try {
      count = endpoint.read();
    } catch (error) {
      this.#sink._broke(error as Error, false);
      return;
    }
    // Functions of the caller's may have run, and have stopped it.
    if (this.#readWaits === waited && endpoint.wants !== waited) {
      this.#readWaits = endpoint.wants;
      this.#listen();
    }
    if (count > 0) {
      this.#sink._bytesCame(count);
      if (endpoint.leftBehind && this.#readWaits !== 0) this.#receiveLater();
    } else if (count === 0) {
      this.stopReading();
      this.#sink._peerEnded();
    }
  }

  #receiveLater(): void {
    setImmediate(() => {
      if (this.#endpoint.leftBehind && this.#readWaits !== 0) this.#receive();
    });
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  /** How many bytes wait for the kernel. */
  get unsentSize(): number {
    return this.#unsentSize;
  }

  /** Sends a chunk, at once as far as that is possible. False: the rest waits, and the sink will be told. @throws OSError */
  write(chunk: Uint8Array): boolean {
    if (this.#unsentSize > 0) return this.#queue([chunk], 0, false);
    const count = this.#endpoint.send(chunk);
    this.bytesSent += count;
    return count === chunk.length || this.#queue([chunk], count, false);
  }

  /** The same for several, which go together. `copies`: of what waits, copies are made. @throws OSError */
  writeParts(parts: Uint8Array[], copies: boolean): boolean {
    if (this.#unsentSize > 0) return this.#queue(parts, 0, copies);
    const count = this.#endpoint.sendParts(parts);
    this.bytesSent += count;
    return count === sizeOf(parts) || this.#queue(parts, count, copies);
  }

  /** Queues what is left of `parts` when the first `count` bytes are gone. */
  #queue(parts: Uint8Array[], count: number, copies: boolean): false {
    if (this.#unsent.length === 0) this.#writeWaits = this.#endpoint.wants;
    for (const part of after(parts, count)) {
      this.#unsent.push(copies ? Buffer.from(part) : part);
      this.#unsentSize += part.length;
    }
    this.#listen();
    return false;
  }

  /** Ends our side, behind all that waits. False: not yet, and the sink will be told. @throws OSError */
  end(): boolean {
    this.#ending = true;
    if (this.#unsentSize > 0) return false;
    if (this.#endpoint.end()) return true;
    this.#writeWaits = this.#endpoint.wants;
    this.#listen();
    return false;
  }

  #flush(): void {
    this.#writeWaits = 0;
    const { unsentSize } = this;
    let complete: boolean;
    try {
      complete = this.#sendUnsent() && (!this.#ending || this.#endpoint.end());
    } catch (error) {
      this.#forget();
      this.#sink._broke(error as Error, true);
      return;
    }
    if (!complete) this.#writeWaits = this.#endpoint.wants;
    this.#listen();
    if (this.#unsentSize < unsentSize) this.#sink._bytesWent();
    if (complete) this.#sink._allSent();
  }

  /** Whether all is sent. */
  #sendUnsent(): boolean {
    if (this.#unsentSize === 0) return true;
    const count = this.#endpoint.sendParts(this.#unsent);
    this.bytesSent += count;
    this.#unsentSize -= count;
    this.#unsent = after(this.#unsent, count);
    return this.#unsentSize === 0;
  }

  #forget(): void {
    this.#unsent = [];
    this.#unsentSize = 0;
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Neither reads nor writes any more, and forgets what waits. */
  halt(): void {
    this.#readWaits = 0;
    this.#writeWaits = 0;
    this.#ending = false;
    this.#forget();
    this.#listen();
  }
}

/** What is left of `parts` when `count` bytes are gone. */
function after(parts: Uint8Array[], count: number): Uint8Array[] {
  let first = 0;
  while (first < parts.length && count >= parts[first].length) count -= parts[first++].length;
  const rest = first === 0 ? parts : parts.slice(first);
  if (count > 0) rest[0] = rest[0].subarray(count);
  return rest;
}
