/** Owns one cluster on the map: its name, its health as a ring, what it serves; a link to what more is known. */
import { healthTone } from '../../format/health.ts';
import { rate } from '../../format/number.ts';
import type { Tone } from '../../ui/tone.ts';
import type { Point } from './map-layout.ts';
import type { MapCluster } from './map-model.ts';

export const islandRadius = 54;
const ringRadius = 47;

const stateWords: Readonly<Record<MapCluster['state'], string>> = {
  self: 'this gateway',
  up: 'link up',
  suspect: 'link suspect',
  connecting: 'connecting',
  down: 'link down',
  stale: 'records stale',
};

export function ClusterIsland({
  cluster,
  at,
  labelAbove,
  chosen,
  href,
}: {
  readonly cluster: MapCluster;
  readonly at: Point;
  readonly labelAbove: boolean;
  readonly chosen: boolean;
  readonly href: string;
}) {
  const { cluster: name, region, state, health, served } = cluster;
  const { healthy, total, unknown } = health;
  const tone = state === 'down' ? 'bad' : state === 'stale' ? 'warn' : healthTone(health);
  const part = total === 0 ? 0 : (100 * healthy) / total;
  return (
    <g transform={`translate(${at.x} ${at.y})`}>
      <a
        href={href}
        class={`island island-${tone} island-${state}`}
        aria-current={chosen ? 'true' : undefined}
      >
        <circle class="island-focus" r={islandRadius + 7} />
        <circle class="island-land" r={islandRadius} />
        <circle class="island-ring" r={ringRadius} />
        <circle
          class="island-health"
          r={ringRadius}
          pathLength="100"
          stroke-dasharray={`${part} 100`}
          transform="rotate(-90)"
        />
        <text class="island-name" y="-6">
          {name}
        </text>
        <text class="island-rate num" y="13">
          {rate(served)}/s
        </text>
        <text class="island-part num" y="29">
          {unknown > 0 ? `${total} unknown` : `${healthy} of ${total}`}
        </text>
        <text class="island-region" y={labelAbove ? -islandRadius - 32 : islandRadius + 26}>
          {region}
        </text>
        <text
          class={`island-state island-state-${stateTone[state]}`}
          y={labelAbove ? -islandRadius - 14 : islandRadius + 44}
        >
          {stateMark[state]} {stateWords[state]}
        </text>
      </a>
    </g>
  );
}

const stateTone: Readonly<Record<MapCluster['state'], Tone>> = {
  self: 'ok',
  up: 'ok',
  suspect: 'warn',
  connecting: 'warn',
  down: 'bad',
  stale: 'warn',
};

const stateMark: Readonly<Record<MapCluster['state'], string>> = {
  self: '◉',
  up: '●',
  suspect: '◌',
  connecting: '◌',
  down: '✕',
  stale: '▲',
};
