/** Specifies which service a request to an ingress is for. */
import test from 'ava';
import { parseFederationName, parseServiceName } from '../../../core/names.ts';
import {
  hasDotSegment,
  hostOf,
  IngressRoutes,
  isBelow,
} from '../../../gateway/edge/ingress-routes.ts';
import type { Route, RouteLookup } from '../../../gateway/proxy/route.ts';

const hosts: Record<string, string> = {
  'www.example.com': 'www.example.com',
  'WWW.Example.COM': 'www.example.com',
  'www.example.com:8443': 'www.example.com',
  'www.example.com.': 'www.example.com',
  'www.example.com.:443': 'www.example.com',
};

for (const [authority, host] of Object.entries(hosts)) {
  test(`the host of ${authority} is ${host}`, (t) => {
    t.is(hostOf(authority), host);
  });
}

const below: readonly (readonly [path: string, prefix: string, is: boolean])[] = [
  ['/', '/', true],
  ['/anything?at=all', '/', true],
  ['/api', '/api', true],
  ['/api/', '/api', true],
  ['/api/v1', '/api', true],
  ['/api?v=1', '/api', true],
  ['/apix', '/api', false],
  ['/API', '/api', false],
  ['/ap', '/api', false],
  ['/api', '/api/', false],
  ['/api/v1', '/api/', true],
];

for (const [path, prefix, is] of below) {
  test(`${path} is ${is ? '' : 'not '}below ${prefix}`, (t) => {
    t.is(isBelow(path, prefix), is);
  });
}

const dots: Record<string, boolean> = {
  '/a/../b': true,
  '/..': true,
  '/./a': true,
  '/a/%2e%2E/b': true,
  '/a/.%2e': true,
  '/.well-known/acme-challenge/x': false,
  '/a..b/c': false,
  '/a/...': false,
  '/a?next=/../b': false,
  '/%2f': false,
  '/': false,
};

for (const [path, has] of Object.entries(dots)) {
  test(`${path} has ${has ? 'a' : 'no'} segment of dots`, (t) => {
    t.is(hasDotSegment(path), has);
  });
}

/** Knows every service of acme; answers with a route that says which was asked for. */
const services: RouteLookup = {
  find(authority) {
    const name = /^([a-z]+\.[a-z]+)\.acme$/.exec(authority)?.[1];
    return name === undefined ? undefined : ({ service: name } as unknown as Route);
  },
};

function routes(serviceNames = true): IngressRoutes {
  const to = (host: string, path: string, service: string) => ({
    host,
    path,
    service: parseServiceName(service),
  });
  return new IngressRoutes(
    [
      to('www.example.com', '/', 'web.shop'),
      to('www.example.com', '/api', 'api.shop'),
      to('www.example.com', '/api/cart', 'cart.shop'),
      to('*.example.com', '/', 'tenant.shop'),
      to('bare.example.com', '/only', 'only.shop'),
    ],
    services,
    parseFederationName('acme'),
    serviceNames,
  );
}

const found: readonly (readonly [authority: string, path: string, service: string | undefined])[] =
  [
    ['www.example.com', '/', 'web.shop'],
    ['WWW.example.com:443', '/apix', 'web.shop'],
    ['www.example.com', '/api/v1?x=1', 'api.shop'],
    ['www.example.com', '/api/cart/7', 'cart.shop'],
    ['anna.example.com', '/api', 'tenant.shop'],
    ['a.b.example.com', '/', undefined],
    ['bare.example.com', '/only/this', 'only.shop'],
    ['bare.example.com', '/else', undefined],
    ['orders.shop.acme', '/', 'orders.shop'],
    ['orders.shop.other', '/', undefined],
  ];

for (const [authority, path, service] of found) {
  test(`${authority}${path} is for ${service ?? 'nobody'}`, (t) => {
    t.is(routes().find(authority, path)?.service, service as Route['service'] | undefined);
  });
}

test('services are not found by their own names where that is turned off, but by routes', (t) => {
  t.is(routes(false).find('orders.shop.acme', '/'), undefined);
  t.is(routes(false).find('www.example.com', '/')?.service, parseServiceName('web.shop'));
});
