/** A child process that calls every function of the binary with random arguments. */
import { setImmediate } from 'node:timers/promises';
import { isUint8Array } from 'node:util/types';
import { native } from '../../lib/addon/binary.js';
import type { TlsConnection } from '../../lib/addon/tls.js';
import { isFailure } from '../../lib/ssl/errors.js';
import { unpackAncillary } from '../../lib/structs/ancillary.js';
import { readTask, Session } from './child.js';
import { Descriptors } from './descriptors.js';
import { Callbacks, Handles } from './handles.js';
import { Harmless, HOSTS } from './harmless.js';
import { Random } from './random.js';
import { functions } from './table.js';
import { Thrown, Values } from './values.js';

const task = readTask();
const random = new Random();
const values = new Values(random);
const fds = new Descriptors(random);
const handles = new Handles(values);
const harmless = new Harmless(random, fds);

// The environment has one poller for Node's event loop: started here, before the descriptors are counted.
native.loopStart(deliver, new Int32Array(16));
process.on('uncaughtException', (error) => {
  // A class that was given for a function complains by itself when it is called.
  const isClass = error instanceof TypeError && error.message.endsWith("cannot be invoked without 'new'");
  if (!(error instanceof Thrown) && !isClass) throw error;
});
const session = new Session(task);

const { AF_INET, AF_INET6, AF_UNIX, SCM_RIGHTS, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, SOL_SOCKET } =
  native.constants.socket;
const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP } = native.constants.socket;

// ---- kinds of arguments --------------------------------------------------------------------------------------------

const SERVICES = ['80', 'http', '', '0', '65536', '-1', 'no such service'];
const PATHS = ['plain', 'missing', '', '.', 'a\0b', 'x'.repeat(5000), '\xff'];
const SMALL_MS = [0, 0, 0, 1, 5];
const ADDRESS_SIZES = [0, 1, 2, 3, 8, 16, 16, 28, 28, 110, 128, 200];
const text = (list: readonly string[]) => Buffer.from(random.pick(list), 'latin1');

/** What is received with a message, or sent: bytes, or descriptors of ours. */
function control(): Uint8Array {
  if (random.chance(0.5)) return values.bytes(random.pick([0, 1, 16, 24, 40, 200]));
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, random.chance(0.8) ? 20 : random.below(64), true);
  view.setInt32(8, SOL_SOCKET, true);
  view.setInt32(12, SCM_RIGHTS, true);
  view.setInt32(16, fds.one(), true);
  return bytes;
}

const BATCH = 3;
const ADDRESS_ROOM = 28;
const CONTROL_ROOM = 24;

/** The first of the bytes, and zeros up to `size`. */
function inRoom(bytes: Uint8Array, size: number): Uint8Array {
  const room = new Uint8Array(size);
  room.set(bytes.subarray(0, size));
  return room;
}

const lengthOfPart = () => (random.chance(0.05) ? values.whole() : random.pick([0, 0, 1, 8, 16, CONTROL_ROOM]));

function entries(): Int32Array {
  return Int32Array.from({ length: random.below(12) }, () => (random.chance(0.7) ? fds.one() : values.whole()));
}

/** Events of kqueue, nine integers each: filters from reading (-1) to the user's own (-11), timers of a few units among them. */
function kevents(): Int32Array {
  const event = () => {
    const filter = random.pick([-1, -1, -2, -2, -7, -11, -15, values.whole()]);
    const [flags, fflags] = [random.below(256), random.chance(0.5) ? 0 : 1 << random.below(31)];
    return [fds.few(), random.chance(0.9) ? 0 : 1, filter, flags, fflags, random.below(9), 0, values.whole(), 0];
  };
  return Int32Array.from(Array.from({ length: random.below(5) }, event).flat());
}

// ---- proactors

const ENTRIES = 4;
const BUFFERS = 4;
const BUFFER_SIZE = 32;
/** From a buffer to the next. */
const STRIDE = 128;
const ROW_INTS = 8;
const HEADER_INTS = 16;
const WHOLE_ADDRESS = 128;
const ACCEPT = 1;
/** The memory of each proactor, by its number. */
const shared = new Map<number, Uint8Array>();
const tokens: number[] = [];

