/** Specifies endpoints registered while gateways run: used in other clusters, kept alive, forgotten. */
import { once } from 'node:events';
import anyTest, { type TestFn } from 'ava';
import type {
  ChangedEndpoints,
  EndpointItem,
  RegisteredEndpoint,
} from '../../gateway/control/api/answers.ts';
import { endpointBodySchema } from '../../gateway/control/api/bodies.ts';
import { bin, cleanEnv, start } from '../cli/command.ts';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate, settled } from '../support/federation.ts';
import type { Scope } from '../support/gateway-process.ts';
import { Instance } from '../support/instance.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;

test.before('two clusters are joined', async () => {
  ({ dc1, dc2 } = await federate(shared, { dc1: {}, dc2: {} }));
});

async function running(t: Scope, cluster: Cluster, id: string): Promise<Instance> {
  const instance = new Instance(cluster.name, id);
  await instance.start();
  t.teardown(() => instance.kill());
  return instance;
}

/** Registers an instance of a service of the namespace `shop`, as a program of the cluster would. */
function register(
  { gateway }: Cluster,
  service: string,
  { id, address }: Instance,
  options: object = {},
): Promise<RegisteredEndpoint> {
  const [host, port] = address.split(':');
  const body = { address: host, port: Number(port), ...options };
  return gateway.api.send('PUT', path(service, id), body);
}

function path(service: string, id: string): string {
  return `/v1/services/shop/${service}/endpoints/${id}`;
}

/** Beats until the returned function is called, or the test ends. */
function beating(t: Scope, { gateway }: Cluster, service: string, id: string): () => void {
  const timer = setInterval(() => {
    // A gateway that is gone gets no heartbeat; what comes of that is what tests look at.
    gateway.api.send('PUT', `${path(service, id)}/heartbeat`).catch(() => undefined);
  }, 300);
  const stop = () => clearInterval(timer);
  t.teardown(stop);
  return stop;
}

/** Waits until a service asked for in dc1 is served so: by a cluster's name, or a status. */
async function answeredBy(service: string, expected: string | number): Promise<void> {
  await until(`${service} to be answered by ${expected}`, async () => {
    const { status, cluster } = await dc1.gateway.request(`${service}.shop`);
    return (status === 200 ? cluster : status) === expected;
  });
}

test('an endpoint registered in one cluster serves another', async (t) => {
  const instance = await running(t, dc2, 'cart-1');
  const { published } = await register(dc2, 'cart', instance);
  t.true(published);
  await answeredBy('cart', 'dc2');
  t.is((await dc1.gateway.request('cart.shop')).body, 'dc2/cart-1');
});

test('an endpoint is told as it was put: what was answered is put again and nothing changes', async (t) => {
  const own = { address: '127.0.0.1', port: 1, protocol: 'http2', weight: 7, labels: { a: 'b' } };
  const ports = [{ name: 'grpc', port: 2, protocol: 'grpc' }];
  const check = { http: { path: '/up', expect: [204, '300-399'] }, interval: '1500ms' };
  const put = { ...own, ports, check, ttl: '90s', deregisterAfter: '1h' };
  const at = path('told', 'told-1');
  const first = await adminRequest(dc1.gateway, at, { method: 'PUT', body: put });
  t.is(first.status, 200, first.text);
  t.teardown(() => dc1.gateway.api.send('DELETE', at));
  const { json, headers } = await adminRequest(dc1.gateway, at);
  t.like(json, {
    ...own,
    ports,
    zone: 'default',
    exported: true,
    ttl: '90s',
    deregisterAfter: '1h',
    check: {
      http: { path: '/up', expect: [204, '300-399'], tls: false, version: 1 },
      ...{ interval: '1500ms', timeout: '1s', rise: 2, fall: 2 },
    },
  });
  const names = Object.keys(endpointBodySchema.shape);
  const again = Object.fromEntries(names.map((name) => [name, json[name]]));
  const condition = { 'if-match': headers.etag ?? '' };
  const second = await adminRequest(dc1.gateway, at, {
    method: 'PUT',
    body: again,
    headers: condition,
  });
  t.is(lasting(second.headers.etag), lasting(headers.etag));

  const other = { ...put, ttl: '80s' };
  const third = await adminRequest(dc1.gateway, at, {
    method: 'PUT',
    body: other,
    headers: condition,
  });
  t.is(third.status, 200);
  const late = await adminRequest(dc1.gateway, at, {
    method: 'PUT',
    body: put,
    headers: condition,
  });
  t.is(late.status, 412, 'its ttl is another by now');
});

