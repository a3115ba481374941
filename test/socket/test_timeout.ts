/** Waiting: deadlines, modes that change on a live socket, connections in progress. */
import { spawn } from 'node:child_process';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { OSError, TimeoutError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  WOULD_BLOCK as AGAIN,
  CONNECTING,
  NO_DONTWAIT,
  NO_PROGRAMS,
  NO_UNIX,
  NOT_OPEN,
  onWindows,
  pythonSync,
  spawnPeer,
  startWorker,
  systemMessage,
  testUnless,
} from '../helpers/peers.js';
import { pending } from '../helpers/promises.js';
import { untilSleptAgain, untilWaiting, waitingThreads } from '../helpers/threads.js';
import { outcomeOf, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } = socket;
const TIMEOUT_S = 0.15;
/** What a wait may take at most on a busy machine: far from any deadline here, and from no deadline at all. */
const GENEROUS_MS = 30_000;

const TIMED_OUT = { error: 'TimeoutError', text: 'timed out', errno: null };
const WOULD_BLOCK = {
  error: 'BlockingIOError',
  text: systemMessage(AGAIN, 'Resource temporarily unavailable'),
  errno: AGAIN,
};

/** What the kernel's own limit ends in. */
const LIMIT_PASSED = IS_WINDOWS
  ? { error: 'TimeoutError', text: systemMessage(errno.ETIMEDOUT, ''), errno: errno.ETIMEDOUT }
  : WOULD_BLOCK;

/** What becomes of a call, and how long it took, in milliseconds. */
function timed(call: () => unknown): [outcome: unknown, elapsedMs: number] {
  const before = performance.now();
  const outcome = outcomeOf(call);
  return [outcome, performance.now() - before];
}

/** A connected pair that the test closes by itself, if it does not close it before. */
function pair(type: number = SOCK_STREAM) {
  const [a, b] = pairOf(type);
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

/** Has the socket send until it cannot any more. */
function fill(sock: socket.socket): void {
  const timeout = sock.gettimeout();
  sock.setblocking(false);
  const block = Buffer.alloc(sock.type === SOCK_STREAM ? 65536 : 1024);
  try {
    for (;;) sock.send(block);
  } catch (error) {
    if ((error as OSError).code !== 'EAGAIN') throw error;
  }
  sock.settimeout(timeout);
}

// SO_RCVTIMEO and SO_SNDTIMEO are the kernel's own limits: struct timeval; on Windows, milliseconds.
const QUARTER = Buffer.alloc(IS_WINDOWS ? 4 : 16);
if (IS_WINDOWS) QUARTER.writeInt32LE(250);
else QUARTER.writeInt32LE(250_000, 8);

function limit(sock: socket.socket): socket.socket {
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUARTER);
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, QUARTER);
  return sock;
}

// ---- deadlines -------------------------------------------------------------------------------------------------------

type Calls = [name: string, call: (sock: socket.socket) => unknown][];
const DONTWAIT: Calls = [['recv with MSG_DONTWAIT', (sock) => sock.recv(10, socket.MSG_DONTWAIT)]];
const receives: Calls = [
  ['recv', (sock) => sock.recv(10)],
  ['recv with MSG_PEEK', (sock) => sock.recv(10, socket.MSG_PEEK)],
  ...(NO_DONTWAIT ? [] : DONTWAIT),
  ['recv of a lot', (sock) => sock.recv(1 << 20)],
  ['recv_into', (sock) => sock.recv_into(Buffer.alloc(10))],
  ['recvfrom', (sock) => sock.recvfrom(10)],
  ['recvfrom of a lot', (sock) => sock.recvfrom(1 << 20)],
  ['recvfrom_into', (sock) => sock.recvfrom_into(Buffer.alloc(10))],
  ['recvmsg', (sock) => sock.recvmsg(10)],
  ['recvmsg_into', (sock) => sock.recvmsg_into([Buffer.alloc(10)])],
];
const sends: [name: string, call: (sock: socket.socket) => unknown][] = [
  ['send', (sock) => sock.send(Buffer.alloc(1024))],
  ['sendall', (sock) => sock.sendall(Buffer.alloc(1024))],
  ['sendmsg', (sock) => sock.sendmsg([Buffer.alloc(1024)])],
];

