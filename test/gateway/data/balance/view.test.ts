/** Specifies what a decision sees, from here and from afar. */
import test from 'ava';
import {
  type LinkLookup,
  usableFrom,
  viewFromAfar,
  viewFromHere,
} from '../../../../gateway/data/balance/view.ts';
import type { ClusterView } from '../../../../registry/snapshot.ts';
import {
  cart,
  clusterRecord,
  dc1,
  dc2,
  dc10,
  endpointRecord,
  exportRecord,
  gatewayRecord,
} from '../../records.ts';

const noLinks: LinkLookup = () => ({ state: 'none' });
const upTo =
  (...names: string[]): LinkLookup =>
  (cluster) =>
    names.includes(cluster) ? { state: 'up', rttMs: 12 } : { state: 'down' };

function view(cluster = dc2, more: Partial<ClusterView> = {}): [typeof dc2, ClusterView] {
  const synced = { cluster, gateway: 'g1', at: 1 };
  return [
    cluster,
    { cluster, record: clusterRecord(cluster), gateways: new Map(), synced, ...more },
  ];
}

test('an own endpoint of weight 0 is shown, and counts neither as a host nor as healthy', (t) => {
  const own = [endpointRecord('a1', { weight: 0 }), endpointRecord('a2')];
  const { groups } = viewFromHere(cart, dc1, own, undefined, new Map(), noLinks);
  t.like(groups[0], { total: 2, excluded: 1, healthy: 1 });
  t.is(groups[0]?.endpoints?.length, 2);
});

test('endpoints that are registered twice, with one address, know of each other', (t) => {
  const own = [
    endpointRecord('a1'),
    endpointRecord('a2', { zone: 'b' }),
    endpointRecord('a3', { port: 1234 }),
  ];
  const { groups } = viewFromHere(cart, dc1, own, undefined, new Map(), noLinks);
  const twins = groups.flatMap(({ endpoints = [] }) => endpoints.map((one) => one.twins));
  t.deepEqual(twins, [['a2'], undefined, ['a1']]);
});

test('own endpoints are gathered by zone and counted by health', (t) => {
  const own = [
    endpointRecord('a1'),
    endpointRecord('a2', { health: 'degraded', weight: 5 }),
    endpointRecord('a3', { health: 'unknown' }),
    endpointRecord('b1', { zone: 'b', health: 'unhealthy' }),
  ];
  const { groups, remotes } = viewFromHere(cart, dc1, own, undefined, new Map(), noLinks);
  t.is(remotes.size, 0);
  const [a, b] = groups;
  t.like(a, { cluster: dc1, region: 'eu', zone: 'a', total: 3, healthy: 1, degraded: 1 });
  t.deepEqual(
    a?.endpoints?.map(({ id, weight, health, ejected }) => [id, weight, health, ejected]),
    [
      ['a1', 1, 'healthy', undefined],
      ['a2', 5, 'degraded', undefined],
      ['a3', 1, 'unknown', undefined],
    ],
  );
  t.like(b, { zone: 'b', total: 1, healthy: 0, degraded: 0 });
});

test('of other clusters there is what they sum up, and how they can be reached', (t) => {
  const exports = new Map([
    [dc1, exportRecord(dc1)],
    [dc2, exportRecord(dc2, cart, ['a', 'b'])],
  ]);
  const { groups, remotes } = viewFromHere(cart, dc1, [], exports, new Map([view()]), upTo('dc2'));
  t.deepEqual(
    groups.map(({ cluster, zone, total, endpoints }) => [cluster, zone, total, endpoints]),
    [
      [dc2, 'a', 1, undefined],
      [dc2, 'b', 1, undefined],
    ],
    'the own summary is left out: the endpoints themselves are known here',
  );
  t.deepEqual(
    [...remotes.values()],
    [{ cluster: dc2, region: 'eu', link: 'up', rttMs: 12, ejected: undefined, stale: false }],
  );
});

test("security: a remote's region comes from its enrolment, whatever its summary says", (t) => {
  const liar = { ...exportRecord(dc2) };
  const localities = [{ region: 'eu', zone: 'a', total: 1, healthy: 1, degraded: 0 }];
  const enrolled = new Map([view(dc2, { record: clusterRecord(dc2, { region: 'us' }) })]);
  const exports = new Map([[dc2, { ...liar, localities }]]);
  const { groups, remotes } = viewFromHere(cart, dc1, [], exports, enrolled, noLinks);
  t.deepEqual([groups[0]?.region, remotes.get(dc2)?.region], ['us', 'us']);
});

