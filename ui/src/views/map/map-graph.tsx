/** Owns the map as a drawing: clusters as islands, or regions where there are many, and the necks between them. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { useQuery } from '../../url/use-query.ts';
import { ClusterIsland, islandRadius } from './cluster-island.tsx';
import { LinkNeck } from './link-neck.tsx';
import { frameFor, layoutMap, type Point } from './map-layout.ts';
import type { MapLink, MapModel } from './map-model.ts';
import { type MapRegion, mostSingly, regionModel } from './map-regions.ts';
import { RegionIsland, regionRadius } from './region-island.tsx';

export function MapGraph({ model }: { readonly model: MapModel }) {
  return model.clusters.length > mostSingly ? (
    <RegionMap model={model} />
  ) : (
    <ClusterMap model={model} />
  );
}

function ClusterMap({ model }: { readonly model: MapModel }) {
  const { values, href } = useQuery();
  const chosen = values['cluster'];
  const names = model.clusters.map(({ cluster }) => cluster);
  const radius = () => islandRadius;
  const { points, frame } = useLayout(names, model.links, radius);
  return (
    <Sea frame={frame} points={points} radius={radius}>
      {model.links.map((link) => (
        <Neck key={link.id} link={link} points={points} radius={radius} quiet={false} />
      ))}
      {model.clusters.map((cluster) => {
        const point = points.get(cluster.cluster);
        return (
          point && (
            <ClusterIsland
              key={cluster.cluster}
              cluster={cluster}
              at={point}
              labelAbove={linksBelow(cluster.cluster, model.links, points)}
              chosen={chosen === cluster.cluster}
              href={href({ cluster: chosen === cluster.cluster ? undefined : cluster.cluster })}
            />
          )
        );
      })}
    </Sea>
  );
}

/** With more necks than these only those say something that have something to say. */
const mostSpeaking = 10;

function RegionMap({ model }: { readonly model: MapModel }) {
  const { values, href } = useQuery();
  const chosen = values['cluster'];
  const { regions, links } = regionModel(model);
  const sizes = new Map(regions.map(({ region, clusters }) => [region, clusters.length]));
  const radius = (region: string) => regionRadius(sizes.get(region) ?? 1);
  const names = regions.map(({ region }: MapRegion) => region);
  const { points, frame } = useLayout(names, links, radius);
  const many = links.length > mostSpeaking;
  return (
    <Sea frame={frame} points={points} radius={radius}>
      {links.map((link) => (
        <Neck
          key={link.id}
          link={link}
          points={points}
          radius={radius}
          quiet={many && link.state === 'up' && flowOf(link) === 0}
        />
      ))}
      {regions.map((region) => {
        const point = points.get(region.region);
        return (
          point && (
            <RegionIsland
              key={region.region}
              region={region}
              at={point}
              chosen={chosen}
              hrefOf={(cluster) => href({ cluster: chosen === cluster ? undefined : cluster })}
            />
          )
        );
      })}
    </Sea>
  );
}

function flowOf({ there, back }: MapLink): number {
  return there.requestsPerSecond + back.requestsPerSecond;
}

type Layout = {
  readonly points: ReadonlyMap<string, Point>;
  readonly frame: ReturnType<typeof frameFor>;
};

/** Laid out anew only when islands come, go or grow: a changing round trip must not move the map. */
function useLayout(
  names: readonly string[],
  links: readonly MapLink[],
  radius: (name: string) => number,
): Layout {
  const sized = names.map((name) => `${name} ${radius(name)}`).join(' ');
  const measured = links.every(({ rttMs }) => rttMs !== undefined);
  return useMemo(() => {
    const frame = frameFor(names.map(radius));
    return { frame, points: layoutMap(names, links, frame, radius) };
  }, [sized, measured]);
}

function Sea({
  frame,
  points,
  radius,
  children,
}: Layout & { readonly radius: (name: string) => number; readonly children: ComponentChildren }) {
  return (
    <svg class="map" viewBox={`0 0 ${frame.width} ${frame.height}`}>
      <title>Map of the federation</title>
      <defs>
        <pattern id="soundings" width="24" height="24" patternUnits="userSpaceOnUse">
          <circle class="map-dot" cx="12" cy="12" r="0.800" />
        </pattern>
      </defs>
      <rect width={frame.width} height={frame.height} fill="url(#soundings)" />
      {[96, 58, 26].map((depth) => (
        <g key={depth} class="map-contour">
          {[...points].map(([name, { x, y }]) => (
            <circle key={name} cx={x} cy={y} r={radius(name) + depth} />
          ))}
        </g>
      ))}
      {children}
    </svg>
  );
}

function Neck({
  link,
  points,
  radius,
  quiet,
}: {
  readonly link: MapLink;
  readonly points: ReadonlyMap<string, Point>;
  readonly radius: (name: string) => number;
  readonly quiet: boolean;
}) {
  const [a, b] = [points.get(link.a), points.get(link.b)];
  if (!a || !b) return null;
  return (
    <LinkNeck link={link} a={a} b={b} radii={[radius(link.a), radius(link.b)]} quiet={quiet} />
  );
}

/** Whether a cluster's links leave it mostly downwards: then its words stand above it. */
function linksBelow(
  cluster: string,
  links: readonly MapLink[],
  points: ReadonlyMap<string, Point>,
): boolean {
  const at = points.get(cluster);
  const lean = links
    .filter(({ a, b }) => a === cluster || b === cluster)
    .reduce((sum, { a, b }) => {
      const other = points.get(a === cluster ? b : a);
      if (at === undefined || other === undefined) return sum;
      return sum + (other.y - at.y) / Math.max(1, Math.hypot(other.x - at.x, other.y - at.y));
    }, 0);
  return lean > 0.3;
}
