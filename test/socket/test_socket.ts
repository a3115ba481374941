/** The socket object: how it is made, what it owns, its modes, and what it says of itself. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import * as errno from '../../lib/constants/errno.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as socket from '../../lib/socket/index.js';
import { pairOf } from '../helpers/descriptors.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import {
  NO_PROC,
  NO_UNIX,
  NOT_OPEN,
  onWindows,
  pythonSync,
  systemMessage,
  testUnless,
  until,
} from '../helpers/peers.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test, { forgets: true });

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const isOpen = (fd: number) => openDescriptors().has(fd);

/** The open flags of a descriptor, as proc(5) tells any program. */
function flagsOf(fd: number): number {
  const [, octal] = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) as RegExpExecArray;
  return Number.parseInt(octal, 8);
}
// <bits/fcntl-linux.h>: the same on every architecture that Node runs on but MIPS.
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** A connected pair that the test closes by itself, if it does not close it before. */
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

// ---- made ------------------------------------------------------------------------------------------------------------

testTwins(
  'the constructor takes and refuses what CPython takes and refuses',
  [
    ['made()', () => made()],
    ['made(socket.AF_INET6)', () => made(AF_INET6)],
    ['made(type=socket.SOCK_DGRAM)', () => made({ type: SOCK_DGRAM })],
    ['made(-1, -1, -1, None)', () => made(-1, -1, -1, null)],
    ['made(fileno=tcp)', () => made({ fileno: tcp() })],
    ['made(fileno=datagram)', () => made({ fileno: datagram() })],
    ['made(socket.AF_UNIX, fileno=tcp)', () => made(AF_UNIX, { fileno: tcp() })],
    ['made(-1, socket.SOCK_RAW, 7, tcp)', () => made(-1, socket.SOCK_RAW, 7, tcp())],
    ['made(fileno=-1)', () => made({ fileno: -1 })],
    ['made(fileno=10000)', () => made({ fileno: 10000 })],
    ['made(socket.AF_INET, 1, 0, 10000)', () => made(AF_INET, 1, 0, 10000)],
    ['made(fileno=1.5)', () => made({ fileno: 1.5 })],
    ["made(fileno='3')", () => made({ fileno: '3' })],
    ["made('inet')", () => made('inet')],
    ['made(2 ** 31)', () => made(2 ** 31)],
    ['made(2, 1, 0, None, 5)', () => made(2, 1, 0, null, 5)],
    ['made(99)', () => made(99)],
    ['made(socket.AF_INET, 99)', () => made(AF_INET, 99)],
    ['made(socket.AF_INET, socket.SOCK_STREAM, 9999)', () => made(AF_INET, SOCK_STREAM, 9999)],
  ],
  `
first = socket.socket()
second = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
tcp, datagram = first.fileno(), second.fileno()

def made(*args, **kwargs):
    sock = socket.socket(*args, **kwargs)
    found = [sock.family, sock.type, sock.proto, sock.timeout]
    sock.detach() if sock.fileno() in (tcp, datagram) else sock.close()
    return found
`,
);

function made(...args: unknown[]): unknown {
  using sock = Reflect.construct(socket.socket, args) as socket.socket;
  return [sock.family, sock.type, sock.proto, sock.timeout];
}
const tcp = () => new socket.socket().detach();
const datagram = () => new socket.socket(AF_UNIX, SOCK_DGRAM).detach();

testUnless(onWindows('the numbers of files are no handles'))(
  'a descriptor that is no socket is refused, and stays open',
  (t) => {
    const before = openDescriptors();
    t.throws(() => new socket.socket({ fileno: (native.epollCreate ?? native.kqueueCreate)() }), {
      name: 'OSError',
      message: systemMessage(errno.ENOTSOCK, 'Socket operation on non-socket'),
    });
    const [fd] = [...openDescriptors().keys()].filter((each) => !before.has(each));
    t.true(isOpen(fd));
    native.close(fd);
  },
);

