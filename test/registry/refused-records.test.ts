/** Specifies which records of the registry are not taken up, and what becomes of them. */
import test from 'ava';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import { build, clusterKey, endpointKey, exportKey, gone, put } from './building.ts';
import {
  acme,
  cart,
  clusterRecord,
  dc1,
  dc2,
  dc10,
  endpointRecord,
  exportRecord,
  keyOf,
  web,
} from './records.ts';

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
  const delta = apply(put({ kind: 'tokens', cluster: dc1, id: 't1' }, { id: 't1' }));
  t.deepEqual([delta.services.size, delta.clusters.size, problems()], [0, 0, []]);
  t.deepEqual([...builder.keys()], []);
});
