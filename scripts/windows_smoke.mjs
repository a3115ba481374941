// What `npm run test:windows` runs with each further version of Node: loads every module, and has a conversation over each kind
// of connection, blocking, awaited, over TLS and in streams. Prints one line.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { asyncio, errno, select, selectors, socket, ssl, stream, systemd } from '../dist/lib/index.js';

const cert = (name) => fileURLToPath(new URL(`../test/certs/${name}`, import.meta.url));
const LOCAL = '127.0.0.1';

function blocking() {
  const server = socket.create_server([LOCAL, 0]);
  const client = socket.create_connection(server.getsockname());
  const [connection] = server.accept();
  client.sendall(Buffer.from('hello'));
  assert.deepEqual(select.select([connection], [], [], 10)[0], [connection]);
  assert.equal(String(connection.recv(10)), 'hello');
  connection.close();
  assert.equal(client.recv(1).length, 0);
  client.close();
  server.close();
}

function refused() {
  const taken = socket.create_server([LOCAL, 0]);
  const address = taken.getsockname();
  taken.close();
  const client = new socket.socket();
  assert.throws(() => client.connect(address), { name: 'ConnectionRefusedError', errno: errno.ECONNREFUSED });
  client.close();
}

function selected() {
  const [one, other] = socket.socketpair();
  for (const Selector of [selectors.DefaultSelector, selectors.AfdSelector].filter((each) => each !== undefined)) {
    const selector = new Selector();
    selector.register(one, selectors.EVENT_READ);
    assert.equal(selector.select(0).length, 0);
    other.send(Buffer.from('x'));
    assert.equal(selector.select(10)[0][0].fileobj, one);
    one.recv(1);
    selector.close();
  }
  one.close();
  other.close();
}

async function awaited() {
  const server = await asyncio.start_server(
    async (reader, writer) => {
      writer.write(await reader.readline());
      await writer.drain();
      writer.close();
    },
    LOCAL,
    0,
  );
  const [reader, writer] = await asyncio.open_connection(LOCAL, server.sockets[0].getsockname()[1]);
  writer.write(Buffer.from('a line\n'));
  assert.equal(String(await reader.readline()), 'a line\n');
  writer.close();
  await writer.wait_closed();
  server.close();
  await server.wait_closed();
}

async function encrypted() {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.load_cert_chain(cert('server.pem'));
  const trusting = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  trusting.load_verify_locations(cert('root.crt.pem'));
  const server = stream.createServer({ ssl: context }, (each) => each.pipe(each));
  server.listen(0, LOCAL);
  await once(server, 'listening');
  const client = stream.connect({ port: server.address().port, host: LOCAL, ssl: trusting, servername: 'localhost' });
  client.end('over TLS');
  let text = '';
  for await (const part of client) text += part;
  assert.equal(text, 'over TLS');
  server.close();
  await once(server, 'close');
}

blocking();
refused();
selected();
await awaited();
await encrypted();
assert.deepEqual(systemd.listen_fds(), []);
assert.ok(ssl.create_default_context().verify_mode === ssl.CERT_REQUIRED);
process.stdout.write(`ok: Node ${process.version}, ${ssl.OPENSSL_VERSION}\n`);
