/** The course of a soak, as SVG: memory, descriptors, and the delay of the event loop. */
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Health } from './health.js';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const WIDTH_PX = 900;
const PANEL_PX = 190;
/** So many points a line: of each stretch of time the highest. */
const POINTS = 300;

const PANELS: { name: string; of: (health: Health) => number }[] = [
  { name: 'resident memory, MiB', of: ({ rss }) => rss / 2 ** 20 },
  { name: "JavaScript's heap, MiB", of: ({ heap }) => heap / 2 ** 20 },
  { name: 'descriptors', of: ({ descriptors }) => descriptors },
  { name: 'event loop delay, p99 of a second, ms', of: ({ delayMs }) => delayMs },
];

export function chart(course: readonly Health[]): string {
  const stretch = Math.max(1, Math.ceil(course.length / POINTS));
  const points = (of: (health: Health) => number) =>
    Array.from({ length: Math.ceil(course.length / stretch) }, (_, i) => {
      const part = course.slice(i * stretch, (i + 1) * stretch);
      return [i * stretch, Math.max(...part.map(of))];
    });
  const figures = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH_PX, height: PANELS.length * PANEL_PX });
  figures.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: PANELS.map(({ name }, i) => ({ text: name, top: i * PANEL_PX + 6, left: 60, textStyle: { fontSize: 13 } })),
    grid: PANELS.map((_, i) => ({ top: i * PANEL_PX + 34, height: PANEL_PX - 70, left: 60, right: 20 })),
    xAxis: PANELS.map((_, i) => ({
      type: 'value',
      gridIndex: i,
      max: course.length,
      axisLabel: { formatter: '{value} s' },
    })),
    yAxis: PANELS.map((_, i) => ({ type: 'value', gridIndex: i })),
    series: PANELS.map(({ name, of }, i) => ({
      type: 'line',
      name,
      xAxisIndex: i,
      yAxisIndex: i,
      showSymbol: false,
      data: points(of),
    })),
  });
  const svg = figures.renderToSVGString();
  figures.dispose();
  return `${svg.replace('>', '><title>The course of a soak</title>')}\n`;
}
