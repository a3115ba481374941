/**
 * Many listeners on one port: each worker binds one of its own, with SO_REUSEPORT, and the kernel deals the connections
 * out among them. A worker waits in its own queue, so a busy one does not keep the others from accepting.
 *
 *   node examples/reuse_port.mjs [--port 8000] [--workers 4] [--connections N]
 *
 * `--connections N` ends the server after that many, and says how many each worker got; without it, Ctrl-C ends it.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { socket } from 'berkeley';

function work({ number, address }) {
  const listener = socket.create_server(address, { reuse_port: true });
  parentPort.postMessage('listening');
  for (;;) {
    const [sock] = listener.accept();
    sock.sendall(Buffer.from(`worker ${number}\n`));
    sock.close();
    parentPort.postMessage('served');
  }
}

/** Holds the port for the workers. It does not listen, so it gets no connections. */
function reserve(port) {
  const sock = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1);
  sock.bind(['127.0.0.1', port]);
  return sock;
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      workers: { type: 'string', default: '4' },
      connections: { type: 'string', default: 'Infinity' },
    },
  });
  const reserved = reserve(Number(values.port));
  const address = reserved.getsockname();
  const served = Array(Number(values.workers)).fill(0);
  const workers = served.map((_, number) => new Worker(new URL(import.meta.url), { workerData: { number, address } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  console.log(`listening on ${address.join(':')}`);

  let left = Number(values.connections);
  await new Promise((resolve, reject) => {
    for (const [number, worker] of workers.entries()) {
      worker.on('error', reject);
      worker.on('message', () => {
        served[number]++;
        if (--left === 0) resolve(null);
      });
    }
  });
  for (const [number, count] of served.entries()) console.log(`worker ${number} served ${count}`);
  await Promise.all(workers.map((worker) => worker.terminate()));
  reserved.close();
}

if (isMainThread) await main();
else work(workerData);
