/** The socket module's functions, but those that resolve names: pairs, servers, descriptors that are passed on. */

import { native } from '../addon/binary.js';
import { constants, where } from '../constants/table.js';
import { absent, cInt, cLong, integer, iterable, method, parameters } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { drop } from '../core/closing.js';
import { checked, OSError, raise, ValueError } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';
import { repr } from '../core/repr.js';
import type { Address, ReturnedAddress } from '../structs/address.js';
import { CMSG_LEN, descriptorsIn } from '../structs/ancillary.js';
import { released, renewed } from '../wait/awaited.js';
import { socket } from './socket.js';

const c = constants.socket;

/** This platform knows IPv6. @see Python socket.has_ipv6 */
export const has_ipv6: boolean = c.AF_INET6 !== undefined;

/** Closes a socket's descriptor that no object owns. @throws OSError @see Python socket.close */
export function close(fd: number): void {
  const number = descriptor(fd);
  released(number);
  const code = native.close(number);
  if (code < 0 && code !== -constants.errno.ECONNRESET) raise(code, 'close');
}

/**
 * A duplicate of a socket's descriptor, not inheritable, which the caller owns.
 * @throws OSError EBADF, EMFILE; TypeError | OverflowError
 * @see Python socket.dup
 */
export function dup(fd: number): number {
  const copy = duplicate(fd);
  native.disown(copy, 0);
  return copy;
}

/** Nobody's yet, but for the claim that the binary makes: a thread that ends now loses no descriptor. */
function duplicate(fd: number): number {
  return renewed(checked(native.dup(descriptor(fd)), 'dup'));
}

/** A descriptor as a number; a number that can be none is a bad descriptor to the system. */
function descriptor(fd: unknown): number {
  const number = cLong(fd);
  return number >= 0 && number <= 0x7fffffff ? Number(number) : -1;
}

/**
 * A socket object for a duplicate of `fd`, which the caller goes on owning.
 * @throws OSError EBADF, EMFILE; TypeError | OverflowError
 * @see Python socket.fromfd
 */
export function fromfd(
  fd: number,
  family: number,
  type: number,
  proto = absent(arguments.length, 4, 'proto', 0),
): socket {
  const copy = duplicate(fd);
  try {
    return new socket(family, type, proto, copy);
  } catch (error) {
    native.close(copy);
    throw error;
  }
}

/**
 * Two sockets that are connected to each other. AF_UNIX (on Windows AF_INET) and SOCK_STREAM if not given otherwise.
 * @throws OSError EAFNOSUPPORT, EMFILE and the like; TypeError | OverflowError
 * @see Python socket.socketpair; socketpair(2)
 */
export function socketpair(family?: number | null, type?: number, proto?: number): [socket, socket];
export function socketpair(options: { family?: number | null; type?: number; proto?: number }): [socket, socket];
export function socketpair(...args: unknown[]): [socket, socket] {
  const [family, type = c.SOCK_STREAM, proto = 0] = parameters('socketpair', ['family', 'type', 'proto'], args, 0);
  const numbers = [family ?? c.AF_UNIX ?? c.AF_INET, type, proto].map(cInt) as [number, number, number];
  if (IS_WINDOWS) checkPair(...numbers);
  checked(native.socketpair(...numbers), 'socketpair');
  const fds = [native.info[0], native.info[1]];
  return fds.map((fd) => new socket(...numbers, renewed(fd))) as [socket, socket];
}

/** Windows has no pairs: one is made of a connection over the loopback interface. */
function checkPair(family: number, type: number, proto: number): void {
  if (family !== c.AF_INET && family !== c.AF_INET6) {
    throw new ValueError('Only AF_INET and AF_INET6 socket address families are supported');
  }
  if (type !== c.SOCK_STREAM) throw new ValueError('Only SOCK_STREAM socket type is supported');
  if (proto !== 0) throw new ValueError('Only protocol zero is supported');
}

function takeShared(info: BytesLike): socket {
  return new socket({ fileno: bytesOf(info) });
}
/**
 * A socket for what another process has shared with this one: `info` is what its `share` returned. Absent where the system is
 * not Windows.
 * @throws ValueError | TypeError | OSError
 * @see Python socket.fromshare
 */
export const fromshare = where(c.SIO_RCVALL, takeShared);

/**
 * Whether one IPv6 socket can serve IPv4 too.
 * @throws what is no OSError, and so cannot be said to be about IPv6
 * @see Python socket.has_dualstack_ipv6
 */
export function has_dualstack_ipv6(): boolean {
  if (!has_ipv6 || c.IPPROTO_IPV6 === undefined || c.IPV6_V6ONLY === undefined) return false;
  try {
    using sock = new socket(c.AF_INET6, c.SOCK_STREAM);
    sock.setsockopt(c.IPPROTO_IPV6, c.IPV6_V6ONLY, 0);
    return true;
  } catch (error) {
    if (error instanceof OSError) return false;
    throw error;
  }
}