testUnless(NO_PROC)('descriptors are close-on-exec however they come to be', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  const [connection] = server.accept();
  using _ = connection;
  using ends = pair();
  using copy = client.dup();
  using from = socket.fromfd(client.fileno(), AF_INET, SOCK_STREAM);
  for (const sock of [server, client, connection, ends.a, ends.b, copy, from]) {
    t.is(flagsOf(sock.fileno()) & O_CLOEXEC, O_CLOEXEC, inspect(sock));
    t.false(sock.get_inheritable());
  }
});

// ---- owned -----------------------------------------------------------------------------------------------------------

test('close frees the descriptor, and closing again does nothing', (t) => {
  const sock = new socket.socket();
  const fd = sock.fileno();
  t.true(isOpen(fd));
  sock.close();
  t.is(sock.fileno(), -1);
  t.false(isOpen(fd));
  using other = new socket.socket(); // most likely gets the same number
  sock.close();
  sock.close();
  t.true(isOpen(other.fileno()));
});

test('a block closes what it uses', (t) => {
  let fd: number;
  {
    using sock = new socket.socket();
    fd = sock.fileno();
    t.true(isOpen(fd));
  }
  t.false(isOpen(fd));
});

test('close tells that the descriptor was gone already, and the object is closed', (t) => {
  const sock = new socket.socket();
  socket.close(sock.fileno());
  t.throws(() => sock.close(), { name: 'OSError', message: NOT_OPEN.message });
  t.is(sock.fileno(), -1);
  t.notThrows(() => sock.close());
});

testTwins(
  'every method of a closed socket raises what CPython raises',
  [
    ['closed.accept()', () => closed().accept()],
    ["closed.bind(('', 0))", () => closed().bind(['', 0])],
    ["closed.connect(('127.0.0.1', 1))", () => closed().connect(['127.0.0.1', 1])],
    ["closed.connect_ex(('127.0.0.1', 1))", () => closed().connect_ex(['127.0.0.1', 1])],
    ['closed.detach()', () => closed().detach()],
    ['closed.dup()', () => closed().dup()],
    ['closed.fileno()', () => closed().fileno()],
    ['closed.get_inheritable()', () => closed().get_inheritable()],
    ['closed.set_inheritable(True)', () => closed().set_inheritable(true)],
    ['closed.getblocking()', () => closed().getblocking()],
    ['closed.getpeername()', () => closed().getpeername()],
    ['closed.getsockname()', () => closed().getsockname()],
    ['closed.getsockopt(1, 3)', () => closed().getsockopt(1, 3)],
    ['closed.getsockopt(1, 3, 4)', () => closed().getsockopt(1, 3, 4)],
    ['closed.gettimeout()', () => closed().gettimeout()],
    ['closed.listen()', () => closed().listen()],
    ['closed.recv(1)', () => closed().recv(1)],
    ['closed.recv(0)', () => closed().recv(0)],
    ['closed.recv_into(bytearray(1))', () => closed().recv_into(Buffer.alloc(1))],
    ['closed.recvfrom(1)', () => closed().recvfrom(1)],
    ['closed.recvfrom_into(bytearray(1))', () => closed().recvfrom_into(Buffer.alloc(1))],
    ['closed.recvmsg(1)', () => closed().recvmsg(1)],
    ['closed.recvmsg_into([bytearray(1)])', () => closed().recvmsg_into([Buffer.alloc(1)])],
    ["closed.send(b'x')", () => closed().send(Buffer.from('x'))],
    ["closed.sendall(b'x')", () => closed().sendall(Buffer.from('x'))],
    ["closed.sendall(b'')", () => closed().sendall(Buffer.from(''))],
    ["closed.sendmsg([b'x'])", () => closed().sendmsg([Buffer.from('x')])],
    ["closed.sendto(b'x', ('127.0.0.1', 1))", () => closed().sendto(Buffer.from('x'), ['127.0.0.1', 1])],
    ['closed.setblocking(False)', () => closed().setblocking(false)],
    ['closed.settimeout(1)', () => closed().settimeout(1)],
    ['closed.setsockopt(1, 2, 1)', () => closed().setsockopt(1, 2, 1)],
    ['closed.shutdown(2)', () => closed().shutdown(2)],
    ['closed.close()', () => closed().close()],
    ['socket.fromfd(-1, 2, 1)', () => socket.fromfd(-1, 2, 1)],
    ['socket.close(-1)', () => socket.close(-1)],
    ['socket.dup(-1)', () => socket.dup(-1)],
  ],
  `
closed = socket.socket()
closed.close()
`,
);

