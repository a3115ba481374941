/** send_zerocopy and reap_zerocopy: what arrives, whose the bytes are meanwhile, and what becomes of them at the end. */
import { spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import {
  BlockingIOError,
  ConnectionResetError,
  OverflowError,
  TimeoutError,
  ValueError,
} from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { tcpPair } from '../helpers/descriptors.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { cleanEnv, NO_ZEROCOPY, spawnPeer, startWorker, testUnless, until } from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

const test = testUnless(NO_ZEROCOPY);

checkLeaks(test, { forgets: true });

const { AF_INET, AF_INET6, SOCK_DGRAM, SOL_SOCKET } = socket;
const MEGABYTE = 2 ** 20;
const LIBRARY = new URL('../../lib/index.js', import.meta.url).href;

/** Bytes that tell where they stand. */
function pattern(length: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: Math.ceil(length / 4) }, (_, i) => i).buffer, 0, length);
}

function received(sock: socket.socket, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let left = length; left > 0; left -= parts[parts.length - 1].length) {
    parts.push(sock.recv(Math.min(left, MEGABYTE)));
    if (parts[parts.length - 1].length === 0) break;
  }
  return Buffer.concat(parts);
}

/** A connection with a send under way that cannot end: the peer reads nothing, and has little room. */
function stuck() {
  using listener = new socket.socket();
  listener.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, MEGABYTE / 8);
  listener.bind(['127.0.0.1', 0]);
  listener.listen();
  const sock = new socket.socket();
  sock.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, MEGABYTE);
  sock.connect(listener.getsockname());
  const [peer] = listener.accept();
  sock.setblocking(false);
  const bytes = pattern(4 * MEGABYTE);
  return { sock, peer, bytes, sent: sock.send_zerocopy(bytes) };
}

/** The same, closed after the test. */
function stuckFor(t: ExecutionContext): ReturnType<typeof stuck> {
  const connection = stuck();
  t.teardown(() => {
    connection.sock.close();
    connection.peer.close();
  });
  return connection;
}

// ---- what arrives ----------------------------------------------------------------------------------------------------

test('what is sent arrives, and comes back to whom it belongs', (t) => {
  const [a, b] = tcpPair(t);
  t.deepEqual(a.reap_zerocopy(), []);
  const buffers = [pattern(100_000), pattern(50_000), new Uint8Array(pattern(10)), new DataView(new ArrayBuffer(5))];
  for (const each of buffers) t.is(a.send_zerocopy(each), each.byteLength);
  t.deepEqual(received(b, 150_015), Buffer.concat([...buffers.slice(0, 3), Buffer.alloc(5)] as Buffer[]));
  const back: [Uint8Array, boolean][] = [];
  while (back.length < 4) back.push(...a.reap_zerocopy());
  t.deepEqual(a.reap_zerocopy(), []);
  for (const [i, [bytes, copied]] of back.slice(0, 3).entries()) {
    t.is(bytes, buffers[i] as Buffer);
    t.is(typeof copied, 'boolean');
  }
  t.is(back[3][0].buffer, buffers[3].buffer as ArrayBuffer);
});

testWithPython('CPython receives all that a blocking socket sends', async (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const script = `
import hashlib, socket, sys
sock = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
digest, count = hashlib.sha256(), 0
while data := sock.recv(1 << 20):
    digest.update(data)
    count += len(data)
print(count, digest.hexdigest(), flush=True)
`;
  const peer = spawnPeer('python3', ['-c', script, String(listener.getsockname()[1])]);
  const [sock] = listener.accept();
  const { createHash } = await import('node:crypto');
  const digest = createHash('sha256');
  let [sent, reaped] = [0, 0];
  for (let i = 0; i < 40; i++) {
    const bytes = pattern(MEGABYTE + i);
    digest.update(bytes);
    t.is(sock.send_zerocopy(bytes), bytes.length);
    sent += bytes.length;
  }
  while (reaped < 40) reaped += sock.reap_zerocopy().length;
  t.is(reaped, 40);
  sock.close();
  t.is(await peer.line(), `${sent} ${digest.digest('hex')}`);
  t.is(await peer.exit, 0);
});

