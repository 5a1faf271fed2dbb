/** Specifies which configurations are valid, and their defaults. */

import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { loadConfig, parseConfig } from '../../../../gateway/control/config/config.ts';
import { limitsOf } from '../../../../gateway/control/config/data-side-settings.ts';
import { policiesOf } from '../../../../gateway/control/config/policies.ts';
import { configuredEndpoints } from '../../../../gateway/control/config/service.ts';
import { defaultLimits } from '../../../../gateway/data/request/limit.ts';
import { defaultBalance, defaultTimeouts } from '../../../../policy/traffic-policy.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const head = 'cluster: dc1\nfederation: acme\nregion: eu\n';
const cart = parseServiceName('cart.shop');
const parse = (more: string) => parseConfig(head + more, '/etc/isthmus/gateway.yaml');

test('a cluster, its federation and its region are enough; everything else has its default', (t) => {
  t.deepEqual(parse(''), {
    cluster: 'dc1',
    federation: 'acme',
    region: 'eu',
    zone: 'default',
    gateway: 'gateway-1',
    data: './data',
    dataDir: '/etc/isthmus/data',
    baseDir: '/etc/isthmus',
    listen: {
      outbound: '127.0.0.1:7080',
      outboundProxyProtocol: false,
      eastWestProxyProtocol: false,
      eastWest: '0.0.0.0:7443',
      federation: '0.0.0.0:7444',
      admin: '127.0.0.1:7001',
    },
    advertise: {},
    audit: { maxBytes: 64 * 1024 * 1024, maxAgeDays: 90 },
    history: { maxBytes: 32 * 1024 * 1024, maxAgeDays: 30 },
    quotas: { endpoints: 250_000, services: 50_000, records: 300_000, maxBytes: 256 * 1024 * 1024 },
    sampling: { perMinute: 20 },
    metrics: { principalsPerService: 64 },
    verify: { every: 60_000 },
    trust: { foreign: [] },
    tcp: [],
    ingress: [],
    services: [],
    standalone: true,
    admin: { clusters: {}, requestsPerSecond: 500 },
    balance: defaultBalance,
    timeouts: defaultTimeouts,
    limits: {
      maxBodyBytes: 0,
      maxHeadBytes: 16_384,
      maxResponseHeadBytes: 65_536,
      maxResponseFields: 256,
      head: 10_000,
      body: 30_000,
      keepAlive: 75_000,
      cancelHalfClosed: false,
      encodedSlashes: 'refuse',
      maxConnections: 50_000,
    },
    workers: Math.min(64, availableParallelism()),
    warmUp: 300,
    overload: { lag: 100, heap: 95 },
    exposeDecision: true,
    trustedProxies: [],
    trustedFields: 'x-forwarded',
    drainTimeout: 30_000,
    log: { level: 'info', access: 0 },
  } as unknown as ReturnType<typeof parse>);
});

test('the defaults of limits are those a configuration has', (t) => {
  t.deepEqual(limitsOf(parse('')), defaultLimits);
});

test('the example configuration is valid', async (t) => {
  const path = fileURLToPath(import.meta.resolve('../../../../examples/gateway.yaml'));
  await t.notThrowsAsync(loadConfig(path));
});

test('the data folder is relative to the file, or absolute', (t) => {
  t.is(parse('data: ../state\n').dataDir, '/etc/state');
  t.is(parse('data: /var/lib/isthmus\n').dataDir, '/var/lib/isthmus');
});

test('a service brings its own policy and timeouts; those without take the defaults of all', (t) => {
  const config = parse(`
timeouts: { request: 5s }
balance: { algorithm: random }
services:
  - name: cart
    namespace: shop
    timeouts: { connect: 250ms }
    balance: { algorithm: maglev }
`);
  const web = parseServiceName('web.shop');
  const policies = policiesOf(config);
  const here = { client: parseClusterName('dc1'), where: parseClusterName('dc1') };
  const own = policies.traffic({ ...here, service: cart });
  t.is(own.balance.algorithm, 'maglev');
  t.like(own.timeouts, { requestMs: 30_000, connectMs: 250 });
  const ofAll = policies.traffic({ ...here, service: web });
  t.is(ofAll.balance.algorithm, 'random');
  t.like(ofAll.timeouts, { requestMs: 5_000, connectMs: 1_000 });
});

