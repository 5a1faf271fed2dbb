/** Specifies who may ask, across two real clusters: tokens by a real issuer, and a cluster that refuses what the calling one let through. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import type { JWTPayload } from 'jose';
import { ask } from '../gateway/data/request/http.ts';
import { startOrigin } from '../gateway/data/request/scene.ts';
import type { Cluster } from '../support/federation.ts';
import { PemFolder } from '../support/pem-files.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Issuer, startIssuer } from '../support/tokens.ts';
import { hostOf, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
let dc1: Cluster;
let dc2: Cluster;
let issuer: Issuer;
let origin: Awaited<ReturnType<typeof startOrigin>>;
/** Where its keys are, by TLS with a certificate of an authority of its own. */
let keys: { readonly jwksUri: string; readonly jwksCaCertificates: string };

test.before('dc1 asks, dc2 serves; an issuer publishes its keys', async () => {
  origin = await startOrigin(shared, 'orders-1');
  issuer = await startIssuer('https://id.example.com', ['ES256', 'RS256']);
  const folder = new PemFolder(await tempDir(shared));
  const { cert, key } = await folder.make('issuer', 'localhost');
  const pair = { cert: await readFile(cert), key: await readFile(key) };
  const server = createServer(pair, (_, response) => void response.end(issuer.jwks));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  shared.teardown(() => server.close());
  const jwksUri = `https://localhost:${(server.address() as AddressInfo).port}/keys`;
  keys = { jwksUri, jwksCaCertificates: await folder.ca() };
  const services = [{ name: 'orders', addresses: [`127.0.0.1:${origin.port}`] }];
  ({ dc1, dc2 } = await twoClusters(shared, services, { workers: 1 }));
});

const put = (cluster: Cluster, path: string, body: object) =>
  cluster.gateway.api.send('PUT', path, body, {});

const statusOf = async (...args: readonly string[]) =>
  (await ask(urlOf(dc1), host, ...args)).status;

test.serial(
  'security: the serving cluster denies a cluster, though the calling gateway has no policy',
  async (t) => {
    t.is(await statusOf(), 200);
    const rules = [
      { from: [{ source: { clusters: ['dc1'] } }], to: [{ operation: { methods: ['DELETE'] } }] },
    ];
    await put(dc2, '/v1/authorizations/shop/no-delete', { action: 'DENY', rules });
    await until('it is denied', async () => (await statusOf('-X', 'DELETE')) === 403);
    const before = origin.requests.length;
    const refused = await ask(urlOf(dc1), host, '-X', 'DELETE');
    t.like(JSON.parse(refused.body), { code: 'ACCESS_DENIED' });
    t.is(origin.requests.length, before);
    t.is(await statusOf(), 200);
    t.is((await ask(urlOf(dc2), host, '-X', 'DELETE')).status, 200, "dc2's own clients may");
    const metrics = await dc2.gateway.api.read('/metrics', 'text/plain');
    t.regex(metrics, /policy="Authorization\/shop\/no-delete",outcome="denied"/);
  },
);

test.serial(
  'tokens are verified by keys that the serving cluster fetched, and required where its policy says so',
  async (t) => {
    const jwtRules = [
      {
        issuer: issuer.issuer,
        ...keys,
        audiences: ['shop'],
        outputClaimToHeaders: [{ header: 'x-user', claim: 'sub' }],
      },
    ];
    await put(dc2, '/v1/authentications/shop/tokens', {
      target: { service: 'orders' },
      jwtRules,
      required: true,
    });
    await until('a token is required', async () => (await statusOf()) === 401);
    const bearer = async (claims: JWTPayload, alg = 'ES256') => [
      '-H',
      `Authorization: Bearer ${await issuer.token(claims, { alg })}`,
    ];
    await until(
      'its keys are there',
      async () => (await statusOf(...(await bearer({ aud: 'shop' })))) === 200,
    );
    t.is(await statusOf(...(await bearer({ aud: 'shop' }, 'RS256'))), 200);
    t.is(await statusOf(...(await bearer({ aud: 'bank' }))), 401);
    const served = origin.requests.at(-1)?.headers;
    t.is(served?.['x-user'], 'ada');
    t.is(served?.authorization, undefined);
  },
);

test.serial("an issuer that can't be reached is named by isthmus check", async (t) => {
  const jwtRules = [{ issuer: 'https://away.example.com', jwksUri: 'http://127.0.0.1:9/keys' }];
  await put(dc2, '/v1/authentications/shop/away', { target: { service: 'other' }, jwtRules });
  await until('it is named', async () => {
    const status = await dc2.gateway.api.get<{ problems?: readonly { code: string }[] }>(
      '/v1/status',
    );
    return JSON.stringify(status).includes('ISSUER_UNREACHABLE');
  });
  t.pass();
});
