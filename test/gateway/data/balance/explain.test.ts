/** Specifies how a decision is explained, candidate by candidate. */
import test from 'ava';
import { explain } from '../../../../gateway/data/balance/explain.ts';
import { caller, dc1, dc2, dc3, policyWith, remote, summary, viewOf, zone } from './scenes.ts';

const half = zone('eu-a', { a: 'healthy', b: 'unhealthy', c: 'healthy', d: 'unhealthy' }, { a: 3 });
const view = viewOf(
  [half, summary(dc2, 2, 3), { ...summary(dc2, 1, 1), zone: 'us-b' }, summary(dc3, 3, 3)],
  [remote(dc2, { rttMs: 12.5 }), remote(dc3, { link: 'down', rttMs: undefined, stale: true })],
);

test('each candidate says where it is, what it gets and why', (t) => {
  const { tiers, candidates } = explain(view, caller, policyWith());
  t.deepEqual(
    tiers.map((tier) => [tier.name, tier.healthyLoad]),
    [
      ['zone eu-a', 70],
      ['cluster dc2', 30],
      ['cluster dc3', 0],
    ],
  );
  t.like(candidates[0], {
    cluster: dc1,
    endpoint: 'a',
    address: '10.0.0.1:80',
    tier: 0,
    tierName: 'zone eu-a',
    share: 52.5,
    rttMs: null,
    health: 'healthy',
    link: null,
    reason: 'carries 70 %: 2 of 4 healthy',
  });
  t.like(candidates[1], {
    endpoint: 'b',
    share: 0,
    health: 'unhealthy',
    reason: 'carries nothing: unhealthy',
  });
  t.like(candidates[4], {
    cluster: dc2,
    zone: 'us-a',
    share: 22.1,
    rttMs: 12.5,
    health: '2 of 3 healthy',
    link: 'up',
    reason: 'spill: tier above covers 70 %',
  });
  t.like(candidates.at(-1), {
    ...{ cluster: dc3, share: 0, link: 'down', stale: true, rttMs: null },
    health: 'unknown, last 3 of 3 healthy',
    reason: 'carries nothing: link is down',
  });
});

test('a cluster that is imagined with a part of its healthy copies leaves the rest to the next', (t) => {
  const calm = viewOf(
    [zone('eu-a', { a: 'healthy', b: 'healthy' }), summary(dc2, 3, 3)],
    [remote(dc2)],
  );
  const loads = (scale: [typeof dc1, number][]) =>
    explain(calm, caller, policyWith(), undefined, { scale: new Map(scale) }).tiers.map((tier) => [
      ...[tier.healthy, tier.healthyLoad],
    ]);
  const cases: [[typeof dc1, number][], number[][]][] = [
    [
      [],
      [
        [2, 100],
        [3, 0],
      ],
    ],
    [
      [[dc1, 0.5]],
      [
        [1, 70],
        [3, 30],
      ],
    ],
    [
      [[dc1, 0.25]],
      [
        [0.5, 35],
        [3, 65],
      ],
    ],
    [
      [[dc1, 0]],
      [
        [0, 0],
        [3, 100],
      ],
    ],
    [
      [[dc2, 0.5]],
      [
        [2, 100],
        [1.5, 0],
      ],
    ],
    [
      [
        [dc1, 0.5],
        [dc2, 0],
      ],
      [
        [1, 100],
        [0, 0],
      ],
    ],
  ];
  for (const [scale, expected] of cases) t.deepEqual(loads(scale), expected, JSON.stringify(scale));
});

test('a cluster that is used although no link to it is up is not said to have one', (t) => {
  const silent = explain(
    viewOf([summary(dc3, 3, 3)], [remote(dc3, { link: 'suspect' })]),
    caller,
    policyWith(),
  );
  t.is(silent.candidates[0]?.link, 'suspect');
  t.is(silent.candidates[0]?.health, '3 of 3 healthy');
  t.regex(
    silent.candidates[0]?.reason ?? '',
    /^carries all: 3 of 3 healthy; its link is suspect, nothing is heard by it$/,
  );
  const lost = viewOf([summary(dc3, 3, 3)], [remote(dc3, { link: 'down', stale: true })]);
  const { tiers } = explain(lost, caller, policyWith());
  t.deepEqual(
    tiers.map(({ reason }) => reason),
    [
      'panic: 0 of 3 healthy is under 50 %, so all its hosts are used; its link is down and its records are stale',
    ],
  );
});

