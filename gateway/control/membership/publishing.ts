/** Owns which changes the federation is told of, and how soon. */
import type { Clock } from '../../../core/clock.ts';
import type { Changes } from '../changes.ts';
import { type GatewayRecordParts, gatewayRecordOf } from './gateway-record.ts';
import type { Membership } from './membership.ts';

interface PublishingParts extends GatewayRecordParts {
  readonly changes: Pick<Changes, 'join'>;
  readonly membership: Pick<Membership, 'session'>;
  readonly clock: Pick<Clock, 'after'>;
}

/** How soon it is published that links came up or went down. */
const publishLinksMs = 1_000;
/**
 * Round trips alone, which no two moments have alike, as soon at first, and from one time to the next twice as late, until so seldom:
 * they settle once there is a link, and every time costs the registry a revision.
 */
const publishRoundTripsMs = 60_000;

/** Publishes changes from now on; returns a function that stops that. */
export function publishChanges(gateway: PublishingParts): () => void {
  const { changes, membership, clock } = gateway;
  /** Links as they were published, and how long round trips wait now. */
  let published = { links: '', nextMs: publishLinksMs };
  let cancel: (() => void) | undefined;

  function publishGateway(): void {
    const { links, rttMs } = gatewayRecordOf(gateway);
    const now = JSON.stringify([links, Object.keys(rttMs)]);
    if (now !== published.links) {
      if (published.nextMs > publishLinksMs) {
        cancel?.();
        cancel = undefined;
      }
      published = { links: now, nextMs: publishLinksMs };
    }
    cancel ??= clock.after(published.nextMs, () => {
      cancel = undefined;
      const nextMs = Math.min(publishRoundTripsMs, 2 * published.nextMs);
      published = { ...published, nextMs };
      membership.session?.presence.publishGateway();
    });
  }

  const stop = changes.join({
    endpoints: (service) => membership.session?.presence.publishService(service),
    link: publishGateway,
  });
  return () => {
    stop();
    cancel?.();
  };
}
