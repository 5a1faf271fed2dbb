/** Owns the parts by which a gateway takes part in changes of roots, put together. */
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import { Sharing } from '../../../federation/sharing.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { OtherGateways } from '../others/other-gateways.ts';
import type { WrittenPolicies } from '../policies/written-policies.ts';
import type { Workers } from '../workers/workers.ts';
import { Believing } from './believing.ts';
import { connectionsOn } from './connections-on.ts';
import { RootRotation, type RootRotationParts } from './root-rotation.ts';
import { type BelievingParts, ownBeliefs } from './standings.ts';

interface TrustingGateway extends RootRotationParts {
  readonly config: RootRotationParts['config'] & Pick<GatewayConfig, 'trust'>;
  readonly identity: RootRotationParts['identity'] & BelievingParts['identity'];
  readonly membership: RootRotationParts['membership'] & BelievingParts['membership'];
  readonly workers: Pick<Workers, 'areInStep' | 'links'>;
  readonly writtenPolicies: Pick<WrittenPolicies, 'grants'>;
  readonly others: Pick<OtherGateways, 'ask' | 'list' | 'unreachableSince'>;
}

interface TrustParts {
  readonly sharing: Sharing;
  readonly believing: Believing;
  readonly rootRotation: RootRotation;
}

/** Parts of the gateway that it has later than these are asked for when they are needed. */
export function trustPartsOf(
  gateway: TrustingGateway,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): TrustParts {
  const { authority } = gateway.identity;
  const believing = new Believing({
    now: () => ({ believes: ownBeliefs(gateway), root: gateway.identity.leaf.current.root }),
    areInStep: () => gateway.workers.areInStep(),
    changed: () => gateway.membership.session?.presence.publishGateway(),
    clock,
  });
  believing.follow(gateway.changes);
  const sharing = new Sharing({ ...gateway.config, authority, clock, log });
  const rootRotation = new RootRotation({
    gateway,
    sharing,
    noticeMs: noticeMs(gateway.config),
    connectionsOn: (root) => connectionsOn(root, gateway.others),
    renewGrants: (keyId) => gateway.writtenPolicies.grants.renew(keyId),
    clock,
    log,
  });
  return { sharing, believing, rootRotation };
}

/** Those who fetch the bundle have looked that often before its next root signs: the standard advises three to five times (SPIFFE Federation, section 4.1). */
const looks = 3;

function noticeMs({ trust }: Pick<GatewayConfig, 'trust'>): number {
  return looks * (trust.bundleEndpoint?.refreshHint ?? 0);
}
