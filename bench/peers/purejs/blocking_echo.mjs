// An echo server that blocks, one connection at a time. Prints its port, then serves until it is killed.
import { create_server } from './sockets.mjs';

const listener = create_server(['127.0.0.1', 0]);
process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
const room = Buffer.allocUnsafeSlow(65536);

for (;;) {
  const sock = listener.accept();
  for (let n = sock.recv_into(room); n > 0; n = sock.recv_into(room)) sock.sendall(room.subarray(0, n));
  sock.close();
}
