// Wine 10, from the packages of Debian trixie, in a folder of the user's cache beside whatever this system is. Root only: its
// programs run in that folder as their root (chroot).
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { archives, aptIn, cached, fail, isRoot, KEYRING, run, say } from './windows_tools.mjs';

const RELEASE = 'trixie';
const PACKAGES = 'wine64 wine bash coreutils dash libc-bin base-passwd base-files procps'.split(' ');

/** Where Wine's own root has what is shared with it: C:, and the folder of Node, the binary and the tests. */
const HOME = '/root';
const SHARED = '/work';

function unpack(folder) {
  say('fetching Wine 10');
  const [uri] = archives({ plain: true })[0].split(' ');
  const options = aptIn(folder, [`deb [signed-by=${KEYRING}] ${uri} ${RELEASE} main`]);
  run('apt-get', [...options, 'update', '-q']);
  run('apt-get', [...options, 'install', '-y', '--download-only', '--no-install-recommends', ...PACKAGES]);
  const root = join(folder, 'root');
  for (const name of ['proc', 'dev', 'tmp', HOME, SHARED]) mkdirSync(join(root, name), { recursive: true });
  const found = readdirSync(join(folder, 'cache/archives')).filter((name) => name.endsWith('.deb'));
  const archive = (name) => join(folder, 'cache/archives', name);
  // First the package with the links of the root folder.
  found.sort((one, other) => Number(other.startsWith('base-files_')) - Number(one.startsWith('base-files_')));
  for (const name of found) {
    run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink', '_', archive(name), root]);
  }
  run('chroot', [root, '/sbin/ldconfig']);
  // What installs libwine takes zlib1.dll from another package; without it user32.dll does not load.
  const libwine = archive(found.find((name) => name.startsWith('libwine_')));
  run('sh', ['-c', 'dpkg-deb --ctrl-tarfile "$1" | tar -xO ./postinst > "$2"', '_', libwine, join(root, 'tmp/postinst')]);
  run('chroot', [root, '/bin/sh', '/tmp/postinst', 'configure']);
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0:root:${HOME}:/bin/bash\n`);
  for (const name of ['lists', 'cache', 'status', 'sources.list']) rmSync(join(folder, name), { recursive: true });
}

function isMounted(path) {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${path} `);
}

/** Names that the resolver and the databases need, as this system has them now. */
function copyNames(root) {
  for (const name of ['hosts', 'services', 'protocols']) {
    if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, join(root, 'etc', name));
  }
}

const ENVIRONMENT = {
  HOME,
  PATH: '/usr/lib/wine:/usr/bin:/bin',
  WINEPREFIX: `${HOME}/prefix`,
  WINEDEBUG: '-all',
  LANG: 'C.UTF-8',
  XDG_RUNTIME_DIR: '/tmp',
};

/** Wine, with `shared` (a folder of this machine) as its drive's folder C:\\…: see `path`. */
export class Wine {
  /** @param shared the folder of this machine that programs see as Z:\work */
  constructor(shared) {
    if (!isRoot()) fail('Wine runs in a folder of its own, which takes root');
    const folder = cached(`wine-10-${RELEASE}`, unpack);
    this.root = join(folder, 'root');
    for (const [from, to] of [
      ['/proc', 'proc'],
      ['/dev', 'dev'],
      [shared, SHARED],
    ]) {
      const target = join(this.root, to);
      if (isMounted(target) && to === SHARED) run('umount', ['-l', target]);
      if (!isMounted(target)) run('mount', ['--bind', from, target]);
    }
    copyNames(this.root);
    if (!existsSync(join(this.root, HOME, 'prefix/system.reg'))) this.#makePrefix();
  }

  #makePrefix() {
    say("making Wine's drive");
    this.runSync(['wineboot', '--init']);
    this.runSync(['winecfg', '-v', 'win10']);
    this.runSync(['wineboot', '-u']);
  }

  /** The command that runs a Windows program: for spawn. Its standard streams must be files: node.exe takes no pipes. */
  command(args, { cwd = SHARED, env = {} } = {}) {
    const variables = Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);
    const script = 'cd "$1" && shift && exec "$@"';
    return ['chroot', [this.root, '/usr/bin/env', '-i', ...variables, '/bin/bash', '-c', script, '_', cwd, '/usr/lib/wine/wine64', ...args]];
  }

  spawn(args, options, stdio) {
    return spawn(...this.command(args, options), { stdio });
  }

  runSync(args, options, stdio = 'ignore') {
    return spawnSync(...this.command(args, options), { stdio });
  }

  /** Keeps Wine's server between programs, whose start takes seconds. */
  startServer() {
    spawnSync('chroot', [this.root, '/usr/bin/env', '-i', ...Object.entries(ENVIRONMENT).map((each) => each.join('=')), '/usr/lib/wine/wineserver', '-p'], { stdio: 'ignore' });
  }

  stopServer() {
    spawnSync('chroot', [this.root, '/usr/bin/env', '-i', ...Object.entries(ENVIRONMENT).map((each) => each.join('=')), '/usr/lib/wine/wineserver', '-k'], { stdio: 'ignore' });
  }
}
