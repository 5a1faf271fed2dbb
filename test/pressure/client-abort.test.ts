/** Specifies that a client that goes away is noticed by the endpoint, whatever it was waiting for, and only its own request ends. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { http2Session, requestOver } from '../support/http2-session.ts';
import { startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('patient');
let clusters: TwoClusters;
/** Requests the endpoint is busy with, by path. */
const open = new Map<string | undefined, ServerResponse>();

/** `/wait...` is never answered; `/stream...` has a body without end; anything else is answered at once. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = '' } = request;
  // Uploads are read as they come.
  request.resume().on('error', () => {});
  if (!/^\/(wait|stream)/.test(url)) {
    response.end('done');
    return;
  }
  open.set(url, response);
  response.on('close', () => open.delete(url));
  if (url.startsWith('/stream')) {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  }
}

test.before('a service in dc2 keeps its clients waiting', async () => {
  const origin = await startOrigin(shared, answer);
  clusters = await twoClusters(shared, [{ name: 'patient', addresses: [origin.address] }]);
});

async function arrives(path: string): Promise<void> {
  await until(`${path} to arrive`, () => open.has(path));
}

async function isGivenUp(t: ExecutionContext, path: string): Promise<void> {
  await until(`${path} to be given up`, () => !open.has(path));
  t.pass();
}

function dial(t: ExecutionContext, way: 'dc1' | 'dc2', octets: string): Socket {
  const { hostname, port } = new URL(urlOf(clusters[way]));
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.write(octets);
  return socket;
}

/** How a client with HTTP/1.1 goes. A close looks like the end of one that waits for its answer, until that is sent to it. */
const goes: Record<string, (socket: Socket) => void> = {
  'a reset': (socket) => socket.resetAndDestroy(),
  'a close': (socket) => socket.destroy(),
};

async function isGivenUpOnceAnswered(t: ExecutionContext, path: string): Promise<void> {
  await until(`${path} to be given up`, () => {
    open.get(path)?.write('some');
    return !open.has(path);
  });
  t.pass();
}

for (const way of ['dc1', 'dc2'] as const) {
  for (const [how, go] of Object.entries(goes)) {
    const id = `${way}-${how.replace(' ', '-')}`;

    test(`HTTP/1.1 in ${way}, ${how}: before the head of the answer`, async (t) => {
      const path = `/wait-${id}`;
      const socket = dial(t, way, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await arrives(path);
      go(socket);
      if (how === 'a reset') await isGivenUp(t, path);
      else await isGivenUpOnceAnswered(t, path);
    });

    test(`HTTP/1.1 in ${way}, ${how}: within the answer`, async (t) => {
      const path = `/stream-${id}`;
      const socket = dial(t, way, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await once(socket, 'data');
      go(socket);
      await isGivenUp(t, path);
    });

    test(`HTTP/1.1 in ${way}, ${how}: within the upload`, async (t) => {
      const path = `/wait-upload-${id}`;
      const socket = dial(
        t,
        way,
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\nhalf`,
      );
      await arrives(path);
      go(socket);
      await isGivenUp(t, path);
    });
  }

  test(`HTTP/2 in ${way}: a stream that is cancelled ends alone`, async (t) => {
    const session = http2Session(t, urlOf(clusters[way]));
    const paths = [`/wait-h2-${way}`, `/stream-h2-${way}`, `/wait-h2-upload-${way}`] as const;
    const streams = paths.map((path) =>
      requestOver(session, host, path, path.includes('upload') ? 'POST' : 'GET'),
    );
    streams[2]?.write('half');
    for (const path of paths) await arrives(path);
    for (const [i, path] of paths.entries()) {
      streams[i]?.close(constants.NGHTTP2_CANCEL);
      await isGivenUp(t, path);
      t.deepEqual(
        paths.filter((one) => open.has(one)),
        paths.slice(i + 1),
      );
    }
    t.is(await text(requestOver(session, host, '/answered')), 'done');
  });

  test(`HTTP/2 in ${way}: a connection that breaks ends all its streams`, async (t) => {
    const session = http2Session(t, urlOf(clusters[way]));
    const paths = [1, 2, 3].map((n) => `/wait-h2-${way}-${n}`);
    // They break, as the test wants.
    for (const path of paths) requestOver(session, host, path).on('error', () => {});
    for (const path of paths) await arrives(path);
    session.destroy();
    for (const path of paths) await isGivenUp(t, path);
  });
}
