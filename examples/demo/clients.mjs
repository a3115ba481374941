/**
 * Clients that nobody here wrote. Each function drives one of them, checks every byte that came back, and returns
 * `{ client, checked, ports }`: how many answers were checked, and from which local ports the client connected.
 * `ca` is the file of the authority to trust: given, the client speaks HTTPS and verifies the server.
 */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { connect, createServer } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as tls from 'node:tls';
import { Expected, reassemble, refusal, wholeFile } from './expected.mjs';

const HOST = '127.0.0.1';

// ---- node:http and node:https ---------------------------------------------------------------------------------------------------------

export async function nodeHttp(port, requests, ca = null) {
  const [client, library] = ca === null ? ['node:http', http] : ['node:https', https];
  const trust = ca === null ? {} : { ca: readFileSync(ca) };
  const agent = new library.Agent({ keepAlive: true, maxSockets: 1, ...trust });
  const ports = new Set();
  for (const { method, target, headers, body, expected } of requests) {
    const options = { host: HOST, port, agent, method, path: target, headers: { ...headers } };
    if (body !== '') options.headers['Content-Length'] = body.length;
    const request = library.request(options).end(body);
    const [response] = await once(request, 'response');
    const fields = response.rawHeaders.flatMap((name, i, all) => (i % 2 === 0 ? [[name, all[i + 1]]] : []));
    ports.add(response.socket.localPort);
    const { statusCode: status, statusMessage: reason } = response;
    const received = reassemble({ status, reason, headers: fields, body: await buffer(response) });
    expected.check(`${client}, ${method} ${target}`, received);
  }
  agent.destroy();
  if (ports.size !== 1) throw new Error(`${client}: the connection was not kept alive; it took ${ports.size}`);
  return { client, checked: requests.length, ports: [...ports] };
}

// ---- node:tls ---------------------------------------------------------------------------------------------------------

/**
 * Carries a client's bytes to the server, and lets it wait: the first message goes in two halves, the second of them when
 * the server has had to stop for it; the second message goes when it has stopped again.
 * @param untilWaiting (port, times) → a promise, kept when the server has stopped so often for this port
 */
async function hesitate(client, server, untilWaiting) {
  let message = 0;
  for await (const bytes of client) {
    const half = ++message === 1 ? bytes.length >> 1 : 0;
    if (half > 0) server.write(bytes.subarray(0, half));
    if (message <= 2) await untilWaiting(server.localPort, message);
    server.write(bytes.subarray(half));
  }
  server.end();
}

