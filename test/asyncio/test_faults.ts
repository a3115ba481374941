/** Faults of the awaited calls: what goes wrong between them, around them, and in the midst of them. */
import { AsyncLocalStorage } from 'node:async_hooks';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import { OSError, ValueError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import type { SSLSocket } from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_PLAIN_DESCRIPTORS,
  NO_PROGRAMS,
  skip,
  spawnNode,
  spawnPeer,
  startWorker,
  testUnless,
} from '../helpers/peers.js';
import { pending } from '../helpers/promises.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

const bytes = (text: string) => Buffer.from(text);

/** Two ends of a TLS connection that have not shaken hands yet: client, server. */
function tlsPair(context = serverContext()): [SSLSocket, SSLSocket] {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const plain = socket.create_connection(listener.getsockname());
  const [accepted] = listener.accept();
  return [
    clientContext().wrap_socket(plain, { server_hostname: 'localhost', do_handshake_on_connect: false }),
    context.wrap_socket(accepted, { server_side: true, do_handshake_on_connect: false }),
  ];
}

/** Two ends that have. */
async function tlsConnection(): Promise<[SSLSocket, SSLSocket]> {
  const [client, server] = tlsPair();
  await Promise.all([asyncio.sock_do_handshake(client), asyncio.sock_do_handshake(server)]);
  return [client, server];
}

// ---- arguments -----------------------------------------------------------------------------------------------------

test('a signal that is none is refused, and the call takes no data', async (t) => {
  const [one, other] = socket.socketpair();
  await t.throwsAsync(asyncio.sock_recv(one, 1, { signal: 'none' as never }), { instanceOf: TypeError });
  const waiting = asyncio.sock_recv(one, 1);
  other.sendall(bytes('x'));
  t.is(`${await waiting}`, 'x');
  one.close();
  other.close();
});

test('calls that need not wait do not, whatever the socket is known to have', async (t) => {
  const [one, other] = socket.socketpair();
  other.sendall(bytes('x'));
  const first = asyncio.sock_recv(one, 100);
  await first;
  const second = asyncio.sock_recv(one, 100);
  other.sendall(bytes('x'));
  await second;
  // All was taken; and there is nothing to wait for in these.
  t.is((await asyncio.sock_recv(one, 0)).length, 0);
  t.is(await asyncio.sock_recv_into(one, Buffer.alloc(0)), 0);
  await t.throwsAsync(asyncio.sock_recv(one, -1), { instanceOf: ValueError });
  one.close();
  other.close();
});

test('what is no socket rejects', async (t) => {
  using sock = new socket.socket();
  for (const call of [
    () => asyncio.sock_recv(5 as never, 1),
    () => asyncio.sock_sendall(null as never, bytes('x')),
    () => asyncio.sock_sendmmsg(sock, 5 as never),
  ]) {
    let promise: Promise<unknown> = Promise.resolve();
    t.notThrows(() => (promise = call()));
    await t.throwsAsync(promise, { instanceOf: TypeError });
  }
});

// ---- TLS -----------------------------------------------------------------------------------------------------------

test('TLS: a reader and a writer that both shake hands do not wait for each other', async (t) => {
  const [client, server] = tlsPair();
  const answer = asyncio.sock_recv(client, 100);
  const request = asyncio.sock_sendall(client, bytes('question'));
  const serving = (async () => {
    await asyncio.sock_do_handshake(server);
    const got = await asyncio.sock_recv(server, 100);
    await asyncio.sock_sendall(server, Buffer.concat([bytes('answer to '), got]));
  })();
  await request;
  t.is(`${await answer}`, 'answer to question');
  await serving;
  client.close();
  server.close();
});

test('TLS: what a blocking call leaves decrypted wakes those who wait', async (t) => {
  const [client, server] = await tlsConnection();
  const waiting = asyncio.sock_recv(client, 100);
  t.true(await pending(waiting));
  server.setblocking(true);
  server.sendall(bytes('abc'));
  client.setblocking(true);
  t.is(`${client.recv(1)}`, 'a');
  t.is(`${await waiting}`, 'bc');
  client.close();
  server.close();
});

test('TLS: after an aborted send, the next one arrives whole', async (t) => {
  const [client, server] = await tlsConnection();
  for (const [mark, size] of [
    ['A', 64 << 20],
    ['B', 32 << 20],
  ] as const) {
    const controller = new AbortController();
    const sending = asyncio.sock_sendall(client, Buffer.alloc(size, mark), controller);
    t.true(await pending(sending));
    controller.abort(new Error('enough'));
    await t.throwsAsync(sending, { message: 'enough' });
  }
  const last = Buffer.alloc(8 << 20, 'C');
  const sending = asyncio.sock_sendall(client, last).then(() => client.shutdown(socket.SHUT_WR));
  const count = { A: 0, B: 0, C: 0 };
  for (;;) {
    const part = await asyncio.sock_recv(server, 1 << 16);
    if (part.length === 0) break;
    count[part.toString('latin1', 0, 1) as 'A'] += part.length;
  }
  await sending;
  t.is(count.C, last.length);
  t.true(count.A > 0);
  client.close();
  server.close();
});

