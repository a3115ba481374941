// An echo server on this library's streams. Prints its port, then serves until it is killed.
//   --heap   says how large its heap is for each line of input
import { createServer } from 'berkeley/stream';
import { heapLine } from '../heap.mjs';

const server = createServer((stream) => {
  stream.setNoDelay();
  stream.on('data', (data) => stream.write(data));
  stream.on('error', () => stream.destroy());
});
server.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${server.address().port}`));
if (process.argv.includes('--heap')) process.stdin.on('data', () => process.stdout.write(heapLine()));
