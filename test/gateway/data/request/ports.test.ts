/** Specifies how requests reach a named port of a service: over real sockets, through data sides as workers have them. */
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { defaultTraffic } from '../../../../policy/traffic-policy.ts';
import { type Sides, startSides } from '../worker/data-sides.ts';
import { policy } from './authorizing.ts';
import { raw } from './http.ts';
import { startHttp2Origin, startOrigin } from './scene.ts';

let side: Sides;
/** The federation is there for all tests of the file. */
const ends: (() => unknown)[] = [];
test.before(async () => {
  side = await startSides({ teardown: (end) => void ends.push(end) });
});
test.after.always(async () => {
  for (const end of ends.reverse()) await end();
});

type Context = Parameters<typeof startOrigin>[0];

/** An endpoint that says at its port of no name `<id>`, and at the others `<id> <port>`. */
async function endpoint(t: Context, id: string, ...names: readonly string[]) {
  const main = await startOrigin(t, id);
  const ports = await Promise.all(
    names.map(async (name) => {
      const { port } = await startOrigin(t, `${id} ${name}`);
      return { name, port, protocol: 'http' as const };
    }),
  );
  return { ...main, ports };
}

const host = 'orders.shop.acme';
const orders = parseServiceName('orders.shop');
const rules = (...all: object[]) => ({
  parentRefs: [{ kind: 'Service', name: 'orders' }],
  rules: all,
});
/** What is answered; for what is refused its status and code. */
async function said(name: string, path = '/'): Promise<string> {
  const asked = request(`${side.url}${path}`, { headers: { host: name }, agent: false }).end();
  const [response] = await once(asked, 'response');
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += piece;
  const { statusCode } = response;
  return statusCode === 200 ? body : `${statusCode} ${/[A-Z_]{6,}/.exec(body)?.[0]}`;
}

test.serial(
  'a port is reached by its name in front of the service’s, and the service by its own',
  async (t) => {
    side.tell({ dc1: { 'orders.shop': [await endpoint(t, 'one', 'admin', 'metrics')] } });
    t.is(await said(host), 'one');
    t.is(await said(`admin.${host}`), 'one admin');
    t.is(await said(`METRICS.${host}:80`), 'one metrics');
    t.is(await said(`other.${host}`), '404 ROUTE_NOT_FOUND');
    t.is(await said(`a.admin.${host}`), '404 ROUTE_NOT_FOUND');
  },
);

test.serial('each port is spoken to in its own protocol', async (t) => {
  const one = await startOrigin(t, 'one');
  const { port } = await startHttp2Origin(t, 'two', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('two');
  });
  const ports = [{ name: 'grpc', port, protocol: 'http2' as const }];
  side.tell({ dc1: { 'orders.shop': [{ ...one, ports }] } });
  t.is(await said(host), 'one');
  t.is(await said(`grpc.${host}`), 'two');
});

test.serial(
  'an endpoint without the port gets nothing of it; a cluster where none has it neither',
  async (t) => {
    const [one, two, far] = await Promise.all([
      endpoint(t, 'one'),
      endpoint(t, 'two', 'admin'),
      endpoint(t, 'far', 'metrics'),
    ]);
    side.tell({ dc1: { 'orders.shop': [one, two] }, dc2: { 'orders.shop': [far] } });
    const all = (name: string) => Promise.all(Array.from({ length: 12 }, () => said(name)));
    t.deepEqual([...new Set(await all(host))].sort(), ['one', 'two']);
    t.deepEqual([...new Set(await all(`admin.${host}`))], ['two admin']);
    t.deepEqual([...new Set(await all(`metrics.${host}`))], ['far metrics'], 'over the link');
  },
);

test.serial('a port that comes is found, and one that goes is no more', async (t) => {
  const [without, having] = await Promise.all([endpoint(t, 'one'), endpoint(t, 'one', 'admin')]);
  side.tell({ dc1: { 'orders.shop': [without], 'users.shop': [await endpoint(t, 'users')] } });
  const defaults = { aliases: [`admin.${host}`] };
  const target = { service: parseServiceName('users.shop') };
  side.route({}, [{ kind: 'ServiceDefaults', name: 'users', target, spec: defaults }]);
  t.is(await said(`admin.${host}`), 'users', 'the alias of another, while nobody has the port');
  side.change({ 'orders.shop': [having] });
  t.is(await said(`admin.${host}`), 'one admin');
  side.change({ 'orders.shop': [without] });
  t.is(await said(`admin.${host}`), 'users');
});

