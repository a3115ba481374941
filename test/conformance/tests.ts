/**
 * Runs CPython's test files in CPython and in the host, and compares them test by test.
 *
 *     npm run conformance [-- test_poll …]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adaptations } from './adaptations.js';
import { unavailable, version } from './available.js';
import { folder } from './host.js';

const FILES = ['test_socket', 'test_ssl', 'test_select', 'test_poll', 'test_epoll', 'test_selectors'];
/** Excluded may be at most this part of what CPython runs. */
const EXCLUDED_MAX = 0.03;
/** Reasons for which CPython does not run a test here either. */
const NOT_IN_CPYTHON = /^AF_VSOCK/;
/** How often a run is taken up again behind a test that ended it. */
const RESUMED_MAX = 10;
/** No file takes longer; each test has a deadline of its own (run.py). */
const RUN_MAX_MS = 15 * 60_000;

type Outcome = 'passed' | 'failed' | 'skipped';
interface Run {
  outcomes: Map<string, { outcome: Outcome; detail: string }>;
  /** How many tests were begun: a class that is skipped as a whole has an outcome, but begins none. */
  begun: number;
  leaked: number;
}
interface Event {
  start?: string;
  test?: string;
  outcome?: Outcome;
  detail?: string;
  ran?: boolean;
  leaked?: number;
}

/** The files that are asked for; none: all. */
const named = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'berkeley-conformance-'));

// ---- one run -------------------------------------------------------------------------------------------------------

/** Runs a program to its end, its output to a file: the tests print a lot. */
function toEnd([command, ...args]: string[], log: string): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', 'exec "$@" > "$0" 2>&1', log, command, ...args], { stdio: 'ignore', cwd: work });
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MAX_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

function eventsIn(file: string): Event[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Event);
  } catch {
    return [];
  }
}

function note(run: Run, events: readonly Event[]): void {
  for (const { test, outcome, detail, ran, leaked } of events) {
    if (test !== undefined) run.outcomes.set(test, { outcome: outcome as Outcome, detail: detail ?? '' });
    if (ran) run.begun++;
    if (leaked !== undefined) run.leaked += leaked;
  }
}

/** The test that was begun and never ended. */
function unfinished(events: readonly Event[]): string | undefined {
  const ended = new Set(events.map(({ test }) => test));
  return events.find(({ start }) => start !== undefined && !ended.has(start))?.start;
}

/** Runs a file but for `excluded`. A test that ends the run, or does not end itself, has failed; the others go on. */
async function runFile(command: string[], file: string, excluded: readonly string[]): Promise<Run> {
  const run: Run = { outcomes: new Map(), begun: 0, leaked: 0 };
  const [events, skips, log] = ['events', 'skips', 'log'].map((name) => join(work, name));
  for (let i = 0; i < RESUMED_MAX; i++) {
    rmSync(events, { force: true });
    writeFileSync(skips, JSON.stringify([...excluded, ...run.outcomes.keys()]));
    const status = await toEnd([...command, join(folder, 'run.py'), events, skips, file], log);
    const found = eventsIn(events);
    note(run, found);
    if (status === 0) return run;
    const last = unfinished(found) ?? `${file}: exit status ${status}`;
    run.outcomes.set(last, { outcome: 'failed', detail: readFileSync(log, 'utf8').slice(-4000) });
    run.begun++;
    if (unfinished(found) === undefined) return run;
  }
  return run;
}

// ---- exclusions ----------------------------------------------------------------------------------------------------

const TESTS_IN = `
import json, sys, unittest

def tests_of(suite):
    for each in suite:
        yield from tests_of(each) if isinstance(each, unittest.TestSuite) else [each.id()]

print(json.dumps([id for name in sys.argv[1:] for id in tests_of(unittest.defaultTestLoader.loadTestsFromName(name))]))
`;

interface Exclusion {
  reason: string;
  tests: string[];
}

/** The excluded tests of these files, by reason. An entry names a test, or a class for all of its tests. */
function exclusionsOf(files: readonly string[]): Exclusion[] {
  const listing = execFileSync('python3', ['-c', TESTS_IN, ...files.map((file) => `test.${file}`)], { cwd: work });
  const all = JSON.parse(listing.toString()) as string[];
  const list = JSON.parse(readFileSync(join(folder, 'exclusions.json'), 'utf8')) as Record<string, string[]>;
  return Object.entries(list).map(([reason, names]) => {
    const wanted = names.filter((name) => files.includes(name.split('.')[1]));
    const tests = wanted.flatMap((name) => {
      const meant = all.filter((id) => id === name || id.startsWith(`${name}.`));
      if (meant.length === 0) throw new Error(`exclusions.json names ${name}, which does not exist`);
      return meant;
    });
    return { reason, tests };
  });
}

