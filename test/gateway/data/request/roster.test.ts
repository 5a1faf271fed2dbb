/** Specifies a roster: who is in it, whatever the order in which they come and go. */
import test from 'ava';
import fc from 'fast-check';
import { Roster } from '../../../../core/roster.ts';

test('it holds who a set would hold, and deleting from it leaves alone what was listed', (t) => {
  const moves = fc.array(fc.record({ enters: fc.boolean(), who: fc.nat(9) }), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (all) => {
      const people = Array.from({ length: 10 }, () => ({ place: -1 }));
      const roster = new Roster<{ place: number }>();
      const expected = new Set<{ place: number }>();
      for (const { enters, who } of all) {
        const person = people[who] ?? { place: -1 };
        if (enters) {
          roster.add(person);
          expected.add(person);
        } else {
          roster.delete(person);
          expected.delete(person);
        }
        t.is(roster.size, expected.size);
      }
      t.true(roster.all().every((person) => expected.has(person)));
      const before = roster.all();
      for (const person of before) roster.delete(person);
      t.is(roster.size, 0);
      t.is(before.length, expected.size);
    }),
  );
});
