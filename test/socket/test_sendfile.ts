/** socket.sendfile: the kernel's way, and reading and sending. */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { OverflowError, UnsupportedOperation } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PLAIN_DESCRIPTORS, NO_PROGRAMS, spawnPeer, startWorker, testUnless, tmpdir } from '../helpers/peers.js';
import { untilWaiting, waitingThreads } from '../helpers/threads.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const CONTENT = Buffer.from(Array.from({ length: 25_600 }, (_, i) => i % 251));

function pair(type: number = SOCK_STREAM) {
  const [a, b] = pairOf(type);
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

/** What the other end receives until the first one is closed. */
function drain(sock: socket.socket): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const part = sock.recv(1 << 20);
    if (part.length === 0) return Buffer.concat(parts);
    parts.push(part);
  }
}

type File = Parameters<socket.socket['sendfile']>[0];

/** What sendfile returned, and what came. */
function sentWith(file: unknown, ...args: unknown[]): [count: number, received: Buffer] {
  using ends = pair();
  const count = Reflect.apply(ends.a.sendfile, ends.a, [file, ...args]) as number;
  ends.a.close();
  return [count, drain(ends.b)];
}

function file(t: ExecutionContext, content: Uint8Array = CONTENT): number {
  const path = join(tmpdir(t), 'file');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  t.teardown(() => closeSync(fd));
  return fd;
}

/** An object that only reads, in pieces of any size, and knows a position; it has no descriptor. */
class Memory {
  position = 0;
  reads: number[] = [];
  constructor(readonly content: Buffer) {}
  read(size: number): Buffer {
    this.reads.push(size);
    const part = this.content.subarray(this.position, this.position + Math.min(size, 1000));
    this.position += part.length;
    return part;
  }
  seek(offset: number): number {
    if (offset < 0) throw new RangeError(`negative seek value ${offset}`);
    this.position = offset;
    return offset;
  }
}

const ranges: [offset: number, count: number | null, from: number, to: number][] = [
  [0, null, 0, 25_600],
  [100, null, 100, 25_600],
  [100, 50, 100, 150],
  [0, 1, 0, 1],
  [25_500, 1000, 25_500, 25_600],
  [1 << 20, null, 0, 0],
  [25_600, 5, 0, 0],
];

for (const [offset, count, from, to] of ranges) {
  const expected: [number, Buffer] = [to - from, CONTENT.subarray(from, to)];
  const about = `offset ${offset}, count ${count}`;

  test(`a descriptor, through the kernel: ${about}`, (t) => {
    const fd = file(t);
    t.deepEqual(sentWith(fd, offset, count), expected);
    const object = process.platform === 'win32' ? { fd } : { fileno: () => fd };
    t.deepEqual(sentWith(object, { offset, count }), expected);
    t.deepEqual(sentWith({ file: fd, offset, count }), expected);
    const first = Buffer.alloc(4);
    readSync(fd, first);
    t.deepEqual(first, CONTENT.subarray(0, 4), "the descriptor's own position stays");
  });

  test(`an object with read(): ${about}`, (t) => {
    t.deepEqual(sentWith(new Memory(CONTENT), offset, count), expected);
  });

  test(`where the kernel cannot, it is read and sent: ${about}`, (t) => {
    const fd = file(t);
    const real = native.sendfile;
    Object.assign(native, { sendfile: () => -errno.ENOSYS });
    try {
      t.deepEqual(sentWith(fd, offset, count), expected);
    } finally {
      Object.assign(native, { sendfile: real });
    }
  });
}

test('a FileHandle of node:fs/promises', async (t) => {
  const path = join(tmpdir(t), 'file');
  writeFileSync(path, CONTENT);
  const handle = await open(path);
  t.teardown(() => handle.close());
  t.deepEqual(sentWith(handle, 5, 10), [10, CONTENT.subarray(5, 15)]);
});

test('all modes of waiting: blocking, under a timeout', (t) => {
  const fd = file(t);
  for (const timeout of [null, 60]) {
    using ends = pair();
    ends.a.settimeout(timeout);
    t.is(ends.a.sendfile(fd), CONTENT.length);
    ends.a.close();
    t.deepEqual(drain(ends.b), CONTENT);
  }
});