/** An entity tag without what health is in it. */
function lasting(tag: string | undefined): string | undefined {
  return tag?.replace(/\..*/, '');
}

test('many endpoints are registered, kept alive and deregistered by one call each; what can not be is named', async (t) => {
  const { address } = await running(t, dc1, 'bulk');
  const [host, port] = address.split(':');
  const names = Array.from({ length: 1_000 }, (_, i) => ({
    service: `bulk-${i % 200}.shop`,
    id: `bulk-${i}`,
  }));
  const change = (body: object) =>
    dc1.gateway.api.send<ChangedEndpoints>('POST', '/v1/endpoints', body);
  const own = { address: host, port: Number(port), ttl: '60s' };
  const registered = await change({ register: names.map((name) => ({ ...name, ...own })) });
  t.like(registered, { registered: 1_000, heartbeats: 0, deregistered: 0, refused: [] });
  await until('the last to serve', async () => {
    return (await dc2.gateway.request('bulk-199.shop')).body === 'dc1/bulk';
  });
  const stranger = { service: 'bulk-1.shop', id: 'nobody' };
  const beaten = await change({ heartbeat: [...names, stranger] });
  t.like(beaten, { heartbeats: 1_000 });
  t.like(beaten.refused, [{ ...stranger, code: 'ENDPOINT_NOT_FOUND' }]);
  t.like(await change({ deregister: names }), { deregistered: 1_000, refused: [] });
});

test('an endpoint that brings no check is checked as the configuration says of its service', async (t) => {
  const checked = { id: 'orders-9', address: '127.0.0.1:1' } as Instance;
  await register(dc2, 'orders', checked);
  t.teardown(() => dc2.gateway.api.send('DELETE', path('orders', 'orders-9')));
  const { json } = await adminRequest(dc2.gateway, path('orders', 'orders-9'));
  t.false('check' in json, 'it brought none of its own');
  await until('its check to fail', async () => {
    const items = await dc2.gateway.items<EndpointItem>('/v1/endpoints?service=orders.shop');
    return items.find(({ id }) => id === 'orders-9')?.health === 'unhealthy';
  });
  t.pass();
});

test('an endpoint whose heartbeat stops is left for another cluster until it beats again', async (t) => {
  const local = await running(t, dc1, 'stock-1');
  const remote = await running(t, dc2, 'stock-2');
  await register(dc2, 'stock', remote);
  await register(dc1, 'stock', local, { ttl: '2s' });
  const stop = beating(t, dc1, 'stock', 'stock-1');
  await answeredBy('stock', 'dc1');

  stop();
  await answeredBy('stock', 'dc2');
  // A beat that was on its way may have been heard after all.
  const item = await until('it to be unhealthy', async () => {
    const items = await dc1.gateway.items<EndpointItem>('/v1/endpoints?service=stock.shop');
    return items.find(({ health }) => health === 'unhealthy');
  });
  t.like(item, { id: 'stock-1', reason: 'Its heartbeat is overdue' });

  beating(t, dc1, 'stock', 'stock-1');
  await answeredBy('stock', 'dc1');
});

test('an endpoint that stays silent is deregistered, and other clusters forget the service', async (t) => {
  const instance = await running(t, dc2, 'mail-1');
  await register(dc2, 'mail', instance, { ttl: '1s', deregisterAfter: '2s' });
  await answeredBy('mail', 'dc2');
  await answeredBy('mail', 404);
  t.deepEqual(await dc2.gateway.items('/v1/endpoints?service=mail.shop'), []);
});

