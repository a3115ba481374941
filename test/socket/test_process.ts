/** Whole processes: signals while a call blocks, descriptors handed over to a child, and the end with sockets open. */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_PASSING,
  NO_PROC,
  NO_SIGNALS,
  NO_UNIX,
  type Peer,
  spawnNode,
  spawnPeer,
  testUnless,
  underSanitizers,
  until,
} from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');
/** The design says 250 ms; this is what a busy machine may make of it. */
const GENEROUS_MS = 10_000;

const PRELUDE = `
import { writeSync } from 'node:fs';
const { socket } = berkeley;
const { AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const say = (...words) => writeSync(1, words.join(' ') + '\\n');
const bytes = (text) => Buffer.from(text);
const attempt = (call) => {
  try {
    say('returned', String(call()));
  } catch (error) {
    say(error.name, error.errno, error.code);
  }
};
const [a, b] = socket.socketpair();
function fill(sock) {
  sock.setblocking(false);
  try {
    for (;;) sock.send(Buffer.alloc(4096));
  } catch {}
  sock.setblocking(true);
}
`;
/** A listener that says so and lets the process end. */
const LISTENER = `
const alive = setInterval(() => {}, 1000);
process.on('SIGINT', () => { say('listener'); clearInterval(alive); });
`;

const calls: [name: string, call: string, prepare?: string][] = [
  ['recv', 'a.recv(1)'],
  ['recv under a timeout', 'a.recv(1)', 'a.settimeout(3600);'],
  ['recv after one that took all', 'a.recv(1)', "b.send(bytes('x')); a.recv(9);"],
  ['recv_into', 'a.recv_into(Buffer.alloc(9))'],
  ['recvfrom', 'a.recvfrom(1)'],
  ['recvmsg', 'a.recvmsg(1, 100)'],
  ['accept', 'server.accept()', "const server = socket.create_server(['127.0.0.1', 0]);"],
  ['send', "a.send(bytes('x'))", 'fill(a);'],
  ['sendall', 'a.sendall(Buffer.alloc(1 << 24))'],
  ['sendmsg', "a.sendmsg([bytes('x')])", 'fill(a);'],
  ['readline of a file', 'file.readline()', "const file = a.makefile('r');"],
  [
    'connect to a full Unix listener',
    'second.connect(server.getsockname())',
    `const server = new socket.socket(AF_UNIX, SOCK_STREAM);
    server.bind('');
    server.listen(0);
    const first = new socket.socket(AF_UNIX, SOCK_STREAM);
    first.connect(server.getsockname());
    const second = new socket.socket(AF_UNIX, SOCK_STREAM);`,
  ],
];

/** Waits until the process has said that it blocks, and sleeps. */
async function untilBlocked(t: ExecutionContext, peer: Peer): Promise<void> {
  t.is(await peer.line(), 'blocks');
  await until(() => readFileSync(`/proc/${peer.child.pid}/stat`, 'latin1').split(') ')[1].startsWith('S'));
}

