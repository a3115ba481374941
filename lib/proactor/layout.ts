/** The memory that a proactor shares with the binary: native/os/proactor.h says what it means. */

/** Operations: the first number of each completion. */
export const ACCEPT = 1;
export const RECV = 2;
export const RECVFROM = 3;
export const SEND = 4;
export const SENDTO = 5;
export const CONNECT = 6;
export const SHUTDOWN = 7;
export const CLOSE = 8;
export const TIMEOUT = 9;
/** @internal */ export const CANCEL = 10;
/** @internal */ export const TIMEOUT_REMOVE = 11;

/** Of `accept`, `recv`, `recvfrom`: go on until it fails, the stream ends, or it is cancelled. */
export const MULTISHOT = 1;
/** Of `send`, `sendto`: the buffer is not given back, so that it can be sent again. */
export const KEEP_BUFFER = 2;
/** Of what writes: no completion if it succeeds. */
export const QUIET = 4;
/** @internal */ export const CANCEL_READING = 8;
/** @internal */ export const CANCEL_WRITING = 16;

/** Flag of a completion: the operation goes on, and another completion will come. */
export const MORE = 1;

/** How many numbers a completion has, and which is where: `completions[STRIDE * i + RESULT]`. */
export const STRIDE = 8;
export const OPERATION = 0;
export const TOKEN = 1;
export const RESULT = 2;
export const BUFFER = 3;
export const USER_DATA = 4;
export const FLAGS = 5;
/** @internal */ export const ADDRESS_LENGTH = 6;

/** Numbers of the header. */
export const SUBMITTED = 0;
export const FREE = 1;
export const SPECIAL = 2;
export const TIMEOUT_MS = 3;
export const UNFINISHED = 4;
const HEADER_INTS = 16;

/** Whose a buffer is. */
export const FREE_BUFFER = 0;
export const CALLERS = 1;
export const UNDER_WAY = 2;

export const ADDRESS_ROOM = 128;
const INT = 4;
/** Of the processor's cache: see `Stride` in native/os/proactor.h. */
const LINE = 64;

/** The parts of the memory, as views. */
export class SharedMemory {
  readonly whole: Uint8Array;
  readonly header: Int32Array;
  readonly submissions: Int32Array;
  readonly completions: Int32Array;
  readonly free: Int32Array;
  readonly owners: Int32Array;
  readonly addresses: readonly Uint8Array[];
  readonly buffers: readonly Buffer[];

  constructor(entries: number, buffers: number, bufferSize: number) {
    const ints = HEADER_INTS + 2 * entries * STRIDE + 2 * buffers;
    const stride = Math.ceil(bufferSize / LINE) * LINE + LINE;
    const memory = new ArrayBuffer(ints * INT + buffers * (ADDRESS_ROOM + stride));
    let at = 0;
    const take = (count: number) => {
      const part = new Int32Array(memory, at, count);
      at += count * INT;
      return part;
    };
    this.whole = new Uint8Array(memory);
    this.header = take(HEADER_INTS);
    this.submissions = take(entries * STRIDE);
    this.completions = take(entries * STRIDE);
    this.free = take(buffers);
    this.owners = take(buffers);
    const each = Array.from({ length: buffers }, (_, i) => i);
    const arena = at + buffers * ADDRESS_ROOM;
    this.addresses = each.map((i) => new Uint8Array(memory, at + i * ADDRESS_ROOM, ADDRESS_ROOM));
    this.buffers = each.map((i) => Buffer.from(memory, arena + i * stride, bufferSize));
    // The lowest number is taken first.
    for (const i of each) this.free[i] = buffers - 1 - i;
    this.header[FREE] = buffers;
  }
}
