/**
 * Happy Eyeballs (RFC 8305): several addresses of one host, of which some may not answer, and the first connection wins.
 *
 * The families take turns. The next address is tried when the latest attempt has failed, or has not answered for a
 * while; it goes on beside the new one. One that fails later hastens nothing: a newer one is under way already.
 *
 * The algorithm is here and waits for nothing. A driver does the waiting, on the event loop or in poll(2):
 *
 *     using race = new Race(infos, delay, way);
 *     for (;;) {
 *       const begun = race.advance(monotonicMs());   // begins what is due
 *       if (begun !== null) return begun;
 *       if (race.lost) throw …                       // of race.errors
 *       …                                            // until one of race.running is writable, or until race.dueMs
 *       const won = race.look(ready);
 *       if (won !== null) return won;
 *     }
 *
 * What still runs is closed with the race.
 */
import { drop } from '../core/closing.js';
import { checked, OSError } from '../core/exceptions.js';
import { isInProgress } from '../wait/call.js';
import type { AddressInfoEntry } from './resolve.js';
import type { socket } from './socket.js';

/** How an attempt is made, and what its failure is called. */
export interface Way {
  /** A socket for an address. What goes wrong and is got over on the way is added to `errors`. */
  open(info: AddressInfoEntry, errors: OSError[]): socket;
  /** The exception of a connection that was begun and came to the negative `code`. */
  refused(code: number, info: AddressInfoEntry): OSError;
}

interface Attempt {
  readonly info: AddressInfoEntry;
  /** What went wrong: the last one ended it. */
  readonly errors: OSError[];
}

/** The attempts of one connect. */
export class Race {
  readonly #waiting: AddressInfoEntry[];
  readonly #delayMs: number;
  readonly #way: Way;
  readonly #attempts: Attempt[] = [];
  readonly #running = new Map<socket, Attempt>();
  #dueMs = Number.NEGATIVE_INFINITY;

  /** @param delay seconds that an attempt stays alone; null: until it has failed */
  constructor(infos: readonly AddressInfoEntry[], delay: number | null, way: Way) {
    this.#waiting = [...infos];
    this.#delayMs = delay === null ? Number.POSITIVE_INFINITY : delay * 1000;
    this.#way = way;
  }

  /** The sockets that connect. */
  get running(): readonly socket[] {
    return [...this.#running.keys()];
  }

  /** When the next attempt is due, on the monotonic clock; Infinity: when the latest one has failed, or never. */
  get dueMs(): number {
    return this.#waiting.length === 0 ? Number.POSITIVE_INFINITY : this.#dueMs;
  }

  /** No attempt is left. */
  get lost(): boolean {
    return this.#waiting.length === 0 && this.#running.size === 0;
  }

  /** What went wrong, in the order of the addresses. */
  get errors(): OSError[] {
    return this.#attempts.flatMap(({ errors }) => errors);
  }

  /** Begins the attempts that are due. The winner, if one is connected at once. */
  advance(nowMs: number): socket | null {
    while (nowMs >= this.dueMs) {
      const attempt: Attempt = { info: this.#waiting.shift() as AddressInfoEntry, errors: [] };
      this.#attempts.push(attempt);
      const won = this.#begin(attempt, nowMs);
      if (won !== null) return won;
    }
    return null;
  }

  #begin(attempt: Attempt, nowMs: number): socket | null {
    let sock: socket | undefined;
    try {
      sock = this.#way.open(attempt.info, attempt.errors);
      const code = sock._connectBegun(attempt.info[4]);
      if (!isInProgress(code)) {
        checked(code, 'connect');
        return sock;
      }
      this.#running.set(sock, attempt);
      this.#dueMs = nowMs + this.#delayMs;
      return null;
    } catch (error) {
      drop(sock);
      if (!(error instanceof OSError)) throw error;
      attempt.errors.push(error);
      return null;
    }
  }

  /** What has become of a socket that is writable: it has won, or it is closed and null returned. */
  look(sock: socket): socket | null {
    const attempt = this.#running.get(sock);
    if (attempt === undefined) return null;
    const code = sock._connectEnded();
    this.#running.delete(sock);
    if (code === 0) return sock;
    this.#fail(sock, attempt, this.#way.refused(code, attempt.info));
    return null;
  }

  #fail(sock: socket, attempt: Attempt, error: OSError): void {
    drop(sock);
    attempt.errors.push(error);
    if (attempt === this.#attempts[this.#attempts.length - 1]) this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  /** Ends the race: what is still running fails with what `because` makes. */
  giveUp(because: () => OSError): void {
    this.#waiting.length = 0;
    for (const [sock, attempt] of this.#running) this.#fail(sock, attempt, because());
    this.#running.clear();
  }

  [Symbol.dispose](): void {
    this.#waiting.length = 0;
    for (const sock of this.#running.keys()) drop(sock);
    this.#running.clear();
  }
}

/**
 * The addresses with the families taking turns, in the order in which they first occur; each keeps its order among its
 * own. `count` of the first family come before the first of another one.
 */
export function interleaved(infos: readonly AddressInfoEntry[], count: number): AddressInfoEntry[] {
  const order = [...new Set(infos.map(([family]) => family))];
  const families = order.map((own) => infos.filter(([family]) => family === own));
  const [first = []] = families;
  const ahead = first.splice(0, Math.max(count - 1, 0));
  const turns = Math.max(0, ...families.map(({ length }) => length));
  const taken = Array.from({ length: turns }, (_, turn) => families.flatMap((family) => family.slice(turn, turn + 1)));
  return [...ahead, ...taken.flat()];
}
