/** What the library tells of itself: NODE_DEBUG=berkeley, and the channels of node:diagnostics_channel. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { BlockingIOError, ConnectionRefusedError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  CONNECTING,
  cleanEnv,
  NO_EPOLL,
  NO_KQUEUE,
  NO_POLL,
  NO_SLEEP,
  spawnPeer,
  testUnless,
} from '../helpers/peers.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

const LIBRARY = new URL('../../lib/index.js', import.meta.url).href;

/** What a program writes to its standard error, with that in NODE_DEBUG. */
async function errorsOf(body: string, NODE_DEBUG = 'berkeley'): Promise<string> {
  const script = `import { select, selectors, socket, ssl } from ${JSON.stringify(LIBRARY)};\n${body}`;
  const env = { ...cleanEnv(), NODE_DEBUG };
  const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', script], env);
  let text = '';
  peer.child.stderr?.on('data', (bytes) => (text += bytes));
  await peer.exit;
  return text;
}

const PAIR = 'const [a, b] = socket.socketpair(); a.settimeout(1.3); b.settimeout(1.3);';
const SLEEPERS: Record<string, [body: string, call: RegExp]> = {
  recv: ['try { a.recv(1); } catch {}', /recv\(\d+\)/],
  'a wait in the kernel': [
    `const { Worker } = await import('node:worker_threads');
     a.settimeout(null);
     const write = "require('node:fs').writeSync(require('node:worker_threads').workerData, 'x')";
     new Worker('setTimeout(() => ' + write + ', 3000)', { eval: true, workerData: b.detach(), execArgv: [] });
     a.recv(1);`,
    /recv\(\d+\)/,
  ],
  accept: [
    "const l = socket.create_server(['127.0.0.1', 0]); l.settimeout(1.3); try { l.accept(); } catch {}",
    /accept\(\d+\)/,
  ],
  select: ['select.select([a], [], [], 1.3)', /select/],
  poll: ['const p = new select.poll(); p.register(a, select.POLLIN); p.poll(1300)', /poll/],
  'epoll or kqueue': [
    'const s = new selectors.DefaultSelector(); s.register(a, selectors.EVENT_READ); s.select(1.3)',
    /epoll_wait|kevent/,
  ],
  selectors: ['const s = new selectors.SelectSelector(); s.register(a, selectors.EVENT_READ); s.select(1.3)', /select/],
  'a TLS handshake': [
    `const context = ssl._create_unverified_context();
     try { context.wrap_socket(a); } catch {}`,
    /TLS handshake\(\d+\)/,
  ],
};
for (const [name, [body, call]] of Object.entries(SLEEPERS)) {
  const lacking =
    (name === 'a wait in the kernel' && NO_SLEEP) ||
    (name === 'poll' && NO_POLL) ||
    (name === 'epoll or kqueue' && NO_EPOLL && NO_KQUEUE);
  testUnless(lacking)(`NODE_DEBUG=berkeley tells of a call that sleeps for more than a second: ${name}`, async (t) => {
    const text = await errorsOf(`${PAIR} ${body}`);
    const lines = text.split('\n').filter((line) => line.startsWith('BERKELEY '));
    t.is(lines.length, 2, text);
    t.regex(
      lines[0],
      new RegExp(`${call.source} sleeps in the main thread: a server in the same thread cannot answer`),
    );
    t.regex(lines[1], new RegExp(`${call.source} has slept for [1-9]`));
  });
}

test('NODE_DEBUG tells of no call that sleeps for less, and of none without it', async (t) => {
  t.notRegex(await errorsOf(`${PAIR} a.settimeout(0.3); try { a.recv(1); } catch {}`), /BERKELEY/);
  t.notRegex(await errorsOf(`${PAIR} try { a.recv(1); } catch {}`, 'net'), /BERKELEY/);
});

