/** Specifies the HTTP layer of the admin API over real sockets: what it takes, what it refuses, and how it says so. */
import { request } from 'node:http';
import test from 'ava';
import { IsthmusError } from '../../../../core/errors.ts';
import type { ReadinessItem } from '../../../../gateway/control/api/answers.ts';
import { type Ask, open } from './open.ts';

const json = { 'content-type': 'application/json' };
const endpoint = '/v1/services/shop/cart/endpoints/cart-1';
const body = { address: '10.0.0.1', port: 8080 };

test('a refusal is a problem (RFC 9457) with its code, place and advice', async (t) => {
  const { ask } = await open(t, {
    control: {
      createToken() {
        throw new IsthmusError('NOT_A_MEMBER', { what: 'dc1 is in no federation', where: 'dc1' });
      },
    },
  });
  const { status, headers, json } = await ask('/v1/tokens', { method: 'POST', body: {} });
  t.is(status, 409);
  t.regex(headers['content-type'] ?? '', /^application\/problem\+json/);
  t.deepEqual(json, {
    type: 'urn:isthmus:error:NOT_A_MEMBER',
    title: 'Not a member of a federation',
    status: 409,
    code: 'NOT_A_MEMBER',
    detail: 'dc1 is in no federation',
    where: 'dc1',
    fix: 'Join first: `isthmus join --token-file FILE`.',
  });
});

test('what nobody foresaw is INTERNAL, and the log has its stack and the path', async (t) => {
  const lines: string[] = [];
  const { ask } = await open(t, {
    lines,
    control: {
      clusters() {
        throw new TypeError('undefined is not a cluster');
      },
    },
  });
  const { status, json } = await ask('/v1/clusters');
  t.deepEqual([status, json['code']], [500, 'INTERNAL']);
  t.false(JSON.stringify(json).includes('admin.test'), 'the stack stays in the log');
  t.like(JSON.parse(lines[0] ?? ''), { path: '/v1/clusters', err: { type: 'TypeError' } });
});

test('what there is not is a problem that names it, without its query', async (t) => {
  const { ask } = await open(t);
  for (const [method, path] of [
    ['GET', '/v1/nothing?secret=1'],
    ['POST', '/v1/state'],
    ['DELETE', '/v1/services/shop/cart'],
  ] as const) {
    const { status, headers, json } = await ask(path, { method });
    t.is(status, 404);
    t.regex(headers['content-type'] ?? '', /problem\+json/);
    t.like(json, {
      code: 'ROUTE_NOT_FOUND',
      detail: `The admin API has no ${method} ${path.split('?')[0]}`,
    });
  }
});

test('a gateway is alive, and ready as soon as it says so', async (t) => {
  const problem = { code: 'NOT_READY', what: 'It starts' };
  let readiness: ReadinessItem = { ready: false, state: 'starting', problem };
  const { ask } = await open(t, { control: { readiness: () => readiness } });
  t.deepEqual((await ask('/healthz')).status, 200);
  t.like(await ask('/readyz'), { status: 503, json: { ready: false, state: 'starting', problem } });
  readiness = { ready: true, state: 'ready' };
  t.like(await ask('/readyz'), { status: 200, json: { ready: true } });
});

test('an endpoint is registered with what the body leaves out filled in, but for what its service says', async (t) => {
  const { ask, acts } = await open(t);
  t.is((await ask(endpoint, { method: 'PUT', body })).status, 200);
  const filledIn = {
    ...body,
    service: 'cart.shop',
    id: 'cart-1',
    zone: 'a',
    weight: 1,
    labels: {},
    exported: true,
    source: 'api',
    ttlMs: undefined,
    deregisterAfterMs: undefined,
  };
  t.deepEqual(acts, [['register', filledIn]]);
});

test('an endpoint is kept alive and deregistered by its path', async (t) => {
  const { ask, acts } = await open(t);
  t.like(await ask(`${endpoint}/heartbeat`, { method: 'PUT' }), {
    status: 200,
    json: { service: 'cart.shop', id: 'cart-1', health: 'healthy', reason: 'fine' },
  });
  t.like(await ask(endpoint, { method: 'DELETE' }), { status: 204, text: '' });
  t.deepEqual(acts, [
    ['heartbeat', 'cart.shop', 'cart-1'],
    ['deregister', 'cart.shop', 'cart-1'],
  ]);
});

