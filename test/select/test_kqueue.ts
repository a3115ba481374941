/** select.kqueue and select.kevent. The cases that all pollers share are in test_selectors.ts. */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { FileNotFoundError, OSError, OverflowError, ValueError } from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { fifo, manyPairs, tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_KQUEUE, startWorker, testUnless } from '../helpers/peers.js';

const test = testUnless(NO_KQUEUE);

checkLeaks(test);

const { kevent, kqueue, KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DELETE, KQ_EV_DISABLE, KQ_EV_ENABLE } = select;
const { KQ_EV_EOF, KQ_EV_ERROR, KQ_EV_ONESHOT, KQ_FILTER_READ, KQ_FILTER_WRITE, KQ_FILTER_TIMER, KQ_NOTE_LOWAT } =
  select;
// Python has no names for these. FreeBSD and macOS number EVFILT_USER differently; the other two are the same everywhere.
const KQ_FILTER_USER = process.platform === 'darwin' ? -10 : -11;
const KQ_EV_RECEIPT = 0x40;
const KQ_EV_DISPATCH = 0x80;
const NOTE_TRIGGER = 0x01000000;
const NOTE_FFCOPY = 0xc0000000;
/** What macOS leaves in the flags of an event, besides what was found. */
const FOUND = 0xffff & ~(KQ_EV_ADD | KQ_EV_ENABLE);

const bytes = (text: string) => Buffer.from(text, 'latin1');

