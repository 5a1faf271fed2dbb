/** Specifies how the snapshot follows the registry: what is believed, what is held, what becomes an orphan. */
import test from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import type { ServiceName } from '../../core/names.ts';
import { parseServiceName } from '../../core/names.ts';
import { kindPrefix, type RegistryKey } from '../../registry/keys.ts';
import type { RawChange } from '../../registry/record-reader.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
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

/** A builder that believes what `distrusted` does not name, and the revision it is at. */
function build() {
  const distrusted = new Set<string>();
  const builder = new SnapshotBuilder({
    federation: acme,
    verify(_key, text) {
      if (!distrusted.has(text)) return;
      throw new IsthmusError('RECORD_UNSIGNED', { what: 'Not signed', where: text });
    },
  });
  let revision = 0;
  const apply = (...changes: RawChange[]) => builder.apply(changes, ++revision);
  const problems = () =>
    [...builder.problems].map(
      ([key, { code }]) => `${code} ${key.replace('/isthmus/v1/acme/', '')}`,
    );
  const endpoints = (service = cart) =>
    [...(builder.snapshot.services.get(service)?.endpoints.values() ?? [])].map(
      ({ record, orphaned }) => (orphaned ? `${record.id} orphaned` : record.id),
    );
  const offers = (cluster = dc2) =>
    [...builder.snapshot.services.values()]
      .filter(({ exports }) => exports.has(cluster))
      .map(({ service }) => service)
      .sort();
  return { builder, apply, distrusted, problems, endpoints, offers };
}

function put(key: RegistryKey, record: object): RawChange {
  return { key: keyOf(key), value: JSON.stringify(record) };
}

function gone(key: RegistryKey): RawChange {
  return { key: keyOf(key), value: undefined };
}

const clusterKey = (cluster = dc1): RegistryKey => ({ kind: 'clusters', cluster });
const endpointKey = (id = 'cart-1', service = cart): RegistryKey => ({
  kind: 'endpoints',
  cluster: dc1,
  service,
  id,
});
const gatewayKey = (id = 'g1'): RegistryKey => ({ kind: 'gateways', cluster: dc1, id });
const exportKey = (cluster = dc2, service: ServiceName = cart): RegistryKey => ({
  kind: 'exports',
  cluster,
  service,
});

/** Services of dc2 by number, and the changes that offer and withdraw them. */
const nth = (n: number) => parseServiceName(`s${n}.shop`);
const offer = (n: number) => put(exportKey(dc2, nth(n)), exportRecord(dc2, nth(n)));
const empty = (n: number) => put(exportKey(dc2, nth(n)), exportRecord(dc2, nth(n), []));
const withdraw = (n: number) => gone(exportKey(dc2, nth(n)));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

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

test('security: a record that names another cluster, service or id than its key is skipped and reported; the others apply', (t) => {
  const { builder, apply, problems, endpoints } = build();
  apply(
    put(clusterKey(dc10), clusterRecord(dc1)),
    put(exportKey(dc2), exportRecord(dc1)),
    put(exportKey(dc2, web), exportRecord(dc2, cart)),
    put(endpointKey('cart-2'), endpointRecord('cart-1')),
    put({ kind: 'synced', cluster: dc10 }, { cluster: dc1, gateway: 'g1', at: 1 }),
    put(endpointKey(), endpointRecord()),
    put(clusterKey(), clusterRecord()),
  );
  t.deepEqual(problems(), [
    'RECORD_FOREIGN clusters/dc10',
    'RECORD_FOREIGN exports/dc2/shop/cart',
    'RECORD_FOREIGN exports/dc2/shop/web',
    'RECORD_FOREIGN endpoints/dc1/shop/cart/cart-2',
    'RECORD_FOREIGN synced/dc10',
  ]);
  t.deepEqual([...builder.snapshot.clusters.keys()], [dc1]);
  t.deepEqual(endpoints(), ['cart-1']);
});

test('a record that can not be read leaves the last good one in force, until one that can', (t) => {
  const { builder, apply, problems } = build();
  const region = () => builder.snapshot.clusters.get(dc1)?.record?.region;
  apply(put(clusterKey(), clusterRecord()));
  for (const value of ['{', '[]', JSON.stringify({ cluster: 'dc1' }), new Uint8Array([0xff, 0])]) {
    apply({ key: keyOf(clusterKey()), value });
    t.deepEqual([region(), problems()], ['eu', ['RECORD_INVALID clusters/dc1']]);
  }
  apply(put(clusterKey(), clusterRecord(dc1, { region: 'us' })));
  t.deepEqual([region(), problems()], ['us', []]);
});