/** Memory for a proactor, of the right size: rows of anything, and addresses that lead nowhere. */
function sharedMemory(): Uint8Array {
  const ints = HEADER_INTS + 2 * ENTRIES * ROW_INTS + 2 * BUFFERS;
  return new Uint8Array(ints * 4 + BUFFERS * (WHOLE_ADDRESS + STRIDE));
}

/** Submits rows of anything, and writes into the header and the lists of buffers what does not belong there. */
function submitAnything(memory: Uint8Array): void {
  const ints = new Int32Array(memory.buffer);
  ints[0] = random.chance(0.9) ? random.below(ENTRIES + 1) : values.whole();
  for (let at = HEADER_INTS; at < HEADER_INTS + ENTRIES * ROW_INTS; at += ROW_INTS) {
    const token = tokens.length > 0 && random.chance(0.9) ? random.pick(tokens) : values.whole();
    const small = [random.below(BUFFERS + 1), random.below(BUFFER_SIZE), random.below(BUFFER_SIZE), random.below(32)];
    ints.set([random.below(13), token, ...small, random.below(4), random.pick([0, 16, 28, 110, 200])], at);
    if (random.chance(0.2)) ints[at + random.below(ROW_INTS)] = values.whole();
  }
  const lists = HEADER_INTS + 2 * ENTRIES * ROW_INTS;
  if (random.chance(0.1)) ints[1] = values.whole();
  if (random.chance(0.5)) for (let i = 0; i < BUFFERS; i++) ints[lists + i] = random.chance(0.9) ? i : values.whole();
  if (random.chance(0.5)) ints[1] = BUFFERS;
}

/** A new proactor gets some sockets, so that there is something to be done. */
function takeProactor(number: number, memory: Uint8Array): void {
  shared.set(number, memory);
  for (let i = 0; i < 12; i++) {
    const fd = fds.one('socket');
    const claim = native.own(fd);
    if (claim > 0) fds.claim(fd, claim);
    const token = native.proactorAdd(number, fd, claim);
    if (token > 0) tokens.push(token);
  }
}

/** What was accepted is ours. */
function takeAccepted(proactor: number, count: number): void {
  const memory = shared.get(proactor);
  if (memory === undefined) return;
  const ints = new Int32Array(memory.buffer);
  const first = HEADER_INTS + ENTRIES * ROW_INTS;
  for (let at = first; at < first + count * ROW_INTS; at += ROW_INTS) {
    if (ints[at] === ACCEPT && ints[at + 2] >= 0) fds.add(ints[at + 2], 'socket');
  }
}

function closeProactors(): void {
  for (const number of shared.keys()) native.proactorClose(number);
  shared.clear();
  tokens.length = 0;
}

/** One of few: each has a poller. */
function proactor(): unknown {
  if (shared.size === 0 || random.chance(0.05)) return values.whole();
  const [number, memory] = random.pick([...shared]);
  if (memory.length > 0) submitAnything(memory);
  return number;
}

