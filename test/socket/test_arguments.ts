/** Wrong arguments, refused as CPython refuses them. */
import test from 'ava';
import * as socket from '../../lib/socket/index.js';
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
  const file = sock.makefile(mode as 'r');
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
  ],
  'a, b = socket.socketpair()',
);

testTwins('CMSG_LEN and CMSG_SPACE refuse what would not fit into a socklen_t', [
  ['socket.CMSG_SPACE(2147483623)', () => socket.CMSG_SPACE(2147483623)],
  ['socket.CMSG_SPACE(2147483624)', () => socket.CMSG_SPACE(2147483624)],
  ['socket.CMSG_LEN(2147483631)', () => socket.CMSG_LEN(2147483631)],
  ['socket.CMSG_LEN(2147483632)', () => socket.CMSG_LEN(2147483632)],
]);

testTwins('getaddrinfo refuses a service name that is no text', [
  ["socket.getaddrinfo('localhost', '\\ud800')", () => socket.getaddrinfo('localhost', '\ud800')],
  ["socket.getaddrinfo('localhost', '\\udc80')", () => socket.getaddrinfo('localhost', '\udc80')],
]);
