/** Specifies the lease session, against a real etcd behind a bad network. */
import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { LeaseSession } from '../../registry/session.ts';
import type { Store } from '../../registry/store.ts';
import { startEtcd } from '../support/etcd.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

async function setUp(
  t: ExecutionContext,
  { ttlSeconds = 2, clock = systemClock }: { ttlSeconds?: number; clock?: Clock } = {},
) {
  const etcd = await startEtcd(t);
  const proxy = await startTcpProxy({ target: etcd.address });
  t.teardown(() => proxy.close());
  const direct = openStore(t, { endpoints: [etcd.endpoint] });
  const store = openStore(t, { endpoints: [`http://${proxy.address}`], deadlineMs: 500 });
  const session = new LeaseSession({
    store,
    ttlSeconds,
    clock,
    random: Math.random,
    log: silentLog,
  });
  t.teardown(() => session.close());
  const values = async () =>
    Object.fromEntries(
      (await direct.list('/')).values.map(({ key, value }) => [key, value.toString()]),
    );
  return { etcd, proxy, direct, store, session, values };
}

/** Keys that are deleted from now on, one text for those of one revision. */
async function deletions(t: ExecutionContext, store: Store): Promise<readonly string[]> {
  const { revision } = await store.list('/');
  const seen: string[] = [];
  const watch = store.watch('/', revision + 1, {
    events: (events) => seen.push(events.map((e) => (e.type === 'delete' ? e.key : '')).join()),
    progress: () => {},
    ended: (error) => t.fail(error.message),
  });
  t.teardown(() => watch.close());
  return seen;
}

test('what is put before and after the start is in the registry, leased or not as asked', async (t) => {
  const { direct, session, values } = await setUp(t);
  session.put('/a', '1');
  session.start();
  session.put('/b', Buffer.from('2'));
  session.put('/p', '3', { persistent: true });
  await session.converged();
  t.deepEqual(await values(), { '/a': '1', '/b': '2', '/p': '3' });
  t.is((await direct.get('/a'))?.lease, session.lease);
  t.is((await direct.get('/p'))?.lease, '0');
  session.delete('/a');
  session.put('/b', '4');
  await session.converged();
  t.deepEqual(await values(), { '/b': '4', '/p': '3' });
});

test('over a way to the registry that leads nowhere nothing is written, over another all that was wanted meanwhile', async (t) => {
  const { store, session, values } = await setUp(t);
  session.put('/a', '1');
  session.start();
  await session.converged();
  session.use(openStore(t, { endpoints: ['http://127.0.0.1:1'] }));
  session.put('/a', '2');
  session.put('/b', '2');
  await until('to notice', () => session.state.kind === 'cut-off');
  t.deepEqual(await values(), { '/a': '1' });
  session.use(store);
  await session.converged();
  t.deepEqual(await values(), { '/a': '2', '/b': '2' });
});

test('a put of what is there already writes nothing', async (t) => {
  const { direct, session } = await setUp(t);
  await direct.txn([], [{ op: 'put', key: '/p', value: 'same' }]);
  const before = await direct.list('/');
  session.start();
  session.put('/p', 'same', { persistent: true });
  await session.converged();
  session.put('/p', 'same', { persistent: true });
  await session.converged();
  t.is((await direct.list('/')).revision, before.revision);
});

test('30,000 keys are written in batches', async (t) => {
  const { direct, session } = await setUp(t, { ttlSeconds: 30 });
  for (let i = 0; i < 30_000; i++) session.put(`/k/${i}`, `value ${i}`);
  session.start();
  t.is(session.state.kind === 'converging' && session.state.pending, 30_000);
  await session.converged();
  t.is((await direct.list('/k/')).values.length, 30_000);
});

test('with the registry down a put is recorded, counted, and written later', async (t) => {
  const { proxy, session, values } = await setUp(t, { ttlSeconds: 30 });
  session.start();
  session.put('/a', '1');
  await session.converged();
  proxy.cut();
  session.put('/a', '2');
  session.put('/b', '2');
  await until('to notice', () => session.state.kind === 'cut-off');
  t.like(session.state, { kind: 'cut-off', pending: 2 });
  session.delete('/b');
  session.put('/c', '3');
  proxy.restore();
  await session.converged();
  t.deepEqual(await values(), { '/a': '2', '/c': '3' });
});

