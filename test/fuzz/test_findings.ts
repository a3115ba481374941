/** What random arguments to the public API found: each wrong value is refused as CPython refuses it. */
import test from 'ava';
import { UnicodeEncodeError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test);

function withPair<T>(use: (sock: socket.socket) => T): T {
  const [a, b] = socket.socketpair();
  try {
    return use(a);
  } finally {
    a.close();
    b.close();
  }
}

function withFile<T>(sock: socket.socket, use: (file: ReturnType<typeof sock.makefile>) => T, mode = 'rb'): T {
  const file = sock.makefile(mode);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

const context = () => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
const memory = () => context().wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: 'x' });

// The largest number that a size may be in CPython: no bytes object holds so many.
const MOST = 2n ** 63n - 1n;
testTwins(
  'a size that nothing can hold',
  [
    ['a.recv(2 ** 63 - 1)', () => withPair((a) => a.recv(MOST as never))],
    ['a.recvfrom(2 ** 63 - 1)', () => withPair((a) => a.recvfrom(MOST as never))],
    ['a.recvmsg(2 ** 63 - 1)', () => withPair((a) => a.recvmsg(MOST as never))],
    ['a.recv(2 ** 63)', () => withPair((a) => a.recv((MOST + 1n) as never))],
    ["a.makefile('rb').read(2 ** 63 - 1)", () => withPair((a) => withFile(a, (file) => file.read(MOST as never)))],
  ],
  'a, b = socket.socketpair()',
);

test('a size that this process cannot hold', (t) => {
  // CPython raises MemoryError there, or reserves the memory and waits.
  for (const method of ['recv', 'recvfrom', 'recvmsg'] as const) {
    withPair((sock) => {
      t.throws(() => sock[method](2 ** 53 - 1), { name: 'OverflowError', message: 'byte string is too large' });
    });
  }
});

// JavaScript's own words for the same mistakes say nothing of the caller's argument.
testTwins(
  'arguments of a wrong type are named as CPython names them',
  [
    ['socket.getfqdn(5)', () => socket.getfqdn(5 as never)],
    ['socket.getfqdn(None)', () => socket.getfqdn(null as never)],
    ["socket.send_fds(5, [b''], [1])", () => socket.send_fds(5 as never, [Buffer.alloc(0)], [1])],
    ['socket.recv_fds(None, 1, 1)', () => socket.recv_fds(null as never, 1, 1)],
    ["a.makefile('wb').writelines(5)", () => withPair((a) => withFile(a, (file) => file.writelines(5 as never), 'wb'))],
    ["a.makefile('w').writelines(5)", () => withPair((a) => withFile(a, (file) => file.writelines(5 as never), 'w'))],
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
a, b = socket.socketpair()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
memory = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='x')
`,
);

test('a descriptor that can be none is not sent', (t) => {
  // Not in Python, where a file is an object. EBADF, as os.fstat(-1) says.
  withPair((sock) => t.throws(() => sock.sendfile(-1), { name: 'OSError', code: 'EBADF' }));
});

test('a name that a codec cannot encode: what, where and why', (t) => {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const error = t.throws(() => context.set_alpn_protocols(['h\u00e9\u00e9!']), { instanceOf: UnicodeEncodeError });
  const { message, encoding, object, start, end, reason } = error as UnicodeEncodeError;
  // CPython 3.11: bytes('h\xe9\xe9!', 'ascii')
  t.is(message, "'ascii' codec can't encode characters in position 1-2: ordinal not in range(128)");
  t.deepEqual([encoding, object, start, end, reason], ['ascii', 'h\u00e9\u00e9!', 1, 3, 'ordinal not in range(128)']);
});