/** Over UDP, which a pair of datagram sockets is on Windows, nothing waits for room. */
const callsOf = (type: number) => (IS_WINDOWS && type === SOCK_DGRAM ? receives : [...receives, ...sends]);

for (const type of [SOCK_STREAM, SOCK_DGRAM, ...(IS_WINDOWS ? [] : [SOCK_SEQPACKET])]) {
  for (const [name, call] of callsOf(type)) {
    test.serial(`${name} times out, and not early: type ${type}`, (t) => {
      using ends = pair(type);
      if (sends.some(([each]) => each === name)) fill(ends.a);
      ends.a.settimeout(TIMEOUT_S);
      const [outcome, elapsedMs] = timed(() => call(ends.a));
      t.deepEqual(outcome, TIMED_OUT);
      t.true(elapsedMs >= TIMEOUT_S * 1000 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
    });
  }

  for (const [name, call] of callsOf(type)) {
    test(`${name} of a nonblocking socket does not wait: type ${type}`, (t) => {
      using ends = pair(type);
      if (sends.some(([each]) => each === name)) fill(ends.a);
      ends.a.setblocking(false);
      const error = t.throws(() => call(ends.a), {
        name: 'BlockingIOError',
        message: systemMessage(AGAIN, 'Resource temporarily unavailable'),
      });
      t.like(error, { errno: AGAIN, code: 'EAGAIN' });
    });
  }
}

// A read that has taken all there was is followed by one that waits before it tries.
const reads: [name: string, call: (sock: socket.socket) => unknown][] = [
  ['recv', (sock) => sock.recv(10)],
  ['recv of a lot', (sock) => sock.recv(1 << 20)],
  ['recv_into', (sock) => sock.recv_into(Buffer.alloc(10))],
];
const WAITS: [name: string, set: (sock: socket.socket) => void, atLeastMs: number, outcome: unknown][] = [
  ['a timeout', (sock) => sock.settimeout(TIMEOUT_S), TIMEOUT_S * 1000, TIMED_OUT],
  ['a short timeout', (sock) => sock.settimeout(0.003), 3, TIMED_OUT],
  ['a limit of the kernel', limit, 250, LIMIT_PASSED],
  ['no wait at all', (sock) => sock.setblocking(false), 0, WOULD_BLOCK],
  ['a busy wait', waitBusily, TIMEOUT_S * 1000, TIMED_OUT],
];
function waitBusily(sock: socket.socket): void {
  sock.settimeout(TIMEOUT_S);
  sock.set_busy_wait(1000);
}

for (const [name, read] of reads) {
  for (const [what, set, atLeastMs, expected] of WAITS) {
    test.serial(`${name} with ${what}, after one that took all`, (t) => {
      using ends = pair();
      set(ends.a);
      for (const data of ['x', 'yz']) {
        ends.b.send(Buffer.from(data));
        t.deepEqual(ends.a.recv(10), Buffer.from(data));
        const [outcome, elapsedMs] = timed(() => read(ends.a));
        t.deepEqual(outcome, expected);
        t.true(elapsedMs >= atLeastMs && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
      }
      ends.b.close();
      t.deepEqual(ends.a.recv(10), Buffer.alloc(0));
      t.deepEqual(ends.a.recv(10), Buffer.alloc(0));
    });
  }
}

test('a socket that was closed, or whose descriptor was, after a read that took all', (t) => {
  for (const close of [(sock: socket.socket) => sock.close(), (sock: socket.socket) => socket.close(sock.fileno())]) {
    using ends = pair();
    ends.b.send(Buffer.from('x'));
    t.deepEqual(ends.a.recv(10), Buffer.from('x'));
    close(ends.a);
    for (const [, read] of reads) t.throws(() => read(ends.a), { name: 'OSError', code: NOT_OPEN.code });
    if (ends.a.fileno() >= 0) ends.a.detach();
  }
});

testUnless(onWindows('no SO_RCVLOWAT'))('SO_RCVLOWAT is for poll: what is there is read, though it is less', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  const [connection] = server.accept();
  connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 100);
  client.sendall(Buffer.alloc(120));
  t.is(connection.recv(4096).length, 120);
  client.sendall(Buffer.alloc(50));
  t.is(connection.recv(10).length, 10);
  connection.close();
});

