/** Owns adding up how the fates of remembered requests differ: what becomes of how many, and what each cluster is asked. */
import { type End, type Fate, type Move, movesBetween } from './fate.ts';

export const changeKinds = [
  /** Served, by another service or cluster. */
  'elsewhere',
  'refused',
  'limited',
  /** By the gateway itself. */
  'answered',
  /** What was not. */
  'served',
  'unknown',
] as const;

interface Change {
  readonly kind: (typeof changeKinds)[number];
  readonly from: End;
  readonly to: End;
  /** Remembered requests; a part of one where only a part of such requests is concerned. */
  readonly sampled: number;
  /** Requests that they stand for. */
  readonly requests: number;
}

export class Tally {
  readonly #changes = new Map<string, Change>();
  readonly #before = new Map<string, number>();
  readonly #after = new Map<string, number>();
  #sampled = 0;
  #requests = 0;

  /** `standsFor`: how many requests this one stands for. */
  add(standsFor: number, before: Fate, after: Fate): void {
    this.#sampled++;
    this.#requests += standsFor;
    ask(this.#before, before, standsFor);
    ask(this.#after, after, standsFor);
    for (const move of movesBetween(before, after)) this.#note(move, standsFor);
  }

  /** Requests that were asked about. */
  get sampled(): number {
    return this.#sampled;
  }

  /** Requests that they stand for. */
  get requests(): number {
    return this.#requests;
  }

  /** Those of most requests first. */
  get changes(): readonly Change[] {
    return [...this.#changes.values()].toSorted((a, b) => b.requests - a.requests);
  }

  /** Requests that each cluster is asked, before and after. */
  get clusters(): ReadonlyMap<string, { readonly before: number; readonly after: number }> {
    const names = [...new Set([...this.#before.keys(), ...this.#after.keys()])].sort();
    return new Map(
      names.map((name) => [
        name,
        { before: this.#before.get(name) ?? 0, after: this.#after.get(name) ?? 0 },
      ]),
    );
  }

  #note({ from, to, share }: Move, standsFor: number): void {
    const key = JSON.stringify([from, to].map(({ kind, says, policy }) => [kind, says, policy]));
    const known = this.#changes.get(key) ?? { sampled: 0, requests: 0 };
    this.#changes.set(key, {
      ...{ kind: kindOf(from, to), from, to },
      sampled: known.sampled + share,
      requests: known.requests + share * standsFor,
    });
  }
}

function kindOf(from: End, to: End): Change['kind'] {
  if (to.kind !== 'goes') return to.kind;
  return from.kind === 'goes' ? 'elsewhere' : 'served';
}

function ask(asked: Map<string, number>, fate: Fate, standsFor: number): void {
  for (const { end, share } of fate) {
    if (end.kind !== 'goes' || end.cluster === undefined) continue;
    asked.set(end.cluster, (asked.get(end.cluster) ?? 0) + share * standsFor);
  }
}
