/** Specifies trust between two federations of real gateways: each gives its bundle and takes the other's, by one profile each, and workloads of the one ask the other. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import type { Finding, ForeignTrustItem } from '../../gateway/control/api/answers.ts';
import { type Forged, forge, tlsCredentials } from '../certs/forge.ts';
import { TlsClient } from '../gateway/data/listen/tls-client.ts';
import { adminRequest } from '../support/admin-request.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startOrigin } from '../support/origin.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const listen = '127.0.0.1:0';
const www = 'www.example.com';
let folder: PemFolder;
let ca: string;
/** Has the services. */
let acme: GatewayProcess;
/** Of another federation, whose workload asks. */
let other: GatewayProcess;
let acmeConfig: Record<string, unknown> & { readonly cluster: string };
let cart: Forged;

/** Where a gateway's bundle endpoint is. */
async function endpointOf(gateway: GatewayProcess): Promise<string> {
  const { listeners } = await gateway.status();
  return `https://localhost:${listeners['bundleEndpoint']?.split(':').at(-1)}/`;
}

/** Asks a bundle endpoint with no certificate of one's own. */
async function ask(url: string, method = 'GET') {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method, agent: false, rejectUnauthorized: false } as const;
    requestHttps(url, options, resolve).on('error', reject).end();
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

test.before(
  'dc1 of acme has an ingress, p1 is of the federation partner; each knows the other',
  async () => {
    folder = new PemFolder(await tempDir(shared));
    ca = await folder.ca();
    const { address } = await startOrigin(shared, (_, response) => void response.end('served'));
    const localhost = await folder.make('localhost', 'localhost');
    acmeConfig = {
      cluster: 'dc1',
      registry: { embedded: { listen } },
      services: [{ name: 'web', namespace: 'shop', endpoints: [{ id: 'one', address }] }],
      trust: {
        bundleEndpoint: { listen, profile: 'https_web', ...localhost, refreshHint: '45s' },
      },
    };
    acme = await GatewayProcess.prepare(shared, await tempDir(shared), acmeConfig);
    other = await GatewayProcess.prepare(shared, await tempDir(shared), {
      ...{ cluster: 'p1', federation: 'partner' },
      trust: { bundleEndpoint: { listen, profile: 'https_spiffe', refreshHint: '10s' } },
    });
    await Promise.all([acme.start(), other.start()]);
    const [pem, key] = await Promise.all(
      ['ca.crt', 'ca.key'].map((file) => readFile(join(other.dataDir, 'ca', file), 'utf8')),
    );
    const issuer = {
      certificate: new X509Certificate(pem ?? ''),
      key: createPrivateKey(key ?? ''),
    };
    cart = forge({ name: 'cart', issuer, uris: ['spiffe://p1.partner/ns/shop/sa/cart'] });
  },
);

test.serial('the endpoint gives the bundle to anybody, and nothing else', async (t) => {
  const url = await endpointOf(acme);
  const { status, headers, body } = await ask(url);
  t.is(status, 200);
  t.is(headers['content-type'], 'application/json');
  t.like(JSON.parse(body), { keys: [{ use: 'x509-svid', kty: 'EC' }], spiffe_refresh_hint: 45 });
  t.true(JSON.parse(body).spiffe_sequence > 0);
  t.is((await ask(`${url}dc1.acme`)).body, body);
  t.like(await ask(url, 'HEAD'), { status: 200, body: '' });
  t.is((await ask(url, 'POST')).status, 405);
  t.is((await ask(`${url}p1.partner`)).status, 404);
  proves(t, 'trust.bundleEndpoint.listen', 'trust.bundleEndpoint.refreshHint');
});

/** The other federation, as an administrator of acme says it after a look at its endpoint. */
async function partner(): Promise<object> {
  const url = await endpointOf(other);
  return {
    ...{ trustDomain: 'p1.partner', url, profile: 'https_spiffe' },
    endpointSpiffeId: 'spiffe://p1.partner/bundle-endpoint',
    bundle: await folder.put('partner.json', (await ask(url)).body),
  };
}

