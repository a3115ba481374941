// `npm run prebuild:all`: the binaries that the package brings, for every system that this machine can build for, into prebuilds/,
// with the names by which node-gyp-build finds them. zig builds for Linux (glibc 2.28 and newer; musl) and macOS, mingw-w64 for
// Windows. OpenSSL is in each of them. Each is checked: what it is built for, what it imports and exports, how large it is.
//   node scripts/prebuild.mjs [linux-x64-glibc …]
import { copyFileSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from './binaries.mjs';
import { writeConstants } from './constants.mjs';
import { opensslLicence, opensslVersion, provideOpenssl } from './openssl.mjs';
import { root } from './toolchain.mjs';
import { compileFor, linkFor } from './zig.mjs';

const OUT = join(root, 'build', 'prebuild');
const PREBUILDS = join(root, 'prebuilds');
/** The oldest glibc with which Node.js 20 runs. */
const OLDEST_GLIBC = '2.28';
const LARGEST = 9 << 20;
/** What Node.js looks for in an addon. */
const EXPORTED = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const linux = (cpu, libc) => ({
  build: (name) => byZig(name, `${cpu}-linux-${libc === 'musl' ? 'musl' : `gnu.${OLDEST_GLIBC}`}`, 'linux'),
  file: `linux-${cpu === 'x86_64' ? 'x64' : 'arm64'}/berkeley.${libc}.node`,
  architecture: `elf ${cpu}`,
});
const darwin = (cpu, arch) => ({
  build: (name) => byZig(name, `${cpu}-macos.11.0`, 'mac'),
  file: `darwin-${arch}/berkeley.node`,
  architecture: `mach-o ${cpu}`,
});

const TARGETS = {
  'linux-x64-glibc': linux('x86_64', 'glibc'),
  'linux-x64-musl': linux('x86_64', 'musl'),
  'linux-arm64-glibc': linux('aarch64', 'glibc'),
  'linux-arm64-musl': linux('aarch64', 'musl'),
  'darwin-x64': darwin('x86_64', 'x64'),
  'darwin-arm64': darwin('aarch64', 'arm64'),
  'win32-x64': { build: byMingw, file: 'win32-x64/berkeley.node', architecture: 'pe x86_64' },
};

function say(text) {
  process.stdout.write(`prebuild: ${text}\n`);
}

function fail(text) {
  process.stderr.write(`prebuild: ${text}\n`);
  process.exit(1);
}

function byZig(name, triple, os) {
  const openssl = provideOpenssl(name);
  const folder = join(OUT, name);
  let count = 0;
  const objects = compileFor(triple, os, folder, {
    openssl: join(openssl, 'include'),
    flags: ['-O2', '-fPIC', '-fno-sanitize=undefined'],
    say: (source) => say(`${name}: ${++count} ${source}`),
  });
  const libraries = ['libssl.a', 'libcrypto.a'].map((each) => join(openssl, each));
  const binary = join(folder, 'berkeley.node');
  linkFor(triple, [...objects, ...libraries], binary, [...linkFlags(os, folder), '-s']);
  return binary;
}

function linkFlags(os, folder) {
  // Node's functions are left open. OpenSSL's are there, or the check of imports finds them.
  if (os === 'mac') return ['-Wl,-undefined,dynamic_lookup'];
  const script = join(folder, 'exports.map');
  writeFileSync(script, `{ global: ${EXPORTED.map((each) => `${each}; `).join('')}local: *; };\n`);
  return [`-Wl,--version-script=${script}`, '-Wl,-Bsymbolic', '-Wl,-z,nodelete', '-ldl', '-pthread'];
}

async function byMingw() {
  const { buildWindows, RELEASE } = await import('./windows.mjs');
  await buildWindows();
  return join(RELEASE, 'berkeley.node');
}

const newer = (version, than) => version.localeCompare(than, 'en', { numeric: true }) > 0;
const isOpenssl = (name) => /^_?(SSL|X509|EVP|BIO|CRYPTO|ERR|OPENSSL|PEM|ASN1|OSSL|RAND)_/.test(name);

/** What is wrong with a binary, in lines. */
function faults(binary, architecture) {
  const found = describe(binary);
  const size = statSync(binary).size;
  const wrong = [];
  if (found.architecture !== architecture) wrong.push(`it is for ${found.architecture}`);
  const strangers = found.exports.filter((each) => !EXPORTED.includes(each.replace(/^_/, '')));
  if (architecture.startsWith('elf') && strangers.length > 0)
    wrong.push(`it exports ${strangers.slice(0, 9).join(', ')}`);
  // On macOS, OpenSSL's functions in assembly are exported; there nobody else's calls are bound to them (two-level namespaces).
  const borrowed = found.imports.filter(isOpenssl);
  if (borrowed.length > 0) wrong.push(`it takes OpenSSL from elsewhere: ${borrowed.slice(0, 9).join(', ')}`);
  const open = found.imports.filter((each) => each.includes('berkeley'));
  if (open.length > 0) wrong.push(`nothing defines ${open.join(', ')}`);
  if (found.glibc !== null && newer(found.glibc, OLDEST_GLIBC)) wrong.push(`it needs glibc ${found.glibc}`);
  if (size > LARGEST) wrong.push(`it has ${size} bytes`);
  return {
    wrong,
    told: `${found.architecture}, ${(size / 2 ** 20).toFixed(1)} MiB${found.glibc ? `, glibc ${found.glibc}` : ''}`,
  };
}

writeConstants();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in TARGETS));
if (unknown.length > 0) fail(`no target ${unknown.join(', ')}; there are ${Object.keys(TARGETS).join(', ')}`);
if (wanted.length === 0) rmSync(PREBUILDS, { recursive: true, force: true });
for (const name of wanted.length > 0 ? wanted : Object.keys(TARGETS)) {
  const { build, file, architecture } = TARGETS[name];
  const binary = await build(name);
  const { wrong, told } = faults(binary, architecture);
  if (wrong.length > 0) fail(`${name}: ${wrong.join('; ')}`);
  mkdirSync(join(PREBUILDS, file, '..'), { recursive: true });
  copyFileSync(binary, join(PREBUILDS, file));
  say(`${file}: ${told}`);
}
copyFileSync(opensslLicence(), join(PREBUILDS, 'LICENSE.openssl.txt'));
writeFileSync(
  join(PREBUILDS, 'README.md'),
  `The binaries are linked with OpenSSL ${opensslVersion()} (Debian's source package, without Debian's patches), whose licence is
LICENSE.openssl.txt. \`npm run prebuild:all\` makes them.\n`,
);
