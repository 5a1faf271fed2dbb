/** Specifies people who sign in at an OpenID Connect issuer: a real one over HTTP, whose keys and tokens the tests make. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { roleIn } from '../../../../gateway/control/api/access/oidc.ts';
import { open } from './open.ts';

/** An issuer with a discovery document and one key. */
async function startIssuer(t: ExecutionContext) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server: Server = createServer((request, response) => {
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/keys` },
      '/keys': { keys: [jwk] },
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[request.url ?? ''] ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function token(claims: JWTPayload = {}, key: CryptoKey = privateKey): Promise<string> {
    return new SignJWT({ roles: ['sre'], ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(typeof claims.iss === 'string' ? claims.iss : issuer)
      .setAudience(claims.aud ?? 'isthmus')
      .setSubject('alice')
      .setExpirationTime(claims.exp ?? '5m')
      .sign(key);
  }
  return { issuer, token, server };
}

async function withIssuer(t: ExecutionContext) {
  const { issuer, token, server } = await startIssuer(t);
  const oidc = {
    issuer,
    audience: 'isthmus',
    mapping: { sre: 'admin', dev: 'viewer' } as const,
  };
  const opened = await open(t, { admin: { auth: { oidc } } });
  const as = (jwt: string) =>
    opened.ask('/v1/session', { headers: { authorization: `Bearer ${jwt}` } });
  return { ...opened, as, token, server };
}

test('a token of the issuer is a way in, as what its roles are mapped to', async (t) => {
  const { as, token } = await withIssuer(t);
  t.like(await as(await token()), {
    status: 200,
    json: { name: 'alice', role: 'admin', via: 'oidc' },
  });
  const dev = await as(await token({ roles: ['dev', 'other'], email: 'alice@acme.example' }));
  t.like(dev.json, { name: 'alice@acme.example', role: 'viewer' });
});

test('security: somebody the issuer knows, without a role here, is let in as nothing', async (t) => {
  const { as, token } = await withIssuer(t);
  const { status, json } = await as(await token({ roles: ['sales'] }));
  t.deepEqual([status, json['code']], [403, 'FORBIDDEN']);
});

test('security: a token that is over, for another audience, or of another issuer is no way in', async (t) => {
  const { as, token } = await withIssuer(t);
  const stranger = await generateKeyPair('ES256');
  for (const wrong of [
    await token({ exp: Math.floor(Date.now() / 1000) - 60 }),
    await token({ aud: 'another-api' }),
    await token({ iss: 'https://evil.example' }),
    await token({}, stranger.privateKey),
    `${(await token()).slice(0, -4)}AAAA`,
  ]) {
    const { status, json } = await as(wrong);
    t.deepEqual([status, json['code']], [401, 'UNAUTHENTICATED']);
  }
});

test('security: a token that names no algorithm, or one with a shared key, is no way in', async (t) => {
  const { as, token } = await withIssuer(t);
  const [, payload] = (await token()).split('.');
  const header = (alg: string) =>
    Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
  for (const wrong of [`${header('none')}.${payload}.`, `${header('HS256')}.${payload}.AAAA`]) {
    t.is((await as(wrong)).status, 401);
  }
});

test('an issuer that does not answer is said to be it, and tried again', async (t) => {
  const { as, token, server } = await withIssuer(t);
  const jwt = await token();
  const { port } = server.address() as AddressInfo;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const { status, json } = await as(jwt);
  t.deepEqual([status, json['code']], [503, 'ISSUER_UNREACHABLE']);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.is((await as(jwt)).status, 200);
});

for (const [claims, path, role] of [
  [{ roles: ['dev', 'sre'] }, 'roles', 'admin'],
  [{ roles: 'dev' }, 'roles', 'viewer'],
  [{ realm_access: { roles: ['dev'] } }, 'realm_access.roles', 'viewer'],
  [{ roles: [] }, 'roles', undefined],
  [{ roles: [7, null] }, 'roles', undefined],
  [{}, 'roles', undefined],
  [{ roles: ['constructor'] }, 'roles', undefined],
  [{}, 'constructor.name', undefined],
] as const) {
  test(`${JSON.stringify(claims)} read at ${path} is ${role}`, (t) => {
    t.is(roleIn({ ...claims } as JWTPayload, path, { sre: 'admin', dev: 'viewer' }), role);
  });
}
