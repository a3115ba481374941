/** What a program is told whose binary is missing, broken, another system's, or not in its bundle; over what `npm pack` makes. */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir as systemTmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { build, type Format } from 'esbuild';
import { cleanEnv, testUnless, underSanitizers } from '../helpers/peers.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

const place = mkdtempSync(join(systemTmpdir(), 'berkeley-binary-'));
const unpacked = join(place, 'package');
const binary = join(ROOT, 'build', 'Release', 'berkeley.node');

// The binary is run by a Node without sanitizers.
const testHere = testUnless(underSanitizers && 'the binary has sanitizers');

test.before(async () => {
  const pack = ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', place];
  await run('npm', pack, { cwd: ROOT, env: cleanEnv() });
  const tarball = readdirSync(place).find((name) => name.endsWith('.tgz')) as string;
  await run('tar', ['xzf', join(place, tarball), '-C', place], { env: cleanEnv() });
  // As where none of them fits.
  rmSync(join(unpacked, 'prebuilds'), { recursive: true, force: true });
});

test.after.always(() => rmSync(place, { recursive: true, force: true }));

let projects = 0;

/** A project with the package in its node_modules, without a binary; `mark` is a file that its package manager leaves there. */
function project(mark: string, inside = 'node_modules/berkeley'): { folder: string; root: string } {
  const folder = join(place, `project-${projects++}`);
  const root = join(folder, inside);
  mkdirSync(root, { recursive: true });
  cpSync(unpacked, root, { recursive: true });
  if (inside !== 'node_modules/berkeley') symlinkSync(root, join(folder, 'node_modules', 'berkeley'));
  symlinkSync(join(ROOT, 'node_modules', 'node-gyp-build'), join(dirname(root), 'node-gyp-build'));
  writeFileSync(join(folder, 'node_modules', mark), '');
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  return { folder, root };
}

const PROGRAM = `
  import { socket } from 'berkeley';
  const [a, b] = socket.socketpair();
  a.sendall(Buffer.from('works'));
  console.log(String(b.recv(10)));
`;

function putBinary(root: string, bytes: Uint8Array): void {
  mkdirSync(join(root, 'build', 'Release'), { recursive: true });
  writeFileSync(join(root, 'build', 'Release', 'berkeley.node'), bytes);
}

interface Ended {
  readonly out: string;
  /** What the uncaught error says. */
  readonly error: string;
}

function runIn(folder: string, file = 'program.mjs', env: NodeJS.ProcessEnv = {}): Ended {
  const { stdout, stderr } = spawnSync(process.execPath, [file], {
    cwd: folder,
    env: { ...cleanEnv(), ...env },
    encoding: 'utf8',
  });
  return { out: stdout, error: stderr };
}

// ---- no binary -----------------------------------------------------------------------------------------------------