/** Has acme know the other federation from now on, and let its workloads in; or none. */
async function believe(isBelieved: boolean): Promise<void> {
  const clientCertificates = isBelieved ? { trustDomains: ['p1.partner'] } : { ca };
  const certificates = [await folder.make('www', www)];
  await acme.configure({
    ...acmeConfig,
    trust: { ...(acmeConfig['trust'] as object), foreign: isBelieved ? [await partner()] : [] },
    ingress: [
      { listen, certificates, clientCertificates, routes: [{ host: www, service: 'web.shop' }] },
    ],
  });
  await reload(acme);
}

/** Has a gateway read its configuration again, and look for bundles. */
async function reload(gateway: GatewayProcess): Promise<void> {
  process.kill(gateway.pid as number, 'SIGHUP');
}

async function standing(gateway: GatewayProcess): Promise<ForeignTrustItem | undefined> {
  return (await gateway.items<ForeignTrustItem>('/v1/trust/foreign'))[0];
}

test.serial(
  'https_spiffe and https_web: each federation takes the bundle of the other',
  async (t) => {
    await believe(true);
    await until('acme to believe', async () => (await standing(acme))?.fetchedAt);
    t.like(await standing(acme), { trustDomain: 'p1.partner', state: 'current' });
    await other.configure({
      ...{ cluster: 'p1', federation: 'partner' },
      trust: {
        bundleEndpoint: { listen, profile: 'https_spiffe', refreshHint: '10s' },
        foreign: [
          { trustDomain: 'dc1.acme', url: await endpointOf(acme), profile: 'https_web', ca },
        ],
      },
    });
    await reload(other);
    await until('the other to believe', async () => (await standing(other))?.state === 'current');
    t.regex(await other.isthmusOk(['trust', 'foreign']), /^TRUST DOMAIN .*\ndc1\.acme +current/);
    t.regex((await acme.isthmus(['check'])).stdout, /Believed: p1\.partner/);
    proves(
      t,
      'trust.bundleEndpoint.profile',
      'trust.bundleEndpoint.cert',
      'trust.bundleEndpoint.key',
      'trust.foreign[].trustDomain',
      'trust.foreign[].url',
      'trust.foreign[].profile',
      'trust.foreign[].endpointSpiffeId',
      'trust.foreign[].bundle',
      'trust.foreign[].ca',
    );
  },
);

/** The status of what the workload is answered; undefined where it is not let in. */
async function asked(shown = cart): Promise<number | undefined> {
  const { listeners } = await acme.status();
  const client = new TlsClient(shared, folder, listeners['ingress.0'] ?? '');
  const socket = client.open(www, tlsCredentials(shown));
  socket.write(`GET / HTTP/1.1\r\nHost: ${www}\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket).catch(() => '');
  return /^HTTP\/1\.1 (\d+)/.test(answer) ? Number(answer.slice(9, 12)) : undefined;
}

test.serial(
  'security: a workload of the other federation is served once a policy names it, and not before',
  async (t) => {
    t.is(await asked(), 403);
    await acme.api.send('PUT', '/v1/authorizations/shop/partner', {
      target: { service: 'web' },
      rules: [{ from: [{ source: { principals: ['p1.partner/ns/shop/sa/cart'] } }] }],
    });
    await until('it is let in', async () => (await asked()) === 200);
    const stranger = forge({ name: 'x', uris: ['spiffe://p1.partner/ns/shop/sa/cart'] });
    t.is(await asked(stranger), undefined);
    const why = await acme.isthmusOk([
      'explain',
      '--as',
      'spiffe://p1.partner/ns/shop/sa/till',
      `https://${www}/`,
    ]);
    t.regex(why, /refused/);
    proves(t, 'ingress[].clientCertificates.trustDomains');
  },
);

