/** What every selector is made of: keys, and the map of those that are registered. */
import { type InspectOptions, inspect } from 'node:util';
import { absent, isKeywords, parameters, typeName, undefinedArgument } from '../core/args.js';
import { KeyError, RuntimeError, ValueError } from '../core/exceptions.js';
import { type FileDescriptorLike, fileobjToFd, shown } from '../core/fileobj.js';
import { objectRepr, repr, shownIn } from '../core/repr.js';
import { staysWith } from '../core/stays.js';

/** Ready to be read. */
export const EVENT_READ = 1;
/** Ready to be written. */
export const EVENT_WRITE = 2;

const STAYS = staysWith('a selector');

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

  [inspect.custom](_depth: number, options: InspectOptions): string {
    const fields = Object.entries(this).map(([name, value]) => `${name}=${shownIn(value, options)}`);
    return `SelectorKey(${fields.join(', ')})`;
  }
}

function notRegistered(fileobj: unknown): KeyError {
  const text = `${shown(fileobj)} is not registered`;
  return new KeyError(text, repr(text));
}

/** What get_map() returns: a live, read-only view of what is registered. Iterates over descriptors, as Python's does. */
export class SelectorMapping {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #keys: ReadonlyMap<number, SelectorKey>;
  readonly #lookup: (fileobj: unknown) => number;

  /** @internal */
  constructor(keys: ReadonlyMap<number, SelectorKey>, lookup: (fileobj: unknown) => number) {
    this.#keys = keys;
    this.#lookup = lookup;
  }

  /** How many file objects are registered. Python's `len()`. */
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
  /** The registered descriptors' numbers. */
  keys(): IterableIterator<number> {
    return this.#keys.keys();
  }
  /** The key of each registered file object. */
  values(): IterableIterator<SelectorKey> {
    return this.#keys.values();
  }
  /** Pairs of a descriptor's number and its key. */
  items(): IterableIterator<[number, SelectorKey]> {
    return this.#keys.entries();
  }

  [inspect.custom](): string {
    return objectRepr('selectors', this);
  }
}

// ---- the base ------------------------------------------------------------------------------------------------------

/** The arguments of register and modify, where they come by name. A plain object in the third place is always data. */
/** The arguments of `register` and `modify` by name. */
export type Named<D> = { fileobj: FileDescriptorLike; events: number; data?: D };
/** What `select` returns of each descriptor that is ready: its key, and which of its events have come. */
export type Ready = [key: SelectorKey, events: number];
/** Seconds, or null for no limit; by place or by name. */
export type Timeout = number | null | { timeout?: number | null };

/** What every selector offers. `using` closes it. */
export abstract class BaseSelector {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;

  /** @throws TypeError if it is called for itself: the class is abstract */
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

  [inspect.custom](): string {
    return objectRepr('selectors', this);
  }
}

const NAMES = ['fileobj', 'events', 'data'];

/** Any integer as bits, or Python's complaint. */
export function eventBits(events: unknown): number {
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
export abstract class MappedSelector extends BaseSelector {
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
    if (!byName && args.length > 1 && args[1] === undefined) throw undefinedArgument('events');
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

  override select(timeout: Timeout = absent(arguments.length, 1, 'timeout', null)): Ready[] {
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
