/** Specifies the life of a request: one order, in the code, on the command line and in the docs; and what a listener has of it. */
import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseClusterName, parseFederationName, parseServiceName } from '../../../../core/names.ts';
import { TimingWheel } from '../../../../core/timing-wheel.ts';
import type { Exchange } from '../../../../gateway/data/message/exchange.ts';
import type { RequestHead } from '../../../../gateway/data/message/message.ts';
import { clientAt, type Peer, peerOf } from '../../../../gateway/data/message/peer.ts';
import { noProxies } from '../../../../gateway/data/message/trusted-proxies.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { KeyRings } from '../../../../gateway/data/request/authenticate/key-rings.ts';
import {
  type ChainRules,
  chainFor,
  type Entrance,
  isRoute,
  type Walked,
  walk,
} from '../../../../gateway/data/request/chain.ts';
import { life } from '../../../../gateway/data/request/life.ts';
import { BucketTable } from '../../../../gateway/data/request/rate-limit/bucket-table.ts';
import type { RateLimitGround } from '../../../../gateway/data/request/rate-limit.ts';
import type { Route } from '../../../../gateway/data/request/route/route-table.ts';
import { OwnAnswer, Refusal, type Said, type Step } from '../../../../gateway/data/request/step.ts';
import { isthmus } from '../../../cli/command.ts';

const root = new URL('../../../../', import.meta.url);
const names: readonly string[] = life.map(({ name }) => name);

test('each step of a request has its file, and what a step alone uses is in a folder of its name', async (t) => {
  const listing = await readdir(new URL('gateway/data/request/', root), { withFileTypes: true });
  const files = listing.filter((entry) => entry.isFile()).map(({ name }) => name);
  for (const name of names) t.true(files.includes(`${name}.ts`), name);
  for (const entry of listing) if (entry.isDirectory()) t.true(names.includes(entry.name));
});

test('isthmus explain --path prints the steps in their order, each with what it can end with', async (t) => {
  const { code, stdout } = await isthmus(['explain', '--path', '-o', 'json']);
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), life);
});

test('isthmus explain without a service says what it takes', async (t) => {
  const { code, stderr } = await isthmus(['explain']);
  t.is(code, 64);
  t.regex(stderr, /required argument 'service', --request or --path/);
});

test('the docs draw the same steps in the same order, with the same codes', async (t) => {
  const page = await readFile(new URL('docs/life-of-a-request.md', root), 'utf8');
  const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const drawn = rows.filter(([, step = '', , , end]) => names.includes(step) && end === '');
  t.deepEqual(
    drawn.map(([, name, , codes = '']) => ({ name, refusals: codes.match(/[A-Z_0-9]+/g) ?? [] })),
    life.map(({ name, refusals }) => ({ name, refusals: [...refusals] })),
  );
});

const federation = parseFederationName('acme');
const service = parseServiceName('orders.shop');
const route = { service, exported: false } as Route;
const exportedRoute = { ...route, exported: true };

const rates: RateLimitGround = {
  cluster: parseClusterName('dc1'),
  buckets: new BucketTable(),
  recorder: { decided: () => undefined },
  nowUs: () => 1e6,
};

function rules(changed: Partial<ChainRules> = {}): ChainRules {
  return {
    routes: { find: (authority) => (authority === 'orders.shop.acme' ? route : undefined) },
    federation,
    pseudonym: 'gw1.dc1',
    limits: { maxBodyBytes: 0 },
    rates,
    random: Math.random,
    recorder: { decided: () => undefined },
    wheel: new TimingWheel(systemClock),
    isOverloaded: undefined,
    isInformed: () => true,
    authenticating: {
      place: { cluster: parseClusterName('dc1'), federation },
      clock: systemClock,
      rings: new KeyRings(),
      recorder: new Recorder(),
    },
    authorizing: {
      place: { cluster: parseClusterName('dc1'), federation },
      recorder: new Recorder(),
      log: silentLog,
    },
    ...changed,
  };
}

