/**
 * The main job, on real input: an echo server and a file server for HTTP/1.1 and HTTPS, nonblocking, on one epoll in a
 * worker; clients that nobody here wrote; every byte of every answer checked. Ends with status 0 only if all of it was right.
 *
 *   npm start        or, once all is built: node examples/demo.mjs
 *
 * It needs a clone: the certificates of its HTTPS server are those of the tests, which are not in the installed package.
 */

import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { socket } from 'berkeley';
import * as clients from './demo/clients.mjs';
import { filesIn, requestsFor } from './demo/expected.mjs';
import { fromNode, fromPython, percentile } from './demo/latency.mjs';
import { table } from './demo/table.mjs';

/** It takes a few seconds, and on a busy machine some more: after so many, something hangs. */
const PATIENCE_MS = 60_000;
const ROOT = fileURLToPath(new URL('../docs', import.meta.url));
const certificate = (name) => fileURLToPath(new URL(`../test/certs/${name}`, import.meta.url));
const CA = certificate('root.crt.pem');

const say = (text = '') => process.stdout.write(`${text}\n`);

/** The server in its worker. We hold one end of a socket pair; the server ends when we close it. */
class Server {
  #worker;
  #stop;
  #over = new Map();
  #stuck = new Set();
  #shaking = new Map();
  #failed = null;
  /** What it listens on: `{ epoll, services: [{ name, fd, address }] }`. */
  listening;

  static async start() {
    const server = new Server();
    const [ours, theirs] = socket.socketpair();
    const workerData = { root: ROOT, certificate: certificate('server.pem'), control: theirs.detach() };
    server.#stop = ours;
    server.#worker = new Worker(new URL('./demo/server.mjs', import.meta.url), { workerData });
    const [first] = await once(server.#worker, 'message');
    if (first.failed) throw new Error(`the server: ${first.failed}`);
    server.listening = first.listening;
    server.#worker.on('message', (message) => server.#note(message));
    return server;
  }

  #note({ connection, stuck, shaking, failed }) {
    if (failed) this.#failed = new Error(`the server: ${failed}`);
    else if (stuck) this.#stuck.add(stuck[1]);
    else if (shaking) this.#shaking.set(shaking[1], (this.#shaking.get(shaking[1]) ?? 0) + 1);
    else this.#over.set(connection.peer[1], connection);
  }

  port(name) {
    return this.listening.services.find((service) => service.name === name).address[1];
  }

