/** Owns leading one drill: it keeps time, tells every gateway how far to go, watches the guardrails, and reports. */
import { randomUUID } from 'node:crypto';
import { msOf } from '../../../core/duration.ts';
import type { ClusterName } from '../../../core/names.ts';
import { earlierConflict } from '../../../federation/drills/conflict.ts';
import {
  advance,
  born,
  type Life,
  type LifeEvent,
  type Note,
  stateOf,
  strength,
} from '../../../federation/drills/lifecycle.ts';
import type { Abort, Drill } from '../../../federation/drills/model.ts';
import type { Findings } from '../../../federation/drills/report.ts';
import { signReport } from '../../../federation/drills/report-signature.ts';
import { Account, type Here } from './account.ts';
import { brokenNow } from './guard.ts';
import { probeOthers } from './trust-probe.ts';

const tickMs = 250;
/** Signs of life while nothing changes. */
const beatEveryMs = 500;
const mostEntries = 1_000;

export class Driver {
  readonly #here: Here;
  /** Told that the drill changed, and at last of its end. */
  readonly #changed: (drill: Drill) => void;
  readonly #account: Account;
  #life: Life;
  #sequence = 0;
  #lastBeat = { at: -Infinity, inForce: -1 };
  #cancelTick = (): void => {};
  /** Gateways that are known to have it in force. */
  readonly #reached = new Set<string>();
  #probes: Findings['probes'];

  constructor(here: Here, drill: Drill, changed: (drill: Drill) => void) {
    this.#here = here;
    this.#changed = changed;
    this.#account = new Account(here, drill);
    this.#life = born(here.clock.monotonic());
  }

  get drill(): Drill {
    return this.#account.drill;
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
    if (this.#life.kind === 'over') return;
    const by: Abort = { kind: 'driver-lost', what: 'The gateway that drove it stopped' };
    const notes: readonly Note[] = [
      { kind: 'abort', what: by.what },
      { kind: 'ended', what: 'It is over: aborted' },
    ];
    const now = this.#here.clock.monotonic();
    this.#move({ kind: 'over', state: 'aborted', abortedBy: by }, notes, now);
  }

  #tick(): void {
    const { clock, board, follower, isHeld } = this.#here;
    const { recording } = this.#account;
    const interruption = this.#interruption();
    if (interruption) this.#event({ kind: 'abort', by: interruption });
    const now = clock.monotonic();
    recording.measure(now, strength(this.#life, this.drill.spec, now));
    this.#watch(now);
    this.#event({
      kind: 'time',
      missing: this.#missing(),
      breaches: brokenNow(this.drill, this.#life, this.#here, now),
      conflict: earlierConflict(this.drill, board.drills.filter(isHeld)),
      isHeard: follower.hears(this.drill),
      isBack: recording.isBack,
    });
    if (this.#life.kind === 'over') return;
    this.#beat();
    this.#cancelTick();
    this.#cancelTick = clock.after(tickMs, () => this.#tick());
  }

  /** Why it must end now although nobody here said so: somebody asks elsewhere, or nobody hears its beats. */
  #interruption(): Abort | undefined {
    const { board, follower } = this.#here;
    const asked = board.aborts.find(({ id }) => id === this.drill.id);
    if (asked) return { kind: 'operator', what: asked.what };
    const over = follower.overHere(this.drill);
    if (over === 'deadline') return { kind: 'guardrail', what: 'Its time limit passed' };
    if (over === 'lost') {
      const what = 'Its beats did not come back from the registry in time';
      return { kind: 'registry-lost', what };
    }
    if (over !== 'ended') return undefined;
    const what = 'Another gateway of its cluster took its driver for lost, and closed it';
    return { kind: 'driver-lost', what };
  }

  #event(event: LifeEvent): void {
    const { spec, forced } = this.drill;
    const now = this.#here.clock.monotonic();
    const { life, notes } = advance(this.#life, event, { spec, forced }, now);
    if (life !== this.#life || notes.length > 0) this.#move(life, notes, now);
  }

  /** `now` is the moment of the notes, too: the report tells it as they do. */
  #move(life: Life, notes: readonly Note[], now: number): void {
    const { clock } = this.#here;
    const { recording } = this.#account;
    const begins = life.kind === 'running' && this.#life.kind !== 'running';
    this.#life = life;
    if (begins) this.#begin(now);
    if (life.kind === 'pending') recording.turn('baseline', now);
    const isGone = life.kind === 'over' || (life.kind === 'reverting' && life.goneAt !== undefined);
    if (isGone || life.kind === 'reverting') recording.turn('reverting', now);
    if (isGone) recording.turn('gone', now);
    const { drill } = this.#account;
    this.#account.drill = { ...drill, state: stateOf(life), ...endOf(life, clock.now()) };
    this.#write(notes);
    if (life.kind === 'over') this.#finish();
    else this.#beat();
  }

  #begin(now: number): void {
    const { drill, recording } = this.#account;
    const { ramp, duration, kind } = drill.spec;
    const startedAt = this.#here.clock.now();
    recording.turn('started', now);
    this.#account.drill = { ...drill, startedAt, endsAt: startedAt + msOf(ramp) + msOf(duration) };
    if (kind === 'expire-trust') void this.#probe();
  }

