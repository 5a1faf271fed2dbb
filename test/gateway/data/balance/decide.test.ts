/** Specifies which tier carries what, with the reason for each. */

import test from 'ava';
import fc from 'fast-check';
import { type DecideOptions, decide } from '../../../../gateway/data/balance/decide.ts';
import type { Group, RemoteCluster } from '../../../../gateway/data/balance/types.ts';
import { failuresInARow } from '../../../../policy/traffic/outlier.ts';
import type { BalancePolicy } from '../../../../policy/traffic-policy.ts';
import { caller, dc1, dc2, dc3, policyWith, remote, summary, viewOf, zone } from './scenes.ts';

const three = { a: 'healthy', b: 'healthy', c: 'healthy' } as const;
const oneOfThree = { a: 'healthy', b: 'unhealthy', c: 'unhealthy' } as const;
const noneOfThree = { a: 'unhealthy', b: 'unhealthy', c: 'unhealthy' } as const;

function decided(
  groups: readonly Group[],
  remotes: readonly RemoteCluster[],
  options: DecideOptions = {},
  policy: Partial<BalancePolicy> = {},
) {
  const { tiers } = decide(viewOf(groups, remotes), caller, policyWith(policy), options);
  return tiers.map((tier) => [tier.name, tier.healthyLoad + tier.degradedLoad, tier.reason]);
}

test('all is well: the zone carries all, the other cluster stands by', (t) => {
  t.deepEqual(decided([zone('eu-a', three), summary(dc2, 3, 3)], [remote(dc2)]), [
    ['zone eu-a', 100, 'carries all: 3 of 3 healthy'],
    ['cluster dc2', 0, 'standby: tier above covers 100 %'],
  ]);
});

test('half a zone is lost: what it cannot carry spills to the next tier', (t) => {
  t.deepEqual(
    decided([zone('eu-a', { a: 'healthy', b: 'unhealthy' }), summary(dc2, 3, 3)], [remote(dc2)]),
    [
      ['zone eu-a', 70, 'carries 70 %: 1 of 2 healthy'],
      ['cluster dc2', 30, 'spill: tier above covers 70 %'],
    ],
  );
});

test('degraded endpoints carry what healthy ones of all tiers cannot', (t) => {
  const { tiers } = decide(
    viewOf([zone('eu-a', { a: 'healthy', b: 'degraded', c: 'degraded' })]),
    caller,
    policyWith(),
  );
  t.like(tiers[0], {
    healthyLoad: 46,
    degradedLoad: 54,
    reason: 'carries all: 1 healthy and 2 degraded of 3',
  });
});

test('a zone without healthy endpoints carries nothing while another cluster can', (t) => {
  t.deepEqual(
    decided([zone('eu-a', noneOfThree), summary(dc2, 3, 3)], [remote(dc2, { stale: true })]),
    [
      ['zone eu-a', 0, 'carries nothing: 0 of 3 healthy'],
      ['cluster dc2', 100, 'carries all: 3 of 3 healthy; its records are stale, its link is alive'],
    ],
  );
});

test('each reason a cluster is out of use is told', (t) => {
  const reason = (state: Partial<RemoteCluster>, options: DecideOptions = {}) =>
    decided([zone('eu-a', three), summary(dc2, 3, 3)], [remote(dc2, state)], options)[1]?.[2];
  t.is(reason({ link: 'down' }), 'carries nothing: link is down');
  t.is(
    reason({ link: 'suspect' }),
    'carries nothing for now: link is suspect, nothing is heard by it',
  );
  t.is(reason({ link: 'connecting' }), 'carries nothing: link is still connecting');
  t.is(reason({ link: 'none' }), 'carries nothing: there is no link');
  for (const cause of failuresInARow) {
    const text = reason({ ejected: cause });
    t.regex(`${text}`, new RegExp(`^carries nothing: ejected after .* in a row.*\\(${cause}\\)$`));
  }
  t.regex(`${reason({ ejected: 'successRate' })}`, /success rate.*\(successRateStdevFactor\)$/);
  t.regex(`${reason({ ejected: 'failurePercentage' })}`, /\(failurePercentageThreshold\)$/);
  t.regex(`${reason({ ejected: 'otherProtocol' })}`, /speaks HTTP\/2.*--protocol http2 or grpc$/);
  t.is(reason({}, { without: new Set([dc2]) }), 'excluded by --without');
});