for (const [name, call, prepare = ''] of calls) {
  testUnless(NO_SIGNALS).serial(`SIGINT with a listener ends ${name}, and the listener runs`, async (t) => {
    const peer = spawnNode(`${PRELUDE}${LISTENER}${prepare} say('blocks'); attempt(() => ${call});`);
    await untilBlocked(t, peer);
    const began = performance.now();
    peer.child.kill('SIGINT');
    t.is(await peer.line(), 'InterruptedError 4 EINTR');
    t.is(await peer.line(), 'listener');
    const elapsedMs = performance.now() - began;
    t.true(elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
    t.is(await peer.exit, 0, peer.errors());
  });

  testUnless(NO_SIGNALS).serial(`SIGINT without a listener ends the process that blocks in ${name}`, async (t) => {
    const peer = spawnNode(`${PRELUDE}${prepare} say('blocks'); attempt(() => ${call});`);
    await untilBlocked(t, peer);
    peer.child.kill('SIGINT');
    t.is(await peer.exit, null);
    t.is(peer.child.signalCode, 'SIGINT');
  });
}

testUnless(NO_PROC).serial('after an InterruptedError the call can be made again', async (t) => {
  const peer = spawnNode(`${PRELUDE}${LISTENER}
    const file = a.makefile('rb');
    b.send(bytes('half a '));
    say('blocks');
    attempt(() => file.readline());
    setImmediate(() => {
      b.send(bytes('line\\nmore'));
      attempt(() => file.readline());
      attempt(() => a.recv(1, socket.MSG_DONTWAIT));
    });`);
  await untilBlocked(t, peer);
  peer.child.kill('SIGINT');
  t.is(await peer.line(), 'InterruptedError 4 EINTR');
  const rest = [await peer.line(), await peer.line(), await peer.line(), await peer.line()];
  // The listener runs in a turn of the event loop: before or after the immediate.
  t.deepEqual(
    rest.filter((line) => line !== 'listener'),
    ['returned half a line', '', 'BlockingIOError 11 EAGAIN'],
  );
  t.is(await peer.exit, 0, peer.errors());
});

testUnless(NO_PROC).serial('any signal with a listener interrupts; one without does what it always does', async (t) => {
  const peer = spawnNode(`${PRELUDE}
    process.on('SIGUSR2', () => { say('listener'); clearInterval(alive); });
    const alive = setInterval(() => {}, 1000);
    say('blocks');
    attempt(() => a.recv(1));`);
  await untilBlocked(t, peer);
  peer.child.kill('SIGWINCH'); // ignored by default
  peer.child.kill('SIGUSR2');
  t.is(await peer.line(), 'InterruptedError 4 EINTR');
  t.is(await peer.line(), 'listener');
  t.is(await peer.exit, 0);
  const other = spawnNode(`${PRELUDE}${LISTENER} say('blocks'); attempt(() => a.recv(1));`);
  await untilBlocked(t, other);
  other.child.kill('SIGTERM');
  t.is(await other.exit, null);
  t.is(other.child.signalCode, 'SIGTERM');
});

testUnless(NO_SIGNALS).serial(
  'a signal that came before the call ends its wait, but not a call that need not wait',
  async (t) => {
    const peer = spawnNode(`${PRELUDE}${LISTENER}
    b.send(bytes('x'));
    process.kill(process.pid, 'SIGINT');
    attempt(() => a.recv(1));
    attempt(() => a.recv(1));`);
    t.is(await peer.line(), 'returned x');
    t.is(await peer.line(), 'InterruptedError 4 EINTR');
    t.is(await peer.line(), 'listener');
    t.is(await peer.exit, 0);
  },
);

testUnless(NO_PROC).serial('the listener itself may block', async (t) => {
  const peer = spawnNode(`${PRELUDE}
    const alive = setInterval(() => {}, 1000);
    process.on('SIGINT', () => {
      a.settimeout(0.05);
      attempt(() => a.recv(1));
      clearInterval(alive);
    });
    say('blocks');
    attempt(() => a.recv(1));`);
  await untilBlocked(t, peer);
  peer.child.kill('SIGINT');
  t.is(await peer.line(), 'InterruptedError 4 EINTR');
  t.is(await peer.line(), 'TimeoutError  ');
  t.is(await peer.exit, 0);
});

testUnless(NO_UNIX).serial('a worker goes on blocking while the main thread handles a signal', async (t) => {
  const peer = spawnNode(
    `${PRELUDE}
    import { Worker } from 'node:worker_threads';
    const source = 'const { workerData, parentPort } = require("node:worker_threads");' +
      'import(workerData.library).then(({ socket }) => {' +
      '  const sock = socket.fromfd(workerData.fd, socket.AF_UNIX, socket.SOCK_STREAM);' +
      '  parentPort.postMessage("blocks");' +
      '  parentPort.postMessage(String(sock.recv(10)));' +
      '});';
    const worker = new Worker(source, { eval: true, execArgv: [], workerData: { library: data, fd: a.fileno() } });
    worker.on('message', say);
    process.on('SIGINT', () => { say('listener'); b.send(bytes('done')); });
    worker.on('exit', () => { a.close(); process.removeAllListeners('SIGINT'); });`,
    new URL('../../lib/index.js', import.meta.url).href,
  );
  t.is(await peer.line(), 'blocks');
  peer.child.kill('SIGINT');
  t.is(await peer.line(), 'listener');
  t.is(await peer.line(), 'done');
  t.is(await peer.exit, 0, peer.errors());
});

// ---- the end ---------------------------------------------------------------------------------------------------------

test.serial('open sockets do not keep a process alive', async (t) => {
  const peer = spawnNode(`${PRELUDE}
    globalThis.kept = [socket.create_server(['127.0.0.1', 0]), a, b, a.makefile()];
    say('open');`);
  t.is(await peer.line(), 'open');
  t.is(await peer.exit, 0, peer.errors());
});

// What Node itself leaves behind when it is told to exit at once is not ours to judge.
const testExit = testUnless(underSanitizers && 'process.exit leaves memory of Node itself allocated');
testExit.serial('process.exit ends a process whose workers block', async (t) => {
  const peer = spawnNode(
    `${PRELUDE}
    import { Worker } from 'node:worker_threads';
    const source = 'const { workerData, parentPort } = require("node:worker_threads");' +
      'import(workerData).then(({ socket }) => {' +
      '  const server = socket.create_server(["127.0.0.1", 0]);' +
      '  parentPort.postMessage("blocks");' +
      '  server.accept();' +
      '});';
    let blocking = 0;
    for (let i = 0; i < 3; i++) {
      new Worker(source, { eval: true, execArgv: [], workerData: data }).on('message', () => {
        if (++blocking === 3) { say('exits'); process.exit(7); }
      });
    }`,
    new URL('../../lib/index.js', import.meta.url).href,
  );
  t.is(await peer.line(), 'exits');
  t.is(await peer.exit, 7, peer.errors());
});

test.serial(
  'sockets that nobody closed are collected at the latest when the process ends, without a crash',
  async (t) => {
    const peer = spawnNode(`${PRELUDE}
    for (let i = 0; i < 200; i++) new socket.socket();
    gc();
    setImmediate(() => { gc(); setImmediate(() => say('end')); });`);
    t.is(await peer.line(), 'end');
    t.is(await peer.exit, 0);
    t.regex(peer.errors(), /ResourceWarning: unclosed <socket\.socket fd=\d+, family=2, type=1, proto=0, laddr=/);
  },
);

// ---- handed over -----------------------------------------------------------------------------------------------------

testUnless(NO_PASSING).serial('a listener handed over to a child serves there, and here no more', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const address = server.getsockname() as [string, number];
  const peer = spawnNode(
    `${PRELUDE}
    const server = new socket.socket({ fileno: 3 });
    say(server.family, server.type, server.proto, server.gettimeout());
    const [connection, address] = server.accept();
    connection.sendall(bytes('from the child'));`,
    null,
    [server.fileno()],
  );
  server.close();
  t.is(await peer.line(), `${AF_INET} ${SOCK_STREAM} ${socket.IPPROTO_TCP} `);
  using client = socket.create_connection(address);
  t.deepEqual(client.recv(100), bytes('from the child'));
  t.deepEqual(client.recv(100), bytes(''));
  t.is(await peer.exit, 0, peer.errors());
  t.throws(() => socket.create_connection(address), { name: 'ConnectionRefusedError' });
});

