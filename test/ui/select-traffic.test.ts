/** Specifies which part of the service graph the traffic view shows. */
import test from 'ava';
import type { GraphAnswer } from '../../gateway/control/api/answers.ts';
import {
  mostTraffic,
  type Selection,
  selectTraffic,
} from '../../ui/src/views/traffic/select-traffic.ts';

const regions: Readonly<Record<string, string>> = { dc1: 'eu', dc2: 'eu', dc3: 'us' };

/** From the clients of a cluster to a service in one, so many a second. */
function graphOf(...edges: readonly [from: string, service: string, to: string, rate: number][]) {
  const nodes = new Map<string, GraphAnswer['nodes'][number]>();
  return {
    ...{ at: 0, windowSeconds: 15, missing: [] },
    edges: edges.map(([cluster, service, to, rate]) => {
      const [from, at] = [`client/${cluster}`, `service/${service}/${to}`];
      nodes.set(from, { id: from, kind: 'client', cluster });
      nodes.set(at, { id: at, kind: 'service', service, cluster: to });
      return {
        ...{ from, to: at, protocol: 'http', tier: cluster === to ? 'zone' : 'cluster' },
        ...{ requestsPerSecond: rate, errorsPerSecond: rate / 10, p50Ms: rate, p99Ms: rate },
        mtls: cluster !== to,
      };
    }),
    nodes: [...nodes.values()],
  } as GraphAnswer;
}

const graph = graphOf(
  ['dc1', 'orders.shop', 'dc1', 10],
  ['dc1', 'orders.shop', 'dc2', 5],
  ['dc1', 'cart.shop', 'dc3', 3],
  ['dc3', 'cart.shop', 'dc3', 1],
);
const all: Selection = {
  query: '',
  onlySpill: false,
  by: 'service',
  regionOf: (cluster) => regions[cluster] ?? cluster,
};

function ends({ edges }: GraphAnswer) {
  return edges.map(({ from, to, requestsPerSecond }) => `${from} ${to} ${requestsPerSecond}`);
}

test('words look in both ends, and leave no node behind', (t) => {
  const found = selectTraffic(graph, { ...all, query: 'cart in:dc3 from:dc1' });
  t.deepEqual(ends(found), ['client/dc1 service/cart.shop/dc3 3']);
  t.is(found.nodes.length, 2);
});

test('only what leaves its cluster', (t) => {
  t.is(selectTraffic(graph, { ...all, onlySpill: true }).edges.length, 2);
});

test('gathered by cluster and by region, rates add up and times are the longest', (t) => {
  t.deepEqual(ends(selectTraffic(graph, { ...all, by: 'cluster' })), [
    'client/dc1 service/dc1 10',
    'client/dc1 service/dc2 5',
    'client/dc1 service/dc3 3',
    'client/dc3 service/dc3 1',
  ]);
  const byRegion = selectTraffic(graph, { ...all, by: 'region' });
  t.deepEqual(ends(byRegion), [
    'client/eu service/eu 15',
    'client/eu service/us 3',
    'client/us service/us 1',
  ]);
  t.like(byRegion.edges[0], { errorsPerSecond: 1.5, p99Ms: 10, tier: 'region', mtls: true });
});

test('the edges that carry most are drawn, and of the rest it is said how much they are', (t) => {
  const { graph: most, rest } = mostTraffic(graph, 2);
  t.deepEqual(ends(most), [
    'client/dc1 service/orders.shop/dc1 10',
    'client/dc1 service/orders.shop/dc2 5',
  ]);
  t.deepEqual(rest, { edges: 2, requestsPerSecond: 4 });
});
