/** Specifies how a gateway follows one drill: in force while beats come, and never longer. */
import test from 'ava';
import {
  type FollowEvent,
  type Following,
  followed,
  lostAfterMs,
  nextCheck,
  strengthOf,
  waiting,
} from '../../../federation/drills/following.ts';

const limitMs = 60_000;

function beat(sequence: number, inForce: number, fresh = true): FollowEvent {
  return { kind: 'beat', sequence, inForce, fresh, timeLimitMs: limitMs };
}

/** What becomes of events, each at its time. */
function after(...events: readonly (readonly [at: number, event: FollowEvent])[]): Following {
  return events.reduce<Following>((state, [at, event]) => followed(state, event, at), waiting);
}

const time: FollowEvent = { kind: 'time' };

test('it is in force as far as the last beat says', (t) => {
  t.is(strengthOf(waiting), 0);
  t.is(strengthOf(after([0, beat(1, 0.5)])), 0.5);
  t.is(strengthOf(after([0, beat(1, 0.5)], [500, beat(2, 1)])), 1);
  t.is(strengthOf(after([0, beat(2, 1)], [500, beat(1, 0)])), 1);
});

test('a beat that was found says nothing: it may be the last of a dead driver', (t) => {
  t.is(after([0, beat(7, 1, false)]), waiting);
  t.is(strengthOf(after([0, beat(7, 1, false)], [500, beat(8, 1)])), 1);
});

test('without a beat for five seconds it is over, and no beat brings it back', (t) => {
  t.is(strengthOf(after([0, beat(1, 1)], [lostAfterMs - 1, time])), 1);
  const over = after([0, beat(1, 1)], [lostAfterMs, time]);
  t.deepEqual(over, { kind: 'over', why: 'lost' });
  t.is(followed(over, beat(2, 1), lostAfterMs + 1), over);
  // A beat that comes too late finds it over too.
  t.deepEqual(after([0, beat(1, 1)], [lostAfterMs, beat(2, 1)]), { kind: 'over', why: 'lost' });
});

test('beats that are taken away, with a lease that ran out, end it at once', (t) => {
  t.deepEqual(after([0, beat(1, 1)], [10, { kind: 'gone' }]), { kind: 'over', why: 'lost' });
  t.is(after([10, { kind: 'gone' }]), waiting);
});

test('its time limit ends it whatever beats say; it runs from the first effect', (t) => {
  const beating: [number, FollowEvent][] = Array.from({ length: 100 }, (_, i) => [
    i * 1_000,
    beat(i, i < 10 ? 0 : 1),
  ]);
  const until = (ms: number) => after(...beating.filter(([at]) => at <= ms));
  t.is(strengthOf(until(69_000)), 1);
  t.deepEqual(until(70_000), { kind: 'over', why: 'deadline' });
});

test('its end by its record is an end', (t) => {
  t.deepEqual(after([0, beat(1, 1)], [1, { kind: 'ended' }]), { kind: 'over', why: 'ended' });
  t.deepEqual(after([1, { kind: 'ended' }]), { kind: 'over', why: 'ended' });
});

test('it is looked at again when silence or the time limit would end it', (t) => {
  t.is(nextCheck(waiting), undefined);
  t.is(nextCheck(after([100, beat(1, 1)])), 100 + lostAfterMs);
  t.is(
    nextCheck({ kind: 'following', sequence: 1, inForce: 1, beatAt: 900, deadline: 1_000 }),
    1_000,
  );
  t.is(nextCheck({ kind: 'over', why: 'lost' }), undefined);
});
