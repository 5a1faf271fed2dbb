/** Specifies how what the control side knows comes to a worker: whole at first, then what changed, each time at once. */

import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { type Clock, systemClock } from '../../../../core/clock.ts';
import { Feed } from '../../../../gateway/control/workers/feed.ts';
import type { ClusterFacts } from '../../../../gateway/data/balance/view.ts';
import type { EndpointTrustChange } from '../../../../gateway/data/upstream/secure-transports.ts';
import { serviceFacts } from '../../../../gateway/data/worker/facts.ts';
import type { Update } from '../../../../gateway/data/worker/protocol.ts';
import { Replica } from '../../../../gateway/data/worker/replica.ts';
import { Policies, type PolicyResource } from '../../../../policy/effective.ts';
import {
  type BalancePolicy,
  defaultBalance,
  defaultTraffic,
} from '../../../../policy/traffic-policy.ts';
import type { EndpointRecord, ExportRecord } from '../../../../registry/model.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import {
  cart,
  clusterRecord,
  dc1,
  dc2,
  endpointRecord,
  exportRecord,
  gatewayRecord,
  web,
} from '../../records.ts';

const traffic = (name: string, balance: Partial<BalancePolicy>, target = {}): PolicyResource => ({
  kind: 'TrafficPolicy',
  name,
  target,
  spec: { ...defaultTraffic, balance: { ...defaultBalance, ...balance } },
});

/** A control side that knows what the test says, and one worker. */
function open(clock: Pick<Clock, 'monotonic' | 'after'> = systemClock) {
  const services = new Map<typeof cart, EndpointRecord[]>();
  const exports = new Map<typeof dc2, ExportRecord>();
  const clusters = new Map<typeof dc2, ClusterFacts & { gateways?: unknown }>();
  const remotes = [
    {
      cluster: dc2,
      trustDomain: 'dc2.acme' as never,
      gateways: [{ private: [], public: ['a:1'] }],
    },
  ];
  const known = {
    policies: new Policies(),
    trusts: [] as EndpointTrustChange[],
    scouting: { scout: undefined as number | undefined, clusters: [dc2] },
  };
  const updates: Update[] = [];
  const worker = new Replica(dc1);
  const feed = new Feed(
    {
      services: () => services.keys(),
      facts: (name) => serviceFacts(services.get(name) ?? [], name === cart ? exports : undefined),
      clusters: () => clusters,
      remotes: () => remotes,
      identity: () => ({}) as never,
      credentials: () => [],
      effects: () => ({ shifts: [], faults: [] }),
      informed: () => true,
      scouting: () => known.scouting,
      trustDomains: () => [],
      bundle: () => undefined,
      foreign: () => [],
      policies: () => known.policies,
      keys: () => new Map(),
      endpointTrusts: () => known.trusts,
      endpointTrust: (name) => known.trusts.find(({ service }) => service === name)?.trust,
      logLevel: () => 'info',
    },
    (update) => {
      // As it is on the other side of a message port.
      const received = structuredClone(update);
      updates.push(received);
      worker.take(received);
    },
    clock,
  );
  return { services, exports, clusters, remotes, known, updates, worker, feed };
}

test('a worker that begins gets everything, cut down to what decisions need', (t) => {
  const { services, exports, clusters, worker, feed } = open();
  services.set(cart, [endpointRecord('cart-1', { labels: { version: 'v2' } })]);
  services.set(web, [endpointRecord('web-1', { service: web })]);
  exports.set(dc2, exportRecord(dc2));
  clusters.set(dc2, {
    record: clusterRecord(dc2),
    synced: { at: 1 },
    gateways: new Map([['g1', gatewayRecord()]]),
  });
  worker.take(structuredClone(feed.everything()));
  const { gateway: _, service: __, ...endpoint } = endpointRecord();
  t.deepEqual(worker.facts(cart)?.endpoints, [{ ...endpoint, labels: { version: 'v2' } }]);
  const { cluster, protocol, localities } = exportRecord(dc2);
  t.deepEqual(worker.facts(cart)?.exports, new Map([[dc2, { cluster, protocol, localities }]]));
  t.is(worker.facts(web)?.endpoints[0]?.id, 'web-1');
  const { zone } = gatewayRecord();
  const gateways = new Map([['g1', { zone }]]);
  t.deepEqual(
    worker.clusters,
    new Map([[dc2, { record: { region: 'eu' }, synced: true, gateways }]]),
  );
});

