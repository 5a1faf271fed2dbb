/** Specifies drains and failovers over real gateways: they hold everywhere, across restarts, until they are undone. */
import test from 'ava';
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
