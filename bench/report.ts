/** What was measured, as figures, and as Markdown. */
import type { Family } from './peers/index.js';
import { type Promised, promises } from './promises.js';
import type { Sample } from './statistics.js';
import { median, ratios, type Spread, spread } from './statistics.js';
import { again, type Measured, type Trial } from './trial.js';

export interface Row {
  readonly which: string;
  readonly arm: string;
  readonly family: Family;
  readonly cannot?: string;
  /** The median of each column, and what they are the medians of. */
  readonly medians: Sample;
  readonly samples: readonly Sample[];
}

export interface Ratio extends Spread {
  readonly which: string;
  readonly name: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** What plain C comes to against the same peer: the kernel's share, below which no program gets. */
  readonly floor?: number;
}

export interface Report {
  readonly name: string;
  readonly title: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly about: string;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  /** How long the trial took. */
  readonly seconds: number;
}

/** Figures of one case by the names of arms. */
class Case {
  readonly #cells: ReadonlyMap<string, Measured>;

  constructor(
    readonly which: string,
    measured: readonly Measured[],
  ) {
    this.#cells = new Map(measured.filter((cell) => cell.which === which).map((cell) => [cell.arm.name, cell]));
  }

  values(arm: string, column: string): number[] {
    return (this.#cells.get(arm)?.samples ?? []).map((sample) => sample[column]);
  }

  ratio(ours: string, peer: string, column: string): Spread | undefined {
    const [a, b] = [this.values(ours, column), this.values(peer, column)];
    return a.length > 0 && a.length === b.length && median(b) !== 0 ? ratios(a, b) : undefined;
  }

  excess(ours: string, peer: string, column: string): Spread | undefined {
    const [a, b] = [this.values(ours, column), this.values(peer, column)];
    return a.length > 0 && a.length === b.length ? spread(a.map((value, i) => value - b[i])) : undefined;
  }
}

function row(trial: Trial, { which, arm, samples, cannot }: Measured): Row {
  const keys = samples.length === 0 ? [] : Object.keys(trial.columns);
  const medians = Object.fromEntries(keys.map((key) => [key, median(samples.map((sample) => sample[key]))]));
  return { which, arm: arm.name, family: arm.family, cannot, medians, samples };
}

/** A promise as it was kept in a case; nothing where there are no figures. */
function promised(trial: Trial, one: Case, promise: Promised): Ratio[] {
  const { ours, peer, column = trial.about, more, atMost, atLeast } = promise;
  const { which } = one;
  const heading = trial.columns[column];
  if (peer === undefined) {
    const values = one.values(ours.name, column);
    const name = `${ours.name}: ${heading}`;
    return values.length === 0 ? [] : [{ which, name, ...spread(values), atMost, atLeast }];
  }
  if (more) {
    const excess = one.excess(ours.name, peer.name, column);
    return excess === undefined ? [] : [{ which, name: `${ours.name} − ${peer.name}: ${heading}`, ...excess, atMost }];
  }
  const ratio = one.ratio(ours.name, peer.name, column);
  if (ratio === undefined) return [];
  const c = trial.yardstick;
  const floor = c === undefined || c === peer ? undefined : one.ratio(c.name, peer.name, column)?.median;
  const name = `${ours.name} / ${peer.name}${column === trial.about ? '' : `: ${heading}`}`;
  return [{ which, name, ...ratio, atMost, atLeast, floor }];
}

/** The noise floor, what is promised, and what our arm comes to against the others. */
function ratiosOf(trial: Trial, one: Case): Ratio[] {
  const { name, about: column, ours } = trial;
  const noise = one.ratio(again(ours).name, ours.name, column);
  const floor = noise === undefined ? [] : [{ which: one.which, name: 'noise floor', ...noise }];
  const kept = promises.filter(({ trial, which }) => trial === name && (which ?? one.which) === one.which);
  const others = trial.arms.filter(
    (peer) => peer !== ours && !kept.some((each) => each.ours === ours && each.peer === peer),
  );
  return [
    ...floor,
    ...[...kept, ...others.map((peer) => ({ trial: name, ours, peer }))].flatMap((each) => promised(trial, one, each)),
  ];
}

export function report(trial: Trial, measured: readonly Measured[], seconds: number): Report {
  const { name, title, columns, about } = trial;
  return {
    name,
    title,
    columns,
    about,
    rows: measured.map((cell) => row(trial, cell)),
    ratios: trial.cases.flatMap((which) => ratiosOf(trial, new Case(which, measured))),
    seconds,
  };
}

/** By what factor a ratio may miss what was promised, and what C reaches. */
const FAR_OFF = 2;

/** Ratios that are so far off in every round that noise cannot explain them. */
export function farOff({ name, ratios }: Report): string[] {
  return ratios
    .filter(({ min, max, atMost, atLeast, floor }) => {
      if (atMost !== undefined) return min > Math.max(atMost, floor ?? 0) * FAR_OFF;
      return atLeast !== undefined && max < Math.min(atLeast, floor ?? Number.POSITIVE_INFINITY) / FAR_OFF;
    })
    .map((ratio) => `${name} ${ratio.which}: ${ratio.name}: ${figure(ratio.median)}, promised ${bound(ratio)}`);
}

export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 1000 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(2);
}

