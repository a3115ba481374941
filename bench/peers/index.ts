/** The peers in one table: for each job, who does it and how each is started. A file per job and language lies beside. */
import { fileURLToPath } from 'node:url';

/** The package's root: this file runs from dist/bench/peers. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));
/** Where the C peers (c_*) and the load generators are compiled to. */
export const binaries = `${root}build/bench`;
/** What C sources are linked with, by their names. */
export const libraries: Readonly<Record<string, readonly string[]>> = {
  tls_echo: ['-lssl', '-lcrypto'],
  tls_load: ['-lssl', '-lcrypto'],
};

export type Family = 'berkeley' | 'C' | 'CPython' | 'node' | 'pure JavaScript';

export interface Arm {
  /** What the tables call it. */
  readonly name: string;
  readonly family: Family;
  readonly command: readonly string[];
  /** Why it cannot do the job, if it is known beforehand. */
  readonly cannot?: string;
}

type Command = readonly [file: string, ...args: string[]];

function script(family: Family, folder: string, interpreter: readonly string[], ending: string) {
  return (name: string, ...[file, ...args]: Command): Arm => ({
    name,
    family,
    command: [...interpreter, `${root}bench/peers/${folder}/${file}.${ending}`, ...args],
  });
}

const node = [process.execPath, '--expose-gc'];
const ours = script('berkeley', 'berkeley', node, 'mjs');
const nodes = script('node', 'node', node, 'mjs');
const pure = script('pure JavaScript', 'purejs', node, 'mjs');
const python = script('CPython', 'python', ['python3'], 'py');
const c = (name: string, ...[file, ...args]: Command): Arm => ({
  name,
  family: 'C',
  command: [`${binaries}/c_${file}`, ...args],
});
const cannot = (family: Family, name: string, reason: string): Arm => ({ name, family, command: [], cannot: reason });

/** Echo servers over one event loop: each prints `PORT n` and serves until it is killed. */
export const echo = {
  c: c('C, epoll', 'epoll_echo'),
  into: ours('berkeley, recv_into', 'epoll_echo', '--into'),
  cBatch: c('C, epoll, all sends of a turn together', 'batch_echo'),
  proactor: ours('berkeley, proactor', 'proactor_echo'),
  recv: ours('berkeley, recv', 'epoll_echo'),
  busy: ours('berkeley, recv_into, busy wait', 'epoll_echo', '--into', '--busy'),
  pythonInto: python('CPython, recv_into', 'epoll_echo', '--into'),
  python: python('CPython, recv', 'epoll_echo'),
  net: nodes('node:net', 'net_echo'),
  pure: pure('pure JavaScript, select', 'select_echo'),
} as const;

/** The same on a Unix socket, whose path they are given. */
export const unixEcho = {
  c: echo.c,
  cBatch: echo.cBatch,
  proactor: echo.proactor,
  into: echo.into,
  pythonInto: echo.pythonInto,
  net: echo.net,
} as const;

/** Echo servers on Node's event loop, and on CPython's. */
export const awaitedEcho = {
  c: c('C, epoll', 'epoll_echo'),
  reader: ours('berkeley, add_reader', 'awaited_echo', 'reader'),
  recv: ours('berkeley, await sock_recv', 'awaited_echo', 'recv'),
  into: ours('berkeley, await sock_recv_into', 'awaited_echo', 'recv_into'),
  proactor: ours("berkeley, proactor on Node's loop", 'proactor_echo', '--loop'),
  duplex: ours('berkeley, Duplex', 'stream_echo'),
  python: python('CPython, await sock_recv_into', 'awaited_echo'),
  net: nodes('node:net', 'net_echo'),
  pure: cannot('pure JavaScript', 'pure JavaScript', 'it blocks its thread, which awaits nothing then'),
} as const;

/** Node's HTTP server. */
export const http = {
  ours: ours('http over berkeley, Duplex', 'http'),
  node: nodes('http over node:net', 'http'),
} as const;

/** Echo servers that block, one connection at a time. */
export const blockingEcho = {
  c: c('C', 'blocking_echo'),
  into: ours('berkeley, recv_into', 'blocking_echo', '--into'),
  recv: ours('berkeley, recv', 'blocking_echo'),
  busy: ours('berkeley, recv_into, busy wait', 'blocking_echo', '--into', '--busy'),
  pythonInto: python('CPython, recv_into', 'blocking_echo', '--into'),
  python: python('CPython, recv', 'blocking_echo'),
  net: nodes('node:net (event loop)', 'net_echo'),
  pure: pure('pure JavaScript', 'blocking_echo'),
} as const;

/** Servers of a stream one way, which block; on a Unix socket when they are given a path besides. */
function bulk(direction: 'receive' | 'send') {
  return {
    c: c('C', 'bulk', direction),
    ours: ours('berkeley', 'bulk', direction),
    python: python('CPython', 'bulk', direction),
    net: nodes('node:net (event loop)', 'bulk', direction),
    pure: pure('pure JavaScript', 'bulk', direction),
  } as const;
}
export const bulkReceive = bulk('receive');
export const bulkSend = bulk('send');

/** Servers that send a file, whose path they are given. */
export const file = {
  c: c('C, sendfile', 'file', 'sendfile'),
  cRead: c('C, read and send', 'file', 'read'),
  ours: ours('berkeley, sendfile', 'file', 'sendfile'),
  oursRead: ours('berkeley, read and sendall', 'file', 'read'),
  python: python('CPython, sendfile', 'file'),
  net: nodes('node:fs piped to node:net', 'file'),
  pure: cannot('pure JavaScript', 'pure JavaScript', 'has no sendfile'),
} as const;

