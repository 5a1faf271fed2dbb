import test from 'ava';
import { Ledger } from '../../../gateway/proxy/ledger.ts';
import { Recorder } from '../../../gateway/proxy/record.ts';
import { Counters, WorkerCounters } from '../../../gateway/workers/counters.ts';
import { Gauges, gaugeCount } from '../../../gateway/workers/gauges.ts';
import { cart, web } from '../records.ts';

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

test('what workers count is read as one, without a message for each', (t) => {
  const [one, two] = [worker(), worker()];
  const counters = new Counters();
  counters.add(one.seen);
  counters.add(two.seen);
  one.recorder.served(cart, 'dc1', 'zone', 200, 3);
  one.recorder.served(cart, 'dc1', 'zone', 503, 30_000);
  two.recorder.served(cart, 'dc1', 'zone', 204, 4);
  two.recorder.served(cart, 'dc2', 'cluster', 200, 40);
  two.recorder.refused(undefined, 'OVERLOADED');
  one.recorder.retried(web, 'unsent');
  one.recorder.inFlight++;
  two.recorder.inFlight += 2;
  const { inFlight, served, refused, retried } = counters.snapshot();
  t.is(inFlight, 3);
  t.deepEqual(served, [
    {
      service: cart,
      cluster: 'dc1',
      tier: 'zone',
      requests: 3,
      byStatusClass: [0, 0, 2, 0, 0, 1],
      latencySumMs: 30_007,
      latencyBuckets: [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    },
    {
      service: cart,
      cluster: 'dc2',
      tier: 'cluster',
      requests: 1,
      byStatusClass: [0, 0, 1, 0, 0, 0],
      latencySumMs: 40,
      latencyBuckets: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    },
  ]);
  t.deepEqual(refused, [{ service: undefined, code: 'OVERLOADED', requests: 1 }]);
  t.deepEqual(retried, [{ service: web, reason: 'unsent', retries: 1 }]);
});

test('what a worker that ended had counted stays, and what it had in flight does not', (t) => {
  const [first, next] = [worker(), worker()];
  const counters = new Counters();
  counters.add(first.seen);
  first.recorder.served(cart, 'dc1', 'zone', 200, 3);
  first.recorder.inFlight = 7;
  counters.retire(first.seen);
  counters.retire(first.seen);
  t.like(counters.snapshot(), { inFlight: 0, served: [{ requests: 1 }] });
  counters.add(next.seen);
  next.recorder.served(cart, 'dc1', 'zone', 200, 3);
  t.like(counters.snapshot(), { served: [{ requests: 2, latencySumMs: 6 }] });
  next.recorder.served(cart, 'dc1', 'zone', 200, 3);
  t.like(counters.snapshot(), { served: [{ requests: 3 }] }, 'reading changes nothing');
});

test('more series than a slab holds get another one', (t) => {
  const { recorder, seen } = worker();
  const counters = new Counters();
  counters.add(seen);
  for (let i = 0; i < 1_000; i++) {
    recorder.served(`s${i}.shop` as typeof cart, 'dc1', 'zone', 200, i);
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
