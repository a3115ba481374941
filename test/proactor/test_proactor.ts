/** berkeley/proactor: many operations in one call. */
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { BlockingIOError, ValueError } from '../../lib/core/exceptions.js';
import * as proactor from '../../lib/proactor/index.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PROGRAMS, NO_UNIX, NOT_OPEN, python, startWorker, testUnless, until } from '../helpers/peers.js';
import { clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

/** The error of a send after the end of what this side has to say. */
const BROKEN = process.platform === 'win32' ? errno.ESHUTDOWN : errno.EPIPE;

const {
  ACCEPT,
  CLOSE,
  CONNECT,
  KEEP_BUFFER,
  MULTISHOT,
  Proactor,
  QUIET,
  RECV,
  RECVFROM,
  SEND,
  SENDTO,
  SHUTDOWN,
  TIMEOUT,
} = proactor;

function newProactor(t: ExecutionContext, options: proactor.ProactorOptions = {}): proactor.Proactor {
  const made = new Proactor(options);
  t.teardown(() => made.close());
  return made;
}

function listening(t: ExecutionContext): socket.socket {
  const listener = socket.create_server(['127.0.0.1', 0]);
  t.teardown(() => listener.close());
  return listener;
}

type Row = [operation: number, token: number, result: number];

/** Waits until so many completions have come: what they were, with a copy of the bytes. */
function completions(p: proactor.Proactor, least: number): { rows: Row[]; bytes: string } {
  const rows: Row[] = [];
  let bytes = '';
  while (rows.length < least) {
    const count = p.wait(30);
    if (count === 0) throw new Error(`only ${rows.length} completions`);
    for (let i = 0; i < count; i++) {
      rows.push([p.operation(i), p.token(i), p.result(i)]);
      if (p.buffer(i) < 0) continue;
      bytes += p.data(i).toString('latin1');
      p.give_back(p.buffer(i));
    }
  }
  return { rows, bytes };
}

/** Receives what is there from a nonblocking socket: how many bytes. */
function receivedNow(sock: socket.socket, into: Buffer): number {
  try {
    return sock.recv_into(into);
  } catch (error) {
    if (error instanceof BlockingIOError) return 0;
    throw error;
  }
}

const one = (p: proactor.Proactor): Row => completions(p, 1).rows[0];

// ---- operations ------------------------------------------------------------------------------------------------------

test('accepts, receives, sends and closes', (t) => {
  const p = newProactor(t);
  const listener = listening(t);
  const at = p.add(listener);
  p.accept(at, MULTISHOT);
  using client = socket.create_connection(listener.getsockname());
  t.is(p.wait(30), 1);
  t.deepEqual([p.operation(0), p.token(0), p.more(0)], [ACCEPT, at, true]);
  const token = p.result(0);
  const accepted = p.socket(token);
  t.deepEqual(accepted.getpeername(), client.getsockname());
  t.is(native.getInheritable(accepted.fileno()), 0);
  p.recv(token, 0, 42);
  client.sendall(Buffer.from('hello'));
  t.is(p.wait(30), 1);
  t.deepEqual([p.operation(0), p.token(0), p.result(0), p.user_data(0), p.more(0)], [RECV, token, 5, 42, false]);
  t.is(p.data(0).toString(), 'hello');
  p.send(token, p.buffer(0), 5);
  p.close_socket(token);
  t.deepEqual(completions(p, 2).rows, [
    [SEND, token, 5],
    [CLOSE, token, 0],
  ]);
  t.is(accepted.fileno(), -1);
  t.is(client.recv(100).toString(), 'hello');
  t.is(client.recv(100).length, 0);
  t.throws(() => p.socket(token), { instanceOf: ValueError });
  t.is(p.free_buffers, 256);
});

test('quiet operations complete only if they fail', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.write(token, Buffer.from('quiet'));
  t.is(p.wait(0), 0);
  t.is(b.recv(10).toString(), 'quiet');
  p.shutdown(token, socket.SHUT_WR, QUIET);
  p.write(token, Buffer.from('too late'));
  t.deepEqual(one(p), [SEND, token, -BROKEN]);
  t.is(p.free_buffers, 256);
});

test('connects, and sends what was submitted meanwhile', (t) => {
  const p = newProactor(t);
  const listener = listening(t);
  using client = new socket.socket();
  const token = p.add(client);
  p.connect(token, listener.getsockname());
  p.write(token, Buffer.from('early'), 0);
  t.deepEqual(completions(p, 2).rows, [
    [CONNECT, token, 0],
    [SEND, token, 5],
  ]);
  const [server] = listener.accept();
  t.is(server.recv(10).toString(), 'early');
  server.close();
  t.is(p.free_buffers, 256);
});

