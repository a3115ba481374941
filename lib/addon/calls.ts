/**
 * The one description of all that the binary offers: `native`. See `tls.ts` for what it offers for TLS.
 *
 * Conventions of every call below:
 *  - A descriptor is a number; bytes are a Uint8Array of ours or the caller's, with an offset and a length that the
 *    native side checks again.
 *  - A result >= 0 is a value; a negative one is an error code: `-errno`, or a name resolver's (see `exceptions.ts`,
 *    which alone turns codes into exceptions).
 *  - What does not fit into the result comes back in `info` and `address`, memory that the binary owns per Node
 *    environment and overwrites with each call.
 *  - Arguments of a wrong type raise TypeError; that never happens to callers who come through lib/.
 */
import type { NativeTls } from './tls.js';

/** Where a field lies in a C struct: `[offset, size]`, in bytes. */
export type Field = readonly [offset: number, size: number];
export type StructLayout = { readonly size: number } & { readonly [field: string]: Field };

/** @see Native.recvmmsg */
type BatchCall = (
  fd: number,
  bytes: Uint8Array,
  addresses: Uint8Array,
  control: Uint8Array,
  headers: Int32Array,
  start: number,
  end: number,
  flags: number,
  oneByOne: boolean,
  wait: number,
) => number;

export interface Native {
  /** Results beside a call's own: see each call. */
  readonly info: Int32Array;
  /** Where accept, recvfrom, recvmsg, getsockname, getpeername and inet_pton leave an address; its size in `info[0]`. */
  readonly address: Uint8Array;
  /** Where `recvScratch` and `recvfromScratch` leave bytes. */
  readonly scratch: Uint8Array;
  /** Where `epollWait` leaves pairs fd, events. */
  readonly events: Int32Array;

  /** Values of the names that this platform has, per Python module. */
  readonly constants: {
    readonly errno: Readonly<Record<string, number>>;
    readonly socket: Readonly<Record<string, number>>;
    readonly select: Readonly<Record<string, number>>;
    /** POLL*: the bits in which readiness is told, on every system. */
    readonly poll: Readonly<Record<string, number>>;
    readonly ssl: Readonly<Record<string, number>>;
    /** Results with a meaning of their own: NOT_READY, IN_PROGRESS (of connect), BAD_FD, and where the codes of name resolution begin. */
    readonly codes: Readonly<Record<string, number>>;
    /** What one call takes at most: PARTS of a message (UIO_MAXIOV), messages of a BATCH. */
    readonly limits: Readonly<Record<string, number>>;
    /** What is not in Python: see `constants/beyond.ts`. */
    readonly beyond: Readonly<Record<string, number>>;
  };
  /** The layout of the structs that addresses and ancillary data are made of; absent where the platform lacks one. */
  readonly layout: Readonly<Record<string, StructLayout>>;

  // descriptors
  socket(family: number, type: number, protocol: number): number;
  /** On success the descriptors are `info[0]` and `info[1]`. */
  socketpair(family: number, type: number, protocol: number): number;
  /** The new descriptor; the peer's address in `address`. */
  accept(fd: number, wait: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  /** Takes no milliseconds. After -EINTR, the same call waits for the same connection. */
  connect(fd: number, address: Uint8Array, length: number, wait: number): number;
  listen(fd: number, backlog: number): number;
  shutdown(fd: number, how: number): number;
  getsockname(fd: number): number;
  getpeername(fd: number): number;
  /** Family, type and protocol in `info`: each a negative code where the system does not tell. -EBADF, -ENOTSOCK. */
  describe(fd: number): number;
  /** Ends every claim on the descriptor: see `own`. */
  close(fd: number): number;
  dup(fd: number): number;
  getInheritable(fd: number): number;
  setInheritable(fd: number, inheritable: boolean): number;
  setNonblocking(fd: number, nonblocking: boolean): number;
  /**
   * A claim on this descriptor, for an object that stands for it: a number that is given once, never 0. It holds until
   * `disown`, or until anybody in the process closes the descriptor; then it says nothing of who has the number next.
   * When the environment ends, it closes what it claims, unless another one claims it too. What `socket`, `accept`, `dup` and
   * their like return is claimed from the start, by a claim 0, which `own` replaces and `disown` ends.
   */
  own(fd: number): number;
  /** Whether the claim holds; with 0, whether any claim of this environment on this descriptor does. */
  owns(fd: number, claim: number): boolean;
  /**
   * A second descriptor for what `fd` stands for, if the claim holds; else -EBADF. When the environment ends, it closes it.
   */
  hold(fd: number, claim: number): number;
  disown(fd: number, claim: number): void;
  /** Closes the descriptor if the claim holds; else -EBADF. */
  closeOwned(fd: number, claim: number): number;
  /** Whether what is not sent yet is to be discarded, if the claim holds when the environment ends. */
  abortAtEnd(fd: number, claim: number, abort: boolean): void;

  // options
  /** The value is `info[0]`. */
  getsockoptInt(fd: number, level: number, name: number): number;
  setsockoptInt(fd: number, level: number, name: number, value: number): number;
  /** The size that was written to `value`. */
  getsockopt(fd: number, level: number, name: number, value: Uint8Array): number;
  /** `value` null: a null pointer and `length`. */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array | null, length: number): number;

