/** The families that a Linux kernel has, and the types of sockets, in use: with CPython at the other end where it can be. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import * as errno from '../../lib/constants/errno.js';
import type * as exceptions from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_FAMILY,
  NO_UNIX,
  onWindows,
  pythonSync,
  skip,
  spawnPeer,
  systemMessage,
  testUnless,
  tmpdir,
} from '../helpers/peers.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } = socket;

/** A socket, or undefined and a skip where this machine does not give one. */
function open(t: ExecutionContext, family: number | undefined, type: number, proto = 0): socket.socket | undefined {
  try {
    return new socket.socket(family as number, type, proto);
  } catch (error) {
    const { code, message } = error as exceptions.OSError;
    if (code === 'EPERM' || code === 'EACCES' || code === 'EAFNOSUPPORT' || code === 'EPROTONOSUPPORT') {
      skip(t, `no such socket here: ${message}`);
      return undefined;
    }
    throw error;
  }
}

// ---- Unix ------------------------------------------------------------------------------------------------------------

testUnless(NO_UNIX)('a path is in the file system, and both ends tell it', (t) => {
  const path = join(tmpdir(t), 'server');
  using server = new socket.socket(AF_UNIX, SOCK_STREAM);
  server.bind(path);
  server.listen();
  t.true(existsSync(path));
  t.is(server.getsockname(), path);
  using client = new socket.socket(AF_UNIX, SOCK_STREAM);
  t.is(client.getsockname(), '');
  client.connect(path);
  const [connection, address] = server.accept();
  using _ = connection;
  t.is(address, '');
  t.is(client.getpeername(), path);
  t.is(connection.getsockname(), path);
  t.is(connection.getpeername(), '');
});

testUnless(NO_UNIX)('a path may be bytes, and may be none that UTF-8 knows', (t) => {
  const folder = tmpdir(t);
  using server = new socket.socket(AF_UNIX, SOCK_STREAM);
  server.bind(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x78, 0x80, 0xff])]));
  t.deepEqual(
    readdirSync(Buffer.from(folder), 'buffer').map((name) => name.toString('hex')),
    ['7880ff'],
  );
  t.is(server.getsockname(), `${folder}/x\udc80\udcff`);
  server.listen();
  using client = new socket.socket(AF_UNIX, SOCK_STREAM);
  client.connect(`${folder}/x\udc80\udcff`);
  t.is(client.getpeername(), `${folder}/x\udc80\udcff`);
});

testUnless(NO_UNIX)('what a path can go wrong with has its class', (t) => {
  const path = join(tmpdir(t), 'server');
  using server = new socket.socket(AF_UNIX, SOCK_STREAM);
  using client = new socket.socket(AF_UNIX, SOCK_STREAM);
  t.throws(() => client.connect(path), {
    name: 'FileNotFoundError',
    message: systemMessage(errno.ENOENT, 'No such file or directory'),
  });
  server.bind(path);
  t.throws(() => client.connect(path), { name: 'ConnectionRefusedError' });
  using second = new socket.socket(AF_UNIX, SOCK_STREAM);
  t.throws(() => second.bind(path), {
    name: 'OSError',
    message: systemMessage(errno.EADDRINUSE, 'Address already in use'),
  });
  t.throws(() => server.bind(`${path} too`), { name: 'OSError', code: 'EINVAL' });
  t.throws(() => second.bind(join(path, 'under')), { name: 'NotADirectoryError' });
});

testWithPython('an abstract name is bytes with a NUL before it; CPython finds it and is found', async (t) => {
  const name = Buffer.from(`\0berkeley ${process.pid} \0 inner`, 'latin1');
  using server = new socket.socket(AF_UNIX, SOCK_STREAM);
  server.bind(name);
  server.listen();
  t.deepEqual(server.getsockname(), name);
  const peer = spawnPeer('python3', [
    '-c',
    `import socket, sys
name = bytes.fromhex(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
s.bind(name + b' client')
s.connect(name)
print(s.getpeername() == name, flush=True)`,
    name.toString('hex'),
  ]);
  const [connection, address] = server.accept();
  connection.close();
  t.is(await peer.line(), 'True');
  t.deepEqual(address, Buffer.concat([name, Buffer.from(' client')]));
});

