/** Random choices, which fast-check makes: a run that fails can be repeated by its seed and path, and is made smaller. */
import fc, { type GeneratorValue } from 'fast-check';

const naturals = new Map<number, fc.Arbitrary<number>>();

/** Whole numbers from 0 to `end` - 1, each as likely as any other. */
function natural(end: number): fc.Arbitrary<number> {
  const known = naturals.get(end);
  if (known !== undefined) return known;
  const made = fc.noBias(fc.nat({ max: end - 1 }));
  naturals.set(end, made);
  return made;
}

const PRECISION = 2 ** 20;
const SEEDS = 2 ** 31;

export class Random {
  #draw: GeneratorValue | null = null;

  /** From now on, the choices are those of this run of a property. */
  from(draw: GeneratorValue): void {
    this.#draw = draw;
  }

  /** A whole number from 0 to `end` - 1. */
  below(end: number): number {
    if (this.#draw === null) throw new Error('no run has begun');
    return end <= 1 ? 0 : this.#draw(natural, end);
  }

  chance(probability: number): boolean {
    return this.below(PRECISION) < probability * PRECISION;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** Fills bytes with what one choice stands for, by xorshift: as many choices as bytes would take too long. */
  fill<T extends Uint8Array>(bytes: T): T {
    let state = this.below(SEEDS) + 1;
    for (let i = 0; i < bytes.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[i] = state;
    }
    return bytes;
  }
}
