/** Owns telling which rule of a Route a request goes by, what that changes, and which others nearly were for it. */
import type { RouteMatch, RouteRule } from '../../../policy/route/rule.ts';
import type { Exchange } from '../message/exchange.ts';
import type { RequestHead } from '../message/message.ts';
import type { Route } from '../request/route/route-table.ts';
import { isRouteResource, type RouteResource, RuleSet } from '../request/route/rule-set.ts';
import type { Decision } from './decision.ts';

/** Most rules told that nearly were for a request. */
const mostMisses = 5;
/** Most rules that are looked at for that: each of their conditions is made ready for this question alone. */
const mostLooked = 250;

/** `isRefused`: no rule is for it. */
export function tellRules(
  { head, passage }: Exchange,
  { governed }: Route,
  isRefused: boolean,
): readonly Decision[] {
  const routes = governed?.by.filter(isRouteResource) ?? [];
  const misses = missesOf(routes, head);
  if (isRefused || passage?.fit === undefined) return misses;
  const { rule, prefix } = passage.fit;
  const step = 'route';
  const what = [
    ...(prefix === undefined || prefix === '' ? [] : [`by the prefix ${prefix}`]),
    ...changesOf(passage),
    ...(rule.cors ? ['CORS as it says'] : []),
    ...(rule.session ? [`sessions are kept by the ${rule.session.by} ${rule.session.name}`] : []),
  ];
  const says = [`rule ${rule.number} of it is for the request`, ...what].join('; ');
  const { policy, number } = rule;
  return [{ step, outcome: 'acts', says, policy, rule: number }, ...misses];
}

/** Names alone: values may be secrets. */
export function changesOf(passage: NonNullable<Exchange['passage']>): readonly string[] {
  const { authority, path, request, response } = passage;
  const namesIn = (fields: readonly string[]) => fields.filter((_, i) => i % 2 === 0);
  const changed = (of: typeof request) => [
    ...new Set([...(of?.drops ?? []), ...namesIn(of?.fields ?? [])]),
  ];
  const asked = changed(request);
  const answered = changed(response);
  return [
    ...(authority === undefined ? [] : [`it asks for the host ${authority}`]),
    ...(path === undefined ? [] : [`the path becomes ${path}`]),
    ...(asked.length === 0 ? [] : [`fields of the request are changed: ${asked.join(', ')}`]),
    ...(answered.length === 0 ? [] : [`fields of the answer are changed: ${answered.join(', ')}`]),
  ];
}

interface Miss {
  readonly decision: Decision;
  readonly failed: number;
}

/** Those that fail by the fewest conditions first. */
function missesOf(routes: readonly RouteResource[], head: RequestHead): readonly Decision[] {
  return routes
    .flatMap((route) => route.spec.rules.map((rule, i) => ({ route, rule, number: i + 1 })))
    .slice(0, mostLooked)
    .flatMap(({ route, rule, number }) => missOf(route, rule, number, head))
    .toSorted((a, b) => a.failed - b.failed)
    .slice(0, mostMisses)
    .map(({ decision }) => decision);
}

function missOf(route: RouteResource, rule: RouteRule, number: number, head: RequestHead): Miss[] {
  let best: readonly string[] | undefined;
  for (const match of rule.matches) {
    const failed = conditionsOf(match).filter(({ only }) => !isFit(route, only, head));
    if (failed.length === 0) return [];
    if (best === undefined || failed.length < best.length) best = failed.map(({ says }) => says);
  }
  if (best === undefined) return [];
  const says = `rule ${number} of it is not: it asks for ${best.join(', ')}`;
  const decision = {
    ...({ step: 'route', outcome: 'noted', says, policy: route.name } as const),
    rule: number,
  };
  return [{ decision, failed: best.length }];
}

/** One condition of a match, and a match that has no other. */
interface Condition {
  readonly says: string;
  readonly only: RouteMatch;
}

function conditionsOf({ path, method, grpc, headers, queryParams }: RouteMatch): Condition[] {
  const none = { headers: [], queryParams: [] };
  const called = grpc && `${grpc.service ?? '*'}/${grpc.method ?? '*'}`;
  return [
    ...(path ? [{ says: `the path ${path.type} ${path.value}`, only: { ...none, path } }] : []),
    ...(method === undefined ? [] : [{ says: `the method ${method}`, only: { ...none, method } }]),
    ...(grpc ? [{ says: `a call of gRPC to ${called}`, only: { ...none, grpc } }] : []),
    ...headers.map((one) => ({
      says: `the field ${one.name} ${one.type} ${JSON.stringify(one.value)}`,
      only: { ...none, headers: [one] },
    })),
    ...queryParams.map((one) => ({
      says: `the parameter ${one.name} ${one.type} ${JSON.stringify(one.value)}`,
      only: { ...none, queryParams: [one] },
    })),
  ];
}

function isFit(route: RouteResource, only: RouteMatch, head: RequestHead): boolean {
  const rules = [{ matches: [only], backends: [], mirrors: [] }];
  return new RuleSet([{ ...route, spec: { ...route.spec, rules } }]).find(head) !== undefined;
}
