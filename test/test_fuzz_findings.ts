/** What random arguments to the public API found: each wrong value is refused as CPython refuses it. */
import test from 'ava';
import { UnicodeEncodeError } from '../lib/exceptions.js';
import * as socket from '../lib/socket.js';
import * as ssl from '../lib/ssl.js';
import { checkLeaks } from './helpers/leaks.js';
import { testTwins } from './helpers/twin.js';

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

function withFile<T>(sock: socket.socket, use: (file: ReturnType<typeof sock.makefile>) => T): T {
  const file = sock.makefile('rb');
  try {
    return use(file);
  } finally {
    file.close();
  }
}

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

test('a name that a codec cannot encode: what, where and why', (t) => {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const error = t.throws(() => context.set_alpn_protocols(['h\u00e9\u00e9!']), { instanceOf: UnicodeEncodeError });
  const { message, encoding, object, start, end, reason } = error as UnicodeEncodeError;
  // CPython 3.11: bytes('h\xe9\xe9!', 'ascii')
  t.is(message, "'ascii' codec can't encode characters in position 1-2: ordinal not in range(128)");
  t.deepEqual([encoding, object, start, end, reason], ['ascii', 'h\u00e9\u00e9!', 1, 3, 'ordinal not in range(128)']);
});
