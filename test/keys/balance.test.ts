/** Specifies what each key under `balance` does, from a gateway's YAML to the endpoints that its requests meet. */
import type { IncomingMessage } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import type { EndpointItem, ExplainAnswer } from '../../gateway/control/api/answers.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let gateway: GatewayProcess;

/** What services do at their first endpoint, or at every one; elsewhere they answer with their endpoint's number. */
const faults: Readonly<Record<string, number | 'reset'>> = {
  errors: 500,
  unavailable: 503,
  resets: 'reset',
  returns: 500,
  mended: 500,
  rare: 500,
  often: 500,
};
const faultsOfAll: Readonly<Record<string, number>> = {
  out: 500,
  twice: 503,
  tried: 500,
  budget: 503,
};
/** Statuses that endpoints answer for now. */
const faultsNow = new Map<string, number>();
/** Endpoints whose check fails, as `service/number`. */
const ill = new Set(['few/1', 'lone/1', 'lone/2', 'spread/1', 'spread/2', 'spread/3']);
const met = new Map<string, number>();
/** The request for `/hold`, answered when it is released. */
let held: { readonly number: number; release(): void } | undefined;

/** Of an endpoint: all are one server, at addresses of their own. */
function numberOf({ socket }: IncomingMessage): number {
  return Number(socket.localAddress?.split('.')[3]);
}

const server = createServer((request, response) => {
  const number = numberOf(request);
  const [, checked] = /^\/check\/(.*)$/.exec(request.url ?? '') ?? [];
  if (checked !== undefined) {
    response.writeHead(ill.has(`${checked}/${number}`) ? 500 : 200).end();
    return;
  }
  if (request.url === '/hold') {
    held = { number, release: () => void response.end(String(number)) };
    return;
  }
  const service = request.headers.host?.split('.')[0] ?? '';
  const endpoint = `${service}/${number}`;
  met.set(endpoint, (met.get(endpoint) ?? 0) + 1);
  const fault =
    faultsNow.get(endpoint) ?? faultsOfAll[service] ?? (number === 1 ? faults[service] : undefined);
  if (fault === 'reset') request.socket.resetAndDestroy();
  else response.writeHead(fault ?? 200).end(String(number));
});

interface Endpoint {
  readonly zone?: string;
  readonly weight?: number;
}

/** So many, or those. */
type Endpoints = number | readonly Endpoint[];