/** The messages of a channel while the test runs. */
function messages(t: ExecutionContext, name: string): Record<string, unknown>[] {
  const seen: Record<string, unknown>[] = [];
  const listener = (message: unknown) => void seen.push(message as Record<string, unknown>);
  subscribe(`berkeley:${name}`, listener);
  t.teardown(() => unsubscribe(`berkeley:${name}`, listener));
  return seen;
}

test.serial('connect, accept and close are published, of blocking sockets', (t) => {
  const [connects, accepts, closes] = ['connect', 'accept', 'close'].map((name) => messages(t, name));
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname();
  const client = new socket.socket();
  client.connect(address);
  const [accepted, from] = listener.accept();
  t.deepEqual(from, client.getsockname());
  t.deepEqual(connects, [{ socket: client, address, errno: 0 }]);
  t.deepEqual(accepts, [{ listener, socket: accepted }]);
  const open = [client, accepted, listener];
  const expected = open.map((each) => ({ socket: each, fd: each.fileno() }));
  for (const each of open) each.close();
  for (const each of open) each.close();
  t.deepEqual(closes, expected);
  const late = new socket.socket();
  t.throws(() => late.connect(address), { instanceOf: ConnectionRefusedError });
  late.close();
  t.deepEqual(connects[1], { socket: late, address, errno: errno.ECONNREFUSED });
});

test.serial('a subscriber that makes calls of its own spoils no address', (t) => {
  const other = new socket.socket(socket.AF_INET6);
  other.bind(['::1', 0]);
  const listener = socket.create_server(['127.0.0.1', 0]);
  const meddle = () => {
    other.getsockname();
    socket.getaddrinfo('127.0.0.1', 1);
  };
  subscribe('berkeley:accept', meddle);
  t.teardown(() => unsubscribe('berkeley:accept', meddle));
  const client = socket.create_connection(listener.getsockname() as [string, number]);
  const [accepted, address] = listener.accept();
  t.deepEqual(address, client.getsockname());
  for (const each of [accepted, client, listener, other]) each.close();
});

test.serial('of nonblocking and awaited ones, of streams and their servers', async (t) => {
  const [connects, accepts] = ['connect', 'accept'].map((name) => messages(t, name));
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname();
  const client = new socket.socket();
  client.setblocking(false);
  t.throws(() => client.connect(address), { instanceOf: BlockingIOError });
  t.deepEqual(connects.pop(), { socket: client, address, errno: CONNECTING });
  const [accepted] = await asyncio.sock_accept(listener);
  t.is(accepts.pop()?.socket, accepted);
  const second = new socket.socket();
  await asyncio.sock_connect(second, address);
  t.is(connects.pop()?.socket, second);
  for (const each of [client, accepted, listener, second]) each.close();
  const server = stream.createServer((each) => each.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const duplex = stream.connect(port, '127.0.0.1');
  duplex.resume();
  await closed(duplex);
  t.deepEqual(connects.pop()?.address, ['127.0.0.1', port]);
  t.is(accepts.pop()?.listener, server.socket);
  server.close();
  await closed(server);
});

test.serial('a handshake is published when it has ended, well or not', async (t) => {
  const handshakes = messages(t, 'handshake');
  for (const trusted of [true, false]) {
    const [a, b] = socket.socketpair();
    const context = trusted ? clientContext() : new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    const options = { do_handshake_on_connect: false };
    const client = context.wrap_socket(a, { ...options, server_hostname: 'localhost' });
    const server = serverContext().wrap_socket(b, { ...options, server_side: true });
    const results = await Promise.allSettled([asyncio.sock_do_handshake(client), asyncio.sock_do_handshake(server)]);
    t.is(results[0].status, trusted ? 'fulfilled' : 'rejected');
    const ofClient = handshakes.filter((each) => each.socket === client);
    t.is(ofClient.length, 1);
    if (trusted) t.is(ofClient[0].error, null);
    else t.true(ofClient[0].error instanceof ssl.SSLCertVerificationError);
    client.close();
    server.close();
  }
});
