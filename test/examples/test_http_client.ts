/** examples/http_client.mjs: what it gets is what Node's fetch gets, and what is malformed is refused with a reason. */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
// As the example does, which is imported: the bundles, whose classes are not those of lib's modules.
import { exceptions, socket, ssl } from 'berkeley';
import { example, finished, ROOT } from '../helpers/examples.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PROGRAMS, type Peer, spawnPeer, testUnless } from '../helpers/peers.js';
import { cert } from '../helpers/tls.js';

checkLeaks(test);

const FILE = join(ROOT, 'examples', 'http_client.mjs');
/** Enough for what comes; the client blocks this thread, so that no test's time limit would end it. */
const PATIENCE_S = 60;

/** Node's own servers, http and https, in a process of their own: the client blocks this one. */
const SERVER = `
const { readFileSync } = require('node:fs');
let connections = 0;
const routes = {
  '/hello': (request, response) => response.end('hello, world'),
  '/empty': (request, response) => response.end(),
  '/204': (request, response) => response.writeHead(204).end(),
  '/404': (request, response) => response.writeHead(404, 'Not Here').end('nothing'),
  '/large': (request, response) => response.end(Buffer.alloc(3_000_000, 'abcdefg')),
  '/chunked': (request, response) => {
    response.setHeader('Trailer', 'X-Sum');
    let i = 0;
    const next = () => {
      if (i++ < 20) response.write('x'.repeat(i * 1000), () => setImmediate(next));
      else response.addTrailers({ 'X-Sum': '1' }), response.end();
    };
    next();
  },
  '/early': (request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.end('after the hints');
  },
  '/fields': (request, response) => {
    response.setHeader('X-Empty', '');
    response.setHeader('X-Latin', 'gr\\xfc\\xdfe');
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.end();
  },
  '/echo': (request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => response.end(JSON.stringify({
      method: request.method, url: request.url, body: Buffer.concat(parts).toString('latin1'),
      authorization: request.headers.authorization ?? null, type: request.headers['content-type'] ?? null,
    })));
  },
  '/connections': (request, response) => response.end(String(connections)),
  '/close': (request, response) => response.setHeader('Connection', 'close').end('and good-bye'),
  '/leave': (request, response) => response.end('and gone', () => request.socket.destroy()),
  '/loop': (request, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/never': () => {},
  '/drip': (request, response) => {
    const timer = setInterval(() => request.socket.write('x'), 10);
    request.socket.on('close', () => clearInterval(timer)).on('error', () => {});
  },
};
function handle(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  // /to/307?/echo redirects there
  const [, status] = /^\\/to\\/(\\d+)$/.exec(pathname) ?? [];
  if (status) return response.writeHead(Number(status), { location: request.url.split('?').slice(1).join('?') }).end('moved');
  routes[pathname](request, response);
}
const tls = (name) => ({ cert: readFileSync(name), key: readFileSync(name) });
const http = require('node:http').createServer(handle);
const https = require('node:https').createServer(tls(process.argv[1]), handle);
const others = process.argv.slice(2).map((name) => require('node:https').createServer(tls(name), handle));
const servers = [http, https, ...others];
for (const server of [http, https]) server.on(server === http ? 'connection' : 'secureConnection', () => connections++);
(async () => {
  for (const server of servers) await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  console.log(servers.map((server) => server.address().port).join(' '));
})();
`;

/** Answers GET /BASE64URL with just those bytes, and with ?end closes the connection. */
const RAW_SERVER = `
require('node:net').createServer((socket) => {
  let head = '';
  socket.on('error', () => {}).on('data', (bytes) => {
    head += bytes.toString('latin1');
    if (!head.includes('\\r\\n\\r\\n')) return;
    const [, path, end] = /^\\w+ \\/([\\w-]*)(\\?end)? /.exec(head);
    head = '';
    socket.write(Buffer.from(path, 'base64url'));
    if (end) socket.end();
  });
}).listen(0, process.argv[1], function () { console.log(this.address().port); });
`;

let plain = '';
let secure = '';
let expired = '';
let misnamed = '';
let rawPort = '';
// biome-ignore lint/suspicious/noExplicitAny: the example is JavaScript
let Client: any;
let HTTPError: new () => Error;
test.before('the client and its servers', async () => {
  ({ Client, HTTPError } = await import(pathToFileURL(FILE).href));
  const certificates = ['server.pem', 'expired.pem', 'other-name.pem'].map(cert);
  const ports = (await spawnPeer(process.execPath, ['-e', SERVER, ...certificates]).line()).split(' ');
  plain = `http://127.0.0.1:${ports[0]}`;
  [secure, expired, misnamed] = ports.slice(1).map((port) => `https://localhost:${port}`);
  rawPort = await spawnPeer(process.execPath, ['-e', RAW_SERVER, '127.0.0.1']).line();
});