function closed(): socket.socket {
  const sock = new socket.socket();
  sock.close();
  return sock;
}

testUnless(NO_UNIX)('detach gives the open descriptor away, and another object takes it over', (t) => {
  using ends = pair();
  const fd = ends.a.detach();
  t.true(isOpen(fd));
  t.is(ends.a.fileno(), -1);
  t.is(ends.a.detach(), -1);
  ends.a.close();
  t.true(isOpen(fd));
  using again = new socket.socket({ fileno: fd });
  t.deepEqual([again.family, again.type, again.fileno()], [AF_UNIX, SOCK_STREAM, fd]);
  again.send(Buffer.from('still here'));
  t.deepEqual(ends.b.recv(100), Buffer.from('still here'));
});

test('dup is a second descriptor of the same socket', (t) => {
  using ends = pair();
  ends.a.settimeout(12.5);
  using copy = ends.a.dup();
  t.not(copy.fileno(), ends.a.fileno());
  t.is(copy.gettimeout(), 12.5);
  ends.a.close();
  ends.b.send(Buffer.from('x'));
  t.deepEqual(copy.recv(10), Buffer.from('x'));
  copy.close();
  t.deepEqual(ends.b.recv(10), Buffer.alloc(0));
});

test('dup of a heir is a heir; what a heir accepts is a plain socket', (t) => {
  class Heir extends socket.socket {}
  using server = new Heir();
  server.bind(['127.0.0.1', 0]);
  server.listen();
  using copy = server.dup();
  t.true(copy instanceof Heir);
  using client = new Heir();
  client.connect(server.getsockname());
  const [connection] = server.accept();
  using _ = connection;
  t.is(connection.constructor, socket.socket);
});

test('fromfd works on a duplicate, and what it is told of family and type is believed', (t) => {
  using ends = pair();
  using copy = socket.fromfd(ends.a.fileno(), AF_INET6, SOCK_DGRAM, 17);
  t.not(copy.fileno(), ends.a.fileno());
  t.deepEqual([copy.family, copy.type, copy.proto], [AF_INET6, SOCK_DGRAM, 17]);
  copy.send(Buffer.from('x'));
  t.deepEqual(ends.b.recv(1), Buffer.from('x'));
});

test('socket.dup and socket.close work on numbers', (t) => {
  using ends = pair();
  const fd = socket.dup(ends.a.fileno());
  t.true(isOpen(fd));
  t.is(native.getInheritable(fd), 0);
  socket.close(fd);
  t.false(isOpen(fd));
  t.true(isOpen(ends.a.fileno()));
  t.throws(() => socket.close(fd), { name: 'OSError', code: NOT_OPEN.code });
});

testUnless(NO_UNIX)('socketpair: connected, Unix streams unless asked otherwise, with the default timeout', (t) => {
  using ends = pair(SOCK_DGRAM);
  t.is(ends.a.type, SOCK_DGRAM);
  const [a, b] = socket.socketpair({ family: null });
  using _a = a;
  using _b = b;
  t.deepEqual([a.family, a.type, a.proto, a.timeout], [AF_UNIX, SOCK_STREAM, 0, null]);
  a.send(Buffer.from('hello'));
  t.deepEqual(b.recv(10), Buffer.from('hello'));
  b.send(Buffer.from('back'));
  t.deepEqual(a.recv(10), Buffer.from('back'));
  t.throws(() => socket.socketpair(AF_INET), {
    name: 'OSError',
    message: systemMessage(errno.ENOTSUP, 'Operation not supported'),
  });
});

