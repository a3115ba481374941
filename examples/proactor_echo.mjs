// Echo and HTTP/1.1 servers on one proactor: a single native call per turn receives from all who have sent something and
// sends all answers. Prints the ports, then serves until it is killed.
//   node examples/proactor_echo.mjs [ECHO_PORT [HTTP_PORT]]
import { proactor, socket } from 'berkeley';

const { ACCEPT, MULTISHOT, Proactor, QUIET, RECV, SEND } = proactor;
const [echoPort = 0, httpPort = 0] = process.argv.slice(2).map(Number);
const server = new Proactor({ buffers: 1024, buffer_size: 16_384 });

/** What becomes of the bytes of a connection: by the token of its listener, then by its own. */
const protocols = new Map();

function listen(name, port, protocol) {
  const listener = socket.create_server(['127.0.0.1', port], { backlog: 1024 });
  const token = server.add(listener);
  protocols.set(token, protocol);
  server.accept(token, MULTISHOT);
  console.log(`${name} on 127.0.0.1:${listener.getsockname()[1]}`);
}

function close(token) {
  protocols.delete(token);
  server.close_socket(token, QUIET);
}

/** The buffer that the bytes came in goes back with them. */
function echo() {
  return (token, buffer, length) => server.send(token, buffer, length, QUIET);
}

const END_OF_HEAD = '\r\n\r\n';
const MOST = 65_536;
const ANSWER = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n');
const REFUSAL = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');

/** Requests without a body, pipelined or not; a head may come in parts. */
function http() {
  let head = '';
  return (token, buffer, length) => {
    head += server.buffers[buffer].toString('latin1', 0, length);
    server.give_back(buffer);
    for (let end = head.indexOf(END_OF_HEAD); end >= 0; end = head.indexOf(END_OF_HEAD)) {
      const request = head.slice(0, end);
      head = head.slice(end + END_OF_HEAD.length);
      const isGood = /^GET \S+ HTTP\/1\.1\r\n/.test(request);
      const answer = isGood ? ANSWER : REFUSAL;
      // A peer that reads none of its answers would keep all buffers.
      const isSent = server.write(token, answer) === answer.length;
      if (!isGood || !isSent || /^connection: *close *$/im.test(request)) return close(token);
    }
    if (head.length > MOST) close(token);
  };
}

function serve(i) {
  const token = server.token(i);
  const result = server.result(i);
  if (server.operation(i) === ACCEPT) {
    if (result > 0) {
      protocols.set(result, protocols.get(token)());
      server.recv(result, MULTISHOT);
    }
    // Too many open files, say: the listener goes on.
    if (!server.more(i)) server.accept(token, MULTISHOT);
  } else if (server.operation(i) === RECV) {
    const received = protocols.get(token);
    if (result <= 0) close(token);
    else if (received === undefined) server.give_back(server.buffer(i));
    else received(token, server.buffer(i), result);
  } else if (server.operation(i) === SEND && result < 0) {
    close(token);
  }
}

listen('ECHO', echoPort, echo);
listen('HTTP', httpPort, http);
for (;;) {
  const count = server.wait();
  for (let i = 0; i < count; i++) serve(i);
}
