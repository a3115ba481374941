/**
 * What the chaos is made of: connections whose every byte says where it belongs, and the board on which the threads see who
 * sleeps on which descriptor.
 */
import type * as socket from '../../lib/socket/index.js';

/** What kind of connection: a stream, records, or a stream over TLS, whose end stays where it is. */
export type Kind = 'stream' | 'record' | 'tls';

/** One end of a connection, as it is handed from thread to thread: its descriptor goes beside this. */
export interface EndState {
  readonly id: number;
  /** Which of the two ends: 0 or 1. */
  readonly side: 0 | 1;
  readonly kind: Kind;
  /** Of a stream, bytes; else records. */
  sent: number;
  received: number;
}

export interface End extends EndState {
  sock: socket.socket;
}

/** The byte at `offset` of what end `side` of connection `id` sends. */
export function byteAt(id: number, side: number, offset: number): number {
  return (Math.imul(id, 2654435761) + side * 101 + offset * 7 + (offset >>> 8) * 13) & 255;
}

/** Fills `bytes` with what end `side` sends from `offset` on. */
export function fill(bytes: Uint8Array, id: number, side: number, offset: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(id, side, offset + i);
  return bytes;
}

/** A record says its connection, its end, and its number; the rest is filled as a stream is. */
export const RECORD_HEAD = 9;

export function record(end: EndState, size: number): Uint8Array {
  const bytes = Buffer.alloc(RECORD_HEAD + size);
  bytes.writeUInt32LE(end.id >>> 0, 0);
  bytes.writeUInt8(end.side, 4);
  bytes.writeUInt32LE(end.sent, 5);
  fill(bytes.subarray(RECORD_HEAD), end.id, end.side, end.sent);
  return bytes;
}

/** A byte that is not the one that belongs there: what the chaos is looking for. */
export class WrongByte extends Error {}

/** Checks what an end has received, and counts it. @throws WrongByte */
export function check(end: EndState, bytes: Uint8Array): void {
  const peer = 1 - end.side;
  const name = `end ${end.side} of ${end.kind} ${end.id}, at ${end.received}`;
  if (end.kind !== 'record') {
    checkBytes(name, bytes, end.id, peer, end.received);
    end.received += bytes.length;
    return;
  }
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < RECORD_HEAD) throw new WrongByte(`${name}: a record of ${bytes.length} bytes`);
  const [id, side, number] = [head.readUInt32LE(0), head.readUInt8(4), head.readUInt32LE(5)];
  if (id !== end.id >>> 0 || side !== peer || number !== end.received) {
    throw new WrongByte(`${name}: record ${number} of end ${side} of ${id}`);
  }
  checkBytes(name, bytes.subarray(RECORD_HEAD), end.id, peer, end.received);
  end.received++;
}

function checkBytes(name: string, bytes: Uint8Array, id: number, side: number, offset: number): void {
  for (let i = 0; i < bytes.length; i++) {
    const wanted = byteAt(id, side, offset + i);
    if (bytes[i] !== wanted) throw new WrongByte(`${name} + ${i}: ${bytes[i]}, not ${wanted}`);
  }
}

export const WORKERS = 8;

/** What a place of the board says if it is no descriptor. */
export const AWAKE = -1;
/** Somebody has closed the descriptor of the one who is in a call. */
export const CLOSED = -3;
/** The thread is about to be terminated: nobody may close what it has. */
export const DOOMED = -4;

/** The worker of that place is about to close the descriptor of the one who is in a call. */
export function closingBy(slot: number): number {
  return -10 - slot;
}
export function isClosing(value: number): boolean {
  return value <= closingBy(0);
}

/**
 * The board: for each worker, the descriptor with which it is in a call; how many steps it has made; the kernel's number
 * of its thread; how many descriptors it has closed under a sleeping thread; whether it may have a descriptor just now of
 * which it knows no more than the number.
 */
export class Board {
  readonly asleep: Int32Array;
  readonly steps: Int32Array;
  readonly threads: Int32Array;
  readonly closed: Int32Array;
  readonly taking: Int32Array;
  constructor(readonly memory = new SharedArrayBuffer(5 * WORKERS * Int32Array.BYTES_PER_ELEMENT)) {
    const part = (i: number) => new Int32Array(memory, i * WORKERS * Int32Array.BYTES_PER_ELEMENT, WORKERS);
    [this.asleep, this.steps, this.threads, this.closed, this.taking] = [0, 1, 2, 3, 4].map(part);
  }
}

/** What a worker is started with. */
export interface Start {
  readonly slot: number;
  readonly seed: number;
  readonly board: SharedArrayBuffer;
  /** The receiving end of this worker's mailbox; the sending ends of all. */
  readonly inbox: number;
  readonly outboxes: readonly number[];
  /** Each with its family. */
  readonly listeners: readonly (readonly [fd: number, family: number])[];
}
