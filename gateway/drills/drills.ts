/** Owns what can be asked of drills at this gateway: predict, start, look, abort, report. */
import { IsthmusError } from '../../core/errors.ts';
import { conflict } from '../../federation/drills/conflict.ts';
import {
  type Drill,
  type DrillSummary,
  isOver,
  type Moment,
  type Prediction,
  type Report,
} from '../../federation/drills/model.ts';
import { type ReportProof, verifyReport } from '../../federation/drills/report-signature.ts';
import { type DrillSpec, scopeText } from '../../federation/drills/spec.ts';
import { drillId } from './driver.ts';
import { momentsSeen } from './moments.ts';
import type { Participation } from './participation.ts';
import { predict } from './predict.ts';
import { Schedules } from './schedules.ts';
import { type Membership, Seat, type SeatOptions } from './seat.ts';
import { StandingOrders } from './standing-orders.ts';

export type DrillsOptions = Omit<SeatOptions, 'startScheduled'>;

export interface StartOptions {
  /** Also a drill that is predicted to break a guardrail, or that gateways don't follow. */
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
  follow(membership: Membership | undefined): void {
    this.#seat.follow(membership);
  }

  /** Records that were refused, by registry key. */
  get problems(): IsthmusError[] {
    return [...(this.#seat.participation?.board.problems.values() ?? [])];
  }

  /** Calls `listener` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(listener: () => void): () => void {
    return this.#seat.onChange(listener);
  }

  close(options: { readonly withdraw: boolean }): Promise<void> {
    return this.#seat.close(options);
  }

  /** What a drill would do. Throws NOT_A_MEMBER, CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  predict(spec: DrillSpec): Prediction {
    const { clock } = this.#options;
    const { world } = this.#seat.member();
    const whole = this.#resolved(spec);
    return predict(whole, world, { wall: clock.now(), monotonic: clock.monotonic() });
  }

  /**
   * Starts a drill, driven by this gateway. Throws, beside what `predict` does, DRILL_NOT_REVERTIBLE, DRILL_CONFLICT, or
   * DRILL_UNSAFE unless forced.
   */
  async start(spec: DrillSpec, { force, schedule }: StartOptions): Promise<Drill> {
    const { self, gateway, clock } = this.#options;
    const whole = this.#resolved(spec);
    const participation = await this.#seat.heard();
    this.#refuseConflicts(participation, whole);
    const prediction = this.predict(whole);
    const [worst] = prediction.breaks;
    if (worst && !force) {
      throw new IsthmusError('DRILL_UNSAFE', {
        what: `The drill would break its guardrail ${worst.guardrail}: ${worst.what}`,
        where: `guardrails.${worst.guardrail}`,
      });
    }
    const createdAt = clock.now();
    const driver = participation.drive({
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
    return driver.drill;
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
    participation.office.abort({ cluster: self, id, at: clock.now(), what });
    return drill;
  }

  /** Throws DRILL_NOT_FOUND or DRILL_NO_REPORT. */
  report(id: string): Report {
    const { report, state } = this.get(id);
    if (report) return report;
    throw new IsthmusError('DRILL_NO_REPORT', {
      what: isOver(state) ? `Drill ${id} was never in force` : `Drill ${id} is not over yet`,
    });
  }

  /** What happened in a drill, moment by moment: as reported, and before that as far back as this gateway has counts. Throws DRILL_NOT_FOUND. */
  moments(id: string): readonly Moment[] {
    const { clock } = this.#options;
    const { report, createdAt, startedAt, state } = this.get(id);
    if (report) return report.moments;
    if (isOver(state)) return [];
    const { histories } = this.#seat.member().board;
    const monotonic = (wall: number) => clock.monotonic() - (clock.now() - wall);
    return momentsSeen(histories, id, {
      from: monotonic(createdAt),
      until: clock.monotonic(),
      startedAt: monotonic(startedAt ?? createdAt),
    });
  }

  /** What is proven of a report, given as it was written down. Throws REPORT_FORGED, BODY_INVALID or NOT_A_MEMBER. */
  verifyReport(raw: unknown): ReportProof {
    const participation = this.#seat.member();
    return verifyReport(raw, (cluster, key, record) => participation.verify(cluster, key, record));
  }

  /** Drills as they are; what nobody drives any more is over, whatever its record says. */
  #all(): Drill[] {
    const participation = this.#seat.participation;
    if (!participation) return [];
    const { board, drivers } = participation;
    const driven = [...drivers.values()].map(({ drill }) => drill);
    const ids = new Set(driven.map(({ id }) => id));
    const others = board.drills.filter(({ id }) => !ids.has(id));
    return [...driven, ...others.map((drill) => asSeen(drill, participation))];
  }

  /** The spec with what it leaves to be understood: a service is evacuated from here. */
  #resolved(spec: DrillSpec): DrillSpec {
    const { cluster, service, link } = spec.scope;
    for (const name of [cluster, link?.from, link?.to]) if (name) this.#seat.assertCluster(name);
    if (service) this.#seat.assertService(service);
    if (spec.kind !== 'evacuate' || cluster) return spec;
    return { ...spec, scope: { ...spec.scope, cluster: this.#options.self } };
  }

  #refuseConflicts(participation: Participation, spec: DrillSpec): void {
    for (const drill of this.#all()) {
      const why = participation.isAlive(drill) ? conflict(spec, drill.spec) : undefined;
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

function asSeen(drill: Drill, participation: Participation): Drill {
  if (isOver(drill.state) || participation.isAlive(drill)) return drill;
  const abortedBy = {
    kind: 'driver-lost',
    what: 'Its driver is lost; every gateway reverted by itself',
  } as const;
  return { ...drill, state: 'aborted', abortedBy };
}
