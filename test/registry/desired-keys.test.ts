/** Specifies which keys are read before they are written. */
import test from 'ava';
import { DesiredKeys } from '../../registry/desired-keys.ts';

/** Three wanted keys, of which a watch has told of the first that it was last changed in revision 7. */
function three() {
  const keys = new DesiredKeys((key) => (key === '/told' ? 7 : undefined));
  for (const key of ['/told', '/new', '/other']) keys.want(key, { value: '1', persistent: true });
  return keys;
}

test('a key is written without being read, on condition that it is as watches told of it, or new', (t) => {
  const batch = three().nextBatch();
  t.deepEqual(batch.unread(), []);
  t.deepEqual(batch.writes('1').compares, [
    { key: '/told', modRevision: 7 },
    { key: '/new', modRevision: 0 },
    { key: '/other', modRevision: 0 },
  ]);
});

test('where that was wrong of one, all are read before the next transaction', (t) => {
  const keys = three();
  const batch = keys.nextBatch();
  batch.writes('1');
  batch.written({ succeeded: false, revision: 9 });
  t.deepEqual(keys.nextBatch().unread(), ['/told', '/new', '/other']);
});

test('a key that was written here is written again without being read', (t) => {
  const keys = three();
  const first = keys.nextBatch();
  first.writes('1');
  first.written({ succeeded: true, revision: 9 });
  keys.want('/told', { value: '2', persistent: true });
  keys.want('/late', { value: '1', persistent: true });
  t.deepEqual(keys.nextBatch().writes('1').compares, [
    { key: '/told', modRevision: 9 },
    { key: '/late', modRevision: 0 },
  ]);
});
