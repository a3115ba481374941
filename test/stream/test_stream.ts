/** berkeley/stream beside node:net: the same program over both must see the same events with the same arguments. */
import { once } from 'node:events';
import * as net from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { mock } from 'node:test';
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { type Api, closed, listening, node, ours, type Stream, same } from '../helpers/beside_net.js';
import { withTimers } from '../helpers/clock.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_UNIX, onWindows, spawnNode, tmpdir, until } from '../helpers/peers.js';

checkLeaks(test);

// ---- connecting

for (const form of ['(port, host, listener)', '(options, listener)', '(text, host)', 'method']) {
  same(`connect${form} has node's order of events`, async (api, log) => {
    const server = api.createServer({}, (s) => s.end('hello'));
    const { port } = await listening(server);
    const forms: Record<string, () => Stream> = {
      '(port, host, listener)': () => api.connect(port, '127.0.0.1', () => log.add('listener')),
      '(options, listener)': () => api.connect({ port, host: '127.0.0.1' }, () => log.add('listener')),
      '(text, host)': () => api.connect(String(port), '127.0.0.1'),
      method: () =>
        (api === node ? new net.Socket() : (new stream.SocketDuplex() as unknown as Stream)).connect(port, '127.0.0.1'),
    };
    const client = forms[form]();
    log.add(client.connecting, client.pending, client.readyState);
    log.watch('client', client);
    let received = '';
    client.on('data', (data) => (received += data));
    client.on('connect', () => log.add(client.connecting, client.pending, client.readyState));
    await closed(client);
    log.add(received, client.connecting, client.pending, client.readyState, client.bytesRead, client.destroyed);
    server.close();
    await closed(server);
  });
}

same('a name is looked up', async (api, log) => {
  const server = api.createServer({}, (s) => s.end());
  const { port } = await listening(server);
  const client = api.connect({ port, host: 'localhost', family: 4 });
  log.watch('client', client).resume();
  await closed(client);
  server.close();
  await closed(server);
});

same('options.lookup is asked', async (api, log) => {
  const server = api.createServer({}, (s) => s.end());
  const { port } = await listening(server);
  const lookup: net.LookupFunction = (host, options, callback) => {
    log.add('asked', host, options.all);
    setImmediate(callback, null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const client = api.connect({ port, host: 'a.name.example', lookup });
  log.watch('client', client).resume();
  await closed(client);
  server.close();
  await closed(server);
});

same('a name that nobody has', async (api, log) => {
  const lookup = (_host: string, _options: object, callback: (error: Error) => void) =>
    setImmediate(callback, Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
  const client = api.connect({ port: 1, host: 'a.name.example', lookup });
  log.watch('client', client);
  await closed(client);
});

test('a name that the system does not know fails with ENOTFOUND or EAI_AGAIN', async (t) => {
  const client = stream.connect({ port: 1, host: 'no-such-host.invalid' });
  const [error] = await once(client, 'error');
  t.regex(error.code, /^(ENOTFOUND|EAI_AGAIN)$/);
  t.is(error.syscall, 'getaddrinfo');
  t.is(error.hostname, 'no-such-host.invalid');
});

same('a connection that is refused', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  server.close();
  await closed(server);
  const client = api.connect(port, '127.0.0.1');
  log.watch('client', client);
  client.write('lost', (error) => log.add('written', error !== null && error !== undefined));
  client.on('error', (error: NodeJS.ErrnoException & { port?: number }) => log.add(error.port === port));
  await closed(client);
  log.add(client.destroyed, client.readyState);
});

same(
  'a path that does not exist',
  async (api, log, t) => {
    const client = api.connect(`${tmpdir(t)}/none`);
    client.on('error', (error: NodeJS.ErrnoException) => log.add(error.code, error.syscall));
    client.on('close', (hadError) => log.add('close', hadError));
    await closed(client);
  },
  NO_UNIX,
);

same('destroyed while it connects', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  const client = api.connect(port, '127.0.0.1');
  log.watch('client', client);
  client.destroy();
  await closed(client);
  log.add(client.connecting, client.readyState);
  server.close();
  await closed(server);
});

/** dns.lookup's form: every name has these addresses. */
const having =
  (...addresses: string[]): net.LookupFunction =>
  (_host, _options, callback) =>
    setImmediate(
      callback,
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    );

same('of several addresses the first that can be reached', async (api, log) => {
  const server = api.createServer({}, (s) => s.end());
  const { port } = await listening(server);
  const client = api.connect({ port, host: 'name.example', lookup: having('127.0.0.2', '127.0.0.1') });
  log.watch('client', client, 'lookup connectionAttempt connect end close error').resume();
  client.on('connectionAttemptFailed', (address, _port, family, error) => log.add('failed', address, family, error));
  client.on('connect', () => log.add(client.remoteAddress));
  await closed(client);
  server.close();
  await closed(server);
  // The port is another one each time.
  log.lines.forEach((line, i) => {
    log.lines[i] = line.replace(String(port), 'port');
  });
});

same('no address can be reached', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  server.close();
  await closed(server);
  const client = api.connect({ port, host: 'name.example', lookup: having('127.0.0.2', '127.0.0.1') });
  log.watch('client', client, 'connect close');
  client.on('error', (error: AggregateError & { code?: string }) => {
    log.add(error.code, error instanceof AggregateError, error.errors.length, ...error.errors);
  });
  await closed(client);
});

