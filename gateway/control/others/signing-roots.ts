/** Owns telling that gateways of a cluster prove themselves by another root than before, from their records in the registry. */
import type { ClusterView } from '../../../registry/snapshot.ts';

/** Links that were made before stand by the former root, and would break with it: they are made anew while it is believed. */
export class SigningRoots {
  /** By `cluster/id`. */
  readonly #roots = new Map<string, string>();

  /** Whether the root of any gateway of the cluster is another since the last look. */
  look({ cluster, gateways }: Pick<ClusterView, 'cluster' | 'gateways'>): boolean {
    let isChanged = false;
    for (const [id, { root }] of gateways) {
      if (root === undefined) continue;
      const name = `${cluster}/${id}`;
      const before = this.#roots.get(name);
      isChanged ||= before !== undefined && before !== root;
      this.#roots.set(name, root);
    }
    for (const name of this.#roots.keys()) {
      const [of, id = ''] = name.split('/');
      if (of === cluster && !gateways.has(id)) this.#roots.delete(name);
    }
    return isChanged;
  }
}
