/** select.afd: what Windows has in the place of epoll. The cases that all selectors share are in test_selectors.ts. */
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { FileExistsError, FileNotFoundError, OSError, ValueError } from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { tcpPair } from '../helpers/descriptors.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { NOT_OPEN, startWorker, testUnless } from '../helpers/peers.js';

const test = testUnless(select.afd === undefined && 'only Windows has afd');

checkLeaks(test);

const { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI } = native.constants.poll;
const bytes = (text: string) => Buffer.from(text);
/** It bounds a failure. */
const SOON_S = 60;

test('what is registered twice, or not at all, or is no socket', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  poller.register(a, POLLIN);
  t.throws(() => poller.register(a, POLLIN), { instanceOf: FileExistsError });
  t.throws(() => poller.modify(b, POLLIN), { instanceOf: FileNotFoundError });
  t.throws(() => poller.unregister(b), { instanceOf: FileNotFoundError });
  // The number of a file, numbers that nobody has, and an event that there is none of.
  for (const fd of [3, 999_996, 2 ** 31 - 1]) {
    t.throws(() => poller.register(fd, POLLIN), { instanceOf: OSError, code: NOT_OPEN.code });
  }
  t.throws(() => poller.register(b, 0x8000), { instanceOf: OSError, code: 'EINVAL' });
  poller.unregister(a);
  poller.register(a, POLLIN);
});

test('it is closed once, and then refuses', (t) => {
  const poller = new select.afd();
  const [a] = tcpPair(t);
  t.false(poller.closed);
  poller.close();
  poller.close();
  t.true(poller.closed);
  for (const call of [() => poller.register(a), () => poller.unregister(a), () => poller.poll(0)]) {
    t.throws(call, { instanceOf: ValueError, message: 'I/O operation on closed afd object' });
  }
});

test('level-triggered: an event is reported until its cause is gone', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  poller.register(a, POLLIN);
  t.deepEqual(poller.poll(0), []);
  b.send(bytes('xy'));
  for (let i = 0; i < 3; i++) t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLIN]]);
  a.recv(1);
  t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLIN]]);
  a.recv(1);
  t.deepEqual(poller.poll(0), []);
  b.close();
  for (let i = 0; i < 2; i++) t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLIN]]);
});

test('what is wanted can be more, less or other, and counts at once', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  const fd = a.fileno();
  poller.register(a, 0);
  t.deepEqual(poller.poll(0), []);
  poller.modify(a, POLLOUT);
  t.deepEqual(poller.poll(0), [[fd, POLLOUT]]);
  poller.modify(a, POLLIN);
  t.deepEqual(poller.poll(0), []);
  b.send(bytes('x'));
  t.deepEqual(poller.poll(SOON_S), [[fd, POLLIN]]);
  poller.modify(a, POLLIN | POLLOUT);
  t.deepEqual(poller.poll(0), [[fd, POLLIN | POLLOUT]]);
  poller.modify(a, 0);
  t.deepEqual(poller.poll(0), []);
});

test('a reset is told whatever is wanted, and so is a connect that failed', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  poller.register(a, 0);
  b.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Buffer.from([1, 0, 0, 0]));
  b.close();
  t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLERR | POLLHUP]]);
  poller.modify(a, POLLIN | POLLOUT);
  t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLIN | POLLOUT | POLLERR | POLLHUP]]);
  poller.unregister(a);
  using nobody = socket.create_server(['127.0.0.1', 0]);
  const address = nobody.getsockname();
  nobody.close();
  using client = new socket.socket();
  client.setblocking(false);
  t.is(client.connect_ex(address), errno.EWOULDBLOCK);
  poller.register(client, POLLOUT | POLLPRI);
  t.deepEqual(poller.poll(SOON_S), [[client.fileno(), POLLERR | POLLPRI]]);
});

test('urgent data', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  poller.register(a, POLLPRI);
  b.send(bytes('!'), socket.MSG_OOB);
  t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLPRI]]);
  t.is(String(a.recv(1, socket.MSG_OOB)), '!');
  t.deepEqual(poller.poll(0), []);
});

test('a socket that is closed is watched no longer, and its number is free for the next', (t) => {
  using poller = new select.afd();
  for (let i = 0; i < 50; i++) {
    const [a, b] = socket.socketpair();
    poller.register(a, POLLIN);
    b.send(bytes('x'));
    t.deepEqual(poller.poll(SOON_S), [[a.fileno(), POLLIN]]);
    a.close();
    t.deepEqual(poller.poll(0), []);
    b.close();
  }
});

test('another object of the same socket is watched by itself', (t) => {
  using poller = new select.afd();
  const [a, b] = tcpPair(t);
  using copy = a.dup();
  poller.register(a, POLLIN);
  poller.register(copy, POLLIN);
  b.send(bytes('x'));
  const found = new Set<number>();
  while (found.size < 2) for (const [fd] of poller.poll(SOON_S)) found.add(fd);
  t.deepEqual(found, new Set([a.fileno(), copy.fileno()]));
  a.close();
  t.deepEqual(poller.poll(SOON_S), [[copy.fileno(), POLLIN]]);
});

test('what has no room is reported by a later call', (t) => {
  using poller = new select.afd();
  const pairs = Array.from({ length: 10 }, () => tcpPair(t));
  for (const [a] of pairs) poller.register(a, POLLOUT);
  t.is(poller.poll(0, 3).length, 3);
  const events = new Int32Array(8);
  const seen = new Set<number>();
  while (seen.size < 10) {
    const count = poller.poll_into(events, SOON_S);
    t.true(count >= 1 && count <= 4);
    for (let i = 0; i < count; i++) seen.add(events[2 * i]);
  }
  t.true(pairs.every(([a]) => seen.has(a.fileno())));
});

test('1,000 connections', (t) => {
  using poller = new select.afd();
  const pairs = Array.from({ length: 1000 }, () => socket.socketpair());
  for (const [a] of pairs) poller.register(a, POLLIN);
  t.deepEqual(poller.poll(0), []);
  for (const [, b] of pairs) b.send(bytes('x'));
  const seen = new Set<number>();
  while (seen.size < pairs.length) for (const [fd] of poller.poll(SOON_S)) seen.add(fd);
  for (const [a] of pairs) a.recv(1);
  t.deepEqual(poller.poll(0), []);
  for (const [a, b] of pairs) {
    b.close();
    a.close();
  }
  t.deepEqual(poller.poll(0), []);
});

test.serial('10,000 connections that come and go leave nothing behind', (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname();
  using poller = new select.afd();
  const before = openDescriptors().size;
  for (let i = 0; i < 10_000; i++) {
    const client = new socket.socket();
    client.connect(address);
    const [server] = listener.accept();
    poller.register(server, POLLIN);
    client.close();
    if (i % 10 === 0) t.is(poller.poll(SOON_S).length, 1);
    server.close();
  }
  t.is(openDescriptors().size, before);
});

test('a worker that waits can be terminated', async (t) => {
  const worker = startWorker(`
    const poller = new berkeley.select.afd();
    const [a] = berkeley.socket.socketpair();
    poller.register(a, berkeley.select.afd.POLLIN);
    send('waits');
    poller.poll();
  `);
  t.is(await worker.next(), 'waits');
  t.is(await worker.stop(), 1);
});
