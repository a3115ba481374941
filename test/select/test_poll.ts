/** select.poll. The cases that all pollers share are in test_selectors.ts. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import * as errno from '../../lib/constants/errno.js';
import { FileNotFoundError, KeyError, ValueError } from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { fifo, manyPairs, tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_POLL, systemMessage, testUnless } from '../helpers/peers.js';
import { testTwins } from '../helpers/twin.js';

const test = testUnless(NO_POLL);

checkLeaks(test);

const { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDHUP } = select;

test('events come as pairs of a number and a mask, in the order of registration', (t) => {
  const [a, b] = unixPair(t);
  const [c, d] = unixPair(t);
  b.send(Buffer.from('x'));
  const poller = new select.poll();
  for (const sock of [d, c, b, a]) poller.register(sock);
  t.deepEqual(poller.poll(), [
    [d.fileno(), POLLOUT],
    [c.fileno(), POLLOUT],
    [b.fileno(), POLLOUT],
    [a.fileno(), POLLIN | POLLOUT],
  ]);
});

test('without a mask, POLLIN, POLLPRI and POLLOUT are waited for', (t) => {
  const [a, b] = tcpPair(t);
  const poller = new select.poll();
  poller.register(b);
  a.send(Buffer.from('!'), socket.MSG_OOB);
  const urgent = new select.poll();
  urgent.register(b, POLLPRI);
  t.deepEqual(urgent.poll(), [[b.fileno(), POLLPRI]]);
  t.deepEqual(poller.poll(), [[b.fileno(), POLLPRI | POLLOUT]]);
  b.recv(1, socket.MSG_OOB);
  a.send(Buffer.from('x'));
  t.deepEqual(select.select([b], [], [], null)[0], [b]);
  t.deepEqual(poller.poll(), [[b.fileno(), POLLIN | POLLOUT]]);
});

test('registering again replaces the mask and keeps the place', (t) => {
  const [a, b] = unixPair(t);
  const poller = new select.poll();
  poller.register(a, POLLIN);
  poller.register(b, POLLOUT);
  poller.register(a, POLLOUT);
  t.deepEqual(poller.poll(0), [
    [a.fileno(), POLLOUT],
    [b.fileno(), POLLOUT],
  ]);
});

test('modify changes the mask, unregister ends the watch', (t) => {
  const [a] = unixPair(t);
  const poller = new select.poll();
  t.is(poller.register(a, POLLIN), undefined);
  t.deepEqual(poller.poll(0), []);
  t.is(poller.modify(a.fileno(), POLLOUT), undefined);
  t.deepEqual(poller.poll(0), [[a.fileno(), POLLOUT]]);
  t.is(poller.unregister(a), undefined);
  t.deepEqual(poller.poll(0), []);
});

test('what is not registered: KeyError from unregister, ENOENT from modify', (t) => {
  const [a] = unixPair(t);
  const poller = new select.poll();
  const error = t.throws(() => poller.unregister(a), { instanceOf: KeyError });
  t.is(error.key, a.fileno());
  t.is(error.message, String(a.fileno()));
  t.throws(() => poller.modify(a, POLLIN), {
    instanceOf: FileNotFoundError,
    message: systemMessage(errno.ENOENT, 'No such file or directory'),
  });
});

test('errors and hang-ups are reported unasked', (t) => {
  const { read, write } = fifo(t);
  const poller = new select.poll();
  poller.register(read, 0);
  poller.register(write, 0);
  t.deepEqual(poller.poll(0), []);
  closeSync(read);
  t.deepEqual(poller.poll(), [
    [read, POLLNVAL],
    [write, POLLERR],
  ]);
  closeSync(write);
});

test('a mask of 16 bits: POLLRDHUP, and the sign bit does no harm', (t) => {
  const [a, b] = unixPair(t);
  const poller = new select.poll();
  poller.register(a, 0xffff);
  b.shutdown(socket.SHUT_WR);
  const [[fd, events]] = poller.poll();
  t.is(fd, a.fileno());
  t.is(events & (POLLRDHUP | POLLIN | POLLOUT), POLLRDHUP | POLLIN | POLLOUT);
});

test('a descriptor that was closed is POLLNVAL; POLLHUP when the peer has gone', (t) => {
  const [a, b] = socket.socketpair();
  const poller = new select.poll();
  poller.register(a, POLLIN);
  b.close();
  t.deepEqual(poller.poll(), [[a.fileno(), POLLIN | POLLHUP]]);
  const fd = a.fileno();
  a.close();
  t.deepEqual(poller.poll(), [[fd, POLLNVAL]]);
  poller.unregister(fd);
  t.deepEqual(poller.poll(0), []);
});

test('several pollers watch one socket', (t) => {
  const [a, b] = unixPair(t);
  const pollers = [new select.poll(), new select.poll()];
  for (const poller of pollers) poller.register(a, POLLIN);
  b.send(Buffer.from('x'));
  for (const poller of [...pollers, ...pollers]) t.deepEqual(poller.poll(), [[a.fileno(), POLLIN]]);
  a.recv(1);
  for (const poller of pollers) t.deepEqual(poller.poll(0), []);
});

test('more than 1024 descriptors', (t) => {
  const pairs = manyPairs(t);
  if (pairs === null) return;
  const poller = new select.poll();
  for (const [a] of pairs) poller.register(a, POLLIN);
  t.deepEqual(poller.poll(0), []);
  for (const [, b] of pairs) b.send(Buffer.from('x'));
  t.deepEqual(
    poller.poll(),
    pairs.map(([a]) => [a.fileno(), POLLIN]),
  );
  const room = new Int32Array(2 * 1200);
  t.is(poller.poll_into(room), 1200);
  t.is(room[2 * 1199], pairs[1199][0].fileno());
});

test('poll_into fills pairs and returns their number', (t) => {
  const [a, b] = unixPair(t);
  const poller = new select.poll();
  const room = new Int32Array(5);
  poller.register(a, POLLIN);
  t.is(poller.poll_into(room, 0), 0);
  poller.register(b, POLLOUT);
  t.is(poller.poll_into(room), 1);
  t.deepEqual([...room], [b.fileno(), POLLOUT, 0, 0, 0]);
  b.send(Buffer.from('x'));
  t.is(poller.poll_into(room, null), 2);
  t.deepEqual([...room], [a.fileno(), POLLIN, b.fileno(), POLLOUT, 0]);
  t.is(poller.poll_into(room.subarray(0, 2)), 1);
  t.throws(() => poller.poll_into(new Int32Array(1)), { instanceOf: ValueError });
  t.throws(() => poller.poll_into(new Uint32Array(2) as never), { instanceOf: TypeError });
});

test('milliseconds, rounded up, never too short', (t) => {
  const poller = new select.poll();
  for (const ms of [0.3, 1, 10.1, 60, 250]) {
    const before = performance.now();
    t.deepEqual(poller.poll(ms), []);
    t.true(performance.now() - before >= ms);
  }
});

test('a timeout less than 0 waits until something happens', (t) => {
  for (const timeout of [-1, -0.5, -1000, null]) {
    const child = spawn('sh', ['-c', 'sleep 0.05; echo x'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const poller = new select.poll();
    poller.register(child.stdout, POLLIN);
    const [[, events]] = poller.poll(timeout);
    t.is(events & POLLIN, POLLIN);
  }
});

test('a poller is garbage like any object, and a registration keeps nothing open', (t) => {
  const fd = openSync('/dev/null', 'r');
  const poller = new select.poll();
  poller.register(fd, POLLIN);
  closeSync(fd);
  t.deepEqual(poller.poll(0), [[fd, POLLNVAL]]);
});

testBlocked(
  {
    name: 'poll',
    prepare: 'const poller = new select.poll(); poller.register(fd, select.POLLIN);',
    wait: '(timeout) => poller.poll(timeout === null ? null : timeout * 1000)',
    ready: `[[0,${POLLIN}]]`,
    timedOut: '[]',
    interrupted: 'InterruptedError',
  },
  NO_POLL,
);

// ---- what is refused -------------------------------------------------------------------------------------------------

const PRELUDE = `
import select
class F:
    def __init__(self, value): self.value = value
    def fileno(self): return self.value
class G: pass
p = select.poll()
`;
class G {}
/** No process has so many. */
const NOT_OPEN = 2 ** 31 - 2;
const F = (value: unknown) => ({ fileno: () => value });
// biome-ignore lint/suspicious/noExplicitAny: these calls are wrong on purpose
const p = (NO_POLL ? null : new select.poll()) as any;

