/** What `npm pack` makes installs in an empty folder, with nothing of this clone, and works from ESM, CommonJS and TypeScript. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir as systemTmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { pack, userEnv } from '../helpers/package.js';
import { pythonSync, testUnless, underSanitizers } from '../helpers/peers.js';

checkLeaks(test);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** An installation compiles the addon. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

const run = promisify(execFile);

const place = mkdtempSync(join(systemTmpdir(), 'berkeley-package-'));
let packed: string[] = [];

/** Run a program of the user's in the folder where the package is installed: its standard output. */
function runProgram(name: string, source: string): string {
  writeFileSync(join(place, name), source);
  const { stdout, stderr, status } = spawnSync(process.execPath, [name], {
    cwd: place,
    env: userEnv(),
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return stdout;
}

const ROUND_TRIP = `
  const server = socket.create_server(['127.0.0.1', 0]);
  const client = socket.create_connection(server.getsockname());
  const [connection, address] = server.accept();
  client.sendall(Buffer.from('ping'));
  console.log(String(connection.recv(100)), address[1] === client.getsockname()[1]);
  for (const each of [connection, client, server]) each.close();
`;

// The package under test is compiled as a user compiles it, so a run under the sanitizers would see nothing of it.
const installing = testUnless(underSanitizers && 'an installed package is built without sanitizers').serial;

test.before(async (t) => {
  if (underSanitizers) return;
  t.timeout(INSTALL_TIMEOUT_MS);
  const options = { env: userEnv(), timeout: INSTALL_TIMEOUT_MS, maxBuffer: 2 ** 26 };
  const { file, paths } = await pack(place);
  packed = paths;

  writeFileSync(join(place, 'package.json'), '{ "name": "user", "private": true }\n');
  const install = [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--foreground-scripts',
  ];
  await run('npm', [...install, file], { ...options, cwd: place });
});

test.after.always(() => rmSync(place, { recursive: true, force: true }));

installing('the package holds what a user needs and nothing else', (t) => {
  const expected =
    /^((docs|examples)\/[\w/.-]+|dist\/bundle\/[\w/]+\.(cjs|js(\.map)?)|dist\/lib\/[\w/]+\.d\.c?ts|native\/[\w/]+\.(cc|h)|prebuilds\/.+|scripts\/(install|toolchain)\.mjs|binding\.gyp|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/;
  t.deepEqual(
    packed.filter((path) => !expected.test(path)),
    [],
  );
  for (const path of [
    'README.md',
    'LICENSE',
    'binding.gyp',
    'native/os/os.h',
    'dist/bundle/index.js',
    'dist/lib/index.d.ts',
  ]) {
    t.true(packed.includes(path), path);
  }
});

installing('it brings no package along but those that it needs to run', (t) => {
  const installed = readdirSync(join(place, 'node_modules')).filter((name) => !name.startsWith('.'));
  t.deepEqual(installed.sort(), ['berkeley', 'node-addon-api', 'node-gyp-build']);
});

installing('an ES module imports it, whole and by module', (t) => {
  t.is(runProgram('whole.mjs', `import { socket } from 'berkeley';${ROUND_TRIP}`), 'ping true\n');
  t.is(runProgram('part.mjs', `import * as socket from 'berkeley/socket';${ROUND_TRIP}`), 'ping true\n');
  const names = `import { errno, select, selectors } from 'berkeley';
    import * as a from 'berkeley/errno'; import * as b from 'berkeley/select'; import * as c from 'berkeley/selectors';
    console.log(a.EPIPE === errno.EPIPE, b.select === select.select, c.SelectSelector === selectors.SelectSelector);`;
  t.is(runProgram('names.mjs', names), 'true true true\n');
});

installing('CommonJS requires it', (t) => {
  t.is(runProgram('whole.cjs', `const { socket } = require('berkeley');${ROUND_TRIP}`), 'ping true\n');
  t.is(runProgram('part.cjs', `const socket = require('berkeley/socket');${ROUND_TRIP}`), 'ping true\n');
});

installing('private modules are out of reach', (t) => {
  const source = `try { require('berkeley/dist/bundle/shared/binary.js'); } catch (error) { console.log(error.code); }`;
  t.is(runProgram('private.cjs', source), 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
});

installing("a wrong argument raises TypeError with Python's text", (t) => {
  const ours = `import { socket } from 'berkeley';
    const s = new socket.socket();
    try { s.send('text'); } catch (error) { console.log(error.name + ': ' + error.message); }`;
  const theirs = `import socket
try: socket.socket().send('text')
except Exception as error: print(type(error).__name__ + ': ' + str(error))`;
  t.is(runProgram('wrong.mjs', ours), pythonSync(theirs).stdout);
});

installing('its types serve a TypeScript program', (t) => {
  const source = `import { socket, type select } from 'berkeley';
    import { SelectSelector } from 'berkeley/selectors';
    const s: socket.socket = new socket.socket(socket.AF_INET, socket.SOCK_STREAM);
    const bytes: Buffer = s.recv(10);
    export const result: [Buffer, typeof SelectSelector, typeof select.select | null] = [bytes, SelectSelector, null];
    // @ts-expect-error a string is not bytes
    s.send('text');\n`;
  writeFileSync(join(place, 'program.mts'), source);
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--typeRoots', join(ROOT, 'node_modules', '@types'), '--types', 'node'];
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
  ];
  const check = spawnSync(process.execPath, [tsc, ...flags, ...types, 'program.mts'], { cwd: place, encoding: 'utf8' });
  t.is(check.stdout, '');
  t.is(check.status, 0);
});
