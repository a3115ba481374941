/** Large datagrams sent with and without a copy, into a network that copies nothing: over loopback the kernel copies. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Arm, zerocopySend } from '../peers/index.js';
import { Cannot } from '../processes.js';
import { type Trial, tasks } from '../trial.js';

/** An ifb device drops what it is given; it has a queue and takes fragments, as real ones do. */
const NETWORK =
  'ip link set lo up && ip link add sink type ifb && ip link set sink up mtu 9000 && ip addr add 10.99.0.1/24 dev sink';
const WITHIN = ['unshare', '-rn', 'sh', '-c'];
const SENDS = 20_000;

const method = tasks(() => SENDS);

async function start(arm: Arm) {
  const [program, ...args] = [...WITHIN, NETWORK];
  await promisify(execFile)(program, args).catch(() => {
    throw new Cannot('no network of its own here (unshare -rn, ip, an ifb device)');
  });
  return method.start({ ...arm, command: [...WITHIN, `${NETWORK} && exec "$@"`, 'sh', ...arm.command] });
}

export const zerocopyTrial: Trial = {
  ...method,
  name: 'zerocopy',
  title: 'Datagrams of 60 KB, sent as 8 KB each into a network that copies nothing',
  cases: [''],
  arms: Object.values(zerocopySend),
  ours: zerocopySend.ours,
  yardstick: zerocopySend.c,
  start,
};
