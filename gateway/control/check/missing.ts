/** Owns noticing clusters and gateways that are missing: clusters without a link, and siblings that were lost. */

import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Membership } from '../membership/membership.ts';
import type { LinkBoard } from '../workers/link-board.ts';

export interface LinkedClusters {
  readonly clock: Pick<Clock, 'now'>;
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly membership: Pick<Membership, 'session'>;
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'downSince'> };
}

export interface KnownSiblings {
  readonly config: Pick<GatewayConfig, 'cluster'>;
  readonly membership: Pick<Membership, 'session'>;
}

/** A link that is made anew, or for the first time, is not missing yet. */
const graceMs = 3_000;

export function missingClusters({
  clock,
  config,
  membership,
  snapshot,
  workers,
}: LinkedClusters): IsthmusError[] {
  // To a cluster that left or was evicted the others end their links.
  if (membership.session?.isOut) return [];
  return [...snapshot.clusters.keys()].flatMap((cluster) => {
    if (cluster === config.cluster) return [];
    const since = workers.links.downSince(cluster);
    if (since === undefined || clock.now() - since < graceMs) return [];
    return new IsthmusError('PEER_UNREACHABLE', {
      what: `No link to ${cluster} is up since ${new Date(since).toISOString()}`,
      fix: 'See why: `isthmus check`. One that is gone for good: `isthmus leave --cluster NAME`.',
    });
  });
}

export function missingGateways({ config, membership }: KnownSiblings): IsthmusError[] {
  return Array.from(
    membership.session?.presence.lostSiblings ?? [],
    ([id, at]) =>
      new IsthmusError('GATEWAY_LOST', {
        what: `Gateway ${id} of ${config.cluster} is lost since ${new Date(at).toISOString()}: it is not in the registry any more, and did not say that it ends`,
      }),
  );
}
