/** Specifies the registry client where the network or the registry fails it. */
import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { IsthmusError } from '../../core/errors.ts';
import { freePorts } from '../../examples/demo/processes.ts';
import type { Store, StoreState } from '../../registry/store.ts';
import { startEtcd } from '../support/etcd.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { openStore } from '../support/store.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

async function setUp(t: ExecutionContext) {
  const etcd = await startEtcd(t);
  const proxy = await startTcpProxy({ target: etcd.address });
  t.teardown(() => proxy.close());
  const store = openStore(t, { endpoints: [`http://${proxy.address}`], deadlineMs: 2_000 });
  return { etcd, proxy, store };
}

/** A machine under load may need longer for the first call than the deadline allows. */
async function answered(store: Store): Promise<void> {
  await until('an answer', async () => [await store.get('a')]);
}

test('its state tells whether the registry answers, and why not', async (t) => {
  const { proxy, store } = await setUp(t);
  const states: StoreState[] = [];
  store.onState((state) => states.push(state));
  t.is(store.state.kind, 'connecting');
  await store.get('a');
  t.is(store.state.kind, 'connected');
  proxy.cut();
  await t.throwsAsync(store.get('a'), { code: 'REGISTRY_UNAVAILABLE' });
  t.like(store.state, { kind: 'unavailable' });
  t.true(store.state.kind === 'unavailable' && store.state.problem.where?.includes(proxy.address));
  proxy.restore();
  await store.get('a');
  t.deepEqual(
    states.map(({ kind }) => kind),
    ['connected', 'unavailable', 'connected'],
  );
});

test('every call into a black hole ends at its deadline, and a watch ends too', async (t) => {
  const { proxy, store } = await setUp(t);
  await answered(store);
  const lease = await store.grantLease(60);
  const doomed = await store.grantLease(60);
  proxy.hold();
  const timedOut = { code: 'TIMED_OUT' };
  const ended = new Promise<Error>((resolve) => {
    store.watch('a', 1, { events: () => {}, progress: () => {}, ended: resolve });
  });
  await Promise.all([
    t.throwsAsync(store.get('a'), timedOut),
    t.throwsAsync(store.list('a'), timedOut),
    t.throwsAsync(store.txn([], [{ op: 'put', key: 'a', value: '1' }]), timedOut),
    t.throwsAsync(store.grantLease(5), timedOut),
    t.throwsAsync(store.keepAlive(lease), timedOut),
    t.throwsAsync(store.revokeLease(doomed), timedOut),
  ]);
  t.like(await ended, timedOut);
  proxy.restore();
  t.is(await until('an answer', () => store.keepAlive(lease)), 60);
});

test('a paused registry times out and is used again when it goes on', async (t) => {
  const { etcd, store } = await setUp(t);
  await answered(store);
  etcd.pause();
  // A process stops a moment after it was told to.
  const timedOut = (error: IsthmusError) => error.code === 'TIMED_OUT';
  await until('the first call in vain', () => store.get('a').then(() => false, timedOut));
  etcd.resume();
  await t.notThrowsAsync(answered(store));
});

test('with several endpoints the next one is used after a failure', async (t) => {
  const etcd = await startEtcd(t);
  const [nobody] = await freePorts(1);
  const store = openStore(t, { endpoints: [`http://127.0.0.1:${nobody}`, etcd.endpoint] });
  const failure = await t.throwsAsync<IsthmusError>(store.get('a'), { message: /ECONNREFUSED/ });
  t.like(failure, { code: 'REGISTRY_UNAVAILABLE', where: `http://127.0.0.1:${nobody}` });
  await t.notThrowsAsync(store.get('a'));
});

test('a registry that is down is dialed by one back-off, however many ask how often', async (t) => {
  const { proxy, store } = await setUp(t);
  await answered(store);
  proxy.cut();
  const before = proxy.accepted;
  const started = performance.now();
  // Rests of 250, 500 and 1000 ms: by then 5 dials have been made.
  while (performance.now() - started < 1500) {
    const asked = Array.from({ length: 10 }, () => store.get('a'));
    for (const { status } of await Promise.allSettled(asked)) t.is(status, 'rejected');
    await setTimeout(5);
  }
  t.true(proxy.accepted - before <= 5, `${proxy.accepted - before} dials`);
  proxy.restore();
  await answered(store);
});

