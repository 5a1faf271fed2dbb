/** Owns connections to other clusters' admin APIs: mutual TLS to their federation listeners, kept alive, verified before a byte is sent. */
import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LeafIdentity } from '../../../certs/authority.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import { adminProtocol } from '../../../federation/protocols.ts';
import type { KnownCluster } from './clusters.ts';

interface GatewayAgentOptions {
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
  /** Throws CLUSTER_NOT_FOUND. */
  find(cluster: string): KnownCluster;
}

/** Request options beyond Node's: one address of the cluster, where any would do by default. */
export interface GatewayRequestArgs extends ClientRequestArgs {
  readonly federationAddress?: string;
}

const connectTimeoutMs = 3_000;
const kept: AgentOptions = { keepAlive: true, maxFreeSockets: 4 };

export class GatewayAgent extends Agent {
  readonly #options: GatewayAgentOptions;

  constructor(options: GatewayAgentOptions) {
    super(kept);
    this.#options = options;
  }

  override getName(options: GatewayRequestArgs = {}): string {
    return `${super.getName(options)} ${options.federationAddress ?? ''}`;
  }

  override createConnection(
    { host, federationAddress }: GatewayRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#connect(host ?? '', federationAddress).then(
      (socket) => done(null, socket),
      // With an error there is no connection, whatever the types say.
      (error) => done(asIsthmusError(error), undefined as unknown as Duplex),
    );
  }

  /** The first of a cluster's addresses that answers. Throws CLUSTER_NOT_FOUND, PEER_UNREACHABLE or CERT_UNTRUSTED. */
  async #connect(cluster: string, only: string | undefined): Promise<Duplex> {
    const { identity, trust, clock, find } = this.#options;
    const { trustDomain, addresses } = find(cluster);
    let failure: unknown;
    for (const address of only === undefined ? addresses : [only]) {
      try {
        return await connectMutualTls({
          ...parseAddress(address),
          identity: identity(),
          trust,
          expect: trustDomain,
          clock,
          timeoutMs: connectTimeoutMs,
          alpn: [adminProtocol],
        });
      } catch (thrown) {
        failure = thrown;
      }
    }
    throw new IsthmusError('PEER_UNREACHABLE', {
      what: `No gateway of ${cluster} answers: ${asIsthmusError(failure).message}`,
      where: addresses.join(', '),
      cause: failure,
    });
  }
}
