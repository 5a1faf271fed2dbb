/** Owns what a route of App Mesh says, as a rule of a Route. */

import { type Drafts, labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { quoted, stringPrefix } from '../patterns.ts';
import { retryOf } from '../retries.ts';
import {
  type Backend,
  byNumber,
  bySpecificity,
  inOrder,
  type Match,
  type Named,
  type PlacedRule,
  type Rule,
} from '../rules.ts';
import { durationAt } from './duration-at.ts';

export const routeReasons: Reasons = {
  'spec.tcpRoute':
    'connections that are not HTTP go to the service of their port: give it the name of the virtual service as an alias',
  'match.scheme': 'a Route is for whatever scheme its listener has',
  'match.port': 'a Route is for all ports of a listener',
  'match.range': 'use a RegularExpression for the numbers',
  'headers.invert': 'a Route says which fields are there, not which are missing',
  'metadata.invert': 'a Route says which fields are there, not which are missing',
  'timeout.idle': 'timeouts.idle of a TrafficPolicy is of all requests of a service',
  'retryPolicy.tcpRetryEvents':
    'say connect-failure in balance.retry.on of a TrafficPolicy: it is there by default',
};

/** A rule, and what its turn is: the lower is asked first. */
export interface OrderedRule extends PlacedRule {
  readonly priority: number;
}

/** App Mesh's own, of routes without one. */
const lastPriority = 1000;

/** Undefined, and told, where it can't be said. */
export function ruleOf(route: Field, namespace: string, drafts: Drafts): OrderedRule | undefined {
  const spec = route.at('spec');
  const name = route.text('routeName');
  const priority = spec?.number('priority') ?? lastPriority;
  const grpc = spec?.at('grpcRoute');
  const of = spec?.at('httpRoute') ?? spec?.at('http2Route') ?? grpc;
  if (of === undefined) return undefined;
  const from = of.at('match');
  const match = from && (grpc ? grpcMatchOf(from) : httpMatchOf(from));
  const backendRefs = backendsOf(of);
  const [timeouts, retry] = [timeoutsOf(of), retriesOf(of, backendRefs, namespace, drafts)];
  from?.leaveRest();
  of.leaveRest();
  if (from && !from.isWhole) {
    route.leave('its match can not be said whole, and without that it would be for more requests');
    return undefined;
  }
  if (backendRefs.length === 0) {
    route.leave('it leads nowhere');
    return undefined;
  }
  const rule: Rule = {
    ...(name !== undefined && { name: labelOf(name) }),
    matches: match && Object.keys(match).length > 0 ? [match] : [],
    backendRefs,
    timeouts,
    retry,
  };
  return { rule, from: route, priority };
}

/** By priority; of equals the most specific first. */
export function rulesInOrder(rules: readonly OrderedRule[]): Rule[] {
  const matchOf = ({ rule }: OrderedRule) => rule.matches[0] ?? {};
  return inOrder(
    rules.toSorted((a, b) => a.priority - b.priority || bySpecificity(matchOf(a), matchOf(b))),
  );
}

/** Each virtual node is a service here. */
function backendsOf(of: Field): Backend[] {
  return (of.at('action')?.list('weightedTargets') ?? []).flatMap((target) => {
    const [node, weight] = [target.text('virtualNode'), target.number('weight')];
    const port = target.number('port');
    if (port !== undefined) target.at('port')?.differs(byNumber);
    if (node === undefined) return [];
    const said = { ...(weight !== undefined && { weight }), ...(port !== undefined && { port }) };
    return [{ name: labelOf(node), ...said }];
  });
}

function httpMatchOf(from: Field): Match {
  const prefix = from.text('prefix');
  const [exact, regex] = [from.at('path')?.text('exact'), from.at('path')?.text('regex')];
  const path =
    exact !== undefined
      ? { type: 'Exact' as const, value: exact }
      : regex !== undefined
        ? { type: 'RegularExpression' as const, value: regex }
        : prefix !== undefined && prefix !== '/'
          ? stringPrefix(from.at('prefix'), prefix)
          : undefined;
  const method = from.text('method');
  const headers = from.list('headers').flatMap(namedOf);
  const queryParams = from.list('queryParameters').flatMap(namedOf);
  return {
    ...(path && { path }),
    ...(method !== undefined && { method: method as NonNullable<Match['method']> }),
    ...(headers.length > 0 && { headers }),
    ...(queryParams.length > 0 && { queryParams }),
  };
}

function grpcMatchOf(from: Field): Match {
  const [service, method] = [from.text('serviceName'), from.text('methodName')];
  const headers = from.list('metadata').flatMap(namedOf);
  const said = {
    ...(service !== undefined && { service }),
    ...(method !== undefined && { method }),
  };
  const grpc =
    Object.keys(said).length > 0 ? said : { type: 'RegularExpression' as const, service: '.+' };
  return { grpc, ...(headers.length > 0 && { headers }) };
}

/** A header, a parameter or metadata; without a match it only has to be there. */
function namedOf(field: Field): Named[] {
  const name = field.text('name');
  const match = field.at('match');
  if (field.at('invert')?.value === false) field.flag('invert');
  if (name === undefined) return [];
  const exact = match?.text('exact');
  if (exact !== undefined) return [{ name, value: exact }];
  const [prefix, suffix] = [match?.text('prefix'), match?.text('suffix')];
  const regex = match?.text('regex');
  const value =
    regex ??
    (prefix === undefined
      ? suffix === undefined
        ? '.*'
        : `.*${quoted(suffix)}`
      : `${quoted(prefix)}.*`);
  return [{ type: 'RegularExpression', name, value }];
}

function timeoutsOf(of: Field): Rule['timeouts'] {
  const request = durationAt(of.at('timeout'), 'perRequest');
  const backendRequest = durationAt(of.at('retryPolicy'), 'perRetryTimeout');
  if (request === undefined && backendRequest === undefined) return undefined;
  return {
    ...(request !== undefined && { request }),
    ...(backendRequest !== undefined && { backendRequest }),
  };
}

/** Envoy's names of App Mesh's events. */
const events: Readonly<Record<string, string>> = {
  'server-error': '5xx',
  'client-error': 'retriable-4xx',
  'stream-error': 'refused-stream',
  'connection-error': 'connect-failure',
};

function retriesOf(
  of: Field,
  backends: readonly Backend[],
  namespace: string,
  drafts: Drafts,
): Rule['retry'] {
  const policy = of.at('retryPolicy');
  if (policy === undefined) return undefined;
  const on = ['httpRetryEvents', 'tcpRetryEvents', 'grpcRetryEvents'].flatMap(
    (key) => policy.texts(key) ?? [],
  );
  const asked = {
    attempts: policy.at('maxRetries'),
    number: policy.number('maxRetries'),
    on: on.map((event) => events[event] ?? event),
    from: policy.at('grpcRetryEvents') ?? policy.at('httpRetryEvents') ?? policy,
    services: backends.map(({ name }) => ({ service: name, namespace })),
  };
  return retryOf(asked, drafts);
}
