/** Owns what is left of a service for those who name a part of it: one cluster's endpoints, those with some labels, or their port of a name. */
import type { ClusterName } from '../../../core/names.ts';
import type { EndpointFacts, ExportFacts } from '../balance/view.ts';
import type { PartTarget } from '../request/route/ports.ts';

/** Absent: any. */
export type ServicePart = Omit<PartTarget, 'service'>;

interface Facts<P extends EndpointFacts, E extends ExportFacts> {
  readonly endpoints: readonly P[];
  readonly exports: ReadonlyMap<ClusterName, E>;
}

/** The part of a service's facts that a target names. */
export function narrowed<P extends EndpointFacts, E extends ExportFacts>(
  { endpoints, exports }: Facts<P, E>,
  { cluster, subset, port }: ServicePart,
  self: ClusterName,
): Facts<P, E> {
  const labels = Object.entries(subset ?? {});
  const isHere = cluster === undefined || cluster === self;
  const own = endpoints.filter(
    (one) => isHere && labels.every(([label, value]) => one.labels?.[label] === value),
  );
  const others = [...exports]
    .filter(([of]) => cluster === undefined || of === cluster)
    .flatMap(([of, summary]) => {
      const some = counted(summary, labels, port);
      return some === undefined ? [] : [[of, some] as const];
    });
  return {
    endpoints: port === undefined ? own : own.flatMap((one) => atPort(one, port) ?? []),
    exports: new Map(others),
  };
}

/** An endpoint as it is at a named port; undefined where it has none of that name. */
function atPort<P extends EndpointFacts>(endpoint: P, name: string): P | undefined {
  const named = endpoint.ports?.find((one) => one.name === name);
  return named && { ...endpoint, port: named.port, protocol: named.protocol };
}

/**
 * A summary of those that have all the labels, and the port. At most as many have all as have the rarest. Where in the other cluster
 * they are is told of all of its endpoints together only, and that is enough: its gateway chooses.
 */
function counted<E extends ExportFacts>(
  summary: E,
  labels: readonly (readonly [string, string])[],
  port: string | undefined,
): E | undefined {
  if (labels.length === 0 && port === undefined) return summary;
  const [place] = summary.localities;
  const named = port === undefined ? undefined : summary.ports?.[port];
  const counts = [
    ...labels.map(([label, value]) => summary.labels?.[label]?.[value]),
    ...(port === undefined ? [] : [named]),
  ];
  if (place === undefined || counts.some((one) => one === undefined)) return undefined;
  const least = (of: 'total' | 'healthy' | 'degraded') =>
    Math.min(...counts.map((one) => one?.[of] ?? 0));
  const some = { total: least('total'), healthy: least('healthy'), degraded: least('degraded') };
  return {
    ...summary,
    ...(named && { protocol: named.protocol }),
    localities: [{ ...place, ...some }],
  };
}