/** A way to the server that hesitates: `{ port, server }`, where to connect, and the connection that the server sees. */
async function hesitantWay(port, untilWaiting) {
  const server = connect({ host: HOST, port, noDelay: true });
  await once(server, 'connect');
  const relay = createServer((client) => {
    relay.close(); // to all others
    server.pipe(client);
    hesitate(client, server, untilWaiting).catch((error) => client.destroy(error));
  });
  await once(relay.listen(0, HOST), 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (relay.address());
  return { port: address.port, server };
}

/** One version of TLS and no other, one request; besides, what the client says was `agreed`. */
export async function nodeTls(port, [file], ca, version, untilWaiting) {
  const versions = { minVersion: version, maxVersion: version };
  const way = await hesitantWay(port, untilWaiting);
  const { localPort } = way.server;
  const trust = { ca: readFileSync(ca), ALPNProtocols: ['h2', 'http/1.1'] };
  const connection = tls.connect({ host: HOST, port: way.port, ...trust, ...versions });
  await once(connection, 'secureConnect');
  const { alpnProtocol: alpn } = connection;
  const agreed = { protocol: connection.getProtocol(), cipher: connection.getCipher().name, alpn };
  connection.write(get(file, true));
  const client = `node:tls, ${version} alone`;
  wholeFile(file, { close: true }).check(client, await buffer(connection));
  return { client, checked: 1, ports: [localPort], agreed };
}

// ---- node:net: what no HTTP library would send ----------------------------------------------------------------------------

/** Writes `chunks` one by one, and returns all that came until the server ended the connection. */
async function exchange(port, chunks, ports) {
  const connection = connect({ host: HOST, port, noDelay: true });
  await once(connection, 'connect');
  ports.push(connection.localPort);
  for (const chunk of chunks) {
    if (!connection.write(chunk)) await once(connection, 'drain');
  }
  return buffer(connection);
}

const get = ({ name }, last = false) =>
  `GET /${name} HTTP/1.1\r\nHost: localhost\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;

/** Several requests in one write, and several in many: the answers come in order either way. */
export async function netPipelined(port, files) {
  const text = files.map((file, i) => get(file, i === files.length - 1)).join('');
  const answers = files.map((file, i) => wholeFile(file, { close: i === files.length - 1 }));
  const ports = [];
  for (const chunks of [[text], [...text]]) {
    Expected.all(answers).check('node:net, pipelined', await exchange(port, chunks, ports));
  }
  return { client: 'node:net, pipelined', checked: 2 * files.length, ports };
}

/** What is no HTTP gets its status, and the end of the connection. */
export async function netMalformed(port) {
  const cases = [
    ['GET\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', '400 Bad Request'],
    ['GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '501 Not Implemented'],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', '505 HTTP Version Not Supported'],
    [`GET / HTTP/1.1\r\nHost: ${'a'.repeat(20_000)}`, '431 Request Header Fields Too Large'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', '400 Bad Request'], // the beginning of a TLS handshake
  ];
  const ports = [];
  for (const [text, status] of cases) {
    const received = await exchange(port, [Buffer.from(text, 'latin1')], ports);
    const what = `node:net, ${JSON.stringify(text.slice(0, 40))}`;
    refusal(status, [['Connection', 'close']]).check(what, received);
  }
  return { client: 'node:net, malformed', checked: cases.length, ports };
}

/**
 * Asks for far more than the kernel holds for a client that does not read, and reads nothing until the server has had to
 * stop: `untilStuck(port)` tells when.
 */
export async function netSlowReader(port, files, untilStuck) {
  const file = files.reduce((a, b) => (a.bytes.length > b.bytes.length ? a : b));
  const count = Math.ceil(SLOW_BYTES / file.bytes.length);
  const connection = connect({ host: HOST, port });
  await once(connection, 'connect');
  const ports = [connection.localPort];
  connection.pause();
  connection.write(get(file).repeat(count - 1) + get(file, true));
  await untilStuck(connection.localPort);
  const answers = Array.from({ length: count }, (_, i) => wholeFile(file, { close: i === count - 1 }));
  Expected.all(answers).check('node:net, slow reader', await buffer(connection));
  return { client: 'node:net, slow reader', checked: count, ports };
}

const SLOW_BYTES = 24 * 1024 * 1024;

// ---- echo -------------------------------------------------------------------------------------------------------------

/** Many connections at once, each with a megabyte of its own, sent and received at the same time. */
export async function netEcho(port, count) {
  const one = async () => {
    const connection = connect({ host: HOST, port, noDelay: true });
    await once(connection, 'connect');
    const { localPort } = connection;
    const sent = randomBytes(ECHO_BYTES);
    connection.end(sent);
    const received = await buffer(connection);
    if (!received.equals(sent)) throw new Error(`node:net: ${received.length} bytes came back, and not those sent`);
    return localPort;
  };
  const ports = await Promise.all(Array.from({ length: count }, one));
  return { client: `node:net, ${count} × 1 MiB`, checked: count, ports };
}

const ECHO_BYTES = 1024 * 1024;

// ---- curl -------------------------------------------------------------------------------------------------------------

/** The whole response, targets as they are given, and no proxy that the environment may name. */
const CURL_OPTIONS = ['--silent', '--include', '--path-as-is', '--globoff', '--noproxy', '*'];

/** All requests from one curl, over one connection. null: curl is not installed. */
export async function curl(port, requests, ca = null) {
  const version = versionOf('curl', ['--version'], /^curl (\S+)/);
  if (version === null) return null;
  const url = (target) => `${ca === null ? 'http' : 'https'}://${HOST}:${port}${target}`;
  const args = requests.flatMap(({ method, target, headers, body }, i) => {
    const options = [...CURL_OPTIONS, '--write-out', '%{stderr}%{local_port}\n'];
    if (ca !== null) options.push('--cacert', ca);
    if (method === 'HEAD') options.push('--head');
    if (body !== '') options.push('--data-binary', body);
    for (const [name, value] of Object.entries(headers)) options.push('--header', `${name}: ${value}`);
    return [...(i > 0 ? ['--next'] : []), ...options, url(target)];
  });
  const { stdout, stderr } = await run('curl', ['--disable', ...args]);
  Expected.all(requests.map(({ expected }) => expected)).check('curl', stdout);
  const ports = [...new Set(stderr.toString().trim().split('\n').map(Number))];
  if (ports.length !== 1) throw new Error(`curl: the connection was not kept alive; it took ${ports.length}`);
  return { client: `curl ${version}`, checked: requests.length, ports };
}

