/** Owns starting drills by the calendar: each schedule at its times, by one gateway of its cluster. */
import type { Clock } from '../../../core/clock.ts';
import { nextRun } from '../../../federation/drills/calendar.ts';
import type { ScheduleRecord } from '../../../federation/drills/records.ts';

interface SchedulerOptions {
  readonly clock: Clock;
  /** This cluster's schedules. */
  schedules(): readonly ScheduleRecord[];
  /** Whether it is on this gateway to start them. */
  isLeader(): boolean;
  start(record: ScheduleRecord): void;
}

/** Wall time may jump: it is looked at again after this long at the latest. */
const longestWaitMs = 30_000;

/** A time that passed while nobody looked, for the gateway was down or asleep, is not made up for. */
const lateMs = 60_000;

export class Scheduler {
  readonly #options: SchedulerOptions;
  /** Wall milliseconds up to which schedules have been seen to. */
  #seenTo: number;
  #cancel = (): void => {};
  #open = true;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#seenTo = options.clock.now();
    this.look();
  }

  /** Starts what is due, and plans the next look; call it also when schedules changed. */
  look(): void {
    if (!this.#open) return;
    const { clock, schedules, isLeader, start } = this.#options;
    this.#cancel();
    const now = clock.now();
    // A clock that was set back has nothing to do twice.
    const since = Math.max(Math.min(this.#seenTo, now), now - lateMs);
    this.#seenTo = Math.max(now, this.#seenTo);
    let wait = longestWaitMs;
    for (const record of schedules()) {
      const due = nextRun(record.schedule, Math.max(since, record.at));
      if (due !== undefined && due <= now && isLeader()) start(record);
      const next = nextRun(record.schedule, now);
      if (next !== undefined) wait = Math.min(wait, next - now);
    }
    this.#cancel = clock.after(Math.max(1, wait), () => this.look());
  }

  close(): void {
    this.#open = false;
    this.#cancel();
  }
}
