/** Specifies how changes of a message's fields add up. */
import test from 'ava';
import { type FieldChanges, FieldEdits } from '../../../../gateway/data/message/field-edits.ts';

interface Case {
  readonly situation: string;
  readonly changes: readonly [FieldChanges, ...FieldChanges[]];
  readonly drops: readonly string[];
  readonly lines: string;
}

const cases: readonly Case[] = [
  {
    situation: 'a field that is set takes the place of what came',
    changes: [{ set: ['X-Tier', 'gold'] }],
    drops: ['x-tier'],
    lines: 'x-tier: gold\r\n',
  },
  {
    situation: 'a field that is added stands beside what came',
    changes: [{ add: ['x-tier', 'gold'] }],
    drops: [],
    lines: 'x-tier: gold\r\n',
  },
  {
    situation: 'a field that is removed goes',
    changes: [{ remove: ['X-Tier'] }],
    drops: ['x-tier'],
    lines: '',
  },
  {
    situation: 'a later change takes away what an earlier one added',
    changes: [{ add: ['x-a', '1', 'x-b', '2'] }, { remove: ['x-a'] }],
    drops: ['x-a'],
    lines: 'x-b: 2\r\n',
  },
  {
    situation: 'a later change replaces what an earlier one set',
    changes: [{ set: ['x-a', '1'] }, { set: ['X-A', '2'], add: ['x-a', '3'] }],
    drops: ['x-a'],
    lines: 'x-a: 2\r\nx-a: 3\r\n',
  },
];

for (const { situation, changes, drops, lines } of cases) {
  test(situation, (t) => {
    const [first, ...later] = changes;
    const edits = later.reduce((sum, one) => sum.and(FieldEdits.of(one)), FieldEdits.of(first));
    t.deepEqual(edits.drops, drops);
    t.is(edits.lines, lines);
  });
}

test('security: a value that would end its line is refused, not sent', (t) => {
  t.throws(() => FieldEdits.of({ set: ['x-a', '1\r\nx-b: 2'] }), { code: 'INTERNAL' });
  t.throws(() => FieldEdits.of({ add: ['content-length', '2'] }), { code: 'INTERNAL' });
});
