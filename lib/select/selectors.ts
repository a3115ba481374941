/**
 * Python's selectors module: one interface over select, poll and epoll.
 *
 * @see https://docs.python.org/3/library/selectors.html
 */
import { inspect } from 'node:util';
import { type FileDescriptorLike, isKeywords, parameters, typeName } from '../core/args.js';
import { KeyError, OSError, OverflowError, RuntimeError, ValueError } from '../core/exceptions.js';
import { fileobjToFd, shown } from '../core/fileobj.js';
import { repr } from '../core/repr.js';
import { epoll, POLLIN, POLLOUT, poll, select } from './index.js';

/** Ready to be read. */
export const EVENT_READ = 1;
/** Ready to be written. */
export const EVENT_WRITE = 2;

// ---- keys ----------------------------------------------------------------------------------------------------------

/** A registered file object. As Python's named tuple it can be taken apart: `const [fileobj, fd, events, data] = key`. */
export class SelectorKey<F = FileDescriptorLike, D = unknown> {
  constructor(
    /** The file object that was registered. */
    readonly fileobj: F,
    /** Its descriptor. */
    readonly fd: number,
    /** What is waited for: EVENT_READ, EVENT_WRITE or both. */
    readonly events: number,
    /** What the caller attached. */
    readonly data: D,
  ) {
    Object.freeze(this);
  }

  *[Symbol.iterator](): Generator<F | number | D> {
    yield this.fileobj;
    yield this.fd;
    yield this.events;
    yield this.data;
  }

  [inspect.custom](_depth: number, options: object): string {
    const fields = Object.entries(this).map(([name, value]) => `${name}=${inspect(value, options)}`);
    return `SelectorKey(${fields.join(', ')})`;
  }
}

function notRegistered(fileobj: unknown): KeyError {
  const text = `${shown(fileobj)} is not registered`;
  return new KeyError(text, repr(text));
}

/** What get_map() returns: a live, read-only view of what is registered. Iterates over descriptors, as Python's does. */
export class SelectorMapping {
  readonly #keys: ReadonlyMap<number, SelectorKey>;
  readonly #lookup: (fileobj: unknown) => number;

  /** @internal */
  constructor(keys: ReadonlyMap<number, SelectorKey>, lookup: (fileobj: unknown) => number) {
    this.#keys = keys;
    this.#lookup = lookup;
  }

  get size(): number {
    return this.#keys.size;
  }
  /** The key of a file object, or `otherwise`. @throws ValueError for what is no file object */
  get<T = null>(fileobj: FileDescriptorLike, otherwise: T = null as T): SelectorKey | T {
    return this.#keys.get(this.#lookup(fileobj)) ?? otherwise;
  }
  /** @throws ValueError for what is no file object */
  has(fileobj: FileDescriptorLike): boolean {
    return this.#keys.has(this.#lookup(fileobj));
  }
  [Symbol.iterator](): IterableIterator<number> {
    return this.#keys.keys();
  }
  keys(): IterableIterator<number> {
    return this.#keys.keys();
  }
  values(): IterableIterator<SelectorKey> {
    return this.#keys.values();
  }
  items(): IterableIterator<[number, SelectorKey]> {
    return this.#keys.entries();
  }
}

// ---- the base ------------------------------------------------------------------------------------------------------

/** The arguments of register and modify, where they come by name. A plain object in the third place is always data. */
type Named<D> = { fileobj: FileDescriptorLike; events: number; data?: D };
type Ready = [key: SelectorKey, events: number];
/** Seconds, or null for no limit; by place or by name. */
type Timeout = number | null | { timeout?: number | null };

/** What every selector offers. `using` closes it. */
export abstract class BaseSelector {
  constructor() {
    if (new.target === BaseSelector) {
      throw new TypeError(
        "Can't instantiate abstract class BaseSelector with abstract methods get_map, register, select, unregister",
      );
    }
  }

  /**
   * Registers a file object to be watched for `events`, with any data attached.
   * @throws ValueError for events or a file object that will not do; KeyError if it is registered; OSError | TypeError
   */
  abstract register<D>(fileobj: FileDescriptorLike, events: number, data?: D): SelectorKey;

  /**
   * Ends a registration and returns its key. No error if the file object has been closed meanwhile.
   * @throws KeyError if it is not registered; ValueError
   */
  abstract unregister(fileobj: FileDescriptorLike): SelectorKey;

