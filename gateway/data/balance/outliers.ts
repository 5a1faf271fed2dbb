/** Owns who of a service's targets is ejected: each by its own failures in a row, endpoints by comparison, all within the caps. */
import type { Random } from '../../../core/clock.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { OutlierPolicy } from '../../../policy/traffic/outlier.ts';
import { clusterKey, endpointKey } from './ejections.ts';
import {
  afterCheck,
  afterRecovery,
  afterTime,
  afterTry,
  ejectedFor,
  judgedAs,
  mayEjectOneMore,
  type OutlierState,
  trusted,
} from './outlier.ts';
import { foundOver } from './outlier-interval.ts';
import type {
  BalanceView,
  EjectionCause,
  Ejections,
  Group,
  RemoteCluster,
  Target,
  TryResult,
} from './types.ts';

/** One target, with its tries and failures within the present interval. */
export interface Watched {
  readonly key: string;
  readonly kind: Target['kind'];
  state: OutlierState;
  tries: number;
  failures: number;
}

export class Outliers {
  readonly #random: Random;
  readonly #watched = new Map<string, Watched>();
  #view: BalanceView;
  #policy: OutlierPolicy;
  #ofClusters: OutlierPolicy;
  /** Monotonic milliseconds. Looked at when a try ends: who is not used needs no comparing, and no timer. */
  #intervalEnd = 0;

  constructor(random: Random, view: BalanceView, policy: OutlierPolicy) {
    this.#random = random;
    this.#view = view;
    this.#policy = policy;
    this.#ofClusters = judgedAs('cluster', policy);
  }

  /** `recovered`: keys of targets that have just become well. */
  update(view: BalanceView, policy: OutlierPolicy, recovered: Iterable<string>, now: number): void {
    this.#view = view;
    if (policy !== this.#policy) this.#ofClusters = judgedAs('cluster', policy);
    this.#policy = policy;
    for (const key of recovered) {
      const watched = this.#watched.get(key);
      if (watched) watched.state = afterRecovery(watched.state, now);
    }
  }

  watch(key: string, kind: Target['kind']): Watched {
    const watched: Watched = { key, kind, state: trusted, tries: 0, failures: 0 };
    this.#watched.set(key, watched);
    return watched;
  }

  forget(key: string): void {
    this.#watched.delete(key);
  }

  /** Takes in the end of a try. True where something was ejected: there is to be a new decision. */
  finished(watched: Watched, target: Target, result: TryResult, now: number): boolean {
    const compared = now >= this.#intervalEnd && this.#compare(now);
    const before = afterTime(watched.state, now);
    if (this.#counts(result, before)) {
      watched.tries++;
      if (result !== 'ok') watched.failures++;
    }
    const failed = result !== 'ok' && result !== 'abandoned';
    const mayEject = failed && this.#mayEject(target.kind, result === 'other-protocol', now);
    const copies = failed ? this.#copiesBehind(target) : 1;
    const policy = target.kind === 'cluster' ? this.#ofClusters : this.#policy;
    watched.state = afterTry(before, result, now, policy, mayEject, copies);
    return compared || (watched.state.kind === 'ejected' && watched.state !== before);
  }

  /** Takes in that an active check of an endpoint has passed. True where that ends its ejection. */
  checkPassed(key: string, now: number): boolean {
    const watched = this.#watched.get(key);
    const before = watched?.state;
    if (watched) watched.state = afterCheck(watched.state, now);
    return watched?.state !== before;
  }

  /** Ends ejections that are over; returns the targets that are still out. */
  ejectedAt(now: number): Ejections {
    const ejected = new Map<string, EjectionCause>();
    for (const [key, watched] of this.#watched) {
      watched.state = afterTime(watched.state, now);
      if (watched.state.kind === 'ejected') ejected.set(key, watched.state.cause);
    }
    return ejected;
  }

  /** When the next of them is over; Infinity where there is none. */
  nextReturn(): number {
    let next = Infinity;
    for (const { state } of this.#watched.values()) {
      if (state.kind === 'ejected') next = Math.min(next, state.until);
    }
    return next;
  }

  /** Whether a result belongs into a success rate. What came without an answer does not, where it is counted apart. */
  #counts(result: TryResult, state: OutlierState): boolean {
    if (state.kind === 'ejected' || result === 'abandoned') return false;
    const isAnswer = result === 'ok' || result === 'server-error' || result === 'gateway-error';
    return isAnswer || !this.#policy.splitExternalLocalOriginErrors;
  }

