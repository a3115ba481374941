/** Python's selectors: over select, poll, epoll and kqueue. */
import { EPOLLIN, KQ_EV_ADD, KQ_EV_DELETE, KQ_FILTER_READ, KQ_FILTER_WRITE } from '../constants/select.js';
import { isKeywords, parameters, typeName } from '../core/args.js';
import { OSError, OverflowError, ValueError } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';
import { POLLIN, POLLOUT } from '../wait/call.js';
import { afd } from './afd.js';
import { epoll } from './epoll.js';
import { kevent, kqueue } from './kqueue.js';
import { poll } from './poll.js';
import { select } from './select.js';
import { EVENT_READ, EVENT_WRITE, eventBits, MappedSelector, type SelectorKey, type Timeout } from './selector_base.js';

/**
 * A timeout by place or by name, in seconds; what is below 0 is 0.
 * @param refusal Python's complaint about what it cannot compare with 0, with %s for the type's name
 */
function notNegative(timeout: unknown, refusal: string): number | null {
  const value = isKeywords(timeout) ? parameters('select', ['timeout'], [timeout])[0] : timeout;
  if (value === null || value === undefined) return null;
  const comparable = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  if (!comparable) throw new TypeError(refusal.replace('%s', typeName(value)));
  const seconds = Number(value);
  return seconds <= 0 ? 0 : seconds;
}

// ---- over select ---------------------------------------------------------------------------------------------------

/** A selector over select.select. @see Python selectors.SelectSelector */
export class SelectSelector extends MappedSelector {
  readonly #readers = new Set<number>();
  readonly #writers = new Set<number>();

  protected override _watch(fd: number, events: number): void {
    if (events & EVENT_READ) this.#readers.add(fd);
    if (events & EVENT_WRITE) this.#writers.add(fd);
  }

  protected override _forget(fd: number): void {
    this.#readers.delete(fd);
    this.#writers.delete(fd);
  }

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const seconds = notNegative(timeout, "'>' not supported between instances of 'int' and '%s'");
    // On Windows a connect that failed is exceptional, and not writable.
    const exceptional = IS_WINDOWS ? this.#writers : [];
    const [readable, writable, failed] = select(this.#readers, this.#writers, exceptional, seconds);
    const found = new Map<number, number>();
    for (const fd of readable) found.set(fd, EVENT_READ);
    for (const fd of [...writable, ...failed]) found.set(fd, (found.get(fd) ?? 0) | EVENT_WRITE);
    return [...found];
  }
}

// ---- over poll and epoll -------------------------------------------------------------------------------------------

/** What select.poll and select.epoll have in common. */
interface Poller {
  register(fd: number, mask: number): void;
  modify(fd: number, mask: number): void;
  unregister(fd: number): void;
}

/** EVENT_* as poll's bits, which are epoll's too (native/os/poller.h). */
function maskOf(events: number): number {
  return (events & EVENT_READ ? POLLIN : 0) | (events & EVENT_WRITE ? POLLOUT : 0);
}

/** poll's bits as EVENT_*: an error or a hang-up makes ready for both, for both will tell of it. */
function eventsOf(found: [fd: number, mask: number][]): [fd: number, events: number][] {
  for (const pair of found) {
    const mask = pair[1];
    pair[1] = (mask & ~POLLIN ? EVENT_WRITE : 0) | (mask & ~POLLOUT ? EVENT_READ : 0);
  }
  return found;
}

/** A timeout as whole milliseconds, rounded up. */
function wholeMs(timeout: Timeout): number | null {
  const seconds = notNegative(timeout, "'<=' not supported between instances of '%s' and 'int'");
  if (seconds === null) return null;
  if (Number.isNaN(seconds)) throw new ValueError('cannot convert float NaN to integer');
  if (seconds === Number.POSITIVE_INFINITY) throw new OverflowError('cannot convert float infinity to integer');
  return Math.ceil(seconds * 1e3);
}

abstract class PollLikeSelector extends MappedSelector {
  /** @internal */ protected abstract readonly _poller: Poller;

  protected override _watch(fd: number, events: number): void {
    this._poller.register(fd, maskOf(events));
  }

  protected override _forget(fd: number): void {
    try {
      this._poller.unregister(fd);
    } catch (error) {
      // The descriptor has been closed since.
      if (!(error instanceof OSError)) throw error;
    }
  }