testWithPython('a child inherits what is inheritable, and nothing else', (t) => {
  using ends = pair();
  const seen = (fd: number) => {
    const script = `import os, sys
try: print(os.fstat(int(sys.argv[1])).st_mode)
except OSError as error: print(error.errno)`;
    return Number(pythonSync(script, [String(fd)]).stdout);
  };
  t.is(seen(ends.a.fileno()), NOT_OPEN.errno);
  ends.a.set_inheritable(true);
  t.true(ends.a.get_inheritable());
  t.is(flagsOf(ends.a.fileno()) & O_CLOEXEC, 0);
  t.is(seen(ends.a.fileno()) & 0o170000, 0o140000); // S_IFSOCK
  t.is(seen(ends.b.fileno()), NOT_OPEN.errno);
  ends.a.set_inheritable(false);
  t.is(seen(ends.a.fileno()), NOT_OPEN.errno);
});

/** Makes a socket that nobody can reach any more; returns its descriptor. */
function forget(): number {
  const sock = new socket.socket(AF_INET, SOCK_DGRAM);
  sock.bind(['127.0.0.1', 0]);
  return sock.fileno();
}

test.serial('a socket that is collected as garbage is closed, with a warning', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const fd = forget();
  t.true(isOpen(fd));
  await until(() => {
    globalThis.gc?.();
    return warnings.length > 0;
  });
  t.is(warnings[0].name, 'ResourceWarning');
  const { message, detail } = warnings[0] as Error & { detail: string };
  t.true(detail.includes('sock.dup().detach()'), 'what to do about it');
  t.regex(message, /^unclosed <socket\.socket fd=\d+, family=2, type=2, proto=0, laddr=\('127\.0\.0\.1', \d+\)>$/);
  t.false(isOpen(fd));
});

test.serial('closed sockets leave nothing behind in a thread that does not return to its event loop', (t) => {
  const COUNT = 5000;
  // A finalization registry that still knew them would hold more than 100 bytes of each.
  const AT_MOST_BYTES = 20;
  const openAndClose = () => {
    for (let i = 0; i < COUNT; i++) new socket.socket().close();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  openAndClose();
  const before = openAndClose();
  t.true(openAndClose() - before < COUNT * AT_MOST_BYTES);
});

test.serial('a file keeps its socket alive; closed and detached sockets are collected without a word', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const fd = new socket.socket().detach();
  const file = fileOfForgotten();
  const collectable = new WeakRef(closed());
  await until(() => {
    globalThis.gc?.();
    return collectable.deref() === undefined;
  });
  t.true(isOpen(fd));
  t.true(isOpen(file.fileno()));
  socket.close(fd);
  file.close();
  t.deepEqual(warnings, []);
});

/** A file whose socket nobody else knows: it is open because the file is. */
function fileOfForgotten() {
  const sock = new socket.socket();
  const file = sock.makefile('rb');
  sock.close();
  return file;
}

// ---- modes -----------------------------------------------------------------------------------------------------------

testUnless(NO_PROC)('other programs see the mode: O_NONBLOCK is clear while the socket blocks, and only then', (t) => {
  using sock = new socket.socket();
  const nonblocking = () => (flagsOf(sock.fileno()) & O_NONBLOCK) !== 0;
  t.false(nonblocking());
  sock.settimeout(5);
  t.true(nonblocking());
  sock.setblocking(true);
  t.false(nonblocking());
  sock.setblocking(false);
  t.true(nonblocking());
  sock.settimeout(0.001);
  t.true(nonblocking());
  sock.settimeout(null);
  t.false(nonblocking());
  using born = new socket.socket(AF_INET, SOCK_STREAM | (socket.SOCK_NONBLOCK as number));
  t.true((flagsOf(born.fileno()) & O_NONBLOCK) !== 0);
});

