/** Specifies which header fields cross the gateway, and that nobody outside can say who they are. */
import test, { type ExecutionContext } from 'ava';
import { startTcpProxy } from '../../../support/tcp-proxy.ts';
import { ask, raw } from './http.ts';
import { closedPort, startGateway, startOrigin } from './scene.ts';

/** A gateway before an origin that answers with the fields it was sent. */
async function mirror(t: ExecutionContext) {
  const origin = await startOrigin(t, 'orders-1', (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.headersDistinct));
  });
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services });
  return {
    url,
    async sent(...fields: string[]): Promise<Record<string, string[]>> {
      const answer = await ask(url, 'orders.shop.acme', ...fields.flatMap((f) => ['-H', f]));
      t.is(answer.status, 200, answer.body);
      return JSON.parse(answer.body);
    },
  };
}

test('hop-by-hop fields stop here, those that Connection names as well', async (t) => {
  const { sent } = await mirror(t);
  const fields = await sent(
    'Connection: X-Private, close',
    'X-Private: 1',
    'Keep-Alive: timeout=5',
    'TE: trailers',
    'Upgrade: websocket',
    'Proxy-Authorization: Basic eDp5',
    'Proxy-Connection: keep-alive',
    'X-Public: 1',
  );
  for (const name of ['x-private', 'te', 'upgrade', 'proxy-authorization', 'proxy-connection']) {
    t.false(name in fields, name);
  }
  t.deepEqual(fields['x-public'], ['1']);
});

test('reserved fields from outside never arrive', async (t) => {
  const { sent } = await mirror(t);
  const fields = await sent(
    'X-Isthmus-Cluster: dc9',
    'x-isthmus-anything: 1',
    'X-Forwarded-Client-Cert: By=spiffe://dc1.acme/admin',
  );
  t.deepEqual(
    Object.keys(fields).filter((name) => /^x-isthmus-|client-cert/.test(name)),
    [],
  );
});

test('security: what a service may take for a reserved field never arrives, in whatever way it is written', async (t) => {
  const { sent } = await mirror(t);
  const names = [
    ...[
      'X_Forwarded_For',
      'x_forwarded-for',
      'X.Forwarded.For',
      'X_Real_IP',
      'X_Isthmus_Source_Cluster',
    ],
    ...[
      'X_Forwarded_Client_Cert',
      'Content_Length',
      'Transfer_Encoding',
      'X-Forwarded-User',
      'X-Forwarded-Ssl',
    ],
  ];
  const fields = await sent(...names.map((name) => `${name}: 6`), 'X_Own: 1');
  for (const name of names) t.false(name.toLowerCase() in fields, name);
  t.deepEqual(fields['x_own'], ['1']);
});

test('who called is said by the gateway, not by the caller', async (t) => {
  const { sent } = await mirror(t);
  const fields = await sent(
    'X-Forwarded-For: 10.6.6.6',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: bank',
    'X-Real-IP: 10.6.6.6',
    'Forwarded: for=10.6.6.6',
  );
  t.deepEqual(fields['x-forwarded-for'], ['127.0.0.1']);
  t.deepEqual(fields['x-forwarded-proto'], ['http']);
  t.deepEqual(fields['x-forwarded-host'], ['orders.shop.acme']);
  t.deepEqual(fields['forwarded'], ['for=127.0.0.1;host="orders.shop.acme";proto=http']);
  t.false('x-real-ip' in fields);
});

test('a request id is made when there is none, and kept when there is', async (t) => {
  const { sent } = await mirror(t);
  t.regex((await sent())['x-request-id']?.[0] ?? '', /^[0-9a-f-]{36}$/);
  t.deepEqual((await sent('X-Request-Id: mine'))['x-request-id'], ['mine']);
});

test('Via grows by the gateway, and end-to-end fields arrive as sent, repeats included', async (t) => {
  const { sent } = await mirror(t);
  const fields = await sent('Via: 1.0 fred', 'X-List: a', 'X-List: b', 'Cookie: a=1; b=2');
  t.deepEqual(fields['via'], ['1.0 fred, 1.1 gw1.dc1 (orders.shop)']);
  t.deepEqual(fields['x-list'], ['a', 'b']);
  t.deepEqual(fields['cookie'], ['a=1; b=2']);
});

test('a Connection field that names framing, identity or reserved fields is refused', async (t) => {
  const { url } = await mirror(t);
  const tokens = ['Content-Length', 'transfer-encoding', 'host', 'via', 'x-request-id'];
  for (const token of [...tokens, 'X-Forwarded-For', 'X-Isthmus-Cluster', 'forwarded']) {
    const answer = await ask(url, 'orders.shop.acme', '-H', `Connection: close, ${token}`);
    t.is(answer.status, 400, token);
    t.like(JSON.parse(answer.body), { code: 'REQUEST_REFUSED' });
  }
});

test('a request that has been here for the same service before is refused as a loop', async (t) => {
  const { url } = await mirror(t);
  const via = 'Via: 1.1 other, 2 GW1.dc1 (orders.shop)';
  const answer = await ask(url, 'orders.shop.acme', '-H', via);
  t.is(answer.status, 508);
  t.like(JSON.parse(answer.body), { code: 'LOOP_REFUSED' });
});

test('a service that calls another and passes Via on is no loop, unless it goes on and on', async (t) => {
  const { url } = await mirror(t);
  const chain = (length: number) =>
    `Via: ${Array(length).fill('1.1 gw1.dc1 (carts.shop)').join(', ')}`;
  t.is((await ask(url, 'orders.shop.acme', '-H', chain(3))).status, 200);
  t.is((await ask(url, 'orders.shop.acme', '-H', chain(16))).status, 508);
});

test('an endpoint that leads back to the gateway ends in one refusal, not in a storm', async (t) => {
  const port = await closedPort();
  const services = [{ name: 'orders.shop', endpoints: [{ id: 'self', port }] }];
  const { url, outbound, proxy } = await startGateway(t, { cluster: 'dc1', services });
  const back = await startTcpProxy({ target: outbound.address, port });
  t.teardown(() => back.close());
  t.is((await ask(url, 'orders.shop.acme')).status, 508);
  t.like(proxy.recorder.snapshot().refused, [{ code: 'LOOP_REFUSED', requests: 1 }]);
});

test('what an endpoint answers arrives as sent, without its reserved and hop-by-hop fields', async (t) => {
  const origin = await startOrigin(t, 'orders-1', (_, response) => {
    response.writeHead(201, [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['X-Isthmus-Endpoint', 'forged'],
      ['X-Isthmus-Refused', 'DRAINING'],
      ['Connection', 'X-Private'],
      ['X-Private', '1'],
    ]);
    response.end('made');
  });
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services });
  const answer = await raw(
    url,
    'GET / HTTP/1.1\r\nHost: orders.shop.acme\r\nConnection: close\r\n\r\n',
  );
  t.regex(answer, /^HTTP\/1\.1 201 Created\r\n/);
  t.regex(answer, /set-cookie: a=1\r\nset-cookie: b=2\r\n/i);
  t.regex(answer, /x-isthmus-cluster: dc1\r\nx-isthmus-endpoint: orders-1\r\n/);
  t.notRegex(answer, /forged|x-private|x-isthmus-refused/i);
});

test('who served is told unless it is switched off', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const { url } = await startGateway(t, { cluster: 'dc1', services, exposeDecision: false });
  const { headers } = await ask(url, 'orders.shop.acme');
  t.deepEqual(
    Object.keys(headers).filter((name) => name.startsWith('x-isthmus-')),
    [],
  );
});
