/** Specifies what of the admin API is audited. */
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { operation } from '../../../../gateway/control/api/operation.ts';
import { type Ask, open } from './open.ts';

const json = { 'content-type': 'application/json' };
const endpoint = '/v1/services/shop/cart/endpoints/cart-1';
const createToken = async () => ({
  ...{ token: 'secret', id: 't1', expiresAt: 1, fingerprint: 'f' },
});
const body = { address: '10.0.0.1', port: 8080 };

test('what was done to what is named, of what is in the body too, and no secret is', async (t) => {
  const { ask, audit } = await open(t, {
    control: {
      createToken,
      leave: async () => ({ left: parseClusterName('dc3') }),
      deregister: async () => {},
    },
  });
  const post = (path: string, sent: unknown) => ask(path, { method: 'POST', body: sent });
  await post('/v1/tokens', {});
  await post('/v1/federation/leave', { cluster: 'dc3', force: true });
  await post('/v1/endpoints', { deregister: [{ service: 'cart.shop', id: 'cart-1' }] });
  await ask(endpoint, { method: 'DELETE' });
  t.deepEqual(
    audit.items.map(({ operation: name, object }) => `${name} ${object}`),
    [
      'createToken token t1 for a cluster',
      'leave cluster dc3, forced',
      'changeEndpoints registered 0, beat 0, deregistered 1 (cart.shop/cart-1)',
      'deleteEndpoint namespace shop, service cart, id cart-1',
    ],
  );
  t.false(JSON.stringify(audit.items).includes('secret'));
});

test('every write is in the audit, and so is one that was refused for whatever reason; what only asks is not', async (t) => {
  const question = operation({
    ...{ method: 'POST', path: '/v1/question', id: 'ask', tag: 'Test', summary: '' },
    ...{ role: 'viewer', onlyAsks: true, handle: () => undefined },
  });
  const { ask, audit } = await open(t, {
    control: { createToken },
    more: { operations: [question] },
  });
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
    audit.items.map(({ operation: name, object }) => [name, object]),
    [
      ['createToken', 'token t1 for a cluster'],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      ['putEndpoint', undefined],
      ['putEndpoint', 'cart.shop, cart-1 at 10.0.0.1:8080'],
      [undefined, undefined],
    ],
  );
  t.deepEqual(
    audit.items.map(({ method, path, code }) => [method, path, code]),
    asked.map(([path, { method }, code]) => [method, path, code]),
  );
});

test('what was refused of many is in the audit as refused', async (t) => {
  const name = { service: 'cart.shop', id: 'cart-1' };
  const { ask, audit } = await open(t, {
    control: {
      changeEndpoints: async () => ({
        ...{ registered: 1, heartbeats: 0, deregistered: 0, published: true },
        refused: [{ ...name, id: 'cart-2', code: 'ENDPOINT_NOT_FOUND', what: 'there is none' }],
      }),
    },
  });
  const sent = { register: [{ ...name, ...body }], heartbeat: [{ ...name, id: 'cart-2' }] };
  await ask('/v1/endpoints', { method: 'POST', body: sent });
  t.deepEqual(
    audit.items.map(({ object }) => object),
    [
      'registered 1 (cart.shop/cart-1), beat 1 (cart.shop/cart-2), deregistered 0; of these refused 1 (cart.shop/cart-2)',
    ],
  );
});

test('signs of life are in the audit only where they were refused', async (t) => {
  const { ask, audit } = await open(t, {
    control: {
      changeEndpoints: async ({ register, heartbeat }) => ({
        ...{ registered: register.length, heartbeats: heartbeat.length, deregistered: 0 },
        ...{ published: true, refused: [] },
      }),
    },
  });
  const name = { service: 'cart.shop', id: 'cart-1' };
  const post = (sent: unknown) => ask('/v1/endpoints', { method: 'POST', body: sent });
  t.is((await post({ heartbeat: [name] })).status, 200);
  t.deepEqual(audit.items, []);
  await post({ heartbeat: [{ service: 'no service' }] });
  await post({ heartbeat: [name], register: [{ ...name, ...body }] });
  t.deepEqual(
    audit.items.map(({ status }) => status),
    [400, 200],
  );
});