/** What `create_server` takes besides the address. @see Python socket.create_server */
export interface CreateServerOptions {
  /** AF_INET (if not given), AF_INET6, or another stream family. */
  family?: number;
  /** How many connections may wait to be accepted. */
  backlog?: number | null;
  /** Let several processes or workers listen at one port (SO_REUSEPORT). */
  reuse_port?: boolean;
  /** Serve IPv4 through the IPv6 socket too. */
  dualstack_ipv6?: boolean;
}

/**
 * A TCP socket that is bound to `address` and listens.
 * @throws OSError, which names the address if it could not be bound; ValueError
 * @see Python socket.create_server
 */
export function create_server(address: Address, options?: CreateServerOptions): socket;
export function create_server(...args: unknown[]): socket {
  const names = ['address', 'family', 'backlog', 'reuse_port', 'dualstack_ipv6'];
  const [address, family = c.AF_INET, backlog, reusePort, dualStack] = parameters('create_server', names, args);
  if (reusePort && c.SO_REUSEPORT === undefined) {
    throw new ValueError('SO_REUSEPORT not supported on this platform');
  }
  if (dualStack) {
    if (!has_dualstack_ipv6()) throw new ValueError('dualstack_ipv6 not supported on this platform');
    if (family !== c.AF_INET6) throw new ValueError('dualstack_ipv6 requires AF_INET6 family');
  }
  const sharing = { reuseAddress: true, reusePort: Boolean(reusePort), ipv6Only: !dualStack };
  const sock = openListener(family as number, 0, sharing);
  try {
    bindOrSay(sock, address as Address);
    if (backlog === undefined || backlog === null) sock.listen();
    else sock.listen(backlog as number);
    return sock;
  } catch (error) {
    drop(sock);
    throw error;
  }
}

/** What a listener does with a port that others have, had or want. */
export interface Sharing {
  /** A port whose last connections are in TIME_WAIT can be bound again. */
  reuseAddress: boolean;
  /** Others may listen at the same port. */
  reusePort: boolean;
  /** Of IPv6: IPv4 is left to another socket. */
  ipv6Only: boolean;
}

/** A new stream socket with the options that count when it is bound. */
export function openListener(family: number, proto: number, { reuseAddress, reusePort, ipv6Only }: Sharing): socket {
  const sock = new socket(family, c.SOCK_STREAM, proto);
  try {
    // On Windows the option means that a port can be taken from who has it.
    if (reuseAddress && !IS_WINDOWS) allowReuse(sock);
    if (reusePort) sock.setsockopt(c.SOL_SOCKET, c.SO_REUSEPORT, 1);
    if (has_ipv6 && family === c.AF_INET6) sock.setsockopt(c.IPPROTO_IPV6, c.IPV6_V6ONLY, ipv6Only ? 1 : 0);
    return sock;
  } catch (error) {
    drop(sock);
    throw error;
  }
}

/** Where the family has no such option, bind will say what is in the way. */
function allowReuse(sock: socket): void {
  try {
    sock.setsockopt(c.SOL_SOCKET, c.SO_REUSEADDR, 1);
  } catch (error) {
    if (!(error instanceof OSError)) throw error;
  }
}

function bindOrSay(sock: socket, address: Address): void {
  try {
    sock.bind(address);
  } catch (error) {
    if (!(error instanceof OSError) || error.errno === null) throw error;
    const text = `${error.strerror} (while attempting to bind on address ${repr(address)})`;
    throw Object.assign(new OSError(error.errno, text), { syscall: error.syscall });
  }
}

function sendFds(
  sock: socket,
  buffers: Iterable<BytesLike>,
  fds: Iterable<number>,
  flags = absent(arguments.length, 4, 'flags', 0),
  address: Address = absent(arguments.length, 5, 'address', null),
): number {
  const numbers = Int32Array.from(Array.from(iterable(fds), cInt));
  return method(sock, 'sendmsg')(buffers, [[c.SOL_SOCKET, c.SCM_RIGHTS, bytesOf(numbers)]], flags, address);
}

function recvFds(
  sock: socket,
  bufsize: number,
  maxfds: number,
  flags = absent(arguments.length, 4, 'flags', 0),
): [Buffer, number[], number, ReturnedAddress] {
  const FD_SIZE = Int32Array.BYTES_PER_ELEMENT;
  const room = CMSG_LEN(Number(integer(maxfds)) * FD_SIZE);
  const [bytes, ancillary, messageFlags, address] = method(sock, 'recvmsg')(bufsize, room, flags);
  return [bytes, ancillary.flatMap(descriptorsIn), messageFlags, address];
}

// Unix-domain sockets alone carry descriptors.
/**
 * Sends descriptors (numbers; any kind) with the buffers over a Unix socket. The receiver gets duplicates.
 * Absent where no socket carries descriptors.
 * @throws as `sock.sendmsg`; TypeError for what is no descriptor
 * @see Python socket.send_fds; unix(7)
 */
export const send_fds = where(c.SCM_RIGHTS, sendFds);
/**
 * Receives up to `bufsize` bytes and up to `maxfds` descriptors: `[bytes, fds, msg_flags, address]`. The descriptors are
 * the caller's to close, and close-on-exec.
 * Absent where no socket carries descriptors.
 * @throws as `sock.recvmsg`
 * @see Python socket.recv_fds; unix(7)
 */
export const recv_fds = where(c.SCM_RIGHTS, recvFds);
