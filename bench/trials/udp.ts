/** Datagrams there and back, 64 under way at a time. */
import { udpEcho, udpSend } from '../peers/index.js';
import { counted, served, type Trial, tasks } from '../trial.js';

const PACKETS = 50_000;

export const udpTrial: Trial = {
  ...served(
    counted(
      'udp_load',
      (bytes) => [bytes],
      () => PACKETS,
    ),
  ),
  name: 'udp',
  title: 'UDP echo, by bytes',
  columns: { perSecond: 'packets/s', cpuUs: 'server CPU µs' },
  about: 'perSecond',
  cases: ['64', '1400'],
  arms: Object.values(udpEcho),
  ours: udpEcho.batch,
  yardstick: udpEcho.cBatch,
};

const GROUPS = 1000;

export const udpSendTrial: Trial = {
  ...tasks(() => GROUPS),
  name: 'udp-send',
  title: 'UDP datagrams sent in groups of 40 and not received, by bytes',
  cases: ['64', '1400'],
  arms: Object.values(udpSend),
  ours: udpSend.batch,
  yardstick: udpSend.cBatch,
};
