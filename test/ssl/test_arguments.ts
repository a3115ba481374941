/** Arguments of ssl's functions: what CPython refuses, and how it says so. */
import test from 'ava';
import { UnicodeEncodeError, ValueError } from '../../lib/core/exceptions.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test);

const context = () => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
const memory = () => context().wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: 'x' });

// JavaScript's own words for the same mistakes say nothing of the caller's argument.
testTwins(
  'arguments of a wrong type are named as CPython names them',
  [
    ['ssl.PEM_cert_to_DER_cert(5)', () => ssl.PEM_cert_to_DER_cert(5 as never)],
    ['ssl.get_server_certificate(None)', () => ssl.get_server_certificate(null as never)],
    ["ssl.get_server_certificate(('x',))", () => ssl.get_server_certificate(['x'] as never)],
    ["ssl.get_server_certificate(('x', 1, 2))", () => ssl.get_server_certificate(['x', 1, 2] as never)],
    ['ssl.get_protocol_name({}.get(1))', () => ssl.get_protocol_name(Object.create(null))],
    ['_ssl.nid2obj(0.5)', () => ssl.nid2obj(0.5)],
    ['_ssl.nid2obj(2 ** 31)', () => ssl.nid2obj(2 ** 31)],
    ['_ssl.nid2obj(-1)', () => ssl.nid2obj(-1)],
    ["_ssl.nid2obj('x')", () => ssl.nid2obj('x' as never)],
    ['context.load_default_certs(None)', () => context().load_default_certs(null as never)],
    ['context.load_default_certs((1, 2))', () => context().load_default_certs([1, 2] as never)],
    ["context.load_default_certs('x')", () => context().load_default_certs('x' as never)],
    ['memory.get_channel_binding(5)', () => memory().get_channel_binding(5 as never)],
    ['memory.get_channel_binding(None)', () => memory().get_channel_binding(null as never)],
    ["memory.get_channel_binding('x')", () => memory().get_channel_binding('x')],
  ],
  `
import ssl, _ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
memory = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='x')
`,
);

test('a name that a codec cannot encode: what, where and why', (t) => {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const error = t.throws(() => context.set_alpn_protocols(['h\u00e9\u00e9!']), { instanceOf: UnicodeEncodeError });
  const { message, encoding, object, start, end, reason } = error as UnicodeEncodeError;
  // CPython 3.11: bytes('h\xe9\xe9!', 'ascii')
  t.is(message, "'ascii' codec can't encode characters in position 1-2: ordinal not in range(128)");
  t.deepEqual([encoding, object, start, end, reason], ['ascii', 'h\u00e9\u00e9!', 1, 3, 'ordinal not in range(128)']);
});

// python3 -c "import ssl; print(ssl._ASN1Object.fromnid(4), ssl._ASN1Object.fromnid(33))"
test('an object identifier may have no dotted number', (t) => {
  t.deepEqual([...ssl._ASN1Object.fromnid(4)], [4, 'MD5', 'md5', '1.2.840.113549.2.5']);
  t.deepEqual([...ssl._ASN1Object.fromnid(33)], [33, 'DES-EDE3', 'des-ede3', null]);
  t.throws(() => ssl._ASN1Object.fromnid(0), { instanceOf: ValueError, message: 'Unknown object' });
});

// python3 -c "import ssl; print(ssl.cert_time_to_seconds(cert_time='May  9 00:00:00 2007 GMT'))"
test('cert_time_to_seconds takes its argument by name', (t) => {
  t.is(ssl.cert_time_to_seconds({ cert_time: 'May  9 00:00:00 2007 GMT' }), 1178668800);
});
