/** Owns active health checks: what is checked, when each check runs, and who is told of a change. */
import type { LookupFunction } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Random } from '../../../core/clock.ts';
import { Subscribers } from '../../../core/subscribers.ts';
import { roundMs, Timed, TimingWheel } from '../../../core/timing-wheel.ts';
import type { Health } from '../../../registry/model.ts';
import { probe } from './probe.ts';
import type { ProbeTarget } from './probe-result.ts';
import { afterResult, type JudgedHealth, type RiseFall, unjudged } from './rise-fall.ts';

interface CheckTarget extends ProbeTarget {
  /** Names the endpoint; setting one again replaces its check. */
  readonly key: string;
}

interface CheckStatus {
  readonly health: Health;
  /** The finding of the last check. */
  readonly reason: string;
  /** When it said so, in wall milliseconds; undefined before the first. */
  readonly checkedAt?: number | undefined;
}

interface HealthCheckerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves endpoints that are names; `NameResolver.lookup`. */
  readonly lookup: LookupFunction;
  /** Checks under way at once; default 256. Those beyond wait their turn. */
  readonly concurrency?: number | undefined;
}

/** The last check's reason; where it speaks against the endpoint's health, with how many more it takes. */
function reasonOf({ judged: { health, against }, reason }: Entry, rules: RiseFall): string {
  if (against === 0) return reason;
  const needed = health === 'unhealthy' ? rules.rise : rules.fall;
  return `${reason} (${against} of ${needed} in a row that it takes to change)`;
}

/** From this many endpoints on, first checks spread over a whole interval. */
const crowdSize = 1000;

type HealthSubscriber = (key: string, health: Health, reason: string) => void;

interface Known {
  judged: JudgedHealth;
  reason: string;
  checkedAt: number | undefined;
}

/** An endpoint, which waits for its next check. */
class Entry extends Timed implements Known {
  readonly target: CheckTarget;
  judged: JudgedHealth;
  reason: string;
  checkedAt: number | undefined;
  readonly #onDue: (entry: Entry) => void;

  constructor(target: CheckTarget, known: Known, onDue: (entry: Entry) => void) {
    super();
    this.target = target;
    this.judged = known.judged;
    this.reason = known.reason;
    this.checkedAt = known.checkedAt;
    this.#onDue = onDue;
  }

  override onDue(): void {
    this.#onDue(this);
  }
}

const notChecked: Known = {
  judged: unjudged,
  reason: 'Not checked yet',
  checkedAt: undefined,
};

export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #concurrency: number;
  readonly #entries = new Map<string, Entry>();
  readonly #wheel: TimingWheel;
  /** Due, in order, but over the concurrency cap. */
  readonly #waiting = new Set<Entry>();
  readonly #subscribers = new Subscribers<[key: string, health: Health, reason: string]>();
  readonly #passes = new Subscribers<[key: string, startedAt: number]>();
  #running = 0;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? 256;
    this.#wheel = new TimingWheel(options.clock, roundMs);
  }

  /**
   * Checks an endpoint from now on. Its health is kept when only the check changed, and unknown again when
   * it moved. The first check comes soon; when there are many, at random within an interval.
   */
  set(target: CheckTarget): void {
    const known = this.#entries.get(target.key);
    if (known?.target.tls === target.tls && isDeepStrictEqual(known?.target, target)) return;
    const moved = known?.target.address !== target.address || known.target.port !== target.port;
    if (known) this.#forget(known);
    const entry = new Entry(target, moved || !known ? notChecked : known, this.#due);
    this.#entries.set(target.key, entry);
    this.#wheel.set(entry, this.#wheel.refresh() + this.#firstDelay(target.check.intervalMs));
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) this.#forget(entry);
    this.#entries.delete(key);
  }

  status(key: string): CheckStatus | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { judged, checkedAt, target } = entry;
    return { health: judged.health, reason: reasonOf(entry, target.check), checkedAt };
  }

  /** Calls `subscriber` when an endpoint's health changes. Returns a function that stops that. */
  onChange(subscriber: HealthSubscriber): () => void {
    return this.#subscribers.add(subscriber);
  }

  /** Calls `subscriber` for each check that passes, with the monotonic millisecond at which it began. Returns a function that stops that. */
  onPass(subscriber: (key: string, startedAt: number) => void): () => void {
    return this.#passes.add(subscriber);
  }

  /** Checks no more; results of checks under way are dropped. */
  close(): void {
    this.#wheel.close();
    this.#waiting.clear();
    this.#entries.clear();
    this.#subscribers.clear();
    this.#passes.clear();
  }

  /** A handful is checked at once; tens of thousands spread over their whole interval. */
  #firstDelay(intervalMs: number): number {
    const crowd = Math.min(1, this.#entries.size / crowdSize);
    return intervalMs * crowd * this.#options.random();
  }

  #forget(entry: Entry): void {
    this.#wheel.cancel(entry);
    this.#waiting.delete(entry);
  }

  readonly #due = (entry: Entry): void => {
    this.#waiting.add(entry);
    this.#runDue();
  };

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
    const started = this.#wheel.refresh();
    const { health, reason } = await probe(entry.target, lookup);
    this.#running--;
    if (this.#entries.get(key) === entry) {
      this.#wheel.set(entry, Math.max(this.#wheel.refresh(), started + check.intervalMs));
      const before = entry.judged.health;
      entry.judged = afterResult(entry.judged, health, check);
      entry.reason = reason;
      entry.checkedAt = clock.now();
      if (health === 'healthy') this.#passes.tell(key, started);
      if (entry.judged.health !== before) this.#tell(key, entry.judged.health, reason);
    }
    this.#runDue();
  }

  #tell(key: string, health: Health, reason: string): void {
    this.#subscribers.tell(key, health, reason);
  }
}
