import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { IsthmusError } from '../../../core/errors.ts';
import { parseServiceName } from '../../../core/names.ts';
import { defaultPolicy } from '../../../gateway/balance/policy.ts';
import {
  configuredEndpoints,
  loadConfig,
  parseConfig,
  policyOf,
} from '../../../gateway/config/config.ts';
import { limitsOf, settingsOf } from '../../../gateway/config/data-side-settings.ts';
import { defaultLimits } from '../../../gateway/proxy/limit.ts';
import { defaultTimeouts } from '../../../gateway/proxy/route.ts';
import { tempDir } from '../../support/temp-dir.ts';

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
      eastWest: '0.0.0.0:7443',
      federation: '0.0.0.0:7444',
      admin: '127.0.0.1:7001',
    },
    advertise: {},
    tcp: [],
    ingress: [],
    services: [],
    admin: { clusters: {}, requestsPerSecond: 500 },
    balance: defaultPolicy,
    timeouts: { request: 30_000, connect: 1_000, perTry: 0, idle: 300_000 },
    limits: {
      maxBodyBytes: 0,
      maxHeadBytes: 16_384,
      head: 10_000,
      body: 30_000,
      keepAlive: 75_000,
      maxConnections: 50_000,
    },
    workers: Math.min(64, availableParallelism()),
    overload: { lag: 100, heap: 95 },
    exposeDecision: true,
    drainTimeout: 30_000,
    log: { level: 'info', access: 0 },
  } as unknown as ReturnType<typeof parse>);
});

test('the defaults of routes and limits are those a configuration has', (t) => {
  t.deepEqual(settingsOf(parse('')).timeouts, defaultTimeouts);
  t.deepEqual(limitsOf(parse('')), defaultLimits);
});

test('the example configuration is valid', async (t) => {
  const path = fileURLToPath(import.meta.resolve('../../../examples/gateway.yaml'));
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
  t.is(policyOf(config, cart).algorithm, 'maglev');
  t.is(policyOf(config, web).algorithm, 'random');
  const { services, ...all } = settingsOf(config);
  t.like(services.get(cart), { policy: { algorithm: 'maglev' } });
  t.like(services.get(cart)?.timeouts, { requestMs: 30_000, connectMs: 250 });
  t.is(services.get(web), undefined);
  t.like(all.timeouts, { requestMs: 5_000, connectMs: 1_000 });
});

test('configured endpoints carry what their service and gateway say, unless they say otherwise', (t) => {
  const config = parse(`
zone: a
services:
  - name: cart
    namespace: shop
    exported: false
    check: { tcp: true }
    endpoints:
      - { id: one, address: "10.0.0.1:8080" }
      - { id: two, address: "[::1]:8081", zone: b, weight: 3, labels: { team: core } }
      - { id: three, address: "cart.internal:80" }
`);
  const shared = { service: cart, protocol: 'http', exported: false, source: 'config' } as const;
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
      check,
      id: 'one',
      address: '10.0.0.1',
      port: 8080,
      zone: 'a',
      weight: 1,
      labels: {},
    },
    {
      ...shared,
      check,
      id: 'two',
      address: '::1',
      port: 8081,
      zone: 'b',
      weight: 3,
      labels: { team: 'core' },
    },
    {
      ...shared,
      check,
      id: 'three',
      address: 'cart.internal',
      port: 80,
      zone: 'a',
      weight: 1,
      labels: {},
    },
  ]);
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
  'etcd: { endpoints: ["http://etcd-1:2379", "http://etcd-2:2379"], found: true }',
  'etcd: { endpoints: ["https://etcd:2379"], ca: ca.pem, cert: c.pem, key: k.pem, serverName: etcd }',
  'etcd: { endpoints: ["https://etcd:2379"], ca: ca.pem, username: u, passwordFile: p }',
]) {
  test(`a registry may be ${registry}`, (t) => {
    t.notThrows(() => parse(`registry:\n  ${registry}\n`));
  });
}

