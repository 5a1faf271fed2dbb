/** Specifies that a body that breaks off at the endpoint is a broken body for curl, over either version of HTTP: never a whole one. */
import { createServer } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import { ask, versions } from '../support/curl.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
let clusters: TwoClusters;

/** More than the gateways keep, so that some of it has long left when the rest breaks. */
const half = 'x'.repeat(1 << 20);

/** How an HTTP/1.1 endpoint frames what it breaks off. */
const framings = {
  'a length': `content-length: ${2 * half.length}\r\n\r\n${half}`,
  chunks: `transfer-encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n`,
  'half a chunk': `transfer-encoding: chunked\r\n\r\n${(2 * half.length).toString(16)}\r\n${half}`,
};

/** How it breaks off. */
const breaks: Record<string, (socket: Socket) => void> = {
  'a reset': (socket) => socket.resetAndDestroy(),
  'an end': (socket) => socket.end(),
};

test.before('endpoints in dc2 break off in the middle of every body', async () => {
  const first = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (asked) => {
      const [, framing = '', way = ''] = /^GET \/(.*)\/(.*) HTTP/.exec(asked.toString()) ?? [];
      const text = framings[decodeURI(framing) as keyof typeof framings];
      socket.write(`HTTP/1.1 200 OK\r\n${text}`, () => breaks[decodeURI(way)]?.(socket));
    });
  });
  const second = createServer((request, response) => {
    // Told by the test's own breaking.
    request.stream.on('error', () => {});
    response.write(half, () => {
      if (request.url === '/stream') request.stream.close(2);
      else request.stream.session?.destroy();
    });
  });
  await Promise.all(
    [first, second].map((one) => new Promise<void>((go) => one.listen(0, '127.0.0.1', go))),
  );
  shared.teardown(() => void [first.close(), second.close()]);
  const [overFirst = '', overSecond = ''] = [first, second].map(
    (one) => `127.0.0.1:${(one.address() as AddressInfo).port}`,
  );
  clusters = await twoClusters(shared, [
    { name: 'first', addresses: [overFirst] },
    { name: 'second', protocol: 'http2', addresses: [overSecond] },
  ]);
});

/** curl's words for it: partial file, receive failed; HTTP/2 stream not closed cleanly. */
const brokenCodes = { 'HTTP/1.1': [18, 56], 'HTTP/2': [92] } as const;

for (const way of ['dc1', 'dc2'] as const) {
  for (const [version, flag] of Object.entries(versions)) {
    const codes: readonly number[] = brokenCodes[version as keyof typeof brokenCodes];
    const isBroken = (code: number | null) => code !== null && codes.includes(code);

    for (const framing of Object.keys(framings)) {
      for (const how of Object.keys(breaks)) {
        test(`${version} in ${way}: ${framing}, broken off by ${how}`, async (t) => {
          const url = urlOf(clusters[way], encodeURI(`/${framing}/${how}`));
          const { code, status, body } = await ask(url, hostOf('first'), [flag]);
          // A reset may overtake the head: then the gateway has something whole to say, of its own.
          const isToldBroken = isBroken(code) || status === 502;
          t.true(isToldBroken, `curl ended with ${code} after ${body.length} bytes`);
        });
      }
    }

    for (const what of ['stream', 'connection']) {
      test(`${version} in ${way}: an HTTP/2 ${what} that breaks off`, async (t) => {
        const { code, status } = await ask(urlOf(clusters[way], `/${what}`), hostOf('second'), [
          flag,
        ]);
        t.is(status, 200);
        t.true(isBroken(code), `curl ended with ${code}`);
      });
    }
  }
}
