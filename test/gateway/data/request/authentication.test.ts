/** Specifies tokens: which are taken, how others are refused, and what of them goes on to the service. */
import { status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { KeyRings } from '../../../../gateway/data/request/authenticate/key-rings.ts';
import { tokensVerified } from '../../../../gateway/data/request/authenticate.ts';
import { governedBy } from '../../../../gateway/data/request/route/governed.ts';
import type { Route } from '../../../../gateway/data/request/route/route-table.ts';
import { Refusal } from '../../../../gateway/data/request/step.ts';
import { authenticationOf, authenticationSchema } from '../../../../policy/authentication.ts';
import type { PolicyResource } from '../../../../policy/effective.ts';
import { say } from '../../../support/grpc-call.ts';
import { echoClient, startEchoServer } from '../../../support/grpc-echo.ts';
import { type Issuer, startIssuer } from '../../../support/tokens.ts';
import { until } from '../../../support/until.ts';
import { exchangeOf, place, policy } from './authorizing.ts';
import { ask } from './http.ts';
import { connect, type Gateway, govern, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const issuing = startIssuer('https://id.example.com', algorithms);
const now = Math.floor(Date.now() / 1000);

/** What was counted of policies, as `name outcome times`. */
function decisions({ proxy }: Gateway): string[] {
  return proxy.recorder
    .snapshot()
    .decided.map(({ policy: by, outcome, requests }) => `${by} ${outcome} ${requests}`);
}

function taking(written: object): PolicyResource {
  return {
    kind: 'Authentication',
    name: 'Authentication/shop/tokens',
    target: {},
    spec: authenticationOf(authenticationSchema.parse(written)),
  };
}

async function scene(
  t: ExecutionContext,
  rule: object = {},
  more: object = {},
  besides: readonly PolicyResource[] = [],
) {
  const issuer = await issuing;
  const origin = await startOrigin(t, 'orders-1');
  const jwtRules = [{ issuer: issuer.issuer, jwks: issuer.jwks, audiences: ['shop'], ...rule }];
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [
      {
        name: 'orders.shop',
        endpoints: [origin],
        policies: [taking({ jwtRules, ...more }), ...besides],
      },
    ],
  });
  const bearer = (token: string, ...args: readonly string[]) =>
    ask(gateway.url, host, '-H', `Authorization: Bearer ${token}`, ...args);
  return { issuer, origin, gateway, bearer };
}

for (const alg of algorithms) {
  test(`a token by ${alg} is taken, again at once, and does not reach the service`, async (t) => {
    const { issuer, origin, bearer } = await scene(t);
    const token = await issuer.token({ aud: 'shop' }, { alg });
    for (const flag of ['--http1.1', '--http1.1', '--http2-prior-knowledge']) {
      t.is((await bearer(token, flag)).status, 200);
    }
    for (const { headers } of origin.requests) t.is(headers.authorization, undefined);
  });
}

const invalid: readonly (readonly [why: string, (issuer: Issuer) => Promise<string> | string])[] = [
  ['not a token', () => 'abc'],
  [
    'no signature: alg none',
    ({ issuer }) => new UnsecuredJWT({ iss: issuer, aud: 'shop' }).encode(),
  ],
  [
    'signed by the public key as a shared secret',
    async ({ issuer, keys }) => {
      const pem = await exportSPKI(keys.get('RS256') as CryptoKey);
      const jwt = new SignJWT({ iss: issuer, aud: 'shop' });
      return jwt.setProtectedHeader({ alg: 'HS256', kid: 'RS256' }).sign(Buffer.from(pem));
    },
  ],
  ['another audience', (issuer) => issuer.token({ aud: 'bank' })],
  ['no audience', (issuer) => issuer.token()],
  ['expired', (issuer) => issuer.token({ aud: 'shop', exp: now - 120 })],
  ['not yet', (issuer) => issuer.token({ aud: 'shop', nbf: now + 600 })],
  ['an unknown key', (issuer) => issuer.token({ aud: 'shop' }, { kid: 'other' })],
  [
    "another algorithm's key",
    (issuer) => issuer.token({ aud: 'shop' }, { kid: 'ES256', alg: 'EdDSA' }),
  ],
  ['another issuer', (issuer) => issuer.token({ aud: 'shop', iss: 'https://evil.example.com' })],
  ["another's signature", async ({ issuer }) => (await startIssuer(issuer)).token({ aud: 'shop' })],
  [
    'a change after it was signed',
    async (issuer) => {
      const [head, , signature] = (await issuer.token({ aud: 'shop' })).split('.');
      const claims = { iss: issuer.issuer, aud: 'shop', sub: 'root' };
      return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
    },
  ],
  ['too long', (issuer) => issuer.token({ aud: 'shop', padding: 'a'.repeat(7_000) })],
];

