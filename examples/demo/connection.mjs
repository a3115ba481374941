/**
 * A nonblocking connection that is watched by epoll. It reads while all that it wrote is sent; what could not be sent at
 * once waits until epoll says that there is room. So a client that does not read cannot make the server's memory grow.
 */
import { exceptions, select, socket } from 'berkeley';

/** Where every connection receives: a service that keeps bytes copies them. */
const scratch = Buffer.allocUnsafe(64 * 1024);

export class Connection {
  #epoll;
  #service;
  #events = select.EPOLLIN;
  /** Iterators over bytes that are still to be sent, and what is left of the first one's last bytes. */
  #queue = [];
  #rest = null;
  /** Nothing more will be sent: what the client still sends is dropped, until it has seen the end. */
  #finished = false;

  /**
   * @param sock takes it over
   * @param service has `received(bytes, connection)` and `drained(connection)`, called when all was sent after a wait
   */
  constructor(epoll, sock, service) {
    sock.setblocking(false);
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
    this.#epoll = epoll;
    this.#service = service;
    this.sock = sock;
    this.counts = { bytesIn: 0, bytesOut: 0, partialSends: 0, roomEvents: 0 };
    epoll.register(sock, this.#events);
  }

  /** Whether bytes wait for room in the kernel. */
  get blocked() {
    return this.#rest !== null || this.#queue.length > 0;
  }

  /** Acts on what epoll reported. False: the connection is over. */
  handle(events) {
    try {
      if (!this.blocked) return this.#read();
      this.counts.roomEvents++;
      this.#flush();
      if (!this.blocked) this.#service.drained(this);
      this.#watch();
      // A client that hung up takes no more: send would have said so, had there been room to try.
      return (events & (select.EPOLLERR | select.EPOLLHUP)) === 0;
    } catch (error) {
      // Level-triggered: epoll will say so again if the readiness was true.
      if (error instanceof exceptions.BlockingIOError) return true;
      if (error instanceof exceptions.OSError) return false;
      throw error;
    }
  }

  #read() {
    const n = this.sock.recv_into(scratch);
    if (n === 0) return false;
    this.counts.bytesIn += n;
    if (!this.#finished) this.#service.received(scratch.subarray(0, n), this);
    this.#watch();
    return true;
  }

  /** Sends bytes, which are the caller's again when this returns. */
  write(bytes) {
    if (this.blocked) {
      this.#queue.push([Buffer.from(bytes)].values());
      return;
    }
    this.#rest = bytes;
    this.#flush();
    if (this.#rest !== null) this.#rest = Buffer.from(this.#rest);
  }

  /** Sends what an iterator yields, each part when the one before is sent. */
  writeFrom(parts) {
    this.#queue.push(parts);
    if (this.#rest === null && this.#queue.length === 1) this.#flush();
  }

  /** Ends this direction once all is sent. Closing at once would throw away what the client has yet to read. */
  finish() {
    this.#finished = true;
    if (!this.blocked) this.sock.shutdown(socket.SHUT_WR);
  }

  #flush() {
    while (this.#nextBytes()) {
      if (!this.#sendSome()) return;
    }
    if (this.#finished) this.sock.shutdown(socket.SHUT_WR);
  }

  #nextBytes() {
    while (this.#rest === null && this.#queue.length > 0) {
      const { value, done } = this.#queue[0].next();
      if (done) this.#queue.shift();
      else this.#rest = value;
    }
    return this.#rest !== null;
  }

  /** False: the kernel takes no more for now. */
  #sendSome() {
    let n;
    try {
      n = this.sock.send(this.#rest);
    } catch (error) {
      if (!(error instanceof exceptions.BlockingIOError)) throw error;
      return false;
    }
    this.counts.bytesOut += n;
    if (n < this.#rest.length) this.counts.partialSends++;
    this.#rest = n < this.#rest.length ? this.#rest.subarray(n) : null;
    return true;
  }

  /** Asks epoll for what matters now: room while bytes wait, else bytes. */
  #watch() {
    const events = this.blocked ? select.EPOLLOUT : select.EPOLLIN;
    if (events === this.#events) return;
    this.#events = events;
    this.#epoll.modify(this.sock, events);
  }

  close() {
    for (const parts of this.#queue) parts.return?.();
    this.#epoll.unregister(this.sock);
    this.sock.close();
  }
}
