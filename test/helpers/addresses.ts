/** Both loopback addresses at one port, each in the state that a test wants: what a host with several addresses is. */
import { AF_INET, AF_INET6, socket } from '../../lib/socket/index.js';

/**
 * `listens`: takes connections. `refuses`: nobody listens, nor can anybody begin to. `silent`: a listener whose queue is
 * full, so that it drops what comes, as a firewall does (tcp(7); listen(2)).
 */
export type State = 'listens' | 'refuses' | 'silent';

class Place {
  readonly listener: socket;
  readonly #fillers: socket[] = [];

  constructor(
    family: number,
    readonly address: readonly [string, number],
    readonly state: State,
  ) {
    this.listener = new socket(family);
    try {
      this.listener.bind(address);
      if (state !== 'refuses') this.listener.listen(state === 'silent' ? 0 : 10);
      if (state === 'silent') this.#fill();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** A backlog of n takes n + 1 connections. */
  #fill(): void {
    const filler = new socket(this.listener.family);
    this.#fillers.push(filler);
    filler.connect(this.listener.getsockname());
  }

  get port(): number {
    return this.listener.getsockname()[1];
  }

  /** Takes what is in the queue: whoever asks again is heard. */
  drain(): void {
    this.listener.accept()[0].close();
  }

  [Symbol.dispose](): void {
    for (const each of [this.listener, ...this.#fillers]) each.close();
  }
}

/** An IPv6 and an IPv4 address with the same port: `getaddrinfo(null, port)` gives both, in this order (RFC 6724). */
export class TwoAddresses {
  readonly six: Place;
  readonly four: Place;

  constructor(six: State, four: State) {
    for (;;) {
      const first = new Place(AF_INET6, ['::1', 0], six);
      try {
        this.four = new Place(AF_INET, ['127.0.0.1', first.port], four);
        this.six = first;
        return;
      } catch (error) {
        first[Symbol.dispose]();
        // Somebody has that port; the kernel gives another one.
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
  }

  get port(): number {
    return this.four.port;
  }

  [Symbol.dispose](): void {
    this.six[Symbol.dispose]();
    this.four[Symbol.dispose]();
  }
}