testWithPython.serial('what CPython finds out of a descriptor that it is handed over, we find out, too', async (t) => {
  const unix = socket.socketpair();
  const socks = [
    new socket.socket(AF_INET, SOCK_STREAM),
    new socket.socket(socket.AF_INET6, SOCK_DGRAM),
    new socket.socket(AF_UNIX, SOCK_DGRAM),
    new socket.socket(socket.AF_NETLINK as number, socket.SOCK_RAW, 0),
    ...unix,
  ];
  t.teardown(() => {
    for (const sock of socks) sock.close();
  });
  const fds = socks.map((sock) => sock.fileno());
  const python = spawnPeer(
    'python3',
    [
      '-c',
      `import socket
for fd in range(3, ${3 + fds.length}):
    sock = socket.socket(fileno=fd)
    print(int(sock.family), int(sock.type), sock.proto, flush=True)`,
    ],
    {},
    fds,
  );
  const ours = spawnNode(
    `${PRELUDE}
    for (let fd = 3; fd < ${3 + fds.length}; fd++) {
      const sock = new socket.socket({ fileno: fd });
      say(sock.family, sock.type, sock.proto);
    }`,
    null,
    fds,
  );
  for (const sock of socks) {
    const expected = await python.line();
    t.is(await ours.line(), expected);
    t.is(expected, `${sock.family} ${sock.type} ${sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL as number)}`);
  }
});

testWithPython.serial('a connection handed over to CPython goes on there', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  const [connection] = server.accept();
  client.sendall(bytes('first, '));
  t.deepEqual(connection.recv(100), bytes('first, '));
  const peer = spawnPeer(
    'python3',
    [
      '-c',
      `import socket
sock = socket.socket(fileno=3)
sock.sendall(sock.recv(100).upper())`,
    ],
    {},
    [connection.fileno()],
  );
  connection.close();
  client.sendall(bytes('then the rest'));
  t.deepEqual(client.recv(100), bytes('THEN THE REST'));
  t.is(await peer.exit, 0);
});

testUnless(NO_PASSING).serial('a datagram socket is shared with a child: both may send on it', async (t) => {
  const [a, b] = pairOf(SOCK_DGRAM);
  using _a = a;
  using _b = b;
  const peer = spawnNode(`${PRELUDE} new socket.socket({ fileno: 3 }).send(bytes('child'));`, null, [a.fileno()]);
  t.is(await peer.exit, 0, peer.errors());
  a.send(bytes('parent'));
  t.deepEqual([b.recv(10), b.recv(10)], [bytes('child'), bytes('parent')]);
});

testUnless(NO_PASSING).serial(
  'what a child gets under a timeout here is nonblocking there, for they share O_NONBLOCK',
  async (t) => {
    const [a, b] = socket.socketpair();
    using _a = a;
    using _b = b;
    a.settimeout(5);
    const peer = spawnNode(
      `${PRELUDE} import { readFileSync } from 'node:fs';
    const flags = /flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/3', 'latin1'))[1];
    say((parseInt(flags, 8) & 0o4000) !== 0);`,
      null,
      [a.fileno()],
    );
    t.is(await peer.line(), 'true');
    t.is(await peer.exit, 0);
  },
);
