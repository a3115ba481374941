/** A recv on a nonblocking socket that has nothing: system call, exception and all. */

import { BlockingIOError } from '../../lib/exceptions.js';
import { socket } from '../../lib/index.js';
import { median } from '../measure.js';
import type { Bounds, Report, Trial } from '../report.js';

const CALLS = 100_000;
const PROMISED_US = 2;

/** Processor time of one call in µs. */
function oneRound(call: () => void): number {
  const before = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

async function run({ rounds }: Bounds): Promise<Report> {
  const [a, b] = socket.socketpair();
  a.setblocking(false);
  const call = () => {
    try {
      a.recv(64);
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
  };
  oneRound(call);
  const us = Array.from({ length: rounds }, () => oneRound(call));
  a.close();
  b.close();
  return {
    columns: ['call', 'CPU µs'],
    rows: [['recv that would block', median(us)]],
    ratios: [
      {
        name: `µs / ${PROMISED_US} µs`,
        median: median(us) / PROMISED_US,
        min: Math.min(...us) / PROMISED_US,
        max: Math.max(...us) / PROMISED_US,
        atMost: 1,
      },
    ],
  };
}

export const wouldBlockTrial: Trial = { name: 'would-block', title: 'A call that would block', run };