testUnless(NO_PLAIN_DESCRIPTORS)('a pipe is not waited for when all that was asked for has come', (t) => {
  const [one, other] = socket.socketpair();
  const [pipe, feeder] = socket.socketpair();
  feeder.sendall(Buffer.from('ab'));
  t.is(one.sendfile(pipe, 0, 2), 2);
  t.is(`${other.recv(10)}`, 'ab');
  for (const sock of [one, other, pipe, feeder]) sock.close();
});

testUnless(NO_PLAIN_DESCRIPTORS)('a pipe is read to its end', (t) => {
  using ends = pair();
  ends.b.send(Buffer.from('not a regular file'));
  ends.b.shutdown(socket.SHUT_WR);
  t.deepEqual(sentWith(ends.a.fileno()), [18, Buffer.from('not a regular file')]);
});

test('a file that knows its position is left behind what was sent', (t) => {
  const memory = new Memory(CONTENT);
  sentWith(memory, 10, 20);
  t.is(memory.position, 30);
  if (process.platform === 'win32') return; // fileno() is a socket's there
  const fd = file(t);
  const seeks: number[] = [];
  const object = { fileno: () => fd, seek: (offset: number) => seeks.push(offset) };
  sentWith(object as File, 100);
  t.deepEqual(seeks, [25_600]);
  sentWith(object as File, 1 << 20);
  t.deepEqual(seeks, [25_600]);
});

test('a file in text mode is refused', (t) => {
  const text = { mode: 'r', read: () => Buffer.alloc(0) };
  t.throws(() => sentWith(text), { name: 'ValueError', message: 'file should be opened in binary mode' });
});

test('a deadline that passes leaves the file behind what was sent', (t) => {
  using ends = pair();
  ends.a.settimeout(0.05);
  const memory = new Memory(Buffer.alloc(1 << 22));
  t.throws(() => ends.a.sendfile(memory), { name: 'TimeoutError', message: 'timed out' });
  ends.a.close();
  t.is(drain(ends.b).length, memory.position);
  const fd = file(t, Buffer.alloc(1 << 22));
  using others = pair();
  others.a.settimeout(0.05);
  t.throws(() => others.a.sendfile(fd), { name: 'TimeoutError', message: 'timed out' });
});

test('what cannot be read says why, as our own exceptions do', (t) => {
  const folder = openSync(tmpdir(t), 'r');
  t.teardown(() => closeSync(folder));
  t.throws(() => sentWith(folder), { name: 'IsADirectoryError', code: 'EISDIR' });
  t.throws(() => sentWith(100_000), { name: 'OSError', message: '[Errno 9] Bad file descriptor' });
  const broken = {
    read: () => {
      throw new Error('no more');
    },
  };
  t.throws(() => sentWith(broken), { message: 'no more' });
});

const memory = (length = 6) => new Memory(CONTENT.subarray(0, length));
const onSocket = (sock: socket.socket, ...args: unknown[]): unknown => {
  using _ = sock;
  return Reflect.apply(sock.sendfile, sock, args);
};
testTwins(
  'refused as in CPython',
  [
    ['on(stream(), memory(), 0, 0)', () => sentWith(memory(), 0, 0)],
    ['on(stream(), memory(), 0, -1)', () => sentWith(memory(), 0, -1)],
    ['on(stream(), memory(), 0, 1.5)', () => sentWith(memory(), 0, 1.5)],
    ["on(stream(), memory(), 0, '1')", () => sentWith(memory(), 0, '1')],
    ['on(stream(), None)', () => sentWith(null)],
    ["on(stream(), 'text')", () => sentWith('text')],
    ['on(nonblocking(), memory())', () => onSocket(nonblocking(), memory())],
    [
      'on(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), memory())',
      () => {
        return onSocket(new socket.socket(AF_UNIX, SOCK_DGRAM), memory());
      },
    ],
    ['on(closed(), memory())', () => onSocket(closed(), memory())],
    ['on(socket.socket(), memory())', () => onSocket(new socket.socket(), memory())],
  ],
  `
import io

def memory():
    return io.BytesIO(bytes(6))

def stream():
    global other
    sock, other = socket.socketpair()
    return sock

def nonblocking():
    sock = stream()
    sock.setblocking(False)
    return sock

def closed():
    sock = socket.socket()
    sock.close()
    return sock

def on(sock, *args):
    with sock:
        return sock.sendfile(*args)
`,
);