test('security: what is no valid token of the issuer is refused with 401, and says nothing of what it holds', async (t) => {
  const { issuer, origin, gateway, bearer } = await scene(t);
  for (const [why, make] of invalid) {
    const token = await make(issuer);
    const refused = await bearer(token);
    t.is(refused.status, 401, why);
    t.like(JSON.parse(refused.body), { code: 'JWT_INVALID' }, why);
    t.regex(
      refused.headers['www-authenticate'] ?? '',
      /^Bearer realm="orders\.shop", error="invalid_token", error_description="[\w ,']+"$/,
      why,
    );
    t.false(refused.body.includes(token), why);
  }
  t.is(origin.requests.length, 0);
  t.deepEqual(
    gateway.proxy.recorder.snapshot().refused.map(({ code, requests }) => [code, requests]),
    [['JWT_INVALID', invalid.length]],
  );
  t.deepEqual(decisions(gateway), [`Authentication/shop/tokens token-invalid ${invalid.length}`]);
});

test('security: a critical header that is not understood, and two tokens at once, are refused', async (t) => {
  const { issuer, bearer } = await scene(t);
  const [, claims, signature] = (await issuer.token({ aud: 'shop' })).split('.');
  const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'ES256', crit: ['x'], x: 1 }));
  t.is((await bearer([head.toString('base64url'), claims, signature].join('.'))).status, 401);
  const token = await issuer.token({ aud: 'shop' });
  t.is((await bearer(token, '-H', `Authorization: Bearer ${token}`)).status, 401);
});

test('a request without a token goes on, unless one is required: everywhere, or for what it asks', async (t) => {
  const { issuer, gateway, bearer } = await scene(t);
  t.is((await ask(gateway.url, host)).status, 200);
  t.is((await ask(gateway.url, host, '-H', 'Authorization: Basic YTpi')).status, 200);
  const jwtRules = [{ issuer: issuer.issuer, jwks: issuer.jwks }];
  govern(gateway, 'orders.shop', [taking({ jwtRules, required: true })]);
  const missing = await ask(gateway.url, host);
  t.is(missing.status, 401);
  t.like(JSON.parse(missing.body), { code: 'JWT_MISSING' });
  t.is(missing.headers['www-authenticate'], 'Bearer realm="orders.shop"');
  t.is((await bearer(await issuer.token())).status, 200);
  const requiredAt = [{ operation: { paths: ['/private/*'], methods: ['GET'] } }];
  govern(gateway, 'orders.shop', [taking({ jwtRules, requiredAt })]);
  t.is((await ask(`${gateway.url}/public`, host)).status, 200);
  t.is((await ask(`${gateway.url}/private/a`, host)).status, 401);
  t.is((await ask(`${gateway.url}//private/a`, host)).status, 401, 'a service may read it so');
  t.deepEqual(
    decisions(gateway),
    ['Authentication/shop/tokens token-missing 3'],
    'they are counted',
  );
});

test('a token that expires is taken no more, though it was verified before', async (t) => {
  const { issuer, jwks, token } = await issuing;
  const time = { now: Date.now() };
  const ground = { place, rings: new KeyRings(), recorder: new Recorder() };
  const step = tokensVerified({ ...ground, clock: { now: () => time.now } });
  const jwtRules = [{ issuer, jwks, tolerance: '10s' }];
  const governed = governedBy([taking({ jwtRules })], undefined);
  const route = { service: 'orders.shop', governed } as unknown as Route;
  const authorization = `Bearer ${await token({ exp: Math.floor(time.now / 1000) + 60 })}`;
  const take = () => step.take(exchangeOf({ fields: { authorization } }), route);
  t.true(take() instanceof Promise, 'it is verified');
  t.is(await take(), undefined);
  t.is(take(), undefined, 'it is known');
  time.now += 69_000;
  t.is(take(), undefined);
  time.now += 2_000;
  t.true((await take()) instanceof Refusal);
});

test('a token is found where the rule says, and only there; it is taken out of there', async (t) => {
  const { issuer, origin, gateway } = await scene(
    t,
    {
      fromHeaders: [{ name: 'X-Token', prefix: 'JWT ' }],
      fromParams: ['token'],
      fromCookies: ['session'],
    },
    { required: true },
  );
  const token = await issuer.token({ aud: 'shop' });
  t.is((await ask(gateway.url, host, '-H', `Authorization: Bearer ${token}`)).status, 401);
  for (const flag of ['--http1.1', '--http2-prior-knowledge']) {
    t.is((await ask(gateway.url, host, flag, '-H', `X-Token: jwt ${token}`)).status, 200);
    t.is((await ask(`${gateway.url}/a?b=c&token=${token}&d`, host, flag)).status, 200);
    const cookie = `Cookie: a=b; session=${token}; c=d`;
    t.is((await ask(gateway.url, host, flag, '-H', cookie)).status, 200);
  }
  t.is(origin.requests.length, 6);
  for (const { url, headers } of origin.requests) {
    t.false(JSON.stringify([url, headers]).includes(token));
  }
  t.is(origin.requests[1]?.url, '/a?b=c&d');
  t.is(origin.requests[2]?.headers.cookie, 'a=b; c=d');
});

