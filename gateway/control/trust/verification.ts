/** Owns trying whether this gateway and those of other clusters verify each other: by a handshake with each, as a link makes it. */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock } from '../../../core/clock.ts';
import { type ClusterName, trustDomainOf } from '../../../core/names.ts';
import { nearAddresses } from '../../../registry/gateway-addresses.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import { networkOf } from '../config/addresses.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import { probeLink } from '../verify/link-probe.ts';

export interface VerifyingParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'gateway' | 'network' | 'region'>;
  readonly identity: Pick<Identity, 'leaf' | 'trust'>;
  readonly snapshot: Snapshot;
}

interface Verified {
  /** Who connected, as `cluster/id`. */
  readonly from: string;
  readonly to: ClusterName;
  /** East-west address that was connected to. */
  readonly address: string;
  /**
   * `verified`: each took the other's certificate. `not-believed-here`: who connected refused the other's. `not-believed-there`: the other
   * hung up on it. `unreachable`: nobody answered, which says nothing of trust.
   */
  readonly outcome: 'verified' | 'not-believed-here' | 'not-believed-there' | 'unreachable';
  readonly why?: string | undefined;
}

/** Connects to every gateway of the other clusters. */
export async function verifyOthers(gateway: VerifyingParts, clock: Clock): Promise<Verified[]> {
  const { config, snapshot } = gateway;
  const places = [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    cluster === config.cluster
      ? []
      : (record ? nearAddresses(record, 'eastWest', networkOf(config)) : []).map((address) => ({
          cluster,
          address,
        })),
  );
  const from = `${config.cluster}/${config.gateway}`;
  return Promise.all(
    places.map(async ({ cluster, address }) => ({
      ...{ from, to: cluster, address },
      ...(await tryOne(gateway, cluster, address, clock)),
    })),
  );
}

async function tryOne(
  { config, identity }: VerifyingParts,
  cluster: ClusterName,
  address: string,
  clock: Clock,
): Promise<Pick<Verified, 'outcome' | 'why'>> {
  const probed = await probeLink(address, {
    identity: identity.leaf.current,
    trust: identity.trust,
    expect: parseTrustDomain(trustDomainOf(cluster, config.federation)),
    pings: 1,
    clock,
  });
  if (probed.kind === 'answered') return { outcome: 'verified' };
  if (probed.kind === 'unreachable') return { outcome: 'unreachable', why: probed.why };
  const outcome = probed.by === 'us' ? 'not-believed-here' : 'not-believed-there';
  return { outcome, why: probed.why };
}