function newQueue(t: ExecutionContext): select.kqueue {
  const queue = new kqueue();
  t.teardown(() => queue.close());
  return queue;
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** What is there now, as triples of ident, filter and what was found, in an order. */
function now(queue: select.kqueue, most = 16): [number, number, number][] {
  const found = queue.control(null, most, 0);
  const triples = found.map(({ ident, filter, flags }): [number, number, number] => [
    Number(ident),
    filter,
    flags & FOUND,
  ]);
  return triples.sort(([a, b], [c, d]) => a - c || d - b);
}

// ---- kevent ----------------------------------------------------------------------------------------------------------

test('an event has the defaults and the attributes of CPython', (t) => {
  const [a] = unixPair(t);
  const plain = new kevent(a);
  t.is(plain.ident, a.fileno());
  t.is(plain.filter, KQ_FILTER_READ);
  t.is(plain.flags, KQ_EV_ADD);
  t.deepEqual([plain.fflags, plain.data, plain.udata], [0, 0, 0]);
  const full = new kevent(1, 2, 3, 4, 5, 6);
  t.deepEqual([full.ident, full.filter, full.flags, full.fflags, full.data, full.udata], [1, 2, 3, 4, 5, 6]);
  const named = new kevent({ ident: 1, udata: 6, filter: KQ_FILTER_WRITE });
  t.deepEqual([named.ident, named.filter, named.flags, named.udata], [1, KQ_FILTER_WRITE, KQ_EV_ADD, 6]);
  t.is(new kevent(7, { flags: KQ_EV_DELETE } as never).flags, KQ_EV_DELETE);
  t.is(new kevent({ fileno: () => 9 }).ident, 9);
});

test('attributes hold what C does: as much as 64 bits, and what wraps there wraps here', (t) => {
  t.is(new kevent(0, 1, 0xffff).flags, 0xffff);
  t.is(new kevent(0, 1, 0x1ffff).flags, 0xffff);
  t.is(new kevent(0, 1, -1).flags, 0xffff);
  t.is(new kevent(0, 1, 2, 0xffffffff).fflags, 0xffffffff);
  t.is(new kevent(0, 1, 2, -1).fflags, 0xffffffff);
  t.is(new kevent(2n ** 64n - 1n).ident, 2n ** 64n - 1n);
  t.is(new kevent(5n).ident, 5);
  t.is(new kevent(0, 1, 2, 3, -(2n ** 63n)).data, -(2n ** 63n));
  t.is(new kevent(0, 1, 2, 3, -5).data, -5);
  t.is(new kevent(0, 1, 2, 3, 4, -1).udata, 2n ** 64n - 1n);
  const event = new kevent(0);
  event.filter = -7;
  event.ident = 2 ** 40;
  t.deepEqual([event.filter, event.ident], [-7, 2 ** 40]);
});

test('an event refuses what CPython refuses', (t) => {
  const refused: [unknown[], { instanceOf: new (...args: never[]) => Error; message: string }][] = [
    [[], { instanceOf: TypeError, message: "kevent() missing required argument 'ident' (pos 1)" }],
    [[null], { instanceOf: TypeError, message: 'argument must be an int, or have a fileno() method.' }],
    [['x'], { instanceOf: TypeError, message: 'argument must be an int, or have a fileno() method.' }],
    [[1.5], { instanceOf: TypeError, message: 'argument must be an int, or have a fileno() method.' }],
    [[-1], { instanceOf: OverflowError, message: "can't convert negative value to unsigned int" }],
    [[2n ** 64n], { instanceOf: OverflowError, message: 'Python int too large to convert to C unsigned long' }],
    [[1, 0x8000], { instanceOf: OverflowError, message: 'signed short integer is greater than maximum' }],
    [[1, -0x8001], { instanceOf: OverflowError, message: 'signed short integer is less than minimum' }],
    [[1, 'x'], { instanceOf: TypeError, message: "'str' object cannot be interpreted as an integer" }],
    [[1, 1, 1, 1, 2n ** 63n], { instanceOf: OverflowError, message: 'Python int too large to convert to C long' }],
    [[1, 2, 3, 4, 5, 6, 7], { instanceOf: TypeError, message: 'kevent() takes at most 6 arguments (7 given)' }],
  ];
  const Wrong = kevent as unknown as new (...args: unknown[]) => unknown;
  for (const [args, expectation] of refused) t.throws(() => new Wrong(...args), expectation);
});

test('events are compared attribute by attribute', (t) => {
  const event = new kevent(5, -1, 1, 2, 3, 4);
  t.is(event.compare(event), 0);
  t.is(event.compare(new kevent(5n, -1, 1, 2, 3n, 4)), 0);
  t.true(event.compare(new kevent(1000)) < 0);
  t.true(new kevent(1000).compare(event) > 0);
  t.true(new kevent(5, -2).compare(event) < 0);
  for (let at = 2; at < 6; at++) {
    const args = [5, -1, 1, 2, 3, 4];
    args[at] += 1;
    t.true(event.compare(new kevent(...(args as [number]))) < 0);
  }
  for (const other of [null, 1, 'ev']) {
    t.throws(() => event.compare(other as never), { instanceOf: TypeError, message: /^'<' not supported between/ });
  }
});

test('an event is shown as in Python', (t) => {
  t.is(
    inspect(new kevent(3, KQ_FILTER_WRITE, KQ_EV_ADD, 16, -1, 255)),
    '<select.kevent ident=3 filter=-2 flags=0x1 fflags=0x10 data=0xffffffffffffffff udata=0xff>',
  );
});

// ---- the object ------------------------------------------------------------------------------------------------------

test('a kqueue object has a descriptor, closes it, and says so', (t) => {
  const queue = new kqueue();
  const fd = queue.fileno();
  t.true(fd > 0 && isOpen(fd));
  t.false(queue.closed);
  t.is(native.getInheritable(fd), 0);
  t.is(inspect(queue), '<select.kqueue object>');
  queue.close();
  t.true(queue.closed);
  t.false(isOpen(fd));
  t.notThrows(() => queue.close());
  const closed = { instanceOf: ValueError, message: 'I/O operation on closed kqueue object' };
  t.throws(() => queue.fileno(), closed);
  t.throws(() => queue.control(null, 1), closed);
  let other: select.kqueue;
  {
    using inner = new kqueue();
    other = inner;
  }
  t.true(other.closed);
  t.throws(() => new (kqueue as unknown as new (fd: number) => unknown)(1), { instanceOf: TypeError });
});

test('fromfd takes a descriptor over', (t) => {
  const queue = newQueue(t);
  const again = kqueue.fromfd(queue.fileno());
  t.is(again.fileno(), queue.fileno());
  again.close();
  t.throws(() => queue.control(null, 1, 0), { instanceOf: OSError, code: 'EBADF' });
  queue.close();
  using made = kqueue.fromfd(-1);
  t.true(made.fileno() >= 0);
  t.throws(() => kqueue.fromfd('x' as never), { instanceOf: TypeError });
});

test('control refuses what CPython refuses', (t) => {
  const queue = newQueue(t);
  const control = (...args: unknown[]) => (queue.control as (...args: unknown[]) => unknown).call(queue, ...args);
  const list = { instanceOf: TypeError, message: 'changelist must be an iterable of select.kevent objects' };
  t.throws(() => control(), { instanceOf: TypeError });
  t.throws(() => control(null), { instanceOf: TypeError });
  t.throws(() => control(null, 'x'), { instanceOf: TypeError });
  t.throws(() => control(null, -1), {
    instanceOf: ValueError,
    message: 'Length of eventlist must be 0 or positive, got -1',
  });
  t.throws(() => control(null, 2 ** 31), { instanceOf: OverflowError });
  t.throws(() => control(null, 1, 'x'), {
    instanceOf: TypeError,
    message: 'timeout argument must be a number or None, got str',
  });
  t.throws(() => control(null, 1, undefined), { instanceOf: TypeError, message: /'timeout' is undefined/ });
  for (const timeout of [-1, -1e-9]) {
    t.throws(() => control(null, 1, timeout), { instanceOf: ValueError, message: 'timeout must be positive or None' });
  }
  t.throws(() => control(5, 1, 0), { instanceOf: TypeError, message: 'changelist is not iterable' });
  t.throws(() => control([1], 1, 0), list);
  t.throws(() => control('ab', 1, 0), list);
  t.throws(() => control([new kevent(0), {}], 0), list);
  t.deepEqual(control(null, 4, 0), []);
});

test('the list of changes is anything that can be iterated over', (t) => {
  const [a] = unixPair(t);
  const queue = newQueue(t);
  const event = () => new kevent(a, KQ_FILTER_WRITE, KQ_EV_ADD | KQ_EV_ONESHOT);
  const lists: Iterable<select.kevent>[] = [
    [event()],
    new Set([event()]),
    (function* () {
      yield event();
    })(),
  ];
  for (const list of lists) t.is(queue.control(list, 1, 0).length, 1);
  // One that closes the object it is for.
  const closing = {
    *[Symbol.iterator]() {
      queue.close();
      yield event();
    },
  };
  t.throws(() => queue.control(closing, 1, 0), { instanceOf: ValueError });
});

// ---- reading and writing ---------------------------------------------------------------------------------------------

test('reading and writing of one descriptor are two filters; data says how much', (t) => {
  const [a, b] = tcpPair(t);
  const queue = newQueue(t);
  const fd = a.fileno();
  queue.control([new kevent(a), new kevent(a, KQ_FILTER_WRITE, KQ_EV_ADD, 0, 0, 2n ** 63n + 1n)], 0);
  t.deepEqual(now(queue), [[fd, KQ_FILTER_WRITE, 0]]);
  b.sendall(bytes('hello'));
  const found = queue.control(null, 4, 60);
  while (found.length < 2) found.splice(0, 2, ...queue.control(null, 4, 60));
  const [read, write] = found.sort((x, y) => y.filter - x.filter);
  t.deepEqual([read.ident, read.filter, read.data], [fd, KQ_FILTER_READ, 5]);
  t.is(write.udata, 2n ** 63n + 1n);
  t.true(Number(write.data) > 0);
  // With room for one event, each has its turn.
  const one = () => queue.control(null, 1, 0)[0].filter;
  t.deepEqual(new Set([one(), one()]), new Set([KQ_FILTER_READ, KQ_FILTER_WRITE]));
  queue.control([new kevent(a, KQ_FILTER_WRITE, KQ_EV_DELETE)], 0);
  t.deepEqual(now(queue), [[fd, KQ_FILTER_READ, 0]]);
  a.recv(5);
  t.deepEqual(now(queue), []);
});

test('the end of a stream is EV_EOF, of reading alone if the other direction is open', (t) => {
  const [a, b] = tcpPair(t);
  const queue = newQueue(t);
  const fd = a.fileno();
  queue.control([new kevent(a), new kevent(a, KQ_FILTER_WRITE)], 0);
  b.sendall(bytes('x'));
  b.shutdown(socket.SHUT_WR);
  const [end] = queue.control([new kevent(a, KQ_FILTER_WRITE, KQ_EV_DISABLE)], 1, 60);
  t.is(end.filter, KQ_FILTER_READ);
  let [[, , found]] = now(queue);
  while ((found & KQ_EV_EOF) === 0) [[, , found]] = now(queue);
  queue.control([new kevent(a, KQ_FILTER_WRITE, KQ_EV_ENABLE)], 0);
  t.deepEqual(now(queue), [
    [fd, KQ_FILTER_READ, KQ_EV_EOF],
    [fd, KQ_FILTER_WRITE, 0],
  ]);
  // What was sent before is still there.
  t.is(`${a.recv(9)}`, 'x');
});

test('a peer that is gone is EV_EOF of both, and a reset says why in fflags', (t) => {
  const [a, b] = unixPair(t);
  const queue = newQueue(t);
  queue.control([new kevent(a), new kevent(a, KQ_FILTER_WRITE)], 0);
  b.close();
  t.deepEqual(now(queue), [
    [a.fileno(), KQ_FILTER_READ, KQ_EV_EOF],
    [a.fileno(), KQ_FILTER_WRITE, KQ_EV_EOF],
  ]);
  const [c, d] = tcpPair(t);
  d.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, new Uint8Array(new Int32Array([1, 0]).buffer));
  queue.control([new kevent(c)], 0);
  d.close();
  let event: select.kevent | undefined;
  do {
    event = queue.control(null, 16, 60).find(({ ident }) => ident === c.fileno());
  } while (event === undefined);
  t.is(event.flags & KQ_EV_EOF, KQ_EV_EOF);
  t.is(event.fflags, errno.ECONNRESET);
  t.throws(() => c.recv(1), { code: 'ECONNRESET' });
});

