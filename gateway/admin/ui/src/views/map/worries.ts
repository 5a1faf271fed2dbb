/** Owns what on the map somebody should look at: the gateway's own problems, and what the whole picture shows. */
import type { ProblemItem, ServiceItem, TrustItem } from '../../../../answers.ts';
import { type DrillSummary, isOver, titleOf } from '../../api/drills.ts';
import type { Orders } from '../../api/standing.ts';
import type { MapModel } from './map-model.ts';

export interface Worry {
  readonly what: string;
  readonly where?: string | undefined;
  readonly fix?: string | undefined;
  /** Of a problem the gateway told. */
  readonly code?: string | undefined;
  /** Where more is to be seen. */
  readonly href?: string;
}

export interface Picture {
  readonly problems: readonly ProblemItem[];
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
  const { problems, model, services, trust, now } = picture;
  return [
    ...problems,
    ...services.flatMap(lostService),
    ...model.clusters
      .filter(({ healthy, total }) => total > 0 && healthy === 0)
      .map(({ cluster }) => ({
        what: `No endpoint of ${cluster} is healthy`,
        fix: 'Its clients are served by other clusters.',
        href: '/traffic',
      })),
    ...model.links
      .filter(({ state }) => state === 'down')
      .map(({ a, b }) => ({
        what: `The link between ${a} and ${b} is down`,
        fix: 'Traffic between them goes elsewhere, if anywhere.',
        href: `/trust?q=${b}`,
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

/** What is as somebody wants it, for now. */
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

function lostService({ service, endpoints, remotes }: ServiceItem): Worry[] {
  const all = [endpoints, ...remotes];
  const total = all.reduce((sum, counts) => sum + counts.total, 0);
  const healthy = all.reduce((sum, counts) => sum + counts.healthy, 0);
  if (total === 0 || healthy > 0) return [];
  return [{ what: `${service} has no healthy copy anywhere`, href: `/services/${service}` }];
}
