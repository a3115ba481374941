/** HTTP programs that nobody here wrote, unchanged, over streams of berkeley/stream. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import * as undici from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import * as stream from '../../lib/stream/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { hasCommand, spawnNode, spawnPeer, testUnless } from '../helpers/peers.js';
import { cert, clientContext, serverContext } from '../helpers/tls.js';
import { noWrk, wrk } from '../helpers/wrk.js';

checkLeaks(test);

const HOST = '127.0.0.1';
const ca = readFileSync(cert('root.crt.pem'));

/** Node's HTTP server, whose connections come from `server`: its port. Ended with the test. */
async function serve(t: ExecutionContext, handler: http.RequestListener, options: stream.ServerOptions = {}) {
  const web = http.createServer(handler);
  const server = stream.createServer({ allowHalfOpen: true, noDelay: true, ...options }, (connection) => {
    web.emit('connection', connection);
  });
  const streams = new Set<stream.SocketDuplex>();
  server.on('connection', (each) => streams.add(each));
  server.listen(0, HOST);
  await once(server, 'listening');
  t.teardown(async () => {
    for (const each of streams) each.destroy();
    web.close();
    const closed = once(server, 'close');
    server.close();
    await closed;
  });
  return { port: (server.address() as AddressInfo).port, web, server };
}

/** Tells what it has got: method, path, whether over TLS, and the body's size. */
const describe: http.RequestListener = async (request, response) => {
  const body = await text(request);
  const { encrypted = false } = request.socket as { encrypted?: boolean };
  response.setHeader('x-port', String(request.socket.remotePort));
  response.end(JSON.stringify([request.method, request.url, encrypted, body.length]));
};

/** One request of Node's client. */
async function request(module: typeof http | typeof https, options: https.RequestOptions, body = ''): Promise<string> {
  const sent = module.request(options);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  return await text(response);
}

test("http: Node's server and client, keep-alive, bodies of every size", async (t) => {
  const { port } = await serve(t, describe);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let made = 0;
  agent.createConnection = (options) => {
    made++;
    return stream.connect(options as stream.ConnectOptions) as never;
  };
  for (const size of [0, 1, 65_536, 1_000_000]) {
    const answer = await request(http, { host: HOST, port, agent, path: `/${size}`, method: 'POST' }, 'x'.repeat(size));
    t.deepEqual(JSON.parse(answer), ['POST', `/${size}`, false, size]);
  }
  t.is(made, 1);
  agent.destroy();
});

test("https: Node's client over a TLS stream, to Node's own https server and to one over ours", async (t) => {
  const native = https.createServer(
    { cert: readFileSync(cert('server.pem')), key: readFileSync(cert('server.pem')) },
    describe,
  );
  native.listen(0, HOST);
  await once(native, 'listening');
  const ours = await serve(t, describe, { ssl: serverContext() });
  const agent = new https.Agent({ keepAlive: true });
  agent.createConnection = (options) => {
    const { host, port } = options as { host: string; port: number };
    return stream.connect({ host, port, ssl: clientContext(), servername: 'localhost' }) as never;
  };
  for (const port of [(native.address() as AddressInfo).port, ours.port]) {
    const answer = await request(
      https,
      { host: HOST, port, agent, path: '/over', method: 'POST' },
      'x'.repeat(100_000),
    );
    t.deepEqual(JSON.parse(answer), ['POST', '/over', true, 100_000]);
  }
  agent.destroy();
  // And Node's client as it comes.
  const plain = await request(https, {
    host: HOST,
    port: ours.port,
    ca,
    servername: 'localhost',
    path: '/',
    agent: false,
  });
  t.deepEqual(JSON.parse(plain), ['GET', '/', true, 0]);
  native.closeAllConnections();
  native.close();
  await once(native, 'close');
});

