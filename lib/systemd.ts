/**
 * What a service and the service manager that started it have to tell each other: the sockets that a process was started
 * with, and how it fares. The names are those of systemd's library; the protocol is open, and others speak it too.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
 */

import { constants } from './constants/table.js';
import { parameters, str } from './core/args.js';
import { OSError, raise } from './core/exceptions.js';
import { socket } from './socket/index.js';

const c = constants.socket;
const { EAFNOSUPPORT, EINVAL } = constants.errno;

// ---- sockets from the manager ----------------------------------------------------------------------------------------

/** SD_LISTEN_FDS_START: the first of the descriptors; the others follow without a gap. */
const FIRST_FD = 3;
const INT_MAX = 0x7fffffff;
const LISTEN_VARIABLES = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/** A socket, and the name that its unit gives it (FileDescriptorName=); several sockets may have the same one. */
export type NamedSocket = [name: string, sock: socket];

/** What the first call returned. A descriptor has one owner, so later calls return the same objects. */
let received: NamedSocket[] | undefined;

/**
 * The sockets that the service manager opened for this process (socket activation), in its order: `[[name, socket], …]`,
 * empty if there are none or they are meant for another process. They block, and are not inherited by child processes.
 * Called again, it returns the same socket objects.
 * @param unset_environment remove the variables that say so, on failure too: then neither a later call nor a child
 *     process finds them
 * @throws OSError EINVAL: the variables contradict themselves; EBADF, ENOTSOCK: a descriptor is closed, or no socket. No
 *     descriptor is taken then
 * @see sd_listen_fds_with_names(3)
 */
export function listen_fds(unset_environment?: boolean): NamedSocket[];
export function listen_fds(options: { unset_environment?: boolean }): NamedSocket[];
export function listen_fds(...args: unknown[]): NamedSocket[] {
  const [unset] = parameters('listen_fds', ['unset_environment'], args, 0);
  try {
    const [count, names] = announced();
    if (count === 0) return [];
    received ??= adopted(count, names);
    return [...received];
  } finally {
    if (unset) for (const name of LISTEN_VARIABLES) delete process.env[name];
  }
}

/** How many descriptors are for us, and their names if they have any. */
function announced(): [count: number, names?: string[]] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  // Variables for another process are a parent's, which did not remove them; the descriptors are, or were, its own.
  if (LISTEN_PID === undefined || positive('LISTEN_PID', LISTEN_PID) !== process.pid) return [0];
  if (LISTEN_FDS === undefined) return [0];
  const count = positive('LISTEN_FDS', LISTEN_FDS);
  if (LISTEN_FDNAMES === undefined) return [count];
  const names = LISTEN_FDNAMES.split(':');
  if (names.length !== count) throw invalid('LISTEN_FDNAMES', LISTEN_FDNAMES);
  return [count, names];
}

function positive(name: string, text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number === 0 || number > INT_MAX - FIRST_FD) throw invalid(name, text);
  return number;
}

function invalid(name: string, text: string): OSError {
  return new OSError(EINVAL, `Invalid argument (${name} is '${text}')`);
}

/** Socket objects for all of the descriptors, or for none. */
function adopted(count: number, names?: string[]): NamedSocket[] {
  const sockets: NamedSocket[] = [];
  try {
    for (let i = 0; i < count; i++) {
      const name = names?.[i] ?? 'unknown';
      sockets.push([name, socketAt(FIRST_FD + i, name)]);
    }
    for (const [, sock] of sockets) sock.set_inheritable(false);
    return sockets;
  } catch (error) {
    for (const [, sock] of sockets) sock.detach();
    throw error;
  }
}

function socketAt(fileno: number, name: string): socket {
  try {
    return new socket({ fileno });
  } catch (error) {
    if (!(error instanceof OSError) || error.errno === null) throw error;
    throw new OSError(error.errno, `${error.strerror} (descriptor ${fileno}, which has the name '${name}')`);
  }
}

