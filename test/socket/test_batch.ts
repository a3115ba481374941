/** Many messages in one call: recvmmsg_into, sendmmsg and MessageBatch, against CPython and the single calls. */

import { spawnSync } from 'node:child_process';
import { arch } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import { BlockingIOError, OSError, OverflowError, TimeoutError, ValueError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import { errno } from '../../lib/index.js';
import { callOneByOne } from '../../lib/socket/batch.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import {
  cleanEnv,
  NO_UNIX,
  NOT_OPEN,
  onWindows,
  pythonSync,
  spawnPeer,
  startWorker,
  testUnless,
  tmpdir,
  underWine,
} from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, MessageBatch, MSG_TRUNC, pack_address, SOCK_DGRAM, SOL_SOCKET } = socket;
// Linux has these; the types know of platforms that do not.
const { IPPROTO_UDP, MSG_DONTWAIT, SCM_RIGHTS, SOCK_SEQPACKET, SOL_UDP, UDP_GRO, UDP_SEGMENT } =
  socket as unknown as Record<string, number>;

/** A bound datagram socket, closed after the test. */
function bound(t: ExecutionContext, family: number, address: socket.Address): socket.socket {
  const sock = new socket.socket(family, SOCK_DGRAM);
  t.teardown(() => sock.close());
  sock.bind(address);
  sock.settimeout(10);
  return sock;
}

/** Two of a family, and where the second one is. */
function boundPair(t: ExecutionContext, family: number): [socket.socket, socket.socket] {
  const addresses = new Map<number, [socket.Address, socket.Address]>([
    [
      AF_INET,
      [
        ['127.0.0.1', 0],
        ['127.0.0.1', 0],
      ],
    ],
    [
      AF_INET6,
      [
        ['::1', 0],
        ['::1', 0],
      ],
    ],
    [AF_UNIX, [join(tmpdir(t), 'a'), Buffer.from(`\0berkeley-batch-${process.pid}`)]],
  ]);
  const [first, second] = addresses.get(family) as [socket.Address, socket.Address];
  return [bound(t, family, first), bound(t, family, second)];
}

/** A batch with these texts, to one address. */
function batchOf(texts: readonly string[], address: Buffer | null = null, size = 100): socket.MessageBatch {
  const batch = new MessageBatch(texts.length, size);
  for (const [i, text] of texts.entries()) batch.set(i, Buffer.from(text), address);
  return batch;
}

function textsOf(batch: socket.MessageBatch, n: number): string[] {
  return Array.from({ length: n }, (_, i) => String(batch.bytes(i)));
}

/** Declares a test twice: with the one system call, and with the calls that take its place where it is refused. */
function testBothWays(title: string, body: (t: ExecutionContext) => void, lacking: string | false = false): void {
  testUnless(lacking)(title, body);
  testUnless(lacking)(`${title}, one by one`, (t) => {
    callOneByOne(true);
    try {
      body(t);
    } finally {
      callOneByOne(false);
    }
  });
}

// ---- what arrives ----------------------------------------------------------------------------------------------------

for (const [name, family] of Object.entries({ AF_INET, AF_INET6, AF_UNIX })) {
  testBothWays(
    `what sendmmsg sends over ${name}, recvmmsg_into receives, with addresses`,
    (t) => {
      const [a, b] = boundPair(t, family);
      const texts = ['', 'x', 'three', 'y'.repeat(100)];
      t.is(a.sendmmsg(batchOf(texts, pack_address(family, b.getsockname()))), 4);
      const batch = new MessageBatch(9, 100);
      t.is(b.recvmmsg_into(batch), 4);
      t.deepEqual(textsOf(batch, 4), texts);
      for (let i = 0; i < 4; i++) t.deepEqual(batch.address(i), a.getsockname());
      t.deepEqual([...batch.flags], Array(9).fill(0));
      // Back to where they came from, as they are.
      t.is(b.sendmmsg(batch, 1, 3), 2);
      t.deepEqual(a.recvfrom(100), [Buffer.from('x'), b.getsockname()]);
      t.deepEqual(a.recvfrom(100), [Buffer.from('three'), b.getsockname()]);
    },
    name === 'AF_UNIX' && NO_UNIX,
  );
}

