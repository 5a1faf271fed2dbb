/** Owns consistent hashing on a ring (Karger et al., 1997; Ketama): the same hash meets the same endpoint while it is there. */
import type { Random } from '../../../core/clock.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { hash32, mix32 } from './hash.ts';

/** Points on the ring of an endpoint of average weight; Ketama's number. */
const pointsPerEndpoint = 160;
const maxPoints = 1 << 17;
/** Packs an owner's index below its point's 32-bit hash; both fit a double exactly. */
const owners = 1 << 20;

/** A request without a hash goes to a random point. A candidate that was tried is passed over, clockwise. */
export function createRingHash(
  candidates: readonly Candidate[],
  random: Random,
): EndpointAlgorithm {
  const ring = buildRing(candidates);
  return {
    pick(_now, tried, hash) {
      if (ring.length === 0) return -1;
      const from = firstAtOrAfter(ring, hash === undefined ? random() * 2 ** 32 : mix32(hash));
      const owner = (ring[from] ?? 0) % owners;
      if (tried.size === 0 || !isTried(candidates, owner, tried)) return owner;
      for (let i = 1; i < ring.length; i++) {
        const next = (ring[(from + i) % ring.length] ?? 0) % owners;
        if (!isTried(candidates, next, tried)) return next;
      }
      return -1;
    },
  };
}

function buildRing(candidates: readonly Candidate[]): Float64Array {
  const sum = candidates.reduce((total, candidate) => total + candidate.weight, 0);
  const average = Math.min(pointsPerEndpoint, maxPoints / Math.max(1, candidates.length));
  const points: number[] = [];
  for (const [i, { key, weight }] of candidates.entries()) {
    const count = Math.max(1, Math.round((average * weight * candidates.length) / sum));
    for (let n = 0; n < count; n++) points.push(hash32(`${key}#${n}`) * owners + i);
  }
  return Float64Array.from(points).sort();
}

/** Index of the first point whose hash is at least `hash`, around the ring. */
function firstAtOrAfter(ring: Float64Array, hash: number): number {
  const wanted = Math.floor(hash) * owners;
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low === ring.length ? 0 : low;
}

function isTried(candidates: readonly Candidate[], i: number, tried: ReadonlySet<string>): boolean {
  const candidate = candidates[i];
  return candidate === undefined || tried.has(candidate.key);
}
