/** Datagram endpoints: callbacks in CPython's order, against CPython's own, flow control, and the end. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { type OSError, ValueError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_REUSEPORT, NO_UNIX, python, spawnNode, spawnPeer, testUnless, tmpdir, until } from '../helpers/peers.js';
import { outcomesInPython, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM } = socket;
const LOCAL = { local_addr: ['127.0.0.1', 0] } as const;
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Notes what it is told, as lines of text. */
class Recorder extends asyncio.DatagramProtocol {
  readonly log: string[] = [];
  transport?: asyncio.DatagramTransport;
  override connection_made(transport: asyncio.DatagramTransport) {
    this.transport = transport;
    this.log.push('made');
  }
  override datagram_received(data: Buffer) {
    this.log.push(`data ${data.toString('latin1')}`);
  }
  override error_received(error: OSError) {
    this.log.push(`error ${error.name} ${error.message}`);
  }
  override connection_lost(error: Error | null) {
    this.log.push(`lost ${error === null ? 'None' : error.name}`);
  }
  override pause_writing() {
    this.log.push('pause');
  }
  override resume_writing() {
    this.log.push('resume');
  }
  /** Waits until this has been noted. */
  noted(line: string) {
    return until(() => this.log.includes(line));
  }
  get lost() {
    return until(() => this.log.some((line) => line.startsWith('lost')));
  }
}

async function endpoint(options: asyncio.DatagramEndpointOptions) {
  const [transport, protocol] = await asyncio.create_datagram_endpoint(() => new Recorder(), options);
  return { transport, protocol, log: protocol.log, address: transport.get_extra_info('sockname') as [string, number] };
}

async function closed(...endpoints: { transport: asyncio.DatagramTransport; protocol: Recorder }[]) {
  for (const { transport } of endpoints) transport.close();
  for (const { protocol } of endpoints) await protocol.lost;
}

// ---- against CPython -----------------------------------------------------------------------------------------------

const ECHO = `
import asyncio, socket, sys
class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
        print(repr(transport.get_extra_info('sockname')), flush=True)
    def datagram_received(self, data, addr):
        if data == b'end':
            self.transport.close()
        else:
            self.transport.sendto(data.upper(), addr)
    def connection_lost(self, exc):
        ended.set()
async def main():
    global ended
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    kwargs = {'family': socket.AF_UNIX, 'local_addr': sys.argv[2]} if sys.argv[1] == 'unix' else {'local_addr': ('127.0.0.1', 0)}
    await loop.create_datagram_endpoint(Echo, **kwargs)
    await ended.wait()
asyncio.run(main())
`;

testWithPython('an endpoint talks to one of CPython, connected and not', async (t) => {
  const peer = spawnPeer('python3', ['-c', ECHO, 'udp']);
  const port = Number(/\d+(?=\)$)/.exec(await peer.line())?.[0]);
  const connected = await endpoint({ remote_addr: ['127.0.0.1', port] });
  t.deepEqual(connected.transport.get_extra_info('peername'), ['127.0.0.1', port]);
  const free = await endpoint(LOCAL);
  t.is(free.transport.get_extra_info('peername'), null);
  for (let i = 0; i < 20; i++) {
    connected.transport.sendto(bytes(`one ${i}`));
    free.transport.sendto(bytes(`two ${i}`), ['127.0.0.1', port]);
    await connected.protocol.noted(`data ONE ${i}`);
    await free.protocol.noted(`data TWO ${i}`);
  }
  connected.transport.sendto(bytes('end'), ['127.0.0.1', port]);
  t.is(await peer.exit, 0);
  await closed(connected, free);
});

