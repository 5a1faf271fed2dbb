/** Specifies who gets into the admin API on a network: TLS, tokens, certificates, issuers, and what each role may do. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pemOf } from '../../../../certs/x509.ts';
import { forge, tlsCredentials } from '../../../certs/forge.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { type Opening, open } from './open.ts';

const authority = forge({ name: 'Ops authority', ca: true });
const server = forge({ name: 'admin', issuer: authority, dnsNames: ['admin.example'] });
const ca = pemOf(authority.certificate.raw);
const anyAddress = '0.0.0.0:0';
const host = { host: 'admin.example' };
const put = {
  method: 'PUT',
  body: { address: '10.0.0.1', port: 8080 },
} as const;
const endpoint = '/v1/services/shop/cart/endpoints/cart-1';

/** An API on all addresses with TLS, and a token for each role. */
async function onNetwork(t: ExecutionContext, more: Opening = {}) {
  const dir = await tempDir(t);
  const write = async (name: string, text: string) => {
    await writeFile(join(dir, name), text);
    return join(dir, name);
  };
  const { cert, key } = tlsCredentials(server);
  const tls = {
    cert: await write('cert.pem', cert),
    key: await write('key.pem', String(key)),
    clientCa: await write('ca.pem', ca),
  };
  const secrets = { viewer: secret(), operator: secret(), admin: secret() };
  const tokens = await Promise.all(
    (['viewer', 'operator', 'admin'] as const).map(async (role) => ({
      name: `the ${role}`,
      role,
      tokenFile: await write(`${role}.token`, `${secrets[role]}\n`),
    })),
  );
  const opened = await open(t, {
    listen: anyAddress,
    ...more,
    admin: { tls, auth: { tokens, ...more.admin?.auth }, ...omitAuth(more.admin) },
  });
  const client = { ca, servername: 'admin.example' };
  const as = (token: string) => ({
    tls: client,
    headers: { ...host, authorization: `Bearer ${token}` },
  });
  return { ...opened, dir, tls, secrets, client, as, write };
}

function omitAuth(admin: Opening['admin'] = {}): Opening['admin'] {
  const { auth: _, ...rest } = admin;
  return rest;
}

function secret(): string {
  return randomBytes(24).toString('base64');
}

for (const [what, admin] of Object.entries({
  'neither TLS nor authentication': {},
  'TLS and no authentication': { tls: { cert: 'cert.pem', key: 'key.pem' } },
  'authentication and no TLS': {
    auth: { tokens: [{ name: 'ci', role: 'viewer' as const, tokenFile: 'token' }] },
  },
})) {
  test(`security: on a network with ${what} the API does not start`, async (t) => {
    const error = await t.throwsAsync(open(t, { listen: anyAddress, admin }), {
      code: 'ADMIN_EXPOSED',
    });
    t.like(error, { where: 'listen.admin' });
  });
}

test('security: without a token or a certificate there is nothing but health', async (t) => {
  const { ask, client, acts } = await onNetwork(t);
  const stranger = { tls: client, headers: host };
  for (const [path, method] of [
    ['/v1/status', 'GET'],
    ['/v1/stream', 'GET'],
    ['/v1/audit', 'GET'],
    ['/v1/tokens', 'POST'],
  ] as const) {
    const { status, json, headers } = await ask(path, { ...stranger, method });
    t.deepEqual([status, json['code']], [401, 'UNAUTHENTICATED'], path);
    t.is(headers['www-authenticate'], 'Bearer realm="isthmus"');
  }
  t.is((await ask('/healthz', stranger)).status, 200);
  t.is((await ask('/readyz', stranger)).status, 200);
  t.deepEqual(acts, []);
});

test('security: each role may do what it may, and no more', async (t) => {
  const { ask, as, secrets } = await onNetwork(t);
  const may = async (role: keyof typeof secrets) => [
    (await ask('/v1/services', as(secrets[role]))).status,
    (await ask(endpoint, { ...put, ...as(secrets[role]) })).status,
    (await ask('/v1/tokens', { method: 'POST', body: {}, ...as(secrets[role]) })).status,
  ];
  t.deepEqual(await may('viewer'), [200, 403, 403]);
  t.deepEqual(await may('operator'), [200, 200, 403]);
  t.deepEqual(await may('admin'), [200, 200, 201]);
});

test('who asks is told who it is taken for', async (t) => {
  const { ask, as, secrets } = await onNetwork(t);
  const { json } = await ask('/v1/session', as(secrets.operator));
  t.deepEqual(json, { name: 'the operator', role: 'operator', via: 'token' });
});

test('security: a token that is nearly right is wrong, and after ten times not looked at for a minute', async (t) => {
  const clock = new ManualClock();
  const { ask, as, secrets } = await onNetwork(t, { clock });
  const wrong = as(`${secrets.admin.slice(0, -1)}_`);
  for (let i = 0; i < 10; i++) t.is((await ask('/v1/services', wrong)).status, 401);
  const { status, json } = await ask('/v1/services', wrong);
  t.deepEqual([status, json['code']], [429, 'RATE_LIMITED']);
  clock.advance(60_000);
  t.is((await ask('/v1/services', wrong)).status, 401);
});

test('security: nobody is locked out by what others guess from his address', async (t) => {
  const { ask, as, secrets } = await onNetwork(t);
  for (let i = 0; i < 12; i++) await ask('/v1/services', as(secret()));
  for (let i = 0; i < 12; i++) await ask('/v1/services', as(`${secrets.admin}_`));
  t.is((await ask('/v1/services', as(secrets.admin))).status, 200);
  t.is((await ask(endpoint, { ...put, ...as(secrets.operator) })).status, 200);
  // Another wrong one is told that it is wrong, not that it comes too often.
  t.is((await ask('/v1/services', as(secret()))).status, 401);
});

