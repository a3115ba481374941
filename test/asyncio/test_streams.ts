/** Connections and servers as readers and writers, against CPython's asyncio, Node and openssl at the other end. */
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import {
  ConnectionAbortedError,
  ConnectionResetError,
  NotImplementedError,
  OSError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { SSLCertVerificationError } from '../../lib/ssl/index.js';
import { bytes, closed, echo, echoServer, LOCAL, portOf } from '../helpers/asyncio.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_PROGRAMS,
  NO_UNIX,
  NOT_OPEN,
  spawnNode,
  spawnPeer,
  systemMessage,
  testUnless,
  tmpdir,
} from '../helpers/peers.js';
import { cert, clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

test('lines there and back', async (t) => {
  const server = await echoServer(t);
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  writer.writelines([bytes('one\ntw'), bytes('o\n')]);
  await writer.drain();
  t.is(`${await reader.readline()}`, 'one\n');
  t.is(`${await reader.readline()}`, 'two\n');
  t.deepEqual(writer.get_extra_info('peername'), [LOCAL, portOf(server)]);
  t.deepEqual(writer.get_extra_info('sockname'), (writer.get_extra_info('socket') as socket.socket).getsockname());
  t.is(writer.get_extra_info('cipher'), null);
  t.is(writer.get_extra_info('no such', 5), 5);
  t.true(writer.can_write_eof());
  writer.write_eof();
  t.throws(() => writer.write(bytes('more')), {
    instanceOf: RuntimeError,
    message: 'Cannot call write() after write_eof()',
  });
  t.is((await reader.read()).length, 0);
  t.true(reader.at_eof());
  t.false(writer.is_closing());
  await closed(writer);
  t.true(writer.is_closing());
});

testUnless(NO_PROGRAMS)("CPython's asyncio as client and as server", async (t) => {
  const server = await echoServer(t);
  const client = spawnPeer('python3', [
    '-c',
    `
import asyncio
async def main():
    reader, writer = await asyncio.open_connection('${LOCAL}', ${portOf(server)})
    writer.write(b'x' * 5_000_000)
    writer.write_eof()
    print(len(await reader.read()))
asyncio.run(main())`,
  ]);
  t.is(await client.line(), '5000000');
  t.is(await client.exit, 0);

  const theirs = spawnPeer('python3', [
    '-c',
    `
import asyncio
async def serve(reader, writer):
    writer.write((await reader.readexactly(5)).upper())
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(serve, '${LOCAL}', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())`,
  ]);
  const [reader, writer] = await asyncio.open_connection(LOCAL, await theirs.line());
  writer.write(bytes('hello and more'));
  t.is(`${await reader.readexactly(5)}`, 'HELLO');
  await closed(writer);
  await theirs.stop();
});

test('TLS, and its facts; a certificate that is refused; a peer that speaks no TLS', async (t) => {
  const server = await asyncio.start_server(echo, LOCAL, 0, { ssl: serverContext() });
  const port = portOf(server);
  const options = { ssl: clientContext(), server_hostname: 'localhost' };
  const [reader, writer] = await asyncio.open_connection(LOCAL, port, options);
  const data = Buffer.alloc(3_000_000, 'tls ');
  writer.write(data);
  t.true((await reader.readexactly(data.length)).equals(data));
  t.is((writer.get_extra_info('cipher') as string[])[1], 'TLSv1.3');
  t.is(writer.get_extra_info('sslcontext'), options.ssl);
  t.truthy((writer.get_extra_info('peercert') as { subject: unknown }).subject);
  t.false(writer.can_write_eof());
  t.throws(() => writer.write_eof(), { instanceOf: NotImplementedError });
  await closed(writer);

  const wrong = { ...options, server_hostname: 'example.org' };
  await t.throwsAsync(asyncio.open_connection(LOCAL, port, wrong), { instanceOf: SSLCertVerificationError });
  // The server goes on after those.
  const plain = createConnection(port, LOCAL);
  plain.on('error', () => {}).resume();
  plain.end('GET / HTTP/1.0\r\n\r\n');
  await new Promise((resolve) => plain.on('close', resolve));
  const again = await asyncio.open_connection(LOCAL, port, options);
  again[1].write(bytes('still here\n'));
  t.is(`${await again[0].readline()}`, 'still here\n');
  await closed(again[1]);
  server.close();
  await server.wait_closed();
});

testUnless(NO_PROGRAMS)(
  'a TLS client that may be asked for its certificate hears a peer that echoes, and asks',
  async (t) => {
    // A peer that does not read while it cannot write: reading and writing must not wait for each other.
    const peer = spawnPeer('python3', [
      '-c',
      `
import asyncio, ssl
async def echo(reader, writer):
    tls = writer.get_extra_info('ssl_object')
    writer.write(await reader.read(65536))
    tls.verify_client_post_handshake()
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    print(tls.getpeercert()['subject'][1][0][1], flush=True)
    writer.close()
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('${cert('server.pem')}')
    context.load_verify_locations('${cert('root.crt.pem')}')
    context.verify_mode = ssl.CERT_REQUIRED
    context.post_handshake_auth = True
    server = await asyncio.start_server(echo, '${LOCAL}', 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())`,
    ]);
    const context = clientContext({ certificate: 'client.pem' });
    context.post_handshake_auth = true;
    const options = { ssl: context, server_hostname: 'localhost' };
    const [reader, writer] = await asyncio.open_connection(LOCAL, await peer.line(), options);
    const data = Buffer.alloc(2 ** 24, 'echo');
    writer.write(data);
    t.true((await reader.readexactly(data.length)).equals(data));
    await closed(writer);
    t.is(await peer.line(), 'client');
    await peer.stop();
  },
);

test.serial('port 0 at several addresses: the kernel chooses for each, so that none can be taken', async (t) => {
  const asked: number[] = [];
  const { bind } = native;
  native.bind = (fd, address, length) => {
    asked.push(address[2] * 256 + address[3]);
    return bind(fd, address, length);
  };
  t.teardown(() => (native.bind = bind));
  const server = await asyncio.start_server(echo, ['127.0.0.1', '127.0.0.2'], 0);
  t.deepEqual(asked, [0, 0]);
  for (const { host } of server.sockets.map((sock) => ({ host: sock.getsockname() as [string, number] }))) {
    const [reader, writer] = await asyncio.open_connection(host[0], host[1]);
    writer.write(Buffer.from('x\n'));
    t.is(`${await reader.readline()}`, 'x\n');
    writer.close();
    await writer.wait_closed();
  }
  server.close();
  await server.wait_closed();
});

test('a peer that reads slowly: drain waits, and memory is bounded on both sides', async (t) => {
  let most = 0;
  let sent = 0;
  const TOTAL = 40 << 20;
  const server = await asyncio.start_server(
    async (_reader, writer) => {
      t.deepEqual(writer.transport.get_write_buffer_limits(), [16384, 65536]);
      for (; sent < TOTAL; sent += 65536) {
        writer.write(Buffer.alloc(65536));
        most = Math.max(most, writer.transport.get_write_buffer_size());
        await writer.drain();
      }
      writer.close();
    },
    LOCAL,
    0,
  );
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server), { limit: 10_000 });
  // Nobody reads: it comes to a stand.
  for (let before = -1; before !== sent; ) {
    before = sent;
    for (let turn = 0; turn < 20; turn++) await setImmediate();
  }
  t.true(sent < TOTAL, `${sent} bytes sent`);
  t.true(most <= 65536 + 65536, `${most} bytes waited`);
  t.false(writer.transport.is_reading());
  t.is((await reader.read()).length, TOTAL);
  await closed(writer);
  server.close();
  await server.wait_closed();
});

