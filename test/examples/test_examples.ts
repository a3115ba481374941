/** Every program in examples/ does what it says, each against a peer that nobody here wrote. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import * as errno from '../../lib/constants/errno.js';
import * as socket from '../../lib/socket/index.js';
import { example, finished, portIn, ROOT } from '../helpers/examples.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  hasCommand,
  NO_EPOLL,
  NO_PASSING,
  NO_PROGRAMS,
  NO_UNIX,
  onWindows,
  python,
  spawnPeer,
  systemMessage,
  testUnless,
  tmpdir,
  underSanitizers,
} from '../helpers/peers.js';

checkLeaks(test);

const README = join(ROOT, 'README.md');
const read = (path: string) => readFileSync(path, 'utf8');
const [FIRST_LINE] = read(README).split('\n');

/** A port that is taken, so that nobody else can get it, and at which nobody listens. */
function deadPort(t: ExecutionContext, type: number): number {
  const holder = new socket.socket(socket.AF_INET, type);
  t.teardown(() => holder.close());
  holder.bind(['127.0.0.1', 0]);
  const address = holder.getsockname();
  // A UDP socket hears everybody unless it is connected; then, its peer alone.
  if (type === socket.SOCK_DGRAM) holder.connect(address);
  return address[1];
}

// ---- the demo

testUnless(NO_EPOLL || (underSanitizers && 'its clients are programs that no sanitizer may be preloaded into')).serial(
  'the demo checks every client and ends with status 0',
  async (t) => {
    const { code, lines, errors } = await finished(example('demo.mjs'));
    t.is(code, 0, errors);
    const output = lines.join('\n');
    const clients = ['node:http', 'node:https', 'node:net, pipelined', 'node:net, slow reader', 'python3'];
    if (hasCommand('curl')) clients.push('curl');
    for (const client of clients) t.true(output.includes(`  ${client}`), client);
    for (const version of ['1\\.2', '1\\.3']) {
      const client = `^ +node:tls, TLSv${version} alone +`;
      t.regex(output, new RegExp(`${client}1 +SSLWant(Read|Write)Error +EPOLL(IN|OUT)$`, 'm'));
      t.regex(output, new RegExp(`${client}\\d +returns +TLSv${version} +[\\w-]+ +http/1\\.1$`, 'm'));
    }
    t.regex(output, /p50 +p99 +p99\.9/);
    t.regex(output, /^ +node:net +berkeley +[\d,]+ /m);
    t.regex(output, /^ +python3 +node:net +[\d,]+ /m);
    t.regex(lines.at(-1) as string, /^All [\d,]+ answers were right\./);
  },
);

test('the demo notices a wrong byte, a missing one and an old date', async (t) => {
  const url = new URL('examples/demo/expected.mjs', `file://${ROOT}`).href;
  const { filesIn, requestsFor } = await import(url);
  const [{ expected }] = requestsFor(filesIn(join(ROOT, 'docs')));
  const right = Buffer.from(expected.bytes);
  right.write(new Date().toUTCString(), expected.dates[0], 'latin1');
  t.notThrows(() => expected.check('right', right));
  const wrong = Buffer.from(right);
  wrong[wrong.length - 1] ^= 1;
  t.throws(() => expected.check('wrong', wrong), { message: /^wrong: byte \d+ differs/ });
  t.throws(() => expected.check('short', right.subarray(0, -1)), { message: /^short: byte \d+ differs/ });
  t.throws(() => expected.check('old', Buffer.from(expected.bytes)), { message: /^old: byte \d+ differs/ });
});

// ---- blocking_client

