/** Owns what stands beside single drills as the UI speaks of it: schedules, drains and failovers. */
import type {
  DrainRecord,
  FailoverRecord,
  ScheduleRecord,
} from '../../../federation/drills/records.ts';

export type { Blackout } from '../../../federation/drills/records.ts';

/** GET /v1/drill-schedules */
export type ScheduleItem = Omit<ScheduleRecord, 'signature'> & {
  /** Milliseconds since 1970; absent when it never runs. */
  readonly nextRun?: number;
};
export type Drain = Omit<DrainRecord, 'signature'>;
export type Failover = Omit<FailoverRecord, 'signature'>;

/** GET /v1/orders */
export interface Orders {
  readonly drains: readonly Drain[];
  readonly failovers: readonly Failover[];
}
