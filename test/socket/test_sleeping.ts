/** Calls of a socket without a timeout: they sleep in the kernel, and stay with their socket whatever happens beside them. */
import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { BlockingIOError, ConnectionResetError, OSError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  CONNECTING,
  cleanEnv,
  NO_NEXT_NUMBER,
  NO_PASSING,
  NO_PROGRAMS,
  NO_SLEEP,
  NOT_OPEN,
  onWindows,
  python,
  skip,
  spawnNode,
  spawnPeer,
  startWorker,
  testUnless,
} from '../helpers/peers.js';
import { untilWaiting, waitingThreads } from '../helpers/threads.js';

checkLeaks(test);

const { SOL_SOCKET, SO_LINGER, SO_RCVBUF, SO_SNDBUF } = socket;
const LIBRARY = new URL('../../lib/index.js', import.meta.url).href;

/** Starts a worker that says "blocks" and makes a call, and waits until the call sleeps in the kernel. */
async function sleeping(source: string, data: unknown) {
  const before = waitingThreads();
  const worker = startWorker(`const { socket } = berkeley;\n${source}`, data);
  if ((await worker.next()) !== 'blocks') throw new Error('the worker did not begin');
  await untilWaiting(before);
  return worker;
}

function opened<T extends { close(): void }>(t: ExecutionContext, thing: T): T {
  t.teardown(() => thing.close());
  return thing;
}

/** A pair of sockets, the first of which has that number. */
function pairWithNumber(t: ExecutionContext, fd: number): [socket.socket, socket.socket] {
  const [a, b] = socket.socketpair().map((end) => opened(t, end));
  t.true(a.fileno() === fd || b.fileno() === fd, 'the number was given out again');
  return a.fileno() === fd ? [a, b] : [b, a];
}

// ---- numbers that are given out again --------------------------------------------------------------------------------

/** What the call in a worker came to: [name, number] of an OSError. */
const ANSWER = `
function answer(call) {
  send('blocks');
  try {
    send(['returned', call()?.length]);
  } catch (error) {
    send([error.name, error.errno]);
  }
}
`;

testUnless(NO_NEXT_NUMBER).serial('a recv whose number becomes another socket’s does not read from that', async (t) => {
  const [a, b] = socket.socketpair();
  opened(t, b);
  const fd = a.detach();
  const worker = await sleeping(`${ANSWER} answer(() => new socket.socket({ fileno: data }).recv(100));`, fd);
  socket.close(fd);
  const [stranger, peer] = pairWithNumber(t, fd);
  t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.errno]);
  peer.send(Buffer.from('secret'));
  t.deepEqual(stranger.recv(100), Buffer.from('secret'));
  await worker.exit;
});

testUnless(NO_NEXT_NUMBER).serial(
  'a sendall whose number becomes another socket’s does not send its rest there',
  async (t) => {
    const [a, b] = socket.socketpair();
    opened(t, b);
    const fd = a.detach();
    const source = `${ANSWER} answer(() => new socket.socket({ fileno: data }).sendall(Buffer.alloc(4_000_000, 'A')));`;
    const worker = await sleeping(source, fd);
    socket.close(fd);
    const [, peer] = pairWithNumber(t, fd);
    t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.errno]);
    peer.setblocking(false);
    t.throws(() => peer.recv(5), { instanceOf: BlockingIOError });
    await worker.exit;
  },
);

testUnless(NO_NEXT_NUMBER).serial(
  'an accept whose number becomes another listener’s does not take its clients',
  async (t) => {
    const listener = socket.create_server(['127.0.0.1', 0]);
    const fd = listener.detach();
    const worker = await sleeping(`${ANSWER} answer(() => new socket.socket({ fileno: data }).accept());`, fd);
    socket.close(fd);
    const second = opened(t, socket.create_server(['127.0.0.1', 0]));
    t.is(second.fileno(), fd);
    t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.errno]);
    opened(t, socket.create_connection(second.getsockname() as [string, number]));
    opened(t, second.accept()[0]);
    await worker.exit;
  },
);

