/** SSLSocket: over real descriptors, blocking, with deadlines, and nonblocking under select. */
import { constants, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  BrokenPipeError,
  ConnectionResetError,
  NotImplementedError,
  OSError,
  TimeoutError,
  ValueError,
} from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import { select } from '../../lib/select/index.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_PROC,
  NOT_OPEN,
  onWindows,
  spawnPeer,
  startWorker,
  testUnless,
  tmpdir,
  until,
  type WorkerPeer,
} from '../helpers/peers.js';
import { cert, clientContext, heavy, plainPair, serverContext, shake, socketPair, wants } from '../helpers/tls.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test, { forgets: true });

/** A worker that serves one TLS connection: `body` has `connection` (handshake done), `listener` and `berkeley`. */
function startServer(body: string, { options = '', data = {} }: { options?: string; data?: object } = {}): WorkerPeer {
  return startWorker(
    `
    const { socket, ssl } = berkeley;
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    context.load_cert_chain(data.certs + 'server.pem');
    ${options}
    const listener = socket.create_server(['127.0.0.1', 0]);
    send(listener.getsockname());
    const [plain] = listener.accept();
    listener.close();
    plain.settimeout(60);
    ${body}
  `,
    { certs: cert(''), ...data },
  );
}
const SERVE = 'const connection = context.wrap_socket(plain, { server_side: true });';

async function connected(peer: WorkerPeer, context = clientContext()): Promise<ssl.SSLSocket> {
  const address = (await peer.next()) as [string, number];
  const plain = socket.create_connection(address, { timeout: 60 });
  return context.wrap_socket(plain, { server_hostname: 'localhost' });
}

const bytes = (text: string) => Buffer.from(text);

// ---- a socket in every respect -------------------------------------------------------------------------------------

/** What becomes of a call on a TLS socket that has not shaken hands. */
function unshaken(call: (sock: ssl.SSLSocket) => unknown): unknown {
  const [a, b] = socket.socketpair();
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const secured = context.wrap_socket(a, { server_hostname: 'x', do_handshake_on_connect: false });
  try {
    return call(secured);
  } finally {
    secured.close();
    b.close();
  }
}

testTwins(
  'recv_into: a size that is none',
  [
    ["secured.recv_into(bytearray(9), b'x')", () => unshaken((s) => s.recv_into(Buffer.alloc(9), bytes('x') as never))],
    ['secured.recv_into(bytearray(9), (1,))', () => unshaken((s) => s.recv_into(Buffer.alloc(9), [1] as never))],
  ],
  `
import ssl
a, b = socket.socketpair()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
secured = context.wrap_socket(a, server_hostname='x', do_handshake_on_connect=False)
`,
);

test('a blocking client and a blocking server', async (t) => {
  const peer = startServer(`${SERVE}
    for (;;) {
      const data = connection.recv(65536);
      if (data.length === 0) break;
      connection.sendall(data);
    }
    connection.unwrap();
    connection.close();
    send('closed');
  `);
  using client = await connected(peer);
  t.true(client instanceof socket.socket);
  t.true(client.fileno() >= 0);
  t.is(client.version(), 'TLSv1.3');
  t.is(client.gettimeout(), 60);
  client.sendall(bytes('hello'));
  t.is(client.recv(100).toString(), 'hello');
  client.send(bytes('again'));
  const into = Buffer.alloc(10);
  t.is(client.recv_into(into), 5);
  t.is(into.toString('latin1', 0, 5), 'again');
  client.send(bytes('0123456789'));
  t.is(client.recv(4).toString(), '0123');
  t.is(client.pending(), 6);
  t.is(client.recv_into(into, 2), 2);
  t.is(client.read(2).toString(), '67');
  t.is(client.read(2, into.subarray(2)), 2);
  t.is(into.toString('latin1', 0, 4), '4589');
  t.regex(inspect(client), /^<ssl\.SSLSocket fd=\d+, family=2, type=1, proto=\d+, laddr=/);
  client.unwrap();
  t.is(await peer.next(), 'closed');
});

