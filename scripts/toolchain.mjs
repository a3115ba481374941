// What compiling the addon takes: which tools, which package brings each, and the call of node-gyp.
// It is part of the published package (scripts/install.mjs uses it), so it knows Node's own modules only.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const OLDEST_NODE = [20, 19];

/** Compiler jobs at a time: more would need more memory than a small machine has. */
const JOBS = 2;

/** The package managers we can name a command for: the command, then what each tool's package is called there. */
const PACKAGE_MANAGERS = {
  'apt-get': {
    install: ['apt-get', 'install', '-y', '--no-install-recommends'],
    compiler: 'g++',
    make: 'make',
    python: 'python3',
    openssl: 'libssl-dev',
  },
  dnf: {
    install: ['dnf', 'install'],
    compiler: 'gcc-c++',
    make: 'make',
    python: 'python3',
    openssl: 'openssl-devel openssl-static',
  },
  apk: {
    install: ['apk', 'add'],
    compiler: 'g++',
    make: 'make',
    python: 'python3',
    openssl: 'openssl-dev openssl-libs-static linux-headers',
  },
  // The compiler and make are Xcode's command line tools, which brew itself needs.
  brew: { install: ['brew', 'install'], compiler: 'llvm', make: 'make', python: 'python3', openssl: 'openssl@3' },
  // The compiler and OpenSSL are of the base system.
  pkg: { install: ['pkg', 'install', '-y'], compiler: 'llvm', make: 'gmake', python: 'python3', openssl: 'openssl' },
};

/** True if PATH has an executable of that name. */
export function hasCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why this Node is too old, or null. */
export function oldNode(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return null;
  return `berkeley needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${version}.`;
}

const COMPILER = process.env.CXX || (process.platform === 'linux' ? 'g++' : 'c++');
/** node-gyp's: GNU's. */
const MAKE = process.platform.endsWith('bsd') ? 'gmake' : 'make';

/** Whether the C++ compiler takes this program, up to where `flags` say. The compiler is the one that node-gyp uses. */
function compiles(source, flags) {
  const command = `${COMPILER} -std=c++17 -x c++ - ${flags}`;
  return spawnSync(command, { shell: true, input: source, stdio: 'pipe' }).status === 0;
}

/** Whether OpenSSL can be compiled against and linked statically; needed only if binding.gyp says so. */
function hasOpenssl() {
  if (!readFileSync(join(root, 'binding.gyp'), 'utf8').includes('-lssl')) return true;
  if (process.platform === 'darwin') {
    const { stdout, status } = spawnSync('brew', ['--prefix', 'openssl@3'], { encoding: 'utf8' });
    return status === 0 && existsSync(join(stdout.trim(), 'lib', 'libssl.a'));
  }
  const program = '#include <openssl/ssl.h>\nint main() { return SSL_CTX_new(TLS_method()) == nullptr; }\n';
  return compiles(program, '-o /dev/null -Wl,-Bstatic -lssl -lcrypto -Wl,-Bdynamic -ldl -pthread');
}

/** What is missing for the compilation: `[key, what a person calls it]` pairs; empty if nothing is. */
export function missingTools() {
  const missing = [];
  const compiler = compiles('#include <optional>\nstd::optional<int> one = 1;\n', '-fsyntax-only');
  if (!compiler) missing.push(['compiler', 'a C++17 compiler']);
  if (!hasCommand(MAKE)) missing.push(['make', MAKE]);
  if (!hasCommand('python3')) missing.push(['python', 'python3']);
  // Without a compiler nobody can tell: then it is named besides, and costs nothing where it is there already.
  if (!compiler || !hasOpenssl()) missing.push(['openssl', "OpenSSL's headers and static libraries"]);
  return missing;
}

/** The command that installs what is missing, as an argument list; null on a system whose packages we do not know. */
export function installCommand(missing) {
  const manager = Object.keys(PACKAGE_MANAGERS).find(hasCommand);
  if (manager === undefined) return null;
  const names = PACKAGE_MANAGERS[manager];
  return [...names.install, ...missing.flatMap(([key]) => names[key].split(' '))];
}

/** One paragraph for a person: what is missing, and the command that installs it. */
export function describeMissing(missing) {
  const what = missing.map(([, name]) => name).join(', ');
  const command = installCommand(missing);
  if (command === null) return `berkeley needs ${what} to compile its addon. Please install that first.`;
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `berkeley needs ${what} to compile its addon. Install with:\n\n    ${sudo}${command.join(' ')}\n`;
}

/** node-gyp: our own development dependency, or the one that npm ships and names to install scripts. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return process.env.npm_config_node_gyp ?? null;
  }
}

/** `--nodedir` if Node's headers lie beside Node, so that node-gyp need not download them. */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const headers = join(prefix, 'include', 'node');
  const complete = ['node_api.h', 'common.gypi'].every((file) => existsSync(join(headers, file)));
  return complete ? [`--nodedir=${prefix}`] : [];
}

/** What a binary depends on besides its sources. */
export function buildFacts(variables) {
  // OpenSSL is linked statically: a new version of it asks for a new binary.
  const openssl = '/usr/include/openssl/opensslv.h';
  return {
    architecture: process.arch,
    variables,
    compiler: [process.env.CXX, process.env.CXXFLAGS, process.env.LDFLAGS],
    openssl: existsSync(openssl) ? readFileSync(openssl, 'utf8') : null,
  };
}

/** make looks at the dates of files alone: another compiler is nothing to it, nor is a new library of an older date. */
function removeOutdated(folder, variables) {
  const build = join(folder, 'build');
  const note = join(build, 'facts.json');
  const facts = JSON.stringify(buildFacts(variables));
  if (existsSync(note) && readFileSync(note, 'utf8') === facts) return;
  rmSync(build, { recursive: true, force: true });
  mkdirSync(build, { recursive: true });
  writeFileSync(note, facts);
}

/**
 * Configure and compile the addon whose binding.gyp lies in `folder`, into `folder`/build/Release. `variables` go to
 * gyp (`{ sanitize: 1 }`). Prints what the compiler prints. Returns node-gyp's exit status.
 */
export function compileAddon(folder, variables = {}) {
  const nodeGyp = findNodeGyp();
  const [command, first] = nodeGyp === null ? ['node-gyp', []] : [process.execPath, [nodeGyp]];
  const defines = Object.entries(variables).map(([name, value]) => `-D${name}=${value}`);
  const options = ['--loglevel=warn', `--jobs=${JOBS}`, ...nodeHeaders()];
  removeOutdated(folder, variables);
  for (const step of [
    ['configure', ...options, '--', ...defines],
    ['build', ...options],
  ]) {
    const run = spawnSync(command, [...first, ...step], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
    if (run.error) process.stderr.write(`${command}: ${run.error.message}\n`);
    if (run.status !== 0) return run.status ?? 1;
  }
  return 0;
}
