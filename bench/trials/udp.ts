/** Datagrams there and back, 64 under way at a time. */
import { udpEcho } from '../peers/index.js';
import { counted, served, type Trial } from '../trial.js';

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
  ours: udpEcho.one,
  yardstick: udpEcho.c,
};
