/** The floors of lib/: Biome, with the rules of biome.jsonc, reports an import that goes up, whatever form it has. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { cleanEnv, tmpdir } from '../helpers/peers.js';

checkLeaks(test);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
const CONFIGURATION = readFileSync(join(ROOT, 'biome.jsonc'), 'utf8');

/** From the lowest. */
const FLOORS = [
  ...['addon', 'core', 'constants', 'structs', 'io', 'wait', 'socket', 'select'],
  ...['ssl', 'event', 'asyncio', 'stream'],
];

/** What Biome says of the first of these files, which are all that a tree has besides its configuration. */
function lint(t: ExecutionContext, file: string, text: string, others: Readonly<Record<string, string>> = {}) {
  const tree = tmpdir(t);
  for (const [path, content] of Object.entries({ [file]: text, ...others })) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  writeFileSync(join(tree, 'package.json'), readFileSync(join(ROOT, 'package.json')));
  // The tree is no git repository.
  const configuration = CONFIGURATION.replace('"vcs": { "enabled": true', '"vcs": { "enabled": false');
  t.not(configuration, CONFIGURATION);
  writeFileSync(join(tree, 'biome.jsonc'), configuration);
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIOME, 'lint', file], {
    cwd: tree,
    env: cleanEnv(),
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

for (const [i, folder] of FLOORS.entries()) {
  for (const above of [...FLOORS.slice(i + 1).filter((each) => each !== folder), '..', 'index.js']) {
    const target =
      above === '..' ? '../../test/helpers/peers.js' : above.endsWith('.js') ? `../${above}` : `../${above}/x.js`;
    test(`lib/${folder} imports nothing of ${target}`, (t) => {
      const { status, said } = lint(t, `lib/${folder}/file.ts`, `export { name } from '${target}';\n`);
      t.is(status, 1);
      t.true(said.includes('noRestrictedImports') && said.includes(`lib/${folder} imports from`), said);
    });
  }
}

for (const [form, text] of [
  ['for values', "import { socket } from '../socket/socket.js';\nexport const made = new socket();\n"],
  ['for types', "import type { socket } from '../socket/socket.js';\nexport type Mine = socket;\n"],
  ['for its effects', "import '../socket/socket.js';\n"],
  ['at run time', "export const later = await import('../socket/socket.js');\n"],
]) {
  test(`an import ${form} counts`, (t) => {
    const { status, said } = lint(t, 'lib/core/file.ts', text);
    t.is(status, 1);
    t.true(said.includes('lib/core imports from addon only'), said);
  });
}

test('lib/systemd.ts imports nothing from above lib/socket', (t) => {
  for (const above of ['select', 'ssl', 'event', 'asyncio', 'stream']) {
    const { status, said } = lint(t, 'lib/systemd.ts', `export { name } from './${above}/index.js';\n`);
    t.is(status, 1);
    t.true(said.includes('lib/systemd.ts imports from'), said);
  }
});

for (const kind of ['', 'type ']) {
  test(`a circle of ${kind}imports is reported, in lib and elsewhere`, (t) => {
    for (const folder of ['lib/core', 'test/core', 'bench']) {
      const [there, back] = ['b', 'a'].map((name) => `import ${kind}{ ${name} } from './${name}.js';\n`);
      const a = `${there}export const a = 1;\nexport ${kind}{ b };\n`;
      const b = `${back}export const b = 1;\nexport ${kind}{ a };\n`;
      const { status, said } = lint(t, `${folder}/a.ts`, a, { [`${folder}/b.ts`]: b });
      t.is(status, 1, said);
      t.true(said.includes('noImportCycles'), said);
    }
  });
}

test("lib imports what package.json says that a user's installation has", (t) => {
  const { status, said } = lint(t, 'lib/core/file.ts', "import test from 'ava';\nexport const mine = test;\n");
  t.is(status, 1);
  t.true(said.includes('noUndeclaredDependencies'), said);
});

test('an import from below passes', (t) => {
  const { status, said } = lint(t, 'lib/stream/file.ts', "export { socket } from '../socket/socket.js';\n");
  t.is(status, 0, said);
});