testUnless(onWindows('such a limit is 32 bits of milliseconds'))(
  'a limit of the kernel that is longer than anybody waits',
  (t) => {
    using ends = pair();
    const ages = Buffer.alloc(16);
    ages.writeBigInt64LE(18446744073710n); // in µs it is beyond 64 bits
    ends.a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, ages);
    t.is(native.waitLimit(ends.a.fileno(), false), 0);
    ends.a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUARTER);
    const usecs = native.waitLimit(ends.a.fileno(), false); // rounded up to the kernel's ticks
    t.true(usecs >= 250_000 && usecs <= 260_000, `${usecs} µs`);
    t.is(native.waitLimit(ends.a.fileno(), true), 0);
  },
);

testUnless(NO_DONTWAIT).serial('reads with flags, after one that took all', (t) => {
  using ends = pair();
  ends.b.send(Buffer.from('x'));
  t.deepEqual(ends.a.recv(10), Buffer.from('x'));
  t.throws(() => ends.a.recv(10, socket.MSG_DONTWAIT), { name: 'BlockingIOError' });
  ends.b.send(Buffer.from('abc'));
  t.deepEqual(ends.a.recv(10, socket.MSG_PEEK), Buffer.from('abc'));
  t.deepEqual(ends.a.recv(3, socket.MSG_WAITALL), Buffer.from('abc'));
});

testUnless(NO_UNIX).serial(
  'a stream that two threads read: what one has waited for, the other may have taken',
  async (t) => {
    using ends = pair();
    const peer = startWorker(
      `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_STREAM);
    send('ready');
    let count = 0;
    for (let bytes; (bytes = sock.recv(10)).length > 0; ) count += bytes.length;
    send(count);`,
      ends.a.fileno(),
    );
    t.is(await peer.next(), 'ready');
    const feeder = startWorker(
      `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_STREAM);
    for (let i = 0; i < 20000; i++) sock.send(Buffer.from('x'));
    sock.shutdown(berkeley.socket.SHUT_WR);`,
      ends.b.fileno(),
    );
    let count = 0;
    for (let bytes: Buffer; (bytes = ends.a.recv(10)).length > 0; ) count += bytes.length;
    t.is(count + (await peer.next<number>()), 20000);
    t.is(await feeder.exit, 0);
    t.is(await peer.exit, 0);
  },
);

test.serial('accept times out, and accepts later', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  server.settimeout(TIMEOUT_S);
  const [outcome, elapsedMs] = timed(() => server.accept());
  t.deepEqual(outcome, TIMED_OUT);
  t.true(elapsedMs >= TIMEOUT_S * 1000 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  server.settimeout(60);
  const [connection, address] = server.accept();
  connection.close();
  t.deepEqual(address, client.getsockname());
});