// ---- news for the manager --------------------------------------------------------------------------------------------

/** By the address's prefix, the types of socket to try: a datagram is meant, but few hypervisors have them. */
const VSOCK_TYPES = new Map([
  ['vsock', [c.SOCK_DGRAM, c.SOCK_SEQPACKET, c.SOCK_STREAM]],
  ['vsock-dgram', [c.SOCK_DGRAM]],
  ['vsock-seqpacket', [c.SOCK_SEQPACKET]],
  ['vsock-stream', [c.SOCK_STREAM]],
]);
const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * Tells the service manager how this process fares: newline-separated assignments, as 'READY=1', 'STATUS=…',
 * 'RELOADING=1', 'STOPPING=1', 'WATCHDOG=1'. True if it was sent; false if nobody wants to know (no NOTIFY_SOCKET). That
 * it was sent says nothing of what becomes of it. Waits, and blocks the thread, while the manager's queue is full.
 * @param unset_environment remove NOTIFY_SOCKET, on failure too: further calls do nothing
 * @throws TypeError | ValueError for a text that will not do; OSError if it cannot be sent, EAFNOSUPPORT or EINVAL if
 *     NOTIFY_SOCKET is no address of a kind that is known
 * @see sd_notify(3)
 */
export function sd_notify(state: string, unset_environment?: boolean): boolean;
export function sd_notify(state: string, options: { unset_environment?: boolean }): boolean;
export function sd_notify(...args: unknown[]): boolean {
  const [state, unset] = parameters('sd_notify', ['state', 'unset_environment'], args, 1);
  const bytes = Buffer.from(str(state, 'sd_notify', 1));
  const { NOTIFY_SOCKET: address } = process.env;
  if (unset) delete process.env.NOTIFY_SOCKET;
  if (address === undefined) return false;
  if (/^[/@]/.test(address)) sendToUnix(address, bytes);
  else sendToVsock(address, bytes);
  return true;
}

/** A path, or '@' and an abstract name. */
function sendToUnix(address: string, bytes: Uint8Array): void {
  using sock = new socket(c.AF_UNIX, c.SOCK_DGRAM);
  sock.settimeout(null);
  sock.sendto(bytes, address.startsWith('@') ? Buffer.from(`\0${address.slice(1)}`) : address);
}

/** A process in a virtual machine tells the host: 'vsock:CID:PORT', or with the type of socket, 'vsock-stream:CID:PORT'. */
function sendToVsock(address: string, bytes: Uint8Array): void {
  const [, kind, cid, port] = /^([a-z-]+):(\d+):(\d+)$/.exec(address) ?? [];
  const types = VSOCK_TYPES.get(kind ?? address.split(':')[0]);
  if (types === undefined || c.AF_VSOCK === undefined) raise(-EAFNOSUPPORT, 'sd_notify');
  if (kind === undefined || Number(cid) >= c.VMADDR_CID_ANY || Number(port) > 0xffffffff) {
    throw invalid('NOTIFY_SOCKET', address);
  }
  using sock = firstThatOpens(c.AF_VSOCK, types);
  sock.settimeout(null);
  showPrivilege(sock);
  sock.connect([Number(cid), Number(port)]);
  sock.sendall(bytes);
}

function firstThatOpens(family: number, [type, ...others]: readonly number[]): socket {
  try {
    return new socket(family, type);
  } catch (error) {
    if (!(error instanceof OSError) || others.length === 0) throw error;
    return firstThatOpens(family, others);
  }
}

/** The host may listen to privileged ports alone; who may bind none is heard where it does not. */
function showPrivilege(sock: socket): void {
  for (let port = FIRST_UNPRIVILEGED_PORT - 1; port > 0; port--) {
    try {
      sock.bind([c.VMADDR_CID_ANY, port]);
      return;
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      if (error.code !== 'EADDRINUSE') return;
    }
  }
}
