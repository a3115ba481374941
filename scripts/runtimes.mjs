// `npm run test:runtimes`: Bun and Deno run README's programs and those of test/runtimes, in a project that has the package as npm packs
// it, with the binary that is built here. Node.js runs them first: what it does not do is no difference of theirs.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { programs } from './readme.mjs';
import { root } from './toolchain.mjs';

const VERSIONS = { bun: '1.4.5', deno: '2.9.6' };

function checked(command, args, options) {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error || status !== 0) {
    process.stderr.write(`runtimes: ${command} ${args.join(' ')} failed:\n${error?.message ?? stderr}\n`);
    process.exit(1);
  }
}

function provide(name) {
  const folder = cached(`${name}-${VERSIONS[name]}`, (empty) => {
    process.stdout.write(`runtimes: fetching ${name} ${VERSIONS[name]}\n`);
    checked('npm', ['install', '--no-save', '--no-package-lock', '--prefix', empty, `${name}@${VERSIONS[name]}`]);
  });
  return join(folder, 'node_modules', '.bin', name);
}

const RUNTIMES = {
  'Node.js': [process.execPath],
  Bun: [provide('bun')],
  Deno: [provide('deno'), 'run', '--allow-all', '--quiet', '--node-modules-dir=manual'],
};

const project = mkdtempSync(join(tmpdir(), 'berkeley-runtimes-'));
process.on('exit', () => rmSync(project, { recursive: true, force: true }));
const modules = join(project, 'node_modules');
mkdirSync(modules);
checked('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], { cwd: root });
checked('tar', [
  '-xzf',
  join(
    project,
    readdirSync(project).find((name) => name.endsWith('.tgz')),
  ),
  '-C',
  project,
]);
cpSync(join(project, 'package'), join(modules, 'berkeley'), { recursive: true });
rmSync(join(modules, 'berkeley', 'prebuilds'), { recursive: true, force: true });
symlinkSync(join(root, 'build'), join(modules, 'berkeley', 'build'));
for (const name of ['node-gyp-build', 'node-addon-api'])
  symlinkSync(join(root, 'node_modules', name), join(modules, name));
const manifest = { name: 'project', private: true, type: 'module', dependencies: { berkeley: '*' } };
writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));

const tasks = programs().map(({ source, output }, i) => {
  writeFileSync(join(project, `readme${i + 1}.mjs`), source);
  return { title: `README's program ${i + 1}`, args: [`readme${i + 1}.mjs`], output };
});
cpSync(join(root, 'test', 'runtimes'), project, { recursive: true });
for (const name of ['blocking', 'awaited']) {
  tasks.push({ title: `${name}.mjs`, args: [`${name}.mjs`, join(root, 'test', 'certs')], output: 'ok\n' });
}

const counts = { passed: 0, failed: 0 };
for (const [name, [command, ...before]] of Object.entries(RUNTIMES)) {
  for (const { title, args, output } of tasks) {
    const options = { cwd: project, encoding: 'utf8', timeout: 120_000, env: { ...process.env, NO_COLOR: '1' } };
    const { status, signal, stdout, stderr } = spawnSync(command, [...before, ...args], options);
    const right = status === 0 && stdout === output;
    counts[right ? 'passed' : 'failed']++;
    process.stdout.write(`${right ? 'ok     ' : 'FAILED '} ${name} › ${title}\n`);
    if (!right) process.stdout.write(`        ended with ${signal ?? status}\n${stdout}${stderr}\n`);
  }
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, 0 skipped\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
