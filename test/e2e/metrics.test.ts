import test from 'ava';
import { federate } from '../support/federation.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const alert = 'IsthmusClusterUnreachable';

/** The rule waits 15 s. */
const firesWithinMs = 45_000;

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
  t.deepEqual(await prometheus.alerts(), []);

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
