// An echo server on this library's proactor. Prints its port, or the path that it was given, then serves until it is killed.
//   --loop   on Node's event loop
import { proactor, socket } from 'berkeley';

const { ACCEPT, MULTISHOT, Proactor, QUIET, RECV } = proactor;
const path = process.argv.length > 2 && process.argv.at(-1).startsWith('/') ? process.argv.at(-1) : null;
const listener =
  path === null
    ? socket.create_server(['127.0.0.1', 0], { backlog: 4096 })
    : socket.create_server(path, { family: socket.AF_UNIX, backlog: 4096 });
listener.setblocking(false);

const server = new Proactor({ buffers: 2048, entries: 2048 });
server.accept(server.add(listener), MULTISHOT);
process.stdout.write(path === null ? `PORT ${listener.getsockname()[1]}\n` : `PATH ${path}\n`);

/** Serves completion i. */
function serve(i) {
  const result = server.result(i);
  switch (server.operation(i)) {
    case ACCEPT:
      if (result > 0) server.recv(result, MULTISHOT);
      break;
    case RECV:
      if (result > 0) server.send(server.token(i), server.buffer(i), result, QUIET);
      else server.close_socket(server.token(i), QUIET);
      break;
  }
}

function serveAll(count) {
  for (let i = 0; i < count; i++) serve(i);
}

if (process.argv.includes('--loop')) server.on_batch(serveAll);
else for (;;) serveAll(server.wait());
