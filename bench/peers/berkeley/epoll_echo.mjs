// An echo server on this library's epoll. Prints its port, or the path that it was given, then serves until it is killed.
//   --into   recv_into and poll_into: allocates nothing; else recv and poll, Python's usual calls
//   --busy   asks for a while before it sleeps
//   --heap   says how large its heap is for each line of input
import { readSync } from 'node:fs';
import { select, socket } from 'berkeley';
import { heapLine } from '../heap.mjs';

const into = process.argv.includes('--into');
const busy = process.argv.includes('--busy');
/** Longer than a round trip takes. */
const BUSY_US = 200;
const heap = process.argv.includes('--heap');
const STDIN = 0;

const path = process.argv.length > 2 && process.argv.at(-1).startsWith('/') ? process.argv.at(-1) : null;
const listener =
  path === null
    ? socket.create_server(['127.0.0.1', 0], { backlog: 4096 })
    : socket.create_server(path, { family: socket.AF_UNIX, backlog: 4096 });
listener.setblocking(false);
const poller = new select.epoll();
if (busy) poller.set_busy_wait(BUSY_US);
poller.register(listener, select.EPOLLIN);
if (heap) poller.register(STDIN, select.EPOLLIN);
process.stdout.write(path === null ? `PORT ${listener.getsockname()[1]}\n` : `PATH ${path}\n`);

const connections = new Map();
const room = Buffer.allocUnsafeSlow(65536);
const events = new Int32Array(2 * 1024);

function accept() {
  const [sock] = listener.accept();
  sock.setblocking(false);
  connections.set(sock.fileno(), sock);
  poller.register(sock, select.EPOLLIN);
}

function drop(fd, sock) {
  poller.unregister(fd);
  connections.delete(fd);
  sock.close();
}

function echo(fd) {
  const sock = connections.get(fd);
  if (into) {
    const n = sock.recv_into(room);
    if (n > 0) sock.send(room.subarray(0, n));
    else drop(fd, sock);
  } else {
    const data = sock.recv(65536);
    if (data.length > 0) sock.send(data);
    else drop(fd, sock);
  }
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

for (;;) {
  if (into) {
    const n = poller.poll_into(events);
    for (let i = 0; i < n; i++) ready(events[2 * i]);
  } else {
    for (const [fd] of poller.poll()) ready(fd);
  }
}
