/**
 * Text encodings with Python's names, error handlers and error texts: what a text file over a socket needs.
 *
 * Good input takes the fast way: a native check of the whole piece, a native conversion. Only input that fails the
 * check is scanned here, flaw by flaw, as the error handler must see each one.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { LITTLE_ENDIAN } from './byte_order.js';
import { LookupError, UnicodeDecodeError, UnicodeEncodeError, UnicodeError } from './exceptions.js';

/** Turns bytes that come in pieces into text. What is incomplete at a piece's end waits for more, or fails if `final`. */
export interface Decoder {
  decode(bytes: Buffer, final: boolean): string;
  /** Forgets what waits. */
  reset(): void;
}

/** Turns text into bytes. A byte order mark is written once, before the first. */
export type Encode = (text: string) => Buffer;

export interface Codec {
  decoder(errors: string): Decoder;
  encoder(errors: string): Encode;
}

/** Bytes that are no text, or characters that have no bytes: `[start, end)`. */
interface Flaw {
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** One way to write characters as bytes. */
interface Charset {
  /** What error texts call it. */
  readonly name: string;
  /** How many bytes at the end begin a character that more bytes could complete. */
  tail(bytes: Buffer): number;
  /** Whether `plainText` can convert all of it. */
  isValid(bytes: Buffer): boolean;
  /** The first undecodable bytes at or after `from`. */
  flaw(bytes: Buffer, from: number): Flaw | null;
  plainText(bytes: Buffer): string;
  /** Runs of characters that have no bytes here. */
  readonly unencodable: RegExp;
  readonly unencodableReason: string;
  plainBytes(text: string): Buffer;
}

const NOTHING: Buffer = Buffer.alloc(0);
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const END_OF_DATA = 'unexpected end of data';

// ---- UTF-8 --------------------------------------------------------------------------------------------------------

/** The size of the character that a byte begins; 0 if it begins none (RFC 3629). */
function utf8Size(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** Whether `byte` may follow as the `nth` after `lead`: no overlong forms, no surrogates, nothing above U+10FFFF. */
function utf8Continues(lead: number, nth: number, byte: number): boolean {
  if (byte < 0x80 || byte > 0xbf) return false;
  if (nth > 1) return true;
  if (lead === 0xe0) return byte >= 0xa0;
  if (lead === 0xed) return byte <= 0x9f;
  if (lead === 0xf0) return byte >= 0x90;
  return lead !== 0xf4 || byte <= 0x8f;
}

function utf8Flaw(bytes: Buffer, from: number): Flaw | null {
  for (let start = from; start < bytes.length; ) {
    const lead = bytes[start];
    const size = utf8Size(lead);
    if (size === 0) return { start, end: start + 1, reason: 'invalid start byte' };
    for (let i = 1; i < size; i++) {
      const end = start + i;
      if (end === bytes.length) return { start, end, reason: END_OF_DATA };
      if (!utf8Continues(lead, i, bytes[end])) return { start, end, reason: 'invalid continuation byte' };
    }
    start += size;
  }
  return null;
}

function utf8Tail(bytes: Buffer): number {
  const { length } = bytes;
  // Half a surrogate can never become valid; CPython looks at it with all its bytes there, all the same.
  if (length >= 2 && bytes[length - 2] === 0xed && bytes[length - 1] >= 0xa0 && bytes[length - 1] <= 0xbf) return 2;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return utf8Flaw(bytes, length - back)?.reason === END_OF_DATA ? back : 0;
  }
  return 0;
}

const utf8: Charset = {
  name: 'utf-8',
  tail: utf8Tail,
  isValid: isUtf8,
  flaw: utf8Flaw,
  plainText: (bytes) => bytes.toString('utf8'),
  unencodable: /[\ud800-\udfff]+/gu,
  unencodableReason: 'surrogates not allowed',
  plainBytes: (text) => Buffer.from(text, 'utf8'),
};

// ---- ASCII, Latin-1 -----------------------------------------------------------------------------------------------

const ascii: Charset = {
  name: 'ascii',
  tail: () => 0,
  isValid: isAscii,
  flaw(bytes, from) {
    for (let start = from; start < bytes.length; start++) {
      if (bytes[start] >= 0x80) return { start, end: start + 1, reason: 'ordinal not in range(128)' };
    }
    return null;
  },
  plainText: (bytes) => bytes.toString('latin1'),
  unencodable: /[^\0-\x7f]+/gu,
  unencodableReason: 'ordinal not in range(128)',
  plainBytes: (text) => Buffer.from(text, 'latin1'),
};

const latin1: Charset = {
  ...ascii,
  name: 'latin-1',
  isValid: () => true,
  flaw: () => null,
  unencodable: /[^\0-\xff]+/gu,
  unencodableReason: 'ordinal not in range(256)',
};

// ---- UTF-16 -------------------------------------------------------------------------------------------------------

function utf16(littleEndian: boolean): Charset {
  const isHigh = (unit: number) => unit >>> 10 === 0x36;
  const isLow = (unit: number) => unit >>> 10 === 0x37;
  const unitAt = (bytes: Buffer, at: number) => (littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  /** A copy, for a swap is made in place. */
  const ordered = (bytes: Buffer) => (littleEndian ? bytes : Buffer.from(bytes).swap16());

  function flaw(bytes: Buffer, from: number): Flaw | null {
    const { length } = bytes;
    for (let start = from; start < length; start += 2) {
      if (start + 1 === length) return { start, end: length, reason: 'truncated data' };
      const unit = unitAt(bytes, start);
      if (isLow(unit)) return { start, end: start + 2, reason: 'illegal encoding' };
      if (!isHigh(unit)) continue;
      if (start + 4 > length) return { start, end: length, reason: END_OF_DATA };
      if (!isLow(unitAt(bytes, start + 2))) return { start, end: start + 2, reason: 'illegal UTF-16 surrogate' };
      start += 2;
    }
    return null;
  }

  return {
    name: littleEndian ? 'utf-16-le' : 'utf-16-be',
    tail(bytes) {
      const odd = bytes.length % 2;
      const whole = bytes.length - odd;
      return whole >= 2 && isHigh(unitAt(bytes, whole - 2)) ? odd + 2 : odd;
    },
    isValid: (bytes) => flaw(bytes, 0) === null,
    flaw,
    plainText: (bytes) => ordered(bytes).toString('utf16le'),
    // One by one: Python's UTF-16 encoder reports each character by itself.
    unencodable: /[\ud800-\udfff]/gu,
    unencodableReason: 'surrogates not allowed',
    plainBytes: (text) => ordered(Buffer.from(text, 'utf16le')),
  };
}

const utf16le = utf16(true);
const utf16be = utf16(false);

// ---- error handlers -----------------------------------------------------------------------------------------------

/** What stands for undecodable bytes, and how many of them it stands for: 0 if the handler has no answer. */
function replaceBytes(bytes: Buffer, errors: string): [text: string, count: number] {
  switch (errors) {
    case 'ignore':
      return ['', bytes.length];
    case 'replace':
      return ['\ufffd', bytes.length];
    case 'backslashreplace':
      return [Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''), bytes.length];
    case 'surrogateescape': {
      const asciiAt = bytes.findIndex((byte) => byte < 0x80);
      const escaped = asciiAt < 0 ? bytes : bytes.subarray(0, asciiAt);
      return [String.fromCharCode(...Array.from(escaped, (byte) => 0xdc00 + byte)), escaped.length];
    }
    case 'strict':
      return ['', 0];
    default:
      throw new LookupError(`unknown error handler name '${errors}'`);
  }
}

/** The same for characters: text to be encoded in their place, or bytes. */
function replaceText(text: string, errors: string): [stand: string | Buffer, count: number] {
  const characters = Array.from(text);
  switch (errors) {
    case 'ignore':
      return ['', characters.length];
    case 'replace':
      return ['?'.repeat(characters.length), characters.length];
    case 'backslashreplace':
      return [characters.map(backslashed).join(''), characters.length];
    case 'surrogateescape': {
      const other = characters.findIndex((c) => c < '\udc80' || c > '\udcff');
      const escapes = other < 0 ? characters : characters.slice(0, other);
      return [Buffer.from(escapes.map((c) => c.charCodeAt(0) - 0xdc00)), escapes.length];
    }
    case 'strict':
      return ['', 0];
    default:
      throw new LookupError(`unknown error handler name '${errors}'`);
  }
}

export function backslashed(character: string): string {
  const code = character.codePointAt(0) as number;
  const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).padStart(digits as number, '0')}`;
}

/** As Python's: the text, and what it is made of. */
function decodeError({ name: encoding }: Charset, bytes: Buffer, { start, end, reason }: Flaw): UnicodeDecodeError {
  const what =
    end === start + 1
      ? `byte 0x${bytes[start].toString(16).padStart(2, '0')} in position ${start}`
      : `bytes in position ${start}-${end - 1}`;
  const error = new UnicodeDecodeError(`'${encoding}' codec can't decode ${what}: ${reason}`);
  return Object.assign(error, { encoding, object: Buffer.from(bytes), start, end, reason });
}

