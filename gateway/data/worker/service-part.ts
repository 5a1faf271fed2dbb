/** Owns what is left of a service for those who name a part of it: one cluster's endpoints, or those with some labels. */
import type { ClusterName } from '../../../core/names.ts';
import type { BackendTarget } from '../../../policy/route/rule.ts';
import type { EndpointFacts, ExportFacts } from '../balance/view.ts';

/** Absent: any. */
export type ServicePart = Omit<BackendTarget, 'service'>;

interface Facts<P extends EndpointFacts, E extends ExportFacts> {
  readonly endpoints: readonly P[];
  readonly exports: ReadonlyMap<ClusterName, E>;
}

/** The part of a service's facts that a target names. */
export function narrowed<P extends EndpointFacts, E extends ExportFacts>(
  { endpoints, exports }: Facts<P, E>,
  { cluster, subset }: ServicePart,
  self: ClusterName,
): Facts<P, E> {
  const labels = Object.entries(subset ?? {});
  const isHere = cluster === undefined || cluster === self;
  return {
    endpoints: endpoints.filter(
      (one) => isHere && labels.every(([label, value]) => one.labels?.[label] === value),
    ),
    exports: new Map(
      [...exports]
        .filter(([of]) => cluster === undefined || of === cluster)
        .flatMap(([of, summary]) => {
          const some = labels.length === 0 ? summary : labelled(summary, labels);
          return some === undefined ? [] : [[of, some] as const];
        }),
    ),
  };
}

/**
 * Of several labels at most as many endpoints have all as have the rarest. Where in the other cluster they are is not known, and
 * not needed: its gateway chooses.
 */
function labelled<E extends ExportFacts>(
  summary: E,
  labels: readonly (readonly [string, string])[],
): E | undefined {
  const [place] = summary.localities;
  const counts = labels.map(([label, value]) => summary.labels?.[label]?.[value]);
  if (place === undefined || counts.some((one) => one === undefined)) return undefined;
  const least = (of: 'total' | 'healthy' | 'degraded') =>
    Math.min(...counts.map((one) => one?.[of] ?? 0));
  const some = { total: least('total'), healthy: least('healthy'), degraded: least('degraded') };
  return { ...summary, localities: [{ ...place, ...some }] };
}