const modes = (sock: socket.socket) => [sock.gettimeout(), sock.timeout, sock.getblocking()];
testTwins(
  'modes are set and told as in CPython',
  [
    ...(
      [
        ['settimeout(0)', (sock) => sock.settimeout(0)],
        ['settimeout(0.0)', (sock) => sock.settimeout(0.0)],
        ['settimeout(None)', (sock) => sock.settimeout(null)],
        ['settimeout(1)', (sock) => sock.settimeout(1)],
        ['settimeout(0.25)', (sock) => sock.settimeout(0.25)],
        ['settimeout(1e-10)', (sock) => sock.settimeout(1e-10)],
        ['settimeout(True)', (sock) => sock.settimeout(true as never)],
        ['settimeout(-1)', (sock) => sock.settimeout(-1)],
        ['settimeout(1e30)', (sock) => sock.settimeout(1e30)],
        ["settimeout(float('nan'))", (sock) => sock.settimeout(Number.NaN)],
        ["settimeout(float('inf'))", (sock) => sock.settimeout(Number.POSITIVE_INFINITY)],
        ["settimeout('1')", (sock) => sock.settimeout('1' as never)],
        ['setblocking(0)', (sock) => sock.setblocking(0 as never)],
        ['setblocking(1)', (sock) => sock.setblocking(1 as never)],
        ['setblocking(True)', (sock) => sock.setblocking(true)],
        ['setblocking(7)', (sock) => sock.setblocking(7 as never)],
      ] as [string, (sock: socket.socket) => void][]
    ).map(
      ([call, set]) =>
        [
          `modes(lambda sock: sock.${call})`,
          () => {
            using sock = new socket.socket();
            set(sock);
            return modes(sock);
          },
        ] as const,
    ),
  ],
  `
def modes(set):
    with socket.socket() as sock:
        set(sock)
        return sock.gettimeout(), sock.timeout, sock.getblocking()
`,
);

testUnless(NO_PROC).serial('new sockets have the default timeout, accepted ones and pairs too', (t) => {
  t.teardown(() => socket.setdefaulttimeout(null));
  t.is(socket.getdefaulttimeout(), null);
  socket.setdefaulttimeout(20.5);
  t.is(socket.getdefaulttimeout(), 20.5);
  using server = socket.create_server(['127.0.0.1', 0]);
  t.is(server.gettimeout(), 20.5);
  server.settimeout(30);
  using client = socket.create_connection(server.getsockname() as [string, number]);
  t.is(client.gettimeout(), 20.5);
  const [connection] = server.accept();
  using _ = connection;
  t.is(connection.gettimeout(), 20.5);
  t.true((flagsOf(connection.fileno()) & O_NONBLOCK) !== 0);
  using ends = pair();
  t.is(ends.a.gettimeout(), 20.5);
  using taken = new socket.socket({ fileno: ends.b.detach() });
  t.is(taken.gettimeout(), 20.5);
  using born = new socket.socket(AF_INET, SOCK_STREAM | (socket.SOCK_NONBLOCK as number));
  t.is(born.gettimeout(), 0);
  socket.setdefaulttimeout(0);
  using quick = new socket.socket();
  t.false(quick.getblocking());
  t.throws(() => socket.setdefaulttimeout(-1), { name: 'ValueError', message: 'Timeout value out of range' });
  t.is(socket.getdefaulttimeout(), 0);
});

testUnless(NO_PROC)('an accepted socket blocks, whatever the listener does', (t) => {
  using server = socket.create_server(['127.0.0.1', 0]);
  for (const timeout of [null, 30, 0]) {
    server.settimeout(timeout);
    using client = socket.create_connection(server.getsockname() as [string, number]);
    client.send(Buffer.from('x'));
    const [connection] = server.accept();
    using _ = connection;
    t.is(connection.gettimeout(), null);
    t.is(flagsOf(connection.fileno()) & O_NONBLOCK, 0);
  }
});

// ---- said ------------------------------------------------------------------------------------------------------------

