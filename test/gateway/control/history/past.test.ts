/** Specifies what a history's lines come to at a moment. */
import test from 'ava';
import { changesBetween } from '../../../../gateway/control/history/history.ts';
import { type HistoryLine, type Moment, pastAt } from '../../../../gateway/control/history/past.ts';
import { pauseAfter } from '../../../../gateway/control/history/recorder.ts';

/** A process that starts at 10 with a and b, loses b at 20, has a changed at 30; one that starts at 50, in two lines; and a change at 60. */
const lines: readonly HistoryLine[] = [
  { at: 5, revision: 1, set: { lost: 1 } },
  { at: 10, revision: 2, begin: true, start: true, whole: true, set: { a: 1, b: 1 } },
  { at: 20, revision: 4, set: {}, gone: ['b'] },
  { at: 30, revision: 6, set: { a: 2 } },
  { at: 50, revision: 7, begin: true, start: true, set: { a: 2 } },
  { at: 51, revision: 7, whole: true, set: { c: 1 } },
  { at: 60, revision: 9, set: { d: 1 } },
];

const cases: readonly (readonly [when: string, Moment, expected: object])[] = [
  ['before everything was told once', { at: 7 }, { knownFrom: 10 }],
  ['at the start', { at: 10 }, { at: 10, facts: { a: 1, b: 1 } }],
  ['between two lines', { at: 25 }, { at: 20, facts: { a: 1 } }],
  ['where the process may have ended', { at: 40 }, { at: 30, facts: { a: 2 }, restartedAt: 50 }],
  ['while everything is told anew', { at: 50 }, { at: 50, facts: { a: 2 } }],
  ['after that', { at: 55 }, { at: 51, facts: { a: 2, c: 1 } }],
  ['now', { at: 99 }, { at: 60, facts: { a: 2, c: 1, d: 1 } }],
  ['at a revision', { revision: 4 }, { at: 20, facts: { a: 1 } }],
  ['at a revision that no line has', { revision: 5 }, { at: 20, facts: { a: 1 } }],
];

for (const [when, moment, expected] of cases) {
  test(`what was believed ${when}`, async (t) => {
    const past = await pastAt(lines, moment);
    const told = 'facts' in past ? { ...past, facts: Object.fromEntries(past.facts) } : past;
    const { revision: _, ...rest } = told as typeof told & { revision?: number };
    t.deepEqual(rest, expected as typeof rest);
  });
}

test('what was not told when all was told anew is gone', async (t) => {
  const anew: HistoryLine = { at: 70, revision: 9, begin: true, whole: true, set: { d: 1 } };
  const past = await pastAt([...lines, anew], { at: 70 });
  t.deepEqual('facts' in past && Object.fromEntries(past.facts), { d: 1 });
});

test('two moments differ by what was added, removed and changed, field by field', (t) => {
  const before = new Map<string, unknown>([
    ['service/a', { own: [{ zone: 'a', healthy: 2 }] }],
    ['service/b', { own: [] }],
  ]);
  const after = new Map<string, unknown>([
    ['service/a', { own: [{ zone: 'a', healthy: 0 }] }],
    ['cluster/dc2', { link: 'up' }],
  ]);
  t.deepEqual(changesBetween(before, after), [
    { name: 'cluster/dc2', change: 'added', changes: [{ field: 'link', after: 'up' }] },
    {
      name: 'service/a',
      change: 'changed',
      changes: [{ field: 'own[0].healthy', before: 2, after: 0 }],
    },
    { name: 'service/b', change: 'removed', changes: [{ field: 'own', before: [] }] },
  ]);
});

for (const [bytes, pause] of [
  [0, 2_000],
  [32 * 1024, 3_000],
  [10 * 1024 * 1024, 60_000],
] as const) {
  test(`after a line of ${bytes} bytes the next waits ${pause} ms`, (t) =>
    t.is(pauseAfter(bytes), pause));
}