testUnless(NO_UNIX)('an abstract name may be given as text', (t) => {
  using sock = new socket.socket(AF_UNIX, SOCK_DGRAM);
  sock.bind(`\0straße ${process.pid}`);
  t.deepEqual(sock.getsockname(), Buffer.from(`\0straße ${process.pid}`));
});

testUnless(NO_UNIX)('an empty name has the kernel choose one: unix(7), autobind', (t) => {
  using sock = new socket.socket(AF_UNIX, SOCK_DGRAM);
  sock.bind('');
  const name = sock.getsockname();
  t.regex(Buffer.from(name as Buffer).toString('latin1'), /^\0[0-9a-f]{5}$/);
  using sender = new socket.socket(AF_UNIX, SOCK_DGRAM);
  sender.sendto(Buffer.from('to you'), name);
  t.deepEqual(sock.recv(100), Buffer.from('to you'));
});

testUnless(NO_UNIX)('a datagram tells who sent it, or null where the sender has no name', (t) => {
  const folder = tmpdir(t);
  using receiver = new socket.socket(AF_UNIX, SOCK_DGRAM);
  receiver.bind(join(folder, 'receiver'));
  using sender = new socket.socket(AF_UNIX, SOCK_DGRAM);
  t.is(sender.sendto(Buffer.from('a'), join(folder, 'receiver')), 1);
  t.deepEqual(receiver.recvfrom(10), [Buffer.from('a'), null]);
  sender.bind(join(folder, 'sender'));
  sender.connect(join(folder, 'receiver'));
  t.is(sender.send(Buffer.from('bc')), 2);
  t.deepEqual(receiver.recvfrom(10), [Buffer.from('bc'), join(folder, 'sender')]);
});

testUnless(NO_UNIX)('a sequential packet socket keeps the records apart', (t) => {
  const [a, b] = socket.socketpair(AF_UNIX, SOCK_SEQPACKET);
  using _a = a;
  using _b = b;
  t.is(a.type, SOCK_SEQPACKET);
  a.send(Buffer.from('first'));
  a.send(Buffer.from('second'));
  t.deepEqual(b.recv(3), Buffer.from('fir'));
  t.deepEqual(b.recv(100), Buffer.from('second'));
  a.close();
  t.deepEqual(b.recv(100), Buffer.alloc(0));
});

// ---- IPv4, IPv6 ------------------------------------------------------------------------------------------------------

for (const [family, host] of [
  [AF_INET, '127.0.0.1'],
  [AF_INET6, '::1'],
] as const) {
  const rest = family === AF_INET6 ? [0, 0] : [];

  test(`a stream over ${host}: port 0 is a real one at once, both ends tell the same`, (t) => {
    using server = open(t, family, SOCK_STREAM);
    if (server === undefined) return;
    server.bind([host, 0]);
    const address = server.getsockname() as unknown[];
    t.true((address[1] as number) > 0);
    t.deepEqual(address, [host, address[1], ...rest]);
    server.listen();
    using client = new socket.socket(family, SOCK_STREAM);
    client.connect(address);
    const [connection, from] = server.accept();
    using _ = connection;
    t.deepEqual(client.getpeername(), address);
    t.deepEqual(from, client.getsockname());
    t.deepEqual(connection.getpeername(), from);
    t.deepEqual([connection.family, connection.type, connection.proto], [family, SOCK_STREAM, 0]);
    client.sendall(Buffer.from('hello'));
    t.deepEqual(connection.recv(100), Buffer.from('hello'));
  });

  test(`datagrams over ${host}, connected and not`, (t) => {
    using one = open(t, family, SOCK_DGRAM);
    if (one === undefined) return;
    using other = new socket.socket(family, SOCK_DGRAM);
    one.bind([host, 0]);
    other.bind([host, 0]);
    t.is(one.sendto(Buffer.from('ping'), other.getsockname()), 4);
    t.deepEqual(other.recvfrom(100), [Buffer.from('ping'), one.getsockname()]);
    t.is(other.sendto(Buffer.from('empty'), (socket.MSG_DONTWAIT ?? 0) as number, one.getsockname()), 5);
    t.deepEqual(one.recv(100), Buffer.from('empty'));
    one.connect(other.getsockname());
    t.is(one.send(Buffer.alloc(0)), 0);
    t.deepEqual(other.recvfrom(100), [Buffer.alloc(0), one.getsockname()]);
  });
}

