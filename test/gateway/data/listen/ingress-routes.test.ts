/** Specifies which service a request to an ingress is for. */
import test from 'ava';
import { parseFederationName, parseServiceName } from '../../../../core/names.ts';
import { IngressRoutes, isBelow } from '../../../../gateway/data/request/route/ingress-routes.ts';
import type { Route, RouteLookup } from '../../../../gateway/data/request/route/route-table.ts';

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
    ['www.example.com', '*', 'web.shop'],
    ['bare.example.com', '*', undefined],
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

test('what a route leads to is named also where nobody has it', (t) => {
  const led = routes();
  t.is(led.ledTo('www.example.com', '/api/cart/1'), parseServiceName('cart.shop'));
  t.is(led.ledTo('bare.example.com', '/other'), undefined);
  t.is(led.ledTo('web.shop.acme', '/'), undefined);
});
