/** Owns what a VirtualService of Istio says, as a Route. */
import { isDeepStrictEqual } from 'node:util';
import { type Drafts, labelOf, type ServicePlace } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { retryOf } from '../retries.ts';
import { type Backend, inOrder, type Match, type PlacedRule, type Rule } from '../rules.ts';
import { type Hosts, hostOf } from './hosts.ts';
import { matchesOf, matchReasons } from './matches.ts';
import { directResponseOf, faultOf, filtersOf, headersOf, rewriteOf } from './rule-actions.ts';

export const virtualServiceReasons: Reasons = {
  ...matchReasons,
  'spec.exportTo': 'a Route holds for all clients of the cluster',
  'spec.tcp': 'connections that are not HTTP go to the service of their port, by its balancing',
  'spec.tls':
    'TLS that is not ended goes by its server name to the service that has it as an alias',
  'http.delegate': 'give the rules of the delegate in one VirtualService',
  'retries.retryRemoteLocalities':
    'set balance.retry.stay of a TrafficPolicy: anywhere is its default',
  'retries.retryIgnorePreviousHosts': 'a retry goes to another endpoint where there is one',
  'rewrite.uriRegexRewrite': 'a path is replaced whole, or in its prefix',
  'redirect.derivePort':
    'the port is that of the scheme where one is said, else that of the request',
  'corsPolicy.unmatchedPreflights': 'preflights of other origins are answered by the gateway',
  'allowOrigins.prefix': 'an origin is said whole, or with *. before its host',
  'allowOrigins.regex': 'an origin is said whole, or with *. before its host',
  'delay.exponentialDelay': 'a delay has one duration',
  'abort.http2Error': 'use httpStatus or grpcStatus',
  'directResponse.body.bytes': 'use a text: body.string',
};

export function convertVirtualService(
  document: Field,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  hosts: Hosts,
  drafts: Drafts,
): void {
  const spec = document.at('spec');
  if (spec === undefined) {
    document.leave('it has no spec');
    return;
  }
  const parents = parentsOf(spec, namespace);
  const rules = spec.list('http').flatMap((rule) => rulesOf(rule, namespace, hosts, drafts));
  spec.leaveRest();
  if (rules.length === 0) return;
  const written = { ...parents, rules: inOrder(rules) };
  drafts.add({ kind: 'Route', namespace, name, spec: written, from: document });
}

/** Hosts that are services are asked for by their own names; others at the listeners of the gateways. */
function parentsOf(spec: Field, namespace: string) {
  const services: ServicePlace[] = [];
  const hostnames: string[] = [];
  let isAny = false;
  for (const host of spec.texts('hosts') ?? []) {
    const found = hostOf(host, namespace);
    if (host === '*') isAny = true;
    else if (found.of === 'service') {
      if (!services.some((one) => isDeepStrictEqual(one, found))) services.push(found);
    } else if (found.of === 'outside') hostnames.push(host);
    else spec.at('hosts')?.leave(`${host}: name each service of the namespace`);
  }
  const listeners = new Set<string>();
  const gateways = spec.texts('gateways') ?? ['mesh'];
  for (const gateway of gateways) listeners.add(gateway === 'mesh' ? 'outbound' : 'ingress');
  if (gateways.some((gateway) => gateway !== 'mesh')) {
    spec
      .at('gateways')
      ?.differs(
        'a Gateway is a listener of the configuration, and all ingresses are meant here: name one in parentRefs where there are several',
      );
  }
  if (services.length > 0 && !listeners.has('outbound')) {
    spec
      .at('gateways')
      ?.differs('a Route of a service holds for all who ask for it, also by the own listener');
  }
  const atListeners = hostnames.length > 0 || isAny;
  return {
    parentRefs: [
      ...services.map(({ service, namespace: its }) => ({
        kind: 'Service',
        name: service,
        ...(its !== namespace && { namespace: its }),
      })),
      ...(atListeners ? [...listeners].map((name) => ({ kind: 'Gateway', name })) : []),
    ],
    ...(hostnames.length > 0 && !isAny && { hostnames }),
  };
}