testUnless(NO_UNIX).serial('sendto times out where the receiver does not read', (t) => {
  using receiver = new socket.socket(AF_UNIX, SOCK_DGRAM);
  receiver.bind('');
  using sender = new socket.socket(AF_UNIX, SOCK_DGRAM);
  sender.settimeout(TIMEOUT_S);
  const [outcome, elapsedMs] = timed(() => {
    for (;;) sender.sendto(Buffer.alloc(1024), receiver.getsockname());
  });
  t.deepEqual(outcome, TIMED_OUT);
  t.true(elapsedMs >= TIMEOUT_S * 1000 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
});

test.serial('a timeout of less than a millisecond is waited for, too', (t) => {
  using ends = pair();
  ends.a.settimeout(0.0004);
  for (let i = 0; i < 100; i++) {
    const [outcome, elapsedMs] = timed(() => ends.a.recv(1));
    t.deepEqual(outcome, TIMED_OUT);
    t.true(elapsedMs >= 0.4);
  }
});

test.serial('what is there is returned, however short the timeout', (t) => {
  using ends = pair();
  ends.a.settimeout(1e-9);
  ends.b.send(Buffer.from('x'));
  t.deepEqual(ends.a.recv(10), Buffer.from('x'));
});

/** A peer that reads the 64 KiB that it is sent, and again, with a pause between two reads: it always gets somewhere. */
const TRICKLE = `import socket, sys, time
sock = socket.socket(fileno=3)
print('ready', flush=True)
while sock.recv(16384):
    time.sleep(0.01)
`;

testWithPython.serial(
  'the deadline of sendall is for all of it: a peer that reads a little does not prolong it',
  async (t) => {
    using ends = pair();
    const peer = spawnPeer('python3', ['-c', TRICKLE], {}, [ends.b.fileno()]);
    t.is(await peer.line(), 'ready');
    ends.b.close();
    ends.a.settimeout(0.5);
    const [outcome, elapsedMs] = timed(() => ends.a.sendall(Buffer.alloc(1 << 27)));
    t.deepEqual(outcome, TIMED_OUT);
    t.true(elapsedMs >= 500 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
    ends.a.close();
    t.is(await peer.exit, 0);
  },
);

testUnless(NO_UNIX).serial(
  'the deadline is for the whole call: a queue that others empty does not prolong it',
  async (t) => {
    // Four thieves on the same datagram socket: it becomes readable, and what came is gone, again and again.
    using ends = pair(SOCK_DGRAM);
    const thieves = Array.from({ length: 2 }, () =>
      startWorker(
        `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_DGRAM);
      // The description is shared, and nonblocking as soon as the other end's object has a timeout.
      sock.settimeout(60);
      send('ready');
      while (sock.recv(10).toString() !== 'end');
      sock.close();`,
        ends.a.fileno(),
      ),
    );
    const feeder = startWorker(
      `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_DGRAM);
    send('ready');
    const enough = performance.now() + 600;
    while (performance.now() < enough) sock.send(Buffer.from('x'));
    sock.close();
    send('done');`,
      ends.b.fileno(),
    );
    for (const worker of [...thieves, feeder]) t.is(await worker.next(), 'ready');
    ends.a.settimeout(0.3);
    const calls: [unknown, number][] = [];
    for (let i = 0; i < 3; i++) calls.push(timed(() => ends.a.recv(10)));
    for (const [outcome, elapsedMs] of calls) {
      if ('error' in (outcome as object)) t.deepEqual(outcome, TIMED_OUT);
      t.true(elapsedMs < GENEROUS_MS);
    }
    t.is(await feeder.next(), 'done');
    for (const _ of thieves) ends.b.send(Buffer.from('end'));
    for (const worker of thieves) t.is(await worker.exit, 0);
  },
);

testUnless(NO_PROGRAMS).serial('signals that nobody waits for do not shorten a wait (PEP 475)', async (t) => {
  using ends = pair();
  // libuv handles SIGCHLD: each child's end interrupts the system call that this thread is in.
  const children = Array.from({ length: 5 }, (_, i) => spawn('sleep', [`0.${i + 1}`], { stdio: 'ignore' }));
  ends.a.settimeout(0.7);
  const [outcome, elapsedMs] = timed(() => ends.a.recv(1));
  t.deepEqual(outcome, TIMED_OUT);
  t.true(elapsedMs >= 700 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
  await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))));
});

test('a timeout that is over has cost nothing: what comes later is received', (t) => {
  using ends = pair();
  ends.a.settimeout(0.01);
  t.throws(() => ends.a.recv(10), { instanceOf: TimeoutError });
  ends.b.send(Buffer.from('late'));
  t.deepEqual(ends.a.recv(10), Buffer.from('late'));
});

test('TimeoutError is what Python has: an OSError without a number, also called socket.timeout', (t) => {
  using ends = pair();
  ends.a.settimeout(0.001);
  const error = t.throws(() => ends.a.recv(1)) as TimeoutError;
  t.true(error instanceof socket.timeout);
  t.true(error instanceof socket.error);
  t.deepEqual([error.errno, error.strerror, error.code, error.syscall], [null, null, undefined, 'recv']);
});

// ---- modes -----------------------------------------------------------------------------------------------------------

test('the mode can be changed at any moment', async (t) => {
  using ends = pair();
  const { a } = ends;
  a.setblocking(false);
  t.throws(() => a.recv(1), { name: 'BlockingIOError' });
  a.settimeout(0.02);
  t.throws(() => a.recv(1), { name: 'TimeoutError' });
  a.setblocking(false);
  t.throws(() => a.recv(1), { name: 'BlockingIOError' });
  a.settimeout(null);
  const peer = startWorker(
    `const sock = new berkeley.socket.socket({ fileno: data });
    send('ready');
    send(sock.recv(10).toString());
    sock.send(Buffer.from('pong'));
    sock.close();`,
    ends.b.detach(),
  );
  t.is(await peer.next(), 'ready');
  a.send(Buffer.from('ping'));
  t.deepEqual(a.recv(10), Buffer.from('pong'));
  t.is(await peer.next(), 'ping');
  a.settimeout(60);
  t.deepEqual(a.recv(10), Buffer.alloc(0));
});

