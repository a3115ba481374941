/** Workers that block: terminated, contended, closed under, signalled from beside. Nothing is left open, nobody hangs. */
import test, { type ExecutionContext } from 'ava';
import * as select from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import {
  NO_EPOLL,
  NO_NEXT_NUMBER,
  NO_UNIX,
  NOT_OPEN,
  onWindows,
  startWorker,
  testUnless,
  until,
} from '../helpers/peers.js';
import { untilWaiting, waitingThreads } from '../helpers/threads.js';

checkLeaks(test);

const { AF_UNIX, SOCK_DGRAM } = socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');
/** The design says 250 ms; this is what a busy machine may make of it. */
const GENEROUS_MS = 10_000;

const PRELUDE = `
const { socket } = berkeley;
const { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const bytes = (text) => Buffer.from(text);
function fill(sock) {
  sock.setblocking(false);
  try {
    for (;;) sock.send(Buffer.alloc(4096));
  } catch (error) {
    if (error.name !== 'BlockingIOError') throw error;
  }
  sock.setblocking(true);
}
`;

/** Runs `source` in a worker and waits until it sleeps in the kernel: it says "blocks" right before the call. */
async function blockedWorker(source: string, data: unknown = null) {
  const before = waitingThreads();
  const worker = startWorker(PRELUDE + source, data);
  const word = await worker.next();
  if (word !== 'blocks') throw new Error(`the worker said ${word}`);
  await untilWaiting(before);
  return worker;
}

/** Terminates workers and checks that they end, and that what they had open is closed. */
async function terminated(t: ExecutionContext, workers: { stop(): Promise<number> }[], before: Map<number, string>) {
  const began = performance.now();
  await Promise.all(workers.map((worker) => worker.stop()));
  const elapsedMs = performance.now() - began;
  t.true(elapsedMs < GENEROUS_MS, `${elapsedMs} ms`);
  await until(() => [...openDescriptors()].every(([fd, target]) => before.get(fd) === target));
}

const blockingCalls: [name: string, source: string][] = [
  ['accept', `const server = socket.create_server(['127.0.0.1', 0]); send('blocks'); server.accept();`],
  [
    'accept under a timeout',
    `const server = socket.create_server(['127.0.0.1', 0]); server.settimeout(3600); send('blocks'); server.accept();`,
  ],
  ['recv', `const [a, b] = socket.socketpair(); send('blocks'); a.recv(1);`],
  [
    'recv after one that took all',
    `const [a, b] = socket.socketpair(); b.send(bytes('x')); a.recv(9); send('blocks'); a.recv(1);`,
  ],
  ['recv under a timeout', `const [a, b] = socket.socketpair(); a.settimeout(3600); send('blocks'); a.recv(1);`],
  ['recv_into', `const [a, b] = socket.socketpair(); send('blocks'); a.recv_into(Buffer.alloc(9));`],
  [
    'recvfrom',
    `const a = new socket.socket(AF_INET, SOCK_DGRAM); a.bind(['127.0.0.1', 0]); send('blocks'); a.recvfrom(1);`,
  ],
  ['recvmsg', `const [a, b] = socket.socketpair(); send('blocks'); a.recvmsg(1, 100);`],
  [
    'recv with MSG_WAITALL, of which a part has come',
    `const [a, b] = socket.socketpair(); b.send(bytes('part')); send('blocks'); a.recv(10, socket.MSG_WAITALL);`,
  ],
  ['send', `const [a, b] = socket.socketpair(); fill(a); send('blocks'); a.send(bytes('x'));`],
  ['sendall', `const [a, b] = socket.socketpair(); send('blocks'); a.sendall(Buffer.alloc(1 << 24));`],
  ['sendmsg', `const [a, b] = socket.socketpair(); fill(a); send('blocks'); a.sendmsg([bytes('x')]);`],
  [
    'sendto, to a full receiver that poll cannot see',
    `const receiver = new socket.socket(AF_UNIX, SOCK_DGRAM);
    receiver.bind('');
    const sender = new socket.socket(AF_UNIX, SOCK_DGRAM);
    send('blocks');
    for (;;) sender.sendto(bytes('x'), receiver.getsockname());`,
  ],
  [
    'sendfile',
    `const { openSync } = await import('node:fs');
    const [a, b] = socket.socketpair();
    send('blocks');
    a.sendfile(openSync(process.execPath)); // the largest file that is sure to be there`,
  ],
  [
    'connect to a Unix listener with a full queue',
    `const server = new socket.socket(AF_UNIX, SOCK_STREAM);
    server.bind('');
    server.listen(0);
    const [first, second] = [1, 2].map(() => new socket.socket(AF_UNIX, SOCK_STREAM));
    first.connect(server.getsockname());
    send('blocks');
    second.connect(server.getsockname());`,
  ],
  [
    'connect to a TCP listener that does not answer',
    `const server = new socket.socket();
    server.bind(['127.0.0.1', 0]);
    server.listen(0);
    for (;;) {
      const client = new socket.socket();
      client.settimeout(0.2);
      if (client.connect_ex(server.getsockname()) !== 0) break;
      globalThis.kept = [globalThis.kept, client];
    }
    const client = new socket.socket();
    send('blocks');
    client.connect(server.getsockname());`,
  ],
  [
    'readline of a file',
    `const [a, b] = socket.socketpair(); const file = a.makefile('r'); send('blocks'); file.readline();`,
  ],
];

