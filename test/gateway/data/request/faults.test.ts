/** Specifies faults made on purpose, over real sockets: which requests they strike, what these meet, and that all is well once they are gone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseClusterName, parseServiceName } from '../../../../core/names.ts';
import { type FaultRule, faultLookup } from '../../../../gateway/data/fault/faults.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { ask, dial, raw } from './http.ts';
import { connect, type Gateway, type ServiceSpec, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const dc1 = parseClusterName('dc1');
const dc2 = parseClusterName('dc2');
const orders = parseServiceName('orders.shop');
const cart = parseServiceName('cart.shop');
/** Few tries, and each given up soon. */
const impatient = { perTryMs: 100, requestMs: 300 };

function put(gateway: Gateway, ...rules: readonly FaultRule[]): void {
  gateway.proxy.faults.update(faultLookup(rules, gateway.cluster));
}

function everything(act: FaultRule['act']): FaultRule {
  return { match: {}, act, share: 1 };
}

async function oneCluster(t: ExecutionContext, service: Partial<ServiceSpec> = {}) {
  const origin = await startOrigin(t, 'a1', (request, response) => {
    request
      .setEncoding('utf8')
      .toArray()
      .then((parts) => response.end(`a1 ${parts.join('')}`));
  });
  const gateway = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], ...service }],
  });
  return { gateway, origin };
}

/** Only dc2 has the service. */
async function twoClusters(t: ExecutionContext, service: Partial<ServiceSpec> = {}) {
  const origin = await startOrigin(t, 'b1');
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 }, ...service }],
    timing: { pingIntervalMs: 20, reconnect: { baseMs: 20, maxMs: 100 } },
  });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  connect(near, far);
  await until('the link to be up', () => near.links.state(dc2).state === 'up');
  return { near, far, origin };
}

test('none strikes: every request is served', async (t) => {
  const { gateway } = await oneCluster(t);
  t.is(gateway.proxy.faults.lookup, undefined);
  t.is((await ask(gateway.url, host)).status, 200);
});

test('an abort answers instead of the endpoint, which hears of nothing', async (t) => {
  const { gateway, origin } = await oneCluster(t);
  put(gateway, everything({ kind: 'abort', status: 418, share: 1 }));
  const answer = await ask(gateway.url, host, '-d', 'body');
  t.is(answer.status, 418);
  t.is(answer.body, '');
  t.is(answer.headers['x-isthmus-cluster'], 'dc1');
  t.is(origin.requests.length, 0);
  put(gateway);
  t.is((await ask(gateway.url, host)).status, 200);
});

test('an abort by a status that says "not now" is tried elsewhere, as one of an endpoint is', async (t) => {
  const { near } = await twoClusters(t, { endpoints: [await startOrigin(t, 'a1')] });
  const act = { kind: 'abort', status: 503, share: 1 } as const;
  put(near, { match: { cluster: dc1 }, act, share: 1 });
  const answer = await ask(near.url, host);
  t.is(answer.status, 200);
  t.is(answer.body, 'b1');
  t.is(answer.headers['x-isthmus-cluster'], 'dc2');
});

test('a share of the requests is struck, by the ramp and by the act', async (t) => {
  const { gateway } = await oneCluster(t);
  const struckOf = async (share: number, ofThem: number) => {
    put(gateway, { ...everything({ kind: 'abort', status: 418, share: ofThem }), share });
    const request = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const answers = await Promise.all(Array.from({ length: 80 }, () => raw(gateway.url, request)));
    return answers.filter((answer) => answer.startsWith('HTTP/1.1 418 ')).length;
  };
  const half = await struckOf(0.5, 1);
  t.true(half > 15 && half < 65, `${half} of 80`);
  const quarter = await struckOf(0.5, 0.5);
  t.true(quarter > 3 && quarter < 40, `${quarter} of 80`);
  t.is(await struckOf(0, 1), 0);
});

test('a delay comes before the try, which has the whole body then', async (t) => {
  const { gateway, origin } = await oneCluster(t);
  put(gateway, everything({ kind: 'delay', delayMs: 150, jitterMs: 0 }));
  const startedAt = performance.now();
  const asked = ask(gateway.url, host, '-d', 'body');
  t.is((await asked).body, 'a1 body');
  t.true(performance.now() - startedAt >= 150);
  t.is(origin.requests.length, 1);
  const [served] = gateway.proxy.recorder.snapshot().served;
  t.true((served?.latencySumMs ?? 0) >= 150);
});

test('a delayed body that is long is held back, and comes whole', async (t) => {
  const { gateway } = await oneCluster(t);
  put(gateway, everything({ kind: 'delay', delayMs: 100, jitterMs: 0 }));
  const body = 'b'.repeat(900_000);
  const file = join(await tempDir(t), 'body');
  await writeFile(file, body);
  const answer = await ask(gateway.url, host, '-X', 'POST', '--data-binary', `@${file}`);
  t.is(answer.status, 200);
  t.is(answer.body.length, 'a1 '.length + body.length);
});

test('a delay longer than a try may take is a try that failed', async (t) => {
  const { gateway, origin } = await oneCluster(t, { timeouts: impatient });
  put(gateway, everything({ kind: 'delay', delayMs: 10_000, jitterMs: 0 }));
  t.is((await ask(gateway.url, host)).status, 504);
  t.is(origin.requests.length, 0);
});

