/** Specifies what a gateway tells others that it has counted: the requests of its own clients. */
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { maxServices } from '../../../../federation/drills/records.ts';
import { clientCounts } from '../../../../gateway/control/drills/client-counts.ts';
import { latencyBoundsMs, type RecordSnapshot } from '../../../../gateway/data/observe/series.ts';

const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const orders = parseServiceName('orders.shop');
const nothing: RecordSnapshot = {
  inFlight: 0,
  served: [],
  refused: [],
  refusedConnections: [],
  decided: [],
  named: [],
  shut: [],
  retried: [],
};

function served(requests: number, more: Partial<RecordSnapshot['served'][number]> = {}) {
  return {
    ...({
      service: orders,
      source: undefined,
      cluster: dc1,
      tier: 'zone',
      protocol: 'http',
      requests,
    } as const),
    byStatusClass: [0, 0, requests, 0, 0, 0],
    ...{ latencySumMs: 0, requestBytes: 0, responseBytes: 0, latencyBuckets: [requests, 0] },
    ...more,
  };
}

function counted(snapshot: Partial<RecordSnapshot>) {
  return clientCounts({ ...nothing, ...snapshot }).services;
}

test('requests by who answered, latency of all, failures by 5xx', (t) => {
  const [one] = counted({
    served: [
      served(10),
      served(4, {
        cluster: dc2,
        tier: 'cluster',
        byStatusClass: [0, 0, 1, 0, 1, 2],
        latencyBuckets: [1, 3],
      }),
    ],
  });
  t.deepEqual(one, {
    service: orders,
    requests: 14,
    failed: 2,
    to: { dc1: 10, dc2: 4 },
    latency: [11, 3],
  });
  t.deepEqual(clientCounts(nothing).boundsMs, latencyBoundsMs);
});

test('what other gateways sent on is theirs to tell', (t) => {
  const refused = [
    { service: orders, code: 'NO_HEALTHY_ENDPOINT', source: dc2, requests: 5 },
  ] as const;
  t.deepEqual(counted({ served: [served(10, { source: dc2 })], refused }), []);
});

test('refusals are failures, but for clients who went away; a response that broke is counted once', (t) => {
  const refusal = (code: RecordSnapshot['refused'][number]['code'], requests: number) => ({
    ...{ service: orders, code, source: undefined, requests },
  });
  const [one] = counted({
    served: [served(10)],
    refused: [
      refusal('UPSTREAM_TIMED_OUT', 3),
      refusal('RESPONSE_BROKEN', 2),
      refusal('CLIENT_GONE', 50),
      { ...refusal('ROUTE_NOT_FOUND', 9), service: undefined },
    ],
  });
  t.like(one, { requests: 13, failed: 5 });
});

test('the busiest services, by name', (t) => {
  const many = Array.from({ length: maxServices + 20 }, (_, i) =>
    served(i, { service: parseServiceName(`s${i}.shop`) }),
  );
  const services = counted({ served: many });
  // A drill's own are told whatever others do.
  const quiet = parseServiceName('s0.shop');
  const wanted = clientCounts({ ...nothing, served: many }, new Set([quiet])).services;
  t.true(wanted.some(({ service }) => service === quiet));
  t.is(wanted.length, maxServices);
  t.is(services.length, maxServices);
  t.is(Math.min(...services.map(({ requests }) => requests)), 20);
  t.deepEqual(
    services,
    [...services].sort((a, b) => (a.service < b.service ? -1 : 1)),
  );
});
