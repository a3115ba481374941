/** How streams connect, fail to, and connect again: beside node:net and node:tls. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { type Api, closed, type Log, listening, ours, type Stream, same, sameOver } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_UNIX, onWindows, spawnNode, testUnless } from '../helpers/peers.js';
import { cert } from '../helpers/tls.js';

checkLeaks(test);

const HOST = '127.0.0.1';
const LAYERS = ['plain', 'TLS'] as const;
const EVENTS = 'connect ready secureConnect end finish close error timeout lookup';

/** A server that answers each connection with the number that it has, and ends it when the client ends. */
async function counting(api: Api) {
  let count = 0;
  const server = api.createServer({}, (s: Stream) => {
    s.on('error', () => {});
    s.resume().write(`${++count}`);
  });
  const { port } = await listening(server);
  return { server, port };
}

async function stop(server: { close(): unknown } & NodeJS.EventEmitter): Promise<void> {
  server.close();
  await closed(server);
}

/** Holds a port at which nobody listens: who binds it with SO_REUSEADDR, as each server here does, still can. */
function refusing(): socket.socket {
  const holder = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);
  holder.bind([HOST, 0]);
  return holder;
}

function portOf(holder: socket.socket): number {
  return (holder.getsockname() as [string, number])[1];
}

function watched(log: Log, s: Stream, name = 'client'): Stream {
  return log.watch(name, s, EVENTS);
}

/** What is the same each time. */
function withoutPort(log: Log, port: number): void {
  log.lines.splice(0, log.lines.length, ...log.lines.map((line) => line.replaceAll(String(port), 'PORT')));
}

// ---- again

same('connect again after close', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  for (let round = 0; round < 3; round++) {
    if (round > 0) client.connect(port, HOST);
    log.add(client.connecting, client.pending, client.destroyed, client.readyState, client.closed);
    const [came] = await once(client, 'data');
    log.add(came, client.bytesRead, client.bytesWritten, client.destroyed, client.readable, client.writable);
    client.end('bye');
    await closed(client);
    log.add(client.bytesRead, client.bytesWritten, client.readyState);
  }
  await stop(server);
});

same('connect again after destroy', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  await once(client, 'data');
  client.destroy();
  await closed(client);
  client.connect(port, HOST, () => log.add('listener'));
  const [came] = await once(client, 'data');
  log.add(came, client.remotePort === port, client.destroyed);
  client.end();
  await closed(client);
  await stop(server);
});

same('connect again in the listener of close', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  await once(client, 'data');
  const again = new Promise<void>((resolve) => {
    client.once('close', () => {
      client.connect(port, HOST);
      client.once('data', (came) => {
        log.add('again', came);
        resolve();
      });
    });
  });
  client.end();
  await again;
  client.end();
  await closed(client);
  await stop(server);
});

same('connect again after an error', async (api, log) => {
  const { server, port } = await counting(api);
  using holder = refusing();
  const refused = portOf(holder);
  const client = watched(log, api.connect(refused, HOST));
  client.resume();
  await closed(client);
  client.connect(port, HOST);
  await once(client, 'ready');
  log.add(client.errored, client.destroyed);
  client.end();
  await closed(client);
  await stop(server);
  withoutPort(log, refused);
});

same('a client that tries until somebody listens', async (api, log) => {
  using holder = refusing();
  const port = portOf(holder);
  const client = api.connect(port, HOST);
  let tries = 0;
  const server = api.createServer({}, (s: Stream) => s.end('at last'));
  client.on('error', (error: NodeJS.ErrnoException) => log.add('error', error.code));
  client.on('close', (hadError) => {
    log.add('close', hadError);
    if (!hadError) return;
    if (++tries < 3) client.connect(port, HOST);
    else {
      // There nobody else can listen at a port that is held.
      if (process.platform === 'win32') holder.close();
      server.listen(port, HOST, () => client.connect(port, HOST));
    }
  });
  const came = await new Promise((resolve) => client.once('data', resolve));
  log.add(came, tries);
  await closed(client);
  await stop(server);
});

same('destroy while it connects', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  client.destroy();
  log.add(client.connecting, client.destroyed, client.pending);
  await closed(client);
  await stop(server);
});

same('destroy with an error while it connects', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  client.destroy(Object.assign(new Error('boom'), { code: 'BOOM' }));
  await closed(client);
  await stop(server);
});

same('destroy while it connects, and connect again when it is closed', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  client.destroy();
  await closed(client);
  client.connect(port, HOST);
  const [came] = await once(client, 'data');
  log.add('data', `${came}`.length, client.connecting);
  client.end();
  await closed(client);
  await stop(server);
});

