/**
 * `npm run bench`: every trial, or those that are named.
 *
 *   --quick       a short run: fewer rounds, less work in each
 *   --rounds N    so many rounds
 *   --json FILE   all figures, with those of each round
 *   --publish     the page of results under docs/, with its charts
 *
 * Exits 1 if a ratio is so far from what was promised, in every round, that noise cannot explain it. Three short rounds
 * of a noisy machine can agree by chance, therefore a quick run measures such a trial once more, at full length, and
 * believes that figure.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describe, machine } from './machine.js';
import { publish } from './page.js';
import { compilePeers } from './processes.js';
import { farOff, markdown, promisesKept, type Report, report } from './report.js';
import { type Bounds, measure, type Trial } from './trial.js';
import { trials } from './trials/index.js';

const FULL = { rounds: 7, scale: 1, warmUp: 1 };
const QUICK = { rounds: 3, scale: 0.05, warmUp: 0.15 };

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const USAGE = `usage: npm run bench -- [TRIAL …] [--quick] [--rounds N] [--json FILE] [--publish]
trials: ${trials.map(({ name }) => name).join(', ')}
bench/README.md says what each is.`;

function readArguments() {
  return parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
      publish: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
}

async function main(): Promise<number> {
  let given: ReturnType<typeof readArguments>;
  try {
    given = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = given;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !trials.some((trial) => trial.name === name));
  if (unknown.length > 0) {
    console.error(`no trial ${unknown.join(', ')}\n${USAGE}`);
    return 2;
  }
  const bounds = values.quick ? QUICK : FULL;
  const rounds = Number(values.rounds ?? bounds.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error(`--rounds takes a whole number from 1, not ${values.rounds}`);
    return 2;
  }
  compilePeers();
  const about = { date: new Date().toISOString().slice(0, 10), rounds, quick: values.quick, machine: machine() };
  console.log(`# Benchmark\n\n${describe(about.machine)}; ${rounds} rounds\n`);
  const chosen = trials.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const reports = await measureAll(chosen, { ...bounds, rounds, progress });
  console.log(promisesKept(reports));
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ ...about, trials: reports }, null, 1)}\n`);
  if (values.publish) publish(about, reports);
  const failures = (values.quick ? await confirmed(reports) : reports).flatMap(farOff);
  if (failures.length > 0) console.error(`far from what was promised:\n  ${failures.join('\n  ')}`);
  return failures.length > 0 ? 1 : 0;
}

/** The full-length reports of those trials that a quick run found far from what was promised. */
async function confirmed(reports: readonly Report[]): Promise<Report[]> {
  const suspected = trials.filter(({ name }) => reports.some((each) => each.name === name && farOff(each).length > 0));
  if (suspected.length > 0) console.log('# Far from what was promised: measured once more, at full length\n');
  return measureAll(suspected, { ...FULL, progress });
}

async function measureAll(chosen: readonly Trial[], bounds: Bounds): Promise<Report[]> {
  const reports: Report[] = [];
  for (const trial of chosen) {
    const start = performance.now();
    const done = report(trial, await measure(trial, bounds), (performance.now() - start) / 1000);
    progress('');
    console.log(`${markdown(done)}\n`);
    reports.push(done);
  }
  return reports;
}

process.exitCode = await main();
