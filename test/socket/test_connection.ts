/** create_connection and create_server: addresses tried in turn, errors, source addresses, both versions of IP at once. */
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { ExceptionGroup, type OSError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { type State, TwoAddresses } from '../helpers/addresses.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import {
  CONNECTING,
  NO_REUSEPORT,
  NO_SIGNALS,
  NO_UNIX,
  pythonSync,
  skip,
  spawnNode,
  spawnPeer,
  startWorker,
  testUnless,
  tmpdir,
  until,
} from '../helpers/peers.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, SOL_SOCKET } = socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');
type HostPort = [string, number];

/** A port at which nobody listens, kept busy so that nobody will. */
function silent() {
  const sock = new socket.socket();
  sock.bind(['127.0.0.1', 0]);
  const [, port] = sock.getsockname() as HostPort;
  return { port, [Symbol.dispose]: () => sock.close() };
}

// ---- create_connection -----------------------------------------------------------------------------------------------

test('it connects, by number, by name, and with the port as text', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const [, port] = server.getsockname() as HostPort;
  for (const address of [
    ['127.0.0.1', port],
    ['localhost', port],
    ['127.0.0.1', String(port)],
  ] as HostPort[]) {
    using client = socket.create_connection(address);
    const [connection, from] = server.accept();
    connection.close();
    t.deepEqual(client.getpeername(), ['127.0.0.1', port]);
    t.deepEqual(client.getsockname(), from);
  }
});

test('the timeout is the one that was given, or the default one', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const address = server.getsockname() as HostPort;
  const timeouts = (client: socket.socket) => {
    using _ = client;
    server.accept()[0].close();
    return client.gettimeout();
  };
  t.is(timeouts(socket.create_connection(address)), null);
  t.is(timeouts(socket.create_connection(address, 30)), 30);
  t.is(timeouts(socket.create_connection(address, { timeout: 0.5 })), 0.5);
  t.is(timeouts(socket.create_connection(address, null)), null);
  socket.setdefaulttimeout(40);
  try {
    t.is(timeouts(socket.create_connection(address)), 40);
    t.is(timeouts(socket.create_connection(address, null)), null);
  } finally {
    socket.setdefaulttimeout(null);
  }
});

test('the source address is the one that was given', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const address = server.getsockname() as HostPort;
  using client = socket.create_connection(address, { source_address: ['127.0.0.2', 0] });
  const [connection, from] = server.accept();
  connection.close();
  t.is((from as HostPort)[0], '127.0.0.2');
  t.deepEqual(client.getsockname(), from);
  using second = socket.create_connection(address, 5, ['127.0.0.3', 0]);
  server.accept()[0].close();
  t.is((second.getsockname() as HostPort)[0], '127.0.0.3');
});

test('addresses are tried in turn: the next one after one that refuses', (t) => {
  if (!socket.has_dualstack_ipv6()) return skip(t, 'no IPv6 here');
  // None is the loopback address, of IPv6 first.
  using server = socket.create_server(['127.0.0.1', 0]);
  const [, port] = server.getsockname() as HostPort;
  t.deepEqual(
    socket.getaddrinfo(null, port, 0, SOCK_STREAM).map(([family]) => family),
    [AF_INET6, AF_INET],
  );
  using client = socket.create_connection([null, port]);
  server.accept()[0].close();
  t.is(client.family, AF_INET);
});

test('all_errors: what went wrong with each address', (t) => {
  using nobody = silent();
  const error = t.throws(() => socket.create_connection([null, nobody.port], { all_errors: true }), {
    instanceOf: ExceptionGroup,
  }) as ExceptionGroup;
  const number = socket.getaddrinfo(null, nobody.port, 0, SOCK_STREAM).length;
  t.is(error.message, `create_connection failed (${number} sub-exception${number === 1 ? '' : 's'})`);
  t.is(error.exceptions.length, number);
  for (const each of error.exceptions) {
    t.like(each, { name: 'ConnectionRefusedError', code: 'ECONNREFUSED', syscall: 'connect' });
  }
});

// ---- create_connection in a race: RFC 8305 ---------------------------------------------------------------------------

