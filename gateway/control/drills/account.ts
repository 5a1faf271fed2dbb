/** Owns one gateway's account of a drill, whether it drives it or looks on: its record, its measurements, and in the end the report. */
import type { Authority } from '../../../certs/authority.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { FederationName } from '../../../core/names.ts';
import type { DrillBoard } from '../../../federation/drills/board.ts';
import type { Note } from '../../../federation/drills/lifecycle.ts';
import type { Abort, Drill, Report, TimelineEntry } from '../../../federation/drills/model.ts';
import { type Findings, reportOn } from '../../../federation/drills/report.ts';
import type { DrillWriter } from './drill-writer.ts';
import type { Follower } from './follower.ts';
import { Recording } from './recording.ts';
import type { Sight } from './sight.ts';

/** The parts by which a gateway takes part in drills: it hears and tells of them, and sees the federation. */
export interface Here {
  /** This gateway. */
  readonly self: Drill['driver'];
  readonly federation: FederationName;
  readonly board: DrillBoard;
  readonly writer: DrillWriter;
  readonly follower: Follower;
  readonly sight: Sight;
  readonly authority: Authority;
  /** Whether a drill goes on, as far as is heard here. */
  isAlive(drill: Drill): boolean;
  /** Whether a drill may go on at any gateway: see `Drivers.isHeld`. */
  isHeld(drill: Drill): boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** The outcome of a drill whose driver died without a word. */
export const driverLost = {
  kind: 'driver-lost',
  what: 'Its driver was lost; every gateway reverted by itself',
} as const satisfies Abort;

export class Account {
  drill: Drill;
  readonly recording: Recording;
  readonly #here: Here;
  #decisions: Report['decisions'] = [];

  constructor(here: Here, drill: Drill) {
    const { board, clock } = here;
    this.#here = here;
    this.drill = drill;
    this.recording = new Recording(board, drill.prediction, clock.monotonic());
  }

  /** The notes as lines of a timeline that are written now. */
  entries(notes: readonly Note[]): TimelineEntry[] {
    const at = this.#here.clock.now();
    return notes.map((note) => ({ at, ...note }));
  }

  /** The drill is in force in full: the balancing decisions of now are kept for the report. `at`: monotonic milliseconds. */
  inForce(now: number, at = now): void {
    this.recording.turn('inForce', now, at);
    this.#decisions = this.#here.sight.decisions(this.drill.spec);
  }

  /** The drill, which is over, with the report on it, not signed yet; without one where it never was in force. */
  reported(more: Pick<Findings, 'witness' | 'probes'>): Drill {
    const { board, federation, clock } = this.#here;
    const { startedAt, endedAt } = this.drill;
    const found = this.recording.findings(clock.monotonic());
    if (startedAt === undefined || endedAt === undefined || !found) return this.drill;
    const report = reportOn({
      ...found,
      ...more,
      federation,
      drill: { ...this.drill, startedAt, endedAt },
      decisions: this.#decisions,
      others: board.drills,
    });
    return { ...this.drill, outcome: report.verdict.passed ? 'passed' : 'failed', report };
  }
}