  /** 1 if what is read next from a TCP stream is urgent data, or what follows it; else 0. @see sockatmark(3) */
  atMark(fd: number): number;

  // data. `wait` is how patient the call is: see wait/call.ts.
  // recv and recvfrom set info[3] to 1 if they slept, got less than they were asked for, and the binary had ended the
  // sleep; else to 0.
  recv(fd: number, bytes: Uint8Array, offset: number, length: number, flags: number, wait: number): number;
  recvScratch(fd: number, length: number, flags: number, wait: number): number;
  send(fd: number, bytes: Uint8Array, offset: number, length: number, flags: number, wait: number): number;
  /** The sender's address in `address`. */
  recvfrom(fd: number, bytes: Uint8Array, offset: number, length: number, flags: number, wait: number): number;
  recvfromScratch(fd: number, length: number, flags: number, wait: number): number;
  sendto(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
    wait: number,
  ): number;
  /** The sender's address in `address`; `info`: address size, bytes of `control` filled, msg_flags. */
  recvmsg(fd: number, parts: readonly Uint8Array[], control: Uint8Array, flags: number, wait: number): number;
  /** `address` null: none. */
  sendmsg(
    fd: number,
    parts: readonly Uint8Array[],
    control: Uint8Array,
    flags: number,
    address: Uint8Array | null,
    addressLength: number,
    wait: number,
  ): number;
  sendfile(fd: number, file: number, offset: number, count: number, wait: number): number;
  /** -EALREADY if it was enabled before: then somebody else counts its sends. */
  enableZerocopy(fd: number): number;
  /** The kernel reads `bytes` until the error queue says that it has done: see `socket/zerocopy.ts`. `address` null: none. */
  sendZerocopy(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    flags: number,
    address: Uint8Array | null,
    addressLength: number,
    wait: number,
  ): number;
  /**
   * Messages `start` to `end` of a batch: how many were received or sent. `headers` holds four numbers a message, all of
   * a kind together: length, length of the address, of the ancillary data, msg_flags. The memory for bytes, addresses
   * and ancillary data is divided equally among as many messages as `headers` is for.
   */
  recvmmsg: BatchCall;
  sendmmsg: BatchCall;

  // waiting
  /** A clock that is never set, in ms. */
  monotonicMs(): number;
  /** `entries`: 8 bytes each, as `wait/pollfds.ts` lays them out. How many have events. */
  poll(entries: Int32Array, count: number, timeoutMs: number): number;
  /** One descriptor: the events found, 0 at the timeout. */
  pollOne(fd: number, events: number, timeoutMs: number): number;
  /** epoll(7), for select.epoll. */
  epollCreate(): number;
  epollAdd(epoll: number, fd: number, events: number): number;
  epollModify(epoll: number, fd: number, events: number): number;
  epollRemove(epoll: number, fd: number): number;
  /** Fills `native.events` with pairs fd, events, at most `capacity` of them: how many. */
  epollWait(epoll: number, capacity: number, timeoutMs: number): number;
  /** The same into an array of the caller's, which takes longer, but can have room for more. */
  epollWaitInto(epoll: number, events: Int32Array, capacity: number, timeoutMs: number): number;
  /** Windows' poller as an object of its own: a number, which is never given again. Events are POLL* bits. */
  afdCreate(): number;
  afdClose(poller: number): number;
  afdAdd(poller: number, fd: number, events: number): number;
  afdModify(poller: number, fd: number, events: number): number;
  afdRemove(poller: number, fd: number): number;
  /** Fills `events` with pairs fd, events, at most `capacity` of them: how many. */
  afdWait(poller: number, events: Int32Array, capacity: number, timeoutMs: number): number;
  /** kqueue(2), for select.kqueue. Absent on other systems than macOS and the BSDs, as epoll's calls are absent there. */
  kqueueCreate(): number;
  /**
   * kevent(2): makes `changeCount` changes, then waits for events and fills `events` with them, at most `capacity`: how many.
   * An event is nine integers: see `select/kqueue.ts`.
   */
  kqueueControl(
    kqueue: number,
    changes: Int32Array,
    changeCount: number,
    events: Int32Array,
    capacity: number,
    timeoutMs: number,
  ): number;
  /** The kernel's own limit for a wait on the socket (SO_RCVTIMEO, SO_SNDTIMEO), in µs; 0: none. */
  waitLimit(fd: number, sending: boolean): number;
  /** Whether a call on the socket would sleep for as long as it takes: the descriptor blocks, and has no such limit. */
  sleepsWithoutEnd(fd: number, sending: boolean): boolean;
  /**
   * If the binary itself has ended the latest sleep of this thread in the kernel: how long that lasted, in ms (rounded
   * down); else -1. -2 where nothing sleeps.
   */
  sleepEnded(): number;
  /**
   * The number of a signal that has come and whose JavaScript listener could not run yet, because this thread blocks; 0 if
   * there is none. SIGWINCH comes after all others.
   */
  signalPending(): number;

