/** Owns the comparison itself: every program in every round, one after the other, so that drift meets all alike. */
import type { Sample } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Contestant, Ground, ProgramName, Running } from './running.ts';

export interface Scenario {
  readonly name: string;
  /** The measurement, in a line. */
  readonly title: string;
  readonly programs: readonly Contestant[];
  /** Whether a quick run leaves it out, unless it was asked for; default false. */
  readonly takesTime?: boolean;
  /** Whether each round needs newly started programs; default false. */
  readonly fresh?: boolean;
  /** The load that newly started programs get before they are measured; default none. */
  warmUp?(running: Running, seconds: number): Promise<unknown>;
  measure(running: Running, seconds: number, ground: Ground): Promise<Sample>;
}

/** The rounds of each program in the order they ran. */
export type Outcomes = ReadonlyMap<ProgramName, readonly Sample[]>;

/** Measures one scenario after the other, on the same ground. */
export class Rounds {
  readonly #plan: Plan;
  readonly #ground: Ground;
  /** Up from one scenario to the next that has the same programs. */
  #kept: { readonly programs: Scenario['programs']; readonly running: Running[] } | undefined;

  constructor(plan: Plan, ground: Ground) {
    this.#plan = plan;
    this.#ground = ground;
  }

  async of(scenario: Scenario): Promise<Outcomes> {
    const rounds = new Map<ProgramName, Sample[]>(
      scenario.programs.map(({ program }) => [program, []]),
    );
    try {
      if (scenario.fresh) await this.#fresh(scenario, rounds);
      else await this.#shared(scenario, rounds);
    } catch (thrown) {
      await this.end();
      throw thrown;
    }
    return rounds;
  }

  /** Stops what still runs. */
  async end(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    for (const running of kept?.running ?? []) await running.stop();
  }

  /** All programs run all the time; only one has load. */
  async #shared({ measure, programs }: Scenario, rounds: Map<ProgramName, Sample[]>) {
    const { seconds, rounds: count } = this.#plan;
    const all = await this.#started(programs);
    for (const [contestant, running] of all) {
      await measure(running, this.#warmUpOf(contestant), this.#ground);
    }
    for (let round = 0; round < count; round++) {
      for (const [{ program }, running] of all) {
        rounds.get(program)?.push(await measure(running, seconds, this.#ground));
      }
    }
  }

  async #started(programs: Scenario['programs']): Promise<[Contestant, Running][]> {
    if (this.#kept?.programs !== programs) {
      await this.end();
      const kept = { programs, running: [] as Running[] };
      this.#kept = kept;
      for (const { start } of programs) kept.running.push(await start(this.#ground));
    }
    const { running } = this.#kept ?? { running: [] };
    return programs.flatMap((contestant, i): [Contestant, Running][] => {
      const one = running[i];
      return one ? [[contestant, one]] : [];
    });
  }

  async #fresh({ measure, programs, warmUp }: Scenario, rounds: Map<ProgramName, Sample[]>) {
    await this.end();
    for (let round = 0; round < this.#plan.freshRounds; round++) {
      for (const contestant of programs) {
        const running = await contestant.start(this.#ground);
        try {
          await warmUp?.(running, this.#warmUpOf(contestant));
          rounds
            .get(contestant.program)
            ?.push(await measure(running, this.#plan.seconds, this.#ground));
        } finally {
          await running.stop();
        }
      }
    }
  }

  #warmUpOf({ compiles }: Contestant): number {
    return compiles ? this.#plan.compilingSeconds : this.#plan.warmUpSeconds;
  }
}