function bound({ atMost, atLeast }: Ratio): string {
  return atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : '';
}

function verdict({ median, atMost, atLeast, floor }: Ratio): string {
  if (atMost !== undefined) {
    if (median <= atMost) return 'met';
    return floor !== undefined && floor > atMost ? 'missed (by C too)' : 'MISSED';
  }
  if (atLeast === undefined) return '';
  if (median >= atLeast) return 'met';
  return floor !== undefined && floor < atLeast ? 'missed (by C too)' : 'MISSED';
}

/** A table as Markdown writes it, with aligned columns; one that is empty throughout is left out. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const kept = columns.map((_, i) => i).filter((i) => rows.some((row) => row[i] !== ''));
  const cells = [columns, ...rows].map((row) => kept.map((i) => row[i]));
  const widths = kept.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) => `| ${row.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

const RATIO_COLUMNS = ['median', 'spread', "C's", 'promised', 'verdict'];

function ratioCells(ratio: Ratio): string[] {
  const spread = `${figure(ratio.min)} – ${figure(ratio.max)}`;
  const floor = ratio.floor === undefined ? '' : figure(ratio.floor);
  return [figure(ratio.median), spread, floor, bound(ratio), verdict(ratio)];
}

/** A report as Markdown. */
export function markdown({ title, columns, about, rows, ratios }: Report): string {
  const keys = Object.keys(columns);
  const figures = rows.map(({ which, arm, cannot, medians }) => [
    which,
    arm,
    ...keys.map((key, i) => (cannot === undefined ? figure(medians[key]) : i === 0 ? `cannot: ${cannot}` : '–')),
  ]);
  const compared = ratios.map((ratio) => [ratio.which, ratio.name, ...ratioCells(ratio)]);
  return [
    `## ${title}`,
    table(['case', 'arm', ...Object.values(columns)], figures),
    table(['case', `ratio of ${columns[about]}`, ...RATIO_COLUMNS], compared),
  ].join('\n\n');
}

/** All that was promised of these trials, in one table; empty if nothing was. */
export function promisesKept(reports: readonly Report[]): string {
  const rows = reports.flatMap(({ name, ratios }) =>
    ratios.filter((ratio) => bound(ratio) !== '').map((ratio) => [name, ratio.which, ratio.name, ...ratioCells(ratio)]),
  );
  return rows.length === 0 ? '' : `## What is promised\n\n${table(['trial', 'case', 'ratio', ...RATIO_COLUMNS], rows)}`;
}
