/** Servers of berkeley/stream: beside node:net, and where node:net has nothing to compare with. */
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import * as net from 'node:net';
import * as tls from 'node:tls';
import test from 'ava';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed, listening, same } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_PROGRAMS,
  NO_REUSEPORT,
  NO_UNIX,
  NOT_OPEN,
  spawnNode,
  spawnPeer,
  testUnless,
  tmpdir,
} from '../helpers/peers.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

const HOST = '127.0.0.1';

// ---- listening, beside node:net

const forms: Record<string, unknown[]> = {
  '()': [],
  '(0)': [0],
  '(port, host)': [0, HOST],
  '(port, host, backlog)': [0, HOST, 5],
  '(port, backlog)': [0, 5],
  '({ port, host })': [{ port: 0, host: HOST }],
  '({ port, host: name })': [{ port: 0, host: 'localhost' }],
  "({ port, host: '::1' })": [{ port: 0, host: '::1', ipv6Only: true }],
  '({ port: undefined })': [{ port: undefined }],
  '(null)': [null],
};
for (const [form, args] of Object.entries(forms)) {
  same(`listen${form}`, async (api, log) => {
    const server = api.createServer({});
    log.watch('server', server, 'listening close error');
    server.listen(...(args as [number]), () => log.add('listener', server.listening));
    await Promise.race([once(server, 'listening'), once(server, 'error')]);
    const { address, family, port } = (server.address() ?? {}) as net.AddressInfo;
    log.add(address, family, port > 0);
    server.close();
    await closed(server);
    log.add(server.listening, server.address());
  });
}

same(
  'listen(path): the path comes and goes',
  async (api, log, t) => {
    const path = `${tmpdir(t)}/server`;
    const server = api.createServer({}, (s) => s.end('over it'));
    await listening(server, path);
    log.add(String(server.address()) === path, existsSync(path));
    const client = api.connect(path);
    log.add(String((await once(client, 'data'))[0]));
    log.add(client.address(), client.remoteAddress === undefined);
    client.end();
    server.close();
    await closed(server);
    log.add(existsSync(path));
  },
  NO_UNIX,
);

same(
  'listen on a path that exists, and on a port that is taken',
  async (api, log, t) => {
    const path = `${tmpdir(t)}/server`;
    const first = api.createServer({});
    const taken = await listening(first);
    const second = api.createServer({});
    await listening(second, path);
    for (const args of [[taken.port, HOST], [path]]) {
      const server = api.createServer({});
      server.listen(...(args as [number]));
      const [error] = await once(server, 'error');
      log.add(error.code, error.syscall, error.address === args[args.length - 1], server.listening);
      server.listen(0, HOST);
      await once(server, 'listening');
      server.close();
      await closed(server);
    }
    first.close();
    second.close();
    await Promise.all([closed(first), closed(second)]);
  },
  NO_UNIX,
);

same('listen twice, close twice', async (api, log) => {
  const server = api.createServer({});
  const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | undefined)?.code ?? 'none';
  server.close((error) => log.add('not running', codeOf(error)));
  await closed(server);
  await listening(server);
  try {
    server.listen(0);
  } catch (error) {
    log.add('again', codeOf(error));
  }
  server.close((error) => log.add('closed', codeOf(error)));
  await closed(server);
});

same('close waits for the connections', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  log.watch('server', server, 'close');
  const client = api.connect(port, HOST);
  const [accepted] = await once(server, 'connection');
  log.watch('accepted', accepted, 'end finish').resume();
  server.close();
  const count = await new Promise((resolve) => server.getConnections((_, n) => resolve(n)));
  log.add(count, server.listening);
  client.end();
  await closed(server);
});

same('maxConnections drops those that are too many', async (api, log) => {
  const server = api.createServer({});
  server.maxConnections = 1;
  const { port } = await listening(server);
  const first = api.connect(port, HOST);
  await once(server, 'connection');
  const second = api.connect(port, HOST);
  second.on('error', () => {});
  const [dropped] = await once(server, 'drop');
  log.add(
    dropped.localAddress,
    dropped.localPort === port,
    dropped.localFamily,
    dropped.remoteAddress,
    dropped.remoteFamily,
  );
  await closed(second.resume());
  first.destroy();
  server.close();
  await closed(server);
});

same('pauseOnConnect reads nothing', async (api, log) => {
  const server = api.createServer({ pauseOnConnect: true });
  const { port } = await listening(server);
  const client = api.connect(port, HOST);
  client.write('hello');
  const [accepted] = await once(server, 'connection');
  log.add(accepted.isPaused(), accepted.readableLength, accepted.server === server);
  accepted.resume();
  log.add(String((await once(accepted, 'data'))[0]));
  client.destroy();
  await closed(accepted);
  server.close();
  await closed(server);
});

