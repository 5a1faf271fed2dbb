/** Owns the picture in a report: who answered over time, as an SVG of lines that its tables say in numbers. */
import type { Moment } from './model.ts';

const width = 720;
const height = 220;
const margin = { left: 44, right: 12, top: 12, bottom: 28 };
const inner = {
  width: width - margin.left - margin.right,
  height: height - margin.top - margin.bottom,
};
/** Classes `line-0` and so on; the page's style gives each a colour and a dash. */
const lineStyles = 6;

interface Chart {
  readonly svg: string;
  /** The name of each line, in the order of their classes. */
  readonly legend: readonly string[];
}

/** Requests per second by cluster, and a band where the drill was in force; undefined with fewer than two moments. */
export function loadChart(moments: readonly Moment[]): Chart | undefined {
  const [first, last] = [moments[0], moments.at(-1)];
  if (!first || !last || first === last) return undefined;
  const clusters = [...new Set(moments.flatMap((moment) => Object.keys(moment.clusters)))]
    .sort()
    .slice(0, lineStyles);
  const top = Math.max(1, ...moments.flatMap((moment) => Object.values(moment.clusters)));
  const x = (atMs: number) =>
    round(margin.left + (inner.width * (atMs - first.atMs)) / (last.atMs - first.atMs));
  const y = (rate: number) => round(margin.top + inner.height * (1 - rate / top));
  const lines = clusters.map((cluster, i) => {
    const points = moments.map(({ atMs, clusters: of }) => `${x(atMs)},${y(of[cluster] ?? 0)}`);
    return `<polyline class="line line-${i}" points="${points.join(' ')}"/>`;
  });
  const base = margin.top + inner.height;
  const svg = [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Requests per second each cluster answered; the table Load has the numbers">`,
    band(moments, x),
    `<line class="axis" x1="${margin.left}" y1="${base}" x2="${width - margin.right}" y2="${base}"/>`,
    label(margin.left - 6, margin.top + 8, `${round(top)}/s`, 'end'),
    label(margin.left - 6, base, '0', 'end'),
    label(margin.left, height - 8, `${round(first.atMs / 1000)} s`, 'start'),
    label(width - margin.right, height - 8, `${round(last.atMs / 1000)} s`, 'end'),
    ...lines,
    '</svg>',
  ].join('\n');
  return { svg, legend: clusters };
}

/** From the first moment in which it was in force to the last. */
function band(moments: readonly Moment[], x: (atMs: number) => number): string {
  const inForce = moments.filter((moment) => moment.inForce > 0);
  const [from, until] = [inForce[0], inForce.at(-1)];
  if (!from || !until) return '';
  const left = x(from.atMs);
  return `<rect class="band" x="${left}" y="${margin.top}" width="${round(x(until.atMs) - left)}" height="${inner.height}"/>`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'end'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
