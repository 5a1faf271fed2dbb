/** Specifies where gateways are reached: names that lead elsewhere, addresses that change, and gateways of a cluster that do not say the same. */
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { Cluster, settled } from '../support/federation.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { NameServer } from '../support/name-server.ts';
import { secondGateway } from '../support/second-gateway.ts';
import { sharedScope } from '../support/shared.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const name = 'gateway.dc2.test';
const scope = sharedScope(test);
let names: NameServer;
let dc1: Cluster;
let dc2: Cluster;
/** Ways to dc2's gateway, at one port of several addresses. */
let first: TcpProxy;
let second: TcpProxy;

test.before('dc1 asks, by the name of the gateway of dc2', async () => {
  names = await NameServer.start(scope);
  first = await startTcpProxy({ target: '127.0.0.1:1', host: '127.0.4.1' });
  const port = Number(first.address.split(':')[1]);
  second = await startTcpProxy({ target: '127.0.0.1:1', host: '127.0.4.2', port });
  scope.teardown(() => Promise.all([first.close(), second.close()]));
  names.records.set(name, { addresses: ['127.0.4.1'], ttl: 1 });
  const dir = await tempDir(scope);
  const registry = { embedded: { listen: '127.0.0.1:0' } };
  dc1 = await Cluster.prepare(scope, dir, 'dc1', { instances: 0, registry });
  dc2 = await Cluster.prepare(scope, dir, 'dc2', { config: { region: 'eu', capacity: 1000 } });
  await advertising(dc2.gateway, { eastWest: [`${name}:${port}`] });
  await dc1.gateway.askForNames(scope, names.address);
  await Promise.all([dc1.start(), dc2.start()]);
  for (const way of [first, second]) way.setTarget(dc2.gateway.listener('eastWest'));
  await dc2.joinByApi(dc1);
  await settled([dc1, dc2]);
});

/** Changes what a gateway advertises when it starts next. */
async function advertising({ configPath }: GatewayProcess, advertise: object): Promise<void> {
  const config = parse(await readFile(configPath, 'utf8'));
  config.advertise = { ...config.advertise, ...advertise };
  await writeFile(configPath, stringify(config));
}

/** Waits until dc1 reaches dc2 at exactly that address. */
async function reachedAt(address: string): Promise<void> {
  await until(`dc1 to reach dc2 at ${address}`, async () => {
    const reached = (await dc1.others())['dc2']?.reached.map((one) => one.address);
    return `${reached}` === address;
  });
}

test.serial(
  'a name that leads elsewhere is followed, and so is another address: nothing is joined again, and no request lost',
  async (t) => {
    const load = new SteadyLoad(dc1);
    t.teardown(() => load.stop());
    await load.servedBy(dc2);
    names.records.set(name, { addresses: ['127.0.4.2'], ttl: 1 });
    await reachedAt(second.address);
    await until('the old address to be let go of', () => first.connections === 0);
    first.cut();
    await load.goesOn();

    names.records.delete(name);
    const asked = names.asked(name);
    await until('it to be asked for in vain', () => names.asked(name) > asked + 1);
    await reachedAt(second.address);
    await load.goesOn();

    await advertising(dc2.gateway, { eastWest: [dc2.lines.eastWest.address] });
    t.is(await dc2.gateway.takeOver(), 0);
    await reachedAt(dc2.lines.eastWest.address);
    await until('the name to be let go of', () => second.connections === 0);
    await load.goesOn();
    t.deepEqual(await load.stop(), []);
    const told = await dc1.gateway.isthmusOk(['describe', 'cluster', 'dc2']);
    t.regex(
      told,
      /Addresses by which this gateway reaches it\n {2}ADDRESS +SCOPE +ADVERTISED +WHY/,
    );
    t.regex(told, /127\.0\.0\.1:\d+ +public +127\.0\.0\.1:\d+ +it is for everybody/);
  },
);

test.serial(
  'a gateway that says otherwise than its sibling takes nothing back: it is named, or refused while the sibling lives',
  async (t) => {
    const known = async () => {
      const { region, capacity, eastWest } = (await dc1.others())['dc2'] ?? {};
      return { region, capacity, eastWest };
    };
    const before = await known();
    const twin = await secondGateway(scope, dc2, { advertise: {}, capacity: 400 });
    await until('both to be known', async () => (await known()).eastWest?.length === 2);
    t.is((await known()).capacity, 400, 'the least that is stated');
    for (const gateway of [dc2.gateway, twin]) {
      const { stdout } = await gateway.isthmus(['check']);
      t.regex(stdout, /GATEWAYS_DIFFER.* a capacity of (400, .* 1000|1000, .* 400): 400 holds/);
    }
    t.is(await twin.stop(), 0);
    const config = parse(await readFile(twin.configPath, 'utf8'));
    await writeFile(twin.configPath, stringify({ ...config, region: 'us', capacity: 1000 }));
    await twin.start('disagreeing');
    const [problem] = await twin.problems();
    t.like(problem, { code: 'GATEWAYS_DISAGREE' });
    t.regex(problem?.what ?? '', /^Gateway gateway-2 of dc2 .* region us, and gateway-1 for eu/);
    t.regex((await twin.isthmus(['check'])).stdout, /GATEWAYS_DISAGREE/);
    await until('its old address to be taken back', async () => {
      return `${(await known()).eastWest}` === `${before.eastWest}`;
    });
    t.deepEqual(await known(), before);

    await dc2.gateway.stop();
    await until('it to be let in', async () => (await twin.status()).state === 'ready');
    await until('dc1 to know', async () => (await known()).region === 'us');
  },
);
