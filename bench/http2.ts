/** Owns the cost of HTTP/2 itself, in memory: nanoseconds per request and response, megabytes of DATA per second. Run: `node bench/http2.ts`. */
import type { RequestHead, StreamHandler } from '../gateway/data/wire/http2/api.ts';
import { Http2Client } from '../gateway/data/wire/http2/client.ts';
import type { Connection } from '../gateway/data/wire/http2/connection.ts';
import { linkOptions } from '../gateway/data/wire/http2/options.ts';
import { OutputPool } from '../gateway/data/wire/http2/output.ts';
import { Http2Server } from '../gateway/data/wire/http2/server.ts';
import { machine } from './machine.ts';
import { nanoseconds } from './nanoseconds.ts';

/** Requests that share a turn, as they do under load. */
const batch = 32;
const body = Buffer.alloc(93, 'b');
const piece = Buffer.alloc(65_536, 'd');
const none = Buffer.alloc(0);
const pool = new OutputPool();
const context = { options: linkOptions, pool, now: 0 };

const silent = { onOutput() {}, onGoaway() {}, onEnd() {} };
const passive: StreamHandler = {
  onInterim() {},
  onResponse() {},
  onData: (stream, bytes) => stream.consume(bytes.length),
  onTrailers() {},
  onWritable() {},
  onClosed() {},
};

/** Client and server, joined by nothing but their buffers. */
function pair(responseFields: readonly string[]): [Http2Client, Http2Server] {
  const server = new Http2Server(
    {
      ...silent,
      onExcess() {},
      onUnfinished() {},
      onUnreadable(_stream, _status, why) {
        throw new Error(why);
      },
      onRequest(stream, _head, ends) {
        if (ends) {
          stream.respond({ status: 200, fields: responseFields }, false);
          stream.write(body, true);
        }
        return passive;
      },
    },
    context,
  );
  const client = new Http2Client(silent, context);
  for (let round = 0; round < 3; round++) {
    pass(client, server);
    pass(server, client);
  }
  return [client, server];
}

function pass(from: Connection, to: Connection): void {
  for (let bytes = from.take(); bytes !== undefined; bytes = from.take()) {
    to.receive(bytes, 0);
    from.recycle(bytes);
  }
}

/** A new string each time, as a head that was read brings them. */
function fresh(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** A request as a gateway sends it on; `unique` fields differ in each. */
function requests(fields: readonly string[], unique: boolean): RequestHead[] {
  return Array.from({ length: 4_096 }, (_, n) => ({
    method: 'GET',
    scheme: 'http',
    authority: fresh('orders.shop.acme'),
    path: fresh(unique ? `/orders/${n * 7919}` : '/orders'),
    fields: [
      ...fields.map(fresh),
      ...(unique
        ? [
            'x-request-id',
            `7f9c24e8-3b12-4fef-91e0-${(n * 104_729).toString(16).padStart(12, '0')}`,
          ]
        : []),
    ],
  }));
}

const via = [
  'via',
  '1.1 dc1.acme (orders.shop)',
  'forwarded',
  'for=10.1.2.3;host="orders.shop.acme";proto=http',
];
const browser = [
  'user-agent',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  'accept',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-encoding',
  'gzip, deflate, br',
  'accept-language',
  'en-GB,en;q=0.9,de;q=0.7',
  'cache-control',
  'no-cache',
  'cookie',
  'session=5f1d7a84e8b1c2d3a4f5b6c7d8e9f0a1; theme=dark',
];
const answer = [
  'content-type',
  'application/json',
  'content-length',
  '93',
  'date',
  'Sat, 21 Nov 2026 10:00:00 GMT',
];

const scenes: readonly (readonly [what: string, heads: readonly RequestHead[]])[] = [
  ['1 field, all repeated', requests(['accept', '*/*'], false)],
  ['gateway fields, id and path new each time', requests(via, true)],
  ['browser and gateway fields, id and path new', requests([...browser, ...via], true)],
];

console.log(machine());
for (const [what, heads] of scenes) {
  const [client, server] = pair(answer);
  let next = 0;
  const perBatch = nanoseconds(() => {
    for (let i = 0; i < batch; i++) {
      client.request(heads[next++ & 4_095] as RequestHead, true, passive);
    }
    pass(client, server);
    pass(server, client);
  }, 2_000);
  console.log(`${(perBatch / batch).toFixed(0).padStart(6)} ns a request and response: ${what}`);
}
{
  const [client, server] = pair(answer);
  const head = requests([], false)[0] as RequestHead;
  const upload = client.request({ ...head, method: 'POST' }, false, passive);
  if (typeof upload === 'string') throw new Error(upload);
  const perPiece = nanoseconds(() => {
    upload.write(piece, false);
    pass(client, server);
    pass(server, client);
  }, 4_000);
  upload.write(none, true);
  console.log(
    `${((piece.length / perPiece) * 1_000).toFixed(0).padStart(6)} MB/s of DATA, written, copied and read once`,
  );
}
