/** Owns the words that the control side and a worker thread exchange. */

import type { LeafIdentity } from '../../../certs/authority.ts';
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import type { PolicyDelta } from '../../../policy/effective.ts';
import type { BreakerMemory } from '../balance/breaker-table.ts';
import type { Shift } from '../balance/steering.ts';
import type { BalancerState, Caller } from '../balance/types.ts';
import type { ClusterFacts } from '../balance/view.ts';
import type { FaultRule } from '../fault/faults.ts';
import type { LinkDetail, LinkStatus } from '../link/cluster-links.ts';
import type { RemoteGateways } from '../link/links.ts';
import type { IngressCredentials } from '../listen/credentials.ts';
import type { EdgeSpec, Kept } from '../listen/edge.ts';
import type { TrustedProxiesSpec } from '../message/trusted-proxies.ts';
import type { Observed } from '../observe/observed.ts';
import type { ObserverShares } from '../observe/observer.ts';
import type { SampledRequest } from '../observe/sampling/sampled-request.ts';
import type { SeriesLabels } from '../observe/series.ts';
import type { KeyRingContents } from '../request/authenticate/key-rings.ts';
import type { ProxyLimits } from '../request/limit.ts';
import type { PartTarget } from '../request/route/ports.ts';
import type { EndpointTrustChange } from '../upstream/secure-transports.ts';
import type { Bound, ListenAt, PerEdgeListener, PerListener } from './listeners.ts';
import type { OverloadLimits } from './overload.ts';
import type { ServiceSheet } from './sheet.ts';

/** The options that stay the same for as long as a worker lives. */
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
  /** CPU time that it may take to warm up before it listens, in milliseconds; 0 = none. */
  readonly warmUpMs: number;
  readonly exposeDecision: boolean;
  readonly proxies: TrustedProxiesSpec;
  /** Whether connections to the outbound listener begin with a PROXY protocol header. */
  readonly outboundProxyProtocol: boolean;
  /** Whether those to the east-west listener do. */
  readonly eastWestProxyProtocol: boolean;
  readonly observes: ObserverShares;
  /** Requests that it remembers of each service and minute. */
  readonly sampledPerMinute: number;
  /** Most callers of each service that are counted by their names. */
  readonly principalsPerService: number;
  readonly edge: EdgeSpec;
}

/** The knowledge a worker begins with; the rest comes with its first update. */
export interface WorkerStart {
  readonly worker: WorkerOptions;
  readonly logLevel: string;
  readonly identity: LeafIdentity;
  /** One for each ingress. */
  readonly credentials: readonly IngressCredentials[];
  /** The gateway's token buckets. */
  readonly buckets: SharedArrayBuffer;
  /** In which all workers count for breakers. */
  readonly breakers: BreakerMemory;
}

/** The effects of drills and standing orders on requests. */
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

/** Clusters that can't be reached, which one worker tries to reach for all: the scout. */
export interface Scouting {
  /** The scout's index; undefined where there are no other workers. */
  readonly scout: number | undefined;
  readonly clusters: readonly ClusterName[];
}

/** What changed since the last update, or everything: taken in as a whole, between two requests. */
export interface Update {
  readonly services?: readonly ServiceSheet[];
  /** Whether `services`, `policies` and `endpointTrust` are all there are. */
  readonly isWhole?: true;
  /** All clusters. */
  readonly clusters?: ReadonlyMap<ClusterName, ClusterFacts>;
  /** All clusters to be linked to. */
  readonly remotes?: readonly RemoteGateways[];
  /** Clusters of which a gateway was replaced by another process: links to them are made anew before the old are let go. */
  readonly replaced?: readonly ClusterName[];
  /** Clusters that gave a sign of life: links to them wait no longer before they connect. */
  readonly alive?: readonly ClusterName[];
  readonly scouting?: Scouting;
  readonly trust?: readonly TrustedRoots[];
  /** The bundles of foreign trust domains: all there are, one that is not known yet without a root. */
  readonly foreign?: readonly TrustedRoots[];
  readonly identity?: LeafIdentity;
  readonly credentials?: readonly IngressCredentials[];
  readonly policies?: PolicyDelta;
  /** The keys of issuers of tokens: all there are. */
  readonly keys?: KeyRingContents;
  /** Services whose endpoints are spoken to over TLS, or are no more. */
  readonly endpointTrust?: readonly EndpointTrustChange[];
  readonly logLevel?: string;
  readonly effects?: DataEffects;
  /** Whether the services are known: until then a service that is not known may be one all the same. */
  readonly informed?: boolean;
  /** Endpoints that some worker had ejected, and whose check has passed since. */
  readonly passed?: readonly EndpointName[];
  /** Services that some worker was asked for: all follow them from then on. */
  readonly used?: readonly ServiceName[];
}

/** An endpoint of the own cluster. */
export interface EndpointName {
  readonly service: ServiceName;
  readonly id: string;
}

/** Requests to a worker, and what they are answered with. */
export interface Requests {
  listen: { at: PerListener<ListenAt> };
  /** Listens for more clients from outside, as part of an edge that is not yet in force. */
  prepare: {
    at: PerEdgeListener<ListenAt>;
    edge: EdgeSpec;
    credentials: readonly IngressCredentials[];
  };
  /** Puts the prepared edge in force, with these listeners of before; others of before take nothing new. */
  commit: { kept: readonly Kept[]; limits: ProxyLimits };
  /** Forgets the prepared edge. */
  discard: object;
  /** Answered when every link is up or has failed once. */
  settle: { limitMs: number };
  /** Takes no new connections. */
  stop: object;
  /** Takes nothing new and lets what is in flight finish; see `Listener.drain`. */
  drain: { limitMs: number; graceMs: number };
  close: object;
  balancer: { target: PartTarget };
  /** The balancers' states of every service that was asked for. */
  balancers: object;
  /** To one cluster, or to all. */
  links: { cluster?: ClusterName | undefined };
  /** Real requests that it remembers. */
  sampled: object;
  /** How many connections rest on each root. */
  resting: object;
}

export interface Results {
  listen: PerListener<Bound>;
  prepare: PerEdgeListener<Bound>;
  commit: undefined;
  discard: undefined;
  settle: undefined;
  stop: undefined;
  drain: undefined;
  close: undefined;
  /** Undefined where the service, or that part of it, was not asked for. */
  balancer: BalancerState | undefined;
  balancers: ReadonlyMap<ServiceName, BalancerState>;
  links: readonly LinkDetail[];
  sampled: readonly SampledRequest[];
  /** By fingerprint; see `TrustStore.resting`. */
  resting: ReadonlyMap<string, number>;
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
  /** A service was asked for here that was not before. */
  | { readonly kind: 'used'; readonly service: ServiceName }
  /** An endpoint of the own cluster was ejected here. */
  | ({ readonly kind: 'ejected' } & EndpointName)
  /** A gateway of a cluster that links here wait to connect to has connected to us. */
  | { readonly kind: 'alive'; readonly cluster: ClusterName }
  | { readonly kind: 'link'; readonly cluster: ClusterName; readonly status: LinkStatus }
  | { readonly kind: 'observed'; readonly observed: Observed }
  | { readonly kind: 'done'; readonly id: number; readonly result: Results[RequestKind] }
  | ({ readonly kind: 'failed'; readonly id: number } & PortableError);

/** A coded error on its way between threads. */
interface PortableError {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where?: string | undefined;
  readonly fix: string;
}
