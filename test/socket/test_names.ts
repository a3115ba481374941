/** Names: hosts, services, protocols, interfaces; addresses as text and bytes; byte order. Each beside CPython. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { native } from '../../lib/addon/binary.js';
import { fromCode } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { hasCommand, NO_PROGRAMS, onWindows, pythonSync, skip, testUnless } from '../helpers/peers.js';
import { type Twin, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } = socket;
const bytes = (text: string) => Buffer.from(text, 'latin1');
const names = socket as unknown as Record<string, (...args: unknown[]) => unknown>;

/** The same function with the same arguments: those are written as Python literals, and given as values. */
function each(name: string, ...calls: [python: string, ...args: unknown[]][]): Twin[] {
  return calls.map(([python, ...args]) => [`socket.${name}(${python})`, () => names[name](...args)] as const);
}

// ---- hosts -----------------------------------------------------------------------------------------------------------

// No name here leaves this machine: numbers, the hosts file, and what no resolver is asked for.
testTwins('getaddrinfo', [
  ...each(
    'getaddrinfo',
    ["'127.0.0.1', 80", '127.0.0.1', 80],
    ["'127.0.0.1', 'http'", '127.0.0.1', 'http'],
    ["b'127.0.0.1', b'80'", bytes('127.0.0.1'), bytes('80')],
    ["'::1', 0", '::1', 0],
    ["'fe80::1%lo', 1", 'fe80::1%lo', 1],
    ["'127.0.0.1', None", '127.0.0.1', null],
    ['None, 80', null, 80],
    [
      'None, 80, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE',
      null,
      80,
      { type: SOCK_STREAM, flags: socket.AI_PASSIVE },
    ],
    ["'localhost', 80, socket.AF_INET", 'localhost', 80, AF_INET],
    ["'localhost', 80, 0, socket.SOCK_DGRAM", 'localhost', 80, 0, SOCK_DGRAM],
    ["'localhost', 80, proto=socket.IPPROTO_UDP", 'localhost', 80, { proto: socket.IPPROTO_UDP }],
    ["'127.0.0.1', 80, flags=socket.AI_CANONNAME", '127.0.0.1', 80, { flags: socket.AI_CANONNAME }],
    ["'1', 1, 0, 1", '1', 1, 0, 1],
    ["'127.1', 1, 0, 1", '127.1', 1, 0, 1],
    ["'localhost', 80, flags=socket.AI_NUMERICHOST", 'localhost', 80, { flags: socket.AI_NUMERICHOST }],
    ["'127.0.0.1', 'no such service'", '127.0.0.1', 'no such service'],
    ["'127.0.0.1', 'http', flags=socket.AI_NUMERICSERV", '127.0.0.1', 'http', { flags: socket.AI_NUMERICSERV }],
    ["'127.0.0.1', 80, socket.AF_INET6", '127.0.0.1', 80, AF_INET6],
    ["'127.0.0.1', 80, socket.AF_UNIX", '127.0.0.1', 80, AF_UNIX],
    ["'127.0.0.1', 80, 0, 99", '127.0.0.1', 80, 0, 99],
    ["'127.0.0.1', 80, flags=1 << 20", '127.0.0.1', 80, { flags: 1 << 20 }],
    ['None, None', null, null],
    ["'127.0.0.1', 70000, 0, 1", '127.0.0.1', 70_000, 0, 1],
    ["'127.0.0.1', -1, 0, 1", '127.0.0.1', -1, 0, 1],
    ["'127.0.0.1', 2 ** 70", '127.0.0.1', 2n ** 70n],
    ["'127.0.0.1', 1.5", '127.0.0.1', 1.5],
    ['5, 80', 5, 80],
    ["'a' * 64, 80", 'a'.repeat(64), 80],
    ["'a..b', 80", 'a..b', 80],
    ["'127.0.0.1', 80, 'inet'", '127.0.0.1', 80, 'inet'],
  ),
]);

testTwins('gethostbyname, gethostbyname_ex, gethostbyaddr, getfqdn', [
  ...each(
    'gethostbyname',
    ["'127.0.0.1'", '127.0.0.1'],
    ["b'127.0.0.1'", bytes('127.0.0.1')],
    ["'localhost'", 'localhost'],
    ["''", ''],
    ["'<broadcast>'", '<broadcast>'],
    ["'255.255.255.255'", '255.255.255.255'],
    ["'0x7f000001'", '0x7f000001'],
    ["'::1'", '::1'],
    ["'a\\0b'", 'a\0b'],
    ["b'a\\0b'", bytes('a\0b')],
    ["'a' * 64", 'a'.repeat(64)],
    ['5', 5],
    ['None', null],
  ),
  ...each('gethostbyname_ex', ["'127.0.0.1'", '127.0.0.1'], ["'localhost'", 'localhost'], ["'::1'", '::1'], ['5', 5]),
  ...each('gethostbyaddr', ["'127.0.0.1'", '127.0.0.1'], ["'localhost'", 'localhost'], ['5', 5], ["'a\\0b'", 'a\0b']),
  ...each('getfqdn', ["'localhost'", 'localhost'], ["' localhost '", ' localhost '], ["'127.0.0.1'", '127.0.0.1']),
]);