test('a problem is over when its record is deleted', (t) => {
  const { apply, problems } = build();
  apply(
    { key: keyOf(clusterKey()), value: '{' },
    { key: '/isthmus/v1/acme/nonsense', value: '{}' },
  );
  t.deepEqual(problems(), ['RECORD_INVALID clusters/dc1', 'RECORD_INVALID nonsense']);
  apply(gone(clusterKey()), { key: '/isthmus/v1/acme/nonsense', value: undefined });
  t.deepEqual(problems(), []);
});

test('security: a record that is not believed is skipped, and taken up once it is', (t) => {
  const { builder, apply, distrusted, problems, offers } = build();
  distrusted.add(keyOf(exportKey())).add(keyOf(clusterKey(dc2)));
  apply(
    put(exportKey(), exportRecord(dc2)),
    put(clusterKey(dc2), clusterRecord(dc2)),
    put(exportKey(dc10, web), exportRecord(dc10, web)),
  );
  t.deepEqual(problems(), [
    'RECORD_UNSIGNED exports/dc2/shop/cart',
    'RECORD_UNSIGNED clusters/dc2',
  ]);
  t.deepEqual([offers(dc2), offers(dc10)], [[], [web]]);

  t.is(builder.reconsider().services.size, 0);
  distrusted.clear();
  const delta = builder.reconsider();
  t.deepEqual([[...delta.services], [...delta.clusters]], [[cart], [dc2]]);
  t.deepEqual([offers(dc2), problems()], [[cart], []]);
  t.is(builder.reconsider().services.size, 0);
});

test('a refused record that was deleted or replaced meanwhile is not looked at again', (t) => {
  const { builder, apply, distrusted, offers } = build();
  distrusted.add(keyOf(exportKey())).add(keyOf(exportKey(dc2, web)));
  apply(put(exportKey(), exportRecord(dc2)), put(exportKey(dc2, web), exportRecord(dc2, web)));
  apply(gone(exportKey()), put(exportKey(dc2, web), exportRecord(dc2, web, ['b'])));
  distrusted.clear();
  builder.reconsider();
  t.deepEqual(offers(), [web]);
  t.is(builder.snapshot.services.get(web)?.exports.get(dc2)?.localities[0]?.zone, 'b');
});

test('bundles are looked at first, so that what they sign in the same revision is believed', (t) => {
  const order: string[] = [];
  const builder = new SnapshotBuilder({ federation: acme, verify: ({ kind }) => order.push(kind) });
  builder.apply(
    [
      put(exportKey(), exportRecord(dc2)),
      put(clusterKey(dc2), clusterRecord(dc2)),
      put({ kind: 'bundles', cluster: dc2 }, { cluster: dc2, bundle: {} }),
    ],
    1,
  );
  t.deepEqual(order, ['bundles', 'exports', 'clusters']);
});

test('join tokens are nothing of the snapshot', (t) => {
  const { builder, apply, problems } = build();
  const delta = apply(put({ kind: 'tokens', id: 't1' }, { id: 't1' }));
  t.deepEqual([delta.services.size, delta.clusters.size, problems()], [0, 0, []]);
  t.deepEqual([...builder.keys()], []);
});

test('an endpoint whose gateway is lost becomes an orphan and stays one', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  const delta = apply(gone(endpointKey()), gone(gatewayKey()));
  t.true(delta.services.has(cart));
  t.is(builder.settleOrphans([cart]).services.size, 0);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
});

test('an endpoint that its gateway withdrew is forgotten once it is plain that the gateway stands', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()));
  apply(put(endpointKey(), endpointRecord()), put(endpointKey('cart-2'), endpointRecord('cart-2')));
  apply(gone(endpointKey()));
  t.deepEqual(endpoints(), ['cart-1 orphaned', 'cart-2']);
  t.deepEqual([...builder.settleOrphans([web, cart]).services], [cart]);
  t.deepEqual(endpoints(), ['cart-2']);
});

test('an endpoint that its gateway withdrew before it ended is forgotten', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  apply(gone(gatewayKey()));
  t.deepEqual([...builder.settleOrphans([cart]).services], [cart]);
  t.deepEqual(endpoints(), []);
});

test('an endpoint whose deletion was missed stays an orphan, for nobody saw in which order things went', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  builder.replace(kindPrefix(acme, 'endpoints', dc1), [], 2);
  builder.replace(kindPrefix(acme, 'gateways'), [], 3);
  t.is(builder.settleOrphans([cart]).services.size, 0);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
});

test('of two gateways the orphans of the lost one stay', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(gatewayKey(), gatewayRecord()), put(gatewayKey('g2'), gatewayRecord('g2')));
  apply(
    put(endpointKey(), endpointRecord()),
    put(endpointKey('cart-2'), endpointRecord('cart-2', { gateway: 'g2' })),
  );
  apply(gone(endpointKey()), gone(endpointKey('cart-2')), gone(gatewayKey('g2')));
  builder.settleOrphans([cart]);
  t.deepEqual(endpoints(), ['cart-2 orphaned']);
});

