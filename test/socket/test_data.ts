/** Bytes: every call that receives and sends, with the flags that matter, gathered and scattered, small and very large. */
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import test from 'ava';
import * as errno from '../../lib/constants/errno.js';
import type { OSError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  hasCommand,
  NO_DONTWAIT,
  NO_UNIX,
  onWindows,
  spawnPeer,
  startWorker,
  systemMessage,
  testUnless,
} from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SOCK_DGRAM, SOCK_STREAM } = socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** A connected pair that the test closes by itself, if it does not close it before. */
function pair(type: number = SOCK_STREAM) {
  const [a, b] = pairOf(type);
  return disposable(a, b);
}

/** The same over TCP. */
function tcpPair() {
  using server = socket.create_server(['127.0.0.1', 0]);
  const a = socket.create_connection(server.getsockname() as [string, number]);
  const [b] = server.accept();
  return disposable(a, b);
}

function disposable(a: socket.socket, b: socket.socket) {
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

// ---- receiving -------------------------------------------------------------------------------------------------------

test('recv returns what came, no more than asked for, and nothing at the end', (t) => {
  using ends = pair();
  ends.a.send(bytes('abcdefgh'));
  t.deepEqual(ends.b.recv(3), bytes('abc'));
  t.deepEqual(ends.b.recv(100), bytes('defgh'));
  ends.a.close();
  t.deepEqual(ends.b.recv(100), bytes(''));
  t.deepEqual(ends.b.recv(100), bytes(''));
});

test('recv of nothing returns nothing at once', (t) => {
  using ends = pair();
  t.deepEqual(ends.a.recv(0), bytes(''));
});

test('each recv has memory of its own, however little or much it is', (t) => {
  using ends = pair();
  const results: [received: Buffer, expected: Buffer][] = [];
  for (const size of [1, 100, 5000, 70_000, 150_000]) {
    const expected = Buffer.alloc(size, size % 251);
    ends.a.sendall(expected);
    results.push([ends.b.recv(size, MSG_WAITALL), expected]);
  }
  for (const [received, expected] of results) t.true(received.equals(expected), `${expected.length}`);
});

test('a little received into a lot of room does not keep the room', (t) => {
  using ends = pair();
  for (const room of [1 << 16, 1 << 24]) {
    ends.a.send(bytes('hello'));
    const before = Buffer.allocUnsafe(1);
    const received = ends.b.recv(room);
    const after = Buffer.allocUnsafe(1);
    t.deepEqual(received, bytes('hello'));
    // It lies where Node.js puts small buffers, whose size differs from version to version.
    t.true(
      received.buffer === before.buffer || received.buffer === after.buffer,
      `${received.buffer.byteLength} bytes`,
    );
  }
});

test('recv_into fills any kind of buffer, in part or whole', (t) => {
  using ends = pair();
  const wholes = [
    Buffer.alloc(4),
    new Uint8Array(4),
    new ArrayBuffer(4),
    new SharedArrayBuffer(4),
    new DataView(new ArrayBuffer(4)),
    new Uint16Array(2),
  ];
  for (const whole of wholes) {
    ends.a.send(bytes('abcdef'));
    t.is(ends.b.recv_into(whole), 4);
    const view = ArrayBuffer.isView(whole) ? whole : new Uint8Array(whole);
    t.is(Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString(), 'abcd');
    t.is(ends.b.recv(10).toString(), 'ef');
  }
  const buffer = bytes('________');
  ends.a.send(bytes('abcdef'));
  t.is(ends.b.recv_into(buffer.subarray(2, 6), 3), 3);
  t.is(buffer.toString('latin1'), '__abc___');
  t.is(ends.b.recv_into(buffer, { nbytes: 2 }), 2);
  t.is(buffer.toString('latin1'), 'deabc___');
  t.is(ends.b.recv_into(buffer, { flags: MSG_PEEK }), 1);
  t.is(ends.b.recv_into(buffer, 8, MSG_DONTWAIT ?? 0), 1);
  t.is(buffer.toString('latin1'), 'feabc___');
  t.is(ends.b.recv_into(Buffer.alloc(0)), 0);
});

test('recvfrom and recvfrom_into tell the sender', (t) => {
  using one = new socket.socket(AF_INET, SOCK_DGRAM);
  using other = new socket.socket(AF_INET, SOCK_DGRAM);
  one.bind(['127.0.0.1', 0]);
  other.bind(['127.0.0.1', 0]);
  const from = one.getsockname();
  const send = (text: string) => one.sendto(bytes(text), other.getsockname());
  send('first');
  t.deepEqual(other.recvfrom(100), [bytes('first'), from]);
  send('second');
  t.deepEqual(other.recvfrom(1 << 20), [bytes('second'), from]);
  send('third');
  const buffer = bytes('________');
  t.deepEqual(other.recvfrom_into(buffer), [5, from]);
  t.is(buffer.toString(), 'third___');
  send('fourth');
  if (IS_WINDOWS) {
    t.throws(() => other.recvfrom_into(buffer, 2), { code: 'EMSGSIZE' });
    return;
  }
  t.deepEqual(other.recvfrom_into(buffer, 2), [2, from]);
  t.is(buffer.toString(), 'foird___');
});

test('a stream has no sender to tell', (t) => {
  using ends = tcpPair();
  ends.a.send(bytes('abc'));
  t.deepEqual(ends.b.recvfrom(10), [bytes('abc'), null]);
  using unix = pair();
  unix.a.send(bytes('abc'));
  t.deepEqual(unix.b.recvfrom(10), [bytes('abc'), null]);
});

test('recvmsg_into scatters over the buffers, one after the other', (t) => {
  using ends = pair();
  ends.a.send(bytes('abcdefghij'));
  const buffers = [bytes('__'), bytes(''), bytes('___'), bytes('________')];
  t.deepEqual(ends.b.recvmsg_into(buffers), [10, [], 0, null]);
  t.deepEqual(buffers.map(String), ['ab', '', 'cde', 'fghij___']);
  ends.a.send(bytes('x'));
  t.deepEqual(ends.b.recvmsg_into([]), [0, [], 0, null]);
  t.deepEqual(ends.b.recv(10), bytes('x'));
});

test('recvmsg_into takes any iterable, and refuses what is none', (t) => {
  using ends = pair();
  ends.a.send(bytes('abc'));
  const buffers = [Buffer.alloc(1), Buffer.alloc(2)];
  t.is(ends.b.recvmsg_into(new Set(buffers))[0], 3);
  t.deepEqual(buffers.map(String), ['a', 'bc']);
});

// ---- flags -----------------------------------------------------------------------------------------------------------

test('MSG_PEEK leaves what it shows', (t) => {
  using ends = pair();
  ends.a.send(bytes('abc'));
  t.deepEqual(ends.b.recv(2, MSG_PEEK), bytes('ab'));
  t.deepEqual(ends.b.recvfrom(10, MSG_PEEK)[0], bytes('abc'));
  t.deepEqual(ends.b.recvmsg(10, 0, MSG_PEEK)[0], bytes('abc'));
  t.deepEqual(ends.b.recv(10), bytes('abc'));
});

testUnless(NO_DONTWAIT)('MSG_DONTWAIT does not wait on a blocking socket', (t) => {
  using ends = pair();
  const again = { name: 'BlockingIOError', message: systemMessage(errno.EAGAIN, 'Resource temporarily unavailable') };
  t.throws(() => ends.a.recv(1, MSG_DONTWAIT), again);
  t.throws(() => ends.a.recvfrom_into(Buffer.alloc(1), 0, MSG_DONTWAIT), again);
  t.throws(() => ends.a.recvmsg(1, 0, MSG_DONTWAIT), again);
  t.throws(() => {
    for (;;) ends.a.send(Buffer.alloc(65536), MSG_DONTWAIT);
  }, again);
});

test('MSG_WAITALL waits for all that was asked for, or the end', async (t) => {
  using ends = tcpPair();
  const peer = startWorker(
    `const sock = new berkeley.socket.socket({ fileno: data });
    for (const part of ['abc', 'def', 'ghi', 'j']) {
      sock.send(Buffer.from(part));
      send(part);
      if (part !== 'j') await receive();
    }
    sock.close();`,
    ends.a.detach(),
  );
  for (const part of ['abc', 'def']) {
    t.is(await peer.next(), part);
    peer.send('go on');
  }
  t.deepEqual(ends.b.recv(9, MSG_WAITALL), bytes('abcdefghi'));
  t.is(await peer.next(), 'ghi');
  peer.send('go on');
  t.deepEqual(ends.b.recv(100, MSG_WAITALL), bytes('j'));
  await peer.exit;
});

testUnless(onWindows('it does not tell how long a message was'))(
  'MSG_TRUNC tells the true length of a datagram, and discards a stream',
  (t) => {
    using datagrams = pair(SOCK_DGRAM);
    datagrams.a.send(bytes('abcdefgh'));
    datagrams.a.send(bytes('abcdefgh'));
    datagrams.a.send(bytes('abcdefgh'));
    const buffer = bytes('________');
    t.is(datagrams.b.recv_into(buffer, 3, MSG_TRUNC), 8);
    t.is(buffer.toString(), 'abc_____');
    t.deepEqual(datagrams.b.recvmsg(3), [bytes('abc'), [], MSG_TRUNC, null]);
    t.deepEqual(datagrams.b.recvmsg(8), [bytes('abcdefgh'), [], 0, null]);
    using stream = tcpPair();
    stream.a.send(bytes('abcdefgh'));
    t.is(stream.b.recv_into(buffer, 5, MSG_TRUNC), 5);
    t.is(buffer.toString(), 'abc_____');
    t.deepEqual(stream.b.recv(10), bytes('fgh'));
  },
);

testUnless(onWindows('it does not tell how long a message was'))(
  'MSG_TRUNC shows no memory beyond the room that there was',
  (t) => {
    // CPython returns the true length here, with whatever lies behind the room.
    using ends = pair(SOCK_DGRAM);
    for (let i = 0; i < 3; i++) ends.a.send(bytes('abcdefgh'));
    t.deepEqual(ends.b.recv(3, MSG_TRUNC), bytes('abc'));
    t.deepEqual(ends.b.recvfrom(3, MSG_TRUNC)[0], bytes('abc'));
    t.deepEqual(ends.b.recvmsg(3, 0, MSG_TRUNC)[0], bytes('abc'));
  },
);

testUnless(NO_UNIX)('a record ends where it ends: MSG_EOR, sequential packets', (t) => {
  using ends = pair(socket.SOCK_SEQPACKET);
  ends.a.send(bytes('one'), socket.MSG_EOR);
  ends.a.send(bytes('two'));
  const [data, , flags] = ends.b.recvmsg(100);
  t.deepEqual(data, bytes('one'));
  t.is(flags & ~(socket.MSG_EOR as number), 0);
  t.deepEqual(ends.b.recv(100), bytes('two'));
});

test('out-of-band data goes past the rest: MSG_OOB, SO_OOBINLINE, POLLPRI', (t) => {
  using ends = tcpPair();
  ends.b.settimeout(60);
  ends.a.send(bytes('normal'));
  ends.a.send(bytes('!'), MSG_OOB);
  t.deepEqual(select.select([], [], [ends.b], 60), [[], [], [ends.b]]);
  t.deepEqual(ends.b.recv(1, MSG_OOB), bytes('!'));
  t.deepEqual(ends.b.recv(100), bytes('normal'));
  // As CPython: under a timeout, a call waits for what is not urgent.
  ends.b.settimeout(0.01);
  t.throws(() => ends.b.recv(1, MSG_OOB), { name: 'TimeoutError', message: 'timed out' });
  const none = IS_WINDOWS ? { name: 'BlockingIOError' } : { name: 'OSError', code: 'EINVAL' };
  for (const timeout of [0, null]) {
    ends.b.settimeout(timeout);
    t.throws(() => ends.b.recv(1, MSG_OOB), none);
  }
  using inline = tcpPair();
  inline.b.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1);
  inline.a.send(bytes('?'), MSG_OOB);
  t.deepEqual(inline.b.recv(100), bytes('?'));
});