  /** Changes the events or the data of a registration. @throws as register and unregister */
  modify<D>(fileobj: FileDescriptorLike, events: number, data?: D): SelectorKey {
    this.unregister(fileobj);
    return this.register(fileobj, events, data);
  }

  /**
   * Waits until something is ready: `[[key, events], …]`, empty at the timeout.
   *
   * As in Python, an interruption gives an empty result too. Here that is a signal whose JavaScript listener cannot run
   * before this thread is back in Node's event loop.
   * @param timeout seconds, rounded up to milliseconds; null waits without end, 0 or less not at all
   * @throws ValueError | OverflowError | TypeError | OSError
   */
  abstract select(timeout?: Timeout): Ready[];

  /** Frees what the selector holds. It must not be used afterwards. */
  close(): void {}

  [Symbol.dispose](): void {
    this.close();
  }

  /** The key of a file object. @throws KeyError if it is not registered; RuntimeError if the selector is closed */
  get_key(fileobj: FileDescriptorLike): SelectorKey {
    const map = this.get_map();
    if (map === null) throw new RuntimeError('Selector is closed');
    const key = map.get(fileobj);
    if (key === null) throw notRegistered(fileobj);
    return key;
  }

  /** What is registered, by file object; null once closed. */
  abstract get_map(): SelectorMapping | null;
}

const NAMES = ['fileobj', 'events', 'data'];

/** Any integer as bits, or Python's complaint. */
function eventBits(events: unknown): number {
  if (typeof events === 'boolean' || Number.isInteger(events)) return Number(events);
  throw new TypeError(`unsupported operand type(s) for &: '${typeName(events)}' and 'int'`);
}

function checkedEvents(events: unknown): number {
  const nothing = !events || (Array.isArray(events) && events.length === 0);
  if (nothing || (eventBits(events) & ~(EVENT_READ | EVENT_WRITE)) !== 0) {
    throw new ValueError(`Invalid events: ${repr(events)}`);
  }
  return Number(events);
}

/** A selector that keeps its keys in a map, and tells a poller what to watch. */
abstract class MappedSelector extends BaseSelector {
  /** @internal */ protected readonly _keys = new Map<number, SelectorKey>();
  #map: SelectorMapping | null = new SelectorMapping(this._keys, (fileobj) => this._lookup(fileobj));

  /** @internal Has the poller watch. */
  protected abstract _watch(fd: number, events: number): void;
  /** @internal For heirs: a file object has been registered. */
  protected _registered(_key: SelectorKey): void {}
  /** @internal Has the poller watch no longer; the descriptor may be closed already. */
  protected abstract _forget(fd: number): void;

  /** @internal The descriptor of a file object; of one that has been closed, the one it was registered with. */
  protected _lookup(fileobj: unknown): number {
    try {
      return fileobjToFd(fileobj);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      for (const key of this._keys.values()) if (key.fileobj === fileobj) return key.fd;
      throw error;
    }
  }

  /** @internal */
  protected _find(fileobj: unknown): SelectorKey {
    const key = this._keys.get(this._lookup(fileobj));
    if (key === undefined) throw notRegistered(fileobj);
    return key;
  }

  /** @internal The arguments of register and modify, by place or by name. */
  protected _arguments(caller: string, args: unknown[]): unknown[] {
    const byName = args.length < 3 && isKeywords(args[args.length - 1]);
    const values = byName ? parameters(caller, NAMES, args) : args;
    return [values[0], values[1], values[2] ?? null];
  }

  override register<D>(fileobj: FileDescriptorLike, events: number, data?: D): SelectorKey;
  override register<D>(fileobj: FileDescriptorLike, options: Omit<Named<D>, 'fileobj'>): SelectorKey;
  override register<D>(options: Named<D>): SelectorKey;
  override register(...args: unknown[]): SelectorKey {
    const [fileobj, asked, data] = this._arguments('register', args);
    const events = checkedEvents(asked);
    const key = new SelectorKey(fileobj as FileDescriptorLike, this._lookup(fileobj), events, data);
    if (this._keys.has(key.fd)) {
      const text = `${shown(fileobj)} (FD ${key.fd}) is already registered`;
      throw new KeyError(text, repr(text));
    }
    this._watch(key.fd, events);
    this._keys.set(key.fd, key);
    this._registered(key);
    return key;
  }

