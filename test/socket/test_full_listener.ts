/** A connect that waits because a Unix listener's queue is full. */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PROGRAMS, NO_UNIX, spawnNode, testUnless, until } from '../helpers/peers.js';

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

testUnless(NO_UNIX)('SO_SNDTIMEO ends a connect that waits for a full Unix listener', (t) => {
  const { address } = fullListener(t);
  // The first is shorter than a slice of the wait, the other one takes two.
  for (const microseconds of [50_000, 300_000]) {
    const sock = new socket.socket(AF_UNIX, SOCK_STREAM);
    t.teardown(() => sock.close());
    sock.setsockopt(SOL_SOCKET, SO_SNDTIMEO, timeval(microseconds));
    const kept = sock.getsockopt(SOL_SOCKET, SO_SNDTIMEO, 64); // rounded up to the kernel's ticks
    // unix(7) leaves it to socket(7): EAGAIN, as after a blocking send; so does CPython, which lets the kernel wait.
    t.throws(() => sock.connect(address), { name: 'BlockingIOError', code: 'EAGAIN' } as object);
    t.is(sock.connect_ex(address), errno.EAGAIN);
    t.deepEqual(sock.getsockopt(SOL_SOCKET, SO_SNDTIMEO, 64), kept);
  }
});

testUnless(NO_PROGRAMS)(
  'a signal does not turn a connect that waits for a full Unix listener into a success',
  async (t) => {
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
  },
);
