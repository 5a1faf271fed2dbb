/** Specifies when a schedule runs its drill. */
import test from 'ava';
import type { z } from 'zod';
import { checkSchedule, nextRun } from '../../../federation/drills/calendar.ts';
import { type Schedule, scheduleSchema } from '../../../federation/drills/records.ts';
import { evacuation } from './specs.ts';

function schedule(given: Partial<z.input<typeof scheduleSchema>>): Schedule {
  return scheduleSchema.parse({ cron: '0 10 * * *', spec: evacuation, ...given });
}

function next(given: Parameters<typeof schedule>[0], after: string): string | undefined {
  const at = nextRun(schedule(given), Date.parse(after));
  return at === undefined ? undefined : new Date(at).toISOString().replace('.000Z', 'Z');
}

/** Whether one that would run every second does not at the second `at`. */
function isCovered(given: Parameters<typeof schedule>[0], at: string): boolean {
  const justBefore = new Date(Date.parse(at) - 1).toISOString();
  return next({ cron: '* * * * * *', ...given }, justBefore) !== at;
}

test('the next time by the pattern, in the time zone of the schedule', (t) => {
  t.is(next({}, '2026-11-21T09:59:59Z'), '2026-11-21T10:00:00Z');
  t.is(next({}, '2026-11-21T10:00:00Z'), '2026-11-22T10:00:00Z');
  t.is(next({ timeZone: 'Europe/Berlin' }, '2026-11-21T00:00:00Z'), '2026-11-21T09:00:00Z');
  t.is(next({ cron: '*/10 * * * * *' }, '2026-11-21T10:00:01Z'), '2026-11-21T10:00:10Z');
});

test('a time zone whose clocks change: ten in the morning stays ten in the morning', (t) => {
  const berlin = { timeZone: 'Europe/Berlin' };
  t.is(next(berlin, '2026-03-28T10:00:00Z'), '2026-03-29T08:00:00Z');
  t.is(next(berlin, '2026-10-24T10:00:00Z'), '2026-10-25T09:00:00Z');
});

test('times that a blackout covers are passed over', (t) => {
  const holidays = { from: '2026-12-20T00:00:00Z', until: '2027-01-07T00:00:00Z' };
  t.is(next({ blackouts: [holidays] }, '2026-12-19T12:00:00Z'), '2027-01-07T10:00:00Z');
  const year = { from: '2026-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' };
  t.is(
    next({ cron: '* * * * * *', blackouts: [year] }, '2026-01-01T00:00:00Z'),
    '2027-01-01T00:00:00Z',
  );
  const weekend = { days: ['sat' as const, 'sun' as const], from: '00:00', until: '24:00' };
  // The 20th of November 2026 is a Friday.
  t.is(next({ blackouts: [weekend] }, '2026-11-20T12:00:00Z'), '2026-11-23T10:00:00Z');
});

test('a pattern of every second finds its way out of a long blackout', (t) => {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
  const blackouts = [{ days: [...days], from: '00:00', until: '24:00' }];
  t.is(next({ cron: '* * * * * *', blackouts }, '2026-11-16T00:00:30Z'), '2026-11-22T00:00:00Z');
  const nights = [{ from: '18:00', until: '08:30' }];
  t.is(
    next({ cron: '* * * * * *', blackouts: nights }, '2026-11-20T18:00:00Z'),
    '2026-11-21T08:30:00Z',
  );
});

test('one that is off, and one that is blacked out for good, never runs', (t) => {
  t.is(next({ enabled: false }, '2026-11-21T00:00:00Z'), undefined);
  t.is(next({ blackouts: [{ from: '09:00', until: '11:00' }] }, '2026-11-21T00:00:00Z'), undefined);
});

test('a window covers its first minute and not its last', (t) => {
  const office = { blackouts: [{ from: '09:00', until: '17:30' }] };
  t.false(isCovered(office, '2026-11-20T08:59:59Z'));
  t.true(isCovered(office, '2026-11-20T09:00:00Z'));
  t.true(isCovered(office, '2026-11-20T17:29:59Z'));
  t.false(isCovered(office, '2026-11-20T17:30:00Z'));
});

test('a window over midnight belongs to the day it begins on', (t) => {
  const night = { days: ['fri' as const], from: '22:00', until: '06:00' };
  const covered = (at: string) => isCovered({ blackouts: [night] }, at);
  t.true(covered('2026-11-20T23:00:00Z'));
  t.true(covered('2026-11-21T05:59:00Z'));
  t.false(covered('2026-11-21T06:00:00Z'));
  t.false(covered('2026-11-20T05:00:00Z'));
  t.false(covered('2026-11-21T23:00:00Z'));
});

test('a window is in the time zone of its schedule', (t) => {
  const lunch = { timeZone: 'Asia/Tokyo', blackouts: [{ from: '12:00', until: '13:00' }] };
  t.true(isCovered(lunch, '2026-11-20T03:30:00Z'));
  t.false(isCovered(lunch, '2026-11-20T12:30:00Z'));
});

test('what can not be understood is refused', (t) => {
  for (const wrong of [
    { cron: 'now and then' },
    { cron: '61 * * * *' },
    { timeZone: 'Europe/Atlantis' },
  ]) {
    t.throws(
      () => checkSchedule(schedule(wrong)),
      { code: 'BODY_INVALID' } as object,
      JSON.stringify(wrong),
    );
  }
  t.notThrows(() => checkSchedule(schedule({ blackouts: [{ from: '22:00', until: '06:00' }] })));
});