// A TLS call makes several system calls, and goes on with the number when the first of them has slept.
testUnless(NO_NEXT_NUMBER).serial('a TLS read keeps its number from being given out again until it ends', async (t) => {
  const [a, b] = socket.socketpair();
  opened(t, b);
  const fd = a.detach();
  const source = `
    ${ANSWER}
    const context = new berkeley.ssl.SSLContext(berkeley.ssl.PROTOCOL_TLS_CLIENT);
    const options = { server_hostname: 'localhost', do_handshake_on_connect: false };
    const sock = context.wrap_socket(new socket.socket({ fileno: data }), options);
    answer(() => sock.do_handshake());
  `;
  const worker = await sleeping(source, fd);
  socket.close(fd);
  t.throws(() => socket.close(fd), { instanceOf: OSError, message: /Bad file descriptor/ });
  // The head of a record whose rest does not come: the call reads once more.
  const others = socket.socketpair().map((end) => opened(t, end).fileno());
  b.send(Buffer.of(22, 3, 3, 0, 100));
  t.false(others.includes(fd));
  // Who takes the number for an open descriptor, owns nothing when the call has ended.
  const late = new socket.socket({ fileno: fd });
  t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.errno]);
  await worker.exit;
  const [stranger, peer] = pairWithNumber(t, fd);
  t.throws(() => late.close(), { instanceOf: OSError, message: /Bad file descriptor/ });
  peer.send(Buffer.from('x'));
  t.deepEqual(stranger.recv(1), Buffer.from('x'));
});

// ---- what a child process does to a description that it shares -------------------------------------------------------

/** Starts a child with the socket as its standard input: libuv makes that blocking, and the flag is shared. */
function shareWithChild(t: ExecutionContext, sock: socket.socket): void {
  t.is(spawnSync('true', [], { stdio: [sock.fileno(), 'ignore', 'ignore'], env: cleanEnv() }).status, 0);
}

testUnless(NO_PASSING)(
  'a nonblocking accept does not sleep, though a child has made the listener blocking',
  async (t) => {
    const listener = opened(t, socket.create_server(['127.0.0.1', 0]));
    listener.setblocking(false);
    shareWithChild(t, listener);
    t.throws(() => listener.accept(), { instanceOf: BlockingIOError });
    shareWithChild(t, listener);
    const awaited = asyncio.sock_accept(listener);
    opened(t, socket.create_connection(listener.getsockname() as [string, number]));
    opened(t, (await awaited)[0]);
  },
);

testUnless(NO_PASSING)('a nonblocking connect does not sleep, though a child has made the socket blocking', (t) => {
  const { address } = silentListener(t);
  const sock = opened(t, new socket.socket());
  sock.setblocking(false);
  shareWithChild(t, sock);
  t.is(sock.connect_ex(address), CONNECTING);
});

// ---- connections that take their time --------------------------------------------------------------------------------

/** A TCP listener whose queue is full: it does not answer who connects, until something is accepted. */
function silentListener(t: ExecutionContext): { listener: socket.socket; address: [string, number] } {
  const listener = opened(t, new socket.socket());
  listener.bind(['127.0.0.1', 0]);
  listener.listen(0);
  const address = listener.getsockname() as [string, number];
  const first = opened(t, socket.create_connection(address));
  t.not(first.fileno(), -1);
  // The kernel has one more in its queue than it was asked for; the others are not answered.
  for (let i = 0; i < 2; i++) {
    const more = opened(t, new socket.socket());
    more.setblocking(false);
    more.connect_ex(address);
  }
  return { listener, address };
}

/** Accepts what is in the queue after half a second, in a program of its own, which then has nothing of it any more. */
function acceptLater(listener: socket.socket) {
  const script = `
import socket, sys, time
listener = socket.socket(fileno=3)
time.sleep(0.5)
kept = [listener.accept() for i in range(2)]
sys.stdin.read()
`;
  return spawnPeer('python3', ['-c', script], {}, [listener.fileno()]);
}

testUnless(NO_PASSING).serial(
  'a connect that takes long succeeds, and another one says that it is connected',
  async (t) => {
    const { listener, address } = silentListener(t);
    const peer = acceptLater(listener);
    const sock = opened(t, new socket.socket());
    sock.connect(address);
    t.like(
      t.throws(() => sock.connect(address)),
      { name: 'OSError', errno: errno.EISCONN },
    );
    await peer.stop();
  },
);

testUnless(NO_PASSING).serial('a blocking connect waits for a nonblocking one that is under way', async (t) => {
  const { listener, address } = silentListener(t);
  const sock = opened(t, new socket.socket());
  sock.setblocking(false);
  t.is(sock.connect_ex(address), CONNECTING);
  sock.setblocking(true);
  const peer = acceptLater(listener);
  sock.connect(address);
  t.deepEqual(sock.getpeername(), address);
  await peer.stop();
});