// ---- sending ---------------------------------------------------------------------------------------------------------

test('send and sendall take every kind of bytes', (t) => {
  using ends = pair();
  const word = Uint16Array.of(0x6261);
  for (const data of [bytes('ab'), new Uint8Array(bytes('ab')), word, word.buffer, new DataView(word.buffer)]) {
    t.is(ends.a.send(data), 2);
    t.is(ends.a.sendall(data), null);
    t.deepEqual(ends.b.recv(4, MSG_WAITALL), bytes('abab'));
  }
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set(bytes('cd'));
  t.is(ends.a.send(shared), 2);
  t.deepEqual(ends.b.recv(4), bytes('cd'));
  t.throws(() => ends.a.send('text' as never), {
    name: 'TypeError',
    message: "a bytes-like object is required, not 'str'",
  });
});

test('sending nothing is no error, and an empty datagram is one', (t) => {
  using stream = pair();
  t.is(stream.a.send(bytes('')), 0);
  t.is(stream.a.sendall(bytes('')), null);
  using datagrams = pair(SOCK_DGRAM);
  t.is(datagrams.a.send(bytes('')), 0);
  t.is(datagrams.a.sendmsg([]), 0);
  t.is(datagrams.a.sendmsg([bytes(''), bytes('')]), 0);
  for (let i = 0; i < 3; i++) t.deepEqual(datagrams.b.recv(10, MSG_DONTWAIT ?? 0), bytes(''));
});

