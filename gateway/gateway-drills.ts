/** Owns how a gateway takes part in drills: what of it they look at, count and change. */
import type { Random } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { policyOf } from './config/service.ts';
import { countsOf } from './drills/counts.ts';
import { Drills, type DrillsOptions } from './drills/drills.ts';
import type { Gateway } from './gateway.ts';

export interface GatewayDrillsOptions extends Pick<DrillsOptions, 'apply'> {
  readonly random: Random;
  readonly log: Log;
}

export function drillsOf(gateway: Gateway, { apply, random, log }: GatewayDrillsOptions): Drills {
  const { config, clock, identity, catalog, caller, journal, workers, startedAt } = gateway;
  return new Drills({
    self: config.cluster,
    gateway: config.gateway,
    federation: config.federation,
    dataDir: config.dataDir,
    authority: identity.authority,
    lens: {
      caller,
      snapshot: () => gateway.membership.session?.client.snapshot,
      ownServices: () => catalog.services(),
      view: (service) => gateway.services.balanceView(service),
      policy: (service) => policyOf(config, service),
    },
    counts: async () => countsOf(workers.counters.snapshot()),
    uptimeMs: () => clock.now() - startedAt,
    apply,
    event: (event) => journal.add(event),
    clock,
    random,
    log,
  });
}