testBothWays('a message that is too long is cut off, and says so', (t) => {
  const [a, b] = boundPair(t, AF_INET);
  const send = () => a.sendmmsg(batchOf(['12345', '1234', '1234567'], pack_address(AF_INET, b.getsockname())));
  const batch = new MessageBatch(3, 4);
  send();
  t.is(b.recvmmsg_into(batch), 3);
  t.deepEqual([...batch.lengths], [4, 4, 4]);
  t.deepEqual([...batch.flags], [MSG_TRUNC, 0, MSG_TRUNC]);
  if (IS_WINDOWS) return; // it does not tell how long a message was
  send();
  t.is(b.recvmmsg_into(batch, MSG_TRUNC), 3);
  t.deepEqual([...batch.lengths], [5, 4, 7]);
  t.deepEqual(textsOf(batch, 3), ['1234', '1234', '1234']);
});

testBothWays('a batch takes what it has room for, and leaves the rest', (t) => {
  const [a, b] = boundPair(t, AF_INET);
  a.connect(b.getsockname());
  t.is(a.sendmmsg(batchOf(['1', '2', '3', '4', '5'])), 5);
  const batch = new MessageBatch(3, 10);
  t.is(b.recvmmsg_into(batch), 3);
  t.deepEqual(textsOf(batch, 3), ['1', '2', '3']);
  t.is(b.recvmmsg_into(batch), 2);
  t.deepEqual(textsOf(batch, 2), ['4', '5']);
});

testBothWays('sequenced packets and streams, which have no addresses', (t) => {
  for (const type of IS_WINDOWS ? [socket.SOCK_STREAM] : [SOCK_SEQPACKET, socket.SOCK_STREAM]) {
    const [a, b] = pairOf(type);
    using _a = a;
    using _b = b;
    t.is(a.sendmmsg(batchOf(['one', 'two'])), 2);
    const batch = new MessageBatch(2, 3);
    t.is(b.recvmmsg_into(batch), 2);
    t.deepEqual(textsOf(batch, 2), ['one', 'two']);
    t.is(batch.address(0), null);
  }
});

testBothWays(
  'descriptors travel with a batch, and are close-on-exec',
  (t) => {
    const [a, b] = pairOf(SOCK_DGRAM);
    using _a = a;
    using _b = b;
    const out = new MessageBatch(2, 10, { ancbufsize: socket.CMSG_SPACE(8) });
    for (const i of [0, 1]) {
      const fds = Buffer.from(Int32Array.of(a.fileno(), b.fileno()).buffer);
      out.set(i, Buffer.from('fds'), null, [[SOL_SOCKET, SCM_RIGHTS, fds]]);
    }
    t.is(a.sendmmsg(out), 2);
    const before = openDescriptors().size;
    const batch = new MessageBatch(2, 10, { ancbufsize: socket.CMSG_SPACE(8) });
    t.is(b.recvmmsg_into(batch), 2);
    t.is(openDescriptors().size, before + 4);
    for (const i of [0, 1]) {
      const { SCM_RIGHTS: fds = [] } = socket.decode_ancillary(batch.ancillary(i));
      t.is(fds.length, 2);
      for (const fd of fds) {
        t.is(native.getInheritable(fd), 0);
        socket.close(fd);
      }
    }
  },
  NO_UNIX,
);

testWithPython('recvmmsg_into receives what CPython sends', (t) => {
  const [here] = boundPair(t, AF_INET);
  const peer = pythonSync(
    `
import socket, sys
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(('127.0.0.1', 0))
for i in range(40):
    there.sendto(b'%d' % i * (i + 1), ('127.0.0.1', int(sys.argv[1])))
print(there.getsockname()[1])
`,
    [String(here.getsockname()[1])],
  );
  const batch = new MessageBatch(64, 100);
  t.is(here.recvmmsg_into(batch), 40);
  t.deepEqual(
    textsOf(batch, 40),
    Array.from({ length: 40 }, (_, i) =>
      String(i)
        .repeat(i + 1)
        .slice(0, 100),
    ),
  );
  for (let i = 0; i < 40; i++) t.deepEqual(batch.address(i), ['127.0.0.1', Number(peer.stdout)]);
});

