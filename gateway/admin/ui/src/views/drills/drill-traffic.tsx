/** Owns traffic moving in a drill, as a chart: requests a second each cluster answers; measured live, then as reported. */
import { useEffect, useState } from 'preact/hooks';
import type { GraphAnswer } from '../../../../answers.ts';
import { type Drill, isOver } from '../../api/drills.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { rate } from '../../format/number.ts';
import { TimeSeries } from '../../ui/time-series.tsx';

/** Requests per second by cluster, at a time in seconds since 1970. */
interface Sample {
  readonly time: number;
  readonly clusters: Readonly<Record<string, number>>;
}

const colors = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5'] as const;
const most = 600;

export function DrillTraffic({ drill }: { readonly drill: Drill }) {
  const live = useLiveSamples(!isOver(drill));
  const { report } = drill;
  const zero = report?.startedAt ?? drill.createdAt;
  const samples: readonly Sample[] = report
    ? report.moments.map(({ atMs, clusters }) => ({ time: (zero + atMs) / 1_000, clusters }))
    : live;
  if (samples.length < 2) return null;
  const names = [...new Set(samples.flatMap(({ clusters }) => Object.keys(clusters)))].sort();
  return (
    <TimeSeries
      id="moving"
      title="Where requests were answered"
      lead={report ? 'Over the whole drill.' : 'Since this page was opened.'}
      label="Requests per second answered by each cluster"
      times={samples.map(({ time }) => time)}
      format={rate}
      height={220}
      series={names.map((name, i) => ({
        label: name,
        color: colors[i % colors.length] ?? colors[0],
        values: samples.map(({ clusters }) => clusters[name] ?? 0),
      }))}
    />
  );
}

function useLiveSamples(wanted: boolean): readonly Sample[] {
  const { value } = useFetched<GraphAnswer>(wanted ? '/v1/graph?window=5' : undefined, 1_000);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (value === undefined) return;
    const clusterOf = new Map(value.nodes.map(({ id, cluster }) => [id, cluster]));
    const clusters: Record<string, number> = {};
    for (const { to, requestsPerSecond } of value.edges) {
      const cluster = clusterOf.get(to);
      if (cluster !== undefined) clusters[cluster] = (clusters[cluster] ?? 0) + requestsPerSecond;
    }
    const sample = { time: value.at / 1_000, clusters };
    // Counts move in steps: asked again within one, the answer is of the same time, and perhaps more complete.
    setSamples((known) => [...known.filter(({ time }) => time < sample.time).slice(-most), sample]);
  }, [value]);
  return samples;
}
