/** Specifies what the audit tells of a change: the fields that differ, without secrets, and not without end. */
import test from 'ava';
import { type Difference, differences } from '../../../../gateway/control/audit/differences.ts';

const cases: readonly (readonly [of: string, before: unknown, after: unknown, Difference[]])[] = [
  ['nothing that changed', { a: 1, b: [1] }, { a: 1, b: [1] }, []],
  [
    'a field',
    { a: { b: 1, c: 2 } },
    { a: { b: 3, c: 2 } },
    [{ field: 'a.b', before: 1, after: 3 }],
  ],
  ['what is made', undefined, { a: 1, b: {} }, [{ field: 'a', after: 1 }]],
  ['what is taken away', { a: 1 }, undefined, [{ field: 'a', before: 1 }]],
  [
    'an item',
    { a: [{ b: 1 }, { b: 2 }] },
    { a: [{ b: 1 }, { b: 3 }] },
    [{ field: 'a[1].b', before: 2, after: 3 }],
  ],
  ['a list that grows', { a: [1] }, { a: [1, 2] }, [{ field: 'a', before: [1], after: [1, 2] }]],
  ['a list where there was none', {}, { a: [1] }, [{ field: 'a', after: [1] }]],
  [
    'a value of another kind',
    { a: 1 },
    { a: { b: 1 } },
    [{ field: 'a', before: 1, after: { b: 1 } }],
  ],
  ['a value that is nothing', { a: null }, { a: 0 }, [{ field: 'a', before: null, after: 0 }]],
  ['a thing that is one value', 'info', 'debug', [{ field: '', before: 'info', after: 'debug' }]],
];

for (const [of, before, after, expected] of cases) {
  test(`of ${of}`, (t) => t.deepEqual(differences(before, after), expected));
}

test('security: that a secret is another is told, and neither of them is', (t) => {
  const headers = (value: string) => ({ set: [{ name: 'Authorization', value }] });
  const before = { ...headers('Bearer one'), clientSecret: 'one', deep: { password: ['one'] } };
  const after = { ...headers('Bearer two'), clientSecret: 'two', deep: { password: ['two'] } };
  const told = differences(before, after);
  t.deepEqual(told, [
    { field: 'set[0].value', before: '[redacted]', after: '[redacted]' },
    { field: 'clientSecret', before: '[redacted]', after: '[redacted]' },
    { field: 'deep.password', before: '[redacted]', after: '[redacted]' },
  ]);
  const added = differences({ set: [] }, headers('Bearer one'));
  t.false(JSON.stringify(added).includes('one'));
});

test('many fields, and long values, are cut short, and that is said', (t) => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, i]));
  const told = differences({}, many);
  t.is(told.length, 64);
  t.deepEqual(told.at(-1), { field: '...', after: '137 more fields differ' });
  const [long] = differences({}, { a: 'x'.repeat(10_000) });
  t.is(String(long?.after).length, 515);
});
