/** Socket options: numbers, bytes and nothing with a length; before and after bind and connect; what they then do. */
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  NO_REUSEPORT,
  NO_STRUCTS,
  NO_UNIX,
  onWindows,
  skip,
  systemMessage,
  testUnless,
  underWine,
} from '../helpers/peers.js';
import { outcomeOf, outcomesInPython, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, IPPROTO_IP, IPPROTO_TCP, SOCK_DGRAM, SOCK_STREAM, SOL_SOCKET } = socket;
const constants = native.constants.socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');
const ints = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);

// ---- all of them, beside CPython -------------------------------------------------------------------------------------

/** Prefix of the options of a level, and the level's name. */
const LEVELS = [
  ['SO_', 'SOL_SOCKET'],
  ['TCP_', 'IPPROTO_TCP'],
  ['IP_', 'IPPROTO_IP'],
  ['IPV6_', 'IPPROTO_IPV6'],
] as const;
/** What differs from moment to moment, or from process to process; and a constant that is no option. */
const VARYING =
  /^(SO_INCOMING_CPU|SO_PEERCRED|SO_PEERPIDFD|SO_PEERSEC|SO_VM_.*|SO_J1939.*|TCP_INFO|TCP_CC_INFO|TCP_TIMESTAMP|TCP_ZEROCOPY_RECEIVE|TCP_.*SYN.*|TCP_.*STATE)$/;

function options(): [level: string, name: string][] {
  return LEVELS.flatMap(([prefix, level]) =>
    Object.keys(constants)
      .filter((name) => name.startsWith(prefix) && !VARYING.test(name))
      .map((name) => [level, name] as [string, string]),
  );
}

const kinds = [
  ['AF_INET', 'SOCK_STREAM'],
  ['AF_INET', 'SOCK_DGRAM'],
  ['AF_INET6', 'SOCK_STREAM'],
  ['AF_UNIX', 'SOCK_STREAM'],
] as const;

testWithPython('every option of a new socket has the value that CPython sees, as a number and as bytes', (t) => {
  const asked = kinds.flatMap(([family, type]) => options().map(([level, name]) => ({ family, type, level, name })));
  const expected = outcomesInPython(
    asked.map(({ family, type, level, name }) => `asked(socket.${family}, socket.${type}, socket.${level}, '${name}')`),
    `
def attempt(call):
    try: return call()
    except OSError as error: return error.errno

def asked(family, type, level, name):
    number = getattr(socket, name, None)
    if number is None: return 'unknown'
    with socket.socket(family, type) as sock:
        return attempt(lambda: sock.getsockopt(level, number)), attempt(lambda: sock.getsockopt(level, number, 64))
`,
  );
  const attempt = (call: () => unknown) => {
    try {
      return call();
    } catch (error) {
      return (error as socket.error).errno;
    }
  };
  let compared = 0;
  asked.forEach(({ family, type, level, name }, i) => {
    if (JSON.stringify(expected[i]) === '{"value":"unknown"}') return; // newer than this python3
    compared++;
    const found = outcomeOf(() => {
      using sock = new socket.socket(constants[family], constants[type]);
      const ask = (...room: [] | [number]) => sock.getsockopt(constants[level], constants[name], ...(room as [number]));
      return [attempt(() => ask()), attempt(() => ask(64))];
    });
    t.deepEqual(found, expected[i], `${family} ${type} ${name}`);
  });
  t.true(compared > 200, `${compared} compared`);
});

const set = (sock: socket.socket, ...args: unknown[]) => Reflect.apply(sock.setsockopt, sock, args) as unknown;
const get = (sock: socket.socket, ...args: unknown[]) => Reflect.apply(sock.getsockopt, sock, args) as unknown;

/** Sets an option of a new TCP socket and asks for it again. */
function kept(level: number, name: number, value: unknown, room?: number): unknown {
  using sock = new socket.socket();
  set(sock, level, name, value);
  return room === undefined ? get(sock, level, name) : get(sock, level, name, room);
}