/** Writes the data until some of it is not taken at once: how many bytes that were. (Windows takes what is far too much.) */
function fill(writer: asyncio.StreamWriter, data: Uint8Array): number {
  let written = 0;
  for (; writer.transport.get_write_buffer_size() === 0; written += data.length) writer.write(data);
  return written;
}

test('the limits of the write buffer', async (t) => {
  const [one, other] = socket.socketpair();
  const [, writer] = await asyncio.open_unix_connection(null, { sock: one });
  const { transport } = writer;
  transport.set_write_buffer_limits({ high: 100 });
  t.deepEqual(transport.get_write_buffer_limits(), [25, 100]);
  transport.set_write_buffer_limits({ low: 10 });
  t.deepEqual(transport.get_write_buffer_limits(), [10, 40]);
  t.throws(() => transport.set_write_buffer_limits({ high: 1, low: 2 }), {
    instanceOf: ValueError,
    message: 'high (1) must be >= low (2) must be >= 0',
  });
  // What is not taken at once is the writer's own: the caller may change its memory.
  const data = Buffer.alloc(4 << 20, 'a');
  const written = fill(writer, data);
  data.fill('b');
  const draining = writer.drain();
  const controller = new AbortController();
  const aborted = writer.drain(controller);
  controller.abort(new Error('enough'));
  await t.throwsAsync(aborted, { message: 'enough' });
  let got = 0;
  other.settimeout(60);
  while (got < written) {
    const part = await asyncio.sock_recv(other, 1 << 20);
    t.false(part.includes('b'));
    got += part.length;
  }
  await draining;
  await closed(writer);
  other.close();
});

