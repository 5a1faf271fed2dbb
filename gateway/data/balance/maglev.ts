/** Owns Maglev hashing: a lookup table that spreads evenly and changes little (Eisenbud et al., NSDI 2016, section 3.4). */
import type { Random } from '../../../core/clock.ts';
import type { MaglevPolicy } from '../../../policy/traffic/algorithms.ts';
import type { Candidate, EndpointAlgorithm } from './candidate.ts';
import { hash64 } from './hash.ts';
import { modulo } from './xx-hash.ts';

const free = 0xffff_ffff;

/** A request without a hash goes to a random place. A candidate that was tried is passed over, down the table. */
export function createMaglev(
  candidates: readonly Candidate[],
  random: Random,
  { tableSize }: MaglevPolicy,
): EndpointAlgorithm {
  const table = buildTable(candidates, tableSize);
  const untried = (i: number, tried: ReadonlySet<string>) => {
    const candidate = candidates[i];
    return candidate !== undefined && !tried.has(candidate.key);
  };
  return {
    pick(_now, tried, hash) {
      if (candidates.length === 0) return -1;
      const place = Math.floor(hash === undefined ? random() * tableSize : hash % tableSize);
      const owner = table[place] ?? 0;
      if (tried.size === 0 || untried(owner, tried)) return owner;
      if (!candidates.some((_, i) => untried(i, tried))) return -1;
      for (let i = 1; i < tableSize; i++) {
        const next = table[(place + i) % tableSize] ?? 0;
        if (untried(next, tried)) return next;
      }
      return -1;
    },
  };
}

/**
 * Fills the table: in turns, each endpoint takes the next free place of its own permutation. One of less than
 * the greatest weight sits out turns in proportion, as in Envoy, whose hashes these are.
 */
function buildTable(candidates: readonly Candidate[], tableSize: number): Uint32Array {
  const table = new Uint32Array(tableSize).fill(free);
  const greatest = candidates.reduce((most, { weight }) => Math.max(most, weight), 0);
  const entries = candidates
    .map(({ place, weight }, index) => ({
      index,
      name: place,
      pace: weight / greatest,
      due: 0,
      place: modulo(hash64(place), tableSize),
      skip: modulo(hash64(place, 1), tableSize - 1) + 1,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  let filled = 0;
  while (filled < tableSize && entries.length > 0) {
    for (const entry of entries) {
      entry.due += entry.pace;
      if (entry.due < 1) continue;
      entry.due -= 1;
      while (table[entry.place] !== free) entry.place = (entry.place + entry.skip) % tableSize;
      table[entry.place] = entry.index;
      if (++filled === tableSize) break;
    }
  }
  return table;
}
