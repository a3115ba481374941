/** TlsSelector: a selector to which the direction that TLS wants, and bytes that are decrypted already, count. */
import { SystemSelector } from './kernel_selectors.js';
import { EVENT_READ, EVENT_WRITE, type SelectorKey, type Timeout } from './selector_base.js';

/** What a socket tells whose readiness is not that of its descriptor: SSLSocket. */
interface Secured {
  /** Whether a read would find bytes that have been received and decrypted already. */
  readonly _readableNow: boolean;
  /** The EVENT_* of the descriptor that it takes to go on with reading, writing or both. */
  _awaited(events: number): number;
  /** Tells `watcher` whenever one of these may have changed. */
  _watch(watcher: () => void): void;
  _unwatch(watcher: () => void): void;
}

function isSecured(fileobj: unknown): fileobj is Secured {
  return typeof fileobj === 'object' && fileobj !== null && '_awaited' in fileobj;
}

interface Registration {
  readonly secured: Secured;
  readonly watcher: () => void;
  /** What the poller watches now. */
  watched: number;
}

/**
 * A selector that knows TLS; other file objects are watched as by any selector. Not in Python, where a program has to
 * look after `pending()` and after the direction of each SSLWantReadError and SSLWantWriteError itself.
 *
 *  - An SSLSocket with decrypted bytes is readable at once.
 *  - One whose latest handshake, read or write could not go on is watched for what that call wants: one that is
 *    registered for EVENT_READ and whose read has to send first is ready, for EVENT_READ, when it can send.
 */
export class TlsSelector extends SystemSelector {
  readonly #secured = new Map<number, Registration>();
  /** Those whose state may have changed since the last wait. */
  readonly #changed = new Set<number>();

  /** @internal */
  protected override _registered({ fd, fileobj, events }: SelectorKey): void {
    if (!isSecured(fileobj)) return;
    const watcher = () => void this.#changed.add(fd);
    fileobj._watch(watcher);
    this.#secured.set(fd, { secured: fileobj, watcher, watched: events });
    watcher();
  }

  protected override _forget(fd: number): void {
    this.#drop(fd);
    super._forget(fd);
  }

  protected override _replace(key: SelectorKey, events: number, data: unknown): SelectorKey {
    const registration = this.#secured.get(key.fd);
    if (registration !== undefined) {
      registration.watched = events;
      registration.watcher();
    }
    return super._replace(key, events, data);
  }

  #drop(fd: number): void {
    const registration = this.#secured.get(fd);
    registration?.secured._unwatch(registration.watcher);
    this.#secured.delete(fd);
    this.#changed.delete(fd);
  }

  /** Has the poller watch what each of the changed ones awaits. Those that are readable without it. */
  #prepare(): Set<number> {
    const readable = new Set<number>();
    for (const fd of this.#changed) {
      const registration = this.#secured.get(fd) as Registration;
      const { events } = this._keys.get(fd) as SelectorKey;
      const awaited = registration.secured._awaited(events);
      if (awaited !== registration.watched) this._modify(fd, awaited);
      registration.watched = awaited;
      if ((events & EVENT_READ) !== 0 && registration.secured._readableNow) readable.add(fd);
      else this.#changed.delete(fd);
    }
    return readable;
  }

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const readable = this.#prepare();
    const found = new Map<number, number>();
    // Over kqueue, reading and writing are found apart.
    for (const [fd, ready] of super._wait(readable.size > 0 ? 0 : timeout)) {
      const registration = this.#secured.get(fd);
      const events = registration === undefined ? ready : this.#possible(registration, fd, ready);
      found.set(fd, (found.get(fd) ?? 0) | events);
    }
    for (const fd of readable) found.set(fd, (found.get(fd) ?? 0) | EVENT_READ);
    return [...found];
  }

  /** What has become possible, EVENT_*, now that the descriptor is ready for `events`. */
  #possible({ secured }: Registration, fd: number, events: number): number {
    const { events: asked } = this._keys.get(fd) as SelectorKey;
    let possible = 0;
    for (const one of [EVENT_READ, EVENT_WRITE]) {
      if ((asked & one) !== 0 && (secured._awaited(one) & events) !== 0) possible |= one;
    }
    return possible;
  }

  override close(): void {
    for (const fd of [...this.#secured.keys()]) this.#drop(fd);
    super.close();
  }
}
