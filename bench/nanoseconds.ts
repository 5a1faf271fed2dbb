/** Owns timing code that takes nanoseconds, in CPU time: it says the same while others use the machine. */

/** CPU time of this process per run in nanoseconds: the median of nine rounds, after two that only warm up. */
export function nanoseconds(run: () => void, runs: number): number {
  const rounds: number[] = [];
  for (let round = 0; round < 11; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < runs; i++) run();
    const { user, system } = process.cpuUsage(before);
    rounds.push(((user + system) * 1_000) / runs);
  }
  return rounds.slice(2).sort((a, b) => a - b)[4] ?? Number.NaN;
}
