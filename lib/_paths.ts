/**
 * Text that the system keeps as bytes: paths, interface names, host names. As Python's file system encoding: UTF-8,
 * with a lone surrogate U+DC80 … U+DCFF for each byte that is none (PEP 383), so that every name survives the round trip.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a path. */
export function encodePath(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (const char of text) {
    const code = char.charCodeAt(0);
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Uint8Array.of(code - 0xdc00) : Buffer.from(char));
  }
  return Buffer.concat(parts);
}

/** The text of a path. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at);
    text += size === 0 ? String.fromCharCode(0xdc00 + bytes[at]) : strict.decode(bytes.subarray(at, at + size));
    at += Math.max(size, 1);
  }
  return text;
}

/** The size of the UTF-8 sequence that begins here, 0 if none does. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + size));
    return size;
  } catch {
    return 0;
  }
}
