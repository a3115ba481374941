/** TLS streams: tls.TLSSocket's surface, beside node:tls, and what a connection between two TLS libraries may do. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type * as net from 'node:net';
import * as tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testUnless, underSanitizers } from '../helpers/peers.js';
import { cert, clientContext, plainPair, serverContext, socketPair } from '../helpers/tls.js';

checkLeaks(test);

const HOST = '127.0.0.1';
const pem = readFileSync(cert('server.pem'));
const ca = readFileSync(cert('root.crt.pem'));

/** node:tls serves, until the test ends. */
async function nodeServer(t: ExecutionContext, options: tls.TlsOptions, handler: (s: tls.TLSSocket) => void) {
  const server = tls.createServer({ cert: pem, key: pem, ...options }, handler);
  const open = new Set<tls.TLSSocket>();
  server.on('secureConnection', (s) => open.add(s.on('error', () => {})));
  server.listen(0, HOST);
  await once(server, 'listening');
  t.teardown(async () => {
    for (const each of open) each.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as net.AddressInfo).port;
}

for (const servername of [undefined, '']) {
  // As tls.connect: whom the certificate is held against is the host, not "localhost", for which this server has one.
  test(`servername ${JSON.stringify(servername)} beside a host means the host`, async (t) => {
    const port = await nodeServer(t, {}, (s) => s.resume());
    const lookup = (_: string, options: { all?: boolean }, found: (...args: unknown[]) => void) =>
      options.all ? found(null, [{ address: HOST, family: 4 }]) : found(null, HOST, 4);
    const made = stream.connect({
      port,
      host: 'bank.example',
      lookup: lookup as never,
      ssl: clientContext(),
      servername,
    });
    const [error] = (await once(made, 'error')) as [NodeJS.ErrnoException];
    t.is(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    await closed(made);
  });
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a client that may be asked for its certificate hears a peer that echoes, ${version}`, async (t) => {
    // A peer that does not read while it cannot write: reading and writing must not wait for each other.
    const port = await nodeServer(t, { maxVersion: version }, (s) => s.pipe(s));
    const context = clientContext({ certificate: 'client.pem' });
    context.post_handshake_auth = true;
    const client = stream.connect({ host: HOST, port, ssl: context, servername: 'localhost' });
    const data = Buffer.alloc(2 ** 24, 'echo');
    client.end(data);
    t.true(Buffer.concat(await client.toArray()).equals(data));
    t.is(client.getProtocol(), version);
  });
}

testUnless(underSanitizers && 'node:tls leaks the certificates that it is asked for')(
  'it tells of the connection what node:tls tells',
  async (t) => {
    const port = await nodeServer(t, { ALPNProtocols: ['proto'] }, (s) => s.resume());
    const context = clientContext();
    context.set_alpn_protocols(['proto']);
    const ours = stream.connect({ port, host: HOST, ssl: context, servername: 'localhost' });
    const theirs = tls.connect({ port, host: HOST, ca, servername: 'localhost', ALPNProtocols: ['proto'] });
    await Promise.all([once(ours, 'secureConnect'), once(theirs, 'secureConnect')]);
    const [found, expected] = [
      ours.getPeerCertificate(),
      theirs.getPeerCertificate() as never as Record<string, unknown>,
    ];
    const text = (certificate: Record<string, unknown>) => JSON.stringify(certificate);
    t.is(text(found), text(expected));
    const chain = (certificate: Record<string, unknown>): unknown[] => {
      const above = certificate.issuerCertificate as Record<string, unknown> | undefined;
      return [certificate.fingerprint256, ...(above === undefined || above === certificate ? [] : chain(above))];
    };
    // node:tls adds the root from its own store to what the server has sent.
    const sent = chain(ours.getPeerCertificate(true));
    t.deepEqual(sent, chain(theirs.getPeerCertificate(true) as never).slice(0, sent.length));
    // Last, for once node:tls has given this one out, it finds no getPeerCertificate any more.
    const facts = (s: tls.TLSSocket) => [
      s.encrypted,
      s.authorized,
      s.authorizationError ?? null,
      s.getProtocol(),
      { ...s.getCipher() },
      s.alpnProtocol,
      s.isSessionReused(),
      s.getPeerX509Certificate()?.fingerprint256,
      s.remotePort,
      s.connecting,
      s.pending,
    ];
    t.deepEqual(facts(ours as never), facts(theirs));
    ours.destroy();
    theirs.destroy();
    t.is(ours.getProtocol(), 'TLSv1.3');
  },
);

test('both ends export the same keying material', async (t) => {
  let theirs: Buffer | undefined;
  const port = await nodeServer(t, {}, (s) => {
    theirs = s.exportKeyingMaterial(32, 'EXPERIMENTAL test', Buffer.from('context'));
    s.end('done');
  });
  const client = stream.connect({ port, host: HOST, ssl: clientContext(), servername: 'localhost' });
  await once(client, 'secureConnect');
  const ours = client.exportKeyingMaterial(32, 'EXPERIMENTAL test', Buffer.from('context'));
  await once(client, 'data');
  t.deepEqual(ours, theirs);
  client.destroy();
});

test('a session is resumed', async (t) => {
  const port = await nodeServer(t, {}, (s) => s.end('hello'));
  const context = clientContext();
  let session: Buffer | undefined;
  for (const reused of [false, true]) {
    const client = stream.connect({ port, host: HOST, ssl: context, servername: 'localhost', session });
    await once(client, 'data');
    t.is(client.isSessionReused(), reused);
    session = client.getSession();
    t.true(Buffer.isBuffer(session));
    client.destroy();
  }
});

const refusals: [title: string, options: object, code: RegExp][] = [
  ['the wrong name', { servername: 'elsewhere.example' }, /^ERR_TLS_CERT_ALTNAME_INVALID$/],
  [
    'an authority that is not known',
    { ssl: new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) },
    /^(UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT_IN_CHAIN)$/,
  ],
];
for (const [title, options, code] of refusals) {
  test(`a certificate is refused: ${title}`, async (t) => {
    const port = await nodeServer(t, {}, (s) => s.resume());
    const client = stream.connect({ port, host: HOST, ssl: clientContext(), servername: 'localhost', ...options });
    client.write('never sent', (error) => t.truthy(error));
    const [error] = await once(client, 'error');
    t.regex(error.code, code);
    t.true(error instanceof ssl.SSLCertVerificationError);
    await closed(client);
    t.false(client.authorized);
    t.plan(4);
  });
}

test("an expired certificate has node's code", async (t) => {
  const expired = readFileSync(cert('expired.pem'));
  const port = await nodeServer(t, { cert: expired, key: expired }, (s) => s.resume());
  const client = stream.connect({ port, host: HOST, ssl: clientContext(), servername: 'localhost' });
  t.is((await once(client, 'error'))[0].code, 'CERT_HAS_EXPIRED');
});

test('without verification: not authorized, and said why', async (t) => {
  const port = await nodeServer(t, {}, (s) => s.resume());
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  context.check_hostname = false;
  context.verify_mode = ssl.CERT_NONE;
  const client = stream.connect({ port, host: HOST, ssl: context });
  await once(client, 'secureConnect');
  t.false(client.authorized);
  t.regex(client.authorizationError ?? '', /CERT_NONE/);
  t.is(client.getPeerX509Certificate()?.subject.includes('localhost'), true);
  client.destroy();
});

test("a server sees the client's certificate", async (t) => {
  const server = stream.createServer({ ssl: serverContext({ mutual: true }) }).listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const key = readFileSync(cert('client.pem'));
  const client = tls.connect({ port, host: HOST, ca, servername: 'localhost', cert: key, key });
  // On Windows Node ends without a goodbye while a write of its own is under way, and OpenSSL complains of that.
  client.on('error', () => {});
  const [accepted] = await once(server, 'connection');
  t.true(accepted.authorized);
  t.is(accepted.getPeerX509Certificate().fingerprint256, new X509Certificate(key).fingerprint256);
  const gone = closed(accepted.resume());
  client.end();
  await gone;
  server.close();
  await closed(server);
});

// ---- toDuplex over TLS sockets

test('a handshake that is done already, and one that is to come', async (t) => {
  for (const pair of [socketPair(), plainPair()]) {
    const [client, server] = [stream.toDuplex(pair.client), stream.toDuplex(pair.server)];
    server.pipe(server);
    client.write('through');
    t.is(String((await once(client, 'data'))[0]), 'through');
    t.false(client.secureConnecting);
    client.end();
    await Promise.all([closed(client), closed(server)]);
  }
});

test('a TLS socket without a connection is refused', (t) => {
  const sock = clientContext().wrap_socket(new socket.socket(), { server_hostname: 'localhost' });
  t.throws(() => stream.toDuplex(sock), { message: /no connection/ });
  sock.close();
});

test('100 MB both ways at once, through small kernel buffers', async (t) => {
  const pair = socketPair();
  for (const sock of [pair.client, pair.server]) {
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096);
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096);
  }
  // Who has all, has not sent all yet.
  const [client, server] = [pair.client, pair.server].map((sock) => stream.toDuplex(sock, { allowHalfOpen: true }));
  const ends = [client, server];
  const block = Buffer.from(Array.from({ length: 100_003 }, (_, i) => (i * 31) & 255));
  const blocks = 200;
  const send = async (end: stream.TLSDuplex) => {
    for (let i = 0; i < blocks; i++) if (!end.write(block)) await once(end, 'drain');
    end.end();
  };
  const receive = async (end: stream.TLSDuplex) => {
    let at = 0;
    for await (const chunk of end.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      for (const byte of [chunk[0], chunk[chunk.length - 1]]) t.is(typeof byte, 'number');
      if (chunk[0] !== block[at % block.length]) throw new Error(`differs at ${at}`);
      at += chunk.length;
    }
    return at;
  };
  const [, , one, two] = await Promise.all([send(ends[0]), send(ends[1]), receive(ends[0]), receive(ends[1])]);
  t.deepEqual([one, two], [blocks * block.length, blocks * block.length]);
});

test('each side may end before the other', async (t) => {
  const pair = socketPair();
  const [client, server] = [pair.client, pair.server].map((sock) => stream.toDuplex(sock, { allowHalfOpen: true }));
  let asked = '';
  let answered = '';
  server.on('data', (data) => (asked += data));
  client.on('data', (data) => (answered += data));
  client.end('question');
  await once(server, 'end');
  t.is(asked, 'question');
  server.end('a long answer '.repeat(100_000));
  await once(client, 'end');
  t.is(answered.length, 1_400_000);
});

test('an end without a goodbye: an end where the socket suppresses ragged ends, else an error', async (t) => {
  for (const suppress of [true, false]) {
    const pair = plainPair();
    pair.client.suppress_ragged_eofs = suppress;
    const [client, server] = [stream.toDuplex(pair.client), stream.toDuplex(pair.server)];
    const ended = new Promise((resolve) => {
      client.once('end', () => resolve('end')).once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    server.write('hello');
    await once(client, 'data');
    // Not through the stream: it would say goodbye.
    server.destroy();
    t.is(await ended, suppress ? 'end' : 'ECONNRESET');
    await closed(client);
  }
});

test('small writes that come together share a record', async (t) => {
  const { client, server } = socketPair();
  const one = stream.toDuplex(client);
  one.cork();
  for (let i = 0; i < 100; i++) one.write('x'.repeat(10));
  one.uncork();
  server.settimeout(10);
  // One read takes from one record.
  t.is(server.recv(100_000).length, 1000);
  one.destroy();
  server.close();
});

test('records of one byte are taken a part at a time, so that other connections have their turns', async (t) => {
  const { client, server } = socketPair();
  for (let i = 0; i < 150; i++) server.send(Buffer.from('x'));
  server.close();
  const one = stream.toDuplex(client);
  const sizes: number[] = [];
  one.on('data', (data: Buffer) => sizes.push(data.length));
  await closed(one);
  t.deepEqual(sizes, [64, 64, 22]);
});

test('a callback that receives elsewhere does not touch the bytes of the records before', async (t) => {
  const context = clientContext();
  const [from, to] = socket.socketpair();
  context._msg_callback = () => {
    from.send(Buffer.alloc(100, 'z'));
    to.recv(100);
  };
  const { client, server } = socketPair({ client: context });
  for (const letter of 'abc') server.send(Buffer.from(letter));
  server.close();
  const one = stream.toDuplex(client);
  let text = '';
  one.on('data', (data: Buffer) => {
    text += data;
  });
  await closed(one);
  t.is(text, 'abc');
  from.close();
  to.close();
});

test('a callback that throws during the handshake ends the stream with what it threw', async (t) => {
  const context = serverContext();
  context.sni_callback = () => {
    throw new Error('from the callback');
  };
  const pair = plainPair({ server: context });
  const [client, server] = [stream.toDuplex(pair.client), stream.toDuplex(pair.server)];
  client.on('error', () => {});
  const [error] = await once(server, 'error');
  t.is(error.message, 'from the callback');
  await closed(client);
});

test('destroyed in the middle of a handshake', async (t) => {
  const pair = plainPair();
  const [client, server] = [stream.toDuplex(pair.client), stream.toDuplex(pair.server)];
  server.on('error', () => {});
  client.destroy();
  await Promise.all([closed(client), closed(server)]);
  t.false(client.authorized);
});

// As over node:tls; a plain stream's error that nobody listens for ends the process.
test('a server that listens for no errors of its streams outlives a reset', async (t) => {
  const server = stream.createServer({ ssl: serverContext() }, (s) => s.resume());
  server.on('tlsClientError', () => t.fail('the handshake was done'));
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = stream.connect({ port, host: HOST, ssl: clientContext(), servername: 'localhost' });
  const [[serving]] = await Promise.all([once(server, 'connection'), once(client, 'secureConnect')]);
  const ended = new Promise((resolve) => serving.once('close', resolve));
  client.resetAndDestroy();
  t.true(await ended);
  server.close();
  await closed(server);
});

test('what is no SSLContext is refused where it is given, and not at the first connection', (t) => {
  const wrong = { instanceOf: TypeError, code: 'ERR_INVALID_ARG_TYPE', message: /"options\.ssl".* SSLContext/ };
  for (const given of [true, null, tls.createSecureContext()]) {
    t.throws(() => stream.connect({ host: HOST, port: 1, ssl: given as never }), wrong);
    t.throws(() => stream.createServer({ ssl: given as never }), wrong);
  }
});