/** The policy that docs/trust.md shows, for the other federation of this test. */
async function documented(): Promise<string> {
  const page = await readFile('docs/trust.md', 'utf8');
  const [policy = ''] =
    /^ {4}apiVersion: isthmus\/v1\n {4}kind: Authorization\n(?: {4}.*\n)+/m.exec(page) ?? [];
  return policy.replaceAll('partner.example', 'p1.partner').replace(/^ {4}/gm, '');
}

test.serial(
  'the policy that the documentation shows lets all of the other federation in, and keeps the own clients in',
  async (t) => {
    t.is((await acme.request('web.shop')).status, 403, 'by the one that names a workload alone');
    const applied = await acme.isthmusOk([
      'apply',
      '-f',
      await folder.put('partner.yaml', await documented()),
    ]);
    t.is(applied, 'authorization shop/partner configured');
    await until('the own are let in', async () => (await acme.request('web.shop')).status === 200);
    t.is(await asked(), 200);
    await acme.isthmusOk([
      'explain',
      '--as',
      'spiffe://p1.partner/ns/shop/sa/till',
      `https://${www}/`,
    ]);
  },
);

test.serial(
  'a new root is published at the endpoint before it signs, for as long as it takes the others to look',
  async (t) => {
    const before = await standing(acme);
    await other.isthmusOk(['trust', 'rotate', '--yes']);
    t.like(await other.api.get('/v1/trust/rotation'), { phase: 'published' });
    await reload(acme);
    await until('acme to know both', async () => (await standing(acme))?.roots.length === 2);
    t.true(((await standing(acme))?.sequence ?? 0) > (before?.sequence ?? 0));
    await until('it is said what is waited for', async () =>
      (await other.problems()).some(
        ({ code, what }) => code === 'ROTATION_WAITING' && what.includes('those outside'),
      ),
    );
    t.like(await other.api.get('/v1/trust/rotation'), { phase: 'published' });
    await other.isthmusOk(['trust', 'rotate', '--force', '--yes']);
    const { fetchedAt = 0 } = (await standing(acme)) ?? {};
    await reload(acme);
    await until('the endpoint to be believed by its new root', async () => {
      const now = await standing(acme);
      return now?.state === 'current' && (now.fetchedAt ?? 0) > fetchedAt;
    });
    t.is(await asked(), 200, 'what the root from before has signed is believed still');
  },
);

test.serial('a process that takes the place of another answers at the same endpoint', async (t) => {
  const url = await endpointOf(other);
  await other.takeOver();
  await until('it answers there', async () => (await ask(url)).status === 200);
  t.is(await endpointOf(other), url);
});

test.serial(
  'an endpoint that is gone is named by check, with its age, and what was believed stays',
  async (t) => {
    const url = await endpointOf(other);
    await other.stop();
    await until('nobody to answer', async () => !(await ask(url).catch(() => undefined)));
    await reload(acme);
    await until('it is named', async () =>
      (await acme.problems()).some(({ code }) => code === 'BUNDLE_UNREACHABLE'),
    );
    const { findings } = await acme.api.get<{ findings: Finding[] }>('/v1/check');
    const found = findings.find(({ code }) => code === 'BUNDLE_UNREACHABLE');
    t.like(found, { layer: 'bundles', level: 'warning', where: 'trust.foreign p1.partner' });
    t.regex(found?.what ?? '', /was had \d+ (ms|s|minutes) ago/);
    t.is((await acme.isthmus(['trust', 'foreign'])).code, 3);
    const { text: metrics } = await adminRequest(acme, '/metrics');
    t.true(metrics.includes('isthmus_foreign_bundle_failing{trust_domain="p1.partner"} 1\n'));
    t.is(await asked(), 200);
  },
);

test.serial(
  'a trust domain that is taken out of the configuration is believed no more',
  async (t) => {
    await believe(false);
    await until('nobody of it is let in', async () => (await asked()) === undefined);
    t.deepEqual(await acme.items('/v1/trust/foreign'), []);
  },
);
