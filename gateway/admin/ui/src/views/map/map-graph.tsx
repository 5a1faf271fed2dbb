/** Owns the map as a drawing: clusters as islands, links as the necks between them, traffic flowing along. */
import { useMemo } from 'preact/hooks';
import { useQuery } from '../../url/use-query.ts';
import { ClusterIsland } from './cluster-island.tsx';
import { LinkNeck } from './link-neck.tsx';
import { layoutMap, type Point } from './map-layout.ts';
import type { MapLink, MapModel } from './map-model.ts';

const frame = { width: 960, height: 700, marginX: 190, marginY: 150 };

export function MapGraph({ model }: { readonly model: MapModel }) {
  const { values, href } = useQuery();
  const chosen = values['cluster'];
  // Laid out anew only when clusters come or go: a changing round trip must not move the map.
  const names = model.clusters.map(({ cluster }) => cluster).join(' ');
  const measured = model.links.every(({ rttMs }) => rttMs !== undefined);
  const points = useMemo(
    () =>
      layoutMap(
        model.clusters.map(({ cluster }) => cluster),
        model.links,
        frame,
      ),
    [names, measured],
  );
  return (
    <svg class="map" viewBox={`0 0 ${frame.width} ${frame.height}`}>
      <title>Map of the federation</title>
      <defs>
        <pattern id="soundings" width="24" height="24" patternUnits="userSpaceOnUse">
          <circle class="map-dot" cx="12" cy="12" r="0.800" />
        </pattern>
      </defs>
      <rect width={frame.width} height={frame.height} fill="url(#soundings)" />
      {[150, 112, 80].map((radius) => (
        <g key={radius} class="map-contour">
          {model.clusters.map(({ cluster }) => {
            const point = points.get(cluster);
            return point && <circle key={cluster} cx={point.x} cy={point.y} r={radius} />;
          })}
        </g>
      ))}
      {model.links.map((link) => {
        const [a, b] = [points.get(link.a), points.get(link.b)];
        return a && b && <LinkNeck key={link.id} link={link} a={a} b={b} />;
      })}
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
    </svg>
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
