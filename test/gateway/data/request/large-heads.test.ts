/** Specifies how large heads may be: the same by either version, near and far, with one verdict that costs nobody else anything. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import { limitsOf } from '../../../../gateway/control/config/data-side-settings.ts';
import { until } from '../../../support/until.ts';
import { ask, askInPieces } from './http.ts';
import { connect, startGateway, startOrigin } from './scene.ts';

const host = 'orders.shop.acme';
const overHttp2 = '--http2-prior-knowledge';

/** A service that answers `/BYTES/FIELDS` with so many octets more in so many fields, and `/slow` once it is asked to go on. */
function service(): (request: IncomingMessage, response: ServerResponse) => void {
  let slow: ServerResponse | undefined;
  return ({ url = '' }, response) => {
    if (url === '/slow') {
      slow = response;
      response.write('begun ');
    } else if (url === '/go-on') {
      slow?.end('and whole');
      response.end('gone on');
    } else answerLargely(url, response);
  };
}

function answerLargely(url: string, response: ServerResponse): void {
  const [, bytes = '', fields = '1'] = url.split('/');
  const value = 'v'.repeat(Math.floor(Number(bytes) / Number(fields)));
  for (let n = 0; n < Number(fields); n++) response.setHeader(`x-${n}`, value);
  response.end('whole');
}

/** As a configuration has them. */
function limitsIn(limits: string) {
  const yaml = `cluster: dc2\nfederation: acme\nregion: eu\nlimits: {${limits}}\n`;
  return limitsOf(parseConfig(yaml, '/etc/isthmus/gateway.yaml'));
}

/** The service of dc2, asked there and in dc1. */
async function scene(t: ExecutionContext, farLimits = '') {
  const origin = await startOrigin(t, 'large', service());
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
    limits: limitsIn(farLimits),
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', elsewhere: { dc2: 1 } }],
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  return { origin, far, near };
}

test('a response head of 60 KB, or of 200 fields, comes through: near and far, over HTTP/1.1 and HTTP/2', async (t) => {
  const { far, near } = await scene(t);
  for (const { url } of [far, near]) {
    for (const version of ['--http1.1', overHttp2]) {
      const large = await ask(`${url}/60000/1`, host, version);
      t.is(large.body, 'whole');
      t.is(large.headers['x-0']?.length, 60_000);
      const many = await ask(`${url}/20000/200`, host, version);
      t.is(many.headers['x-199']?.length, 100);
    }
  }
});

for (const [what, path, limit] of [
  ['of 70 KB', '/70000/1', 'more than 65536 bytes'],
  ['of 300 fields', '/3000/300', 'more than 256 fields'],
] as const) {
  test(`a response head ${what} is a 502 that names the limit, is asked for once, and leaves the endpoint in`, async (t) => {
    const { origin, far, near } = await scene(t);
    for (const { url } of [far, near]) {
      for (const version of ['--http1.1', overHttp2]) {
        for (let n = 0; n < 3; n++) {
          const before = origin.requests.length;
          const { status, body } = await ask(`${url}${path}`, host, version);
          t.is(status, 502);
          const problem = JSON.parse(body);
          t.is(problem.code, 'RESPONSE_REFUSED');
          t.true(problem.detail.includes(limit), problem.detail);
          t.is(origin.requests.length, before + 1);
        }
      }
      t.is((await ask(`${url}/1/1`, host)).body, 'whole');
    }
  });
}

test('how many fields a response may have is configured', async (t) => {
  const { far } = await scene(t, 'maxResponseFields: 20');
  t.is((await ask(`${far.url}/100/10`, host)).status, 200);
  const { status, body } = await ask(`${far.url}/100/21`, host);
  t.is(status, 502);
  t.regex(JSON.parse(body).detail, /more than 20 fields/);
});

test('a head that only the other cluster takes fails its stream, and the link goes on', async (t) => {
  const { far, near } = await scene(t, 'maxResponseHeadBytes: 1000000');
  t.is((await ask(`${far.url}/90000/1`, host)).headers['x-0']?.length, 90_000);
  let heard = 0;
  const download = askInPieces(`${near.url}/slow`, host, () => heard++);
  await until('a download has begun', () => heard > 0);
  for (const bytes of [90_000, 900_000]) {
    const { status, body } = await ask(`${near.url}/${bytes}/1`, host);
    t.is(status, 502);
    t.like(JSON.parse(body), { code: 'RESPONSE_REFUSED' });
  }
  t.is((await ask(`${near.url}/go-on`, host)).body, 'gone on');
  t.is(await download, 'begun and whole');
});

test('one limit holds for request heads over HTTP/1.1 and HTTP/2', async (t) => {
  const origin = await startOrigin(t, 'well');
  const services = [{ name: 'orders.shop', endpoints: [origin] }];
  const usual = await startGateway(t, { cluster: 'dc1', services });
  const large = await startGateway(t, {
    cluster: 'dc3',
    services,
    limits: limitsIn('maxHeadBytes: 40000'),
  });
  origin.server.maxHeadersCount = 0;
  for (const [{ url }, bytes, status] of [
    [usual, 16_000, 200],
    [usual, 16_400, 431],
    [large, 15_000, 200],
    [large, 41_000, 431],
  ] as const) {
    for (const version of ['--http1.1', overHttp2]) {
      const answer = await ask(url, host, version, '-H', `x-large: ${'x'.repeat(bytes)}`);
      t.is(answer.status, status, `${bytes} bytes, ${version}`);
    }
  }
  const many = Array.from({ length: 110 }, (_, n) => ['-H', `x-${n}: y`]).flat();
  for (const version of ['--http1.1', overHttp2]) {
    t.is((await ask(usual.url, host, version, ...many)).status, 431, version);
  }
});

test('a request head of 70,000 octets over HTTP/2 is answered 431, and other requests on its connection go on', async (t) => {
  let end = () => {};
  const origin = await startOrigin(t, 'slow', (_, response) => {
    response.write('begun ');
    end = () => void response.end('and whole');
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [origin] }],
  });
  const session = connectHttp2(url, { maxSendHeaderBlockLength: 1 << 20 });
  t.teardown(() => session.destroy());
  const download = session.request({ ':authority': host });
  await once(download, 'response');
  const large = session.request({ ':authority': host, 'x-large': 'x'.repeat(70_000) });
  const [headers] = await once(large, 'response');
  t.is(headers[':status'], 431);
  t.like(JSON.parse(await text(large)), { code: 'REQUEST_HEAD_TOO_LARGE' });
  end();
  t.is(await text(download), 'begun and whole');
});

test('what an HTTP/2 endpoint says it takes no head as large as is not sent to it, but answered 431', async (t) => {
  let sessions = 0;
  const server = createHttp2({ settings: { maxHeaderListSize: 2_000 } }, (_, response) => {
    response.end('well');
  });
  server.on('session', () => sessions++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'orders.shop', endpoints: [{ id: 'one', port }], protocol: 'http2' }],
  });
  t.is((await ask(url, host)).body, 'well');
  const { status, body } = await ask(url, host, '-H', `x-large: ${'x'.repeat(4_000)}`);
  t.is(status, 431);
  t.like(JSON.parse(body), { code: 'REQUEST_HEAD_TOO_LARGE' });
  t.is((await ask(url, host)).body, 'well');
  t.is(sessions, 1);
});
