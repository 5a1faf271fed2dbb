/** Owns the tokens that bind clients to targets: names of endpoints that say nothing of where they are. */
import { hash } from 'node:crypto';
import type { ClusterName, ServiceName } from '../../../core/names.ts';
import { isOfClass, targetsOf } from './shares.ts';
import type { Distribution, Named } from './types.ts';

/** Octets of base64 that tell clusters, and endpoints, apart. */
const clusterLength = 8;
const endpointLength = 16;
/** Most tokens remembered. */
const mostKnown = 4096;

/** The tokens of one service; the same at all gateways of all clusters, for they are made of names alone. */
export class Tokens {
  readonly #service: ServiceName;
  readonly #known = new Map<string, string>();

  constructor(service: ServiceName) {
    this.#service = service;
  }

  /** The token of an endpoint: its cluster's, and its own. Empty id: it is not known which endpoint. */
  of(cluster: ClusterName, id: string): string {
    const name = `${cluster}/${id}`;
    let token = this.#known.get(name);
    if (token === undefined) {
      const own = id === '' ? '' : this.#digest(`endpoint/${name}`, endpointLength);
      token = `${this.ofCluster(cluster)}.${own}`;
      if (this.#known.size >= mostKnown) this.#known.clear();
      this.#known.set(name, token);
    }
    return token;
  }

  ofCluster(cluster: ClusterName): string {
    return this.#digest(`cluster/${cluster}`, clusterLength);
  }

  /** One way only: it is known to everybody who is answered. */
  #digest(text: string, length: number): string {
    return hash('sha256', `${this.#service}/${text}`, 'base64url').slice(0, length);
  }
}

/** The targets of a decision by their tokens: own endpoints by the whole one, other clusters by the beginning of it. */
export class TargetsByToken {
  readonly #endpoints = new Map<string, Named>();
  readonly #clusters = new Map<string, Named>();

  constructor({ caller, tiers }: Distribution, tokens: Tokens) {
    for (const tier of tiers) {
      // Load that is kept off on purpose, be it of a session, goes elsewhere.
      if (tier.keptOff) continue;
      if (tier.kind === 'cluster') {
        const [one] = targetsOf(tier, 'all');
        const isUsable = tier.healthy + tier.degraded > 0;
        const target = isUsable ? one?.target : undefined;
        this.#clusters.set(tokens.ofCluster(tier.cluster), { target });
        continue;
      }
      for (const { target } of targetsOf(tier, 'all')) {
        if (target.kind !== 'endpoint') continue;
        const { endpoint } = target;
        const isUsable =
          tier.panic || isOfClass(endpoint, 'healthy') || isOfClass(endpoint, 'degraded');
        const named = { target: isUsable ? target : undefined };
        this.#endpoints.set(tokens.of(caller.cluster, endpoint.id), named);
      }
    }
  }

  /** Undefined where nobody has it (any more). */
  find(token: string): Named | undefined {
    return this.#endpoints.get(token) ?? this.#clusters.get(token.slice(0, token.indexOf('.')));
  }
}
