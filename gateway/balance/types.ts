/** Owns the words of a balancing decision: who calls, what there is, what was decided and why. */
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { Health, Protocol } from '../../registry/model.ts';
import type { GovernedTier } from './failback.ts';
import type { Steering } from './steering.ts';

/** Who asks: the place a request comes from. */
export interface Caller {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
}

export const algorithms = [
  'peak-ewma',
  'least-request',
  'round-robin',
  'random',
  'ring-hash',
  'maglev',
] as const;
export type Algorithm = (typeof algorithms)[number];

/** How a service is balanced. Semantics and defaults follow Envoy's priority levels. */
export interface BalancePolicy {
  /** Default 1.4: a tier carries its whole load until less than 1/1.4 = 71 % of it is healthy. */
  readonly overprovisioningFactor: number;
  /** Percent, 0 to 100; default 50. 0 turns panic off. */
  readonly panicThreshold: number;
  /** Default `peak-ewma`. */
  readonly algorithm: Algorithm;
  /** Clusters in the order to fail over to; those not named follow, same region first, then by RTT. */
  readonly clusterOrder: readonly ClusterName[];
  /** How a recovered tier gets its load back. */
  readonly failback: FailbackPolicy;
  readonly outlier: OutlierPolicy;
  readonly retry: RetryPolicy;
}

export interface FailbackPolicy {
  /** How long a better tier must stay able before it gets any load back, in milliseconds; default 2000. */
  readonly holdMs: number;
  /** How long its share takes from 0 to all, in milliseconds; default 10000. */
  readonly rampMs: number;
}

export interface OutlierPolicy {
  /** Failures in a row that eject; default 3 (a refused connection counts). */
  readonly consecutiveFailures: number;
  /** First ejection in milliseconds, doubling with each further one; default 5000. */
  readonly baseEjectionMs: number;
  /** Longest ejection in milliseconds; default 60000. */
  readonly maxEjectionMs: number;
  /** Most of a cluster's endpoints that may be ejected at once, percent; default 50, yet one always may. */
  readonly maxEjectedPercent: number;
}

export interface RetryPolicy {
  /** Most tries of one request, the first included; default 4. */
  readonly maxTries: number;
  /** Retries allowed as a percentage of requests over the last ten seconds; default 20. */
  readonly budgetPercent: number;
  /** Retries a second allowed whatever the traffic; default 3. */
  readonly minPerSecond: number;
}

/** State of the links to another cluster. `none` means that no link was ever asked for. */
export type LinkState = 'up' | 'connecting' | 'down' | 'none';

/** One endpoint of the caller's own cluster. */
export interface EndpointView {
  readonly id: string;
  readonly zone: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly weight: number;
  readonly health: Health;
  /** Passively ejected: still counted as a host, but neither as healthy nor as degraded. */
  readonly ejected: boolean;
}

/** The copies of a service in one locality of one cluster: the unit that tiers are made of. */
export interface Group {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly zone: string;
  readonly total: number;
  readonly healthy: number;
  readonly degraded: number;
  /** Hosts taken out on purpose (what-if, drain); not counted as hosts. */
  readonly excluded: number;
  /** Present for the caller's own cluster only: endpoints of others stay home. */
  readonly endpoints?: readonly EndpointView[];
}

/** What is known of a cluster other than the caller's. */
export interface RemoteCluster {
  readonly cluster: ClusterName;
  readonly region: string;
  readonly link: LinkState;
  /** Smoothed round trip in milliseconds; absent when never measured. */
  readonly rttMs?: number | undefined;
  /** Ejected by outlier detection for this service. */
  readonly ejected: boolean;
  /** Its records could not be confirmed lately: probe it, do not forget it. */
  readonly stale: boolean;
}

/** All that a decision depends on, besides the policy. */
export interface BalanceView {
  readonly service: ServiceName;
  readonly groups: readonly Group[];
  readonly remotes: ReadonlyMap<ClusterName, RemoteCluster>;
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

/** How a try ended, as far as balancing cares. `unsent` provably never reached the other side. */
export type TryResult = 'ok' | 'failed' | 'unsent' | 'abandoned';

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
  /** Hash for ring-hash and maglev; absent = random. */
  readonly hash?: number | undefined;
}

/**
 * The mutable heart of one service at one gateway. A change of view or policy rebuilds its picker;
 * a request only calls `pick`, then `started` and `finished` for what it picked. `now`: monotonic milliseconds by the
 * balancer's own clock, from whoever has just read it; default a reading of its own, which costs as much as a choice.
 */
export interface ServiceBalancer {
  readonly service: ServiceName;
  update(view: BalanceView, policy: BalancePolicy): void;
  pick(request: PickRequest, now?: number): Target | undefined;
  started(target: Target, now?: number): void;
  /** `elapsedMs` is the time to the response head; for a failure, to the failure. */
  finished(target: Target, result: TryResult, elapsedMs: number, now?: number): void;
  /** Counts a request into the retry budget. */
  countRequest(now?: number): void;
  /** Takes one retry from the budget; false when it is spent. */
  takeRetry(): boolean;
  /** The decision in force, with ejections and the failback ramp applied. */
  distribution(): Distribution;
  /** What the decision in force depends on besides view and policy; for `explain`. */
  state(): BalancerState;
  /** Stops its timers. It still picks. */
  close(): void;
}

/** What a balancer has learnt by itself. */
export interface BalancerState {
  /** Keys of the targets that are ejected. */
  readonly ejected: ReadonlySet<string>;
  /** Loads in force per tier, while load returns to better tiers and after. */
  readonly governedLoads: readonly GovernedTier[];
}