/** A host with two addresses: None is the loopback address, of both versions of IP. */
const withBoth = testUnless(!socket.has_dualstack_ipv6() && 'no IPv6 here');
/** A deadline that nothing but a failure comes near. */
const PATIENCE_S = 60;

for (const [six, four, winner, happy_eyeballs_delay] of [
  ['listens', 'listens', AF_INET6, 0.25],
  ['refuses', 'listens', AF_INET, 0.25],
  ['refuses', 'listens', AF_INET, 1e6],
  ['silent', 'listens', AF_INET, 0.01],
  ['silent', 'listens', AF_INET, 0],
  ['listens', 'silent', AF_INET6, 0],
] as [State, State, number, number][]) {
  withBoth.serial(`a race: IPv6 ${six}, IPv4 ${four}, delay ${happy_eyeballs_delay}: family ${winner}`, (t) => {
    using place = new TwoAddresses(six, four);
    const before = openDescriptors().size;
    for (const timeout of [null, PATIENCE_S]) {
      using client = socket.create_connection([null, place.port], { happy_eyeballs_delay, timeout });
      t.is(client.family, winner);
      t.is(client.gettimeout(), timeout);
      t.is(openDescriptors().size, before + 1);
      const { listener } = winner === AF_INET6 ? place.six : place.four;
      const [connection] = listener.accept();
      client.sendall(bytes('hello'));
      t.is(String(connection.recv(100)), 'hello');
      connection.close();
    }
  });
}

withBoth.serial('a race that nobody wins: the last error, or all of them', (t) => {
  using place = new TwoAddresses('refuses', 'refuses');
  const before = openDescriptors().size;
  const race = { happy_eyeballs_delay: 0.25 };
  t.throws(() => socket.create_connection([null, place.port], race), { code: 'ECONNREFUSED' });
  const error = t.throws(() => socket.create_connection([null, place.port], { ...race, all_errors: true }), {
    instanceOf: ExceptionGroup,
    message: 'create_connection failed (2 sub-exceptions)',
  }) as ExceptionGroup;
  for (const each of error.exceptions) t.like(each, { name: 'ConnectionRefusedError', syscall: 'connect' });
  t.throws(() => socket.create_connection([null, place.port], { ...race, source_address: ['127.0.0.2', place.port] }), {
    code: 'ECONNREFUSED',
  });
  t.is(openDescriptors().size, before);
});

withBoth.serial('the deadline of a race is for all addresses together', (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const before = openDescriptors().size;
  const race = { happy_eyeballs_delay: 0, timeout: 0.05 };
  t.throws(() => socket.create_connection([null, place.port], race), { name: 'TimeoutError', message: 'timed out' });
  const error = t.throws(() => socket.create_connection([null, place.port], { ...race, all_errors: true }));
  t.deepEqual(
    (error as ExceptionGroup).exceptions.map(({ name, message }) => [name, message]),
    [
      ['TimeoutError', 'timed out'],
      ['TimeoutError', 'timed out'],
    ],
  );
  socket.setdefaulttimeout(0.05);
  try {
    t.throws(() => socket.create_connection([null, place.port], { happy_eyeballs_delay: 10 }), {
      name: 'TimeoutError',
    });
  } finally {
    socket.setdefaulttimeout(null);
  }
  // What does not wait does not race.
  const begun = t.throws(() => socket.create_connection([null, place.port], { ...race, timeout: 0 })) as OSError;
  t.is(begun.errno, CONNECTING);
  t.is(openDescriptors().size, before);
});

/** How many sockets of this machine are connecting to a port: SYN_SENT is 02 in proc(5)'s tables. */
function connecting(port: number): number {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/self/net/${name}`, 'latin1'));
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')} 02 `;
  return tables.join('').split(remote).length - 1;
}

withBoth.serial('a worker that waits in a race can be terminated, and its attempts end with it', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const worker = startWorker(
    'berkeley.socket.create_connection([null, data], { happy_eyeballs_delay: 0 })',
    place.port,
  );
  await until(() => connecting(place.port) === 2);
  await worker.stop();
  t.is(connecting(place.port), 0);
});