test('changes of one turn travel together, and what did not change does not', async (t) => {
  const { services, updates, worker, feed } = open();
  services.set(cart, [endpointRecord()]);
  services.set(web, [endpointRecord('web-1', { service: web })]);
  worker.take(structuredClone(feed.everything()));
  services.set(cart, [endpointRecord('cart-2')]);
  feed.serviceChanged(cart);
  feed.serviceChanged(cart);
  feed.trustChanged('dc2.acme' as never);
  t.is(worker.facts(cart)?.endpoints[0]?.id, 'cart-1', 'nothing before the turn is over');
  await turn();
  t.is(updates.length, 1);
  t.deepEqual(
    updates[0]?.services?.flatMap(({ services: names }) => names),
    [cart],
  );
  t.deepEqual(
    updates[0]?.trust?.map(({ roots }) => roots),
    [undefined],
  );
  t.is(worker.facts(cart)?.endpoints[0]?.id, 'cart-2');
  t.is(worker.facts(web)?.endpoints[0]?.id, 'web-1');
  await turn();
  t.is(updates.length, 1);
});

test('a sign of life is told each time, who tries to reach what only when it is new', async (t) => {
  const { known, updates, feed } = open();
  for (const scout of [0, 0, 1]) {
    known.scouting = { scout, clusters: [dc2] };
    feed.changed('scouting');
    feed.alive(dc2);
    await turn();
  }
  t.deepEqual(updates, [
    { alive: [dc2], scouting: { scout: 0, clusters: [dc2] } },
    { alive: [dc2] },
    { alive: [dc2], scouting: { scout: 1, clusters: [dc2] } },
  ]);
});

test('a service in use is told to every worker once, and to those that begin later until it is gone', async (t) => {
  const { services, updates, feed } = open();
  services.set(cart, [endpointRecord()]);
  feed.used(cart);
  await turn();
  feed.used(cart);
  await turn();
  t.deepEqual(
    updates.map(({ used }) => used),
    [[cart]],
  );
  t.deepEqual(feed.everything().used, [cart]);
  services.delete(cart);
  feed.serviceChanged(cart);
  await turn();
  t.deepEqual(feed.everything().used, []);
});

test('a service that nobody has any more is gone; an empty summary is nobody', async (t) => {
  const { services, exports, worker, feed } = open();
  services.set(cart, [endpointRecord()]);
  worker.take(structuredClone(feed.everything()));
  services.delete(cart);
  exports.set(dc2, exportRecord(dc2, cart, []));
  feed.serviceChanged(cart);
  await turn();
  t.is(worker.facts(cart), undefined);
});

test('clusters are told again only when what matters of them changed', async (t) => {
  const { clusters, updates, worker, feed } = open();
  const record = clusterRecord(dc2);
  clusters.set(dc2, { record, gateways: new Map([['g1', gatewayRecord()]]) });
  feed.changed('clusters');
  feed.changed('remotes');
  await turn();
  t.is(updates.length, 1);
  // Round trips are published every second.
  clusters.set(dc2, {
    record,
    gateways: new Map([['g1', gatewayRecord('g1', { rttMs: { dc1: 9 } })]]),
  });
  feed.changed('clusters');
  feed.changed('remotes');
  await turn();
  t.is(updates.length, 1);
  clusters.set(dc2, { record, synced: { at: 2 } });
  feed.changed('clusters');
  await turn();
  t.is(updates.length, 2);
  t.is(updates[1]?.remotes, undefined);
  t.deepEqual(worker.clusters.get(dc2), { record: { region: 'eu' }, synced: true });
  const gateways = new Map([['g1', { ...gatewayRecord(), zone: 'b' }]]);
  clusters.set(dc2, { record, synced: { at: 2 }, gateways });
  feed.changed('clusters');
  await turn();
  t.is(updates.length, 3, 'in which zones gateways are');
});

test('a control side that starts over leaves nothing of before', async (t) => {
  const { services, updates, worker, feed } = open();
  services.set(cart, [endpointRecord()]);
  worker.take(structuredClone(feed.everything()));
  services.clear();
  services.set(web, [endpointRecord('web-1', { service: web })]);
  feed.serviceChanged(web);
  feed.startedOver();
  await turn();
  t.is(worker.facts(cart), undefined);
  t.is(worker.facts(web)?.endpoints.length, 1);
  t.is(updates.length, 1);
});

