/** Connecting to a host with several addresses, awaited: who wins, what is reported, and that nothing is left. */
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type ConnectOptions, connectTo } from '../../lib/asyncio/connect.js';
import * as asyncio from '../../lib/asyncio/index.js';
import * as errno from '../../lib/constants/errno.js';
import { ExceptionGroup, fromCode, TimeoutError, ValueError } from '../../lib/core/exceptions.js';
import { interleaved, Race } from '../../lib/socket/happy_eyeballs.js';
import * as socket from '../../lib/socket/index.js';
import { type State, TwoAddresses } from '../helpers/addresses.js';
import { checkLeaks, openDescriptors } from '../helpers/leaks.js';
import { spawnNode, testUnless } from '../helpers/peers.js';
import { outcomesInPython, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, SOCK_STREAM } = socket;
const { ECONNREFUSED } = errno;
/** Every host has two addresses with them: getaddrinfo of no name at all gives the loopback addresses. */
const withBoth = testUnless(!socket.has_dualstack_ipv6() && 'no IPv6 here');
/** What a test begins with that has a race: long enough for nothing but its failure. */
const PATIENCE_S = 60;

/** How many TCP sockets are connected, connecting or listening: a resolver that is still at it has others (proc(5)). */
function sockets(): number {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/self/net/${name}`, 'latin1'));
  const inodes = new Set<string | undefined>(
    tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)[9])),
  );
  const targets = [...openDescriptors().values()];
  return targets.filter((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1])).length;
}

async function rejected(promise: Promise<unknown>): Promise<Error & { errno?: number | null }> {
  return promise.then(
    () => Promise.reject(new Error('it should have been rejected')),
    (error) => error,
  );
}

// ---- who wins ------------------------------------------------------------------------------------------------------

for (const [six, four, winner, options] of [
  ['listens', 'listens', AF_INET6, {}],
  ['refuses', 'listens', AF_INET, {}],
  ['listens', 'refuses', AF_INET6, {}],
  ['silent', 'listens', AF_INET, { happy_eyeballs_delay: 0.01 }],
  ['silent', 'listens', AF_INET, { happy_eyeballs_delay: 0 }],
  ['silent', 'listens', AF_INET, {}],
  ['listens', 'silent', AF_INET6, { happy_eyeballs_delay: 0 }],
  ['refuses', 'listens', AF_INET, { happy_eyeballs_delay: null }],
  ['refuses', 'listens', AF_INET, { happy_eyeballs_delay: 1e9 }],
  ['listens', 'listens', AF_INET, { family: AF_INET }],
] as [State, State, number, ConnectOptions][]) {
  withBoth.serial(`IPv6 ${six}, IPv4 ${four}, ${JSON.stringify(options)}: family ${winner}`, async (t) => {
    using place = new TwoAddresses(six, four);
    const before = sockets();
    using sock = await connectTo(null, place.port, { timeout: PATIENCE_S, ...options });
    t.is(sock.family, winner);
    t.is(sock.type, SOCK_STREAM);
    t.is(sock.gettimeout(), 0);
    t.is(sock.getpeername()[1], place.port);
    // The losers are closed already.
    t.is(sockets(), before + 1);
    const [connection] = await asyncio.sock_accept((winner === AF_INET6 ? place.six : place.four).listener);
    await asyncio.sock_sendall(sock, Buffer.from('hello'));
    t.is(String(await asyncio.sock_recv(connection, 100)), 'hello');
    connection.close();
  });
}

withBoth.serial('one after the other, an address that does not answer keeps the next from being tried', async (t) => {
  using place = new TwoAddresses('silent', 'listens');
  const options = { happy_eyeballs_delay: null, timeout: 0.1 };
  t.true((await rejected(connectTo(null, place.port, options))) instanceof TimeoutError);
  place.four.listener.setblocking(false);
  t.throws(() => place.four.listener.accept(), { code: 'EAGAIN' });
});

withBoth.serial('an attempt that is slow goes on beside the next one, and wins if it is first after all', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const before = sockets();
  const connecting = connectTo(null, place.port, { happy_eyeballs_delay: 0, timeout: PATIENCE_S });
  while (sockets() < before + 2) await setImmediate();
  // The kernel asks again after a second.
  place.six.drain();
  using sock = await connecting;
  t.is(sock.family, AF_INET6);
  t.is(sockets(), before + 1);
});

test.serial('a name that the resolver knows, and an address that nobody has to be asked for', async (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const [, port] = listener.getsockname();
  for (const [host, service] of [
    ['localhost', port],
    ['localhost', String(port)],
    ['127.0.0.1', port],
    ['127.0.0.1', String(port)],
  ]) {
    using sock = await connectTo(host, service, { timeout: PATIENCE_S });
    t.deepEqual(sock.getpeername(), ['127.0.0.1', port]);
    listener.accept()[0].close();
  }
});

test.serial('the local address is one of the right family', async (t) => {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const [, port] = listener.getsockname();
  using sock = await connectTo('127.0.0.1', port, { local_addr: ['127.0.0.2', 0] });
  t.is(sock.getsockname()[0], '127.0.0.2');
  listener.accept()[0].close();
  using second = await connectTo('127.0.0.1', port, { local_addr: ['localhost', null], timeout: PATIENCE_S });
  t.is(second.getsockname()[0], '127.0.0.1');
  listener.accept()[0].close();
});

// ---- the algorithm -------------------------------------------------------------------------------------------------

const families = [
  [AF_INET6, AF_INET6, AF_INET6, AF_INET],
  [AF_INET, AF_INET6],
  [AF_INET6, AF_INET, AF_INET, AF_INET6, AF_INET],
  [AF_INET, AF_INET],
];
const infosOf = (list: number[]) =>
  list.map((family, i) => [family, SOCK_STREAM, 6, '', [String(i), i]] as socket.AddressInfoEntry);
testTwins(
  'the families take turns as in CPython',
  families.flatMap((list) =>
    [1, 2, 3, 9].map((count) => [
      `interleaved([(family, 1, 6, '', (str(i), i)) for i, family in enumerate(${JSON.stringify(list)})], ${count})`,
      () => interleaved(infosOf(list), count),
    ]),
  ) as [string, () => unknown][],
  'from asyncio.base_events import _interleave_addrinfos as interleaved',
);

withBoth.serial('when the next attempt is due: after the delay, or once the latest one has failed', (t) => {
  using place = new TwoAddresses('silent', 'refuses');
  const [six, four] = socket.getaddrinfo(null, place.port, { type: SOCK_STREAM });
  using race = new Race([six, six, four, six], 0.25, {
    open: ([family, type, proto]) => new socket.socket(family, type, proto),
    refused: (code) => fromCode(code),
  });
  t.true(race.dueMs <= 0);
  t.is(race.advance(1000), null);
  t.is(race.running.length, 1);
  t.is(race.dueMs, 1250);
  t.is(race.advance(1249), null);
  t.is(race.running.length, 1);
  t.is(race.advance(1250), null);
  t.is(race.running.length, 2);
  t.is(race.advance(1500), null);
  t.is(race.running.length, 3);
  const [oldest, , latest] = race.running;
  // The latest one is refused: the next one may begin at once.
  t.is(race.dueMs, 1750);
  t.is(race.look(latest), null);
  t.is(latest.fileno(), -1);
  t.true(race.dueMs <= 1500);
  t.is(race.advance(1500), null);
  t.is(race.running.length, 3);
  t.is(race.dueMs, Number.POSITIVE_INFINITY);
  t.is(race.look(latest), null); // it is none of the race's any more
  t.deepEqual(
    race.errors.map(({ errno }) => errno),
    [ECONNREFUSED],
  );
  t.false(race.lost);
  race.giveUp(() => new TimeoutError('timed out'));
  t.true(race.lost);
  t.is(oldest.fileno(), -1);
  // In the order of the addresses, not of the failures.
  t.deepEqual(
    race.errors.map(({ name }) => name),
    ['TimeoutError', 'TimeoutError', 'ConnectionRefusedError', 'TimeoutError'],
  );
});

// ---- what is reported ----------------------------------------------------------------------------------------------

const PRELUDE = `
import asyncio, socket
def connect(host, port, **kwargs):
    async def main():
        loop = asyncio.get_running_loop()
        await loop.create_connection(asyncio.Protocol, host, port, **kwargs)
    asyncio.run(main())
`;

/** The exceptions' classes, texts and numbers, here and in CPython's create_connection. */
async function sameErrors(t: ExecutionContext, pairs: [python: string, here: () => Promise<unknown>][]): Promise<void> {
  const expected = outcomesInPython(
    pairs.map(([python]) => python),
    PRELUDE,
  );
  for (const [i, [python, here]] of pairs.entries()) {
    const { name, message, errno } = await rejected(here());
    t.deepEqual({ error: name, text: message, errno: errno ?? null }, expected[i] as object, python);
  }
}

const pythonWithBoth = socket.has_dualstack_ipv6() ? testWithPython : withBoth;

pythonWithBoth.serial('what went wrong is said as CPython says it', async (t) => {
  using place = new TwoAddresses('refuses', 'refuses');
  const { port } = place;
  const taken = ['127.0.0.1', port] as const;
  const delays = [null, undefined, 0].map((happy_eyeballs_delay) => ({ happy_eyeballs_delay }));
  await sameErrors(t, [
    [`connect(None, ${port})`, () => connectTo(null, port, delays[0])],
    [`connect(None, ${port}, happy_eyeballs_delay=0.25)`, () => connectTo(null, port, delays[1])],
    [`connect(None, ${port}, happy_eyeballs_delay=0)`, () => connectTo(null, port, delays[2])],
    [`connect('127.0.0.1', ${port})`, () => connectTo('127.0.0.1', port)],
    [`connect('::1', '${port}')`, () => connectTo('::1', String(port))],
    [`connect(None, ${port}, family=socket.AF_INET)`, () => connectTo(null, port, { family: AF_INET })],
    [
      `connect('127.0.0.1', ${port}, local_addr=('::1', 0))`,
      () => connectTo('127.0.0.1', port, { local_addr: ['::1', 0] }),
    ],
    [
      `connect('127.0.0.1', ${port}, local_addr=('127.0.0.1', ${port}))`,
      () => connectTo('127.0.0.1', port, { local_addr: taken }),
    ],
    [`connect(None, ${port}, local_addr=('127.0.0.1', ${port}))`, () => connectTo(null, port, { local_addr: taken })],
  ]);
});

testWithPython.serial('wrong arguments are refused as in CPython', async (t) => {
  await sameErrors(t, [
    ['connect(None, None)', () => connectTo(null, null)],
    ["connect('127.0.0.1', 70000)", () => connectTo('127.0.0.1', 70000)],
    ["connect('127.0.0.1', '70000')", () => connectTo('127.0.0.1', '70000')],
    ["connect('127.0.0.1', -1)", () => connectTo('127.0.0.1', -1)],
    ["connect('127.0.0.1', 'no such service')", () => connectTo('127.0.0.1', 'no such service')],
    ["connect('', 1)", () => connectTo('', 1)],
    ["connect('127.0.0.1', 1, family=socket.AF_INET6)", () => connectTo('127.0.0.1', 1, { family: AF_INET6 })],
  ]);
  for (const wrong of [-1, Number.NaN]) {
    t.true((await rejected(connectTo('127.0.0.1', 1, { timeout: wrong }))) instanceof ValueError);
    t.true((await rejected(connectTo('127.0.0.1', 1, { happy_eyeballs_delay: wrong }))) instanceof ValueError);
  }
});

withBoth.serial('all_errors: one exception for each address', async (t) => {
  using place = new TwoAddresses('refuses', 'refuses');
  const error = await rejected(connectTo(null, place.port, { all_errors: true }));
  t.true(error instanceof ExceptionGroup);
  t.is(error.message, 'create_connection failed (2 sub-exceptions)'); // as CPython 3.12 and later
  const { exceptions } = error as ExceptionGroup;
  for (const each of exceptions) t.like(each, { name: 'ConnectionRefusedError', code: 'ECONNREFUSED' });
  t.deepEqual(
    exceptions.map(({ message }) => message.includes('::1')),
    [true, false],
  );
});

// ---- deadlines and signals -----------------------------------------------------------------------------------------

withBoth.serial('the deadline is for everything together', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const before = sockets();
  for (const happy_eyeballs_delay of [0, 0.25, null]) {
    const error = await rejected(
      connectTo(null, place.port, { timeout: 0.05, happy_eyeballs_delay, all_errors: true }),
    );
    t.true(error instanceof TimeoutError);
    t.is(error.message, 'timed out');
    t.is(sockets(), before);
  }
  t.true((await rejected(connectTo('localhost', place.port, { timeout: 0 }))) instanceof TimeoutError);
});

withBoth.serial('an aborted signal ends it at once, with its reason, wherever it is', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const before = sockets();
  const reason = new Error('enough');
  for (const host of [null, 'localhost', '127.0.0.1']) {
    t.is(await rejected(connectTo(host, place.port, { signal: AbortSignal.abort(reason) })), reason);
    for (let turns = 0; turns < 4; turns++) {
      const controller = new AbortController();
      const { signal } = controller;
      const connecting = rejected(connectTo(host, place.port, { signal, happy_eyeballs_delay: 0 }));
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      controller.abort(reason);
      t.is(await connecting, reason);
      t.is(sockets(), before);
    }
    const controller = new AbortController();
    const connecting = rejected(connectTo(host, place.port, { signal: controller.signal }));
    while (sockets() === before) await setImmediate();
    controller.abort(reason);
    t.is(await connecting, reason);
    t.is(sockets(), before);
  }
});

withBoth.serial('what was aborted does not keep the process alive', async (t) => {
  using place = new TwoAddresses('silent', 'silent');
  const module = new URL('../../lib/asyncio/connect.js', import.meta.url).href;
  const peer = spawnNode(
    `const { connectTo } = await import('${module}');
     const { TimeoutError } = await import(new URL('../core/exceptions.js', '${module}').href);
     const error = await connectTo(null, data, { timeout: 0.05, happy_eyeballs_delay: 0 }).catch((error) => error);
     console.log(error instanceof TimeoutError);`,
    place.port,
  );
  t.is(await peer.line(), 'true');
  t.is(await peer.exit, 0);
});
