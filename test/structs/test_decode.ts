/** decode_ancillary, tcp_info and peercred: against CPython's struct on the same bytes, and what real sockets say. */
import { closeSync, fstatSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import { errno } from '../../lib/index.js';
import * as socket from '../../lib/socket/index.js';
import { decodeTcpInfo } from '../../lib/structs/info.js';
import { tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_STRUCTS, pythonSync, skip, spawnPeer, testUnless } from '../helpers/peers.js';
import { testWithPython } from '../helpers/twin.js';

const test = testUnless(NO_STRUCTS);

checkLeaks(test);

const { AF_INET, AF_INET6, decode_ancillary, IPPROTO_IP, IPPROTO_TCP, SOCK_DGRAM, SOL_SOCKET } = socket;
// Linux has these; the types know of platforms that do not.
const c = socket as unknown as Record<string, number>;
const ROOM = 512;

function udp(t: ExecutionContext, family: number = AF_INET): socket.socket {
  const sock = new socket.socket(family, SOCK_DGRAM);
  t.teardown(() => sock.close());
  sock.bind([family === AF_INET ? '127.0.0.1' : '::1', 0]);
  sock.settimeout(10);
  return sock;
}

/** What comes beside a datagram from `sender` when `options` are set on the receiver. */
function besideDatagram(t: ExecutionContext, family: number, options: [number, number][], sender = udp(t, family)) {
  const sock = udp(t, family);
  for (const [level, option] of options) sock.setsockopt(level, option, 1);
  sender.sendto(Buffer.from('x'), sock.getsockname());
  const [, ancdata, flags] = sock.recvmsg(10, ROOM);
  t.is(flags, 0);
  return { ancdata, decoded: decode_ancillary(ancdata) };
}

/** The items' data, unpacked by CPython. */
function unpacked(items: socket.AncillaryData[], formats: string[]): string[] {
  const script =
    'import json, struct, sys\nprint(json.dumps([[str(each) for each in struct.unpack(f, bytes.fromhex(d))] for f, d in json.load(sys.stdin)]))';
  const input = JSON.stringify(items.map(([, , data], i) => [formats[i], data.toString('hex')]));
  return (JSON.parse(pythonSync(script, [], { input }).stdout) as string[][]).map((values) => values.join(' '));
}

// ---- packets ---------------------------------------------------------------------------------------------------------

testWithPython('timestamps are what struct timespec and timeval say, in nanoseconds', (t) => {
  const before = BigInt(Date.now() - 1) * 1_000_000n;
  for (const [option, name, format] of [
    [c.SO_TIMESTAMP, 'SCM_TIMESTAMP', '@ll'],
    [c.SO_TIMESTAMPNS, 'SCM_TIMESTAMPNS', '@ll'],
  ] as const) {
    const { ancdata, decoded } = besideDatagram(t, AF_INET, [[SOL_SOCKET, option]]);
    const [seconds, fraction] = unpacked(ancdata, [format])[0].split(' ').map(BigInt);
    const unit = name === 'SCM_TIMESTAMP' ? 1000n : 1n;
    t.deepEqual(decoded, { [name]: seconds * 1_000_000_000n + fraction * unit, rest: [] });
    const stamp = decoded[name] as bigint;
    t.true(stamp >= before && stamp <= BigInt(Date.now() + 1) * 1_000_000n);
  }
});

testWithPython('SO_TIMESTAMPING gives three', (t) => {
  const sock = udp(t);
  const bits = c.SOF_TIMESTAMPING_RX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE;
  sock.setsockopt(SOL_SOCKET, c.SO_TIMESTAMPING, bits);
  udp(t).sendto(Buffer.from('x'), sock.getsockname());
  const [, ancdata] = sock.recvmsg(10, ROOM);
  const numbers = unpacked(ancdata, ['@6l'])[0].split(' ').map(BigInt);
  const expected = [0, 2, 4].map((i) => numbers[i] * 1_000_000_000n + numbers[i + 1]);
  t.deepEqual(decode_ancillary(ancdata), { SCM_TIMESTAMPING: expected as [bigint, bigint, bigint], rest: [] });
  t.true(expected[0] > 0n);
  t.deepEqual(expected.slice(1), [0n, 0n]);
});

test('a timestamp before 1970, and one that a number could not hold', (t) => {
  const { size, tv_sec, tv_nsec } = native.layout.timespec;
  if (tv_sec[1] !== 8) return skip(t, 'a long has 32 bits here');
  const bytes = Buffer.alloc(size);
  for (const [seconds, nanoseconds] of [
    [-1n, 5n],
    [2n ** 40n, 999_999_999n],
  ]) {
    bytes.writeBigInt64LE(seconds, tv_sec[0]);
    bytes.writeBigInt64LE(nanoseconds, tv_nsec[0]);
    const { SCM_TIMESTAMPNS } = decode_ancillary([[SOL_SOCKET, c.SCM_TIMESTAMPNS, bytes]]);
    t.is(SCM_TIMESTAMPNS, seconds * 1_000_000_000n + nanoseconds);
  }
});

test('IPv4: interface, addresses, TTL and TOS', (t) => {
  const sender = udp(t);
  sender.setsockopt(IPPROTO_IP, c.IP_TTL, 33);
  sender.setsockopt(IPPROTO_IP, c.IP_TOS, 0x10);
  const options: [number, number][] = [c.IP_PKTINFO, c.IP_RECVTTL, c.IP_RECVTOS].map((name) => [IPPROTO_IP, name]);
  t.deepEqual(besideDatagram(t, AF_INET, options, sender).decoded, {
    IP_PKTINFO: { ipi_ifindex: socket.if_nametoindex('lo'), ipi_spec_dst: '127.0.0.1', ipi_addr: '127.0.0.1' },
    IP_TTL: 33,
    IP_TOS: 0x10,
    rest: [],
  });
});

test('IPv6: interface, address, hop limit and traffic class', (t) => {
  const sender = udp(t, AF_INET6);
  sender.setsockopt(c.IPPROTO_IPV6, c.IPV6_UNICAST_HOPS, 33);
  sender.setsockopt(c.IPPROTO_IPV6, c.IPV6_TCLASS, 0x20);
  const names = [c.IPV6_RECVPKTINFO, c.IPV6_RECVHOPLIMIT, c.IPV6_RECVTCLASS];
  const options: [number, number][] = names.map((name) => [c.IPPROTO_IPV6, name]);
  t.deepEqual(besideDatagram(t, AF_INET6, options, sender).decoded, {
    IPV6_PKTINFO: { ipi6_addr: '::1', ipi6_ifindex: socket.if_nametoindex('lo') },
    IPV6_HOPLIMIT: 33,
    IPV6_TCLASS: 0x20,
    rest: [],
  });
});

test('where a datagram was meant to go, and how many were dropped before it', (t) => {
  const sock = udp(t);
  sock.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 1);
  sock.setsockopt(SOL_SOCKET, c.SO_RXQ_OVFL, 1);
  sock.setsockopt(IPPROTO_IP, c.IP_RECVORIGDSTADDR, 1);
  const sender = udp(t);
  for (let i = 0; i < 100; i++) sender.sendto(Buffer.alloc(1000), sock.getsockname());
  sock.setblocking(false);
  let taken = 0;
  try {
    for (;;) {
      sock.recv(1000);
      taken++;
    }
  } catch {
    // No more are there.
  }
  sender.sendto(Buffer.from('x'), sock.getsockname());
  const { SO_RXQ_OVFL, IP_ORIGDSTADDR } = decode_ancillary(sock.recvmsg(10, ROOM)[1]);
  t.is(SO_RXQ_OVFL, 100 - taken);
  t.deepEqual(IP_ORIGDSTADDR, sock.getsockname());
});