testUnless(NO_UNIX).serial(
  'a blocked call goes on when another object changes the mode of the same socket',
  async (t) => {
    using ends = pair();
    const before = waitingThreads();
    const peer = startWorker(
      `const sock = berkeley.socket.fromfd(data, berkeley.socket.AF_UNIX, berkeley.socket.SOCK_STREAM);
    send(process.getBuiltinModule('node:fs').readlinkSync('/proc/thread-self'));
    send(sock.recv(10).toString());
    sock.close();`,
      ends.a.fileno(),
    );
    const thread = await peer.next<string>();
    await untilWaiting(before);
    const answer = peer.next();
    for (const blocks of [false, true, false]) {
      ends.a.setblocking(blocks);
      // Its sleep is ended from time to time: it has seen the new mode, and sleeps again.
      await untilSleptAgain(thread);
      t.true(await pending(answer));
    }
    ends.b.send(Buffer.from('x'));
    t.is(await answer, 'x');
    t.is(await peer.exit, 0);
  },
);

const LIMITS = `
import struct

QUARTER = struct.pack('ll', 0, 250000)

def limited(taken=False, accepted=False):
    a, b = socket.socketpair()
    if accepted:
        server = socket.create_server(('127.0.0.1', 0))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUARTER)
        client = socket.create_connection(server.getsockname())
        server.accept()[0].recv(1)
    a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUARTER)
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, QUARTER)
    if taken:
        a = socket.socket(fileno=a.detach())
        a.recv(1)
    try:
        a.recv(1)
    except BlockingIOError:
        while True: a.sendall(bytes(1 << 20))

def dup(before):
    a, b = socket.socketpair()
    copy = a.dup() if before else None
    a.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, QUARTER)
    (copy or a.dup()).recv(1)
`;

testTwins(
  'a blocking socket keeps the limits that were set as socket options',
  [
    [
      'limited()',
      () => {
        using ends = pair();
        limit(ends.a);
        receiveNothing(ends.a);
        for (;;) ends.a.sendall(Buffer.alloc(1 << 20));
      },
    ],
    [
      'limited(taken=True)',
      () => {
        using ends = pair();
        using taken = new socket.socket({ fileno: limit(ends.a).detach() });
        return taken.recv(1);
      },
    ],
    [
      'limited(accepted=True)',
      () => {
        using server = limit(socket.create_server(['127.0.0.1', 0]));
        using _ = socket.create_connection(server.getsockname() as [string, number]);
        const [connection] = server.accept();
        using accepted = connection;
        return accepted.recv(1);
      },
    ],
    [
      'dup(before=False)',
      () => {
        using ends = pair();
        using copy = limit(ends.a).dup();
        return copy.recv(1);
      },
    ],
    [
      'dup(before=True)',
      () => {
        using ends = pair();
        using copy = ends.a.dup();
        limit(ends.a);
        return copy.recv(1);
      },
    ],
  ],
  LIMITS,
);

/** Shorter than the sleep that the binary ends: it is over in the midst of a later step of a call of many. */
testUnless(onWindows('a write of any size is taken at once'))(
  'the limit that is set as a socket option ends each step of sendall and sendmmsg',
  (t) => {
    const limit = Buffer.alloc(16);
    limit.writeInt32LE(20_000, 8);
    using ends = pair();
    const { a } = ends;
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit);
    const ended = { name: 'BlockingIOError', code: 'EAGAIN' };
    t.throws(() => a.sendall(Buffer.alloc(1 << 24)), ended);
    const batch = new socket.MessageBatch(64, 1 << 16);
    batch.lengths.fill(batch.size);
    t.throws(() => {
      for (;;) a.sendmmsg(batch, 0, 64);
    }, ended);
  },
);

