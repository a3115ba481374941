/** structuredClone and postMessage refuse what would be dead in another thread, and say what to do instead. */
import { EventEmitter, once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import * as select from '../../lib/select/index.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import * as stream from '../../lib/stream/index.js';
import { echoServer, LOCAL, portOf } from '../helpers/asyncio.js';
import { tcpPair, unixPair } from '../helpers/descriptors.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_EPOLL, NO_KQUEUE, NO_POLL, testUnless } from '../helpers/peers.js';

checkLeaks(test);

const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
const bio = () => new ssl.MemoryBIO();

const kinds: Record<string, readonly [make: () => object, hint: RegExp]> = {
  socket: [() => new socket.socket(), /detach\(\).*new socket\.socket\(\{ fileno \}\)/],
  'socket of a class of the program': [() => new (class extends socket.socket {})(), /detach\(\)/],
  SSLSocket: [() => context.wrap_socket(new socket.socket(), { server_hostname: 'a.test' }), /wrap_socket there/],
  ...(NO_EPOLL ? {} : { epoll: [() => new select.epoll(), /epoll\.fromfd there/] }),
  ...(NO_KQUEUE ? {} : { kqueue: [() => new select.kqueue(), /kqueue\.fromfd there/] }),
  poll: [() => new select.poll(), /make one there/],
  SelectSelector: [() => new selectors.SelectSelector(), /make one there/],
  DefaultSelector: [() => new selectors.DefaultSelector(), /make one there/],
  TlsSelector: [() => new selectors.TlsSelector(), /make one there/],
  SSLContext: [() => new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), /make one there/],
  SSLObject: [() => context.wrap_bio(bio(), bio(), { server_hostname: 'a.test' }), /make one there/],
  MemoryBIO: [bio, /make one there/],
  StreamReader: [() => new asyncio.StreamReader(), /make one there/],
  'stream.Server': [() => new stream.Server(), /make one there/],
};

for (const [name, [make, hint]] of Object.entries(kinds)) {
  const [lacking] = [/^epoll|Epoll/.test(name) && NO_EPOLL, name === 'poll' && NO_POLL].filter(Boolean);
  testUnless(lacking ?? false)(`${name} is not cloned`, (t) => {
    const object = make() as { close?(): void };
    const { port1, port2 } = new MessageChannel();
    for (const send of [() => structuredClone({ object }), () => port1.postMessage([object])]) {
      const { message } = t.throws(send, { any: true, name: 'DataCloneError', message: hint }) as Error;
      // What is longer is cut by V8 from Node 22 on.
      t.true(message.length <= 'Symbol() could not be cloned.'.length + 122, message);
    }
    port1.close();
    port2.close();
    // Closed, an event emitter without a listener says nothing more.
    if (!(object instanceof EventEmitter)) object.close?.();
  });
}

test('files of a socket are not cloned', (t) => {
  const [sock] = unixPair(t);
  for (const file of [sock.makefile(), sock.makefile('rb'), sock.makefile('rwb'), sock.makefile('rb', 0)]) {
    t.throws(() => structuredClone(file), { any: true, name: 'DataCloneError', message: /call its makefile there/ });
    file.close();
  }
});

test('asyncio servers, streams and endpoints are not cloned', async (t) => {
  const server = await echoServer(t);
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  const local_addr: [string, number] = [LOCAL, 0];
  const [endpoint] = await asyncio.create_datagram_endpoint(() => new asyncio.DatagramProtocol(), { local_addr });
  for (const object of [server, reader, writer, writer.transport, endpoint]) {
    t.throws(() => structuredClone(object), { any: true, name: 'DataCloneError', message: /belongs to one thread/ });
  }
  endpoint.close();
  writer.close();
  await writer.wait_closed();
});

test("a worker's workerData is refused before the worker starts", (t) => {
  using sock = new socket.socket();
  t.throws(() => new Worker('', { eval: true, workerData: { sock } }), {
    any: true,
    name: 'DataCloneError',
    message: /fileno/,
  });
});

test('what the hint says works: the number of a detached socket makes a socket in a worker', async (t) => {
  const [here, there] = tcpPair(t);
  const url = new URL('../../lib/socket/index.js', import.meta.url);
  const code = `
    const { workerData } = require('node:worker_threads');
    import(${JSON.stringify(url.href)}).then(({ socket }) => {
      const sock = new socket({ fileno: workerData });
      sock.sendall(Buffer.from('from the worker'));
      sock.close();
    });`;
  const worker = new Worker(code, { eval: true, workerData: there.detach() });
  await once(worker, 'exit');
  t.is(`${here.recv(100)}`, 'from the worker');
});

test('what refuses a clone disturbs neither JSON, nor a spread, nor a comparison', (t) => {
  using sock = new socket.socket();
  t.false(JSON.stringify(sock).includes('thread'));
  t.is({ ...sock }._fd, sock.fileno());
  t.true(isDeepStrictEqual({ sock }, { sock }));
});
