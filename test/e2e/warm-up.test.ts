/** Specifies that a gateway which has warmed up knows of no request but real ones: in metrics, logs, spans, the graph and events. */
import test from 'ava';
import type { WorkerStatus } from '../../gateway/control/workers/status.ts';
import { adminRequest } from '../support/admin-request.ts';
import { standalone } from '../support/federation.ts';
import { startOrigin } from '../support/origin.ts';
import { startCollector } from '../support/otlp-collector.ts';
import { until } from '../support/until.ts';

test('after its start a gateway has counted, logged, traced and drawn the one request that there was', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { address } = await startOrigin(t, (_, response) => response.end('hello'));
  const endpoints = [{ id: 'one', address }];
  const { gateway } = await standalone(t, 'dc1', {
    instances: 0,
    config: {
      workers: 2,
      warmUp: '1s',
      log: { level: 'debug', access: 'all' },
      tracing: { endpoint: collector.endpoint, ratio: 1 },
      services: [{ name: 'orders', namespace: 'shop', endpoints }],
    },
  });
  await until('both workers to be warm', () =>
    ['0', '1'].every((worker) => gateway.logged({ worker, msg: 'warmed up' })),
  );
  t.is((await gateway.request('orders.shop')).status, 200);

  await until('its line and its spans', () => {
    return gateway.accessLines().length > 0 && collector.spans.length > 1;
  });
  t.is(gateway.accessLines().length, 1);
  t.is(new Set(collector.spans.map(({ traceId }) => traceId)).size, 1);
  t.false(gateway.logged({ msg: 'link changed' }));

  const { text: metrics } = await adminRequest(gateway, '/metrics');
  const counted = /^isthmus_(?:requests|refused|connections_refused|retries)\w*_total\{.*$/gm;
  const lines = [...metrics.matchAll(counted)].map(([line]) => line);
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /service="orders\.shop".* 1$/);

  const workers = await gateway.items<WorkerStatus>('/v1/workers');
  const sum = (of: (one: WorkerStatus) => number) => workers.reduce((all, one) => all + of(one), 0);
  t.is(
    sum(({ served }) => served),
    1,
  );
  t.is(
    sum(({ refused, inFlight }) => refused + inFlight),
    0,
  );

  for (const path of ['/metrics', '/v1/graph', '/v1/events', '/v1/services', '/v1/clusters']) {
    const { status, text } = await adminRequest(gateway, path);
    t.is(status, 200, path);
    t.notRegex(text, /made-up|"(?:here|there)"/, path);
  }
  t.is(await gateway.stop(), 0);
});