/** Positions are counted in characters, as Python counts them. */
function encodeError(charset: Charset, object: string, start: number, end: number): UnicodeEncodeError {
  const { name: encoding, unencodableReason: reason } = charset;
  const what =
    end === start + 1
      ? `character '${backslashed(Array.from(object)[start])}' in position ${start}`
      : `characters in position ${start}-${end - 1}`;
  const error = new UnicodeEncodeError(`'${encoding}' codec can't encode ${what}: ${reason}`);
  return Object.assign(error, { encoding, object, start, end, reason });
}

// ---- all bytes, all text ------------------------------------------------------------------------------------------

/** Decodes what lies before `limit`; what lies behind says whether a character at the limit is broken or goes on. */
function decodeWhole(charset: Charset, bytes: Buffer, limit: number, errors: string): string {
  const whole = bytes.subarray(0, limit);
  if (charset.isValid(whole)) return charset.plainText(whole);
  let text = '';
  let from = 0;
  for (let flaw = charset.flaw(bytes, 0); flaw !== null && flaw.start < limit; flaw = charset.flaw(bytes, from)) {
    const { start, end } = flaw;
    const [stand, count] = replaceBytes(bytes.subarray(start, end), errors);
    if (count === 0) throw decodeError(charset, bytes, flaw);
    text += charset.plainText(bytes.subarray(from, start)) + stand;
    from = start + count;
  }
  return text + charset.plainText(bytes.subarray(from, limit));
}

