/**
 * The demo's server: three listeners, every connection and the way to be stopped, all on one epoll in one thread.
 *
 * Runs in a worker, for its calls block. `workerData`: `{ root, certificate, control }`: the folder to serve, the file of
 * the certificate and its key, and the descriptor of a socket; when its other end is closed, the server ends. It posts
 * `{ listening }` once, `{ stuck }` when a client (its address) takes no more, `{ shaking }` each time a handshake has to
 * wait for one, `{ connection }` when one is over, and `{ failed }`, a text, if it cannot go on.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { exceptions, select, socket, ssl } from 'berkeley';
import { Connection } from './connection.mjs';
import { HttpExchange } from './http.mjs';

/** RFC 862. */
class Echo {
  requests = [];
  received(bytes, connection) {
    connection.write(bytes);
  }
  drained() {}
}

class Http {
  requests = [];
  #exchange = new HttpExchange(workerData.root);

  received(bytes, connection) {
    this.#exchange.feed(bytes);
    this.drained(connection);
  }

  /** Answers what has come, as long as the client takes the answers. */
  drained(connection) {
    while (!connection.blocked) {
      const response = this.#exchange.next();
      if (response === null) return;
      this.requests.push({ line: response.request, range: response.range, status: response.status });
      connection.writeFrom(response.parts);
      if (response.close) connection.finish();
    }
  }
}

/** A client may have gone between epoll's report and the call: then there is nothing to accept. */
function acceptIfAny(listener) {
  try {
    return listener.accept();
  } catch (error) {
    if (error instanceof exceptions.BlockingIOError || error instanceof exceptions.ConnectionAbortedError) return null;
    throw error;
  }
}

/** Makes a TLS socket of one that was just accepted. Hands are shaken later, without waiting: see Connection. */
function securer(certificate) {
  const context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH);
  context.load_cert_chain(certificate);
  context.set_alpn_protocols(['http/1.1']);
  return (sock) => context.wrap_socket(sock, { server_side: true, do_handshake_on_connect: false });
}

class Server {
  #epoll = new select.epoll();
  /** What to call for an event on each descriptor. */
  #handlers = new Map();
  #listeners = [];
  #connections = new Set();
  #running = true;

  /** @param secure what to make of an accepted socket before it is served */
  listen(name, makeService, secure = (sock) => sock) {
    const listener = socket.create_server(['127.0.0.1', 0]);
    listener.setblocking(false);
    this.#epoll.register(listener, select.EPOLLIN);
    this.#handlers.set(listener.fileno(), () => {
      const [sock, peer] = acceptIfAny(listener) ?? [];
      if (sock !== undefined) this.#serve(secure(sock), peer, name, makeService());
    });
    this.#listeners.push({ name, listener });
  }

  stopOn(fd) {
    const control = new socket.socket({ fileno: fd });
    this.#epoll.register(control, select.EPOLLIN);
    this.#handlers.set(fd, () => {
      this.#running = false;
      control.close();
    });
  }

  #serve(sock, peer, name, service) {
    const fd = sock.fileno();
    const connection = new Connection(this.#epoll, sock, service);
    this.#connections.add(connection);
    let stuck = false;
    this.#handlers.set(fd, (events) => {
      if (connection.handle(events)) {
        if (connection.handshake?.agreed === null) parentPort.postMessage({ shaking: peer });
        if (connection.blocked && !stuck) parentPort.postMessage({ stuck: peer });
        stuck = connection.blocked;
        return;
      }
      this.#handlers.delete(fd);
      this.#connections.delete(connection);
      connection.close();
      const { requests } = service;
      const handshake = connection.handshake?.log ?? null;
      parentPort.postMessage({ connection: { service: name, fd, peer, requests, handshake, ...connection.counts } });
    });
  }

  get listening() {
    const services = this.#listeners.map(({ name, listener }) => {
      return { name, fd: listener.fileno(), address: listener.getsockname() };
    });
    return { epoll: this.#epoll.fileno(), services };
  }

  run() {
    while (this.#running) {
      // An event of a connection that an earlier event of this batch has ended finds no handler any more.
      for (const [fd, events] of this.#epoll.poll()) this.#handlers.get(fd)?.(events);
    }
  }

  close() {
    for (const connection of this.#connections) connection.close();
    for (const { listener } of this.#listeners) listener.close();
    this.#epoll.close();
  }
}

const server = new Server();
try {
  server.listen('echo', () => new Echo());
  server.listen('http', () => new Http());
  server.listen('https', () => new Http(), securer(workerData.certificate));
  server.stopOn(workerData.control);
  parentPort.postMessage({ listening: server.listening });
  server.run();
} catch (error) {
  parentPort.postMessage({ failed: error.stack });
} finally {
  server.close();
}
