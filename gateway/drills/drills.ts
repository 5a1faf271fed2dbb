/** Owns what can be asked of drills at this gateway: predict, start, look, abort, schedule; and drains and failovers. */
import { IsthmusError } from '../../core/errors.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import { checkSchedule, nextRun } from '../../federation/drills/calendar.ts';
import { conflict } from '../../federation/drills/conflict.ts';
import {
  type Drill,
  type DrillSummary,
  isOver,
  type Prediction,
  type Report,
} from '../../federation/drills/model.ts';
import type {
  DrainRecord,
  FailoverRecord,
  Schedule,
  ScheduleRecord,
} from '../../federation/drills/records.ts';
import { type DrillSpec, scopeText } from '../../federation/drills/spec.ts';
import { drillId } from './driver.ts';
import { noEffects } from './effects.ts';
import { drain, endFailover, failOver, undrain } from './orders.ts';
import { assertHeard, Participation, type ParticipationOptions } from './participation.ts';
import { predict } from './predict.ts';

/** What a participation needs that is there before its cluster is in a federation. */
export type DrillsOptions = Omit<
  ParticipationOptions,
  'store' | 'verify' | 'changed' | 'startScheduled'
>;
/** What it needs of the federation. */
export type Membership = Pick<ParticipationOptions, 'store' | 'verify'>;

export interface StartOptions {
  /** Also a drill that is predicted to break a guardrail, or that gateways don't follow. */
  readonly force: boolean;
  readonly schedule?: string | undefined;
}

/** A schedule with when it runs next, in wall milliseconds; absent when it never does. */
export type ScheduleItem = Omit<ScheduleRecord, 'signature'> & { readonly nextRun?: number };

/** Standing orders in force. */
export interface Orders {
  readonly drains: Omit<DrainRecord, 'signature'>[];
  readonly failovers: Omit<FailoverRecord, 'signature'>[];
}

/** How long what was written here is waited for to come back from the registry. */
const tellMs = 2_000;

export class Drills {
  readonly #options: DrillsOptions;
  readonly #listeners = new Set<() => void>();
  #participation: Participation | undefined;
  #of: Membership['store'] | undefined;
  /** Entering and leaving, one after the other. */
  #changing: Promise<void> = Promise.resolve();

  constructor(options: DrillsOptions) {
    this.#options = options;
  }

