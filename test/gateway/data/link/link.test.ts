/** Specifies links between gateways: measured, missed when dead, replaced before they are let go, and never a lost request. */
import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { startTcpProxy } from '../../../support/tcp-proxy.ts';
import { until } from '../../../support/until.ts';
import { ask } from '../request/http.ts';
import { connect, type Gateway, type Origin, startGateway, startOrigin } from '../request/scene.ts';

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

test('a gateway that could not be reached is linked to at once when it links to us, long before the next try', async (t) => {
  const timing = { reconnect: { baseMs: 3_600_000, maxMs: 3_600_000 } };
  const near = await startGateway(t, { cluster: 'dc1', timing });
  const far = await startGateway(t, { cluster: 'dc2' });
  const line = await startTcpProxy({ target: '127.0.0.1:1' });
  t.teardown(() => line.close());
  connect(near, far, [line.address]);
  await until('dc2 is down', () => near.links.state(far.cluster).state === 'down');
  line.setTarget(far.eastWest.address);
  connect(far, near);
  await until('all connections are up', () =>
    near.links.details(far.cluster).every(({ state }) => state === 'up'),
  );
  t.is(near.links.details(far.cluster).length, 2);
});

/** A caller in dc1, dc2 behind a line, and its origin, whose requests wait until `answer`. */
async function behindALine(t: ExecutionContext, elsewhere: Readonly<Record<string, number>>) {
  const waiting: ServerResponse[] = [];
  const origin = await startOrigin(t, 'orders-2', (_, response) => void waiting.push(response));
  const services = [{ name: 'orders.shop', elsewhere }];
  const near = await startGateway(t, { cluster: 'dc1', services });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const line = await startTcpProxy({ target: far.eastWest.address });
  t.teardown(() => line.close());
  const state = () => near.links.state(far.cluster).state;
  connect(near, far, [line.address]);
  await until('every connection to dc2 is up, on a line known to be short', () =>
    near.links
      .details(far.cluster)
      .every((link) => link.state === 'up' && (link.rttMs ?? Infinity) < 50),
  );
  const answer = () => {
    for (const response of waiting.splice(0)) response.end('orders-2');
  };
  return { near, far, origin, line, state, answer };
}

/** Links to dc3 as well, which answers at once. */
async function connectThird(t: ExecutionContext, near: Gateway): Promise<Origin> {
  const origin = await startOrigin(t, 'orders-3');
  const third = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  connect(near, third);
  await until('dc3 is up', () => near.links.state(third.cluster).state === 'up');
  return origin;
}

test('a link falls silent: what can safely go elsewhere does at once, the rest waits, and nothing is lost when it is heard again', async (t) => {
  const { near, origin, line, state, answer } = await behindALine(t, { dc2: 1, dc3: 1 });
  const gets = [ask(near.url, host), ask(near.url, host)];
  const post = ask(near.url, host, '--data', 'one');
  await until('they are with dc2', () => origin.requests.length === 3);
  const third = await connectThird(t, near);
  const made = line.accepted;
  line.hold();
  await until('it is suspect', () => state() === 'suspect');
  for (const { body } of await Promise.all(gets)) t.is(body, 'orders-3');
  t.is((await ask(near.url, host, '--data', 'two')).body, 'orders-3', 'new ones go elsewhere');
  t.regex(near.links.details()[0]?.why ?? '', /a PING is not answered/);
  line.restore();
  answer();
  t.is((await post).body, 'orders-2');
  await until('it is whole again', () => state() === 'up');
  t.is(line.accepted, made, 'no connection was made anew');
  t.is(origin.requests.length, 3);
  t.is(third.requests.length, 3);
});

test('a link falls silent and there is no other way: requests wait, new ones too, and are answered when it is heard again', async (t) => {
  const { near, origin, line, state, answer } = await behindALine(t, { dc2: 1 });
  const first = ask(near.url, host);
  await until('it is with dc2', () => origin.requests.length === 1);
  line.hold();
  await until('it is suspect', () => state() === 'suspect');
  const second = ask(near.url, host, '--data', 'one');
  await until('it waits', () => near.proxy.recorder.inFlight === 2);
  line.restore();
  await until('both are with dc2', () => origin.requests.length === 2);
  answer();
  for (const { status, body } of await Promise.all([first, second])) {
    t.deepEqual([status, body], [200, 'orders-2']);
  }
});

