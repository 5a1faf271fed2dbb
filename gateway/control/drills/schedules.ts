/** Owns the schedules as the API has them: all of them, when each runs next, and making and ending those of this cluster. */
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import { checkSchedule, nextRun } from '../../../federation/drills/calendar.ts';
import type { Schedule, ScheduleRecord } from '../../../federation/drills/records.ts';
import type { DrillSpec } from '../../../federation/drills/spec.ts';
import type { Seat } from './seat.ts';

/** A schedule with when it runs next, in wall milliseconds; absent when it never does. */
export type ScheduleItem = Omit<ScheduleRecord, 'signature'> & { readonly nextRun?: number };

interface SchedulesOptions {
  readonly self: ClusterName;
  readonly seat: Seat;
  /** The spec with what it leaves to be understood; throws where it names what there is not. */
  resolved(spec: DrillSpec): DrillSpec;
  readonly clock: Clock;
}

export class Schedules {
  readonly #options: SchedulesOptions;

  constructor(options: SchedulesOptions) {
    this.#options = options;
  }

  /** Schedules of all clusters. */
  list(): ScheduleItem[] {
    const records = this.#options.seat.participation?.board.schedules ?? [];
    return records.map((record) => this.#withNext(record));
  }

  /** A schedule of this cluster. */
  find(name: string): ScheduleItem | undefined {
    const { self } = this.#options;
    return this.list().find((one) => one.cluster === self && one.name === name);
  }

  /** Throws SCHEDULE_NOT_FOUND. */
  get(name: string): ScheduleItem {
    const found = this.find(name);
    if (found) return found;
    throw new IsthmusError('SCHEDULE_NOT_FOUND', {
      what: `${this.#options.self} has no schedule ${JSON.stringify(name.slice(0, 80))}`,
    });
  }

  /** Makes or replaces a schedule of this cluster. Throws BODY_INVALID, or what `Seat.heard` does. */
  async put(name: string, schedule: Schedule): Promise<ScheduleItem> {
    const { self, seat, resolved, clock } = this.#options;
    checkSchedule(schedule);
    const spec = resolved(schedule.spec);
    const part = await seat.heard();
    const record = { cluster: self, name, schedule: { ...schedule, spec }, at: clock.now() };
    part.writer.write('schedules', record);
    await part.told(() => this.find(name)?.at === record.at);
    return this.#withNext(record);
  }

  /** Throws SCHEDULE_NOT_FOUND, or what `Seat.heard` does. */
  async delete(name: string): Promise<void> {
    const { seat } = this.#options;
    this.get(name);
    const part = await seat.heard();
    part.writer.erase({ kind: 'schedules', name });
    await part.told(() => this.find(name) === undefined);
  }

  #withNext({ signature: _, ...record }: ScheduleRecord): ScheduleItem {
    const next = nextRun(record.schedule, this.#options.clock.now());
    return next === undefined ? record : { ...record, nextRun: next };
  }
}
