/** Owns drills as the UI speaks of them: the API's shapes, and the words for their kinds and scopes. */
import type { Drill, DrillKind, DrillSummary } from '../../../federation/drills/model.ts';

export type {
  Drill,
  DrillKind,
  DrillSpec,
  DrillSpecInput,
  DrillSummary,
  Moment,
  Prediction,
  Report,
  TimelineEntry,
} from '../../../federation/drills/model.ts';

export const kinds: Readonly<Record<DrillKind, { readonly title: string; readonly does: string }>> =
  {
    evacuate: {
      title: 'Evacuate',
      does: 'Takes a cluster or a service out of balancing: its traffic must find another home.',
    },
    'black-hole': {
      title: 'Black-hole',
      does: 'Requests vanish without an answer, as when a network is cut.',
    },
    slow: { title: 'Slow', does: 'Every request takes longer, as on a congested line.' },
    fail: { title: 'Fail', does: 'A share of requests is answered with an error.' },
    'lose-registry': {
      title: 'Lose the registry',
      does: 'Gateways act as if the registry were gone, and must serve from what they know.',
    },
    'expire-trust': {
      title: 'Expire trust',
      does: 'A sandbox identity presents an expired certificate: peers must refuse it.',
    },
  };

export function isOver({ state }: Pick<Drill, 'state'>): boolean {
  return state === 'done' || state === 'aborted' || state === 'refused';
}

/** A drill's scope, or one that is being composed. */
interface Scope {
  readonly cluster?: string | undefined;
  readonly service?: string | undefined;
  readonly zone?: string | undefined;
  readonly link?: { readonly from: string; readonly to: string } | undefined;
}

export function scopeText({ cluster, service, zone, link }: Scope): string {
  if (link) return `link ${link.from} to ${link.to}`;
  if (service) return cluster ? `${service} in ${cluster}` : service;
  if (zone) return `zone ${zone} of ${cluster}`;
  return cluster ?? 'every cluster';
}

export function titleOf({ spec }: Pick<DrillSummary, 'spec'>): string {
  return `${kinds[spec.kind].title} ${scopeText(spec.scope)}`;
}
