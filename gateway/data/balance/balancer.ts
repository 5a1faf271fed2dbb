/** Owns the balancing of one service at one gateway: a change rebuilds its picker, a request only picks. */

import type { Clock, Random } from '../../../core/clock.ts';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { isConsistent } from '../../../policy/traffic/algorithms.ts';
import type { BreakerPolicy } from '../../../policy/traffic/breakers.ts';
import type { RetryPolicy } from '../../../policy/traffic/retry.ts';
import { type BalancePolicy, defaultBalance } from '../../../policy/traffic-policy.ts';
import { AlgorithmCache } from './algorithm-cache.ts';
import { BreakerTable } from './breaker-table.ts';
import {
  Breakers,
  type ConnectionGate,
  type Held,
  type OnShut,
  type OpenBreaker,
} from './breakers.ts';
import { createRetryBudget, mostActiveRetries } from './budget.ts';
import { createMeter, type Meter } from './candidate.ts';
import { decide, planTiers, targetLoads } from './decide.ts';
import { endpointKey, newlyEjected, targetsIn, withEjections } from './ejections.ts';
import { type Governed, govern } from './failback.ts';
import { Outliers, recoveredIn, type Watched } from './outliers.ts';
import { charge, observe } from './peak-ewma.ts';
import { createPicker, type Picker } from './picker.ts';
import { Arrivals, withSlowStart } from './slow-start.ts';
import { TargetsByToken, Tokens } from './tokens.ts';
import type {
  BalanceView,
  Caller,
  Distribution,
  Ejections,
  Named,
  PickRequest,
  ServiceBalancer,
  SlowStarts,
  Target,
  TryResult,
} from './types.ts';

interface ServiceBalancerOptions {
  readonly service: ServiceName;
  /** This gateway's cluster, region and zone. */
  readonly caller: Caller;
  readonly clock: Clock;
  readonly random: Random;
  /** Counts what is under way to destinations; default by itself. */
  readonly breakers?: BreakerTable | undefined;
  /** Hears of tries that a breaker turned away. */
  readonly onShut?: OnShut | undefined;
  /** Hears of each of the own endpoints that is ejected, by its id: whoever checks it may end that. */
  readonly onEjected?: ((service: ServiceName, id: string) => void) | undefined;
  /** Called after every new decision, whatever brought it about. */
  readonly onChange?: ((distribution: Distribution) => void) | undefined;
}

/** Measurements and state of one target; they outlive views for as long as requests are in flight. */
interface Known {
  readonly meter: Meter;
  readonly watched: Watched;
}

export function createServiceBalancer(options: ServiceBalancerOptions): ServiceBalancer {
  return new Balancer(options);
}

class Balancer implements ServiceBalancer {
  readonly service: ServiceName;
  readonly #options: ServiceBalancerOptions;
  readonly #known = new Map<string, Known>();
  readonly #outliers: Outliers;
  readonly #budget = createRetryBudget();
  readonly #algorithms: AlgorithmCache;
  readonly #arrivals = new Arrivals();
  /** Measures the successes of the own endpoints, all together. */
  readonly #successes = createMeter();
  #view: BalanceView;
  #policy: BalancePolicy = defaultBalance;
  #ejected: Ejections = new Map();
  #starting: SlowStarts = new Map();
  /** What is there when a service comes into use is not new. */
  #isInUse = false;
  #governed: Governed | undefined;
  /** `#governed` as it was when no link was suspect: load that a suspicion moved returns at once. */
  #undoubted: Governed | undefined;
  #distribution: Distribution;
  #picker: Picker | undefined;
  readonly #tokens: Tokens;
  /** Made of the decision in force when it is first asked for. */
  #named: TargetsByToken | undefined;
  /** When the decision changes by itself: an ejection ends, load returns a step further, or an endpoint starts. */
  #wakeAt = Infinity;
  #cancelWake: () => void = () => {};
  #closed = false;
  /** Tries under way, and requests under way that have taken a retry. */
  #active = 0;
  #retrying = 0;
  /** Present where the policy has any. */
  #breakers: Breakers | undefined;
  gate: ConnectionGate | undefined = undefined;

  constructor(options: ServiceBalancerOptions) {
    this.#options = options;
    this.service = options.service;
    this.#algorithms = new AlgorithmCache(options.random);
    this.#tokens = new Tokens(options.service);
    this.#view = { service: options.service, groups: [], remotes: new Map() };
    this.#outliers = new Outliers(options.random, this.#view, this.#policy.outlier);
    this.#distribution = { service: options.service, caller: options.caller, tiers: [] };
  }

