/** A write that waits for room, and what goes on meanwhile: reads, answers to the peer, a goodbye. */
import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { TimeoutError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows, testUnless } from '../helpers/peers.js';
import { Random } from '../helpers/random.js';
import { clientContext, heavy, serverContext, socketPair, wants } from '../helpers/tls.js';

checkLeaks(test);

const bytes = (text: string) => Buffer.from(text);

/** The contexts of a client that may be asked for its certificate after the handshake, and of a server that may ask. */
function askingContexts(version?: number): { client: ssl.SSLContext; server: ssl.SSLContext } {
  const server = serverContext({ version, mutual: true });
  const client = clientContext({ version, certificate: 'client.pem' });
  server.post_handshake_auth = true;
  client.post_handshake_auth = true;
  return { client, server };
}

function bothWays(t: ExecutionContext, provoke: (server: ssl.SSLSocket) => void, pha = false): void {
  const pair = socketPair(pha ? askingContexts() : {});
  using client = pair.client;
  using server = pair.server;
  const large = Buffer.alloc(2 ** 22);
  for (let i = 0; i < large.length; i += 4) large.writeUInt32LE(i, i);
  t.throws(() => client.send(large), { instanceOf: ssl.SSLWantWriteError });
  provoke(server);
  server.send(bytes('hello'));
  // A peer that does not read while it cannot write: the client must hear it all the same.
  let read = client.recv(10).toString();
  t.is(read, 'hello');
  let sent = 0;
  const received: Buffer[] = [];
  let total = 0;
  while (read !== 'hello' || sent === 0 || total < large.length || (pha && server.getpeercert() === null)) {
    for (const attempt of [
      () => (read += client.recv(10)),
      () => {
        const data = server.recv(65536);
        received.push(data);
        total += data.length;
      },
      () => (sent ||= client.send(large)),
    ]) {
      try {
        attempt();
      } catch (error) {
        if (!wants(error)) throw error;
      }
    }
  }
  t.is(sent, large.length);
  t.true(Buffer.concat(received).equals(large));
}

test('a read between a write and its repetition', (t) => bothWays(t, () => {}));
test('a key update between a write and its repetition', (t) => bothWays(t, (server) => server.update_keys(true)));
test('a question for the certificate between a write and its repetition', (t) =>
  bothWays(t, (server) => server.verify_client_post_handshake(), true));

for (const version of ['TLSv1_2', 'TLSv1_3'] as const) {
  test(`a client that may be asked for its certificate reads while its write waits, ${version}`, (t) => {
    const pair = socketPair(askingContexts(ssl.TLSVersion[version]));
    using client = pair.client;
    using server = pair.server;
    t.throws(() => client.send(Buffer.alloc(2 ** 22)), { instanceOf: ssl.SSLWantWriteError });
    server.send(bytes('hello'));
    t.is(client.recv(10).toString(), 'hello');
    client.settimeout(0.05);
    t.throws(() => client.send(Buffer.alloc(2 ** 22)), { instanceOf: TimeoutError });
    server.send(bytes('again'));
    client.settimeout(60);
    t.is(client.recv(10).toString(), 'again');
  });
}

/** Reads on one side, and repeats the write of the other side, until all has come. */
function finish(t: ExecutionContext, from: ssl.SSLSocket, to: ssl.SSLSocket, data: Buffer): void {
  const received: Buffer[] = [];
  let sent = 0;
  for (let total = 0; total < data.length || sent === 0; ) {
    if (sent === 0) {
      try {
        sent = from.send(data);
      } catch (error) {
        if (!wants(error)) throw error;
      }
    }
    try {
      received.push(to.recv(65536));
      total += received[received.length - 1].length;
    } catch (error) {
      if (!wants(error)) throw error;
    }
  }
  t.is(sent, data.length);
  t.true(Buffer.concat(received).equals(data));
}

test('a server asks for the certificate while its own write waits', (t) => {
  const pair = socketPair(askingContexts());
  using client = pair.client;
  using server = pair.server;
  const large = Buffer.from(new Uint32Array(2 ** 20).map((_, i) => i).buffer);
  t.throws(() => server.send(large), { instanceOf: ssl.SSLWantWriteError });
  server.verify_client_post_handshake();
  client.send(bytes('hello'));
  t.is(server.recv(10).toString(), 'hello', 'the client reads nothing yet');
  finish(t, server, client, large);
  t.is(server.getpeercert(), null);
  client.send(bytes('me'));
  t.is(server.recv(10).toString(), 'me');
  t.deepEqual(server.getpeercert()?.subject, [[['organizationName', 'Berkeley tests']], [['commonName', 'client']]]);
});

test('both sides write and wait, and one asks the other for its certificate', (t) => {
  const pair = socketPair(askingContexts());
  using client = pair.client;
  using server = pair.server;
  const large = Buffer.from(new Uint32Array(2 ** 20).map((_, i) => i).buffer);
  t.throws(() => client.send(large), { instanceOf: ssl.SSLWantWriteError });
  t.throws(() => server.send(large), { instanceOf: ssl.SSLWantWriteError });
  server.verify_client_post_handshake();
  finish(t, server, client, large);
  finish(t, client, server, large);
  t.not(server.getpeercert(), null);
});