const outbound: Entrance = { kind: 'outbound' };
const tcp: Entrance = { kind: 'tcp' };
const eastWest: Entrance = { kind: 'east-west' };
const ingress: Entrance = {
  kind: 'ingress',
  routes: rules().routes,
  hosts: ['orders.shop.acme', 'inner.example.com'],
  isPassed: (host) => host === 'inner.example.com',
  defaultAuthority: undefined,
};
const entrances = [outbound, tcp, ingress, eastWest];

const client = clientAt('192.0.2.1', noProxies);
const gateway = peerOf({ trustDomain: 'dc2.acme', path: '/gateway/gw1' }, federation, '192.0.2.2');
const stranger = peerOf({ trustDomain: 'dc2.acme', path: '/ns/a/sa/b' }, federation, '192.0.2.3');

interface Asked extends Partial<RequestHead> {
  readonly peer?: Peer;
  readonly via?: string;
}

function exchange({ peer = client, via, ...head }: Asked = {}): Exchange {
  return {
    peer,
    head: {
      authority: 'orders.shop.acme',
      path: '/',
      fields: { getById: () => undefined, allById: () => (via === undefined ? [] : [via]) },
      bodyLength: 'none',
      connectionTokens: [],
      ...head,
    },
  } as unknown as Exchange;
}

test('a listener has the steps that can apply there, in the order of all, and no others', (t) => {
  const slots = (entrance: Entrance, changed?: Partial<ChainRules>) =>
    chainFor(entrance, rules(changed)).map(({ slot }) => slot);
  const onward = ['fault', 'mirror', 'split'];
  const found = ['route', 'route', 'route', 'authenticate', 'authorize', 'rate-limit'];
  t.deepEqual(slots(outbound), ['normalize', ...found, ...onward]);
  t.deepEqual(slots(tcp), ['route', 'authenticate', 'authorize', 'rate-limit']);
  t.deepEqual(slots(ingress), ['receive', 'normalize', 'route', ...found, ...onward]);
  t.deepEqual(slots(eastWest), [
    'normalize',
    'route',
    'route',
    'authenticate',
    'authenticate',
    'authorize',
    'authorize',
    'rate-limit',
  ]);
  const all = { isOverloaded: () => false, limits: { maxBodyBytes: 10 } };
  t.deepEqual(slots(outbound, all), ['receive', 'normalize', ...found, 'limit', ...onward]);
  for (const entrance of entrances) {
    const places = slots(entrance, all).map((slot) => names.indexOf(slot));
    t.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  }
});

function codeOf(walked: Walked | Promise<Walked>): string {
  if (walked instanceof Promise) return 'held';
  return !isRoute(walked) && walked.kind === 'refused' ? walked.error.code : 'passed';
}

