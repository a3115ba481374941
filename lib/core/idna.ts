/**
 * Host names that are not ASCII, as CPython's 'idna' codec encodes them: IDNA 2003 (RFC 3490), which is nameprep
 * (RFC 3491) and punycode (RFC 3492), with Unicode 3.2.
 */
import { backslashed } from './codecs.js';
import { UnicodeError } from './exceptions.js';
import { LEFT_TO_RIGHT, NOTHING, PROHIBITED, RIGHT_TO_LEFT, UNASSIGNED } from './stringprep.js';

const LABEL_MAX = 63;
const ACE_PREFIX = 'xn--';

/**
 * The bytes of a host name on the wire: ASCII as it is, any other label in punycode.
 * @throws UnicodeError for a label that is empty, longer than 63 bytes, or holds what no name may hold
 * @see Python encodings.idna; RFC 3490, section 4.1 (ToASCII)
 */
export function encodeIdna(host: string): Uint8Array {
  if (isAsciiText(host)) {
    const labels = host.split('.');
    const last = labels.pop() as string;
    for (const label of labels) checkLength(label);
    if (last.length > LABEL_MAX) throw failed('label too long');
    return Buffer.from(host, 'latin1');
  }
  // What other scripts write for a dot.
  const labels = host.split(/[.\u3002\uff0e\uff61]/);
  const dotAtEnd = labels[labels.length - 1] === '';
  if (dotAtEnd) labels.pop();
  return Buffer.from(labels.map(labelToAscii).join('.') + (dotAtEnd ? '.' : ''), 'latin1');
}

/** CPython 3.11's text, whatever the reason. */
function failed(reason: string): UnicodeError {
  return new UnicodeError(`encoding with 'idna' codec failed (UnicodeError: ${reason})`);
}

function isAsciiText(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

function checkLength(label: string): string {
  if (label.length === 0 || label.length > LABEL_MAX) throw failed('label empty or too long');
  return label;
}

function labelToAscii(label: string): string {
  if (isAsciiText(label)) return checkLength(label);
  const prepared = nameprep(label);
  if (isAsciiText(prepared)) return checkLength(prepared);
  if (prepared.startsWith(ACE_PREFIX)) throw failed('Label starts with ACE prefix');
  return checkLength(ACE_PREFIX + punycode(prepared));
}

// ---- nameprep -----------------------------------------------------------------------------------------------------

const anyOf = (characters: string, flags = 'u') => new RegExp(`[${characters}]`, flags);
const nothing = anyOf(NOTHING, 'gu');
const prohibited = anyOf(PROHIBITED);
const rightToLeft = anyOf(RIGHT_TO_LEFT);
const leftToRight = anyOf(LEFT_TO_RIGHT);
const assigned = new RegExp(`[^${UNASSIGNED}]+`, 'gu');
const unassigned = anyOf(UNASSIGNED);

function nameprep(label: string): string {
  const kept = label.replace(nothing, '');
  const prepared = normalize(Array.from(kept, mapCase).join(''));
  const forbidden = prohibited.exec(prepared);
  if (forbidden !== null) throw failed(`Invalid character '${shown(forbidden[0])}'`);
  checkDirections(Array.from(prepared));
  return prepared;
}

/** Five ideographs whose decomposition was another one until Unicode's corrigendum 4. */
const DECOMPOSED_IN_3_2: Readonly<Record<string, string>> = {
  '\u{2f868}': '\u{2136a}',
  '\u{2f874}': '\u5f33',
  '\u{2f91f}': '\u43ab',
  '\u{2f95f}': '\u7aae',
  '\u{2f9bf}': '\u4d57',
};
const decomposedIn32 = anyOf(Object.keys(DECOMPOSED_IN_3_2).join(''), 'gu');

/** Normalization form KC as of Unicode 3.2: what has been assigned since stays as it is. */
function normalize(text: string): string {
  const since = text.replace(decomposedIn32, (character) => DECOMPOSED_IN_3_2[character]);
  return since.replace(assigned, (known) => known.normalize('NFKC'));
}

/** Table B.2: folded, such that folding what normalization makes of it would change nothing. */
function mapCase(character: string): string {
  return Array.from(normalize(fold(character)), fold).join('');
}

/** Table B.3. Going up and down again folds what has several small forms; the dotless i alone must not go up. */
function fold(character: string): string {
  if (character === '\u0131' || unassigned.test(character)) return character.toLowerCase();
  return Array.from(character.toUpperCase(), (upper) => upper.toLowerCase()).join('');
}

/** As Python's repr() shows a character. */
function shown(character: string): string {
  return /[\p{C}\p{Z}]/u.test(character) ? backslashed(character) : character;
}

/** RFC 3454, section 6. */
function checkDirections(characters: string[]): void {
  const isRightToLeft = (character: string) => rightToLeft.test(character);
  if (!characters.some(isRightToLeft)) return;
  if (characters.some((character) => leftToRight.test(character))) throw failed('Violation of BIDI requirement 2');
  const ends = [characters[0], characters[characters.length - 1]];
  if (!ends.every(isRightToLeft)) throw failed('Violation of BIDI requirement 3');
}

// ---- punycode -----------------------------------------------------------------------------------------------------

// RFC 3492, section 5.
const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 0x80;

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** RFC 3492, section 6.3: the ASCII characters, then where the other ones go, as differences in a growing base. */
function punycode(text: string): string {
  const codes = Array.from(text, (character) => character.codePointAt(0) as number);
  const basic = codes.filter((code) => code < INITIAL_N);
  let output = String.fromCharCode(...basic) + (basic.length > 0 ? '-' : '');
  let n = INITIAL_N;
  let delta = 0;
  let bias = INITIAL_BIAS;
  for (let handled = basic.length; handled < codes.length; ) {
    const next = Math.min(...codes.filter((code) => code >= n));
    delta += (next - n) * (handled + 1);
    n = next;
    for (const code of codes) {
      if (code < n) delta++;
      if (code !== n) continue;
      output += variableLength(delta, bias);
      bias = adapt(delta, handled + 1, handled === basic.length);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return output;
}

/** Section 3.3: an integer in digits whose base depends on their place. */
function variableLength(value: number, bias: number): string {
  let digits = '';
  for (let k = BASE; ; k += BASE) {
    const t = Math.max(T_MIN, Math.min(k - bias, T_MAX));
    if (value < t) return digits + DIGITS[value];
    digits += DIGITS[t + ((value - t) % (BASE - t))];
    value = Math.floor((value - t) / (BASE - t));
  }
}

/** Section 6.1: the bias for the next difference. */
function adapt(delta: number, points: number, first: boolean): number {
  let left = first ? Math.floor(delta / DAMP) : delta >> 1;
  left += Math.floor(left / points);
  let k = 0;
  for (; left > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) left = Math.floor(left / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * left) / (left + SKEW));
}
