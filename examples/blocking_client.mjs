/**
 * A blocking HTTP client: connect, write, read lines. No callback, no promise; each call returns when it has its result.
 *
 *   node examples/blocking_client.mjs http://127.0.0.1:8000/      prints the response's head and the size of its body
 *   node examples/blocking_client.mjs                             asks a server that it starts itself
 *
 * HTTP/1.0 is spoken: there a response ends where the connection ends.
 */
import { spawn } from 'node:child_process';
import { exceptions, socket } from 'berkeley';

function get(url) {
  const { hostname, port, pathname, search } = new URL(url);
  // A URL has an IPv6 address in brackets.
  const host = hostname.replace(/^\[|\]$/g, '');
  const sock = socket.create_connection([host, Number(port || 80)], { timeout: 10 });
  try {
    const file = sock.makefile('rwb');
    file.write(Buffer.from(`GET ${pathname}${search} HTTP/1.0\r\nHost: ${hostname}\r\n\r\n`));
    file.flush();
    console.log('connected:', sock);
    for (;;) {
      const line = file.readline().toString('latin1').trimEnd();
      if (line === '') break;
      console.log(`  ${line}`);
    }
    console.log(`body: ${file.read().length} bytes`);
    file.close();
  } finally {
    sock.close();
  }
}

/** A server needs a process of its own: in this one, nothing else runs while a call waits. */
function startServer() {
  const program = `require('node:http').createServer((request, response) => response.end('hello, ' + request.url))
    .listen(0, '127.0.0.1', function () { console.log(this.address().port); })`;
  const [ours, theirs] = socket.socketpair();
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', theirs.fileno(), 'inherit'] });
  theirs.close();
  const port = ours.makefile().readline().trim();
  ours.close();
  return { child, url: `http://127.0.0.1:${port}/world` };
}

const server = process.argv[2] === undefined ? startServer() : null;
try {
  get(server?.url ?? process.argv[2]);
} catch (error) {
  // Refused, timed out, no such host: the class says which, as in Python.
  if (!(error instanceof exceptions.OSError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
} finally {
  server?.child.kill();
}
