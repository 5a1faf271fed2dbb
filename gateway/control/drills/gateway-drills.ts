/** Owns how a gateway takes part in drills: the parts of it that they look at, count and change. */

import type { Clock, Random } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { Policies } from '../../../policy/effective.ts';
import type { Caller } from '../../data/balance/types.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { KnownServices } from '../catalog/known-services.ts';
import type { Changes } from '../changes.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Journal } from '../events/journal.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { Workers } from '../workers/workers.ts';
import { clientCounts } from './client-counts.ts';
import { Drills, type DrillsOptions } from './drills.ts';
import type { Effects } from './effects.ts';
import { LostStore } from './lost-store.ts';

interface GatewayDrillsOptions extends Pick<DrillsOptions, 'apply' | 'others'> {
  readonly random: Random;
  readonly log: Log;
}

/** The parts of a gateway that drills look at, count and change. */
interface DrilledParts {
  readonly caller: Caller;
  readonly catalog: Pick<Catalog, 'services'>;
  readonly changes: Pick<Changes, 'join'>;
  readonly clock: Clock;
  readonly config: GatewayConfig;
  readonly effects: Effects;
  readonly identity: Pick<Identity, 'authority'>;
  readonly journal: Pick<Journal, 'add'>;
  readonly membership: Pick<Membership, 'session'>;
  readonly policies: Policies;
  readonly services: Pick<KnownServices, 'balanceView'>;
  /** Wall milliseconds. */
  readonly startedAt: number;
  readonly workers: Pick<Workers, 'counters'>;
}

export function drillsOf(
  gateway: DrilledParts,
  { apply, others, random, log }: GatewayDrillsOptions,
): Drills {
  const { config, clock, identity, catalog, caller, journal, workers, startedAt } = gateway;
  const { changes, membership } = gateway;
  const drills = new Drills({
    self: config.cluster,
    gateway: config.gateway,
    federation: config.federation,
    dataDir: config.dataDir,
    authority: identity.authority,
    lens: {
      caller,
      snapshot: () => membership.session?.client.snapshot,
      ownServices: () => catalog.services(),
      view: (service) => gateway.services.balanceView(service),
      policy: (service) =>
        gateway.policies.traffic({ service, client: caller.cluster, where: caller.cluster })
          .balance,
      neverTo: (service, from) =>
        gateway.policies.defaults({ service, client: from, where: from }).neverTo,
    },
    counts: async (wanted) => clientCounts(workers.counters.snapshot(), wanted),
    others,
    uptimeMs: () => clock.now() - startedAt,
    apply,
    event: (event) => journal.add(event),
    clock,
    random,
    log,
  });
  changes.join({
    membership() {
      const { session } = membership;
      drills.follow(
        session && {
          // Drills are heard of, and ended, also while the rest is made to believe that the registry is lost.
          store: session.registry,
          verify: (cluster, key, raw) => session.trust.verifyFrom(cluster, key, raw),
        },
      );
    },
    effects() {
      const { session } = membership;
      if (!session) return;
      const { registry, client } = session;
      const { registryLost } = gateway.effects;
      if (!registryLost) client.use(registry);
      else if (client.store instanceof LostStore) client.store.keepsLease = registryLost.keepsLease;
      else client.use(new LostStore(registry, registryLost.keepsLease, clock));
    },
  });
  return drills;
}