const KINDS: Readonly<Record<string, () => unknown>> = {
  proactor,
  token: () => (tokens.length > 0 && random.chance(0.9) ? random.pick(tokens) : values.whole()),
  shared: () => (shared.size < 3 ? sharedMemory() : values.bytes()),
  entriesOfShared: () => ENTRIES,
  buffersOfShared: () => BUFFERS,
  sizeOfShared: () => BUFFER_SIZE,
  fd: () => fds.one(),
  fdOfSocket: () => fds.one('socket'),
  // Few, so that what is registered in a poller is often asked for again.
  fdOfFew: () => fds.few(),
  fdOfPoller: () => fds.one('poller'),
  fdOfFile: () => fds.one('file'),
  afd: () => fds.afd(),
  family: () => random.pick([AF_UNIX, AF_UNIX, AF_INET, AF_INET6, 0, -1, 46, 12345, 2 ** 31 - 1]),
  type: () =>
    random.pick([SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, 0, -1, 99]) | random.pick([0, 0, 0o4000, 0o2000000]),
  protocol: () => random.pick([0, 0, 0, 6, 17, 1, -1, 255, 9999]),
  address: () => (random.chance(0.5) ? fds.name() : fds.address(values.bytes(random.pick(ADDRESS_SIZES)))),
  claim: () => (random.chance(0.5) ? fds.claimOfAny() : values.whole()),
  addressLength: () => random.pick([0, 1, 2, 3, 8, 16, 28, 110]),
  flag: () => random.chance(0.5),
  ms: () => random.pick(SMALL_MS),
  wait: () => (random.chance(0.7) ? 0 : random.pick([...SMALL_MS, -1])),
  whole: () => values.whole(),
  few: () => random.below(4),
  flags: () => (random.chance(0.6) ? 0 : 1 << random.below(31)),
  level: () => random.pick([SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6, 17, -1, 9999]),
  option: () => random.below(76),
  bytes: () => values.bytes(),
  bytesOrNull: () => (random.chance(0.2) ? null : values.bytes()),
  length: () => (random.chance(0.7) ? random.below(20) : values.whole()),
  parts: () => Array.from({ length: random.pick([0, 1, 2, 3, 10, 1024, 1025]) }, () => values.bytes(random.below(20))),
  control,
  entries,
  kevents,
  // For BATCH messages, each of which gets an equal part of the memory.
  headers: () => Int32Array.from({ length: 4 * (random.chance(0.8) ? BATCH : random.below(6)) }, () => lengthOfPart()),
  addresses: () => Buffer.concat(Array.from({ length: BATCH }, () => inRoom(fds.name(), ADDRESS_ROOM))),
  rooms: () => new Uint8Array(random.pick([0, BATCH * 128, BATCH * 256])),
  controls: () => Buffer.concat(Array.from({ length: BATCH }, () => inRoom(control(), CONTROL_ROOM))),
  host: () => (random.chance(0.1) ? null : text(HOSTS)),
  hostName: () => text(HOSTS),
  service: () => (random.chance(0.1) ? null : text(SERVICES)),
  path: () => text(PATHS),
  pathOrNull: () => (random.chance(0.3) ? null : text(PATHS)),
  text: () =>
    random.chance(0.5) ? values.text() : random.pick(['http', 'tcp', 'lo', '127.0.0.1', '::1', 'AES256-SHA', 'P-256']),
  textOrNull: () => (random.chance(0.3) ? null : values.text()),
  interface: () => text(['lo', '', 'no such interface', 'x'.repeat(100)]),
  curve: () => text(['prime256v1', 'secp384r1', 'no such curve', '']),
  setting: () => random.below(9),
  password: () => random.pick([null, () => new Uint8Array(4), () => values.any()]),
  pem: () =>
    random.chance(0.5) ? values.bytes() : Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  der: () =>
    random.chance(0.5) ? values.bytes() : Uint8Array.from([0x30, 0x82, random.below(3), random.below(256), 0x30]),
  context: () => handles.one('context'),
  connection: () => handles.one('connection'),
  tlsSession: () => handles.one('tlsSession'),
  bio: () => handles.one('bio'),
  callbacks: () => handles.callbacks(),
  bioOrNull: () => (random.chance(0.3) ? null : handles.one('bio')),
  fdOrNone: () => (random.chance(0.5) ? -1 : fds.one('socket')),
  deliver: () => deliver,
  answered: () => () => {},
  any: () => values.any(),
};

/** What the event loop calls when descriptors are ready: what it throws is an uncaught exception. */
function deliver(count: number): void {
  if (typeof count !== 'number' || count < 1) throw new Error(`delivers ${count}`);
  if (random.chance(0.1)) throw new Thrown('thrown by a callback');
}

// ---- calling ---------------------------------------------------------------------------------------------------------

