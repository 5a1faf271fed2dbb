/** Specifies the client's side of HTTP/1.1: connections that last, requests in line, ends of every kind. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import { parseServiceName } from '../../../../core/names.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { limitsOf } from '../../../../gateway/control/config/data-side-settings.ts';
import { standStill } from '../../../support/stand-still.ts';
import { startTcpService } from '../../../support/tcp-service.ts';
import { until } from '../../../support/until.ts';
import { dial, raw } from './http.ts';
import { startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const mib = 1 << 20;
type Context = Parameters<typeof startGateway>[0];

/** A server that answers every connection by hand. */
function startRaw(t: Context, serve: (socket: Socket) => void) {
  return startTcpService(t, serve, { allowHalfOpen: false });
}

function before(t: Context, endpoint: { id: string; port: number }, limits = {}) {
  return startGateway(t, {
    cluster: 'dc1',
    limits,
    services: [{ name: 'orders.shop', endpoints: [endpoint] }],
  });
}

function collect(socket: Socket): () => string {
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  return () => received;
}

test('pipelined requests are answered in order, one after another', async (t) => {
  let atOnce = 0;
  let most = 0;
  const origin = await startOrigin(t, 'echo', (request, response) => {
    most = Math.max(most, ++atOnce);
    const delay = request.url === '/0' ? 50 : 0;
    setTimeout(() => {
      atOnce--;
      response.end(`[${request.url}]`);
    }, delay);
  });
  const { url } = await before(t, origin);
  const asked = Array.from(
    { length: 20 },
    (_, i) =>
      `GET /${i} HTTP/1.1\r\nHost: ${host}\r\n${i === 19 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  const answer = await raw(url, asked.join(''));
  const order = Array.from(answer.matchAll(/\[\/(\d+)\]/g), ([, n]) => Number(n));
  t.deepEqual(
    order,
    Array.from({ length: 20 }, (_, i) => i),
  );
  t.is(most, 1);
});

test('a pipelined request behind a body is served after it, however the octets come', async (t) => {
  const origin = await startOrigin(t, 'echo', (request, response) => void request.pipe(response));
  const { url } = await before(t, origin);
  const text =
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n` +
    `3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n` +
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz`;
  const socket = dial(url);
  const received = collect(socket);
  for (const octet of text) {
    socket.write(octet);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, 'close');
  const contents = received()
    .split('HTTP/1.1 200 OK')
    .slice(1)
    .map((answer) => answer.slice(answer.indexOf('\r\n\r\n')).replace(/\r\n(?:\d\r\n)?/g, ''));
  t.deepEqual(contents, ['abcde', 'xyz']);
});

test('a client that closes its side after its request still gets its answer, however long that takes', async (t) => {
  const origin = await startOrigin(t, 'late', (_, response) => {
    setTimeout(() => response.write('late but '), 1_500);
    setTimeout(() => response.end('here'), 3_000);
  });
  const { url } = await before(t, origin);
  const socket = dial(url);
  const received = collect(socket);
  socket.end(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await once(socket, 'close');
  t.regex(
    received(),
    /^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*late but \r\n4\r\nhere\r\n0\r\n\r\n$/,
  );
});

test('a client that closes its side in the middle of its request has given it up', async (t) => {
  let aborted = false;
  const origin = await startOrigin(t, 'sink', (request) => {
    request.resume().on('error', () => {
      aborted = true;
    });
  });
  const { url } = await before(t, origin);
  const socket = dial(url);
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`);
  await until('its head has arrived', () => origin.requests.length === 1);
  socket.end();
  await until('it broke there', () => aborted);
  t.pass();
});

test('a client that closes its side and then resets its connection has gone, though nothing is written to it', async (t) => {
  let closed = 0;
  const origin = await startOrigin(t, 'slow', (_, response) => {
    response.on('close', () => closed++);
  });
  const { url } = await before(t, origin);
  const socket = dial(url);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('the request arrives', () => origin.requests.length === 1);
  socket.end();
  await once(socket, 'finish');
  socket.resetAndDestroy();
  await until('it is cancelled', () => closed === 1);
  t.pass();
});

test('limits.cancelHalfClosed: a client that closes its side cancels its request', async (t) => {
  let closed = 0;
  const origin = await startOrigin(t, 'slow', (_, response) => {
    response.on('close', () => closed++);
  });
  const yaml = 'cluster: dc1\nfederation: acme\nregion: eu\nlimits: { cancelHalfClosed: true }\n';
  const { url } = await before(t, origin, limitsOf(parseConfig(yaml, 'gateway.yaml')));
  const socket = dial(url);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('the request arrives', () => origin.requests.length === 1);
  socket.end();
  await until('it is cancelled', () => closed === 1);
  t.pass();
});

