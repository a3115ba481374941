/** The context (AsyncLocalStorage) in which listeners and callbacks run: that of node:net, and of CPython's contextvars. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import { closed, listening, type Stream, same } from '../helpers/beside_net.js';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows } from '../helpers/peers.js';

checkLeaks(test);

const storage = new AsyncLocalStorage<string>();
const here = () => storage.getStore() ?? 'none';

same('a client and a server: each event in the context in which its object was made', async (api, log) => {
  const served: Promise<void>[] = [];
  const server = storage.run('made', () =>
    api.createServer({}, (stream: Stream) => {
      log.add('connection', here());
      stream.on('data', (bytes) => stream.write(bytes));
      served.push(closed(stream));
    }),
  );
  const { port } = await storage.run('listen', () => listening(server));
  const client = storage.run('connect', () => api.connect(port, '127.0.0.1'));
  for (const event of ['connect', 'ready', 'data', 'end', 'close', 'finish']) {
    client.on(event, () => log.add(event, here()));
  }
  storage.run('write', () => client.write('x', () => log.add('written', here())));
  await once(client, 'data');
  storage.run('end', () => client.end(() => log.add('ended', here())));
  await closed(client);
  await Promise.all(served);
  server.close();
  await closed(server);
});

same(
  "a write of a listener for 'connect' goes at once; its callback runs in the context of the write",
  async (api, log) => {
    const server = api.createServer({}, (stream: Stream) => void stream.resume());
    const { port } = await listening(server);
    const client = storage.run('made', () => api.connect(port, '127.0.0.1'));
    const written = new Promise<void>((resolve) => {
      client.on('connect', () => {
        storage.run('at once', () => client.write('x', () => log.add('at once', here())));
        log.add(client.writableLength, 'bytes wait');
        client.once('drain', () => {
          // More than the kernel takes.
          storage.run('waits', () =>
            client.write(Buffer.alloc(50_000_000), () => {
              log.add('waits', here());
              resolve();
            }),
          );
        });
        client.write(Buffer.alloc(20_000_000));
      });
    });
    await written;
    client.resume().end();
    await closed(client);
    server.close();
    await closed(server);
  },
  onWindows('the system takes a write of any size at once'),
);

test("start_server's callback runs in the context in which the server was started", async (t) => {
  const seen: string[] = [];
  const server = await storage.run('start', () =>
    asyncio.start_server(
      async (reader, writer) => {
        seen.push(here());
        await reader.read();
        seen.push(here());
        writer.close();
      },
      '127.0.0.1',
      0,
    ),
  );
  const [reader, writer] = await asyncio.open_connection(...(server.sockets[0].getsockname() as [string, number]));
  writer.write_eof();
  await reader.read();
  writer.close();
  await writer.wait_closed();
  server.close();
  await server.wait_closed();
  t.deepEqual(seen, ['start', 'start']);
});

test("a datagram protocol's methods run in the context in which the endpoint was made", async (t) => {
  const seen: string[] = [];
  const ended = new Promise<void>((resolve) => {
    storage.run('make', async () => {
      const [transport] = await asyncio.create_datagram_endpoint(
        () => ({
          connection_made: () => seen.push(`made ${here()}`),
          datagram_received: () => {
            seen.push(`received ${here()}`);
            transport.close();
          },
          connection_lost: () => {
            seen.push(`lost ${here()}`);
            resolve();
          },
        }),
        { local_addr: ['127.0.0.1', 0] },
      );
      storage.run('send', () => transport.sendto(Buffer.from('x'), transport.get_extra_info('sockname') as never));
    });
  });
  await ended;
  t.deepEqual(seen, ['made make', 'received make', 'lost make']);
});