  /** @internal Has the poller watch for other events. */
  protected _modify(fd: number, events: number): void {
    this._poller.modify(fd, maskOf(events));
  }

  protected override _rewatch(key: SelectorKey, _fileobj: unknown, asked: unknown, data: unknown): SelectorKey {
    const events = eventBits(asked);
    try {
      this._modify(key.fd, events);
    } catch (error) {
      this._keys.delete(key.fd);
      throw error;
    }
    return this._replace(key, events, data);
  }
}

/** A selector over select.poll. @see Python selectors.PollSelector */
export class PollSelector extends PollLikeSelector {
  protected override readonly _poller = new poll();

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    return eventsOf(this._poller.poll(wholeMs(timeout)));
  }
}

/** What epoll and afd are as selectors: they take a timeout in seconds, and say how many events they report at most. */
abstract class SetSelector extends PollLikeSelector {
  protected abstract override readonly _poller: epoll | afd;

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const timeoutMs = wholeMs(timeout);
    // They want room for one event at least, even if nothing is registered.
    const most = Math.max(this._keys.size, 1);
    return eventsOf(this._poller.poll(timeoutMs === null ? null : timeoutMs / 1e3, most));
  }

  override close(): void {
    this._poller.close();
    super.close();
  }
}

/** A selector over select.afd. Not in Python. */
export class AfdSelector extends SetSelector {
  protected override readonly _poller = new afd();
}

/** A selector over select.epoll. @see Python selectors.EpollSelector */
export class EpollSelector extends SetSelector {
  protected override readonly _poller = new epoll();

  /** The descriptor of the epoll object: it is readable when something is ready. @throws ValueError if it is closed */
  fileno(): number {
    return this._poller.fileno();
  }
}

// ---- over kqueue ---------------------------------------------------------------------------------------------------

const FILTERS = [
  [EVENT_READ, KQ_FILTER_READ],
  [EVENT_WRITE, KQ_FILTER_WRITE],
] as const;

/** A selector over select.kqueue. As in Python, what is ready for both events is reported twice. @see Python selectors.KqueueSelector */
export class KqueueSelector extends MappedSelector {
  readonly #kqueue = new kqueue();
  /** Which events of each descriptor have a filter. */
  readonly #watched = new Map<number, number>();
  /** How many filters there are. */
  #filters = 0;

  /** The descriptor of the kqueue object: it is readable when something is ready. @throws ValueError if it is closed */
  fileno(): number {
    return this.#kqueue.fileno();
  }

  #change(fd: number, event: number, filter: number, wanted: boolean): void {
    this.#kqueue.control([new kevent(fd, filter, wanted ? KQ_EV_ADD : KQ_EV_DELETE)], 0, 0);
    this.#watched.set(fd, (this.#watched.get(fd) ?? 0) ^ event);
    this.#filters += wanted ? 1 : -1;
  }

  /** @internal Has the queue watch for these events, and for no others. */
  protected _modify(fd: number, events: number): void {
    for (const [event, filter] of FILTERS) {
      const wanted = (events & event) !== 0;
      if (wanted !== (((this.#watched.get(fd) ?? 0) & event) !== 0)) this.#change(fd, event, filter, wanted);
    }
  }

  protected override _watch(fd: number, events: number): void {
    try {
      this._modify(fd, events);
    } catch (error) {
      this._forget(fd);
      throw error;
    }
  }

  protected override _forget(fd: number): void {
    for (const [event, filter] of FILTERS) {
      if (((this.#watched.get(fd) ?? 0) & event) === 0) continue;
      try {
        this.#change(fd, event, filter, false);
      } catch (error) {
        // The descriptor has been closed since, and its filters with it.
        if (!(error instanceof OSError)) throw error;
        this.#filters--;
      }
    }
    this.#watched.delete(fd);
  }

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const seconds = notNegative(timeout, "'>' not supported between instances of 'int' and '%s'");
    // Without room for an event, the system does not wait.
    const found = this.#kqueue.control(null, Math.max(this.#filters, 1), seconds);
    return found.map(({ ident, filter }) => [Number(ident), filter === KQ_FILTER_READ ? EVENT_READ : EVENT_WRITE]);
  }

  override close(): void {
    this.#kqueue.close();
    super.close();
  }
}

/** The selector over what this system has to watch many descriptors with. */
export const SystemSelector = (
  IS_WINDOWS ? AfdSelector : EPOLLIN === undefined ? KqueueSelector : EpollSelector
) as typeof EpollSelector;
