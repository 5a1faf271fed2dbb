/** Owns what the admin API can see and do: the parts of a running gateway, and its acts. */
import type { LogLevel } from '../../core/log.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { CatalogEntry, Registration } from '../catalog/catalog.ts';
import type { WorkerStatus } from '../workers/pool.ts';
import type {
  Beliefs,
  ClusterItem,
  CreatedToken,
  EndpointItem,
  ExplainAnswer,
  ExportItem,
  Finding,
  JoinResult,
  RegisteredEndpoint,
  ServiceItem,
  Status,
  TrustItem,
} from './answers.ts';

export interface Control {
  status(): Status;
  ready(): boolean;
  clusters(): ClusterItem[];
  trust(): Promise<TrustItem[]>;
  /** What this gateway believes, for others to show. */
  beliefs(): Beliefs;
  services(): ServiceItem[];
  endpoints(service?: ServiceName): EndpointItem[];
  /** One endpoint of this cluster. */
  endpoint(service: ServiceName, id: string): EndpointItem | undefined;
  exports(cluster?: ClusterName): ExportItem[];
  /** Calls `changed` after something that the above show did; returns a function that stops that. */
  onChange(changed: () => void): () => void;
  check(): Promise<Finding[]>;
  /** `from` is CLUSTER or CLUSTER/ZONE, default this gateway. Throws SERVICE_NOT_FOUND or CLUSTER_NOT_FOUND. */
  explain(
    service: ServiceName,
    from: string | undefined,
    without: ReadonlySet<ClusterName>,
  ): Promise<ExplainAnswer>;
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

  createToken(ttlMs?: number): Promise<CreatedToken>;
  join(token: string, dryRun: boolean): Promise<JoinResult>;
  leave(cluster: ClusterName | undefined, force: boolean): Promise<{ readonly left: ClusterName }>;
  /** Stops or starts the embedded registry this gateway hosts. Throws REGISTRY_NOT_EMBEDDED. */
  embeddedRegistry(action: 'stop' | 'start'): Promise<void>;
}