testWithPython('CPython receives what sendmmsg sends', async (t) => {
  const [here] = boundPair(t, AF_INET);
  const peer = spawnPeer('python3', [
    '-c',
    `
import socket
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(('127.0.0.1', 0))
print(there.getsockname()[1], flush=True)
for _ in range(40):
    data, address = there.recvfrom(1000)
    print(data.decode(), address[1], flush=True)
`,
  ]);
  const to = pack_address(AF_INET, ['127.0.0.1', Number(await peer.line())]);
  const texts = Array.from({ length: 40 }, (_, i) => String(i).repeat(i + 1));
  t.is(here.sendmmsg(batchOf(texts, to)), 40);
  for (const text of texts) t.is(await peer.line(), `${text} ${here.getsockname()[1]}`);
  t.is(await peer.exit, 0);
});

// ---- segmentation ----------------------------------------------------------------------------------------------------

testBothWays(
  'UDP_SEGMENT cuts one message into datagrams, UDP_GRO makes one of them again',
  (t) => {
    const [a, b] = boundPair(t, AF_INET);
    const [, whole] = boundPair(t, AF_INET);
    whole.setsockopt(IPPROTO_UDP, UDP_GRO, 1);
    const data = Buffer.from('a'.repeat(100) + 'b'.repeat(100) + 'c'.repeat(50));
    const out = new MessageBatch(2, 1000, { ancbufsize: socket.CMSG_SPACE(2) });
    for (const [i, to] of [b, whole].entries()) {
      const segment = Buffer.from(Uint16Array.of(100).buffer);
      out.set(i, data, pack_address(AF_INET, to.getsockname()), [[SOL_UDP, UDP_SEGMENT, segment]]);
    }
    t.is(a.sendmmsg(out), 2);
    const parts = new MessageBatch(8, 1000);
    t.is(b.recvmmsg_into(parts), 3);
    t.deepEqual([...parts.lengths.subarray(0, 3)], [100, 100, 50]);
    const one = new MessageBatch(8, 1000, { ancbufsize: 64 });
    t.is(whole.recvmmsg_into(one), 1);
    t.deepEqual(one.bytes(0), data);
    t.deepEqual(socket.decode_ancillary(one.ancillary(0)), { UDP_GRO: 100, rest: [] });
  },
  onWindows('no UDP_SEGMENT'),
);

// ---- modes -----------------------------------------------------------------------------------------------------------

testBothWays('nothing there: at once without blocking, at the deadline with one', (t) => {
  const [sock] = boundPair(t, AF_INET);
  const batch = new MessageBatch(4, 10);
  sock.setblocking(false);
  t.throws(() => sock.recvmmsg_into(batch), { instanceOf: BlockingIOError });
  sock.settimeout(0.05);
  t.throws(() => sock.recvmmsg_into(batch), { instanceOf: TimeoutError });
  sock.settimeout(null);
  if (!IS_WINDOWS) t.throws(() => sock.recvmmsg_into(batch, MSG_DONTWAIT), { instanceOf: BlockingIOError });
});

testBothWays(
  'a full queue: as many as go, then nothing',
  (t) => {
    const [a, b] = pairOf(SOCK_DGRAM);
    using _a = a;
    using _b = b;
    const texts = Array.from({ length: 1024 }, (_, i) => String(i));
    for (const timeout of [0, 0.05]) {
      a.settimeout(timeout);
      const sent = a.sendmmsg(batchOf(texts));
      t.true(sent > 0 && sent < 1024);
      const error = timeout === 0 ? BlockingIOError : TimeoutError;
      t.throws(() => a.sendmmsg(batchOf(texts), sent), { instanceOf: error });
      const batch = new MessageBatch(1024, 10);
      t.is(b.recvmmsg_into(batch), sent);
      t.deepEqual(textsOf(batch, sent), texts.slice(0, sent));
    }
  },
  onWindows('UDP drops what a slow reader leaves'),
);

