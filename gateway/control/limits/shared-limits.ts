/**
 * Owns the limits that gateways share: what this one lets through is told to those that ask, and what the others say they let through is
 * charged to the buckets here. No request waits for it.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Clock, machineUs } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Policies, PolicyResource } from '../../../policy/effective.ts';
import { type BucketShape, shapeOf } from '../../data/request/rate-limit/bucket.ts';
import type { BucketTable } from '../../data/request/rate-limit/bucket-table.ts';
import { markOf } from '../../data/request/rate-limit/limits.ts';
import type { OtherGateway } from '../others/other-gateway.ts';
import { chargesBetween, GivenAccount, type GivenTokens } from './given-tokens.ts';

interface SharedLimitsOptions {
  readonly buckets: BucketTable;
  /** The federation's other gateways, those of the own cluster among them. */
  others(): readonly OtherGateway[];
  /** Rejects when it does not answer. */
  ask(other: OtherGateway, path: string): Promise<unknown>;
  readonly self: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A policy that gateways share. */
interface Shared {
  readonly policy: string;
  readonly shape: BucketShape;
  readonly isOfFederation: boolean;
}

/** What another gateway said last. */
interface Heard {
  readonly process: string;
  readonly given: GivenTokens;
}

export const givenPath = '/v1/limits/given';

export const givenSchema = z.object({
  process: z.string().max(64).describe('Mark of the process, whose counts begin at 0'),
  given: z
    .record(z.string().max(300), z.record(z.string().regex(/^[0-9a-f]{1,16}$/), z.int().min(0)))
    .describe('Requests let through, by policy and bucket'),
});

/** How often the others are asked while there is a limit that they share. */
const askEveryMs = 250;

export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #process = randomUUID();
  readonly #account = new GivenAccount();
  readonly #heard = new Map<string, Heard>();
  readonly #asking = new Set<string>();
  #shared: ReadonlyMap<number, Shared> = new Map();
  #cancel: (() => void) | undefined;

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
  }

  /** What this gateway let through. */
  get given(): z.output<typeof givenSchema> {
    this.#collect();
    return { process: this.#process, given: this.#account.tokens };
  }

  /** Goes by these policies. */
  follow(policies: Policies): void {
    this.#shared = new Map(Iterator.from(policies).flatMap((one) => sharedIn(one)));
    if (this.#shared.size === 0) this.close();
    else this.#cancel ??= this.#later();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#heard.clear();
  }

  #later(): () => void {
    return this.#options.clock.after(askEveryMs, () => {
      this.#cancel = this.#later();
      this.#collect();
      for (const other of this.#toAsk()) void this.#ask(other);
    });
  }

  /** A limit of the own cluster's alone is none of the other clusters' business. */
  #toAsk(): readonly OtherGateway[] {
    const isOfAll = this.#shared.values().some(({ isOfFederation }) => isOfFederation);
    const others = this.#options.others();
    return isOfAll ? others : others.filter(({ cluster }) => cluster === this.#options.self);
  }

  #collect(): void {
    if (this.#shared.size === 0) return;
    const { buckets, clock } = this.#options;
    const policyOf = (mark: number) => this.#shared.get(mark)?.policy;
    this.#account.add(buckets.collect(), policyOf, clock.monotonic());
  }

  /** One that has not answered yet is not asked again. */
  async #ask(other: OtherGateway): Promise<void> {
    const { ask, log } = this.#options;
    const { address } = other;
    if (this.#asking.has(address)) return;
    this.#asking.add(address);
    try {
      const { process, given } = givenSchema.parse(await ask(other, givenPath));
      const before = this.#heard.get(address);
      this.#charge(before?.process === process ? before.given : undefined, given);
      this.#heard.set(address, { process, given });
    } catch (err) {
      log.debug({ err, ...other }, 'a gateway does not say what it let through');
    } finally {
      this.#asking.delete(address);
    }
  }

  #charge(before: GivenTokens | undefined, given: GivenTokens): void {
    const now = machineUs();
    for (const { policy, key, count } of chargesBetween(before, given)) {
      const shared = this.#shared.get(markOf(policy));
      if (shared) this.#options.buckets.charge(key, now, count, shared.shape);
    }
  }
}

function sharedIn(one: PolicyResource): (readonly [number, Shared])[] {
  if (one.kind !== 'RateLimit' || !one.spec.isShared) return [];
  const { name: policy, spec, ofFederation } = one;
  const shared = { policy, shape: shapeOf(spec), isOfFederation: ofFederation === true };
  return [[markOf(policy), shared]];
}
