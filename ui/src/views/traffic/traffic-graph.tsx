/** Owns the service graph as a drawing: traffic that stays at home runs level, spill-over crosses the bands. */
import type { GraphAnswer } from '../../../../gateway/control/api/answers.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { layoutTraffic, type PlacedNode, type Ribbon } from './traffic-layout.ts';
import { calleeName } from './traffic-rows.ts';

const width = 1120;
const callerX = 160;
const calleeX = 760;
const nodeWidth = 10;

export function TrafficGraph({ graph }: { readonly graph: GraphAnswer }) {
  const { bands, nodes, ribbons, height } = layoutTraffic(graph);
  return (
    <svg class="flow" viewBox={`0 0 ${width} ${height}`}>
      <title>Service graph</title>
      {bands.map(({ cluster, y, height: tall }) => (
        <g key={cluster}>
          <rect
            class="flow-band"
            x="0.500"
            y={y + 0.5}
            width={width - 1}
            height={tall - 1}
            rx="10"
          />
          <text class="flow-cluster" x="20" y={y + 28}>
            {cluster}
          </text>
        </g>
      ))}
      {[...ribbons].sort(calmFirst).map((ribbon) => (
        <RibbonPath
          key={`${ribbon.edge.from} ${ribbon.edge.to} ${ribbon.edge.tier}`}
          ribbon={ribbon}
        />
      ))}
      {nodes.map((placed) => (
        <NodeMark
          key={`${placed.side} ${placed.node.id}`}
          placed={placed}
          arrivals={ribbons.filter(
            ({ spill, to }) => spill && placed.side === 'callee' && to.id === placed.node.id,
          )}
        />
      ))}
    </svg>
  );
}

/** Sorts ribbons that stand out to the end: they are drawn last. */
function calmFirst(a: Ribbon, b: Ribbon): number {
  return Number(a.spill) - Number(b.spill);
}

function RibbonPath({ ribbon }: { readonly ribbon: Ribbon }) {
  const { edge, from, to, y1, y2, width: thick, spill } = ribbon;
  const [x1, x2] = [callerX + nodeWidth, calleeX];
  const bend = (x2 - x1) * 0.45;
  const failing = edge.errorsPerSecond > 0;
  const path = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  const words = [
    `${from.cluster} clients to ${calleeName(to)} in ${to.cluster}`,
    `${rate(edge.requestsPerSecond)}/s`,
    `${percent(edge.requestsPerSecond > 0 ? edge.errorsPerSecond / edge.requestsPerSecond : 0)} errors`,
    `p50 ${ms(edge.p50Ms)}`,
    `p99 ${ms(edge.p99Ms)}`,
    spill ? (edge.mtls ? 'spill-over, mTLS' : 'spill-over') : `same ${edge.tier}`,
  ].join(', ');
  return (
    <g class={`ribbon${spill ? ' ribbon-spill' : ''}${failing ? ' ribbon-failing' : ''}`}>
      <title>{words}</title>
      <path class="ribbon-bed" d={path} stroke-width={thick} />
      <path class="ribbon-flow" d={path} />
    </g>
  );
}

function NodeMark({
  placed,
  arrivals,
}: {
  readonly placed: PlacedNode;
  /** Ribbons that reach it from other clusters. */
  readonly arrivals: readonly Ribbon[];
}) {
  const { node, side, y, height, requestsPerSecond } = placed;
  const caller = side === 'caller';
  const x = caller ? callerX : calleeX;
  const middle = y + height / 2;
  const anchor = caller ? 'end' : 'start';
  const textX = caller ? x - 14 : x + nodeWidth + 14;
  const name = node.kind === 'client' ? 'clients' : shortened(calleeName(node));
  const mark = (
    <>
      <rect class="flow-node" x={x} y={y} width={nodeWidth} height={height} rx="3" />
      <text class="flow-name" x={textX} y={middle - 1} text-anchor={anchor}>
        {name}
      </text>
      <text class="flow-rate num" x={textX} y={middle + 15} text-anchor={anchor}>
        {rate(requestsPerSecond)}/s
      </text>
      {arrivals.map(({ edge, from }, i) => (
        <text
          key={edge.from}
          class="ribbon-label num"
          x={width - 20}
          y={middle + 5 + (i - (arrivals.length - 1) / 2) * 16}
        >
          {rate(edge.requestsPerSecond)}/s from {from.cluster} · {ms(edge.p50Ms)}
        </text>
      ))}
    </>
  );
  return node.service === undefined ? (
    <g>{mark}</g>
  ) : (
    <a href={`/services/${node.service}`}>{mark}</a>
  );
}

/** As much of a name as fits before the arrivals' words; the link's label has the whole. */
function shortened(name: string): string {
  return name.length > 22 ? `${name.slice(0, 21)}…` : name;
}