// ---- python3 ----------------------------------------------------------------------------------------------------------

const PYTHON_HTTP = `
import base64, http.client, json, ssl, sys
port, requests, ca = json.load(sys.stdin)
if ca is None:
    connection = http.client.HTTPConnection('${HOST}', port)
else:
    connection = http.client.HTTPSConnection('${HOST}', port, context=ssl.create_default_context(cafile=ca))
ports, answers = set(), []
for method, target, headers, body in requests:
    connection.request(method, target, body or None, headers)
    ports.add(connection.sock.getsockname()[1])
    r = connection.getresponse()
    answers.append([r.status, r.reason, r.getheaders(), base64.b64encode(r.read()).decode()])
json.dump([sorted(ports), answers], sys.stdout)
`;

/** The same requests from Python's http.client. null: python3 is not installed. */
export async function pythonHttp(port, requests, ca = null) {
  const version = pythonVersion();
  if (version === null) return null;
  const asked = requests.map(({ method, target, headers, body }) => [method, target, headers, body]);
  const { stdout } = await run('python3', ['-c', PYTHON_HTTP], JSON.stringify([port, asked, ca]));
  const [ports, answers] = JSON.parse(stdout);
  for (const [i, [status, reason, headers, body]] of answers.entries()) {
    const received = reassemble({ status, reason, headers, body: Buffer.from(body, 'base64') });
    requests[i].expected.check(`python3, ${requests[i].method} ${requests[i].target}`, received);
  }
  if (ports.length !== 1) throw new Error(`python3: the connection was not kept alive; it took ${ports.length}`);
  const module = ca === null ? 'http.client' : 'http.client and ssl';
  return { client: `python3 ${version}, ${module}`, checked: answers.length, ports };
}

const PYTHON_ECHO = `
import json, os, random, socket, sys
port = json.load(sys.stdin)
with socket.create_connection(('${HOST}', port)) as sock, sock.makefile('rb') as file:
    checked = 0
    for size in [1, 2, 1459, 1460, 1461, 65535, 65536, 65537] + [random.randint(1, 100_000) for _ in range(200)]:
        sent = os.urandom(size)
        sock.sendall(sent)
        if file.read(size) != sent: sys.exit('what came back is not what was sent')
        checked += 1
    json.dump([sock.getsockname()[1], checked], sys.stdout)
`;

export async function pythonEcho(port) {
  const version = pythonVersion();
  if (version === null) return null;
  const { stdout } = await run('python3', ['-c', PYTHON_ECHO], JSON.stringify(port));
  const [localPort, checked] = JSON.parse(stdout);
  return { client: `python3 ${version}, socket`, checked, ports: [localPort] };
}

// ---- programs ---------------------------------------------------------------------------------------------------------

/** Runs a program to its end: `{ stdout, stderr }` as Buffers. @throws Error with its standard error */
export function run(program, args, input = '') {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', maxBuffer: 2 ** 28 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr.toString().trim() || error.message}`));
      else resolve({ stdout, stderr });
    });
    child.stdin.on('error', () => {}); // it may end before it has read all
    child.stdin.end(input);
  });
}

function versionOf(program, args, pattern) {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? (pattern.exec(stdout)?.[1] ?? '') : null;
}

export function pythonVersion() {
  return versionOf('python3', ['--version'], /^Python (\S+)/);
}
