/** Owns which part of the service graph is shown: what is looked for, gathered by cluster or region, and of that the most. */
import type { GraphAnswer, GraphNode } from '../../../../gateway/control/api/answers.ts';
import { filterRows } from '../../ui/table-state.ts';
import { type EdgeRow, edgeColumns, edgeRows, graphOf } from './traffic-rows.ts';

export const gatherings = ['service', 'cluster', 'region'] as const;
type Gathering = (typeof gatherings)[number];

export interface Selection {
  /** Words, as a table is filtered. */
  readonly query: string;
  readonly onlySpill: boolean;
  readonly by: Gathering;
  /** The cluster's region. */
  regionOf(cluster: string): string;
}

export function selectTraffic(graph: GraphAnswer, selection: Selection): GraphAnswer {
  const { query, onlySpill, by, regionOf } = selection;
  const found = filterRows(edgeRows(graph), Object.values(edgeColumns), query).filter(
    ({ source, target }) => !onlySpill || source.cluster !== target.cluster,
  );
  const selected = graphOf(graph, found);
  return by === 'service'
    ? selected
    : gathered(selected, by === 'region' ? regionOf : (name) => name);
}

/** All services of a place as one, with the longest of their times: percentiles can't be added up. */
function gathered(graph: GraphAnswer, placeOf: (cluster: string) => string): GraphAnswer {
  const edges = new Map<string, EdgeRow>();
  for (const row of edgeRows(graph)) {
    const source = nodeAt('client', placeOf(row.source.cluster));
    const target = nodeAt('service', placeOf(row.target.cluster));
    const id = `${source.id} ${target.id}`;
    const tier = source.cluster === target.cluster ? 'region' : 'cluster';
    const known = edges.get(id);
    edges.set(id, {
      ...{ source, target, tier, from: source.id, to: target.id },
      protocol: joined(known?.protocol, row.protocol),
      requestsPerSecond: (known?.requestsPerSecond ?? 0) + row.requestsPerSecond,
      errorsPerSecond: (known?.errorsPerSecond ?? 0) + row.errorsPerSecond,
      p50Ms: Math.max(known?.p50Ms ?? 0, row.p50Ms),
      p99Ms: Math.max(known?.p99Ms ?? 0, row.p99Ms),
      mtls: (known?.mtls ?? true) && (row.mtls || source.cluster === target.cluster),
    });
  }
  return graphOf(graph, [...edges.values()]);
}

function nodeAt(kind: GraphNode['kind'], cluster: string): GraphNode {
  return { id: `${kind}/${cluster}`, kind, cluster };
}

function joined(known: string | undefined, one: string): string {
  return [...new Set([...(known?.split(', ') ?? []), one])].sort().join(', ');
}

interface Most {
  readonly graph: GraphAnswer;
  /** The edges and nodes that are left out. */
  readonly rest: { readonly edges: number; readonly requestsPerSecond: number };
}

/** The `count` edges that carry most. */
export function mostTraffic(graph: GraphAnswer, count: number): Most {
  const rows = [...edgeRows(graph)].sort((a, b) => b.requestsPerSecond - a.requestsPerSecond);
  const left = rows.slice(count);
  return {
    graph: graphOf(graph, rows.slice(0, count)),
    rest: {
      edges: left.length,
      requestsPerSecond: left.reduce((sum, { requestsPerSecond }) => sum + requestsPerSecond, 0),
    },
  };
}
