/** Specifies what of the admin API is audited. */
import test from 'ava';
import { operation } from '../../../gateway/admin/operation.ts';
import { type Ask, open } from './open.ts';

const json = { 'content-type': 'application/json' };
const endpoint = '/v1/services/shop/cart/endpoints/cart-1';
const body = { address: '10.0.0.1', port: 8080 };

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
