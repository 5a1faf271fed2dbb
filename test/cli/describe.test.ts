/** Specifies describe: all that is known of one thing, and of what is not known that it is not. */
import test, { type ExecutionContext } from 'ava';
import type { EventItem, ExplainAnswer, TrustItem } from '../../gateway/control/api/answers.ts';
import { adminAt } from './admin-at.ts';
import { clusters, endpoint, exports, services, status } from './answers.ts';
import { isthmus } from './in-process.ts';

const minute = 60_000;
const now = Date.now();

const trust: TrustItem = {
  cluster: 'dc2',
  trustDomain: 'dc2.acme',
  sequence: 3,
  fingerprints: ['sha256:AbC'],
  roots: [],
  notAfter: now + 90 * 86_400_000,
  self: false,
  believed: true,
  phase: 'stable',
  acks: [],
  laggards: ['dc3/gateway-1'],
};

const event = (minutesAgo: number, rest: Partial<EventItem>): EventItem => ({
  id: String(1000 - minutesAgo),
  at: now - minutesAgo * minute,
  kind: 'cluster-down',
  severity: 'warning',
  cluster: 'dc1',
  what: 'No link to dc2 is up',
  ...rest,
});

const down = { service: 'api.prod', ids: ['a1'], healthy: 0, total: 1 };
const events = [
  event(120, { kind: 'gateway', severity: 'info', what: 'Gateway gateway-1 started' }),
  event(90, { what: 'No link to dc22 is up' }),
  event(5, {}),
  event(3, { kind: 'endpoint-down', what: 'api.prod: a1 fails its check', details: down }),
];

const decision: Partial<ExplainAnswer> = {
  service: 'api.prod',
  caller: { cluster: 'dc1', region: 'us-east', zone: 'us-east-1a' },
  tiers: [],
  candidates: [
    {
      cluster: 'dc1',
      region: 'us-east',
      zone: 'us-east-1a',
      endpoint: 'a1',
      address: '10.0.0.5:8080',
      tier: 0,
      tierName: 'zone us-east-1a',
      share: 0,
      rttMs: null,
      health: 'unhealthy',
      check: 'Connection refused',
      ejected: false,
      link: null,
      stale: false,
      reason: 'carries nothing: unhealthy',
    },
  ],
  notes: [],
};

const [dc1, dc2] = clusters;
const lost = {
  ...dc2,
  state: 'down',
  rttMs: undefined,
  unknownSince: now - 5 * minute,
  links: [{ cluster: 'dc1', state: 'up', rttMs: 81 }],
};

const ways = { eastWest: [], federation: [], links: [] };
const gateways = [
  { ...ways, cluster: 'dc1', id: 'gateway-1', state: 'alive', self: true },
  { ...ways, cluster: 'dc1', id: 'gateway-2', state: 'lost', self: false, lostSince: now - minute },
  {
    ...{ cluster: 'dc2', id: 'gateway-1', state: 'alive', self: false, version: '0.1.0' },
    ...{ startedAt: now - 5 * minute, eastWest: ['10.0.0.9:7443'], federation: [] },
    links: [{ cluster: 'dc1', state: 'up', rttMs: 81 }],
  },
];

async function asker(t: ExecutionContext) {
  const env = await adminAt(t, (app) => {
    app.get('/v1/status', () => status);
    app.get('/v1/clusters', () => ({ items: [dc1, lost] }));
    app.get('/v1/gateways', () => ({ items: gateways }));
    app.get('/v1/services', () => ({ items: services }));
    app.get('/v1/endpoints', () => ({ items: [endpoint, { ...endpoint, id: 'a2' }] }));
    app.get('/v1/exports', () => ({ items: exports }));
    app.get('/v1/trust', () => ({ items: [trust] }));
    app.get('/v1/events', () => ({ items: events }));
    app.get('/v1/orders', () => ({ drains: [], failovers: [] }));
    app.get('/v1/explain/:service', () => decision);
    app.get('/v1/workers', () => ({ items: [] }));
  });
  return (line: string) => isthmus(['describe', ...line.split(' ')], { env });
}

test('a cluster that no link leads to is told as what was known last, and since when', async (t) => {
  const describe = await asker(t);
  const { code, stdout } = await describe('cluster dc2');
  t.is(code, 0);
  t.regex(stdout, /^cluster {5}dc2\nstate {7}down\n/);
  t.regex(
    stdout,
    /\nunknown {5}no link to it is up since 20.*, 5 min.* ago: .* as it was known then\n/,
  );
  t.regex(stdout, /\nround trip {2}not measured\n/);
  t.regex(stdout, /\n\nTrust\n {2}trust domain {3}dc2\.acme\n.*believed here {2}yes\n/);
  t.regex(stdout, /laggards +dc3\/gateway-1\n/);
  t.regex(
    stdout,
    /\n\nLinks to others, as its gateways tell\n {2}TO +STATE +RTT\n {2}dc1 +up +81 ms\n/,
  );
  t.regex(
    stdout,
    /\n\nExports, as it told last\n {2}SERVICE +HEALTHY +TOLD\n {2}api\.prod +\?\/3 .* ago\n/,
  );
});