test('an address that does not answer is got past, and what was begun there is closed', async (t) => {
  const server = stream.createServer((s) => s.end('here')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  // A listener whose queue is full drops those who come.
  const silent = socket.create_server(['127.0.0.2', port], { backlog: 0 });
  const queued = Array.from({ length: 3 }, () => new socket.socket());
  for (const each of queued) {
    each.setblocking(false);
    each.connect_ex(['127.0.0.2', port]);
  }
  const lookup = having('127.0.0.2', '127.0.0.1');
  const client = stream.connect({ port, host: 'name.example', lookup, autoSelectFamilyAttemptTimeout: 30 });
  t.is(String(await once(client, 'data')), 'here');
  t.is(client.remoteAddress, '127.0.0.1');
  for (const each of [...queued, silent]) each.close();
  await closed(client);
  server.close();
  await closed(server);
});

test('a socket that was given for a connection that is refused: the error is told', async (t) => {
  const gone = socket.create_server(['127.0.0.1', 0]);
  const [, port] = gone.getsockname();
  gone.close();
  const sock = new socket.socket();
  const client = stream.toDuplex(sock).connect(port, '127.0.0.1');
  t.is((await once(client, 'error'))[0].code, 'ECONNREFUSED');
  t.is(sock.fileno(), -1);
});

same('the local end can be chosen', async (api, log) => {
  const server = api.createServer({}, (s) => s.end());
  const { port } = await listening(server);
  const client = api.connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  log.watch('client', client).resume();
  client.on('connect', () => log.add(client.localAddress, client.localFamily));
  await closed(client);
  server.close();
  await closed(server);
});

const wrong: Record<string, (api: Api) => unknown> = {
  'connect without anything': (api) => api.connect({}),
  'a port out of range': (api) => api.connect(65536, '127.0.0.1'),
  'a port that is no number': (api) => api.connect({ port: true, host: '127.0.0.1' }),
  'a local address that is none': (api) => api.connect({ port: 1, host: '127.0.0.1', localAddress: 'here' }),
  'a server without a place': (api) => api.createServer({}).listen({} as net.ListenOptions),
  "a server's port out of range": (api) => api.createServer({}).listen(-1),
  'a timeout that is no number': (api) =>
    (api === node ? new net.Socket() : new stream.SocketDuplex()).setTimeout('1' as never),
  'a negative timeout': (api) => (api === node ? new net.Socket() : new stream.SocketDuplex()).setTimeout(-1),
};
for (const [title, call] of Object.entries(wrong)) {
  test(`wrong: ${title}`, (t) => {
    const expected = t.throws(() => call(node)) as NodeJS.ErrnoException;
    const found = t.throws(() => call(ours)) as NodeJS.ErrnoException;
    t.is(found.code, expected.code);
    for (const Class of [TypeError, RangeError]) t.is(found instanceof Class, expected instanceof Class);
  });
}

// ---- ending

for (const half of [false, true]) {
  same(`the peer ends, allowHalfOpen: ${half}`, async (api, log) => {
    let ended: Promise<void> | undefined;
    const server = api.createServer({ allowHalfOpen: half }, (s) => {
      log.watch('server', s, 'end finish close error').resume();
      s.on('end', () => setImmediate(() => half && s.end('late')));
      ended = closed(s);
    });
    const { port } = await listening(server);
    const client = api.connect(port, '127.0.0.1');
    let received = '';
    client.on('data', (data) => (received += data));
    client.end('bye');
    await closed(client);
    server.close();
    await closed(server);
    await ended;
    log.add(received);
  });
}

same('a write after the peer has ended', async (api, log) => {
  const server = api.createServer({}, (s) => s.resume().end());
  const { port } = await listening(server);
  const client = api.connect(port, '127.0.0.1');
  log.watch('client', client, 'error').resume();
  client.on('end', () =>
    process.nextTick(() => process.nextTick(() => client.write('too late', (error) => log.add('written', error)))),
  );
  await closed(client);
  server.close();
  await closed(server);
});

same('a reset by the peer', async (api, log) => {
  const server = api.createServer({}, (s) => s.once('data', () => s.resetAndDestroy()));
  const { port } = await listening(server);
  const client = api.connect(port, '127.0.0.1');
  log.watch('client', client, 'connect error close').resume();
  client.write('x');
  await closed(client);
  server.close();
  await closed(server);
});

same(
  'destroySoon sends what is written first',
  async (api, log) => {
    const server = api.createServer({}, (s) => {
      s.write(Buffer.alloc(3_000_000, 'x'));
      s.destroySoon();
      log.watch('server', s, 'finish close');
    });
    const { port } = await listening(server);
    const client = api.connect(port, '127.0.0.1');
    let count = 0;
    client.on('data', (data) => (count += data.length));
    await closed(client);
    log.add(count);
    server.close();
    await closed(server);
  },
  onWindows('the kernel takes all of it at once'),
);

same('destroy with an error', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  const client = api.connect(port, '127.0.0.1');
  log.watch('client', client);
  await once(client, 'connect');
  client.destroy(Object.assign(new Error('why'), { code: 'MINE' }));
  client.write('x', (error) => log.add('written', error));
  await closed(client);
  server.close();
  await closed(server);
});

