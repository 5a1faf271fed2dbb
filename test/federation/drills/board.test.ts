/** Specifies what is believed of drills in the registry, against a real one. */
import test, { type ExecutionContext } from 'ava';
import { type Authority, openAuthority } from '../../../certs/authority.ts';
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import { systemClock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { silentLog } from '../../../core/log.ts';
import { type ClusterName, parseClusterName, parseFederationName } from '../../../core/names.ts';
import { DrillBoard } from '../../../federation/drills/board.ts';
import type { DrainRecord } from '../../../federation/drills/records.ts';
import { type DrillKey, encodeDrillKey } from '../../../registry/drill-keys.ts';
import { signRecord, verifyRecord } from '../../../registry/signing.ts';
import { startEtcd } from '../../support/etcd.ts';
import { openStore } from '../../support/store.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { until } from '../../support/until.ts';
import { runningDrill } from './specs.ts';

const acme = parseFederationName('acme');
const [dc1, dc2] = [parseClusterName('dc1'), parseClusterName('dc2')];

interface Scene {
  readonly board: DrillBoard;
  readonly changes: string[];
  /** Whose roots are known. */
  readonly known: Set<ClusterName>;
  put(key: DrillKey, record: object, signer?: ClusterName | 'nobody'): Promise<void>;
  remove(key: DrillKey): Promise<void>;
}

async function open(t: ExecutionContext): Promise<Scene> {
  const etcd = await startEtcd(t);
  const store = openStore(t, { endpoints: [etcd.endpoint] });
  const authorities = new Map<ClusterName, Authority>();
  for (const cluster of [dc1, dc2]) {
    const trustDomain = parseTrustDomain(`${cluster}.acme`);
    const dir = await tempDir(t);
    authorities.set(cluster, await openAuthority({ dir, trustDomain, clock: systemClock }));
  }
  const known = new Set([dc1, dc2]);
  const changes: string[] = [];
  const board = new DrillBoard({
    ...{ store, federation: acme, clock: systemClock, random: Math.random, log: silentLog },
    verify(cluster, key, raw) {
      const root = known.has(cluster) ? authorities.get(cluster)?.root : undefined;
      verifyRecord(key, raw, root ? [root] : []);
    },
    changed: ({ kind, cluster }, fresh) =>
      changes.push(`${kind} of ${cluster}${fresh ? '' : ', found'}`),
  });
  t.teardown(() => board.close());
  return {
    ...{ board, changes, known },
    async put(key, record, signer = key.cluster) {
      const text = encodeDrillKey(acme, key);
      const authority = signer === 'nobody' ? undefined : authorities.get(signer);
      const written = authority ? signRecord(text, record, authority) : record;
      await store.txn([], [{ op: 'put', key: text, value: JSON.stringify(written) }]);
    },
    async remove(key) {
      await store.txn([], [{ op: 'delete', key: encodeDrillKey(acme, key) }]);
    },
  };
}

const runs = (cluster: ClusterName, id: string): DrillKey => ({ kind: 'runs', cluster, id });
const ids = ({ drills }: DrillBoard) => drills.map(({ id }) => id).sort();

function drainOf(cluster: ClusterName, sequence: number, active = true): DrainRecord {
  return { cluster, of: dc1, sequence, active, at: 1, rampMs: 0 };
}

test('what is there is found, and what is written after is fresh; what is deleted is gone', async (t) => {
  const { board, changes, put, remove } = await open(t);
  await put(runs(dc1, 'one'), runningDrill('one'));
  t.false(board.current);
  board.start();
  await until('the list', () => board.current && ids(board).length === 1);
  await put(runs(dc1, 'two'), runningDrill('two'));
  await until('the second', () => ids(board).length === 2);
  await remove(runs(dc1, 'one'));
  await until('the first to be gone', () => ids(board).join() === 'two');
  t.deepEqual(changes, ['runs of dc1, found', 'runs of dc1', 'runs of dc1']);
});

test('a record that nobody could have written there is refused by name, and hides no other', async (t) => {
  const { board, put } = await open(t);
  const drill = runningDrill('one');
  const cases: readonly (readonly [DrillKey, object, ClusterName | 'nobody', string])[] = [
    [runs(dc1, 'unsigned'), runningDrill('unsigned'), 'nobody', 'RECORD_UNSIGNED'],
    [runs(dc1, 'forged'), runningDrill('forged'), dc2, 'RECORD_UNSIGNED'],
    [runs(dc2, 'one'), drill, dc2, 'RECORD_FOREIGN'],
    [runs(dc1, 'other'), drill, dc1, 'RECORD_FOREIGN'],
    [runs(dc1, 'broken'), { id: 'broken' }, dc1, 'RECORD_INVALID'],
  ];
  await put(runs(dc1, 'one'), drill);
  for (const [key, record, signer] of cases) await put(key, record, signer);
  board.start();
  await until('the list', () => board.current);
  t.deepEqual(ids(board), ['one']);
  for (const [key, , , code] of cases) {
    t.is(board.problems.get(encodeDrillKey(acme, key))?.code, code as never, JSON.stringify(key));
  }
  t.is(board.problems.size, cases.length);
  // Written anew as it should be, or deleted, it is a problem no more.
  await put(runs(dc1, 'unsigned'), runningDrill('unsigned'));
  await until('it to be believed', () => ids(board).includes('unsigned'));
  t.is(board.problems.size, cases.length - 1);
});

test('what was refused is believed once trust says so', async (t) => {
  const { board, known, put } = await open(t);
  known.delete(dc2);
  await put(runs(dc2, 'one'), runningDrill('one', { cluster: 'dc2' }));
  board.start();
  await until('it to be refused', () => board.problems.size === 1);
  t.deepEqual(ids(board), []);
  known.add(dc2);
  board.reconsider();
  t.deepEqual(ids(board), ['one']);
  t.is(board.problems.size, 0);
});

test('counts need no signature: they can only end a drill', async (t) => {
  const { board, put, remove } = await open(t);
  const key = { kind: 'measures', cluster: dc1, id: 'gw1' } as const;
  const measure = {
    cluster: dc1,
    id: 'gw1',
    uptimeMs: 1,
    boundsMs: [],
    services: [],
    following: [],
  };
  board.start();
  // One after the other is seen: of two that are written meanwhile a list has the last alone.
  for (const uptimeMs of [1, 2]) {
    await put(key, { ...measure, uptimeMs }, 'nobody');
    await until('it', () => board.histories.get('dc1/gw1')?.length === uptimeMs);
  }
  await remove(key);
  await until('it to be forgotten', () => board.histories.size === 0);
  t.pass();
});

test('of several orders about one cluster the newest is in force, from the disk as well', async (t) => {
  const { board, put, changes } = await open(t);
  const key = (cluster: ClusterName): DrillKey => ({ kind: 'drains', cluster, of: dc1 });
  await put(key(dc1), drainOf(dc1, 1));
  board.start();
  await until('the first', () => board.drained.length === 1);
  await put(key(dc2), drainOf(dc2, 2, false));
  await until('it to be undone', () => board.drained.length === 0);
  t.is(board.drains.length, 2);
  const kept = [...board.orders()].map(([text, record]) => ({
    key: text,
    value: JSON.stringify(record),
  }));
  const other = await open(t);
  other.board.recall(kept);
  // Another cluster's authority wrote them: there is nobody to believe.
  t.deepEqual(other.board.drains, []);
  t.true([...other.board.problems.values()].every((one) => one instanceof IsthmusError));
  board.recall(kept);
  t.is(changes.filter((change) => change.endsWith('found')).length, 1);
});

test('security: an older order that is brought back, from a backup or by a thief, does not count, nor does the loss of a newer one', async (t) => {
  const { board, put, remove, known } = await open(t);
  const key: DrillKey = { kind: 'drains', cluster: dc2, of: dc1 };
  const text = encodeDrillKey(acme, key);
  await put(key, drainOf(dc2, 3));
  board.start();
  await until('the order', () => board.drained.length === 1);
  await put(key, drainOf(dc2, 2, false));
  await until('the older one to be named', () => board.problems.get(text)?.code === 'RECORD_STALE');
  t.is(board.drained[0]?.sequence, 3);
  t.deepEqual(
    board.unheld.map(({ text, of }) => [text, of]),
    [[text, dc2]],
  );
  await remove(key);
  await until('the loss to be named', () =>
    board.problems.get(text)?.message.includes('has lost an order of dc2'),
  );
  t.is(board.drained[0]?.sequence, 3);

  // What is written again is all that there was to say.
  await put(key, board.unheld[0]?.record ?? {}, 'nobody');
  await until('it to be well', () => board.problems.size === 0);
  t.deepEqual(board.unheld, []);

  // Of a cluster that left nothing stays.
  await remove(key);
  await until('the loss', () => board.unheld.length === 1);
  known.delete(dc2);
  board.reconsider();
  t.deepEqual([board.drained, board.unheld, [...board.problems]], [[], [], []]);
});
