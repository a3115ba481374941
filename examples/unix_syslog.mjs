/**
 * Writes to the system log: one datagram to the Unix socket /dev/log. Node's own modules have no Unix datagrams.
 *
 *   node examples/unix_syslog.mjs [--path /dev/log] [--tag NAME] TEXT…
 *
 * Where nobody listens at the path, it says so and starts a receiver of its own, in a worker, to show what arrives.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { exceptions, socket } from 'berkeley';

const FACILITY_USER = 1;
const SEVERITY_NOTICE = 5;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A line as local loggers expect it: RFC 3164, without the host's name. */
function logLine(tag, text, now = new Date()) {
  const time = now.toTimeString().slice(0, 8);
  const date = `${MONTHS[now.getMonth()]} ${String(now.getDate()).padStart(2)} ${time}`;
  return Buffer.from(`<${FACILITY_USER * 8 + SEVERITY_NOTICE}>${date} ${tag}[${process.pid}]: ${text}`);
}

/** True if somebody listens at `path` and took the line. */
function send(path, line) {
  const sock = new socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  try {
    sock.sendto(line, path);
    return true;
  } catch (error) {
    const nobody = error instanceof exceptions.FileNotFoundError || error instanceof exceptions.ConnectionRefusedError;
    if (!nobody) throw error;
    return false;
  } finally {
    sock.close();
  }
}

/** Sends the line to a receiver of our own. */
async function demonstrate(line) {
  const folder = mkdtempSync(join(tmpdir(), 'syslog-'));
  const path = join(folder, 'log');
  const worker = new Worker(new URL(import.meta.url), { workerData: path });
  await new Promise((resolve, reject) => {
    worker.on('error', reject).on('exit', resolve);
    worker.on('message', (message) => (message === 'ready' ? send(path, line) : console.log(message)));
  });
  rmSync(folder, { recursive: true });
}

/** Runs in the worker, for recvfrom() waits. */
function receive(path) {
  const sock = new socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);
  sock.bind(path);
  parentPort.postMessage('ready');
  parentPort.postMessage(`received: ${sock.recv(8192)}`);
  sock.close();
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { path: { type: 'string', default: '/dev/log' }, tag: { type: 'string', default: 'berkeley' } },
  });
  const line = logLine(values.tag, positionals.join(' ') || 'hello');
  if (send(values.path, line)) console.log(`sent to ${values.path}: ${line}`);
  else {
    console.log(`nobody listens at ${values.path}`);
    await demonstrate(line);
  }
}

if (isMainThread) await main();
else receive(workerData);
