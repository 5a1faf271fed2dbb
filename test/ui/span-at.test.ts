/** Specifies which rows of a long list are drawn. */
import test from 'ava';
import { spanAt } from '../../ui/src/ui/span-at.ts';

const list = { screen: 900, height: 45, rows: 500 };

for (const [situation, top, expected] of [
  ['the list begins on screen', 200, { first: 0, end: 44 }],
  ['scrolled to the middle', -45 * 250, { first: 238, end: 282 }],
  ['scrolled to the end', -45 * 500, { first: 468, end: 500 }],
  ['scrolled past a list that has shrunk', -45 * 5_000, { first: 468, end: 500 }],
] as const) {
  test(situation, (t) => t.deepEqual(spanAt({ ...list, top }), expected));
}

test('a list shorter than the screen is drawn whole', (t) => {
  t.deepEqual(spanAt({ ...list, rows: 7, top: -400 }), { first: 0, end: 7 });
});