/** What follows the three lines every configuration begins with, and what is said of it. */
const faults: Record<string, readonly [text: string, code: string, where: string, what: RegExp]> = {
  'a key misspelt': ['gatway: g1\n', 'CONFIG_UNKNOWN_KEY', '4:1', /"gatway" at the top level/],
  'a listener misspelt': ['listen:\n  eastwest: "1:1"\n', 'CONFIG_UNKNOWN_KEY', '5:3', /in listen/],
  'a cluster named twice': ['cluster: dc2\n', 'CONFIG_SYNTAX', '4:1', /unique/],
  'a zone that is no label': ['zone: EU_a\n', 'CONFIG_INVALID', '4:1', /^zone: /],
  'a listener without a port': [
    'listen:\n  outbound: localhost\n',
    'CONFIG_INVALID',
    '5:3',
    /host:port/,
  ],
  'a port over 65535': ['listen:\n  outbound: "a:70000"\n', 'CONFIG_INVALID', '5:3', /over 65535/],
  'a token without a file': [
    'admin:\n  auth:\n    tokens: [{ name: ci, role: admin }]\n',
    'CONFIG_INVALID',
    '6:14',
    /tokenFile/,
  ],
  'keys fetched without TLS': [
    'admin:\n  auth:\n    oidc: { issuer: "http://id.example", audience: a, mapping: {} }\n',
    'CONFIG_INVALID',
    '6:13',
    /https/,
  ],
  'client certificates of nobody': [
    'admin:\n  auth:\n    clientCertificates: [{ subject: CN=a, role: admin }]\n',
    'CONFIG_INVALID',
    '4:1',
    /clientCa/,
  ],
  'an admin address that is none': [
    'listen:\n  admin: here\n',
    'CONFIG_INVALID',
    '5:3',
    /host:port/,
  ],
  'a port 0 advertised': [
    'advertise:\n  eastWest: ["gw:0"]\n',
    'CONFIG_INVALID',
    '5:14',
    /port 0 can not be dialed/,
  ],
  'nothing advertised': [
    'advertise:\n  federation: []\n',
    'CONFIG_INVALID',
    '5:3',
    /^advertise\.federation/,
  ],
  'an empty registry': ['registry: {}\n', 'CONFIG_INVALID', '4:1', /either embedded or etcd/],
  'two registries': [
    'registry:\n  embedded: { listen: "a:1" }\n  etcd: { endpoints: ["http://a:1"] }\n',
    'CONFIG_INVALID',
    '4:1',
    /either embedded or etcd/,
  ],
  'a registry misspelt': ['registry:\n  embeded: {}\n', 'CONFIG_UNKNOWN_KEY', '5:3', /"embeded"/],
  'an etcd without a scheme': [
    'registry:\n  etcd:\n    endpoints: [etcd:2379]\n',
    'CONFIG_INVALID',
    '6:17',
    /^registry\.etcd\.endpoints\.0: use http/,
  ],
  'a client certificate without its key': [
    'registry:\n  etcd: { endpoints: ["https://a:1"], ca: a, cert: b }\n',
    'CONFIG_INVALID',
    '5:3',
    /both cert and key/,
  ],
  'a client certificate without an authority to check etcd by': [
    'registry:\n  etcd: { endpoints: ["https://a:1"], cert: b, key: c }\n',
    'CONFIG_INVALID',
    '5:3',
    /need a ca/,
  ],
  'a user name without a password': [
    'registry:\n  etcd: { endpoints: ["http://a:1"], username: u }\n',
    'CONFIG_INVALID',
    '5:3',
    /both username and passwordFile/,
  ],
  'a service without a namespace': [
    'services:\n  - name: cart\n',
    'CONFIG_INVALID',
    '5:5',
    /namespace is missing/,
  ],
  'a service there twice': [
    'services:\n  - { name: cart, namespace: shop }\n  - { name: cart, namespace: other }\n  - { name: cart, namespace: shop }\n',
    'CONFIG_INVALID',
    '7:7',
    /cart\.shop is there twice/,
  ],
  'an endpoint there twice': [
    'services:\n  - name: cart\n    namespace: shop\n    endpoints:\n      - { id: a, address: "h:1" }\n      - { id: a, address: "h:2" }\n',
    'CONFIG_INVALID',
    '9:11',
    /^services\.0\.endpoints\.1\.id: a is there twice/,
  ],
  'an endpoint with port 0': [
    'services:\n  - name: cart\n    namespace: shop\n    endpoints:\n      - { id: a, address: "h:0" }\n',
    'CONFIG_INVALID',
    '8:18',
    /port 0 can not be dialed/,
  ],
  'a weight of 0': [
    'services:\n  - name: cart\n    namespace: shop\n    endpoints:\n      - { id: a, address: "h:1", weight: 0 }\n',
    'CONFIG_INVALID',
    '8:34',
    /^services\.0\.endpoints\.0\.weight: Too small/,
  ],
  'a label that is a number': [
    'services:\n  - name: cart\n    namespace: shop\n    endpoints:\n      - { id: a, address: "h:1", labels: { shard: 1 } }\n',
    'CONFIG_INVALID',
    '8:44',
    /labels\.shard: .*expected string/,
  ],
  'a check of nothing': [
    'services:\n  - name: cart\n    namespace: shop\n    check: { interval: 1s }\n',
    'CONFIG_INVALID',
    '7:5',
    /either http or tcp/,
  ],
  'a check that expects a wrong status': [
    'services:\n  - name: cart\n    namespace: shop\n    check: { http: { path: /, expect: [200, 2xx] } }\n',
    'CONFIG_INVALID',
    '7:45',
    /expect\.1: use a status, or a range/,
  ],
  'a duration without a unit': ['drainTimeout: 30\n', 'CONFIG_INVALID', '4:1', /^drainTimeout: /],
  'a duration in days': [
    'timeouts:\n  idle: 1d\n',
    'CONFIG_INVALID',
    '5:3',
    /write 250ms, 5s, 2m or 1h/,
  ],
  'an algorithm nobody knows': [
    'balance:\n  algorithm: magic\n',
    'CONFIG_INVALID',
    '5:3',
    /peak-ewma/,
  ],
  'a level nobody knows': ['log: { level: loud }\n', 'CONFIG_INVALID', '4:8', /"info"/],
  'a number in quotes': [
    'limits: { maxBodyBytes: "1" }\n',
    'CONFIG_INVALID',
    '4:11',
    /expected number/,
  ],
  'YAML that ends early': ['services: [{\n', 'CONFIG_SYNTAX', '5:1', /./],
};

for (const [situation, [text, code, where, what]] of Object.entries(faults)) {
  test(`${situation} is ${code} at line ${where.replace(':', ', column ')}`, (t) => {
    const error = t.throws(() => parse(text), { instanceOf: IsthmusError, message: what });
    t.like(error, { code, where: `/etc/isthmus/gateway.yaml:${where}` } as object);
  });
}

test('a key misspelt is told from the key that was meant', (t) => {
  t.like(
    t.throws(() => parse('registry:\n  embeded: {}\n')),
    { fix: 'Did you mean "embedded"?' },
  );
  t.like(
    t.throws(() => parse('listen:\n  eastwest: "1:1"\n')),
    { fix: 'Did you mean "eastWest"?' },
  );
});

test('a configuration is read from its file', async (t) => {
  const path = join(await tempDir(t), 'gateway.yaml');
  await writeFile(path, head);
  t.like(await loadConfig(path), { cluster: 'dc1', dataDir: join(path, '..', 'data') } as object);
});

test('a configuration that is not there is FILE_UNREADABLE, and the file is named', async (t) => {
  const path = join(await tempDir(t), 'none.yaml');
  t.like(await t.throwsAsync(loadConfig(path), { code: 'FILE_UNREADABLE' }), { where: path });
});
