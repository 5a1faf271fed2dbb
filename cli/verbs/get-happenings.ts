/** Owns `isthmus get trust|graph|events|audit`: how trust stands, who calls whom, what happened, and who changed what. */
import type { InspectColor } from 'node:util';
import type {
  AuditItem,
  EventItem,
  GraphAnswer,
  GraphEdge,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import { auditColumns } from '../audit-columns.ts';
import type { Cli } from '../cli.ts';
import type { Kind, ListOptions, NamedKind } from '../listing.ts';
import { type Column, renderTable } from '../table.ts';
import { noHeaders, type Verb, watchOption } from '../verb.ts';
import { listOrWatch, oneOrWatch, type WatchOptions } from '../watching.ts';
import { moment, rtt } from '../words.ts';

export function getHappenings(get: Verb, cli: Cli): void {
  get
    .command('trust')
    .argument('[cluster]', 'Only of this one.')
    .description("List how each cluster's trust bundle stands, and who lags.")
    .examples(['isthmus get trust', 'one line for each cluster'])
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((name: string | undefined, options: WatchOptions) =>
      oneOrWatch(cli, trustKind, name, options),
    );
  get
    .command('graph')
    .description('List who calls whom from where, in all clusters.')
    .option('--window <seconds>', 'How far to look back.', '60')
    .examples(['isthmus get graph --window 300', 'the last five minutes'])
    .addOption(noHeaders())
    .action(async ({ window, headers }: ListOptions & { readonly window: string }) => {
      const admin = await cli.admin();
      const answer = await admin.get<GraphAnswer>('/v1/graph', { window });
      const { edges } = answer;
      cli.print(answer, (view) =>
        edges.length === 0 ? '' : renderTable(edgeColumns, edges, { ...view, headers }),
      );
      if (edges.length === 0) cli.note('No traffic.');
      for (const cluster of answer.missing)
        cli.note(`${cluster} does not answer: its callers are missing.`);
    });
  get
    .command('events')
    .description('List what happened lately, oldest first.')
    .option('--kind <kind>', 'Only those of one kind.')
    .examples([
      'isthmus get events --kind cluster-down',
      'which clusters could not be reached, and when',
    ])
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((options: WatchOptions & { readonly kind?: string }) => {
      const { kind } = options;
      const wanted = (item: EventItem) => kind === undefined || item.kind === kind;
      return listOrWatch(cli, eventKind, options, { kind }, wanted);
    });
  get
    .command('audit')
    .description('List who changed, or tried to change, what; oldest first.')
    .examples(['isthmus get audit', 'the last writes, refused ones too'])
    .names()
    .addOption(noHeaders())
    .addOption(watchOption())
    .action((options: WatchOptions) => listOrWatch(cli, auditKind, options));
}

const trustColumns: readonly Column<TrustItem>[] = [
  { title: 'CLUSTER', cell: (t) => t.cluster },
  { title: 'BELIEVED', cell: (t) => (t.self ? 'self' : t.believed ? 'yes' : 'no') },
  { title: 'PHASE', cell: (t) => t.phase },
  { title: 'UNTIL', cell: (t) => moment(t.notAfter) },
  {
    title: 'LAGGARDS',
    cell: (t) => t.laggards,
    color: (t) => (t.laggards.length > 0 ? 'yellow' : undefined),
  },
  { title: 'SEQUENCE', cell: (t) => t.sequence, wide: true, align: 'right' },
  { title: 'FINGERPRINTS', cell: (t) => t.fingerprints, wide: true },
];

const trustKind: NamedKind<TrustItem> = {
  plural: 'trust',
  singular: 'cluster',
  missing: 'CLUSTER_NOT_FOUND',
  nameOf: ({ cluster }) => cluster,
  layout: (items, view) => renderTable(trustColumns, items, view),
};

const edgeColumns: readonly Column<GraphEdge>[] = [
  { title: 'FROM', cell: (e) => e.from.replace(/^client\//, '') },
  { title: 'TO', cell: (e) => e.to.replace(/^service\//, '') },
  {
    title: 'TIER',
    cell: (e) => e.tier,
    color: (e) => (e.tier === 'cluster' ? 'yellow' : undefined),
  },
  { title: 'REQ/S', cell: (e) => e.requestsPerSecond, align: 'right' },
  {
    title: 'ERR/S',
    cell: (e) => e.errorsPerSecond,
    align: 'right',
    color: (e) => (e.errorsPerSecond > 0 ? 'red' : undefined),
  },
  { title: 'P50', cell: (e) => rtt(e.p50Ms), align: 'right' },
  { title: 'P99', cell: (e) => rtt(e.p99Ms), align: 'right' },
  { title: 'MTLS', cell: (e) => (e.mtls ? 'yes' : 'no'), wide: true },
];

const severityColors: Readonly<Record<EventItem['severity'], InspectColor | undefined>> = {
  info: undefined,
  warning: 'yellow',
  error: 'red',
};

const eventColumns: readonly Column<EventItem>[] = [
  { title: 'AT', cell: (e) => moment(e.at) },
  { title: 'KIND', cell: (e) => e.kind },
  { title: 'CLUSTER', cell: (e) => e.cluster },
  {
    title: 'WHAT',
    cell: (e) => e.what,
    overlong: 'continued',
    color: (e) => severityColors[e.severity],
  },
];

const eventKind: Kind<EventItem> = {
  plural: 'events',
  nameOf: ({ id }) => id,
  layout: (items, view) => renderTable(eventColumns, items, view),
};

const auditKind: Kind<AuditItem> = {
  plural: 'audit',
  nameOf: ({ id }) => id,
  layout: (items, view) => renderTable(auditColumns, items, view),
};
