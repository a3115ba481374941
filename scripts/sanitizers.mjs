// What the runs under sanitizers have in common: an instrumented addon in a folder of its own, and the run-time library that
// is loaded before Node.js, which is not instrumented.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileAddon, root } from './toolchain.mjs';

export const compiler = process.env.CXX || 'g++';

/**
 * Builds an addon of another kind, as binding.gyp's variables say (`{ sanitize: 'address' }`, what -fsanitize= takes). node-gyp
 * builds beside binding.gyp: links stand for the rest.
 */
export function buildAddon(folder, variables) {
  mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json', 'test']) {
    if (!existsSync(join(folder, name))) symlinkSync(join(root, name), join(folder, name));
  }
  return compileAddon(folder, variables) === 0;
}

/** Where the compiler keeps a sanitizer's run-time library; null: it has none. */
export function runtime(name) {
  const { stdout } = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = (stdout ?? '').trim();
  // A compiler that lacks the file prints the bare name.
  return path.includes('/') ? path : null;
}

/** Builds the addon whose functions each have a defect, and returns its path; null: it did not compile. */
export function buildSelfTest(folder, sanitize) {
  const addon = join(folder, 'selftest.node');
  const flags = '-std=c++17 -shared -fPIC -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined'.split(' ');
  const headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  const source = join(root, 'scripts', 'sanitizers_selftest.cc');
  const args = [...flags, `-fsanitize=${sanitize}`, `-I${headers}`, source, '-o', addon];
  return spawnSync(compiler, args, { stdio: 'inherit' }).status === 0 ? addon : null;
}

/**
 * Builds the addon under ThreadSanitizer (build-tsan/), and sees that it sees a race in an addon: the environment of the processes
 * that shall be looked at. `who` runs it. What it reports goes to standard error, or into the folder `reports`.
 */
export function underThreadSanitizer(who, reports = null) {
  const say = (text) => process.stdout.write(`${who}: ${text}\n`);
  const fail = (text) => {
    process.stderr.write(`${who}: ${text}\n`);
    process.exit(1);
  };
  const folder = join(root, 'build-tsan');
  say('compiling the addon with ThreadSanitizer');
  if (!buildAddon(folder, { sanitize: 'thread' })) fail('the addon did not compile; the compiler says above why.');
  const library = runtime('libtsan.so');
  if (library === null) fail(`${compiler} has no libtsan.so; Debian's package libtsan2 (or the like) brings it.`);
  const options = [
    `suppressions=${join(root, 'scripts', 'tsan.supp')}`,
    'exitcode=66',
    'halt_on_error=0',
    'report_signal_unsafe=0',
  ];
  const env = { LD_PRELOAD: library, TSAN_OPTIONS: options.join(':') };
  const addon = buildSelfTest(folder, 'thread') ?? fail('the self-test did not compile.');
  const { status, stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(addon)}).race()`], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status === 0 || !stderr.includes('data race')) fail(`self-test: a race in an addon was not reported:\n${stderr}`);
  say('ThreadSanitizer sees a race in an addon; now ours');
  if (reports !== null) env.TSAN_OPTIONS += `:log_path=${join(reports, 'report')}`;
  return { ...env, BERKELEY_BINARY: join(folder, 'build', 'Release', 'berkeley.node') };
}