test('every link breaks and there is no other way: requests wait for the next link, bodies too', async (t) => {
  const { near, origin, line, state, answer } = await behindALine(t, { dc2: 1 });
  line.cut();
  await until('none is up', () => state() !== 'up');
  const asked = [ask(near.url, host), ask(near.url, host, '--data', 'one')];
  await until('they wait', () => near.proxy.recorder.inFlight === 2);
  line.restore();
  await until('both are with dc2', () => origin.requests.length === 2);
  answer();
  for (const { status, body } of await Promise.all(asked)) {
    t.deepEqual([status, body], [200, 'orders-2']);
  }
});

test('every link breaks for longer than a second: what waited is told so, and what comes then is told at once', async (t) => {
  const { near, line, state } = await behindALine(t, { dc2: 1 });
  line.cut();
  await until('none is up', () => state() !== 'up');
  const { status, body } = await ask(near.url, host);
  t.is(status, 503);
  t.regex(body, /No link to dc2 is up/);
  t.is((await ask(near.url, host)).status, 503);
  t.is(near.proxy.recorder.inFlight, 0);
});

test('one of two addresses of a cluster falls silent: requests in flight go by the other, and the cluster is not suspect', async (t) => {
  const { near, far, origin, line, answer } = await behindALine(t, { dc2: 1 });
  const other = await startTcpProxy({ target: far.eastWest.address });
  t.teardown(() => other.close());
  const get = ask(near.url, host);
  await until('it is with dc2', () => origin.requests.length === 1);
  connect(near, far, [line.address, other.address]);
  await until('the other address is linked to', () =>
    near.links.details().every(({ state }) => state === 'up'),
  );
  const states = new Set<string>();
  near.links.onChange((_, { state }) => states.add(state));
  line.hold();
  await until('it is asked for again', () => origin.requests.length === 2);
  answer();
  t.is((await get).body, 'orders-2');
  // A busy machine may make it suspect for a moment.
  t.false(states.has('down'));
});

test('a link that stays silent for three seconds is dead: what waited is told so', async (t) => {
  const { near, origin, line, state } = await behindALine(t, { dc2: 1 });
  const post = ask(near.url, host, '--data', 'one');
  await until('it is with dc2', () => origin.requests.length === 1);
  line.hold();
  await until('it is dead', () => state() === 'down');
  t.regex(near.links.details()[0]?.why ?? '', /no answer to a PING for 3\d\d\d ms/);
  t.is((await post).status, 502);
  line.restore();
  await until('it is back', () => state() === 'up');
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
  // So it is for a moment where the machine stands still.
  states.delete('suspect');
  t.deepEqual([...states], []);
});

test('a gateway that is about to end and has no successor takes requests until it says that it takes none', async (t) => {
  const { near, far, origin, answer, state } = await behindALine(t, { dc2: 1 });
  const first = ask(near.url, host);
  await until('it is with dc2', () => origin.requests.length === 1);
  const states: string[] = [];
  near.links.onChange((_, now) => states.push(now.state));
  const drained = far.eastWest.drain(60_000);
  const second = ask(near.url, host);
  await until('that one is with dc2, too', () => origin.requests.length === 2);
  t.false(states.includes('down'));
  await until('the link is down', () => state() === 'down');
  answer();
  for (const { body } of await Promise.all([first, second])) t.is(body, 'orders-2');
  t.deepEqual(await drained, { kind: 'finished' });
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

test('a name with several addresses is linked to at each of them, and followed as it changes', async (t) => {
  const origin = await startOrigin(t, 'orders-2');
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  let addresses = ['127.0.2.1', '127.0.2.2'];
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [asks],
    resolve: async () => addresses.map((address) => ({ address })),
  });
  const target = far.eastWest.address;
  const first = await startTcpProxy({ target, host: '127.0.2.1' });
  const port = Number(first.address.split(':')[1]);
  const lines = [first];
  for (const host of ['127.0.2.2', '127.0.2.3'])
    lines.push(await startTcpProxy({ target, host, port }));
  t.teardown(() => Promise.all(lines.map((line) => line.close())));
  const up = () => [
    ...new Set(
      near.links.details().flatMap(({ address, state }) => (state === 'up' ? [address] : [])),
    ),
  ];
  connect(near, far, [`gateway.dc2.test:${port}`]);
  t.is(near.links.state(far.cluster).state, 'connecting', 'the name is being looked up');
  await until('both to be linked to', () => up().length === 2);

  first.cut();
  for (let i = 0; i < 20; i++) t.is((await ask(near.url, host)).body, 'orders-2');
  t.is(near.links.state(far.cluster).state, 'up');

  const states: string[] = [];
  near.links.onChange((_, { state }) => states.push(state));
  addresses = ['127.0.2.3'];
  await until('only the new one to be linked to', () => up().join() === `127.0.2.3:${port}`);
  t.deepEqual(new Set(states), new Set(states.length > 0 ? ['up'] : []), 'there was always a link');
  t.is(new Set(near.links.details().map(({ address }) => address)).size, 1);
  t.is((await ask(near.url, host)).body, 'orders-2');
});

