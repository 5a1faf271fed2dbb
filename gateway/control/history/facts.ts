/** Owns the facts that a history is made of: what a gateway believes of one cluster, of one service, of policies, and of load that is moved. */
import type { Bundle } from '../../../certs/bundle.ts';
import { fingerprintOf } from '../../../certs/x509.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { PolicyScope } from '../../../policy/record.ts';
import type { EndpointRecord, ExportRecord } from '../../../registry/model.ts';
import type { ServiceView, Snapshot } from '../../../registry/snapshot.ts';
import type { Shift } from '../../data/balance/steering.ts';
import type { Group, LinkState } from '../../data/balance/types.ts';
import type { Membership } from '../membership/membership.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';

/** The parts of a gateway that believe something. */
export interface BelievingParts {
  readonly effects: { readonly shifts: readonly Shift[] };
  readonly membership: Pick<Membership, 'believed' | 'bundleOf'>;
  readonly services: {
    endpoints(service: ServiceName): readonly EndpointRecord[];
    published(service: ServiceName): ServiceView;
  };
  readonly snapshot: Snapshot;
  readonly workers: {
    readonly links: { state(cluster: ClusterName): { readonly state: LinkState } };
  };
  readonly writtenPolicies: Pick<WrittenPolicies, 'views'>;
}

/** `cluster/dc2` */
export interface ClusterFact {
  /** Absent while only some of its records have come. */
  readonly region?: string;
  readonly zones?: readonly string[];
  readonly trustDomain?: string;
  /** Live ones, by id. */
  readonly gateways: readonly string[];
  /** Whether its records could be confirmed. */
  readonly confirmed: boolean;
  readonly link: LinkState;
  /** The bundle that it is believed to have. */
  readonly bundle?: { readonly sequence: number; readonly fingerprints: readonly string[] };
}

/** `service/orders.shop` */
export interface ServiceFact {
  /** The copies in the own cluster, by zone. */
  readonly own: readonly ZoneFact[];
  /** The summaries of the clusters that export it. */
  readonly exports: Readonly<Record<ClusterName, Omit<ExportRecord, 'signature' | 'updatedAt'>>>;
}

type ZoneFact = Pick<Group, 'region' | 'zone' | 'total' | 'healthy' | 'degraded' | 'excluded'>;

/** `policy/cluster/TrafficPolicy/shop/orders` */
export interface PolicyFact {
  readonly scope: PolicyScope;
  readonly cluster: ClusterName;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly by: string;
  readonly at: number;
  readonly spec: Record<string, unknown>;
}

/** `shifts` */
export interface ShiftsFact {
  readonly shifts: readonly Shift[];
}

/** Undefined where nothing is believed of it. */
export function clusterFact(
  gateway: BelievingParts,
  cluster: ClusterName,
): ClusterFact | undefined {
  const { membership, snapshot, workers } = gateway;
  const view = snapshot.clusters.get(cluster);
  const bundle = membership.bundleOf(cluster);
  if (view === undefined && bundle === undefined) return undefined;
  const { region, zones, trustDomain } = view?.record ?? {};
  return {
    ...(region !== undefined && { region }),
    ...(zones !== undefined && { zones }),
    ...(trustDomain !== undefined && { trustDomain }),
    gateways: [...(view?.gateways.keys() ?? [])].sort(),
    confirmed: view?.synced !== undefined,
    link: workers.links.state(cluster).state,
    ...(bundle && { bundle: bundleFact(bundle) }),
  };
}

function bundleFact({ sequence, roots }: Bundle) {
  return { sequence, fingerprints: roots.map(({ raw }) => fingerprintOf(raw)) };
}

export function serviceFact(
  gateway: BelievingParts,
  service: ServiceName,
): ServiceFact | undefined {
  const own = zonesOf(gateway.services.endpoints(service));
  const exports: Record<ClusterName, ServiceFact['exports'][ClusterName]> = {};
  for (const [cluster, summary] of gateway.services.published(service).exports) {
    // That it was written anew is no news.
    const { signature: _, updatedAt: __, ...said } = summary;
    exports[cluster] = said;
  }
  const isNone = own.length === 0 && Object.keys(exports).length === 0;
  return isNone ? undefined : { own, exports };
}

function zonesOf(endpoints: readonly EndpointRecord[]): ZoneFact[] {
  const zones = Map.groupBy(endpoints, ({ zone }) => zone);
  return Array.from(zones, ([zone, inZone]) => {
    const counted = (health: EndpointRecord['health']) =>
      inZone.filter((one) => one.weight > 0 && one.health === health).length;
    return {
      ...{ region: inZone[0]?.region ?? '', zone, total: inZone.length },
      ...{ healthy: counted('healthy'), degraded: counted('degraded') },
      excluded: inZone.filter(({ weight }) => weight === 0).length,
    };
  }).sort((a, b) => (a.zone < b.zone ? -1 : 1));
}

export function* policyFacts({ writtenPolicies }: BelievingParts): Generator<[string, PolicyFact]> {
  for (const { record, scope } of writtenPolicies.views) {
    const { cluster, kind, namespace, name, by, at, spec } = record;
    yield [
      `policy/${scope}/${kind}/${namespace}/${name}`,
      { scope, cluster, kind, namespace, name, by, at, spec: spec as PolicyFact['spec'] },
    ];
  }
}

export function shiftsFact({ effects }: BelievingParts): ShiftsFact | undefined {
  return effects.shifts.length === 0 ? undefined : { shifts: effects.shifts };
}