test('a cluster cut off beyond its lease puts everything again', async (t) => {
  const { proxy, direct, session, values } = await setUp(t, { ttlSeconds: 1 });
  session.start();
  session.put('/a', '1');
  session.put('/p', '1', { persistent: true });
  await session.converged();
  const lost = session.lease;
  proxy.hold();
  await until('the lease to run out', async () => (await direct.get('/a')) === undefined);
  t.is(session.state.kind, 'cut-off');
  t.deepEqual(await values(), { '/p': '1' });
  proxy.restore();
  await until('the key to return', async () => (await direct.get('/a')) !== undefined);
  await session.converged();
  t.not(session.lease, lost);
  t.is((await direct.get('/a'))?.lease, session.lease);
});

test('an outage of the registry itself expires nothing and rewrites nothing', async (t) => {
  const { etcd, direct, session } = await setUp(t, { ttlSeconds: 5 });
  session.start();
  session.put('/a', '1');
  await session.converged();
  const before = await direct.get('/a');
  await etcd.kill();
  await until('to notice', () => session.state.kind === 'cut-off');
  await etcd.start();
  await session.converged();
  t.deepEqual(await until('etcd', () => direct.get('/a')), before);
});

test('keys deleted behind the back of a cut-off session return after it', async (t) => {
  const { proxy, direct, session } = await setUp(t, { ttlSeconds: 3 });
  session.start();
  session.put('/a', '1');
  await session.converged();
  proxy.cut();
  await until('to notice', () => session.state.kind === 'cut-off');
  await direct.txn([], [{ op: 'delete', key: '/a' }]);
  proxy.restore();
  await session.converged();
  t.is((await direct.get('/a'))?.value.toString(), '1');
});

test('the lease is kept alive well beyond its time to live', async (t) => {
  // Shorter ones run out on a busy machine, as they should.
  const ttlSeconds = 2;
  const { direct, session } = await setUp(t, { ttlSeconds });
  session.start();
  session.put('/a', '1');
  await session.converged();
  const first = await direct.get('/a');
  const start = performance.now();
  await until('three times its life', () => performance.now() - start > 3 * 1000 * ttlSeconds);
  t.deepEqual(await direct.get('/a'), first);
});

test('a graceful leave withdraws the keys one by one and the first last; a plain close leaves them', async (t) => {
  const { direct, session, values } = await setUp(t, { ttlSeconds: 30 });
  session.start();
  session.put('/gateway', '1');
  session.put('/endpoint', '1');
  session.put('/p', '1', { persistent: true });
  await session.converged();
  const deleted = await deletions(t, direct);
  await session.close({ revoke: true });
  await until('both deletes', () => deleted.length === 2);
  t.deepEqual(deleted, ['/endpoint', '/gateway']);
  t.deepEqual(await values(), { '/p': '1' });
  t.is(session.state.kind, 'closed');
});

test('a key that somebody else has taken over stays, and keeps no other from being withdrawn', async (t) => {
  const { direct, session, values } = await setUp(t, { ttlSeconds: 30 });
  session.start();
  session.put('/gateway', '1');
  session.put('/endpoint', '1');
  session.put('/shared', 'mine');
  await session.converged();
  await direct.txn([], [{ op: 'put', key: '/shared', value: 'theirs' }]);
  const deleted = await deletions(t, direct);
  await session.close({ revoke: true });
  await until('both deletes', () => deleted.length === 2);
  t.deepEqual(deleted, ['/endpoint', '/gateway']);
  t.deepEqual(await values(), { '/shared': 'theirs' });
});

test('one value the registry refuses does not hold up the others', async (t) => {
  const { session, values } = await setUp(t, { ttlSeconds: 30 });
  session.start();
  session.put('/a', '1');
  session.put('/big', 'x'.repeat(2_000_000));
  session.put('/c', '3');
  await session.converged();
  t.deepEqual(await values(), { '/a': '1', '/c': '3' });
  t.like(session.state, { kind: 'converged', refused: 1 });
});

test('hurried, it tries now and not when its turn comes', async (t) => {
  // Time stands still, so that its turn never comes.
  const { proxy, session, values } = await setUp(t, { clock: new ManualClock() });
  session.start();
  await until('it to converge', () => {
    // A first try that comes too early for the server is not made again by itself either.
    session.hurry();
    return session.state.kind === 'converged';
  });
  proxy.cut();
  session.put('/a', '1');
  await until('to notice', () => session.state.kind === 'cut-off');
  proxy.restore();
  await until('it to write', async () => {
    session.hurry();
    return session.state.kind === 'converged' && (await values())['/a'] === '1';
  });
  t.pass();
});