test('https: a server gets TLS streams as its secure connections', async (t) => {
  const web = https.createServer({}, describe);
  const server = stream.createServer({ ssl: serverContext(), allowHalfOpen: true }, (each) => {
    web.emit('secureConnection', each);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await request(https, { host: HOST, port, ca, servername: 'localhost', path: '/secure', agent: false });
  t.deepEqual(JSON.parse(answer), ['GET', '/secure', true, 0]);
  server.close();
  await once(server, 'close');
});

test('http: a server notices a client that goes away', async (t) => {
  let aborted: Promise<unknown> | undefined;
  const { port } = await serve(t, (request, response) => {
    aborted = once(response, 'close');
    request.resume();
  });
  const client = stream.connect(port, HOST);
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  while (aborted === undefined) await new Promise((resolve) => setImmediate(resolve));
  client.resetAndDestroy();
  await aborted;
  t.pass();
});

testUnless(!hasCommand('curl') && 'no curl here (apt-get install curl)')('http and https: curl', async (t) => {
  const plain = await serve(t, describe);
  const secure = await serve(t, describe, { ssl: serverContext() });
  const run = async (...args: string[]) => {
    const peer = spawnPeer('curl', ['-sS', '--max-time', '60', ...args]);
    return JSON.parse(await peer.line());
  };
  t.deepEqual(await run(`http://${HOST}:${plain.port}/a`), ['GET', '/a', false, 0]);
  const resolve = ['--resolve', `localhost:${secure.port}:${HOST}`, '--cacert', cert('root.crt.pem')];
  t.deepEqual(await run(...resolve, '-d', 'body', `https://localhost:${secure.port}/b`), ['POST', '/b', true, 4]);
});

// ---- undici

for (const secure of [false, true]) {
  test(`undici: a connector of its own, ${secure ? 'TLS' : 'plain'}`, async (t) => {
    const { port } = await serve(t, describe, secure ? { ssl: serverContext() } : {});
    const dispatcher = new undici.Agent({
      connect: ({ hostname, port, protocol, servername }, callback) => {
        const options = { host: hostname, port: Number(port), noDelay: true };
        const ssl = protocol === 'https:' ? clientContext() : undefined;
        const socket = ssl
          ? stream.connect({ ...options, ssl, servername: servername ?? hostname })
          : stream.connect(options);
        socket.once(ssl ? 'secureConnect' : 'connect', () => callback(null, socket as never));
        socket.once('error', (error) => callback(error, null));
      },
    });
    const url = `${secure ? 'https' : 'http'}://localhost:${port}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const { body } = await undici.request(`${url}/${i}`, {
          dispatcher,
          method: 'POST',
          body: 'x'.repeat(i * 10_000),
        });
        return body.json();
      }),
    );
    t.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, i) => ['POST', `/${i}`, secure, i * 10_000]),
    );
    const fetched = await undici.fetch(`${url}/fetch`, { dispatcher });
    t.deepEqual(await fetched.json(), ['GET', '/fetch', secure, 0]);
    await dispatcher.close();
  });
}

// ---- ws

for (const secure of [false, true]) {
  test(`ws: client and server, ${secure ? 'TLS' : 'plain'}`, async (t) => {
    const { port, web } = await serve(t, describe, secure ? { ssl: serverContext() } : {});
    const sockets = new WebSocketServer({ server: web });
    sockets.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    const client = new WebSocket(`${secure ? 'wss' : 'ws'}://localhost:${port}/`, {
      createConnection: ((options: stream.ConnectOptions) => {
        const to = { host: HOST, port: options.port };
        return secure ? stream.connect({ ...to, ssl: clientContext(), servername: 'localhost' }) : stream.connect(to);
      }) as never,
    });
    await once(client, 'open');
    for (const message of ['text', Buffer.alloc(300_000, 'b')]) {
      client.send(message);
      const [data, binary] = await once(client, 'message');
      t.is(binary, typeof message !== 'string');
      t.true(Buffer.from(message).equals(data));
    }
    client.ping('still there?');
    t.is(String((await once(client, 'pong'))[0]), 'still there?');
    client.close(1000, 'enough');
    const [code] = await once(client, 'close');
    t.is(code, 1000);
    sockets.close();
  });
}

// ---- HTTP/2

test('http2: a session over a plain stream and one over TLS, many streams at once', async (t) => {
  const streams: http2.ServerHttp2Session[] = [];
  const answer = (each: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    each.respond({ ':status': 200 });
    each.end(`${headers[':path']} ${'y'.repeat(20_000)}`);
  };
  const plainServer = http2.createServer();
  const secureServer = http2.createSecureServer({
    cert: readFileSync(cert('server.pem')),
    key: readFileSync(cert('server.pem')),
  });
  for (const server of [plainServer, secureServer]) {
    server.on('stream', answer);
    server.on('session', (session) => streams.push(session));
    server.listen(0, HOST);
    await once(server, 'listening');
  }
  const tlsContext = clientContext();
  tlsContext.set_alpn_protocols(['h2']);
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const makers = {
    [`http://localhost:${port(plainServer)}`]: () => stream.connect(port(plainServer), HOST),
    [`https://localhost:${port(secureServer)}`]: () =>
      stream.connect({ port: port(secureServer), host: HOST, ssl: tlsContext, servername: 'localhost' }),
  };
  for (const [url, make] of Object.entries(makers)) {
    const connection = make();
    const session = http2.connect(url, { createConnection: () => connection as never });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => text(session.request({ ':path': `/${i}` }).end())),
    );
    t.deepEqual(
      answers,
      Array.from({ length: 30 }, (_, i) => `/${i} ${'y'.repeat(20_000)}`),
    );
    session.close();
    await once(session, 'close');
    if (!connection.destroyed) await once(connection, 'close');
  }
  for (const server of [plainServer, secureServer]) {
    server.close();
    await once(server, 'close');
  }
});