function withClient<T>(options: object, body: (client: typeof Client) => T): T {
  const client = new Client({
    timeout: PATIENCE_S,
    context: ssl.create_default_context({ cafile: cert('root.crt.pem') }),
    ...options,
  });
  try {
    return body(client);
  } finally {
    client.close();
  }
}

const get = (url: string, options = {}) => withClient(options, (client) => client.get(url));

/** The URL at which the raw server gives this answer. */
function raw(answer: string, { end = true } = {}): string {
  return `http://127.0.0.1:${rawPort}/${Buffer.from(answer, 'latin1').toString('base64url')}${end ? '?end' : ''}`;
}

function hasLoopback6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
}

// ---- what is right

/** An answer as both clients have it. */
const shown = (status: number, url: string, headers: Headers, body: Uint8Array) => ({
  status,
  url,
  fields: [...headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)),
  cookies: headers.getSetCookie(),
  body: Buffer.from(body).toString('latin1'),
});

/** Of fetch: while our client blocks this thread, it would not notice that a server has closed an idle connection. */
const ALONE = { headers: { connection: 'close' } };

const PATHS = [
  '/hello',
  '/empty',
  '/204',
  '/404',
  '/large',
  '/chunked',
  '/early',
  '/fields',
  '/close',
  '/to/301?/hello',
  '/to/302?/hello',
  '/to/303?/hello',
  '/to/307?/hello',
  '/to/308?/hello',
  '/to/302?/to/301?/echo?a=%20b',
  '/to/304?/hello',
  '/to/201?/hello',
];

test("it gets what Node's fetch gets", async (t) => {
  for (const path of PATHS) {
    const theirs = await fetch(plain + path, ALONE);
    const expected = shown(theirs.status, theirs.url, theirs.headers, new Uint8Array(await theirs.arrayBuffer()));
    const { status, url, headers, body } = get(plain + path);
    t.deepEqual(shown(status, url, headers, body), expected, path);
  }
});

const RIGHT = [
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
  'HTTP/1.0 200 OK\r\n\r\nup to the end',
  'HTTP/1.1 200 OK\r\n\r\nup to the end',
  'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;name=value\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length:2\r\nX-Tab:\t a\r\n\r\nok',
];

test("answers that are rare and right: what Node's fetch gets", async (t) => {
  for (const answer of RIGHT) {
    const theirs = await fetch(raw(answer), ALONE);
    const expected = shown(theirs.status, theirs.url, theirs.headers, new Uint8Array(await theirs.arrayBuffer()));
    const { status, url, headers, body } = get(raw(answer));
    t.deepEqual(shown(status, url, headers, body), expected, answer);
  }
});

