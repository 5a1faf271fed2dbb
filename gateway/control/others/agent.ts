/** Owns connections to other clusters' admin APIs: mutual TLS to their federation listeners, kept alive, verified before a byte is sent. */
import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LeafIdentity } from '../../../certs/authority.ts';
import { connectMutualTls } from '../../../certs/tls.ts';
import type { TrustStore } from '../../../certs/trust-store.ts';
import { parseAddress } from '../../../core/address.ts';
import type { Clock } from '../../../core/clock.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import { staggered } from '../../../core/staggered.ts';
import { adminProtocol } from '../../../federation/protocols.ts';
import type { KnownCluster } from './clusters.ts';

interface GatewayAgentOptions {
  readonly identity: () => LeafIdentity;
  readonly trust: TrustStore;
  readonly clock: Clock;
  /** Resolves addresses that are names. */
  readonly lookup: LookupFunction;
  /** Throws CLUSTER_NOT_FOUND. */
  find(cluster: string): KnownCluster;
}

/** Request options beyond Node's: one gateway of the cluster, where any would do by default, by the addresses that lead to it. */
export interface GatewayRequestArgs extends ClientRequestArgs {
  readonly federationAddresses?: readonly string[];
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
    return `${super.getName(options)} ${options.federationAddresses?.join() ?? ''}`;
  }

  override createConnection(
    { host, federationAddresses }: GatewayRequestArgs,
    done: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#connect(host ?? '', federationAddresses).then(
      (socket) => done(null, socket),
      // With an error there is no connection, whatever the types say.
      (error) => done(asIsthmusError(error), undefined as unknown as Duplex),
    );
  }

  /** The first of a cluster's addresses that answers, in their order. Throws CLUSTER_NOT_FOUND, PEER_UNREACHABLE or CERT_UNTRUSTED. */
  async #connect(cluster: string, only: readonly string[] | undefined): Promise<Duplex> {
    const { identity, trust, clock, lookup, find } = this.#options;
    const { trustDomain, addresses } = find(cluster);
    const tried = only ?? addresses;
    const ways = tried.map(
      (address) => () =>
        connectMutualTls({
          ...parseAddress(address),
          identity: identity(),
          trust,
          expect: trustDomain,
          clock,
          timeoutMs: connectTimeoutMs,
          alpn: [adminProtocol],
          lookup,
        }),
    );
    try {
      return await staggered<Duplex>(clock, ways, (late) => late.destroy());
    } catch (failure) {
      throw new IsthmusError('PEER_UNREACHABLE', {
        what: `No gateway of ${cluster} answers: ${asIsthmusError(failure).message}`,
        where: tried.join(', '),
        cause: failure,
      });
    }
  }
}
