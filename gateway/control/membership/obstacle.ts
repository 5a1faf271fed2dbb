/** Owns finding what keeps a gateway from being ready, as far as its membership does. */
import { IsthmusError } from '../../../core/errors.ts';
import { isJoined, type MembershipState } from '../../../federation/member.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Obstacle } from '../readiness/readiness.ts';
import type { Displacement } from './displacement.ts';
import type { FederationSession } from './federation-session.ts';

interface Circumstances {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'registry' | 'standalone'>;
  /** The state in the membership file. */
  readonly membership: MembershipState;
  /** Whether that, and the authority, have come while this process ran: it can't use them. */
  readonly isAdopted: boolean;
  /** Whether it has begun to look whether its cluster is a member. */
  readonly hasLooked: boolean;
  readonly session: FederationSession | undefined;
  readonly displacement: Displacement | undefined;
  /** Why the federation could not be founded, or entered. */
  readonly problem: IsthmusError | undefined;
}

export function obstacleOf(circumstances: Circumstances): Obstacle | undefined {
  const { config, membership, isAdopted, hasLooked } = circumstances;
  const { session, displacement, problem } = circumstances;
  const { cluster, federation } = config;
  if (isAdopted) {
    const what = `It has the authority of ${cluster} now, and is to begin with it`;
    return uninformed(what, 'If it does not restart by itself: restart it.');
  }
  if (isJoined(membership)) {
    const idTaken = session?.presence.idTaken;
    if (idTaken) return { state: 'id-taken', problem: idTaken };
    const disagreement = session?.presence.disagreement;
    if (disagreement) return { state: 'disagreeing', problem: disagreement };
    if (session?.client.isInformed) return undefined;
    return uninformed(
      `${cluster} is a member of ${federation}, and what there is in it is not known yet: there is no copy of it on disk, and the registry has not answered`,
    );
  }
  if (config.registry?.etcd && !hasLooked) {
    return uninformed(`Whether ${cluster} is a member of ${federation} is not known yet`);
  }
  if (displacement?.obstacle) return displacement.obstacle;
  // Whether it can be founded, or was long ago, is for etcd to say.
  if (problem && config.registry?.etcd?.found) {
    return { state: problem.code === 'AUTHORITY_LOST' ? 'displaced' : 'uninformed', problem };
  }
  if (config.standalone || membership.kind === 'joining') return undefined;
  const what = `${cluster} is in no federation, and may not serve alone (\`standalone: false\`)`;
  return { state: 'unjoined', problem: new IsthmusError('NOT_A_MEMBER', { what }) };
}

function uninformed(what: string, fix?: string): Obstacle {
  return { state: 'uninformed', problem: new IsthmusError('NOT_READY', { what, fix }) };
}
