/** Specifies where gateways are reached: names that lead elsewhere, and addresses that change. */
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { Cluster, settled } from '../support/federation.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { NameServer } from '../support/name-server.ts';
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
