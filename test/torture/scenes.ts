/** What is done while calls fail: servers and clients of each kind, written as their documentation says. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as asyncio from '../../lib/asyncio/index.js';
import { BlockingIOError } from '../../lib/core/exceptions.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import type { SSLContext, SSLSocket } from '../../lib/ssl/index.js';
import * as ssl from '../../lib/ssl/index.js';
import * as stream from '../../lib/stream/index.js';
import { clientContext, serverContext } from '../helpers/tls.js';
import type { Run, Scene } from './run.js';

const HOST = '127.0.0.1';
const PAYLOAD = randomBytes(200_000);
const SMALL = Buffer.from('some bytes');
const contexts = { server: serverContext(), client: clientContext() };

function same(got: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.compare(got, expected) === 0, `${got.length} bytes came, other than the ${expected.length} sent`);
}

// ---- blocking

function readExactly(sock: socket.socket, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let left = size; left > 0; ) {
    const part = sock.recv(left);
    if (part.length === 0) break;
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts);
}

function blocking(timeout: number | null): Scene {
  return (run) =>
    run.party('both ends', () => {
      using listener = socket.create_server([HOST, 0]);
      using client = socket.create_connection(listener.getsockname(), timeout === null ? {} : { timeout });
      listener.settimeout(timeout);
      const [server, peer] = listener.accept();
      using _server = server;
      server.settimeout(timeout);
      assert.deepEqual(peer, client.getsockname());
      client.sendall(SMALL);
      same(readExactly(server, SMALL.length), SMALL);
      const sent = server.sendmsg([SMALL, SMALL]);
      same(readExactly(client, sent), Buffer.concat([SMALL, SMALL]).subarray(0, sent));
      using file = client.makefile('rwb');
      file.write(SMALL);
      file.flush();
      same(readExactly(server, SMALL.length), SMALL);
      server.shutdown(socket.SHUT_WR);
      assert.deepEqual(file.read(), Buffer.alloc(0));
    });
}

const datagrams: Scene = (run) =>
  run.party('both ends', () => {
    using one = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    using other = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    for (const each of [one, other]) each.bind([HOST, 0]);
    other.settimeout(20);
    one.sendto(SMALL, other.getsockname());
    one.sendmsg([SMALL], [], 0, other.getsockname());
    for (let i = 0; i < 2; i++) {
      const [got, from] = other.recvfrom(100);
      same(got, SMALL.subarray(0, got.length));
      assert.deepEqual(from, one.getsockname());
    }
  });

const descriptors: Scene = (run) =>
  run.party('both ends', async () => {
    const [one, other] = socket.socketpair();
    using _one = one;
    using _other = other;
    using given = one.dup();
    socket.send_fds(one, [SMALL], [given.fileno(), given.fileno()]);
    const [data, fds] = socket.recv_fds(other, 100, 10);
    same(data, SMALL.subarray(0, data.length));
    assert.equal(fds.length, 2);
    for (const fd of fds) {
      await run.party('a copy', () => socket.fromfd(fd, given.family, given.type).close());
      await run.party('what came', () => socket.close(fd));
    }
  });

const batches: Scene = (run) =>
  run.party('both ends', () => {
    const [one, other] = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM);
    using _one = one;
    using _other = other;
    const outgoing = new socket.MessageBatch(3, SMALL.length);
    for (let i = 0; i < 3; i++) outgoing.buffer.set(SMALL, i * SMALL.length);
    outgoing.lengths.fill(SMALL.length);
    const sent = one.sendmmsg(outgoing);
    const batch = new socket.MessageBatch(8, 100);
    let came = 0;
    while (came < sent) came += other.recvmmsg_into(batch);
    assert.equal(came, sent);
  });

const FILE = fileURLToPath(new URL('../../../docs/socket.md', import.meta.url));

const files: Scene = (run) =>
  run.party('both ends', () => {
    const [one, other] = socket.socketpair();
    using _one = one;
    using _other = other;
    const file = openSync(FILE, 'r');
    try {
      const sent = one.sendfile(file, 0, 5000);
      assert.equal(sent, 5000);
      assert.equal(readExactly(other, sent).length, sent);
    } finally {
      closeSync(file);
    }
  });

// ---- a selector

/** An echo server of one connection, and its client, neither of which waits in a call. */
function selecting(tls: boolean): Scene {
  return async (run) => {
    await run.party('both ends', async () => {
      using selector = new selectors.DefaultSelector();
      using listener = socket.create_server([HOST, 0]);
      const connected = socket.create_connection(listener.getsockname());
      const opened: socket.socket[] = [connected];
      try {
        const [accepted] = listener.accept();
        opened.push(accepted);
        let [client, server]: socket.socket[] = [connected, accepted];
        if (tls) {
          client = opened[0] = contexts.client.wrap_socket(client, {
            server_hostname: 'localhost',
            do_handshake_on_connect: false,
          });
          server = opened[1] = contexts.server.wrap_socket(server, {
            server_side: true,
            do_handshake_on_connect: false,
          });
        }
        for (const each of [client, server]) each.setblocking(false);
        pump(selector, echoing(server), sending(client));
      } finally {
        for (const each of opened) await run.party('a socket', () => each.close());
      }
    });
  };
}

