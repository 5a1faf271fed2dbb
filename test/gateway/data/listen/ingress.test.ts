/** Specifies TLS that ends at an ingress: certificates by server name, HTTP by host and path, and what is refused. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { until } from '../../../support/until.ts';
import { connect, type Gateway, type Origin, startGateway, startOrigin } from '../request/scene.ts';
import type { RunningEdge } from './edge-scene.ts';
import { credentialsOf, type EdgeSceneSpec, quiet, refusals, startEdge } from './edge-scene.ts';
import { pemFolder, TlsClient } from './tls-client.ts';

interface Scene {
  readonly gateway: Gateway;
  readonly edge: RunningEdge;
  readonly client: TlsClient;
  readonly web: Origin;
  readonly api: Origin;
}

/** Two services behind `www.example.com` and a tenant's wildcard, each with a certificate. */
async function scene(
  t: ExecutionContext,
  ingress: EdgeSceneSpec['ingress'] = {},
  hasDefault = false,
): Promise<Scene> {
  const [web, api, folder] = await Promise.all([
    startOrigin(t, 'web'),
    startOrigin(t, 'api'),
    pemFolder(t),
  ]);
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'web.shop', endpoints: [web] },
      { name: 'api.shop', endpoints: [api] },
    ],
  });
  const certificates = [
    folder.issue(['www.example.com', 'web.shop.acme']),
    folder.issue(['*.tenants.example.com']),
  ];
  const edge = await startEdge(t, gateway, {
    ingress: {
      credentials: credentialsOf(certificates, { hasDefault }),
      routes: [
        { host: 'www.example.com', service: 'web.shop' },
        { host: 'www.example.com', path: '/api', service: 'api.shop' },
        { host: 'www.example.com', path: '/gone', service: 'gone.shop' },
        { host: '*.tenants.example.com', service: 'api.shop' },
      ],
      ...ingress,
    },
  });
  const client = new TlsClient(t, folder, edge.addresses['ingress.0'] ?? '');
  return { gateway, edge, client, web, api };
}

for (const [flag, version] of [
  ['--http1.1', 'HTTP/1.1'],
  ['--http2', 'HTTP/2'],
] as const) {
  test(`curl ${flag}: the certificate is that of the name, the service that of host and path`, async (t) => {
    const { client, gateway, web } = await scene(t);
    t.like(await client.curl('www.example.com', flag), { version, status: 200, body: 'web' });
    t.like(await client.curl('www.example.com/api/x?y', flag), { version, body: 'api' });
    t.like(await client.curl('anna.tenants.example.com', flag), { version, body: 'api' });
    t.like(await client.curl('web.shop.acme', flag), { version, body: 'web' });
    t.is(web.requests[0]?.headers.host, `www.example.com:${client.port}`);
    await quiet(gateway);
  });
}

test('a route that leads to a service nobody has is 503 and says so, not that the host is none', async (t) => {
  const { client } = await scene(t);
  const answer = await client.curl('www.example.com/gone/1');
  t.like(answer, { kind: 'answer', status: 503 });
  t.like(JSON.parse(answer.kind === 'answer' ? answer.body : ''), {
    code: 'NO_HEALTHY_ENDPOINT',
    detail: `"www.example.com:${client.port}" leads to gone.shop, and nobody has such a service`,
  });
});

test('a default service gets what fits no route, and HTTP/1.0 without a Host; without one that is 404 and 400', async (t) => {
  const routes = [{ host: 'www.example.com', path: '/web', service: 'web.shop' }];
  const ask = async (client: TlsClient, head: string) => {
    const socket = await client.connect('www.example.com', { ALPNProtocols: ['http/1.1'] });
    socket.write(`${head}\r\n\r\n`);
    return text(socket);
  };
  const modern = 'HTTP/1.1\r\nConnection: close';
  const { client, api, web } = await scene(t, { routes, defaultService: 'api.shop' });
  for (const head of ['GET /x HTTP/1.0', `GET /x ${modern}\r\nHost: www.example.com`]) {
    t.regex(await ask(client, head), /^HTTP\/1\.1 200 .*api$/s);
  }
  t.deepEqual(
    api.requests.map(({ headers }) => headers.host),
    ['api.shop.acme', 'www.example.com'],
  );
  t.regex(await ask(client, `GET /web ${modern}\r\nHost: www.example.com`), /web$/);
  // RFC 9112 section 3.2: HTTP/1.1 has to name one.
  t.regex(await ask(client, `GET /x ${modern}`), /^HTTP\/1\.1 400 /);
  t.regex(await ask(client, `GET /x ${modern}\r\nHost: other.example.com`), /^HTTP\/1\.1 421 /);
  t.is(web.requests.length, 1);
  const without = await scene(t, { routes });
  t.regex(await ask(without.client, 'GET /x HTTP/1.0'), /^HTTP\/1\.1 400 /);
  const named = `GET /x ${modern}\r\nHost: www.example.com`;
  t.regex(await ask(without.client, named), /^HTTP\/1\.1 404 /);
});

