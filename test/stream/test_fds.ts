/** Descriptors over streams. */
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed } from '../helpers/beside_net.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { NO_UNIX, spawnNode, spawnPeer, testUnless, tmpdir } from '../helpers/peers.js';

const test = testUnless(NO_UNIX);

checkLeaks(test);

/** How many descriptors of /dev/null are open. */
function nullDevices(): number {
  return [...openDescriptors().values()].filter((target) => target === '/dev/null').length;
}

function pair(): [stream.UnixDuplex, stream.UnixDuplex] {
  return socket.socketpair().map((sock) => stream.toDuplex(sock)) as [stream.UnixDuplex, stream.UnixDuplex];
}

/** What comes, in order: text, and how many descriptors. */
function record(end: stream.UnixDuplex, fds: number[] = []): (string | number)[] {
  const got: (string | number)[] = [];
  end.on('fds', (some: number[]) => {
    fds.push(...some);
    got.push(some.length);
  });
  end.on('data', (data) => got.push(String(data)));
  return got;
}

test.serial('descriptors come before the bytes that they were sent with, and after all earlier ones', async (t) => {
  const [one, two] = pair();
  const fds: number[] = [];
  const got = record(two, fds);
  const fd = openSync('/etc/passwd', 'r');
  one.write('a');
  one.writeWithFds(Buffer.from('b'), [fd]);
  one.write('c');
  one.writeWithFds(Buffer.from('d'), [fd, fd]);
  one.writeWithFds(Buffer.from('e'), []);
  one.end();
  const { ino } = fstatSync(fd);
  closeSync(fd);
  await closed(two);
  t.deepEqual(
    got.filter((each) => typeof each === 'number'),
    [1, 2],
  );
  t.is(got.filter((each) => typeof each === 'string').join(''), 'abcde');
  const before = (n: number) =>
    got
      .slice(0, got.indexOf(n))
      .filter((each) => typeof each === 'string')
      .join('');
  t.true('a'.startsWith(before(1)));
  t.true('abc'.startsWith(before(2)));
  t.true(before(2).includes('b'));
  for (const each of fds) {
    t.is(fstatSync(each).ino, ino);
    t.regex(readFileSync(`/proc/self/fdinfo/${each}`, 'utf8'), /flags:\t0*2\d{6}/, 'close-on-exec');
    closeSync(each);
  }
});

test.serial(
  'a listener that receives elsewhere, or throws, does not touch the bytes that came with them',
  async (t) => {
    const peer = spawnNode(`
    const { socket, stream } = berkeley;
    process.on('uncaughtException', (error) => console.log('uncaught:', error.message));
    const [here, there] = socket.socketpair().map((end) => stream.toDuplex(end));
    const [passed, other] = socket.socketpair();
    other.send(Buffer.alloc(100, 'x'));
    there.on('fds', ([fd]) => {
      const mine = new socket.socket({ fileno: fd });
      console.log(mine.recv(100).length);
      mine.close();
      throw new Error('thrown by the listener');
    });
    there.on('data', (data) => {
      console.log(data.toString());
      setImmediate(() => {
        console.log(there.destroyed);
        for (const each of [here, there]) each.destroy();
        for (const each of [passed, other]) each.close();
      });
    });
    here.writeWithFds(Buffer.from('beside a descriptor'), [passed.fileno()]);
  `);
    t.is(await peer.line(), '100', peer.errors());
    const lines = [await peer.line(), await peer.line()].sort();
    t.deepEqual(lines, ['beside a descriptor', 'uncaught: thrown by the listener']);
    t.is(await peer.line(), 'false');
    t.is(await peer.exit, 0, peer.errors());
  },
);

