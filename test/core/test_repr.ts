/** What util.inspect says of each class is what CPython's repr says, but for the object's place in memory. */
import { inspect } from 'node:util';
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { ValueError } from '../../lib/core/exceptions.js';
import * as select from '../../lib/select/index.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { bytes, LOCAL, portOf } from '../helpers/asyncio.js';
import { checkLeaks } from '../helpers/leaks.js';
import { pythonSync, until } from '../helpers/peers.js';
import { type Twin, testTwins, testWithPython } from '../helpers/twin.js';

checkLeaks(test);

/** A text without what differs from run to run: descriptors, ports, buffer sizes, times. */
const steady = (text: string) =>
  text
    .replaceAll(/((?:fd|name|fileobj|bufsize)=|'127\.0\.0\.1', )[1-9]\d*/g, '$1N')
    .replaceAll(/when=[\d.]+/g, 'when=N');

const PRELUDE = `
import re, select, selectors, ssl
def shown(value, *last):
    text = re.sub(r' at 0x[0-9a-f]+', '', repr(value))
    for each in last: each()
    return re.sub(r"((?:fd|name|fileobj|bufsize)=|'127\\.0\\.0\\.1', )[1-9]\\d*", r'\\1N', text).replace('UTF-8', 'utf-8')

def afile(mode, buffering, *ways):
    sock = socket.socket()
    file = sock.makefile(mode, buffering)
    kept = [getattr(file, way)() for way in ways]
    return shown(file, sock.close)

def key(data):
    selector = selectors.SelectSelector()
    return shown(selector.register(0, 1, data))
`;

/** The text of an object, which is closed then. */
function shown(object: { close?(): void } | object): string {
  const text = inspect(object);
  (object as { close?(): void }).close?.();
  return steady(text);
}

function file(mode: string, buffering: number, ...ways: ('close' | 'detach')[]): string {
  using sock = new socket.socket();
  const opened = sock.makefile(mode as 'rb', buffering) as socket.BufferedReader;
  for (const way of ways) opened[way]();
  return steady(inspect(opened));
}

function key(data: unknown): string {
  using selector = new selectors.SelectSelector();
  return steady(inspect(selector.register(0, 1, data)));
}

const FILES: Twin[] = (
  [
    ['rb', 0],
    ['wb', -1],
    ['rb', -1],
    ['rwb', -1],
    ['r', -1],
    ['rw', -1],
    ['rb', 0, 'close'],
    ['rb', -1, 'close'],
    ['rb', -1, 'detach'],
    ['rwb', -1, 'close'],
  ] as const
).map(([mode, buffering, ...ways]) => [
  `afile(${[mode, buffering, ...ways].map((each) => JSON.stringify(each)).join(', ')})`,
  () => file(mode, buffering, ...ways),
]);

testTwins('files say what CPython says', FILES, PRELUDE);

const clientContext = () => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
const object = () => clientContext().wrap_bio(new ssl.MemoryBIO(), new ssl.MemoryBIO(), { server_hostname: 'a.test' });

testTwins(
  'pollers, selectors and what TLS is made of say what CPython says',
  [
    ['shown(select.epoll())', () => shown(new select.epoll())],
    ['shown(select.poll())', () => shown(new select.poll())],
    ['shown(selectors.SelectSelector())', () => shown(new selectors.SelectSelector())],
    ['shown(selectors.PollSelector())', () => shown(new selectors.PollSelector())],
    ['shown(selectors.EpollSelector())', () => shown(new selectors.EpollSelector())],
    ['key(None)', () => key(null)],
    ["key('text')", () => key('text')],
    ['key(True)', () => key(true)],
    ["key(b'x')", () => key(Buffer.from('x'))],
    ['shown(ssl.MemoryBIO())', () => shown(new ssl.MemoryBIO())],
    ['shown(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))', () => shown(clientContext())],
    [
      "shown(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname='a.test'))",
      () => shown(object()),
    ],
    ['shown(ssl.Purpose.SERVER_AUTH)', () => shown(ssl.Purpose.SERVER_AUTH)],
    ['shown(ssl.Purpose.CLIENT_AUTH)', () => shown(ssl.Purpose.CLIENT_AUTH)],
    ["shown(ssl._ASN1Object('1.3.6.1.5.5.7.3.1'))", () => shown(new ssl._ASN1Object('1.3.6.1.5.5.7.3.1'))],
    [
      "shown(ssl.DefaultVerifyPaths(None, '/a', 'B', '/c', 'D', '/e'))",
      () => shown(new ssl.DefaultVerifyPaths(null, '/a', 'B', '/c', 'D', '/e')),
    ],
  ],
  PRELUDE,
);

test('a class of the program under its own name', (t) => {
  class Mine extends selectors.SelectSelector {}
  t.is(shown(new Mine()), '<selectors.Mine object>');
});