testWithPython('Unix datagrams go to CPython and back; a name that was left behind is no obstacle', async (t) => {
  const folder = tmpdir(t);
  const [theirs, ours] = [join(folder, 'theirs'), join(folder, 'ours')];
  const peer = spawnPeer('python3', ['-c', ECHO, 'unix', theirs]);
  await peer.line();
  for (const text of ['first', 'second']) {
    const unix = await endpoint({ family: AF_UNIX, local_addr: ours, remote_addr: theirs });
    t.is(unix.transport.get_extra_info('sockname'), ours);
    t.is(unix.transport.get_extra_info('peername'), theirs);
    unix.transport.sendto(bytes(text));
    await unix.protocol.noted(`data ${text.toUpperCase()}`);
    await closed(unix);
    t.true(existsSync(ours));
  }
  const unix = await endpoint({ family: AF_UNIX, local_addr: bytes('\0berkeley-test-datagram') });
  unix.transport.sendto(bytes('abstract'), theirs);
  await unix.protocol.noted('data ABSTRACT');
  unix.transport.sendto(bytes('end'), theirs);
  t.is(await peer.exit, 0);
  await closed(unix);
});

testWithPython('the callbacks come in the same order as in CPython', async (t) => {
  const script = `
import asyncio, socket
log = []
class Recorder(asyncio.DatagramProtocol):
    def connection_made(self, transport): log.append('made')
    def datagram_received(self, data, addr): log.append(f'data {data.decode()}')
    def error_received(self, exc): log.append(f'error {type(exc).__name__} {exc}')
    def connection_lost(self, exc): log.append(f'lost {exc}')
    def pause_writing(self): log.append('pause')
    def resume_writing(self): log.append('resume')
async def until(line):
    while line not in log: await asyncio.sleep(0)
async def main():
    create = asyncio.get_running_loop().create_datagram_endpoint
    one, _ = await create(Recorder, local_addr=('127.0.0.1', 0))
    log.append('created')
    address = one.get_extra_info('sockname')
    for text in (b'a', b'b', b'c'): one.sendto(text, address)
    log.append('sent')
    await until('data c')
    one.sendto(bytes(70000), address)
    log.append('too long')
    other, _ = await create(Recorder, remote_addr=address)
    one.close()
    log.append('closed')
    log.append(str(one.is_closing()))
    one.close()
    await until('lost None')
    other.sendto(b'nobody')
    await until('error ConnectionRefusedError [Errno 111] Connection refused')
    try: other.sendto(b'elsewhere', ('127.0.0.1', 1))
    except ValueError as error: log.append('not there')
    other.abort()
    log.append('aborted')
    other.sendto(b'late')
    await asyncio.sleep(0.01)
asyncio.run(main())
print('\\n'.join(log))
`;
  const { stdout, stderr } = await python(script);
  t.is(stderr, '');

  const log: string[] = [];
  const create = (options: asyncio.DatagramEndpointOptions) =>
    asyncio.create_datagram_endpoint(() => {
      const recorder = new Recorder();
      Object.defineProperty(recorder, 'log', { value: log });
      return recorder;
    }, options);
  const noted = (line: string) => until(() => log.includes(line));
  const [one] = await create(LOCAL);
  log.push('created');
  const address = one.get_extra_info('sockname') as [string, number];
  for (const text of ['a', 'b', 'c']) one.sendto(bytes(text), address);
  log.push('sent');
  await noted('data c');
  one.sendto(Buffer.alloc(70000), address);
  log.push('too long');
  const [other] = await create({ remote_addr: address });
  one.close();
  log.push('closed', one.is_closing() ? 'True' : 'False');
  one.close();
  await noted('lost None');
  other.sendto(bytes('nobody'));
  await noted('error ConnectionRefusedError [Errno 111] Connection refused');
  t.throws(() => other.sendto(bytes('elsewhere'), ['127.0.0.1', 1]), { instanceOf: ValueError });
  log.push('not there');
  other.abort();
  log.push('aborted');
  other.sendto(bytes('late'));
  await until(() => log[log.length - 1] === 'lost None');
  t.deepEqual(log, stdout.trimEnd().split('\n'));
});

