/** Owns what the map shows: clusters, the links between each two, and the traffic that crosses them. */
import type { ClusterItem, GraphAnswer, ServiceItem } from '../../../../answers.ts';

export interface MapCluster {
  readonly cluster: string;
  readonly region: string;
  readonly state: ClusterItem['state'];
  readonly gateways: number;
  /** Endpoints, over all services this gateway knows of. */
  readonly healthy: number;
  readonly total: number;
  /** Requests per second that its endpoints answer, and of those the ones from its own clients. */
  readonly served: number;
  readonly local: number;
}

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
}

export interface MapLink {
  readonly id: string;
  readonly a: string;
  readonly b: string;
  /** The worse of both directions; `unknown` where neither cluster says. */
  readonly state: 'up' | 'connecting' | 'down' | 'unknown';
  readonly rttMs: number | undefined;
  /** Every link is mTLS or is not up. */
  readonly locked: boolean;
  /** From `a` to `b`, and back. */
  readonly there: Flow;
  readonly back: Flow;
}

export interface MapModel {
  readonly clusters: readonly MapCluster[];
  readonly links: readonly MapLink[];
  /** Over all edges, per second. */
  readonly requests: number;
  readonly errors: number;
  /** Of `requests`, those that another cluster answers than the one they came from. */
  readonly crossing: number;
}

export function mapModel(
  clusters: readonly ClusterItem[],
  services: readonly ServiceItem[],
  graph: GraphAnswer | undefined,
): MapModel {
  const flows = flowsOf(graph);
  const all = [...flows.values()];
  const self = clusters.find(({ state }) => state === 'self')?.cluster;
  const sorted = [...clusters].sort((a, b) => a.cluster.localeCompare(b.cluster, 'en'));
  return {
    clusters: sorted.map((item) => ({
      cluster: item.cluster,
      region: item.region,
      state: item.state,
      gateways: item.gateways,
      ...endpointsOf(item.cluster, item.cluster === self, services),
      served: sum(all.filter(({ to }) => to === item.cluster)),
      local: flows.get(`${item.cluster} ${item.cluster}`)?.requestsPerSecond ?? 0,
    })),
    links: pairs(sorted).map(([a, b]) => linkBetween(a, b, flows)),
    requests: sum(all),
    errors: all.reduce((total, { errorsPerSecond }) => total + errorsPerSecond, 0),
    crossing: sum(all.filter(({ from, to }) => from !== to)),
  };
}

function flowsOf(graph: GraphAnswer | undefined): Map<string, Flow> {
  const clusterOf = new Map(graph?.nodes.map(({ id, cluster }) => [id, cluster]));
  const flows = new Map<string, Flow>();
  for (const edge of graph?.edges ?? []) {
    const [from, to] = [clusterOf.get(edge.from), clusterOf.get(edge.to)];
    if (from === undefined || to === undefined) continue;
    const known = flows.get(`${from} ${to}`);
    flows.set(`${from} ${to}`, {
      from,
      to,
      requestsPerSecond: (known?.requestsPerSecond ?? 0) + edge.requestsPerSecond,
      errorsPerSecond: (known?.errorsPerSecond ?? 0) + edge.errorsPerSecond,
    });
  }
  return flows;
}

function endpointsOf(cluster: string, own: boolean, services: readonly ServiceItem[]) {
  let healthy = 0;
  let total = 0;
  for (const { endpoints, remotes } of services) {
    const counts = own ? endpoints : remotes.find((remote) => remote.cluster === cluster);
    healthy += counts?.healthy ?? 0;
    total += counts?.total ?? 0;
  }
  return { healthy, total };
}

function linkBetween(a: ClusterItem, b: ClusterItem, flows: ReadonlyMap<string, Flow>): MapLink {
  const said = [directionOf(a, b), directionOf(b, a)].filter((one) => one !== undefined);
  const state = worst.find((one) => said.some((s) => s.state === one)) ?? 'unknown';
  const rtts = said.flatMap(({ rttMs }) => rttMs ?? []);
  const flow = (from: string, to: string): Flow =>
    flows.get(`${from} ${to}`) ?? { from, to, requestsPerSecond: 0, errorsPerSecond: 0 };
  return {
    id: `${a.cluster} ${b.cluster}`,
    a: a.cluster,
    b: b.cluster,
    state,
    rttMs: rtts.length === 0 ? undefined : Math.min(...rtts),
    locked: state === 'up',
    there: flow(a.cluster, b.cluster),
    back: flow(b.cluster, a.cluster),
  };
}

const worst = ['down', 'connecting', 'up'] as const;

/** What is known of the link that `from` holds to `to`: the gateway's own knowledge goes before what is published. */
function directionOf(from: ClusterItem, to: ClusterItem) {
  if (from.state === 'self' && to.state !== 'self') {
    const state = to.state === 'stale' ? 'up' : to.state;
    return { state, rttMs: to.rttMs };
  }
  return from.links.find(({ cluster }) => cluster === to.cluster);
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}

function sum(flows: readonly Flow[]): number {
  return flows.reduce((total, { requestsPerSecond }) => total + requestsPerSecond, 0);
}