test('a weight of 0 is the reason that an endpoint carries nothing, and that its tier does', (t) => {
  const out = zone('eu-a', { a: 'healthy' }, { a: 0 });
  const { tiers, candidates } = explain(viewOf([out]), caller, policyWith());
  t.like(tiers[0], { healthyLoad: 0, panic: false });
  t.is(tiers[0]?.reason, 'carries nothing: all its endpoints have weight 0');
  t.like(candidates[0], { share: 0, reason: 'carries nothing: its weight is 0' });
});

test('shares sum to a hundred', (t) => {
  for (const policy of [policyWith(), policyWith({ clusterOrder: [dc3] })]) {
    const sum = explain(view, caller, policy).candidates.reduce(
      (total, { share }) => total + share,
      0,
    );
    t.true(Math.abs(sum - 100) < 0.5, `${sum}`);
  }
});

test('it is ready for JSON', (t) => {
  const explanation = explain(view, caller, policyWith());
  t.deepEqual(JSON.parse(JSON.stringify(explanation)), explanation);
});

test('what a balancer has learnt is explained with it', (t) => {
  const ejected = new Map([
    ['endpoint/a', 'consecutive5xx'],
    ['cluster/dc2', 'consecutiveGatewayFailure'],
  ] as const);
  const starting = new Map();
  const { candidates, tiers } = explain(view, caller, policyWith(), {
    ejected,
    starting,
    governedLoads: [],
  });
  t.like(candidates[0], {
    endpoint: 'a',
    ejected: true,
  });
  const calm = explain(view, caller, policyWith({ panicThreshold: 0 }), {
    ejected,
    starting,
    governedLoads: [],
  });
  t.is(calm.candidates[0]?.reason, 'carries nothing: ejected after 5xx in a row (consecutive5xx)');
  t.like(candidates[4], { cluster: dc2, ejected: true });
  t.is(tiers[1]?.reason.includes('ejected') || tiers[1]?.panic, true);
});

test('an endpoint that starts slowly has its part of the weight, and the reason says so', (t) => {
  const two = viewOf([zone('eu-a', { a: 'healthy', b: 'healthy' })]);
  const state = {
    ejected: new Map(),
    starting: new Map([['endpoint/b', 0.25]]),
    governedLoads: [],
  };
  const { candidates } = explain(two, caller, policyWith(), state);
  t.deepEqual(
    candidates.map(({ share }) => share),
    [80, 20],
  );
  t.is(candidates[1]?.reason, 'carries all: 2 of 2 healthy; starts slowly: at 25 % of its weight');
});

test('loads in force while load returns are explained, unless the outcome of a loss is asked for', (t) => {
  const steady = { kind: 'steady' } as const;
  const state = {
    ejected: new Map(),
    starting: new Map(),
    governedLoads: [
      {
        name: 'zone eu-a',
        load: 10,
        target: 70,
        state: { kind: 'ramping', since: 0, from: 0 } as const,
      },
      { name: 'cluster dc2', load: 90, target: 30, state: steady },
      { name: 'cluster dc3', load: 0, target: 0, state: steady },
    ],
  };
  t.is(explain(view, caller, policyWith(), state).tiers[0]?.healthyLoad, 10);
  const lost = explain(view, caller, policyWith(), state, { without: new Set([dc2]) });
  t.deepEqual(lost.without, [dc2]);
  t.is(lost.tiers[0]?.healthyLoad, 100);
});

test('a caller of another cluster is explained from summaries alone', (t) => {
  const afar = { cluster: dc2, region: 'us', zone: 'us-a' };
  const { candidates } = explain(
    viewOf([summary(dc2, 1, 2), { ...summary(dc1, 3, 3), region: 'eu' }], [remote(dc1)]),
    afar,
    policyWith(),
  );
  t.deepEqual(
    candidates.map(({ cluster, share, health, link }) => [cluster, share, health, link]),
    [
      [dc2, 70, '1 of 2 healthy', null],
      [dc1, 30, '3 of 3 healthy', 'up'],
    ],
  );
});
