/** The servers of helpers/services.ts start, speak their protocols to blocking sockets, with TLS where they have it, and stop. */
import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import * as socket from '../../lib/socket/index.js';
import type { SSLSocket } from '../../lib/ssl/index.js';
import { checkLeaks } from '../helpers/leaks.js';
import { startWorker, testUnless } from '../helpers/peers.js';
import { missing, type Service, startMariadb, startPostgres, startRedis, startSmtp } from '../helpers/services.js';
import { clientContext } from '../helpers/tls.js';
import { noWrk, wrk } from '../helpers/wrk.js';

checkLeaks(test);

/** Starting a database server for the first time takes a while on a busy machine. */
const START_TIMEOUT_MS = 5 * 60_000;
/** How long a server may take to answer. It bounds a failure. */
const PATIENCE_S = 60;

type Sock = socket.socket;

async function started<S extends Service>(t: ExecutionContext, start: () => Promise<S>): Promise<S> {
  t.timeout(START_TIMEOUT_MS);
  const service = await start();
  t.teardown(service.stop);
  return service;
}

/** A blocking connection to a server. */
function connected(t: ExecutionContext, { host, port }: Service): Sock {
  const sock = socket.create_connection([host, port], PATIENCE_S);
  t.teardown(() => sock.close());
  return sock;
}

/** The same connection from here on over TLS, with the server verified. */
function secured(t: ExecutionContext, sock: Sock): SSLSocket {
  const secure = clientContext().wrap_socket(sock, { server_hostname: 'localhost' });
  t.teardown(() => secure.close());
  return secure;
}

/** So many bytes. (MSG_WAITALL does not wait for all under a timeout, and TLS does not know it.) */
function exactly(sock: Sock, length: number): Buffer {
  const whole = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const n = sock.recv_into(whole.subarray(done));
    if (n === 0) throw new Error(`the connection ended after ${done} bytes of ${length}`);
    done += n;
  }
  return whole;
}

async function stops(t: ExecutionContext, service: Service): Promise<void> {
  await service.stop();
  t.is(await service.peer.exit, 0, service.peer.errors());
  t.throws(() => socket.create_connection([service.host, service.port]), { code: 'ECONNREFUSED' });
}

// ---- Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/

testUnless(missing.redis)('Redis answers PING, keeps a megabyte, and stops', async (t) => {
  const redis = await started(t, startRedis);
  const sock = connected(t, redis);
  sock.sendall(Buffer.from('PING\r\n'));
  t.is(String(exactly(sock, 7)), '+PONG\r\n');
  const value = Buffer.alloc(1_000_000, 'value ');
  const command = Buffer.from(`*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$${value.length}\r\n`);
  t.is(sock.sendmsg([command]), command.length);
  sock.sendall(value);
  sock.sendall(Buffer.from('\r\nGET key\r\n'));
  t.is(String(exactly(sock, 5)), '+OK\r\n');
  t.is(String(exactly(sock, 10)), '$1000000\r\n');
  t.true(exactly(sock, value.length).equals(value));
  await stops(t, redis);
});

// ---- PostgreSQL: https://www.postgresql.org/docs/current/protocol-message-formats.html

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const PROTOCOL_3 = 3 << 16;

