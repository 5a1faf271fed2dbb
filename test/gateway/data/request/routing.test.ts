/** Specifies which requests reach which service, and how the others are refused. */
import test from 'ava';
import { parseFederationName, parseServiceName, type ServiceName } from '../../../../core/names.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { limitsOf } from '../../../../gateway/control/config/data-side-settings.ts';
import { type Route, RouteTable } from '../../../../gateway/data/request/route/route-table.ts';
import { ask, curl, raw } from './http.ts';
import { startGateway, startOrigin } from './scene.ts';

test('a request reaches the service its Host names, whatever the case, port or trailing dot', async (t) => {
  const orders = await startOrigin(t, 'orders-1');
  const users = await startOrigin(t, 'users-1');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', endpoints: [orders] },
      { name: 'users.shop', endpoints: [users] },
    ],
  });
  for (const host of [
    'orders.shop.acme',
    'ORDERS.Shop.acme',
    'orders.shop.acme:80',
    'orders.shop.acme.',
  ]) {
    const answer = await ask(url, host);
    t.is(answer.status, 200, host);
    t.is(answer.body, 'orders-1', host);
  }
  t.is((await ask(url, 'users.shop.acme')).body, 'users-1');
});

test('the gateway is an HTTP proxy for http_proxy users', async (t) => {
  const orders = await startOrigin(t, 'orders-1', (request, response) =>
    response.end(`${request.url} for ${request.headers.host}`),
  );
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [orders] }],
  });
  const answer = await curl('-x', url, 'http://orders.shop.acme/a?b=c');
  t.is(answer.status, 200);
  t.is(answer.body, '/a?b=c for orders.shop.acme');
  const bare = await raw(
    url,
    'GET http://orders.shop.acme?x=1 HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
  );
  t.regex(bare, /\/\?x=1 for orders\.shop\.acme/);
});

test('a service is asked for the path that was decided by, whatever it came by', async (t) => {
  const orders = await startOrigin(t, 'orders-1', (request, response) => response.end(request.url));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [orders] }],
  });
  const host = 'orders.shop.acme';
  const asIs = ['--path-as-is', '-H', `Host: ${host}`];
  const ways: readonly (readonly string[])[] = [
    asIs,
    ['--http2-prior-knowledge', ...asIs],
    ['-x', url, '--path-as-is'],
  ];
  for (const way of ways) {
    const target = way[0] === '-x' ? `http://${host}` : url;
    t.is((await curl(...way, `${target}/a/../%62/./c?d=/../e`)).body, '/b/c?d=/../e');
    for (const path of ['/a%2fb', '/a/..;/b', '/a%5cb', '/a%00', '/%']) {
      const { status, body } = await curl(...way, target + path);
      t.is(status, 400, path);
      t.like(JSON.parse(body), { code: 'PATH_AMBIGUOUS', status: 400 });
    }
  }
  t.is(orders.requests.length, ways.length);
});

test('limits.encodedSlashes: keep lets names through that hold one', async (t) => {
  const packages = await startOrigin(t, 'one', (request, response) => response.end(request.url));
  const yaml = 'cluster: dc1\nfederation: acme\nregion: eu\nlimits: { encodedSlashes: keep }\n';
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'packages.shop', endpoints: [packages] }],
    limits: limitsOf(parseConfig(yaml, '/gateway.yaml')),
  });
  for (const version of ['--http1.1', '--http2-prior-knowledge']) {
    const asked = (path: string) =>
      curl(version, '--path-as-is', '-H', 'Host: packages.shop.acme', url + path);
    t.is((await asked('/@scope%2fname')).body, '/@scope%2Fname');
    t.is((await asked('/@scope/..%2fname')).status, 400);
  }
});

test('an unknown host is refused with a problem that says what to do', async (t) => {
  const { url, proxy } = await startGateway(t, { cluster: 'dc1' });
  for (const host of [
    'nobody.shop.acme',
    'orders.shop',
    'a.orders.shop.acme',
    'acme',
    '127.0.0.1:1',
  ]) {
    const answer = await ask(url, host);
    t.is(answer.status, 404, host);
    t.is(answer.headers['content-type'], 'application/problem+json');
    t.like(JSON.parse(answer.body), { code: 'ROUTE_NOT_FOUND', status: 404 });
  }
  t.deepEqual(proxy.recorder.snapshot().refused, [
    { service: undefined, source: undefined, code: 'ROUTE_NOT_FOUND', requests: 5 },
  ]);
});