test('security: claims are told in fields that no client can write itself; the token goes on where that is said', async (t) => {
  const { issuer, origin, gateway, bearer } = await scene(t, {
    forwardOriginalToken: true,
    outputClaimToHeaders: [
      { header: 'X-User', claim: 'sub' },
      { header: 'X-Roles', claim: 'realm.roles' },
      { header: 'X-Bad', claim: 'bad' },
    ],
  });
  const token = await issuer.token({
    aud: 'shop',
    realm: { roles: ['a', 'b'] },
    bad: 'x\r\nx-user: root',
  });
  const forged = [
    '-H',
    'X-User: root',
    '-H',
    'X_User: root',
    '-H',
    'X-Roles: admin',
    '-H',
    'X-Bad: yes',
  ];
  t.is((await bearer(token, ...forged)).status, 200);
  t.is((await ask(gateway.url, host, ...forged)).status, 200);
  const [withToken, without] = origin.requests.map(({ headers }) => headers);
  t.like(withToken, { 'x-user': 'ada', 'x-roles': 'a,b', authorization: `Bearer ${token}` });
  t.is(withToken?.['x-bad'], undefined);
  for (const name of ['x-user', 'x-roles', 'x-bad']) t.is(without?.[name], undefined, name);
});

test('who may ask is said by claims', async (t) => {
  const rules = [
    {
      from: [{ source: { requestPrincipals: ['https://id.example.com/ada'] } }],
      when: [{ key: 'request.auth.claims[groups]', values: ['admins'] }],
    },
  ];
  const { issuer, gateway, bearer } = await scene(t, {}, {}, [policy('admins', { rules })]);
  t.is(
    (await bearer(await issuer.token({ aud: 'shop', groups: ['users', 'admins'] }))).status,
    200,
  );
  t.is((await bearer(await issuer.token({ aud: 'shop', groups: ['users'] }))).status, 403);
  t.is(
    (await bearer(await issuer.token({ aud: 'shop', groups: ['admins'], sub: 'bob' }))).status,
    403,
  );
  t.is((await ask(gateway.url, host)).status, 403);
});

test('a token travels to the cluster that serves, is verified there by its policy, and is taken out there; gRPC calls end with UNAUTHENTICATED', async (t) => {
  const { issuer, jwks, token } = await issuing;
  const echo = await startEchoServer(t);
  const endpoints = [{ id: 'echo-1', port: Number(echo.address.split(':')[1]) }];
  const spec = { name: 'orders.shop', protocol: 'grpc' } as const;
  const tokens = taking({ jwtRules: [{ issuer, jwks }], required: true });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ ...spec, endpoints, policies: [tokens] }],
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ ...spec, elsewhere: { dc2: 1 } }],
  });
  connect(near, far);
  await until('the link', () => near.links.state(far.cluster).state === 'up');
  const client = echoClient(t, near.outbound.address, host);
  const authorization = `Bearer ${await token()}`;
  t.is((await say(client, { text: 'a' })).code, status.UNAUTHENTICATED);
  t.is((await say(client, { text: 'a' }, { metadata: { authorization } })).code, status.OK);
  govern(near, 'orders.shop', [tokens]);
  t.is((await say(client, { text: 'a' })).code, status.UNAUTHENTICATED);
  t.is((await say(client, { text: 'a' }, { metadata: { authorization } })).code, status.OK);
});

test('keys that the control side has not are 503; once it has them the token is taken, and no more once it has others', async (t) => {
  const { issuer, jwks, token } = await issuing;
  const { gateway, bearer } = await scene(t);
  const jwksUri = 'https://id.example.com/keys';
  const rings = gateway.keyRings;
  govern(gateway, 'orders.shop', [taking({ jwtRules: [{ issuer, jwksUri }] })]);
  const mine = await token();
  const unavailable = await bearer(mine);
  t.is(unavailable.status, 503);
  t.like(JSON.parse(unavailable.body), { code: 'KEYS_UNAVAILABLE' });
  rings.update(new Map([[`uri ${jwksUri}`, JSON.parse(jwks).keys]]));
  t.is((await bearer(mine)).status, 200);
  const other = await startIssuer(issuer, algorithms);
  rings.update(new Map([[`uri ${jwksUri}`, JSON.parse(other.jwks).keys]]));
  t.is((await bearer(mine)).status, 401);
});