testWithPython('wrong arguments are refused as in CPython', async (t) => {
  const prelude = `
import asyncio
def create(**kwargs):
    async def main():
        await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, **kwargs)
    asyncio.run(main())
def sendto(*args):
    async def main():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=('127.0.0.1', 9))
        transport.sendto(*args)
    asyncio.run(main())
def limits(*args):
    async def main():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=('127.0.0.1', 0))
        transport.set_write_buffer_limits(*args)
        return transport.get_write_buffer_limits()
    return asyncio.run(main())
stream = socket.socket()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
`;
  const { create_datagram_endpoint } = asyncio;
  const create = async (options: object) => {
    const [transport] = await create_datagram_endpoint(() => ({}), options);
    transport.abort();
  };
  const connected = await endpoint({ remote_addr: ['127.0.0.1', 9] });
  const limited = await endpoint(LOCAL);
  const limits = (options: object) => {
    limited.transport.set_write_buffer_limits(options);
    return limited.transport.get_write_buffer_limits();
  };
  using udp = new socket.socket(AF_INET, SOCK_DGRAM);
  const pairs: [string, () => unknown][] = [
    ['create()', () => create({})],
    ["create(local_addr=('127.0.0.1',))", () => create({ local_addr: ['127.0.0.1'] })],
    ["create(local_addr='127.0.0.1')", () => create({ local_addr: '127.0.0.1' })],
    [
      "create(local_addr=('127.0.0.1', 0), remote_addr=('::1', 9))",
      () => create({ ...LOCAL, remote_addr: ['::1', 9] }),
    ],
    ['create(family=socket.AF_UNIX, local_addr=5)', () => create({ family: AF_UNIX, local_addr: { length: 1 } })],
    ["create(local_addr=('127.0.0.1', 70000))", () => create({ local_addr: ['127.0.0.1', 70000] })],
    ["create(local_addr=('192.0.2.1', 0))", () => create({ local_addr: ['192.0.2.1', 0] })],
    ["create(local_addr=('127.0.0.1', 0), family=-1)", () => create({ ...LOCAL, family: -1 })],
    [
      "create(sock=udp, local_addr=('127.0.0.1', 0), family=2, reuse_port=True)",
      () => create({ sock: udp, ...LOCAL, family: 2, reuse_port: true }),
    ],
    ["sendto('text')", () => connected.transport.sendto('text' as never)],
    ['sendto(None)', () => connected.transport.sendto(null as never)],
    ["sendto(b'x', ('127.0.0.1', 10))", () => connected.transport.sendto(bytes('x'), ['127.0.0.1', 10])],
    ['limits(1, 2)', () => limits({ high: 1, low: 2 })],
    ['limits(-1)', () => limits({ high: -1 })],
    ['limits(None, 5)', () => limits({ low: 5 })],
    ['limits(10)', () => limits({ high: 10 })],
    ['limits()', () => limits({})],
  ];
  const expected = outcomesInPython(
    pairs.map(([expression]) => expression),
    prelude,
  );
  for (const [i, [expression, here]] of pairs.entries()) {
    let found: object;
    try {
      found = { value: (await here()) ?? null };
    } catch (error) {
      const { name, message, errno } = error as OSError;
      found = { error: name, text: message, errno: errno ?? null };
    }
    t.deepEqual(found, expected[i] as object, expression);
  }
  using stream = new socket.socket();
  await t.throwsAsync(create({ sock: stream }), {
    instanceOf: ValueError,
    message: /^A UDP Socket was expected, got <socket.socket fd=/,
  });
  await closed(connected, limited);
});

// ---- arguments -----------------------------------------------------------------------------------------------------

test('a wrong address is told to the caller, and the endpoint lives on', async (t) => {
  const one = await endpoint(LOCAL);
  for (const addr of [null, 'path', ['127.0.0.1', 70000], ['127.0.0.1'], 5] as never[]) {
    const error = t.throws(() => one.transport.sendto(bytes('x'), addr), { any: true }) as Error;
    t.true(error instanceof TypeError || error instanceof RangeError);
  }
  one.transport.sendto(bytes('alive'), one.address);
  await one.protocol.noted('data alive');
  await closed(one);
  t.deepEqual(one.log, ['made', 'data alive', 'lost None']);
});

