/** Owns looking on at one drill that another gateway drives, so that there is a report should its driver not live to write one. */
import { advance, type Life, type Note } from '../../../federation/drills/lifecycle.ts';
import type { Drill, TimelineEntry } from '../../../federation/drills/model.ts';
import { Account, driverLost, type Here } from './account.ts';

/** Notes that the driver made by its own moments; a report tells of all by those of one gateway. */
const byMoments: ReadonlySet<TimelineEntry['kind']> = new Set(['detected', 'shifted', 'returned']);

export class Witness {
  readonly #here: Here;
  readonly #account: Account;
  readonly #seen: TimelineEntry[] = [];
  readonly #heard = new Set<string>();
  /** From the loss of its driver on: its end, as the driver would have led it. */
  #life: Life | undefined;
  #lostAt: number | undefined;
  #concluded: Drill | undefined;

  constructor(here: Here, drill: Drill) {
    this.#here = here;
    this.#account = new Account(here, drill);
    this.heard(drill);
  }

  /** Wall milliseconds at which its driver was known to be lost. */
  get lostAt(): number | undefined {
    return this.#lostAt;
  }

  /** The drill as it ended, with a report that is not signed yet; undefined before, and for one that was never in force. */
  get concluded(): Drill | undefined {
    return this.#concluded;
  }

  /** Whether it began and what it left is not told yet. */
  get looksOn(): boolean {
    return this.#account.recording.at('started') !== undefined && this.#concluded === undefined;
  }

  /** The drill's driver wrote the record anew. */
  heard(drill: Drill): void {
    const now = this.#here.clock.monotonic();
    const { recording } = this.#account;
    this.#account.drill = drill;
    for (const { kind, value = 0 } of drill.timeline) {
      if (this.#heard.has(kind)) continue;
      this.#heard.add(kind);
      if (kind === 'ready') recording.turn('baseline', now);
      if (kind === 'started') recording.turn('started', now);
      if (kind === 'in-force') this.#account.inForce(now, (recording.at('started') ?? now) + value);
      if (kind === 'reverting' || kind === 'abort') recording.turn('reverting', now);
      if (kind === 'reverted') recording.turn('gone', now);
    }
  }

  /** The drill's driver is lost: the drill ends everywhere, and the time after is measured from here. */
  lost(): void {
    if (this.#life) return;
    const { clock } = this.#here;
    const now = clock.monotonic();
    this.#lostAt = clock.now();
    this.#account.recording.turn('reverting', now);
    this.#life = { kind: 'reverting', since: now, from: 0, abortedBy: driverLost };
    this.#note([{ kind: 'abort', what: driverLost.what }]);
  }

  /** Looks on; `strength`: how far the drill is in force at this gateway, 0 to 1. */
  look(strength: number): void {
    if (!this.looksOn) return;
    const now = this.#here.clock.monotonic();
    const { recording } = this.#account;
    recording.measure(now, strength);
    this.#note(recording.moved());
    if (this.#life) this.#lead(this.#life, now);
  }

  #lead(life: Life, now: number): void {
    const { drill, recording } = this.#account;
    const event = {
      kind: 'time',
      missing: [],
      isHeard: true,
      breaches: [],
      isBack: recording.isBack,
    } as const;
    const step = advance(life, event, drill, now);
    this.#life = step.life;
    this.#note(step.notes);
    if (step.life.kind === 'reverting' && step.life.goneAt !== undefined) {
      recording.turn('gone', now);
    }
    if (step.life.kind === 'over') this.#conclude();
  }

  #conclude(): void {
    const { clock, self } = this.#here;
    const { drill } = this.#account;
    const told = drill.timeline.filter(({ kind }) => !byMoments.has(kind));
    this.#account.drill = {
      ...drill,
      ...({ state: 'aborted', abortedBy: driverLost, endedAt: clock.now() } as const),
      timeline: [...told, ...this.#seen].sort((a, b) => a.at - b.at),
    };
    this.#concluded = this.#account.reported({ witness: self });
  }

  #note(notes: readonly Note[]): void {
    this.#seen.push(...this.#account.entries(notes));
  }
}
