/** Connections that change hands between this library and node:net. */
import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';
import * as asyncio from '../../lib/asyncio/index.js';
import * as socket from '../../lib/socket/index.js';
import * as stream from '../../lib/stream/index.js';
import { closed } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { NO_NODE_DESCRIPTOR, testUnless, tmpdir } from '../helpers/peers.js';
import { socketPair } from '../helpers/tls.js';

const test = testUnless(NO_NODE_DESCRIPTOR);

checkLeaks(test);

const HOST = '127.0.0.1';

/** A connected pair over TCP or a Unix socket. */
function pair(family: number, path: string): [socket.socket, socket.socket] {
  const listener = new socket.socket(family, socket.SOCK_STREAM);
  listener.bind(family === socket.AF_UNIX ? path : [HOST, 0]);
  listener.listen();
  const client = new socket.socket(family, socket.SOCK_STREAM);
  client.connect(listener.getsockname());
  const [accepted] = listener.accept();
  listener.close();
  return [client, accepted];
}

for (const [name, family] of [
  ['TCP', socket.AF_INET],
  ['a Unix socket', socket.AF_UNIX],
] as const) {
  test(`there and back over ${name}: no byte is lost, and the peer notices nothing`, async (t) => {
    const [one, peer] = pair(family, `${tmpdir(t)}/pair`);
    peer.settimeout(10);
    peer.send(Buffer.from('unread '));
    const there = stream.toNetSocket(one);
    t.is(one.fileno(), -1);
    t.is(there.readyState, 'open');
    if (family === socket.AF_INET) t.is(there.remotePort, peer.getsockname()[1]);
    there.pause();
    const back = stream.fromNetSocket(there);
    await closed(there);
    t.is(back.gettimeout(), null);
    peer.send(Buffer.from('more'));
    back.settimeout(10);
    t.is(back.recv(11, socket.MSG_WAITALL).toString(), 'unread more');
    back.sendall(Buffer.from('answer'));
    t.is(peer.recv(100).toString(), 'answer');
    const again = stream.toNetSocket(back);
    again.end('by node');
    t.is(String(await asyncio.sock_recv(peer, 100)), 'by node');
    t.is((await asyncio.sock_recv(peer, 100)).length, 0);
    peer.close();
    await closed(again.resume());
  });
}

test('a paused connection of a net.Server is taken over untouched', async (t) => {
  const server = net.createServer({ pauseOnConnect: true }).listen(0, HOST);
  await once(server, 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, HOST);
  client.write('x'.repeat(1_000_000));
  const [accepted] = await once(server, 'connection');
  const sock = stream.fromNetSocket(accepted);
  const taken = stream.toDuplex(sock);
  let count = 0;
  while (count < 1_000_000) count += (await once(taken, 'data'))[0].length;
  t.is(count, 1_000_000);
  taken.end('thanks');
  t.is(String((await once(client, 'data'))[0]), 'thanks');
  client.end();
  await closed(taken);
  server.close();
  await closed(server);
});

test('what was read already is refused, read() takes it', async (t) => {
  const [one, peer] = pair(socket.AF_INET, '');
  const there = stream.toNetSocket(one);
  peer.send(Buffer.from('head'));
  await once(there, 'readable');
  t.throws(() => stream.fromNetSocket(there), {
    message: 'the net.Socket has read 4 bytes already: read() them first',
  });
  t.is(String(there.read()), 'head');
  peer.send(Buffer.from('tail'));
  const back = stream.fromNetSocket(there);
  back.settimeout(10);
  t.is(String(back.recv(10)), 'tail');
  back.close();
  peer.close();
});

test('what is not sent yet is refused', async (t) => {
  const [one, peer] = pair(socket.AF_INET, '');
  const there = stream.toNetSocket(one);
  while (there.write(Buffer.alloc(1 << 20)));
  t.throws(() => stream.fromNetSocket(there), { message: /bytes still to send/ });
  there.destroy();
  peer.close();
  await closed(there);
});

test('TLS, closed and unconnected ones are refused', async (t) => {
  const { client, server } = socketPair();
  t.throws(() => stream.toNetSocket(client), { message: /TLS connection cannot be handed over/ });
  client.close();
  server.close();
  const unconnected = new socket.socket();
  t.throws(() => stream.toNetSocket(unconnected), { code: 'ENOTCONN' });
  unconnected.close();
  t.throws(() => stream.fromNetSocket(new net.Socket()), { message: /no open connection/ });
  t.throws(() => stream.fromNetSocket({} as never), { instanceOf: TypeError });
  t.throws(() => stream.fromNetSocket(new tls.TLSSocket(new net.Socket())), { message: /TLS connection of node:tls/ });
});
