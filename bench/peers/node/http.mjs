// Node's HTTP server on its own connections. Prints its port, then serves until it is killed.
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('hello, world\n'));
server.listen(0, '127.0.0.1', 4096, () => console.log(`PORT ${server.address().port}`));
