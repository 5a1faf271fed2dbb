/** Specifies the provider's functions: names as the federation spells them, and what is wrong told at its argument. */
import test from 'ava';
import { functions } from '../../../terraform/provider/functions/functions.ts';
import type { Value } from '../../../terraform/provider/values/value.ts';

function call(name: string, ...given: readonly string[]): Value {
  const found = functions.find((one) => one.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found.call(...given);
}

for (const [name, given, result] of [
  ['service_host', ['orders.shop', 'acme'], 'orders.shop.acme'],
  ['service_host', ['orders.shop', 'prod.acme.example'], 'orders.shop.prod.acme.example'],
  ['spiffe_id', ['dc1.acme', '/gateway/g1'], 'spiffe://dc1.acme/gateway/g1'],
  ['spiffe_id', ['dc1.acme', ''], 'spiffe://dc1.acme'],
] as const) {
  test(`${name}(${given.join(', ')}) is ${result}`, (t) => {
    t.is(call(name, ...given), result);
  });
}

test('a SPIFFE ID has a trust domain, a path, a cluster and a federation', (t) => {
  t.deepEqual(call('parse_spiffe_id', 'spiffe://dc1.prod.acme/ns/shop/sa/orders'), {
    trust_domain: 'dc1.prod.acme',
    path: '/ns/shop/sa/orders',
    cluster: 'dc1',
    federation: 'prod.acme',
  });
  t.like(call('parse_spiffe_id', 'spiffe://elsewhere'), { path: '', federation: '' });
});

for (const [name, given, code, where] of [
  ['service_host', ['orders', 'acme'], 'NAME_INVALID', 'service'],
  ['service_host', ['orders.shop', 'ACME'], 'NAME_INVALID', 'federation'],
  ['spiffe_id', ['DC1.acme', '/a'], 'SPIFFE_ID_INVALID', 'trust_domain'],
  ['spiffe_id', ['dc1.acme', 'a'], 'SPIFFE_ID_INVALID', 'path'],
  ['spiffe_id', ['dc1.acme', '/a//b'], 'SPIFFE_ID_INVALID', 'path'],
  ['parse_spiffe_id', ['https://dc1.acme'], 'SPIFFE_ID_INVALID', undefined],
] as const) {
  test(`${name}(${given.join(', ')}) is refused`, (t) => {
    t.like(
      t.throws(() => call(name, ...given)),
      { code, where } as object,
    );
  });
}