for (const [name, source] of blockingCalls) {
  const lacking = source.includes('AF_UNIX') && NO_UNIX;
  testUnless(lacking).serial(
    `a worker that blocks in ${name} can be terminated, and what it had open is closed`,
    async (t) => {
      const before = openDescriptors();
      const worker = await blockedWorker(source);
      await terminated(t, [worker], before);
    },
  );
}

test.serial('four workers accept on one listener: one gets the connection, and all can be terminated', async (t) => {
  const before = openDescriptors();
  const server = socket.create_server(['127.0.0.1', 0]);
  const waiting = waitingThreads();
  const workers = Array.from({ length: 4 }, () =>
    startWorker(
      `${PRELUDE}
      const server = socket.fromfd(data, socket.AF_INET, SOCK_STREAM);
      send('blocks');
      for (;;) {
        const [connection, address] = server.accept();
        connection.send(bytes('accepted'));
        send(address[1]);
      }`,
      server.fileno(),
    ),
  );
  for (const worker of workers) t.is(await worker.next(), 'blocks');
  await untilWaiting(waiting, 4);
  const got: number[] = [];
  const answers = workers.map((worker) =>
    worker.next<number>().then(
      (port) => got.push(port),
      () => {},
    ),
  );
  const client = socket.create_connection(server.getsockname() as [string, number]);
  await Promise.race(answers);
  t.deepEqual(client.recv(100), bytes('accepted'));
  await untilWaiting(waiting, 4);
  t.deepEqual(got, [(client.getsockname() as [string, number])[1]]);
  client.close();
  server.close();
  await terminated(t, workers, before);
  await Promise.all(answers);
});

test.serial('a listener whose thieves are quick is no trap: contended accepts all go on', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0], { backlog: 64 });
  const COUNT = 60;
  const workers = Array.from({ length: 4 }, () =>
    startWorker(
      `${PRELUDE}
      const server = socket.fromfd(data, socket.AF_INET, SOCK_STREAM);
      send('ready');
      for (let n = 0; ; n++) {
        const [connection] = server.accept();
        const end = connection.recv(1).toString() === 'e';
        connection.close();
        if (end) { send(n); break; }
      }
      server.close();`,
      server.fileno(),
    ),
  );
  for (const worker of workers) t.is(await worker.next(), 'ready');
  const say = (text: string) => {
    using client = socket.create_connection(server.getsockname() as [string, number]);
    client.send(bytes(text));
  };
  for (let i = 0; i < COUNT; i++) say('x');
  for (const _ of workers) say('e');
  const counts = await Promise.all(workers.map((worker) => worker.next<number>()));
  t.is(
    counts.reduce((sum, n) => sum + n),
    COUNT,
  );
});

test.serial(
  'a descriptor closed by another thread ends the call that waits on it, with an error and no crash',
  async (t) => {
    const [a, b] = socket.socketpair();
    using _ = b;
    const worker = await blockedWorker(
      `const sock = new socket.socket({ fileno: data });
    send('blocks');
    try {
      sock.recv(1);
    } catch (error) {
      send([error.name, error.code]);
    } finally {
      sock.detach();
    }`,
      a.fileno(),
    );
    a.close();
    t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.code]);
    t.is(await worker.exit, 0);
  },
);

