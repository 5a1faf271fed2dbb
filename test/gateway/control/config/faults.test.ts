/** Specifies what is wrong with a configuration, and where. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';

const head = 'cluster: dc1\nfederation: acme\nregion: eu\n';
const parse = (more: string) => parseConfig(head + more, '/etc/isthmus/gateway.yaml');

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
  'an address with a user': [
    'listen:\n  outbound: "me@a:1"\n',
    'CONFIG_INVALID',
    '5:3',
    /host:port/,
  ],
  'a trusted proxy by name': [
    'trustedProxies: [lb1]\n',
    'CONFIG_INVALID',
    '4:18',
    /10\.0\.0\.0\/8/,
  ],
  'a TCP port for which no balancer is trusted': [
    'tcp: [{ listen: "127.0.0.1:9", service: orders.shop, proxyProtocol: true }]\n',
    'CONFIG_INVALID',
    '4:54',
    /trustedProxies/,
  ],
  'an east-west listener for which no balancer is trusted': [
    'listen: { eastWestProxyProtocol: true }\n',
    'CONFIG_INVALID',
    '4:11',
    /trustedProxies/,
  ],
  'an outbound listener for which no balancer is trusted': [
    'listen: { outboundProxyProtocol: true }\n',
    'CONFIG_INVALID',
    '4:11',
    /trustedProxies/,
  ],
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
  'a foreign trust domain of this federation': [
    'trust:\n  foreign:\n    - { trustDomain: dc2.acme, url: "https://a.example", profile: https_web }\n',
    'CONFIG_INVALID',
    '6:9',
    /of this federation/,
  ],
  'a foreign trust domain by the name of this federation': [
    'trust:\n  foreign:\n    - { trustDomain: acme, url: "https://a.example", profile: https_web }\n',
    'CONFIG_INVALID',
    '6:9',
    /of this federation/,
  ],
  'a bundle endpoint that is asked without TLS': [
    'trust:\n  foreign:\n    - { trustDomain: a.example, url: "http://a.example", profile: https_web }\n',
    'CONFIG_INVALID',
    '6:33',
    /use https/,
  ],
  'a bundle endpoint that is anybody': [
    'trust:\n  foreign:\n    - { trustDomain: a.example, url: "https://a.example", profile: https_spiffe }\n',
    'CONFIG_INVALID',
    '6:7',
    /https_spiffe needs it/,
  ],
  'a bundle endpoint in a trust domain that nobody knows': [
    'trust:\n  foreign:\n    - { trustDomain: a.example, url: "https://a.example", profile: https_spiffe, endpointSpiffeId: "spiffe://b.example/a" }\n',
    'CONFIG_INVALID',
    '6:82',
    /name b\.example/,
  ],
  'a bundle endpoint with half a certificate': [
    'trust:\n  bundleEndpoint: { listen: "a:1", profile: https_web, cert: a.pem }\n',
    'CONFIG_INVALID',
    '5:3',
    /key: https_web needs it/,
  ],
  'an ingress for workloads that nobody knows': [
    'ingress:\n  - { listen: "a:1", clientCertificates: { trustDomains: [a.example] } }\n',
    'CONFIG_INVALID',
    '5:59',
    /not under trust\.foreign/,
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
  'a wildcard advertised': [
    'advertise:\n  eastWest: ["0.0.0.0:7443"]\n',
    'CONFIG_INVALID',
    '5:14',
    /nobody can dial a wildcard/,
  ],
  'a port 0 advertised to some': [
    'advertise:\n  eastWest: ["gw:1", { address: "gw:0", scope: private }]\n',
    'CONFIG_INVALID',
    '5:24',
    /port 0 can not be dialed/,
  ],
  'an address advertised to those of the same network, and none for the others': [
    'advertise:\n  eastWest: [{ address: "10.0.0.1:7443", scope: private }]\n',
    'CONFIG_INVALID',
    '5:3',
    /gateways of other networks need one as well/,
  ],
  'an address advertised twice': [
    'advertise:\n  eastWest: ["gw:1", { address: "gw:1", scope: private }]\n',
    'CONFIG_INVALID',
    '5:22',
    /gw:1 is there twice/,
  ],
  'nothing advertised': [
    'advertise:\n  federation: []\n',
    'CONFIG_INVALID',
    '5:3',
    /^advertise\.federation/,
  ],
  'an empty registry': ['registry: {}\n', 'CONFIG_INVALID', '4:1', /either etcd, or embedded/],
  'two registries': [
    'registry:\n  embedded: { listen: "a:1" }\n  etcd: { endpoints: ["http://a:1"] }\n',
    'CONFIG_INVALID',
    '4:1',
    /either etcd, or embedded/,
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
  'a weight below 0': [
    'services:\n  - name: cart\n    namespace: shop\n    endpoints:\n      - { id: a, address: "h:1", weight: -1 }\n',
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
    /one of http, grpc and tcp/,
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

test('a word misspelt where one of a few is wanted is told from the word that was meant', (t) => {
  t.like(
    t.throws(() => parse('log:\n  level: wran\n')),
    { fix: 'Did you mean "warn"?' },
  );
  t.like(
    t.throws(() => parse('log:\n  access: al\n')),
    { fix: 'Did you mean "all"?' },
  );
  t.like(
    t.throws(() => parse('log:\n  level: everything\n')),
    { fix: 'Correct the value.' },
  );
});