// ---- the error queue -------------------------------------------------------------------------------------------------

for (const [name, family, level, option, origin, type, code] of [
  ['IP_RECVERR', AF_INET, c.IPPROTO_IP, c.IP_RECVERR, c.SO_EE_ORIGIN_ICMP, 3, 3],
  ['IPV6_RECVERR', AF_INET6, c.IPPROTO_IPV6, c.IPV6_RECVERR, c.SO_EE_ORIGIN_ICMP6, 1, 4],
] as const) {
  test(`${name}: that nobody listens, and who said so`, (t) => {
    const sock = udp(t, family);
    sock.setsockopt(level, option, 1);
    const gone = new socket.socket(family, SOCK_DGRAM);
    gone.bind([family === AF_INET ? '127.0.0.1' : '::1', 0]);
    const address = gone.getsockname();
    gone.close();
    sock.sendto(Buffer.from('hello'), address);
    const [bytes, ancdata, flags, about] = sock.recvmsg(10, ROOM, c.MSG_ERRQUEUE);
    t.is(String(bytes), 'hello');
    t.deepEqual(about, address);
    t.is(flags & c.MSG_ERRQUEUE, c.MSG_ERRQUEUE);
    const { ee_errno } = decode_ancillary(ancdata)[name] as socket.ExtendedError;
    t.is(ee_errno, errno.ECONNREFUSED);
    // Destination unreachable, port unreachable: RFC 792, RFC 4443.
    t.deepEqual(decode_ancillary(ancdata), {
      [name]: {
        ee_errno: errno.ECONNREFUSED,
        ee_origin: origin,
        ee_type: type,
        ee_code: code,
        ee_info: 0,
        ee_data: 0,
        offender: family === AF_INET ? ['127.0.0.1', 0] : ['::1', 0, 0, 0],
      },
      rest: [],
    });
  });
}

