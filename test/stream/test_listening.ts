/** What servers are told to listen to, and how they refuse: beside node:net and node:tls. */
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as errno from '../../lib/constants/errno.js';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { type Api, closed, type Log, listening, type Stream, same, sameOver } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows } from '../helpers/peers.js';

checkLeaks(test);

const HOST = '127.0.0.1';
const LAYERS = ['plain', 'TLS'] as const;
const EVENTS = 'listening close error drop';

const WRONG: Record<string, unknown[]> = {
  'a port too high': [65536],
  'a port below 0': [-1],
  'half a port': [1.5],
  'a port of NaN': [Number.NaN],
  true: [true],
  false: [false],
  'a symbol': [Symbol('x')],
  '{}': [{}],
  '{ port: "x" }': [{ port: 'x' }],
  '{ port: -1 }': [{ port: -1 }],
  '{ port: true }': [{ port: true }],
  '{ port: "" }': [{ port: '' }],
  '{ port: null }': [{ port: null }],
  '{ host }': [{ host: HOST }],
  '{ path: 5 }': [{ path: 5 }],
  '{ path: true }': [{ path: true }],
  '{ path: {} }': [{ path: {} }],
  '{ fd: "x" }': [{ fd: 'x' }],
  '{ fd: -1 }': [{ fd: -1 }],
  '{ port, host: 5 }': [{ port: 0, host: 5 }],
  '{ port, host: {} }': [{ port: 0, host: {} }],
  '{ port, backlog: "x" }': [{ port: 0, host: HOST, backlog: 'x' }],
  '{ port, signal: 5 }': [{ port: 0, host: HOST, signal: 5 }],
  '{ port, host: a name that does not exist }': [{ port: 0, host: 'no-such-host.invalid' }],
  '{ port, host: an address of somebody else }': [{ port: 0, host: '203.0.113.1' }],
  'a path in no folder': [join(tmpdir(), 'berkeley-no-such-folder', 'path')],
  'the port as text': ['0', HOST],
  'a port of text with room': [' 0 ', HOST],
  'a port as a hexadecimal number': ['0x0', HOST],
};
/** What node:net does otherwise on Windows: it ends the process, or takes a path for a pipe's name. */
const ELSE_ON_WINDOWS = /backlog|path in/;

for (const [form, args] of Object.entries(WRONG)) {
  const lacking = ELSE_ON_WINDOWS.test(form) && onWindows('node:net does something else there');
  const scenario = async (api: Api, log: Log) => {
    const server = api.createServer({});
    server.on('error', ({ code, syscall }: NodeJS.ErrnoException) => log.add('error', code, syscall));
    try {
      server.listen(...(args as [number]));
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      log.add('threw', name, code, server.listening);
      return;
    }
    log.add('returned');
    await Promise.race([once(server, 'listening'), new Promise((resolve) => server.once('error', resolve))]);
    log.add(server.listening);
    if (!server.listening) return;
    server.close();
    await closed(server);
  };
  same(`listen(${form})`, scenario, lacking);
}

sameOver(LAYERS, 'listen twice, close twice, and again', async (api, log) => {
  const server = log.watch('server', api.createServer({}), EVENTS);
  await listening(server);
  try {
    server.listen(0);
  } catch (error) {
    log.add('threw', error);
  }
  server.close((error) => log.add('closed', error ?? 'once'));
  server.close((error) => log.add('closed', error ?? 'twice'));
  await closed(server);
  await listening(server);
  log.add(server.listening);
  server.close();
  await closed(server);
  log.add(server.address(), server.listening);
});

sameOver(LAYERS, 'close before listen', async (api, log) => {
  const server = log.watch('server', api.createServer({}), EVENTS);
  await new Promise<void>((resolve) => {
    server.close((error) => {
      log.add('closed', error);
      resolve();
    });
  });
  log.add(server.address());
});

sameOver(LAYERS, 'a port that is taken', async (api, log) => {
  const first = api.createServer({});
  const { port } = await listening(first);
  const second = log.watch('second', api.createServer({}), EVENTS);
  second.listen(port, HOST);
  type Refused = NodeJS.ErrnoException & { port: number; address: string };
  const error = await new Promise<Refused>((resolve) => second.once('error', (e) => resolve(e as Refused)));
  log.add(error.code, error.syscall, error.address, error.port === port, second.listening);
  first.close();
  await closed(first);
  await listening(second, port, HOST);
  second.close();
  await closed(second);
});

