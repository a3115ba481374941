/**
 * The last look at the arguments of the binary's functions. Whatever they have become, they must do no harm: nothing
 * leaves this machine or goes to a port that is not ours, no call sleeps for long, no descriptor of Node's own is
 * touched, no setting of the machine is changed, though the tests may run as root.
 */
import { isInt32Array, isUint8Array } from 'node:util/types';
import { native } from '../../lib/addon/binary.js';
import type { Descriptors } from './descriptors.js';
import type { Random } from './random.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } = native.constants.socket;
const { AI_NUMERICHOST, NI_NUMERICHOST, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, SO_LINGER, SOL_SOCKET } =
  native.constants.socket;

/** Numeric, known to every machine, or no name at all: nobody is asked. */
export const HOSTS = [
  '127.0.0.1',
  '::1',
  'localhost',
  '',
  '1',
  '0x7f.1',
  '::',
  'not a name',
  ' ',
  '\x80 ',
  'x '.repeat(600),
];
/** Options of IPv4 and IPv6 that send nothing anywhere and change no table of the machine. */
const OPTIONS_4 = [1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 19, 20, 21, 22, 23, 24, 32, 33, 34, 49, 50];
const OPTIONS_6 = [1, 2, 4, 5, 7, 8, 16, 17, 18, 19, 23, 24, 25, 26, 49, 51, 66, 67, 70, 75, 76];
/** Without repair mode and its kin, which turn a connection into something else. */
const OPTIONS_TCP = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 23, 24, 25, 26, 27, 30, 35, 36, 37];
/** SO_PASSPIDFD and SO_PEERPIDFD: the kernel opens descriptors of processes, which nobody here would close. */
const GIVES_DESCRIPTORS = [76, 77];
/** Levels from here on belong to no protocol of our sockets. */
const NO_LEVEL = 300;
/** The last family number that Linux has, and somewhat more. */
const LAST_FAMILY = 63;
/** The longest wait, in milliseconds. */
const SHORT_MS = 5;
const HOST_NAME_MAX = 64;
const WIDEST_ADDRESS = 128;

type Look = (args: unknown[]) => void;
const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
const is32Bits = (value: unknown): value is number => isWhole(value) && Math.abs(value) < 2 ** 31;

function shortened(at: number): Look {
  return (args) => {
    const value = args[at];
    if (typeof value === 'number' && value > SHORT_MS) args[at] = SHORT_MS;
  };
}

function withFlag(at: number, flag: number): Look {
  return (args) => {
    const value = args[at];
    if (is32Bits(value)) args[at] = value | flag;
  };
}

/** How many of the calls that are told to sleep may do so: each may take two ticks. */
const SLEEPS = 0.003;

/** No family and no type that reaches beyond this machine, or that root alone can have. */
function localSocket(args: unknown[]): void {
  const [family, type] = args;
  const local = [AF_UNIX, AF_INET, AF_INET6];
  if (isWhole(family) && family >= 0 && family <= LAST_FAMILY && !local.includes(family)) args[0] = AF_UNIX;
  if (is32Bits(type) && ![0, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET].includes(type & 15)) args[1] = SOCK_STREAM;
}

/** A name that is not asked of anybody: one of our list, or one with a blank. */
function knownName(args: unknown[]): void {
  if (!isUint8Array(args[0])) return;
  const name = Buffer.from(args[0]).toString('latin1');
  if (!HOSTS.includes(name)) args[0] = Buffer.from(`${name} `, 'latin1');
}

/** Of all addresses, nobody is asked for the names of these two. */
function knownAddress(args: unknown[]): void {
  const bytes = args[0];
  if (!isUint8Array(bytes)) return;
  if (bytes.length === 4) bytes.set([127, 0, 0, 1]);
  if (bytes.length === 16) bytes.fill(0).set([1], 15);
}

/** This machine keeps its name: one that is bytes is too long. */
function tooLongName(args: unknown[]): void {
  if (isUint8Array(args[0]) && args[0].length <= HOST_NAME_MAX) args[0] = new Uint8Array(HOST_NAME_MAX + 1);
}

/** How much of the memory for addresses belongs to each message of a batch; 0 if that cannot be said. */
function addressRoom([, , addresses, , headers]: unknown[]): number {
  if (!isUint8Array(addresses) || !isInt32Array(headers)) return 0;
  const count = Math.floor(headers.length / 4);
  return count === 0 ? 0 : Math.floor(addresses.length / count);
}

