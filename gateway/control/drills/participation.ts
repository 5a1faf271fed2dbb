/** Owns this gateway's part in drills while its cluster is in a federation: it follows all, drives its own, and tells what it counts. */
import type { Authority } from '../../../certs/authority.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError, type IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import { within } from '../../../core/within.ts';
import { DrillBoard } from '../../../federation/drills/board.ts';
import type { Following } from '../../../federation/drills/following.ts';
import type { Drill } from '../../../federation/drills/model.ts';
import type { MeasureRecord, ScheduleRecord } from '../../../federation/drills/records.ts';
import type { DrillKey } from '../../../registry/drill-keys.ts';
import { SnapshotCache } from '../../../registry/snapshot-cache.ts';
import type { Store } from '../../../registry/store.ts';
import type { EventDraft } from '../events/event.ts';
import { ordersFile } from '../membership/kept-knowledge.ts';
import { RecordsFile } from '../membership/records-file.ts';
import { notStarted, revertedHere } from './announcements.ts';
import { DrillWriter } from './drill-writer.ts';
import { Drivers } from './drivers.ts';
import type { Effects } from './effects.ts';
import { Follower } from './follower.ts';
import { LatelyCounted, type Others } from './lately.ts';
import { Meter } from './meter.ts';
import { restoreOrders } from './restoring-orders.ts';
import { Scheduler } from './scheduler.ts';
import { type Lens, Sight } from './sight.ts';
import { tidying } from './tidying.ts';
import { Witnesses } from './witnesses.ts';

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
  /** The federation's other gateways, as they can be asked. */
  readonly others: Others;
  /** What the data path has counted of services, of those `wanted` before others, and the bounds of its latencies in milliseconds. */
  counts(wanted: ReadonlySet<ServiceName>): Promise<Pick<MeasureRecord, 'services' | 'boundsMs'>>;
  uptimeMs(): number;
  apply(effects: Effects): void;
  event(event: EventDraft): void;
  /** Starts a drill as its schedule wants it; rejects with why it can't. */
  startScheduled(record: ScheduleRecord): Promise<Drill>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** How often what others left behind is looked for. */
const tidyEveryMs = 5_000;
/** How long how its drills ended may take to be written where this gateway ends. */
const lastWordsMs = 1_000;
/** How long what was written here is waited for to come back from the registry. */
const tellMs = 2_000;

export class Participation {
  readonly board: DrillBoard;
  readonly writer: DrillWriter;
  readonly drivers: Drivers;
  readonly sight: Sight;
  readonly witnesses: Witnesses;
  /** The latest counts of every gateway. */
  readonly lately: LatelyCounted;
  readonly #options: ParticipationOptions;
  readonly #follower: Follower;
  /** A drill, an order or a schedule changed. */
  readonly #subscribers = new Subscribers();
  readonly #meter: Meter;
  readonly #scheduler: Scheduler;
  readonly #orders: RecordsFile;
  #effects: Effects | undefined;
  #cancelTidy = (): void => {};

