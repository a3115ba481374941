/** Awaited twins of a socket's calls, callbacks for ready descriptors, deadlines: on Node's event loop. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { gaierror, OSError, OverflowError, TimeoutError, ValueError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import type { SSLSocket } from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  cleanEnv,
  NO_PROC,
  NO_PROGRAMS,
  NO_UNIX,
  NO_ZEROCOPY,
  NOT_OPEN,
  skip,
  spawnNode,
  spawnPeer,
  startWorker,
  testUnless,
  tmpdir,
  underSanitizers,
} from '../helpers/peers.js';
import { pending } from '../helpers/promises.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

const { ECONNREFUSED } = errno;
const bytes = (text: string) => Buffer.from(text);

function listener(): [socket.socket, readonly [string, number]] {
  const sock = socket.create_server(['127.0.0.1', 0]);
  return [sock, sock.getsockname()];
}

// ---- the twins -----------------------------------------------------------------------------------------------------

for (const timeout of [null, 0, 60]) {
  test(`connect, accept, send and receive on sockets with timeout ${timeout}`, async (t) => {
    const [server, address] = listener();
    server.settimeout(timeout);
    using client = new socket.socket();
    client.settimeout(timeout);
    const accepting = asyncio.sock_accept(server);
    t.is(await asyncio.sock_connect(client, address), null);
    const [connection, peer] = await accepting;
    t.deepEqual(peer, client.getsockname());
    // As in Python, the connection is nonblocking; the other two keep their mode.
    t.is(connection.gettimeout(), 0);
    t.is(server.gettimeout(), timeout);
    t.is(client.gettimeout(), timeout);

    const waiting = asyncio.sock_recv(connection, 100);
    t.is(await asyncio.sock_sendall(client, bytes('hello')), null);
    t.deepEqual(await waiting, bytes('hello'));
    const buffer = Buffer.alloc(8);
    const into = asyncio.sock_recv_into(client, buffer);
    connection.sendall(bytes('back'));
    t.is(await into, 4);
    t.is(buffer.toString('latin1', 0, 4), 'back');
    connection.close();
    t.deepEqual(await asyncio.sock_recv(client, 100), Buffer.alloc(0));
    server.close();
  });
}

/** Whether O_NONBLOCK is set on a socket's descriptor, as the kernel tells: proc(5). */
function nonblocking(sock: socket.socket): boolean {
  const [, flags] = /flags:\t(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${sock.fileno()}`, 'latin1')) ?? [];
  return (Number.parseInt(flags, 8) & 0o4000) !== 0;
}

testUnless(NO_PROC)('O_NONBLOCK of a blocking socket is left as it is', async (t) => {
  const [server, address] = listener();
  using client = new socket.socket();
  await asyncio.sock_connect(client, address);
  const [connection] = await asyncio.sock_accept(server);
  for (const sock of [client, server]) {
    t.false(nonblocking(sock));
  }
  connection.close();
  server.close();
});

test('a transfer larger than all buffers arrives whole and in order', async (t) => {
  const [one, other] = socket.socketpair();
  const data = Buffer.alloc(16 << 20);
  for (let i = 0; i < data.length; i += 4) data.writeUInt32LE(i, i);
  const parts: Buffer[] = [];
  const receiving = (async () => {
    for (;;) {
      const part = await asyncio.sock_recv(other, 1 << 16);
      if (part.length === 0) return;
      parts.push(part);
    }
  })();
  await asyncio.sock_sendall(one, data);
  one.close();
  await receiving;
  t.true(Buffer.concat(parts).equals(data));
  other.close();
});

test('calls that are made one after the other are served in that order', async (t) => {
  const [one, other] = socket.socketpair();
  const blocks = Array.from({ length: 200 }, (_, i) => Buffer.alloc(50_000, i));
  const sending = Promise.all(blocks.map((block) => asyncio.sock_sendall(one, block)));
  const got: Buffer[] = [];
  for (let left = 200 * 50_000; left > 0; ) {
    const part = await asyncio.sock_recv(other, left);
    left -= part.length;
    got.push(part);
  }
  await sending;
  t.true(Buffer.concat(got).equals(Buffer.concat(blocks)));

  const order: string[] = [];
  const receiving = ['first', 'second', 'third'].map(async (name) => {
    order.push(`${name} ${await asyncio.sock_recv(other, 1)}`);
  });
  one.sendall(bytes('abc'));
  await Promise.all(receiving);
  t.deepEqual(order, ['first a', 'second b', 'third c']);
  one.close();
  other.close();
});

test('one socket that is always ready does not keep the others waiting', async (t) => {
  const [one, other] = socket.socketpair();
  other.sendall(Buffer.alloc(100_000));
  let turns = 0;
  const immediate = (async () => {
    for (;;) {
      await setImmediate();
      turns++;
      if (one.fileno() < 0) return;
    }
  })();
  for (let i = 0; i < 100_000; i++) await asyncio.sock_recv(one, 1);
  t.true(turns > 100, `${turns} turns of the loop`);
  one.close();
  other.close();
  await immediate;
});

test('datagrams, with addresses', async (t) => {
  using a = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  using b = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  a.bind(['127.0.0.1', 0]);
  b.bind(['127.0.0.1', 0]);
  const waiting = asyncio.sock_recvfrom(b, 100);
  t.true(await pending(waiting));
  t.is(await asyncio.sock_sendto(a, bytes('one'), b.getsockname()), 3);
  t.deepEqual(await waiting, [bytes('one'), a.getsockname()]);
  // A name is resolved without blocking.
  const { length } = bytes('three');
  t.is(await asyncio.sock_sendto(a, bytes('three'), ['localhost', b.getsockname()[1]]), length);
  const buffer = Buffer.alloc(10);
  t.deepEqual(await asyncio.sock_recvfrom_into(b, buffer), [length, a.getsockname()]);
  t.is(`${buffer.subarray(0, length)}`, 'three');
});

test('many messages in one call', async (t) => {
  using a = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  using b = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  a.bind(['127.0.0.1', 0]);
  b.connect(a.getsockname());
  const sent = new socket.MessageBatch(3, 100);
  for (const i of [0, 1, 2]) sent.set(i, bytes(`message ${i}`));
  const received = new socket.MessageBatch(10, 100);
  const waiting = asyncio.sock_recvmmsg_into(a, received);
  t.true(await pending(waiting));
  t.is(await asyncio.sock_sendmmsg(b, sent, 1), 2);
  t.is(await waiting, 2);
  t.deepEqual(
    [0, 1].map((i) => `${received.bytes(i)}`),
    ['message 1', 'message 2'],
  );
});

testUnless(NO_UNIX)('a receiver that is full is waited for, without asking all the time', async (t) => {
  const path = join(tmpdir(t), 'receiver');
  using receiver = new socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  receiver.bind(path);
  using sender = new socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  sender.setblocking(false);
  try {
    for (;;) sender.sendto(bytes('x'), path);
  } catch (error) {
    t.is((error as OSError).code, 'EAGAIN');
  }
  let tries = 0;
  const { sendto } = sender;
  sender.sendto = (...args: unknown[]) => {
    tries++;
    return (sendto as (...args: unknown[]) => number).apply(sender, args);
  };
  const waiting = asyncio.sock_sendto(sender, bytes('last'), path);
  // poll(2) says all the time that this socket is writable. Pauses grow to 10 ms: the longer it takes, the more tries.
  const begun = performance.now();
  for (let turn = 0; turn < 500; turn++) await setImmediate();
  t.true(await pending(waiting));
  t.true(tries <= 20 + (performance.now() - begun) / 5, `${tries} tries`);
  receiver.recv(10);
  t.is(await waiting, 4);
});

testUnless(NO_UNIX)('messages for which there is no room at first are all sent', async (t) => {
  const [one, other] = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM);
  const sent = new socket.MessageBatch(1000, 2000);
  for (let i = 0; i < 1000; i++) sent.set(i, Buffer.alloc(2000, i));
  const sending = asyncio.sock_sendmmsg(one, sent);
  t.true(await pending(sending));
  const received = new socket.MessageBatch(64, 2000);
  for (let count = 0; count < 1000; ) {
    const n = await asyncio.sock_recvmmsg_into(other, received);
    for (let i = 0; i < n; i++) t.is(received.bytes(i)[1999], (count + i) % 256);
    count += n;
  }
  t.is(await sending, 1000);
  one.close();
  other.close();
});

testUnless(NO_ZEROCOPY)('sends without a copy, and their reports', async (t) => {
  const [server, address] = listener();
  const client = new socket.socket();
  client.connect(address);
  const [connection] = await asyncio.sock_accept(server);
  const data = Buffer.alloc(200_000, 'zero');
  const receiving = (async () => {
    let got = 0;
    for (let part = Buffer.alloc(1) as Buffer; part.length > 0; got += part.length) {
      part = await asyncio.sock_recv(connection, 65536);
    }
    return got;
  })();
  for (let sent = 0; sent < data.length; ) sent += await asyncio.sock_send_zerocopy(client, data.subarray(sent));
  for (let reported = 0; reported < data.length; ) {
    for (const [bytes] of await asyncio.sock_reap_zerocopy(client)) reported += bytes.byteLength;
  }
  client.close();
  t.is(await receiving, data.length);
  connection.close();
  server.close();
});

testUnless(NO_UNIX)('messages with descriptors', async (t) => {
  const [one, other] = socket.socketpair();
  const receiving = asyncio.sock_recvmsg(other, 10, socket.CMSG_SPACE(4));
  const rights = Buffer.from(Int32Array.of(one.fileno()).buffer);
  const sent = await asyncio.sock_sendmsg(
    one,
    [bytes('f'), bytes('d')],
    [[socket.SOL_SOCKET, socket.SCM_RIGHTS, rights]],
  );
  t.is(sent, 2);
  const [data, ancillary] = await receiving;
  t.deepEqual(data, bytes('fd'));
  const fd = ancillary[0][2].readInt32LE();
  t.is(fstatSync(fd).ino, fstatSync(one.fileno()).ino);
  socket.close(fd);
  one.close();
  other.close();
});

testUnless(NO_PROGRAMS)('sendfile from the kernel, in parts, and of what is no file', async (t) => {
  const path = join(tmpdir(t), 'file');
  const data = Buffer.alloc(3 << 20, 'abcdefg');
  writeFileSync(path, data);
  const file = openSync(path, 'r');
  const [one, other] = socket.socketpair();
  const receive = async (count: number) => {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; left -= parts[parts.length - 1].length)
      parts.push(await asyncio.sock_recv(other, left));
    return Buffer.concat(parts);
  };
  let got = receive(data.length);
  t.is(await asyncio.sock_sendfile(one, file), data.length);
  t.true((await got).equals(data));
  got = receive(1000);
  t.is(await asyncio.sock_sendfile(one, file, 5, 1000), 1000);
  t.true((await got).equals(data.subarray(5, 1005)));
  closeSync(file);

  const fifo = join(tmpdir(t), 'fifo');
  spawnSync('mkfifo', [fifo], { env: cleanEnv() });
  const pipe = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = spawnPeer('sh', ['-c', 'exec > "$1"; printf "through "; printf "a pipe"', 'sh', fifo]);
  t.is(await asyncio.sock_sendfile(one, pipe), 14);
  t.is(`${await receive(14)}`, 'through a pipe');
  t.is(await writer.exit, 0);
  closeSync(pipe);
  // Whoever gets the pipe's number next is waited for like any other.
  const pairs: socket.socket[][] = [];
  do pairs.push(socket.socketpair());
  while (!pairs.flat().some((sock) => sock.fileno() === pipe));
  const last = pairs[pairs.length - 1];
  const [next, peer] = last[0].fileno() === pipe ? last : [last[1], last[0]];
  const waiting = asyncio.sock_recv(next, 4);
  peer.sendall(bytes('next'));
  t.is(`${await waiting}`, 'next');
  for (const sock of pairs.flat()) sock.close();
  await t.throwsAsync(asyncio.sock_sendfile(one, file, 0, 0), {
    instanceOf: ValueError,
    message: 'count must be a positive integer (got 0)',
  });
  one.close();
  other.close();
});

test('TLS: connect, accept and both handshakes, data, goodbye', async (t) => {
  const server = serverContext().wrap_socket(socket.create_server(['127.0.0.1', 0]), { server_side: true });
  const client = clientContext().wrap_socket(new socket.socket(), { server_hostname: 'localhost' });
  const accepting = asyncio.sock_accept(server);
  await asyncio.sock_connect(client, server.getsockname());
  const connection = (await accepting)[0] as SSLSocket;
  t.is(client.version(), 'TLSv1.3');
  const data = Buffer.alloc(1 << 20, 'tls ');
  const sending = asyncio.sock_sendall(client, data);
  const parts: Buffer[] = [];
  for (let left = data.length; left > 0; left -= parts[parts.length - 1].length) {
    parts.push(await asyncio.sock_recv(connection, 5000));
  }
  await sending;
  t.true(Buffer.concat(parts).equals(data));
  await Promise.all([asyncio.sock_unwrap(client), asyncio.sock_unwrap(connection)]);
  await asyncio.sock_sendall(client, bytes('plain'));
  t.is(`${await asyncio.sock_recv(connection, 100)}`, 'plain');
  for (const sock of [server, client, connection]) sock.close();
});

testUnless(NO_PROGRAMS)('node:net and python3 at the other end', async (t) => {
  const net = createServer((stream) => stream.pipe(stream));
  await new Promise<void>((resolve) => net.listen(0, '127.0.0.1', resolve));
  const client = new socket.socket();
  await asyncio.sock_connect(client, ['127.0.0.1', (net.address() as { port: number }).port]);
  await asyncio.sock_sendall(client, bytes('to node'));
  t.is(`${await asyncio.sock_recv(client, 100)}`, 'to node');
  client.close();
  await new Promise((resolve) => net.close(resolve));

  const [server, [, port]] = listener();
  const peer = spawnPeer('python3', [
    '-c',
    `import socket; s = socket.create_connection(('127.0.0.1', ${port})); s.sendall(s.recv(100).upper())`,
  ]);
  const [connection] = await asyncio.sock_accept(server);
  await asyncio.sock_sendall(connection, bytes('to python'));
  t.is(`${await asyncio.sock_recv(connection, 100)}`, 'TO PYTHON');
  t.is(await peer.exit, 0);
  connection.close();
  server.close();
});

// ---- names ---------------------------------------------------------------------------------------------------------

test('names are resolved as the blocking calls do', async (t) => {
  const options = { type: socket.SOCK_STREAM };
  t.deepEqual(await asyncio.getaddrinfo('localhost', 80, options), socket.getaddrinfo('localhost', 80, options));
  t.deepEqual(await asyncio.getnameinfo(['127.0.0.1', 80]), socket.getnameinfo(['127.0.0.1', 80], 0));
  const unknown = await t.throwsAsync(asyncio.getaddrinfo('no such host.invalid', 80), { instanceOf: gaierror });
  t.is((unknown as gaierror).errno, socket.EAI_NONAME);
  await t.throwsAsync(asyncio.getaddrinfo(5 as never, 80), {
    instanceOf: TypeError,
    message: 'getaddrinfo() argument 1 must be string or None',
  });
  const aborted = AbortSignal.abort(new Error('not now'));
  await t.throwsAsync(asyncio.getaddrinfo('localhost', 80, { signal: aborted }), { message: 'not now' });
});

// ---- errors, timeouts, cancellation --------------------------------------------------------------------------------

test('errors are those of the blocking calls, and reject', async (t) => {
  using free = socket.create_server(['127.0.0.1', 0]);
  const address = free.getsockname();
  free.close();
  using sock = new socket.socket();
  const refused = await t.throwsAsync(asyncio.sock_connect(sock, address), { instanceOf: OSError });
  t.is((refused as OSError).errno, ECONNREFUSED);
  await t.throwsAsync(asyncio.sock_recv(sock, -1), { instanceOf: ValueError, message: 'negative buffersize in recv' });
  await t.throwsAsync(asyncio.sock_sendall(sock, 'text' as never), {
    instanceOf: TypeError,
    message: "a bytes-like object is required, not 'str'",
  });
  const closed = new socket.socket();
  closed.close();
  for (const call of [
    asyncio.sock_recv(closed, 1),
    asyncio.sock_accept(closed),
    asyncio.sock_connect(closed, address),
    asyncio.sock_sendall(closed, bytes('x')),
  ]) {
    const error = await t.throwsAsync(call, { instanceOf: OSError });
    t.is((error as OSError).errno, NOT_OPEN.errno);
  }
});

test("a socket's timeout limits each call; none and 0 do not", async (t) => {
  const [one, other] = socket.socketpair();
  one.settimeout(0.02);
  await t.throwsAsync(asyncio.sock_recv(one, 1), { instanceOf: TimeoutError, message: 'timed out' });
  // Nothing of the timed out call is left: what comes now is the next one's.
  one.settimeout(60);
  other.sendall(bytes('ab'));
  t.is(`${await asyncio.sock_recv(one, 1)}`, 'a');
  one.settimeout(0);
  t.is(`${await asyncio.sock_recv(one, 1)}`, 'b');
  const waiting = asyncio.sock_recv(one, 1);
  t.true(await pending(waiting));
  other.sendall(bytes('c'));
  t.is(`${await waiting}`, 'c');
  one.close();
  other.close();
});

test('an aborted call rejects with the reason, and loses no data', async (t) => {
  const [one, other] = socket.socketpair();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [asyncio.sock_recv(one, 1, { signal }), asyncio.sock_recv(one, 1), asyncio.sock_recv(one, 1)];
  controller.abort(new Error('never mind'));
  await t.throwsAsync(waiting[0], { message: 'never mind' });
  other.sendall(bytes('xy'));
  t.deepEqual((await Promise.all(waiting.slice(1))).map(String), ['x', 'y']);
  await t.throwsAsync(asyncio.sock_recv(one, 1, { signal }), { message: 'never mind' });
  one.close();
  other.close();
});

test('an abort in the very turn in which data arrives: either the call has it or the socket', async (t) => {
  const [one, other] = socket.socketpair();
  let taken = 0;
  for (let i = 0; i < 300; i++) {
    const controller = new AbortController();
    const waiting = asyncio.sock_recv(one, 1, { signal: controller.signal }).then(
      (data) => data.length,
      () => 0,
    );
    other.send(bytes('x'));
    if (i % 3 === 0) await setImmediate();
    controller.abort();
    taken += await waiting;
  }
  one.settimeout(0);
  while (taken < 300) taken += one.recv(300).length;
  t.is(taken, 300);
  one.close();
  other.close();
});

test('wait_for and timeout', async (t) => {
  const [one, other] = socket.socketpair();
  const options = { instanceOf: TimeoutError, message: 'timed out' };
  await t.throwsAsync(
    asyncio.wait_for((signal) => asyncio.sock_recv(one, 1, { signal }), 0.01),
    options,
  );
  await t.throwsAsync(asyncio.wait_for(new Promise(() => {}), 0.01), options);
  t.is(await asyncio.wait_for(Promise.resolve(5), null), 5);
  {
    using deadline = asyncio.timeout(0.01);
    await t.throwsAsync(asyncio.sock_recv(one, 1, deadline), options);
    t.true(deadline.expired());
  }
  {
    using deadline = asyncio.timeout(3600);
    other.sendall(bytes('z'));
    t.is(`${await asyncio.sock_recv(one, 1, deadline)}`, 'z');
    deadline.reschedule((deadline.when() as number) - 3600);
    await t.throwsAsync(asyncio.sock_recv(one, 1, deadline), options);
  }
  using outer = asyncio.timeout(0.01);
  using inner = asyncio.timeout(3600, outer);
  await t.throwsAsync(asyncio.sock_recv(one, 1, inner), options);
  t.false(inner.expired());
  one.close();
  other.close();
});

// ---- closing -------------------------------------------------------------------------------------------------------

test('closing and detaching a socket that is awaited rejects what awaits it', async (t) => {
  const [one, other] = socket.socketpair();
  const [third, fourth] = socket.socketpair();
  const waiting = [asyncio.sock_recv(one, 1), asyncio.sock_recv(one, 1), asyncio.sock_recv(third, 1)];
  one.close();
  const fd = third.detach();
  for (const each of waiting) {
    const error = await t.throwsAsync(each, { instanceOf: OSError });
    t.is((error as OSError).errno, NOT_OPEN.errno);
  }
  socket.close(fd);
  other.close();
  fourth.close();
});

test("a number that is used again does not get the former descriptor's events", async (t) => {
  const [one, other] = socket.socketpair();
  // A duplicate keeps the connection open: its readiness goes on after the close, in the kernel.
  const duplicate = one.dup();
  let called = 0;
  asyncio.add_reader(one, () => called++);
  other.sendall(bytes('x'));
  const fd = one.fileno();
  one.close();
  const [next, peer] = socket.socketpair();
  t.true([next.fileno(), peer.fileno()].includes(fd), 'the number is used again');
  const waiting = [asyncio.sock_recv(next, 1), asyncio.sock_recv(peer, 1)];
  t.true(await pending(waiting[0]));
  t.true(await pending(waiting[1]));
  t.is(called, 0);
  for (const sock of [next, peer, duplicate, other]) sock.close();
  await Promise.allSettled(waiting);
});

test('a descriptor that is closed and used again within one batch of events', async (t) => {
  const pairs = Array.from({ length: 20 }, () => socket.socketpair());
  const opened: [socket.socket, socket.socket][] = [];
  let wrong = 0;
  // Whichever is served first closes all the others, and registers their numbers anew.
  const first = () => {
    for (const [sock] of pairs) sock.close();
    for (let i = 0; i < 10; i++) {
      const pair = socket.socketpair();
      opened.push(pair);
      for (const sock of pair) asyncio.add_reader(sock, () => wrong++);
    }
  };
  for (const [sock, peer] of pairs) {
    asyncio.add_reader(sock, first);
    peer.sendall(bytes('x'));
  }
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  t.is(opened.length, 10);
  t.is(wrong, 0);
  for (const sock of [...pairs.map(([, peer]) => peer), ...opened.flat()]) sock.close();
});

// ---- callbacks -----------------------------------------------------------------------------------------------------

test('add_reader and add_writer are level-triggered, and replace each other', async (t) => {
  const [one, other] = socket.socketpair();
  const calls: string[] = [];
  asyncio.add_reader(one, (name) => calls.push(name), 'first');
  other.sendall(bytes('xx'));
  while (calls.length < 3) await setImmediate();
  t.deepEqual([...new Set(calls)], ['first']);
  asyncio.add_reader(one, (name: string) => calls.push(name), 'second');
  calls.length = 0;
  while (calls.length === 0) await setImmediate();
  t.deepEqual([...new Set(calls)], ['second']);
  t.true(asyncio.remove_reader(one));
  t.false(asyncio.remove_reader(one));
  calls.length = 0;
  for (let turn = 0; turn < 3; turn++) await setImmediate();
  t.deepEqual(calls, []);

  asyncio.add_writer(one.fileno(), () => calls.push('writable'));
  while (calls.length === 0) await setImmediate();
  t.true(asyncio.remove_writer(one));
  t.false(asyncio.remove_writer(one));
  // As CPython 3.11 says it.
  const refused: [fd: unknown, Class: typeof ValueError | typeof OverflowError, message: string][] = [
    ['x', ValueError, "Invalid file object: 'x'"],
    [null, ValueError, 'Invalid file object: None'],
    [1.5, ValueError, 'Invalid file object: 1.5'],
    [-1, ValueError, 'Invalid file descriptor: -1'],
    [2 ** 40, OverflowError, 'Python int too large to convert to C int'],
  ];
  for (const [fd, instanceOf, message] of refused) {
    t.throws(() => asyncio.add_reader(fd as never, () => {}), { instanceOf, message });
    if (instanceOf === ValueError) t.throws(() => asyncio.remove_reader(fd as never), { instanceOf, message });
  }
  const file = openSync(process.execPath, 'r');
  const error = t.throws(() => asyncio.add_reader(file, () => {}), { instanceOf: OSError }) as OSError;
  t.is(error.code, process.platform === 'win32' ? NOT_OPEN.code : 'EPERM');
  closeSync(file);
  one.close();
  other.close();
});

test('both directions of one socket at once', async (t) => {
  const [one, other] = socket.socketpair();
  one.setblocking(false);
  const filled = Buffer.alloc(1 << 16);
  let room = 0;
  try {
    for (;;) room += one.send(filled);
  } catch {
    t.true(room > 0);
  }
  const sending = asyncio.sock_sendall(one, bytes('the end'));
  const receiving = asyncio.sock_recv(one, 10);
  t.true(await pending(sending));
  t.true(await pending(receiving));
  other.sendall(bytes('now'));
  t.is(`${await receiving}`, 'now');
  t.true(await pending(sending));
  let last: Buffer = Buffer.alloc(0);
  for (let left = room + 7; left > 0; left -= last.length) last = await asyncio.sock_recv(other, 1 << 20);
  await sending;
  t.true(last.toString().endsWith('the end'));
  one.close();
  other.close();
});

// ---- the process and its threads -----------------------------------------------------------------------------------

test('a process lives as long as something is awaited, and no longer', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    const [one, other] = socket.socketpair();
    const waiting = asyncio.sock_recv(one, 10);
    setTimeout(() => other.sendall(Buffer.from('late')), 50).unref();
    // The timer alone does not keep the process: the call does.
    setTimeout(() => {}, 60);
    console.log(String(await waiting));
    asyncio.add_reader(one, () => {});
    asyncio.remove_reader(one);
    // A socket that was awaited, is still registered, and is awaited no more.
    process.on('exit', () => console.log('ended by itself'));
  `);
  t.is(await peer.line(), 'late');
  t.is(await peer.line(), 'ended by itself');
  t.is(await peer.exit, 0, peer.errors());
});

