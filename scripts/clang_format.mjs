// Formats the C and C++ files of the repository (.clang-format), or with --check names those that are not formatted.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './toolchain.mjs';

const { getNativeBinary } = createRequire(import.meta.url)('clang-format');

const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.c', '*.cc', '*.h'], {
  cwd: root,
  encoding: 'utf8',
});
// A file that was moved is in git's list until the move is committed.
const files = listed.stdout.split('\n').filter((file) => file !== '' && existsSync(join(root, file)));
const mode = process.argv.includes('--check') ? ['--dry-run', '--Werror'] : ['-i'];
const { status, error } = spawnSync(getNativeBinary(), [...mode, ...files], { cwd: root, stdio: 'inherit' });
if (error) process.stderr.write(`clang-format: ${error.message}\n`);
process.exitCode = status ?? 1;
