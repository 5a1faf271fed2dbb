/** Owns what a registry must do to be one: named checks, run against a real etcd and against the embedded registry. */
import type { ExecutionContext } from 'ava';
import type { EtcdStore } from '../../registry/etcd-store.ts';
import type { StoredValue, WatchEvent } from '../../registry/store.ts';
import { until } from '../support/until.ts';
import type { RawClient } from './raw-client.ts';

/** A running registry with nothing in it. */
export interface Subject {
  readonly store: EtcdStore;
  /** The same registry, spoken to message by message. */
  readonly raw: RawClient;
  /** Kills it without warning and starts it on the same data. */
  restart(): Promise<void>;
}

export type Check = (t: ExecutionContext, subject: Subject) => Promise<void>;

export const checks: Readonly<Record<string, Check>> = {
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

  async 'compare and swap: only one of two writers wins'(t, { store }) {
    const { revision } = await put(store, 'a', '1');
    const swap = (value: string) =>
      store.txn([{ key: 'a', modRevision: revision }], [{ op: 'put', key: 'a', value }]);
    const results = await Promise.all([swap('left'), swap('right')]);
    t.is(results.filter(({ succeeded }) => succeeded).length, 1);
    t.true((await store.txn([{ key: 'n', exists: false }], [])).succeeded);
    t.true((await store.txn([{ key: 'n', modRevision: 0 }], [])).succeeded);
    t.false((await store.txn([{ key: 'n', exists: true }], [])).succeeded);
    t.true((await store.txn([{ key: 'a', exists: true }], [])).succeeded);
  },

  async 'a transaction has one revision and all or nothing'(t, { store }) {
    await put(store, 'old', '1');
    const done = await store.txn(
      [],
      [
        { op: 'put', key: 'a', value: '1' },
        { op: 'put', key: 'b', value: '1' },
        { op: 'delete', key: 'old' },
      ],
    );
    const { values } = await store.list('');
    t.deepEqual(
      values.map(({ key, modRevision }) => [key, modRevision]),
      [
        ['a', done.revision],
        ['b', done.revision],
      ],
    );
    await t.throwsAsync(
      store.txn(
        [],
        [
          { op: 'put', key: 'c', value: '1' },
          { op: 'put', key: 'd', value: '1', lease: '12345' },
        ],
      ),
      { code: 'REGISTRY_LEASE_NOT_FOUND' },
    );
    t.is(await store.get('c'), undefined);
    t.is((await store.list('')).revision, done.revision);
  },

  async 'a transaction may not change a key twice, nor be too long or too large'(t, { store }) {
    const value = '1';
    const refused = { code: 'REGISTRY_REQUEST_INVALID' };
    const twice = [
      { op: 'put', key: 'a', value },
      { op: 'put', key: 'a', value },
    ] as const;
    await t.throwsAsync(store.txn([], twice), { ...refused, message: /duplicate key given/ });
    const under = [
      { op: 'put', key: 'a/1', value },
      { op: 'delete-prefix', prefix: 'a/' },
    ] as const;
    await t.throwsAsync(store.txn([], under), { ...refused, message: /duplicate key given/ });
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ op: 'put', key: `k${i}`, value }) as const);
    await t.throwsAsync(store.txn([], many(129)), { ...refused, message: /too many operations/ });
    t.true((await store.txn([], many(128))).succeeded);
    await t.throwsAsync(put(store, 'big', 'x'.repeat(1_700_000)), {
      ...refused,
      message: /request is too large/,
    });
    await t.throwsAsync(put(store, 'bigger', 'x'.repeat(3_000_000)), refused);
    await t.throwsAsync(put(store, '', 'x'), { ...refused, message: /key is not provided/ });
  },

  async 'comparisons by every target and operator agree with what is stored'(t, { store, raw }) {
    await put(store, 'a', 'm');
    await put(store, 'a', 'n');
    const key = Buffer.from('a');
    const held = {
      VERSION: { version: 2 },
      CREATE: { create_revision: 2 },
      MOD: { mod_revision: 3 },
      VALUE: { value: Buffer.from('n') },
      LEASE: { lease: 0 },
    };
    const lower = {
      VERSION: { version: 1 },
      CREATE: { create_revision: 1 },
      MOD: { mod_revision: 2 },
      VALUE: { value: Buffer.from('m') },
      LEASE: { lease: -1 },
    };
    for (const target of Object.keys(held) as (keyof typeof held)[]) {
      for (const [result, equal, greater] of [
        ['EQUAL', true, false],
        ['NOT_EQUAL', false, true],
        ['GREATER', false, true],
        ['LESS', false, false],
      ] as const) {
        const ask = async (value: object) =>
          (await raw.txn({ compare: [{ key, target, result, ...value }] })).succeeded;
        t.is(await ask(held[target]), equal, `${target} ${result} the same`);
        t.is(await ask(lower[target]), greater, `${target} ${result} a lower one`);
      }
    }
    const missing = { key: Buffer.from('none'), target: 'VALUE', result: 'NOT_EQUAL' };
    t.false((await raw.txn({ compare: [{ ...missing, value: Buffer.from('x') }] })).succeeded);
  },

  async 'a comparison over a range holds when it holds for every key'(t, { store, raw }) {
    await put(store, 'r/1', 'x');
    await put(store, 'r/2', 'x');
    const compare = {
      key: Buffer.from('r/'),
      range_end: Buffer.from('r0'),
      target: 'VALUE',
      result: 'EQUAL',
      value: Buffer.from('x'),
    };
    t.true((await raw.txn({ compare: [compare] })).succeeded);
    await put(store, 'r/2', 'y');
    t.false((await raw.txn({ compare: [compare] })).succeeded);
  },

  async 'operations of a transaction see those before them; the other branch runs otherwise'(
    t,
    { store, raw },
  ) {
    await put(store, 'a', '1');
    const read = { request_range: { key: Buffer.from('a') } };
    const write = {
      request_put: { key: Buffer.from('a'), value: Buffer.from('2'), prev_kv: true },
    };
    const nested = {
      request_txn: {
        compare: [
          { key: Buffer.from('a'), target: 'VALUE', result: 'EQUAL', value: Buffer.from('2') },
        ],
        success: [{ request_put: { key: Buffer.from('b'), value: Buffer.from('yes') } }],
        failure: [{ request_put: { key: Buffer.from('b'), value: Buffer.from('no') } }],
      },
    };
    const result = await raw.txn({ success: [read, write, read, nested] });
    const values = result.responses.map(
      ({ response_range: range, response_put: done }) =>
        (range?.kvs[0] ?? done?.prev_kv)?.value.toString() ?? '',
    );
    t.deepEqual(values, ['1', '1', '2', '']);
    // The comparisons of nested transactions too are decided before anything is written.
    t.is((await store.get('b'))?.value.toString(), 'no');
    const otherwise = await raw.txn({
      compare: [{ key: Buffer.from('none'), target: 'VERSION', result: 'GREATER', version: 0 }],
      failure: [read],
    });
    t.false(otherwise.succeeded);
    t.is(otherwise.responses.length, 1);
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

  async 'a watch from a past revision gets every change once, in order and by whole revisions'(
    t,
    { store },
  ) {
    await put(store, 'w/a', '1');
    const from = (await put(store, 'w/b', '1')).revision;
    await put(store, 'other', '1');
    await store.txn(
      [],
      [
        { op: 'put', key: 'w/a', value: '2' },
        { op: 'delete', key: 'w/b' },
        { op: 'put', key: 'w/c', value: '1' },
      ],
    );
    const seen = watch(t, store, 'w/', from);
    await put(store, 'w/d', '1');
    await until('the last', () => seen.length === 3);
    t.deepEqual(seen, [['+w/b=1'], ['+w/a=2', '-w/b', '+w/c=1'], ['+w/d=1']]);
  },

  async 'a watch from a future revision stays silent until then'(t, { raw, store }) {
    const { revision } = await put(store, 'a', '1');
    const stream = raw.watch();
    stream.write({ create_request: { key: Buffer.from('a'), start_revision: revision + 2 } });
    await until('created', () => stream.responses.some(({ created }) => created));
    await put(store, 'a', '2');
    await put(store, 'a', '3');
    await until('the event', () => stream.responses.some(({ events }) => events.length > 0));
    const values = stream.responses.flatMap(({ events }) =>
      events.map(({ kv }) => kv.value.toString()),
    );
    t.deepEqual(values, ['3']);
    stream.cancel();
  },

  async 'a watch of 2,000 revisions behind catches up without a gap'(t, { store }) {
    const batches = 250;
    for (let i = 0; i < batches; i++) {
      await store.txn(
        [],
        Array.from({ length: 8 }, (_, j) => ({ op: 'put', key: `w/${j}`, value: `${i}` })),
      );
    }
    const seen = watch(t, store, 'w/', 2);
    await until('all', () => seen.length >= batches);
    t.is(seen.length, batches);
    t.true(seen.every((events) => events.length === 8));
  },

  async 'a watch from a compacted revision ends saying so; one from after it goes on'(
    t,
    { store, raw },
  ) {
    for (let i = 0; i < 5; i++) await put(store, 'a', `${i}`);
    await raw.compact(5);
    const error = await new Promise<Error>((resolve) => {
      store.watch('a', 3, { events: () => {}, progress: () => {}, ended: resolve });
    });
    t.like(error, { code: 'REGISTRY_COMPACTED' });
    const seen = watch(t, store, 'a', 6);
    await until('the last', () => seen.length === 1);
    t.deepEqual(seen, [['+a=4']]);
  },

  async 'watches on one stream: ids, filters, values before, cancelling, progress'(
    t,
    { store, raw },
  ) {
    await put(store, 'a', '1');
    const stream = raw.watch();
    const key = Buffer.from('a');
    const everything = { key: Buffer.from([0]), range_end: Buffer.from([0]) };
    stream.write({ create_request: { key, prev_kv: true } });
    stream.write({ create_request: { ...everything, filters: ['NOPUT'] } });
    stream.write({ create_request: { key, watch_id: 77, filters: ['NODELETE'] } });
    const created = () => stream.responses.filter((response) => response.created);
    await until('three watches', () => created().length === 3);
    const [first, second] = created().map(({ watch_id }) => watch_id);
    t.is(created()[2]?.watch_id, '77');
    await put(store, 'a', '2');
    await store.txn([], [{ op: 'delete', key: 'a' }]);
    const of = (id: string | undefined) =>
      stream.responses.filter(({ watch_id }) => watch_id === id).flatMap(({ events }) => events);
    await until('events', () => of(first).length === 2 && of(second).length === 1);
    t.deepEqual(
      of(first).map(({ type, kv, prev_kv }) => [
        type,
        kv.value.toString(),
        prev_kv?.value.toString(),
      ]),
      [
        ['PUT', '2', '1'],
        ['DELETE', '', '2'],
      ],
    );
    t.deepEqual(
      of(second).map(({ type }) => type),
      ['DELETE'],
    );
    t.deepEqual(
      of('77').map(({ type }) => type),
      ['PUT'],
    );
    stream.write({ cancel_request: { watch_id: 77 } });
    await until('the cancellation', () =>
      stream.responses.some(({ canceled, watch_id }) => canceled && watch_id === '77'),
    );
    stream.write({ progress_request: {} });
    await until('progress', () => stream.responses.some(({ watch_id }) => watch_id === '-1'));
    stream.cancel();
    t.is(of('77').length, 1);
  },

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

  async 'many writers at once: every write counts and none is lost'(t, { store }) {
    await Promise.all(Array.from({ length: 300 }, (_, i) => put(store, `k/${i % 30}`, `${i}`)));
    const { values, revision } = await store.list('k/');
    t.is(revision, 301);
    t.is(
      values.reduce((sum, { version }) => sum + version, 0),
      300,
    );
  },

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

function put(store: EtcdStore, key: string, value: string) {
  return store.txn([], [{ op: 'put', key, value }]);
}

function text(stored: StoredValue | undefined) {
  return { ...stored, value: stored?.value.toString() };
}

async function fill(store: EtcdStore, prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const keys = Array.from(
      { length: 100 },
      (_, j) => `${prefix}${String(i + j).padStart(6, '0')}`,
    );
    await store.txn(
      [],
      keys.map((key) => ({ op: 'put', key, value: `value of ${key}` })),
    );
  }
}

/** Collects events as `+key=value` and `-key`, an array per revision. */
function watch(t: ExecutionContext, store: EtcdStore, prefix: string, from: number): string[][] {
  const seen: string[][] = [];
  const started = store.watch(prefix, from, {
    events: (events) => seen.push(events.map(describe)),
    progress: () => {},
    ended: (error) => t.fail(error.message),
  });
  t.teardown(() => started.close());
  return seen;
}

function describe(event: WatchEvent): string {
  return event.type === 'delete'
    ? `-${event.key}`
    : `+${event.value.key}=${event.value.value.toString()}`;
}