same('a timeout', async (api, log) => {
  const server = api.createServer({});
  const { port } = await listening(server);
  const client = api.connect({ port, host: '127.0.0.1' });
  log.watch('client', client);
  await once(client, 'connect');
  client.setTimeout(20);
  await once(client, 'timeout');
  log.add(client.timeout, client.destroyed);
  client.setTimeout(0);
  client.setTimeout(10, () => client.destroy());
  await closed(client);
  server.close();
  await closed(server);
});

test.serial('a timeout that is switched off and on does not fire while it is off, nor early', (t) => {
  using _timers = withTimers();
  const [a, b] = socket.socketpair();
  const one = stream.toDuplex(a);
  const two = stream.toDuplex(b);
  let fired = 0;
  one.on('timeout', () => fired++);
  one.setTimeout(15);
  one.setTimeout(0);
  mock.timers.tick(40);
  t.is(fired, 0);
  one.setTimeout(15);
  mock.timers.tick(14);
  t.is(fired, 0);
  mock.timers.tick(1);
  t.is(fired, 1);
  one.destroy();
  two.destroy();
});

// ---- bytes

same('bytes are counted, and callbacks come in order', async (api, log) => {
  const server = api.createServer({}, (s) => s.pipe(s));
  const { port } = await listening(server);
  const client = api.connect(port, '127.0.0.1');
  client.write('early ', () => log.add('first'));
  log.add(client.bytesWritten);
  client.write('é', 'latin1', () => log.add('second'));
  client.end('end', () => log.add('ended'));
  let received = '';
  client.on('data', (data) => (received += data.toString('latin1')));
  await closed(client);
  log.add(client.bytesWritten, client.bytesRead, received);
  server.close();
  await closed(server);
});

