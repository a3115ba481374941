// An echo server on node:net. Prints its port, or the path that it was given, then serves until it is killed.
//   --heap   says how large its heap is for each line of input
import { createServer } from 'node:net';
import { heapLine } from '../heap.mjs';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => socket.destroy());
});
const path = process.argv.at(-1);
if (process.argv.length > 2 && path.startsWith('/')) server.listen(path, 4096, () => console.log(`PATH ${path}`));
else server.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${server.address().port}`));
if (process.argv.includes('--heap')) process.stdin.on('data', () => process.stdout.write(heapLine()));
