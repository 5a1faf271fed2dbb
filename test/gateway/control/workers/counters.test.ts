/** Specifies what workers count, read as one. */
import test from 'ava';
import { type ClusterName, parseClusterName } from '../../../../core/names.ts';
import { Counters, WorkerCounters } from '../../../../gateway/control/workers/counters.ts';
import type { TierKind } from '../../../../gateway/data/balance/types.ts';
import { Ledger } from '../../../../gateway/data/observe/ledger.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { Gauges, gaugeCount } from '../../../../gateway/data/worker/gauges.ts';
import { cart, web } from '../../records.ts';

/** A worker's recorder, and what the control side sees of it. */
function worker() {
  const seen = new WorkerCounters();
  const ledger = new Ledger((slab, values) => seen.note({ kind: 'slab', slab, values }));
  const slots = ledger.take(gaugeCount);
  seen.note({ kind: 'gauges', ...slots });
  const recorder = new Recorder(
    ledger,
    (labels, place) => seen.note({ kind: 'series', labels, ...place }),
    slots,
  );
  return { recorder, seen, gauges: new Gauges(slots) };
}

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');

/** Counts an answer to a client. */
function answer(
  recorder: Recorder,
  by: ClusterName,
  tier: TierKind,
  status: number,
  ms: number,
): void {
  recorder.served(cart, undefined, by, tier, 'http').answered(status, ms);
}

test('what workers count is read as one, without a message for each', (t) => {
  const [one, two] = [worker(), worker()];
  const counters = new Counters();
  counters.add(one.seen);
  counters.add(two.seen);
  answer(one.recorder, dc1, 'zone', 200, 3);
  answer(one.recorder, dc1, 'zone', 503, 30_000);
  answer(two.recorder, dc1, 'zone', 204, 4);
  answer(two.recorder, dc2, 'cluster', 200, 40);
  two.recorder.refused(undefined, 'OVERLOADED');
  one.recorder.retried(web, 'unsent');
  one.recorder.inFlight++;
  two.recorder.inFlight += 2;
  for (const { recorder } of [one, two]) {
    const counts = recorder.served(cart, undefined, dc2, 'cluster', 'http');
    counts.requestBytes(10);
    counts.responseBytes(100);
  }
  const { inFlight, served, refused, retried } = counters.snapshot();
  t.is(inFlight, 3);
  t.deepEqual(served, [
    {
      service: cart,
      source: undefined,
      cluster: dc1,
      tier: 'zone',
      protocol: 'http',
      requests: 3,
      requestBytes: 0,
      responseBytes: 0,
      byStatusClass: [0, 0, 2, 0, 0, 1],
      latencySumMs: 30_007,
      latencyBuckets: [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    },
    {
      service: cart,
      source: undefined,
      cluster: dc2,
      tier: 'cluster',
      protocol: 'http',
      requests: 1,
      requestBytes: 20,
      responseBytes: 200,
      byStatusClass: [0, 0, 1, 0, 0, 0],
      latencySumMs: 40,
      latencyBuckets: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    },
  ]);
  t.deepEqual(refused, [
    { service: undefined, code: 'OVERLOADED', source: undefined, requests: 1 },
  ]);
  t.deepEqual(retried, [{ service: web, reason: 'unsent', retries: 1 }]);
});

test('what a worker that ended had counted stays, and what it had in flight does not', (t) => {
  const [first, next] = [worker(), worker()];
  const counters = new Counters();
  counters.add(first.seen);
  answer(first.recorder, dc1, 'zone', 200, 3);
  first.recorder.inFlight = 7;
  counters.retire(first.seen);
  counters.retire(first.seen);
  t.like(counters.snapshot(), { inFlight: 0, served: [{ requests: 1 }] });
  counters.add(next.seen);
  answer(next.recorder, dc1, 'zone', 200, 3);
  t.like(counters.snapshot(), { served: [{ requests: 2, latencySumMs: 6 }] });
  answer(next.recorder, dc1, 'zone', 200, 3);
  t.like(counters.snapshot(), { served: [{ requests: 3 }] }, 'reading changes nothing');
});

test('who asked, who answered, by which tier and what is spoken make a series each', (t) => {
  const { recorder } = worker();
  const clients = recorder.served(cart, undefined, dc1, 'zone', 'http');
  clients.answered(200, 60_000);
  clients.answered(200, 60_001);
  recorder.served(cart, dc2, dc1, 'zone', 'http').answered(200, 2.5);
  recorder.served(cart, undefined, dc1, 'region', 'http').answered(200, 0);
  recorder.served(cart, undefined, dc1, 'zone', 'grpc').answered(200, 0);
  t.is(recorder.served(cart, undefined, dc1, 'zone', 'http'), clients, 'it is found again');
  const { served } = recorder.snapshot();
  t.deepEqual(
    served.map(({ source, cluster, tier, protocol, requests }) => [
      ...[source, cluster, tier, protocol, requests],
    ]),
    [
      [undefined, 'dc1', 'zone', 'http', 2],
      ['dc2', 'dc1', 'zone', 'http', 1],
      [undefined, 'dc1', 'region', 'http', 1],
      [undefined, 'dc1', 'zone', 'grpc', 1],
    ],
  );
  t.deepEqual(served[0]?.latencyBuckets.slice(-2), [1, 1]);
  t.is(served[1]?.latencyBuckets[1], 1, 'a bound is in its bucket');
});

test('more series than a slab holds get another one', (t) => {
  const { recorder, seen } = worker();
  const counters = new Counters();
  counters.add(seen);
  for (let i = 0; i < 1_000; i++) {
    const service = `s${i}.shop` as typeof cart;
    recorder.served(service, undefined, dc1, 'zone', 'http').answered(200, i);
  }
  const { served } = counters.snapshot();
  t.is(served.length, 1_000);
  t.true(served.every(({ requests, latencySumMs }, i) => requests === 1 && latencySumMs === i));
  t.deepEqual(recorder.snapshot().served, served, 'the worker sees the same');
});

test('a recorder leaves the other gauges alone', (t) => {
  const { recorder, seen, gauges } = worker();
  gauges.set('lagMs', 12);
  recorder.inFlight++;
  t.is(seen.gauges?.get('inFlight'), 1);
  t.is(seen.gauges?.get('lagMs'), 12);
  t.is(seen.gauges?.get('shedding'), 0);
});
