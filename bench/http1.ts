/** Owns the cost of HTTP/1.1 itself: nanoseconds per head parsed and forwarded, microseconds per MB of chunks. Run: `node bench/http1.ts`. */
import { framingOf, requestText } from '../gateway/data/upstream/request-text.ts';
import { FieldFilter } from '../gateway/data/wire/http1/field-filter.ts';
import { fieldLines, joinLines } from '../gateway/data/wire/http1/field-lines.ts';
import { RequestParser } from '../gateway/data/wire/http1/request-parser.ts';
import { ResponseParser } from '../gateway/data/wire/http1/response-parser.ts';
import { nanoseconds } from './nanoseconds.ts';

const oneField = 'GET /orders/42 HTTP/1.1\r\nHost: orders.shop.acme\r\n\r\n';
const eightFields = `GET /orders/42?expand=lines HTTP/1.1\r
Host: orders.shop.acme\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
Accept-Language: en-US,en;q=0.5\r
Accept-Encoding: gzip, deflate, br, zstd\r
Connection: keep-alive\r
Cookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=analytics\r
X-Tenant: 0f8fad5b-d9cb-469f-a165-70867728950e\r
\r
`;
const response =
  'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 10:00:00 GMT\r\n\r\n';
const hopByHop = new FieldFilter(
  (name) => name === 'host' || name === 'connection' || name.startsWith('x-isthmus-'),
);
const added = fieldLines(['via', '1.1 dc1.acme (orders.shop)', 'x-request-id', '0f8fad5b']);

/** The parts that all requests here have in common as they go on. */
const passed = {
  scheme: 'http',
  authority: 'orders.shop.acme',
  bodyLength: 'none',
  expectsContinue: false,
  tunnel: undefined,
} as const;

/** A run that reads one request whole; `forwards` makes the head to send on as well. */
function readsRequest(text: string, forwards: boolean): () => void {
  const parser = new RequestParser();
  const read = Buffer.alloc(65_536);
  const length = read.write(text, 'latin1');
  return () => {
    const head = parser.step(read, 0, length);
    if (head.kind !== 'head' || head.target.form !== 'origin') throw new Error(head.kind);
    if (forwards) {
      const lines = joinLines(head.fields.without(hopByHop, head.connectionTokens), added);
      const { method, target } = head;
      const fields = { lines: () => lines, list: () => [] };
      const request = { ...passed, method, path: target.path, fields };
      requestText(request, framingOf(request), undefined);
    }
    if (parser.step(read, parser.position, length).kind !== 'end') throw new Error('no end');
  };
}

function readsResponse(): () => void {
  const parser = new ResponseParser();
  const read = Buffer.from(response, 'latin1');
  const request = { method: 'GET', upgrade: false };
  return () => {
    parser.expect(request);
    if (parser.step(read, 0, read.length).kind !== 'head') throw new Error('no head');
    if (parser.step(read, parser.position, read.length).kind !== 'end') throw new Error('no end');
  };
}

/** A run that takes 1 MB out of chunks of `chunkBytes`, read 64 KiB at a time. */
function readsChunks(chunkBytes: number): () => void {
  const chunk = `${chunkBytes.toString(16)}\r\n${'x'.repeat(chunkBytes)}\r\n`;
  const body = chunk.repeat(Math.ceil(1_000_000 / chunkBytes));
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const message = Buffer.from(`${head}${body}0\r\n\r\n`, 'latin1');
  const parser = new RequestParser();
  return () => {
    let kind = '';
    for (let from = 0; from < message.length; from += 65_536) {
      const to = Math.min(message.length, from + 65_536);
      for (let at = from; ; at = parser.position) {
        const step = parser.step(message, at, to);
        if (step.kind === 'more') break;
        kind = step.kind;
      }
    }
    if (kind !== 'end') throw new Error(kind);
  };
}

function report(what: string, amount: number, unit: string): void {
  console.log(`${what.padEnd(36)} ${amount.toFixed(0).padStart(6)} ${unit}`);
}

report('request, 1 field', nanoseconds(readsRequest(oneField, false), 100_000), 'ns');
report('request, 1 field, forwarded', nanoseconds(readsRequest(oneField, true), 100_000), 'ns');
report('request, 8 fields', nanoseconds(readsRequest(eightFields, false), 50_000), 'ns');
report('request, 8 fields, forwarded', nanoseconds(readsRequest(eightFields, true), 50_000), 'ns');
report('response, 3 fields', nanoseconds(readsResponse(), 100_000), 'ns');
for (const bytes of [65_536, 16_384, 1024, 64]) {
  report(`1 MB in chunks of ${bytes}`, nanoseconds(readsChunks(bytes), 100) / 1000, 'us');
}
