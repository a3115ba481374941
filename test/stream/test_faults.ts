/** What goes wrong under streams: peers that reset or vanish, handlers that throw, ends at every moment; and no leak of it. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PROC, NO_UNIX, spawnNode, testUnless, underSanitizers, underWine, until } from '../helpers/peers.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

const HOST = '127.0.0.1';

/** Closes with a reset. */
function reset(sock: socket.socket): void {
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Int32Array.of(1, 0));
  sock.close();
}

/** A stream over TCP and the plain socket at its other end. */
function pair(options: stream.SocketOptions = {}): [stream.SocketDuplex, socket.socket] {
  const listener = socket.create_server([HOST, 0]);
  const ours = socket.create_connection(listener.getsockname());
  const [peer] = listener.accept();
  listener.close();
  return [stream.toDuplex(ours, options), peer];
}

/** Every event of the stream, with the codes of errors. Nothing may come after 'close'. */
function events(s: stream.SocketDuplex): string[] {
  const seen: string[] = [];
  for (const name of ['end', 'finish', 'error', 'close'] as const) {
    s.on(name, (value?: unknown) =>
      seen.push(value instanceof Error ? `${name} ${(value as { code?: string }).code}` : name),
    );
  }
  return seen;
}

// ---- resets and half-closes at every step

const RESET_STEPS: Record<string, (s: stream.SocketDuplex, peer: socket.socket) => Promise<void> | void> = {
  'at once': (_, peer) => reset(peer),
  'after it has sent': async (s, peer) => {
    peer.send(Buffer.from('x'));
    await once(s, 'data');
    reset(peer);
  },
  'with our bytes unread': (s, peer) => {
    s.write('never read');
    reset(peer);
  },
  'in the middle of a long write': async (s, peer) => {
    s.write(Buffer.alloc(20_000_000));
    await new Promise((resolve) => setImmediate(resolve));
    peer.recv(1000);
    reset(peer);
  },
  'after we have ended our side': async (s, peer) => {
    s.end();
    await once(s, 'finish');
    reset(peer);
  },
};
for (const [when, step] of Object.entries(RESET_STEPS)) {
  test(`the peer resets ${when}`, async (t) => {
    const [s, peer] = pair();
    const seen = events(s);
    s.resume();
    await step(s, peer);
    await closed(s);
    await new Promise((resolve) => setImmediate(resolve));
    t.is(seen.at(-1), 'close');
    t.regex(seen.at(-2) ?? '', /^error (ECONNRESET|EPIPE)$/);
    t.is(seen.filter((each) => each.startsWith('error')).length, 1);
  });
}

for (const half of [false, true]) {
  const lacking = underWine('a closed socket does not send what it has taken');
  testUnless(lacking)(`the peer ends in the middle of a long write, allowHalfOpen: ${half}`, async (t) => {
    const [s, peer] = pair({ allowHalfOpen: half });
    const seen = events(s);
    const size = 5_000_000;
    s.resume().write(Buffer.alloc(size));
    if (half) s.once('end', () => s.end());
    peer.shutdown(socket.SHUT_WR);
    peer.setblocking(false);
    let received = 0;
    const reader = stream.toDuplex(peer, { allowHalfOpen: true });
    reader.on('data', (data) => (received += data.length));
    reader.on('end', () => reader.destroy());
    await Promise.all([closed(s), closed(reader)]);
    t.is(received, size);
    t.deepEqual(seen.sort(), ['close', 'end', 'finish']);
  });
}

test('a peer that has gone is noticed while nothing is read, by a write', async (t) => {
  const [s, peer] = pair();
  s.pause();
  reset(peer);
  s.write('x', (error) => t.truthy(error));
  const [error] = await once(s, 'error');
  t.regex(error.code, /^(ECONNRESET|EPIPE)$/);
  t.plan(2);
});

// ---- the end at every moment

const MOMENTS = [
  'lookup',
  'connectionAttempt',
  'connect',
  'ready',
  'data',
  'end',
  'finish',
  'drain',
  'timeout',
] as const;
for (const secure of [false, true]) {
  for (const moment of [...MOMENTS, 'secureConnect', 'write callback', 'before'] as const) {
    test(`destroyed at '${moment}'${secure ? ', TLS' : ''}`, async (t) => {
      const server = stream.createServer({ ssl: secure ? serverContext() : undefined }, (s) => {
        s.on('error', () => {}).resume();
        s.write('hello');
        if (moment === 'end') s.end();
      });
      server.on('tlsClientError', () => {});
      server.listen(0, HOST);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const to = { port, host: 'localhost', family: 4 };
      const client = secure ? stream.connect({ ...to, ssl: clientContext() }) : stream.connect(to);
      const end = () => client.destroy();
      const seen = events(client);
      if (moment === 'before') end();
      else if (moment === 'write callback') client.write('x', end);
      else client.on(moment as 'end', end);
      client.setTimeout(500, end);
      if (moment !== 'data') client.on('data', () => {});
      if (moment === 'drain') client.write(Buffer.alloc(1_000_000));
      else if (moment === 'finish') client.end('x');
      await closed(client);
      await new Promise((resolve) => setImmediate(resolve));
      t.is(seen.at(-1), 'close');
      t.deepEqual(
        seen.filter((each) => each.startsWith('error')),
        [],
      );
      t.is(client.socket, null);
      const gone = closed(server as never);
      server.close();
      await gone;
    });
  }
}

