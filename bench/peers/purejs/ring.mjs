// Bytes in shared memory that one thread puts in and the other takes out.

const SIZE = 65536;
/** Words of the head: bytes ever put and ever taken (32 bits that wrap), and flags. */
const [PUT, TAKEN, ENDED, ANNOUNCED, STALLED, WORDS] = [0, 1, 2, 3, 4, 5];

export class Ring {
  #head;
  #bytes;

  constructor(shared = new SharedArrayBuffer(WORDS * 4 + SIZE)) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, WORDS);
    this.#bytes = new Uint8Array(shared, WORDS * 4, SIZE);
  }

  get length() {
    return (Atomics.load(this.#head, PUT) - Atomics.load(this.#head, TAKEN)) >>> 0;
  }

  get room() {
    return SIZE - this.length;
  }

  /** Copies in as much as there is room for. Returns how much. */
  put(bytes) {
    const n = Math.min(bytes.length, this.room);
    const at = Atomics.load(this.#head, PUT) & (SIZE - 1);
    const first = Math.min(n, SIZE - at);
    this.#bytes.set(first === bytes.length ? bytes : bytes.subarray(0, first), at);
    if (n > first) this.#bytes.set(bytes.subarray(first, n));
    Atomics.add(this.#head, PUT, n);
    return n;
  }

  /** Copies out as much as there is, at most a buffer full. Returns how much. */
  get(buffer) {
    const n = Math.min(buffer.length, this.length);
    const at = Atomics.load(this.#head, TAKEN) & (SIZE - 1);
    const first = Math.min(n, SIZE - at);
    buffer.set(this.#bytes.subarray(at, at + first));
    if (n > first) buffer.set(this.#bytes.subarray(0, n - first), first);
    Atomics.add(this.#head, TAKEN, n);
    return n;
  }

  /** The writing side has no more. */
  end() {
    Atomics.store(this.#head, ENDED, 1);
  }

  get ended() {
    return Atomics.load(this.#head, ENDED) === 1;
  }

  /** True for the first that says so, until the other side has answered with `heard`. */
  announce() {
    return Atomics.exchange(this.#head, ANNOUNCED, 1) === 0;
  }

  heard() {
    Atomics.store(this.#head, ANNOUNCED, 0);
  }

  /** The writing side waits for room. */
  stall() {
    Atomics.store(this.#head, STALLED, 1);
  }

  takeStalled() {
    return Atomics.load(this.#head, STALLED) === 1 && Atomics.exchange(this.#head, STALLED, 0) === 1;
  }
}
