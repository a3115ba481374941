/** Encodings and error handlers, each with bytes and texts that they cannot do; and scenarios at random. */
import { add, b, interrupt, type Scenario, type Step, text, textOut, timeout } from './script.js';

// Encodings and error handlers.
const ENCODINGS = ['utf-8', 'ascii', 'latin-1', 'utf-16', 'utf-16-le', 'utf-16-be', 'utf-8-sig'];
const HANDLERS = ['strict', 'ignore', 'replace', 'surrogateescape', 'backslashreplace', 'no such handler'];
const BYTES = [
  'a\xffb',
  '\xe2\x82',
  'a\xe2\x82b',
  '\xe2A',
  '\xf0\x9f\x98x',
  '\xf0\x80\x80',
  '\xed\xa0\x80',
  '\xc3',
  '\xc3\xc3',
  '\xf4\x90',
  '\x80\x80\xbf',
  '\xc0\xaf',
  '\xf5',
  '\xe0\x80',
  '\xf0\x9f\x98\x80',
  'a\0b\0',
  '\xff\xfea\0b\0',
  '\xfe\xff\0a\0b',
  'a\0b',
  '\xef\xbb\xbfab',
  '\xef\xbbab',
  '\xef\xbb',
  '\xff\xfe\0\xd8a\0',
  '\xff\xfe\0\xd8',
  '\xff\xfe\0\xd8a',
  '\xff\xfe\0\xdca\0',
  '\x3d\xd8\0\xdea\0',
  'plain',
  '\xe9t\xe9',
  '\xff\xfe',
  '\xfe\xff\xd8=\xde\0',
  '\x81\xd8\x82\xd8',
];
const TEXTS = [
  'plain',
  '\u00e9',
  'a\u00e9\u00e9b\u20ac',
  '\u{1f600}x',
  '\udc80x',
  'a\udc80\ud900b',
  '\udcff\u00e9\u20ac',
  '\ud800',
  '',
];
for (const encoding of ENCODINGS) {
  for (const errors of HANDLERS) {
    for (const bytes of BYTES) {
      const shown = `${encoding} ${errors} ${JSON.stringify(bytes)}`;
      text(`decode ${shown}`, { encoding, errors }, [b(bytes)], ['read']);
      text(`decode ${shown}, byte by byte`, { encoding, errors }, Array.from(bytes, b), ['readline'], ['read']);
    }
    for (const each of TEXTS) {
      textOut(
        `encode ${encoding} ${errors} ${JSON.stringify(each)}`,
        { encoding, errors },
        ['write', each],
        ['write', 'z'],
        ['flush'],
      );
    }
  }
}
for (const encoding of [
  'UTF8',
  'utf_8',
  'Utf 8',
  'u8',
  'utf',
  'U16',
  'utf-16le',
  'utf16le',
  'utf8-sig',
  'Latin1',
  'l1',
  'cp819',
  '8859',
  'iso-8859-1',
  'ISO_8859-1',
  'us-ascii',
  '646',
  'ansi_x3.4-1968',
  '-utf-8',
  'utf--8',
  'utf.8',
  'u-8',
  'x',
  '',
  'no such',
]) {
  text(`encoding ${JSON.stringify(encoding)}`, { encoding }, [b('ab')], ['get', 'encoding'], ['read']);
}

/** Reproducible disorder: small numbers from a linear congruential generator (the constants are Knuth's MMIX). */
function* disorder(seed: number): Generator<number, never> {
  let state = BigInt(seed);
  for (;;) {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    yield Number(state >> 40n);
  }
}

function addRandom(seed: number): void {
  const numbers = disorder(seed);
  const below = (n: number) => numbers.next().value % n;
  const pick = <T>(...choices: T[]): T => choices[below(choices.length)];
  const letter = () => pick('a', 'b', '\n', '\r', '\xc3\xa9', '\r\n');
  const letters = () => Array.from({ length: 1 + below(14) }, letter).join('');
  // A call that is made again after an interruption finds other things in the buffer than the one that goes on: so no
  // would-block beside an interruption, and no steps that show how far the buffer is filled.
  const pause = pick(null, interrupt);
  const partial: Step[] = pause === null ? [['peek'], ['read1', below(12)], ['fill1', below(14)]] : [];
  const chunk = () => pick<Scenario['chunks'][0]>(b(letters()), b(letters()), b(letters()), timeout, pause);
  const bytesStep = (): Step =>
    pick<Step>(
      ['read', below(12)],
      ['readline'],
      ['readline', below(9)],
      ['fill', below(14)],
      ['read', -1],
      ['write', b(letters())],
      ['flush'],
      ['readlines', below(9)],
      ...partial,
    );
  const textStep = (): Step =>
    pick<Step>(
      ['read', below(12)],
      ['readline'],
      ['readline', below(9)],
      ['readlines', below(9)],
      ['flush'],
      ['next'],
      ['list'],
    );
  const asText = below(2) === 0;
  add(`random ${seed}`, {
    kind: 'pair',
    size: 1 + below(9),
    chunks: Array.from({ length: below(9) }, chunk),
    accepts: Array.from({ length: below(5) }, () => pick(1 + below(5), 100)),
    text: asText ? { newline: pick(null, '', '\n', '\r'), errors: 'replace' } : null,
    steps: Array.from({ length: 10 }, asText ? textStep : bytesStep),
  });
}
for (let seed = 1; seed <= 600; seed++) addRandom(seed);