test('sendmsg gathers the buffers', (t) => {
  using ends = pair(SOCK_DGRAM);
  t.is(ends.a.sendmsg([bytes('ab'), bytes(''), new DataView(Uint8Array.of(99, 100).buffer), bytes('ef')]), 6);
  t.deepEqual(ends.b.recv(100), bytes('abcdef'));
  t.is(ends.a.sendmsg(new Set([bytes('g'), bytes('h')])), 2);
  t.deepEqual(ends.b.recv(100), bytes('gh'));
  // IOV_MAX is 1024.
  t.is(ends.a.sendmsg(Array.from({ length: 1024 }, () => bytes('x'))), 1024);
  t.is(ends.b.recv(2000).length, 1024);
  t.throws(() => ends.a.sendmsg(Array.from({ length: 1025 }, () => bytes('x'))), { name: 'OSError', code: 'EMSGSIZE' });
});

test('sendmsg sends to an address', (t) => {
  using receiver = new socket.socket(AF_INET, SOCK_DGRAM);
  receiver.bind(['127.0.0.1', 0]);
  using sender = new socket.socket(AF_INET, SOCK_DGRAM);
  t.is(sender.sendmsg([bytes('to '), bytes('you')], [], 0, receiver.getsockname()), 6);
  t.deepEqual(receiver.recvfrom(100), [bytes('to you'), ['127.0.0.1', (sender.getsockname() as number[])[1]]]);
});

