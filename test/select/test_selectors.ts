/** One suite over all selectors, and so over select, poll and epoll: CPython's cases, and everything with a descriptor. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { native } from '../../lib/addon/binary.js';
import {
  BlockingIOError,
  KeyError,
  OSError,
  PermissionError,
  RuntimeError,
  ValueError,
} from '../../lib/core/exceptions.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import { testBlocked } from '../helpers/blocked.js';
import { fifo, foreignThings, manyPairs, type Thing, tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import {
  hasCommand,
  NO_EPOLL,
  NO_KQUEUE,
  NO_NEXT_NUMBER,
  NO_PLAIN_DESCRIPTORS,
  NO_PROGRAMS,
  NOT_OPEN,
  onWindows,
  spawnPeer,
  testUnless,
} from '../helpers/peers.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test);

const { EVENT_READ, EVENT_WRITE } = selectors;
const BOTH = EVENT_READ | EVENT_WRITE;
const { SelectSelector, PollSelector, EpollSelector, KqueueSelector, AfdSelector } = selectors;
type Class =
  | typeof SelectSelector
  | typeof PollSelector
  | typeof EpollSelector
  | typeof KqueueSelector
  | typeof AfdSelector;
/** Those that this system has. */
const CLASSES = ([SelectSelector, PollSelector, EpollSelector, KqueueSelector, AfdSelector] as const).filter(
  (Class) => Class !== undefined,
);
type Selector = InstanceType<Class>;

const noPython = !hasCommand('python3') && 'python3 is not installed';

/** Declares a test for each selector; `selector` is a new one, closed after the test. */
function testAll(
  title: string,
  body: (t: ExecutionContext, selector: Selector, Class: Class) => void | Promise<void>,
  declare: Pick<typeof test, 'serial'> & ((title: string, body: (t: ExecutionContext) => unknown) => void) = test,
): void {
  for (const Class of CLASSES) {
    declare(`${Class.name}: ${title}`, (t) => {
      const selector = new Class();
      t.teardown(() => selector.close());
      return body(t, selector, Class);
    });
  }
}

/** What a selector reports, as pairs of a descriptor and events, in the order of the descriptors. */
function ready(selector: Selector, timeout: number | null = 0): [number, number][] {
  const found = new Map<number, number>();
  // KqueueSelector reports reading and writing apart, as in Python.
  for (const [{ fd }, events] of selector.select(timeout)) found.set(fd, (found.get(fd) ?? 0) | events);
  return [...found].sort(([a], [b]) => a - b);
}

/** Nothing is ready, and nothing is registered: CPython's SelectSelector refuses that on Windows. */
function checkEmpty(t: ExecutionContext, selector: Selector): void {
  if (IS_WINDOWS && selector instanceof SelectSelector) t.throws(() => selector.select(0), { code: 'EINVAL' });
  else t.deepEqual(selector.select(0), []);
}

function readable(selector: Selector, fd: number, timeout: number | null = 0): boolean {
  return ready(selector, timeout).some(([each, events]) => each === fd && (events & EVENT_READ) !== 0);
}

// ---- registering -----------------------------------------------------------------------------------------------------

testAll('register returns the key that get_key and get_map have', (t, selector) => {
  const [a, b] = unixPair(t);
  const key = selector.register(a, EVENT_READ, 'data');
  t.true(key instanceof selectors.SelectorKey);
  t.is(key.fileobj, a);
  t.deepEqual([key.fd, key.events, key.data], [a.fileno(), EVENT_READ, 'data']);
  t.is(selector.get_key(a), key);
  t.is(selector.get_key(a.fileno()), key);
  t.is(selector.register(b, BOTH).data, null);
});

test('a key can be taken apart as a tuple, cannot be changed, and is shown as in Python', (t) => {
  const key = new selectors.SelectorKey(3, 3, EVENT_READ, 'data');
  const [fileobj, fd, events, data] = key;
  t.deepEqual([fileobj, fd, events, data], [3, 3, EVENT_READ, 'data']);
  t.throws(() => Object.assign(key, { data: 1 }), { instanceOf: TypeError });
  t.is(inspect(key), "SelectorKey(fileobj=3, fd=3, events=1, data='data')");
});