/** Runs these until both have ended; each yields the socket that it waits for, and how. */
function pump(selector: selectors.BaseSelector, ...tasks: Generator<[socket.socket, number], void>[]): void {
  const advance = (task: Generator<[socket.socket, number], void>) => {
    const { value, done } = task.next();
    if (!done) selector.register((value as [socket.socket, number])[0], (value as [socket.socket, number])[1], task);
  };
  for (const task of tasks) advance(task);
  const map = selector.get_map();
  while (map !== null && map.size > 0) {
    const ready = selector.select(20);
    assert.ok(ready.length > 0, 'nothing happens');
    for (const [key] of ready) {
      selector.unregister(key.fileobj);
      advance(key.data as Generator<[socket.socket, number], void>);
    }
  }
}

function* retried<T>(sock: socket.socket, event: number, call: () => T): Generator<[socket.socket, number], T> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error instanceof ssl.SSLWantReadError) yield [sock, selectors.EVENT_READ];
      else if (error instanceof ssl.SSLWantWriteError) yield [sock, selectors.EVENT_WRITE];
      else if (error instanceof BlockingIOError) yield [sock, event];
      else throw error;
    }
  }
}

function* sendAll(sock: socket.socket, bytes: Buffer): Generator<[socket.socket, number], void> {
  for (let at = 0; at < bytes.length; ) {
    at += yield* retried(sock, selectors.EVENT_WRITE, () => sock.send(bytes.subarray(at, at + 16_384)));
  }
}

function* echoing(sock: socket.socket): Generator<[socket.socket, number], void> {
  for (;;) {
    const got = yield* retried(sock, selectors.EVENT_READ, () => sock.recv(65_536));
    if (got.length === 0) return yield* ended(sock);
    yield* sendAll(sock, got);
  }
}

function* sending(sock: socket.socket): Generator<[socket.socket, number], void> {
  yield* sendAll(sock, SMALL);
  const parts: Buffer[] = [];
  for (let size = 0; size < SMALL.length; ) {
    const got = yield* retried(sock, selectors.EVENT_READ, () => sock.recv(65_536));
    if (got.length === 0) break;
    parts.push(got);
    size += got.length;
  }
  same(Buffer.concat(parts), SMALL);
  yield* ended(sock);
}

function* ended(sock: socket.socket): Generator<[socket.socket, number], void> {
  if ('unwrap' in sock) yield* retried(sock, selectors.EVENT_READ, () => (sock as SSLSocket).unwrap());
  else sock.shutdown(socket.SHUT_WR);
}

// ---- asyncio