sameOver(LAYERS, 'close waits for the connections, and tells of them', async (api, log, _, layer) => {
  const kept: Stream[] = [];
  const server = log.watch(
    'server',
    api.createServer({}, (s: Stream) => kept.push(s.resume())),
    EVENTS,
  );
  const { port } = await listening(server);
  const client = api.connect({ port, host: HOST });
  await Promise.all([
    once(server, layer === 'TLS' && 'setTicketKeys' in server ? 'secureConnection' : 'connection'),
    once(client, layer === 'TLS' ? 'secureConnect' : 'connect'),
  ]);
  await new Promise((resolve) =>
    server.getConnections((error, count) => resolve(log.add('connections', error, count))),
  );
  server.close((error) => log.add('closed', error ?? 'well'));
  log.add(server.listening, server.address());
  client.resume().end();
  await closed(server);
  await new Promise((resolve) =>
    server.getConnections((error, count) => resolve(log.add('connections', error, count))),
  );
  log.add(kept.length);
});

same('maxConnections: one too many is told of and closed', async (api, log) => {
  const server = api.createServer({}, (s: Stream) => s.resume());
  server.maxConnections = 1;
  server.on('drop', (data) => log.add('drop', Object.keys(data as object).sort()));
  const { port } = await listening(server);
  const first = api.connect(port, HOST);
  await once(first, 'connect');
  const second = api.connect(port, HOST);
  second.on('error', () => {}).resume();
  await closed(second);
  log.add(first.destroyed);
  first.resume().end();
  await closed(first);
  server.close();
  await closed(server);
});

sameOver(LAYERS, 'pauseOnConnect: nothing comes before resume', async (api, log) => {
  const server = api.createServer({ pauseOnConnect: true }, (s: Stream) => {
    log.add(s.isPaused(), s.readableFlowing);
    s.on('data', (bytes) => log.add('data', bytes));
    s.on('end', () => log.add('end'));
    setImmediate(() => {
      log.add('resume');
      s.resume();
    });
  });
  const { port } = await listening(server);
  const client = api.connect({ port, host: HOST });
  client.resume().end('x');
  await closed(client);
  server.close();
  await closed(server);
});

test('a socket that a server listens on is refused to another one', async (t) => {
  const sock = socket.create_server([HOST, 0]);
  const [first, second] = [stream.createServer((s) => s.end('first')), stream.createServer((s) => s.end('second'))];
  first.listen(sock);
  await once(first, 'listening');
  second.listen(sock);
  const [error] = await once(second, 'error');
  t.is(error.name, 'ValueError');
  t.false(second.listening);
  const client = stream.connect(sock.getsockname()[1], HOST);
  const [came] = await once(client, 'data');
  t.is(`${came}`, 'first');
  await closed(client);
  first.close();
  await closed(first);
});

test('a descriptor that a server listens on is refused to another one, and stays open', async (t) => {
  const fd = socket.create_server([HOST, 0]).detach();
  const [first, second] = [stream.createServer((s) => s.end('first')), stream.createServer()];
  first.listen({ fd });
  second.listen({ fd });
  const [error] = await once(second, 'error');
  t.is(error.name, 'ValueError');
  // No object of the second server is left that would close it.
  t.is(first.socket?.fileno(), fd);
  const client = stream.connect(first.socket?.getsockname()[1], HOST);
  const [came] = await once(client, 'data');
  t.is(`${came}`, 'first');
  await closed(client);
  first.close();
  await closed(first);
});

test('a socket that is bound listens', async (t) => {
  const sock = new socket.socket();
  sock.bind([HOST, 0]);
  const server = stream.createServer((s) => s.end('hello')).listen(sock);
  await once(server, 'listening');
  const client = stream.connect(sock.getsockname()[1], HOST);
  const [came] = await once(client, 'data');
  t.is(`${came}`, 'hello');
  await closed(client);
  server.close();
  await closed(server);
});

test('a socket that cannot listen is an error', async (t) => {
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  const server = stream.createServer().listen(sock);
  const [error] = await once(server, 'error');
  t.is(error.errno, errno.EOPNOTSUPP);
  t.false(server.listening);
  sock.close();
});
