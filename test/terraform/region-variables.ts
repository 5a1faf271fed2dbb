/** Owns variables that tests give to the module of a region. */

const cluster = { federation: 'acme', cluster: 'dc1', region: 'eu-west-1' };
const admin = { admin: '0.0.0.0:7001' };

/** A machine that joins by itself, with everything that a boot may do. */
export const machine = {
  ...cluster,
  listeners: admin,
  package: { url: 'https://packages.example.com/isthmus_0.2.0_amd64.deb', sha256: 'a'.repeat(64) },
  zone_command: 'echo eu-west-1a',
  join_token_command: 'cat /run/join-token',
  identity: { load_command: 'cat /run/identity || true', save_command: 'cat >/run/identity' },
  secret_commands: { 'otlp.token': "printf '%s' token", 'www.key': 'cat /run/www.key' },
  extra_files: [{ path: '/etc/motd', content: 'a gateway\n' }],
  extra_commands: ['true'],
};

/** Gateways in pods, with every kind of listener. */
export const pods = {
  ...cluster,
  listeners: admin,
  registry: {
    etcd: { endpoints: ['https://etcd-1:2379'], ca: '/etc/isthmus/secrets/etcd-ca.pem' },
  },
  tcp: [{ listen: '0.0.0.0:5432', service: 'ledger.shop' }],
  ingress: [{ listen: '0.0.0.0:8443', serviceNames: true }],
  kubernetes: {
    image: 'registry.example.com/isthmus:0.2.0',
    advertise_domain: 'dc1.gateways.example.com',
    service_annotations: { 'example.com/scheme': 'internet-facing' },
    admin_tls_secret: 'isthmus-admin',
    secret: 'isthmus-secrets',
    join_token_secret: 'isthmus-join',
    storage_class: 'fast',
    client_namespaces: { 'isthmus-clients': 'yes' },
    admin_namespaces: { 'kubernetes.io/metadata.name': 'monitoring' },
    labels: { team: 'edge' },
  },
};

const check = { interval: '5s', timeout: '2s', rise: 1, fall: 3 };
const http = { path: '/', expect: ['200-299'], host: 'a.example', tls: true, version: 2 };
const balance = {
  overprovisioningFactor: 1.5,
  panicThreshold: 40,
  algorithm: 'ring-hash',
  hash: { header: 'x-user' },
  leastRequest: { activeRequestBias: 0.5 },
  ringHash: { minimumRingSize: 2048, maximumRingSize: 4096 },
  maglev: { tableSize: 251 },
  slowStart: { window: '30s', aggression: 2, minWeightPercent: 5 },
  affinity: { cookie: { name: 'stay', ttl: '1h', path: '/shop' }, failover: false },
  order: 'cost',
  clusterOrder: ['dc2'],
  costs: [{ from: 'dc1', to: 'dc2', perGb: 0.02 }],
  clusterWeights: [{ cluster: 'dc2', weight: 3 }],
  failover: 'only-when-none-healthy',
  zones: 'residual',
  failback: { hold: '1s', ramp: '5s' },
  outlier: {
    consecutive5xx: 4,
    consecutiveGatewayFailure: 2,
    consecutiveLocalOriginFailure: 4,
    splitExternalLocalOriginErrors: true,
    interval: '5s',
    enforcingSuccessRate: 50,
    successRateMinimumHosts: 3,
    successRateRequestVolume: 50,
    successRateStdevFactor: 1500,
    enforcingFailurePercentage: 100,
    failurePercentageThreshold: 70,
    failurePercentageMinimumHosts: 3,
    failurePercentageRequestVolume: 20,
    baseEjection: '4s',
    maxEjection: '40s',
    maxEjectedPercent: 40,
  },
  retry: {
    maxTries: 3,
    on: ['5xx', 'unavailable'],
    statuses: [502, 503],
    backoff: { base: '10ms', max: '100ms' },
    retryAfter: '2s',
    budget: 'active',
    budgetPercent: 10,
    minPerSecond: 2,
    minConcurrent: 5,
    stay: 'datacenter',
    nonIdempotent: true,
  },
  hedge: { delay: '100ms', maxTries: 3 },
  breakers: { maxConnections: 500, maxPending: 50, maxRequests: 1000, maxRetries: 10 },
};
const timeouts = {
  request: '10s',
  connect: '2s',
  continue: '2s',
  rest: '3s',
  perTry: '5s',
  idle: '1m',
  deadlineHeader: 'x-request-timeout-ms',
};

