/** Specifies what a Route may say, what is filled in, what is refused, and what its gateways go by. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { policyKinds } from '../../../policy/kinds.ts';
import { resourceOf, warningsOf } from '../../../policy/record.ts';
import { compilePattern } from '../../../policy/route/pattern.ts';
import { writtenRouteSchema } from '../../../policy/route.ts';
import { dc1 } from '../../registry/records.ts';

const backendRefs = [{ name: 'orders' }];
const hosts = { hostnames: ['shop.example.com'] };

function problems(spec: object): string[] {
  const { error } = writtenRouteSchema.safeParse(spec);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Of a rule that is all right but for `rule`. */
function ruleProblems(rule: object): string[] {
  return problems({ ...hosts, rules: [{ backendRefs, ...rule }] });
}

test('what is written reads back as it was, defaults filled in, and parses to itself', (t) => {
  const written = writtenRouteSchema.parse({
    ...hosts,
    rules: [{ matches: [{ path: { value: '/v2' } }], backendRefs, timeouts: { request: '5s' } }],
  });
  t.deepEqual(written.rules[0]?.matches[0], {
    path: { type: 'PathPrefix', value: '/v2' },
    headers: [],
    queryParams: [],
  });
  t.deepEqual(written.rules[0]?.backendRefs, [{ name: 'orders', weight: 1, filters: [] }]);
  t.deepEqual(written.rules[0]?.timeouts, { request: '5s' });
  t.deepEqual(writtenRouteSchema.parse(written), written);
});

const wrong: readonly (readonly [string, string[], RegExp])[] = [
  ['no host and no parent', problems({ rules: [{ backendRefs }] }), /^hostnames: name hosts/],
  [
    'hosts of a service',
    problems({ ...hosts, parentRefs: [{ kind: 'Service', name: 'orders' }], rules: [{}] }),
    /^hostnames: a Service is asked for by its own name/,
  ],
  [
    'an address as a host',
    problems({ hostnames: ['10.0.0.1'], rules: [{}] }),
    /an IP address is none/,
  ],
  ['a * inside', problems({ hostnames: ['a.*.com'], rules: [{}] }), /use a DNS name/],
  [
    'a permanent cookie without an end',
    ruleProblems({ sessionPersistence: { cookieConfig: { lifetimeType: 'Permanent' } } }),
    /^rules.0.sessionPersistence.absoluteTimeout: say it/,
  ],
  [
    'what is said of a cookie where there is none',
    ruleProblems({ sessionPersistence: { type: 'Header', cookieConfig: {} } }),
    /^rules.0.sessionPersistence.cookieConfig: it is for type Cookie/,
  ],
  [
    'a session in a field that others go by',
    ruleProblems({ sessionPersistence: { type: 'Header', sessionName: 'Set-Cookie' } }),
    /sessionName: use a name that nothing else goes by/,
  ],
  [
    'a session of less than a second',
    ruleProblems({ sessionPersistence: { idleTimeout: '999ms' } }),
    /idleTimeout: use 1s or more/,
  ],
  [
    'two rules of a name',
    problems({ ...hosts, rules: [{ name: 'a' }, { name: 'a' }] }),
    /^rules.1.name/,
  ],
  [
    'more matches than are looked through',
    problems({
      ...hosts,
      rules: Array(3).fill({ matches: Array(64).fill({ path: { value: '/a' } }) }),
    }),
    /^rules: it has 192 matches, 128 is the most/,
  ],
  [
    'a path with a query',
    ruleProblems({ matches: [{ path: { value: '/a?b' } }] }),
    /characters of a path/,
  ],
  [
    'a path with dots',
    ruleProblems({ matches: [{ path: { value: '/a/../b' } }] }),
    /no segments of dots/,
  ],
  ['a path with //', ruleProblems({ matches: [{ path: { value: '//a' } }] }), /single slashes/],
  [
    'a path that begins with none',
    ruleProblems({ matches: [{ path: { value: 'a' } }] }),
    /begin it with/,
  ],
  [
    'a pattern that looks ahead',
    ruleProblems({ matches: [{ path: { type: 'RegularExpression', value: '/(?=a)' } }] }),
    /^rules.0.matches.0.path.value: not a pattern of RE2: /,
  ],
  [
    'a pattern that repeats without end',
    ruleProblems({
      matches: [{ headers: [{ type: 'RegularExpression', name: 'a', value: '(a|b|c){1000}' }] }],
    }),
    /repeats too much/,
  ],
  ['gRPC without a name', ruleProblems({ matches: [{ grpc: {} }] }), /say service, method or both/],
  [
    'gRPC and a path',
    ruleProblems({ matches: [{ grpc: { service: 'a.B' }, path: { value: '/x' } }] }),
    /instead of path/,
  ],
  ['a filter without its field', ruleProblems({ filters: [{ type: 'CORS' }] }), /CORS wants it/],
  [
    'a filter twice',
    ruleProblems({ filters: Array(2).fill({ type: 'URLRewrite', urlRewrite: {} }) }),
    /there is a URLRewrite already/,
  ],
  [
    'a rewrite and a redirect',
    ruleProblems({
      backendRefs: [],
      filters: [
        { type: 'URLRewrite', urlRewrite: {} },
        { type: 'RequestRedirect', requestRedirect: {} },
      ],
    }),
    /rewritten or redirected, not both/,
  ],
  [
    'a redirect that leads to a service as well',
    ruleProblems({ filters: [{ type: 'RequestRedirect', requestRedirect: {} }] }),
    /the rule answers itself/,
  ],
  [
    'a new prefix in the place of no prefix',
    ruleProblems({
      matches: [{ path: { type: 'Exact', value: '/a' } }],
      filters: [
        {
          type: 'URLRewrite',
          urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } },
        },
      ],
    }),
    /ReplacePrefixMatch needs a path of type PathPrefix/,
  ],
  [
    'two things of one field',
    ruleProblems({
      filters: [
        {
          type: 'RequestHeaderModifier',
          requestHeaderModifier: { set: [{ name: 'A', value: 'b' }], remove: ['a'] },
        },
      ],
    }),
    /say one thing of each field/,
  ],
  [
    'a line within a value',
    ruleProblems({
      filters: [
        {
          type: 'ResponseHeaderModifier',
          responseHeaderModifier: { add: [{ name: 'a', value: 'b\r\nset-cookie: c' }] },
        },
      ],
    }),
    /visible ASCII/,
  ],
  [
    'an origin that is none',
    ruleProblems({ filters: [{ type: 'CORS', cors: { allowOrigins: ['shop'] } }] }),
    /scheme and a host/,
  ],
  [
    'a try that takes longer than all',
    ruleProblems({ timeouts: { request: '1s', backendRequest: '2s' } }),
    /not longer/,
  ],
  ['a delay without end', ruleProblems({ fault: { delay: { duration: '2m' } } }), /at most 1m/],
];

