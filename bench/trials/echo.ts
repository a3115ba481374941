/** 64-byte TCP echo over an event loop with 50 connections: server processor time per round trip. */
import { cpuNs, type LoadResult, load, median, ratios, type Server, startServer } from '../measure.js';
import { type Arm, echo } from '../peers/index.js';
import type { Bounds, Report, Trial } from '../report.js';

const CONNECTIONS = 50;
const BYTES = 64;

interface Round extends LoadResult {
  readonly cpuUs: number;
}

async function round(server: Server, count: number): Promise<Round> {
  const before = cpuNs(server.peer.pid);
  const result = await load('echo', server.port, CONNECTIONS, BYTES, count);
  return { ...result, cpuUs: (cpuNs(server.peer.pid) - before) / count / 1000 };
}

const arms: readonly Arm[] = Object.values(echo);
/** Our arm, the peer, and the ratio that the project has promised. */
const promises: readonly [ours: Arm, peer: Arm, atMost: number][] = [
  [echo.into, echo.c, 1.25],
  [echo.recv, echo.python, 1.0],
  [echo.recv, echo.net, 0.5],
];

async function run({ rounds, scale, progress }: Bounds): Promise<Report> {
  const servers = await Promise.all(arms.map(startServer));
  const results = new Map<Arm, Round[]>(arms.map((arm) => [arm, []]));
  try {
    for (const server of servers) {
      progress(`warm-up ${server.arm.name}`);
      await round(server, 60_000 * scale);
    }
    for (let i = 0; i < rounds; i++) {
      progress(`round ${i + 1} of ${rounds}`);
      for (const server of i % 2 === 0 ? servers : [...servers].reverse()) {
        results.get(server.arm)?.push(await round(server, 60_000 * scale));
      }
    }
  } finally {
    for (const { peer } of servers) peer.kill();
  }
  const cpu = (arm: Arm) => (results.get(arm) as Round[]).map((each) => each.cpuUs);
  return {
    columns: ['arm', 'server CPU µs', 'wall µs', 'p50 µs', 'p99 µs', 'p99.9 µs'],
    rows: arms.map((arm) => row(arm, results.get(arm) as Round[])),
    ratios: [
      {
        name: `noise floor: ${echo.intoAgain.name} / ${echo.into.name}`,
        ...ratios(cpu(echo.intoAgain), cpu(echo.into)),
      },
      ...promises.map(([ours, peer, atMost]) => ({
        name: `${ours.name} / ${peer.name}`,
        ...ratios(cpu(ours), cpu(peer)),
        ...(peer === echo.c ? {} : { floor: ratios(cpu(echo.c), cpu(peer)).median }),
        atMost,
      })),
    ],
  };
}

function row(arm: Arm, rounds: readonly Round[]): (string | number)[] {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  return [
    arm.name,
    of((r) => r.cpuUs),
    of((r) => r.wall_ns / r.count / 1000),
    of((r) => r.p50_ns / 1000),
    of((r) => r.p99_ns / 1000),
    of((r) => r.p999_ns / 1000),
  ];
}

export const echoTrial: Trial = {
  name: 'echo',
  title: `TCP echo of ${BYTES} bytes, ${CONNECTIONS} connections, one event loop`,
  run,
};
