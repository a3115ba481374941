/** Descriptors of every kind there is, made by programs nobody here wrote, and limits on their number. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import * as socket from '../../lib/socket/index.js';
import { skip, spawnPeer, tmpdir } from './peers.js';

/** How long a peer may take to answer, in seconds. It bounds a failure. */
const PATIENCE_S = 60;

/**
 * python3 makes one of each, keeps a hold on them, and passes them over a Unix-domain socket. A command names a thing
 * and is answered once that thing is ready to be read. (Not the signalfd: what is pending on it are the signals of the
 * process that asks, and Node blocks none.)
 */
const MAKER = `
import ctypes, os, pty, socket, sys, tty

libc = ctypes.CDLL(None, use_errno=True)
pipe_out, pipe_in = os.pipe()
master, slave = pty.openpty()
tty.setraw(slave)
event = os.eventfd(0) if hasattr(os, 'eventfd') else libc.eventfd(0, 0)
timer = libc.timerfd_create(1, 0)
signals = libc.signalfd(-1, (ctypes.c_ulong * 16)(1 << 9), 0)

def set_timer():
    # struct itimerspec: no interval, expires after a nanosecond
    libc.timerfd_settime(timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1), None)

commands = {
    'pipe': lambda: os.write(pipe_in, b'x' * 8),
    'eventfd': lambda: os.write(event, (1).to_bytes(8, sys.byteorder)),
    'timerfd': set_timer,
    'tty': lambda: os.write(master, b'x' * 8),
    'terminal': lambda: os.write(slave, b'x' * 8),
}
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
    peer.connect(sys.argv[1])
    socket.send_fds(peer, [b'!'], [pipe_out, event, timer, slave, master, signals])
    while command := peer.recv(100).decode():
        commands[command]()
        peer.send(b'done')
`;

/** A descriptor, and how to have it ready to be read; reading 8 bytes makes it not ready again. */
export interface Thing {
  readonly name: string;
  readonly fd: number;
  fill(): void;
  drain(): void;
}

/** Things that python3 made: ours to use until the test ends. None is ready at first. */
export function foreignThings(t: ExecutionContext): { things: Thing[]; signalfd: number } {
  const path = join(tmpdir(t), 'maker');
  using listener = new socket.socket(socket.AF_UNIX, socket.SOCK_STREAM);
  listener.bind(path);
  listener.listen();
  listener.settimeout(PATIENCE_S);
  const maker = spawnPeer('python3', ['-c', MAKER, path]);
  const [peer] = listener.accept();
  t.teardown(async () => {
    peer.close();
    await maker.exit;
  });
  peer.settimeout(PATIENCE_S);
  const [, fds] = socket.recv_fds(peer, 1, 6);
  t.teardown(() => {
    for (const fd of fds) closeSync(fd);
  });
  const names = ['pipe', 'eventfd', 'timerfd', 'tty', 'terminal'];
  const things = names.map((name, i) => ({
    name,
    fd: fds[i],
    fill: () => {
      peer.send(Buffer.from(name));
      peer.recv(4);
    },
    drain: () => {
      readSync(fds[i], Buffer.alloc(8));
    },
  }));
  return { things, signalfd: fds[5] };
}

/** A FIFO's two ends; reading never waits. */
export function fifo(t: ExecutionContext): { read: number; write: number } {
  const path = join(tmpdir(t), 'fifo');
  if (spawnSync('mkfifo', [path]).status !== 0) throw new Error('mkfifo failed');
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  return { read, write };
}

function closedAfter<T extends { close(): void }>(t: ExecutionContext, ...owners: T[]): void {
  t.teardown(() => {
    for (const owner of owners) owner.close();
  });
}

/** Two connected Unix-domain sockets, closed after the test. */
export function unixPair(t: ExecutionContext): [socket.socket, socket.socket] {
  const pair = socket.socketpair();
  closedAfter(t, ...pair);
  return pair;
}

/** Two sockets of a type that are connected to each other: Unix-domain ones, on Windows TCP or UDP over the loopback. */
export function pairOf(type: number = socket.SOCK_STREAM): [socket.socket, socket.socket] {
  if (process.platform !== 'win32') return socket.socketpair(socket.AF_UNIX, type);
  if (type === socket.SOCK_STREAM) return socket.socketpair();
  const pair = [0, 1].map(() => new socket.socket(socket.AF_INET, type)) as [socket.socket, socket.socket];
  for (const each of pair) each.bind(['127.0.0.1', 0]);
  pair[0].connect(pair[1].getsockname());
  pair[1].connect(pair[0].getsockname());
  return pair;
}

/** Two connected TCP sockets, closed after the test. */
export function tcpPair(t: ExecutionContext): [socket.socket, socket.socket] {
  using listener = socket.create_server(['127.0.0.1', 0]);
  const client = socket.create_connection(listener.getsockname() as [string, number]);
  const [server] = listener.accept();
  closedAfter(t, client, server);
  return [client, server];
}

/** 1500 pairs of sockets, three times what select(2) can take; null, with the test skipped, if they are too many. */
export function manyPairs(t: ExecutionContext): [socket.socket, socket.socket][] | null {
  const COUNT = 1500;
  const SPARE = 500;
  if (descriptorLimit() < 2 * COUNT + SPARE) {
    skip(t, `RLIMIT_NOFILE is ${descriptorLimit()}`);
    return null;
  }
  const pairs = Array.from({ length: COUNT }, () => socket.socketpair());
  closedAfter(t, ...pairs.flat());
  return pairs;
}

/** How many descriptors a process may have (RLIMIT_NOFILE, the soft one). */
function descriptorLimit(): number {
  if (process.platform === 'win32') return Number.POSITIVE_INFINITY;
  const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) as RegExpExecArray;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
