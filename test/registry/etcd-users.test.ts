/** Specifies the registry client on an etcd with users: tokens that are forgotten, passwords that are wrong, and space that ran out. */
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { pemOf } from '../../certs/x509.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { Informer } from '../../registry/informer.ts';
import { LeaseSession } from '../../registry/session.ts';
import type { Store, StoreState } from '../../registry/store.ts';
import { startEtcd } from '../support/etcd.ts';
import { startEtcdWithUsers } from '../support/etcd-users.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { PemFolder } from '../support/pem-files.ts';
import { openStore } from '../support/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const tools = { clock: systemClock, random: Math.random, log: silentLog };
const user = async () => ({ username: 'dc1', password: 'dc1' });

/** What a gateway does with its registry: some watches, and a session that keeps a key and has nothing else to say. */
async function use(t: ExecutionContext, store: Store, ttlSeconds = 60) {
  const seen = new Map<string, string>();
  const informer = new Informer({
    ...tools,
    store,
    prefixes: ['dc1/a/', 'dc1/b/', 'dc1/c/', 'dc1/d/'],
    handler: {
      synced: () => {},
      changed: (_prefix, { puts }) => {
        for (const { key, value } of puts) seen.set(key, value.toString());
      },
    },
  });
  const session = new LeaseSession({ ...tools, store, ttlSeconds });
  t.teardown(() => {
    informer.close();
    return session.close();
  });
  informer.start();
  session.start();
  session.put('dc1/a/own', '1');
  await session.converged();
  await until('the informer to be synced', () => informer.state.kind === 'synced');
  return { informer, session, seen };
}

for (const tokens of ['simple', 'jwt'] as const) {
  test(`${tokens} tokens: when etcd was restarted, all go on after one authentication`, async (t) => {
    // What happened before its last snapshot it does not live through again: it forgets simple tokens with that.
    const args = ['--snapshot-count', '5'];
    const { etcd, run, addUser } = await startEtcdWithUsers(t, tokens, { args });
    await addUser('dc1', 'dc1/');
    const store = openStore(t, { endpoints: [etcd.endpoint], user });
    const { informer, session, seen } = await use(t, store);
    for (let i = 0; i < 10; i++) await store.txn([], [{ op: 'put', key: 'dc1/e', value: `${i}` }]);
    const states: StoreState['kind'][] = [];
    store.onState(({ kind }) => states.push(kind));
    await etcd.kill();
    await etcd.start();
    await until('all to be well', () => {
      return informer.state.kind === 'synced' && session.state.kind === 'converged';
    });
    await run('put', 'dc1/d/x', 'seen');
    await until('a change to be seen', () => seen.get('dc1/d/x'));
    // One is that of etcdctl, one or two look whether etcd asks who calls.
    t.true((await etcd.calls('Authenticate')) <= 4, `${await etcd.calls('Authenticate')} logins`);
    t.true((await etcd.calls('Watch')) <= 8, `${await etcd.calls('Watch')} watches`);
    t.deepEqual(states, ['unavailable', 'connected']);
  });

  test(`${tokens} tokens: a change of users stops nobody`, async (t) => {
    const { etcd, run, addUser } = await startEtcdWithUsers(t, tokens);
    await addUser('dc1', 'dc1/');
    const store = openStore(t, { endpoints: [etcd.endpoint], user });
    const { seen } = await use(t, store);
    const states: StoreState[] = [];
    store.onState((state) => states.push(state));
    await addUser('dc2', 'dc2/');
    t.true((await store.txn([], [{ op: 'put', key: 'dc1/b/x', value: '1' }])).succeeded);
    await until('it to be seen', () => seen.get('dc1/b/x'));
    await run('put', 'dc1/b/y', '2');
    await until('that of another to be seen', () => seen.get('dc1/b/y'));
    t.deepEqual(states, []);
  });
}