test('http2: a session says h2c of every stream that is no tls.TLSSocket; the stream says h2', async (t) => {
  const pem = readFileSync(cert('server.pem'));
  const server = http2.createSecureServer({ cert: pem, key: pem });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const context = clientContext();
  context.set_alpn_protocols(['h2']);
  const ours = stream.connect({ port, host: HOST, ssl: context, servername: 'localhost' });
  // Node's own TLS, behind another Duplex.
  const theirs = tls.connect({ port, host: HOST, ca, servername: 'localhost', ALPNProtocols: ['h2'] });
  await Promise.all([once(ours, 'secureConnect'), once(theirs, 'secureConnect')]);
  for (const connection of [ours, Duplex.from({ readable: theirs, writable: theirs })]) {
    const session = http2.connect(`https://localhost:${port}`, { createConnection: () => connection as never });
    await once(session, 'connect');
    t.deepEqual([session.alpnProtocol, session.encrypted], ['h2c', false]);
    session.close();
    await once(session, 'close');
  }
  t.deepEqual([ours.alpnProtocol, ours.encrypted], ['h2', true]);
  theirs.destroy();
  server.close();
  await once(server, 'close');
});

test('http2: a server whose connections are TLS streams', async (t) => {
  const context = serverContext();
  context.set_alpn_protocols(['h2']);
  const web = http2.createServer();
  web.on('stream', (each, headers) => each.respond({ ':status': 200 }) ?? each.end(`got ${headers[':path']}`));
  const server = stream.createServer({ ssl: context, allowHalfOpen: true }, (each) => web.emit('connection', each));
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`https://localhost:${port}`, { ca });
  t.is(await text(session.request({ ':path': '/it' }).end()), 'got /it');
  session.close();
  await once(session, 'close');
  server.close();
  await once(server, 'close');
});

test('http2: a secure server that speaks HTTP/1.1 too', async (t) => {
  const context = serverContext();
  context.set_alpn_protocols(['h2', 'http/1.1']);
  const pem = readFileSync(cert('server.pem'));
  const web = http2.createSecureServer({ allowHTTP1: true, cert: pem, key: pem }, (request, response) => {
    response.end(`over ${request.httpVersion}`);
  });
  const server = stream.createServer({ ssl: context, allowHalfOpen: true }, (each) => {
    each.server = web;
    web.emit('secureConnection', each);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = https.get({ port, host: HOST, servername: 'localhost', ca, agent: false });
  const [response] = await once(request, 'response');
  t.is(await text(response), 'over 1.1');
  const session = http2.connect(`https://localhost:${port}`, { ca });
  t.is(await text(session.request({ ':path': '/' }).end()), 'over 2.0');
  session.close();
  await once(session, 'close');
  server.close();
  await once(server, 'close');
});

// ---- load

for (const secure of [false, true]) {
  testUnless(noWrk)(`wrk: no request fails, ${secure ? 'TLS' : 'plain'}`, async (t) => {
    const peer = spawnNode(
      `
      import http from 'node:http';
      const { stream, ssl } = berkeley;
      const web = http.createServer((request, response) => response.end('hello world'));
      const context = data && new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
      if (context) context.load_cert_chain(data);
      const options = { allowHalfOpen: true, noDelay: true, ssl: context ?? undefined };
      const server = stream.createServer(options, (each) => web.emit('connection', each));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));
    `,
      secure ? cert('server.pem') : null,
    );
    const port = await peer.line();
    const load = await wrk(`${secure ? 'https' : 'http'}://${HOST}:${port}/`, { connections: 50, seconds: 2 });
    t.true(load.requests > 100, load.output);
    t.deepEqual([load.refused, load.socketErrors], [0, 0], load.output);
    t.is(peer.errors(), '');
    await peer.stop();
  });
}
