/** Specifies the keys of policies in the registry. */
import test from 'ava';
import { parseClusterName } from '../../core/names.ts';
import {
  decodePolicyKey,
  encodePolicyKey,
  policiesPrefix,
  wholeFederation,
} from '../../registry/policy-keys.ts';
import { acme, dc1, dc10 } from './records.ts';

test("a policy's key reads back as it was written, below its cluster's prefix and no other's", (t) => {
  const key = { cluster: dc1, namespace: 'shop', kind: 'TrafficPolicy', name: 'cart' };
  const text = encodePolicyKey(acme, key);
  t.is(text, '/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy/cart');
  t.deepEqual(decodePolicyKey(acme, text), key);
  t.true(text.startsWith(policiesPrefix(acme, dc1)));
  t.false(encodePolicyKey(acme, { ...key, cluster: dc10 }).startsWith(policiesPrefix(acme, dc1)));
});

test("the federation's policies have a prefix that no cluster has", (t) => {
  const place = { namespace: 'shop', kind: 'TrafficPolicy', name: 'cart' };
  const key = { cluster: wholeFederation, ...place } as const;
  const text = encodePolicyKey(acme, key);
  t.is(text, '/isthmus/v1/acme/policies/@/shop/TrafficPolicy/cart');
  t.deepEqual(decodePolicyKey(acme, text), key);
  t.throws(() => parseClusterName(wholeFederation), { code: 'NAME_INVALID' });
});

for (const text of [
  '',
  '/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy',
  '/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy/cart/more',
  '/isthmus/v1/acme/policies/dc1/shop/trafficPolicy/cart',
  '/isthmus/v1/acme/policies/dc1/shop/Traffic-Policy/cart',
  '/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy/Cart',
  '/isthmus/v1/acme/policies/@@/shop/TrafficPolicy/cart',
  '/isthmus/v1/acme/policies/dc1/@/TrafficPolicy/cart',
  '/isthmus/v1/acme/policies/dc1/../TrafficPolicy/cart',
  '/isthmus/v1/acme2/policies/dc1/shop/TrafficPolicy/cart',
  '/isthmus/v1/acme/drills/dc1/shop/TrafficPolicy/cart',
]) {
  test(`${JSON.stringify(text)} is the key of no policy`, (t) => {
    t.throws(() => decodePolicyKey(acme, text), { code: 'RECORD_INVALID' });
  });
}
