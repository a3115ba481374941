// An echo server on Node's event loop. Prints its port, then serves until it is killed.
//   reader      add_reader: a callback for each socket that is readable
//   recv        await sock_recv, await sock_sendall: a task for each connection
//   recv_into   the same with sock_recv_into and a buffer for each connection
//   --heap      says how large its heap is for each line of input
import { asyncio, socket } from 'berkeley';
import { heapLine } from '../heap.mjs';

const room = Buffer.allocUnsafeSlow(65536);
const listener = socket.create_server(['127.0.0.1', 0], { backlog: 4096 });
listener.setblocking(false);

function echo(sock) {
  const n = sock.recv_into(room);
  if (n > 0) {
    sock.send(room.subarray(0, n));
  } else {
    asyncio.remove_reader(sock);
    sock.close();
  }
}

function serveByReader() {
  asyncio.add_reader(listener, () => {
    const [sock] = listener.accept();
    sock.setblocking(false);
    asyncio.add_reader(sock, echo, sock);
  });
}

async function echoReceived(sock) {
  for (let data = await asyncio.sock_recv(sock, 65536); data.length > 0; data = await asyncio.sock_recv(sock, 65536)) {
    await asyncio.sock_sendall(sock, data);
  }
  sock.close();
}

async function echoInto(sock) {
  const own = Buffer.allocUnsafeSlow(4096);
  for (let n = await asyncio.sock_recv_into(sock, own); n > 0; n = await asyncio.sock_recv_into(sock, own)) {
    await asyncio.sock_sendall(sock, own.subarray(0, n));
  }
  sock.close();
}

async function serveBy(task) {
  for (;;) {
    const [sock] = await asyncio.sock_accept(listener);
    sock.setblocking(false);
    task(sock);
  }
}

process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
if (process.argv[2] === 'reader') serveByReader();
else serveBy(process.argv[2] === 'recv' ? echoReceived : echoInto);
if (process.argv.includes('--heap')) process.stdin.on('data', () => process.stdout.write(heapLine()));
