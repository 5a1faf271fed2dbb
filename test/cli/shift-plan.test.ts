/** Specifies the parts of a shift: steps, guards, its Route, and when a guard is broken. */
import test from 'ava';
import {
  brokenGuard,
  guardsIn,
  routeWith,
  shareOf,
  sharesIn,
  stepsIn,
  targetIn,
} from '../../cli/shift-plan.ts';
import { parseServiceName } from '../../core/names.ts';

const orders = parseServiceName('orders.shop');

test('steps are percents that rise', (t) => {
  t.deepEqual(stepsIn('1,50,100'), [1, 50, 100]);
  for (const bad of ['', '5,5', '50,20', '0,10', '101', '1.5', 'a']) {
    t.throws(() => stepsIn(bad), { code: 'USAGE' } as object, bad);
  }
});

test('guards are a share of failures, a time, or both', (t) => {
  t.deepEqual(guardsIn('error<1%,p99<300ms'), { errorRate: 0.01, p99Ms: 300 });
  for (const bad of ['', 'error<1', 'p99<3', 'errors<1%', 'error>1%']) {
    t.throws(() => guardsIn(bad), { code: 'USAGE' } as object, bad);
  }
});

test('the Route has both, with weights that make 100', (t) => {
  const to = targetIn('version=v2', orders);
  t.deepEqual(routeWith(orders, { service: orders }, to, 5), {
    parentRefs: [{ kind: 'Service', name: 'orders' }],
    rules: [
      {
        backendRefs: [
          { name: 'orders', namespace: 'shop', weight: 95 },
          { name: 'orders', namespace: 'shop', subset: { version: 'v2' }, weight: 5 },
        ],
      },
    ],
  });
  t.is(targetIn('beta', orders).service, parseServiceName('beta.shop'));
});

const [v1, v2, v3] = ['v1', 'v2', 'v3'].map((version) => targetIn(`version=${version}`, orders));

for (const [situation, stable, to, share] of [
  ['the same as before', v1, v2, 30],
  ['the other way', v2, v1, 70],
  ['to a third', v1, v3, undefined],
  ['from the whole service', { service: orders }, v2, undefined],
] as const) {
  test(`a Route that leads 30 % to v2, asked for ${situation}: ${share ?? 'no'} percent are there`, (t) => {
    if (!v1 || !v2 || !stable || !to) throw new Error('no target');
    const { rules } = routeWith(orders, v1, v2, 30);
    t.is(shareOf(sharesIn(rules, 'shop'), stable, to), share);
  });
}

test('a target that has nothing is nowhere, and a Route that no shift writes has no shares', (t) => {
  if (!v1 || !v2 || !v3) throw new Error('no target');
  const { rules } = routeWith(orders, v1, v2, 100);
  t.is(shareOf(sharesIn(rules, 'shop'), v2, v3), 0, 'what came last is stable now');
  t.is(sharesIn([...rules, ...rules], 'shop'), undefined);
  t.is(sharesIn([{ backendRefs: [{ name: 'orders', weight: 1 }] }], 'shop'), undefined);
  t.is(shareOf(undefined, v1, v2), undefined);
});

test('a guard is broken by what was counted since, and by more than one slip', (t) => {
  const traffic = (errors: readonly number[], p99Ms: readonly (number | null)[]) => ({
    ...{ stepSeconds: 5, at: 20_000, missing: [] },
    items: [{ service: orders, requests: [100, 100, 100, 100], errors, p99Ms }],
  });
  const guards = guardsIn('error<1%,p99<300ms');
  const well = [1, 1, 1, null];
  const none = [0, 0, 0, 0];
  t.is(brokenGuard(guards, traffic(none, well), orders, 10_000), undefined);
  t.is(brokenGuard(guards, traffic([9, 9, 0, 0], well), orders, 10_000), undefined, 'before');
  t.regex(brokenGuard(guards, traffic([0, 0, 0, 9], well), orders, 10_000) ?? '', /^45 of 1000/);
  t.regex(brokenGuard(guards, traffic(none, [1, 1, 1, 301]), orders, 10_000) ?? '', /301 ms/);
  const few = {
    ...traffic(none, well),
    items: [{ service: orders, requests: [0.2], errors: [0.2], p99Ms: [1] }],
  };
  t.is(brokenGuard(guardsIn('error<10%'), few, orders, 15_000), undefined, 'one slip');
});
