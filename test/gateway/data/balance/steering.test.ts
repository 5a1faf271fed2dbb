/** Specifies load that is moved on purpose. */
import test from 'ava';
import {
  isKeptOff,
  type Shift,
  steeredLoads,
  steeringOf,
  steeringReason,
} from '../../../../gateway/data/balance/steering.ts';
import { cart } from '../../records.ts';
import { dc1, dc2, dc3, web } from './scenes.ts';

function withhold(cluster: typeof dc1, percent: number, service?: typeof web): Shift {
  return { kind: 'withhold', cluster, percent, service, why: `less ${cluster}` };
}

function direct(to: typeof dc1, percent: number): Shift {
  return { kind: 'direct', service: web, to, percent, why: `more ${to}` };
}

const clusters = [dc1, dc2, dc3];

/** Loads of dc1, dc2 and dc3, of which the first that counts carries everything. */
function loads(
  shifts: readonly Shift[],
  usable: readonly boolean[] = [true, true, true],
): number[] {
  const tiers = clusters.map((cluster, i) => ({ cluster, usable: usable[i] ?? false }));
  return steeredLoads(tiers, steeringOf(shifts, web), (counts) => {
    const first = tiers.findIndex((tier) => tier.usable && counts(tier.cluster));
    return tiers.map((_, i) => ({
      healthyLoad: i === first ? 100 : 0,
      degradedLoad: 0,
      panic: false,
    }));
  }).map(({ healthyLoad }) => healthyLoad);
}

test('shifts of a service: those that name it or none; of several the strongest', (t) => {
  t.is(steeringOf([], web), undefined);
  t.is(steeringOf([withhold(dc1, 100, cart)], web), undefined);
  t.is(steeringOf([withhold(dc1, 0)], web), undefined);
  const steering = steeringOf(
    [withhold(dc1, 30), withhold(dc1, 60, web), direct(dc2, 10), direct(dc3, 20)],
    web,
  );
  t.is(steering?.withheld.get(dc1)?.percent, 60);
  t.like(steering?.directed, { to: dc3, percent: 20 });
  t.is(steeringOf([direct(dc2, 10)], cart), undefined);
});

test('loads: each percent of what is withheld goes where it would without that cluster', (t) => {
  const table: readonly (readonly [shifts: readonly Shift[], loads: readonly number[]])[] = [
    [[], [100, 0, 0]],
    [[withhold(dc1, 100)], [0, 100, 0]],
    [[withhold(dc1, 25)], [75, 25, 0]],
    [[withhold(dc2, 100)], [100, 0, 0]],
    [
      [withhold(dc1, 100), withhold(dc2, 100)],
      [0, 0, 100],
    ],
    [
      [withhold(dc1, 100), withhold(dc2, 40)],
      [0, 60, 40],
    ],
    [[direct(dc3, 20)], [80, 0, 20]],
    [
      [direct(dc3, 20), withhold(dc1, 50)],
      [40, 40, 20],
    ],
    [[direct(dc1, 100)], [100, 0, 0]],
    [[withhold(dc1, 33.4)], [67, 33, 0]],
  ];
  for (const [shifts, expected] of table)
    t.deepEqual(loads(shifts), expected, JSON.stringify(shifts));
});

test('load is moved, never dropped: what nobody else can answer stays', (t) => {
  t.deepEqual(loads([withhold(dc1, 100)], [true, false, false]), [100, 0, 0]);
  t.deepEqual(loads([withhold(dc1, 100), withhold(dc2, 100), withhold(dc3, 100)]), [100, 0, 0]);
  t.deepEqual(loads([direct(dc3, 100)], [true, true, false]), [100, 0, 0]);
});

test('loads together are what they were, in whole percents', (t) => {
  for (let percent = 0; percent <= 100; percent += 0.7) {
    const all = loads([
      withhold(dc1, percent),
      withhold(dc2, percent / 3),
      direct(dc3, percent / 7),
    ]);
    t.is(
      all.reduce((sum, load) => sum + load, 0),
      100,
      `${percent}`,
    );
    t.true(all.every(Number.isInteger));
  }
});

test('a cluster that gets nothing on purpose is tried last', (t) => {
  t.true(isKeptOff(steeringOf([withhold(dc1, 100)], web), dc1));
  t.false(isKeptOff(steeringOf([withhold(dc1, 99)], web), dc1));
  t.false(isKeptOff(undefined, dc1));
});

test('reasons say what is moved, and why', (t) => {
  const steering = steeringOf([withhold(dc1, 100), withhold(dc2, 30), direct(dc3, 20)], web);
  const table = [
    [dc1, 0, 'kept off: less dc1'],
    [dc1, 100, 'carries 100 % though it should not (less dc1): nothing else can'],
    [dc2, 50, '30 % of its load is kept off: less dc2'],
    [dc3, 20, 'gets 20 % on purpose: more dc3'],
  ] as const;
  for (const [cluster, load, reason] of table)
    t.is(steeringReason(steering, cluster, load), reason);
  t.is(steeringReason(undefined, dc1, 100), undefined);
});