test('private addresses are used where they lead there, those for everybody while they do not, and no request is lost', async (t) => {
  const origin = await startOrigin(t, 'orders-2');
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const near = await startGateway(t, { cluster: 'dc1', services: [asks] });
  const target = far.eastWest.address;
  const inside = await startTcpProxy({ target });
  const outside = await startTcpProxy({ target });
  t.teardown(() => Promise.all([inside.close(), outside.close()]));
  connect(near, far, [outside.address], [inside.address]);
  const used = () =>
    (near.links.state(far.cluster).used ?? []).map(({ address, scope, insteadOf }) => [
      ...[address, scope, ...(insteadOf ?? [])],
    ]);
  const privately = [inside.address, 'private'];
  const instead = [outside.address, 'public', inside.address];
  await until('it to be used', () => used().join() === privately.join());
  t.is((await ask(near.url, host)).body, 'orders-2');

  const states = new Set<string>();
  near.links.onChange((_, { state }) => states.add(state));
  const lost: string[] = [];
  const asking = new AbortController();
  const load = (async () => {
    while (!asking.signal.aborted) {
      const { status, body } = await ask(near.url, host);
      if (body !== 'orders-2') lost.push(`${status} ${body}`);
    }
  })();
  inside.hold();
  await until('the other to be used', () => used().join() === instead.join());
  await until('the first to be given up', () =>
    near.links
      .details()
      .some(({ address, state }) => address === inside.address && state === 'down'),
  );
  inside.restore();
  await until('the first to be used again, and the other to be gone', () => {
    return used().join() === privately.join() && outside.connections === 0;
  });
  asking.abort();
  await load;
  t.deepEqual(lost, []);
  t.false(states.has('down'));
});

test('a name of both families leads to one gateway: who answers first is linked to', async (t) => {
  const far = await startGateway(t, { cluster: 'dc2' });
  const target = far.eastWest.address;
  const line = await startTcpProxy({ target });
  t.teardown(() => line.close());
  const port = line.address.split(':')[1];
  // Nobody listens at the IPv6 address.
  const addresses = [{ address: '127.0.0.1' }, { address: '::1' }];
  const near = await startGateway(t, { cluster: 'dc1', resolve: async () => addresses });
  connect(near, far, [`gateway.dc2.test:${port}`]);
  await until('it to be linked to', () => near.links.state(far.cluster).state === 'up');
  await until('the other to be given up', () =>
    near.links.details().every(({ address }) => address === `127.0.0.1:${port}`),
  );
  t.deepEqual(near.links.state(far.cluster).used, [
    { address: `127.0.0.1:${port}`, advertised: `gateway.dc2.test:${port}`, scope: 'public' },
  ]);
});

test('a name that does not resolve is down, and says why', async (t) => {
  const far = await startGateway(t, { cluster: 'dc2' });
  const near = await startGateway(t, {
    cluster: 'dc1',
    resolve: () => Promise.reject(new Error('no such name')),
  });
  connect(near, far, ['nowhere.invalid:7443']);
  await until('it is down', () => near.links.state(far.cluster).state === 'down');
  const [detail] = near.links.details();
  t.is(detail?.address, 'nowhere.invalid:7443');
  t.regex(detail?.why ?? '', /nowhere\.invalid/);
});
