/** select.epoll. The cases that all pollers share are in test_selectors.ts. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { FileExistsError, FileNotFoundError, OSError, PermissionError, ValueError } from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { manyPairs, tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_EPOLL, startWorker, systemMessage, testUnless, until } from '../helpers/peers.js';
import { testTwins } from '../helpers/twin.js';

const test = testUnless(NO_EPOLL);

checkLeaks(test);

const { EPOLLERR, EPOLLET, EPOLLEXCLUSIVE, EPOLLHUP, EPOLLIN, EPOLLONESHOT, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } = select;

function newEpoll(t: ExecutionContext): select.epoll {
  const poller = new select.epoll();
  t.teardown(() => poller.close());
  return poller;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

// ---- the object ------------------------------------------------------------------------------------------------------

test('an epoll object has a descriptor, closes it, and says so', (t) => {
  const poller = new select.epoll(16, select.EPOLL_CLOEXEC);
  const fd = poller.fileno();
  t.true(fd > 0 && isOpen(fd));
  t.false(poller.closed);
  t.is(native.getInheritable(fd), 0);
  poller.close();
  t.true(poller.closed);
  t.false(isOpen(fd));
  t.notThrows(() => poller.close());
});

test('arguments by name', (t) => {
  const [a] = unixPair(t);
  using poller = new select.epoll({ sizehint: 5, flags: 0 });
  poller.register({ fd: a, eventmask: EPOLLIN });
  t.deepEqual(poller.poll({ timeout: 0, maxevents: 1 }), []);
  poller.modify(a, { eventmask: EPOLLOUT });
  t.deepEqual(poller.poll(0, { maxevents: 1 }), [[a.fileno(), EPOLLOUT]]);
  poller.unregister({ fd: a });
  const plain = { fileno: () => a.fileno() };
  poller.register(plain);
  poller.unregister(plain);
  t.deepEqual(poller.poll(0), []);
});

test('using closes it', (t) => {
  let fd: number;
  {
    using poller = new select.epoll();
    fd = poller.fileno();
  }
  t.false(isOpen(fd));
});

test('once closed, every call but close raises ValueError', (t) => {
  const [a] = unixPair(t);
  const poller = new select.epoll();
  poller.close();
  for (const call of [
    () => poller.fileno(),
    () => poller.register(a),
    () => poller.modify(a, EPOLLIN),
    () => poller.unregister(a),
    () => poller.poll(0),
    () => poller.poll_into(new Int32Array(2), 0),
  ]) {
    t.throws(call, { instanceOf: ValueError, message: 'I/O operation on closed epoll object' });
  }
});

test('fromfd: a second object for the same set, which owns the descriptor it was given', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  poller.register(a, EPOLLIN);
  const again = select.epoll.fromfd(native.dup(poller.fileno()));
  t.teardown(() => again.close());
  b.send(Buffer.from('x'));
  t.deepEqual(again.poll(), [[a.fileno(), EPOLLIN]]);
  again.unregister(a);
  t.deepEqual(poller.poll(0), []);
  const fd = again.fileno();
  again.close();
  t.false(isOpen(fd));
  t.false(poller.closed);
});

test.serial('one that is collected as garbage is closed', async (t) => {
  const fd = ((): number => new select.epoll().fileno())();
  t.true(isOpen(fd));
  await until(() => {
    globalThis.gc?.();
    return !isOpen(fd);
  });
  t.pass();
});

const finalizers = new FinalizationRegistry<() => void>((call) => call());

test.serial('one that was closed and then collected closes nothing more', async (t) => {
  let poller: select.epoll | null = new select.epoll();
  const fd = poller.fileno();
  const forgotten = new WeakRef(poller);
  poller.close();
  poller = null;
  using other = new select.epoll();
  t.is(other.fileno(), fd);
  await until(() => {
    globalThis.gc?.();
    return forgotten.deref() === undefined;
  });
  // What was collected later is finalized later: once this has been, so would the epoll object have been.
  let finalized = false;
  finalizers.register({}, () => {
    finalized = true;
  });
  await until(() => {
    globalThis.gc?.();
    return finalized;
  });
  t.true(isOpen(fd));
});

test.serial('one that a worker left open is closed when the worker ends', async (t) => {
  const worker = startWorker('globalThis.kept = new berkeley.select.epoll(); send(globalThis.kept.fileno());');
  const fd = await worker.next<number>();
  await worker.exit;
  await until(() => !isOpen(fd));
  t.pass();
});

// ---- registering -----------------------------------------------------------------------------------------------------

test('register, modify, unregister', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  t.is(poller.register(a), undefined);
  t.deepEqual(poller.poll(0), [[a.fileno(), EPOLLOUT]]);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN | EPOLLOUT]]);
  t.is(poller.modify(a, EPOLLIN), undefined);
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  t.is(poller.unregister(a.fileno()), undefined);
  t.deepEqual(poller.poll(0), []);
});

test('what cannot be registered, and what is not', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  poller.register(a);
  t.throws(() => poller.register(a), {
    instanceOf: FileExistsError,
    message: systemMessage(errno.EEXIST, 'File exists'),
  });
  t.throws(() => poller.modify(b, EPOLLIN), { instanceOf: FileNotFoundError });
  t.throws(() => poller.unregister(b), { instanceOf: FileNotFoundError });
  t.throws(() => poller.register(poller), {
    instanceOf: OSError,
    message: systemMessage(errno.EINVAL, 'Invalid argument'),
  });
  const file = openSync(fileURLToPath(import.meta.url), 'r');
  t.teardown(() => closeSync(file));
  t.throws(() => poller.register(file), {
    instanceOf: PermissionError,
    message: systemMessage(errno.EPERM, 'Operation not permitted'),
  });
});

test('closing a descriptor ends its registration; unregistering it then is EBADF', (t) => {
  const [a, b] = socket.socketpair();
  const poller = newEpoll(t);
  poller.register(a, EPOLLIN);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  const fd = a.fileno();
  a.close();
  t.deepEqual(poller.poll(0), []);
  t.throws(() => poller.unregister(fd), {
    instanceOf: OSError,
    message: systemMessage(errno.EBADF, 'Bad file descriptor'),
  });
  b.close();
});

test('several epoll objects watch one socket, and one watches another', (t) => {
  const [a, b] = unixPair(t);
  const pollers = [newEpoll(t), newEpoll(t)];
  for (const poller of pollers) poller.register(a, EPOLLIN);
  const outer = newEpoll(t);
  for (const poller of pollers) outer.register(poller, EPOLLIN);
  t.deepEqual(outer.poll(0), []);
  b.send(Buffer.from('x'));
  t.is(outer.poll().length, 2);
  for (const poller of pollers) t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  a.recv(1);
  t.deepEqual(outer.poll(0), []);
});

// ---- events ----------------------------------------------------------------------------------------------------------

test('level-triggered unless asked otherwise', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  poller.register(a, EPOLLIN);
  b.send(Buffer.from('xx'));
  for (let i = 0; i < 3; i++) t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  a.recv(1);
  t.deepEqual(poller.poll(0), [[a.fileno(), EPOLLIN]]);
  a.recv(1);
  t.deepEqual(poller.poll(0), []);
});

test('EPOLLET: once per change, though in JavaScript its bit makes a mask negative', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  t.is(EPOLLET, 2 ** 31);
  t.true((EPOLLIN | EPOLLET) < 0);
  poller.register(a, EPOLLIN | EPOLLET);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  t.deepEqual(poller.poll(0), []);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  poller.modify(a, EPOLLIN + EPOLLET);
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
});

test('EPOLLONESHOT: once, until modify', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  poller.register(a, EPOLLIN | EPOLLONESHOT);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  t.deepEqual(poller.poll(0), []);
  poller.modify(a, EPOLLIN | EPOLLONESHOT);
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
});

test('EPOLLEXCLUSIVE may be asked for, but not changed', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  poller.register(a, EPOLLIN | EPOLLEXCLUSIVE);
  b.send(Buffer.from('x'));
  t.deepEqual(poller.poll(), [[a.fileno(), EPOLLIN]]);
  t.throws(() => poller.modify(a, EPOLLIN), {
    instanceOf: OSError,
    message: systemMessage(errno.EINVAL, 'Invalid argument'),
  });
});

test('out-of-band data, the peer that ends its half, and the one that is gone', (t) => {
  const [a, b] = tcpPair(t);
  const poller = newEpoll(t);
  poller.register(b, EPOLLPRI | EPOLLRDHUP);
  t.deepEqual(poller.poll(0), []);
  a.send(Buffer.from('!'), socket.MSG_OOB);
  t.deepEqual(poller.poll(), [[b.fileno(), EPOLLPRI]]);
  b.recv(1, socket.MSG_OOB);
  a.shutdown(socket.SHUT_WR);
  t.deepEqual(poller.poll(), [[b.fileno(), EPOLLRDHUP]]);
  b.shutdown(socket.SHUT_WR);
  t.deepEqual(poller.poll(), [[b.fileno(), EPOLLRDHUP | EPOLLHUP]]);
});

test('an error is reported unasked', (t) => {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname() as [string, number];
  listener.close();
  using sock = new socket.socket();
  sock.setblocking(false);
  sock.connect_ex(address);
  const poller = newEpoll(t);
  poller.register(sock, 0);
  const [[fd, events]] = poller.poll();
  t.is(fd, sock.fileno());
  t.is(events & EPOLLERR, EPOLLERR);
});

// ---- poll ------------------------------------------------------------------------------------------------------------

test('maxevents: at most so many, the others by the next call', (t) => {
  const poller = newEpoll(t);
  const socks = [...unixPair(t), ...unixPair(t)];
  for (const sock of socks) poller.register(sock, EPOLLOUT);
  t.is(poller.poll(0, 3).length, 3);
  t.is(poller.poll(0, 100).length, 4);
  t.is(poller.poll().length, 4);
  const seen = new Set<number>();
  for (let i = 0; i < 4; i++) for (const [fd] of poller.poll(0, 1)) seen.add(fd);
  t.is(seen.size, 4);
});

test('more than 1024 descriptors: 1023 events at a time, or as many as asked for', (t) => {
  const pairs = manyPairs(t);
  if (pairs === null) return;
  const poller = newEpoll(t);
  for (const sock of pairs.flat()) poller.register(sock, EPOLLIN | EPOLLOUT);
  t.is(poller.poll(0).length, 1023);
  t.is(poller.poll(0, -1).length, 1023);
  const all = poller.poll(null, 2 * pairs.length);
  t.is(all.length, 2 * pairs.length);
  t.is(new Set(all.map(([fd]) => fd)).size, 2 * pairs.length);
  t.true(all.every(([, events]) => events === EPOLLOUT));
  t.is(poller.poll(0, 2 ** 30).length, 2 * pairs.length);
  t.is(poller.poll_into(new Int32Array(2 * 2048)), 2048);
});

test('poll_into fills shared memory, too, and refuses what was taken away', (t) => {
  const [a, b] = unixPair(t);
  b.send(Buffer.from('x'));
  using poller = new select.epoll();
  poller.register(a, EPOLLIN);
  const plain = new select.poll();
  plain.register(a, EPOLLIN);
  for (const each of [poller, plain]) {
    const shared = new Int32Array(new SharedArrayBuffer(8));
    t.is(each.poll_into(shared, 0), 1);
    t.deepEqual([...shared], [a.fileno(), EPOLLIN]);
    const taken = new Int32Array(4);
    structuredClone(taken.buffer, { transfer: [taken.buffer] });
    t.throws(() => each.poll_into(taken, 0), { instanceOf: ValueError });
  }
});

test('poll_into fills pairs and returns their number', (t) => {
  const [a, b] = unixPair(t);
  const poller = newEpoll(t);
  const room = new Int32Array(5);
  poller.register(a, EPOLLIN);
  t.is(poller.poll_into(room, 0), 0);
  b.send(Buffer.from('x'));
  t.is(poller.poll_into(room), 1);
  t.deepEqual([...room], [a.fileno(), EPOLLIN, 0, 0, 0]);
  poller.register(b, EPOLLOUT);
  t.is(poller.poll_into(room, null), 2);
  t.deepEqual(new Set([room[0], room[2]]), new Set([a.fileno(), b.fileno()]));
  t.is(poller.poll_into(room.subarray(3)), 1);
  t.throws(() => poller.poll_into(new Int32Array(1)), { instanceOf: ValueError });
  t.throws(() => poller.poll_into(new Uint32Array(2) as never), { instanceOf: TypeError });
});

test('seconds, rounded up to milliseconds, never too short', (t) => {
  const poller = newEpoll(t);
  for (const seconds of [0.0003, 0.001, 0.0101, 0.06, 0.25]) {
    const before = performance.now();
    t.deepEqual(poller.poll(seconds), []);
    t.true(performance.now() - before >= seconds * 1000);
  }
});

test('a timeout less than 0 waits until something happens; one that rounds to 0 does not wait', (t) => {
  for (const timeout of [-1, -0.001, -1000, null]) {
    const child = spawn('sh', ['-c', 'sleep 0.05; echo x'], { stdio: ['ignore', 'pipe', 'ignore'] });
    using poller = new select.epoll();
    poller.register(child.stdout, EPOLLIN);
    const [[, events]] = poller.poll(timeout);
    t.is(events & EPOLLIN, EPOLLIN);
  }
  t.deepEqual(newEpoll(t).poll(-0.0009), []);
});

testBlocked(
  {
    name: 'epoll',
    prepare: 'const poller = new select.epoll(); poller.register(fd, select.EPOLLIN);',
    wait: '(timeout) => poller.poll(timeout)',
    ready: `[[0,${EPOLLIN}]]`,
    timedOut: '[]',
    interrupted: 'InterruptedError',
  },
  NO_EPOLL,
);

testBlocked(
  {
    name: 'epoll.poll_into',
    prepare: 'const poller = new select.epoll(); poller.register(fd, select.EPOLLIN); const room = new Int32Array(8);',
    wait: '(timeout) => poller.poll_into(room, timeout)',
    ready: '1',
    timedOut: '0',
    interrupted: 'InterruptedError',
  },
  NO_EPOLL,
);

// ---- what is refused -------------------------------------------------------------------------------------------------

const PRELUDE = `
import select
class F:
    def __init__(self, value): self.value = value
    def fileno(self): return self.value
class G: pass
e = select.epoll()
closed = select.epoll()
closed.close()
a, b = socket.socketpair()
`;
class G {}
/** No process has so many. */
const NOT_OPEN = 2 ** 31 - 2;
const F = (value: unknown) => ({ fileno: () => value });
// biome-ignore-start lint/suspicious/noExplicitAny: these calls are wrong on purpose
const e = (NO_EPOLL ? null : new select.epoll()) as any;
const closed = (NO_EPOLL ? null : new select.epoll()) as any;
const Epoll = select.epoll as any;
// biome-ignore-end lint/suspicious/noExplicitAny: these calls are wrong on purpose
closed?.close();
const [a, b] = socket.socketpair();
test.after.always(() => {
  for (const each of [e, a, b]) each?.close();
});
const made = (...args: unknown[]) => new Epoll(...args).close();