testAll('arguments by name; an object in the third place is data', (t, selector) => {
  const [a, b] = unixPair(t);
  t.deepEqual(selector.register({ fileobj: a, events: EVENT_READ, data: 1 }).data, 1);
  t.deepEqual(selector.register(b, { events: EVENT_WRITE }).events, EVENT_WRITE);
  t.deepEqual(selector.modify(a, EVENT_READ, { events: 2 }).data, { events: 2 });
  t.deepEqual(selector.modify(a, { events: EVENT_WRITE, data: 5 }).data, 5);
  t.is(selector.select({ timeout: 0 }).length, 2);
});

testAll('register refuses what will not do, and nothing is left behind', (t, selector) => {
  const [a] = unixPair(t);
  t.throws(() => selector.register(a, 0), { instanceOf: ValueError, message: 'Invalid events: 0' });
  t.throws(() => selector.register(a, 4), { instanceOf: ValueError, message: 'Invalid events: 4' });
  t.throws(() => selector.register(-10, EVENT_READ), {
    instanceOf: ValueError,
    message: 'Invalid file descriptor: -10',
  });
  t.throws(() => selector.register('abc' as never, EVENT_READ), {
    instanceOf: ValueError,
    message: "Invalid file object: 'abc'",
  });
  selector.register(a, EVENT_READ);
  const fd = a.fileno();
  for (const again of [a, fd]) {
    t.throws(() => selector.register(again, EVENT_READ), {
      instanceOf: KeyError,
      message: new RegExp(`^['"].* \\(FD ${fd}\\) is already registered['"]$`),
    });
  }
  t.is(selector.get_map()?.size, 1);
});

