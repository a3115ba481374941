/** What a program pays for its imports: a process started, and waited for. */
import { type Arm, starting } from '../peers/index.js';
import { loadOn, SERVER_CPU, sample } from '../processes.js';
import type { Running, Trial } from '../trial.js';

const STARTS = 10;

interface Program extends Running {
  readonly arm: Arm;
}

async function once({ arm }: Program, _which: string, scale: number) {
  const { wallUs, cpuUs } = sample(await loadOn(SERVER_CPU, 'start_load', Math.ceil(STARTS * scale), ...arm.command));
  return { wallMs: wallUs / 1000, cpuMs: cpuUs / 1000 };
}

export const startTrial: Trial<Program> = {
  name: 'start',
  warmUp: 0.1,
  title: 'A program that loads its modules and ends',
  columns: { wallMs: 'wall ms', cpuMs: 'CPU ms' },
  about: 'cpuMs',
  cases: [''],
  arms: Object.values(starting),
  ours: starting.ours,
  start: async (arm) => ({ arm, stop() {} }),
  once,
};
