/** Owns how many tokens this gateway has given of limits that gateways share, since it was started, by policy and bucket: the account that others read. */
import type { Given } from '../../data/request/rate-limit/bucket-table.ts';

/** By policy, then by bucket; a count only grows. */
export type GivenTokens = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface Entry {
  readonly policy: string;
  readonly bucket: string;
  count: number;
  at: number;
}

/** One that gave nothing for so long is forgotten: others have read its count many times. */
const forgottenAfterMs = 60_000;
/** Buckets whose account is kept; of more, those that gave nothing for longest are forgotten. */
const mostBuckets = 10_000;

export class GivenAccount {
  /** Those that gave last come last. */
  readonly #entries = new Map<string, Entry>();

  /** `policyOf`: a policy's name by its mark; what is given by a policy that is no more is not told. */
  add(given: readonly Given[], policyOf: (mark: number) => string | undefined, now: number): void {
    for (const { key, policy: mark, count } of given) {
      const policy = policyOf(mark);
      if (policy === undefined) continue;
      const bucket = BigInt.asUintN(64, key).toString(16);
      const id = `${policy} ${bucket}`;
      const entry = this.#entries.get(id) ?? { policy, bucket, count: 0, at: now };
      entry.count += count;
      entry.at = now;
      this.#entries.delete(id);
      this.#entries.set(id, entry);
    }
    for (const [id, { at }] of this.#entries) {
      if (this.#entries.size <= mostBuckets && now - at < forgottenAfterMs) break;
      this.#entries.delete(id);
    }
  }

  get tokens(): GivenTokens {
    const tokens: Record<string, Record<string, number>> = {};
    for (const { policy, bucket, count } of this.#entries.values()) {
      tokens[policy] ??= {};
      tokens[policy][bucket] = count;
    }
    return tokens;
  }
}

/** A bucket from which another gateway gave tokens. */
interface Charge {
  readonly policy: string;
  readonly key: bigint;
  readonly count: number;
}

/**
 * What another gateway gave between two readings of its account. A bucket that was not there before gave all of its count since: unless
 * nothing was read before, when it may have given it long ago.
 */
export function chargesBetween(before: GivenTokens | undefined, now: GivenTokens): Charge[] {
  if (before === undefined) return [];
  return Object.entries(now).flatMap(([policy, buckets]) =>
    Object.entries(buckets).flatMap(([bucket, count]) => {
      const more = count - (before[policy]?.[bucket] ?? 0);
      return more > 0
        ? [{ policy, key: BigInt.asIntN(64, BigInt(`0x${bucket}`)), count: more }]
        : [];
    }),
  );
}
