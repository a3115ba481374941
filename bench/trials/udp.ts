/** Datagrams there and back, 64 under way at a time. */
import { udpEcho, udpSend } from '../peers/index.js';
import { counted, served, type Trial, tasks } from '../trial.js';

const PACKETS = 50_000;

const method = served(
  counted(
    'udp_load',
    (bytes) => [bytes],
    () => PACKETS,
  ),
);

export const udpTrial: Trial = {
  ...method,
  name: 'udp',
  title: 'UDP echo, by bytes',
  // By the server's processor time: whether it gets all of a processor is the machine's business.
  columns: { perCpuSecond: 'packets per s of server CPU', perSecond: 'packets per s', cpuUs: 'server CPU µs' },
  about: 'perCpuSecond',
  async once(...args) {
    const measured = await method.once(...(args as Parameters<typeof method.once>));
    return { ...measured, perCpuSecond: 1e6 / measured.cpuUs };
  },
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