testTwins(
  "what is set is what is got, with CPython's exceptions for what cannot be",
  [
    ['kept(1, socket.SO_REUSEADDR, 1)', () => kept(1, socket.SO_REUSEADDR, 1)],
    ['kept(1, socket.SO_REUSEADDR, True)', () => kept(1, socket.SO_REUSEADDR, true)],
    ['kept(1, socket.SO_REUSEADDR, 17)', () => kept(1, socket.SO_REUSEADDR, 17)],
    ["kept(1, socket.SO_REUSEADDR, b'\\1\\0\\0\\0')", () => kept(1, socket.SO_REUSEADDR, ints(1))],
    [
      'kept(1, socket.SO_REUSEADDR, bytearray(4))',
      () => kept(1, socket.SO_REUSEADDR, new DataView(new ArrayBuffer(4))),
    ],
    ["kept(1, socket.SO_REUSEADDR, b'\\1')", () => kept(1, socket.SO_REUSEADDR, bytes('\x01'))],
    ["kept(1, socket.SO_REUSEADDR, b'')", () => kept(1, socket.SO_REUSEADDR, bytes(''))],
    ["kept(1, socket.SO_REUSEADDR, 'text')", () => kept(1, socket.SO_REUSEADDR, 'text')],
    ['kept(1, socket.SO_REUSEADDR, None)', () => kept(1, socket.SO_REUSEADDR, null)],
    ['kept(1, socket.SO_REUSEADDR, 1.5)', () => kept(1, socket.SO_REUSEADDR, 1.5)],
    ['kept(1, socket.SO_REUSEADDR, (1,))', () => kept(1, socket.SO_REUSEADDR, [1])],
    ['kept(1, 9999, 1)', () => kept(1, 9999, 1)],
    ['kept(9999, 1, 1)', () => kept(9999, 1, 1)],
    ["kept('1', 1, 1)", () => kept('1' as never, 1, 1)],
    ["kept(1, '1', 1)", () => kept(1, '1' as never, 1)],
    ['kept(2 ** 40, 1, 1)', () => kept(2 ** 40, 1, 1)],
    ["kept(1, socket.SO_LINGER, b'\\1\\0\\0\\0\\7\\0\\0\\0', 8)", () => kept(1, socket.SO_LINGER, ints(1, 7), 8)],
    ['kept(6, socket.TCP_NODELAY, 1)', () => kept(6, socket.TCP_NODELAY, 1)],
    ['kept(6, socket.TCP_MAXSEG, 600)', () => kept(6, socket.TCP_MAXSEG, 600)],
    ['kept(6, socket.TCP_MAXSEG, 1 << 30)', () => kept(6, socket.TCP_MAXSEG, 1 << 30)],
    ['kept(6, socket.TCP_KEEPIDLE, 33)', () => kept(6, socket.TCP_KEEPIDLE, 33)],
    ['kept(6, socket.TCP_KEEPINTVL, 34)', () => kept(6, socket.TCP_KEEPINTVL, 34)],
    ['kept(6, socket.TCP_KEEPCNT, 5)', () => kept(6, socket.TCP_KEEPCNT, 5)],
    ['kept(6, socket.TCP_USER_TIMEOUT, 12345)', () => kept(6, constants.TCP_USER_TIMEOUT, 12345)],
    ["kept(6, socket.TCP_CONGESTION, b'reno', 4)", () => kept(6, constants.TCP_CONGESTION, bytes('reno'), 4)],
    ["kept(6, socket.TCP_CONGESTION, b'no such', 8)", () => kept(6, constants.TCP_CONGESTION, bytes('no such'), 8)],
    ['kept(0, socket.IP_TTL, 77)', () => kept(0, socket.IP_TTL, 77)],
    ['kept(0, socket.IP_TTL, 256)', () => kept(0, socket.IP_TTL, 256)],
    ['kept(0, socket.IP_TOS, 0x10)', () => kept(0, socket.IP_TOS, 0x10)],
    ['kept(0, socket.IP_MULTICAST_TTL, 9)', () => kept(0, socket.IP_MULTICAST_TTL, 9)],
    ['kept(1, socket.SO_RCVBUF, 2 ** 40)', () => kept(1, socket.SO_RCVBUF, 2 ** 40)],
    ['kept(1, socket.SO_RCVBUF, 8192)', () => kept(1, socket.SO_RCVBUF, 8192)],
    ['kept(1, socket.SO_KEEPALIVE, -1)', () => kept(1, socket.SO_KEEPALIVE, -1)],
    ['tcp().setsockopt(1, 2)', () => onTcp((sock) => set(sock, 1, 2))],
    ['tcp().setsockopt(1, 2, 3, 4)', () => onTcp((sock) => set(sock, 1, 2, 3, 4))],
    ['tcp().setsockopt(1, 2, None, 4)', () => onTcp((sock) => set(sock, 1, 2, null, 4))],
    ['tcp().setsockopt(1, 2, None, 0)', () => onTcp((sock) => set(sock, 1, 2, null, 0))],
    [
      'tcp().setsockopt(1, socket.SO_BINDTODEVICE, None, 0)',
      () => onTcp((sock) => set(sock, 1, constants.SO_BINDTODEVICE, null, 0)),
    ],
    ["tcp().setsockopt(1, 2, None, 'x')", () => onTcp((sock) => set(sock, 1, 2, null, 'x'))],
    ["tcp().setsockopt(1, 2, b'', 0)", () => onTcp((sock) => set(sock, 1, 2, bytes(''), 0))],
    ['tcp().getsockopt(1, 2, 0)', () => onTcp((sock) => get(sock, 1, 2, 0))],
    ['tcp().getsockopt(1, 2, 1)', () => onTcp((sock) => get(sock, 1, 2, 1))],
    ['tcp().getsockopt(1, 2, 3)', () => onTcp((sock) => get(sock, 1, 2, 3))],
    ['tcp().getsockopt(1, 2, 4)', () => onTcp((sock) => get(sock, 1, 2, 4))],
    ['tcp().getsockopt(1, 2, 1024)', () => onTcp((sock) => get(sock, 1, 2, 1024))],
    ['tcp().getsockopt(1, 2, 1025)', () => onTcp((sock) => get(sock, 1, 2, 1025))],
    ['tcp().getsockopt(1, 2, -1)', () => onTcp((sock) => get(sock, 1, 2, -1))],
    ["tcp().getsockopt(1, 2, 'x')", () => onTcp((sock) => get(sock, 1, 2, 'x'))],
    ['tcp().getsockopt(1, 9999)', () => onTcp((sock) => get(sock, 1, 9999))],
    ['tcp().getsockopt(1, 9999, 4)', () => onTcp((sock) => get(sock, 1, 9999, 4))],
    ['tcp().getsockopt(1, socket.SO_TYPE)', () => onTcp((sock) => get(sock, 1, socket.SO_TYPE))],
    ['tcp().setsockopt(1, socket.SO_TYPE, 1)', () => onTcp((sock) => set(sock, 1, socket.SO_TYPE, 1))],
    ['vsock().getsockopt(40, 0)', () => onVsock((sock) => get(sock, 40, 0))],
    ['vsock().getsockopt(40, 0, 8)', () => onVsock((sock) => get(sock, 40, 0, 8))],
    ['vsock().setsockopt(40, 0, 4096)', () => onVsock((sock) => set(sock, 40, 0, 4096))],
  ],
  `
tcp = socket.socket
vsock = lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)

def kept(level, name, value, *room):
    with socket.socket() as sock:
        sock.setsockopt(level, name, value)
        return sock.getsockopt(level, name, *room)
`,
);