test('a low-water mark keeps what is less from being reported', (t) => {
  const [a, b] = unixPair(t);
  const queue = newQueue(t);
  queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ADD, KQ_NOTE_LOWAT, 4)], 0);
  b.send(bytes('abc'));
  t.deepEqual(queue.control(null, 1, 0), []);
  b.send(bytes('d'));
  for (let i = 0; i < 3; i++) t.is(queue.control(null, 1, 0)[0].data, 4);
  a.recv(2);
  t.deepEqual(queue.control(null, 1, 0), []);
  // Not the end, which is reported however little there is.
  b.close();
  t.is(queue.control(null, 1, 0)[0].flags & KQ_EV_EOF, KQ_EV_EOF);
});

test('EV_CLEAR reports each change once, EV_ONESHOT once at all, EV_DISPATCH until it is enabled again', (t) => {
  const [a, b] = unixPair(t);
  const queue = newQueue(t);
  queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR)], 0);
  for (const text of ['x', 'y']) {
    b.send(bytes(text));
    t.is(queue.control(null, 1, 60).length, 1);
    t.deepEqual(queue.control(null, 1, 0), []);
  }
  queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_DELETE)], 0);
  t.is(queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_ONESHOT)], 1, 0).length, 1);
  t.throws(() => queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_DELETE)], 0), { instanceOf: FileNotFoundError });
  t.is(queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_DISPATCH)], 1, 0).length, 1);
  for (let i = 0; i < 2; i++) {
    t.deepEqual(queue.control(null, 1, 0), []);
    t.is(queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ENABLE)], 1, 0).length, 1);
  }
});

