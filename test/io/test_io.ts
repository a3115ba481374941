/**
 * The file objects behind makefile(), compared with CPython's io module: each scenario runs here and in python3, over a
 * raw stream that follows a script, and every result, exception and call of the raw stream must be the same.
 */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import { EINTR } from '../../lib/constants/errno.js';
import { type BytesLike, bytesOf } from '../../lib/core/bytes.js';
import { BlockingIOError, InterruptedError, OSError, TimeoutError } from '../../lib/core/exceptions.js';
import {
  type BufferedIOBase,
  BufferedReader,
  BufferedRWPair,
  BufferedWriter,
  RawIOBase,
  TextIOWrapper,
  type TextOptions,
} from '../../lib/io/io.js';
import { hasCommand, pythonSync, testUnless } from '../helpers/peers.js';

const testWithPython = testUnless(!hasCommand('python3') && 'python3 is not installed');

// ---- scenarios ----------------------------------------------------------------------------------------------------

/** Bytes in JSON: one Latin-1 character each. */
interface Packed {
  bytes: string;
}
interface Raises {
  raise: 'TimeoutError' | 'InterruptedError' | 'OSError';
}
type Step = [name: string, ...args: unknown[]];

interface Scenario {
  name: string;
  /** What the raw stream gives: bytes (at the end of all: the end of the file), null (it would block), an error, or a
   * number that it claims to have read. */
  chunks: (Packed | null | number | Raises)[];
  /** How many bytes each write takes (at the end of all: as many as there are). */
  accepts: (number | null | Raises)[];
  /** Whether the raw stream can be read and written. */
  modes: 'r' | 'w' | 'rw' | '';
  kind: 'raw' | 'reader' | 'writer' | 'pair';
  /** The buffer's size. */
  size: number;
  /** Options of a TextIOWrapper over it all; null: none. */
  text: TextOptions | null;
  steps: Step[];
}

const b = (bytes: string): Packed => ({ bytes });
const timeout: Raises = { raise: 'TimeoutError' };
const interrupt: Raises = { raise: 'InterruptedError' };
const failure: Raises = { raise: 'OSError' };

const scenarios: Scenario[] = [];

function add(name: string, given: Partial<Scenario>): void {
  scenarios.push({
    name,
    chunks: [],
    accepts: [],
    modes: 'rw',
    kind: 'reader',
    size: 8,
    text: null,
    steps: [],
    ...given,
  });
}
const reader = (name: string, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`reader: ${name}`, { chunks, steps });
const writer = (name: string, accepts: Scenario['accepts'], ...steps: Step[]) =>
  add(`writer: ${name}`, { kind: 'writer', accepts, steps });
const text = (name: string, options: TextOptions, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`text: ${name}`, { text: options, chunks, steps });
const textOut = (name: string, options: TextOptions, ...steps: Step[]) =>
  add(`text: ${name}`, { text: options, kind: 'writer', steps });

const AGAIN: Step[] = [
  ['read', -1],
  ['read', -1],
];

