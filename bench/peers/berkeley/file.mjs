// A file sent over TCP again and again, with blocking calls, one connection at a time: file.mjs sendfile|read FILE
// Is told in eight bytes how many to send. Prints its port, then serves until it is killed.
import { fstatSync, openSync, readSync } from 'node:fs';
import { socket } from 'berkeley';

const [how, path] = process.argv.slice(2);
const file = openSync(path);
const { size } = fstatSync(file);
const room = Buffer.allocUnsafeSlow(65536);

function readAndSend(sock, count) {
  for (let offset = 0; offset < count; ) {
    const n = readSync(file, room, 0, Math.min(room.length, count - offset), offset);
    sock.sendall(room.subarray(0, n));
    offset += n;
  }
}

const listener = socket.create_server(['127.0.0.1', 0]);
process.stdout.write(`PORT ${listener.getsockname()[1]}\n`);
for (;;) {
  const [sock] = listener.accept();
  for (let left = Number(sock.recv(8, socket.MSG_WAITALL).readBigUInt64LE()); left > 0; left -= size) {
    const count = Math.min(left, size);
    if (how === 'read') readAndSend(sock, count);
    else sock.sendfile(file, 0, count);
  }
  sock.close();
}
