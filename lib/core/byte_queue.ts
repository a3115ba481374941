/** Bytes that came in pieces and go out in others. */
import { kept } from './bytes.js';

const NOTHING = Buffer.alloc(0);

/**
 * A queue of bytes. Appending costs what it appends (on average), taking what it takes. Memory that was given out is
 * never written to again: what is appended comes behind it, or in memory of its own.
 */
export class ByteQueue {
  /** What is there lies from `start` to `end` of `memory`. Behind `end`, memory of our own may have room. */
  #memory: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  #owned = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends bytes that nobody else will change: they may be kept as they are. */
  append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.length === 0) {
      this.#memory = bytes;
      this.#start = 0;
      this.#end = bytes.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#memory.length - this.#end < bytes.length) this.#grow(bytes.length);
    this.#memory.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #grow(more: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * (this.length + more));
    grown.set(this.#memory.subarray(this.#start, this.#end));
    this.#end = this.length;
    this.#start = 0;
    this.#memory = grown;
    this.#owned = true;
  }

  /** Takes the first `count` bytes, or all if there are fewer. */
  take(count: number): Buffer {
    const end = Math.min(this.#start + count, this.#end);
    const part = this.#memory.subarray(this.#start, end);
    const whole = this.#memory.length;
    this.drop(part.length);
    return kept(part, whole);
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    this.#start = Math.min(this.#start + count, this.#end);
    if (this.#start < this.#end) return;
    this.#memory = NOTHING;
    this.#start = 0;
    this.#end = 0;
    this.#owned = false;
  }

  /** Where `bytes` begin at `from` or behind it; -1: nowhere. */
  indexOf(bytes: Uint8Array, from: number): number {
    // Memory behind the end is not ours to look at.
    return this.#memory.subarray(this.#start, this.#end).indexOf(bytes, from);
  }
}