/** As many arguments as there should be, or one more or less; as they should be, or some of them anything. */
function argumentsFor(kinds: readonly string[]): unknown[] {
  const args: unknown[] = [];
  for (const kind of kinds) {
    const address = kind === 'addressLength' ? args.at(-1) : undefined;
    if (isUint8Array(address) && random.chance(0.8)) args.push(address.length);
    else if (kind === 'claim' && random.chance(0.8)) args.push(fds.claimOf(args.at(-1)));
    else args.push(KINDS[kind]());
  }
  if (random.chance(0.6)) return args;
  if (random.chance(0.9) && args.length > 0) args[random.below(args.length)] = values.any();
  const more = random.below(10);
  if (more === 0) args.push(values.any());
  else if (more === 1) args.pop();
  return args;
}

/** What a call that did not throw has changed among descriptors and handles. Returns its result. */
function noteResult(name: string, args: unknown[], result: unknown): unknown {
  if (typeof result === 'number' && result >= 0) noteDescriptors(name, args, result);
  handles.keep(result);
  const callbacks = args.at(-1);
  if (name === 'tls.Connection.create' && callbacks instanceof Callbacks && !isFailure(result)) {
    callbacks.connection = result as TlsConnection;
  }
  return result;
}

function noteDescriptors(name: string, args: unknown[], result: number): void {
  if (/^(socket|dup|accept)$/.test(name)) fds.add(result, 'socket');
  // It is claimed, and its owner is the binary.
  if (name === 'hold') native.close(result);
  if (/^(epoll|kqueue)Create$/.test(name)) fds.add(result, 'poller');
  if (name === 'proactorCreate') takeProactor(result, args[0] as Uint8Array);
  if (name === 'proactorClose') shared.delete(args[0] as number);
  if (name === 'proactorAdd') tokens.push(result);
  if (name === 'proactorTurn') takeAccepted(args[0] as number, result);
  if (name === 'afdCreate') fds.afds.push(result);
  if (name === 'fromshare') fds.add(result, 'socket');
  if (name === 'socketpair') for (const fd of native.info.slice(0, 2)) fds.add(fd, 'socket');
  if (name === 'own' && result > 0) fds.claim(args[0] as number, result);
  if (/^close(Owned)?$/.test(name)) fds.forget(args[0] as number);
  if (name === 'recvmsg') takeReceived(args[2] as Uint8Array, native.info[1]);
  if (name === 'recvmmsg') takeReceivedBatch(args[3] as Uint8Array, args[4] as Int32Array, args[5] as number, result);
}

/** The descriptors that came with a message are ours. */
function takeReceived(received: Uint8Array, length: number): void {
  for (const [level, type, data] of unpackAncillary(received, length)) {
    if (level !== SOL_SOCKET || type !== SCM_RIGHTS) continue;
    for (let at = 0; at + 4 <= data.length; at += 4) fds.add(data.readInt32LE(at), 'socket');
  }
}

function takeReceivedBatch(received: Uint8Array, headers: Int32Array, start: number, messages: number): void {
  const count = Math.floor(headers.length / 4);
  const room = Math.floor(received.length / count);
  for (let i = start; i < start + messages; i++) {
    takeReceived(received.subarray(i * room, (i + 1) * room), headers[2 * count + i]);
  }
}

/** The binary's exceptions are for callers in lib/ who made a mistake: of two classes. */
function isArgumentError(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** What may read many files is called less often. */
const SLOW = /^tls\.Context\.(setDefaultVerifyPaths|loadVerify\w+)$/;
const PAIR_EVERY = 300;
/** The event loop has its turn after so many calls. */
const TURN_EVERY = 100;

function letGo(): void {
  handles.forgetAll();
  closeProactors();
  fds.closeAll();
}

await session.check(random, letGo, async (round) => {
  fds.refill();
  if (round % PAIR_EVERY === 0) session.call('a TLS pair', () => handles.addPair(), [], isArgumentError);
  if (round % TURN_EVERY === 0) await setImmediate();
  const { name, owner, call, kinds } = random.pick(functions);
  if (SLOW.test(name) && random.chance(0.8)) return;
  const args = argumentsFor(kinds);
  harmless.look(name, kinds, args);
  const run = () => noteResult(name, args, Reflect.apply(call, owner, args));
  session.call(name, run, args, isArgumentError);
});
native.loopRef(false);
await session.finish();
