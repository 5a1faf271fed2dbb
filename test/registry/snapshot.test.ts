/** Specifies how the snapshot follows the registry: what is found in it, what changed, and what a listing replaces. */
import test from 'ava';
import { kindPrefix } from '../../registry/keys.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import {
  build,
  clusterKey,
  endpointKey,
  exportKey,
  gatewayKey,
  gone,
  left,
  nth,
  numbers,
  offer,
  put,
} from './building.ts';
import {
  acme,
  cart,
  clusterRecord,
  dc1,
  dc2,
  dc10,
  endpointRecord,
  exportRecord,
  gatewayRecord,
  keyOf,
  web,
} from './records.ts';

test('records of every kind are found in the snapshot, and what changed is told', (t) => {
  const { builder, apply } = build();
  const delta = apply(
    put(clusterKey(), clusterRecord()),
    put({ kind: 'bundles', cluster: dc1 }, { cluster: dc1, bundle: { keys: [] } }),
    put({ kind: 'synced', cluster: dc1 }, { cluster: dc1, gateway: 'g1', at: 7 }),
    put(gatewayKey(), gatewayRecord()),
    put(endpointKey(), endpointRecord()),
    put(exportKey(dc1), exportRecord(dc1)),
    put(exportKey(dc2, web), exportRecord(dc2, web)),
  );
  t.deepEqual([...delta.clusters], [dc1]);
  t.deepEqual([...delta.services], [cart, web]);
  const { clusters, services, revision } = builder.snapshot;
  t.is(revision, 1);
  t.deepEqual(clusters.get(dc1), {
    cluster: dc1,
    record: clusterRecord(),
    bundle: { cluster: dc1, bundle: { keys: [] } },
    synced: { cluster: dc1, gateway: 'g1', at: 7 },
    gateways: new Map([['g1', gatewayRecord()]]),
  });
  t.deepEqual(services.get(cart), {
    service: cart,
    endpoints: new Map([['cart-1', { record: endpointRecord(), orphaned: false }]]),
    exports: new Map([[dc1, exportRecord(dc1)]]),
  });
  t.is(services.size, 2);
});

test('what is deleted is gone, and a cluster or service of which nothing is left too', (t) => {
  const { builder, apply } = build();
  apply(
    put(clusterKey(), clusterRecord()),
    put(gatewayKey(), gatewayRecord()),
    put(exportKey(), exportRecord(dc2)),
  );
  apply(left(dc1));
  apply(gone(clusterKey()));
  t.deepEqual(builder.snapshot.clusters.get(dc1), {
    cluster: dc1,
    gateways: new Map([['g1', gatewayRecord()]]),
  });
  apply(gone(gatewayKey()), gone(exportKey()));
  t.is(builder.snapshot.clusters.size, 0);
  t.is(builder.snapshot.services.size, 0);
});

test('an earlier snapshot stays as it was, whatever is applied after', (t) => {
  const { builder, apply } = build();
  const contents = () => structuredClone([...builder.records()]);
  apply(
    put(clusterKey(), clusterRecord()),
    put(gatewayKey(), gatewayRecord()),
    put(endpointKey(), endpointRecord()),
    put(exportKey(), exportRecord(dc2)),
  );
  const { clusters, services } = builder.snapshot;
  const [cluster, service] = [clusters.get(dc1), services.get(cart)];
  const before = structuredClone({ cluster, service });
  const was = contents();
  apply(
    put(clusterKey(), clusterRecord(dc1, { region: 'us' })),
    put(clusterKey(dc2), clusterRecord(dc2)),
    put(gatewayKey('g2'), gatewayRecord('g2')),
    put(endpointKey(), endpointRecord('cart-1', { health: 'unhealthy' })),
    put(endpointKey('cart-2'), endpointRecord('cart-2')),
    put(exportKey(dc2, web), exportRecord(dc2, web)),
  );
  apply(gone(gatewayKey()), gone(endpointKey()), gone(exportKey()));
  t.notDeepEqual(contents(), was);
  t.deepEqual({ cluster, service }, before);
  t.is(clusters.get(dc1), cluster);
  t.is(services.get(cart), service);
  t.deepEqual([clusters.size, services.size], [1, 1]);
});

