/** An argument that is undefined, as the name of a constant that this platform lacks is, never means the default. */
import test from 'ava';
import * as asyncio from '../../lib/asyncio/index.js';
import * as select from '../../lib/select/index.js';
import * as selectors from '../../lib/select/selectors.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { LOCAL } from '../helpers/asyncio.js';
import { checkLeaks } from '../helpers/leaks.js';
import { testTwins } from '../helpers/twin.js';

checkLeaks(test);

/** What `socket.AF_FOO` gives. */
const missing = (socket as unknown as Record<string, never>).AF_FOO;
const bytes = Buffer.from('x');
const buffer = Buffer.alloc(1);
const names = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);

/** Calls `use` with a bound UDP socket of a timeout of 0, closes it after that. */
function withSocket(use: (sock: socket.socket) => unknown): unknown {
  using sock = new socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sock.bind([LOCAL, 0]);
  sock.setblocking(false);
  return use(sock);
}

function withEpoll(use: (poller: select.epoll) => unknown): unknown {
  using poller = new select.epoll();
  return use(poller);
}

const refused: Record<string, () => unknown> = {
  'socket(family)': () => new socket.socket(missing),
  'socket(family, type)': () => new socket.socket(socket.AF_INET, missing),
  'socket({ family })': () => new socket.socket({ family: missing }),
  'socket({ fileno })': () => new socket.socket({ fileno: missing }),
  'socketpair(family)': () => socket.socketpair(missing),
  'create_server(address, { family })': () => socket.create_server([LOCAL, 0], { family: missing }),
  'create_connection(address, timeout)': () => socket.create_connection([LOCAL, 1], missing),
  'getaddrinfo(host, port, family)': () => socket.getaddrinfo(LOCAL, 1, missing),
  'getaddrinfo(host, port, { flags })': () => socket.getaddrinfo(LOCAL, 1, { flags: missing }),
  'fromfd(fd, family, type, proto)': () => socket.fromfd(0, socket.AF_INET, socket.SOCK_STREAM, missing),
  'getservbyname(name, protocol)': () => socket.getservbyname('http', missing),
  'getfqdn(name)': () => socket.getfqdn(missing),
  'setdefaulttimeout(undefined)': () => socket.setdefaulttimeout(missing),
  'settimeout(undefined)': () => withSocket((sock) => sock.settimeout(missing)),
  'setblocking(undefined)': () => withSocket((sock) => sock.setblocking(missing)),
  'listen(backlog)': () => withSocket((sock) => sock.listen(missing)),
  'setsockopt(level, name, value)': () => withSocket((sock) => sock.setsockopt(socket.SOL_SOCKET, missing, 1)),
  'setsockopt(level)': () => withSocket((sock) => sock.setsockopt(missing, 1, 1)),
  'getsockopt(level, name, buflen)': () =>
    withSocket((sock) => sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE, missing)),
  'recv(n, flags)': () => withSocket((sock) => sock.recv(1, missing)),
  'recv(undefined)': () => withSocket((sock) => sock.recv(missing)),
  'recv_into(buffer, nbytes)': () => withSocket((sock) => sock.recv_into(buffer, missing)),
  'recv_into(buffer, nbytes, flags)': () => withSocket((sock) => sock.recv_into(buffer, 1, missing)),
  'recv_into(buffer, { flags })': () => withSocket((sock) => sock.recv_into(buffer, { flags: missing })),
  'recvfrom(n, flags)': () => withSocket((sock) => sock.recvfrom(1, missing)),
  'recvfrom_into(buffer, nbytes, flags)': () => withSocket((sock) => sock.recvfrom_into(buffer, 1, missing)),
  'recvmsg(n, ancbufsize)': () => withSocket((sock) => sock.recvmsg(1, missing)),
  'recvmsg(n, ancbufsize, flags)': () => withSocket((sock) => sock.recvmsg(1, 0, missing)),
  'recvmsg_into(buffers, ancbufsize, flags)': () => withSocket((sock) => sock.recvmsg_into([buffer], 0, missing)),
  'send(bytes, flags)': () => withSocket((sock) => sock.send(bytes, missing)),
  'sendall(bytes, flags)': () => withSocket((sock) => sock.sendall(bytes, missing)),
  'sendto(bytes, flags, address)': () => withSocket((sock) => sock.sendto(bytes, missing, [LOCAL, 1])),
  'sendmsg(buffers, ancdata)': () => withSocket((sock) => sock.sendmsg([bytes], missing)),
  'sendmsg(buffers, ancdata, flags)': () => withSocket((sock) => sock.sendmsg([bytes], [], missing)),
  'makefile(mode)': () => withSocket((sock) => sock.makefile(missing)),
  'sendfile(file, offset)': () => withSocket((sock) => sock.sendfile(0, missing)),
  'epoll(sizehint, flags)': () => new select.epoll(-1, missing),
  'epoll.register(fd, mask)': () => withEpoll((poller) => poller.register(0, missing)),
  'epoll.register(fd, { eventmask })': () => withEpoll((poller) => poller.register(0, { eventmask: missing })),
  'epoll.poll(timeout)': () => withEpoll((poller) => poller.poll(missing)),
  'poll.register(fd, mask)': () => new select.poll().register(0, missing),
  'poll.poll(timeout)': () => new select.poll().poll(missing),
  'select(r, w, x, timeout)': () => select.select([], [], [], missing),
  'selector.register(fd, events)': () => new selectors.SelectSelector().register(0, missing),
  'selector.select(timeout)': () => new selectors.SelectSelector().select(missing),
  'SSLContext(protocol)': () => new ssl.SSLContext(missing),
  'create_default_context(purpose)': () => ssl.create_default_context(missing),
  'create_default_context({ cafile })': () => ssl.create_default_context({ cafile: missing }),
  'load_verify_locations(cafile, capath)': () => names.load_verify_locations(missing, '/'),
  'load_default_certs(purpose)': () => names.load_default_certs(missing),
  'context.verify_mode': () => Object.assign(names, { verify_mode: missing }),
  'context.check_hostname': () => Object.assign(names, { check_hostname: missing }),
  'context.minimum_version': () => Object.assign(names, { minimum_version: missing }),
  'context.options': () => Object.assign(names, { options: missing }),
  '_create_unverified_context({ cert_reqs })': () => ssl._create_unverified_context({ cert_reqs: missing }),
  'get_server_certificate(address, { ca_certs })': () => ssl.get_server_certificate([LOCAL, 1], { ca_certs: missing }),
  'MemoryBIO.read(size)': () => new ssl.MemoryBIO().read(missing),
  'asyncio.timeout(undefined)': () => asyncio.timeout(missing),
};