test('what an add_reader callback throws is an uncaught exception; the others are served all the same', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    const pairs = [socket.socketpair(), socket.socketpair()];
    for (const [sock] of pairs) asyncio.add_reader(sock, () => { asyncio.remove_reader(sock); throw new Error('thrown'); });
    for (const [, other] of pairs) other.sendall(Buffer.from('x'));
  `);
  t.is(await peer.line(), 'uncaught thrown');
  t.is(await peer.line(), 'uncaught thrown');
  t.is(await peer.exit, 0, peer.errors());
});

test('a worker ends cleanly with calls pending', async (t) => {
  for (let round = 0; round < 3; round++) {
    const peer = startWorker(`
      const { asyncio, socket } = berkeley;
      const [one, other] = socket.socketpair();
      asyncio.sock_recv(one, 1);
      asyncio.add_writer(other, () => {});
      asyncio.getaddrinfo('localhost', 80);
      send('waiting');
    `);
    t.is(await peer.next(), 'waiting');
    await peer.worker.terminate();
  }
});

const testExit = testUnless(underSanitizers && 'process.exit leaves memory of Node itself allocated');
testExit('a process ends with calls pending', async (t) => {
  const peer = spawnNode(`
    const { asyncio, socket } = berkeley;
    const [one] = socket.socketpair();
    asyncio.sock_recv(one, 1);
    asyncio.getaddrinfo('localhost', 80);
    setImmediate(() => process.exit(7));
  `);
  t.is(await peer.exit, 7, peer.errors());
});

test('1,000 descriptors that are ready at once', async (t) => {
  const pairs = Array.from({ length: 1500 }, () => socket.socketpair());
  const receiving = pairs.map(([sock]) => asyncio.sock_recv(sock, 10));
  for (const [i, [, other]] of pairs.entries()) other.sendall(bytes(`${i}`));
  t.deepEqual((await Promise.all(receiving)).map(Number), [...pairs.keys()]);
  for (const sock of pairs.flat()) sock.close();
});

/** Whether a poller of this process watches `fd`, as the kernel tells: proc(5). */
function watched(fd: number): boolean {
  return readdirSync('/proc/self/fdinfo').some((name) => {
    try {
      return new RegExp(`^tfd: +${fd} `, 'm').test(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'));
    } catch {
      return false; // closed since
    }
  });
}

test('what is ready and not awaited is reported once, and then no more', async (t) => {
  if (native.loopBackend() !== 'epoll') return skip(t, 'only of epoll does the kernel tell what it watches');
  const [one, other] = socket.socketpair();
  const waiting = asyncio.sock_recv(one, 1);
  t.true(watched(one.fileno()));
  other.sendall(bytes('abc'));
  await waiting;
  while (watched(one.fileno())) await setImmediate();
  t.is(`${await asyncio.sock_recv(one, 5)}`, 'bc');
  const more = asyncio.sock_recv(one, 5);
  t.true(watched(one.fileno()));
  other.close();
  t.is((await more).length, 0);
  one.close();
});

test('what is no socket is refused by what it is', async (t) => {
  const wrong = (type: string) => ({ instanceOf: TypeError, message: `a socket is required, not ${type}` });
  await t.throwsAsync(asyncio.sock_recv(5 as never, 1), wrong('int'));
  await t.throwsAsync(asyncio.sock_sendall(undefined as never, bytes('a')), wrong('NoneType'));
  await t.throwsAsync(asyncio.sock_connect({} as never, ['127.0.0.1', 1]), wrong('dict'));
  await t.throwsAsync(asyncio.sock_sendto(null as never, bytes('a'), ['127.0.0.1', 1]), wrong('NoneType'));
  await t.throwsAsync(asyncio.sock_sendfile(5 as never, 0 as never), wrong('int'));
});

test('what is no signal and stands in its place is refused, and nothing is received', async (t) => {
  const [one, other] = socket.socketpair();
  other.sendall(bytes('kept'));
  for (const [options, message] of [
    [{ singal: AbortSignal.abort() }, "an awaited call got an unexpected keyword argument 'singal'"],
    [new AbortController().signal, 'an awaited call takes { signal } last, not AbortSignal'],
    [socket.MSG_PEEK, 'an awaited call takes { signal } last, not int'],
  ]) {
    await t.throwsAsync(asyncio.sock_recv(one, 10, options as never), { instanceOf: TypeError, message: `${message}` });
  }
  t.is(`${await asyncio.sock_recv(one, 10)}`, 'kept');
  for (const each of [one, other]) each.close();
});

test('a connection that node:net made and gave away', async (t) => {
  const [server, [host, port]] = listener();
  const stream = createConnection(port, host);
  const [connection] = await asyncio.sock_accept(server);
  const data = new Promise((resolve) => stream.once('data', resolve));
  await asyncio.sock_sendall(connection, bytes('hello node'));
  t.is(`${await data}`, 'hello node');
  const ended = new Promise((resolve) => stream.once('close', resolve));
  connection.close();
  stream.end();
  await ended;
  server.close();
});
