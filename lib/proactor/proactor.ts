/** The proactor: many operations on many sockets, in one call to the system's side for each turn. */
import { inspect } from 'node:util';
import { native } from '../addon/binary.js';
import { absent, checkOptions, integer, timeout as secondsOf } from '../core/args.js';
import { type BytesLike, bytesOf } from '../core/bytes.js';
import { checked, fromCode, type OSError, ValueError, wouldBlock } from '../core/exceptions.js';
import { stays } from '../core/stays.js';
import { uncaught } from '../core/uncaught.js';
import { Alarm } from '../event/alarm.js';
import { type Descriptor, descriptorOf } from '../event/loop.js';
import { socket } from '../socket/index.js';
import { SSLSocket } from '../ssl/index.js';
import { type Address, pack, packed, type ReturnedAddress, unpackBytes } from '../structs/address.js';
import { tellAwaiting } from '../wait/awaited.js';
import { deadlineIn, monotonicMs, POLLIN, wait } from '../wait/call.js';
import * as l from './layout.js';

const { STRIDE } = l;
const { EAGAIN } = native.constants.errno;
const MAX_ENTRIES = 2 ** 16;
const MAX_BUFFERS = 2 ** 16;
const MAX_BUFFER_SIZE = 2 ** 24;
const MAX_MS = 0x7fffffff;
const STAYS = stays('a proactor', 'make one in each thread');

/** How much a proactor has room for. */
export interface ProactorOptions {
  /** Completions that one turn can have, and operations that can be submitted between two turns; 1 to 65,536. */
  entries?: number;
  /** How many buffers there are; 1 to 65,536. Without a free one, what receives waits. */
  buffers?: number;
  /** Bytes in each buffer, 1 to 16 MiB: a longer datagram is cut. */
  buffer_size?: number;
}

/** What is called on Node's loop: `completions` has that many. */
export type BatchCallback = (count: number) => void;

/** Whose socket a descriptor is, for when it is closed. */
const byDescriptor = new Map<number, Proactor>();

tellAwaiting({
  released(fd) {
    byDescriptor.get(fd)?._released(fd);
  },
  stirred() {},
});

/** Frees what the binary keeps for a proactor that was collected as garbage. */
const collected = new FinalizationRegistry<number>((number) => {
  native.proactorClose(number);
});

function within(value: unknown, least: number, most: number, name: string): number {
  const n = integer(value);
  if (n < least || n > most) throw new ValueError(`${name} must be ${least} to ${most}`);
  return Number(n);
}

/** A socket of the proactor's. */
interface Member {
  readonly sock: socket;
  readonly fd: number;
}

/**
 * Carries out operations on many sockets. What is to be done is noted in memory that the binary sees, `wait` does all of
 * it with one native call, and what has completed stands in `completions` afterwards. No operation allocates anything.
 *
 * ```js
 * const proactor = new Proactor();
 * proactor.accept(proactor.add(listener), MULTISHOT);
 * for (;;) {
 *   const count = proactor.wait();
 *   for (let i = 0; i < count; i++) …          // proactor.operation(i), .token(i), .result(i), .buffer(i)
 * }
 * ```
 *
 * Bytes lie in buffers with numbers: `buffers[n]`. A completed `recv` hands its buffer to the caller, who sends it or gives
 * it back. Completions are valid until the next wait. Not in Python, whose asyncio has a proactor of its own below its
 * event loop; the names are from there and from io_uring.
 *
 * It keeps its sockets from being collected as garbage until they are removed or closed, or it is.
 */