test('1 MiB in one send, through a peer that reads slowly', async (t) => {
  const peer = startServer(
    `${SERVE}
    let total = 0;
    while (total < data.size) total += connection.recv(777).length;
    connection.sendall(Buffer.from(String(total)));
    connection.unwrap();
    connection.close();
  `,
    { data: { size: 2 ** 20 } },
  );
  using client = await connected(peer);
  t.is(client.send(Buffer.alloc(2 ** 20, 'x')), 2 ** 20);
  t.is(client.recv(100).toString(), String(2 ** 20));
  t.is(client.recv(100).length, 0);
});

test('makefile, and the socket outlives it', async (t) => {
  const peer = startServer(`${SERVE}
    const file = connection.makefile('rw', { encoding: 'utf8', newline: '\\n' });
    for (const line of file) {
      file.write(line.toUpperCase());
      file.flush();
      if (line === 'end\\n') break;
    }
    file.close();
    connection.close();
  `);
  using client = await connected(peer);
  const file = client.makefile('rwb');
  client.sendall(bytes('one\nzwei\nend\n'));
  t.is(Buffer.from(file.readline()).toString(), 'ONE\n');
  t.is(Buffer.from(file.readline()).toString(), 'ZWEI\n');
  file.close();
  t.true(client.fileno() >= 0);
});

test('sendfile', async (t) => {
  const path = join(tmpdir(t), 'file');
  const content = Buffer.alloc(100_000, 'abcdefghij');
  writeFileSync(path, content);
  const peer = startServer(`${SERVE}
    let text = '';
    while (text.length < 99_990 + 10 + 5) text += connection.recv(65536);
    send(text);
    connection.close();
  `);
  using client = await connected(peer);
  const { openSync, closeSync } = await import('node:fs');
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  t.is(client.sendfile(fd, 10), 99_990);
  t.is(client.sendfile(fd, { offset: 0, count: 10 }), 10);
  // A plain object is the file, as in socket.sendfile, not arguments by name.
  const parts = [bytes('plain'), bytes('')];
  t.is(client.sendfile({ read: () => parts.shift() ?? bytes('') }), 5);
  t.is(await peer.next(), `${content.toString().slice(10)}${content.toString().slice(0, 10)}plain`);
});

test('connect shakes hands, and so does accept', async (t) => {
  const peer = startWorker(
    `
    const { socket, ssl } = berkeley;
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
    context.load_cert_chain(data + 'server.pem');
    const listener = context.wrap_socket(socket.create_server(['127.0.0.1', 0]), { server_side: true });
    send(listener.getsockname());
    for (let i = 0; i < 2; i++) {
      const [connection, address] = listener.accept();
      send([connection instanceof ssl.SSLSocket, address, connection.version()]);
      connection.sendall(Buffer.from('hello'));
      connection.close();
    }
    listener.close();
  `,
    cert(''),
  );
  const address = (await peer.next()) as [string, number];
  for (const connect of [
    (client: ssl.SSLSocket) => client.connect(address),
    (client: ssl.SSLSocket) => t.is(client.connect_ex(address), 0),
  ]) {
    using client = clientContext().wrap_socket(new socket.socket(), { server_hostname: 'localhost' });
    t.is(client.version(), null);
    connect(client);
    t.is(client.version(), 'TLSv1.3');
    t.is(client.recv(10).toString(), 'hello');
    t.deepEqual(await peer.next(), [true, client.getsockname(), 'TLSv1.3']);
    t.throws(() => client.connect(address), { instanceOf: ValueError, message: /already-connected/ });
  }
});

test('a connect that is refused leaves no connection behind', (t) => {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const address = listener.getsockname();
  listener.close();
  using client = clientContext().wrap_socket(new socket.socket(), { server_hostname: 'localhost' });
  t.throws(() => client.connect(address), { instanceOf: OSError, code: 'ECONNREFUSED' });
  t.is(client._sslobj, null);
  using other = clientContext().wrap_socket(new socket.socket(), { server_hostname: 'localhost' });
  t.not(other.connect_ex(address), 0);
});