function onTcp(use: (sock: socket.socket) => unknown): unknown {
  using sock = new socket.socket();
  return use(sock);
}
function onVsock(use: (sock: socket.socket) => unknown): unknown {
  using sock = new socket.socket(constants.AF_VSOCK, SOCK_STREAM);
  return use(sock);
}

// ---- what they do ----------------------------------------------------------------------------------------------------

test('the option, its exception and its system call are told', (t) => {
  const error = t.throws(() => onTcp((sock) => sock.setsockopt(SOL_SOCKET, 9999, 1)));
  t.like(error, { name: 'OSError', errno: errno.ENOPROTOOPT, code: 'ENOPROTOOPT', syscall: 'setsockopt' });
  t.is(error?.message, systemMessage(errno.ENOPROTOOPT, 'Protocol not available'));
});

test('SO_LINGER with 0 seconds: close resets the connection', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const client = socket.create_connection(server.getsockname() as [string, number]);
  const [connection] = server.accept();
  using _ = connection;
  client.setsockopt(SOL_SOCKET, socket.SO_LINGER, ints(1, 0));
  client.close();
  t.throws(() => connection.recv(1), {
    name: 'ConnectionResetError',
    message: systemMessage(errno.ECONNRESET, 'Connection reset by peer'),
  });
});

