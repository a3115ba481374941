/**
 * net.Socket's connect: name resolution, and one or more attempts.
 *
 * Where a name has several addresses, they race: see `socket/happy_eyeballs.ts`. Unlike node:net, an attempt that is slow
 * goes on beside the next one.
 */

import { AsyncResource } from 'node:async_hooks';
import { ADDRCONFIG } from 'node:dns';
import {
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  type LookupFunction,
} from 'node:net';
import { constants } from '../constants/table.js';
import { drop } from '../core/closing.js';
import { ExceptionGroup, fromCode, gaierror, OSError, raise } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';
import { uncaught } from '../core/uncaught.js';
import { descriptorOf } from '../event/loop.js';
import { getaddrinfo } from '../event/names.js';
import { interleaved, Race, type Way } from '../socket/happy_eyeballs.js';
import type { AddressInfoEntry } from '../socket/resolve.js';
import { socket } from '../socket/socket.js';
import { monotonicMs, POLLOUT } from '../wait/call.js';
import { type ConnectOptions, checkConnect, optionsOf, portOf } from './arguments.js';
import type { ByteDuplex } from './bytes.js';
import { argumentError, type Place, placed } from './errors.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, AI_ADDRCONFIG, EAI_NONAME, EAI_NODATA, EAI_AGAIN } = constants.socket;
const { EAFNOSUPPORT, EALREADY } = constants.errno;

/** What connects a stream asks of it: SocketDuplex. */
interface Connecting extends ByteDuplex {
  /** Ends every wait for the stream's socket, which is not the stream's any more; null: it has none. */
  _letGo(): socket | null;
  /** The socket that the stream was given is connected. */
  _connected(): void;
  /** Told of the stream's end. */
  _onEnd: (() => void) | null;
}

/** Begins to connect `stream`. What goes wrong later destroys it. @throws TypeError | RangeError for wrong arguments */
export function connectStream(stream: Connecting, args: readonly unknown[]): void {
  const [options, listener] = optionsOf<ConnectOptions>(args);
  checkConnect(options);
  const targets = options.path ? async () => [unixTarget(options.path as string)] : internetTargets(options);
  if (listener !== undefined) stream.once('connect', listener);
  if (stream.connecting) {
    // What the kernel says of a second connect: a stream has one socket.
    const { path, host, port } = options;
    const place = path ? { address: path } : { address: host || 'localhost', port: portOf(port) };
    stream.destroy(placed(fromCode(-EALREADY, 'connect'), place));
    return;
  }
  if (stream.destroyed) stream._renew();
  stream.connecting = true;
  stream._active();
  new Attempts(stream, options).start(targets);
}

/** Emits in the midst of connecting, which goes on: what a listener throws is an uncaught exception. */
function tell(stream: Connecting, event: string, ...args: unknown[]): void {
  try {
    stream.emit(event, ...args);
  } catch (error) {
    uncaught(error);
  }
}

function unixTarget(path: string): AddressInfoEntry {
  if (AF_UNIX === undefined) raise(-EAFNOSUPPORT, 'connect');
  return [AF_UNIX, SOCK_STREAM, 0, '', path];
}

function internetTarget(address: string, port: number): AddressInfoEntry {
  return [isIP(address) === 6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0, '', [address, port]];
}

