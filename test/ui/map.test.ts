/** Specifies what the map makes of what the gateway knows: regions, what is unknown, and what somebody should look at. */
import test from 'ava';
import type {
  ClusterItem,
  GraphAnswer,
  ServiceItem,
  Status,
} from '../../gateway/control/api/answers.ts';
import { healthTone, unknownWords } from '../../ui/src/format/health.ts';
import { mapModel } from '../../ui/src/views/map/map-model.ts';
import { regionModel } from '../../ui/src/views/map/map-regions.ts';
import { type Picture, worriesOf } from '../../ui/src/views/map/worries.ts';

const now = 1_000_000_000;
const lostAt = now - 90_000;

function cluster(name: string, more: Partial<ClusterItem> = {}): ClusterItem {
  return {
    cluster: name,
    region: 'eu-west',
    zones: [],
    trustDomain: `${name}.acme`,
    state: 'up',
    stale: false,
    reached: [],
    gateways: 1,
    eastWest: [],
    federation: [],
    bundle: { fingerprints: [], sequence: 1, notAfter: 0 },
    links: [],
    joinedAt: 0,
    ...more,
  };
}

function service(name: string, more: Partial<ServiceItem> = {}): ServiceItem {
  return {
    service: name,
    host: `${name}.acme`,
    protocol: 'http',
    exported: true,
    endpoints: { total: 0, healthy: 0 },
    remotes: [],
    ...more,
  };
}

const self = cluster('dc1', { state: 'self' });
const dead = cluster('dc2', {
  state: 'down',
  unknownSince: lostAt,
  // What it published while it lived.
  links: [{ cluster: 'dc3', state: 'up' }],
});
const third = cluster('dc3', { links: [{ cluster: 'dc2', state: 'down' }] });
const inDead = { cluster: 'dc2', total: 3, healthy: 3, unknownSince: lostAt };
const connected: Status['registry'] = {
  kind: 'connected',
  revision: 1,
  stale: false,
  fromCache: false,
  pendingWrites: 0,
};

function worries(
  clusters: readonly ClusterItem[],
  services: readonly ServiceItem[],
  more: Partial<Picture> = {},
) {
  return worriesOf({
    problems: [],
    missing: [],
    registry: connected,
    model: mapModel(clusters, services, undefined),
    services,
    trust: [],
    drills: [],
    orders: undefined,
    now,
    ...more,
  });
}

test('copies in a cluster that is lost are unknown, since it was lost', (t) => {
  const { clusters } = mapModel(
    [self, dead],
    [service('orders.shop', { endpoints: { total: 2, healthy: 1 }, remotes: [inDead] })],
    undefined,
  );
  t.deepEqual(
    clusters.map(({ health }) => health),
    [
      { total: 2, healthy: 1, unknown: 0 },
      { total: 3, healthy: 0, unknown: 3, since: lostAt },
    ],
  );
  const [, lost] = clusters;
  t.is(lost && unknownWords(lost.health, now), 'unknown for 1 min 30 s');
  t.is(lost && healthTone(lost.health), 'warn');
});

test('a link is what its living end says, not what the dead one said last', (t) => {
  const { links } = mapModel([self, dead, third], [], undefined);
  t.deepEqual(
    links.map(({ id, state }) => [id, state]),
    [
      ['dc1 dc2', 'down'],
      ['dc1 dc3', 'up'],
      ['dc2 dc3', 'down'],
    ],
  );
});

test('requests of clusters that did not answer are said to be missing', (t) => {
  const graph = { at: 0, windowSeconds: 15, nodes: [], edges: [], missing: ['dc2'] };
  t.deepEqual(mapModel([self, dead], [], graph).missing, ['dc2']);
});

test('a dead cluster is one worry, with all that is lost with it', (t) => {
  const services = [
    service('orders.shop', { endpoints: { total: 2, healthy: 2 }, remotes: [inDead] }),
    service('cart.shop', { remotes: [inDead] }),
  ];
  const found = worries([self, dead, third], services);
  t.is(found.length, 1);
  t.like(found[0], {
    what: "dc2 can't be reached for 1 min 30 s",
    where: 'its 6 endpoints are unknown; services without a healthy copy elsewhere: 1',
  });
});