export class Proactor {
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  /** @internal */ readonly name = 'proactor';
  /** Each buffer's memory. A buffer that is not the caller's may change at any wait. */
  readonly buffers: readonly Buffer[];
  /** What has completed, STRIDE numbers each: see OPERATION, TOKEN, RESULT, BUFFER, USER_DATA, FLAGS. */
  readonly completions: Int32Array;
  readonly #memory: l.SharedMemory;
  readonly #header: Int32Array;
  readonly #rows: Int32Array;
  readonly #owners: Int32Array;
  readonly #entries: number;
  readonly #bufferSize: number;
  readonly #members = new Map<number, Member>();
  /** Tokens by descriptor. */
  readonly #tokens = new Map<number, number>();
  #number: number;
  #count = 0;
  #onBatch: BatchCallback | null = null;
  #watched: Descriptor | null = null;
  #alarm: Alarm | null = null;
  #turnIsDue: NodeJS.Immediate | null = null;
  #isTurning = false;

  /** @throws ValueError | TypeError | OSError */
  constructor(options: ProactorOptions = {}) {
    checkOptions('Proactor', options, ['entries', 'buffers', 'buffer_size']);
    const { entries = 1024, buffers = 256, buffer_size = 4096 } = options;
    this.#entries = within(entries, 1, MAX_ENTRIES, 'entries');
    const count = within(buffers, 1, MAX_BUFFERS, 'buffers');
    this.#bufferSize = within(buffer_size, 1, MAX_BUFFER_SIZE, 'buffer_size');
    this.#memory = new l.SharedMemory(this.#entries, count, this.#bufferSize);
    this.buffers = this.#memory.buffers;
    this.completions = this.#memory.completions;
    this.#header = this.#memory.header;
    this.#rows = this.#memory.submissions;
    this.#owners = this.#memory.owners;
    this.#number = checked(native.proactorCreate(this.#memory.whole, this.#entries, count, this.#bufferSize));
    collected.register(this, this.#number, this);
  }

  // ---- sockets -----------------------------------------------------------------------------------------------------

  /**
   * Takes a socket in and returns its token, a number greater than 0. The socket stays the caller's object: its timeout and
   * blocking mode do not matter here. When it is closed or detached, what is under way completes with -EBADF.
   * @throws ValueError if it is in a proactor already, or closed; TypeError if it is no socket, or an SSLSocket: for TLS, see
   *     `SSLContext.wrap_bio`
   */
  add(sock: socket): number {
    if (!(sock instanceof socket) || sock instanceof SSLSocket) {
      throw new TypeError('add() takes a socket; for TLS, put an SSLObject between buffers (SSLContext.wrap_bio)');
    }
    const fd = sock.fileno();
    if (fd < 0) throw new ValueError('the socket is closed');
    if (byDescriptor.has(fd)) throw new ValueError('the socket is in a proactor already');
    const token = checked(native.proactorAdd(this.#open(), fd, sock._claim), 'add');
    this.#members.set(token, { sock, fd });
    this.#tokens.set(fd, token);
    byDescriptor.set(fd, this);
    return token;
  }

  /**
   * Lets a socket go, which stays open. What is under way completes with -ECANCELED. The token is never valid again.
   * @throws ValueError for what is no token here
   */
  remove(token: number): void {
    this.#remove(token, this.#member(token), false);
  }

  /** The socket of a token. @throws ValueError for what is no token here */
  socket(token: number): socket {
    return this.#member(token).sock;
  }

  #member(token: number): Member {
    const member = this.#members.get(token);
    if (member === undefined) throw new ValueError(`there is no token ${token}`);
    return member;
  }

  #remove(token: number, { fd }: Member, closed: boolean): void {
    this.#members.delete(token);
    this.#tokens.delete(fd);
    byDescriptor.delete(fd);
    native.proactorRemove(this.#number, token, closed);
    this.#turnSoon();
  }

  /** @internal The descriptor is about to be closed or given away. */
  _released(fd: number): void {
    const token = this.#tokens.get(fd);
    const member = token === undefined ? undefined : this.#members.get(token);
    if (token !== undefined && member !== undefined) this.#remove(token, member, true);
  }

  // ---- operations --------------------------------------------------------------------------------------------------

  /**
   * Accepts a connection: with MULTISHOT, all that come. The completion's result is the token of the new connection, whose
   * socket is `socket(token)`.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  accept(token: number, flags = 0, user_data = 0): void {
    this.#submit(l.ACCEPT, token, 0, 0, 0, flags, user_data, 0);
  }

  /**
   * Receives what is there, at most a buffer full. The completion's result is how many bytes; 0, without a buffer, if the
   * peer has sent all. A token reads one thing at a time: a second one completes with -EBUSY.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  recv(token: number, flags = 0, user_data = 0): void {
    this.#submit(l.RECV, token, 0, 0, 0, flags, user_data, 0);
  }

  /**
   * Receives a datagram, whose sender is `address(i)`. It is cut to the size of a buffer.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  recvfrom(token: number, flags = 0, user_data = 0): void {
    this.#submit(l.RECVFROM, token, 0, 0, 0, flags, user_data, 0);
  }

  /**
   * Sends `length` bytes of a buffer, all of them, after all that was submitted for this token before. The buffer is given
   * back then, without KEEP_BUFFER. The result is `length`, or a negative code.
   * @throws ValueError if the buffer is not the caller's, or has not so many bytes
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  send(token: number, buffer: number, length: number, flags = 0, offset = 0, user_data = 0): void {
    this.#check(buffer, offset, length);
    this.#submit(l.SEND, token, buffer, offset, length, flags, user_data, 0);
    if ((flags & l.KEEP_BUFFER) === 0) this.#owners[buffer] = l.UNDER_WAY;
  }

  /**
   * Sends a datagram, `length` bytes of a buffer, to `address`.
   * @throws ValueError | TypeError as `send`; for an address as `socket.sendto`
   */
  sendto(token: number, buffer: number, length: number, address: Address, flags = 0, offset = 0, user_data = 0): void {
    this.#check(buffer, offset, length);
    const size = this.#pack(token, buffer, address, 'sendto');
    this.#submit(l.SENDTO, token, buffer, offset, length, flags, user_data, size);
    if ((flags & l.KEEP_BUFFER) === 0) this.#owners[buffer] = l.UNDER_WAY;
  }

  /**
   * Sends the datagram of completion `i` (of `recvfrom`), or `length` bytes of its buffer, back to its sender.
   * @throws ValueError | TypeError | BlockingIOError as `send`
   */
  reply(i: number, length = this.result(i), flags = 0, user_data = 0): void {
    const buffer = this.buffer(i);
    this.#check(buffer, 0, length);
    const size = this.completions[STRIDE * i + l.ADDRESS_LENGTH];
    this.#submit(l.SENDTO, this.token(i), buffer, 0, length, flags, user_data, size);
    if ((flags & l.KEEP_BUFFER) === 0) this.#owners[buffer] = l.UNDER_WAY;
  }

  /**
   * Connects. What is sent meanwhile follows when the connection is there.
   * @throws BlockingIOError if no buffer is free; for an address as `socket.connect`
   */
  connect(token: number, address: Address, flags = 0, user_data = 0): void {
    const buffer = this.take();
    if (buffer < 0) throw wouldBlock(-EAGAIN, 'connect');
    try {
      const size = this.#pack(token, buffer, address, 'connect');
      this.#submit(l.CONNECT, token, buffer, 0, 0, flags & ~l.KEEP_BUFFER, user_data, size);
      this.#owners[buffer] = l.UNDER_WAY;
    } finally {
      if (this.#owners[buffer] === l.CALLERS) this.give_back(buffer);
    }
  }

  /**
   * Shuts one or both ways down (SHUT_RD, SHUT_WR, SHUT_RDWR), after all that is to be sent.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  shutdown(token: number, how: number, flags = 0, user_data = 0): void {
    this.#submit(l.SHUTDOWN, token, 0, 0, how, flags, user_data, 0);
  }

  /**
   * Closes the token's socket, after all that is to be sent. What it reads completes with -ECANCELED.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  close_socket(token: number, flags = 0, user_data = 0): void {
    this.#submit(l.CLOSE, token, 0, 0, 0, flags, user_data, 0);
  }

  /**
   * Completes with -ETIMEDOUT after `seconds`, rounded up to milliseconds. For a few: to remove one looks at all.
   * @throws ValueError if it is less than 0, or more than 24 days
   */
  timeout(seconds: number, user_data = 0): void {
    const ms = Math.ceil((secondsOf(seconds) ?? 0) * 1000);
    if (ms > MAX_MS) throw new ValueError('the timeout is too long');
    this.#submit(l.TIMEOUT, 0, 0, 0, ms, 0, user_data, 0);
  }

  /**
   * Ends the time-outs with this `user_data`: they complete with -ECANCELED.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  timeout_remove(user_data: number): void {
    this.#submit(l.TIMEOUT_REMOVE, 0, 0, 0, 0, 0, user_data, 0);
  }

  /**
   * Ends what is under way for a token: it completes with -ECANCELED. Of what is being sent, a part may have been.
   * @throws TypeError for what is no whole number; BlockingIOError if too much waits to be started
   */
  cancel(token: number, { reading = true, writing = true }: { reading?: boolean; writing?: boolean } = {}): void {
    const flags = (reading ? l.CANCEL_READING : 0) | (writing ? l.CANCEL_WRITING : 0);
    this.#submit(l.CANCEL, token, 0, 0, 0, flags, 0, 0);
  }

  /** Writes a row: its numbers in their order, for an object would be one per operation. */
  #submit(
    operation: number,
    token: number,
    buffer: number,
    offset: number,
    length: number,
    flags: number,
    user: number,
    addressLength: number,
  ): void {
    // A number that is none would become 0 in the array.
    if ((token | 0) !== token) throw new TypeError('a token is a whole number, as add() returns it');
    if ((flags | 0) !== flags) throw new TypeError('flags are a whole number');
    if ((user | 0) !== user) throw new TypeError('user_data is a whole number of 32 bits');
    if ((length | 0) !== length) throw new TypeError('a length is a whole number');
    const header = this.#header;
    if (header[l.SUBMITTED] >= this.#entries) this.#makeRoom();
    const rows = this.#rows;
    const at = STRIDE * header[l.SUBMITTED]++;
    rows[at] = operation;
    rows[at + 1] = token;
    rows[at + 2] = buffer;
    rows[at + 3] = offset;
    rows[at + 4] = length;
    rows[at + 5] = flags;
    rows[at + 6] = user;
    rows[at + 7] = addressLength;
    if (this.#onBatch !== null) this.#turnSoon();
  }

  #makeRoom(): void {
    checked(native.proactorSubmit(this.#open()), 'submit');
    if (this.#header[l.SUBMITTED] >= this.#entries) throw wouldBlock(-EAGAIN, 'submit');
  }

  #pack(token: number, buffer: number, address: Address, caller: string): number {
    const { family, proto } = this.#member(token).sock;
    const size = pack(family, proto, address, caller);
    this.#memory.addresses[buffer].set(packed.subarray(0, size));
    return size;
  }

  // ---- buffers -----------------------------------------------------------------------------------------------------

  /** How many buffers are free. */
  get free_buffers(): number {
    return this.#header[l.FREE];
  }

  /** Takes a free buffer, to fill and send it: its number, or -1 if none is free. */
  take(): number {
    const height = this.#header[l.FREE];
    if (height <= 0) return -1;
    const buffer = this.#memory.free[height - 1];
    this.#header[l.FREE] = height - 1;
    this.#owners[buffer] = l.CALLERS;
    return buffer;
  }

  /** Gives back a buffer that came with a completion, or that was taken. @throws ValueError if it is not the caller's */
  give_back(buffer: number): void {
    if (this.#owners[buffer] !== l.CALLERS) throw new ValueError(`buffer ${buffer} is not yours to give back`);
    this.#owners[buffer] = l.FREE_BUFFER;
    this.#memory.free[this.#header[l.FREE]++] = buffer;
    this.#turnSoon();
  }

  /**
   * Copies bytes into free buffers and sends them: how many of them found room, which is less than all when the buffers run
   * out. The completions come with `flags` and `user_data` each.
   * @throws TypeError for what are no bytes; BlockingIOError as `send`
   */
  write(token: number, data: BytesLike, flags: number = l.QUIET, user_data = 0): number {
    const bytes = bytesOf(data);
    let done = 0;
    while (done < bytes.length) {
      const buffer = this.take();
      if (buffer < 0) break;
      const part = bytes.subarray(done, done + this.#bufferSize);
      this.buffers[buffer].set(part);
      this.send(token, buffer, part.length, flags & ~l.KEEP_BUFFER, 0, user_data);
      done += part.length;
    }
    return done;
  }

  #check(buffer: number, offset: number, length: number): void {
    if (this.#owners[buffer] !== l.CALLERS) throw new ValueError(`buffer ${buffer} is not yours to send`);
    if ((offset | 0) !== offset || (length | 0) !== length) throw new TypeError('offset and length are whole numbers');
    if (offset < 0 || length < 0 || offset + length > this.#bufferSize) {
      throw new ValueError(`a buffer has ${this.#bufferSize} bytes`);
    }
  }

  // ---- completions -------------------------------------------------------------------------------------------------

  /** Which operation completion `i` is of: ACCEPT, RECV, … */
  operation(i: number): number {
    return this.completions[STRIDE * i + l.OPERATION];
  }
  /** Whose it is: the token that the operation was submitted for; 0 for a time-out. */
  token(i: number): number {
    return this.completions[STRIDE * i + l.TOKEN];
  }
  /** 0 or more: what has been done. Less: an error, see `error`. */
  result(i: number): number {
    return this.completions[STRIDE * i + l.RESULT];
  }
  /** The buffer that is the caller's now; -1: none. */
  buffer(i: number): number {
    return this.completions[STRIDE * i + l.BUFFER];
  }
  /** The number that was submitted with the operation. */
  user_data(i: number): number {
    return this.completions[STRIDE * i + l.USER_DATA];
  }
  /** Whether the operation goes on, as with MULTISHOT. */
  more(i: number): boolean {
    return (this.completions[STRIDE * i + l.FLAGS] & l.MORE) !== 0;
  }
  /** The bytes of completion `i`: a view of its buffer. */
  data(i: number): Buffer {
    return this.buffers[this.buffer(i)].subarray(0, this.result(i));
  }
  /** Who has sent the datagram of completion `i`. @throws ValueError if its socket was removed meanwhile */
  address(i: number): ReturnedAddress {
    const { proto } = this.#member(this.token(i)).sock;
    const size = this.completions[STRIDE * i + l.ADDRESS_LENGTH];
    return unpackBytes(this.#memory.addresses[this.buffer(i)].subarray(0, size), proto) as ReturnedAddress;
  }
  /** The exception that completion `i` stands for; null if it has succeeded. */
  error(i: number): OSError | null {
    const code = this.result(i);
    return code < 0 ? fromCode(code) : null;
  }

  // ---- waiting -----------------------------------------------------------------------------------------------------

  /**
   * Starts what was submitted and waits until something has completed: how many completions there are, 0 at the timeout.
   * Blocks the thread.
   * @param timeout seconds; null: without end
   * @throws InterruptedError when a signal has come whose listener cannot run while this thread waits; ValueError if the
   *     proactor is closed, or serves Node's loop
   */
  wait(timeout: number | null = absent(arguments.length, 1, 'timeout', null)): number {
    this.#open();
    if (this.#onBatch !== null) throw new ValueError("the proactor serves Node's loop");
    return checked(wait(this, deadlineIn(secondsOf(timeout)), 0), 'wait');
  }

  /** @internal For the loop that waits. */
  attempt(sliceMs: number): number {
    const count = native.proactorTurn(this.#number, sliceMs);
    this.#count = Math.max(count, 0);
    if (this.#header[l.SPECIAL] > 0) this.#settle();
    return count;
  }

  /** Connections that were accepted become sockets; what is to be closed is closed. */
  #settle(): void {
    const { completions } = this;
    for (let at = 0; at < STRIDE * this.#count; at += STRIDE) {
      const operation = completions[at + l.OPERATION];
      if (operation === l.ACCEPT && completions[at + l.RESULT] >= 0) this.#adopt(at);
      else if (operation === l.CLOSE && completions[at + l.RESULT] >= 0) this.#closeSocket(completions[at + l.TOKEN]);
    }
  }

  #adopt(at: number): void {
    const listener = this.#members.get(this.completions[at + l.TOKEN]);
    const fd = this.completions[at + l.RESULT];
    if (listener === undefined) {
      native.close(fd);
      return;
    }
    this.completions[at + l.RESULT] = this.add(socket._adopt(fd, listener.sock));
  }

  #closeSocket(token: number): void {
    const member = this.#members.get(token);
    if (member === undefined) return;
    this.#members.delete(token);
    this.#tokens.delete(member.fd);
    byDescriptor.delete(member.fd);
    member.sock.close();
  }

  /**
   * From now on `callback` is called on Node's loop with each batch of completions; null ends that. Keeps the process alive
   * meanwhile. What it throws is an uncaught exception.
   * @throws ValueError if the proactor is closed; OSError ENOTSUP where the system's poller cannot be watched (Windows)
   */
  on_batch(callback: BatchCallback | null): void {
    const number = this.#open();
    this.#stop();
    if (callback === null) return;
    const fd = native.proactorWatched(number);
    if (fd < 0) throw fromCode(-native.constants.errno.ENOTSUP, 'on_batch');
    this.#onBatch = callback;
    this.#watched = descriptorOf(fd);
    this.#watched.listen(POLLIN, { onReady: () => this.#turn() });
    this.#turnSoon();
  }

  #stop(): void {
    this.#onBatch = null;
    this.#watched?.release();
    this.#watched = null;
    this.#alarm?.cancel();
    this.#alarm = null;
    if (this.#turnIsDue !== null) clearImmediate(this.#turnIsDue);
    this.#turnIsDue = null;
  }

  /** On Node's loop: something was submitted, or has changed, of which the poller knows nothing. */
  #turnSoon(): void {
    if (this.#onBatch === null || this.#isTurning || this.#turnIsDue !== null) return;
    this.#turnIsDue = setImmediate(() => {
      this.#turnIsDue = null;
      this.#turn();
    });
  }

  #turn(): void {
    this.#isTurning = true;
    const count = this.attempt(0);
    try {
      if (count > 0) this.#onBatch?.(count);
    } catch (error) {
      uncaught(error);
    }
    this.#isTurning = false;
    if (this.#onBatch === null) return;
    // What the callback has submitted is started at once, not in the loop's next turn.
    if (count > 0) native.proactorSubmit(this.#number);
    if (this.#header[l.SUBMITTED] > 0 || this.#header[l.UNFINISHED] > 0) this.#turnSoon();
    this.#setAlarm(this.#header[l.TIMEOUT_MS]);
  }

  #setAlarm(ms: number): void {
    if (ms < 0 && this.#alarm === null) return;
    this.#alarm?.cancel();
    this.#alarm = ms < 0 ? null : new Alarm(monotonicMs() + ms, () => this.#turn());
  }

  // ---- the end -----------------------------------------------------------------------------------------------------

  /** Ends the proactor. Its sockets stay open, and what is under way is forgotten. Closing again does nothing. */
  close(): void {
    if (this.#number < 0) return;
    this.#stop();
    for (const { fd } of this.#members.values()) byDescriptor.delete(fd);
    this.#members.clear();
    this.#tokens.clear();
    native.proactorClose(this.#number);
    collected.unregister(this);
    this.#number = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether the proactor was closed. */
  get closed(): boolean {
    return this.#number < 0;
  }

  #open(): number {
    if (this.#number < 0) throw new ValueError('I/O operation on closed proactor');
    return this.#number;
  }

  [inspect.custom](): string {
    const { closed } = this;
    return `<berkeley.Proactor${closed ? ' [closed]' : ''} sockets=${this.#members.size}>`;
  }
}
