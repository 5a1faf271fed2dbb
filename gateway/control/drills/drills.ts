/**
 * Owns what can be asked of drills at this gateway: predict, start, look, abort, report.
 *
 * How a drill runs, and which file says so; what is written is below `drills/<cluster>/` in the registry:
 *
 *   asked for   here; `predict.ts` says what it would do, and `guard.ts` whether that is within its guardrails
 *   driven      by the gateway that was asked: `driver.ts` moves it along `lifecycle.ts`, and writes the drill (`runs/`) and
 *               twice a second how far to go (`beats/`)
 *   followed    by every gateway: `follower.ts` moves along `following.ts`, and puts in force what `effects.ts` says
 *   measured    `meter.ts` writes what a gateway counts (`measures/`); `recording.ts` reads all of them
 *   ended       by its driver, when its time is over, a guardrail breaks or somebody asks (`aborts/`); by every gateway for
 *               itself, when beats stop or the time limit is over
 *   reported    `account.ts` has what is to be said, at its driver and at every gateway that looks on: `witnesses.ts` report
 *               (`reports/`) where the driver is lost
 *   forgotten   by `tidying.ts`, which also closes what nobody drives any more
 *
 * `participation.ts` puts these together for as long as the cluster is in a federation; everything that is heard comes off
 * `board.ts`, everything that is said goes through `drill-writer.ts`.
 */
import { IsthmusError } from '../../../core/errors.ts';
import { conflict } from '../../../federation/drills/conflict.ts';
import {
  type Drill,
  type DrillSummary,
  isOver,
  type Moment,
  type Prediction,
  type Report,
} from '../../../federation/drills/model.ts';
import { momentsSeen } from '../../../federation/drills/moments.ts';
import { type ReportProof, verifyReport } from '../../../federation/drills/report-signature.ts';
import type { DrillSpec } from '../../../federation/drills/spec.ts';
import { scopeText } from '../../../federation/drills/words.ts';
import { drillId } from './driver.ts';
import { assertGuarded } from './guard.ts';
import type { LatelyAnswer } from './lately.ts';
import type { Participation } from './participation.ts';
import { predict } from './predict.ts';
import { Schedules } from './schedules.ts';
import { type FederationParts, Seat, type SeatOptions } from './seat.ts';
import { StandingOrders } from './standing-orders.ts';

export type DrillsOptions = Omit<SeatOptions, 'startScheduled'>;

interface StartOptions {
  /** Also a drill that gateways don't follow, or that is predicted to break guardrails, with limits in their place. */
  readonly force: boolean;
  readonly schedule?: string | undefined;
}

export class Drills {
  readonly schedules: Schedules;
  readonly orders: StandingOrders;
  readonly #options: DrillsOptions;
  readonly #seat: Seat;

  constructor(options: DrillsOptions) {
    const { self, clock } = options;
    this.#options = options;
    const seat = new Seat({
      ...options,
      startScheduled: ({ name, schedule }) =>
        this.start(schedule.spec, { force: false, schedule: name }),
    });
    this.#seat = seat;
    this.orders = new StandingOrders({ self, seat, now: clock.now });
    this.schedules = new Schedules({
      self,
      seat,
      clock,
      resolved: (spec) => this.#resolved(spec),
    });
  }

  /** Takes part in the drills of a federation from now on; undefined: in none. The same one again: trust may have changed. */
  follow(membership: FederationParts | undefined): void {
    this.#seat.follow(membership);
  }

  /** See `Participation.problems`. */
  get problems(): readonly IsthmusError[] {
    return this.#seat.participation?.problems ?? [];
  }

  /** Calls `subscriber` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(subscriber: () => void): () => void {
    return this.#seat.onChange(subscriber);
  }

  close(options: { readonly withdraw: boolean }): Promise<void> {
    return this.#seat.close(options);
  }

  /** The prediction of a drill. Throws NOT_A_MEMBER, CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  async predict(spec: DrillSpec): Promise<Prediction> {
    const { clock } = this.#options;
    const { sight, lately } = this.#seat.member();
    const whole = this.#resolved(spec);
    const counted = await lately.all();
    return predict(whole, sight, counted, { wall: clock.now(), monotonic: clock.monotonic() });
  }

  /** This gateway's latest counts, for another one's prediction. Throws NOT_A_MEMBER. */
  async lately(): Promise<LatelyAnswer> {
    return this.#seat.member().lately.answer();
  }

  /**
   * Starts a drill, driven by this gateway. Throws, beside what `predict` does, DRILL_NOT_REVERTIBLE, DRILL_CONFLICT, or
   * DRILL_UNSAFE for one that nothing would stop in time.
   */
  async start(spec: DrillSpec, { force, schedule }: StartOptions): Promise<Drill> {
    const { self, gateway, clock } = this.#options;
    const whole = this.#resolved(spec);
    const participation = await this.#seat.heard();
    this.#refuseConflicts(participation, whole);
    const prediction = await this.predict(whole);
    // Another may have begun while the others were asked.
    this.#refuseConflicts(participation, whole);
    assertGuarded(whole, prediction, force);
    const createdAt = clock.now();
    return participation.drive({
      cluster: self,
      id: drillId(createdAt),
      spec: whole,
      state: 'pending',
      forced: force,
      driver: { cluster: self, gateway },
      ...(schedule === undefined ? {} : { schedule }),
      createdAt,
      prediction,
      timeline: [],
    });
  }

