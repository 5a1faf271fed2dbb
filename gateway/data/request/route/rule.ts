/** Owns one rule of a Route, made ready for requests: what is changed, answered, sent elsewhere, and where it leads. */
import { hash } from 'node:crypto';
import type {
  BackendTarget,
  RouteFault,
  RouteFieldChanges,
  RouteFilters,
  RouteMirror,
  RouteRedirect,
  RouteRewrite,
  RouteRule,
} from '../../../../policy/route/rule.ts';
import type { AffinityPolicy } from '../../../../policy/traffic/affinity.ts';
import type { TrafficPolicy } from '../../../../policy/traffic-policy.ts';
import { FieldEdits } from '../../message/field-edits.ts';
import { type Cors, compileCors } from './cors.ts';

/** What filters say, of a rule or of one of its backends. */
export interface Filters {
  readonly request: FieldEdits | undefined;
  readonly response: FieldEdits | undefined;
  readonly rewrite: RouteRewrite | undefined;
  readonly redirect: RouteRedirect | undefined;
  readonly cors: Cors | undefined;
  readonly mirrors: readonly RouteMirror[];
}

export interface Backend extends Filters {
  readonly target: BackendTarget;
  readonly weight: number;
  /** By which sessions name it: of the same target always the same. */
  readonly mark: string;
  /** What is counted when it is drawn. */
  readonly outcome: string;
}

export interface Rule extends Filters {
  /** `Route/namespace/name`. */
  readonly policy: string;
  /** Its place among the rules of its Route, from 1 on. */
  readonly number: number;
  /** Absent where the rule names none. */
  readonly backends: readonly Backend[] | undefined;
  readonly totalWeight: number;
  /** Whether there are several, and how many requests each gets is counted. */
  readonly isDrawn: boolean;
  readonly fault: RouteFault | undefined;
  readonly direct: RouteRule['directResponse'] | undefined;
  /** How it keeps sessions. */
  readonly session: AffinityPolicy | undefined;
  /** The RateLimit that it names. */
  readonly limit: { readonly namespace: string; readonly name: string } | undefined;
  /** What the rule makes of the policy of the service that requests go to: of the same always the same. */
  traffic(policy: TrafficPolicy): TrafficPolicy;
}

/** `namespace`: its Route's. */
export function compileRule(
  policy: string,
  namespace: string,
  spec: RouteRule,
  number: number,
): Rule {
  const backends = spec.backends.map((backend): Backend => {
    const { weight, service, cluster, subset, port } = backend;
    const part = {
      ...(cluster !== undefined && { cluster }),
      ...(subset && { subset }),
      ...(port !== undefined && { port }),
    };
    const target = { service, ...part };
    const name = targetName(target);
    const mark = hash('sha256', name, 'base64url').slice(0, 8);
    return { ...filtersOf(backend), weight, target, mark, outcome: `to ${name}` };
  });
  return {
    ...filtersOf(spec),
    policy,
    number,
    backends: backends.length === 0 ? undefined : backends,
    isDrawn: backends.length > 1,
    totalWeight: backends.reduce((sum, { weight }) => sum + weight, 0),
    fault: spec.fault,
    direct: spec.directResponse,
    session: spec.session,
    limit: spec.rateLimit === undefined ? undefined : { namespace, name: spec.rateLimit },
    traffic: trafficOf(spec),
  };
}

/** A service, whole or in part, in words. */
export function targetName({ service, cluster, subset, port }: BackendTarget): string {
  const labels = Object.entries(subset ?? {}).map(([label, value]) => `${label}=${value}`);
  return [
    service,
    ...(port === undefined ? [] : [`at port ${port}`]),
    ...(labels.length === 0 ? [] : [`with ${labels.join(', ')}`]),
    ...(cluster === undefined ? [] : [`in ${cluster}`]),
  ].join(' ');
}

function filtersOf({ request, response, rewrite, redirect, cors, mirrors }: RouteFilters): Filters {
  return {
    request: request && editsOf(request),
    response: response && editsOf(response),
    rewrite,
    redirect,
    cors: cors && compileCors(cors),
    mirrors,
  };
}

function editsOf({ set, add, remove }: RouteFieldChanges): FieldEdits {
  const flat = (fields: RouteFieldChanges['set']) =>
    fields.flatMap(({ name, value }) => [name, value]);
  return FieldEdits.of({ set: flat(set), add: flat(add), remove });
}

function trafficOf(spec: RouteRule): Rule['traffic'] {
  const { requestMs, perTryMs, retry, session } = spec;
  const all = [requestMs, perTryMs, retry, session];
  if (all.every((one) => one === undefined)) return (one) => one;
  const made = new WeakMap<TrafficPolicy, TrafficPolicy>();
  return (policy) => made.getOrInsertComputed(policy, () => changed(policy, spec));
}

function changed(
  { balance, timeouts }: TrafficPolicy,
  { requestMs = timeouts.requestMs, perTryMs = timeouts.perTryMs, retry = {}, session }: RouteRule,
): TrafficPolicy {
  const { statuses, maxTries = balance.retry.maxTries, backoffMs } = retry;
  const on = new Set(balance.retry.on);
  if (statuses) on.add('retriable-status-codes');
  return {
    balance: {
      ...balance,
      ...(session && { affinity: session }),
      retry: {
        ...balance.retry,
        maxTries,
        on: [...on],
        statuses: statuses ?? balance.retry.statuses,
        backoff:
          backoffMs === undefined
            ? balance.retry.backoff
            : { baseMs: backoffMs, maxMs: Math.max(backoffMs, balance.retry.backoff.maxMs) },
      },
    },
    timeouts: { ...timeouts, requestMs, perTryMs },
  };
}