test('TLS: a callback that awaits the very connection does not make the outer call block', async (t) => {
  const context = serverContext();
  const inner: Promise<unknown>[] = [];
  context.sni_callback = (object) => {
    const connection = object as SSLSocket;
    inner.push(asyncio.sock_do_handshake(connection).catch((error: unknown) => error));
  };
  const [client, server] = tlsPair(context);
  t.is(server.gettimeout(), null);
  server.settimeout(5);
  const shaking = asyncio.sock_do_handshake(server);
  await Promise.all([asyncio.sock_do_handshake(client), shaking]);
  await Promise.all(inner);
  t.is(inner.length, 1);
  client.close();
  server.close();
});

test('TLS: a callback that closes the connection', async (t) => {
  const context = serverContext();
  const opened: socket.socket[] = [];
  context.sni_callback = (object) => {
    const connection = object as SSLSocket;
    connection.close();
    // Whoever gets the number next is not waited for in its place.
    opened.push(...socket.socketpair());
  };
  const [client, server] = tlsPair(context);
  const shaking = asyncio.sock_do_handshake(server);
  const reading = asyncio.sock_recv(server, 1);
  await t.throwsAsync(asyncio.sock_do_handshake(client), { instanceOf: OSError });
  await t.throwsAsync(shaking, { instanceOf: OSError });
  await t.throwsAsync(reading, { instanceOf: OSError });
  for (const sock of [...opened, client]) sock.close();
});

test('TLS: a handshake that is aborted goes on with the next call', async (t) => {
  const [client, server] = tlsPair();
  const controller = new AbortController();
  const shaking = asyncio.sock_do_handshake(client, controller);
  t.true(await pending(shaking));
  controller.abort(new Error('later'));
  await t.throwsAsync(shaking, { message: 'later' });
  await Promise.all([asyncio.sock_do_handshake(client), asyncio.sock_do_handshake(server)]);
  await asyncio.sock_sendall(client, bytes('done'));
  t.is(`${await asyncio.sock_recv(server, 10)}`, 'done');
  client.close();
  server.close();
});

// ---- callbacks -----------------------------------------------------------------------------------------------------

test('each callback, and each awaited call, runs in the context of who asked for it', async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const [one, other] = socket.socketpair();
  const seen: unknown[] = [];
  const called = new Promise<void>((resolve) => {
    storage.run('reader', () =>
      asyncio.add_reader(one, () => {
        seen.push(storage.getStore());
        asyncio.remove_reader(one);
        resolve();
      }),
    );
  });
  other.sendall(bytes('xy'));
  await called;
  await storage.run('awaiter', async () => {
    await asyncio.sock_recv(one, 2);
    const waiting = asyncio.sock_recv(one, 1);
    other.sendall(bytes('z'));
    await waiting;
    seen.push(storage.getStore());
  });
  const context = serverContext();
  context.sni_callback = () => {
    seen.push(storage.getStore());
  };
  const [client, server] = tlsPair(context);
  await Promise.all([
    storage.run('server', () => asyncio.sock_do_handshake(server)),
    storage.run('client', () => asyncio.sock_do_handshake(client)),
  ]);
  t.deepEqual(seen, ['reader', 'awaiter', 'server']);
  for (const sock of [one, other, client, server]) sock.close();
});

test('a socket whose callback waits is not collected', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    const [one, other] = socket.socketpair();
    let resolve;
    const called = new Promise((each) => (resolve = each));
    const fd = other.detach();
    (() => { asyncio.add_reader(new socket.socket({ fileno: fd }), () => { asyncio.remove_reader(fd); resolve(); }); })();
    for (let i = 0; i < 10; i++) { gc(); await new Promise(setImmediate); }
    one.sendall(Buffer.from('x'));
    await called;
    console.log('called');
  `);
  t.is(await peer.line(), 'called');
});

test('a reading callback that throws does not keep the writing one from its turn', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    process.on('uncaughtException', () => {});
    const [one, other] = socket.socketpair();
    other.sendall(Buffer.from('x'));
    let turns = 0;
    const end = (text) => { console.log(text); process.exit(); };
    asyncio.add_reader(one, () => { if (++turns === 100) end('starved'); throw new Error('thrown'); });
    asyncio.add_writer(one, () => end('written'));
  `);
  t.is(await peer.line(), 'written');
});