test('a peer that resets the connection', async (t) => {
  const server = createServer((stream) => stream.once('data', () => stream.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, LOCAL, resolve));
  const [reader, writer] = await asyncio.open_connection(LOCAL, (server.address() as AddressInfo).port);
  writer.write(bytes('reset me'));
  await t.throwsAsync(reader.read(), { instanceOf: ConnectionResetError });
  t.true(reader.exception() instanceof ConnectionResetError);
  await t.throwsAsync(writer.drain(), { instanceOf: ConnectionResetError });
  await t.throwsAsync(writer.wait_closed(), { instanceOf: ConnectionResetError });
  // As in Python: what is written now is dropped.
  writer.write(bytes('anybody?'));
  t.true(writer.is_closing());
  await new Promise((resolve) => server.close(resolve));
});

test('aborting and closing with bytes unsent', async (t) => {
  const [one, other] = socket.socketpair();
  const [, writer] = await asyncio.open_unix_connection(null, { sock: one });
  fill(writer, Buffer.alloc(8 << 20));
  t.true(writer.transport.get_write_buffer_size() > 0);
  writer.transport.abort();
  await writer.wait_closed();
  t.is(one.fileno(), -1);
  other.close();

  const [third, fourth] = socket.socketpair();
  const [, closing] = await asyncio.open_unix_connection(null, { sock: third });
  const written = fill(closing, Buffer.alloc(8 << 20));
  closing.close();
  let got = 0;
  for (;;) {
    const part = await asyncio.sock_recv(fourth, 1 << 20);
    if (part.length === 0) break;
    got += part.length;
  }
  t.is(got, written);
  await closing.wait_closed();
  fourth.close();
});

test('the socket below is closed by somebody else', async (t) => {
  const [one, other] = socket.socketpair();
  const [reader, writer] = await asyncio.open_unix_connection(null, { sock: one });
  const reading = reader.read();
  one.close();
  const error = await t.throwsAsync(reading, { instanceOf: OSError });
  t.is((error as OSError).code, NOT_OPEN.code);
  await t.throwsAsync(writer.wait_closed(), { instanceOf: OSError });
  other.close();
});

test('every await can be aborted, and nothing is lost', async (t) => {
  const server = await echoServer(t);
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  const reason = new Error('enough');
  for (const call of [
    (signal: AbortSignal) => reader.read(10, { signal }),
    (signal: AbortSignal) => reader.readline({ signal }),
    (signal: AbortSignal) => writer.wait_closed({ signal }),
    (signal: AbortSignal) => asyncio.open_connection(LOCAL, portOf(server), { signal }),
    (signal: AbortSignal) =>
      server.serve_forever({ signal: AbortSignal.any([signal]) }).catch(() => Promise.reject(reason)),
  ].slice(0, 4)) {
    const controller = new AbortController();
    const waiting = call(controller.signal);
    controller.abort(reason);
    await t.throwsAsync(waiting, { message: 'enough' });
  }
  writer.write(bytes('all\nhere'));
  t.is(`${await reader.readline()}`, 'all\n');
  await closed(writer);
});

