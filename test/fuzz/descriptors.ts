/**
 * The descriptors that a fuzzer may use: its own, and numbers that nobody has. Those of Node and of the child process
 * itself are never touched.
 */
import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import { native } from '../../lib/addon/binary.js';
import { IS_WINDOWS } from '../../lib/core/platform.js';
import type { Random } from './random.js';

const { AF_INET, AF_INET6, AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } = native.constants.socket;
/** Beyond what the process may have open. */
const NOBODYS = [-1, -2, -(2 ** 31), 2 ** 31 - 1, 1_000_000];
/** How many are kept open. */
const FEW = 24;
const MANY = 64;
const LOOPBACK = [127, 0, 0, 1];
const LOOPBACK_6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/** Discard: nobody listens there. */
const NO_PORT = 9;
const PATH_SEPARATOR = 0x2f;
const UNSPECIFIED = 0;

/** What it was when we got it. */
export type FdKind = 'socket' | 'poller' | 'file';

export class Descriptors {
  readonly #random: Random;
  readonly #open = new Map<number, FdKind>();
  /** By claim: those that the environment would close when it ends. */
  readonly #claimed = new Map<number, number>();

  /** Windows' pollers, which have numbers of their own. */
  readonly afds: number[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  has(fd: number): boolean {
    return this.#open.has(fd);
  }

  /** One that is ours, mostly; mostly of this kind. */
  one(kind?: FdKind): number {
    if (this.#random.chance(0.05)) return this.#random.pick(NOBODYS);
    const any = kind === undefined || this.#random.chance(0.05);
    const fit = [...this.#open].filter(([, each]) => any || each === kind);
    return fit.length === 0 ? this.#random.pick(NOBODYS) : this.#random.pick(fit)[0];
  }

  /** One of the first three sockets. */
  few(): number {
    const sockets = [...this.#open].filter(([, kind]) => kind === 'socket');
    return sockets.length === 0 ? -1 : this.#random.pick(sockets.slice(0, 3))[0];
  }

  claim(fd: number, claim: number): void {
    this.#claimed.set(claim, fd);
  }

  /** A claim of ours, which may be on another descriptor, or hold no longer. */
  claimOfAny(): number {
    return this.#claimed.size === 0 ? 0 : this.#random.pick([...this.#claimed.keys()]);
  }

  /** A claim of ours on this descriptor, if it has any. */
  claimOf(fd: unknown): number {
    return [...this.#claimed].find(([, each]) => each === fd)?.[0] ?? this.claimOfAny();
  }

  add(fd: number, kind: FdKind): void {
    if (fd >= 0) this.#open.set(fd, kind);
  }

  forget(fd: number): void {
    this.#open.delete(fd);
  }

  /** Whether a number is the descriptor of somebody else in this process. */
  isForeign(value: unknown): boolean {
    if (!['number', 'bigint', 'boolean'].includes(typeof value)) return false;
    const fd = Number(value);
    if (!Number.isInteger(fd) || fd < 0 || fd > 2 ** 20 || this.#open.has(fd)) return false;
    // On Windows the numbers of files are no handles, and what is no socket is refused.
    if (IS_WINDOWS) return native.describe(fd) >= 0;
    try {
      fstatSync(fd);
      return true;
    } catch {
      return false;
    }
  }

  /** Keeps some of each kind open, and not too many. */
  refill(): void {
    for (const fd of this.#open.keys()) {
      if (this.#open.size <= MANY) break;
      this.#close(fd);
    }
    if (this.#open.size >= FEW) return;
    for (const type of [SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET]) {
      if (native.socketpair(AF_UNIX ?? AF_INET, type, 0) < 0) continue;
      for (const fd of native.info.slice(0, 2)) this.#addNonblocking(fd);
    }
    for (const [family, type] of [
      [AF_INET, SOCK_STREAM],
      [AF_INET, SOCK_DGRAM],
      [AF_INET6, SOCK_DGRAM],
    ]) {
      this.#bind(native.socket(family, type, 0), family, type);
    }
    if (IS_WINDOWS) this.afds.push(native.afdCreate());
    else this.add((native.epollCreate ?? native.kqueueCreate)(), 'poller');
    writeFileSync('plain', 'the contents of a file');
    if (!IS_WINDOWS) this.add(openSync('plain', 'r'), 'file');
  }

  #addNonblocking(fd: number): void {
    if (fd < 0) return;
    native.setNonblocking(fd, this.#random.chance(0.7));
    this.add(fd, 'socket');
  }

  /** Gives a socket an address of this machine, with a port that the kernel chooses; a stream gets a connection. */
  #bind(fd: number, family: number, type: number): void {
    if (fd < 0) return;
    this.#addNonblocking(fd);
    const address = new Uint8Array(28);
    new DataView(address.buffer).setUint16(0, family, true);
    address.set(family === AF_INET ? LOOPBACK : LOOPBACK_6, family === AF_INET ? 4 : 8);
    native.bind(fd, address, family === AF_INET ? 16 : 28);
    if (type !== SOCK_STREAM || native.listen(fd, 5) !== 0 || native.getsockname(fd) !== 0) return;
    const client = native.socket(family, type, 0);
    this.#addNonblocking(client);
    native.connect(client, native.address, native.info[0], 0);
  }

  #close(fd: number): void {
    const kind = this.#open.get(fd);
    this.#open.delete(fd);
    // The kqueue(2) for tests (test/kevent) has descriptors besides, and hears of our closes only.
    if (IS_WINDOWS || kind === 'poller') native.close(fd);
    else closeSync(fd);
  }

  closeAll(): void {
    for (const [claim, fd] of this.#claimed) native.disown(fd, claim);
    this.#claimed.clear();
    for (const fd of this.#open.keys()) this.#close(fd);
    for (const poller of this.afds.splice(0)) native.afdClose(poller);
  }

  /** A number of a poller of ours, mostly. */
  afd(): number {
    return this.afds.length === 0 ? 0 : this.#random.pick(this.afds);
  }

  /** A port of one of our sockets, or one where nobody listens. */
  port(): number {
    if (this.#random.chance(0.3)) return this.#random.pick([0, NO_PORT]);
    const code = native.getsockname(this.one('socket'));
    const view = new DataView(native.address.buffer, native.address.byteOffset);
    const family = view.getUint16(0, true);
    return code === 0 && (family === AF_INET || family === AF_INET6) ? view.getUint16(2, false) : NO_PORT;
  }

  /** The address of one of our sockets, or no bytes. */
  name(): Uint8Array {
    const code = native.getsockname(this.one('socket'));
    return this.harmless(native.address.slice(0, code === 0 ? native.info[0] : 0));
  }

  /** Random bytes, mostly a socket address. */
  address(bytes: Uint8Array): Uint8Array {
    const families = [AF_UNIX, AF_INET, AF_INET6, AF_UNIX, AF_INET, AF_INET6, UNSPECIFIED, this.#random.below(60)];
    if (bytes.length >= 2) new DataView(bytes.buffer, bytes.byteOffset).setUint16(0, this.#random.pick(families), true);
    return this.harmless(bytes);
  }

  /** The same bytes; if they are a socket address, then one that leads nowhere but to ourselves. */
  harmless(bytes: Uint8Array): Uint8Array {
    // Optimised code may still read the old length of a view whose memory is gone; the memory itself says 0.
    if (bytes.length < 2 || bytes.buffer.byteLength === 0) return bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const family = view.getUint16(0, true);
    if (family === AF_UNIX) {
      for (let i = 2; i < bytes.length; i++) if (bytes[i] === PATH_SEPARATOR) bytes[i]++;
      return bytes;
    }
    if (bytes.length >= 4) view.setUint16(2, this.port(), false);
    // The kernel takes an address of no family for an IPv4 one.
    if ((family === AF_INET || family === UNSPECIFIED) && bytes.length >= 8) bytes.set(LOOPBACK, 4);
    if (family === AF_INET6 && bytes.length >= 24) bytes.set(LOOPBACK_6, 8);
    return bytes;
  }
}
