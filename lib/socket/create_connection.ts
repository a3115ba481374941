/** Python's socket.create_connection: blocking, one address after the other, or all of them in a race. */

import { constants } from '../constants/table.js';
import { parameters, timeout as seconds, typeName } from '../core/args.js';
import { drop } from '../core/closing.js';
import { ExceptionGroup, fromCode, OSError, raise, timedOut, ValueError } from '../core/exceptions.js';
import type { Address } from '../structs/address.js';
import { deadlineIn, monotonicMs, POLLOUT, wait } from '../wait/call.js';
import { PollArray } from '../wait/pollfds.js';
import { interleaved, Race } from './happy_eyeballs.js';
import { type AddressInfoEntry, getaddrinfo } from './resolve.js';
import { getdefaulttimeout, socket } from './socket.js';

const { SOCK_STREAM } = constants.socket;

/** What `create_connection` takes besides the address. @see Python socket.create_connection */
export interface CreateConnectionOptions {
  /** Seconds for each address that is tried; the default timeout if not given. */
  timeout?: number | null;
  /** The local address to connect from. */
  source_address?: Address;
  /** Raise an ExceptionGroup of what went wrong with each address, not the last one's error alone. */
  all_errors?: boolean;
  /**
   * Not in Python. Seconds after which the next address is tried too while the one before has not answered (RFC 8305;
   * 0.25 is usual): IPv6 and IPv4 take turns, the first to connect wins, and `timeout` is for all of them together, from
   * the call on. Null, or not given: one after the other. A timeout of 0 waits for nothing, so there is no race.
   */
  happy_eyeballs_delay?: number | null;
}

/**
 * Connects to `[host, port]`, trying each of the host's addresses in turn.
 * @throws OSError of the last address that was tried; gaierror
 * @see Python socket.create_connection; RFC 8305
 */
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  timeout?: number | null,
  source_address?: Address,
): socket;
export function create_connection(
  address: readonly [host: string | null, port: number | string],
  options?: CreateConnectionOptions,
): socket;
export function create_connection(...args: unknown[]): socket {
  const names = ['address', 'timeout', 'source_address', 'all_errors', 'happy_eyeballs_delay'];
  const [address, timeout, source, allErrors, eyeballs] = parameters('create_connection', names, args);
  if (address === undefined) {
    throw new TypeError("create_connection() missing 1 required positional argument: 'address'");
  }
  const delay = seconds(eyeballs ?? null);
  const [host, port] = twoOf(address);
  // What does not wait cannot race.
  const limit = delay === null ? 0 : timeout === undefined ? getdefaulttimeout() : seconds(timeout);
  const deadline = deadlineIn(limit);
  const infos = getaddrinfo(host as string, port as string, 0, SOCK_STREAM);
  const open = ([family, type, proto]: AddressInfoEntry) => opened(new socket(family, type, proto), timeout, source);
  const errors: OSError[] = [];
  const sock = limit === 0 ? inTurn(infos, open, errors) : raced(infos, open, errors, delay, deadline);
  if (sock !== null) return sock;
  if (errors.length === 0) throw new OSError('getaddrinfo returns an empty list');
  throw allErrors ? new ExceptionGroup('create_connection failed', errors) : errors[errors.length - 1];
}

function twoOf(address: unknown): unknown[] {
  if (typeof address !== 'string' && !Array.isArray(address)) {
    throw new TypeError(`cannot unpack non-iterable ${typeName(address)} object`);
  }
  if (address.length < 2) throw new ValueError(`not enough values to unpack (expected 2, got ${address.length})`);
  if (address.length > 2) throw new ValueError('too many values to unpack (expected 2)');
  return [...address];
}

function opened(sock: socket, timeout: unknown, source: unknown): socket {
  try {
    if (timeout !== undefined) sock.settimeout(timeout as number | null);
    if (source !== undefined && source !== null) sock.bind(source as Address);
    return sock;
  } catch (error) {
    drop(sock);
    throw error;
  }
}

type Open = (info: AddressInfoEntry) => socket;

/** The first address that can be connected to; null: none, and `errors` says why. */
function inTurn(infos: readonly AddressInfoEntry[], open: Open, errors: OSError[]): socket | null {
  for (const info of infos) {
    let sock: socket | undefined;
    try {
      sock = open(info);
      sock.connect(info[4]);
      return sock;
    } catch (error) {
      drop(sock);
      if (!(error instanceof OSError)) throw error;
      errors.push(error);
    }
  }
  return null;
}

/** The address that is connected first, before the deadline; null: none, and `errors` says why. */
function raced(
  infos: readonly AddressInfoEntry[],
  open: Open,
  errors: OSError[],
  delay: number | null,
  deadline: number,
): socket | null {
  using race = new Race(interleaved(infos, 1), delay, { open, refused: (code) => fromCode(code, 'connect') });
  for (;;) {
    const begun = race.advance(monotonicMs());
    if (begun !== null) return begun;
    if (race.lost) break;
    const won = firstOf(race, readyOf(race.running, Math.min(deadline, race.dueMs)));
    if (won !== null) return won;
    if (monotonicMs() >= deadline) race.giveUp(() => timedOut('connect'));
  }
  errors.push(...race.errors);
  return null;
}

function firstOf(race: Race, ready: readonly socket[]): socket | null {
  for (const sock of ready) {
    const won = race.look(sock);
    if (won !== null) return won;
  }
  return null;
}

/** Those of the sockets that are writable, as soon as one is; none at the deadline. */
function readyOf(socks: readonly socket[], deadline: number): socket[] {
  const array = new PollArray();
  for (const sock of socks) array.add(sock._fd, POLLOUT);
  const found = wait(array, deadline);
  if (found < 0) raise(found, 'poll');
  return socks.filter((_, i) => array.found(i) !== 0);
}
