/** Specifies what the keys of a gateway itself do, from its YAML to what one sees of it: who it is, where it listens, what it takes and says. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { EndpointItem, PolicyEffect } from '../../gateway/control/api/answers.ts';
import type { WorkerStatus } from '../../gateway/control/workers/status.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import type { Inspector } from '../support/inspector.ts';
import { startOrigin } from '../support/origin.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { dialTcp } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { soon, until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dir: string;
let gateway: GatewayProcess;
let inspector: Inspector;
let held = 0;

/** Fills three fifths of its heap. */
const hoard = `{
  const { getHeapStatistics } = process.getBuiltinModule('node:v8');
  globalThis.hoard = [];
  const isLow = ({ used_heap_size: used, heap_size_limit: limit }) => used < 0.6 * limit;
  while (isLow(getHeapStatistics())) globalThis.hoard.push(new Array(4e6).fill(0.5));
}`;
/** Also from what is to be collected some time. */
const release = `{
  globalThis.hoard = [];
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  process.getBuiltinModule('node:vm').runInNewContext('gc')();
}`;

test.before('a gateway with a worker into which code can be put', async () => {
  dir = await tempDir(shared);
  const { address } = await startOrigin(shared, ({ url, headers }, response) => {
    if (url === '/held') held++;
    else response.end(`for ${headers['x-forwarded-for']}`);
  });
  const port = Number(address.split(':')[1]);
  gateway = await GatewayProcess.prepare(shared, dir, {
    cluster: 'dc1',
    federation: 'acme',
    gateway: 'gw-7',
    data: './kept',
    workers: 1,
    warmUp: '0s',
    listen: { outbound: '127.0.0.2:0', eastWest: '127.0.0.3:0', federation: '127.0.0.4:0' },
    trustedProxies: ['127.0.0.0/8'],
    trustedFields: 'forwarded',
    exposeDecision: false,
    drainTimeout: '300ms',
    // Late it may be.
    overload: { lag: '0s', heap: 50 },
    log: { level: 'debug', access: 'all' },
    sampling: { perMinute: 0 },
    quotas: { endpoints: 4, services: 2 },
    services: [
      {
        ...{ name: 'web', namespace: 'shop' },
        endpoints: [{ id: 'web-1', address, labels: { team: 'core' } }],
      },
      {
        ...{ name: 'db', namespace: 'shop' },
        // Nothing listens on port 1: what is answered is answered at a named port.
        ports: [{ name: 'admin', port, protocol: 'http2' }],
        endpoints: [
          { id: 'db-1', address: '127.0.0.1:1' },
          { id: 'db-2', address: '127.0.0.1:1', ports: [{ name: 'web', port }] },
        ],
      },
    ],
  });
  inspector = await gateway.startInspected(shared);
});

async function worker(): Promise<WorkerStatus> {
  const [first, ...others] = await gateway.items<WorkerStatus>('/v1/workers');
  if (first === undefined || others.length > 0) throw new Error('there is not one worker');
  return first;
}

test.serial('services, endpoints: they are asked for by name, and listed', async (t) => {
  t.is((await gateway.request('web.shop')).status, 200);
  const [item] = await gateway.items<EndpointItem>('/v1/endpoints?service=web.shop');
  t.like(item, { service: 'web.shop', id: 'web-1', labels: { team: 'core' } });
  proves(
    t,
    'federation',
    'services[].name',
    'services[].namespace',
    'services[].endpoints[].id',
    'services[].endpoints[].address',
    'services[].endpoints[].labels',
  );
});

test.serial('ports: those of the service, or of an endpoint in their place', async (t) => {
  t.is((await gateway.request('web.db.shop')).status, 200);
  // The server speaks HTTP/1.1 alone.
  t.is((await gateway.request('admin.db.shop')).status, 502);
  t.is((await gateway.request('db.shop')).status, 502);
  const items = await gateway.items<EndpointItem>('/v1/endpoints?service=db.shop');
  t.deepEqual(
    items.map(({ ports }) => ports?.map(({ name, protocol }) => `${name} ${protocol}`)),
    [['admin http2'], ['web http']],
  );
  proves(
    t,
    'services[].ports[].name',
    'services[].ports[].port',
    'services[].ports[].protocol',
    'services[].endpoints[].ports',
  );
});

