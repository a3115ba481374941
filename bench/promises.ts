/** What the project promises of its speed, in one table: a row for each pair of arms. */
import {
  type Arm,
  awaitedEcho,
  blockingEcho,
  bulkReceive,
  bulkSend,
  echo,
  idle,
  readyEpoll,
  tlsEcho,
  wouldBlock,
} from './peers/index.js';

export interface Promised {
  readonly trials: readonly string[];
  /** The names of cases: without them, all. */
  readonly cases?: readonly string[];
  readonly ours: Arm;
  /** The ratio is to this peer's figure. Without one, the figure itself is promised. */
  readonly peer?: Arm;
  /** The column: without one, what the trial is about. */
  readonly column?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

type Bound = readonly [peer: Arm, atMost: number];

function promise(
  trials: readonly string[],
  ours: Arm,
  bounds: readonly Bound[],
  more: Partial<Promised> = {},
): Promised[] {
  return bounds.map(([peer, atMost]) => ({ trials, ours, peer, atMost, ...more }));
}

function tls(trials: readonly string[], toC: number, toNode?: number, toPython?: number): Promised[] {
  const { ours, c, node, python } = tlsEcho;
  const bounds = [
    [c, toC],
    [node, toNode],
    [python, toPython],
  ] as const;
  return promise(
    trials,
    ours,
    bounds.filter((bound): bound is [Arm, number] => bound[1] !== undefined),
  );
}

export const promises: readonly Promised[] = [
  ...promise(
    ['echo'],
    echo.into,
    [
      [echo.c, 1.2],
      [echo.net, 0.42],
      [echo.pythonInto, 0.8],
    ],
    { cases: ['50'] },
  ),
  ...promise(
    ['echo'],
    echo.recv,
    [
      [echo.c, 1.35],
      [echo.net, 0.5],
      [echo.python, 1],
    ],
    { cases: ['50'] },
  ),
  ...promise(['ping'], blockingEcho.into, [
    [blockingEcho.c, 1.08],
    [blockingEcho.net, 0.9],
    [blockingEcho.pythonInto, 1],
    [blockingEcho.pure, 0.3],
  ]),
  ...promise(['bulk-receive'], bulkReceive.ours, [
    [bulkReceive.c, 1.05],
    [bulkReceive.net, 0.7],
    [bulkReceive.python, 1],
  ]),
  ...promise(['bulk-send'], bulkSend.ours, [
    [bulkSend.c, 1.05],
    [bulkSend.net, 0.7],
    [bulkSend.python, 1],
  ]),
  ...promise(['accept'], echo.into, [
    [echo.c, 1.25],
    [echo.net, 0.5],
    [echo.pythonInto, 0.9],
  ]),
  ...promise(
    ['ready-epoll'],
    readyEpoll.into,
    [
      [readyEpoll.c, 1.3],
      [readyEpoll.python, 0.8],
    ],
    { cases: ['10000'] },
  ),
  ...tls(['tls-handshake'], 1.1, 0.62, 0.97),
  ...tls(['tls-resumed'], 1.2),
  ...tls(['tls-bulk'], 1.08, 0.76, 0.97),
  ...tls(['tls-echo'], 1.15, 0.75, 0.95),
  ...promise(['awaited'], awaitedEcho.reader, [[awaitedEcho.net, 0.6]]),
  ...promise(['awaited'], awaitedEcho.reader, [[awaitedEcho.net, 1]], { column: 'p99Us' }),
  ...promise(['awaited'], awaitedEcho.recv, [[awaitedEcho.net, 0.9]]),
  ...promise(['awaited'], awaitedEcho.recv, [[awaitedEcho.net, 1]], { column: 'p99Us' }),
  ...promise(['idle'], idle.awaited, [[idle.net, 0.6]]),
  { trials: ['idle'], ours: idle.into, column: 'heap', atMost: 1024 },
  { trials: ['would-block'], ours: wouldBlock.ours, atMost: 2 },
];
