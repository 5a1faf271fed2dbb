/** Owns who exports a service, locality by locality. */
import type { ExportItem, Items } from '../../../../gateway/control/api/answers.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { healthOf } from '../../format/health.ts';
import { clusters } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { HealthBar } from '../../ui/health-bar.tsx';
import { Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

export function ExportTable({ service }: { readonly service: string }) {
  const fetched = useFetched<Items<ExportItem>>('/v1/exports', 2_000);
  const rows = (fetched.value?.items ?? [])
    .filter((item) => item.service === service)
    .flatMap(({ localities, ...item }) => localities.map((locality) => ({ ...item, ...locality })));
  return (
    <Panel id="exports" title="Exports" lead="What each cluster says it has of it, and since when.">
      <ProblemNote problem={fetched.problem} />
      <Table
        id="exports"
        caption={`Exports of ${service}`}
        rows={rows}
        rowKey={({ cluster, region, zone }) => `${cluster} ${region} ${zone}`}
        defaultSort="cluster"
        empty={fetched.loading ? 'Asking the gateway …' : 'No cluster exports it.'}
        columns={[
          { id: 'cluster', title: 'Cluster', value: (row) => row.cluster },
          { id: 'region', title: 'Region', value: (row) => row.region },
          { id: 'zone', title: 'Zone', value: (row) => row.zone },
          {
            id: 'healthy',
            title: 'Healthy',
            value: (row) => row.healthy,
            cell: ({ cluster, ...copies }) => (
              <HealthBar
                health={healthOf({ ...copies, unknownSince: clusters.get(cluster)?.unknownSince })}
              />
            ),
          },
          { id: 'degraded', title: 'Degraded', numeric: true, value: (row) => row.degraded },
          {
            id: 'updated',
            title: 'Said',
            value: (row) => row.updatedAt,
            cell: ({ updatedAt, stale }) => (
              <span class="chips">
                <Time at={updatedAt} />
                {stale && <Badge tone="warn">stale</Badge>}
              </span>
            ),
          },
        ]}
      />
    </Panel>
  );
}