test('configured endpoints carry what they and their gateway say; what their service says of all of them is a policy', (t) => {
  const config = parse(`
zone: a
services:
  - name: cart
    namespace: shop
    exported: false
    protocol: http2
    check: { tcp: true }
    endpoints:
      - { id: one, address: "10.0.0.1:8080" }
      - { id: two, address: "[::1]:8081", zone: b, weight: 3, labels: { team: core } }
      - id: three
        address: "cart.internal:80"
        check: { http: { path: /, host: cart.example, tls: true, version: 2 } }
`);
  const shared = { service: cart, exported: false, source: 'config' } as const;
  const check = {
    probe: { kind: 'tcp' },
    intervalMs: 2000,
    timeoutMs: 1000,
    rise: 2,
    fall: 2,
  } as const;
  t.deepEqual(configuredEndpoints(config), [
    {
      ...shared,
      check: undefined,
      ports: undefined,
      id: 'one',
      address: '10.0.0.1',
      port: 8080,
      zone: 'a',
      weight: 1,
      labels: {},
    },
    {
      ...shared,
      check: undefined,
      ports: undefined,
      id: 'two',
      address: '::1',
      port: 8081,
      zone: 'b',
      weight: 3,
      labels: { team: 'core' },
    },
    {
      ...shared,
      check: {
        ...check,
        probe: {
          kind: 'http',
          path: '/',
          expect: [{ from: 200, to: 399 }],
          host: 'cart.example',
          tls: true,
          version: 2,
        },
      },
      ports: undefined,
      id: 'three',
      address: 'cart.internal',
      port: 80,
      zone: 'a',
      weight: 1,
      labels: {},
    },
  ]);
  const here = { client: parseClusterName('dc1'), where: parseClusterName('dc1') };
  t.deepEqual(policiesOf(config).defaults({ ...here, service: cart }), {
    protocol: 'http2',
    check,
  });
});

for (const admin of ['127.0.0.1:0', 'localhost:7001', '"[::1]:7001"', 'unix:/run/isthmus.sock']) {
  test(`the admin API may listen on ${admin}`, (t) => {
    t.notThrows(() => parse(`listen: { admin: ${admin} }\n`));
  });
}

test('security: an admin API on a network without TLS and authentication is ADMIN_EXPOSED', (t) => {
  const error = t.throws(() => parse('listen:\n  admin: 0.0.0.0:7001\n'), {
    code: 'ADMIN_EXPOSED',
    message: /on 0\.0\.0\.0:7001 without admin\.tls and admin\.auth/,
  });
  t.like(error, { where: '/etc/isthmus/gateway.yaml listen.admin' });
});

test('an admin API on a network has TLS, and knows whom it lets in', (t) => {
  const { admin } = parse(`listen:
  admin: 0.0.0.0:7001
admin:
  tls: { cert: admin.pem, key: admin.key, clientCa: ops.pem }
  auth:
    tokens: [{ name: ci, role: operator, tokenFile: ci.token }]
    oidc: { issuer: "https://id.example", audience: isthmus, mapping: { sre: admin } }
    clientCertificates: [{ subject: "O=Ops, CN=alice", role: admin }]
  clusters: { dc2: operator }
`);
  t.like(admin, { auth: { oidc: { roleClaim: 'roles' } }, clusters: { dc2: 'operator' } });
});

for (const registry of [
  'embedded: { listen: "0.0.0.0:7445", advertise: "gw.dc1:7445" }',
  'host: { cluster: dc2, endpoints: ["gw.dc2:7445"] }',
  '{ embedded: { listen: "0.0.0.0:7445" }, host: { cluster: dc1, endpoints: ["gw.dc1:7445"] } }',
  'etcd: { endpoints: ["http://etcd-1:2379", "http://etcd-2:2379"], found: true }',
  'etcd: { endpoints: ["https://etcd:2379"], ca: ca.pem, cert: c.pem, key: k.pem, serverName: etcd }',
  'etcd: { endpoints: ["https://etcd:2379"], ca: ca.pem, username: u, passwordFile: p }',
]) {
  test(`a registry may be ${registry}`, (t) => {
    t.notThrows(() => parse(`registry:\n  ${registry}\n`));
  });
}

/** What follows the three lines every configuration begins with, and what is said of it. */
test('a configuration is read from its file', async (t) => {
  const path = join(await tempDir(t), 'gateway.yaml');
  await writeFile(path, head);
  t.like(await loadConfig(path), { cluster: 'dc1', dataDir: join(path, '..', 'data') } as object);
});

test('a configuration that is not there is FILE_UNREADABLE, and the file is named', async (t) => {
  const path = join(await tempDir(t), 'none.yaml');
  t.like(await t.throwsAsync(loadConfig(path), { code: 'FILE_UNREADABLE' }), { where: path });
});