test('etcd users: a wrong password and a foreign key are refused, a forgotten token is renewed', async (t) => {
  const { etcd } = await setUp(t);
  const ctl = etcdctl(t, etcd.endpoint);
  await ctl('user', 'add', 'root:pw');
  await ctl('user', 'grant-role', 'root', 'root');
  await ctl('user', 'add', 'dc1:pw1');
  await ctl('role', 'add', 'dc1');
  await ctl('role', 'grant-permission', 'dc1', 'readwrite', '--prefix', 'dc1/');
  await ctl('user', 'grant-role', 'dc1', 'dc1');
  await ctl('auth', 'enable');
  const open = (username: string, password: string) =>
    openStore(t, { endpoints: [etcd.endpoint], user: async () => ({ username, password }) });
  const store = open('dc1', 'pw1');
  t.true((await store.txn([], [{ op: 'put', key: 'dc1/a', value: '1' }])).succeeded);
  const denied = { code: 'REGISTRY_DENIED' };
  await t.throwsAsync(store.txn([], [{ op: 'put', key: 'dc2/a', value: '1' }]), denied);
  await t.throwsAsync(open('dc1', 'wrong').get('dc1/a'), {
    code: 'REGISTRY_UNAUTHENTICATED',
  });
  await etcd.kill();
  await etcd.start();
  t.is((await until('an answer', () => store.get('dc1/a'))).value.toString(), '1');
});

test('security: an etcd that asks nobody who they are, although a user is configured, is named until it asks', async (t) => {
  const { etcd } = await setUp(t);
  const user = async () => ({ username: 'root', password: 'pw' });
  const store = openStore(t, { endpoints: [etcd.endpoint], user });
  const other = openStore(t, { endpoints: [etcd.endpoint] });
  await store.get('a');
  await until('it is named', () => store.problem?.code === 'REGISTRY_UNGUARDED');
  await other.get('a');
  t.is(other.problem, undefined, 'no user is configured');

  const ctl = etcdctl(t, etcd.endpoint);
  await ctl('user', 'add', 'root:pw');
  await ctl('user', 'grant-role', 'root', 'root');
  await ctl('auth', 'enable');
  await etcd.kill();
  await t.throwsAsync(store.get('a'));
  await etcd.start();
  await until('it is well', async () => {
    await store.get('a');
    return store.problem === undefined;
  });
});

test('options that can never work are refused at once', (t) => {
  const invalid = { code: 'CONFIG_INVALID' };
  t.throws(() => openStore(t, { endpoints: [] }), invalid);
  t.throws(() => openStore(t, { endpoints: ['no url'] }), invalid);
  t.throws(() => openStore(t, { endpoints: ['http://a:1', 'https://b:1'] }), invalid);
  t.throws(
    () => openStore(t, { endpoints: ['https://a:1'], tls: { ca: 'x', cert: 'x', key: 'x' } }),
    { code: 'CERT_INVALID' },
  );
});

test('a closed client keeps no process alive', async (t) => {
  const { etcd } = await setUp(t);
  const program = `
    import { systemClock } from ${JSON.stringify(import.meta.resolve('../../core/clock.ts'))};
    import { silentLog } from ${JSON.stringify(import.meta.resolve('../../core/log.ts'))};
    import { openEtcdStore } from ${JSON.stringify(import.meta.resolve('../../registry/etcd-store.ts'))};
    const store = openEtcdStore({ endpoints: ['${etcd.endpoint}'], clock: systemClock, log: silentLog });
    await store.list('');
    await store.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  t.teardown(() => child.kill('SIGKILL'));
  t.is(await until('its end', () => child.exitCode !== null && `${child.exitCode}`), '0');
});
