/**
 * A threaded server: workers that all accept on one listening socket, each with plain blocking calls. The kernel hands
 * every connection to one of them. It answers each line with the same line in capitals.
 *
 *   node examples/threaded_server.mjs [--port 8000] [--threads 4] [--connections N]
 *
 * `--connections N` ends the server after that many; without it, Ctrl-C does.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { exceptions, socket } from 'berkeley';

function serve(sock) {
  const lines = sock.makefile('rw', { encoding: 'utf-8', newline: '\n' });
  try {
    for (const line of lines) {
      lines.write(`thread ${threadId}: ${line.toUpperCase()}`);
      lines.flush();
    }
  } finally {
    lines.close();
  }
}

function work() {
  // A descriptor is a number, and the process's, not the thread's. fromfd() duplicates it: this object owns its own.
  const listener = socket.fromfd(workerData.fd, socket.AF_INET, socket.SOCK_STREAM);
  for (;;) {
    const [sock, peer] = listener.accept();
    try {
      serve(sock);
      parentPort.postMessage(`thread ${threadId} served ${peer.join(':')}`);
    } catch (error) {
      // A client that is gone is no reason to end.
      if (!(error instanceof exceptions.OSError)) throw error;
      parentPort.postMessage(`thread ${threadId} lost ${peer.join(':')}: ${error.message}`);
    } finally {
      sock.close();
    }
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      threads: { type: 'string', default: '4' },
      connections: { type: 'string', default: 'Infinity' },
    },
  });
  const listener = socket.create_server(['127.0.0.1', Number(values.port)]);
  console.log(`listening on ${listener.getsockname().join(':')}`);
  let left = Number(values.connections);
  const workers = Array.from({ length: Number(values.threads) }, () => {
    return new Worker(new URL(import.meta.url), { workerData: { fd: listener.fileno() } });
  });
  await new Promise((resolve, reject) => {
    for (const worker of workers) {
      worker.on('error', reject);
      worker.on('message', (text) => {
        console.log(text);
        if (--left === 0) resolve(text);
      });
    }
  });
  // A worker that is blocked in accept() ends too, within a quarter of a second.
  await Promise.all(workers.map((worker) => worker.terminate()));
  listener.close();
}

if (isMainThread) await main();
else work();
