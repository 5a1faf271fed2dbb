/** Specifies the kinds of policy that can be written: their names, their fields, and what a record of each makes gateways do. */
import test from 'ava';
import { z } from 'zod';
import { Policies } from '../../policy/effective.ts';
import { collectionOf, policyKindNames, singularOf } from '../../policy/kind-names.ts';
import { policyKinds } from '../../policy/kinds.ts';
import type { Known } from '../../policy/known.ts';
import {
  type PolicyRecord,
  policyRecordSchema,
  resourceOf,
  warningsOf,
} from '../../policy/record.ts';
import { defaultTraffic } from '../../policy/traffic-policy.ts';
import { cart, dc1 } from '../registry/records.ts';

const where = '/isthmus/v1/acme/policies/dc1/shop/Kind/cart';

function record(kind: string, spec: PolicyRecord['spec']): PolicyRecord {
  return { cluster: dc1, namespace: 'shop', kind, name: 'cart', spec, by: 'ada', at: 1 };
}

for (const [kind, singular, plural] of [
  ['TrafficPolicy', 'traffic-policy', 'traffic-policies'],
  ['Route', 'route', 'routes'],
  ['ServiceExport', 'service-export', 'service-exports'],
  ['ServiceDefaults', 'service-defaults', 'service-defaults'],
  ['Authorization', 'authorization', 'authorizations'],
  ['Authentication', 'authentication', 'authentications'],
] as const) {
  test(`${kind} is ${singular}, and several are ${plural}`, (t) => {
    t.is(singularOf(kind), singular);
    t.is(collectionOf(kind), plural);
  });
}

const tls = (more: object) => ({ tls: { hostname: 'cart.internal', ...more } });

interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly items?: Described;
  readonly anyOf?: readonly Described[];
}

/** Paths of fields that nothing is said of. */
function undescribed({ properties = {}, items, anyOf = [] }: Described, path = ''): string[] {
  const fields = Object.entries(properties).flatMap(([name, field]) => [
    ...(field.description ? [] : [`${path}.${name}`]),
    ...undescribed(field, `${path}.${name}`),
  ]);
  const inner = [...anyOf, ...(items ? [items] : [])];
  return [...fields, ...inner.flatMap((one) => undescribed(one, path))];
}

for (const kind of policyKindNames) {
  test(`every field of ${kind} is described, and none has the name of what a record says of itself`, (t) => {
    const schema = z.toJSONSchema(policyKinds[kind].spec, { io: 'input' }) as Described;
    t.deepEqual(undescribed(schema), []);
    const own = [...Object.keys(policyRecordSchema.shape), 'inForce', 'reason', 'warnings'];
    t.deepEqual(
      Object.keys(schema.properties ?? {}).filter((name) => own.includes(name)),
      [],
    );
  });
}

test('a traffic policy is for a service of its namespace, or for all of them, at the cluster that wrote it', (t) => {
  const timeouts = { request: '5s' };
  const one = resourceOf(where, record('TrafficPolicy', { target: { service: 'web' }, timeouts }));
  t.deepEqual(one, {
    ...{ kind: 'TrafficPolicy', name: 'TrafficPolicy/shop/cart' },
    target: { service: 'web.shop', where: dc1 },
    spec: { timeouts: { ...defaultTraffic.timeouts, requestMs: 5_000 } },
  } as typeof one);
  const all = resourceOf(where, record('TrafficPolicy', { target: {}, balance: {} }));
  t.deepEqual(all?.target, { namespace: 'shop', where: dc1 });
  const ofClients = { target: { client: 'dc2' }, balance: {} };
  t.deepEqual(resourceOf(where, record('TrafficPolicy', ofClients))?.target, {
    ...{ namespace: 'shop', client: 'dc2' as never, where: dc1 },
  });
  t.deepEqual(all?.spec, { balance: defaultTraffic.balance });
});

test("a service export is for the service of its name; what is not said is that it's exported", (t) => {
  for (const [spec, exported] of [
    [{}, true],
    [{ exported: false }, false],
  ] as const) {
    t.deepEqual(resourceOf(where, record('ServiceExport', spec)), {
      ...{ kind: 'ServiceExport', name: 'ServiceExport/shop/cart' },
      target: { service: 'cart.shop' as never, where: dc1 },
      spec: { exported },
    });
  }
});