for (const [title, call] of Object.entries(refused)) {
  test(`${title} is refused`, (t) => {
    const error = t.throws(call, { instanceOf: TypeError });
    t.notRegex(error.message, /undefined \(reading|is not a function/);
  });
}

const rejected: Record<string, () => Promise<unknown>> = {
  'getaddrinfo(host, port, { family })': () => asyncio.getaddrinfo(LOCAL, 1, { family: missing }),
  'getnameinfo(address, flags)': () => asyncio.getnameinfo([LOCAL, 1], missing),
  'open_connection(host)': () => asyncio.open_connection(missing, 1),
  'open_connection(host, port, { family })': () => asyncio.open_connection(LOCAL, 1, { family: missing }),
  'start_server(callback, host)': () => asyncio.start_server(() => {}, missing, 0),
  'start_server(callback, host, port, { flags })': () => asyncio.start_server(() => {}, LOCAL, 0, { flags: missing }),
  'create_datagram_endpoint(factory, { family })': () =>
    asyncio.create_datagram_endpoint(() => ({}), { local_addr: [LOCAL, 0], family: missing }),
  'wait_for(promise, limit)': () => asyncio.wait_for(Promise.resolve(), missing),
};

for (const [title, call] of Object.entries(rejected)) {
  test(`asyncio: ${title} is refused`, async (t) => {
    await t.throwsAsync(call, { instanceOf: TypeError });
  });
}

test('the sentence names the argument, and says what to do', (t) => {
  t.throws(() => new socket.socket(missing), {
    message:
      "argument 'family' is undefined: leave it out to have the default; a constant that is undefined does not exist here",
  });
});

test('what is left out has its default, and other options may be undefined', async (t) => {
  using sock = new socket.socket();
  t.is(sock.family, socket.AF_INET);
  using listener = socket.create_server([LOCAL, 0], { backlog: undefined, reuse_port: undefined });
  const [, port] = listener.getsockname() as [string, number];
  using client = socket.create_connection([LOCAL, port], { timeout: undefined, source_address: undefined });
  t.is(client.gettimeout(), null);
  const options = { local_addr: undefined, timeout: undefined, signal: undefined };
  const [, writer] = await asyncio.open_connection(LOCAL, port, options);
  writer.close();
  await writer.wait_closed();
  class Heir extends socket.socket {
    constructor(family: number, type: number, proto: number, fileno?: number) {
      super(family, type, proto, fileno);
    }
  }
  using heir = new Heir(socket.AF_INET, socket.SOCK_DGRAM, 0);
  t.is(heir.type, socket.SOCK_DGRAM);
});

const few = (name: string): readonly [string, () => unknown] => [
  `socket.socket().${name}()`,
  () => {
    using sock = new socket.socket();
    return (sock as unknown as Record<string, () => unknown>)[name]();
  },
];

testTwins("too few arguments are told in CPython's words", [
  ...['settimeout', 'setblocking', 'bind', 'connect', 'connect_ex', 'shutdown'].map(few),
  ...['recv', 'recvfrom', 'recvmsg', 'recvmsg_into', 'send', 'sendall', 'sendto', 'sendmsg'].map(few),
  ...['getsockopt', 'setsockopt'].map(few),
  ['socket.setdefaulttimeout()', () => (socket.setdefaulttimeout as () => void)()],
]);