// Each of these commands was run with the package manager, on a project whose install scripts it had blocked.
for (const [manager, mark, inside, command] of [
  ['npm --ignore-scripts', '.package-lock.json', undefined, 'npm rebuild berkeley --ignore-scripts=false'],
  [
    'pnpm',
    '.modules.yaml',
    'node_modules/.pnpm/berkeley@0.1.0/node_modules/berkeley',
    'pnpm approve-builds berkeley && pnpm rebuild berkeley',
  ],
  ['pnpm without links', '.modules.yaml', undefined, 'pnpm approve-builds berkeley && pnpm rebuild berkeley'],
  [
    'yarn 4',
    '.yarn-state.yml',
    undefined,
    'npm pkg set --json dependenciesMeta.berkeley.built=true && yarn rebuild berkeley',
  ],
  ['yarn 1 --ignore-scripts', '.yarn-integrity', undefined, 'yarn install --force'],
] as const) {
  test(`${manager}: without a binary, the error says that the install script did not run, and how to run it`, (t) => {
    const { error } = runIn(project(mark, inside).folder);
    t.regex(error, /Error: berkeley has no binary here, for its install script was blocked or has failed \(No native/);
    t.true(error.includes(`Run it:\n\n    ${command}\n`), error);
  });
}

// ---- a binary that does not load -----------------------------------------------------------------------------------

for (const [title, bytes] of [
  ['an empty file', Buffer.alloc(0)],
  ['no binary at all', Buffer.from('<html>not found</html>'.repeat(100))],
] as const) {
  test(`${title} in the binary's place is told as damaged`, (t) => {
    const { folder, root } = project('.package-lock.json');
    putBinary(root, bytes);
    const { error } = runIn(folder);
    t.regex(
      error,
      /Error: berkeley's binary is damaged, or was built for another system or processor \(.+berkeley\.node/,
    );
    t.true(error.includes('Build it here:\n\n    npm rebuild berkeley --ignore-scripts=false\n'), error);
  });
}

testHere('a binary of another processor is told', (t) => {
  const { folder, root } = project('.package-lock.json');
  const bytes = readFileSync(binary);
  bytes.writeUInt16LE(0xf3, 18); // e_machine: RISC-V
  putBinary(root, bytes);
  t.regex(runIn(folder).error, /was built for another system or processor/);
});

for (const [title, own, other] of [
  ['that wants musl', 'libc.so.6\0', 'libc.musl\0'],
  ['that wants a newer glibc', 'GLIBC_2.', 'GLIBC_9.'],
] as const) {
  testHere(`a binary ${title} is told as one of another C library`, (t) => {
    const { folder, root } = project('.package-lock.json');
    const text = readFileSync(binary, 'latin1');
    t.true(text.includes(own));
    putBinary(root, Buffer.from(text.replaceAll(own, other), 'latin1'));
    const { error } = runIn(folder);
    t.regex(
      error,
      /Error: berkeley's binary was built for another C library than this system's, and was copied here \(/,
    );
    t.true(error.includes('Build it here:\n\n    npm rebuild berkeley --ignore-scripts=false\n'), error);
  });
}

// ---- BERKELEY_BINARY -----------------------------------------------------------------------------------------------

testHere('BERKELEY_BINARY names the binary, whatever its name is', (t) => {
  const { folder } = project('.package-lock.json');
  cpSync(binary, join(folder, 'binary.of.ours'));
  t.is(runIn(folder, 'program.mjs', { BERKELEY_BINARY: './binary.of.ours' }).out, 'works\n');
});

test('BERKELEY_BINARY of a file that is not there is told', (t) => {
  const { error } = runIn(project('.package-lock.json').folder, 'program.mjs', { BERKELEY_BINARY: 'no/such.node' });
  t.regex(error, /Error: BERKELEY_BINARY names \/.*\/no\/such\.node, which cannot be loaded: .*No such file/);
});

// ---- bundles -------------------------------------------------------------------------------------------------------

async function bundle(folder: string, format: Format, external: string[]): Promise<string> {
  const outfile = join(folder, 'out', format === 'cjs' ? 'bundle.cjs' : 'bundle.mjs');
  await build({
    absWorkingDir: folder,
    entryPoints: ['program.mjs'],
    bundle: true,
    platform: 'node',
    format,
    external,
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

for (const format of ['esm', 'cjs'] as const) {
  testHere(`esbuild, ${format}: with the package external, the bundle runs`, async (t) => {
    const { folder, root } = project('.package-lock.json');
    putBinary(root, readFileSync(binary));
    t.is(runIn(folder, await bundle(folder, format, ['berkeley'])).out, 'works\n');
  });

  testHere(
    `esbuild, ${format}: a bundle that has the package in it says what to do, and runs with BERKELEY_BINARY`,
    async (t) => {
      const { folder, root } = project('.package-lock.json');
      putBinary(root, readFileSync(binary));
      const file = await bundle(folder, format, []);
      const { error } = runIn(folder, file);
      t.regex(
        error,
        /Error: berkeley is part of a bundle, and its binary is not\. Leave the package out of the bundle/,
      );
      t.is(runIn(folder, file, { BERKELEY_BINARY: binary }).out, 'works\n');
    },
  );
}
