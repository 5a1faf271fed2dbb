/** Specifies a map whose changes leave the old one as it was. */
import test from 'ava';
import fc from 'fast-check';
import { ShardMap } from '../../core/shard-map.ts';

/** Few keys, so that they meet; some of other alphabets, so that they are hashed too. */
const keys = fc.oneof(
  fc.constantFrom('a', 'b', 'cart.shop', 'web.shop', ''),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const changes = fc.array(fc.tuple(keys, fc.option(fc.nat(3), { nil: undefined })));

function applied(
  map: Map<string, number>,
  batch: readonly (readonly [string, number | undefined])[],
) {
  const next = new Map(map);
  for (const [key, value] of batch) {
    if (value === undefined) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

const sorted = (entries: Iterable<[string, number]>) =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1));

test('whatever is put and deleted, it holds what a Map holds, and every earlier map holds what it held', (t) => {
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 8 }), (batches) => {
      let model = new Map<string, number>();
      let map = ShardMap.empty<number>();
      const story = [{ map, model }];
      for (const batch of batches) {
        model = applied(model, batch);
        map = map.with(batch);
        story.push({ map, model });
      }
      for (const then of story) {
        t.is(then.map.size, then.model.size);
        t.deepEqual(sorted(then.map), sorted(then.model));
        t.deepEqual([...then.map.values()].sort(), [...then.model.values()].sort());
        for (const [key] of batches.flat()) t.is(then.map.get(key), then.model.get(key));
      }
    }),
  );
  t.pass();
});

test('changes that change nothing give the very same map, so that readers need not look again', (t) => {
  const value = {};
  const map = ShardMap.empty<object>().with([['a', value]]);
  t.is(map.with([]), map);
  t.is(map.with([['a', value]]), map);
  t.is(map.with([['b', undefined]]), map);
  t.not(map.with([['a', {}]]), map);
});

test('the last of several changes to one key counts', (t) => {
  const map = ShardMap.empty<number>().with([
    ['a', 1],
    ['a', undefined],
    ['a', 2],
    ['b', 1],
    ['b', undefined],
  ]);
  t.deepEqual([...map], [['a', 2]]);
  t.is(map.size, 1);
});

test('ten thousand services are all found, and none besides', (t) => {
  const names = Array.from({ length: 10_000 }, (_, i) => `service-${i}.default`);
  const map = ShardMap.empty<number>().with(names.map((name, i) => [name, i] as const));
  t.is(map.size, names.length);
  t.true(names.every((name, i) => map.get(name) === i));
  t.is(map.get('service-10000.default'), undefined);
});
