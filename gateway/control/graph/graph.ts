/** Owns the service graph: who calls whom from where, how often, how well and how fast, from the counts of all clusters. */
import { percentile } from './percentile.ts';
import { type SeriesLabels, seriesKey, stepMs } from './samples.ts';
import { addSums, rounded, type Sum, sumOf, type TrafficView } from './view.ts';

/** The clients, or a service, in one cluster. */
interface GraphNode {
  readonly id: string;
  readonly kind: 'client' | 'service';
  readonly service?: string;
  readonly cluster: string;
}

/** Requests from one node to another, by their ids. */
interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly tier: SeriesLabels['tier'];
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Whether the hop between the clusters is mutually authenticated; false inside a cluster. */
  readonly mtls: boolean;
}

interface Graph {
  /** End of the last step, wall milliseconds. */
  readonly at: number;
  readonly windowSeconds: number;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Clusters whose gateways did not answer: their callers are missing here. */
  readonly missing: readonly string[];
}

/** The counts of one series by the gateways of one cluster. */
interface Counted {
  /** The cluster whose gateways counted. */
  readonly by: string;
  readonly labels: SeriesLabels;
  readonly sum: Sum;
}

/** The graph over the last `windowSeconds`, which are whole steps and at least one. */
export function graph(view: TrafficView, windowSeconds: number): Graph {
  const steps = Math.max(1, Math.round((windowSeconds * 1000) / stepMs));
  const seconds = (steps * stepMs) / 1000;
  const counted = countedWithin(view, view.through - steps + 1);
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const { by, labels, sum } of counted) {
    // What another gateway sent on is counted there, as what its clients asked for.
    if (labels.source !== by) continue;
    const { requests, errors, latency } = sum;
    const from = clientNode(by);
    const to = serviceNode(labels);
    nodes.set(from.id, from).set(to.id, to);
    edges.push({
      from: from.id,
      to: to.id,
      protocol: labels.protocol,
      tier: labels.tier,
      requestsPerSecond: rounded(requests / seconds),
      errorsPerSecond: rounded(errors / seconds),
      p50Ms: rounded(percentile(latency, view.boundsMs, 0.5) ?? 0),
      p99Ms: rounded(percentile(latency, view.boundsMs, 0.99) ?? 0),
      mtls: by !== labels.cluster,
    });
  }
  return {
    at: (view.through + 1) * stepMs,
    windowSeconds: seconds,
    nodes: [...nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    edges: edges.sort((a, b) => (edgeName(a) < edgeName(b) ? -1 : 1)),
    missing: view.missing,
  };
}

/** Gateways of one cluster are added up. */
function countedWithin({ clusters, through }: TrafficView, first: number): Counted[] {
  const counted = new Map<string, Counted>();
  for (const { cluster: by, series } of clusters) {
    for (const { steps, ...labels } of series) {
      const within = steps.filter(({ step }) => step >= first && step <= through);
      if (within.length === 0) continue;
      const key = `${by} ${seriesKey(labels)}`;
      const before = counted.get(key);
      const sum = sumOf(within);
      counted.set(key, { by, labels, sum: before ? addSums(before.sum, sum) : sum });
    }
  }
  return [...counted.values()];
}

function clientNode(cluster: string): GraphNode {
  return { id: `client/${cluster}`, kind: 'client', cluster };
}

function serviceNode({ service, cluster }: SeriesLabels): GraphNode {
  return { id: `service/${service}/${cluster}`, kind: 'service', service, cluster };
}

function edgeName({ from, to, tier, protocol }: GraphEdge): string {
  return `${from} ${to} ${tier} ${protocol}`;
}
