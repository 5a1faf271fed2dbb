/** Owns how a balancing decision is told to a person: the verdict in one phrase, then tier by tier and candidate by candidate. */
import type { ExplainAnswer } from '../gateway/control/api/answers.ts';
import { type Column, renderTable, type View } from './table.ts';
import { printable } from './terminal.ts';
import { percent, rtt } from './words.ts';

type Tier = ExplainAnswer['tiers'][number];
type Candidate = ExplainAnswer['candidates'][number];

/** The verdict, each tier, each candidate. */
export function decisionText(explanation: ExplainAnswer, view: View): string {
  const { caller, candidates, notes, service, port, tiers } = explanation;
  const asked = port === undefined ? service : `${port}.${service}`;
  const place = `${caller.cluster} / ${caller.region} / ${caller.zone}`;
  const sections = [
    `${view.paint('bold', printable(asked))} from ${printable(place)}: ${verdict(tiers, view)}`,
  ];
  const rows = tiers.map((tier, i) => ({
    ...tier,
    unreached: candidates.some(({ tier: of, link }) => of === i && link !== null && link !== 'up'),
  }));
  if (rows.length > 0) sections.push(renderTable(tierColumns, rows, view));
  const isChecked = candidates.some(({ check }) => check !== undefined);
  const columns = isChecked ? [...candidateColumns, checkColumn] : candidateColumns;
  if (candidates.length > 0) sections.push(renderTable(columns, candidates, view));
  if (notes.length > 0) sections.push(notes.map((note) => `note: ${printable(note)}`).join('\n'));
  return sections.join('\n\n');
}

/** The whole decision in one phrase. */
function verdict(tiers: readonly Tier[], view: View): string {
  const loaded = tiers.filter((tier) => load(tier) > 0);
  if (loaded.length === 0) return view.paint('red', 'nothing can serve it; requests get a 503');
  const text = loaded.map((tier) => `${percent(load(tier))} to ${printable(tier.name)}`).join(', ');
  const troubled = loaded.length > 1 || loaded.some((tier) => tier.panic) || loaded[0] !== tiers[0];
  return view.paint(troubled ? 'yellow' : 'green', text);
}

function load(tier: Tier): number {
  return tier.healthyLoad + tier.degradedLoad;
}

/** A tier that no link leads to: how many are healthy there nobody knows. */
type TierRow = Tier & { readonly unreached: boolean };

const tierColumns: readonly Column<TierRow>[] = [
  { title: 'TIER', cell: (t) => t.name },
  { title: 'LOAD', cell: (t) => percent(load(t)), align: 'right' },
  { title: 'HEALTHY', cell: (t) => `${t.unreached ? '?' : t.healthy}/${t.total}`, align: 'right' },
  { title: 'DEGRADED', cell: (t) => t.degraded, align: 'right' },
  { title: 'EXCLUDED', cell: (t) => t.excluded, align: 'right', wide: true },
  {
    title: 'PANIC',
    cell: (t) => (t.panic ? 'yes' : 'no'),
    color: (t) => (t.panic ? 'red' : undefined),
  },
  { title: 'WHY', cell: (t) => t.reason, overlong: 'continued' },
];

const candidateColumns: readonly Column<Candidate>[] = [
  { title: 'CLUSTER', cell: (c) => c.cluster },
  { title: 'ZONE', cell: (c) => c.zone },
  { title: 'REGION', cell: (c) => c.region, wide: true },
  { title: 'ENDPOINT', cell: (c) => c.endpoint },
  { title: 'ADDRESS', cell: (c) => c.address, wide: true },
  { title: 'TIER', cell: (c) => c.tierName },
  {
    title: 'SHARE',
    cell: (c) => percent(c.share),
    align: 'right',
    color: (c) => (c.share > 0 ? 'green' : 'gray'),
  },
  { title: 'RTT', cell: (c) => rtt(c.rttMs), align: 'right' },
  {
    title: 'HEALTH',
    cell: (c) => (c.stale ? `${c.health}, stale` : c.health),
    color: (c) => (c.health === 'healthy' && !c.stale ? 'green' : 'yellow'),
  },
  {
    title: 'EJECTED',
    cell: (c) => (c.ejected ? 'yes' : 'no'),
    color: (c) => (c.ejected ? 'red' : undefined),
  },
  { title: 'LINK', cell: (c) => c.link ?? undefined },
  { title: 'WHY', cell: (c) => c.reason, overlong: 'continued' },
];

/** The last check of endpoints that this gateway checks: their health may not have followed it yet. */
const checkColumn: Column<Candidate> = {
  title: 'LAST CHECK',
  cell: (c) => c.check,
  overlong: 'continued',
};
