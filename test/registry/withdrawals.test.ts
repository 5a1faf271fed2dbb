/** Specifies how much a cluster may withdraw at once, and what is held. */
import test from 'ava';
import { kindPrefix } from '../../registry/keys.ts';
import type { RawChange } from '../../registry/record-reader.ts';
import {
  build,
  clusterKey,
  empty,
  exportKey,
  gone,
  left,
  nth,
  numbers,
  offer,
  put,
  withdraw,
} from './building.ts';
import { acme, cart, clusterRecord, dc1, dc2, exportRecord, keyOf, web } from './records.ts';

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

test('the own cluster sees at once that its summaries are gone, however many: it has them to write', (t) => {
  const { apply, offers, problems } = build(dc2);
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  apply(...numbers(4).map(withdraw));
  t.deepEqual([offers(), problems()], [[], []]);
});

test('services that are emptied first go at once, however many', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  apply(...numbers(4).map(empty));
  apply(...numbers(4).map(withdraw));
  t.deepEqual([offers(), problems()], [[], []]);
});

test('the only service of a cluster is more than half of what it offers', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), offer(1));
  apply(withdraw(1));
  t.deepEqual([offers(), problems()], [[nth(1)], ['WITHDRAWAL_HELD withdrawal/dc2']]);
});

test('what one cluster withdraws does not count against another', (t) => {
  const { apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), put(clusterKey(dc1), clusterRecord()));
  const own = [web, cart].map((service) =>
    put(exportKey(dc1, service), exportRecord(dc1, service)),
  );
  apply(...numbers(4).map(offer), ...own);
  apply(withdraw(1), withdraw(2), gone(exportKey(dc1, web)));
  t.deepEqual([offers(dc1), offers(dc2), problems()], [[cart], [nth(3), nth(4)], []]);
});

/** The summaries, the cluster's record and its departure are watched apart: each may be seen first. */
const leaves: Record<string, readonly (readonly RawChange[])[]> = {
  'in one revision': [[...numbers(4).map(withdraw), gone(clusterKey(dc2)), left(dc2)]],
  'its departure seen first': [[left(dc2)], [gone(clusterKey(dc2))], numbers(4).map(withdraw)],
  'its record seen to go first': [[gone(clusterKey(dc2))], numbers(4).map(withdraw), [left(dc2)]],
  'its record seen to go last': [numbers(4).map(withdraw), [left(dc2)], [gone(clusterKey(dc2))]],
  'its departure seen before its summaries go': [
    [gone(clusterKey(dc2))],
    [left(dc2)],
    numbers(4).map(withdraw),
  ],
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

test('a listing that lacks most of what a cluster offered is held like a revision that withdraws it', (t) => {
  const { builder, apply, offers, problems } = build();
  apply(put(clusterKey(dc2), clusterRecord(dc2)), ...numbers(4).map(offer));
  builder.replace(kindPrefix(acme, 'exports'), [offer(1)], 20);
  t.deepEqual([offers(), problems()], [numbers(4).map(nth), ['WITHDRAWAL_HELD withdrawal/dc2']]);
});
