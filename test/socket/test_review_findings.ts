/** Defects that a review of the whole found: each of these tests failed before its repair. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as exceptions from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { pythonSync, spawnNode, startWorker, tmpdir, until } from '../helpers/peers.js';
import { untilWaiting, waitingThreads } from '../helpers/threads.js';

checkLeaks(test);

const { AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_SNDTIMEO } = socket;

/** A Unix listener without room for a further connection, and what fills its queue. */
function fullListener(t: ExecutionContext): { listener: socket.socket; address: Buffer } {
  const listener = new socket.socket(AF_UNIX, SOCK_STREAM);
  t.teardown(() => listener.close());
  listener.bind('');
  listener.listen(0);
  const address = listener.getsockname() as Buffer;
  for (;;) {
    const sock = new socket.socket(AF_UNIX, SOCK_STREAM);
    t.teardown(() => sock.close());
    sock.setblocking(false);
    if (sock.connect_ex(address) !== 0) return { listener, address };
  }
}

/** A struct timeval. */
function timeval(microseconds: number): Buffer {
  const { tv_usec, size } = native.layout.timeval;
  const bytes = new DataView(new ArrayBuffer(size));
  if (tv_usec[1] === 8) bytes.setBigInt64(tv_usec[0], BigInt(microseconds), true);
  else bytes.setInt32(tv_usec[0], microseconds, true);
  return Buffer.from(bytes.buffer);
}

test('a timeout holds for accept although a duplicate has made the descriptor block', (t) => {
  const { stdout } = pythonSync(`
import socket
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(0.05)
listener.dup().setblocking(True)
try:
    listener.accept()
except OSError as error:
    print(type(error).__name__, error)
`);
  const listener = socket.create_server(['127.0.0.1', 0]);
  t.teardown(() => listener.close());
  listener.settimeout(0.05);
  const duplicate = listener.dup();
  t.teardown(() => duplicate.close());
  duplicate.setblocking(true);
  const error = t.throws(() => listener.accept(), { instanceOf: exceptions.OSError });
  t.is(`${error.name} ${error.message}\n`, stdout);
});

test('SO_SNDTIMEO ends a connect that waits for a full Unix listener', (t) => {
  const { address } = fullListener(t);
  // The first is shorter than a slice of the wait, the other one takes two.
  for (const microseconds of [50_000, 300_000]) {
    const sock = new socket.socket(AF_UNIX, SOCK_STREAM);
    t.teardown(() => sock.close());
    sock.setsockopt(SOL_SOCKET, SO_SNDTIMEO, timeval(microseconds));
    const kept = sock.getsockopt(SOL_SOCKET, SO_SNDTIMEO, 64); // rounded up to the kernel's ticks
    // unix(7) leaves it to socket(7): EAGAIN, as after a blocking send; so does CPython, which lets the kernel wait.
    t.throws(() => sock.connect(address), { name: 'BlockingIOError', code: 'EAGAIN' } as object);
    t.is(sock.connect_ex(address), 11);
    t.deepEqual(sock.getsockopt(SOL_SOCKET, SO_SNDTIMEO, 64), kept);
  }
});

test('a signal does not turn a connect that waits for a full Unix listener into a success', async (t) => {
  const { listener, address } = fullListener(t);
  const peer = spawnNode(
    `
    import { spawn } from 'node:child_process';
    const { socket } = berkeley;
    spawn('true'); // from now on Node handles SIGCHLD
    const sock = new socket.socket(socket.AF_UNIX);
    console.log('connects');
    sock.connect(Buffer.from(data, 'latin1'));
    sock.sendall(Buffer.from('here'));
    console.log('connected');
    `,
    address.toString('latin1'),
  );
  t.is(await peer.line(), 'connects');
  const status = `/proc/${peer.child.pid}/stat`;
  for (let i = 0; i < 3; i++) {
    await until(() => readFileSync(status, 'utf8').split(') ')[1].startsWith('S'));
    peer.child.kill('SIGCHLD');
  }
  let found = '';
  listener.settimeout(30);
  while (found !== 'here') {
    const [connection] = listener.accept();
    // Those that filled the queue never send: only the one that was waited for does.
    connection.settimeout(0.2);
    try {
      found = connection.recv(4).toString();
    } catch (error) {
      t.is((error as Error).name, 'TimeoutError');
    }
    connection.close();
  }
  t.is(await peer.line(), 'connected');
  t.is(await peer.exit, 0);
});

