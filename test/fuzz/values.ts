/**
 * Random values: such as an argument may have, and such as none should have.
 *
 * What is made here is harmless wherever it is passed: no text is a host name that anybody would ask a server for, no
 * path leaves the current folder, no socket address leads off this machine or to a port that is not ours.
 */
import type { Random } from './random.js';

/** What a getter or a callback of ours throws: it may come back out of any call. */
export class Thrown extends Error {}

const WHOLE = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  17,
  64,
  127,
  128,
  255,
  256,
  1023,
  1024,
  1025,
  4096,
  65535,
  65536,
  2 ** 20,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 32 + 1,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 63,
  2 ** 64,
];
const BROKEN = [0.5, -0.5, 1.5, 1e-300, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
const BIG = [
  0n,
  1n,
  -1n,
  5n,
  2n ** 31n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  -(2n ** 63n) - 1n,
  2n ** 64n,
  10n ** 40n,
];
/** No host, no path out of here: a blank in a name is asked nobody. */
const TEXTS = ['', ' ', 'x y', '\0', 'a\0 b', '\ud800 ', '\udcff ', 'é ✓', '𝄞 ', '\' "', '\n', '1 ', '-1 ', 'NaN '];
/** Made anew each time, as all objects here: the binary may put a handle into any of them, which lives as long. */
const LISTS: readonly (() => unknown[])[] = [
  () => [],
  () => [1, 2],
  () => [[[]]],
  () => [null, undefined],
  () => new Array(5),
  () => ['x y', 5],
  () => [0.5],
  () => [new Uint8Array(3)],
];

/** A view of which the memory is gone. */
function detached(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** A view that reaches beyond the end of its memory, which has shrunk. */
function outOfBounds(): Uint8Array {
  const memory = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 128 }]) as ArrayBuffer & {
    resize(n: number): void;
  };
  const bytes = new Uint8Array(memory, 32, 32);
  memory.resize(16);
  return bytes;
}

/** An array of which reading an item takes the memory of the items before away. */
function thief(): unknown[] {
  const bytes = new Uint8Array(100);
  const items: unknown[] = [bytes, null];
  Object.defineProperty(items, 1, {
    get() {
      if (bytes.length > 0) structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
  });
  return items;
}

function throwing(): never {
  throw new Thrown('thrown by a value');
}

/** A proxy of which every use throws. */
function hostile(target: object): object {
  return new Proxy(target, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing });
}

export class Values {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  whole(): number {
    const value = this.random.chance(0.5) ? this.random.pick(WHOLE) : this.random.below(100);
    return this.random.chance(0.15) ? -value : value;
  }

  text(): string {
    const text = this.random.pick(TEXTS);
    return this.random.chance(0.05) ? text.repeat(1000) : text;
  }

  /** Mostly few. */
  length(): number {
    return this.random.chance(0.02) ? this.random.below(100_000) : this.random.below(64);
  }

  bytes(length = this.length()): Uint8Array {
    const { random } = this;
    switch (random.below(12)) {
      case 0:
        return new Uint8Array(new SharedArrayBuffer(length));
      case 1:
        return random.fill(new Uint8Array(new ArrayBuffer(length + 8), 3, length));
      case 2:
        return Buffer.alloc(length);
      default:
        return random.fill(new Uint8Array(length));
    }
  }

  /** Views that are not, or no longer, what most calls want. */
  oddView(): unknown {
    const memory = new ArrayBuffer(16);
    const odd = [
      () => detached(this.length()),
      outOfBounds,
      () => new Uint8Array(0),
      () => memory,
      () => new SharedArrayBuffer(8),
      () => new DataView(memory, 4),
      () => new Uint8ClampedArray(memory),
      () => new Int8Array(memory),
      () => new Uint16Array(memory, 2),
      () => new Int32Array(memory, 4),
      () => new Uint32Array(memory),
      () => new Float64Array(memory),
      () => new BigInt64Array(memory),
    ];
    return this.random.pick(odd)();
  }

  object(): unknown {
    const odd: (() => unknown)[] = [
      () => ({}),
      () => Object.create(null),
      () => ({ valueOf: throwing, toString: throwing }),
      () => ({ valueOf: () => 5, fileno: 5, fd: 'x', length: 2 ** 31 }),
      () => ({ fileno: () => this.random.pick([-1, 'x', null, 1.5, 2 ** 40]) }),
      () => ({ fileno: throwing }),
      () => ({ [Symbol.iterator]: throwing }),
      () => ({ *[Symbol.iterator]() {} }),
      () => hostile({}),
      () => hostile([]),
      () => hostile(new Uint8Array(4)),
      () => new Date(0),
      () => /x/,
      () => new Map([[1, 2]]),
      () => new Set([1]),
      () => new Error('given'),
      () => Symbol('given'),
      () => Symbol.iterator,
      () => () => throwing(),
      () => class Given {},
      () => class Given extends Uint8Array {},
      thief,
    ];
    return this.random.pick(odd)();
  }

  /** Anything at all. */
  any(): unknown {
    const { random } = this;
    switch (random.below(12)) {
      case 0:
        return undefined;
      case 1:
        return null;
      case 2:
        return random.chance(0.5);
      case 3:
      case 4:
        return this.whole();
      case 5:
        return random.pick(BROKEN);
      case 6:
        return random.pick(BIG);
      case 7:
        return this.text();
      case 8:
        return this.bytes();
      case 9:
        return this.oddView();
      case 10:
        return random.pick(LISTS)();
      default:
        return this.object();
    }
  }
}