function startupMessage(parameters: Record<string, string>): Buffer {
  const text = Object.entries(parameters).flat();
  const body = Buffer.from(`${text.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

testUnless(missing.postgres)('PostgreSQL agrees to TLS, asks for a password, and stops', async (t) => {
  const postgres = await started(t, startPostgres);
  const sock = connected(t, postgres);
  sock.sendall(SSL_REQUEST);
  t.is(String(exactly(sock, 1)), 'S');
  const secure = secured(t, sock);
  t.is(secure.version(), 'TLSv1.3');
  secure.sendall(startupMessage({ user: postgres.user, database: postgres.database }));
  const head = exactly(secure, 5);
  const body = exactly(secure, head.readInt32BE(1) - 4);
  t.is(String(head.subarray(0, 1)), 'R');
  // AuthenticationSASL; the mechanism with PLUS is offered over TLS alone.
  t.is(body.readInt32BE(0), 10);
  t.deepEqual(body.toString('latin1', 4).split('\0').filter(Boolean), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']);
  secure.close();
  await stops(t, postgres);
});

// ---- MariaDB: https://mariadb.com/kb/en/connection/

const CLIENT_CONNECT_WITH_DB = 1 << 3;
const CLIENT_PROTOCOL_41 = 1 << 9;
const CLIENT_SSL = 1 << 11;
const CLIENT_SECURE_CONNECTION = 1 << 15;
const UTF8MB4 = 45;

function packet(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

/** Capabilities, the largest packet, the character set, and 23 bytes that are reserved. */
function clientHead(capabilities: number): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(capabilities, 0);
  head.writeUInt32LE(1 << 24, 4);
  head[8] = UTF8MB4;
  return head;
}

function greeting(body: Buffer) {
  const end = body.indexOf(0, 1);
  const at = end + 1 + 4; // behind the version, and the number of the connection
  const rest = at + 8 + 1 + 2 + 1 + 2; // half of the salt, filler, capabilities, character set, status
  return {
    protocol: body[0],
    version: body.toString('latin1', 1, end),
    capabilities: body.readUInt16LE(at + 9) | (body.readUInt16LE(rest) << 16),
    salt: Buffer.concat([body.subarray(at, at + 8), body.subarray(rest + 13, rest + 25)]),
  };
}

const sha1 = (...parts: Uint8Array[]) => createHash('sha1').update(Buffer.concat(parts)).digest();

/** mysql_native_password: SHA1(password) xor SHA1(salt + SHA1(SHA1(password))). */
function scrambled(password: string, salt: Buffer): Buffer {
  const once = sha1(Buffer.from(password));
  const mask = sha1(salt, sha1(once));
  return once.map((byte, i) => byte ^ mask[i]) as Buffer;
}

testUnless(missing.mariadb)('MariaDB greets, goes over to TLS, lets its user in, and stops', async (t) => {
  const mariadb = await started(t, startMariadb);
  const sock = connected(t, mariadb);
  const first = exactly(sock, 4);
  t.is(first[3], 0);
  const { protocol, version, capabilities, salt } = greeting(exactly(sock, first.readUIntLE(0, 3)));
  t.is(protocol, 10);
  t.regex(version, /MariaDB/);
  t.not(capabilities & CLIENT_SSL, 0);

  const mine = CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION | CLIENT_CONNECT_WITH_DB;
  sock.sendall(packet(1, clientHead(mine)));
  const secure = secured(t, sock);
  const proof = scrambled(mariadb.password, salt);
  const login = [clientHead(mine), Buffer.from(`${mariadb.user}\0`), Buffer.of(proof.length), proof];
  secure.sendall(packet(2, Buffer.concat([...login, Buffer.from(`${mariadb.database}\0`)])));
  const head = exactly(secure, 4);
  const answer = exactly(secure, head.readUIntLE(0, 3));
  t.deepEqual([head[3], answer[0]], [3, 0], answer.toString('latin1'));
  secure.close();
  await stops(t, mariadb);
});

// ---- SMTP: RFC 5321, RFC 3207

testUnless(missing.smtp)('SMTP: EHLO, STARTTLS, a message, and it stops', async (t) => {
  const smtp = await started(t, startSmtp);
  const sock = connected(t, smtp);
  /** Sends a line and returns the answer, which may have many. */
  const say = (sock: Sock, line: string) => {
    if (line !== '') sock.sendall(Buffer.from(`${line}\r\n`));
    let answer = '';
    while (!/^\d{3} .*\r\n/m.test(answer)) {
      const bytes = sock.recv(4096);
      if (bytes.length === 0) throw new Error(`the connection ended after ${answer}`);
      answer += bytes;
    }
    return answer;
  };
  t.regex(say(sock, ''), /^220 localhost /);
  t.regex(say(sock, 'EHLO client'), /^250[- ]STARTTLS\r$/m);
  t.regex(say(sock, 'STARTTLS'), /^220 /);
  const secure = secured(t, sock);
  const capabilities = say(secure, 'EHLO client');
  t.regex(capabilities, /^250[- ]AUTH .*PLAIN/m);
  t.notRegex(capabilities, /STARTTLS/);
  const account = Buffer.from(`\0${smtp.user}\0${smtp.password}`).toString('base64');
  t.regex(say(secure, `AUTH PLAIN ${account}`), /^235 /);
  t.regex(say(secure, 'MAIL FROM:<a@example.org>'), /^250 /);
  t.regex(say(secure, 'RCPT TO:<b@example.org>'), /^250 /);
  t.regex(say(secure, 'DATA'), /^354 /);
  t.regex(say(secure, 'Subject: hello\r\n\r\nhello, world\r\n.'), /^250 /);
  t.regex(say(secure, 'QUIT'), /^221 /);
  secure.close();
  t.deepEqual(await smtp.mail(), {
    from: 'a@example.org',
    to: ['b@example.org'],
    secure: true,
    user: smtp.user,
    message: 'Subject: hello\r\n\r\nhello, world\r\n',
  });
  await smtp.stop();
  t.throws(() => socket.create_connection([smtp.host, smtp.port]), { code: 'ECONNREFUSED' });
});

// ---- wrk

testUnless(noWrk)('wrk asks a blocking server, and counts its answers and its refusals', async (t) => {
  t.timeout(START_TIMEOUT_MS);
  for (const status of [200, 500]) {
    const server = startWorker(
      `const listener = berkeley.socket.create_server(['127.0.0.1', 0]);
       send(listener.getsockname()[1]);
       const answer = Buffer.from('HTTP/1.1 ${status} X\\r\\nContent-Length: 2\\r\\n\\r\\nok');
       for (;;) {
         const [sock] = listener.accept();
         try {
           for (let served = 0; sock.recv(4096).length > 0; served++) sock.sendall(answer);
         } catch (error) {
           if (!(error instanceof berkeley.exceptions.ConnectionError)) throw error;
         }
         sock.close();
       }`,
    );
    const load = await wrk(`http://127.0.0.1:${await server.next()}/`, { connections: 1 });
    t.true(load.requests > 0, load.output);
    t.is(load.refused, status === 200 ? 0 : load.requests, load.output);
    t.is(load.socketErrors, 0, load.output);
    await server.stop();
  }
});