test('isthmus register and deregister bring a service and take it away', async (t) => {
  const instance = await running(t, dc2, 'tax-1');
  await dc2.gateway.isthmusOk([
    ...['register', 'tax.shop', '--id', 'tax-1', '--address', instance.address],
    ...['--check-http', '/healthz', '--check-interval', '200ms'],
  ]);
  await answeredBy('tax', 'dc2');
  await dc2.gateway.isthmusOk(['deregister', 'tax.shop', 'tax-1']);
  await answeredBy('tax', 404);
  t.deepEqual(await dc2.gateway.items('/v1/endpoints?service=tax.shop'), []);
});

test('isthmus register --heartbeat holds a service for as long as it runs', async (t) => {
  const instance = await running(t, dc2, 'print-1');
  const args = ['register', 'print.shop', '--id', 'print-1', '--address', instance.address];
  const child = start(process.execPath, [bin, ...args, '--ttl', '2s', '--heartbeat'], {
    env: cleanEnv({ ISTHMUS_ADMIN: dc2.gateway.api.address.text }),
  });
  t.teardown(() => child.kill('SIGKILL'));
  await answeredBy('print', 'dc2');
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await ended, [0, null]);
  await answeredBy('print', 404);
});

test('a named port serves another cluster under its own name, and is told of where its service is', async (t) => {
  const [main, admin] = await Promise.all([running(t, dc2, 'db-1'), running(t, dc2, 'db-1-admin')]);
  const port = admin.address.split(':')[1];
  await dc2.gateway.isthmusOk([
    ...['register', 'db.shop', '--id', 'db-1', '--address', main.address],
    ...['--port', `admin=${port}/http`],
  ]);
  await answeredBy('db', 'dc2');
  t.is((await dc1.gateway.request('db.shop')).body, 'dc2/db-1');
  t.is((await dc1.gateway.request('admin.db.shop')).body, 'dc2/db-1-admin');
  t.is((await dc1.gateway.request('other.db.shop')).status, 404);

  const told = async ({ gateway }: Cluster, ...args: string[]) => gateway.isthmusOk(args);
  t.regex(await told(dc1, 'get', 'exports', '-o', 'wide'), /db\.shop .*admin 1\/1/);
  t.regex(
    await told(dc2, 'describe', 'endpoint', 'db.shop/db-1'),
    new RegExp(`admin=${port}/http`),
  );
  t.regex(
    await told(dc1, 'explain', 'admin.db.shop'),
    /^admin\.db\.shop from .*100 % to cluster dc2/,
  );
  const without = await dc1.gateway.isthmus(['explain', 'other.db.shop']);
  t.regex(without.stderr, /SERVICE_NOT_FOUND.*has a port other of db\.shop/s);

  const second = await running(t, dc2, 'db-2');
  await register(dc2, 'db', second);
  const explained = await told(dc2, 'explain', 'http://admin.db.shop.acme/');
  t.regex(explained, /admin\.db\.shop/);
  t.regex(explained, /1 of 2 endpoints here have no port admin/);
});

test('an endpoint that is not exported serves its own cluster only', async (t) => {
  const instance = await running(t, dc2, 'audit-1');
  await register(dc2, 'audit', instance, { exported: false });
  t.is((await dc2.gateway.request('audit.shop')).status, 200);
  t.is((await dc1.gateway.request('audit.shop')).status, 404);
});

test.serial('an endpoint that was answered for survives kill -9 of its gateway', async (t) => {
  const instance = await running(t, dc2, 'ledger-1');
  await register(dc2, 'ledger', instance);
  await dc2.gateway.kill();
  await dc2.start();
  await settled([dc1, dc2]);
  await answeredBy('ledger', 'dc2');
  t.is((await dc2.gateway.request('ledger.shop')).body, 'dc2/ledger-1');
});
