/** Owns which gateways have taken up a cluster's bundle, as each says in its signed record; pure, from a snapshot. */
import type { ClusterName } from '../../../core/names.ts';
import type { ClusterView, Snapshot } from '../../../registry/snapshot.ts';

export interface Acknowledgement {
  readonly cluster: ClusterName;
  readonly gateway: string;
  /**
   * `taken`: it verifies by this bundle. `behind`: by an older one, or none. `untold`: it lives and does not say, as gateways of version
   * 0.1 don't. `unheard`: it is cut off from the registry, while its cluster can be reached. `offline`: nobody there can be reached; it will
   * follow the chain of bundles when it is back.
   */
  readonly state: 'taken' | 'behind' | 'untold' | 'unheard' | 'offline';
  /** The sequence that it has, where it says one. */
  readonly sequence?: number | undefined;
}

interface Asked {
  /** The cluster whose bundle it is. */
  readonly of: ClusterName;
  readonly sequence: number;
  /** False only where links to a cluster have failed: while they are being made, as after a start, nobody is given up. */
  isReached(cluster: ClusterName): boolean;
}

/** One for every gateway of the federation, by cluster and id. */
export function acknowledgements(
  { clusters }: Pick<Snapshot, 'clusters'>,
  asked: Asked,
): Acknowledgement[] {
  return [...clusters.values()]
    .flatMap((view) => ofCluster(view, asked))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Those that a new root has to wait for: it would cut them off. */
export function laggards(all: readonly Acknowledgement[]): Acknowledgement[] {
  return all.filter(({ state }) => state !== 'taken' && state !== 'offline');
}

/**
 * How each gateway of the federation stands to a cluster that is to be trusted no more: `revoked` once all its workers refuse it, and have
 * cut what was open; a state of `acknowledgements` where that is not known.
 */
export function revocations(
  { clusters }: Pick<Snapshot, 'clusters'>,
  asked: Omit<Asked, 'sequence'>,
): (Omit<Acknowledgement, 'state'> & { readonly state: Revocation })[] {
  const others = new Map([...clusters].filter(([cluster]) => cluster !== asked.of));
  return acknowledgements({ clusters: others }, { ...asked, sequence: 0 }).map((one) => ({
    ...one,
    state: one.state !== 'taken' ? one.state : one.sequence === undefined ? 'revoked' : 'believes',
  }));
}

type Revocation = 'revoked' | 'believes' | Exclude<Acknowledgement['state'], 'taken'>;

export function nameOf({ cluster, gateway }: Pick<Acknowledgement, 'cluster' | 'gateway'>): string {
  return `${cluster}/${gateway}`;
}

function ofCluster(
  { cluster, record, gateways }: ClusterView,
  { of, sequence, isReached }: Asked,
): Acknowledgement[] {
  const named = Object.keys(record?.gateways ?? {});
  const isThere = gateways.size > 0 || isReached(cluster);
  return [...new Set([...named, ...gateways.keys()])].map((gateway): Acknowledgement => {
    const live = gateways.get(gateway);
    if (live === undefined) {
      return { cluster, gateway, state: isThere ? 'unheard' : 'offline' };
    }
    if (live.believes === undefined) return { cluster, gateway, state: 'untold' };
    const has = live.believes[of];
    const state = (has ?? 0) >= sequence ? 'taken' : 'behind';
    return { cluster, gateway, state, sequence: has };
  });
}
