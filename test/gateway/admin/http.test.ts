/** Specifies the HTTP layer of the admin API over real sockets: what it takes, what it refuses, and how it says so. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { IsthmusError } from '../../../core/errors.ts';
import { operation } from '../../../gateway/admin/operation.ts';
import { tempDir } from '../../support/temp-dir.ts';
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
    ['POST', '/v1/status'],
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
  let ready = false;
  const { ask } = await open(t, { control: { ready: () => ready } });
  t.deepEqual((await ask('/healthz')).status, 200);
  t.like(await ask('/readyz'), { status: 503, json: { ready: false } });
  ready = true;
  t.like(await ask('/readyz'), { status: 200, json: { ready: true } });
});

test('an endpoint is registered with what the body leaves out filled in', async (t) => {
  const { ask, acts } = await open(t);
  t.is((await ask(endpoint, { method: 'PUT', body })).status, 200);
  const filledIn = {
    ...body,
    service: 'cart.shop',
    id: 'cart-1',
    zone: 'a',
    weight: 1,
    labels: {},
    protocol: 'http',
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

test('queries reach what they ask', async (t) => {
  const { ask, acts } = await open(t);
  await ask('/v1/endpoints?service=cart.shop');
  await ask('/v1/explain/cart.shop?from=dc2/b&without=dc1,,dc3');
  await ask('/v1/tokens', { method: 'POST', body: { ttl: '5m' } });
  await ask('/v1/federation/leave', { method: 'POST' });
  await ask('/v1/registry/stop', { method: 'POST' });
  t.deepEqual(acts, [
    ['endpoints', 'cart.shop'],
    ['explain', 'cart.shop', 'dc2/b', ['dc1', 'dc3']],
    ['createToken', 300_000],
    ['leave', undefined, false],
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
      400,
      { code: 'BODY_INVALID' },
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
    'a query nobody knows': ['/v1/endpoints?svc=cart.shop', {}, 400, { code: 'BODY_INVALID' }],
    'a query for what is no service': [
      '/v1/endpoints?service=cart',
      {},
      400,
      { code: 'BODY_INVALID', where: 'service' },
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

test('the longest service name there is has its explanation', async (t) => {
  const { ask, acts } = await open(t);
  const service = `${'a'.repeat(63)}.${'b'.repeat(63)}`;
  t.is((await ask(`/v1/explain/${service}`)).status, 200);
  t.deepEqual(acts, [['explain', service, undefined, []]]);
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

for (const host of [
  'evil.example',
  'evil.example:7001',
  '127.0.0.1.evil.example',
  '10.0.0.1',
  '0.0.0.0',
  'localhost.evil.example:80',
]) {
  test(`security: a page that points its own name ${host} at loopback (DNS rebinding) reaches nothing`, async (t) => {
    const { ask, acts } = await open(t);
    for (const [path, method] of [
      ['/v1/endpoints', 'GET'],
      ['/v1/tokens', 'POST'],
      ['/healthz', 'GET'],
      ['/nothing', 'GET'],
    ] as const) {
      const { status, json } = await ask(path, { method, headers: { host } });
      t.deepEqual([status, json['code']], [403, 'ORIGIN_REFUSED'], path);
    }
    t.deepEqual(acts, []);
  });
}

for (const origin of [
  'https://evil.example',
  'http://127.0.0.1.evil.example',
  'null',
  'file://',
  'http://evil.example:7001',
]) {
  test(`security: a page of another site, ${origin}, changes nothing`, async (t) => {
    const { ask, acts } = await open(t);
    const { status, json } = await ask('/v1/federation/leave', {
      method: 'POST',
      headers: { origin, 'content-type': 'text/plain' },
    });
    t.deepEqual([status, json['code']], [403, 'ORIGIN_REFUSED']);
    t.deepEqual(acts, []);
  });
}

for (const name of ['127.0.0.1:7001', 'localhost', 'localhost:80', '[::1]:7001', '127.0.0.2']) {
  test(`the API answers by its own name ${name}`, async (t) => {
    const { ask } = await open(t);
    const headers = { host: name, origin: `http://${name}` };
    t.is((await ask('/v1/services', { headers })).status, 200);
  });
}

test('every write is in the audit, and so is one that was refused for whatever reason; what only asks is not', async (t) => {
  const question = operation({
    ...{ method: 'POST', path: '/v1/question', id: 'ask', tag: 'Test', summary: '' },
    ...{ role: 'viewer', onlyAsks: true, handle: () => undefined },
  });
  const { ask, audit } = await open(t, { more: { operations: [question] } });
  const large = `{"address":"${'a'.repeat(1024 * 1024)}"}`;
  const foreign = { origin: 'https://evil.example' };
  const asked: readonly (readonly [path: string, asked: Ask, code: string | undefined])[] = [
    ['/v1/tokens', { method: 'POST', body: {} }, undefined],
    ['/v1/tokens', { method: 'POST', body: {}, headers: foreign }, 'ORIGIN_REFUSED'],
    ['/v1/tokens', { method: 'POST', body: {}, headers: { host: 'evil' } }, 'ORIGIN_REFUSED'],
    [endpoint, { method: 'PUT', headers: json, body: large }, 'BODY_TOO_LARGE'],
    [endpoint, { method: 'PUT', headers: json, body: '{' }, 'BODY_INVALID'],
    [endpoint, { method: 'PUT', body: { address: '' } }, 'BODY_INVALID'],
    [endpoint, { method: 'PUT', body, headers: { 'if-match': '"x"' } }, 'PRECONDITION_FAILED'],
    ['/v1/nothing', { method: 'DELETE' }, 'ROUTE_NOT_FOUND'],
  ];
  for (const [path, request] of asked) await ask(path, request);
  for (const path of ['/v1/services', '/v1/audit']) await ask(path);
  t.is((await ask('/v1/question', { method: 'POST', body: {} })).status, 204);
  t.deepEqual(
    audit.items.map(({ method, path, code }) => [method, path, code]),
    asked.map(([path, { method }, code]) => [method, path, code]),
  );
});

test('the port that 0 became is told', async (t) => {
  const { address } = await open(t);
  t.regex(address, /^127\.0\.0\.1:[1-9]\d*$/);
});

test('an address that is taken is PORT_IN_USE, and is named', async (t) => {
  const { address } = await open(t);
  const error = await t.throwsAsync(open(t, { listen: address }), {
    code: 'PORT_IN_USE',
  });
  t.like(error, { where: `listen.admin ${address}` });
});

test('after the end the port is free, also with a client connected', async (t) => {
  const first = await open(t);
  const idle = connect(Number(first.address.split(':').at(-1)), '127.0.0.1');
  await once(idle, 'connect');
  await first.server.close();
  const second = await open(t, { listen: first.address });
  t.is((await second.ask('/healthz')).status, 200);
});

test('the API answers on a unix socket, whose file goes with it', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const { ask, address, server } = await open(t, { listen: `unix:${path}` });
  t.is(address, `unix:${path}`);
  t.is((await ask('/healthz')).status, 200);
  t.is((await ask('/healthz', { headers: { host: 'evil.example' } })).status, 403);
  await server.close();
  await t.throwsAsync(stat(path), { code: 'ENOENT' });
});

test('a socket file that a killed gateway left is replaced', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log())`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.true((await stat(path)).isSocket());
  const { ask } = await open(t, { listen: `unix:${path}` });
  t.is((await ask('/healthz')).status, 200);
});

test('a socket that somebody answers on is PORT_IN_USE, and goes on answering', async (t) => {
  const path = join(await tempDir(t), 'admin.sock');
  const { ask } = await open(t, { listen: `unix:${path}` });
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'PORT_IN_USE',
  });
  t.is((await ask('/healthz')).status, 200);
});

test('security: a file that is no socket is never removed to make room for one', async (t) => {
  const path = join(await tempDir(t), 'precious.txt');
  await writeFile(path, 'precious');
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'PORT_IN_USE',
  });
  t.is(await readFile(path, 'utf8'), 'precious');
});

test('a socket in a folder that is not there is CONFIG_INVALID', async (t) => {
  const path = join(await tempDir(t), 'none', 'admin.sock');
  await t.throwsAsync(open(t, { listen: `unix:${path}` }), {
    code: 'CONFIG_INVALID',
  });
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