async function echo(run: Run, reader: asyncio.StreamReader, writer: asyncio.StreamWriter): Promise<void> {
  await run.party('server', async () => {
    try {
      for (;;) {
        const got = await reader.read(65_536);
        if (got.length === 0) break;
        writer.write(got);
        await writer.drain();
      }
    } finally {
      writer.close();
      await writer.wait_closed();
    }
  });
}

async function exchange([reader, writer]: [asyncio.StreamReader, asyncio.StreamWriter]): Promise<void> {
  try {
    writer.write(PAYLOAD);
    await writer.drain();
    same(await reader.readexactly(PAYLOAD.length), PAYLOAD);
  } finally {
    writer.close();
    await writer.wait_closed();
  }
}

function streams(tls: boolean): Scene {
  const server_options = tls ? { ssl: contexts.server } : {};
  const client_options = tls ? { ssl: contexts.client, server_hostname: 'localhost' } : {};
  return async (run) => {
    const served = new Set<Promise<void>>();
    await run.party('listening', async () => {
      const server = await asyncio.start_server(
        (reader, writer) => {
          const serving = echo(run, reader, writer);
          served.add(serving);
          return serving;
        },
        HOST,
        0,
        server_options,
      );
      try {
        const [, port] = server.sockets[0].getsockname() as [string, number];
        const client = async () => exchange(await asyncio.open_connection(HOST, port, client_options));
        await run.party('client', client);
        await run.calmly(client);
      } finally {
        await run.party('closing', () => server.close());
        await server.wait_closed();
        await Promise.all(served);
      }
    });
  };
}

const calls: Scene = async (run) => {
  await run.party('listening', async () => {
    using listener = socket.create_server([HOST, 0]);
    listener.setblocking(false);
    using client = new socket.socket();
    client.setblocking(false);
    const serving = run.party('server', async () => {
      let accepted: socket.socket | undefined;
      // What comes out of one accept says nothing of the next.
      for (let tries = 0; tries < 2 && accepted === undefined; tries++) {
        await run.party('accept', async () => {
          [accepted] = await asyncio.sock_accept(listener);
        });
      }
      using server = accepted as socket.socket;
      for (;;) {
        const got = await asyncio.sock_recv(server, 65_536);
        if (got.length === 0) return;
        await asyncio.sock_sendall(server, got);
      }
    });
    await run.party('client', async () => {
      try {
        await asyncio.sock_connect(client, listener.getsockname());
        const sending = asyncio.sock_sendall(client, PAYLOAD);
        // Without the rest, no answer comes.
        sending.catch(() => client.shutdown(socket.SHUT_RDWR));
        const got: Buffer[] = [];
        const receiving = (async () => {
          for (let size = 0; size < PAYLOAD.length; ) {
            const part = await asyncio.sock_recv(client, 65_536);
            if (part.length === 0) break;
            got.push(part);
            size += part.length;
          }
        })();
        const [sent, received] = await Promise.allSettled([sending, receiving]);
        for (const each of [sent, received]) if (each.status === 'rejected') throw each.reason;
        if (Buffer.concat(got).length === PAYLOAD.length) same(Buffer.concat(got), PAYLOAD);
        else throw new asyncio.IncompleteReadError(Buffer.concat(got), PAYLOAD.length);
      } finally {
        client.close();
      }
    });
    // Nobody may have come: whoever waits for a connection gets one.
    await run.calmly(async () => {
      using last = new socket.socket();
      last.connect(listener.getsockname());
      last.close();
      await serving;
    });
  });
};