/** Servers that send datagrams back. */
export const udpEcho = {
  cBatch: c('C, recvmmsg', 'udp_echo', '--batch'),
  c: c('C, recvfrom', 'udp_echo'),
  batch: ours('berkeley, recvmmsg_into', 'udp_batch'),
  one: ours('berkeley, recvfrom_into', 'udp_echo'),
  python: python('CPython, recvfrom_into', 'udp_echo'),
  pythonBatch: cannot('CPython', 'CPython, batched', "Python's socket module has no recvmmsg"),
  dgram: nodes('node:dgram', 'udp_echo'),
  pure: cannot('pure JavaScript', 'pure JavaScript', 'node:net, which it is built over, has no datagrams'),
} as const;

/** Datagrams sent in groups, to where nobody reads them. */
export const udpSend = {
  cSegment: c('C, UDP_SEGMENT', 'udp_send', 'segment'),
  cBatch: c('C, sendmmsg', 'udp_send', 'sendmmsg'),
  c: c('C, send', 'udp_send', 'sendto'),
  segment: ours('berkeley, UDP_SEGMENT', 'udp_send', 'segment'),
  batch: ours('berkeley, sendmmsg', 'udp_send', 'sendmmsg'),
  one: ours('berkeley, send', 'udp_send', 'sendto'),
  python: python('CPython, send', 'udp_send'),
  dgram: cannot('node', 'node:dgram', 'queues what it is given, and sends later'),
} as const;

/** Large datagrams. */
export const zerocopySend = {
  c: c('C, MSG_ZEROCOPY', 'zerocopy_send', 'zerocopy'),
  cSend: c('C, send', 'zerocopy_send', 'send'),
  ours: ours('berkeley, send_zerocopy', 'zerocopy_send', 'zerocopy'),
  send: ours('berkeley, send', 'zerocopy_send', 'send'),
  python: cannot('CPython', 'CPython', 'has no MSG_ZEROCOPY'),
  dgram: cannot('node', 'node:dgram', 'has no MSG_ZEROCOPY'),
} as const;

/** Which of many descriptors is ready? */
function ready(kind: 'select' | 'poll' | 'epoll') {
  return {
    c: c('C', 'ready', kind),
    ours: ours(`berkeley, ${kind}`, 'ready', kind),
    python: python('CPython', 'ready', kind),
    net: cannot('node', 'Node.js', 'has no call that asks whether a descriptor is ready'),
    pure: cannot('pure JavaScript', 'pure JavaScript', 'has select() only'),
  } as const;
}
const into = (kind: 'poll' | 'epoll') => ours('berkeley, poll_into', 'ready', kind, '--into');
export const readySelect = { ...ready('select'), pure: pure('pure JavaScript', 'ready') } as const;
export const readyPoll = { ...ready('poll'), into: into('poll') } as const;
export const readyEpoll = { ...ready('epoll'), into: into('epoll') } as const;

/** A recv that has nothing. */
export const wouldBlock = {
  c: c('C', 'would_block'),
  ours: ours('berkeley', 'would_block'),
  python: python('CPython', 'would_block'),
  net: cannot('node', 'Node.js', 'has no recv'),
} as const;

/** Event loops as in `echo`; those in JavaScript say how large their heap is when they are asked. */
export const idle = {
  c: c('C, epoll', 'epoll_echo'),
  into: ours('berkeley, epoll', 'epoll_echo', '--into', '--heap'),
  awaited: ours('berkeley, await sock_recv', 'awaited_echo', 'recv', '--heap'),
  reader: ours('berkeley, add_reader', 'awaited_echo', 'reader', '--heap'),
  duplex: ours('berkeley, Duplex', 'stream_echo', '--heap'),
  python: python('CPython, epoll', 'epoll_echo'),
  net: nodes('node:net', 'net_echo', '--heap'),
  pure: pure('pure JavaScript, select', 'select_echo'),
} as const;

/** Programs that end at once: what a program pays before its first line. */
export const starting = {
  c: c('C', 'start'),
  ours: ours("import 'berkeley'", 'start'),
  socketOnly: ours("import 'berkeley/socket'", 'start_socket'),
  python: python('CPython, import socket, ssl, select, selectors', 'start'),
  bare: nodes('node, no import', 'start_bare'),
  net: nodes("import 'node:net', 'node:tls', 'node:dgram'", 'start'),
} as const;

const certificate = `${root}test/certs/server.pem`;

/** TLS echo servers over one event loop, with a P-256 certificate. */
export const tlsEcho = {
  c: c('C, OpenSSL', 'tls_echo', certificate),
  ours: ours('berkeley', 'tls_echo', certificate),
  python: python('CPython', 'tls_echo', certificate),
  node: nodes('node:tls', 'tls_echo', certificate),
  pure: cannot('pure JavaScript', 'pure JavaScript', 'node:net, which it is built over, has no TLS'),
} as const;

/** With room for new objects that does not grow: what is resident is what lives. */
const steady = [...node, '--max-semi-space-size=1'];

/** The same servers, asked for their memory. */
export const tlsIdle = {
  c: tlsEcho.c,
  ours: script('berkeley', 'berkeley', steady, 'mjs')('berkeley', 'tls_echo', certificate, '--heap'),
  node: script('node', 'node', steady, 'mjs')('node:tls', 'tls_echo', certificate, '--heap'),
} as const;
