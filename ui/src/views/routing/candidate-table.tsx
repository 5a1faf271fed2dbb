/** Owns a decision's table twin: tiers when something is imagined, else every candidate with its share and reason. */
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { ms } from '../../format/number.ts';
import { Table } from '../../ui/table.tsx';
import type { ImaginedTier } from './what-if.ts';

export function CandidateTable({
  explanation,
  imagined,
}: {
  readonly explanation: ExplainAnswer;
  readonly imagined: readonly ImaginedTier[] | undefined;
}) {
  return imagined ? (
    <Table
      plain
      caption="Load by tier, imagined"
      rows={explanation.tiers.map((tier, i) => ({ tier, imagined: imagined[i] }))}
      rowKey={({ tier }) => tier.name}
      empty="There is no copy of it anywhere."
      columns={[
        { id: 'tier', title: 'Tier', value: ({ tier }) => tier.name },
        {
          id: 'healthy',
          title: 'Healthy',
          numeric: true,
          value: (row) => row.imagined?.healthy,
        },
        { id: 'total', title: 'Of', numeric: true, value: ({ tier }) => tier.total },
        {
          id: 'load',
          title: 'Would carry %',
          numeric: true,
          value: (row) => row.imagined?.load,
        },
        {
          id: 'now',
          title: 'Carries now %',
          numeric: true,
          value: ({ tier }) => tier.healthyLoad + tier.degradedLoad,
        },
      ]}
    />
  ) : (
    <Table
      caption="Candidates"
      rows={explanation.candidates}
      rowKey={({ cluster, region, zone, endpoint }) => `${cluster} ${region} ${zone} ${endpoint}`}
      empty="There is no copy of it anywhere."
      columns={[
        { id: 'tier', title: 'Tier', value: (row) => row.tier, cell: (row) => row.tierName },
        { id: 'cluster', title: 'Cluster', value: (row) => row.cluster },
        {
          id: 'candidate',
          title: 'Candidate',
          value: ({ endpoint, region, zone }) => endpoint ?? `${region}/${zone}`,
        },
        { id: 'share', title: 'Share %', numeric: true, value: (row) => row.share },
        { id: 'health', title: 'Health', value: (row) => row.health },
        {
          id: 'rtt',
          title: 'Round trip',
          numeric: true,
          value: (row) => row.rttMs,
          cell: ({ rttMs }) => ms(rttMs),
        },
        { id: 'reason', title: 'Why', value: (row) => row.reason },
      ]}
    />
  );
}
