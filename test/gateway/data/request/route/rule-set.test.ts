/** Specifies which rule a request goes by: as the Gateway API says it, with the examples of its conformance tests. */
import test from 'ava';
import { contentTypeId } from '../../../../../gateway/data/message/headers.ts';
import type { RequestHead } from '../../../../../gateway/data/message/message.ts';
import { HostRuleTable } from '../../../../../gateway/data/request/route/host-rules.ts';
import { isRouteResource, RuleSet } from '../../../../../gateway/data/request/route/rule-set.ts';
import { routeResource } from '../../worker/data-sides.ts';

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly authority?: string;
}

function headOf({ path = '/', method = 'GET', headers = {}, authority = 'a' }: Asked): RequestHead {
  const all = (name: string) => [headers[name] ?? []].flat();
  return {
    ...{ method, path, authority, protocol: '1.1', scheme: 'http' },
    fields: {
      all,
      get: (name: string) => all(name)[0],
      getById: (id: number) => (id === contentTypeId ? all('content-type')[0] : undefined),
    },
  } as unknown as RequestHead;
}

function routesOf(specs: readonly object[], parent: object) {
  return specs
    .map((spec, i) => routeResource(`route-${i}`, { ...parent, ...spec }, i))
    .filter(isRouteResource);
}

/** The service that the rule for a request names; undefined where no rule is for it. */
function leads(specs: readonly object[]): (asked: Asked) => string | undefined {
  const set = new RuleSet(routesOf(specs, { hostnames: ['a.example'] }));
  return (asked) => set.find(headOf(asked))?.rule.backends?.[0]?.target.service.split('.')[0];
}

const to = (name: string) => [{ name }];
const path = (value: string, type = 'PathPrefix') => ({ path: { type, value } });
const header = (name: string, value: string) => ({ name, value });

type Case = readonly [Asked, string | undefined];

function cases(
  t: { is(a: unknown, b: unknown, message: string): void },
  rules: object,
  all: readonly Case[],
) {
  const led = leads([{ rules }]);
  for (const [asked, expected] of all) t.is(led(asked), expected, JSON.stringify(asked));
}

test('HTTPRouteMatching: a prefix is of whole segments, and the longer comes first', (t) => {
  const rules = [
    { matches: [path('/'), { headers: [header('version', 'one')] }], backendRefs: to('v1') },
    { matches: [path('/v2'), { headers: [header('version', 'two')] }], backendRefs: to('v2') },
  ];
  cases(t, rules, [
    [{ path: '/' }, 'v1'],
    [{ path: '/example' }, 'v1'],
    [{ headers: { version: 'one' } }, 'v1'],
    [{ path: '/v2' }, 'v2'],
    [{ path: '/v2/example' }, 'v2'],
    [{ headers: { version: 'two' } }, 'v2'],
    [{ path: '/v2/' }, 'v2'],
    [{ path: '/v2example' }, 'v1'],
    [{ path: '/foo/v2/example' }, 'v1'],
    [{ path: '/v2?a=/b' }, 'v2'],
  ]);
});

test('HTTPRoutePathMatchOrder: exact before prefix, and the longest prefix first', (t) => {
  const rules = [
    { matches: [path('/match', 'Exact')], backendRefs: to('v1') },
    { matches: [path('/match/exact', 'Exact')], backendRefs: to('v2') },
    { matches: [path('/match/exact/one', 'Exact')], backendRefs: to('v3') },
    { matches: [path('/match/')], backendRefs: to('v3') },
    { matches: [path('/match/prefix/')], backendRefs: to('v1') },
    { matches: [path('/match/prefix/one')], backendRefs: to('v2') },
  ];
  cases(t, rules, [
    [{ path: '/match/exact/one' }, 'v3'],
    [{ path: '/match/exact' }, 'v2'],
    [{ path: '/match' }, 'v1'],
    [{ path: '/match/prefix/one/any' }, 'v2'],
    [{ path: '/match/prefix/any' }, 'v1'],
    [{ path: '/match/any' }, 'v3'],
    [{ path: '/matches' }, undefined],
  ]);
});

test('HTTPExactPathMatching: an exact path is that and no other', (t) => {
  const rules = [
    { matches: [path('/one', 'Exact')], backendRefs: to('v1') },
    { matches: [path('/two', 'Exact')], backendRefs: to('v2') },
  ];
  cases(t, rules, [
    [{ path: '/one' }, 'v1'],
    [{ path: '/two' }, 'v2'],
    [{ path: '/two?a' }, 'v2'],
    [{ path: '/' }, undefined],
    [{ path: '/one/example' }, undefined],
    [{ path: '/two/' }, undefined],
    [{ path: '/Two' }, undefined],
  ]);
});

