/** Specifies which drills may run beside each other. */
import test from 'ava';
import { conflict } from '../../../federation/drills/conflict.ts';
import { drill } from './specs.ts';

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
