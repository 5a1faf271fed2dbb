/** Specifies octets that pass raw: upgrades, CONNECT to TCP services, and what is no tunnel. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import test from 'ava';
import { startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { dial, raw } from './http.ts';
import { connect, type ServiceSpec, startGateway, startOrigin } from './scene.ts';

type Context = Parameters<typeof startGateway>[0];
const host = 'orders.shop.acme';
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade =
  `GET /chat HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
const connectText = `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`;
const mib = 1 << 20;

/** An origin that switches to echoing what it hears. */
async function startSwitching(t: Context) {
  const origin = await startOrigin(t, 'switches');
  origin.server.on('upgrade', (request, socket: Socket) => {
    origin.requests.push(request);
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.on('error', () => undefined);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nwelcome`,
    );
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end(' bye'));
  });
  return origin;
}

/** A gateway before a service, or one whose service is another cluster's. */
async function before(t: Context, service: ServiceSpec, isFar: boolean) {
  if (!isFar) return startGateway(t, { cluster: 'dc1', services: [service] });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: service.name, elsewhere: { dc2: 1 }, protocol: service.protocol ?? 'http' }],
  });
  const far = await startGateway(t, { cluster: 'dc2', services: [service] });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  return near;
}

function collect(socket: Socket): () => string {
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  return () => received;
}

for (const isFar of [false, true]) {
  const where = isFar ? 'in another cluster' : 'here';

  test(`an upgrade to an endpoint ${where} is granted, and octets pass both ways`, async (t) => {
    const origin = await startSwitching(t);
    const { url, proxy } = await before(t, { name: 'orders.shop', endpoints: [origin] }, isFar);
    const socket = dial(url);
    const received = collect(socket);
    socket.write(upgrade);
    await until('it is granted', () => received().endsWith('welcome'));
    t.regex(received(), /^HTTP\/1\.1 101 Switching Protocols\r\n/);
    t.regex(received(), /\r\nconnection: upgrade\r\nupgrade: websocket\r\n/i);
    t.regex(received(), /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
    t.is(received().match(/sec-websocket-accept/gi)?.length, 1);
    socket.write('ping');
    await until('it comes back', () => received().endsWith('welcomeping'));
    socket.end();
    await once(socket, 'close');
    t.true(received().endsWith('welcomeping bye'));
    await until('it is over', () => proxy.recorder.inFlight === 0);
    t.is(proxy.recorder.snapshot().refused.length, 0);
  });

  test(`octets sent right behind an upgrade to an endpoint ${where} are not lost`, async (t) => {
    const origin = await startSwitching(t);
    const { url } = await before(t, { name: 'orders.shop', endpoints: [origin] }, isFar);
    const socket = dial(url);
    const received = collect(socket);
    socket.write(`${upgrade}eager`);
    await until('they come back', () => received().endsWith('welcomeeager'));
    socket.destroy();
    t.pass();
  });

  test(`an upgrade that an endpoint ${where} answers with a page is that page`, async (t) => {
    const origin = await startOrigin(t, 'page', (_, response) => {
      response.statusCode = 403;
      response.end('no');
    });
    const { url } = await before(t, { name: 'orders.shop', endpoints: [origin] }, isFar);
    const next = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const answer = await raw(url, upgrade + next);
    t.regex(answer, /^HTTP\/1\.1 403 [\s\S]*\nno[\s\S]*HTTP\/1\.1 403 [\s\S]*no$/);
  });

  test(`CONNECT reaches a TCP service ${where}, and either side may end first`, async (t) => {
    const echo = await startTcpService(t, (socket) => {
      socket.write('hello ');
      socket.on('data', (data) => socket.write(data));
      socket.on('end', () => socket.end(' bye'));
    });
    const spec = { name: 'orders.shop', endpoints: [echo], protocol: 'tcp' } as const;
    const { url, proxy } = await before(t, spec, isFar);
    const socket = dial(url);
    const received = collect(socket);
    socket.write(`${connectText}eager`);
    await until('it is connected', () => received().endsWith('hello eager'));
    t.regex(received(), /^HTTP\/1\.1 200 OK\r\n/);
    t.notRegex(received(), /content-length|transfer-encoding/i);
    socket.end(' and more');
    await once(socket, 'close');
    t.true(received().endsWith('hello eager and more bye'));
    await until('it is over', () => proxy.recorder.inFlight === 0);
  });

  test(`a TCP service ${where} may end its side and go on listening`, async (t) => {
    let heard = '';
    const sink = await startTcpService(t, (socket) => {
      socket.end('that is all');
      socket.on('data', (data) => {
        heard += data;
      });
    });
    const spec = { name: 'orders.shop', endpoints: [sink], protocol: 'tcp' } as const;
    const { url } = await before(t, spec, isFar);
    const socket = dial(url);
    socket.allowHalfOpen = true;
    const received = collect(socket);
    socket.write(connectText);
    await once(socket, 'end');
    t.true(received().endsWith('that is all'));
    socket.end('and yet');
    await until('it is heard', () => heard === 'and yet');
    t.pass();
  });

  test(`16 MiB through a tunnel to an endpoint ${where} arrive whole at a reader that dawdles`, async (t) => {
    const size = 16 * mib;
    const fountain = await startTcpService(t, (socket) => {
      socket.resume();
      const chunk = Buffer.alloc(mib, 'x');
      for (let i = 0; i < size / mib; i++) socket.write(chunk);
      socket.end();
    });
    const spec = { name: 'orders.shop', endpoints: [fountain], protocol: 'tcp' } as const;
    const { url } = await before(t, spec, isFar);
    const socket = dial(url);
    socket.write(connectText);
    let bytes = 0;
    for await (const chunk of socket) {
      bytes += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    t.true(bytes > size && bytes < size + 1000, `${bytes} bytes`);
  });

  test(`a TCP service ${where} that resets breaks the tunnel, and does not end it`, async (t) => {
    const resets = await startTcpService(t, (socket) => {
      socket.write('half');
      socket.once('data', () => socket.resetAndDestroy());
    });
    const spec = { name: 'orders.shop', endpoints: [resets], protocol: 'tcp' } as const;
    const { url } = await before(t, spec, isFar);
    const socket = dial(url);
    socket.on('error', () => undefined);
    const received = collect(socket);
    socket.write(connectText);
    await until('it is connected', () => received().endsWith('half'));
    socket.write('go');
    await once(socket, 'close');
    t.true(received().endsWith('half'));
  });

  test(`a client that leaves its tunnel to an endpoint ${where} cancels it`, async (t) => {
    const silent = await startTcpService(t, (socket) => socket.resume().write('hello'));
    const spec = { name: 'orders.shop', endpoints: [silent], protocol: 'tcp' } as const;
    const { url, proxy } = await before(t, spec, isFar);
    const socket = dial(url);
    const received = collect(socket);
    socket.write(connectText);
    await until('it is connected', () => received().endsWith('hello'));
    socket.resetAndDestroy();
    await until('it is cut', () => silent.sockets.every(({ destroyed }) => destroyed));
    await until('it is over', () => proxy.recorder.inFlight === 0);
    t.pass();
  });
}

test('CONNECT is for TCP services, and HTTP for all others: the rest is refused and closes', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const web = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  t.regex(await raw(web.url, connectText), /^HTTP\/1\.1 400 [\s\S]*"code":"PROTOCOL_MISMATCH"/);
  const tcp = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], protocol: 'tcp' }],
  });
  const get = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  for (let i = 0; i < 5; i++) {
    t.regex(await raw(tcp.url, get), /^HTTP\/1\.1 400 [\s\S]*"code":"PROTOCOL_MISMATCH"/);
  }
  const unknown = connectText.replaceAll('orders', 'nobody');
  t.regex(await raw(tcp.url, unknown), /^HTTP\/1\.1 404 [\s\S]*"code":"ROUTE_NOT_FOUND"/);
  t.is(origin.requests.length, 0);
});

test('a TCP service that nobody listens for is refused with a problem', async (t) => {
  const { closedPort } = await import('./scene.ts');
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      {
        name: 'orders.shop',
        endpoints: [{ id: 'dead', port: await closedPort() }],
        protocol: 'tcp',
      },
    ],
  });
  t.regex(await raw(url, connectText), /^HTTP\/1\.1 502 [\s\S]*"code":"UPSTREAM_FAILED"/);
});

test('HTTP is no protocol to upgrade to: the offer is ignored, and nothing is smuggled past the gateway', async (t) => {
  const origin = await startOrigin(t, 'orders-1', (request, response) =>
    response.end(JSON.stringify(request.headers)),
  );
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  for (const protocol of ['h2c', 'HTTP/2.0', 'TLS/1.0', 'websocket, h2c']) {
    const answer = await raw(
      url,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    t.regex(answer, /^HTTP\/1\.1 200 /, protocol);
    t.notRegex(answer, /"upgrade"/, protocol);
  }
});
