// Wine 10, from the packages of Debian trixie, in a folder of the user's cache beside whatever this system is. Root only: its
// programs run in that folder as their root (chroot).
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { aptIn, archives, fail, isRoot, KEYRING, provideNode, run, say } from './windows_tools.mjs';

const RELEASE = 'trixie';
const PACKAGES = 'wine64 wine bash coreutils dash libc-bin base-passwd base-files procps'.split(' ');

/** Where Wine's own root has what is shared with it: C:, and the folder of Node, the binary and the tests. */
const HOME = '/root';
const SHARED = '/clone';

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
    run('sh', [
      '-c',
      'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink',
      '_',
      archive(name),
      root,
    ]);
  }
  run('chroot', [root, '/sbin/ldconfig']);
  // What installs libwine takes zlib1.dll from another package; without it user32.dll does not load.
  const libwine = archive(found.find((name) => name.startsWith('libwine_')));
  run('sh', [
    '-c',
    'dpkg-deb --ctrl-tarfile "$1" | tar -xO ./postinst > "$2"',
    '_',
    libwine,
    join(root, 'tmp/postinst'),
  ]);
  run('chroot', [root, '/bin/sh', '/tmp/postinst', 'configure']);
  writeFileSync(join(root, 'etc/passwd'), `root:x:0:0:root:${HOME}:/bin/bash\n`);
  for (const name of ['lists', 'cache', 'status', 'sources.list']) rmSync(join(folder, name), { recursive: true });
}

const namespace = () => readlinkSync('/proc/self/ns/mnt');

/** Whether what this process mounts is seen by itself and its children alone. */
function hasOwnMounts() {
  return process.env.BERKELEY_OUTER_MOUNTS !== undefined && process.env.BERKELEY_OUTER_MOUNTS !== namespace();
}

/**
 * Runs this program again where nobody else sees what it mounts, and ends with its status; there it does nothing. A clone and
 * /dev that everybody saw in the cache folder would be emptied with it.
 */
export function moveToOwnMounts() {
  if (hasOwnMounts()) return;
  if (!isRoot()) fail('Wine runs in a folder of its own, which takes root');
  const env = { ...process.env, BERKELEY_OUTER_MOUNTS: namespace() };
  const again = ['--mount', process.execPath, ...process.argv.slice(1)];
  process.exit(spawnSync('unshare', again, { stdio: 'inherit', env }).status ?? 1);
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
  BERKELEY_WINE: '1',
  LANG: 'C.UTF-8',
  XDG_RUNTIME_DIR: '/tmp',
};

/** The folder of this machine that programs see as Z:\clone is `shared`. */
export class Wine {
  /**
   * @param shared the clone
   * @param instead folders in it that are others there
   */
  constructor(shared, instead = {}) {
    if (!hasOwnMounts()) fail('moveToOwnMounts comes first');
    const folder = cached(`wine-10-${RELEASE}`, unpack);
    this.root = join(folder, 'root');
    this.#share('/proc', 'proc');
    this.#share('/dev', 'dev');
    this.#share(shared, SHARED);
    for (const [place, folder] of Object.entries(instead)) this.#share(folder, join(SHARED, place));
    copyNames(this.root);
    if (!existsSync(join(this.root, HOME, 'prefix/system.reg'))) this.#makePrefix();
  }

  /** Makes a folder of this machine's the folder `to` of Wine's root. */
  #share(from, to) {
    const target = join(this.root, to);
    mkdirSync(target, { recursive: true });
    run('mount', ['--bind', from, target]);
  }

  #makePrefix() {
    say("making Wine's drive");
    this.run(['wineboot', '--init']);
    this.run(['winecfg', '-v', 'win10']);
  }

  /** node.exe of a major version, as Wine sees it. */
  node(major) {
    const target = join(this.root, 'node', String(major));
    mkdirSync(target, { recursive: true });
    const file = join(target, 'node.exe');
    if (!existsSync(file)) copyFileSync(provideNode(major), file);
    return `Z:\\node\\${major}\\node.exe`;
  }

  #command(program, args, { cwd = SHARED, env = {} }) {
    const variables = Object.entries({ ...ENVIRONMENT, ...env }).map(([name, value]) => `${name}=${value}`);
    const script = 'cd "$1" && shift && exec "$@"';
    return [
      'chroot',
      [this.root, '/usr/bin/env', '-i', ...variables, '/bin/bash', '-c', script, '_', cwd, program, ...args],
    ];
  }

  /** Starts a Windows program. Its standard streams must be files, or none: node.exe takes no pipes from this side. */
  spawn(args, stdio, options = {}) {
    return spawn(...this.#command('/usr/lib/wine/wine64', args, options), { stdio });
  }

  /** Runs a Windows program to its end. */
  run(args, stdio = 'ignore', options = {}) {
    return spawnSync(...this.#command('/usr/lib/wine/wine64', args, options), { stdio });
  }

  /** Keeps Wine's server between programs: its start takes seconds. One that was left behind sees the mounts of others. */
  startServer() {
    this.stopServer();
    spawnSync(...this.#command('/usr/lib/wine/wineserver', ['-p'], {}), { stdio: 'ignore' });
  }

  stopServer() {
    spawnSync(...this.#command('/usr/lib/wine/wineserver', ['-k'], {}), { stdio: 'ignore' });
  }

  /** The processes in Wine's root whose command line has all of these texts. */
  processes(...texts) {
    return readdirSync('/proc').filter((pid) => {
      if (!/^\d+$/.test(pid)) return false;
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return readlinkSync(`/proc/${pid}/root`) === this.root && texts.every((text) => line.includes(text));
      } catch {
        return false; // it has ended
      }
    });
  }
}
