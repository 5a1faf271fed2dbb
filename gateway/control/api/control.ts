/** Owns what the admin API can see and do: the parts of a running gateway, and its acts. */

import type { LogLevel } from '../../../core/log-levels.ts';
import type { AskedService, ClusterName, ServiceName } from '../../../core/names.ts';
import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Registration } from '../catalog/registration.ts';
import type { TokenAsked } from '../membership/outcomes.ts';
import type { WorkerStatus } from '../workers/status.ts';
import type {
  ChangedEndpoints,
  ClusterItem,
  CreatedToken,
  EndpointItem,
  ExplainAnswer,
  ExportItem,
  Finding,
  GatewayItem,
  JoinResult,
  ReadinessItem,
  RegisteredEndpoint,
  RegistryReport,
  RequestExplanation,
  ServiceItem,
  Status,
  TrustItem,
} from './answers.ts';
import type { AskedRequest } from './schema/request-explanation.ts';
import type { Imagined } from './view/explanation.ts';

type EndpointName = Pick<Registration, 'service' | 'id'>;

export interface EndpointChanges {
  readonly register: readonly Registration[];
  readonly heartbeat: readonly EndpointName[];
  readonly deregister: readonly EndpointName[];
}

export interface Control {
  status(): Status;
  readiness(): ReadinessItem;
  clusters(): ClusterItem[];
  /** Those of the federation, this one among them. */
  gateways(): GatewayItem[];
  trust(): TrustItem[];
  /** In slices, between which others have their turn; likewise below. */
  services(): Promise<ServiceItem[]>;
  /** Those after a key of their list, in its order; likewise below. */
  servicesAfter(key: string | undefined): Iterable<ServiceItem>;
  endpoints(service?: ServiceName): Promise<EndpointItem[]>;
  endpointsAfter(key: string | undefined, service?: ServiceName): Iterable<EndpointItem>;
  /** One endpoint of this cluster. */
  endpoint(service: ServiceName, id: string): EndpointItem | undefined;
  exports(cluster?: ClusterName): Promise<ExportItem[]>;
  exportsAfter(key: string | undefined, cluster?: ClusterName): Iterable<ExportItem>;
  /** Calls `changed` after something that the above show did; returns a function that stops that. */
  onChange(changed: () => void): () => void;
  check(): Promise<Finding[]>;
  /** Asks each endpoint of the registry. */
  registry(): Promise<RegistryReport>;
  /** `from` is CLUSTER or CLUSTER/ZONE, default this gateway. Throws SERVICE_NOT_FOUND or CLUSTER_NOT_FOUND. */
  explain(
    asked: AskedService,
    from: string | undefined,
    imagined: Imagined,
  ): Promise<ExplainAnswer>;
  /** What would become of a request. Throws BODY_INVALID, SERVICE_NOT_FOUND, CLUSTER_NOT_FOUND or NAME_INVALID. */
  explainRequest(asked: AskedRequest): Promise<RequestExplanation>;
  workers(): WorkerStatus[];
  logLevel(): LogLevel;
  /** At every thread, until the process ends. */
  setLogLevel(level: LogLevel): void;

  /** The zone an endpoint is in when nothing is said. */
  readonly defaultZone: string;
  /** Resolves once it would outlive a crash. Throws ENDPOINT_FIXED or DRAINING. */
  register(registration: Registration): Promise<RegisteredEndpoint>;
  heartbeat(service: ServiceName, id: string): CatalogEntry;
  deregister(service: ServiceName, id: string): Promise<void>;
  /** Makes those of the changes that can be made, in this order. Resolves once they would outlive a crash. Throws DRAINING. */
  changeEndpoints(changes: EndpointChanges): Promise<ChangedEndpoints>;

  createToken(asked: TokenAsked): Promise<CreatedToken>;
  /** Throws TOKEN_NOT_FOUND. */
  revokeToken(id: string): Promise<void>;
  join(token: string, dryRun: boolean): Promise<JoinResult>;
  leave(
    cluster: ClusterName | undefined,
    force: boolean,
    gateways: readonly string[],
  ): Promise<{ readonly left: ClusterName; readonly etcdUser?: string }>;
  /** Stops or starts the embedded registry this gateway hosts. Throws REGISTRY_NOT_EMBEDDED. */
  embeddedRegistry(action: 'stop' | 'start'): Promise<void>;
}
