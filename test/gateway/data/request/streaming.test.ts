/** Specifies bodies in motion: back-pressure, breaks on either side, and what ends how. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { standStill } from '../../../support/stand-still.ts';
import { until } from '../../../support/until.ts';
import { ask, askInPieces, dial, raw } from './http.ts';
import { connect, startGateway, startHalfAnswer, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const mib = 1 << 20;

/** Octets of this thread's objects and buffers; others run tests in the same process. */
function ownMemory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a client that resets its connection cancels the request upstream', async (t) => {
  let closed = 0;
  const origin = await startOrigin(t, 'slow', (_, response) => {
    response.on('close', () => closed++);
  });
  const { url, proxy } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const socket = dial(url);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await until('the request arrives', () => origin.requests.length === 1);
  socket.resetAndDestroy();
  await until('it is cancelled', () => closed === 1);
  await until('it is counted', () =>
    proxy.recorder.snapshot().refused.some(({ code }) => code === 'CLIENT_GONE'),
  );
  t.is(proxy.recorder.inFlight, 0);
});

test('a client that goes away in the middle of a response is no fault of the endpoint, near or far', async (t) => {
  const origin = await startOrigin(t, 'endless', (_, response) => void response.write('half'));
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'orders.shop', endpoints: [origin] },
      { name: 'far.shop', elsewhere: { dc2: 1 } },
    ],
  });
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'far.shop', endpoints: [origin] }],
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  for (const asked of [host, 'far.shop.acme']) {
    for (let i = 0; i < 5; i++) {
      const socket = dial(near.url);
      socket.write(`GET / HTTP/1.1\r\nHost: ${asked}\r\n\r\n`);
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
  }
  const gone = ({ proxy }: typeof near) =>
    proxy.recorder.snapshot().refused.map(({ code, requests }) => `${code} ${requests}`);
  await until('they are counted', () => near.proxy.recorder.inFlight === 0);
  await until('they are counted there', () => far.proxy.recorder.inFlight === 0);
  t.deepEqual(gone(near), ['CLIENT_GONE 5', 'CLIENT_GONE 5']);
  t.deepEqual(gone(far), ['CLIENT_GONE 5']);
});

