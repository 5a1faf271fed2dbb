/** Owns the words of a balancing decision: the caller, the view, the distribution and its reasons. */
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import type { FailureInAnInterval, FailureInARow } from '../../../policy/traffic/outlier.ts';
import type { RetryPolicy } from '../../../policy/traffic/retry.ts';
import type { BalancePolicy } from '../../../policy/traffic-policy.ts';
import type { Health, Protocol } from '../../../registry/model.ts';
import type { ConnectionGate, Held, OpenBreaker } from './breakers.ts';
import type { GovernedTier } from './failback.ts';
import type { Steering } from './steering.ts';

/** The place that a request comes from. */
export interface Caller {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
}

/** Why a target is ejected: the kind of its failures, or, where it is known, their common cause. */
export type EjectionCause = FailureInARow | FailureInAnInterval | 'otherProtocol';

/**
 * State of the links to another cluster. `suspect`: they stand, and nothing is heard by them for now. `none` means that no
 * link was ever asked for.
 */
export type LinkState = 'up' | 'suspect' | 'connecting' | 'down' | 'none';

/** One endpoint of the caller's own cluster. */
export interface EndpointView {
  readonly id: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  /** Ids of other endpoints at the same address and port; absent where there are none. */
  readonly twins?: readonly string[];
  readonly protocol: Protocol;
  /** Share relative to the others; 0: it takes nothing. */
  readonly weight: number;
  readonly health: Health;
  /** Passively ejected, and for what: still counted as a host, but neither as healthy nor as degraded. */
  readonly ejected: EjectionCause | undefined;
  /** While it starts slowly, the part of its weight that it has, over 0 to 1. */
  readonly start?: number;
}

/** The copies of a service in one locality of one cluster: the unit that tiers are made of. */
export interface Group {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  /** Of `total`, those taken out on purpose, by a weight of 0: they count neither as hosts nor as healthy. */
  readonly excluded: number;
  /** Present for the caller's own cluster only: endpoints of others stay home. */
  readonly endpoints?: readonly EndpointView[];
}

/** The state of a cluster other than the caller's, as far as it is known. */
export interface RemoteCluster {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly link: LinkState;
  /** Smoothed round trip in milliseconds; absent when never measured. */
  readonly rttMs?: number | undefined;
  /** Why outlier detection has ejected the cluster, for this service. */
  readonly ejected: EjectionCause | undefined;
  /** Its records could not be confirmed lately: probe it, do not forget it. */
  readonly stale: boolean;
}

/** All that a decision depends on, besides the policy. */
export interface BalanceView {
  readonly service: ServiceName;
  readonly groups: readonly Group[];
  readonly remotes: ReadonlyMap<ClusterName, RemoteCluster>;
  /** How many gateways of the caller's cluster are in which zone; absent = none is known. */
  readonly gateways?: ReadonlyMap<string, number> | undefined;
  /** Load moved on purpose: a drill, a drain, a failover. */
  readonly steering?: Steering | undefined;
}

export type TierKind = 'zone' | 'region' | 'cluster';

/** One priority level of the outcome. Loads are whole percents of the service's requests. */
export interface Tier {
  readonly kind: TierKind;
  /** `zone us-east-1a`, `region us-east`, `cluster dc2`. */
  readonly name: string;
  readonly cluster: ClusterName;
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  readonly excluded: number;
  readonly healthyLoad: number;
  readonly degradedLoad: number;
  readonly panic: boolean;
  /** All load is kept off it on purpose: it is tried last. */
  readonly keptOff?: true;
  readonly members: readonly TierMember[];
  /** Why this tier carries what it carries, as one sentence for a person. */
  readonly reason: string;
}

/** One locality's part of a tier. */
export interface TierMember {
  readonly group: Group;
  /** Weight among the tier's members: locality weight x min(1, opf x availability). */
  readonly weight: number;
}

export interface Distribution {
  readonly service: ServiceName;
  readonly caller: Caller;
  readonly tiers: readonly Tier[];
}

/** What a request is sent to. `key` is unique per service and stable: `endpoint/<id>` or `cluster/<name>`. */
export type Target =
  | {
      readonly kind: 'endpoint';
      readonly key: string;
      readonly endpoint: EndpointView;
      readonly tier: TierKind;
    }
  | {
      readonly kind: 'cluster';
      readonly key: string;
      readonly cluster: ClusterName;
      readonly tier: TierKind;
    };

