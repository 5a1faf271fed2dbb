/** Specifies two gateways of one cluster, and what becomes of the endpoints of one that is lost. */
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import type { EndpointItem } from '../../gateway/admin/answers.ts';
import { type Cluster, checksOut, federate, servedBy } from '../support/federation.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

/** A lease outlives its gateway by up to 15 s. */
const leaseMs = 40_000;

/** dc1 asks, dc2 answers: with two gateways, of which the first has the endpoint. */
async function scene(t: ExecutionContext) {
  const line = await startTcpProxy({ target: '127.0.0.1:1' });
  t.teardown(() => line.close());
  const { dc1, dc2 } = await federate(t, {
    dc1: { instances: 0 },
    dc2: { secondEastWest: line.address },
  });
  const second = await secondGateway(t, dc2);
  line.setTarget(second.listener('eastWest'));
  await until('dc1 to see both', async () => (await dc1.others())['dc2']?.gateways === 2);
  await connected(dc1, dc2.lines.eastWest.address, line.address);
  const [instance] = dc2.instances;
  if (!instance) throw new Error('dc2 has an instance');
  return { dc1, dc2, second, instance };
}

/** The same authority, membership and configuration under another name, without the endpoints, with `more` in its place. */
async function secondGateway(t: ExecutionContext, { gateway: first }: Cluster, more: object = {}) {
  const {
    data: _data,
    listen: _listen,
    ...config
  } = parse(await readFile(first.configPath, 'utf8'));
  const gateway = await GatewayProcess.prepare(t, join(await tempDir(t), 'second'), {
    ...config,
    gateway: 'gateway-2',
    services: [],
    ...more,
  });
  await mkdir(gateway.dataDir, { recursive: true, mode: 0o700 });
  for (const path of ['ca', 'federation.json']) {
    await cp(join(first.dataDir, path), join(gateway.dataDir, path), { recursive: true });
  }
  await gateway.start();
  return gateway;
}

/** Waits until every worker has its connections to all of the addresses: a request may come to any of them. */
async function connected({ name, gateway }: Cluster, ...addresses: readonly string[]) {
  await until(`${name} to be connected to ${addresses.join(' and ')}`, async () => {
    const metrics = await gateway.api.read('/metrics', 'text/plain');
    const links = metrics.split('\n').filter((line) => line.startsWith('isthmus_link_up{'));
    const each = addresses.map((to) => links.filter((line) => line.includes(`address="${to}"`)));
    return each.every(
      (own) =>
        own.length > 0 &&
        own.length === each[0]?.length &&
        own.every((line) => line.endsWith(' 1')),
    );
  });
}

/** Health of the service's endpoints, as a gateway sees them. */
async function healthAt(gateway: GatewayProcess): Promise<readonly string[]> {
  const items = await gateway.items<EndpointItem>('/v1/endpoints?service=orders.shop');
  return items.map(({ health }) => health);
}

test.serial(
  "a second gateway serves with the first's endpoints until they are withdrawn",
  async (t) => {
    const { dc1, dc2, second } = await scene(t);
    await until('the second to see the endpoint', async () =>
      (await healthAt(second)).includes('healthy'),
    );
    t.is((await second.request('orders.shop')).body, 'dc2/orders-1');
    await servedBy(dc1, dc2);

    t.is(await dc2.gateway.stop(), 0);
    await until('the endpoint to be withdrawn', async () => (await healthAt(second)).length === 0);
    await until(
      'dc1 to have heard',
      async () => (await dc1.gateway.request('orders.shop')).status === 404,
    );
    t.is((await dc1.others())['dc2']?.gateways, 1);
  },
);

test.serial(
  'endpoints of a gateway that was killed are used while they answer, and then forgotten',
  async (t) => {
    const { dc1, dc2, second, instance } = await scene(t);
    await until('the second to see the endpoint', async () =>
      (await healthAt(second)).includes('healthy'),
    );
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc2);
    await dc2.gateway.kill();
    await until(
      'the lease of the first to end',
      async () => (await dc1.others())['dc2']?.gateways === 1,
      leaseMs,
    );
    await load.goesOn(100);
    t.deepEqual(await healthAt(second), ['healthy']);
    t.is((await second.request('orders.shop')).body, 'dc2/orders-1');
    t.deepEqual(await load.stop(), []);

    await instance.kill();
    await until('the endpoint to be forgotten', async () => (await healthAt(second)).length === 0);
    await until(
      'dc1 to have heard',
      async () => (await dc1.gateway.request('orders.shop')).status === 404,
    );
  },
);

test.serial('a gateway that was killed takes its endpoints back when it returns', async (t) => {
  const { dc1, dc2, second } = await scene(t);
  await until('the second to see the endpoint', async () =>
    (await healthAt(second)).includes('healthy'),
  );
  await dc2.gateway.kill();
  await dc2.start();
  await until('the second to see the endpoint again', async () =>
    (await healthAt(second)).includes('healthy'),
  );
  await until('dc1 to see both', async () => (await dc1.others())['dc2']?.gateways === 2);
  await servedBy(dc1, dc2);
  t.is(await second.stop(), 0);
  await until('dc1 to see one', async () => (await dc1.others())['dc2']?.gateways === 1);
  // By the way to the first alone, however long that takes to come back.
  await connected(dc1, dc2.lines.eastWest.address);
  await checksOut(dc1);
  await servedBy(dc1, dc2);
  t.is((await dc1.gateway.request('orders.shop')).body, 'dc2/orders-1');
});

test.serial(
  'gateways that each advertise themselves are both linked to, until one is gone for good',
  async (t) => {
    const { dc1, dc2 } = await federate(t, { dc1: { instances: 0 }, dc2: {} });
    // What it listens on is what it advertises.
    const second = await secondGateway(t, dc2, { advertise: {} });
    const [first, other] = [dc2.lines.eastWest.address, second.listener('eastWest')];
    const advertised = async () => (await dc1.others())['dc2']?.eastWest;
    await until('dc1 to know both', async () => {
      return (await advertised())?.join(' ') === `${first} ${other}`;
    });
    for (const address of [first, other]) {
      await until(`a link to ${address}`, () => dc1.gateway.logged({ address, state: 'up' }));
    }

    // Whoever starts last takes nothing from the other.
    await dc2.gateway.kill();
    await dc2.start();
    await until('dc1 to see both alive', async () => (await dc1.others())['dc2']?.gateways === 2);
    t.deepEqual(await advertised(), [first, other]);
    await servedBy(dc1, dc2);

    await second.kill();
    await until(
      'the address of the lost one to be taken back',
      async () => (await advertised())?.join(' ') === first,
      leaseMs,
    );
    await second.start();
    const again = second.listener('eastWest');
    await until('it to be told of again', async () => {
      return (await advertised())?.join(' ') === `${first} ${again}`;
    });
    t.deepEqual(await dc2.gateway.problems(), []);
  },
);
