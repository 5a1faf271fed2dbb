/** Specifies that whatever key of a configuration is wrong, the fault is placed at it: by file, line and column. */
import test from 'ava';
import { stringify } from 'yaml';
import type { IsthmusError } from '../../../../core/errors.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { configKeys, keysIn } from './keys.ts';

const service = 'web.shop';
const pems = { cert: 'one.pem', key: 'one.key' };
const listen = '127.0.0.1:1';
const ports = [{ name: 'admin', port: 9, protocol: 'http2' }];
const check = { interval: '2s', timeout: '1s', rise: 2, fall: 2 };
const grpc = { service: 'shop.Web', host: 'web.example', tls: true };
const http = { path: '/', expect: [200, '300-399'], host: 'web.example', tls: true, version: 2 };
const retry = {
  ...{ maxTries: 4, on: ['5xx'], statuses: [503], backoff: { base: '0s', max: '1s' } },
  ...{ retryAfter: '0s', budget: 'recent', budgetPercent: 20, minPerSecond: 3, minConcurrent: 3 },
  ...{ stay: 'anywhere', nonIdempotent: false },
};
const outlier = {
  consecutive5xx: 5,
  consecutiveGatewayFailure: 3,
  consecutiveLocalOriginFailure: 5,
  splitExternalLocalOriginErrors: false,
  interval: '10s',
  enforcingSuccessRate: 100,
  successRateMinimumHosts: 5,
  successRateRequestVolume: 100,
  successRateStdevFactor: 1900,
  enforcingFailurePercentage: 0,
  failurePercentageThreshold: 85,
  failurePercentageMinimumHosts: 5,
  failurePercentageRequestVolume: 50,
  baseEjection: '5s',
  maxEjection: '60s',
  maxEjectedPercent: 50,
};

