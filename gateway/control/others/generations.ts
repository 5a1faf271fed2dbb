/** Owns telling that a gateway is another process than before, from when it says it was started. */
import type { ClusterView } from '../../../registry/snapshot.ts';

/**
 * A gateway that takes over from another process keeps its id and addresses: links to it stay with the
 * process that is leaving until somebody notices.
 */
export class GatewayGenerations {
  readonly #startedAt = new Map<string, number>();

  /** Whether any gateway of the cluster was replaced since the last look. */
  look({ cluster, gateways }: Pick<ClusterView, 'cluster' | 'gateways'>): boolean {
    let replaced = false;
    for (const [id, { startedAt }] of gateways) {
      const key = `${cluster}/${id}`;
      const before = this.#startedAt.get(key);
      replaced ||= before !== undefined && before !== startedAt;
      this.#startedAt.set(key, startedAt);
    }
    for (const key of this.#startedAt.keys()) {
      const [of, id = ''] = key.split('/');
      if (of === cluster && !gateways.has(id)) this.#startedAt.delete(key);
    }
    return replaced;
  }
}
