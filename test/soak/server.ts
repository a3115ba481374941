/**
 * The process that is soaked: servers of each kind, which echo. It tells its parent where they listen, and each second how it
 * fares; when it is told to, it lets go of all that is not a listener and tells once more.
 */

import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import * as asyncio from '../../lib/asyncio/index.js';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { serverContext } from '../helpers/tls.js';
import type { Health, Places } from './health.js';

const HOST = '127.0.0.1';
/** How long a connection on which nothing happens is kept, in milliseconds. */
const IDLE_MS = 10_000;
const say = (message: object) => process.send?.(message);
let served = 0;

async function echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter): Promise<void> {
  served++;
  try {
    for (;;) {
      const got = await asyncio.wait_for((signal) => reader.read(65_536, { signal }), IDLE_MS / 1000);
      if (got.length === 0) break;
      writer.write(got);
      await asyncio.wait_for((signal) => writer.drain({ signal }), IDLE_MS / 1000);
    }
    writer.close();
  } catch {
    // A peer that resets, says nothing or takes nothing.
    writer.transport.abort();
  }
  await writer.wait_closed().catch(() => {});
}

const context = serverContext();
const handshake = { ssl: context, ssl_handshake_timeout: IDLE_MS / 1000, ssl_shutdown_timeout: 2 };
const asyncioServers = {
  asyncio: await asyncio.start_server(echo, HOST, 0),
  'asyncio, TLS': await asyncio.start_server(echo, HOST, 0, handshake),
};

function echoStream(one: stream.SocketDuplex): void {
  served++;
  one.on('error', () => {});
  one.setTimeout(IDLE_MS, () => one.destroy());
  one.pipe(one);
}

const requests = http.createServer((request, response) => {
  response.on('error', () => {});
  request.pipe(response);
});
requests.requestTimeout = requests.headersTimeout = IDLE_MS;
const streamServers = {
  streams: stream.createServer(echoStream),
  'streams, TLS': stream.createServer({ ssl: context, handshakeTimeout: IDLE_MS }, echoStream),
  http: stream.createServer((one) => {
    served++;
    one.on('error', () => {});
    one.setTimeout(IDLE_MS, () => one.destroy());
    requests.emit('connection', one);
  }),
};
for (const each of Object.values(streamServers)) {
  each.listen(0, HOST);
  await new Promise((resolve) => each.once('listening', resolve));
}

const FOLDER = mkdtempSync(join(tmpdir(), 'berkeley-soak-'));
const PATH = join(FOLDER, 'socket');
process.on('exit', () => rmSync(FOLDER, { recursive: true }));
const passing = stream.createServer((one) => {
  served++;
  one.on('error', () => {});
  one.setTimeout(IDLE_MS, () => one.destroy());
  one.on('fds', (fds: number[]) => {
    for (const fd of fds) socket.close(fd);
  });
  one.pipe(one);
});
passing.listen({ path: PATH });
await new Promise((resolve) => passing.once('listening', resolve));

/** A thread that blocks in accept, recv and sendall, and is terminated now and then. */
const blocking = socket.create_server([HOST, 0], { backlog: 128 });
const CODE = new URL('./blocking.js', import.meta.url);
/** Node.js loses the descriptors of modules that a thread is loading when it is terminated: so it has loaded all before. */
async function serving(): Promise<Worker> {
  const started = new Worker(CODE, { workerData: blocking.fileno() });
  await once(started, 'message');
  return started;
}
let worker = await serving();
let terminated = 0;
let over = false;
const churn = (async () => {
  while (!over) {
    const next = await serving();
    await sleep(500);
    await worker.terminate();
    worker = next;
    terminated++;
  }
})();

const places: Places = { unix: PATH, tcp: { blocking: blocking.getsockname()[1] as number } };
for (const [name, each] of Object.entries(asyncioServers)) {
  places.tcp[name] = each.sockets[0].getsockname()[1] as number;
}
for (const [name, each] of Object.entries(streamServers)) places.tcp[name] = (each.address() as AddressInfo).port;

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

function health(): Health {
  const { rss, heapUsed } = process.memoryUsage();
  const found = {
    rss,
    heap: heapUsed,
    descriptors: readdirSync('/proc/self/fd').length,
    delayMs: delay.percentile(99) / 1e6,
    served,
    terminated,
  };
  delay.reset();
  return found;
}

const pulse = setInterval(() => say({ health: health() }), 1000);
process.on('message', async (message) => {
  if (message === 'collect') {
    globalThis.gc?.();
    say({ collected: health() });
  } else if (message === 'stop') {
    clearInterval(pulse);
    over = true;
    await churn;
    await worker.terminate();
    for (const each of Object.values(asyncioServers)) each.abort_clients();
    requests.closeAllConnections();
    // The others end their connections by their timeouts.
    await sleep(2 * IDLE_MS);
    globalThis.gc?.();
    say({ last: health() });
    process.disconnect();
    process.exit();
  }
});
say({ places, health: health() });