same(
  'connect while it connects',
  async (api, log) => {
    const { server, port } = await counting(api);
    const client = watched(log, api.connect(port, HOST));
    client.connect(port, HOST);
    await closed(client);
    await stop(server);
  },
  onWindows('of node:net the error is EISCONN there'),
);

// Over node:net this throws: it goes on with the handle that it has no more.
test.serial('destroy in the listener of connectionAttempt leaves no socket open', async (t) => {
  const { server, port } = await counting(ours);
  const made: socket.socket[] = [];
  const noted = (message: unknown) => made.push((message as { socket: socket.socket }).socket);
  subscribe('berkeley:connect', noted);
  const client = ours.connect(port, HOST);
  client.once('connectionAttempt', () => client.destroy());
  client.once('connect', () => t.fail());
  await closed(client);
  unsubscribe('berkeley:connect', noted);
  t.true(made.every((sock) => sock.fileno() === -1));
  await stop(server);
});

// Over node:net, reading does not begin there, and what was written is lost over TLS.
for (const event of ['lookup', 'connectionAttempt', 'connect', 'secure', 'secureConnect']) {
  test(`what a listener of ${event} throws is an uncaught exception, and the connection goes on`, async (t) => {
    const peer = spawnNode(`
      const { stream, ssl } = berkeley;
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const [server, client] = [new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)];
      server.load_cert_chain(${JSON.stringify(cert('server.pem'))});
      client.load_verify_locations(${JSON.stringify(cert('root.crt.pem'))});
      const listener = stream.createServer({ ssl: server }, (s) => s.pipe(s));
      listener.listen(0, '${HOST}', () => {
        const { port } = listener.address();
        const s = stream.connect({ port, host: 'localhost', family: 4, ssl: client });
        s.once('${event}', () => { throw new Error('mine'); });
        s.write('before');
        s.once('data', (data) => console.log(String(data)));
        s.once('end', () => listener.close());
        s.once('data', () => s.end());
      });
    `);
    t.is(await peer.line(), 'uncaught mine');
    t.is(await peer.line(), 'before');
    t.is(await peer.exit, 0, peer.errors());
  });
}

testUnless(NO_UNIX)('what cannot be connected is an error of the stream', async (t) => {
  const unix = stream.toDuplex(new socket.socket(socket.AF_UNIX));
  unix.connect(1, HOST);
  const [wrongFamily] = await once(unix, 'error');
  t.true(wrongFamily instanceof TypeError);
  const bound = new stream.SocketDuplex();
  bound.connect({ port: 1, host: HOST, localPort: 70_000 });
  const [wrongPort] = await once(bound, 'error');
  t.is(wrongPort.name, 'OverflowError');
});

for (const [name, options, syscall] of [
  ['a path too long', { path: `/tmp/${'x'.repeat(200)}` }, 'connect'],
  ['a local address of the other family', { port: 1, host: HOST, localAddress: '::1' }, 'bind'],
] as const) {
  // As newer Nodes; that of Node 20 cuts a path.
  testUnless(syscall === 'connect' && NO_UNIX)(`${name} is EINVAL`, async (t) => {
    const [error] = await once(stream.connect(options), 'error');
    t.is(error.code, 'EINVAL');
    t.is(error.syscall, syscall);
  });
}

// Over node:net the first address that was looked up disturbs the second connection: EALREADY.
test('destroy while a name is looked up, and connect again', async (t) => {
  const { server, port } = await counting(ours);
  let answer: (() => void) | undefined;
  const lookup = (_: string, options: { all?: boolean }, found: (...args: unknown[]) => void) => {
    answer = () => (options.all ? found(null, [{ address: HOST, family: 4 }]) : found(null, HOST, 4));
  };
  const client = ours.connect({ port, host: 'name.example', lookup });
  client.destroy();
  await closed(client);
  client.connect(port, HOST);
  answer?.();
  const [came] = await once(client, 'data');
  t.is(`${came}`, '1');
  client.end();
  await closed(client);
  await stop(server);
});

same('what was written before the connection, when it is destroyed', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  client.write('x', (error) => log.add('write', error ?? 'done'));
  client.end('y', () => log.add('end'));
  client.destroy();
  await closed(client);
  await stop(server);
});

same('a timeout, an encoding and listeners outlive a reconnection', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  client.setNoDelay(true);
  await once(client, 'data');
  client.end();
  await closed(client);
  client.connect(port, HOST);
  log.add(client.timeout ?? 0, client.listenerCount('close'), client.allowHalfOpen);
  await once(client, 'data');
  client.end();
  await closed(client);
  await stop(server);
});