test('a control side that started over without its remotes tells of them when they are back as they were', async (t) => {
  const { remotes, clusters, updates, feed } = open();
  const changed = async () => {
    feed.changed('clusters');
    feed.changed('remotes');
    await turn();
  };
  const told = () => updates.at(-1);
  clusters.set(dc2, { record: clusterRecord(dc2) });
  await changed();
  const before = told();
  const [was] = remotes.splice(0);
  clusters.clear();
  feed.startedOver();
  await turn();
  t.deepEqual([told()?.remotes, told()?.clusters], [[], new Map()]);
  if (was) remotes.push(was);
  clusters.set(dc2, { record: clusterRecord(dc2) });
  await changed();
  t.deepEqual(told(), before);
});

test('of policies only what changed is told, and touches only the services it is for', async (t) => {
  const { known, updates, worker, feed } = open();
  const panic = (service: typeof cart) => worker.policy(service).balance.panicThreshold;
  const change = async (...resources: PolicyResource[]) => {
    known.policies = new Policies(resources);
    feed.changed('policies');
    await turn();
    return updates.at(-1)?.policies;
  };
  const ofAll = traffic('default', { panicThreshold: 40 });
  const own = traffic('cart.shop', { panicThreshold: 0 }, { service: cart });
  t.deepEqual(await change(ofAll), { set: [ofAll], removed: [] });
  t.deepEqual([panic(cart), panic(web)], [40, 40]);
  t.deepEqual(await change(ofAll, own), { set: [own], removed: [] });
  t.deepEqual([panic(cart), panic(web)], [0, 40]);
  const before = worker.policy(web);
  t.deepEqual(await change(ofAll), { set: [], removed: ['cart.shop'] });
  t.deepEqual([panic(cart), panic(web)], [40, 40]);
  t.is(worker.policy(web), before);
});

test('a worker that begins has the policies there are, and none of those of before', (t) => {
  const { known, worker, feed } = open();
  const own = traffic('cart.shop', { panicThreshold: 0 }, { service: cart });
  known.policies = new Policies([own]);
  t.is(worker.take(structuredClone(feed.everything())), undefined);
  t.is(worker.policy(cart).balance.panicThreshold, 0);
  known.policies = new Policies();
  worker.take(structuredClone(feed.everything()));
  t.is(worker.policy(cart).balance.panicThreshold, defaultBalance.panicThreshold);
});

test('thousands of services are as many facts, each read only when it is asked for', (t) => {
  const { services, worker, feed } = open();
  for (let i = 0; i < 3_000; i++) {
    const service = `s${i}.shop` as typeof cart;
    services.set(service, [endpointRecord(`e${i}`, { service, cluster: dc1 })]);
  }
  const { services: sheets = [] } = feed.everything();
  t.is(
    sheets.reduce((sum, { services: names }) => sum + names.length, 0),
    3_000,
  );
  worker.take({ services: sheets });
  for (const i of [0, 511, 512, 2_999]) {
    t.is(worker.facts(`s${i}.shop` as typeof cart)?.endpoints[0]?.id, `e${i}`);
  }
});

test('what changes in the registry soon after an update is told milliseconds after it, or with what is told before that', async (t) => {
  const clock = new ManualClock();
  const { services, updates, worker, feed } = open(clock);
  const publish = async (port: number) => {
    services.set(cart, [endpointRecord('cart-1', { port })]);
    feed.publishedChanged(cart);
    await turn();
    return [updates.length, worker.facts(cart)?.endpoints[0]?.port];
  };
  t.deepEqual(await publish(1), [1, 1]);
  t.deepEqual(await publish(2), [1, 1]);
  t.deepEqual(await publish(3), [1, 1]);
  clock.advance(4);
  t.is(updates.length, 2);
  t.is(worker.facts(cart)?.endpoints[0]?.port, 3);
  t.deepEqual(await publish(4), [2, 3]);
  services.set(web, [endpointRecord('web-1', { service: web })]);
  feed.serviceChanged(web);
  await turn();
  t.is(worker.facts(cart)?.endpoints[0]?.port, 4, 'what is registered here is told at once');
  clock.advance(4);
  t.is(updates.length, 3);
});

test('whom to trust at endpoints is told whole at first, then of the services where others are', (t) => {
  const { known, updates, feed } = open();
  const trust = { kind: 'trust', roots: 'PEM', hostname: 'cart.internal' } as const;
  known.trusts.push({ service: cart, trust });
  t.deepEqual(feed.everything().endpointTrust, known.trusts);
  known.trusts.length = 0;
  feed.endpointTrustChanged(cart);
  feed.flush();
  t.deepEqual(updates.at(-1)?.endpointTrust, [{ service: cart, trust: undefined }]);
});
