/** Specifies what is suggested for a word that is nearly right. */
import test from 'ava';
import fc from 'fast-check';
import { closest, editDistance } from '../../core/suggest.ts';

for (const [a, b, distance] of [
  ['', '', 0],
  ['', 'abc', 3],
  ['region', 'region', 0],
  ['region', 'regoin', 1],
  ['region', 'regio', 1],
  ['region', 'regiion', 1],
  ['region', 'ragion', 1],
  ['kitten', 'sitting', 3],
  // Optimal string alignment: what was swapped is not edited again.
  ['ca', 'abc', 3],
] as const) {
  test(`from ${JSON.stringify(a)} to ${JSON.stringify(b)} it is ${distance} edits`, (t) =>
    t.is(editDistance(a, b), distance));
}

test('the distance is the same both ways, 0 only between equals, and at most the longer length', (t) => {
  const words = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(words, words, (a, b) => {
      const distance = editDistance(a, b);
      t.is(distance, editDistance(b, a));
      t.is(distance === 0, a === b);
      t.true(distance <= Math.max(a.length, b.length));
      t.true(distance >= Math.abs(a.length - b.length));
    }),
  );
  t.pass();
});

for (const [word, known, expected] of [
  ['cluser', ['cluster', 'region'], 'cluster'],
  ['Cluster', ['cluster'], 'cluster'],
  ['east-west', ['eastWest', 'federation'], 'eastWest'],
  ['zne', ['zone', 'zones'], 'zone'],
  ['zone', ['zones', 'zone'], 'zone'],
  ['frobnicate', ['cluster', 'region'], undefined],
  ['zone', [], undefined],
] as const) {
  test(`of ${known.join(', ') || 'nothing'}, ${expected ?? 'none'} is near ${word}`, (t) =>
    t.is(closest(word, known), expected));
}
