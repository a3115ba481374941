// An echo server on node:net. Prints its port, then serves until it is killed.
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${server.address().port}`));