testTwins('getnameinfo', [
  ...each(
    'getnameinfo',
    ["('127.0.0.1', 80), 0", ['127.0.0.1', 80], 0],
    ["('127.0.0.1', 80), socket.NI_NUMERICHOST", ['127.0.0.1', 80], socket.NI_NUMERICHOST],
    [
      "('127.0.0.1', 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV",
      ['127.0.0.1', 80],
      socket.NI_NUMERICHOST | socket.NI_NUMERICSERV,
    ],
    ["('127.0.0.1', 514), socket.NI_DGRAM", ['127.0.0.1', 514], socket.NI_DGRAM],
    ["('::1', 80, 0, 0), 3", ['::1', 80, 0, 0], 3],
    ["('fe80::1', 80, 7, 1), 3", ['fe80::1', 80, 7, 1], 3],
    ["('::1', 80), 3", ['::1', 80], 3],
    ["('127.0.0.1', 80, 0, 0), 3", ['127.0.0.1', 80, 0, 0], 3],
    ["('localhost', 80), 0", ['localhost', 80], 0],
    ["('127.0.0.1', 80), 99999", ['127.0.0.1', 80], 99_999],
    ["('127.0.0.1', 70000), 3", ['127.0.0.1', 70_000], 3],
    ["('::1', 80, 1 << 20), 3", ['::1', 80, 1 << 20], 3],
    ["('127.0.0.1',), 3", ['127.0.0.1'], 3],
    ["('127.0.0.1', 'http'), 3", ['127.0.0.1', 'http'], 3],
    ['(5, 80), 3', [5, 80], 3],
    ["'127.0.0.1', 3", '127.0.0.1', 3],
    ["('127.0.0.1', 80), 'x'", ['127.0.0.1', 80], 'x'],
  ),
]);

testUnless(onWindows('CPython has texts of its own there'))(
  'gaierror has a code of its own, and no errno name',
  (t) => {
    const error = t.throws(() => socket.getaddrinfo('localhost', 80, 0, 0, 0, socket.AI_NUMERICHOST));
    t.true(error instanceof socket.gaierror);
    t.true(error instanceof socket.error);
    t.like(error, { name: 'gaierror', errno: socket.EAI_NONAME, code: undefined, syscall: 'getaddrinfo' });
    t.is(error?.message, '[Errno -2] Name or service not known');
  },
);

testUnless(NO_PROGRAMS)('this machine has a name', (t) => {
  const { stdout } = spawnSync('uname', ['-n'], { encoding: 'utf8' });
  t.is(`${socket.gethostname()}\n`, stdout);
  t.is(typeof socket.getfqdn(), 'string');
  t.true(socket.getfqdn().length > 0);
});

testUnless(!hasCommand('unshare') && 'unshare is not installed')('sethostname sets it', (t) => {
  // In a UTS namespace of its own: this machine keeps its name.
  const library = new URL('../../lib/index.js', import.meta.url).href;
  const script = `import { socket } from '${library}';
    socket.sethostname('berkeley-test');
    console.log(socket.gethostname());
    socket.sethostname(Buffer.from('bytes'));
    console.log(socket.gethostname());`;
  const args = ['--uts', process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr, status } = spawnSync('unshare', args, { encoding: 'utf8' });
  if (status !== 0 && /unshare/.test(stderr)) return skip(t, `no namespaces here: ${stderr.trim()}`);
  t.is(stdout, 'berkeley-test\nbytes\n', stderr);
});

// ---- services, protocols, interfaces ---------------------------------------------------------------------------------

testTwins('services and protocols', [
  ...each(
    'getservbyname',
    ["'http'", 'http'],
    ["'http', 'tcp'", 'http', 'tcp'],
    ["'domain', 'udp'", 'domain', 'udp'],
    ["'http', 'no such'", 'http', 'no such'],
    ["'no such'", 'no such'],
    ["''", ''],
    ["'a\\0b'", 'a\0b'],
    ['5', 5],
    ["b'http'", bytes('http')],
    ["'http', 5", 'http', 5],
  ),
  ...each(
    'getservbyport',
    ['80', 80],
    ["80, 'tcp'", 80, 'tcp'],
    ["53, 'udp'", 53, 'udp'],
    ['65535', 65_535],
    ['65536', 65_536],
    ['-1', -1],
    ["'80'", '80'],
    ['80, 5', 80, 5],
    ['2 ** 40', 2 ** 40],
  ),
  ...each(
    'getprotobyname',
    ["'tcp'", 'tcp'],
    ["'icmp'", 'icmp'],
    ["'no such'", 'no such'],
    ['5', 5],
    ["'a\\0b'", 'a\0b'],
  ),
]);

