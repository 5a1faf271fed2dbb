/** Specifies when a gateway starts drills by the calendar. */
import test from 'ava';
import {
  type ScheduleRecord,
  scheduleRecordSchema,
} from '../../../../federation/drills/records.ts';
import { Scheduler } from '../../../../gateway/control/drills/scheduler.ts';
import { evacuation } from '../../../federation/drills/specs.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const start = Date.parse('2026-11-20T09:58:00Z');
const minute = 60_000;

function open(given: { cron?: string; at?: number; blackouts?: object[]; enabled?: boolean } = {}) {
  const { cron = '0 10 * * *', at = start, ...rest } = given;
  const clock = new ManualClock(start);
  const started: string[] = [];
  const state = {
    leads: true,
    records: [
      scheduleRecordSchema.parse({
        ...{ cluster: 'dc1', name: 'daily', at, schedule: { cron, spec: evacuation, ...rest } },
      }),
    ] as ScheduleRecord[],
  };
  const scheduler = new Scheduler({
    clock,
    schedules: () => state.records,
    isLeader: () => state.leads,
    start: ({ name }) =>
      started.push(`${name} ${new Date(clock.now()).toISOString().slice(11, 19)}`),
  });
  return { clock, started, state, scheduler };
}

test('a drill starts at its time, once', (t) => {
  const { clock, started } = open();
  clock.advance(2 * minute - 1_000);
  t.deepEqual(started, []);
  clock.advance(1_000);
  t.deepEqual(started, ['daily 10:00:00']);
  clock.advance(5 * minute);
  t.is(started.length, 1);
  clock.jump(24 * 60 * minute - 6 * minute);
  clock.advance(2 * minute);
  t.is(started.length, 2);
});

test('only one gateway of the cluster starts it', (t) => {
  const { clock, started, state } = open();
  state.leads = false;
  clock.advance(10 * minute);
  t.deepEqual(started, []);
});

test('one that is off, or blacked out, is not started', (t) => {
  for (const given of [{ enabled: false }, { blackouts: [{ from: '09:00', until: '11:00' }] }]) {
    const { clock, started } = open(given);
    clock.advance(10 * minute);
    t.deepEqual(started, [], JSON.stringify(given));
  }
});

test('a time that passed before the schedule was made, or while the machine slept, is not made up for', (t) => {
  const late = open({ at: start + 3 * minute });
  late.clock.advance(5 * minute);
  t.deepEqual(late.started, []);
  const slept = open();
  slept.clock.jump(10 * minute);
  slept.clock.advance(minute);
  t.deepEqual(slept.started, []);
});

test('a clock that is set back starts nothing twice', (t) => {
  const { clock, started, scheduler } = open();
  clock.advance(2 * minute + 1_000);
  t.is(started.length, 1);
  clock.jump(-500);
  scheduler.look();
  t.is(started.length, 1);
});

test('a schedule that is new is seen at the next look; nothing is started once it is closed', (t) => {
  const { clock, started, state, scheduler } = open();
  const records = state.records;
  state.records = [];
  scheduler.look();
  clock.advance(minute);
  state.records = records;
  scheduler.look();
  clock.advance(minute);
  t.is(started.length, 1);
  scheduler.close();
  t.is(clock.pending, 0);
});