same('cork makes one of several writes', async (api, log) => {
  const server = api.createServer({}, (s) => s.on('data', (data) => log.add(data.length)));
  const { port } = await listening(server);
  const client = api.connect({ port, host: '127.0.0.1', noDelay: true });
  await once(client, 'connect');
  client.cork();
  for (let i = 0; i < 1000; i++) client.write('x');
  client.uncork();
  client.end();
  await closed(client);
  server.close();
  await closed(server);
});

test('a slow reader stops the writer, and costs no more memory than the high-water marks', async (t) => {
  const [a, b] = socket.socketpair();
  const writer = stream.toDuplex(a);
  const reader = stream.toDuplex(b);
  const block = Buffer.alloc(64 * 1024, 'x');
  let written = 0;
  while (writer.write(block)) written += block.length;
  await new Promise((resolve) => setImmediate(resolve));
  const held = writer.writableLength + reader.readableLength;
  t.true(writer.writableNeedDrain);
  t.true(held <= 4 * block.length, `${held} bytes are held`);
  t.true(written < 8 * 1024 * 1024);
  let received = 0;
  reader.on('data', (data) => (received += data.length));
  await once(writer, 'drain');
  writer.end();
  await finished(reader);
  t.is(received, written + block.length);
});

test('100 MB go through a pipeline unchanged', async (t) => {
  const [a, b] = socket.socketpair();
  const count = 400;
  const block = Buffer.from(Array.from({ length: 256 * 1024 }, (_, i) => (i * 7 + (i >> 8)) & 255));
  const source = async function* () {
    for (let i = 0; i < count; i++) yield block;
  };
  let at = 0;
  const check = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      for (let done = 0; done < chunk.length; ) {
        const here = (at + done) % block.length;
        const n = Math.min(chunk.length - done, block.length - here);
        if (block.compare(chunk, done, done + n, here, here + n) !== 0) throw new Error(`differs near ${at + done}`);
        done += n;
      }
      at += chunk.length;
    }
  };
  const [one, two] = [stream.toDuplex(a), stream.toDuplex(b)];
  await Promise.all([pipeline(source, one), check(two)]);
  t.is(at, count * block.length);
});

test('it reads as an async iterable, and text where an encoding is set', async (t) => {
  const [a, b] = socket.socketpair();
  const one = stream.toDuplex(a);
  one.end('grüße');
  const two = stream.toDuplex(b).setEncoding('utf8');
  let all = '';
  for await (const part of two) all += part;
  t.is(all, 'grüße');
});

// ---- addresses and options

same('addresses', async (api, log) => {
  const server = api.createServer({});
  const { port, ...rest } = await listening(server);
  log.add(rest);
  const client = api.connect(port, '127.0.0.1');
  const [[s]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  log.add(s.remoteAddress, s.remoteFamily, s.localAddress, s.localFamily, Object.keys(s.address()));
  log.add(s.remotePort === client.localPort, s.localPort === port, client.remotePort === port);
  s.end();
  client.resume();
  await closed(client);
  log.add(client.remoteAddress, client.localPort === undefined);
  server.close();
  await closed(server);
});

test('setNoDelay and setKeepAlive set what tcp(7) says, before and after the connection', async (t) => {
  const server = stream.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 7000 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = new stream.SocketDuplex().setNoDelay().setKeepAlive(true, 5000);
  const [[accepted]] = await Promise.all([
    once(server, 'connection'),
    once(client.connect(port, '127.0.0.1'), 'connect'),
  ]);
  const options = (s: stream.SocketDuplex) => [
    s.socket?.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY),
    s.socket?.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    s.socket?.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE as number),
  ];
  t.deepEqual(options(client), [1, 1, 5]);
  t.deepEqual(options(accepted), [1, 1, 7]);
  client.setNoDelay(false).setKeepAlive(false);
  t.deepEqual(options(client).slice(0, 2), [0, 0]);
  client.destroy();
  accepted.destroy();
  server.close();
});

// ---- ownership