const routes = { find: () => exportedRoute };
const refusals: readonly {
  readonly what: string;
  readonly slot: (typeof life)[number]['name'];
  readonly code: string;
  readonly at: readonly Entrance[];
  readonly asked?: Asked;
  readonly by?: Partial<ChainRules>;
}[] = [
  {
    what: 'a worker that has more to do than it can',
    slot: 'receive',
    code: 'OVERLOADED',
    at: entrances,
    by: { isOverloaded: () => true },
  },
  {
    what: 'CONNECT at an ingress',
    slot: 'receive',
    code: 'REQUEST_REFUSED',
    at: [ingress],
    asked: { tunnel: { kind: 'tcp' } },
  },
  {
    what: 'a Connection that names framing',
    slot: 'normalize',
    code: 'REQUEST_REFUSED',
    at: [outbound, ingress, eastWest],
    asked: { connectionTokens: ['content-length'] },
  },
  {
    what: 'a host that nobody goes by',
    slot: 'route',
    code: 'ROUTE_NOT_FOUND',
    at: [outbound, tcp, eastWest],
    asked: { authority: 'nobody.shop.acme', peer: gateway },
  },
  {
    what: 'a host that is not known yet',
    slot: 'route',
    code: 'NOT_READY',
    at: [outbound, tcp, eastWest],
    asked: { authority: 'nobody.shop.acme', peer: gateway },
    by: { isInformed: () => false },
  },
  {
    what: "a host that the connection's certificate is not for",
    slot: 'route',
    code: 'HOST_MISDIRECTED',
    at: [ingress],
    asked: { authority: 'other.example.com' },
  },
  {
    what: 'a host whose TLS ends elsewhere',
    slot: 'route',
    code: 'HOST_MISDIRECTED',
    at: [ingress],
    asked: { authority: 'inner.example.com' },
  },
  {
    what: 'a request that was here before',
    slot: 'route',
    code: 'LOOP_REFUSED',
    at: [outbound, ingress, eastWest],
    asked: {
      peer: gateway,
      via: '1.1 gw1.dc1 (orders.shop)',
    },
  },
  {
    what: 'an identity that is no gateway, whatever it asks for',
    slot: 'authenticate',
    code: 'PEER_REFUSED',
    at: [eastWest],
    asked: { peer: stranger, authority: 'nobody.shop.acme' },
  },
  {
    what: 'what is not exported, asked for by another cluster',
    slot: 'authorize',
    code: 'NOT_EXPORTED',
    at: [eastWest],
    asked: { peer: gateway },
  },
  {
    what: 'a body that is announced too large',
    slot: 'limit',
    code: 'BODY_TOO_LARGE',
    at: [outbound, eastWest],
    asked: { bodyLength: 11, peer: gateway },
    by: { limits: { maxBodyBytes: 10 }, routes },
  },
];

for (const { what, slot, code, at, asked, by } of refusals) {
  test(`${slot}: ${what} is refused with ${code}`, (t) => {
    const refusals: readonly string[] = life.find(({ name }) => name === slot)?.refusals ?? [];
    t.true(refusals.includes(code));
    for (const entrance of at) {
      const walked = walk(chainFor(entrance, rules(by)), exchange(asked));
      t.is(codeOf(walked), code, entrance.kind);
    }
  });
}

test('security: an identity that is no gateway is not told what services there are', (t) => {
  let asked = 0;
  const chain = chainFor(eastWest, rules({ routes: { find: () => void asked++ } }));
  const walked = walk(chain, exchange({ peer: stranger }));
  t.is(codeOf(walked), 'PEER_REFUSED');
  t.is(asked, 0);
});

test('a request that no step refuses comes to its route', (t) => {
  t.is(walk(chainFor(outbound, rules()), exchange()), route);
  const fromGateway = exchange({ peer: gateway });
  t.is(walk(chainFor(eastWest, rules({ routes })), fromGateway), exportedRoute);
});

/** A chain of a made-up step, then one that counts that it was come to. */
function held(said: Promise<Said>) {
  const seen: (Route | undefined)[] = [];
  const chain: readonly Step[] = [
    { slot: 'authenticate', take: () => said },
    { slot: 'authorize', take: (_, found) => void seen.push(found) },
  ];
  return { walked: walk(chain, exchange(), 0, route), seen };
}

test('a request that a step holds goes on with the next step once that is decided', async (t) => {
  const decision = Promise.withResolvers<Said>();
  const { walked, seen } = held(decision.promise);
  t.true(walked instanceof Promise);
  t.deepEqual(seen, []);
  decision.resolve(undefined);
  t.is(await walked, route);
  t.deepEqual(seen, [route]);
});

test('a step that has held a request can give it another route, refuse it, or have it answered', async (t) => {
  t.is(await held(Promise.resolve(exportedRoute)).walked, exportedRoute);
  const error = new IsthmusError('PEER_REFUSED', { what: 'nobody knows them' });
  const refusal = held(Promise.resolve(new Refusal(error, ['www-authenticate', 'Bearer'])));
  t.deepEqual(await refusal.walked, {
    ...{ kind: 'refused', error, route },
    fields: ['www-authenticate', 'Bearer'],
  });
  const answer = new OwnAnswer(301, ['location', 'https://example.com/']);
  const answered = held(Promise.resolve(answer));
  t.deepEqual(await answered.walked, { kind: 'answered', answer, route });
  t.deepEqual([...refusal.seen, ...answered.seen], []);
});
