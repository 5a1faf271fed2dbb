/** Owns the shapes of the admin API's answers: what the server sends and the CLI reads. */
import type { Explanation } from '../balance/explain.ts';

export interface Items<T> {
  readonly items: readonly T[];
}

export interface ProblemItem {
  readonly code: string;
  readonly what: string;
  readonly where?: string;
  readonly fix?: string;
}

/** `GET /v1/status` */
export interface Status {
  readonly cluster: string;
  readonly federation: string;
  readonly gateway: string;
  readonly region: string;
  readonly zone: string;
  readonly version: string;
  /** Of the process; another one after a takeover. */
  readonly pid: number;
  readonly uptimeMs: number;
  readonly state: 'starting' | 'ready' | 'draining';
  readonly ready: boolean;
  readonly registry: {
    readonly kind: 'connecting' | 'connected' | 'unavailable' | 'standalone';
    /** Wall time in milliseconds. */
    readonly since?: number;
    readonly reason?: string;
    readonly revision: number;
    readonly stale: boolean;
    readonly fromCache: boolean;
    readonly pendingWrites: number;
  };
  readonly certificate: { readonly notAfter: string | number; readonly id: string };
  readonly members: number;
  readonly services: number;
  readonly endpoints: number;
  readonly problems: readonly ProblemItem[];
  readonly listeners: Readonly<Record<string, string>>;
}

/** `GET /v1/clusters` */
export interface ClusterItem {
  readonly cluster: string;
  readonly region: string;
  readonly zones: readonly string[];
  readonly trustDomain: string;
  readonly state: 'self' | 'up' | 'connecting' | 'down' | 'stale';
  readonly rttMs?: number;
  readonly gateways: number;
  readonly eastWest: readonly string[];
  readonly federation: readonly string[];
  readonly bundle: {
    readonly fingerprint: string;
    readonly sequence: number;
    readonly notAfter: string | number;
  };
  readonly capacity?: number;
  readonly joinedAt: string | number;
}

/** `GET /v1/services` */
export interface ServiceItem {
  readonly service: string;
  readonly host: string;
  readonly protocol: string;
  readonly exported: boolean;
  readonly endpoints: { readonly total: number; readonly healthy: number };
  readonly remotes: readonly {
    readonly cluster: string;
    readonly total: number;
    readonly healthy: number;
  }[];
}

/** `GET /v1/endpoints` */
export interface EndpointItem {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: string;
  readonly reason?: string;
  readonly source: 'config' | 'api' | 'registry';
  readonly gateway: string;
  readonly exported: boolean;
}

/** `PUT /v1/services/.../endpoints/:id` */
export interface RegisteredEndpoint extends EndpointItem {
  /** False while the registry can't be written: it is kept and written later. */
  readonly published: boolean;
}

/** `GET /v1/exports` */
export interface ExportItem {
  readonly cluster: string;
  readonly service: string;
  readonly protocol: string;
  readonly localities: readonly {
    readonly region: string;
    readonly zone: string;
    readonly total: number;
    readonly healthy: number;
    readonly degraded: number;
  }[];
  readonly updatedAt: string | number;
  readonly stale: boolean;
}

/** `POST /v1/tokens` */
export interface CreatedToken {
  readonly token: string;
  readonly id: string;
  readonly expiresAt: string | number;
  readonly fingerprint: string;
}

/** `POST /v1/federation/join` */
export interface JoinResult {
  readonly federation: string;
  readonly via: string;
  readonly fingerprint: string;
  readonly adds: {
    readonly clusters: readonly {
      readonly cluster: string;
      readonly region: string;
      readonly fingerprint: string;
    }[];
  };
  readonly joined: boolean;
}

/** `GET /v1/explain/:service`: the decision, and what to know of how it was come by. */
export type ExplainAnswer = Explanation & { readonly notes: readonly string[] };

export const checkLayers = [
  'config',
  'registry',
  'certificates',
  'clock',
  'peers',
  'bundles',
  'services',
] as const;

/** `GET /v1/check` */
export interface Finding {
  readonly layer: string;
  readonly level: 'ok' | 'warning' | 'error';
  readonly code: string;
  readonly what: string;
  readonly where?: string;
  readonly fix?: string;
}
