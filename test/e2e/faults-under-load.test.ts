/** Specifies that no request fails while instances, gateways, clusters and the registry do. */
import anyTest, { type TestFn } from 'ava';
import type { ServiceItem } from '../../gateway/control/api/answers.ts';
import { type Cluster, federate, settled } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;
let load: SteadyLoad;

test.before('a client in dc1 asks steadily; dc2 is nearer than dc3', async () => {
  ({ dc1, dc2, dc3 } = await federate(shared, {
    dc1: { instances: 2, config: { workers: 2 } },
    dc2: { instances: 2, rttMs: 20, config: { workers: 2 } },
    dc3: { instances: 2, rttMs: 120, config: { workers: 2 } },
  }));
});

test.beforeEach(() => {
  load = new SteadyLoad(dc1);
});

test.afterEach.always('everything is back', async () => {
  await load.stop();
  await settled([dc1, dc2, dc3]);
});

/** The acts that follow play while dc2 serves the client. */
async function withoutLocalInstances(play: () => Promise<void>): Promise<void> {
  await dc1.killInstances();
  try {
    await load.servedBy(dc2);
    await play();
  } finally {
    await dc1.startInstances();
  }
  await load.servedBy(dc1);
}

function registry(action: 'stop' | 'start'): Promise<void> {
  return dc1.gateway.api.send('POST', `/v1/registry/${action}`);
}

test.serial('instances die: no request fails, and traffic comes home with them', async (t) => {
  await load.servedBy(dc1);
  await withoutLocalInstances(() => load.goesOn());
  t.deepEqual(await load.stop(), []);
});

test.serial('a gateway is killed: no request fails, the next nearest takes over', async (t) => {
  await withoutLocalInstances(async () => {
    await dc2.gateway.kill();
    await load.servedBy(dc3);
    await dc2.start();
    await load.servedBy(dc2);
  });
  t.deepEqual(await load.stop(), []);
});

test.serial('a cluster falls silent: no request fails, the next nearest takes over', async (t) => {
  await withoutLocalInstances(async () => {
    dc2.hold();
    await load.servedBy(dc3);
    dc2.restore();
    await load.servedBy(dc2);
  });
  t.deepEqual(await load.stop(), []);
});

test.serial('a gateway is stopped: it drains, ends with 0 and is gone at once', async (t) => {
  await withoutLocalInstances(async () => {
    t.is(await dc2.gateway.stop(), 0);
    await until('dc1 to have heard', async () => (await dc1.others())['dc2']?.gateways === 0);
    await load.servedBy(dc3);
    await dc2.start();
    await load.servedBy(dc2);
  });
  t.deepEqual(await load.stop(), []);
});

test.serial('the registry stops: nothing moves, and status and check say it', async (t) => {
  await load.servedBy(dc1);
  await registry('stop');
  for (const { gateway } of [dc1, dc2]) {
    await until(`${gateway.name} to notice`, async () => {
      return (await gateway.status()).registry.kind === 'unavailable';
    });
    const status = await gateway.isthmus(['status']);
    t.is(status.code, 3);
    t.regex(status.stdout, /^problem REGISTRY_UNAVAILABLE: .*\n {2}fix: Traffic keeps flowing/m);
    const check = await gateway.isthmus(['check']);
    t.is(check.code, 3);
    t.regex(check.stdout, /REGISTRY_UNAVAILABLE/);
  }
  // Failing over needs no registry either.
  await withoutLocalInstances(() => load.goesOn());
  await registry('start');
  for (const { gateway } of [dc1, dc2, dc3]) {
    await until(
      `${gateway.name} to be well`,
      async () => (await gateway.isthmus(['status'])).code === 0,
    );
  }
  t.deepEqual(await load.stop(), []);
});

test.serial('a gateway restarts while the registry is down: it serves from its disk', async (t) => {
  // What the registry has by then is all that the others hear of dc1 until it is back.
  await until('dc1 to be well, and its summary to say so', async () => {
    const services = await dc1.gateway.items<ServiceItem>('/v1/services');
    const { endpoints } = services.find(({ service }) => service === 'orders.shop') ?? {};
    const { pendingWrites } = (await dc1.gateway.status()).registry;
    return endpoints?.healthy === dc1.instances.length && pendingWrites === 0;
  });
  await settled([dc1, dc2, dc3]);
  await registry('stop');
  await dc2.gateway.kill();
  await dc2.start();
  const { registry: seen } = await dc2.gateway.status();
  t.true(seen.fromCache);
  t.true(seen.stale);
  await settled([dc1, dc2, dc3]);
  // In both directions: dc2 reaches the others, and they reach it.
  await dc2.killInstances();
  await until('dc1 to serve dc2', async () => {
    return (await dc2.gateway.request('orders.shop')).cluster === 'dc1';
  });
  await dc2.startInstances();
  await withoutLocalInstances(() => load.goesOn());

  await registry('start');
  await until('dc2 to be in step', async () => {
    const { registry: now } = await dc2.gateway.status();
    return !now.fromCache && !now.stale;
  });
  t.deepEqual(await load.stop(), []);
});
