/** What the public fuzzer must not do: wait for long, leave this machine, touch descriptors of Node's own. */
import { fstatSync } from 'node:fs';
import { isUint8Array } from 'node:util/types';
import { socket } from '../../lib/index.js';
import type { Descriptors } from './descriptors.js';
import { SHORT_S, tame } from './public_objects.js';
import type { Random } from './random.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } = socket;

/** Functions that look a name up. */
const RESOLVES = /^(socket\.(getaddrinfo|gethostby\w+|getfqdn|create_\w+)|ssl\.get_server_certificate)$/;
/** Functions that go where an address says. */
const ADDRESSES = /^(bind|connect|connect_ex|sendto|sendmsg|send_zerocopy|pack_address)$/;
/** Functions that take a descriptor, or take it over. */
const TAKES_FD =
  /^(socket\.(socket|fromfd|dup|close)|select\.epoll|socket#sendfile|\w+#(fromfd|register|modify|sendfile))$/;
/** Functions that get memory as large as an argument says. */
const ALLOCATES = /^(recv\w*|read\w*|peek|makefile|RAND_bytes|MessageBatch|export_keying_material)$/;
const MODEST = 2 ** 22;
/** Which argument is the time that a call may take. */
const WAITS: readonly [path: RegExp, argument: number][] = [
  [/^select\.select$/, 3],
  [/^(socket\.create_connection|ssl\.get_server_certificate)$/, 1],
  [/#(poll|select)$/, 0],
  [/#poll_into$/, 1],
];

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A time that is long, or without end, becomes short. What is no time stays what it is. */
function shortTime(value: unknown): unknown {
  if (isPlain(value)) return { timeout: SHORT_S };
  const isLong = value === undefined || value === null || value === true || typeof value === 'bigint';
  return isLong || (typeof value === 'number' && !(value >= 0 && value <= SHORT_S)) ? SHORT_S : value;
}

/** A plain object, and no trap. */
function isPlain(value: unknown): value is Record<string, unknown> {
  try {
    return isRecord(value);
  } catch {
    return false;
  }
}

/** What is neither a number that only root can use nor beyond this machine. */
function localSocket(args: unknown[]): void {
  const [first] = args;
  const [family, type] = isPlain(first) ? [first.family, first.type] : args;
  const right = [AF_UNIX, AF_INET, AF_INET6, -1].includes(family as never) || typeof family !== 'number';
  if (!right) args[0] = AF_UNIX;
  if (typeof type === 'number' && ![SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, -1].includes(type)) args[1] = SOCK_STREAM;
}

/** A host or a path that leads nowhere. */
function nowhere(value: unknown): unknown {
  if (isUint8Array(value))
    return Buffer.concat([Buffer.from('./ '), Buffer.from(value).map((byte) => (byte === 0x2f ? 0 : byte))]);
  return value;
}

function isSocket(value: unknown): value is InstanceType<typeof socket.socket> {
  try {
    return value instanceof socket.socket;
  } catch {
    return false; // a trap
  }
}

/** A size of which the memory is not worth its while, though there may be so much. */
function modest(value: unknown): unknown {
  const isSize = typeof value === 'number' || typeof value === 'bigint';
  return isSize && value > MODEST && value < 2 ** 53 ? MODEST : value;
}

function isPlainFile(file: unknown): boolean {
  try {
    return typeof file === 'number' && fstatSync(file).isFile();
  } catch {
    return false;
  }
}

/** The last look at the arguments of a public function: see harmless.ts. */
export function makeHarmless(path: string, args: unknown[], fds: Descriptors, random: Random): void {
  const bare = path.replace(/^.*[.#]/, '');
  for (const [i, arg] of args.entries()) {
    if (RESOLVES.test(path) || ADDRESSES.test(bare)) args[i] = nowhere(arg);
    if (TAKES_FD.test(path) && fds.isForeign(arg)) args[i] = -1;
    if (isSocket(arg)) tame(arg, random);
  }
  if (ALLOCATES.test(bare)) for (const [i, arg] of args.entries()) args[i] = modest(arg);
  // Its memory is the product of both.
  if (bare === 'MessageBatch' && typeof args[1] === 'number') args[1] = Math.min(args[1], MODEST / 1024);
  for (const [each, at] of WAITS) if (each.test(path)) args[at] = shortTime(args[at]);
  // What is not a plain file is read until its end, for as long as that takes.
  if (bare === 'sendfile' && !isPlainFile(args[0])) args[0] = -1;
  if (/^socket\.(socket|socketpair|fromfd)$/.test(path)) localSocket(bare === 'fromfd' ? [] : args);
  if (bare === 'sethostname')
    args[0] = typeof args[0] === 'string' || isUint8Array(args[0]) ? 'x'.repeat(100) : args[0];
  if (bare === 'getnameinfo' && typeof args[1] === 'number')
    args[1] = Math.abs(args[1]) < 2 ** 31 ? args[1] | 1 : args[1];
  if (bare === 'gethostbyaddr') args[0] = typeof args[0] === 'string' ? '127.0.0.1' : args[0];
  if (bare === 'setsockopt' && isUint8Array(args[2])) args[2].fill(0, 4);
}
