/** Specifies links between gateways: measured, missed when dead, replaced before they are let go, and never a lost request. */
import test from 'ava';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { until } from '../../support/until.ts';
import { ask } from '../proxy/http.ts';
import { connect, startGateway, startOrigin } from '../proxy/world.ts';

const host = 'orders.shop.acme';
const asks = { name: 'orders.shop', elsewhere: { dc2: 1 } };

test('the round trip is measured', async (t) => {
  const near = await startGateway(t, { cluster: 'dc1', timing: { pingIntervalMs: 20 } });
  const far = await startGateway(t, { cluster: 'dc2' });
  const line = await startTcpProxy({ target: far.eastWest.address, delayMs: 40 });
  t.teardown(() => line.close());
  connect(near, far, [line.address]);
  await until('it is near 80 ms', () => {
    const { rttMs = 0 } = near.links.state(far.cluster);
    return rttMs >= 79 && rttMs < 110;
  });
  const told: number[] = [];
  near.links.onChange((_, { rttMs }) => told.push(rttMs ?? -1));
  line.setDelay(100);
  await until('it is near 200 ms', () => (near.links.state(far.cluster).rttMs ?? 0) > 180);
  t.true(told.length > 0 && told.length < 12, `${told.length} changes were told`);
});

test('a link into a black hole is noticed in about a second, its requests fail over, and it comes back', async (t) => {
  const origin = await startOrigin(t, 'orders-3');
  const stuck = await startOrigin(t, 'orders-2', () => undefined);
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', elsewhere: { dc2: 1, dc3: 1 }, policy: { clusterOrder: [] } },
    ],
  });
  const second = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [stuck] }],
  });
  const third = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const line = await startTcpProxy({ target: second.eastWest.address });
  t.teardown(() => line.close());
  connect(near, second, [line.address]);
  await until('dc2 is up', () => near.links.state(second.cluster).state === 'up');
  const answers = Array.from({ length: 4 }, () => ask(near.url, host));
  await until('they are with dc2', () => stuck.requests.length === 4);
  connect(near, third);
  await until('dc3 is up', () => near.links.state(third.cluster).state === 'up');
  await until('the line is known to be short', () => {
    const { rttMs = Infinity } = near.links.state(second.cluster);
    return rttMs < 50;
  });
  const began = performance.now();
  line.hold();
  await until('it is noticed', () => near.links.state(second.cluster).state === 'down');
  const took = performance.now() - began;
  t.true(took < 3_000, `${took} ms`);
  for (const { body } of await Promise.all(answers)) t.is(body, 'orders-3');
  line.restore();
  await until('it is back', () => near.links.state(second.cluster).state === 'up');
});

test('a gateway that dies takes no idempotent request with it', async (t) => {
  const slow = (id: string) =>
    startOrigin(t, id, (_, response) => void setTimeout(() => response.end(id), 100));
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1, dc3: 1 } }],
  });
  const second = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [await slow('orders-2')] }],
  });
  const third = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [await slow('orders-3')] }],
  });
  const line = await startTcpProxy({ target: second.eastWest.address });
  t.teardown(() => line.close());
  connect(near, second, [line.address]);
  connect(near, third);
  for (const { cluster } of [second, third]) {
    await until('the link is up', () => near.links.state(cluster).state === 'up');
  }
  const answers: Promise<{ status: number }>[] = [];
  for (let i = 0; i < 30; i++) {
    answers.push(ask(near.url, host));
    if (i === 15) {
      await until('some are under way', () => near.proxy.recorder.inFlight > 3);
      line.cut();
    }
  }
  for (const { status } of await Promise.all(answers)) t.is(status, 200);
  t.is(near.links.state(second.cluster).state, 'down');
});

test('a renewed certificate makes a new connection before the old one is let go', async (t) => {
  const origin = await startOrigin(t, 'orders-2', (_, response) => {
    setTimeout(() => response.end('done'), 100);
  });
  const near = await startGateway(t, { cluster: 'dc1', services: [asks] });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const line = await startTcpProxy({ target: far.eastWest.address });
  t.teardown(() => line.close());
  connect(near, far, [line.address]);
  await until('both connections are up', () =>
    near.links.details(far.cluster).every(({ state }) => state === 'up'),
  );
  const states = new Set<string>();
  near.links.onChange((_, { state }) => states.add(state));
  const answer = ask(near.url, host);
  await until('it is in flight', () => origin.requests.length === 1);
  await near.renew();
  await until('there are new connections beside the old', () => line.connections > 2);
  await until('the old are gone', () => line.connections === 2);
  t.is((await answer).body, 'done');
  t.is((await ask(near.url, host)).body, 'done');
  states.delete('up');
  t.deepEqual([...states], []);
});

test('an address that leads to another cluster is not used', async (t) => {
  const near = await startGateway(t, { cluster: 'dc1' });
  const second = await startGateway(t, { cluster: 'dc2' });
  const third = await startGateway(t, { cluster: 'dc3' });
  second.trust.set(near.authority.bundle());
  third.trust.set(near.authority.bundle());
  near.trust.set(third.authority.bundle());
  near.join(second, [third.eastWest.address]);
  await until('it is refused', () => near.links.state(second.cluster).state === 'down');
  t.regex(near.links.details(second.cluster)[0]?.why ?? '', /dc2\.acme was expected/);
});

test('links are made and let go as clusters and addresses come and go', async (t) => {
  const near = await startGateway(t, { cluster: 'dc1' });
  const far = await startGateway(t, { cluster: 'dc2' });
  t.deepEqual(near.links.state(far.cluster), { state: 'none' });
  const told: string[] = [];
  near.links.onChange((cluster, { state }) => {
    if (told.at(-1) !== `${cluster} ${state}`) told.push(`${cluster} ${state}`);
  });
  connect(near, far);
  await until('it is up', () => near.links.state(far.cluster).state === 'up');
  near.links.update([]);
  t.deepEqual(near.links.state(far.cluster), { state: 'none' });
  t.deepEqual(told, ['dc2 connecting', 'dc2 up', 'dc2 none']);
});