/** Every key there is, in one of them. */
const whole = {
  cluster: 'dc1',
  federation: 'acme',
  region: 'eu',
  zone: 'a',
  capacity: 1000,
  network: 'vpc-1',
  gateway: 'gateway-1',
  data: './data',
  standalone: true,
  trustedProxies: ['10.0.0.0/8'],
  trustedFields: 'forwarded',
  workers: 2,
  warmUp: '200ms',
  exposeDecision: true,
  drainTimeout: '30s',
  listen: {
    outbound: '127.0.0.1:2',
    outboundProxyProtocol: true,
    eastWest: '127.0.0.1:3',
    eastWestProxyProtocol: true,
    federation: '127.0.0.1:4',
    admin: '127.0.0.1:5',
  },
  advertise: {
    eastWest: ['gw.example:3', { address: '10.0.0.1:3', scope: 'private' }],
    federation: ['gw.example:4'],
  },
  registry: { embedded: { listen, advertise: 'gw.example:1' } },
  tcp: [{ listen: '127.0.0.1:6', proxyProtocol: true, service: 'raw.shop' }],
  ingress: [
    {
      listen: '127.0.0.1:7',
      proxyProtocol: true,
      certificates: [{ ...pems, hosts: ['www.example'], default: true }],
      http: true,
      http2: true,
      clientCertificates: { ca: 'ca.pem', trustDomains: ['a.example'], required: false },
      minVersion: 'TLSv1.3',
      handshakeTimeout: '10s',
      serviceNames: true,
      routes: [{ host: 'www.example', path: '/api', service }],
      defaultService: service,
      passthrough: [{ host: 'raw.example', service: 'raw.shop' }],
    },
  ],
  services: [
    {
      name: 'web',
      namespace: 'shop',
      exported: true,
      protocol: 'http',
      check: { http, ...check },
      ports,
      tls: {
        ...{
          caCertificates: '/ca.pem',
          hostname: 'web.internal',
          subjectAltNames: ['web.internal'],
        },
        clientCertificate: { certFile: '/one.pem', keyFile: '/one.key' },
      },
      endpoints: [
        {
          ...{ id: 'one', address: '10.0.0.1:80', zone: 'a', weight: 1, labels: { team: 'core' } },
          ports,
          check: { tcp: true },
        },
        { id: 'two', address: '10.0.0.2:80', check: { grpc } },
      ],
      balance: { hash: { cookie: 'user' }, affinity: { header: { name: 'x-session' } } },
      timeouts: { request: '5s' },
    },
    {
      name: 'cart',
      namespace: 'shop',
      balance: { hash: { query: 'user' }, affinity: { source: true } },
    },
  ],
  admin: {
    tls: { ...pems, clientCa: 'ca.pem' },
    auth: {
      tokens: [{ name: 'ci', role: 'viewer', tokenFile: 'ci.token' }],
      oidc: {
        issuer: 'https://id.example',
        audience: 'isthmus',
        roleClaim: 'roles',
        jwksUri: 'https://id.example/keys',
        mapping: { sre: 'admin' },
      },
      clientCertificates: [
        { subject: 'CN=alice', role: 'admin' },
        { spiffe: 'spiffe://dc1.acme/ops', role: 'admin' },
      ],
    },
    clusters: { dc2: 'viewer' },
    requestsPerSecond: 500,
  },
  ca: { certificate: 'corp.crt', key: 'corp.key', passwordFile: 'corp.password' },
  audit: {
    ...{ maxBytes: 67_108_864, maxAgeDays: 90 },
    webhook: { url: 'https://siem.example/audit', tokenFile: 'siem.token', ca: 'ca.pem' },
    syslog: { address: 'logs.example:6514', transport: 'tls', ca: 'ca.pem', facility: 13 },
  },
  history: { maxBytes: 33_554_432, maxAgeDays: 30 },
  quotas: { endpoints: 250_000, services: 50_000, records: 300_000, maxBytes: 268_435_456 },
  sampling: { perMinute: 20 },
  verify: { every: '1m' },
  trust: {
    bundleEndpoint: { listen: '127.0.0.1:8', profile: 'https_web', ...pems, refreshHint: '5m' },
    foreign: [
      { trustDomain: 'a.example', url: 'https://a.example', profile: 'https_web', ca: 'ca.pem' },
      {
        ...{ trustDomain: 'b.example', url: 'https://b.example', profile: 'https_spiffe' },
        ...{ endpointSpiffeId: 'spiffe://b.example/server', bundle: 'b.json' },
      },
    ],
  },
  metrics: { principalsPerService: 64 },
  balance: {
    overprovisioningFactor: 1.4,
    panicThreshold: 50,
    algorithm: 'maglev',
    hash: { header: 'x-user' },
    leastRequest: { activeRequestBias: 1 },
    ringHash: { minimumRingSize: 1024, maximumRingSize: 131_072 },
    maglev: { tableSize: 65_537 },
    slowStart: { window: '30s', aggression: 1, minWeightPercent: 10 },
    affinity: { cookie: { name: 'stay', ttl: '0s', path: '/' }, failover: true },
    order: 'cost',
    clusterOrder: ['dc2'],
    costs: [{ from: 'dc1', to: 'dc2', perGb: 0.02 }],
    clusterWeights: [{ cluster: 'dc2', weight: 3 }],
    failover: 'only-when-none-healthy',
    zones: 'residual',
    failback: { hold: '2s', ramp: '10s' },
    outlier,
    retry,
    hedge: { delay: '50ms', maxTries: 2 },
    breakers: { maxConnections: 1, maxPending: 1, maxRequests: 1, maxRetries: 1 },
  },
  timeouts: {
    ...{ request: '30s', connect: '1s', continue: '1s', rest: '4s', perTry: '0s', idle: '5m' },
    deadlineHeader: 'x-timeout-ms',
  },
  limits: {
    maxBodyBytes: 0,
    maxHeadBytes: 16_384,
    maxResponseHeadBytes: 65_536,
    maxResponseFields: 256,
    head: '10s',
    body: '30s',
    keepAlive: '75s',
    cancelHalfClosed: false,
    encodedSlashes: 'refuse',
    maxConnections: 50_000,
  },
  overload: { lag: '100ms', heap: 95 },
  log: { level: 'info', access: 0.5 },
  tracing: { endpoint: 'http://collector:4318', ratio: 0.01, headers: { 'x-key': 'k' } },
};
const overEtcd = {
  ...{ cluster: 'dc1', federation: 'acme', region: 'eu' },
  registry: {
    etcd: {
      ...{ endpoints: ['https://etcd:2379'], ca: 'ca.pem', ...pems, serverName: 'etcd' },
      ...{ username: 'dc1', passwordFile: 'password', compactAfter: '1h', found: true },
    },
  },
};

