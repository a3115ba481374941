// `npm run chaos -- [--seconds 60] [--seed N] [--life 150] [--tsan]`: threads that share, close and reuse descriptors and are terminated at
// random: see test/chaos/main.ts.
//
// --tsan: with the addon built under ThreadSanitizer, whose reports fail the run.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { underThreadSanitizer } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

const args = process.argv.slice(2).filter((arg) => arg !== '--tsan');
const env = { ...process.env };

if (process.argv.includes('--tsan')) {
  Object.assign(env, underThreadSanitizer('chaos'));
  // All is several times slower.
  if (!args.includes('--life')) args.push('--life', '1000');
}

const { status, signal } = spawnSync(process.execPath, [join(root, 'dist', 'test', 'chaos', 'main.js'), ...args], {
  cwd: root,
  env,
  stdio: 'inherit',
});
if (signal !== null) {
  process.stderr.write(`chaos: ended by ${signal}\n`);
  process.exit(1);
}
process.exitCode = status ?? 1;
