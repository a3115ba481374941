/**
 * Which object of the library, in this worker, an object of Python's is, and the other way round.
 *
 * A socket object of the library belongs to one worker, while any Python thread may use a Python socket. What crosses
 * workers is the descriptor: each worker that is to work on a socket makes an object of its own for its descriptor, by
 * the library's constructor, and gives it the Python socket's timeout. Python holds what they have in common (`State`)
 * and sends it along. Objects of other classes stay in the worker that made them, where Python sends its calls.
 *
 * A Python object that the library is to call (for its `fileno()`, say) has a stand-in here.
 */
import * as berkeley from '../../lib/index.js';
import { Marked } from './wire.js';

type Socket = berkeley.socket.socket;
type State = [serial: number, fd: number, family: number, type: number, proto: number, timeout: number | null];
/** What a call may have changed of a socket. */
export type Touched = [serial: number, fd: number, timeout: number | null];

/** Numbers that no other worker gives: those of one worker are apart by more than there are workers. */
const STRIDE = 4096;

type Modules = Record<string, Record<string, Record<string, unknown>>>;

/** Calls a method of a Python object. `into`: what it writes into its arguments comes back. */
export type Callback = (target: unknown, name: string, args: unknown[]) => unknown;

export class Objects {
  readonly #sockets = new Map<number, Socket>();
  readonly #serials = new WeakMap<object, number>();
  readonly #kept = new Map<number, object>();
  readonly #foreign = new Map<number, WeakRef<object>>();
  readonly #handles = new WeakMap<object, number>();
  readonly #gone: FinalizationRegistry<number>;
  #next: number;
  /** Of the call that is being carried out: the sockets that it was given, and the buffers that it may fill. */
  #given: State[] = [];
  #buffers: Buffer[] = [];

  constructor(
    worker: number,
    private readonly callback: Callback,
    released: (handle: number) => void,
  ) {
    this.#next = worker + STRIDE;
    this.#gone = new FinalizationRegistry(released);
  }

  // ---- a call ------------------------------------------------------------------------------------------------------

  /** Begins a call, within another one perhaps: returns what the other one was given. */
  begin(): [State[], Buffer[]] {
    const outer: [State[], Buffer[]] = [this.#given, this.#buffers];
    [this.#given, this.#buffers] = [[], []];
    return outer;
  }

  /** Ends a call: how the sockets that it was given have changed, and what is in its buffers. */
  end(outer: [State[], Buffer[]]): [Touched[], Buffer[]] {
    const touched: Touched[] = [];
    for (const [serial, fd, , , , timeout] of this.#given) {
      const sock = this.#sockets.get(serial);
      if (sock === undefined || (sock.fileno() === fd && sock.gettimeout() === timeout)) continue;
      touched.push([serial, sock.fileno(), sock.gettimeout()]);
    }
    const buffers = this.#buffers;
    [this.#given, this.#buffers] = outer;
    return [touched, buffers];
  }

  // ---- from Python -------------------------------------------------------------------------------------------------

  /** The object that a mark stands for. */
  revive(mark: Marked): unknown {
    const [kind, ...parts] = mark.parts;
    switch (kind) {
      case 'socket':
        return this.#socket(parts.slice(0, 6) as State, parts[6] as string[]);
      case 'kept':
        return this.#kept.get(parts[0] as number);
      case 'foreign':
        return this.#standIn(parts[0] as number, parts[1] as string, parts[2] as string[], parts[3] as object);
      case 'buffer':
        this.#buffers.push(parts[0] as Buffer);
        return parts[0];
      case 'list':
        return this.#liveList(parts[0] as number);
      case 'absent':
        return undefined;
      case 'function':
        return this.#function(parts[0] as number);
      case 'member':
        return (berkeley as unknown as Modules)[parts[0] as string][parts[1] as string][parts[2] as string];
      default:
        throw new Error(`mark ${String(kind)} is not known`);
    }
  }

  #socket(state: State, overridden: readonly string[]): Socket {
    const [serial, fd, , , , timeout] = state;
    this.#given.push(state);
    let sock = this.#sockets.get(serial);
    if (sock !== undefined && sock.fileno() !== fd) {
      // Another worker has closed or detached it: the number is no longer this object's.
      sock.detach();
      if (fd >= 0) sock = undefined;
    }
    if (sock === undefined) sock = this.#replica(state);
    if (fd >= 0 && sock.gettimeout() !== timeout) sock.settimeout(timeout);
    this.#override(sock, serial, overridden);
    return sock;
  }

  /** An object of this worker for a socket that another one made. */
  #replica([serial, fd, family, type, proto]: State): Socket {
    const { socket } = berkeley.socket;
    const sock = new socket(family, type, proto, fd < 0 ? null : fd);
    if (fd < 0) sock.close();
    this.#sockets.set(serial, sock);
    this.#serials.set(sock, serial);
    return sock;
  }

  /** A Python class that inherits from ours may have methods of its own, which the library is to call. */
  #override(sock: Socket, serial: number, names: readonly string[]): void {
    for (const name of names) {
      if (Object.hasOwn(sock, name)) continue;
      const value = (...args: unknown[]) => this.callback(new Marked(['object', serial]), name, args);
      Object.defineProperty(sock, name, { value });
    }
  }

