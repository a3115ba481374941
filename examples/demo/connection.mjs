/**
 * A nonblocking connection that is watched by epoll. It reads while all that it wrote is sent; what could not be sent at
 * once waits until epoll says that there is room. So a client that does not read cannot make the server's memory grow.
 *
 * With TLS it shakes hands first; and a call may want the other direction than its own, a read to send or a write to
 * receive: then epoll waits for that one, and the call is made again.
 */
import { exceptions, select, socket, ssl } from 'berkeley';
import { Handshake, wanted } from './handshake.mjs';

/** Where every connection receives: a service that keeps bytes copies them. */
const scratch = Buffer.allocUnsafe(64 * 1024);

export class Connection {
  #epoll;
  #service;
  #events = select.EPOLLIN;
  /** What the latest TLS call wants before it can go on; 0: nothing out of the ordinary. */
  #wants = 0;
  /** Iterators over bytes that are still to be sent, and what is left of the first one's last bytes. */
  #queue = [];
  #rest = null;
  /** Nothing more will be sent: what the client still sends is dropped, until it has seen the end. */
  #finished = false;
  /** TLS: the goodbye is still to be sent. */
  #farewell = false;

  /**
   * @param sock takes it over; an ssl.SSLSocket that has not shaken hands, or any other
   * @param service has `received(bytes, connection)` and `drained(connection)`, called when all was sent after a wait
   */
  constructor(epoll, sock, service) {
    sock.setblocking(false);
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
    this.#epoll = epoll;
    this.#service = service;
    this.sock = sock;
    this.handshake = sock instanceof ssl.SSLSocket ? new Handshake(sock) : null;
    this.counts = { bytesIn: 0, bytesOut: 0, partialSends: 0, roomEvents: 0 };
    epoll.register(sock, this.#events);
  }

  /** Whether bytes wait for room in the kernel. */
  get blocked() {
    return this.#rest !== null || this.#queue.length > 0 || this.#farewell;
  }

  /** Acts on what epoll reported. False: the connection is over. */
  handle(events) {
    this.#wants = 0;
    try {
      if (!this.#act(events)) return false;
    } catch (error) {
      if (!this.#postpone(error)) {
        if (error instanceof exceptions.OSError) return false;
        throw error;
      }
    }
    this.#watch();
    return true;
  }

  #act(events) {
    if (this.handshake?.agreed === null) {
      this.#wants = this.handshake.step();
      return true;
    }
    if (!this.blocked) return this.#read();
    this.counts.roomEvents++;
    this.#flush();
    if (!this.blocked) this.#service.drained(this);
    if (!this.blocked && this.#decrypted) return this.#read();
    // A client that hung up takes no more: send would have said so, had there been room to try.
    return (events & (select.EPOLLERR | select.EPOLLHUP)) === 0;
  }

  /** Whether TLS holds bytes that are ready. They are read at once: epoll sees the descriptor alone. */
  get #decrypted() {
    return this.handshake !== null && this.sock.pending() > 0;
  }

  #read() {
    do {
      const n = this.sock.recv_into(scratch);
      if (n === 0) return false;
      this.counts.bytesIn += n;
      if (!this.#finished) this.#service.received(scratch.subarray(0, n), this);
    } while (!this.blocked && this.#decrypted);
    return true;
  }

  /** Whether the call that raised this is to be made again when epoll says so. */
  #postpone(error) {
    // Level-triggered: epoll will say so again if the readiness was true.
    if (error instanceof exceptions.BlockingIOError) return true;
    const events = wanted(error);
    if (events === 0) return false;
    this.#wants = events;
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
    if (!this.blocked) this.#end();
  }

  #end() {
    if (this.handshake === null) this.sock.shutdown(socket.SHUT_WR);
    else this.#farewell = !this.#sayGoodbye();
  }

  /** False: the kernel takes no more for now. The client's goodbye is not waited for here: #read sees it. */
  #sayGoodbye() {
    try {
      this.sock.unwrap().shutdown(socket.SHUT_WR);
    } catch (error) {
      if (wanted(error) === 0) throw error;
      return error instanceof ssl.SSLWantReadError;
    }
    return true;
  }

  #flush() {
    while (this.#nextBytes()) {
      if (!this.#sendSome()) return;
    }
    if (this.#finished) this.#end();
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
      if (!this.#postpone(error)) throw error;
      return false;
    }
    this.counts.bytesOut += n;
    if (n < this.#rest.length) this.counts.partialSends++;
    this.#rest = n < this.#rest.length ? this.#rest.subarray(n) : null;
    return true;
  }

  /** Asks epoll for what matters now: what TLS wants; else room while bytes wait, else bytes. */
  #watch() {
    const events = this.#wants || (this.blocked ? select.EPOLLOUT : select.EPOLLIN);
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
