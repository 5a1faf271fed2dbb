/** Owns whether there is room for another endpoint of this cluster. */
import { IsthmusError } from '../../../core/errors.ts';
import type { Holding } from '../../../registry/quotas.ts';
import type { GatewayConfig } from '../config/config.ts';

/** What this cluster would have with the endpoint; its siblings' and the records' part is what the registry is known to hold. */
interface Wanted {
  readonly endpoints: number;
  readonly services: number;
}

/**
 * Throws QUOTA_EXCEEDED. What was registered a moment ago, and is not in the registry yet, counts with this gateway's own endpoints
 * and not with its siblings': by so much they may come to more between them.
 */
export function assertRoom(
  quotas: GatewayConfig['quotas'],
  { endpoints, services }: Wanted,
  held: Holding | undefined,
): void {
  const records = (held?.records ?? 0) + 1;
  const { bytes = 0 } = held ?? {};
  const passed = Object.entries({ endpoints, services, records, maxBytes: bytes }).find(
    ([what, count]) => count > quotas[what as keyof typeof quotas],
  );
  if (passed === undefined) return;
  const [what] = passed;
  throw new IsthmusError('QUOTA_EXCEEDED', {
    what: `This cluster has as much as it may: quotas.${what} is ${quotas[what as keyof typeof quotas]}`,
    where: `quotas.${what}`,
  });
}