test('a registry that does not answer is a worry, once', (t) => {
  const registry = { ...connected, kind: 'unavailable', since: now - 4_000 } as const;
  t.deepEqual(
    worries([self], [], { registry }).map(({ what }) => what),
    ['The registry has not answered for 4 s'],
  );
  const problem = { code: 'REGISTRY_UNAVAILABLE', what: 'The registry is gone' };
  t.deepEqual(
    worries([self], [], { registry, problems: [problem] }).map(({ what }) => what),
    ['The registry is gone'],
  );
});

test('records that can not be confirmed are a worry while the link is up', (t) => {
  t.deepEqual(
    worries([self, cluster('dc3', { stale: true })], []).map(({ what }) => what),
    ['The records of dc3 could not be confirmed lately'],
  );
});

test('many services without a healthy copy are one worry', (t) => {
  const services = Array.from({ length: 8 }, (_, i) =>
    service(`s${i}.shop`, { endpoints: { total: 1, healthy: 0 } }),
  );
  t.deepEqual(
    worries([self], services).map(({ what }) => what),
    ['8 services have no healthy copy anywhere', 'No endpoint of dc1 is healthy'],
  );
});

test('many clusters are gathered by region, and a dead one does not make its region’s links down', (t) => {
  const east = { region: 'us-east' };
  const clusters = [
    cluster('dc1', { state: 'self' }),
    cluster('dc2', { ...east, rttMs: 80 }),
    cluster('dc10', { ...east, state: 'down', unknownSince: lostAt }),
  ];
  const { regions, links } = regionModel(mapModel(clusters, [], undefined));
  t.deepEqual(
    regions.map(({ region, clusters: within }) => [region, within.map((one) => one.cluster)]),
    [
      ['eu-west', ['dc1']],
      ['us-east', ['dc2', 'dc10']],
    ],
  );
  t.is(links.length, 1);
  t.like(links[0], { a: 'eu-west', b: 'us-east', state: 'up', rttMs: 80 });
});

test('a service whose requests fail is a worry, also while its copies count as healthy', (t) => {
  const edge = { protocol: 'http', tier: 'zone', p50Ms: 1, p99Ms: 1, mtls: false } as const;
  const graph: GraphAnswer = {
    ...{ at: 0, windowSeconds: 15, missing: [] },
    nodes: [
      { id: 'c', kind: 'client', cluster: 'dc1' },
      { id: 'o', kind: 'service', service: 'orders.shop', cluster: 'dc1' },
      { id: 'o3', kind: 'service', service: 'orders.shop', cluster: 'dc3' },
      { id: 'p', kind: 'service', service: 'cart.shop', cluster: 'dc1' },
      { id: 'q', kind: 'service', service: 'rare.shop', cluster: 'dc1' },
    ],
    edges: [
      { ...edge, from: 'c', to: 'o', requestsPerSecond: 60, errorsPerSecond: 20 },
      { ...edge, from: 'c', to: 'o3', requestsPerSecond: 20, errorsPerSecond: 0 },
      { ...edge, from: 'c', to: 'p', requestsPerSecond: 100, errorsPerSecond: 4 },
      { ...edge, from: 'c', to: 'q', requestsPerSecond: 0.1, errorsPerSecond: 0.1 },
    ],
  };
  const found = worries([self], [], { model: mapModel([self], [], graph) });
  t.deepEqual(
    found.map(({ what, href }) => [what, href]),
    [['25 % of the requests for orders.shop fail', '/services/orders.shop']],
  );
});

test('a gateway of this cluster that was lost is a worry; a cluster that was is told of once', (t) => {
  const missing = [
    { code: 'GATEWAY_LOST', what: 'Gateway gateway-2 of dc1 is lost' },
    { code: 'PEER_UNREACHABLE', what: 'No link to dc2 is up' },
  ];
  t.deepEqual(
    worries([self, dead], [], { missing }).map(({ what }) => what),
    ['Gateway gateway-2 of dc1 is lost', "dc2 can't be reached for 1 min 30 s"],
  );
});
