/** Owns reading whole inputs with a parser, cut wherever a test likes, into results that compare. */
import type { Http1Limits } from '../../../../../gateway/data/wire/http1/limits.ts';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import type { Awaited } from '../../../../../gateway/data/wire/http1/response-head.ts';
import { ResponseParser } from '../../../../../gateway/data/wire/http1/response-parser.ts';

export interface ReadMessage {
  /** `GET / 1.1`, `200 OK`. */
  readonly start: string;
  readonly fields: string[];
  body: string;
  trailers: string[];
  isWhole: boolean;
}

export interface ReadResult {
  readonly messages: ReadMessage[];
  /** How it stands after all input: `more`, or something final, with the refusal's code. */
  readonly last: string;
  /** What was left unread. */
  readonly rest: string;
  /** The most that was held between two reads. */
  readonly mostKept: number;
}

/** Chunks arrive in one reused buffer, as from a socket; what was read is overwritten by the next. */
export function readWith(
  parser: RequestParser | ResponseParser,
  chunks: readonly Uint8Array[],
  closes = false,
): ReadResult {
  const messages: ReadMessage[] = [];
  const reused = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)));
  let last = 'more';
  let rest = '';
  let mostKept = 0;
  for (const chunk of chunks) {
    reused.fill(0xff).set(chunk);
    for (let at = 0; ; ) {
      const step = parser.step(reused, at, chunk.length);
      if (parser.position < at || parser.position > chunk.length) throw new Error('position');
      at = parser.position;
      last = step.kind === 'refused' ? step.code : step.kind;
      if (step.kind === 'head' || step.kind === 'interim') {
        const fields = step.fields.list();
        const start = 'method' in step ? requestText(step) : `${step.status} ${step.reason}`;
        const isWhole = step.kind === 'interim';
        messages.push({ start, fields, body: '', trailers: [], isWhole });
        continue;
      }
      const message = messages.at(-1);
      if (step.kind === 'data' && message) {
        if (step.start === step.end) throw new Error('no data');
        message.body += reused.toString('latin1', step.start, step.end);
      } else if (step.kind === 'end' && message) {
        finish(message, step.trailers);
      } else {
        if (step.kind === 'more' && at !== chunk.length) throw new Error('more, with input left');
        rest += reused.toString('latin1', at, chunk.length);
        break;
      }
    }
    mostKept = Math.max(mostKept, parser.keptBytes);
  }
  if (closes) {
    const step = parser.close();
    last = step.kind === 'refused' ? step.code : step.kind;
    const message = messages.at(-1);
    if (step.kind === 'end' && message) finish(message, step.trailers);
  }
  return { messages, last, rest, mostKept };
}

function requestText(head: Extract<ReturnType<RequestParser['step']>, { kind: 'head' }>): string {
  return `${head.method} ${JSON.stringify(head.target)} ${head.protocol}`;
}

function finish(message: ReadMessage, trailers: readonly string[]): void {
  message.trailers = [...trailers];
  message.isWhole = true;
}

export function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Reads requests that arrive at once. */
export function readRequests(text: string, limits?: Http1Limits): ReadResult {
  return readWith(new RequestParser(limits), [octets(text)]);
}

/** Reads responses that arrive at once, to GET unless said; then the connection closes if it is told to. */
export function readResponses(
  text: string,
  { to = ['GET'], upgrade = false, closes = false }: ResponseContext = {},
): ReadResult {
  const parser = new ResponseParser();
  for (const method of to) parser.expect({ method, upgrade } satisfies Awaited);
  return readWith(parser, [octets(text)], closes);
}

export interface ResponseContext {
  readonly to?: readonly string[];
  readonly upgrade?: boolean;
  readonly closes?: boolean;
}

/** The head of the only request in `text`. Throws with the code when it is refused. */
export function requestHeadOf(text: string) {
  const head = new RequestParser().step(octets(text), 0, text.length);
  if (head.kind !== 'head') throw new Error(head.kind === 'refused' ? head.code : head.kind);
  return head;
}

/** The input cut at `cuts`, in any order, repeats allowed. */
export function cutAt(input: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((cut) => cut % (input.length + 1)), input.length];
  edges.sort((a, b) => a - b);
  return edges.slice(1).map((edge, i) => input.subarray(edges[i], edge));
}
