/** Specifies the keys of the registry, and who owns them. */
import test from 'ava';
import fc from 'fast-check';
import {
  parseClusterName,
  parseFederationName,
  parseServiceName,
  serviceName,
} from '../../core/names.ts';
import {
  decodeKey,
  encodeKey,
  federationPrefix,
  kindPrefix,
  ownerOf,
  type RegistryKey,
} from '../../registry/keys.ts';

const acme = parseFederationName('acme');
const [dc1, dc10] = [parseClusterName('dc1'), parseClusterName('dc10')];
const cart = parseServiceName('cart.shop');

const examples: readonly (readonly [RegistryKey, string, string | undefined])[] = [
  [{ kind: 'clusters', cluster: dc1 }, 'clusters/dc1', 'dc1'],
  [{ kind: 'bundles', cluster: dc1 }, 'bundles/dc1', 'dc1'],
  [{ kind: 'synced', cluster: dc1 }, 'synced/dc1', 'dc1'],
  [{ kind: 'gateways', cluster: dc1, id: 'g1' }, 'gateways/dc1/g1', 'dc1'],
  [
    { kind: 'endpoints', cluster: dc1, service: cart, id: 'cart-1' },
    'endpoints/dc1/shop/cart/cart-1',
    'dc1',
  ],
  [{ kind: 'exports', cluster: dc1, service: cart }, 'exports/dc1/shop/cart', 'dc1'],
  [{ kind: 'tokens', cluster: dc1, id: 't1' }, 'tokens/dc1/t1', undefined],
];

for (const [key, path, owner] of examples) {
  test(`${key.kind} live at ${path}, owned by ${owner ?? 'no single cluster'}`, (t) => {
    const text = `/isthmus/v1/acme/${path}`;
    t.is(encodeKey(acme, key), text);
    t.deepEqual(decodeKey(acme, text), key);
    t.is(ownerOf(text), owner);
  });
}

const labels = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const clusters = labels.map(parseClusterName);
const services = fc.tuple(labels, labels).map(([a, b]) => serviceName(a, b));
const federations = fc
  .array(labels, { minLength: 1, maxLength: 3 })
  .map((parts) => parseFederationName(parts.join('.')));
const keys: fc.Arbitrary<RegistryKey> = fc.oneof(
  fc.record({ kind: fc.constantFrom('clusters', 'bundles', 'synced'), cluster: clusters }),
  fc.record({ kind: fc.constant('gateways'), cluster: clusters, id: labels }),
  fc.record({ kind: fc.constant('endpoints'), cluster: clusters, service: services, id: labels }),
  fc.record({ kind: fc.constant('exports'), cluster: clusters, service: services }),
  fc.record({ kind: fc.constant('tokens'), cluster: clusters, id: labels }),
);

test('every key reads back as it was written, below its kind and federation, and belongs to its cluster', (t) => {
  fc.assert(
    fc.property(federations, keys, (federation, key) => {
      const text = encodeKey(federation, key);
      t.deepEqual(decodeKey(federation, text), key);
      t.true(text.startsWith(kindPrefix(federation, key.kind)));
      t.is(ownerOf(text), key.kind === 'tokens' ? undefined : key.cluster);
    }),
  );
});

test('two keys are written alike only when they are the same', (t) => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const alike = encodeKey(acme, a) === encodeKey(acme, b);
      t.is(alike, JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('whatever text a key is, it is read or refused with RECORD_INVALID', (t) => {
  const parts = fc.constantFrom('exports', 'endpoints', 'dc1', '', '..', 'DC1', 'a b');
  const texts = fc.oneof(
    fc.string(),
    fc.array(parts).map((path) => `/isthmus/v1/acme/${path.join('/')}`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        t.is(encodeKey(acme, decodeKey(acme, text)), text);
      } catch (thrown) {
        t.like(thrown, { code: 'RECORD_INVALID', where: text });
      }
    }),
  );
});

for (const text of [
  '',
  '/isthmus/v1/acme/',
  '/isthmus/v1/acme/clusters',
  '/isthmus/v1/acme/clusters/',
  '/isthmus/v1/acme/clusters/dc1/',
  '/isthmus/v1/acme/clusters/DC1',
  '/isthmus/v1/acme/exports/dc1/shop',
  '/isthmus/v1/acme/endpoints/dc1/shop/cart',
  '/isthmus/v1/acme/endpoints/dc1/shop/cart/cart-1/more',
  '/isthmus/v1/acme/endpoints/dc1/shop/../cart-1',
  '/isthmus/v1/acme/secrets/dc1',
  '/isthmus/v1/acme2/clusters/dc1',
  '/isthmus/v2/acme/clusters/dc1',
  'isthmus/v1/acme/clusters/dc1',
]) {
  test(`${JSON.stringify(text)} is no key of this federation`, (t) => {
    t.throws(() => decodeKey(acme, text), { code: 'RECORD_INVALID' });
  });
}

test('what is below dc1 is not below dc10, nor a federation below one that its name begins with', (t) => {
  const key: RegistryKey = { kind: 'endpoints', cluster: dc10, service: cart, id: 'cart-1' };
  t.true(encodeKey(acme, key).startsWith(kindPrefix(acme, 'endpoints', dc10)));
  t.false(encodeKey(acme, key).startsWith(kindPrefix(acme, 'endpoints', dc1)));
  const acme2 = parseFederationName('acme2');
  t.false(encodeKey(acme2, key).startsWith(federationPrefix(acme)));
  t.false(encodeKey(parseFederationName('acme.example'), key).startsWith(federationPrefix(acme)));
});

test('nobody owns what is outside the registry or below no cluster', (t) => {
  for (const text of ['', '/other/v1/acme/clusters/dc1', '/isthmus/v1/acme/tokens/dc1/t1']) {
    t.is(ownerOf(text), undefined);
  }
  t.is(ownerOf('/isthmus/v1/acme/policies/dc1/shop/TrafficPolicy/cart'), 'dc1');
  t.is(ownerOf('/isthmus/v1/acme/acks/dc1/bundle'), 'dc1');
});
