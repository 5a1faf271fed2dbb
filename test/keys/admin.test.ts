/** Specifies what each key under `admin` does, from a gateway's YAML to who may do what at its API. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import type { Forged } from '../certs/forge.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const robot = 'spiffe://dc1.acme/ns/ops/sa/robot';
const secret = 'a-secret-of-at-least-24-characters';
const requestsPerSecond = 3;
let folder: PemFolder;
let ca: string;
let gateway: GatewayProcess;
let address: URL;
/** What the issuer says of a person in a group. */
let token: (group: string) => Promise<string>;

/** An issuer whose keys are where no discovery tells. */
async function startIssuer(): Promise<{ readonly issuer: string; readonly jwksUri: string }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    if (url === '/own/keys') response.end(JSON.stringify({ keys: [jwk] }));
    else response.writeHead(404).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  shared.teardown(() => server.close().closeAllConnections());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  token = (group) =>
    new SignJWT({ realm: { groups: [group] } })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(issuer)
      .setAudience('isthmus')
      .setSubject('alice')
      .setExpirationTime('5m')
      .sign(privateKey);
  return { issuer, jwksUri: `${issuer}/own/keys` };
}

test.before('a gateway whose API is on a network', async () => {
  folder = new PemFolder(await tempDir(shared));
  ca = await folder.ca();
  const dir = await tempDir(shared);
  await folder.put('robot.token', `${secret}\n`);
  gateway = await GatewayProcess.prepare(shared, dir, {
    cluster: 'dc1',
    workers: 1,
    listen: { admin: '127.0.0.2:0' },
    admin: {
      tls: { ...(await folder.make('admin', 'admin.example')), clientCa: ca },
      auth: {
        tokens: [{ name: 'ci', role: 'operator', tokenFile: join(folder.dir, 'robot.token') }],
        oidc: {
          ...(await startIssuer()),
          audience: 'isthmus',
          roleClaim: 'realm.groups',
          mapping: { sre: 'admin' },
        },
        clientCertificates: [
          { subject: 'CN=alice', role: 'operator' },
          { spiffe: robot, role: 'admin' },
        ],
      },
      requestsPerSecond,
    },
  });
  gateway.spawn();
  const { admin } = await until('it to be ready', () => gateway.logLines({ msg: 'ready' })[0]);
  address = new URL(`https://${admin}`);
});

interface Caller {
  readonly bearer?: string;
  readonly certificate?: Forged;
}

async function ask(path: string, { bearer, certificate }: Caller = {}) {
  const asked = request({
    ...{
      host: address.hostname,
      port: address.port,
      path,
      agent: false,
      servername: 'admin.example',
    },
    ca: pemOf(folder.authority.certificate.raw),
    ...(certificate && {
      cert: pemOf(certificate.certificate.raw),
      key: keyPemOf(certificate.key),
    }),
    headers: {
      host: 'admin.example',
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
  });
  asked.end();
  const [answer] = await once(asked, 'response');
  return { status: answer.statusCode as number, body: JSON.parse(await text(answer)) };
}

test('tls: the API proves itself, and without a way in there is none', async (t) => {
  t.is(address.hostname, '127.0.0.2');
  t.is((await ask('/v1/session')).status, 401);
  proves(t, 'admin.tls.cert', 'admin.tls.key', 'listen.admin');
});

test('tokens: a name, and what it may do', async (t) => {
  const { body } = await ask('/v1/session', { bearer: secret });
  t.deepEqual(body, { name: 'ci', role: 'operator', via: 'token' });
  proves(
    t,
    'admin.auth.tokens[].name',
    'admin.auth.tokens[].role',
    'admin.auth.tokens[].tokenFile',
  );
});

test('clientCertificates: by subject or SPIFFE ID, of that authority', async (t) => {
  const as = async (...of: Parameters<PemFolder['issue']>) => {
    const { body } = await ask('/v1/session', { certificate: folder.issue(...of) });
    return [body.role, body.via];
  };
  t.deepEqual(await as([], { name: 'alice' }), ['operator', 'certificate']);
  t.deepEqual(await as([], { name: 'robot', uris: [robot] }), ['admin', 'certificate']);
  proves(
    t,
    'admin.tls.clientCa',
    'admin.auth.clientCertificates[].subject',
    'admin.auth.clientCertificates[].spiffe',
    'admin.auth.clientCertificates[].role',
  );
});

test('oidc: what the issuer says of a person, in that claim, is a role here', async (t) => {
  const { body } = await ask('/v1/session', { bearer: await token('sre') });
  t.deepEqual(body, { name: 'alice', role: 'admin', via: 'oidc' });
  t.is((await ask('/v1/session', { bearer: await token('sales') })).status, 403);
  proves(
    t,
    'admin.auth.oidc.issuer',
    'admin.auth.oidc.audience',
    'admin.auth.oidc.roleClaim',
    'admin.auth.oidc.jwksUri',
    'admin.auth.oidc.mapping',
  );
});

test('requestsPerSecond: one caller may ask so often, and others all the same', async (t) => {
  const asked = Array.from({ length: 12 * requestsPerSecond }, () =>
    ask('/v1/session', { bearer: secret }),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  t.deepEqual([...new Set(statuses)].sort(), [200, 429]);
  t.is((await ask('/v1/session', { bearer: await token('sre') })).status, 200);
  proves(t, 'admin.requestsPerSecond');
});
