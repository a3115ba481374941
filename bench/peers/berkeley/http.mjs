// Node's HTTP server over this library's streams. Prints its port, then serves until it is killed.
import { createServer } from 'node:http';
import { createServer as createStreamServer } from 'berkeley/stream';

const server = createServer((_request, response) => response.end('hello, world\n'));
const listener = createStreamServer((stream) => server.emit('connection', stream));
listener.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${listener.address().port}`));
