// `npm run test:kqueue`: the suites of what waits, over the port for macOS and the BSDs, with a kqueue(2) of our own below it
// (test/kevent). `--asan` has the sanitizers look on, `--conformance` runs CPython's test_kqueue in their place. Other
// arguments go to AVA.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildAddon } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

const FOLDERS = ['event', 'select', 'socket', 'asyncio', 'stream', 'proactor', 'fuzz'];
const SUITES = FOLDERS.map((folder) => `dist/test/${folder}/test_*.js`);
const CONFORMANCE = ['python', '-m', 'unittest', '-v', 'test.test_kqueue'];
const OPTIONS = ['--asan', '--conformance'];
const folder = join(root, 'build-kqueue');
const given = process.argv.slice(2).filter((argument) => !OPTIONS.includes(argument));
const tests = given.length > 0 ? given : SUITES;

/** Runs one of the other scripts over the binary, as this process' end. */
function run(script, args) {
  const env = { ...process.env, BERKELEY_BINARY: join(folder, 'build', 'Release', 'berkeley.node') };
  const command = [join(root, 'scripts', script), ...args];
  process.exitCode = spawnSync(process.execPath, command, { stdio: 'inherit', env }).status ?? 1;
}

if (process.argv.includes('--asan')) {
  run('asan.mjs', ['--kqueue', ...tests]);
} else {
  process.stdout.write('kqueue: compiling the addon\n');
  if (!buildAddon(folder, { kevent: 'test/kevent' })) process.exit(1);
  if (process.argv.includes('--conformance')) run('conformance.mjs', CONFORMANCE);
  else run('test.mjs', tests);
}
