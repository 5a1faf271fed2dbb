/** Specifies members whose records are gone from the registry: which have left, and which it has lost. */
import test from 'ava';
import { kindPrefix } from '../../registry/keys.ts';
import { build, clusterKey, gone, left, nth, numbers, offer, put, withdraw } from './building.ts';
import { acme, clusterRecord, dc1, dc2, dc10 } from './records.ts';

const record = (cluster = dc1) => put(clusterKey(cluster), clusterRecord(cluster));

/** Three members, of which dc2 offers two services. */
function federation() {
  const built = build();
  built.apply(record(dc1), record(dc2), record(dc10), ...numbers(2).map(offer));
  const members = () => [...built.builder.snapshot.clusters.keys()].sort();
  return { ...built, members };
}

test('a cluster whose record is gone, and which has not left, stays, and a problem says so', (t) => {
  const { apply, members, offers, problems } = federation();
  apply(gone(clusterKey(dc2)));
  apply(...numbers(2).map(withdraw));
  t.deepEqual(members(), [dc1, dc10, dc2]);
  t.deepEqual(offers(), [nth(1), nth(2)]);
  t.deepEqual(problems(), ['RECORD_LOST loss/dc2', 'WITHDRAWAL_HELD withdrawal/dc2']);
});

test('it is well again once the record stands there again', (t) => {
  const { apply, members, problems } = federation();
  apply(gone(clusterKey(dc2)));
  apply(record(dc2));
  t.deepEqual([members(), problems()], [[dc1, dc10, dc2], []]);
});

test('one that is made to leave after its record was lost leaves', (t) => {
  const { builder, apply, members, problems } = federation();
  apply(gone(clusterKey(dc2)));
  apply(put({ kind: 'departures', cluster: dc2 }, { cluster: dc2, by: dc1, at: 7 }));
  t.deepEqual([members(), problems()], [[dc1, dc10], []]);
  t.deepEqual(builder.departure(dc2), { cluster: dc2, by: dc1, at: 7 });
});

test('a registry without any member looks wiped: all stay, and one problem says so', (t) => {
  const { apply, members, offers, problems } = federation();
  apply(...[dc1, dc2, dc10].map((name) => gone(clusterKey(name))), ...numbers(2).map(withdraw));
  t.deepEqual(members(), [dc1, dc10, dc2]);
  t.deepEqual(offers(), [nth(1), nth(2)]);
  t.deepEqual(problems(), ['REGISTRY_WIPED loss', 'WITHDRAWAL_HELD withdrawal/dc2']);
  apply(record(dc1));
  t.deepEqual(problems().slice(0, 2), ['RECORD_LOST loss/dc2', 'RECORD_LOST loss/dc10']);
});

test('a listing without them is no different', (t) => {
  const { builder, members, problems } = federation();
  builder.replace(kindPrefix(acme, 'clusters'), [], 9);
  t.deepEqual([members(), problems()], [[dc1, dc10, dc2], ['REGISTRY_WIPED loss']]);
});

test('a cluster that is admitted anew counts as a member: what is lost then is lost', (t) => {
  const { builder, apply, members, problems } = federation();
  apply(gone(clusterKey(dc2)), left(dc2));
  apply(gone({ kind: 'departures', cluster: dc2 }), record(dc2));
  t.is(builder.departure(dc2), undefined);
  apply(gone(clusterKey(dc2)));
  t.deepEqual([members(), problems()], [[dc1, dc10, dc2], ['RECORD_LOST loss/dc2']]);
});

test('departures are kept with the rest', (t) => {
  const { builder, apply } = federation();
  apply(gone(clusterKey(dc2)), left(dc2));
  t.true([...builder.keys()].includes('/isthmus/v1/acme/departures/dc2'));
});