// ---- what throws

test('a handler that throws is an uncaught exception, and the others are served', async (t) => {
  const peer = spawnNode(`
    const { stream, socket } = berkeley;
    let caught = 0;
    process.on('uncaughtException', (error) => caught += error.message === 'mine');
    process.on('unhandledRejection', (error) => console.log('unhandled', error));
    let served = 0;
    const server = stream.createServer((s) => {
      if (++served % 3 === 0) { s.destroy(); throw new Error('mine'); }
      s.on('data', (data) => { s.end(data); if (served % 3 === 1) throw new Error('mine'); });
    });
    server.listen(0, '127.0.0.1', async () => {
      for (let i = 0; i < 30; i++) {
        const client = stream.connect(server.address().port, '127.0.0.1');
        client.on('error', () => {});
        client.write('x');
        client.resume();
        await new Promise((resolve) => client.on('close', resolve));
      }
      server.close(() => console.log(served, caught));
    });
  `);
  t.is(await peer.line(), '30 20');
  t.is(await peer.exit, 0);
});

// ---- many

/** A server in a process of its own; a client of another kind (raw sockets) comes and goes. */
testUnless(NO_PROC)('10,000 connections that connect and vanish', async (t) => {
  t.timeout(180_000);
  const count = underSanitizers ? 1000 : 10_000;
  const peer = spawnNode(
    `
    import { readdirSync } from 'node:fs';
    const { stream } = berkeley;
    const open = () => readdirSync('/proc/self/fd').length;
    let errors = 0;
    process.on('unhandledRejection', (error) => console.log('unhandled', error));
    const server = stream.createServer((s) => {
      s.on('error', () => errors++);
      s.on('data', (data) => { if (String(data) === 'report') server.getConnections((_, n) => s.end(n + ' ' + (open() - before))); else s.write(data); });
    });
    let before;
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => { before = open(); console.log(server.address().port); });
  `,
  );
  const port = Number(await peer.line());
  const left = async () => {
    const client = stream.connect(port, HOST);
    client.write('report');
    const [data] = await once(client, 'data');
    await closed(client.resume());
    return String(data);
  };
  // What Node opens for itself is open now.
  const calm = await left();
  for (let i = 0; i < count; i++) {
    const sock = socket.create_connection([HOST, port], { timeout: 30 });
    if (i % 3 === 0) sock.send(Buffer.from('hello'));
    // Without a reset each would keep a port for a minute.
    reset(sock);
  }
  await until(async () => (await left()) === calm);
  t.regex(calm, /^1 /);
  await peer.stop();
});

const CHURN = `
  import { readdirSync } from 'node:fs';
  const { stream, ssl } = berkeley;
  const open = () => readdirSync('/proc/self/fd').length;
  const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
  process.on('unhandledRejection', (error) => console.log('unhandled', error));
  const server = stream.createServer((s) => s.on('data', (data) => s.end(data)));
  const one = () => new Promise((resolve, reject) => {
    const client = stream.connect(data.path).on('error', reject).on('close', resolve);
    client.end('hello');
    client.resume();
  });
  const some = async (count) => { for (let i = 0; i < count; i++) await one(); };
  const batch = (count) => Promise.all([some(count / 4), some(count / 4), some(count / 4), some(count / 4)]);
  server.listen(data.path, async () => {
    await batch(data.count / 10);
    await new Promise((resolve) => setImmediate(resolve));
    const [fds, bytes] = [open(), heap()];
    await batch(data.count);
    await new Promise((resolve) => setImmediate(resolve));
    const grown = heap() - bytes;
    console.log(open() - fds, grown < 2_000_000 ? 'no growth' : grown);
    server.close();
  });
`;

testUnless(NO_UNIX)('100,000 connections leave no descriptor and no memory behind', async (t) => {
  t.timeout(300_000);
  const path = `\0berkeley-churn-${process.pid}`;
  const peer = spawnNode(CHURN, { path, count: underSanitizers ? 4000 : 100_000 });
  t.is(await peer.line(), '0 no growth');
  t.is(await peer.exit, 0);
  t.is(peer.errors(), '');
});
