/** Owns which requests a drill concerns: those that it strikes or moves, and no others are counted for it. */
import type { ServiceName } from '../../../core/names.ts';
import type { Demand } from '../../../federation/drills/demand.ts';
import type { Concern } from '../../../federation/drills/measures.ts';
import type { DrillConcern } from '../../../federation/drills/model.ts';
import type { DrillSpec, Scope } from '../../../federation/drills/spec.ts';
import type { Sight } from './sight.ts';

/** Services looked at; the busiest, or where none is, the first by name. */
const mostServices = 500;
/** More names than this say nothing to a person. */
const mostNames = 5;

type Seen = Pick<Sight, 'self' | 'services' | 'view'>;

/** Services whose copies are where the drill strikes, or that are asked for over the link it strikes. */
export function concernOf(spec: DrillSpec, seen: Seen, demand: Demand): DrillConcern {
  const { kind, scope } = spec;
  if (kind === 'expire-trust' || kind === 'lose-registry') return { what: 'all requests' };
  if (scope.service) return { services: [scope.service], what: `requests for ${scope.service}` };
  const services = servicesAt(scope, seen, demand);
  const from = scope.link?.from;
  const who = from === undefined ? 'requests' : `requests that clients of ${from} make`;
  const there = scope.zone ? `zone ${scope.zone} of ${scope.cluster}` : placeOf(scope);
  return {
    services,
    ...(from === undefined ? {} : { from }),
    what: `${who} for ${listed(services)} with copies in ${there}`,
  };
}

/** The part of `demand` that the drill concerns, and the rest that clusters are asked for. */
export function divided(
  demand: Demand,
  { services, from }: Concern,
): { readonly concerned: Demand; readonly besides: Demand } {
  const among = services && new Set(services);
  const part = (isWanted: boolean): Demand =>
    new Map(
      [...demand].map(([service, rates]) => [
        service,
        new Map(
          [...rates].filter(([cluster]) => {
            const isConcerned =
              (among?.has(service) ?? true) && (from === undefined || from === cluster);
            return isConcerned === isWanted;
          }),
        ),
      ]),
    );
  return { concerned: part(true), besides: part(false) };
}

function servicesAt(scope: Scope, seen: Seen, demand: Demand): ServiceName[] {
  const cluster = placeOf(scope);
  const rate = (service: ServiceName) =>
    [...(demand.get(service)?.values() ?? [])].reduce((sum, one) => sum + one, 0);
  return seen
    .services()
    .filter((service) =>
      seen
        .view(service, seen.self)
        .groups.some(
          (group) =>
            group.cluster === cluster && (scope.zone === undefined || group.zone === scope.zone),
        ),
    )
    .sort((a, b) => rate(b) - rate(a))
    .slice(0, mostServices);
}

function placeOf({ cluster, link }: Scope) {
  return cluster ?? link?.to;
}

function listed(services: readonly ServiceName[]): string {
  const names = services.slice(0, mostNames).join(', ');
  const more = services.length > mostNames ? ', ...' : '';
  switch (services.length) {
    case 0:
      return 'no service, for there is none';
    case 1:
      return `the service ${names}`;
    default:
      return `the ${services.length} services (${names}${more})`;
  }
}