  /** What the server has to say of the connections from these ports, once they are over there too. */
  async connectionsFrom(ports) {
    await this.#until(() => ports.every((port) => this.#over.has(port)));
    return ports.map((port) => this.#over.get(port));
  }

  /** Until the client at this port has let so much pile up that the server cannot go on with it. */
  untilStuck(port) {
    return this.#until(() => this.#stuck.has(port));
  }

  /** Until a handshake with the client at this port has stopped so many times, to wait for it. */
  untilWaiting(port, times) {
    return this.#until(() => (this.#shaking.get(port) ?? 0) >= times);
  }

  async #until(condition) {
    while (!condition()) {
      if (this.#failed !== null) throw this.#failed;
      await once(this.#worker, 'message');
    }
  }

  async end() {
    const exit = once(this.#worker, 'exit');
    this.#stop.close();
    await exit;
    if (this.#failed !== null) throw this.#failed;
  }
}

function introduce({ listening }) {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  say(`berkeley ${version} on Node.js ${process.version}, ${process.platform} ${release()}, ${process.arch}`);
  say();
  say(`Three services in one worker thread, on one epoll (fd ${listening.epoll}):`);
  const rows = listening.services.map(({ name, fd, address }) => [name, address.join(':'), fd, kernelName(fd)]);
  say(table(['service', 'address', '>fd', 'to the kernel'], rows));
}

/** A descriptor belongs to the process, whichever thread opened it: so it can be looked at from here. */
function kernelName(fd) {
  const link = `/proc/self/fd/${fd}`;
  return existsSync('/proc/self/fd') ? readlinkSync(link) : '';
}

/** Every client in turn: rows for the table. */
async function serveClients(server, files) {
  const requests = requestsFor(files);
  const http = server.port('http');
  const https = server.port('https');
  const echo = server.port('echo');
  const drives = [
    { service: 'http', name: 'node:http', drive: () => clients.nodeHttp(http, requests) },
    { service: 'http', name: 'curl', drive: () => clients.curl(http, requests) },
    { service: 'http', name: 'python3', drive: () => clients.pythonHttp(http, requests) },
    { service: 'http', name: 'node:net, pipelined', drive: () => clients.netPipelined(http, files) },
    { service: 'http', name: 'node:net, malformed', drive: () => clients.netMalformed(http) },
    {
      service: 'http',
      name: 'node:net, slow reader',
      drive: () => clients.netSlowReader(http, files, (port) => server.untilStuck(port)),
    },
    { service: 'https', name: 'node:https', drive: () => clients.nodeHttp(https, requests, CA) },
    { service: 'https', name: 'curl', drive: () => clients.curl(https, requests, CA) },
    { service: 'https', name: 'python3', drive: () => clients.pythonHttp(https, requests, CA) },
    ...['TLSv1.3', 'TLSv1.2'].map((version) => {
      const untilWaiting = (port, times) => server.untilWaiting(port, times);
      const drive = () => clients.nodeTls(https, files, CA, version, untilWaiting);
      return { service: 'https', name: `node:tls, ${version}`, drive };
    }),
    { service: 'echo', name: 'node:net', drive: () => clients.netEcho(echo, 16) },
    { service: 'echo', name: 'python3', drive: () => clients.pythonEcho(echo) },
  ];
  const rows = [];
  for (const { service, name, drive } of drives) {
    stage = `${service}, driven by ${name}`;
    const result = await drive();
    if (result === null) say(`${stage}: left out, for it is not installed\n`);
    else rows.push({ service, ...result, connections: await server.connectionsFrom(result.ports) });
  }
  return rows;
}

const grouped = (number) => number.toLocaleString('en');
const sum = (connections, name) => connections.reduce((total, connection) => total + connection[name], 0);

/** "27" or "27 … 42". */
function span(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? String(least) : `${least} … ${most}`;
}

function showClients(rows) {
  const columns = ['client', 'service', 'from', 'server fd', '>right answers', '>bytes', '>partial', '>EPOLLOUT'];
  const cells = rows.map(({ client, service, checked, connections }) => [
    client,
    service,
    connections.length === 1 ? connections[0].peer.join(':') : `${connections.length} connections`,
    span(connections.map(({ fd }) => fd)),
    grouped(checked),
    grouped(sum(connections, 'bytesOut')),
    sum(connections, 'partialSends'),
    sum(connections, 'roomEvents'),
  ]);
  say('What came back to each client, compared byte for byte with what was due:');
  say(table(columns, cells));
  say('  partial: sends of which the kernel took a part. EPOLLOUT: how often epoll said that there was room again.\n');
}

/** What the server answered to one client, as its own log has it. */
function showRequests(rows) {
  const [{ client, connections }] = rows;
  say(`The requests of ${client}, all on one connection:`);
  const cells = connections[0].requests.map(({ line, range, status }) => [line, range, status]);
  say(table(['request', 'range', '>status'], cells));
}

/** Each call of the server's to do_handshake(), for the clients that allow one version of TLS alone. */
function showHandshakes(rows) {
  const shaken = rows.filter(({ agreed }) => agreed !== undefined);
  const cells = shaken.flatMap(({ client, agreed, connections: [{ handshake }] }) => {
    checkHandshake(client, handshake, agreed);
    const { protocol, cipher, alpn } = handshake.agreed;
    const waits = handshake.raised.map((name, i) => [client, i + 1, name, WAITS_FOR[name], '', '', '']);
    return [...waits, [client, waits.length + 1, 'returns', '', protocol, cipher, alpn]];
  });
  say('Nonblocking handshakes with clients that hesitate, call by call, as the server made them:');
  say(table(['client', '>call', 'do_handshake()', 'then epoll awaits', 'protocol', 'cipher', 'ALPN'], cells));
}

const WAITS_FOR = { SSLWantReadError: 'EPOLLIN', SSLWantWriteError: 'EPOLLOUT' };

/** These clients let the server wait; and both sides agreed upon the same. */
function checkHandshake(client, { raised, agreed }, theirs) {
  if (!raised.includes('SSLWantReadError')) throw new Error(`${client}: the handshake wanted nothing`);
  const same = Object.keys(theirs).every((name) => agreed[name] === theirs[name]);
  if (!same) throw new Error(`${client}: ${JSON.stringify(theirs)} there, ${JSON.stringify(agreed)} here`);
}

function checkBackpressure(rows) {
  const connections = rows.flatMap(({ connections }) => connections);
  if (sum(connections, 'partialSends') === 0) throw new Error('no send was partial: the slow reader was not slow');
  if (sum(connections, 'roomEvents') === 0) throw new Error('the server never waited for EPOLLOUT');
}

async function compare(server) {
  stage = 'round trips';
  const netEcho = new Worker(new URL('./demo/net_echo.mjs', import.meta.url));
  const [port] = await once(netEcho, 'message');
  const ports = { berkeley: server.port('echo'), 'node:net': port };
  const results = [
    ['node:net', await fromNode(ports)],
    ['python3', await fromPython(ports)],
  ];
  await netEcho.terminate();
  return results.filter(([, times]) => times !== null);
}

function showTimes(results) {
  const rows = results.flatMap(([client, arms]) =>
    Object.entries(arms).map(([server, times]) => {
      const part = (p) => percentile(times, p).toFixed(1);
      return [client, server, grouped(times.length), part(0.5), part(0.99), part(0.999)];
    }),
  );
  say('Round trips of 64 bytes, in microseconds; the two servers, each in a worker, took turns:');
  say(table(['client', 'echo server', '>round trips', '>p50', '>p99', '>p99.9'], rows));
}

async function main() {
  if (!existsSync(CA)) {
    return fail(
      `it needs the certificates in test/certs/ of a clone of the repository (there: npm start); ${CA} is not here.`,
    );
  }
  const server = await Server.start();
  introduce(server);
  const rows = await serveClients(server, filesIn(ROOT));
  showRequests(rows);
  showClients(rows);
  showHandshakes(rows);
  checkBackpressure(rows);
  showTimes(await compare(server));
  await server.end();
  const checked = rows.reduce((total, row) => total + row.checked, 0);
  say(`All ${grouped(checked)} answers were right. ${(performance.now() / 1000).toFixed(1)} s`);
}

/** What is being done, for the message if it takes too long. */
let stage = 'the server starts';

function fail(text) {
  process.stderr.write(`demo: ${text}\n`);
  process.exit(1);
}

setTimeout(() => fail(`not done after ${PATIENCE_MS / 1000} s: ${stage}`), PATIENCE_MS).unref();
main().catch((error) => fail(error.stack));
