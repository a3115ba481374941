/** What the project promises of its speed, in one table: a row for each pair of arms. */
import {
  type Arm,
  awaitedEcho,
  blockingEcho,
  bulkReceive,
  bulkSend,
  echo,
  http,
  idle,
  readyEpoll,
  tlsEcho,
  tlsIdle,
  udpEcho,
  unixEcho,
  wouldBlock,
} from './peers/index.js';

export interface Promised {
  /** The name of a trial. */
  readonly trial: string;
  /** The name of a case: without one, each. */
  readonly which?: string;
  readonly ours: Arm;
  /** The ratio is to this peer's figure. Without one, the figure itself is promised. */
  readonly peer?: Arm;
  /** What is promised is how much more than the peer's the figure is, not how many times as much. */
  readonly more?: true;
  /** The column: without one, what the trial is about. */
  readonly column?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

export const promises: readonly Promised[] = [
  { trial: 'ping', ours: blockingEcho.into, peer: blockingEcho.c, atMost: 1.08 },
  { trial: 'ping', ours: blockingEcho.into, peer: blockingEcho.net, atMost: 0.9 },
  { trial: 'ping', ours: blockingEcho.into, peer: blockingEcho.pythonInto, atMost: 1 },
  { trial: 'ping', ours: blockingEcho.into, peer: blockingEcho.pure, atMost: 0.3 },
  { trial: 'echo', which: '50', ours: echo.into, peer: echo.c, atMost: 1.2 },
  { trial: 'echo', which: '50', ours: echo.into, peer: echo.net, atMost: 0.42 },
  { trial: 'echo', which: '50', ours: echo.into, peer: echo.pythonInto, atMost: 0.8 },
  { trial: 'echo', which: '50', ours: echo.recv, peer: echo.c, atMost: 1.35 },
  { trial: 'echo', which: '50', ours: echo.recv, peer: echo.net, atMost: 0.5 },
  { trial: 'echo', which: '50', ours: echo.recv, peer: echo.python, atMost: 1 },
  { trial: 'echo', which: '50', ours: echo.proactor, peer: echo.c, atMost: 1.04 },
  { trial: 'echo', which: '50', ours: echo.proactor, peer: echo.net, atMost: 0.4 },
  { trial: 'echo', which: '50', ours: echo.proactor, peer: echo.pythonInto, atMost: 0.83 },
  { trial: 'unix-echo', ours: unixEcho.proactor, peer: unixEcho.c, atMost: 1.08 },
  { trial: 'unix-echo', ours: unixEcho.proactor, peer: unixEcho.net, atMost: 0.4 },
  { trial: 'unix-echo', ours: unixEcho.proactor, peer: unixEcho.pythonInto, atMost: 0.8 },
  { trial: 'awaited', ours: awaitedEcho.reader, peer: awaitedEcho.net, atMost: 0.6 },
  { trial: 'awaited', ours: awaitedEcho.reader, peer: awaitedEcho.net, column: 'p99Us', atMost: 1 },
  { trial: 'awaited', ours: awaitedEcho.recv, peer: awaitedEcho.net, atMost: 0.9 },
  { trial: 'awaited', ours: awaitedEcho.recv, peer: awaitedEcho.net, column: 'p99Us', atMost: 1 },
  { trial: 'awaited', ours: awaitedEcho.duplex, peer: awaitedEcho.net, atMost: 1.1 },
  { trial: 'awaited', ours: awaitedEcho.duplex, peer: awaitedEcho.net, column: 'p99Us', atMost: 1 },
  { trial: 'http', ours: http.ours, peer: http.node, atMost: 1.1 },
  { trial: 'http', ours: http.ours, peer: http.node, column: 'p99Us', atMost: 1 },
  { trial: 'bulk-receive', ours: bulkReceive.ours, peer: bulkReceive.c, atMost: 1.05 },
  { trial: 'bulk-receive', ours: bulkReceive.ours, peer: bulkReceive.net, atMost: 0.7 },
  { trial: 'bulk-receive', ours: bulkReceive.ours, peer: bulkReceive.python, atMost: 1 },
  { trial: 'bulk-send', ours: bulkSend.ours, peer: bulkSend.c, atMost: 1.05 },
  { trial: 'bulk-send', ours: bulkSend.ours, peer: bulkSend.net, atMost: 0.7 },
  { trial: 'bulk-send', ours: bulkSend.ours, peer: bulkSend.python, atMost: 1 },
  { trial: 'accept', ours: echo.into, peer: echo.c, atMost: 1.25 },
  { trial: 'accept', ours: echo.into, peer: echo.net, atMost: 0.5 },
  { trial: 'accept', ours: echo.into, peer: echo.pythonInto, atMost: 0.9 },
  { trial: 'udp', which: '64', ours: udpEcho.batch, peer: udpEcho.cBatch, atLeast: 0.9 },
  { trial: 'udp', which: '64', ours: udpEcho.batch, peer: udpEcho.dgram, atLeast: 5 },
  { trial: 'udp', which: '64', ours: udpEcho.batch, peer: udpEcho.python, atLeast: 2 },
  { trial: 'ready-epoll', which: '10000', ours: readyEpoll.into, peer: readyEpoll.c, atMost: 1.3 },
  { trial: 'ready-epoll', which: '10000', ours: readyEpoll.into, peer: readyEpoll.python, atMost: 0.8 },
  { trial: 'would-block', ours: wouldBlock.ours, peer: wouldBlock.python, atMost: 2 },
  { trial: 'tls-handshake', ours: tlsEcho.ours, peer: tlsEcho.c, atMost: 1.1 },
  { trial: 'tls-handshake', ours: tlsEcho.ours, peer: tlsEcho.node, atMost: 0.62 },
  { trial: 'tls-handshake', ours: tlsEcho.ours, peer: tlsEcho.python, atMost: 0.97 },
  { trial: 'tls-resumed', ours: tlsEcho.ours, peer: tlsEcho.c, atMost: 1.2 },
  { trial: 'tls-bulk', ours: tlsEcho.ours, peer: tlsEcho.c, atMost: 1.08 },
  { trial: 'tls-bulk', ours: tlsEcho.ours, peer: tlsEcho.node, atMost: 0.76 },
  { trial: 'tls-bulk', ours: tlsEcho.ours, peer: tlsEcho.python, atMost: 0.97 },
  { trial: 'tls-echo', ours: tlsEcho.ours, peer: tlsEcho.c, atMost: 1.15 },
  { trial: 'tls-echo', ours: tlsEcho.ours, peer: tlsEcho.node, atMost: 0.75 },
  { trial: 'tls-echo', ours: tlsEcho.ours, peer: tlsEcho.python, atMost: 0.95 },
  { trial: 'idle', ours: idle.awaited, peer: idle.net, atMost: 0.6 },
  { trial: 'idle', ours: idle.duplex, peer: idle.net, atMost: 0.6 },
  { trial: 'idle', ours: idle.into, column: 'heap', atMost: 1024 },
  { trial: 'tls-idle', ours: tlsIdle.ours, peer: tlsIdle.c, more: true, atMost: 1024 },
];
