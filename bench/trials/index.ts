/** All trials, in the order in which they run and are printed. */
import type { Trial } from '../trial.js';
import { acceptTrial, churnTrial } from './accept.js';
import { bulkTrials } from './bulk.js';
import { awaitedTrial, echoTrial, unixEchoTrial } from './echo.js';
import { httpTrial } from './http.js';
import { idleTrials } from './idle.js';
import { pingTrials } from './ping.js';
import { readyTrials } from './ready.js';
import { startTrial } from './start.js';
import { tlsTrials } from './tls.js';
import { udpSendTrial, udpTrial } from './udp.js';
import { zerocopyTrial } from './zerocopy.js';

export const trials: readonly Trial[] = [
  ...pingTrials,
  echoTrial,
  unixEchoTrial,
  awaitedTrial,
  httpTrial,
  ...bulkTrials,
  acceptTrial,
  churnTrial,
  udpTrial,
  udpSendTrial,
  zerocopyTrial,
  ...readyTrials,
  ...tlsTrials,
  ...idleTrials,
  startTrial,
];