for (const [claimed, believed] of [
  [
    { total: 4, healthy: 2, degraded: 1 },
    { healthy: 2, degraded: 1 },
  ],
  [
    { total: 4, healthy: 9, degraded: 9 },
    { healthy: 4, degraded: 0 },
  ],
  [
    { total: 4, healthy: 3, degraded: 3 },
    { healthy: 3, degraded: 1 },
  ],
  [
    { total: 0, healthy: 1, degraded: 1 },
    { healthy: 0, degraded: 0 },
  ],
] as const) {
  test(`security: a remote that claims ${claimed.healthy} healthy and ${claimed.degraded} degraded of ${claimed.total} has ${believed.healthy} and ${believed.degraded}`, (t) => {
    const summary = { ...exportRecord(dc2), localities: [{ region: 'eu', zone: 'a', ...claimed }] };
    const exports = new Map([[dc2, summary]]);
    const { groups } = viewFromHere(cart, dc1, [], exports, new Map([view()]), noLinks);
    t.like(groups[0], { total: claimed.total, ...believed });
  });
}

test('a cluster without its canary, or of which no record came yet, is stale and not gone', (t) => {
  const { synced: _, ...unconfirmed } = view()[1];
  for (const clusters of [new Map(), new Map([[dc2, unconfirmed]])]) {
    const exports = new Map([[dc2, exportRecord(dc2)]]);
    const { groups, remotes } = viewFromHere(cart, dc1, [], exports, clusters, upTo('dc2'));
    t.is(groups.length, 1);
    t.like(remotes.get(dc2), { stale: true, link: 'up' });
  }
});

test('from afar the service is what the caller has of it: its own summary, and the links its gateways published', (t) => {
  const gateways = new Map([
    ['g1', gatewayRecord('g1', { cluster: dc2, links: { dc1: 'down' }, rttMs: {} })],
    ['g2', gatewayRecord('g2', { cluster: dc2, links: { dc1: 'up' }, rttMs: { dc1: 30 } })],
    ['g3', gatewayRecord('g3', { cluster: dc2, links: { dc1: 'up' }, rttMs: { dc1: 20 } })],
  ]);
  const service = {
    service: cart,
    endpoints: new Map(),
    exports: new Map([
      [dc1, exportRecord(dc1)],
      [dc2, exportRecord(dc2)],
      [dc10, exportRecord(dc10)],
    ]),
  };
  const clusters = new Map([view(dc1), view(dc2, { gateways }), view(dc10)]);
  const { groups, remotes } = viewFromAfar(service, dc2, { clusters });
  t.deepEqual(
    groups.map(({ cluster }) => cluster),
    [dc1, dc2, dc10],
  );
  t.deepEqual(
    [...remotes.values()].map(({ cluster, link, rttMs }) => [cluster, link, rttMs]),
    [
      [dc1, 'up', 20],
      [dc10, 'none', undefined],
    ],
    'a link is as good as the best gateway has it',
  );
});

test('security: a cluster is sent to only where it lets the caller use the service, and the service may leave to it', (t) => {
  const exports = new Map([
    [dc1, { ...exportRecord(dc1), to: [dc10] }],
    [dc2, exportRecord(dc2)],
    [dc10, { ...exportRecord(dc10), to: [dc2] }],
  ]);
  for (const [caller, neverTo, usable] of [
    [dc1, undefined, [dc1, dc2]],
    [dc1, [dc2], [dc1]],
    [dc1, [dc1, dc10], [dc1, dc2]],
    [dc2, undefined, [dc2, dc10]],
    [dc2, [dc10], [dc2]],
    [dc10, undefined, [dc1, dc2, dc10]],
  ] as const) {
    t.deepEqual([...usableFrom(caller, exports, neverTo).keys()], [...usable], caller);
  }
  t.is(usableFrom(dc10, exports), exports);
  const { groups } = viewFromAfar(
    { service: cart, endpoints: new Map(), exports },
    dc2,
    { clusters: new Map([view(dc1), view(dc2), view(dc10)]) },
    [dc10],
  );
  t.deepEqual(
    groups.map(({ cluster }) => cluster),
    [dc2],
  );
});
