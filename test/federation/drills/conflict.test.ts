/** Specifies which drills may run beside each other. */
import test from 'ava';
import { conflict, earlierConflict } from '../../../federation/drills/conflict.ts';
import { drill, runningDrill } from './specs.ts';

const cluster = drill({ kind: 'evacuate', scope: { cluster: 'dc1' } });
const otherCluster = drill({ kind: 'black-hole', scope: { cluster: 'dc2' } });
const link = drill({ kind: 'black-hole', scope: { link: { from: 'dc2', to: 'dc3' } } });
const orders = drill({ kind: 'evacuate', scope: { service: 'orders.shop', cluster: 'dc1' } });
const ordersElsewhere = drill({
  kind: 'slow',
  scope: { service: 'orders.shop', cluster: 'dc2' },
  slow: { delay: '1s' },
});
const cart = drill({ kind: 'evacuate', scope: { service: 'cart.shop', cluster: 'dc1' } });
const registry = drill({ kind: 'lose-registry' });
const trust = drill({ kind: 'expire-trust' });

test('what shares services is kept apart; the rest is not', (t) => {
  const table = [
    [cluster, otherCluster, /cluster dc1 and cluster dc2 share services/],
    [cluster, link, /share services/],
    [cluster, orders, /share services/],
    [orders, ordersElsewhere, /both concern orders\.shop/],
    [orders, cart, undefined],
    [registry, cart, /while the registry is lost on purpose nothing else is tried/],
    [registry, registry, /registry/],
    [trust, registry, undefined],
    [trust, cluster, undefined],
    [trust, trust, undefined],
  ] as const;
  for (const [a, b, why] of table) {
    if (why === undefined) t.is(conflict(a, b), undefined);
    else t.regex(conflict(a, b) ?? '', why);
    t.is(conflict(a, b) === undefined, conflict(b, a) === undefined);
  }
});

test('of two that can not run beside each other the later one gives way, by name the latter of those that began at once', (t) => {
  const at = (id: string, createdAt: number, cluster = 'dc1') =>
    runningDrill(id, { createdAt, cluster, state: 'pending' });
  const drill = at('b', 5);
  t.regex(earlierConflict(drill, [drill, at('a', 4)]) ?? '', /^Drill a was there first: .* share/);
  t.is(earlierConflict(drill, [drill, at('a', 6), at('c', 5)]), undefined);
  t.regex(earlierConflict(drill, [at('a', 5)]) ?? '', /^Drill a was there first/);
  t.is(earlierConflict(drill, [at('a', 5, 'dc2')]), undefined);
});

test('one that is in force does not give way, whenever it was created by whose clock', (t) => {
  const late = runningDrill('a', { createdAt: 9, cluster: 'dc2' });
  const pending = runningDrill('b', { createdAt: 1, state: 'pending' });
  t.regex(earlierConflict(pending, [pending, late]) ?? '', /^Drill a was there first/);
  const reverting = { ...late, state: 'reverting' } as const;
  t.regex(earlierConflict(pending, [reverting]) ?? '', /^Drill a was there first/);
  const aborted = { ...reverting, abortedBy: { kind: 'registry-lost', what: 'cut off' } } as const;
  t.is(earlierConflict(pending, [aborted]), undefined, 'it is in force nowhere');
});
