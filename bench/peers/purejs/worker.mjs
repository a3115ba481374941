// The worker's half of sockets.mjs: node:net, and the rings.
import { createConnection, createServer } from 'node:net';
import { workerData } from 'node:worker_threads';
import { Ring } from './ring.mjs';

const { events, port } = workerData;
const open = new Map();
let lastId = 2 ** 30;

/** Something has changed: who waits tests again. */
function raise() {
  Atomics.add(events, 0, 1);
  Atomics.notify(events, 0);
}

class Connection {
  #socket;
  #received;
  #sent;
  /** Chunks that have come and found no room. */
  #queue = [];
  #ended = false;
  #closing = false;

  constructor(socket, received, sent) {
    this.#socket = socket;
    this.#received = received;
    this.#sent = sent;
    socket.on('data', (chunk) => {
      this.#queue.push(chunk);
      this.resume();
    });
    socket.on('end', () => this.#end());
    socket.on('error', () => this.#end());
    socket.on('drain', () => this.send());
  }

  #end() {
    this.#ended = true;
    this.resume();
  }

  /** Moves chunks into the ring, and takes no more from the kernel while some are left. */
  resume() {
    while (this.#queue.length > 0) {
      const chunk = this.#queue[0];
      const n = this.#received.put(chunk);
      if (n < chunk.length) {
        this.#queue[0] = chunk.subarray(n);
        this.#received.stall();
        // The room may have come before the other side could see that it is waited for.
        if (this.#received.room === 0 || !this.#received.takeStalled()) break;
      } else {
        this.#queue.shift();
      }
    }
    if (this.#queue.length > 0) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#queue.length === 0 && this.#ended) this.#received.end();
    raise();
  }

  /** Writes what is in the ring, as long as node:net takes it without queueing. */
  send() {
    this.#sent.heard();
    while (this.#sent.length > 0 && !this.#socket.writableNeedDrain) {
      const chunk = Buffer.allocUnsafe(this.#sent.length);
      this.#sent.get(chunk);
      this.#socket.write(chunk);
    }
    if (this.#closing && this.#sent.length === 0) this.#socket.end();
    raise();
  }

  /** Ends the connection when all that was sent is written. */
  close() {
    this.#closing = true;
    this.send();
  }
}

/** A connection that `listener` got; or, without one, that was asked for. */
function connected(socket, listener) {
  const [received, sent, id] = [new Ring(), new Ring(), ++lastId];
  open.set(id, new Connection(socket, received, sent));
  port.postMessage({ listener, id, received: received.shared, sent: sent.shared });
  raise();
}

function listen(listener, address) {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => connected(socket, listener));
  open.set(listener, server);
  const listening = () => {
    port.postMessage({ listener, port: server.address().port ?? 0 });
    raise();
  };
  if (typeof address === 'string') server.listen(address, listening);
  else server.listen(...[...address].reverse(), 4096, listening);
}

port.on('message', (message) => {
  if (message.send !== undefined) open.get(message.send)?.send();
  else if (message.resume !== undefined) open.get(message.resume)?.resume();
  else if (message.listen !== undefined) listen(message.listen, message.address);
  else if (message.connect !== undefined) {
    const socket = createConnection({ port: message.connect[0], host: message.connect[1], noDelay: true }, () =>
      connected(socket),
    );
  } else {
    open.get(message.close)?.close();
    open.delete(message.close);
  }
});
