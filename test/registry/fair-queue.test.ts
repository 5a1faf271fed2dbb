/** Specifies whose turn it is among keys that are to be written. */
import test from 'ava';
import { DesiredKeys } from '../../registry/desired-keys.ts';
import { FairQueue } from '../../registry/fair-queue.ts';
import { maxTxnOps } from '../../registry/store.ts';

const queueOf = (...all: string[]) => {
  const queue = new FairQueue<string>((one) => one[0] ?? '');
  for (const one of all) queue.add(one);
  return queue;
};

for (const [waiting, expected] of [
  [['a1', 'a2', 'a3'], 'a1 a2 a3'],
  [['a1', 'a2', 'a3', 'b1', 'b2', 'c1'], 'a1 b1 c1 a2 b2 a3'],
  [['a1', 'b1', 'a1'], 'a1 b1'],
  [[], ''],
] as const) {
  test(`of ${waiting.join(', ') || 'none'} turns are ${expected || 'none'}`, (t) => {
    const queue = queueOf(...waiting);
    t.is([...queue].join(' '), expected);
    t.is(queue.size, new Set(waiting).size);
  });
}

test('a group that had its turn comes after those that had none', (t) => {
  const queue = queueOf('a1', 'a2', 'b1', 'c1');
  queue.delete('a1');
  t.deepEqual([...queue], ['b1', 'c1', 'a2']);
  queue.add('a3');
  queue.delete('b1');
  t.deepEqual([...queue], ['c1', 'a2', 'a3']);
  t.false(queue.has('b1'));
  t.is(queue.size, 3);
});

/** Keys of the next transaction; the registry takes it. */
function written(keys: DesiredKeys): string[] {
  const batch = keys.nextBatch();
  const { ops } = batch.writes('1');
  batch.written({ succeeded: true, revision: 1 });
  return ops.map((op) => ('key' in op ? op.key : ''));
}

test("while 10,000 registrations of one service wait, another's change is in the next transaction", (t) => {
  const keys = new DesiredKeys();
  const want = (key: string, value = '1') => keys.want(key, { value, persistent: false });
  for (let i = 0; i < 10_000; i++) want(`/endpoints/dc1/shop/flood/e${i}`);
  t.is(written(keys).length, maxTxnOps);
  want('/endpoints/dc1/shop/cart/one');
  want('/exports/dc1/shop/cart');
  const next = written(keys);
  t.true(next.includes('/endpoints/dc1/shop/cart/one'));
  t.true(next.includes('/exports/dc1/shop/cart'));
  let transactions = 0;
  for (; keys.pending > 0; transactions++) written(keys);
  t.is(transactions, Math.ceil((10_002 - 2 * maxTxnOps) / maxTxnOps), 'all of them full');
});

test('an endpoint that flaps while keys wait is written once, as it is in the end, in its first place', (t) => {
  const keys = new DesiredKeys();
  const want = (key: string, value: string) => keys.want(key, { value, persistent: false });
  want('/endpoints/dc1/shop/flapping/one', 'healthy');
  for (let i = 0; i < 1_000; i++) want(`/endpoints/dc1/shop/flood/e${i}`, '1');
  for (let i = 0; i < 1_001; i++) {
    want('/endpoints/dc1/shop/flapping/one', i % 2 === 0 ? 'unhealthy' : 'healthy');
  }
  t.is(keys.pending, 1_001);
  const { ops } = keys.nextBatch().writes('1');
  t.like(ops[0], { key: '/endpoints/dc1/shop/flapping/one', value: 'unhealthy' });
});
