/**
 * Every function of the binary, and the public functions and methods, with random arguments. A crash, a hang, a leak is
 * a failure, and an exception that is none of Python's. BERKELEY_FUZZ_SEED tries other arguments; BERKELEY_FUZZ_CALLS
 * makes it longer. A failure tells its seed and path, as fast-check has them; BERKELEY_FUZZ_PATH beside the seed repeats it
 * alone. After a crash, the number of the run is the path.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { checkLeaks } from '../helpers/leaks.js';
import { onWindows, testUnless, tmpdir, underSanitizers } from '../helpers/peers.js';
import { ENTRY_SIZE, type Report } from './child.js';
import { differences, functions } from './table.js';

checkLeaks(test);

/** Each part has a seed of its own, from this one on. */
const SEED = Number(process.env.BERKELEY_FUZZ_SEED ?? 1);
const PATH = process.env.BERKELEY_FUZZ_PATH ?? '';
const NATIVE_PARTS = PATH === '' ? 4 : 1;
const PUBLIC_PARTS = PATH === '' ? 2 : 1;
/** Of each native part; half as many of each public one. */
const CALLS = Number(process.env.BERKELEY_FUZZ_CALLS ?? 30_000);
/** How long one child may take, which needs some seconds: it is killed then, and its last calls are shown. */
const PATIENCE_MS = underSanitizers ? 9 * 60_000 : 3 * 60_000;
const HEAP_GROWTH_MIB = 16;
/** Sanitizers keep freed memory for a while, to see its use. */
const TOTAL_GROWTH_MIB = underSanitizers ? 1024 : 192;

interface Ended {
  status: number | string | null;
  stdout: string;
  stderr: string;
}

async function runChild(script: string, args: string[], cwd: string): Promise<Ended> {
  const path = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--no-warnings', path, ...args], {
    cwd,
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { status: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
  ended.status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal));
  });
  return ended;
}

/** The last calls, the last one at the end. */
function lastCalls(journal: string): string {
  const bytes = readFileSync(journal);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += ENTRY_SIZE) texts.push(bytes.toString('utf8', at, at + ENTRY_SIZE).trim());
  return texts.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).join('\n');
}

/** Runs a script of test/fuzz and judges its report, which is returned; undefined if it did not come to that. */
async function fuzz(t: ExecutionContext, script: string, seed: number, calls: number): Promise<Report | undefined> {
  t.timeout(PATIENCE_MS + 60_000);
  const folder = tmpdir(t);
  const journal = join(folder, 'journal');
  const ended = await runChild(script, [String(seed), PATH, String(calls), journal], folder);
  if (ended.status !== 0) {
    t.fail(`the child ended with ${ended.status}: ${ended.stderr}\n\nThe last calls:\n${lastCalls(journal)}`);
    return undefined;
  }
  const report = JSON.parse(ended.stdout) as Report;
  t.log(`${report.calls} calls of ${Object.keys(report.counts).length} kinds`);
  t.log(`memory grew by ${report.heapGrowthMiB} MiB of heap, ${report.totalGrowthMiB} MiB in all`);
  if (report.failure !== null) {
    t.log(`seed ${seed}, path ${report.failure.path}: the smallest run that fails`, ...report.failure.calls);
  }
  t.deepEqual(report.wrong, [], 'exceptions that should not be');
  t.deepEqual(report.leaked, [], 'descriptors left open');
  t.true(PATH !== '' || report.failure !== null || report.calls >= calls);
  t.true(report.heapGrowthMiB <= HEAP_GROWTH_MIB, `heap grew by ${report.heapGrowthMiB} MiB`);
  t.true(report.totalGrowthMiB <= TOTAL_GROWTH_MIB, `memory grew by ${report.totalGrowthMiB} MiB`);
  return report;
}

test('each function of the binary has a row in test/fuzz/table.ts', (t) => {
  t.deepEqual(differences(), { missing: [], gone: [] });
});

for (let part = 0; part < NATIVE_PARTS; part++) {
  const seed = SEED + part;
  test.serial(`the functions of the binary bear random arguments: seed ${seed}`, async (t) => {
    const report = await fuzz(t, 'native', seed, CALLS);
    if (report === undefined) return;
    const names = functions.map(({ name }) => name);
    const uncalled = names.filter((name) => !(name in report.counts));
    const vain = names.filter((name) => report.counts[name]?.[1] === 0);
    t.log(`functions that always failed: ${vain.join(', ') || 'none'}`);
    if (PATH === '') t.deepEqual(uncalled, [], 'functions that were not called');
  });
}

for (let part = 0; part < PUBLIC_PARTS; part++) {
  const seed = SEED + part;
  testUnless(onWindows('the calls have arguments of POSIX systems')).serial(
    `the public functions bear random arguments: seed ${seed}`,
    async (t) => {
      await fuzz(t, 'public', seed, CALLS / 2);
    },
  );
}