  // completions: many operations in one call. See native/os/proactor.h, and proactor/layout.ts for the memory.
  /** A number for a proactor over `memory`, which must not be transferred; it is never given again. */
  proactorCreate(memory: Uint8Array, entries: number, buffers: number, bufferSize: number): number;
  proactorClose(proactor: number): number;
  /** A token for a descriptor whose claim holds. Whoever closes the descriptor leaves that to the token's end. */
  proactorAdd(proactor: number, fd: number, claim: number): number;
  /** What is under way completes with -EBADF if the descriptor is closed, else with -ECANCELED. */
  proactorRemove(proactor: number, token: number, closed: boolean): number;
  /** Starts what was submitted; its completions come with the next turn. */
  proactorSubmit(proactor: number): number;
  /** Starts what was submitted, and sleeps until something completes: how many completions there are. */
  proactorTurn(proactor: number, timeoutMs: number): number;
  /** A descriptor that polls readable when a turn would find something, apart from time-outs; -1: there is none. */
  proactorWatched(proactor: number): number;

  // Node's event loop
  /**
   * Starts this environment's poller, which Node's loop watches: 0. What is registered there (loopAdd …) is reported in
   * batches: `deliver(count)`, with `count` pairs fd, events in `events`. Once per environment.
   */
  loopStart(deliver: (count: number) => void, events: Int32Array): number;
  /** Whether the poller keeps the process alive; at first it does not. */
  loopRef(wanted: boolean): number;
  /** 0; -EEXIST, -EPERM (a plain file), -EBADF. `events`: bits of poll(2). */
  loopAdd(fd: number, events: number): number;
  /** 0; -ENOENT. */
  loopModify(fd: number, events: number): number;
  loopRemove(fd: number): number;
  /** What the poller is made of: 'epoll', 'kqueue', 'poll', 'afd'. */
  loopBackend(): string;
  /** As `getaddrinfo` and `getnameinfo`, asked on a thread of libuv's pool: `answered` is called with their result. */
  resolveAddress(
    host: Uint8Array | null,
    service: Uint8Array | null,
    family: number,
    type: number,
    protocol: number,
    flags: number,
    answered: (answer: [number, number, number, string, Uint8Array][] | number) => void,
  ): void;
  resolveName(
    address: Uint8Array,
    length: number,
    flags: number,
    answered: (answer: [string, string] | number) => void,
  ): void;

  // names and addresses: text goes in and out as bytes, for a host name need not be UTF-8
  /** `[family, type, protocol, canonicalName, sockaddr]` each. */
  getaddrinfo(
    host: Uint8Array | null,
    service: Uint8Array | null,
    family: number,
    type: number,
    protocol: number,
    flags: number,
  ): [number, number, number, string, Uint8Array][] | number;
  getnameinfo(address: Uint8Array, length: number, flags: number): [string, string] | number;
  /** `[name, aliases, family, addresses]`. */
  gethostbyname(name: Uint8Array): [string, string[], number, Uint8Array[]] | number;
  gethostbyaddr(address: Uint8Array, family: number): [string, string[], number, Uint8Array[]] | number;
  gethostname(): string | number;
  sethostname(name: Uint8Array): number;
  getservbyname(service: string, protocol: string | null): number;
  getservbyport(port: number, protocol: string | null): string | number;
  getprotobyname(name: string): number;
  ifNames(): [number, string][] | number;
  ifIndex(name: Uint8Array): number;
  ifName(index: number): string | number;
  /** The size of what it wrote to `address`. */
  inetPton(family: number, text: string): number;
  inetNtop(family: number, bytes: Uint8Array): string | number;
  inetAton(text: string): number;

  // What Windows alone has; undefined elsewhere.
  /** Fills `info` (628 bytes) with what the process of that number makes a socket of its own of. */
  share(fd: number, process: number, info: Uint8Array): number;
  /** A new socket of what another process has shared; `info`: family, type, protocol. */
  fromshare(info: Uint8Array): number;
  /** WSAIoctl. */
  control(fd: number, command: number, value: Uint8Array): number;
  /** What is in a store of the system's: `[bytes, encoding, purposes]` each; true: for all purposes. */
  enumCertificates(store: string): [Uint8Array, string | null, string[] | true][] | number;
  enumCrls(store: string): [Uint8Array, string | null][] | number;

  // TLS: a description of its own
  readonly tls: NativeTls;

  strerror(error: number): string;
  gaiStrerror(code: number): string;
  hstrerror(code: number): string;
}