/** Of an address that was cut, the kernel tells the whole size, and AddressSanitizer thinks that so much was written. */
function wideAddresses(args: unknown[]): void {
  if (addressRoom(args) < WIDEST_ADDRESS && isUint8Array(args[2])) args[2] = new Uint8Array(0);
}

export class Harmless {
  readonly #random: Random;
  readonly #fds: Descriptors;
  readonly #looks: Readonly<Record<string, readonly Look[]>>;

  constructor(random: Random, fds: Descriptors) {
    this.#random = random;
    this.#fds = fds;
    const option: Look = (args) => this.#option(args);
    this.#looks = {
      socket: [localSocket],
      socketpair: [localSocket],
      setsockopt: [option],
      setsockoptInt: [option],
      getsockopt: [option],
      getsockoptInt: [option],
      sethostname: [tooLongName],
      gethostbyaddr: [knownAddress],
      gethostbyname: [knownName],
      getaddrinfo: [withFlag(5, AI_NUMERICHOST)],
      getnameinfo: [withFlag(2, NI_NUMERICHOST)],
      resolveAddress: [withFlag(5, AI_NUMERICHOST)],
      resolveName: [withFlag(2, NI_NUMERICHOST)],
      recvmmsg: [wideAddresses, this.#impatient(9)],
      sendmmsg: [(args) => this.#batch(args), this.#impatient(9)],
      accept: [this.#impatient(1)],
      connect: [this.#impatient(3)],
      poll: [shortened(2)],
      pollOne: [shortened(2)],
      epollWait: [shortened(2)],
      afdWait: [shortened(3)],
      epollWaitInto: [shortened(3)],
      proactorTurn: [shortened(1)],
      kqueueControl: [shortened(5)],
      recv: [this.#impatient(5)],
      recvScratch: [this.#impatient(3)],
      send: [this.#impatient(5)],
      recvfrom: [this.#impatient(5)],
      recvfromScratch: [this.#impatient(3)],
      sendto: [this.#impatient(7)],
      recvmsg: [this.#impatient(4)],
      sendmsg: [this.#impatient(6)],
      sendfile: [this.#impatient(4)],
      sendZerocopy: [this.#impatient(7)],
      'tls.handshake': [this.#impatient(1)],
      'tls.read': [this.#impatient(3)],
      'tls.write': [this.#impatient(3)],
      'tls.shutdown': [this.#impatient(2)],
      'tls.sendFile': [this.#impatient(4)],
    };
  }

  /** A wait is short, and seldom a sleep. */
  #impatient(at: number): Look {
    return (args) => {
      if (args[at] === -1 && !this.#random.chance(SLEEPS)) args[at] = 0;
      shortened(at)(args);
    };
  }

  /** `kinds`: what the arguments should be. */
  look(name: string, kinds: readonly string[], args: unknown[]): void {
    for (const [i, arg] of args.entries()) {
      if (kinds[i]?.startsWith('fd') && this.#fds.isForeign(arg)) args[i] = -1;
      if (isUint8Array(arg) && kinds[i] === 'address') this.#fds.harmless(arg);
    }
    for (const each of this.#looks[name] ?? []) each(args);
  }

  /** The addresses of a batch: each has an equal part of the memory, as many as there are headers for. */
  #batch(args: unknown[]): void {
    const addresses = args[2] as Uint8Array;
    const room = addressRoom(args);
    for (let at = 0; room > 0 && at < addresses.length; at += room)
      this.#fds.harmless(addresses.subarray(at, at + room));
  }

  /** An option that sends nothing, makes close wait for nothing, opens nothing, and changes this socket alone. */
  #option(args: unknown[]): void {
    const [, level, option, value] = args;
    if (!isWhole(level) || !isWhole(option)) return;
    if (level === IPPROTO_IP) args[2] = this.#random.pick(OPTIONS_4);
    else if (level === IPPROTO_IPV6) args[2] = this.#random.pick(OPTIONS_6);
    else if (level === IPPROTO_TCP) args[2] = this.#random.pick(OPTIONS_TCP);
    else if (level === SOL_SOCKET && GIVES_DESCRIPTORS.includes(option)) args[2] = SO_LINGER;
    else if (level !== SOL_SOCKET && level >= 0 && level < NO_LEVEL) args[1] = SOL_SOCKET;
    if (isUint8Array(value) && value.length > 4 && args[2] === SO_LINGER) value.fill(0, 4);
  }
}
