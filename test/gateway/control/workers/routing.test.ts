/** Specifies the routes of a worker, as services are asked for and change. */

import test, { type ExecutionContext } from 'ava';
import type { Shift } from '../../../../gateway/data/balance/steering.ts';
import type { LinkState } from '../../../../gateway/data/balance/types.ts';
import { serviceFacts } from '../../../../gateway/data/worker/facts.ts';
import { Routing } from '../../../../gateway/data/worker/routing.ts';
import {
  type BalancePolicy,
  defaultBalance,
  defaultTimeouts,
  defaultTraffic,
  type TrafficPolicy,
} from '../../../../policy/traffic-policy.ts';
import type { EndpointRecord, ExportRecord } from '../../../../registry/model.ts';
import type { ClusterView } from '../../../../registry/snapshot.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import {
  acme,
  cart,
  clusterRecord,
  dc1,
  dc2,
  dc10,
  endpointRecord,
  exportRecord,
  web,
} from '../../records.ts';

const host = 'cart.shop.acme';

/** The routes of a gateway of dc1, and the source they follow. */
function open(t: ExecutionContext) {
  const own: EndpointRecord[] = [];
  const exports = new Map<typeof dc2, ExportRecord>();
  const clusters = new Map<typeof dc2, ClusterView>([
    [dc2, { cluster: dc2, record: clusterRecord(dc2), gateways: new Map() }],
  ]);
  const links = new Map<string, LinkState>();
  const policy: { current: BalancePolicy } = { current: defaultBalance };
  const ofClients = new Map<typeof dc2, TrafficPolicy>();
  const ofAll = () => ({ balance: policy.current, timeouts: defaultTimeouts });
  const clock = new ManualClock();
  const used: string[] = [];
  const steered: { shifts: readonly Shift[] } = { shifts: [] };
  const routing = new Routing({
    federation: acme,
    caller: { cluster: dc1, region: 'eu', zone: 'a' },
    clock,
    random: () => 0,
    onUsed: (service) => used.push(service),
    source: {
      facts: (service) => (service === cart ? serviceFacts(own, exports) : undefined),
      clusters: () => clusters,
      links: (cluster) => ({ state: links.get(cluster) ?? 'none' }),
      policy: (_service, client = dc1) => ofClients.get(client) ?? ofAll(),
      governing: () => [],
      routes: () => [],
      limit: () => undefined,
      tellsClientsApart: () => ofClients.size > 0,
      secure: () => undefined,
      exportedTo: () => undefined,
      isRenamed: () => false,
      exportedAs: () => undefined,
      ledTo: () => undefined,
      shifts: () => steered.shifts,
    },
  });
  t.teardown(() => routing.close());
  /** What a request for the service is sent to. */
  const picked = () =>
    routing.table
      .find(host)
      ?.balancer.pick({ tried: new Set(), mayLeaveTier: true, localOnly: false })?.key;
  return { routing, own, exports, links, policy, ofClients, clock, used, steered, picked };
}

test('a service nobody asks for has no route, however it changes', (t) => {
  const { routing, own } = open(t);
  own.push(endpointRecord());
  routing.serviceChanged(cart);
  routing.everythingChanged();
  t.deepEqual([...routing.table], []);
});

test('a service has a route once it is asked for, and the same from then on', (t) => {
  const { routing, own, picked } = open(t);
  own.push(endpointRecord());
  const route = routing.table.find(host);
  t.like(route, { service: cart, policy: defaultTraffic, exported: true });
  t.is(routing.table.find(host), route);
  t.is(picked(), 'endpoint/cart-1');
});

test('a service is told of as used when it is first asked for', (t) => {
  const { routing, own, used } = open(t);
  routing.table.find(host);
  t.deepEqual(used, [], 'nobody has it');
  own.push(endpointRecord());
  routing.table.find(host);
  routing.table.find(host);
  t.deepEqual(used, [cart]);
});

test('a service that another worker was asked for has a route, and is told of to nobody', (t) => {
  const { routing, own, used } = open(t);
  routing.follow(cart);
  t.deepEqual([...routing.table], [], 'nobody has it');
  own.push(endpointRecord());
  routing.follow(cart);
  t.deepEqual(
    Array.from(routing.table, ({ service }) => service),
    [cart],
  );
  t.deepEqual(used, []);
});

for (const [situation, summary] of [
  ['that nobody has', undefined],
  ['of which only an empty summary is left', exportRecord(dc2, cart, [])],
] as const) {
  test(`a service ${situation} has no route`, (t) => {
    const { routing, exports } = open(t);
    if (summary) exports.set(dc2, summary);
    t.is(routing.table.find(host), undefined);
    t.deepEqual([...routing.table], []);
  });
}

test('a service that only another cluster has is routed there, and is not exported here', (t) => {
  const { routing, exports, links, picked } = open(t);
  exports.set(dc2, exportRecord(dc2));
  links.set(dc2, 'up');
  t.is(routing.table.find(host)?.exported, false);
  t.is(picked(), 'cluster/dc2');
});

test('a route follows its endpoints', (t) => {
  const { routing, own, picked } = open(t);
  own.push(endpointRecord());
  t.is(picked(), 'endpoint/cart-1');
  own.splice(0, 1, endpointRecord('cart-2'));
  routing.serviceChanged(cart);
  t.is(picked(), 'endpoint/cart-2');
});