/** Two where what happens depends on how the path was matched; none where its requests or its backends can't be said. */
function rulesOf(rule: Field, namespace: string, hosts: Hosts, drafts: Drafts): PlacedRule[] {
  const said = rule.list('match').length;
  const matches = matchesOf(rule).map(({ match }) => match);
  const backendRefs = backendsOf(rule, namespace, hosts);
  const answers = rule.at('redirect') ?? rule.at('directResponse');
  const made = {
    ...actionsOf(rule, backendRefs, namespace, drafts),
    filters: filtersOf(rule, hosts, namespace),
  };
  const name = rule.text('name');
  const parts = rule.at('rewrite') ? byPath(matches) : [matches];
  const rules = parts.map((part, i): Rule => {
    const filters = [...made.filters, ...rewriteOf(rule.at('rewrite'), part)];
    return {
      ...(name !== undefined && i === 0 && { name: labelOf(name) }),
      ...(answers ? {} : { backendRefs }),
      ...made,
      matches: part,
      filters: filters.length > 0 ? filters : undefined,
    };
  });
  rule.leaveRest();
  if (said > 0 && matches.length === 0) {
    rule.leave('none of its matches can be said, and it would be for all requests');
    return [];
  }
  if (!answers && backendRefs.length === 0) {
    rule.leave('nothing is left that its requests could go to');
    return [];
  }
  return rules.map((one) => ({ rule: one, from: rule }));
}

/** Matches of prefixes, and others: what is rewritten differs. */
function byPath(matches: readonly Match[]): (readonly Match[])[] {
  const isOfPrefix = ({ path }: Match) => (path?.type ?? 'PathPrefix') === 'PathPrefix';
  const parts = [matches.filter(isOfPrefix), matches.filter((match) => !isOfPrefix(match))];
  return matches.length === 0 ? [[]] : parts.filter((part) => part.length > 0);
}

function backendsOf(rule: Field, namespace: string, hosts: Hosts): Backend[] {
  return rule.list('route').flatMap((route) => {
    const backend = hosts.backendOf(route.at('destination'), namespace);
    const weight = route.number('weight');
    const filters = headersOf(route);
    if (backend === undefined) return [];
    return [
      {
        ...backend,
        ...(weight !== undefined && { weight }),
        ...(filters.length > 0 && { filters }),
      },
    ];
  });
}

function actionsOf(
  rule: Field,
  backends: readonly Backend[],
  namespace: string,
  drafts: Drafts,
): Pick<Rule, 'timeouts' | 'retry' | 'fault' | 'directResponse'> {
  const retries = rule.at('retries');
  const request = rule.duration('timeout');
  const backendRequest = retries?.duration('perTryTimeout');
  const services = backends.map(({ name, namespace: its = namespace }) => ({
    service: name,
    namespace: its,
  }));
  const backoff = retries?.duration('backoff');
  if (backoff !== undefined) {
    retries?.at('backoff')?.differs('it is the most that is waited before the first retry');
  }
  const retry = retries && {
    ...retryOf(
      {
        attempts: retries.at('attempts'),
        number: retries.number('attempts'),
        on:
          retries
            .text('retryOn')
            ?.split(',')
            .map((one) => one.trim()) ?? [],
        from: retries.at('retryOn') ?? retries,
        services,
      },
      drafts,
    ),
    ...(backoff !== undefined && { backoff }),
  };
  const timeouts = {
    ...(request !== undefined && { request }),
    ...(backendRequest !== undefined && { backendRequest }),
  };
  return {
    timeouts: Object.keys(timeouts).length > 0 ? timeouts : undefined,
    retry,
    fault: faultOf(rule.at('fault')),
    directResponse: directResponseOf(rule.at('directResponse')),
  };
}