  /** Compares the own endpoints over the interval that is over, and begins the next; true where any is ejected. */
  #compare(now: number): boolean {
    this.#intervalEnd = now + this.#policy.intervalMs;
    const all = [...this.#watched.values()];
    const compared = all.filter(({ kind, state }) => kind === 'endpoint' && isIn(state, now));
    const chance = (percent: number) =>
      percent >= 100 || (percent > 0 && this.#random() * 100 < percent);
    let isAny = false;
    for (const { one, cause } of foundOver(compared, this.#policy, chance)) {
      const state = afterTime(one.state, now);
      if (state.kind === 'ejected' || !this.#mayEject('endpoint', false, now)) continue;
      one.state = ejectedFor(state, cause, now, this.#policy);
      isAny = true;
    }
    for (const one of all) {
      one.tries = 0;
      one.failures = 0;
    }
    return isAny;
  }

  /**
   * The caps are on a cluster's endpoints; clusters are judged one by one, and panic has the last word. What speaks another
   * protocol is no use to anybody, whoever else is left.
   */
  #mayEject(kind: Target['kind'], isOfNoUse: boolean, now: number): boolean {
    if (kind === 'cluster') return true;
    const counts = { ejected: 0, total: 0, usable: 0 };
    for (const { endpoints = [] } of this.#view.groups) {
      for (const { id, health, weight } of endpoints) {
        counts.total++;
        const isOut = !this.#isIn(endpointKey(id), now);
        if (isOut) counts.ejected++;
        else if (weight > 0 && (health === 'healthy' || health === 'degraded')) counts.usable++;
      }
    }
    return mayEjectOneMore(this.#policy, counts, isOfNoUse || this.#hasOthers(now));
  }

  /** Whether another cluster could take requests. */
  #hasOthers(now: number): boolean {
    const { groups, remotes } = this.#view;
    return groups.some(
      ({ cluster, healthy, degraded }) =>
        remotes.get(cluster)?.link === 'up' &&
        healthy + degraded > 0 &&
        this.#isIn(clusterKey(cluster), now),
    );
  }

  #isIn(key: string, now: number): boolean {
    const watched = this.#watched.get(key);
    return watched === undefined || isIn(watched.state, now);
  }

  /** How many answer as this target. */
  #copiesBehind(target: Target): number {
    if (target.kind === 'endpoint') return 1;
    let copies = 0;
    for (const { cluster, total } of this.#view.groups)
      if (cluster === target.cluster) copies += total;
    return Math.max(1, copies);
  }
}

function isIn(state: OutlierState, now: number): boolean {
  return state.kind !== 'ejected' || now >= state.until;
}

/**
 * Keys of targets that were not well in `before`, and are: endpoints whose checks failed and pass; clusters to which no link was
 * up, or that had no healthy copy.
 */
export function recoveredIn(before: BalanceView, now: BalanceView): string[] {
  const wasIll = new Set(before.groups.flatMap(illIn));
  const endpoints = now.groups.flatMap(({ endpoints = [] }) =>
    endpoints.flatMap(({ id, health }) =>
      wasIll.has(id) && (health === 'healthy' || health === 'degraded') ? [endpointKey(id)] : [],
    ),
  );
  const clusters = [...now.remotes.values()].flatMap((remote) => {
    const old = before.remotes.get(remote.cluster);
    const isBack = old && !isWell(before, old) && isWell(now, remote);
    return isBack ? [clusterKey(remote.cluster)] : [];
  });
  return [...endpoints, ...clusters];
}

function illIn({ endpoints = [] }: Group): string[] {
  return endpoints.filter(({ health }) => health === 'unhealthy').map(({ id }) => id);
}

function isWell({ groups }: BalanceView, { cluster, link }: RemoteCluster): boolean {
  return (link === 'up' || link === 'suspect') && healthyOf(groups, cluster) > 0;
}

function healthyOf(groups: readonly Group[], wanted: ClusterName): number {
  return groups.reduce(
    (sum, { cluster, healthy, degraded }) => (cluster === wanted ? sum + healthy + degraded : sum),
    0,
  );
}