/** The first of two failures: the second is what the comparison is about. */
function receiveNothing(sock: socket.socket): void {
  try {
    sock.recv(1);
  } catch (error) {
    if ((error as OSError).code !== 'EAGAIN') throw error;
  }
}

// ---- connections in progress -----------------------------------------------------------------------------------------

/** A listener whose queue is full: further connections to it stay in progress. */
function full() {
  const server = new socket.socket();
  server.bind(['127.0.0.1', 0]);
  server.listen(0);
  const clients: socket.socket[] = [];
  for (;;) {
    const client = new socket.socket();
    clients.push(client);
    client.settimeout(0.2);
    const code = client.connect_ex(server.getsockname());
    if (code === AGAIN) break;
    if (code !== 0) throw new Error(`connect_ex: ${code}`);
  }
  return {
    address: server.getsockname(),
    [Symbol.dispose]() {
      for (const sock of [server, ...clients]) sock.close();
    },
  };
}

test.serial('connect to a peer that does not answer times out', (t) => {
  using server = full();
  using client = new socket.socket();
  client.settimeout(TIMEOUT_S);
  const [outcome, elapsedMs] = timed(() => client.connect(server.address));
  t.deepEqual(outcome, TIMED_OUT);
  t.true(elapsedMs >= TIMEOUT_S * 1000 && elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
});

test.serial('connect_ex says EAGAIN at its deadline, EINPROGRESS and EALREADY without one', (t) => {
  using server = full();
  using patient = new socket.socket();
  patient.settimeout(TIMEOUT_S);
  const before = performance.now();
  t.is(patient.connect_ex(server.address), AGAIN);
  t.true(performance.now() - before >= TIMEOUT_S * 1000);
  using client = new socket.socket();
  client.setblocking(false);
  t.is(client.connect_ex(server.address), CONNECTING);
  t.is(client.connect_ex(server.address), errno.EALREADY);
  t.throws(() => client.connect(server.address), {
    name: 'BlockingIOError',
    message: systemMessage(errno.EALREADY, 'Operation already in progress'),
  });
});

testTwins(
  'connect_ex goes from EINPROGRESS to EISCONN as in CPython',
  [
    [
      'in_progress()',
      () => {
        using server = socket.create_server(['127.0.0.1', 0]);
        using client = new socket.socket();
        client.setblocking(false);
        const codes = [client.connect_ex(server.getsockname())];
        select.select([], [client], []);
        codes.push(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR));
        codes.push(client.connect_ex(server.getsockname()));
        codes.push(client.connect_ex(server.getsockname()));
        client.setblocking(true);
        codes.push(client.connect_ex(server.getsockname()));
        client.settimeout(5);
        codes.push(client.connect_ex(server.getsockname()));
        return codes;
      },
    ],
    [
      'refused()',
      () => {
        const address = nobody();
        using blocking = new socket.socket();
        using patient = new socket.socket();
        patient.settimeout(60);
        using client = new socket.socket();
        client.setblocking(false);
        const codes = [blocking, patient, client].map((sock) => sock.connect_ex(address));
        select.select([], [client], []);
        codes.push(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR));
        codes.push(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR));
        return codes;
      },
    ],
    [
      "socket.socket(socket.AF_UNIX).connect_ex('/no/such/path')",
      () => {
        using sock = new socket.socket(AF_UNIX, SOCK_STREAM);
        return sock.connect_ex('/no/such/path');
      },
    ],
    ['socket.socket().connect(nobody())', () => connectTo(nobody())],
    ["socket.socket().connect(('127.0.0.1', 99999))", () => connectTo(['127.0.0.1', 99999])],
    [
      "socket.socket().connect_ex(('127.0.0.1', 99999))",
      () => {
        using sock = new socket.socket();
        return sock.connect_ex(['127.0.0.1', 99999]);
      },
    ],
    [
      'socket.socket().connect_ex(5)',
      () => {
        using sock = new socket.socket();
        return sock.connect_ex(5);
      },
    ],
    ["socket.socket().connect(('255.255.255.255', 1))", () => connectTo(['255.255.255.255', 1])],
    [
      'again()',
      () => {
        using server = socket.create_server(['127.0.0.1', 0]);
        using client = socket.create_connection(server.getsockname() as [string, number]);
        client.connect(server.getsockname());
      },
    ],
    [
      'full_unix()',
      () => {
        using server = new socket.socket(AF_UNIX, SOCK_STREAM);
        server.bind('');
        server.listen(0);
        using client = new socket.socket(AF_UNIX, SOCK_STREAM);
        client.connect(server.getsockname());
        using second = new socket.socket(AF_UNIX, SOCK_STREAM);
        second.settimeout(60);
        second.connect(server.getsockname());
      },
    ],
  ],
  `
import select

def nobody():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()

def in_progress():
    with socket.create_server(('127.0.0.1', 0)) as server, socket.socket() as client:
        client.setblocking(False)
        codes = [client.connect_ex(server.getsockname())]
        select.select([], [client], [])
        codes.append(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        codes.append(client.connect_ex(server.getsockname()))
        codes.append(client.connect_ex(server.getsockname()))
        client.setblocking(True)
        codes.append(client.connect_ex(server.getsockname()))
        client.settimeout(5)
        codes.append(client.connect_ex(server.getsockname()))
        return codes

def refused():
    address = nobody()
    blocking, patient, client = socket.socket(), socket.socket(), socket.socket()
    patient.settimeout(60)
    client.setblocking(False)
    codes = [sock.connect_ex(address) for sock in (blocking, patient, client)]
    select.select([], [client], [])
    codes.append(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    codes.append(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    return codes

def again():
    with socket.create_server(('127.0.0.1', 0)) as server:
        client = socket.create_connection(server.getsockname())
        client.connect(server.getsockname())

def full_unix():
    server = socket.socket(socket.AF_UNIX)
    server.bind('')
    server.listen(0)
    client, second = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    client.connect(server.getsockname())
    second.settimeout(60)
    second.connect(server.getsockname())
`,
);