test('a wrong password is tried ever more rarely, and a corrected one at once', async (t) => {
  const { etcd, addUser } = await startEtcdWithUsers(t, 'simple');
  await addUser('dc1', 'dc1/');
  let password = 'wrong';
  const store = openStore(t, {
    endpoints: [etcd.endpoint],
    user: async () => ({ username: 'dc1', password }),
  });
  const states: StoreState[] = [];
  store.onState((state) => states.push(state));
  const before = await etcd.calls('Authenticate');
  const started = performance.now();
  // It rests for 1 s and 2 s: by then there were 3 tries.
  while (performance.now() - started < 2_500) {
    const asked = Array.from({ length: 5 }, () => store.get('dc1/a'));
    for (const outcome of await Promise.allSettled(asked)) {
      t.like(outcome, { status: 'rejected', reason: { code: 'REGISTRY_UNAUTHENTICATED' } });
      t.regex(`${'reason' in outcome && outcome.reason}`, /user dc1/);
      t.notRegex(`${'reason' in outcome && outcome.reason}`, /wrong/);
    }
    await setTimeout(5);
  }
  t.true((await etcd.calls('Authenticate')) - before <= 3);
  t.deepEqual(
    states.map(({ kind }) => kind),
    ['unavailable'],
  );
  password = 'dc1';
  await t.notThrowsAsync(store.get('dc1/a'));
  t.is(store.state.kind, 'connected');
});

test('users that etcd is given later are authenticated as soon as it asks', async (t) => {
  const etcd = await startEtcd(t);
  const run = etcdctl(t, etcd.endpoint);
  const store = openStore(t, {
    endpoints: [etcd.endpoint],
    user: async () => ({ username: 'root', password: 'pw' }),
  });
  await t.notThrowsAsync(store.get('a'));
  await run('user', 'add', 'root:pw');
  await run('user', 'grant-role', 'root', 'root');
  await run('auth', 'enable');
  await t.notThrowsAsync(store.get('a'));
  const anonymous = openStore(t, { endpoints: [etcd.endpoint] });
  await t.throwsAsync(anonymous.get('a'), {
    code: 'REGISTRY_UNAUTHENTICATED',
    message: /user name/,
  });
});

test('an etcd that takes who has no token for whom the certificate names is told who calls once it has users', async (t) => {
  const pems = new PemFolder(await tempDir(t));
  const server = await pems.make('etcd', 'etcd.test');
  const { cert, key } = await pems.make('client', 'nobody');
  const etcd = await startEtcd(t, [], { ...server, clientCa: await pems.ca() });
  const flags = ['--insecure-skip-tls-verify', '--cert', cert, '--key', key];
  const run = etcdctl(t, etcd.endpoint, flags);
  const read = (path: string) => readFile(path, 'utf8');
  const store = openStore(t, {
    endpoints: [etcd.endpoint],
    tls: {
      ca: pemOf(pems.authority.certificate.raw),
      cert: await read(cert),
      key: await read(key),
      serverName: 'etcd.test',
    },
    user: async () => ({ username: 'root', password: 'pw' }),
  });
  await t.notThrowsAsync(store.get('a'));
  await run('user', 'add', 'root:pw');
  await run('user', 'grant-role', 'root', 'root');
  await run('auth', 'enable');
  await t.notThrowsAsync(store.get('a'));
});

test('a watch that a role may not have is denied, and everything else goes on', async (t) => {
  const { etcd, addUser } = await startEtcdWithUsers(t, 'simple');
  await addUser('dc1', 'dc1/');
  const store = openStore(t, { endpoints: [etcd.endpoint], user });
  const { informer } = await use(t, store);
  const ended = new Promise<Error>((resolve) => {
    store.watch('dc2/', 1, { events: () => {}, progress: () => {}, ended: resolve });
  });
  t.like(await ended, { code: 'REGISTRY_DENIED' });
  t.is(store.state.kind, 'connected');
  t.is(informer.state.kind, 'synced');
});

test('etcd is out of space: what is written waits, and nothing else is disturbed', async (t) => {
  const etcd = await startEtcd(t, ['--quota-backend-bytes', '300000']);
  const run = etcdctl(t, etcd.endpoint);
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  const { informer, session } = await use(t, store, 3);
  const states: StoreState[] = [];
  store.onState((state) => states.push(state));
  await until('it to be full', async () => {
    const filling = run.withInput('x'.repeat(100_000), 'put', 'fill');
    return filling.then(
      () => false,
      () => true,
    );
  });
  const watches = await etcd.calls('Watch');
  session.put('dc1/a/late', '1');
  await until('it to wait', () => session.state.kind === 'cut-off');
  t.like(session.state, { problem: { code: 'REGISTRY_FULL' } });
  await until('a lease to be kept alive', async () => (await etcd.calls('LeaseKeepAlive')) > 3);
  t.deepEqual(states, []);
  t.is(await etcd.calls('Watch'), watches);
  t.is(informer.state.kind, 'synced');

  const { revision } = await store.list('fill');
  await run('compact', `${revision}`);
  await run('defrag');
  await run('alarm', 'disarm');
  await session.converged();
  t.is((await store.get('dc1/a/late'))?.value.toString(), '1');
});