testUnless(onWindows('UDP drops what a slow reader leaves'))(
  'a socket that blocks sends all, however slow the reader',
  async (t) => {
    const [a, b] = pairOf(SOCK_DGRAM);
    const reader = startWorker(
      `
    const { socket } = berkeley;
    const sock = new socket.socket({ fileno: data });
    const batch = new socket.MessageBatch(7, 10);
    const texts = [];
    while (texts.length < 500) {
      const n = sock.recvmmsg_into(batch);
      for (let i = 0; i < n; i++) texts.push(String(batch.bytes(i)));
    }
    sock.close();
    send(texts);
  `,
      b.detach(),
    );
    const texts = Array.from({ length: 500 }, (_, i) => String(i));
    t.is(a.sendmmsg(batchOf(texts)), 500);
    t.deepEqual(await reader.next(), texts);
    t.is(await reader.exit, 0);
    a.close();
  },
);

testBothWays(
  'an error behind the first message comes with the next call',
  (t) => {
    const [a, b] = boundPair(t, AF_INET);
    const batch = batchOf(['1', '2', '3'], pack_address(AF_INET, b.getsockname()));
    batch.set(1, Buffer.from('2'), pack_address(AF_INET, ['127.0.0.1', 0])); // no port to send to
    t.is(a.sendmmsg(batch), 1);
    t.throws(() => a.sendmmsg(batch, 1), { instanceOf: OSError, code: 'EINVAL' });
    t.is(a.sendmmsg(batch, 2), 1);
    const found = new MessageBatch(4, 10);
    t.is(b.recvmmsg_into(found), 2);
    t.deepEqual(textsOf(found, 2), ['1', '3']);
  },
  underWine('a datagram to port 0 is sent'),
);

testBlocked({
  name: 'recvmmsg_into',
  prepare: `const waiting = new socket.socket({ fileno: fd }); const batch = new socket.MessageBatch(4, 10);`,
  wait: '(timeout) => { waiting.settimeout(timeout); return waiting.recvmmsg_into(batch); }',
  ready: '1',
  timedOut: 'TimeoutError',
  interrupted: 'InterruptedError',
});

// ---- where the kernel refuses ----------------------------------------------------------------------------------------

/** Numbers of recvmmsg and sendmmsg, and the kernel's name of the machine, by architecture. */
const MACHINES: Record<string, [recvmmsg: number, sendmmsg: number] | undefined> = {
  x64: [299, 307],
  arm64: [243, 269],
};

/** Runs a program for which both calls fail with an error number: a filter of system calls, which it inherits. */
const FILTER = `
import ctypes, os, struct, sys
error, *numbers = map(int, sys.argv[1:4])
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
rows = [(LOAD, 0, 0, 0), (EQUAL, 1, 0, numbers[0]), (EQUAL, 0, 1, numbers[1]),
        (RETURN, 0, 0, 0x00050000 | error), (RETURN, 0, 0, 0x7fff0000)]
code = b''.join(struct.pack('HBBI', *row) for row in rows)
memory = ctypes.create_string_buffer(code)
program = ctypes.create_string_buffer(struct.pack('@HP', len(rows), ctypes.addressof(memory)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
    sys.exit('no filter: ' + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[4], sys.argv[4:])
`;

const PROGRAM = `
import { readFileSync } from 'node:fs';
import { socket } from ${JSON.stringify(new URL('../../lib/index.js', import.meta.url).href)};
const [a, b] = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM);
const batch = new socket.MessageBatch(3, 10);
for (const i of [0, 1, 2]) batch.set(i, Buffer.from('message ' + i));
const room = new socket.MessageBatch(5, 10);
const filtered = /^Seccomp:\\s*2$/m.test(readFileSync('/proc/self/status', 'utf8'));
console.log(filtered, a.sendmmsg(batch), b.recvmmsg_into(room), String(room.bytes(2)));
b.setblocking(false);
try {
  b.recvmmsg_into(room);
} catch (error) {
  console.log(error.name);
}
`;

/** The command of a program for which both calls fail with this error number. */
function filtered(error: number, numbers: readonly number[], ...command: string[]): string[] {
  return ['-c', FILTER, ...[error, ...numbers].map(String), ...command];
}

const numbers = MACHINES[arch()];
const noFilter = numbers === undefined || pythonFails(filtered(1, numbers, '/bin/true'));
const testRefusal = testUnless(
  noFilter && 'there is no python3, no filter of system calls, or no number of theirs known',
);

