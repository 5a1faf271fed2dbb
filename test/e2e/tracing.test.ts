/** Specifies tracing and access logs of real gateways: spans at a collector, exemplars in the metrics, lines on standard output. */
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { adminRequest } from '../support/admin-request.ts';
import { federate, standalone } from '../support/federation.ts';
import { type CollectedSpan, startCollector } from '../support/otlp-collector.ts';
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
  const echo = await startEcho(t);
  const { dc1, dc2 } = await federate(t, {
    dc1: { instances: 0, config: { tracing, log } },
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
