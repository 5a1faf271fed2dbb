/** Specifies an ingress that asks its clients for certificates. */
import test, { type ExecutionContext } from 'ava';
import { forge } from '../../../certs/forge.ts';
import { until } from '../../../support/until.ts';
import { connect, startGateway, startOrigin } from '../request/scene.ts';
import { credentialsOf, refusals, startEdge } from './edge-scene.ts';
import { pemFolder, TlsClient } from './tls-client.ts';

async function scene(t: ExecutionContext, clientCertificate: 'required' | 'optional') {
  const origin = await startOrigin(t, 'web');
  const folder = await pemFolder(t);
  const clients = await pemFolder(t);
  const services = [{ name: 'web.shop', endpoints: [origin] }];
  const gateway = await startGateway(t, { cluster: 'dc1', services });
  const credentials = credentialsOf([folder.issue(['www.example.com'])], {
    clientCa: clients.authority,
  });
  const edge = await startEdge(t, gateway, {
    ingress: {
      credentials,
      clientCertificate,
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
    },
  });
  const client = new TlsClient(t, folder, edge.addresses['ingress.0'] ?? '');
  return { gateway, client, clients, origin };
}

for (const flag of ['--http1.1', '--http2']) {
  test(`${flag}: a verified certificate is told to the service, in place of what the client says`, async (t) => {
    const { client, clients, origin } = await scene(t, 'required');
    const { cert, key } = await clients.make('anna', 'anna.example');
    const own = ['--cert', cert, '--key', key, '-H', 'X-Forwarded-Client-Cert: Subject="CN=root"'];
    t.like(await client.curl('www.example.com', flag, ...own), { status: 200 });
    t.regex(
      String(origin.requests[0]?.headers['x-forwarded-client-cert']),
      /^Hash=[0-9a-f]{64};Subject="CN=anna\.example";DNS=anna\.example$/,
    );
  });
}

test('security: a service in another cluster is told of the certificate too, and of the gateway that verified it', async (t) => {
  const [origin, folder, clients] = await Promise.all([
    startOrigin(t, 'far'),
    pemFolder(t),
    pemFolder(t),
  ]);
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
  const certificates = [folder.issue(['www.example.com'])];
  const edge = await startEdge(t, near, {
    ingress: {
      credentials: credentialsOf(certificates, { clientCa: clients.authority }),
      routes: [{ host: 'www.example.com', service: 'web.shop' }],
    },
  });
  const client = new TlsClient(t, folder, edge.addresses['ingress.0'] ?? '');
  const { cert, key } = await clients.make('anna', 'anna.example');
  for (const flag of ['--http1.1', '--http2']) {
    const answer = await client.curl('www.example.com', flag, '--cert', cert, '--key', key);
    t.like(answer, { status: 200, body: 'far' });
    const headers = origin.requests.pop()?.headers ?? {};
    t.regex(
      String(headers['x-forwarded-client-cert']),
      /^Hash=[0-9a-f]{64};Subject="CN=anna\.example";DNS=anna\.example,By=spiffe:\/\/dc2\.acme\/gateway\/gw1;URI=spiffe:\/\/dc1\.acme\/gateway\/gw1$/,
    );
    t.is(headers['x-isthmus-source-cluster'], 'dc1');
    t.is(headers['x-isthmus-service'], undefined);
  }
});

test('required: a client without one gets no answer, and is counted', async (t) => {
  const { gateway, client, origin } = await scene(t, 'required');
  t.like(await client.curl('www.example.com'), { kind: 'failed' });
  await refusals(gateway, 'CLIENT_CERT_REFUSED', 1);
  t.is(origin.requests.length, 0);
});

test('optional: a client without one is served, and the service told nothing of one', async (t) => {
  const { client, origin } = await scene(t, 'optional');
  t.like(await client.curl('www.example.com'), { status: 200 });
  t.is(origin.requests[0]?.headers['x-forwarded-client-cert'], undefined);
});

for (const required of ['required', 'optional'] as const) {
  test(`${required}: certificates by another authority, or expired, are refused`, async (t) => {
    const { gateway, client, clients, origin } = await scene(t, required);
    const wrong = [
      forge({ name: 'anna', issuer: forge({ name: 'another', ca: true }) }),
      clients.issue(['anna.example'], { notAfter: Date.now() - 1_000 }),
    ];
    for (const [i, forged] of wrong.entries()) {
      const { cert, key } = await clients.write(`wrong-${i}`, forged);
      const own = ['--cert', cert, '--key', key];
      t.like(await client.curl('www.example.com', ...own), { kind: 'failed' });
      await refusals(gateway, 'CLIENT_CERT_REFUSED', i + 1);
    }
    t.is(origin.requests.length, 0);
  });
}