test('a client that goes away in the middle of its upload breaks the upload upstream', async (t) => {
  let aborted = false;
  const origin = await startOrigin(t, 'sink', (incoming) => {
    incoming.resume().on('error', () => {
      aborted = true;
    });
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const socket = dial(url);
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 100\r\n\r\nhalf`);
  await until('the request arrives', () => origin.requests.length === 1);
  socket.destroy();
  await until('the upload broke', () => aborted);
  t.pass();
});

test('an upstream that breaks in the middle of a body breaks the client, and never ends it well', async (t) => {
  const { origin, breakOff } = await startHalfAnswer(t);
  const { url, proxy } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  for (const path of ['/length', '/chunked']) {
    await t.throwsAsync(askInPieces(`${url}${path}`, host, breakOff), undefined, path);
  }
  await until('it is counted', () =>
    proxy.recorder
      .snapshot()
      .refused.some((series) => series.code === 'RESPONSE_BROKEN' && series.requests === 2),
  );
  t.pass();
});

test('a chunked response that breaks has no last chunk', async (t) => {
  const { origin, breakOff } = await startHalfAnswer(t);
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  let answer = '';
  const asked = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const heard = (received: string) => {
    answer = received;
    if (received.includes('half')) breakOff();
  };
  // It may end in a reset.
  await raw(url, asked, heard).catch(() => undefined);
  t.regex(answer, /transfer-encoding: chunked[\s\S]*half/i);
  t.notRegex(answer, /\r\n0\r\n\r\n$/);
});

test.serial('256 MiB flow both ways unchanged, in bounded memory', async (t) => {
  const size = 256 * mib;
  const origin = await startOrigin(t, 'echo', (incoming, response) => {
    response.setHeader('content-length', size);
    incoming.pipe(response);
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const chunk = Buffer.alloc(mib, 'isthmus');
  const sent = createHash('sha256');
  const received = createHash('sha256');
  const before = ownMemory();
  let peak = 0;
  const { hostname, port } = new URL(url);
  const upload = request({
    hostname,
    port,
    method: 'POST',
    path: '/',
    headers: { host, 'content-length': size },
  });
  const finished = new Promise<void>((resolve, reject) => {
    upload.on('error', reject);
    upload.on('response', (response) => {
      response.on('data', (data: Buffer) => {
        received.update(data);
        peak = Math.max(peak, ownMemory() - before);
      });
      response.on('end', resolve);
      response.on('error', reject);
    });
  });
  for (let i = 0; i < size / mib; i++) {
    sent.update(chunk);
    if (!upload.write(chunk)) await once(upload, 'drain');
  }
  upload.end();
  await finished;
  t.is(received.digest('hex'), sent.digest('hex'));
  t.true(peak < size / 2, `${Math.round(peak / mib)} MiB more at the peak`);
});

test('a client that does not read holds the upstream back', async (t) => {
  let written = 0;
  const origin = await startOrigin(t, 'fountain', (_, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const pour = () => {
      while (!response.destroyed) {
        written += chunk.length;
        if (!response.write(chunk)) break;
      }
    };
    response.on('drain', pour);
    pour();
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const socket = dial(url);
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await standStill('the fountain', () => written);
  t.true(written < 32 * mib, `${written} bytes written`);
  socket.destroy();
});

test('a client whose upload failed can go on with its next request', async (t) => {
  const origin = await startOrigin(t, 'moody', (incoming, response) => {
    if (incoming.method === 'GET') response.end('well');
    else incoming.once('data', () => incoming.socket.resetAndDestroy());
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const socket = dial(url);
  const received: Buffer[] = [];
  socket.on('data', (data: Buffer) => received.push(data));
  const body = Buffer.alloc(8 * mib);
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n`);
  socket.write(body);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  t.regex(String(Buffer.concat(received)), /^HTTP\/1\.1 502 [\s\S]*HTTP\/1\.1 200 OK[\s\S]*well/);
});

test('HEAD, 204 and 304 have no body, and the connection lives on', async (t) => {
  const origin = await startOrigin(t, 'quiet', (incoming, response) => {
    response.statusCode = Number(incoming.url?.slice(1));
    if (incoming.method === 'HEAD') response.setHeader('content-length', '1234');
    response.end();
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const answer = await raw(
    url,
    [
      `HEAD /200 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET /204 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      `GET /304 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    ].join(''),
  );
  const heads = answer.split('\r\n\r\n').filter((part) => part !== '');
  t.deepEqual(
    heads.map((head) => head.slice(9, 12)),
    ['200', '204', '304'],
  );
  t.regex(heads[0] ?? '', /content-length: 1234/i);
  t.notRegex(answer, /transfer-encoding/i);
});

test('a client that expects 100 gets it, and its body arrives', async (t) => {
  const origin = await startOrigin(t, 'echo', (incoming, response) => void incoming.pipe(response));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const body = 'x'.repeat(5000);
  const answer = await ask(url, host, '-H', 'Expect: 100-continue', '--data-binary', body);
  t.is(answer.body, body);
});

for (const name of ['Set-Cookie', 'Cache-Control', 'Expires', 'Vary', 'Content-Type', 'Date']) {
  test(`a response with ${name} among its trailers is whole without it, and so is a request`, async (t) => {
    const seen: object[] = [];
    const origin = await startOrigin(t, 'trails', (incoming, response) => {
      incoming.resume().on('end', () => {
        seen.push(incoming.trailers);
        response.write('body');
        response.addTrailers({ [name]: 'x', 'x-checksum': 'abc' });
        response.end();
      });
    });
    const { url } = await startGateway(t, {
      cluster: 'dc1',
      services: [{ name: 'orders.shop', endpoints: [origin] }],
    });
    const answer = await raw(
      url,
      `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `4\r\nbody\r\n0\r\n${name}: x\r\nX-Checksum: abc\r\n\r\n`,
    );
    t.regex(answer, /^HTTP\/1\.1 200 [\s\S]*\r\n4\r\nbody\r\n0\r\nx-checksum: abc\r\n\r\n$/);
    t.deepEqual(seen, [{ 'x-checksum': 'abc' }]);
  });
}

test('trailers of a response arrive after its body', async (t) => {
  const origin = await startOrigin(t, 'trails', (_, response) => {
    response.write('body');
    response.addTrailers({ 'x-checksum': 'abc', 'x-isthmus-endpoint': 'forged' });
    response.end();
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const { hostname, port } = new URL(url);
  const outgoing = request({ hostname, port, headers: { host } }).end();
  const [response] = await once(outgoing, 'response');
  t.is(await text(response), 'body');
  t.deepEqual(response.trailers, { 'x-checksum': 'abc' });
});

test('an exchange in which nothing moves is cut after the idle limit', async (t) => {
  const origin = await startOrigin(t, 'stalls', (_, response) => void response.write('half'));
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin], timeouts: { idleMs: 1000 } }],
  });
  await t.throwsAsync(ask(url, host));
});

test('trailers of a request arrive after its body', async (t) => {
  const origin = await startOrigin(t, 'reads', (incoming, response) => {
    incoming.resume().on('end', () => response.end(JSON.stringify(incoming.trailers)));
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const answer = await raw(
    url,
    `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n` +
      '4\r\nbody\r\n0\r\nX-Checksum: abc\r\nX-Isthmus-Cluster: forged\r\n\r\n',
  );
  t.regex(answer, /\{"x-checksum":"abc"\}/);
});

test('a body of announced length that stops coming is answered 408', async (t) => {
  const origin = await startOrigin(t, 'waits', (incoming, response) => {
    incoming.resume().on('end', () => response.end('whole'));
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    limits: { bodyMs: 300 },
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const post = `POST / HTTP/1.1\r\nHost: ${host}\r\n`;
  const answer = await raw(url, `${post}Content-Length: 9\r\n\r\nhalf`);
  t.regex(answer, /^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":"REQUEST_TOO_SLOW"/);
});