test('security: a token that could be guessed keeps the API from starting', async (t) => {
  const dir = await tempDir(t);
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, 'hunter2\n');
  const admin = { auth: { tokens: [{ name: 'ci', role: 'admin' as const, tokenFile }] } };
  const error = await t.throwsAsync(open(t, { admin }), { code: 'CONFIG_INVALID' });
  t.like(error, { where: tokenFile });
});

test('security: with authentication configured, being on this machine is not enough', async (t) => {
  const dir = await tempDir(t);
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, secret());
  const admin = { auth: { tokens: [{ name: 'ci', role: 'admin' as const, tokenFile }] } };
  const { ask } = await open(t, { admin });
  t.is((await ask('/v1/services')).status, 401);
});

test('a token that is replaced in its file counts from then on, and the old one no more', async (t) => {
  const clock = new ManualClock();
  const { ask, as, secrets, write } = await onNetwork(t, { clock });
  const fresh = secret();
  await write('operator.token', fresh);
  await until('the new token to count', async () => {
    clock.advance(10_000);
    return (await ask('/v1/services', as(fresh))).status === 200;
  });
  t.is((await ask('/v1/services', as(secrets.operator))).status, 401);
});

const rules = [
  { subject: 'CN=alice', role: 'operator' as const },
  { spiffe: 'spiffe://dc1.acme/ns/ops/sa/robot', role: 'admin' as const },
];

test('a client certificate is a way in, by its subject or its SPIFFE ID', async (t) => {
  const { ask, client } = await onNetwork(t, { admin: { auth: { clientCertificates: rules } } });
  const alice = tlsCredentials(forge({ name: 'alice', issuer: authority }));
  t.deepEqual((await ask('/v1/session', { tls: { ...client, ...alice }, headers: host })).json, {
    name: 'CN=alice',
    role: 'operator',
    via: 'certificate',
  });
  const uris = ['spiffe://dc1.acme/ns/ops/sa/robot'];
  const robot = tlsCredentials(forge({ name: 'robot', issuer: authority, uris }));
  const { json } = await ask('/v1/session', { tls: { ...client, ...robot }, headers: host });
  t.like(json, { name: uris[0], role: 'admin' });
});

const elsewhere = forge({ name: 'Ops authority', ca: true });
for (const [what, certificate] of Object.entries({
  'of another authority': forge({ name: 'alice', issuer: elsewhere }),
  'that signed itself': forge({ name: 'alice' }),
  'for somebody unknown': forge({ name: 'mallory', issuer: authority }),
  'that is over': forge({ name: 'alice', issuer: authority, notAfter: Date.now() - 1000 }),
  'with two SPIFFE IDs': forge({
    name: 'robot',
    issuer: authority,
    uris: ['spiffe://dc1.acme/ns/ops/sa/robot', 'spiffe://dc1.acme/ns/ops/sa/other'],
  }),
})) {
  test(`security: a client certificate ${what} is no way in`, async (t) => {
    const { ask, client } = await onNetwork(t, { admin: { auth: { clientCertificates: rules } } });
    const tls = { ...client, ...tlsCredentials(certificate) };
    const { status, json } = await ask('/v1/session', { tls, headers: host });
    t.deepEqual([status, json['code']], [401, 'UNAUTHENTICATED']);
  });
}

test('security: a name that is not in the certificate is another site (DNS rebinding)', async (t) => {
  const { ask, as, secrets } = await onNetwork(t);
  const { tls, headers } = as(secrets.admin);
  for (const [name, status] of [
    ['admin.example', 200],
    ['admin.example:7001', 200],
    ['localhost', 200],
    ['evil.example', 403],
    ['10.1.2.3', 403],
    ['admin.example.evil.example', 403],
  ] as const) {
    t.is((await ask('/v1/services', { tls, headers: { ...headers, host: name } })).status, status);
  }
});

test('the certificate is replaced without a restart, and a broken one is not taken up', async (t) => {
  const clock = new ManualClock();
  const { ask, as, secrets, write, client } = await onNetwork(t, { clock });
  await write('cert.pem', 'nothing of the kind');
  clock.advance(10_000);
  t.is((await ask('/v1/services', as(secrets.viewer))).status, 200);
  const other = forge({ name: 'admin 2', issuer: authority, dnsNames: ['other.example'] });
  const { cert, key } = tlsCredentials(other);
  await write('cert.pem', cert);
  await write('key.pem', String(key));
  await until('the new certificate to be shown', async () => {
    clock.advance(10_000);
    const tls = { ...client, servername: 'other.example' };
    const headers = { ...as(secrets.viewer).headers, host: 'other.example' };
    return (await ask('/v1/services', { tls, headers })).status === 200;
  });
});

test('security: plain HTTP gets nothing from a listener with TLS', async (t) => {
  const { ask, secrets } = await onNetwork(t);
  const headers = { ...host, authorization: `Bearer ${secrets.admin}` };
  await t.throwsAsync(ask('/v1/services', { headers }));
});

test('one who asks too often is told when to ask again; others go on', async (t) => {
  const { ask, as, secrets } = await onNetwork(t, { admin: { requestsPerSecond: 1 } });
  for (let i = 0; i < 10; i++) t.is((await ask('/v1/services', as(secrets.viewer))).status, 200);
  const { status, json, headers } = await ask('/v1/services', as(secrets.viewer));
  t.deepEqual([status, json['code']], [429, 'RATE_LIMITED']);
  t.true(Number(headers['retry-after']) >= 1);
  t.is((await ask('/v1/services', as(secrets.operator))).status, 200);
});
