/** Awaited name resolution: the system's resolver, on a thread of libuv's pool. */

import { isIP } from 'node:net';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { absent } from '../core/args.js';
import { OSError } from '../core/exceptions.js';
import { type AddressInfoEntry, addressEntries, addressQuestion, nameEntry, nameQuestion } from '../socket/resolve.js';
import type { socket } from '../socket/socket.js';
import type { Address } from '../structs/address.js';
import { type Abortable, checkSocket, unlessAborted } from './await.js';

const { AF_INET, AF_INET6, AF_UNSPEC, IPPROTO_TCP, IPPROTO_UDP, SOCK_STREAM } = constants.socket;

/** What the addresses must have: numbers as in `socket.getaddrinfo`, 0 for any. */
export interface GetAddrInfoOptions extends Abortable {
  family?: number;
  type?: number;
  proto?: number;
  flags?: number;
}

/**
 * Every address of a host and service. An aborted call rejects at once; the resolver is not interrupted.
 * @throws (rejects) gaierror | UnicodeError | TypeError
 * @see Python loop.getaddrinfo; socket.getaddrinfo
 */
export async function getaddrinfo(
  host: string | Uint8Array | null,
  port: string | number | Uint8Array | null,
  { signal, ...hints }: GetAddrInfoOptions = {},
): Promise<AddressInfoEntry[]> {
  const question = addressQuestion([host, port, hints]);
  const asked = new Promise<AddressAnswer>((answered) => native.resolveAddress(...question, answered));
  return addressEntries(await unlessAborted(asked, signal));
}

/**
 * `[host, port]` of an address.
 * @throws (rejects) gaierror | TypeError | ValueError | OverflowError
 * @see Python loop.getnameinfo; socket.getnameinfo
 */
export async function getnameinfo(
  sockaddr: readonly unknown[],
  flags = absent(arguments.length, 2, 'flags', 0),
  { signal }: Abortable = {},
): Promise<[string, string]> {
  const question = nameQuestion(sockaddr, flags);
  const asked = new Promise<NameAnswer>((answered) => native.resolveName(...question, answered));
  return nameEntry(await unlessAborted(asked, signal));
}

/**
 * As `getaddrinfo` for a socket of `type`, but an address that is written in numbers is not asked for: its port is taken
 * as it is, and found wrong by whoever uses it.
 */
export async function addressesOf(
  host: string | Uint8Array | null,
  port: string | number | Uint8Array | null,
  type: number,
  hints: GetAddrInfoOptions = {},
): Promise<AddressInfoEntry[]> {
  const { family = AF_UNSPEC, proto = 0, flags = 0, signal } = hints;
  const asked = { family, type, proto, flags, signal };
  const found = numericAddress(host, port, type, hints) ?? (await getaddrinfo(host, port, asked));
  signal?.throwIfAborted();
  if (found.length === 0) throw new OSError('getaddrinfo() returned empty list');
  return found;
}

function numericAddress(
  host: unknown,
  port: unknown,
  type: number,
  { family = AF_UNSPEC, proto = 0 }: GetAddrInfoOptions,
): AddressInfoEntry[] | null {
  const number =
    port === null || port === '' ? 0 : typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  // What stands after a % is a scope, which the resolver knows.
  if (typeof number !== 'number' || typeof host !== 'string' || host.includes('%')) return null;
  const version = isIP(host);
  const own = version === 6 ? AF_INET6 : AF_INET;
  const protocol = type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  if (version === 0 || (family !== AF_UNSPEC && family !== own) || (proto !== 0 && proto !== protocol)) return null;
  return [[own, type, protocol, '', version === 6 ? [host, number, 0, 0] : [host, number]]];
}

type AddressAnswer = ReturnType<typeof native.getaddrinfo>;
type NameAnswer = ReturnType<typeof native.getnameinfo>;

/** The address with a number for the host, so that using it does not block. */
export async function addressWithoutName(sock: socket, address: Address, options?: Abortable): Promise<Address> {
  checkSocket(sock);
  if ((sock.family !== AF_INET && sock.family !== AF_INET6) || !Array.isArray(address)) return address;
  const [host, port, ...rest] = address;
  const text = host instanceof Uint8Array ? Buffer.from(host).toString('latin1') : host;
  if (typeof text !== 'string' || text === '' || text === '<broadcast>' || isIP(text) !== 0) return address;
  const [first] = await getaddrinfo(host, port, {
    ...options,
    family: sock.family,
    type: sock.type,
    proto: sock.proto,
  });
  if (first === undefined) throw new OSError('getaddrinfo() returned empty list');
  // What the caller says of flow and scope counts.
  return rest.length === 0 ? first[4] : [first[4][0], port, ...rest];
}