function pythonFails(args: string[]): boolean {
  return spawnSync('python3', args, { env: cleanEnv() }).status !== 0;
}

for (const name of ['ENOSYS', 'EPERM'] as const) {
  testRefusal(`a kernel that says ${name} is asked message by message`, async (t) => {
    const program = [process.execPath, '--input-type=module', '-e', PROGRAM];
    const peer = spawnPeer('python3', filtered(errno[name], numbers as [number, number], ...program));
    t.is(await peer.line(), 'true 3 3 message 2');
    t.is(await peer.line(), 'BlockingIOError');
    t.is(await peer.exit, 0);
  });
}

// ---- what is refused -------------------------------------------------------------------------------------------------

test('arguments of a wrong type or value', (t) => {
  const [sock] = boundPair(t, AF_INET);
  const batch = new MessageBatch(4, 10);
  const refused = (call: () => unknown, instanceOf: new (...args: never[]) => Error) =>
    t.throws(call, { instanceOf } as never, String(call));
  for (const value of [undefined, null, 4, 'batch', {}, Buffer.alloc(4), [batch]]) {
    refused(() => sock.recvmmsg_into(value as never), TypeError);
    refused(() => sock.sendmmsg(value as never), TypeError);
  }
  refused(() => sock.recvmmsg_into(batch, 'x' as never), TypeError);
  refused(() => sock.recvmmsg_into(batch, 2 ** 31), OverflowError);
  for (const range of [[-1], [5], [3, 2], [0, 5], [0, -1]]) refused(() => sock.sendmmsg(batch, ...range), ValueError);
  for (const value of ['0', 0.5, Number.NaN]) refused(() => sock.sendmmsg(batch, value as never), TypeError);
  for (const [count, size] of [
    [0, 1],
    [-1, 1],
    [1025, 1],
    [1, 0],
    [1024, 2 ** 20 + 1],
    [1, -1],
  ]) {
    refused(() => new MessageBatch(count, size), ValueError);
  }
  refused(() => new MessageBatch(1, 2 ** 31), OverflowError);
  refused(() => new MessageBatch(1, 1, { ancbufsize: -1 }), ValueError);
  refused(() => new MessageBatch(1, 1, null as never), TypeError);
  refused(() => new MessageBatch('1' as never, 1), TypeError);
  for (const i of [-1, 4]) {
    refused(() => batch.bytes(i), ValueError);
    refused(() => batch.address(i), ValueError);
    refused(() => batch.ancillary(i), ValueError);
    refused(() => batch.set(i, Buffer.alloc(1)), ValueError);
  }
  refused(() => batch.set(0, Buffer.alloc(11)), ValueError);
  refused(() => batch.set(0, Buffer.alloc(1), Buffer.alloc(129)), ValueError);
  refused(() => batch.set(0, Buffer.alloc(1), null, [[1, 1, Buffer.alloc(4)]]), ValueError);
  refused(() => batch.set(0, 'text' as never), TypeError);
  refused(() => batch.bytes(0.5), TypeError);
});

testBothWays('lengths that someone has made wrong are refused', (t) => {
  const [sock] = boundPair(t, AF_INET);
  sock.connect(sock.getsockname());
  for (const [array, most] of [
    ['lengths', 10],
    ['address_lengths', 128],
    ['control_lengths', 0],
  ] as const) {
    for (const value of [-1, most + 1, 2 ** 31 - 1, -(2 ** 31)]) {
      const batch = batchOf(['1', '2'], null, 10);
      batch[array][1] = value;
      t.throws(() => sock.sendmmsg(batch), { instanceOf: ValueError });
    }
  }
});

testBothWays('a closed socket, and one that is no socket', (t) => {
  const sock = new socket.socket(AF_INET, SOCK_DGRAM);
  sock.close();
  t.throws(() => sock.recvmmsg_into(new MessageBatch(1, 1)), { code: NOT_OPEN.code });
  t.throws(() => sock.sendmmsg(new MessageBatch(1, 1)), { code: NOT_OPEN.code });
  t.is(sock.sendmmsg(new MessageBatch(1, 1), 0, 0), 0);
});

