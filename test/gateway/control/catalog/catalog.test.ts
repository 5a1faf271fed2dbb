/** Specifies the endpoints registered with a gateway, and their health. */
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import type { ServiceName } from '../../../../core/names.ts';
import { Catalog } from '../../../../gateway/control/catalog/catalog.ts';
import { HealthChecker } from '../../../../gateway/control/health/checker.ts';
import type { Resolve } from '../../../../gateway/data/link/places.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import { checkSchema } from '../../../../policy/health-check.ts';
import type { ServiceDefaults } from '../../../../policy/service-defaults.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../../support/until.ts';
import { closedPort, startOrigin } from '../../data/request/scene.ts';
import { cart, home, registration, web } from '../../records.ts';

/** A catalog whose heartbeats follow a clock moved by hand, and whose checks are real. */
function open(t: ExecutionContext, resolve?: Resolve) {
  const clock = new ManualClock();
  const names = new NameResolver({ clock: systemClock, log: silentLog });
  const { lookup } = names;
  const checker = new HealthChecker({ clock: systemClock, random: Math.random, lookup });
  const said: { of: ServiceDefaults } = { of: {} };
  const catalog = new Catalog({
    home,
    clock,
    checker,
    resolve: resolve ?? ((host) => names.resolve(host)),
    defaults: () => said.of,
    tls: () => undefined,
  });
  t.teardown(() => {
    catalog.close();
    checker.close();
  });
  const told: ServiceName[] = [];
  catalog.onChange((service) => told.push(service));
  const health = (id = 'cart-1') =>
    [...catalog.entries(cart)].find((entry) => entry.registration.id === id)?.health;
  /** The service says this of its endpoints from now on. */
  const say = (defaults: ServiceDefaults) => {
    said.of = defaults;
    catalog.defaultsChanged(cart);
  };
  return { catalog, checker, clock, told, health, say };
}

const heartbeat = { ttlMs: 10_000, deregisterAfterMs: 60_000 };
const check = checkSchema.parse({ http: { path: '/' }, interval: '50ms', rise: 1, fall: 1 });

test('a registered endpoint is there, told of, and healthy as long as nothing checks it', (t) => {
  const { catalog, told } = open(t);
  t.deepEqual(catalog.put(registration()), {
    registration: registration(),
    health: 'healthy',
    reason: 'Assumed: it has no check',
  });
  t.deepEqual([told, catalog.size, catalog.has(cart, 'cart-1')], [[cart], 1, true]);
  t.deepEqual([...catalog.services()], [cart]);
});

test('its registry record says where it is and which gateway answers for it', (t) => {
  const { catalog } = open(t);
  catalog.put(registration('cart-1', { zone: 'b', weight: 3, labels: { team: 'core' } }));
  t.deepEqual(
    [...catalog.records(cart)],
    [
      {
        cluster: home.cluster,
        service: cart,
        id: 'cart-1',
        address: '127.0.0.1',
        port: 80,
        region: 'eu',
        zone: 'b',
        weight: 3,
        labels: { team: 'core' },
        protocol: 'http',
        health: 'healthy',
        exported: true,
        gateway: 'g1',
      },
    ],
  );
});

test('registering it again replaces it', (t) => {
  const { catalog } = open(t);
  catalog.put(registration());
  catalog.put(registration('cart-1', { weight: 5 }));
  t.is(catalog.size, 1);
  t.is([...catalog.records(cart)][0]?.weight, 5);
});

test('a removed endpoint is gone, and its service with the last of them', (t) => {
  const { catalog, told } = open(t);
  catalog.put(registration());
  catalog.put(registration('cart-2'));
  catalog.remove(cart, 'cart-1');
  t.deepEqual([catalog.size, [...catalog.services()]], [1, [cart]]);
  catalog.remove(cart, 'cart-2');
  t.deepEqual([catalog.size, [...catalog.services()]], [0, []]);
  t.deepEqual(told, [cart, cart, cart, cart]);
  t.throws(() => catalog.remove(cart, 'cart-2'), { code: 'ENDPOINT_NOT_FOUND' });
});

test('an endpoint of the configuration is neither replaced nor removed by the API', (t) => {
  const { catalog, told } = open(t);
  catalog.put(registration('cart-1', { source: 'config' }));
  const error = t.throws(() => catalog.put(registration('cart-1', { weight: 9 })), {
    code: 'ENDPOINT_FIXED',
  });
  t.regex(error?.message ?? '', /cart-1 of cart\.shop/);
  t.throws(() => catalog.remove(cart, 'cart-1'), { code: 'ENDPOINT_FIXED' });
  t.is([...catalog.records(cart)][0]?.weight, 1);
  t.deepEqual(told, [cart], 'only the first was a change');
});

