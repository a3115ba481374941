// A file sent over TCP again and again, on node:net: file.mjs FILE
// Is told in eight bytes how many to send. Prints its port, then serves until it is killed.
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:net';

const path = process.argv[2];
const { size } = statSync(path);

function send(socket, left) {
  if (left <= 0) return;
  const stream = createReadStream(path, { end: Math.min(left, size) - 1, highWaterMark: 65536 });
  stream.on('end', () => send(socket, left - size));
  stream.pipe(socket, { end: false });
}

const server = createServer((socket) => {
  socket.once('data', (data) => send(socket, Number(data.readBigUInt64LE())));
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => console.log(`PORT ${server.address().port}`));