  /** Takes part in the drills of a federation from now on; undefined: in none. The same one again: trust may have changed. */
  follow(membership: Membership | undefined): void {
    if (membership?.store === this.#of) {
      this.#participation?.reconsider();
      return;
    }
    this.#of = membership?.store;
    this.#changing = this.#changing.then(async () => {
      try {
        await this.#change(membership);
      } catch (err) {
        this.#options.log.error({ err }, 'drills are not followed');
      }
    });
  }

  async #change(membership: Membership | undefined): Promise<void> {
    const before = this.#participation;
    this.#participation = undefined;
    await before?.close({ withdraw: false });
    if (before) this.#options.apply(noEffects);
    if (!membership || membership.store !== this.#of) return;
    this.#participation = new Participation({
      ...this.#options,
      ...membership,
      changed: () => {
        for (const listener of this.#listeners) listener();
      },
      startScheduled: ({ name, schedule }) =>
        this.start(schedule.spec, { force: false, schedule: name }),
    });
    await this.#participation.start();
  }

  /** Records that were refused, by registry key. */
  get problems(): IsthmusError[] {
    return [...(this.#participation?.board.problems.values() ?? [])];
  }

  /** Calls `listener` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What a drill would do. Throws NOT_A_MEMBER, CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  predict(spec: DrillSpec): Prediction {
    const { clock } = this.#options;
    const { world } = this.#member();
    const whole = this.#resolved(spec);
    return predict(whole, world, { wall: clock.now(), monotonic: clock.monotonic() });
  }

  /**
   * Starts a drill, driven by this gateway. Throws, beside what `predict` does, DRILL_NOT_REVERTIBLE, DRILL_CONFLICT, or
   * DRILL_UNSAFE unless forced.
   */
  async start(spec: DrillSpec, { force, schedule }: StartOptions): Promise<Drill> {
    const { self, gateway, clock } = this.#options;
    const participation = this.#member();
    const whole = this.#resolved(spec);
    this.#refuseConflicts(participation, whole);
    assertHeard(participation);
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
    const participation = this.#member();
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

  /** Schedules of all clusters, with when each runs next. */
  schedules(): ScheduleItem[] {
    const records = this.#participation?.board.schedules ?? [];
    return records.map((record) => this.#withNext(record));
  }

  /** A schedule of this cluster. */
  schedule(name: string): ScheduleItem | undefined {
    const { self } = this.#options;
    return this.schedules().find((one) => one.cluster === self && one.name === name);
  }

  /** Throws SCHEDULE_NOT_FOUND. */
  getSchedule(name: string): ScheduleItem {
    const found = this.schedule(name);
    if (found) return found;
    throw new IsthmusError('SCHEDULE_NOT_FOUND', {
      what: `${this.#options.self} has no schedule ${JSON.stringify(name.slice(0, 80))}`,
    });
  }

  /** Makes or replaces a schedule of this cluster. Throws BODY_INVALID. */
  async putSchedule(name: string, schedule: Schedule): Promise<ScheduleItem> {
    const { self, clock } = this.#options;
    checkSchedule(schedule);
    const spec = this.#resolved(schedule.spec);
    const record = { cluster: self, name, schedule: { ...schedule, spec }, at: clock.now() };
    this.#orderly().office.schedule(record);
    await this.#until(() => this.schedule(name)?.at === record.at);
    return this.#withNext(record);
  }

  /** Throws SCHEDULE_NOT_FOUND. */
  async deleteSchedule(name: string): Promise<void> {
    this.getSchedule(name);
    this.#orderly().office.unschedule(name);
    await this.#until(() => this.schedule(name) === undefined);
  }

  orders(): Orders {
    const board = this.#participation?.board;
    return {
      drains: (board?.drained ?? []).map(({ signature: _, ...order }) => order),
      failovers: (board?.failedOver ?? []).map(({ signature: _, ...order }) => order),
    };
  }

  /** Throws CLUSTER_NOT_FOUND. */
  async drain(
    of: ClusterName,
    options: { rampMs: number; reason?: string | undefined },
  ): Promise<DrainRecord> {
    this.#assertCluster(of);
    return this.#ordered('drains', drain(this.#orderly(), of, options));
  }

  /** Throws ORDER_NOT_FOUND. */
  async undrain(of: ClusterName): Promise<DrainRecord> {
    return this.#ordered('drains', undrain(this.#orderly(), of));
  }

  /** Throws CLUSTER_NOT_FOUND or SERVICE_NOT_FOUND. */
  async failOver(
    service: ServiceName,
    options: { to: ClusterName; percent: number; reason?: string | undefined },
  ): Promise<FailoverRecord> {
    this.#assertCluster(options.to);
    this.#assertService(service);
    return this.#ordered('failovers', failOver(this.#orderly(), service, options));
  }

  /** Throws ORDER_NOT_FOUND. */
  async endFailover(service: ServiceName): Promise<FailoverRecord> {
    return this.#ordered('failovers', endFailover(this.#orderly(), service));
  }

  async #ordered<T extends DrainRecord | FailoverRecord>(
    kind: 'drains' | 'failovers',
    order: T,
  ): Promise<T> {
    await this.#until(() => {
      const known = this.#participation?.board[kind] ?? [];
      return known.some(({ cluster, sequence, at }) => {
        return cluster === order.cluster && sequence === order.sequence && at === order.at;
      });
    });
    return order;
  }

  /** Resolves once the registry has told here what was written here, or after a while: whoever asks next sees it. */
  #until(isTold: () => boolean): Promise<void> {
    if (isTold()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stop();
        resolve();
      };
      const cancel = this.#options.clock.after(tellMs, done);
      const stop = this.onChange(() => {
        if (isTold()) done();
      });
    });
  }

  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#of = undefined;
    await this.#changing;
    const participation = this.#participation;
    this.#participation = undefined;
    await participation?.close(options);
    this.#listeners.clear();
  }

  /** Drills as they are; what nobody drives any more is over, whatever its record says. */
  #all(): Drill[] {
    const participation = this.#participation;
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
    for (const name of [cluster, link?.from, link?.to]) if (name) this.#assertCluster(name);
    if (service) this.#assertService(service);
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

  #assertCluster(cluster: ClusterName): void {
    if (this.#member().world.isMember(cluster)) return;
    throw new IsthmusError('CLUSTER_NOT_FOUND', { what: `${cluster} is not a member` });
  }

  #assertService(service: ServiceName): void {
    if (this.#member().world.services().includes(service)) return;
    throw new IsthmusError('SERVICE_NOT_FOUND', { what: `Nobody has a service ${service}` });
  }

  #orderly() {
    const { self, clock } = this.#options;
    const participation = this.#member();
    assertHeard(participation);
    return { self, board: participation.board, office: participation.office, now: clock.now };
  }

  #withNext({ signature: _, ...record }: ScheduleRecord): ScheduleItem {
    const next = nextRun(record.schedule, this.#options.clock.now());
    return next === undefined ? record : { ...record, nextRun: next };
  }

  #member(): Participation {
    if (this.#participation) return this.#participation;
    throw new IsthmusError('NOT_A_MEMBER', { what: `${this.#options.self} is in no federation` });
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
