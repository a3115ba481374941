// `npm run test:kqueue`: the suites of what waits, over the port for macOS and the BSDs, with a kqueue(2) of our own below it
// (test/kevent). `--asan` has the sanitizers look on. Other arguments go to AVA.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildAddon } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

const SUITES = ['event', 'select', 'socket', 'asyncio', 'stream'].map((folder) => `dist/test/${folder}/*.js`);
const kevent = 'test/kevent';
const given = process.argv.slice(2).filter((argument) => argument !== '--asan');
const asan = given.length < process.argv.length - 2;
const tests = given.length > 0 ? given : SUITES;

if (asan) {
  const script = join(root, 'scripts', 'asan.mjs');
  process.exitCode = spawnSync(process.execPath, [script, '--kqueue', ...tests], { stdio: 'inherit' }).status ?? 1;
} else {
  const folder = join(root, 'build-kqueue');
  process.stdout.write('kqueue: compiling the addon\n');
  if (!buildAddon(folder, { kevent })) process.exit(1);
  const env = { ...process.env, BERKELEY_BINARY: join(folder, 'build', 'Release', 'berkeley.node') };
  const script = join(root, 'scripts', 'test.mjs');
  process.exitCode = spawnSync(process.execPath, [script, ...tests], { stdio: 'inherit', env }).status ?? 1;
}