test.serial('gateway, data: who it is, and where it keeps what it knows', async (t) => {
  t.is((await gateway.status()).gateway, 'gw-7');
  await t.notThrowsAsync(access(join(dir, 'kept', 'ca', 'ca.key')));
  proves(t, 'gateway', 'data');
});

test.serial('listen: it can be reached there', async (t) => {
  for (const [which, host] of [
    ['outbound', '127.0.0.2'],
    ['eastWest', '127.0.0.3'],
    ['federation', '127.0.0.4'],
  ] as const) {
    const address = gateway.listener(which);
    t.true(address.startsWith(`${host}:`), address);
    await t.notThrowsAsync(dialTcp(t, address));
  }
  proves(t, 'listen.outbound', 'listen.eastWest', 'listen.federation');
});

test.serial('workers: so many threads', async (t) => {
  await t.notThrowsAsync(worker());
  proves(t, 'workers');
});

test.serial('trustedProxies, trustedFields: they are believed, by those fields', async (t) => {
  const headers = { forwarded: 'for=192.0.2.7', 'x-forwarded-for': '192.0.2.8' };
  t.regex((await gateway.request('web.shop', { headers })).body, /^for 192\.0\.2\.7\b/);
  proves(t, 'trustedProxies', 'trustedFields');
});

test.serial('exposeDecision: false says nothing of who answered', async (t) => {
  t.is((await gateway.request('web.shop')).cluster, undefined);
  proves(t, 'exposeDecision');
});

test.serial('log: lines from that level on, and one for each request', async (t) => {
  await gateway.request('nobody.shop', { path: '/logged' });
  await until('its line', () => gateway.accessLines().some(({ path }) => path === '/logged'));
  await until('a line of why', () => gateway.logged({ level: 'debug', msg: 'request refused' }));
  proves(t, 'log.level', 'log.access');
});

test.serial('sampling.perMinute: 0 remembers no request', async (t) => {
  await gateway.request('web.shop');
  const { sampled } = await gateway.api.send<PolicyEffect>('POST', '/v1/policies/effect', {});
  t.is(sampled, 0);
  proves(t, 'sampling.perMinute');
});

test.serial('warmUp: 0s takes requests at once', async (t) => {
  t.false(gateway.logged({ level: 'debug', msg: 'warmed up' }));
  proves(t, 'warmUp');
});

test.serial(
  'quotas: one endpoint, or service, more than there may be is refused, and nothing else',
  async (t) => {
    const at = (path: string) => `/v1/services/shop/${path}`;
    const register = (path: string) =>
      gateway.api.send('PUT', at(path), { address: '127.0.0.1', port: 1 });
    await register('web/endpoints/web-2');
    const full = await t.throwsAsync(register('web/endpoints/web-3'), { code: 'QUOTA_EXCEEDED' });
    t.regex(`${full?.message}`, /quotas.endpoints is 4/);
    await t.notThrowsAsync(register('web/endpoints/web-2'), 'the same again');
    await gateway.api.send('DELETE', at('web/endpoints/web-2'));
    const other = await t.throwsAsync(register('new/endpoints/one'), { code: 'QUOTA_EXCEEDED' });
    t.regex(`${other?.message}`, /quotas.services is 2/);
    proves(t, 'quotas.endpoints', 'quotas.services');
  },
);

test.serial('overload.heap: so full it refuses requests', async (t) => {
  await inspector.runInWorker('data 0', hoard);
  await until('it to refuse', async () => {
    return (await gateway.request('web.shop')).body.includes('"code":"OVERLOADED"');
  });
  await inspector.runInWorker('data 0', release);
  t.true(gateway.logged({ msg: 'overloaded: shedding', why: 'heap' }));
  proves(t, 'overload.heap');
});

test.serial('drainTimeout: what takes longer is cut', async (t) => {
  await until('it to be well again', async () => {
    return (await gateway.request('web.shop')).status === 200;
  });
  // A process ends when its debugger is gone.
  inspector.close();
  const answer = gateway.request('web.shop', { path: '/held' });
  const cut = t.throwsAsync(answer);
  await until('it to be at the service', () => held === 1);
  await soon('the end of the gateway', gateway.stop());
  await cut;
  proves(t, 'drainTimeout');
});