for (const [what, found, told] of wrong) {
  test(`${what} is refused`, (t) => t.regex(found.join('\n'), told));
}

for (const name of [
  ...['Host', 'X-Isthmus-Service', 'x_isthmus_service', 'X-Forwarded-For', 'Forwarded', 'Via'],
  ...['Connection', 'Content-Length', 'Transfer-Encoding', 'x-forwarded-client-cert', 'Upgrade'],
]) {
  test(`security: no Route changes ${name}`, (t) => {
    for (const change of [
      { set: [{ name, value: 'x' }] },
      { add: [{ name, value: 'x' }] },
      { remove: [name] },
    ]) {
      for (const [type, field] of [
        ['RequestHeaderModifier', 'requestHeaderModifier'],
        ['ResponseHeaderModifier', 'responseHeaderModifier'],
      ] as const) {
        t.regex(ruleProblems({ filters: [{ type, [field]: change }] }).join(), /own to set/);
      }
    }
  });
}

test('security: a pattern that takes others forever takes a time that grows with the text alone', (t) => {
  const matches = compilePattern('(a+)+b');
  t.false(matches(`${'a'.repeat(20_000)}c`));
  t.true(matches(`${'a'.repeat(20_000)}b`));
});

test('a pattern must match the whole of a text', (t) => {
  const matches = compilePattern('/v[0-9]+');
  t.deepEqual(['/v12', '/v12/x', 'x/v1'].map(matches), [true, false, false]);
});

