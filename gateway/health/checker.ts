/** Owns active health checks: what is checked, when each check runs, and who hears of a change. */
import type { LookupFunction } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../core/clock.ts';
import { Listeners } from '../../core/listeners.ts';
import type { Health } from '../../registry/model.ts';
import { Calendar } from './calendar.ts';
import { type ProbeTarget, probe } from './probe.ts';
import { afterResult, type Standing, unknownStanding } from './rise-fall.ts';

export interface CheckTarget extends ProbeTarget {
  /** Names the endpoint; setting one again replaces its check. */
  readonly key: string;
}

export interface CheckStatus {
  readonly health: Health;
  /** What the last check said. */
  readonly reason: string;
  /** When it said so, in wall milliseconds; undefined before the first. */
  readonly checkedAt?: number | undefined;
}

export interface HealthCheckerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves endpoints that are names; `NameResolver.lookup`. */
  readonly lookup: LookupFunction;
  /** Checks under way at once; default 256. Those beyond wait their turn. */
  readonly concurrency?: number | undefined;
}

/** From this many endpoints on, first checks spread over a whole interval. */
const crowdSize = 1000;

export type HealthListener = (key: string, health: Health, reason: string) => void;

interface Entry {
  readonly target: CheckTarget;
  standing: Standing;
  reason: string;
  checkedAt: number | undefined;
}

export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #concurrency: number;
  readonly #entries = new Map<string, Entry>();
  readonly #calendar: Calendar<Entry>;
  /** Due, in order, but over the concurrency cap. */
  readonly #waiting = new Set<Entry>();
  readonly #listeners = new Listeners<[key: string, health: Health, reason: string]>();
  #running = 0;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 256;
    this.#calendar = new Calendar(options.clock, (entry) => {
      this.#waiting.add(entry);
      this.#runDue();
    });
  }

  /**
   * Checks an endpoint from now on. Its health is kept when only the check changed, and unknown again when
   * it moved. The first check comes soon; when there are many, at random within an interval.
   */
  set(target: CheckTarget): void {
    const known = this.#entries.get(target.key);
    if (isDeepStrictEqual(known?.target, target)) return;
    const moved = known?.target.address !== target.address || known.target.port !== target.port;
    if (known) this.#forget(known);
    const entry: Entry = {
      target,
      standing: moved || !known ? unknownStanding : known.standing,
      reason: moved || !known ? 'Not checked yet' : known.reason,
      checkedAt: moved ? undefined : known?.checkedAt,
    };
    this.#entries.set(target.key, entry);
    this.#calendar.add(entry, this.#firstDelay(target.check.intervalMs));
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#forget(entry);
    this.#entries.delete(key);
  }

  status(key: string): CheckStatus | undefined {
    const entry = this.#entries.get(key);
    return (
      entry && { health: entry.standing.health, reason: entry.reason, checkedAt: entry.checkedAt }
    );
  }

  /** Calls `listener` when an endpoint's health changes. Returns a function that stops that. */
  onChange(listener: HealthListener): () => void {
    return this.#listeners.add(listener);
  }

  /** Checks no more; results of checks under way are dropped. */
  close(): void {
    this.#calendar.clear();
    this.#waiting.clear();
    this.#entries.clear();
    this.#listeners.clear();
  }

  /** A handful is checked at once; tens of thousands spread over their whole interval. */
  #firstDelay(intervalMs: number): number {
    const crowd = Math.min(1, this.#entries.size / crowdSize);
    return intervalMs * crowd * this.#options.random();
  }

  #forget(entry: Entry): void {
    this.#calendar.delete(entry);
    this.#waiting.delete(entry);
  }

  #runDue(): void {
    for (const entry of this.#waiting) {
      if (this.#running >= this.#concurrency) return;
      this.#waiting.delete(entry);
      this.#running++;
      void this.#run(entry);
    }
  }

  /** Never rejects: `probe` does not. */
  async #run(entry: Entry): Promise<void> {
    const { clock, lookup } = this.#options;
    const { key, check } = entry.target;
    const started = clock.monotonic();
    const { health, reason } = await probe(entry.target, lookup);
    this.#running--;
    if (this.#entries.get(key) === entry) {
      this.#calendar.add(entry, Math.max(0, check.intervalMs - (clock.monotonic() - started)));
      const before = entry.standing.health;
      entry.standing = afterResult(entry.standing, health, check);
      entry.reason = reason;
      entry.checkedAt = clock.now();
      if (entry.standing.health !== before) this.#tell(key, entry.standing.health, reason);
    }
    this.#runDue();
  }

  #tell(key: string, health: Health, reason: string): void {
    this.#listeners.tell(key, health, reason);
  }
}