test('security: a client that speaks TLS 1.2 can not renegotiate', async (t) => {
  const { client, gateway } = await scene(t);
  const socket = await client.connect('www.example.com', { maxVersion: 'TLSv1.2' });
  const refusal = await new Promise<Error | null>((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({}, resolve);
  });
  t.regex(String(refusal), /no renegotiation/i);
  await quiet(gateway);
});

for (const [suite, isServed] of [
  ['ECDHE-ECDSA-AES128-GCM-SHA256', true],
  ['ECDHE-ECDSA-CHACHA20-POLY1305', true],
  ['ECDHE-ECDSA-AES128-SHA', false],
  ['ECDHE-ECDSA-AES256-SHA384', false],
  ['ECDHE-ECDSA-AES128-CCM', false],
  ['ECDHE-ARIA128-GCM-SHA256', false],
] as const) {
  test(`security: TLS 1.2 with ${suite} is ${isServed ? '' : 'not '}spoken`, async (t) => {
    const { client } = await scene(t);
    const speaking = client.connect('www.example.com', { maxVersion: 'TLSv1.2', ciphers: suite });
    if (isServed) t.is((await speaking).getCipher().name, suite);
    else t.regex(String(await t.throwsAsync(speaking)), /handshake failure/i);
  });
}

test('a server name with a dot at its end is that of the same host', async (t) => {
  const { client } = await scene(t);
  const socket = await client.connect('www.example.com.', { checkServerIdentity: () => undefined });
  t.regex(String(socket.getPeerCertificate().subjectaltname), /DNS:www\.example\.com/);
});

test('a ClientHello that is malformed is answered with an alert, and what is no TLS with nothing', async (t) => {
  const { client } = await scene(t);
  t.deepEqual(
    [...(await client.raw(Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0])))],
    [21, 3, 3, 0, 2, 2, 50],
  );
  t.is((await client.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).length, 0);
});

test('a service is told that its client spoke TLS, and nothing that the client says of itself', async (t) => {
  const { client, web } = await scene(t);
  await client.curl(
    'www.example.com',
    ...['-H', 'X-Forwarded-Proto: http', '-H', 'X-Forwarded-Client-Cert: Subject="CN=root"'],
    ...['-H', 'X-Isthmus-Service: api.shop'],
  );
  const headers = (web.requests[0] as IncomingMessage).headers;
  t.is(headers['x-forwarded-proto'], 'https');
  t.is(headers['x-forwarded-host'], `www.example.com:${client.port}`);
  t.regex(headers.forwarded ?? '', /^for=127\.0\.0\.1;host="www\.example\.com:\d+";proto=https$/);
  t.is(headers['x-forwarded-client-cert'], undefined);
  t.is(headers['x-isthmus-service'], undefined);
});

test('a service in another cluster is reached, by the host the client asked for', async (t) => {
  const origin = await startOrigin(t, 'far');
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'web.shop', endpoints: [origin] }],
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'web.shop', elsewhere: { dc2: 1 } }],
  });
  connect(near, far);
  await until('the link', () => near.links.state(far.cluster).state === 'up');
  const folder = await pemFolder(t);
  const edge = await startEdge(t, near, {
    ingress: {
      credentials: credentialsOf([folder.issue(['www.example.com'])]),
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
    },
  });
  const client = new TlsClient(t, folder, edge.addresses['ingress.0'] ?? '');
  t.like(await client.curl('www.example.com'), { status: 200, body: 'far' });
  t.is(origin.requests[0]?.headers.host, `www.example.com:${client.port}`);
  t.is(origin.requests[0]?.headers['x-forwarded-proto'], 'https');
  await quiet(near);
  await quiet(far);
});

