/** What Windows alone has: share and fromshare, ioctl, errorTab, winerror, the system's certificates. */
import * as errno from '../../lib/constants/errno.js';
import { OSError } from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import { errno as names, select, selectors, socket, ssl } from '../../lib/index.js';
import { tcpPair } from '../helpers/descriptors.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { spawnNode, testUnless, underWine } from '../helpers/peers.js';

const test = testUnless(!IS_WINDOWS && 'only Windows has it');

checkLeaks(test);

test('a socket is shared with a child process', async (t) => {
  const [a, b] = tcpPair(t);
  const peer = spawnNode(`
    process.stdin.once('data', (line) => {
      const sock = berkeley.socket.fromshare(Buffer.from(String(line).trim(), 'hex'));
      sock.sendall(Buffer.from([sock.family, sock.type].join()));
      sock.close();
    });
    console.log('ready');
  `);
  t.is(await peer.line(), 'ready');
  const info = (a as unknown as { share(pid: number): Buffer }).share(peer.child.pid as number);
  peer.child.stdin?.end(`${info.toString('hex')}\n`);
  b.settimeout(60);
  t.is(String(b.recv(100)), `${socket.AF_INET},${socket.SOCK_STREAM}`);
  t.is(await peer.exit, 0, peer.errors());
});

test('a socket is shared with this process, by fromshare and by the constructor', (t) => {
  const [a, b] = tcpPair(t);
  const info = a.share(process.pid);
  t.is(info.length, 628);
  using one = socket.fromshare(info);
  using other = new socket.socket({ fileno: a.share(process.pid) });
  for (const each of [one, other]) {
    t.deepEqual([each.family, each.type], [a.family, a.type]);
    t.deepEqual(each.getpeername(), b.getsockname());
    each.sendall(Buffer.from('x'));
    t.is(String(b.recv(1)), 'x');
  }
});

test('what is no share is refused', (t) => {
  const [a] = tcpPair(t);
  const wrongSize = 'socket descriptor string has wrong size, should be 628 bytes.';
  t.throws(() => socket.fromshare(Buffer.alloc(5)), { name: 'ValueError', message: wrongSize });
  t.throws(() => socket.fromshare(Buffer.alloc(628)), { instanceOf: OSError });
  t.throws(() => socket.fromshare('x' as never), { instanceOf: TypeError });
  t.throws(() => a.share(2 ** 40), { name: 'OverflowError' });
  t.throws(() => a.share('x' as never), { instanceOf: TypeError });
});

test('ioctl', (t) => {
  const [a] = tcpPair(t);
  t.is(a.ioctl(socket.SIO_KEEPALIVE_VALS, [1, 100, 100]), 0);
  // CPython's test_sock_ioctl
  t.throws(() => a.ioctl(-1, 0), { name: 'ValueError', message: 'invalid ioctl command 4294967295' });
  t.throws(() => a.ioctl(socket.SIO_KEEPALIVE_VALS, 5 as never), { instanceOf: TypeError });
  t.throws(() => a.ioctl(socket.SIO_KEEPALIVE_VALS, [1, 2] as never), { instanceOf: TypeError });
});

test('errors have the numbers of Winsock, and six those of C too', (t) => {
  const [a] = tcpPair(t);
  const told = (call: () => unknown) => {
    const { errno: number, winerror, code } = t.throws(call, { instanceOf: OSError }) as OSError;
    return [number, winerror, code];
  };
  const closed = new socket.socket();
  closed.close();
  t.deepEqual(
    told(() => closed.recv(1)),
    [10038, 10038, 'ENOTSOCK'],
  );
  a.setblocking(false);
  t.deepEqual(
    told(() => a.recv(1)),
    [10035, 10035, 'EAGAIN'],
  );
  t.deepEqual(
    told(() => a.bind(['127.0.0.1', 0])),
    [22, 10022, 'EINVAL'],
  );
  t.is(new OSError('x').winerror, null);
  t.deepEqual([errno.EWOULDBLOCK, errno.EAGAIN, errno.EINVAL, errno.WSAEINVAL], [10035, 11, 22, 10022]);
  t.is(names.errorcode[10061], 'WSAECONNREFUSED');
  t.is((socket.errorTab as Record<number, string>)[10061].length > 0, true);
});

