/** What an idle connection that is registered in epoll costs of JavaScript heap. */
import { LOAD_CPU, Peer, startServer } from '../measure.js';
import { binaries, heapServer } from '../peers/index.js';
import type { Bounds, Report, Trial } from '../report.js';

const CONNECTIONS = 10_000;
/** The load opens them a part at a time, for the listener's queue holds no more. */
const PART = 1000;

async function heap(server: { peer: Peer }, connections: number): Promise<number> {
  for (;;) {
    server.peer.say('heap');
    const [, bytes, open] = /^HEAP (\d+) (\d+)$/.exec(await server.peer.line()) ?? [];
    if (Number(open) >= connections) return Number(bytes);
  }
}

async function run({ progress }: Bounds): Promise<Report> {
  const server = await startServer(heapServer);
  const holders: Peer[] = [];
  const open = async (count: number) => {
    const holder = new Peer([`${binaries}/load`, 'hold', String(server.port), String(count)], LOAD_CPU);
    holders.push(holder);
    await holder.line();
  };
  try {
    // The first connections grow tables that later ones share.
    await open(PART);
    const before = await heap(server, PART);
    for (let n = PART; n < PART + CONNECTIONS; n += PART) {
      progress(`${n} connections`);
      await open(PART);
    }
    const bytes = (await heap(server, PART + CONNECTIONS)) - before;
    return {
      columns: ['idle connections', 'bytes of JavaScript heap each'],
      rows: [[CONNECTIONS, bytes / CONNECTIONS]],
      ratios: [{ name: 'bytes each / 1 KiB', ...same(bytes / CONNECTIONS / 1024), atMost: 1 }],
    };
  } finally {
    for (const peer of [...holders, server.peer]) peer.kill();
  }
}

function same(value: number) {
  return { median: value, min: value, max: value };
}

export const idleMemoryTrial: Trial = {
  name: 'idle-memory',
  title: `Memory of ${CONNECTIONS} idle connections registered in epoll`,
  run,
};