test('a datagram that is too large is refused', (t) => {
  using sock = new socket.socket(AF_INET, SOCK_DGRAM);
  sock.bind(['127.0.0.1', 0]);
  t.throws(() => sock.sendto(Buffer.alloc(70_000), sock.getsockname()), {
    name: 'OSError',
    message: systemMessage(errno.EMSGSIZE, 'Message too long'),
  });
});

testUnless(onWindows('sends go on until a reset has come'))(
  'a peer that is gone: BrokenPipeError, ConnectionResetError, and no SIGPIPE',
  (t) => {
    using ends = pair();
    ends.b.close();
    const broken = { name: 'BrokenPipeError', message: systemMessage(errno.EPIPE, 'Broken pipe') };
    t.throws(() => ends.a.send(bytes('x')), broken);
    t.throws(() => ends.a.sendall(bytes('x')), broken);
    t.throws(() => ends.a.sendmsg([bytes('x')]), broken);
    using tcp = tcpPair();
    tcp.b.send(bytes('unread'));
    tcp.a.close(); // with data unread: TCP sends a reset (RFC 1122, 4.2.2.13)
    t.throws(() => tcp.b.recv(10), {
      name: 'ConnectionResetError',
      message: systemMessage(errno.ECONNRESET, 'Connection reset by peer'),
    });
  },
);