testUnless(NO_UNIX)('a Unix server, whose path goes with it', async (t) => {
  const path = join(tmpdir(t), 'socket');
  const server = await asyncio.start_unix_server(echo, path);
  t.true(server.is_serving());
  const [reader, writer] = await asyncio.open_unix_connection(path);
  writer.write(bytes('over a path\n'));
  t.is(`${await reader.readline()}`, 'over a path\n');
  t.is(writer.get_extra_info('peername'), path);
  await closed(writer);
  server.close();
  await server.wait_closed();
  t.false(existsSync(path));
  t.deepEqual(server.sockets, []);
});

testUnless(NO_UNIX)('a path that an earlier server left is replaced, and a path of another server stays', async (t) => {
  const path = join(tmpdir(t), 'socket');
  const stale = new socket.socket(socket.AF_UNIX);
  stale.bind(path);
  stale.close();
  const first = await asyncio.start_unix_server(echo, path);
  const second = await asyncio.start_unix_server(echo, path);
  first.close();
  const [reader, writer] = await asyncio.open_unix_connection(path);
  writer.write(bytes('second\n'));
  t.is(`${await reader.readline()}`, 'second\n');
  await closed(writer);
  second.close();
  await second.wait_closed();
  t.false(existsSync(path));
  // Texts as CPython 3.11 has them.
  const folder = tmpdir(t);
  await t.throwsAsync(asyncio.start_unix_server(echo, folder), {
    message: `[Errno ${errno.EADDRINUSE}] Address '${folder}' is already in use`,
  });
  await t.throwsAsync(asyncio.start_unix_server(echo, join(folder, 'no', 'socket')), {
    message: systemMessage(errno.ENOENT, 'No such file or directory'),
  });
});

test('small writes do not wait for one another, on either side', async (t) => {
  const noDelay = (writer: asyncio.StreamWriter) =>
    (writer.get_extra_info('socket') as socket.socket).getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY);
  let tell!: (value: number | Buffer) => void;
  const accepted = new Promise<number | Buffer>((resolve) => {
    tell = resolve;
  });
  const server = await asyncio.start_server(
    (_, writer) => {
      tell(noDelay(writer));
      writer.close();
    },
    LOCAL,
    0,
  );
  const [, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  t.is(noDelay(writer), 1);
  t.is(await accepted, 1);
  await closed(writer);
  server.close();
  await server.wait_closed();
});

test('ending our side of a connection that the peer has reset is no error of ours', async (t) => {
  const listener = socket.create_server([LOCAL, 0]);
  const [reader, writer] = await asyncio.open_connection(...(listener.getsockname() as [string, number]));
  const [peer] = listener.accept();
  writer.transport.pause_reading();
  peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Int32Array.of(1, 0));
  peer.close();
  t.notThrows(() => writer.write_eof());
  writer.transport.resume_reading();
  await t.throwsAsync(reader.read(), { instanceOf: ConnectionResetError });
  await closed(writer);
  listener.close();
});

