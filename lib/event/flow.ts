/** Flow control: when whoever writes is asked to wait. */
import { ValueError } from '../core/exceptions.js';

const HIGH_WATER = 64 * 1024;

/** In bytes. Where one is left out or null, `high` is four times `low`, or 64 KiB without that, and `low` a quarter of `high`. */
export interface WriteBufferLimits {
  high?: number | null;
  low?: number | null;
}

/** The marks of what waits to be sent, in bytes: full above the high one, until there is no more than the low one. */
export class WaterMarks {
  #high = HIGH_WATER;
  #low = HIGH_WATER / 4;
  #full = false;

  /** More than the high mark was there, and not so little as the low one since. */
  get full(): boolean {
    return this.#full;
  }

  /** `[low, high]` */
  get limits(): [number, number] {
    return [this.#low, this.#high];
  }

  /**
   * `high` is 64 KiB if not given, or four times `low`; `low` a quarter of `high`.
   * @throws ValueError
   * @see Python WriteTransport.set_write_buffer_limits
   */
  set({ high, low }: WriteBufferLimits): void {
    const above = high ?? (low === undefined || low === null ? HIGH_WATER : 4 * low);
    const below = low ?? Math.floor(above / 4);
    if (!(above >= below && below >= 0)) {
      throw new ValueError(`high (${above}) must be >= low (${below}) must be >= 0`);
    }
    this.#high = above;
    this.#low = below;
  }

  /** Whether it is full with `size`, and was not before. */
  rose(size: number): boolean {
    if (this.#full || size <= this.#high) return false;
    this.#full = true;
    return true;
  }

  /** Whether it is not full any more with `size`, and was before. */
  fell(size: number): boolean {
    if (!this.#full || size > this.#low) return false;
    this.#full = false;
    return true;
  }
}
