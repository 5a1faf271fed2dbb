/** Specifies an ingress that asks its clients for certificates. */
import test, { type ExecutionContext } from 'ava';
import { forge } from '../../certs/forge.ts';
import { startGateway, startOrigin } from '../proxy/world.ts';
import { credentialsOf, refusals, startEdge } from './edge-world.ts';
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