// CPython's names of the classes differ: there are several of the kind. Its listening sockets are of a class of their own.
const ASYNCIO = `
import asyncio, json, re
texts = {}
def note(name, value):
    text = re.sub(r"((?:fd|bufsize)=|'127\\.0\\.0\\.1', )[1-9]\\d*", r'\\1N', repr(value))
    text = re.sub(r'<Future pending[^>]*>', '<Future pending>', re.sub(r'when=[\\d.]+', 'when=N', text))
    texts[name] = text.replace('_SelectorSocketTransport', 'Transport').replace(
        '_SelectorDatagramTransport', 'DatagramTransport').replace('asyncio.TransportSocket', 'socket.socket')

async def main():
    accepted = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda *pair: accepted.set_result(pair), '127.0.0.1', 0)
    note('server', server)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    peers_reader, peers_writer = await accepted
    note('idle', writer)
    waiting = asyncio.ensure_future(reader.readexactly(9))
    await asyncio.sleep(0)
    note('waiting', reader)
    peers_writer.write(b'hello')
    while 'bytes' not in repr(reader): await asyncio.sleep(0.01)
    note('bytes', reader)
    waiting.cancel()
    reader.set_exception(ValueError('no more'))
    note('exception', reader)
    peers_writer.write(bytes(30_000_000))
    note('unsent', peers_writer.transport)
    while 'paused' not in repr(reader): await asyncio.sleep(0.01)
    texts['paused'] = re.sub(r'\\d+ bytes', 'N bytes', (note('paused', reader), texts['paused'])[1])
    peers_writer.close()
    note('closing', peers_writer.transport)
    peers_writer.transport.abort()
    while 'closed' not in repr(peers_writer): await asyncio.sleep(0.01)
    note('closed', peers_writer)
    writer.transport.abort()
    server.close()
    note('closed server', server)
    note('new reader', asyncio.StreamReader())
    note('limit', asyncio.StreamReader(limit=5))
    fed = asyncio.StreamReader()
    fed.feed_data(b'a')
    fed.feed_eof()
    note('fed', fed)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, ('127.0.0.1', 0))
    note('datagrams', transport)
    transport.close()
    note('closing datagrams', transport)
    while 'closed' not in repr(transport): await asyncio.sleep(0.01)
    note('closed datagrams', transport)
    async with asyncio.timeout(None) as timeout: note('no timeout', timeout)
    async with asyncio.timeout(100) as timeout: note('timeout', timeout)
    note('finished', timeout)
    try:
        async with asyncio.timeout(0) as timeout: await asyncio.sleep(100)
    except TimeoutError: note('expired', timeout)

asyncio.run(main())
print(json.dumps(texts))
`;

testWithPython('servers, streams, transports and deadlines say what CPython says', async (t) => {
  const texts: Record<string, string> = {};
  const note = (name: string, value: object) => {
    texts[name] = steady(inspect(value));
  };
  let peersWriter!: asyncio.StreamWriter;
  const connected = (_reader: asyncio.StreamReader, accepted: asyncio.StreamWriter) => void (peersWriter = accepted);
  const server = await asyncio.start_server(connected, LOCAL, 0);
  note('server', server);
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  await until(() => peersWriter);
  note('idle', writer);
  const waits = new AbortController();
  const waiting = reader.readexactly(9, waits);
  note('waiting', reader);
  peersWriter.write(bytes('hello'));
  await until(() => inspect(reader).includes('bytes'));
  note('bytes', reader);
  waits.abort();
  await t.throwsAsync(waiting, { any: true, name: 'AbortError' });
  reader.set_exception(new ValueError('no more'));
  note('exception', reader);
  peersWriter.write(Buffer.alloc(30_000_000));
  note('unsent', peersWriter.transport);
  await until(() => inspect(reader).includes('paused'));
  note('paused', reader);
  texts.paused = texts.paused.replace(/\d+ bytes/, 'N bytes');
  peersWriter.close();
  note('closing', peersWriter.transport);
  peersWriter.transport.abort();
  note('closed', peersWriter);
  writer.transport.abort();
  server.close();
  note('closed server', server);
  note('new reader', new asyncio.StreamReader());
  note('limit', new asyncio.StreamReader({ limit: 5 }));
  const fed = new asyncio.StreamReader();
  fed.feed_data(bytes('a'));
  fed.feed_eof();
  note('fed', fed);
  const local_addr: [string, number] = [LOCAL, 0];
  const [transport] = await asyncio.create_datagram_endpoint(() => new asyncio.DatagramProtocol(), { local_addr });
  note('datagrams', transport);
  transport.close();
  note('closing datagrams', transport);
  await until(() => inspect(transport).includes('closed'));
  note('closed datagrams', transport);
  note('no timeout', asyncio.timeout(null));
  {
    using timeout = asyncio.timeout(100);
    note('timeout', timeout);
    timeout[Symbol.dispose]();
    note('finished', timeout);
  }
  using expired = asyncio.timeout(0);
  await until(() => expired.expired());
  note('expired', expired);
  const { stdout, stderr } = pythonSync(ASYNCIO, []);
  t.deepEqual(texts, stdout === '' ? stderr : JSON.parse(stdout));
});
