/** Specifies how a gateway stops: nothing new, nothing lost, and never for longer than it was given. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import { connect, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';

test('a drain lets requests in flight finish, asks clients to close, and takes no new ones', async (t) => {
  let release: () => void = () => undefined;
  const origin = await startOrigin(t, 'slow', (_, response) => {
    release = () => response.end('finished');
  });
  const { url, outbound } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  const inFlight = request({ agent, hostname, port, headers: { host } }).end();
  await until('it is in flight', () => origin.requests.length === 1);
  const drained = outbound.drain(10_000);
  await until('nobody listens', () =>
    ask(url, host).then(
      () => false,
      () => true,
    ),
  );
  release();
  const [response] = await once(inFlight, 'response');
  t.is(response.headers.connection, 'close');
  t.is(await text(response), 'finished');
  t.deepEqual(await drained, { kind: 'finished' });
});

test('a drain that takes too long cuts what is left, and says how much', async (t) => {
  const origin = await startOrigin(t, 'stuck', () => undefined);
  const { url, outbound } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const asked = t.throwsAsync(ask(url, host));
  await until('it is in flight', () => origin.requests.length === 1);
  t.deepEqual(await outbound.drain(100), { kind: 'cut', cut: 1 });
  await asked;
});

test('a remote gateway that drains finishes its streams, and its callers come again', async (t) => {
  let release: () => void = () => undefined;
  const origin = await startOrigin(t, 'slow', (_, response) => {
    release = () => response.end('finished');
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 } }],
  });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  const answer = ask(near.url, host);
  await until('it is in flight', () => origin.requests.length === 1);
  const drained = far.eastWest.drain(10_000);
  await until('the link is given up', () => near.links.state(far.cluster).state !== 'up');
  release();
  t.is((await answer).body, 'finished');
  t.deepEqual(await drained, { kind: 'finished' });
  t.is((await ask(near.url, host)).status, 503);
});
