/**
 * The scenarios, and what they come to in CPython and here.
 *
 * A scenario in scenarios/*.py is a title and statements, which CPython runs as they stand and language.ts interprets
 * here. Each statement is run, whether those before it raised or not; what is compared is the value of an expression
 * (an assignment shows nothing) or the exception: class, bases, errno, strerror, filename, text.
 *
 *     ## a negative size is refused [python >= 3.12] [ipv6]
 *     a, b = socket.socketpair()
 *     a.recv(-1)
 *     a.recv(1.0)  #! JavaScript's 1.0 is 1
 *
 * `#!` marks a known difference with its reason: the test fails where it no longer differs. In brackets stands what the
 * scenario needs. One with a constant that this Python lacks is skipped. One with EachSelector is run for each of them.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a runner writes of a statement: `{ value }`, `{}` or `{ error, text, … }`. */
export type Outcome = Readonly<Record<string, unknown>>;
/** Of a scenario: an outcome for each statement, or why there is none. */
export type Result = Outcome[] | { readonly lacks: string } | { readonly ended: string };

interface Step {
  readonly text: string;
  /** Why the outcomes differ and cannot but differ. */
  readonly differs?: string;
}

export interface Scenario {
  readonly title: string;
  readonly needs: readonly string[];
  readonly steps: readonly Step[];
}

const FOLDER = fileURLToPath(new URL('../../../test/differential/', import.meta.url));
/** How long a scenario may take before its runner is killed, in milliseconds: what hangs is seen as such. */
const PATIENCE_MS = 30_000;

// ---- reading -------------------------------------------------------------------------------------------------------

function parseStep(line: string): Step {
  const marked = /^(.*?)\s+#! (.*)$/.exec(line);
  return marked === null ? { text: line.trimEnd() } : { text: marked[1], differs: marked[2] };
}

/** What stands for each of these in scenarios that are run for all. */
const EACH = 'EachSelector';
const SELECTORS = ['SelectSelector', 'PollSelector', 'EpollSelector', 'DefaultSelector'];

function parseScenarios(subject: string, block: string): Scenario[] {
  if (!block.includes(EACH)) return [parseScenario(subject, block)];
  return SELECTORS.map((name) => parseScenario(`${subject}, ${name}`, block.replaceAll(EACH, name)));
}

function parseScenario(subject: string, block: string): Scenario {
  const [heading, ...lines] = block.split('\n');
  const needs = [...heading.matchAll(/\[(.*?)\]/g)].map((match) => match[1]);
  const title = `${subject}: ${heading.replaceAll(/\s*\[.*?\]/g, '').trim()}`;
  const steps = lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).map(parseStep);
  return { title, needs, steps };
}

/** All scenarios, in the order of the files and the lines. */
export function readScenarios(): Scenario[] {
  const folder = join(FOLDER, 'scenarios');
  const files = readdirSync(folder).filter((name) => name.endsWith('.py'));
  return files.sort().flatMap((name) => {
    const blocks = readFileSync(join(folder, name), 'utf8').split(/^## /m).slice(1);
    return blocks.flatMap((block) => parseScenarios(name.replace('.py', ''), block));
  });
}

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

/** The versions of Python that the scenarios are written for: 3.minor. */
const OLDEST = 11;
const NEWEST = 13;

/** Why no scenario can be compared with this Python, "3.11.7"; or null. */
export function foreign(pythonVersion: string): string | null {
  const [major, minor] = pythonVersion.split('.').map(Number);
  if (major === 3 && minor >= OLDEST && minor <= NEWEST) return null;
  return `the scenarios are written for python 3.${OLDEST} to 3.${NEWEST}, and this is ${pythonVersion}`;
}

/** Whether a version is another one or newer. */
function reaches(version: string, least: string): boolean {
  const [[, minor, patch = 0], [, leastMinor, leastPatch = 0]] = [version, least].map((each) =>
    each.split('.').map(Number),
  );
  return minor > leastMinor || (minor === leastMinor && patch >= leastPatch);
}

/** Why this machine cannot run the scenario with this Python; or null. */
export function lacking({ needs }: Scenario, pythonVersion: string): string | null {
  for (const need of needs) {
    const version = /^python (>=|<) (3[.\d]+)$/.exec(need);
    if (version !== null) {
      const holds = reaches(pythonVersion, version[2]) === (version[1] === '>=');
      if (!holds) return `this is python ${pythonVersion}, not ${version[1]} ${version[2]}`;
    } else if (need === 'ipv6') {
      if (!hasIpv6) return 'this machine has no IPv6';
    } else throw new Error(`a scenario needs ${need}, which is not known`);
  }
  return null;
}

// ---- running -------------------------------------------------------------------------------------------------------

/** Runs scenarios until the runner has written a line for each, ends, or is silent for too long. */
async function runSome(command: readonly string[], env: NodeJS.ProcessEnv, task: string, count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'berkeley-'));
  const child = spawn(command[0], command.slice(1), { cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'] });
  const results: Result[] = [];
  let why = '';
  let alarm: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(alarm);
    if (results.length === count) return;
    alarm = setTimeout(() => {
      why = `no outcome within ${PATIENCE_MS} ms`;
      child.kill('SIGKILL');
    }, PATIENCE_MS);
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    results.push(JSON.parse(line) as Result);
    watch();
  });
  child.stdin.on('error', () => {}); // a runner that ends early has not read all
  child.stdin.end(task);
  watch();
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  clearTimeout(alarm);
  rmSync(folder, { recursive: true });
  return { results, why: why === '' ? `the runner ended with ${status ?? child.signalCode}` : why, status };
}

