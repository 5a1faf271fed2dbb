/** Owns what on the map needs attention: the gateway's own problems, and those that only the whole picture shows. */
import type {
  ProblemItem,
  ServiceItem,
  Status,
  TrustItem,
} from '../../../../gateway/control/api/answers.ts';
import { type DrillSummary, isOver, titleOf } from '../../api/drills.ts';
import type { Orders } from '../../api/standing.ts';
import { type Health, healthOf, sumHealth } from '../../format/health.ts';
import { percent } from '../../format/number.ts';
import { span } from '../../format/time.ts';
import type { MapModel } from './map-model.ts';

type Registry = Status['registry'];

export interface Worry {
  readonly what: string;
  readonly where?: string | undefined;
  readonly fix?: string | undefined;
  /** The code of a problem that the gateway told. */
  readonly code?: string | undefined;
  /** The view that shows more. */
  readonly href?: string;
}

export interface Picture {
  readonly problems: readonly ProblemItem[];
  /** Clusters without a link, and gateways of this cluster that were lost. */
  readonly missing: readonly ProblemItem[];
  /** Undefined while its state is not known. */
  readonly registry: Registry | undefined;
  readonly model: MapModel;
  readonly services: readonly ServiceItem[];
  readonly trust: readonly TrustItem[];
  readonly drills: readonly DrillSummary[];
  /** Undefined while they are not known. */
  readonly orders: Orders | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const soonMs = 30 * 86_400_000;

/** The gravest first. */
export function worriesOf(picture: Picture): Worry[] {
  const { problems, missing, registry, model, services, trust, now } = picture;
  const lost = services.map(copiesOf).filter(({ health }) => isLost(health));
  return [
    ...problems,
    // Of clusters the picture says more.
    ...missing.filter(({ code }) => code !== 'PEER_UNREACHABLE'),
    ...registryWorries(registry, problems, now),
    ...unreachable(picture, lost),
    ...lostServices(lost.filter(({ health }) => health.unknown === 0)),
    ...failing(model),
    ...model.clusters
      .filter(({ health }) => isLost(health) && health.unknown === 0)
      .map(({ cluster }) => ({
        what: `No endpoint of ${cluster} is healthy`,
        fix: 'Its clients are served by other clusters.',
        href: '/traffic',
      })),
    ...linksDown(model),
    ...model.clusters
      .filter(({ stale, unknownSince }) => stale && unknownSince === undefined)
      .map(({ cluster }) => ({
        what: `The records of ${cluster} could not be confirmed lately`,
        fix: 'Its link is up, so it is used by what is known. See whether its gateways reach the registry.',
        href: `/?cluster=${cluster}`,
      })),
    ...trust
      .filter(({ phase, laggards }) => phase !== 'stable' && laggards.length > 0)
      .map(({ cluster, laggards }) => ({
        what: `The rotation of ${cluster} waits for ${laggards.join(', ')}`,
        href: '/trust',
      })),
    ...trust
      .filter(({ notAfter }) => notAfter - now < soonMs)
      .map(({ cluster }) => ({
        what: `The root of ${cluster} expires within 30 days`,
        fix: 'Rotate it before.',
        href: '/trust',
      })),
    ...intended(picture),
  ];
}

/** The gateway tells of some faults of the registry itself. */
function registryWorries(
  registry: Registry | undefined,
  problems: readonly ProblemItem[],
  now: number,
): Worry[] {
  if (registry === undefined || problems.some(({ code }) => code.startsWith('REGISTRY_')))
    return [];
  const { kind, since, reason, stale } = registry;
  if (kind === 'unavailable') {
    const age = since === undefined ? '' : ` for ${span(now - since)}`;
    return [
      {
        what: `The registry has not answered${age}`,
        where: reason,
        fix: 'Traffic goes by what is known; what others registered or changed meanwhile is not seen.',
      },
    ];
  }
  if (!stale) return [];
  return [{ what: 'What is known of the federation could not be confirmed lately' }];
}

function unknownCopies(count: number): string {
  return count === 1 ? 'its 1 endpoint is unknown' : `its ${count} endpoints are unknown`;
}

/** A cluster that is lost is one worry, whatever is lost with it. */
function unreachable({ model, now }: Picture, lost: readonly Copies[]): Worry[] {
  return model.clusters.flatMap(({ cluster, health, unknownSince }) => {
    if (unknownSince === undefined) return [];
    const only = lost.filter(
      ({ health: of, clusters }) => of.unknown > 0 && clusters.includes(cluster),
    ).length;
    const consequences = [
      ...(health.unknown === 0 ? [] : [unknownCopies(health.unknown)]),
      ...(only === 0 ? [] : [`services without a healthy copy elsewhere: ${only}`]),
    ];
    return [
      {
        what: `${cluster} can't be reached for ${span(now - unknownSince)}`,
        where: consequences.length === 0 ? undefined : consequences.join('; '),
        fix: 'What it served goes elsewhere, if anywhere.',
        href: `/?cluster=${cluster}`,
      },
    ];
  });
}

/** Between clusters that both are reached from here. */
function linksDown({ links, clusters }: MapModel): Worry[] {
  const reached = new Set(
    clusters.filter(({ unknownSince }) => unknownSince === undefined).map(({ cluster }) => cluster),
  );
  return links
    .filter(({ state, a, b }) => state === 'down' && reached.has(a) && reached.has(b))
    .map(({ a, b }) => ({
      what: `The link between ${a} and ${b} is down`,
      fix: 'Traffic between them goes elsewhere, if anywhere.',
      href: `/trust?q=${b}`,
    }));
}

interface Copies {
  readonly service: string;
  readonly health: Health;
  /** Other clusters that have some. */
  readonly clusters: readonly string[];
}

function copiesOf({ service, endpoints, remotes }: ServiceItem): Copies {
  return {
    service,
    health: sumHealth([endpoints, ...remotes].map(healthOf)),
    clusters: remotes.map(({ cluster }) => cluster),
  };
}

function isLost({ healthy, total }: Health): boolean {
  return total > 0 && healthy === 0;
}

/** More than these are told by their number. */
const mostNamed = 5;

function lostServices(lost: readonly Copies[]): Worry[] {
  if (lost.length > mostNamed) {
    const named = lost.slice(0, mostNamed).map(({ service }) => service);
    return [
      {
        what: `${lost.length} services have no healthy copy anywhere`,
        where: `${named.join(', ')} …`,
        href: '/services',
      },
    ];
  }
  return lost.map(({ service }) => ({
    what: `${service} has no healthy copy anywhere`,
    href: `/services/${service}`,
  }));
}

function failing({ failing: services }: MapModel): Worry[] {
  const worries = services.map(({ service, errorRatio }) => ({
    what: `${percent(errorRatio)} of the requests for ${service} fail`,
    fix: 'See what its copies answer, and which of them are ejected.',
    href: `/services/${service}`,
  }));
  const rest = worries.length - mostNamed;
  if (rest <= 0) return worries;
  const more = { what: `So do requests for ${rest} other services`, href: '/services' };
  return [...worries.slice(0, mostNamed), more];
}

/** States that somebody asked for: no cause for worry. */
function intended({ drills, orders }: Picture): Worry[] {
  const { drains = [], failovers = [] } = orders ?? {};
  return [
    ...drills
      .filter((drill) => !isOver(drill))
      .map((drill) => ({ what: `Drill: ${titleOf(drill)}`, href: `/drills/${drill.id}` })),
    ...drains.map(({ of, reason }) => ({
      what: `${of} is drained`,
      fix: reason,
      href: '/drills/orders',
    })),
    ...failovers.map(({ service, to, percent, reason }) => ({
      what: `${percent} % of ${service} is sent to ${to}`,
      fix: reason,
      href: '/drills/orders',
    })),
  ];
}
