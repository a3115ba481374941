// A stream one way, on node:net, until it is killed.
//   bulk.mjs receive|send         prints its port; receives to the end and answers with a byte; or is told in eight bytes
//                                 how many to send, and sends them
//   bulk.mjs receive|send PATH    the same on a Unix socket
import { createServer } from 'node:net';

const [direction, path] = process.argv.slice(2);
const room = Buffer.allocUnsafeSlow(65536);

function receive(socket) {
  socket.on('data', () => {});
  socket.on('end', () => socket.end(Buffer.of(0)));
}

function send(socket) {
  let left = 0;
  const more = () => {
    for (let accepted = true; left > 0 && accepted; ) {
      const size = Math.min(left, room.length);
      left -= size;
      accepted = socket.write(size === room.length ? room : room.subarray(0, size));
    }
  };
  socket.once('data', (data) => {
    left = Number(data.readBigUInt64LE());
    socket.on('drain', more);
    more();
  });
}

const server = createServer({ allowHalfOpen: true }, direction === 'receive' ? receive : send);
if (path === undefined) server.listen(0, '127.0.0.1', () => console.log(`PORT ${server.address().port}`));
else server.listen(path, () => console.log(`PATH ${path}`));
