/** Specifies that WebSockets of the `ws` package get through one gateway and two: messages, pings, closes, breaks. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { WebSocket } from 'ws';
import { ask } from '../support/curl.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';
import {
  next,
  nextMessage,
  startWebSocketEcho,
  type WebSocketEcho,
} from '../support/websocket-echo.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let echo: WebSocketEcho;
let clusters: TwoClusters;

/** Where a client asks, and through how many gateways it gets. */
const ways = { 'one gateway': 'dc2', 'two gateways': 'dc1' } as const;

test.before('a WebSocket service in dc2', async () => {
  echo = await startWebSocketEcho(shared);
  clusters = await twoClusters(shared, [{ name: 'chat', addresses: [echo.address] }]);
});

interface Opening {
  readonly path?: string;
  readonly service?: string;
  readonly protocols?: string[];
}

function dial(t: ExecutionContext, way: 'dc1' | 'dc2', opening: Opening = {}): WebSocket {
  const { path = '/', service = 'chat', protocols = [] } = opening;
  const url = urlOf(clusters[way], path).replace('http:', 'ws:');
  const socket = new WebSocket(url, protocols, {
    headers: { host: hostOf(service) },
    maxPayload: 64 << 20,
  });
  t.teardown(() => socket.terminate());
  return socket;
}

async function open(
  t: ExecutionContext,
  way: 'dc1' | 'dc2',
  opening?: Opening,
): Promise<WebSocket> {
  const socket = dial(t, way, opening);
  await next(socket, 'open');
  return socket;
}

for (const [title, way] of Object.entries(ways)) {
  test.serial(`${title}: texts and octets come back as they were`, async (t) => {
    const socket = await open(t, way, { path: `/${way}/echo?a=b` });
    t.true(echo.open.includes(`/${way}/echo?a=b`));
    socket.send('grüße');
    const [message, isBinary] = await nextMessage(socket);
    t.is(message.toString(), 'grüße');
    t.false(isBinary);
    const octets = Buffer.from([0, 255, 13, 10]);
    socket.send(octets);
    t.deepEqual(await nextMessage(socket), [octets, true]);
  });

  test.serial(`${title}: the service chooses among the subprotocols offered`, async (t) => {
    const socket = await open(t, way, { protocols: ['other', 'chat'] });
    t.is(socket.protocol, 'chat');
  });

  test.serial(`${title}: a message of 1 MB, and one of 32 MB, come back whole`, async (t) => {
    const socket = await open(t, way);
    for (const size of [1 << 20, 32 << 20]) {
      const sent = Buffer.alloc(size, 'isthmus');
      socket.send(sent);
      const [message] = await nextMessage(socket);
      t.true(message.equals(sent));
    }
  });

  test.serial(`${title}: a thousand messages come back in order`, async (t) => {
    const socket = await open(t, way);
    const got: string[] = [];
    socket.on('message', (message) => got.push(message.toString()));
    const sent = Array.from({ length: 1_000 }, (_, n) => `${n}`);
    for (const message of sent) socket.send(message);
    await until('all to be back', () => got.length === sent.length);
    t.deepEqual(got, sent);
  });

  test.serial(`${title}: pings are answered both ways`, async (t) => {
    const socket = await open(t, way);
    const before = echo.pings;
    socket.ping('here?');
    const [payload] = await next(socket, 'pong');
    t.is(String(payload), 'here?');
    t.true(echo.pings > before);
    socket.send('ping');
    const [asked] = await next(socket, 'ping');
    t.is(String(asked), 'there?');
  });

  test.serial(`${title}: the client closes with a code, and the service hears it`, async (t) => {
    const socket = await open(t, way);
    socket.close(4001, `bye from ${way}`);
    const [code] = await once(socket, 'close');
    t.is(code, 4001);
    await until('the service to hear it', () =>
      echo.closed.some((one) => one.code === 4001 && one.reason === `bye from ${way}`),
    );
  });

  test.serial(`${title}: the service closes with a code, and the client hears it`, async (t) => {
    const socket = await open(t, way);
    socket.send('close 4002 enough');
    const [code, reason] = await once(socket, 'close');
    t.is(code, 4002);
    t.is(reason.toString(), 'enough');
  });

  test.serial(`${title}: a service that breaks off is no proper close`, async (t) => {
    const socket = await open(t, way);
    socket.on('error', (error) => t.log(error.message));
    socket.send('break');
    const [code] = await once(socket, 'close');
    t.is(code, 1006);
  });

  test.serial(`${title}: a client that breaks off is heard of by the service`, async (t) => {
    const path = `/${way}/breaks`;
    const socket = await open(t, way, { path });
    t.true(echo.open.includes(path));
    socket.terminate();
    await until('the service to hear it', () => !echo.open.includes(path));
    t.pass();
  });

  test.serial(
    `${title}: what is no WebSocket for the service is none for the client`,
    async (t) => {
      const socket = dial(t, way, { service: 'nothing' });
      socket.on('error', () => {});
      const [, response] = await once(socket, 'unexpected-response');
      t.is(response.statusCode, 404);
      t.is(JSON.parse(await text(response)).code, 'ROUTE_NOT_FOUND');
    },
  );

  test.serial(`${title}: the service's refusal arrives`, async (t) => {
    const { status } = await ask(urlOf(clusters[way]), hostOf('chat'), ['--http1.1']);
    t.is(status, 426);
  });
}
