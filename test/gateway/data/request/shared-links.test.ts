/** Specifies that what one endpoint does to one request fails that request alone, whatever it shares a connection with. */

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../../../core/clock.ts';
import { silentLog } from '../../../../core/log.ts';
import { createEndpointTransport } from '../../../../gateway/data/upstream/endpoint-transport.ts';
import { NameResolver } from '../../../../gateway/data/upstream/resolve.ts';
import { until } from '../../../support/until.ts';
import { Probe, requestFor } from '../link/probe.ts';
import { ask, askInPieces } from './http.ts';
import { connect, startGateway, startOrigin } from './scene.ts';

const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

/** An endpoint that does with each request as `serve` says. */
async function startRaw(t: ExecutionContext, serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => serve(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { id: 'raw', port: (server.address() as AddressInfo).port };
}

/** Hints for as long as anybody takes them. */
function hintForEver(socket: Socket): void {
  while (!socket.destroyed && socket.write(hint.repeat(100)));
  socket.once('drain', () => hintForEver(socket));
}

test('a service that sends hints without end is answered 502, near and far, and unrelated downloads go on', async (t) => {
  const endless = await startRaw(t, hintForEver);
  let send = () => {};
  const slow = await startOrigin(t, 'slow', (_, response) => {
    response.write('begun ');
    send = () => void response.end('and whole');
  });
  const services = [
    { name: 'hints.shop', endpoints: [endless] },
    { name: 'slow.shop', endpoints: [slow] },
  ];
  const far = await startGateway(t, { cluster: 'dc2', services });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: services.map(({ name }) => ({ name, elsewhere: { dc2: 1 } })),
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  let heard = 0;
  const download = askInPieces(near.url, 'slow.shop.acme', () => heard++);
  await until('the download has begun', () => heard > 0);
  for (const { url } of [far, near, near, near]) {
    const { status, body } = await ask(url, 'hints.shop.acme');
    t.is(status, 502);
    t.like(JSON.parse(body), { code: 'RESPONSE_REFUSED' });
    t.regex(JSON.parse(body).detail, /There are too many interim responses/);
  }
  send();
  t.is(await download, 'begun and whole');
  t.is(near.links.state(far.cluster).state, 'up');
  t.deepEqual([...near.proxy.recorder.snapshot().retried], []);
  t.deepEqual([...far.proxy.recorder.snapshot().retried], []);
});

test('a few hints come through, near and far', async (t) => {
  const endpoint = await startRaw(t, (socket) => void socket.write(hint.repeat(10) + answer));
  const services = [{ name: 'orders.shop', endpoints: [endpoint] }];
  const far = await startGateway(t, { cluster: 'dc2', services });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 } }],
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  for (const { url } of [far, near]) {
    const { status, body } = await ask(url, 'orders.shop.acme');
    t.deepEqual({ status, body }, { status: 200, body: 'hi' });
  }
});

test('an endpoint is read no further after a hint that finds no room, until there is some', async (t) => {
  const held: Socket[] = [];
  const hinting = await startRaw(t, (socket) => {
    held.push(socket);
    socket.write(hint);
  });
  const answering = await startRaw(t, (socket) => void socket.write(answer));
  const endpoints = createEndpointTransport(
    new NameResolver({ clock: systemClock, log: silentLog }),
  );
  t.teardown(() => endpoints.close());
  const call = (port: number, isReading: boolean) =>
    Probe.of((handler) => {
      (handler as Probe).isReading = isReading;
      const endpoint = { address: '127.0.0.1', port, protocol: 'http' as const };
      return endpoints.call(endpoint, requestFor(), handler, { connectMs: 0, restMs: 0 });
    });
  const probe = call(hinting.port, false);
  await until('the hint has come', () => probe.interim.length === 1);
  held[0]?.write(answer);
  await call(answering.port, true).whole();
  t.is(probe.head, undefined);
  probe.call?.read();
  t.is((await probe.answered()).status, 200);
});
