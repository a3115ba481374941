/** net.Server's listen: its forms of arguments, and the listening socket that they stand for. */

import { addAbortListener } from 'node:events';
import { chmodSync, unlinkSync } from 'node:fs';
import { isIP } from 'node:net';
import { constants, elsewhere } from '../constants/table.js';
import { drop } from '../core/closing.js';
import { fromCode, gaierror, OSError, ValueError } from '../core/exceptions.js';
import { isAbstract } from '../core/paths.js';
import { descriptorIfAny } from '../event/loop.js';
import { getaddrinfo } from '../event/names.js';
import { openListener } from '../socket/functions.js';
import { socket } from '../socket/socket.js';
import { isGiven, mustBe, optionsOf, portOf } from './arguments.js';
import { unknownHost } from './connect.js';
import { argumentError, placed } from './errors.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } = constants.socket;
const { SO_REUSEPORT } = elsewhere(constants.socket);
/** Of a server that was given none: node:net's. */
export const BACKLOG = 511;
const EVERYBODY_MAY = { read: 0o444, write: 0o222 };

/** Where to listen, and how. @see https://nodejs.org/api/net.html#serverlistenoptions-callback */
export interface ListenOptions {
  /** 0: any that is free. */
  port?: number | string;
  /** If none is given: every address of this machine, IPv6 and IPv4. */
  host?: string;
  /** A Unix socket's path, which must not exist; one that begins with a 0 byte is an abstract name. */
  path?: string;
  /** A descriptor that is bound already. The server owns it. */
  fd?: number;
  backlog?: number;
  /** On '::', leave IPv4 alone. */
  ipv6Only?: boolean;
  /** Several servers, in several processes or workers, share the port: the kernel distributes the connections. */
  reusePort?: boolean;
  /** Everybody may read from, or write to, the Unix socket. */
  readableAll?: boolean;
  writableAll?: boolean;
  /** Closes the server when it is aborted. */
  signal?: AbortSignal;
}

/** The forms of listen's arguments, as options. */
export function listenOptionsOf(args: readonly unknown[]): [ListenOptions, (() => void) | undefined] {
  // No port at all means any.
  const [first, ...others] = args;
  const given = first === null ? [undefined, ...others] : typeof first === 'function' ? [undefined, first] : args;
  const [options, listener] = optionsOf<ListenOptions>(given);
  const backlog = args.slice(1).find((each) => typeof each === 'number');
  if (typeof args[0] !== 'object' && backlog !== undefined) options.backlog = backlog as number;
  if (typeof options.fd === 'number' && options.fd >= 0) return [options, listener];
  options.fd = undefined;
  const isObject = typeof first === 'object' && first !== null;
  if ('port' in options || !(isObject || options.path)) options.port ??= 0;
  if (isGiven(options.port)) {
    checkPort(options);
  } else if (typeof options.path !== 'string' || options.path === '') {
    throw argumentError('ERR_INVALID_ARG_VALUE', 'The options must have the property "port", "path" or "fd"');
  }
  if (isGiven(options.signal)) addAbortListener(options.signal as AbortSignal, () => {})[Symbol.dispose]();
  return [options, listener];
}

function checkPort({ port, host }: ListenOptions): void {
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw argumentError('ERR_INVALID_ARG_VALUE', 'The property "options.port" must be a number or a string');
  }
  portOf(port);
  if (host) mustBe('host', host, 'string');
}

/** The listening socket. @throws (rejects) OSError with the address in it */
export async function listening(options: ListenOptions): Promise<socket> {
  return begun(await bound(options), options);
}

/** The same of a descriptor that is bound already. @throws OSError; ValueError if something else awaits it */
export function listeningOn(fd: number, options: ListenOptions): socket {
  // Before there is an object that would close the number in the end.
  refuseAwaited(fd);
  return begun(new socket({ fileno: fd }), options);
}

/** @throws ValueError */
export function refuseAwaited(fd: number): void {
  if (descriptorIfAny(fd)?.awaited) throw new ValueError('something else awaits the socket already');
}

function begun(sock: socket, options: ListenOptions): socket {
  try {
    sock.setblocking(false);
    sock.listen(typeof options.backlog === 'number' ? options.backlog || BACKLOG : BACKLOG);
    return sock;
  } catch (error) {
    drop(sock);
    throw explained(error, options);
  }
}

async function bound(options: ListenOptions): Promise<socket> {
  if (options.path && options.port === undefined) return boundTo(unixFamily(options), options.path, options);
  const port = portOf(options.port);
  if (!options.host) return boundAnywhere(port, options);
  const address = isIP(options.host) === 0 ? await firstAddress(options.host) : options.host;
  return boundTo(isIP(address) === 6 ? AF_INET6 : AF_INET, [address, port], options);
}

function unixFamily(options: ListenOptions): number {
  if (AF_UNIX === undefined) throw explained(fromCode(-constants.errno.EAFNOSUPPORT, 'listen'), options);
  return AF_UNIX;
}

/** Both families by one socket, where there is IPv6. */
function boundAnywhere(port: number, options: ListenOptions): socket {
  try {
    return boundTo(AF_INET6, ['::', port], options);
  } catch (error) {
    if (error instanceof OSError && error.code === 'EADDRINUSE') throw error;
    return boundTo(AF_INET, ['0.0.0.0', port], options);
  }
}

async function firstAddress(host: string): Promise<string> {
  try {
    const [first] = await getaddrinfo(host, null, { type: SOCK_STREAM });
    return first[4][0];
  } catch (error) {
    throw error instanceof gaierror ? unknownHost(error, host) : error;
  }
}

function boundTo(family: number, address: string | [string, number], options: ListenOptions): socket {
  const reusePort = Boolean(options.reusePort) && SO_REUSEPORT !== undefined;
  const sock = openListener(family, 0, { reuseAddress: true, reusePort, ipv6Only: Boolean(options.ipv6Only) });
  try {
    sock.bind(address);
    if (family === AF_UNIX) permit(address as string, options);
    return sock;
  } catch (error) {
    drop(sock);
    throw explained(error, options);
  }
}

function permit(path: string, { readableAll, writableAll }: ListenOptions): void {
  if (!readableAll && !writableAll) return;
  if (isAbstract(path)) throw argumentError('ERR_INVALID_ARG_VALUE', 'an abstract name has no permissions');
  const own = 0o700;
  chmodSync(path, own | (readableAll ? EVERYBODY_MAY.read : 0) | (writableAll ? EVERYBODY_MAY.write : 0));
}

function explained(error: unknown, { path, host = '::', port }: ListenOptions): unknown {
  if (!(error instanceof OSError)) return error;
  // As libuv, which says so on every system.
  const told = path && error.code === 'ENOENT' ? fromCode(-constants.errno.EACCES, 'listen') : error;
  told.syscall = 'listen';
  return placed(told, path ? { address: path } : { address: host, port: Number(port ?? 0) });
}

/** As libuv does: a path that the server has made goes with it. */
export function unlinkPath(path: string): void {
  if (isAbstract(path)) return;
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
