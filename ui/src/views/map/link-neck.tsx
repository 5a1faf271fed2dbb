/** Owns the link between two clusters on the map: its state, lock and round trip, and what flows each way. */
import { ms, rate } from '../../format/number.ts';
import type { Point } from './map-layout.ts';
import type { Flow, MapLink } from './map-model.ts';

const lockPath = 'M-4-1h8v6h-8zM-2.500-1v-2a2.500 2.500 0 0 1 5 0v2';
/** Between the lanes of the two directions. */
const laneOffset = 5;

export function LinkNeck({
  link,
  a,
  b,
  radii,
  quiet,
}: {
  readonly link: MapLink;
  readonly a: Point;
  readonly b: Point;
  /** Radii of the islands at the neck's ends. */
  readonly radii: readonly [number, number];
  /** A line without words. */
  readonly quiet: boolean;
}) {
  const { state, rttMs, locked, there, back } = link;
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const start = { x: a.x + ux * radii[0], y: a.y + uy * radii[0] };
  const end = { x: b.x - ux * radii[1], y: b.y - uy * radii[1] };
  const middle = { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  const aside = { x: -uy * laneOffset, y: ux * laneOffset };
  const words = state === 'up' ? ms(rttMs) : stateWords[state];
  return (
    <g class={`neck neck-${state}`}>
      <title>{describe(link)}</title>
      <line class="neck-bed" x1={start.x} y1={start.y} x2={end.x} y2={end.y} />
      <line class="neck-line" x1={start.x} y1={start.y} x2={end.x} y2={end.y} />
      <Lane from={start} to={end} aside={aside} flow={there} />
      <Lane from={end} to={start} aside={{ x: -aside.x, y: -aside.y }} flow={back} />
      {!quiet && <NeckLabel at={middle} locked={locked} words={words} />}
      <FlowText flow={there} at={middle} unit={{ x: ux, y: uy }} row={0} />
      <FlowText
        flow={back}
        at={middle}
        unit={{ x: -ux, y: -uy }}
        row={there.requestsPerSecond > 0 ? 1 : 0}
      />
    </g>
  );
}

function NeckLabel({
  at,
  locked,
  words,
}: {
  readonly at: Point;
  readonly locked: boolean;
  readonly words: string;
}) {
  return (
    <g transform={`translate(${at.x} ${at.y})`} class="neck-label">
      <rect x="-42" y="-13" width="84" height="26" rx="13" />
      {locked ? (
        <path class="neck-lock" d={lockPath} transform="translate(-26 0)" />
      ) : (
        <text x="-26" y="4">
          ✕
        </text>
      )}
      <text class="num" x="8" y="4">
        {words}
      </text>
    </g>
  );
}

const stateWords = {
  suspect: 'silent',
  connecting: 'joining',
  down: 'down',
  unknown: '?',
  up: 'up',
} as const;

function Lane({
  from,
  to,
  aside,
  flow,
}: {
  readonly from: Point;
  readonly to: Point;
  readonly aside: Point;
  readonly flow: Flow;
}) {
  if (flow.requestsPerSecond <= 0) return null;
  const width = Math.min(6, 2 + Math.log10(1 + flow.requestsPerSecond) * 1.4);
  return (
    <line
      class="neck-flow"
      x1={from.x + aside.x}
      y1={from.y + aside.y}
      x2={to.x + aside.x}
      y2={to.y + aside.y}
      stroke-width={width}
    />
  );
}

function FlowText({
  flow,
  at,
  unit,
  row,
}: {
  readonly flow: Flow;
  readonly at: Point;
  readonly unit: Point;
  readonly row: number;
}) {
  if (flow.requestsPerSecond <= 0) return null;
  const arrow =
    Math.abs(unit.x) >= Math.abs(unit.y) ? (unit.x > 0 ? '→' : '←') : unit.y > 0 ? '↓' : '↑';
  return (
    <text class="neck-rate num" x={at.x} y={at.y + 31 + row * 16}>
      {arrow} {rate(flow.requestsPerSecond)}/s
    </text>
  );
}

function describe({ a, b, state, rttMs, there, back }: MapLink): string {
  const flows = [there, back]
    .filter(({ requestsPerSecond }) => requestsPerSecond > 0)
    .map(({ from, to, requestsPerSecond }) => `${from} to ${to} ${rate(requestsPerSecond)}/s`);
  return [
    `${a} and ${b}: ${state === 'up' ? 'up, mTLS' : stateWords[state]}`,
    ...(rttMs === undefined ? [] : [`round trip ${ms(rttMs)}`]),
    ...flows,
  ].join(', ');
}
