/** A thread that serves one connection after the other with calls that block: accept, recv, sendall. */
import { parentPort, workerData } from 'node:worker_threads';
import { OSError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';

const listener = socket.fromfd(workerData as number, socket.AF_INET, socket.SOCK_STREAM);
parentPort?.postMessage('serving');
for (;;) {
  try {
    const [accepted] = listener.accept();
    using connection = accepted;
    connection.settimeout(5);
    for (;;) {
      const got = connection.recv(65_536);
      if (got.length === 0) break;
      connection.sendall(got);
    }
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
  }
}
