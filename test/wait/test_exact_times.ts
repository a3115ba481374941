/**
 * Times to the millisecond, on a clock that the test moves: deadlines, slices, pauses, Happy Eyeballs. A library that
 * waits too long, or begins a deadline anew after each interruption, fails here.
 */
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { OSError, TimeoutError } from '../../lib/core/exceptions.js';
import { Acceptor } from '../../lib/event/acceptor.js';
import { descriptorOf } from '../../lib/event/loop.js';
import * as select from '../../lib/select/index.js';
import { Race } from '../../lib/socket/happy_eyeballs.js';
import * as socket from '../../lib/socket/index.js';
import { monotonicMs, POLLIN } from '../../lib/wait/call.js';
import { FakeClock, NOT_READY, withTimers } from '../helpers/clock.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_EPOLL, testUnless } from '../helpers/peers.js';

checkLeaks(test);

const SLICE = 200;
const bytes = Buffer.alloc(10);

function pair() {
  const [a, b] = socket.socketpair();
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

/** A call under a timeout, by the name and the argument with which the binary is told to wait. */
const calls: [name: string, native: string, at: number, call: (sock: socket.socket) => unknown][] = [
  ['recv', 'recvScratch', 3, (sock) => sock.recv(10)],
  ['recv_into', 'recv', 5, (sock) => sock.recv_into(bytes)],
  ['recvfrom', 'recvfromScratch', 3, (sock) => sock.recvfrom(10)],
  ['recvmsg', 'recvmsg', 4, (sock) => sock.recvmsg(10)],
  ['send', 'send', 5, (sock) => sock.send(bytes)],
  ['sendall', 'send', 5, (sock) => sock.sendall(bytes)],
  ['sendmsg', 'sendmsg', 6, (sock) => sock.sendmsg([bytes])],
  ['accept', 'accept', 1, (sock) => sock.accept()],
];

for (const [name, ofBinary, at, call] of calls) {
  test.serial(`${name}: the timeout is waited for once, in slices, and not longer`, (t) => {
    using ends = pair();
    ends.a.settimeout(0.95);
    using clock = new FakeClock();
    clock.sleepsIn(ofBinary, at, NOT_READY);
    t.throws(() => call(ends.a), { instanceOf: TimeoutError });
    t.deepEqual(clock.slices, [SLICE, SLICE, SLICE, SLICE, 150]);
    t.is(clock.elapsedMs, 950);
  });

  test.serial(`${name}: the deadline is total, however often the wait is interrupted`, (t) => {
    using ends = pair();
    ends.a.settimeout(0.5);
    using clock = new FakeClock();
    clock.sleepsIn(ofBinary, at, NOT_READY);
    clock.wakes = Array.from({ length: 7 }, () => ({ afterMs: 70, result: -errno.EINTR }));
    t.throws(() => call(ends.a), { instanceOf: TimeoutError });
    t.deepEqual(clock.slices, [SLICE, SLICE, SLICE, SLICE, SLICE, 150, 80, 10]);
    t.is(clock.elapsedMs, 500);
  });
}

test.serial('sendall: one deadline for all its steps', (t) => {
  using ends = pair();
  ends.a.settimeout(0.5);
  using clock = new FakeClock();
  clock.sleepsIn('send', 5, NOT_READY);
  // Each step takes a byte, 60 ms after it has begun.
  clock.wakes = Array.from({ length: 20 }, () => ({ afterMs: 60, result: 1 }));
  t.throws(() => ends.a.sendall(Buffer.alloc(100)), { instanceOf: TimeoutError });
  t.is(clock.elapsedMs, 500);
  t.is(clock.slices.at(-1), 20);
});

testUnless(NO_EPOLL).serial('select, poll and epoll: slices, and what is below a millisecond is rounded up', (t) => {
  using ends = pair();
  const poller = new select.poll();
  poller.register(ends.a, select.POLLIN);
  const epoll = new select.epoll();
  epoll.register(ends.a, select.EPOLLIN);
  const waits: [string, string, number, () => unknown, number[]][] = [
    ['select', 'poll', 2, () => select.select([ends.a], [], [], 0.45), [SLICE, SLICE, 50]],
    ['select, less than 1 ms', 'poll', 2, () => select.select([ends.a], [], [], 0.0001), [1]],
    ['select, 0', 'poll', 2, () => select.select([ends.a], [], [], 0), []],
    ['poll', 'poll', 2, () => poller.poll(401), [SLICE, SLICE, 1]],
    ['epoll', 'epollWait', 2, () => epoll.poll(0.3), [SLICE, 100]],
    ['epoll, less than 1 ms', 'epollWait', 2, () => epoll.poll(0.0004), [1]],
  ];
  for (const [name, ofBinary, at, call, slices] of waits) {
    using clock = new FakeClock();
    clock.sleepsIn(ofBinary, at);
    call();
    // When the time is up, it looks once more, without sleeping.
    t.deepEqual(
      clock.slices.filter((ms) => ms > 0),
      slices,
      name,
    );
  }
  epoll.close();
});

// ---- on Node's loop --------------------------------------------------------------------------------------------------

/** What a promise has come to so far. */
function followed(promise: Promise<unknown>): { state: string } {
  const seen = { state: 'pending' };
  promise.then(
    () => (seen.state = 'done'),
    (error: Error) => (seen.state = error.name),
  );
  return seen;
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test.serial('an awaited call ends when its time is up, and not before', async (t) => {
  using ends = pair();
  ends.a.settimeout(0.5);
  using clock = new FakeClock();
  using _timers = withTimers();
  const seen = followed(asyncio.sock_recv(ends.a, 10));
  clock.tick(499);
  await turn();
  t.is(seen.state, 'pending');
  clock.tick(1);
  await turn();
  t.is(seen.state, 'TimeoutError');
});

test.serial('a timeout may be longer than a timer of Node can be', async (t) => {
  using ends = pair();
  const days = 30 * 24 * 3600 * 1000;
  ends.a.settimeout(days / 1000);
  using clock = new FakeClock();
  using _timers = withTimers();
  const seen = followed(asyncio.sock_recv(ends.a, 10));
  for (const ms of [10, 2 ** 31, days - 2 ** 31 - 11]) {
    clock.tick(ms);
    await turn();
    t.is(seen.state, 'pending', `${clock.elapsedMs} ms`);
  }
  // Waits round up: at such a distance the clock itself is a little off.
  clock.tick(2);
  await turn();
  t.is(seen.state, 'TimeoutError');
});

test.serial('asyncio.timeout and wait_for likewise; a deadline can be put elsewhere', async (t) => {
  using clock = new FakeClock();
  using _timers = withTimers();
  const never = new Promise<never>(() => {});
  const waited = followed(asyncio.wait_for(never, 30));
  const deadline = asyncio.timeout(1);
  const moved = followed(deadline.race(never));
  deadline.reschedule(monotonicMs() / 1000 + 40);
  for (const [ms, ofFirst, ofSecond] of [
    [29_999, 'pending', 'pending'],
    [1, 'TimeoutError', 'pending'],
    [9_999, 'TimeoutError', 'pending'],
    [1, 'TimeoutError', 'TimeoutError'],
  ] as const) {
    clock.tick(ms);
    await turn();
    await turn();
    t.deepEqual([waited.state, moved.state], [ofFirst, ofSecond], `${clock.elapsedMs} ms`);
  }
  deadline[Symbol.dispose]();
});

test.serial('a deadline in seconds is met to the millisecond, whatever the clock says at its beginning', async (t) => {
  for (let i = 0; i < 200; i++) {
    using clock = new FakeClock();
    using _timers = withTimers();
    // Seconds into a process, one sum in five is rounded up.
    clock.skip(20_000 + i / 301);
    using deadline = asyncio.timeout(30);
    clock.tick(30_000);
    await turn();
    t.true(deadline.expired(), `${i}`);
  }
});

test.serial('a listener without descriptors pauses for 100 ms', async (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  listener.setblocking(false);
  using client = socket.create_connection(listener.getsockname());
  t.true(client.fileno() >= 0);
  using clock = new FakeClock();
  using _timers = withTimers();
  let tries = 0;
  clock.replace('accept', () => {
    tries++;
    return -errno.EMFILE;
  });
  const acceptor = new Acceptor(listener, { accepted: () => {}, failed: (error) => t.fail(`${error}`) });
  const listens = () => descriptorOf(listener.fileno()).listened(POLLIN);
  while (tries === 0) await turn();
  t.false(listens());
  clock.tick(99);
  t.false(listens());
  clock.tick(1);
  t.true(listens());
  acceptor.stop();
});

// ---- Happy Eyeballs --------------------------------------------------------------------------------------------------

type Info = ConstructorParameters<typeof Race>[0][number];
const infoOf = (name: string) => [socket.AF_INET, socket.SOCK_STREAM, 0, '', [name, 1]] as unknown as Info;
const IN_PROGRESS = native.constants.codes.IN_PROGRESS;

/** Attempts that answer when the test says so. */
class Attempts {
  readonly begun: string[] = [];
  readonly outcomes = new Map<string, number>();
  open = ([, , , , address]: Info): socket.socket => {
    const [name] = address as unknown as [string];
    this.begun.push(name);
    return {
      name,
      _connectBegun: () => IN_PROGRESS,
      _connectEnded: () => this.outcomes.get(name) ?? 0,
      close() {},
    } as unknown as socket.socket;
  };
  refused = (code: number): OSError => new OSError(-code, 'refused');
}

test('Happy Eyeballs: an attempt each 250 ms; one that fails brings the next at once; a late failure hastens nothing', (t) => {
  const way = new Attempts();
  const race = new Race(['a', 'b', 'c', 'd', 'e'].map(infoOf), 0.25, way);
  race.advance(1000);
  t.deepEqual([way.begun.join(''), race.dueMs], ['a', 1250]);
  race.advance(1249);
  t.is(way.begun.join(''), 'a');
  race.advance(1250);
  t.deepEqual([way.begun.join(''), race.dueMs], ['ab', 1500]);
  way.outcomes.set('a', -errno.ECONNREFUSED);
  race.look(race.running[0]);
  race.advance(1300);
  t.deepEqual([way.begun.join(''), race.dueMs], ['ab', 1500], 'b is under way already');
  way.outcomes.set('b', -errno.ECONNREFUSED);
  race.look(race.running[0]);
  race.advance(1310);
  t.deepEqual([way.begun.join(''), race.dueMs], ['abc', 1560], 'b was the latest');
  race.advance(1560);
  t.deepEqual([way.begun.join(''), race.dueMs], ['abcd', 1810]);
  race.advance(5000);
  t.deepEqual([way.begun.join(''), race.dueMs], ['abcde', Number.POSITIVE_INFINITY]);
  race[Symbol.dispose]();
});

test('without a delay, an address is tried when the one before has failed', (t) => {
  const way = new Attempts();
  const race = new Race(['a', 'b'].map(infoOf), null, way);
  race.advance(0);
  race.advance(1e9);
  t.is(way.begun.join(''), 'a');
  way.outcomes.set('a', -errno.ETIMEDOUT);
  race.look(race.running[0]);
  race.advance(1e9);
  t.is(way.begun.join(''), 'ab');
  race[Symbol.dispose]();
});