test('HTTP/1.0 gets no chunks, and keeps its connection only when it asks to', async (t) => {
  const origin = await startOrigin(t, 'mixed', (request, response) => {
    if (request.url === '/length') response.setHeader('content-length', 5);
    response.write('he');
    response.end('llo');
  });
  const { url } = await before(t, origin);
  const until = await raw(url, `GET /stream HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  t.notRegex(until, /transfer-encoding/i);
  t.regex(until, /\r\n\r\nhello$/);
  const kept = await raw(
    url,
    `GET /length HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n` +
      `GET /stream HTTP/1.0\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`,
  );
  t.regex(kept, /connection: keep-alive\r\n\r\nhelloHTTP\/1\.1 200 OK[\s\S]*close\r\n\r\nhello$/);
  t.regex(await raw(url, 'GET / HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 400 /);
});

test('a client that only drips the rest of a request that was answered is not waited for', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'));
  });
  const { url } = await before(t, origin, { headMs: 200 });
  const socket = dial(url);
  t.teardown(() => socket.destroy());
  // That it is cut off is what the test waits for.
  socket.on('error', () => undefined).resume();
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100000\r\n\r\n`);
  await until('it is closed', () => {
    if (!socket.destroyed) socket.write('x');
    return socket.closed;
  });
  t.pass();
});

test('a target that is too long is refused as that', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1' });
  const answer = await raw(url, `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  t.regex(
    answer,
    /^HTTP\/1\.1 414 [\s\S]*connection: close[\s\S]*"code":"REQUEST_TARGET_TOO_LONG"/,
  );
});

test('a connection without a request is closed when its time is up', async (t) => {
  const origin = await startOrigin(t, 'orders-1');
  const { url } = await before(t, origin, { headMs: 300, keepAliveMs: 300 });
  t.is(await raw(url, ''), '');
  t.regex(await raw(url, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), /200 OK[\s\S]*orders-1$/);
});

test('a refusal arrives although the client is still sending', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1' });
  const answer = await raw(url, `BAD\r\n\r\n${'x'.repeat(4 * mib)}`);
  t.regex(answer, /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_REFUSED"/);
});

test('a body that turns out malformed is counted once, as what is refused', async (t) => {
  const origin = await startOrigin(t, 'one', (request) => {
    request.on('error', () => undefined).resume();
  });
  const { url, proxy } = await before(t, origin);
  const socket = dial(url);
  socket.write(
    `POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n`,
  );
  await until('its head has arrived', () => origin.requests.length === 1);
  socket.write('no size\r\n');
  const [answer] = await once(socket, 'data');
  t.regex(String(answer), /^HTTP\/1\.1 400 [\s\S]*"code":"REQUEST_REFUSED"/);
  await until('nothing is under way', () => proxy.recorder.inFlight === 0);
  t.like(proxy.recorder.snapshot().refused, [{ code: 'REQUEST_REFUSED', requests: 1 }]);
  t.is(proxy.recorder.snapshot().refused.length, 1);
  socket.destroy();
});

test('a client that waits for 100 and is refused without is not left in doubt', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1' });
  const answer = await raw(
    url,
    `POST / HTTP/1.1\r\nHost: nobody.shop.acme\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
  );
  t.regex(answer, /^HTTP\/1\.1 404 [\s\S]*connection: close/);
});

test('an upload that the endpoint does not read holds the client back', async (t) => {
  const stuck = await startRaw(t, (socket) => socket.pause());
  const { url } = await before(t, stuck);
  const socket = dial(url);
  socket.on('error', () => undefined);
  socket.write(`PUT / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${1024 * mib}\r\n\r\n`);
  const chunk = Buffer.alloc(64 * 1024);
  const pour = () => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', pour);
  pour();
  const written = await standStill('the upload', () => socket.bytesWritten);
  t.true(written < 32 * mib, `${written} bytes written`);
  socket.destroy();
  await until('the upload is cut', () => stuck.sockets.every((s) => s.resume() && s.destroyed));
});