// ---- the order of what happens

sameOver(LAYERS, 'write and end before the connection is there', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(
    log,
    api.connect({ port, host: HOST }, () => log.add('listener')),
  );
  client.resume();
  log.add(
    client.write('x', () => log.add('written')),
    client.bytesWritten,
    client.readyState,
    client.pending,
  );
  client.end('y', () => log.add('ended'));
  await closed(client);
  log.add(client.bytesRead, client.bytesWritten);
  await stop(server);
});

sameOver(LAYERS, 'many writes before the connection is there', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect({ port, host: HOST }));
  client.resume();
  for (let i = 0; i < 5; i++) client.write('x'.repeat(i), () => log.add('written', i));
  await once(client, 'ready');
  client.end();
  await closed(client);
  await stop(server);
});

sameOver(LAYERS, 'a server that destroys what comes', async (api, log) => {
  const server = api.createServer({}, (s: Stream) => s.destroy());
  const { port } = await listening(server);
  const client = api.connect({ port, host: HOST });
  // Over TLS the tickets may meet a closed socket.
  client.on('error', () => {});
  client.resume();
  await closed(client);
  log.add(client.destroyed, client.readyState);
  await stop(server);
});

sameOver(LAYERS, 'destroy in the listener of the connection', async (api, log) => {
  const { server, port } = await counting(api);
  const client = log.watch(
    'client',
    api.connect({ port, host: HOST }, () => {
      log.add('listener');
      client.destroy();
    }),
    'connect secureConnect end finish close error',
  );
  await closed(client);
  log.add(client.destroyed);
  await stop(server);
});

sameOver(LAYERS, 'end in the listener of connect', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect({ port, host: HOST }));
  client.resume().once('connect', () => client.end('x', () => log.add('ended')));
  await closed(client);
  await stop(server);
});

sameOver(LAYERS, 'a port that refuses', async (api, log) => {
  using holder = refusing();
  const port = portOf(holder);
  const client = watched(log, api.connect({ port, host: HOST }));
  const failed = closed(client);
  client.write('x', (error) => log.add('write', error ?? 'done'));
  client.once('error', (error: NodeJS.ErrnoException & { address?: string; port?: number }) =>
    log.add(error.code, error.syscall, error.address, error.port === port),
  );
  await failed;
  log.add(client.connecting, client.pending, client.readyState);
  withoutPort(log, port);
});

sameOver(
  LAYERS,
  'a path that does not exist',
  async (api, log) => {
    const path = join(tmpdir(), 'berkeley-no-such-path');
    const client = watched(log, api.connect({ path }));
    client.once('error', (error: NodeJS.ErrnoException) => log.add(error.code, error.syscall));
    await closed(client);
  },
  NO_UNIX,
);

sameOver(LAYERS, 'the timeout of the options', async (api, log) => {
  const { server, port } = await counting(api);
  const client = log.watch('client', api.connect({ port, host: HOST, timeout: 30 }), 'timeout close');
  client.resume();
  await once(client, 'timeout');
  log.add(client.timeout, client.destroyed);
  client.destroy();
  await closed(client);
  await stop(server);
});

same('ref and unref before the connection', async (api, log) => {
  const { server, port } = await counting(api);
  const client = watched(log, api.connect(port, HOST));
  log.add(client.unref() === client, client.ref() === client);
  await once(client, 'data');
  client.end();
  await closed(client);
  await stop(server);
});

// ---- names

for (const [name, answer] of Object.entries<(found: (...args: unknown[]) => void) => void>({
  'an error': (found) => found(Object.assign(new Error('no'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })),
  'one address': (found) => found(null, HOST, 4),
  'a list': (found) => found(null, [{ address: HOST, family: 4 }]),
  'what is no address': (found) => found(null, 'nonsense', 4),
})) {
  for (const autoSelectFamily of [true, false]) {
    if (!autoSelectFamily && name === 'a list') continue;
    if (autoSelectFamily && name !== 'a list' && name !== 'an error') continue;
    sameOver(LAYERS, `a lookup that gives ${name}, autoSelectFamily ${autoSelectFamily}`, async (api, log) => {
      const { server, port } = await counting(api);
      const lookup = (_: string, __: object, found: (...args: unknown[]) => void) => setImmediate(() => answer(found));
      const client = watched(log, api.connect({ port, host: 'name.example', lookup, autoSelectFamily }));
      client.on('data', () => client.end());
      await closed(client);
      await stop(server);
    });
  }
}

