/** Owns what a registry must do with keys: revisions, ranges, the past, and what outlives a kill. */
import { until } from '../../support/until.ts';
import { type Checks, fill, put, text, watch } from './subject.ts';

export const keys: Checks = {
  async 'revisions start at 1 and grow by one with each change'(t, { store }) {
    t.is((await store.list('')).revision, 1);
    t.is((await put(store, 'a', '1')).revision, 2);
    t.is((await put(store, 'a', '1')).revision, 3);
    t.is((await store.txn([], [{ op: 'delete', key: 'none' }])).revision, 3);
    t.is((await store.txn([], [{ op: 'delete', key: 'a' }])).revision, 4);
    t.is(await store.get('a'), undefined);
  },

  async 'a key knows when it was created, changed last, and how often'(t, { store }) {
    await put(store, 'a', '1');
    await put(store, 'b', '1');
    await put(store, 'a', '2');
    t.like(await store.get('a'), { createRevision: 2, modRevision: 4, version: 2, lease: '0' });
    await store.txn([], [{ op: 'delete', key: 'a' }]);
    await put(store, 'a', '3');
    t.like(await store.get('a'), { createRevision: 6, modRevision: 6, version: 1 });
  },

  async 'keys and values are bytes: any text, empty values'(t, { store }) {
    await store.txn(
      [],
      [
        { op: 'put', key: 'ключ/🗝', value: '' },
        { op: 'put', key: 'b', value: Buffer.from([0, 255, 128]) },
      ],
    );
    t.is((await store.get('ключ/🗝'))?.value.length, 0);
    t.deepEqual([...((await store.get('b'))?.value ?? [])], [0, 255, 128]);
  },

  async 'prefixes end where they should'(t, { store }) {
    for (const key of ['p', 'p/', 'p/a', 'p/z', 'p0', 'p\u{10ffff}', 'q'])
      await put(store, key, '');
    const keys = async (prefix: string) => (await store.list(prefix)).values.map(({ key }) => key);
    t.deepEqual(await keys('p/'), ['p/', 'p/a', 'p/z']);
    t.deepEqual(await keys('p'), ['p', 'p/', 'p/a', 'p/z', 'p0', 'p\u{10ffff}']);
    t.is((await keys('')).length, 7);
    t.deepEqual(await keys('none'), []);
    await store.txn([], [{ op: 'delete-prefix', prefix: 'p/' }]);
    t.deepEqual(await keys(''), ['p', 'p0', 'p\u{10ffff}', 'q']);
  },

  async 'ranges: single key, open end, empty, limit, count, keys only, order'(t, { store, raw }) {
    for (const [key, value] of ['a3', 'b1', 'c2'].map((text) => [...text])) {
      await put(store, key ?? '', value ?? '');
    }
    const at = (key: string, end: string, more: object = {}) =>
      raw.range({
        key: Buffer.from(key),
        // An empty end that is sent all the same means no end to etcd.
        ...(end === '' ? {} : { range_end: Buffer.from(end) }),
        ...more,
      });
    const names = ({ kvs }: { kvs: { key: Buffer }[] }) =>
      kvs.map(({ key }) => key.toString()).join('');
    t.is(names(await at('b', '')), 'b');
    t.is(names(await at('b', '\0')), 'bc');
    t.is(names(await at('\0', '\0')), 'abc');
    t.is(names(await at('c', 'a')), '');
    const limited = await at('a', 'z', { limit: 2 });
    t.is(names(limited), 'ab');
    t.true(limited.more);
    t.is(limited.count, '3');
    t.false((await at('a', 'z', { limit: 3 })).more);
    const counted = await at('a', 'z', { count_only: true });
    t.is(counted.count, '3');
    t.is(counted.kvs.length, 0);
    t.is((await at('a', 'z', { keys_only: true })).kvs[0]?.value.length, 0);
    t.is(names(await at('a', 'z', { sort_order: 'DESCEND' })), 'cba');
    t.is(names(await at('a', 'z', { sort_target: 'VALUE', sort_order: 'ASCEND' })), 'bca');
    t.is(names(await at('a', 'z', { sort_target: 'MOD', sort_order: 'DESCEND', limit: 1 })), 'c');
    t.is(names(await at('a', 'z', { min_mod_revision: 3 })), 'bc');
    t.is(names(await at('a', 'z', { max_create_revision: 3 })), 'ab');
  },

  async 'the past can be read until it is compacted'(t, { store, raw }) {
    await put(store, 'a', '1');
    await put(store, 'a', '2');
    await store.txn([], [{ op: 'delete', key: 'a' }]);
    const at = async (revision: number) =>
      (await raw.range({ key: Buffer.from('a'), revision })).kvs[0]?.value.toString();
    t.deepEqual(
      [await at(1), await at(2), await at(3), await at(4)],
      [undefined, '1', '2', undefined],
    );
    await raw.compact(3);
    t.is(await at(3), '2');
    await t.throwsAsync(at(2), { message: /required revision has been compacted/ });
    await t.throwsAsync(at(99), { message: /required revision is a future revision/ });
    await t.throwsAsync(raw.compact(3), { message: /required revision has been compacted/ });
    await t.throwsAsync(raw.compact(99), { message: /required revision is a future revision/ });
  },

  async '10,000 keys are listed in pages at one revision while others write'(t, { store }) {
    await fill(store, 'k/', 10_000);
    const listing = store.list('k/');
    const writes = Array.from({ length: 20 }, (_, i) => put(store, `k/new${i}`, 'x'));
    const { values, revision } = await listing;
    await Promise.all(writes);
    const old = values.filter(({ key }) => !key.startsWith('k/new'));
    t.is(old.length, 10_000);
    t.true(values.every(({ modRevision }) => modRevision <= revision));
    const keys = values.map(({ key }) => key);
    t.deepEqual(keys, keys.toSorted());
  },

  async 'ignore_value and ignore_lease keep what is there'(t, { store, raw }) {
    const lease = await store.grantLease(60);
    await store.txn([], [{ op: 'put', key: 'a', value: '1', lease }]);
    const key = Buffer.from('a');
    await raw.put({ key, value: Buffer.from('2'), ignore_lease: true });
    t.like(text(await store.get('a')), { value: '2', lease });
    await raw.put({ key, ignore_value: true });
    t.like(text(await store.get('a')), { value: '2', lease: '0' });
    await t.throwsAsync(raw.put({ key: Buffer.from('none'), ignore_value: true }), {
      message: /key not found/,
    });
    await t.throwsAsync(raw.put({ key, value: key, ignore_value: true }), {
      message: /value is provided/,
    });
  },
};

/** Those that kill it. */
export const kills: Checks = {
  async 'a kill loses nothing acknowledged: keys, leases, history and revisions'(t, subject) {
    const { store, raw } = subject;
    const lease = await store.grantLease(60);
    await store.txn([], [{ op: 'put', key: 'l', value: '', lease }]);
    for (let i = 0; i < 50; i++) await put(store, 'a', `${i}`);
    await raw.compact(10);
    const before = await store.list('');
    await subject.restart();
    t.deepEqual(await until('the registry', () => store.list('')), before);
    t.true((await store.keepAlive(lease)) > 50);
    t.deepEqual((await raw.timeToLive(lease)).keys.map(String), ['l']);
    await t.throwsAsync(raw.range({ key: Buffer.from('a'), revision: 9 }), {
      message: /compacted/,
    });
    t.is((await put(store, 'a', 'after')).revision, before.revision + 1);
    const seen = watch(t, store, 'a', before.revision);
    await until('both', () => seen.length === 2);
    t.deepEqual(seen, [['+a=49'], ['+a=after']]);
  },
};
