/** Owns the kinds of policy that are written while gateways run: how each is named on a command line, and how it is listed. */
import { IsthmusError } from '../core/errors.ts';
import type {
  AuthenticationItem,
  AuthorizationItem,
  PolicyItem,
  ServiceDefaultsItem,
  ServiceExportItem,
  TrafficPolicyItem,
} from '../gateway/control/api/answers.ts';
import {
  collectionOf,
  type PolicyKindName,
  policyKindNames,
  singularOf,
} from '../policy/kind-names.ts';
import type { NamedKind } from './listing.ts';
import { type Column, renderTable } from './table.ts';
import { choice } from './verb.ts';
import { moment } from './words.ts';

/** A kind of policy as commands have it. */
export interface ListedKind extends NamedKind<PolicyItem> {
  readonly kind: PolicyKindName;
  /** Throws NAME_INVALID for what is no `<namespace>/<name>`. */
  checkName(name: string): void;
}

export interface ScopeOptions {
  readonly federation?: boolean;
}

export const federationOption = [
  '--federation',
  'Those of the whole federation, and not those of this cluster.',
] as const;

/** What a kind's items have. */
interface Items extends Partial<Record<PolicyKindName, PolicyItem>> {
  readonly TrafficPolicy: TrafficPolicyItem;
  readonly ServiceDefaults: ServiceDefaultsItem;
  readonly ServiceExport: ServiceExportItem;
  readonly Authorization: AuthorizationItem;
  readonly Authentication: AuthenticationItem;
}

/** Columns of kinds that have some of their own. */
const ownColumns: { readonly [K in keyof Items]?: readonly Column<NonNullable<Items[K]>>[] } = {
  TrafficPolicy: [
    { title: 'FOR', cell: requestsOf },
    { title: 'ALGORITHM', cell: ({ balance }) => balance?.algorithm },
    { title: 'REQUEST', cell: ({ timeouts }) => timeouts?.request },
  ],
  ServiceDefaults: [
    { title: 'PROTOCOL', cell: ({ protocol }) => protocol },
    { title: 'CHECK', cell: ({ check }) => check && probeOf(check) },
    { title: 'TLS', cell: ({ tls }) => tls?.hostname },
  ],
  ServiceExport: [
    { title: 'EXPORTED', cell: ({ exported }) => (exported ? 'yes' : 'no') },
    { title: 'AS', cell: ({ as }) => as },
    { title: 'TO', cell: ({ exported, to }) => (exported ? (to ?? 'all') : undefined) },
  ],
  Authentication: [
    { title: 'FOR', cell: ({ target, namespace }) => `${target.service ?? '*'}.${namespace}` },
    { title: 'ISSUERS', cell: ({ jwtRules }) => jwtRules.map(({ issuer }) => issuer) },
    {
      title: 'REQUIRED',
      cell: ({ required, requiredAt }) => (required ? 'yes' : requiredAt ? 'in part' : 'no'),
    },
  ],
  Authorization: [
    { title: 'FOR', cell: ({ target, namespace }) => `${target.service ?? '*'}.${namespace}` },
    { title: 'ACTION', cell: ({ action, dryRun }) => (dryRun ? `${action}, tried` : action) },
    { title: 'RULES', cell: ({ rules }) => String(rules.length), align: 'right' },
  ],
};

/** The columns that all kinds begin and end with. */
const common: Readonly<Record<'begin' | 'end', readonly Column<PolicyItem>[]>> = {
  begin: [{ title: 'NAME', cell: nameOf }],
  end: [
    {
      title: 'IN FORCE',
      cell: ({ inForce }) => (inForce ? 'yes' : 'no'),
      color: ({ inForce, reason }) => (inForce ? (reason ? 'yellow' : 'green') : 'red'),
    },
    { title: 'BY', cell: ({ by }) => by },
    { title: 'AT', cell: ({ at }) => moment(at) },
    { title: 'SET', cell: ({ set }) => set, wide: true },
    { title: 'CLUSTER', cell: ownerOf, wide: true },
    { title: 'REASON', cell: ({ reason }) => reason, wide: true, overlong: 'continued' },
    { title: 'WARNINGS', cell: ({ warnings }) => warnings, wide: true, overlong: 'continued' },
  ],
};

/** Every kind that there is, in order of name. */
export const listedKinds: readonly ListedKind[] = [...policyKindNames].sort().map(listedKind);

/** The kind that a word names: `traffic-policy`, `traffic-policies` or `TrafficPolicy`. Throws USAGE, naming the nearest. */
export function kindGiven(word: string): ListedKind {
  const found = listedKinds.find(({ kind, singular, plural }) =>
    [kind.toLowerCase(), singular, plural].includes(word.toLowerCase()),
  );
  if (found) return found;
  choice('KIND', word, kindWords);
  throw new IsthmusError('USAGE', { what: `${word} is no kind` });
}

/** The words that a shell offers for a kind. */
export const kindWords: readonly string[] = listedKinds.map(({ singular }) => singular);

function listedKind(kind: PolicyKindName): ListedKind {
  const [singular, plural] = [singularOf(kind), collectionOf(kind)];
  const columns = [
    ...common.begin,
    ...((ownColumns[kind] ?? []) as readonly Column<PolicyItem>[]),
    ...common.end,
  ];
  const checkName = (name: string) => {
    if (/^[^/]+\/[^/]+$/.test(name)) return;
    throw new IsthmusError('NAME_INVALID', {
      what: `${JSON.stringify(name)} names no ${singular}`,
      fix: `Use <namespace>/<name>, as \`isthmus get ${plural} -o name\` lists them.`,
    });
  };
  return {
    kind,
    singular,
    plural,
    missing: 'POLICY_NOT_FOUND',
    nameOf,
    checkName,
    async canonical(_admin, name) {
      checkName(name);
      return name;
    },
    layout: (items, view) => renderTable(columns, items, view),
  };
}

/** The same kind, of the whole federation where that is asked for. */
export function scoped(kind: ListedKind, { federation }: ScopeOptions): ListedKind {
  return federation ? { ...kind, path: `federation/${kind.plural}` } : kind;
}

/** Whose gateways go by a policy, and where that is not the same who wrote it. */
export function ownerOf({ scope, cluster }: PolicyItem): string {
  return scope === 'federation' ? `federation, by ${cluster}` : cluster;
}

function nameOf({ namespace, name }: PolicyItem): string {
  return `${namespace}/${name}`;
}

function probeOf({ http, grpc, interval }: NonNullable<ServiceDefaultsItem['check']>): string {
  const probe = http ? `GET ${http.path}` : grpc ? `grpc ${grpc.service}`.trim() : 'tcp';
  return `${probe}, every ${interval}`;
}

/** `orders.shop`, or `*.shop` for all services of a namespace; `from dc2` where it is for one cluster's clients. */
function requestsOf({ target: { service = '*', client }, namespace }: TrafficPolicyItem): string {
  return `${service}.${namespace}${client === undefined ? '' : ` from ${client}`}`;
}
