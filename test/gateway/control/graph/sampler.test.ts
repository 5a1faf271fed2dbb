/** Specifies sampling: steps of wall time, counters that only grow, ten minutes kept, and what others told. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { clientCounts } from '../../../../gateway/control/drills/client-counts.ts';
import { countsOf, increase } from '../../../../gateway/control/graph/counts.ts';
import { History } from '../../../../gateway/control/graph/history.ts';
import { Sampler } from '../../../../gateway/control/graph/sampler.ts';
import type { RecordSnapshot } from '../../../../gateway/data/observe/series.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const cart = parseServiceName('cart.shop');
const labels = {
  service: 'cart.shop',
  source: 'dc1',
  cluster: 'dc1',
  tier: 'zone',
  protocol: 'http',
} as const;
/** A whole step of wall time. */
const epoch = 1_790_000_000_000;

function counted(requests: number) {
  return new Map([
    ['key', { labels, requests, answered: requests, errors: 0, latency: [requests] }],
  ]);
}

test('what was counted in each five seconds is one step', async (t) => {
  const clock = new ManualClock(epoch + 3_000);
  let requests = 0;
  const sampler = new Sampler({ clock, counts: () => counted(requests), onFailure: t.fail });
  t.teardown(() => sampler.close());
  const step = async (more: number, ms: number) => {
    requests += more;
    const before = sampler.history.through;
    clock.advance(ms);
    await until('the step to be over', () => sampler.history.through > before);
  };
  await step(7, 2_000 + 5_000);
  await step(0, 5_000);
  await step(3, 5_000);
  const [series] = sampler.history.since(0);
  const first = series?.steps[0]?.step ?? 0;
  t.deepEqual(
    series?.steps.map((one) => [one.step - first, one.requests]),
    [
      [0, 7],
      [2, 3],
    ],
  );
});

test('counters that can not be read cost a step, not what was counted', async (t) => {
  const clock = new ManualClock(epoch);
  let broken = true;
  const failures: unknown[] = [];
  const sampler = new Sampler({
    clock,
    counts() {
      if (broken) throw new Error('a worker is being replaced');
      return counted(4);
    },
    onFailure: (thrown) => failures.push(thrown),
  });
  t.teardown(() => sampler.close());
  clock.advance(5_000);
  await until('the failure to be heard', () => failures.length === 1);
  broken = false;
  await until('the next step', () => {
    clock.advance(5_000);
    return sampler.history.since(0)[0]?.steps[0]?.requests === 4;
  });
  t.pass();
});

test('a counter that went back began anew', (t) => {
  const count = (requests: number) => ({
    ...{ labels, requests, answered: requests, errors: 0, latency: [requests] },
  });
  t.like(increase(count(9), count(4)), { requests: 5, latency: [5] });
  t.like(increase(count(3), count(4)), { requests: 3, latency: [3] });
  t.like(increase(count(3), undefined), { requests: 3 });
});

test('ten minutes are kept, and quiet services forgotten', (t) => {
  const history = new History();
  history.add(labels, { step: 100, requests: 1, errors: 0, latency: [1] });
  history.complete(219);
  t.is(history.since(0).length, 1);
  history.complete(220);
  t.deepEqual(history.since(0), []);
});

test('what another gateway tells twice counts once', (t) => {
  const history = new History();
  const told = { ...labels, steps: [{ step: 5, requests: 2, errors: 0, latency: [2] }] };
  history.merge({ through: 5, series: [told] });
  history.merge({ through: 5, series: [told] });
  t.is(history.since(0)[0]?.steps[0]?.requests, 2);
  history.merge({
    through: 6,
    series: [{ ...told, steps: [{ ...told.steps[0], step: 7 }] }],
  } as never);
  t.is(history.since(0)[0]?.steps.length, 1, 'a step that is not over does not count');
});

const counted5xx = (ok: number, failed: number) => [0, 0, ok, 0, 0, failed];
const served = { service: cart, cluster: dc1, tier: 'zone', protocol: 'http' } as const;
const snapshot: RecordSnapshot = {
  inFlight: 0,
  served: [
    {
      ...{ ...served, source: undefined, requests: 9, byStatusClass: counted5xx(8, 1) },
      ...{ requestBytes: 0, responseBytes: 0, latencySumMs: 9, latencyBuckets: [9] },
    },
    {
      ...{ ...served, source: dc2, requests: 5, byStatusClass: counted5xx(3, 2) },
      ...{ requestBytes: 0, responseBytes: 0, latencySumMs: 5, latencyBuckets: [5] },
    },
  ],
  refused: [
    { service: cart, source: undefined, code: 'NO_HEALTHY_ENDPOINT', requests: 2 },
    { service: cart, source: undefined, code: 'RESPONSE_BROKEN', requests: 1 },
    { service: cart, source: undefined, code: 'CLIENT_GONE', requests: 9 },
    { service: cart, source: dc2, code: 'NOT_EXPORTED', requests: 4 },
    { service: undefined, source: undefined, code: 'ROUTE_NOT_FOUND', requests: 9 },
  ],
  refusedConnections: [],
  decided: [],
  named: [],
  shut: [],
  retried: [],
};

test('requests of own clients and of another cluster are told apart; refusals count as failures of the own cluster, but not who gave up, and a break is no second request', (t) => {
  const counts = [...countsOf(snapshot, dc1, () => 'http').values()];
  t.deepEqual(
    counts.map(({ labels: { source, cluster }, requests, answered, errors }) => [
      ...[source, cluster, requests, answered, errors],
    ]),
    [
      ['dc1', 'dc1', 9 + 2, 9, 1 + 3],
      ['dc2', 'dc1', 5 + 4, 5, 2 + 4],
    ],
  );
});

test('drills are told of the requests of own clients: what other gateways sent on, they tell themselves', (t) => {
  const { services } = clientCounts(snapshot);
  t.deepEqual(services, [
    { service: cart, requests: 11, failed: 4, to: { dc1: 9 }, latency: [9] } as never,
  ]);
});