reader(
  'read(n) within, across and beyond the buffer',
  [b('abcdefghijklmnop'), b('qr'), b('stuvwxyz')],
  ['read', 0],
  ['read', 3],
  ['read', 7],
  ['read', 100],
  ['read', 1],
);
reader(
  'read(n) reads whole blocks straight',
  [b('abc'), b('d'.repeat(40)), b('e'.repeat(40))],
  ['read', 1],
  ['read', 30],
  ['read', 8],
  ['read', 17],
);
reader('read() to the end', [b('abc'), b(''), b('def')], ['read', 1], ...AGAIN, ...AGAIN);
reader('read(-1) and read(None)', [b('abc'), b('def')], ['read', -1], ['read', null]);
reader(
  'read would block',
  [null, b('ab'), null, b('c'), null, null],
  ['read', 5],
  ['read', 5],
  ['read', 5],
  ['read', 5],
  ['read', -1],
  ['read', -1],
);
reader('read() would block after some', [b('ab'), b('cd'), null, b('ef'), null], ['read', 1], ...AGAIN, ...AGAIN);
reader(
  'large read(n) would block at first',
  [b('ab'), null, null, b('x'.repeat(30))],
  ['read', 1],
  ['read', 20],
  ['read', 20],
  ['read', 20],
);
reader('read raises in the midst: before', [timeout, b('abc')], ['read', 2], ['read', 2]);
reader('read raises in the midst: after some', [b('ab'), timeout, b('cde')], ['read', 1], ['read', 4], ['read', 4]);
reader(
  'large read raises in the midst',
  [b('ab'), b('c'.repeat(8)), failure, b('de')],
  ['read', 1],
  ['read', 20],
  ['peek'],
  ['read', 4],
);
reader('read() raises in the midst', [b('abc'), b('de'), timeout, b('fg')], ['read', 1], ['read', -1], ['read', -1]);
reader(
  'read is interrupted and made again',
  [b('abc'), interrupt, b('de'), interrupt, b('f')],
  ['read', 1],
  ['read', 4],
  ['read', -1],
);
reader(
  'large read is interrupted',
  [b('a'), b('b'.repeat(8)), interrupt, b('c'.repeat(9)), interrupt, b('d'.repeat(9))],
  ['read', 24],
  ['read', 30],
);
reader(
  'read lengths that are none',
  [b('abc')],
  ['read', -2],
  ['read', 'a'],
  ['read', 1.5],
  ['read', true],
  ['read1', null],
  ['read1', 'a'],
  ['peek', 'a'],
  ['readline', 'a'],
  ['readlines', 'a'],
  ['readline', 1.5],
);
reader(
  'read1',
  [b('abc'), b('d'.repeat(20)), null, b('e')],
  ['read1', 2],
  ['read1', 2],
  ['read1', 0],
  ['read1', 30],
  ['read1'],
  ['read1'],
  ['read1', -1],
  ['read1', -5],
);
reader('read1 raises', [timeout, b('abc')], ['read1', 2], ['read1', 2], ['read1', 2]);
reader(
  'peek',
  [b('abc'), b('defghijklmnop'), null, timeout, b('q')],
  ['peek'],
  ['peek', 1],
  ['read', 2],
  ['peek', 100],
  ['read', 1],
  ['peek'],
  ['read', 8],
  ['peek'],
  ['read', 5],
  ['peek'],
  ['peek'],
  ['peek'],
  ['peek', -1],
  ['read', 9],
  ['peek'],
);
reader(
  'readinto',
  [b('abc'), b('de'), b('f'.repeat(30)), null, b('g')],
  ['fill', 0],
  ['fill', 2],
  ['fill', 3],
  ['fill', 20],
  ['fill', 12],
  ['fill', 8],
  ['fill', 8],
  ['fill', 3],
);
reader(
  'readinto1',
  [b('abc'), b('de'), b('f'.repeat(30)), null, b('g')],
  ['fill1', 0],
  ['fill1', 2],
  ['fill1', 3],
  ['fill1', 20],
  ['fill1', 12],
  ['fill1', 8],
  ['fill1', 8],
  ['fill1', 3],
);
reader(
  'readinto1 with something ahead and a large rest',
  [b('abc'), b('defg'), b('h')],
  ['read', 1],
  ['fill1', 20],
  ['fill1', 4],
);
reader('readinto raises', [b('abc'), timeout, b('d')], ['read', 1], ['fill', 5], ['fill', 5]);
reader('readinto is interrupted', [b('abc'), interrupt, b('d')], ['read', 1], ['fill', 3]);
reader(
  'readinto what cannot be filled',
  [b('abc')],
  ['readinto', 'abc'],
  ['readinto', 3],
  ['readinto', null],
  ['readinto1', 1.5],
  ['readinto', true],
);
reader(
  'readline',
  [b('ab\ncd\n\nef'), b('gh'), b('ij\n'), b('kl')],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
);
reader(
  'readline limits',
  [b('abcdef\nghi'), b('jklmnopqrstu\n'), b('v')],
  ['readline', 0],
  ['readline', 3],
  ['readline', 4],
  ['readline', 8],
  ['readline', 5],
  ['readline', 100],
  ['readline', 2],
  ['readline', 0],
);
reader('readline(None), readline(-5)', [b('ab\ncd\n')], ['readline', null], ['readline', -5]);
reader('readline over many buffers', [b('x'.repeat(50)), b('y\nz')], ['readline'], ['readline'], ['readline']);
reader(
  'readline would block',
  [b('ab'), null, b('cd\n'), null],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
);
reader(
  'readline raises in the midst',
  [b('ab\ncd'), timeout, b('ef\ngh\n')],
  ['readline'],
  ['readline'],
  ['readline'],
  ['readline'],
);
reader(
  'readline is interrupted',
  [b('ab'), interrupt, b('cd'), interrupt, interrupt, b('e\nf')],
  ['readline'],
  ['readline'],
);
reader(
  'readlines, iteration',
  [b('a\nb\n'), b('c\nd\ne\nf')],
  ['readlines', 3],
  ['next'],
  ['next'],
  ['list'],
  ['next'],
  ['readlines'],
);
reader(
  'readlines hints',
  [b('a\nb\nc\nd\ne\nf\n')],
  ['readlines', 2],
  ['readlines', 1],
  ['readlines', 0],
  ['readlines', null],
);
reader(
  'what it is',
  [],
  ['readable'],
  ['writable'],
  ['seekable'],
  ['isatty'],
  ['fileno'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['write', b('a')],
  ['get', 'closed'],
  ['flush'],
  ['writelines', [b('x')]],
);
reader(
  'closed',
  [b('abcdef')],
  ['read', 1],
  ['close'],
  ['close'],
  ['get', 'closed'],
  ['read'],
  ['read', 1],
  ['read1'],
  ['peek'],
  ['readline'],
  ['readlines'],
  ['fill', 1],
  ['flush'],
  ['list'],
  ['isatty'],
  ['seek', 0],
  ['readable'],
  ['detach'],
  ['writelines', []],
);
reader(
  'the raw file is closed below it',
  [b('abcdef')],
  ['read', 1],
  ['close raw'],
  ['get', 'closed'],
  ['read', 1],
  ['readline', 2],
  ['peek'],
  ['fill', 3],
  ['read', 1],
  ['readline'],
);
reader(
  'detached',
  [b('abc')],
  ['read', 1],
  ['detach'],
  ['read'],
  ['read', 1],
  ['read1'],
  ['peek'],
  ['readline'],
  ['readlines'],
  ['fill', 1],
  ['flush'],
  ['detach'],
  ['close'],
  ['get', 'closed'],
  ['get', 'raw'],
  ['readable'],
  ['fileno'],
  ['isatty'],
  ['tell'],
);
reader('raw results out of range', [9, -2, b('ab')], ['read', 3], ['read', 3], ['read', 3]);
reader('raw results out of range, direct', [100, b('ab')], ['read', 20], ['read1', 20]);
add('reader: not readable', { modes: 'w' });
add('reader: size 0', { size: 0 });
add('reader: size below 0', { size: -5 });
add('reader: size 5, no power of two', {
  size: 5,
  chunks: [b('a'.repeat(40))],
  steps: [
    ['read', 13],
    ['read', 11],
    ['fill', 9],
  ],
});
add('reader: size 1', { size: 1, chunks: [b('ab\ncd')], steps: [['readline'], ['peek'], ['readline'], ['read']] });

writer('small writes gather', [], ['write', b('abc')], ['write', b('def')], ['flush'], ['write', b('g')], ['close']);
writer(
  'a write that does not fit',
  [],
  ['write', b('abcdef')],
  ['write', b('ghij')],
  ['write', b('klmnopq')],
  ['flush'],
);
writer('a large write', [], ['write', b('ab')], ['write', b('x'.repeat(30))], ['write', b('y')], ['flush']);
writer('exactly full', [], ['write', b('12345678')], ['write', b('')], ['write', b('9')], ['flush']);
writer(
  'partial raw writes',
  [2, 3, 1],
  ['write', b('abcdef')],
  ['write', b('ghij')],
  ['flush'],
  ['write', b('x'.repeat(20))],
  ['flush'],
);
writer('flush would block', [2, null, null], ['write', b('abcdef')], ['flush'], ['flush'], ['flush']);
writer(
  'a full buffer would block',
  [null, 3, null, null],
  ['write', b('abcdef')],
  ['write', b('ghijk')],
  ['write', b('lmn')],
  ['write', b('o')],
  ['flush'],
  ['flush'],
);
writer(
  'would block, but there is room after a part has gone',
  [4, null],
  ['write', b('abcdef')],
  ['write', b('ghij')],
  ['flush'],
);
writer('a large write would block at once', [null], ['write', b('x'.repeat(20))], ['flush']);
writer('a large write would block later', [6, null, null], ['write', b('x'.repeat(20))], ['write', b('y')], ['flush']);
writer('a large write would block when the rest fits', [15, null], ['write', b('x'.repeat(20))], ['flush']);
writer('raises in flush', [failure, timeout], ['write', b('abc')], ['flush'], ['flush'], ['flush']);
writer('raises in write', [3, timeout], ['write', b('abcdef')], ['write', b('ghijk')], ['write', b('lm')], ['flush']);
writer('raises in close', [failure], ['write', b('abc')], ['close'], ['get', 'closed'], ['write', b('a')]);
writer('would block in close', [1, null], ['write', b('abc')], ['close'], ['get', 'closed']);
writer(
  'what cannot be written',
  [],
  ['write', 'abc'],
  ['write', 3],
  ['write', null],
  ['write', 1.5],
  ['write', true],
  ['writelines', [b('a'), 'b', b('c')]],
  ['flush'],
);
writer('writelines', [], ['writelines', [b('ab'), b('cd'), b('efghijk')]], ['writelines', []], ['flush']);
writer(
  'what it is',
  [],
  ['readable'],
  ['writable'],
  ['seekable'],
  ['isatty'],
  ['fileno'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['read'],
  ['read', 3],
  ['read1'],
  ['readline'],
  ['readlines'],
  ['fill', 3],
  ['fill1', 3],
  ['next'],
  ['get', 'closed'],
);
writer(
  'closed',
  [],
  ['write', b('ab')],
  ['close'],
  ['close'],
  ['write', b('a')],
  ['flush'],
  ['writelines', []],
  ['isatty'],
  ['seek', 0],
  ['detach'],
  ['writable'],
  ['list'],
  ['read'],
);
writer(
  'detached',
  [],
  ['write', b('ab')],
  ['detach'],
  ['write', b('a')],
  ['flush'],
  ['close'],
  ['detach'],
  ['writable'],
  ['get', 'raw'],
);
writer('raw results out of range', [-3], ['write', b('ab')], ['flush'], ['flush']);
add('writer: not writable', { kind: 'writer', modes: 'r' });
add('writer: size 0', { kind: 'writer', size: 0 });

const pair = (name: string, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`pair: ${name}`, { kind: 'pair', chunks, steps });
pair(
  'reads and writes',
  [b('ab\ncd'), b('ef\n')],
  ['write', b('x')],
  ['readline'],
  ['write', b('yz')],
  ['flush'],
  ['peek'],
  ['read', 1],
  ['fill', 2],
  ['fill1', 2],
  ['read1'],
  ['read'],
);
pair('lines', [b('ab\ncd'), b('ef\ngh\n')], ['readline'], ['readline', 2], ['list']);
pair(
  'readline limits',
  [b('abcdef\nghi'), b('jk')],
  ['readline', 3],
  ['readline', 0],
  ['readline'],
  ['readline', null],
);
pair('would block', [b('ab'), null, null, b('c\n')], ['readline'], ['readline'], ['read', 1], ['read', 3]);
pair('readline raises', [b('ab'), timeout, b('cd\n')], ['readline'], ['readline']);
pair(
  'what it is',
  [],
  ['readable'],
  ['writable'],
  ['seekable'],
  ['isatty'],
  ['fileno'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['detach'],
  ['get', 'closed'],
  ['write', 'a'],
);
pair(
  'closed',
  [b('ab')],
  ['write', b('ab')],
  ['close'],
  ['close'],
  ['get', 'closed'],
  ['read'],
  ['read', 1],
  ['readline'],
  ['peek'],
  ['write', b('a')],
  ['flush'],
  ['list'],
  ['readlines'],
  ['fill', 1],
  ['readline', 0],
);
add('pair: close whose flush fails', {
  kind: 'pair',
  accepts: [failure],
  steps: [['write', b('a')], ['close'], ['get', 'closed']],
});
add('pair: not readable', { kind: 'pair', modes: 'w' });
add('pair: not writable', { kind: 'pair', modes: 'r' });

const raw = (name: string, chunks: Scenario['chunks'], ...steps: Step[]) =>
  add(`raw: ${name}`, { kind: 'raw', chunks, steps });
raw(
  'read',
  [b('abcdef'), null, b('gh'), b('ij'), null, b('k')],
  ['read', 4],
  ['read', 4],
  ['read', 4],
  ['read', 1],
  ['read'],
  ['read'],
  ['readall'],
  ['readall'],
  ['read', 0],
);
raw('readall would block at first', [null, b('a')], ['readall'], ['readall']);
raw('readall raises', [b('ab'), timeout, b('cd')], ['readall'], ['readall']);
raw('readline, lines', [b('ab\ncd\nef')], ['readline'], ['readline', 1], ['readline', 0], ['list']);
raw('readline would block', [b('ab'), null, b('c\n')], ['readline'], ['readline']);
raw('sizes that are none', [b('ab')], ['read', 'a'], ['read', null], ['readline', 'a'], ['readlines', 'a']);
raw(
  'what it is',
  [],
  ['isatty'],
  ['seekable'],
  ['fileno'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['flush'],
  ['get', 'closed'],
);
raw(
  'closed',
  [],
  ['close'],
  ['close'],
  ['get', 'closed'],
  ['flush'],
  ['isatty'],
  ['list'],
  ['readlines'],
  ['writelines', []],
  ['seekable'],
);

// Text: reading.
const CRS = 'a\rb\nc\r\nd\r\r\n\n\re\r';
for (const newline of [null, '', '\n', '\r', '\r\n']) {
  const lines: Step[] = [
    ['get', 'newlines'],
    ...Array.from({ length: 9 }, (): Step => ['readline']),
    ['get', 'newlines'],
  ];
  const shown = JSON.stringify(newline);
  text(`newline ${shown}, in one chunk`, { newline }, [b(CRS)], ...lines);
  text(`newline ${shown}, byte by byte`, { newline }, Array.from(CRS, b), ...lines);
  text(
    `newline ${shown}, limits`,
    { newline },
    [b('abc\r'), b('\ndef\r\nghi\rjkl\n')],
    ['readline', 3],
    ['readline', 1],
    ['readline', 5],
    ['readline', 2],
    ['readline', 0],
    ['readline', 50],
    ['read', 2],
  );
  text(
    `newline ${shown}, read`,
    { newline },
    [b('ab\r'), b('\ncd\r'), b('e\n')],
    ['read', 3],
    ['get', 'newlines'],
    ['read', 2],
    ['read'],
  );
  textOut(`newline ${shown}, write`, { newline }, ['write', 'a\nb\r\nc\rd\n'], ['flush'], ['get', 'newlines']);
}
text(
  'newlines seen',
  {},
  [b('a\r\n'), b('b\n'), b('c\rd')],
  ['readline'],
  ['get', 'newlines'],
  ['readline'],
  ['get', 'newlines'],
  ['readline'],
  ['get', 'newlines'],
);
text('illegal newline', { newline: 'x' }, []);
text('illegal newline, CR LF reversed', { newline: '\n\r' }, []);
text('options of a wrong type: encoding', { encoding: 3 as never }, []);
text('options of a wrong type: errors', { errors: 3 as never }, []);
text('options of a wrong type: newline', { newline: 3 as never }, []);
text(
  'read(n)',
  {},
  [b('h\xc3\xa9llo w'), b('\xe2\x82'), b('\xacrld \xf0\x9f\x98'), b('\x80!')],
  ['read', 2],
  ['read', 0],
  ['read', 7],
  ['read', 5],
  ['read', 1],
  ['read', 1],
  ['read', 1],
);
text('read() after read(n)', {}, [b('abc'), b('def')], ['read', 1], ['read'], ['read'], ['read', 3]);
text(
  'wide characters count as one',
  {},
  [b('\xf0\x9f\x98\x80a\xf0\x9f\x98\x81b\n\xf0\x9f\x98\x82\xf0\x9f\x98\x83c\n')],
  ['read', 1],
  ['read', 2],
  ['readline', 1],
  ['readline', 5],
  ['readline', 1],
  ['readline', 2],
  ['read'],
);
text('lines that span chunks', {}, [b('ab'), b('cd\nef'), b('gh'), b('ij\n'), b('k')], ['list'], ['list']);
text(
  'iteration and readlines',
  {},
  [b('a\nb\nc\nd\ne\n')],
  ['next'],
  ['readlines', 2],
  ['list'],
  ['next'],
  ['readlines'],
);
text(
  'sizes that are none',
  {},
  [b('ab')],
  ['read', 'a'],
  ['readline', null],
  ['readline', 'a'],
  ['readline', 1.5],
  ['readlines', 'a'],
  ['read', null],
);
text('raises in read(n)', {}, [b('ab'), timeout, b('cd')], ['read', 4], ['read', 2]);
text('raises in readline', {}, [b('ab\ncd'), timeout, b('ef\n')], ['readline'], ['readline'], ['readline']);
text(
  'is interrupted',
  {},
  [b('ab\ncd'), interrupt, b('e'), interrupt, b('f\ngh'), interrupt, b('ijk'), interrupt, b('l')],
  ['readline'],
  ['readline'],
  ['read', 5],
  ['read'],
);
text('would block', {}, [b('ab'), null, b('c\n')], ['readline'], ['readline'], ['readline']);
text('would block in read(n)', {}, [null, b('ab'), null, b('c')], ['read', 1], ['read', 3], ['read', 3]);
text(
  'what it is',
  {},
  [b('a')],
  ['readable'],
  ['writable'],
  ['seekable'],
  ['isatty'],
  ['fileno'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['get', 'closed'],
  ['write', 'a'],
  ['write', ''],
  ['write', b('a')],
  ['writelines', ['a']],
  ['get', 'encoding'],
  ['get', 'errors'],
  ['get', 'newlines'],
  ['get', 'line_buffering'],
  ['get', 'write_through'],
);
text(
  'closed',
  {},
  [b('ab')],
  ['read', 1],
  ['close'],
  ['close'],
  ['get', 'closed'],
  ['read'],
  ['read', 1],
  ['readline'],
  ['readlines'],
  ['list'],
  ['write', 'a'],
  ['flush'],
  ['isatty'],
  ['readable'],
  ['tell'],
  ['seek', 0],
  ['truncate'],
  ['detach'],
  ['writelines', []],
  ['get', 'newlines'],
);
text(
  'detached',
  {},
  [b('ab')],
  ['read', 1],
  ['detach'],
  ['read'],
  ['readline'],
  ['list'],
  ['write', 'a'],
  ['flush'],
  ['close'],
  ['get', 'closed'],
  ['get', 'buffer'],
  ['get', 'newlines'],
  ['detach'],
  ['readable'],
  ['isatty'],
  ['tell'],
  ['truncate'],
  ['get', 'encoding'],
);
add('text: over a raw file', {
  kind: 'raw',
  text: {},
  chunks: [b('ab\ncd'), null],
  steps: [['readline'], ['read', 2], ['read', 2]],
});

// Text: writing.
textOut(
  'small writes gather',
  {},
  ['write', 'a\u00e9\u20ac'],
  ['write', ''],
  ['write', '\u{1f600}'],
  ['flush'],
  ['write', 'x'],
  ['close'],
);
textOut(
  'a large write',
  {},
  ['write', 'x'.repeat(8000)],
  ['write', 'y'.repeat(300)],
  ['write', 'z'.repeat(9000)],
  ['write', 'w'],
  ['flush'],
);
textOut(
  'line_buffering',
  { line_buffering: true },
  ['write', 'ab'],
  ['write', 'c\nd'],
  ['write', 'e\r'],
  ['write', 'f'],
);
textOut('write_through', { write_through: true }, ['write', 'ab'], ['write', 'cdefghijkl'], ['write', 'm\n']);
textOut(
  'write_through and line_buffering',
  { write_through: true, line_buffering: true, newline: '\r\n' },
  ['write', 'a\nb'],
  ['write', 'c'],
);
textOut('writelines', {}, ['writelines', ['a\n', 'b', 'c\n']], ['writelines', []], ['flush']);
textOut(
  'what cannot be written',
  {},
  ['write', b('a')],
  ['write', 3],
  ['write', null],
  ['write', 1.5],
  ['writelines', ['a', b('b')]],
  ['flush'],
);
textOut(
  'what it is',
  {},
  ['readable'],
  ['writable'],
  ['seekable'],
  ['read'],
  ['read', 1],
  ['readline'],
  ['readlines'],
  ['next'],
  ['tell'],
  ['truncate'],
  ['get', 'newlines'],
);
textOut('closed', {}, ['write', 'ab'], ['close'], ['write', 'a'], ['write', b('a')], ['flush'], ['read'], ['writable']);
textOut('detached', {}, ['write', 'ab'], ['detach'], ['write', 'a'], ['flush'], ['writable'], ['read']);
add('text: buffer would block', {
  text: {},
  kind: 'writer',
  accepts: [3, null],
  steps: [['write', 'abcdefgh'], ['flush'], ['flush'], ['write', 'ij'], ['flush']],
});
add('text: buffer raises in close', {
  text: {},
  kind: 'writer',
  accepts: [failure],
  steps: [['write', 'abc'], ['close'], ['get', 'closed'], ['write', 'a']],
});
add('text: neither readable nor writable', {
  kind: 'raw',
  modes: '',
  text: {},
  steps: [['read'], ['write', 'a'], ['readline'], ['flush']],
});
add('text: a pair, writing between whole reads', {
  kind: 'pair',
  text: {},
  chunks: [b('ab\n'), b('c\r'), b('\nd\n')],
  steps: [
    ['write', 'x'],
    ['readline'],
    ['write', 'y'],
    ['read', 1],
    ['write', 'z'],
    ['readline'],
    ['get', 'newlines'],
    ['read'],
  ],
});

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

// ---- the same in TypeScript ---------------------------------------------------------------------------------------

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  return typeof value === 'object' && value !== null ? Buffer.from((value as Packed).bytes, 'latin1') : value;
}

function pack(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('latin1') };
  if (Array.isArray(value)) return value.map(pack);
  return typeof value === 'object' && value !== null ? 'object' : value;
}

const EXCEPTIONS = {
  TimeoutError: () => new TimeoutError('timed out'),
  InterruptedError: () => new InterruptedError(EINTR, 'interrupted'),
  OSError: () => new OSError('broken'),
};

class ScriptedRaw extends RawIOBase {
  readonly sizes: number[] = [];
  written = '';
  readonly #chunks: Scenario['chunks'];
  readonly #accepts: Scenario['accepts'];
  readonly #modes: string;

  constructor({ chunks, accepts, modes }: Scenario) {
    super();
    this.#chunks = [...chunks];
    this.#accepts = [...accepts];
    this.#modes = modes;
  }

  override readable(): boolean {
    return this.#modes.includes('r');
  }

  override writable(): boolean {
    return this.#modes.includes('w');
  }

  static next<T>(script: (T | Raises)[], otherwise: T): T {
    const step = script.length > 0 ? (script.shift() as T | Raises) : otherwise;
    if (typeof step === 'object' && step !== null && 'raise' in step) throw EXCEPTIONS[step.raise]();
    return step as T;
  }

  override readinto(buffer: BytesLike): number | null {
    const room = bytesOf(buffer);
    this.sizes.push(room.length);
    const chunk = ScriptedRaw.next<Packed | null | number>(this.#chunks, b(''));
    if (chunk === null || typeof chunk === 'number') return chunk;
    const data = Buffer.from(chunk.bytes, 'latin1');
    const count = Math.min(data.length, room.length);
    room.set(data.subarray(0, count));
    if (count < data.length) this.#chunks.unshift(b(chunk.bytes.slice(count)));
    return count;
  }

  override write(data: BytesLike): number | null {
    const bytes = bytesOf(data);
    this.sizes.push(bytes.length);
    const count = ScriptedRaw.next<number | null>(this.#accepts, bytes.length);
    if (count === null) return null;
    this.written += Buffer.from(bytes.subarray(0, Math.max(count, 0))).toString('latin1');
    return count < 0 ? count : Math.min(count, bytes.length);
  }
}

type File = RawIOBase | BufferedIOBase | TextIOWrapper;

function make(scenario: Scenario): [ScriptedRaw, File] {
  const raw = new ScriptedRaw(scenario);
  const { size } = scenario;
  const makers = {
    raw: () => raw,
    reader: () => new BufferedReader(raw, size),
    writer: () => new BufferedWriter(raw, size),
    pair: () => new BufferedRWPair(raw, raw, size),
  };
  const file = makers[scenario.kind]();
  return [raw, scenario.text === null ? file : new TextIOWrapper(file, scenario.text)];
}

/** Goes on after an interruption: the lines that the loop has seen are its own to keep. */
function allLines(file: Iterable<unknown>): unknown[] {
  const lines: unknown[] = [];
  for (;;) {
    try {
      for (const line of file) lines.push(line);
      return lines;
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
    }
  }
}

function perform(raw: ScriptedRaw, file: File, [name, ...args]: Step): unknown {
  const any = file as unknown as Record<string, (...args: unknown[]) => unknown>;
  switch (name) {
    case 'get':
      return any[args[0] as string];
    case 'fill':
    case 'fill1': {
      const room = new Uint8Array(args[0] as number);
      return [any[name === 'fill' ? 'readinto' : 'readinto1'](room), room];
    }
    case 'list':
      return allLines(file as Iterable<unknown>);
    case 'next':
      for (const line of file as Iterable<unknown>) return line;
      return 'end';
    case 'close raw':
      return raw.close();
    default:
      return any[name](...args.map(unpack));
  }
}

function outcomeOf(action: () => unknown): unknown {
  try {
    return { value: pack(action()) };
  } catch (error) {
    // Python goes on by itself after a signal (PEP 475); here the caller makes the call again.
    if (error instanceof InterruptedError) return outcomeOf(action);
    const { name, message, strerror } = error as OSError;
    const outcome = { error: name, text: strerror ?? message };
    if (!(error instanceof BlockingIOError) || strerror === null) return outcome;
    return { ...outcome, characters_written: error.characters_written };
  }
}

function run(scenario: Scenario): unknown {
  let made: [ScriptedRaw, File] | null = null;
  const outcomes = [
    outcomeOf(() => {
      made = make(scenario);
    }),
  ];
  if (made === null) return { outcomes };
  const [raw, file] = made as [ScriptedRaw, File];
  for (const step of scenario.steps) outcomes.push(outcomeOf(() => perform(raw, file, step)));
  return { outcomes, sizes: raw.sizes, written: b(raw.written) };
}

/** What there is to compare: the calls of the raw stream only where they must be the same. */
function comparable(result: unknown, rawToo: boolean): string {
  return inspect(rawToo ? result : (result as { outcomes: unknown }).outcomes, { depth: 9 });
}

const peer = () => readFileSync(new URL('../../../test/helpers/io_peer.py', import.meta.url), 'utf8');

testWithPython('every scenario goes as it goes in CPython', (t) => {
  const { stdout, stderr, code } = pythonSync(peer(), [], { input: JSON.stringify(scenarios) });
  t.is(code, 0, stderr);
  const { version, results } = JSON.parse(stdout) as { version: [number, number]; results: unknown[] };
  // Since 3.13, a buffer that is exactly full is written at once.
  const sameBuffers = version[0] === 3 && version[1] < 13;
  const different: string[] = [];
  scenarios.forEach((scenario, i) => {
    const got = JSON.parse(JSON.stringify(run(scenario)));
    // Nor need a call that is made again after an interruption ask for the same sizes.
    const rawToo = sameBuffers && !scenario.chunks.includes(interrupt);
    if (comparable(got, rawToo) === comparable(results[i], rawToo)) return;
    different.push(`${JSON.stringify(scenario)}\n here: ${JSON.stringify(got)}\n there: ${JSON.stringify(results[i])}`);
  });
  t.log(`${scenarios.length} scenarios, as in Python ${version.join('.')}`);
  t.deepEqual(different.slice(0, 10), [], `${different.length} scenarios differ`);
});

test('text that has been read ahead survives a write', (t) => {
  // CPython's own error until 3.11.7 and 3.12.1, mended since (its issue 80109): so not part of the comparison.
  const raw = new ScriptedRaw({ ...scenarios[0], modes: 'rw', accepts: [], chunks: [b('one\ntwo\nthr'), b('ee\n')] });
  const file = new TextIOWrapper(new BufferedRWPair(raw, raw), { newline: '' });
  t.is(file.readline(), 'one\n');
  file.write('x\n');
  t.is(file.readline(), 'two\n');
  t.is(raw.written, '');
  file.flush();
  t.is(raw.written, 'x\n');
  t.is(file.readline(), 'three\n');
});

test('text of which nothing has come yet raises BlockingIOError in read()', (t) => {
  // Python 3.14 (its issue 109523); before, it was a TypeError about None.
  const raw = new ScriptedRaw({ ...scenarios[0], modes: 'r', chunks: [null] });
  const file = new TextIOWrapper(new BufferedReader(raw));
  t.throws(() => file.read(), { instanceOf: BlockingIOError, message: 'Read returned None.' });
});

test('`using` closes, and what is left in the buffer is written', (t) => {
  const raw = new ScriptedRaw({ ...scenarios[0], modes: 'rw', accepts: [], chunks: [] });
  {
    using file = new TextIOWrapper(new BufferedWriter(raw));
    file.write('last words');
  }
  t.true(raw.closed);
  t.is(raw.written, 'last words');
});

test('what a file prints is what Python prints', (t) => {
  class Named extends ScriptedRaw {
    readonly name = 7;
    readonly mode = 'rb';
  }
  const raw = new Named({ ...scenarios[0], modes: 'rw' });
  const reader = new BufferedReader(raw);
  t.is(inspect(reader), '<_io.BufferedReader name=7>');
  t.is(inspect(new BufferedWriter(raw)), '<_io.BufferedWriter name=7>');
  const file = new TextIOWrapper(reader);
  t.is(inspect(file), "<_io.TextIOWrapper name=7 encoding='utf-8'>");
  file.mode = 'r';
  t.is(inspect(file), "<_io.TextIOWrapper name=7 mode='r' encoding='utf-8'>");
  t.is(file.name, 7);
  t.is(reader.mode, 'rb');
});

test('bytes of every kind are taken', (t) => {
  const raw = new ScriptedRaw({ ...scenarios[0], modes: 'rw', accepts: [], chunks: [b('abcdefgh')] });
  const writer = new BufferedWriter(raw);
  const bytes = Buffer.from('abcd');
  const room = new ArrayBuffer(4);
  new Uint8Array(room).set(bytes);
  t.is(writer.write(room) + writer.write(new DataView(room, 1, 2)) + writer.write(new Uint16Array(room)), 10);
  writer.flush();
  t.is(raw.written, 'abcdbcabcd');
  const reader = new BufferedReader(raw);
  t.is(reader.readinto(room), 4);
  t.is(reader.readinto(new DataView(room, 2)), 2);
  t.is(Buffer.from(room).toString(), 'abef');
});

test('a line that is returned does not change when the buffer is filled anew', (t) => {
  const raw = new ScriptedRaw({ ...scenarios[0], modes: 'r', chunks: [b('aaaa\nbb'), b('cc\ndddd')] });
  const reader = new BufferedReader(raw, 8);
  const peeked = reader.peek();
  const lines = [...reader];
  t.deepEqual([peeked, ...lines].map(String), ['aaaa\nbb', 'aaaa\n', 'bbcc\n', 'dddd']);
});
