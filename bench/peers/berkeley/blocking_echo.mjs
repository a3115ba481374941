// An echo server that blocks, one connection at a time. Prints its port, then serves until it is killed.
//   --into   recv_into, which allocates nothing; else recv
//   --busy   asks for a while before it sleeps
import { socket } from 'berkeley';

const into = process.argv.includes('--into');
const busy = process.argv.includes('--busy');
/** Longer than a round trip takes. */
const BUSY_US = 200;
const listener = socket.create_server(['127.0.0.1', 0], { backlog: 4096 });
process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
const room = Buffer.allocUnsafeSlow(65536);

function echoInto(sock) {
  for (let n = sock.recv_into(room); n > 0; n = sock.recv_into(room)) sock.sendall(room.subarray(0, n));
}

function echo(sock) {
  for (let data = sock.recv(65536); data.length > 0; data = sock.recv(65536)) sock.sendall(data);
}

for (;;) {
  const [sock] = listener.accept();
  sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
  if (busy) sock.set_busy_wait(BUSY_US);
  if (into) echoInto(sock);
  else echo(sock);
  sock.close();
}