test('connections to an endpoint are kept, and interim responses go on to the client', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.on('data', () => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const { url } = await before(t, origin);
  for (let i = 0; i < 3; i++) {
    const answer = await raw(url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    t.regex(
      answer,
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*ok$/i,
    );
  }
  t.is(origin.sockets.length, 1);
});

test('204, 102 and 103 that claim content have none: the answer is passed on without those fields, and its connection not used again', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.once('data', (asked) => {
      if (asked.includes('/204'))
        socket.write('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi');
      else if (asked.includes('/chunked'))
        socket.write('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
      else
        socket.write(
          'HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\n' +
            'HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\nLink: </a>\r\n\r\n' +
            'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        );
    });
  });
  const { url } = await before(t, origin);
  const get = (path: string) =>
    raw(url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  for (const path of ['/204', '/chunked']) {
    const answer = await get(path);
    t.regex(answer, /^HTTP\/1\.1 204 [\s\S]*\r\n\r\n$/);
    t.notRegex(answer, /content-length|transfer-encoding/i);
  }
  const answer = await get('/interim');
  t.regex(
    answer,
    /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*ok$/,
  );
  await get('/204');
  t.is(origin.sockets.length, 4);
});

test('a response until the close is whole when the connection closes, and only then', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
  });
  const { url } = await before(t, origin);
  const answer = await raw(url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  t.regex(answer, /transfer-encoding: chunked[\s\S]*9\r\nall of it\r\n0\r\n\r\n$/);
});

test('a response that is not valid HTTP/1.1 is refused, and it is said what is wrong with it', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.on('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
    );
  });
  const { url } = await before(t, origin);
  const answer = await raw(
    url,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
  t.regex(
    answer,
    /^HTTP\/1\.1 502 [\s\S]*"code":"RESPONSE_REFUSED"[\s\S]*both Content-Length and Transfer-Encoding/,
  );
});

test('an endpoint that closes a kept connection costs no idempotent request', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      socket.once('data', () => socket.destroy());
    });
  });
  const { url } = await before(t, origin);
  for (let i = 0; i < 4; i++) {
    const answer = await raw(url, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    t.regex(answer, /^HTTP\/1\.1 200 OK[\s\S]*ok$/);
  }
  t.true(origin.sockets.length > 1);
});

/** A POST with a body, on a connection of its own. */
const post = (url: string, to = host) =>
  raw(url, `POST / HTTP/1.1\r\nHost: ${to}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`);

/** Answers each request `ok`, with `fields` besides. */
const answering = (fields: string) => (socket: Socket) =>
  socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`));

test('a connection rests no longer than its endpoint says, less what a request needs to get there', async (t) => {
  const hinting = await startRaw(t, answering('Keep-Alive: timeout=1\r\n'));
  const { url } = await before(t, hinting);
  await post(url);
  const [first] = hinting.sockets;
  await until('it is closed by the gateway', () => first?.closed, 10_000);
  t.regex(await post(url), /^HTTP\/1\.1 200/);
  t.is(hinting.sockets.length, 2);
});

test('timeouts.rest: 0 gives each request a connection of its own', async (t) => {
  const origin = await startRaw(t, answering(''));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], timeouts: { restMs: 0 } }],
  });
  for (let i = 0; i < 3; i++) await post(url);
  t.is(origin.sockets.length, 3);
});

test('a connection that another service left to rest is used only as long as the own service says', async (t) => {
  const origin = await startRaw(t, answering(''));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', endpoints: [origin] },
      { name: 'fresh.shop', endpoints: [origin], timeouts: { restMs: 0 } },
    ],
  });
  await post(url);
  t.regex(await post(url, 'fresh.shop.acme'), /^HTTP\/1\.1 200/);
  t.is(origin.sockets.length, 2);
  await post(url);
  t.is(origin.sockets.length, 2, 'the one that was left');
});

test('a POST that meets the end of a kept connection in the same turn goes by a new one, and nobody is blamed', async (t) => {
  const origin = await startRaw(t, answering(''));
  const { url, proxy, routes } = await before(t, origin);
  await post(url);
  for (let i = 0; i < 5; i++) {
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    await once(client, 'connect');
    const answered = once(client.setEncoding('latin1'), 'data');
    // Both are there before the gateway, in this process, reads either.
    client.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 2\r\n\r\nhi`);
    origin.sockets.at(-1)?.destroy();
    t.regex(String(await answered), /^HTTP\/1\.1 200/);
    client.destroy();
  }
  const ejected = routes.get(parseServiceName('orders.shop'))?.balancer.state().ejected;
  t.is(ejected?.size, 0);
  t.deepEqual(proxy.recorder.snapshot().refused, []);
});

test('an endpoint that answers before it has the whole upload is heard', async (t) => {
  const origin = await startRaw(t, (socket) => {
    socket.once('data', () =>
      socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
    );
  });
  const { url } = await before(t, origin);
  const answer = await raw(
    url,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${4 * mib}\r\nConnection: close\r\n\r\n` +
      'x'.repeat(4 * mib),
  );
  t.regex(answer, /^HTTP\/1\.1 403 [\s\S]*no$/);
});

test('a listener takes no more connections than it may', async (t) => {
  const { url } = await startGateway(t, { cluster: 'dc1', limits: { maxConnections: 1 } });
  const first = dial(url);
  await once(first, 'connect');
  t.is(await raw(url, '').catch(() => ''), '');
  first.destroy();
});