  update(view: BalanceView, policy: BalancePolicy): void {
    const now = this.#options.clock.monotonic();
    this.#outliers.update(view, policy.outlier, recoveredIn(this.#view, view), now);
    if (policy.slowStart.windowMs === 0 || isConsistent(policy.algorithm)) this.#arrivals.clear();
    else if (this.#isInUse) this.#arrivals.update(this.#view, view, now);
    this.#isInUse = true;
    this.#view = view;
    this.#policy = policy;
    this.#limit(policy.breakers);
    const targets = targetsIn(view);
    for (const [key, { meter }] of this.#known) {
      if (targets.has(key) || meter.pending > 0) continue;
      this.#known.delete(key);
      this.#outliers.forget(key);
    }
    for (const [key, kind] of targets) this.#knownOf(key, kind);
    this.#decide(now);
  }

  pick(request: PickRequest, now = this.#options.clock.monotonic()): Target | undefined {
    if (now >= this.#wakeAt) this.#decide(now);
    return this.#picker?.pick(request, now);
  }

  find(token: string): Named | undefined {
    const distribution = this.distribution();
    this.#named ??= new TargetsByToken(distribution, this.#tokens);
    return this.#named.find(token);
  }

  tokenOf(target: Target, id = ''): string {
    return target.kind === 'cluster'
      ? this.#tokens.of(target.cluster, id)
      : this.#tokens.of(this.#options.caller.cluster, target.endpoint.id);
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
    const { meter, watched } = known;
    meter.pending = Math.max(0, meter.pending - 1);
    this.#measure(target, meter, result, elapsedMs, now);
    if (this.#outliers.finished(watched, target, result, now)) this.#decide(now);
  }

  checkPassed(ids: readonly string[]): void {
    const now = this.#options.clock.monotonic();
    const isOver = ids.filter((id) => this.#outliers.checkPassed(endpointKey(id), now));
    if (isOver.length > 0) this.#decide(now);
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

  hold(target: Target, isRetry: boolean): Held | undefined {
    return this.#breakers?.at(this.#clusterOf(target)).hold(isRetry);
  }

  shutRetry(target: Target): OpenBreaker | undefined {
    const open = this.#breakers?.at(this.#clusterOf(target)).openOf('maxRetries');
    return open && this.#breakers?.turnAway(open);
  }

  shut(): OpenBreaker | undefined {
    return this.#breakers?.open().find(({ breaker }) => breaker === 'maxRequests');
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
    const governedLoads = this.#governed?.tiers ?? [];
    const openBreakers = this.#breakers?.open();
    return { ejected: this.#ejected, starting: this.#starting, governedLoads, openBreakers };
  }

  #clusterOf(target: Target): ClusterName {
    return target.kind === 'cluster' ? target.cluster : this.#options.caller.cluster;
  }

  /** Counts stay as they are where there were breakers before. */
  #limit(limits: BreakerPolicy): void {
    const { breakers = new BreakerTable(), onShut = () => undefined, caller } = this.#options;
    if (Object.values(limits).every((limit) => limit === 0)) {
      this.#breakers = undefined;
      this.gate = undefined;
      return;
    }
    this.#breakers ??= new Breakers(this.service, breakers, onShut);
    this.#breakers.limits = limits;
    this.gate = this.#breakers.at(caller.cluster);
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake();
  }

  #decide(now: number): void {
    const { caller, random, onChange, onEjected } = this.#options;
    const policy = this.#policy;
    const before = this.#ejected;
    this.#ejected = this.#outliers.ejectedAt(now);
    if (onEjected !== undefined && this.#ejected.size > 0) {
      for (const id of newlyEjected(this.#view, before, this.#ejected)) onEjected(this.service, id);
    }
    const { starting, nextAt } = this.#arrivals.startingAt(now, policy.slowStart);
    this.#starting = starting;
    const view = withSlowStart(withEjections(this.#view, this.#ejected), starting);
    const targets = targetLoads(planTiers(view, caller, policy));
    this.#governed = govern(this.#undoubted, targets, policy.failback, now);
    const isDoubtful = view.remotes.values().some(({ link }) => link === 'suspect');
    if (!isDoubtful) this.#undoubted = this.#governed;
    this.#distribution = decide(view, caller, policy, { governedLoads: this.#governed.tiers });
    this.#named = undefined;
    this.#algorithms.turn();
    this.#picker = createPicker(this.#distribution, {
      policy,
      random,
      algorithms: this.#algorithms,
      meterOf: ({ key, kind }) => this.#knownOf(key, kind).meter,
      breakers: this.#breakers,
      isReachable: (cluster) => view.remotes.get(cluster)?.link === 'up',
    });
    const { nextAt: nextLoads = Infinity } = this.#governed;
    this.#sleepUntil(Math.min(nextLoads, nextAt, this.#outliers.nextReturn()), now);
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

  #knownOf(key: string, kind: Target['kind']): Known {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { meter: createMeter(), watched: this.#outliers.watch(key, kind) };
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
