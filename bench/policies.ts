/** Owns the cost of policies to a request that passes them: nanoseconds for a token that is known, and for rules that don't concern it. Run: `node bench/policies.ts`. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { parseClusterName, parseFederationName } from '../core/names.ts';
import type { Exchange } from '../gateway/data/message/exchange.ts';
import { clientAt } from '../gateway/data/message/peer.ts';
import { noProxies } from '../gateway/data/message/trusted-proxies.ts';
import { Recorder } from '../gateway/data/observe/record.ts';
import { KeyRings } from '../gateway/data/request/authenticate/key-rings.ts';
import { tokensVerified } from '../gateway/data/request/authenticate.ts';
import { policiesAllow } from '../gateway/data/request/authorize.ts';
import { governedBy } from '../gateway/data/request/route/governed.ts';
import type { Route } from '../gateway/data/request/route/route-table.ts';
import { authenticationOf, authenticationSchema } from '../policy/authentication.ts';
import { authorizationSchema } from '../policy/authorization.ts';
import type { PolicyResource } from '../policy/effective.ts';
import { nanoseconds } from './nanoseconds.ts';

const issuer = 'https://id.example.com';
const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const jwks = JSON.stringify({ keys: [await exportJWK(publicKey)] });
const token = await new SignJWT({ iss: issuer, sub: 'ada', groups: ['buyers'] })
  .setProtectedHeader({ alg: 'ES256' })
  .setExpirationTime('1h')
  .sign(privateKey);

const place = { cluster: parseClusterName('dc1'), federation: parseFederationName('acme') };
const rings = new KeyRings();
const authenticate = tokensVerified({ place, clock: systemClock, rings, recorder: new Recorder() });
const authorize = policiesAllow({ place, recorder: new Recorder(), log: silentLog });

const tokens: PolicyResource = {
  kind: 'Authentication',
  name: 'Authentication/shop/tokens',
  target: {},
  spec: authenticationOf(authenticationSchema.parse({ jwtRules: [{ issuer, jwks }] })),
};

function denying(i: number): PolicyResource {
  const rules = [{ to: [{ operation: { paths: [`/other-${i}`, `/other-${i}/*`] } }] }];
  const { target: _, ...spec } = authorizationSchema.parse({ action: 'DENY', rules });
  return { kind: 'Authorization', name: `Authorization/shop/no-${i}`, target: {}, spec };
}

function routeBy(policies: readonly PolicyResource[]): Route {
  return { service: 'orders.shop', governed: governedBy(policies, undefined) } as unknown as Route;
}

/** A new request each time, as far as steps look at it. */
function exchange(): Exchange {
  const authorization = [`Bearer ${token}`];
  return {
    peer: clientAt('192.0.2.1', noProxies),
    passage: undefined,
    head: {
      ...{ method: 'GET', authority: 'orders.shop.acme', path: '/orders/1', scheme: 'http' },
      fields: { all: (name: string) => (name === 'authorization' ? authorization : []) },
    },
  } as unknown as Exchange;
}

/** In a round. */
const runs = 100_000;
const none = routeBy([]);
const withToken = routeBy([tokens]);
const withRules = routeBy(Array.from({ length: 200 }, (_, i) => denying(i)));
await authenticate.take(exchange(), withToken);

const empty = nanoseconds(() => void exchange(), runs);
const cost = (run: () => unknown) => Math.round(nanoseconds(run, runs) - empty);
const walk = (route: Route) => {
  const one = exchange();
  authenticate.take(one, route);
  authorize.take(one, route);
};
console.log(`no policy            ${cost(() => walk(none))} ns`);
console.log(`a token that is known ${cost(() => walk(withToken))} ns`);
console.log(`200 rules, for others ${cost(() => walk(withRules))} ns`);
