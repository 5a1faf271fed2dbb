/** Specifies that HAProxy as an endpoint is content with what it is sent, over HTTP/1.1 and over HTTP/2. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { WebSocket } from 'ws';
import { ask, versions } from '../support/curl.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { startOrigin } from '../support/origin.ts';
import { runOk } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';
import { next, nextMessage, startWebSocketEcho } from '../support/websocket-echo.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const upload = Buffer.alloc(16 << 20, 'isthmus ');
let clusters: TwoClusters;

/** Services by what HAProxy speaks before them. */
const endpoints = { 'HTTP/1.1': 'first', 'HTTP/2': 'second' } as const;

test.before('HAProxy in dc2 stands before services, once for each version of HTTP', async () => {
  const origin = await startOrigin(shared, (request, response) => {
    const hash = createHash('sha256');
    request.on('data', (piece) => hash.update(piece));
    request.on('end', () => {
      response.setHeader('x-version', String(request.headers['x-version']));
      response.end(hash.digest('hex'));
    });
  });
  const chat = await startWebSocketEcho(shared);
  const both = [
    ['first', 'h1', 'http'],
    ['second', 'h2', 'http2'],
  ] as const;
  const services = await Promise.all(
    both.map(async ([name, speaks, protocol]) => {
      const frontend = '  http-request set-header x-version %HV';
      const before = { protocol: speaks, frontend };
      return [
        {
          name,
          protocol,
          addresses: [await startHaproxy(shared, { ...before, behind: origin.address })],
        },
        {
          name: `${name}-chat`,
          protocol,
          addresses: [await startHaproxy(shared, { ...before, behind: chat.address })],
        },
      ];
    }),
  );
  clusters = await twoClusters(shared, services.flat());
});

for (const [spoken, service] of Object.entries(endpoints)) {
  for (const [version, flag] of Object.entries(versions)) {
    test(`client with ${version}, endpoint with ${spoken}: uploads arrive whole`, async (t) => {
      for (const how of [
        ['--data-binary', '@-'],
        ['--upload-file', '-'],
      ]) {
        const answer = await ask(urlOf(clusters.dc1), hostOf(service), [flag, ...how], upload);
        t.is(answer.code, 0, answer.stderr);
        t.is(answer.status, 200, answer.body);
        t.is(answer.fields['x-version'], spoken.replace('HTTP/2', 'HTTP/2.0'));
        t.is(answer.body, createHash('sha256').update(upload).digest('hex'));
      }
    });
  }

  test(`endpoint with ${spoken}: ten thousand requests go well`, async (t) => {
    const said = await runOk('h2load', [
      ...['--requests', '10000', '--clients', '4', '--max-concurrent-streams', '25'],
      ...['--header', `:authority: ${hostOf(service)}`, urlOf(clusters.dc1)],
    ]);
    t.regex(said, /10000 succeeded, 0 failed, 0 errored, 0 timeout/);
    t.regex(said, /status codes: 10000 2xx, 0 3xx, 0 4xx, 0 5xx/);
  });

  test(`endpoint with ${spoken}: a WebSocket gets through`, async (t) => {
    const socket = await open(t, `${service}-chat`);
    socket.send('hello');
    t.is(`${(await nextMessage(socket))[0]}`, 'hello');
    socket.send('close 4000 enough');
    const [code] = await once(socket, 'close');
    t.is(code, 4000);
  });
}

async function open(t: ExecutionContext, service: string): Promise<WebSocket> {
  const url = urlOf(clusters.dc1).replace('http:', 'ws:');
  const socket = new WebSocket(url, { headers: { host: hostOf(service) } });
  t.teardown(() => socket.terminate());
  await next(socket, 'open');
  return socket;
}