test.serial(
  'a rule leads to a port by name or by number, and else to the one that was asked for',
  async (t) => {
    const [one, two] = await Promise.all([
      endpoint(t, 'one', 'admin'),
      endpoint(t, 'two', 'admin'),
    ]);
    const number = two.ports[0]?.port;
    side.tell({ dc1: { 'orders.shop': [one], 'orders-v2.shop': [two] } });
    const part = (value: string, more: object) => ({
      matches: [{ path: { value } }],
      backendRefs: [{ name: 'orders-v2', ...more }],
    });
    side.route({
      orders: rules(
        part('/name', { portName: 'admin' }),
        part('/number', { port: number }),
        part('/unregistered', { port: 1 }),
        part('/none', { portName: 'other' }),
        part('/asked', {}),
        {},
      ),
    });
    for (const [path, main, admin] of [
      ['/name', 'two admin', 'two admin'],
      ['/number', 'two admin', 'two admin'],
      ['/unregistered', 'two', 'two'],
      ['/none', '500 BACKEND_NOT_FOUND', '500 BACKEND_NOT_FOUND'],
      ['/asked', 'two', 'two admin'],
      ['/', 'one', 'one admin'],
    ] as const) {
      t.is(await said(host, path), main, path);
      t.is(await said(`admin.${host}`, path), admin, path);
    }
  },
);

test.serial(
  'security: a port that a policy denies is reached by no host, rule or other cluster',
  async (t) => {
    const [one, far] = await Promise.all([
      endpoint(t, 'one', 'admin'),
      endpoint(t, 'far', 'admin', 'metrics'),
    ]);
    side.tell({ dc1: { 'orders.shop': [one] }, dc2: { 'orders.shop': [far] } });
    const toPort = (...portNames: string[]) => ({
      rules: [{ to: [{ operation: { portNames } }] }],
    });
    const denied = {
      ...policy('no', { action: 'DENY', ...toPort('admin') }),
      target: { service: orders },
    };
    const to = {
      matches: [{ path: { value: '/x' } }],
      backendRefs: [{ name: 'orders', portName: 'admin' }],
    };
    side.route({ orders: rules(to, {}) }, [denied]);
    t.is(await said(host), 'one');
    t.is(await said(`admin.${host}`), '403 ACCESS_DENIED');
    t.is(await said(host, '/x'), '403 ACCESS_DENIED', 'a rule that leads to it');
    side.route({});
    side.govern([
      { ...policy('no', { action: 'DENY', ...toPort('metrics') }), target: { service: orders } },
    ]);
    t.is(await said(`metrics.${host}`), '403 ACCESS_DENIED', 'the cluster that serves it says so');
    t.is(far.requests.length, 0);
  },
);

test.serial('a port of raw octets is connected to, here and over a link', async (t) => {
  const server = createServer((socket) => socket.end('octets')).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ports = [{ name: 'raw', port, protocol: 'tcp' as const }];
  const one = { ...(await startOrigin(t, 'one')), ports };
  for (const where of ['dc1', 'dc2']) {
    side.tell({ dc1: {}, [where]: { 'orders.shop': [one] } });
    const head = `CONNECT raw.${host}:80 HTTP/1.1\r\nHost: raw.${host}:80\r\n\r\n`;
    t.regex(await raw(side.url, head), /^HTTP\/1\.1 200.*octets$/s, where);
  }
});

test.serial('a policy for the clients of one cluster holds at each port', async (t) => {
  const late = await startOrigin(t, 'late', () => undefined);
  const one = { ...late, ports: [{ name: 'admin', port: late.port, protocol: 'http' as const }] };
  side.tell({ dc1: {}, dc2: { 'orders.shop': [one] } });
  const { balance, timeouts } = defaultTraffic;
  const spec = { balance, timeouts: { ...timeouts, requestMs: 100 } };
  const target = { service: orders, client: parseClusterName('dc1') };
  side.govern([{ kind: 'TrafficPolicy', name: 'quick', target, spec }]);
  t.regex(await said(host), /^504/);
  t.regex(await said(`admin.${host}`), /^504/);
});

test.serial(
  'security: a client does not choose the port by the field that gateways tell each other services by',
  async (t) => {
    side.tell({ dc1: {}, dc2: { 'orders.shop': [await endpoint(t, 'far', 'admin')] } });
    const answer = await raw(
      side.url,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nx-isthmus-service: admin.orders.shop\r\nConnection: close\r\n\r\n`,
    );
    t.regex(answer, /far$/m);
    t.notRegex(answer, /admin/);
  },
);
