/** Owns the balancing of one service at one gateway: a change rebuilds its picker, a request only picks. */

import type { Clock, Random } from '../../../core/clock.ts';
import type { ServiceName } from '../../../core/names.ts';
import type { RetryPolicy } from '../../../policy/traffic/retry.ts';
import { type BalancePolicy, defaultBalance } from '../../../policy/traffic-policy.ts';
import type { Health } from '../../../registry/model.ts';
import { AlgorithmCache } from './algorithm-cache.ts';
import { createRetryBudget, mostActiveRetries } from './budget.ts';
import { createMeter, type Meter } from './candidate.ts';
import { decide, planTiers, targetLoads } from './decide.ts';
import { clusterKey, endpointKey, withEjections } from './ejections.ts';
import { type Governed, govern } from './failback.ts';
import {
  afterRecovery,
  afterTime,
  afterTry,
  mayEjectOneMore,
  type OutlierState,
  trusted,
} from './outlier.ts';
import { charge, observe } from './peak-ewma.ts';
import { createPicker, type Picker } from './picker.ts';
import type {
  BalanceView,
  Caller,
  Distribution,
  EjectionCause,
  Ejections,
  PickRequest,
  ServiceBalancer,
  Target,
  TryResult,
} from './types.ts';

interface ServiceBalancerOptions {
  readonly service: ServiceName;
  /** This gateway's cluster, region and zone. */
  readonly caller: Caller;
  readonly clock: Clock;
  readonly random: Random;
  /** Called after every new decision, whatever brought it about. */
  readonly onChange?: ((distribution: Distribution) => void) | undefined;
}

/** Measurements and state of one target; they outlive views for as long as requests are in flight. */
interface Known {
  readonly meter: Meter;
  outlier: OutlierState;
}

export function createServiceBalancer(options: ServiceBalancerOptions): ServiceBalancer {
  return new Balancer(options);
}

class Balancer implements ServiceBalancer {
  readonly service: ServiceName;
  readonly #options: ServiceBalancerOptions;
  readonly #known = new Map<string, Known>();
  readonly #budget = createRetryBudget();
  readonly #algorithms: AlgorithmCache;
  /** Measures the successes of the own endpoints, all together. */
  readonly #successes = createMeter();
  #view: BalanceView;
  #policy: BalancePolicy = defaultBalance;
  #ejected: Ejections = new Map();
  #governed: Governed | undefined;
  /** `#governed` as it was when no link was suspect: load that a suspicion moved returns at once. */
  #undoubted: Governed | undefined;
  #distribution: Distribution;
  #picker: Picker | undefined;
  /** When the decision changes by itself: an ejection ends, or load returns a step further. */
  #wakeAt = Infinity;
  #cancelWake: () => void = () => {};
  #closed = false;
  /** Tries under way, and requests under way that have taken a retry. */
  #active = 0;
  #retrying = 0;

  constructor(options: ServiceBalancerOptions) {
    this.#options = options;
    this.service = options.service;
    this.#algorithms = new AlgorithmCache(options.random);
    this.#view = { service: options.service, groups: [], remotes: new Map() };
    this.#distribution = { service: options.service, caller: options.caller, tiers: [] };
  }

