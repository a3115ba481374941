// `npm run windows`: cross-builds the addon for Windows x64 with mingw-w64, into build/windows/Release. Compiles only what is
// stale.
//
// binding.gyp is what builds on Windows itself. The folders are the same: a port's files are in folders named `win`.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { provideOpenssl } from './openssl.mjs';
import { root } from './toolchain.mjs';
import { COMPILER, CROSS, fail, provideCommands, provideNode, run, say } from './windows_tools.mjs';

/** Where Node is built against: the oldest version that is supported has the fewest functions. */
const NODE_MAJOR = 20;
const OUT = join(root, 'build', 'windows');
/** The folder of the binary, as node-gyp has it. */
export const RELEASE = join(OUT, 'Release');
const BINARY = join(RELEASE, 'berkeley.node');

const FOLDERS = ['napi', 'napi/tls', 'napi/win', 'os/common', 'os/win', 'system/win'];
/** These alone see OpenSSL's headers, and not Node's. */
const TLS_FOLDERS = ['tls', 'tls/win'];

const FLAGS = [
  ...['-O2', '-std=c++17', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden'],
  // The format that the system's own functions print, and Windows 10 as the oldest system.
  ...['-D__USE_MINGW_ANSI_STDIO=0', '-D_WIN32_WINNT=0x0A00', '-DNTDDI_VERSION=0x0A000006'],
  ...['-DWIN32_LEAN_AND_MEAN', '-DNOMINMAX', '-DNAPI_VERSION=8', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
  ...['-DNODE_ADDON_API_DISABLE_DEPRECATED', '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS'],
];
const LIBRARIES = ['-ldelayimp', '-lws2_32', '-liphlpapi', '-lcrypt32', '-lgdi32', '-lntdll', '-ladvapi32', '-luser32'];
const JOBS = 2;

function digestOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function filesBelow(folder, filter) {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && filter(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** The headers of Node and libuv for Windows: node-gyp's own copies, or those that this Node came with. */
function nodeHeaders() {
  const folders = [join(process.execPath, '..', '..', 'include', 'node'), '/usr/include/node'];
  const found = folders.find((folder) => existsSync(join(folder, 'uv', 'win.h')));
  return found ?? fail("finds no headers of Node's beside Node");
}

/** An import library for what node.exe exports. It is loaded late, and from the program that runs, whatever its name is. */
function importLibrary() {
  const exe = provideNode(NODE_MAJOR);
  const folder = cached(`node-import-${NODE_MAJOR}`, (work) => {
    const exports = run(`${CROSS}-objdump`, ['-p', exe]).match(/\b(napi|node_api|uv)_[a-z0-9_]+$/gm);
    const names = [...new Set(exports)].sort();
    writeFileSync(join(work, 'node.def'), `LIBRARY node.exe\nEXPORTS\n${names.map((name) => `  ${name}\n`).join('')}`);
    run(`${CROSS}-dlltool`, ['-d', 'node.def', '-D', 'node.exe', '-y', 'libnode.a'], { cwd: work });
  });
  return folder;
}

function compile(source, object, flags) {
  return new Promise((resolve) => {
    const child = spawn(COMPILER, [...flags, '-c', source, '-o', object], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => resolve(code === 0));
  });
}

async function compileAll(tasks) {
  let failed = false;
  const next = async () => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const { source, object, flags, digest } = task;
      if (await compile(source, object, flags)) writeFileSync(`${object}.stamp`, digest);
      else failed = true;
    }
  };
  await Promise.all(Array.from({ length: JOBS }, next));
  if (failed) fail('the addon did not compile; the compiler says above why');
}

function readOr(file, otherwise) {
  return existsSync(file) ? readFileSync(file, 'utf8') : otherwise;
}

/** Builds the binary. */
export async function buildWindows() {
  provideCommands();
  const openssl = provideOpenssl('win32-x64');
  const node = importLibrary();
  const objects = join(OUT, 'objects');
  mkdirSync(objects, { recursive: true });
  const headers = filesBelow('native', (name) => name.endsWith('.h')).map((file) => readFileSync(file));
  const own = ['native', 'native/os', 'native/os/win'].map((folder) => `-I${join(root, folder)}`);
  const api = createRequire(import.meta.url)('node-addon-api').include_dir;
  const include = [...own, `-I${join(root, api)}`, `-I${nodeHeaders()}`];
  const groups = [
    [FOLDERS, [...FLAGS, ...include]],
    [TLS_FOLDERS, [...FLAGS, `-I${join(root, 'native')}`, `-I${join(openssl, 'include')}`]],
  ];
  const tasks = [];
  const all = [];
  for (const [folders, flags] of groups) {
    for (const folder of folders) {
      const sources = readdirSync(join(root, 'native', folder)).filter((name) => name.endsWith('.cc'));
      for (const name of sources) {
        const source = join(root, 'native', folder, name);
        const object = join(objects, `${folder.replaceAll('/', '_')}_${basename(name, '.cc')}.o`);
        const digest = digestOf([...flags, readFileSync(source), ...headers]);
        all.push(object);
        if (!existsSync(object) || readOr(`${object}.stamp`, '') !== digest)
          tasks.push({ source, object, flags, digest });
      }
    }
  }
  if (tasks.length > 0) say(`compiling ${tasks.length} files of the addon`);
  const stale = tasks.length > 0 || !existsSync(BINARY);
  await compileAll(tasks);
  if (!stale) return;
  mkdirSync(RELEASE, { recursive: true });
  const link = [
    '-shared',
    '-static',
    '-s',
    '-o',
    BINARY,
    ...all,
    `-L${openssl}`,
    '-lssl',
    '-lcrypto',
    `-L${node}`,
    '-lnode',
  ];
  run(COMPILER, [...link, ...LIBRARIES]);
  say(`built ${BINARY.slice(root.length + 1)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWindows();
