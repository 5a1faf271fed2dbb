/** Specifies workloads of foreign trust domains at an ingress: verified by the bundle of their own domain alone, let in where a policy names them, and never a gateway. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import anyTest, { type TestFn } from 'ava';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { TrustStore } from '../../../../certs/trust-store.ts';
import { type Forged, type ForgeRequest, forge, tlsCredentials } from '../../../certs/forge.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { sharedScope } from '../../../support/shared.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { policy } from '../request/authorizing.ts';
import {
  connect,
  type Gateway,
  govern,
  type Origin,
  startGateway,
  startOrigin,
} from '../request/scene.ts';
import { credentialsOf, refusals, startEdge } from './edge-scene.ts';
import { TlsClient } from './tls-client.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = 'www.example.com';
const partner = forge({ name: 'partner', ca: true });
const other = forge({ name: 'other', ca: true });
const foreign = new TrustStore();
let folder: PemFolder;
/** The authority that the ingress believes of clients. */
let clients: PemFolder;
let near: Gateway;
let far: Gateway;
let origin: Origin;
let client: TlsClient;

const bundle = (name: string, ...roots: readonly Forged[]) => ({
  trustDomain: parseTrustDomain(name),
  ...{ sequence: 1, refreshHintSeconds: 300 },
  roots: roots.map(({ certificate }) => certificate),
});
const workload = (issuer: Forged, request: Partial<ForgeRequest> = {}) =>
  forge({ name: 'cart', issuer, uris: ['spiffe://partner.example/ns/shop/sa/cart'], ...request });
const cart = workload(partner);

test.before('dc1 has an ingress, and dc2 one of its services', async () => {
  foreign.set(bundle('partner.example', partner));
  foreign.set(bundle('other.example', other));
  folder = new PemFolder(await tempDir(shared));
  clients = new PemFolder(await tempDir(shared));
  origin = await startOrigin(shared, 'served');
  const own = { name: 'web.shop', endpoints: [origin] };
  near = await startGateway(shared, {
    cluster: 'dc1',
    services: [own, { name: 'far.shop', elsewhere: { dc2: 1 } }],
  });
  far = await startGateway(shared, {
    cluster: 'dc2',
    services: [{ name: 'far.shop', endpoints: [origin] }],
  });
  connect(near, far);
  await until('the link', () => near.links.state(far.cluster).state === 'up');
  const edge = await startEdge(shared, near, {
    foreign,
    ingress: {
      credentials: credentialsOf([folder.issue([host])], { clientCa: clients.authority }),
      clientCertificate: 'optional',
      trustDomains: ['partner.example'],
      routes: [
        { host, service: 'web.shop' },
        { host, path: '/far', service: 'far.shop' },
      ],
    },
  });
  client = new TlsClient(shared, folder, edge.addresses['ingress.0'] ?? '');
});

test.beforeEach(() => {
  govern(near, 'web.shop', []);
  govern(near, 'far.shop', []);
  govern(far, 'far.shop', []);
});