testWithPython('an entry of the error queue, field by field', (t) => {
  const script = "import struct; print(struct.pack('=IBBBBII', 90, 2, 3, 4, 0, 1400, 7).hex())";
  const bytes = Buffer.from(pythonSync(script).stdout.trim(), 'hex');
  const fields = { ee_errno: 90, ee_origin: 2, ee_type: 3, ee_code: 4, ee_info: 1400, ee_data: 7, offender: null };
  for (const data of [bytes, Buffer.concat([bytes, Buffer.alloc(16)])]) {
    t.deepEqual(decode_ancillary([[IPPROTO_IP, c.IP_RECVERR, data]]).IP_RECVERR, fields);
  }
});

test('when a datagram was sent comes through the error queue', (t) => {
  const sock = udp(t);
  const bits = c.SOF_TIMESTAMPING_TX_SOFTWARE | c.SOF_TIMESTAMPING_SOFTWARE;
  sock.setsockopt(SOL_SOCKET, c.SO_TIMESTAMPING, bits | c.SOF_TIMESTAMPING_OPT_ID | c.SOF_TIMESTAMPING_OPT_TSONLY);
  const before = BigInt(Date.now() - 1) * 1_000_000n;
  sock.sendto(Buffer.from('x'), udp(t).getsockname());
  const { SCM_TIMESTAMPING = [0n, 0n, 0n], IP_RECVERR } = decode_ancillary(sock.recvmsg(10, ROOM, c.MSG_ERRQUEUE)[1]);
  t.true(SCM_TIMESTAMPING[0] >= before && SCM_TIMESTAMPING[0] <= BigInt(Date.now() + 1) * 1_000_000n);
  t.like(IP_RECVERR, {
    ee_errno: errno.ENOMSG,
    ee_origin: c.SO_EE_ORIGIN_TIMESTAMPING,
    ee_info: c.SCM_TSTAMP_SND,
    ee_data: 0,
  });
});

// ---- Unix sockets and streams ----------------------------------------------------------------------------------------

test('descriptors and credentials', (t) => {
  const [a, b] = unixPair(t);
  b.setsockopt(SOL_SOCKET, c.SO_PASSCRED, 1);
  socket.send_fds(a, [Buffer.from('x')], [a.fileno(), b.fileno()]);
  const { SCM_RIGHTS: fds = [], ...others } = decode_ancillary(b.recvmsg(10, ROOM)[1]);
  t.deepEqual(
    fds.map((fd) => fstatSync(fd).ino),
    [a, b].map((sock) => fstatSync(sock.fileno()).ino),
  );
  for (const fd of fds) closeSync(fd);
  const self = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
  t.deepEqual(others, { SCM_CREDENTIALS: self, rest: [] } as never);
});

test('TCP_INQ: how much is left to read', (t) => {
  const [a, b] = tcpPair(t);
  b.setsockopt(IPPROTO_TCP, c.TCP_INQ, 1);
  a.sendall(Buffer.alloc(100));
  t.deepEqual(decode_ancillary(b.recvmsg(40, ROOM)[1]), { TCP_INQ: 60, rest: [] });
});

// ---- what is not understood ------------------------------------------------------------------------------------------

test('what is unknown or cut off is left as it is', (t) => {
  const items: socket.AncillaryData[] = [
    [SOL_SOCKET, 9999, Buffer.from('data')],
    [-5, -7, Buffer.alloc(0)],
    [IPPROTO_IP, c.IP_PKTINFO, Buffer.alloc(11)],
    [IPPROTO_IP, c.IP_TOS, Buffer.alloc(0)],
    [SOL_SOCKET, c.SCM_TIMESTAMPING, Buffer.alloc(47)],
    [IPPROTO_IP, c.IP_RECVERR, Buffer.alloc(15)],
  ];
  t.deepEqual(decode_ancillary(items), { rest: items });
  t.deepEqual(decode_ancillary([]), { rest: [] });
  t.deepEqual(decode_ancillary([[SOL_SOCKET, c.SCM_RIGHTS, Buffer.alloc(7)]]), { SCM_RIGHTS: [0], rest: [] });
});