/** How the addresses are to be found: no question for what is an address already. */
function internetTargets(options: ConnectOptions): (stream: Connecting) => Promise<AddressInfoEntry[]> {
  const port = portOf(options.port);
  const host = options.host || 'localhost';
  if (isIP(host) !== 0) return () => Promise.resolve([internetTarget(host, port)]);
  return async (stream) => {
    const found = await lookedUp(host, options).catch((error) => {
      tell(stream, 'lookup', error, undefined, undefined, host);
      throw error;
    });
    for (const address of found) tell(stream, 'lookup', null, address, isIP(address) || 4, host);
    const wrong = found.find((address) => isIP(address) === 0);
    if (wrong !== undefined) throw argumentError('ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${wrong}`);
    return interleaved(
      found.map((address) => internetTarget(address, port)),
      1,
    );
  };
}

async function lookedUp(host: string, options: ConnectOptions): Promise<string[]> {
  const { lookup } = options;
  const found = lookup ? asked(lookup, host, options) : system(host, options);
  const own = isIP(options.localAddress ?? '');
  const addresses = (await found).filter((address) => own === 0 || isIP(address) === own);
  if (addresses.length === 0) throw unknownHost(new gaierror(EAI_NONAME, 'Name or service not known'), host);
  return triesAll(options) ? [...new Set(addresses)] : addresses.slice(0, 1);
}

/** Whether more than one address of a name is tried. */
function triesAll({ autoSelectFamily, family, localAddress }: ConnectOptions): boolean {
  return (autoSelectFamily ?? getDefaultAutoSelectFamily()) && !isOne(familyOf(family)) && !localAddress;
}

function familyOf(family: unknown): unknown {
  return family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family;
}

function isOne(family: unknown): boolean {
  return family === 4 || family === 6;
}

async function system(host: string, { family: name, hints }: ConnectOptions): Promise<string[]> {
  const family = familyOf(name);
  const wanted = family === 4 ? AF_INET : family === 6 ? AF_INET6 : 0;
  const flags = hints || (wanted === 0 && !IS_WINDOWS ? AI_ADDRCONFIG : 0);
  try {
    const entries = await getaddrinfo(host, null, { family: wanted, type: SOCK_STREAM, flags });
    return entries.map(([, , , , sockaddr]) => sockaddr[0]);
  } catch (error) {
    throw error instanceof gaierror ? unknownHost(error, host) : error;
  }
}

/** With the codes that Node has for it. */
export function unknownHost(error: gaierror, hostname: string): gaierror {
  error.code = error.errno === EAI_NONAME || error.errno === EAI_NODATA ? 'ENOTFOUND' : 'EAI_FAIL';
  if (error.errno === EAI_AGAIN) error.code = 'EAI_AGAIN';
  return Object.assign(error, { syscall: 'getaddrinfo', hostname });
}

/** A resolver of the caller's gets the question that node:net would ask. */
function asked(lookup: LookupFunction, host: string, options: ConnectOptions): Promise<string[]> {
  const family = familyOf(options.family) as number | undefined;
  const question = {
    family,
    // As node:net, which asks for what is configured on no Windows.
    hints: options.hints || (isOne(family) || IS_WINDOWS ? 0 : ADDRCONFIG),
    ...(triesAll(options) ? { all: true } : {}),
  };
  return new Promise((resolve, reject) => {
    lookup(host, question, (error, found) => {
      if (error) reject(error);
      else resolve(Array.isArray(found) ? found.map(({ address }) => address) : [found]);
    });
  });
}

/** The attempts of one connect. */
class Attempts implements Way {
  readonly #stream: Connecting;
  readonly #options: ConnectOptions;
  /** A socket that the stream was made with is the only one that may be used. */
  readonly #given: socket | null;
  #race = new Race([], null, this);
  #infos: AddressInfoEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Who is told of the stream's end besides. */
  readonly #onEnd: (() => void) | null;
  /** One has won, all have lost, or the stream was destroyed, which may be connecting anew by now. */
  #over = false;

  constructor(stream: Connecting, options: ConnectOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#onEnd = stream._onEnd;
    this.#given = stream._letGo();
  }

  async start(targets: (stream: Connecting) => Promise<AddressInfoEntry[]>): Promise<void> {
    // Whoever destroys the stream ends the attempts. A server that has accepted it goes on being told.
    this.#stream._onEnd = () => {
      this.#end(null);
      this.#onEnd?.();
    };
    try {
      this.#infos = await targets(this.#stream);
    } catch (error) {
      if (!this.#over) this.#stream.destroy(error as Error);
      return;
    }
    const delayMs = this.#options.autoSelectFamilyAttemptTimeout ?? getDefaultAutoSelectFamilyAttemptTimeout();
    this.#race = new Race(this.#infos, delayMs / 1000, this);
    process.nextTick(this.#advance);
  }

  /** Closes all sockets but the one that has won. */
  #end(won: socket | null): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#race[Symbol.dispose]();
    if (this.#given !== won) drop(this.#given);
  }

  /** Begins what is due, and waits for what runs. */
  readonly #advance = (): void => {
    clearTimeout(this.#timer);
    if (this.#over) return;
    let begun: socket | null = null;
    try {
      begun = this.#race.advance(monotonicMs());
    } catch (error) {
      this.#stream.destroy(error as Error);
    }
    // A listener may have destroyed it, and that very attempt was begun all the same.
    if (this.#over) {
      drop(begun);
      this.#race[Symbol.dispose]();
    } else if (begun !== null) this.#win(begun);
    else if (this.#race.lost) this.#fail();
    else this.#wait();
  };

  #wait(): void {
    for (const sock of this.#race.running) {
      const onReady = AsyncResource.bind(() => this.#look(sock));
      try {
        descriptorOf(sock.fileno()).listen(POLLOUT, { onReady });
      } catch (error) {
        this.#stream.destroy(error as Error);
        return;
      }
    }
    const { dueMs } = this.#race;
    if (dueMs < Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#advance, Math.ceil(dueMs - monotonicMs()));
  }

  /** The socket is writable: it is connected, or has failed. */
  #look(sock: socket): void {
    if (this.#over) return;
    descriptorOf(sock.fileno()).listen(POLLOUT, null);
    const won = this.#race.look(sock);
    if (won === null) this.#advance();
    else this.#win(won);
  }

  #win(sock: socket): void {
    this.#stream._onEnd = this.#onEnd;
    this.#end(sock);
    try {
      this.#stream._adopted(sock);
    } catch (error) {
      drop(sock);
      this.#stream.destroy(error as Error);
      return;
    }
    this.#stream._connected();
  }

  #fail(): void {
    const errors = this.#race.errors.map((error, i) => {
      error.syscall ??= 'connect';
      return 'address' in error ? error : placed(error, placeOf(this.#infos[i]));
    });
    const [first] = errors;
    const all = () => Object.assign(new ExceptionGroup('no address could be reached', errors), { code: first.code });
    this.#stream.destroy(errors.length === 1 ? first : all());
  }

  // ---- for the race ------------------------------------------------------------------------------------------------

  open(info: AddressInfoEntry): socket {
    const [family] = info;
    const { address, port } = placeOf(info);
    tell(this.#stream, 'connectionAttempt', address, port, numberOf(family));
    const sock = this.#given ?? new socket(family, SOCK_STREAM);
    try {
      this.#bindLocal(sock, family);
      return sock;
    } catch (error) {
      drop(sock);
      throw error;
    }
  }

  refused(code: number, info: AddressInfoEntry): OSError {
    const place = placeOf(info);
    const error = placed(fromCode(code, 'connect'), place);
    tell(this.#stream, 'connectionAttemptFailed', place.address, place.port, numberOf(info[0]), error);
    return error;
  }

  #bindLocal(sock: socket, family: number): void {
    const { localAddress, localPort } = this.#options;
    if (family === AF_UNIX || (localAddress === undefined && !localPort)) return;
    const place = { address: localAddress ?? (family === AF_INET6 ? '::' : '0.0.0.0'), port: localPort ?? 0 };
    try {
      sock.bind([place.address, place.port]);
    } catch (error) {
      throw error instanceof OSError ? placed(Object.assign(error, { syscall: 'bind' }), place) : error;
    }
  }
}

function placeOf([family, , , , sockaddr]: AddressInfoEntry): Place {
  return family === AF_UNIX ? { address: sockaddr } : { address: sockaddr[0], port: sockaddr[1] };
}

/** Node's name of a family. */
function numberOf(family: number): 4 | 6 | undefined {
  return family === AF_INET6 ? 6 : family === AF_INET ? 4 : undefined;
}
