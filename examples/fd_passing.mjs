/**
 * Hands an open file and a listening socket to another process, over a Unix socket. The other process gets descriptors of
 * its own for the same open things: it needs no right to open the file, and may bind no port.
 *
 *   node examples/fd_passing.mjs                     does both in two processes
 *   node examples/fd_passing.mjs give PATH FILE      waits at a Unix socket's PATH, gives the file away and a listener
 *   node examples/fd_passing.mjs take PATH           takes them, and serves the file's first line to one client
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { socket } from 'berkeley';

const HERE = fileURLToPath(import.meta.url);

/** Waits for one process to connect, and gives it the file and a listener. Returns the listener's port. */
function give(waiting, fileName) {
  const [sock] = waiting.accept();
  const file = openSync(fileName, 'r');
  const listener = socket.create_server(['127.0.0.1', 0]);
  const [, port] = listener.getsockname();
  const fds = [file, listener.fileno()];
  socket.send_fds(sock, [Buffer.from('a file and a listener')], fds);
  console.log(`process ${process.pid} gave away its descriptors ${fds.join(' and ')}; port ${port}`);
  // What was sent stays open at the receiver, though it is closed here.
  closeSync(file);
  for (const each of [listener, sock, waiting]) each.close();
  return port;
}

const wait = (path) => socket.create_server(path, { family: socket.AF_UNIX });

function take(path) {
  const sock = new socket.socket(socket.AF_UNIX, socket.SOCK_STREAM);
  sock.connect(path);
  const [bytes, [file, fd]] = socket.recv_fds(sock, 100, 2);
  console.log(`process ${process.pid} got descriptors ${file} and ${fd}: ${bytes}`);
  const line = Buffer.alloc(200);
  const length = readSync(file, line, 0, line.length, 0);
  // Family, type and protocol are found out from the descriptor.
  const listener = new socket.socket({ fileno: fd });
  const [client] = listener.accept();
  client.sendall(line.subarray(0, Math.min(line.indexOf('\n') + 1 || length, length)));
  closeSync(file);
  for (const each of [client, listener, sock]) each.close();
}

/** We give, a child takes, and we are its client too. */
async function both() {
  const folder = mkdtempSync(join(tmpdir(), 'fds-'));
  const waiting = wait(join(folder, 'socket'));
  const child = spawn(process.execPath, [HERE, 'take', waiting.getsockname()], { stdio: 'inherit' });
  const port = give(waiting, HERE);
  const client = socket.create_connection(['127.0.0.1', port]);
  process.stdout.write(`the file begins with: ${client.makefile().read()}`);
  client.close();
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
}

const [role, path, file] = process.argv.slice(2);
if (role === 'give') give(wait(path), file);
else if (role === 'take') take(path);
else await both();