testUnless(onWindows('TCP_QUICKACK is a command there, which can be given and not be asked for'))(
  'options set on a listener are those of what it accepts',
  (t) => {
    using server = new socket.socket();
    server.setsockopt(SOL_SOCKET, socket.SO_KEEPALIVE, 1);
    server.setsockopt(IPPROTO_TCP, socket.TCP_NODELAY, 1);
    server.setsockopt(IPPROTO_TCP, socket.TCP_KEEPIDLE, 44);
    server.bind(['127.0.0.1', 0]);
    server.listen();
    using client = socket.create_connection(server.getsockname() as [string, number]);
    const [connection] = server.accept();
    using _ = connection;
    t.is(connection.getsockopt(SOL_SOCKET, socket.SO_KEEPALIVE), 1);
    t.true((connection.getsockopt(IPPROTO_TCP, socket.TCP_NODELAY) as number) !== 0);
    t.is(connection.getsockopt(IPPROTO_TCP, socket.TCP_KEEPIDLE), 44);
    client.setsockopt(IPPROTO_TCP, constants.TCP_QUICKACK, 0); // after connect
    t.is(client.getsockopt(IPPROTO_TCP, constants.TCP_QUICKACK), 0);
  },
);

testUnless(NO_STRUCTS)('a listener says that it is one, a socket its family and protocol', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  t.is(server.getsockopt(SOL_SOCKET, socket.SO_ACCEPTCONN), 1);
  t.is(server.getsockopt(SOL_SOCKET, constants.SO_DOMAIN), AF_INET);
  t.is(server.getsockopt(SOL_SOCKET, constants.SO_PROTOCOL), IPPROTO_TCP);
  t.is(server.getsockopt(SOL_SOCKET, socket.SO_TYPE), SOCK_STREAM);
});

testUnless(NO_REUSEPORT)('SO_REUSEPORT lets two listen at one port', (t) => {
  using first = new socket.socket();
  first.setsockopt(SOL_SOCKET, socket.SO_REUSEPORT, 1);
  first.bind(['127.0.0.1', 0]);
  first.listen();
  using second = new socket.socket();
  t.throws(() => second.bind(first.getsockname()), {
    name: 'OSError',
    message: systemMessage(errno.EADDRINUSE, 'Address already in use'),
  });
  second.setsockopt(SOL_SOCKET, socket.SO_REUSEPORT, 1);
  second.bind(first.getsockname());
  second.listen();
  t.deepEqual(second.getsockname(), first.getsockname());
});

test('broadcasts are allowed to who asks for it', (t) => {
  using sock = new socket.socket(AF_INET, SOCK_DGRAM);
  t.throws(() => sock.sendto(bytes('x'), ['127.255.255.255', 9]), {
    name: 'PermissionError',
    message: systemMessage(errno.EACCES, 'Permission denied'),
  });
  sock.setsockopt(SOL_SOCKET, socket.SO_BROADCAST, 1);
  t.is(sock.sendto(bytes('x'), ['127.255.255.255', 9]), 1);
});

testUnless(NO_STRUCTS)('TCP_INFO is bytes: its first one is the state', (t) => {
  const [ESTABLISHED, LISTEN] = [1, 10]; // <netinet/tcp.h>
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  t.is((server.getsockopt(IPPROTO_TCP, constants.TCP_INFO, 104) as Buffer)[0], LISTEN);
  t.is((client.getsockopt(IPPROTO_TCP, constants.TCP_INFO, 104) as Buffer)[0], ESTABLISHED);
});

testUnless(onWindows('the kernel takes the sizes as they are'))(
  'SO_RCVBUF and SO_SNDBUF: the kernel doubles what is asked for (socket(7))',
  (t) => {
    using sock = new socket.socket();
    sock.setsockopt(SOL_SOCKET, socket.SO_RCVBUF, 20_000);
    sock.setsockopt(SOL_SOCKET, socket.SO_SNDBUF, 30_000);
    t.is(sock.getsockopt(SOL_SOCKET, socket.SO_RCVBUF), 40_000);
    t.is(sock.getsockopt(SOL_SOCKET, socket.SO_SNDBUF), 60_000);
  },
);

// ---- multicast -------------------------------------------------------------------------------------------------------

/** Runs what needs multicast on the loopback interface; skips where the system has no such thing. */
function multicast(t: ExecutionContext, use: () => void): void {
  try {
    use();
  } catch (error) {
    const { code, message } = error as socket.error;
    if (!['ENODEV', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code ?? '')) throw error;
    skip(t, `no multicast here: ${message}`);
  }
}

