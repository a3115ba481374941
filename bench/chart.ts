/** A chart of a report, as SVG. */
import { BarChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Family } from './peers/index.js';
import { figure, type Report, type Row } from './report.js';
import { spread } from './statistics.js';

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

/** Ours in shades of one colour that nobody else has. */
const COLOURS: Record<Family, readonly string[]> = {
  berkeley: ['#c0392b', '#e67e22', '#f1c40f', '#922b21', '#f5b7b1'],
  C: ['#2c3e50', '#7f8c8d'],
  CPython: ['#2874a6', '#85c1e9'],
  node: ['#1e8449', '#82e0aa'],
  'pure JavaScript': ['#8e44ad'],
};

/** The logarithmic axis is for figures that lie further apart than a linear one shows. */
const WIDE = 20;
const BAR_PX = 18;
const WIDTH_PX = 900;
/** Room beside the bars: each says whose it is, and its figures. */
const LABEL_PX = 330;

function label({ arm, samples }: Row, about: string): string {
  const { median, min, max } = spread(samples.map((sample) => sample[about]));
  return `${figure(median)}  (${figure(min)} – ${figure(max)})  ${arm}`;
}

function series(report: Report) {
  const arms = [...new Set(report.rows.map(({ arm }) => arm))].filter((arm) => !arm.endsWith('(again)'));
  const used: Partial<Record<Family, number>> = {};
  return arms.flatMap((arm) => {
    const rows = report.rows.filter((row) => row.arm === arm);
    const { family } = rows[0];
    if (rows.every(({ samples }) => samples.length === 0)) return [];
    const shade = used[family] ?? 0;
    used[family] = shade + 1;
    const data = rows.map((row) => ({
      value: row.samples.length === 0 ? null : row.medians[report.about],
      label: { show: row.samples.length > 0, formatter: () => label(row, report.about) },
    }));
    const color = COLOURS[family][shade % COLOURS[family].length];
    return [{ type: 'bar' as const, name: arm, data, itemStyle: { color }, label: { position: 'right' as const } }];
  });
}

export function chart(report: Report): string {
  const cases = [...new Set(report.rows.map(({ which }) => which))];
  const bars = series(report);
  const values = bars.flatMap(({ data }) => data.map(({ value }) => value ?? Number.NaN)).filter((value) => value > 0);
  const wide = Math.max(...values) > WIDE * Math.min(...values);
  const height = 96 + cases.length * (bars.length * BAR_PX + 16);
  const figures = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height });
  figures.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: report.title, subtext: report.columns[report.about], left: 'center', textStyle: { fontSize: 15 } },
    grid: { left: 70, right: LABEL_PX, top: 56, bottom: 40 },
    xAxis: { type: wide ? 'log' : 'value' },
    yAxis: { type: 'category', data: cases, inverse: true },
    series: bars,
  });
  const svg = figures.renderToSVGString();
  figures.dispose();
  // What a screen reader says of it.
  return `${svg.replace('>', `><title>${report.title}</title>`)}\n`;
}
