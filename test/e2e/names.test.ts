/** Specifies endpoints whose address is a DNS name, from the configuration to requests: each of its addresses is a candidate, as the name server has them. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { EndpointItem } from '../../gateway/control/api/answers.ts';
import { GatewayProcess, type Scope } from '../support/gateway-process.ts';
import { NameServer } from '../support/name-server.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let names: NameServer;
let gateway: GatewayProcess;
let second: Server;

/** A copy of the service at an address of this machine; it answers with that. */
async function startCopy(t: Scope, host: string, port: number): Promise<Server> {
  const server = createServer((_, response) => response.end(host)).listen(port, host);
  await once(server, 'listening');
  t.teardown(() => stop(server));
  return server;
}

function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** The endpoint, and what became of its addresses. */
async function candidates(): Promise<readonly [id: string, health: string][]> {
  const items = await gateway.items<EndpointItem>('/v1/endpoints?service=cart.shop');
  return items.map(({ id, health }) => [id, health] as [string, string]).sort();
}

/** Which copies answer, once `count` do; none of the requests may fail. */
async function answering(
  t: Pick<ExecutionContext, 'is'>,
  count: number,
): Promise<readonly string[]> {
  return until(`${count} copies to answer`, async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const { status, body } = await gateway.request('cart.shop');
      t.is(status, 200);
      seen.add(body);
    }
    return seen.size === count ? [...seen].sort() : undefined;
  });
}

test.before('a gateway asks a name server of its own', async () => {
  names = await NameServer.start(shared);
  const first = await startCopy(shared, '127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  second = await startCopy(shared, '127.0.3.1', port);
  await startCopy(shared, '127.0.3.2', port);
  names.records.set('cart.test', { addresses: ['127.0.0.1', '127.0.3.1'], ttl: 1 });
  names.records.set('steady.test', { addresses: ['127.0.0.1'], ttl: 3600 });
  const endpoint = (name: string) => ({
    ...{ name, namespace: 'shop', check: { http: { path: '/' }, interval: '200ms' } },
    endpoints: [{ id: name, address: `${name}.test:${port}` }],
  });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    services: [endpoint('cart'), endpoint('steady')],
  });
  await gateway.askForNames(shared, names.address);
  await gateway.start();
});

test.serial('a name with two addresses is two candidates, and both serve', async (t) => {
  t.deepEqual(await answering(t, 2), ['127.0.0.1', '127.0.3.1']);
  t.deepEqual(await candidates(), [
    ['cart-127-0-0-1', 'healthy'],
    ['cart-127-0-3-1', 'healthy'],
  ]);
});

test.serial('one of its addresses dies: the others serve, and no request fails', async (t) => {
  stop(second);
  await until('it to be found out', async () => (await candidates())[1]?.[1] === 'unhealthy');
  t.deepEqual(await answering(t, 1), ['127.0.0.1']);
});

test.serial(
  'the name changes: it is asked for again once its TTL is over, and no sooner',
  async (t) => {
    names.records.set('cart.test', { addresses: ['127.0.0.1', '127.0.3.2'], ttl: 1 });
    t.deepEqual(await answering(t, 2), ['127.0.0.1', '127.0.3.2']);
    t.deepEqual(
      (await candidates()).map(([id]) => id),
      ['cart-127-0-0-1', 'cart-127-0-3-2'],
    );
    t.true(names.asked('cart.test') > 1);
    t.is(names.asked('steady.test'), 1, 'an hour is not over');
  },
);

test.serial('the name is gone from its server: what it led to last goes on serving', async (t) => {
  const asked = names.asked('cart.test');
  names.records.delete('cart.test');
  await until('it to be asked for in vain', () => names.asked('cart.test') > asked + 1);
  t.deepEqual(await answering(t, 2), ['127.0.0.1', '127.0.3.2']);
});
