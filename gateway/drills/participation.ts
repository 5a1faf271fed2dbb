/** Owns this gateway's part in drills while its cluster is in a federation: it follows all, drives its own, and tells what it counts. */
import type { Authority } from '../../certs/authority.ts';
import type { Clock, Random } from '../../core/clock.ts';
import { asIsthmusError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName } from '../../core/names.ts';
import { DrillBoard } from '../../federation/drills/board.ts';
import type { Following } from '../../federation/drills/following.ts';
import { type Drill, isOver } from '../../federation/drills/model.ts';
import type { MeasureRecord, ScheduleRecord } from '../../federation/drills/records.ts';
import type { DrillKey } from '../../registry/drill-keys.ts';
import { SnapshotCache } from '../../registry/snapshot-cache.ts';
import type { Store } from '../../registry/store.ts';
import type { EventDraft } from '../events/event.ts';
import { ordersFile } from '../membership/kept-knowledge.ts';
import { began, ended, notStarted, revertedHere } from './announcements.ts';
import { Driver } from './driver.ts';
import { driverWorld } from './driver-world.ts';
import type { Effects } from './effects.ts';
import { Follower } from './follower.ts';
import { Meter } from './meter.ts';
import { Office } from './office.ts';
import { OrdersFile } from './orders-file.ts';
import { Scheduler } from './scheduler.ts';
import { tidied } from './tidying.ts';
import { type FederationWorld, federationWorld, type Lens } from './world.ts';

export interface ParticipationOptions {
  readonly federation: FederationName;
  readonly self: ClusterName;
  readonly gateway: string;
  readonly dataDir: string;
  /** The registry itself: drills are heard of while others are made to believe that it is lost. */
  readonly store: Store;
  /** Throws unless `cluster` signed the record. */
  verify(cluster: ClusterName, key: string, raw: unknown): void;
  readonly authority: Authority;
  readonly lens: Lens;
  /** What the data path has counted of each service, and the bounds of its latencies in milliseconds. */
  counts(): Promise<Pick<MeasureRecord, 'services' | 'boundsMs'>>;
  uptimeMs(): number;
  apply(effects: Effects): void;
  event(event: EventDraft): void;
  /** A drill, an order or a schedule changed. */
  changed(): void;
  /** Starts a drill as its schedule wants it; rejects with why it can't. */
  startScheduled(record: ScheduleRecord): Promise<Drill>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How often what others left behind is looked for. */
const tidyEveryMs = 5_000;
/** A drill may be so old without a beat: its driver is about to begin. */
const firstBeatWithinMs = 15_000;

export class Participation {
  readonly board: DrillBoard;
  readonly office: Office;
  readonly follower: Follower;
  readonly world: FederationWorld;
  readonly #options: ParticipationOptions;
  readonly #drivers = new Map<string, Driver>();
  readonly #meter: Meter;
  readonly #scheduler: Scheduler;
  readonly #orders: OrdersFile;
  #effects: Effects | undefined;
  #cancelTidy = (): void => {};

