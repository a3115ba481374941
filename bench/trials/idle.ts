/** What an idle connection costs of memory. */
import { type Arm, binaries, idle } from '../peers/index.js';
import { LOAD_CPU, Peer, type Server, startServer } from '../processes.js';
import type { Running, Sample, Trial } from '../trial.js';
import { descriptors, residentKib, untilDescriptors } from './accept.js';

const CONNECTIONS = 10_000;
/** The load opens them a part at a time, for the listener's queue holds no more. The first part is not counted: it grows
 * tables that later ones share. */
const PART = 1000;

/** With fewer, the resident figure is what the allocators happen to have in store. */
const LEAST_PARTS = 2;

interface Idler extends Running {
  readonly arm: Arm;
}

/** Resident memory and heap in bytes, without what is garbage. */
async function memory(arm: Arm, { peer }: Server): Promise<[resident: number, heap: number]> {
  let heap = Number.NaN;
  if (arm.command.includes('--heap')) {
    peer.say('heap');
    heap = Number(/^HEAP (\d+)$/.exec(await peer.line())?.[1]);
  }
  return [residentKib(peer.pid) * 1024, heap];
}

async function hold(server: Server, connections: number, holders: Peer[]): Promise<void> {
  const before = descriptors(server.peer.pid);
  const holder = new Peer([`${binaries}/hold_load`, server.address, String(connections)], LOAD_CPU);
  holders.push(holder);
  await holder.line();
  await untilDescriptors(server.peer.pid, (count) => count >= before + connections);
}

async function once({ arm }: Idler, _which: string, scale: number): Promise<Sample> {
  const server = await startServer(arm);
  const holders: Peer[] = [];
  const parts = Math.max(LEAST_PARTS, Math.round((CONNECTIONS * scale) / PART));
  try {
    await hold(server, PART, holders);
    const before = await memory(arm, server);
    for (let i = 0; i < parts; i++) await hold(server, PART, holders);
    const after = await memory(arm, server);
    const [resident, heap] = after.map((bytes, i) => (bytes - before[i]) / (parts * PART));
    return { resident, heap };
  } finally {
    for (const process of [...holders, server]) process.stop();
  }
}

export const idleTrial: Trial<Idler> = {
  name: 'idle',
  warmUp: 0,
  title: `Memory of an idle connection, of ${CONNECTIONS}`,
  columns: { resident: 'resident bytes each', heap: 'JavaScript heap bytes each' },
  about: 'resident',
  cases: [''],
  arms: Object.values(idle),
  ours: idle.into,
  start: async (arm) => ({ arm, stop() {} }),
  once,
};
