/** Specifies what is exposed as metrics, in both formats. */
import { spawnSync } from 'node:child_process';
import test from 'ava';
import { expose } from '../../../../gateway/control/telemetry/exposition.ts';
import { counter, gauge, histogram } from '../../../../gateway/control/telemetry/family.ts';
import { stateMetrics } from '../../../../gateway/control/telemetry/state-metrics.ts';
import { state } from './state.ts';

test('what a gateway exposes is what Prometheus lints without a complaint', async (t) => {
  const { text, contentType } = await expose(stateMetrics(state), undefined);
  t.is(contentType, 'text/plain; version=0.0.4; charset=utf-8');
  const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  t.is(lint.status, 0, lint.stderr + lint.stdout);
  t.is(lint.stderr + lint.stdout, '');
});

test('units are seconds, bytes and ratios', async (t) => {
  const { text } = await expose(stateMetrics(state), undefined);
  for (const line of [
    'isthmus_link_rtt_seconds{destination_cluster="dc2",address="10.0.0.1:7443",connection="0"} 0.0125',
    'isthmus_link_up{destination_cluster="dc2",address="10.0.0.1:7443",connection="1"} 0',
    'isthmus_balancer_load_ratio{service="orders.shop",destination_cluster="dc1",tier="zone"} 0.75',
    'isthmus_registry_staleness_seconds 1.5',
    'isthmus_certificate_expires_in_seconds{kind="leaf",name="spiffe://dc1.acme/gateway/a"} 3600',
    'isthmus_event_loop_lag_seconds{thread="worker-0"} 0.0015',
    'isthmus_build_info{version="1.2.3",node="26.10.0"} 1',
  ]) {
    t.true(text.split('\n').includes(line), line);
  }
  t.notRegex(text, /rtt_seconds\{[^}]*connection="1"/, 'what was never measured has no value');
});

test('a gateway in no federation says nothing of a registry', async (t) => {
  const { text } = await expose(stateMetrics({ ...state, registry: undefined }), undefined);
  t.notRegex(text, /isthmus_registry/);
});

test('a histogram is cumulative, and ends with all there is', async (t) => {
  const labels = { service: 'orders.shop' };
  const family = histogram(
    'isthmus_x_seconds',
    'X.',
    [0.1, 1],
    [{ labels, counts: [2, 3, 1], sum: 7 }],
  );
  const { text } = await expose([family], undefined);
  t.deepEqual(text.trim().split('\n').slice(2), [
    'isthmus_x_seconds_bucket{service="orders.shop",le="0.1"} 2',
    'isthmus_x_seconds_bucket{service="orders.shop",le="1"} 5',
    'isthmus_x_seconds_bucket{service="orders.shop",le="+Inf"} 6',
    'isthmus_x_seconds_sum{service="orders.shop"} 7',
    'isthmus_x_seconds_count{service="orders.shop"} 6',
  ]);
});

test('a scraper that takes OpenMetrics gets it, with exemplars; no other does', async (t) => {
  const exemplar = { labelSet: { trace_id: 'abc' }, value: 0.05, timestamp: 1_700_000_000.5 };
  const families = [
    counter('isthmus_x_total', 'X.', [[{}, 5]]),
    histogram(
      'isthmus_y_seconds',
      'Y.',
      [0.1],
      [{ labels: {}, counts: [1, 0], sum: 0.05, exemplars: [exemplar, undefined] }],
    ),
  ];
  const open = await expose(
    families,
    'application/openmetrics-text;version=1.0.0,text/plain;q=0.5',
  );
  t.is(open.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  t.true(
    open.text.includes('isthmus_y_seconds_bucket{le="0.1"} 1 # {trace_id="abc"} 0.05 1700000000.5'),
  );
  t.true(open.text.includes('# TYPE isthmus_x counter\nisthmus_x_total 5'));
  t.true(open.text.endsWith('# EOF\n'));
  const plain = await expose(families, 'text/plain');
  t.true(plain.text.includes('# TYPE isthmus_x_total counter\nisthmus_x_total 5'));
  t.notRegex(plain.text, /trace_id/);
});

test('what is in a label cannot break the line it is on', async (t) => {
  const { text } = await expose(
    [gauge('isthmus_x', 'X.', [[{ name: 'a"b\\c\nd' }, 1]])],
    undefined,
  );
  t.true(text.includes('isthmus_x{name="a\\"b\\\\c\\nd"} 1'));
});
