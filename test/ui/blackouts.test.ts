/** Specifies windows without drills as lines of text. */
import test from 'ava';
import { blackoutText, parseBlackouts } from '../../ui/src/views/drills/blackouts.ts';

const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

for (const [line, blackout] of [
  ['12:00 to 14:00', { days: everyDay, from: '12:00', until: '14:00' }],
  ['fri 22:00 to 06:00', { days: ['fri'], from: '22:00', until: '06:00' }],
  ['Fri, sat 12:00 to 24:00', { days: ['fri', 'sat'], from: '12:00', until: '24:00' }],
  [
    '2026-12-20T00:00:00Z to 2027-01-07T00:00:00+01:00',
    { from: '2026-12-20T00:00:00Z', until: '2027-01-07T00:00:00+01:00' },
  ],
] as const) {
  test(`“${line}” is a window`, (t) => {
    const parsed = parseBlackouts(`\n  ${line}  \n`);
    t.deepEqual(parsed, { ok: true, blackouts: [blackout] } as never);
  });
}

for (const line of [
  'fridays',
  'fri',
  '9:00 to 10:00',
  'fry 12:00 to 13:00',
  '2026-12-20 to 2027',
]) {
  test(`“${line}” is none, and is named`, (t) => {
    const parsed = parseBlackouts(`fri 12:00 to 13:00\n${line}`);
    t.deepEqual(parsed, { ok: false, why: `“${line}” is no window of time` });
  });
}

test('a window reads back as it was written', (t) => {
  const text = [
    '12:00 to 14:00',
    'fri,sat 12:00 to 24:00',
    '2026-12-20T00:00Z to 2027-01-07T00:00Z',
  ];
  const parsed = parseBlackouts(text.join('\n'));
  t.deepEqual(parsed.ok && parsed.blackouts.map(blackoutText), text);
});

test('no text is no window', (t) => {
  t.deepEqual(parseBlackouts(' \n'), { ok: true, blackouts: [] });
});
