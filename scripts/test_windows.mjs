// `npm run test:windows`: runs the test suites for Windows, under Wine, and prints a table of counts: each test file in a
// process of its own, with Node 22. Then a smoke test with the other versions of Node. On Windows itself it runs them there,
// with the Node that runs this.
//   node scripts/test_windows.mjs [file …] [--match=…]     files as dist/test/socket/test_data.js; all that can run if not given
// What a file has printed is in build/windows/results/. The exit status is 1 if anything has failed.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { root } from './toolchain.mjs';
import { buildWindows, RELEASE } from './windows.mjs';
import { moveToOwnMounts, Wine } from './wine.mjs';

const NODE = 22;
/** Start Node, load all modules, have one conversation. */
const SMOKE_NODES = [20, 24, 26];
const RESULTS = join(root, 'build', 'windows', 'results');
/** Files at a time. */
const JOBS = Number(process.env.JOBS ?? 2);
/** How long a file may take. */
const FILE_MS = Number(process.env.FILE_SECONDS ?? 600) * 1000;

/** Folders of tests that are of no use there, and why. */
const LEFT_OUT = {
  'test/conformance': "CPython's own tests run in a python3 of this system",
  'test/differential': 'they compare with a python3 of the same system',
  'test/differential_ssl': 'they compare with a python3 of the same system',
  'test/house': 'they check the sources, the package and tools, which are the same everywhere',
  'test/programs': 'their programs (wrk, curl, openssl, redis …) are of this system',
};

function testFiles() {
  const all = readdirSync(join(root, 'dist', 'test'), { recursive: true }).map((name) => join('dist', 'test', name));
  return all.filter((name) => /test_\w+\.js$/.test(name)).sort();
}

function leftOut(file) {
  return LEFT_OUT[join(...file.split(sep).slice(1, 3))];
}

/** Runs a command of node.exe; what it prints goes to a file. Returns its exit status; null: it was ended. */
function runNode(wine, major, args, output) {
  const log = openSync(output, 'w');
  return new Promise((resolve) => {
    const child =
      wine === null
        ? spawn(process.execPath, args, { cwd: root, stdio: ['ignore', log, log] })
        : wine.spawn([wine.node(major), ...args], ['ignore', log, log]);
    const timer = setTimeout(() => {
      // Its children too, some of which have its file's name in their arguments.
      const file = basename(args.find((arg) => arg.startsWith('dist')) ?? args[0]);
      for (const pid of wine?.processes('node.exe', file) ?? []) process.kill(Number(pid), 'SIGKILL');
      child.kill('SIGKILL');
    }, FILE_MS);
    child.on('close', (status) => {
      clearTimeout(timer);
      closeSync(log);
      resolve(status);
    });
  });
}

/** The numbers at the end of what scripts/test.mjs prints. */
function countsOf(output) {
  const found = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(readFileSync(output, 'utf8'));
  return found === null ? null : found.slice(1).map(Number);
}

async function testFile(wine, file, options) {
  const name = file.slice('dist/test/'.length, -'.js'.length);
  const output = join(RESULTS, `${name.replaceAll(sep, '_')}.txt`);
  const status = await runNode(wine, NODE, ['scripts/test.mjs', file, ...options], output);
  const [passed, failed, skipped] = countsOf(output) ?? [0, 1, 0];
  const ended = countsOf(output) === null ? '  did not end' : '';
  process.stdout.write(
    `${name.padEnd(36)}${String(passed).padStart(6)}${String(failed).padStart(8)}${String(skipped).padStart(9)}${ended}\n`,
  );
  return { name, output, passed, failed: Math.max(failed, status === 0 ? 0 : 1), skipped };
}

function reasons(results) {
  const counts = new Map();
  for (const { output } of results) {
    for (const [, reason] of readFileSync(output, 'utf8').matchAll(/^skip {4}.*: (.*?)\r?$/gm)) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one);
}

async function smoke(wine) {
  const failed = [];
  for (const major of SMOKE_NODES) {
    const output = join(RESULTS, `smoke_${major}.txt`);
    const status = await runNode(wine, major, ['scripts/windows_smoke.mjs'], output);
    const text = readFileSync(output, 'utf8').trim();
    process.stdout.write(`smoke test with Node ${major}: ${status === 0 ? text : `FAILED\n${text}`}\n`);
    if (status !== 0) failed.push(major);
  }
  return failed;
}

async function startWine() {
  await buildWindows();
  const wine = new Wine(root, { 'build/Release': RELEASE });
  wine.startServer();
  return wine;
}

if (process.platform !== 'win32') moveToOwnMounts();
const options = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const named = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
mkdirSync(RESULTS, { recursive: true });
const wine = process.platform === 'win32' ? null : await startWine();
const files = named.length > 0 ? named : testFiles().filter((file) => leftOut(file) === undefined);
const results = [];
process.stdout.write(`${'file'.padEnd(36)}${'passed'.padStart(6)}${'failed'.padStart(8)}${'skipped'.padStart(9)}\n`);
const queue = [...files];
await Promise.all(
  Array.from({ length: JOBS }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift())
      results.push(await testFile(wine, file, options));
  }),
);
const sum = (name) => results.reduce((total, result) => total + result[name], 0);
const failedNodes = named.length > 0 || wine === null ? [] : await smoke(wine);
wine?.stopServer();
for (const [reason, count] of reasons(results)) process.stdout.write(`skipped ${count}: ${reason}\n`);
if (named.length === 0) {
  for (const [folder, reason] of Object.entries(LEFT_OUT)) process.stdout.write(`left out ${folder}: ${reason}\n`);
}
for (const { name, output } of results.filter(({ failed }) => failed > 0))
  process.stdout.write(`failed: ${name} (${relative(root, output)})\n`);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped\n`);
writeFileSync(
  join(RESULTS, 'counts.json'),
  JSON.stringify(
    results.map(({ output, ...rest }) => rest),
    null,
    1,
  ),
);
if (sum('failed') > 0 || failedNodes.length > 0) process.exitCode = 1;
