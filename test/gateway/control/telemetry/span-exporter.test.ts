/** Specifies that spans arrive at a collector. */
import test from 'ava';
import { openSpanExporter } from '../../../../gateway/control/telemetry/span-exporter.ts';
import type { SpanRecord } from '../../../../gateway/data/observe/span.ts';
import { startCollector } from '../../../support/otlp-collector.ts';

const server: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: 'b7ad6b7169203330',
  kind: 'server',
  name: 'GET orders.shop',
  startedAt: 1_700_000_000_000.25,
  endedAt: 1_700_000_000_005.5,
  attributes: { 'http.request.method': 'GET', 'http.response.status_code': 503 },
  error: 'NO_HEALTHY_ENDPOINT',
};

test.serial(
  'spans arrive at a collector as they were recorded, each below its parent',
  async (t) => {
    const collector = await startCollector();
    const exporter = await openSpanExporter({
      endpoint: collector.endpoint,
      headers: { 'x-api-key': 'secret' },
      resource: { 'service.name': 'isthmus-gateway', 'isthmus.cluster': 'dc1' },
    });
    const attempt: SpanRecord = {
      ...server,
      spanId: 'aaaaaaaaaaaaaaaa',
      parentId: server.spanId,
      kind: 'client',
      error: undefined,
    };
    const root: SpanRecord = { ...server, traceId: `${'f'.repeat(31)}0`, parentId: undefined };
    exporter.export([server, attempt, root]);
    await exporter.close();
    const resource = { 'service.name': 'isthmus-gateway', 'isthmus.cluster': 'dc1' };
    const common = {
      name: server.name,
      startedAt: server.startedAt,
      endedAt: server.endedAt,
      attributes: server.attributes,
      resource,
    };
    const failed = { status: 2, error: 'NO_HEALTHY_ENDPOINT' };
    t.deepEqual(collector.spans, [
      {
        ...common,
        ...failed,
        kind: 2,
        traceId: server.traceId,
        spanId: server.spanId,
        parentId: 'b7ad6b7169203330',
      },
      {
        ...common,
        status: 0,
        error: '',
        kind: 3,
        traceId: server.traceId,
        spanId: 'aaaaaaaaaaaaaaaa',
        parentId: server.spanId,
      },
      { ...common, ...failed, kind: 2, traceId: root.traceId, spanId: server.spanId, parentId: '' },
    ]);
    t.is(collector.headers['x-api-key'], 'secret');
    await collector.close();
  },
);