testUnless(onWindows('the scope is a number there'))('a link-local address keeps its scope', (t) => {
  if (!socket.has_dualstack_ipv6()) return skip(t, 'no IPv6 here');
  for (const [index, name] of socket.if_nameindex()) {
    const [[, , , , address]] = socket.getaddrinfo(`fe80::1%${name}`, 9, AF_INET6, SOCK_DGRAM);
    t.deepEqual(address, ['fe80::1', 9, 0, index]);
  }
});

// ---- raw and the rest --------------------------------------------------------------------------------------------------

/** RFC 1071. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let i = 0; i < packet.length; i += 2) sum += packet.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

test('a raw socket pings: an ICMP echo and its reply', (t) => {
  using sock = open(t, AF_INET, SOCK_RAW, socket.IPPROTO_ICMP);
  if (sock === undefined) return;
  sock.settimeout(30);
  t.deepEqual([sock.type, sock.proto], [SOCK_RAW, socket.IPPROTO_ICMP]);
  const ECHO = 8;
  const packet = Buffer.concat([Buffer.from([ECHO, 0, 0, 0]), Buffer.alloc(4), Buffer.from('berkeley')]);
  packet.writeUInt16BE(process.pid & 0xffff, 4);
  packet.writeUInt16BE(checksum(packet), 2);
  sock.sendto(packet, ['127.0.0.1', 0]);
  for (;;) {
    const [reply, from] = sock.recvfrom(1000);
    const icmp = reply.subarray((reply[0] & 15) * 4);
    if (icmp[0] === ECHO || icmp.readUInt16BE(4) !== (process.pid & 0xffff)) continue;
    t.deepEqual(from, ['127.0.0.1', 0]);
    t.is(icmp[0], 0);
    t.deepEqual(icmp.subarray(8), Buffer.from('berkeley'));
    return;
  }
});

testUnless(NO_FAMILY)('netlink: the kernel gives a port and lists its interfaces', (t) => {
  using sock = open(t, socket.AF_NETLINK, SOCK_RAW);
  if (sock === undefined) return;
  sock.settimeout(30);
  sock.bind([0, 0]);
  const [pid, groups] = sock.getsockname() as number[];
  t.true(pid > 0);
  t.is(groups, 0);
  // rtnetlink(7): nlmsghdr { len, type, flags, seq, pid } and ifinfomsg, all in host byte order.
  const [RTM_NEWLINK, RTM_GETLINK, NLM_F_REQUEST_DUMP, NLMSG_DONE, IFLA_IFNAME] = [16, 18, 0x301, 3, 3];
  const request = new DataView(new ArrayBuffer(32));
  request.setUint32(0, 32, true);
  request.setUint16(4, RTM_GETLINK, true);
  request.setUint16(6, NLM_F_REQUEST_DUMP, true);
  t.is(sock.sendto(request, [0, 0]), 32);
  const names: [number, string][] = [];
  for (let done = false; !done; ) {
    const [reply, from] = sock.recvfrom(65536);
    t.deepEqual(from, [0, 0]);
    for (let at = 0; at < reply.length; at += (reply.readUInt32LE(at) + 3) & ~3) {
      const message = reply.subarray(at, at + reply.readUInt32LE(at));
      done ||= message.readUInt16LE(4) === NLMSG_DONE;
      if (message.readUInt16LE(4) !== RTM_NEWLINK) continue;
      for (let attribute = 32; attribute < message.length; attribute += (message.readUInt16LE(attribute) + 3) & ~3) {
        if (message.readUInt16LE(attribute + 2) !== IFLA_IFNAME) continue;
        const name = message.subarray(attribute + 4, attribute + message.readUInt16LE(attribute) - 1);
        names.push([message.readInt32LE(20), name.toString()]);
      }
    }
  }
  const known = socket.if_nameindex();
  t.deepEqual(names.sort(), known.sort());
});

testWithPython('packet sockets are bound to an interface and see its frames', (t) => {
  const [ETH_P_ALL, ETH_P_IP] = [0x0003, 0x0800];
  using sock = open(t, socket.AF_PACKET, SOCK_DGRAM, socket.htons(ETH_P_ALL));
  if (sock === undefined) return;
  sock.settimeout(30);
  sock.bind(['lo', ETH_P_ALL]);
  const expected = pythonSync(`import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
s.bind(('lo', 3))
name, proto, kind, hardware, address = s.getsockname()
print(name, proto, kind, hardware, address.hex())`);
  const [name, proto, kind, hardware, address] = sock.getsockname() as [string, number, number, number, Buffer];
  t.is(`${name} ${proto} ${kind} ${hardware} ${address.toString('hex')}\n`, expected.stdout);
  using sender = new socket.socket(AF_INET, SOCK_DGRAM);
  sender.bind(['127.0.0.1', 0]);
  const marker = Buffer.from(`berkeley marks this ${process.pid}`);
  const kinds = new Set<unknown>();
  // The socket sees all that other tests send over lo, and the kernel drops frames for which its queue has no room: so
  // ours is sent anew for each frame that is taken off the queue.
  while (kinds.size < 2) {
    sender.sendto(marker, sender.getsockname());
    const [packet, from] = sock.recvfrom(65536);
    if (packet.indexOf(marker) < 0) continue;
    const [at, protocol, packetType] = from as [string, number, number];
    t.deepEqual([at, protocol], ['lo', ETH_P_IP]);
    kinds.add(packetType);
  }
  t.deepEqual([...kinds].sort(), [socket.PACKET_HOST, socket.PACKET_OUTGOING].sort());
});

testUnless(NO_FAMILY)("vsock: any address, and a port of one's own", (t) => {
  using sock = open(t, socket.AF_VSOCK, SOCK_STREAM);
  if (sock === undefined) return;
  const ANY = 2 ** 32 - 1;
  t.deepEqual(sock.getsockname(), [ANY, ANY]);
  sock.bind([socket.VMADDR_CID_ANY as number, socket.VMADDR_PORT_ANY as number]);
  const [cid, port] = sock.getsockname() as number[];
  t.is(cid, ANY);
  t.true(port !== ANY);
  sock.listen();
  t.is(typeof sock.getsockopt(socket.AF_VSOCK as number, socket.SO_VM_SOCKETS_BUFFER_SIZE as number), 'number');
  sock.setsockopt(socket.AF_VSOCK as number, socket.SO_VM_SOCKETS_BUFFER_SIZE as number, 65536);
  t.is(sock.getsockopt(socket.AF_VSOCK as number, socket.SO_VM_SOCKETS_BUFFER_SIZE as number), 65536);
});

test('what the kernel lacks says so', (t) => {
  t.throws(() => new socket.socket(250, SOCK_STREAM), {
    name: 'OSError',
    message: systemMessage(errno.EAFNOSUPPORT, 'Address family not supported by protocol'),
  });
  const error = t.throws(() => new socket.socket(AF_INET, SOCK_STREAM, socket.IPPROTO_UDP), { name: 'OSError' });
  t.like(error, { errno: errno.EPROTONOSUPPORT, code: 'EPROTONOSUPPORT', syscall: 'socket' });
});

testTwins(
  'family, type and protocol are what they are asked to be',
  [
    ...[
      ['AF_INET', 'SOCK_STREAM', 'IPPROTO_TCP'],
      ['AF_INET', 'SOCK_DGRAM', 'IPPROTO_UDP'],
      ['AF_INET6', 'SOCK_STREAM', '-1'],
      ['AF_UNIX', 'SOCK_SEQPACKET', '0'],
      ['AF_UNIX', 'SOCK_DGRAM | socket.SOCK_NONBLOCK', '0'],
      ['AF_INET', 'SOCK_STREAM | socket.SOCK_CLOEXEC', '0'],
      ['AF_INET', 'SOCK_STREAM', 'IPPROTO_MPTCP'],
      ['AF_INET', 'SOCK_DGRAM', 'IPPROTO_UDPLITE'],
    ].map(
      ([family, type, proto]) =>
        [
          `about(socket.socket(socket.${family}, socket.${type}, ${proto.startsWith('I') ? 'socket.' : ''}${proto}))`,
          () => {
            const names = socket as unknown as Record<string, number>;
            const bits = type.split(' | socket.').reduce((sum, name) => sum | names[name], 0);
            using sock = new socket.socket(names[family], bits, names[proto] ?? Number(proto));
            return [sock.family, sock.type, sock.proto, sock.timeout, sock.getblocking()];
          },
        ] as const,
    ),
  ],
  `
def about(sock):
    with sock:
        return sock.family, sock.type, sock.proto, sock.timeout, sock.getblocking()
`,
);