test.serial('they keep their place when the peer is slow', async (t) => {
  const [one, two] = pair();
  const block = Buffer.alloc(300_000, 'x');
  const fd = openSync('/dev/null', 'r');
  const callbacks: number[] = [];
  for (let i = 0; i < 10; i++) {
    one.write(block);
    one.writeWithFds(Buffer.from(`<${i}>`), Array(i + 1).fill(fd), (error) => callbacks.push(error ? -1 : i));
  }
  one.end();
  closeSync(fd);
  let received = '';
  const seen: [number, number][] = [];
  two.on('fds', (fds: number[]) => {
    seen.push([fds.length, received.length]);
    for (const each of fds) closeSync(each);
  });
  for await (const chunk of two as AsyncIterable<Buffer>) received += chunk.toString();
  t.is(received.length, 10 * (block.length + 3));
  t.deepEqual(
    seen.map(([count]) => count),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  for (const [i, [, at]] of seen.entries()) t.true(at <= received.indexOf(`<${i}>`), `${i}: ${at}`);
  t.deepEqual(callbacks, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.serial('nobody listens: the kernel closes them', async (t) => {
  const [one, two] = pair();
  const before = nullDevices();
  const fd = openSync('/dev/null', 'r');
  one.writeWithFds(Buffer.from('x'), [fd]);
  closeSync(fd);
  await once(two, 'data');
  t.is(nullDevices(), before);
  one.destroy();
  await closed(two);
});

test.serial('what was not sent is closed with the stream', async (t) => {
  const before = nullDevices();
  const [one, two] = pair();
  two.pause();
  const fd = openSync('/dev/null', 'r');
  while (one.write(Buffer.alloc(100_000)));
  let failed: Error | null | undefined;
  one.writeWithFds(Buffer.from('x'), [fd, fd, fd], (error) => {
    failed = error;
  });
  closeSync(fd);
  one.destroy();
  two.destroy();
  await Promise.all([closed(one), closed(two)]);
  t.truthy(failed);
  one.writeWithFds(Buffer.from('x'), [0], () => {});
  t.is(nullDevices(), before);
});

test.serial('wrong arguments', async (t) => {
  const [one, two] = pair();
  t.throws(() => one.writeWithFds(Buffer.alloc(0), [0]), { message: /at least one byte/ });
  t.throws(() => one.writeWithFds(Buffer.from('x'), Array(254).fill(0)), { message: /at most 253/ });
  t.throws(() => one.writeWithFds(Buffer.from('x'), [0, -1]), { code: 'EBADF' });
  t.throws(() => one.writeWithFds(Buffer.from('x'), ['0' as never]), { instanceOf: TypeError });
  t.throws(() => one.writeWithFds('x' as never, [0]), { instanceOf: TypeError });
  const got = record(two);
  one.end('still good');
  await closed(two);
  t.deepEqual(got, ['still good']);
});

test.serial('a server and connect(path) have them too, and CPython understands', async (t) => {
  const path = `${tmpdir(t)}/fds`;
  const file = `${path}.txt`;
  const server = stream.createServer((each) => {
    const connection = each as stream.UnixDuplex;
    connection.on('fds', ([fd]: number[]) => {
      writeSync(fd, 'written by the server\n');
      connection.writeWithFds(Buffer.from('back'), [fd]);
      closeSync(fd);
      connection.end();
    });
    connection.resume();
  });
  server.listen(path);
  await once(server, 'listening');
  const peer = spawnPeer('python3', [
    '-c',
    `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
with open(sys.argv[2], 'w+') as f:
    socket.send_fds(s, [b'take it'], [f.fileno()])
data, fds, flags, _ = socket.recv_fds(s, 100, 5)
os.lseek(fds[0], 0, 0)
print(data.decode(), len(fds), os.read(fds[0], 100).decode().strip())
`,
    path,
    file,
  ]);
  t.is(await peer.line(), 'back 1 written by the server');
  t.is(await peer.exit, 0);
  server.close();
  await closed(server);
});

test.serial('a pipeline over a Unix stream is a stream as any other', async (t) => {
  const [one, two] = pair();
  const source = async function* () {
    for (let i = 0; i < 100; i++) yield Buffer.alloc(100_000, i);
  };
  let count = 0;
  const sink = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) count += chunk.length;
  };
  await Promise.all([pipeline(source, one), sink(two)]);
  t.is(count, 10_000_000);
});