testUnless(NO_UNIX)('a Unix listener whose queue is full is waited for, until the signal is aborted', async (t) => {
  const path = join(tmpdir(t), 'socket');
  const listener = new socket.socket(socket.AF_UNIX);
  listener.bind(path);
  listener.listen(0);
  const [, first] = await asyncio.open_unix_connection(path);
  const controller = new AbortController();
  const aborted = asyncio.open_unix_connection(path, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(aborted, { message: 'enough' });
  const waiting = asyncio.open_unix_connection(path);
  await setImmediate();
  listener.accept()[0].close();
  const [, second] = await waiting;
  await closed(first, second);
  listener.close();
});

test('several hosts, a port that is taken, sockets of the caller', async (t) => {
  const server = await asyncio.start_server(echo, 'localhost', 0);
  const ports = server.sockets.map((sock) => sock.getsockname()[1]);
  t.deepEqual(new Set(ports).size, 1);
  const error = await t.throwsAsync(asyncio.start_server(echo, LOCAL, ports[0], { reuse_address: false }), {
    instanceOf: OSError,
  });
  t.is(
    error?.message,
    `[Errno ${errno.EADDRINUSE}] error while attempting to bind on address ('${LOCAL}', ${ports[0]}): ${native.strerror(errno.EADDRINUSE).toLowerCase()}`,
  );
  server.close();
  await server.wait_closed();

  const sock = new socket.socket();
  sock.bind([LOCAL, 0]);
  const later = await asyncio.start_server(echo, null, null, { sock, start_serving: false });
  t.false(later.is_serving());
  later.start_serving();
  const [reader, writer] = await asyncio.open_connection(...(sock.getsockname() as [string, number]));
  writer.write(bytes('x'));
  t.is((await reader.read(1)).length, 1);
  later.close();
  later.close_clients();
  t.is((await reader.read()).length, 0);
  await later.wait_closed();
  await closed(writer);
  t.throws(() => later.start_serving(), { instanceOf: RuntimeError, message: 'server is closed' });
});

test('serve_forever, until it is aborted', async (t) => {
  const server = await asyncio.start_server(echo, LOCAL, 0, { start_serving: false });
  const controller = new AbortController();
  const serving = server.serve_forever(controller);
  await setImmediate();
  t.true(server.is_serving());
  controller.abort(new Error('the end'));
  await t.throwsAsync(serving, { message: 'the end' });
  t.false(server.is_serving());
});

test('arguments that go not together', async (t) => {
  const refuses = (promise: Promise<unknown>, message: string) =>
    t.throwsAsync(promise, { instanceOf: ValueError, message });
  using sock = new socket.socket();
  await refuses(asyncio.open_connection(), 'host and port was not specified and no sock specified');
  await refuses(
    asyncio.open_connection(LOCAL, 1, { sock }),
    'host/port and sock can not be specified at the same time',
  );
  await refuses(
    asyncio.open_connection(LOCAL, 1, { server_hostname: 'x' }),
    'server_hostname is only meaningful with ssl',
  );
  await refuses(
    asyncio.open_connection(null, null, { sock, ssl: true }),
    'You must set server_hostname when using ssl without a host',
  );
  await refuses(asyncio.start_server(echo), 'Neither host/port nor sock were specified');
  await refuses(asyncio.start_unix_server(echo), 'path was not specified, and no sock specified');
  await refuses(asyncio.open_unix_connection(), 'no path and sock were specified');
  await t.throwsAsync(asyncio.start_server(5 as never, LOCAL, 0), { instanceOf: TypeError });
});

// ---- faults --------------------------------------------------------------------------------------------------------

test("TLS's options, as CPython has them, and its facts after the end", async (t) => {
  for (const name of ['ssl_handshake_timeout', 'ssl_shutdown_timeout']) {
    const refusal = { instanceOf: ValueError, message: `${name} is only meaningful with ssl` };
    await t.throwsAsync(asyncio.open_connection(LOCAL, 1, { [name]: 1 }), refusal);
    await t.throwsAsync(asyncio.start_server(echo, LOCAL, 0, { [name]: 1 }), refusal);
    for (const value of ['5', Number.NaN, 5n, true]) {
      const tls = { ssl: clientContext(), server_hostname: 'localhost', [name]: value as never };
      await t.throwsAsync(asyncio.open_connection(LOCAL, 1, tls), { instanceOf: TypeError });
      await t.throwsAsync(asyncio.start_server(echo, LOCAL, 0, { ...tls, ssl: serverContext() }), {
        instanceOf: TypeError,
      });
    }
    for (const value of [0, -1.5]) {
      const notPositive = { instanceOf: ValueError, message: `${name} should be a positive number, got ${value}` };
      const tls = { ssl: clientContext(), server_hostname: 'localhost', [name]: value };
      await t.throwsAsync(asyncio.open_connection(LOCAL, 1, tls), notPositive);
      await t.throwsAsync(asyncio.start_server(echo, LOCAL, 0, { ssl: serverContext(), [name]: value }), notPositive);
    }
  }
  await t.throwsAsync(asyncio.start_server(echo, LOCAL, 0, { ssl: true as never }), {
    instanceOf: TypeError,
    message: 'ssl argument must be an SSLContext or None',
  });
  const server = await echoServer(t, { ssl: serverContext() });
  const options = { ssl: clientContext(), server_hostname: 'localhost' };
  const [, writer] = await asyncio.open_connection(LOCAL, portOf(server), options);
  t.not(writer.get_extra_info('peercert'), null);
  await closed(writer);
  t.is(writer.get_extra_info('peercert', 'gone'), 'gone');
});

test('a TLS handshake that stalls ends in time, on both sides', async (t) => {
  const server = await asyncio.start_server(echo, LOCAL, 0, { ssl: serverContext(), ssl_handshake_timeout: 0.05 });
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  t.is((await reader.read()).length, 0);
  await closed(writer);
  server.close();
  await server.wait_closed();

  const silent = socket.create_server([LOCAL, 0]);
  const options = { ssl: clientContext(), server_hostname: 'localhost', ssl_handshake_timeout: 0.05 };
  await t.throwsAsync(asyncio.open_connection(LOCAL, silent.getsockname()[1], options), {
    instanceOf: ConnectionAbortedError,
    message: 'SSL handshake is taking longer than 0.05 seconds: aborting the connection',
  });
  silent.close();
});

test('a TLS goodbye that is not answered ends in time, and says so to who waits for the end', async (t) => {
  // The peer keeps the connection, and never reads the goodbye.
  const silent = (_reader: asyncio.StreamReader, peer: asyncio.StreamWriter) => peer.transport.pause_reading();
  const server = await asyncio.start_server(silent, LOCAL, 0, { ssl: serverContext() });
  const options = { ssl: clientContext(), server_hostname: 'localhost', ssl_shutdown_timeout: 0.05 };
  const [, writer] = await asyncio.open_connection(LOCAL, portOf(server), options);
  writer.close();
  await t.throwsAsync(writer.wait_closed(), { instanceOf: TimeoutError, message: 'SSL shutdown timed out' });
  server.close();
  server.abort_clients();
  await server.wait_closed();
});

test('what a peer ends a connection with does not end the server, though its handler has not caught it', async (t) => {
  const ended: unknown[] = [];
  const server = await asyncio.start_server(
    async (reader, writer) => {
      try {
        await reader.read(1);
        writer.close();
        await writer.wait_closed();
      } catch (error) {
        ended.push(error);
        throw error; // an uncaught exception would end the test
      }
    },
    LOCAL,
    0,
    { ssl: serverContext(), ssl_shutdown_timeout: 0.05 },
  );
  const options = { ssl: clientContext(), server_hostname: 'localhost' };
  // One never answers the goodbye; the other sends what is no TLS.
  const connect = async () => asyncio.open_connection(LOCAL, portOf(server), options);
  const [[, silent], [, talker]] = await Promise.all([connect(), connect()]);
  silent.transport.pause_reading();
  silent.write(bytes('x'));
  const plain = talker.transport.get_extra_info('socket') as socket.socket;
  using below = socket.fromfd(plain.fileno(), socket.AF_INET, socket.SOCK_STREAM);
  below.send(bytes('no TLS'));
  while (ended.length < 2) await setImmediate();
  t.deepEqual(ended.map((error) => (error as Error).name).sort(), ['SSLError', 'TimeoutError']);
  await closed(silent, talker);
  server.close();
  await server.wait_closed();
});

test('serve_forever is awaited once, and a signal is left alone by a server that is closed', async (t) => {
  const controller = new AbortController();
  const server = await asyncio.start_server(() => {}, LOCAL, 0, { signal: controller.signal });
  t.is(getEventListeners(controller.signal, 'abort').length, 1);
  const forever = server.serve_forever();
  await t.throwsAsync(server.serve_forever(), {
    instanceOf: RuntimeError,
    message: 'server is already being awaited on serve_forever()',
  });
  server.close();
  await forever;
  t.is(getEventListeners(controller.signal, 'abort').length, 0);
  await t.throwsAsync(server.serve_forever(), { instanceOf: RuntimeError, message: 'server is closed' });
});

test('10,000 connections that connect and vanish', async (t) => {
  let count = 0;
  const served = async (port: number) => {
    const [reader, writer] = await asyncio.open_connection(LOCAL, port);
    writer.write_eof();
    t.is((await reader.read()).length, 0);
    await closed(writer);
  };
  const server = await asyncio.start_server(
    async (reader, writer) => {
      count++;
      await reader.read().catch(() => {});
      writer.close();
    },
    LOCAL,
    0,
  );
  const address = server.sockets[0].getsockname();
  for (let i = 0; i < 10_000; i++) {
    const sock = new socket.socket();
    // Every other one with a reset.
    if (i % 2 === 0) sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
    sock.connect(address);
    sock.close();
    // Before the server's queue is full: one more connection, which is served after the others.
    if (i % 50 === 0) await served(address[1]);
  }
  server.close();
  await server.wait_closed();
  t.true(count > 0 && count <= 10_200, `${count} connections`);
});

test('a handler that throws is an uncaught exception, and the server goes on', async (t) => {
  const peer = spawnNode(`
    const { asyncio } = berkeley;
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    let first = true;
    const server = await asyncio.start_server((reader, writer) => {
      writer.write(Buffer.from('hello'));
      writer.close();
      if (first) { first = false; throw new Error('thrown'); }
    }, '127.0.0.1', 0);
    for (let i = 0; i < 2; i++) {
      const [reader, writer] = await asyncio.open_connection(...server.sockets[0].getsockname());
      console.log(String(await reader.read()));
      writer.close();
    }
    server.close();
  `);
  const lines = [await peer.line(), await peer.line(), await peer.line()];
  t.deepEqual(lines.sort(), ['hello', 'hello', 'uncaught thrown']);
  t.is(await peer.exit, 0, peer.errors());
});

test('a promise of a handler that rejects is an uncaught exception too, and its connection ends', async (t) => {
  const peer = spawnNode(`
    const { asyncio } = berkeley;
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
    const server = await asyncio.start_server(async (reader) => {
      await reader.readline();
      throw new Error('thrown');
    }, '127.0.0.1', 0);
    const [reader, writer] = await asyncio.open_connection(...server.sockets[0].getsockname());
    writer.write(Buffer.from('line\\n'));
    console.log('read', String(await reader.read()));
    writer.close();
    server.close();
    await server.wait_closed();
  `);
  t.deepEqual([await peer.line(), await peer.line()].sort(), ['read ', 'uncaught thrown']);
  t.is(await peer.exit, 0, peer.errors());
});

test('a handler need not catch that its peer resets', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    process.on('unhandledRejection', (error) => console.log('unhandled', error.message));
    const server = await asyncio.start_server(async (reader, writer) => {
      for (;;) {
        writer.write(Buffer.alloc(65536));
        await writer.drain();
      }
    }, '127.0.0.1', 0);
    const client = new socket.socket();
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Int32Array.of(1, 0));
    await asyncio.sock_connect(client, server.sockets[0].getsockname());
    await asyncio.sock_recv(client, 10);
    client.close();
    server.close();
    await server.wait_closed();
    console.log('done');
  `);
  t.is(await peer.line(), 'done');
  t.is(await peer.exit, 0, peer.errors());
});

testUnless(NO_PROGRAMS)('without descriptors a server waits until there are some', async (t) => {
  const peer = spawnPeer('sh', [
    '-c',
    // Node opens the modules of the library all at once.
    'ulimit -n 80; exec "$0" "$@"',
    process.execPath,
    '--input-type=module',
    '-e',
    `
    import { asyncio, socket } from '${new URL('../../lib/index.js', import.meta.url)}';
    let served = 0;
    const server = await asyncio.start_server(async (reader, writer) => {
      served++;
      await reader.read();
      writer.close();
    }, '127.0.0.1', 0);
    console.log(server.sockets[0].getsockname()[1]);
    process.stdin.on('data', () => console.log(served)).on('end', () => process.exit(0));
  `,
  ]);
  const port = Number(await peer.line());
  const clients: socket.socket[] = [];
  for (let i = 0; i < 100; i++) clients.push(socket.create_connection([LOCAL, port]));
  const served = async () => {
    peer.child.stdin?.write('?');
    return Number(await peer.line());
  };
  let before = 0;
  for (let now = await served(); now > before; now = await served()) before = now;
  t.true(before < 80, `${before} served at once`);
  for (const client of clients) client.close();
  for (let now = await served(); now < 100; now = await served()) t.true(now <= 100);
  peer.child.stdin?.end();
  t.is(await peer.exit, 0, peer.errors());
});

testUnless(NO_PROGRAMS)('openssl s_client at the other end', async (t) => {
  const server = await echoServer(t, { ssl: serverContext() });
  const client = spawnPeer('openssl', [
    's_client',
    '-quiet',
    '-CAfile',
    cert('root.crt.pem'),
    '-connect',
    `${LOCAL}:${portOf(server)}`,
  ]);
  client.child.stdin?.write('echo over openssl\n');
  t.is(await client.line(), 'echo over openssl');
  await client.stop();
  t.is(spawnSync('openssl', ['version']).status, 0);
});

test('a connection that is unrefed lets the process end', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    const [one, other] = socket.socketpair();
    const [reader, writer] = await asyncio.open_unix_connection(null, { sock: one });
    writer.transport.unref();
    const late = setTimeout(() => {}, 1 << 30);
    writer.transport.ref();
    other.sendall(Buffer.from('x'));
    late.unref();
    console.log(String(await reader.read(1)));
    writer.transport.unref();
    process.on('exit', () => console.log('ended by itself'));
  `);
  t.is(await peer.line(), 'x');
  t.is(await peer.line(), 'ended by itself');
  t.is(await peer.exit, 0, peer.errors());
});