testUnless(NO_REUSEPORT)('several endpoints have one port with reuse_port, and none without', async (t) => {
  const one = await endpoint({ ...LOCAL, reuse_port: true });
  const two = await endpoint({ local_addr: one.address, reuse_port: true });
  t.deepEqual(two.address, one.address);
  await t.throwsAsync(endpoint({ local_addr: one.address }), { code: 'EADDRINUSE' });
  await closed(one, two);
});

test('with allow_broadcast the remote address is where it sends, and anybody may answer', async (t) => {
  const { SOL_SOCKET, SO_BROADCAST } = socket;
  const one = await endpoint(LOCAL);
  const two = await endpoint({ ...LOCAL, remote_addr: one.address, allow_broadcast: true });
  const sock = two.transport.get_extra_info('socket') as socket.socket;
  t.is(sock.getsockopt(SOL_SOCKET, SO_BROADCAST), 1);
  t.is(two.transport.get_extra_info('peername'), null);
  two.transport.sendto(bytes('there'));
  await one.protocol.noted('data there');
  one.transport.sendto(bytes('back'), two.address);
  await two.protocol.noted('data back');
  await closed(one, two);
});

testUnless(!socket.has_dualstack_ipv6() && 'no IPv6 here')('IPv6, and a family without an address', async (t) => {
  const six = await endpoint({ local_addr: ['::1', 0] });
  const to = await endpoint({ remote_addr: ['::1', six.address[1]], family: AF_INET6 });
  to.transport.sendto(bytes('six'));
  await six.protocol.noted('data six');
  const unbound = await endpoint({ family: AF_INET });
  // A socket that is not bound has no name on Windows.
  t.deepEqual(unbound.address, process.platform === 'win32' ? null : ['0.0.0.0', 0]);
  await closed(six, to, unbound);
});

test('a name is resolved, and a signal ends that', async (t) => {
  const named = await endpoint({ local_addr: ['localhost', 0] });
  t.is(named.address[0], '127.0.0.1');
  const reason = new Error('enough');
  const wanted = { local_addr: ['localhost', 0] as const };
  await t.throwsAsync(endpoint({ ...wanted, signal: AbortSignal.abort(reason) }), { is: reason });
  const controller = new AbortController();
  const creating = endpoint({ ...wanted, signal: controller.signal });
  controller.abort(reason);
  await t.throwsAsync(creating, { is: reason });
  await closed(named);
});

test('a factory that fails, or makes nothing, leaves nothing', async (t) => {
  const failure = new Error('no protocol today');
  const failing = () => {
    throw failure;
  };
  await t.throwsAsync(asyncio.create_datagram_endpoint(failing, LOCAL), { is: failure });
  await t.throwsAsync(
    asyncio.create_datagram_endpoint(() => null as never, LOCAL),
    { name: 'AttributeError' },
  );
  using mine = new socket.socket(AF_INET, SOCK_DGRAM);
  await t.throwsAsync(asyncio.create_datagram_endpoint(failing, { sock: mine }), { is: failure });
  t.true(mine.fileno() >= 0);
});

test('an empty datagram is one, too', async (t) => {
  // As CPython has it since 3.13.
  const one = await endpoint(LOCAL);
  one.transport.sendto(Buffer.alloc(0), one.address);
  await one.protocol.noted('data ');
  await closed(one);
  t.deepEqual(one.log, ['made', 'data ', 'lost None']);
});

// ---- many datagrams ------------------------------------------------------------------------------------------------

test('one endpoint with much to read does not keep the others waiting', async (t) => {
  const one = await endpoint(LOCAL);
  using sender = new socket.socket(AF_INET, SOCK_DGRAM);
  for (let i = 0; i < 150; i++) sender.sendto(bytes(String(i)), one.address);
  const seen: number[] = [];
  while (one.log.length < 151) {
    await setImmediate();
    seen.push(one.log.length);
  }
  // At most 64 in each turn of the loop.
  for (const [i, count] of seen.entries()) t.true(count - (seen[i - 1] ?? 1) <= 64);
  t.deepEqual(
    one.log.slice(1),
    Array.from({ length: 150 }, (_, i) => `data ${i}`),
  );
  await closed(one);
});