test('after unwrap the socket is a plain one', async (t) => {
  const peer = startServer(`${SERVE}
    connection.recv(100);
    const plainAgain = connection.unwrap();
    plainAgain.sendall(Buffer.from('in the clear'));
    send(String(plainAgain.recv(100)));
    connection.close();
  `);
  using client = await connected(peer);
  client.send(bytes('x'));
  const plain = client.unwrap();
  t.is(plain, client);
  t.is(client.version(), null);
  t.is(client.recv(100).toString(), 'in the clear');
  client.sendall(bytes('me too'));
  t.is(await peer.next(), 'me too');
  t.throws(() => client.unwrap(), { instanceOf: ValueError, message: /^No SSL wrapper around/ });
  t.throws(() => client.read(), { instanceOf: ValueError, message: 'Read on closed or unwrapped SSL socket.' });
});

test('what makes no sense over TLS is refused in words of Python', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  const text = "<class 'ssl.SSLSocket'>";
  t.throws(() => a.send(bytes('x'), 1), { message: `non-zero flags not allowed in calls to send() on ${text}` });
  t.throws(() => a.recv(1, 1), { message: `non-zero flags not allowed in calls to recv() on ${text}` });
  t.throws(() => a.recvfrom(1), { message: `recvfrom not allowed on instances of ${text}` });
  t.throws(() => a.sendto(bytes('x'), 'x'), { message: `sendto not allowed on instances of ${text}` });
  for (const name of ['sendmsg', 'recvmsg', 'recvmsg_into', 'sendmmsg', 'recvmmsg_into', 'send_zerocopy'] as const) {
    t.throws(() => a[name](), {
      instanceOf: NotImplementedError,
      message: `${name} not allowed on instances of ${text}`,
    });
  }
  t.throws(() => a.dup(), { message: "Can't dup() SSLSocket instances" });
  t.throws(() => b.connect('x'), { message: "can't connect in server-side mode" });
});

test('a detached socket says so', (t) => {
  const { client, server } = socketPair();
  using b = server;
  const fd = client.detach();
  t.teardown(() => socket.close(fd));
  t.throws(() => client.recv(1), { instanceOf: ssl.SSLError, message: 'Underlying socket has been closed.' });
  t.is(b.fileno() >= 0, true);
});

test('a closed socket says so', (t) => {
  const { client, server } = socketPair();
  client.close();
  server.close();
  t.throws(() => client.recv(1), { instanceOf: OSError, code: NOT_OPEN.code });
  t.throws(() => client.read(), { instanceOf: ValueError });
  t.throws(() => client.do_handshake(), { instanceOf: OSError, code: NOT_OPEN.code });
  t.is(client.pending(), 0);
  client.close();
});

test('a socket that its own callback closes fails, and nothing is sent to whoever gets its number', (t) => {
  const server = serverContext();
  let other: socket.socket[] = [];
  server.sni_callback = (connection) => {
    (connection as ssl.SSLSocket).close();
    other = socket.socketpair();
  };
  const pair = plainPair({ server });
  t.throws(() => shake(pair.client, pair.server), { instanceOf: OSError, code: NOT_OPEN.code });
  other[1].setblocking(false);
  other[0].setblocking(false);
  for (const each of other) t.throws(() => each.recv(1), { code: 'EAGAIN' });
  for (const each of [...other, pair.client, pair.server]) each.close();
});

// ---- the end -------------------------------------------------------------------------------------------------------

test('an end without a goodbye is an end, or SSLEOFError', async (t) => {
  for (const suppress of [true, false]) {
    const peer = startServer(`${SERVE}
      connection.recv(100);
      plain.close();
      connection.sendall(Buffer.from('last'));
      connection.shutdown(socket.SHUT_RDWR);
      connection.close();
    `);
    const address = (await peer.next()) as [string, number];
    using client = clientContext().wrap_socket(socket.create_connection(address, { timeout: 60 }), {
      server_hostname: 'localhost',
      suppress_ragged_eofs: suppress,
    });
    client.send(bytes('x'));
    t.is(client.recv(10).toString(), 'last');
    if (suppress) {
      t.is(client.recv(10).length, 0);
      t.is(client.recv_into(Buffer.alloc(3)), 0);
    } else {
      t.throws(() => client.recv(10), {
        instanceOf: ssl.SSLEOFError,
        message: '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol',
      });
    }
  }
});

