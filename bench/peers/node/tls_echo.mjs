// A TLS echo server on node:tls: `tls_echo.mjs CERTIFICATE` prints its port, then serves until it is killed.
// With --heap it says how large its heap is for each line of input.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';
import { heapLine } from '../heap.mjs';

const pem = readFileSync(process.argv[2]);
const server = createServer({ key: pem, cert: pem, noDelay: true }, (socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => socket.destroy());
});
server.on('tlsClientError', () => {});
server.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${server.address().port}`));
if (process.argv.includes('--heap')) process.stdin.on('data', () => process.stdout.write(heapLine()));
