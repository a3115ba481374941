/**
 * Text that the system keeps as bytes: paths, interface names, host names. As Python's file system encoding: UTF-8,
 * with a lone surrogate U+DC80 … U+DCFF for each byte that is none (PEP 383), so that every name survives the round trip.
 */
import { lookup } from './codecs.js';

const utf8 = lookup('utf-8');
const encode = utf8.encoder('surrogateescape');
const decoder = utf8.decoder('surrogateescape');
const strictDecoder = utf8.decoder('strict');

/** The bytes of a path. @throws UnicodeEncodeError for any other lone surrogate */
export function encodePath(text: string): Uint8Array {
  return encode(text);
}

/** The text of a path. */
export function decodePath(bytes: Uint8Array): string {
  return decoder.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), true);
}

/**
 * Text that the binary has found, in which Python allows no bytes that are none.
 * @throws UnicodeDecodeError for a lone surrogate
 */
export function foundText(text: string): string {
  return text.isWellFormed() ? text : strictDecoder.decode(Buffer.from(encodePath(text)), true);
}

/**
 * Whether a Unix socket's address has no file: one that begins with a NUL is a name, an empty one becomes a name. Linux alone
 * has such names.
 * @see unix(7)
 */
export function isAbstract(path: string | Uint8Array): boolean {
  if (process.platform !== 'linux') return false;
  return path.length === 0 || path[0] === '\0' || path[0] === 0;
}