/** The results of all scenarios. A runner that dies or hangs is started again after the scenario where it did. */
async function runAll(command: readonly string[], env: NodeJS.ProcessEnv, scenarios: readonly Scenario[]) {
  const unique = `berkeley-${process.pid}`;
  const texts = scenarios.map(({ steps }) => steps.map(({ text }) => text));
  const results: Result[] = [];
  while (results.length < texts.length) {
    const left = texts.slice(results.length);
    const run = await runSome(command, env, JSON.stringify({ unique, scenarios: left }), left.length);
    results.push(...run.results);
    if (results.length < texts.length) results.push({ ended: run.why });
    else if (run.status !== 0) throw new Error(`${command.join(' ')}, when all was done: ${run.why}`);
  }
  return results.map((result) => (Array.isArray(result) ? withPlaceholders(result) : result));
}

/** In CPython, with this environment. */
export function runThere(scenarios: readonly Scenario[], env: NodeJS.ProcessEnv): Promise<Result[]> {
  return runAll(['python3', join(FOLDER, 'runner.py')], env, scenarios);
}

/** In this library. */
export function runHere(scenarios: readonly Scenario[]): Promise<Result[]> {
  const runner = fileURLToPath(new URL('./runner.js', import.meta.url));
  return runAll([process.execPath, runner], process.env, scenarios);
}

// ---- what differs from run to run ----------------------------------------------------------------------------------

const NUMERIC_HOST = /^(\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:.]+)$/;
/** Below are the ports of services, which scenarios may name. */
const FIRST_FREE_PORT = 1024;

/** Ports that the kernel chose get numbers in the order in which they appear; descriptors in texts lose theirs. */
function withPlaceholders(outcomes: Outcome[]): Outcome[] {
  const ports: number[] = [];
  const text = (value: string) =>
    value
      .replaceAll(/\bfd=\d+/g, 'fd=#')
      .replaceAll(
        /('[\d.]+'|'[\da-f:]*:[\da-f:]*'), (\d{4,5})\b/g,
        (_, host, port) => `${host}, ${portName(Number(port))}`,
      );
  const portName = (port: number) => {
    if (!ports.includes(port)) ports.push(port);
    return `port ${ports.indexOf(port)}`;
  };
  const value = (each: unknown): unknown => {
    if (typeof each === 'string') return text(each);
    if (Array.isArray(each)) {
      const [host, port, ...rest] = each;
      const isAddress = typeof host === 'string' && NUMERIC_HOST.test(host) && port >= FIRST_FREE_PORT;
      return isAddress ? [host, portName(port), ...rest] : each.map(value);
    }
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([name, part]) => [name, value(part)]));
  };
  return outcomes.map((outcome) => value(outcome) as Outcome);
}
