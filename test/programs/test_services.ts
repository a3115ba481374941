/** Drivers that nobody here wrote, unchanged, over streams of berkeley/stream, with the real servers. */
import { type EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import * as tls from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import test from 'ava';
import { Redis } from 'ioredis';
import mqtt from 'mqtt';
import mysql from 'mysql2/promise';
import nodemailer from 'nodemailer';
import pg from 'pg';
import ssh2 from 'ssh2';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testUnless, tmpdir, underSanitizers } from '../helpers/peers.js';
import {
  missing,
  startMariadb,
  startMosquitto,
  startPostgres,
  startRedis,
  startSmtp,
  startSsh,
} from '../helpers/services.js';
import { cert, clientContext } from '../helpers/tls.js';

checkLeaks(test);

const ca = readFileSync(cert('root.crt.pem'));
const STARTING_MS = 120_000;

// pg derives a key from its password by Node's crypto, on threads of libuv's pool.
const keysLeak = underSanitizers && "Node's own OpenSSL leaves each pool thread's error state allocated";
testUnless(missing.postgres || keysLeak).serial('pg: PostgreSQL, plain and with TLS', async (t) => {
  t.timeout(STARTING_MS);
  const { stop, peer: _, ...account } = await startPostgres();
  t.teardown(stop);
  for (const ssl of [false, { ca, servername: 'localhost' }]) {
    const made: stream.SocketDuplex[] = [];
    const client = new pg.Client({
      ...account,
      ssl,
      stream: () => {
        const socket = new stream.SocketDuplex();
        made.push(socket);
        return socket as never;
      },
    });
    await client.connect();
    const secure = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    t.is(secure.rows[0].ssl, ssl !== false);
    const big = 'é'.repeat(500_000);
    const { rows } = await client.query('SELECT $1::text AS same, generate_series(1, 3) AS n', [big]);
    t.deepEqual(
      rows.map(({ same, n }) => [same === big, n]),
      [1, 2, 3].map((n) => [true, n]),
    );
    await t.throwsAsync(client.query('SELECT nothing FROM nowhere'), { message: /nowhere/ });
    await client.end();
    t.is(made.length, 1);
    t.true(made[0].bytesRead > 2_000_000);
  }
});

testUnless(missing.redis).serial('ioredis: Redis', async (t) => {
  t.timeout(STARTING_MS);
  const { host, port, stop } = await startRedis();
  t.teardown(stop);
  class Connector {
    firstError?: Error;
    #socket: stream.SocketDuplex | null = null;
    check() {
      return true;
    }
    async connect() {
      this.#socket = stream.connect({ host, port, noDelay: true });
      return this.#socket;
    }
    disconnect() {
      this.#socket?.end();
    }
  }
  const redis = new Redis({ Connector: Connector as never });
  const value = Buffer.alloc(1_000_000, 'r');
  t.is(await redis.set('key', value), 'OK');
  t.true(value.equals((await redis.getBuffer('key')) as Buffer));
  const replies = await redis.pipeline(Array.from({ length: 1000 }, () => ['incr', 'counter'])).exec();
  t.deepEqual(
    replies?.map(([error, n]) => error ?? n),
    Array.from({ length: 1000 }, (_, i) => i + 1),
  );
  await t.throwsAsync(redis.call('lpush', 'key', 'x'), { message: /WRONGTYPE/ });
  await redis.quit();
});

testUnless(missing.mariadb).serial('mysql2: MariaDB, plain and with TLS', async (t) => {
  t.timeout(STARTING_MS);
  const { host, port, user, password, database, stop } = await startMariadb();
  t.teardown(stop);
  for (const ssl of [undefined, { ca, servername: 'localhost', verifyIdentity: false }]) {
    const connection = await mysql.createConnection({
      user,
      password,
      database,
      ssl,
      stream: () => stream.connect({ host, port, noDelay: true }),
    });
    const [status] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
    t.is((status as { Value: string }[])[0].Value !== '', ssl !== undefined);
    const big = 'ß'.repeat(200_000);
    const [rows] = await connection.execute('SELECT ? AS same, 1 + 1 AS two', [big]);
    t.deepEqual(rows as unknown, [{ same: big, two: 2 }]);
    await t.throwsAsync(connection.query('SELECT nothing FROM nowhere'), { code: 'ER_NO_SUCH_TABLE' });
    await connection.end();
  }
});

testUnless(missing.smtp).serial('nodemailer: SMTP with STARTTLS', async (t) => {
  t.timeout(STARTING_MS);
  const { host, port, user, password, mail, stop } = await startSmtp();
  t.teardown(stop);
  const made: stream.SocketDuplex[] = [];
  const transport = nodemailer.createTransport({
    host,
    port,
    requireTLS: true,
    auth: { user, pass: password },
    tls: { ca, servername: 'localhost' },
    getSocket: (_options: unknown, callback: (error: Error | null, found: unknown) => void) => {
      const socket = stream.connect({ host, port });
      made.push(socket);
      socket.once('error', (error) => callback(error, null));
      socket.once('connect', () => callback(null, { connection: socket }));
    },
  } as never);
  const body = 'grüße\n'.repeat(5000);
  await transport.sendMail({ from: 'a@localhost', to: 'b@localhost', subject: 'over a stream', text: body });
  const got = await mail();
  t.like(got, { from: 'a@localhost', to: ['b@localhost'], secure: true, user });
  t.regex(got.message, /^Subject: over a stream\r$/m);
  t.is(made.length, 1);
  transport.close();
});

