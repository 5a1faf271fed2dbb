/** Specifies that others understand us, over real sockets: node:http2 on either side, curl, nghttp and h2load. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import http2, { type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test from 'ava';
import type {
  Http2Stream,
  ReceivedResponse,
  StreamEnd,
  StreamHandler,
} from '../../../../../gateway/data/wire/http2/api.ts';
import { errorCode } from '../../../../../gateway/data/wire/http2/protocol.ts';
import { until } from '../../../../support/until.ts';
import { dial, Echo, serve } from './sockets.ts';

const run = promisify(execFile);
const megabytes = Buffer.alloc(3_000_000, 'large body ');

/** Collects a response. */
class Answer implements StreamHandler {
  readonly informational: number[] = [];
  readonly parts: Buffer[] = [];
  head: ReceivedResponse | undefined;
  trailers: readonly string[] | undefined;
  end: StreamEnd | undefined;

  onInterim(_stream: Http2Stream, { status }: ReceivedResponse): void {
    this.informational.push(status);
  }
  onResponse(_stream: Http2Stream, head: ReceivedResponse): void {
    this.head = head;
  }
  onData(stream: Http2Stream, bytes: Buffer): void {
    this.parts.push(Buffer.from(bytes));
    stream.consume(bytes.length);
  }
  onTrailers(_stream: Http2Stream, fields: readonly string[]): void {
    this.trailers = fields;
  }
  onWritable(): void {}
  onClosed(_stream: Http2Stream, end: StreamEnd): void {
    this.end = end;
  }
}

const echo = (stream: Http2Stream, head: Parameters<typeof Echo.start>[1], ends: boolean) =>
  Echo.start(stream, head, ends);

test('node:http2 as client: heads, trailers, large bodies both ways, resets, PING and a drain', async (t) => {
  const { port, connections, ends } = await serve(t, echo);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  t.teardown(() => session.destroy());

  const visible = Array.from({ length: 0xdf }, (_, n) => n + 0x21).filter((code) => code !== 0x7f);
  const every = String.fromCharCode(...visible);
  const plain = session.request({ ':path': '/every?octet', cookie: ['a=1', every] });
  const [head] = await once(plain, 'response');
  t.like(head, {
    ':status': 200,
    'x-method': 'GET',
    'x-path': '/every?octet',
    'x-cookie': `a=1; ${every}`,
  });
  plain.resume();

  const upload = session.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true });
  upload.on('wantTrailers', () => upload.sendTrailers({ sum: '42' }));
  const trailers = once(upload, 'trailers');
  upload.end(megabytes);
  t.true((await buffer(upload)).equals(megabytes));
  t.is((await trailers)[0]['sum'], '42');

  const cancelled = session.request({ ':path': '/', ':method': 'POST' });
  cancelled.write('some');
  await once(cancelled, 'data');
  cancelled.close(http2.constants.NGHTTP2_CANCEL);
  await once(cancelled, 'close');

  const pinged = new Promise<unknown>((resolve) => session.ping(resolve));
  t.is(await pinged, null);
  const [connection] = connections;
  await until('only nothing is under way', () => connection?.openStreams === 0);

  const late = session.request({ ':path': '/', ':method': 'POST' });
  late.write('begun');
  await once(late, 'data');
  connection?.drain();
  await once(session, 'goaway');
  late.end(' and ended');
  t.is(await text(late), ' and ended');
  await until('the connection has ended', () => ends.length === 1);
  t.deepEqual(ends, [{ kind: 'drained' }]);
});

test('node:http2 as server: heads, trailers, large bodies both ways, resets, PING and its GOAWAY', async (t) => {
  const server = http2.createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers, _flags, raw) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === '/reset') {
      stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.respond({ ':status': 200, 'x-raw': raw?.join(' ') }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ sum: '42' }));
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { connection, goaways, ends } = await dial(t, (server.address() as AddressInfo).port);

  const ask = (path: string, body?: Buffer, fields: readonly string[] = []) => {
    const answer = new Answer();
    const method = body === undefined ? 'GET' : 'POST';
    const head = { method, scheme: 'http', authority: 'orders.shop', path, fields };
    const stream = connection.request(head, body === undefined, answer);
    if (typeof stream === 'string') throw new Error(stream);
    if (body !== undefined) stream.write(body, true);
    return answer;
  };
  const fields = ['x-a', 'one', 'x-a', 'two', 'authorization', 'secret'];
  for (let n = 0; n < 3; n++) {
    const answer = ask('/raw', undefined, fields);
    await until('it is answered', () => answer.end);
    t.deepEqual(answer.end, { kind: 'complete' });
    t.deepEqual(answer.informational, [103]);
    t.is(answer.head?.status, 200);
    t.is(
      answer.head?.fields.list()[1],
      `:method GET :scheme http :path /raw :authority orders.shop ${fields.join(' ')}`,
    );
    t.deepEqual(answer.trailers, ['sum', '42']);
  }
  const large = [1, 2, 3].map(() => ask('/large', megabytes));
  for (const answer of large) {
    await until('it is answered', () => answer.end);
    t.true(Buffer.concat(answer.parts).equals(megabytes));
  }
  const refused = ask('/reset');
  await until('it is refused', () => refused.end);
  t.is(refused.end?.kind, 'refused');
  let answered = false;
  connection.ping(() => {
    answered = true;
  });
  await until('the PING is answered', () => answered);
  server.once('session', () => t.fail('one session is enough'));
  connection.drain();
  await until('it has ended', () => ends.length === 1);
  t.deepEqual(ends, [{ kind: 'drained' }]);
  t.deepEqual(goaways, []);
});

test('node:http2 as server that closes: its GOAWAY is heard', async (t) => {
  const server = http2.createServer();
  server.on('session', (session) => session.goaway(errorCode.enhanceYourCalm));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { goaways, ends } = await dial(t, (server.address() as AddressInfo).port);
  await until('it has ended', () => ends.length === 1);
  t.is(goaways[0], errorCode.enhanceYourCalm);
});

test('curl with prior knowledge', async (t) => {
  const { port } = await serve(t, echo);
  const url = `http://127.0.0.1:${port}/from/curl`;
  const { stdout } = await run('curl', [
    '-s',
    '-i',
    '--http2-prior-knowledge',
    '--data-binary',
    'hello',
    url,
  ]);
  t.regex(stdout, /^HTTP\/2 200/);
  t.regex(stdout, /x-path: \/from\/curl/);
  t.regex(stdout, /hello$/);
});

test('nghttp', async (t) => {
  const { port } = await serve(t, echo);
  const { stdout } = await run('nghttp', [
    '-v',
    '-d',
    'package.json',
    `http://127.0.0.1:${port}/from/nghttp`,
  ]);
  t.regex(stdout, /:status: 200/);
  t.regex(stdout, /"name": "isthmus"/);
  t.notRegex(stdout, /PROTOCOL_ERROR|COMPRESSION_ERROR/);
});

for (const [what, args, requests] of [
  ['small requests', ['-n', '2000', '-c', '4', '-m', '50'], 2_000],
  [
    'bodies under small windows',
    ['-n', '60', '-c', '3', '-m', '10', '-w', '12', '-W', '13', '-d', 'package-lock.json'],
    60,
  ],
] as const) {
  test(`h2load: ${what}`, async (t) => {
    const { port } = await serve(t, echo);
    const { stdout } = await run('h2load', [...args, `http://127.0.0.1:${port}/`]);
    t.regex(stdout, new RegExp(`${requests} succeeded, 0 failed, 0 errored`));
  });
}
