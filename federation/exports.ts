/** Owns export summaries: what other clusters get to know of a service's endpoints, which themselves stay home. */
import { isDeepStrictEqual } from 'node:util';
import type { ServiceName } from '../core/names.ts';
import type { EndpointRecord, ExportRecord } from '../registry/model.ts';
import { mostPorts } from '../registry/ports.ts';

type LabelCounts = NonNullable<ExportRecord['labels']>;
type PortCounts = NonNullable<ExportRecord['ports']>;
type LocalitySummary = ExportRecord['localities'][number];

/**
 * One unsigned record per exported service, in order of name, as of `now` (milliseconds since the epoch). An endpoint whose
 * health is unknown or unhealthy counts in the total only; one of weight 0 only as a place; one that is not exported, not at all.
 */
export function summarize(endpoints: Iterable<EndpointRecord>, now: number): ExportRecord[] {
  const services = new Map<ServiceName, EndpointRecord[]>();
  for (const endpoint of endpoints) {
    if (!endpoint.exported) continue;
    const known = services.get(endpoint.service);
    if (known) known.push(endpoint);
    else services.set(endpoint.service, [endpoint]);
  }
  return [...services]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([service, members]) => {
      const [first] = members;
      if (!first) return [];
      const { cluster, protocol } = first;
      const labels = labelsOf(members);
      const ports = portsOf(members);
      const told = { cluster, service, protocol, localities: localitiesOf(members) };
      return [{ ...told, ...(labels && { labels }), ...(ports && { ports }), updatedAt: now }];
    });
}

/** Whether two summaries say the same, whenever and by whichever key they were signed: nothing to write then. */
export function sameSummary(a: ExportRecord, b: ExportRecord): boolean {
  return isDeepStrictEqual(content(a), content(b));
}

function content({ updatedAt: _, signature: __, ...said }: ExportRecord): unknown {
  return said;
}

function localitiesOf(endpoints: readonly EndpointRecord[]): LocalitySummary[] {
  const localities = new Map<string, LocalitySummary>();
  for (const { region, zone, health, weight } of endpoints) {
    const name = `${region}/${zone}`;
    const sum = localities.get(name) ?? { region, zone, total: 0, healthy: 0, degraded: 0 };
    localities.set(name, sum);
    if (weight === 0) continue;
    sum.total += 1;
    if (health === 'healthy') sum.healthy += 1;
    if (health === 'degraded') sum.degraded += 1;
  }
  return [...localities].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
}

/** Labels that other clusters are told of, and values of each: a label with more tells single endpoints apart, and no versions. */
const mostLabels = 16;
const mostValues = 16;

/** Undefined where there are none. */
function labelsOf(endpoints: readonly EndpointRecord[]): LabelCounts | undefined {
  const counts = new Map<string, Map<string, LabelCounts[string][string]>>();
  for (const { labels, health, weight } of endpoints) {
    if (weight === 0) continue;
    for (const [label, value] of Object.entries(labels)) {
      const sum = counts
        .getOrInsertComputed(label, () => new Map())
        .getOrInsertComputed(value, () => ({ total: 0, healthy: 0, degraded: 0 }));
      sum.total += 1;
      if (health === 'healthy') sum.healthy += 1;
      if (health === 'degraded') sum.degraded += 1;
    }
  }
  const told = [...counts]
    .filter(([, values]) => values.size <= mostValues)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, mostLabels)
    .map(([label, values]) => [label, Object.fromEntries(values)] as const);
  return told.length === 0 ? undefined : Object.fromEntries(told);
}

/** Undefined where there are none. Of the protocols that endpoints speak at a port of one name the first's is told, as of a service. */
function portsOf(endpoints: readonly EndpointRecord[]): PortCounts | undefined {
  const counts = new Map<string, PortCounts[string]>();
  for (const { ports = [], health, weight } of endpoints) {
    if (weight === 0) continue;
    for (const { name, port, protocol } of ports) {
      const sum = counts.getOrInsertComputed(name, () => ({
        ...{ protocol, port },
        ...{ total: 0, healthy: 0, degraded: 0 },
      }));
      if (sum.port !== port) delete sum.port;
      sum.total += 1;
      if (health === 'healthy') sum.healthy += 1;
      if (health === 'degraded') sum.degraded += 1;
    }
  }
  const told = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, mostPorts);
  return told.length === 0 ? undefined : Object.fromEntries(told);
}
