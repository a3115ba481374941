/**
 * A stream over a socket: what stream.Duplex asks for, done by the byte engine once there is a connection.
 *
 * Reading: a copy of exactly what came is pushed; while the stream's buffer is full nothing is read. Writing: what the
 * kernel does not take at once waits in the engine; until then Writable queues what comes after, and hands it over as one.
 */

import { AsyncResource } from 'node:async_hooks';
import { fromScratch } from '../core/bytes.js';
import type { Endpoint } from '../event/endpoint.js';
import { ByteEngine } from '../event/engine.js';
import type { Descriptor } from '../event/loop.js';
import { SocketSurface } from './surface.js';

type Done = (error?: Error | null) => void;
interface Chunk {
  chunk: Uint8Array;
}
/** A write, or an end, that a stream's end has come before. */
export interface UnderWay {
  /** Whom to tell; null: nothing was under way. */
  readonly done: Done | null;
  /** It has waited for the connection. */
  readonly deferred: boolean;
}

export abstract class ByteDuplex extends SocketSurface {
  /** @internal Where the descriptor is waited for; null where there is none. */
  _descriptor: Descriptor | null = null;
  /** There since there is a connection that bytes can go over, which after the end they no longer can. */
  #engine: ByteEngine | null = null;
  #established = false;
  #context: AsyncResource | null = null;
  /** Bytes are wanted, though there is no connection yet. */
  #wanted = false;
  #received = 0;
  #sent = 0;
  /** Whom to tell when the write or the end that is under way is done. */
  #done: Done | null = null;
  /** A write or an end that waits for the connection. */
  #deferred: (() => void) | null = null;

  /** How many bytes have come. */
  get bytesRead(): number {
    return this.#received;
  }

  /** How many bytes were written: what the kernel has, and what waits for it. */
  get bytesWritten(): number {
    return this.#sent + this.writableLength;
  }

  /** @internal What the bytes go over. */
  abstract _endpoint(): Endpoint;

  /** @internal The error as it is emitted. */
  _emitted(error: Error): Error {
    return error;
  }

  /** @internal The connection is there, and bytes can go. */
  _open(): void {
    this.#established = true;
    this.#engine = new ByteEngine(this._descriptor as Descriptor, this._endpoint(), this, this.#ownContext);
  }

  /** @internal What has waited for the connection begins. */
  _begin(): void {
    if (!this.#established) this._open();
    const deferred = this.#deferred;
    this.#deferred = null;
    deferred?.();
    // A callback may have destroyed it.
    if (this.#wanted && this.#established) this.#unlessRefused(() => this._startReading());
  }

  /** Where the system has no room to watch one more, the stream ends with what it says. */
  #unlessRefused(watch: () => void): void {
    try {
      watch();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** Events come in the async context in which the connection was there, as node:net's. */
  get #ownContext(): AsyncResource {
    this.#context ??= new AsyncResource('berkeley.stream');
    return this.#context;
  }

  /** @internal Waits once for a direction, before there is a connection for bytes to go: for a handshake. */
  _await(direction: number, ready: () => void): void {
    const context = this.#ownContext;
    const onReady = () => {
      this._descriptor?.listen(direction, null);
      context.runInAsyncScope(ready);
    };
    this.#unlessRefused(() => this._descriptor?.listen(direction, { onReady }));
  }

  /** @internal The end: nothing goes any more. Returns what was under way. */
  _halt(): UnderWay {
    const underWay = { done: this.#done, deferred: this.#deferred !== null };
    this.#established = false;
    this.#done = null;
    this.#deferred = null;
    this.#engine?.halt();
    return underWay;
  }

  /** @internal As new, to be connected once more. */
  override _renew(): void {
    super._renew();
    this.#engine = null;
    this.#context = null;
    this.#wanted = false;
    this.#received = 0;
    this.#sent = 0;
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  override _read(): void {
    this.#wanted = true;
    if (this.#established) this._startReading();
  }

  /** @internal */
  _startReading(): void {
    this.#engine?.startReading();
  }

  /** @internal */
  _stopReading(): void {
    this.#engine?.stopReading();
  }

  /** @internal Bytes lie in the area that all share: what is pushed is a copy. */
  _bytesCame(count: number): void {
    this.#received += count;
    this._active();
    if (!this.push(fromScratch(count))) this._stopReading();
  }

  /** @internal */
  _peerEnded(): void {
    this.push(null);
    // So that 'end' comes though nobody asks for bytes.
    this.read(0);
  }

  /** @internal */
  _broke(error: Error, writing: boolean): void {
    if (writing) this.#written(this._emitted(error));
    else this.destroy(this._emitted(error));
  }

  // ---- writing -----------------------------------------------------------------------------------------------------

  override _write(chunk: Uint8Array, encoding: string, done: Done): void {
    if (this.#established) this.#goes(chunk, done);
    else this.#defer(done, (back) => this._write(chunk, encoding, back));
  }

  override _writev(chunks: Chunk[], done: Done): void {
    if (this.#established) this.#goes(chunks, done);
    else this.#defer(done, (back) => this._writev(chunks, back));
  }

  override _final(done: Done): void {
    if (this.#established) this.#goes(null, done);
    else this.#defer(done, (back) => this._final(back));
  }

  #defer(done: Done, run: (done: Done) => void): void {
    // Once there is a connection, node:net sends at once, and calls back where the call was made.
    const back = this.connecting ? done : AsyncResource.bind(done);
    this.#done = back;
    this.#deferred = () => {
      this.#done = null;
      run(back);
    };
  }

  /** Sends a chunk or several, or for null ends our side. */
  #goes(what: Uint8Array | Chunk[] | null, done: Done): void {
    const engine = this.#engine as ByteEngine;
    this.#done = done;
    let complete: boolean;
    try {
      if (what === null) complete = engine.end();
      else if (Array.isArray(what)) complete = engine.writeParts(what.map(toBytes), false);
      else complete = engine.write(what);
    } catch (error) {
      this.#written(this._emitted(error as Error));
      return;
    }
    if (what !== null) this._active();
    if (!complete) {
      this.#done = AsyncResource.bind(done);
      return;
    }
    // As libuv, which tells a turn later that our side is ended: 'finish' comes behind what the caller does next.
    if (what === null) setImmediate(() => this.#done === done && this.#written(null));
    else this.#written(null);
  }

  #written(error: Error | null): void {
    const done = this.#done;
    this.#done = null;
    if (this.#engine !== null) this.#sent = this.#engine.bytesSent;
    done?.(error);
  }

  /** @internal */
  _bytesWent(): void {
    this._active();
  }

  /** @internal */
  _allSent(): void {
    this.#written(null);
  }
}

function toBytes({ chunk }: Chunk): Uint8Array {
  return chunk;
}