  constructor(options: ParticipationOptions) {
    const { federation, self, gateway, store, clock, random, log } = options;
    this.#options = options;
    this.follower = new Follower({
      self,
      clock,
      apply: (effects) => {
        this.#effects = effects;
        options.apply(effects);
      },
      noted: (drill, following) => this.#noted(drill, following),
    });
    this.board = new DrillBoard({
      store,
      federation,
      verify: options.verify,
      clock,
      random,
      log,
      changed: (key, fresh) => this.#changed(key, fresh),
    });
    this.world = federationWorld(
      options.lens,
      () => this.#effects?.shifts ?? [],
      () => this.board.histories,
    );
    this.office = new Office({
      store,
      federation,
      self,
      signer: options.authority,
      clock,
      random,
      log,
    });
    const file = new SnapshotCache(ordersFile(options.dataDir), federation);
    this.#orders = new OrdersFile(file, this.board, clock, log);
    this.#meter = new Meter({
      clock,
      log,
      read: async () => ({
        cluster: self,
        id: gateway,
        uptimeMs: options.uptimeMs(),
        ...(await options.counts()),
        following: this.follower.strengths,
      }),
      tell: (record) => this.office.measure(record),
    });
    this.#scheduler = new Scheduler({
      clock,
      schedules: () => this.board.schedules.filter(({ cluster }) => cluster === self),
      isLeader: () => this.isLeader,
      start: (record) => void this.#startScheduled(record),
    });
  }

  /** Takes up standing orders from the disk, then listens. The registry may be down. */
  async start(): Promise<void> {
    await this.#orders.recall();
    this.follower.follow(this.board);
    this.board.start();
    this.#tidyLater();
  }

  /** Whether everybody hears at once what is said here. */
  get isHeard(): boolean {
    return this.board.current && this.office.isHeard;
  }

  /** Tries the registry now, where its turn would come later: somebody waits to be heard. */
  hurry(): void {
    this.board.hurry();
    this.office.hurry();
  }

  /** The lowest id of this cluster's live gateways does what one of them has to. */
  get isLeader(): boolean {
    const [first] = this.world.siblings();
    return first === undefined || first >= this.#options.gateway;
  }

  /** By drill; those whose drill is over too, until the registry has told how it ended. */
  get drivers(): ReadonlyMap<string, Driver> {
    return this.#drivers;
  }

  /** Whether a drill goes on: somebody drives it, as far as is known here. */
  isAlive(drill: Drill): boolean {
    if (isOver(drill.state)) return false;
    const driver = this.#drivers.get(drill.id);
    // The registry may not have told yet how it ended.
    if (driver) return !isOver(driver.drill.state);
    const over = this.follower.overHere(drill);
    // One that somebody aborted goes on for as long as its driver measures what is left of it.
    if (over === 'lost' || over === 'deadline') return false;
    const beats = this.board.beats.some(
      ({ cluster, id }) => cluster === drill.cluster && id === drill.id,
    );
    return beats || this.#options.clock.now() < drill.createdAt + firstBeatWithinMs;
  }

  /** Throws unless `cluster` signed the record. */
  verify(cluster: ClusterName, key: string, raw: unknown): void {
    this.#options.verify(cluster, key, raw);
  }

  /** Begins to drive a drill. */
  drive(drill: Drill): Driver {
    const { federation, self, clock, log } = this.#options;
    const driver: Driver = new Driver({
      drill,
      federation,
      world: driverWorld(this, this.#options),
      clock,
      log,
      changed: (changed) => {
        if (isOver(changed.state)) this.#ended(changed);
        this.#options.changed();
      },
    });
    this.#drivers.set(drill.id, driver);
    this.#meter.often = true;
    this.#options.event(began(drill, self));
    driver.start();
    return driver;
  }

  /** Looks again at records that were refused; trust changed. */
  reconsider(): void {
    this.board.reconsider();
  }

  /** Lets go of everything; the drills it drives are over everywhere. */
  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#cancelTidy();
    this.#scheduler.close();
    const drivers = [...this.#drivers.values()];
    for (const driver of drivers) driver.close();
    this.#meter.close();
    this.follower.close();
    if (options.withdraw && drivers.length > 0) await this.#lastWords();
    this.board.close();
    await this.office.close(options);
    await this.#orders.close();
  }

  /** How its drills ended is worth a moment, if the registry answers. */
  async #lastWords(): Promise<void> {
    const { clock } = this.#options;
    const inTime = new Promise<void>((resolve) => clock.after(1_000, resolve));
    await Promise.race([this.office.written().catch(() => undefined), inTime]);
  }

  #changed(key: DrillKey, fresh: boolean): void {
    this.follower.changed(key, fresh);
    if (key.kind === 'measures' || key.kind === 'beats') return;
    if (key.kind === 'runs') this.#dismiss(key.id);
    if (key.kind === 'schedules') this.#scheduler.look();
    if (key.kind === 'drains' || key.kind === 'failovers') this.#orders.changed();
    this.#meter.often = this.board.drills.some((drill) => this.isAlive(drill));
    this.#options.changed();
  }

  /** Lets go of a driver once the record of its drill says what it has to say. */
  #dismiss(id: string): void {
    const driver = this.#drivers.get(id);
    if (!driver || !isOver(driver.drill.state)) return;
    const record = this.board.drills.find((drill) => drill.id === id);
    if (!record || isOver(record.state)) this.#drivers.delete(id);
  }

  #noted(drill: Drill, following: Following): void {
    this.#meter.now();
    if (following.kind !== 'over') return;
    const { self, event } = this.#options;
    const told = revertedHere(drill, following.why, self);
    if (told) event(told);
    this.#options.changed();
  }

  #ended(drill: Drill): void {
    this.office.silence(drill.id);
    this.#options.event(ended(drill));
  }

  #tidyLater(): void {
    this.#cancelTidy = this.#options.clock.after(tidyEveryMs, () => {
      this.#tidy();
      this.#tidyLater();
    });
  }

  #tidy(): void {
    const { self, gateway, clock } = this.#options;
    const { board, office, isLeader } = this;
    this.#meter.often = board.drills.some((drill) => this.isAlive(drill));
    if (!board.current) return;
    const { closed, forgotten, heeded } = tidied({
      ...{ self, gateway, isLeader, drills: board.drills, aborts: board.aborts },
      isAlive: (drill) => this.isAlive(drill),
      now: clock.now(),
    });
    for (const drill of closed) office.drill(drill);
    for (const drill of forgotten) office.forget(drill);
    for (const id of heeded) office.withdrawAbort(id);
  }

  async #startScheduled(due: ScheduleRecord): Promise<void> {
    const { event, startScheduled } = this.#options;
    try {
      const known = this.board.schedules.find(
        ({ cluster, name }) => cluster === due.cluster && name === due.name,
      );
      if (known) await startScheduled(known);
    } catch (thrown) {
      event(notStarted(due, asIsthmusError(thrown)));
    }
  }
}
