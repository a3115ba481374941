/** poll(2) on many descriptors. */

import { native } from '../addon/binary.js';
import type { Waitable } from './call.js';

// An entry of `native.poll`: a descriptor of 4 bytes, then the events asked and the events found, of 2 bytes each.
const WORDS = 2;
const HALVES = 4;
const FD_WORD = 0;
const EVENTS_HALF = 2;
const REVENTS_HALF = 3;

/** An array of such entries that grows, and poll(2) on it. */
export class PollArray implements Waitable {
  readonly name = 'poll';
  count = 0;
  #words = new Int32Array(WORDS * 4);
  #halves = new Int16Array(this.#words.buffer);

  add(fd: number, events: number): void {
    if (this.count * WORDS === this.#words.length) this.#grow();
    this.#words[this.count * WORDS + FD_WORD] = fd;
    this.#halves[this.count * HALVES + EVENTS_HALF] = events;
    this.#halves[this.count * HALVES + REVENTS_HALF] = 0;
    this.count++;
  }

  #grow(): void {
    const old = this.#words;
    this.#words = new Int32Array(old.length * 2);
    this.#words.set(old);
    this.#halves = new Int16Array(this.#words.buffer);
  }

  fd(i: number): number {
    return this.#words[i * WORDS + FD_WORD];
  }

  /** The events found, as the unsigned short that Python reports. */
  found(i: number): number {
    return this.#halves[i * HALVES + REVENTS_HALF] & 0xffff;
  }

  /** Takes an entry out of sight of poll(2), which skips negative descriptors; or brings it back. */
  toggle(i: number): void {
    this.#words[i * WORDS + FD_WORD] = ~this.fd(i);
  }

  attempt(sliceMs: number): number {
    return native.poll(this.#words, this.count, sliceMs);
  }
}