test('a loop that libuv refuses to watch is an error that says why, and the next call begins anew', async (t) => {
  if (native.loopBackend() !== 'epoll') return skip(t, 'libuv watches no descriptor for us');
  // A descriptor of Node's own was closed by its number: libuv believes that it still watches the number.
  const peer = spawnNode(`
    import net from 'node:net';
    const { asyncio, socket } = berkeley;
    const [one, other] = socket.socketpair();
    const server = net.createServer().listen(0, '127.0.0.1', async () => {
      socket.close(server._handle.fd);
      const refused = await asyncio.sock_recv(one, 1).catch((error) => error.code);
      const [, another] = socket.socketpair();
      other.sendall(Buffer.from('x'));
      console.log(refused, String(await asyncio.sock_recv(one, 1)));
      process.exit();
    });
  `);
  t.is(await peer.line(), 'EEXIST x');
});

testUnless(NO_PROGRAMS)('a new socket is waited for though its number was closed behind our back', async (t) => {
  const pipe = spawnPeer('sleep', ['60']);
  const file = (pipe.child.stdout as unknown as { _handle: { fd: number } })._handle.fd;
  let called = 0;
  asyncio.add_reader(file, () => called++);
  await pipe.stop(); // Node closes its end by itself
  called = 0;
  const pairs: socket.socket[][] = [];
  do pairs.push(socket.socketpair());
  while (!pairs.flat().some((sock) => sock.fileno() === file));
  const last = pairs[pairs.length - 1];
  const [next, peer] = last[0].fileno() === file ? last : [last[1], last[0]];
  const waiting = asyncio.sock_recv(next, 4);
  t.true(await pending(waiting));
  peer.sendall(bytes('next'));
  t.is(`${await waiting}`, 'next');
  t.is(called, 0);
  for (const sock of pairs.flat()) sock.close();
});

// ---- the turn of the others ----------------------------------------------------------------------------------------

test('wait_for: what has come in the very turn of an abort is not lost', async (t) => {
  const [one, other] = socket.socketpair();
  let counted = 0;
  for (let i = 0; i < 50; i++) {
    const controller = new AbortController();
    const waiting = asyncio.wait_for((signal) => asyncio.sock_recv(one, 1, { signal }), 60, controller);
    asyncio.add_reader(one, () => controller.abort());
    other.sendall(bytes('x'));
    await waiting.then(
      (data) => (counted += data.length),
      () => (counted += one.recv(1, socket.MSG_DONTWAIT).length),
    );
    asyncio.remove_reader(one);
  }
  t.is(counted, 50);
  one.close();
  other.close();
});

test('a name in bytes is resolved too', async (t) => {
  using a = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  a.bind(['127.0.0.1', 0]);
  t.is(await asyncio.sock_sendto(a, bytes('x'), [bytes('localhost'), a.getsockname()[1]]), 1);
  t.is(`${await asyncio.sock_recv(a, 10)}`, 'x');
});

testUnless(NO_PLAIN_DESCRIPTORS)('two who send from one pipe', async (t) => {
  const [one, other] = socket.socketpair();
  const [pipe, feeder] = socket.socketpair();
  const sending = [asyncio.sock_sendfile(one, pipe, 0, 1), asyncio.sock_sendfile(one, pipe, 0, 1)];
  feeder.sendall(bytes('a'));
  t.is(`${await asyncio.sock_recv(other, 10)}`, 'a');
  // It has all that it was asked for, and does not wait for more.
  t.is(await sending[0], 1);
  t.true(await pending(sending[1]));
  feeder.sendall(bytes('b'));
  t.is(`${await asyncio.sock_recv(other, 10)}`, 'b');
  t.is(await sending[1], 1);
  for (const sock of [one, other, pipe, feeder]) sock.close();
});

// ---- threads -------------------------------------------------------------------------------------------------------

for (const [name, end] of [
  ['process.exit', 'process.exit(3)'],
  ['an endless loop that is terminated', "send('looping'); for (;;);"],
  ['an exception', "throw new Error('thrown')"],
]) {
  test(`a worker that ends in a callback, by ${name}`, async (t) => {
    const peer = startWorker(`
      const { asyncio, socket } = berkeley;
      const pairs = Array.from({ length: 20 }, () => socket.socketpair());
      for (const [one, other] of pairs) {
        asyncio.sock_recv(one, 1);
        asyncio.add_reader(one, () => { ${end} });
        other.sendall(Buffer.from('x'));
      }
      for (let i = 0; i < 8; i++) asyncio.getaddrinfo('localhost', 80);
      send('ready');
    `);
    if (name.startsWith('an endless')) {
      t.is(await peer.next(), 'ready');
      t.is(await peer.next(), 'looping');
      await peer.stop();
    }
    t.is(await peer.exit, name === 'process.exit' ? 3 : 1);
  });
}