testUnless(onWindows('a socket has more room than it is told'))(
  'an answer that is too long to be kept behind a write makes the read wait for room',
  (t) => {
    const contexts = askingContexts();
    contexts.client.load_cert_chain({ certdata: heavy('client.pem') });
    const pair = socketPair(contexts);
    using client = pair.client;
    using server = pair.server;
    const large = Buffer.from(new Uint32Array(2 ** 20).map((_, i) => i).buffer);
    t.throws(() => client.send(large), { instanceOf: ssl.SSLWantWriteError });
    server.verify_client_post_handshake();
    server.send(bytes('hello'));
    t.throws(() => client.recv(10), { instanceOf: ssl.SSLWantWriteError });
    finish(t, client, server, large);
    t.is(client.recv(10).toString(), 'hello');
    t.throws(() => server.recv(10), { instanceOf: ssl.SSLWantReadError });
    t.is(server.get_unverified_chain().length, 62);
  },
);

test('close_notify comes behind what is left of a record', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  t.throws(() => a.send(Buffer.alloc(2 ** 22)), { instanceOf: ssl.SSLWantWriteError });
  t.throws(() => a.unwrap(), { instanceOf: ssl.SSLWantWriteError });
  let total = 0;
  for (let ended = false; !ended; ) {
    t.throws(() => a.unwrap(), { instanceOf: ssl.SSLError, message: /^The operation did not complete/ });
    try {
      const { length } = b.recv(65536);
      total += length;
      ended = length === 0;
    } catch (error) {
      if (!wants(error)) throw error;
    }
  }
  t.is(total % 16384, 0);
  t.true(total > 0);
});

test('a repeated write must not be shorter than what was sent', (t) => {
  const { client, server } = socketPair();
  using a = client;
  using b = server;
  t.throws(() => a.send(Buffer.alloc(2 ** 22)), { instanceOf: ssl.SSLWantWriteError });
  t.throws(() => a.send(bytes('short')), { instanceOf: ssl.SSLError, message: '[SSL: BAD_LENGTH] bad length' });
  t.true(b.recv(1).length === 1);
});

// ---- in any order ----------------------------------------------------------------------------------------------------

/** One side that writes and reads at random. A write that has to wait is repeated before another one begins. */
class Talker {
  readonly written = createHash('sha256');
  readonly read = createHash('sha256');
  writtenSize = 0;
  readSize = 0;
  waiting: Buffer | null = null;

  constructor(
    readonly sock: ssl.SSLSocket,
    readonly random: Random,
  ) {}

  write(): void {
    this.waiting ??= this.random.fill(Buffer.alloc(this.random.pick([0, 1, 100, 16384, 16385, 50_000, 200_000])));
    this.#repeat(this.waiting);
  }

  /** Goes on with what waits. */
  finish(): void {
    if (this.waiting !== null) this.#repeat(this.waiting);
  }

  #repeat(data: Buffer): void {
    this.writtenSize += this.sock.send(data);
    this.written.update(data);
    this.waiting = null;
  }

  receive(): void {
    const data = this.sock.recv(1 + this.random.below(65536));
    this.readSize += data.length;
    this.read.update(data);
  }

  hasAllOf(other: Talker): boolean {
    return other.waiting === null && this.readSize === other.writtenSize;
  }
}

/** Runs one step, which may have to wait. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!wants(error)) throw error;
  }
}

/** Runs one step, which OpenSSL may refuse in the middle of another one like it. */
function unlessUnderWay(step: () => void): void {
  try {
    step();
  } catch (error) {
    const { reason } = error as ssl.SSLError;
    if (!['REQUEST_PENDING', 'REQUEST_SENT', 'STILL_IN_INIT'].includes(String(reason))) throw error;
  }
}

for (const version of ['TLSv1_2', 'TLSv1_3'] as const) {
  test(`both sides write, read, ask and change keys in any order, through small buffers, ${version}`, (t) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new Random(seed);
      const later = version === 'TLSv1_3'; // below, there are no questions and no new keys after the handshake
      const plain = {
        client: clientContext({ version: ssl.TLSVersion[version] }),
        server: serverContext({ version: ssl.TLSVersion[version] }),
      };
      const pair = socketPair(later ? askingContexts() : plain);
      using a = pair.client;
      using b = pair.server;
      for (const each of [a, b]) each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 + random.below(60_000));
      const talkers = [new Talker(a, random), new Talker(b, random)];
      for (let step = 0; step < 400; step++) {
        const talker = random.pick(talkers);
        const kind = random.below(10);
        if (kind < 4) attempt(() => talker.write());
        else if (kind < 8 || !later) attempt(() => talker.receive());
        else if (kind === 8) unlessUnderWay(() => b.verify_client_post_handshake());
        else unlessUnderWay(() => talker.sock.update_keys(random.chance(0.5)));
      }
      const [one, other] = talkers;
      while (!one.hasAllOf(other) || !other.hasAllOf(one)) {
        for (const talker of talkers) {
          attempt(() => talker.finish());
          attempt(() => talker.receive());
        }
      }
      t.is(one.read.digest('hex'), other.written.digest('hex'), `seed ${seed}`);
      t.is(other.read.digest('hex'), one.written.digest('hex'), `seed ${seed}`);
    }
  });
}
