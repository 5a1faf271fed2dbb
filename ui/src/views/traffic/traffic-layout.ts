/** Owns where the service graph's nodes and ribbons lie: callers left, services right, each cluster a band of its own. */
import type { GraphAnswer, GraphEdge, GraphNode } from '../../../../gateway/control/api/answers.ts';
import { naturally } from '../../format/order.ts';

export interface PlacedNode {
  readonly node: GraphNode;
  readonly side: 'caller' | 'callee';
  /** Top edge. */
  readonly y: number;
  readonly height: number;
  readonly requestsPerSecond: number;
}

export interface Ribbon {
  readonly edge: GraphEdge;
  readonly from: GraphNode;
  readonly to: GraphNode;
  /** Middle of each end. */
  readonly y1: number;
  readonly y2: number;
  readonly width: number;
  /** Crosses from one cluster into another. */
  readonly spill: boolean;
}

interface Band {
  readonly cluster: string;
  readonly y: number;
  readonly height: number;
}

interface TrafficLayout {
  readonly bands: readonly Band[];
  readonly nodes: readonly PlacedNode[];
  readonly ribbons: readonly Ribbon[];
  readonly height: number;
}

const nodeMin = 34;
const nodeGap = 14;
const bandPadding = 20;
const bandHead = 26;
const bandGap = 16;
const bandMin = 120;
/** Height of all of the busiest side's traffic together. */
const trafficHeight = 170;

export function layoutTraffic(graph: GraphAnswer): TrafficLayout {
  const total = Math.max(
    graph.edges.reduce((sum, edge) => sum + edge.requestsPerSecond, 0),
    Number.MIN_VALUE,
  );
  const thickness = (rate: number) => Math.max(2, (rate / total) * trafficHeight);
  const clusters = [...new Set(graph.nodes.map(({ cluster }) => cluster))].sort(naturally);
  const placed: PlacedNode[] = [];
  const bands: Band[] = [];
  let y = 0;
  for (const cluster of clusters) {
    const sides = (['caller', 'callee'] as const).map((side) =>
      sized(graph, cluster, side, thickness),
    );
    const inner = Math.max(...sides.map(heightOf), bandMin - 2 * bandPadding - bandHead);
    const height = inner + 2 * bandPadding + bandHead;
    for (const nodes of sides) {
      let top = y + bandHead + bandPadding + (inner - heightOf(nodes)) / 2;
      for (const node of nodes) {
        placed.push({ ...node, y: top });
        top += node.height + nodeGap;
      }
    }
    bands.push({ cluster, y, height });
    y += height + bandGap;
  }
  return {
    bands,
    nodes: placed,
    ribbons: ribbonsOf(graph, placed, thickness),
    height: Math.max(0, y - bandGap),
  };
}

type SizedNode = Omit<PlacedNode, 'y'>;

/** A cluster's nodes that call, or are called; a service that does both stands on both sides. */
function sized(
  graph: GraphAnswer,
  cluster: string,
  side: PlacedNode['side'],
  thickness: (rate: number) => number,
): SizedNode[] {
  const end = side === 'caller' ? 'from' : 'to';
  return graph.nodes
    .filter((node) => node.cluster === cluster)
    .flatMap((node) => {
      const edges = graph.edges.filter((edge) => edge[end] === node.id);
      const belongs = side === 'caller' ? node.kind === 'client' : node.kind === 'service';
      if (edges.length === 0 && !belongs) return [];
      const height = edges.reduce((sum, edge) => sum + thickness(edge.requestsPerSecond), 0);
      const requestsPerSecond = edges.reduce((sum, edge) => sum + edge.requestsPerSecond, 0);
      return [{ node, side, height: Math.max(nodeMin, height), requestsPerSecond }];
    })
    .sort((a, b) => naturally(a.node.id, b.node.id));
}

function heightOf(nodes: readonly SizedNode[]): number {
  return nodes.reduce((sum, { height }) => sum + height + nodeGap, -nodeGap);
}

function ribbonsOf(
  graph: GraphAnswer,
  placed: readonly PlacedNode[],
  thickness: (rate: number) => number,
): Ribbon[] {
  const place = new Map(placed.map((one) => [`${one.side} ${one.node.id}`, one]));
  const cursor = new Map<PlacedNode, number>();
  // Ends are stacked in the order of what lies across, so that ribbons of one node do not cross each other.
  const order = (edge: GraphEdge) =>
    (place.get(`caller ${edge.from}`)?.y ?? 0) * 10_000 + (place.get(`callee ${edge.to}`)?.y ?? 0);
  const ribbons: Ribbon[] = [];
  for (const edge of [...graph.edges].sort((a, b) => order(a) - order(b))) {
    const from = place.get(`caller ${edge.from}`);
    const to = place.get(`callee ${edge.to}`);
    if (from === undefined || to === undefined) continue;
    const width = thickness(edge.requestsPerSecond);
    const y1 = stack(from, width);
    const y2 = stack(to, width);
    const spill = from.node.cluster !== to.node.cluster;
    ribbons.push({ edge, from: from.node, to: to.node, y1, y2, width, spill });
  }
  return ribbons;

  function stack(node: PlacedNode, width: number): number {
    const used = cursor.get(node) ?? startOf(node);
    cursor.set(node, used + width);
    return used + width / 2;
  }

  /** Ribbons thinner than their node lie in the middle of it. */
  function startOf(node: PlacedNode): number {
    const end = node.side === 'caller' ? 'from' : 'to';
    const all = graph.edges
      .filter((edge) => edge[end] === node.node.id)
      .reduce((sum, edge) => sum + thickness(edge.requestsPerSecond), 0);
    return node.y + (node.height - all) / 2;
  }
}
