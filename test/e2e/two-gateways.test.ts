/** Specifies two gateways of one cluster, and what becomes of the endpoints of one that is lost. */
import test from 'ava';
import type {
  EndpointItem,
  ExplainAnswer,
  GraphAnswer,
  Matrix,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import { type Cluster, federate, servedBy } from '../support/federation.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import type { Instance } from '../support/instance.ts';
import { secondGateway } from '../support/second-gateway.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const refused = 5;
/** A lease outlives its gateway by up to 15 s. */
const leaseMs = 40_000;

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let second: GatewayProcess;
/** The way to the second. */
let line: TcpProxy;
let instance: Instance;

test.before(
  'dc1 asks, dc2 answers: with two gateways, of which the first has the endpoint',
  async () => {
    line = await startTcpProxy({ target: '127.0.0.1:1' });
    scope.teardown(() => line.close());
    ({ dc1, dc2 } = await federate(scope, {
      dc1: { instances: 0, config: { workers: 2 } },
      dc2: { secondEastWest: line.address },
    }));
    second = await secondGateway(scope, dc2, { zone: 'b' });
    line.setTarget(second.listener('eastWest'));
    [instance] = dc2.instances as [Instance];
    await areThere();
  },
);

/** Waits until dc1 reaches both gateways of dc2, and the second has the endpoint of the first. */
async function areThere(): Promise<void> {
  await until('dc1 to see both', async () => (await dc1.others())['dc2']?.gateways === 2);
  await connected(dc1, dc2.lines.eastWest.address, line.address);
  await until('the second to see the endpoint', async () =>
    (await healthAt(second)).includes('healthy'),
  );
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
  'leaving takes no living gateway along that is not named, and all follow the one that joins again',
  async (t) => {
    for (const force of [[], ['--force']]) {
      const { code, stderr } = await dc2.gateway.isthmus(['leave', '--yes', ...force]);
      t.is(code, refused);
      t.regex(stderr, /^error LEAVE_REFUSED: .*: gateway-2$/m);
      t.regex(stderr, /To take them all out: `isthmus leave --gateways gateway-2`/);
    }
    t.is((await dc1.others())['dc2']?.gateways, 2);

    await dc2.gateway.isthmusOk(['leave', '--yes', '--gateways', 'gateway-2']);
    await until('the second to be told', async () =>
      (await second.problems()).some(({ code }) => code === 'NOT_A_MEMBER'),
    );
    await until('dc1 to know nothing of dc2', async () => !(await dc1.others())['dc2']);
    await dc2.join(dc1);
    await until('dc1 to see both again', async () => (await dc1.others())['dc2']?.gateways === 2);
    await until('the second to be well', async () => (await second.problems()).length === 0);
    await until('the second to see the endpoint', async () =>
      (await healthAt(second)).includes('healthy'),
    );
    await servedBy(dc1, dc2);
  },
);

test.serial('a gateway that was killed takes its endpoints back when it returns', async (t) => {
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
  // The first still advertises the address of the second.
  const { code, stdout } = await dc1.gateway.isthmus(['check']);
  t.is(code, 3);
  t.regex(stdout, /PEER_DEGRADED: dc2 is up, and can't be reached at 127/);
  await servedBy(dc1, dc2);
  t.is((await dc1.gateway.request('orders.shop')).body, 'dc2/orders-1');
  await second.start();
  line.setTarget(second.listener('eastWest'));
  await areThere();
});

test.serial('zones: residual goes by where the gateways of the cluster are', async (t) => {
  await dc2.gateway.api.send('PUT', '/v1/traffic-policies/shop/level', {
    ...{ target: { service: 'level' }, balance: { zones: 'residual' } },
  });
  const { gateway } = dc2;
  const zones = ['default', 'default', 'b', 'b', 'b', 'b', 'b', 'b'];
  for (const [i, zone] of zones.entries()) {
    const id = `level-${i}`;
    await gateway.isthmusOk([
      ...['register', 'level.shop', '--id', id, '--zone', zone, '--address', instance.address],
    ]);
  }
  const kept = async (one: GatewayProcess) => {
    const { tiers } = await one.api.get<ExplainAnswer>('/v1/explain/level.shop');
    return tiers.map(({ healthyLoad }) => healthyLoad);
  };
  await until('the second to have all', async () => {
    const { candidates } = await second.api.get<ExplainAnswer>('/v1/explain/level.shop');
    return candidates.filter(({ health }) => health === 'healthy').length === zones.length;
  });
  // A quarter of the copies for half of the gateways.
  await until('the first to keep half', async () => (await kept(gateway)).join() === '50,50');
  t.deepEqual(await kept(second), [100, 0]);
});

test.serial(
  "a second gateway serves with the first's endpoints until they are withdrawn",
  async (t) => {
    t.is((await second.request('orders.shop')).body, 'dc2/orders-1');
    await servedBy(dc1, dc2);
    t.is(await dc2.gateway.stop(), 0);
    await until('the endpoint to be withdrawn', async () => (await healthAt(second)).length === 0);
    await until(
      'dc1 to have heard',
      async () => (await dc1.gateway.request('orders.shop')).status === 404,
    );
    t.is((await dc1.others())['dc2']?.gateways, 1);
    await dc2.start();
    await areThere();
  },
);

test.serial(
  'endpoints of a gateway that was killed are used while they answer, and then forgotten',
  async (t) => {
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc2);
    t.is(
      await dc1.gateway.isthmusOk(['get', 'gateways', '-o', 'name']),
      'dc1/gateway-1\ndc2/gateway-1\ndc2/gateway-2',
    );
    const told = await dc1.gateway.isthmusOk(['describe', 'gateway', 'dc2/gateway-2']);
    t.regex(told, /^gateway {5}dc2\/gateway-2\nstate {7}alive, as the registry has it\n/);
    t.regex(told, /\neast-west {3}127\.0\.0\.1:\d+/);
    t.regex(told, /\n {2}dc1 +up +/);
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
    const missing = await until('the second to name the first as lost', async () => {
      return (await second.status()).missing.find(({ code }) => code === 'GATEWAY_LOST');
    });
    t.regex(missing.what, /gateway-1 of dc2 is lost since 20/);
    t.is((await second.isthmus(['status'])).code, 3);
    t.regex((await second.isthmus(['check'])).stdout, /GATEWAY_LOST.*gateway-1/);
    t.regex(
      await second.isthmusOk(['describe', 'gateway', 'gateway-1']),
      /^gateway {2}dc2\/gateway-1\nstate {4}lost since 20.* ago: it is not in the registry any more/,
    );

    // Nor does that go with the process.
    await second.kill();
    await second.start();
    t.deepEqual(
      (await second.status()).missing.filter(({ code }) => code === 'GATEWAY_LOST'),
      [missing],
    );

    await instance.kill();
    await until('the endpoint to be forgotten', async () => (await healthAt(second)).length === 0);
    await until(
      'dc1 to have heard',
      async () => (await dc1.gateway.request('orders.shop')).status === 404,
    );
  },
);

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
    // What the clients of one asked for, it tells the others, its sibling among them.
    for (const gateway of [dc1.gateway, dc2.gateway]) {
      await until(`${gateway.name} to be told by every other gateway`, async () => {
        await second.request('orders.shop');
        const { nodes, missing } = await gateway.api.get<GraphAnswer>('/v1/graph');
        const clients = nodes.filter(({ kind }) => kind === 'client');
        return missing.length === 0 && clients.some(({ cluster }) => cluster === 'dc2');
      });
      const trust = await gateway.items<TrustItem>('/v1/trust');
      const acks = trust.map(({ acks: by }) => by.map(({ cluster, state }) => [cluster, state]));
      const all = ['dc1', 'dc2', 'dc2'].map((cluster) => [cluster, 'taken']);
      t.deepEqual(acks, [all, all]);
    }

    // Each of them is verified, and verifies; a line to one that is cut is named.
    await until('all to be well', async () => (await dc1.gateway.isthmus(['verify'])).code === 0);
    const { pairs, unheard } = await dc2.gateway.api.get<Matrix>('/v1/verify');
    t.deepEqual(
      [pairs.map(({ seen }) => seen.map(({ gateway }) => gateway)), unheard],
      [[['gateway-1'], ['gateway-1', 'gateway-2']], []],
    );
    const both = pairs[0]?.seen[0]?.findings.find(({ subject }) => subject === 'path')?.what;
    t.is(both, `gateway-1 and gateway-2 at ${first} and ${other}`);
    dc2.lines.eastWest.hold();
    const part = await dc1.gateway.isthmus(['verify', '--no-services']);
    dc2.lines.eastWest.restore();
    t.is(part.code, 3);
    t.regex(part.stdout, /^dc1 +- +warn [\d.]+ ms$/m);
    t.regex(
      part.stdout,
      new RegExp(`^warn {2}dc1 -> dc2, gateway-1, path: .* at ${other}; but ${first}: `, 'm'),
    );

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

    // Of a cluster that is gone it is known that it can't be reached, and not what it sees.
    await Promise.all([dc2.gateway.kill(), second.kill()]);
    await until('no link to be up', async () => (await dc1.others())['dc2']?.state === 'down');
    const gone = await dc1.gateway.isthmus(['verify', '-o', 'json']);
    t.is(gone.code, 1);
    const [to, from] = (JSON.parse(gone.stdout) as Matrix).pairs;
    t.deepEqual([to?.outcome, from?.outcome], ['failed', 'unknown']);
    t.regex(from?.why ?? '', /^A gateway of dc2 does not answer: .*(ECONN|socket disconnected)/);
    t.true((from?.since ?? Infinity) <= (to?.seen[0]?.at ?? 0));
  },
);
