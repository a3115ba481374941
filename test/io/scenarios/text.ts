/** What text files do: newlines, reading ahead, writing. */
import { add, b, failure, interrupt, type Step, text, textOut, timeout } from './script.js';

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
