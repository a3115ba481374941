/**
 * A server that opens no socket: it inherits a listening one, as systemd hands it to a service (socket activation).
 * So it needs no right to bind its port, and can be restarted without a client noticing.
 *
 *   systemd-socket-activate -l 8000 node examples/inherited_listener.mjs
 *   node examples/inherited_listener.mjs             plays the service manager itself, and one client
 *
 * `--connections N` ends the server after that many (1 if not given).
 * @see docs/systemd.md
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { socket, systemd } from 'berkeley';

function serve([name, sock], connections) {
  console.log(`inherited fd ${sock.fileno()} (${name}), which listens on ${sock.getsockname().join(':')}`);
  for (let i = 0; i < connections; i++) {
    const [client, peer] = sock.accept();
    client.sendall(Buffer.from(`hello, ${peer.join(':')}\n`));
    client.close();
  }
  sock.close();
}

/** What systemd does: binds, listens, and starts the service with the socket as its descriptor 3. */
async function playManager() {
  const listener = socket.create_server(['127.0.0.1', 0]);
  const [host, port] = listener.getsockname();
  // The shell knows the number of the process that it becomes; Node learns it only when the process has begun.
  const command = 'LISTEN_PID=$$ exec "$0" "$1"';
  const child = spawn('/bin/sh', ['-c', command, process.execPath, fileURLToPath(import.meta.url)], {
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'demo' },
    stdio: ['ignore', 'inherit', 'inherit', listener.fileno()],
  });
  listener.close();
  const client = socket.create_connection([host, port]);
  process.stdout.write(client.makefile().read());
  client.close();
  [process.exitCode] = await once(child, 'exit');
}

const { values } = parseArgs({ options: { connections: { type: 'string', default: '1' } } });
// They are for us, not for our children: the variables that announce them are removed.
const [first] = systemd.listen_fds(true);
if (first !== undefined) serve(first, Number(values.connections));
else await playManager();