  constructor(options: ParticipationOptions) {
    const { federation, self, gateway, store, verify, authority, clock, random, log } = options;
    const heard = { store, federation, clock, random, log };
    this.#options = options;
    this.#follower = new Follower({
      self,
      clock,
      apply: (effects) => {
        this.#effects = effects;
        options.apply(effects);
      },
      noted: (drill, following) => this.#noted(drill, following),
    });
    const follower = this.#follower;
    const changed = (key: DrillKey, fresh: boolean) => this.#changed(key, fresh);
    this.board = new DrillBoard({ ...heard, verify, changed });
    const { board } = this;
    this.sight = new Sight(options.lens, () => this.#effects?.shifts ?? []);
    this.writer = new DrillWriter({ ...heard, self, signer: authority });
    const { sight, writer } = this;
    const isAlive = (drill: Drill) => this.drivers.isAlive(drill);
    const isHeld = (drill: Drill) => this.drivers.isHeld(drill);
    const here = {
      ...{ self: { cluster: self, gateway }, federation, authority, clock, log },
      ...{ board, writer, follower, sight, isAlive, isHeld },
    };
    this.drivers = new Drivers(here, {
      event: (event) => options.event(event),
      changed: () => this.#subscribers.tell(),
    });
    const isDrivenHere = ({ id }: Drill) => this.drivers.get(id) !== undefined;
    this.witnesses = new Witnesses(here, isDrivenHere);
    this.#orders = new RecordsFile({
      file: new SnapshotCache(ordersFile(options.dataDir), federation),
      what: 'standing orders',
      records: () => board.orders(),
      recall: (records) => board.recall(records),
      clock,
      log,
    });
    this.#meter = new Meter({
      clock,
      log,
      read: async () => ({
        cluster: self,
        id: gateway,
        uptimeMs: options.uptimeMs(),
        ...(await options.counts(this.#concerned())),
        following: follower.strengths,
      }),
      tell: (record) =>
        record ? writer.write('measures', record) : writer.erase({ kind: 'measures', id: gateway }),
    });
    this.lately = new LatelyCounted({
      ...{ self: { cluster: self, gateway }, others: options.others, clock },
      own: () => this.#meter.lately(),
      gateways: () => sight.gateways(),
      clusters: () => sight.clusters(),
    });
    this.#scheduler = new Scheduler({
      clock,
      schedules: () => board.schedules.filter(({ cluster }) => cluster === self),
      isLeader: () => this.isLeader,
      start: (record) => void this.#startScheduled(record),
    });
  }

  /** Takes up standing orders from the disk, then listens. The registry may be down. */
  async start(): Promise<void> {
    await this.#orders.recall();
    this.#follower.follow(this.board);
    this.board.start();
    this.#tidyLater();
  }

  /** Records that were refused, orders that the registry lost, and why orders can't be kept on disk. */
  get problems(): readonly IsthmusError[] {
    const { problem } = this.#orders;
    return [...this.board.problems.values(), ...(problem ? [problem] : [])];
  }

  /** Whether everybody hears at once what is said here. */
  get isHeard(): boolean {
    return this.board.current && this.writer.isHeard;
  }

  /** Tries the registry now, where its turn would come later: somebody waits to be heard. */
  hurry(): void {
    this.board.hurry();
    this.writer.hurry();
  }

  /** The lowest id of this cluster's live gateways does what one of them has to. */
  get isLeader(): boolean {
    const [first] = this.sight.siblings();
    return first === undefined || first >= this.#options.gateway;
  }

  /** Calls `subscriber` after a drill, an order or a schedule changed; returns a function that stops that. */
  onChange(subscriber: () => void): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Resolves once the registry has told here what was written here, or after a while: whoever asks next sees it. */
  told(isTold: () => boolean): Promise<void> {
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

  /** Throws unless `cluster` signed the record. */
  verify(cluster: ClusterName, key: string, raw: unknown): void {
    this.#options.verify(cluster, key, raw);
  }

  /** Begins to drive a drill. */
  drive(drill: Drill): Drill {
    const driver = this.drivers.drive(drill);
    this.#meter.during = true;
    return driver.drill;
  }

  /** Looks again at records that were refused; trust changed. */
  reconsider(): void {
    this.board.reconsider();
  }

  /** Lets go of everything; the drills it drives are over everywhere. */
  async close(options: { readonly withdraw: boolean }): Promise<void> {
    this.#cancelTidy();
    this.#scheduler.close();
    const drove = this.drivers.close();
    this.#meter.close();
    this.witnesses.close();
    this.#follower.close();
    if (options.withdraw && drove) {
      // How its drills ended is worth a moment, if the registry answers.
      const written = this.writer.written().catch(() => undefined);
      await within(this.#options.clock, lastWordsMs, written);
    }
    this.board.close();
    await this.writer.close(options);
    await this.#orders.close();
  }

  /** Services that drills which go on concern. */
  #concerned(): ReadonlySet<ServiceName> {
    const alive = this.board.drills.filter((drill) => this.drivers.isAlive(drill));
    return new Set(alive.flatMap(({ prediction }) => prediction.concern.services ?? []));
  }

  /** Whether a drill goes on, or what is left of one is looked at for its report. */
  get #isDuring(): boolean {
    return this.witnesses.lookOn || this.board.drills.some((drill) => this.drivers.isAlive(drill));
  }

  #changed(key: DrillKey, fresh: boolean): void {
    this.#follower.changed(key, fresh);
    if (key.kind === 'measures' || key.kind === 'beats') return;
    if (key.kind === 'runs') {
      this.drivers.dismiss(key.id);
      this.witnesses.changed();
    }
    if (key.kind === 'schedules') this.#scheduler.look();
    if (key.kind === 'drains' || key.kind === 'failovers') this.#orders.changed();
    this.#meter.during = this.#isDuring;
    this.#subscribers.tell();
  }

  #noted(drill: Drill, following: Following): void {
    this.#meter.now();
    if (following.kind !== 'over') return;
    const { self, event } = this.#options;
    const told = revertedHere(drill, following.why, self);
    if (told) event(told);
    this.#subscribers.tell();
  }

  #tidyLater(): void {
    this.#cancelTidy = this.#options.clock.after(tidyEveryMs, () => {
      this.#tidy();
      this.#tidyLater();
    });
  }

  #tidy(): void {
    const { self, gateway, clock } = this.#options;
    const { board, writer, witnesses, drivers, isLeader } = this;
    this.#meter.during = this.#isDuring;
    if (!board.current) return;
    const { drills, aborts, reports } = board;
    const tidied = tidying({
      ...{ self, gateway, isLeader, drills, aborts, reports, now: clock.now() },
      isHeld: (drill) => drivers.isHeld(drill),
      tellsEnd: (drill) => drivers.get(drill.id) !== undefined || witnesses.isWitness(drill),
    });
    for (const drill of tidied.closed) writer.write('runs', drill);
    for (const key of tidied.erased) writer.erase(key);
    if (isLeader && board.unheld.length > 0) void this.#restoreOrders();
  }

  async #restoreOrders(): Promise<void> {
    const { board } = this;
    try {
      const count = await restoreOrders({ ...this.#options, board });
      if (count === 0) return;
      this.#options.log.warn({ count }, 'the registry had lost standing orders; they are restored');
    } catch (err) {
      // That the registry does not answer is told elsewhere, and the next look tries again.
      this.#options.log.debug({ err }, 'standing orders wait to be restored');
    }
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
