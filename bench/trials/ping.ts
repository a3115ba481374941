/** Round trips one after the other over one connection, with a server that blocks: how long each takes. */
import { blockingEcho } from '../peers/index.js';
import { LOAD_CPU, loadOn, SERVER_CPU } from '../processes.js';
import { served, type Trial } from '../trial.js';

const ROUND_TRIPS: Record<string, number> = { '1': 5000, '64': 5000, '1024': 5000, '16384': 2500, '65536': 1000 };

function ping(cpu: number, name: string, title: string): Trial {
  return {
    ...served((port, bytes, scale) => loadOn(cpu, 'ping_load', port, bytes, Math.ceil(ROUND_TRIPS[bytes] * scale))),
    name,
    title,
    about: 'p50Us',
    cases: Object.keys(ROUND_TRIPS),
    arms: Object.values(blockingEcho),
    ours: blockingEcho.into,
    yardstick: blockingEcho.c,
  };
}

export const pingTrials: readonly Trial[] = [
  ping(LOAD_CPU, 'ping', 'Blocking ping-pong over one connection, by bytes'),
  // Where a processor sleeps and is woken, that takes longer than all that programs do: here nobody has to be woken.
  ping(SERVER_CPU, 'ping-shared', 'The same with client and server on one processor'),
];