test.serial('a listener closed by another thread likewise', async (t) => {
  const server = socket.create_server(['127.0.0.1', 0]);
  const worker = await blockedWorker(
    `const server = new socket.socket({ fileno: data });
    send('blocks');
    try {
      server.accept();
    } catch (error) {
      send([error.name, error.code]);
    } finally {
      server.detach();
    }`,
    server.fileno(),
  );
  server.close();
  t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.code]);
  t.is(await worker.exit, 0);
});

testUnless(onWindows('it ends such a call with an error')).serial(
  'shutdown wakes a thread that receives, at once',
  async (t) => {
    const [a, b] = socket.socketpair();
    using _a = a;
    using _b = b;
    const worker = await blockedWorker(
      `const sock = socket.fromfd(data, AF_UNIX, SOCK_STREAM);
    send('blocks');
    send(sock.recv(10).length);
    sock.close();`,
      a.fileno(),
    );
    a.shutdown(socket.SHUT_RDWR);
    t.is(await worker.next(), 0);
    t.is(await worker.exit, 0);
  },
);

testUnless(onWindows('it ends such a call with an error')).serial('shutdown wakes a thread that accepts', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const worker = await blockedWorker(
    `const server = socket.fromfd(data, socket.AF_INET, SOCK_STREAM);
    send('blocks');
    try {
      server.accept();
    } catch (error) {
      send([error.name, error.code]);
    }
    server.close();`,
    server.fileno(),
  );
  server.shutdown(socket.SHUT_RDWR);
  t.deepEqual(await worker.next(), ['OSError', 'EINVAL']);
  t.is(await worker.exit, 0);
});

test.serial('a worker that ends, or is terminated, while it does nothing leaves no socket open', async (t) => {
  const before = openDescriptors();
  const open = `
    globalThis.kept = [socket.create_server(['127.0.0.1', 0]), ...socket.socketpair(), new socket.socket(AF_INET, SOCK_DGRAM)];
    const [listener] = kept;
    kept.push(socket.create_connection(listener.getsockname()), listener.accept()[0], listener.dup(), kept[1].makefile());
    send(kept.length);`;
  const ending = startWorker(PRELUDE + open);
  t.is(await ending.next(), 8);
  t.is(await ending.exit, 0);
  const idle = startWorker(`${PRELUDE}${open} await receive();`);
  t.is(await idle.next(), 8);
  t.true(openDescriptors().size >= before.size + 7);
  await terminated(t, [idle], before);
});

testUnless(NO_UNIX).serial(
  'a descriptor that no object has yet when the worker ends is closed; a number that was given out is not',
  async (t) => {
    const before = openDescriptors();
    const worker = startWorker(
      `
    const { native } = await import(data);
    const given = berkeley.socket.dup(0);
    for (const make of [() => native.dup(0), () => native.socket(2, 1, 0), () => native.socketpair(1, 1, 0)]) make();
    send(given);
  `,
      new URL('../../lib/addon/binary.js', import.meta.url).href,
    );
    const given = await worker.next<number>();
    await worker.stop();
    const left = [...openDescriptors().keys()].filter((fd) => !before.has(fd));
    t.deepEqual(left, [given]);
    socket.close(given);
  },
);

test.serial('what a worker detached stays open when it ends', async (t) => {
  const worker = startWorker(`${PRELUDE}
    const [a, b] = socket.socketpair();
    send([a.detach(), b.detach()]);`);
  const [a, b] = await worker.next<[number, number]>();
  await worker.exit;
  using one = new socket.socket({ fileno: a });
  using other = new socket.socket({ fileno: b });
  one.send(bytes('survived'));
  t.deepEqual(other.recv(100), bytes('survived'));
});

test.serial('a connection handed over to a worker by its number', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  const worker = startWorker(
    `${PRELUDE}
    const connection = new socket.socket({ fileno: data });
    connection.sendall(Buffer.concat([bytes('echo '), connection.recv(100)]));
    connection.close();`,
    server.accept()[0].detach(),
  );
  client.send(bytes('hello'));
  t.deepEqual(client.recv(100, socket.MSG_WAITALL), bytes('echo hello'));
  t.is(await worker.exit, 0);
});