test.before('a gateway with services that are each balanced in a way of their own', async () => {
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  shared.teardown(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const service = (name: string, balance: object, endpoints: Endpoints, more = {}) => ({
    ...{ name, namespace: 'shop', balance, ...more },
    endpoints: (typeof endpoints === 'number'
      ? Array<Endpoint>(endpoints).fill({})
      : endpoints
    ).map((endpoint, i) => {
      return { id: `e-${i + 1}`, address: `127.0.0.${i + 1}:${port}`, ...endpoint };
    }),
  });
  const checked = (name: string, balance: object, endpoints: Endpoints) => {
    const often = { interval: '100ms', timeout: '10s', rise: 1, fall: 1 };
    const check = { http: { path: `/check/${name}` }, ...often };
    return service(name, balance, endpoints, { check });
  };
  const inTurn = { algorithm: 'round-robin' };
  /** What is out stays out, unless something else is said. */
  const outlier = (own: object) => ({ ...inTurn, outlier: { baseEjection: '1h', ...own } });
  /** Nobody is ejected for failures in a row, only by comparison. */
  const compared = (own: object) =>
    outlier({ consecutive5xx: 0, consecutiveGatewayFailure: 0, interval: '100ms', ...own });
  /** Endpoints are left in, whatever they answer. */
  const retry = (own: object) => ({
    outlier: { consecutive5xx: 0, consecutiveGatewayFailure: 0 },
    retry: own,
  });
  /** Requests go to shorter queues, whatever they weigh. */
  const biased = (activeRequestBias: number) => ({
    algorithm: 'least-request',
    leastRequest: { activeRequestBias },
  });
  const affine = (affinity: object) => ({ ...inTurn, affinity });
  const hash = (by: object) => ({ algorithm: 'maglev', hash: by });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    zone: 'a',
    workers: 1,
    balance: { algorithm: 'random' },
    services: [
      { ...service('plain', {}, 2), balance: undefined },
      service('turns', inTurn, 3),
      service('level', biased(20), [{ weight: 3 }, {}]),
      service(
        'ring',
        { algorithm: 'ring-hash', ringHash: { minimumRingSize: 1, maximumRingSize: 1 } },
        3,
      ),
      service('table', { ...hash({ query: 'user' }), maglev: { tableSize: 2 } }, 3),
      checked(
        'starts',
        { ...inTurn, slowStart: { window: '1h', aggression: 0.5, minWeightPercent: 25 } },
        [{ zone: 'a' }, { zone: 'a' }],
      ),
      service('kept', affine({ cookie: { name: 'stay', ttl: '90s', path: '/shop' } }), 3),
      service('fielded', affine({ header: { name: 'X-Session' } }), 3),
      service('sourced', affine({ source: true }), 3),
      service('strict', { ...affine({ cookie: {}, failover: false }), ...outlier({}) }, 3),
      service('header', hash({ header: 'X-User' }), 3),
      service('cookie', hash({ cookie: 'user' }), 3),
      service('query', hash({ query: 'user' }), 3),
      service('near', {}, [{ zone: 'a' }, { zone: 'b' }]),
      service('level-zones', { zones: 'residual' }, [
        ...Array<Endpoint>(2).fill({ zone: 'a' }),
        ...Array<Endpoint>(4).fill({ zone: 'b' }),
      ]),
      service('weighed', inTurn, [{ weight: 3 }, {}]),
      checked('few', { overprovisioningFactor: 10 }, [{ zone: 'a' }, { zone: 'a' }, { zone: 'b' }]),
      checked('lone', { failover: 'only-when-none-healthy' }, [
        ...Array<Endpoint>(3).fill({ zone: 'a' }),
        { zone: 'b' },
      ]),
      checked('spread', { panicThreshold: 0 }, 4),
      checked('home', { failback: { hold: '0s', ramp: '0s' } }, [{ zone: 'a' }, { zone: 'b' }]),
      service('errors', outlier({ consecutive5xx: 1 }), 2),
      service('unavailable', outlier({ consecutive5xx: 0, consecutiveGatewayFailure: 1 }), 2),
      service(
        'resets',
        outlier({ splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailure: 1 }),
        2,
      ),
      service(
        'returns',
        outlier({ consecutive5xx: 1, baseEjection: '200ms', maxEjection: '200ms' }),
        2,
      ),
      checked('mended', outlier({ consecutive5xx: 1, maxEjection: '1h' }), 2),
      service('out', outlier({ consecutive5xx: 1, maxEjectedPercent: 100 }), 5),
      service(
        'rare',
        compared({
          enforcingSuccessRate: 100,
          successRateMinimumHosts: 3,
          successRateRequestVolume: 5,
          successRateStdevFactor: 1000,
        }),
        3,
      ),
      service(
        'often',
        compared({
          enforcingSuccessRate: 0,
          enforcingFailurePercentage: 100,
          failurePercentageThreshold: 100,
          failurePercentageMinimumHosts: 2,
          failurePercentageRequestVolume: 5,
        }),
        2,
      ),
      service('twice', retry({ maxTries: 2 }), 5),
      service('tried', retry({ statuses: [500] }), 5),
      service('budget', retry({ budgetPercent: 0, minPerSecond: 0 }), 5),
    ],
  });
  await gateway.start();
  await until('every check to have been made', async () => {
    const items = await gateway.items<EndpointItem>('/v1/endpoints');
    return items.every(({ service, id, health }) => {
      const isIll = ill.has(`${service.split('.')[0]}/${id.slice(2)}`);
      return health === (isIll ? 'unhealthy' : 'healthy');
    });
  });
});

/** The endpoints that requests meet one after the other, or the statuses that are not 200. */
async function meet(
  service: string,
  count: number,
  options: Parameters<GatewayProcess['request']>[1] = {},
): Promise<readonly number[]> {
  const answers: number[] = [];
  for (let i = 0; i < count; i++) {
    const { status, body } = await gateway.request(`${service}.shop`, options);
    answers.push(status === 200 ? Number(body) : status);
  }
  return answers;
}

