/** Connecting to a host by name, awaited: what `open_connection` begins with. */

import { addAbortListener } from 'node:events';
import { AddressFamily } from '../constants/socket.js';
import { constants } from '../constants/table.js';
import { timeout as seconds } from '../core/args.js';
import { drop } from '../core/closing.js';
import { ExceptionGroup, OSError, ValueError } from '../core/exceptions.js';
import { repr } from '../core/repr.js';
import { TIMER_MAX_MS } from '../event/alarm.js';
import type { Abortable } from '../event/await.js';
import { descriptorOf } from '../event/loop.js';
import { addressesOf } from '../event/names.js';
import { interleaved, Race } from '../socket/happy_eyeballs.js';
import type { AddressInfoEntry } from '../socket/resolve.js';
import { socket } from '../socket/socket.js';
import { monotonicMs, POLLOUT } from '../wait/call.js';
import { connectFailed } from './sock.js';
import { timeout } from './time.js';

const { SOCK_STREAM } = constants.socket;
/** How long an attempt stays alone, in seconds: what RFC 8305 recommends. */
const ATTEMPT_DELAY = 0.25;

/**
 * How `create_connection`'s twin connects: which addresses it tries, from where, and how long apart.
 * @see Python loop.create_connection; RFC 8305
 */
export interface ConnectOptions extends Abortable {
  /** Only addresses of this family. */
  family?: number;
  proto?: number;
  /** AI_* */
  flags?: number;
  /** The local address to connect from. */
  local_addr?: readonly [host: string | null, port: number | string | null] | null;
  /**
   * Seconds after which the next address is tried too while the one before has not answered: 0.25 if not given. Null:
   * one after the other, which is CPython's default.
   */
  happy_eyeballs_delay?: number | null;
  /** How many addresses of the first family come before one of another family; 0: all in the resolver's order. */
  interleave?: number;
  /** Reject with an ExceptionGroup of what went wrong with each address. */
  all_errors?: boolean;
  /** Seconds for everything together, name resolution too; null: no limit. */
  timeout?: number | null;
}

/**
 * A nonblocking TCP socket that is connected to a host: to the one of its addresses that answers first (RFC 8305).
 * @throws (rejects) OSError of the address; of several whose errors differ, one that has all their texts, or with
 *   `all_errors` an ExceptionGroup | TimeoutError | gaierror | ValueError
 * @see Python loop.create_connection
 */
export async function connectTo(
  host: string | null,
  port: number | string | null,
  options: ConnectOptions = {},
): Promise<socket> {
  if ((host ?? port ?? null) === null) throw new ValueError('host and port was not specified and no sock specified');
  const { family, proto, flags, local_addr, all_errors } = options;
  const delay = options.happy_eyeballs_delay === undefined ? ATTEMPT_DELAY : seconds(options.happy_eyeballs_delay);
  const { interleave = delay === null ? 0 : 1 } = options;
  using deadline = timeout(seconds(options.timeout ?? null), options);
  const { signal } = deadline;
  const hints = { family, proto, flags, signal };
  const infos = await addressesOf(host ?? null, port ?? null, SOCK_STREAM, hints);
  const local = local_addr ? await addressesOf(...local_addr, SOCK_STREAM, hints) : null;
  using race = new Race(interleave ? interleaved(infos, interleave) : infos, delay, {
    open: (info, errors) => opened(info, local, errors),
    refused: (code, info) => connectFailed(code, info[4]),
  });
  return await winner(race, signal, all_errors);
}

async function winner(race: Race, signal: AbortSignal, allErrors?: boolean): Promise<socket> {
  for (;;) {
    const begun = race.advance(monotonicMs());
    if (begun !== null) return begun;
    if (race.lost) throw combined(race.errors, allErrors);
    const ready = await readyOf(race.running, race.dueMs, signal);
    const won = ready === null ? null : race.look(ready);
    if (won !== null) return won;
  }
}

/** One exception for those of all addresses. */
function combined(errors: OSError[], all = false): Error {
  if (all) return new ExceptionGroup('create_connection failed', errors);
  const texts = errors.map(({ message }) => message);
  return new Set(texts).size === 1 ? errors[0] : new OSError(`Multiple exceptions: ${texts.join(', ')}`);
}

/** A nonblocking socket that is bound to the first local address of its family that can be bound. */
function opened([family, type, proto]: AddressInfoEntry, local: AddressInfoEntry[] | null, errors: OSError[]): socket {
  const sock = new socket(family, type, proto);
  try {
    sock.setblocking(false);
    if (local !== null) bindToOneOf(sock, local, errors);
    return sock;
  } catch (error) {
    drop(sock);
    throw error;
  }
}

function bindToOneOf(sock: socket, local: AddressInfoEntry[], errors: OSError[]): void {
  const before = errors.length;
  for (const [family, , , , address] of local) {
    if (family !== sock.family) continue;
    try {
      sock.bind(address);
      return;
    } catch (error) {
      if (!(error instanceof OSError) || error.errno === null) throw error;
      const text = `error while attempting to bind on address ${repr(address)}: ${error.strerror?.toLowerCase()}`;
      errors.push(Object.assign(new OSError(error.errno, text), { syscall: 'bind' }));
    }
  }
  const name = `<AddressFamily.${AddressFamily[sock.family]}: ${sock.family}>`;
  throw errors.length > before ? errors.pop() : new OSError(`no matching local address with family=${name} found`);
}

/** The first of the sockets that is writable, or null when the time has come. Nothing of it is left then. */
function readyOf(socks: readonly socket[], dueMs: number, signal: AbortSignal): Promise<socket | null> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let abortion: Disposable | undefined;
    const end = () => {
      clearTimeout(timer);
      abortion?.[Symbol.dispose]();
      for (const sock of socks) descriptorOf(sock._fd).listen(POLLOUT, null);
    };
    const ended = (sock: socket | null) => {
      end();
      resolve(sock);
    };
    // These may fail, and then nothing else is begun.
    for (const sock of socks) descriptorOf(sock._fd).listen(POLLOUT, { onReady: () => ended(sock) });
    abortion = addAbortListener(signal, () => {
      end();
      reject(signal.reason);
    });
    if (dueMs === Number.POSITIVE_INFINITY) return;
    // A timer that fires early costs one more round.
    timer = setTimeout(() => ended(null), Math.min(Math.ceil(dueMs - monotonicMs()), TIMER_MAX_MS));
  });
}