/** The awaited calls of messages, batches and files, over a pair of sockets. */
const messages: Scene = async (run) => {
  await run.party('both ends', async () => {
    const [one, other] = socket.socketpair();
    using _one = one;
    using _other = other;
    for (const each of [one, other]) each.setblocking(false);
    const sent = await asyncio.sock_sendmsg(one, [SMALL, SMALL]);
    const [data] = await asyncio.sock_recvmsg(other, 100);
    same(data, Buffer.concat([SMALL, SMALL]).subarray(0, data.length));
    for (let left = sent - data.length; left > 0; ) left -= (await asyncio.sock_recv(other, left)).length;
    const outgoing = new socket.MessageBatch(2, SMALL.length);
    outgoing.buffer.fill('x');
    outgoing.lengths.fill(SMALL.length);
    assert.equal(await asyncio.sock_sendmmsg(one, outgoing), 2);
    const batch = new socket.MessageBatch(8, 100);
    for (let came = 0; came < 2 * SMALL.length; ) {
      const count = await asyncio.sock_recvmmsg_into(other, batch);
      for (let i = 0; i < count; i++) came += batch.lengths[i];
    }
  });
  await run.party('a file', async () => {
    const [one, other] = socket.socketpair();
    using _one = one;
    using _other = other;
    for (const each of [one, other]) each.setblocking(false);
    const file = openSync(FILE, 'r');
    try {
      const sent = await asyncio.sock_sendfile(one, file, 0, 5000);
      for (let size = 0; size < sent; ) size += (await asyncio.sock_recv(other, 5000)).length;
      assert.equal(sent, 5000);
    } finally {
      closeSync(file);
    }
  });
};

const upgraded: Scene = async (run) => {
  const served = new Set<Promise<void>>();
  await run.party('listening', async () => {
    const server = await asyncio.start_server(
      (reader, writer) => {
        const serving = (async () => {
          await run.party('upgrade', async () => {
            await reader.readline();
            await writer.start_tls(contexts.server);
          });
          await echo(run, reader, writer);
        })();
        served.add(serving);
        return serving;
      },
      HOST,
      0,
    );
    try {
      const [, port] = server.sockets[0].getsockname() as [string, number];
      const client = async () => {
        const [reader, writer] = await asyncio.open_connection(HOST, port);
        try {
          writer.write(Buffer.from('TLS\n'));
          await writer.start_tls(contexts.client, { server_hostname: 'localhost' });
        } catch (error) {
          writer.close();
          await writer.wait_closed().catch(() => {});
          throw error;
        }
        await exchange([reader, writer]);
      };
      await run.party('client', client);
      await run.calmly(client);
    } finally {
      await run.party('closing', () => server.close());
      await server.wait_closed();
      await Promise.all(served);
    }
  });
};

/** Streams over a Unix socket, with a descriptor beside the bytes. */
const passing: Scene = async (run) => {
  const path = `\0berkeley-torture-${process.pid}`;
  const served = new Set<Promise<void>>();
  const server = stream.createServer((one) => {
    served.add(
      run.party('server', async () => {
        one.on('fds', (fds: number[]) => {
          for (const fd of fds) void run.party('what came', () => socket.close(fd));
        });
        one.resume();
        one.end(SMALL);
        await once(one, 'close');
      }),
    );
  });
  server.on('error', (error: Error) => run.failures.push({ who: 'server', error }));
  await run.party('listening', async () => {
    server.listen({ path });
    await once(server, 'listening');
  });
  const client = async () => {
    const connection = stream.connect({ path }) as stream.UnixDuplex;
    try {
      connection.writeWithFds(SMALL, [0]);
      connection.end();
      await comesWhole(connection, SMALL);
    } finally {
      connection.destroy();
      await ends(connection);
    }
  };
  if (server.listening) {
    await run.party('client', client);
    if (server.listening) await run.calmly(client);
    if (server.listening) await stopped(run, server);
  }
  await Promise.all(served);
};

const endpoint: Scene = async (run) => {
  await run.party('both ends', async () => {
    let arrived = () => {};
    const came = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const errors: unknown[] = [];
    const [server] = await asyncio.create_datagram_endpoint(
      () => ({ datagram_received: () => arrived(), error_received: (error) => errors.push(error) }),
      { local_addr: [HOST, 0] },
    );
    try {
      const address = server.get_extra_info('sockname') as [string, number] | null;
      if (address === null) return; // the transport could not ask, which it forgives as CPython's does
      const [client] = await asyncio.create_datagram_endpoint(
        () => ({ error_received: (error) => errors.push(error) }),
        { remote_addr: address },
      );
      try {
        // A datagram may be lost where a call has failed: so they are sent until one has come.
        for (const timer = setInterval(() => client.sendto(SMALL), 20); ; ) {
          await came;
          clearInterval(timer);
          break;
        }
      } finally {
        client.close();
      }
    } finally {
      server.close();
    }
  });
};

