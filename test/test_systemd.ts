/** berkeley/systemd: against parents that set descriptors up as systemd does, libsystemd itself, and systemd's programs. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import * as errno from '../lib/constants/errno.js';
import { OSError, ValueError } from '../lib/core/exceptions.js';
import * as socket from '../lib/socket/index.js';
import { sd_notify } from '../lib/systemd.js';
import { checkLeaks } from './helpers/leaks.js';
import {
  hasCommand,
  NO_PROGRAMS,
  type Peer,
  pythonSync,
  skip,
  spawnPeer,
  testUnless,
  tmpdir,
} from './helpers/peers.js';

const test = testUnless(NO_PROGRAMS);

checkLeaks(test);

const LIBRARY = new URL('../lib/index.js', import.meta.url).href;

/** A program that has `systemd`, `socket` and `say(value)`, for process.execPath. */
function program(source: string): string[] {
  const prelude = `import { socket, systemd } from '${LIBRARY}';
    const say = (value) => console.log(JSON.stringify(value));
    const outcome = (call) => { try { return call(); } catch (error) { return error.errno ?? String(error); } };`;
  return ['--expose-gc', '--input-type=module', '-e', prelude + source];
}

// ---- listen_fds ------------------------------------------------------------------------------------------------------

/**
 * A process that becomes another one, or asks libsystemd, with descriptors of these kinds from 3 on: so the number that
 * it announces is its own, as it is under systemd. 'PID' stands for that number.
 */
const MANAGER = `
import ctypes, fcntl, json, os, socket, sys
job = json.loads(sys.argv[1])
def tcp():
    return socket.create_server(('127.0.0.1', 0))
def udp():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    return sock
def unix():
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
def file():
    return open('/dev/null')
kinds = {'tcp': tcp, 'udp': udp, 'unix': unix, 'file': file}
opened = [kinds[kind]() for kind in job['fds']]
# Out of the way of the numbers that they are to have.
high = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in opened]
for target, fd in enumerate(high, 3):
    os.dup2(fd, target)
    os.close(fd)
os.closerange(3 + len(high), 100)
for name in list(os.environ):
    if name.startswith('LISTEN_'): del os.environ[name]
os.environ.update({name: value.replace('PID', str(os.getpid())) for name, value in job['env'].items()})

def ask_library():
    library = ctypes.CDLL('libsystemd.so.0')
    found = ctypes.POINTER(ctypes.c_char_p)()
    n = library.sd_listen_fds_with_names(0, ctypes.byref(found))
    answer = -n if n < 0 else [found[i].decode() for i in range(n)]
    print(json.dumps([answer, [os.get_inheritable(3 + i) for i in range(max(n, 0))]]))

if len(sys.argv) == 2: ask_library()
else: os.execv(sys.argv[2], sys.argv[2:])
`;

interface Job {
  fds: ('tcp' | 'udp' | 'unix' | 'file')[];
  env: Record<string, string>;
}

/** The environment that makes our own Node what it is (sanitizers, too) reaches it through the manager. */
function nodeEnv(): Record<string, string> {
  const names = ['LD_PRELOAD', 'ASAN_OPTIONS', 'LSAN_OPTIONS', 'UBSAN_OPTIONS', 'BERKELEY_BINARY'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name] as string]] : [])));
}

/** Start `source` as a service whose manager opened these descriptors. */
function service({ fds, env }: Job, source: string): Peer {
  const job = JSON.stringify({ fds, env: { ...env, ...nodeEnv() } });
  return spawnPeer('python3', ['-c', MANAGER, job, process.execPath, ...program(source)]);
}

const announced = (count: number | string, names?: string): Record<string, string> => ({
  LISTEN_PID: 'PID',
  LISTEN_FDS: String(count),
  ...(names === undefined ? {} : { LISTEN_FDNAMES: names }),
});