// With OP_ENABLE_KTLS it is OpenSSL that makes the system calls, whether the kernel has TLS or not.
for (const [whose, options] of [
  ['', 0],
  [', with OP_ENABLE_KTLS', ssl.OP_ENABLE_KTLS ?? 0],
] as const) {
  test(`a reset connection is ConnectionResetError, a write to it BrokenPipeError, and no signal${whose}`, async (t) => {
    const peer = startServer(`${SERVE}
      connection.recv(1);
      connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
      connection.close();
      send('closed');
    `);
    const context = clientContext();
    context.options |= options;
    using client = await connected(peer, context);
    client.send(bytes('xx'));
    await peer.next();
    t.throws(() => client.recv(10), { instanceOf: ConnectionResetError });
    t.throws(
      () => {
        for (;;) client.send(bytes('x'));
      },
      // Windows says again that the connection was reset.
      { instanceOf: IS_WINDOWS ? ConnectionResetError : BrokenPipeError },
    );
  });
}

test('bytes that came before the handshake on a connection that has ended are not taken for decrypted ones', (t) => {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const attacker = socket.create_connection(listener.getsockname() as [string, number]);
  const [victim] = listener.accept();
  attacker.sendall(bytes('DELETE / HTTP/1.0\r\n\r\n'));
  attacker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, Buffer.from(new Int32Array([1, 0]).buffer));
  attacker.shutdown(socket.SHUT_RDWR);
  attacker.close();
  listener.close();
  // Connected or not by now: the handshake fails, or wrap_socket says why it does not begin.
  t.throws(() => serverContext().wrap_socket(victim, { server_side: true }), { instanceOf: OSError });
  t.is(victim.fileno(), -1);
});

// ---- deadlines -----------------------------------------------------------------------------------------------------

test('a handshake with a peer that is silent ends at the deadline', (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const plain = socket.create_connection(listener.getsockname() as [string, number], { timeout: 0.1 });
  t.throws(() => clientContext().wrap_socket(plain, { server_hostname: 'localhost' }), {
    instanceOf: TimeoutError,
    message: 'The handshake operation timed out',
  });
  t.is(plain.fileno(), -1);
});

test('a peer that drips does not put the deadline off', async (t) => {
  // A record of 16 KiB, a byte every millisecond: each byte comes in time, the record does not.
  const peer = startWorker(`
    const { socket } = berkeley;
    const listener = socket.create_server(['127.0.0.1', 0]);
    send(listener.getsockname());
    const [connection] = listener.accept();
    listener.close();
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
    connection.settimeout(0.001);
    connection.sendall(Buffer.from([22, 3, 3, 64, 0]));
    try {
      for (;;) {
        connection.sendall(Buffer.from([2]));
        try {
          if (connection.recv(65536).length === 0) break;
        } catch (error) {
          if (!(error instanceof socket.timeout)) throw error;
        }
      }
    } catch (error) {
      if (!(error instanceof socket.error)) throw error;
    }
    connection.close();
    send('over');
  `);
  const address = (await peer.next()) as [string, number];
  const plain = socket.create_connection(address, { timeout: 0.3 });
  t.throws(() => clientContext().wrap_socket(plain, { server_hostname: 'localhost' }), {
    instanceOf: TimeoutError,
    message: 'The handshake operation timed out',
  });
  t.is(await peer.next(), 'over');
});

