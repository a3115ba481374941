/** Host names that are not ASCII, compared with CPython's 'idna' codec. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { UnicodeError } from '../../lib/core/exceptions.js';
import { encodeIdna } from '../../lib/core/idna.js';
import { UNASSIGNED } from '../../lib/core/stringprep.js';
import { hasCommand, pythonSync, testUnless } from '../helpers/peers.js';

const testWithPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

// biome-ignore format: a list
const NAMES = [
  // ASCII
  '', 'localhost', 'a.b', 'example.com.', 'a..b', '.a', 'a.', '.', '..', 'a b', 'A-', '-a', 'a_b', '127.0.0.1', '::1', 'a/b', '\0', 'a\0b', '\x7f',
  'a'.repeat(63), 'a'.repeat(64), `${'a'.repeat(63)}.com`, `${'a'.repeat(64)}.com`, `com.${'a'.repeat(64)}`, `com.${'a'.repeat(64)}.`,
  'a'.repeat(300), 'a.'.repeat(150), 'xn--', 'xn--a', 'xn--bcher-kva', 'XN--BCHER-KVA',
  // letters
  'b\u00fccher.de', 'B\u00dcCHER.de', 'fa\u00df.de', 'stra\u00dfe', '\u1e9e', '\u65e5\u672c\u8a9e.jp', '\u4f8b\u3048.\u30c6\u30b9\u30c8',
  '\u043f\u0440\u0438\u043c\u0435\u0440.\u0438\u0441\u043f\u044b\u0442\u0430\u043d\u0438\u0435', '\u0395\u039b\u039b\u0386\u0394\u0391',
  '\u03b5\u03bb\u03bb\u03ac\u03b4\u03b1', '\u03a3\u03a3', '\u03c2.gr', '\u0130stanbul', '\u0131', '\u017f', '\u212a', '\u{1f4a9}.la',
  '\u00fc-', '-\u00fc', '\u00fc/\u00fc', '\u00fc \u00fc', '\uc138\uacc4\uc758\ubaa8\ub4e0\uc0ac\ub78c\ub4e4\uc774', '\u{10400}\u{10401}',
  // RFC 3492's samples
  '\u0644\u064a\u0647\u0645\u0627\u0628\u062a\u0643\u0644\u0645\u0648\u0634\u0639\u0631\u0628\u064a\u061f',
  '\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587', 'Pro\u010dprost\u011bnemluv\u00ed\u010desky',
  '\u05dc\u05de\u05d4\u05d4\u05dd\u05e4\u05e9\u05d5\u05d8\u05dc\u05d0\u05de\u05d3\u05d1\u05e8\u05d9\u05dd\u05e2\u05d1\u05e8\u05d9\u05ea',
  '3\u5e74B\u7d44\u91d1\u516b\u5148\u751f', '\u5b89\u5ba4\u5948\u7f8e\u6075-with-SUPER-MONKEYS', 'Hello-Another-Way-\u305d\u308c\u305e\u308c\u306e\u5834\u6240',
  // dots
  'ex\u3002ample', 'a\uff0eb', 'a\uff61b.', '\u3002', 'a\u2024b', '\u00fc.', '\u00fc..b', '.\u00fc', '\u00fc.\u00fc.\u00fc.',
  // what nameprep maps, normalizes, forbids
  'a\u00adb', '\u00ad', 'a\u200bb', '\u200b', '\ufeffa', '\u034f', '\u2460\u2461', '\ufb01.com', '\uff21\uff22\uff23', 'A\u030a', 'q\u0307\u0323',
  '\u1100\u1161', '\u0340', '\u01c6', '\u1fb7', '\u3000x', '\u00a0', '\u2260', '\u3392', '\u{1d400}', '\u{2f868}', '\u{2f9bf}',
  '\u0080', '\u200e', '\u2028', '\u2ff0', '\ufffd', '\ufdd0', '\ue000', '\u{f0000}', '\u{e0001}', '\u180e', 'ab\u06dd', '\ud800', 'a\udcffb',
  // directions
  '\u05d0.com', '\u05d0\u05d1', '\u05d0a', 'a\u05d0', '1\u05d0', '\u05d01', '\u05d01\u05d0', '\u05d0a1', '\u0660\u05d0', '\u0627\u0661', '\u06f5',
  '\u05d0-\u05d0', '\u05d0\u0300',
  // lengths
  '\u00fc'.repeat(40), '\u00fc'.repeat(58), '\u00fc'.repeat(59), '\u00fc'.repeat(63), `${'\u00fc'.repeat(30)}.${'a'.repeat(64)}`, 'xn--\u00fc', 'XN--\u00fc',
  // assigned since Unicode 3.2
  '\u0221', '\u0220', '\u1d2c', '\u32ff', '\u{1f110}', '\u{1f130}', '\ua69c', '\u0358e',
];

/** Every character of Unicode 3.2 outside the large blocks of ideographs and syllables: alone, and among others. */
function everyCharacter(): string[] {
  const unassigned = new RegExp(`[${UNASSIGNED}]`, 'u');
  const names: string[] = [];
  for (const [first, end] of [
    [0, 0x3400],
    [0xa000, 0xac00],
    [0xf8f0, 0x10000],
    [0x10300, 0x1d800],
    [0x2f800, 0x2fa20],
    [0xe0000, 0xe0100],
  ]) {
    for (let code = first; code < end; code++) {
      const character = String.fromCodePoint(code);
      if (!unassigned.test(character)) names.push(character, `e${character}b\u00e9`, `\u05d0${character}\u05d0`);
    }
  }
  return names;
}

function encoded(name: string, namesReason: boolean): unknown {
  try {
    return Buffer.from(encodeIdna(name)).toString('latin1');
  } catch (error) {
    if (!(error instanceof UnicodeError)) throw error;
    return { error: namesReason ? error.message : 'UnicodeError' };
  }
}

function compare(names: string[]): string[] {
  const script = readFileSync(new URL('../../../test/helpers/idna_peer.py', import.meta.url), 'utf8');
  const { stdout, stderr, code } = pythonSync(script, [], { input: JSON.stringify(names) });
  if (code !== 0) throw new Error(stderr);
  const expected = JSON.parse(stdout) as (string | { error: string })[];
  const different: string[] = [];
  names.forEach((name, i) => {
    const there = expected[i];
    const here = encoded(name, typeof there === 'object' && there.error !== 'UnicodeError');
    if (JSON.stringify(here) === JSON.stringify(there)) return;
    different.push(`${JSON.stringify(name)}: here ${JSON.stringify(here)}, there ${JSON.stringify(there)}`);
  });
  return different;
}

testWithPython('names are encoded as CPython encodes them', (t) => {
  t.deepEqual(compare(NAMES), []);
  t.log(`${NAMES.length} names`);
});

testWithPython('every character is mapped, normalized or refused as in CPython', (t) => {
  const names = everyCharacter();
  t.deepEqual(compare(names).slice(0, 20), []);
  t.log(`${names.length} names`);
});

test('what RFC 3492 gives as samples', (t) => {
  const ascii = (name: string) => Buffer.from(encodeIdna(name)).toString();
  t.is(ascii('\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587'), 'xn--ihqwcrb4cv8a8dqg056pqjye');
  t.is(ascii('b\u00fccher.example'), 'xn--bcher-kva.example');
});
