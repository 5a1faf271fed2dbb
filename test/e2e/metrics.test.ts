/** Specifies that a real Prometheus sees what happens in real clusters. */
import test from 'ava';
import { federate } from '../support/federation.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const alert = 'IsthmusClusterUnreachable';

/** The rule waits 15 s. */
const firesWithinMs = 45_000;

/** What is told of a gateway's links, balancing, registry, trust, threads and build; each holds here. */
const everythingKnown = [
  'isthmus_build_info{cluster="dc1"} == 1',
  'isthmus_ready{cluster="dc2"} == 1',
  'isthmus_clusters{cluster="dc1"} == 2',
  'min by (cluster, destination_cluster) (isthmus_link_up{cluster="dc1",destination_cluster="dc2"}) == 1',
  'isthmus_link_rtt_seconds{cluster="dc2",destination_cluster="dc1"} > 0',
  'rate(isthmus_link_bytes_total{cluster="dc1",direction="received"}[10s]) > 0',
  'rate(isthmus_response_bytes_total{cluster="dc1",service="orders.shop"}[10s]) > 0',
  'isthmus_balancer_load_ratio{cluster="dc1",service="orders.shop",destination_cluster="dc2"} == 1',
  'isthmus_balancer_healthy_endpoints{cluster="dc2",service="orders.shop",tier="zone"} == 1',
  'isthmus_registry_connected{cluster="dc2"} == 1',
  'isthmus_registry_revision{cluster="dc1"} > 0',
  'isthmus_registry_staleness_seconds{cluster="dc1"} == 0',
  'isthmus_certificate_expires_in_seconds{cluster="dc1",kind="leaf",name="spiffe://dc1.acme/gateway/gateway-1"} > 3600',
  'isthmus_certificate_expires_in_seconds{cluster="dc1",kind="bundle",name="dc2"} > 86400',
  'isthmus_bundle_acknowledged{cluster="dc1",bundle="dc1"} == 2',
  'isthmus_event_loop_lag_seconds{cluster="dc1",thread="worker-0"} >= 0',
  'isthmus_event_loop_lag_seconds{cluster="dc1",thread="main"} >= 0',
  'isthmus_shedding{cluster="dc1",thread="worker-0"} == 0',
  'isthmus_drill_effects{cluster="dc1",effect="withhold"} == 0',
];

test('a datacenter is cut: a real Prometheus sees its traffic move, and its alert fires and clears', async (t) => {
  const { dc1, dc2 } = await federate(t, { dc1: { instances: 0 }, dc2: {} });
  const prometheus = await startPrometheus(t, [dc1.gateway, dc2.gateway]);
  const load = new SteadyLoad(dc1);
  await load.servedBy(dc2);

  await until('requests to be counted by where they went', async () => {
    const counted = await prometheus.query(
      'isthmus_requests_total{cluster="dc1",service="orders.shop",reporter="source",source_cluster="dc1",destination_cluster="dc2",tier="cluster",protocol="http",code="2xx"}',
    );
    return counted.some(([, value]) => value > 0);
  });
  await until("dc2 to count the same requests as another cluster's", async () => {
    const counted = await prometheus.query(
      'isthmus_requests_total{cluster="dc2",reporter="destination",source_cluster="dc1",destination_cluster="dc2"}',
    );
    return counted.some(([, value]) => value > 0);
  });
  for (const known of everythingKnown) {
    await until(`${known} to hold`, async () => (await prometheus.query(known)).length > 0);
  }
  await until(
    'the recording rules to have something to record',
    async () => {
      const [ratio] = await prometheus.query(
        'isthmus:spillover_ratio:rate1m{service="orders.shop"}',
      );
      return ratio?.[1] === 1;
    },
    firesWithinMs,
  );
  t.deepEqual(await prometheus.problems(), []);
  // A busy machine may well have the one on overload wait.
  const firing = (await prometheus.alerts()).filter(({ state }) => state === 'firing');
  t.deepEqual(firing, []);

  dc2.hold();
  const fired = await until(
    'the alert to fire',
    async () =>
      (await prometheus.alerts()).find(
        ({ state, labels }) => state === 'firing' && labels['alertname'] === alert,
      ),
    firesWithinMs,
  );
  t.is(fired.labels['destination_cluster'], 'dc2');
  t.is(fired.labels['cluster'], 'dc1');

  dc2.restore();
  await until(
    'the alert to clear',
    async () => (await prometheus.alerts()).every(({ labels }) => labels['alertname'] !== alert),
    firesWithinMs,
  );
  await load.stop();
});