test('other targets, a second Host and unreadable requests are refused with a code', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1' });
  const end = 'Connection: close\r\n\r\n';
  const cases = [
    [`GET / HTTP/1.0\r\n${end}`, 400, 'REQUEST_REFUSED'],
    [
      `GET https://orders.shop.acme/ HTTP/1.1\r\nHost: orders.shop.acme\r\n${end}`,
      400,
      'REQUEST_REFUSED',
    ],
    [
      `GET http://user@orders.shop.acme/ HTTP/1.1\r\nHost: orders.shop.acme\r\n${end}`,
      400,
      'REQUEST_REFUSED',
    ],
    [`GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n${end}`, 400, 'REQUEST_REFUSED'],
    [
      `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${end}`,
      400,
      'REQUEST_REFUSED',
    ],
    [
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n${end}`,
      431,
      'REQUEST_HEAD_TOO_LARGE',
    ],
    ['GARBAGE\r\n\r\n', 400, 'REQUEST_REFUSED'],
  ] as const;
  for (const [request, status, code] of cases) {
    const answer = await raw(url, request);
    t.regex(answer, new RegExp(`^HTTP/1.1 ${status} `), request.slice(0, 60));
    t.regex(answer, new RegExp(`"code":"${code}"`), request.slice(0, 60));
  }
});

test('a client that does not finish its request head is answered 408', async (t) => {
  const { proxy, url } = await startGateway(t, { cluster: 'dc1', limits: { headMs: 200 } });
  const answer = await raw(url, 'GET / HTTP/1.1\r\nHost: a\r\n');
  t.regex(answer, /^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":"REQUEST_TOO_SLOW"/);
  t.like(proxy.recorder.snapshot().refused, [{ code: 'REQUEST_TOO_SLOW', requests: 1 }]);
});

test('a request body over the limit is refused, announced or not', async (t) => {
  const orders = await startOrigin(t, 'orders-1', (request, response) => {
    request.resume().on('end', () => response.end('took it'));
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    limits: { maxBodyBytes: 1000 },
    services: [{ name: 'orders.shop', endpoints: [orders] }],
  });
  const post = (bytes: number, ...args: string[]) =>
    ask(url, 'orders.shop.acme', '--data-binary', 'x'.repeat(bytes), ...args);
  t.is((await post(1000)).body, 'took it');
  t.like(JSON.parse((await post(1001)).body), { code: 'BODY_TOO_LARGE', status: 413 });
  const chunked = await post(1001, '-H', 'Transfer-Encoding: chunked');
  t.is(chunked.status, 413);
  t.like(JSON.parse(chunked.body), { code: 'BODY_TOO_LARGE' });
});

test('an address that is taken is a coded error that names it', async (t) => {
  const { outbound } = await startGateway(t, { cluster: 'dc1' });
  const { startOutboundListener } = await import(
    '../../../../gateway/data/listen/outbound-listener.ts'
  );
  const { systemClock } = await import('../../../../core/clock.ts');
  const { silentLog } = await import('../../../../core/log.ts');
  const gateway = await startGateway(t, { cluster: 'dc2' });
  const port = Number(outbound.address.split(':')[1]);
  const place = { host: '127.0.0.1', port };
  await t.throwsAsync(
    startOutboundListener({ place, proxy: gateway.proxy, clock: systemClock, log: silentLog }),
    { message: `${outbound.address} is taken` },
  );
});

test('a host that names no service leads to the one that it is an alias of, until there is a service by that name', (t) => {
  const [orders, cart] = [parseServiceName('orders.shop'), parseServiceName('cart.shop')];
  const there = new Set<string>([orders]);
  const aliases = new Map([
    ['bestellungen.example', orders],
    ['cart.shop.acme', orders],
    ['gone.example', parseServiceName('gone.shop')],
  ]);
  const make = (service: ServiceName) =>
    there.has(service) ? ({ service, exported: true } as Route) : undefined;
  const acme = parseFederationName('acme');
  const table = new RouteTable(acme, { make, ledTo: (host) => aliases.get(host) });
  const led = (authority: string) => table.find(authority)?.service;
  t.is(led('orders.shop.acme'), orders);
  t.is(led('Bestellungen.example:8080'), orders);
  t.is(led('cart.shop.acme'), orders);
  t.is(led('gone.example'), undefined);
  t.is(String(table.ledTo('gone.example')), 'gone.shop');
  t.is(led('other.example'), undefined);
  there.add(cart);
  table.appeared(cart);
  t.is(led('cart.shop.acme'), cart);
  aliases.delete('bestellungen.example');
  table.hostsChanged();
  t.is(led('bestellungen.example'), undefined);
});
