// The pure-JavaScript design: blocking sockets and select() over node:net, without a native part.
//
// node:net lives in a worker (worker.mjs), whose event loop goes on while this thread sleeps in Atomics.wait. For each
// connection there are two rings of shared memory (ring.mjs): chunks that have come are queued there by the worker and
// copied out by recv(); what send() puts into the other is written by the worker. Commands and new connections travel as
// messages. One shared counter is raised at each event: a call that has to wait tests what it waits for, sleeps until the
// counter moves, and tests again; so readiness is level-triggered whatever order the events came in.
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { Ring } from './ring.mjs';

const events = new Int32Array(new SharedArrayBuffer(4));
const { port1: port, port2 } = new MessageChannel();
const options = { workerData: { events, port: port2 }, transferList: [port2] };
new Worker(new URL('worker.mjs', import.meta.url), options).unref();
port.unref();

const sockets = new Map();
let lastId = 0;

/** Takes in what the worker has sent: ports of listeners, and connections: those they got, and those asked for. */
function takeMessages() {
  for (let got = receiveMessageOnPort(port); got; got = receiveMessageOnPort(port)) {
    const { listener, ...what } = got.message;
    if (what.port !== undefined) sockets.get(listener).port = what.port;
    else if (listener === undefined) connected = what;
    else sockets.get(listener)?.pending.push(what);
  }
}

/** What create_connection waits for. */
let connected;

function connection({ id, received, sent }) {
  return new Connection(id, new Ring(received), new Ring(sent));
}

/** Tests after each event, until `test` finds what it looks for or the time is over. */
function waitFor(test, deadlineMs = Number.POSITIVE_INFINITY) {
  for (;;) {
    const seen = Atomics.load(events, 0);
    takeMessages();
    const found = test();
    if (found) return found;
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) return found;
    Atomics.wait(events, 0, seen, leftMs);
  }
}

class Socket {
  constructor(id) {
    this.id = id;
    sockets.set(id, this);
  }

  fileno() {
    return this.id;
  }

  close() {
    sockets.delete(this.id);
    port.postMessage({ close: this.id });
  }
}

class Listener extends Socket {
  pending = [];

  readable() {
    return this.pending.length > 0;
  }

  accept() {
    waitFor(() => this.readable());
    return connection(this.pending.shift());
  }

  getsockname() {
    return ['127.0.0.1', this.port];
  }
}

class Connection extends Socket {
  constructor(id, received, sent) {
    super(id);
    this.received = received;
    this.sent = sent;
  }

  readable() {
    return this.received.length > 0 || this.received.ended;
  }

  writable() {
    return this.sent.room > 0;
  }

  /** How many bytes came; 0: the peer has closed. */
  recv_into(buffer) {
    if (!this.readable()) waitFor(() => this.readable());
    const n = this.received.get(buffer);
    // The worker has more, for which there was no room.
    if (this.received.takeStalled()) port.postMessage({ resume: this.id });
    return n;
  }

  recv(size) {
    const buffer = Buffer.allocUnsafe(size);
    return buffer.subarray(0, this.recv_into(buffer));
  }

  send(bytes) {
    if (!this.writable()) waitFor(() => this.writable());
    const n = this.sent.put(bytes);
    // One message is enough for all that is put before the worker looks.
    if (this.sent.announce()) port.postMessage({ send: this.id });
    return n;
  }

  sendall(bytes) {
    for (let done = 0; done < bytes.length; ) done += this.send(bytes.subarray(done));
  }
}

/** A listening socket on 127.0.0.1, or on a path. */
export function create_server(address) {
  const listener = new Listener(++lastId);
  port.postMessage({ listen: listener.id, address });
  waitFor(() => listener.port !== undefined);
  return listener;
}

/** A connection to 127.0.0.1. */
export function create_connection([host, number]) {
  connected = undefined;
  port.postMessage({ connect: [number, host] });
  waitFor(() => connected !== undefined);
  return connection(connected);
}

/** Which of `rlist` can be read and which of `wlist` written; waits `timeout` seconds for the first. */
export function select(rlist, wlist, timeout = Number.POSITIVE_INFINITY) {
  const test = () => {
    const readable = rlist.filter((sock) => sock.readable());
    const writable = wlist.filter((sock) => sock.writable());
    return readable.length + writable.length > 0 ? [readable, writable] : null;
  };
  return waitFor(test, performance.now() + timeout * 1000) ?? [[], []];
}