testUnless(NO_SIGNALS).serial('a signal with a listener ends a race with InterruptedError', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const peer = spawnNode(
    `const alive = setTimeout(() => {}, 60_000);
     process.on('SIGINT', () => {
       console.log('listener');
       clearTimeout(alive);
     });
     try {
       berkeley.socket.create_connection([null, data], { happy_eyeballs_delay: 0 });
     } catch (error) {
       console.log(error.name);
     }`,
    place.port,
  );
  await until(() => connecting(place.port) === 2);
  peer.child.kill('SIGINT');
  t.is(await peer.line(), 'InterruptedError');
  t.is(connecting(place.port), 0);
  t.is(await peer.line(), 'listener');
  t.is(await peer.exit, 0);
});

test('the delay of a race is seconds, or none', (t) => {
  for (const wrong of [-1, Number.NaN]) {
    t.throws(() => socket.create_connection(['127.0.0.1', 1], { happy_eyeballs_delay: wrong }), { name: 'ValueError' });
  }
  t.throws(() => socket.create_connection(['127.0.0.1', 1], { happy_eyeballs_delay: 'soon' as never }), {
    instanceOf: TypeError,
  });
});

/** What a call raises, without what differs between two runs. */
function failing(call: () => { close(): void }): unknown {
  try {
    call().close();
    return null;
  } catch (error) {
    const { name, message, errno } = error as OSError;
    return [name, message.replaceAll(/\d{4,5}/g, 'N'), errno ?? null];
  }
}
const connectTo = (...args: unknown[]) => failing(() => Reflect.apply(socket.create_connection, null, args));
const serve = (...args: unknown[]) => failing(() => Reflect.apply(socket.create_server, null, args));

const PRELUDE = `
import re
silent = socket.socket()
silent.bind(('127.0.0.1', 0))
port = silent.getsockname()[1]

def failing(call):
    try:
        call().close()
    except Exception as error:
        return type(error).__name__, re.sub(r'\\d{4,5}', 'N', str(error)), getattr(error, 'errno', None)

def connect(*args, **kwargs):
    return failing(lambda: socket.create_connection(*args, **kwargs))

def serve(*args, **kwargs):
    return failing(lambda: socket.create_server(*args, **kwargs))
`;
const { port, [Symbol.dispose]: free } = silent();
test.after.always(free);

testTwins(
  'create_connection fails as in CPython',
  [
    ["connect(('127.0.0.1', port))", () => connectTo(['127.0.0.1', port])],
    ["connect(('127.0.0.1', port), 5)", () => connectTo(['127.0.0.1', port], 5)],
    ["connect(('127.0.0.1', port), all_errors=True)", () => connectTo(['127.0.0.1', port], { all_errors: true })],
    [
      "connect(('127.0.0.1', port), source_address=('1.2.3.4', 0))",
      () => {
        return connectTo(['127.0.0.1', port], { source_address: ['1.2.3.4', 0] });
      },
    ],
    [
      "connect(('127.0.0.1', port), source_address=('::1', 0))",
      () => {
        return connectTo(['127.0.0.1', port], { source_address: ['::1', 0] });
      },
    ],
    ["connect(('127.0.0.1', port), source_address=5)", () => connectTo(['127.0.0.1', port], { source_address: 5 })],
    ["connect(('127.0.0.1', port), 'soon')", () => connectTo(['127.0.0.1', port], 'soon')],
    ["connect(('127.0.0.1', port), -1)", () => connectTo(['127.0.0.1', port], -1)],
    ["connect(('127.0.0.1', port), 0)", () => connectTo(['127.0.0.1', port], 0)],
    ["connect(('127.0.0.1', 'no such service'))", () => connectTo(['127.0.0.1', 'no such service'])],
    ["connect(('127.0.0.1', 1.5))", () => connectTo(['127.0.0.1', 1.5])],
    ["connect(('127.0.0.1',))", () => connectTo(['127.0.0.1'])],
    ["connect(('127.0.0.1', 1, 2))", () => connectTo(['127.0.0.1', 1, 2])],
    ["connect('ab')", () => connectTo('ab')],
    ["connect('abc')", () => connectTo('abc')],
    ['connect(5)', () => connectTo(5)],
    ['connect(None)', () => connectTo(null)],
    ["connect(('256.0.0.0.0.1', 1))", () => connectTo(['256.0.0.0.0.1', 1])],
    ["connect(('bad..name', 1))", () => connectTo(['bad..name', 1])],
  ],
  PRELUDE,
);

