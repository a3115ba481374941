// `npm run test:poll`: the suites of what waits, with the poll(2) backend in the place of the system's own poller. It shows
// that native/os/poller.h is a contract, and not the shape of epoll. Arguments go to AVA.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

const SUITES = ['event', 'select', 'socket', 'asyncio', 'stream', 'proactor'].map(
  (folder) => `dist/test/${folder}/*.js`,
);
const given = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [join(root, 'scripts', 'test.mjs'), ...(given.length > 0 ? given : SUITES)],
  { stdio: 'inherit', env: { ...process.env, BERKELEY_POLLER: 'poll' } },
);
process.exitCode = status ?? 1;