test('what if this cluster were lost: the nearest other carries all', (t) => {
  const groups = [
    zone('eu-a', three),
    zone('eu-b', { d: 'healthy' }),
    summary(dc2, 3, 3),
    summary(dc3, 3, 3),
  ];
  t.deepEqual(
    decided(groups, [remote(dc2, { rttMs: 30 }), remote(dc3, { rttMs: 10 })], {
      without: new Set([dc1]),
    }),
    [
      ['zone eu-a', 0, 'excluded by --without'],
      ['region eu', 0, 'excluded by --without'],
      ['cluster dc3', 100, 'carries all: 3 of 3 healthy'],
      ['cluster dc2', 0, 'standby: tiers above cover 100 %'],
    ],
  );
});

test('a cluster that is imagined lost gets no load even when every other tier panics', (t) => {
  const loads = decided([zone('eu-a', noneOfThree), summary(dc2, 3, 3)], [remote(dc2)], {
    without: new Set([dc2]),
  });
  t.deepEqual(
    loads.map(([, load]) => load),
    [100, 0],
  );
});

test('panic disregards health, not reachability: hosts behind a dead link get no load', (t) => {
  t.deepEqual(
    decided([zone('eu-a', oneOfThree), summary(dc2, 3, 3)], [remote(dc2, { link: 'down' })]),
    [
      ['zone eu-a', 100, 'panic: 1 of 3 healthy is under 50 %, so all its hosts are used'],
      ['cluster dc2', 0, 'carries nothing: link is down'],
    ],
  );
});

const suspects: readonly [string, readonly Group[], readonly RemoteCluster[], readonly number[]][] =
  [
    ['another cluster can', [summary(dc2, 3, 3), summary(dc3, 3, 3)], [remote(dc3)], [0, 100]],
    [
      'another can carry part of it, and does not panic',
      [summary(dc2, 3, 3), summary(dc3, 2, 4)],
      [remote(dc3)],
      [0, 100],
    ],
    ['the others would panic', [zone('eu-a', oneOfThree), summary(dc2, 3, 3)], [], [46, 54]],
    ['the others have nothing well', [zone('eu-a', noneOfThree), summary(dc2, 3, 3)], [], [0, 100]],
    ['there is no other', [summary(dc2, 3, 3)], [], [100]],
  ];
for (const [situation, groups, others, expected] of suspects) {
  test(`what is behind a suspect link carries nothing where others can do without it: ${situation}`, (t) => {
    const loads = decided(groups, [remote(dc2, { link: 'suspect', rttMs: 1 }), ...others]);
    t.deepEqual(
      loads.map(([, load]) => load),
      expected,
    );
  });
}

test('load that is kept off a cluster on purpose stays off it while a link is only suspect', (t) => {
  const groups = [summary(dc2, 3, 3), summary(dc3, 3, 3)];
  const steering = { withheld: new Map([[dc3, { percent: 100, why: 'evacuated' }]]) };
  const view = { ...viewOf(groups, [remote(dc2, { link: 'suspect' }), remote(dc3)]), steering };
  const [first] = decide(view, caller, policyWith({})).tiers;
  t.is(first?.cluster, dc2);
  t.is(first?.healthyLoad, 100);
});

test('when nothing can be reached but through dead links, they are all there is', (t) => {
  const loads = decided(
    [summary(dc2, 3, 3), summary(dc3, 1, 1)],
    [remote(dc2, { link: 'down' }), remote(dc3, { link: 'connecting' })],
  );
  t.deepEqual(
    loads.map(([, load]) => load),
    [75, 25],
  );
});