test('what a service says of its endpoints is for the service of its name', (t) => {
  const check = { http: { path: '/healthz' }, interval: '500ms' };
  t.like(resourceOf(where, record('ServiceDefaults', { check })), {
    ...{ kind: 'ServiceDefaults', target: { service: 'cart.shop' as never, where: dc1 } },
    spec: { check: { probe: { kind: 'http', path: '/healthz' }, intervalMs: 500 } as never },
  });
});

test('a policy of the federation says the same at the gateways of every cluster, under a name of its own', (t) => {
  const spec = { exported: true };
  t.like(resourceOf(where, record('ServiceExport', {})), { target: { service: cart, where: dc1 } });
  t.deepEqual(resourceOf(where, record('ServiceExport', {}), 'federation'), {
    ...{ kind: 'ServiceExport', name: '@/ServiceExport/shop/cart', ofFederation: true, spec },
    target: { service: cart },
  } as object);
});

test("what TLS to a service's endpoints leaves out is the system's authorities, and no certificate of ours", (t) => {
  t.like(resourceOf(where, record('ServiceDefaults', tls({}))), {
    spec: { tls: { hostname: 'cart.internal', caCertificates: 'system' } } as never,
  });
});

test('a service says by which other hosts it is asked for, and of several for one host the first by name has it', (t) => {
  const named = (name: string, spec: object) => ({
    ...record('ServiceDefaults', { ...spec }),
    name,
  });
  const policies = new Policies(
    [
      named('web', { aliases: ['shop.example', 'web.example'] }),
      named('cart', { aliases: ['shop.example'], capacity: 10, neverTo: ['dc2'] }),
    ].flatMap((one) => resourceOf(where, one) ?? []),
  );
  t.deepEqual([...policies.aliases(dc1)].sort(), [
    ['shop.example', 'cart.shop'],
    ['web.example', 'web.shop'],
  ] as never);
  t.is(policies.aliases('dc2' as never).size, 0);
  const asked = { service: cart, client: dc1, where: dc1 };
  t.like(policies.defaults(asked), { capacity: 10, neverTo: ['dc2' as never] });
});

test('services are exported by other names, of which each is of one service only', (t) => {
  const named = (name: string, as: string) => ({ ...record('ServiceExport', { as }), name });
  const policies = new Policies(
    [named('web', 'shop.all'), named('cart', 'shop.all'), named('own', 'own.shop')].flatMap(
      (one) => resourceOf(where, one) ?? [],
    ),
  );
  t.deepEqual([...policies.exportNames(dc1)], [['shop.all', 'cart.shop']] as never);
});

test('a policy that was deleted makes nobody do anything', (t) => {
  t.is(resourceOf(where, record('TrafficPolicy', null)), undefined);
});

