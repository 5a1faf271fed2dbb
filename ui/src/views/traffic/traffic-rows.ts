/** Owns the service graph's edges as rows: each with both of its ends, and what it is found by. */
import type { GraphAnswer, GraphEdge, GraphNode } from '../../../../gateway/control/api/answers.ts';
import type { SortableColumn } from '../../ui/table-state.ts';

export interface EdgeRow extends GraphEdge {
  readonly source: GraphNode;
  readonly target: GraphNode;
}

export function edgeRows({ nodes, edges }: GraphAnswer): readonly EdgeRow[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return edges.flatMap((edge): EdgeRow[] => {
    const [source, target] = [byId.get(edge.from), byId.get(edge.to)];
    return source && target ? [{ ...edge, source, target }] : [];
  });
}

/** The graph of some of its edges. */
export function graphOf(graph: GraphAnswer, rows: readonly EdgeRow[]): GraphAnswer {
  const nodes = new Map(rows.flatMap(({ source, target }) => [source, target]).map(byId));
  return { ...graph, edges: rows, nodes: [...nodes.values()] };
}

function byId(node: GraphNode): [string, GraphNode] {
  return [node.id, node];
}

/** A row's service, or the services that are gathered in it. */
export function calleeName({ service }: GraphNode): string {
  return service ?? 'all services';
}

export const edgeColumns = {
  from: {
    id: 'from',
    value: ({ source }) => `${source.cluster} ${source.service ?? 'clients'}`,
  },
  to: { id: 'to', value: ({ target }) => calleeName(target) },
  in: { id: 'in', value: ({ target }) => target.cluster },
  tier: {
    id: 'tier',
    value: ({ tier }) => tier,
    text: ({ tier }) => (tier === 'cluster' ? 'spill-over' : 'local'),
  },
  protocol: { id: 'protocol', value: ({ protocol }) => protocol },
} satisfies Record<string, SortableColumn<EdgeRow>>;