test('a connection that is refused is told, and whose it was', (t) => {
  const p = newProactor(t);
  using holder = new socket.socket();
  holder.bind(['127.0.0.1', 0]);
  using client = new socket.socket();
  const token = p.add(client);
  p.connect(token, holder.getsockname());
  t.deepEqual(one(p), [CONNECT, token, -errno.ECONNREFUSED]);
  t.is(p.free_buffers, 256);
});

test('datagrams: received with their senders, and sent back', (t) => {
  const p = newProactor(t);
  using server = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  using client = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  server.bind(['127.0.0.1', 0]);
  client.bind(['127.0.0.1', 0]);
  const token = p.add(server);
  p.recvfrom(token, MULTISHOT);
  for (const text of ['one', '', 'three']) client.sendto(Buffer.from(text), server.getsockname());
  const seen: unknown[] = [];
  while (seen.length < 3) {
    const count = p.wait(30);
    for (let i = 0; i < count; i++) {
      if (p.operation(i) !== RECVFROM) continue;
      seen.push([p.data(i).toString(), p.address(i)]);
      p.reply(i, p.result(i), QUIET);
    }
  }
  t.deepEqual(
    seen,
    ['one', '', 'three'].map((text) => [text, client.getsockname()]),
  );
  p.wait(0);
  t.deepEqual(
    [1, 2, 3].map(() => client.recv(10).toString()),
    ['one', '', 'three'],
  );
  const buffer = p.take();
  p.buffers[buffer].write('to you');
  p.sendto(token, buffer, 6, client.getsockname());
  t.deepEqual(one(p), [SENDTO, token, 6]);
  t.is(client.recv(10).toString(), 'to you');
});

testUnless(NO_UNIX)('Unix sockets', (t) => {
  const p = newProactor(t);
  const [a, b] = unixPair(t);
  const token = p.add(a);
  p.recv(token);
  b.sendall(Buffer.from('x'));
  t.deepEqual(one(p), [RECV, token, 1]);
});

// ---- order, back-pressure, ends --------------------------------------------------------------------------------------

test('sends come in order, each whole, though the peer reads slowly', (t) => {
  const p = newProactor(t, { buffers: 64, buffer_size: 65_536 });
  const [a, b] = tcpPair(t);
  a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096);
  const token = p.add(a);
  const sent = Buffer.alloc(64 * 65_536);
  for (let i = 0; i < sent.length; i++) sent[i] = (i * 7 + (i >> 8) * 13) & 255;
  t.is(p.write(token, sent, 0), sent.length);
  t.is(p.take(), -1);
  b.setblocking(false);
  const got: Buffer[] = [];
  let length = 0;
  let done = 0;
  while (length < sent.length) {
    // Not without end: what completes a send may be that the peer reads.
    const count = p.wait(0.001);
    for (let i = 0; i < count; i++) {
      t.deepEqual([p.operation(i), p.result(i)], [SEND, 65_536]);
      done++;
    }
    const part = Buffer.alloc(20_000);
    const n = receivedNow(b, part);
    got.push(part.subarray(0, n));
    length += n;
  }
  if (done < 64) done += completions(p, 64 - done).rows.length;
  t.is(done, 64);
  t.true(Buffer.concat(got).equals(sent));
  t.is(p.free_buffers, 64);
});

test('a peer that has sent all can still be sent to', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token, MULTISHOT);
  b.sendall(Buffer.from('last'));
  b.shutdown(socket.SHUT_WR);
  const { rows, bytes } = completions(p, 2);
  t.deepEqual(rows, [
    [RECV, token, 4],
    [RECV, token, 0],
  ]);
  t.is(bytes, 'last');
  p.write(token, Buffer.from('answer'));
  p.shutdown(token, socket.SHUT_WR);
  t.deepEqual(one(p), [SHUTDOWN, token, 0]);
  t.is(b.recv(10).toString(), 'answer');
  t.is(b.recv(10).length, 0);
});

test('without a free buffer nothing is received, and nothing is lost', (t) => {
  const p = newProactor(t, { buffers: 2, buffer_size: 4 });
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token, MULTISHOT);
  b.sendall(Buffer.from('abcdefghijkl'));
  const held: number[] = [];
  let bytes = '';
  while (held.length < 2) {
    const count = p.wait(30);
    for (let i = 0; i < count; i++) {
      bytes += p.data(i);
      held.push(p.buffer(i));
    }
  }
  t.is(p.wait(0), 0);
  t.is(p.wait(0.05), 0);
  for (const buffer of held) p.give_back(buffer);
  while (bytes.length < 12) bytes += completions(p, 1).bytes;
  t.is(bytes, 'abcdefghijkl');
});

