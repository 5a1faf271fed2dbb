/** Owns the bus by which the parts of a gateway hear of each other: what changed, told to every part that joined. */
import type { TrustDomain } from '../../certs/spiffe-id.ts';
import type { ClusterName, ServiceName } from '../../core/names.ts';
import type { SnapshotDelta } from '../../registry/snapshot.ts';

/** The things that can change, and what a delta names. How a thing is now is looked up where it is kept. */
interface Deltas {
  /** Endpoints of this cluster, or their health. */
  readonly endpoints: [service: ServiceName];
  /** The snapshot of the registry. */
  readonly snapshot: [delta: SnapshotDelta];
  /** The links to a cluster. */
  readonly link: [cluster: ClusterName];
  /** Who is believed, or whether this cluster is in a federation at all. */
  readonly membership: [];
  /** The roots of a trust domain. */
  readonly trust: [trustDomain: TrustDomain];
  /** The bundles of trust domains outside of the federation. */
  readonly foreignTrust: [];
  /** This gateway's certificate. */
  readonly identity: [];
  /** The certificates for clients from outside. */
  readonly credentials: [];
  /** Whom to trust at a service's endpoints, which are spoken to over TLS. */
  readonly endpointTrust: [service: ServiceName];
  /** The keys of issuers whose tokens are taken. */
  readonly issuerKeys: [];
  /** The policies of services. */
  readonly policies: [];
  /** How much the log says. */
  readonly logLevel: [];
  /** The effects of drills and standing orders here. */
  readonly effects: [];
  /** Whether this gateway serves. */
  readonly readiness: [];
}

/** The deltas that a part hears of: a function for each kind. */
type Hears = { readonly [K in keyof Deltas]?: (...delta: Deltas[K]) => void };

export class Changes {
  readonly #parts = new Set<Hears>();

  /** Tells `part` of what it has a function for, after those that joined before it; returns a function that stops that. */
  join(part: Hears): () => void {
    this.#parts.add(part);
    return () => {
      this.#parts.delete(part);
    };
  }

  tell<K extends keyof Deltas>(what: K, ...delta: Deltas[K]): void {
    for (const part of this.#parts) part[what]?.(...delta);
  }
}