function encodeWhole(charset: Charset, text: string, errors: string): Buffer {
  // search() takes no heed of lastIndex, so that the shared expression has no state here.
  if (text.search(charset.unencodable) < 0) return charset.plainBytes(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(charset.unencodable)) {
    const [run] = match;
    const [stand, count] = replaceText(run, errors);
    const total = Array.from(run).length;
    // Escaped bytes have no place among UTF-16's units.
    const done = typeof stand !== 'string' && charset.plainBytes(' ').length > 1 ? 0 : count;
    if (done < total) {
      const start = Array.from(text.slice(0, match.index)).length;
      throw encodeError(charset, text, start + done, start + total);
    }
    parts.push(charset.plainBytes(text.slice(from, match.index)));
    parts.push(typeof stand === 'string' ? charset.plainBytes(stand) : stand);
    from = match.index + run.length;
  }
  parts.push(charset.plainBytes(text.slice(from)));
  return Buffer.concat(parts);
}

// ---- piece by piece -----------------------------------------------------------------------------------------------

class PieceDecoder implements Decoder {
  readonly #charset: Charset;
  readonly #errors: string;
  #waiting = NOTHING;

  constructor(charset: Charset, errors: string) {
    this.#charset = charset;
    this.#errors = errors;
  }

  decode(bytes: Buffer, final: boolean): string {
    const all = joined(this.#waiting, bytes);
    const end = final ? all.length : all.length - this.#charset.tail(all);
    const text = decodeWhole(this.#charset, all, end, this.#errors);
    // Not before: after an error, Python's decoder has what it had before, too.
    this.#waiting = copied(all.subarray(end));
    return text;
  }

  reset(): void {
    this.#waiting = NOTHING;
  }
}

/** UTF-8 whose first character may be a byte order mark, which is no part of the text. */
class Utf8SigDecoder implements Decoder {
  readonly #inner: PieceDecoder;
  #waiting = NOTHING;
  #decided = false;

  constructor(errors: string) {
    this.#inner = new PieceDecoder(utf8, errors);
  }

  decode(bytes: Buffer, final: boolean): string {
    if (this.#decided) return this.#inner.decode(bytes, final);
    const all = joined(this.#waiting, bytes);
    if (all.length < 3 && UTF8_MARK.subarray(0, all.length).equals(all)) {
      this.#waiting = copied(all);
      return '';
    }
    this.#decided = true;
    if (all.subarray(0, 3).equals(UTF8_MARK)) return this.#inner.decode(all.subarray(3), final);
    // In two parts, so that after an error the first one is still there, as in Python.
    return this.#inner.decode(this.#waiting, false) + this.#inner.decode(bytes, final);
  }

  reset(): void {
    this.#inner.reset();
    this.#waiting = NOTHING;
    this.#decided = false;
  }
}

/** UTF-16 in the byte order that its byte order mark tells; in a stream, Python wants the mark. */
class Utf16Decoder implements Decoder {
  readonly #errors: string;
  #waiting = NOTHING;
  #inner: PieceDecoder | null = null;

  constructor(errors: string) {
    this.#errors = errors;
  }

  decode(bytes: Buffer, final: boolean): string {
    if (this.#inner !== null) return this.#inner.decode(bytes, final);
    const all = joined(this.#waiting, bytes);
    const mark = all.length < 2 ? 0 : all.readUInt16BE(0);
    if (mark !== 0xfeff && mark !== 0xfffe) return this.#unmarked(all, final);
    this.#inner = new PieceDecoder(mark === 0xfffe ? utf16le : utf16be, this.#errors);
    // With the mark, for an error's position counts it.
    return this.#inner.decode(all, final).slice(1);
  }

  #unmarked(all: Buffer, final: boolean): string {
    const end = final ? all.length : all.length - nativeUtf16.tail(all);
    const text = decodeWhole(nativeUtf16, all, end, this.#errors);
    if (end >= 2) throw new UnicodeError('UTF-16 stream does not start with BOM');
    this.#waiting = copied(all.subarray(end));
    return text;
  }

  reset(): void {
    this.#waiting = NOTHING;
    this.#inner = null;
  }
}

function joined(first: Buffer, second: Buffer): Buffer {
  return first.length > 0 ? Buffer.concat([first, second]) : second;
}

/** The pieces that decode() gets are views of a buffer that will be filled anew. */
function copied(bytes: Buffer): Buffer {
  return bytes.length > 0 ? Buffer.from(bytes) : NOTHING;
}

// ---- by name ------------------------------------------------------------------------------------------------------

const nativeUtf16 = LITTLE_ENDIAN ? utf16le : utf16be;

function codec(charset: Charset): Codec {
  return {
    decoder: (errors) => new PieceDecoder(charset, errors),
    encoder: (errors) => (text) => encodeWhole(charset, text, errors),
  };
}

const utf8Sig: Codec = {
  decoder: (errors) => new Utf8SigDecoder(errors),
  encoder(errors) {
    let mark: Buffer = UTF8_MARK;
    return (text) => {
      const first = mark;
      mark = NOTHING;
      return joined(first, encodeWhole(utf8, text, errors));
    };
  },
};

const utf16Marked: Codec = {
  decoder: (errors) => new Utf16Decoder(errors),
  // Without a mark: Python writes one only at the start of a stream that it can seek in.
  encoder: (errors) => (text) => encodeWhole(nativeUtf16, text, errors),
};

// biome-ignore format: a table
const CODECS: readonly (readonly [codec: Codec, names: string])[] = [
  [codec(utf8), 'utf_8 utf8 u8 utf utf8_ucs2 utf8_ucs4 cp65001'],
  [utf8Sig, 'utf_8_sig'],
  [codec(ascii), 'ascii us_ascii us 646 iso646_us iso_646.irv_1991 iso_ir_6 ansi_x3.4_1968 ansi_x3_4_1968 ' +
    'ansi_x3.4_1986 cp367 ibm367 csascii'],
  [codec(latin1), 'latin_1 latin1 latin l1 iso_8859_1 iso8859_1 iso8859 8859 iso_8859_1_1987 iso_ir_100 cp819 ibm819 ' +
    'csisolatin1'],
  [utf16Marked, 'utf_16 utf16 u16'],
  [codec(utf16le), 'utf_16_le utf_16le unicodelittleunmarked'],
  [codec(utf16be), 'utf_16_be utf_16be unicodebigunmarked'],
];

const CODEC_BY_NAME = new Map(CODECS.flatMap(([found, names]) => names.split(' ').map((name) => [name, found])));

/**
 * The codec of a name or alias, spelt as freely as Python allows: case and punctuation do not count.
 * @throws LookupError for a name that is none of Python's, or of an encoding that is not supported here
 */
export function lookup(encoding: string): Codec {
  const words = encoding.toLowerCase().split(/[^a-z0-9.]+/);
  const found = CODEC_BY_NAME.get(words.filter((word) => word !== '').join('_'));
  if (found === undefined) throw new LookupError(`unknown encoding: ${encoding}`);
  return found;
}
