/** Specifies what a gateway has in force of drills and standing orders, moment by moment. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { lostAfterMs } from '../../../../federation/drills/following.ts';
import type { Drill } from '../../../../federation/drills/model.ts';
import { drainRecordSchema, failoverRecordSchema } from '../../../../federation/drills/records.ts';
import type { DrillSpecInput } from '../../../../federation/drills/spec.ts';
import { type Effects, noEffects } from '../../../../gateway/control/drills/effects.ts';
import { type Followed, Follower } from '../../../../gateway/control/drills/follower.ts';
import { runningDrill, drill as specOf } from '../../../federation/drills/specs.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const wall = 1_000_000_000;
const evacuateDc2 = { kind: 'evacuate', scope: { cluster: 'dc2' } } as const;

/** Driven by dc2. */
function drill(id: string, spec: DrillSpecInput = evacuateDc2): Drill {
  return runningDrill(id, { cluster: 'dc2', createdAt: wall, spec: specOf(spec) });
}

/** A follower of dc1 and the board it looks at; every change is told as the registry would. */
function open() {
  const clock = new ManualClock(wall);
  const applied: Effects[] = [];
  const noted: string[] = [];
  const board = { drills: [], beats: [], aborts: [], drained: [], failedOver: [] } as {
    -readonly [K in keyof Followed]: Followed[K];
  };
  const follower = new Follower({
    self: dc1,
    clock,
    apply: (effects) => applied.push(effects),
    noted: ({ id }, { kind, ...rest }) => noted.push(`${id} ${'why' in rest ? rest.why : kind}`),
  });
  follower.follow(board);
  let sequence = 0;
  return {
    ...{ clock, applied, noted, board, follower },
    /** Percent kept off each cluster now. */
    withheld: () =>
      Object.fromEntries(
        (applied.at(-1) ?? noEffects).shifts.flatMap((shift) =>
          shift.kind === 'withhold' ? [[shift.cluster, shift.percent]] : [],
        ),
      ),
    runs(...drills: readonly Drill[]) {
      board.drills = [...drills];
      for (const { cluster, id } of drills) follower.changed({ kind: 'runs', cluster, id }, true);
    },
    beat({ cluster, id }: Drill, inForce: number, fresh = true) {
      sequence += 1;
      board.beats = [
        ...board.beats.filter((beat) => beat.id !== id),
        { cluster, id, sequence, inForce },
      ];
      follower.changed({ kind: 'beats', cluster, id }, fresh);
    },
    silence({ cluster, id }: Drill) {
      board.beats = board.beats.filter((beat) => beat.id !== id);
      follower.changed({ kind: 'beats', cluster, id }, true);
    },
  };
}

test('a drill does what its beats say, and each change is applied once', (t) => {
  const { runs, beat, withheld, applied, follower } = open();
  const one = drill('one');
  runs(one);
  t.deepEqual(applied, []);
  t.deepEqual(follower.strengths, [{ drill: 'one', inForce: 0 }]);
  for (const [inForce, percent] of [
    [0.5, 50],
    [0.5, 50],
    [1, 100],
  ] as const) {
    beat(one, inForce);
    t.deepEqual(withheld(), { dc2: percent });
  }
  t.is(applied.length, 2);
  t.deepEqual(follower.strengths, [{ drill: 'one', inForce: 1 }]);
});

test('a beat that was found in a list starts nothing', (t) => {
  const { runs, beat, applied } = open();
  const one = drill('one');
  runs(one);
  beat(one, 1, false);
  t.deepEqual(applied, []);
});

