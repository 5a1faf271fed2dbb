/** Owns what steps are made of where nothing is sent: routes of what is known at a cluster, buckets that are always full, time that does not pass. */
import { systemClock } from '../../../core/clock.ts';
import { silentLog } from '../../../core/log.ts';
import type { ClusterName, FederationName, ServiceName } from '../../../core/names.ts';
import type { Policies } from '../../../policy/effective.ts';
import type { Caller } from '../balance/types.ts';
import type { ClusterFacts } from '../balance/view.ts';
import { type KeyRingContents, KeyRings } from '../request/authenticate/key-rings.ts';
import type { ChainRules } from '../request/chain.ts';
import type { ProxyLimits } from '../request/limit.ts';
import { governing } from '../request/route/governed.ts';
import type { RouteLookup } from '../request/route/route-table.ts';
import { isRouteResource } from '../request/route/rule-set.ts';
import type { ServiceFacts } from '../worker/facts.ts';
import { Routing } from '../worker/routing.ts';
import type { Noted } from './way.ts';

export interface ExplainedPlace {
  readonly federation: FederationName;
  readonly limits: ProxyLimits;
  readonly policies: Policies;
  /** Issuers' keys that are known. */
  readonly keys: KeyRingContents;
  /** Whose gateways decide. */
  readonly where: Caller;
  readonly clusters: ReadonlyMap<ClusterName, ClusterFacts>;
  /** What is known of a service there; undefined when nobody has it. */
  facts(service: ServiceName): ServiceFacts | undefined;
  /** Present where the endpoints of the place are not known: whether it exports a service, and to whom. */
  exporting?(
    service: ServiceName,
  ): { readonly to?: readonly ClusterName[] | undefined } | undefined;
}

export interface ExplainGround {
  readonly rules: ChainRules;
  readonly noted: Noted;
  /** What is drawn next, until it is set anew: of 0 to 1. */
  draw: number;
  /** Routes are no more. */
  close(): void;
}

/** Buckets from which nobody has taken. */
const alwaysFull: ChainRules['rates']['buckets'] = {
  take: (_, now, { tokenUs }) => now + tokenUs,
  giveBack: () => undefined,
};

/** Nothing befalls a request by a draw of this that does not befall all. */
export const rarely = 1 - 2 ** -40;

export function groundOf(place: ExplainedPlace, noted: Noted): ExplainGround {
  const { federation, limits, where } = place;
  const { cluster } = where;
  const routing = routingOf(place);
  const rings = new KeyRings();
  rings.update(place.keys);
  const ground: ExplainGround = {
    noted,
    draw: rarely,
    rules: {
      routes: place.exporting ? asExported(routing.table, place.exporting) : routing.table,
      federation,
      // No gateway has this name, for it is no label: nothing has passed it before.
      pseudonym: `-.${cluster}`,
      limits,
      rates: { cluster, buckets: alwaysFull, recorder: noted, nowUs: () => 0 },
      random: () => ground.draw,
      recorder: noted,
      // What is to be held goes on at once.
      wheel: { now: 0, set: (timed) => timed.onDue() },
      isOverloaded: undefined,
      isInformed: () => true,
      authenticating: {
        place: { cluster, federation },
        clock: systemClock,
        rings,
        recorder: noted,
      },
      authorizing: { place: { cluster, federation }, recorder: noted, log: silentLog },
    },
    close: () => routing.close(),
  };
  return ground;
}

function routingOf({ federation, policies, where, clusters, facts }: ExplainedPlace): Routing {
  const { cluster } = where;
  const aliases = policies.aliases(cluster);
  const routes = [...policies].filter(
    (one) => isRouteResource(one) && (one.target.where ?? cluster) === cluster,
  );
  const asked = (service: ServiceName) => ({ service, client: cluster, where: cluster });
  return new Routing({
    federation,
    caller: where,
    clock: systemClock,
    random: () => 0,
    onUsed: () => undefined,
    source: {
      facts,
      clusters: () => clusters,
      links: () => ({ state: 'none' }),
      policy: (service, client = cluster) => policies.traffic({ service, client, where: cluster }),
      governing: (service) => governing(policies, service, cluster),
      routes: () => routes.filter(isRouteResource),
      limit: (namespace, name) => policies.rateLimit(namespace, name),
      exportedTo: (service) => policies.exporting(asked(service))?.to,
      isRenamed: (service) => policies.exporting(asked(service))?.as !== undefined,
      exportedAs: (name) => policies.exportNames(cluster).get(name as ServiceName),
      ledTo: (host) => aliases.get(host),
      secure: () => undefined,
      tellsClientsApart: () => policies.tellClientsApart,
      shifts: () => [],
    },
  });
}

/** Routes of another cluster, which exports what its summaries say. */
function asExported(
  table: RouteLookup,
  exporting: NonNullable<ExplainedPlace['exporting']>,
): RouteLookup {
  return {
    find: (authority, path) => table.find(authority, path),
    findExported(authority) {
      const route = table.find(authority, '/');
      const exported = route && exporting(route.service);
      return route && { ...route, exported: exported !== undefined, exportedTo: exported?.to };
    },
  };
}