test('a name that nobody goes by is refused before any handshake, with unrecognized_name', async (t) => {
  const { client, gateway } = await scene(t);
  const result = await client.curl('other.example.com');
  t.like(result, { kind: 'failed', code: 35 });
  t.regex(result.kind === 'failed' ? result.said : '', /unrecognized name/);
  await refusals(gateway, 'SERVER_NAME_UNKNOWN', 1);
});

test('without a default, a client that names no server is refused', async (t) => {
  const { client, gateway } = await scene(t);
  const socket = client.open('');
  const [error] = await once(socket, 'error');
  t.regex(String(error), /unrecognized name/);
  await refusals(gateway, 'SERVER_NAME_UNKNOWN', 1);
});

test('with a default, a client that names no server, or an unknown one, gets that certificate', async (t) => {
  const { client } = await scene(t, {}, true);
  for (const servername of ['', 'other.example.com']) {
    const socket = await client.connect(servername, { checkServerIdentity: () => undefined });
    t.is(socket.getPeerCertificate().subject.CN, 'www.example.com');
    socket.destroy();
  }
});

test('a client that ends its side of TLS after its request still gets its answer', async (t) => {
  const { client, web } = await scene(t);
  web.server.removeAllListeners('request').on('request', (_, response: ServerResponse) => {
    setTimeout(() => response.end('late but here'), 1_500);
  });
  const socket = await client.connect('www.example.com');
  socket.end('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
  t.regex(await text(socket), /^HTTP\/1\.1 200 [\s\S]*late but here$/);
});

test('a request for a host that the certificate is not for is misdirected, even a service there is', async (t) => {
  const { client, gateway, api } = await scene(t);
  for (const [i, host] of [
    'api.shop.acme',
    'anna.tenants.example.com',
    'nobody.example',
  ].entries()) {
    for (const flag of ['--http1.1', '--http2']) {
      const answer = await client.curl('www.example.com', flag, '-H', `Host: ${host}`);
      t.like(answer, { kind: 'answer', status: 421 });
      t.regex(answer.kind === 'answer' ? answer.body : '', /"code":"HOST_MISDIRECTED"/);
    }
    await refusals(gateway, 'HOST_MISDIRECTED', 2 * (i + 1));
  }
  t.is(api.requests.length, 0);
  await quiet(gateway);
});

test('the body of a refused request does not hold the connection up', async (t) => {
  const { client } = await scene(t);
  for (const [flag, octets] of [
    ['--http1.1', 1_000_000],
    ['--http2', 50_000],
  ] as const) {
    const refused = ['-H', 'Host: nobody.example', '--data-binary', `@${await file(t, octets)}`];
    t.like(await client.curl('www.example.com', flag, ...refused), { status: 421 });
  }
});

async function file(t: ExecutionContext, octets: number): Promise<string> {
  return (await pemFolder(t)).put('body', 'x'.repeat(octets));
}

test('security: a path route is not left by dots, however they are written', async (t) => {
  const routes = [{ host: 'www.example.com', path: '/far', service: 'api.shop' }];
  const { client, api } = await scene(t, { routes });
  for (const flag of ['--http1.1', '--http2']) {
    for (const path of [
      '/far/..%2fsecret',
      '/far/x/..%2F..%2Fsecret',
      '/far/.%2E%2fsecret',
      '/far/..;/secret',
      '/far/..%5csecret',
    ]) {
      const answer = await client.curl(`www.example.com${path}`, flag);
      t.like(answer, { kind: 'answer', status: 400 }, path);
      t.regex(answer.kind === 'answer' ? answer.body : '', /"code":"PATH_AMBIGUOUS"/);
    }
    for (const path of ['/far/../secret', '/far/%2e%2E/secret', '/far/..']) {
      t.like(await client.curl(`www.example.com${path}`, flag), { status: 404 }, path);
    }
    t.is(api.requests.length, 0);
    for (const path of ['/near/../far/x?y=/..', '/f%61r/./x?y=/..']) {
      t.like(await client.curl(`www.example.com${path}`, flag), { body: 'api' }, path);
      t.is(api.requests.pop()?.url, '/far/x?y=/..');
    }
  }
});

test('a host that has a certificate and leads nowhere is 404', async (t) => {
  const { client } = await scene(t, { routes: [] });
  t.like(await client.curl('www.example.com'), { status: 404 });
  t.like(await client.curl('web.shop.acme'), { status: 200, body: 'web' });
});

test('services do not go by their own names where that is turned off', async (t) => {
  const { client } = await scene(t, { serviceNames: false });
  t.like(await client.curl('web.shop.acme'), { status: 404 });
});

test('CONNECT is not offered', async (t) => {
  const { client } = await scene(t);
  const socket = await client.connect('www.example.com');
  socket.write('CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n');
  const [answer] = await once(socket, 'data');
  t.regex(String(answer), /^HTTP\/1\.1 400 /);
});

test('HTTP/2 only: a client that does not offer it is refused', async (t) => {
  const { client, gateway } = await scene(t, { protocols: ['h2'] });
  t.like(await client.curl('www.example.com', '--http2'), { version: 'HTTP/2', status: 200 });
  t.like(await client.curl('www.example.com', '--http1.1'), { kind: 'failed' });
  const socket = client.open('www.example.com');
  socket.on('error', () => undefined);
  await once(socket, 'close');
  await refusals(gateway, 'TLS_HANDSHAKE_FAILED', 2);
});

test('HTTP/1.1 only: nobody gets HTTP/2, not even by its preface', async (t) => {
  const { client } = await scene(t, { protocols: ['http/1.1'] });
  t.like(await client.curl('www.example.com', '--http2'), { version: 'HTTP/1.1', status: 200 });
  const socket = await client.connect('www.example.com');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  const [answer] = await once(socket, 'data');
  t.regex(String(answer), /^HTTP\/1\.1 505 /);
});

test('TLS 1.1 is not spoken; 1.2 is, unless the ingress wants more', async (t) => {
  const { client } = await scene(t);
  t.like(await client.curl('www.example.com', '--tls-max', '1.2'), { status: 200 });
  const strict = await scene(t, { minVersion: 'TLSv1.3' });
  t.like(await strict.client.curl('www.example.com', '--tls-max', '1.2'), { kind: 'failed' });
  t.like(await strict.client.curl('www.example.com'), { status: 200 });
  await refusals(strict.gateway, 'TLS_HANDSHAKE_FAILED', 1);
});

test('no session is resumed', async (t) => {
  const { client } = await scene(t);
  const first = await client.connect('www.example.com', { maxVersion: 'TLSv1.2' });
  const session = first.getSession();
  const second = await client.connect('www.example.com', { maxVersion: 'TLSv1.2', session });
  t.false(second.isSessionReused());
});

test('a certificate is replaced: new connections get the new one, those there are go on', async (t) => {
  const { client, edge, gateway } = await scene(t);
  const ask = 'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n';
  const before = await client.connect('www.example.com');
  before.write(ask);
  await once(before, 'data');
  const next = client.folder.issue(['www.example.com', 'new.example.com']);
  const other = client.folder.issue(['*.tenants.example.com']);
  edge.updateCredentials([credentialsOf([next, other])]);
  const after = await client.connect('www.example.com');
  t.is(after.getPeerX509Certificate()?.fingerprint256, next.certificate.fingerprint256);
  t.not(before.getPeerX509Certificate()?.fingerprint256, next.certificate.fingerprint256);
  before.write(ask);
  const [answer] = await once(before, 'data');
  t.regex(String(answer), /^HTTP\/1\.1 200 /);
  // Its names come and go with it.
  t.like(await client.curl('new.example.com'), { status: 404 });
  t.like(await client.curl('web.shop.acme'), { kind: 'failed', code: 35 });
  before.destroy();
  after.destroy();
  await quiet(gateway);
});

test('draining: a request under way is answered, and the listener is gone', async (t) => {
  const { client, edge, web } = await scene(t);
  web.server.removeAllListeners('request');
  const asked = once(web.server, 'request');
  const answer = client.curl('www.example.com', '--http2');
  const [, response] = await asked;
  const idle = await client.connect('www.example.com');
  const drained = edge.drain(10_000);
  await once(idle, 'close');
  t.like(await client.curl('www.example.com'), { kind: 'failed', code: 7 });
  response.end('late');
  t.like(await answer, { status: 200, body: 'late' });
  await drained;
});
