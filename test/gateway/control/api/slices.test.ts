/** Specifies going through a long list in slices. */
import test from 'ava';
import { byNaturalOrder } from '../../../../core/text-order.ts';
import { inSlices } from '../../../../gateway/control/api/slices.ts';

/** A list that may change while it is gone through, as a gateway's do. */
function listOf(...names: readonly string[]) {
  const all = [...names].sort(byNaturalOrder);
  return {
    all,
    *after(key: string | undefined): Generator<string> {
      for (const name of all) if (key === undefined || byNaturalOrder(name, key) > 0) yield name;
    },
  };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);
const itself = (name: string) => name;

/** On which each item takes `ms`. */
function clockOf(ms: number) {
  let now = 0;
  return { monotonic: () => (now += ms) };
}

for (const [count, ms] of [
  [0, 1],
  [1, 1],
  [1, 20],
  [100, 0],
  [100, 3],
  [100, 20],
] as const) {
  test(`${count} items of ${ms} ms are all there, in their order`, async (t) => {
    const list = listOf(...names(count));
    t.deepEqual(await inSlices(list.after, itself, clockOf(ms)), names(count));
  });
}

test('whatever waits has its turn every ten milliseconds', async (t) => {
  const list = listOf(...names(100));
  let turns = 0;
  let waiting = setImmediate(function turn() {
    turns++;
    waiting = setImmediate(turn);
  });
  await inSlices(list.after, itself, clockOf(1));
  clearImmediate(waiting);
  t.true(turns >= 8 && turns <= 11, `${turns} turns`);
});

test('what goes and comes meanwhile leaves no other out, and has none there twice', async (t) => {
  const list = listOf(...names(300));
  setImmediate(() => {
    list.all.splice(0, 30);
    list.all.push('s999');
  });
  const found = await inSlices(list.after, itself, clockOf(1));
  t.is(new Set(found).size, found.length);
  for (const name of list.all) t.true(found.includes(name), name);
});
