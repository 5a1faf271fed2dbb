/** Owns traffic moving in a drill, as a chart: requests a second each cluster answers; as measured live, then as reported. */
import { type Drill, isOver, type Moment } from '../../api/drills.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { rate } from '../../format/number.ts';
import { TimeSeries } from '../../ui/time-series.tsx';

const colors = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5'] as const;

export function DrillTraffic({ drill }: { readonly drill: Drill }) {
  const { id, report, createdAt, startedAt } = drill;
  const live = useFetched<{ readonly items: readonly Moment[] }>(
    isOver(drill) ? undefined : `/v1/drills/${id}/moments`,
    1_000,
  );
  const moments = report?.moments ?? live.value?.items ?? [];
  if (moments.length < 2) return null;
  const zero = report?.startedAt ?? startedAt ?? createdAt;
  const names = [...new Set(moments.flatMap(({ clusters }) => Object.keys(clusters)))].sort();
  return (
    <TimeSeries
      id="moving"
      title="Where requests were answered"
      lead={report ? 'Over the whole drill.' : 'Second by second; at most the last two minutes.'}
      label="Requests per second answered by each cluster"
      times={moments.map(({ atMs }) => (zero + atMs) / 1_000)}
      format={rate}
      height={220}
      series={names.map((name, i) => ({
        label: name,
        color: colors[i % colors.length] ?? colors[0],
        values: moments.map(({ clusters }) => clusters[name] ?? 0),
      }))}
    />
  );
}
