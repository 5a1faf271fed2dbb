/** Owns becoming a gateway of one's own cluster, which is a member: with its authority and its membership on disk, for the next start. */
import { replaceAuthority } from '../../../certs/authority-files.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { adoptedBy, refuseForeignToken } from '../../../federation/adoption.ts';
import { withAdmittingGateway } from '../../../federation/contact.ts';
import { well } from '../../../federation/preflight.ts';
import type { JoinToken } from '../../../federation/token.ts';
import type { GatewayConfig } from '../config/config.ts';
import { authorityDir, type Identity } from './identity.ts';
import { forgetKnowledge } from './kept-knowledge.ts';
import type { JoinOutcome } from './outcomes.ts';

interface BecomingOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
}

/** With `dryRun` says only that the gateway of the token is there. Throws as `adoptedBy` does. */
export async function becomeGateway(
  { config, identity, clock, log }: BecomingOptions,
  token: JoinToken,
  dryRun: boolean,
): Promise<JoinOutcome> {
  refuseForeignToken(token, config);
  const { federation, cluster: via, fingerprint } = token;
  if (dryRun) await withAdmittingGateway(token, { clock }, async () => undefined);
  else {
    const { authority, membership } = await adoptedBy(token, { ...config, clock });
    await forgetKnowledge(config.dataDir);
    const dir = authorityDir(config.dataDir);
    await replaceAuthority(dir, authority, identity.trustDomain, clock.now());
    // Last: without it, the next start finds out that it is to be admitted again.
    await identity.membershipFile.set(membership);
    log.info({ federation, via }, 'this gateway has the authority of its cluster');
  }
  return {
    ...{ federation, via, fingerprint, adds: { clusters: [] }, joined: !dryRun },
    changes: [
      `This gateway gets the authority of ${via} and its membership of ${federation}, in place of those that it has, and starts anew.`,
    ],
    gains: [
      {
        identity: identity.id.uri,
        gains: `is a gateway of ${via} like its others: believed by every member, and able to sign for the cluster`,
      },
    ],
    lines: [well('reach', `${via} answers, by the root that the token names`)],
  };
}
