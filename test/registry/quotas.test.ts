/** Specifies how much of one cluster is taken from the registry, and what becomes of the rest. */
import test from 'ava';
import { exceeded, type Quota } from '../../registry/quotas.ts';
import { SnapshotBuilder } from '../../registry/snapshot-builder.ts';
import {
  clusterKey,
  endpointKey,
  exportKey,
  gatewayKey,
  gone,
  nth,
  offer,
  put,
  withdraw,
} from './building.ts';
import {
  acme,
  clusterRecord,
  dc1,
  dc2,
  endpointRecord,
  exportRecord,
  gatewayRecord,
  keyOf,
} from './records.ts';

const plenty: Quota = { services: 1_000, records: 1_000, bytes: 1_000_000 };

for (const [held, expected] of [
  [plenty, undefined],
  [{ ...plenty, services: 1_001 }, 'services'],
  [{ ...plenty, records: 1_001 }, 'records'],
  [{ ...plenty, bytes: 1_000_001 }, 'bytes'],
  [{ services: 0, records: 0, bytes: 0 }, undefined],
] as const) {
  test(`of ${JSON.stringify(held)} the limit passed is ${expected}`, (t) => {
    t.is(exceeded(plenty, held), expected);
  });
}

/** dc1's view of dc2, of which it takes so much. */
function bounded(quota: Partial<Quota>) {
  const passedOver: string[] = [];
  const builder = new SnapshotBuilder({
    federation: acme,
    cluster: dc1,
    quota: { ...plenty, ...quota },
    verify: () => {},
    passedOver: (key) => passedOver.push(key),
  });
  let revision = 0;
  const apply = (...changes: Parameters<typeof builder.apply>[0]) =>
    builder.apply(changes, ++revision);
  const names = () => [...builder.snapshot.services.values()].map(({ service }) => service).sort();
  const problems = () => [...builder.problems.values()].map(({ code, message }) => [code, message]);
  return { builder, apply, names, problems, passedOver };
}

test('security: services of another cluster that are more than its quota are not taken, counted, and named once however many; those that were known stay, and change', (t) => {
  const { builder, apply, names, problems, passedOver } = bounded({ services: 2 });
  apply(put(clusterKey(dc2), clusterRecord(dc2)), offer(1), offer(2));
  apply(...Array.from({ length: 500 }, (_, i) => offer(i + 3)));
  t.deepEqual(names(), [nth(1), nth(2)]);
  t.is(problems().length, 1);
  t.is(problems()[0]?.[0], 'QUOTA_EXCEEDED');
  t.regex(`${problems()[0]?.[1]}`, /dc2 .* of its records 500 would pass quotas.services, 2/);
  t.deepEqual(builder.refusals, [{ kind: 'exports', code: 'QUOTA_EXCEEDED', count: 500 }]);
  t.is(passedOver.length, 500);
  apply(put(exportKey(dc2, nth(1)), exportRecord(dc2, nth(1), ['z'])));
  const known = builder.snapshot.services.get(nth(1))?.exports.get(dc2);
  t.deepEqual(
    known?.localities.map(({ zone }) => zone),
    ['z'],
  );
});

test('once there is room, what is told again is taken; what is deleted is no longer told of', (t) => {
  const { apply, names, problems } = bounded({ services: 2 });
  apply(put(clusterKey(dc2), clusterRecord(dc2)), offer(1), offer(2), offer(3), offer(4));
  apply(put(exportKey(dc2, nth(1)), exportRecord(dc2, nth(1), [])));
  apply(withdraw(1));
  apply(offer(3));
  t.deepEqual(names(), [nth(2), nth(3)]);
  t.regex(`${problems()[0]?.[1]}`, /of its records 1 would pass/);
  apply(withdraw(4));
  t.deepEqual(problems(), []);
});

test('a summary that grows beyond the bytes of its cluster leaves the one before in force', (t) => {
  const bytes = JSON.stringify(exportRecord(dc2, nth(1))).length;
  const { builder, apply, problems } = bounded({ bytes });
  apply(offer(1));
  const zones = Array.from({ length: 9 }, (_, i) => `z${i}`);
  apply(put(exportKey(dc2, nth(1)), exportRecord(dc2, nth(1), zones)));
  t.is(builder.snapshot.services.get(nth(1))?.exports.get(dc2)?.localities.length, 1);
  t.regex(`${problems()[0]?.[1]}`, /quotas\.maxBytes/);
  apply(offer(1));
  t.deepEqual(problems(), [], 'it is as it was');
  t.is(builder.held(dc2).bytes, bytes);
});

test('records of every kind count, and those that make a cluster a member are always taken', (t) => {
  const { builder, apply, problems } = bounded({ records: 2 });
  apply(
    offer(1),
    put({ kind: 'gateways', cluster: dc2, id: 'g1' }, gatewayRecord('g1', { cluster: dc2 })),
  );
  apply(offer(2));
  t.is(problems().length, 1);
  apply(put(clusterKey(dc2), clusterRecord(dc2)));
  t.truthy(builder.snapshot.clusters.get(dc2)?.record);
});

test("of its own cluster's records a gateway takes all, and one cluster's flood leaves the others' room", (t) => {
  const { builder, apply, problems } = bounded({ services: 1, records: 3 });
  apply(put(gatewayKey(), gatewayRecord()), put(endpointKey(), endpointRecord()));
  apply(
    put(endpointKey('cart-2'), endpointRecord('cart-2')),
    put(exportKey(dc1), exportRecord(dc1)),
  );
  t.like(builder.held(dc1), { endpoints: 2, services: 1, records: 4 });
  apply(offer(1), offer(2));
  t.is(problems().length, 1);
  apply(gone(endpointKey()));
  t.is(builder.held(dc1).endpoints, 2, 'an orphan is held');
  builder.drop(endpointRecord().service, endpointRecord().id);
  t.is(builder.held(dc1).endpoints, 1);
  t.true(keyOf(endpointKey()).includes('/dc1/'));
});