testUnless(NO_PASSING).serial('after a connect that was refused late the same socket connects elsewhere', async (t) => {
  const good = opened(t, socket.create_server(['127.0.0.1', 0]));
  const { listener, address } = silentListener(t);
  // The listener is closed after half a second, when the child that has it ends.
  const peer = spawnPeer('sleep', ['0.5'], {}, [listener.fileno()]);
  listener.close();
  const sock = opened(t, new socket.socket());
  t.like(
    t.throws(() => sock.connect(address)),
    { name: 'ConnectionRefusedError', errno: errno.ECONNREFUSED },
  );
  sock.connect(good.getsockname() as [string, number]);
  t.deepEqual(sock.getpeername(), good.getsockname());
  await peer.exit;
});

// ---- transfers that an error ends ------------------------------------------------------------------------------------

const sends: [name: string, send: (sock: socket.socket, bytes: Buffer) => number][] = [
  ['send', (sock, bytes) => sock.send(bytes)],
  ['sendto', (sock, bytes) => sock.sendto(bytes, sock.getpeername() as [string, number])],
  ['sendmsg', (sock, bytes) => sock.sendmsg([bytes])],
];
for (const [name, send] of sends) {
  testUnless(NO_PASSING).serial(`a reset in the midst of a blocking ${name} is left for the next call`, async (t) => {
    const listener = opened(t, socket.create_server(['127.0.0.1', 0]));
    const client = opened(t, socket.create_connection(listener.getsockname() as [string, number]));
    const [server] = listener.accept();
    client.setsockopt(SOL_SOCKET, SO_SNDBUF, 20_000);
    server.setsockopt(SOL_SOCKET, SO_RCVBUF, 20_000);
    // The peer resets the connection after longer than two ticks.
    const script = `
import socket, struct, time
sock = socket.socket(fileno=3)
time.sleep(0.5)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
sock.close()
`;
    const peer = spawnPeer('python3', ['-c', script], {}, [server.fileno()]);
    server.close();
    const sent = send(client, Buffer.alloc(5_000_000));
    t.true(sent > 0 && sent < 5_000_000, `${sent}`);
    t.throws(() => client.recv(9), { instanceOf: ConnectionResetError });
    await peer.exit;
  });
}

testUnless(onWindows('a reset discards what came'))(
  'a reset behind what came is left for the call after a recv with MSG_WAITALL',
  (t) => {
    const listener = opened(t, socket.create_server(['127.0.0.1', 0]));
    const client = socket.create_connection(listener.getsockname() as [string, number]);
    const server = opened(t, listener.accept()[0]);
    client.send(Buffer.from('abc'));
    client.setsockopt(SOL_SOCKET, SO_LINGER, Buffer.from(Int32Array.of(1, 0).buffer));
    t.deepEqual(server.recv(3, socket.MSG_PEEK), Buffer.from('abc'));
    client.close();
    t.deepEqual(server.recv(6, socket.MSG_WAITALL), Buffer.from('abc'));
    t.throws(() => server.recv(6), { instanceOf: ConnectionResetError });
  },
);

test.serial(
  'a blocking send of a stream sends all, however long the peer takes, and whatever signals come',
  async (t) => {
    const [a, b] = unixPair(t);
    const size = 3_000_000;
    const worker = startWorker(
      `const sock = new berkeley.socket.socket({ fileno: data });
    let count = 0;
    send('ready');
    while (count < ${size}) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      count += sock.recv(1 << 19).length;
    }
    sock.detach();
    send(count);`,
      b.fileno(),
    );
    t.is(await worker.next(), 'ready');
    t.is(a.send(Buffer.alloc(size)), size);
    t.is(await worker.next(), size);
    await worker.exit;
  },
);

// ---- the window of a terminal ----------------------------------------------------------------------------------------

