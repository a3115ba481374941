/** The socket class. */
import { inspect } from 'node:util';
import { native } from '../addon/binary.js';
import { constants } from '../constants/table.js';
import { absent, atLeast, cInt, integer, plainInt, timeout } from '../core/args.js';
import type { BytesLike } from '../core/bytes.js';
import { tellAccept, tellClose } from '../core/channels.js';
import { checked, OSError, raise, timedOut } from '../core/exceptions.js';
import { IS_WINDOWS } from '../core/platform.js';
import { stays } from '../core/stays.js';
import type { BufferedReader, BufferedRWPair, BufferedWriter, TextIOWrapper } from '../io/io.js';
import { type Address, pack, packed, type ReturnedAddress, unpack } from '../structs/address.js';
import { type AncillaryItem, packAncillary } from '../structs/ancillary.js';
import { type Credentials, peerCredentials, type TcpInfo, tcpInfo } from '../structs/info.js';
import { released, renewed } from '../wait/awaited.js';
import { type Again, ATTEMPT, begin, busyWait, POLLIN, POLLOUT, VAIN_READ } from '../wait/call.js';
import {
  type AlgOptions,
  algMessage,
  intoOptions,
  openOrIdentify,
  type SocketOptions,
  TYPE_FLAGS,
} from './arguments.js';
import { type MessageBatch, receiveBatch, sendBatch } from './batch.js';
import { connectBegun, connectEnded, connectTo, DEADLINE_PASSED, errnoOf } from './connect.js';
import { type FileMode, type FileOf, type MakefileOptions, makefile, type SocketIO } from './makefile.js';
import { getOption, setOption } from './options.js';
import { collected, described, isReused, type Kind, type Remains } from './ownership.js';
import {
  accept,
  type Message,
  type MessageInto,
  recv,
  recvfrom,
  recvfromInto,
  recvInto,
  recvmsg,
  recvmsgInto,
} from './receive.js';
import { send, sendall, sendMessage, sendmsg, sendto } from './send.js';
import { type SendableFile, sendfile, sendfileArguments } from './sendfile.js';
import { ioctl, share } from './windows.js';
import { leave, REPORTS, type Reaped, reapZerocopy, retire, sendZerocopy, type ZerocopyQueue } from './zerocopy.js';

const c = constants.socket;
const { ECONNRESET } = constants.errno;
const LISTEN_BACKLOG = Math.min(c.SOMAXCONN, 128);

/** The timeout that new sockets get. */
let defaultTimeout: number | null = null;

/** The default timeout in seconds of new sockets; null: they block. @see Python socket.getdefaulttimeout */
export function getdefaulttimeout(): number | null {
  return defaultTimeout;
}

/**
 * Sets the default timeout in seconds of new sockets; null: they block; 0: they do not.
 * @throws ValueError | OverflowError | TypeError
 * @see Python socket.setdefaulttimeout
 */
export function setdefaulttimeout(value: number | null): void {
  atLeast(arguments.length, 1, '_socket.setdefaulttimeout', 'exactly one argument');
  defaultTimeout = timeout(value);
}

const STAYS = stays('a socket', 'send detach(), or dup().detach(), and make new socket.socket({ fileno }) of it there');

/** Marks the constructor call that takes over a descriptor of which all is known. */
const ADOPT = Symbol('adopt');

/** A descriptor, what kind of socket it is, and whether it is nonblocking from the start. */
type Opened = [fd: number, kind: Kind, nonblocking: boolean];

function opened(args: unknown[], Class: typeof socket): Opened {
  const [fd, family, type, proto] = openOrIdentify(args);
  return [fd, { Class, family, type: type & ~TYPE_FLAGS, proto }, (type & (c.SOCK_NONBLOCK ?? 0)) !== 0];
}

/**
 * A socket. Owns its descriptor until `close()` or `detach()`.
 *
 * Every method that may wait does so for at most `gettimeout()` seconds and blocks the JavaScript thread; a nonblocking
 * socket (timeout 0) raises BlockingIOError instead. Socket options and flags are the kernel's.
 *
 * ```js
 * const sock = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
 * sock.connect(['127.0.0.1', 80]);
 * sock.close();
 * ```
 * @see Python socket.socket; socket(7)
 */