// Wine takes a second for each.
const LOADS = process.platform === 'win32' ? 10 : 50;
test.serial(`${LOADS} workers load the library, one after another`, async (t) => {
  const before = openDescriptors();
  for (let i = 0; i < LOADS; i++) {
    const worker = startWorker(
      `${PRELUDE}
      const [a, b] = socket.socketpair();
      a.send(bytes('worker ' + data));
      send(b.recv(100).toString());
      a.close();`,
      i,
    );
    t.is(await worker.next(), `worker ${i}`);
    t.is(await worker.exit, 0);
  }
  await until(() => [...openDescriptors()].every(([fd, target]) => before.get(fd) === target));
});

test.serial('workers start, block and are terminated all at once', async (t) => {
  const before = openDescriptors();
  const waiting = waitingThreads();
  const workers = Array.from({ length: 10 }, () =>
    startWorker(`${PRELUDE} const [a, b] = socket.socketpair(); send('blocks'); a.recv(1);`),
  );
  for (const worker of workers) t.is(await worker.next(), 'blocks');
  await untilWaiting(waiting, 10);
  await terminated(t, workers, before);
});

test.serial('each thread has a default timeout of its own', async (t) => {
  socket.setdefaulttimeout(12);
  t.teardown(() => socket.setdefaulttimeout(null));
  const worker = startWorker(`send(berkeley.socket.getdefaulttimeout()); berkeley.socket.setdefaulttimeout(34);`);
  t.is(await worker.next(), null);
  await worker.exit;
  t.is(socket.getdefaulttimeout(), 12);
});

