/** Owns what a service-router of Consul says, as a Route of its service. */
import { changesOf } from '../changes.ts';
import { type Drafts, labelOf } from '../drafts.ts';
import type { Field, Reasons } from '../field.ts';
import { quoted, stringPrefix } from '../patterns.ts';
import { retryOf } from '../retries.ts';
import { type Backend, inOrder, type Match, type Named, type PlacedRule } from '../rules.ts';
import type { Entry } from './entry.ts';
import type { Services } from './resolver.ts';

export const routerReasons: Reasons = {
  'http.caseInsensitive': 'paths are told apart by case: use a RegularExpression with (?i)',
  'header.invert': 'a Route says which fields are there, not which are missing',
  'destination.idleTimeout': 'timeouts.idle of a TrafficPolicy is of all requests of a service',
  'destination.partition': 'there are namespaces, and no partitions',
};

export function convertRouter(entry: Entry, services: Services, drafts: Drafts): void {
  const { document, field, name, namespace } = entry;
  const rules = field.list('routes').flatMap((route) => ruleOf(route, entry, services, drafts));
  // What no route is for goes to the service itself.
  const rest = leadsTo(entry, undefined, field, entry, services);
  const all = [...rules, { rule: { matches: [], backendRefs: rest }, from: field }];
  const spec = { parentRefs: [{ kind: 'Service', name }], rules: inOrder(all) };
  drafts.add({ kind: 'Route', namespace, name, spec, from: document });
}

type Service = Pick<Entry, 'name' | 'namespace'>;

/** A service without a subset is split where a splitter says so. */
function leadsTo(
  service: Service,
  subset: string | undefined,
  from: Field,
  entry: Entry,
  services: Services,
): Backend[] {
  const split = services.splits.get(`${service.name}.${service.namespace}`);
  if (subset === undefined && split) return [...split(entry)];
  return [services.backendOf(service, subset, from, entry.namespace) ?? []].flat();
}

function ruleOf(route: Field, entry: Entry, services: Services, drafts: Drafts): PlacedRule[] {
  const http = route.at('match')?.at('http');
  const matches = http ? matchesOf(http) : [];
  http?.leaveRest();
  const to = route.at('destination');
  const service = {
    name: labelOf(to?.text('service') || entry.name),
    namespace: labelOf(to?.text('namespace') || entry.namespace),
  };
  const subset = to?.text('serviceSubset') || undefined;
  const backendRefs = leadsTo(service, subset, to ?? route, entry, services);
  const rewrite = to?.text('prefixRewrite');
  const isOfPrefix = matches.every(({ path }) => (path?.type ?? 'PathPrefix') === 'PathPrefix');
  const filters = [
    ...changesOf('request', to?.at('requestHeaders')),
    ...changesOf('response', to?.at('responseHeaders')),
    ...(rewrite === undefined || rewrite === ''
      ? []
      : [
          {
            type: 'URLRewrite' as const,
            urlRewrite: {
              path: isOfPrefix
                ? { type: 'ReplacePrefixMatch' as const, replacePrefixMatch: rewrite }
                : { type: 'ReplaceFullPath' as const, replaceFullPath: rewrite },
            },
          },
        ]),
  ];
  const request = to?.duration('requestTimeout');
  const retry = to && retriesOf(to, service, drafts);
  if (http && !http.isWhole) {
    route.leave('its match can not be said whole, and without that it would be for more requests');
    return [];
  }
  if (backendRefs.length === 0) {
    route.leave('it leads nowhere that can be said');
    return [];
  }
  const rule = {
    matches,
    backendRefs,
    ...(filters.length > 0 && { filters }),
    ...(request !== undefined && request !== '0s' && { timeouts: { request } }),
    ...(retry && { retry }),
  };
  return [{ rule, from: route }];
}

/** One for each method. */
function matchesOf(http: Field): Match[] {
  const [exact, prefix] = [http.text('pathExact'), http.text('pathPrefix')];
  const regex = http.text('pathRegex');
  const path = exact
    ? { type: 'Exact' as const, value: exact }
    : prefix
      ? stringPrefix(http.at('pathPrefix'), prefix)
      : regex
        ? { type: 'RegularExpression' as const, value: regex }
        : undefined;
  if (http.at('caseInsensitive')?.value === false) http.flag('caseInsensitive');
  const headers = http.list('header').flatMap(namedOf);
  const queryParams = http.list('queryParam').flatMap(namedOf);
  const match = {
    ...(path && { path }),
    ...(headers.length > 0 && { headers }),
    ...(queryParams.length > 0 && { queryParams }),
  };
  const methods = http.texts('methods') ?? [];
  if (methods.length > 0) {
    return methods.map((method) => ({ ...match, method: method as NonNullable<Match['method']> }));
  }
  return Object.keys(match).length > 0 ? [match] : [];
}

function namedOf(field: Field): Named[] {
  const name = field.text('name');
  if (field.at('invert')?.value === false) field.flag('invert');
  if (name === undefined) return [];
  const exact = field.text('exact');
  const parts = ['prefix', 'suffix', 'contains', 'regex'].map(
    (key) => field.text(key) || undefined,
  );
  const [prefix, suffix, contains, regex] = parts;
  if (field.at('present')?.value !== undefined) field.flag('present');
  if (exact !== undefined && exact !== '') return [{ name, value: exact }];
  const value =
    regex ??
    (contains === undefined ? undefined : `.*${quoted(contains)}.*`) ??
    (prefix === undefined ? undefined : `${quoted(prefix)}.*`) ??
    (suffix === undefined ? '.*' : `.*${quoted(suffix)}`);
  return [{ type: 'RegularExpression', name, value }];
}

function retriesOf(to: Field, service: Service, drafts: Drafts) {
  const number = to.number('numRetries');
  const statuses = to.read('retryOnStatusCodes', 'list of statuses', (value) =>
    Array.isArray(value) ? value.map(String) : undefined,
  );
  const on = [...(to.texts('retryOn') ?? []), ...(statuses ?? [])];
  if (to.flag('retryOnConnectFailure')) on.push('connect-failure');
  if (number === undefined && on.length === 0) return undefined;
  const from = to.at('retryOn') ?? to;
  const services = [{ service: service.name, namespace: service.namespace }];
  return retryOf({ attempts: to.at('numRetries'), number, on, from, services }, drafts);
}
