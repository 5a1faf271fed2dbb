/** Specifies into which tiers copies fall, and in which order. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { rankTiers } from '../../../../gateway/data/balance/tiers.ts';
import type { Group, RemoteCluster } from '../../../../gateway/data/balance/types.ts';
import { caller, dc1, dc2, dc3, remote, summary, viewOf, zone } from './scenes.ts';

const dc4 = parseClusterName('dc4');
const dc5 = parseClusterName('dc5');

function names(
  groups: readonly Group[],
  remotes: readonly RemoteCluster[],
  clusterOrder = [] as (typeof dc2)[],
) {
  return rankTiers(viewOf(groups, remotes), caller, { clusterOrder }).map((tier) => tier.name);
}

const four = [dc2, dc3, dc4, dc5].map((cluster) => summary(cluster, 1, 1));

test("the caller's zone comes first, then its other zones, then other clusters", (t) => {
  const groups = [
    summary(dc2, 1, 1),
    zone('eu-c', { c: 'healthy' }),
    zone('eu-a', { a: 'healthy' }),
    zone('eu-b', { b: 'healthy' }),
  ];
  const tiers = rankTiers(viewOf(groups, [remote(dc2)]), caller, { clusterOrder: [] });
  t.deepEqual(
    tiers.map((tier) => [tier.kind, tier.name, tier.total]),
    [
      ['zone', 'zone eu-a', 1],
      ['region', 'region eu', 2],
      ['cluster', 'cluster dc2', 1],
    ],
  );
});

test('places without copies are no tiers', (t) => {
  t.deepEqual(names([zone('eu-a', {}), summary(dc2, 0, 0), summary(dc3, 0, 1)], [remote(dc3)]), [
    'cluster dc3',
  ]);
});

test("other clusters: the caller's region first, then the nearer, unmeasured last, then by name", (t) => {
  t.deepEqual(
    names(four, [
      remote(dc2, { rttMs: undefined }),
      remote(dc3, { rttMs: 80 }),
      remote(dc4, { region: 'eu', rttMs: 90 }),
      remote(dc5, { rttMs: 10 }),
    ]),
    ['cluster dc4', 'cluster dc5', 'cluster dc3', 'cluster dc2'],
  );
  t.deepEqual(
    names(
      four,
      [dc5, dc4, dc3, dc2].map((cluster) => remote(cluster, { rttMs: undefined })),
    ),
    ['cluster dc2', 'cluster dc3', 'cluster dc4', 'cluster dc5'],
  );
});

test('a round trip that trembles within its millisecond does not reorder clusters', (t) => {
  t.deepEqual(
    names(four.slice(0, 2), [remote(dc2, { rttMs: 10.3 }), remote(dc3, { rttMs: 9.8 })]),
    ['cluster dc2', 'cluster dc3'],
  );
});

test('clusters that the policy lists come in its order, the others after them', (t) => {
  const remotes = [remote(dc2, { rttMs: 1 }), remote(dc3), remote(dc4), remote(dc5, { rttMs: 2 })];
  t.deepEqual(names(four, remotes, [dc4, dc3]), [
    'cluster dc4',
    'cluster dc3',
    'cluster dc2',
    'cluster dc5',
  ]);
});

for (const [situation, state, healthy] of [
  ['is up', {}, 2],
  ['is up and its records are stale', { stale: true }, 2],
  ['is down', { link: 'down' }, 0],
  ['is still connecting', { link: 'connecting' }, 0],
  ['was never asked for', { link: 'none' }, 0],
  ['is up, but the cluster is ejected', { ejected: 'consecutive5xx' }, 0],
] as const) {
  test(`a cluster whose link ${situation} counts ${healthy} of 3 healthy`, (t) => {
    const [tier] = rankTiers(viewOf([summary(dc2, 2, 3, 1)], [remote(dc2, state)]), caller, {
      clusterOrder: [],
    });
    t.is(tier?.healthy, healthy);
    t.is(tier?.degraded, healthy === 0 ? 0 : 1);
    t.is(tier?.total, 3);
  });
}

test('a cluster nobody has told the link of counts nothing', (t) => {
  const [tier] = rankTiers(viewOf([summary(dc2, 2, 3)]), caller, { clusterOrder: [] });
  t.is(tier?.outage, 'none');
  t.is(tier?.healthy, 0);
});

for (const [order, costs, names] of [
  ['listed', [], ['dc2', 'dc3', 'dc4']],
  ['rtt', [], ['dc4', 'dc3', 'dc2']],
  ['cost', [], ['dc2', 'dc3', 'dc4']],
  ['cost', [{ to: dc3, perGb: 0.01 }], ['dc3', 'dc2', 'dc4']],
  [
    'cost',
    [
      { to: dc2, perGb: 0.02 },
      { to: dc3, perGb: 0.02 },
      { to: dc4, perGb: 0 },
    ],
    ['dc4', 'dc2', 'dc3'],
  ],
  [
    'cost',
    [
      { from: dc2, to: dc3, perGb: 0 },
      { from: dc1, to: dc3, perGb: 9 },
      { from: dc1, to: dc4, perGb: 1 },
    ],
    ['dc4', 'dc3', 'dc2'],
  ],
] as const) {
  test(`order ${order} with ${costs.length === 0 ? 'no prices' : JSON.stringify(costs)}: ${names}`, (t) => {
    const groups = [summary(dc2, 1, 1), summary(dc3, 1, 1), summary(dc4, 1, 1)];
    const remotes = [
      remote(dc2, { rttMs: 30 }),
      remote(dc3, { rttMs: 20 }),
      remote(dc4, { rttMs: 10 }),
    ];
    const options = { clusterOrder: [dc2, dc3], order, costs };
    t.deepEqual(
      rankTiers(viewOf(groups, remotes), caller, options).map(({ cluster }) => `${cluster}`),
      [...names],
    );
  });
}