test('many endpoints are registered, kept alive and deregistered at once', async (t) => {
  const { ask, acts } = await open(t);
  const named = { service: 'cart.shop', id: 'cart-2' };
  const changes = { register: [{ ...body, ...named, ttl: '5s' }], heartbeat: [named] };
  t.is((await ask('/v1/endpoints', { method: 'POST', body: changes })).status, 200);
  t.like(acts, [
    [
      'changeEndpoints',
      {
        register: [{ ...body, ...named, zone: 'a', weight: 1, source: 'api', ttlMs: 5_000 }],
        heartbeat: [named],
        deregister: [],
      },
    ],
  ]);
});

test('endpoints that each beat for themselves are not counted as one caller', async (t) => {
  const { ask } = await open(t, { admin: { requestsPerSecond: 1 } });
  const statuses = async (paths: readonly string[]) => {
    const answers = paths.map((path) => ask(path, { method: 'PUT' }));
    return (await Promise.all(answers)).map(({ status }) => status);
  };
  const beat = (id: number) => `/v1/services/shop/cart/endpoints/cart-${id}/heartbeat`;
  const all = Array.from({ length: 30 }, (_, i) => beat(i));
  t.deepEqual(new Set(await statuses(all)), new Set([200]));
  t.deepEqual(new Set(await statuses(Array(9).fill(beat(0)))), new Set([200]));
  t.deepEqual(await statuses([beat(0)]), [429]);
  t.is((await ask('/v1/services')).status, 200, 'who looks is counted apart');
});

test('queries reach what they ask', async (t) => {
  const { ask, acts } = await open(t);
  await ask('/v1/endpoints?service=cart.shop');
  await ask('/v1/explain/cart.shop?from=dc2/b&without=dc1,,dc3');
  await ask('/v1/tokens', { method: 'POST', body: { ttl: '5m' } });
  await ask('/v1/federation/leave', { method: 'POST' });
  await ask('/v1/registry/stop', { method: 'POST' });
  t.deepEqual(acts, [
    ['endpoints', 'cart.shop'],
    ['explain', { service: 'cart.shop' }, 'dc2/b', ['dc1', 'dc3']],
    ['createToken', 300_000],
    ['leave', undefined, false, []],
    ['registry', 'stop'],
  ]);
});