// Windows' is WSAECONNRESET; under Wine nobody who waits is told of it.
testUnless(onWindows('the error is another one there'))(
  'a refused datagram comes back as an error of the next call',
  (t) => {
    using gone = new socket.socket(AF_INET, SOCK_DGRAM);
    gone.bind(['127.0.0.1', 0]);
    using sock = new socket.socket(AF_INET, SOCK_DGRAM);
    sock.settimeout(60);
    sock.connect(gone.getsockname());
    gone.close();
    sock.send(bytes('x'));
    t.throws(() => sock.recv(10), {
      name: 'ConnectionRefusedError',
      message: systemMessage(errno.ECONNREFUSED, 'Connection refused'),
    });
  },
);

// ---- a lot -----------------------------------------------------------------------------------------------------------

const LOT = 1 << 26;

/** Reads everything from descriptor 3 and prints how much it was and its SHA-256. */
const DIGEST = `import hashlib, socket
sock = socket.socket(fileno=3)
digest, total = hashlib.sha256(), 0
print('ready', flush=True)
while data := sock.recv(1 << 16):
    digest.update(data)
    total += len(data)
print(total, digest.hexdigest(), flush=True)
`;

/** Bytes that no shift or gap leaves the same. */
function lot(): Buffer {
  const block = randomBytes(1 << 20);
  const blocks = Array.from({ length: LOT >> 20 }, (_, i) => {
    block.writeUInt32LE(i);
    return Buffer.from(block);
  });
  return Buffer.concat(blocks);
}

const ways: [name: string, send: (sock: socket.socket, data: Buffer) => void][] = [
  ['sendall of a blocking socket', (sock, data) => sock.sendall(data)],
  [
    'send of a blocking socket, which sends all, as the kernel does',
    (sock, data) => {
      const sent = sock.send(data);
      if (sent !== data.length) throw new Error(`${sent} bytes`);
    },
  ],
  [
    'sendall under a timeout',
    (sock, data) => {
      sock.settimeout(60);
      sock.sendall(data);
    },
  ],
  [
    'partial sends under a timeout',
    (sock, data) => {
      sock.settimeout(60);
      for (let at = 0; at < data.length; ) at += sock.send(data.subarray(at));
    },
  ],
  [
    'partial sends of a nonblocking socket',
    (sock, data) => {
      sock.setblocking(false);
      for (let at = 0; at < data.length; ) at += sendWhenPossible(sock, data.subarray(at));
    },
  ],
  [
    'sendmsg of 64 parts, until all are sent',
    (sock, data) => {
      sock.settimeout(60);
      const size = data.length / 64;
      for (let at = 0; at < data.length; ) {
        const parts = [];
        for (let i = Math.floor(at / size); i < 64; i++)
          parts.push(data.subarray(Math.max(at, i * size), (i + 1) * size));
        at += sock.sendmsg(parts);
      }
    },
  ],
];

function sendWhenPossible(sock: socket.socket, data: Uint8Array): number {
  try {
    return sock.send(data);
  } catch (error) {
    if ((error as OSError).errno !== errno.EAGAIN) throw error;
    select.select([], [sock], []);
    return 0;
  }
}

for (const [name, send] of ways) {
  testWithPython.serial(`64 MiB arrive whole: ${name}`, async (t) => {
    const data = lot();
    using ends = tcpPair();
    const peer = spawnPeer('python3', ['-c', DIGEST], {}, [ends.b.fileno()]);
    t.is(await peer.line(), 'ready');
    send(ends.a, data);
    ends.a.close();
    t.is(await peer.line(), `${LOT} ${createHash('sha256').update(data).digest('hex')}`);
    t.is(await peer.exit, 0);
  });
}

