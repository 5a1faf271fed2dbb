/** Owns a chart with its legend and its table twin, newest first in the table. */
import { clockTime } from '../format/time.ts';
import { now } from '../live/clock.ts';
import { Chart, type ChartProps } from './chart.tsx';
import { Panel } from './page.tsx';
import { Table } from './table.tsx';
import { Twin, TwinSwitch } from './twin.tsx';

export function TimeSeries({
  id,
  title,
  lead,
  ...chart
}: ChartProps & { readonly id: string; readonly title: string; readonly lead?: string }) {
  const { times, series, format } = chart;
  const view = `${id}-as`;
  return (
    <Panel
      id={id}
      title={title}
      lead={lead}
      actions={<TwinSwitch id={view} label={`${title} as`} />}
    >
      <Twin
        id={view}
        graph={() => (
          <>
            <Chart {...chart} />
            {series.length > 1 && (
              <ul class="legend">
                {series.map(({ label, color }) => (
                  <li key={label}>
                    <span class="swatch" style={{ background: `var(${color})` }} />
                    {label}
                  </li>
                ))}
              </ul>
            )}
          </>
        )}
        table={() => (
          <Table
            id={id}
            plain
            caption={title}
            rows={times.map((time, i) => ({ time, i })).reverse()}
            rowKey={({ time }) => String(time)}
            empty="No data yet."
            columns={[
              {
                id: 'time',
                title: 'Time',
                value: ({ time }) => time,
                cell: ({ time }) => <span class="num">{clockTime(time * 1_000, now.peek())}</span>,
              },
              ...series.map(({ label, values }) => ({
                id: label,
                title: label,
                numeric: true,
                value: ({ i }: { i: number }) => values[i] ?? undefined,
                cell: ({ i }: { i: number }) => {
                  const value = values[i];
                  return value === null || value === undefined ? '–' : format(value);
                },
              })),
            ]}
          />
        )}
      />
    </Panel>
  );
}