const colors = (...names: string[]) => names.map((name) => ({ headers: [header('color', name)] }));
const byHeader = [
  { matches: [{ headers: [header('version', 'one')] }], backendRefs: to('v1') },
  { matches: [{ headers: [header('Version', 'two')] }], backendRefs: to('v2') },
  {
    matches: [{ headers: [header('version', 'two'), header('color', 'orange')] }],
    backendRefs: to('v1'),
  },
  { matches: colors('blue', 'green'), backendRefs: to('v1') },
  { matches: colors('red', 'yellow'), backendRefs: to('v2') },
];
const byHeaderCases: readonly Case[] = [
  [{ headers: { version: 'one' } }, 'v1'],
  [{ headers: { version: 'two' } }, 'v2'],
  [{ headers: { version: 'two', color: 'orange' } }, 'v1'],
  [{ headers: { version: 'two', color: 'blue' } }, 'v2'],
  [{ headers: { color: 'orange' } }, undefined],
  [{ headers: { other: 'one' } }, undefined],
  [{ headers: { color: 'green' } }, 'v1'],
  [{ headers: { color: 'yellow' } }, 'v2'],
  [{ headers: { color: 'purple' } }, undefined],
];

test('HTTPRouteHeaderMatching: all fields of a match, and most fields first', (t) => {
  cases(t, byHeader, byHeaderCases);
});

test('GRPCRouteHeaderMatching: the same for calls of gRPC, and for these alone', (t) => {
  const any = { type: 'RegularExpression', service: '.+' };
  const rules = byHeader.map(({ matches, backendRefs }) => ({
    matches: matches.map((match) => ({ ...match, grpc: any })),
    backendRefs,
  }));
  const call = { path: '/echo.Echo/Say', method: 'POST' };
  const type = { 'content-type': 'application/grpc+proto' };
  cases(
    t,
    rules,
    byHeaderCases.map(([{ headers }, to]) => [{ ...call, headers: { ...headers, ...type } }, to]),
  );
  cases(t, rules, [[{ ...call, headers: { version: 'one' } }, undefined]]);
});

test('HTTPRouteQueryParamMatching: names and values as they are, and most parameters first', (t) => {
  const queryParams = (...pairs: [string, string][]) => ({
    queryParams: pairs.map(([name, value]) => ({ name, value })),
  });
  const rules = [
    { matches: [queryParams(['animal', 'whale'])], backendRefs: to('v1') },
    { matches: [queryParams(['animal', 'dolphin'])], backendRefs: to('v2') },
    {
      matches: [
        queryParams(['animal', 'dolphin'], ['color', 'blue']),
        queryParams(['ANIMAL', 'Whale']),
      ],
      backendRefs: to('v3'),
    },
    { matches: [{ ...path('/path5') }], backendRefs: to('v1') },
    { matches: [queryParams(['animal', 'hydra'])], backendRefs: to('v2') },
    { matches: [{ headers: [header('version', 'four')] }], backendRefs: to('v3') },
  ];
  cases(t, rules, [
    [{ path: '/?animal=whale' }, 'v1'],
    [{ path: '/?animal=dolphin' }, 'v2'],
    [{ path: '/?animal=dolphin&color=blue' }, 'v3'],
    [{ path: '/?ANIMAL=Whale' }, 'v3'],
    [{ path: '/?animal=whale&other=irrelevant' }, 'v1'],
    [{ path: '/?animal=dolphin&color=yellow' }, 'v2'],
    [{ path: '/?color=blue' }, undefined],
    [{ path: '/?animal=whaledolphin' }, undefined],
    [{ path: '/' }, undefined],
    [{ path: '/path5?animal=hydra' }, 'v1'],
    [{ path: '/?animal=hydra', headers: { version: 'four' } }, 'v3'],
    [{ path: '/?animal=wh%61le' }, 'v1'],
    [{ path: '/?animal=whale&animal=dolphin' }, 'v1'],
  ]);
});

test('HTTPRouteMethodMatching: a method comes before fields, and after the path', (t) => {
  const rules = [
    { matches: [{ method: 'POST' }], backendRefs: to('v1') },
    { matches: [{ method: 'GET' }], backendRefs: to('v2') },
    { matches: [{ headers: [header('version', 'one')], method: 'PUT' }], backendRefs: to('v2') },
    { matches: [path('/path5')], backendRefs: to('v1') },
    { matches: [{ method: 'PATCH' }], backendRefs: to('v2') },
    { matches: [{ headers: [header('version', 'four')] }], backendRefs: to('v3') },
  ];
  cases(t, rules, [
    [{ method: 'POST' }, 'v1'],
    [{ method: 'GET' }, 'v2'],
    [{ method: 'HEAD' }, undefined],
    [{ method: 'PUT' }, undefined],
    [{ method: 'PUT', headers: { version: 'one' } }, 'v2'],
    [{ path: '/path5', method: 'PATCH' }, 'v1'],
    [{ method: 'PATCH', headers: { version: 'four' } }, 'v2'],
  ]);
});

