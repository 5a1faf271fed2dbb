/** Owns what a registry must do with transactions: comparisons, order, all or nothing. */
import { type Checks, put } from './subject.ts';

export const transactions: Checks = {
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

  async 'many writers at once: every write counts and none is lost'(t, { store }) {
    await Promise.all(Array.from({ length: 300 }, (_, i) => put(store, `k/${i % 30}`, `${i}`)));
    const { values, revision } = await store.list('k/');
    t.is(revision, 301);
    t.is(
      values.reduce((sum, { version }) => sum + version, 0),
      300,
    );
  },
};
