/** Specifies what is tried again: what provably never arrived, or does no harm twice; nothing else. */

import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { parseClusterName } from '../../../../core/names.ts';
import { defaultBalance } from '../../../../policy/traffic-policy.ts';
import { startDeafPort } from '../../../support/deaf-port.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { ask } from './http.ts';
import { closedPort, connect, type Origin, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';

/** An origin that resets the connection once it has read the request. */
function startResetting(t: Parameters<typeof startOrigin>[0], id: string): Promise<Origin> {
  return startOrigin(t, id, (request) => {
    request.resume().on('end', () => request.socket.resetAndDestroy());
  });
}

/** Answers with how many octets came. */
function countOctets(request: IncomingMessage, response: ServerResponse): void {
  let octets = 0;
  request.on('data', (piece: Buffer) => {
    octets += piece.length;
  });
  request.on('end', () => void response.end(String(octets)));
}

/** The same over HTTP/2 in clear text. */
async function startHttp2Origin(t: Parameters<typeof startOrigin>[0], id: string) {
  const server = createHttp2Server((request, response) => {
    let octets = 0;
    request.on('data', (piece: Buffer) => {
      octets += piece.length;
    });
    request.on('end', () => void response.end(String(octets)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return { id, port: (server.address() as AddressInfo).port };
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

for (const protocol of ['http', 'http2'] as const) {
  test(`a long POST whose first endpoint never answers the connect reaches another one whole: ${protocol}`, async (t) => {
    const port = await startDeafPort(t);
    const id = 'well';
    const well =
      protocol === 'http' ? await startOrigin(t, id, countOctets) : await startHttp2Origin(t, id);
    const { url } = await startGateway(t, {
      cluster: 'dc1',
      services: [
        {
          name: 'orders.shop',
          protocol,
          endpoints: [{ id: 'deaf', port, weight: 1000 }, well],
          timeouts: { connectMs: 600 },
          policy: {
            outlier: { ...defaultBalance.outlier, consecutiveGatewayFailure: 0, consecutive5xx: 0 },
          },
        },
      ],
    });
    const file = join(await tempDir(t), 'body');
    await writeFile(file, Buffer.alloc(5_000_000));
    for (let i = 0; i < 2; i++) {
      const answer = await ask(
        url,
        host,
        '-X',
        'POST',
        '-H',
        'Expect:',
        '--data-binary',
        `@${file}`,
      );
      t.is(answer.status, 200);
      t.is(answer.body, '5000000');
    }
  });
}

test('of a large POST no more goes to another cluster than can go elsewhere, before an endpoint there is connected with', async (t) => {
  const [port, second, third] = await Promise.all([
    startDeafPort(t),
    startOrigin(t, 'second', countOctets),
    startOrigin(t, 'third', countOctets),
  ]);
  const deaf = { id: 'deaf', port, weight: 1000 };
  const policy = {
    clusterOrder: ['dc2', 'dc3'].map(parseClusterName),
    outlier: { ...defaultBalance.outlier, consecutiveGatewayFailure: 0, consecutive5xx: 0 },
  };
  const common = { timeouts: { connectMs: 600 }, policy };
  const alone = { ...common, name: 'alone.shop' };
  const beside = { ...common, name: 'beside.shop' };
  const elsewhere = { dc2: 1, dc3: 1 };
  const [near, far, farther] = await Promise.all([
    startGateway(t, {
      cluster: 'dc1',
      services: [
        { ...alone, elsewhere },
        { ...beside, elsewhere },
      ],
    }),
    startGateway(t, {
      cluster: 'dc2',
      services: [
        { ...alone, endpoints: [deaf] },
        { ...beside, endpoints: [deaf, second] },
      ],
    }),
    startGateway(t, { cluster: 'dc3', services: [{ ...alone, endpoints: [third] }] }),
  ]);
  connect(near, far);
  connect(near, farther);
  await until('the links to be up', () =>
    [far, farther].every(({ cluster }) => near.links.state(cluster).state === 'up'),
  );
  const body = join(await tempDir(t), 'body');
  await writeFile(body, Buffer.alloc(5_000_000));
  for (const version of ['--http1.1', '--http2-prior-knowledge']) {
    for (const [service, by] of [
      ['alone', 'dc3'],
      ['beside', 'dc2'],
    ]) {
      for (let i = 0; i < 2; i++) {
        const args = [version, '-H', 'Expect:', '--data-binary', `@${body}`];
        const answer = await ask(near.url, `${service}.shop.acme`, ...args);
        t.like(answer, { status: 200, body: '5000000' });
        t.is(answer.headers['x-isthmus-cluster'], by);
      }
    }
  }
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
  const body = join(await tempDir(t), 'body');
  await writeFile(body, Buffer.alloc(200_000));
  const answer = await ask(url, host, '-X', 'PUT', '--data-binary', `@${body}`);
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
        policy: {
          retry: { ...defaultBalance.retry, maxTries: 4, budgetPercent: 0, minPerSecond: 0.2 },
        },
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

test('two ids with one address are no other endpoint to try again on', async (t) => {
  const bad = await startResetting(t, 'bad');
  const good = await startOrigin(t, 'good');
  const twins = ['bad-1', 'bad-2', 'bad-3', 'bad-4'].map((id) => ({ id, port: bad.port }));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      {
        name: 'orders.shop',
        endpoints: [...twins, good],
        policy: {
          retry: { ...defaultBalance.retry, maxTries: 2, budgetPercent: 100, minPerSecond: 100 },
        },
      },
    ],
  });
  for (let i = 0; i < 12; i++) t.is((await ask(url, host)).body, 'good');
  t.true(bad.requests.length > 0);
});
