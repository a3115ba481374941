/** select.select. The cases that all pollers share are in test_selectors.ts. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import { OSError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { fifo, manyPairs, tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PLAIN_DESCRIPTORS, NOT_OPEN, onWindows, startWorker, testUnless } from '../helpers/peers.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test);

// ---- lists -----------------------------------------------------------------------------------------------------------

test('the objects given come back, in the order given, from each list', (t) => {
  const [a, b] = unixPair(t);
  const [c, d] = unixPair(t);
  b.send(Buffer.from('x'));
  d.send(Buffer.from('x'));
  const wrapped = { fileno: () => a.fileno() };
  const [r, w, x] = select.select([c, wrapped, a.fileno(), b], [d, wrapped], [a, b], 0);
  t.is(r.length, 3);
  t.is(r[0], c);
  t.is(r[1], wrapped);
  t.is(r[2], a.fileno());
  t.deepEqual([w[0] === d, w[1] === wrapped, w.length], [true, true, 2]);
  t.deepEqual(x, []);
});

test('an object may be in several lists, and several times in one', (t) => {
  const [a, b] = unixPair(t);
  b.send(Buffer.from('x'));
  const [r, w, x] = select.select([a, a], [a], [a], 0);
  t.deepEqual([r.length, w.length, x.length], [2, 1, 0]);
  t.true([...r, ...w].every((each) => each === a));
});

test('any iterable will do', (t) => {
  const [a, b] = unixPair(t);
  b.send(Buffer.from('x'));
  function* generate() {
    yield a;
  }
  const [r, w] = select.select(generate(), new Set([b.fileno()]), new Map(), 0);
  t.is(r[0], a);
  t.deepEqual(w, [b.fileno()]);
});

test('the lists that come back are new ones', (t) => {
  const [sock] = unixPair(t);
  const given = [sock];
  const [r, w, x] = select.select(given, given, given, 0);
  t.is(new Set([given, r, w, x]).size, 4);
});

test('a list that fileno() shortens is read as far as it still goes', (t) => {
  // CPython's test_select_mutated: ten items, each of which removes one.
  const [a] = unixPair(t);
  const list: object[] = [];
  const item = {
    fileno: () => {
      list.pop();
      return a.fileno();
    },
  };
  for (let i = 0; i < 10; i++) list.push(item);
  const [r, w, x] = select.select([], list, [], null);
  t.deepEqual([r.length, w.length, x.length], [0, 5, 0]);
});

test('fileno() may call select in its turn', (t) => {
  const [a, b] = unixPair(t);
  const [c] = unixPair(t);
  b.send(Buffer.from('x'));
  const nested = {
    fileno: () => {
      t.deepEqual(select.select([c], [c, c], [c], 0)[1].length, 2);
      return a.fileno();
    },
  };
  const [r, w] = select.select([c, nested, a], [b], [], 0);
  t.deepEqual([r.length, r[0] === nested, r[1] === a, w.length], [2, true, true, 1]);
});

test('what fileno() raises is raised, and select works afterwards', (t) => {
  const [a] = unixPair(t);
  class Oops extends Error {}
  const bad = {
    fileno: () => {
      throw new Oops();
    },
  };
  t.throws(() => select.select([a, bad], [], [], 0), { instanceOf: Oops });
  t.is(select.select([], [a], [], 0)[1][0], a);
});

test('more than 1024 descriptors, and numbers above 1024', (t) => {
  const pairs = manyPairs(t);
  if (pairs === null) return;
  const ours = pairs.map(([a]) => a);
  const theirs = pairs.map(([, b]) => b);
  t.true((ours.at(-1) as socket.socket).fileno() > 1024);
  t.deepEqual(select.select(ours, [], ours, 0), [[], [], []]);
  for (let i = 0; i < pairs.length; i += 3) theirs[i].send(Buffer.from('x'));
  const [r, w, x] = select.select(ours, theirs, ours, null);
  t.deepEqual(
    r.map((sock) => ours.indexOf(sock)),
    [...Array(pairs.length).keys()].filter((i) => i % 3 === 0),
  );
  t.is(w.length, pairs.length);
  t.is(x.length, 0);
});

// ---- the three sets --------------------------------------------------------------------------------------------------

test('out-of-band data is exceptional', (t) => {
  const [a, b] = tcpPair(t);
  t.deepEqual(select.select([], [], [b], 0)[2], []);
  a.send(Buffer.from('!'), socket.MSG_OOB);
  const [r, w, x] = select.select([], [], [b], null);
  t.deepEqual([r, w, x.length], [[], [], 1]);
  t.is(b.recv(1, socket.MSG_OOB).toString(), '!');
  t.deepEqual(select.select([], [], [b], 0)[2], []);
});

test('the end of a stream is readable', (t) => {
  const [a, b] = tcpPair(t);
  a.close();
  t.is(select.select([b], [], [], null)[0][0], b);
  t.is(b.recv(1).length, 0);
});

testUnless(!IS_WINDOWS && 'only on Windows is it exceptional')('a refused connection is exceptional', (t) => {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname() as [string, number];
  listener.close();
  using sock = new socket.socket();
  sock.setblocking(false);
  sock.connect_ex(address);
  t.deepEqual(select.select([sock], [sock], [sock], 60), [[], [], [sock]]);
});

testUnless(onWindows('it is exceptional there'))('a refused connection is readable and writable', (t) => {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname() as [string, number];
  listener.close();
  using sock = new socket.socket();
  sock.setblocking(false);
  sock.connect_ex(address);
  t.is(select.select([], [sock], [], null)[1][0], sock);
  const [r, w] = select.select([sock], [sock], [sock], null);
  t.deepEqual([r.length, w.length], [1, 1]);
});

/** How often poll(2) is called while `body` runs. */
function countPolls(body: () => void): number {
  const original = native.poll;
  let count = 0;
  const changeable = native as { poll: typeof native.poll };
  changeable.poll = (entries, length, timeoutMs) => {
    count++;
    return original(entries, length, timeoutMs);
  };
  try {
    body();
  } finally {
    changeable.poll = original;
  }
  return count;
}

