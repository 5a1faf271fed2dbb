/** Specifies end to end that no known way to hide a request inside another one gets it to an endpoint, over either version of HTTP. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { smugglingTo } from '../gateway/data/wire/http1/smuggling.ts';
import { startOrigin } from '../support/origin.ts';
import { run } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { tempDir } from '../support/temp-dir.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('orders');
const { attacks, contents, hidden } = smugglingTo(host);
let clusters: TwoClusters;

interface Arrived {
  readonly what: string;
  readonly body: string;
}
/** What the endpoint understood, in order. */
const arrived: Arrived[] = [];

test.before('an endpoint in dc2 keeps what it understood', async () => {
  const origin = await startOrigin(shared, async (request, response) => {
    const { method, url, rawHeaders } = request;
    // Uploads that the gateway cuts off are what the test is about.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    arrived.push({ what: [method, url, ...rawHeaders].join('\n'), body });
    response.end();
  });
  clusters = await twoClusters(shared, [{ name: 'orders', addresses: [origin.address] }]);
});

/** Sends octets to a cluster and reads until the gateway closes. */
function send(way: 'dc1' | 'dc2', octets: string): Promise<string> {
  const { hostname, port } = new URL(urlOf(clusters[way]));
  const socket = connect(Number(port), hostname);
  socket.write(octets, 'latin1');
  return text(socket);
}

/** `octets`, with which the connection is over once it has been answered. */
function last(octets: string): string {
  return octets.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
}

for (const [name, attack] of Object.entries(attacks)) {
  test.serial(`refused: ${name}`, async (t) => {
    for (const way of ['dc1', 'dc2'] as const) {
      const before = arrived.length;
      const answer = await send(way, attack);
      t.regex(answer, /^HTTP\/1\.1 [45]\d\d /);
      t.is(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
      t.deepEqual(arrived.slice(before), [], 'nothing arrived');
    }
  });
}

for (const [name, request] of Object.entries(contents)) {
  test.serial(`content stays content: ${name}`, async (t) => {
    for (const way of ['dc1', 'dc2'] as const) {
      const before = arrived.length;
      const answer = await send(way, last(request));
      t.regex(answer, /^HTTP\/1\.1 200 /);
      t.is(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
      const [first, ...more] = arrived.slice(before);
      t.is(first?.body, hidden);
      t.deepEqual(more, []);
    }
  });
}

/** What nghttp is made to send: fields, and the length of its body if it has one. */
const overHttp2: Readonly<Record<string, readonly string[]>> = {
  'a line break in a value': ['x: y\r\nx-hidden: 1'],
  'a request in a value': [`x: y\r\n\r\n${hidden}`],
  'a bare LF in a value': ['x: y\nx-hidden: 1'],
  'a line break in the path': [':path: / HTTP/1.1\r\nx-hidden: 1'],
  'a space in the path': [':path: / /admin'],
  'a fragment in the path': [':path: /#/admin'],
  'an absolute path': [':path: http://elsewhere/admin'],
  'a line break in the method': [`:method: GET /admin HTTP/1.1\r\nHost: ${host}\r\n\r\nGET`],
  'a space in the method': [':method: GET /admin HTTP/1.1'],
  'a line break in the authority': [`:authority: ${host}\r\nx-hidden: 1`],
  'a space in the authority': [`:authority: ${host} /admin`],
  'another host': ['host: elsewhere'],
  'transfer-encoding': ['transfer-encoding: chunked'],
  'a connection option': ['connection: x-forwarded-for'],
  'an upgrade': ['upgrade: h2c'],
  'te beside trailers': ['te: trailers, deflate'],
  'a length that is too short': ['content-length: 5'],
  'a length that is too long': ['content-length: 5000'],
  'two lengths': ['content-length: 93', 'content-length: 5'],
  'a length that is no number': ['content-length: +93'],
};

for (const [name, fields] of Object.entries(overHttp2)) {
  test.serial(`refused over HTTP/2: ${name}`, async (t) => {
    const body = join(await tempDir(t), 'body');
    await writeFile(body, 'x'.repeat(93));
    for (const way of ['dc1', 'dc2'] as const) {
      const before = arrived.length;
      const { stdout } = await run('nghttp', [
        ...['--verbose', '--timeout', '5', '--data', body, '--no-content-length'],
        ...['--header', ':method: POST', '--header', `:authority: ${host}`],
        ...fields.flatMap((field) => ['--header', field]),
        urlOf(clusters[way]),
      ]);
      t.regex(stdout, /:status: 400/);
      t.regex(stdout, /"code":"REQUEST_REFUSED"/);
      t.deepEqual(arrived.slice(before), [], 'nothing arrived');
    }
  });
}