same('what lookup is asked', async (api, log) => {
  const { server, port } = await counting(api);
  const lookup = (host: string, options: object, found: (...args: unknown[]) => void) => {
    log.add(host, options);
    found(null, HOST, 4);
  };
  for (const options of [{ family: 4 }, { family: 6 }, { family: 'IPv4' }, { hints: 0 }, { family: 4, hints: 32 }]) {
    const client = api.connect({ port, host: 'name.example', lookup, autoSelectFamily: false, ...options });
    client.on('error', (error) => log.add(error)).on('data', () => client.end());
    await closed(client);
  }
  await stop(server);
});

// ---- wrong arguments

const WRONG: Record<string, object> = {
  nothing: {},
  'a port too high': { port: 65536 },
  'a port below 0': { port: -1 },
  'a port of text': { port: 'x' },
  'a port of empty text': { port: '' },
  'a port of null': { port: null },
  'a port that is true': { port: true },
  'half a port': { port: 1.5 },
  'a port of NaN': { port: Number.NaN },
  'a host of 5': { port: 1, host: 5 },
  'a host of {}': { port: 1, host: {} },
  'a host of null': { port: 1, host: null, lookup: 'no function' },
  'a lookup of text': { port: 1, host: 'name.example', lookup: 'x' },
  'a lookup of 1': { port: 1, host: 'name.example', lookup: 1 },
  'family 5': { port: 1, host: 'name.example', family: 5 },
  'family of text': { port: 1, host: 'name.example', family: 'x' },
  'family of {}': { port: 1, host: 'name.example', family: {} },
  'hints of text': { port: 1, host: 'name.example', hints: 'x' },
  'hints of 3': { port: 1, host: 'name.example', hints: 3 },
  'a path of 5': { path: 5 },
  'a path of {}': { path: {} },
  'a local address of text': { port: 1, host: HOST, localAddress: 'x' },
  'a local address of 5': { port: 1, host: HOST, localAddress: 5 },
  'a local port of text': { port: 1, host: HOST, localPort: 'x' },
  'autoSelectFamily of text': { port: 1, host: 'name.example', autoSelectFamily: 'x' },
  'an attempt timeout of text': {
    port: 1,
    host: 'name.example',
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 'x',
  },
  'an attempt timeout of 0': {
    port: 1,
    host: 'name.example',
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 0,
  },
  'a signal of text': { port: 1, host: HOST, signal: 'x' },
  'a timeout of text': { port: 1, host: HOST, timeout: 'x' },
  'a timeout below 0': { port: 1, host: HOST, timeout: -5 },
  'an initial delay of text': { port: 1, host: HOST, keepAlive: true, keepAliveInitialDelay: 'x' },
  objectMode: { port: 1, host: HOST, objectMode: true },
  readableObjectMode: { port: 1, host: HOST, readableObjectMode: true },
};

for (const [name, options] of Object.entries(WRONG)) {
  same(`connect with ${name}`, async (api, log) => {
    let client: Stream;
    try {
      client = api.connect(options);
    } catch (error) {
      const { code, name: kind } = error as NodeJS.ErrnoException;
      log.add('threw', kind, code);
      return;
    }
    log.add('returned');
    const failed = new Promise<void>((resolve) => {
      client.once('error', (error: NodeJS.ErrnoException) => {
        log.add('error', error.code, error.syscall);
        resolve();
      });
      client.once('connect', () => resolve());
    });
    await failed;
    client.destroy();
  });
}

for (const [name, args] of Object.entries<unknown[]>({
  nothing: [],
  null: [null],
  undefined: [undefined],
  true: [true],
  'an array': [[]],
  'a function': [() => {}],
  'a port and null': [1, null],
  'a port and a number': [1, 5],
  'a port of text and a host': ['1', HOST],
  'a string that is no number': ['berkeley-no-such-path'],
})) {
  same(
    `the arguments of connect: ${name}`,
    async (api, log) => {
      let client: Stream;
      try {
        client = api.connect(...args);
      } catch (error) {
        const { code, name: kind } = error as NodeJS.ErrnoException;
        log.add('threw', kind, code);
        return;
      }
      log.add('returned');
      await new Promise<void>((resolve) => {
        client.once('error', (error: NodeJS.ErrnoException) => {
          log.add('error', error.code, error.syscall);
          resolve();
        });
      });
    },
    name === 'a string that is no number' && NO_UNIX,
  );
}
