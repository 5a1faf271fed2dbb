/** Specifies the service graph and the traffic of services, computed from counts of several clusters. */
import test from 'ava';
import { graph } from '../../../../gateway/control/graph/graph.ts';
import type { Series } from '../../../../gateway/control/graph/samples.ts';
import { traffic } from '../../../../gateway/control/graph/traffic.ts';
import type { TrafficView } from '../../../../gateway/control/graph/view.ts';

const boundsMs = [1, 10, 100];
const through = 1000;

interface Counted {
  readonly cluster: string;
  readonly requests: number;
  readonly errors?: number;
  readonly tier?: Series['tier'];
  /** Default the cluster that counts. */
  readonly source?: string;
  readonly step?: number;
  readonly latency?: readonly number[];
}

function series(
  by: string,
  { cluster, requests, errors = 0, source = by, ...rest }: Counted,
): Series {
  const { tier = 'zone', step = through, latency = [requests, 0, 0, 0] } = rest;
  const steps = [{ step, requests, errors, latency }];
  return { service: 'cart.shop', source, cluster, tier, protocol: 'http', steps };
}

function view(clusters: Record<string, readonly Counted[]>): TrafficView {
  return {
    through,
    boundsMs,
    clusters: Object.entries(clusters).map(([cluster, counted]) => ({
      cluster,
      series: counted.map((one) => series(cluster, one)),
    })),
    missing: [],
  };
}

/** `from > to: requests per second` of each edge over one step. */
function edges(clusters: Record<string, readonly Counted[]>): string[] {
  return graph(view(clusters), 5).edges.map(
    ({ from, to, requestsPerSecond }) => `${from} > ${to}: ${requestsPerSecond}`,
  );
}

test("a cluster's clients that its own copies answer", (t) => {
  const { nodes, edges } = graph(view({ dc1: [{ cluster: 'dc1', requests: 50, errors: 5 }] }), 5);
  t.deepEqual(nodes, [
    { id: 'client/dc1', kind: 'client', cluster: 'dc1' },
    { id: 'service/cart.shop/dc1', kind: 'service', service: 'cart.shop', cluster: 'dc1' },
  ]);
  t.like(edges, [{ requestsPerSecond: 10, errorsPerSecond: 1, tier: 'zone', mtls: false }]);
});

test('what another gateway sent on is its clients, not those of the cluster that answered', (t) => {
  t.deepEqual(
    edges({
      dc1: [{ cluster: 'dc2', requests: 40, tier: 'cluster' }],
      dc2: [{ cluster: 'dc2', requests: 41, source: 'dc1' }],
    }),
    ['client/dc1 > service/cart.shop/dc2: 8'],
  );
});

test('a cluster that answers its own clients and those of others has an edge for each', (t) => {
  t.deepEqual(
    edges({
      dc1: [{ cluster: 'dc2', requests: 40, tier: 'cluster' }],
      dc2: [
        { cluster: 'dc2', requests: 40, tier: 'zone', source: 'dc1' },
        { cluster: 'dc2', requests: 30, tier: 'zone' },
        { cluster: 'dc2', requests: 10, tier: 'region' },
      ],
    }),
    [
      'client/dc1 > service/cart.shop/dc2: 8',
      'client/dc2 > service/cart.shop/dc2: 2',
      'client/dc2 > service/cart.shop/dc2: 6',
    ],
  );
});

test('two gateways of one cluster are one client', (t) => {
  const both = [series('dc1', { cluster: 'dc1', requests: 10 })];
  const clusters = [
    { cluster: 'dc1', series: both },
    { cluster: 'dc1', series: both },
  ];
  const { edges } = graph({ ...view({}), clusters }, 5);
  t.like(edges, [{ requestsPerSecond: 4 }]);
});

test('the window is in whole steps, and what is older does not count', (t) => {
  const dc1 = [
    { cluster: 'dc1', requests: 10, step: through },
    { cluster: 'dc1', requests: 10, step: through - 1 },
    { cluster: 'dc1', requests: 999, step: through - 2 },
  ];
  t.like(graph(view({ dc1 }), 9), { windowSeconds: 10, edges: [{ requestsPerSecond: 2 }] });
});

test('traffic counts each request once, as the cluster saw it that its client asked', (t) => {
  const answer = traffic(
    view({
      dc1: [
        { cluster: 'dc1', requests: 10 },
        {
          cluster: 'dc2',
          requests: 40,
          errors: 10,
          tier: 'cluster',
          latency: [0, 40, 0, 0],
        },
      ],
      dc2: [{ cluster: 'dc2', requests: 40, errors: 20, source: 'dc1', latency: [0, 0, 0, 40] }],
    }),
  );
  t.like(answer, { stepSeconds: 5, at: (through + 1) * 5000 });
  const [item] = answer.items;
  t.is(item?.requests.length, 120);
  t.is(item?.requests.at(-1), 10);
  t.is(item?.errors.at(-1), 2);
  t.is(item?.p99Ms.at(-1), 9.89);
  t.deepEqual([item?.requests[0], item?.p99Ms[0]], [0, null]);
});

test('traffic of one service is of no other', (t) => {
  const dc1 = [{ cluster: 'dc1', requests: 10 }];
  t.deepEqual(traffic(view({ dc1 }), 'other.shop').items, []);
});