test('reads and writes end at the deadline, and the connection goes on', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  a.settimeout(0.05);
  t.throws(() => a.recv(1), { instanceOf: TimeoutError, message: 'The read operation timed out' });
  const large = Buffer.alloc(2 ** 22);
  t.throws(() => a.send(large), { instanceOf: TimeoutError, message: 'The write operation timed out' });
  a.setblocking(false);
  let received = 0;
  for (let sent = 0; sent === 0 || received < large.length; ) {
    try {
      received += b.recv(65536).length;
    } catch (error) {
      if (!wants(error)) throw error;
    }
    if (sent !== 0) continue;
    try {
      sent = a.send(large);
    } catch (error) {
      if (!wants(error)) throw error;
    }
  }
  t.is(received, large.length);
});

test('a worker that waits in recv can be terminated', async (t) => {
  const peer = startServer(`${SERVE}
    connection.settimeout(null);
    send('waiting');
    connection.recv(1);
  `);
  using client = await connected(peer);
  t.is(await peer.next(), 'waiting');
  t.is(await peer.stop(), 1);
  t.is(client.recv(1).length, 0, 'the environment closed its sockets');
});

testUnless(NO_PROC)('SIGINT with a listener ends a handshake that waits', async (t) => {
  const peer = spawnPeer(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { writeSync } from 'node:fs';
    import { socket, ssl } from ${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)};
    const say = (text) => writeSync(1, text + '\\n');
    const alive = setTimeout(() => {}, 60_000);
    process.on('SIGINT', () => {
      say('listener');
      clearTimeout(alive);
    });
    const [a, b] = socket.socketpair();
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    say('waiting');
    try {
      context.wrap_socket(a, { server_hostname: 'localhost' });
    } catch (error) {
      say(error.name);
    }
    b.close();
  `,
    ],
    process.env,
  );
  t.is(await peer.line(), 'waiting');
  await until(() => readFileSync(`/proc/${peer.child.pid}/stat`, 'utf8').split(') ')[1].startsWith('S'));
  peer.child.kill('SIGINT');
  t.is(await peer.line(), 'InterruptedError');
  t.is(await peer.line(), 'listener');
  t.is(await peer.exit, 0);
});

test.serial('an SSLSocket that is forgotten is closed, with a warning', async (t) => {
  const warnings: string[] = [];
  const listener = (warning: Error) => warnings.push(warning.name);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  const peers: socket.socket[] = [];
  (() => {
    const { client, server } = socketPair();
    peers.push(server);
    client.pending();
  })();
  await until(() => {
    globalThis.gc?.();
    return warnings.includes('ResourceWarning');
  });
  // Its end of the connection is gone: with a reset, for it had not read what the handshake left.
  peers[0].settimeout(10);
  t.throws(() => peers[0].recv(1), { instanceOf: ConnectionResetError });
  peers[0].close();
});

// ---- nonblocking ---------------------------------------------------------------------------------------------------

/**
 * A proxy in a worker that hands on one byte at a time, with as little room in its buffers as the system allows, so that
 * both ends have to wait in both directions.
 */
function startDrippingProxy(target: [string, number]): WorkerPeer {
  return startWorker(
    `
    const { select, socket } = berkeley;
    const listener = new socket.socket();
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1);
    listener.bind(['127.0.0.1', 0]);
    listener.listen();
    send(listener.getsockname());
    const [near] = listener.accept();
    listener.close();
    const far = new socket.socket();
    far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1);
    far.connect(data);
    const other = new Map([[near, far], [far, near]]);
    for (const each of other.keys()) each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
    const open = new Set(other.keys());
    try {
      while (open.size > 0) {
        for (const from of select.select([...open], [], [])[0]) {
          const byte = from.recv(1);
          if (byte.length > 0) other.get(from).sendall(byte);
          else {
            open.delete(from);
            other.get(from).shutdown(socket.SHUT_WR);
          }
        }
      }
    } catch (error) {
      if (!(error instanceof socket.error)) throw error;
    }
    near.close();
    far.close();
  `,
    target,
  );
}

async function throughProxy(t: ExecutionContext, version: number): Promise<void> {
  const listener = socket.create_server(['127.0.0.1', 0]);
  t.teardown(() => listener.close());
  const proxy = startDrippingProxy(listener.getsockname() as [string, number]);
  const near = new socket.socket();
  near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1);
  near.connect((await proxy.next()) as [string, number]);
  const [far] = listener.accept();
  far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1);
  near.setblocking(false);
  far.setblocking(false);

  const clients = clientContext({ version });
  clients.load_cert_chain({ certdata: heavy('client.pem') });
  const servers = serverContext({ version, mutual: true });
  servers.load_cert_chain({ certdata: heavy('server.pem') });
  const later = { do_handshake_on_connect: false };
  using client = clients.wrap_socket(near, { ...later, server_hostname: 'localhost' });
  using server = servers.wrap_socket(far, { ...later, server_side: true });

  const steps = new Map<ssl.SSLSocket, Set<string>>([
    [client, new Set()],
    [server, new Set()],
  ]);
  const reads = new Set<ssl.SSLSocket>();
  const writes = new Set<ssl.SSLSocket>();
  let ready = [client, server];
  for (;;) {
    for (const side of ready) {
      try {
        side.do_handshake();
        steps.get(side)?.add('done');
      } catch (error) {
        if (!wants(error)) throw error;
        steps.get(side)?.add((error as Error).name);
        (error instanceof ssl.SSLWantReadError ? reads : writes).add(side);
      }
    }
    if (reads.size + writes.size === 0) break;
    const [readable, writable] = select([...reads], [...writes], [], 60) as ssl.SSLSocket[][];
    ready = [...readable, ...writable];
    t.true(ready.length > 0);
    for (const side of ready) reads.delete(side) || writes.delete(side);
  }
  for (const [side, names] of steps) {
    t.deepEqual(
      [...names].sort(),
      ['SSLWantReadError', 'SSLWantWriteError', 'done'],
      side === client ? 'client' : 'server',
    );
  }
  client.setblocking(true);
  server.setblocking(true);
  client.send(bytes('hello'));
  t.is(server.recv(10).toString(), 'hello');
}

for (const version of ['TLSv1_2', 'TLSv1_3'] as const) {
  testUnless(onWindows('a socket has more room than it is told'))(
    `a nonblocking handshake over a byte-at-a-time proxy wants both directions on both sides, ${version}`,
    (t) => throughProxy(t, ssl.TLSVersion[version]),
  );
}

test("the documentation's nonblocking client", async (t) => {
  const peer = startServer(`${SERVE}
    connection.sendall(Buffer.from('hello'));
    connection.close();
  `);
  const plain = socket.create_connection((await peer.next()) as [string, number]);
  plain.setblocking(false);
  using s = clientContext().wrap_socket(plain, { server_hostname: 'localhost', do_handshake_on_connect: false });
  for (;;) {
    try {
      s.do_handshake();
      break;
    } catch (error) {
      if (error instanceof ssl.SSLWantReadError) select([s], [], []);
      else if (error instanceof ssl.SSLWantWriteError) select([], [s], []);
      else throw error;
    }
  }
  select([s], [], []);
  s.setblocking(true);
  t.is(s.recv(10).toString(), 'hello');
});

test('do_handshake(block) blocks for it on a nonblocking socket', async (t) => {
  const peer = startServer(`${SERVE}
    connection.close();
  `);
  const plain = socket.create_connection((await peer.next()) as [string, number]);
  plain.setblocking(false);
  using s = clientContext().wrap_socket(plain, { server_hostname: 'localhost', do_handshake_on_connect: false });
  s.do_handshake(true);
  t.is(s.version(), 'TLSv1.3');
  t.is(s.gettimeout(), 0);
});

test('a nonblocking socket must not be asked to shake hands at once', (t) => {
  const [a, b] = socket.socketpair();
  a.setblocking(false);
  t.throws(() => clientContext().wrap_socket(a, { server_hostname: 'localhost' }), {
    instanceOf: ValueError,
    message: 'do_handshake_on_connect should not be specified for non-blocking sockets',
  });
  t.is(a.fileno(), -1);
  b.close();
});

// ---- a peer that breaks off ----------------------------------------------------------------------------------------

for (const end of ['reset', 'close'] as const) {
  test(`a peer that ends the handshake after any number of bytes, by ${end}: an OSError, never more`, (t) => {
    // What a server sends is recorded once, and then cut at every place that matters.
    const counted = plainPair();
    t.throws(() => counted.client.do_handshake(), { instanceOf: ssl.SSLWantReadError });
    t.throws(() => counted.server.do_handshake(), { instanceOf: ssl.SSLWantReadError });
    const flight = Buffer.alloc(65536);
    const plain = new socket.socket({ fileno: counted.client.detach() });
    const size = plain.recv_into(flight);
    plain.close();
    counted.server.close();
    t.true(size > 500);
    for (let cut = 0; cut < size; cut += 1 + Math.floor(size / 97)) {
      const [near, far] = socket.socketpair();
      near.settimeout(30);
      const later = { server_hostname: 'localhost', do_handshake_on_connect: false };
      using client = clientContext().wrap_socket(near, later);
      client.setblocking(false);
      t.throws(() => client.do_handshake(), { instanceOf: ssl.SSLWantReadError });
      far.sendall(flight.subarray(0, cut));
      if (end === 'close') far.recv(65536); // with nothing left unread, a close is no reset
      far.close();
      const error = t.throws(() => client.do_handshake(), { instanceOf: OSError });
      // The recorded flight answers another hello: it may be refused as such before its end is seen.
      t.true(error instanceof ssl.SSLError || error instanceof ConnectionResetError, inspect(error));
    }
  });
}

// ---- the kernel's TLS ----------------------------------------------------------------------------------------------

testUnless(NO_PROC)(
  'with OP_ENABLE_KTLS the descriptor keeps its mode while a callback runs, which may change it',
  (t) => {
    const nonblocking = (fd: number) => {
      const flags = /^flags:\s*0([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
      return (Number.parseInt(flags as string, 8) & constants.O_NONBLOCK) !== 0;
    };
    const [near, far] = socket.socketpair();
    const serving = serverContext();
    serving.options |= ssl.OP_ENABLE_KTLS ?? 0;
    using client = clientContext().wrap_socket(near, { server_hostname: 'localhost', do_handshake_on_connect: false });
    client.setblocking(false);
    t.throws(() => client.do_handshake(), { instanceOf: ssl.SSLWantReadError });
    far.setblocking(true);
    using server = serving.wrap_socket(far, { server_side: true, do_handshake_on_connect: false });
    using other = new socket.socket({ fileno: socket.dup(server.fileno()) });
    let during: boolean | undefined;
    serving.sni_callback = () => {
      during = nonblocking(server.fileno());
      other.setblocking(false);
      return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR;
    };
    t.throws(() => server.do_handshake(), { instanceOf: ssl.SSLError });
    t.is(during, false);
    t.true(nonblocking(server.fileno()));
  },
);

test('kernel TLS: bytes go and come, and it is the kernel that encrypts them where it can', async (t) => {
  const peer = startServer(`${SERVE}
    connection.sendall(connection.recv(100));
    connection.recv(100);
    connection.close();
  `);
  const context = clientContext();
  // What every kernel that has TLS takes over, in both directions: SSL_CTX_set_options(3), SSL_OP_ENABLE_KTLS.
  context.maximum_version = ssl.TLSVersion.TLSv1_2;
  context.set_ciphers('ECDHE+AESGCM');
  context.options |= ssl.OP_ENABLE_KTLS ?? 0;
  using client = await connected(peer, context);
  t.is(client.gettimeout(), 60);
  client.send(bytes('hello'));
  t.is(client.recv(100).toString(), 'hello');
  const kernelHasIt = readFileSync('/proc/sys/net/ipv4/tcp_available_ulp', 'utf8').split(/\s+/).includes('tls');
  const itTakesOver = kernelHasIt && ssl.OP_ENABLE_KTLS !== undefined;
  t.deepEqual(client.ktls(), { send: itTakesOver, receive: itTakesOver });
  client.send(bytes('x'));
  if (itTakesOver) return;
  t.log('skip: the kernel or the linked OpenSSL has no TLS of the kernel; what was asked for is done in this process');
});
