/** Owns the words that the control side and a worker thread exchange. */
import type { LeafIdentity } from '../../certs/authority.ts';
import type { TrustDomain } from '../../certs/spiffe-id.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { ClusterName, FederationName, ServiceName } from '../../core/names.ts';
import type { Shift } from '../balance/steering.ts';
import type { BalancePolicy, BalancerState, Caller } from '../balance/types.ts';
import type { ClusterFacts } from '../balance/view.ts';
import type { IngressCredentials } from '../edge/credentials.ts';
import type { EdgeSpec } from '../edge/edge.ts';
import type { LinkDetail, LinkStatus, RemoteGateways } from '../link/pool.ts';
import type { FaultRule } from '../proxy/faults.ts';
import type { ProxyLimits } from '../proxy/limit.ts';
import type { RouteTimeouts } from '../proxy/route.ts';
import type { SeriesLabels } from '../proxy/series.ts';
import type { Bound, ListenAt, PerListener } from './listeners.ts';
import type { OverloadLimits } from './overload.ts';
import type { ServiceSheet } from './sheet.ts';

/** What a worker is for as long as it lives. */
export interface WorkerOptions {
  /** From 0. */
  readonly index: number;
  readonly cluster: ClusterName;
  readonly gatewayId: string;
  readonly federation: FederationName;
  readonly caller: Caller;
  /** This worker's part of the gateway's. */
  readonly limits: ProxyLimits;
  readonly overload: OverloadLimits;
  readonly exposeDecision: boolean;
  readonly edge: EdgeSpec;
}

/** How services are carried. */
export interface ServiceSettings {
  readonly policy: BalancePolicy;
  readonly timeouts: RouteTimeouts;
}

export interface Settings extends ServiceSettings {
  /** Services that have their own. */
  readonly services: ReadonlyMap<ServiceName, ServiceSettings>;
  readonly logLevel: string;
}

/** What a worker begins with; the rest comes with its first update. */
export interface WorkerStart {
  readonly worker: WorkerOptions;
  readonly settings: Settings;
  readonly identity: LeafIdentity;
  /** One for each ingress. */
  readonly credentials: readonly IngressCredentials[];
}

/** What drills and standing orders do to requests. */
export interface DataEffects {
  readonly shifts: readonly Shift[];
  readonly faults: readonly FaultRule[];
}

/** A trust bundle on its way between threads. */
export interface TrustedRoots {
  readonly trustDomain: TrustDomain;
  readonly sequence: number;
  readonly refreshHintSeconds: number;
  /** DER; undefined: the trust domain is trusted no more. */
  readonly roots: readonly Uint8Array[] | undefined;
}

/** What changed since the last one, or everything: taken in as a whole, between two requests. */
export interface Update {
  readonly services?: readonly ServiceSheet[];
  /** Whether `services` are all there are. */
  readonly isWhole?: true;
  /** All of them. */
  readonly clusters?: ReadonlyMap<ClusterName, ClusterFacts>;
  /** All clusters to be linked to. */
  readonly remotes?: readonly RemoteGateways[];
  /** Clusters of which a gateway was replaced by another process: links to them are made anew before the old are let go. */
  readonly replaced?: readonly ClusterName[];
  readonly trust?: readonly TrustedRoots[];
  readonly identity?: LeafIdentity;
  readonly credentials?: readonly IngressCredentials[];
  readonly settings?: Settings;
  readonly effects?: DataEffects;
}

/** Requests to a worker, and what they are answered with. */
export interface Requests {
  listen: { at: PerListener<ListenAt> };
  /** Answered when every link is up or has failed once. */
  settle: { limitMs: number };
  /** Takes no new connections. */
  stop: object;
  /** Takes nothing new and lets what is in flight finish; see `Listener.drain`. */
  drain: { limitMs: number; graceMs: number };
  close: object;
  balancer: { service: ServiceName };
  /** Of every service that was asked for. */
  balancers: object;
  /** To one cluster, or to all. */
  links: { cluster?: ClusterName | undefined };
}

export interface Results {
  listen: PerListener<Bound>;
  settle: undefined;
  stop: undefined;
  drain: undefined;
  close: undefined;
  /** Undefined where the service was not asked for. */
  balancer: BalancerState | undefined;
  balancers: ReadonlyMap<ServiceName, BalancerState>;
  links: readonly LinkDetail[];
}

export type RequestKind = keyof Requests;
export type Request = { [K in RequestKind]: { readonly kind: K } & Requests[K] }[RequestKind];

export type ToWorker =
  | { readonly kind: 'update'; readonly update: Update }
  | { readonly kind: 'request'; readonly id: number; readonly request: Request };

export type FromWorker =
  | {
      readonly kind: 'slab';
      readonly slab: number;
      readonly values: Float64Array<SharedArrayBuffer>;
    }
  | { readonly kind: 'gauges'; readonly slab: number; readonly at: number }
  | {
      readonly kind: 'series';
      readonly labels: SeriesLabels;
      readonly slab: number;
      readonly at: number;
      readonly size: number;
    }
  | { readonly kind: 'link'; readonly cluster: ClusterName; readonly status: LinkStatus }
  | { readonly kind: 'done'; readonly id: number; readonly result: Results[RequestKind] }
  | ({ readonly kind: 'failed'; readonly id: number } & PortableError);

/** A coded error on its way between threads. */
export interface PortableError {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where?: string | undefined;
  readonly fix: string;
}
