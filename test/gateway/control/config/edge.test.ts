/** Specifies the configuration for clients from outside: what it takes, its defaults, and where its faults are. */
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';

const head = 'cluster: dc1\nfederation: acme\nregion: eu\n';
const parse = (more: string) => parseConfig(head + more, '/etc/isthmus/gateway.yaml');

test('a TCP listener is an address and a service', (t) => {
  t.deepEqual(parse('tcp:\n  - { listen: "0.0.0.0:5432", service: ledger.shop }\n').tcp as object, [
    { listen: '0.0.0.0:5432', service: 'ledger.shop', proxyProtocol: false },
  ]);
});

test('an ingress needs an address; everything else has its default', (t) => {
  t.deepEqual(parse('ingress:\n  - listen: 0.0.0.0:443\n').ingress as object, [
    {
      listen: '0.0.0.0:443',
      proxyProtocol: false,
      certificates: [],
      http: true,
      http2: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: 10_000,
      serviceNames: true,
      routes: [],
      passthrough: [],
    },
  ]);
});

test('an ingress with everything', (t) => {
  const { ingress } = parse(`
services:
  - { name: web, namespace: shop, protocol: http2 }
  - { name: ledger, namespace: shop, protocol: tls }
ingress:
  - listen: "[::]:443"
    certificates:
      - { cert: www.pem, key: www.key, hosts: [www.example.com, "*.shop.example.com"], default: true }
      - { cert: api.pem, key: api.key }
    http2: false
    clientCertificates: { ca: clients.pem, required: false }
    minVersion: TLSv1.3
    handshakeTimeout: 3s
    serviceNames: false
    routes:
      - { host: www.example.com, service: web.shop }
      - { host: www.example.com, path: /cart, service: cart.shop }
    passthrough:
      - { host: db.example.com, service: ledger.shop }
`);
  t.like(ingress[0], {
    http: true,
    http2: false,
    clientCertificates: { ca: 'clients.pem', required: false },
    minVersion: 'TLSv1.3',
    handshakeTimeout: 3_000,
    serviceNames: false,
  });
  t.deepEqual(ingress[0]?.certificates, [
    {
      cert: 'www.pem',
      key: 'www.key',
      hosts: ['www.example.com', '*.shop.example.com'],
      default: true,
    },
    { cert: 'api.pem', key: 'api.key', default: false },
  ]);
  t.deepEqual(
    ingress[0]?.routes.map(({ path, service }) => [path, `${service}`]),
    [
      ['/', 'web.shop'],
      ['/cart', 'cart.shop'],
    ],
  );
});

const services = `services:
  - { name: web, namespace: shop }
  - { name: ledger, namespace: shop, protocol: tcp }
`;
const item = 'ingress:\n  - listen: 0.0.0.0:443\n';
const certificate = '      - { cert: a.pem, key: a.key, hosts: [a.example] }\n';
const other = '      - { cert: b.pem, key: b.key, hosts: [a.example] }\n';
const certificates = `    certificates:\n${certificate}`;

test('a listener leads to a named port, which has to speak what the listener does', (t) => {
  const ports = '    ports: [{ name: raw, port: 1, protocol: tcp }, { name: web, port: 2 }]\n';
  const service = `services:\n  - name: web\n    namespace: shop\n${ports}`;
  const led = (port: string) =>
    parse(`${service}tcp:\n  - { listen: "0.0.0.0:1", service: ${port}.web.shop }\n`);
  t.is(String(led('raw').tcp[0]?.service), 'raw.web.shop');
  t.throws(() => led('web'), {
    message: /web\.web\.shop speaks http; it would have to be tcp or tls/,
  });
});

