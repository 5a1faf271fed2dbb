/** Owns making this gateway the host of the registry, where its configuration says so: for whom, and from when on. */
import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { BelievedBundle } from '../../../federation/consider.ts';
import type { GatewayConfig } from '../config/config.ts';
import { HostedRegistry } from './hosted-registry.ts';
import type { Identity } from './identity.ts';

interface HostOptions {
  readonly config: GatewayConfig;
  readonly identity: Identity;
  /** Bundles of the members, whose gateways are let in. */
  believed(): readonly BelievedBundle[];
  /** Resolves when this process is the gateway; undefined where it takes nobody's place. */
  readonly released?: Promise<void> | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Undefined where the configuration has none. Throws PORT_IN_USE and what else keeps it from starting. */
export async function hostRegistry(options: HostOptions): Promise<HostedRegistry | undefined> {
  const { config, identity, believed, released, clock, random, log } = options;
  const embedded = config.registry?.embedded;
  if (!embedded) return undefined;
  const hosted = new HostedRegistry({
    dataDir: config.dataDir,
    listen: embedded.listen,
    hostTrustDomain: identity.trustDomain,
    identity: () => ({ cert: identity.leaf.current.chainPem, key: identity.leaf.current.keyPem }),
    trust: () =>
      believed().map(({ bundle }) => ({
        trustDomain: bundle.trustDomain,
        rootsPem: bundle.roots.map((root) => root.toString()),
      })),
    clock,
    random,
    log,
  });
  // Until then the other process serves the file, at the same address.
  if (released) hosted.startAfter(released);
  else await hosted.start();
  return hosted;
}