test('listen_fds: the sockets, in order, with their names', async (t) => {
  const peer = service(
    { fds: ['tcp', 'udp', 'unix'], env: announced(3, 'web:clock:web') },
    `const sockets = systemd.listen_fds();
     say(sockets.map(([name, sock]) => [name, sock.fileno(), sock.family, sock.type, sock.gettimeout()]));
     say(sockets[0][1].getsockname());
     const [client] = sockets[0][1].accept();
     client.sendall(client.recv(100));`,
  );
  t.deepEqual(JSON.parse(await peer.line()), [
    ['web', 3, socket.AF_INET, socket.SOCK_STREAM, null],
    ['clock', 4, socket.AF_INET, socket.SOCK_DGRAM, null],
    ['web', 5, socket.AF_UNIX, socket.SOCK_SEQPACKET, null],
  ]);
  const [host, port] = JSON.parse(await peer.line());
  const client = connect({ host, port });
  client.end('ping');
  t.is(await text(client), 'ping');
  t.is(await peer.exit, 0, peer.errors());
});

test("listen_fds: Node's own server takes a socket over", async (t) => {
  const peer = service(
    { fds: ['tcp'], env: announced(1) },
    `import { createServer } from 'node:net';
     const [[, listener]] = systemd.listen_fds();
     say(listener.getsockname());
     const server = createServer((socket) => { socket.end('from Node'); server.close(); });
     server.listen({ fd: listener.detach() });`,
  );
  const [host, port] = JSON.parse(await peer.line());
  t.is(await text(connect({ host, port })), 'from Node');
  t.is(await peer.exit, 0, peer.errors());
});

