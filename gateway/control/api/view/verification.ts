/** Owns whether this cluster and the others verify each other, from both sides: by this gateway's handshakes, and by those of the others with this cluster. */
import type { z } from 'zod';
import type { Clock } from '../../../../core/clock.ts';
import type { OtherGateways } from '../../others/other-gateways.ts';
import { type VerifyingParts, verifyOthers } from '../../trust/verification.ts';
import { verificationSchema } from '../schema/trust.ts';

interface VerificationParts extends VerifyingParts {
  readonly others: Pick<OtherGateways, 'ask' | 'list'>;
}

type Verification = z.output<typeof verificationSchema>;

export async function verification(
  gateway: VerificationParts,
  scope: 'all' | 'own',
  clock: Clock,
): Promise<Verification> {
  const { config, others } = gateway;
  const asked = scope === 'own' ? [] : others.list();
  const missing: string[] = [];
  const answers = asked.map(async (other) => {
    try {
      const answer = await others.ask(other, '/v1/trust/verification?scope=own');
      const { links } = verificationSchema.parse(answer);
      // What a sibling reaches is of this cluster's interest; of others only how they reach this cluster.
      return links.filter(({ to }) => other.cluster === config.cluster || to === config.cluster);
    } catch {
      missing.push(`${other.cluster} at ${other.address}`);
      return [];
    }
  });
  const links = (await Promise.all([verifyOthers(gateway, clock), ...answers])).flat();
  return { links, missing: missing.sort() };
}
