/**
 * `npm run bench`: every trial, or those that are named; `--quick` for a short run; `--rounds N`.
 *
 * Exits 1 if a ratio is so far from what was promised that noise cannot explain it.
 */

import { execFileSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { compilePeers } from './measure.js';
import { markdown, type Report, type Trial } from './report.js';
import { echoTrial } from './trials/echo.js';
import { idleMemoryTrial } from './trials/idle_memory.js';
import { tlsTrials } from './trials/tls.js';
import { wouldBlockTrial } from './trials/would_block.js';

const trials: readonly Trial[] = [echoTrial, ...tlsTrials, idleMemoryTrial, wouldBlockTrial];
/** A busy machine's noise moves a ratio by a half in a short run; a defect moves it further. */
const FAR_OFF = 2;

function machine(): string {
  const version = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8' }).trim();
  const compiler = version('cc', '--version').split('\n')[0];
  const processor = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`;
  return `${processor}; Linux ${release()}; node ${process.version}; ${version('python3', '--version')}; ${compiler}`;
}

function farOff(report: Report): string[] {
  return report.ratios
    .filter(({ median, atMost, floor = 0 }) => atMost !== undefined && median > Math.max(atMost, floor) * FAR_OFF)
    .map(({ name, median, atMost }) => `${name}: ${median.toFixed(2)}, promised ≤ ${atMost}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !trials.some((trial) => trial.name === name));
  if (unknown.length > 0) {
    console.error(`no trial ${unknown.join(', ')}; there are ${trials.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const rounds = Number(values.rounds ?? (values.quick ? 5 : 9));
  if (!Number.isInteger(rounds) || rounds < 1) {
    console.error(`--rounds takes a whole number from 1, not ${values.rounds}`);
    return 2;
  }
  compilePeers();
  console.log(`# Benchmark\n\n${machine()}; ${rounds} rounds\n`);
  const progress = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : '');
  const failures: string[] = [];
  for (const trial of trials) {
    if (positionals.length > 0 && !positionals.includes(trial.name)) continue;
    const report = await trial.run({ rounds, scale: values.quick ? 0.25 : 1, progress });
    progress('');
    console.log(`${markdown(trial, report)}\n`);
    failures.push(...farOff(report));
  }
  if (failures.length > 0) console.error(`far from what was promised:\n  ${failures.join('\n  ')}`);
  return failures.length > 0 ? 1 : 0;
}

process.exitCode = await main();