test('the stream owns the socket: the end of one is the end of the other', async (t) => {
  const [a, b] = socket.socketpair();
  const one = stream.toDuplex(a);
  t.is(one.socket, a);
  one.destroy();
  t.is(a.fileno(), -1);
  const two = stream.toDuplex(b);
  b.close();
  await once(two, 'close');
  t.true(two.destroyed);
  t.is(two.socket, null);
});

test('a detached socket ends the stream, and its descriptor stays open', async (t) => {
  const [a, b] = socket.socketpair();
  const one = stream.toDuplex(a);
  const fd = a.detach();
  await once(one, 'close');
  const again = new socket.socket({ fileno: fd });
  again.send(Buffer.from('x'));
  t.is(b.recv(1).toString(), 'x');
  again.close();
  b.close();
});

test('a socket that something else awaits is refused', async (t) => {
  const [a, b] = socket.socketpair();
  const one = stream.toDuplex(a);
  t.throws(() => stream.toDuplex(a), { message: /awaits the socket already/ });
  asyncio.add_reader(b, () => {});
  t.throws(() => stream.toDuplex(b), { message: /awaits the socket already/ });
  asyncio.remove_reader(b);
  one.destroy();
  b.close();
});

test('what is no stream socket is refused', (t) => {
  const datagram = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  t.throws(() => stream.toDuplex(datagram), { message: /only a stream socket/ });
  t.throws(() => stream.toDuplex(3 as never), { instanceOf: TypeError });
  datagram.close();
  t.throws(() => stream.toDuplex(new socket.socket({ fileno: -1 } as never)), { message: /negative/ });
});

test('a socket that is not connected is connected by connect', async (t) => {
  const server = stream.createServer((s) => s.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sock = new socket.socket();
  sock.bind(['127.0.0.3', 0]);
  const one = stream.toDuplex(sock);
  t.true(one.pending);
  one.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  t.is(String(await once(one, 'data')), 'hello');
  t.is(one.localAddress, '127.0.0.3');
  t.is(one.socket, sock);
  one.destroy();
  server.close();
});

test("an awaited stream keeps the process alive, an unref'ed one does not", async (t) => {
  const peer = spawnNode(`
    const [a, b] = berkeley.socket.socketpair();
    const one = berkeley.stream.toDuplex(a).unref();
    const two = berkeley.stream.toDuplex(b);
    two.once('data', () => two.unref());
    one.write('x');
    process.on('exit', () => console.log('the end', two.bytesRead));
  `);
  t.is(await peer.line(), 'the end 1');
  t.is(await peer.exit, 0);
});

for (const [name, make] of [
  ['connect', (signal: AbortSignal) => stream.connect({ port: 1, host: '127.0.0.1', signal })],
  ['toDuplex', (signal: AbortSignal, sock: socket.socket) => stream.toDuplex(sock, { signal })],
  ['new SocketDuplex', (signal: AbortSignal) => new stream.SocketDuplex({ signal })],
] as const) {
  // What net.connect does: the object is there, and tells of the abort.
  test(`${name} with a signal that is aborted already`, async (t) => {
    const [sock, peer] = socket.socketpair();
    using _sock = sock;
    using _peer = peer;
    const made = make(AbortSignal.abort(), sock);
    const events: unknown[] = [];
    made.on('error', (error: NodeJS.ErrnoException) => events.push(error.name, error.code));
    await new Promise<void>((resolve) => made.once('close', () => resolve()));
    t.deepEqual(events, ['AbortError', 'ABORT_ERR']);
    t.true(made.destroyed);
  });
}

test('a signal destroys it', async (t) => {
  const [a, b] = socket.socketpair();
  const controller = new AbortController();
  const one = stream.toDuplex(a, { signal: controller.signal });
  controller.abort();
  const [error] = await once(one, 'error');
  t.is(error.name, 'AbortError');
  t.is(a.fileno(), -1);
  b.close();
});

test('pauseOnCreate leaves every byte in the kernel', async (t) => {
  const [a, b] = socket.socketpair();
  b.send(Buffer.from('all of it'));
  const one = stream.toDuplex(a, { pauseOnCreate: true });
  await until(() => true);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(one.bytesRead, 0);
  one.resume();
  t.is(String(await once(one, 'data')), 'all of it');
  one.destroy();
  b.close();
});