const WAIT_ALL_SCENARIO = `
import os, socket, threading
def shown(result):
    count, items, flags, _ = result
    for _, _, data in items:
        os.close(int.from_bytes(data[:4], "little"))
    return [count if isinstance(count, int) else count.decode(), len(items), int(flags)]
a, b = socket.socketpair()
socket.send_fds(b, [b"aa"], [0])
socket.send_fds(b, [b"bb"], [0, 1])
print(shown(a.recvmsg(4, 64, socket.MSG_WAITALL)), shown(a.recvmsg_into([bytearray(2)], 64, socket.MSG_WAITALL)))
b.sendall(b"cc")
threading.Timer(0.1, lambda: socket.send_fds(b, [b"dd"], [0])).start()
print(shown(a.recvmsg(4, 64, socket.MSG_WAITALL)))
`;

test('recvmsg with MSG_WAITALL neither loses descriptors that come later nor goes on behind those that came', async (t) => {
  const shown = ([bytes, items, flags]: [Buffer | number, socket.AncillaryData[], number, unknown]) => {
    for (const [, , data] of items) closeSync(data.readInt32LE(0));
    return [typeof bytes === 'number' ? bytes : bytes.toString(), items.length, flags];
  };
  const close = (data: Buffer) => closeSync(data.readInt32LE(4));
  const [a, b] = socket.socketpair();
  t.teardown(() => b.close());
  t.teardown(() => a.close());
  socket.send_fds(b, [Buffer.from('aa')], [0]);
  socket.send_fds(b, [Buffer.from('bb')], [0, 1]);
  const first = shown(a.recvmsg(4, 64, socket.MSG_WAITALL));
  const pair = a.recvmsg_into([Buffer.alloc(2)], 64, socket.MSG_WAITALL);
  close(pair[1][0][2]);
  b.sendall(Buffer.from('cc'));
  const before = waitingThreads();
  const worker = startWorker(
    `
    const sock = new berkeley.socket.socket({ fileno: data });
    send('waits');
    const [bytes, items, flags] = sock.recvmsg(4, 64, berkeley.socket.MSG_WAITALL);
    process.getBuiltinModule('node:fs').closeSync(items[0][2].readInt32LE(0));
    sock.close();
    send([bytes.toString(), items.length, flags]);
    `,
    a.dup().detach(),
  );
  t.is(await worker.next(), 'waits');
  await untilWaiting(before);
  socket.send_fds(b, [Buffer.from('dd')], [0]);
  const last = await worker.next();
  const python = pythonSync(WAIT_ALL_SCENARIO).stdout.trim().split('\n');
  const said = (value: unknown) => JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ');
  t.deepEqual([`${said(first)} ${said(shown(pair))}`, said(last)], python);
});

test('an heir that passes its four arguments on can be duplicated', (t) => {
  class Own extends socket.socket {
    constructor(family: number, type: number, proto: number, fileno?: number) {
      super(family, type, proto, fileno);
    }
  }
  const first = new Own(socket.AF_INET, SOCK_STREAM, socket.IPPROTO_TCP);
  t.teardown(() => first.close());
  first.settimeout(3);
  const second = first.dup();
  t.teardown(() => second.close());
  t.true(second instanceof Own);
  t.deepEqual([second.family, second.type, second.proto], [socket.AF_INET, SOCK_STREAM, socket.IPPROTO_TCP]);
  t.is(second.gettimeout(), 3);
});

test('a worker that sends from an empty FIFO can be terminated', async (t) => {
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