  /** Live gateways that say nothing of the drill. */
  #missing(): string[] {
    const { board, sight } = this.#here;
    return sight
      .gateways()
      .filter((gateway) => board.strengthAt(gateway, this.drill.id) === undefined)
      .sort();
  }

  #beat(): void {
    const { clock, self, writer } = this.#here;
    const now = clock.monotonic();
    const inForce = strength(this.#life, this.drill.spec, now);
    const isDue = now - this.#lastBeat.at >= beatEveryMs || inForce !== this.#lastBeat.inForce;
    if (!isDue) return;
    this.#lastBeat = { at: now, inForce };
    this.#sequence += 1;
    const { id } = this.drill;
    writer.write('beats', { cluster: self.cluster, id, sequence: this.#sequence, inForce });
  }

  #watch(now: number): void {
    const isRunning = this.#life.kind === 'running';
    if (!isRunning && this.#life.kind !== 'reverting') return;
    const reached = isRunning ? this.#reaching(now) : [];
    const notes = [...reached, ...this.#account.recording.moved()];
    if (notes.length > 0) this.#write(notes);
  }

  /** Gateways that have it in force since the look before; once they all have it in full, that. */
  #reaching(now: number): Note[] {
    const { board, sight } = this.#here;
    const { recording } = this.#account;
    const gateways = sight.gateways();
    const strengthAt = (gateway: string) => board.strengthAt(gateway, this.drill.id) ?? 0;
    const value = Math.round(now - (recording.at('started') ?? now));
    const notes = gateways
      .filter((gateway) => strengthAt(gateway) > 0 && !this.#reached.has(gateway))
      .map((gateway): Note => {
        this.#reached.add(gateway);
        const [cluster = '', id = ''] = gateway.split('/');
        const what = `${id} has it in force`;
        return { kind: 'gateway', cluster: cluster as ClusterName, what, value };
      });
    if (recording.at('inForce') === undefined && gateways.every((one) => strengthAt(one) >= 1)) {
      this.#account.inForce(now);
      notes.push({ kind: 'in-force', what: 'In force in full at every gateway', value });
    }
    return notes;
  }

  async #probe(): Promise<void> {
    const { sight, authority, clock, log } = this.#here;
    try {
      const options = { authority, clock };
      const note = (one: Note) => this.#write([one]);
      this.#probes = await probeOthers(sight.otherDoors(), options, note);
    } catch (err) {
      const drill = this.drill.id;
      log.warn({ err, drill }, 'the expired certificate could not be shown to anybody');
      this.#probes = { made: 0, refused: 0 };
    }
    this.#event({ kind: 'finished' });
  }

  #finish(): void {
    const { writer, authority } = this.#here;
    this.#cancelTick();
    const { report, ...drill } = this.#account.reported({ probes: this.#probes });
    this.#account.drill = report ? { ...drill, report: signReport(report, authority) } : drill;
    writer.write('runs', this.drill);
    // After its end: beats that stop without one look like a driver that died.
    writer.erase({ kind: 'beats', id: this.drill.id });
    this.#changed(this.drill);
  }

  #write(notes: readonly Note[]): void {
    const { drill } = this.#account;
    const timeline = [...drill.timeline, ...this.#account.entries(notes)].slice(0, mostEntries);
    this.#account.drill = { ...drill, timeline };
    // Its end is told together with its report.
    if (this.#life.kind === 'over') return;
    this.#here.writer.write('runs', this.drill);
    this.#changed(this.drill);
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
