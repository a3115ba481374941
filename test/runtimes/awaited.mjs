// Awaited calls, streams and servers: what needs the runtime's event loop. Prints "ok" at its end, and then ends by itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { asyncio, exceptions, socket, stream } from 'berkeley';

const HOST = '127.0.0.1';

// ---- a server of asyncio's, and many clients at once

const COUNT = 300;
const server = await asyncio.start_server(
  async (reader, writer) => {
    writer.write(await reader.readline());
    await writer.drain();
    writer.close();
    await writer.wait_closed();
  },
  HOST,
  0,
  { backlog: COUNT },
);
const [, port] = server.sockets[0].getsockname();
await Promise.all(
  Array.from({ length: COUNT }, async (_, i) => {
    const [reader, writer] = await asyncio.open_connection(HOST, port);
    writer.write(Buffer.from(`${i}\n`));
    assert.equal(`${await reader.read(-1)}`, `${i}\n`);
    writer.close();
    await writer.wait_closed();
  }),
);
server.close();
await server.wait_closed();

// ---- deadlines, aborted calls, a socket closed under a call

const [one, other] = socket.socketpair();
for (const each of [one, other]) each.setblocking(false);
await assert.rejects(asyncio.sock_recv(one, 1, { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
await assert.rejects(
  asyncio.wait_for((signal) => asyncio.sock_recv(one, 1, { signal }), 0.02),
  exceptions.TimeoutError,
);
const waiting = asyncio.sock_recv(one, 1);
setTimeout(() => one.close(), 20);
await assert.rejects(waiting, exceptions.OSError);
other.close();

// ---- datagrams

const answers = [];
const [receiver] = await asyncio.create_datagram_endpoint(
  () => ({ datagram_received: (data) => answers.push(`${data}`) }),
  { local_addr: [HOST, 0] },
);
const [sender] = await asyncio.create_datagram_endpoint(() => ({}), {
  remote_addr: receiver.get_extra_info('sockname'),
});
while (answers.length === 0) {
  sender.sendto(Buffer.from('datagram'));
  await new Promise((resolve) => setTimeout(resolve, 10));
}
assert.equal(answers[0], 'datagram');
sender.close();
receiver.close();

// ---- streams, with the runtime's own client

const echo = stream.createServer((each) => each.pipe(each));
echo.listen(0, HOST);
await once(echo, 'listening');
const client = net.connect(echo.address().port, HOST);
const bytes = Buffer.alloc(300_000, 'abc');
client.end(bytes);
const got = [];
for await (const part of client) got.push(part);
assert.ok(Buffer.concat(got).equals(bytes));
echo.close();
await once(echo, 'close');

// ---- the runtime's http client over a stream of ours, where it takes one

if (process.versions.bun === undefined && process.versions.deno === undefined) {
  const pages = http.createServer((_, response) => response.end('page'));
  pages.listen(0, HOST);
  await once(pages, 'listening');
  const options = { host: HOST, port: pages.address().port };
  const request = http.get({ ...options, createConnection: () => stream.connect(options), agent: undefined });
  const [answer] = await once(request, 'response');
  let page = '';
  for await (const part of answer) page += part;
  assert.equal(page, 'page');
  pages.close();
  pages.closeAllConnections();
}

console.log('ok');