/** Between them they say every key that a configuration may have. */
export const everyKey: readonly object[] = [
  {
    ...cluster,
    zone: 'eu-west-1a',
    capacity: 1000,
    network: 'vpc-1',
    advertise: {
      eastWest: ['lb.example.com:7443'],
      private: { eastWest: [`$\{ISTHMUS_ADVERTISE}:7443`] },
    },
    listeners: { ...admin, outboundProxyProtocol: true },
    registry: { embedded: {} },
    standalone: true,
    trusted_proxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::1'],
    trusted_fields: 'forwarded',
    sampling: { perMinute: 10 },
    verify: { every: '5m' },
    trust: {
      bundleEndpoint: {
        ...{ listen: '0.0.0.0:8443', profile: 'https_web' },
        ...{ cert: 'www.pem', key: 'www.key', refreshHint: '1m' },
      },
      foreign: [
        { trustDomain: 'a.example', url: 'https://a.example', profile: 'https_web', ca: 'a.pem' },
        {
          ...{ trustDomain: 'b.example', url: 'https://b.example', profile: 'https_spiffe' },
          ...{ endpointSpiffeId: 'spiffe://b.example/server', bundle: 'b.json' },
        },
      ],
    },
    metrics: { principalsPerService: 8 },
    ca: { certificate: 'corp.pem', key: 'corp.key', passwordFile: 'corp.password' },
    audit: {
      maxBytes: 1_048_576,
      maxAgeDays: 30,
      webhook: { url: 'https://audit.example.com/in', tokenFile: 'audit.token', ca: 'audit.pem' },
      syslog: { address: 'logs.example.com:6514', transport: 'tls', ca: 'logs.pem', facility: 10 },
    },
    history: { maxBytes: 1_048_576, maxAgeDays: 7 },
    quotas: { endpoints: 1000, services: 100, records: 5000, maxBytes: 1_048_576 },
    admin: {
      tls: { cert: 'admin.pem', key: 'admin.key', clientCa: 'ops.pem' },
      auth: {
        tokens: [{ name: 'prometheus', role: 'viewer', tokenFile: 'prometheus.token' }],
        oidc: {
          issuer: 'https://login.example.com',
          audience: 'isthmus',
          roleClaim: 'groups',
          jwksUri: 'https://login.example.com/keys',
          mapping: { ops: 'operator' },
        },
        clientCertificates: [
          { subject: 'O=Ops, CN=alice', role: 'operator' },
          { spiffe: 'spiffe://acme/alice', role: 'viewer' },
        ],
      },
      clusters: { dc2: 'operator' },
      requestsPerSecond: 100,
    },
    services: [
      {
        name: 'orders',
        namespace: 'shop',
        exported: false,
        protocol: 'http2',
        check: { ...check, http },
        tls: {
          ...{ caCertificates: '/etc/isthmus/ca.pem', hostname: 'orders.internal' },
          subjectAltNames: ['spiffe://shop.internal/orders'],
          clientCertificate: { certFile: '/etc/isthmus/own.pem', keyFile: '/etc/isthmus/own.key' },
        },
        balance: { hash: { cookie: 'user' }, affinity: { header: { name: 'x-session' } } },
        timeouts: { request: '1s' },
        ports: [{ name: 'grpc', port: 9090, protocol: 'http2' }],
        endpoints: [
          {
            id: 'a',
            address: '10.0.0.1:80',
            zone: 'eu-west-1b',
            weight: 2,
            labels: { version: '1' },
            ports: [{ name: 'metrics', port: 9100 }],
            check: { tcp: true },
          },
        ],
      },
      {
        name: 'stock',
        namespace: 'shop',
        check: { grpc: { service: 'stock', host: 'a.example', tls: true } },
        balance: { hash: { query: 'user' }, affinity: { source: true } },
      },
    ],
    tcp: [{ listen: '0.0.0.0:5432', service: 'ledger.shop', proxyProtocol: true }],
    ingress: [
      {
        listen: '0.0.0.0:443',
        proxyProtocol: true,
        certificates: [{ cert: 'www.pem', key: 'www.key', hosts: ['a.example'], default: true }],
        http: true,
        http2: false,
        clientCertificates: { ca: 'clients.pem', trustDomains: ['a.example'], required: false },
        minVersion: 'TLSv1.3',
        handshakeTimeout: '5s',
        serviceNames: false,
        routes: [{ host: 'a.example', path: '/api', service: 'orders.shop' }],
        defaultService: 'orders.shop',
        passthrough: [{ host: 'b.example', service: 'ledger.shop' }],
      },
    ],
    balance,
    timeouts,
    limits: {
      maxBodyBytes: 1_000_000,
      maxHeadBytes: 8192,
      maxResponseHeadBytes: 32_768,
      maxResponseFields: 128,
      head: '5s',
      body: '10s',
      keepAlive: '30s',
      cancelHalfClosed: true,
      encodedSlashes: 'keep',
      maxConnections: 10_000,
    },
    workers: 2,
    warm_up: '100ms',
    overload: { lag: '200ms', heap: 90 },
    expose_decision: false,
    drain_timeout: '1m',
    log: { level: 'warn', access: '0.01' },
    tracing: {
      endpoint: 'https://collector.example.com/v1/traces',
      ratio: 0.1,
      headers: { authorization: { file: 'otlp.token' } },
    },
  },
  {
    ...cluster,
    registry: { host: { cluster: 'dc2', endpoints: ['dc2.example.com:7379'] } },
  },
  {
    ...cluster,
    registry: {
      etcd: {
        endpoints: ['https://etcd-1:2379'],
        ca: 'ca.pem',
        cert: 'dc1.pem',
        key: 'dc1.key',
        serverName: 'etcd',
        username: 'dc1',
        passwordFile: 'password',
        compactAfter: '2h',
        found: true,
      },
    },
  },
];