test('listen_fds: the sockets are close-on-exec, and a child process inherits the variables unless they are unset', async (t) => {
  const peer = service(
    { fds: ['tcp', 'udp'], env: { ...announced(2, 'a:b'), LISTEN_PIDFDID: '1' } },
    `import { spawnSync } from 'node:child_process';
     const inherited = () => {
       const names = 'JSON.stringify(Object.keys(process.env).filter((name) => /^LISTEN/.test(name)).sort())';
       return JSON.parse(spawnSync(process.execPath, ['-p', names], { encoding: 'utf8' }).stdout);
     };
     say(systemd.listen_fds().map(([, sock]) => sock.get_inheritable()));
     say(inherited());
     say(systemd.listen_fds(true).length);
     say(inherited());
     say([systemd.listen_fds(), Object.keys(process.env).filter((name) => /^LISTEN/.test(name))]);`,
  );
  t.deepEqual(JSON.parse(await peer.line()), [false, false]);
  t.deepEqual(JSON.parse(await peer.line()), ['LISTEN_FDNAMES', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_PIDFDID']);
  t.is(JSON.parse(await peer.line()), 2);
  t.deepEqual(JSON.parse(await peer.line()), []);
  t.deepEqual(JSON.parse(await peer.line()), [[], []]);
  t.is(await peer.exit, 0, peer.errors());
});

test('listen_fds: called again, it returns the same objects, and a closed one stays closed', async (t) => {
  const peer = service(
    { fds: ['tcp', 'tcp'], env: announced(2) },
    `const [[, a], [, b]] = systemd.listen_fds();
     const again = systemd.listen_fds({ unset_environment: false });
     say(again[0][1] === a && again[1][1] === b);
     a.close();
     const other = new socket.socket();
     say([other.fileno(), systemd.listen_fds().map(([, sock]) => sock.fileno())]);`,
  );
  t.is(JSON.parse(await peer.line()), true);
  t.deepEqual(JSON.parse(await peer.line()), [3, [-1, 4]]);
  t.is(await peer.exit, 0, peer.errors());
});

const CASES: readonly [title: string, Job][] = [
  ['no variables', { fds: ['tcp'], env: {} }],
  ['for another process', { fds: ['tcp'], env: { ...announced(1), LISTEN_PID: '1' } }],
  ['no process', { fds: ['tcp'], env: { LISTEN_FDS: '1' } }],
  ['no number', { fds: ['tcp'], env: { LISTEN_PID: 'PID' } }],
  ['without names', { fds: ['tcp', 'unix'], env: announced(2) }],
  ['one name', { fds: ['tcp'], env: announced(1, 'web') }],
  ['names that are empty', { fds: ['tcp', 'tcp', 'tcp'], env: announced(3, ':b:') }],
  ['fewer descriptors than are open', { fds: ['tcp', 'tcp'], env: announced(1) }],
  ['too few names', { fds: ['tcp', 'tcp'], env: announced(2, 'a') }],
  ['too many names', { fds: ['tcp'], env: announced(1, 'a:b') }],
  ['a process that is no number', { fds: ['tcp'], env: { ...announced(1), LISTEN_PID: 'me' } }],
  ['a number that is none', { fds: ['tcp'], env: announced('one') }],
  ['number 0', { fds: ['tcp'], env: announced(0) }],
  ['a negative number', { fds: ['tcp'], env: announced(-1) }],
  ['an empty number', { fds: ['tcp'], env: announced('') }],
  ['more descriptors than there can be', { fds: ['tcp'], env: announced(2147483647) }],
];

const noLibrary = !hasCommand('python3') || pythonSync("import ctypes; ctypes.CDLL('libsystemd.so.0')").code !== 0;

testUnless(noLibrary && 'no libsystemd here (apt-get install libsystemd0)')(
  'listen_fds finds what libsystemd finds, and fails where it fails',
  async (t) => {
    t.timeout(120_000);
    const source = `const found = outcome(() => systemd.listen_fds());
      say([Array.isArray(found) ? found.map(([name]) => name) : found,
        Array.isArray(found) ? found.map(([, sock]) => sock.get_inheritable()) : []]);`;
    for (const [title, job] of CASES) {
      const theirs = spawnPeer('python3', ['-c', MANAGER, JSON.stringify(job)]);
      const ours = service(job, source);
      t.deepEqual(JSON.parse(await ours.line()), JSON.parse(await theirs.line()), title);
      t.is(await ours.exit, 0, ours.errors());
    }
  },
);

test('listen_fds: a descriptor that is no socket is refused by number and name, and none is taken', async (t) => {
  const peer = service(
    { fds: ['tcp', 'file'], env: announced(2, 'web:log') },
    `import { fstatSync } from 'node:fs';
     try { systemd.listen_fds(true); } catch (error) { say([error.name, error.code, error.message]); }
     gc(); gc();
     say([fstatSync(3).isSocket(), fstatSync(4).isCharacterDevice(), process.env.LISTEN_FDS ?? null]);`,
  );
  t.deepEqual(JSON.parse(await peer.line()), [
    'OSError',
    'ENOTSOCK',
    "[Errno 88] Socket operation on non-socket (descriptor 4, which has the name 'log')",
  ]);
  t.deepEqual(JSON.parse(await peer.line()), [true, true, null]);
  t.is(await peer.exit, 0, peer.errors());
});

test('listen_fds: more descriptors than were given', async (t) => {
  for (const count of [2, 2000000000]) {
    const peer = service({ fds: ['tcp'], env: announced(count) }, 'say(outcome(() => systemd.listen_fds()))');
    // libsystemd says EBADF of them; here, the first of these numbers is a descriptor of Node's own.
    t.true([errno.EBADF, errno.ENOTSOCK].includes(JSON.parse(await peer.line())));
    t.is(await peer.exit, 0, peer.errors());
  }
});

test('listen_fds: what is wrong with the variables stands in the message', async (t) => {
  const peer = service(
    { fds: ['tcp'], env: announced('many') },
    `try { systemd.listen_fds(); } catch (error) { say([error.name, error.code, error.message]); }`,
  );
  t.deepEqual(JSON.parse(await peer.line()), [
    'OSError',
    'EINVAL',
    "[Errno 22] Invalid argument (LISTEN_FDS is 'many')",
  ]);
});

const activation = testUnless(
  !hasCommand('systemd-socket-activate') && 'no systemd-socket-activate here (apt-get install systemd)',
);

/** Start `source` by systemd-socket-activate, which waits for a connection before it does. */
function activate(t: ExecutionContext, options: string[], paths: string[], source: string): Peer {
  const listen = paths.flatMap((path) => ['-l', path]);
  const env = Object.entries(nodeEnv()).flatMap(([name, value]) => ['-E', `${name}=${value}`]);
  const all = [...options, ...listen, ...env, process.execPath, ...program(source)];
  const peer = spawnPeer('systemd-socket-activate', all);
  t.teardown(() => peer.stop());
  return peer;
}

/** Connect as soon as somebody listens, which systemd-socket-activate says on its standard error. */
async function connected(peer: Peer, path: string) {
  while (!peer.errors().includes(`Listening on ${path} `)) await once(peer.child.stderr as Readable, 'data');
  const client = connect({ path });
  await once(client, 'connect');
  return client;
}

activation('listen_fds under systemd-socket-activate: a connection that came first is served', async (t) => {
  const folder = tmpdir(t);
  const paths = [join(folder, 'a'), join(folder, 'b')];
  const peer = activate(
    t,
    ['--fdname=first:second'],
    paths,
    `const sockets = systemd.listen_fds(true);
     say(sockets.map(([name, sock]) => [name, sock.getsockname(), sock.get_inheritable()]));
     const [client] = sockets[1][1].accept();
     client.sendall(client.recv(100));`,
  );
  const client = await connected(peer, paths[1]);
  client.end('anybody?');
  t.is(await text(client), 'anybody?');
  t.deepEqual(JSON.parse(await peer.line()), [
    ['first', paths[0], false],
    ['second', paths[1], false],
  ]);
  t.is(await peer.exit, 0, peer.errors());
});

activation('listen_fds under systemd-socket-activate --accept: the connection itself', async (t) => {
  const path = join(tmpdir(t), 'a');
  const peer = activate(
    t,
    ['--accept', '--fdname=line'],
    [path],
    `const [[name, sock]] = systemd.listen_fds();
     sock.sendall(Buffer.from(name + ' ' + sock.recv(100)));`,
  );
  const client = await connected(peer, path);
  client.end('anybody?');
  t.is(await text(client), 'line anybody?');
});

// ---- sd_notify -------------------------------------------------------------------------------------------------------

/** Says the text and the sender's process of each datagram that comes to the address in argv[1] ('@': abstract). */
const RECEIVER = `
import socket, struct, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
path = sys.argv[1]
sock.bind('\\0' + path[1:] if path.startswith('@') else path)
print('ready', flush=True)
while True:
    data, ancillary, flags, address = sock.recvmsg(1 << 20, 100)
    pid = [struct.unpack('3i', value)[0] for level, kind, value in ancillary if kind == socket.SCM_CREDENTIALS]
    print([data, pid[0]], flush=True)
`;

async function receiver(t: ExecutionContext, address: string): Promise<Peer> {
  const peer = spawnPeer('python3', ['-c', RECEIVER, address]);
  t.teardown(() => peer.stop());
  await peer.line();
  return peer;
}

/** Call with NOTIFY_SOCKET set so; what becomes of the variable is `after`. */
function notifyAt(address: string | undefined, call: () => unknown): { result: unknown; after: string | undefined } {
  if (address === undefined) delete process.env.NOTIFY_SOCKET;
  else process.env.NOTIFY_SOCKET = address;
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    result = error;
  }
  const after = process.env.NOTIFY_SOCKET;
  delete process.env.NOTIFY_SOCKET;
  return { result, after };
}

for (const kind of ['a path', 'an abstract name']) {
  test(`sd_notify tells python at ${kind}, which sees the process`, async (t) => {
    const folder = tmpdir(t);
    const address = kind === 'a path' ? join(folder, 'notify') : `@${folder}`;
    const peer = await receiver(t, address);
    t.deepEqual(
      notifyAt(address, () => sd_notify('READY=1\nSTATUS=schön')),
      { result: true, after: address },
    );
    t.is(await peer.line(), `[b'READY=1\\nSTATUS=sch\\xc3\\xb6n', ${process.pid}]`);
    t.deepEqual(
      notifyAt(address, () => sd_notify('STOPPING=1', { unset_environment: true })),
      { result: true, after: undefined },
    );
    t.is(await peer.line(), `[b'STOPPING=1', ${process.pid}]`);
  });
}

testUnless(!hasCommand('systemd-notify') && 'no systemd-notify here (apt-get install systemd)')(
  'sd_notify sends what systemd-notify sends',
  async (t) => {
    const address = join(tmpdir(t), 'notify');
    const peer = await receiver(t, address);
    const args = ['--no-block', '--ready', '--status=half way', 'WATCHDOG=1'];
    const theirs = spawnPeer('systemd-notify', args, { NOTIFY_SOCKET: address });
    t.is(await theirs.exit, 0, theirs.errors());
    const [sent] = (await peer.line()).split(', ');
    t.is(notifyAt(address, () => sd_notify('READY=1\nSTATUS=half way\nWATCHDOG=1')).result, true);
    t.is((await peer.line()).split(', ')[0], sent);
  },
);

test('sd_notify: false where nobody wants to know', (t) => {
  t.deepEqual(
    notifyAt(undefined, () => sd_notify('READY=1')),
    { result: false, after: undefined },
  );
});

const ASK_LIBRARY = `
import ctypes, json, os, sys
library = ctypes.CDLL('libsystemd.so.0')
def outcome(address):
    os.environ['NOTIFY_SOCKET'] = address
    return library.sd_notify(0, b'READY=1')
print(json.dumps([outcome(address) for address in json.loads(sys.argv[1])]))
`;

testUnless(noLibrary && 'no libsystemd here (apt-get install libsystemd0)')(
  'sd_notify fails where libsystemd fails, and removes the variable all the same',
  (t) => {
    const folder = tmpdir(t);
    const deaf = new socket.socket(socket.AF_UNIX, socket.SOCK_STREAM);
    t.teardown(() => deaf.close());
    deaf.bind(join(folder, 'stream'));
    const closed = new socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
    closed.bind(join(folder, 'closed'));
    closed.close();
    const addresses = [join(folder, 'nobody'), join(folder, 'closed'), join(folder, 'stream'), `@${folder}/nobody`];
    const theirs = JSON.parse(pythonSync(ASK_LIBRARY, [JSON.stringify(addresses)]).stdout);
    for (const [i, address] of addresses.entries()) {
      const { result, after } = notifyAt(address, () => sd_notify('READY=1', true));
      t.is((result as { errno?: number }).errno, -theirs[i], address);
      t.is(after, undefined);
    }
  },
);

test('sd_notify: what is no address of a kind that is known', (t) => {
  const cases: [string, string][] = [
    ['', '[Errno 97] Address family not supported by protocol'],
    ['relative/path', '[Errno 97] Address family not supported by protocol'],
    ['tcp:1:2', '[Errno 97] Address family not supported by protocol'],
    ['vsock:', "[Errno 22] Invalid argument (NOTIFY_SOCKET is 'vsock:')"],
    ['vsock:1', "[Errno 22] Invalid argument (NOTIFY_SOCKET is 'vsock:1')"],
    ['vsock:4294967295:1', "[Errno 22] Invalid argument (NOTIFY_SOCKET is 'vsock:4294967295:1')"],
    ['vsock-stream:1:4294967296', "[Errno 22] Invalid argument (NOTIFY_SOCKET is 'vsock-stream:1:4294967296')"],
    [`/${'x'.repeat(108)}`, 'AF_UNIX path too long'],
  ];
  for (const [address, message] of cases) {
    t.is((notifyAt(address, () => sd_notify('READY=1')).result as Error).message, message, address);
  }
});

test('sd_notify: a state that will not do', (t) => {
  const wrong = sd_notify as unknown as (...args: unknown[]) => boolean;
  t.throws(() => wrong(Buffer.from('READY=1')), { instanceOf: TypeError });
  t.throws(() => wrong(), { instanceOf: TypeError });
  t.throws(() => wrong('READY=1', { unset: true }), { instanceOf: TypeError });
  t.throws(() => sd_notify('READY=1\0'), { instanceOf: ValueError, message: 'embedded null character' });
});

test('sd_notify over vsock', (t) => {
  const listener = new socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM);
  t.teardown(() => listener.close());
  try {
    listener.bind([socket.VMADDR_CID_LOCAL, socket.VMADDR_PORT_ANY]);
  } catch (error) {
    return skip(t, `no vsock loopback here (modprobe vsock_loopback): ${error}`);
  }
  listener.listen();
  const [cid, port] = listener.getsockname();
  t.is(notifyAt(`vsock-stream:${cid}:${port}`, () => sd_notify('READY=1')).result, true);
  const [sender] = listener.accept();
  t.is(`${sender.recv(100)}`, 'READY=1');
  t.is(sender.recv(100).length, 0);
  sender.close();
});

test('sd_notify over vsock to nobody', (t) => {
  const { result, after } = notifyAt('vsock:1:4294967294', () => sd_notify('READY=1', true));
  t.true(result instanceof OSError, String(result));
  t.is(after, undefined);
});