const faults: Record<string, readonly [text: string, where: string, what: RegExp]> = {
  'a TCP listener for an HTTP service': [
    `${services}tcp:\n  - { listen: "0.0.0.0:1", service: web.shop }\n`,
    '8:28',
    /web\.shop speaks http; it would have to be tcp or tls/,
  ],
  'a service that is no name of one': [
    'tcp:\n  - { listen: "0.0.0.0:1", service: ledger }\n',
    '5:28',
    /not a valid service name/,
  ],
  'two listeners on one address': [
    'tcp:\n  - { listen: "0.0.0.0:1", service: a.b }\n  - { listen: "0.0.0.0:1", service: c.d }\n',
    '6:7',
    /0\.0\.0\.0:1 is there twice/,
  ],
  'a TCP listener on the address of an ingress': [
    'tcp:\n  - { listen: "0.0.0.0:443", service: a.b }\ningress:\n  - listen: 0.0.0.0:443\n',
    '7:5',
    /0\.0\.0\.0:443 is there twice/,
  ],
  'a route to a TCP service': [
    `${services}${item}${certificates}    routes:\n      - { host: a.example, service: ledger.shop }\n`,
    '12:28',
    /ledger\.shop speaks tcp; it would have to be http, http2 or grpc/,
  ],
  'passing TLS on to an HTTP service': [
    `${services}${item}    passthrough:\n      - { host: a.example, service: web.shop }\n`,
    '10:28',
    /web\.shop speaks http/,
  ],
  'routes without a certificate': [
    `${item}    routes:\n      - { host: a.example, service: a.b }\n`,
    '6:5',
    /routes need certificates/,
  ],
  'a default service without a certificate': [
    `${item}    defaultService: a.b\n`,
    '6:5',
    /needs certificates/,
  ],
  'a default service that does not speak HTTP': [
    `${services}${item}    certificates: [{ cert: a, key: b }]\n    defaultService: ledger.shop\n`,
    '10:5',
    /ledger\.shop speaks tcp/,
  ],
  'neither version of HTTP': [
    `${item}    http: false\n    http2: false\n`,
    '7:5',
    /neither HTTP\/1\.1 nor HTTP\/2/,
  ],
  'an ingress that would serve nobody': [
    `${item}    serviceNames: false\n`,
    '5:5',
    /neither certificates nor passthrough/,
  ],
  'two certificates for one host': [
    `${item}    certificates:\n${certificate}${other}`,
    '8:44',
    /a\.example has another certificate already/,
  ],
  'two default certificates': [
    `${item}    certificates:\n      - { cert: a, key: b, default: true }\n      - { cert: c, key: d, default: true }\n`,
    '8:28',
    /default already/,
  ],
  'a host that is both ended and passed on': [
    `${item}${certificates}    passthrough:\n      - { host: a.example, service: a.b }\n`,
    '9:11',
    /a\.example has a certificate/,
  ],
  'one host and path with two routes': [
    `${item}${certificates}    routes:\n      - { host: a.example, service: a.b }\n      - { host: a.example, service: c.d }\n`,
    '10:11',
    /a\.example\/ is there twice/,
  ],
  'a wildcard for a whole top level': [
    `${item}    passthrough:\n      - { host: "*.example", service: a.b }\n`,
    '7:11',
    /DNS name in lower case/,
  ],
  'a wildcard in the middle': [
    `${item}    passthrough:\n      - { host: "a.*.example.com", service: a.b }\n`,
    '7:11',
    /DNS name in lower case/,
  ],
  'a host in capitals': [
    `${item}    passthrough:\n      - { host: A.example, service: a.b }\n`,
    '7:11',
    /DNS name in lower case/,
  ],
  'a path that no request has': [
    `${item}${certificates}    routes:\n      - { host: a.example, path: /%61/api, service: a.b }\n`,
    '9:28',
    /write it as \/a\/api/,
  ],
  'a path without its slash': [
    `${item}${certificates}    routes:\n      - { host: a.example, path: api, service: a.b }\n`,
    '9:28',
    /path such as \/api/,
  ],
  'a certificate without its key': [
    `${item}    certificates:\n      - { cert: a.pem }\n`,
    '7:9',
    /key is missing/,
  ],
  'a version of TLS nobody should speak': [`${item}    minVersion: TLSv1.1\n`, '6:5', /TLSv1\.2/],
};

for (const [situation, [text, where, what]] of Object.entries(faults)) {
  test(`${situation} is CONFIG_INVALID at line ${where.replace(':', ', column ')}`, (t) => {
    const error = t.throws(() => parse(text), { instanceOf: IsthmusError, message: what });
    t.like(error, {
      code: 'CONFIG_INVALID',
      where: `/etc/isthmus/gateway.yaml:${where}`,
    } as object);
  });
}