function explained(service: string): Promise<ExplainAnswer> {
  return gateway.api.get<ExplainAnswer>(`/v1/explain/${service}.shop`);
}

/** How often each endpoint was met. */
function counted(numbers: readonly number[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const number of numbers) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}

test("a service's own balancing is in place of that for all", async (t) => {
  // 24 at random are each other's turn once in eight million times.
  const turns = (numbers: readonly number[]) => numbers.every((one, i) => one !== numbers[i - 1]);
  t.true(turns(await meet('turns', 24)));
  t.false(turns(await meet('plain', 24)));
  t.is((await explained('plain')).policy.algorithm, 'random');
  proves(t, 'services[].balance', 'balance.algorithm');
});

/** How many endpoints each of twelve users meets, and how many all of them together. */
async function metBy(
  service: string,
  asked: (user: number) => Parameters<GatewayProcess['request']>[1],
): Promise<{ readonly each: readonly number[]; readonly all: number }> {
  const sets: Set<number>[] = [];
  for (let user = 0; user < 12; user++) sets.push(new Set(await meet(service, 3, asked(user))));
  const all = new Set(sets.flatMap((own) => [...own]));
  return { each: [...new Set(sets.map(({ size }) => size))], all: all.size };
}

const spread = { each: [1], all: 3 };

test('hash: a user meets one endpoint, and others other ones', async (t) => {
  t.deepEqual(await metBy('header', (user) => ({ headers: { 'x-user': `${user}` } })), spread);
  t.deepEqual(await metBy('cookie', (user) => ({ headers: { cookie: `user=${user}` } })), spread);
  t.deepEqual(await metBy('query', (user) => ({ path: `/?user=${user}` })), spread);
  proves(t, 'balance.hash.header', 'balance.hash.cookie', 'balance.hash.query');
});

test('zone: what is in that of the gateway is nearest', async (t) => {
  t.deepEqual(counted(await meet('near', 20)), { 1: 20 });
  proves(t, 'zone', 'services[].endpoints[].zone');
});

test('weight: each gets its share', async (t) => {
  t.deepEqual(counted(await meet('weighed', 40)), { 1: 30, 2: 10 });
  proves(t, 'services[].endpoints[].weight');
});

/** The fields of an answer. */
function fieldsOf(service: string): Promise<IncomingMessage['headers']> {
  const [host, port] = gateway.listener('outbound').split(':');
  return new Promise((resolve, reject) => {
    const headers = { host: `${service}.shop.acme` };
    const call = httpRequest({ host, port, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.headers));
    });
    call.on('error', reject).end();
  });
}

const cookieOf = ({ 'set-cookie': [cookie = ''] = [] }: IncomingMessage['headers']) => cookie;

test('affinity: a client comes back by cookie, by a field, or by its address', async (t) => {
  const cookie = cookieOf(await fieldsOf('kept'));
  t.regex(cookie, /^stay=\S+; Path=\/shop; Max-Age=90; HttpOnly/);
  const [pair = ''] = cookie.split(';');
  t.is(new Set(await meet('kept', 6, { headers: { cookie: pair } })).size, 1);
  const field = `${(await fieldsOf('fielded'))['x-session']}`;
  t.is(new Set(await meet('fielded', 6, { headers: { 'x-session': field } })).size, 1);
  t.is(new Set(await meet('sourced', 6)).size, 1);
  proves(
    t,
    'balance.affinity.cookie.name',
    'balance.affinity.cookie.ttl',
    'balance.affinity.cookie.path',
    'balance.affinity.header.name',
    'balance.affinity.source',
  );
});