// ---- what node:net has not, or does not tell

test('listen(fd) and listen(sock) take over what listens already', async (t) => {
  for (const wrap of [(sock: socket.socket) => ({ fd: sock.detach() }), (sock: socket.socket) => sock]) {
    const listener = socket.create_server([HOST, 0]);
    const [, port] = listener.getsockname();
    const server = stream.createServer((s) => s.end('taken over'));
    server.listen(wrap(listener));
    await once(server, 'listening');
    t.is((server.address() as net.AddressInfo).port, port);
    const client = net.connect(port, HOST);
    t.is(String((await once(client, 'data'))[0]), 'taken over');
    server.close();
    await closed(server);
  }
});

test('an fd that is no socket is an error', async (t) => {
  const server = stream.createServer();
  server.listen({ fd: 0x3fff });
  const [error] = await once(server, 'error');
  t.is(error.code, NOT_OPEN.code);
  t.false(server.listening);
});

testUnless(NO_REUSEPORT)('reusePort lets several servers share a port', async (t) => {
  const [one, two] = [stream.createServer(), stream.createServer()];
  one.listen({ port: 0, host: HOST, reusePort: true });
  await once(one, 'listening');
  const { port } = one.address() as net.AddressInfo;
  two.listen({ port, host: HOST, reusePort: true });
  await once(two, 'listening');
  t.is((two.address() as net.AddressInfo).port, port);
  for (const server of [one, two]) {
    server.close();
    await closed(server);
  }
});

testUnless(NO_UNIX)('readableAll and writableAll open a path for everybody', async (t) => {
  const path = `${tmpdir(t)}/server`;
  const server = stream.createServer();
  server.listen({ path, readableAll: true, writableAll: true });
  await once(server, 'listening');
  t.is(statSync(path).mode & 0o666, 0o666);
  server.close();
  await closed(server);
});

testUnless(NO_UNIX)('an abstract name needs no file', async (t) => {
  const path = `\0berkeley-${process.pid}-${Math.floor(performance.now())}`;
  const server = stream.createServer((s) => s.end('abstract'));
  server.listen(path);
  await once(server, 'listening');
  const client = stream.connect(path);
  t.is(String((await once(client, 'data'))[0]), 'abstract');
  server.close();
  await closed(server);
});

test('a signal closes the server', async (t) => {
  const controller = new AbortController();
  const server = stream.createServer();
  server.listen({ port: 0, host: HOST, signal: controller.signal });
  await once(server, 'listening');
  controller.abort();
  await once(server, 'close');
  t.false(server.listening);
});

// What node:net does for the same lines: 'close' alone, and a server that an old signal does not close.
test('an aborted signal closes the server before it listens', async (t) => {
  const server = stream.createServer();
  server.on('listening', () => t.fail());
  server.listen({ port: 0, host: HOST, signal: AbortSignal.abort() });
  await once(server, 'close');
  t.false(server.listening);
});

test('a signal closes the listen that it was given to, and no later one', async (t) => {
  const controller = new AbortController();
  const server = stream.createServer();
  server.listen({ port: 0, host: HOST, signal: controller.signal });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
  server.listen({ port: 0, host: HOST });
  await once(server, 'listening');
  controller.abort();
  t.true(server.listening);
  server.close();
  await once(server, 'close');
});

for (const [form, taken, listen] of [
  ['an address', 1, "server.listen(0, '127.0.0.1')"],
  ['a socket', 0, 'server.listen(given)'],
] as const) {
  testUnless(NO_PROGRAMS)(`a server that finds no descriptor for its poller emits an error: ${form}`, async (t) => {
    const script = `
    import { openSync, closeSync } from 'node:fs';
    import { socket, stream } from ${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)};
    const server = stream.createServer();
    const given = socket.create_server(['127.0.0.1', 0]);
    const files = [];
    try {
      for (;;) files.push(openSync('/dev/null'));
    } catch {}
    // Enough for the listening socket; the poller finds none.
    for (let i = 0; i < ${taken}; i++) closeSync(files.pop());
    ${listen};
    server.on('error', ({ code }) => {
      for (const file of files) closeSync(file);
      given.close();
      console.log(code, server.listening);
    });
  `;
    const args = ['-c', 'ulimit -n 100; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', script];
    const peer = spawnPeer('/bin/sh', args, process.env);
    t.is(await peer.line(), 'EMFILE false');
    t.is(await peer.exit, 0);
  });
}

test('closing the listening socket closes the server', async (t) => {
  const server = stream.createServer().listen(0, HOST);
  await once(server, 'listening');
  server.socket?.close();
  await once(server, 'close');
  t.false(server.listening);
});