/** What is sent, and how it is refused; nothing is ever done. */
const refusals: Record<string, readonly [path: string, ask: Ask, status: number, problem: object]> =
  {
    'JSON that ends early': [
      endpoint,
      { method: 'PUT', headers: json, body: '{"address":' },
      400,
      { code: 'BODY_INVALID' },
    ],
    'an empty body that calls itself JSON': [
      endpoint,
      { method: 'PUT', headers: json, body: '' },
      400,
      { code: 'BODY_INVALID' },
    ],
    'a body that poisons prototypes': [
      endpoint,
      { method: 'PUT', headers: json, body: '{"address":"a","port":1,"__proto__":{"x":1}}' },
      400,
      { code: 'BODY_INVALID' },
    ],
    'a body of another kind': [
      endpoint,
      { method: 'PUT', headers: { 'content-type': 'application/xml' }, body: '<a/>' },
      415,
      { code: 'MEDIA_TYPE_UNSUPPORTED' },
    ],
    'a body of plain text': [
      endpoint,
      { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: JSON.stringify(body) },
      415,
      { code: 'MEDIA_TYPE_UNSUPPORTED' },
    ],
    'a Host for its check that is none': [
      endpoint,
      { method: 'PUT', body: { ...body, check: { http: { path: '/', host: 'a\r\nx: y' } } } },
      400,
      { code: 'BODY_INVALID', where: 'check.http.host' },
    ],
    'a body that is a list': [endpoint, { method: 'PUT', body: [] }, 400, { code: 'BODY_INVALID' }],
    'no body where one is due': [
      endpoint,
      { method: 'PUT' },
      400,
      { code: 'BODY_INVALID', where: 'address' },
    ],
    'a key nobody knows': [
      endpoint,
      { method: 'PUT', body: { ...body, wieght: 2 } },
      400,
      { code: 'BODY_INVALID', detail: 'Unrecognized key: "wieght"' },
    ],
    'a port that is none': [
      endpoint,
      { method: 'PUT', body: { ...body, port: 0 } },
      400,
      { code: 'BODY_INVALID', where: 'port' },
    ],
    'an address that is two lines': [
      endpoint,
      { method: 'PUT', body: { ...body, address: 'a\r\nb' } },
      400,
      { code: 'BODY_INVALID', where: 'address' },
    ],
    'a label that is no text': [
      endpoint,
      { method: 'PUT', body: { ...body, labels: { team: 7 } } },
      400,
      { code: 'BODY_INVALID', where: 'labels.team' },
    ],
    'a ttl of nothing': [
      endpoint,
      { method: 'PUT', body: { ...body, ttl: '0s' } },
      400,
      { code: 'BODY_INVALID', where: 'ttl' },
    ],
    'deregistration without a ttl': [
      endpoint,
      { method: 'PUT', body: { ...body, deregisterAfter: '1m' } },
      400,
      { code: 'BODY_INVALID', where: 'deregisterAfter' },
    ],
    'one of many endpoints with a port that is none': [
      '/v1/endpoints',
      {
        method: 'POST',
        body: { register: [{ ...body, service: 'cart.shop', id: 'a', port: 0 }] },
      },
      400,
      { code: 'BODY_INVALID', where: 'register.0.port' },
    ],
    'one of many endpoints that is deregistered without a ttl': [
      '/v1/endpoints',
      {
        method: 'POST',
        body: { register: [{ ...body, service: 'cart.shop', id: 'a', deregisterAfter: '1m' }] },
      },
      400,
      { code: 'BODY_INVALID', where: 'register.0.deregisterAfter' },
    ],
    'deregistration before the ttl is over': [
      endpoint,
      { method: 'PUT', body: { ...body, ttl: '2m', deregisterAfter: '1m' } },
      400,
      { code: 'BODY_INVALID', where: 'deregisterAfter' },
    ],
    'a namespace that is no label': [
      '/v1/services/SHOP/cart/endpoints/cart-1',
      { method: 'PUT', body },
      400,
      { code: 'NAME_INVALID' },
    ],
    'a service that climbs': [
      '/v1/services/shop/%2e%2e/endpoints/cart-1',
      { method: 'PUT', body },
      400,
      { code: 'NAME_INVALID' },
    ],
    'an endpoint id with a slash in it': [
      '/v1/services/shop/cart/endpoints/a%2Fb',
      { method: 'DELETE' },
      400,
      { code: 'NAME_INVALID' },
    ],
    'an endpoint id that is too long': [
      `/v1/services/shop/cart/endpoints/${'a'.repeat(200)}`,
      { method: 'PUT', body },
      400,
      { code: 'NAME_INVALID' },
    ],
    'a URL that is no URL': ['/v1/explain/%zz', {}, 400, { code: 'REQUEST_REFUSED' }],
    'a part of a URL longer than any name': [
      `/v1/explain/${'a'.repeat(2000)}`,
      {},
      404,
      { code: 'ROUTE_NOT_FOUND' },
    ],
    'a query nobody knows': ['/v1/endpoints?svc=cart.shop', {}, 400, { code: 'QUERY_INVALID' }],
    'a query for what is no service': [
      '/v1/endpoints?service=cart',
      {},
      400,
      { code: 'QUERY_INVALID', where: 'service' },
    ],
    'a cursor that was never given out': [
      '/v1/services?cursor=!',
      {},
      400,
      { code: 'QUERY_INVALID', where: 'cursor' },
    ],
    'a field there is not': [
      '/v1/services?fields=svc',
      {},
      400,
      { code: 'QUERY_INVALID', where: 'fields' },
    ],
    'an explanation of what is no service': ['/v1/explain/cart', {}, 400, { code: 'NAME_INVALID' }],
    'an explanation without what is no cluster': [
      '/v1/explain/cart.shop?without=DC1',
      {},
      400,
      { code: 'NAME_INVALID' },
    ],
    'a token that lives for days': [
      '/v1/tokens',
      { method: 'POST', body: { ttl: '25h' } },
      400,
      { code: 'BODY_INVALID', where: 'ttl' },
    ],
    'a join without a token': [
      '/v1/federation/join',
      { method: 'POST', body: {} },
      400,
      { code: 'BODY_INVALID', where: 'token' },
    ],
  };