test('a server that answers on no address leaves nothing open', (t) => {
  for (let i = 0; i < 50; i++) t.throws(() => socket.create_connection(['127.0.0.1', port], 5));
});

// ---- create_server ---------------------------------------------------------------------------------------------------

test('a server listens at a real port, and its port is free for the next at once', async (t) => {
  const server = socket.create_server(['127.0.0.1', 0]);
  const address = server.getsockname() as HostPort;
  t.is(server.getsockopt(SOL_SOCKET, socket.SO_ACCEPTCONN), 1);
  // On Windows the option would let others take the port.
  t.is(server.getsockopt(SOL_SOCKET, socket.SO_REUSEADDR), process.platform === 'win32' ? 0 : 1);
  const client = socket.create_connection(address);
  const [connection] = server.accept();
  connection.close(); // closes first: its end stays in TIME_WAIT
  t.deepEqual(client.recv(1), bytes(''));
  client.close();
  server.close();
  using again = socket.create_server(address);
  t.deepEqual(again.getsockname(), address);
});

testUnless(NO_REUSEPORT)('reuse_port: two servers at one port', (t) => {
  using first = socket.create_server(['127.0.0.1', 0], { reuse_port: true });
  t.throws(() => socket.create_server(first.getsockname()), { name: 'OSError', code: 'EADDRINUSE' });
  using second = socket.create_server(first.getsockname(), { reuse_port: true });
  t.deepEqual(second.getsockname(), first.getsockname());
});

test('an error of bind names the address', (t) => {
  using first = socket.create_server(['127.0.0.1', 0]);
  const [, taken] = first.getsockname() as HostPort;
  const error = t.throws(() => socket.create_server(['127.0.0.1', taken])) as OSError;
  t.like(error, { name: 'OSError', code: 'EADDRINUSE', errno: errno.EADDRINUSE, syscall: 'bind' });
  t.is(
    error.message,
    `[Errno ${errno.EADDRINUSE}] ${native.strerror(errno.EADDRINUSE)} (while attempting to bind on address ('127.0.0.1', ${taken}))`,
  );
});

testTwins(
  'create_server fails as in CPython',
  [
    ["serve(('127.0.0.1', port))", () => serve(['127.0.0.1', port])],
    ["serve(('1.2.3.4', 0))", () => serve(['1.2.3.4', 0])],
    ["serve(('127.0.0.1', 0), family=socket.AF_UNIX)", () => serve(['127.0.0.1', 0], { family: AF_UNIX })],
    ["serve(('127.0.0.1', 0), dualstack_ipv6=True)", () => serve(['127.0.0.1', 0], { dualstack_ipv6: true })],
    ["serve(('127.0.0.1', 99999))", () => serve(['127.0.0.1', 99999])],
    ["serve(('127.0.0.1', 0), backlog='x')", () => serve(['127.0.0.1', 0], { backlog: 'x' })],
    ["serve(('127.0.0.1', 0), backlog=None)", () => serve(['127.0.0.1', 0], { backlog: null })],
    ["serve(('127.0.0.1', 0), family=99)", () => serve(['127.0.0.1', 0], { family: 99 })],
    ['serve(5)', () => serve(5)],
    [
      "serve('/no/such/folder/socket', family=socket.AF_UNIX)",
      () => serve('/no/such/folder/socket', { family: AF_UNIX }),
    ],
    [
      "serve(('127.0.0.1', 0), reuse_port=True, backlog=0)",
      () => serve(['127.0.0.1', 0], { reuse_port: true, backlog: 0 }),
    ],
    ["serve(('::1', 0))", () => serve(['::1', 0])],
  ],
  PRELUDE,
);

