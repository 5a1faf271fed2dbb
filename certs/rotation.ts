/** Owns keeping a leaf fresh: renewed at half its life and when the clock was set, the old one used until the new one is there. */
import { type BackoffPolicy, backoffDelay } from '../core/backoff.ts';
import type { Clock, Random } from '../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../core/errors.ts';
import { Subscribers } from '../core/subscribers.ts';
import type { Authority, LeafIdentity, LeafRequest } from './authority.ts';
import { backdateMs } from './x509.ts';

/** Renewals of a cluster's gateways spread over this share of a leaf's life, before its middle. */
const jitterShare = 0.05;
/** Wall time is looked at this often: timers stand still while a machine sleeps, and clocks are set. */
const maxSleepMs = 5_000;
/** A leaf that is valid for no longer than this was made before the clock was set back. */
const youngestMs = backdateMs / 2;
/** Leaves get ever shorter as their root nears its end; renewals don't get more frequent than this. */
const minSleepMs = 1000;
const retries: BackoffPolicy = { baseMs: 1000, maxMs: 60_000 };

/** Wall time at which to renew a leaf issued at `issued`: 45 % to 50 % of the way to its end. All in milliseconds. */
export function renewalTime(issued: number, notAfter: number, random: Random): number {
  return issued + (notAfter - issued) * (0.5 - jitterShare * random());
}

interface LeafRotationOptions {
  readonly authority: Pick<Authority, 'issueLeaf'>;
  readonly request: LeafRequest;
  readonly clock: Clock;
  readonly random: Random;
  /** Hears why a renewal failed, a subscriber's refusal included, and in how many milliseconds the next is tried. */
  onFailure(error: IsthmusError, retryInMs: number): void;
}

type RenewalSubscriber = (identity: LeafIdentity) => void;

export class LeafRotation {
  readonly #options: LeafRotationOptions;
  readonly #subscribers = new Subscribers<[identity: LeafIdentity]>();
  #current: LeafIdentity | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: LeafRotationOptions) {
    this.#options = options;
  }

  /** The leaf to use now. Throws INTERNAL before `start` is done. */
  get current(): LeafIdentity {
    if (this.#current === undefined) {
      throw new IsthmusError('INTERNAL', { what: 'The leaf was asked for before it was issued' });
    }
    return this.#current;
  }

  /** Issues the first leaf and keeps it renewed from then on. Rejects as `issueLeaf` does. */
  async start(): Promise<LeafIdentity> {
    const first = await this.#options.authority.issueLeaf(this.#options.request);
    this.#adopt(first);
    return first;
  }

  /** Calls `subscriber` with each leaf after the first; returns a function that stops that. */
  onRenew(subscriber: RenewalSubscriber): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Renews now: another root signs. Never rejects, as every renewal. */
  async renew(): Promise<void> {
    await this.#renew(0);
  }

  /** Renews no more; `current` stays as it is. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #adopt(leaf: LeafIdentity): void {
    this.#current = leaf;
    const { clock, random } = this.#options;
    const due = renewalTime(clock.now(), leaf.notAfter, random);
    this.#sleepUntil(due, leaf.notBefore + youngestMs);
  }

  /** Sleeps until `due`, or until the clock shows a time before `earliest`: others, whose clocks are right, may not accept the leaf yet. */
  #sleepUntil(due: number, earliest: number): void {
    const { clock } = this.#options;
    this.#wakeIn(Math.min(Math.max(minSleepMs, due - clock.now()), maxSleepMs), () => {
      const now = clock.now();
      if (now >= due || now < earliest) void this.#renew(0);
      else this.#sleepUntil(due, earliest);
    });
  }

  /** Never rejects: what fails is reported and tried again. */
  async #renew(attempt: number): Promise<void> {
    const { authority, request, random, onFailure } = this.#options;
    try {
      const leaf = await authority.issueLeaf(request);
      if (this.#stopped) return;
      this.#adopt(leaf);
      this.#subscribers.tell(leaf);
    } catch (thrown) {
      if (this.#stopped) return;
      const retryInMs = backoffDelay(retries, attempt, random);
      this.#wakeIn(retryInMs, () => void this.#renew(attempt + 1));
      onFailure(asIsthmusError(thrown), retryInMs);
    }
  }

  #wakeIn(ms: number, run: () => void): void {
    this.#cancel?.();
    if (!this.#stopped) this.#cancel = this.#options.clock.after(ms, run);
  }
}