test('what is no ancillary data', (t) => {
  for (const value of [null, undefined, 5, {}, [5], [[1, 2]], ['abc'], [[1, 2, 'abc']], [[1, 'x', Buffer.alloc(1)]]]) {
    t.throws(() => decode_ancillary(value as never), { instanceOf: TypeError });
  }
});

// ---- tcp_info and peercred -------------------------------------------------------------------------------------------

testWithPython('tcp_info: every field where the kernel puts it', (t) => {
  const { stdout } = pythonSync("import struct; print(struct.pack('@8B24I4Q6I4Q2I2Q6I2HI', *range(1, 60)).hex())");
  const bytes = Buffer.from(stdout.trim(), 'hex');
  const { tcpi_snd_wscale, tcpi_rcv_wscale, tcpi_delivery_rate_app_limited, tcpi_fastopen_client_fail, ...others } =
    decodeTcpInfo(bytes);
  // Bytes 7 and 8 are bit fields, low ones first on a little-endian machine.
  t.deepEqual([tcpi_snd_wscale, tcpi_rcv_wscale], [7, 0]);
  t.deepEqual([tcpi_delivery_rate_app_limited, tcpi_fastopen_client_fail], [0, 0]);
  const values = Object.values(others).map(Number);
  t.deepEqual(
    values,
    Array.from({ length: 59 }, (_, i) => i + 1).filter((n) => n !== 7 && n !== 8),
  );
  const wide = Object.entries(others).filter(([, value]) => typeof value === 'bigint');
  t.is(wide.length, 10);
  // An older kernel's, which ends in the middle.
  const older = decodeTcpInfo(bytes.subarray(0, 110));
  t.is(older.tcpi_total_retrans, 32);
  t.false('tcpi_pacing_rate' in older);
});

test('tcp_info: what a connection has done', (t) => {
  const [a, b] = tcpPair(t);
  t.is(a.tcp_info().tcpi_state, c.TCP_ESTABLISHED);
  a.sendall(Buffer.alloc(5000));
  t.is(b.recv(5000, c.MSG_WAITALL).length, 5000);
  const [sender, receiver] = [a.tcp_info(), b.tcp_info()];
  t.is(sender.tcpi_bytes_sent, 5000n);
  t.is(receiver.tcpi_bytes_received, 5000n);
  t.is(sender.tcpi_snd_mss, a.getsockopt(IPPROTO_TCP, c.TCP_MAXSEG));
  t.is(sender.tcpi_snd_wscale, receiver.tcpi_rcv_wscale);
  a.shutdown(socket.SHUT_WR);
  t.is(b.recv(1).length, 0);
  t.is(b.tcp_info().tcpi_state, c.TCP_CLOSE_WAIT);
});

test('tcp_info: no TCP, no socket', (t) => {
  t.throws(() => udp(t).tcp_info(), { code: 'ENOTSUP' });
  const sock = new socket.socket();
  sock.close();
  t.throws(() => sock.tcp_info(), { code: 'EBADF' });
  t.throws(() => sock.peercred(), { code: 'EBADF' });
});

testWithPython('peercred: who connected', async (t) => {
  using listener = new socket.socket(socket.AF_UNIX, socket.SOCK_STREAM);
  listener.bind('');
  listener.listen();
  const name = (listener.getsockname() as Buffer).toString('hex');
  const script = `
import os, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
sock.connect(bytes.fromhex(sys.argv[1]))
print(os.getpid(), os.getuid(), os.getgid(), flush=True)
sock.recv(1)
`;
  const peer = spawnPeer('python3', ['-c', script, name]);
  const [pid, uid, gid] = (await peer.line()).split(' ').map(Number);
  const [accepted] = listener.accept();
  t.deepEqual(accepted.peercred(), { pid, uid, gid });
  accepted.close();
  t.is(await peer.exit, 0);
  // Of one without a peer, unix(7) leaves -1.
  t.deepEqual(listener.peercred().pid, process.pid);
  t.deepEqual(udp(t).peercred(), { pid: 0, uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 });
});
