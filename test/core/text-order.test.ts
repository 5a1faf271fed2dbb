/** Specifies the orders of text. */
import test from 'ava';
import { byNaturalOrder } from '../../core/text-order.ts';

test('numbers in names are in the order of their size, wherever they stand', (t) => {
  const sorted = ['a', 'dc1', 'dc2', 'dc2-b', 'dc10', 'dc10 a-9', 'dc10 a-10', 'orders.shop'];
  t.deepEqual(sorted.toReversed().sort(byNaturalOrder), sorted);
});

test('names that differ are never equal, so that pages of a list continue where they ended', (t) => {
  t.not(byNaturalOrder('dc1', 'dc01'), 0);
  t.is(byNaturalOrder('dc1', 'dc01'), -byNaturalOrder('dc01', 'dc1'));
  t.is(byNaturalOrder('dc1', 'dc1'), 0);
});
