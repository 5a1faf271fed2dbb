/** Owns this cluster's leaving its federation: naming the other gateways it takes out, and telling the registry. */
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { leave } from '../../../federation/leave.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { FederationSession } from './federation-session.ts';
import type { Identity } from './identity.ts';

interface Leaver {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
}

interface Leaving {
  /** Ids of this cluster's other living gateways, which are all to be named. */
  readonly gateways: readonly string[];
  readonly force: boolean;
  /** Whether this gateway hosts the registry. */
  readonly isHost: boolean;
}

/** Tells the registry that this cluster leaves. Throws LEAVE_REFUSED or what the registry says. */
export async function leaveFederation(
  { config, identity, clock, log }: Leaver,
  session: FederationSession,
  { gateways, force, isHost }: Leaving,
): Promise<void> {
  refuseSiblings(session.livingSiblings, gateways);
  if (isHost && session.client.snapshot.clusters.size > 1 && !force) {
    throw new IsthmusError('LEAVE_REFUSED', {
      what: 'This gateway hosts the registry that the other clusters use',
      fix: 'Have the others leave first, or leave with force.',
    });
  }
  const { federation, cluster } = config;
  const { store } = session;
  try {
    await leave({ store, federation, cluster, by: cluster, signer: identity.authority, clock });
  } catch (thrown) {
    // With force, a registry that can't be told is left to the other members to clean up.
    if (!force) throw thrown;
    log.warn({ err: thrown }, 'left without telling the registry');
  }
}

/** Leaving takes all of a cluster's gateways out: those that live have to be meant. Throws LEAVE_REFUSED. */
function refuseSiblings(living: readonly string[], named: readonly string[]): void {
  if (living.every((id) => named.includes(id))) return;
  const all = living.join(',');
  throw new IsthmusError('LEAVE_REFUSED', {
    what: `Other gateways of this cluster live, and would be taken out of the federation as well: ${all}`,
    fix: `To take this gateway alone out: stop it. To take them all out: \`isthmus leave --gateways ${all}\`.`,
  });
}
