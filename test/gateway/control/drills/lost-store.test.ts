/** Specifies what a gateway hears of a registry that a drill has lost, while a real one goes on answering everybody else. */
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { LostStore } from '../../../../gateway/control/drills/lost-store.ts';
import type { EtcdStore } from '../../../../registry/etcd-store.ts';
import { startEtcd } from '../../../support/etcd.ts';
import { openStore } from '../../../support/store.ts';
import { until } from '../../../support/until.ts';

async function begin(t: ExecutionContext, keepsLease: boolean) {
  const etcd = await startEtcd(t);
  const registry = openStore(t, { endpoints: [etcd.endpoint] });
  const lost = new LostStore(registry, keepsLease, systemClock);
  const store: EtcdStore = lost;
  return { registry, lost, store };
}

const gone = { code: 'REGISTRY_UNAVAILABLE', message: /by a drill/ } as object;

test('nothing is read or written, and watches end', async (t) => {
  const { registry, store } = await begin(t, true);
  t.is(store.state.kind, 'unavailable');
  await t.throwsAsync(store.list('/'), gone);
  await t.throwsAsync(store.txn([], [{ op: 'put', key: '/a', value: '1' }]), gone);
  await t.throwsAsync(store.grantLease(1), gone);
  t.is(await registry.get('/a'), undefined);
  const ended: Error[] = [];
  store.watch('/', 1, {
    events: () => t.fail(),
    progress: () => t.fail(),
    ended: (error) => ended.push(error),
  });
  t.deepEqual(ended, [], 'not before whoever watches has the watch');
  await until('it to end', () => ended.length > 0);
  t.like(ended[0], { code: 'REGISTRY_UNAVAILABLE' });
});

test('a watch that is closed before it ends hears nothing', async (t) => {
  const { store } = await begin(t, true);
  const ended: string[] = [];
  const watch = (name: string) =>
    store.watch('/', 1, { events: () => {}, progress: () => {}, ended: () => ended.push(name) });
  watch('closed').close();
  watch('open');
  await until('the other one to end', () => ended.length > 0);
  t.deepEqual(ended, ['open']);
});

test('an outage of the registry expires no lease; being cut off does, though nobody is told that one lives', async (t) => {
  const { registry, lost, store } = await begin(t, true);
  const put = async (key: string) => {
    const lease = await registry.grantLease(2);
    await registry.txn([], [{ op: 'put', key, value: '1', lease }]);
    return lease;
  };
  const lease = await put('/a');
  await put('/b');
  await until('a lease that nobody keeps to run out', async () => {
    await t.throwsAsync(store.keepAlive(lease), gone);
    return (await registry.get('/b')) === undefined;
  });
  t.truthy(await registry.get('/a'));
  lost.keepsLease = false;
  await until('it to run out', async () => {
    await t.throwsAsync(store.keepAlive(lease), gone);
    return (await registry.get('/a')) === undefined;
  });
});