test('a route follows the links', (t) => {
  const { routing, exports, links, policy, picked } = open(t);
  policy.current = { ...defaultBalance, panicThreshold: 0 };
  exports.set(dc2, exportRecord(dc2));
  links.set(dc2, 'down');
  t.is(picked(), undefined);
  links.set(dc2, 'up');
  routing.everythingChanged();
  t.is(picked(), 'cluster/dc2');
});

test('a route follows its policy', (t) => {
  const { routing, own, policy, picked } = open(t);
  own.push(endpointRecord('cart-1', { health: 'unhealthy' }));
  t.is(picked(), 'endpoint/cart-1', 'nothing is healthy: panic');
  policy.current = { ...defaultBalance, panicThreshold: 0 };
  routing.serviceChanged(cart);
  t.is(picked(), undefined);
});

test('whether a service is exported follows its endpoints, and the balancer keeps what it learnt', (t) => {
  const { routing, own } = open(t);
  own.push(endpointRecord());
  const route = routing.table.find(host);
  own.splice(0, 1, endpointRecord('cart-1', { exported: false }));
  routing.serviceChanged(cart);
  t.is(routing.table.find(host)?.exported, false);
  t.is(routing.table.find(host)?.balancer, route?.balancer);
  own.push(endpointRecord('cart-2'));
  routing.serviceChanged(cart);
  t.is(routing.table.find(host)?.exported, true, 'one copy that is exported is enough');
});

test('the route of a service that is gone is dropped with its timers, and made again when it is back', (t) => {
  const { routing, own, exports, links, clock } = open(t);
  own.push(endpointRecord('cart-1', { health: 'unhealthy' }));
  exports.set(dc2, exportRecord(dc2));
  links.set(dc2, 'up');
  const before = routing.table.find(host);
  own.splice(0, 1, endpointRecord());
  routing.serviceChanged(cart);
  t.is(clock.pending, 1, 'the load waits to come home');
  own.length = 0;
  exports.set(dc2, exportRecord(dc2, cart, []));
  routing.serviceChanged(cart);
  t.deepEqual([...routing.table], []);
  t.is(clock.pending, 0);
  t.is(routing.table.find(host), undefined);
  own.push(endpointRecord());
  const after = routing.table.find(host);
  t.truthy(after);
  t.not(after?.balancer, before?.balancer);
});

test('load that is moved on purpose moves the routes it is wished of, and touches no other', (t) => {
  const { routing, own, exports, links, steered, picked } = open(t);
  own.push(endpointRecord());
  exports.set(dc2, exportRecord(dc2));
  links.set(dc2, 'up');
  t.is(picked(), 'endpoint/cart-1');
  const steer = (...shifts: readonly Shift[]) => {
    const before = steered.shifts;
    steered.shifts = shifts;
    routing.steeredAnew(before);
  };
  // That a route is as it was shows by what it would be, were it made anew.
  own.length = 0;
  steer({ kind: 'direct', service: web, to: dc2, percent: 100, why: 'another service' });
  t.is(routing.table.find(host)?.exported, true);
  own.push(endpointRecord());
  const drained: Shift = { kind: 'withhold', cluster: dc1, percent: 100, why: 'drained' };
  steer(drained);
  t.is(picked(), 'cluster/dc2');
  own.length = 0;
  steer(drained, { kind: 'withhold', cluster: dc1, percent: 50, why: 'less than that' });
  t.is(routing.table.find(host)?.exported, true, 'the strongest counts');
  steer();
  t.is(routing.table.find(host)?.exported, false);
});

test("requests of another cluster's clients have a route of their own while a policy is for them, and others share one", (t) => {
  const { routing, own, ofClients } = open(t);
  const short: TrafficPolicy = {
    balance: defaultBalance,
    timeouts: { ...defaultTimeouts, requestMs: 5 },
  };
  const ofAll: TrafficPolicy = { balance: defaultBalance, timeouts: defaultTimeouts };
  own.push(endpointRecord());
  const found = (client: typeof dc2) => {
    const route = routing.table.find(host);
    if (!route) throw new Error('it has no route');
    return { route, own: routing.table.forClient(route, client) };
  };
  const before = found(dc2);
  t.is(before.own, before.route);

  ofClients.set(dc1, ofAll).set(dc10, ofAll).set(dc2, short);
  routing.serviceChanged(cart);
  const apart = found(dc2);
  t.is(apart.own.policy, short);
  t.is(apart.route.policy, ofAll);
  t.not(apart.own.balancer, apart.route.balancer);
  t.is(found(dc2).own, apart.own);
  t.is(found(dc10).own, apart.route);

  const pick = () =>
    apart.own.balancer.pick({ tried: new Set(), mayLeaveTier: true, localOnly: false })?.key;
  own.splice(0, 1, endpointRecord('cart-2'));
  routing.serviceChanged(cart);
  t.is(found(dc2).own.balancer, apart.own.balancer);
  t.regex(pick() ?? '', /cart-2/);

  ofClients.clear();
  routing.serviceChanged(cart);
  const after = found(dc2);
  t.is(after.own, after.route);
});
