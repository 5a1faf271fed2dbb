/** Specifies uploads over HTTP/2 that are answered before they are whole: their client sees the answer, and goes on. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { run } from '../../../support/programs.ts';
import { standStill } from '../../../support/stand-still.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';
import { curl } from './http.ts';
import { closedPort, connect, startGateway, startOrigin } from './scene.ts';

const uploadBytes = 10_000_000;

/** A service that refuses what is for `/refused` at once, reads what is for `/read`, and has the rest wait, unread. */
async function scene(t: ExecutionContext) {
  const waiting: ServerResponse[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    response.statusCode = 403;
    if (request.url === '/refused') response.end('{"code":"SERVICE_SAYS_NO"}');
    else if (request.url === '/read') request.resume();
    else waiting.push(response);
  };
  const origin = await startOrigin(t, 'one', answer);
  const endpoints = [origin];
  const dead = [{ id: 'dead', port: await closedPort() }];
  const far = await startGateway(t, {
    cluster: 'dc2',
    services: [{ name: 'far.shop', endpoints }],
  });
  const near = await startGateway(t, {
    cluster: 'dc1',
    services: [
      { name: 'near.shop', endpoints },
      { name: 'dead.shop', endpoints: dead },
      { name: 'far.shop', elsewhere: { dc2: 1 } },
    ],
  });
  const small = await startGateway(t, {
    cluster: 'dc3',
    services: [{ name: 'near.shop', endpoints }],
    limits: { maxBodyBytes: 2_000_000 },
  });
  connect(near, far);
  await until('the link is up', () => near.links.state(far.cluster).state === 'up');
  return { near, small, waiting };
}

type Scene = Awaited<ReturnType<typeof scene>>;

async function upload(t: ExecutionContext): Promise<string> {
  const path = join(await tempDir(t), 'upload');
  await writeFile(path, Buffer.alloc(uploadBytes));
  return path;
}

const refusals: readonly {
  readonly what: string;
  readonly at: 'near' | 'small';
  readonly service: string;
  readonly status: number;
  readonly code: string;
}[] = [
  { what: 'no service', at: 'near', service: 'none.shop', status: 404, code: 'ROUTE_NOT_FOUND' },
  {
    what: 'a service that is down',
    at: 'near',
    service: 'dead.shop',
    status: 502,
    code: 'UPSTREAM_FAILED',
  },
  {
    what: 'a service that refuses',
    at: 'near',
    service: 'near.shop',
    status: 403,
    code: 'SERVICE_SAYS_NO',
  },
  {
    what: 'a service elsewhere that refuses',
    at: 'near',
    service: 'far.shop',
    status: 403,
    code: 'SERVICE_SAYS_NO',
  },
  { what: 'a limit', at: 'small', service: 'near.shop', status: 413, code: 'BODY_TOO_LARGE' },
];

for (const { what, at, service, status, code } of refusals) {
  test(`curl uploads 10 MB to ${what}: it ends well, with status ${status} and the code`, async (t) => {
    const gateways: Scene = await scene(t);
    const { url } = gateways[at];
    const file = await upload(t);
    for (const how of [
      ['--data-binary', `@${file}`],
      ['--upload-file', file, '--header', 'Content-Length:'],
    ]) {
      const args = ['--http2-prior-knowledge', '--header', `Host: ${service}.acme`, ...how];
      const answer = await curl(...args, `${url}/${at === 'small' ? 'read' : 'refused'}`);
      t.is(answer.status, status);
      t.is(JSON.parse(answer.body).code, code);
    }
  });
}

test('nghttp uploads 10 MB that are refused: it is not left waiting', async (t) => {
  const { near } = await scene(t);
  const file = await upload(t);
  const args = ['--verbose', '--header', ':authority: near.shop.acme', '--data', file];
  const { code, stdout } = await run('nghttp', [...args, `${near.url}/refused`]);
  t.is(code, 0);
  t.regex(stdout, /:status: 403/);
  t.notRegex(stdout, /recv GOAWAY|error_code=(?!NO_ERROR)/);
});

for (const service of ['near.shop', 'far.shop']) {
  test(`an upload to ${service} that stands still, unread, when it is refused: its stream closes, and its connection goes on`, async (t) => {
    const { near, waiting } = await scene(t);
    const session = connectHttp2(near.url);
    t.teardown(() => session.destroy());
    const ask = (path: string, method: string) =>
      session.request({ ':method': method, ':path': path, ':authority': `${service}.acme` });
    const stream = ask('/late', 'POST');
    const closed = once(stream, 'close');
    stream.end(Buffer.alloc(uploadBytes));
    await standStill('the upload', () => session.socket.bytesWritten);
    t.true(session.socket.bytesWritten < uploadBytes);
    await until('it has arrived', () => waiting.length === 1);
    waiting[0]?.end('no');
    const [headers] = await once(stream, 'response');
    t.is(headers[':status'], 403);
    t.is(await text(stream), 'no');
    await closed;
    t.is(stream.rstCode, constants.NGHTTP2_NO_ERROR);
    const [next] = await once(ask('/refused', 'GET'), 'response');
    t.is(next[':status'], 403);
  });
}

test('an upload that stands still when it is answered, and of which nothing more comes, is reset soon, with NO_ERROR', async (t) => {
  const { near } = await scene(t);
  const session = connectHttp2(near.url);
  t.teardown(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/refused',
    ':authority': 'near.shop.acme',
  });
  const closed = once(stream, 'close');
  const [headers] = await once(stream, 'response');
  t.is(headers[':status'], 403);
  t.is(await text(stream), '{"code":"SERVICE_SAYS_NO"}');
  await closed;
  t.is(stream.rstCode, constants.NGHTTP2_NO_ERROR);
});

test('curl is not left waiting by an answer without content that comes before its upload', async (t) => {
  const origin = await startOrigin(t, 'one', (_, response) => {
    response.writeHead(403, { 'content-length': 0 }).end();
  });
  const { url } = await startGateway(t, {
    cluster: 'dc1',
    services: [{ name: 'near.shop', endpoints: [origin] }],
  });
  const file = join(await tempDir(t), 'upload');
  await writeFile(file, Buffer.alloc(100_000));
  for (let n = 0; n < 10; n++) {
    const args = ['--http2-prior-knowledge', '--header', 'Host: near.shop.acme'];
    t.is((await curl(...args, '--data-binary', `@${file}`, url)).status, 403);
  }
});