testUnless(NO_PROGRAMS).serial(
  'a call goes on when the window of the terminal is resized, unless the program listens for it',
  async (t) => {
    const program = (listens: boolean) => `
    import { socket } from ${JSON.stringify(LIBRARY)};
    console.log(\`on a terminal \${process.stdout.isTTY} \${process.listenerCount('SIGWINCH')}\`);
    ${listens ? "process.on('SIGWINCH', () => {});" : ''}
    const server = socket.create_server(['127.0.0.1', 0]);
    server.settimeout(1.5);
    console.log('waits');
    try { server.accept(); } catch (error) { console.log('ended by', error.name); }
  `;
    const script = `
import fcntl, os, pty, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], '--input-type=module', '-e', sys.argv[2]])
output, resized = b'', False
while True:
    try:
        part = os.read(fd, 1000)
    except OSError:
        break
    output += part
    if b'waits' in output and not resized:
        resized = True
        time.sleep(0.3)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 132, 0, 0))
os.waitpid(pid, 0)
print(output.decode())
`;
    for (const [listens, ending] of [
      [false, 'TimeoutError'],
      [true, 'InterruptedError'],
    ] as const) {
      const { stdout, stderr } = await python(script, [process.execPath, program(listens)]);
      t.regex(stdout, /on a terminal true [1-9]/, stderr);
      t.regex(stdout, new RegExp(`ended by ${ending}`), stdout);
    }
  },
);

// ---- packet sockets, which refuse MSG_CMSG_CLOEXEC -------------------------------------------------------------------

test('recvmsg, recvmsg_into and recvmmsg_into of a packet socket', (t) => {
  const ETH_P_EXPERIMENTAL = 0x88b5;
  let sock: socket.socket;
  try {
    sock = opened(t, new socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_EXPERIMENTAL)));
  } catch (error) {
    return skip(t, `no packet socket here: ${(error as Error).message}`);
  }
  sock.bind(['lo', ETH_P_EXPERIMENTAL]);
  const frame = Buffer.concat([Buffer.alloc(12), Buffer.from([0x88, 0xb5]), Buffer.alloc(46, 7)]);
  const outgoing = socket.PACKET_OUTGOING;
  // The sender sees its own frame too, as an outgoing one.
  const next = (receive: () => unknown[]): unknown[] => {
    for (;;) {
      const got = receive();
      if ((got[3] as unknown[])[2] !== outgoing) return got;
    }
  };
  sock.settimeout(10);
  sock.send(frame);
  t.deepEqual(next(() => sock.recvmsg(100, 100)).slice(0, 3), [frame, [], 0]);
  sock.send(frame);
  const room = Buffer.alloc(100);
  t.deepEqual(next(() => sock.recvmsg_into([room], 100)).slice(0, 3), [frame.length, [], 0]);
  t.deepEqual(room.subarray(0, frame.length), frame);
  sock.send(frame);
  const batch = new socket.MessageBatch(1, 100, { ancbufsize: 100 });
  t.is(sock.recvmmsg_into(batch), 1);
  t.deepEqual(batch.bytes(0), frame);
});

// ---- the thread that ends long sleeps --------------------------------------------------------------------------------

testUnless(NO_SLEEP).serial(
  'the helper thread comes with the first sleep, goes when nobody sleeps, and delays no exit',
  async (t) => {
    const peer = spawnNode(`
    const { socket } = berkeley;
    const fs = process.getBuiltinModule('node:fs');
    const nameOf = (id) => {
      // A thread may end while one looks.
      try { return fs.readFileSync('/proc/self/task/' + id + '/comm', 'latin1').trim(); } catch { return ''; }
    };
    const helpers = () => fs.readdirSync('/proc/self/task').filter((id) => nameOf(id) === 'berkeley-tick').length;
    const [a, b] = socket.socketpair();
    a.setblocking(false);
    try { a.recv(1); } catch {}
    a.settimeout(0.01);
    try { a.recv(1); } catch {}
    const until = async (count) => {
      while (helpers() !== count) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(count);
    };
    console.log(helpers());
    a.setblocking(true);
    for (let i = 0; i < 2; i++) {
      b.send(Buffer.from('x'));
      a.recv(1);
      await until(1);
      await until(0);
    }
  `);
    for (const count of ['0', '1', '0', '1', '0']) t.is(await peer.line(), count);
    t.is(await peer.exit, 0, peer.errors());
  },
);

