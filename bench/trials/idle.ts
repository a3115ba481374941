/** What an idle connection costs of memory. */
import { type Arm, binaries, idle, tlsIdle } from '../peers/index.js';
import { LOAD_CPU, Peer, type Server, startServer } from '../processes.js';
import type { Sample } from '../statistics.js';
import type { Running, Trial } from '../trial.js';
import { descriptors, residentKib, untilDescriptors } from './accept.js';

/** How many connections, and how they are opened: a load generator that prints "HELD" when it has them. */
interface Size {
  readonly connections: number;
  /**
   * The load opens them a part at a time, for the listener's queue holds no more. The first part is not counted: it grows
   * tables that later ones share.
   */
  readonly part: number;
  readonly load: readonly string[];
}
const PLAIN: Size = { connections: 10_000, part: 1000, load: ['hold_load'] };
/** Each has shaken hands and echoed a byte: OpenSSL has had all its buffers. */
const TLS: Size = { connections: 4000, part: 1000, load: ['tls_load', 'hold'] };

/** With fewer, the resident figure is what the allocators happen to have in store. */
const LEAST_PARTS = 3;

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

async function hold(server: Server, { part, load }: Size, holders: Peer[]): Promise<void> {
  const before = descriptors(server.peer.pid);
  const [program, ...args] = load;
  const holder = new Peer([`${binaries}/${program}`, ...args, server.address, String(part)], LOAD_CPU);
  holders.push(holder);
  await holder.line();
  await untilDescriptors(server.peer.pid, (count) => count >= before + part);
}

async function once({ arm }: Idler, size: Size, scale: number): Promise<Sample> {
  const server = await startServer(arm);
  const holders: Peer[] = [];
  const parts = Math.max(LEAST_PARTS, Math.round((size.connections * scale) / size.part));
  try {
    await hold(server, size, holders);
    const before = await memory(arm, server);
    for (let i = 0; i < parts; i++) await hold(server, size, holders);
    const after = await memory(arm, server);
    const [resident, heap] = after.map((bytes, i) => (bytes - before[i]) / (parts * size.part));
    return { resident, heap };
  } finally {
    for (const process of [...holders, server]) process.stop();
  }
}

function idling(size: Size) {
  return {
    warmUp: 0,
    columns: { resident: 'resident bytes each', heap: 'JavaScript heap bytes each' },
    about: 'resident',
    cases: [''],
    start: async (arm: Arm): Promise<Idler> => ({ arm, stop() {} }),
    once: (idler: Idler, _which: string, scale: number) => once(idler, size, scale),
  };
}

export const idleTrials: readonly Trial<Idler>[] = [
  {
    ...idling(PLAIN),
    name: 'idle',
    title: `Memory of an idle connection, of ${PLAIN.connections}`,
    arms: Object.values(idle),
    ours: idle.into,
  },
  {
    ...idling(TLS),
    rounds: 1,
    name: 'tls-idle',
    title: `Memory of an idle TLS 1.3 connection, of ${TLS.connections}`,
    arms: Object.values(tlsIdle),
    ours: tlsIdle.ours,
  },
];