  override unregister(fileobj: FileDescriptorLike): SelectorKey {
    const key = this._find(fileobj);
    this._keys.delete(key.fd);
    this._forget(key.fd);
    return key;
  }

  override modify<D>(fileobj: FileDescriptorLike, events: number, data?: D): SelectorKey;
  override modify<D>(fileobj: FileDescriptorLike, options: Omit<Named<D>, 'fileobj'>): SelectorKey;
  override modify<D>(options: Named<D>): SelectorKey;
  override modify(...args: unknown[]): SelectorKey {
    const [fileobj, events, data] = this._arguments('modify', args);
    const key = this._find(fileobj);
    if (events !== key.events) return this._rewatch(key, fileobj as FileDescriptorLike, events, data);
    return data === key.data ? key : this._replace(key, events, data);
  }

  /** @internal As CPython's base class: from here on the registration is lost if the new events will not do. */
  protected _rewatch(_key: SelectorKey, fileobj: FileDescriptorLike, events: unknown, data: unknown): SelectorKey {
    this.unregister(fileobj);
    return this.register(fileobj, events as number, data);
  }

  /** @internal */
  protected _replace(key: SelectorKey, events: number, data: unknown): SelectorKey {
    const changed = new SelectorKey(key.fileobj, key.fd, events, data);
    this._keys.set(key.fd, changed);
    return changed;
  }

  /** @internal Waits: pairs of a descriptor and the EVENT_* that came. */
  protected abstract _wait(timeout: Timeout): (readonly [fd: number, events: number])[];

  override select(timeout: Timeout = null): Ready[] {
    const ready: Ready[] = [];
    for (const [fd, events] of this._wait(timeout)) {
      const key = this._keys.get(fd);
      if (key !== undefined) ready.push([key, events & key.events]);
    }
    return ready;
  }

  override close(): void {
    this._keys.clear();
    this.#map = null;
  }

  override get_map(): SelectorMapping | null {
    return this.#map;
  }
}

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
    const [readable, writable] = select(this.#readers, this.#writers, [], seconds);
    const found = new Map<number, number>();
    for (const fd of readable) found.set(fd, EVENT_READ);
    for (const fd of writable) found.set(fd, (found.get(fd) ?? 0) | EVENT_WRITE);
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

  protected override _rewatch(key: SelectorKey, _fileobj: unknown, asked: unknown, data: unknown): SelectorKey {
    const events = eventBits(asked);
    try {
      this._poller.modify(key.fd, maskOf(events));
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

/** A selector over select.epoll. @see Python selectors.EpollSelector */
export class EpollSelector extends PollLikeSelector {
  protected override readonly _poller = new epoll();

  /** The descriptor of the epoll object: it is readable when something is ready. @throws ValueError if it is closed */
  fileno(): number {
    return this._poller.fileno();
  }

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const timeoutMs = wholeMs(timeout);
    // epoll wants room for one event at least, even if nothing is registered.
    const most = Math.max(this._keys.size, 1);
    return eventsOf(this._poller.poll(timeoutMs === null ? null : timeoutMs / 1e3, most));
  }

  override close(): void {
    this._poller.close();
    super.close();
  }
}

/** The best selector of this platform. */
export const DefaultSelector = EpollSelector;
export type DefaultSelector = EpollSelector;

// ---- TLS -----------------------------------------------------------------------------------------------------------

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
export class TlsSelector extends EpollSelector {
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
      if (awaited !== registration.watched) this._poller.modify(fd, maskOf(awaited));
      registration.watched = awaited;
      if ((events & EVENT_READ) !== 0 && registration.secured._readableNow) readable.add(fd);
      else this.#changed.delete(fd);
    }
    return readable;
  }

  protected override _wait(timeout: Timeout): [fd: number, events: number][] {
    const readable = this.#prepare();
    const found = super._wait(readable.size > 0 ? 0 : timeout);
    for (const pair of found) {
      const registration = this.#secured.get(pair[0]);
      if (registration !== undefined) pair[1] = this.#possible(registration, pair[0], pair[1]);
      if (readable.delete(pair[0])) pair[1] |= EVENT_READ;
    }
    for (const fd of readable) found.push([fd, EVENT_READ]);
    return found;
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
