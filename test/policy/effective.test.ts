/** Specifies which policy holds: the most specific one, whole, and the same object until it changes. */
import test from 'ava';
import { Policies, type PolicyResource } from '../../policy/effective.ts';
import { defaultBalance, defaultTraffic } from '../../policy/traffic-policy.ts';
import { cart, dc1, dc2, web } from '../gateway/records.ts';

function resource(name: string, panic: number, target: PolicyResource['target']) {
  const balance = { ...defaultBalance, panicThreshold: panic };
  const kind = 'TrafficPolicy' as const;
  return { kind, name, target, spec: { ...defaultTraffic, balance } } satisfies PolicyResource;
}

const ofAll = resource('all', 1, {});
const atDc2 = resource('at-dc2', 2, { where: dc2 });
const forDc2 = resource('for-dc2', 3, { client: dc2 });
const ofCart = resource('cart', 4, { service: cart });
const ofCartForDc2 = resource('cart-for-dc2', 5, { service: cart, client: dc2 });
const ofShop = resource('shop', 6, { namespace: 'shop' });
const ofBank = resource('bank', 7, { namespace: 'bank' });
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

test('what holds for a namespace holds for its services alone, before who asks and where, and after the service', (t) => {
  const policies = new Policies([...all, ofShop, ofBank]);
  t.is(policies.traffic({ service: web, client: dc2, where: dc2 }), ofShop.spec);
  t.is(policies.traffic({ service: cart, client: dc1, where: dc1 }), ofCart.spec);
  t.is(policies.touched({ set: [ofShop], removed: [] }), undefined);
});

test('balancing and time limits are each those of the most specific policy that has them, whole', (t) => {
  const timed = { ...defaultTraffic.timeouts, requestMs: 5 };
  const onlyTimed: PolicyResource = {
    ...{ kind: 'TrafficPolicy', name: 'timed' },
    ...{ target: { service: cart, where: dc1 }, spec: { timeouts: timed } },
  };
  const policies = new Policies([ofAll, ofCart, onlyTimed]);
  const here = policies.traffic({ service: cart, client: dc1, where: dc1 });
  t.is(here.timeouts, timed);
  t.is(here.balance, ofCart.spec.balance);
  t.is(policies.traffic({ service: cart, client: dc1, where: dc1 }), here);
  t.is(policies.traffic({ service: cart, client: dc1, where: dc2 }), ofCart.spec);
});

test('whether a service is exported is for its endpoints to say, unless a policy does', (t) => {
  const kept: PolicyResource = {
    ...{ kind: 'ServiceExport', name: 'kept', target: { service: cart, where: dc1 } },
    spec: { exported: false },
  };
  const policies = new Policies([...all, kept]);
  const at = { client: dc1, where: dc1 };
  t.false(policies.exporting({ service: cart, ...at })?.exported);
  t.is(policies.exporting({ service: cart, client: dc1, where: dc2 }), undefined);
  t.is(policies.exporting({ service: web, ...at }), undefined);
  const delta = { set: [kept, ofAll], removed: ['cart'] };
  t.deepEqual([...(policies.touched(delta, 'ServiceExport') ?? [])], [cart]);
});

test("of policies for the same the own cluster's word holds before the federation's, written or configured", (t) => {
  const of = (name: string, panic: number, target: PolicyResource['target']) => ({
    ...resource(name, panic, target),
    ofFederation: true as const,
  });
  const fedCart = of('@/cart', 11, { service: cart });
  const fedShop = of('@/shop', 12, { namespace: 'shop' });
  const fedCartForDc2 = of('@/cart-for-dc2', 13, { service: cart, client: dc2 });
  const ownCart = resource('own-cart', 14, { service: cart, where: dc1 });
  const asked = { service: cart, client: dc1, where: dc1 };
  const names = (resources: PolicyResource[], client = dc1) =>
    [...new Policies(resources).holding('TrafficPolicy', { ...asked, client })].map(
      ({ name }) => name,
    );
  // Names are in an order of their own: it decides last.
  t.deepEqual(names([fedShop, fedCart, ofAll, ofCart, ownCart]), [
    ...['own-cart', 'cart', '@/cart', '@/shop', 'all'],
  ]);
  t.deepEqual(names([ownCart, fedCartForDc2, fedCart], dc2), [
    '@/cart-for-dc2',
    'own-cart',
    '@/cart',
  ]);
  const policies = new Policies([fedCart, ownCart, fedShop]);
  t.is(policies.traffic(asked), ownCart.spec);
  t.is(policies.traffic({ ...asked, where: dc2 }), fedCart.spec);
  t.is(policies.overruling('@/cart'), ownCart);
  t.is(policies.overruling('@/shop'), undefined);
  t.is(policies.overruling('own-cart'), undefined);
  t.is(new Policies([fedCart, ofCart]).overruling('@/cart'), ofCart);
});