test('only what came by API is kept for the next start', (t) => {
  const { catalog } = open(t);
  catalog.put(registration('cart-1', { source: 'config' }));
  catalog.put(registration('cart-2'));
  catalog.put(registration('web-1', { service: web }));
  const kept = [...catalog.apiRegistrations()].map(({ id }) => id);
  t.deepEqual(kept, ['cart-2', 'web-1']);
});

test('what came by API is told of when it is registered, changed or removed, not when it is repeated or its health changes', (t) => {
  const { catalog, clock } = open(t);
  const told: (number | undefined)[] = [];
  catalog.onRegistered(({ registration }) => told.push(registration?.weight));
  catalog.put(registration('cart-1', { source: 'config' }));
  catalog.put(registration('cart-2', heartbeat));
  catalog.put(registration('cart-2', heartbeat));
  catalog.put(registration('cart-2', { ...heartbeat, weight: 2 }));
  clock.advance(10_500);
  catalog.heartbeat(cart, 'cart-2');
  t.deepEqual(told, [1, 2]);
  clock.advance(61_000);
  t.deepEqual(told, [1, 2, undefined]);
});

test('without a heartbeat for its ttl an endpoint is unhealthy, and says why; the next one heals it', (t) => {
  const { catalog, clock, told, health } = open(t);
  catalog.put(registration('cart-1', heartbeat));
  clock.advance(9_999);
  t.is(health(), 'healthy');
  clock.advance(251);
  t.is(health(), 'unhealthy');
  t.is([...catalog.entries(cart)][0]?.reason, 'Its heartbeat is overdue');
  t.is(told.length, 2);
  t.is(catalog.heartbeat(cart, 'cart-1').health, 'healthy');
  t.is(told.length, 3);
});

test('heartbeats in time keep an endpoint healthy, and tell nobody anything', (t) => {
  const { catalog, clock, told, health } = open(t);
  catalog.put(registration('cart-1', heartbeat));
  for (let i = 0; i < 20; i++) {
    clock.advance(9_000);
    catalog.heartbeat(cart, 'cart-1');
  }
  t.is(health(), 'healthy');
  t.is(told.length, 1);
});

test('registering again counts as a heartbeat', (t) => {
  const { catalog, clock, health } = open(t);
  catalog.put(registration('cart-1', heartbeat));
  clock.advance(11_000);
  t.is(health(), 'unhealthy');
  catalog.put(registration('cart-1', heartbeat));
  t.is(health(), 'healthy');
  clock.advance(9_000);
  t.is(health(), 'healthy');
});

test('without a heartbeat for long enough an endpoint is deregistered', (t) => {
  const { catalog, clock, told } = open(t);
  catalog.put(registration('cart-1', heartbeat));
  catalog.put(registration('cart-2'));
  clock.advance(59_999);
  t.true(catalog.has(cart, 'cart-1'));
  clock.advance(251);
  t.false(catalog.has(cart, 'cart-1'));
  t.true(catalog.has(cart, 'cart-2'), 'one without a ttl stays');
  t.is(told.length, 4);
  t.throws(() => catalog.heartbeat(cart, 'cart-1'), { code: 'ENDPOINT_NOT_FOUND' });
});

test('an endpoint that only has a ttl is never deregistered by itself', (t) => {
  const { catalog, clock, health } = open(t);
  catalog.put(registration('cart-1', { ttlMs: 1_000 }));
  clock.advance(24 * 3600_000);
  t.is(health(), 'unhealthy');
});

test('a step of wall time expires nothing', (t) => {
  const { catalog, clock, health } = open(t);
  catalog.put(registration('cart-1', heartbeat));
  clock.jump(3600_000);
  clock.advance(1_000);
  t.is(health(), 'healthy');
});

test('nobody waits for heartbeats where there are none to wait for', (t) => {
  const { catalog, clock } = open(t);
  catalog.put(registration());
  t.is(clock.pending, 0);
  catalog.put(registration('cart-2', heartbeat));
  t.is(clock.pending, 1);
  catalog.remove(cart, 'cart-2');
  clock.advance(1_000);
  t.is(clock.pending, 0);
});

test('a checked endpoint is unknown, then what its check says, and each change is told', async (t) => {
  const { catalog, health, told } = open(t);
  const origin = await startOrigin(t, 'cart-1');
  t.is(catalog.put(registration('cart-1', { port: origin.port, check })).health, 'unknown');
  await until('it is checked', () => health() === 'healthy');
  t.is(told.length, 2);
  origin.server.close();
  origin.server.closeAllConnections();
  await until('it is found dead', () => health() === 'unhealthy');
  t.is(told.length, 3);
});