test('what is disabled is silent, from the first on', (t) => {
  const [a, b] = unixPair(t);
  const queue = newQueue(t);
  b.send(bytes('x'));
  queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_DISABLE)], 0);
  t.deepEqual(queue.control(null, 1, 0), []);
  t.is(queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_ENABLE)], 1, 0).length, 1);
  queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_DISABLE)], 0);
  t.deepEqual(queue.control(null, 1, 0), []);
});

test('a pipe without a reader, and one without a writer, are at their end', (t) => {
  const { read: reader, write: writer } = fifo(t);
  t.teardown(() => closeSync(writer));
  const queue = newQueue(t);
  queue.control([new kevent(reader), new kevent(writer, KQ_FILTER_WRITE)], 0);
  t.deepEqual(now(queue), [[writer, KQ_FILTER_WRITE, 0]]);
  writeSync(writer, 'abc');
  t.is(queue.control([new kevent(writer, KQ_FILTER_WRITE, KQ_EV_DISABLE)], 1, 60)[0].data, 3);
  queue.control([new kevent(writer, KQ_FILTER_WRITE, KQ_EV_ENABLE)], 0);
  closeSync(reader);
  t.deepEqual(now(queue), [[writer, KQ_FILTER_WRITE, KQ_EV_EOF]]);
});