// ---- the comparison ------------------------------------------------------------------------------------------------

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function counts({ outcomes }: Run): Counts {
  const found = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of outcomes.values()) found[outcome]++;
  return found;
}

/** Where ours differs from CPython's run, line by line. */
function differences(theirs: Run, ours: Run, excluded: ReadonlySet<string>): string[] {
  const lines: string[] = [];
  for (const name of new Set([...theirs.outcomes.keys(), ...ours.outcomes.keys()])) {
    if (excluded.has(name)) continue;
    const [a, b] = [theirs.outcomes.get(name), ours.outcomes.get(name)];
    if (a?.outcome === b?.outcome && b?.outcome !== 'failed') continue;
    const why = b?.outcome === 'passed' ? '' : `: ${b?.detail.trim().split('\n').slice(-1)[0] ?? ''}`;
    lines.push(`  ${name}: CPython ${a?.outcome ?? 'has no such test'}, ours ${b?.outcome ?? 'not run'}${why}`);
  }
  if (ours.leaked > 0) lines.push(`  ${ours.leaked} sockets are open at the end`);
  return lines;
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => (i === 0 ? String(cell).padEnd(16) : String(cell).padStart(9))).join('');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(files: readonly string[]): Promise<boolean> {
  const host = [process.execPath, fileURLToPath(new URL('./python.js', import.meta.url))];
  const exclusions = exclusionsOf(files);
  const lines: string[] = [];
  const total = { passed: 0, failed: 0, skipped: 0, theirs: 0 };
  say(`CPython ${version} and this library, test by test\n`);
  say(row(['', 'run', 'passed', 'failed', 'skipped', '|', 'run', 'passed', 'failed', 'skipped', 'excluded']));
  for (const file of files) {
    const mine = exclusions.map(({ reason, tests }) => ({
      reason,
      tests: tests.filter((name) => name.startsWith(`test.${file}.`)),
    }));
    const everywhere = mine.filter(({ reason }) => NOT_IN_CPYTHON.test(reason)).flatMap(({ tests }) => tests);
    const excluded = mine.flatMap(({ tests }) => tests);
    const theirs = await runFile(['python3'], file, everywhere);
    const ours = await runFile(host, file, excluded);
    const [a, b] = [counts(theirs), counts(ours)];
    const cells = [theirs.begun, a.passed, a.failed, a.skipped, '|', ours.begun, b.passed, b.failed, b.skipped];
    say(row([file, ...cells, excluded.length]));
    const found = differences(theirs, ours, new Set(excluded));
    lines.push(...found);
    total.passed += b.passed;
    total.failed += Math.max(b.failed, found.length);
    total.skipped += b.skipped + excluded.length;
    total.theirs += theirs.begun;
  }
  say(lines.length === 0 ? '\nNo test differs.' : `\nWhat differs:\n${lines.join('\n')}`);
  say(`\nAdapted by the host and its shims, see docs/conformance.md: ${adaptations(folder).length}`);
  const kept = summarize(exclusions, total.theirs);
  const failed = total.failed + (kept ? 0 : 1);
  say(`\n${total.passed} passed, ${failed} failed, ${total.skipped} skipped`);
  return failed === 0;
}

/** Says what is excluded and why. False if it is too much. */
function summarize(exclusions: readonly Exclusion[], run: number): boolean {
  say('\nExcluded:');
  for (const { reason, tests } of exclusions)
    if (tests.length > 0) say(`  ${String(tests.length).padStart(3)}  ${reason}`);
  const counted = exclusions.filter(({ reason }) => !NOT_IN_CPYTHON.test(reason));
  const count = counted.reduce((sum, { tests }) => sum + tests.length, 0);
  const part = `${((100 * count) / run).toFixed(1)} %`;
  say(`  ${count} of the ${run} tests that CPython runs: ${part}, at most ${100 * EXCLUDED_MAX} % of all files may be`);
  return named.length > 0 || count <= run * EXCLUDED_MAX;
}

const reason = unavailable();
try {
  if (reason !== null) say(`conformance: skipped: ${reason}\n0 passed, 0 failed, 0 skipped`);
  else if (!(await main(named.length === 0 ? FILES : named))) process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