test('the reason is that of the last check, also when the health stays the same', async (t) => {
  const { catalog } = open(t);
  let status = 500;
  const { port } = await startOrigin(t, 'cart-1', (_, response) => {
    response.statusCode = status;
    response.end();
  });
  catalog.put(registration('cart-1', { port, check }));
  const reason = () => [...catalog.entries(cart)][0]?.reason;
  await until('the first reason', () => reason() === 'GET / answers 500');
  status = 404;
  await until('the second reason', () => reason() === 'GET / answers 404');
  t.pass();
});

test('a heartbeat does not make an endpoint healthy that its check finds dead', async (t) => {
  const { catalog, health } = open(t);
  catalog.put(registration('cart-1', { port: await closedPort(), check, ...heartbeat }));
  await until('it is found dead', () => health() === 'unhealthy');
  t.is(catalog.heartbeat(cart, 'cart-1').health, 'unhealthy');
});

test('registering again with the same target and check keeps the health; elsewhere it is unknown again', async (t) => {
  const { catalog, health } = open(t);
  const { port } = await startOrigin(t, 'cart-1');
  catalog.put(registration('cart-1', { port, check }));
  await until('it is checked', () => health() === 'healthy');
  t.is(catalog.put(registration('cart-1', { port, check, weight: 2 })).health, 'healthy');
  t.is(catalog.put(registration('cart-1', { port: port - 1, check })).health, 'unknown');
});

test('an endpoint whose check was taken off, or that was removed, is checked no more', async (t) => {
  const { catalog, checker, health } = open(t);
  const port = await closedPort();
  catalog.put(registration('cart-1', { port, check }));
  catalog.put(registration('cart-2', { port, check }));
  await until(
    'both are found dead',
    () => health() === 'unhealthy' && health('cart-2') === 'unhealthy',
  );
  t.is(catalog.put(registration('cart-1', { port })).health, 'healthy');
  catalog.remove(cart, 'cart-2');
  t.is(checker.status('cart.shop/cart-1'), undefined);
  t.is(checker.status('cart.shop/cart-2'), undefined);
});

test('a name with several addresses is an instance at each, checked by itself under the name, and followed', async (t) => {
  const asked = new Set<string | undefined>();
  const origin = await startOrigin(t, 'cart', (request, response) => {
    asked.add(request.headers.host);
    response.end();
  });
  let addresses = ['127.0.0.1', '127.0.3.1'];
  const { catalog, clock, told } = open(t, async () => addresses.map((address) => ({ address })));
  const { port } = origin;
  catalog.put(registration('cart', { address: 'cart.internal', port, check, weight: 3 }));
  const seen = () =>
    [...catalog.records(cart)].map(({ id, address, health }) => [id, address, health]);
  t.is(seen()[0]?.[1], 'cart.internal', 'the name is being looked up');
  await until(
    'both are checked',
    () => seen().length === 2 && seen().every((one) => one[2] !== 'unknown'),
  );
  t.deepEqual(seen(), [
    ['cart-127-0-0-1', '127.0.0.1', 'healthy'],
    ['cart-127-0-3-1', '127.0.3.1', 'unhealthy'],
  ]);
  t.like(catalog.find(cart, 'cart'), {
    health: 'healthy',
    reason: '1 of 2 addresses of cart.internal are healthy',
  });
  t.true([...asked].includes(`cart.internal:${port}`));
  t.true(catalog.has(cart, 'cart') && catalog.has(cart, 'cart-127-0-3-1'));

  addresses = ['127.0.0.1', '127.0.3.2', '::1'];
  told.length = 0;
  clock.advance(1_000);
  await until('it is told of', () => told.length > 0);
  t.deepEqual(
    seen().map(([id]) => id),
    ['cart-127-0-0-1', 'cart-127-0-3-2', 'cart-ip6-1'],
  );
  t.is(seen()[0]?.[2], 'healthy', 'who stays is not asked anew');
  catalog.remove(cart, 'cart');
  t.deepEqual(seen(), []);
  t.false(catalog.has(cart, 'cart-127-0-0-1'));
});

test('an endpoint is spoken to and checked as it says itself, else as its service does, from then on', async (t) => {
  const { catalog, health, say } = open(t);
  const port = await closedPort();
  const silent = { protocol: undefined, port };
  catalog.put(registration('cart-1', silent));
  catalog.put(registration('own', { ...silent, protocol: 'http2', check: undefined }));
  const spoken = () => Array.from(catalog.records(cart), ({ protocol }) => protocol);
  t.deepEqual(spoken(), ['http', 'http2']);
  t.is(health(), 'healthy');
  say({ protocol: 'grpc', check });
  t.deepEqual(spoken(), ['grpc', 'http2']);
  await until('it to be checked', () => health() === 'unhealthy');
  t.is(catalog.find(cart, 'cart-1')?.registration.check, undefined);
  say({});
  t.deepEqual(spoken(), ['http', 'http2']);
  t.is(health(), 'healthy');
});