  #standIn(handle: number, type: string, methods: readonly string[], attributes: object): object {
    const known = this.#foreign.get(handle)?.deref();
    if (known !== undefined) return known;
    const Class = { [type]: class {} }[type];
    const object = Object.assign(new Class(), attributes) as Record<string, unknown>;
    for (const name of methods) object[name] = (...args: unknown[]) => this.#call(object, name, args);
    this.#remember(handle, object);
    return object;
  }

  #call(object: object, name: string, args: unknown[]): unknown {
    return this.callback(object, name, args);
  }

  /** A Python function that the library is to call. */
  #function(handle: number): object {
    const known = this.#foreign.get(handle)?.deref();
    if (known !== undefined) return known;
    const mark = new Marked(['foreign', handle]);
    const call = (...args: unknown[]) => this.callback(mark, '__call__', args);
    this.#remember(handle, call);
    return call;
  }

  /** A list that Python code may change while the library reads it. */
  #liveList(handle: number): unknown[] {
    const mark = new Marked(['foreign', handle]);
    const list = new Proxy([] as unknown[], {
      get: (target, key) => {
        if (key === 'length') return this.callback(mark, '__len__', []);
        if (typeof key === 'string' && /^\d+$/.test(key)) return this.callback(mark, '__getitem__', [Number(key)]);
        return Reflect.get(target, key);
      },
    });
    this.#remember(handle, list);
    return list;
  }

  #remember(handle: number, object: object): void {
    this.#foreign.set(handle, new WeakRef(object));
    this.#handles.set(object, handle);
    this.#gone.register(object, handle);
  }

  /** The stand-in of this handle is no more. False if there is a new one. */
  forgetForeign(handle: number): boolean {
    if (this.#foreign.get(handle)?.deref() !== undefined) return false;
    this.#foreign.delete(handle);
    return true;
  }

  // ---- to Python ---------------------------------------------------------------------------------------------------

  /** What stands for an object of the library's, or for a stand-in. */
  replace(value: object): unknown {
    const handle = this.#handles.get(value);
    if (handle !== undefined) return new Marked(['foreign', handle]);
    if (value instanceof berkeley.selectors.SelectorKey) {
      return new Marked(['record', 'SelectorKey', ...value]);
    }
    if (value instanceof berkeley.ssl._ASN1Object) return new Marked(['record', '_ASN1Object', ...value]);
    if (value instanceof berkeley.socket.socket) return this.#describeSocket(value);
    return new Marked(['kept', this.keep(value), value.constructor.name]);
  }

  #describeSocket(sock: Socket): Marked {
    const serial = this.#serials.get(sock) ?? this.#number();
    this.#sockets.set(serial, sock);
    this.#serials.set(sock, serial);
    const state = [sock.fileno(), sock.family, sock.type, sock.proto, sock.gettimeout()];
    return new Marked(['socket', serial, ...state, sock.constructor.name]);
  }

  /** Keeps an object for Python, until Python says that it needs it no longer. */
  keep(value: object): number {
    let id = this.#serials.get(value);
    if (id === undefined) {
      id = this.#number();
      this.#serials.set(value, id);
    }
    this.#kept.set(id, value);
    return id;
  }

  #number(): number {
    const number = this.#next;
    this.#next += STRIDE;
    return number;
  }

  /** Python has no use for this number any more. What is open is left to the library, which closes what is collected. */
  release(id: number): void {
    this.#sockets.delete(id);
    this.#kept.delete(id);
  }

  /** The socket of this number is another worker's concern, or closed: the descriptor is left alone. */
  forget(id: number): void {
    this.#sockets.get(id)?.detach();
    this.release(id);
  }
}
