/**
 * Accepting on Node's event loop: each connection goes to a function. When the process has no descriptor left, it
 * pauses, while the kernel keeps the connections.
 */

import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { tellAccept } from '../core/channels.js';
import { fromCode } from '../core/exceptions.js';
import { socket } from '../socket/socket.js';
import { ONCE, POLLIN } from '../wait/call.js';
import { type Descriptor, descriptorOf } from './loop.js';
import type { Listener } from './waiters.js';

const { EMFILE, ENFILE, ENOBUFS, ENOMEM, EWOULDBLOCK, ...e } = constants.errno;
/**
 * The peer has thought better of it, a signal came, or the connection brings an error of the network or of a firewall
 * with it, which Linux reports here (accept(2)): the next may be well.
 */
const PASSING = [
  ...[e.ECONNABORTED, e.EINTR, e.EPERM, e.EPROTO, e.ENETDOWN, e.ENOPROTOOPT],
  ...[e.EHOSTDOWN, e.ENONET, e.EHOSTUNREACH, e.EOPNOTSUPP, e.ENETUNREACH],
];
const NOTHING_YET = [EWOULDBLOCK];
const NO_ROOM = [EMFILE, ENFILE, ENOBUFS, ENOMEM];
/** How many connections are accepted in one turn of the loop. */
const ACCEPTS = 64;
/** How long a listener without descriptors pauses, unless it hears of a free one before. */
const PAUSE_MS = 100;

export interface Accepting {
  /** A connection, which is the receiver's to close. */
  accepted(connection: socket): void;
  /** accept(2) has failed, and will again. */
  failed(error: Error): void;
}

export class Acceptor implements Listener {
  readonly listener: socket;
  readonly #descriptor: Descriptor;
  readonly #to: Accepting;
  #pause: NodeJS.Timeout | null = null;
  #stopped = false;

  /** Accepts on `listener`, a nonblocking socket that listens, until `stop` or until it is closed. */
  constructor(listener: socket, to: Accepting) {
    this.listener = listener;
    this.#to = to;
    this.#descriptor = descriptorOf(listener.fileno());
    this.#descriptor.listen(POLLIN, this);
  }

  /** A descriptor is free again. */
  resume(): void {
    if (this.#pause === null) return;
    clearTimeout(this.#pause);
    this.#pause = null;
    if (this.#stopped || this.listener.fileno() < 0) return;
    try {
      this.#descriptor.listen(POLLIN, this);
    } catch {
      this.#waitForRoom();
    }
  }

  /** Accepts no more. The listener stays open. */
  stop(): void {
    this.#stopped = true;
    this.resume();
    if (this.listener.fileno() >= 0) this.#descriptor.listen(POLLIN, null);
  }

  /** For the descriptor: there are connections. */
  onReady(): void {
    for (let i = 0; i < ACCEPTS && !this.#stopped && this.#pause === null && this.listener.fileno() >= 0; i++) {
      const fd = native.accept(this.listener.fileno(), ONCE);
      if (fd >= 0) this.#accepted(socket._adopt(fd, this.listener));
      else if (!this.#acceptsOn(fd)) return;
    }
  }

  #accepted(connection: socket): void {
    tellAccept(this.listener, connection);
    this.#to.accepted(connection);
  }

  #acceptsOn(code: number): boolean {
    if (PASSING.includes(-code)) return true;
    if (NOTHING_YET.includes(-code)) return false;
    if (NO_ROOM.includes(-code)) this.#rest();
    else this.#to.failed(fromCode(code, 'accept'));
    return false;
  }

  #rest(): void {
    this.#descriptor.listen(POLLIN, null);
    this.#waitForRoom();
  }

  #waitForRoom(): void {
    this.#pause = setTimeout(() => this.resume(), PAUSE_MS);
  }
}
