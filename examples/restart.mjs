/**
 * A server that is replaced while it serves: the new process gets the listener and every live connection from the old
 * one, over a Unix socket, and no client notices. Each line is answered with the number of the process that serves it.
 *
 *   node examples/restart.mjs serve PATH [--port 8000]    serves; where somebody serves already, takes over from it
 *   node examples/restart.mjs                             does both in two processes, and is their client
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exceptions, select, socket } from 'berkeley';

const { ConnectionRefusedError, FileNotFoundError, OSError } = exceptions;
const LINE_MAX = 65536;
const PATIENCE_S = 10;

/** All that this process serves: descriptor → the socket, what it is (a key of `ready`), and the beginning of a line. */
const served = new Map();
const poller = new select.epoll();

function watch(sock, role, pending) {
  served.set(sock.fileno(), { sock, role, pending });
  poller.register(sock, select.EPOLLIN);
}

/** What to do with a socket that is ready. True: another process serves from now on. */
const ready = {
  listener({ sock }) {
    watch(sock.accept()[0], 'client', Buffer.alloc(0));
  },

  client(entry) {
    const { sock, pending } = entry;
    try {
      const bytes = sock.recv(LINE_MAX);
      const text = Buffer.concat([pending, bytes]);
      const lines = text.subarray(0, text.lastIndexOf('\n') + 1);
      entry.pending = text.subarray(lines.length);
      sock.sendall(Buffer.from(`${lines}`.replace(/^.*\n/gm, (line) => `${process.pid} ${line}`)));
      if (bytes.length > 0 && entry.pending.length < LINE_MAX) return;
    } catch (error) {
      // A client that is gone is no reason to end.
      if (!(error instanceof OSError)) throw error;
    }
    poller.unregister(sock);
    served.delete(sock.fileno());
    sock.close();
  },

  /** A new process asks for everything. Until it has said that it has got it, everything is still ours as well. */
  handover({ sock }) {
    const [heir] = sock.accept();
    try {
      heir.settimeout(PATIENCE_S);
      for (const [fd, { role, pending }] of served) {
        socket.send_fds(heir, [Buffer.from(`${role}\n`), pending], [fd]);
      }
      heir.sendall(Buffer.from('all\n'));
      return heir.recv(10).length > 0;
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      return false;
    } finally {
      heir.close();
    }
  },
};

/** A connection to the process that waits at the path; null if there is none. */
function predecessor(path) {
  const sock = new socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  try {
    sock.connect(path);
    return sock;
  } catch (error) {
    sock.close();
    if (error instanceof FileNotFoundError || error instanceof ConnectionRefusedError) return null;
    throw error;
  }
}

/** Gets everything from the old process. A SOCK_SEQPACKET message arrives as it was sent, with its descriptor. */
function takeOver(old) {
  for (;;) {
    const [message, [fileno]] = socket.recv_fds(old, 2 * LINE_MAX, 1);
    const end = message.indexOf('\n');
    const role = `${message.subarray(0, end)}`;
    if (role === 'all') break;
    if (fileno === undefined) throw new Error('the old process has gone, or this one may open no more descriptors');
    watch(new socket.socket({ fileno }), role, message.subarray(end + 1));
  }
  old.sendall(Buffer.from('thanks'));
  old.close();
  console.log(`process ${process.pid} took over ${served.size} sockets`);
}

function start(path, port) {
  const listener = socket.create_server(['127.0.0.1', port]);
  watch(listener, 'listener', Buffer.alloc(0));
  rmSync(path, { force: true }); // what a process that crashed has left
  const handover = new socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);
  handover.bind(path);
  handover.listen();
  watch(handover, 'handover', Buffer.alloc(0));
  console.log(`process ${process.pid} serves ${listener.getsockname().join(':')}`);
}

function serve(path, port) {
  const old = predecessor(path);
  if (old !== null) takeOver(old);
  else start(path, port);
  for (;;) {
    for (const [fd] of poller.poll()) {
      const entry = served.get(fd);
      // What was not read yet waits in the kernel, and closing our descriptors ends nothing that has others.
      if (ready[entry.role](entry)) return;
    }
  }
}

/** Two servers, one after the other, and one connection to both. */
async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), 'restart-'));
  const launch = async () => {
    const args = [fileURLToPath(import.meta.url), 'serve', join(folder, 'handover')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface(child.stdout), 'line');
    console.log(line);
    return { child, port: Number(/\d+$/.exec(line)?.[0]) };
  };
  const old = await launch();
  const client = socket.create_connection(['127.0.0.1', old.port], { timeout: PATIENCE_S });
  const answers = client.makefile();
  client.sendall(Buffer.from('one\ntwo\nthr'));
  for (let i = 0; i < 2; i++) console.log(`answered by ${answers.readline().trimEnd()}`);
  const { child } = await launch();
  client.sendall(Buffer.from('ee\n'));
  console.log(`answered by ${answers.readline().trimEnd()}`);
  child.kill();
  rmSync(folder, { recursive: true });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { port: { type: 'string', default: '0' } },
});
if (positionals[0] === 'serve') serve(positionals[1], Number(values.port));
else await demonstrate();