test('affinity.failover: false refuses a client while its endpoint is out', async (t) => {
  const [pair = ''] = cookieOf(await fieldsOf('strict')).split(';');
  const headers = { cookie: pair };
  const [own = 0] = await meet('strict', 1, { headers });
  faultsNow.set(`strict/${own}`, 503);
  await until('it to be ejected', async () => {
    await meet('strict', 1, { headers });
    const { candidates } = await explained('strict');
    return candidates.some(({ ejected }) => ejected);
  });
  faultsNow.clear();
  t.deepEqual(await meet('strict', 2, { headers }), [503, 503]);
  t.false((await meet('strict', 3)).includes(503));
  proves(t, 'balance.affinity.failover');
});

test('activeRequestBias: one with a request in flight comes last, whatever it weighs', async (t) => {
  t.deepEqual(counted(await meet('level', 20)), { 1: 15, 2: 5 });
  const first = gateway.request('level.shop', { path: '/hold' });
  const { number, release } = await until('it to be under way', () => held);
  const others = counted(await meet('level', 10));
  release();
  await first;
  t.deepEqual(others, { [3 - number]: 10 });
  proves(t, 'balance.leastRequest.activeRequestBias');
});

test('minimumRingSize, maximumRingSize: a ring of one point is one endpoint', async (t) => {
  const all = await metBy('ring', (user) => ({ path: `/${user}` }));
  t.is(all.all, 1);
  proves(t, 'balance.ringHash.minimumRingSize', 'balance.ringHash.maximumRingSize');
});

test('tableSize: a table of two places is two endpoints', async (t) => {
  t.deepEqual(await metBy('table', (user) => ({ path: `/?user=${user}` })), { each: [1], all: 2 });
  proves(t, 'balance.maglev.tableSize');
});

test('slowStart: one that is healthy again begins with a part of its share', async (t) => {
  await meet('starts', 4);
  ill.add('starts/1');
  const health = async () => (await explained('starts')).candidates[0]?.health;
  await until('it to be out', async () => (await health()) === 'unhealthy');
  ill.delete('starts/1');
  await until('it to be back', async () => (await health()) === 'healthy');
  await until('it to be asked again', async () => (await meet('starts', 10)).includes(1));
  t.deepEqual(counted(await meet('starts', 50)), { 1: 10, 2: 40 });
  t.regex(`${(await explained('starts')).candidates[0]?.reason}`, /starts slowly: at 25 %/);
  proves(
    t,
    'balance.slowStart.window',
    'balance.slowStart.aggression',
    'balance.slowStart.minWeightPercent',
  );
});

test('overprovisioningFactor: half of a zone carries all of its load', async (t) => {
  t.deepEqual(counted(await meet('few', 40)), { 2: 40 });
  t.is((await explained('few')).policy.overprovisioningFactor, 10);
  proves(t, 'balance.overprovisioningFactor');
});

test('zones: residual has the own zone keep what its part of the copies is of its part of the gateways', async (t) => {
  const [own] = (await explained('level-zones')).tiers;
  t.is(own?.healthyLoad, 33);
  t.regex(own?.reason ?? '', /33 % of the healthy copies and 100 % of the gateways/);
  t.true(Object.keys(counted(await meet('level-zones', 40))).some((number) => Number(number) > 2));
  proves(t, 'balance.zones');
});

test('failover: only when none is healthy does a zone leave anything to the next', async (t) => {
  t.deepEqual(counted(await meet('lone', 20)), { 3: 20 });
  proves(t, 'balance.failover');
});

test('panicThreshold: 0 uses no endpoint whose check fails', async (t) => {
  t.deepEqual(counted(await meet('spread', 40)), { 4: 40 });
  proves(t, 'balance.panicThreshold');
});

test('failback: without hold and ramp load is home at once', async (t) => {
  /** As the worker has it that requests go through. */
  const load = async () => {
    await meet('home', 1);
    return (await explained('home')).tiers[0];
  };
  t.is((await load())?.healthyLoad, 100);
  ill.add('home/1');
  await until('it to have left', async () => (await load())?.healthyLoad === 0);
  ill.delete('home/1');
  const reasons = new Set<string>();
  await until('it to be back', async () => {
    const { healthyLoad, reason = '' } = (await load()) ?? {};
    if (healthyLoad !== 100) reasons.add(reason);
    return healthyLoad === 100;
  });
  t.deepEqual(
    [...reasons].filter((reason) => /^holding|^ramping/.test(reason)),
    [],
  );
  proves(t, 'balance.failback.hold', 'balance.failback.ramp');
});

