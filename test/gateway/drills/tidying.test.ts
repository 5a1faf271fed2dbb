/** Specifies who tidies up after which drills. */
import test from 'ava';
import { parseClusterName } from '../../../core/names.ts';
import { tidied, type Untidy } from '../../../gateway/drills/tidying.ts';
import { runningDrill as drill } from '../../federation/drills/specs.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
/** Nothing is alive, unless said. */
function tidy(rest: Partial<Untidy>) {
  const world = { self: dc1, gateway: 'gw1', isLeader: true, drills: [], aborts: [], now: 1_000 };
  const { closed, forgotten, heeded } = tidied({ ...world, isAlive: () => false, ...rest });
  return { closed: closed.map(({ id }) => id), forgotten: forgotten.map(({ id }) => id), heeded };
}

test('a drill that nobody drives any more is closed, by the gateway that drove it or the leader', (t) => {
  const orphan = drill('orphan');
  const cases = [
    [{ gateway: 'gw1', isLeader: false }, ['orphan']],
    [{ gateway: 'gw2', isLeader: true }, ['orphan']],
    [{ gateway: 'gw2', isLeader: false }, []],
    [{ isAlive: () => true }, []],
    [{ self: dc2 }, []],
    [{ drills: [drill('over', { state: 'done' })] }, []],
  ] as const;
  for (const [rest, closed] of cases)
    t.deepEqual(tidy({ drills: [orphan], ...rest }).closed, closed);
  const [ended] = tidied({
    ...{ self: dc1, gateway: 'gw1', isLeader: true, drills: [orphan], aborts: [], now: 1_000 },
    isAlive: () => false,
  }).closed;
  t.like(ended, { state: 'aborted', endedAt: 1_000, abortedBy: { kind: 'driver-lost' } });
  t.deepEqual(
    ended?.timeline.map(({ kind }) => kind),
    ['abort', 'ended'],
  );
});

test('the fifty newest that are over are kept; the leader forgets the others', (t) => {
  const drills = Array.from({ length: 52 }, (_, i) =>
    drill(`d${i}`, { state: 'done', createdAt: (i * 7) % 52 }),
  );
  const oldest = drills.filter(({ createdAt }) => createdAt < 2).map(({ id }) => id);
  t.deepEqual(tidy({ drills }).forgotten.sort(), oldest.sort());
  t.deepEqual(tidy({ drills, isLeader: false }).forgotten, []);
});

test('an abort is taken back once its drill is over, by the cluster that asked', (t) => {
  const aborts = [{ cluster: dc1, id: 'one', at: 0, what: 'enough' }];
  const drills = [drill('one', { cluster: 'dc2' })];
  t.deepEqual(tidy({ drills, aborts, isAlive: () => true }).heeded, []);
  t.deepEqual(tidy({ drills, aborts }).heeded, ['one']);
  t.deepEqual(tidy({ drills: [], aborts }).heeded, ['one']);
  t.deepEqual(tidy({ drills, aborts, self: dc2 }).heeded, []);
});