testUnless(NO_PROGRAMS)("blocking_client fetches a file from Python's http.server", async (t) => {
  const server = spawnPeer('python3', ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', ROOT]);
  const port = /port (\d+)/.exec(await server.line())?.[1];
  const { code, lines } = await finished(example('blocking_client.mjs', `http://127.0.0.1:${port}/README.md`));
  t.is(code, 0);
  t.regex(lines[0], new RegExp(`^connected: <socket\\.socket fd=\\d+, .*raddr=\\('127\\.0\\.0\\.1', ${port}\\)>$`));
  t.is(lines[1], '  HTTP/1.0 200 OK');
  t.is(lines.at(-1), `body: ${readFileSync(README).length} bytes`);
  await server.stop();
});

testUnless(NO_PASSING)('blocking_client starts a server of its own', async (t) => {
  const { code, lines } = await finished(example('blocking_client.mjs'));
  t.is(code, 0);
  t.is(lines.at(-1), 'body: 13 bytes');
});

test('blocking_client says why it cannot connect, as Python does', async (t) => {
  const port = deadPort(t, socket.SOCK_STREAM);
  const { code, errors } = await finished(example('blocking_client.mjs', `http://127.0.0.1:${port}/`));
  t.is(code, 1);
  t.is(errors, `ConnectionRefusedError: ${systemMessage(errno.ECONNREFUSED, 'Connection refused')}\n`);
});

// ---- servers

test('threaded_server: its workers share one listener and serve node:net', async (t) => {
  const CLIENTS = 8;
  const server = example('threaded_server.mjs', '--threads', '3', '--connections', String(CLIENTS));
  const port = portIn(await server.line());
  // All of them are connected before the first one ends: with three threads, three are served at a time.
  const sockets = Array.from({ length: CLIENTS }, () => connect({ host: '127.0.0.1', port }));
  const answers = await Promise.all(
    sockets.map((socket, i) => {
      socket.end(`line ${i}\nschön\n`);
      return text(socket);
    }),
  );
  const { code, lines } = await finished(server);
  t.is(code, 0);
  t.is(lines.filter((line) => / served 127\.0\.0\.1:\d+$/.test(line)).length, CLIENTS);
  for (const [i, answer] of answers.entries()) {
    t.regex(answer, new RegExp(`^thread (\\d+): LINE ${i}\\nthread \\1: SCHÖN\\n$`));
  }
});

const CHAT = `
import socket, sys
def line(file): return file.readline().rstrip('\\n')
def join():
    sock = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    return sock, sock.makefile('r', encoding='utf-8', newline='\\n')
ann, ann_hears = join()
print(line(ann_hears))
bob, bob_hears = join()
print(line(ann_hears), '|', line(bob_hears))
ann.sendall('grüß '.encode()[:-3]); ann.sendall('grüß '.encode()[-3:] + b'dich\\r\\nund')
print(line(bob_hears))
bob.sendall(b'hi\\n')
print(line(ann_hears))
ann.sendall(b' tschau\\n')
print(line(bob_hears))
bob_hears.close(); bob.close()
print(line(ann_hears))
ann_hears.close(); ann.close()
`;

testUnless(NO_PROGRAMS)('chat_server: python guests hear each other, also lines that come in pieces', async (t) => {
  const server = example('chat_server.mjs', '--until-empty');
  const port = portIn(await server.line());
  const { stdout, stderr } = await python(CHAT, [String(port)]);
  t.is(stderr, '');
  t.deepEqual(stdout.trim().split('\n'), [
    '* guest 1 came in',
    '* guest 2 came in | * guest 2 came in',
    'guest 1: grüß dich',
    'guest 2: hi',
    'guest 1: und tschau',
    '* guest 2 left',
  ]);
  const { code, lines } = await finished(server);
  t.is(code, 0);
  t.is(lines.at(-1), '* guest 1 left');
});

// ---- a proactor

testUnless(NO_PROGRAMS)('proactor_echo serves echo and HTTP/1.1 to python, many connections at a time', async (t) => {
  const server = example('proactor_echo.mjs');
  const ports = [portIn(await server.line()), portIn(await server.line())];
  const script = `
import http.client, os, socket, sys, threading
echo, web = int(sys.argv[1]), int(sys.argv[2])
def ask(results, i):
    with socket.create_connection(('127.0.0.1', echo)) as sock:
        sent = os.urandom(100_000)
        threading.Thread(target=lambda: (sock.sendall(sent), sock.shutdown(socket.SHUT_WR))).start()
        results[i] = b''.join(iter(lambda: sock.recv(65536), b'')) == sent
results = [None] * 10
threads = [threading.Thread(target=ask, args=(results, i)) for i in range(10)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(all(results))
client = http.client.HTTPConnection('127.0.0.1', web)
for i in range(3):
    client.request('GET', '/')
    response = client.getresponse()
    print(response.status, response.read().decode().strip())
client.close()
with socket.create_connection(('127.0.0.1', web)) as sock:
    sock.sendall(b'POST / HTTP/1.1' + b'\\r\\n' * 2)
    print(b''.join(iter(lambda: sock.recv(1000), b'')).split(b'\\r\\n')[0].decode())`;
  const { stdout, stderr } = await python(script, ports.map(String));
  t.is(stdout, `True\n${'200 hello\n'.repeat(3)}HTTP/1.1 400 Bad Request\n`, stderr);
  await server.stop();
});

// ---- datagrams

testUnless(NO_PROGRAMS)('udp_echo serve echoes to python, an empty datagram and the largest one too', async (t) => {
  const server = example('udp_echo.mjs', 'serve', '--count', '3');
  const port = portIn(await server.line());
  const script = `
import os, socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(30)
for size in 0, 5, 65507:
    sent = os.urandom(size)
    sock.sendto(sent, ('127.0.0.1', int(sys.argv[1])))
    print(sock.recvfrom(70000) == (sent, ('127.0.0.1', int(sys.argv[1]))))`;
  t.is((await python(script, [String(port)])).stdout, 'True\nTrue\nTrue\n');
  const { code, lines } = await finished(server);
  t.is(code, 0);
  t.deepEqual(
    lines.map((line) => line.replace(/\d+$/, 'N')),
    [0, 5, 65507].map((size) => `${size} bytes from 127.0.0.1:N`),
  );
});

testUnless(NO_PROGRAMS)('udp_echo ask asks again where a datagram was lost', async (t) => {
  const script = `
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('127.0.0.1', 0))
print(sock.getsockname()[1], flush=True)
sock.recvfrom(100)
for i in range(2):
    data, address = sock.recvfrom(100)
    sock.sendto(data, address)`;
  const server = spawnPeer('python3', ['-c', script]);
  const { code, lines } = await finished(example('udp_echo.mjs', 'ask', '127.0.0.1', await server.line(), 'a', 'ß'));
  t.is(code, 0);
  t.deepEqual(lines, ['a', 'ß']);
});

testUnless(onWindows('a datagram to nobody is answered by a reset, if at all'))(
  'udp_echo ask hears that nobody listens',
  async (t) => {
    const port = String(deadPort(t, socket.SOCK_DGRAM));
    const { code, errors } = await finished(example('udp_echo.mjs', 'ask', '127.0.0.1', port, 'a'));
    t.is(code, 1);
    t.is(errors, `ConnectionRefusedError: [Errno ${errno.ECONNREFUSED}] Connection refused\n`);
  },
);

const LINE = /^<13>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (\w+)\[\d+\]: (.*)$/;

testUnless(NO_PROGRAMS)('unix_syslog writes a line to a Unix datagram socket of python', async (t) => {
  const script = `
import socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1])
print('ready', flush=True)
print(sock.recv(8192).decode(), flush=True)`;
  const path = join(tmpdir(t), 'log');
  const logger = spawnPeer('python3', ['-c', script, path]);
  await logger.line();
  const { code, lines } = await finished(example('unix_syslog.mjs', '--path', path, '--tag', 'tester', 'it', 'works'));
  t.is(code, 0);
  const received = await logger.line();
  t.deepEqual(LINE.exec(received)?.slice(1), ['tester', 'it works']);
  t.deepEqual(lines, [`sent to ${path}: ${received}`]);
});

testUnless(NO_UNIX)('unix_syslog shows what arrives where there is no system log', async (t) => {
  const path = join(tmpdir(t), 'nobody');
  const { code, lines } = await finished(example('unix_syslog.mjs', '--path', path, 'hello'));
  t.is(code, 0);
  t.is(lines[0], `nobody listens at ${path}`);
  t.deepEqual(LINE.exec(lines[1].replace('received: ', ''))?.slice(1), ['berkeley', 'hello']);
});

// ---- descriptors that change hands

testUnless(NO_PROGRAMS)('fd_passing give: python takes the file and the listener', async (t) => {
  const path = join(tmpdir(t), 'socket');
  const giver = example('fd_passing.mjs', 'give', path, README);
  const script = `
import os, socket, sys, time
sock = socket.socket(socket.AF_UNIX)
for attempt in range(3000):
    try:
        sock.connect(sys.argv[1])
        break
    except (FileNotFoundError, ConnectionRefusedError):
        time.sleep(0.01)
data, fds, flags, address = socket.recv_fds(sock, 100, 2)
listener = socket.socket(fileno=fds[1])
client = socket.create_connection(listener.getsockname())
print(data.decode())
print(os.read(fds[0], 10**6).decode().splitlines()[0])
print(listener.accept()[1] == client.getsockname())`;
  const { stdout, stderr } = await python(script, [path]);
  t.is(stderr, '');
  t.deepEqual(stdout.split('\n'), ['a file and a listener', FIRST_LINE, 'True', '']);
  t.is((await finished(giver)).code, 0);
});

testUnless(NO_PROGRAMS)('fd_passing take: python gives the file and the listener', async (t) => {
  const path = join(tmpdir(t), 'socket');
  const script = `
import os, socket, sys
with socket.create_server(sys.argv[1], family=socket.AF_UNIX) as waiting:
    print('ready', flush=True)
    sock, _ = waiting.accept()
with open(sys.argv[2], 'rb') as file, socket.create_server(('127.0.0.1', 0)) as listener:
    address = listener.getsockname()
    socket.send_fds(sock, [b'from python'], [file.fileno(), listener.fileno()])
print(socket.create_connection(address).makefile().read(), flush=True)`;
  const giver = spawnPeer('python3', ['-c', script, path, README]);
  await giver.line();
  const { code, lines } = await finished(example('fd_passing.mjs', 'take', path));
  t.is(code, 0);
  t.regex(lines[0], /^process \d+ got descriptors \d+ and \d+: from python$/);
  t.is(await giver.line(), FIRST_LINE);
});

testUnless(NO_UNIX)('fd_passing does both', async (t) => {
  const { code, lines } = await finished(example('fd_passing.mjs'));
  t.is(code, 0);
  t.is(lines.filter((line) => line === 'the file begins with: /**').length, 1);
  t.is(lines.filter((line) => /^process \d+ (gave away|got)/.test(line)).length, 2);
});

testUnless(NO_PROGRAMS)('inherited_listener serves on the socket that python made', async (t) => {
  // The process that becomes Node has the number that it announces: as systemd does it, and no shell between.
  const script = `
import os, socket, sys
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='web')
os.execv(sys.argv[1], sys.argv[1:])`;
  const program = join(ROOT, 'examples', 'inherited_listener.mjs');
  const server = spawnPeer('python3', ['-c', script, process.execPath, program, '--connections', '2']);
  const port = Number(await server.line());
  for (let i = 0; i < 2; i++) {
    const client = connect({ host: '127.0.0.1', port });
    await once(client, 'connect');
    const { localPort } = client;
    t.is(await text(client), `hello, 127.0.0.1:${localPort}\n`);
  }
  const { code, lines } = await finished(server);
  t.is(code, 0);
  t.deepEqual(lines, [`inherited fd 3 (web), which listens on 127.0.0.1:${port}`]);
});

testUnless(NO_PASSING)('inherited_listener plays the manager itself', async (t) => {
  const { code, lines } = await finished(example('inherited_listener.mjs'));
  t.is(code, 0);
  t.deepEqual(lines.map((line) => line.replace(/\d+$/, 'N')).sort(), [
    'hello, 127.0.0.1:N',
    'inherited fd 3 (demo), which listens on 127.0.0.1:N',
  ]);
});

// ---- types

const TYPED = `
import { errno, exceptions, select, selectors, socket } from 'berkeley';
import * as socketModule from 'berkeley/socket';

/** The namespaces serve where a type is meant, and mean the same classes as the modules. */
export function echo(listener: socket.socket, poller: select.epoll): socket.Address {
  const [connection, peer] = listener.accept();
  const [host, port]: [string, number] = listener.getsockname();
  socket.create_connection([host, port], { timeout: 5 }).close();
  const same: socketModule.socket = connection;
  poller.register(same, select.EPOLLIN);
  for (const [fd, events] of poller.poll()) if (fd === connection.fileno() && events !== 0) break;
  const bytes: Buffer = connection.recv(4096, socket.MSG_PEEK);
  connection.sendall(bytes);
  return peer;
}

export function ports(address: socket.AddressInfoEntry): number {
  const [family, type, proto] = address;
  return new socket.socket(family, type, proto).fileno();
}

export function find(selector: selectors.BaseSelector, s: socket.socket): selectors.SelectorKey {
  return selector.register(s, selectors.EVENT_READ, { text: 'any' });
}

export function refused(error: unknown): boolean {
  if (error instanceof exceptions.ConnectionRefusedError) return error.errno === errno.ECONNREFUSED;
  return error instanceof socket.timeout || error instanceof socket.gaierror;
}

export class Tagged extends socket.socket {
  readonly tag: string = 'mine';
}
export const tagged: socket.socket = new Tagged(socket.AF_UNIX, socket.SOCK_DGRAM);
const options: socket.CreateServerOptions = { reuse_port: true, backlog: 5 };
export const server: socket.socket = socket.create_server(['127.0.0.1', 0], options);

// @ts-expect-error text is not bytes
tagged.send('text');
// @ts-expect-error there is no such type
export let nothing: socket.nothing;
`;

/** What the TypeScript compiler says of these files; nothing if it has no objection. */
async function typeErrors(flags: string, files: string[]): Promise<string[]> {
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const common =
    '--ignoreConfig --noEmit --module nodenext --target es2022 --lib es2024,esnext.disposable --types node';
  const roots = ['--typeRoots', join(ROOT, 'node_modules', '@types')];
  const args = [compiler, ...common.split(' '), ...flags.split(' '), ...roots, ...files];
  const { code, lines } = await finished(spawnPeer(process.execPath, args));
  return code === 0 || lines.length > 0 ? lines : [`the compiler ended with ${code}`];
}

testUnless(onWindows('the compiler here is of another system'))(
  'the namespaces serve a TypeScript program as values and as types',
  async (t) => {
    const folder = tmpdir(t);
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules', 'berkeley'));
    writeFileSync(join(folder, 'program.mts'), TYPED);
    t.deepEqual(await typeErrors('--strict', [join(folder, 'program.mts')]), []);
  },
);

testUnless(onWindows('the compiler here is of another system'))(
  'the examples call everything as its types say',
  async (t) => {
    const folder = join(ROOT, 'examples');
    const programs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.mjs'));
    const users = programs.map((name) => join(folder, name)).filter((path) => /from 'berkeley'/.test(read(path)));
    t.deepEqual(await typeErrors('--allowJs --checkJs --strict false', users), []);
  },
);
