/**
 * Servers that nobody here wrote, started for a test and stopped by it:
 *
 *     testUnless(missing.redis)('…', async (t) => {
 *       const redis = await startRedis();
 *       t.teardown(redis.stop);
 *
 * Each has a folder, a port of 127.0.0.1 and users of its own, and no configuration of this machine. A server that
 * refuses to be root is started as `nobody` where the test is root. All end with this process, however it ends.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir as systemTmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as socket from '../../lib/socket/index.js';
import { ROOT } from './examples.js';
import { cleanEnv, hasCommand, type Peer, spawnPeer } from './peers.js';
import { certText } from './tls.js';

export interface Service {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** What the server prints. */
  readonly peer: Peer;
  /** Ends the server as it wants to be ended, and removes its folder. */
  stop(): Promise<void>;
}

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** Every server that knows accounts has this one. */
const ACCOUNT: Account = { user: 'tester', password: 'correct horse' };

// ---- where programs are ----------------------------------------------------------------------------------------------

/** The newest folder of Debian's PostgreSQL; its programs are not in PATH. */
function postgresFolder(): string | undefined {
  const versions = '/usr/lib/postgresql';
  try {
    const newest = readdirSync(versions).sort((a, b) => Number(b) - Number(a))[0];
    return newest && join(versions, newest, 'bin');
  } catch {
    return undefined;
  }
}

/** PATH, and where Debian has servers. */
const PLACES = [postgresFolder(), process.env.PATH, '/usr/sbin', '/usr/local/sbin'].filter(Boolean).join(':');

const has = (...names: string[]) =>
  names.every((name) => {
    const find = ['-c', 'PATH=$1; command -v "$2"', 'sh', PLACES, name];
    return spawnSync('/bin/sh', find, { env: cleanEnv() }).status === 0;
  });
const unless = (found: boolean, what: string, how: string): string | false => {
  if (!hasCommand('setpriv')) return 'no setpriv here (apt-get install util-linux)';
  return !found && `no ${what} here (${how})`;
};

/** Why a service cannot be started: a reason to skip, for testUnless; false if it can. */
export const missing = {
  postgres: unless(has('postgres', 'initdb'), 'postgres', 'apt-get install postgresql'),
  redis: unless(has('redis-server'), 'redis-server', 'apt-get install redis-server'),
  mariadb: unless(
    has('mariadbd', 'mariadb-install-db', 'my_print_defaults'),
    'mariadbd',
    'apt-get install mariadb-server-core mariadb-client-core',
  ),
  mosquitto: unless(has('mosquitto'), 'mosquitto', 'apt-get install mosquitto'),
  ssh: unless(has('sshd', 'ssh-keygen'), 'sshd', 'apt-get install openssh-server'),
  smtp: unless(readdirSync(join(ROOT, 'node_modules')).includes('smtp-server'), 'smtp-server', 'npm install'),
} as const;

// ---- how they are run ------------------------------------------------------------------------------------------------

