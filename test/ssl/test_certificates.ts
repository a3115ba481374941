/** What certificates of odd shapes say, beside CPython. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import * as ssl from '../../lib/ssl/index.js';
import * as der from '../helpers/der.js';
import { checkLeaks } from '../helpers/leaks.js';
import { tmpdir } from '../helpers/peers.js';
import { outcomeOf, outcomesInPython, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const {
  bits,
  bmp,
  certificate,
  extension,
  general,
  generalizedTime,
  graphic,
  ia5,
  integer,
  name,
  numeric,
  octets,
  oid,
  printable,
  sequence,
  teletex,
  tlv,
  universal,
  utcTime,
  utf8,
  visible,
} = der;

const COMMON_NAME = '2.5.4.3';
const UNIQUE_IDENTIFIER = '2.5.4.45';
const raw = (...bytes: number[]) => Uint8Array.from(bytes);
const utf16 = (text: string) => Buffer.from(text, 'utf16le').swap16();

// ---- names ---------------------------------------------------------------------------------------------------------

const VALUES: Record<string, Uint8Array> = {
  UTF8String: utf8('Jörg 文 𝄞'),
  'UTF8String, empty': utf8(''),
  'UTF8String, not UTF-8': utf8(raw(0x61, 0xff, 0x62)),
  'UTF8String, overlong': utf8(raw(0xc0, 0x80)),
  'UTF8String, surrogate': utf8(raw(0xed, 0xa0, 0x80)),
  'UTF8String, above Unicode': utf8(raw(0xf4, 0x90, 0x80, 0x80)),
  'UTF8String, five bytes': utf8(raw(0xf8, 0x88, 0x80, 0x80, 0x80)),
  'UTF8String, cut': utf8(raw(0x61, 0xc3)),
  'UTF8String, NUL': utf8('a\0b'),
  'UTF8String, long': utf8('long '.repeat(1000)),
  PrintableString: printable('plain'),
  'PrintableString, not printable': printable('a@b*\xe4'),
  'PrintableString, Latin-1': printable(raw(0xe4)),
  NumericString: numeric('0123 x'),
  TeletexString: teletex(raw(0x61, 0xe4, 0xff)),
  'TeletexString, NUL': teletex('a\0b'),
  IA5String: ia5('a@b'),
  'IA5String, eight bits': ia5(raw(0xe4)),
  GraphicString: graphic('graphic'),
  VisibleString: visible('visible'),
  'VisibleString, eight bits': visible(raw(0xe4)),
  GeneralString: general('general'),
  'GeneralString, eight bits': general(raw(0xe4)),
  BMPString: bmp(utf16('Jörg 文')),
  'BMPString, empty': bmp(''),
  'BMPString, odd': bmp(raw(0, 0x61, 0)),
  'BMPString, surrogates': bmp(utf16('𝄞')),
  'BMPString, lone surrogate': bmp(raw(0xd8, 0x00)),
  'BMPString, NUL': bmp(utf16('a\0b')),
  UniversalString: universal(raw(0, 0, 0, 0x61, 0, 1, 0xd1, 0x1e)),
  'UniversalString, odd': universal(raw(0, 0, 0, 0x61, 0)),
  'UniversalString, above Unicode': universal(raw(0x7f, 0xff, 0xff, 0xff)),
  'UniversalString, negative': universal(raw(0xff, 0xff, 0xff, 0xff)),
  'BIT STRING': bits(0, 0x0f, 0xf0, 0xff),
  'BIT STRING, unused bits': bits(4, 0xab, 0xcf),
  'BIT STRING, empty': bits(0),
  'OCTET STRING': octets(raw(0x61, 0xff)),
  INTEGER: integer(0x61),
  BOOLEAN: tlv(0x01, raw(0xff)),
  NULL: tlv(0x05),
  SEQUENCE: sequence(utf8('inside')),
  'OBJECT IDENTIFIER': oid('1.2.3'),
  UTCTime: utcTime('200101000000Z'),
};
const TYPES = {
  known: '2.5.4.10',
  'without a short name': '2.5.4.45',
  unknown: '1.2.3.4.5.6.7',
  'unknown, with a great arc': `1.2.${2n ** 70n}`,
  'unknown, of 200 characters': `1.2.840${'.113549'.repeat(28)}`,
  'unknown, of 255 characters': `1.2.840${'.113549'.repeat(35)}.12`,
  'unknown, of 256 characters': `1.2.840${'.113549'.repeat(35)}.123`,
  'unknown, of 1000 characters': `1.2.840${'.113549'.repeat(142)}`,
  zero: '0.0',
};
const x: [string, Uint8Array] = [COMMON_NAME, utf8('x')];
const y: [string, Uint8Array] = [UNIQUE_IDENTIFIER, bits(0, 1, 2)];

// ---- alternative names ---------------------------------------------------------------------------------------------

const other = (type: string, value: Uint8Array) => tlv(0xa0, oid(type), tlv(0xa0, value));
const mail = (value: string | Uint8Array) => tlv(0x81, typeof value === 'string' ? Buffer.from(value) : value);
const dns = (value: string | Uint8Array) => tlv(0x82, typeof value === 'string' ? Buffer.from(value) : value);
const directory = (value: Uint8Array) => tlv(0xa4, value);
const uri = (value: string | Uint8Array) => tlv(0x86, typeof value === 'string' ? Buffer.from(value) : value);
const address = (...bytes: number[]) => tlv(0x87, raw(...bytes));
const registered = (dotted: string) =>
  tlv(0x88, oid(dotted).subarray(oid(dotted)[1] < 0x80 ? 2 : oid(dotted)[1] === 0x81 ? 3 : 4));

const UPN = '1.3.6.1.4.1.311.20.2.3';
const NAMES: Record<string, Uint8Array[]> = {
  DNS: [dns('a.example'), dns('*.example'), dns('')],
  'DNS, NUL': [dns('a\0.example')],
  'DNS, UTF-8': [dns('jörg.example')],
  'DNS, not UTF-8': [dns(raw(0x61, 0xe4))],
  'DNS, long': [dns('a'.repeat(5000))],
  'DNS, lines': [dns('a\nDNS:b'), dns('a, DNS:b')],
  email: [mail('a@b.example'), mail('jörg@b.example'), mail(''), mail('a\0b')],
  'email, not UTF-8': [mail(raw(0xff))],
  URI: [uri('https://example/?q=1'), uri(''), uri('x\0y'), uri('u'.repeat(5000))],
  'URI, not UTF-8': [uri(raw(0xc3))],
  addresses: [
    address(127, 0, 0, 1),
    address(0, 0, 0, 0),
    address(255, 255, 255, 255),
    address(...Array(15).fill(0), 1),
    address(0x20, 0x01, 0x0d, 0xb8, ...Array(12).fill(0xff)),
  ],
  'addresses of odd lengths': [
    address(),
    address(1),
    address(1, 2, 3),
    address(...Array(8).fill(255)),
    address(...Array(32).fill(7)),
  ],
  directory: [directory(name([x], [x, y]))],
  'directory, empty': [directory(name())],
  'directory, BMPString': [directory(name([[COMMON_NAME, bmp(utf16('Jörg'))]]))],
  'directory, INTEGER': [directory(name([[COMMON_NAME, integer(1)]]))],
  'directory, not UTF-8': [directory(name([[COMMON_NAME, utf8(raw(0xff))]]))],
  registered: [registered('1.2.3.4'), registered('2.5.4.3'), registered(`1.2.${2n ** 70n}`)],
  'registered, long': [registered(`1.2.840${'.113549'.repeat(50)}`)],
  'registered, longer': [registered(`1.2.840${'.113549'.repeat(290)}`)],
  'registered, of 2047 characters': [registered(`1.2.840${'.113549'.repeat(291)}.11`)],
  'registered, of 2048 characters': [registered(`1.2.840${'.113549'.repeat(291)}.113`)],
  'other: a user principal name': [other(UPN, utf8('a@b'))],
  'other: SmtpUTF8Mailbox': [other('1.3.6.1.5.5.7.8.9', utf8('jörg@example'))],
  'other: SRV': [other('1.3.6.1.5.5.7.8.7', ia5('_x.example'))],
  'other: XMPP': [other('1.3.6.1.5.5.7.8.5', utf8('a@b'))],
  'other: NAIRealm': [other('1.3.6.1.5.5.7.8.8', utf8('realm'))],
  'other: unknown': [other('1.2.3.4', utf8('a'))],
  'other: lines': [other(UPN, utf8('a\nb'))],
  'other: not UTF-8': [other(UPN, utf8(raw(0xff)))],
  'other: NUL': [other(UPN, utf8('a\0b'))],
  'other: long': [other(UPN, utf8('long'.repeat(1000)))],
  'other: an integer': [other(UPN, integer(1))],
  X400: [tlv(0xa3, sequence())],
  'EDI party': [tlv(0xa5, tlv(0xa1, utf8('party')))],
  all: [
    dns('x'),
    mail('y'),
    uri('z'),
    address(1, 2, 3, 4),
    registered('1.2'),
    directory(name([x])),
    other(UPN, utf8('u')),
  ],
  none: [],
};

// ---- other extensions ----------------------------------------------------------------------------------------------

const SUBJECT_ALT_NAME = '2.5.29.17';
const alternative = (...names: Uint8Array[]) => extension(SUBJECT_ALT_NAME, sequence(...names));
const access = (...items: [string, Uint8Array][]) =>
  extension('1.3.6.1.5.5.7.1.1', sequence(...items.map(([method, location]) => sequence(oid(method), location))));
const OCSP = '1.3.6.1.5.5.7.48.1';
const ISSUERS = '1.3.6.1.5.5.7.48.2';
const points = (...items: Uint8Array[]) => extension('2.5.29.31', sequence(...items));
const full = (...names: Uint8Array[]) => sequence(tlv(0xa0, tlv(0xa0, ...names)));

const EXTENSIONS: Record<string, Uint8Array[]> = {
  'alternative names twice': [alternative(dns('a')), alternative(dns('b'))],
  'alternative names that are none': [extension(SUBJECT_ALT_NAME, utf8('none'))],
  'alternative names, cut': [extension(SUBJECT_ALT_NAME, raw(0x30, 0x05, 0x82, 0x01))],
  access: [
    access(
      [OCSP, uri('http://o1')],
      [OCSP, uri('http://o2')],
      [ISSUERS, uri('http://i')],
      [OCSP, dns('d')],
      ['1.2.3', uri('u')],
    ),
  ],
  'access, odd': [access([OCSP, uri('')], [ISSUERS, uri('a\0b')])],
  'access, not UTF-8': [access([ISSUERS, uri(raw(0xff))])],
  'access, of others': [access(['1.2.3', uri('u')])],
  'access, empty': [access()],
  points: [points(full(uri('http://a'), dns('x'), uri('http://b')), sequence(), full(uri('http://c')))],
  'points without a URI': [points(full(dns('x')), sequence())],
  'points, empty': [points()],
  'points, not UTF-8': [points(full(uri(raw(0xff))))],
};

const PARTS: Record<string, der.CertificateParts> = {
  'version 1': { version: raw() },
  'version 2': { version: tlv(0xa0, integer(1)) },
  'version 4': { version: tlv(0xa0, integer(3)) },
  'version 128': { version: tlv(0xa0, integer(0, 0x7f)) },
  'version -1': { version: tlv(0xa0, integer(0xff)) },
  'serial 0': { serial: integer(0) },
  'serial -1': { serial: integer(0xff) },
  'serial -128': { serial: integer(0x80) },
  'serial 0x0fff': { serial: integer(0x0f, 0xff) },
  'serial of 20 bytes': { serial: integer(0x7f, ...Array(19).fill(0xab)) },
  'serial of 35 bytes': { serial: integer(0x7f, ...Array(34).fill(0xab)) },
  'serial of 36 bytes': { serial: integer(0x7f, ...Array(35).fill(0xab)) },
  'serial of 2000 bytes': { serial: integer(0x7f, ...Array(1999).fill(0xab)) },
  'serial, empty': { serial: integer() },
  'times, generalized': { notBefore: generalizedTime('20200101000000Z'), notAfter: generalizedTime('99991231235959Z') },
  'times, fraction': { notBefore: generalizedTime('20200101000000.5Z') },
  'times, year 0': { notBefore: generalizedTime('00000101000000Z') },
  'times, 1950 and 2049': { notBefore: utcTime('500101000000Z'), notAfter: utcTime('491231235959Z') },
  'times, without seconds': { notBefore: utcTime('2001010000Z') },
  'times, with an offset': { notBefore: utcTime('200101000000+0100') },
  'times, without a zone': { notBefore: utcTime('200101000000') },
  'times, no such day': { notBefore: utcTime('200230000000Z') },
  'times, text': { notBefore: utcTime('tomorrow') },
  'times, empty': { notBefore: utcTime('') },
  'names, empty': { subject: name(), issuer: name() },
  'names, several values': { subject: name([x, y], [x], [y, x, y]) },
  'names, an empty set': { subject: sequence(der.set()) },
  'names, many': { subject: name(...Array.from({ length: 300 }, () => [x])) },
};

const CASES: [title: string, parts: der.CertificateParts][] = [
  ...Object.entries(VALUES).map(([title, value]): [string, der.CertificateParts] => [
    `a name with a value: ${title}`,
    { subject: name([[COMMON_NAME, value]]) },
  ]),
  ...Object.entries(TYPES).map(([title, type]): [string, der.CertificateParts] => [
    `a name with a type: ${title}`,
    { issuer: name([[type, utf8('value')]]) },
  ]),
  ...Object.entries(NAMES).map(([title, names]): [string, der.CertificateParts] => [
    `alternative names: ${title}`,
    { extensions: [alternative(...names)] },
  ]),
  ...Object.entries(EXTENSIONS).map(([title, extensions]): [string, der.CertificateParts] => [title, { extensions }]),
  ...Object.entries(PARTS),
];

/** What CPython's text of an SSLError has besides: the place in its C, the repr of a tuple, the number of no error. */
const TEXT = /^(?:\('(.*)',\)|(.*?)(?: \(0x0\))? \(_ssl\.c:\d+\))$/;
const PRELUDE = `
import ssl
def items(path):
    try:  # forgets what earlier failures have left in OpenSSL's queue
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers('none')
    except ssl.SSLError:
        pass
    return [list(item) for item in sorted(ssl._ssl._test_decode_cert(path).items())]
`;

testWithPython(`${CASES.length} certificates say what CPython reads out of them`, (t) => {
  const folder = tmpdir(t);
  const paths = CASES.map(([, parts], i) => {
    const path = join(folder, `${i}.pem`);
    writeFileSync(path, certificate(parts));
    return path;
  });
  const expected = outcomesInPython(
    paths.map((path) => `items('${path}')`),
    PRELUDE,
  ).map((each) => ('text' in each ? { ...each, text: each.text.replace(TEXT, '$1$2') } : each));
  const found = paths.map((path) =>
    outcomeOf(() => Object.entries(ssl._test_decode_cert(path)).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  const differing = CASES.map((_, i) => i).filter((i) => !isDeepStrictEqual(found[i], expected[i]));
  t.deepEqual(
    differing.map((i) => [CASES[i][0], found[i]]),
    differing.map((i) => [CASES[i][0], expected[i]]),
  );
});
