/** Owns consistent hashing on a ring (Karger et al., 1997; Ketama): the same hash meets the same endpoint while it is there. */
import type { Random } from '../../../core/clock.ts';
import type { RingHashPolicy } from '../../../policy/traffic/algorithms.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { hash32 } from './hash.ts';

/** Points on the ring of an endpoint of average weight, where nobody says how many there are to be; Ketama's number. */
const pointsPerEndpoint = 160;
/** Envoy's least size of a ring. */
const leastPoints = 1024;
/** Packs an owner's index below its point's 32-bit hash; both fit a double exactly. */
const owners = 1 << 20;

/** A request without a hash goes to a random point. A candidate that was tried is passed over, clockwise. */
export function createRingHash(
  candidates: readonly Candidate[],
  random: Random,
  policy: RingHashPolicy,
): EndpointAlgorithm {
  const ring = buildRing(candidates, policy);
  return {
    pick(_now, tried, hash) {
      if (ring.length === 0) return -1;
      const from = firstAtOrAfter(ring, hash === undefined ? random() * 2 ** 32 : hash);
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

/**
 * As Envoy's: of xxHash64 over `<address>_<i>`, as many points as give whole ones to the endpoint of the least weight, in
 * proportion to weights; what is left of one's last point is the next one's.
 */
function buildRing(candidates: readonly Candidate[], policy: RingHashPolicy): Float64Array {
  const size = ringSize(
    candidates.map(({ weight }) => weight),
    policy,
  );
  const sum = candidates.reduce((total, candidate) => total + candidate.weight, 0);
  const points: number[] = [];
  let due = 0;
  // In one order at every gateway, for so are what is left of points.
  const entries = [...candidates.entries()].sort(([, a], [, b]) => (a.place < b.place ? -1 : 1));
  for (const [i, { place, weight }] of entries) {
    due += (size * weight) / sum;
    for (let n = 0; points.length < due - hair; n++)
      points.push(hash32(`${place}_${n}`) * owners + i);
  }
  return Float64Array.from(points).sort();
}

/** Sums of weights may miss a whole number by rounding. */
const hair = 1e-6;

/** Envoy's formula: `min(max, ceil(least share x min) / least share)`. */
export function ringSize(weights: readonly number[], policy: RingHashPolicy): number {
  const least = Math.min(...weights) / weights.reduce((sum, weight) => sum + weight, 0);
  const wanted =
    policy.minimumRingSize || Math.max(leastPoints, pointsPerEndpoint * weights.length);
  return Math.min(policy.maximumRingSize, Math.ceil(least * wanted - hair) / least);
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
