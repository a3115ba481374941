/** The page of results under docs/, and its charts: all generated. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.js';
import { describe, type Machine } from './machine.js';
import { root } from './peers/index.js';
import { markdown, promisesKept, type Report } from './report.js';

export interface About {
  readonly date: string;
  readonly rounds: number;
  readonly quick: boolean;
  readonly machine: Machine;
}

const INTRODUCTION = `\`npm run bench -- --publish\` has written this page and its charts; [how it measures](../../bench/README.md).
Medians over rounds; ratios are taken round by round. Measure on your own machine: nothing else counts there.`;

function section(report: Report): string {
  const [heading, ...rest] = markdown(report).split('\n\n');
  return [heading, `![${report.title}](${report.name}.svg)`, ...rest].join('\n\n');
}

/** Writes README.md, which is what code hosts show of a folder, and one SVG for each trial. */
export function publish(about: About, reports: readonly Report[]): void {
  const folder = join(root, 'docs', 'results');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name.endsWith('.svg')) rmSync(join(folder, name));
  for (const report of reports) writeFileSync(join(folder, `${report.name}.svg`), chart(report));
  const run = `${about.date}, ${about.rounds} rounds${about.quick ? ', a quick run' : ''}: ${describe(about.machine)}.`;
  const parts = ['# Results of the benchmark', INTRODUCTION, run, promisesKept(reports), ...reports.map(section)];
  writeFileSync(join(folder, 'README.md'), `${parts.filter((part) => part !== '').join('\n\n')}\n`);
}
