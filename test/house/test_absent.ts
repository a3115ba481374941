/** A system that lacks what Linux has: the library loads there, and lacks the names. */
import test from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { spawnPeer } from '../helpers/peers.js';

checkLeaks(test);

const ROOT = new URL('../../../', import.meta.url).href;

/** Takes from the binary what the smallest system that we mean to support does not have, then runs `body`. */
function onLesserSystem(body: string) {
  const source = `
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(`${ROOT}package.json`)});
    const load = require('node-gyp-build');
    const only = (object, kept) => Object.fromEntries(Object.entries(object).filter(([name]) => kept(name)));
    const STRUCTS = ['sockaddr', 'sockaddr_in', 'sockaddr_in6', 'in_addr', 'ip_mreq', 'ipv6_mreq', 'linger'];
    const FAMILIES = ['AF_INET', 'AF_INET6', 'AF_UNSPEC'];
    require.cache[require.resolve('node-gyp-build')].exports = (root) => {
      const native = load(root);
      const { constants } = native;
      return {
        ...only(native, (name) => !name.startsWith('epoll')),
        layout: only(native.layout, (name) => STRUCTS.includes(name)),
        constants: {
          ...constants,
          select: only(constants.select, (name) => !name.startsWith('EPOLL')),
          socket: only(constants.socket, (name) => !/^(AF|PF)_/.test(name) || FAMILIES.includes(name)),
          beyond: {},
        },
      };
    };
    const berkeley = await import(${JSON.stringify(`${ROOT}dist/lib/index.js`)});
    ${body}
  `;
  return spawnPeer(process.execPath, ['--input-type=module', '-e', source]);
}

test('without epoll there is no epoll and no EpollSelector, and PollSelector is the default', async (t) => {
  const peer = onLesserSystem(`
    const { select, selectors } = berkeley;
    console.log('epoll' in select, 'poll' in select, 'EpollSelector' in selectors);
    console.log(selectors.DefaultSelector === selectors.PollSelector);
  `);
  t.is(await peer.line(), 'false true false');
  t.is(await peer.line(), 'true');
  t.is(await peer.exit, 0, peer.errors());
});

test('without the structs of Linux, and without ancillary data, TCP and UDP work as ever', async (t) => {
  const peer = onLesserSystem(`
    const { asyncio, selectors, socket } = berkeley;
    const listener = socket.create_server(['127.0.0.1', 0]);
    const client = socket.create_connection(listener.getsockname());
    const [server] = listener.accept();
    const selector = new selectors.DefaultSelector();
    selector.register(server, selectors.EVENT_READ);
    client.sendall(Buffer.from('tcp'));
    console.log(selector.select(60).length, String(server.recv(10)));
    const waiting = asyncio.sock_recv(server, 10);
    client.sendall(Buffer.from('awaited'));
    console.log(String(await waiting));
    const [one, other] = [0, 0].map(() => new socket.socket(socket.AF_INET, socket.SOCK_DGRAM));
    one.bind(['127.0.0.1', 0]);
    other.sendto(Buffer.from('udp'), one.getsockname());
    console.log(String(one.recv(10)));
    for (const call of ['tcp_info', 'peercred']) {
      try {
        server[call]();
      } catch (error) {
        console.log(error.code);
      }
    }
    process.exit();
  `);
  for (const line of ['1 tcp', 'awaited', 'udp', 'ENOTSUP', 'ENOTSUP']) t.is(await peer.line(), line);
  t.is(await peer.exit, 0, peer.errors());
});