const overHost = {
  ...{ cluster: 'dc1', federation: 'acme', region: 'eu' },
  registry: { host: { cluster: 'dc2', endpoints: ['gw.dc2.example:1'] } },
};

const file = '/etc/isthmus/gateway.yaml';

test('every key of a configuration is tried here', (t) => {
  const tried = new Set(
    [whole, overEtcd, overHost].flatMap((one) => [...keysIn(one)].map(({ key }) => key)),
  );
  t.deepEqual(
    configKeys().filter((key) => !tried.has(key)),
    [],
  );
  for (const one of [whole, overEtcd, overHost])
    t.notThrows(() => parseConfig(stringify(one), file));
});

/**
 * What is said wrongly when one key at a time is changed: the fault is to have that code, and to be placed where the text is that
 * `change` returns, if it changes anything.
 */
function misplaced(
  change: (holder: Record<string, unknown>, name: string) => string | undefined,
  code: string,
): string[] {
  const faults: string[] = [];
  for (const original of [whole, overEtcd, overHost]) {
    const count = [...keysIn(original)].length;
    for (let i = 0; i < count; i++) {
      const config = structuredClone(original);
      const { key, holder, name } = [...keysIn(config)][i] ?? { key: '', holder: {}, name: '' };
      const changed = change(holder, name);
      if (changed === undefined) continue;
      const text = stringify(config);
      const said = faultOf(text);
      const [, line, column] = /:(\d+):(\d+)$/.exec(said.where ?? '') ?? [];
      const there = text.split('\n')[Number(line) - 1]?.slice(Number(column) - 1) ?? '';
      if (said.code === code && there.startsWith(changed)) continue;
      faults.push(`${key}: ${said.code} at ${JSON.stringify(there)}: ${said.message}`);
    }
  }
  return faults;
}

function faultOf(text: string): Pick<IsthmusError, 'code' | 'where' | 'message'> {
  try {
    parseConfig(text, file);
  } catch (thrown) {
    return thrown as IsthmusError;
  }
  return { code: 'INTERNAL', where: undefined, message: 'it was taken' };
}

test('a value of a wrong type is placed at its key', (t) => {
  const setWrong = (holder: Record<string, unknown>, name: string) => {
    holder[name] = Array.isArray(holder[name]) ? 'no list' : [[]];
    return `${name}:`;
  };
  t.deepEqual(misplaced(setWrong, 'CONFIG_INVALID'), []);
});

test('a number out of range is placed at its key', (t) => {
  const setLow = (holder: Record<string, unknown>, name: string) => {
    if (typeof holder[name] !== 'number') return undefined;
    holder[name] = -1;
    return `${name}: -1`;
  };
  t.deepEqual(misplaced(setLow, 'CONFIG_INVALID'), []);
});

test('an unknown key is placed at itself', (t) => {
  const addUnknown = (holder: Record<string, unknown>) => {
    holder['unknown'] = true;
    return 'unknown: true';
  };
  t.deepEqual(misplaced(addUnknown, 'CONFIG_UNKNOWN_KEY'), []);
});
