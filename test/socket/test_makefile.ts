/** Files over sockets: text and bytes, buffered and not, timeouts, and who closes what. The buffers' own tests: test_io. */
import test from 'ava';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { NO_DONTWAIT, spawnPeer, testUnless } from '../helpers/peers.js';
import { testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const bytes = (text: string) => Buffer.from(text, 'latin1');
const isOpen = (fd: number) => openDescriptors().has(fd);

function pair() {
  const [a, b] = socket.socketpair();
  return {
    a,
    b,
    [Symbol.dispose]() {
      a.close();
      b.close();
    },
  };
}

// ---- kinds -----------------------------------------------------------------------------------------------------------

/** What a mode makes: its kind, and what the file says of itself. */
function made(...args: unknown[]): unknown {
  using ends = pair();
  const file = Reflect.apply(ends.a.makefile, ends.a, args);
  const kind = file.constructor.name;
  const found = [kind, kind === 'BufferedRWPair' ? null : (file.mode ?? null), file.readable(), file.writable()];
  file.close();
  return found;
}

testTwins(
  'modes and buffering make what they make in CPython',
  [
    ['made()', () => made()],
    ["made('r')", () => made('r')],
    ["made('w')", () => made('w')],
    ["made('rw')", () => made('rw')],
    ["made('wr')", () => made('wr')],
    ["made('rb')", () => made('rb')],
    ["made('br')", () => made('br')],
    ["made('wb')", () => made('wb')],
    ["made('rwb')", () => made('rwb')],
    ["made('b')", () => made('b')],
    ["made('')", () => made('')],
    ["made('rb', 0)", () => made('rb', 0)],
    ["made('wb', 0)", () => made('wb', 0)],
    ["made('rwb', buffering=0)", () => made('rwb', { buffering: 0 })],
    ["made('rb', 1)", () => made('rb', 1)],
    ["made('rb', None)", () => made('rb', null)],
    ["made('rb', -5)", () => made('rb', -5)],
    ["made('rb', 100000)", () => made('rb', 100_000)],
    ["made(mode='wb')", () => made({ mode: 'wb' })],
    ["made('r', 0)", () => made('r', 0)],
    ["made('x')", () => made('x')],
    ["made('ra')", () => made('ra')],
    ["made('r+')", () => made('r+')],
    ['made(5)', () => made(5)],
    ["made('r', 'x')", () => made('r', 'x')],
    ["made('rb', 1, 2)", () => made('rb', 1, 2)],
    ["made('r', foo=1)", () => made('r', { foo: 1 })],
    ["made('r', encoding='no such')", () => made('r', { encoding: 'no such' })],
    ["made('r', newline='x')", () => made('r', { newline: 'x' })],
  ],
  `
def made(*args, **kwargs):
    a, b = socket.socketpair()
    with a, b, a.makefile(*args, **kwargs) as file:
        kind = type(file).__name__
        mode = None if kind == 'BufferedRWPair' else getattr(file, 'mode', None)
        return kind, mode, file.readable(), file.writable()
`,
);

test('text: lines with any end, one by one and in a loop', (t) => {
  using ends = pair();
  ends.a.send(bytes('first\nsecond\r\nthird\rf\xc3\xbcnfte\nlast'));
  ends.a.close();
  using file = ends.b.makefile('r');
  t.is(file.readline(), 'first\n');
  t.is(file.readline(3), 'sec');
  t.deepEqual([...file], ['ond\n', 'third\n', 'fünfte\n', 'last']);
  t.is(file.readline(), '');
  t.is(file.read(), '');
});

test('text: newlines and encodings as asked for', (t) => {
  using ends = pair();
  using file = ends.a.makefile('w', { encoding: 'latin-1', newline: '\r\n' });
  file.write('grün\n');
  file.flush();
  t.deepEqual(ends.b.recv(100), bytes('gr\xfcn\r\n'));
  ends.b.send(bytes('a\xff\r\nb'));
  ends.b.close();
  using reader = ends.a.makefile('r', { encoding: 'utf-8', errors: 'replace', newline: '' });
  t.deepEqual([...reader], ['a\ufffd\r\n', 'b']);
});

testUnless(NO_DONTWAIT)('bytes: what is written is sent by flush and close, or at once without a buffer', (t) => {
  using ends = pair();
  const buffered = ends.a.makefile('wb');
  t.is(buffered.write(bytes('kept ')), 5);
  t.throws(() => ends.b.recv(1, socket.MSG_DONTWAIT), { name: 'BlockingIOError' });
  buffered.flush();
  t.deepEqual(ends.b.recv(100), bytes('kept '));
  buffered.write(bytes('until close'));
  buffered.close();
  t.deepEqual(ends.b.recv(100), bytes('until close'));
  using raw = ends.a.makefile('wb', 0) as unknown as socket.SocketIO;
  t.is(raw.write(bytes('at once')), 7);
  t.deepEqual(ends.b.recv(100), bytes('at once'));
});

test('bytes: a buffered reader reads until it has what was asked for, a raw one what there is', async (t) => {
  using ends = pair();
  using raw = ends.a.makefile('rb', 0) as unknown as socket.SocketIO;
  ends.b.send(bytes('abc'));
  t.deepEqual(raw.read(100), bytes('abc'));
  using buffered = ends.a.makefile('rb');
  ends.b.send(bytes('defg'));
  t.deepEqual(buffered.read(2), bytes('de'));
  t.deepEqual(buffered.read1(100), bytes('fg'));
  ends.b.send(bytes('line\nrest'));
  t.deepEqual(buffered.readline(), bytes('line\n'));
  ends.b.close();
  t.deepEqual(buffered.read(), bytes('rest'));
  t.deepEqual(buffered.read(), bytes(''));
});

test('both directions: what is read and what is written do not meet', (t) => {
  using ends = pair();
  using one = ends.a.makefile('rwb');
  using other = ends.b.makefile('rw', { newline: '\n' });
  one.write(bytes('question\n'));
  one.flush();
  t.is(other.readline(), 'question\n');
  other.write('answer\n');
  other.flush();
  t.deepEqual(one.readline(), bytes('answer\n'));
});

testWithPython('a dialogue with the file of a CPython socket', async (t) => {
  using ends = pair();
  const script = `import socket
sock = socket.socket(fileno=3)
file = sock.makefile('rw', encoding='utf-8', newline='\\n')
for line in file:
    if line == 'end\\n': break
    file.write(line.upper())
    file.flush()
`;
  const peer = spawnPeer('python3', ['-c', script], {}, [ends.b.fileno()]);
  ends.b.close();
  using file = ends.a.makefile('rw', { newline: '\n' });
  for (const line of ['one\n', 'zwölf\n', '漢字 🙂\n']) {
    file.write(line);
    file.flush();
    t.is(file.readline(), line.toUpperCase());
  }
  file.write('end\n');
  file.flush();
  t.is(await peer.exit, 0);
});

// ---- waiting -----------------------------------------------------------------------------------------------------------

test('a read that times out loses nothing, and is the last one', (t) => {
  using ends = pair();
  ends.a.settimeout(0.02);
  using raw = ends.a.makefile('rb', 0);
  t.throws(() => raw.read(1), { name: 'TimeoutError', message: 'timed out' });
  ends.b.send(bytes('late'));
  t.throws(() => raw.read(1), { name: 'OSError', message: 'cannot read from timed out object' });
  t.deepEqual(ends.a.recv(10), bytes('late'));
});

test('a buffered read that times out', (t) => {
  using ends = pair();
  ends.a.settimeout(0.02);
  using file = ends.a.makefile('rb');
  ends.b.send(bytes('abc'));
  t.throws(() => file.read(10), { name: 'TimeoutError', message: 'timed out' });
  t.throws(() => file.read(10), { name: 'OSError', message: 'cannot read from timed out object' });
  using text = ends.a.makefile('r');
  t.throws(() => text.readline(), { name: 'TimeoutError' });
});

testTwins(
  'timeouts and nonblocking sockets under files, as in CPython',
  [
    [
      'steps(0.05, "rb", lambda f: f.read(10), lambda f: f.read(3), lambda f: f.peek(1))',
      () =>
        steps(
          0.05,
          'rb',
          (f) => f.read(10),
          (f) => f.read(3),
          (f) => f.peek(1),
        ),
    ],
    [
      'steps(0.05, "rb", lambda f: f.readline(), lambda f: f.readline(2))',
      () =>
        steps(
          0.05,
          'rb',
          (f) => f.readline(),
          (f) => f.readline(2),
        ),
    ],
    [
      'steps(0.05, "r", lambda f: f.read(2), lambda f: f.readline(), lambda f: f.read())',
      () =>
        steps(
          0.05,
          'r',
          (f) => f.read(2),
          (f) => f.readline(),
          (f) => f.read(),
        ),
    ],
    [
      'steps(0.05, "rb", lambda f: f.read1(10), lambda f: f.readinto(bytearray(3)))',
      () =>
        steps(
          0.05,
          'rb',
          (f) => f.read1(10),
          (f) => f.readinto(Buffer.alloc(3)),
        ),
    ],
    [
      'steps(0, "rb", lambda f: f.read(10), lambda f: f.read(10), lambda f: f.read())',
      () =>
        steps(
          0,
          'rb',
          (f) => f.read(10),
          (f) => f.read(10),
          (f) => f.read(),
        ),
    ],
    [
      'steps(0, "rb", lambda f: f.readline(), lambda f: f.read1(5))',
      () =>
        steps(
          0,
          'rb',
          (f) => f.readline(),
          (f) => f.read1(5),
        ),
    ],
    [
      'steps(0, "rwb", lambda f: f.write(bytes(1 << 22)))',
      () => steps(0, 'rwb', (f) => f.write(Buffer.alloc(1 << 22))),
    ],
    [
      'steps(0.05, "wb", lambda f: f.write(bytes(1 << 22)))',
      () => steps(0.05, 'wb', (f) => f.write(Buffer.alloc(1 << 22))),
    ],
    [
      'raw_steps(lambda f: f.read(10), lambda f: f.read(10), lambda f: f.readall(), lambda f: f.write(b"x"))',
      () =>
        rawSteps(
          (f) => f.read(10),
          (f) => f.read(10),
          (f) => f.readall(),
          (f) => f.write(bytes('x')),
        ),
    ],
  ],
  `
def outcomes(file, calls):
    found = []
    for call in calls:
        try: found.append(call(file))
        except Exception as error: found.append([type(error).__name__, str(error)])
    try: file.close()
    except OSError: pass
    return found

def steps(timeout, mode, *calls):
    a, b = socket.socketpair()
    a.settimeout(timeout)
    b.send(b'abcd')
    return outcomes(a.makefile(mode), calls)

def raw_steps(*calls):
    a, b = socket.socketpair()
    a.setblocking(False)
    b.send(b'abcd')
    return outcomes(a.makefile('rwb', 0), calls)
`,
);

// biome-ignore lint/suspicious/noExplicitAny: a file of whatever kind, of which each step knows what it can.
type Step = (file: any) => unknown;

function outcomes(file: { close(): void }, calls: Step[]): unknown {
  const found = calls.map((call) => {
    try {
      return call(file);
    } catch (error) {
      return [(error as Error).name, (error as Error).message];
    }
  });
  try {
    file.close();
  } catch {
    // What is buffered could not be sent: CPython's side of the test ignores it, too.
  }
  return found;
}

function steps(timeout: number, mode: string, ...calls: Step[]): unknown {
  using ends = pair();
  ends.a.settimeout(timeout);
  ends.b.send(bytes('abcd'));
  return outcomes(ends.a.makefile(mode as 'r'), calls);
}

function rawSteps(...calls: Step[]): unknown {
  using ends = pair();
  ends.a.setblocking(false);
  ends.b.send(bytes('abcd'));
  return outcomes(ends.a.makefile('rwb', 0), calls);
}

// ---- who closes ----------------------------------------------------------------------------------------------------------

test('the descriptor is open until the socket and all its files are closed, in whatever order', (t) => {
  using ends = pair();
  const fd = ends.a.fileno();
  const first = ends.a.makefile('rb');
  const second = ends.a.makefile('w');
  ends.a.close();
  t.true(isOpen(fd));
  t.is(ends.a.fileno(), fd);
  first.close();
  t.true(isOpen(fd));
  second.write('still');
  second.close();
  t.false(isOpen(fd));
  t.is(ends.a.fileno(), -1);
  t.deepEqual(ends.b.recv(100), bytes('still'));
  t.deepEqual(ends.b.recv(100), bytes(''));
});

test('files that are closed leave an open socket open', (t) => {
  using ends = pair();
  for (const mode of ['r', 'wb', 'rwb', 'rw'] as const) ends.a.makefile(mode).close();
  t.true(isOpen(ends.a.fileno()));
  ends.b.send(bytes('x'));
  t.deepEqual(ends.a.recv(1), bytes('x'));
  const fd = ends.a.fileno();
  ends.a.close();
  t.false(isOpen(fd));
});

test('a file closed twice counts once', (t) => {
  using ends = pair();
  const first = ends.a.makefile('rb');
  const second = ends.a.makefile('rb');
  const fd = ends.a.fileno();
  ends.a.close();
  first.close();
  first.close();
  t.true(isOpen(fd));
  second.close();
  t.false(isOpen(fd));
});

test('a file that cannot be made does not keep the socket open', (t) => {
  using ends = pair();
  const fd = ends.a.fileno();
  t.throws(() => ends.a.makefile('r', { encoding: 'no such' }), { name: 'LookupError' });
  ends.a.close();
  t.false(isOpen(fd));
});

testTwins(
  'a closed file refuses as in CPython',
  [
    'read()',
    'readline()',
    'write(b"x")',
    'flush()',
    'readable()',
    'writable()',
    'seekable()',
    'fileno()',
    'close()',
    'closed',
    'name',
    'mode',
    'isatty()',
  ]
    .flatMap((call) => ['"rb", 0', '"rb"', '"rwb"'].map((kind) => [kind, call]))
    .map(
      ([kind, call]) =>
        [
          `closed(${kind}).${call}`,
          () => {
            using ends = pair();
            const args = kind.split(', ').map((each) => JSON.parse(each));
            const file = Reflect.apply(ends.a.makefile, ends.a, args);
            file.close();
            const [name, rest] = call.split('(');
            if (rest === undefined) return file[name];
            return Reflect.apply(file[name], file, rest.startsWith('b') ? [bytes('x')] : []);
          },
        ] as const,
    )
    // CPython's pair has neither a name nor a mode.
    .filter(([python]) => !/"rwb"\)\.(name|mode|fileno)/.test(python)),
  `
def closed(*args):
    a, b = socket.socketpair()
    file = a.makefile(*args)
    file.close()
    return file
`,
);

test('SocketIO tells the descriptor and the mode; it can be made by itself', (t) => {
  using ends = pair();
  const raw = new socket.SocketIO(ends.a, 'rw');
  t.deepEqual([raw.name, raw.fileno(), raw.mode, raw.closed], [ends.a.fileno(), ends.a.fileno(), 'rwb', false]);
  t.deepEqual([raw.readable(), raw.writable(), raw.seekable()], [true, true, false]);
  ends.b.send(bytes('abc'));
  const buffer = Buffer.alloc(2);
  t.is(raw.readinto(buffer), 2);
  t.deepEqual(buffer, bytes('ab'));
  t.throws(() => new socket.SocketIO(ends.a, 'x'), { name: 'ValueError', message: "invalid mode: 'x'" });
  using reader = ends.a.makefile('rb', 0);
  t.throws(() => reader.write(bytes('x')), { name: 'UnsupportedOperation' });
});
