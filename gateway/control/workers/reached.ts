/** Owns saying by which addresses another cluster is reached, and why by those. */
import type { LinkStatus } from '../../data/link/cluster-links.ts';

/** An address that a link leads to now. */
interface Reached {
  /** `ip:port` */
  readonly address: string;
  /** As the cluster advertises it: a name may have led to it. */
  readonly advertised: string;
  readonly scope: 'private' | 'public';
  readonly why: string;
}

/** `network` is that of this gateway. */
export function reachedAt({ used = [] }: LinkStatus, network: string): Reached[] {
  return used.map(({ address, advertised = address, scope = 'public', insteadOf = [] }) => ({
    address,
    advertised,
    scope,
    why: whyUsed(scope, insteadOf, network),
  }));
}

function whyUsed(scope: Reached['scope'], insteadOf: readonly string[], network: string): string {
  if (insteadOf.length > 0) {
    return `instead of ${insteadOf.join(' and ')}, for the network ${network}: there it was not reached, or not for long`;
  }
  return scope === 'private'
    ? `both are in the network ${network}`
    : `it is for everybody, and there is none for the network ${network}`;
}
