/** Specifies drains and failovers over real gateways: they hold everywhere, across restarts, until they are undone. */
import test from 'ava';
import { adminRequest } from '../support/admin-request.ts';
import { type Cluster, federate } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';
import { loadBecomes, loadOn } from './scene.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;

test.before(async () => {
  ({ dc1, dc2, dc3 } = await federate(scope, { dc1: {}, dc2: {}, dc3: {} }));
});

test.serial(
  'drain: traffic leaves a cluster at every gateway, nothing fails, and undrain brings it back',
  async (t) => {
    const load = new SteadyLoad(dc2);
    await load.servedBy(dc2);
    const said = await dc1.gateway.isthmusOk([
      'drain',
      'dc2',
      '--ramp',
      '500ms',
      '--reason',
      'new switches',
    ]);
    t.is(said, 'traffic leaves dc2 within 500 ms, until: isthmus undrain dc2');
    await loadBecomes([dc1, dc2, dc3], 'dc2', 0);
    await load.servedBy(dc1, dc3);
    t.regex(
      (await dc3.gateway.isthmus(['check'])).stdout,
      /\n {2}ok {5}As ordered: dc2 is drained \(/,
    );
    const explained = await dc2.gateway.isthmusOk(['explain', 'orders.shop']);
    t.regex(explained, /kept off: dc2 is drained \(new switches\)/);
    // Whoever ordered it, anybody may undo it.
    await dc3.gateway.isthmusOk(['undrain', 'dc2']);
    await loadBecomes([dc2], 'dc2', 100);
    await load.servedBy(dc2);
    t.deepEqual(await load.stop(), []);
    const again = await dc3.gateway.isthmus(['undrain', 'dc2']);
    t.is(again.code, 4);
    t.regex(again.stderr, /ORDER_NOT_FOUND: dc2 is not drained/);
  },
);

test.serial('a drain goes by its ramp', async (t) => {
  await dc1.gateway.isthmusOk(['drain', 'dc1', '--ramp', '4s']);
  const between = await until('part of the load to have left', async () => {
    const load = await loadOn(dc1, 'dc1');
    return load > 0 && load < 100 ? load : undefined;
  });
  await until('more of it to leave', async () => (await loadOn(dc1, 'dc1')) < between);
  await loadBecomes([dc1], 'dc1', 0);
  t.regex(
    (await dc2.gateway.isthmus(['drill', 'run', 'evacuate', '--cluster', 'dc1'])).stderr,
    /nothing to evacuate/,
  );
  await dc1.gateway.isthmusOk(['undrain', 'dc1']);
  await loadBecomes([dc1], 'dc1', 100);
});

test.serial('a cluster that is drained still answers what nobody else can', async (t) => {
  await dc2.gateway.isthmusOk(['drain', 'dc1', '--ramp', '0s']);
  await loadBecomes([dc1], 'dc1', 0);
  const load = new SteadyLoad(dc1);
  await load.servedBy(dc2, dc3);
  await Promise.all([dc2.killInstances(), dc3.killInstances()]);
  await load.servedBy(dc1);
  await Promise.all([dc2.startInstances(), dc3.startInstances()]);
  await loadBecomes([dc1], 'dc1', 0);
  await load.stop();
  await dc2.gateway.isthmusOk(['undrain', 'dc1']);
  await loadBecomes([dc1], 'dc1', 100);
  t.pass();
});

test.serial(
  'failover: a share of a service goes to one cluster, another order replaces it, and it is undone',
  async (t) => {
    const said = await dc1.gateway.isthmusOk([
      'failover',
      'orders.shop',
      '--to',
      'dc3',
      '--percent',
      '20',
    ]);
    t.is(said, '20 % of orders.shop goes to dc3');
    await loadBecomes([dc1, dc2], 'dc3', 20);
    t.is(await loadOn(dc1, 'dc1'), 80);
    await dc2.gateway.isthmusOk(['failover', 'orders.shop', '--to', 'dc2']);
    await loadBecomes([dc1, dc2, dc3], 'dc2', 100);
    await dc3.gateway.isthmusOk(['failover', 'orders.shop', '--undo']);
    await loadBecomes([dc1], 'dc1', 100);
    await loadBecomes([dc3], 'dc3', 100);
    const unknown = await dc1.gateway.isthmus(['failover', 'orders.shop', '--to', 'dc9']);
    t.regex(unknown.stderr, /CLUSTER_NOT_FOUND/);
  },
);

test.serial(
  'an order that is put by its name is given once, and is seen and undone anywhere',
  async (t) => {
    const at = '/v1/clusters/dc2/drain';
    const put = (cluster: Cluster, body: object, headers = {}) =>
      adminRequest(cluster.gateway, at, { method: 'PUT', body, headers });
    t.is((await adminRequest(dc1.gateway, at)).status, 404);
    const first = await put(dc1, { reason: 'new switches', ramp: '1500ms' });
    t.like(first.json, { cluster: 'dc2', reason: 'new switches', ramp: '1500ms', by: 'dc1' });
    t.deepEqual((await put(dc1, { reason: 'new switches', ramp: '1.5s' })).json, first.json);
    const seen = await until('dc3 to have heard of it', async () => {
      const answer = await adminRequest(dc3.gateway, at);
      return answer.status === 200 ? answer : undefined;
    });
    t.deepEqual(seen.json, first.json);

    const condition = { 'if-match': first.headers.etag ?? '' };
    t.is((await put(dc3, { ramp: '0s' }, condition)).status, 200);
    await until('dc1 to have heard of that', async () => {
      return (await adminRequest(dc1.gateway, at)).json['by'] === 'dc3';
    });
    t.is((await put(dc1, { ramp: '2s' }, condition)).status, 412);
    t.like(await dc1.gateway.items('/v1/drains'), [{ cluster: 'dc2', ramp: '0s' }]);
    t.is((await adminRequest(dc1.gateway, at, { method: 'DELETE' })).status, 204);
    t.is((await adminRequest(dc1.gateway, at, { method: 'DELETE' })).status, 404);
    await loadBecomes([dc2], 'dc2', 100);
  },
);

test.serial('a failover that is put by the name of its service is given once', async (t) => {
  const at = '/v1/services/shop/orders/failover';
  const put = (body: object) => adminRequest(dc1.gateway, at, { method: 'PUT', body });
  const first = await put({ to: 'dc3', percent: 20 });
  t.like(first.json, { namespace: 'shop', service: 'orders', to: 'dc3', percent: 20, by: 'dc1' });
  await loadBecomes([dc1], 'dc3', 20);
  t.is((await put({ to: 'dc3', percent: 20 })).json['sequence'], first.json['sequence']);
  t.is((await put({ to: 'dc9' })).json['code'], 'CLUSTER_NOT_FOUND');
  const stale = { method: 'DELETE', headers: { 'if-match': '"another"' } };
  t.is((await adminRequest(dc1.gateway, at, stale)).status, 412);
  const match = { 'if-match': (await adminRequest(dc1.gateway, at)).headers.etag ?? '' };
  t.is((await adminRequest(dc1.gateway, at, { method: 'DELETE', headers: match })).status, 200);
  t.is((await adminRequest(dc1.gateway, at)).json['code'], 'ORDER_NOT_FOUND');
  await loadBecomes([dc1], 'dc1', 100);
});

test.serial(
  'a cluster is drained by its settings, which leave alone what they do not name',
  async (t) => {
    const at = '/v1/clusters/dc2/settings';
    const ask = (method: string, body?: object) =>
      adminRequest(dc1.gateway, at, { method, ...(body && { body }) });
    t.like((await ask('GET')).json, { cluster: 'dc2', drained: false, gateways: 1 });
    t.like((await ask('PUT', { drained: true })).json, { drained: true });
    t.like(await dc1.gateway.items('/v1/drains'), [{ cluster: 'dc2', by: 'dc1' }]);
    t.like((await ask('PUT', {})).json, { drained: true });
    t.is((await ask('DELETE')).status, 204);
    t.like((await ask('GET')).json, { cluster: 'dc2', drained: false });
    t.is((await ask('DELETE')).status, 204, 'nothing is left to undo, and the cluster is there');
    const nobody = await adminRequest(dc1.gateway, '/v1/clusters/dc9/settings');
    t.is(nobody.json['code'], 'CLUSTER_NOT_FOUND');
    await loadBecomes([dc2], 'dc2', 100);
  },
);

test.serial('orders outlive the gateway, also while the registry is down', async (t) => {
  await dc1.gateway.isthmusOk(['drain', 'dc3', '--ramp', '0s']);
  await loadBecomes([dc3], 'dc3', 0);
  await dc3.gateway.stop();
  await dc1.gateway.kill();
  await dc3.start();
  t.not((await dc3.gateway.status()).registry.kind, 'connected');
  await loadBecomes([dc3], 'dc3', 0);
  await t.throwsAsync(dc3.gateway.api.send('POST', '/v1/clusters/dc3/undrain', {}), {
    code: 'DRILL_NOT_REVERTIBLE',
  } as object);
  await dc1.start();
  await until('dc3 to be undrained', async () => {
    return (await dc3.gateway.isthmus(['undrain', 'dc3'])).code === 0;
  });
  await loadBecomes([dc3], 'dc3', 100);
});
