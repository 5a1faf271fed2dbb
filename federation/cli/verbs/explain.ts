/** Owns `isthmus explain`: where a service's requests go from somewhere, each candidate's share, and why. */
import type { ExplainAnswer } from '../../../gateway/admin/answers.ts';
import type { Cli } from '../cli.ts';
import { resolveService } from '../service-path.ts';
import { type Column, renderTable, type View } from '../table.ts';
import { printable } from '../terminal.ts';
import { repeated, type Verb } from '../verb.ts';
import { percent, rtt } from '../words.ts';

interface Options {
  readonly from?: string;
  readonly without?: readonly string[];
}

export function explainVerb(program: Verb, cli: Cli): void {
  program
    .command('explain')
    .argument('<service>', 'The service: <service>.<namespace>, or its whole host.')
    .description("Show where a service's requests go, each candidate's share, and why.")
    .option('--from <cluster>', 'As if asked from this cluster, or CLUSTER/ZONE.')
    .option('--without <cluster>', 'As if this cluster were lost; may be repeated.', repeated)
    .examples(
      ['isthmus explain api.prod', 'from here, now'],
      ['isthmus explain api.prod --from dc2/eu-west-1b', "as seen from another cluster's zone"],
      ['isthmus explain api.prod --without dc1', 'what if dc1 were lost'],
    )
    .action(async (service: string, options: Options) => {
      const without = options.without?.join(',');
      const admin = await cli.admin();
      const name = await resolveService(admin, service);
      const query = { from: options.from, without };
      const explanation = await admin.get<ExplainAnswer>(`/v1/explain/${name}`, query);
      cli.print(explanation, (view) => layout(explanation, view));
    });
}

type Tier = ExplainAnswer['tiers'][number];
type Candidate = ExplainAnswer['candidates'][number];

function layout(explanation: ExplainAnswer, view: View): string {
  const { caller, candidates, notes, service, tiers } = explanation;
  const place = `${caller.cluster} / ${caller.region} / ${caller.zone}`;
  const sections = [
    `${view.paint('bold', printable(service))} from ${printable(place)}: ${verdict(tiers, view)}`,
  ];
  if (tiers.length > 0) sections.push(renderTable(tierColumns, tiers, view));
  if (candidates.length > 0) sections.push(renderTable(candidateColumns, candidates, view));
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

const tierColumns: readonly Column<Tier>[] = [
  { title: 'TIER', cell: (t) => t.name },
  { title: 'LOAD', cell: (t) => percent(load(t)), align: 'right' },
  { title: 'HEALTHY', cell: (t) => `${t.healthy}/${t.total}`, align: 'right' },
  { title: 'DEGRADED', cell: (t) => t.degraded, align: 'right' },
  { title: 'EXCLUDED', cell: (t) => t.excluded, align: 'right', wide: true },
  {
    title: 'PANIC',
    cell: (t) => (t.panic ? 'yes' : 'no'),
    color: (t) => (t.panic ? 'red' : undefined),
  },
  { title: 'WHY', cell: (t) => t.reason },
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
  { title: 'WHY', cell: (c) => c.reason },
];
