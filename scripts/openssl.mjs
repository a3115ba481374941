// OpenSSL as static libraries for other systems, built from Debian's source package, whose version is that of the libssl-dev here: the
// one that a build on this system links. Kept in the user's cache folder, one for each version and target.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { aptIn, archives, CROSS, KEYRING, run } from './windows_tools.mjs';
import { provideZig } from './zig.mjs';

const OPTIONS = ['no-shared', 'no-tests', 'no-engine', 'no-dso', 'no-legacy'];

/** zig's compiler as make wants it. None of OpenSSL's symbols is seen outside. */
function byZig(triple, name, further = []) {
  const zig = provideZig();
  const flags = ['-fPIC', '-fvisibility=hidden', '-fno-sanitize=undefined', ...further];
  const tools = { CC: `${zig} cc -target ${triple}`, AR: `${zig} ar`, RANLIB: `${zig} ranlib` };
  // Where Debian, Ubuntu, Alpine, Arch and macOS have their certificates: lib/ssl/certificates.ts knows the others' places.
  return { name, flags, tools, places: { OPENSSLDIR: '/etc/ssl', MODULESDIR: '/usr/lib/ossl-modules' } };
}

function byMingw(name) {
  const tools = { CC: `${CROSS}-gcc-posix`, AR: `${CROSS}-ar`, RANLIB: `${CROSS}-ranlib`, RC: `${CROSS}-windres` };
  // Folders that only an administrator can write to. (OpenSSL's own default for a build on this system, /usr/local, would
  // be a folder of C: that anybody can create.)
  const places = {
    OPENSSLDIR: 'C:/Program Files/Common Files/SSL',
    MODULESDIR: 'C:/Program Files/OpenSSL/lib/ossl-modules',
  };
  return { name, flags: [], tools, places };
}

/** zig has no headers of Apple's CommonCrypto: random bytes are getentropy's. */
const DARWIN = ['-DOPENSSL_NO_APPLE_CRYPTO_RANDOM'];

/** By the names that prebuildify gives: `name` is OpenSSL's for the system. */
const TARGETS = {
  'linux-x64-glibc': () => byZig('x86_64-linux-gnu.2.28', 'linux-x86_64'),
  'linux-x64-musl': () => byZig('x86_64-linux-musl', 'linux-x86_64'),
  'linux-arm64-glibc': () => byZig('aarch64-linux-gnu.2.28', 'linux-aarch64'),
  'linux-arm64-musl': () => byZig('aarch64-linux-musl', 'linux-aarch64'),
  'darwin-x64': () => byZig('x86_64-macos.11.0', 'darwin64-x86_64-cc', DARWIN),
  'darwin-arm64': () => byZig('aarch64-macos.11.0', 'darwin64-arm64-cc', DARWIN),
  'win32-x64': () => byMingw('mingw64'),
};

/** The version of Debian's source package: the one that the Linux binary is linked with. */
export function opensslVersion() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own
  return run('dpkg-query', ['-W', '-f', '${source:Version}', 'libssl-dev']).trim();
}

const fileName = (version) => version.replaceAll(/[^\w.-]/g, '_');

/** The folder with OpenSSL's own archive, `openssl.tar`: Debian's patches are for Debian. apt-get checks it against Debian's signed list. */
function provideSource(version) {
  return cached(`openssl-${fileName(version)}-source`, (folder) => {
    const lines = archives().map((row) => {
      const [uri, release, component] = row.split(' ');
      return `deb-src [signed-by=${KEYRING}] ${uri} ${release} ${component}`;
    });
    const options = aptIn(folder, lines);
    run('apt-get', [...options, 'update', '-q']);
    run('apt-get', [...options, 'source', '-q', '--tar-only', `openssl=${version}`], { cwd: folder });
    const archive = readdirSync(folder).find((name) => /\.orig\.tar\.\w+$/.test(name));
    renameSync(join(folder, archive), join(folder, 'openssl.tar'));
    run('tar', ['-xf', 'openssl.tar', '--strip-components=1', '--wildcards', '*/LICENSE.txt'], { cwd: folder });
    for (const name of readdirSync(folder)) {
      if (!['openssl.tar', 'LICENSE.txt'].includes(name)) rmSync(join(folder, name), { recursive: true });
    }
  });
}

/** The file of OpenSSL's licence, which goes with its code. */
export function opensslLicence() {
  return join(provideSource(opensslVersion()), 'LICENSE.txt');
}

function build(folder, version, { name, flags, tools, places }) {
  const cwd = join(folder, 'source');
  mkdirSync(cwd);
  run('tar', ['-xf', join(provideSource(version), 'openssl.tar'), '-C', cwd, '--strip-components=1']);
  run('perl', ['Configure', name, ...OPTIONS, ...flags], { cwd, env: { ...process.env, ...tools } });
  const variables = Object.entries(places).map(([variable, value]) => `${variable}=${value}`);
  run('make', ['-j2', ...variables, 'build_generated'], { cwd });
  run('make', ['-j2', ...variables, 'libcrypto.a', 'libssl.a'], { cwd });
  for (const part of ['include', 'libcrypto.a', 'libssl.a']) renameSync(join(cwd, part), join(folder, part));
  rmSync(cwd, { recursive: true });
}

/** The folder of OpenSSL's headers (include/) and static libraries for a target: "linux-x64-musl". */
export function provideOpenssl(target) {
  const version = opensslVersion();
  const how = TARGETS[target]();
  const digest = createHash('sha256')
    .update(JSON.stringify([version, OPTIONS, how]))
    .digest('hex')
    .slice(0, 12);
  return cached(`openssl-${fileName(version)}-${target}-${digest}`, (folder) => {
    process.stdout.write(`openssl: building ${version} for ${target}, which takes some minutes\n`);
    build(folder, version, how);
  });
}
