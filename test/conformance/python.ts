/**
 * Runs a Python program in this process, with this library in the place of Python's socket modules:
 *
 *     npm run python -- -m unittest -v test.test_poll
 *
 * The arguments are python3's own.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { folder, host } from './host.js';

/** How many workers are there before Python is. More are made when more threads want one; each opens descriptors. */
const WORKERS = 2;
/** CPython's C modules of which none may ever be loaded. */
const FORBIDDEN = /\/(_socket|_ssl|select)\.cpython[^/]*$/m;

const workers: Worker[] = [];

function addWorker(): Promise<void> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { env: SHARE_ENV });
  workers.push(worker);
  worker.on('error', (error) => {
    process.stderr.write(`conformance host: a worker failed: ${error.stack}\n`);
    process.exit(125);
  });
  // It says so when it has taken its place in the pool.
  return new Promise((resolve) => worker.once('message', () => resolve()));
}

function ended(status: number): void {
  const loaded = FORBIDDEN.exec(readFileSync('/proc/self/maps', 'utf8'));
  if (loaded !== null) {
    process.stderr.write(`conformance host: ${loaded[0]} was loaded, which only CPython's own modules do\n`);
    process.exit(125);
  }
  process.exit(status);
}

const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const shims = join(folder, 'shims');
const start = `import sys; sys.path.insert(0, ${JSON.stringify(shims)}); import _start`;
await Promise.all(Array.from({ length: WORKERS }, addWorker));
host.run([python, ...process.argv.slice(2)], start, WORKERS, () => void addWorker(), ended);
