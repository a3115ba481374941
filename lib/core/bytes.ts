/** Bytes in and out: what Python's buffer protocol is there. */
import { Buffer } from 'node:buffer';
import { native } from '../addon/binary.js';
import { argName, typeName } from './args.js';
import { OverflowError } from './exceptions.js';

/** Python's bytes-like object. A string is none. */
export type BytesLike = Uint8Array | ArrayBufferView | ArrayBufferLike;

/** How many pieces of memory one system call takes at most: the kernel's UIO_MAXIOV. */
export const IOV_MAX: number = native.constants.limits.PARTS;

/** A view of all the bytes, without a copy; undefined for what has none. */
function view(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  return undefined;
}

/** Bytes to read from. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = view(value);
  if (bytes === undefined) throw new TypeError(`a bytes-like object is required, not '${typeName(value)}'`);
  return bytes;
}

/** Bytes to write into, for the first argument of `caller`. */
export function writableBytes(value: unknown, caller: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = view(value);
  if (bytes === undefined) {
    throw new TypeError(`${caller}() argument 1 must be read-write bytes-like object, not ${argName(value)}`);
  }
  return bytes;
}

/** Room for what comes, with whatever was in that memory before. @throws OverflowError where there is not so much */
export function newBytes(length: number): Buffer {
  try {
    return Buffer.allocUnsafe(length);
  } catch {
    // CPython says so of what no buffer can hold, and raises MemoryError where this machine cannot.
    throw new OverflowError('byte string is too large');
  }
}

/** A Buffer that holds just these bytes, copied. */
export function copied(bytes: Uint8Array, length = bytes.length): Buffer {
  const copy = Buffer.allocUnsafe(length);
  copy.set(length === bytes.length ? bytes : bytes.subarray(0, length));
  return copy;
}

/** A part of larger memory is kept as it is if it is at least this part of it, else copied: a line does not hold 64 KiB. */
const KEEP_PART = 0.5;

/** The first `length` bytes of a buffer that nobody else has: itself if well filled, else a copy of the right size. */
export function trimmed(buffer: Buffer, length: number): Buffer {
  return length >= buffer.length ? buffer : kept(buffer.subarray(0, length), buffer.length);
}

/** A part of memory of `whole` bytes, or its copy. */
export function kept(part: Buffer, whole: number): Buffer {
  return part.length >= whole * KEEP_PART ? part : copied(part);
}

/** A view costs as much as the copy of a few bytes. Those of short beginnings of the scratch are kept, by length. */
const VIEWS_KEPT = 1024;
const views = new Array<Uint8Array | undefined>(VIEWS_KEPT + 1).fill(undefined);

function scratchView(length: number): Uint8Array {
  if (length > VIEWS_KEPT) return native.scratch.subarray(0, length);
  views[length] ??= native.scratch.subarray(0, length);
  return views[length];
}

/** A Buffer that holds the first bytes of `native.scratch`, copied. */
export function fromScratch(length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  copy.set(scratchView(length));
  return copy;
}