for (const [name, family, host] of [
  ['AF_INET', AF_INET, '127.0.0.1'],
  ['AF_INET6', AF_INET6, '::1'],
] as const) {
  test(`datagrams over ${name}, connected or not`, (t) => {
    using a = new socket.socket(family, SOCK_DGRAM);
    using b = new socket.socket(family, SOCK_DGRAM);
    b.bind([host, 0]);
    b.settimeout(10);
    const bytes = pattern(1000);
    t.is(a.send_zerocopy(bytes, 0, b.getsockname()), 1000);
    t.deepEqual(b.recv(2000), bytes);
    a.connect(b.getsockname());
    t.is(a.send_zerocopy(bytes), 1000);
    t.deepEqual(b.recv(2000), bytes);
    t.is(a.send_zerocopy(Buffer.alloc(0)), 0);
    t.is(b.recv(2000).length, 0);
    let reaped = 0;
    while (reaped < 2) reaped += a.reap_zerocopy().length;
    t.is(reaped, 2);
    t.deepEqual(a.reap_zerocopy(), []);
  });
}

test('a socket that blocks sends all of many buffers', async (t) => {
  const [a, b] = tcpPair(t);
  const COUNT = 2000;
  const reader = startWorker(
    `
    const sock = new berkeley.socket.socket({ fileno: data });
    const room = Buffer.alloc(65536);
    let count = 0;
    for (let n; (n = sock.recv_into(room)) > 0; ) count += n;
    sock.detach();
    send(count);
  `,
    b.fileno(),
  );
  const bytes = pattern(5000);
  for (let i = 0; i < COUNT; i++) {
    a.send_zerocopy(bytes);
    a.send(Buffer.from('x'));
  }
  let reaped = 0;
  while (reaped < COUNT) reaped += a.reap_zerocopy().length;
  t.is(reaped, COUNT);
  a.shutdown(socket.SHUT_WR);
  t.is(await reader.next(), COUNT * 5001);
  t.is(await reader.exit, 0);
});

// ---- modes -----------------------------------------------------------------------------------------------------------

test('a send that is under way is waited for as the timeout says', (t) => {
  const { sock, peer, bytes, sent } = stuckFor(t);
  t.true(sent > 0 && sent < bytes.length);
  t.throws(() => sock.reap_zerocopy(), { instanceOf: BlockingIOError });
  sock.settimeout(0.05);
  t.throws(() => sock.reap_zerocopy(), { instanceOf: TimeoutError });
  t.is(Buffer.compare(received(peer, sent), bytes.subarray(0, sent)), 0);
  sock.settimeout(10);
  t.deepEqual(
    sock.reap_zerocopy().map(([each]) => each === bytes),
    [true],
  );
});

/** A network of its own, in which the kernel has room for few reports. */
const FEW_REPORTS = 'ip link set lo up && echo 3000 > /proc/sys/net/core/optmem_max';
const noNetwork = spawnSync('unshare', ['-rn', 'sh', '-c', FEW_REPORTS], { env: cleanEnv() }).status !== 0;

