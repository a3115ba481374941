/** Values as Python writes them, for messages and `util.inspect`. */
import { type InspectOptions, inspect } from 'node:util';

/** Python's `repr` of the values that addresses and arguments are made of. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value, "'");
  if (value instanceof Uint8Array) return `b${quoted(Buffer.from(value).toString('latin1'), "'", true)}`;
  if (Array.isArray(value)) return `(${value.map(repr).join(', ')}${value.length === 1 ? ',' : ''})`;
  // An object without a prototype has nothing that would make it text.
  return typeof value === 'object' && !('toString' in value) ? inspect(value) : String(value);
}

/** A value within an object's text: what Python has too as Python writes it, and any other object as Node does. */
export function shownIn(value: unknown, options: InspectOptions): string {
  const isOther = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isOther && !(value instanceof Uint8Array) ? inspect(value, options) : repr(value);
}

/** Python's repr of an object whose class says nothing more of it. Python adds the object's place in memory. */
export function objectRepr(module: string, object: object): string {
  return `<${module}.${object.constructor.name} object>`;
}

/** Python's `str`: text is itself. */
export function str(value: unknown): string {
  return typeof value === 'string' ? value : repr(value);
}

const NAMED = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function quoted(text: string, quote: string, bytes = false): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : quote;
  let inner = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    const named = NAMED.get(char);
    if (named !== undefined) inner += named;
    else if (char === mark) inner += `\\${char}`;
    else if (code < 0x20 || code === 0x7f || (bytes && code > 0x7e))
      inner += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code >= 0xd800 && code <= 0xdfff) inner += `\\u${code.toString(16)}`;
    else inner += char;
  }
  return mark + inner + mark;
}