testTwins('interfaces', [
  ...each('if_nameindex', ['']),
  ...each(
    'if_nametoindex',
    ["'lo'", 'lo'],
    ["b'lo'", bytes('lo')],
    ["'no such'", 'no such'],
    ['5', 5],
    ["'l\\0o'", 'l\0o'],
  ),
  ...each('if_indextoname', ['1', 1], ['0', 0], ['2 ** 31 - 1', 2 ** 31 - 1], ['-1', -1], ["'1'", '1'], ['1.5', 1.5]),
]);

// ---- text and bytes ----------------------------------------------------------------------------------------------------

const ipv4 = [
  '1.2.3.4',
  '255.255.255.255',
  '0.0.0.0',
  '1.2',
  '1',
  '0x7f.1',
  '010.0.0.1',
  '1.2.3.256',
  '1.2.3.4.5',
  '',
  ' 1.2.3.4',
  '1.2.3.4 ',
  'a',
];
const ipv6 = [
  '::',
  '::1',
  '1:2:3:4:5:6:7:8',
  '::ffff:1.2.3.4',
  'FE80::ABCD',
  '1::2::3',
  ':::',
  '12345::',
  '1:2:3:4:5:6:7',
  '::1%lo',
  '::1.2.3.4',
  '',
];
testTwins('inet_aton, inet_pton', [
  ...each('inet_aton', ...ipv4.map((text) => [`'${text}'`, text] as [string, string])),
  ...each('inet_aton', ['5', 5], ["'1\\0'", '1\0'], ["b'1.2.3.4'", bytes('1.2.3.4')]),
  ...[...ipv4, ...ipv6].flatMap((text) =>
    [
      ['socket.AF_INET', AF_INET],
      ['socket.AF_INET6', AF_INET6],
    ].flatMap(([python, family]) => each('inet_pton', [`${python}, '${text}'`, family, text])),
  ),
  ...each('inet_pton', ['socket.AF_UNIX, "1"', AF_UNIX, '1'], ['2, 5', 2, 5], ["'2', '1.2.3.4'", '2', '1.2.3.4']),
]);

const packed = [
  '00000000',
  'ffffffff',
  '01020304',
  '',
  '010203',
  '00000000000000000000000000000000',
  '00000000000000000000000000000001',
  '20010db8000000000000ff0000428329',
  '00000000000000000000ffff01020304',
  '00010000000000000001000000000001',
  'ffffffffffffffffffffffffffffffff',
];
testTwins('inet_ntoa, inet_ntop', [
  ...packed.flatMap((hex) => {
    const python = `bytes.fromhex('${hex}')`;
    const raw = Buffer.from(hex, 'hex');
    return [
      ...each('inet_ntoa', [python, raw]),
      ...each('inet_ntop', [`socket.AF_INET, ${python}`, AF_INET, raw], [`socket.AF_INET6, ${python}`, AF_INET6, raw]),
    ];
  }),
  ...each('inet_ntoa', ["'1234'", '1234'], ['bytearray(4)', new DataView(new ArrayBuffer(4))], ['None', null]),
  ...each(
    'inet_ntop',
    ['1, bytes(4)', 1, Buffer.alloc(4)],
    ["2, '1234'", 2, '1234'],
    ["'2', bytes(4)", '2', Buffer.alloc(4)],
  ),
]);

testTwins('byte order', [
  ...['htons', 'ntohs', 'htonl', 'ntohl'].flatMap((name) =>
    each(
      name,
      ['0', 0],
      ['1', 1],
      ['0x1234', 0x1234],
      ['0xffff', 0xffff],
      ['0x10000', 0x10000],
      ['0x12345678', 0x12345678],
      ['0xffffffff', 0xffffffff],
      ['2 ** 32', 2 ** 32],
      ['2 ** 70', 2n ** 70n],
      ['-1', -1],
      ["'1'", '1'],
      ['1.5', 1.5],
      ['None', null],
      ['True', true],
    ),
  ),
]);

// ---- errors ------------------------------------------------------------------------------------------------------

testWithPython('the resolver names hosts that are no text', (t) => {
  // What a name service answers need not be UTF-8; what we ask it need not be either.
  const { stdout } = pythonSync(`import socket
try: socket.getaddrinfo(b'\\xff', 80, flags=socket.AI_NUMERICHOST)
except OSError as error: print(error)`);
  const error = t.throws(() => socket.getaddrinfo(Buffer.of(0xff), 80, { flags: socket.AI_NUMERICHOST }));
  t.is(`${error?.message}\n`, stdout);
});

testUnless(onWindows('CPython has texts of its own there'))(
  'herror has the codes of h_errno, in a range of its own below',
  (t) => {
    // <netdb.h>: HOST_NOT_FOUND 1, NO_DATA 4; texts of hstrerror(3). To provoke them takes a name server.
    const { HOST_BASE } = native.constants.codes;
    const error = fromCode(HOST_BASE - 1, 'gethostbyaddr');
    t.true(error instanceof socket.herror);
    t.like(error, { name: 'herror', errno: 1, strerror: 'Unknown host', code: undefined, syscall: 'gethostbyaddr' });
    t.is(fromCode(HOST_BASE - 4).message, '[Errno 4] No address associated with name');
  },
);
