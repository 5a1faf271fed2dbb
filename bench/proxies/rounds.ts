/** Owns the comparison itself: every program in every round, one after the other, so that drift meets all alike. */
import type { Sample } from './metrics.ts';
import type { Plan } from './plan.ts';
import type { Contestant, Ground, ProgramName, Running, Unsupported } from './running.ts';

export interface Scenario {
  readonly name: string;
  /** What is measured, in a line. */
  readonly title: string;
  readonly programs: readonly (Contestant | Unsupported)[];
  /** Whether each round needs newly started programs; default false. */
  readonly fresh?: boolean;
  measure(running: Running, seconds: number, ground: Ground): Promise<Sample>;
}

/** The rounds of each program in the order they ran, or why there are none. */
export type Outcome =
  | { readonly kind: 'measured'; readonly rounds: readonly Sample[] }
  | { readonly kind: 'unsupported'; readonly why: string };

export async function compare(
  scenario: Scenario,
  plan: Plan,
  ground: Ground,
): Promise<Map<ProgramName, Outcome>> {
  const contestants = scenario.programs.filter((program) => 'start' in program);
  const rounds = new Map<ProgramName, Sample[]>(contestants.map(({ program }) => [program, []]));
  if (scenario.fresh) await freshRounds(scenario, contestants, plan, ground, rounds);
  else await sharedRounds(scenario, contestants, plan, ground, rounds);
  return new Map(
    scenario.programs.map((program) => [
      program.program,
      'unsupported' in program
        ? { kind: 'unsupported', why: program.unsupported }
        : { kind: 'measured', rounds: rounds.get(program.program) ?? [] },
    ]),
  );
}

/** All programs run all the time; only one has load. */
async function sharedRounds(
  { measure }: Scenario,
  contestants: readonly Contestant[],
  plan: Plan,
  ground: Ground,
  rounds: Map<ProgramName, Sample[]>,
): Promise<void> {
  const all: [ProgramName, Running][] = [];
  try {
    for (const { program, start } of contestants) all.push([program, await start(ground)]);
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
  { measure }: Scenario,
  contestants: readonly Contestant[],
  plan: Plan,
  ground: Ground,
  rounds: Map<ProgramName, Sample[]>,
): Promise<void> {
  for (let round = 0; round < plan.freshRounds; round++) {
    for (const { program, start } of contestants) {
      const running = await start(ground);
      try {
        rounds.get(program)?.push(await measure(running, plan.seconds, ground));
      } finally {
        await running.stop();
      }
    }
  }
}
