/** Specifies who tidies up after which drills. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { tidying, type Untidy } from '../../../../gateway/control/drills/tidying.ts';
import { runningDrill as drill } from '../../../federation/drills/specs.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
/** Nothing is alive, and nobody tells how a drill ended, unless said. */
const world: Untidy = {
  ...{ self: dc1, gateway: 'gw1', isLeader: true, drills: [], aborts: [], reports: [], now: 1_000 },
  ...{ isHeld: () => false, tellsEnd: () => false },
};
function tidy(rest: Partial<Untidy>) {
  const { closed, erased } = tidying({ ...world, ...rest });
  const of = (kind: string) => erased.filter((key) => key.kind === kind).map(({ id }) => id);
  const gone = { forgotten: of('runs'), heeded: of('aborts'), unneeded: of('reports') };
  return { closed: closed.map(({ id }) => id), ...gone };
}

test('a drill that nobody drives any more is closed, by the gateway that drove it or the leader', (t) => {
  const orphan = drill('orphan');
  const cases = [
    [{ gateway: 'gw1', isLeader: false }, ['orphan']],
    [{ gateway: 'gw2', isLeader: true }, ['orphan']],
    [{ gateway: 'gw2', isLeader: false }, []],
    [{ isHeld: () => true }, []],
    [{ tellsEnd: () => true }, []],
    [{ self: dc2 }, []],
    [{ drills: [drill('over', { state: 'done' })] }, []],
  ] as const;
  for (const [rest, closed] of cases)
    t.deepEqual(tidy({ drills: [orphan], ...rest }).closed, closed);
  const [ended] = tidying({ ...world, drills: [orphan] }).closed;
  t.like(ended, { state: 'aborted', endedAt: 1_000, abortedBy: { kind: 'driver-lost' } });
  t.deepEqual(
    ended?.timeline.map(({ kind }) => kind),
    ['abort', 'ended'],
  );
});

test('it ended when another cluster saw it end, else when its time limit was over at the latest', (t) => {
  const lost = drill('lost', { startedAt: 10_000 });
  const hours = 10 * 3_600_000;
  const seen = (cluster: string, endedAt: number) =>
    ({ cluster, of: dc1, id: 'lost', report: { endedAt } }) as never;
  const endedAt = (rest: Partial<Untidy>) =>
    tidying({ ...world, drills: [lost], ...rest }).closed[0]?.endedAt;
  t.is(endedAt({ now: 70_000 }), 70_000);
  t.is(endedAt({ now: hours }), 10_000 + 300_000);
  t.is(endedAt({ now: hours, reports: [seen('dc3', 90_000), seen('dc2', 80_000)] }), 80_000);
});

test('a report on a drill that is forgotten is forgotten too, by the cluster that wrote it', (t) => {
  const of = (cluster: string) => ({ cluster, of: dc2, id: 'one', report: {} }) as never;
  const unneeded = (rest: Partial<Untidy>) => tidy(rest).unneeded;
  t.deepEqual(unneeded({ reports: [of('dc1'), of('dc3')] }), ['one']);
  t.deepEqual(unneeded({ reports: [of('dc1')], drills: [drill('one', { cluster: 'dc2' })] }), []);
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
  t.deepEqual(tidy({ drills, aborts, isHeld: () => true }).heeded, []);
  t.deepEqual(tidy({ drills, aborts }).heeded, ['one']);
  t.deepEqual(tidy({ drills: [], aborts }).heeded, ['one']);
  t.deepEqual(tidy({ drills, aborts, self: dc2 }).heeded, []);
});