function nonblocking(): socket.socket {
  const sock = new socket.socket();
  sock.setblocking(false);
  return sock;
}
function closed(): socket.socket {
  const sock = new socket.socket();
  sock.close();
  return sock;
}

test('of a closed socket, CPython says that its descriptor is invalid', (t) => {
  t.throws(() => onSocket(closed(), file(t)), { name: 'ValueError', message: 'Invalid file descriptor: -1' });
  t.throws(() => onSocket(nonblocking(), file(t)), {
    name: 'ValueError',
    message: 'non-blocking sockets are not supported',
  });
});

testWithPython('a large file arrives whole at a slow reader', async (t) => {
  const content = randomBytes(1 << 25);
  const fd = file(t, content);
  using server = socket.create_server(['127.0.0.1', 0]);
  const script = `import hashlib, socket, sys
sock = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
digest = hashlib.sha256()
while data := sock.recv(10000):
    digest.update(data)
print(digest.hexdigest())
`;
  const [, port] = server.getsockname() as [string, number];
  const peer = spawnPeer('python3', ['-c', script, String(port)]);
  const [connection] = server.accept();
  using _ = connection;
  t.is(connection.sendfile(fd), content.length);
  connection.close();
  t.is(await peer.line(), createHash('sha256').update(content).digest('hex'));
});

testUnless(NO_PROGRAMS)('a worker that sends from an empty FIFO can be terminated', async (t) => {
  const path = join(tmpdir(t), 'fifo');
  t.is(spawnSync('mkfifo', [path]).status, 0);
  const fifo = openSync(path, 'r+');
  t.teardown(() => closeSync(fifo));
  const before = waitingThreads();
  const worker = startWorker(
    `
    const [a, b] = berkeley.socket.socketpair();
    send('blocks');
    a.sendfile(data);
    `,
    fifo,
  );
  // Whatever happens to the wait, the thread can end.
  t.teardown(() => void writeSync(fifo, 'x'));
  t.is(await worker.next(), 'blocks');
  await untilWaiting(before);
  t.is(await worker.stop(), 1);
});

test('sendfile of several threads over one blocking socket never sleeps in the kernel', async (t) => {
  const [a, b] = socket.socketpair();
  t.teardown(() => b.close());
  t.teardown(() => a.close());
  // Nobody reads: soon all calls are EAGAIN, and a call that slept instead would never return.
  const source = `
    const { native } = await import(data.native);
    const file = process.getBuiltinModule('node:fs').openSync(process.execPath);
    for (let i = 0; i < 100_000; i++) native.sendfile(data.fd, file, 0, 4096, 0);
    send('done');
  `;
  const data = { fd: a.fileno(), native: new URL('../../lib/addon/binary.js', import.meta.url).href };
  const workers = [1, 2, 3].map(() => startWorker(source, data));
  t.deepEqual(await Promise.all(workers.map((worker) => worker.next())), ['done', 'done', 'done']);
  await Promise.all(workers.map((worker) => worker.stop()));
});

/** A file in memory, which has no descriptor and says so. */
class MemoryFile {
  #left = Buffer.from('from memory');
  fileno(): number {
    throw new UnsupportedOperation('fileno');
  }
  read(size: number): Buffer {
    const part = this.#left.subarray(0, size);
    this.#left = this.#left.subarray(part.length);
    return part;
  }
}

test('sendfile reads a file whose fileno() says that it has none', (t) => {
  const [a, b] = socket.socketpair();
  t.is(a.sendfile(new MemoryFile()), 11);
  t.is(b.recv(64).toString(), 'from memory');
  a.close();
  b.close();
});

test('sendfile refuses a descriptor that is none, as CPython does', (t) => {
  const [a, b] = socket.socketpair();
  const file = (fd: unknown) => ({ fileno: () => fd as number, read: () => Buffer.alloc(0) });
  const said = { message: "'NoneType' object cannot be interpreted as an integer" };
  t.throws(() => a.sendfile(file(null)), { instanceOf: TypeError, ...said });
  t.throws(() => a.sendfile(file(2n ** 1000n)), { instanceOf: OverflowError });
  a.close();
  b.close();
});

test('a descriptor that can be none is not sent', (t) => {
  // Not in Python, where a file is an object. EBADF, as os.fstat(-1) says.
  using ends = pair();
  t.throws(() => ends.a.sendfile(-1), { name: 'OSError', code: 'EBADF' });
});