testUnless(NO_UNIX).serial('datagrams of two threads on one descriptor do not mix', async (t) => {
  const [a, b] = socket.socketpair(AF_UNIX, SOCK_DGRAM);
  using _a = a;
  using _b = b;
  const workers = ['x', 'y'].map((letter) =>
    startWorker(
      `${PRELUDE}
      const sock = socket.fromfd(data.fd, AF_UNIX, SOCK_DGRAM);
      for (let i = 0; i < 500; i++) sock.send(Buffer.alloc(100, data.letter));
      sock.close();`,
      { fd: a.fileno(), letter },
    ),
  );
  const counts = new Map<string, number>();
  for (let i = 0; i < 1000; i++) {
    const text = b.recv(200).toString();
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  t.deepEqual([...counts].sort(), [
    ['x'.repeat(100), 500],
    ['y'.repeat(100), 500],
  ]);
  for (const worker of workers) t.is(await worker.exit, 0);
});

// ---- one descriptor, objects in several threads ----------------------------------------------------------------------

/** Closes a descriptor that a worker has objects for, behind their back. */
function closed(fd: number): void {
  new socket.socket({ fileno: fd }).close();
}

/** Opens pairs of sockets until each of these numbers is used again: the kernel gives out the lowest one that is free. */
function pairsOn(fds: number[]): [socket.socket, socket.socket][] {
  const pairs: [socket.socket, socket.socket][] = [];
  const used = (fd: number) => pairs.some((pair) => pair.some((sock) => sock.fileno() === fd));
  while (!fds.every(used)) {
    if (pairs.length === 100) throw new Error(`${fds} are somebody else's`);
    pairs.push(socket.socketpair());
  }
  return pairs;
}

function exchange(t: ExecutionContext, [one, other]: [socket.socket, socket.socket]): void {
  one.sendall(bytes('still open'));
  t.deepEqual(other.recv(100), bytes('still open'));
}

/** Both ends of each can still be used; then they are closed. */
function stillOpen(t: ExecutionContext, pairs: [socket.socket, socket.socket][]): void {
  for (const pair of pairs) exchange(t, pair);
  for (const sock of pairs.flat()) sock.close();
}

testUnless(NO_NEXT_NUMBER).serial(
  'what a worker believes to own, and another thread has closed, is not closed again with the worker',
  async (t) => {
    const [one, other] = socket.socketpair();
    const fd = one.detach();
    const peer = startWorker(
      `
    globalThis.kept = new berkeley.socket.socket({ fileno: data });
    send('adopted');
    await receive();`,
      fd,
    );
    t.is(await peer.next(), 'adopted');
    // Here it is closed, and its number stands for another socket.
    closed(fd);
    const pairs = pairsOn([fd]);
    await peer.stop();
    stillOpen(t, pairs);
    other.close();
  },
);

testUnless(NO_EPOLL).serial(
  'what is collected in a worker, and another thread has closed, is not closed again, and warns of nothing',
  async (t) => {
    const [one, other] = socket.socketpair();
    const epoll = new select.epoll();
    const fds = [one.detach(), epoll.fileno()];
    const worker = startWorker(
      `${PRELUDE}
      const warnings = [];
      process.emitWarning = (text) => warnings.push(text);
      let kept = [new socket.socket({ fileno: data[0] }), berkeley.select.epoll.fromfd(data[1])];
      send('adopted');
      await receive();
      // Beside them, something that is this worker's to close: its warning says that the garbage was seen to.
      kept.push(new socket.socket());
      const mark = 'unclosed <socket.socket fd=' + kept[2].fileno() + ',';
      kept = null;
      while (warnings.length === 0) {
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      send(warnings.map((text) => text.startsWith(mark)));`,
      fds,
    );
    t.is(await worker.next(), 'adopted');
    closed(fds[0]);
    epoll.close();
    const pairs = pairsOn(fds);
    worker.send('collect');
    t.deepEqual(await worker.next(), [true]);
    stillOpen(t, pairs);
    t.is(await worker.exit, 0);
    other.close();
  },
);

testUnless(NO_NEXT_NUMBER).serial(
  'what another thread has closed is not closed by its number, which is another object of the thread by now',
  async (t) => {
    const [one, other] = socket.socketpair();
    const fd = one.detach();
    const worker = startWorker(
      `${PRELUDE}
    process.emitWarning = () => {};
    const { asyncio } = berkeley;
    const objects = Array.from({ length: 3 }, () => new socket.socket({ fileno: data }));
    objects[0].setblocking(false);
    const orphan = asyncio.sock_recv(objects[0], 1).catch((error) => error.code);
    send('awaits');
    await receive();
    const pairs = [];
    const isFresh = (each) => each.fileno() === data;
    while (pairs.length < 100 && !pairs.flat().some(isFresh)) pairs.push(socket.socketpair());
    const pair = pairs.at(-1);
    send(pair.some(isFresh));
    const fresh = pair.find(isFresh);
    const peer = pair.find((each) => each !== fresh);
    for (const each of pair) each.setblocking(false);
    send(await orphan);
    const awaited = asyncio.sock_recv(fresh, 100);
    objects[0].detach();
    try {
      objects[1].close();
    } catch (error) {
      send([error.name, error.code]);
    }
    const gone = new WeakRef(objects.pop());
    while (gone.deref()) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
    await new Promise((resolve) => setImmediate(resolve));
    peer.send(bytes('awaited'));
    send((await awaited).toString());
    send(fresh.send(bytes('sent')));
    for (const each of pairs.flat()) each.close();`,
      fd,
    );
    t.is(await worker.next(), 'awaits');
    closed(fd);
    worker.send('go on');
    t.true(await worker.next(), 'the number is used again');
    t.is(await worker.next(), NOT_OPEN.code);
    t.deepEqual(await worker.next(), ['OSError', NOT_OPEN.code]);
    t.is(await worker.next(), 'awaited');
    t.is(await worker.next(), 4);
    t.is(await worker.exit, 0);
    other.close();
  },
);

test.serial('what two threads have an object for stays open when one of them ends', async (t) => {
  const pair = socket.socketpair();
  const lasting = startWorker(
    `globalThis.kept = new berkeley.socket.socket({ fileno: data }); send('adopted'); await receive();`,
    pair[0].fileno(),
  );
  t.is(await lasting.next(), 'adopted');
  await lasting.stop();
  exchange(t, pair);
  // The other way round: the object of the thread that stays is the newer one.
  const maker = startWorker(`globalThis.kept = new berkeley.socket.socket(); send(kept.fileno()); await receive();`);
  const sock = new socket.socket({ fileno: await maker.next<number>() });
  await maker.stop();
  t.is(sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), socket.SOCK_STREAM);
  for (const each of [...pair, sock]) each.close();
});
