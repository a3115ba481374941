// Calls that block, pollers, TLS: what needs no event loop. Prints "ok" at its end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { errno, exceptions, select, selectors, socket, ssl } from 'berkeley';

const CERTIFICATES = process.argv[2];

// ---- a wait that ends by itself, and one that another process ends

const [one, other] = socket.socketpair();
one.settimeout(0.05);
assert.throws(() => one.recv(1), exceptions.TimeoutError);
one.settimeout(null);
const child = spawn('sh', ['-c', 'sleep 0.3; printf x'], { stdio: ['ignore', other.fileno(), 'inherit'] });
assert.equal(`${one.recv(1)}`, 'x');
child.on('exit', () => {});

// ---- errors

one.setblocking(false);
assert.throws(() => one.recv(1), { name: 'BlockingIOError', errno: errno.EAGAIN });
const closed = new socket.socket();
closed.close();
assert.throws(() => closed.recv(1), { errno: errno.EBADF });
assert.throws(() => new socket.socket().bind(['256.0.0.1', 0]), exceptions.OSError);

// ---- pollers

const reading = [select.select([one], [], [], 0)];
other.sendall(Buffer.from('y'));
reading.push(select.select([one], [], [], 5));
assert.deepEqual(reading, [
  [[], [], []],
  [[one], [], []],
]);
const selector = new selectors.DefaultSelector();
selector.register(one, selectors.EVENT_READ, 'data');
assert.equal(selector.select(5)[0][0].data, 'data');
selector.close();

// ---- TLS, both ends in one thread

const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
server.load_cert_chain(`${CERTIFICATES}/server.pem`);
const trusting = ssl.create_default_context({ cafile: `${CERTIFICATES}/root.crt.pem` });
const ends = socket.socketpair().map((each, i) => {
  each.setblocking(false);
  const options = { do_handshake_on_connect: false };
  return i === 0
    ? server.wrap_socket(each, { server_side: true, ...options })
    : trusting.wrap_socket(each, { server_hostname: 'localhost', ...options });
});
for (let left = ends, rounds = 0; left.length > 0; rounds++) {
  assert.ok(rounds < 20);
  left = left.filter((each) => {
    try {
      each.do_handshake();
      return false;
    } catch (error) {
      assert.ok(error instanceof ssl.SSLWantReadError);
      return true;
    }
  });
}
ends[0].sendall(Buffer.from('over TLS'));
assert.equal(`${ends[1].recv(100)}`, 'over TLS');
assert.equal(ends[1].getpeercert().subject[0][0][1], 'Berkeley tests');
for (const each of ends) each.close();

// ---- a thread that blocks in accept, and ends

const listener = socket.create_server(['127.0.0.1', 0]);
const worker = new Worker(new URL('./echo_worker.mjs', import.meta.url), { workerData: listener.fileno() });
const ended = new Promise((resolve) => worker.once('exit', resolve));
const connection = socket.create_connection(listener.getsockname(), { timeout: 20 });
connection.sendall(Buffer.from('echo'));
assert.equal(`${connection.recv(100)}`, 'echo');
connection.close();
await ended;
for (const each of [listener, one, other]) each.close();

console.log('ok');
