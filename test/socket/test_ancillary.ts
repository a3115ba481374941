/** Ancillary data: descriptors and credentials over Unix sockets, what IP tells beside a datagram, and what is cut off. */
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import type { ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { NO_UNIX, pythonSync, skip, spawnPeer, startWorker, testUnless, tmpdir } from '../helpers/peers.js';
import { untilWaiting, waitingThreads } from '../helpers/threads.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

const test = testUnless(NO_UNIX);

checkLeaks(test);

const {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  CMSG_LEN,
  CMSG_SPACE,
  IPPROTO_IP,
  MSG_CTRUNC,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} = socket;
// Linux has these; the types know of platforms that do not.
const linux = socket as unknown as Record<string, number>;
const { IPPROTO_IPV6, SCM_CREDENTIALS, SCM_RIGHTS, SO_PASSCRED, SO_PEERCRED } = linux;
const bytes = (text: string) => Buffer.from(text, 'latin1');
const int = (value: number) => Buffer.from(Int32Array.of(value).buffer);

/** A connected pair that the test closes by itself, if it does not close it before. */
function pair(type: number = SOCK_STREAM) {
  const [a, b] = socket.socketpair(AF_UNIX, type);
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

// ---- sizes -----------------------------------------------------------------------------------------------------------

testTwins(
  'CMSG_LEN and CMSG_SPACE are what the C library says',
  ['CMSG_LEN', 'CMSG_SPACE'].flatMap((name) =>
    ['0', '1', '4', '8', '9', '1000', '2 ** 31 - 100', '2 ** 31 - 1', '-1', '2 ** 64', 'None', '1.5', "'1'"].map(
      (argument) =>
        [
          `socket.${name}(${argument})`,
          () => {
            const value = argument.replaceAll('2 ** 64', '2n ** 64n').replace('None', 'null');
            return (name === 'CMSG_LEN' ? CMSG_LEN : CMSG_SPACE)(new Function(`return ${value}`)() as number);
          },
        ] as const,
    ),
  ),
);

// ---- descriptors -----------------------------------------------------------------------------------------------------

/** CPython sends one of each kind, each with something to read in it, and says what it sent. */
const KINDS = `import os, pty, socket, sys, tempfile
sock = socket.socket(fileno=3)
pipe, pipe_end = os.pipe()
os.write(pipe_end, b'from the pipe')
master, terminal = pty.openpty()
os.write(master, b'from the tty\\n')
event = os.eventfd(42)
file = tempfile.TemporaryFile()
file.write(b'from the file')
file.seek(0)
server, client = socket.socketpair()
client.send(b'from the socket')
socket.send_fds(sock, [b'one of ', b'each'], [pipe, terminal, event, file.fileno(), server.fileno()])
sock.recv(1)
`;

testWithPython('recv_fds receives any kind of descriptor: pipe, tty, eventfd, file, socket', async (t) => {
  using ends = pair();
  const peer = spawnPeer('python3', ['-c', KINDS], {}, [ends.b.fileno()]);
  ends.b.close();
  const [data, fds, flags, address] = socket.recv_fds(ends.a, 100, 10);
  t.teardown(() => fds.forEach(closeSync));
  t.deepEqual([data, fds.length, flags, address], [bytes('one of each'), 5, 0, null]);
  const [pipe, terminal, event, file, other] = fds;
  const read = (fd: number, size: number) => {
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(fd, buffer, 0, size, null));
  };
  t.is(read(pipe, 100).toString(), 'from the pipe');
  t.true(isatty(terminal));
  t.is(read(terminal, 100).toString(), 'from the tty\n');
  t.is(read(event, 8).readBigUInt64LE(), 42n);
  t.true(fstatSync(file).isFile());
  t.is(read(file, 100).toString(), 'from the file');
  using received = socket.fromfd(other, AF_UNIX, SOCK_STREAM);
  t.deepEqual(received.recv(100), bytes('from the socket'));
  for (const fd of fds) t.is(native.getInheritable(fd), 0);
  ends.a.close();
  t.is(await peer.exit, 0);
});

testWithPython('CPython receives the descriptors that send_fds sends', async (t) => {
  using ends = pair();
  const path = join(tmpdir(t), 'file');
  writeFileSync(path, 'what is in the file');
  const file = openSync(path, 'r');
  const script = `import os, socket
sock = socket.socket(fileno=3)
data, fds, flags, address = socket.recv_fds(sock, 100, 10)
print(data, len(fds), int(flags), address, os.read(fds[0], 100))
print(socket.socket(fileno=fds[1]).send(b'over the passed socket'), flush=True)
`;
  const peer = spawnPeer('python3', ['-c', script], {}, [ends.b.fileno()]);
  ends.b.close();
  const inner = socket.socketpair();
  t.is(socket.send_fds(ends.a, [bytes('he'), bytes('re')], [file, inner[0].fileno()]), 4);
  closeSync(file);
  inner[0].close();
  t.is(await peer.line(), "b'here' 2 0 None b'what is in the file'");
  t.deepEqual(inner[1].recv(100), bytes('over the passed socket'));
  inner[1].close();
  t.is(await peer.exit, 0);
});

test('a received descriptor is a new one for the same thing', (t) => {
  using ends = pair();
  using inner = pair();
  socket.send_fds(ends.a, [bytes('x')], [inner.a.fileno()]);
  const [, [fd]] = socket.recv_fds(ends.b, 1, 1);
  t.not(fd, inner.a.fileno());
  inner.a.close();
  using taken = new socket.socket({ fileno: fd });
  taken.send(bytes('y'));
  t.deepEqual(inner.b.recv(1), bytes('y'));
});

test('as many descriptors as the kernel takes (SCM_MAX_FD), and not one more', (t) => {
  using ends = pair();
  const LIMIT = 253;
  const fds = new Array(LIMIT + 1).fill(ends.a.fileno());
  t.throws(() => socket.send_fds(ends.a, [bytes('x')], fds), { name: 'OSError', code: 'EINVAL' });
  socket.send_fds(ends.a, [bytes('x')], fds.slice(1));
  const [, received, flags] = socket.recv_fds(ends.b, 1, 300);
  received.forEach(closeSync);
  t.deepEqual([received.length, new Set(received).size, flags], [LIMIT, LIMIT, 0]);
});

test('a bad descriptor is refused, and none of the others is sent', (t) => {
  using ends = pair();
  t.throws(() => socket.send_fds(ends.a, [bytes('x')], [ends.a.fileno(), 100_000]), { name: 'OSError', code: 'EBADF' });
  t.throws(() => ends.b.recv(1, socket.MSG_DONTWAIT), { name: 'BlockingIOError' });
});

/** What came, by room: what is cut off is closed by the kernel. */
function truncatedBy(receive: (sock: socket.socket) => [unknown, unknown[], number, ...unknown[]]) {
  using ends = pair();
  const before = openDescriptors();
  socket.send_fds(ends.a, [bytes('x')], new Array(3).fill(ends.a.fileno()));
  const [data, received, flags] = receive(ends.b);
  const opened = [...openDescriptors().keys()].filter((fd) => !before.has(fd));
  opened.forEach(closeSync);
  return [data, received.length, flags, opened.length];
}

testTwins(
  'descriptors for which there is no room are cut off, and none is leaked',
  [
    ...[1, 2, 3, 4].map(
      (room) =>
        [
          `truncated_by(lambda sock: socket.recv_fds(sock, 1, ${room}))`,
          () => truncatedBy((sock) => socket.recv_fds(sock, 1, room)),
        ] as const,
    ),
    ...[0, 1, 12, 16, 18, 20, 24, 28, 32].map(
      (room) =>
        [
          `truncated_by(lambda sock: sock.recvmsg(1, ${room}))`,
          () => truncatedBy((sock) => sock.recvmsg(1, room)),
        ] as const,
    ),
    ['truncated_by(lambda sock: (sock.recv(1), [], 0))', () => truncatedBy((sock) => [sock.recv(1), [], 0])],
  ],
  `
import os

def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False

def truncated_by(receive):
    a, b = socket.socketpair()
    before = set(filter(is_open, range(100)))
    socket.send_fds(a, [b'x'], [a.fileno()] * 3)
    data, received, flags = receive(b)[:3]
    opened = set(filter(is_open, range(100))) - before
    for fd in opened:
        os.close(fd)
    return data, len(received), flags, len(opened)
`,
);

test('the room decides, not the buffer: the data come whole beside what is cut off', (t) => {
  using ends = pair();
  socket.send_fds(ends.a, [bytes('data')], [ends.a.fileno(), ends.b.fileno()]);
  const [data, ancillary, flags] = ends.b.recvmsg(100, CMSG_LEN(4));
  t.is(flags & MSG_CTRUNC, MSG_CTRUNC);
  t.deepEqual(data, bytes('data'));
  t.deepEqual(
    ancillary.map(([level, type, item]) => [level, type, item.length]),
    [[SOL_SOCKET, SCM_RIGHTS, 4]],
  );
  closeSync(ancillary[0][2].readInt32LE());
});

test('recvmsg_into receives descriptors, too', (t) => {
  using ends = pair();
  socket.send_fds(ends.a, [bytes('ab')], [ends.a.fileno()]);
  const buffers = [Buffer.alloc(1), Buffer.alloc(1)];
  const [count, [[level, type, item]], flags] = ends.b.recvmsg_into(buffers, CMSG_SPACE(4));
  t.deepEqual([count, level, type, flags], [2, SOL_SOCKET, SCM_RIGHTS, 0]);
  closeSync(item.readInt32LE());
});

test('send_fds over datagrams, to an address', (t) => {
  using receiver = new socket.socket(AF_UNIX, SOCK_DGRAM);
  receiver.bind('');
  using sender = new socket.socket(AF_UNIX, SOCK_DGRAM);
  socket.send_fds(sender, [bytes('x')], [1], 0, receiver.getsockname());
  const [data, [fd], flags] = socket.recv_fds(receiver, 10, 4);
  t.deepEqual([data, flags], [bytes('x'), 0]);
  t.is(openDescriptors().get(fd), openDescriptors().get(1));
  closeSync(fd);
});

const errorPrelude = `
import array

def sent(*args):
    a, b = socket.socketpair()
    with a, b:
        return a.sendmsg(*args)

def sent_fds(*args):
    a, b = socket.socketpair()
    with a, b:
        return socket.send_fds(a, *args)
`;
function sent(...args: unknown[]): unknown {
  using ends = pair();
  return Reflect.apply(ends.a.sendmsg, ends.a, args);
}
function sentFds(...args: unknown[]): unknown {
  using ends = pair();
  return Reflect.apply(socket.send_fds, null, [ends.a, ...args]);
}
testTwins(
  'wrong ancillary data is refused as in CPython',
  [
    ['sent(5)', () => sent(5)],
    ["sent(['x'])", () => sent(['x'])],
    ["sent([b'x'], 5)", () => sent([bytes('x')], 5)],
    ["sent([b'x'], [5])", () => sent([bytes('x')], [5])],
    ["sent([b'x'], [(1, 2)])", () => sent([bytes('x')], [[1, 2]])],
    ["sent([b'x'], [(1, 2, 3)])", () => sent([bytes('x')], [[1, 2, 3]])],
    ["sent([b'x'], [(1, 2, b'', 4)])", () => sent([bytes('x')], [[1, 2, bytes(''), 4]])],
    ["sent([b'x'], [('1', 2, b'')])", () => sent([bytes('x')], [['1', 2, bytes('')]])],
    ["sent([b'x'], [(2 ** 40, 2, b'')])", () => sent([bytes('x')], [[2 ** 40, 2, bytes('')]])],
    ["sent([b'x'], [(1, 1, b'abc')])", () => sent([bytes('x')], [[1, 1, bytes('abc')]])],
    ["sent([b'x'], [(1, 99, b'abc')])", () => sent([bytes('x')], [[1, 99, bytes('abc')]])],
    ["sent([b'x'], [(99, 99, b'abc')])", () => sent([bytes('x')], [[99, 99, bytes('abc')]])],
    ["sent([b'x'], [], 'flags')", () => sent([bytes('x')], [], 'flags')],
    ["sent_fds([b'x'], 5)", () => sentFds([bytes('x')], 5)],
    ["sent_fds([b'x'], [-1])", () => sentFds([bytes('x')], [-1])],
    ["sent_fds([b'x'], [])", () => sentFds([bytes('x')], [])],
  ],
  errorPrelude,
);

// ---- credentials -----------------------------------------------------------------------------------------------------

/** struct ucred: pid, uid, gid. */
const credentials = () => Buffer.concat([process.pid, process.getuid?.() ?? 0, process.getgid?.() ?? 0].map(int));

test('SCM_CREDENTIALS: the kernel says who sent', (t) => {
  using ends = pair();
  ends.b.setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
  ends.a.send(bytes('hello'));
  const [data, ancillary, flags] = ends.b.recvmsg(100, CMSG_SPACE(12));
  t.deepEqual([data, flags], [bytes('hello'), 0]);
  t.deepEqual(ancillary, [[SOL_SOCKET, SCM_CREDENTIALS, credentials()]]);
  t.deepEqual(ends.b.getsockopt(SOL_SOCKET, SO_PEERCRED, 12), credentials());
});

test("several items go in one message, and come in the kernel's order", (t) => {
  using ends = pair();
  ends.b.setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
  ends.a.sendmsg(
    [bytes('x')],
    [
      [SOL_SOCKET, SCM_RIGHTS, int(ends.a.fileno())],
      [SOL_SOCKET, SCM_CREDENTIALS, credentials()],
      [SOL_SOCKET, SCM_RIGHTS, Int32Array.of(ends.b.fileno(), ends.a.fileno())],
    ],
  );
  const [, ancillary] = ends.b.recvmsg(10, CMSG_SPACE(12) + CMSG_SPACE(12));
  const rights = ancillary.filter(([, type]) => type === SCM_RIGHTS);
  t.deepEqual(
    ancillary.filter(([, type]) => type === SCM_CREDENTIALS),
    [[SOL_SOCKET, SCM_CREDENTIALS, credentials()]],
  );
  t.deepEqual(
    rights.map(([, , item]) => item.length),
    [12],
  );
  for (let i = 0; i < 3; i++) closeSync(rights[0][2].readInt32LE(i * 4));
});

testWithPython('credentials of another process', async (t) => {
  using ends = pair();
  ends.a.setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
  const script = `import socket
socket.socket(fileno=3).send(b'it is me')
input()`;
  const peer = spawnPeer('python3', ['-c', script], {}, [ends.b.fileno()]);
  const [data, [[, type, item]]] = ends.a.recvmsg(100, CMSG_SPACE(12));
  t.deepEqual([data, type], [bytes('it is me'), SCM_CREDENTIALS]);
  t.is(item.readInt32LE(), peer.child.pid as number);
  peer.child.stdin?.end('\n');
  t.is(await peer.exit, 0);
});

// ---- IP --------------------------------------------------------------------------------------------------------------

function bound(t: ExecutionContext, family: number, host: string): socket.socket | undefined {
  try {
    const sock = new socket.socket(family, SOCK_DGRAM);
    t.teardown(() => sock.close());
    sock.bind([host, 0]);
    return sock;
  } catch (error) {
    skip(t, `no ${host} here: ${(error as Error).message}`);
    return undefined;
  }
}

test('IPv6 tells beside a datagram where it went, its hop limit and its traffic class', (t) => {
  const receiver = bound(t, AF_INET6, '::1');
  if (receiver === undefined) return;
  for (const name of ['IPV6_RECVPKTINFO', 'IPV6_RECVHOPLIMIT', 'IPV6_RECVTCLASS']) {
    receiver.setsockopt(IPPROTO_IPV6, linux[name], 1);
  }
  using sender = new socket.socket(AF_INET6, SOCK_DGRAM);
  sender.setsockopt(IPPROTO_IPV6, linux.IPV6_UNICAST_HOPS, 17);
  sender.setsockopt(IPPROTO_IPV6, linux.IPV6_TCLASS, 0x68);
  const room = CMSG_SPACE(20) + CMSG_SPACE(4) * 2;
  const byType = () => {
    const [data, ancillary, flags] = receiver.recvmsg(100, room);
    t.deepEqual([data, flags], [bytes('x'), 0]);
    return new Map(ancillary.map(([level, type, item]) => [`${level} ${type}`, item]));
  };
  sender.sendto(bytes('x'), receiver.getsockname());
  // RFC 3542: struct in6_pktinfo is the destination and the interface's index.
  const destination = Buffer.concat([socket.inet_pton(AF_INET6, '::1'), int(socket.if_nametoindex('lo'))]);
  t.deepEqual(
    byType(),
    new Map([
      [`${IPPROTO_IPV6} ${linux.IPV6_PKTINFO}`, destination],
      [`${IPPROTO_IPV6} ${linux.IPV6_HOPLIMIT}`, int(17)],
      [`${IPPROTO_IPV6} ${linux.IPV6_TCLASS}`, int(0x68)],
    ]),
  );
  // For one datagram alone.
  const items: [number, number, Buffer][] = [
    [IPPROTO_IPV6, linux.IPV6_HOPLIMIT, int(5)],
    [IPPROTO_IPV6, linux.IPV6_TCLASS, int(0x20)],
  ];
  sender.sendmsg([bytes('x')], items, 0, receiver.getsockname());
  const found = byType();
  t.deepEqual(found.get(`${IPPROTO_IPV6} ${linux.IPV6_HOPLIMIT}`), int(5));
  t.deepEqual(found.get(`${IPPROTO_IPV6} ${linux.IPV6_TCLASS}`), int(0x20));
});

test('IPv6: what does not fit is cut off, item by item', (t) => {
  const receiver = bound(t, AF_INET6, '::1');
  if (receiver === undefined) return;
  receiver.setsockopt(IPPROTO_IPV6, linux.IPV6_RECVPKTINFO, 1);
  receiver.setsockopt(IPPROTO_IPV6, linux.IPV6_RECVHOPLIMIT, 1);
  const received = (room: number) => {
    receiver.sendto(bytes('x'), receiver.getsockname());
    const [, ancillary, flags] = receiver.recvmsg(10, room);
    return [ancillary.map(([, type, item]) => [type, item.length]), flags & MSG_CTRUNC];
  };
  t.deepEqual(received(CMSG_SPACE(20) + CMSG_SPACE(4)), [
    [
      [linux.IPV6_PKTINFO, 20],
      [linux.IPV6_HOPLIMIT, 4],
    ],
    0,
  ]);
  t.deepEqual(received(CMSG_SPACE(20)), [[[linux.IPV6_PKTINFO, 20]], MSG_CTRUNC]);
  t.deepEqual(received(CMSG_LEN(10)), [[[linux.IPV6_PKTINFO, 10]], MSG_CTRUNC]);
  t.deepEqual(received(0), [[], MSG_CTRUNC]);
});

test('IPv4 tells the type of service', (t) => {
  const receiver = bound(t, AF_INET, '127.0.0.1');
  if (receiver === undefined) return;
  receiver.setsockopt(IPPROTO_IP, linux.IP_RECVTOS, 1);
  using sender = new socket.socket(AF_INET, SOCK_DGRAM);
  sender.setsockopt(IPPROTO_IP, socket.IP_TOS, 0x10);
  sender.sendto(bytes('x'), receiver.getsockname());
  t.deepEqual(receiver.recvmsg(10, CMSG_SPACE(1))[1], [[IPPROTO_IP, socket.IP_TOS, Buffer.of(0x10)]]);
});

test('MSG_ERRQUEUE: why a datagram was refused', (t) => {
  const gone = bound(t, AF_INET, '127.0.0.1');
  if (gone === undefined) return;
  const IP_RECVERR = 11; // <linux/in.h>
  using sock = new socket.socket(AF_INET, SOCK_DGRAM);
  sock.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
  const address = gone.getsockname();
  gone.close();
  sock.settimeout(60);
  sock.sendto(bytes('lost'), address);
  const [data, [[level, type, item]], flags, from] = sock.recvmsg(100, 512, linux.MSG_ERRQUEUE);
  // struct sock_extended_err: errno, origin (2: ICMP), ICMP type 3, code 3 (port unreachable)
  t.deepEqual([data, level, type, from], [bytes('lost'), IPPROTO_IP, IP_RECVERR, address]);
  t.is(flags & linux.MSG_ERRQUEUE, linux.MSG_ERRQUEUE);
  t.deepEqual([item.readInt32LE(), item[4], item[5], item[6]], [111, 2, 3, 3]);
});

// ---- the kernel's crypto API, which not every kernel has ----------------------------------------------------------------

test('sendmsg_afalg says what the kernel wants to hear', (t) => {
  // A socket that claims to be of AF_ALG, and a binary that notes what would be sent.
  using ends = pair();
  using sock = new socket.socket({
    family: linux.AF_ALG,
    type: socket.SOCK_SEQPACKET,
    proto: 0,
    fileno: socket.dup(ends.a.fileno()),
  });
  const real = native.sendmsg;
  const calls: unknown[] = [];
  const spy = (_fd: number, parts: readonly Uint8Array[], control: Uint8Array, flags: number) => {
    calls.push([parts.map(String), Buffer.from(control).toString('hex'), flags]);
    return 7;
  };
  Object.assign(native, { sendmsg: spy });
  try {
    const iv = bytes('\x01\x02\x03\x04');
    t.is(sock.sendmsg_afalg({ op: linux.ALG_OP_ENCRYPT }), 7);
    sock.sendmsg_afalg([bytes('data')], { op: linux.ALG_OP_DECRYPT, iv, assoclen: 16, flags: linux.MSG_MORE });
  } finally {
    Object.assign(native, { sendmsg: real });
  }
  // <linux/if_alg.h>: SOL_ALG is 279 (0x117); ALG_SET_OP 3, ALG_SET_IV 2 (length, bytes), ALG_SET_AEAD_ASSOCLEN 4.
  const item = (length: string, type: string, data: string) =>
    `${length}00000000000000${'17010000'}${type}000000${data}`;
  t.deepEqual(calls, [
    [[], item('14', '03', '0100000000000000'), 0],
    [
      [String(bytes('data'))],
      item('14', '03', '0000000000000000') +
        item('18', '02', '0400000001020304') +
        item('14', '04', '1000000000000000'),
      linux.MSG_MORE,
    ],
  ]);
});

testTwins(
  'sendmsg_afalg refuses what CPython refuses',
  [
    ['alg(op=-1)', () => alg({ op: -1 })],
    ['alg(op=2 ** 40)', () => alg({ op: 2 ** 40 })],
    ['alg(op=None)', () => alg({ op: null })],
    ['alg(foo=1)', () => alg({ foo: 1 })],
    ["alg([b'x'], 1, op=0)", () => alg([bytes('x')], 1, { op: 0 })],
    ["alg(msg=[b'x'], op=0)", () => alg({ msg: [bytes('x')], op: 0 })],
    ['alg(op=0, assoclen=2 ** 40)', () => alg({ op: 0, assoclen: 2 ** 40 })],
    ["alg(op=0, assoclen='x')", () => alg({ op: 0, assoclen: 'x' })],
    ['alg(op=0, iv=None)', () => alg({ op: 0, iv: null })],
    ["alg(op='x')", () => alg({ op: 'x' })],
    ['alg()', () => alg({})],
    ['alg(op=0, assoclen=-1)', () => alg({ op: 0, assoclen: -1 })],
    ['alg(op=0, iv=5)', () => alg({ op: 0, iv: 5 })],
    ["alg(op=0, flags='x')", () => alg({ op: 0, flags: 'x' })],
    ['alg(5, op=0)', () => alg(5, { op: 0 })],
    ["alg(['x'], op=0)", () => alg(['x'], { op: 0 })],
    [
      'socket.socket().sendmsg_afalg(op=0)',
      () => {
        using sock = new socket.socket();
        return sock.sendmsg_afalg({ op: 0 });
      },
    ],
  ],
  `
def alg(*args, **kwargs):
    a, b = socket.socketpair()
    with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET, 0, a.detach()) as sock:
        return sock.sendmsg_afalg(*args, **kwargs)
`,
);

function alg(...args: unknown[]): unknown {
  using ends = pair();
  using sock = new socket.socket(linux.AF_ALG, socket.SOCK_SEQPACKET, 0, ends.a.detach());
  return Reflect.apply(sock.sendmsg_afalg, sock, args);
}

test('AF_ALG: a hash of the kernel', (t) => {
  let sock: socket.socket;
  try {
    sock = new socket.socket(linux.AF_ALG, socket.SOCK_SEQPACKET, 0);
  } catch (error) {
    return skip(t, `no AF_ALG here: ${(error as Error).message}`);
  }
  using _ = sock;
  sock.bind(['hash', 'sha256']);
  const [operation] = sock.accept();
  using __ = operation;
  operation.sendall(bytes('abc'));
  // FIPS 180-4, the example of SHA-256
  t.is(operation.recv(32).toString('hex'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
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
