/** Which call can fail how, as its manual page says, and the file in which interposer.c is told. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import * as socket from '../../lib/socket/index.js';

const { errno } = systemConstants;
const { EINTR, EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPERM, ECONNREFUSED, ETIMEDOUT } = errno;
const { ENETUNREACH, EADDRNOTAVAIL, EADDRINUSE, EACCES, ECONNRESET, EPIPE, ENOSPC, EIO, EBADF, EINVAL, ENOTCONN } =
  errno;

/** The call transfers a byte of what it could; interposer.c knows it by this number. */
export const SHORT = 0x7fffffff;

export type Faults = Record<string, readonly number[]>;

/** Those after which the call is made again, or goes on: every byte must arrive. EAGAIN is one where nothing waits in the call. */
export const PASSING: readonly number[] = [EINTR, EAGAIN, SHORT];

const TRANSFER = [EINTR, EAGAIN, SHORT, ENOMEM, ECONNRESET];

export const FAULTS: Faults = {
  socket: [EMFILE, ENFILE, ENOBUFS, ENOMEM],
  socketpair: [EMFILE, ENFILE],
  bind: [EADDRINUSE, EACCES],
  listen: [EADDRINUSE],
  accept4: [EINTR, EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPERM],
  connect: [EINTR, ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EADDRNOTAVAIL],
  shutdown: [ENOTCONN],
  getsockname: [ENOBUFS, EINVAL],
  getpeername: [ENOBUFS, ENOTCONN],
  getsockopt: [ENOBUFS],
  setsockopt: [ENOMEM, EINVAL],
  dup: [EMFILE],
  close: [EIO, EINTR, EBADF],
  poll: [EINTR, ENOMEM],
  epoll_create1: [EMFILE, ENFILE, ENOMEM],
  epoll_ctl: [ENOSPC, ENOMEM],
  epoll_wait: [EINTR],
  recvfrom: [...TRANSFER, ETIMEDOUT],
  sendto: [...TRANSFER, EPIPE, ENOBUFS],
  recvmsg: TRANSFER,
  sendmsg: [...TRANSFER, EPIPE, ENOBUFS],
  recvmmsg: [EINTR, EAGAIN, ENOMEM],
  sendmmsg: [EINTR, EAGAIN, ENOBUFS],
  sendfile: [EINTR, EAGAIN, SHORT, EIO, ENOMEM],
  getaddrinfo: [socket.EAI_AGAIN, socket.EAI_MEMORY],
};

/** A fault as a reader knows it: "ENOMEM". */
export function faultName(call: string, fault: number): string {
  if (fault === SHORT) return 'short';
  if (call === 'getaddrinfo') return fault === socket.EAI_AGAIN ? 'EAI_AGAIN' : 'EAI_MEMORY';
  return Object.entries(errno).find(([, number]) => number === fault)?.[0] ?? String(fault);
}

// The struct of interposer.c: five ints, a name; behind it, for whoever looks at a process that died, what it was about to do.
const [ARMED, NTH, FAULT, SEEN, HIT] = [0, 4, 8, 12, 16];
const NAME = 20;
const JOURNAL = 64;
export const CONTROL_SIZE = 256;

/** The file that tells the interposer what shall fail. */
export class Control {
  readonly #fd: number;
  readonly #word = Buffer.alloc(4);

  constructor(path: string) {
    this.#fd = openSync(path, 'r+');
  }

  #put(at: number, value: number): void {
    this.#word.writeInt32LE(value);
    writeSync(this.#fd, this.#word, 0, 4, at);
  }

  #get(at: number): number {
    readSync(this.#fd, this.#word, 0, 4, at);
    return this.#word.readInt32LE();
  }

  /** Lets the `nth` of these calls fail; with 0 none, and they are counted. */
  arm(call: string, nth: number, fault: number): void {
    this.#put(ARMED, 0);
    writeSync(this.#fd, Buffer.from(call.padEnd(JOURNAL - NAME, '\0')), 0, JOURNAL - NAME, NAME);
    this.#put(SEEN, 0);
    this.#put(HIT, 0);
    this.#put(NTH, nth);
    this.#put(FAULT, fault);
    this.#put(ARMED, 1);
  }

  disarm(): void {
    this.#put(ARMED, 0);
  }

  /** Goes on counting. */
  rearm(): void {
    this.#put(ARMED, 1);
  }

  get seen(): number {
    return this.#get(SEEN);
  }

  get hit(): boolean {
    return this.#get(HIT) !== 0;
  }

  note(text: string): void {
    const size = CONTROL_SIZE - JOURNAL;
    writeSync(this.#fd, Buffer.from(text.slice(0, size).padEnd(size, '\0')), 0, size, JOURNAL);
  }

  /** What was noted last. */
  static noted(path: string): string {
    const fd = openSync(path, 'r');
    const found = Buffer.alloc(CONTROL_SIZE - JOURNAL);
    readSync(fd, found, 0, found.length, JOURNAL);
    closeSync(fd);
    return found.toString('latin1').replace(/\0+$/, '');
  }
}