testTwins(
  'arguments are refused as CPython refuses them',
  [
    ['p.register(G())', () => p.register(new G())],
    ['p.register(None)', () => p.register(null)],
    ["p.register('x')", () => p.register('x')],
    ['p.register(-1)', () => p.register(-1)],
    ["p.register(F('x'))", () => p.register(F('x'))],
    ['p.register(2**31)', () => p.register(2 ** 31)],
    ['p.register(0, -1)', () => p.register(0, -1)],
    ['p.register(0, 65536)', () => p.register(0, 65536)],
    ['p.register(0, 2**32)', () => p.register(0, 2 ** 32)],
    ['p.register(0, 2**64)', () => p.register(0, 2n ** 64n)],
    ['p.register(0, -2**70)', () => p.register(0, -(2n ** 70n))],
    ["p.register(0, 'x')", () => p.register(0, 'x')],
    ['p.register(0, 1.5)', () => p.register(0, 1.5)],
    ['p.register(0, None)', () => p.register(0, null)],
    ['p.register(2**31 - 2, 0)', () => p.register(NOT_OPEN, 0)],
    ['p.modify(0)', () => p.modify(0)],
    ['p.modify(77, 1)', () => p.modify(77, 1)],
    ['p.modify(77, -1)', () => p.modify(77, -1)],
    ['p.modify(2**31 - 2, -1)', () => p.modify(NOT_OPEN, -1)],
    ['p.modify(2**31 - 2, 65536)', () => p.modify(NOT_OPEN, 65536)],
    ["p.modify(2**31 - 2, 'x')", () => p.modify(NOT_OPEN, 'x')],
    ['p.modify(2**31 - 2, True)', () => p.modify(NOT_OPEN, true)],
    ['p.unregister(77)', () => p.unregister(77)],
    ['p.unregister(G())', () => p.unregister(new G())],
    ['p.unregister(-1)', () => p.unregister(-1)],
    ["p.poll('x')", () => p.poll('x')],
    ['p.poll([])', () => p.poll([])],
    ["p.poll(float('nan'))", () => p.poll(Number.NaN)],
    ["p.poll(float('inf'))", () => p.poll(Number.POSITIVE_INFINITY)],
    ["p.poll(float('-inf'))", () => p.poll(Number.NEGATIVE_INFINITY)],
    ['p.poll(1e30)', () => p.poll(1e30)],
    ['p.poll(10**30)', () => p.poll(10n ** 30n)],
    ['p.poll(2**63)', () => p.poll(2n ** 63n)],
    ['p.poll(2**31)', () => p.poll(2 ** 31)],
    ['p.poll(2**31 - 0.5)', () => p.poll(2 ** 31 - 0.5)],
    ['p.poll(-2**31 - 1)', () => p.poll(-(2 ** 31) - 1)],
    ['p.poll(2**31 - 1)', () => p.poll(2 ** 31 - 1)],
    ['p.poll(-5.5)', () => p.poll(-5.5)],
    ['p.poll(True)', () => p.poll(true)],
    ['p.poll(0)', () => p.poll(0)],
    ['p.unregister(2**31 - 2)', () => p.unregister(NOT_OPEN)],
  ],
  PRELUDE,
);