/** A Unix pair: one end as an endpoint, the other one as a plain socket that nobody reads yet. */
async function fullPair(t: ExecutionContext, kind: 'connected' | 'unconnected') {
  const place = join(tmpdir(t), 'socket');
  const reader = new socket.socket(AF_UNIX, SOCK_DGRAM);
  reader.bind(place);
  t.teardown(() => reader.close());
  const options = kind === 'connected' ? { family: AF_UNIX, remote_addr: place } : { family: AF_UNIX };
  const sender = await endpoint(options);
  return { reader, sender, to: kind === 'connected' ? null : place };
}

for (const kind of ['connected', 'unconnected'] as const) {
  testUnless(NO_UNIX)(`${kind}: a full queue pauses, an empty one resumes, and all comes in order`, async (t) => {
    const { reader, sender, to } = await fullPair(t, kind);
    const { transport, log, protocol } = sender;
    transport.set_write_buffer_limits({ high: 10_000, low: 2_000 });
    const block = Buffer.alloc(1000);
    let count = 0;
    while (!log.includes('pause')) {
      block.writeUInt32BE(count++);
      transport.sendto(block, to);
    }
    // As CPython counts since 3.13: 8 for each one that waits.
    t.is(transport.get_write_buffer_size(), 10 * 1008);
    block.fill(0xff); // ours to change
    reader.settimeout(60);
    for (let i = 0; i < count; i++) {
      const data = await asyncio.sock_recv(reader, 2000);
      t.is(data.readUInt32BE(), i);
      t.is(data.length, 1000);
    }
    await protocol.noted('resume');
    t.is(transport.get_write_buffer_size(), 0);
    t.deepEqual(log, ['made', 'pause', 'resume']);
    await closed(sender);
    t.is(log.length, 4);
  });

  testUnless(NO_UNIX)(`${kind}: close sends what waits, abort does not`, async (t) => {
    for (const how of ['close', 'abort'] as const) {
      const { reader, sender, to } = await fullPair(t, kind);
      const { transport, log } = sender;
      let count = 0;
      for (; transport.get_write_buffer_size() === 0; count++) transport.sendto(bytes(`${count}`), to);
      for (let i = 0; i < 10; i++) transport.sendto(bytes(`${count++}`), to);
      transport[how]();
      t.true(transport.is_closing());
      t.is(transport.get_write_buffer_size() === 0, how === 'abort');
      await setImmediate();
      await setImmediate();
      t.deepEqual(log, how === 'close' ? ['made'] : ['made', 'lost None']);
      const came: string[] = [];
      reader.setblocking(false);
      while (came.length < (how === 'close' ? count : count - 11)) {
        came.push(String(await asyncio.sock_recv(reader, 100)));
      }
      await sender.protocol.lost;
      t.throws(() => reader.recv(100), { code: 'EAGAIN' });
      t.deepEqual(
        came,
        came.map((_, i) => String(i)),
      );
      t.deepEqual(log, ['made', 'lost None']);
      t.is((transport.get_extra_info('socket') as socket.socket).fileno(), -1);
      transport.close();
      transport.abort();
    }
  });
}

testUnless(NO_UNIX)('what waits is wrong only then: the error is told, the rest is sent', async (t) => {
  const { reader, sender, to } = await fullPair(t, 'unconnected');
  const { transport, protocol } = sender;
  let count = 0;
  for (; transport.get_write_buffer_size() === 0; count++) transport.sendto(bytes(`${count}`), to);
  transport.sendto(bytes('lost'), `${to}-nobody`);
  t.throws(() => transport.sendto(bytes('wrong'), ['127.0.0.1', 1]), { instanceOf: TypeError });
  transport.sendto(bytes('last'), to);
  const came: string[] = [];
  while (came[came.length - 1] !== 'last') came.push(String(await asyncio.sock_recv(reader, 100)));
  t.is(came.length, count + 1);
  await protocol.noted('error FileNotFoundError [Errno 2] No such file or directory');
  await closed(sender);
});