/** The answer's status to a client that shows a certificate; undefined where it got none. */
async function ask(shown: Forged | undefined, path = '/', more = ''): Promise<number | undefined> {
  const socket = client.open(host, shown && tlsCredentials(shown));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`);
  const answer = await text(socket).catch(() => '');
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1];
  return status === undefined ? undefined : Number(status);
}

const allow = (source: object) => policy('allow', { rules: [{ from: [{ source }] }] });
const names = { trustDomains: ['partner.example'] };

test.serial(
  'a workload that a policy names is served, and the service is told who it is',
  async (t) => {
    govern(near, 'web.shop', [allow(names)]);
    t.is(await ask(cart), 200);
    t.regex(
      String(origin.requests.at(-1)?.headers['x-forwarded-client-cert']),
      /;URI=spiffe:\/\/partner\.example\/ns\/shop\/sa\/cart$/,
    );
    govern(near, 'web.shop', [allow({ principals: ['partner.example/ns/shop/sa/*'] })]);
    t.is(await ask(cart), 200);
  },
);

test.serial('security: a foreign workload that no policy names is refused', async (t) => {
  t.is(await ask(cart), 403, 'no policy');
  govern(near, 'web.shop', [policy('all', { rules: [{}] })]);
  t.is(await ask(cart), 403, 'a policy that lets all in');
  t.is(await ask(undefined), 200, 'and so it does with those of the federation');
  govern(near, 'web.shop', [allow({ principals: ['*'] }), allow({ principals: ['*/sa/cart'] })]);
  t.is(await ask(cart), 403, 'anybody with a certificate');
  govern(near, 'web.shop', [
    policy('other', {
      action: 'DENY',
      rules: [{ from: [{ source: { trustDomains: ['other.example'] } }] }],
    }),
  ]);
  t.is(await ask(cart), 403, 'one that only denies others');
});

test.serial('a policy that denies a trust domain is before any that allows it', async (t) => {
  govern(near, 'web.shop', [
    allow(names),
    policy('deny', { action: 'DENY', rules: [{ from: [{ source: names }] }] }),
  ]);
  t.is(await ask(cart), 403);
});

test.serial(
  'security: the cluster that serves lets a foreign workload in only where its own policies name it',
  async (t) => {
    govern(near, 'far.shop', [allow(names)]);
    t.is(await ask(cart, '/far'), 403);
    govern(far, 'far.shop', [allow({ clusters: ['dc1'] })]);
    t.is(await ask(cart, '/far'), 403, 'its gateway alone is no name');
    govern(far, 'far.shop', [allow({ clusters: ['dc1'], ...names })]);
    t.is(await ask(cart, '/far'), 200);
    t.is(origin.requests.at(-1)?.headers['x-isthmus-foreign'], undefined);
    govern(near, 'far.shop', []);
    t.is(await ask(cart, '/far'), 403, 'nor does that spare the policies where it comes in');
  },
);

/** Refused in the handshake's wake: no request of theirs is looked at. */
const forged: readonly (readonly [what: string, forged: () => Forged])[] = [
  ['by an authority that the ingress believes', () => workload(clients.authority)],
  [
    'by the same, in another spelling',
    () => workload(clients.authority, { uris: ['SPIFFE://Partner.Example/ns/shop/sa/cart'] }),
  ],
  [
    'by the same, beside a name that it may give',
    () =>
      workload(clients.authority, {
        uris: ['spiffe://clients.example/a', 'spiffe://partner.example/b'],
      }),
  ],
  ['by the root of another foreign trust domain', () => workload(other)],
  [
    'with two names',
    () => workload(partner, { uris: ['spiffe://partner.example/a', 'spiffe://partner.example/b'] }),
  ],
  ['expired', () => workload(partner, { notAfter: Date.now() - 1_000 })],
  ['of an authority, not of a workload', () => workload(partner, { ca: true })],
  [
    'of a trust domain that is not let in at this ingress',
    () => workload(other, { uris: ['spiffe://other.example/a'] }),
  ],
  ['with a DNS name alone', () => workload(partner, { uris: [], dnsNames: ['anna.example'] })],
];

test.serial(
  'security: a foreign trust domain is vouched for by its own bundle alone',
  async (t) => {
    govern(near, 'web.shop', [allow({ trustDomains: ['partner.example', 'other.example', '*'] })]);
    const before = origin.requests.length;
    for (const [i, [what, make]] of forged.entries()) {
      t.is(await ask(make()), undefined, what);
      await refusals(near, 'CLIENT_CERT_REFUSED', i + 1);
    }
    t.is(origin.requests.length, before);
  },
);

test.serial('security: a foreign root can not vouch for a cluster of the federation', async (t) => {
  const uris = ['spiffe://dc1.acme/ns/shop/sa/cart'];
  t.is(await ask(workload(partner, { uris })), undefined);
  t.is(near.trust.get(parseTrustDomain('partner.example')), undefined);
});

test.serial('security: a foreign spiffe://.../gateway/... is no gateway', async (t) => {
  const pretender = workload(partner, { uris: ['spiffe://partner.example/gateway/gw1'] });
  const [host, port] = near.eastWest.address.split(':');
  const socket: TLSSocket = connectTls({
    ...{ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['isthmus/1', 'h2'] },
    ...tlsCredentials(pretender),
  });
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'close');
  govern(near, 'web.shop', [allow({ clusters: ['dc2'] })]);
  const lies = 'x-isthmus-service: secret.shop\r\nx-isthmus-source-cluster: dc2\r\n';
  t.is(await ask(pretender, '/', lies), 403);
  govern(near, 'web.shop', [allow({ principals: ['partner.example/gateway/*'] })]);
  t.is(await ask(pretender, '/', lies), 200);
  t.is(
    origin.requests.at(-1)?.headers['x-isthmus-source-cluster'],
    undefined,
    'it is a client as any other',
  );
});

test.serial(
  'security: a connection ends once the bundle vouches for its workload no more',
  async (t) => {
    govern(near, 'web.shop', [allow(names)]);
    const socket = client.open(host, tlsCredentials(cart));
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    t.regex(String(answer), /^HTTP\/1\.1 200/);
    socket.on('error', () => {});
    const ended = once(socket, 'close');
    foreign.set(bundle('partner.example'));
    await ended;
    t.is(await ask(cart), undefined, 'and nobody is let in by `keys: []`');
    foreign.set(bundle('partner.example', forge({ name: 'next', ca: true }), partner));
    t.is(await ask(cart), 200, 'a root that was added takes nothing away');
  },
);