/** How a try ended, as far as balancing cares. */
export type TryResult =
  /** Answered, and not with 5xx. */
  | 'ok'
  /** Answered with 5xx, but for the next. */
  | 'server-error'
  /** Answered with 502, 503 or 504; by another cluster's gateway also where an endpoint there failed it. */
  | 'gateway-error'
  /** No whole answer came. */
  | 'failed'
  /** The request provably never reached the other side. */
  | 'unsent'
  /** Likewise, for the endpoint speaks another protocol than it is registered with. */
  | 'other-protocol'
  /** Nobody waited for the end. */
  | 'abandoned';

/** A target that has a name: undefined while it can't take requests. */
export interface Named {
  readonly target: Target | undefined;
}

export interface PickRequest {
  /**
   * Keys of targets that this request has tried. An endpoint is never picked again; another cluster is once
   * nothing else is left, for its own gateway chooses anew.
   */
  readonly tried: ReadonlySet<string>;
  /** Whether a retry may leave the tier of the first try (idempotent, or provably unsent). */
  readonly mayLeaveTier: boolean;
  /** Tier of the first try, when there was one. */
  readonly firstTier?: TierKind | undefined;
  /** Only this cluster's own endpoints: the caller is another gateway, and loops are refused. */
  readonly localOnly: boolean;
  /** Only that other cluster; absent = any. */
  readonly within?: ClusterName | undefined;
  /** Not where that one is: a breaker there has turned the request away. */
  readonly awayFrom?: Target | undefined;
  /** Only what is usable, not what is left: there is a try under way that may yet be answered. */
  readonly usableOnly?: boolean | undefined;
  /** Hash for ring-hash and maglev; absent = random. */
  readonly hash?: number | undefined;
}

/**
 * The mutable heart of one service at one gateway. A change of view or policy rebuilds its picker;
 * a request only calls `pick`, then `started` and `finished` for what it picked. `now`: monotonic milliseconds by the
 * balancer's own clock, where the caller has just read it; default a reading of its own, which costs as much as a choice.
 */
export interface ServiceBalancer {
  readonly service: ServiceName;
  update(view: BalanceView, policy: BalancePolicy): void;
  pick(request: PickRequest, now?: number): Target | undefined;
  /** The target that a token names, which another gateway or worker may have given out; undefined where there is none (any more). */
  find(token: string): Named | undefined;
  /** The token of a target that has answered. `id`: of the endpoint, where another cluster's gateway has said it. */
  tokenOf(target: Target, id: string | undefined): string;
  started(target: Target): void;
  /** `elapsedMs` is the time to the response head; for a failure, to the failure. */
  finished(target: Target, result: TryResult, elapsedMs: number, now?: number): void;
  /** An active check of own endpoints, by their ids, has passed: those that are ejected are back, on trial. */
  checkPassed(ids: readonly string[]): void;
  /** Counts a request into the retry budget. */
  countRequest(now?: number): void;
  /**
   * Takes one retry from the budget of `retry`; false when it is spent. `isFurther`: of a request that has taken one before,
   * and is counted among the active ones. Say `retried` once for each request that has taken any.
   */
  takeRetry(retry: RetryPolicy, isFurther: boolean): boolean;
  /** Counts a try that begins until it is let go; undefined where the service has no breakers. */
  hold(target: Target, isRetry: boolean): Held | undefined;
  /** For connections to the own cluster's endpoints; undefined where the service has no breakers. */
  readonly gate: ConnectionGate | undefined;
  /** The breaker that turns a retry to `target` away; undefined: it may go. */
  shutRetry(target: Target): OpenBreaker | undefined;
  /** The breaker that leaves no destination for the first try of a request; undefined: it is not for them. */
  shut(): OpenBreaker | undefined;
  /** A request that has taken retries makes none any more. */
  retried(): void;
  /** The decision in force, with ejections and the failback ramp applied. */
  distribution(): Distribution;
  /** What the balancer has learnt by itself, which the decision in force depends on besides view and policy; for `explain`. */
  state(): BalancerState;
  /** Stops its timers. It still picks. */
  close(): void;
}

/** The ejected targets by key, each with the cause. */
export type Ejections = ReadonlyMap<string, EjectionCause>;

/** Endpoints that start slowly, by key, each with the part of its weight that it has. */
export type SlowStarts = ReadonlyMap<string, number>;

/** The knowledge that a balancer has gained by itself. */
export interface BalancerState {
  /** Targets that are ejected now. */
  readonly ejected: Ejections;
  /** Breakers that let nothing through; absent where there are none. */
  readonly openBreakers?: readonly OpenBreaker[] | undefined;
  readonly starting: SlowStarts;
  /** Loads in force per tier, while load returns to better tiers and after. */
  readonly governedLoads: readonly GovernedTier[];
}