for (const secure of [false, true]) {
  testUnless(missing.mosquitto).serial(
    `mqtt: Mosquitto, ${secure ? 'TLS' : 'plain'}, and again after a loss`,
    async (t) => {
      t.timeout(STARTING_MS);
      const { host, port, stop } = await startMosquitto({ tls: secure });
      t.teardown(stop);
      let made = 0;
      const options = secure ? { ssl: clientContext(), servername: 'localhost' } : {};
      const client = new mqtt.MqttClient(
        () => {
          made++;
          return stream.connect({ host, port, ...options }) as never;
        },
        { reconnectPeriod: 50 },
      );
      const events = client as unknown as EventEmitter;
      await once(events, 'connect');
      await client.subscribeAsync('a/#', { qos: 2 });
      const sent = Buffer.alloc(500_000, 'm');
      for (const topic of ['a/first', 'a/second']) {
        const message = once(events, 'message');
        await client.publishAsync(topic, sent, { qos: 2 });
        const [got, payload] = await message;
        t.is(got, topic);
        t.true(sent.equals(payload));
        if (topic !== 'a/first') continue;
        const again = once(events, 'connect');
        client.stream.destroy();
        await again;
      }
      t.is(made, 2);
      await client.endAsync();
    },
  );
}

testUnless(missing.ssh).serial("ssh2: a command and a file by OpenSSH's server", async (t) => {
  t.timeout(STARTING_MS);
  const { host, port, user, privateKey, stop } = await startSsh();
  t.teardown(stop);
  const client = new ssh2.Client();
  const sock = stream.connect(port, host);
  client.connect({ sock, username: user, privateKey });
  await once(client, 'ready');
  const sent = Buffer.alloc(500_000, 's');
  const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
    client.exec('cat; echo done >&2; exit 3', (error, made) => (error ? reject(error) : resolve(made))),
  );
  const closed = once(channel, 'close');
  channel.end(sent);
  const [output, errors] = await Promise.all([buffer(channel), text(channel.stderr)]);
  t.true(sent.equals(output));
  t.is(errors, 'done\n');
  t.is((await closed)[0], 3);
  const sftp = await new Promise<ssh2.SFTPWrapper>((resolve, reject) =>
    client.sftp((error, made) => (error ? reject(error) : resolve(made))),
  );
  const file = join(tmpdir(t), 'file');
  await new Promise<void>((resolve, reject) =>
    sftp.writeFile(file, sent, (error) => (error ? reject(error) : resolve())),
  );
  t.true(sent.equals(readFileSync(file)));
  const ended = once(sock, 'close');
  client.end();
  await ended;
});

test('grpc-js: a server gets streams as its connections', async (t) => {
  const bytes = { requestSerialize: Buffer.from, requestDeserialize: Buffer.from };
  const echoed = { ...bytes, responseSerialize: Buffer.from, responseDeserialize: Buffer.from };
  const service = { many: { path: '/test.Echo/many', requestStream: true, responseStream: true, ...echoed } };
  const server = new grpc.Server();
  server.addService(service, {
    many: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (message: Buffer) => call.write(message)).on('end', () => call.end());
    },
  });
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = stream.createServer({ allowHalfOpen: true, noDelay: true }, (each) =>
    injector.injectConnection(each),
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const Client = grpc.makeGenericClientConstructor(service, 'Echo');
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const call: grpc.ClientDuplexStream<Buffer, Buffer> = client.many();
  const pieces = Array.from({ length: 100 }, (_, i) => Buffer.alloc(i * 200, `${i}`));
  for (const piece of pieces) call.write(piece);
  call.end();
  t.deepEqual(await call.toArray(), pieces);
  client.close();
  server.forceShutdown();
  const closed = once(listener, 'close');
  listener.close();
  await closed;
});

test('FTPS: node:tls upgrades no Duplex that has a decoder, and does a net.Socket of toNetSocket', async (t) => {
  const pem = readFileSync(cert('server.pem'));
  const server = tls.createServer({ cert: pem, key: pem }, (each) => each.end('secure'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upgrade = (connection: Duplex) => {
    connection.setEncoding('utf8');
    return tls.connect({ socket: connection, ca, servername: 'localhost' });
  };
  const [sock, peer] = socket.socketpair();
  t.teardown(() => peer.close());
  peer.sendall(Buffer.from('a piece'));
  const ours = stream.toDuplex(sock);
  // One piece of text alone: Node throws at the second one, which nobody could catch.
  const theirs = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  theirs.push('a piece');
  for (const connection of [ours, theirs]) {
    const [error] = await once(upgrade(connection).resume(), 'error');
    t.is(error.code, 'ERR_STREAM_WRAP');
    connection.destroy();
  }
  const changed = stream.toNetSocket(socket.create_connection(['127.0.0.1', port]));
  t.is(await text(upgrade(changed)), 'secure');
  server.close();
  await once(server, 'close');
});