testTwins(
  'arguments are refused as CPython refuses them',
  [
    ['select.epoll(0)', () => made(0)],
    ['select.epoll(-2)', () => made(-2)],
    ['select.epoll(-1).close()', () => made(-1)],
    ['select.epoll(1, select.EPOLL_CLOEXEC).close()', () => made(1, select.EPOLL_CLOEXEC)],
    ['select.epoll(1, 1)', () => made(1, 1)],
    ["select.epoll('x')", () => made('x')],
    ['select.epoll(1.5)', () => made(1.5)],
    ['select.epoll(None)', () => made(null)],
    ['select.epoll(2**31)', () => made(2 ** 31)],
    ['select.epoll(2**70)', () => made(2n ** 70n)],
    ["select.epoll(-1, 'x')", () => made(-1, 'x')],
    ["select.epoll.fromfd('x')", () => Epoll.fromfd('x')],
    ['select.epoll.fromfd(2**31)', () => Epoll.fromfd(2 ** 31)],
    ['select.epoll.fromfd(-1).closed', () => Epoll.fromfd(-1).closed],
    ['e.register()', () => e.register()],
    ['e.register(None)', () => e.register(null)],
    ['e.register(2**31 - 2)', () => e.register(NOT_OPEN)],
    ['e.register(-1)', () => e.register(-1)],
    ['e.register(G())', () => e.register(new G())],
    ["e.register(F('x'))", () => e.register(F('x'))],
    ['e.register(F(-1))', () => e.register(F(-1))],
    ['e.register(a, 1.5)', () => e.register(a, 1.5)],
    ['e.register(a, None)', () => e.register(a, null)],
    ["e.register(a, 'x')", () => e.register(a, 'x')],
    ['e.register(a, -1)', () => e.register(a, -1)],
    ['e.register(a, 2**70 + 1)', () => e.register(a, 2n ** 70n + 1n)],
    ['e.register(a)', () => e.register(a)],
    ['e.register(e)', () => e.register(e)],
    ['e.modify(a)', () => e.modify(a)],
    ['e.modify(a, 1)', () => e.modify(a, 1)],
    ['e.modify(b, 1)', () => e.modify(b, 1)],
    ['e.modify(2**31 - 2, 1)', () => e.modify(NOT_OPEN, 1)],
    ['e.unregister(b)', () => e.unregister(b)],
    ['e.unregister(2**31 - 2)', () => e.unregister(NOT_OPEN)],
    ['e.unregister(G())', () => e.unregister(new G())],
    ['e.unregister(a)', () => e.unregister(a)],
    ["e.poll('x')", () => e.poll('x')],
    ['e.poll([])', () => e.poll([])],
    ["e.poll(float('nan'))", () => e.poll(Number.NaN)],
    ["e.poll(float('inf'))", () => e.poll(Number.POSITIVE_INFINITY)],
    ['e.poll(1e30)', () => e.poll(1e30)],
    ['e.poll(-1e30)', () => e.poll(-1e30)],
    ['e.poll(10**30)', () => e.poll(10n ** 30n)],
    ['e.poll(2147483.648)', () => e.poll(2147483.648)],
    ['e.poll(-2147484.7)', () => e.poll(-2147484.7)],
    ['e.poll(-0.0009)', () => e.poll(-0.0009)],
    ['e.poll(False)', () => e.poll(false)],
    ['e.poll(0, 0)', () => e.poll(0, 0)],
    ['e.poll(0, -2)', () => e.poll(0, -2)],
    ['e.poll(0, -1)', () => e.poll(0, -1)],
    ["e.poll(0, 'x')", () => e.poll(0, 'x')],
    ['e.poll(0, 1.5)', () => e.poll(0, 1.5)],
    ['e.poll(0, None)', () => e.poll(0, null)],
    ['e.poll(0, 2**31)', () => e.poll(0, 2 ** 31)],
    ["e.poll('x', 0)", () => e.poll('x', 0)],
    ["e.poll('x', 'y')", () => e.poll('x', 'y')],
    ['closed.fileno()', () => closed.fileno()],
    ['closed.register(a)', () => closed.register(a)],
    ['closed.register(G())', () => closed.register(new G())],
    ["closed.register(a, 'x')", () => closed.register(a, 'x')],
    ['closed.modify(a)', () => closed.modify(a)],
    ['closed.modify(a, 1)', () => closed.modify(a, 1)],
    ['closed.unregister(a)', () => closed.unregister(a)],
    ["closed.poll('x')", () => closed.poll('x')],
    ["closed.poll('x', 'y')", () => closed.poll('x', 'y')],
    ['closed.poll(0, 0)', () => closed.poll(0, 0)],
    ['closed.close()', () => closed.close()],
    ['closed.closed', () => closed.closed],
    ['e.closed', () => e.closed],
  ],
  PRELUDE,
  NO_EPOLL,
);
