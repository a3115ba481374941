// A stream one way, with blocking calls, one connection at a time; until it is killed.
//   bulk.mjs receive|send         prints its port; receives to the end and answers with a byte; or is told in eight bytes
//                                 how many to send, and sends them
//   bulk.mjs receive|send PATH    the same on a Unix socket
import { socket } from 'berkeley';

const [direction, path] = process.argv.slice(2);
const room = Buffer.allocUnsafeSlow(65536);

function listen() {
  if (path === undefined) {
    const listener = socket.create_server(['127.0.0.1', 0]);
    process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
    return listener;
  }
  const listener = socket.create_server(path, { family: socket.AF_UNIX });
  process.stdout.write(`PATH ${path}\n`);
  return listener;
}

function receive(sock) {
  while (sock.recv_into(room) > 0);
  sock.send(Buffer.of(0));
}

function send(sock) {
  let left = Number(sock.recv(8, socket.MSG_WAITALL).readBigUInt64LE());
  for (; left > 0; left -= Math.min(left, room.length)) sock.sendall(room.subarray(0, left));
}

const serve = direction === 'receive' ? receive : send;
const listener = listen();
for (;;) {
  const [sock] = listener.accept();
  serve(sock);
  sock.close();
}