// ---- Node's streams

async function ends(one: Duplex): Promise<void> {
  if (!one.closed) await once(one, 'close');
}

async function comesWhole(from: Duplex, expected: Buffer): Promise<void> {
  const got: Buffer[] = [];
  for await (const part of from) got.push(part as Buffer);
  const all = Buffer.concat(got);
  if (all.length < expected.length) throw new asyncio.IncompleteReadError(all, expected.length);
  same(all, expected);
}

async function exchanged(client: Duplex): Promise<void> {
  try {
    client.end(PAYLOAD);
    await comesWhole(client, PAYLOAD);
  } finally {
    client.destroy();
    await ends(client);
  }
}

async function stopped(run: Run, server: stream.Server): Promise<void> {
  const closed = once(server, 'close');
  await run.party('closing', () => server.close());
  await closed;
}

function duplexes(tls: SSLContext | null): Scene {
  return async (run) => {
    const served = new Set<Promise<void>>();
    const server = stream.createServer({ allowHalfOpen: true, ...(tls === null ? {} : { ssl: tls }) }, (one) => {
      served.add(
        run.party('server', async () => {
          const closed = new Promise<void>((resolve) => one.once('close', () => resolve()));
          const failed = new Promise<never>((_, reject) => one.once('error', reject));
          one.pipe(one);
          await Promise.race([closed, failed]);
          await closed;
        }),
      );
    });
    server.on('tlsClientError', (error: Error) => run.failures.push({ who: 'server', error }));
    server.on('error', (error: Error) => run.failures.push({ who: 'server', error }));
    await run.party('listening', async () => {
      server.listen(0, HOST);
      await once(server, 'listening');
    });
    const options = tls === null ? {} : { ssl: contexts.client, servername: 'localhost' };
    const client = () =>
      exchanged(stream.connect({ host: HOST, port: (server.address() as AddressInfo).port, ...options }));
    if (server.listening) {
      await run.party('client', client);
      if (server.listening) await run.calmly(client);
      if (server.listening) {
        await stopped(run, server);
      }
    }
    await Promise.all(served);
  };
}

const web: Scene = async (run) => {
  const requests = http.createServer((request, response) => {
    request.pipe(response);
    request.on('error', () => response.destroy());
  });
  const server = stream.createServer((one) => requests.emit('connection', one));
  server.on('error', (error: Error) => run.failures.push({ who: 'server', error }));
  await run.party('listening', async () => {
    server.listen(0, HOST);
    await once(server, 'listening');
  });
  const client = async () => {
    const { port } = server.address() as AddressInfo;
    const request = http.request({
      method: 'POST',
      createConnection: () => stream.connect({ host: HOST, port }),
    });
    request.on('error', () => {}); // behind the answer's head the answer tells it
    request.end(PAYLOAD);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const got: Buffer[] = [];
    for await (const part of response) got.push(part as Buffer);
    same(Buffer.concat(got), PAYLOAD);
  };
  if (server.listening) {
    await run.party('client', client);
    if (server.listening) await run.calmly(client);
    requests.closeAllConnections();
    if (server.listening) {
      await stopped(run, server);
    }
  }
};

export const SCENES: Record<string, Scene> = {
  blocking: blocking(null),
  'with a timeout': blocking(20),
  datagrams,
  descriptors,
  batches,
  files,
  selector: selecting(false),
  'selector, TLS': selecting(true),
  calls,
  streams: streams(false),
  'streams, TLS': streams(true),
  messages,
  start_tls: upgraded,
  passing,
  endpoint,
  duplexes: duplexes(null),
  'duplexes, TLS': duplexes(contexts.server),
  http: web,
};