testTwins(
  'it says of itself what CPython says',
  [
    ['said(socket.socket())', () => said(new socket.socket())],
    ['said(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))', () => said(new socket.socket(AF_INET6, SOCK_DGRAM))],
    ['said(socket.socket(socket.AF_UNIX))', () => said(new socket.socket(AF_UNIX, SOCK_STREAM))],
    [
      "said(bound(socket.socket(socket.AF_UNIX), '\\0said'))",
      () => {
        const sock = new socket.socket(AF_UNIX, SOCK_STREAM);
        sock.bind(`\0said`);
        return said(sock);
      },
    ],
    [
      "said(bound(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ('127.0.0.1', 0), True))",
      () => {
        const sock = new socket.socket(AF_INET, SOCK_DGRAM);
        sock.bind(['127.0.0.1', 0]);
        sock.connect(sock.getsockname());
        return said(sock);
      },
    ],
    ['said(closed(socket.socket()))', () => said(closed())],
    [
      'said(with_file(socket.socket()))',
      () => {
        const sock = new socket.socket();
        using _ = sock.makefile();
        sock.close();
        return said(sock);
      },
    ],
  ],
  `
import re

def said(sock):
    text = re.sub(r"(fd=|127.0.0.1', )\\d+", r'\\1N', repr(sock))
    sock.close()
    return text

def bound(sock, address, connect=False):
    sock.bind(address)
    if connect: sock.connect(sock.getsockname())
    return sock

def closed(sock):
    sock.close()
    return sock

files = []
def with_file(sock):
    files.append(sock.makefile())
    sock.close()
    return sock
`,
);

function said(sock: socket.socket): string {
  const text = inspect(sock).replaceAll(/(fd=|127.0.0.1', )\d+/g, '$1N');
  sock.close();
  return text;
}

testTwins('shutdown, listen, accept and names in the wrong state', [
  ['socket.socket().shutdown(socket.SHUT_RDWR)', () => wrong((sock) => sock.shutdown(socket.SHUT_RDWR))],
  ['socket.socket().shutdown(99)', () => wrong((sock) => sock.shutdown(99))],
  ["socket.socket().shutdown('2')", () => wrong((sock) => sock.shutdown('2' as never))],
  ['socket.socket().getpeername()', () => wrong((sock) => sock.getpeername())],
  ['socket.socket().accept()', () => wrong((sock) => sock.accept())],
  ['socket.socket().recv(1)', () => wrong((sock) => sock.recv(1))],
  ["socket.socket().send(b'x')", () => wrong((sock) => sock.send(Buffer.from('x')))],
  ['socket.socket(socket.AF_INET, socket.SOCK_DGRAM).listen()', () => wrong((sock) => sock.listen(), SOCK_DGRAM)],
  [
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).send(b'x')",
    () => wrong((sock) => sock.send(Buffer.from('x')), SOCK_DGRAM),
  ],
  ['socket.socket().listen(-5)', () => wrong((sock) => sock.listen(-5))],
  ["socket.socket().listen('5')", () => wrong((sock) => sock.listen('5' as never))],
  ['socket.socket().listen(None)', () => wrong((sock) => sock.listen(null as never))],
]);

function wrong(use: (sock: socket.socket) => unknown, type: number = SOCK_STREAM): unknown {
  using sock = new socket.socket(AF_INET, type);
  return use(sock);
}

test('shutdown ends one direction and leaves the other', (t) => {
  using ends = pair();
  ends.a.shutdown(socket.SHUT_WR);
  t.deepEqual(ends.b.recv(1), Buffer.alloc(0));
  ends.b.send(Buffer.from('still'));
  t.deepEqual(ends.a.recv(10), Buffer.from('still'));
  t.throws(() => ends.a.send(Buffer.from('x')), {
    name: 'BrokenPipeError',
    message: systemMessage(IS_WINDOWS ? errno.ESHUTDOWN : errno.EPIPE, 'Broken pipe'),
  });
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