test('an IPv6 server serves IPv6 only, or with dualstack_ipv6 both', (t) => {
  if (!socket.has_dualstack_ipv6()) return skip(t, 'no IPv6 here');
  const families = (dualstack_ipv6: boolean) => {
    using server = socket.create_server(['', 0], { family: AF_INET6, dualstack_ipv6 });
    const [, at] = server.getsockname() as HostPort;
    return ['127.0.0.1', '::1'].map((host) => {
      try {
        using client = socket.create_connection([host, at]);
        const [connection, from] = server.accept();
        connection.close();
        return [client.family, (from as HostPort)[0]];
      } catch (error) {
        return (error as OSError).code;
      }
    });
  };
  t.deepEqual(families(false), ['ECONNREFUSED', [AF_INET6, '::1']]);
  t.deepEqual(families(true), [
    [AF_INET, '::ffff:127.0.0.1'],
    [AF_INET6, '::1'],
  ]);
});

testWithPython('has_dualstack_ipv6 and has_ipv6 say what CPython says', (t) => {
  const { stdout } = pythonSync('import socket; print(socket.has_ipv6, socket.has_dualstack_ipv6())');
  const title = (flag: boolean) => (flag ? 'True' : 'False');
  t.is(stdout, `${title(socket.has_ipv6)} ${title(socket.has_dualstack_ipv6())}\n`);
});

testUnless(NO_UNIX)('a Unix server, whose path exists', (t) => {
  const path = join(tmpdir(t), 'server');
  using server = socket.create_server(path, { family: AF_UNIX });
  t.true(existsSync(path));
  using client = new socket.socket(AF_UNIX, SOCK_STREAM);
  client.connect(path);
  server.accept()[0].close();
});

testUnless(NO_UNIX)('the backlog is how many may wait', (t) => {
  const path = join(tmpdir(t), 'server');
  using _ = socket.create_server(path, { family: AF_UNIX, backlog: 2 });
  const clients: socket.socket[] = [];
  // unix(7): a full queue is EAGAIN for who does not wait; the kernel admits one more than the backlog.
  const codes = Array.from({ length: 4 }, () => {
    const client = new socket.socket(AF_UNIX, SOCK_STREAM);
    clients.push(client);
    client.setblocking(false);
    return client.connect_ex(path);
  });
  for (const client of clients) client.close();
  t.deepEqual(codes, [0, 0, 0, 11]);
});

// ---- with foreign peers ----------------------------------------------------------------------------------------------

testWithPython('a CPython client and a CPython server are understood', async (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const [, at] = server.getsockname() as HostPort;
  const client = spawnPeer('python3', [
    '-c',
    `import socket, sys
with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as sock:
    sock.sendall(b'question')
    print(sock.recv(100), flush=True)`,
    String(at),
  ]);
  const [connection] = server.accept();
  t.deepEqual(connection.recv(100), bytes('question'));
  connection.sendall(bytes('answer'));
  connection.close();
  t.is(await client.line(), "b'answer'");
  const foreign = spawnPeer('python3', [
    '-c',
    `import socket
with socket.create_server(('127.0.0.1', 0)) as server:
    print(server.getsockname()[1], flush=True)
    sock, address = server.accept()
    with sock: sock.sendall(sock.recv(100)[::-1])`,
  ]);
  using sock = socket.create_connection(['127.0.0.1', Number(await foreign.line())]);
  sock.sendall(bytes('abc'));
  t.deepEqual(sock.recv(100), bytes('cba'));
  t.is(await foreign.exit, 0);
});

test('many clients of node:net, one blocking server in a worker', async (t) => {
  const worker = startWorker(
    `
    const server = berkeley.socket.create_server(['127.0.0.1', 0]);
    send(server.getsockname()[1]);
    for (let i = 0; i < data; i++) {
      const [connection] = server.accept();
      for (let part; (part = connection.recv(1000)).length > 0; ) connection.sendall(part);
      connection.close();
    }
    server.close();
  `,
    20,
  );
  const at = await worker.next<number>();
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) =>
        new Promise<string>((resolve, reject) => {
          let text = '';
          net
            .connect(at, '127.0.0.1', function (this: net.Socket) {
              this.end(`client ${i}`);
            })
            .setEncoding('utf8')
            .on('data', (part) => (text += part))
            .on('error', reject)
            .on('close', () => resolve(text));
        }),
    ),
  );
  t.deepEqual(
    answers,
    Array.from({ length: 20 }, (_, i) => `client ${i}`),
  );
  t.is(await worker.exit, 0);
});
