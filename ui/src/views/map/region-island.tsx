/** Owns one region on the map of a large federation: its clusters as dots, those in trouble with words. */
import { healthTone, unknownWords } from '../../format/health.ts';
import { rate } from '../../format/number.ts';
import { now } from '../../live/clock.ts';
import type { Tone } from '../../ui/tone.ts';
import type { Point } from './map-layout.ts';
import type { MapCluster } from './map-model.ts';
import type { MapRegion } from './map-regions.ts';

const dotRadius = 21;
/** Between the middles of dots that lie side by side, nearly. */
const spacing = 28;
/** Between one dot's angle and the next one's: they fill a disc evenly so (the golden angle). */
const turn = Math.PI * (3 - Math.sqrt(5));
/** More dots in trouble than these are told by their number. */
const mostTold = 3;

/** Radius of the disc that holds so many clusters. */
export function regionRadius(clusters: number): number {
  return clusters === 1 ? dotRadius + 12 : spacing * Math.sqrt(clusters - 0.5) + dotRadius + 10;
}

/** Each cluster's place, from the middle of the region. */
function placesOf(clusters: number): readonly Point[] {
  const places = Array.from({ length: clusters }, (_, i) => {
    const distance = spacing * Math.sqrt(i + 0.5);
    return { x: distance * Math.cos(i * turn), y: distance * Math.sin(i * turn) };
  });
  const mean = (axis: 'x' | 'y') => places.reduce((sum, place) => sum + place[axis], 0) / clusters;
  const middle = { x: mean('x'), y: mean('y') };
  return places.map(({ x, y }) => ({ x: x - middle.x, y: y - middle.y }));
}

export function RegionIsland({
  region,
  at,
  chosen,
  hrefOf,
}: {
  readonly region: MapRegion;
  readonly at: Point;
  readonly chosen: string | undefined;
  readonly hrefOf: (cluster: string) => string;
}) {
  const { clusters, health, served } = region;
  const radius = regionRadius(clusters.length);
  const places = placesOf(clusters.length);
  const troubles = clusters.flatMap((cluster) => troubleOf(cluster, now.value) ?? []);
  const told = troubles.length > mostTold ? [`${troubles.length} clusters in trouble`] : troubles;
  return (
    <g transform={`translate(${at.x} ${at.y})`} class="region">
      <circle class="region-land" r={radius} />
      <text class="region-name" y={-radius - 24}>
        {region.region}
      </text>
      <text class="region-rate num" y={-radius - 8}>
        {rate(served)}/s, {health.healthy} of {health.total} healthy
      </text>
      {clusters.map((cluster, i) => (
        <ClusterDot
          key={cluster.cluster}
          cluster={cluster}
          at={places[i] ?? at}
          chosen={chosen === cluster.cluster}
          href={hrefOf(cluster.cluster)}
        />
      ))}
      {told.map((words, i) => (
        <text key={words} class="region-trouble" y={radius + 18 + i * 16}>
          {words}
        </text>
      ))}
    </g>
  );
}

function ClusterDot({
  cluster,
  at,
  chosen,
  href,
}: {
  readonly cluster: MapCluster;
  readonly at: Point;
  readonly chosen: boolean;
  readonly href: string;
}) {
  const { cluster: name, state, health } = cluster;
  const tone: Tone = state === 'down' ? 'bad' : healthTone(health);
  const about =
    troubleOf(cluster, now.value) ?? `${name}, ${health.healthy} of ${health.total} healthy`;
  return (
    <g transform={`translate(${at.x} ${at.y})`}>
      <a
        href={href}
        class={`island island-${tone} island-${state}`}
        aria-current={chosen ? 'true' : undefined}
        aria-label={about}
      >
        <title>{about}</title>
        <circle class="island-focus" r={dotRadius + 4} />
        <circle class="island-land" r={dotRadius} />
        <circle class="island-health dot-health" r={dotRadius - 3} />
        <text class="dot-name" y="4" textLength={name.length > 6 ? 32 : undefined}>
          {name}
        </text>
      </a>
    </g>
  );
}

/** A cluster's trouble, in a few words. */
function troubleOf({ cluster, state, health, stale }: MapCluster, at: number): string | undefined {
  const unknown = unknownWords(health, at);
  if (state === 'down') return `✕ ${cluster} ${unknown ?? 'link down'}`;
  if (unknown !== undefined) return `▲ ${cluster} ${unknown}`;
  if (stale) return `▲ ${cluster} records stale`;
  if (health.total > 0 && health.healthy === 0) return `✕ ${cluster} none healthy`;
  return health.healthy < health.total
    ? `▲ ${cluster} ${health.healthy} of ${health.total}`
    : undefined;
}
