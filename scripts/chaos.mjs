// `npm run chaos -- [--seconds 60] [--seed N] [--life 150] [--tsan]`: threads that share, close and reuse descriptors and are terminated at
// random: see test/chaos/main.ts.
//
// --tsan: with the addon built under ThreadSanitizer, in a folder of its own (build-tsan/). Node.js is not instrumented;
// scripts/tsan.supp names what is its own. A report fails the run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildAddon, buildSelfTest, compiler, runtime } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--tsan');
const env = { ...process.env };

function fail(text) {
  process.stderr.write(`chaos: ${text}\n`);
  process.exit(1);
}

if (process.argv.includes('--tsan')) {
  const folder = join(root, 'build-tsan');
  process.stdout.write('chaos: compiling the addon with ThreadSanitizer\n');
  if (!buildAddon(folder, { sanitize: 'thread' })) fail('the addon did not compile; the compiler says above why.');
  const library = runtime('libtsan.so');
  if (library === null) fail(`${compiler} has no libtsan.so; Debian's package libtsan2 (or the like) brings it.`);
  env.LD_PRELOAD = library;
  env.TSAN_OPTIONS = [
    `suppressions=${join(root, 'scripts', 'tsan.supp')}`,
    'exitcode=66',
    'halt_on_error=0',
    'report_signal_unsafe=0',
  ].join(':');
  env.BERKELEY_BINARY = join(folder, 'build', 'Release', 'berkeley.node');
  // All is several times slower.
  if (!args.includes('--life')) args.push('--life', '1000');
  checkThatRacesAreSeen(buildSelfTest(folder, 'thread') ?? fail('the self-test did not compile.'));
}

function checkThatRacesAreSeen(addon) {
  const script = `require(${JSON.stringify(addon)}).race()`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
  if (status === 0 || !stderr.includes('data race')) fail(`self-test: a race in an addon was not reported:\n${stderr}`);
  process.stdout.write('chaos: ThreadSanitizer sees a race in an addon; now ours\n');
}

const { status, signal } = spawnSync(process.execPath, [join(root, 'dist', 'test', 'chaos', 'main.js'), ...args], {
  cwd: root,
  env,
  stdio: 'inherit',
});
if (signal !== null) fail(`ended by ${signal}`);
process.exitCode = status ?? 1;