test('close before the name is resolved: it never listens', async (t) => {
  const server = stream.createServer();
  server.on('listening', () => t.fail());
  server.listen(0, 'localhost');
  server.close();
  await once(server, 'close');
  // One that asks for the same name later, and has its answer.
  const other = stream.createServer().listen(0, 'localhost');
  await once(other, 'listening');
  t.false(server.listening);
  other.close();
  await once(other, 'close');
});

test("a server keeps the process alive until it is unref'ed", async (t) => {
  const peer = spawnNode(`
    const server = berkeley.stream.createServer().listen(0, '127.0.0.1');
    server.on('listening', () => { console.log('listening'); server.unref(); });
    process.on('exit', () => console.log('the end'));
  `);
  t.is(await peer.line(), 'listening');
  t.is(await peer.line(), 'the end');
  t.is(await peer.exit, 0);
});

test('await using closes a server', async (t) => {
  const server = stream.createServer().listen(0, HOST);
  await once(server, 'listening');
  await server[Symbol.asyncDispose]();
  t.false(server.listening);
});

// ---- TLS

async function tlsServer(options: stream.ServerOptions = {}) {
  const server = stream.createServer({ ssl: serverContext(), ...options });
  const { port } = await listening(server as never);
  return { server, port };
}

test('tlsClientError tells of a handshake that fails, and the others go on', async (t) => {
  const { server, port } = await tlsServer();
  const bad = net.connect(port, HOST, () => bad.write('GET / HTTP/1.1\r\n\r\n'));
  bad.on('error', () => {}).resume();
  const [error, failed] = await once(server, 'tlsClientError');
  t.is(error.code, 'ERR_SSL_HTTP_REQUEST');
  t.true(failed instanceof stream.TLSDuplex);
  const gone = net.connect(port, HOST, () => gone.resume().end());
  t.is((await once(server, 'tlsClientError'))[0].code, 'ECONNRESET');
  const good = stream.connect({ port, host: HOST, ssl: clientContext(), servername: 'localhost' });
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(good, 'secureConnect')]);
  t.is(accepted.getProtocol(), good.getProtocol());
  // It may be a reset: the server's tickets may be unread.
  accepted.on('error', () => {});
  good.destroy();
  await closed(accepted);
  server.close();
  await closed(server);
});

test('a handshake that takes too long ends', async (t) => {
  const { server, port } = await tlsServer({ handshakeTimeout: 30 });
  const silent = net.connect(port, HOST);
  silent.on('error', () => {}).resume();
  const [error] = await once(server, 'tlsClientError');
  t.is(error.code, 'ERR_TLS_HANDSHAKE_TIMEOUT');
  await closed(silent);
  server.close();
  await closed(server);
});

test('node:tls is served', async (t) => {
  const { server, port } = await tlsServer();
  server.on('connection', (s) => s.pipe(s));
  const client = tls.connect({ port, host: HOST, rejectUnauthorized: false }, () => client.end('x'.repeat(500_000)));
  let count = 0;
  client.on('data', (data) => (count += data.length));
  await closed(client);
  t.is(count, 500_000);
  server.close();
  await closed(server);
});

// ---- the process's limits

const FULL = `
  import { closeSync, openSync } from 'node:fs';
  import { socket, stream } from '${new URL('../../lib/index.js', import.meta.url)}';
  const all = [];
  const server = stream.createServer((s) => all.push(s.resume().end('served')));
  server.on('error', (error) => console.log('error', error.code));
  server.listen(0, '127.0.0.1', () => {
    const sock = new socket.socket();
    sock.setblocking(false);
    sock.connect_ex(['127.0.0.1', server.address().port]);
    const held = [];
    try {
      for (;;) held.push(openSync('/dev/null'));
    } catch (error) {
      console.log(error.code);
    }
    const before = process.cpuUsage();
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before);
      console.log('accepted', all.length, user + system < 200_000 ? 'at rest' : 'it spins');
      for (const fd of held) closeSync(fd);
      server.once('connection', () => {
        sock.settimeout(30);
        console.log(String(sock.recv(100)));
        sock.close();
        server.close();
      });
    }, 300);
  });
`;

testUnless(NO_PROGRAMS)('EMFILE at accept: nothing spins, no connection is lost, and the server goes on', async (t) => {
  const node = [process.execPath, '--input-type=module', '-e', FULL];
  const peer = spawnPeer('/bin/sh', ['-c', 'ulimit -n 80; exec "$@"', 'sh', ...node], process.env);
  t.is(await peer.line(), 'EMFILE');
  t.is(await peer.line(), 'accepted 0 at rest');
  t.is(await peer.line(), 'served');
  t.is(await peer.exit, 0);
  t.is(peer.errors(), '');
});
