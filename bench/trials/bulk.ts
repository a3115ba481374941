/** Streams one way in pieces of 64 KiB: processor time per piece. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Arm, bulkReceive, bulkSend, file } from '../peers/index.js';
import { startServer } from '../processes.js';
import { counted, served, type Trial } from '../trial.js';

const BYTES = 65_536;
const PIECES = 10_000;
const COLUMNS = { cpuUs: 'server CPU µs', wallUs: 'wall µs', mibPerSecond: 'MiB/s' };

/** Starts an arm with a path, which `prepare` may make a file of, in a folder that goes when it ends. */
export async function startOnPath(arm: Arm, prepare: (path: string) => void = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'path');
    prepare(path);
    const server = await startServer(arm, path);
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

interface Contestants {
  readonly c: Arm;
  readonly ours: Arm;
}

function bulk(name: string, title: string, arms: Contestants, ofLoad: 'send' | 'receive'): Trial {
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

const FILE_BYTES = 2 ** 20;

export const bulkTrials: readonly Trial[] = [
  bulk('bulk-receive', 'Bulk TCP, the server receives: per 64 KiB', bulkReceive, 'send'),
  bulk('bulk-send', 'Bulk TCP, the server sends: per 64 KiB', bulkSend, 'receive'),
  {
    ...bulk('unix-receive', 'Bulk AF_UNIX, the server receives: per 64 KiB', bulkReceive, 'send'),
    start: (arm) => startOnPath(arm),
  },
  {
    ...bulk('unix-send', 'Bulk AF_UNIX, the server sends: per 64 KiB', bulkSend, 'receive'),
    start: (arm) => startOnPath(arm),
  },
  {
    ...bulk('file', 'A file of 1 MiB sent over TCP: per 64 KiB', file, 'receive'),
    start: (arm) => startOnPath(arm, (path) => writeFileSync(path, Buffer.alloc(FILE_BYTES, 1))),
  },
];
