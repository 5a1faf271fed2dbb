/** Owns what the map shows: clusters, the links between each two, and the traffic that crosses them. */
import type {
  ClusterItem,
  GraphAnswer,
  ServiceItem,
} from '../../../../gateway/control/api/answers.ts';
import { type Health, healthOf, sumHealth } from '../../format/health.ts';
import { naturally } from '../../format/order.ts';

export interface MapCluster {
  readonly cluster: string;
  readonly region: string;
  readonly state: ClusterItem['state'];
  /** Since when no link to it is up, in milliseconds since 1970. */
  readonly unknownSince: number | undefined;
  /** The cluster's records could not be confirmed lately. */
  readonly stale: boolean;
  readonly gateways: number;
  /** Endpoints, over all services this gateway knows of. */
  readonly health: Health;
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
  readonly state: 'up' | 'suspect' | 'connecting' | 'down' | 'unknown';
  readonly rttMs: number | undefined;
  /** Every link is mTLS or is not up. */
  readonly locked: boolean;
  /** From `a` to `b`, and back. */
  readonly there: Flow;
  readonly back: Flow;
}

interface Failing {
  readonly service: string;
  /** 0 to 1. */
  readonly errorRatio: number;
}

/** As the alert `IsthmusServiceFailing` has it. */
const worthALook = 0.05;
/** Of a request now and then, one that fails says little. */
const leastPerSecond = 0.5;

export interface MapModel {
  readonly clusters: readonly MapCluster[];
  readonly links: readonly MapLink[];
  /** Over all edges, per second. */
  readonly requests: number;
  readonly errors: number;
  /** Services of whose requests a share fails that is worth a look, most first. */
  readonly failing: readonly Failing[];
  /** The part of `requests` that another cluster answers than the one they came from. */
  readonly crossing: number;
  /** Clusters whose gateways did not tell of their clients: what those ask is not in `requests`. */
  readonly missing: readonly string[];
}

export function mapModel(
  clusters: readonly ClusterItem[],
  services: readonly ServiceItem[],
  graph: GraphAnswer | undefined,
): MapModel {
  const flows = flowsOf(graph);
  const all = [...flows.values()];
  const sorted = [...clusters].sort((a, b) => naturally(a.cluster, b.cluster));
  return {
    clusters: sorted.map((item) => ({
      cluster: item.cluster,
      region: item.region,
      state: item.state,
      unknownSince: item.unknownSince,
      stale: item.stale,
      gateways: item.gateways,
      health: endpointsOf(item, services),
      served: sum(all.filter(({ to }) => to === item.cluster)),
      local: flows.get(`${item.cluster} ${item.cluster}`)?.requestsPerSecond ?? 0,
    })),
    links: pairs(sorted).map(([a, b]) => linkBetween(a, b, flows)),
    requests: sum(all),
    errors: all.reduce((total, { errorsPerSecond }) => total + errorsPerSecond, 0),
    failing: failingOf(graph),
    crossing: sum(all.filter(({ from, to }) => from !== to)),
    missing: graph?.missing ?? [],
  };
}

function failingOf(graph: GraphAnswer | undefined): Failing[] {
  const serviceOf = new Map(graph?.nodes.map(({ id, service }) => [id, service]));
  const toServices = Map.groupBy(graph?.edges ?? [], ({ to }) => serviceOf.get(to));
  return [...toServices]
    .flatMap(([service, edges]) => {
      const requests = edges.reduce((total, edge) => total + edge.requestsPerSecond, 0);
      const errors = edges.reduce((total, edge) => total + edge.errorsPerSecond, 0);
      const isFailing = requests >= leastPerSecond && errors > worthALook * requests;
      return service !== undefined && isFailing ? [{ service, errorRatio: errors / requests }] : [];
    })
    .sort((a, b) => b.errorRatio - a.errorRatio);
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

function endpointsOf({ cluster, state }: ClusterItem, services: readonly ServiceItem[]): Health {
  return sumHealth(
    services.flatMap(({ endpoints, remotes }) => {
      if (state === 'self') return healthOf(endpoints);
      return remotes.filter((remote) => remote.cluster === cluster).map(healthOf);
    }),
  );
}

function linkBetween(a: ClusterItem, b: ClusterItem, flows: ReadonlyMap<string, Flow>): MapLink {
  const said = [directionOf(a, b), directionOf(b, a)].filter((one) => one !== undefined);
  // What this gateway measures itself goes before what others say of the same link.
  const own = a.state === 'self' ? b : b.state === 'self' ? a : undefined;
  const state = worst.find((one) => said.some((s) => s.state === one)) ?? 'unknown';
  const rtts = (own ? [own] : said).flatMap(({ rttMs }) => rttMs ?? []);
  const flow = (from: string, to: string): Flow =>
    flows.get(`${from} ${to}`) ?? { from, to, requestsPerSecond: 0, errorsPerSecond: 0 };
  return {
    id: `${a.cluster} ${b.cluster}`,
    a: a.cluster,
    b: b.cluster,
    state,
    rttMs: rtts.length === 0 ? undefined : Math.min(...rtts),
    locked: state === 'up' || state === 'suspect',
    there: flow(a.cluster, b.cluster),
    back: flow(b.cluster, a.cluster),
  };
}

const worst = ['down', 'connecting', 'suspect', 'up'] as const;

/**
 * What is known of the link that `from` holds to `to`: the gateway's own knowledge goes before what is published,
 * and what a cluster published before it was lost says nothing of now.
 */
function directionOf(from: ClusterItem, to: ClusterItem) {
  if (from.state === 'self' && to.state !== 'self') {
    return to.state === 'stale' ? undefined : { state: to.state, rttMs: to.rttMs };
  }
  if (from.unknownSince !== undefined) return undefined;
  return from.links.find(({ cluster }) => cluster === to.cluster);
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.flatMap((a, i) => items.slice(i + 1).map((b): [T, T] => [a, b]));
}

function sum(flows: readonly Flow[]): number {
  return flows.reduce((total, { requestsPerSecond }) => total + requestsPerSecond, 0);
}
