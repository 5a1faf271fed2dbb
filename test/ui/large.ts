/** Owns a large federation for tests of the UI, as one gateway's real admin API tells it: 20 clusters, 500 services, one cluster dead. */
import { systemClock } from '../../core/clock.ts';
import type {
  ClusterItem,
  ServiceItem,
  Status,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import type { AdminParts } from '../../gateway/control/api/parts.ts';
import { type Series, stepMs, stepsKept } from '../../gateway/control/graph/samples.ts';
import { type Opening, open, parts, recorder } from '../gateway/control/api/open.ts';
import type { Scope } from '../support/gateway-process.ts';

export const regions = ['ap-south', 'eu-central', 'eu-west', 'us-east', 'us-west'] as const;
/** dc1 is the one that is asked. */
export const clusterNames = Array.from({ length: 20 }, (_, i) => `dc${i + 1}`);
export const dead = 'dc7';
const serviceCount = 500;
/** Services that the clients of each cluster ask for. */
const asked = 40;
const day = 86_400_000;

export interface Large {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
}

/** Starts it. The dead cluster has been dead for five minutes. */
export async function openLarge(t: Scope, options: Opening = {}): Promise<Large> {
  const deadSince = Date.now() - 5 * 60_000;
  const { control } = recorder({
    status: () => status,
    clusters: () => clusterNames.map((name, i) => clusterItem(name, i, deadSince)),
    services: async () => Array.from({ length: serviceCount }, (_, i) => serviceItem(i, deadSince)),
    trust: () => clusterNames.map(trustItem),
    ...options.control,
  });
  const view: AdminParts['traffic']['view'] = async () => {
    const through = Math.floor(Date.now() / stepMs) - 1;
    return {
      through,
      boundsMs: [10, 100],
      clusters: clusterNames
        .filter((name) => name !== dead)
        .map((cluster, i) => ({ cluster, series: seriesOf(cluster, i, through) })),
      missing: [dead],
    };
  };
  const { traffic } = parts(control);
  const { address } = await open(t, {
    ...options,
    control,
    traffic: { ...traffic, view },
    clock: systemClock,
  });
  return { origin: `http://${address}` };
}

function clusterItem(cluster: string, i: number, deadSince: number): ClusterItem {
  const isDead = cluster === dead;
  return {
    cluster,
    region: regions[i % regions.length] ?? '',
    zones: ['a', 'b'],
    trustDomain: `${cluster}.acme`,
    state: i === 0 ? 'self' : isDead ? 'down' : 'up',
    ...(i > 0 && !isDead && { rttMs: 5 + 10 * (i % regions.length) }),
    ...(isDead && { unknownSince: deadSince }),
    stale: isDead,
    reached: [],
    gateways: 2,
    eastWest: [`10.0.${i}.1:7443`],
    federation: [`10.0.${i}.1:7444`],
    bundle: { fingerprints: [`sha256:${cluster}`], sequence: 1, notAfter: Date.now() + 900 * day },
    links: clusterNames
      .filter((other) => other !== cluster)
      .map((other) => ({
        cluster: other,
        state: other === dead || isDead ? ('down' as const) : ('up' as const),
        rttMs: 20,
      })),
    joinedAt: Date.now() - 30 * day,
  };
}

function serviceName(i: number): string {
  return `svc-${String(i).padStart(3, '0')}.team-${i % 12}`;
}

/** In two other clusters, one after the other; every third here too. */
function serviceItem(i: number, deadSince: number): ServiceItem {
  const elsewhere = [clusterNames[1 + (i % 19)], clusterNames[1 + ((i + 5) % 19)]];
  return {
    service: serviceName(i),
    host: `${serviceName(i)}.acme`,
    protocol: i % 4 === 0 ? 'grpc' : 'http',
    exported: true,
    endpoints: { total: i % 3 === 0 ? 3 : 0, healthy: i % 3 === 0 ? 3 : 0 },
    remotes: elsewhere.flatMap((cluster = '') => ({
      cluster,
      total: 3,
      healthy: 3,
      ...(cluster === dead && { unknownSince: deadSince }),
    })),
  };
}

function trustItem(cluster: string, i: number): TrustItem {
  return {
    cluster,
    trustDomain: `${cluster}.acme`,
    sequence: 1,
    fingerprints: [`sha256:${cluster}`],
    roots: [],
    notAfter: Date.now() + 900 * day,
    self: i === 0,
    believed: true,
    phase: 'stable',
    acks: [],
    laggards: [],
  };
}

/** What the clients of a cluster asked for: most at home, every eighth elsewhere. */
function seriesOf(source: string, i: number, through: number): Series[] {
  return Array.from({ length: asked }, (_, n) => ({
    service: serviceName((i * asked + n * 7) % serviceCount),
    source,
    cluster: n % 8 === 0 ? (clusterNames[(i + 1) % clusterNames.length] ?? source) : source,
    tier: n % 8 === 0 ? ('cluster' as const) : ('zone' as const),
    protocol: 'http',
    steps: Array.from({ length: stepsKept }, (_, back) => ({
      step: through - back,
      requests: 5 * (1 + n),
      errors: 0,
      latency: [5 * (1 + n), 0, 0],
    })).reverse(),
  }));
}

const status: Status = {
  cluster: 'dc1',
  federation: 'acme',
  gateway: 'gateway-1',
  region: regions[0],
  zone: 'a',
  version: '0.1.0',
  pid: 1,
  uptimeMs: day,
  state: 'ready',
  ready: true,
  registry: {
    kind: 'connected',
    since: Date.now() - day,
    revision: 1_000,
    stale: false,
    fromCache: false,
    pendingWrites: 0,
  },
  certificate: { id: 'spiffe://dc1.acme/gateway/gateway-1', notAfter: Date.now() + day },
  members: clusterNames.length,
  services: serviceCount,
  endpoints: 500,
  problems: [],
  missing: [],
  listeners: { outbound: '127.0.0.1:7080', admin: '127.0.0.1:7001' },
};