  /** Drills of all clusters, the newest first. */
  list(): DrillSummary[] {
    return this.#all()
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(({ timeline: _, report: __, signature: ___, ...summary }) => summary);
  }

  /** Throws DRILL_NOT_FOUND. */
  get(id: string): Drill {
    const found = this.#all().find((drill) => drill.id === id);
    if (found) return found;
    throw new IsthmusError('DRILL_NOT_FOUND', {
      what: `There is no drill ${JSON.stringify(id.slice(0, 80))}`,
    });
  }

  /** Ends a drill everywhere, whoever drives it. Throws DRILL_NOT_FOUND or DRILL_OVER. */
  abort(id: string, who: string): Drill {
    const { self, clock } = this.#options;
    const participation = this.#seat.member();
    const drill = this.get(id);
    if (isOver(drill.state)) {
      throw new IsthmusError('DRILL_OVER', { what: `Drill ${id} is over: ${drill.state}` });
    }
    const what = `${who} asked for it, at ${self}`;
    const driver = participation.drivers.get(id);
    if (driver) {
      driver.abort({ kind: 'operator', what });
      return this.get(id);
    }
    // Every gateway lets go when it sees this, and its driver ends it.
    participation.writer.write('aborts', { cluster: self, id, at: clock.now(), what });
    return drill;
  }

  /** Throws DRILL_NOT_FOUND or DRILL_NO_REPORT. */
  report(id: string): Report {
    const { report, state, startedAt } = this.get(id);
    if (report) return report;
    const over =
      startedAt === undefined
        ? `Drill ${id} was never in force`
        : `Drill ${id} lost its driver, and no other gateway has reported on it`;
    throw new IsthmusError('DRILL_NO_REPORT', {
      what: isOver(state) ? over : `Drill ${id} is not over yet`,
    });
  }

  /** The moments of a drill: as reported, and before that as far back as this gateway has counts. Throws DRILL_NOT_FOUND. */
  moments(id: string): readonly Moment[] {
    const { clock } = this.#options;
    const drill = this.get(id);
    const { report, createdAt, startedAt, state } = drill;
    if (report) return report.moments;
    if (isOver(state)) return [];
    const { histories } = this.#seat.member().board;
    const monotonic = (wall: number) => clock.monotonic() - (clock.now() - wall);
    return momentsSeen(histories, drill, {
      from: monotonic(createdAt),
      until: clock.monotonic(),
      startedAt: monotonic(startedAt ?? createdAt),
    });
  }

  /** The proof of a report, given as it was written down. Throws REPORT_FORGED, BODY_INVALID or NOT_A_MEMBER. */
  verifyReport(raw: unknown): ReportProof {
    const participation = this.#seat.member();
    return verifyReport(raw, (cluster, key, record) => participation.verify(cluster, key, record));
  }

  /** Drills as they are; what nobody drives any more is over, whatever its record says. */
  #all(): Drill[] {
    const participation = this.#seat.participation;
    if (!participation) return [];
    const { drivers } = participation;
    const others = drivenElsewhere(participation).map((drill) => asSeen(drill, participation));
    return [...drivers.drills, ...others];
  }

  /** The spec with what it leaves to be understood: a service is evacuated from here. */
  #resolved(spec: DrillSpec): DrillSpec {
    const { cluster, service, link } = spec.scope;
    const { sight } = this.#seat.member();
    for (const name of [cluster, link?.from, link?.to]) if (name) sight.assertMember(name);
    if (service) sight.assertService(service);
    if (spec.kind !== 'evacuate' || cluster) return spec;
    return { ...spec, scope: { ...spec.scope, cluster: this.#options.self } };
  }

  #refuseConflicts(participation: Participation, spec: DrillSpec): void {
    const { drivers } = participation;
    // By their records: one that is seen as over here may go on elsewhere.
    for (const drill of [...drivers.drills, ...drivenElsewhere(participation)]) {
      const why = drivers.isHeld(drill) ? conflict(spec, drill.spec) : undefined;
      if (why === undefined) continue;
      throw new IsthmusError('DRILL_CONFLICT', { what: `Drill ${drill.id} goes on: ${why}` });
    }
    const { cluster, service } = spec.scope;
    const drained = participation.board.drained.find(({ of }) => of === cluster);
    if (spec.kind === 'evacuate' && service === undefined && drained) {
      throw new IsthmusError('DRILL_CONFLICT', {
        what: `There is nothing to evacuate: ${scopeText(spec.scope)} is drained`,
        fix: `Undo that first: \`isthmus undrain ${cluster}\`.`,
      });
    }
  }
}

function drivenElsewhere({ board, drivers }: Participation): readonly Drill[] {
  return board.drills.filter(({ id }) => !drivers.get(id));
}

function asSeen(drill: Drill, participation: Participation): Drill {
  if (drill.report || drill.state === 'refused' || participation.drivers.isAlive(drill))
    return drill;
  return participation.witnesses.ended(drill);
}
