/** Owns the kinds of policy that are written while gateways run, and how each is listed. */
import { IsthmusError } from '../core/errors.ts';
import type {
  PolicyItem,
  ServiceDefaultsItem,
  ServiceExportItem,
  TrafficPolicyItem,
} from '../gateway/control/api/answers.ts';
import type { NamedKind } from './listing.ts';
import { type Column, renderTable } from './table.ts';
import { moment } from './words.ts';

/** The columns that all kinds begin and end with. */
function columns<Item extends PolicyItem>(own: readonly Column<Item>[]): readonly Column<Item>[] {
  return [
    { title: 'NAME', cell: nameOf },
    ...own,
    {
      title: 'IN FORCE',
      cell: ({ inForce }) => (inForce ? 'yes' : 'no'),
      color: ({ inForce, reason }) => (inForce ? (reason ? 'yellow' : 'green') : 'red'),
    },
    { title: 'BY', cell: ({ by }) => by },
    { title: 'AT', cell: ({ at }) => moment(at) },
    { title: 'CLUSTER', cell: ({ cluster }) => cluster, wide: true },
    { title: 'REASON', cell: ({ reason }) => reason, wide: true, overlong: 'continued' },
  ];
}

function policyKind<Item extends PolicyItem>(
  singular: string,
  plural: string,
  own: readonly Column<Item>[],
): NamedKind<Item> {
  const all = columns(own);
  return {
    singular,
    plural,
    missing: 'POLICY_NOT_FOUND',
    nameOf,
    async canonical(_admin, name) {
      if (/^[^/]+\/[^/]+$/.test(name)) return name;
      throw new IsthmusError('NAME_INVALID', {
        what: `${JSON.stringify(name)} names no ${singular}`,
        fix: `Use <namespace>/<name>, as \`isthmus get ${plural} -o name\` lists them.`,
      });
    },
    layout: (items, view) => renderTable(all, items, view),
  };
}

function nameOf({ namespace, name }: PolicyItem): string {
  return `${namespace}/${name}`;
}

export const trafficPolicyKind = policyKind<TrafficPolicyItem>(
  'traffic-policy',
  'traffic-policies',
  [
    { title: 'FOR', cell: requestsOf },
    { title: 'ALGORITHM', cell: ({ balance }) => balance?.algorithm },
    { title: 'REQUEST', cell: ({ timeouts }) => timeouts?.request },
  ],
);

export const serviceExportKind = policyKind<ServiceExportItem>(
  'service-export',
  'service-exports',
  [
    { title: 'EXPORTED', cell: ({ exported }) => (exported ? 'yes' : 'no') },
    { title: 'AS', cell: ({ as }) => as },
    { title: 'TO', cell: ({ exported, to }) => (exported ? (to?.join(', ') ?? 'all') : undefined) },
  ],
);

export const serviceDefaultsKind = policyKind<ServiceDefaultsItem>(
  'service-defaults',
  'service-defaults',
  [
    { title: 'PROTOCOL', cell: ({ protocol }) => protocol },
    { title: 'CHECK', cell: ({ check }) => check && probeOf(check) },
    { title: 'TLS', cell: ({ tls }) => tls?.hostname },
  ],
);

function probeOf({ http, grpc, interval }: NonNullable<ServiceDefaultsItem['check']>): string {
  const probe = http ? `GET ${http.path}` : grpc ? `grpc ${grpc.service}`.trim() : 'tcp';
  return `${probe}, every ${interval}`;
}

/** `orders.shop`, or `*.shop` for all services of a namespace; `from dc2` where it is for one cluster's clients. */
function requestsOf({ target: { service = '*', client }, namespace }: TrafficPolicyItem): string {
  return `${service}.${namespace}${client === undefined ? '' : ` from ${client}`}`;
}
