/** Owns when a schedule runs its drill: the next time by its cron pattern that no blackout covers. */
import { Cron } from 'croner';
import { IsthmusError, messageOf } from '../../core/errors.ts';
import { type Blackout, type Schedule, weekdays } from './records.ts';

/** Times looked at before a schedule counts as one that never runs. */
const mostTries = 10_000;

/** Throws BODY_INVALID for a pattern, a time zone or a window that can't be understood. */
export function checkSchedule(schedule: Schedule): void {
  try {
    cronOf(schedule).nextRun(new Date(0));
    for (const blackout of schedule.blackouts) covers(blackout, new Date(0), schedule.timeZone);
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
  let at = cron.nextRun(new Date(after));
  for (let tries = 0; at !== null && tries < mostTries; tries++) {
    if (!isBlackedOut(schedule, at.getTime())) return at.getTime();
    at = cron.nextRun(at);
  }
  return undefined;
}

/** Whether a blackout of the schedule covers wall time `at`. */
export function isBlackedOut({ blackouts, timeZone }: Schedule, at: number): boolean {
  return blackouts.some((blackout) => covers(blackout, new Date(at), timeZone));
}

function cronOf({ cron, timeZone }: Schedule): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-or-6-parts' });
}

function covers(blackout: Blackout, at: Date, timeZone: string): boolean {
  if (!('days' in blackout)) {
    return at >= new Date(blackout.from) && at < new Date(blackout.until);
  }
  const { day, minute } = localTime(at, timeZone);
  const [from, until] = [minutesOf(blackout.from), minutesOf(blackout.until)];
  const on = (index: number) => blackout.days.includes(weekdays[(index + 7) % 7] ?? 'mon');
  if (from < until) return on(day) && minute >= from && minute < until;
  // Over midnight: the window belongs to the day it begins on.
  return (on(day) && minute >= from) || (on(day - 1) && minute < until);
}

/** The day of the week, Monday being 0, and the minute of the day that clocks show in a time zone. */
function localTime(at: Date, timeZone: string): { readonly day: number; readonly minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((candidate) => candidate.type === type)?.value ?? '';
  const day = (weekdays as readonly string[]).indexOf(part('weekday').toLowerCase());
  return { day, minute: Number(part('hour')) * 60 + Number(part('minute')) };
}

function minutesOf(timeOfDay: string): number {
  const [hours = '0', minutes = '0'] = timeOfDay.split(':');
  return Number(hours) * 60 + Number(minutes);
}