testUnless(NO_PLAIN_DESCRIPTORS).serial(
  'a hang-up is readable, neither writable nor exceptional, and does not make a wait spin',
  (t) => {
    // poll(2) reports POLLHUP unasked: for a pipe without writers all the time.
    const { read, write } = fifo(t);
    t.teardown(() => closeSync(read));
    closeSync(write);
    t.deepEqual(select.select([read], [], [], null), [[read], [], []]);
    t.deepEqual(select.select([], [read], [read], 0), [[], [], []]);
    const before = performance.now();
    const polls = countPolls(() => t.deepEqual(select.select([], [read], [read], 0.5), [[], [], []]));
    t.true(performance.now() - before >= 500);
    // Three slices of 200 ms or less, each polled with the hung-up entries and without; the rest is rounding.
    t.true(polls <= 12, `${polls} polls`);
  },
);

testUnless(NO_PLAIN_DESCRIPTORS).serial('a hang-up that nobody asked for does not hide what happens beside it', (t) => {
  const { read, write } = fifo(t);
  t.teardown(() => closeSync(read));
  closeSync(write);
  const child = spawn('sh', ['-c', 'sleep 0.05; echo x'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [r, w, x] = select.select([child.stdout], [read], [read], null);
  t.deepEqual([r[0] === child.stdout, w, x], [true, [], []]);
});

testUnless(onWindows('such a socket does not hang up')).serial(
  'a hang-up that ends while select waits is no longer in the way',
  async (t) => {
    // An unconnected socket hangs up; then a worker connects it, and out-of-band data arrives.
    using listener = socket.create_server(['127.0.0.1', 0]);
    using sock = new socket.socket();
    const worker = startWorker(
      `
    const { select, socket } = berkeley;
    const [sock, listener] = data.map((fileno) => new socket.socket({ fileno }));
    send('waiting');
    select.select([], [], [], 0.3); // longer than a slice of the other thread's wait
    sock.connect(listener.getsockname());
    const [server] = listener.accept();
    server.send(Buffer.from('!'), socket.MSG_OOB);
    sock.detach();
    listener.detach();
    send(server.detach());
  `,
      [sock.fileno(), listener.fileno()],
    );
    t.is(await worker.next(), 'waiting');
    t.deepEqual(select.select([], [], [sock], 30)[2], [sock]);
    socket.close(await worker.next<number>());
  },
);

testUnless(NO_PLAIN_DESCRIPTORS)('a regular file is always readable and writable', (t) => {
  const fd = openSync(fileURLToPath(import.meta.url), 'r');
  t.teardown(() => closeSync(fd));
  t.deepEqual(select.select([fd], [fd], [fd], null), [[fd], [fd], []]);
});

test('EBADF for a descriptor that is not open, in any list, whatever else is ready', (t) => {
  const [a, b] = unixPair(t);
  b.send(Buffer.from('x'));
  const gone = openSync('/dev/null', 'r');
  closeSync(gone);
  for (const [r, w, x] of [
    [[a, gone], [], []],
    [[a], [gone], []],
    [[a], [], [gone]],
  ]) {
    const error = t.throws(() => select.select(r, w, x, null), { instanceOf: OSError });
    t.is(error.errno, NOT_OPEN.errno);
    t.is(error.message, NOT_OPEN.message);
  }
});

// ---- time ------------------------------------------------------------------------------------------------------------

test('three empty lists and a timeout: a sleep, never too short', (t) => {
  if (IS_WINDOWS) return void t.throws(() => select.select([], [], [], 0), { code: 'EINVAL' });
  for (const seconds of [0.0004, 0.01, 0.0501, 0.25]) {
    const before = performance.now();
    t.deepEqual(select.select([], [], [], seconds), [[], [], []]);
    t.true(performance.now() - before >= seconds * 1000);
  }
});

testUnless(onWindows('no PIPE_BUF'))('PIPE_BUF bytes go into a pipe at once that select calls writable', (t) => {
  t.is(select.PIPE_BUF, 4096); // pipe(7)
});

test('error is OSError', (t) => {
  t.is(select.error, OSError);
});

testBlocked({
  name: 'select',
  wait: '(timeout) => select.select([fd], [], [], timeout)',
  ready: '[[0],[],[]]',
  timedOut: '[[],[],[]]',
  interrupted: 'InterruptedError',
});

testBlocked({
  name: 'select over many lists',
  prepare: 'const [a, b] = socket.socketpair(); a.send(Buffer.from("x"));',
  wait: '(timeout) => select.select([fd, a, fd], [], [a, b], timeout)',
  ready: '[[0,0],[],[]]',
  timedOut: '[[],[],[]]',
  interrupted: 'InterruptedError',
});

// ---- what is refused -------------------------------------------------------------------------------------------------

const PRELUDE = `
import os, select
class F:
    def __init__(self, value): self.value = value
    def fileno(self): return self.value
class G: pass
`;
class G {}
const F = (value: unknown) => ({ fileno: () => value });
// biome-ignore lint/suspicious/noExplicitAny: these calls are wrong on purpose
const call = select.select as any;
const sel = (list: unknown) => () => call(list, [], [], 0);
const after = (timeout: unknown) => () => call([], [], [], timeout);

testTwins(
  'arguments are refused as CPython refuses them',
  [
    ['select.select(1, 2, 3)', () => call(1, 2, 3)],
    ['select.select(None, [], [], 0)', sel(null)],
    ['select.select([], 1, [], 0)', () => call([], 1, [], 0)],
    ['select.select([], [], G(), 0)', () => call([], [], new G(), 0)],
    ["select.select('a', [], [], 0)", sel('a')],
    ['select.select([G()], [], [], 0)', sel([new G()])],
    ['select.select([None], [], [], 0)', sel([null])],
    ["select.select([F('x')], [], [], 0)", sel([F('x')])],
    ['select.select([F(1.5)], [], [], 0)', sel([F(1.5)])],
    ['select.select([F(None)], [], [], 0)', sel([F(null)])],
    ['select.select([F(-1)], [], [], 0)', sel([F(-1)])],
    ['select.select([1.5], [], [], 0)', sel([1.5])],
    ['select.select([-1], [], [], 0)', sel([-1])],
    ['select.select([-5], [], [], 0)', sel([-5])],
    ['select.select([2**31], [], [], 0)', sel([2 ** 31])],
    ['select.select([2**64], [], [], 0)', sel([2n ** 64n])],
    ['select.select([[]], [], [], 0)', sel([[]])],
    ["select.select([], [], [], 'x')", after('x')],
    ['select.select([], [], [], [])', after([])],
    ['select.select([], [], [], -1)', after(-1)],
    ['select.select([], [], [], -1e-10)', after(-1e-10)],
    ['select.select([], [], [], -0.0)', after(-0)],
    ["select.select([], [], [], float('nan'))", after(Number.NaN)],
    ["select.select([], [], [], float('inf'))", after(Number.POSITIVE_INFINITY)],
    ["select.select([], [], [], float('-inf'))", after(Number.NEGATIVE_INFINITY)],
    ['select.select([], [], [], 1e20)', after(1e20)],
    ['select.select([], [], [], -1e30)', after(-1e30)],
    ['select.select([], [], [], 10**30)', after(10n ** 30n)],
    ['select.select([], [], [], False)', after(false)],
    ["select.select(1, [], [], 'x')", () => call(1, [], [], 'x')],
    ['select.select([G()], 1, [], -1)', () => call([new G()], 1, [], -1)],
    ['select.select([G()], 1, [], 0)', () => call([new G()], 1, [], 0)],
    ['select.select([], [], [], 0)', after(0)],
  ],
  PRELUDE,
);

const ready = (lists: unknown[][]) => lists.map((list) => list.length);
const unconnected = new socket.socket();
test.after.always(() => unconnected.close());

testTwins(
  'an unconnected socket is ready as in CPython',
  [
    [
      'ready(select.select([s], [s], [s], 0))',
      () => ready(select.select([unconnected], [unconnected], [unconnected], 0)),
    ],
    ['ready(select.select([s], [], [], 0))', () => ready(select.select([unconnected], [], [], 0))],
    ['ready(select.select([], [], [s], 0))', () => ready(select.select([], [], [unconnected], 0))],
  ],
  'import select; ready = lambda lists: [len(each) for each in lists]; s = socket.socket()',
);
