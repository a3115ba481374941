/** Streams one way in pieces of 64 KiB: processor time per piece. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arm, bulkReceive, bulkSend } from '../peers/index.js';
import { startServer } from '../processes.js';
import { counted, served, type Trial } from '../trial.js';

const BYTES = 65_536;
const PIECES = 10_000;
const COLUMNS = { cpuUs: 'server CPU µs', wallUs: 'wall µs', mibPerSecond: 'MiB/s' };

async function startOnPath(arm: Arm) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const server = await startServer(arm, join(folder, 'socket'));
    const stop = () => {
      server.stop();
      remove();
    };
    return { ...server, stop };
  } catch (error) {
    remove();
    throw error;
  }
}

function bulk(name: string, title: string, arms: typeof bulkReceive, ofLoad: 'send' | 'receive'): Trial {
  const method = served(
    counted(
      'bulk_load',
      () => [ofLoad, BYTES],
      () => PIECES,
    ),
  );
  return {
    ...method,
    columns: COLUMNS,
    async once(...args) {
      const measured = await method.once(...(args as Parameters<typeof method.once>));
      return { ...measured, mibPerSecond: (measured.perSecond * BYTES) / 2 ** 20 };
    },
    name,
    title,
    cases: [''],
    arms: Object.values(arms),
    ours: arms.ours,
    yardstick: arms.c,
  };
}

export const bulkTrials: readonly Trial[] = [
  bulk('bulk-receive', 'Bulk TCP, the server receives: per 64 KiB', bulkReceive, 'send'),
  bulk('bulk-send', 'Bulk TCP, the server sends: per 64 KiB', bulkSend, 'receive'),
  { ...bulk('unix-receive', 'Bulk AF_UNIX, the server receives: per 64 KiB', bulkReceive, 'send'), start: startOnPath },
  { ...bulk('unix-send', 'Bulk AF_UNIX, the server sends: per 64 KiB', bulkSend, 'receive'), start: startOnPath },
];
