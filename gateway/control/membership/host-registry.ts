/** Owns making this gateway the host of the registry, where its configuration says so: for whom, and from when on. */
import type { TrustDomain } from '../../../certs/spiffe-id.ts';
import type { Clock, Random } from '../../../core/clock.ts';
import { asIsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { type ClusterName, type FederationName, trustDomainOf } from '../../../core/names.ts';
import type { BelievedBundle } from '../../../federation/beliefs.ts';
import { type Charter, writersOf } from '../../../federation/charter.ts';
import type { SharedFolder } from '../../../registry/embedded/index.ts';
import type { GatewayConfig } from '../config/config.ts';
import { HostedRegistry } from './hosted-registry.ts';
import type { Identity } from './identity.ts';

interface HostOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  /** Bundles of the members, whose gateways are let in. */
  believed(): readonly BelievedBundle[];
  /** Who may write what no single cluster owns; undefined where that is not known. */
  charter(): Charter | undefined;
  /** The registry listens, after a time in which it did not. */
  started(): void;
  /** Resolves when this process is the gateway; undefined where it takes nobody's place. */
  readonly released?: Promise<void> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Undefined where the configuration has none. Throws PORT_IN_USE and what else keeps it from starting. */
export async function hostRegistry(options: HostOptions): Promise<HostedRegistry | undefined> {
  const { config, identity, believed, charter, started, released, clock, random, log } = options;
  const embedded = config.registry?.embedded;
  if (!embedded) return undefined;
  const hosted = new HostedRegistry({
    dataDir: config.dataDir,
    listen: embedded.listen,
    hostTrustDomain: identity.trustDomain,
    identity: () => ({ cert: identity.leaf.current.chainPem, key: identity.leaf.current.keyPem }),
    trust: () => {
      const shares = sharesOf(config.federation, charter());
      return believed().map(({ bundle: { trustDomain, roots } }) => ({
        trustDomain,
        rootsPem: roots.map((root) => root.toString()),
        writes: shares(trustDomain),
      }));
    },
    started,
    clock,
    random,
    log,
  });
  // Until then the other process serves the file, at the same address.
  if (released) hosted.startAfter(released);
  else await startIfThereIsRoom(hosted, log);
  return hosted;
}

/** A disk that is full keeps the registry from nobody for longer than it is, and traffic from nobody at all. */
async function startIfThereIsRoom(hosted: HostedRegistry, log: Log): Promise<void> {
  try {
    await hosted.start();
  } catch (thrown) {
    const err = asIsthmusError(thrown);
    if (err.code !== 'REGISTRY_FULL') throw err;
    log.error({ err }, 'the embedded registry is started once there is room');
    hosted.startAfter(Promise.resolve());
  }
}

/** What the gateways of a trust domain may write beside what is their cluster's own: readers would refuse what others write there. */
function sharesOf(
  federation: FederationName,
  charter: Charter | undefined,
): (trustDomain: TrustDomain) => readonly SharedFolder[] {
  const domainOf = (cluster: ClusterName): string => trustDomainOf(cluster, federation);
  const writers = new Set(charter && writersOf(charter).map(domainOf));
  const founder = charter && domainOf(charter.founder);
  return (trustDomain) => [
    ...(writers.has(trustDomain) ? (['policies/@/'] as const) : []),
    ...(trustDomain === founder ? (['grants/'] as const) : []),
  ];
}
