/** start_tls: a connection becomes a TLS one in its midst. */
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { ConnectionResetError, OSError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import { MemoryBIO, SSLWantReadError } from '../../lib/ssl/index.js';
import { bytes, closed, LOCAL, portOf } from '../helpers/asyncio.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_PROGRAMS, spawnPeer, testUnless } from '../helpers/peers.js';
import { cert, clientContext, serverContext } from '../helpers/tls.js';

checkLeaks(test);

testUnless(NO_PROGRAMS)('start_tls on both sides, CPython at the other end', async (t) => {
  const server = await asyncio.start_server(
    async (reader, writer) => {
      t.is(`${await reader.readline()}`, 'STARTTLS\n');
      writer.write(bytes('go ahead\n'));
      await writer.start_tls(serverContext());
      writer.write(await reader.readline());
      writer.close();
    },
    LOCAL,
    0,
  );
  const client = spawnPeer('python3', [
    '-c',
    `
import asyncio, ssl
async def main():
    reader, writer = await asyncio.open_connection('${LOCAL}', ${portOf(server)})
    writer.write(b'STARTTLS\\n')
    assert await reader.readline() == b'go ahead\\n'
    await writer.start_tls(ssl.create_default_context(cafile='${cert('root.crt.pem')}'), server_hostname='localhost')
    writer.write(b'secret\\n')
    print((await reader.readline()).decode().strip(), writer.get_extra_info('cipher')[1])
asyncio.run(main())`,
  ]);
  t.is(await client.line(), 'secret TLSv1.3');
  await client.exit;
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  writer.write(bytes('STARTTLS\n'));
  t.is(`${await reader.readline()}`, 'go ahead\n');
  const before = writer.transport;
  const ended = writer.wait_closed();
  await writer.start_tls(clientContext(), { server_hostname: 'localhost' });
  t.not(writer.transport, before);
  writer.write(bytes('mine\n'));
  t.is(`${await reader.readline()}`, 'mine\n');
  t.is((await reader.read()).length, 0);
  await ended;
  await closed(writer);
  server.close();
  await server.wait_closed();
});

test('start_tls: what came behind the line that asked for it begins the TLS connection', async (t) => {
  const server = await asyncio.start_server(
    async (reader, writer) => {
      t.is(`${await reader.readline()}`, 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n');
      await writer.start_tls(serverContext());
      t.is(`${await reader.readline()}`, 'asked\n');
      writer.write(Buffer.from('answered\n'));
      await writer.drain();
      writer.close();
    },
    '127.0.0.1',
    0,
  );
  // In one send: the line, and what begins the handshake.
  const [incoming, outgoing] = [new MemoryBIO(), new MemoryBIO()];
  const tls = clientContext().wrap_bio(incoming, outgoing, { server_hostname: 'localhost' });
  t.throws(() => tls.do_handshake(), { instanceOf: SSLWantReadError });
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  await asyncio.sock_connect(sock, server.sockets[0].getsockname());
  await asyncio.sock_sendall(sock, Buffer.concat([Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'), outgoing.read()]));
  const until = async <T>(call: () => T): Promise<T> => {
    for (;;) {
      try {
        return call();
      } catch (error) {
        if (!(error instanceof SSLWantReadError)) throw error;
      } finally {
        if (outgoing.pending > 0) await asyncio.sock_sendall(sock, outgoing.read());
      }
      incoming.write(await asyncio.sock_recv(sock, 65536));
    }
  };
  await until(() => tls.do_handshake());
  await until(() => tls.write(Buffer.from('asked\n')));
  t.is(`${await until(() => tls.read(100))}`, 'answered\n');
  sock.close();
  server.close();
  await server.wait_closed();
});

test('start_tls that is aborted ends the connection for everybody', async (t) => {
  const server = await asyncio.start_server(
    async (reader, writer) => {
      await t.throwsAsync(writer.start_tls(serverContext()), { instanceOf: OSError });
      await t.throwsAsync(reader.read(), { instanceOf: OSError });
    },
    LOCAL,
    0,
  );
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  const controller = new AbortController();
  const starting = writer.start_tls(clientContext(), { server_hostname: 'localhost', signal: controller.signal });
  controller.abort(new Error('enough'));
  await t.throwsAsync(starting, { message: 'enough' });
  await t.throwsAsync(reader.read(), { message: 'enough' });
  await t.throwsAsync(writer.wait_closed(), { message: 'enough' });
  server.close();
  await server.wait_closed();
});

test('abort and abort_clients end a connection that shakes hands for start_tls', async (t) => {
  const server = await asyncio.start_server(
    async (_, writer) => {
      const starting = writer.start_tls(serverContext());
      server.abort_clients();
      await t.throwsAsync(starting, { instanceOf: ConnectionResetError });
    },
    LOCAL,
    0,
  );
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  t.is((await reader.read()).length, 0);
  await closed(writer);

  const [sock, peer] = socket.socketpair();
  const [, other] = await asyncio.open_connection(null, null, { sock });
  const starting = other.start_tls(clientContext(), { server_hostname: 'localhost' });
  await new Promise((resolve) => setImmediate(resolve));
  other.transport.abort();
  await t.throwsAsync(starting, { instanceOf: ConnectionResetError });
  peer.close();
  server.close();
  await server.wait_closed();
});

test('start_tls over TLS is refused, and the connection goes on', async (t) => {
  const options = { ssl: serverContext() };
  const server = await asyncio.start_server((_, writer) => writer.write(bytes('hello\n')), LOCAL, 0, options);
  const tls = { ssl: clientContext(), server_hostname: 'localhost' };
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server), tls);
  await t.throwsAsync(writer.start_tls(clientContext(), { server_hostname: 'localhost' }), { instanceOf: TypeError });
  t.is(`${await reader.readline()}`, 'hello\n');
  await closed(writer);
  server.close();
  await server.wait_closed();
});

test('what is written while hands are shaken goes over TLS', async (t) => {
  const server = await asyncio.start_server(
    async (reader, writer) => {
      await writer.start_tls(serverContext());
      writer.write(await reader.readline());
      writer.close();
    },
    LOCAL,
    0,
  );
  const [reader, writer] = await asyncio.open_connection(LOCAL, portOf(server));
  const starting = writer.start_tls(clientContext(), { server_hostname: 'localhost' });
  writer.write(bytes('early\n'));
  await starting;
  t.is(`${await reader.readline()}`, 'early\n');
  await closed(writer);
  server.close();
  await server.wait_closed();
});
