/** Owns drawing an index at random by weight. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate } from './candidate.ts';

/**
 * A draw in constant time whatever the number of weights (Walker's alias method, built as by Vose 1991).
 * Weights are positive.
 */
export function createWeightedDraw(weights: readonly number[], random: Random): () => number {
  const n = weights.length;
  if (weights.every((weight) => weight === weights[0])) return () => Math.floor(random() * n);

  const sum = weights.reduce((total, weight) => total + weight, 0);
  const chance = Float64Array.from(weights, (weight) => (weight * n) / sum);
  const alias = Uint32Array.from(weights, (_, i) => i);
  const small: number[] = [];
  const large: number[] = [];
  for (const [i, value] of chance.entries()) (value < 1 ? small : large).push(i);
  for (let less = small.pop(); less !== undefined; less = small.pop()) {
    const more = large.at(-1);
    if (more === undefined) {
      chance[less] = 1; // rounding left it a hair under
      continue;
    }
    alias[less] = more;
    const rest = (chance[more] ?? 0) + (chance[less] ?? 0) - 1;
    chance[more] = rest;
    if (rest < 1) {
      large.pop();
      small.push(more);
    }
  }
  return () => {
    const x = random() * n;
    const i = Math.floor(x);
    return x - i < (chance[i] ?? 1) ? i : (alias[i] ?? i);
  };
}

/** Draws by weight among the candidates neither tried nor at index `not`; -1 when none is left. Linear: for retries. */
export function drawUntried(
  candidates: readonly Candidate[],
  tried: ReadonlySet<string>,
  not: number,
  random: Random,
): number {
  let sum = 0;
  for (let i = 0; i < candidates.length; i++) sum += weightOf(candidates, i, tried, not);
  let x = random() * sum;
  let last = -1;
  for (let i = 0; i < candidates.length; i++) {
    const weight = weightOf(candidates, i, tried, not);
    if (weight === 0) continue;
    last = i;
    x -= weight;
    if (x < 0) return i;
  }
  return last;
}

function weightOf(
  candidates: readonly Candidate[],
  i: number,
  tried: ReadonlySet<string>,
  not: number,
): number {
  const candidate = candidates[i];
  return candidate === undefined || i === not || tried.has(candidate.key) ? 0 : candidate.weight;
}