  update(view: BalanceView, policy: BalancePolicy): void {
    for (const id of recovered(this.#view, view)) {
      const known = this.#knownOf(endpointKey(id));
      known.outlier = afterRecovery(known.outlier);
    }
    this.#view = view;
    this.#policy = policy;
    const keys = keysOf(view);
    for (const [key, { meter }] of this.#known) {
      if (!keys.has(key) && meter.pending === 0) this.#known.delete(key);
    }
    for (const key of keys) this.#knownOf(key);
    this.#decide(this.#options.clock.monotonic());
  }

  pick(request: PickRequest, now = this.#options.clock.monotonic()): Target | undefined {
    if (now >= this.#wakeAt) this.#decide(now);
    return this.#picker?.pick(request, now);
  }

  started(target: Target): void {
    this.#active++;
    const known = this.#known.get(target.key);
    if (known) known.meter.pending++;
  }

  finished(
    target: Target,
    result: TryResult,
    elapsedMs: number,
    now = this.#options.clock.monotonic(),
  ): void {
    this.#active--;
    const known = this.#known.get(target.key);
    if (known === undefined) return;
    const { meter } = known;
    meter.pending = Math.max(0, meter.pending - 1);
    this.#measure(target, meter, result, elapsedMs, now);
    const before = afterTime(known.outlier, now);
    const failed = result !== 'ok' && result !== 'abandoned';
    const mayEject = failed && this.#mayEject(target);
    const copies = failed ? this.#copiesBehind(target) : 1;
    known.outlier = afterTry(before, result, now, this.#policy.outlier, mayEject, copies);
    if (known.outlier.kind === 'ejected' && known.outlier !== before) this.#decide(now);
  }

  countRequest(now = this.#options.clock.monotonic()): void {
    this.#budget.countRequest(now);
  }

  takeRetry(retry: RetryPolicy, isFurther: boolean): boolean {
    const others = isFurther ? this.#retrying - 1 : this.#retrying;
    const isWithin =
      retry.budget === 'active'
        ? others < mostActiveRetries(this.#active, retry)
        : this.#budget.takeRetry(this.#options.clock.monotonic(), retry);
    if (isWithin && !isFurther) this.#retrying++;
    return isWithin;
  }

  retried(): void {
    this.#retrying--;
  }

  distribution(): Distribution {
    const now = this.#options.clock.monotonic();
    if (now >= this.#wakeAt) this.#decide(now);
    return this.#distribution;
  }

  state() {
    this.distribution();
    return { ejected: this.#ejected, governedLoads: this.#governed?.tiers ?? [] };
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake();
  }

  #decide(now: number): void {
    const { caller, random, onChange } = this.#options;
    const policy = this.#policy;
    this.#ejected = this.#ejectedAt(now);
    const view = withEjections(this.#view, this.#ejected);
    const targets = targetLoads(planTiers(view, caller, policy));
    this.#governed = govern(this.#undoubted, targets, policy.failback, now);
    const isDoubtful = view.remotes.values().some(({ link }) => link === 'suspect');
    if (!isDoubtful) this.#undoubted = this.#governed;
    this.#distribution = decide(view, caller, policy, { governedLoads: this.#governed.tiers });
    this.#algorithms.turn();
    this.#picker = createPicker(this.#distribution, {
      policy,
      algorithm: policy.algorithm,
      random,
      algorithms: this.#algorithms,
      meterOf: (key) => this.#knownOf(key).meter,
      isReachable: (cluster) => view.remotes.get(cluster)?.link === 'up',
    });
    this.#sleepUntil(Math.min(this.#governed.nextAt ?? Infinity, this.#nextReturn()), now);
    onChange?.(this.#distribution);
  }

  /**
   * Only success proves speed. A failure is often quick, and is charged what the slowest success has lately taken: else whoever
   * fails at once would draw the traffic. What nobody waited for counts where it had taken longer than expected.
   */
  #measure(target: Target, meter: Meter, result: TryResult, elapsedMs: number, now: number): void {
    const { kind } = target;
    if (result === 'ok') {
      observe(meter, elapsedMs, now);
      if (kind === 'endpoint') observe(this.#successes, elapsedMs, now);
    } else if (result === 'abandoned') {
      if (elapsedMs > meter.estimate && meter.estimate >= 0) observe(meter, elapsedMs, now);
    } else if (this.#successes.estimate >= 0 && kind === 'endpoint') {
      charge(meter, Math.max(elapsedMs, this.#successes.estimate), now);
    }
  }

  /** Ends ejections that are over; returns the targets that are still out. */
  #ejectedAt(now: number): Ejections {
    const ejected = new Map<string, EjectionCause>();
    for (const [key, known] of this.#known) {
      known.outlier = afterTime(known.outlier, now);
      if (known.outlier.kind === 'ejected') ejected.set(key, known.outlier.cause);
    }
    return ejected;
  }

  #nextReturn(): number {
    let next = Infinity;
    for (const { outlier } of this.#known.values()) {
      if (outlier.kind === 'ejected') next = Math.min(next, outlier.until);
    }
    return next;
  }

  /** The cap is on a cluster's endpoints; clusters are judged one by one, and panic has the last word. */
  #mayEject(target: Target): boolean {
    if (target.kind === 'cluster') return true;
    let total = 0;
    let ejected = 0;
    for (const { endpoints } of this.#view.groups) {
      for (const { id } of endpoints ?? []) {
        total++;
        if (this.#known.get(endpointKey(id))?.outlier.kind === 'ejected') ejected++;
      }
    }
    return mayEjectOneMore(this.#policy.outlier, ejected, total);
  }

  /** How many answer as this target. */
  #copiesBehind(target: Target): number {
    if (target.kind === 'endpoint') return 1;
    let copies = 0;
    for (const { cluster, total } of this.#view.groups)
      if (cluster === target.cluster) copies += total;
    return Math.max(1, copies);
  }

  #knownOf(key: string): Known {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { meter: createMeter(), outlier: trusted };
      this.#known.set(key, known);
    }
    return known;
  }

  #sleepUntil(wakeAt: number, now: number): void {
    this.#cancelWake();
    this.#cancelWake = () => {};
    this.#wakeAt = wakeAt;
    if (this.#closed || wakeAt === Infinity) return;
    this.#cancelWake = this.#options.clock.after(Math.max(1, Math.ceil(wakeAt - now)), () =>
      this.#decide(this.#options.clock.monotonic()),
    );
  }
}

/** Endpoints whose checks failed in `before`, and pass. */
function recovered(before: BalanceView, now: BalanceView): string[] {
  const failing = new Set(idsOf(before, ['unhealthy']));
  if (failing.size === 0) return [];
  return idsOf(now, ['healthy', 'degraded']).filter((id) => failing.has(id));
}

function idsOf({ groups }: BalanceView, healths: readonly Health[]): string[] {
  return groups.flatMap(({ endpoints = [] }) =>
    endpoints.filter(({ health }) => healths.includes(health)).map(({ id }) => id),
  );
}

function keysOf(view: BalanceView): Set<string> {
  const keys = new Set<string>();
  for (const cluster of view.remotes.keys()) keys.add(clusterKey(cluster));
  for (const { endpoints } of view.groups) {
    for (const { id } of endpoints ?? []) keys.add(endpointKey(id));
  }
  return keys;
}