test('every way it can end lets go here, and nothing brings it back', (t) => {
  const ways: readonly (readonly [
    string,
    (scene: ReturnType<typeof open>, one: Drill) => void,
    string,
  ])[] = [
    ['its record says so', ({ runs }, one) => runs({ ...one, state: 'done' }), 'ended'],
    [
      'somebody aborts it',
      ({ board, follower }, { id }) => {
        board.aborts = [{ cluster: dc1, id, at: wall, what: 'enough' }];
        follower.changed({ kind: 'aborts', cluster: dc1, id }, true);
      },
      'ended',
    ],
    ['its beats are gone', ({ silence }, one) => silence(one), 'lost'],
    ['it is silent', ({ clock }) => clock.advance(lostAfterMs), 'lost'],
    [
      'its time limit passes, whatever it says',
      ({ clock, beat }, one) => {
        for (let s = 0; s < 300; s++) {
          clock.advance(1_000);
          beat(one, 1);
        }
      },
      'deadline',
    ],
  ];
  for (const [what, end, why] of ways) {
    const scene = open();
    const one = drill('one');
    scene.runs(one);
    scene.beat(one, 1);
    t.deepEqual(scene.withheld(), { dc2: 100 }, what);
    end(scene, one);
    t.deepEqual(scene.applied.at(-1), noEffects, what);
    t.is(scene.noted.at(-1), `one ${why}`, what);
    t.is(scene.follower.overHere(one), why as never, what);
    scene.beat(one, 1);
    t.deepEqual(scene.applied.at(-1), noEffects, what);
  }
});

test('a copy of a record older than its drill could be is followed by nobody', (t) => {
  const { runs, beat, applied, clock } = open();
  const old = drill('old');
  clock.advance(300_000 + 120_001);
  runs(old);
  beat(old, 1);
  t.deepEqual(applied, []);
});

test('several at once do all that they do', (t) => {
  const { runs, beat, withheld, applied } = open();
  const one = drill('one');
  const two = drill('two', { kind: 'slow', scope: { cluster: 'dc3' }, slow: { delay: '1s' } });
  runs(one, two);
  beat(one, 1);
  beat(two, 1);
  t.deepEqual(withheld(), { dc2: 100 });
  t.is(applied.at(-1)?.faults.length, 1);
  runs({ ...one, state: 'aborted' }, two);
  t.deepEqual(withheld(), {});
  t.is(applied.at(-1)?.faults.length, 1);
});

test('a drain comes by its ramp, by itself, and goes at once when it is undone', (t) => {
  const { clock, board, follower, withheld } = open();
  const order = { cluster: 'dc1', sequence: 1, active: true, at: wall, of: 'dc2', rampMs: 2_000 };
  board.drained = [drainRecordSchema.parse(order)];
  follower.changed({ kind: 'drains', cluster: dc1, of: dc2 }, true);
  const seen = [withheld()['dc2']];
  for (let step = 0; step < 10; step++) {
    clock.advance(250);
    seen.push(withheld()['dc2']);
  }
  t.deepEqual(seen.slice(0, 3), [0, 12.5, 25]);
  t.deepEqual(seen.slice(-3), [100, 100, 100]);
  t.is(clock.pending, 0);
  board.drained = [];
  follower.changed({ kind: 'drains', cluster: dc1, of: dc2 }, true);
  t.deepEqual(withheld(), {});
});

test('a failover sends a share on', (t) => {
  const { board, follower, applied } = open();
  const service = parseServiceName('orders.shop');
  const order = { cluster: 'dc1', sequence: 1, active: true, at: wall, service, to: 'dc2' };
  board.failedOver = [failoverRecordSchema.parse({ ...order, percent: 20 })];
  follower.changed({ kind: 'failovers', cluster: dc1, service }, true);
  t.like(applied.at(-1)?.shifts[0], { kind: 'direct', service, to: dc2, percent: 20 });
});

test('a federation that is left takes everything with it', (t) => {
  const { runs, beat, applied, follower } = open();
  const one = drill('one');
  runs(one);
  beat(one, 1);
  follower.follow(undefined);
  t.deepEqual(applied.at(-1), noEffects);
});

test('a gateway that has let go of a drill still says whether its driver is heard', (t) => {
  const { clock, runs, beat, silence, follower } = open();
  const one = drill('one');
  runs(one);
  t.false(follower.hears(one));
  beat(one, 1, false);
  t.false(follower.hears(one), 'that may have been its last');
  beat(one, 1);
  t.true(follower.hears(one));
  clock.advance(lostAfterMs);
  t.is(follower.overHere(one), 'lost');
  t.false(follower.hears(one));
  beat(one, 1);
  t.is(follower.overHere(one), 'lost');
  t.true(follower.hears(one));
  clock.advance(lostAfterMs);
  silence(one);
  t.false(follower.hears(one), 'a beat that goes is none');
});
