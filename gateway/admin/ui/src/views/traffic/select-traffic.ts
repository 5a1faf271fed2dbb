/** Owns which part of the service graph is shown. */
import type { GraphAnswer } from '../../../../answers.ts';

/** The edges to `service` (all when undefined), of them those between clusters only, and the nodes they join. */
export function selectTraffic(
  graph: GraphAnswer,
  service: string | undefined,
  onlySpill: boolean,
): GraphAnswer {
  if (service === undefined && !onlySpill) return graph;
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const edges = graph.edges.filter(
    ({ from, to }) =>
      (service === undefined || byId.get(to)?.service === service) &&
      (!onlySpill || byId.get(from)?.cluster !== byId.get(to)?.cluster),
  );
  const used = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return { ...graph, edges, nodes: graph.nodes.filter(({ id }) => used.has(id)) };
}