/** The user and group that servers run as where this process is root; null where it is not. */
function servant(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const [, , uid, gid] = /^nobody:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

function give(path: string): void {
  const user = servant();
  if (user) chownSync(path, user.uid, user.gid);
}

/** Start a program that is ended when this process ends: setpriv becomes it. */
function spawnBound(identity: string[], command: string[], env: NodeJS.ProcessEnv = {}): Peer {
  return spawnPeer('setpriv', [...identity, '--pdeathsig', 'TERM', ...command], env);
}

/** The same as the server's user. */
function launch(command: string, args: string[], folder: string): Peer {
  const user = servant();
  const identity = user ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'] : [];
  return spawnBound(identity, [command, ...args], { PATH: PLACES, HOME: folder, LC_ALL: 'C', TZ: 'UTC' });
}

/** Run a program that prepares a server to its end. */
async function prepare(command: string, args: string[], folder: string): Promise<void> {
  const peer = launch(command, args, folder);
  const code = await peer.exit;
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${peer.errors()}`);
}

/** A file in the server's folder, for nobody else to read; its path. */
function ownFile(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  give(path);
  return path;
}

/** A certificate for localhost, with its key in the same file. */
const certificateIn = (folder: string) => ownFile(folder, 'server.pem', certText('server.pem'));

/**
 * A port that is free and stays so until `release`, for servers that cannot take port 0: where nobody listens at it yet, a
 * server (they all set SO_REUSEADDR) can bind it though we have it, and the kernel gives it to nobody else.
 */
function reservePort(): { port: number; release(): void } {
  const holder = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1);
  holder.bind(['127.0.0.1', 0]);
  return { port: holder.getsockname()[1], release: () => holder.close() };
}

/** Everything that a server prints, until it says that it is ready. */
async function untilReady(peer: Peer): Promise<void> {
  const { stderr } = peer.child;
  const ready = (output: string) =>
    /ready (to accept|for) connections|server listening on|mosquitto .* running/i.test(output);
  const fromErrors = new Promise<void>((resolve) => {
    const look = () => ready(peer.errors()) && resolve();
    stderr?.on('data', look);
  });
  const fromOutput = async () => {
    while (!ready(await peer.line()));
  };
  await Promise.race([fromErrors, fromOutput()]);
}

/** A folder that belongs to the server's user; it goes if `setUp` fails. */
async function inFolder<T>(setUp: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(systemTmpdir(), 'berkeley-service-'));
  try {
    give(folder);
    return await setUp(folder);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Start a server in its folder, on a port of its own, which `args` gets; `signal` is how it wants to be ended. */
async function start(
  folder: string,
  command: string,
  args: (port: number) => string[],
  signal: NodeJS.Signals,
  launchAs = launch,
): Promise<Service> {
  const { port, release } = reservePort();
  try {
    const peer = launchAs(command, args(port), folder);
    await untilReady(peer);
    return serviceOf(peer, port, folder, signal);
  } finally {
    release();
  }
}

function serviceOf(peer: Peer, port: number, folder: string, signal: NodeJS.Signals): Service {
  const stop = async () => {
    peer.child.kill(signal);
    await peer.exit;
    rmSync(folder, { recursive: true, force: true });
  };
  return { host: '127.0.0.1', port, peer, stop };
}

/** The options of a command line: '--name=value' each. */
const flags = (options: Record<string, string>) => Object.entries(options).map(([name, value]) => `--${name}=${value}`);

// ---- the servers -----------------------------------------------------------------------------------------------------

/** PostgreSQL, with TLS for who wants it, and SCRAM passwords. Its certificate is for localhost. */
export function startPostgres(): Promise<Service & Account & { database: string }> {
  return inFolder(async (folder) => {
    const password = ownFile(folder, 'password', ACCOUNT.password);
    const pgdata = join(folder, 'data');
    const init = { pgdata, username: ACCOUNT.user, pwfile: password, auth: 'scram-sha-256' };
    await prepare('initdb', [...flags(init), '--no-sync'], folder);
    const certificate = certificateIn(folder);
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: folder,
      ssl: 'on',
      ssl_cert_file: certificate,
      ssl_key_file: certificate,
      fsync: 'off',
      max_connections: '50',
      shared_buffers: '16MB',
    };
    const args = (port: number) => ['-D', pgdata, ...flags({ port: String(port), ...settings })];
    const service = await start(folder, 'postgres', args, 'SIGINT');
    return { ...service, ...ACCOUNT, database: 'postgres' };
  });
}

/** Redis, without a password and without TLS. */
export function startRedis(): Promise<Service> {
  return inFolder((folder) => {
    const args = (port: number) => ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    return start(folder, 'redis-server', args, 'SIGTERM');
  });
}

/** MariaDB, with TLS for who wants it. The account may do everything in the database `test`. */
export function startMariadb(): Promise<Service & Account & { database: string }> {
  return inFolder(async (folder) => {
    const { user, password } = ACCOUNT;
    const datadir = join(folder, 'data');
    await prepare('mariadb-install-db', ['--no-defaults', '--skip-name-resolve', ...flags({ datadir })], folder);
    const init = `CREATE DATABASE IF NOT EXISTS test;
      CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY '${password}';
      GRANT ALL ON test.* TO '${user}'@'127.0.0.1';`;
    const certificate = certificateIn(folder);
    const settings = {
      datadir,
      'bind-address': '127.0.0.1',
      socket: join(folder, 'socket'),
      'pid-file': join(folder, 'pid'),
      // One statement a line is what the server reads there.
      'init-file': ownFile(folder, 'init.sql', init.replace(/\n\s+/g, '\n')),
      'ssl-cert': certificate,
      'ssl-key': certificate,
      'innodb-buffer-pool-size': '16M',
    };
    const args = (port: number) => [
      '--no-defaults',
      '--skip-name-resolve',
      ...flags({ port: String(port), ...settings }),
    ];
    const service = await start(folder, 'mariadbd', args, 'SIGTERM');
    return { ...service, ...ACCOUNT, database: 'test' };
  });
}

/** Mosquitto, an MQTT broker, for who comes without a password; all its connections are over TLS if `tls` is set. */
export function startMosquitto({ tls }: { tls: boolean }): Promise<Service> {
  return inFolder((folder) => {
    const certificate = certificateIn(folder);
    const lines = tls ? [`certfile ${certificate}`, `keyfile ${certificate}`] : [];
    const config = (port: number) => [`listener ${port} 127.0.0.1`, 'allow_anonymous true', ...lines].join('\n');
    const args = (port: number) => ['-v', '-c', ownFile(folder, 'mosquitto.conf', config(port))];
    return start(folder, 'mosquitto', args, 'SIGTERM');
  });
}

/** OpenSSH's server, for the user who runs the tests, with a key that is made for it: a PEM text. */
export function startSsh(): Promise<Service & { user: string; privateKey: string }> {
  return inFolder(async (folder) => {
    for (const name of ['host', 'user']) {
      const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
      if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
    }
    // Where sshd, as root, shuts in its process that speaks to strangers. Debian's service makes it at the system's start.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const settings = {
      ListenAddress: '127.0.0.1',
      AuthorizedKeysFile: join(folder, 'user.pub'),
      PermitRootLogin: 'yes',
      PidFile: 'none',
      StrictModes: 'no',
      Subsystem: 'sftp internal-sftp',
      UsePAM: 'no',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const files = ['-f', '/dev/null', '-h', join(folder, 'host')];
    const args = (port: number) => ['-D', '-e', ...files, '-p', String(port), ...options];
    // As ourselves: only root may let others in. sshd starts itself again for a connection, and needs its whole path for it.
    const launchAs = (name: string, args: string[]) =>
      spawnBound([], ['/bin/sh', '-c', 'exec "$(command -v "$0")" "$@"', name, ...args], { PATH: PLACES });
    const service = await start(folder, 'sshd', args, 'SIGTERM', launchAs);
    return { ...service, user: userInfo().username, privateKey: readFileSync(join(folder, 'user'), 'utf8') };
  });
}

const SMTP = `
const { readFileSync } = require('node:fs');
const [root, certificate, user, password] = process.argv.slice(1);
const { SMTPServer } = require('node:module').createRequire(root)('smtp-server');
const pem = readFileSync(certificate);
const say = (value) => console.log(JSON.stringify(value));
const server = new SMTPServer({
  cert: pem, key: pem, name: 'localhost', authOptional: true, disableReverseLookup: true,
  onAuth: (auth, session, callback) => {
    const right = auth.username === user && auth.password === password;
    callback(right ? null : new Error('wrong password'), right ? { user } : undefined);
  },
  onData: (stream, session, callback) => {
    const parts = [];
    stream.on('data', (part) => parts.push(part)).on('end', () => {
      const { mailFrom, rcptTo } = session.envelope;
      const to = rcptTo.map(({ address }) => address);
      const message = Buffer.concat(parts).toString('latin1');
      say({ from: mailFrom.address, to, secure: session.secure, user: session.user ?? null, message });
      callback();
    });
  },
});
server.on('error', (error) => say({ error: error.message }));
server.listen(0, '127.0.0.1', () => say(server.server.address().port));
`;

/** A message that the mail server got, over TLS or not, and from whose account. */
export interface Mail {
  from: string;
  to: string[];
  secure: boolean;
  user: string | null;
  message: string;
}

/** A mail server with STARTTLS, which keeps nothing. `mail` waits for the next message. */
export function startSmtp(): Promise<Service & Account & { mail(): Promise<Mail> }> {
  return inFolder(async (folder) => {
    const program = [process.execPath, '--input-type=commonjs', '-e', SMTP, ROOT, certificateIn(folder)];
    // As ourselves: another user might not see this clone.
    const peer = spawnBound([], [...program, ACCOUNT.user, ACCOUNT.password]);
    const port = JSON.parse(await peer.line());
    const service = serviceOf(peer, port, folder, 'SIGTERM');
    return { ...service, ...ACCOUNT, mail: async () => JSON.parse(await peer.line()) };
  });
}