/** An address at which nobody listens. */
function nobody(): [string, number] {
  using sock = new socket.socket();
  sock.bind(['127.0.0.1', 0]);
  return sock.getsockname() as [string, number];
}

function connectTo(address: unknown[]): void {
  using sock = new socket.socket(AF_INET, SOCK_STREAM);
  sock.connect(address);
}

test('a nonblocking connect is writable once it is made, and then works', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = new socket.socket();
  client.setblocking(false);
  const error = t.throws(() => client.connect(server.getsockname()), { name: 'BlockingIOError' }) as OSError;
  t.is(error.errno, CONNECTING);
  t.is(error.message, systemMessage(CONNECTING, 'Operation now in progress'));
  select.select([], [client], [], 60);
  t.is(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0);
  const [connection] = server.accept();
  using _ = connection;
  client.setblocking(true);
  client.sendall(Buffer.from('hello'));
  t.deepEqual(connection.recv(10), Buffer.from('hello'));
});

testUnless(NO_UNIX).serial('a blocking connect to a Unix listener with a full queue waits for room', async (t) => {
  using server = new socket.socket(AF_UNIX, SOCK_STREAM);
  server.bind('');
  server.listen(0);
  using first = new socket.socket(AF_UNIX, SOCK_STREAM);
  first.connect(server.getsockname());
  const before = waitingThreads();
  const peer = startWorker(
    `const sock = new berkeley.socket.socket(berkeley.socket.AF_UNIX, berkeley.socket.SOCK_STREAM);
    send('ready');
    sock.connect(Buffer.from(data));
    send('connected');
    sock.close();`,
    server.getsockname(),
  );
  t.is(await peer.next(), 'ready');
  await untilWaiting(before);
  const answer = peer.next();
  t.true(await pending(answer));
  server.accept()[0].close();
  t.is(await answer, 'connected');
  await peer.exit;
});

testUnless(NO_PROGRAMS)('a timeout holds for accept although a duplicate has made the descriptor block', (t) => {
  const { stdout } = pythonSync(`
import socket
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(0.05)
listener.dup().setblocking(True)
try:
    listener.accept()
except OSError as error:
    print(type(error).__name__, error)
`);
  const listener = socket.create_server(['127.0.0.1', 0]);
  t.teardown(() => listener.close());
  listener.settimeout(0.05);
  const duplicate = listener.dup();
  t.teardown(() => duplicate.close());
  duplicate.setblocking(true);
  const error = t.throws(() => listener.accept(), { instanceOf: OSError });
  t.is(`${error.name} ${error.message}\n`, stdout);
});