test('an orphan that is registered again is an endpoint like any other', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  apply(put(endpointKey(), endpointRecord('cart-1', { gateway: 'g2' })));
  t.deepEqual(endpoints(), ['cart-1']);
  builder.drop(cart, 'cart-1');
  t.deepEqual(endpoints(), ['cart-1'], 'a late verdict on the orphan does not touch it');
});

test('an orphan whose probes failed is forgotten, and its service with the last of them', (t) => {
  const { builder, apply } = build();
  apply(put(endpointKey(), endpointRecord()));
  apply(gone(endpointKey()));
  t.deepEqual([...builder.drop(cart, 'cart-1').services], [cart]);
  t.is(builder.snapshot.services.size, 0);
  t.is(builder.drop(cart, 'cart-1').services.size, 0);
});

test('half of what a cluster offers may go in one revision', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  apply(withdraw(1), withdraw(2));
  t.deepEqual([offers(), problems()], [[nth(3), nth(4)], []]);
});

test('more than half of what a cluster offers going in one revision is held: the summaries stay, and a problem says so', (t) => {
  const { builder, apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  apply(...[1, 2, 3].map(withdraw));
  t.deepEqual(offers(), numbers(4).map(nth));
  t.deepEqual(problems(), ['WITHDRAWAL_HELD withdrawal/dc2']);
  t.like([...builder.problems.values()][0], {
    message: 'One revision would withdraw 3 of 4 services of dc2, none of them emptied first',
    where: keyOf(clusterKey(dc2)),
  });
});

test('summaries without copies neither count as offered nor are held', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(3).map(offer));
  apply(...[4, 5, 6, 7, 8, 9].map(empty));
  apply(withdraw(1), withdraw(2), withdraw(4));
  t.deepEqual(problems(), ['WITHDRAWAL_HELD withdrawal/dc2'], '2 of 3 services with copies');
  t.false(offers().includes(nth(4)));
  t.true(offers().includes(nth(1)));
});

test('services that are emptied first go at once, however many', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  apply(...numbers(4).map(empty));
  apply(...numbers(4).map(withdraw));
  t.deepEqual([offers(), problems()], [[], []]);
});

test('the only service of a cluster may go', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), offer(1));
  apply(withdraw(1));
  t.deepEqual([offers(), problems()], [[], []]);
});

test('what one cluster withdraws does not count against another', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), put(clusterKey(dc1), clusterRecord()));
  apply(...numbers(4).map(offer), put(exportKey(dc1, web), exportRecord(dc1, web)));
  apply(withdraw(1), withdraw(2), gone(exportKey(dc1, web)));
  t.deepEqual([offers(dc1), offers(dc2), problems()], [[], [nth(3), nth(4)], []]);
});

/** The summaries and the cluster's record are watched apart: either may be seen to go first. */
const leaves: Record<string, readonly (readonly RawChange[])[]> = {
  'in one revision': [[...numbers(4).map(withdraw), gone(clusterKey(dc2))]],
  'its record seen to go first': [[gone(clusterKey(dc2))], numbers(4).map(withdraw)],
  'its record seen to go last': [numbers(4).map(withdraw), [gone(clusterKey(dc2))]],
};

for (const [how, revisions] of Object.entries(leaves)) {
  test(`a cluster that leaves, ${how}, takes all it offers with it`, (t) => {
    const { builder, apply, offers, problems } = build();
    apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
    for (const changes of revisions) apply(...changes);
    t.deepEqual([offers(), problems()], [[], []]);
    t.is(builder.snapshot.clusters.size, 0);
  });
}

test('a held withdrawal is over when the cluster has written its summaries again, or empty ones', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(3).map(offer));
  apply(...numbers(3).map(withdraw));
  apply(offer(1), offer(2));
  t.deepEqual(problems(), ['WITHDRAWAL_HELD withdrawal/dc2']);
  apply(empty(3));
  t.deepEqual(problems(), []);
  apply(withdraw(3));
  t.deepEqual(offers(), [nth(1), nth(2)]);
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

test('a listing that lacks most of what a cluster offered is held like a revision that withdraws it', (t) => {
  const { builder, apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  builder.replace(kindPrefix(acme, 'exports'), [offer(1)], 20);
  t.deepEqual([offers(), problems()], [numbers(4).map(nth), ['WITHDRAWAL_HELD withdrawal/dc2']]);
});

test('a listing that lacks an endpoint makes it an orphan', (t) => {
  const { builder, apply, endpoints } = build();
  apply(put(endpointKey(), endpointRecord()));
  builder.replace(kindPrefix(acme, 'endpoints', dc1), [], 20);
  t.deepEqual(endpoints(), ['cart-1 orphaned']);
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
  t.deepEqual(seen, [newer, exportRecord(dc2)], 'what is verified is what was stored');
  t.deepEqual([...again.keys()].sort(), changes.map(({ key }) => key).sort());
});