test('a pair is of the internet, a stream, and of no protocol', (t) => {
  const pair = socket.socketpair();
  t.deepEqual([pair[0].family, pair[0].type, pair[0].proto], [socket.AF_INET, socket.SOCK_STREAM, 0]);
  for (const each of pair) each.close();
  const six = socket.socketpair(socket.AF_INET6);
  t.deepEqual(six[0].getpeername(), six[1].getsockname());
  for (const each of six) each.close();
  // Lib/socket.py, _fallback_socketpair
  for (const [args, message] of [
    [[socket.AF_UNSPEC], 'Only AF_INET and AF_INET6 socket address families are supported'],
    [[socket.AF_INET, socket.SOCK_DGRAM], 'Only SOCK_STREAM socket type is supported'],
    [[socket.AF_INET, socket.SOCK_STREAM, 1], 'Only protocol zero is supported'],
  ] as [[number], string][]) {
    t.throws(() => socket.socketpair(...args), { name: 'ValueError', message });
  }
});

test('names are there that Windows has, and no others', (t) => {
  for (const name of ['AF_UNIX', 'send_fds', 'recv_fds', 'sethostname', 'SO_REUSEPORT', 'MSG_DONTWAIT']) {
    t.false(name in socket, name);
  }
  for (const name of ['fromshare', 'errorTab', 'SIO_RCVALL', 'SO_EXCLUSIVEADDRUSE']) t.true(name in socket, name);
  t.deepEqual(Object.keys(select).sort(), ['afd', 'error', 'select']);
  t.is(selectors.DefaultSelector as unknown, selectors.SelectSelector);
  t.false('EpollSelector' in selectors || 'PollSelector' in selectors);
});

test('a socket is inherited by nobody, unless that is asked for', (t) => {
  const [a] = tcpPair(t);
  using copy = a.dup();
  for (const sock of [a, copy]) {
    t.false(sock.get_inheritable());
    sock.set_inheritable(true);
    t.true(sock.get_inheritable());
    sock.set_inheritable(false);
    t.false(sock.get_inheritable());
  }
});

test('numbers that are no handles of sockets are refused', (t) => {
  const [a] = tcpPair(t);
  const fd = a.fileno();
  // Of a handle, the system ignores the two lowest bits; a descriptor of the C library may have any.
  for (const number of [0, 1, 2, 3, fd + 1, fd + 3, 999_996, 2 ** 31 - 1]) {
    t.throws(() => new socket.socket({ fileno: number }), { code: 'ENOTSOCK' }, String(number));
    t.throws(() => socket.close(number), { code: 'ENOTSOCK' });
    t.throws(() => select.select([number], [], [], 0), { code: 'ENOTSOCK' });
  }
  t.is(a.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), socket.SOCK_STREAM);
});

test('the certificates of the system', (t) => {
  const found = ssl.enum_certificates('ROOT');
  for (const [certificate, encoding, trust] of found) {
    t.true(Buffer.isBuffer(certificate));
    t.true(encoding === 'x509_asn' || encoding === 'pkcs_7_asn');
    t.true(trust === true || trust instanceof Set);
  }
  t.true(Array.isArray(ssl.enum_crls('ROOT')));
  if (!underWine('it opens a store of any name')) t.throws(() => ssl.enum_certificates(''), { instanceOf: OSError });
  t.throws(() => ssl.enum_certificates(5 as never), { instanceOf: TypeError });
});

test('10,000 connections that are opened and closed leave no socket behind', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  const address = server.getsockname() as [string, number];
  const before = [...openDescriptors().keys()];
  for (let i = 0; i < 10_000; i++) {
    using client = socket.create_connection(address);
    const [accepted] = server.accept();
    using connection = accepted;
    t.is(connection.getpeername()[1], client.getsockname()[1]);
  }
  t.deepEqual([...openDescriptors().keys()], before);
});
