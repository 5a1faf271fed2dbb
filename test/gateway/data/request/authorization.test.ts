/** Specifies who may ask for what: policies of a service evaluated on requests, as Istio evaluates its AuthorizationPolicy. */
import test from 'ava';
import { clientAt } from '../../../../gateway/data/message/peer.ts';
import { TrustedProxies } from '../../../../gateway/data/message/trusted-proxies.ts';
import {
  authorizationsOf,
  refusing,
  wouldRefuse,
} from '../../../../gateway/data/request/authorize/decide.ts';
import { Facts } from '../../../../gateway/data/request/authorize/facts.ts';
import { type Asked, client, exchangeOf, gateway, place, policy } from './authorizing.ts';

/** The name of the policy that refuses it; undefined: it passes. */
function refusedBy(written: Readonly<Record<string, object>>, asked: Asked = {}) {
  const policies = Object.entries(written).map(([name, spec]) => policy(name, spec));
  const ready = authorizationsOf(policies);
  if (ready === undefined) return undefined;
  return refusing(ready, new Facts(exchangeOf(asked), place, asked.portName))
    ?.split('/')
    .at(-1);
}

const get = { rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
const post = { rules: [{ to: [{ operation: { methods: ['POST'] } }] }] };

for (const [what, written, refuser] of [
  ['no policy: all may', {}, undefined],
  ['an ALLOW that matches', { get }, undefined],
  ['an ALLOW that does not match refuses the rest', { post }, 'post'],
  ['of two ALLOW one is enough', { post, get }, undefined],
  ['an ALLOW without rules allows nothing', { nothing: {} }, 'nothing'],
  ['an ALLOW with an empty rule allows all', { all: { rules: [{}] } }, undefined],
  ['a DENY that matches', { no: { ...get, action: 'DENY' } }, 'no'],
  ['a DENY that does not match', { no: { ...post, action: 'DENY' } }, undefined],
  ['DENY before ALLOW', { get, no: { ...get, action: 'DENY' } }, 'no'],
  ['AUDIT decides nothing', { look: { ...get, action: 'AUDIT' } }, undefined],
  ['what is tried refuses nothing', { no: { ...get, action: 'DENY', dryRun: true } }, undefined],
  ['an ALLOW that is tried is none', { nothing: { dryRun: true } }, undefined],
] as const) {
  test(what, (t) => t.is(refusedBy(written), refuser));
}

const cart =
  'Hash=ab;Subject="CN=x;URI=spiffe://dc1.acme/ns/shop/sa/root";URI=spiffe://dc1.acme/ns/shop/sa/cart';
const shown = { ...client, certificate: cart };
const shownFar = (uri: string): Asked => ({
  peer: gateway,
  fields: { 'x-forwarded-client-cert': `Hash=ab;Subject="CN=x";URI=${uri}` },
});
const from = (source: object) => ({ from: [{ source }] });
const to = (operation: object) => ({ to: [{ operation }] });
const when = (key: string, values: object) => ({ when: [{ key, ...values }] });

/** Whether a rule matches a request. */
const matches: readonly (readonly [what: string, rule: object, asked: Asked, fits: boolean])[] = [
  ['principal, whole', from({ principals: ['dc1.acme/ns/shop/sa/cart'] }), { peer: shown }, true],
  [
    'principal with its scheme',
    from({ principals: ['spiffe://dc1.acme/ns/shop/sa/cart'] }),
    { peer: shown },
    true,
  ],
  ['principal by its start', from({ principals: ['dc1.acme/ns/shop/*'] }), { peer: shown }, true],
  ['principal by its end', from({ principals: ['*/sa/cart'] }), { peer: shown }, true],
  ['any principal', from({ principals: ['*'] }), { peer: shown }, true],
  ['any principal, and none is shown', from({ principals: ['*'] }), {}, false],
  ['another principal', from({ principals: ['*/sa/root'] }), { peer: shown }, false],
  ['not a principal', from({ notPrincipals: ['*/sa/cart'] }), { peer: shown }, false],
  ['not a principal, and none is shown', from({ notPrincipals: ['*'] }), {}, true],
  ['namespace', from({ namespaces: ['shop'] }), { peer: shown }, true],
  ['namespace of nobody', from({ namespaces: ['*'] }), {}, false],
  ['own cluster', from({ clusters: ['dc1'] }), {}, true],
  ['calling cluster', from({ clusters: ['dc2'] }), { peer: gateway }, true],
  ['not the calling cluster', from({ notClusters: ['dc2'] }), { peer: gateway }, false],
  ['address', from({ ipBlocks: ['192.0.2.0/24'] }), {}, true],
  ['other addresses', from({ ipBlocks: ['10.0.0.0/8', '192.0.2.2'] }), {}, false],
  ['all of a source', from({ ipBlocks: ['192.0.2.0/24'], clusters: ['dc2'] }), {}, false],
  [
    'one of several sources',
    { from: [{ source: { clusters: ['dc2'] } }, { source: { clusters: ['dc1'] } }] },
    {},
    true,
  ],
  [
    'client of another gateway, by its word',
    from({ remoteIpBlocks: ['10.1.0.0/16'] }),
    { peer: gateway, fields: { 'x-forwarded-for': '10.1.2.3, 10.9.9.9' } },
    true,
  ],
  [
    'what a client writes itself',
    from({ remoteIpBlocks: ['10.1.0.0/16'] }),
    { fields: { 'x-forwarded-for': '10.1.2.3' } },
    false,
  ],
  [
    'client of a trusted proxy',
    from({ remoteIpBlocks: ['10.1.2.3'], ipBlocks: ['192.0.2.9'] }),
    {
      peer: clientAt(
        '192.0.2.9',
        new TrustedProxies({ addresses: ['192.0.2.9'], fields: 'x-forwarded' }),
      ),
      fields: { 'x-forwarded-for': '10.1.2.3' },
    },
    true,
  ],
  ['token', from({ requestPrincipals: ['*'] }), { claims: { iss: 'i', sub: 's' } }, true],
  [
    'issuer and subject',
    from({ requestPrincipals: ['i/s'] }),
    { claims: { iss: 'i', sub: 's' } },
    true,
  ],
  ['issuer alone', from({ requestPrincipals: ['i/*'] }), { claims: { iss: 'i' } }, false],
  ['no token', from({ requestPrincipals: ['*'] }), {}, false],
  ['not with a token', from({ notRequestPrincipals: ['*'] }), {}, true],
  [
    'host in any case',
    to({ hosts: ['ORDERS.shop.acme'] }),
    { authority: 'orders.SHOP.acme' },
    true,
  ],
  [
    'host at any port',
    to({ hosts: ['*.shop.acme'] }),
    { authority: 'orders.shop.acme:8080' },
    true,
  ],
  [
    'host with a port',
    to({ hosts: ['orders.shop.acme:80'] }),
    { authority: 'orders.shop.acme:8080' },
    false,
  ],
  ['named port', to({ portNames: ['admin'] }), { portName: 'admin' }, true],
  ['another named port', to({ portNames: ['admin'] }), { portName: 'grpc' }, false],
  ['no named port', to({ portNames: ['*'] }), {}, false],
  ['any named port', to({ portNames: ['*'] }), { portName: 'grpc' }, true],
  ['the port without a name', to({ notPortNames: ['*'] }), {}, true],
  ['not the port without a name', to({ notPortNames: ['*'] }), { portName: 'grpc' }, false],
  ['port', to({ ports: ['8080'] }), { authority: 'orders.shop.acme:8080' }, true],
  ['port of http', to({ ports: ['80'] }), {}, true],
  ['port of https', to({ ports: ['443'] }), { scheme: 'https' }, true],
  ['method', to({ methods: ['GET', 'HEAD'] }), {}, true],
  ['not the method', to({ notMethods: ['GET'] }), {}, false],
  ['path', to({ paths: ['/a'] }), { path: '/a?b=/c' }, true],
  ['path is not its start', to({ paths: ['/a'] }), { path: '/a/b' }, false],
  ['start of a path', to({ paths: ['/a/*'] }), { path: '/a/b/c' }, true],
  ['end of a path', to({ paths: ['*.json'] }), { path: '/a/b.json?c' }, true],
  ['one segment', to({ paths: ['/a/{*}/c'] }), { path: '/a/b/c' }, true],
  ['one segment, and there are two', to({ paths: ['/a/{*}'] }), { path: '/a/b/c' }, false],
  ['one segment, and there is none', to({ paths: ['/a/{*}'] }), { path: '/a/' }, false],
  ['the rest of a path', to({ paths: ['/a/{**}'] }), { path: '/a/b/c' }, true],
  ['a rest before an end', to({ paths: ['/a/{**}/z'] }), { path: '/a/b/c/z' }, true],
  ['characters that are special elsewhere', to({ paths: ['/a.b/{*}'] }), { path: '/axb/c' }, false],
  ['method of gRPC', to({ paths: ['/shop.Orders/*'] }), { path: '/shop.Orders/Place' }, true],
  ['path and not a path', to({ paths: ['/a/*'], notPaths: ['/a/b'] }), { path: '/a/b' }, false],
  ['what for and who', { ...to({ methods: ['GET'] }), ...from({ clusters: ['dc2'] }) }, {}, false],
  [
    'field',
    when('request.headers[X-Team]', { values: ['pay*'] }),
    { fields: { 'x-team': 'payments' } },
    true,
  ],
  ['field that is there', when('request.headers[x-team]', { values: ['*'] }), {}, false],
  ['not a value of a field', when('request.headers[x-team]', { notValues: ['a'] }), {}, true],
  [
    'claim',
    when('request.auth.claims[group]', { values: ['admin'] }),
    { claims: { group: 'admin' } },
    true,
  ],
  [
    'claim in a list',
    when('request.auth.claims[groups]', { values: ['b'] }),
    { claims: { groups: ['a', 'b'] } },
    true,
  ],
  [
    'claim within',
    when('request.auth.claims[a][b]', { values: ['true'] }),
    { claims: { a: { b: true } } },
    true,
  ],
  [
    'claim of the prototype',
    when('request.auth.claims[constructor][name]', { values: ['*'] }),
    { claims: {} },
    false,
  ],
  [
    'word of a scope',
    when('request.auth.claims[scope]', { values: ['read'] }),
    { claims: { scope: 'write read' } },
    true,
  ],
  [
    'audience',
    when('request.auth.audiences', { values: ['shop'] }),
    { claims: { aud: ['shop'] } },
    true,
  ],
  [
    'presenter',
    when('request.auth.presenter', { values: ['app'] }),
    { claims: { azp: 'app' } },
    true,
  ],
  ['address by a condition', when('source.ip', { notValues: ['192.0.2.0/24'] }), {}, false],
  ['cluster by a condition', when('source.cluster', { values: ['dc2'] }), { peer: gateway }, true],
  ['port by a condition', when('destination.port', { values: ['80'] }), {}, true],
];

for (const [what, rule, asked, fits] of matches) {
  test(`${what}: a rule ${fits ? 'matches' : 'does not match'}`, (t) => {
    t.is(refusedBy({ allow: { rules: [rule] } }, asked), fits ? undefined : 'allow');
    t.is(refusedBy({ deny: { action: 'DENY', rules: [rule] } }, asked), fits ? 'deny' : undefined);
  });
}

test('security: the words of a certificate inside quotes are none of its names', (t) => {
  t.is(refusedBy({ a: { rules: [from({ principals: ['*/sa/root'] })] } }, { peer: shown }), 'a');
});

for (const [what, asked] of [
  [
    "another gateway's word for a name of this cluster",
    shownFar('spiffe://dc1.acme/ns/shop/sa/cart'),
  ],
  [
    'two certificates in one field',
    {
      peer: gateway,
      fields: { 'x-forwarded-client-cert': ['URI=spiffe://dc2.acme/a', 'URI=spiffe://dc2.acme/a'] },
    },
  ],
  [
    'what a client writes itself',
    { fields: { 'x-forwarded-client-cert': 'URI=spiffe://dc1.acme/a' } },
  ],
] as const) {
  test(`security: no caller's name is believed by ${what}`, (t) => {
    t.is(refusedBy({ any: { rules: [from({ principals: ['*'] })] } }, asked), 'any');
  });
}

for (const uri of ['spiffe://dc2.acme/ns/shop/sa/cart', 'spiffe://example.org/cart']) {
  test(`a caller's name, ${uri}, is believed as its gateway tells it`, (t) => {
    const rules = [from({ principals: [uri] })];
    t.is(refusedBy({ one: { rules } }, shownFar(uri)), undefined);
  });
}

for (const path of [
  '//admin',
  '/admin//users',
  '/admin;a=b/users',
  '/x%2F..%2Fadmin',
  '/%2Fadmin',
]) {
  const isAdmin = path !== '/x%2F..%2Fadmin';
  test(`security: a path that services may read as one that is denied is denied: ${path}`, (t) => {
    const rules = [to({ paths: ['/admin', '/admin/*'] })];
    t.is(refusedBy({ no: { action: 'DENY', rules } }, { path }), isAdmin ? 'no' : undefined);
    t.is(
      refusedBy({ only: { rules: [to({ notPaths: ['/admin', '/admin/*'] })] } }, { path }),
      isAdmin ? 'only' : undefined,
    );
  });
}

test('security: of several fields of a name each can deny, and only all together allow', (t) => {
  const fields = { 'x-role': ['admin', 'guest'] };
  const rules = [when('request.headers[x-role]', { values: ['admin'] })];
  t.is(refusedBy({ only: { rules } }, { fields }), 'only');
  t.is(refusedBy({ no: { action: 'DENY', rules } }, { fields }), 'no');
  const others = [when('request.headers[x-role]', { notValues: ['guest'] })];
  t.is(refusedBy({ only: { rules: others } }, { fields }), 'only');
});

const tunnel = { kind: 'tcp' } as const;
const tcp: Asked = { tunnel, method: 'CONNECT', path: '' };
const http = { methods: ['GET'], ports: ['5432'] };
for (const [what, written, asked, refuser] of [
  ['an ALLOW rule with a field of HTTP is none', { a: { rules: [to(http)] } }, {}, 'a'],
  [
    'so is one that says it beside others',
    {
      a: {
        rules: [
          {
            ...from({ clusters: ['dc1'] }),
            to: [{ operation: { ports: ['5432'] } }, { operation: http }],
          },
        ],
      },
    },
    {},
    'a',
  ],
  [
    'the other rules of its policy hold',
    { a: { rules: [to(http), from({ clusters: ['dc1'] })] } },
    {},
    undefined,
  ],
  ['of a DENY rule the rest is looked at', { no: { action: 'DENY', rules: [to(http)] } }, {}, 'no'],
  [
    'and may not match',
    { no: { action: 'DENY', rules: [to(http)] } },
    { authority: 'orders.shop.acme:80' },
    undefined,
  ],
  [
    'with nothing left it denies all',
    { no: { action: 'DENY', rules: [to({ paths: ['/a'] })] } },
    {},
    'no',
  ],
  [
    'a token is none of a connection',
    { no: { action: 'DENY', rules: [from({ requestPrincipals: ['*'] })] } },
    {},
    'no',
  ],
  [
    'a port that nobody named is denied',
    { no: { action: 'DENY', rules: [to({ ports: ['80'] })] } },
    { authority: 'orders.shop.acme' },
    'no',
  ],
  [
    'and not allowed',
    { a: { rules: [to({ ports: ['80'] })] } },
    { authority: 'orders.shop.acme' },
    'a',
  ],
] as const) {
  test(`to TCP, ${what}`, (t) => {
    t.is(refusedBy(written, { ...tcp, authority: 'orders.shop.acme:5432', ...asked }), refuser);
  });
}

test('an upgrade is a request of HTTP', (t) => {
  const asked = { tunnel: { kind: 'upgrade', protocol: 'websocket' } } as const;
  t.is(refusedBy({ get }, asked), undefined);
  t.is(refusedBy({ post }, asked), 'post');
});

function wouldBe(written: Readonly<Record<string, object>>, asked: Asked = {}): readonly string[] {
  const ready = authorizationsOf(Object.entries(written).map(([name, spec]) => policy(name, spec)));
  const found = ready && wouldRefuse(ready, new Facts(exchangeOf(asked), place, asked.portName));
  return [...(found ?? [])].map((name) => name.split('/').at(-1) ?? '');
}

test('what is tried tells what it would refuse', (t) => {
  const dryRun = true;
  t.deepEqual(wouldBe({ no: { ...get, action: 'DENY', dryRun } }), ['no']);
  t.deepEqual(wouldBe({ no: { ...post, action: 'DENY', dryRun } }), []);
  t.deepEqual(wouldBe({ post: { ...post, dryRun } }), ['post']);
  t.deepEqual(wouldBe({ get: { ...get, dryRun }, post: { ...post, dryRun } }), []);
  t.deepEqual(wouldBe({ get, post: { ...post, dryRun } }), [], 'it could only allow more');
});

test('of many policies the ones for other paths are not looked at', (t) => {
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [
      `no-${i}`,
      { action: 'DENY', rules: [to({ paths: [`/path-${i}/*`, `/path-${i}`] })] },
    ]),
  );
  t.is(refusedBy(many, { path: '/path-7/x' }), 'no-7');
  t.is(refusedBy(many, { path: '/path-77' }), 'no-77');
  t.is(refusedBy(many, { path: '/path-777/x' }), undefined);
});