testBothWays('memory that was taken away has no room', (t) => {
  const [a, b] = pairOf(SOCK_DGRAM);
  using _a = a;
  using _b = b;
  a.send(Buffer.from('text'));
  const batch = new MessageBatch(2, 10);
  structuredClone(batch.buffer.buffer, { transfer: [batch.buffer.buffer as ArrayBuffer] });
  t.is(b.recvmmsg_into(batch), 1);
  t.deepEqual([batch.lengths[0], batch.flags[0]], [0, MSG_TRUNC]);
  batch.lengths[0] = 5;
  t.throws(() => a.sendmmsg(batch, 0, 1), { code: 'EINVAL' });
});

test('the native calls check every size again', (t) => {
  const [sock] = boundPair(t, AF_INET);
  const bytes = new Uint8Array(10);
  const fd = sock.fileno();
  for (const call of [native.recvmmsg, native.sendmmsg]) {
    const refused = (instanceOf: typeof TypeError | typeof RangeError, ...args: unknown[]) =>
      t.throws(() => (call as (...args: unknown[]) => number)(...args), { instanceOf } as never);
    const headers = new Int32Array(8);
    for (const [start, end] of [
      [-1, 1],
      [2, 1],
      [0, 3],
      [0, 2 ** 40],
      [0.5, 1],
    ]) {
      refused(RangeError, fd, bytes, bytes, bytes, headers, start, end, 0, false, 0);
    }
    refused(RangeError, fd, bytes, bytes, bytes, new Int32Array(3), 0, 0, 0, false, 0);
    refused(RangeError, fd, bytes, bytes, bytes, new Int32Array(4100), 0, 0, 0, false, 0);
    refused(TypeError, fd, bytes, bytes, bytes, new Uint32Array(8), 0, 1, 0, false, 0);
    refused(TypeError, fd, null, bytes, bytes, headers, 0, 1, 0, false, 0);
    refused(TypeError, fd, bytes, bytes, bytes, headers, 0, 1, 0, false);
    refused(RangeError, fd, bytes, bytes, bytes, headers, 0, 1, 0, false, -2);
    t.true(call(-1, bytes, bytes, bytes, headers, 0, 2, 0, false, 0) < 0);
    t.is(call(fd, bytes, bytes, bytes, headers, 1, 1, 0, false, 0), 0);
  }
});

// ---- addresses as bytes ----------------------------------------------------------------------------------------------

testWithPython('pack_address makes the bytes that CPython binds and connects with', (t) => {
  const { stdout } = pythonSync(`
import socket, struct
print(struct.pack('=H', socket.AF_INET).hex() + struct.pack('!H4s8x', 80, socket.inet_aton('127.0.0.1')).hex())
print(struct.pack('=H', socket.AF_INET6).hex() + struct.pack('!HI16s', 80, 7, socket.inet_pton(socket.AF_INET6, '::1')).hex() + struct.pack('=I', 9).hex())
print(struct.pack('=H', socket.AF_UNIX).hex() + b'/x'.hex() + '00')
`);
  const addresses: [number, socket.Address][] = [
    [AF_INET, ['127.0.0.1', 80]],
    [AF_INET6, ['::1', 80, 7, 9]],
    [AF_UNIX, '/x'],
  ];
  t.deepEqual(
    addresses.map(([family, address]) => pack_address(family, address).toString('hex')),
    stdout.trim().split('\n'),
  );
  for (const [family, address] of addresses) t.deepEqual(socket.unpack_address(pack_address(family, address)), address);
});

test('addresses that are none', (t) => {
  t.is(socket.unpack_address(Buffer.alloc(0)), null);
  t.throws(() => socket.unpack_address(Buffer.alloc(1)), { instanceOf: ValueError });
  t.throws(() => socket.unpack_address(Buffer.alloc(129)), { instanceOf: ValueError });
  t.throws(() => socket.unpack_address('127.0.0.1' as never), { instanceOf: TypeError });
  t.throws(() => pack_address(AF_INET, '127.0.0.1'), { instanceOf: TypeError });
  t.throws(() => pack_address(-1, ['127.0.0.1', 80]), { instanceOf: OSError });
  t.throws(() => pack_address(AF_INET, ['127.0.0.1', 65536]), { instanceOf: OverflowError });
});
