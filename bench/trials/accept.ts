/** Connections accepted, used for one byte there and back, and closed. */
import { readdirSync, readFileSync } from 'node:fs';
import { echo } from '../peers/index.js';
import type { Server } from '../processes.js';
import { counted, served, type Trial } from '../trial.js';

function accepts(connections: number) {
  return served(
    counted(
      'accept_load',
      () => [],
      () => connections,
    ),
  );
}

const { c, into, recv, python, pythonInto, net, pure } = echo;
const common = { cases: [''], ours: into, yardstick: c };

export const acceptTrial: Trial = {
  ...accepts(10_000),
  ...common,
  name: 'accept',
  arms: [c, into, recv, pythonInto, python, net, pure],
  title: 'Accept rate: connect, one byte there and back, close',
};

/** Resident memory in KiB. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Waits until a process has that many descriptors. */
export async function untilDescriptors(pid: number, right: (count: number) => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!right(descriptors(pid))) {
    if (Date.now() > deadline) throw new Error(`process ${pid} still has ${descriptors(pid)} descriptors`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const CHURN = 100_000;
const method = accepts(CHURN);

export const churnTrial: Trial = {
  ...method,
  ...common,
  name: 'churn',
  arms: [c, into, python, net, pure],
  warmUp: 0.1,
  title: `${CHURN} connections opened and closed: what they leave behind`,
  columns: {
    cpuUs: 'server CPU µs each',
    wallUs: 'wall µs each',
    grownKib: 'memory grown, KiB',
    left: 'descriptors left',
  },
  async once(running, which, scale) {
    const server = running as Server;
    const { pid } = server.peer;
    const [before, kib] = [descriptors(pid), residentKib(pid)];
    const measured = await method.once(server, which, scale);
    await untilDescriptors(pid, (count) => count <= before);
    return { ...measured, grownKib: residentKib(pid) - kib, left: descriptors(pid) - before };
  },
};