/** Sends until the room for reports is full, in each mode; then somebody reads. */
const PROGRAM = `
import { Worker } from 'node:worker_threads';
import { socket } from ${JSON.stringify(LIBRARY)};
const listener = new socket.socket();
listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536);
listener.bind(['127.0.0.1', 0]);
listener.listen();
const sock = new socket.socket();
sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 ** 24);
sock.connect(listener.getsockname());
const [peer] = listener.accept();
const bytes = Buffer.alloc(600_000); // more than the kernel makes one report of
let sent = 0;
for (const timeout of [0, 0.05]) {
  sock.settimeout(timeout);
  try {
    for (;;) {
      sock.send_zerocopy(bytes);
      sent++;
    }
  } catch (error) {
    console.log(error.name, sent < 12);
  }
}
sock.settimeout(null);
const reader = \`import(\${JSON.stringify(${JSON.stringify(LIBRARY)})}).then(({ socket }) => {
  const sock = new socket.socket({ fileno: \${peer.detach()} });
  const room = Buffer.alloc(2 ** 20);
  while (sock.recv_into(room) > 0);
  sock.detach();
});\`;
new Worker(reader, { eval: true });
for (; sent < 40; sent++) sock.send_zerocopy(bytes);
let reaped = 0;
while (reaped < sent) reaped += sock.reap_zerocopy().length;
console.log(reaped);
sock.close();
`;

testUnless(noNetwork && 'there is no unshare -rn, no ip, or no optmem_max of its own')(
  'room for reports is waited for as the timeout says',
  async (t) => {
    const command = [process.execPath, '--input-type=module', '-e', PROGRAM];
    const peer = spawnPeer('unshare', ['-rn', 'sh', '-c', `${FEW_REPORTS} && exec "$@"`, 'sh', ...command]);
    t.is(await peer.line(), 'BlockingIOError true');
    t.is(await peer.line(), 'TimeoutError true');
    t.is(await peer.line(), '40');
    t.is(await peer.exit, 0);
  },
);

// ---- whose the bytes are ---------------------------------------------------------------------------------------------

test('a full queue is waited for as the timeout says', (t) => {
  const { sock, bytes } = stuckFor(t);
  const fill = () => {
    for (;;) sock.send_zerocopy(bytes);
  };
  t.throws(fill, { instanceOf: BlockingIOError });
  sock.settimeout(0.05);
  t.throws(fill, { instanceOf: TimeoutError });
});

test('bytes that are under way are kept, though nobody else knows them', async (t) => {
  const send = () => {
    const { bytes, ...connection } = stuck();
    return { ...connection, kept: new WeakRef(bytes.buffer) };
  };
  const { sock, peer, sent, kept } = send();
  t.teardown(() => {
    sock.close();
    peer.close();
  });
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    globalThis.gc?.();
  }
  t.truthy(kept.deref());
  received(peer, sent);
  sock.settimeout(10);
  t.is(sock.reap_zerocopy().length, 1);
  if (globalThis.gc === undefined) return;
  await until(() => {
    globalThis.gc?.();
    return kept.deref() === undefined;
  });
});

/** What the peer of a stuck connection receives up to the end, and that the descriptor is closed then. */
async function arrives(
  t: ExecutionContext,
  { peer, bytes, sent }: Omit<ReturnType<typeof stuck>, 'sock'>,
  fd: number,
  target?: string,
) {
  t.is(openDescriptors().get(fd), target);
  const got = received(peer, sent + 1);
  t.is(got.length, sent);
  t.is(Buffer.compare(got, bytes.subarray(0, sent)), 0);
  await until(() => openDescriptors().get(fd) !== target);
}

test('a socket that is closed sends the rest, and the peer sees the end', async (t) => {
  const connection = stuckFor(t);
  const fd = connection.sock.fileno();
  const target = openDescriptors().get(fd);
  connection.sock.close();
  t.is(connection.sock.fileno(), -1);
  t.throws(() => connection.sock.reap_zerocopy(), { code: 'EBADF' });
  await arrives(t, connection, fd, target);
});

test.serial('so does one that is collected as garbage', async (t) => {
  if (globalThis.gc === undefined) return t.pass();
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const forgotten = () => {
    const { sock, ...connection } = stuck();
    return { ...connection, fd: sock.fileno() };
  };
  const { fd, ...connection } = forgotten();
  const target = openDescriptors().get(fd);
  await until(() => {
    globalThis.gc?.();
    return warnings.some(({ name }) => name === 'ResourceWarning');
  });
  await arrives(t, connection, fd, target);
  connection.peer.close();
});

