/** Specifies the buckets that workers share: one for each key, for all who have the memory, and full ones are let go of first. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { shapeOf } from '../../../../../gateway/data/request/rate-limit/bucket.ts';
import {
  BucketTable,
  bucketCount,
} from '../../../../../gateway/data/request/rate-limit/bucket-table.ts';

const shape = shapeOf({ requests: 2, perMs: 60_000, burst: 2 });
const now = 1e9;

test('each key has a bucket of its own, which is the same for all who share the memory', (t) => {
  const one = new BucketTable();
  const other = new BucketTable(one.memory);
  t.true(one.take(7n, now, shape, 0) > 0);
  t.true(other.take(7n, now, shape, 0) > 0);
  t.true(one.take(7n, now, shape, 0) < 0);
  t.true(other.take(7n, now, shape, 0) < 0);
  t.true(other.take(8n, now, shape, 0) > 0);
});

test('a token that is put back can be taken again', (t) => {
  const table = new BucketTable();
  table.take(7n, now, shape, 0);
  table.take(7n, now, shape, 0);
  table.giveBack(7n, now, shape, 0);
  t.true(table.take(7n, now, shape, 0) > 0);
});

test('what is given of a shared limit is collected once, with the mark of its policy', (t) => {
  const table = new BucketTable();
  table.take(7n, now, shape, 42);
  table.take(7n, now, shape, 42);
  table.take(7n, now, shape, 42);
  table.take(9n, now, shape, 0);
  t.deepEqual(table.collect(), [{ key: 7n, policy: 42, count: 2 }]);
  t.deepEqual(table.collect(), []);
});

test('what another gateway gave is missing here, where nobody asked before too', (t) => {
  const table = new BucketTable();
  table.charge(7n, now, 2, shape);
  t.true(table.take(7n, now, shape, 0) < 0);
});

test('where there are more keys than room, the bucket that is full soonest makes room', (t) => {
  const table = new BucketTable();
  // Keys that fall on the same eight places.
  const keys = Array.from({ length: 9 }, (_, i) => BigInt(bucketCount * (i + 1)));
  const [first = 0n, ...others] = keys;
  for (const key of others) table.take(key, now, shape, 0);
  table.take(first, now, shape, 0);
  for (const key of others.slice(1)) table.take(key, now, shape, 0);
  t.true(table.take(others[7] ?? 0n, now, shape, 0) < 0, 'the last is remembered');
});

test('threads that take at once give no token twice', async (t) => {
  const table = new BucketTable();
  const many = shapeOf({ requests: 1, perMs: 3600_000, burst: 5_000 });
  table.take(7n, now, many, 0);
  const source = new URL('../../../../../gateway/data/request/rate-limit/', import.meta.url);
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.table).then(({ BucketTable }) => {
      const table = new BucketTable(workerData.memory);
      let taken = 0;
      for (let i = 0; i < 6000; i++) if (table.take(7n, ${now}, workerData.shape, 0) > 0) taken++;
      parentPort.postMessage(taken);
    });`;
  const workerData = {
    table: new URL('bucket-table.ts', source).href,
    memory: table.memory,
    shape: many,
  };
  const counts = await Promise.all(
    [0, 1].map(async () => {
      const worker = new Worker(code, { eval: true, workerData });
      const [taken] = await once(worker, 'message');
      await worker.terminate();
      return taken as number;
    }),
  );
  t.is(
    counts.reduce((sum, count) => sum + count, 1),
    5_000,
  );
});
