/** TCP echo of 64 bytes over an event loop: server processor time per round trip. */
import { awaitedEcho, echo, unixEcho } from '../peers/index.js';
import { counted, served, type Trial } from '../trial.js';
import { startOnPath } from './bulk.js';

const BYTES = 64;
/** One connection at a time takes the longer for each. */
const ROUND_TRIPS: Readonly<Record<string, number>> = { '1': 10_000, '50': 60_000, '1000': 60_000 };

const method = served(
  counted(
    'echo_load',
    (connections) => [connections, BYTES],
    (connections) => ROUND_TRIPS[connections],
  ),
);

export const echoTrial: Trial = {
  ...method,
  name: 'echo',
  title: `TCP echo of ${BYTES} bytes over one event loop, by connections`,
  cases: Object.keys(ROUND_TRIPS),
  arms: Object.values(echo),
  ours: echo.into,
  yardstick: echo.c,
};

export const unixEchoTrial: Trial = {
  ...method,
  name: 'unix-echo',
  title: `AF_UNIX echo of ${BYTES} bytes over one event loop, by connections`,
  cases: ['50'],
  arms: Object.values(unixEcho),
  ours: unixEcho.proactor,
  yardstick: unixEcho.c,
  start: (arm) => startOnPath(arm),
};

export const awaitedTrial: Trial = {
  ...method,
  name: 'awaited',
  title: `TCP echo of ${BYTES} bytes over Node's event loop, by connections`,
  cases: ['50'],
  arms: Object.values(awaitedEcho),
  ours: awaitedEcho.recv,
  yardstick: awaitedEcho.c,
};
