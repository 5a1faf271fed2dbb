/** Owns leading one drill: it keeps time, tells every gateway how far to go, watches the guardrails, and reports. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { ClusterName, FederationName } from '../../core/names.ts';
import {
  advance,
  born,
  type Life,
  type LifeEvent,
  type Note,
  stateOf,
  strength,
} from '../../federation/drills/lifecycle.ts';
import type { History } from '../../federation/drills/measures.ts';
import type {
  Abort,
  Drill,
  Prediction,
  Report,
  TimelineEntry,
} from '../../federation/drills/model.ts';
import { reportOn } from '../../federation/drills/report.ts';
import { msOf } from '../../federation/drills/spec.ts';
import { brokenNow } from './guard.ts';
import { Milestones } from './milestones.ts';
import { Recording } from './recording.ts';

/** What a driver sees of the federation, and how it is heard. */
export interface DriverWorld {
  readonly histories: ReadonlyMap<string, History>;
  /** `<cluster>/<gateway>` of every live gateway. */
  gateways(): readonly string[];
  /** How far a gateway says a drill is in force there; undefined while it says nothing of it. */
  strengthAt(gateway: string, id: string): number | undefined;
  capacity(cluster: ClusterName): number | undefined;
  fewestHealthy(drill: Drill): Prediction['fewestHealthy'];
  /** Why another drill, there first, keeps this one from running. */
  conflict(drill: Drill): string | undefined;
  /** Why it must end now although its driver did not say so: somebody asks, or nobody hears its beats. */
  interruption(drill: Drill): Abort | undefined;
  decisions(drill: Drill): Promise<Report['decisions']>;
  /** Drills that are over, for comparison. */
  others(): Iterable<Drill>;
  /** Tells every gateway how far the drill is in force; undefined: it is over. */
  beat(
    drill: Drill,
    beat: { readonly sequence: number; readonly inForce: number } | undefined,
  ): void;
  /** Writes the drill down, signed. */
  keep(drill: Drill): void;
  signed(report: Report): Report;
  /** Shows an expired certificate to the others: one note for each; `refused` of `made` said no. */
  probe(
    drill: Drill,
    note: (note: Note) => void,
  ): Promise<{ readonly made: number; readonly refused: number }>;
}

export interface DriverOptions {
  readonly drill: Drill;
  readonly federation: FederationName;
  readonly world: DriverWorld;
  readonly clock: Clock;
  readonly log: Log;
  /** It changed; also called with its end. */
  changed(drill: Drill): void;
}

const tickMs = 250;
/** Signs of life while nothing changes. */
const beatEveryMs = 500;

export class Driver {
  readonly #options: DriverOptions;
  #drill: Drill;
  #life: Life;
  #sequence = 0;
  #lastBeat = { at: -Infinity, inForce: -1 };
  #cancelTick = (): void => {};
  readonly #recording: Recording;
  readonly #milestones: Milestones;
  #decisions: Report['decisions'] = [];
  #probes: { readonly made: number; readonly refused: number } | undefined;

  constructor(options: DriverOptions) {
    const { clock, drill, world } = options;
    const now = clock.monotonic();
    this.#options = options;
    this.#drill = drill;
    this.#life = born(now);
    this.#recording = new Recording(() => world.histories, now);
    this.#milestones = new Milestones(this.#recording);
  }

  get drill(): Drill {
    return this.#drill;
  }

  start(): void {
    this.#write([{ kind: 'created', what: 'Created; waiting for every gateway to follow' }]);
    this.#tick();
  }

  abort(by: Abort): void {
    this.#event({ kind: 'abort', by });
  }

