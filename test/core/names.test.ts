/** Specifies which names clusters, federations and services may have. */
import test from 'ava';
import { IsthmusError } from '../../core/errors.ts';
import {
  askedName,
  isLabel,
  parseAskedName,
  parseClusterName,
  parseFederationName,
  parseServiceName,
  serviceHost,
  serviceName,
  serviceParts,
  trustDomainOf,
} from '../../core/names.ts';

const long = 'a'.repeat(63);
const acme = parseFederationName('acme');
const deep = parseFederationName('prod.acme.example');

for (const text of ['a', '0', 'dc1', 'us-east-1', 'a--b', long]) {
  test(`${text.slice(0, 12)} is a label`, (t) => t.true(isLabel(text)));
}

for (const text of [
  '',
  'DC1',
  '-dc1',
  'dc1-',
  'dc_1',
  'dc.1',
  'dc 1',
  'dc1\n',
  'münchen',
  `${long}a`,
  '../dc1',
  'dc1/gateway',
]) {
  test(`${JSON.stringify(text).slice(0, 14)} is no label, so no cluster, namespace or service`, (t) => {
    t.false(isLabel(text));
    t.throws(() => parseClusterName(text), { instanceOf: IsthmusError, code: 'NAME_INVALID' });
    t.throws(() => serviceName('default', text), { code: 'NAME_INVALID' });
    t.throws(() => serviceName(text, 'cart'), { code: 'NAME_INVALID' });
  });
}

test('a federation has one label or more, and at most 120 characters in all', (t) => {
  t.is<string, string>(deep, 'prod.acme.example');
  t.is(parseFederationName(`${long}.${'b'.repeat(56)}`).length, 120);
  for (const text of [
    '',
    '.',
    'acme.',
    '.acme',
    'a..b',
    'Acme',
    'a_b',
    `${long}.${'b'.repeat(57)}`,
  ]) {
    t.throws(() => parseFederationName(text), { code: 'NAME_INVALID' }, text);
  }
});

for (const [text, federation, expected] of [
  ['cart.shop', undefined, 'cart.shop'],
  ['cart.shop', acme, 'cart.shop'],
  ['cart.shop.acme', acme, 'cart.shop'],
  ['cart.shop.prod.acme.example', deep, 'cart.shop'],
  // A namespace that is named like its federation.
  ['cart.acme', acme, 'cart.acme'],
  ['cart.acme.acme', acme, 'cart.acme'],
] as const) {
  test(`${text} is a service ${federation ? `of ${federation}` : 'of any federation'}`, (t) => {
    t.is<string, string>(parseServiceName(text, federation), expected);
  });
}

for (const [text, federation] of [
  ['cart', undefined],
  ['cart.shop.acme', undefined],
  ['cart.shop.other', acme],
  ['cart.acme.example', deep],
  ['cart.shop.', acme],
  ['.shop', undefined],
  ['cart.', undefined],
  ['.', undefined],
  ['', acme],
] as const) {
  test(`${JSON.stringify(text)} is no service ${federation ? `of ${federation}` : 'of any federation'}`, (t) => {
    const error = t.throws(() => parseServiceName(text, federation), {
      instanceOf: IsthmusError,
      code: 'NAME_INVALID',
    });
    t.regex((error as IsthmusError).fix, /<service>\.<namespace>/);
  });
}

test('the parts of a service name make it again', (t) => {
  const name = serviceName('shop', 'cart');
  t.is<string, string>(name, 'cart.shop');
  t.deepEqual(serviceParts(name), { service: 'cart', namespace: 'shop' });
  t.is(serviceHost(name, deep), 'cart.shop.prod.acme.example');
  t.is(parseServiceName(serviceHost(name, deep), deep), name);
});

test('a cluster has a trust domain of its own in its federation', (t) => {
  t.is(trustDomainOf(parseClusterName('dc1'), acme), 'dc1.acme');
});

test('a refusal quotes at most the first 80 characters of what it was given', (t) => {
  const error = t.throws(() => parseClusterName('X'.repeat(10_000)));
  t.true((error?.message.length ?? 0) < 130);
});

for (const [text, service, port] of [
  ['orders.shop', 'orders.shop', undefined],
  ['orders.shop.acme', 'orders.shop', undefined],
  ['grpc.orders.shop', 'orders.shop', 'grpc'],
  ['grpc.orders.shop.acme', 'orders.shop', 'grpc'],
  // A host is read as one wherever it can be: else who has a namespace like the federation had two meanings of one host.
  ['grpc.orders.acme', 'grpc.orders', undefined],
  ['orders.acme', 'orders.acme', undefined],
] as const) {
  test(`${text} asks for ${port ?? 'the port without a name'} of ${service}`, (t) => {
    const asked = parseAskedName(text, acme);
    t.like(asked, { service, port });
    t.is(String(askedName(asked)), port === undefined ? service : `${port}.${service}`);
  });
}

for (const text of ['orders', 'a.grpc.orders.shop', 'Grpc.orders.shop', '.orders.shop']) {
  test(`${text} asks for nothing that could be`, (t) => {
    t.throws(() => parseAskedName(text, acme), { code: 'NAME_INVALID' });
  });
}