test('completions that have no room come with the next waits', (t) => {
  const p = newProactor(t, { entries: 2, buffers: 16 });
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  for (let i = 0; i < 10; i++) p.write(token, Buffer.from(`${i}`), 0, i);
  const users: number[] = [];
  while (users.length < 10) {
    const count = p.wait(30);
    t.true(count <= 2);
    for (let i = 0; i < count; i++) users.push(p.user_data(i));
  }
  t.deepEqual(
    users,
    Array.from({ length: 10 }, (_, i) => i),
  );
  t.is(b.recv(100).toString(), '0123456789');
});

test('a buffer that is kept is sent again and again', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  const buffer = p.take();
  p.buffers[buffer].write('again');
  for (let i = 0; i < 3; i++) p.send(token, buffer, 5, KEEP_BUFFER | QUIET);
  p.wait(0);
  t.is(b.recv(100).toString(), 'againagainagain');
  p.give_back(buffer);
  t.throws(() => p.give_back(buffer), { instanceOf: ValueError });
});

// ---- closing, cancelling, time-outs ----------------------------------------------------------------------------------

test('a socket that is closed while operations are under way completes them with EBADF', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token);
  t.is(p.wait(0), 0);
  const fd = a.fileno();
  a.close();
  t.is(b.recv(1).length, 0);
  // The number is somebody else's now, whose bytes are not touched.
  const [c, d] = tcpPair(t);
  d.sendall(Buffer.from('mine'));
  c.sendall(Buffer.from('mine'));
  t.deepEqual(one(p), [RECV, token, -NOT_OPEN.errno]);
  p.write(token, Buffer.from('nobody'), 0);
  p.recv(token);
  t.deepEqual(completions(p, 2).rows, [
    [SEND, token, -NOT_OPEN.errno],
    [RECV, token, -NOT_OPEN.errno],
  ]);
  t.true([c.fileno(), d.fileno()].includes(fd));
  t.is(c.recv(10).toString(), 'mine');
  t.is(d.recv(10).toString(), 'mine');
  t.is(p.free_buffers, 256);
});

test('a socket that another object closes is told at the next wait, and its number is not given out before', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token);
  t.is(p.wait(0), 0);
  const fd = a.fileno();
  t.is(native.close(fd), 0);
  const [c, d] = tcpPair(t);
  t.false([c.fileno(), d.fileno()].includes(fd));
  t.deepEqual(one(p), [RECV, token, -NOT_OPEN.errno]);
  t.is(b.recv(1).length, 0);
  t.throws(() => a.close(), { code: NOT_OPEN.code });
});

test('a token is never valid again, though its place is', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const first = p.add(a);
  p.remove(first);
  const second = p.add(b);
  t.not(first, second);
  p.recv(first);
  t.deepEqual(one(p), [RECV, first, -NOT_OPEN.errno]);
  t.is(a.send(Buffer.from('x')), 1);
  p.recv(second);
  t.deepEqual(one(p), [RECV, second, 1]);
});

test('cancel ends what is under way', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token, MULTISHOT);
  p.cancel(token, { writing: false });
  t.deepEqual(one(p), [RECV, token, -errno.ECANCELED]);
  b.sendall(Buffer.from('kept'));
  t.is(p.wait(0.05), 0);
  p.recv(token);
  t.is(completions(p, 1).bytes, 'kept');
});

test('a second read of a token is busy', (t) => {
  const p = newProactor(t);
  const [a] = tcpPair(t);
  const token = p.add(a);
  p.recv(token);
  p.recv(token);
  t.deepEqual(one(p), [RECV, token, -errno.EBUSY]);
});

test('time-outs come in their order, and can be removed', (t) => {
  const p = newProactor(t);
  p.timeout(0.05, 2);
  p.timeout(0.02, 1);
  p.timeout(1000, 3);
  p.timeout_remove(3);
  const order: unknown[] = [];
  while (order.length < 3) {
    const count = p.wait(30);
    for (let i = 0; i < count; i++) order.push([p.operation(i), p.user_data(i), p.result(i)]);
  }
  t.deepEqual(order, [
    [TIMEOUT, 3, -errno.ECANCELED],
    [TIMEOUT, 1, -errno.ETIMEDOUT],
    [TIMEOUT, 2, -errno.ETIMEDOUT],
  ]);
});