test('jitter makes delays differ, to both sides', (t) => {
  const lookup = faultLookup([everything({ kind: 'delay', delayMs: 100, jitterMs: 40 })], dc1);
  const attempt = { service: orders, cluster: dc1, zone: 'a', entered: true };
  t.deepEqual(lookup?.of(attempt, 0), { kind: 'delay', ms: 60 });
  t.deepEqual(lookup?.of(attempt, 0.5), { kind: 'delay', ms: 100 });
  t.deepEqual(lookup?.of(attempt, 0.999), { kind: 'delay', ms: 100 + 40 * 0.998 });
});

test('a black hole answers nothing until the time of the try is up', async (t) => {
  const { gateway, origin } = await oneCluster(t, { timeouts: impatient });
  put(gateway, everything({ kind: 'black-hole' }));
  const answer = await ask(gateway.url, host, '-d', 'body');
  t.is(answer.status, 504);
  t.like(JSON.parse(answer.body), { code: 'UPSTREAM_TIMED_OUT' });
  t.is(origin.requests.length, 0);
});

test('what a black hole holds is tried again when it is gone: it never arrived, whatever its method', async (t) => {
  const { gateway, origin } = await oneCluster(t);
  put(gateway, everything({ kind: 'black-hole' }));
  const asked = ask(gateway.url, host, '-d', 'body');
  await until('it to be under way', () => gateway.proxy.recorder.inFlight === 1);
  put(gateway);
  const answer = await asked;
  t.is(answer.status, 200);
  t.is(answer.body, 'a1 body');
  t.is(origin.requests.length, 1);
});

test('a client that leaves a black hole leaves nothing behind', async (t) => {
  const { gateway } = await oneCluster(t);
  put(gateway, everything({ kind: 'black-hole' }));
  const client = dial(gateway.url);
  client.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('a request to be under way', () => gateway.proxy.recorder.inFlight === 1);
  client.resetAndDestroy();
  await until('nothing to be under way', () => gateway.proxy.recorder.inFlight === 0);
  put(gateway);
  t.is((await ask(gateway.url, host)).status, 200);
});

test('a cluster in a black hole: links to it look dead, what is on its way is lost with them, and both come back', async (t) => {
  const { near, origin } = await twoClusters(t, { endpoints: [await startOrigin(t, 'a1')] });
  put(near, { match: { cluster: dc2 }, act: { kind: 'black-hole' }, share: 1 });
  await until('the link to look dead', () => near.links.state(dc2).state === 'down');
  t.is((await ask(near.url, host)).body, 'a1');
  t.is(origin.requests.length, 0);
  put(near);
  await until('the link to be up again', () => near.links.state(dc2).state === 'up');
});

test('a request on its way into a black hole fails as soon as the links are known to be lost', async (t) => {
  const { near, origin } = await twoClusters(t);
  put(near, { match: { cluster: dc2 }, act: { kind: 'black-hole' }, share: 1 });
  const answer = await ask(near.url, host);
  t.is(answer.status, 503);
  t.is(near.links.state(dc2).state, 'down');
  t.is(origin.requests.length, 0);
});

test('what can be done elsewhere is, as soon as the links are known to be lost', async (t) => {
  const third = await startOrigin(t, 'c1');
  const { near } = await twoClusters(t, { elsewhere: { dc2: 1, dc3: 1 } });
  const other = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'orders.shop', endpoints: [third] }],
  });
  connect(near, other);
  await until('its link to be up', () => near.links.state(other.cluster).state === 'up');
  put(near, { match: { cluster: dc2 }, act: { kind: 'black-hole' }, share: 1 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(near.url, host)));
  t.true(answers.every(({ body }) => body === 'c1'));
});

test('only the service, the cluster and the link that are meant are struck', async (t) => {
  const act = { kind: 'abort', status: 418, share: 1 } as const;
  const { near, far } = await twoClusters(t);
  const statusWith = async (match: FaultRule['match']) => {
    for (const gateway of [near, far]) put(gateway, { match, act, share: 1 });
    return (await ask(near.url, host)).status;
  };
  t.is(await statusWith({ service: orders }), 418);
  t.is(await statusWith({ service: cart }), 200);
  t.is(await statusWith({ cluster: dc2 }), 418);
  t.is(await statusWith({ cluster: dc1 }), 200);
  t.is(await statusWith({ from: dc1, cluster: dc2 }), 418);
  t.is(await statusWith({ from: dc2, cluster: dc1 }), 200);
  t.is(await statusWith({ service: orders, cluster: dc2 }), 418);
  t.is(await statusWith({ service: orders, cluster: dc1 }), 200);
  t.is(await statusWith({ service: cart, cluster: dc2 }), 200);
});

test('a zone is struck by the gateway of its endpoints, whoever asks', async (t) => {
  const { near, far, origin } = await twoClusters(t);
  const act = { kind: 'abort', status: 418, share: 1 } as const;
  const statusIn = async (zone: string) => {
    for (const gateway of [near, far]) {
      put(gateway, { match: { cluster: dc2, zone }, act, share: 1 });
    }
    return (await ask(near.url, host)).status;
  };
  t.is(await statusIn('b'), 200);
  t.is(await statusIn('a'), 418);
  t.is(origin.requests.length, 1);
  t.is(far.proxy.recorder.snapshot().served[0]?.byStatusClass[4], 1);
});

test('what one gateway has struck is not struck by the next', async (t) => {
  const { near, far } = await twoClusters(t);
  put(far, { match: { cluster: dc2 }, act: { kind: 'abort', status: 418, share: 1 }, share: 1 });
  t.is((await ask(near.url, host)).status, 200);
  t.is((await ask(far.url, host)).status, 418);
});