  /** Ends it at once, for this gateway ends: what it did is undone everywhere when its beats go. */
  close(): void {
    const by: Abort = { kind: 'driver-lost', what: 'The gateway that drove it stopped' };
    if (this.#life.kind === 'over') return;
    const notes: Note[] = [
      { kind: 'abort', what: by.what },
      { kind: 'ended', what: 'It is over: aborted' },
    ];
    this.#move({ kind: 'over', state: 'aborted', abortedBy: by }, notes);
    this.#finish();
  }

  #tick(): void {
    const { clock, world } = this.#options;
    const interruption = world.interruption(this.#drill);
    if (interruption) this.#event({ kind: 'abort', by: interruption });
    const now = clock.monotonic();
    this.#recording.measure(now, strength(this.#life, this.#drill.spec, now));
    if (this.#life.kind === 'running') this.#watch(now);
    this.#event({
      kind: 'time',
      missing: this.#missing(),
      breaches: brokenNow(this.#drill, this.#life, world, now),
      conflict: world.conflict(this.#drill),
    });
    this.#beat(clock.monotonic());
    if (this.#life.kind === 'over') return;
    this.#cancelTick();
    this.#cancelTick = clock.after(tickMs, () => this.#tick());
  }

  #event(event: LifeEvent): void {
    const { clock } = this.#options;
    const before = this.#life;
    const { spec, forced } = this.#drill;
    const { life, notes } = advance(before, event, { spec, forced }, clock.monotonic());
    if (life === before && notes.length === 0) return;
    this.#move(life, notes);
    this.#beat(clock.monotonic());
    if (life.kind === 'over') this.#finish();
  }

  #move(life: Life, notes: readonly Note[]): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const begins = life.kind === 'running' && this.#life.kind !== 'running';
    this.#life = life;
    if (begins) {
      this.#recording.started(now);
      const { ramp, duration } = this.#drill.spec;
      const startedAt = clock.now();
      this.#drill = { ...this.#drill, startedAt, endsAt: startedAt + msOf(ramp) + msOf(duration) };
      if (this.#drill.spec.kind === 'expire-trust') void this.#probe();
    }
    if (life.kind === 'reverting') this.#recording.reverting(now);
    if (life.kind === 'over' || (life.kind === 'reverting' && life.goneAt !== undefined)) {
      this.#recording.gone(now);
    }
    this.#drill = { ...this.#drill, state: stateOf(life), ...endOf(life, clock.now()) };
    this.#write(notes);
  }

  /** Live gateways that say nothing of the drill. */
  #missing(): string[] {
    const { world } = this.#options;
    return world
      .gateways()
      .filter((gateway) => world.strengthAt(gateway, this.#drill.id) === undefined)
      .sort();
  }

  #beat(now: number): void {
    const { world } = this.#options;
    if (this.#life.kind === 'over') return;
    const inForce = strength(this.#life, this.#drill.spec, now);
    const isDue = now - this.#lastBeat.at >= beatEveryMs || inForce !== this.#lastBeat.inForce;
    if (!isDue) return;
    this.#lastBeat = { at: now, inForce };
    this.#sequence += 1;
    world.beat(this.#drill, { sequence: this.#sequence, inForce });
  }

  #watch(now: number): void {
    const notes = this.#milestones.reached(this.#drill, this.#options.world, now);
    if (notes.length > 0) this.#write(notes);
    if (notes.some(({ kind }) => kind === 'in-force')) this.#ask();
  }

  /** What decides where requests go now, for the report. */
  #ask(): void {
    const { world, log } = this.#options;
    world.decisions(this.#drill).then(
      (decisions) => {
        this.#decisions = decisions;
      },
      (err) => log.warn({ err }, 'what decides could not be asked for the report'),
    );
  }

  async #probe(): Promise<void> {
    const { world, log } = this.#options;
    try {
      this.#probes = await world.probe(this.#drill, (note) => this.#write([note]));
    } catch (err) {
      log.warn(
        { err, drill: this.#drill.id },
        'the expired certificate could not be shown to anybody',
      );
      this.#probes = { made: 0, refused: 0 };
    }
    this.#event({ kind: 'finished' });
  }

  #finish(): void {
    const { world, changed } = this.#options;
    this.#cancelTick();
    const report = this.#report();
    if (report) {
      const outcome = report.verdict.passed ? 'passed' : 'failed';
      this.#drill = { ...this.#drill, outcome, report: world.signed(report) };
    }
    world.keep(this.#drill);
    // After its end: beats that stop without one look like a driver that died.
    world.beat(this.#drill, undefined);
    changed(this.#drill);
  }

  #report(): Report | undefined {
    const { world, federation, clock } = this.#options;
    const { startedAt, endedAt } = this.#drill;
    const measured = this.#recording.findings(clock.monotonic());
    if (startedAt === undefined || endedAt === undefined || !measured) return undefined;
    return reportOn({
      ...measured,
      federation,
      drill: { ...this.#drill, startedAt, endedAt },
      decisions: this.#decisions,
      probes: this.#probes,
      others: world.others(),
    });
  }

  #write(notes: readonly Note[]): void {
    const { clock, world, changed } = this.#options;
    const at = clock.now();
    const entries: TimelineEntry[] = notes.map((note) => ({ at, ...note }));
    this.#drill = {
      ...this.#drill,
      timeline: [...this.#drill.timeline, ...entries].slice(0, 1000),
    };
    // Its end is told together with its report.
    if (this.#life.kind === 'over') return;
    world.keep(this.#drill);
    changed(this.#drill);
  }
}

function endOf(life: Life, now: number): Partial<Drill> {
  if (life.kind === 'reverting') return life.abortedBy ? { abortedBy: life.abortedBy } : {};
  if (life.kind !== 'over') return {};
  switch (life.state) {
    case 'done':
      return { endedAt: now };
    case 'aborted':
      return { endedAt: now, abortedBy: life.abortedBy };
    case 'refused':
      return { endedAt: now, refusal: life.why };
  }
}

/** `20261121-120501-1f3a`: sorts by time, and no two are alike. */
export function drillId(now: number): string {
  const [date = '', time = ''] = new Date(now).toISOString().split(/[T.]/);
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${randomUUID().slice(0, 4)}`;
}
