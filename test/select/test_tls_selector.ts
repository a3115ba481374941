/** TlsSelector: readiness of TLS connections, which is not that of their descriptors. */
import test from 'ava';
import { TimeoutError } from '../../lib/core/exceptions.js';
import { EVENT_READ, EVENT_WRITE, TlsSelector } from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows, testUnless } from '../helpers/peers.js';
import { clientContext, plainPair, serverContext, socketPair, wants } from '../helpers/tls.js';

checkLeaks(test);

const bytes = (text: string) => Buffer.from(text);

test('a socket with decrypted bytes is readable at once', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  using selector = new TlsSelector();
  const key = selector.register(a, EVENT_READ, 'mine');
  b.send(bytes('hello'));
  t.deepEqual(selector.select(60), [[key, EVENT_READ]]);
  t.is(a.recv(2).toString(), 'he');
  t.deepEqual(selector.select(null), [[key, EVENT_READ]], 'without limit: the descriptor has nothing left');
  t.deepEqual(selector.select(null), [[key, EVENT_READ]], 'and again');
  t.is(a.recv(2).toString(), 'll');
  t.deepEqual(selector.select(null), [[key, EVENT_READ]]);
  t.is(a.recv(2).toString(), 'o');
  t.throws(() => a.recv(2), { instanceOf: ssl.SSLWantReadError });
  t.deepEqual(selector.select(0), []);
});

test('reading and writing are told apart, and modify and unregister work', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  using selector = new TlsSelector();
  selector.register(a, EVENT_READ | EVENT_WRITE);
  // TLS 1.3's tickets are there to be read, though they are no data.
  const events = () => selector.select(0).map(([, bits]) => bits);
  t.deepEqual(events(), [EVENT_READ | EVENT_WRITE]);
  t.throws(() => a.recv(1), { instanceOf: ssl.SSLWantReadError });
  t.deepEqual(events(), [EVENT_WRITE]);
  b.send(bytes('xy'));
  t.deepEqual(events(), [EVENT_READ | EVENT_WRITE]);
  a.recv(1);
  t.deepEqual(events(), [EVENT_READ | EVENT_WRITE]);
  selector.modify(a, EVENT_WRITE);
  t.deepEqual(events(), [EVENT_WRITE]);
  selector.modify(a, EVENT_READ);
  t.deepEqual(events(), [EVENT_READ]);
  a.recv(1);
  t.deepEqual(events(), []);
  t.is(selector.unregister(a).fileobj, a);
  t.deepEqual(events(), []);
  t.false(a._isWatched);
});

test('plain sockets are watched as ever', (t) => {
  const [a, b] = socket.socketpair();
  using selector = new TlsSelector();
  const key = selector.register(a, EVENT_READ);
  t.deepEqual(selector.select(0), []);
  b.send(bytes('x'));
  t.deepEqual(selector.select(null), [[key, EVENT_READ]]);
  a.close();
  b.close();
});

test('a handshake is waited for in the direction that it wants', (t) => {
  const { client, server } = plainPair();
  using a = client;
  using b = server;
  using selector = new TlsSelector();
  // Registered for what the program wants in the end, which is not what the handshake wants.
  selector.register(a, EVENT_WRITE);
  selector.register(b, EVENT_WRITE);
  const done = new Set<ssl.SSLSocket>();
  let idle = 0;
  for (const side of [a, b]) t.throws(() => side.do_handshake(), { instanceOf: ssl.SSLWantReadError });
  while (done.size < 2) {
    const ready = selector.select(60);
    if (ready.length === 0) throw new TimeoutError('nothing is ready');
    for (const [{ fileobj }] of ready) {
      const side = fileobj as ssl.SSLSocket;
      if (done.has(side)) continue;
      try {
        side.do_handshake();
        done.add(side);
      } catch (error) {
        if (!wants(error)) throw error;
        idle++;
      }
    }
  }
  // Each was woken for what it wanted: a descriptor that is always writable did not keep the loop turning.
  t.true(idle <= 2, `${idle} times for nothing`);
});

function sends(sock: ssl.SSLSocket, data: Buffer): boolean {
  try {
    return sock.send(data) === data.length;
  } catch (error) {
    if (wants(error)) return false;
    throw error;
  }
}

/** Leaves no room in the client's descriptor, and no write that would have to be repeated. */
function fill(client: ssl.SSLSocket, server: ssl.SSLSocket): void {
  // The records that leave the buffer first are the smallest: they make room for nothing but the rest of the last.
  const small = bytes('x');
  const large = Buffer.alloc(16384);
  for (let i = 0; i < 100; i++) client.send(small);
  while (sends(client, large));
  do server.recv(1);
  while (!sends(client, large));
}

testUnless(onWindows('a socket has more room than it is told'))(
  'a read that has to send first is ready when it can send',
  (t) => {
    const servers = serverContext({ mutual: true });
    servers.post_handshake_auth = true;
    const clients = clientContext({ certificate: 'client.pem' });
    clients.post_handshake_auth = true;
    const pair = socketPair({ client: clients, server: servers });
    using a = pair.client;
    using b = pair.server;
    using selector = new TlsSelector();
    const key = selector.register(a, EVENT_READ);
    fill(a, b);
    b.verify_client_post_handshake();
    b.send(bytes('hello'));
    t.deepEqual(selector.select(60), [[key, EVENT_READ]]);
    t.throws(() => a.recv(10), { instanceOf: ssl.SSLWantWriteError });
    t.deepEqual(selector.select(0), [], 'the descriptor is readable, but that is not what the read waits for');
    t.throws(
      () => {
        for (;;) b.recv(65536);
      },
      { instanceOf: ssl.SSLWantReadError },
    );
    t.deepEqual(selector.select(60), [[key, EVENT_READ]], 'now it can send');
    t.is(a.recv(10).toString(), 'hello');
  },
);

test('a socket that was closed or unwrapped is forgotten as by any selector', (t) => {
  const { client, server } = socketPair();
  using b = server;
  const selector = new TlsSelector();
  selector.register(client, EVENT_READ);
  client.close();
  t.is(selector.unregister(client).fileobj, client);
  selector.register(b, EVENT_READ | EVENT_WRITE);
  selector.close();
  t.false(b._isWatched);
});
