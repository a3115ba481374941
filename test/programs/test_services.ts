/** Drivers that nobody here wrote, unchanged, over streams of berkeley/stream, with the real servers. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import nodemailer from 'nodemailer';
import pg from 'pg';
import * as stream from '../../lib/stream/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testUnless, underSanitizers } from '../helpers/peers.js';
import { missing, startMariadb, startPostgres, startRedis, startSmtp } from '../helpers/services.js';
import { cert } from '../helpers/tls.js';

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
  const text = 'grüße\n'.repeat(5000);
  await transport.sendMail({ from: 'a@localhost', to: 'b@localhost', subject: 'over a stream', text });
  const got = await mail();
  t.like(got, { from: 'a@localhost', to: ['b@localhost'], secure: true, user });
  t.regex(got.message, /^Subject: over a stream\r$/m);
  t.is(made.length, 1);
  transport.close();
});