test('a proactor that is closed leaves its sockets open', (t) => {
  const p = new Proactor();
  const [a, b] = tcpPair(t);
  p.recv(p.add(a));
  p.wait(0);
  p.close();
  t.true(p.closed);
  b.sendall(Buffer.from('x'));
  t.is(a.recv(1).toString(), 'x');
  t.throws(() => p.wait(0), { instanceOf: ValueError });
  t.throws(() => p.add(a), { instanceOf: ValueError });
  p.close();
});

// ---- bad input -------------------------------------------------------------------------------------------------------

test('what is no argument is refused', (t) => {
  const p = newProactor(t, { entries: 4, buffers: 2, buffer_size: 16 });
  const [a] = tcpPair(t);
  const token = p.add(a);
  for (const options of [{ entries: 0 }, { buffers: 0 }, { buffer_size: 0 }, { entries: 1e9 }]) {
    t.throws(() => new Proactor(options), { instanceOf: ValueError });
  }
  t.throws(() => new Proactor({ sizes: 1 } as never), { instanceOf: TypeError });
  t.throws(() => p.add(a), { instanceOf: ValueError });
  t.throws(() => p.add(5 as never), { instanceOf: TypeError });
  for (const bad of [undefined, null, 1.5, '1', {}, 2 ** 31]) {
    t.throws(() => p.recv(bad as never), { instanceOf: TypeError });
    t.throws(() => p.recv(token, 0, bad === undefined ? (null as never) : (bad as never)), { instanceOf: TypeError });
  }
  const buffer = p.take();
  for (const length of [-1, 17]) t.throws(() => p.send(token, buffer, length), { instanceOf: ValueError });
  t.throws(() => p.send(token, buffer, 10, 0, 10), { instanceOf: ValueError });
  for (const length of [1.5, undefined, '3']) {
    t.throws(() => p.send(token, buffer, length as never), { instanceOf: TypeError });
  }
  for (const bad of [-1, 2, 1.5, undefined, 'x', 1]) {
    t.throws(() => p.send(token, bad as never, 1), { instanceOf: ValueError });
  }
  t.throws(() => p.timeout(-1), { instanceOf: ValueError });
  t.throws(() => p.timeout(1e9), { instanceOf: ValueError });
  t.throws(() => p.write(token, 'text' as never), { instanceOf: TypeError });
  p.recv(12345);
  t.deepEqual(one(p), [RECV, 12345, -NOT_OPEN.errno]);
});

test('more may be submitted than there is room for: it is started at once', (t) => {
  const p = newProactor(t, { entries: 4 });
  // Without completions that are taken, what fails at once has its place until the next wait.
  for (let i = 0; i < 100; i++) p.recv(99);
  t.is(completions(p, 100).rows.length, 100);
  t.throws(() => p.wait(-1), { instanceOf: ValueError });
});

test('what was written into the shared memory harms nobody', (t) => {
  const p = newProactor(t, { entries: 4, buffers: 4, buffer_size: 16 });
  const [a, b] = tcpPair(t);
  const token = p.add(a);
  p.recv(token, MULTISHOT);
  b.sendall(Buffer.from('x'.repeat(64)));
  const all = new Int32Array(p.completions.buffer, 0, 16 + 8 * 8 + 8);
  for (const value of [-1, 2 ** 31 - 1, -(2 ** 31), 7]) {
    all.fill(value);
    t.notThrows(() => p.wait(0));
  }
});

// ---- Node's loop, workers, peers -------------------------------------------------------------------------------------

const NO_DESCRIPTOR =
  ['poll', 'afd'].includes(native.loopBackend()) && "this poller is no descriptor, which Node's loop could watch";

testUnless(NO_DESCRIPTOR)("on Node's loop, with node:net as the peer", async (t) => {
  const p = newProactor(t);
  const listener = listening(t);
  p.on_batch((count) => {
    for (let i = 0; i < count; i++) {
      const result = p.result(i);
      if (p.operation(i) === ACCEPT) p.recv(result, MULTISHOT);
      else if (p.operation(i) === RECV && result > 0) p.send(p.token(i), p.buffer(i), result, QUIET);
      else if (p.operation(i) === RECV) p.close_socket(p.token(i), QUIET);
    }
  });
  p.accept(p.add(listener), MULTISHOT);
  const sent = Buffer.alloc(300_000, 'node:net ');
  const answers = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = net.connect(listener.getsockname()[1], '127.0.0.1');
      client.end(sent);
      const parts: Buffer[] = [];
      for await (const part of client) parts.push(part);
      return Buffer.concat(parts);
    }),
  );
  for (const answer of answers) t.true(answer.equals(sent));
  t.throws(() => p.wait(0), { instanceOf: ValueError });
  const timeouts: number[] = [];
  p.on_batch((count) => {
    for (let i = 0; i < count; i++) if (p.operation(i) === TIMEOUT) timeouts.push(p.user_data(i));
  });
  p.timeout(0.01, 5);
  await until(() => timeouts.length === 1);
  p.on_batch(null);
  t.is(p.wait(0), 0);
  t.is(p.free_buffers, 256);
});