test('consecutive5xx: 1 leaves an endpoint out after one of them', async (t) => {
  t.deepEqual(counted(await meet('errors', 20)), { 500: 1, 2: 19 });
  proves(t, 'balance.outlier.consecutive5xx');
});

test('consecutiveGatewayFailure: 1 leaves an endpoint out after one of them', async (t) => {
  t.deepEqual(counted(await meet('unavailable', 20, { method: 'POST' })), { 503: 1, 2: 19 });
  proves(t, 'balance.outlier.consecutiveGatewayFailure');
});

test('splitExternalLocalOriginErrors, consecutiveLocalOriginFailure: resets are counted apart, and one is enough', async (t) => {
  t.deepEqual(counted(await meet('resets', 20, { method: 'POST' })), { 502: 1, 2: 19 });
  proves(
    t,
    'balance.outlier.splitExternalLocalOriginErrors',
    'balance.outlier.consecutiveLocalOriginFailure',
  );
});

test('baseEjection, maxEjection: an endpoint is tried again soon, as often as it fails', async (t) => {
  await until('it to be tried ten times', async () => {
    await meet('returns', 2);
    return (met.get('returns/1') ?? 0) >= 10;
  });
  proves(t, 'balance.outlier.baseEjection', 'balance.outlier.maxEjection');
});

test('an endpoint that is ejected for an hour is tried again whenever its check has passed', async (t) => {
  await until('it to be tried five times', async () => {
    await meet('mended', 2);
    return (met.get('mended/1') ?? 0) >= 5;
  });
  t.pass();
});

test('maxEjectedPercent: all endpoints may be out at once', async (t) => {
  await until('all of them to be', async () => {
    await meet('out', 5);
    return (await explained('out')).candidates.every(({ ejected }) => ejected);
  });
  proves(t, 'balance.outlier.maxEjectedPercent');
});

/** The reason why the first endpoint of a service is out, once it is; it answers nothing but errors. */
async function ejectedFor(service: string): Promise<string> {
  return until('the first endpoint to be ejected', async () => {
    await meet(service, 30);
    const { candidates } = await explained(service);
    return candidates.find(({ endpoint, ejected }) => endpoint === 'e-1' && ejected)?.reason;
  });
}

test('interval, enforcingSuccessRate: an endpoint that does far worse than the mean is ejected', async (t) => {
  t.regex(await ejectedFor('rare'), /\(successRateStdevFactor\)/);
  proves(
    t,
    'balance.outlier.interval',
    'balance.outlier.enforcingSuccessRate',
    'balance.outlier.successRateMinimumHosts',
    'balance.outlier.successRateRequestVolume',
    'balance.outlier.successRateStdevFactor',
  );
});

test('enforcingFailurePercentage: an endpoint that fails too often is ejected', async (t) => {
  t.regex(await ejectedFor('often'), /\(failurePercentageThreshold\)/);
  proves(
    t,
    'balance.outlier.enforcingFailurePercentage',
    'balance.outlier.failurePercentageThreshold',
    'balance.outlier.failurePercentageMinimumHosts',
    'balance.outlier.failurePercentageRequestVolume',
  );
});

function triesOf(service: string): number {
  const own = [...met].filter(([endpoint]) => endpoint.startsWith(`${service}/`));
  return own.reduce((sum, [, count]) => sum + count, 0);
}

test('maxTries: a request is tried as often', async (t) => {
  await meet('twice', 1);
  t.is(triesOf('twice'), 2);
  proves(t, 'balance.retry.maxTries');
});

test('statuses: after such an answer a request is tried again', async (t) => {
  await meet('tried', 1);
  t.is(triesOf('tried'), 4);
  proves(t, 'balance.retry.statuses');
});

test('budgetPercent, minPerSecond: at 0 nothing is tried again', async (t) => {
  await meet('budget', 20);
  t.is(triesOf('budget'), 20);
  proves(t, 'balance.retry.budgetPercent', 'balance.retry.minPerSecond');
});
