/** Owns the map of a large federation: clusters gathered by region, and what is between regions in place of single links. */
import { type Health, sumHealth } from '../../format/health.ts';
import type { Flow, MapCluster, MapLink, MapModel } from './map-model.ts';

/** More clusters than these are gathered by region. */
export const mostSingly = 8;

export interface MapRegion {
  readonly region: string;
  readonly clusters: readonly MapCluster[];
  readonly health: Health;
  /** Requests per second that its clusters answer. */
  readonly served: number;
}

interface RegionModel {
  readonly regions: readonly MapRegion[];
  /** Between each two regions, by their names. */
  readonly links: readonly MapLink[];
}

/** Links of clusters that can't be reached from here say nothing of those between the regions. */
export function regionModel({ clusters, links }: MapModel): RegionModel {
  const regionOf = new Map(clusters.map(({ cluster, region }) => [cluster, region]));
  const reached = new Set(
    clusters.filter(({ unknownSince }) => unknownSince === undefined).map(({ cluster }) => cluster),
  );
  const names = [...new Set(regionOf.values())].sort();
  const between = new Map<string, MapLink[]>();
  for (const link of links) {
    const [a, b] = [regionOf.get(link.a) ?? '', regionOf.get(link.b) ?? ''];
    if (a === b) continue;
    const id = a < b ? `${a} ${b}` : `${b} ${a}`;
    const turned = a < b ? link : { ...link, there: link.back, back: link.there };
    between.set(id, [...(between.get(id) ?? []), turned]);
  }
  return {
    regions: names.map((region) => {
      const within = clusters.filter((cluster) => cluster.region === region);
      return {
        region,
        clusters: within,
        health: sumHealth(within.map(({ health }) => health)),
        served: within.reduce((sum, { served }) => sum + served, 0),
      };
    }),
    links: names.flatMap((a, i) =>
      names.slice(i + 1).flatMap((b) => {
        const all = between.get(`${a} ${b}`) ?? [];
        const live = all.filter((link) => reached.has(link.a) && reached.has(link.b));
        return all.length === 0 ? [] : [together(a, b, all, live)];
      }),
    ),
  };
}

function together(
  a: string,
  b: string,
  all: readonly MapLink[],
  live: readonly MapLink[],
): MapLink {
  const rtts = live.flatMap(({ rttMs }) => rttMs ?? []);
  const state =
    live.find((link) => link.state !== 'up')?.state ?? (live.length > 0 ? 'up' : 'unknown');
  return {
    id: `${a} ${b}`,
    a,
    b,
    state,
    rttMs: rtts.length === 0 ? undefined : Math.min(...rtts),
    locked: state === 'up' || state === 'suspect',
    there: flowOf(
      a,
      b,
      all.map(({ there }) => there),
    ),
    back: flowOf(
      b,
      a,
      all.map(({ back }) => back),
    ),
  };
}

function flowOf(from: string, to: string, flows: readonly Flow[]): Flow {
  return {
    from,
    to,
    requestsPerSecond: flows.reduce((sum, flow) => sum + flow.requestsPerSecond, 0),
    errorsPerSecond: flows.reduce((sum, flow) => sum + flow.errorsPerSecond, 0),
  };
}