for (const [what, [path, asked, status, problem]] of Object.entries(refusals)) {
  test(`${what} is refused, and nothing is done`, async (t) => {
    const { ask, acts } = await open(t);
    const answer = await ask(path, asked);
    t.is(answer.status, status);
    t.like(answer.json, { status, ...problem });
    t.regex(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
    t.deepEqual(acts, []);
  });
}

for (const [method, path, allow] of [
  ['DELETE', '/v1/services', 'GET, HEAD'],
  ['POST', endpoint, 'GET, HEAD, PUT, DELETE'],
  ['GET', `${endpoint}/heartbeat`, 'PUT'],
  ['PATCH', '/v1/log-level', 'GET, HEAD, PUT'],
  ['HEAD', '/v1/stream', 'GET'],
  ['OPTIONS', '/healthz', 'GET, HEAD'],
] as const) {
  test(`${method} of ${path} is 405, and ${allow} allowed`, async (t) => {
    const { ask, acts } = await open(t);
    const { status, headers, text } = await ask(path, { method });
    t.deepEqual([status, headers.allow], [405, allow]);
    if (method !== 'HEAD') t.is(JSON.parse(text).code, 'METHOD_NOT_ALLOWED');
    t.deepEqual(acts, []);
  });
}

test('what is put answers with the ETag of what a GET finds then; a sign of life has none', async (t) => {
  let level = 'info' as const;
  const { ask } = await open(t, {
    control: {
      logLevel: () => level,
      setLogLevel(given) {
        level = given as typeof level;
      },
    },
  });
  const put = await ask('/v1/log-level', { method: 'PUT', body: { level: 'debug' } });
  t.is(put.headers.etag, (await ask('/v1/log-level')).headers.etag);
  const next = { method: 'PUT', headers: { 'if-match': String(put.headers.etag) } };
  t.is((await ask('/v1/log-level', { ...next, body: { level: 'warn' } })).status, 200);
  t.is((await ask('/v1/log-level', { ...next, body: { level: 'info' } })).status, 412);
  const beat = await ask(`${endpoint}/heartbeat`, { method: 'PUT' });
  t.deepEqual([beat.status, beat.headers.etag], [200, undefined]);
});

test('the longest service name there is has its explanation', async (t) => {
  const { ask, acts } = await open(t);
  const service = `${'a'.repeat(63)}.${'b'.repeat(63)}`;
  t.is((await ask(`/v1/explain/${service}`)).status, 200);
  t.deepEqual(acts, [['explain', { service }, undefined, []]]);
});

test('a body over 1 MiB is BODY_TOO_LARGE, whether its length is stated or not', async (t) => {
  const { ask, acts } = await open(t);
  const large = `{"address":"${'a'.repeat(1024 * 1024)}"}`;
  for (const headers of [json, { ...json, 'transfer-encoding': 'chunked' }]) {
    const answer = await ask(endpoint, { method: 'PUT', headers, body: large });
    t.is(answer.status, 413);
    t.like(answer.json, { code: 'BODY_TOO_LARGE', status: 413 });
  }
  t.deepEqual(acts, []);
});

test('a client that breaks off while it sends leaves the API as it was', async (t) => {
  const { ask, address, acts } = await open(t);
  const sent = request({
    host: '127.0.0.1',
    port: Number(address.split(':').at(-1)),
    method: 'PUT',
    path: endpoint,
    headers: { ...json, 'content-length': '1000' },
  });
  sent.on('error', () => {}); // It is this test that breaks it off.
  await new Promise<void>((resolve) => sent.write('{"address":', () => resolve()));
  sent.destroy();
  t.is((await ask('/healthz')).status, 200);
  t.deepEqual(acts, []);
});