test('when all are reachable and all are unwell, load goes by number of hosts', (t) => {
  const loads = decided([zone('eu-a', noneOfThree), summary(dc2, 0, 1)], [remote(dc2)]);
  t.deepEqual(
    loads.map(([, load]) => load),
    [75, 25],
  );
});

test('with panic off and nothing healthy, nothing carries load', (t) => {
  t.deepEqual(decided([zone('eu-a', noneOfThree)], [], {}, { panicThreshold: 0 }), [
    ['zone eu-a', 0, 'carries nothing: 0 of 3 healthy'],
  ]);
});

test('a locality weighs its hosts by weight, and no more than it can carry', (t) => {
  const { tiers } = decide(
    viewOf([
      zone('eu-b', { a: 'healthy', b: 'healthy' }, { a: 3 }),
      zone('eu-c', { c: 'healthy', d: 'unhealthy' }),
      zone('eu-d', { e: 'unhealthy' }),
    ]),
    caller,
    policyWith(),
  );
  t.deepEqual(
    tiers[0]?.members.map(({ group, weight }) => [group.zone, weight]),
    [
      ['eu-b', 4],
      ['eu-c', 1.4],
      ['eu-d', 0],
    ],
  );
});

test('loads in force while load returns are told as such', (t) => {
  const state = { kind: 'ramping', since: 0, from: 0 } as const;
  const governedLoads = [
    { name: 'zone eu-a', load: 40, target: 100, state },
    { name: 'cluster dc2', load: 60, target: 0, state: { kind: 'steady' } as const },
  ];
  const world = [[zone('eu-a', three), summary(dc2, 3, 3)], [remote(dc2)]] as const;
  t.deepEqual(decided(...world, { governedLoads }), [
    ['zone eu-a', 40, 'ramping back: 40 % of 100 %'],
    ['cluster dc2', 60, 'still carries 60 %: load returns to better tiers step by step'],
  ]);
  const holding = governedLoads.map((tier) => ({
    ...tier,
    load: 100 - tier.target,
    state: { ...state, kind: 'holding' } as const,
  }));
  t.is(
    decided(...world, { governedLoads: holding })[0]?.[2],
    'holding: able to carry 100 % again, keeps 0 % until it has stayed able',
  );
});

const healths = fc.constantFrom('healthy', 'degraded', 'unhealthy', 'unknown');
const zones = fc.dictionary(fc.stringMatching(/^[a-z]{2}$/), healths, { maxKeys: 5 });
const remotes = fc.record({
  link: fc.constantFrom('up', 'connecting', 'down', 'none'),
  ejected: fc.constantFrom(undefined, ...failuresInARow),
  healthy: fc.nat(5),
  down: fc.nat(5),
});

test('every decision gives whole loads that sum to 100 or 0, and a reason for each tier', (t) => {
  fc.assert(
    fc.property(
      zones,
      zones,
      remotes,
      remotes,
      fc.constantFrom(0, 50, 100),
      (a, b, two, three_, panicThreshold) => {
        const groups = [
          zone('eu-a', a),
          zone('eu-b', b),
          summary(dc2, two.healthy, two.healthy + two.down),
          summary(dc3, three_.healthy, three_.healthy + three_.down),
        ];
        const { tiers } = decide(
          viewOf(groups, [remote(dc2, two), remote(dc3, three_)]),
          caller,
          policyWith({ panicThreshold }),
        );
        const sum = tiers.reduce((total, tier) => total + tier.healthyLoad + tier.degradedLoad, 0);
        t.true(sum === 100 || sum === 0);
        t.true(tiers.every((tier) => tier.reason !== '' && tier.members.length > 0));
        if (tiers.some((tier) => tier.healthy > 0)) t.is(sum, 100);
      },
    ),
  );
  t.pass();
});