test('GRPCExactMethodMatching, and by service or method alone: most characters first', (t) => {
  const grpc = (service?: string, method?: string) => [{ grpc: { service, method } }];
  const rules = [
    { matches: grpc('echo.Echo', 'Say'), backendRefs: to('v1') },
    { matches: grpc('echo.Echo'), backendRefs: to('v2') },
    { matches: grpc(undefined, 'Count'), backendRefs: to('v3') },
    { matches: [path('/')], backendRefs: to('http') },
  ];
  const headers = { 'content-type': 'application/grpc' };
  cases(t, rules, [
    [{ path: '/echo.Echo/Say', headers }, 'v1'],
    [{ path: '/echo.Echo/Count', headers }, 'v2'],
    [{ path: '/other.Echo/Count', headers }, 'v3'],
    [{ path: '/other.Echo/Say', headers }, 'http'],
    [{ path: '/echo.Echo/Say' }, 'http'],
  ]);
});

test('a pattern comes after every prefix but the one of all paths', (t) => {
  const rules = [
    { backendRefs: to('rest') },
    { matches: [path('/v[0-9]+(/.*)?', 'RegularExpression')], backendRefs: to('pattern') },
    { matches: [path('/v1/special')], backendRefs: to('prefix') },
    {
      matches: [{ headers: [{ type: 'RegularExpression', name: 'a', value: '[0-9]+' }] }],
      backendRefs: to('digits'),
    },
  ];
  cases(t, rules, [
    [{ path: '/v1/x' }, 'pattern'],
    [{ path: '/v1/special/x' }, 'prefix'],
    [{ path: '/x/v1' }, 'rest'],
    [{ path: '/x', headers: { a: '12' } }, 'digits'],
    [{ path: '/x', headers: { a: ['1', '2'] } }, 'rest'],
  ]);
});

test('of equal matches in several Routes the oldest comes first, then the first in order of name, then the first of a Route', (t) => {
  const rule = (name: string) => ({
    rules: [{ backendRefs: to(name) }, { backendRefs: to('later') }],
  });
  t.is(leads([rule('old'), rule('new')])({}), 'old');
  const named = [
    routeResource('b', { hostnames: ['a.b'], ...rule('b') }),
    routeResource('a', { hostnames: ['a.b'], ...rule('a') }),
  ];
  const set = new RuleSet(named.filter(isRouteResource));
  t.is(set.find(headOf({}))?.rule.policy, 'Route/shop/a');
});

test('HTTPRouteMatchingAcrossRoutes: rules of all Routes for a host are one list', (t) => {
  const first = {
    rules: [
      { matches: [path('/'), { headers: [header('version', 'one')] }], backendRefs: to('v1') },
    ],
  };
  const second = {
    rules: [
      { matches: [path('/v2'), { headers: [header('version', 'two')] }], backendRefs: to('v2') },
    ],
  };
  const led = leads([first, second]);
  t.is(led({ path: '/example' }), 'v1');
  t.is(led({ path: '/v2/example' }), 'v2');
  t.is(led({ headers: { version: 'two' } }), 'v2');
});

test('a host has the rules of its own name, then those of the longest *. that fits it', (t) => {
  const named = (hostnames: string[], name: string, at = '/') => ({
    hostnames,
    rules: [{ matches: [path(at)], backendRefs: to(name) }],
  });
  const routes = routesOf(
    [
      named(['*.example.com'], 'wide'),
      named(['*.shop.example.com'], 'narrow'),
      named(['a.shop.example.com'], 'exact', '/only'),
    ],
    {},
  );
  const table = new HostRuleTable(routes, 'outbound');
  const led = (host: string, at = '/') =>
    table.find(host, true)?.find(headOf({ path: at }))?.rule.backends?.[0]?.target.service;
  t.is(led('a.shop.example.com', '/only'), 'exact.shop' as never);
  t.is(led('a.shop.example.com', '/other'), 'narrow.shop' as never);
  t.is(led('b.a.shop.example.com'), 'narrow.shop' as never);
  t.is(led('b.example.com'), 'wide.shop' as never);
  t.is(led('example.com'), undefined);
});

test('a Route is for hosts at the listeners that it names', (t) => {
  const at = (...names: string[]) =>
    routesOf(
      [{ hostnames: ['a.b'], parentRefs: names.map((name) => ({ name })), rules: [{}] }],
      {},
    );
  const isAt = (names: string[], listener: string) =>
    new HostRuleTable(at(...names), listener).find('a.b', true) !== undefined;
  t.true(isAt([], 'outbound'));
  t.true(isAt([], 'ingress-1'));
  t.true(isAt(['ingress-1'], 'ingress-1'));
  t.false(isAt(['ingress-1'], 'outbound'));
  t.false(isAt(['ingress-1'], 'ingress'));
  t.true(isAt(['ingress'], 'ingress-1'));
  t.false(isAt(['ingress'], 'outbound'));
});
