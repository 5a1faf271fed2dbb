/** Owns what is told of a Route that is valid, and does nothing or less than it says. */
import { isDeepStrictEqual } from 'node:util';
import { type Known, unknownClusters, unknownService } from '../known.ts';
import type { RouteSpec } from '../route.ts';
import type { BackendTarget, RouteRule } from './rule.ts';

/** `services`: those that it governs by their own names. */
export function routeWarnings(
  { rules, namespace }: RouteSpec,
  services: readonly BackendTarget['service'][],
  known: Known,
): string[] {
  const targets = rules.flatMap(targetsOf);
  const named = new Set([...services, ...targets.map(({ service }) => service)]);
  return [
    ...[...named].flatMap((service) => unknownService(known, service)),
    ...new Set(targets.flatMap((target) => unknownSubset(known, target))),
    ...rules.flatMap((rule, i) => [
      ...unknownClusters(
        known,
        `rules[${i}]`,
        targetsOf(rule).flatMap(({ cluster = [] }) => cluster),
      ),
      ...ruleWarnings(rule, i),
      ...unknownLimit(rule, `rules[${i}]`, namespace, known),
      ...shadowed(rules, i),
    ]),
  ];
}

/** Of a service that nobody knows that is told already. */
function unknownSubset(known: Known, { service, subset }: BackendTarget): string[] {
  if (subset === undefined || !known.hasService(service)) return [];
  if (known.hasLabels(service, subset)) return [];
  const labels = Object.entries(subset).map(([label, value]) => `${label}=${value}`);
  return [`No endpoint of ${service} has ${labels.join(' and ')} so far`];
}

function targetsOf({ backends, mirrors }: RouteRule): BackendTarget[] {
  return [...backends, ...mirrors, ...backends.flatMap((backend) => backend.mirrors)];
}

function ruleWarnings({ backends }: RouteRule, i: number): string[] {
  const isIdle = backends.length > 0 && backends.every(({ weight }) => weight === 0);
  return isIdle
    ? [`rules[${i}].backendRefs: all weights are 0, and requests are answered 500`]
    : [];
}

function unknownLimit(
  { rateLimit }: RouteRule,
  at: string,
  namespace: string,
  known: Known,
): string[] {
  if (rateLimit === undefined || known.hasRateLimit(namespace, rateLimit)) return [];
  return [
    `${at}.rateLimit: there is no RateLimit ${namespace}/${rateLimit} so far, and nothing is limited`,
  ];
}

/** A rule before it that takes all of its requests: one that has the same matches, or more. */
function shadowed(rules: readonly RouteRule[], i: number): string[] {
  const { matches } = rules[i] as RouteRule;
  const j = rules
    .slice(0, i)
    .findIndex((before) =>
      matches.length === 0
        ? before.matches.length === 0
        : matches.every((match) => before.matches.some((one) => isDeepStrictEqual(one, match))),
    );
  return j < 0 ? [] : [`rules[${i}]: rules[${j}] takes all of its requests`];
}
