/** What buffered files do: readers, writers, pairs, and raw streams. */
import { add, b, failure, interrupt, reader, type Scenario, type Step, timeout, writer } from './script.js';

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
