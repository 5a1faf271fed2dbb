/** Specifies what is tried again: what provably never arrived, or does no harm twice; nothing else. */
import test from 'ava';
import { until } from '../../support/until.ts';
import { ask } from './http.ts';
import { closedPort, type Origin, startGateway, startOrigin } from './world.ts';

const host = 'orders.shop.acme';

/** An origin that resets the connection once it has read the request. */
function startResetting(t: Parameters<typeof startOrigin>[0], id: string): Promise<Origin> {
  return startOrigin(t, id, (request) => {
    request.resume().on('end', () => request.socket.resetAndDestroy());
  });
}

test('a connection refused costs no request, whatever its method', async (t) => {
  const alive = await startOrigin(t, 'alive', (request, response) => {
    request.pipe(response);
  });
  const dead = { id: 'dead', port: await closedPort() };
  const { url, proxy } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [dead, alive] }],
  });
  for (let i = 0; i < 20; i++) {
    const answer = await ask(url, host, '-X', 'POST', '--data-binary', `body ${i}`);
    t.is(answer.status, 200);
    t.is(answer.body, `body ${i}`);
  }
  t.is(alive.requests.length, 20);
  t.like(proxy.recorder.snapshot().retried, [{ service: 'orders.shop', reason: 'unsent' }]);
});

test('GET is tried elsewhere after a reset', async (t) => {
  const bad = await startResetting(t, 'bad');
  const good = await startOrigin(t, 'good');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [bad, good] }],
  });
  for (let i = 0; i < 10; i++) t.is((await ask(url, host)).body, 'good');
  t.true(bad.requests.length > 0);
});

test('POST is not sent twice once it may have arrived', async (t) => {
  const bad = await startResetting(t, 'bad');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [bad] }],
  });
  const answer = await ask(url, host, '-X', 'POST', '-d', 'x');
  t.is(answer.status, 502);
  t.like(JSON.parse(answer.body), { code: 'UPSTREAM_FAILED' });
  t.is(bad.requests.length, 1);
});

test('PUT with its body is sent again after a reset, up to what is kept of the body', async (t) => {
  const bad = await startResetting(t, 'bad');
  const good = await startOrigin(t, 'good', (request, response) => void request.pipe(response));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [bad, good] }],
    limits: {},
  });
  const body = 'b'.repeat(60_000);
  for (let i = 0; i < 12; i++) {
    const answer = await ask(url, host, '-X', 'PUT', '--data-binary', body);
    t.is(answer.status, 200);
    t.is(answer.body, body);
  }
  t.true(bad.requests.length > 0);
});

test('a PUT too long to keep fails when its connection breaks', async (t) => {
  const bad = await startResetting(t, 'bad');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [bad] }],
  });
  const answer = await ask(url, host, '-X', 'PUT', '--data-binary', 'b'.repeat(100_000));
  t.is(answer.status, 502);
  t.is(bad.requests.length, 1);
});

test('503 to an idempotent request is tried elsewhere, and passed on as it is when there is nowhere', async (t) => {
  const full = await startOrigin(t, 'full', (_, response) => {
    response.statusCode = 503;
    response.end('full');
  });
  const good = await startOrigin(t, 'good');
  const both = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [full, good] }],
  });
  for (let i = 0; i < 6; i++) t.is((await ask(both.url, host)).body, 'good');
  const alone = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [full] }],
  });
  const post = await ask(alone.url, host, '-X', 'POST', '-d', 'x');
  t.is(post.status, 503);
  t.is(post.body, 'full');
  t.is((await ask(alone.url, host)).body, 'full');
});

test('a spent retry budget ends retries, and says so', async (t) => {
  const bad = await startResetting(t, 'bad');
  const worse = await startResetting(t, 'worse');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      {
        name: 'orders.shop',
        endpoints: [bad, worse],
        policy: { retry: { maxTries: 4, budgetPercent: 0, minPerSecond: 0.2 } },
      },
    ],
  });
  await until('the budget is spent', async () => {
    const answer = await ask(url, host);
    return answer.status === 503 && JSON.parse(answer.body).code === 'RETRY_BUDGET_SPENT';
  });
  const before = bad.requests.length + worse.requests.length;
  await ask(url, host);
  t.is(bad.requests.length + worse.requests.length, before + 1);
});

test('a request is tried four times at most', async (t) => {
  const bad = await Promise.all(Array.from({ length: 6 }, (_, i) => startResetting(t, `bad-${i}`)));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: bad }],
  });
  t.is((await ask(url, host)).status, 502);
  t.is(bad.flatMap(({ requests }) => requests).length, 4);
});

test('the only endpoint gets a second chance when its connection breaks, for it may have been a kept one', async (t) => {
  let broken = false;
  const moody = await startOrigin(t, 'moody', (request, response) => {
    if (broken) response.end('well again');
    else request.socket.resetAndDestroy();
    broken = true;
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [moody] }],
  });
  t.is((await ask(url, host)).body, 'well again');
  t.is(moody.requests.length, 2);
});

test('an endpoint that does not answer in time is given up on: per try, and for the whole request', async (t) => {
  const stuck = await startOrigin(t, 'stuck', () => undefined);
  const good = await startOrigin(t, 'good');
  const tries = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [stuck, good], timeouts: { perTryMs: 700 } }],
  });
  for (let i = 0; i < 3; i++) t.is((await ask(tries.url, host)).body, 'good');
  const whole = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [stuck], timeouts: { requestMs: 150 } }],
  });
  const answer = await ask(whole.url, host);
  t.is(answer.status, 504);
  t.like(JSON.parse(answer.body), { code: 'UPSTREAM_TIMED_OUT' });
});

test('a service without endpoints is refused as such', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1', services: [{ name: 'orders.shop' }] });
  const answer = await ask(url, host);
  t.is(answer.status, 503);
  t.is(answer.headers['retry-after'], '1');
  t.like(JSON.parse(answer.body), { code: 'NO_HEALTHY_ENDPOINT' });
});

test('a response that breaks as its head comes has not reached the client, and is tried elsewhere', async (t) => {
  const bad = await startOrigin(t, 'bad', (request) => {
    request.socket.end(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense',
    );
  });
  const good = await startOrigin(t, 'good');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [bad, good] }],
  });
  for (let i = 0; i < 10; i++) t.is((await ask(url, host)).body, 'good');
  t.true(bad.requests.length > 0);
});
