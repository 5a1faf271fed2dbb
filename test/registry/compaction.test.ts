/** Specifies keeping etcd's history short, and what a check says of etcd as a database, against a real etcd. */
import test, { type ExecutionContext } from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import { database } from '../../gateway/control/check/database.ts';
import { Compaction, type CompactionOptions } from '../../registry/compaction.ts';
import { startEtcd } from '../support/etcd.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { openStore } from '../support/store.ts';
import { until } from '../support/until.ts';

const afterMs = 3_600_000;
const key = '/x/a';

async function setUp(t: ExecutionContext, args: readonly string[] = []) {
  const etcd = await startEtcd(t, args);
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  /** Resolves to the revision of the last of them. */
  const write = async (times = 1, value = 'x'): Promise<number> => {
    let revision = 0;
    for (let i = 0; i < times; i++) {
      ({ revision } = await store.txn([], [{ op: 'put', key, value: `${i}${value}` }]));
    }
    return revision;
  };
  /** A gateway that has looked once. */
  const gateway = async (options: Partial<CompactionOptions> = {}) => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const log = createLog({ level: 'warn', destination });
    const given = { store, key, afterMs, turn: () => 0, clock, log };
    const compaction = new Compaction({ ...given, ...options });
    t.teardown(() => compaction.close());
    const looked = () => until('the look to be over', () => clock.pending === 1);
    await looked();
    const nextLook = async () => {
      clock.advance(afterMs);
      await looked();
    };
    return { compaction, lines, nextLook };
  };
  return { store, write, gateway };
}

test('history that nobody else compacts is compacted up to the look before; the next gateway has nothing to do', async (t) => {
  const { store, write, gateway } = await setUp(t);
  const old = await write(5);
  const first = await gateway();
  const compacted: number[] = [];
  const compact = async (revision: number) => void compacted.push(revision);
  const watched = {
    database: () => store.database(),
    tells: (at: string, revision: number) => store.tells(at, revision),
    compact,
  };
  const second = await gateway({ turn: () => 1, store: watched });
  const latest = await write(5);
  await first.nextLook();
  await second.nextLook();
  t.false(await store.tells(key, old - 1));
  t.true(await store.tells(key, old));
  const last = await write();
  await first.nextLook();
  await second.nextLook();
  t.false(await store.tells(key, latest - 1));
  t.true(await store.tells(key, last));
  t.deepEqual(compacted, []);
  // The first is gone: the second does it, a look later.
  await write();
  await second.nextLook();
  t.deepEqual(compacted, []);
  await write();
  await second.nextLook();
  t.deepEqual(compacted, [last]);
});

test('whom etcd does not let compact says so once, and tries again', async (t) => {
  const { store, write, gateway } = await setUp(t);
  const old = await write(2);
  let mayCompact = false;
  const guarded = {
    database: () => store.database(),
    tells: (at: string, revision: number) => store.tells(at, revision),
    async compact(revision: number) {
      if (mayCompact) return store.compact(revision);
      throw new IsthmusError('REGISTRY_DENIED', { what: 'permission denied' });
    },
  };
  const { compaction, lines, nextLook } = await gateway({ store: guarded });
  for (let i = 0; i < 3; i++) {
    await write();
    await nextLook();
  }
  t.is(lines.length, 1);
  t.is(compaction.refusal?.code, 'REGISTRY_DENIED');
  mayCompact = true;
  await write();
  await nextLook();
  t.is(compaction.refusal, undefined);
  t.false(await store.tells(key, old));
});

test('a check tells the size, history that is kept, and what to do about each', async (t) => {
  const { store, write } = await setUp(t);
  const last = await write(20);
  const etcd = { store, key, refusal: undefined };
  const codes = async (bytes: number, revisions: number) =>
    (await database(etcd, { bytes, revisions })).map(({ code }) => code);
  t.deepEqual(await codes(1e9, 1_000), ['REGISTRY_DATABASE_OK']);
  t.deepEqual(await codes(1, 10), ['REGISTRY_LARGE', 'REGISTRY_UNCOMPACTED']);
  const refusal = { message: 'permission denied' };
  const [kept] = await database({ ...etcd, refusal }, { bytes: 1e9, revisions: 10 });
  t.regex(
    kept?.what ?? '',
    /last 10 revisions: nobody compacts it, and this gateway may not: perm/,
  );
  await store.compact(last - 5);
  t.deepEqual(await codes(1e9, 10), ['REGISTRY_DATABASE_OK']);
});

test("a check names etcd's space alarm", async (t) => {
  const quota = 2 * 1024 * 1024;
  const { store, write } = await setUp(t, ['--quota-backend-bytes', `${quota}`]);
  const big = 'x'.repeat(500_000);
  await t.throwsAsync(write(20, big), { code: 'REGISTRY_FULL' } as object);
  const [full] = await database({ store, key, refusal: undefined });
  t.like(full, { level: 'error', code: 'REGISTRY_FULL' });
  t.regex(full?.fix ?? '', /etcdctl alarm disarm/);
});