test('IPv4 multicast: join, receive, leave', (t) => {
  const group = '239.255.77.7';
  multicast(t, () => {
    using receiver = new socket.socket(AF_INET, SOCK_DGRAM);
    receiver.bind(['', 0]);
    const [, port] = receiver.getsockname() as [string, number];
    // struct ip_mreq: the group and the interface's address
    const membership = Buffer.concat([socket.inet_aton(group), socket.inet_aton('127.0.0.1')]);
    receiver.setsockopt(IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership);
    t.throws(() => receiver.setsockopt(IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership), {
      any: true,
      name: 'OSError',
    });
    using sender = new socket.socket(AF_INET, SOCK_DGRAM);
    sender.setsockopt(IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('127.0.0.1'));
    sender.setsockopt(IPPROTO_IP, socket.IP_MULTICAST_TTL, 0);
    sender.setsockopt(IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1);
    t.is(sender.getsockopt(IPPROTO_IP, socket.IP_MULTICAST_TTL), 0);
    t.deepEqual(sender.getsockopt(IPPROTO_IP, socket.IP_MULTICAST_IF, 4), socket.inet_aton('127.0.0.1'));
    sender.sendto(bytes('to all'), [group, port]);
    receiver.settimeout(60);
    t.deepEqual(receiver.recv(100), bytes('to all'));
    receiver.setsockopt(IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, membership);
    // Wine says EINVAL.
    if (underWine('')) return;
    t.throws(() => receiver.setsockopt(IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, membership), {
      code: 'EADDRNOTAVAIL',
      message: systemMessage(errno.EADDRNOTAVAIL, 'Cannot assign requested address'),
    });
  });
});

/** An interface-local group (RFC 4291) with hop limit 0: nothing leaves this machine. */
function groupOver(index: number): void {
  const { IPPROTO_IPV6 } = constants;
  using receiver = new socket.socket(AF_INET6, SOCK_DGRAM);
  receiver.bind(['::', 0]);
  const [, port] = receiver.getsockname() as [string, number];
  // struct ipv6_mreq: the group and the interface's index
  const group = Buffer.concat([socket.inet_pton(AF_INET6, 'ff11::77:7'), ints(index)]);
  receiver.setsockopt(IPPROTO_IPV6, constants.IPV6_JOIN_GROUP, group);
  using sender = new socket.socket(AF_INET6, SOCK_DGRAM);
  sender.setsockopt(IPPROTO_IPV6, constants.IPV6_MULTICAST_IF, index);
  sender.setsockopt(IPPROTO_IPV6, constants.IPV6_MULTICAST_HOPS, 0);
  sender.sendto(bytes('to all'), ['ff11::77:7', port]);
  receiver.settimeout(60);
  if (String(receiver.recv(100)) !== 'to all') throw new Error('something else was received');
  receiver.setsockopt(IPPROTO_IPV6, constants.IPV6_LEAVE_GROUP, group);
}

test('IPv6 multicast: join, receive, leave', (t) => {
  const outcomes = socket.if_nameindex().map(([index]) => outcomeOf(() => groupOver(index)));
  const failures = outcomes.filter((outcome) => 'error' in outcome);
  if (failures.length === outcomes.length) return skip(t, `no interface that can: ${inspect(failures)}`);
  const known = [errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENODEV, errno.EAFNOSUPPORT];
  for (const failure of failures) t.true(known.includes((failure as { errno: number }).errno), inspect(failure));
  t.true(outcomes.length > failures.length);
});

test('IPV6_V6ONLY before bind; after it, it is too late', (t) => {
  if (!socket.has_dualstack_ipv6()) return skip(t, 'no IPv6 here');
  using sock = new socket.socket(AF_INET6, SOCK_STREAM);
  sock.setsockopt(constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, 1);
  t.is(sock.getsockopt(constants.IPPROTO_IPV6, constants.IPV6_V6ONLY), 1);
  sock.bind(['::1', 0]);
  t.throws(() => sock.setsockopt(constants.IPPROTO_IPV6, constants.IPV6_V6ONLY, 0), {
    name: 'OSError',
    code: 'EINVAL',
  });
});

testUnless(NO_UNIX)('options of a Unix socket', (t) => {
  using sock = new socket.socket(AF_UNIX, SOCK_DGRAM);
  sock.setsockopt(SOL_SOCKET, constants.SO_PASSCRED, 1);
  t.is(sock.getsockopt(SOL_SOCKET, constants.SO_PASSCRED), 1);
  t.throws(() => sock.setsockopt(IPPROTO_TCP, socket.TCP_NODELAY, 1), {
    name: 'OSError',
    message: systemMessage(errno.ENOTSUP, 'Operation not supported'),
  });
});
