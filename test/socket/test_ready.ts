/** When a socket is ready: level-triggered, as poll tells it, for each kind of stream and in both directions at once. */
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { BlockingIOError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_RDHUP, NO_UNIX, onWindows, skip, testUnless } from '../helpers/peers.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const { POLLERR, POLLHUP, POLLIN, POLLOUT } = native.constants.poll;
const POLLRDHUP = select.POLLRDHUP as number;
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** What a socket is ready for now; with `patience`, as soon as it is ready for anything. */
function readiness(sock: socket.socket, patienceMs = 0, events = POLLIN | POLLOUT): number {
  return native.pollOne(sock.fileno(), events, patienceMs);
}
const isReadable = (sock: socket.socket, patienceMs = 0) => (readiness(sock, patienceMs, POLLIN) & POLLIN) !== 0;
const isWritable = (sock: socket.socket, patienceMs = 0) => (readiness(sock, patienceMs, POLLOUT) & POLLOUT) !== 0;
/** How long what another end does may take to arrive over the loopback, in milliseconds: it bounds a failure. */
const SOON_MS = 60_000;

/** How long a full socket is watched: what TCP has taken may still move on to the other end and make room. */
const SETTLED_MS = 20;

/** Sends until the socket takes no more; how many bytes that were. */
function fill(sock: socket.socket): number {
  sock.setblocking(false);
  let total = 0;
  do {
    try {
      for (;;) total += sock.send(Buffer.alloc(65_536));
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
  } while (isWritable(sock, SETTLED_MS));
  return total;
}

/** Receives exactly so much. */
function take(sock: socket.socket, count: number): void {
  sock.setblocking(true);
  for (let left = count; left > 0; ) left -= sock.recv(Math.min(left, 1 << 20)).length;
}

const kinds = [
  ['TCP over IPv4', AF_INET, ['127.0.0.1', 0]],
  ['TCP over IPv6', AF_INET6, ['::1', 0]],
  ['Unix', AF_UNIX, ''],
] as const;
/** Why this machine has no such kind. */
const lacking = (name: string) => name === 'Unix' && NO_UNIX;

/** A listener and nothing yet; undefined where this machine lacks the family. */
function listener(family: number, address: socket.Address): socket.socket | undefined {
  const server = new socket.socket(family, SOCK_STREAM);
  try {
    server.bind(address);
    server.listen();
    return server;
  } catch {
    server.close();
    return undefined;
  }
}

function connected(server: socket.socket): [socket.socket, socket.socket] {
  const client = new socket.socket(server.family, SOCK_STREAM);
  client.connect(server.getsockname());
  return [client, server.accept()[0]];
}

for (const [name, family, address] of kinds) {
  testUnless(lacking(name))(`${name}: a listener is readable while a connection waits to be accepted`, (t) => {
    using server = listener(family, address);
    if (server === undefined) return skip(t, `no ${name} here`);
    t.false(isReadable(server));
    using first = new socket.socket(family, SOCK_STREAM);
    first.connect(server.getsockname());
    t.true(isReadable(server, SOON_MS));
    t.true(isReadable(server), 'level-triggered: it is told again');
    using second = new socket.socket(family, SOCK_STREAM);
    second.connect(server.getsockname());
    server.accept()[0].close();
    t.true(isReadable(server, SOON_MS), 'the second one waits');
    server.accept()[0].close();
    t.false(isReadable(server));
  });

  testUnless(lacking(name))(
    `${name}: readable while there is anything to read, writable while there is room, both ways at once`,
    (t) => {
      using server = listener(family, address);
      if (server === undefined) return skip(t, `no ${name} here`);
      const [a, b] = connected(server);
      using _a = a;
      using _b = b;
      t.is(readiness(a), POLLOUT);
      t.is(readiness(b), POLLOUT);
      const [fromA, fromB] = [fill(a), fill(b)];
      t.false(isWritable(a));
      t.false(isWritable(b));
      t.true(isReadable(a, SOON_MS) && isReadable(b, SOON_MS));
      take(b, Math.floor(fromA / 2));
      t.true(isReadable(b, SOON_MS), 'half is left');
      take(b, fromA - Math.floor(fromA / 2));
      t.false(isReadable(b));
      t.true(isWritable(a, SOON_MS));
      t.false(isWritable(b), 'the other direction is as full as before');
      t.true(isReadable(a));
      take(a, fromB);
      t.false(isReadable(a));
      t.true(isWritable(b, SOON_MS));
      t.is(readiness(a), POLLOUT);
      t.is(readiness(b), POLLOUT);
    },
  );

  testUnless(lacking(name) || NO_RDHUP)(`${name}: an end is readable, a closed peer hangs up`, (t) => {
    using server = listener(family, address);
    if (server === undefined) return skip(t, `no ${name} here`);
    const [a, b] = connected(server);
    using _a = a;
    using _b = b;
    b.send(bytes('last words'));
    b.shutdown(socket.SHUT_WR);
    t.is(readiness(a, SOON_MS, POLLIN | POLLRDHUP) & POLLIN, POLLIN);
    t.is(readiness(a, SOON_MS, POLLRDHUP), POLLRDHUP);
    t.deepEqual(a.recv(100), bytes('last words'));
    t.true(isReadable(a), 'the end is to be read');
    t.deepEqual(a.recv(100), bytes(''));
    t.true(isReadable(a), 'again and again');
    t.is(readiness(a, 0, 0) & POLLHUP, 0, 'one direction is open still');
    a.shutdown(socket.SHUT_WR);
    t.is(readiness(a, SOON_MS, 0), POLLHUP);
  });
}

testUnless(NO_UNIX)('a datagram socket is readable as long as datagrams wait', (t) => {
  const [a, b] = pairOf(SOCK_DGRAM);
  using _a = a;
  using _b = b;
  t.is(readiness(b), POLLOUT);
  a.send(bytes('one'));
  a.send(bytes(''));
  t.is(readiness(b), POLLIN | POLLOUT);
  b.recv(1);
  t.true(isReadable(b), 'an empty datagram is one, too');
  b.recv(1);
  t.false(isReadable(b));
});

test('a connection in progress becomes writable, one that is refused has an error', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = new socket.socket();
  client.setblocking(false);
  client.connect_ex(server.getsockname());
  t.is(readiness(client, SOON_MS, POLLOUT), POLLOUT);
  using refused = new socket.socket();
  refused.setblocking(false);
  using nobody = new socket.socket();
  nobody.bind(['127.0.0.1', 0]);
  refused.connect_ex(nobody.getsockname());
  t.is(readiness(refused, SOON_MS, 0) & POLLERR, POLLERR);
  t.is(refused.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), errno.ECONNREFUSED);
  if (!IS_WINDOWS) t.is(readiness(refused, 0, 0) & POLLERR, 0, 'SO_ERROR takes the error away');
});

testUnless(onWindows('such a socket is ready for nothing'))(
  'a socket that is not connected hangs up (poll(2) on Linux)',
  (t) => {
    using sock = new socket.socket();
    t.is(readiness(sock), POLLOUT | POLLHUP);
  },
);

test('two pollers see the same socket, and another object of it', (t) => {
  const [a, b] = socket.socketpair();
  using _a = a;
  using _b = b;
  using copy = a.dup();
  b.send(bytes('x'));
  t.true(isReadable(a) && isReadable(copy));
  copy.recv(1);
  t.false(isReadable(a) || isReadable(copy));
});