testWithPython.serial('64 MiB from CPython arrive whole, in whatever pieces', async (t) => {
  using ends = pair();
  const script = `import hashlib, os, socket
sock = socket.socket(fileno=3)
data = os.urandom(1 << 20) * 64
print(hashlib.sha256(data).hexdigest(), flush=True)
sock.sendall(data)
`;
  const peer = spawnPeer('python3', ['-c', script], {}, [ends.b.fileno()]);
  const expected = await peer.line();
  ends.b.close();
  const digest = createHash('sha256');
  const buffer = Buffer.alloc(100_000);
  let total = 0;
  for (let turn = 0; ; turn++) {
    const data = turn % 2 === 0 ? buffer.subarray(0, ends.a.recv_into(buffer)) : ends.a.recv(1 << (turn % 22));
    if (data.length === 0) break;
    digest.update(data);
    total += data.length;
  }
  t.is(total, LOT);
  t.is(digest.digest('hex'), expected);
  t.is(await peer.exit, 0);
});

// ---- threads and foreign peers -----------------------------------------------------------------------------------------

test.serial('two threads on one descriptor: one sends while the other receives', async (t) => {
  using ends = tcpPair();
  // The worker uses the very number of this thread's socket: it may, and must not close it.
  const receiver = startWorker(
    `const sock = new berkeley.socket.socket({ fileno: data });
    send('ready');
    let total = 0;
    while (total < 8 << 20) total += sock.recv(65536).length;
    sock.detach();
    send(total);`,
    ends.a.fileno(),
  );
  const echo = startWorker(
    `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_INET, berkeley.socket.SOCK_STREAM);
    send('ready');
    for (let total = 0; total < 8 << 20; ) {
      const data = sock.recv(65536);
      sock.sendall(data);
      total += data.length;
    }
    sock.close();`,
    ends.b.fileno(),
  );
  t.is(await receiver.next(), 'ready');
  t.is(await echo.next(), 'ready');
  ends.a.sendall(Buffer.alloc(8 << 20));
  t.is(await receiver.next(), 8 << 20);
  t.is(await echo.exit, 0);
  t.is(await receiver.exit, 0);
  ends.a.send(bytes('still open'));
  t.deepEqual(ends.b.recv(100), bytes('still open'));
});

testUnless(NO_UNIX).serial(
  'many threads receive from one descriptor: every datagram goes to exactly one',
  async (t) => {
    using ends = pair(SOCK_DGRAM);
    const workers = Array.from({ length: 3 }, () =>
      startWorker(
        `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_DGRAM);
      send('ready');
      const got = [];
      for (let text; (text = sock.recv(100).toString()) !== 'end'; ) got.push(Number(text));
      sock.close();
      send(got);`,
        ends.b.fileno(),
      ),
    );
    for (const worker of workers) t.is(await worker.next(), 'ready');
    for (let i = 0; i < 2000; i++) ends.a.send(bytes(String(i)));
    for (const _ of workers) ends.a.send(bytes('end'));
    const got = await Promise.all(workers.map((worker) => worker.next<number[]>()));
    t.deepEqual(
      got.flat().sort((x, y) => x - y),
      Array.from({ length: 2000 }, (_, i) => i),
    );
  },
);

test('a socket of node:net in the same process is the other end', async (t) => {
  const server = net.createServer((connection) => {
    connection.on('data', (data) => connection.end(Buffer.from(data).reverse()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const worker = startWorker(
    `const sock = berkeley.socket.create_connection(['127.0.0.1', data]);
    sock.sendall(Buffer.from('abc'));
    send(sock.recv(3, berkeley.socket.MSG_WAITALL).toString());
    send(sock.recv(1).length);
    sock.close();`,
    (server.address() as net.AddressInfo).port,
  );
  t.is(await worker.next(), 'cba');
  t.is(await worker.next(), 0);
  await worker.exit;
});

testUnless(!hasCommand('curl') && 'curl is not installed')('curl gets a page from a blocking server', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const [, port] = server.getsockname() as [string, number];
  const curl = spawnPeer('curl', ['--silent', '--show-error', '--noproxy', '*', `http://127.0.0.1:${port}/a/page`]);
  server.settimeout(60);
  const [connection] = server.accept();
  using _ = connection;
  connection.settimeout(60);
  let request = '';
  while (!request.includes('\r\n\r\n')) request += connection.recv(4096).toString('latin1');
  t.regex(request, /^GET \/a\/page HTTP\/1\.1\r\n/);
  connection.sendall(bytes('HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n'));
  t.is(await curl.line(), 'hello');
  t.is(await curl.exit, 0);
});
