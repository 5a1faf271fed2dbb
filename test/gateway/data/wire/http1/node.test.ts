/** Specifies that Node.js and this codec agree on valid messages: each reads what the other sends, over real sockets. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { OutgoingRequest } from '../../../../../gateway/data/message/message.ts';
import { requestText } from '../../../../../gateway/data/upstream/request-text.ts';
import {
  chunkEnd,
  chunkStart,
  framingLines,
  lastChunk,
  responseHead,
} from '../../../../../gateway/data/wire/http1/encode.ts';
import {
  type FieldLines,
  fieldLines,
  joinLines,
} from '../../../../../gateway/data/wire/http1/field-lines.ts';
import type { Framing } from '../../../../../gateway/data/wire/http1/framing.ts';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { ResponseParser } from '../../../../../gateway/data/wire/http1/response-parser.ts';
import { type Message, message } from './messages.ts';
import { octets, type ReadMessage, readWith } from './read.ts';

const runs = { numRuns: 40 };

/** Names as they compare: in lower case. Trailers need chunks. */
const exchange = fc.tuple(message, message).map(([asked, answered]) => ({
  asked: { ...asked, method: asked.method === 'PUT' ? 'PUT' : 'POST' },
  answered,
}));

function flat(pairs: Message['fields']): string[] {
  return pairs.flatMap(([name, value]) => [name.toLowerCase(), value]);
}

/** What a reader must have seen of `sent`. */
function contentOf(sent: Message): object {
  const trailers = sent.isChunked ? flat(sent.trailers) : [];
  return { fields: flat(sent.fields), body: sent.content.join(''), trailers };
}

const ownFields = new Set([
  'host',
  'connection',
  'keep-alive',
  'date',
  'content-length',
  'transfer-encoding',
  'trailer',
]);

/** What was seen, without what every message has. */
function seenBy(fields: readonly string[], body: string, trailers: readonly string[]): object {
  const kept = fields.flatMap((name, i) => {
    if (i % 2 === 1 || ownFields.has(name.toLowerCase())) return [];
    return [name.toLowerCase(), fields[i + 1] ?? ''];
  });
  const late = trailers.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));
  return { fields: kept, body, trailers: late };
}

async function seenByNode(incoming: IncomingMessage): Promise<object> {
  const body = Buffer.concat(await incoming.toArray()).toString('latin1');
  return seenBy(incoming.rawHeaders, body, incoming.rawTrailers);
}

function seenByUs({ fields, body, trailers }: ReadMessage): object {
  return seenBy(fields, body, trailers);
}

/** The only message that comes over `socket`, once it is whole. */
function read(socket: Socket, parser: () => RequestParser | ResponseParser): Promise<ReadMessage> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const { messages, last } = readWith(parser(), chunks);
      if (messages[0]?.isWhole) resolve(messages[0]);
      else if (last !== 'more') reject(new Error(last));
    });
  });
}

/** A whole message of ours: its head by `head`, its content framed as it asks. */
function encode(sent: Message, head: (lines: FieldLines, framing: Framing) => string): Buffer {
  const body = sent.content.join('');
  const framing: Framing = sent.isChunked
    ? { kind: 'chunked' }
    : { kind: 'length', bytes: body.length };
  const start = head(fieldLines(sent.fields.flat()), framing);
  if (!sent.isChunked) return octets(start + body);
  const chunks = sent.content.map((data) => chunkStart(data.length) + data + chunkEnd);
  return octets(start + chunks.join('') + lastChunk(sent.trailers.flat()));
}

function requestBytes(sent: Message): Buffer {
  return encode(sent, (lines, framing) => {
    const request: OutgoingRequest = {
      method: sent.method,
      scheme: 'http',
      authority: 'a',
      path: sent.path,
      fields: { lines: () => lines, list: () => sent.fields.flat() },
      bodyLength: framing.kind === 'length' ? framing.bytes : 'unknown',
      expectsContinue: false,
      tunnel: undefined,
    };
    return requestText(request, framing, undefined);
  });
}

function responseBytes(sent: Message): Buffer {
  return encode(sent, (lines, framing) =>
    responseHead(sent.status, joinLines(lines, framingLines(framing)), sent.reason),
  );
}

/** A message as Node.js sends it: fields for the head, then content and trailers. */
function nodeFields(sent: Message): string[] {
  const framing = sent.isChunked
    ? ['Transfer-Encoding', 'chunked']
    : ['Content-Length', String(sent.content.join('').length)];
  return [...sent.fields.flat(), ...framing];
}

interface NodeWriter {
  write(data: Buffer): unknown;
  addTrailers(trailers: readonly (readonly [string, string])[]): void;
  end(): unknown;
}

function writeWithNode(out: NodeWriter, sent: Message): void {
  for (const data of sent.content) out.write(octets(data));
  if (sent.isChunked) out.addTrailers(sent.trailers);
  out.end();
}

async function portOf(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('Node.js asks, we answer', async (t) => {
  const connections: ((socket: Socket) => void)[] = [];
  const port = await portOf(
    t,
    createTcpServer((socket) => connections.shift()?.(socket)),
  );
  await fc.assert(
    fc.asyncProperty(exchange, async ({ asked, answered }) => {
      const accepted = new Promise<Socket>((resolve) => connections.push(resolve));
      const outgoing = request({
        port,
        agent: false,
        method: asked.method,
        path: asked.path,
        headers: ['Host', 'a', 'Connection', 'keep-alive', ...nodeFields(asked)],
      });
      const responded = once(outgoing, 'response') as Promise<[IncomingMessage]>;
      writeWithNode(outgoing as unknown as NodeWriter, asked);
      const socket = await accepted;
      const received = await read(socket, () => new RequestParser());
      t.deepEqual(seenByUs(received), contentOf(asked));
      t.true(
        received.start.startsWith(
          `${asked.method} ${JSON.stringify({ form: 'origin', path: asked.path })}`,
        ),
      );
      const { status, reason } = answered;
      socket.write(responseBytes(answered));
      const [incoming] = await responded;
      t.is(`${incoming.statusCode} ${incoming.statusMessage}`, `${status} ${reason}`);
      t.deepEqual(await seenByNode(incoming), contentOf(answered));
      socket.destroy();
    }),
    runs,
  );
});

test('we ask, Node.js answers', async (t) => {
  const handlers: ((seen: object, start: string) => Message)[] = [];
  const server = createServer(async (incoming, response) => {
    const seen = await seenByNode(incoming);
    const answered = handlers.shift()?.(seen, `${incoming.method} ${incoming.url}`);
    if (!answered) return;
    response.writeHead(answered.status, answered.reason || undefined, nodeFields(answered));
    writeWithNode(response as unknown as NodeWriter, answered);
  });
  const port = await portOf(t, server);
  await fc.assert(
    fc.asyncProperty(exchange, async ({ asked, answered }) => {
      handlers.push((seen, start) => {
        t.deepEqual(seen, contentOf(asked));
        t.is(start, `${asked.method} ${asked.path}`);
        return answered;
      });
      const socket = connect(port, '127.0.0.1');
      const received = read(socket, () => {
        const parser = new ResponseParser();
        parser.expect({ method: asked.method, upgrade: false });
        return parser;
      });
      socket.write(requestBytes(asked));
      const response = await received;
      t.deepEqual(seenByUs(response), contentOf(answered));
      t.true(response.start.startsWith(`${answered.status} ${answered.reason}`));
      socket.destroy();
    }),
    runs,
  );
});
