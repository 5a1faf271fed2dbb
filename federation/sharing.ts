/**
 * Owns how the gateways of one cluster share what becomes of its authority: each tells the others, over mutual TLS, and only those that
 * prove to have the authority's key already. A stolen certificate alone leads to no root.
 */
import type { ChangingAuthority } from '../certs/authority.ts';
import { verifySignature } from '../certs/signature.ts';
import { gatewayId, parseTrustDomain, type SpiffeId } from '../certs/spiffe-id.ts';
import { clockToleranceMs } from '../certs/x509.ts';
import type { Clock } from '../core/clock.ts';
import { IsthmusError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../core/names.ts';
import type { FederationClient } from './client.ts';
import type { FollowReply, FollowRequest } from './messages.ts';
import { followBytes } from './statements.ts';

interface SharingOptions {
  readonly federation: FederationName;
  readonly cluster: ClusterName;
  /** Id of this gateway. */
  readonly gateway: string;
  readonly authority: Pick<
    ChangingAuthority,
    'bundle' | 'export' | 'follow' | 'sign' | 'trustDomain'
  >;
  readonly clock: Clock;
  readonly log: Log;
}

export class Sharing {
  readonly #options: SharingOptions;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  /** Answers another gateway of this cluster; `caller` is whom TLS verified. Throws PEER_REFUSED. */
  async tell(
    { gateway, timeMs, proof }: FollowRequest,
    caller: SpiffeId | undefined,
  ): Promise<FollowReply> {
    const { federation, cluster, gateway: asked, authority, clock, log } = this.#options;
    const trustDomain = parseTrustDomain(trustDomainOf(cluster, federation));
    if (caller?.uri !== gatewayId(trustDomain, gateway).uri) {
      throw refused(`${caller?.uri ?? 'A caller without a certificate'} is not ${gateway}`);
    }
    if (Math.abs(clock.now() - timeMs) > clockToleranceMs) {
      throw refused(
        `The proof of ${gateway} is of another time: compare the clocks of both machines`,
      );
    }
    const bytes = followBytes({ federation, cluster, gateway, asked, timeMs });
    if (proof === null || !verifySignature(authority.bundle().roots, bytes, proof)) {
      throw refused(`${gateway} did not prove that it has the authority of ${cluster}`);
    }
    log.info({ gateway }, 'a gateway of this cluster is told how the authority has changed');
    return { roots: authority.export() };
  }

  /** Takes up what another gateway of this cluster, which is called `asked`, has made of the authority. Throws what it answers, or as `follow` of the authority does. */
  async followFrom(client: Pick<FederationClient, 'follow'>, asked: string): Promise<void> {
    const { federation, cluster, gateway, authority, clock } = this.#options;
    const timeMs = clock.now();
    const proof = authority.sign(followBytes({ federation, cluster, gateway, asked, timeMs }));
    const { roots } = await client.follow({ gateway, timeMs, proof });
    await authority.follow(roots);
  }
}

function refused(what: string): IsthmusError {
  return new IsthmusError('PEER_REFUSED', { what });
}
