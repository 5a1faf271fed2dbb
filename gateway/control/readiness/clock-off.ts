/** Owns when a gateway whose clock is off gives way to another of its cluster. */
import { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { LinkState } from '../../data/balance/types.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Clocks } from '../others/clocks.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import type { Obstacle } from './readiness.ts';

interface ClockedParts {
  readonly clocks: Pick<Clocks, 'skew' | 'problem'>;
  readonly config: Pick<GatewayConfig, 'cluster' | 'gateway'>;
  readonly membership: { readonly believed: ReadonlySet<ClusterName> };
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'state'> };
}

interface Circumstances {
  /** How far the clock is ahead of the others', or behind, or was seconds ago, as far as that is known. */
  readonly skew: { readonly aheadMs: number; readonly by: readonly string[] } | undefined;
  /** CLOCK_SKEW; absent once it is right. */
  readonly problem: IsthmusError | undefined;
  /** Of the links to each other cluster. */
  readonly links: readonly LinkState[];
  /** Whether the registry has another gateway of the cluster. */
  readonly hasSibling: boolean;
}

/** Certificates are valid from an hour before they are made. */
const refusedMs = 3_600_000;

/** As things stand at a gateway. */
export function clockObstacle(gateway: ClockedParts): Obstacle | undefined {
  const { clocks, config, membership, snapshot, workers } = gateway;
  const { skew, problem } = clocks;
  const links = Array.from(membership.believed, (cluster) => workers.links.state(cluster).state);
  const gateways = snapshot.clusters.get(config.cluster)?.gateways.keys() ?? [];
  const hasSibling = [...gateways].some((id) => id !== config.gateway);
  return clockObstacleOf({ skew, problem, links, hasSibling });
}

/**
 * Where several clusters say so, no link is up, and another gateway can do what this one can't. A cluster's only gateway stays ready:
 * it has services of its own, which need no link.
 */
export function clockObstacleOf(circumstances: Circumstances): Obstacle | undefined {
  const { skew, problem, links, hasSibling } = circumstances;
  if (skew === undefined || !hasSibling) return undefined;
  if (Math.abs(skew.aheadMs) <= refusedMs || skew.by.length < 2) return undefined;
  const isLinked = links.some((state) => state === 'up' || state === 'suspect');
  return isLinked ? undefined : { state: 'clock-off', problem: problem ?? isSettling() };
}

function isSettling(): IsthmusError {
  const what = 'The clock is right again, and no link is up yet';
  return new IsthmusError('NOT_READY', { what, fix: 'Wait some seconds.' });
}
