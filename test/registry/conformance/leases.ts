/** Owns what a registry must do with leases: hold keys as long as they last. */
import { until } from '../../support/until.ts';
import { type Checks, put, watch } from './subject.ts';

export const leases: Checks = {
  async 'a lease ends with its keys, all at one revision'(t, { store }) {
    const lease = await store.grantLease(1);
    const { revision } = await store.txn(
      [],
      ['l/a', 'l/b', 'l/c'].map((key) => ({ op: 'put', key, value: '', lease })),
    );
    await put(store, 'l/a', 'kept');
    const seen = watch(t, store, 'l/', revision + 2);
    await until('the end', () => seen.length > 0);
    t.deepEqual(seen, [['-l/b', '-l/c']]);
    t.deepEqual(
      (await store.list('l/')).values.map(({ key }) => key),
      ['l/a'],
    );
    await t.throwsAsync(store.keepAlive(lease), { code: 'REGISTRY_LEASE_NOT_FOUND' });
    await t.throwsAsync(store.txn([], [{ op: 'put', key: 'x', value: '', lease }]), {
      code: 'REGISTRY_LEASE_NOT_FOUND',
    });
  },

  async 'a lease kept alive lasts; one revoked ends at once'(t, { store, raw }) {
    const lease = await store.grantLease(2);
    await store.txn([], [{ op: 'put', key: 'a', value: '', lease }]);
    const start = performance.now();
    await until('twice its life', async () => {
      await store.keepAlive(lease);
      return performance.now() - start > 4500;
    });
    t.is((await store.get('a'))?.lease, lease);
    const left = await raw.timeToLive(lease);
    t.is(left.grantedTTL, '2');
    t.deepEqual(left.keys.map(String), ['a']);
    await store.revokeLease(lease);
    t.is(await store.get('a'), undefined);
    t.is((await raw.timeToLive(lease)).TTL, '-1');
    await t.throwsAsync(store.revokeLease(lease), { code: 'REGISTRY_LEASE_NOT_FOUND' });
  },
};