test('a descriptor that is given away sends the rest, too', async (t) => {
  const connection = stuckFor(t);
  const before = new Set(openDescriptors().keys());
  const fd = connection.sock.detach();
  const copies = [...openDescriptors().keys()].filter((each) => !before.has(each));
  t.is(copies.length, 1);
  const target = openDescriptors().get(copies[0]);
  socket.close(fd);
  const got = received(connection.peer, connection.sent);
  t.is(Buffer.compare(got, connection.bytes.subarray(0, connection.sent)), 0);
  await until(() => openDescriptors().get(copies[0]) !== target);
  t.is(connection.peer.recv(1).length, 0);
});

test('SO_LINGER with no time resets at once', (t) => {
  const { sock, peer, sent } = stuckFor(t);
  const fd = sock.fileno();
  const target = openDescriptors().get(fd);
  sock.setsockopt(SOL_SOCKET, socket.SO_LINGER, Buffer.from(Int32Array.of(1, 0).buffer));
  sock.close();
  t.not(openDescriptors().get(fd), target);
  t.throws(() => received(peer, sent), { instanceOf: ConnectionResetError });
});

for (const [title, reap] of [
  ['is reset', false],
  ['ends as usual if all was reaped', true],
] as const) {
  test(`the connection of a thread that ends ${title}`, async (t) => {
    using listener = socket.create_server(['127.0.0.1', 0]);
    const worker = startWorker(
      `
      const [address, reap] = data;
      const sock = berkeley.socket.create_connection(address);
      globalThis.sock = sock;
      sock.setblocking(false);
      send(sock.send_zerocopy(Buffer.alloc(reap ? 1000 : 2 ** 25)));
      if (reap) {
        sock.settimeout(30);
        send(sock.reap_zerocopy().length);
      }
    `,
      [listener.getsockname(), reap],
    );
    const [peer] = listener.accept();
    t.teardown(() => peer.close());
    const sent = await worker.next<number>();
    if (reap) {
      t.is(await worker.next(), 1);
      t.is(await worker.exit, 0);
      t.is(received(peer, sent + 1).length, 1000);
    } else {
      t.is(await worker.exit, 0);
      t.throws(() => received(peer, sent + 1), { instanceOf: ConnectionResetError });
    }
  });
}

// ---- what is refused -------------------------------------------------------------------------------------------------

test('a second object of the same socket is refused', (t) => {
  const [a, b] = tcpPair(t);
  using copy = a.dup();
  a.send_zerocopy(Buffer.from('x'));
  t.throws(() => copy.send_zerocopy(Buffer.from('y')), { instanceOf: ValueError });
  t.is(a.send_zerocopy(Buffer.from('z')), 1);
  t.is(String(received(b, 2)), 'xz');
});

test('arguments and sockets that will not do', (t) => {
  const [a, b] = tcpPair(t);
  for (const value of [undefined, null, 'text', 5, [1]]) {
    t.throws(() => a.send_zerocopy(value as never), { instanceOf: TypeError });
  }
  t.throws(() => a.send_zerocopy(Buffer.alloc(1), 2 ** 31), { instanceOf: OverflowError });
  t.throws(() => a.send_zerocopy(Buffer.alloc(1), 0, 'address'), { instanceOf: TypeError });
  const [unix, other] = socket.socketpair();
  t.throws(() => unix.send_zerocopy(Buffer.alloc(1)), { code: 'ENOTSUP' });
  unix.close();
  other.close();
  const closed = new socket.socket(AF_INET, SOCK_DGRAM);
  closed.close();
  t.throws(() => closed.send_zerocopy(Buffer.alloc(1)), { code: 'EBADF' });
  t.deepEqual(closed.reap_zerocopy(), []);
  b.close();
  a.send_zerocopy(Buffer.alloc(1));
});
