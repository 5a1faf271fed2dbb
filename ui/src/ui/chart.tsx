/** Owns time series as charts (uPlot), drawn in the colours of the theme and redrawn in place as data comes. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { shownTheme } from '../shell/theme.ts';

interface ChartSeries {
  readonly label: string;
  /** Name of a custom property of the theme, such as `--accent`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** Filled down to 0. */
  readonly area?: boolean;
}

export interface ChartProps {
  readonly label: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly height?: number;
}

export function Chart({ label, times, series, format, height = 200 }: ChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const theme = shownTheme.value;
  const data = [times, ...series.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const shape = series.map((one) => `${one.label} ${one.color}`).join('|');

  // Data is set below; the theme and other series rebuild it.
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const made = new uPlot(optionsFor(element, series, format, height), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [theme, shape, height]);
  useEffect(() => {
    plot.current?.setData(data);
  });
  return <div class="chart" role="img" aria-label={label} ref={host} />;
}

/** `12:03`, and the seconds where less than a minute lies between two. */
function clockOf(stepSeconds: number): (seconds: number) => string {
  const format: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(stepSeconds < 60 && { second: '2-digit' }),
  };
  return (seconds) => new Date(seconds * 1_000).toLocaleTimeString('en', format);
}

function optionsFor(
  element: HTMLElement,
  series: readonly ChartSeries[],
  format: (value: number) => string,
  height: number,
): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--ink-3'),
    font: `11px ${style.fontFamily}`,
    ticks: { show: false },
  };
  const grid = { stroke: color('--line'), width: 1 };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 24, 0, 0],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        values: (_, splits, __, ___, step) => splits.map(clockOf(step)),
        space: 80,
      },
      {
        ...axis,
        grid,
        size: 56,
        space: 36,
        values: (_, splits) => splits.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ label, color: name, area }) => ({
        label,
        stroke: color(name),
        width: 1.75,
        points: { show: false },
        ...(area && { fill: `${color(name)}22` }),
      })),
    ],
  };
}
