/** Making a datagram endpoint: which socket, bound to what, connected to what. */

import { inspect } from 'node:util';
import { constants } from '../constants/table.js';
import { checkOptions, noAttribute } from '../core/args.js';
import { drop } from '../core/closing.js';
import { OSError, ValueError } from '../core/exceptions.js';
import { str } from '../core/repr.js';
import type { Abortable } from '../event/await.js';
import { addressesOf } from '../event/names.js';
import { socket } from '../socket/socket.js';
import type { Address } from '../structs/address.js';
import { type DatagramProtocol, DatagramTransport } from './datagram.js';
import { sock_connect } from './sock.js';
import { removeStale } from './socket_files.js';

const { AF_UNIX, SOCK_DGRAM, SOL_SOCKET, SO_BROADCAST, SO_REUSEPORT } = constants.socket;

/** `[host, port]`; of AF_UNIX, a path or an abstract name. */
export type EndpointAddress = readonly [host: string | null, port: number | string | null] | string | Uint8Array | null;

/**
 * What `create_datagram_endpoint` takes besides the protocol. At least one of the addresses, a family, or a socket is
 * needed.
 * @see Python loop.create_datagram_endpoint
 */
export interface DatagramEndpointOptions extends Abortable {
  /** Where to receive: port 0 is a free one. */
  local_addr?: EndpointAddress;
  /** The only address to send to and, without `allow_broadcast`, to receive from. */
  remote_addr?: EndpointAddress;
  family?: number;
  proto?: number;
  /** AI_* */
  flags?: number;
  /** Let several endpoints have one port (SO_REUSEPORT). */
  reuse_port?: boolean;
  /** Let datagrams go to a broadcast address (SO_BROADCAST). */
  allow_broadcast?: boolean;
  /** Instead of all that: a datagram socket, which is the endpoint's from then on, and nonblocking. */
  sock?: socket;
}

/** The options that are about a socket which is to be made. */
const MODIFIERS = ['local_addr', 'remote_addr', 'family', 'proto', 'flags', 'reuse_port', 'allow_broadcast'] as const;

/**
 * A datagram endpoint: `[transport, protocol]`. What arrives is given to the protocol that `protocol_factory` makes, whose
 * `connection_made` has been called when the promise resolves.
 *
 * ```js
 * const [transport] = await create_datagram_endpoint(() => ({
 *   connection_made(transport) { this.transport = transport; },
 *   datagram_received(data, addr) { this.transport.sendto(data, addr); },
 * }), { local_addr: ['127.0.0.1', 0] });
 * ```
 * @throws (rejects) OSError of the first address that was tried | gaierror | TypeError | ValueError
 * @see Python loop.create_datagram_endpoint
 */
export async function create_datagram_endpoint<P extends Partial<DatagramProtocol>>(
  protocol_factory: () => P,
  options: DatagramEndpointOptions = {},
): Promise<[DatagramTransport, P]> {
  checkOptions('create_datagram_endpoint', options, [...MODIFIERS, 'sock', 'signal']);
  options.signal?.throwIfAborted();
  const [sock, remote] = await (options.sock ? given(options.sock, options) : opened(options));
  try {
    options.signal?.throwIfAborted();
    const protocol = protocol_factory();
    if (typeof protocol !== 'object' || protocol === null) throw noAttribute(protocol, 'connection_made');
    const transport = new DatagramTransport(sock, protocol, remote);
    transport._start();
    return [transport, protocol];
  } catch (error) {
    if (!options.sock) drop(sock);
    throw error;
  }
}

type Opened = [sock: socket, remote: Address];

function given(sock: socket, options: DatagramEndpointOptions): Opened {
  if (sock.type !== SOCK_DGRAM) throw new ValueError(`A UDP Socket was expected, got ${inspect(sock)}`);
  const problems = MODIFIERS.filter((name) => options[name]).map((name) => `${name}=${str(options[name])}`);
  if (problems.length > 0) {
    throw new ValueError(
      `socket modifier keyword arguments can not be used when sock is specified. (${problems.join(', ')})`,
    );
  }
  sock.setblocking(false);
  return [sock, null];
}

/** A socket for the first pair of addresses that can be had. */
async function opened(options: DatagramEndpointOptions): Promise<Opened> {
  const errors: OSError[] = [];
  for (const pair of await pairs(options)) {
    const sock = new socket(pair.family, SOCK_DGRAM, pair.proto);
    try {
      return [sock, await prepared(sock, pair, options)];
    } catch (error) {
      drop(sock);
      options.signal?.throwIfAborted();
      if (!(error instanceof OSError)) throw error;
      errors.push(error);
    }
  }
  throw errors[0];
}

/** Sets a socket up, and returns the only address that it may send to. */
async function prepared(sock: socket, { local, remote }: Pair, options: DatagramEndpointOptions): Promise<Address> {
  if (options.reuse_port) setReusePort(sock);
  if (options.allow_broadcast) sock.setsockopt(SOL_SOCKET, SO_BROADCAST, 1);
  sock.setblocking(false);
  if (local !== null) sock.bind(local);
  // A broadcast is answered from other addresses than the one that it went to.
  if (remote !== null && !options.allow_broadcast) await sock_connect(sock, remote, { signal: options.signal });
  return remote;
}

function setReusePort(sock: socket): void {
  const text = 'reuse_port not supported by socket module';
  if (SO_REUSEPORT === undefined) throw new ValueError(text);
  try {
    sock.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
    throw new ValueError(`${text}, SO_REUSEPORT defined but not implemented.`);
  }
}

/** What an endpoint may be bound and connected to. */
interface Pair {
  readonly family: number;
  readonly proto: number;
  local: Address;
  remote: Address;
}

async function pairs(options: DatagramEndpointOptions): Promise<Pair[]> {
  const { family = 0, proto = 0 } = options;
  const [local, remote] = [options.local_addr, options.remote_addr].map((addr) => (addr?.length ? addr : null));
  if (local === null && remote === null) {
    if (family === 0) throw new ValueError('unexpected address family');
    return [{ family, proto, local: null, remote: null }];
  }
  if (AF_UNIX !== undefined && family === AF_UNIX) {
    const paths = { local: path(local), remote: path(remote) };
    if (paths.local !== null) removeStale(paths.local);
    return [{ family, proto, ...paths }];
  }
  return internetPairs(local, remote, options);
}

function path(addr: unknown): string | Uint8Array | null {
  if (addr === null || typeof addr === 'string' || addr instanceof Uint8Array) return addr;
  throw new TypeError('string is expected');
}

/** The local and the remote addresses of each family that has all that is wanted. */
async function internetPairs(local: unknown, remote: unknown, options: DatagramEndpointOptions): Promise<Pair[]> {
  const found = new Map<string, Pair>();
  for (const [side, addr] of [['local', local] as const, ['remote', remote] as const]) {
    if (addr === null) continue;
    if (!Array.isArray(addr) || addr.length !== 2) throw new TypeError('2-tuple is expected');
    const { family, proto, flags, signal } = options;
    for (const info of await addressesOf(addr[0], addr[1], SOCK_DGRAM, { family, proto, flags, signal })) {
      const key = `${info[0]} ${info[2]}`;
      const pair = found.get(key) ?? { family: info[0], proto: info[2], local: null, remote: null };
      pair[side] = info[4];
      found.set(key, pair);
    }
  }
  const whole = [...found.values()].filter(
    (pair) => !(local && pair.local === null) && !(remote && pair.remote === null),
  );
  if (whole.length === 0) throw new ValueError('can not get address information');
  return whole;
}
