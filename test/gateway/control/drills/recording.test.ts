/** Specifies what a drill's timeline says of traffic that moves: its last word is what the report says. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import type { Moved } from '../../../../federation/drills/timing.ts';
import { movedNotes } from '../../../../gateway/control/drills/recording.ts';

test('what turns out otherwise is told again', (t) => {
  let before: Moved = {};
  const told = (now: Moved) => {
    const notes = movedNotes(before, now, parseClusterName('dc1'));
    before = now;
    return notes.map(({ kind, value }) => [kind, value]);
  };
  t.deepEqual(told({}), []);
  t.deepEqual(told({ detectMs: 500 }), [['detected', 500]]);
  t.deepEqual(told({ detectMs: 500, shiftMs: 1_000 }), [['shifted', 1_000]]);
  t.deepEqual(told({ detectMs: 500, shiftMs: 1_000 }), []);
  t.deepEqual(told({ detectMs: 500 }), [['note', undefined]]);
  t.deepEqual(told({ detectMs: 500, shiftMs: 3_000 }), [['shifted', 3_000]]);
  t.deepEqual(told({ detectMs: 500, shiftMs: 3_000, returnMs: 800 }), [['returned', 800]]);
});
