/** Owns the comparison itself: every program in every round, one after the other, so that drift meets all alike. */
import type { Sample } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Contestant, Ground, ProgramName, Running } from './running.ts';

export interface Scenario {
  readonly name: string;
  /** What is measured, in a line. */
  readonly title: string;
  readonly programs: readonly Contestant[];
  /** Whether each round needs newly started programs; default false. */
  readonly fresh?: boolean;
  measure(running: Running, seconds: number, ground: Ground): Promise<Sample>;
}

/** The rounds of each program in the order they ran. */
export type Outcomes = ReadonlyMap<ProgramName, readonly Sample[]>;

export async function compare(scenario: Scenario, plan: Plan, ground: Ground): Promise<Outcomes> {
  const rounds = new Map<ProgramName, Sample[]>(
    scenario.programs.map(({ program }) => [program, []]),
  );
  if (scenario.fresh) await freshRounds(scenario, plan, ground, rounds);
  else await sharedRounds(scenario, plan, ground, rounds);
  return rounds;
}

/** All programs run all the time; only one has load. */
async function sharedRounds(
  { measure, programs }: Scenario,
  plan: Plan,
  ground: Ground,
  rounds: Map<ProgramName, Sample[]>,
): Promise<void> {
  const all: [ProgramName, Running][] = [];
  try {
    for (const { program, start } of programs) all.push([program, await start(ground)]);
    for (const [, running] of all) await measure(running, plan.warmUpSeconds, ground);
    for (let round = 0; round < plan.rounds; round++) {
      for (const [program, running] of all) {
        rounds.get(program)?.push(await measure(running, plan.seconds, ground));
      }
    }
  } finally {
    for (const [, running] of all) await running.stop();
  }
}

async function freshRounds(
  { measure, programs }: Scenario,
  plan: Plan,
  ground: Ground,
  rounds: Map<ProgramName, Sample[]>,
): Promise<void> {
  for (let round = 0; round < plan.freshRounds; round++) {
    for (const { program, start } of programs) {
      const running = await start(ground);
      try {
        rounds.get(program)?.push(await measure(running, plan.seconds, ground));
      } finally {
        await running.stop();
      }
    }
  }
}
