/** Owns the service graph: who calls whom from where, how often, how well and how fast, from the counts of all clusters. */
import type { GraphAnswer, GraphEdge, GraphNode } from '../admin/answers.ts';
import { percentile } from './percentile.ts';
import { type SeriesLabels, seriesKey, stepMs } from './samples.ts';
import { addSums, rounded, type Sum, sumOf, type TrafficView } from './view.ts';

/**
 * Counts of two clusters are not taken at the same moment: what is left of a cluster's own callers is believed from
 * this share of what other gateways sent on.
 */
const believedShare = 0.05;

/** What the gateways of one cluster counted of one series. */
interface Counted {
  /** The cluster whose gateways counted. */
  readonly by: string;
  readonly labels: SeriesLabels;
  readonly sum: Sum;
}

/** The graph over the last `windowSeconds`, which are whole steps and at least one. */
export function graph(view: TrafficView, windowSeconds: number): GraphAnswer {
  const steps = Math.max(1, Math.round((windowSeconds * 1000) / stepMs));
  const seconds = (steps * stepMs) / 1000;
  const counted = countedWithin(view, view.through - steps + 1);
  const answered = answeredBy(counted);
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  for (const one of counted) {
    const { by, labels } = one;
    const { requests, errors, latency } = asked(one, answered.get(place(labels)));
    if (requests === 0 && errors === 0) continue;
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

/** Requests for one service that one cluster answered: as its own gateways counted, and as those of others did that sent them. */
interface Answered {
  readonly own: number;
  readonly sentOn: number;
}

function answeredBy(counted: readonly Counted[]): Map<string, Answered> {
  const answered = new Map<string, Answered>();
  for (const { by, labels, sum } of counted) {
    const { own, sentOn } = answered.get(place(labels)) ?? { own: 0, sentOn: 0 };
    const isOwn = by === labels.cluster;
    answered.set(place(labels), {
      own: isOwn ? own + sum.requests : own,
      sentOn: isOwn ? sentOn : sentOn + sum.requests,
    });
  }
  return answered;
}

/**
 * What clients of the counting cluster asked for. Of what its own endpoints answered a part came from other gateways,
 * each of which counts it as its own clients'.
 */
function asked({ by, labels, sum }: Counted, answered: Answered | undefined): Sum {
  if (labels.source !== undefined) return labels.source === by ? sum : nothing;
  if (by !== labels.cluster || !answered || answered.sentOn === 0) return sum;
  const left = answered.own - answered.sentOn;
  if (left <= believedShare * answered.sentOn) return nothing;
  const share = left / answered.own;
  return {
    requests: sum.requests * share,
    errors: sum.errors * share,
    latency: sum.latency.map((count) => count * share),
  };
}

const nothing: Sum = { requests: 0, errors: 0, latency: [] };

function place({ service, cluster }: SeriesLabels): string {
  return `${service} ${cluster}`;
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
