/** Specifies what a zone keeps of its gateways' requests where zones share load evenly, and where the rest goes. */
import test from 'ava';
import { decide } from '../../../../gateway/data/balance/decide.ts';
import { explain } from '../../../../gateway/data/balance/explain.ts';
import { zoneSpread } from '../../../../gateway/data/balance/zone-spread.ts';
import type { Health } from '../../../../registry/model.ts';
import { caller, dc2, policyWith, remote, summary, viewOf, zone } from './scenes.ts';

type Row = readonly [
  what: string,
  zones: Readonly<Record<string, readonly [capacity: number, gateways: number]>>,
  expected: { readonly stays: number; readonly goes: Readonly<Record<string, number>> } | undefined,
];

const rows: readonly Row[] = [
  ['as much of both: all stays', { a: [3, 2], b: [3, 2] }, undefined],
  ['more of the copies than of the gateways: all stays', { a: [4, 1], b: [2, 1] }, undefined],
  [
    'fewer copies: what is over goes where copies are over',
    { a: [2, 2], b: [4, 1] },
    { stays: 0.5, goes: { a: 0, b: 1 } },
  ],
  [
    'by how much they are over; a zone that is full of its own gets nothing',
    { a: [10, 50], b: [20, 20], c: [40, 20], d: [30, 10] },
    { stays: 0.2, goes: { a: 0, b: 0, c: 0.5, d: 0.5 } },
  ],
  ['no copies: nothing stays', { a: [0, 1], b: [6, 1] }, { stays: 0, goes: { a: 0, b: 1 } }],
  [
    'gateways where there are no copies leave less room elsewhere',
    { a: [1, 2], b: [3, 1], c: [0, 1] },
    { stays: 0.5, goes: { a: 0, b: 1, c: 0 } },
  ],
  ['no gateway that is known there: all stays', { a: [1, 0], b: [5, 3] }, undefined],
  ['no copies anywhere: there is nothing to share', { a: [0, 1], b: [0, 1] }, undefined],
];

for (const [what, zones, expected] of rows) {
  test(what, (t) => {
    const parts = Object.entries(zones).map(([name, [capacity, gateways]]) => ({
      ...{ zone: name, capacity, gateways },
    }));
    const spread = zoneSpread(parts, 'a');
    if (expected === undefined) {
      t.is(spread, undefined);
      return;
    }
    const near = (n = 0) => Math.round(n * 1e9) / 1e9;
    t.is(near(spread?.stays), expected.stays);
    t.deepEqual(
      Object.fromEntries([...(spread?.goes ?? [])].map(([name, part]) => [name, near(part)])),
      expected.goes,
    );
  });
}

test('zones that keep what is theirs load all copies alike, whatever zone a gateway is in', (t) => {
  const copies = { 'eu-a': 2, 'eu-b': 5, 'eu-c': 3 };
  const gateways = new Map([
    ['eu-a', 3],
    ['eu-b', 1],
    ['eu-d', 1],
  ]);
  const loads = new Map<string, number>();
  for (const [from, count] of gateways) {
    const view = { ...viewOf(zonesOf(copies)), gateways };
    const { candidates } = explain(view, { ...caller, zone: from }, residual);
    for (const { endpoint = '', share } of candidates) {
      loads.set(endpoint, (loads.get(endpoint) ?? 0) + share * count);
    }
  }
  const mean = 500 / 10;
  for (const [id, load] of loads) t.true(Math.abs(load - mean) < 2, `${id}: ${load} of ${mean}`);
});

const residual = policyWith({ zones: 'residual' });
const unequal = new Map([
  ['eu-a', 2],
  ['eu-b', 1],
]);

/** Copies of dc1: so many healthy ones in each zone. */
function zonesOf(copies: Readonly<Record<string, number>>, health: Health = 'healthy') {
  return Object.entries(copies).map(([name, count]) =>
    zone(
      name,
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}-${i}`, health])),
    ),
  );
}

const loadsOf = (view: Parameters<typeof decide>[0], policy = residual) =>
  decide(view, caller, policy).tiers.map(({ healthyLoad, reason }) => [healthyLoad, reason]);

test('it is told what a zone keeps, and why', (t) => {
  const view = { ...viewOf(zonesOf({ 'eu-a': 2, 'eu-b': 4 })), gateways: unequal };
  const has = 'has 33 % of the healthy copies and 67 % of the gateways (zones: residual)';
  t.deepEqual(loadsOf(view), [
    [50, `carries 50 %: the zone ${has}`],
    [50, `takes 50 % that the caller's zone does not keep, which ${has}`],
  ]);
});

test('a zone serves all that its health allows by default, with few copies, and in panic', (t) => {
  const groups = zonesOf({ 'eu-a': 2, 'eu-b': 4 });
  const view = { ...viewOf(groups), gateways: unequal };
  const kept = (loads: ReturnType<typeof loadsOf>) => loads[0]?.[0];
  t.is(kept(loadsOf(view, policyWith({}))), 100);
  t.is(
    kept(loadsOf({ ...viewOf(zonesOf({ 'eu-a': 1, 'eu-b': 4 })), gateways: unequal })),
    100,
    'five copies',
  );
  const ill = zonesOf({ 'eu-a': 4 }, 'unhealthy');
  const panicking = { ...viewOf([...ill, ...zonesOf({ 'eu-b': 1 })]), gateways: unequal };
  t.deepEqual(
    loadsOf(panicking).map(([load]) => load),
    loadsOf(panicking, policyWith({})).map(([load]) => load),
  );
});

test('a gateway that knows of no other is all of them', (t) => {
  const loads = loadsOf(viewOf(zonesOf({ 'eu-a': 2, 'eu-b': 4 }))).map(([load]) => load);
  t.deepEqual(loads, [33, 67]);
});

test('what a zone can not carry for its health goes on as it did, beside what it does not keep', (t) => {
  const half = zone('eu-a', { a: 'healthy', b: 'unhealthy', c: 'unhealthy' });
  const groups = [half, ...zonesOf({ 'eu-b': 6 }), summary(dc2, 9, 9)];
  const view = { ...viewOf(groups, [remote(dc2)]), gateways: unequal };
  const plain = loadsOf(view, policyWith({})).map(([load]) => load);
  t.deepEqual(plain, [46, 54, 0]);
  // A seventh of the copies for two thirds of the gateways: three fourteenths of 46 % stay.
  t.deepEqual(
    loadsOf(view).map(([load]) => load),
    [10, 90, 0],
  );
});
