/** Owns a drill being composed as a link says it, and as one that was composed before: filled in, to be run again or changed. */
import type { DrillKind, DrillSpec } from '../../api/drills.ts';
import { kinds } from '../../api/drills.ts';
import { changedUrl } from '../../url/changed-url.ts';
import { blank, type Draft, type Target, targetsOf } from './draft.ts';

/** What a link may fill in, by the name it has there. */
const linked = [
  ...(['cluster', 'service', 'zone', 'from', 'to', 'delay', 'jitter', 'failPercent'] as const),
  ...(['failStatus', 'ramp', 'duration', 'errorRate', 'p99', 'load', 'minHealthy'] as const),
  ...(['timeLimit', 'rto', 'errorBudget', 'reason'] as const),
] satisfies (keyof Draft)[];

/** What the parameters of a link say of a draft; nothing for those that are not there. */
export function draftFrom(query: Readonly<Record<string, string>>): Partial<Draft> {
  const { kind = '' } = query;
  const said = linked.flatMap((name) => (query[name] ? [[name, query[name]] as const] : []));
  const fields: Partial<Draft> = Object.fromEntries(said);
  const target = targetFrom(fields);
  return {
    ...(kind in kinds && { kind: kind as DrillKind }),
    ...(target && { target }),
    ...fields,
  };
}

/** In a link that says all of a drill: what it leaves out has its default, whatever was typed before. */
export const freshParameter = 'fresh';

/** The link that fills a drill in as it is. */
export function composeHref(written: Draft): string {
  const { kind } = written;
  const said = linked.map((name) => [name, written[name] === blank[name] ? '' : written[name]]);
  const scope = scopeNames[written.target];
  const other = ['cluster', 'service', 'zone', 'from', 'to'].filter((one) => !scope.includes(one));
  return changedUrl('/drills/new', {
    ...{ [freshParameter]: 'yes', kind, ...Object.fromEntries(said) },
    ...Object.fromEntries(other.map((name) => [name, ''])),
  });
}

const scopeNames: Readonly<Record<Target, readonly string[]>> = {
  cluster: ['cluster'],
  service: ['service'],
  'service-in-cluster': ['cluster', 'service'],
  link: ['from', 'to'],
  zone: ['cluster', 'zone'],
  everywhere: [],
};

/** A drill that was composed before, as a draft. */
export function draftOf(spec: DrillSpec): Draft {
  const { kind, scope, slow, fail, ramp, duration, guardrails, objectives, reason = '' } = spec;
  const { cluster = '', service = '', zone = '', link } = scope;
  const written = { cluster, service, zone, from: link?.from ?? '', to: link?.to ?? '' };
  return {
    ...blank,
    kind,
    target: targetFrom(written) ?? targetsOf[kind][0] ?? 'everywhere',
    ...written,
    ...(slow && { delay: slow.delay, jitter: slow.jitter }),
    ...(fail && { failPercent: String(fail.percent), failStatus: String(fail.status) }),
    ramp,
    duration,
    errorRate: percentText(guardrails.errorRate),
    p99: guardrails.p99 ?? '',
    load: percentText(guardrails.load),
    minHealthy: String(guardrails.minHealthy),
    timeLimit: guardrails.timeLimit,
    rto: objectives.rto,
    errorBudget: percentText(objectives.errorBudget),
    reason,
  };
}

/** What is concerned where these names are given. */
function targetFrom({ cluster, service, zone, from, to }: Partial<Draft>): Target | undefined {
  if (from || to) return 'link';
  if (service) return cluster ? 'service-in-cluster' : 'service';
  if (zone) return 'zone';
  return cluster ? 'cluster' : undefined;
}

/** A share of 1 in percent, without what floating point adds to it. */
function percentText(share: number): string {
  return String(Number((100 * share).toFixed(6)));
}
