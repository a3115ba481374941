/** One of the threads of the chaos: it does at random whatever can be done to the ends that it has. */
import { readFileSync, readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as asyncio from '../../lib/asyncio/index.js';
import { BlockingIOError, OSError, TimeoutError } from '../../lib/core/exceptions.js';
import * as socket from '../../lib/socket/index.js';
import * as ssl from '../../lib/ssl/index.js';
import { Random } from '../helpers/random.js';
import { clientContext, serverContext } from '../helpers/tls.js';
import {
  AWAKE,
  Board,
  CLOSED,
  check,
  closingBy,
  DOOMED,
  type End,
  type EndState,
  fill,
  isClosing,
  record,
  type Start,
  WORKERS,
  WrongByte,
} from './ends.js';

const start = workerData as Start;
const random = new Random(start.seed);
const board = new Board(start.board);
const { AF_UNIX, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, AF_INET, SHUT_RD, SHUT_RDWR, SHUT_WR } = socket;

const client = clientContext();
const server = serverContext();
const ends: End[] = [];
const inbox = socket.fromfd(start.inbox, AF_UNIX, SOCK_DGRAM);
const outboxes = start.outboxes.map((fd) => socket.fromfd(fd, AF_UNIX, SOCK_DGRAM));
const listeners = start.listeners.map(([fd, family]) => socket.fromfd(fd, family, SOCK_STREAM));
inbox.setblocking(false);
for (const each of outboxes) each.setblocking(false);

const ENDS_MAX = 12;
const SIZE_MAX = 20_000;
const RECORD_MAX = 500;
let made = 0;

/**
 * What may come of a call, by name: the peer is closed, reset or shut down, somebody has closed the descriptor, a time is
 * over, a queue is full. Anything else is an error of the library, or of this program.
 */
const EXPECTED = new Set([
  ...['ECONNRESET', 'EPIPE', 'ENOTCONN', 'ESHUTDOWN', 'EBADF', 'ECONNABORTED', 'ETIMEDOUT', 'EAGAIN', 'ENOTSOCK'],
  ...['EINVAL', 'ECONNREFUSED', 'EMSGSIZE', 'ENOBUFS'],
]);

const TLS_EXPECTED = [ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError, ssl.SSLZeroReturnError];

function isExpected(error: unknown): boolean {
  if (error instanceof WrongByte) return false;
  if (error instanceof BlockingIOError || error instanceof TimeoutError) return true;
  if (error instanceof ssl.SSLError) return TLS_EXPECTED.some((each) => error instanceof each);
  return error instanceof OSError && EXPECTED.has(error.code ?? '');
}

function drop(end: End): void {
  const at = ends.indexOf(end);
  if (at >= 0) ends.splice(at, 1);
  try {
    end.sock.close();
  } catch (error) {
    // Somebody else has closed it.
    if (!isExpected(error)) throw error;
  }
}

/**
 * Calls with the descriptor on the board, so that another thread may close it meanwhile. False: it did; then what the call
 * came to is no matter.
 */
function onBoard(sock: socket.socket, call: () => void): boolean {
  const { asleep } = board;
  const fd = sock.fileno();
  // Who is about to be terminated, begins nothing.
  if (Atomics.compareExchange(asleep, start.slot, AWAKE, fd) !== AWAKE) Atomics.wait(asleep, start.slot, DOOMED);
  let thrown: { error: unknown } | null = null;
  try {
    call();
  } catch (error) {
    thrown = { error };
  }
  // Somebody may look just now whether this thread sleeps.
  for (;;) {
    const found = Atomics.compareExchange(asleep, start.slot, fd, AWAKE);
    if (!isClosing(found)) break;
    Atomics.wait(asleep, start.slot, found, 10);
  }
  const isClosed = Atomics.compareExchange(asleep, start.slot, CLOSED, AWAKE) === CLOSED;
  if (thrown !== null && !(isClosed && isExpected(thrown.error))) throw thrown.error;
  return !isClosed;
}

/** Whether another worker's thread is asleep in a system call on that descriptor, and not merely in the midst of one. */
function isAsleep(slot: number, fd: number): boolean {
  const folder = `/proc/self/task/${Atomics.load(board.threads, slot)}`;
  const isIn = () => {
    const [call, first] = readFileSync(`${folder}/syscall`, 'latin1').split(' ');
    return Number(call) >= 0 && Number(first) === fd;
  };
  // …) S …: the state, behind the name in brackets.
  return isIn() && readFileSync(`${folder}/stat`, 'latin1').split(') ').at(-1)?.[0] === 'S' && isIn();
}

// ---- connections

function add(state: Omit<EndState, 'sent' | 'received'>, sock: socket.socket): End {
  const end = { ...state, sent: 0, received: 0, sock };
  ends.push(end);
  return end;
}

function newId(): number {
  return ((start.seed & 0xffff) << 16) | (made++ & 0xffff);
}

function makePair(): void {
  const type = random.pick([SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM]);
  const [a, b] = socket.socketpair(AF_UNIX, type);
  const shared = { id: newId(), kind: type === SOCK_STREAM ? ('stream' as const) : ('record' as const) };
  add({ ...shared, side: 0 }, a);
  give(add({ ...shared, side: 1 }, b));
}

/** Each end shakes hands when it first reads or writes. */
function makeTlsPair(): void {
  const [a, b] = socket.socketpair(AF_UNIX, SOCK_STREAM);
  const state = { id: newId(), kind: 'tls' as const };
  const other = add({ ...state, side: 1 }, b);
  let isGiven = false;
  try {
    isGiven = give(other);
  } finally {
    // Who takes it makes TLS of it; as it is, it is a plain socket.
    if (!isGiven) drop(other);
  }
  try {
    add({ ...state, side: 0 }, client.wrap_socket(a, { server_hostname: 'localhost', do_handshake_on_connect: false }));
  } catch (error) {
    a.close();
    throw error;
  }
}

/** The first bytes say which connection it is. */
async function connect(): Promise<void> {
  const listener = random.pick(listeners);
  const sock = new socket.socket(listener.family, SOCK_STREAM);
  const id = newId();
  try {
    sock.settimeout(random.pick([null, 0.5]));
    if (random.chance(0.5)) sock.connect(listener.getsockname());
    else await connectAwaited(sock, listener);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(id >>> 0);
    sock.sendall(head);
  } catch (error) {
    sock.close();
    throw error;
  }
  add({ id, side: 0, kind: 'stream' }, sock);
}

async function connectAwaited(sock: socket.socket, listener: socket.socket): Promise<void> {
  sock.setblocking(false);
  await asyncio.sock_connect(sock, listener.getsockname(), { signal: AbortSignal.timeout(100) });
  sock.settimeout(0.5);
}

function accepted(sock: socket.socket): void {
  try {
    sock.settimeout(1);
    const head = sock.recv(4, socket.MSG_WAITALL);
    if (head.length < 4) sock.close();
    else add({ id: head.readUInt32LE(0) | 0, side: 1, kind: 'stream' }, sock);
  } catch (error) {
    sock.close();
    throw error;
  }
}

function accept(): void {
  const listener = random.pick(listeners);
  // For good, until somebody connects, or makes the listener nonblocking for all: rarely, or nobody would be left to do so.
  listener.settimeout(random.chance(0.04) ? null : random.pick([0.02, 0]));
  accepted(listener.accept()[0]);
}

async function acceptAwaited(): Promise<void> {
  const listener = random.pick(listeners);
  listener.settimeout(0);
  accepted((await asyncio.sock_accept(listener, { signal: AbortSignal.timeout(20) }))[0]);
}

// ---- handing over

/**
 * Sends an end to another worker, or to this one: the descriptor is in the kernel's hands meanwhile. False: it stays here.
 */
function give(end: End): boolean {
  const { sock, ...state } = end;
  if (!sock._isPlain) return false;
  const to = random.pick(outboxes);
  try {
    socket.send_fds(to, [Buffer.from(JSON.stringify(state))], [sock.fileno()]);
  } catch (error) {
    // The mailbox is full.
    if (error instanceof BlockingIOError) return false;
    throw error;
  }
  drop(end);
  return true;
}

function take(): void {
  // Numbers that recv_fds returns belong to nobody until an object takes them over: a thread that ends meanwhile loses them.
  board.taking[start.slot] = 1;
  let sock: socket.socket;
  let state: EndState;
  try {
    const [bytes, fds] = socket.recv_fds(inbox, 4096, 1);
    if (fds.length === 0) return;
    sock = new socket.socket({ fileno: fds[0] });
    state = JSON.parse(`${bytes}`);
  } finally {
    board.taking[start.slot] = 0;
  }
  try {
    ends.push({ ...state, sock: state.kind === 'tls' ? secured(sock) : sock });
  } catch (error) {
    sock.close();
    throw error;
  }
}

function secured(sock: socket.socket): socket.socket {
  return server.wrap_socket(sock, { server_side: true, do_handshake_on_connect: false });
}

// ---- bytes

function setMode(end: End): void {
  // Blocking for good, so that only others can end it: rarely, or all threads would sleep.
  end.sock.settimeout(random.chance(0.04) ? null : random.pick([0, 0.001, 0.01]));
}

function send(end: End): void {
  if (end.kind === 'record') {
    end.sock.send(record(end, random.below(RECORD_MAX)));
    end.sent++;
    return;
  }
  const bytes = fill(Buffer.alloc(1 + random.below(SIZE_MAX)), end.id, end.side, end.sent);
  const half = bytes.length >> 1;
  if (end.kind === 'tls') {
    // What a failed write has sent, nobody knows.
    try {
      end.sent += end.sock.send(bytes);
    } catch (error) {
      drop(end);
      throw error;
    }
    return;
  }
  end.sent += random.chance(0.5)
    ? end.sock.send(bytes)
    : end.sock.sendmsg([bytes.subarray(0, half), bytes.subarray(half)]);
}

/** Whether the connection goes on. */
function receive(end: End): boolean {
  if (end.kind === 'record') {
    const bytes = end.sock.recv(1000);
    if (bytes.length === 0) return false;
    check(end, bytes);
    return true;
  }
  const room = 1 + random.below(SIZE_MAX);
  if (random.chance(0.5)) {
    const byMessage = end.kind === 'stream' && random.chance(0.3);
    const bytes = byMessage ? end.sock.recvmsg(room)[0] : end.sock.recv(room);
    check(end, bytes);
    return bytes.length > 0;
  }
  const buffer = Buffer.alloc(room);
  const n = end.sock.recv_into(buffer);
  check(end, buffer.subarray(0, n));
  return n > 0;
}

async function receiveAwaited(end: End): Promise<boolean> {
  end.sock.settimeout(random.pick([0, 0.02]));
  const bytes = await asyncio.sock_recv(end.sock, 1000, { signal: AbortSignal.timeout(20) });
  if (bytes.length === 0) return false;
  check(end, bytes);
  return true;
}

/** Closes a socket that is awaited: the call ends, with what it had or with EBADF. */
async function closeAwaited(end: End): Promise<void> {
  end.sock.settimeout(0);
  const received = asyncio.sock_recv(end.sock, 1000);
  drop(end);
  const [outcome] = await Promise.allSettled([received]);
  if (outcome.status === 'fulfilled' && outcome.value.length > 0) check(end, outcome.value);
  if (outcome.status === 'rejected' && !isExpected(outcome.reason)) throw outcome.reason;
}

/** All or nothing is known to be sent: after a failure, nobody knows how much, and the end is of no more use. */
async function sendAllAwaited(end: End): Promise<void> {
  end.sock.settimeout(0.02);
  const bytes = fill(Buffer.alloc(1 + random.below(SIZE_MAX)), end.id, end.side, end.sent);
  try {
    await asyncio.sock_sendall(end.sock, bytes);
    end.sent += bytes.length;
  } catch (error) {
    drop(end);
    throw error;
  }
}

// ---- harm

/**
 * Closes the number with which another thread sleeps in a call. Were it not asleep yet, its call could begin on whatever
 * has the number next, as in C: that is no fault of the library.
 */
function closeAnothers(): void {
  const { asleep } = board;
  const closing = closingBy(start.slot);
  const other = random.below(WORKERS);
  const fd = Atomics.load(asleep, other);
  if (other === start.slot || fd < 0) return;
  if (Atomics.compareExchange(asleep, other, fd, closing) !== fd) return;
  let found = fd;
  try {
    if (isAsleep(other, fd)) {
      found = CLOSED;
      board.closed[start.slot]++;
      new socket.socket({ fileno: fd }).close();
    }
  } catch (error) {
    if (!isExpected(error) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  Atomics.compareExchange(asleep, other, closing, found);
  Atomics.notify(asleep, other);
}

/** Takes up the numbers that are free, so that one which was just closed means something else at once. */
function reuse(): void {
  const fresh = Array.from({ length: 4 }, () => new socket.socket(AF_INET, SOCK_DGRAM));
  for (const each of fresh) each.close();
}

// ---- the loop

async function actOn(end: End): Promise<void> {
  const dice = random.below(100);
  if (dice < 5) return drop(end);
  if (dice < 15) {
    give(end);
    return;
  }
  if (dice < 18) {
    end.sock.shutdown(random.pick([SHUT_RD, SHUT_WR, SHUT_RDWR]));
    // As in Python, it is a plain socket now.
    if (end.kind === 'tls') drop(end);
    return;
  }
  if (dice < 28) {
    if (!(await receiveAwaited(end))) drop(end);
    return;
  }
  if (dice < 34 && end.kind !== 'record') return sendAllAwaited(end);
  if (dice < 36) return closeAwaited(end);
  setMode(end);
  let goesOn = true;
  const isStill = onBoard(end.sock, () => {
    if (dice < 65) send(end);
    else goesOn = receive(end);
  });
  if (!isStill || !goesOn) drop(end);
}

async function step(): Promise<void> {
  const dice = random.below(100);
  if (ends.length < 2 || (dice < 8 && ends.length < ENDS_MAX)) {
    await random.pick([makePair, makePair, makeTlsPair, connect, connect])();
  } else if (dice < 14) {
    if (random.chance(0.5)) accept();
    else await acceptAwaited();
  } else if (dice < 24) {
    take();
  } else if (dice < 28) {
    closeAnothers();
  } else if (dice < 32) {
    reuse();
  } else {
    await actOn(random.pick(ends));
  }
}

/** An end that somebody has closed, or whose peer is gone, is of no more use. */
function bury(error: unknown): void {
  if (error instanceof BlockingIOError || error instanceof TimeoutError) return;
  for (const end of [...ends]) {
    try {
      end.sock.getpeername();
    } catch {
      drop(end);
    }
  }
}

// …/task/4711
Atomics.store(board.threads, start.slot, Number(readlinkSync('/proc/thread-self').split('/').at(-1)));
/** A function, because V8 fails when a thread is terminated in a module that awaits (ExecuteAsyncModule). */
async function run(): Promise<never> {
  for (;;) {
    try {
      await step();
    } catch (error) {
      const isAbort = (error as Error)?.name === 'TimeoutError' && error instanceof DOMException;
      if (!isAbort && !isExpected(error)) {
        parentPort?.postMessage({ failed: (error as Error).stack ?? String(error) });
        throw error;
      }
      bury(error);
    }
    Atomics.add(board.steps, start.slot, 1);
    // The event loop has its turn: descriptors that await, and messages.
    if (random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve));
  }
}

void run();
