// `npm run test:tsan`: the suites with threads, TLS and awaited calls, with the addon built under ThreadSanitizer, in a folder of its
// own (build-tsan/). Node.js is not instrumented; scripts/tsan.supp names what is its own. A report fails the run. Arguments go
// to AVA.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { underThreadSanitizer } from './sanitizers.mjs';
import { root } from './toolchain.mjs';

const SUITES = [
  ...['asyncio', 'event', 'select', 'socket', 'ssl', 'wait'].map((folder) => `dist/test/${folder}/test_*.js`),
  // It looks on by itself: npm run chaos -- --tsan.
  '!dist/test/socket/test_chaos.js',
];
const reports = join(root, 'build-tsan', 'reports');
rmSync(reports, { recursive: true, force: true });
const env = { ...process.env, ...underThreadSanitizer('tsan', reports) };
mkdirSync(reports, { recursive: true });

const given = process.argv.slice(2);
const suite = [join(root, 'scripts', 'test.mjs'), '--timeout=10m', ...(given.length > 0 ? given : SUITES)];
const { status } = spawnSync(process.execPath, suite, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
const found = existsSync(reports) ? readdirSync(reports) : [];
for (const name of found) process.stderr.write(`\n${name}\n${readFileSync(join(reports, name), 'utf8')}\n`);
if (found.length > 0) process.stderr.write('tsan: ThreadSanitizer reported the above.\n');
process.exitCode = found.length > 0 ? 1 : (status ?? 1);
