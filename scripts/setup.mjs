// Makes a clone ready to run: npm dependencies, the addon, the compiled TypeScript. Does only what is stale, so that it
// costs a few milliseconds when nothing changed. `npm start`, `npm test` and the others run it first.
//   node scripts/setup.mjs [--debug]      --debug: the addon without optimization, for a debugger (`npm run build:debug`)
// It knows Node's own modules only: before its first step there is nothing else.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeConstants } from './constants.mjs';
import {
  buildFacts,
  compileAddon,
  describeMissing,
  hasCommand,
  installCommand,
  missingTools,
  oldNode,
  root,
} from './toolchain.mjs';

/** What binding.gyp is told besides. */
const VARIABLES = process.argv.includes('--debug') ? { debuggable: 1 } : {};

const TYPESCRIPT_FOLDERS = ['lib', 'test', 'bench', 'scripts'];

function say(text) {
  process.stdout.write(`setup: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) process.stderr.write(`${command}: ${error.message}\n`);
  return status === 0;
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8'));
  } catch {
    return null;
  }
}

/** Every file below a folder that passes the filter, as sorted paths relative to the root. */
function filesBelow(folder, filter) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && filter(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}

/** A digest of names and contents, and of `facts` that the result depends on besides. */
function digest(files, facts) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** Do `work`, which ends this process if it fails, unless the stamp in `folder` says that it was done for the same. */
function once(folder, wanted, work) {
  const stamp = join(root, folder, '.stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(stamp, { force: true });
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

// ---- npm dependencies

/** npm notes what it installed in a lock file of its own; it must have all that ours asks for, optional things apart. */
function dependenciesStale() {
  const locked = readJson('package-lock.json')?.packages;
  const installed = readJson('node_modules/.package-lock.json')?.packages;
  if (!installed) return true;
  if (!locked) return !existsSync(join(root, 'node_modules', 'typescript'));
  return Object.entries(locked).some(
    ([path, { version, optional }]) => path !== '' && !optional && installed[path]?.version !== version,
  );
}

function installDependencies() {
  if (!dependenciesStale()) return;
  say('installing the npm dependencies');
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  // No install scripts: of all packages only ours has one that matters, and the next step does its work.
  if (!run('npm', [command, '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])) {
    fail('setup: npm could not install the dependencies; it says above why.');
  }
}

// ---- the addon

function provideTools() {
  const missing = missingTools();
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !hasCommand('apt-get')) fail(describeMissing(missing));
  const [command, ...args] = installCommand(missing);
  say(`installing ${missing.map(([, name]) => name).join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run(command, ['update', '-qq'], env);
  run(command, ['-qq', ...args], env);
  const still = missingTools();
  if (still.length > 0) fail(describeMissing(still));
}

function buildAddon() {
  const sources = ['binding.gyp', ...filesBelow('native', () => true)];
  once('build', digest(sources, buildFacts(VARIABLES)), () => {
    provideTools();
    say('compiling the addon');
    if (compileAddon(root, VARIABLES) !== 0) fail('setup: the addon did not compile; the compiler says above why.');
  });
}

// ---- TypeScript

/** What an earlier run compiled from sources that are gone would still be run as a test. */
function removeOrphans() {
  for (const folder of TYPESCRIPT_FOLDERS) {
    for (const file of filesBelow(join('dist', folder), () => true)) {
      const source = file.slice('dist/'.length).replace(/(\.d)?\.c?(js|ts)$/, '.ts');
      if (!existsSync(join(root, source))) rmSync(join(root, file));
    }
  }
}

function buildTypeScript() {
  const sources = TYPESCRIPT_FOLDERS.flatMap((folder) => filesBelow(folder, (name) => name.endsWith('.ts')));
  const facts = { typescript: readJson('node_modules/typescript/package.json')?.version };
  once(
    'dist',
    digest(['package.json', 'tsconfig.json', 'scripts/bundle.mjs', 'scripts/commonjs.mjs', ...sources], facts),
    () => {
      say('compiling the TypeScript');
      removeOrphans();
      if (!run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'])) {
        fail('setup: the TypeScript has errors.');
      }
      for (const script of ['bundle.mjs', 'commonjs.mjs']) {
        if (!run(process.execPath, [join('scripts', script)])) fail(`setup: scripts/${script} has failed.`);
      }
    },
  );
}

const tooOld = oldNode();
if (tooOld !== null) fail(tooOld);
installDependencies();
writeConstants();
buildAddon();
buildTypeScript();
