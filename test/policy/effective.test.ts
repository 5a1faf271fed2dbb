/** Specifies which policy holds: the most specific one, whole, and the same object until it changes. */
import test from 'ava';
import { Policies, type PolicyResource } from '../../policy/effective.ts';
import { defaultBalance, defaultTraffic } from '../../policy/traffic-policy.ts';
import { cart, dc1, dc2, web } from '../gateway/records.ts';

function resource(name: string, panic: number, target: PolicyResource['target']): PolicyResource {
  const balance = { ...defaultBalance, panicThreshold: panic };
  return { kind: 'TrafficPolicy', name, target, spec: { ...defaultTraffic, balance } };
}

const ofAll = resource('all', 1, {});
const atDc2 = resource('at-dc2', 2, { where: dc2 });
const forDc2 = resource('for-dc2', 3, { client: dc2 });
const ofCart = resource('cart', 4, { service: cart });
const ofCartForDc2 = resource('cart-for-dc2', 5, { service: cart, client: dc2 });
const all = [ofAll, atDc2, forDc2, ofCart, ofCartForDc2];

test('where nothing is written the defaults hold', (t) => {
  const asked = { service: cart, client: dc1, where: dc1 };
  t.is(new Policies().traffic(asked), defaultTraffic);
});

for (const [what, asked, expected] of [
  ['nothing but what is for all', { service: web, client: dc1, where: dc1 }, ofAll],
  ['where it is decided', { service: web, client: dc1, where: dc2 }, atDc2],
  ['who asks, before where', { service: web, client: dc2, where: dc2 }, forDc2],
  ['the service, before who asks', { service: cart, client: dc1, where: dc2 }, ofCart],
  [
    'the service for who asks, before all',
    { service: cart, client: dc2, where: dc1 },
    ofCartForDc2,
  ],
] as const) {
  test(`the most specific policy holds: ${what}`, (t) => {
    for (const order of [all, all.toReversed()]) {
      t.is(new Policies(order).traffic(asked), expected.spec);
    }
  });
}

test('a change is what differs, touches the services it is for, and leaves the rest the same object', (t) => {
  const before = new Policies([ofAll, ofCart]);
  const written = [structuredClone(ofAll), resource('cart', 9, { service: cart })];
  const delta = new Policies(written).since(before);
  t.deepEqual(
    delta.set.map(({ name }) => name),
    ['cart'],
  );
  t.deepEqual([...(before.touched(delta) ?? [])], [cart]);
  const after = before.with(delta);
  t.is(after.traffic({ service: web, client: dc1, where: dc1 }), ofAll.spec);
  t.is(after.traffic({ service: cart, client: dc1, where: dc1 }).balance.panicThreshold, 9);
  t.is(before.traffic({ service: cart, client: dc1, where: dc1 }), ofCart.spec);
});

test('a policy that is taken away gives way to the next; one that was for all touches all', (t) => {
  const before = new Policies([ofAll, ofCart]);
  const without = before.with({ set: [], removed: ['cart'] });
  t.is(without.traffic({ service: cart, client: dc1, where: dc1 }), ofAll.spec);
  t.is(before.touched({ set: [], removed: ['all'] }), undefined);
  t.deepEqual([...(before.touched({ set: [], removed: ['cart'] }) ?? [])], [cart]);
});

test('a policy that is for another service now touches both', (t) => {
  const before = new Policies([ofCart]);
  const touched = before.touched({ set: [resource('cart', 4, { service: web })], removed: [] });
  t.deepEqual([...(touched ?? [])].sort(), [cart, web].sort());
});