test('interim answers that nobody asked for are passed over, as RFC 9110 has it', (t) => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n';
  const { status, headers, body } = get(raw(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`));
  t.deepEqual([status, headers.get('x-a'), String(body)], [200, null, 'ok']);
});

testUnless(!hasLoopback6() && 'no IPv6 here')('an IPv6 address in brackets', async (t) => {
  const server = spawnPeer(process.execPath, ['-e', RAW_SERVER, '::1']);
  const url = new URL(raw(RIGHT[0]));
  url.host = `[::1]:${await server.line()}`;
  t.is(String(get(url.href).body), 'ok');
  await server.stop();
});

testUnless(NO_PROGRAMS)('a file of python -m http.server', async (t) => {
  const args = ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1', '--directory', ROOT];
  const server = spawnPeer('python3', args);
  const port = /port (\d+)/.exec(await server.line())?.[1];
  const url = `http://127.0.0.1:${port}`;
  t.deepEqual(get(`${url}/package-lock.json`).body, readFileSync(join(ROOT, 'package-lock.json')));
  t.is(get(`${url}/no-such-file`).status, 404);
  // A folder's name without a slash is redirected.
  t.is(get(`${url}/docs`).url, `${url}/docs/`);
  await server.stop();
});

test('post sends the body and the header fields, and a redirect keeps or drops them', (t) => {
  withClient({}, (client) => {
    const fields = { 'Content-Type': 'text/x', Authorization: 'secret' };
    const post = (path: string) => JSON.parse(client.post(plain + path, Buffer.from('b\xf6dy', 'latin1'), fields).body);
    const posted = { method: 'POST', url: '/echo', body: 'b\xf6dy', authorization: 'secret', type: 'text/x' };
    t.deepEqual(post('/echo'), posted);
    t.deepEqual(post('/to/307?/echo'), posted);
    t.deepEqual(post('/to/308?/echo'), posted);
    for (const status of [301, 302, 303]) {
      const { method, url, body } = post(`/to/${status}?/echo`);
      t.deepEqual([method, url, body], ['GET', '/echo', '']);
    }
    const large = 'x'.repeat(2_000_000);
    t.is(JSON.parse(client.post(`${plain}/echo`, large).body).body, large);
    t.is(JSON.parse(client.post(`${plain}/echo`, '').body).method, 'POST');
  });
});

test('a redirect to another server takes no password along', (t) => {
  const to = plain.replace('127.0.0.1', 'localhost');
  const { url, body } = withClient({}, (client) =>
    client.get(`${plain}/to/302?${to}/echo`, { Authorization: 'secret' }),
  );
  t.is(url, `${to}/echo`);
  t.is(JSON.parse(body).authorization, null);
});

test('HEAD has no body, whatever it says of its length', (t) => {
  const { status, headers, body } = withClient({}, (client) => client.request('HEAD', `${plain}/large`, null, {}));
  t.deepEqual([status, body.length], [200, 0]);
  t.is(headers.get('content-length'), null); // Node's server leaves it out
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';
  t.is(withClient({}, (client) => client.request('HEAD', raw(answer), null, {})).body.length, 0);
});

test.serial('one connection serves many requests, over TLS too, and is given up when the server says so', (t) => {
  for (const base of [plain, secure]) {
    withClient({}, (client) => {
      const count = () => Number(client.get(`${base}/connections`).body);
      const before = count();
      for (const path of ['/hello', '/chunked', '/204', '/empty', '/large', '/to/302?/hello']) client.get(base + path);
      client.post(`${base}/echo`, 'body');
      t.is(count(), before);
      client.get(`${base}/close`);
      t.is(count(), before + 1);
    });
  }
});

test('a connection that the server ends between two requests is made again', (t) => {
  withClient({}, (client) => {
    for (let i = 0; i < 20; i++) {
      t.is(String(client.get(`${plain}/leave`).body), 'and gone');
      t.is(String(client.get(`${plain}/hello`).body), 'hello, world');
    }
  });
});

test('a connection on which more has come than was asked for is not used again', (t) => {
  withClient({}, (client) => {
    const once = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
    t.is(String(client.get(raw(`${once}one${once}bad`, { end: false })).body), 'one');
    t.is(String(client.get(raw(`${once}two`)).body), 'two');
  });
});

// ---- TLS

test('https: the server is verified, by its certificate and its name', (t) => {
  t.is(String(get(`${secure}/hello`).body), 'hello, world');
  const refused = { instanceOf: ssl.SSLCertVerificationError };
  const error = t.throws(() => get(`${secure}/hello`, { context: ssl.create_default_context() }), refused);
  t.regex(
    (error as Error).message,
    /unable to get local issuer certificate|self-signed certificate in certificate chain/,
  );
  t.regex((t.throws(() => get(`${expired}/hello`), refused) as Error).message, /certificate has expired/);
  t.regex((t.throws(() => get(`${misnamed}/hello`), refused) as Error).message, /Hostname mismatch/);
});

/** An answer that ends with the connection: with TLS's good-bye, or cut off. */
const TLS_SERVER = `
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
with socket.create_server(('127.0.0.1', 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    for polite in True, False:
        sock = context.wrap_socket(listener.accept()[0], server_side=True)
        sock.recv(10000)
        sock.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\nthe first half')
        try:
            if polite: sock.unwrap()
        except OSError:
            pass # the client says no good-bye of its own
        sock.close()
`;

testUnless(NO_PROGRAMS)('https: a body that ends with the connection must end with a good-bye', async (t) => {
  const server: Peer = spawnPeer('python3', ['-c', TLS_SERVER, cert('server.pem')]);
  const url = `https://localhost:${await server.line()}/`;
  t.is(String(get(url).body), 'the first half');
  t.throws(() => get(url), { instanceOf: ssl.SSLEOFError });
  t.is(await server.exit, 0, server.errors());
});

// ---- what is wrong

const HEAD = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const LONG = 'x'.repeat(65536);

const MALFORMED: readonly [answer: string, message: string][] = [
  ['', 'the connection ended within a head'],
  ['HTTP/1.1 200 OK\r\nContent-Le', 'the connection ended within a head'],
  ['SSH-2.0-OpenSSH_9.2\r\n\r\n', 'the answer begins with "SSH-2.0-OpenSSH_9.2"'],
  ['HTTP/2 200 OK\r\n\r\n', 'the answer begins with "HTTP/2 200 OK"'],
  ['HTTP/1.1 20 OK\r\n\r\n', 'the answer begins with "HTTP/1.1 20 OK"'],
  ['HTTP/1.1 2000 OK\r\n\r\n', 'the answer begins with "HTTP/1.1 2000 OK"'],
  [`${HEAD}no colon\r\n\r\n`, 'a header field is "no colon"'],
  [`${HEAD}X-Name : 1\r\n\r\n`, 'a header field is "X-Name : 1"'],
  [`${HEAD}X-Name: 1\r\n 2\r\n\r\n`, 'a header field is " 2"'],
  [`${HEAD}X-Name: a\0b\r\n\r\n`, 'a header field is "X-Name: a\\u0000b"'],
  [`${HEAD}X-Long: ${LONG}\r\n\r\n`, 'a head is longer than 65536 bytes'],
  [`${HEAD}${'X-Many: 1\r\n'.repeat(10_000)}\r\n`, 'a head is longer than 65536 bytes'],
  [LONG.repeat(3), 'a head is longer than 65536 bytes'],
  [`${HEAD}Content-Length: 10\r\n\r\nshort`, 'the connection ended 5 bytes before the body'],
  [`${HEAD}Content-Length: -1\r\n\r\n`, "the body has the length '-1' and the coding 'null'"],
  [`${HEAD}Content-Length: 1e3\r\n\r\n`, "the body has the length '1e3' and the coding 'null'"],
  [`${HEAD}Content-Length: \r\n\r\n`, "the body has the length '' and the coding 'null'"],
  [`${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, "the body has the length '1, 2' and the coding 'null'"],
  [
    `${HEAD}Content-Length: 9999999999999999\r\n\r\n`,
    "the body has the length '9999999999999999' and the coding 'null'",
  ],
  [`${HEAD}Transfer-Encoding: gzip\r\n\r\n`, "the body has the length 'null' and the coding 'gzip'"],
  [
    `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n`,
    "the body has the length '3' and the coding 'chunked'",
  ],
  [`${CHUNKED}zz\r\n`, 'a chunk has the size "zz"'],
  [`${CHUNKED}-1\r\n`, 'a chunk has the size "-1"'],
  [`${CHUNKED}0x10\r\n`, 'a chunk has the size "0x10"'],
  [`${CHUNKED}\r\n`, 'a chunk has the size ""'],
  [`${CHUNKED}fffffffffffffffff\r\n`, 'a chunk has the size "fffffffffffffffff"'],
  [`${CHUNKED}ffffffffffff\r\nabc`, 'the connection ended 281474976710652 bytes before the body'],
  [`${CHUNKED}3\r\nabcdef\r\n0\r\n\r\n`, 'a chunk is longer than its size'],
  [`${CHUNKED}5\r\nabc`, 'the connection ended 2 bytes before the body'],
  [`${CHUNKED}5\r\nabcde\r\n`, 'the connection ended within a head'],
  [`${CHUNKED}5\r\nabcde\r\n0\r\n`, 'the connection ended within a head'],
  [`${CHUNKED}${LONG}1`, 'a head is longer than 65536 bytes'],
  ['HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n', "a redirect leads to 'http://['"],
  ['HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n', 'no HTTP: file:///etc/passwd'],
];

test('a malformed answer is refused, and the reason is said', (t) => {
  for (const [answer, message] of MALFORMED) {
    t.throws(() => get(raw(answer)), { instanceOf: HTTPError, message }, JSON.stringify(answer.slice(0, 200)));
  }
});

test('a redirect that leads round in a circle is given up', (t) => {
  t.throws(() => get(`${plain}/loop`), { instanceOf: HTTPError, message: 'more than 10 redirects' });
});

test('the timeout is for the whole request: an answer that never comes, or never ends', (t) => {
  for (const path of ['/never', '/drip', '/to/302?/never']) {
    const error = t.throws(() => get(plain + path, { timeout: 0.3 }), { instanceOf: exceptions.TimeoutError }, path);
    t.is((error as Error).message, 'timed out');
  }
  t.throws(() => get(`${secure}/never`, { timeout: 0.3 }), { instanceOf: exceptions.TimeoutError });
});

test('a server that is not there', (t) => {
  const holder = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  t.teardown(() => holder.close());
  holder.bind(['127.0.0.1', 0]);
  const [, port] = holder.getsockname();
  t.throws(() => get(`http://127.0.0.1:${port}/`), { instanceOf: exceptions.ConnectionRefusedError });
});

test('a header field that would be two is refused before it is sent', (t) => {
  const inject = () => withClient({}, (client) => client.get(`${plain}/echo`, { 'X-A': 'b\r\nX-C: d' }));
  t.throws(inject, { instanceOf: TypeError });
});

test('as a program it writes what it gets', async (t) => {
  const { code, lines, errors } = await finished(example('http_client.mjs', `${plain}/hello`, `${plain}/echo`));
  t.is(code, 0, errors);
  t.regex(lines.join('\n'), /^hello, world\{"method":"GET","url":"\/echo"/);
});

test('it is not longer than it is said to be', (t) => {
  t.true(readFileSync(FILE, 'latin1').trimEnd().split('\n').length < 150);
});