// ---- errors ----------------------------------------------------------------------------------------------------------

test('a change that fails is an event if there is room for it, else an exception', (t) => {
  const [a] = unixPair(t);
  const queue = newQueue(t);
  const wrong = new kevent(a, KQ_FILTER_WRITE, KQ_EV_DELETE);
  const right = new kevent(a, KQ_FILTER_WRITE, KQ_EV_ADD | KQ_EV_ONESHOT);
  t.throws(() => queue.control([wrong], 0), { instanceOf: FileNotFoundError });
  const [event, ...more] = queue.control([wrong, right], 4, 60);
  t.deepEqual([event.flags & KQ_EV_ERROR, event.data, event.ident], [KQ_EV_ERROR, errno.ENOENT, a.fileno()]);
  t.deepEqual(more, []);
  t.is(queue.control(null, 4, 0).length, 1);
  t.throws(() => queue.control([new kevent(2 ** 31 - 2)], 0), { instanceOf: OSError, code: 'EBADF' });
  t.throws(() => queue.control([new kevent(0, 99)], 0), { instanceOf: OSError, code: 'EINVAL' });
});

test('EV_RECEIPT answers each change, and reports nothing else', (t) => {
  const [a] = unixPair(t);
  const queue = newQueue(t);
  const changes = [KQ_FILTER_READ, KQ_FILTER_WRITE].map((filter) => new kevent(a, filter, KQ_EV_ADD | KQ_EV_RECEIPT));
  const receipts = queue.control(changes, 2, 60);
  t.deepEqual(
    receipts.map(({ filter, flags, data }) => [filter, flags & KQ_EV_ERROR, data]),
    [
      [KQ_FILTER_READ, KQ_EV_ERROR, 0],
      [KQ_FILTER_WRITE, KQ_EV_ERROR, 0],
    ],
  );
});

test('a descriptor that is closed has no filters any more, whoever has the number next, and whatever else is open', (t) => {
  const queue = newQueue(t);
  const [a, b] = socket.socketpair();
  const fd = a.fileno();
  queue.control([new kevent(a), new kevent(a, KQ_FILTER_WRITE)], 0);
  const copy = a.dup();
  a.close();
  t.deepEqual(queue.control(null, 4, 0), []);
  const [c] = unixPair(t);
  t.is(c.fileno(), fd);
  t.throws(() => queue.control([new kevent(c, KQ_FILTER_READ, KQ_EV_DELETE)], 0), { instanceOf: FileNotFoundError });
  queue.control([new kevent(c, KQ_FILTER_WRITE)], 0);
  t.deepEqual(now(queue), [[fd, KQ_FILTER_WRITE, 0]]);
  copy.close();
  b.close();
});

// ---- other filters ---------------------------------------------------------------------------------------------------

