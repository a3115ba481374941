/** The same echo service on node:net, in a worker of its own, to compare with. Posts its port. */
import { createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';

const server = createServer({ noDelay: true }, (connection) => {
  connection.on('data', (bytes) => connection.write(bytes));
  connection.on('error', () => connection.destroy());
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