export class socket {
  /** @internal */ _fd: number;
  /** @internal Seconds; null: blocks; 0: does not. */ _timeout: number | null = null;
  /** @internal See set_busy_wait. */ _busyMs = 0;
  /** @internal The last recv took all that there was: an awaited one had better wait before it tries. */
  _drained = false;
  /** @internal See core/stays.ts. */ readonly _stays: symbol = STAYS;
  readonly #remains: Remains;
  /** How many files made by makefile are open. */
  #files = 0;
  /** close() was called; the descriptor is closed with the last file. */
  #closed = false;

  /**
   * A new socket, or one for an existing descriptor, `new socket.socket({ fileno: 3 })`, whose family, type and protocol
   * are found out where they are not given.
   * @param family AF_INET if not given
   * @param type SOCK_STREAM if not given
   * @throws OSError | TypeError | ValueError
   */
  constructor(family?: number, type?: number, proto?: number, fileno?: number | null);
  constructor(options: SocketOptions);
  constructor(...args: unknown[]) {
    const Class = this.constructor as typeof socket;
    const [fd, kind, nonblocking] = args[0] === ADOPT ? (args.slice(1) as Opened) : opened(args, Class);
    this._fd = fd;
    this.#remains = { fd, claim: native.own(fd), kind, zerocopy: null };
    collected.register(this, this.#remains, this.#remains);
    if (nonblocking) this._timeout = 0;
    else if (defaultTimeout !== null) this.settimeout(defaultTimeout);
  }

  /** @internal An object of this class for a descriptor that is new and of which all is known. */
  static _adopt<T extends socket>(this: new (...args: never[]) => T, fd: number, like: socket): T {
    const { kind } = like.#remains;
    const own: Kind = kind.Class === this ? kind : { ...kind, Class: this as unknown as typeof socket };
    return Reflect.construct(this, [ADOPT, renewed(fd), own, false]) as T;
  }

  /** The address family: AF_INET, AF_UNIX, … @see Python socket.family */
  get family(): number {
    return this.#remains.kind.family;
  }
  /** The type: SOCK_STREAM, SOCK_DGRAM, …, without SOCK_NONBLOCK and SOCK_CLOEXEC. @see Python socket.type */
  get type(): number {
    return this.#remains.kind.type;
  }
  /** The protocol; 0 if it was not given. @see Python socket.proto */
  get proto(): number {
    return this.#remains.kind.proto;
  }
  /**
   * What `gettimeout` returns: seconds, 0 for a nonblocking socket, null for one that blocks.
   * @see Python socket.timeout
   */
  get timeout(): number | null {
    return this._timeout;
  }
  /** @internal What makes the descriptor this object's: see `native.own`. */
  get _claim(): number {
    return this.#remains.claim;
  }
  /** @internal Whether close() was called. */
  get _closed(): boolean {
    return this.#closed;
  }

  // ---- the descriptor ----------------------------------------------------------------------------------------------

  /** The descriptor; -1 once closed or detached. */
  fileno(): number {
    return this._fd;
  }

  /**
   * Closes. Files made by `makefile` keep the descriptor open until they are closed too. Closing again does nothing.
   * @throws OSError of close(2); the socket is closed nevertheless
   */
  close(): void {
    this.#closed = true;
    if (this.#files <= 0) this._realClose();
  }

  /** @internal For heirs: releases what the socket holds. */
  _realClose(): void {
    tellClose(this, this._fd);
    const fd = this._release();
    const { claim, zerocopy } = this.#remains;
    if (fd < 0 || (zerocopy !== null && retire(fd, zerocopy))) return;
    const code = native.closeOwned(fd, claim);
    if (code < 0 && code !== -ECONNRESET) raise(code, 'close');
  }

  /** @internal Takes the number out of the object before anything else happens to it, so that no number is closed twice. */
  _release(): number {
    const fd = this._fd;
    this._fd = -1;
    this.#remains.fd = -1;
    // A thread that never returns to the event loop, as a blocking server's, would keep what is left of each for ever.
    collected.unregister(this.#remains);
    if (fd >= 0 && !isReused(this.#remains, fd)) released(fd);
    return fd;
  }

  /**
   * Gives the descriptor away, still open, and leaves the object closed.
   * @throws OSError if bytes that were sent without a copy keep the descriptor, and it cannot be duplicated
   */
  detach(): number {
    return this._passTo((fd) => fd);
  }

  /**
   * @internal As detach, to another owner in this thread: there is no moment in which nobody has the descriptor, should the
   * thread end in the midst of it.
   */
  _passTo<T>(adopt: (fd: number) => T): T {
    this.#closed = true;
    const fd = this._release();
    if (fd >= 0 && this.#remains.zerocopy !== null) leave(fd, this.#remains.zerocopy);
    const adopted = adopt(fd);
    if (fd >= 0) native.disown(fd, this.#remains.claim);
    return adopted;
  }

  /**
   * A second object for the same open socket, with a descriptor of its own (not inheritable) and the same timeout.
   * @throws OSError EMFILE
   */
  dup(): this {
    const fd = renewed(checked(native.dup(this._fd), 'dup'));
    // As Python calls it: an heir's own constructor gets arguments that it can pass on.
    const Class = this.constructor as new (family: number, type: number, proto: number, fileno: number) => this;
    const copy = new Class(this.#remains.kind.family, this.#remains.kind.type, this.#remains.kind.proto, fd);
    copy.settimeout(this._timeout);
    return copy;
  }

  /** Whether a child process inherits the descriptor. @throws OSError EBADF */
  get_inheritable(): boolean {
    return checked(native.getInheritable(this._fd), 'fcntl') === 1;
  }

  /**
   * Whether a child process shall inherit the descriptor.
   * @throws OSError EBADF; TypeError
   * @see Python socket.set_inheritable; fcntl(2)
   */
  set_inheritable(inheritable: boolean): void {
    const flag = plainInt(inheritable) !== 0;
    checked(native.setInheritable(this._fd, flag), 'fcntl');
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Controls the socket with one of SIO_RCVALL, SIO_LOOPBACK_FAST_PATH (a number) and SIO_KEEPALIVE_VALS (`[onoff, timeMs,
   * intervalMs]`). Absent where the system is not Windows.
   * @throws ValueError | TypeError | OSError
   * @see Python socket.ioctl; WSAIoctl
   */
  declare ioctl: (control: number, option: number | readonly [number, number, number]) => number;

  /**
   * What the process with that number makes a socket of its own of, for the same connection: see `fromshare`. Absent where the
   * system is not Windows.
   * @throws TypeError | OverflowError | OSError
   * @see Python socket.share; WSADuplicateSocket
   */
  declare share: (processId: number) => Buffer;

  // ---- modes -------------------------------------------------------------------------------------------------------

  /** Whether calls wait: false exactly if the timeout is 0. */
  getblocking(): boolean {
    return this._timeout !== 0;
  }

  /** The timeout in seconds; null: none, calls block. */
  gettimeout(): number | null {
    return this._timeout;
  }

  /**
   * `setblocking(true)` is `settimeout(null)`, `setblocking(false)` is `settimeout(0)`.
   * @throws OSError EBADF; TypeError
   */
  setblocking(flag: boolean): void {
    atLeast(arguments.length, 1, 'socket.setblocking', 'exactly one argument');
    this.settimeout(integer(flag) === 0 ? 0 : null);
  }

  /**
   * How long calls wait: seconds, null for as long as it takes, 0 for not at all. A deadline is total for a call. A
   * socket that has a timeout has O_NONBLOCK set on its descriptor; one that blocks has it clear.
   * @throws ValueError | OverflowError | TypeError | OSError
   */
  settimeout(value: number | null): void {
    atLeast(arguments.length, 1, 'socket.settimeout', 'exactly one argument');
    this._timeout = timeout(value);
    checked(native.setNonblocking(this._fd, this._timeout !== null), 'ioctl');
  }

  // ---- addresses and connections -----------------------------------------------------------------------------------

  /**
   * Binds to an address of the socket's family. A port 0 is a real one at once: see `getsockname`.
   * @throws OSError EADDRINUSE, EADDRNOTAVAIL, EINVAL and the like; PermissionError; gaierror; TypeError |
   * OverflowError
   * @see bind(2)
   */
  bind(address: Address): void {
    atLeast(arguments.length, 1, 'socket.bind', 'exactly one argument');
    const length = pack(this.#remains.kind.family, this.#remains.kind.proto, address, 'bind');
    checked(native.bind(this._fd, packed, length), 'bind');
  }

  /**
   * Listens, with at least `backlog` connections waiting to be accepted.
   * @throws OSError EADDRINUSE, EOPNOTSUPP, EBADF; TypeError | OverflowError
   * @see listen(2)
   */
  listen(backlog: number = absent(arguments.length, 1, 'backlog', LISTEN_BACKLOG)): void {
    checked(native.listen(this._fd, Math.max(cInt(backlog), 0)), 'listen');
  }

  /**
   * Waits for a connection: `[socket, address]`. The new socket's timeout is the default one, not the listener's.
   * @throws TimeoutError | BlockingIOError | OSError
   */
  accept(): [socket, ReturnedAddress] {
    return this._accepted(accept(this, begin(this, POLLIN)));
  }

  /** @internal The descriptor has its owner before anything else may fail. */
  _accepted(fd: number): [socket, ReturnedAddress] {
    const accepted = socket._adopt(fd, this);
    const address = unpack(native.info[0], this.#remains.kind.proto);
    tellAccept(this, accepted);
    return [accepted, address];
  }

  /** @internal One attempt of an awaited accept, which an heir does not wrap. */
  _tryAccept(): [socket, ReturnedAddress] | Again {
    const fd = accept(this, ATTEMPT);
    return fd < 0 ? VAIN_READ : this._accepted(fd);
  }

  /** @internal Whether what is sent is what the descriptor sends. */
  get _isPlain(): boolean {
    return true;
  }

  /** @internal This socket, for a call that goes to the descriptor itself. For heirs: they may not have it. */
  _plain(_method: string): this {
    return this;
  }

  /** @internal For heirs: whoever sent something in parts will not send the rest. */
  _abandonWrite(): void {}

  /** @internal For heirs: what a listener makes of a connection that it has accepted. */
  _wrapped(plain: socket, _handshake: boolean): socket {
    return plain;
  }

  /**
   * Connects. Waits for at most the timeout; a nonblocking socket raises BlockingIOError (EINPROGRESS), and is writable
   * once it is connected or has failed (then SO_ERROR tells).
   * @throws ConnectionRefusedError | TimeoutError | BlockingIOError | InterruptedError | gaierror | OSError
   */
  connect(address: Address): void {
    atLeast(arguments.length, 1, 'socket.connect', 'exactly one argument');
    const code = connectTo(this, address, 'connect');
    if (code === DEADLINE_PASSED) throw timedOut('connect');
    if (code < 0) raise(code, 'connect');
  }

  /**
   * As `connect`, but returns the error number, 0 for success, instead of raising OSError.
   * @throws gaierror | InterruptedError | TypeError | OverflowError
   */
  connect_ex(address: Address): number {
    atLeast(arguments.length, 1, 'socket.connect_ex', 'exactly one argument');
    return errnoOf(connectTo(this, address, 'connect_ex'));
  }

  /** @internal Begins to connect, whatever the mode: 0, -EINPROGRESS, or what went wrong. */
  _connectBegun(address: Address): number {
    return connectBegun(this, address);
  }

  /** @internal What has become of a connection in progress: 0, or a negative code. The descriptor is writable. */
  _connectEnded(): number {
    return connectEnded(this);
  }

  /** The address that the socket is bound to. @throws OSError EBADF */
  getsockname(): ReturnedAddress {
    checked(native.getsockname(this._fd), 'getsockname');
    return unpack(native.info[0], this.#remains.kind.proto);
  }

  /** The address that the socket is connected to. @throws OSError ENOTCONN */
  getpeername(): ReturnedAddress {
    checked(native.getpeername(this._fd), 'getpeername');
    return unpack(native.info[0], this.#remains.kind.proto);
  }

  /**
   * Ends one direction or both: SHUT_RD, SHUT_WR, SHUT_RDWR.
   * @throws OSError ENOTCONN, EINVAL, EBADF; TypeError
   * @see shutdown(2)
   */
  shutdown(how: number): void {
    atLeast(arguments.length, 1, 'socket.shutdown', 'exactly one argument');
    checked(native.shutdown(this._fd, plainInt(how)), 'shutdown');
  }

  // ---- options -----------------------------------------------------------------------------------------------------

  /**
   * An option's value: a number, or with `buflen` (1 to 1024) its bytes.
   * @throws OSError ENOPROTOOPT, EBADF and the like, also for a `buflen` out of range; TypeError | OverflowError
   * @see getsockopt(2)
   */
  getsockopt(level: number, optname: number): number;
  getsockopt(level: number, optname: number, buflen: number): number | Buffer;
  getsockopt(
    level: number,
    optname: number,
    buflen = absent(arguments.length, 3, 'buflen', 0),
  ): number | bigint | Buffer {
    atLeast(arguments.length, 2, 'getsockopt', 'at least 2 arguments');
    return getOption(this._fd, this.#remains.kind.family, level, optname, buflen);
  }

  /**
   * Sets an option to a number, to bytes, or to a null pointer with `optlen`.
   * @throws OSError ENOPROTOOPT, EINVAL, EBADF and the like; PermissionError; TypeError | OverflowError
   * @see setsockopt(2)
   */
  setsockopt(level: number, optname: number, value: number | boolean | BytesLike): void;
  setsockopt(level: number, optname: number, value: null, optlen: number): void;
  setsockopt(...args: unknown[]): void {
    setOption(this._fd, this.#remains.kind.family, args);
  }

  // ---- receiving ---------------------------------------------------------------------------------------------------

  /**
   * Receive up to `bufsize` bytes. Returns a Buffer of what came; length 0 means the peer closed.
   * Waits at most `gettimeout()` seconds; blocks the JavaScript thread.
   * @throws TimeoutError | BlockingIOError | ConnectionResetError | OSError
   * @see Python socket.recv; recv(2)
   */
  recv(bufsize: number, flags = absent(arguments.length, 2, 'flags', 0)): Buffer {
    atLeast(arguments.length, 1, 'recv', 'at least 1 argument');
    return recv(this, bufsize, flags, begin(this, POLLIN)) as Buffer;
  }

  /** @internal One attempt of an awaited recv. */
  _tryRecv(bufsize: number): Buffer | Again {
    return recv(this, bufsize, 0, ATTEMPT);
  }

  /**
   * Receive up to `nbytes` bytes (0: as many as fit) into `buffer`, and return how many came. Allocates nothing.
   * @throws as `recv`; ValueError if `buffer` is too small for `nbytes`
   * @see Python socket.recv_into
   */
  recv_into(buffer: BytesLike, nbytes?: number, flags?: number): number;
  recv_into(buffer: BytesLike, options: { nbytes?: number; flags?: number }): number;
  recv_into(
    buffer: BytesLike,
    nbytes: number | { nbytes?: number; flags?: number } = absent(arguments.length, 2, 'nbytes', 0),
    flags = absent(arguments.length, 3, 'flags', 0),
  ): number {
    if (typeof nbytes === 'object') ({ nbytes = 0, flags = 0 } = intoOptions('recv_into', buffer, nbytes));
    return recvInto(this, buffer, nbytes, flags, begin(this, POLLIN)) as number;
  }

  /** @internal One attempt of an awaited recv_into. */
  _tryRecvInto(buffer: BytesLike): number | Again {
    return recvInto(this, buffer, 0, 0, ATTEMPT);
  }

  /**
   * As `recv`, with the sender's address: `[bytes, address]`.
   * @throws TimeoutError | BlockingIOError | ConnectionResetError | InterruptedError | OSError; ValueError |
   * TypeError
   * @see Python socket.recvfrom
   */
  recvfrom(bufsize: number, flags = absent(arguments.length, 2, 'flags', 0)): [Buffer, ReturnedAddress] {
    atLeast(arguments.length, 1, 'recvfrom', 'at least 1 argument');
    return recvfrom(this, bufsize, flags, begin(this, POLLIN)) as [Buffer, ReturnedAddress];
  }

  /**
   * As `recv_into`, with the sender's address: `[count, address]`.
   * @throws TimeoutError | BlockingIOError | ConnectionResetError | InterruptedError | OSError; ValueError |
   * TypeError
   * @see Python socket.recvfrom_into
   */
  recvfrom_into(buffer: BytesLike, nbytes?: number, flags?: number): [number, ReturnedAddress];
  recvfrom_into(buffer: BytesLike, options: { nbytes?: number; flags?: number }): [number, ReturnedAddress];
  recvfrom_into(
    buffer: BytesLike,
    nbytes: number | { nbytes?: number; flags?: number } = absent(arguments.length, 2, 'nbytes', 0),
    flags = absent(arguments.length, 3, 'flags', 0),
  ): [number, ReturnedAddress] {
    if (typeof nbytes === 'object') ({ nbytes = 0, flags = 0 } = intoOptions('recvfrom_into', buffer, nbytes));
    return recvfromInto(this, buffer, nbytes, flags, begin(this, POLLIN)) as [number, ReturnedAddress];
  }

  /**
   * Receive one message with ancillary data: `[bytes, ancillary, msg_flags, address]`. `ancbufsize` is the room for
   * ancillary data, in bytes: see CMSG_SPACE. Descriptors that arrive are the caller's, and close-on-exec.
   * @throws TimeoutError | BlockingIOError | ConnectionResetError | InterruptedError | OSError; ValueError |
   * TypeError
   * @see Python socket.recvmsg; recvmsg(2)
   */
  recvmsg(
    bufsize: number,
    ancbufsize = absent(arguments.length, 2, 'ancbufsize', 0),
    flags = absent(arguments.length, 3, 'flags', 0),
  ): Message {
    atLeast(arguments.length, 1, 'recvmsg', 'at least 1 argument');
    return recvmsg(this, bufsize, ancbufsize, flags, begin(this, POLLIN)) as Message;
  }

  /**
   * As `recvmsg`, into the buffers, which are filled one after the other: `[count, ancillary, msg_flags, address]`.
   * @throws TimeoutError | BlockingIOError | ConnectionResetError | InterruptedError | OSError; TypeError
   */
  recvmsg_into(
    buffers: Iterable<BytesLike>,
    ancbufsize = absent(arguments.length, 2, 'ancbufsize', 0),
    flags = absent(arguments.length, 3, 'flags', 0),
  ): MessageInto {
    atLeast(arguments.length, 1, 'recvmsg_into', 'at least 1 argument');
    return recvmsgInto(this, buffers, ancbufsize, flags, begin(this, POLLIN)) as MessageInto;
  }

  // ---- sending -----------------------------------------------------------------------------------------------------

  /**
   * Send, and return how many of the bytes the kernel took: perhaps not all, unless the socket blocks.
   * @throws TimeoutError | BlockingIOError | BrokenPipeError | ConnectionResetError | OSError
   * @see Python socket.send; send(2)
   */
  send(data: BytesLike, flags = absent(arguments.length, 2, 'flags', 0)): number {
    atLeast(arguments.length, 1, 'send', 'at least 1 argument');
    return send(this, data, flags, begin(this, POLLOUT)) as number;
  }

  /** @internal One attempt of an awaited send. */
  _trySend(data: Uint8Array): number | Again {
    return send(this, data, 0, ATTEMPT);
  }

  /**
   * Send all of the bytes. The timeout is for the whole; after an error there is no telling how much was sent.
   * @throws TimeoutError | BlockingIOError | BrokenPipeError | ConnectionResetError | InterruptedError | OSError;
   * TypeError
   * @see Python socket.sendall
   */
  sendall(data: BytesLike, flags = absent(arguments.length, 2, 'flags', 0)): null {
    atLeast(arguments.length, 1, 'sendall', 'at least 1 argument');
    sendall(this, data, flags, begin(this, POLLOUT));
    return null;
  }

  /**
   * Send to an address: `sendto(data, address)` or `sendto(data, flags, address)`.
   * @throws TimeoutError | BlockingIOError | BrokenPipeError | InterruptedError | OSError; gaierror; TypeError |
   * OverflowError
   * @see Python socket.sendto
   */
  sendto(data: BytesLike, address: Address): number;
  sendto(data: BytesLike, flags: number, address: Address): number;
  sendto(...args: unknown[]): number {
    if (args.length !== 2 && args.length !== 3) {
      throw new TypeError(`sendto() takes 2 or 3 arguments (${args.length} given)`);
    }
    const [data, flags] = args.length === 3 ? args : [args[0], 0];
    const address = args[args.length - 1] as Address;
    return sendto(this, data as BytesLike, flags as number, address, begin(this, POLLOUT)) as number;
  }

  /**
   * Send the buffers as one message, with ancillary data `[[level, type, bytes], …]`. Returns how many bytes were taken.
   * @throws TimeoutError | BlockingIOError | BrokenPipeError | InterruptedError | OSError; gaierror; TypeError |
   * OverflowError
   * @see Python socket.sendmsg; sendmsg(2)
   */
  sendmsg(
    buffers: Iterable<BytesLike>,
    ancdata: Iterable<AncillaryItem> = absent(arguments.length, 2, 'ancdata', []),
    flags = absent(arguments.length, 3, 'flags', 0),
    address: Address = absent(arguments.length, 4, 'address', null),
  ): number {
    atLeast(arguments.length, 1, 'sendmsg', 'at least 1 argument');
    return sendmsg(this, buffers, ancdata, flags, address, begin(this, POLLOUT)) as number;
  }

  /**
   * Send data to the kernel's crypto API with the operation `op` (ALG_OP_*), an initialisation vector and the length of
   * the associated data. @see Python socket.sendmsg_afalg; the kernel's "User Space Interface" of the crypto API
   * @throws TimeoutError | BlockingIOError | InterruptedError | OSError; TypeError | ValueError | OverflowError
   */
  sendmsg_afalg(options: AlgOptions): number;
  sendmsg_afalg(msg: Iterable<BytesLike>, options: AlgOptions): number;
  sendmsg_afalg(...args: unknown[]): number {
    if (this.#remains.kind.family !== c.AF_ALG) throw new OSError('algset is only supported for AF_ALG');
    const { msg, items, flags } = algMessage(args);
    return sendMessage(this, msg, packAncillary(items), flags, 0, begin(this, POLLOUT)) as number;
  }

  /**
   * Send a file until its end, or `count` bytes of it from `offset`, and return how many bytes were sent. A regular file
   * goes from the kernel's page cache into the socket, without a copy through this process.
   * @param file a descriptor, a FileHandle, or an object with `fileno()` or `read(n)`
   * @throws ValueError for a nonblocking or datagram socket; TimeoutError | OSError
   * @see Python socket.sendfile; sendfile(2)
   */
  sendfile(file: SendableFile, offset?: number, count?: number | null): number;
  sendfile(file: SendableFile, options: { offset?: number; count?: number | null }): number;
  sendfile(...args: unknown[]): number {
    return sendfile(this, ...sendfileArguments(args));
  }

  // ---- beyond Python: docs/beyond-python.md ------------------------------------------------------------------------

  /**
   * Receive messages into `batch`, from its first on: as many as are there, at least one, `batch.count` at most. Returns
   * how many. Allocates nothing. Waits for the first one only.
   * @throws as `recv`; TypeError
   * @see recvmmsg(2) with MSG_WAITFORONE
   */
  recvmmsg_into(batch: MessageBatch, flags = absent(arguments.length, 2, 'flags', 0)): number {
    return receiveBatch(this, batch, flags, begin(this, POLLIN)) as number;
  }

  /**
   * Send messages `start` to `end` (not included) of `batch`, and return how many were sent: all, unless the socket does
   * not block, its deadline passed, or an error came behind the first one, which the next call raises. Allocates nothing.
   * @throws as `send`; ValueError if the range or a length in it is beyond the batch; TypeError
   * @see sendmmsg(2)
   */
  sendmmsg(
    batch: MessageBatch,
    start = absent(arguments.length, 2, 'start', 0),
    end: number | null = absent(arguments.length, 3, 'end', null),
    flags = absent(arguments.length, 4, 'flags', 0),
  ): number {
    return sendBatch(this, batch, start, end, flags, begin(this, POLLOUT)) as number;
  }

  /**
   * As `send` (with an address, `sendto`), but the kernel does not copy the bytes: it reads them when it sends them, and
   * once more if they get lost. So they must stay as they are, and in place, until `reap_zerocopy` returns them; the
   * socket keeps them alive until then. For large buffers on a network device; over loopback it copies all the same.
   * @throws as `send`; OSError EOPNOTSUPP if the socket is neither TCP nor UDP; ValueError if another object does so on the
   * same socket
   * @see the kernel's Documentation/networking/msg_zerocopy.rst
   */
  send_zerocopy(
    data: BytesLike,
    flags = absent(arguments.length, 2, 'flags', 0),
    address: Address = absent(arguments.length, 3, 'address', null),
  ): number {
    return sendZerocopy(this, data, flags, address, begin(this, POLLOUT)) as number;
  }

  /**
   * The bytes of `send_zerocopy` that the kernel has done with, in the order in which it had: `[bytes, copied]` each, the
   * objects that were sent. Waits for the first one, if some are under way; else there are none: an empty array. `copied`
   * says that the kernel had to copy them after all. Leave the socket's error queue to this call.
   * @throws TimeoutError | BlockingIOError | OSError
   */
  reap_zerocopy(): Reaped[] {
    return reapZerocopy(this, begin(this, REPORTS)) as Reaped[];
  }

  /** @internal What is under way without a copy; null: such a send was never made. */
  get _zerocopy(): ZerocopyQueue | null {
    return this.#remains.zerocopy;
  }
  set _zerocopy(queue: ZerocopyQueue | null) {
    this.#remains.zerocopy = queue;
  }

  /**
   * From now on, a call that waits asks the kernel again and again for up to `usecs` microseconds (0 to 50,000) before it
   * lets the thread sleep. What comes within that time is answered sooner, for the thread need not be woken; the price is
   * a busy processor. Of no use where the peer needs the same processor.
   * @throws ValueError | TypeError
   */
  set_busy_wait(usecs: number): void {
    this._busyMs = busyWait(usecs);
  }

  /** What `set_busy_wait` was told, in µs. */
  get_busy_wait(): number {
    return Math.round(this._busyMs * 1000);
  }

  /**
   * What the kernel knows of a TCP connection, with its names: `tcpi_rtt` in µs, `tcpi_bytes_acked` … What has 64 bits is
   * a bigint; what the kernel is too old for is not there.
   * @throws OSError EOPNOTSUPP if it is no TCP socket
   * @see tcp(7) TCP_INFO; linux/tcp.h struct tcp_info
   */
  tcp_info(): TcpInfo {
    return tcpInfo(this._fd);
  }

  /**
   * Who is at the other end of a Unix-domain socket: who connected, or called listen(2) or socketpair(2), at that time.
   * A socket without a peer has pid 0, uid and gid -1.
   * @throws OSError
   * @see unix(7) SO_PEERCRED
   */
  peercred(): Credentials {
    return peerCredentials(this._fd);
  }

  // ---- files -------------------------------------------------------------------------------------------------------

  /**
   * A file over this socket: text unless `mode` has a 'b', for reading ('r'), writing ('w') or both. `buffering` 0
   * (binary only) gives the raw SocketIO. The descriptor stays open until the socket and all its files are closed.
   * @throws ValueError for another mode, or text without a buffer; TypeError | OSError
   * @see Python socket.makefile
   */
  makefile<Mode extends FileMode = 'r', Buffering extends number | null = -1>(
    mode?: Mode,
    buffering?: Buffering,
    options?: MakefileOptions<never>,
  ): FileOf<Mode, Buffering>;
  makefile<Mode extends FileMode, Buffering extends number | null = -1>(
    mode: Mode,
    options: MakefileOptions<Buffering>,
  ): FileOf<Mode, Buffering>;
  makefile<Mode extends FileMode = 'r', Buffering extends number | null = -1>(
    options: MakefileOptions<Buffering> & { mode?: Mode },
  ): FileOf<Mode, Buffering>;
  makefile(...args: unknown[]): TextIOWrapper | BufferedReader | BufferedWriter | BufferedRWPair | SocketIO {
    return makefile(this, args);
  }

  /** @internal A file over this socket was opened. */
  _fileOpened(): void {
    this.#files++;
  }

  /** @internal A file over this socket was closed. */
  _fileClosed(): void {
    if (this.#files > 0) this.#files--;
    if (this.#closed) this.close();
  }

  // ---- texts -------------------------------------------------------------------------------------------------------

  [inspect.custom](): string {
    return described(this.#remains, this.#closed);
  }

  /** @internal The module that this class is of, as its representation names it. */
  get _moduleName(): string {
    return 'socket';
  }

  /** What Python's repr() says: class, descriptor, family, type, protocol, addresses. */
  toString(): string {
    return this[inspect.custom]();
  }
}

if (IS_WINDOWS) {
  Object.assign(socket.prototype, {
    ioctl(this: socket, ...args: unknown[]): number {
      return ioctl(this._fd, args);
    },
    share(this: socket, processId: number): Buffer {
      return share(this._fd, processId);
    },
  });
}
