/** Specifies tracing and access logs of real gateways: spans at a collector, exemplars in the metrics, lines on standard output. */
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate, standalone } from '../support/federation.ts';
import { type CollectedSpan, startCollector } from '../support/otlp-collector.ts';
import { PemFolder } from '../support/pem-files.ts';
import { proves } from '../support/proves.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A service that answers with the trace context it heard. */
async function startEcho(t: ExecutionContext): Promise<object> {
  const server = createServer((request, response) => {
    const { traceparent, tracestate } = request.headers;
    response.end(JSON.stringify({ traceparent, tracestate }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const endpoints = [{ id: 'echo', address: `127.0.0.1:${port}` }];
  return { services: [{ name: 'orders', namespace: 'shop', endpoints }] };
}

/** Who shows a certificate at dc1's ingress is known by its name at dc2: by rules, and in what is told. */
async function byName(
  t: ExecutionContext,
  folder: PemFolder,
  dc1: Cluster,
  dc2: Cluster,
  spans: readonly CollectedSpan[],
): Promise<void> {
  const front = 'dc1.acme/ns/shop/sa/front';
  const asks = async (name: string, requestId: string) => {
    const { certificate, key } = folder.issue([], { uris: [name] });
    const [host, port] = dc1.gateway.listener('ingress.0').split(':');
    const tls = {
      ca: pemOf(folder.authority.certificate.raw),
      cert: pemOf(certificate.raw),
      key: keyPemOf(key),
      ...{ servername: 'orders.shop.acme', agent: false },
    };
    const headers = { host: 'orders.shop.acme', 'x-request-id': requestId };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host, port, ...tls, headers }, resolve).on('error', reject);
    });
    response.resume();
    return response.statusCode;
  };
  let tries = 0;
  const other = () => asks('spiffe://dc1.acme/ns/shop/sa/other', `other-${tries++}`);
  t.is(await other(), 200, 'not yet');
  await dc2.gateway.api.send('PUT', '/v1/authorizations/shop/front-only', {
    rules: [{ from: [{ source: { principals: [front] } }] }],
  });
  await until('another to be refused', async () => (await other()) === 403);
  t.is(await asks(`spiffe://${front}`, 'by-name'), 200);
  t.is(await asks('spiffe://dc2.acme/ns/shop/sa/front', 'lent'), 403, 'a name of dc2 is not lent');

  for (const { name, gateway } of [dc1, dc2]) {
    const line = await until(`the line of ${name}`, () =>
      gateway.accessLines().find(({ requestId }) => requestId === 'by-name'),
    );
    t.like(line, { source: 'dc1', principal: front, service: 'orders.shop' });
    const span = await until(`the span of ${name}`, () =>
      spans.find(
        ({ traceId, kind, resource }) =>
          traceId === line['traceId'] &&
          kind === 2 &&
          resource['service.instance.id'] === `${name}/gateway-1`,
      ),
    );
    t.is(span.attributes['isthmus.source_principal'], front);
    // dc1 tells one caller apart, which was the other.
    const told = name === 'dc1' ? 'other' : front;
    t.regex(
      await gateway.api.read('/metrics', 'text/plain'),
      new RegExp(
        `isthmus_requests_by_principal_total\\{service="orders\\.shop",[^}]*source_cluster="dc1",source_principal="${told}",code="2xx"\\} 1`,
      ),
    );
  }
}

function summary({ name, kind, resource, attributes }: CollectedSpan) {
  return [name, kind, resource['service.instance.id'], attributes['isthmus.destination_cluster']];
}

test('a request across two clusters is one trace: a span for each hop and try, at a collector', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const key = join(await tempDir(t), 'otlp.token');
  await writeFile(key, 'k\n');
  const headers = { 'x-key': { file: key }, 'x-team': 'edge' };
  const tracing = { endpoint: collector.endpoint, ratio: 1, headers };
  const log = { access: 'all' };
  const metrics = { principalsPerService: 1 };
  const echo = await startEcho(t);
  const folder = new PemFolder(await tempDir(t));
  const ca = await folder.ca();
  const ingress = {
    listen: '127.0.0.1:0',
    certificates: [await folder.make('ingress', 'orders.shop.acme')],
    clientCertificates: { ca },
  };
  const { dc1, dc2 } = await federate(t, {
    dc1: { instances: 0, config: { tracing, log, metrics, ingress: [ingress] } },
    dc2: { instances: 0, config: { tracing, log, ...echo } },
  });
  await until('dc1 to route to dc2', async () => {
    return (await dc1.gateway.request('orders.shop')).status === 200;
  });
  const answer = await dc1.gateway.request('orders.shop', {
    path: '/cart',
    headers: { tracestate: 'lost=without-a-parent', 'x-request-id': 'the-one' },
  });
  const heard = JSON.parse(answer.body) as { traceparent: string; tracestate?: string };
  t.is(heard.tracestate, undefined);
  const [, traceId, spanId, flags] = heard.traceparent.split('-');
  t.is(flags, '01');

  const spans = await until('four spans', () => {
    const found = collector.spans.filter((span) => span.traceId === traceId);
    return found.length === 4 ? found : undefined;
  });
  const chain: CollectedSpan[] = [];
  for (let parentId = ''; chain.length < 4; parentId = chain.at(-1)?.spanId ?? '?') {
    const next = spans.find((span) => span.parentId === parentId);
    if (next === undefined) break;
    chain.push(next);
  }
  t.deepEqual(chain.map(summary), [
    ['GET orders.shop', 2, 'dc1/gateway-1', 'dc2'],
    ['GET orders.shop', 3, 'dc1/gateway-1', 'dc2'],
    ['GET orders.shop', 2, 'dc2/gateway-1', 'dc2'],
    ['GET orders.shop', 3, 'dc2/gateway-1', undefined],
  ]);
  t.is(chain.at(-1)?.spanId, spanId, 'the endpoint is the child of the last try');
  t.like(chain[2]?.attributes, {
    'isthmus.source_cluster': 'dc1',
    'http.response.status_code': 200,
  });
  t.is(collector.headers['x-key'], 'k');

  const { text } = await adminRequest(dc1.gateway, '/metrics', {
    headers: { accept: 'application/openmetrics-text' },
  });
  t.regex(text, /isthmus_request_duration_seconds_bucket\{[^}]*\} \d+ # \{trace_id="[0-9a-f]{32}"/);

  for (const { name, gateway } of [dc1, dc2]) {
    const line = await until(`the line of ${name}`, () =>
      gateway.accessLines().find(({ requestId }) => requestId === 'the-one'),
    );
    t.like(line, {
      node: `${name}/gateway-1`,
      msg: 'request',
      service: 'orders.shop',
      source: 'dc1',
      cluster: 'dc2',
      endpoint: 'echo',
      path: '/cart',
      status: 200,
      traceId,
    });
  }
  proves(t, 'tracing.endpoint', 'tracing.ratio', 'tracing.headers');

  await byName(t, folder, dc1, dc2, collector.spans);
  proves(t, 'metrics.principalsPerService');
});

test('a gateway that traces nothing passes trace context on as it came, and prints nothing', async (t) => {
  const echo = await startEcho(t);
  const dc1 = await standalone(t, 'dc1', { instances: 0, config: echo });
  const headers = { traceparent: '00-anything', tracestate: 'a=b' };
  const answer = await until('the service', async () => {
    const answer = await dc1.gateway.request('orders.shop', { headers });
    return answer.status === 200 ? answer : undefined;
  });
  t.deepEqual(JSON.parse(answer.body), headers);
  t.deepEqual(dc1.gateway.accessLines(), []);
});
