/** Specifies the informer, against a real etcd that is killed, restarted, compacted and cut off. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { Informer, type InformerOptions, type PrefixChange } from '../../registry/informer.ts';
import { startEtcd } from '../support/etcd.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

async function setUp(
  t: ExecutionContext,
  options: Partial<InformerOptions> = {},
  onChange = (): void => {},
) {
  const etcd = await startEtcd(t);
  const proxy = await startTcpProxy({ target: etcd.address });
  t.teardown(() => proxy.close());
  const direct = openStore(t, { endpoints: [etcd.endpoint] });
  const store = openStore(t, { endpoints: [`http://${proxy.address}`], deadlineMs: 500 });
  const mirror = new Map<string, string>();
  const changes: PrefixChange[] = [];
  const informer = new Informer({
    store,
    prefixes: ['/x/'],
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    handler: {
      synced: (_prefix, values) => {
        for (const { key, value } of values) mirror.set(key, value.toString());
      },
      changed: (_prefix, change) => {
        changes.push(change);
        onChange();
        for (const { key, value } of change.puts) mirror.set(key, value.toString());
        for (const { key } of change.deletes) mirror.delete(key);
      },
    },
    ...options,
  });
  t.teardown(() => informer.close());
  const put = (key: string, value: string) => direct.txn([], [{ op: 'put', key, value }]);
  const agrees = async () => {
    const { values } = await direct.list('/x/');
    return (
      values.length === mirror.size &&
      values.every(({ key, value }) => mirror.get(key) === value.toString())
    );
  };
  return { etcd, proxy, direct, store, informer, mirror, changes, put, agrees };
}

test('the first list is reported, then every revision once and in order', async (t) => {
  const { direct, informer, mirror, changes, put } = await setUp(t);
  await put('/x/a', '1');
  await put('/y/other', '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  t.deepEqual([...mirror], [['/x/a', '1']]);
  for (let i = 0; i < 50; i++) await put('/x/b', `${i}`);
  await direct.txn([], [{ op: 'delete', key: '/x/a' }]);
  await until('the delete', () => !mirror.has('/x/a'));
  t.is(changes.length, 51);
  const revisions = changes.map(({ revision }) => revision);
  t.deepEqual(
    revisions,
    revisions.toSorted((a, b) => a - b),
  );
  t.is(new Set(revisions).size, 51);
});

test('several prefixes are synced when each has been listed', async (t) => {
  const { informer } = await setUp(t, { prefixes: ['/x/', '/y/'] });
  t.is(informer.state.kind, 'syncing');
  informer.start();
  await until('both', () => informer.state.kind === 'synced');
  t.is(informer.state.prefixes.length, 2);
});

test('unknown is not empty: a lost registry withdraws nothing, and what happened meanwhile follows', async (t) => {
  const { proxy, informer, mirror, changes, put, direct } = await setUp(t);
  await put('/x/a', '1');
  await put('/x/b', '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  proxy.cut();
  await until('to notice', () => informer.state.kind === 'stale');
  t.is(mirror.size, 2);
  await put('/x/a', '2');
  await put('/x/a', '3');
  await direct.txn([], [{ op: 'delete', key: '/x/b' }]);
  proxy.restore();
  await until('to resume', () => informer.state.kind === 'synced' && !mirror.has('/x/b'));
  t.deepEqual([...mirror], [['/x/a', '3']]);
  t.is(changes.length, 3);
  t.is(informer.state.prefixes[0]?.resyncs, 0);
});

test('another way to the registry is gone on with at once, and what happened meanwhile follows once it answers', async (t) => {
  const { direct, store, informer, mirror, changes, put } = await setUp(t);
  await put('/x/a', '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  informer.use(openStore(t, { endpoints: ['http://127.0.0.1:1'] }));
  await until('to notice', () => informer.state.kind === 'stale');
  await put('/x/a', '2');
  await direct.txn([], [{ op: 'delete', key: '/x/a' }]);
  t.deepEqual([...mirror], [['/x/a', '1']]);
  informer.use(store);
  await until('to resume', () => informer.state.kind === 'synced' && mirror.size === 0);
  t.is(changes.length, 2);
  t.is(informer.state.prefixes[0]?.resyncs, 0);
});

test('a connection that breaks while a long history is told loses none of it', async (t) => {
  let cuts = 0;
  const { proxy, informer, mirror, put } = await setUp(t, {}, () => {
    cuts += 1;
    if (cuts === 1) proxy.cut();
  });
  await put('/x/a', '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  proxy.cut();
  await until('to notice', () => informer.state.kind === 'stale');
  // etcd tells a thousand revisions at a time, and no buffer on the way holds these.
  const value = 'x'.repeat(2_000);
  const keys = Array.from({ length: 2_500 }, (_, i) => `/x/${i}`);
  while (keys.length > 0) await Promise.all(keys.splice(-100).map((key) => put(key, value)));
  proxy.restore();
  await until('the first of it', () => cuts > 0);
  t.true(mirror.size < 2_501, 'the rest is still to come');
  await until('to notice', () => informer.state.kind === 'stale');
  proxy.restore();
  await until('the rest', () => mirror.size === 2_501);
  t.is(informer.state.prefixes[0]?.resyncs, 0);
});

test('a revision compacted during the outage is made up for by a list, of which the difference is reported', async (t) => {
  const { etcd, proxy, direct, informer, mirror, changes, put } = await setUp(t);
  for (const key of ['kept', 'changed', 'deleted']) await put(`/x/${key}`, '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  proxy.cut();
  await until('to notice', () => informer.state.kind === 'stale');
  await put('/x/changed', '2');
  await put('/x/added', '2');
  await direct.txn([], [{ op: 'delete', key: '/x/deleted' }]);
  const { revision } = await direct.list('/');
  etcdctl(t, etcd.endpoint, 'compaction', `${revision}`);
  proxy.restore();
  await until('to list again', () => informer.state.prefixes[0]?.resyncs === 1);
  t.deepEqual(Object.fromEntries(mirror), { '/x/kept': '1', '/x/changed': '2', '/x/added': '2' });
  t.is(changes.length, 1);
  t.true(changes[0]?.relisted);
  t.deepEqual(changes[0]?.puts.map(({ key }) => key).toSorted(), ['/x/added', '/x/changed']);
  await put('/x/kept', '3');
  await until('the watch to go on', () => mirror.get('/x/kept') === '3');
});

test('a kill and restart of the registry loses and repeats nothing', async (t) => {
  const { etcd, informer, mirror, changes, put, agrees } = await setUp(t);
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) await put(`/x/${i}`, `${round}`);
    await etcd.kill();
    await until('to notice', () => informer.state.kind === 'stale');
    await etcd.start();
    await put(`/x/round${round}`, 'back');
    await until('to catch up', () => mirror.has(`/x/round${round}`));
  }
  t.true(await agrees());
  const revisions = changes.map(({ revision }) => revision);
  t.is(new Set(revisions).size, 63);
  t.is(revisions.length, 63);
});

test('a black hole is noticed by its silence, and survived', async (t) => {
  const { proxy, informer, mirror, put } = await setUp(t, { quietMs: 200 });
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  proxy.hold();
  await put('/x/a', '1');
  await until('to notice', () => informer.state.kind === 'stale');
  proxy.restore();
  await until('to catch up', () => mirror.get('/x/a') === '1');
  t.pass();
});

test('a quiet but living registry is not restarted', async (t) => {
  // Time passes only as answers come: however long they take, they are in time.
  const clock = new ManualClock();
  const quietMs = 10_000;
  const { informer, put, mirror } = await setUp(t, { clock, quietMs });
  informer.start();
  await until('the list', () => {
    informer.hurry();
    return informer.state.kind === 'synced';
  });
  for (let i = 0; i < 12; i++) {
    clock.advance(quietMs / 2 + 1);
    await until('a sign of life, where one was asked for', () => {
      const { silenceMs = Infinity } = informer.state.prefixes[0] ?? {};
      return silenceMs < 1.5 * quietMs;
    });
    t.is(informer.state.kind, 'synced');
  }
  await put('/x/a', '1');
  await until('the event', () => mirror.has('/x/a'));
});

test('a periodic list finds nothing to report when the watch missed nothing', async (t) => {
  const { informer, changes, put, agrees } = await setUp(t, { resyncEveryMs: 150 });
  await put('/x/a', '1');
  informer.start();
  for (let i = 0; i < 200; i++) await put(`/x/${i % 7}`, `${i}`);
  await until('resyncs', () => (informer.state.prefixes[0]?.resyncs ?? 0) >= 3);
  await until('agreement', agrees);
  const revisions = changes.map(({ revision }) => revision);
  t.is(new Set(revisions).size, revisions.length);
});

test('a registry that went back in time is listed anew', async (t) => {
  const { informer, mirror, proxy, put } = await setUp(t);
  for (let i = 0; i < 20; i++) await put('/x/old', `${i}`);
  informer.start();
  await until('the list', () => mirror.get('/x/old') === '19');
  const other = await startEtcd(t);
  const { port } = proxy;
  await proxy.close();
  const replaced = await startTcpProxy({ target: other.address, port });
  t.teardown(() => replaced.close());
  const restored = openStore(t, { endpoints: [other.endpoint] });
  await restored.txn([], [{ op: 'put', key: '/x/new', value: '1' }]);
  await until('the new truth', () => mirror.has('/x/new') && !mirror.has('/x/old'));
  await until('the watch', () => informer.state.kind === 'synced');
  t.is(informer.state.prefixes[0]?.resyncs, 1);
});

test('a restored registry that came beyond what is known before anybody looked is listed anew, at once', async (t) => {
  const { etcd, informer, mirror, proxy, put, agrees } = await setUp(t);
  await put('/x/kept', 'kept');
  await put('/x/changed', 'before');
  for (let i = 0; i < 30; i++) await put('/y/other', `${i}`);
  const backup = join(await tempDir(t), 'backup.db');
  etcdctl(t, etcd.endpoint, 'snapshot', 'save', backup);
  await put('/x/changed', 'after');
  await put('/x/since', 'gone');
  informer.start();
  await until('the list', () => mirror.get('/x/since') === 'gone');
  proxy.cut();
  await until('to notice', () => informer.state.kind === 'stale');
  await etcd.kill();
  await etcd.restore(backup);
  await etcd.start();
  // At the same revisions as before, and then on.
  await put('/x/changed', 'otherwise');
  for (let i = 0; i < 10; i++) await put('/y/other', `${i}`);
  proxy.restore();
  await until('the new truth', () => mirror.get('/x/changed') === 'otherwise');
  t.false(mirror.has('/x/since'));
  t.true(await agrees());
  await until('the watch', () => informer.state.kind === 'synced');
  t.is(informer.state.prefixes[0]?.resyncs, 1);
});

function etcdctl(t: ExecutionContext, endpoint: string, ...args: string[]): void {
  const env = { ...process.env, ETCDCTL_API: '3' };
  const run = spawnSync('etcdctl', ['--endpoints', endpoint, ...args], { env, encoding: 'utf8' });
  t.is(run.status, 0, run.stderr);
}

test('hurried, it tries now and not when its turn comes', async (t) => {
  // Time stands still, so that its turn never comes.
  const { proxy, informer, put, agrees } = await setUp(t, { clock: new ManualClock() });
  informer.start();
  // The first list may fail as well, on a busy machine.
  await until('the list', () => {
    informer.hurry();
    return informer.state.kind === 'synced';
  });
  proxy.cut();
  await until('to notice', () => informer.state.kind === 'stale');
  await put('/x/a', '1');
  proxy.restore();
  await until('it to follow', async () => {
    informer.hurry();
    return informer.state.kind === 'synced' && (await agrees());
  });
  t.pass();
});

test('a value that was passed over is reported again by each list until it is taken, and is nothing that the watch had missed', async (t) => {
  const { informer, changes, put } = await setUp(t, { resyncEveryMs: 150 });
  await put('/x/a', '1');
  await put('/x/b', '1');
  informer.start();
  await until('the list', () => informer.state.kind === 'synced');
  informer.passedOver('/x/a');
  await until('it to be reported', () => changes.length > 0);
  t.deepEqual(
    changes.flatMap(({ puts }) => puts).map(({ key }) => key),
    ['/x/a'],
  );
  const resyncs = informer.state.prefixes[0]?.resyncs ?? 0;
  await until('further lists', () => (informer.state.prefixes[0]?.resyncs ?? 0) >= resyncs + 2);
  t.is(changes.length, 1);
});