test('a timer expires once or again and again, and says how often', (t) => {
  const queue = newQueue(t);
  const before = performance.now();
  const [once] = queue.control([new kevent(7, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, 20, 99)], 1);
  t.true(performance.now() - before >= 20);
  t.deepEqual([once.ident, once.filter, once.data, once.udata], [7, KQ_FILTER_TIMER, 1, 99]);
  t.throws(() => queue.control([new kevent(7, KQ_FILTER_TIMER, KQ_EV_DELETE)], 0), { instanceOf: FileNotFoundError });
  queue.control([new kevent(8, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 1)], 0);
  let expired = 0;
  while (expired < 5) expired += Number(queue.control(null, 1)[0].data);
  queue.control([new kevent(8, KQ_FILTER_TIMER, KQ_EV_DELETE)], 0);
  t.deepEqual(queue.control(null, 1, 0.01), []);
});

test('an event of the user is triggered, and stays so unless it is to be cleared', (t) => {
  const queue = newQueue(t);
  queue.control([new kevent(1, KQ_FILTER_USER), new kevent(2, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_CLEAR)], 0);
  t.deepEqual(queue.control(null, 4, 0), []);
  const trigger = (ident: number) =>
    new kevent(ident, KQ_FILTER_USER, 0, (NOTE_TRIGGER | NOTE_FFCOPY | 5) >>> 0, 0, ident);
  queue.control([trigger(1), trigger(2)], 0);
  const idents = () => queue.control(null, 4, 0).map(({ ident, fflags }) => [ident, fflags & 0xffffff]);
  t.deepEqual(idents().sort(), [
    [1, 5],
    [2, 5],
  ]);
  t.deepEqual(idents(), [[1, 5]]);
  queue.control([new kevent(1, KQ_FILTER_USER, KQ_EV_DELETE)], 0);
  t.deepEqual(idents(), []);
});

test('another thread ends a wait by an event of the user', async (t) => {
  const queue = newQueue(t);
  queue.control([new kevent(1, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_CLEAR)], 0);
  const worker = startWorker(
    `const queue = berkeley.select.kqueue.fromfd(data);
     send('waits');
     const [event] = queue.control(null, 1);
     send(Number(event.ident));`,
    queue.fileno(),
  );
  t.is(await worker.next(), 'waits');
  queue.control([new kevent(1, KQ_FILTER_USER, 0, NOTE_TRIGGER)], 0);
  t.is(await worker.next(), 1);
  await worker.stop();
});

// ---- waiting ---------------------------------------------------------------------------------------------------------

test('a wait is never too short; without room for events there is none', (t) => {
  const queue = newQueue(t);
  for (const seconds of [0.0002, 0.0013, 0.05, 0.25]) {
    const before = performance.now();
    t.deepEqual(queue.control(null, 1, seconds), []);
    t.true(performance.now() - before >= seconds * 1000);
  }
  t.deepEqual(queue.control(null, 0), []);
  t.deepEqual(queue.control([], 0, 1e6), []);
});

test('changes are made once, however long the wait after them is interrupted for', (t) => {
  const [a] = unixPair(t);
  const queue = newQueue(t);
  // Were it made anew with each slice of the wait, the second attempt to delete would fail.
  queue.control([new kevent(a)], 0);
  t.deepEqual(queue.control([new kevent(a, KQ_FILTER_READ, KQ_EV_DELETE)], 1, 0.5), []);
});

test('more events than one call has room for come with the next', (t) => {
  const pairs = manyPairs(t);
  if (pairs === null) return;
  const queue = newQueue(t);
  queue.control(
    pairs.map(([a]) => new kevent(a, KQ_FILTER_WRITE, KQ_EV_ADD | KQ_EV_ONESHOT)),
    0,
  );
  const seen = new Set<unknown>();
  for (const most of [1000, 1000]) for (const { ident } of queue.control(null, most, 0)) seen.add(ident);
  t.is(seen.size, pairs.length);
  t.deepEqual(queue.control(null, 2 ** 31 - 1, 0), []);
});

testBlocked(
  {
    name: 'kqueue.control',
    prepare: 'const queue = new select.kqueue(); queue.control([new select.kevent(fd)], 0);',
    wait: '(timeout) => queue.control(null, 1, timeout).length',
    ready: '1',
    timedOut: '0',
    interrupted: 'InterruptedError',
  },
  NO_KQUEUE,
);
