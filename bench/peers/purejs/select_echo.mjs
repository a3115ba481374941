// An echo server on select() of the pure-JavaScript design. Prints its port, then serves until it is killed.
import { create_server, select } from './sockets.mjs';

const listener = create_server(['127.0.0.1', 0]);
process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
const socks = [listener];
const room = Buffer.allocUnsafeSlow(65536);

function echo(sock) {
  const n = sock.recv_into(room);
  if (n > 0) {
    sock.sendall(room.subarray(0, n));
  } else {
    sock.close();
    socks.splice(socks.indexOf(sock), 1);
  }
}

for (;;) {
  for (const sock of select(socks, [])[0]) {
    if (sock === listener) socks.push(listener.accept());
    else echo(sock);
  }
}