testAll('unregister returns the key and ends the watch', (t, selector) => {
  const [a, b] = unixPair(t);
  const key = selector.register(a, BOTH);
  t.is(selector.unregister(a), key);
  b.send(Buffer.from('x'));
  checkEmpty(t, selector);
  t.throws(() => selector.unregister(a), { instanceOf: KeyError, message: /is not registered['"]$/ });
  t.throws(() => selector.get_key(a), { instanceOf: KeyError, message: /is not registered['"]$/ });
});

testAll('a descriptor that was closed can be unregistered', (t, selector) => {
  const [a, b] = socket.socketpair();
  const fds = [a.fileno(), b.fileno()];
  for (const fd of fds) selector.register(fd, BOTH);
  a.close();
  b.close();
  for (const fd of fds) t.is(selector.unregister(fd).fd, fd);
});

testAll(
  'a descriptor that was closed and whose number is in use again can be unregistered',
  (t, selector) => {
    const [a, b] = socket.socketpair();
    const fds = [a.fileno(), b.fileno()];
    for (const fd of fds) selector.register(fd, BOTH);
    a.close();
    b.close();
    const [c, d] = unixPair(t);
    t.deepEqual([c.fileno(), d.fileno()], fds);
    for (const fd of fds) t.is(selector.unregister(fd).fd, fd);
    checkEmpty(t, selector);
  },
  testUnless(NO_NEXT_NUMBER),
);

testAll('a socket that was closed, and has no descriptor any more, can be unregistered', (t, selector) => {
  const [a, b] = socket.socketpair();
  const keys = [selector.register(a, BOTH), selector.register(b, BOTH)];
  a.close();
  b.close();
  t.is(selector.get_key(a), keys[0]);
  t.deepEqual([selector.unregister(a), selector.unregister(b)], keys);
});

testAll('modify changes events and data', (t, selector) => {
  const [a] = unixPair(t);
  const key = selector.register(a, EVENT_READ);
  t.is(selector.modify(a, EVENT_READ), key);
  t.deepEqual(ready(selector), []);
  const changed = selector.modify(a, EVENT_WRITE);
  t.is(changed.events, EVENT_WRITE);
  t.is(selector.get_key(a), changed);
  t.deepEqual(ready(selector), [[a.fileno(), EVENT_WRITE]]);
  t.is(selector.modify(a.fileno(), EVENT_WRITE, 'data').data, 'data');
  t.is(selector.get_key(a).data, 'data');
  t.is(selector.get_key(a).events, EVENT_WRITE);
  t.throws(() => selector.modify(999999, EVENT_READ), { instanceOf: KeyError, message: "'999999 is not registered'" });
});

testAll('the map is a live view', (t, selector) => {
  const [a, b] = unixPair(t);
  const map = selector.get_map() as selectors.SelectorMapping;
  t.is(map.size, 0);
  const key = selector.register(a, EVENT_READ, 'data');
  t.is(map.size, 1);
  t.deepEqual([...map], [a.fileno()]);
  t.deepEqual([...map.keys()], [a.fileno()]);
  t.deepEqual([...map.values()], [key]);
  t.deepEqual([...map.items()], [[a.fileno(), key]]);
  t.is(map.get(a), key);
  t.is(map.get(b), null);
  t.is(map.get(b, 'none'), 'none');
  t.deepEqual([map.has(a), map.has(a.fileno()), map.has(b)], [true, true, false]);
  t.throws(() => map.has({}), { instanceOf: ValueError, message: 'Invalid file object: {}' });
  selector.unregister(a);
  t.is(map.size, 0);
});

testAll('close, and using', (t, selector, Class) => {
  const [a] = unixPair(t);
  selector.register(a, EVENT_READ);
  const map = selector.get_map() as selectors.SelectorMapping;
  selector.close();
  t.is(selector.get_map(), null);
  t.is(map.size, 0);
  t.throws(() => selector.get_key(a), { instanceOf: RuntimeError, message: 'Selector is closed' });
  t.notThrows(() => selector.close());
  let outer: Selector;
  {
    using inner = new Class();
    outer = inner;
  }
  t.is(outer.get_map(), null);
});

testUnless(NO_KQUEUE)('KqueueSelector has a descriptor, until it is closed; DefaultSelector is it', (t) => {
  const selector = new selectors.DefaultSelector();
  t.true(selector instanceof KqueueSelector);
  t.is(native.getInheritable(selector.fileno()), 0);
  selector.close();
  t.throws(() => selector.fileno(), { instanceOf: ValueError, message: 'I/O operation on closed kqueue object' });
});

testUnless(NO_EPOLL)('EpollSelector has a descriptor, until it is closed; DefaultSelector is it', (t) => {
  const selector = new selectors.DefaultSelector();
  t.true(selector instanceof EpollSelector);
  t.is(native.getInheritable(selector.fileno()), 0);
  selector.close();
  t.throws(() => selector.fileno(), { instanceOf: ValueError, message: 'I/O operation on closed epoll object' });
});

test('the base class is abstract, and an heir gets by with four methods', (t) => {
  const Base = selectors.BaseSelector as unknown as new () => unknown;
  t.throws(() => new Base(), { instanceOf: TypeError });
  const calls: unknown[][] = [];
  class Mine extends selectors.BaseSelector {
    override register(...args: unknown[]) {
      calls.push(['register', ...args]);
      return new selectors.SelectorKey(1, 1, 1, null);
    }
    override unregister(...args: unknown[]) {
      calls.push(['unregister', ...args]);
      return new selectors.SelectorKey(1, 1, 1, null);
    }
    override select() {
      return [];
    }
    override get_map() {
      return null;
    }
  }
  using mine = new Mine();
  mine.modify(5, EVENT_WRITE, 'data');
  t.deepEqual(calls, [
    ['unregister', 5],
    ['register', 5, EVENT_WRITE, 'data'],
  ]);
  t.throws(() => mine.get_key(1), { instanceOf: RuntimeError });
});

testUnless(NO_EPOLL)('EpollSelector refuses a file that is always ready, and a descriptor that is not open', (t) => {
  using selector = new EpollSelector();
  const file = openSync(fileURLToPath(import.meta.url), 'r');
  t.teardown(() => closeSync(file));
  t.throws(() => selector.register(file, EVENT_READ), { instanceOf: PermissionError });
  t.throws(() => selector.register(2 ** 31 - 2, EVENT_READ), { instanceOf: OSError, code: NOT_OPEN.code });
  t.is(selector.get_map()?.size, 0);
});

// ---- readiness -------------------------------------------------------------------------------------------------------

testAll('only what is asked for is reported', (t, selector) => {
  const [a, b] = unixPair(t);
  const [c, d] = unixPair(t);
  for (const sock of [b, d]) sock.send(Buffer.from('x'));
  for (const sock of [a, c]) native.pollOne(sock.fileno(), native.constants.poll.POLLIN, 60_000);
  selector.register(a, EVENT_READ);
  selector.register(b, EVENT_WRITE);
  selector.register(c, BOTH);
  selector.register(d, EVENT_READ);
  const expected = [
    [a.fileno(), EVENT_READ],
    [b.fileno(), EVENT_WRITE],
    [c.fileno(), BOTH],
  ];
  // Windows gives numbers in no order.
  t.deepEqual(
    ready(selector, null),
    expected.sort(([one], [other]) => one - other),
  );
});

testAll('the keys of select() are the registered ones', (t, selector) => {
  const [a, b] = unixPair(t);
  const key = selector.register(a, EVENT_READ, { some: 'data' });
  b.send(Buffer.from('x'));
  const [[found, events]] = selector.select();
  t.is(found, key);
  t.is(events, EVENT_READ);
});

testAll('a listener: not acceptable, connect, acceptable, accepted, not acceptable', (t, selector) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  selector.register(listener, EVENT_READ);
  t.deepEqual(selector.select(0), []);
  using client = socket.create_connection(listener.getsockname() as [string, number]);
  for (let i = 0; i < 2; i++) t.deepEqual(ready(selector, null), [[listener.fileno(), EVENT_READ]]);
  const [server] = listener.accept();
  t.deepEqual(selector.select(0), []);
  server.close();
  client.close();
});

/** Sends until the socket takes no more; how many bytes that was. */
function fill(sock: socket.socket): number {
  const chunk = Buffer.alloc(1024);
  let sent = 0;
  try {
    for (;;) sent += sock.send(chunk);
  } catch (error) {
    if (!(error instanceof BlockingIOError)) throw error;
  }
  return sent;
}

function drain(sock: socket.socket, count: number): void {
  for (let left = count; left > 0; ) left -= sock.recv(Math.min(left, 65536)).length;
}

for (const [kind, connect] of [
  ['Unix-domain sockets', unixPair],
  ['TCP sockets', tcpPair],
] as const) {
  testAll(`${kind} in both directions: filled, half read, all read`, (t, selector) => {
    const [a, b] = connect(t);
    for (const sock of [a, b]) {
      sock.setblocking(false);
      selector.register(sock, BOTH);
    }
    const [fdA, fdB] = [a.fileno(), b.fileno()];
    const state = (timeout: number | null = 0) => new Map(ready(selector, timeout));
    t.deepEqual([state().get(fdA), state().get(fdB)], [EVENT_WRITE, EVENT_WRITE]);

    const [fromA, fromB] = [fill(a), fill(b)];
    t.deepEqual([state().get(fdA), state().get(fdB)], [EVENT_READ, EVENT_READ]);

    for (const [sock, sent] of [
      [a, fromB],
      [b, fromA],
    ] as const) {
      drain(sock, sent >> 1);
    }
    for (const fd of [fdA, fdB]) t.is((state().get(fd) ?? 0) & EVENT_READ, EVENT_READ, 'half is still to be read');

    drain(a, fromB - (fromB >> 1));
    drain(b, fromA - (fromA >> 1));
    // TCP makes room for the writer a little after the reader has made it.
    while (state(null).get(fdA) !== EVENT_WRITE || state(null).get(fdB) !== EVENT_WRITE);
    t.false(readable(selector, fdA) || readable(selector, fdB));
  });
}

testAll('an end of file is readable, and stays so', (t, selector) => {
  const [a, b] = unixPair(t);
  selector.register(a, EVENT_READ);
  b.close();
  for (let i = 0; i < 2; i++) t.deepEqual(ready(selector, null), [[a.fileno(), EVENT_READ]]);
  t.is(a.recv(10).length, 0);
});

testAll('several selectors of every kind watch one socket', (t, selector) => {
  const [a, b] = unixPair(t);
  const all: Selector[] = [selector, ...CLASSES.map((Each) => new Each())];
  t.teardown(() => {
    for (const each of all) each.close();
  });
  for (const each of all) each.register(a, EVENT_READ);
  b.send(Buffer.from('x'));
  for (let i = 0; i < 2; i++) for (const each of all) t.deepEqual(ready(each, null), [[a.fileno(), EVENT_READ]]);
  a.recv(1);
  for (const each of all) t.deepEqual(each.select(0), []);
});

testAll('a socket that is closed while it is registered does not hide the others', (t, selector, Class) => {
  const [a, b] = unixPair(t);
  const [c, d] = socket.socketpair();
  selector.register(a, EVENT_READ);
  selector.register(c, EVENT_READ);
  c.close();
  d.close();
  b.send(Buffer.from('x'));
  if (Class === selectors.SelectSelector) {
    // As in Python: select(2) refuses the whole of it.
    t.throws(() => selector.select(0), { instanceOf: OSError, code: NOT_OPEN.code });
    selector.unregister(c);
  }
  t.true(readable(selector, a.fileno(), null));
});

testAll('a descriptor that is reported is left out if it has been unregistered', (t, selector) => {
  const [a, b] = unixPair(t);
  for (const sock of [a, b]) selector.register(sock, EVENT_WRITE);
  for (const [key] of selector.select(0)) selector.unregister(key.fileobj);
  checkEmpty(t, selector);
});

testAll('thousands of descriptors, all of them ready at once', (t, selector) => {
  const pairs = manyPairs(t);
  if (pairs === null) return;
  for (const [a, b] of pairs) {
    selector.register(a, EVENT_READ);
    selector.register(b, EVENT_WRITE);
  }
  t.is(selector.select(0).length, pairs.length);
  for (const [, b] of pairs) b.send(Buffer.from('x'));
  const found = new Map(ready(selector, null));
  t.is(found.size, 2 * pairs.length);
  t.true(pairs.every(([a, b]) => found.get(a.fileno()) === EVENT_READ && found.get(b.fileno()) === EVENT_WRITE));
});

// ---- what has a descriptor -------------------------------------------------------------------------------------------

/** Not ready, filled, ready as often as one looks, drained, not ready. */
function checkThing(t: ExecutionContext, selector: Selector, { name, fd, fill, drain }: Thing): void {
  selector.register(fd, EVENT_READ);
  t.deepEqual(ready(selector), [], `${name} before`);
  fill();
  for (let i = 0; i < 2; i++) t.deepEqual(ready(selector, null), [[fd, EVENT_READ]], name);
  drain();
  t.deepEqual(ready(selector), [], `${name} after`);
  selector.unregister(fd);
}

testAll(
  'a pipe, an eventfd, a timerfd and both ends of a terminal, which another process made',
  (t, selector) => {
    for (const thing of foreignThings(t).things) checkThing(t, selector, thing);
  },
  testUnless(noPython),
);

testAll(
  'a signalfd can be watched',
  (t, selector) => {
    const { signalfd } = foreignThings(t);
    selector.register(signalfd, EVENT_READ);
    t.deepEqual(ready(selector, 0.01), []);
    t.is(selector.unregister(signalfd).fd, signalfd);
  },
  testUnless(noPython),
);

testAll(
  'a FIFO',
  (t, selector) => {
    const { read, write } = fifo(t);
    t.teardown(() => {
      closeSync(read);
      closeSync(write);
    });
    const fill = () => void writeSync(write, Buffer.alloc(8));
    checkThing(t, selector, { name: 'FIFO', fd: read, fill, drain: () => void readSync(read, Buffer.alloc(8)) });
    selector.register(write, EVENT_WRITE);
    t.deepEqual(ready(selector), [[write, EVENT_WRITE]]);
  },
  testUnless(NO_PLAIN_DESCRIPTORS),
);

/** Waits for the child's end, so that none of its pipes is left. */
function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.on('close', resolve));
}

testAll(
  "a child process's pipes, as Node's objects",
  async (t, selector) => {
    const child = spawn('cat', { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = child;
    selector.register(stdout, EVENT_READ, 'out');
    selector.register(stderr, EVENT_READ, 'err');
    t.deepEqual(selector.select(0), []);
    selector.register(stdin, EVENT_WRITE, 'in');
    t.deepEqual(
      selector.select().map(([key]) => key.data),
      ['in'],
    );
    selector.unregister(stdin);
    const { fd } = (stdin as unknown as { _handle: { fd: number } })._handle;
    writeSync(fd, 'x');
    const [[key, events]] = selector.select();
    t.is(key.fileobj, stdout);
    t.deepEqual([key.data, events], ['out', EVENT_READ]);
    selector.unregister(stdout);
    selector.unregister(stderr);
    stdin.end();
    stdout.resume();
    stderr.resume();
    await ended(child);
  },
  testUnless(NO_PLAIN_DESCRIPTORS),
);

testAll(
  'the standard input of a process',
  async (t, _selector, Class) => {
    const library = new URL('../../lib/index.js', import.meta.url).href;
    const program = `
    import { selectors } from ${JSON.stringify(library)};
    import { readSync, writeSync } from 'node:fs';
    using_stdin: {
      const selector = new selectors.${Class.name}();
      selector.register(process.stdin, selectors.EVENT_READ);
      writeSync(1, 'before ' + selector.select(0).length + '\\n');
      const [[key, events]] = selector.select();
      const bytes = Buffer.alloc(100);
      writeSync(1, 'got ' + key.fd + ' ' + events + ' ' + bytes.toString('utf8', 0, readSync(0, bytes)) + '\\n');
      selector.close();
    }
  `;
    const peer = spawnPeer(process.execPath, ['--input-type=module', '-e', program], process.env);
    t.is(await peer.line(), 'before 0');
    peer.child.stdin?.write('hello');
    t.is(await peer.line(), 'got 0 1 hello');
    peer.child.stdin?.end();
    t.is(await peer.exit, 0);
  },
  testUnless(NO_PLAIN_DESCRIPTORS),
);

testAll(
  'an epoll or kqueue object is readable when something it watches is ready',
  (t, selector) => {
    const [a, b] = unixPair(t);
    using inner = new selectors.DefaultSelector();
    inner.register(a, EVENT_READ);
    selector.register(inner, EVENT_READ);
    t.deepEqual(selector.select(0), []);
    b.send(Buffer.from('x'));
    t.deepEqual(ready(selector, null), [[inner.fileno(), EVENT_READ]]);
  },
  testUnless(onWindows('its selectors have no descriptor')),
);

// ---- time ------------------------------------------------------------------------------------------------------------

testAll('a wait is never too short, with and without anything registered', (t, selector) => {
  const [a] = unixPair(t);
  // On Windows it refuses to wait for nothing.
  const refuses = IS_WINDOWS && selector instanceof SelectSelector;
  if (refuses) selector.register(a, EVENT_READ);
  for (const seconds of [0.0002, 0.0013, 0.05, 0.25]) {
    const before = performance.now();
    t.deepEqual(selector.select(seconds), []);
    t.true(performance.now() - before >= seconds * 1000);
    if (seconds === 0.0013 && !refuses) selector.register(a, EVENT_READ);
  }
});

testAll('less than 0 does not wait', (t, selector) => {
  const [a] = unixPair(t);
  selector.register(a, EVENT_READ);
  for (const timeout of [0, -1, -0.5, -1e300, Number.NEGATIVE_INFINITY]) t.deepEqual(selector.select(timeout), []);
  selector.modify(a, BOTH);
  for (const timeout of [0, -1]) t.deepEqual(ready(selector, timeout), [[a.fileno(), EVENT_WRITE]]);
});

testAll(
  'null waits until something happens',
  async (t, selector) => {
    const child = spawn('sh', ['-c', 'sleep 0.05; echo x'], { stdio: ['ignore', 'pipe', 'ignore'] });
    selector.register(child.stdout, EVENT_READ);
    t.is(selector.select(null).length, 1);
    selector.unregister(child.stdout);
    child.stdout.resume();
    await ended(child);
  },
  testUnless(NO_PROGRAMS),
);

for (const { name } of CLASSES) {
  testBlocked({
    name,
    prepare: `const selector = new selectors.${name}(); selector.register(fd, selectors.EVENT_READ);`,
    wait: '(timeout) => selector.select(timeout).map(([key, events]) => [key.fd, events])',
    ready: `[[0,${EVENT_READ}]]`,
    timedOut: '[]',
    // In CPython a handler's own exception leaves select(); here, this is the one that stands for it.
    interrupted: 'InterruptedError',
  });
}

// ---- what is refused -------------------------------------------------------------------------------------------------

const PRELUDE = `
import selectors
class F:
    def __init__(self, value): self.value = value
    def fileno(self):
        if isinstance(self.value, BaseException): raise self.value
        return self.value
a, b = socket.socketpair()
c, d = socket.socketpair()
`;
/** An object with a fileno() that returns this, or raises it. */
const F = (value: unknown) => ({
  fileno: () => {
    if (value instanceof Error) throw value;
    return value;
  },
});

for (const Class of CLASSES) {
  const [a, b] = socket.socketpair();
  // biome-ignore lint/suspicious/noExplicitAny: these calls are wrong on purpose
  const s = new Class() as any;
  test.after.always(() => {
    for (const each of [s, a, b]) each.close();
  });
  testTwins(
    `${Class.name}: arguments are refused as CPython refuses them`,
    [
      ['s.register(a, 0)', () => s.register(a, 0)],
      ['s.register(a, 4)', () => s.register(a, 4)],
      ['s.register(a, 7)', () => s.register(a, 7)],
      ['s.register(a, -1)', () => s.register(a, -1)],
      ['s.register(a, None)', () => s.register(a, null)],
      ["s.register(a, 'x')", () => s.register(a, 'x')],
      ["s.register(a, '')", () => s.register(a, '')],
      ['s.register(a, 1.5)', () => s.register(a, 1.5)],
      ['s.register(-5, 1)', () => s.register(-5, 1)],
      ['s.register(None, 1)', () => s.register(null, 1)],
      ["s.register('abc', 1)", () => s.register('abc', 1)],
      ['s.register("it\'s", 1)', () => s.register("it's", 1)],
      ['s.register(1.5, 1)', () => s.register(1.5, 1)],
      ['s.register(F(-1), 1)', () => s.register(F(-1), 1)],
      ["s.register(F(OSError(9, 'z')), 1)", () => s.register(F(new OSError(9, 'z')), 1)],
      ['s.register(a, 1).events', () => s.register(a, 1).events],
      ['s.modify(a, 2).events', () => s.modify(a, 2).events],
      ["s.modify(a, 2, 'd').data", () => s.modify(a, 2, 'd').data],
      ['s.unregister(a).data', () => s.unregister(a).data],
      ['s.unregister(901)', () => s.unregister(901)],
      ['s.unregister(-1)', () => s.unregister(-1)],
      ["s.unregister('abc')", () => s.unregister('abc')],
      ['s.modify(901, 1)', () => s.modify(901, 1)],
      ['s.modify(901, 0)', () => s.modify(901, 0)],
      ['s.modify(-1, 1)', () => s.modify(-1, 1)],
      ['s.get_key(901)', () => s.get_key(901)],
      ['s.get_key(-1)', () => s.get_key(-1)],
      ['s.get_map().get(901)', () => s.get_map().get(901)],
      ['s.get_map().get(901, 5)', () => s.get_map().get(901, 5)],
      ['901 in s.get_map()', () => s.get_map().has(901)],
      ['-1 in s.get_map()', () => s.get_map().has(-1)],
      ['s.register(b, 1).events', () => s.register(b, 1).events],
      // An invalid mask costs a SelectSelector its registration; the others take it as it is.
      ["s.modify(b, 'x')", () => s.modify(b, 'x')],
      ['len(s.get_map())', () => s.get_map().size],
      ["s.select('x')", () => s.select('x')],
      ["s.select('')", () => s.select('')],
      ["s.select(float('nan'))", () => s.select(Number.NaN)],
      ["s.select(float('inf'))", () => s.select(Number.POSITIVE_INFINITY)],
      ["s.select(float('-inf'))", () => s.select(Number.NEGATIVE_INFINITY)],
      ['s.select(False)', () => s.select(false)],
      ['s.close()', () => s.close()],
      ['s.get_map()', () => s.get_map()],
      ['s.get_key(901)', () => s.get_key(901)],
      ['s.select(0)', () => s.select(0)],
      ['s.close()', () => s.close()],
    ],
    `${PRELUDE}\ns = selectors.${Class.name}()`,
    Class === KqueueSelector && process.platform === 'linux' && 'the python3 here has no kqueue',
  );
}

{
  const s = new (selectors.PollSelector ?? SelectSelector)();
  const [a, b] = socket.socketpair();
  test.after.always(() => {
    for (const each of [s, a, b]) each.close();
  });
  testTwins(
    'PollSelector.modify takes any mask, as in CPython',
    [
      ['s.register(a, 1).events', () => s.register(a, 1).events],
      ['s.modify(a, 4).events', () => s.modify(a, 4).events],
      ['s.modify(a, 0).events', () => s.modify(a, 0).events],
      ['s.select(0)', () => s.select(0)],
    ],
    `${PRELUDE}\ns = selectors.PollSelector()`,
  );
}
