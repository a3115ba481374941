/**
 * Values on their way between Python and JavaScript, in the format of Python's own `marshal` module, version 2: Python's
 * side of it is then C code that is there already. What marshal has no notion of travels as a tuple that begins with
 * Ellipsis, a value that no socket call takes or returns: `(..., kind, …)`.
 *
 * @see Python marshal
 */

/** Something that marshal has no notion of: `(..., kind, …)`. */
export class Marked {
  constructor(readonly parts: readonly unknown[]) {}
}

const ELLIPSIS = Symbol('Ellipsis');
const DIGIT_BITS = 15n;

// ---- text ----------------------------------------------------------------------------------------------------------

/** UTF-8 that has lone surrogates too, as Python's 'surrogatepass' does. */
function decodeText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  // A surrogate is three bytes, ED A0…BF xx; what lies between them is plain UTF-8.
  let result = '';
  let start = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] !== 0xed || bytes[i + 1] < 0xa0) continue;
    result += bytes.toString('utf8', start, i);
    result += String.fromCharCode(0xd000 | ((bytes[i + 1] & 0x3f) << 6) | (bytes[i + 2] & 0x3f));
    start = i + 3;
  }
  return result + bytes.toString('utf8', start);
}

function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts = Array.from(text, (char) => {
    const code = char.charCodeAt(0);
    if (char.length === 2 || code < 0xd800 || code > 0xdfff) return Buffer.from(char);
    return Buffer.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  });
  return Buffer.concat(parts);
}

// ---- reading -------------------------------------------------------------------------------------------------------

class Reader {
  #at = 0;
  constructor(
    private readonly bytes: Buffer,
    private readonly revive: (mark: Marked) => unknown,
  ) {}

  #take(length: number): Buffer {
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  #int(): number {
    this.#at += 4;
    return this.bytes.readInt32LE(this.#at - 4);
  }

  value(): unknown {
    const type = String.fromCharCode(this.bytes[this.#at++]);
    switch (type) {
      case 'N':
        return null;
      case 'T':
        return true;
      case 'F':
        return false;
      case '.':
        return ELLIPSIS;
      case 'i':
        return this.#int();
      case 'l':
        return this.#long();
      case 'g':
        return this.#take(8).readDoubleLE();
      case 'u':
      case 't':
        return decodeText(this.#take(this.#int()));
      case 's':
        return Buffer.from(this.#take(this.#int()));
      case '(':
      case '[':
        return this.#sequence();
      case '{':
        return this.#dict();
      default:
        throw new Error(`marshal type ${JSON.stringify(type)} is not known`);
    }
  }

  #long(): number | bigint {
    const digits = this.#int();
    let value = 0n;
    for (let i = 0; i < Math.abs(digits); i++)
      value |= BigInt(this.#take(2).readUInt16LE()) << (DIGIT_BITS * BigInt(i));
    if (digits < 0) value = -value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #sequence(): unknown {
    const items = Array.from({ length: this.#int() }, () => this.value());
    return items[0] === ELLIPSIS ? this.revive(new Marked(items.slice(1))) : items;
  }

  #dict(): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    while (this.bytes[this.#at] !== '0'.charCodeAt(0)) result[this.value() as string] = this.value();
    this.#at++;
    return result;
  }
}

/** The value of marshalled bytes; `revive` makes what a mark stands for. */
export function decode(bytes: Buffer, revive: (mark: Marked) => unknown): unknown {
  return new Reader(bytes, revive).value();
}

// ---- writing -------------------------------------------------------------------------------------------------------

function sized(type: string, length: number): Buffer {
  const head = Buffer.allocUnsafe(5);
  head[0] = type.charCodeAt(0);
  head.writeInt32LE(length, 1);
  return head;
}

class Writer {
  readonly parts: Buffer[] = [];
  constructor(private readonly replace: (value: object) => unknown) {}

  value(value: unknown): void {
    if (value === null || value === undefined) this.#tag('N');
    else if (typeof value === 'boolean') this.#tag(value ? 'T' : 'F');
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'bigint') this.#long(value);
    else if (typeof value === 'string') this.#bytes('u', encodeText(value));
    else if (value instanceof Uint8Array) this.#bytes('s', value);
    else if (Array.isArray(value)) this.#sequence(value);
    else if (value instanceof Marked) this.#marked(value);
    else this.#object(value as object);
  }

  #tag(type: string): void {
    this.parts.push(Buffer.from(type));
  }

  #bytes(type: string, bytes: Uint8Array): void {
    this.parts.push(sized(type, bytes.length), Buffer.from(bytes));
  }

  #number(value: number): void {
    if ((value | 0) === value) this.parts.push(sized('i', value));
    else if (Number.isInteger(value)) this.#long(BigInt(value));
    else {
      const float = Buffer.allocUnsafe(9);
      float[0] = 'g'.charCodeAt(0);
      float.writeDoubleLE(value, 1);
      this.parts.push(float);
    }
  }

  #long(value: bigint): void {
    const digits: number[] = [];
    for (let left = value < 0n ? -value : value; left > 0n; left >>= DIGIT_BITS) digits.push(Number(left & 0x7fffn));
    this.parts.push(sized('l', value < 0n ? -digits.length : digits.length));
    this.parts.push(Buffer.from(Uint16Array.from(digits).buffer));
  }

  #sequence(items: readonly unknown[]): void {
    this.parts.push(sized('(', items.length));
    for (const item of items) this.value(item);
  }

  #marked(mark: Marked): void {
    this.parts.push(sized('(', mark.parts.length + 1));
    this.#tag('.');
    for (const part of mark.parts) this.value(part);
  }

  #object(value: object): void {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      this.value(this.replace(value));
      return;
    }
    this.#tag('{');
    for (const [key, each] of Object.entries(value)) {
      this.value(/^\d+$/.test(key) ? Number(key) : key);
      this.value(each);
    }
    this.#tag('0');
  }
}

/** Marshals a value; `replace` gives what stands for an object that is neither plain, nor an array, nor bytes. */
export function encode(value: unknown, replace: (value: object) => unknown): Buffer {
  const writer = new Writer(replace);
  writer.value(value);
  return Buffer.concat(writer.parts);
}
