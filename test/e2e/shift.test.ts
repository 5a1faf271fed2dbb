/** Specifies `isthmus shift` at real clusters: a version that is well gets all, one that fails is left again. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { ask } from '../gateway/data/request/http.ts';
import { startOrigin } from '../gateway/data/request/scene.ts';
import type { Cluster } from '../support/federation.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const path = '/v1/routes/shop/shift-orders';
let dc1: Cluster;

test.before('dc1 asks; dc2 has orders, a version that is well, and one that fails', async () => {
  const origin = await startOrigin(shared, 'orders-1');
  const well = await startOrigin(shared, 'well-1');
  const server = createServer((_, response) => void response.writeHead(500).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  shared.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  ({ dc1 } = await twoClusters(
    shared,
    [
      { name: 'orders', addresses: [`127.0.0.1:${origin.port}`] },
      { name: 'well', addresses: [`127.0.0.1:${well.port}`] },
      { name: 'bad', addresses: [`127.0.0.1:${port}`] },
    ],
    { workers: 1 },
  ));
});

test.serial('each share is held, and the Route stays once all requests go there', async (t) => {
  const line = ['shift', 'orders.shop', '--to', 'well', '--steps', '50,100', '--hold', '200ms'];
  const { code, stdout, stderr } = await dc1.gateway.isthmus(line);
  t.is(code, 0, stderr);
  t.regex(
    stderr,
    /^50 % of orders\.shop go to well\.shop\n100 % of orders\.shop go to well\.shop$/m,
  );
  t.regex(stdout, /^done: .*undo it by: isthmus delete Route shop\/shift-orders$/m);
  await until('well to answer', async () => (await ask(urlOf(dc1), host)).body.includes('well-1'));
  await dc1.gateway.isthmusOk(['delete', 'Route', 'shop/shift-orders']);
});

test.serial('a broken guard takes it back by itself', async (t) => {
  const stop = new AbortController();
  const load = (async () => {
    while (!stop.signal.aborted) {
      await dc1.gateway.request('orders.shop').catch(() => undefined);
      await sleep(25);
    }
  })();
  const line = ['shift', 'orders.shop', '--to', 'bad', '--steps', '50,100', '--hold', '60s'];
  const { code, stdout, stderr } = await dc1.gateway.isthmus([...line, '--guard', 'error<10%']);
  stop.abort();
  await load;
  t.is(code, 1, stderr);
  t.regex(
    stdout,
    /^reverted: \d+ of \d+ requests fail; 10 % may\. 0 % of orders\.shop go to bad\.shop/,
  );
  await t.throwsAsync(dc1.gateway.api.get(path), { code: 'POLICY_NOT_FOUND' } as object);
});

test.serial('another Route for the service is not fought with', async (t) => {
  const rules = [{ directResponse: { status: 418 } }];
  const parentRefs = [{ kind: 'Service', name: 'orders' }];
  await dc1.gateway.api.send('PUT', '/v1/routes/shop/other', { parentRefs, rules });
  const { code, stderr } = await dc1.gateway.isthmus(['shift', 'orders.shop', '--to', 'well']);
  t.is(code, 64);
  t.regex(stderr, /The Route shop\/other leads requests for orders\.shop already/);
});
