/** What a trial is and what it reports. */
import type { Spread } from './measure.js';

export interface Bounds {
  readonly rounds: number;
  /** How much work a round does: 1 is full. */
  readonly scale: number;
  progress(text: string): void;
}

export interface Ratio extends Spread {
  readonly name: string;
  /** What the project has promised. */
  readonly atMost?: number;
  /** What plain C comes to against the same peer: the kernel's share, below which no program gets. */
  readonly floor?: number;
}

export interface Report {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly ratios: readonly Ratio[];
}

export interface Trial {
  readonly name: string;
  readonly title: string;
  run(bounds: Bounds): Promise<Report>;
}

function cell(value: string | number): string {
  return typeof value === 'number' ? (Number.isInteger(value) ? String(value) : value.toFixed(2)) : value;
}

/** A table as Markdown writes it, with aligned columns. */
export function table(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [columns, ...rows.map((row) => row.map(cell))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row: readonly string[]) => `| ${row.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

function verdict({ median, atMost, floor = 0 }: Ratio): string {
  if (atMost === undefined) return '';
  if (median <= atMost) return 'met';
  return floor > atMost ? 'missed (by C too)' : 'MISSED';
}

/** A report as Markdown. */
export function markdown(trial: Trial, report: Report): string {
  const ratioRows = report.ratios.map((ratio) => [
    ratio.name,
    ratio.median,
    `${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)}`,
    ratio.floor === undefined ? '' : ratio.floor.toFixed(2),
    ratio.atMost === undefined ? '' : `≤ ${ratio.atMost}`,
    verdict(ratio),
  ]);
  return [
    `## ${trial.title}`,
    table(report.columns, report.rows),
    table(['ratio', 'median', 'spread', "C's", 'promised', ''], ratioRows),
  ].join('\n\n');
}
