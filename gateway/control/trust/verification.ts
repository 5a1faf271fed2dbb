/** Owns trying whether this gateway and those of other clusters verify each other: by a handshake with each, as a link makes it. */
import { parseTrustDomain } from '../../../certs/spiffe-id.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError, messageOf } from '../../../core/errors.ts';
import { type ClusterName, trustDomainOf } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import { linkAlpn } from '../../data/link/dial.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import { hello } from './hello.ts';

export interface VerifyingParts {
  readonly config: Pick<GatewayConfig, 'cluster' | 'federation' | 'gateway'>;
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

const timeoutMs = 3_000;

/** Connects to every gateway of the other clusters. */
export async function verifyOthers(gateway: VerifyingParts, clock: Clock): Promise<Verified[]> {
  const { config, snapshot } = gateway;
  const places = [...snapshot.clusters.values()].flatMap(({ cluster, record }) =>
    cluster === config.cluster
      ? []
      : (record?.eastWest ?? []).map((address) => ({ cluster, address })),
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
  const { host, port } = parseAddress(address);
  let socket: Awaited<ReturnType<typeof connectMutualTls>>;
  try {
    socket = await connectMutualTls({
      ...{ host, port, clock, timeoutMs },
      identity: identity.leaf.current,
      trust: identity.trust,
      expect: parseTrustDomain(trustDomainOf(cluster, config.federation)),
      alpn: [linkAlpn],
    });
  } catch (thrown) {
    const { code, message: why } = asIsthmusError(thrown);
    const isRefusal = code === 'CERT_UNTRUSTED' || code === 'CERT_INVALID';
    return { outcome: isRefusal ? 'not-believed-here' : 'unreachable', why };
  }
  const cancel = clock.after(timeoutMs, () => {
    const what = `It took the connection, and did not answer within ${timeoutMs} ms`;
    socket.destroy(new IsthmusError('TIMED_OUT', { what }));
  });
  try {
    await hello(socket, host);
    return { outcome: 'verified' };
  } catch (thrown) {
    const isSilent = asIsthmusError(thrown).code === 'TIMED_OUT';
    return { outcome: isSilent ? 'unreachable' : 'not-believed-there', why: messageOf(thrown) };
  } finally {
    cancel();
    socket.destroy();
  }
}
