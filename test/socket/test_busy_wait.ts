/** set_busy_wait: asking again and again before sleeping, on sockets, epoll and poll. */
import test from 'ava';
import { TimeoutError, ValueError } from '../../lib/core/exceptions.js';
import { select, socket } from '../../lib/index.js';
import { deadlineIn, type Waitable, wait } from '../../lib/wait/call.js';
import { testBlocked } from '../helpers/blocked.js';
import { unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_EPOLL, startWorker, testUnless } from '../helpers/peers.js';

checkLeaks(test);

/** Is ready at its attempt number `at`; notes how long each attempt may sleep. */
class ReadyAt implements Waitable {
  readonly name = 'test';
  readonly slices: number[] = [];
  constructor(readonly at: number) {}
  attempt(sliceMs: number): number {
    this.slices.push(sliceMs);
    return this.slices.length === this.at ? 1 : 0;
  }
}

test('what comes while it is asked for needs no sleep', (t) => {
  const soon = new ReadyAt(3);
  t.is(wait(soon, Number.POSITIVE_INFINITY, 50), 1);
  t.deepEqual(soon.slices, [0, 0, 0]);
});

test('after the busy wait comes the sleep', (t) => {
  class Sleeper extends ReadyAt {
    override attempt(sliceMs: number): number {
      super.attempt(sliceMs);
      return sliceMs > 0 ? 1 : 0;
    }
  }
  const late = new Sleeper(0);
  t.is(wait(late, Number.POSITIVE_INFINITY, 2), 1);
  t.true(late.slices.length >= 2);
  t.deepEqual([...new Set(late.slices.slice(0, -1))], [0]);
  t.true((late.slices.at(-1) as number) > 0);
});

test('the deadline ends a busy wait', (t) => {
  const never = new ReadyAt(0);
  t.is(wait(never, 0, 50), 0);
  t.deepEqual(never.slices, [0, 0]);
  const [sock] = unixPair(t);
  sock.set_busy_wait(50_000);
  sock.settimeout(0.01);
  t.throws(() => sock.recv(1), { instanceOf: TimeoutError });
  t.is(wait(new ReadyAt(0), deadlineIn(0.001), 50), 0);
});

testUnless(NO_EPOLL)('a socket, an epoll and a poll that wait so find what comes', async (t) => {
  const [a, b] = unixPair(t);
  const echo = startWorker(
    `
    const sock = new berkeley.socket.socket({ fileno: data });
    sock.set_busy_wait(1000);
    for (let bytes; (bytes = sock.recv(10)).length > 0; ) sock.send(bytes);
    sock.detach();
  `,
    b.fileno(),
  );
  using epoll = new select.epoll();
  epoll.register(a, select.EPOLLIN);
  const poll = new select.poll();
  poll.register(a, select.POLLIN);
  const events = new Int32Array(2);
  const waits = [
    () => {},
    () => epoll.poll(),
    () => epoll.poll_into(events),
    () => poll.poll(),
    () => poll.poll_into(events),
  ];
  for (const usecs of [0, 500, 50_000]) {
    for (const object of [a, epoll, poll]) {
      object.set_busy_wait(usecs);
      t.is(object.get_busy_wait(), usecs);
    }
    for (const ready of waits) {
      a.send(Buffer.from('ping'));
      ready();
      t.is(String(a.recv(10)), 'ping');
    }
  }
  a.shutdown(socket.SHUT_WR);
  t.is(await echo.exit, 0);
});

testUnless(NO_EPOLL)('times that are none', (t) => {
  const [sock] = unixPair(t);
  using epoll = new select.epoll();
  for (const object of [sock, epoll, new select.poll()]) {
    for (const usecs of [-1, 50_001, 2 ** 53]) t.throws(() => object.set_busy_wait(usecs), { instanceOf: ValueError });
    for (const usecs of [undefined, null, '1', 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      t.throws(() => object.set_busy_wait(usecs as never), { instanceOf: TypeError });
    }
    t.is(object.get_busy_wait(), 0);
  }
});

testBlocked({
  name: 'recv with a busy wait',
  prepare: 'const sock_ = new socket.socket({ fileno: fd }); sock_.set_busy_wait(50_000);',
  wait: '(timeout) => { sock_.settimeout(timeout); return sock_.recv(1).length; }',
  ready: '1',
  timedOut: 'TimeoutError',
  interrupted: 'InterruptedError',
});

testBlocked(
  {
    name: 'epoll with a busy wait',
    prepare: 'const poller = new select.epoll(); poller.register(fd, select.EPOLLIN); poller.set_busy_wait(50_000);',
    wait: '(timeout) => poller.poll(timeout).length',
    ready: '1',
    timedOut: '0',
    interrupted: 'InterruptedError',
  },
  NO_EPOLL,
);