for (const [kind, spec, message] of [
  ['TrafficPolicy', { balance: {} }, /^target: /],
  ['TrafficPolicy', { target: {} }, /^balance: say balance, timeouts or both/],
  ['TrafficPolicy', { target: { service: 'Web' }, balance: {} }, /^target\.service: use lower/],
  ['TrafficPolicy', { target: {}, timeouts: { request: '5' } }, /^timeouts\.request: "5" is not a/],
  ['TrafficPolicy', { target: {}, balance: { panicTreshold: 5 } }, /^balance: .*panicTreshold/],
  ['ServiceExport', { exported: 'yes' }, /^exported: /],
  ['ServiceExport', { exported: false, to: ['dc2'] }, /^to: leave it out/],
  ['ServiceExport', { to: [] }, /^to: /],
  ['ServiceExport', { exported: false, as: 'web.shop' }, /^as: leave it out/],
  ['ServiceExport', { as: 'web' }, /^as: /],
  ['ServiceDefaults', { aliases: ['Cart.example'] }, /^aliases\.0: use a DNS name in lower case/],
  ['ServiceDefaults', { aliases: ['cart.example:80'] }, /^aliases\.0: use a DNS name/],
  ['ServiceDefaults', { capacity: 0 }, /^capacity: /],
  ['ServiceDefaults', { neverTo: ['DC2'] }, /^neverTo\.0: /],
  ['ServiceDefaults', {}, /^protocol: say at least one thing/],
  ['ServiceDefaults', { tls: {} }, /^tls\.hostname: /],
  ['ServiceDefaults', { tls: { hostname: '10.0.0.1' } }, /^tls\.hostname: use a DNS name/],
  ['ServiceDefaults', tls({ caCertificates: 'ca.pem' }), /^tls\.caCertificates: use `system`/],
  [
    'ServiceDefaults',
    tls({ caCertificates: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----' }),
    /^tls\.caCertificates: not all of it can be read/,
  ],
  ['ServiceDefaults', tls({ subjectAltNames: ['a b'] }), /^tls\.subjectAltNames\.0: use a DNS/],
  ['ServiceDefaults', tls({ subjectAltNames: [] }), /^tls\.subjectAltNames: /],
  [
    'ServiceDefaults',
    tls({ clientCertificate: { certFile: '/a', keyFile: 'b' } }),
    /^tls\.clientCertificate\.keyFile: use an absolute path/,
  ],
  ['ServiceDefaults', { check: {} }, /^check: give one of http, grpc and tcp/],
  ['ServiceDefaults', { check: { tcp: true, interval: '1ms' } }, /^check: the interval is at/],
  ['RateLimit', { requests: 0 }, /^requests: /],
  ['RateLimit', { requests: 1, per: '0s' }, /^per: use a time over 0/],
  [
    'RateLimit',
    { requests: 1, key: ['client'] },
    /^key\.0: use source, cluster, or header or claim/,
  ],
  ['Egress', { host: 'Example.com', port: 443 }, /^host: use a DNS name in lower case/],
  ['Egress', { host: 'example.com:443', port: 443 }, /^host: use a DNS name/],
  [
    ...['RateLimit', { target: { service: 'cart', named: true }, requests: 1 }],
    /^target.named: say service or named/,
  ],
  ['Weather', {}, /^There is no kind Weather/],
] as const) {
  test(`${JSON.stringify(spec)} is no ${kind}`, (t) => {
    t.throws(() => resourceOf(where, record(kind, spec)), { code: 'RECORD_INVALID', message });
  });
}

const known: Known = {
  hasService: (service) => service === 'cart.shop',
  hasLabels: () => false,
  isMember: (cluster) => cluster === 'dc1' || cluster === 'dc2',
  hasRateLimit: () => false,
};

for (const [kind, name, spec, warnings] of [
  ['TrafficPolicy', 'any', { target: { service: 'cart', client: 'dc2' }, balance: {} }, []],
  ['TrafficPolicy', 'any', { target: {}, balance: { clusterOrder: ['dc2', 'dc1'] } }, []],
  [
    ...['TrafficPolicy', 'any'],
    {
      target: {},
      balance: {
        costs: [{ from: 'dc6', to: 'dc2', perGb: 1 }],
        clusterWeights: [{ cluster: 'dc7', weight: 1 }],
      },
    },
    [
      'balance.costs: dc6 is no member of the federation',
      'balance.clusterWeights: dc7 is no member of the federation',
    ],
  ],
  [
    ...['TrafficPolicy', 'any', { target: { service: 'web' }, balance: {} }],
    ['No cluster has a service web.shop so far'],
  ],
  [
    ...['TrafficPolicy', 'any', { target: { client: 'dc9' }, balance: { clusterOrder: ['dc8'] } }],
    [
      'target.client: dc9 is no member of the federation',
      'balance.clusterOrder: dc8 is no member of the federation',
    ],
  ],
  ['ServiceExport', 'cart', {}, []],
  ['ServiceExport', 'web', {}, ['No cluster has a service web.shop so far']],
  ['ServiceDefaults', 'cart', { protocol: 'http' }, []],
  ['ServiceDefaults', 'web', { protocol: 'http' }, ['No cluster has a service web.shop so far']],
] as [string, string, object, string[]][]) {
  test(`${kind} ${name} of ${JSON.stringify(spec)} warns of ${warnings.length} things`, (t) => {
    const place = { cluster: dc1, namespace: 'shop', kind, name };
    t.deepEqual(warningsOf(place, spec, known), warnings);
  });
}
