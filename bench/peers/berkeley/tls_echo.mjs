// A TLS echo server on this library's epoll: `tls_echo.mjs CERTIFICATE` prints its port, then serves until it is killed.
// With --heap it says how large its heap is for each line of input.
import { readSync } from 'node:fs';
import { exceptions, select, socket, ssl } from 'berkeley';
import { heapLine } from '../heap.mjs';

const heap = process.argv.includes('--heap');
const STDIN = 0;

const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
context.load_cert_chain(process.argv[2]);
const listener = socket.create_server(['127.0.0.1', 0], { backlog: 4096 });
listener.setblocking(false);
const poller = new select.epoll();
poller.register(listener, select.EPOLLIN);
if (heap) poller.register(STDIN, select.EPOLLIN);
process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);

// By descriptor.
const connections = [];
const room = Buffer.allocUnsafeSlow(65536);
const events = new Int32Array(2 * 1024);

function accept() {
  const [plain] = listener.accept();
  plain.setblocking(false);
  plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
  const sock = context.wrap_socket(plain, { server_side: true, do_handshake_on_connect: false });
  connections[sock.fileno()] = { sock, shaking: true };
  poller.register(sock, select.EPOLLIN);
}

/** False: the connection has ended. */
function serve(connection) {
  const { sock } = connection;
  if (connection.shaking) {
    sock.do_handshake();
    connection.shaking = false;
    return true;
  }
  do {
    const n = sock.recv_into(room);
    if (n === 0) return false;
    sock.send(room.subarray(0, n));
  } while (sock.pending() > 0);
  return true;
}

function drop(fd) {
  poller.unregister(fd);
  connections[fd].sock.close();
  connections[fd] = undefined;
}

function reportHeap() {
  readSync(STDIN, Buffer.alloc(64));
  process.stdout.write(heapLine());
}

function ready(fd) {
  if (fd === listener.fileno()) accept();
  else if (heap && fd === STDIN) reportHeap();
  else echo(fd);
}

function echo(fd) {
  try {
    if (!serve(connections[fd])) drop(fd);
  } catch (error) {
    if (error instanceof ssl.SSLWantReadError || error instanceof ssl.SSLWantWriteError) return;
    if (!(error instanceof exceptions.OSError)) throw error;
    drop(fd);
  }
}

for (;;) {
  const n = poller.poll_into(events);
  for (let i = 0; i < n; i++) ready(events[2 * i]);
}
