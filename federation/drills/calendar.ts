/** Owns when a schedule runs its drill: the next time by its cron pattern that no blackout covers. */
import { Cron } from 'croner';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { type Blackout, type Schedule, weekdays } from './records.ts';

/** Looks at the calendar, half a millisecond each, before a schedule counts as one that never runs: more than a week of steps. */
const mostLooks = 200;
/** A weekly blackout is left in steps no longer than this, since clocks may change within it. Milliseconds. */
const longestStepMs = 60 * 60_000;
const minuteMs = 60_000;
const minutesOfDay = 24 * 60;

/** Throws BODY_INVALID for a pattern, a time zone or a window that can't be understood. */
export function checkSchedule(schedule: Schedule): void {
  try {
    cronOf(schedule).nextRun(new Date(0));
    for (const blackout of schedule.blackouts) coveredFor(blackout, 0, schedule.timeZone);
  } catch (cause) {
    throw new IsthmusError('BODY_INVALID', {
      what: `The schedule can't be understood: ${messageOf(cause)}`,
      where: 'cron',
      cause,
    });
  }
}

/** The first run after wall time `after` that no blackout covers, in milliseconds; undefined when there is none, or it is off. */
export function nextRun(schedule: Schedule, after: number): number | undefined {
  if (!schedule.enabled) return undefined;
  const cron = cronOf(schedule);
  let at = cron.nextRun(new Date(after))?.getTime();
  for (let looks = 0; at !== undefined && looks < mostLooks; looks++) {
    const leftMs = blackoutLeft(schedule, at);
    if (leftMs === 0) return at;
    // A millisecond early: the next run may be the very moment at which the blackout ends.
    at = cron.nextRun(new Date(at + leftMs - 1))?.getTime();
  }
  return undefined;
}

/** How long blackouts go on at wall time `at` at the least, in milliseconds; 0 when none covers it. */
function blackoutLeft({ blackouts, timeZone }: Schedule, at: number): number {
  return Math.max(0, ...blackouts.map((blackout) => coveredFor(blackout, at, timeZone)));
}

function cronOf({ cron, timeZone }: Schedule): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-or-6-parts' });
}

/** How long a blackout goes on that covers `at`, at the least, in milliseconds; 0 when it doesn't. */
function coveredFor(blackout: Blackout, at: number, timeZone: string): number {
  if (!('days' in blackout)) {
    const [from, until] = [Date.parse(blackout.from), Date.parse(blackout.until)];
    return at >= from && at < until ? until - at : 0;
  }
  const { day, minute } = localTime(at, timeZone);
  const [from, until] = [minutesOf(blackout.from), minutesOf(blackout.until)];
  const on = (index: number) => blackout.days.includes(weekdays[(index + 7) % 7] ?? 'mon');
  const left = (minutes: number) => Math.min(minutes * minuteMs - (at % minuteMs), longestStepMs);
  if (from < until) return on(day) && minute >= from && minute < until ? left(until - minute) : 0;
  // Over midnight: the window belongs to the day it begins on.
  if (on(day) && minute >= from) return left(minutesOfDay - minute + until);
  return on(day - 1) && minute < until ? left(until - minute) : 0;
}

/** To make one takes a thousand times as long as to use it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, format);
  return format;
}

/** The day of the week, Monday being 0, and the minute of the day that clocks show in a time zone. */
function localTime(
  at: number,
  timeZone: string,
): { readonly day: number; readonly minute: number } {
  const parts = formatOf(timeZone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((candidate) => candidate.type === type)?.value ?? '';
  const day = (weekdays as readonly string[]).indexOf(part('weekday').toLowerCase());
  return { day, minute: Number(part('hour')) * 60 + Number(part('minute')) };
}

function minutesOf(timeOfDay: string): number {
  const [hours = '0', minutes = '0'] = timeOfDay.split(':');
  return Number(hours) * 60 + Number(minutes);
}
