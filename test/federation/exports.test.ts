/** Specifies what a cluster sums up of its services for the others. */
import test from 'ava';
import { serviceName } from '../../core/names.ts';
import { sameSummary, summarize } from '../../federation/exports.ts';
import type { EndpointRecord, Health } from '../../registry/model.ts';

function endpoint(
  zone: string,
  health: Health,
  more: Partial<EndpointRecord> = {},
): EndpointRecord {
  return {
    cluster: 'dc1' as EndpointRecord['cluster'],
    service: serviceName('shop', 'cart'),
    id: 'one',
    address: '10.0.0.1',
    port: 80,
    region: 'eu',
    zone,
    weight: 1,
    labels: {},
    protocol: 'http',
    health,
    exported: true,
    gateway: 'g1',
    ...more,
  };
}

test('an endpoint of weight 0 is told as a place, and counts as no copy: it takes nothing', (t) => {
  const endpoints = [endpoint('a', 'healthy', { weight: 0 }), endpoint('b', 'healthy')];
  const counts = (zone: string, n: number) => ({
    region: 'eu',
    zone,
    total: n,
    healthy: n,
    degraded: 0,
  });
  t.deepEqual(summarize(endpoints, 7)[0]?.localities, [counts('a', 0), counts('b', 1)]);
});

test('a summary counts per locality; unknown and unhealthy endpoints count in the total only', (t) => {
  const endpoints = [
    endpoint('b', 'healthy'),
    endpoint('a', 'healthy'),
    endpoint('a', 'degraded'),
    endpoint('a', 'unhealthy'),
    endpoint('a', 'unknown'),
  ];
  t.deepEqual(summarize(endpoints, 7), [
    {
      cluster: 'dc1' as EndpointRecord['cluster'],
      service: serviceName('shop', 'cart'),
      protocol: 'http',
      localities: [
        { region: 'eu', zone: 'a', total: 4, healthy: 1, degraded: 1 },
        { region: 'eu', zone: 'b', total: 1, healthy: 1, degraded: 0 },
      ],
      updatedAt: 7,
    },
  ]);
});

test('what is not exported stays out', (t) => {
  t.deepEqual(summarize([endpoint('a', 'healthy', { exported: false })], 0), []);
});

test('summaries come in order of service name, whatever the order of endpoints', (t) => {
  const endpoints = [
    endpoint('a', 'healthy', { service: serviceName('shop', 'web') }),
    endpoint('a', 'healthy'),
  ];
  const names = summarize(endpoints, 0).map(({ service }) => service);
  t.deepEqual(
    names,
    summarize(endpoints.toReversed(), 0).map(({ service }) => service),
  );
  t.deepEqual(names, ['cart.shop', 'web.shop'] as typeof names);
});

test('summaries that differ only in time and signature are the same', (t) => {
  const [a] = summarize([endpoint('a', 'healthy')], 1);
  const [b] = summarize([endpoint('a', 'healthy')], 2);
  const [c] = summarize([endpoint('a', 'degraded')], 1);
  if (!a || !b || !c) return t.fail();
  t.true(sameSummary(a, { ...b, signature: { keyId: 'k', value: 'v' } }));
  t.false(sameSummary(a, c));
});

test('a summary says how many endpoints have which named port, and its number where that is the same', (t) => {
  const port = (name: string, number: number) =>
    ({ name, port: number, protocol: 'grpc' }) as const;
  const endpoints = [
    endpoint('a', 'healthy', { ports: [port('grpc', 9090), port('admin', 1)] }),
    endpoint('a', 'unhealthy', { ports: [port('grpc', 9090), port('admin', 2)] }),
    endpoint('b', 'degraded', { ports: [port('grpc', 9090)] }),
    endpoint('b', 'healthy', { weight: 0, ports: [port('idle', 3)] }),
    endpoint('b', 'healthy'),
  ];
  t.deepEqual(summarize(endpoints, 7)[0]?.ports, {
    admin: { protocol: 'grpc', total: 2, healthy: 1, degraded: 0 },
    grpc: { protocol: 'grpc', port: 9090, total: 3, healthy: 1, degraded: 1 },
  });
  t.is(summarize([endpoint('b', 'healthy')], 7)[0]?.ports, undefined);
});