test('related events are those that name it, with their age, and no others', async (t) => {
  const describe = await asker(t);
  const { stdout } = await describe('cluster dc2');
  t.regex(
    stdout,
    /\n\nEvents\n {2} *AGE +KIND +WHAT\n {2}5 min.* cluster-down +No link to dc2 is up\n$/,
  );
  t.regex(
    (await describe('link dc1 dc2')).stdout,
    /^dc1 to dc2 {2}dc1 tells of none\ndc2 to dc1 {2}unknown; last told: up, round trip 81 ms \(no link/,
  );
});

test('a service: its copies here and elsewhere, where requests go, what happened', async (t) => {
  const describe = await asker(t);
  const { stdout } = await describe('service api.prod.acme');
  t.regex(stdout, /^service {3}api\.prod\n.*\n.*\nexported {2}yes\nhere {6}1 of 2 healthy\n/);
  t.regex(stdout, /\n\nEndpoints here\n {2}SERVICE +ID .*\n {2}api\.prod +a1 /);
  t.regex(
    stdout,
    /\n\nElsewhere\n.*\n {2}dc2 +3\/3 .* ago\n {2}dc3 +\?\/2 \(unknown for .*\) +-\n/,
  );
  t.regex(
    stdout,
    /\n\nWhere requests go from here\n {2}api\.prod from dc1 .*: nothing can serve it/,
  );
  t.regex(stdout, /\n\nEvents\n.*\n.*api\.prod: a1 fails its check\n$/);
});

test('an endpoint: how it is, what it gets, and why', async (t) => {
  const describe = await asker(t);
  const { stdout } = await describe('endpoint api.prod/a1');
  t.regex(stdout, /^endpoint {4}api\.prod\/a1\naddress {5}10\.0\.0\.5:8080\n/);
  t.regex(stdout, /\nregistered {2}by API, at gateway-1\n/);
  t.regex(stdout, /share +0 %\n {2}why +carries nothing: unhealthy\n/);
  t.regex(stdout, /last check +Connection refused\n/);
});

test('the gateway that is asked; what it has not seen is not said to have never been', async (t) => {
  const describe = await asker(t);
  t.regex(
    (await describe('gateway')).stdout,
    /^Status\n {2}dc1 \(us-east .*\n[\s\S]*Gateway gateway-1 started\n$/,
  );
  const { code, stderr } = await describe('link dc1 dc1');
  t.regex(stderr, /^error USAGE: .*two clusters/);
  t.is(code, 64);
  const { stdout } = await describe('endpoint api.prod/a2');
  t.regex(
    stdout,
    /\n\nEvents\n {2}none, among the 4 events that this gateway keeps, since 20.* ago\n$/,
  );
});

test('as data it is what the gateway said, by what it is', async (t) => {
  const describe = await asker(t);
  const { stdout } = await describe('cluster dc2 -o json');
  const told = JSON.parse(stdout);
  t.deepEqual(told.trust, JSON.parse(JSON.stringify(trust)));
  t.like(told, { cluster: { cluster: 'dc2', state: 'down' }, events: [{ what: events[2]?.what }] });
});

test('what there is none of ends with 4 and says which is near', async (t) => {
  const describe = await asker(t);
  for (const [line, says] of [
    ['cluster dc9', /^error CLUSTER_NOT_FOUND: .*\n {2}fix: Did you mean dc1\?/],
    ['service app.prod', /^error SERVICE_NOT_FOUND: /],
    ['endpoint api.prod/b1', /^error ENDPOINT_NOT_FOUND: /],
    ['link dc1 dc9', /^error CLUSTER_NOT_FOUND: /],
  ] as const) {
    const { code, stderr } = await describe(line);
    t.regex(stderr, says);
    t.is(code, 4, line);
  }
});

test('an endpoint is named with its service', async (t) => {
  const describe = await asker(t);
  const { code, stderr } = await describe('endpoint b1');
  t.regex(stderr, /^error NAME_INVALID: "b1" names no endpoint\n {2}fix: Use <service>\./);
  t.is(code, 65);
});

test('a gateway of another cluster is told as it says of itself in the registry', async (t) => {
  const describe = await asker(t);
  const { stdout } = await describe('gateway dc2/gateway-1');
  t.regex(stdout, /^gateway {4}dc2\/gateway-1\nstate {6}alive, as the registry has it\n/);
  t.regex(
    stdout,
    /\nversion {4}0\.1\.0\nstarted {4}20.* 5 min.* ago\neast-west {2}10\.0\.0\.9:7443\n/,
  );
  t.regex(stdout, /\n {2}dc1 +up +81 ms\n/);
});

test('a gateway of the own cluster goes by its id alone; one that was lost is told with since when', async (t) => {
  const describe = await asker(t);
  t.regex((await describe('gateway gateway-2')).stdout, /\nstate {4}lost since 20.*, 1 min.* ago/);
  const { stdout } = await describe('gateway gateway-1');
  t.is(stdout, (await describe('gateway')).stdout);
  const none = await describe('gateway dc2/gateway-7');
  t.regex(none.stderr, /^error GATEWAY_NOT_FOUND: .*\n {2}fix: Did you mean dc2\/gateway-1\?/);
  t.is(none.code, 4);
});