testUnless(NO_PROGRAMS)('CPython is the client of a server in a worker', async (t) => {
  const peer = startWorker(`
    const { Proactor, ACCEPT, RECV, MULTISHOT, QUIET } = berkeley.proactor;
    const listener = berkeley.socket.create_server(['127.0.0.1', 0]);
    const p = new Proactor({ buffers: 16, buffer_size: 1000 });
    p.accept(p.add(listener), MULTISHOT);
    send(listener.getsockname()[1]);
    for (;;) {
      const count = p.wait();
      for (let i = 0; i < count; i++) {
        const result = p.result(i);
        if (p.operation(i) === ACCEPT) p.recv(result, MULTISHOT);
        else if (p.operation(i) === RECV && result > 0) p.send(p.token(i), p.buffer(i), result, QUIET);
        else if (p.operation(i) === RECV) p.close_socket(p.token(i), QUIET);
      }
    }
  `);
  const script = `
import socket, sys, threading
data = bytes(i * 31 % 251 for i in range(200_000))
for i in range(3):
    with socket.create_connection(('127.0.0.1', int(sys.argv[1]))) as s:
        threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
        got = b''.join(iter(lambda: s.recv(65536), b''))
    print(got == data)
`;
  const { stdout, stderr } = await python(script, [String(await peer.next())]);
  t.is(stdout, 'True\n'.repeat(3), stderr);
  // It is blocked in wait().
  t.is(await peer.stop(), 1);
});

test('TLS between buffers: SSLObject and MemoryBIO over a proactor', (t) => {
  const p = newProactor(t);
  const [a, b] = tcpPair(t);
  const ends = [
    { token: p.add(a), from: new ssl.MemoryBIO(), to: new ssl.MemoryBIO() },
    { token: p.add(b), from: new ssl.MemoryBIO(), to: new ssl.MemoryBIO() },
  ];
  const server = serverContext().wrap_bio(ends[0].from, ends[0].to, { server_side: true });
  const client = clientContext().wrap_bio(ends[1].from, ends[1].to, { server_hostname: 'localhost' });
  for (const { token } of ends) p.recv(token, MULTISHOT);
  const flush = () => {
    for (const { token, to } of ends) if (to.pending > 0) p.write(token, to.read());
  };
  /** undefined: it has to wait for more. */
  const attempt = <T>(call: () => T): T | null | undefined => {
    try {
      return call() ?? null;
    } catch (error) {
      if (error instanceof ssl.SSLWantReadError) return undefined;
      throw error;
    }
  };
  const carry = () => {
    flush();
    const count = p.wait(30);
    for (let i = 0; i < count; i++) {
      ends.find(({ token }) => token === p.token(i))?.from.write(p.data(i));
      p.give_back(p.buffer(i));
    }
  };
  const done = [false, false];
  while (!(done[0] && done[1])) {
    for (const [i, object] of [server, client].entries()) {
      done[i] ||= attempt(() => object.do_handshake()) !== undefined;
    }
    if (!(done[0] && done[1])) carry();
  }
  client.write(Buffer.from('secret'));
  let got: Buffer | null | undefined;
  while ((got = attempt(() => server.read(100) as Buffer)) === undefined) carry();
  t.is(got?.toString(), 'secret');
  t.throws(() => p.add(Object.create(ssl.SSLSocket.prototype)), { instanceOf: TypeError });
});

testBlocked({
  name: 'Proactor.wait',
  prepare: `
      const { Proactor } = (await import(${JSON.stringify(new URL('../../lib/proactor/index.js', import.meta.url).href)}));
      const p = new Proactor();
      p.recv(p.add(new socket.socket({ fileno: fd })));
    `,
  wait: '(timeout) => p.wait(timeout)',
  ready: '1',
  timedOut: '0',
  interrupted: 'InterruptedError',
});
