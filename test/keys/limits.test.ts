/** Specifies what each key under `limits` does, from a gateway's YAML to its clients. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { GatewayProcess } from '../support/gateway-process.ts';
import { startOrigin } from '../support/origin.ts';
import { proves } from '../support/proves.ts';
import { sharedScope } from '../support/shared.ts';
import { dialTcp } from '../support/tcp-service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { soon, until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const maxConnections = 20;
let gateway: GatewayProcess;
let cancelled = 0;

test.before('a gateway with limits of its own', async () => {
  const { address } = await startOrigin(shared, (request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) cancelled++;
    });
    if (request.url === '/never') return;
    if (request.url === '/whole') return void request.resume().once('end', () => response.end());
    if (request.url === '/long') response.setHeader('x-long', 'x'.repeat(3_000));
    if (request.url === '/many') for (let i = 0; i < 20; i++) response.setHeader(`x-${i}`, 'x');
    response.end(request.url);
  });
  gateway = await GatewayProcess.prepare(shared, await tempDir(shared), {
    cluster: 'dc1',
    workers: 1,
    limits: {
      maxBodyBytes: 1_000,
      maxHeadBytes: 2_048,
      maxResponseHeadBytes: 2_048,
      maxResponseFields: 16,
      head: '300ms',
      body: '300ms',
      keepAlive: '300ms',
      cancelHalfClosed: true,
      encodedSlashes: 'keep',
      maxConnections,
    },
    services: [{ name: 'web', namespace: 'shop', endpoints: [{ id: 'one', address }] }],
  });
  await gateway.start();
});

const head = (request: string, ...fields: readonly string[]) =>
  [`${request} HTTP/1.1`, 'Host: web.shop.acme', ...fields].map((line) => `${line}\r\n`).join('');

async function dial(t: ExecutionContext): Promise<Socket> {
  const socket = await dialTcp(t, gateway.listener('outbound'));
  return socket.setEncoding('latin1');
}

/** The first line that a client is answered which sends `text`, and no more. */
async function answerTo(t: ExecutionContext, text: string): Promise<string> {
  const socket = await dial(t);
  socket.write(text);
  const [answer] = await soon('an answer', once(socket, 'data'));
  return String(answer).split('\r\n')[0] ?? '';
}

test.serial('maxBodyBytes: a body that is larger is refused', async (t) => {
  t.regex(await answerTo(t, `${head('POST /', 'Content-Length: 1001')}\r\n`), / 413 /);
  proves(t, 'limits.maxBodyBytes');
});

test.serial('maxHeadBytes: a head that is larger is refused', async (t) => {
  t.regex(await answerTo(t, `${head('GET /', `X-Long: ${'x'.repeat(3_000)}`)}\r\n`), / 431 /);
  proves(t, 'limits.maxHeadBytes');
});

test.serial('maxResponseHeadBytes, maxResponseFields: such a response is refused', async (t) => {
  for (const [path, limit] of [
    ['/long', /2048/],
    ['/many', /16/],
  ] as const) {
    const { status, body } = await gateway.request('web.shop', { path });
    t.is(status, 502);
    t.regex(JSON.parse(body).detail, limit);
  }
  proves(t, 'limits.maxResponseHeadBytes', 'limits.maxResponseFields');
});

test.serial('head: who does not get to the end of a head is told so', async (t) => {
  t.regex(await answerTo(t, head('GET /')), / 408 /);
  proves(t, 'limits.head');
});

test.serial('body: who does not get to the end of a body is told so', async (t) => {
  t.regex(await answerTo(t, `${head('POST /whole', 'Content-Length: 9')}\r\nx`), / 408 /);
  proves(t, 'limits.body');
});

test.serial('keepAlive: a connection that rests is closed', async (t) => {
  const socket = await dial(t);
  const ended = once(socket, 'end');
  socket.write(`${head('GET /')}\r\n`);
  const [answer] = await once(socket, 'data');
  t.regex(String(answer), /^HTTP\/1\.1 200 /);
  await soon('its end', ended);
  proves(t, 'limits.keepAlive');
});

test.serial(
  'cancelHalfClosed: a client that has closed its side asks for nothing more',
  async (t) => {
    const before = cancelled;
    const socket = await dial(t);
    socket.end(`${head('GET /never')}\r\n`);
    await until('the service to be told', () => cancelled > before);
    proves(t, 'limits.cancelHalfClosed');
  },
);

test.serial('encodedSlashes: the service gets them as they are', async (t) => {
  const path = '/scope%2Fname';
  t.like(await gateway.request('web.shop', { path }), { status: 200, body: path });
  proves(t, 'limits.encodedSlashes');
});

test.serial('maxConnections: more are closed as they come, and counted', async (t) => {
  await Promise.all(Array.from({ length: maxConnections + 1 }, () => dial(t)));
  const refused = /^isthmus_connections_refused_total\{.*reason="connection-limit".*\} [1-9]/m;
  await until('one to be counted', async () =>
    refused.test(await gateway.api.read('/metrics', 'text/plain')),
  );
  proves(t, 'limits.maxConnections');
});