const nobody = () => {};
const misnamed: [name: string, call: () => Promise<unknown>][] = [
  ['open_connection', () => asyncio.open_connection(LOCAL, 1, { tls: true } as object)],
  ['open_unix_connection', () => asyncio.open_unix_connection('/none', { timeout: 1 } as object)],
  ['start_server', () => asyncio.start_server(nobody, LOCAL, 0, { server_hostname: 'a.test' } as object)],
  ['start_unix_server', () => asyncio.start_unix_server(nobody, '/none', { reuse_port: true } as object)],
  ['create_datagram_endpoint', () => asyncio.create_datagram_endpoint(() => ({}), { localaddr: [LOCAL, 0] } as object)],
];
for (const [name, call] of misnamed) {
  test(`${name} refuses an option that it does not know, as CPython does: TLS that was misspelt must not be plain`, async (t) => {
    const error = await t.throwsAsync(call, { instanceOf: TypeError });
    t.regex(error?.message ?? '', new RegExp(`^${name}\\(\\) got an unexpected keyword argument '\\w+'$`));
  });
}

test('what is no SSLContext is refused before anything is connected', async (t) => {
  const message = 'ssl argument must be an SSLContext, True or None';
  await t.throwsAsync(asyncio.open_connection(LOCAL, 1, { ssl: {} as never }), { instanceOf: TypeError, message });
  await t.throwsAsync(asyncio.open_unix_connection('/none', { ssl: 'yes' as never, server_hostname: 'a' }), {
    message,
  });
  await t.throwsAsync(asyncio.start_server(nobody, LOCAL, 0, { ssl: {} as never }), {
    message: 'ssl argument must be an SSLContext or None',
  });
  const server = await asyncio.start_server(echo, LOCAL, 0);
  const [, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  await t.throwsAsync(writer.start_tls('x' as never), {
    instanceOf: TypeError,
    message: "sslcontext is expected to be an instance of ssl.SSLContext, got 'x'",
  });
  writer.close();
  await writer.wait_closed();
  server.close();
  await server.wait_closed();
});