// ---- the end -------------------------------------------------------------------------------------------------------

test('a socket that is closed behind the transport: connection_lost says so', async (t) => {
  const one = await endpoint(LOCAL);
  (one.transport.get_extra_info('socket') as socket.socket).close();
  await one.protocol.lost;
  t.deepEqual(one.log, ['made', 'lost OSError']);
  one.transport.sendto(bytes('x'), one.address);
  one.transport.close();
  one.transport.abort();
  t.is(one.log.length, 2);
});

test('a socket that something else awaits is not taken', async (t) => {
  using sock = new socket.socket(AF_INET, SOCK_DGRAM);
  sock.bind(['127.0.0.1', 0]);
  asyncio.add_reader(sock, () => {});
  await t.throwsAsync(endpoint({ sock }), { instanceOf: ValueError });
  t.true(asyncio.remove_reader(sock));
  const one = await endpoint({ sock });
  await closed(one);
  t.is(sock.fileno(), -1);
});

test('callbacks may end the endpoint that calls them', async (t) => {
  for (const name of ['connection_made', 'datagram_received', 'error_received'] as const) {
    for (const how of ['close', 'abort'] as const) {
      const recorder = new Recorder();
      const make = recorder.connection_made.bind(recorder);
      let told = 0;
      const end = (first: asyncio.DatagramTransport) => {
        told++;
        if (name === 'connection_made') make(first);
        recorder.transport?.[how]();
      };
      const factory = () => Object.assign(recorder, { [name]: end });
      const [transport, protocol] = await asyncio.create_datagram_endpoint(factory, LOCAL);
      const address = transport.get_extra_info('sockname') as [string, number];
      if (name === 'datagram_received') for (let i = 0; i < 3; i++) transport.sendto(bytes('x'), address);
      if (name === 'error_received') transport.sendto(Buffer.alloc(70_000), address);
      await protocol.lost;
      // One was told, and nothing after it.
      t.is(told, 1);
      t.deepEqual(protocol.log, ['made', 'lost None']);
    }
  }
});

test('what a callback throws is an uncaught exception, and the endpoint goes on', async (t) => {
  const peer = spawnNode(`
    const { asyncio } = berkeley;
    const uncaught = [];
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    const fail = (name) => (...args) => {
      if (name === 'lost') setImmediate(() => console.log(uncaught.join(' ')));
      if (args[0]?.toString() === 'last') transport.close();
      throw new Error(name);
    };
    const [transport] = await asyncio.create_datagram_endpoint(() => ({
      connection_made: fail('made'),
      datagram_received: fail('data'),
      error_received: fail('error'),
      connection_lost: fail('lost'),
    }), { local_addr: ['127.0.0.1', 0] });
    const address = transport.get_extra_info('sockname');
    transport.sendto(Buffer.from('first'), address);
    transport.sendto(Buffer.alloc(70000), address);
    transport.sendto(Buffer.from('last'), address);
  `);
  t.is(await peer.line(), 'made error data data lost');
  t.is(await peer.exit, 0);
});

test('an endpoint keeps the process alive until it is closed, or unref is called', async (t) => {
  for (const [how, lost] of [
    ['close', true],
    ['abort', true],
    ['unref', false],
  ] as const) {
    const peer = spawnNode(
      `
      const [transport] = await berkeley.asyncio.create_datagram_endpoint(
        () => ({ datagram_received: () => transport[data](), connection_lost: () => console.log('lost') }),
        { local_addr: ['127.0.0.1', 0] },
      );
      transport.unref();
      transport.ref();
      console.log(transport.get_extra_info('sockname')[1]);
    `,
      how,
    );
    const port = Number(await peer.line());
    using sock = new socket.socket(AF_INET, SOCK_DGRAM);
    sock.sendto(bytes('x'), ['127.0.0.1', port]);
    if (lost) t.is(await peer.line(), 'lost');
    t.is(await peer.exit, 0);
  }
});