test('the revision never goes back', (t) => {
  const { builder } = build();
  builder.apply([put(clusterKey(), clusterRecord())], 9);
  builder.apply([], 4);
  t.is(builder.snapshot.revision, 9);
});

test('a listing replaces what is below its prefix and nothing else', (t) => {
  const { builder, apply, distrusted, offers, problems, endpoints } = build();
  distrusted.add(keyOf(exportKey(dc10)));
  apply(
    put(clusterKey(dc2), clusterRecord(dc2)),
    ...numbers(4).map(offer),
    put(exportKey(dc10), exportRecord(dc10)),
    put(endpointKey(), endpointRecord()),
  );
  const delta = builder.replace(
    kindPrefix(acme, 'exports'),
    [offer(2), offer(3), put(exportKey(dc2, nth(4)), exportRecord(dc2, nth(4), ['b'])), offer(5)],
    20,
  );
  t.deepEqual(offers(), [2, 3, 4, 5].map(nth));
  t.is(builder.snapshot.services.get(nth(4))?.exports.get(dc2)?.localities[0]?.zone, 'b');
  t.true(delta.services.has(nth(1)));
  t.deepEqual(problems(), [], 'the refused record that the listing lacks is forgotten');
  t.deepEqual([endpoints(), builder.snapshot.clusters.size], [['cart-1'], 1]);
  t.is(builder.snapshot.revision, 20);
});

test('a listing below dc1 leaves what is below dc10', (t) => {
  const { builder, apply } = build();
  apply(put({ kind: 'gateways', cluster: dc10, id: 'g1' }, gatewayRecord('g1', { cluster: dc10 })));
  builder.replace(kindPrefix(acme, 'gateways', dc1), [], 20);
  t.true(builder.snapshot.clusters.has(dc10));
});

test('its records make the same snapshot again, with fields that a newer version signed', (t) => {
  const { builder, apply } = build();
  const newer = { ...clusterRecord(dc2), addedLater: { deep: true } };
  apply(
    put(clusterKey(dc2), newer),
    put({ kind: 'synced', cluster: dc2 }, { cluster: dc2, gateway: 'g1', at: 7 }),
    put(gatewayKey(), gatewayRecord()),
    put(endpointKey(), endpointRecord()),
    put(exportKey(), exportRecord(dc2)),
  );
  const seen: unknown[] = [];
  const again = new SnapshotBuilder({
    federation: acme,
    verify: (_key, _text, raw) => seen.push(raw),
  });
  const changes = [...builder.records()].map(([key, record]) => ({
    key,
    value: JSON.stringify(record),
  }));
  again.apply(changes, 1);
  t.deepEqual(again.snapshot.clusters, builder.snapshot.clusters);
  t.deepEqual([...again.snapshot.services], [...builder.snapshot.services]);
  t.deepEqual(seen[0], newer, 'what is verified is what was stored');
  t.is(seen.length, changes.length);
  t.deepEqual([...again.keys()].sort(), changes.map(({ key }) => key).sort());
});

test('a list that says what is known changes nothing, and what is no longer believed is told', (t) => {
  const { builder, apply, distrusted, problems } = build();
  const known = [put(endpointKey(), endpointRecord()), put(exportKey(), exportRecord(dc2))];
  apply(...known);
  const before = builder.snapshot.services;
  for (const kind of ['endpoints', 'exports'] as const) {
    const prefix = kindPrefix(acme, kind);
    const listed = known.filter(({ key }) => key.startsWith(prefix));
    t.deepEqual([...builder.replace(prefix, listed, 20).services], [], kind);
  }
  t.is(builder.snapshot.services, before);
  distrusted.add(keyOf(exportKey()));
  builder.replace(kindPrefix(acme, 'exports'), known.slice(1), 21);
  t.deepEqual(problems(), ['RECORD_UNSIGNED exports/dc2/shop/cart']);
  t.is(builder.snapshot.services, before, 'the last good one stays');
});

test('a list brings back an endpoint that was orphaned, also where its record is as it was', (t) => {
  const { builder, apply, endpoints } = build();
  const endpoint = put(endpointKey(), endpointRecord());
  apply(endpoint);
  apply(gone(endpointKey()));
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
  builder.replace(kindPrefix(acme, 'endpoints'), [endpoint], 20);
  t.deepEqual(endpoints(), ['cart-1']);
});