testUnless(NO_SLEEP).serial('process.exit() ends a process whose workers sleep', async (t) => {
  const source = `
    import { socket } from ${JSON.stringify(LIBRARY)};
    import { readdirSync, readFileSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    const [a] = (globalThis.kept = socket.socketpair());
    const recv = \`import(${JSON.stringify(LIBRARY)}).then(({ socket }) =>
      new socket.socket({ fileno: \${a.fileno()} }).recv(1))\`;
    for (let i = 0; i < 3; i++) new Worker(recv, { eval: true });
    const nameOf = (id) => {
      try { return readFileSync('/proc/self/task/' + id + '/comm', 'latin1').trim(); } catch { return ''; }
    };
    const asleep = () => readdirSync('/proc/self/task').some((id) => nameOf(id) === 'berkeley-tick');
    while (!asleep()) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log('exits');
    process.exit(7);
  `;
  // Not under the sanitizers: Node itself leaks when process.exit() ends workers.
  const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', source]);
  t.is(await peer.line(), 'exits', peer.errors());
  t.is(await peer.exit, 7, peer.errors());
});

testUnless(NO_SLEEP).serial('where nothing can sleep, calls wait by poll: the same results', async (t) => {
  const source = `
    import { socket } from ${JSON.stringify(LIBRARY)};
    import { Worker } from 'node:worker_threads';
    const [a, b] = socket.socketpair();
    const worker = new Worker(\`import(${JSON.stringify(LIBRARY)}).then(async ({ socket }) => {
      const sock = new socket.socket({ fileno: \${b.fileno()} });
      const turn = () => new Promise((resolve) => setTimeout(resolve, 150));
      for (const text of ['one', 'tw', 'o']) { await turn(); sock.send(Buffer.from(text)); }
      await turn();
      sock.close();
    })\`, { eval: true });
    b.detach();
    console.log(a.recv(10).toString(), a.recv(3, socket.MSG_WAITALL).toString(), a.recv(1).length);
    const listener = socket.create_server(['127.0.0.1', 0]);
    const client = socket.create_connection(listener.getsockname());
    const [server] = listener.accept();
    client.sendall(Buffer.alloc(100_000));
    console.log(server.recv(100_000, socket.MSG_WAITALL).length);
    a.dup().setblocking(false);
    const [c] = socket.socketpair();
    c.dup().setblocking(false);
    try { c.recv(1); } catch (error) { console.log(error.name); }
    const stuck = new Worker(\`import(${JSON.stringify(LIBRARY)}).then(({ socket }) => {
      process.getBuiltinModule('node:worker_threads').parentPort.postMessage('blocks');
      socket.socketpair()[0].recv(1);
    })\`, { eval: true });
    await new Promise((resolve) => stuck.once('message', resolve));
    console.log(await stuck.terminate());
  `;
  const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', source], { BERKELEY_SLEEP: 'poll' });
  t.is(await peer.line(), 'one two 0', peer.errors());
  t.is(await peer.line(), '100000');
  t.is(await peer.line(), 'BlockingIOError');
  t.is(await peer.line(), '1');
  t.is(await peer.exit, 0, peer.errors());
});

// ---- clocks ----------------------------------------------------------------------------------------------------------

test('a false clock, in place before the library was loaded, stops no timeout', async (t) => {
  const source = `
    performance.now = () => 1000;
    Date.now = () => 1000;
    const { socket, ssl } = await import(${JSON.stringify(LIBRARY)});
    const [a] = socket.socketpair();
    const [b] = socket.socketpair();
    a.settimeout(0.3);
    try { a.recv(1); } catch (error) { console.log(error.message); }
    b.settimeout(0.3);
    try { ssl.create_default_context().wrap_socket(b, { server_hostname: 'localhost' }); }
    catch (error) { console.log(error.message); }
  `;
  const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', source]);
  t.is(await peer.line(), 'timed out');
  t.is(await peer.line(), 'The handshake operation timed out');
  t.is(await peer.exit, 0);
});

testUnless(NO_SLEEP)('SO_RCVTIMEO counts once, however often a sleep is ended in between', (t) => {
  const [a] = unixPair(t);
  const { tv_usec, size } = native.layout.timeval;
  const limit = Buffer.alloc(size);
  limit.writeInt32LE(700_000, tv_usec[0]);
  a.setsockopt(SOL_SOCKET, socket.SO_RCVTIMEO, limit);
  const began = performance.now();
  t.like(
    t.throws(() => a.recv(1), { instanceOf: OSError }),
    { name: 'BlockingIOError', errno: errno.EAGAIN },
  );
  const elapsedMs = performance.now() - began;
  t.true(elapsedMs >= 699, `${elapsedMs} ms`);
});