function inForce(spec: object) {
  const made = resourceOf('/key', {
    ...{ cluster: dc1, namespace: 'shop', kind: 'Route', name: 'orders', by: 'ada', at: 7 },
    spec: { ...spec },
  });
  if (made?.kind !== 'Route') throw new Error('no Route');
  return made;
}

test('a Route is for the services that are its parents, at the cluster that wrote it', (t) => {
  const { name, target, spec } = inForce({
    parentRefs: [
      { kind: 'Service', name: 'orders' },
      { kind: 'Service', name: 'cart', namespace: 'web' },
    ],
    rules: [{}],
  });
  t.is(name, 'Route/shop/orders');
  t.deepEqual(target, { services: ['orders.shop', 'cart.web'] as never, where: dc1 });
  t.deepEqual([spec.at, spec.hosts, spec.listeners], [7, [], []]);
});

test('one that names hosts alone is for no service, and for the hosts at all listeners', (t) => {
  const { target, spec } = inForce({ ...hosts, rules: [{ backendRefs }] });
  t.deepEqual(target, { services: [], where: dc1 });
  t.deepEqual([spec.hosts, spec.listeners], [['shop.example.com'], undefined]);
  const named = inForce({ ...hosts, parentRefs: [{ name: 'outbound' }], rules: [{}] });
  t.deepEqual(named.spec.listeners, ['outbound']);
});

test('what a rule says is there in milliseconds, shares of 1 and names of services', (t) => {
  const [rule] = inForce({
    ...hosts,
    rules: [
      {
        backendRefs: [
          { name: 'orders', namespace: 'web', cluster: 'dc2', subset: { v: '2' }, weight: 9 },
        ],
        filters: [
          { type: 'RequestMirror', requestMirror: { backendRef: { name: 'copy' }, percent: 5 } },
          {
            type: 'RequestMirror',
            requestMirror: {
              backendRef: { name: 'other' },
              fraction: { numerator: 1, denominator: 1000 },
            },
          },
        ],
        timeouts: { request: '2s', backendRequest: '500ms' },
        retry: { codes: [500], attempts: 2, backoff: '50ms' },
        fault: { delay: { duration: '1s', percentage: 10 }, abort: { grpcStatus: 14 } },
      },
    ],
  }).spec.rules;
  t.deepEqual(rule?.backends, [
    { service: 'orders.web', cluster: 'dc2', subset: { v: '2' }, mirrors: [], weight: 9 },
  ] as never);
  t.deepEqual(rule?.mirrors, [
    { service: 'copy.shop', share: 0.05 },
    { service: 'other.shop', share: 0.001 },
  ] as never);
  t.deepEqual([rule?.requestMs, rule?.perTryMs], [2000, 500]);
  t.deepEqual(rule?.retry, { statuses: [500], maxTries: 3, backoffMs: 50 });
  t.deepEqual(rule?.fault, {
    delay: { ms: 1000, share: 0.1 },
    abort: { grpcStatus: 14, share: 1 },
  });
});

test('what can do nothing is told when it is written', (t) => {
  const spec = policyKinds.Route.spec.parse({
    ...hosts,
    rules: [
      { matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'nobody' }] },
      { matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 'orders', weight: 0 }] },
      {
        matches: [{ path: { value: '/b' } }],
        backendRefs: ['v1', 'v9'].map((version) => ({ name: 'orders', subset: { version } })),
      },
      { backendRefs: [{ name: 'orders', cluster: 'dc9' }], rateLimit: 'slow' },
    ],
  });
  const known = {
    hasService: (name: string) => name === 'orders.shop',
    hasLabels: (_: string, labels: object) => isDeepStrictEqual(labels, { version: 'v1' }),
    isMember: () => false,
    hasRateLimit: () => false,
  };
  const place = { kind: 'Route', cluster: dc1, namespace: 'shop', name: 'orders' } as const;
  t.deepEqual(warningsOf(place, spec, known), [
    'No cluster has a service nobody.shop so far',
    'No endpoint of orders.shop has version=v9 so far',
    'rules[1].backendRefs: all weights are 0, and requests are answered 500',
    'rules[1]: rules[0] takes all of its requests',
    'rules[3]: dc9 is no member of the federation',
    'rules[3].rateLimit: there is no RateLimit shop/slow so far, and nothing is limited',
  ]);
});
