/** Specifies the metrics of requests: once where the client asked, once where they were sent on to. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { expose } from '../../../../gateway/control/telemetry/exposition.ts';
import { trafficMetrics } from '../../../../gateway/control/telemetry/traffic-metrics.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { cart } from '../../records.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');

async function exposed(recorder: Recorder): Promise<string> {
  return (await expose(trafficMetrics(recorder.snapshot(), dc1), undefined)).text;
}

test('a request is told by who asked, for what, who answered, and how', async (t) => {
  const recorder = new Recorder();
  const sentOn = recorder.served(cart, undefined, dc2, 'cluster', 'http');
  sentOn.answered(200, 40);
  sentOn.answered(503, 70_000);
  sentOn.requestBytes(10);
  sentOn.responseBytes(1000);
  recorder.served(cart, dc2, dc1, 'zone', 'grpc').answered(200, 4);
  recorder.refused(cart, 'NOT_EXPORTED', dc2);
  recorder.refused(undefined, 'ROUTE_NOT_FOUND');
  recorder.refusedConnection('connection-limit');
  recorder.refusedConnection('broken-streams', dc2);
  recorder.retried(cart, 'unsent');
  const { values, at } = recorder.named({
    ...{ kind: 'named', service: cart, source: dc2, principal: 'dc2.acme/ns/shop/sa/front' },
  });
  values[at + 4] = 3;
  const text = await exposed(recorder);
  const own =
    'service="cart.shop",reporter="source",source_cluster="dc1",destination_cluster="dc2",tier="cluster",protocol="http"';
  const others =
    'service="cart.shop",reporter="destination",source_cluster="dc2",destination_cluster="dc1",tier="zone",protocol="grpc"';
  for (const line of [
    `isthmus_requests_total{${own},code="2xx"} 1`,
    `isthmus_requests_total{${own},code="5xx"} 1`,
    `isthmus_requests_total{${others},code="2xx"} 1`,
    `isthmus_request_duration_seconds_bucket{${own},le="0.025"} 0`,
    `isthmus_request_duration_seconds_bucket{${own},le="0.05"} 1`,
    `isthmus_request_duration_seconds_bucket{${own},le="60"} 1`,
    `isthmus_request_duration_seconds_bucket{${own},le="+Inf"} 2`,
    `isthmus_request_duration_seconds_sum{${own}} 70.04`,
    `isthmus_request_bytes_total{${own}} 10`,
    `isthmus_response_bytes_total{${own}} 1000`,
    'isthmus_requests_refused_total{service="cart.shop",reporter="destination",source_cluster="dc2",code="NOT_EXPORTED"} 1',
    'isthmus_requests_refused_total{service="",reporter="source",source_cluster="dc1",code="ROUTE_NOT_FOUND"} 1',
    'isthmus_connections_refused_total{reporter="source",source_cluster="dc1",reason="connection-limit"} 1',
    'isthmus_connections_refused_total{reporter="destination",source_cluster="dc2",reason="broken-streams"} 1',
    'isthmus_retries_total{service="cart.shop",reason="unsent"} 1',
    'isthmus_requests_by_principal_total{service="cart.shop",reporter="destination",source_cluster="dc2",source_principal="dc2.acme/ns/shop/sa/front",code="4xx"} 3',
  ]) {
    t.true(text.split('\n').includes(line), `${line}\n${text}`);
  }
});

test('Prometheus lints them without a complaint', async (t) => {
  const recorder = new Recorder();
  recorder.served(cart, undefined, dc1, 'zone', 'http').answered(200, 4);
  recorder.refused(cart, 'NOT_EXPORTED', dc2);
  recorder.refusedConnection('ping-flood');
  recorder.retried(cart, 'failed');
  const input = await exposed(recorder);
  const lint = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  t.is(lint.stderr + lint.stdout, '');
});
